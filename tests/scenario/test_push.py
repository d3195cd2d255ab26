#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Pushes and port-addressed binary from the API over every link: SMPP with ports in a header, as TLVs and with a payload,
SGs, GSUP, a carrier in another role, a modem, the lab. The parts are put together here and tshark reads what is in them.
Prints TAP; needs tshark."""
import os
import shutil
import socket
import struct
import sys
import tempfile
import threading

from carrier import Carrier, CellPhone, joined
from gateway import Gateway, Phone, Tap, secret, wait_for
from httpd import Http
from phones import Handset
from smpp import Centre
from test_osmo_gsup import IMSI
from test_smstools_modem import Modem
from test_tshark_sms import FLAWS, REMARKS, read_back

HANDSET = "+819012345678"
SECOND_IMSI, THIRD_IMSI = "001010123456781", "001010123456782"
CONFIG = """log
 level error
vty
 listen 127.0.0.1:@vty@
http
 listen 127.0.0.1:@http@
lab
 listen 127.0.0.1:@lab@
handset +819012345678
smsc udh
 host 127.0.0.1:@centre@
 system-id ours
smsc tlv
 host 127.0.0.1:@centre@
 system-id ours
 ports tlv
 tlvs yes
smsc payload
 host 127.0.0.1:@centre@
 system-id ours
 long-messages payload
 ports tlv
 tlvs yes
sgs
 listen seqpacket:%(folder)s/sgs
 centre +491770610000
gsup
 listen 127.0.0.1:@gsup@
 centre +491770610000
lab-carrier cell
 listen 127.0.0.1:@cell@
carrier cell
 centre +491770610000
modem gsm1
 device tty:%(folder)s/line
 number +493012345
subscriber +491770900123
 imsi 001010123456780
subscriber +491770900124
 imsi 001010123456781
subscriber +491770900125
 imsi 001010123456782
account demo
 secret %(secret)s
 allow-sender *
 default-sender +49172345678
route udh
 prefix +8171
 link smsc:udh
route tlv
 prefix +8172
 link smsc:tlv
route payload
 prefix +8173
 link smsc:payload
route lab
 prefix +8190
 link lab
route modem
 prefix +4930
 link modem:gsm1
route sgs
 prefix +491770900123
 link sgs
route gsup
 prefix +491770900124
 link gsup
route cell
 prefix +491770900125
 link carrier:cell
"""
NUMBERS = {"sgs": "+491770900123", "gsup": "+491770900124", "cell": "+491770900125", "modem": "+4930777",
           "udh": "+81711", "tlv": "+81721", "payload": "+81731"}
SENT = {
    "si": ({"type": "si", "url": "http://www.example.org/news/today", "text": "News: \u00e9\u65e5\u672c"},
           {"wsp.header.content_type": "application/vnd.wap.sic", "wbxml.public_id.known": "0x00000005"}),
    "sl": ({"type": "sl", "url": "https://example.org/" + "a-long-way/" * 30},
           {"wsp.header.content_type": "application/vnd.wap.slc", "wbxml.public_id.known": "0x00000006"}),
    "mms": ({"type": "mms-notification", "url": "http://mms.example.net/m/1234567890", "text": "Holiday", "size": 123456},
            {"wsp.header.x_wap_application_id": "x-wap-application:mms.ua", "mmse.message_type": "0x82",
             "mmse.content_location": "http://mms.example.net/m/1234567890", "mmse.message_size": "123456", "mmse.subject": "Holiday"}),
}
RAW = bytes(range(256)) * 2  # 512 octets: four parts of 128


def elements(header):
    found, at = {}, 0
    while at + 1 < len(header):
        found[header[at]] = header[at + 2:at + 2 + header[at + 1]]
        at += 2 + header[at + 1]
    return found


class Tpdus:
    """8-bit DELIVERs or SUBMITs: joined by their reference."""

    def __init__(self):
        self.whole, self.parts, self.dcs = [], {}, set()

    def take(self, tpdu):
        submit = tpdu[0] & 3 == 1
        at = 2 if submit else 1
        at += 2 + (tpdu[at] + 1) // 2
        self.dcs.add(tpdu[at + 1])
        at += 2
        at += {0: 0, 0x10: 1, 0x08: 7, 0x18: 7}[tpdu[0] & 0x18] if submit else 7
        user = tpdu[at + 1:at + 1 + tpdu[at]]
        header = elements(user[1:1 + user[0]])
        content = user[1 + user[0]:]
        ports = struct.unpack(">HH", header[5])
        if 0 not in header:
            self.whole.append((ports, content))
            return
        reference, total, number = header[0]
        parts = self.parts.setdefault((reference, total, ports), {})
        parts[number] = content
        if len(parts) == total:
            self.whole.append((ports, b"".join(parts[i + 1] for i in range(total))))


class SgsPhone(Handset):
    def __init__(self, path, imsi):
        self.tpdus = Tpdus()
        super().__init__(path, imsi)

    def container(self, nas):
        take_container(self, nas)


class Cell(CellPhone):
    def __init__(self, carrier, imsi):
        self.tpdus = Tpdus()
        super().__init__(carrier, imsi)

    def container(self, nas):
        take_container(self, nas)


def take_container(phone, nas):
    """As phones.Handset, for content that is no text."""
    if nas[1] != 0x01:
        return
    rp = nas[3:]
    phone.up(bytes([nas[0] ^ 0x80, 0x04]))
    if rp[0] != 1:
        return
    phone.tpdus.take(rp[5 + rp[2] + rp[3 + rp[2]]:])
    phone.up(bytes([nas[0] ^ 0x80, 0x01, 2, 2, rp[1]]))


class Msc(threading.Thread):
    """An MSC on GSUP whose phones take everything."""

    def __init__(self, port):
        super().__init__(daemon=True)
        self.socket = socket.create_connection(("127.0.0.1", port), 10)
        self.tpdus = Tpdus()
        self.start()

    def put(self, protocol, payload):
        self.socket.sendall(struct.pack(">HB", len(payload), protocol) + payload)

    def run(self):
        data = b""
        while True:
            try:
                piece = self.socket.recv(4096)
            except OSError:
                return
            if not piece:
                return
            data += piece
            while len(data) >= 3 and len(data) >= 3 + struct.unpack(">H", data[:2])[0]:
                n = struct.unpack(">H", data[:2])[0]
                self.take(data[2], data[3:3 + n])
                data = data[3 + n:]

    def take(self, protocol, payload):
        if protocol == 0xFE and payload[0] == 4:
            parts = b"".join(struct.pack(">HB", len(v) + 2, t) + v + b"\0" for t, v in ((8, b"0/0/0"), (1, b"MSC-test"), (0, b"MSC-test")))
            self.put(0xFE, b"\x05" + parts)
        elif protocol == 0xFE and payload[0] == 0:
            self.put(0xFE, b"\x01")
        elif protocol == 0xEE and payload[1] == 0x28:
            found = elements(payload[2:])
            self.tpdus.take(found[0x43])
            self.put(0xEE, b"\x05\x2a\x01" + bytes([len(found[1])]) + found[1] + b"\x40\x01" + found[0x40])


def smpp_whole(centre, number):
    """(ports, content) of what the centre has for this number."""
    whole, sets = [], {}
    for m in centre.submits:
        if m.destination != number[1:]:
            continue
        if 5 in m.udh:
            ports = struct.unpack(">HH", m.udh[5])
        else:
            ports = tuple(int.from_bytes(m.tlvs.get(t, b""), "big") for t in (0x020B, 0x020A))
        if not m.part:
            whole.append((ports, m.content))
            continue
        parts = sets.setdefault((m.part[0], ports), {})
        parts[m.part[2]] = m.content
        if len(parts) == m.part[1]:
            whole.append((ports, b"".join(parts[i + 1] for i in range(m.part[1]))))
    return whole


class Bench:
    def __init__(self, tap, folder):
        self.tap = tap
        self.modem = Modem()
        self.modem.start()
        os.symlink(self.modem.path, os.path.join(folder, "line"))
        self.centre = Centre()
        self.gateway = Gateway(CONFIG % {"folder": folder, "secret": secret("secret")}, {"centre": self.centre.port})
        self.http = Http(self.gateway.ports["http"], "demo", "secret")
        self.msc = Msc(self.gateway.ports["gsup"])
        self.carrier = Carrier(self.gateway.ports["cell"], "cell")
        self.cell = Cell(self.carrier, THIRD_IMSI)
        self.phone = SgsPhone(os.path.join(folder, "sgs"), IMSI)
        joined(self.carrier)
        self.cell.present()
        self.phone.attach()
        up = all(self.gateway.link_up(x, 30) for x in ("smsc:udh", "smsc:tlv", "smsc:payload", "sgs", "gsup", "carrier:cell", "modem:gsm1"))
        tap.check(up, "every link is up", self.gateway.show("links"))

    def send(self, **fields):
        status, answer = self.http.json("POST", "/v1/messages", fields)
        return answer.get("id") if status == 202 else (status, answer)

    def whole(self, link):
        if link in ("udh", "tlv", "payload"):
            return smpp_whole(self.centre, NUMBERS[link])
        if link == "modem":
            tpdus = Tpdus()
            for pdu in list(self.modem.sent):
                octets = bytes.fromhex(pdu)
                tpdus.take(octets[1 + octets[0]:] if octets[0] < 12 and octets[0] != 0x01 else octets)
            return tpdus.whole
        return {"sgs": self.phone, "gsup": self.msc, "cell": self.cell}[link].tpdus.whole


def pushes(b):
    for name, (push, _) in SENT.items():
        answer = b.send(to=list(NUMBERS.values()), push=push)
        b.tap.check(isinstance(answer, str), name + " is accepted", answer)
    for link in NUMBERS:
        wait_for(lambda: len(b.whole(link)) >= 3, 30)
        whole = b.whole(link)
        b.tap.check(len(whole) == 3 and all(ports == (2948, 9200) for ports, _ in whole), link + ": three pushes to port 2948", whole)
    pdus = {content for link in NUMBERS for _, content in b.whole(link)}
    b.tap.check(len(pdus) == 3, "they are the same over every link", len(pdus))
    wanted = sorted({f for _, fields in SENT.values() for f in fields})
    read = read_back("wsp-cl", sorted(pdus), wanted + FLAWS)
    for name, (_, fields) in SENT.items():
        b.tap.check(any(all(r[f] == v for f, v in fields.items()) for r in read), name + ": tshark reads it as what was asked for", read)
    flaws = [(f, r[f]) for r in read for f in FLAWS if r[f] and not REMARKS.match(r[f])]
    b.tap.check(not flaws, "and finds nothing wrong", flaws)


def raw(b):
    answer = b.send(to=list(NUMBERS.values()), binary_hex=RAW.hex(), ports={"destination": 16000, "source": 16001})
    b.tap.check(isinstance(answer, str), "binary content with ports is accepted", answer)
    for link in NUMBERS:
        got = wait_for(lambda: [c for ports, c in b.whole(link) if ports == (16000, 16001)], 30)
        b.tap.check(got == [RAW], link + ": it arrives whole", got)
    b.tap.check(b.phone.tpdus.dcs == {4} and b.msc.tpdus.dcs == {4}, "as 8-bit data", (b.phone.tpdus.dcs, b.msc.tpdus.dcs))
    b.send(to=NUMBERS["sgs"], binary_hex="c0ffee", udh="0605040bb80bb9")
    got = wait_for(lambda: [c for ports, c in b.whole("sgs") if ports == (3000, 3001)], 30)
    b.tap.check(got == [b"\xc0\xff\xee"], "a header of the sender's own goes through", b.whole("sgs"))


def lab(b):
    phone = Phone(b.gateway.ports["lab"], HANDSET)
    b.send(to=HANDSET, push=SENT["si"][0])
    shown = phone.wait("message", 20)
    b.tap.check(shown and shown.get("text"), "the lab's handset shows that a push came", shown)
    phone.close()


def refused(b):
    for push, code in (({"type": "sx", "url": "http://a"}, "unknown_word"), ({"type": "si", "url": "http://a"}, "malformed"),
                       ({"type": "si", "url": "a b", "text": "x"}, "malformed"), ({"url": "http://a"}, "wrong_type"),
                       ({"type": "sl", "url": "http://a", "txt": "x"}, "unknown_field")):
        status, answer = b.send(to=HANDSET, push=push)
        b.tap.check(status == 400 and answer["error"]["code"] == code, "refused: " + code, (status, answer))
    status, answer = b.send(to=HANDSET, text="x", push=SENT["si"][0])
    b.tap.check(status == 400 and answer["error"]["code"] == "conflict", "not beside a text", answer)
    status, answer = b.send(to=HANDSET, push=SENT["si"][0], ports={"destination": 1})
    b.tap.check(status == 400 and answer["error"]["code"] == "conflict", "nor beside ports", answer)


def main():
    if not shutil.which("tshark"):
        print("ok 1 # SKIP tshark is not installed\n1..1")
        return 0
    tap = Tap()
    with tempfile.TemporaryDirectory(prefix="cellpost-push-") as folder:
        b = Bench(tap, folder)
        for step in (pushes, raw, lab, refused):
            step(b)
        if tap.failed:
            b.gateway.complain("something failed")
        b.carrier.close()
        b.phone.leave()
        tap.check(b.gateway.close() == 0, "it ends in order")
        b.modem.on = False
        b.centre.close()
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
