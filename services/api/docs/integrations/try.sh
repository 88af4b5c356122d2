#!/usr/bin/env bash
: "${WHYMID:=http://127.0.0.1:8514}"
: "${WHYMID_TOKEN:=whymid_0123456789abcdef}"
: "${SUBSCRIPTION:=s0f3c}"

curl -sS --fail-with-body -X POST "$WHYMID/v1/subscriptions/$SUBSCRIPTION/test" \
  -H "Authorization: Bearer $WHYMID_TOKEN"
sleep 2
curl -sS --fail-with-body "$WHYMID/v1/notifications?subscription=$SUBSCRIPTION&limit=1" \
  -H "Authorization: Bearer $WHYMID_TOKEN"
