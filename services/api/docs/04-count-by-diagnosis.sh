#!/usr/bin/env bash
# en: Counts the aborted messages by diagnosis, from lines of JSON that are read as they come; the pattern for any evaluation of your own that /v1/stats does not offer.
# ja: 中断されたメッセージを診断ごとに数えます。1 行 1 件の JSON を届いた順に処理します。/v1/stats にない独自の集計を行うときのひな形として使います。
# expect: (?m)^ *\d+ receiving-aborted-connection-lost$
#
# usage: 04-count-by-diagnosis.sh [SINCE]   (without it: all that is kept)
set -euo pipefail

whymid=${WHYMID:-http://127.0.0.1:8514}
since=${1:-${WHYMID_SINCE:-}}

# pipefail: if the export breaks off, this program fails, though it has printed some counts.
curl --fail-with-body -sS -G "$whymid/v1/messages" \
  ${WHYMID_TOKEN:+-H "Authorization: Bearer $WHYMID_TOKEN"} \
  -H 'Accept: application/x-ndjson' \
  --data-urlencode 'outcome=aborted' \
  ${since:+--data-urlencode "since=$since"} |
  jq -r '.diagnosis // error(.detail // .title)' |
  sort | uniq -c | sort -rn
