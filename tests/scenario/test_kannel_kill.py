#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""A real Kannel, the gateway's SMPP client, is killed (SIGKILL, either box and both) in the middle of messages to phones,
of messages from phones, and of receipts. What passed between the two is read from a relay, so that the promise of SMPP is
checked to the letter: whatever was answered is there once, and only what was never answered may be there twice. Prints
TAP; needs the packages kannel."""
import itertools
import struct
import sys
import threading
import time
from collections import Counter, defaultdict

import kannel
import smpp
from gateway import Gateway, Phone, Tap, secret, wait_for
from httpd import Sink
from kannel import Kannel
from relay import OURS, Capture, Relay

HANDSET = "+819012345678"
MESSAGES = 240
WINDOW = 10
CONFIG = """log
 level error
vty
 listen 127.0.0.1:@vty@
http
 listen 127.0.0.1:@http@
queue
 retry 300ms
smpp-server
 listen 127.0.0.1:@smpp@
lab
 listen 127.0.0.1:@lab@
 any no
handset %s
account kannel
 secret %s
 allow-sender *
 default-sender +81500001
route phones
 prefix +8190
 link lab
route to-kannel
 prefix +81500001
 from network
 link esme:kannel
"""
SERVICES = """group = sms-service
keyword = default
get-url = "http://127.0.0.1:{sink}/mo?text=%a"
max-messages = 0
"""


def cstring(octets, at):
    end = octets.index(0, at)
    return octets[at:end].decode("latin-1"), end + 1


def short_message(body):
    """(esm_class, registered, text) of a submit_sm or deliver_sm."""
    _, at = cstring(body, 0)
    for _ in range(2):
        _, at = cstring(body, at + 2)
    esm_class = body[at]
    _, at = cstring(body, at + 3)
    _, at = cstring(body, at)
    registered, length = body[at], body[at + 4]
    return esm_class, registered, body[at + 5:at + 5 + length].decode("latin-1")


class Wire:
    """What passed: requests of either side with their answers, in order."""

    def __init__(self, capture):
        streams = defaultdict(bytearray)
        with capture.lock:
            for _, frame in capture.frames:
                ours, tcp = frame[26:30] == OURS, frame[34:]
                source, destination = struct.unpack(">HH", tcp[:4])
                streams[(source, destination) if ours else (destination, source), ours] += tcp[20:]
        self.submits, self.delivers, self.receipts = defaultdict(list), defaultdict(list), defaultdict(list)
        self.asked = {}  # message id -> text
        for link in dict.fromkeys(k[0] for k in streams):  # in the order of time
            self.read(list(self.pdus(streams[link, True])), list(self.pdus(streams[link, False])))

    @staticmethod
    def pdus(octets):
        at = 0
        while at + 16 <= len(octets):
            length, command, status, sequence = struct.unpack(">IIII", octets[at:at + 16])
            if length < 16 or at + length > len(octets):
                return
            yield command, status, sequence, bytes(octets[at + 16:at + length])
            at += length

    def read(self, ours, theirs):
        our_answers = {(c & ~smpp.REPLY, q): (s, b) for c, s, q, b in ours if c & smpp.REPLY}
        their_answers = {(c & ~smpp.REPLY, q): s for c, s, q, b in theirs if c & smpp.REPLY}
        for command, _, sequence, body in theirs:
            if command == smpp.SUBMIT_SM:
                _, registered, text = short_message(body)
                status, answer = our_answers.get((command, sequence), (None, b""))
                self.submits[text].append(status)
                if status == 0 and registered & 1:
                    self.asked[answer.rstrip(b"\0").decode()] = text
        for command, _, sequence, body in ours:
            if command == smpp.DELIVER_SM:
                esm_class, _, text = short_message(body)
                status = their_answers.get((command, sequence))
                if esm_class & 0x3C == 4:
                    self.receipts[text.split("id:")[1].split(" ")[0]].append(status)
                else:
                    self.delivers[text].append(status)


class Killer(threading.Thread):
    """Kills boxes while `work` goes on, and starts them again."""

    def __init__(self, k, progress, points):
        super().__init__(daemon=True)
        self.k, self.progress, self.points = k, progress, points
        self.kills = 0
        self.start()

    def run(self):
        for point, boxes in self.points:
            if not wait_for(lambda p=point: self.progress() >= p, 120, 0.002):
                return
            for box in boxes:
                self.k.kill(box)
                self.kills += 1
            time.sleep(0.3)
            for box in sorted(boxes):
                self.k.run(box)


BOTH, BEARER, SMS = (0, 1), (0,), (1,)


class Senders:
    """People at Kannel's sendsms: what is not accepted is sent again, as they would."""

    def __init__(self, k, sink):
        self.k, self.sink = k, sink
        self.accepted, self.doubt = set(), set()
        self.numbers = itertools.count()
        self.threads = [threading.Thread(target=self.run, daemon=True) for _ in range(4)]
        for t in self.threads:
            t.start()

    def run(self):
        for n in iter(lambda: next(self.numbers), None):
            if n >= MESSAGES:
                return
            text, end = f"mt {n}", time.monotonic() + 120
            while time.monotonic() < end and text not in self.accepted:
                try:
                    status, _ = self.k.send(HANDSET, text, dlr_mask=3, dlr_url=f"http://127.0.0.1:{self.sink.port}/dlr?t={n}", **{"from": "+81500001"})
                    if status == 202:
                        self.accepted.add(text)
                        break
                except OSError:
                    self.doubt.add(text)
                time.sleep(0.2)
            time.sleep(0.01)


def to_phones(tap, k, phone, capture, sink):
    senders = Senders(k, sink)
    killer = Killer(k, lambda: len(senders.accepted), ((40, BEARER), (90, BOTH), (140, SMS), (190, BOTH)))
    for t in senders.threads:
        t.join(180)
    killer.join(120)
    k.online(60)
    tap.check(len(senders.accepted) == MESSAGES and killer.kills == 6, f"MT: {MESSAGES} messages are with Kannel, whose boxes were killed {killer.kills} times",
              (len(senders.accepted), killer.kills))

    def shown():
        phone.read(0.05)
        return Counter(e["text"] for e in phone.events if e.get("event") == "message")
    wait_for(lambda: set(shown()) >= senders.accepted, 90, 0.2)
    wait_for(lambda: False, 2)
    seen, wire = shown(), Wire(capture)
    lost = {t: s for t, s in wire.submits.items() if s.count(0) > seen[t]}
    tap.check(not lost, "MT: whatever the gateway answered is on the phone", lost)
    double = {t: (seen[t], s) for t, s in wire.submits.items() if seen[t] > len(s)}
    tap.check(not double, "MT: nothing is there more often than Kannel sent it", double)
    unanswered = sum(s.count(None) for s in wire.submits.values())
    twice = sum(n - 1 for n in seen.values() if n > 1)
    tap.check(twice <= unanswered + len(senders.doubt) + sum(s.count(0) - 1 for s in wire.submits.values() if s.count(0) > 1),
              f"MT: {twice} came twice, {unanswered} submit_sm were never answered", twice)
    missing = senders.accepted - set(seen) - {t for t in senders.accepted if t not in wire.submits}
    tap.check(not missing, "MT: all that Kannel handed over arrived", missing)
    forgotten = [t for t in senders.accepted if t not in wire.submits]
    print(f"# Kannel itself lost {len(forgotten)} messages that it had accepted")


def receipts(tap, gateway, capture):
    def all_taken():
        wire = Wire(capture)
        return all(0 in wire.receipts.get(i, ()) for i in wire.asked)
    wait_for(all_taken, 90, 1)
    wire = Wire(capture)
    missing = {i: wire.receipts.get(i) for i in wire.asked if 0 not in wire.receipts.get(i, ())}
    tap.check(wire.asked and not missing, f"receipts: Kannel took one of each of {len(wire.asked)} messages", (len(missing), list(missing.items())[:3]))
    again = {i: s for i, s in wire.receipts.items() if any(x == 0 for x in s[:-1])}
    tap.check(not again, "receipts: none again once it was taken", list(again.items())[:3])
    print(f"# {sum(len(s) - 1 for s in wire.receipts.values())} receipts were sent again, because nobody had taken them")
    tap.check(wait_for(lambda: any(x.startswith("esme:kannel") and x.endswith("receipts 0") for x in gateway.show("smpp")), 30), "receipts: none is left", gateway.show("smpp"))


def from_phones(tap, k, gateway, phone, capture, sink):
    sent = itertools.count()
    done = [0]

    def speak():
        for n in sent:
            if n >= MESSAGES:
                return
            phone.say(f"send +81500001 mo {n}")
            done[0] = n
            time.sleep(0.02)

    def texts():
        return Counter(c.query["text"] for c in sink.calls if c.path == "/mo")
    talk = threading.Thread(target=speak, daemon=True)
    talk.start()
    killer = Killer(k, lambda: done[0], ((40, BEARER), (90, BOTH), (140, SMS), (190, BOTH)))
    talk.join(180)
    killer.join(120)
    k.online(60)
    wanted = {f"mo {n}" for n in range(MESSAGES)}
    wait_for(lambda: all(0 in Wire(capture).delivers.get(t, ()) for t in wanted), 120, 1)
    wire = Wire(capture)
    missing = [t for t in wanted if 0 not in wire.delivers.get(t, ())]
    tap.check(not missing and killer.kills == 6, f"MO: Kannel took each of {MESSAGES} messages, killed {killer.kills} times", (missing[:5], gateway.show("queue")))
    again = {t: s for t, s in wire.delivers.items() if any(x == 0 for x in s[:-1])}
    tap.check(not again, "MO: none was sent again once it was taken", list(again.items())[:3])
    repeats = sum(len(s) - 1 for s in wire.delivers.values())
    bound = killer.kills * WINDOW
    tap.check(repeats <= bound, f"MO: {repeats} were repeated, at most a window for each death ({bound})", repeats)
    silent = sum(s.count(None) for s in [*wire.delivers.values(), *wire.receipts.values()])
    counted = sum(v for n, v in gateway.metrics().items() if n.startswith("cellpost_smpp_server_unanswered_total"))
    tap.check(counted >= silent, f"MO and receipts: the {silent} that were never answered are counted", [x for x in gateway.metrics().items() if "unanswered" in x[0]])
    wait_for(lambda: set(texts()) >= wanted, 60, 0.5)
    print(f"# Kannel itself lost {len(wanted - set(texts()))} messages that it had taken, and its service saw {sum(n - 1 for n in texts().values())} twice")


def main():
    tap = Tap()
    if not kannel.installed():
        tap.check(True, "Kannel # SKIP apt-get install kannel")
        return tap.end()
    sink, capture = Sink(), Capture()
    gateway = Gateway(CONFIG % (HANDSET, secret("p1")))
    front = Relay(capture, gateway.ports["smpp"], True, 2775)
    k = Kannel(kannel.smpp(front.port, "kannel", "p1", WINDOW), SERVICES.format(sink=sink.port), keeps=True)
    tap.check(k.up and k.online(60) and gateway.link_up("esme:kannel"), "Kannel binds", k.status() + k.log()[-3000:])
    phone = Phone(gateway.ports["lab"], HANDSET)
    to_phones(tap, k, phone, capture, sink)
    receipts(tap, gateway, capture)
    from_phones(tap, k, gateway, phone, capture, sink)
    if tap.failed:
        print("\n".join("# " + x for x in k.log().splitlines()[-40:]))
        gateway.complain("something failed")
    k.close()
    tap.check(gateway.close() == 0, "it ends in order")
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
