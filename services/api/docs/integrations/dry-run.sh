#!/usr/bin/env bash
: "${WHYMID:=http://127.0.0.1:8514}"
: "${WHYMID_TOKEN:=whymid_0123456789abcdef}"

curl -sS --fail-with-body "$WHYMID/v1/subscriptions/dry-run" \
  -H "Authorization: Bearer $WHYMID_TOKEN" \
  -H 'Content-Type: application/json' -d @- <<JSON
{
  "name": "Not yet there",
  "filter": "\"network_path\" in diagnosis.party",
  "target": {"kind": "email", "host": "smtp.corp.example", "from": "whymid@corp.example", "to": ["helpdesk@corp.example"]}
}
JSON
