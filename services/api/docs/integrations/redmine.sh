#!/usr/bin/env bash
: "${WHYMID:=http://127.0.0.1:8514}"
: "${WHYMID_TOKEN:=whymid_0123456789abcdef}"
: "${REDMINE:=https://redmine.corp.example}"
: "${REDMINE_KEY:=0123456789abcdef0123456789abcdef01234567}"
: "${REDMINE_FIELD:=1}"

curl -sS --fail-with-body "$WHYMID/v1/subscriptions" \
  -H "Authorization: Bearer $WHYMID_TOKEN" \
  -H 'Content-Type: application/json' -d @- <<JSON
{
  "name": "Mail problems to Redmine",
  "filter": "diagnosis.severity in [\"warning\", \"critical\"]",
  "target": {
    "kind": "redmine",
    "url": "$REDMINE",
    "api_key": "$REDMINE_KEY",
    "project": "mail",
    "tracker_id": 1,
    "custom_field_id": $REDMINE_FIELD,
    "closed_status_id": 5,
    "reopened_status_id": 1
  }
}
JSON
