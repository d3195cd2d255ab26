#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""A modem as a link of the whole gateway: out, in, reports; unplugged and killed in the middle. Prints TAP."""
import os
import shutil
import signal
import sys
import tempfile

from daemon import Terminal
from gateway import Gateway, Tap, secret, wait_for
from httpd import Http, Sink
from test_smstools_modem import CENTRE, Modem

SIM, FRIEND = "+493012345", "+49172345678"
CONFIG = """log
 level error
vty
 listen 127.0.0.1:@vty@
http
 listen 127.0.0.1:@http@
queue
 retry 300ms
modem gsm1
 device tty:%s
 number %s
 doubt report
 storage sim
 resume 0
 command-answer 2s
 send-answer 3s
 pause 1s
 watch 2s
account demo
 secret %s
 allow-sender *
 default-sender +49301000
 webhook http://127.0.0.1:@sink@/hook
route out
 prefix +4917
 link modem:gsm1
route in
 prefix +4930
 from network
 link webhook:demo
"""


def pack(text):
    """Plain ASCII letters into septets, with their number before them."""
    bits = sum(ord(c) << (7 * i) for i, c in enumerate(text))
    return bytes([len(text)]) + bits.to_bytes((7 * len(text) + 7) // 8, "little")


def deliver(text, second):
    return "040b919471325476f8000062115232140%d40" % second + pack(text).hex()


class Bench:
    """A modem behind a name that stays, and a gateway that uses it."""

    def __init__(self, tap):
        self.tap = tap
        self.folder = tempfile.mkdtemp(prefix="cellpost-modem-")
        self.line = os.path.join(self.folder, "line")
        self.plug()
        self.sink = Sink()
        self.gateway = Gateway(CONFIG % (self.line, SIM, secret("secret")), {"sink": self.sink.port})
        self.http = Http(self.gateway.ports["http"], "demo", "secret")

    def plug(self):
        self.modem = Modem()
        self.modem.start()
        os.symlink(self.modem.path, self.line)

    def unplug(self):
        os.unlink(self.line)
        self.modem.on = False
        self.modem.join()
        os.close(self.modem.slave)
        os.close(self.modem.master)

    def up(self, up=True):
        word = "up" if up else "down"
        return wait_for(lambda: any(x.split()[:2] == ["modem:gsm1", word] for x in self.gateway.show("links")), 15, 0.1)

    def send(self, text):
        status, answer = self.http.json("POST", "/v1/messages", {"to": FRIEND, "text": text, "report": "all"})
        return answer.get("id") if status == 202 else None

    def sent(self, text):
        """How often the network got it."""
        return sum(p.endswith(pack(text).hex()) for p in self.modem.sent)

    def state(self, message, wanted, seconds=15):
        def look():
            status, answer = self.http.json("GET", "/v1/messages/" + (message or "0"))
            return status == 200 and answer["recipients"][0]["state"] == wanted
        return wait_for(look, seconds, 0.1)

    def got(self, text):
        return [m for m in self.sink.events("message") if m["text"] == text]

    def close(self):
        code = self.gateway.close()
        self.modem.on = False
        shutil.rmtree(self.folder, ignore_errors=True)
        return code


def out(b):
    message = b.send("Hello")
    b.tap.check(wait_for(lambda: b.sent("Hello"), 10) and FRIEND.strip("+")[:2] and "0b919471325476f8" in b.modem.sent[-1],
                "a message goes out through the modem", b.modem.sent)
    b.tap.check(b.state(message, "accepted"), "it is accepted by the network", b.http.json("GET", f"/v1/messages/{message}"))
    b.modem.arrives("06%02x0b919471325476f8621152321405406211523214054000" % b.modem.reference, "+CDS")
    receipt = b.sink.wait(lambda c: c.json and c.json["type"] == "receipt" and c.json["data"]["state"] == "delivered")
    b.tap.check(receipt and receipt.json["data"]["id"].startswith(message), "its report becomes the sender's receipt", b.sink.events("receipt"))
    b.tap.check(wait_for(lambda: not b.modem.unacknowledged, 10), "and is acknowledged to the network")


def comes_in(b):
    b.modem.arrives(deliver("pushed", 1))
    call = b.sink.wait(lambda c: c.json and c.json["type"] == "message")
    data = call.json["data"] if call else {}
    b.tap.check(data.get("text") == "pushed" and data.get("from") == FRIEND and data.get("to") == SIM, "a message comes in", data)
    b.tap.check(wait_for(lambda: not b.modem.unacknowledged, 10), "it is acknowledged after the commit")
    b.modem.arrives(deliver("stored", 2), stored=True)
    b.tap.check(wait_for(lambda: b.got("stored") and not b.modem.store, 10), "one that was stored is read and deleted")
    b.modem.arrives(deliver("pushed", 1))
    wait_for(lambda: not b.modem.unacknowledged, 10)
    b.tap.check(len(b.got("pushed")) == 1, "the network's repeat is no second message", b.sink.events("message"))


def unplugged(b):
    b.unplug()
    b.tap.check(b.up(False), "an unplugged modem is down", b.gateway.show("links"))
    message = b.send("later")
    b.tap.check(b.state(message, "waiting", 5), "what is for it waits", b.http.json("GET", f"/v1/messages/{message}"))
    b.plug()
    b.tap.check(b.up(), "plugged in again it is up", b.gateway.show("links"))
    b.tap.check(wait_for(lambda: b.sent("later"), 15) and b.state(message, "accepted"), "and what waited goes", b.modem.sent)


def silent(b):
    """It takes the PDU and nothing comes back: not known, and with `doubt report` not sent again."""
    b.modem.send_answer = []
    before = len(b.modem.commands)
    message = b.send("doubtful")
    wait_for(lambda: any(c.startswith("AT+CMGS") for c in b.modem.commands[before:]), 10)
    b.unplug()
    b.up(False)
    b.plug()
    b.up()
    b.tap.check(b.state(message, "unknown", 20), "gone before its answer: the message is unknown", b.http.json("GET", f"/v1/messages/{message}"))
    b.tap.check(b.sent("doubtful") == 0, "and not sent twice", b.modem.sent)


def stopped(b):
    """The network bars the line: it is at fault, not the message."""
    b.modem.send_answer = ["+CMS ERROR: 8"]
    message = b.send("barred")
    b.tap.check(b.up(False), "a barred line stops", b.gateway.show("links"))
    b.tap.check(any("operator determined barring" in x for x in b.gateway.show("links")), "and says why", b.gateway.show("links"))
    b.modem.send_answer = None
    terminal = Terminal(b.gateway.ports["vty"], 5)
    terminal.say("enable")
    lines = terminal.say("show modem gsm1 start")
    b.tap.check(lines == ["it is started again"], "an operator starts it again", lines)
    terminal.close()
    b.tap.check(b.up() and wait_for(lambda: b.sent("barred"), 30) and b.state(message, "accepted", 30), "and the message goes, once",
                (b.modem.sent, b.http.json("GET", f"/v1/messages/{message}")))


def role_killed(b):
    messages = [b.send(f"kill{i}") for i in range(12)]
    wait_for(lambda: b.sent("kill2"), 10)
    old = b.gateway.role_pid("sms")
    b.modem.arrives(deliver("while", 5))
    b.gateway.kill("sms")
    wait_for(lambda: b.gateway.role_pid("sms") not in (0, old), 10)
    b.up()
    if not b.got("while"):  # what nobody acknowledged the network gives again
        b.modem.arrives(deliver("while", 5))
    ends = wait_for(lambda: all(b.state(m, "accepted", 0) or b.state(m, "unknown", 0) for m in messages), 30, 0.2)
    counts = [b.sent(f"kill{i}") for i in range(12)]
    unknown = sum(b.state(m, "unknown", 0) for m in messages)
    b.tap.check(ends and max(counts) == 1 and unknown <= 1 and counts.count(0) <= unknown,
                "the role is killed in the middle: none twice, none lost, at most one unknown", (counts, unknown))
    b.tap.check(wait_for(lambda: len(b.got("while")) == 1, 10), "what came in meanwhile arrives once", b.sink.events("message"))


def main():
    tap = Tap()
    b = Bench(tap)
    assert CENTRE
    tap.check(b.up(), "the modem is up", b.gateway.show("links"))
    lines = b.gateway.show("sms links")
    for step in (out, comes_in, unplugged, silent, stopped, role_killed):
        step(b)
    if tap.failed:
        b.gateway.complain("something failed")
        print("#", lines, b.modem.commands[-20:])
    tap.check(b.close() == 0, "it ends in order")
    return tap.end()


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    sys.exit(main())
