#!/usr/bin/env bash
# en: Prints a table of the causes for which mail did not arrive in the last week, the most frequent first; for the weekly review.
# ja: 過去 1 週間にメールが届かなかった原因を、多い順に表にします。週次の振り返りに使います。
# expect: ^ +COUNT  CAUSE\n( *\d+  [^\n]+\n)* *\d+  in all, since \S+\n
#
# usage: 09-causes-of-the-week.sh [SINCE]   (as 7d or 2014-08-14T00:00:00Z)
set -euo pipefail

whymid=${WHYMID:-http://127.0.0.1:8514}
since=${1:-${WHYMID_SINCE:-7d}}

api() { # prints the body; that of an error goes to stderr
  local body status
  body=$(curl --fail-with-body -sS -G ${WHYMID_TOKEN:+-H "Authorization: Bearer $WHYMID_TOKEN"} "$@") || {
    status=$?
    printf '%s\n' "$body" >&2
    return "$status"
  }
  printf '%s\n' "$body"
}

stats=$(api "$whymid/v1/stats" --data-urlencode 'group_by=diagnosis' --data-urlencode "since=$since" \
  --data-urlencode 'outcome=!delivered' --data-urlencode 'outcome=!processing')
# The titles stand in the catalogue. It is too long for an argument of jq.
catalogue=$(api "$whymid/v1/diagnoses" --data-urlencode "lang=${WHYMID_LANG:-en}")

printf '%s\n' "$stats" "$catalogue" | jq -rs '
  def right: tostring | if length < 7 then " " * (7 - length) + . else . end;
  .[0] as $stats
  | (.[1].items | map({(.id): .title}) | add) as $titles
  | "  COUNT  CAUSE",
    ($stats.groups[] | "\(.count | right)  \($titles[.key] // .key) (\(.key))"),
    (if $stats.other > 0 then "\($stats.other | right)  others" else empty end),
    "\($stats.total | right)  in all, since \($stats.since)",
    # A message is written, and counted, some seconds after its end.
    (if $stats.in_memory > 0 then "\($stats.in_memory | right)  in memory, perhaps not counted yet" else empty end)
'
