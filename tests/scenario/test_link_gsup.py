#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""GSUP as a link of the whole gateway, between the real osmo-msc and osmo-hlr, with a scripted MME as the phone: out,
in, receipts, absent and full phones; osmo-msc and the role killed in the middle. Prints TAP."""
import os
import shutil
import signal
import subprocess
import sys
import tempfile

from gateway import Tap, wait_for
from phones import Bench, FRIEND, Handset, NUMBER, submit
from test_osmo_gsup import IMSI, IP, MSISDN, Network, vty

CONFIG = """gsup
 listen 127.0.0.1:%d
 hlr %s:4222
 centre +491770610000
 answer 4s
 no-answer absent
"""


class Gsup(Bench):
    def __init__(self, tap, network):
        self.network = network
        network.start(["osmo-hlr", "-c", os.path.join(network.folder, "hlr.cfg"), "-l", os.path.join(network.folder, "hlr.db")])
        vty(["enable", f"subscriber imsi {IMSI} create", f"subscriber imsi {IMSI} update msisdn {MSISDN}"])
        super().__init__(tap, "gsup", CONFIG % (network.port, IP))
        self.phone = None
        self.msc = network.start_msc()

    def join(self):
        before, self.phone = self.phone, Handset(self.network.name + "-29118", IMSI)
        if before:
            before.leave()
            self.phone.carry_on(before)
        return self.phone.attach() == 0


def registers(b):
    b.tap.check(b.up(), "osmo-msc connects", b.gateway.show("sms links"))
    b.tap.check(b.join(), "a phone registers with osmo-msc, through us at osmo-hlr")


def to_the_phone(b):
    message = b.send("Hello")
    b.tap.check(b.phone.saw("Hello"), "a message is shown", (b.phone.shown, b.look(message)))
    b.tap.check(b.receipt(message), "its receipt comes", b.sink.events("receipt"))
    text = "".join(chr(97 + i % 26) for i in range(400))
    message = b.send(text)
    b.tap.check(b.phone.saw(text) and b.state(message, "delivered"), "a long one in its parts", b.look(message))


def from_the_phone(b):
    b.phone.say(submit("up"))
    b.tap.check(b.phone.answered() == bytes([3, 5]), "a message from the phone is acknowledged", b.phone.answers)
    got = b.sink.wait(lambda c: c.json and c.json["type"] == "message")
    data = got.json["data"] if got else {}
    b.tap.check(data.get("text") == "up" and data.get("from") == NUMBER and data.get("to") == FRIEND, "and is at the webhook", data)
    b.phone.say(submit("report", reference=77, first=0x21), ti=2, reference=8)
    report = wait_for(lambda: b.phone.reports, 15) and b.phone.reports[0]
    b.tap.check(report and (report.reference, report.status, report.address) == (77, 0, FRIEND[1:]),
                "the report that it asked for comes to the phone", report and vars(report))
    b.phone.say(submit("nowhere", to="+99992345678"), ti=1, reference=6)
    answer = b.phone.answered(6)
    b.tap.check(answer and answer[0] == 5 and answer[3] == 1, "a number that nobody serves: RP-ERROR, unassigned", answer)


def full(b):
    b.phone.refuse = 22
    before = b.phone.taken
    message = b.send("room")
    wait_for(lambda: b.phone.taken > before, 10)
    b.phone.refuse = None
    b.tap.check(not b.phone.saw("room", 1) and b.phone.taken == before + 1, "a full phone is left alone", b.phone.taken)
    b.phone.has_room()
    b.tap.check(b.phone.saw("room") and b.receipt(message), "until it has room: READY-FOR-SM", b.look(message))


def absent(b):
    b.phone.absent = 6
    message = b.send("later")
    b.tap.check(wait_for(lambda: any(e["event"] == "retry" for e in b.look(message).get("timeline", [])), 15),
                "a paging in vain: the phone is absent", b.look(message))
    b.phone.absent = None
    b.tap.check(not b.phone.saw("later", 1), "it is left alone until it is back")
    b.join()
    b.tap.check(b.phone.saw("later") and b.receipt(message), "it registers, and the message goes", b.look(message))


def msc_killed(b):
    b.phone.quiet = True
    before = b.phone.taken
    message = b.send("between")
    b.tap.check(wait_for(lambda: b.phone.taken > before, 10), "osmo-msc is killed while the phone has the message")
    b.msc.stop(signal.SIGKILL)
    waits = b.send("meanwhile")
    b.msc = b.network.start_msc()
    b.tap.check(b.up() and b.join(), "it is back")
    b.tap.check(b.phone.saw("between") and b.receipt(message), "the message is sent again", b.look(message))
    b.tap.check(b.phone.saw("meanwhile") and b.receipt(waits), "what came meanwhile is sent", b.look(waits))


def role_killed(b):
    texts = ["kill" + chr(97 + i) for i in range(20)]
    messages = [b.send(t) for t in texts[:10]]
    b.phone.saw("killc")
    b.kill_sms()
    messages += [b.send(t) for t in texts[10:]]
    b.up()
    b.join()
    b.tap.check(all(b.phone.saw(t, 25) for t in texts) and all(b.receipt(m) for m in messages),
                "the role is killed in the middle: every message is shown and receipted", (b.phone.shown, b.look(messages[-1])))
    counts = [b.phone.shown.count(t) for t in texts]
    b.tap.check(counts == [1] * 20, "once", (counts, b.phone.again))
    b.phone.say(submit("after"), reference=7)
    b.tap.check(b.phone.answered(7) == bytes([3, 7]) and wait_for(lambda: len(b.got("after")) == 1, 10),
                "and the phone's own goes on", b.sink.events("message"))


def remembered(b):
    """The role is new and the phone says nothing: its number is known all the same."""
    waits = []
    for n in range(3):
        b.kill_sms()
        waits.append(b.send("known" + chr(97 + n)))
    b.tap.check(b.up(60), "the role is killed three times, osmo-msc connects again")
    waits.append(b.send("knownd"))
    texts = ["known" + c for c in "abcd"]
    b.tap.check(all(b.phone.saw(t, 60) for t in texts) and all(b.receipt(m, seconds=60) for m in waits),
                "messages find the phone without a word of it", (b.phone.shown[-5:], [b.look(m) for m in waits]))
    b.tap.check([b.phone.shown.count(t) for t in texts] == [1] * 4, "once", b.phone.shown[-8:])


def run(tap, network):
    b = Gsup(tap, network)
    for step in (registers, to_the_phone, from_the_phone, full, absent, msc_killed, role_killed, remembered):
        step(b)
    if tap.failed:
        b.gateway.complain("something failed")
        print("#", b.gateway.show("sms links"))
    tap.check(b.gateway.close() == 0, "it ends in order")


def main():
    if not shutil.which("osmo-msc") or not shutil.which("osmo-hlr"):
        print("ok 1 # SKIP osmo-msc and osmo-hlr are not installed\n1..1")
        return 0
    tap = Tap()
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(["cc", "-shared", "-fPIC", "-O2", "-o", os.path.join(folder, "preload.so"), "tests/tools/sctp_preload.c", "-ldl"],
                       check=True)
        network = Network(folder)
        try:
            run(tap, network)
        finally:
            network.stop()
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
