#!/usr/bin/env bash
: "${WHYMID:=http://127.0.0.1:8514}"
: "${WHYMID_TOKEN:=whymid_0123456789abcdef}"
: "${SUBSCRIPTION:=s0f3c}"
: "${TICKET:=4711}"

curl -sS --fail-with-body "$WHYMID/v1/subscriptions/$SUBSCRIPTION/inbound" \
  -H "Authorization: Bearer $WHYMID_TOKEN" \
  -H 'Content-Type: application/json' -d @- <<JSON
{"ticket": "$TICKET", "subject": "Where is my mail?", "text": "The log says MID 1404."}
JSON
