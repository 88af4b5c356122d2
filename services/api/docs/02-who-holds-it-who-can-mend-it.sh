#!/usr/bin/env bash
# en: Prints the diagnosis, who holds the mail and who can mend it on one line, separated by tabs; for a chat bot or a script that passes a case on to the right team.
# ja: 診断 ID、メールの現在の保持者、対応できる側をタブ区切りの 1 行で出力します。チャットボットや、案件を担当チームに振り分けるスクリプトで使います。
# expect: ^receiving-aborted-connection-lost\tsender\tnetwork_path,sender\n?$
#
# usage: 02-who-holds-it-who-can-mend-it.sh [MID [APPLIANCE]]
set -euo pipefail

whymid=${WHYMID:-http://127.0.0.1:8514}

answer=$(curl --fail-with-body -sS -G "$whymid/v1/why" \
  ${WHYMID_TOKEN:+-H "Authorization: Bearer $WHYMID_TOKEN"} \
  --data-urlencode "mid=${1:-1404}" \
  --data-urlencode "appliance=${2:-esa1}") || {
  status=$?
  printf '%s\n' "$answer" >&2
  exit "$status"
}
# `party` is a list, the likeliest first.
jq -r '.diagnosis | [.id, .custody, (.party | join(","))] | @tsv' <<<"$answer"
