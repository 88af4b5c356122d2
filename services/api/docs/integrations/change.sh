#!/usr/bin/env bash
: "${WHYMID:=http://127.0.0.1:8514}"
: "${WHYMID_TOKEN:=whymid_0123456789abcdef}"
: "${SUBSCRIPTION:=s0f3c}"

curl -sS --fail-with-body -X PATCH "$WHYMID/v1/subscriptions/$SUBSCRIPTION" \
  -H "Authorization: Bearer $WHYMID_TOKEN" \
  -H 'Content-Type: application/json' \
  -d '{"quiet_period": "1h", "template": {"title": "Mail: {{ diagnosis.title }}"}}'
