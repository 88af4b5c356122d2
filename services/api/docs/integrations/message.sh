#!/usr/bin/env bash
: "${WHYMID:=http://127.0.0.1:8514}"
: "${WHYMID_TOKEN:=whymid_0123456789abcdef}"
: "${SUBSCRIPTION:=s0f3c}"
: "${MESSAGE:=m7f3c9}"

curl -sS --fail-with-body "$WHYMID/v1/messages/$MESSAGE/tickets" \
  -H "Authorization: Bearer $WHYMID_TOKEN" \
  -H 'Content-Type: application/json' -d @- <<JSON
{"subscription": "$SUBSCRIPTION"}
JSON
