#!/usr/bin/env python3
# en: Explains the lines of a log without storing any of them; for a log that somebody pasted or sent along, and that must not mix with your own.
# ja: ログの行を保存せずに説明します。貼り付けられたログや送られてきたログを、自社の記録に混ぜずに調べるときに使います。
# expect: (?m)^MID 1404: receiving-aborted-connection-lost \(likely\)$
#
# usage: 08-explain-a-pasted-log.py [FILE|- [YEAR]]   (`-`: standard input; without: a sample)
# YEAR is for stamps that have none, such as "Aug 14 11:04:51".
import json
import os
import sys
import urllib.error
import urllib.request

WHYMID = os.environ.get("WHYMID", "http://127.0.0.1:8514")
TOKEN = os.environ.get("WHYMID_TOKEN")

SAMPLE = """\
Thu Aug 14 11:04:31 2014 Info: New SMTP ICID 10293 interface Management (192.0.2.10) address 192.0.2.200 reverse dns host mx.sender.example verified no
Thu Aug 14 11:04:51 2014 Info: Start MID 1404 ICID 10293
Thu Aug 14 11:04:51 2014 Info: MID 1404 ICID 10293 From: <user@sender.example>
Thu Aug 14 11:05:00 2014 Info: MID 1404 ICID 10293 RID 0 To: <end_user@rcpt.example>
Thu Aug 14 11:05:36 2014 Info: ICID 10293 lost
Thu Aug 14 11:05:36 2014 Info: Message aborted MID 1404 Receiving aborted
Thu Aug 14 11:05:36 2014 Info: Message finished MID 1404 aborted
"""


def explain(log, year=None):
    ask = {"log": log}
    if year:
        ask["year"] = year
    request = urllib.request.Request(
        f"{WHYMID}/v1/explain",
        data=json.dumps(ask).encode(),
        headers={"Content-Type": "application/json"},
    )
    if TOKEN:
        request.add_header("Authorization", f"Bearer {TOKEN}")
    with urllib.request.urlopen(request, timeout=120) as response:
        return json.load(response)


def main():
    if len(sys.argv) < 2:
        log = SAMPLE
    elif sys.argv[1] == "-":
        log = sys.stdin.buffer.read().decode("utf-8", "replace")
    else:
        with open(sys.argv[1], encoding="utf-8", errors="replace") as file:
            log = file.read()
    try:
        found = explain(log, int(sys.argv[2]) if len(sys.argv) > 2 else None)
    except urllib.error.HTTPError as error:
        sys.exit(error.read().decode())
    except OSError as error:  # not reached, or timed out
        sys.exit(f"{WHYMID}: {error}")
    if not found["items"]:
        sys.exit("no line about a message or a connection")
    for answer in found["items"]:
        diagnosis = answer["diagnosis"]
        # An answer about a connection that carried no message has no `message`.
        if "message" in answer:
            about = f"MID {answer['message']['mid']}"
        else:
            about = f"ICID {answer['connection']['icid']}"
        print(f"{about}: {diagnosis['id']} ({diagnosis['confidence']})")
        print(f"  {answer['summary']}")
    if "left_out" in found:
        print(f"{found['left_out']} more were left out: give less at a time", file=sys.stderr)


if __name__ == "__main__":
    main()
