#!/usr/bin/env bash
# en: Writes all messages of the last day that did not arrive to a CSV file, one row a recipient; for the daily report or a spreadsheet.
# ja: 過去 1 日に届かなかったすべてのメッセージを、受信者ごとに 1 行の CSV ファイルに書き出します。日次報告や表計算での集計に使います。
# expect: ^\d+ lines? in .*not-arrived\.csv\n?$
#
# usage: 03-not-arrived-as-csv.sh [SINCE [FILE]]   (SINCE as 24h, 7d or 2014-08-14T00:00:00Z)
# The line that it prints counts the head too: "1 line" means that everything arrived.
set -euo pipefail

whymid=${WHYMID:-http://127.0.0.1:8514}
since=${1:-${WHYMID_SINCE:-24h}}
file=${2:-not-arrived.csv}

# Not an error, but not what is asked for either: mail that is still being processed.
# A broken transfer makes curl fail, and leaves the file of yesterday as it is.
trap 'rm -f "$file.part"' EXIT
curl --fail-with-body -sS -G "$whymid/v1/messages" \
  ${WHYMID_TOKEN:+-H "Authorization: Bearer $WHYMID_TOKEN"} \
  -H 'Accept: text/csv' \
  --data-urlencode 'outcome=!delivered' \
  --data-urlencode 'outcome=!processing' \
  --data-urlencode "since=$since" \
  -o "$file.part" || {
  status=$?
  cat "$file.part" >&2 || true
  exit "$status"
}
mv "$file.part" "$file"

lines=$(wc -l <"$file")
printf '%d %s in %s\n' "$lines" "$([[ $lines -eq 1 ]] && echo line || echo lines)" "$file"
