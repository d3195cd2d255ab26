# SPDX-License-Identifier: GPL-3.0-or-later
"""What the scenarios of links to phones share: a gateway with a webhook, and a phone behind a scripted MME. No test itself."""
import threading
import time

from gateway import Gateway, secret, wait_for
from httpd import Http, Sink
from test_osmo_gsup import IMSI, MME, Mme

NUMBER = "+491770900123"
FRIEND = "+49172345678"  # who is an application at the webhook
COMMON = """log
 level error
vty
 listen 127.0.0.1:@vty@
http
 listen 127.0.0.1:@http@
queue
 retry 300ms
account demo
 secret %s
 allow-sender *
 default-sender +49172345678
 webhook http://127.0.0.1:@sink@/hook
route phones
 prefix +491770
 link %s
route applications
 prefix +49172
 from network
 link webhook:demo
"""


def pack(text):
    """Plain ASCII letters into septets, with their number before them."""
    bits = sum(ord(c) << (7 * i) for i, c in enumerate(text))
    return bytes([len(text)]) + bits.to_bytes((7 * len(text) + 7) // 8, "little")


def unpack(septets, octets, skip=0):
    bits = int.from_bytes(octets, "little")
    return "".join(chr(bits >> (7 * i) & 127) for i in range(skip, septets))


def submit(text, reference=5, first=0x01, to=FRIEND):
    digits = to[1:] + "f" * (len(to[1:]) % 2)
    number = bytes(int(digits[i + 1] + digits[i], 16) for i in range(0, len(digits), 2))
    return bytes([first, reference, len(to) - 1, 0x91]) + number + bytes(2) + pack(text)


class Deliver:
    """A TPDU to a phone, as the phone sees it."""

    def __init__(self, tpdu):
        self.first = tpdu[0]
        self.is_report = tpdu[0] & 3 == 2
        at = 2 if self.is_report else 1
        self.reference = tpdu[1]
        digits = tpdu[at]
        octets = tpdu[at + 2:at + 2 + (digits + 1) // 2]
        self.address = "".join("%x%x" % (o & 15, o >> 4) for o in octets)[:digits]
        at += 2 + (digits + 1) // 2
        if self.is_report:
            self.status = tpdu[at + 14]
            return
        self.stamp = tpdu[at + 2:at + 9]
        user = tpdu[at + 10:]
        skip = 0
        self.part = (None, 1, 1)
        if tpdu[0] & 0x40:
            skip = (8 * (user[0] + 1) + 6) // 7
            self.part = tuple(user[3:6])
        self.text = unpack(tpdu[at + 9], user, skip)


class Handset(Mme):
    """A phone behind an MME of its own that shows each message once: what comes again with the same time stamp, sender
    and part it acknowledges without showing it, as phones do. Its thread answers whatever comes."""

    def __init__(self, name, imsi=IMSI):
        super().__init__(name, imsi)
        self.shown, self.again, self.reports, self.seen = [], 0, [], {}
        self.parts = {}
        self.refuse = None   # an RP cause for the next messages
        self.absent = None   # an SGs cause for the next pagings
        self.quiet = False   # takes messages and gives no report
        self.taken = 0
        self.answers = {}    # RP messages of the centre, by our reference
        self.rejected = None
        self.ready = threading.Event()
        self.on = True
        self.asks_alert = 0
        self.link.settimeout(0.2)
        self.lock = threading.Lock()
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self):
        while self.on:
            try:
                data = self.link.recv(4096)
            except TimeoutError:
                continue
            except OSError:
                return
            if not data:
                return
            self.handle(data)

    def handle(self, data):
        elements, at = {}, 1
        while at + 2 <= len(data):
            elements[data[at]] = data[at + 2:at + 2 + data[at + 1]]
            at += 2 + data[at + 1]
        kind = data[0]
        name = b"".join(bytes([len(p)]) + p.encode() for p in MME.split("."))
        if kind == 0x15:
            self.link.send(bytes([0x16, 9, len(name)]) + name)
        elif kind == 0x0A:
            self.send(0x0C)
            self.ready.set()
        elif kind == 0x0B:
            self.rejected = elements[0x0F][0]
            self.ready.set()
        elif kind == 0x01:
            if self.absent:
                self.send(0x02, bytes([8, 1, self.absent]))
            else:
                self.send(0x06, bytes([0x20, 1, 2, 0x25, 1, 1]))
        elif kind == 0x0D:
            self.asks_alert += 1
            self.send(0x0E)
        elif kind == 0x07:
            self.container(elements[0x16])

    def container(self, nas):
        if nas[1] != 0x01:
            return
        rp = nas[3:]
        self.up(bytes([nas[0] ^ 0x80, 0x04]))
        if rp[0] != 1:
            self.answers[rp[1]] = rp
            return
        oa = rp[2]
        tpdu = rp[5 + oa + rp[3 + oa]:]
        self.taken += 1
        if self.quiet:
            return
        if self.refuse:
            answer = bytes([4, rp[1], 1, self.refuse])
        else:
            answer = bytes([2, rp[1]])
            self.show(Deliver(tpdu))
        self.up(bytes([nas[0] ^ 0x80, 0x01, len(answer)]) + answer)

    def show(self, d):
        if d.is_report:
            self.reports.append(d)
            return
        key = (d.stamp, d.address, d.part, d.text)
        if key in self.seen:
            self.again += 1
            return
        self.seen[key] = True
        reference, total, number = d.part
        if total == 1:
            self.shown.append(d.text)
            return
        parts = self.parts.setdefault((d.stamp, reference), {})
        parts[number] = d.text
        if len(parts) == total:
            self.shown.append("".join(parts[i + 1] for i in range(total)))

    def attach(self):
        """0 = registered, else the reject cause."""
        name = b"".join(bytes([len(p)]) + p.encode() for p in MME.split("."))
        self.ready.clear()
        self.send(0x09, bytes([9, len(name)]) + name + bytes([10, 1, 1]) + bytes([4, 5]) + bytes.fromhex("00f1100006"))
        assert self.ready.wait(15), "no answer to the location update"
        return self.rejected or 0

    def say(self, tpdu, ti=0, reference=5):
        """RP-DATA to the centre."""
        rp = bytes([0, reference, 0, 7]) + bytes.fromhex("91947107160000") + bytes([len(tpdu)]) + tpdu
        self.answers.pop(reference, None)
        self.up(bytes([ti << 4 | 9, 1, len(rp)]) + rp)

    def answered(self, reference=5, seconds=15):
        """The centre's RP message to it, or None."""
        wait_for(lambda: reference in self.answers, seconds, 0.02)
        return self.answers.get(reference)

    def has_room(self, ti=3, reference=9):
        self.up(bytes([ti << 4 | 9, 1, 2, 6, reference]))

    def saw(self, text, seconds=15):
        return wait_for(lambda: text in self.shown, seconds, 0.02)

    def leave(self):
        self.on = False
        self.link.close()
        self.thread.join(2)

    def carry_on(self, other):
        """The same phone on another association: it remembers what it has shown."""
        self.shown, self.again, self.seen, self.parts = other.shown, other.again, other.seen, other.parts
        self.reports, self.taken = other.reports, other.taken


class Bench:
    def __init__(self, tap, link, text):
        self.tap, self.link = tap, link
        self.sink = Sink()
        self.gateway = Gateway(COMMON % (secret("secret"), link) + text, {"sink": self.sink.port})
        self.http = Http(self.gateway.ports["http"], "demo", "secret")

    def up(self, seconds=20):
        return self.gateway.link_up(self.link, seconds)

    def send(self, text):
        for _ in range(50):
            try:
                status, answer = self.http.json("POST", "/v1/messages", {"to": NUMBER, "text": text, "report": "all"})
            except OSError:
                status = 0
            if status == 202:
                return answer["id"]
            time.sleep(0.1)
        return None

    def look(self, message):
        status, answer = self.http.json("GET", "/v1/messages/" + (message or "0"))
        return answer["recipients"][0] if status == 200 else answer

    def state(self, message, wanted, seconds=15):
        return wait_for(lambda: self.look(message).get("state") == wanted, seconds, 0.05)

    def receipt(self, message, state="delivered", seconds=15):
        return wait_for(lambda: [r for r in self.sink.events("receipt") if r["id"] == message and r["state"] == state], seconds, 0.05)

    def got(self, text):
        return [m for m in self.sink.events("message") if m["text"] == text]

    def kill_sms(self):
        old = self.gateway.role_pid("sms")
        self.gateway.kill("sms")
        return wait_for(lambda: self.gateway.role_pid("sms") not in (0, old), 10)
