#!/usr/bin/env python3
# pip install standardwebhooks
import http.server
import os

from standardwebhooks import Webhook, WebhookVerificationError

webhook = Webhook(os.environ["SECRET"])  # whsec_…, as in the subscription
seen = set()  # the same event may come twice: keep the ids where they outlive a restart


class Receiver(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        try:
            event = webhook.verify(body, dict(self.headers))
        except WebhookVerificationError:
            return self.send_error(401)
        if event["id"] not in seen:
            seen.add(event["id"])
            print(event["type"], event["subject"], event["data"]["title"], flush=True)
        self.send_response(204)
        self.end_headers()


http.server.HTTPServer(("127.0.0.1", int(os.environ.get("PORT", "8080"))), Receiver).serve_forever()
