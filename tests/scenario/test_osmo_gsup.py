#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Short messages through the real osmo-msc and osmo-hlr: our GSUP server between them, a scripted MME as the phone. Prints TAP.

The kernel may have no SCTP: osmo-msc runs under a preload that makes its SGs socket a local one of records.
"""
import os
import queue
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

B = os.environ.get("B", "build/release")
IMSI, MSISDN = "001010123456780", "491770900123"
MME = "mmec1a.mmegi0001.mme.epc.mnc001.mcc001.3gppnetwork.org"
DELIVER = "040b919471325476f800006211523214054005c8329bfd06"
SUBMIT = "0500" "0b919471325476f8" "0000" "05c8329bfd06"
LIMIT = 15

HLR_CFG = """log stderr
 logging filter all 1
 logging level set-all notice
line vty
 bind {ip}
ctrl
 bind {ip}
hlr
 gsup
  bind ip {ip}
"""
MSC_CFG = """log stderr
 logging filter all 1
 logging level set-all notice
line vty
 no login
 bind {ip}
ctrl
 bind {ip}
network
 network country code 001
 mobile network code 01
 authentication optional
 encryption a5 0
msc
 assign-tmsi
 sms-over-gsup
 mgw remote-ip 127.0.0.1
hlr
 remote-ip 127.0.0.1
 remote-port {gsup}
smpp
 local-tcp-ip {ip} 2775
sgs
 local-ip 127.0.0.1
 local-port 29118
 vlr-name vlr.example.net
smsc
 database {folder}/sms.db
"""


# Their ports are fixed: an address of our own keeps them apart from others.
IP = f"127.77.{os.getpid() >> 8 & 255}.{os.getpid() & 255 or 255}"


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Program:
    """A child whose lines of output can be waited for."""

    def __init__(self, command, env=None):
        self.lines = queue.Queue()
        self.seen = []
        self.child = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=env)
        threading.Thread(target=self.read, daemon=True).start()

    def read(self):
        for line in self.child.stdout:
            self.lines.put(line.decode(errors="replace").rstrip())

    def wait(self, start, seconds=LIMIT):
        """The next line that starts so; what comes before it is passed over."""
        end = time.monotonic() + seconds
        while True:
            try:
                line = self.lines.get(timeout=max(0.01, end - time.monotonic()))
            except queue.Empty:
                raise AssertionError(f"no line {start!r}; before: {self.seen[-8:]}") from None
            self.seen.append(line)
            if line.startswith(start):
                return line

    def say(self, text):
        self.child.stdin.write((text + "\n").encode())
        self.child.stdin.flush()

    def stop(self, how=signal.SIGTERM):
        if self.child.poll() is None:
            self.child.send_signal(how)
            try:
                self.child.wait(5)
            except subprocess.TimeoutExpired:
                self.child.kill()
                self.child.wait()


def vty(commands):
    """osmo-hlr's command line."""
    end = time.monotonic() + LIMIT
    while True:
        try:
            s = socket.create_connection((IP, 4258), timeout=LIMIT)
            break
        except ConnectionRefusedError:
            if time.monotonic() > end:
                raise
            time.sleep(0.1)
    with s:
        s.settimeout(0.5)
        for c in commands:
            s.sendall(c.encode() + b"\n")
            time.sleep(0.1)
        out = b""
        try:
            while data := s.recv(4096):
                out += data
        except OSError:
            pass
    return out.decode(errors="replace")


class Mme:
    """One MME with one phone."""

    def __init__(self, name, imsi=IMSI):
        end = time.monotonic() + LIMIT
        while True:
            self.link = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            try:
                self.link.connect(name if name.startswith("/") else "\0" + name)
                break
            except OSError:
                self.link.close()
                if time.monotonic() > end:
                    raise
                time.sleep(0.1)
        self.link.settimeout(LIMIT)
        digits = imsi[1:]
        identity = bytes([int(imsi[0]) << 4 | 9]) + bytes(int(digits[i + 1]) << 4 | int(digits[i]) for i in range(0, len(digits), 2))
        self.imsi = bytes([1, len(identity)]) + identity

    def send(self, kind, elements=b""):
        self.link.send(bytes([kind]) + self.imsi + elements)

    def receive(self, kind):
        """The next message of that type; the elements as a dict."""
        while True:
            data = self.link.recv(4096)
            if data[0] != kind:
                if data[0] in (0x1B, 0x1A, 0x0D):  # release, information, alert: between the others
                    continue
                raise AssertionError(f"SGsAP {data.hex()}, wanted type {kind:02x}")
            elements, at = {}, 1
            while at + 2 <= len(data):
                elements[data[at]] = data[at + 2:at + 2 + data[at + 1]]
                at += 2 + data[at + 1]
            return elements

    def attach(self):
        name = b"".join(bytes([len(p)]) + p.encode() for p in MME.split("."))
        self.send(0x09, bytes([9, len(name)]) + name + bytes([10, 1, 1]) + bytes([4, 5]) + bytes.fromhex("00f1100006"))
        self.receive(0x0A)
        self.send(0x0C)

    def up(self, nas):
        self.send(0x08, bytes([0x16, len(nas)]) + nas)

    def down(self):
        return self.receive(0x07)[0x16]

    def paged(self):
        self.receive(0x01)
        self.send(0x06, bytes([0x20, 1, 2, 0x25, 1, 1]))

    def take(self):
        """A message to the phone: its TPDU; acknowledged on the connection layer only."""
        nas = self.down()
        assert nas[1] == 0x01, nas.hex()
        self.ti = nas[0] & 0x70 | 0x80 | 9
        self.reference = nas[4]
        self.up(bytes([self.ti, 0x04]))
        oa = nas[5]
        da = nas[6 + oa]
        return nas[8 + oa + da:]

    def report(self, rp):
        self.up(bytes([self.ti, 0x01, len(rp)]) + rp)
        assert self.down() == bytes([self.ti & 0x7F, 0x04])

    def submit(self, tpdu, ti=0, reference=5):
        rp = bytes([0, reference, 0, 7]) + bytes.fromhex("91947107160000") + bytes([len(tpdu)]) + tpdu
        self.up(bytes([ti << 4 | 9, 1, len(rp)]) + rp)
        assert self.down() == bytes([ti << 4 | 0x89, 0x04])

    def answer(self, ti=0):
        """The centre's answer to what the phone sent: the RP message."""
        nas = self.down()
        assert nas[:2] == bytes([ti << 4 | 0x89, 0x01]), nas.hex()
        self.up(bytes([ti << 4 | 9, 0x04]))
        return nas[3:]


class Network:
    def __init__(self, folder):
        self.folder = folder
        self.port = free_port()
        self.name = f"cellpost-{os.getpid()}"
        self.env = dict(os.environ, LD_PRELOAD=os.path.join(folder, "preload.so"), SCTP_PRELOAD_NAME=self.name)
        self.programs = []
        for name, text in (("hlr", HLR_CFG), ("msc", MSC_CFG)):
            with open(os.path.join(folder, name + ".cfg"), "w", encoding="ascii") as f:
                f.write(text.format(ip=IP, gsup=self.port, folder=folder))

    def start(self, command, env=None):
        program = Program(command, env)
        self.programs.append(program)
        return program

    def start_msc(self):
        return self.start(["osmo-msc", "-c", os.path.join(self.folder, "msc.cfg")], self.env)

    def mme(self):
        return Mme(self.name + "-29118")

    def stop(self):
        for program in self.programs:
            program.stop()


def through(network):
    """(name, callable) in order; each stands on the one before."""
    network.start(["osmo-hlr", "-c", os.path.join(network.folder, "hlr.cfg"), "-l", os.path.join(network.folder, "hlr.db")])
    state = {}
    vty(["enable", f"subscriber imsi {IMSI} create", f"subscriber imsi {IMSI} update msisdn {MSISDN}"])
    server = network.start([os.path.join(B, "tests/sms/peer_gsup"), str(network.port), IP, "4222"])
    server.wait("ready")
    state["msc"] = network.start_msc()

    def connects():
        server.wait("msc ")
        server.wait("hlr open")

    def registers():
        state["mme"] = network.mme()
        state["mme"].attach()
        assert server.wait("number") == f"number {IMSI} {MSISDN}"
        server.wait(f"present {IMSI}")

    def from_the_phone():
        mme = state["mme"]
        mme.submit(bytes.fromhex(SUBMIT.replace("0500", "0105", 1)))
        words = server.wait("message").split()
        assert words[1] == IMSI and words[3] == MSISDN and words[4] == SUBMIT.replace("0500", "0105", 1), words
        server.say(f"answer {IMSI} {words[2]} 0")
        assert mme.answer() == bytes([3, 5]), "RP-ACK"

    def refused_by_us():
        mme = state["mme"]
        mme.submit(bytes.fromhex(SUBMIT.replace("0500", "0106", 1)), ti=1, reference=6)
        words = server.wait("message").split()
        server.say(f"answer {IMSI} {words[2]} 21")
        rp = mme.answer(ti=1)
        assert rp[:2] == bytes([5, 6]) and rp[3] == 21, rp.hex()

    def to_the_phone():
        mme = state["mme"]
        server.say(f"mt {IMSI} {DELIVER}")
        mme.paged()
        assert mme.take().hex() == DELIVER
        mme.report(bytes([2, mme.reference]))
        assert server.wait("ended") == f"ended {IMSI} delivered, 0"

    def memory_full():
        mme = state["mme"]
        server.say(f"mt {IMSI} {DELIVER}")
        mme.paged()
        mme.take()
        mme.report(bytes([4, mme.reference, 1, 22]))
        assert server.wait("ended") == f"ended {IMSI} refused by the phone, 22"

    def memory_again():
        mme = state["mme"]
        mme.up(bytes([0x29, 1, 2, 6, 9]))  # RP-SMMA
        assert mme.down() == bytes([0xA9, 0x04])
        server.wait(f"present {IMSI} memory")
        assert mme.answer(ti=2) == bytes([3, 9])

    def paging_in_vain():
        mme = state["mme"]
        server.say(f"mt {IMSI} {DELIVER}")
        mme.receive(0x01)
        mme.send(0x02, bytes([8, 1, 6]))
        server.wait(f"sent {IMSI} ok")

    def killed_in_the_middle():
        state["msc"].stop(signal.SIGKILL)
        line = server.wait("ended")
        assert line.startswith(f"ended {IMSI} "), line
        server.wait("msc ")
        state["msc"] = network.start_msc()
        server.wait("msc ")
        server.wait("hlr open")
        state["mme"] = network.mme()
        state["mme"].attach()
        server.wait(f"present {IMSI}")
        to_the_phone()

    def hundreds_to_one_phone():
        for _ in range(400):
            to_the_phone()

    return [("osmo-msc connects, and through us to osmo-hlr", connects), ("a phone registers; its place and number are learned", registers),
            ("a message from the phone is acknowledged after the commit", from_the_phone), ("one that we refuse has its cause", refused_by_us),
            ("a message to the phone is delivered", to_the_phone), ("a full phone is told from the network's troubles", memory_full),
            ("RP-SMMA arrives as READY-FOR-SM", memory_again), ("400 messages to one phone", hundreds_to_one_phone),
            ("a paging in vain", paging_in_vain),
            ("osmo-msc is killed in the middle: the message ends, and another arrives after its restart", killed_in_the_middle)]


def main():
    if not shutil.which("osmo-msc") or not shutil.which("osmo-hlr"):
        print("ok 1 # SKIP osmo-msc and osmo-hlr are not installed\n1..1")
        return 0
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(["cc", "-shared", "-fPIC", "-O2", "-o", os.path.join(folder, "preload.so"), "tests/tools/sctp_preload.c", "-ldl"],
                       check=True)
        network = Network(folder)
        number, bad = 0, 0
        try:
            for name, step in through(network):
                number += 1
                try:
                    step()
                    print(f"ok {number} - {name}", flush=True)
                except (AssertionError, OSError) as problem:
                    bad += 1
                    print(f"not ok {number} - {name}\n# {problem}", flush=True)
                    break
        finally:
            network.stop()
            if bad and os.environ.get("KEEP"):
                for p in network.programs:
                    print("#", p.child.args[0], *[x for x in p.seen + list(p.lines.queue) if "contains" not in x][-60:], sep="\n#   ")
        print(f"1..{number}")
        return 1 if bad or not number else 0


if __name__ == "__main__":
    sys.exit(main())
