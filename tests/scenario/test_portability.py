#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Number portability: a number that moved leaves by its new network's link, whoever says so (an HTTP service, ENUM on a
real name server), once or never, and what happens when nobody answers. Prints TAP."""
import json
import os
import ssl
import subprocess
import sys
import tempfile
import threading
import time

from gateway import Gateway, Tap, free_port, secret, wait_for
from httpd import Http, Sink
from smpp import QUEUE_FULL, SYSTEM_ERROR, THROTTLED, Centre, Client

CONFIG = """vty
 listen 127.0.0.1:@vty@
http
 listen 127.0.0.1:@http@
smpp-server
 listen 127.0.0.1:@smpp@
account demo
 secret %s
 default-sender GATE
 admin yes
 allow-sender *
smsc donor
 host 127.0.0.1:@donor@
 system-id gate
 reconnect-max 1s
smsc other
 host 127.0.0.1:@other@
 system-id gate
 reconnect-max 1s
route donor
 prefix *
 network 44010
 link smsc:donor
route other
 prefix *
 network 44020
 network 310
 link smsc:other
route rest
 prefix +8170
 link smsc:donor
portability
"""
HTTP = """ url http://localhost:@mnp@/v1/{digits}?number={number}
 authorization Bearer hush
 timeout %s
 on-failure %s
 only-prefix +81
 only-prefix +1
 at-once 3
"""
ENUM = """ enum-suffix enum.test
 dns-server 127.0.0.1:@dns@
 timeout %s
 on-failure %s
 operator D0012 44020
"""
MONEY = """billing
 tariff %s
 currency JPY
 ceiling 100.00
 consent always
"""
TARIFF = """version,1,JPY,2019-10-01,,half-up,0.01
price,sms,+81,segment,1,9,3,10%,sent
price,sms,net:44020,segment,1,9,7,10%,sent
"""


# What SMPP knows for "later": a full queue, a system error, throttled.
TEMPORARY = (QUEUE_FULL, SYSTEM_ERROR, THROTTLED)


class Service:
    """The number database of a country, over HTTP: `numbers` by digits; while `free` is not set it does not answer."""

    def __init__(self, port):
        self.numbers, self.port = {}, port
        self.asked = []
        self.free = threading.Event()
        self.free.set()
        self.bad = []
        self.sink = None
        self.up()

    def up(self):
        self.sink = Sink(answer=self.answer, port=self.port)

    def down(self):
        self.sink.close()
        self.sink = None

    def use_tls(self, certificate, key):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        self.sink.server.socket = context.wrap_socket(self.sink.server.socket, server_side=True)

    def answer(self, call):
        digits = call.path.rsplit("/", 1)[1]
        if call.headers.get("Authorization") != "Bearer hush" or call.query.get("number") != "+" + digits:
            self.bad.append((call.path, call.query))
        with self.sink.changed:
            self.asked.append(digits)
        self.free.wait(120)
        given = self.numbers.get(digits)
        if given is None:
            return 404, b"{}"
        return given if isinstance(given, tuple) else (200, json.dumps({"network": given, "ported": given == "44020"}).encode())

    def times(self, number):
        return self.asked.count(number.lstrip("+"))


class Bench:
    def __init__(self, tap, text, ports=None):
        self.tap = tap
        self.donor, self.other = Centre(), Centre()
        ports = {"donor": self.donor.port, "other": self.other.port, "mnp": free_port(), **(ports or {})}
        self.gateway = Gateway(text, ports)
        self.http = Http(self.gateway.ports["http"], "demo", "secret", 120)
        tap.check(self.gateway.link_up("smsc:donor") and self.gateway.link_up("smsc:other"), "both links are up")

    def reload(self, text):
        used = self.gateway.log().count("configuration in use")
        self.gateway.configure(text)
        self.gateway.hup()
        self.tap.check(self.gateway.wait_log("configuration in use", 30, used + 1), "a new configuration")

    def send(self, to, text="hello"):
        http = Http(self.gateway.ports["http"], "demo", "secret", 120)
        return http.json("POST", "/v1/messages", {"to": to, "text": text})

    def quote(self, to):
        return self.http.json("POST", "/v1/quotes", {"to": to, "text": "hello"})

    def timeline(self, answer):
        status, found = self.http.json("GET", "/v1/messages/" + answer["id"])
        return found["recipients"][0] if status == 200 else found

    def network(self, answer):
        """(network, words) as the timeline has it."""
        events = [e for e in self.timeline(answer).get("timeline", []) if e["event"] == "network"]
        return (events[0].get("rule", ""), events[0].get("detail", "")) if len(events) == 1 else ("none", str(events))

    def came(self, centre, to, seconds=30):
        """Whether it came there, and nowhere else."""
        digits = to.lstrip("+")
        centre.wait(lambda: any(m.destination == digits for m in centre.submits), seconds)
        found = [sum(m.destination == digits for m in c.submits) for c in (self.donor, self.other)]
        return found == ([1, 0] if centre is self.donor else [0, 1])

    def shown(self, words="portability"):
        return "\n".join(self.gateway.show(words))

    def count(self, word):
        for line in self.gateway.show("portability"):
            if line.split()[:1] == [word]:
                return int(line.split()[1].rstrip(","))
        return None


def found(tap, b, service):
    service.numbers.update({"819000000001": "44010", "819000000002": "44020", "819000000003": "44020", "13105550100": "310410"})
    status, a = b.send("+819000000001")
    tap.check(status == 202 and b.came(b.donor, "+819000000001"), "a number that stayed leaves by the donor's link", a)
    tap.check(b.network(a) == ("44010", "by portability"), "... and its timeline says why", b.timeline(a))
    status, a = b.send("+819000000002")
    tap.check(status == 202 and b.came(b.other, "+819000000002"), "a ported number leaves by the other link", a)
    tap.check(a["recipients"][0].get("network") == "44020" and b.network(a) == ("44020", "by portability, ported"),
              "... as the answer and the timeline say", (a, b.timeline(a)))
    status, a = b.send("+13105550100")
    tap.check(status == 202 and b.came(b.other, "+13105550100"), "a route by country alone", a)
    before = len(service.asked)
    status, a = b.send("+819000000002", "again")
    tap.check(b.other.wait(lambda: [m.text for m in b.other.submits if m.destination == "819000000002"] == ["hello", "again"], 30) and
              len(service.asked) == before and b.network(a) == ("44020", "by portability, ported, from memory"),
              "the second message asks nobody", (service.asked, b.timeline(a)))
    tap.check("network 44020, ported" in b.shown("portability +819000000002") and b.count("hits") == 1 and b.count("misses") == 3 and
              b.count("found") == 3, "the operator sees memory and counts", b.shown())
    tap.check(not service.bad, "the service was asked as configured", service.bad)


def quoted(tap, b, service):
    status, q = b.quote("+819000000003")
    status, a = b.send("+819000000003")
    r, q = a["recipients"][0], q["recipients"][0]
    tap.check((q["link"], q["route"], q["network"]) == (r["link"], r["route"], r["network"]) == ("smsc:other", "other", "44020") and
              b.came(b.other, "+819000000003"), "a quote asks too, and says what then happens", (q, r))
    tap.check(service.times("+819000000003") == 1, "... and the message takes its answer", service.asked)


def unknown(tap, b, service):
    status, a = b.send("+817000000001")
    tap.check(status == 202 and b.came(b.donor, "+817000000001") and
              b.network(a) == ("", "not known to the portability service"), "a number nobody knows goes by its prefix", (a, b.timeline(a)))
    b.send("+817000000001")
    tap.check(service.times("+817000000001") == 1, "... and that is remembered too")
    status, a = b.send("4711")
    tap.check(a["error"]["code"] == "no_route" and service.times("4711") == 0, "a short code is not asked for", a)
    status, a = b.send("+447700900123")
    tap.check(a["error"]["code"] == "no_route" and service.times("+447700900123") == 0, "nor what only-prefix leaves out", a)
    status, a = b.http.json("POST", "/v1/messages", {"to": ["+819000000001", "+819000000002"], "text": "two"})
    links = [r["link"] for r in a.get("recipients", [])]
    tap.check(links == ["smsc:donor", "smsc:other"], "two recipients of one message go their own ways", a)


GARBAGE = [(200, b"<html>busy</html>"), (200, b""), (200, b'{"network":"44O20"}'), (200, b'{"network":"44020","number":"+819999999999"}'),
           (200, b'{"network":"44020"' + b" " * 70000 + b"}"), (302, b""), (500, b"{}"), (200, b'{"network":"4402012345678901234567890"}'),
           (200, b"\xff\xfe\x00"), (200, b'[' * 1000)]


def garbage(tap, b, service):
    good = []
    for i, answer in enumerate(GARBAGE):
        number = f"+81700000010{i}"
        service.numbers[number[1:]] = answer
        status, a = b.send(number)
        good.append(status == 202 and b.came(b.donor, number) and b.network(a)[1].startswith("not found out: "))
    tap.check(all(good), "an answer of no use is none: the message goes without", good)
    status, a = b.send("+819000000001", "still")
    tap.check(status == 202 and "the service is asked" in b.shown(), "... and the service is not given up for it", b.shown())


def slow(tap, b, service):
    service.free.clear()
    status, a = b.send("+817000000200")
    service.free.set()
    tap.check(status == 202 and b.came(b.donor, "+817000000200") and b.network(a) == ("", "not found out: no answer in time"),
              "a slow service is not waited for longer than `timeout`", (a, b.timeline(a)))


def down(tap, b, service):
    service.down()
    answers = [b.send(f"+81700000030{i}") for i in range(8)]
    tap.check(all(s == 202 for s, _ in answers), "a service that is down: messages go without", answers)
    words = [b.network(a)[1] for _, a in answers]
    tap.check(words[0] == "not found out: the service cannot be reached" and
              "not found out: the service is left alone after failures" in words and "the service fails" in b.shown(),
              "... and after some failures it is left alone", (words, b.shown()))


def refused(tap, b, service, text):
    b.reload(text)
    status, a = b.send("+817000000400")
    tap.check(status == 503 and "network cannot be found out" in json.dumps(a), "where failures refuse: for now, with the reason", (status, a))
    status, q = b.quote("+817000000401")
    tap.check(status == 503, "... and a quote says the same", (status, q))
    client = Client(b.gateway.ports["smpp"], "demo", "secret")
    p = client.submit("GATE", "+817000000402", "x")
    tap.check(p.done.wait(30) and p.status in TEMPORARY, "... and SMPP", p.status)
    client.unbind()
    tap.check(not any(m.destination in ("817000000400", "817000000402") for m in b.donor.submits), "nothing left")
    status, a = b.send("+819000000001", "known")
    tap.check(status == 202, "what is in memory goes on", a)
    service.up()
    service.numbers["819000000403"] = "44020"
    last = []

    def again():
        last[:] = [b.send("+819000000403")]
        return last[0][0] == 202
    tap.check(wait_for(again, 60, 0.3) and b.came(b.other, "+819000000403") and "the service is asked" in b.shown(),
              "when it is back it is asked again by itself", (last, b.shown()))


def killed(tap, b, service):
    """The asking role dies while a question is open; many messages wait for one number."""
    service.numbers["819000000500"] = "44020"
    service.free.clear()
    got = []
    threads = [threading.Thread(target=lambda i=i: got.append(b.send("+819000000500", f"n{i}"))) for i in range(8)]
    for t in threads:
        t.start()
    tap.check(wait_for(lambda: service.times("+819000000500") == 1, 30) and wait_for(lambda: "waiting    8 messages for 1 questions" in b.shown(), 30),
              "eight messages to one number are one question", b.shown())
    tap.check(not any(m.destination == "819000000500" for m in b.other.submits), "nothing leaves before the answer")
    tap.check(b.gateway.kill("lookup"), "the role that asks is killed")
    tap.check(wait_for(lambda: service.times("+819000000500") == 2, 30), "the question is asked again", service.asked)
    service.free.set()
    for t in threads:
        t.join(120)
    tap.check(len(got) == 8 and all(s == 202 for s, _ in got), "all are accepted", got)
    tap.check(b.other.wait(lambda: sorted(m.text for m in b.other.submits if m.destination == "819000000500") == [f"n{i}" for i in range(8)], 30),
              "... and come once each, by the right link", [m.text for m in b.other.submits if m.destination == "819000000500"])


def queue_killed(tap, b, service):
    """The queue dies while messages wait for their network: what was not answered is offered again by its edge."""
    service.numbers["819000000600"] = "44020"
    service.free.clear()
    client = Client(b.gateway.ports["smpp"], "demo", "secret", timeout=60)
    p = client.submit("GATE", "+819000000600", "patient")
    tap.check(wait_for(lambda: service.times("+819000000600") == 1, 30) and not p.done.is_set(), "an SMPP client waits with its message")
    tap.check(b.gateway.kill("queue"), "the queue is killed")
    tap.check(wait_for(lambda: service.times("+819000000600") == 2, 30) or p.done.is_set(), "the message is offered and its number asked for again")
    service.free.set()
    tap.check(p.done.wait(60) and p.status is not None, "the client is answered", p.status)
    if p.status == 0:
        tap.check(b.came(b.other, "+819000000600"), "... and it comes once, by the right link", [m.destination for m in b.other.submits])
    client.unbind()
    tap.check(b.gateway.link_up("smsc:donor", 60) and b.gateway.link_up("smsc:other", 60), "the links are back")


def bound(tap, b, service, text):
    """Decided is decided: the number moves on, the configuration changes, the waiting message stays."""
    service.numbers["819000000700"] = "44020"
    b.other.accept_nobody = True
    b.other.drop()
    wait_for(lambda: any(x.split()[:2] == ["smsc:other", "down"] for x in b.gateway.show("links")), 30)
    status, a = b.send("+819000000700")
    tap.check(status == 202 and a["recipients"][0]["link"] == "smsc:other", "a message waits for the other link", a)
    service.numbers["819000000700"] = "44010"
    b.reload(text.replace("/v1/", "/v2/"))
    status, late = b.send("+819000000700", "late")
    tap.check(status == 202 and late["recipients"][0]["link"] == "smsc:donor", "the number moves back, and later messages with it", late)
    time.sleep(8)  # the queue looks every few seconds at what waits for a link that is down
    tap.check(not any(m.destination == "819000000700" and m.text == "hello" for m in b.donor.submits) and
              b.timeline(a)["link"] == "smsc:other", "what was decided stays where it was decided to go", b.timeline(a))
    b.other.accept_nobody = False
    tap.check(b.other.wait(lambda: any(m.destination == "819000000700" and m.text == "hello" for m in b.other.submits), 60),
              "... and leaves by it", b.timeline(a))


def encrypted(tap, b, folder, text):
    """An https service whose certificate is checked by a file, loaded by a reload: the role is in its sandbox already."""
    certificate, key = os.path.join(folder, "cert.pem"), os.path.join(folder, "key.pem")
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj",
                    "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-keyout", key, "-out", certificate], check=True,
                   capture_output=True)
    service = Service(free_port())
    service.use_tls(certificate, key)
    service.numbers["819000000910"] = "44020"
    secure = text.replace("http://localhost:@mnp@", f"https://localhost:{service.port}")
    b.reload(secure)
    status, a = b.send("+817000000911")
    tap.check(status == 202 and not service.asked and b.network(a)[1] == "not found out: the service cannot be reached",
              "an https service that nobody vouches for is not asked", (a, b.timeline(a)))
    b.reload(secure + f" authorities {certificate}\n")
    status, a = b.send("+819000000910")
    tap.check(status == 202 and b.came(b.other, "+819000000910"), "... and is, once `authorities` does", (a, b.timeline(a)))
    service.down()


def reloaded(tap, b, service, text):
    """Another service is named while a question is open: that one is asked, and the message goes on."""
    service.numbers["819000000920"] = "44020"
    service.free.clear()
    got = []
    thread = threading.Thread(target=lambda: got.append(b.send("+819000000920")))
    thread.start()
    tap.check(wait_for(lambda: service.times("+819000000920") == 1, 30), "a question is open")
    b.reload(text.replace("/v1/", "/v3/"))
    tap.check(wait_for(lambda: service.times("+819000000920") == 2, 30) and not got, "another source is asked it anew", service.asked)
    service.free.set()
    thread.join(120)
    tap.check(got and got[0][0] == 202 and b.came(b.other, "+819000000920"), "... and its answer counts", got)


class Names:
    """dnsmasq as the root of a private ENUM tree."""

    def __init__(self, records):
        self.port = free_port()
        self.records = records
        self.process = None
        self.up()

    def name(self, number):
        return ".".join(reversed(number.lstrip("+"))) + ".enum.test"

    def up(self):
        lines = ["--naptr-record=" + self.name(n) + "," + r for n, rs in self.records.items() for r in rs]
        self.process = subprocess.Popen(["dnsmasq", "--keep-in-foreground", "--conf-file=/dev/null", "--no-resolv", "--no-hosts", "--pid-file",
                                         "--bind-interfaces", "--listen-address=127.0.0.1", f"--port={self.port}", "--local=/enum.test/",
                                         "--local-ttl=1", "--user=" + ("root" if os.getuid() == 0 else ""), *lines],
                                        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)

    def down(self):
        self.process.terminate()
        self.process.wait(10)
        self.process.stderr.close()


def enum(tap, b, names, text):
    b.reload(text)
    status, a = b.send("+819000000802")
    tap.check(status == 202 and b.came(b.other, "+819000000802") and
              b.network(a) == ("44020", "by portability, ported, routing number D00129"), "ENUM: a routing number and its operator", (a, b.timeline(a)))
    status, a = b.send("+819000000801")
    tap.check(status == 202 and b.came(b.donor, "+819000000801") and b.network(a)[0] == "44010", "ENUM: a network in the domain", (a, b.timeline(a)))
    status, a = b.send("+817000000803")
    tap.check(status == 202 and b.network(a) == ("", "not known to the portability service"), "ENUM: a name that does not exist", (a, b.timeline(a)))
    status, a = b.send("+817000000804")
    tap.check(status == 202 and b.network(a) == ("", "not found out: the answer cannot be used"), "ENUM: a rule that is not read is not guessed",
              (a, b.timeline(a)))
    status, a = b.send("+819000000805")
    tap.check(status == 202 and b.came(b.other, "+819000000805"), "ENUM: the lower order goes first", (a, b.timeline(a)))
    status, q = b.quote("+819000000801")
    tap.check(q["recipients"][0]["link"] == "smsc:donor" and q["recipients"][0]["network"] == "44010", "ENUM: a quote knows it", q)
    names.down()
    status, a = b.send("+817000000806")
    tap.check(status == 202 and b.came(b.donor, "+817000000806") and b.network(a)[1].startswith("not found out: "),
              "ENUM: a name server that is down", (a, b.timeline(a)))


RECORDS = {
    "+819000000801": ["10,1,u,E2U+sms:sip,!^(.*)$!sip:\\1@sms.mnc010.mcc440.3gppnetwork.org!"],
    "+819000000802": ["10,1,u,E2U+pstn:tel,!^.*$!tel:+819000000802;npdi;rn=D00129!"],
    "+817000000804": ["10,1,u,E2U+pstn:tel,!^\\+81(.*)$!tel:+81\\1;npdi;rn=D00129!"],
    "+819000000805": ["20,1,u,E2U+pstn:tel,!^.*$!tel:+81;mcc=440;mnc=10!", "10,5,u,E2U+pstn:tel,!^.*$!tel:+81;mcc=440;mnc=20!"],
}


def priced(tap):
    """A price list that names a network."""
    with tempfile.TemporaryDirectory() as folder:
        tariff = os.path.join(folder, "tariff.csv")
        with open(tariff, "w", encoding="ascii") as f:
            f.write(TARIFF)
        port = free_port()
        service = Service(port)
        service.numbers.update({"819000000001": "44010", "819000000002": "44020"})
        b = Bench(tap, CONFIG % secret("secret") + HTTP % ("60s", "route-without") + MONEY % tariff, {"mnp": port})
        b.http.json("POST", "/v1/accounts/demo/top-up", {"amount": "20.00"}, {"Idempotency-Key": "k"})
        prices = [b.quote(n)[1]["recipients"][0].get("price") for n in ("+819000000001", "+819000000002")]
        tap.check(prices == ["3.30", "7.70"], "a network has its price", prices)
        status, a = b.send("+819000000002")
        balance = wait_for(lambda: b.http.json("GET", "/v1/accounts/demo/balance")[1].get("balance") == "12.30", 30)
        tap.check(status == 202 and balance, "... and that is charged", (a, b.http.json("GET", "/v1/accounts/demo/balance")))
        tap.check(b.gateway.close() == 0, "it ends in order")
        service.down()


def main():
    tap = Tap()
    port = free_port()
    service = Service(port)
    names = Names(RECORDS)
    base = CONFIG % secret("secret")
    b = Bench(tap, base + HTTP % ("60s", "route-without"), {"mnp": port, "dns": names.port})
    found(tap, b, service)
    quoted(tap, b, service)
    unknown(tap, b, service)
    killed(tap, b, service)
    queue_killed(tap, b, service)
    reloaded(tap, b, service, base + HTTP % ("60s", "route-without"))
    bound(tap, b, service, base + HTTP % ("60s", "route-without"))
    b.reload(base + HTTP % ("5s", "route-without"))
    garbage(tap, b, service)
    slow(tap, b, service)
    down(tap, b, service)
    refused(tap, b, service, base + HTTP % ("5s", "refuse-temporarily"))
    enum(tap, b, names, base + ENUM % ("5s", "route-without"))
    with tempfile.TemporaryDirectory() as folder:
        encrypted(tap, b, folder, base + HTTP % ("5s", "route-without"))
    b.reload(base.replace("portability\n", ""))
    status, a = b.send("+817000000900")
    tap.check(status == 202 and b.network(a)[0] == "none" and "not configured" in b.shown(), "without the node nothing is asked", b.shown())
    if tap.failed:
        b.gateway.complain("something failed")
    tap.check(b.gateway.close() == 0, "it ends in order")
    service.down()
    priced(tap)
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
