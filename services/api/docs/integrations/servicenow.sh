#!/usr/bin/env bash
: "${WHYMID:=http://127.0.0.1:8514}"
: "${WHYMID_TOKEN:=whymid_0123456789abcdef}"
: "${SERVICENOW:=https://corp-example.service-now.com}"
: "${SERVICENOW_USER:=whymid}"
: "${SERVICENOW_PASSWORD:=invented-password}"

curl -sS --fail-with-body "$WHYMID/v1/subscriptions" \
  -H "Authorization: Bearer $WHYMID_TOKEN" \
  -H 'Content-Type: application/json' -d @- <<JSON
{
  "name": "Mail problems to ServiceNow",
  "filter": "diagnosis.severity in [\"warning\", \"critical\"]",
  "target": {
    "kind": "servicenow",
    "url": "$SERVICENOW",
    "user": "$SERVICENOW_USER",
    "password": "$SERVICENOW_PASSWORD",
    "assignment_group": "Mail"
  },
  "priorities": {"warning": "2/2", "critical": "1/2"}
}
JSON
