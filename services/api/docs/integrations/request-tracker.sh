#!/usr/bin/env bash
: "${WHYMID:=http://127.0.0.1:8514}"
: "${WHYMID_TOKEN:=whymid_0123456789abcdef}"
: "${RT:=https://rt.corp.example}"
: "${RT_TOKEN:=1-14-0123456789abcdef}"

curl -sS --fail-with-body "$WHYMID/v1/subscriptions" \
  -H "Authorization: Bearer $WHYMID_TOKEN" \
  -H 'Content-Type: application/json' -d @- <<JSON
{
  "name": "Mail problems to Request Tracker",
  "filter": "diagnosis.severity in [\"warning\", \"critical\"]",
  "target": {
    "kind": "request_tracker",
    "url": "$RT",
    "token": "$RT_TOKEN",
    "queue": "Mail",
    "custom_field": "whymid_key"
  },
  "priorities": {"warning": "50", "critical": "90"}
}
JSON
