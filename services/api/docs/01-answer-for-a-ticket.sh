#!/usr/bin/env bash
# en: Prints why a message was aborted, as Markdown for a ticket; for the helpdesk that has a MID and a ticket to fill.
# ja: メッセージが中断された理由を、チケットに貼り付けられる Markdown で出力します。MID が分かっていて、チケットに記入するときに使います。
# expect: (?s)## MID 1404 \(esa1\): .*\*\*Diagnosis\*\*: `receiving-aborted-connection-lost`.*\*\*Permalink\*\*: <http.*### Evidence.*Message aborted MID 1404 Receiving aborted
#
# usage: 01-answer-for-a-ticket.sh [MID [APPLIANCE]]
set -euo pipefail

whymid=${WHYMID:-http://127.0.0.1:8514}
mid=${1:-1404}
appliance=${2:-esa1} # every appliance counts its own MIDs

# An error goes to stderr, so that it never ends up in a ticket.
answer=$(curl --fail-with-body -sS -G "$whymid/v1/why" \
  ${WHYMID_TOKEN:+-H "Authorization: Bearer $WHYMID_TOKEN"} \
  -H 'Accept: text/markdown' \
  --data-urlencode "mid=$mid" \
  --data-urlencode "appliance=$appliance" \
  --data-urlencode "lang=${WHYMID_LANG:-en}") || {
  status=$?
  printf '%s\n' "$answer" >&2
  exit "$status"
}
printf '%s\n' "$answer"
