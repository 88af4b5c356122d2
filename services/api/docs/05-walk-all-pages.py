#!/usr/bin/env python3
# en: Walks through all pages of a search and prints one line a message; for a program that needs every message that fits, however many there are.
# ja: 検索結果の全ページを順にたどり、メッセージごとに 1 行を出力します。該当するメッセージを件数にかかわらずすべて処理するプログラムで使います。
# expect: (?m)^esa1\t1404\taborted\treceiving-aborted-connection-lost\t\S+$
#
# usage: 05-walk-all-pages.py [FILTER=VALUE ...]   (for example: appliance=esa1 since=7d 'outcome=!delivered')
import json
import os
import sys
import urllib.error
import urllib.parse
import urllib.request

WHYMID = os.environ.get("WHYMID", "http://127.0.0.1:8514")
TOKEN = os.environ.get("WHYMID_TOKEN")


def get(path, params):
    request = urllib.request.Request(f"{WHYMID}{path}?{urllib.parse.urlencode(params)}")
    if TOKEN:
        request.add_header("Authorization", f"Bearer {TOKEN}")
    with urllib.request.urlopen(request, timeout=60) as response:
        return json.load(response)


def messages(filters, limit=500):
    """Every message that fits, oldest first: what comes in meanwhile is found at the end."""
    page = [*filters, ("sort", "start"), ("limit", limit)]
    cursor = []
    while True:
        found = get("/v1/messages", page + cursor)
        if found["not_understood"]:
            sys.exit(f"not understood: {found['not_understood']}")
        yield from found["items"]
        if "next_cursor" not in found:  # absent on the last page
            return
        cursor = [("cursor", found["next_cursor"])]


def main():
    # A filter may stand there several times: one of its values must fit.
    filters = [tuple(word.split("=", 1)) for word in sys.argv[1:]] or [("outcome", "aborted")]
    if any(len(one) != 2 for one in filters):
        sys.exit("usage: 05-walk-all-pages.py [FILTER=VALUE ...]")
    try:
        for one in messages(filters):
            print(one["appliance"], one["mid"], one["outcome"], one["diagnosis"], one["url"], sep="\t")
    except urllib.error.HTTPError as error:
        sys.exit(error.read().decode())
    except OSError as error:  # not reached, or timed out
        sys.exit(f"{WHYMID}: {error}")


if __name__ == "__main__":
    main()
