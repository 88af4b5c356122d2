#!/usr/bin/env python3
# en: Asks by MID or by Message-ID, waits while the service starts, and says what was searched if nothing is known; for a bot or a form that takes whatever people paste.
# ja: MID または Message-ID で問い合わせます。サービスの起動中は待ち、該当する記録がなければ検索した範囲を示します。利用者が入力した番号をそのまま受け取るボットやフォームで使います。
# expect: ^MID 1404 was aborted [^\n]+\nreceiving-aborted-connection-lost\nhttps?://\S+/messages/\w+\n$
#
# usage: 06-ask-with-care.py [MID|MESSAGE-ID [APPLIANCE]]
# It exits with 0 for an answer, 1 if no line names this message, 2 for anything else.
import json
import os
import sys
import time
import urllib.error
import urllib.parse
import urllib.request

WHYMID = os.environ.get("WHYMID", "http://127.0.0.1:8514")
TOKEN = os.environ.get("WHYMID_TOKEN")
PATIENCE = 60  # seconds


def ask(params):
    """The status and the body; waits on 503 for as long as the service asks for."""
    request = urllib.request.Request(f"{WHYMID}/v1/why?{urllib.parse.urlencode(params)}")
    if TOKEN:
        request.add_header("Authorization", f"Bearer {TOKEN}")
    until = time.monotonic() + PATIENCE
    while True:
        try:
            with urllib.request.urlopen(request, timeout=30) as response:
                return response.status, json.load(response)
        except urllib.error.HTTPError as error:
            wait = error.headers.get("Retry-After", "")
            wait = int(wait) if wait.isdigit() else 5
            if error.code == 503 and time.monotonic() + wait < until:
                time.sleep(wait)
                continue
            if error.headers.get_content_type() != "application/problem+json":
                raise  # not from whymid: a proxy in between
            return error.code, json.load(error)


def main():
    asked = sys.argv[1] if len(sys.argv) > 1 else "1404"
    appliance = sys.argv[2] if len(sys.argv) > 2 else "esa1" if asked == "1404" else None
    params = {"mid" if asked.isdecimal() else "message_id": asked}
    if appliance:
        params["appliance"] = appliance
    try:
        status, body = ask(params)
    except OSError as error:  # HTTPError and URLError are among them
        print(f"{WHYMID}: {error}", file=sys.stderr)
        return 2
    if status == 404 and "answer" in body:
        # Not a failure but an answer: it names the appliances and the period that were searched.
        print(body["answer"]["summary"])
        for step in body["answer"]["diagnosis"]["next_steps"]:
            print(f"- {step['who']}: {step['text']}")
        return 1
    if status != 200:
        print(f"{body['code']}: {body.get('detail', body['title'])} {body.get('help', '')}", file=sys.stderr)
        return 2
    print(body["summary"])
    print(body["diagnosis"]["id"])
    print(body["message"]["url"])
    for other in body["candidates"]:  # the number fits these as well
        print(f"also on {other['appliance']}, {other['first_seen_at']}: {other.get('url', other['id'])}", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
