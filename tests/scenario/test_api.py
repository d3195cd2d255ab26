#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The HTTP API of a running gateway: both versions of HTTP by curl, TLS whose certificate changes under an open
connection, events, receipts to Kannel's URLs, webhooks that fail or are slow, a queue and an api role that die. Prints
TAP."""
import http.client
import json
import os
import signal
import socket
import ssl
import subprocess
import sys
import threading
import time
import urllib.parse

from gateway import Gateway, Tap, secret, wait_for
from httpd import Http, Sink

HANDSET = "+819012345678"
CONFIG = """log
 level error
vty
 listen 127.0.0.1:@vty@
http
 listen 127.0.0.1:@http@
 tls-listen 127.0.0.1:@tls@
 tls-certificate tls.pem
 tls-key tls.key
 webhook-time 2s
{http}lab
 listen 127.0.0.1:@lab@
 any yes
handset {handset}
account demo
 secret {secret}
 allow-sender *
 default-sender 1234
 webhook http://127.0.0.1:@sink@/hook
 webhook-secret shared-key
account slow
 secret {secret}
 default-sender 1234
 webhook http://127.0.0.1:@hole@/hook
account few
 secret {secret}
 default-sender 1234
 rate 5
 burst 5
route phones
 prefix +8190
 link lab
"""


def certificate(folder, name):
    """A certificate of that name, signed by itself; the files are named in the configuration."""
    done = subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                           "-days", "2", "-subj", f"/CN={name}", "-addext", "subjectAltName=DNS:localhost",
                           "-keyout", os.path.join(folder, "new.key"), "-out", os.path.join(folder, "new.pem")],
                          capture_output=True, check=True)
    os.replace(os.path.join(folder, "new.key"), os.path.join(folder, "tls.key"))
    os.replace(os.path.join(folder, "new.pem"), os.path.join(folder, "tls.pem"))
    return done


class Api(Gateway):
    """The certificate must be there before the gateway starts."""

    def configure(self, text):
        if not os.path.exists(os.path.join(self.folder, "tls.pem")):
            certificate(self.folder, "first")
        super().configure(text)


def curl(*words):
    """(status with version, body)"""
    done = subprocess.run(["curl", "-sS", "-m", "20", "-w", "\n%{http_version} %{http_code}", "-u", "demo:secret", *words],
                          capture_output=True, check=False)
    body, _, last = done.stdout.decode("utf-8", "replace").rpartition("\n")
    return last, body or done.stderr.decode()


def message(**more):
    return json.dumps({"to": HANDSET, "text": "hello", **more})


def versions(tap, gateway):
    plain, tls = f"http://127.0.0.1:{gateway.ports['http']}", f"https://localhost:{gateway.ports['tls']}"
    json_type = ("-H", "Content-Type: application/json", "-d", message())
    for name, want, words in (("HTTP/1.1", "1.1 202", ("--http1.1", plain)),
                              ("h2 by prior knowledge", "2 202", ("--http2-prior-knowledge", plain)),
                              ("HTTP/1.1 under TLS", "1.1 202", ("-k", "--http1.1", tls)),
                              ("h2 by ALPN", "2 202", ("-k", tls))):
        last, body = curl(*json_type, *words[:-1], words[-1] + "/v1/messages")
        tap.check(last == want, f"{name}: accepted", (last, body))
    last, body = curl("--http1.0", *json_type, plain + "/v1/messages")
    tap.check(last.endswith(" 202"), "HTTP/1.0: accepted", (last, body))
    last, body = curl(plain + "/openapi.json")
    tap.check(last == "1.1 200" and json.loads(body)["openapi"].startswith("3."), "the document is served", last)
    for path in ("/healthz", "/readyz", "/metrics"):
        last, body = curl(plain + path)
        tap.check(last == "1.1 200", f"{path} answers", (last, body))


def subject(connection):
    return ssl.DER_cert_to_PEM_cert(connection.sock.getpeercert(True))


def over_tls(gateway):
    context = ssl._create_unverified_context()
    return http.client.HTTPSConnection("localhost", gateway.ports["tls"], timeout=10, context=context)


def ask(connection):
    connection.request("GET", "/healthz")
    answer = connection.getresponse()
    answer.read()
    return answer.status


def certificate_changes(tap, gateway):
    old = over_tls(gateway)
    tap.check(ask(old) == 200, "a connection under TLS is open")
    before = subject(old)
    certificate(gateway.folder, "second")
    gateway.hup()

    def changed():
        new = over_tls(gateway)
        ask(new)
        return subject(new) != before
    tap.check(wait_for(changed, 15, 0.2), "a reload brings the new certificate")
    tap.check(ask(old) == 200 and subject(old) == before, "the connection from before goes on with its own")
    with open(os.path.join(gateway.folder, "tls.pem"), "w", encoding="ascii") as f:
        f.write("no certificate\n")
    gateway.hup()
    refused = gateway.wait_log("tls|certificate|PEM", 10)
    tap.check(refused and ask(over_tls(gateway)) == 200, "a file that is none changes nothing", gateway.log()[-2000:])
    certificate(gateway.folder, "third")


def limits(tap, gateway):
    client = Http(gateway.ports["http"], "few", "secret")
    answers = [client.json("POST", "/v1/messages", {"to": HANDSET, "text": "x"}) for _ in range(8)]
    got = [status for status, _ in answers]
    tap.check(got[:5] == [202] * 5 and 429 in got[5:], "above rate and burst: 429", got)
    status, headers, _ = client.request("POST", "/v1/messages", message(), {"Content-Type": "application/json"})
    tap.check(status == 202 or int(headers["Retry-After"]) >= 1, "with the time to wait", (status, headers))
    time.sleep(1.2)
    status, answer = client.json("POST", "/v1/messages", {"to": HANDSET, "text": "x"})
    tap.check(status == 202, "after that time it goes on", answer)
    status, answer = client.json("POST", "/v1/messages", {"to": HANDSET, "text": "x", "from": "Other"})
    tap.check(status == 403 and "allow-sender" in answer["error"]["message"], "another sender: 403 names the rule", answer)
    many = {"to": [f"+81901234{n:04d}" for n in range(1001)], "text": "x"}
    status, answer = Http(gateway.ports["http"], "demo", "secret").json("POST", "/v1/messages", many)
    tap.check(status == 400 and answer["error"]["code"] == "too_many", "1001 recipients are too many", answer)


def bad_bytes(tap, gateway):
    """None of these may hurt more than its own connection."""
    pieces = (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", b"GET / HTTP/1.1\r\n\r\n", b"\x00" * 4096,
              b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + b"\xff" * 64, b"POST /v1/messages HTTP/1.1\r\nHost: x\r\n"
              b"Content-Length: 99999999999999999999\r\n\r\n", b"GET /" + b"a" * 70000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
              b"POST /cgi-bin/sendsms HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\nabc")
    role = gateway.role_pid("api")
    for piece in pieces:
        for port in ("http", "tls"):
            with socket.create_connection(("127.0.0.1", gateway.ports[port]), 5) as s:
                try:
                    s.sendall(piece)
                    s.settimeout(1)
                    s.recv(65536)
                except OSError:
                    pass
    status, _, _ = Http(gateway.ports["http"]).get("/healthz")
    tap.check(status == 200 and gateway.role_pid("api") == role, "bytes of no sense end no more than their connection")


def kannel(tap, gateway, sink):
    url = f"http://127.0.0.1:{sink.port}/dlr?s=%d&from=%p&to=%P&id=%I&n=%n&at=%T&text=%A"
    query = urllib.parse.urlencode({"username": "demo", "password": "secret", "to": HANDSET, "text": "by cgi",
                                    "dlr-mask": 31, "dlr-url": url})
    status, _, body = Http(gateway.ports["http"]).get("/cgi-bin/sendsms?" + query)
    tap.check(status == 202 and body == b"0: Accepted for delivery", "sendsms is accepted", body)
    call = sink.wait(lambda c: c.path == "/dlr" and c.query.get("s") == "1")
    tap.check(call and call.method == "GET" and call.query["to"] == HANDSET and call.query["from"] == "1234" and
              call.query["n"] == "demo" and len(call.query["id"]) == 28 and abs(int(call.query["at"]) - time.time()) < 60,
              "its dlr-url is fetched with the escapes filled in", [(c.path, c.query) for c in sink.calls])
    form = urllib.parse.urlencode({"username": "demo", "password": "secret", "to": HANDSET + " +8190999", "text": "x"})
    status, _, body = Http(gateway.ports["http"]).request("POST", "/cgi-bin/sendsms", form, {
        "Content-Type": "application/x-www-form-urlencoded"})
    tap.check(status == 202, "a form to two receivers", body)
    status, _, body = Http(gateway.ports["http"]).request("POST", "/cgi-bin/sendsms", "Grüße".encode("latin-1"), {
        "Content-Type": "text/plain; charset=iso-8859-1", "X-Kannel-Username": "demo", "X-Kannel-Password": "secret",
        "X-Kannel-To": HANDSET})
    tap.check(status == 202, "a text as body with X-Kannel fields", body)
    for query, want, text in (("to=1&text=x", 403, b"Authorization failed for sendsms"),
                              ("username=demo&password=secret&text=x", 400, b"Missing receiver number, rejected"),
                              ("username=demo&password=secret&to=%2B4412&text=x", 403, b"Not routable. Do not try again.")):
        status, _, body = Http(gateway.ports["http"]).get("/cgi-bin/sendsms?" + query)
        tap.check((status, body) == (want, text), f"{want} {text.decode()}", (status, body))


class Events:
    """GET /v1/events, read by a thread."""

    def __init__(self, port, account):
        self.client = Http(port, account, "secret")
        self.client.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        self.client.connection.request("GET", "/v1/events", headers=self.client.headers)
        self.answer = self.client.connection.getresponse()
        self.lines = []
        threading.Thread(target=self.read, daemon=True).start()

    def read(self):
        try:
            while True:
                line = self.answer.readline()
                if not line:
                    return
                self.lines.append(line.decode().rstrip("\n"))
        except (OSError, http.client.HTTPException, ValueError, AttributeError):
            return

    def has(self, text):
        return any(text in line for line in self.lines)


def events(tap, gateway, client):
    mine, other = Events(gateway.ports["http"], "demo"), Events(gateway.ports["http"], "few")
    tap.check(mine.answer.status == 200 and mine.answer.headers["Content-Type"].startswith("text/event-stream"),
              "events are a stream", mine.answer.headers)
    time.sleep(0.3)
    _, answer = client.json("POST", "/v1/messages", {"to": HANDSET, "text": "x", "report": "all"})
    tap.check(wait_for(lambda: mine.has("event: receipt") and mine.has(answer["id"]), 10), "a receipt is an event",
              mine.lines)
    tap.check(not other.has(answer["id"]), "and only the account's own", other.lines)


def webhooks_fail(tap, gateway, client, sink, hole):
    """A webhook that refuses for a while gets everything in the end; one that never answers holds up nobody else."""
    sink.calls.clear()
    refuse_until = time.monotonic() + 600
    sink.answer = lambda call: (503, b"") if time.monotonic() < refuse_until else (200, b"")
    slow = Http(gateway.ports["http"], "slow", "secret")
    for n in range(150):
        slow.json("POST", "/v1/messages", {"to": f"+819020000{n:03d}", "text": "x", "report": "delivered"})
    refuse_until = time.monotonic() + 2
    ids = [client.json("POST", "/v1/messages", {"to": f"+819010000{n:03d}", "text": "x", "report": "delivered"})[1]["id"]
           for n in range(20)]

    def told():
        done = {c.json["data"]["id"] for c in list(sink.calls) if c.json and c.at >= refuse_until}
        return done.issuperset(ids)
    tap.check(wait_for(told, 30), "receipts that were refused come again until they are taken",
              len([c for c in sink.calls if c.at >= refuse_until]))
    first = [c for c in sink.calls if c.at < refuse_until]
    again = {c.headers["Cellpost-Event-Id"] for c in sink.calls if c.at >= refuse_until}
    tap.check(first and all(c.headers["Cellpost-Event-Id"] in again for c in first), "with the same event id")
    tap.check(wait_for(lambda: hole.count > 0, 10), "while another account's webhook swallows its calls", hole.count)
    sink.answer = None


class Hole:
    """Takes connections and never answers."""

    def __init__(self):
        self.socket = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.port = self.socket.getsockname()[1]
        self.count = 0
        self.kept = []
        threading.Thread(target=self.take, daemon=True).start()

    def take(self):
        while True:
            self.kept.append(self.socket.accept()[0])
            self.count += 1


def send_until_stop(port, stop, results):
    """Repeats each message with its key until it has a 202."""
    client = Http(port, "demo", "secret")
    n = 0
    while not stop.is_set():
        n += 1
        key = f"{threading.get_ident()}-{n}"
        while True:
            try:
                status, answer = client.json("POST", "/v1/messages", {"to": f"+8190{n:08d}", "text": key, "idempotency_key": key})
            except (OSError, http.client.HTTPException):
                results["lost"] += 1
                time.sleep(0.05)
                continue
            if status == 202:
                results["ids"].append(answer["id"])
                break
            results["statuses"].add(status)
            if status != 503:
                results["wrong"].append((status, answer))
                break
            time.sleep(0.05)


def roles_die(tap, gateway, client):
    stop, results = threading.Event(), {"lost": 0, "ids": [], "statuses": set(), "wrong": []}
    threads = [threading.Thread(target=send_until_stop, args=(gateway.ports["http"], stop, results)) for _ in range(4)]
    for t in threads:
        t.start()
    for role in ("queue", "api", "queue", "api"):
        time.sleep(0.5)
        gateway.kill(role)
        gateway.wait_roles(("queue", "api", "lab"))
        wait_for(lambda: Http(gateway.ports["http"]).get("/readyz")[0] == 200, 20, 0.2) if role == "queue" else time.sleep(1)
    time.sleep(0.5)
    stop.set()
    for t in threads:
        t.join(30)
    ids = results["ids"]
    client.close()
    tap.check(not results["wrong"] and len(ids) > 50, "while roles die, clients see 202, 503 or a lost connection",
              (len(ids), results["statuses"], results["wrong"][:3]))
    tap.check(len(set(ids)) == len(ids), "each message has one id")
    missing = [i for i in ids if client.json("GET", "/v1/messages/" + i)[0] != 200]
    tap.check(not missing, "nothing that was accepted is missing", (len(missing), len(ids)))


def listening_changes(tap, gateway, text):
    gateway.configure(text.replace("{http}", " listen 127.0.0.1:@more@\n"))
    gateway.hup()

    def more():
        try:
            return Http(gateway.ports["more"]).get("/healthz")[0] == 200
        except OSError:
            return False
    tap.check(wait_for(more, 15, 0.2), "a reload opens another address")
    gateway.configure(text.replace("{http}", ""))
    gateway.hup()
    tap.check(wait_for(lambda: not more(), 15, 0.2), "and closes it again")
    tap.check(Http(gateway.ports["http"]).get("/healthz")[0] == 200, "the first one goes on")


def main():
    tap = Tap()
    sink, hole = Sink("shared-key"), Hole()
    text = CONFIG.replace("{handset}", HANDSET).replace("{secret}", secret("secret"))
    gateway = Api(text.replace("{http}", ""), {"sink": sink.port, "hole": hole.port})
    tap.check(gateway.link_up("lab"), "the lab is up", gateway.show("links"))
    client = Http(gateway.ports["http"], "demo", "secret")
    versions(tap, gateway)
    certificate_changes(tap, gateway)
    limits(tap, gateway)
    bad_bytes(tap, gateway)
    kannel(tap, gateway, sink)
    events(tap, gateway, client)
    webhooks_fail(tap, gateway, client, sink, hole)
    listening_changes(tap, gateway, text)
    roles_die(tap, gateway, client)
    tap.check(not sink.bad_signatures or all(c.method == "GET" for c in sink.calls if not c.headers.get("Cellpost-Signature")),
              "every POST is signed")
    if tap.failed:
        gateway.complain("something failed")
    tap.check(gateway.close() == 0, "it ends in order")
    return tap.end()


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    sys.exit(main())
