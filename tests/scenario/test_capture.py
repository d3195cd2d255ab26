#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Captures of links, switched on at the terminal of the whole gateway and read by tshark: SMPP both ways, GSUP, SGs and
a modem, nothing malformed, no password; what ends them: the command, size, time, a full disk, the role's death, the
configuration. Prints TAP; needs tshark, and root for the full disk."""
import os
import shutil
import socket
import stat
import struct
import subprocess
import sys
import tempfile
import threading

from gateway import Gateway, Tap, Terminal, secret, wait_for
from httpd import Http, Sink
from phones import Handset, submit
from smpp import Centre, Client, Lost
from test_smstools_modem import DELIVER, Modem

IMSI, OTHER_IMSI = "001010123456780", "001010123456781"
PHONE, GSUP_PHONE, MODEM_FRIEND = "+491770900123", "+491780900124", "+493012345678"
PASSWORD = "pAssw0rd"
CONFIG = """process
 capture-directory %s
log
 level notice
vty
 listen 127.0.0.1:@vty@
http
 listen 127.0.0.1:@http@
queue
 retry 300ms
smpp-server
 listen 127.0.0.1:@smpp@
smsc one
 host 127.0.0.1:@centre@
 system-id ours
 password %s
smsc two
 host 127.0.0.1:@centre@
 system-id ours2
 password %s
sgs
 listen seqpacket:%s
 centre +491770610000
gsup
 listen 127.0.0.1:@gsup@
 centre +491770610000
modem gsm1
 device tty:%s
 number +49301000
subscriber +491770900123
 imsi 001010123456780
subscriber +491780900124
 imsi 001010123456781
account demo
 secret %s
 allow-sender *
 default-sender +49172345678
 webhook http://127.0.0.1:@sink@/hook
account app
 secret %s
 allow-sender *
 default-sender +8150100
route one
 prefix +8171
 link smsc:one
route two
 prefix +8172
 link smsc:two
route sgs
 prefix +491770
 link sgs
route gsup
 prefix +491780
 link gsup
route modem
 prefix +493012
 link modem:gsm1
route sim
 prefix +4930100
 from network
 link webhook:demo
route applications
 prefix +49172
 from network
 link webhook:demo
route app
 prefix +8150
 link esme:app
"""


ROAMER = b"\x01\x08" + bytes.fromhex("09710780019002f4")
KEY = b"a phone's secret"


class Msc(threading.Thread):
    """An MSC of Osmocom's kind with one phone: says who it is, takes every message."""

    def __init__(self, port):
        super().__init__(daemon=True)
        self.link = socket.create_connection(("127.0.0.1", port), 10)
        self.taken = 0
        self.start()

    def frame(self, payload):
        self.link.sendall(struct.pack(">H", len(payload) - 1) + payload)

    def octets(self, n):
        got = b""
        while len(got) < n:
            piece = self.link.recv(n - len(got))
            if not piece:
                raise OSError("the gateway closed")
            got += piece
        return got

    def run(self):
        try:
            while True:
                length = struct.unpack(">H", self.octets(2))[0]
                self.take(self.octets(length + 1))
        except OSError:
            return

    def take(self, frame):
        if frame[0] == 0xFE and frame[1] == 4:
            names = b"".join(struct.pack(">HB", len(v) + 2, t) + v + b"\0" for t, v in ((1, b"MSC-a"), (0, b"MSC-a"), (8, b"0/0/0")))
            self.frame(b"\xfe\x05" + names)
        elif frame[0] == 0xFE and frame[1] == 0:
            self.frame(b"\xfe\x01")
        elif frame[0] == 0xEE and frame[2] == 0x28:
            self.taken += 1
            elements, at = {}, 3
            while at + 2 <= len(frame):
                elements[frame[at]] = frame[at:at + 2 + frame[at + 1]]
                at += 2 + frame[at + 1]
            source = bytes([0x61]) + elements[0x60][1:] if 0x60 in elements else b""
            self.frame(b"\xee\x05\x2a" + elements[1] + elements[0x40] + b"\x0a\x01\x02\x60\x06MSC-a\0" + source)


class Bench:
    def __init__(self, tap):
        self.tap = tap
        self.folder = tempfile.mkdtemp(prefix="cellpost-capture-")
        self.captures = os.path.join(self.folder, "captures")
        os.mkdir(self.captures)
        self.sgs, line = os.path.join(self.folder, "sgs"), os.path.join(self.folder, "line")
        self.modem = Modem()
        self.modem.start()
        os.symlink(self.modem.path, line)
        self.sink, self.centre = Sink(), Centre(receipt_after=0.02, password=PASSWORD)
        self.text = CONFIG % ("@where@", PASSWORD, PASSWORD, self.sgs, line, secret("secret"), secret(PASSWORD))
        self.gateway = Gateway(self.text.replace(" capture-directory @where@\n", ""),
                               {"sink": self.sink.port, "centre": self.centre.port})
        self.http = Http(self.gateway.ports["http"], "demo", "secret")
        self.msc, self.phone = None, None

    def allow(self, where):
        self.gateway.configure(self.text.replace("@where@", where))
        self.gateway.hup()
        return wait_for(lambda: f"capture-directory {where}" in "\n".join(self.gateway.show("running-config")), 30)

    def terminal(self, *lines):
        """What the last line is answered with."""
        t = Terminal(self.gateway.ports["vty"], 10)
        t.say("enable")
        for line in lines:
            answer = t.say(line)
        t.close()
        return "\n".join(answer or [])

    def join(self):
        self.phone = Handset(self.sgs, IMSI)
        self.phone.attach()
        self.msc = Msc(self.gateway.ports["gsup"])
        names = ("smsc:one", "smsc:two", "sgs", "gsup", "modem:gsm1")
        return all(self.gateway.link_up(n, 30) for n in names)

    def send(self, to, text):
        status, answer = self.http.json("POST", "/v1/messages", {"to": to, "from": "+49172345678", "text": text, "report": "all"})
        return answer.get("id") if status == 202 else None

    def state(self, message, wanted):
        def there():
            status, answer = self.http.json("GET", "/v1/messages/" + (message or "0"))
            return status == 200 and answer["recipients"][0]["state"] in wanted
        return wait_for(there, 30)

    def path(self, name):
        return os.path.join(self.captures, name)

    def ended(self, name, why):
        return wait_for(lambda: any(x.startswith(name + ":") and "ended: " + why in x for x in self.gateway.show("captures")), 30, 0.1)

    def tshark(self, path, wanted, *fields):
        ports = self.gateway.ports
        command = ["tshark", "-n", "-r", path]
        for port, dissector in ((ports["smpp"], "smpp"), (ports["centre"], "smpp"), (ports["gsup"], "gsm_ipa")):
            command += ["-d", f"tcp.port=={port},{dissector}"]
        command += ["-o", "tcp.check_checksum:TRUE", "-o", "ip.check_checksum:TRUE", "-Y", wanted, "-T", "fields", "-E", "separator=/t"]
        for f in fields:
            command += ["-e", f]
        out = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False,
                             env=dict(os.environ, HOME=self.folder, LC_ALL="C.UTF-8"))
        self.complaint = out.stderr.decode().replace("Running as user \"root\" and group \"root\". This could be dangerous.", "").strip()
        return [line.split("\t") for line in out.stdout.decode("utf-8", "replace").split("\n")[:-1]]

    def close(self):
        code = self.gateway.close()
        self.modem.on = False
        shutil.rmtree(self.folder, ignore_errors=True)
        return code


def refused(b):
    answer = b.terminal("capture all one.pcapng")
    b.tap.check("captures are off" in answer, "without a folder for them there are no captures", answer)
    b.tap.check(b.allow(b.captures), "a reload allows them")
    for command, why in (("capture smsc:nine x", "no such link"), ("capture all ../x", "no folder"), ("capture all .x", "no dot"),
                         ("capture all x max-size 1", "64k to 4g"), ("capture all x for ever", "a time such as"),
                         ("capture all x with love", "expected"), ("no capture x", "no such capture")):
        answer = b.terminal(command)
        b.tap.check(answer.startswith("% ") and why in answer, f"`{command}` is refused: {why}", answer)
    b.tap.check(not os.listdir(b.captures), "and no file was made", os.listdir(b.captures))


def traffic(b):
    """Both ways over every kind of link."""
    try:
        Client(b.gateway.ports["smpp"], "nobody", PASSWORD, timeout=30)
    except Lost:
        pass
    app = Client(b.gateway.ports["smpp"], "app", PASSWORD, window=10, timeout=30)
    app.submit("+8150100", "+81710001", "from the client", registered=1)
    app.idle()
    sent = [b.send("+81710002", "to the centre"), b.send(PHONE, "over SGs"), b.send(GSUP_PHONE, "over GSUP"), b.send(MODEM_FRIEND, "over the air")]
    b.tap.check(b.state(sent[1], ("delivered",)) and b.state(sent[2], ("delivered",)) and b.state(sent[0], ("delivered",)) and
                b.state(sent[3], ("delivered", "accepted")), "messages go out over every link", [b.http.json("GET", f"/v1/messages/{m}") for m in sent])
    b.msc.frame(b"\xee\x05\x08" + ROAMER)
    b.msc.frame(b"\xee\x05\x0a" + ROAMER + b"\x03\x20\x20\x10" + KEY + b"\x21\x04sres\x22\x08kc-kc-kc")
    b.centre.deliver("+8171000", "+8150100", "from the centre")
    b.tap.check(app.wait(lambda: app.messages and app.receipts, 30), "the client gets a message and a receipt")
    b.phone.say(submit("up from the phone"))
    b.tap.check(b.phone.answered() == bytes([3, 5]), "the phone sends one", b.phone.answers)
    before = len(b.sink.events("message"))
    b.modem.arrives(DELIVER)
    b.tap.check(wait_for(lambda: len(b.sink.events("message")) > before, 30), "the modem gets one")
    app.unbind()


def everything(b):
    b.tap.check(b.join(), "all links are up", b.gateway.show("links"))
    answer = b.terminal("capture all all.pcapng")
    b.tap.check("Message content" in answer and "It runs for at most 600 s and 16777216 octets" in answer, "a capture of all links starts, and says what it holds", answer)
    one = b.terminal("capture smsc:two two.pcapng max-size 100k for 5m")
    b.tap.check("300 s and 102400 octets" in one, "another of one link, with limits of its own", one)
    again = b.terminal("capture all all.pcapng")
    b.tap.check("File exists" in again, "no file is written over", again)
    b.tap.check(b.gateway.wait_log(r"switched on a capture of all into all.pcapng", 10), "the log says who switched it on", b.gateway.log())
    traffic(b)
    shown = b.gateway.show("captures")
    b.tap.check(len(shown) == 2 and "all.pcapng: all, " in shown[0] and " s left" in shown[0], "both are shown", shown)
    b.tap.check("1 ended" in b.terminal("no capture all.pcapng") and b.ended("all.pcapng", "ended at the terminal"), "it is ended", b.gateway.show("captures"))
    b.tap.check(stat.S_IMODE(os.stat(b.path("all.pcapng")).st_mode) == 0o600, "its file is the operator's alone")


def judged(b):
    path, ports = b.path("all.pcapng"), b.gateway.ports
    rows = b.tshark(path, "frame", "frame.number")
    b.tap.check(len(rows) > 20 and not b.complaint, f"tshark reads all {len(rows)} packets", b.complaint)
    bad = b.tshark(path, "_ws.malformed || tcp.checksum.status == 0 || ip.checksum.status == 0 || _ws.unreassembled", "frame.number", "_ws.col.Info")
    b.tap.check(not bad, "nothing is malformed, no checksum is wrong", bad)
    for name, wanted in (("the centre gets", f"tcp.dstport == {ports['centre']} && smpp.command_id == 4"),
                         ("the centre says", f"tcp.srcport == {ports['centre']} && smpp.command_id == 5"),
                         ("the client says", f"tcp.dstport == {ports['smpp']} && smpp.command_id == 4"),
                         ("the client gets", f"tcp.srcport == {ports['smpp']} && smpp.command_id == 5"),
                         ("the client binds", f"tcp.dstport == {ports['smpp']} && smpp.command_id == 9")):
        b.tap.check(b.tshark(path, wanted, "frame.number"), f"SMPP: what {name}")
    texts = {r[0] for r in b.tshark(path, "gsm_sms.sms_text", "gsm_sms.sms_text")}
    for name, text in (("SGs", "over SGs"), ("GSUP", "over GSUP"), ("the modem", "over the air"), ("the phone", "up from the phone")):
        b.tap.check(any(text in t for t in texts), f"{name}: the TPDU with its text", texts)
    for name, wanted in (("SGsAP both ways", "sgsap.msg_type == 7"), ("SGsAP from the MME", "sgsap.msg_type == 8"), ("GSUP to the MSC", "gsup.msg_type == 0x28"),
                         ("GSUP from the MSC", "gsup.msg_type == 0x2a"), ("a SUBMIT of the modem", 'frame.interface_name == "modem:gsm1" && gsm_sms.tp-mti == 1'),
                         ("a DELIVER to it", 'frame.interface_name == "modem:gsm1" && gsm_sms.tp-mti == 0')):
        b.tap.check(b.tshark(path, wanted, "frame.number"), name)
    names = {r[0] for r in b.tshark(path, "frame", "frame.interface_name")}
    b.tap.check({"smsc:one", "esme:app", "smpp-server", "sgs", "gsup", "modem:gsm1"} <= names, "packets say their links", names)
    with open(path, "rb") as f:
        content = f.read()
    b.tap.check(KEY not in content and b.tshark(path, "gsup.msg_type == 0x08", "frame.number"), "phones' keys are left out, the question for them is not")
    b.tap.check(PASSWORD.encode() not in content and b"*" * len(PASSWORD) in content, "the password of the bind is masked")
    with open(b.path("two.pcapng"), "rb") as f:
        b.tap.check(b"to the centre" not in f.read(), "the capture of another link has nothing of it")


def limits(b):
    b.terminal("no capture all")
    b.terminal("capture smsc:one small.pcapng max-size 64k")
    for i in range(60):
        b.send("+8171%04d" % i, "x" * 150 * 8)
    b.tap.check(b.ended("small.pcapng", "the file is as big"), "a capture ends at its size", b.gateway.show("captures"))
    size = os.path.getsize(b.path("small.pcapng"))
    rows = b.tshark(b.path("small.pcapng"), "frame", "frame.number")
    b.tap.check(size <= 65536 and len(rows) > 20 and not b.complaint, f"and is whole: {len(rows)} packets, {size} octets", b.complaint)
    b.terminal("capture smsc:one short.pcapng for 1s")
    b.tap.check(b.ended("short.pcapng", "its time is over"), "another at its time", b.gateway.show("captures"))
    b.tap.check(b.state(b.send("+81710003", "still there"), ("delivered",)), "the link goes on")


def middle_of_a_flood(b):
    """A capture that starts while much is under way begins with a whole PDU."""
    for i in range(200):
        b.send("+8171%04d" % i, "flood")
        if i == 50:
            b.terminal("capture smsc:one flood.pcapng")
    b.terminal("no capture flood.pcapng")
    b.ended("flood.pcapng", "ended")
    bad = b.tshark(b.path("flood.pcapng"), "_ws.malformed || (tcp && !smpp)", "frame.number", "_ws.col.Info")
    rows = b.tshark(b.path("flood.pcapng"), "smpp", "frame.number")
    b.tap.check(rows and not bad, f"one that starts in the middle of traffic reads from its first octet: {len(rows)} packets", bad[:5])


def disk_full(b):
    disk = os.path.join(b.folder, "disk")
    os.mkdir(disk)
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", disk], stderr=subprocess.DEVNULL, check=False).returncode:
        b.tap.check(True, "a full disk # SKIP no right to mount")
        return
    try:
        b.allow(disk)
        b.terminal("capture all full.pcapng")
        for i in range(250):
            b.send("+8171%04d" % i, "y" * 150 * 8)
        b.tap.check(b.ended("full.pcapng", "it cannot be written: No space"), "a full disk ends a capture, and it says so", b.gateway.show("captures"))
        b.tap.check(b.state(b.send("+81710004", "after the disk"), ("delivered",)), "and nothing else")
        rows = b.tshark(os.path.join(disk, "full.pcapng"), "frame", "frame.number")
        b.tap.check(rows and not b.complaint, f"what it took is whole: {len(rows)} packets", b.complaint)
        b.allow(b.captures)
    finally:
        subprocess.run(["umount", disk], check=False)


def ends(b):
    b.terminal("capture all killed.pcapng")
    b.send("+81710005", "before")
    wait_for(lambda: b.tshark(b.path("killed.pcapng"), "smpp", "frame.number"), 30, 0.5)
    old = b.gateway.role_pid("sms")
    b.gateway.kill("sms")
    wait_for(lambda: b.gateway.role_pid("sms") not in (0, old), 30)
    b.tap.check(b.gateway.link_up("smsc:one", 60), "kill -9 of the role: its links come back")
    b.tap.check(b.gateway.show("captures") == [], "no capture does", b.gateway.show("captures"))
    rows = b.tshark(b.path("killed.pcapng"), "smpp", "frame.number")
    b.tap.check(rows and not b.complaint, f"what it wrote is there: {len(rows)} packets of SMPP", b.complaint)
    b.terminal("capture all off.pcapng")
    b.gateway.configure(b.text.replace(" capture-directory @where@\n", ""))
    b.gateway.hup()
    b.tap.check(b.ended("off.pcapng", "captures were switched off"), "a configuration without them ends those that run", b.gateway.show("captures"))


def main():
    tap = Tap()
    if not shutil.which("tshark"):
        tap.check(True, "tshark # SKIP apt-get install tshark")
        return tap.end()
    b = Bench(tap)
    for part in (refused, everything, judged, limits, middle_of_a_flood, disk_full, ends):
        part(b)
    tap.check(b.close() == 0, "it ends in order")
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
