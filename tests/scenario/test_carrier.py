#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Phones behind a carrier in another role, whose link PDUs go through the queue: over connections as a cell has them and
by messages as IMS does. Out, in, receipts, absent and full phones, garbage; each role killed in the middle. Prints TAP."""
import os
import random
import sys
import tempfile

from carrier import ABSENT, CellPhone, Carrier, ImsPhone, joined
from gateway import Tap, secret, wait_for
from httpd import Http
from phones import Bench, FRIEND, NUMBER, submit
from test_link_priced import MONEY, Priced, TARIFF
from test_osmo_gsup import IMSI

AOR = "sip:%s@ims.example.net"
CONFIG = """lab
 absent-retry 300ms
lab-carrier cell
 listen 127.0.0.1:@cell@
lab-carrier ims
 listen 127.0.0.1:@ims@
 kind messages
carrier cell
 centre +491770610000
carrier ims
 centre +491770610000
subscriber +491770900123
 imsi 001010123456780
"""


class Cell(Bench):
    def __init__(self, tap, kind):
        self.kind = kind
        super().__init__(tap, "carrier:" + kind, CONFIG)
        self.carrier = Carrier(self.gateway.ports[kind], kind)
        make, name = (CellPhone, IMSI) if kind == "cell" else (ImsPhone, AOR % NUMBER)
        self.phone = make(self.carrier, name)
        joined(self.carrier)
        self.phone.present()


def to_the_phone(b):
    b.tap.check(b.up(), b.kind + ": the link is up", b.gateway.show("sms links"))
    b.tap.check(any(x.startswith(b.link + " ") for x in b.gateway.show("sms links")), "and among the links shown",
                b.gateway.show("sms links"))
    message = b.send("Hello")
    b.tap.check(b.phone.saw("Hello") and b.receipt(message), "a message is shown and receipted", b.look(message))
    text = "".join(chr(97 + i % 26) for i in range(400))
    message = b.send(text)
    b.tap.check(b.phone.saw(text) and b.receipt(message), "a long one in its parts", b.look(message))
    if b.kind == "cell":
        b.tap.check(wait_for(lambda: b.phone.closed, 10), "the connection is closed afterwards")


def from_the_phone(b):
    b.phone.say(submit("up"))
    b.tap.check(b.phone.answered() == bytes([3, 5]), "a message from the phone is acknowledged", b.phone.answers)
    got = wait_for(lambda: b.got("up"), 15)
    b.tap.check(got and got[0]["from"] == NUMBER and got[0]["to"] == FRIEND, "and is at the webhook", got)
    b.phone.say(submit("report", reference=77, first=0x21), ti=2, reference=8)
    report = wait_for(lambda: b.phone.reports, 15) and b.phone.reports[0]
    b.tap.check(report and (report.reference, report.status, report.address) == (77, 0, FRIEND[1:]),
                "the report that it asked for comes to the phone", report and vars(report))
    b.phone.say(submit("nowhere", to="+99992345678"), ti=1, reference=6)
    answer = b.phone.answered(6)
    b.tap.check(answer and answer[0] == 5 and answer[3] == 1, "a number that nobody serves: RP-ERROR, unassigned", answer)


def absent(b):
    b.phone.absent = ABSENT
    message = b.send("later")
    b.tap.check(wait_for(lambda: b.phone.asks_alert, 15), "a try in vain asks for an alert", b.look(message))
    b.phone.absent = None
    b.tap.check(not b.phone.saw("later", 1), "the phone is left alone until it is back")
    b.phone.present()
    b.tap.check(b.phone.saw("later") and b.receipt(message), "then the message goes", b.look(message))


def full(b):
    b.phone.refuse = 22
    before = b.phone.taken
    message = b.send("room")
    wait_for(lambda: b.phone.taken > before, 10)
    b.phone.refuse = None
    b.tap.check(not b.phone.saw("room", 1) and b.phone.taken == before + 1, "a full phone is left alone", b.phone.taken)
    b.phone.has_room()
    b.tap.check(b.phone.saw("room") and b.receipt(message), "until it has room: RP-SMMA", b.look(message))
    b.tap.check(b.phone.answered(9) == bytes([3, 9]), "which is acknowledged", b.phone.answers)


def rp_garbage(b, what, rp, causes, ti):
    """A relay message that is none is answered with RP-ERROR and one of these causes."""
    reference = rp[1]
    b.phone.answers.pop(reference, None)
    if b.kind == "cell":
        b.phone.up(bytes([ti << 4 | 9, 1, len(rp)]) + rp)
    else:
        b.phone.say_rp(rp)
    answer = b.phone.answered(reference)
    b.tap.check(answer and answer[0] == 5 and answer[3] in causes, what + ": RP-ERROR", answer)


def garbage(b):
    good = submit("x")
    head = bytes([0, 41, 0, 7]) + bytes.fromhex("91947107160000")
    rp_garbage(b, "a TPDU cut short", head + bytes([4]) + good[:4], (95, 96, 111), 0)
    rp_garbage(b, "a TPDU of no type", bytes([0, 42]) + head[2:] + bytes([3]) + b"\x03\x00\x00", (69, 95, 97, 111), 1)
    rp_garbage(b, "an unknown relay message", bytes([7, 43]) + head[2:] + bytes([len(good)]) + good, (97,), 2)
    rp_garbage(b, "a relay message cut short", bytes([0, 44, 0]), (95, 96), 3)
    if b.kind == "cell":
        before = len(b.phone.cp_errors)
        b.phone.up(bytes([0x59, 0x01]))
        b.tap.check(wait_for(lambda: 96 in b.phone.cp_errors[before:], 10), "a connection message cut short: CP-ERROR", b.phone.cp_errors)
    pid = b.gateway.role_pid("sms"), b.gateway.role_pid("queue"), b.gateway.role_pid("lab")
    chance = random.Random(7)
    for n in range(300):
        octets = bytes(chance.randrange(256) for _ in range(chance.randrange(1, 60)))
        if n % 2:
            b.carrier.raw(octets)
        elif b.kind == "cell":
            b.phone.up(octets)
        else:
            b.phone.say_rp(octets)
    b.carrier.raw(bytes(3000))
    for n in range(3):  # connections that the garbage began are over: the phone begins anew, as phones do
        b.phone.say(submit("fine"), ti=n, reference=50 + n)
        if b.phone.answered(50 + n, 5):
            break
    b.tap.check(wait_for(lambda: b.got("fine"), 10), "after three hundred PDUs of nonsense the phone is served", b.phone.answers)
    b.tap.check(pid == (b.gateway.role_pid("sms"), b.gateway.role_pid("queue"), b.gateway.role_pid("lab")), "and nobody fell")
    metrics = b.gateway.metrics()
    b.tap.check(all(any(k.startswith("cellpost_" + n) and v >= 50 for k, v in metrics.items())
                    for n in ("sms_carrier_bad_total", "sms_link_bad_total")), "it is counted",
                {k: v for k, v in metrics.items() if "carrier" in k or "link" in k})


def killed(b, role, word):
    texts = [word + chr(97 + i) for i in range(20)]
    messages = [b.send(t) for t in texts[:10]]
    b.phone.saw(word + "c")
    old = b.gateway.role_pid(role)
    b.phone.say(submit(word + "up"), ti=4, reference=20)
    b.gateway.kill(role)
    wait_for(lambda: b.gateway.role_pid(role) not in (0, old), 20)
    joined(b.carrier)
    messages += [b.send(t) for t in texts[10:]]
    b.up()
    b.phone.present()
    b.tap.check(all(b.phone.saw(t, 40) for t in texts) and all(b.receipt(m, seconds=40) for m in messages),
                role + " is killed in the middle: every message is shown and receipted",
                (b.phone.shown[-20:], [b.look(m) for m, t in zip(messages, texts) if t not in b.phone.shown]))
    counts = [b.phone.shown.count(t) for t in texts]
    b.tap.check(counts == [1] * 20, "once", (counts, b.phone.again))
    for n in range(4):  # without an acknowledgement a phone says it again
        answer = b.phone.answered(20 + n, 5)
        if answer and answer[0] == 3:
            break
        if b.got(word + "up"):
            break  # its acknowledgement was lost with the role: nothing may be doubled by asking again
        b.phone.say(submit(word + "up"), ti=n, reference=21 + n)
    b.tap.check(wait_for(lambda: len(b.got(word + "up")) == 1, 15), "what the phone sent arrives once", b.got(word + "up"))


def run(tap, kind):
    b = Cell(tap, kind)
    for step in (to_the_phone, from_the_phone, absent, full, garbage):
        step(b)
    for role, word in (("sms", "machines"), ("lab", "carrier"), ("queue", "between")):
        killed(b, role, word)
    if tap.failed:
        b.gateway.complain("something failed")
        print("#", b.gateway.show("sms links"))
    b.carrier.close()
    tap.check(b.gateway.close() == 0, "it ends in order")


def priced(tap):
    """The permit of a priced message goes with its octets, for the role that sends them; what is unsure is not repeated."""
    with tempfile.TemporaryDirectory() as folder:
        tariff = os.path.join(folder, "tariff.csv")
        with open(tariff, "w", encoding="ascii") as f:
            f.write(TARIFF)
        b = Priced(tap, "carrier:cell", CONFIG + MONEY % (secret("secret"), tariff))
        carrier = Carrier(b.gateway.ports["cell"], "cell")
        phone = CellPhone(carrier, IMSI)
        joined(carrier)
        phone.present()
        b.up()
        Http(b.gateway.ports["http"], "boss", "secret").json("POST", "/v1/accounts/demo/top-up", {"amount": "20.00"},
                                                             {"Idempotency-Key": "k"})
        message = b.send("rich")
        tap.check(phone.saw("rich") and b.costs(message, "16.70"), "priced: what arrived is charged", (b.look(message), b.balance()))
        tap.check(phone.permits, "and its permit went with it", phone.permits)
        phone.quiet = True
        before = phone.taken
        message = b.send("doubtful")
        tap.check(wait_for(lambda: phone.taken > before, 20), "the carrier's role is killed while the phone has a message")
        b.gateway.kill("lab")
        tap.check(b.state(message, "unknown", 40) and phone.taken == before + 1, "it is unknown, and not sent again",
                  (b.look(message), phone.taken))
        if tap.failed:
            b.gateway.complain("something failed")
        carrier.close()
        tap.check(b.gateway.close() == 0, "it ends in order")


def main():
    tap = Tap()
    priced(tap)
    for kind in ("cell", "ims"):
        run(tap, kind)
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
