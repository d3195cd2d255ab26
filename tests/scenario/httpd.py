# SPDX-License-Identifier: GPL-3.0-or-later
"""A receiver of webhooks, and a client of the HTTP API. For the scenarios; no test itself."""
import base64
import hashlib
import hmac
import http.client
import json
import re
import threading
import time
import urllib.parse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


def signature_is_good(value, secret, body, now=None):
    """Cellpost-Signature: t=SECONDS,v1=HEX; HMAC-SHA-256 over t, a dot and the body."""
    m = re.fullmatch(r"t=(\d+),v1=([0-9a-f]{64})", value or "")
    if not m or abs((now or time.time()) - int(m.group(1))) > 300:
        return False
    right = hmac.new(secret.encode(), m.group(1).encode() + b"." + body, hashlib.sha256).hexdigest()
    return hmac.compare_digest(right, m.group(2))


class Call:
    """A request as it came."""

    def __init__(self, handler, body):
        self.method = handler.command
        self.path, _, query = handler.path.partition("?")
        self.query = dict(urllib.parse.parse_qsl(query, keep_blank_values=True, encoding="latin-1"))
        self.headers = handler.headers
        self.body = body
        self.at = time.monotonic()
        try:
            self.json = json.loads(body)
        except ValueError:
            self.json = None


class Sink:
    """Answers 200 to everything (or what `answer(call)` says), keeps every call."""

    def __init__(self, secret=None, answer=None, port=0):
        self.secret, self.answer = secret, answer
        self.calls = []
        self.bad_signatures = 0
        self.changed = threading.Condition()
        sink = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def take(self):
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                status, answer = sink.take(Call(self, body))
                self.send_response(status)
                self.send_header("Content-Type", "text/plain")
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            do_GET = do_POST = take

            def log_message(self, *_):
                pass

        class Server(ThreadingHTTPServer):
            request_queue_size = 128
            daemon_threads = True

            def handle_error(self, *_):
                pass  # a client that went away

        self.server = Server(("127.0.0.1", port), Handler)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    def take(self, call):
        good = not self.secret or signature_is_good(call.headers.get("Cellpost-Signature"), self.secret, call.body)
        given = self.answer(call) if self.answer else (200, b"")
        with self.changed:
            self.bad_signatures += not good
            self.calls.append(call)
            self.changed.notify_all()
        return given

    def wait(self, match, seconds=15):
        """The first call that matches, or None."""
        end = time.monotonic() + seconds
        with self.changed:
            while True:
                for call in self.calls:
                    if match(call):
                        return call
                left = end - time.monotonic()
                if left <= 0 or not self.changed.wait(left):
                    return next((c for c in self.calls if match(c)), None)

    def events(self, kind):
        """Webhook bodies of a kind ("receipt", "message")."""
        with self.changed:
            return [c.json["data"] for c in self.calls if c.json and c.json.get("type") == kind]

    def close(self):
        self.server.shutdown()
        self.server.server_close()


class Http:
    """One kept connection. A lost one is made anew at the next request."""

    def __init__(self, port, account=None, password=None, timeout=20):
        self.port, self.timeout = port, timeout
        self.connection = None
        self.headers = {}
        if account:
            self.headers["Authorization"] = "Basic " + base64.b64encode(f"{account}:{password}".encode()).decode()

    def request(self, method, path, body=None, headers=None):
        """(status, headers, body); OSError or HTTPException when no answer came."""
        if not self.connection:
            self.connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=self.timeout)
        try:
            self.connection.request(method, path, body, {**self.headers, **(headers or {})})
            answer = self.connection.getresponse()
            return answer.status, answer.headers, answer.read()
        except (OSError, http.client.HTTPException):
            self.close()
            raise

    def json(self, method, path, value=None, headers=None):
        """(status, decoded body)."""
        body = None if value is None else json.dumps(value)
        kind = {} if value is None else {"Content-Type": "application/json"}
        status, _, answer = self.request(method, path, body, {**kind, **(headers or {})})
        try:
            return status, json.loads(answer)
        except ValueError:
            return status, {"not json": answer.decode("latin-1")}

    def get(self, path):
        return self.request("GET", path)

    def close(self):
        if self.connection:
            self.connection.close()
            self.connection = None
