# SPDX-License-Identifier: GPL-3.0-or-later
"""A scripted carrier (the node lab-carrier) and the phones behind it: link PDUs of sms/link_pdu.h as the cell and IMS
speak them. No test itself."""
import itertools
import socket
import threading
import time

from gateway import wait_for
from phones import Deliver, Handset

OPEN, CLOSE, ALERT, OCTETS, UP, LOST, PRESENT, GONE, TAKEN = range(9)
FINE, ABSENT, BUSY, REFUSED, UNSURE = range(5)


def encode(kind, outcome, link, subscriber, transaction=b"", answers=b"", octets=b"", permit=b""):
    short = b"".join(bytes([len(x)]) + x for x in (link, subscriber, transaction, answers, octets))
    return bytes([kind, outcome]) + short + len(permit).to_bytes(2, "big") + permit


class Pdu:
    def __init__(self, data):
        self.kind, self.outcome = data[0], data[1]
        at, found = 2, []
        for _ in range(5):
            found.append(data[at + 1:at + 1 + data[at]])
            at += 1 + data[at]
        self.link, self.subscriber, self.transaction, self.answers, self.octets = found
        self.permit = data[at + 2:at + 2 + int.from_bytes(data[at:at + 2], "big")]


class Carrier:
    """Connected to the lab until it breaks; then again, and its phones say that they are there."""

    def __init__(self, port, link):
        self.port, self.link = port, link.encode()
        self.phones = {}
        self.machines = None  # whether the machines are said to be there
        self.on, self.socket = True, None
        self.lock = threading.Lock()
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self):
        while self.on:
            try:
                self.socket = socket.create_connection(("127.0.0.1", self.port), 2)
            except OSError:
                time.sleep(0.1)
                continue
            self.socket.settimeout(0.2)
            self.listen()
            self.machines = None

    def listen(self):
        rest = b""
        while self.on:
            try:
                piece = self.socket.recv(65536)
            except TimeoutError:
                continue
            except OSError:
                return
            if not piece:
                return
            lines = (rest + piece).split(b"\n")
            rest = lines.pop()
            for line in lines:
                self.take(line.decode())

    def take(self, line):
        if line.startswith("#"):
            self.machines = line == "# up"
            for phone in list(self.phones.values()) if self.machines else []:
                phone.present()
            return
        pdu = Pdu(bytes.fromhex(line))
        phone = self.phones.get(pdu.subscriber)
        if phone:
            phone.pdu(pdu)

    def raw(self, octets):
        with self.lock:
            try:
                self.socket.sendall(octets.hex().encode() + b"\n")
            except (OSError, AttributeError):
                pass

    def send(self, kind, subscriber, outcome=FINE, **more):
        self.raw(encode(kind, outcome, self.link, subscriber, **more))

    def close(self):
        self.on = False
        self.thread.join(3)
        if self.socket:
            self.socket.close()


class Phone(Handset):
    """What a phone remembers and shows; how it is reached is in those below."""

    def __init__(self, carrier, subscriber):  # pylint: disable=super-init-not-called
        self.carrier, self.subscriber = carrier, subscriber.encode()
        self.shown, self.again, self.reports, self.seen, self.parts = [], 0, [], {}, {}
        self.refuse = self.absent = None
        self.quiet = False
        self.taken = self.asks_alert = self.closed = 0
        self.answers, self.permits, self.cp_errors = {}, [], []
        carrier.phones[self.subscriber] = self

    def present(self):
        self.carrier.send(PRESENT, self.subscriber)

    def gone(self):
        self.carrier.send(GONE, self.subscriber)


class CellPhone(Phone):
    """CP messages over connections, as NAS containers come."""

    def pdu(self, pdu):
        if pdu.permit:
            self.permits.append(pdu.permit)
        if pdu.kind == OPEN:
            if self.absent:
                self.carrier.send(LOST, self.subscriber, self.absent)
            else:
                self.carrier.send(UP, self.subscriber)
        elif pdu.kind == CLOSE:
            self.closed += 1
        elif pdu.kind == ALERT:
            self.asks_alert += 1
        elif pdu.kind == OCTETS:
            if pdu.octets[1] == 0x10:
                self.cp_errors.append(pdu.octets[2])
            self.container(pdu.octets)

    def up(self, nas):
        self.carrier.send(OCTETS, self.subscriber, octets=nas)


class ImsPhone(Phone):
    """RP messages, each a transaction of its own."""
    calls = itertools.count(1)

    def pdu(self, pdu):
        if pdu.kind == ALERT:
            self.asks_alert += 1
        if pdu.kind != OCTETS:
            return
        rp = pdu.octets
        if rp[0] != 1:
            self.answers[rp[1]] = rp
            return
        if self.absent:
            self.carrier.send(TAKEN, self.subscriber, self.absent, transaction=pdu.transaction)
            return
        self.carrier.send(TAKEN, self.subscriber, transaction=pdu.transaction)
        self.taken += 1
        if self.quiet:
            return
        answer = bytes([4, rp[1], 1, self.refuse]) if self.refuse else bytes([2, rp[1]])
        if not self.refuse:
            tpdu = rp[5 + rp[2] + rp[3 + rp[2]]:]
            self.show(Deliver(tpdu))
        self.say_rp(answer, pdu.transaction)

    def say_rp(self, rp, answers=b""):
        self.carrier.send(OCTETS, self.subscriber, transaction=b"call-%d" % next(self.calls), answers=answers, octets=rp)

    def say(self, tpdu, ti=0, reference=5):
        self.answers.pop(reference, None)
        self.say_rp(bytes([0, reference, 0, 7]) + bytes.fromhex("91947107160000") + bytes([len(tpdu)]) + tpdu)

    def has_room(self, ti=3, reference=9):
        self.say_rp(bytes([6, reference]))


def joined(carrier, seconds=20):
    return wait_for(lambda: carrier.machines, seconds)
