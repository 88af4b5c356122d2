#!/usr/bin/env bash
: "${WHYMID:=http://127.0.0.1:8514}"
: "${WHYMID_TOKEN:=whymid_0123456789abcdef}"

curl -sS --fail-with-body "$WHYMID/v1/ask" \
  -H "Authorization: Bearer $WHYMID_TOKEN" \
  -H 'Content-Type: application/json' -d @- <<JSON
{"text": "Hello, a mail to me is missing. The log says MID 1404."}
JSON
