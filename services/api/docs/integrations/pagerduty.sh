#!/usr/bin/env bash
: "${WHYMID:=http://127.0.0.1:8514}"
: "${WHYMID_TOKEN:=whymid_0123456789abcdef}"
: "${PAGERDUTY:=https://events.pagerduty.com/v2/enqueue}"
: "${PAGERDUTY_KEY:=0123456789abcdef0123456789abcdef}"

curl -sS --fail-with-body "$WHYMID/v1/subscriptions" \
  -H "Authorization: Bearer $WHYMID_TOKEN" \
  -H 'Content-Type: application/json' -d @- <<JSON
{
  "name": "Mail problems to PagerDuty",
  "filter": "diagnosis.severity in [\"warning\", \"critical\"]",
  "target": {
    "kind": "pagerduty",
    "url": "$PAGERDUTY",
    "routing_key": "$PAGERDUTY_KEY"
  },
  "priorities": {"warning": "warning", "critical": "critical"}
}
JSON
