#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""SGs as a link of the whole gateway, with a scripted MME and its phone: out, in, receipts, absent and full phones, the
MME gone and the role killed in the middle. Prints TAP."""
import os
import shutil
import sys
import tempfile

from gateway import Tap, wait_for
from phones import Bench, FRIEND, Handset, NUMBER, submit
from test_osmo_gsup import IMSI

STRANGER = "262010000000001"
CONFIG = """sgs
 listen seqpacket:%s
 centre +491770610000
 paging 2s
subscriber +491770900123
 imsi 001010123456780
"""


class Sgs(Bench):
    def __init__(self, tap):
        self.folder = tempfile.mkdtemp(prefix="cellpost-sgs-")
        self.path = os.path.join(self.folder, "sgs")
        super().__init__(tap, "sgs", CONFIG % self.path)
        self.phone = None

    def join(self):
        """The phone registers, over an MME's new association."""
        before, self.phone = self.phone, Handset(self.path, IMSI)
        if before:
            before.leave()
            self.phone.carry_on(before)
        return self.phone.attach() == 0


def registers(b):
    b.tap.check(b.join() and b.up(), "a phone registers", b.gateway.show("sms links"))
    stranger = Handset(b.path, STRANGER)
    b.tap.check(stranger.attach() == 2, "a stranger does not")
    stranger.leave()


def to_the_phone(b):
    message = b.send("Hello")
    b.tap.check(b.phone.saw("Hello"), "a message is shown", b.phone.shown)
    b.tap.check(b.receipt(message), "its receipt comes", b.sink.events("receipt"))
    text = "".join(chr(97 + i % 26) for i in range(400))
    message = b.send(text)
    b.tap.check(b.phone.saw(text) and b.state(message, "delivered"), "a long one in its parts", b.phone.shown[-1:])


def from_the_phone(b):
    b.phone.say(submit("up"))
    b.tap.check(b.phone.answered() == bytes([3, 5]) and len(b.got("up")) <= 1, "a message from the phone is acknowledged",
                b.phone.answers)
    got = b.sink.wait(lambda c: c.json and c.json["type"] == "message")
    data = got.json["data"] if got else {}
    b.tap.check(data.get("text") == "up" and data.get("from") == NUMBER and data.get("to") == FRIEND, "and is at the webhook", data)
    b.phone.say(submit("report", reference=77, first=0x21), ti=2, reference=8)
    report = wait_for(lambda: b.phone.reports, 15) and b.phone.reports[0]
    b.tap.check(report and (report.reference, report.status, report.address) == (77, 0, FRIEND[1:]),
                "the report that it asked for comes to the phone", report and vars(report))
    b.phone.say(submit("myself", to=NUMBER), ti=3, reference=10)
    b.tap.check(b.phone.answered(10) == bytes([3, 10]) and b.phone.saw("myself"), "a text from phone to phone", b.phone.answers)
    b.phone.say(submit("nowhere", to="+99992345678"), ti=1, reference=6)
    answer = b.phone.answered(6)
    b.tap.check(answer and answer[0] == 5 and answer[3] == 1, "a number that nobody serves: RP-ERROR, unassigned", answer)


def absent(b):
    b.phone.absent = 6
    message = b.send("later")
    b.tap.check(wait_for(lambda: b.phone.asks_alert, 10), "a paging in vain asks for an alert")
    b.phone.absent = None
    b.tap.check(not b.phone.saw("later", 1), "the phone is left alone until it is back")
    b.phone.send(0x10)
    b.tap.check(b.phone.saw("later") and b.receipt(message), "then the message goes", b.look(message))


def full(b):
    b.phone.refuse = 22
    before = b.phone.taken
    message = b.send("room")
    wait_for(lambda: b.phone.taken > before, 10)
    b.phone.refuse = None
    b.tap.check(not b.phone.saw("room", 1) and b.phone.taken == before + 1, "a full phone is left alone", b.phone.taken)
    b.phone.has_room()
    b.tap.check(b.phone.saw("room") and b.receipt(message), "until it has room", b.look(message))


def mme_gone(b):
    b.phone.quiet = True
    before = b.phone.taken
    message = b.send("between")
    b.tap.check(wait_for(lambda: b.phone.taken > before, 10), "the MME goes while the phone has the message")
    b.join()
    b.tap.check(b.phone.saw("between") and b.receipt(message), "it is sent again", b.look(message))
    again = b.phone.again
    b.phone.absent = 1  # nothing left: no doubt
    message = b.send("unsent")
    wait_for(lambda: b.look(message).get("state") != "new", 2)
    b.join()
    b.tap.check(b.phone.saw("unsent") and b.receipt(message) and b.phone.again == again, "what did not leave goes once", b.look(message))


def reloaded(b):
    """A change that concerns nothing here, one that makes the link anew, none, and the link again."""
    def reload(text):
        b.gateway.configure(text)
        b.gateway.hup()

    text = b.gateway.text
    reload(text.replace("retry 300ms", "retry 400ms"))
    b.send("reloadone")
    b.tap.check(b.phone.saw("reloadone"), "a reload that changes nothing of it leaves the link alone", b.gateway.show("sms links"))
    reload(text.replace("paging 2s", "paging 3s"))
    wait_for(lambda: not b.phone.thread.is_alive(), 10)
    b.tap.check(b.join(), "one that does makes it anew: the phone registers again", b.gateway.show("sms links"))
    b.send("reloadtwo")
    b.tap.check(b.phone.saw("reloadtwo"), "and gets messages")
    reload(text[:text.index("\nsgs\n") + 1])
    b.tap.check(wait_for(lambda: not os.path.exists(b.path), 10), "without its node the link is closed", os.listdir(b.folder))
    waits = b.send("reloadthree")
    reload(text)
    b.tap.check(wait_for(lambda: os.path.exists(b.path), 10) and b.join() and b.phone.saw("reloadthree") and b.receipt(waits), "with it what waited is sent", b.look(waits))


def role_killed(b):
    texts = ["kill" + chr(97 + i) for i in range(20)]
    messages = [b.send(t) for t in texts[:10]]
    b.phone.saw("killc")
    b.kill_sms()
    try:
        b.phone.say(submit("lost"))  # into a dead link
    except OSError:
        pass
    messages += [b.send(t) for t in texts[10:]]
    b.join()
    b.tap.check(all(b.phone.saw(t) for t in texts) and all(b.receipt(m) for m in messages),
                "the role is killed in the middle: every message is shown and receipted", b.phone.shown)
    counts = [b.phone.shown.count(t) for t in texts]
    b.tap.check(counts == [1] * 20, "once", (counts, b.phone.again))
    b.phone.say(submit("lost"), reference=7)
    b.tap.check(b.phone.answered(7) == bytes([3, 7]) and wait_for(lambda: len(b.got("lost")) == 1, 10),
                "what the phone repeats arrives once", b.sink.events("message"))


def queue_killed(b):
    texts = ["store" + chr(97 + i) for i in range(20)]
    messages = [b.send(t) for t in texts[:10]]
    b.phone.saw("storec")
    b.phone.say(submit("through"), ti=4, reference=20)
    b.gateway.kill("queue")
    messages += [b.send(t) for t in texts[10:]]
    b.up()
    b.tap.check(all(b.phone.saw(t) for t in texts) and all(b.receipt(m) for m in messages),
                "the queue is killed in the middle: every message is shown and receipted", b.phone.shown[-20:])
    b.tap.check([b.phone.shown.count(t) for t in texts] == [1] * 20, "once", b.phone.again)
    answer = b.phone.answered(20)
    if answer and answer[0] == 5:  # the phone is told to try again, and does
        b.phone.say(submit("through"), ti=4, reference=21)
        answer = b.phone.answered(21)
    b.tap.check(answer and answer[0] == 3 and wait_for(lambda: len(b.got("through")) == 1, 10), "what the phone sent arrives once",
                (answer, b.got("through")))


def main():
    tap = Tap()
    b = Sgs(tap)
    for step in (registers, to_the_phone, from_the_phone, absent, full, mme_gone, reloaded, role_killed, queue_killed):
        step(b)
    if tap.failed:
        b.gateway.complain("something failed")
        print("#", b.gateway.show("sms links"))
    tap.check(b.gateway.close() == 0, "it ends in order")
    shutil.rmtree(b.folder, ignore_errors=True)
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
