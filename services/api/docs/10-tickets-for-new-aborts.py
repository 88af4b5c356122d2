#!/usr/bin/env python3
# en: Writes a ticket body (the answer as text, with its permalink) for each aborted message that is new since the last run; for cron, between whymid and a ticket system.
# ja: 前回の実行以降に新しく中断されたメッセージごとに、チケットの本文（固定リンク付きのテキスト回答）を書き出します。cron から実行し、whymid とチケットシステムをつなぐときに使います。
# expect: (?m)^\d+ new, up to \S+$
#
# usage: 10-tickets-for-new-aborts.py [SINCE]   (only for the first run; 24h where absent)
# The tickets, and the cursor between them, lie in the folder WHYMID_TICKETS (default: ./tickets).
# Running it again opens no ticket twice, wherever it was stopped: a message has its ticket when
# its file is there, and the cursor moves on only when all of them are. Tickets of messages from
# before the moment in the file `cursor` may be removed.
import datetime
import json
import os
import pathlib
import sys
import urllib.error
import urllib.parse
import urllib.request

WHYMID = os.environ.get("WHYMID", "http://127.0.0.1:8514")
TOKEN = os.environ.get("WHYMID_TOKEN")
LANG = os.environ.get("WHYMID_LANG", "en")
TICKETS = pathlib.Path(os.environ.get("WHYMID_TICKETS", "tickets"))
CURSOR = TICKETS / "cursor"
# A search goes by a message's first line, and it may abort long after that, or its lines may be
# late. So each run looks back further than the last one got; the files tell what is new.
OVERLAP = datetime.timedelta(days=1)


def get(path, params, accept="application/json"):
    request = urllib.request.Request(f"{WHYMID}{path}?{urllib.parse.urlencode(params)}", headers={"Accept": accept})
    if TOKEN:
        request.add_header("Authorization", f"Bearer {TOKEN}")
    with urllib.request.urlopen(request, timeout=60) as response:
        return response.read().decode()


def pages(params):
    while True:
        page = json.loads(get("/v1/messages", params))
        yield page
        if "next_cursor" not in page:
            return
        params = {**params, "cursor": page["next_cursor"]}


def write(path, text):
    """All of it or nothing, even if the machine dies here."""
    part = path.with_name(path.name + ".part")
    with open(part, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    os.replace(part, path)


def open_ticket(message):
    """Puts your ticket system's call here; give it the message's id as the key against doubles."""
    answer = get(f"/v1/messages/{message['id']}/answer", {"lang": LANG}, accept="text/plain")
    ticket = TICKETS / f"{message['id']}.txt"
    write(ticket, f"Subject: {message['appliance']} MID {message['mid']}: {message['diagnosis']}\n{message['url']}\n\n{answer}")
    print(f"{message['appliance']} MID {message['mid']}: {ticket}")


def main():
    TICKETS.mkdir(parents=True, exist_ok=True)
    first = sys.argv[1] if len(sys.argv) > 1 else os.environ.get("WHYMID_SINCE", "24h")
    since = CURSOR.read_text().strip() if CURSOR.exists() else first
    new, known = 0, None
    for page in pages({"outcome": "aborted", "since": since, "sort": "start", "limit": 200}):
        # As of the first page: what comes in while this runs is for the next run.
        known = known or page.get("complete_up_to")
        for message in page["items"]:
            if not (TICKETS / f"{message['id']}.txt").exists():
                open_ticket(message)
                new += 1
    if known:
        moment = datetime.datetime.fromisoformat(known.replace("Z", "+00:00"))
        write(CURSOR, (moment - OVERLAP).isoformat())
    print(f"{new} new, up to {known or 'now'}")


if __name__ == "__main__":
    try:
        main()
    except urllib.error.HTTPError as error:
        sys.exit(error.read().decode())
    except OSError as error:  # not reached, timed out, or the disk is full
        sys.exit(f"{WHYMID}: {error}")
