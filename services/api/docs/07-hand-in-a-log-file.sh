#!/usr/bin/env bash
# en: Hands in a mail_logs file of the past and waits until all of it is answered for; for logs from before the collection began, or from a gateway that cannot push.
# ja: 過去の mail_logs ファイルを取り込み、全行が回答に反映されるまで待ちます。収集開始前のログや、ログを送信できないゲートウェイのログを調べるときに使います。
# expect: ^\d+ lines of \S+ are answered for\n(?s:.*)7070707\taborted\treceiving-aborted-by-sender\n
#
# usage: 07-hand-in-a-log-file.sh [FILE APPLIANCE]   (without: a sample of six lines)
# The token in WHYMID_TOKEN reads; handing in takes one of the scope `ingest`, in WHYMID_INGEST_TOKEN
# (or one of the scope `admin` in WHYMID_TOKEN does both).
set -euo pipefail

whymid=${WHYMID:-http://127.0.0.1:8514}
ingest=${WHYMID_INGEST_TOKEN:-${WHYMID_TOKEN:-}}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

if [[ $# -ge 1 ]]; then
  file=$1
  appliance=${2:?which appliance wrote this log?}
else
  file=$work/sample.log
  appliance=example-gw
  cat >"$file" <<'LOG'
Thu Aug 14 13:08:49 2014 Info: New SMTP ICID 7070700 interface Management (192.0.2.10) address 192.0.2.200 reverse dns host mx.sender.example verified no
Thu Aug 14 13:08:56 2014 Info: Start MID 7070707 ICID 7070700
Thu Aug 14 13:08:56 2014 Info: MID 7070707 ICID 7070700 From: <user@sender.example>
Thu Aug 14 13:09:03 2014 Info: MID 7070707 ICID 7070700 RID 0 To: <end_user@rcpt.example>
Thu Aug 14 13:09:06 2014 Info: Message aborted MID 7070707 Receiving aborted by sender
Thu Aug 14 13:09:06 2014 Info: Message finished MID 7070707 aborted
LOG
fi

read_api() { # FILE ARGUMENT...: the body goes to the file, that of an error to stderr too
  local file=$1 status
  shift
  curl --fail-with-body -sS --retry 5 -o "$file" ${WHYMID_TOKEN:+-H "Authorization: Bearer $WHYMID_TOKEN"} "$@" || {
    status=$?
    cat "$file" >&2 || true
    return "$status"
  }
}

# The query of a POST has to be encoded by hand.
name=$(jq -rn --arg name "$appliance" '$name | @uri')

# Trying again is safe: a line that is there already is not doubled. curl waits as long as
# Retry-After says. -T streams the file; --data-binary would take it into memory.
curl --fail-with-body -sS --retry 5 -X POST "$whymid/v1/lines?appliance=$name&lane=archive" \
  ${ingest:+-H "Authorization: Bearer $ingest"} \
  -H 'Content-Type: text/plain' -H 'X-Whymid: 1' \
  -T "$file" -o "$work/taken.json" || {
  status=$?
  cat "$work/taken.json" >&2 || true
  exit "$status"
}
taken=$(jq .accepted "$work/taken.json")

# 202 means "on disk". Answered for is what was attached to a record or kept as an event.
read_api "$work/status.json" "$whymid/v1/status"
target=$(jq '.lines | .accepted + .replayed' "$work/status.json")
deadline=$((SECONDS + ${WHYMID_PATIENCE:-600}))
until jq -e --argjson target "$target" '.lines | .attached + .events >= $target' "$work/status.json" >/dev/null; do
  if ((SECONDS > deadline)); then
    echo "not yet answered for; ask again later" >&2
    exit 1
  fi
  sleep 0.5
  read_api "$work/status.json" "$whymid/v1/status"
done
printf '%d lines of %s are answered for\n' "$taken" "$appliance"

# What went wrong in there: the newest twenty.
read_api "$work/messages.json" -G "$whymid/v1/messages" --data-urlencode "appliance=$appliance" \
  --data-urlencode 'outcome=!delivered' --data-urlencode 'limit=20'
jq -r '.items[] | [.mid, .outcome, .diagnosis] | @tsv' "$work/messages.json"
