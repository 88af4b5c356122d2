#!/usr/bin/env bash
: "${WHYMID:=http://127.0.0.1:8514}"
: "${WHYMID_TOKEN:=whymid_0123456789abcdef}"

curl -sS --fail-with-body "$WHYMID/v1/notifications?state=dead" \
  -H "Authorization: Bearer $WHYMID_TOKEN" |
  jq -r '.items[] | [.id, .subscription_name, .problem] | @tsv' |
  while IFS=$'\t' read -r id name problem; do
    echo "$name: $problem"
    curl -sS --fail-with-body -o /dev/null -X POST "$WHYMID/v1/notifications/$id/retry" \
      -H "Authorization: Bearer $WHYMID_TOKEN"
  done
