#!/usr/bin/env bash
: "${WHYMID:=http://127.0.0.1:8514}"
: "${WHYMID_TOKEN:=whymid_0123456789abcdef}"
: "${SMTP_HOST:=smtp.corp.example}"
: "${SMTP_PORT:=587}"
: "${SMTP_TLS:=starttls}"
: "${MAIL_TO:=helpdesk@corp.example}"

curl -sS --fail-with-body "$WHYMID/v1/subscriptions" \
  -H "Authorization: Bearer $WHYMID_TOKEN" \
  -H 'Content-Type: application/json' -d @- <<JSON
{
  "name": "Mail problems by mail",
  "filter": "diagnosis.severity in [\"warning\", \"critical\"]",
  "target": {
    "kind": "email",
    "host": "$SMTP_HOST",
    "port": $SMTP_PORT,
    "tls": "$SMTP_TLS",
    "from": "whymid <whymid@corp.example>",
    "to": ["$MAIL_TO"]
  }
}
JSON
