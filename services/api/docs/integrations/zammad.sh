#!/usr/bin/env bash
: "${WHYMID:=http://127.0.0.1:8514}"
: "${WHYMID_TOKEN:=whymid_0123456789abcdef}"
: "${ZAMMAD:=https://zammad.corp.example}"
: "${ZAMMAD_TOKEN:=invented-access-token}"

curl -sS --fail-with-body "$WHYMID/v1/subscriptions" \
  -H "Authorization: Bearer $WHYMID_TOKEN" \
  -H 'Content-Type: application/json' -d @- <<JSON
{
  "name": "Mail problems to Zammad",
  "filter": "diagnosis.severity in [\"warning\", \"critical\"]",
  "target": {
    "kind": "zammad",
    "url": "$ZAMMAD",
    "token": "$ZAMMAD_TOKEN",
    "group": "Mail",
    "customer": "helpdesk@mail.example",
    "attribute": "whymid_key"
  }
}
JSON
