#!/usr/bin/env bash
: "${WHYMID:=http://127.0.0.1:8514}"
: "${WHYMID_TOKEN:=whymid_0123456789abcdef}"
: "${JIRA:=https://corp-example.atlassian.net}"
: "${JIRA_USER:=whymid@corp.example}"
: "${JIRA_TOKEN:=invented-api-token}"

curl -sS --fail-with-body "$WHYMID/v1/subscriptions" \
  -H "Authorization: Bearer $WHYMID_TOKEN" \
  -H 'Content-Type: application/json' -d @- <<JSON
{
  "name": "Mail problems to Jira Cloud",
  "filter": "diagnosis.severity in [\"warning\", \"critical\"]",
  "target": {
    "kind": "jira",
    "deployment": "cloud",
    "url": "$JIRA",
    "user": "$JIRA_USER",
    "token": "$JIRA_TOKEN",
    "project": "MAIL",
    "issue_type": "Task"
  }
}
JSON
