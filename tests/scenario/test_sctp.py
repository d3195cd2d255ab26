#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""SGs over SCTP that is not a local socket. SCTP in UDP (RFC 6951): an MME behind a bridge that is usrsctp with its own
sockets and threads, packets lost, doubled and out of order on the way, its death and ours, garbage; tshark reads what
passed. Then the kernel's SCTP where it has it; where not, this is said and nothing is counted as passed. Prints TAP."""
import errno
import os
import random
import shutil
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time

from daemon import PROGRAM
from gateway import Tap, free_port, wait_for
from phones import Bench, Handset, NUMBER, submit
from test_osmo_gsup import IMSI

SCTP = 132
BRIDGE = os.path.join(os.path.dirname(PROGRAM), "tests/tools/sctp_bridge")
CONFIG = """sgs
 listen %s
 centre +491770610000
 paging 5s
subscriber +491770900123
 imsi 001010123456780
"""


class Lossy(threading.Thread):
    """Between two UDP ports: loses, doubles and holds back packets; keeps them as a capture."""

    def __init__(self, target):
        super().__init__(daemon=True)
        self.near, self.far = (socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(2))
        self.near.bind(("127.0.0.1", 0))
        self.far.connect(("127.0.0.1", target))
        self.port = self.near.getsockname()[1]
        self.bad, self.lost, self.doubled, self.late = 0.0, 0, 0, 0
        self.client, self.on = None, True
        self.packets, self.held = [], {True: None, False: None}
        self.lock = threading.Lock()
        self.random = random.Random(29118)
        self.start()
        threading.Thread(target=self.back, daemon=True).start()

    def run(self):
        while self.on:
            try:
                data, self.client = self.near.recvfrom(65536)
            except OSError:
                return
            self.pass_on(True, data)

    def back(self):
        while self.on:
            try:
                data = self.far.recv(65536)
            except ConnectionRefusedError:
                continue
            except OSError:
                return
            self.pass_on(False, data)

    def pass_on(self, up, data):
        with self.lock:
            self.packets.append((time.time(), up, data))
            held, self.held[up] = self.held[up], None
            luck = self.random.random()
            if luck < self.bad / 2:
                self.lost += 1
                out = []
            elif luck < self.bad * 3 / 4:
                self.doubled += 1
                out = [data, data]
            elif luck < self.bad and held is None:
                self.late += 1
                self.held[up] = data
                out = []
            else:
                out = [data]
            for octets in out + ([held] if held else []):
                try:
                    if up:
                        self.far.send(octets)
                    elif self.client:
                        self.near.sendto(octets, self.client)
                except OSError:
                    pass

    def write(self, path):
        with self.lock, open(path, "wb") as f:
            f.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262144, 101))
            for at, up, data in self.packets:
                a, b = bytes([10, 0, 0, 1]), bytes([10, 0, 0, 2])
                source, destination = (b, a) if up else (a, b)
                udp = struct.pack(">HHHH", 9899, 9899, 8 + len(data), 0) + data
                ip = struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(udp), 0, 0, 64, 17, 0) + source + destination
                f.write(struct.pack("<IIII", int(at), int(at % 1 * 1e6), len(ip + udp), len(ip + udp)) + ip + udp)

    def close(self):
        self.on = False
        self.near.close()
        self.far.close()


class KernelBridge(threading.Thread):
    """As the bridge, over the kernel's SCTP."""

    def __init__(self, path, port):
        super().__init__(daemon=True)
        self.port = port
        self.listener = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.listener.bind(path)
        self.listener.listen(16)
        self.start()

    def run(self):
        while True:
            local, _ = self.listener.accept()
            far = socket.socket(socket.AF_INET, socket.SOCK_STREAM, SCTP)
            far.connect(("127.0.0.1", self.port))
            for a, b in ((local, far), (far, local)):
                threading.Thread(target=self.copy, args=(a, b), daemon=True).start()

    @staticmethod
    def copy(a, b):
        try:
            while True:
                record = a.recv(65536)
                if not record:
                    break
                b.send(record)
        except OSError:
            pass
        for s in (a, b):
            try:
                s.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass


class Sgs(Bench):
    """The gateway and a phone behind a bridge at self.path."""

    def __init__(self, tap, listen, folder):
        self.path = os.path.join(folder, "mme")
        super().__init__(tap, "sgs", CONFIG % listen)
        self.phone = None

    def join(self):
        """The phone registers over an association of its own, however long that takes to come."""
        end = time.monotonic() + 60
        while time.monotonic() < end:
            before, self.phone = self.phone, Handset(self.path, IMSI)
            if before:
                before.leave()
                self.phone.carry_on(before)
            try:
                return self.phone.attach() == 0
            except (AssertionError, OSError):
                time.sleep(0.5)
        return False


def both_ways(b, name, n):
    """n messages each way: every one shown once, every answer there."""
    sent = {f"{name} down {i}": b.send(f"{name} down {i}") for i in range(n)}
    got = all(b.phone.saw(text, 60) for text in sent)
    b.tap.check(got and all(b.state(m, "delivered", 60) for m in sent.values()), f"{name}: {n} messages to the phone", len(b.phone.shown))
    b.tap.check(len(set(b.phone.shown)) == len(b.phone.shown), f"{name}: none twice")
    bad = []
    for i in range(n):
        reference = 10 + i % 200
        b.phone.say(submit(f"{name} up {i}"), ti=i % 7, reference=reference)
        if b.phone.answered(reference, 60) != bytes([3, reference]):
            bad.append(i)
    texts = wait_for(lambda: len([m for m in b.sink.events("message") if m["text"].startswith(f"{name} up")]) >= n, 60)
    b.tap.check(not bad and texts, f"{name}: {n} messages from it", bad)
    got = [m["text"] for m in b.sink.events("message") if m["text"].startswith(f"{name} up")]
    b.tap.check(len(got) == len(set(got)) == n, f"{name}: none twice either", len(got))


class Udp:
    def __init__(self, tap):
        self.tap = tap
        self.folder = tempfile.mkdtemp(prefix="cellpost-sctp-")
        self.port = free_port()
        self.b = Sgs(tap, f"udp-sctp:127.0.0.1:29118/{self.port}", self.folder)
        self.relay = Lossy(self.port)
        self.bridge = None
        self.start_bridge()

    def start_bridge(self):
        if os.path.exists(self.b.path):
            os.unlink(self.b.path)
        self.bridge = subprocess.Popen([BRIDGE, self.b.path, str(free_port()), "29118", str(self.relay.port)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_for(lambda: os.path.exists(self.b.path), 20)

    def end_bridge(self):
        self.bridge.kill()
        self.bridge.wait()

    def run(self):
        b, tap = self.b, self.tap
        tap.check(b.join() and b.up(), "SCTP in UDP: an independent stack associates, a phone registers", b.gateway.log())
        both_ways(b, "clean", 20)
        long = "".join(chr(97 + i % 26) for i in range(400))
        message = b.send(long)
        tap.check(b.phone.saw(long, 60) and b.state(message, "delivered", 60), "a long message in its parts")
        self.relay.bad = 0.3
        both_ways(b, "lossy", 25)
        self.relay.bad = 0.0
        tap.check(self.relay.lost > 10 and self.relay.doubled and self.relay.late,
                  f"{self.relay.lost} packets were lost, {self.relay.doubled} doubled, {self.relay.late} late")
        self.garbage()
        self.deaths()
        self.judge()

    def garbage(self):
        """What is no SCTP, cut packets, and INITs of many who never go on."""
        b = self.b
        before = b.gateway.memory()["sms"]
        s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        seed = random.Random(6951)
        known = [data for _, up, data in self.relay.packets if up]
        init = next(d for d in known if len(d) > 12 and d[12] == 1)
        for i in range(3000):
            data = bytearray(seed.choice(known))
            if i % 3 == 0:
                data = bytes(seed.randrange(256) for _ in range(seed.randrange(200)))
            elif i % 3 == 1:
                data = data[:seed.randrange(len(data))]
            else:
                data[seed.randrange(len(data))] ^= 1 << seed.randrange(8)
            s.sendto(bytes(data), ("127.0.0.1", self.port))
        for i in range(500):
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
                one.sendto(init, ("127.0.0.1", self.port))
        message = b.send("after garbage")
        self.tap.check(b.phone.saw("after garbage", 60) and b.state(message, "delivered", 60), "garbage and INITs of strangers hurt nobody", b.gateway.log()[-500:])
        grown = b.gateway.memory()["sms"] - before
        self.tap.check(grown < (65536 if "asan" in PROGRAM else 4096), f"and are not kept: {grown} KiB more", grown)

    def deaths(self):
        b = self.b
        old = b.phone
        b.kill_sms()
        self.tap.check(wait_for(lambda: not old.thread.is_alive(), 60), "our death: the peer is told when it speaks next") if self.speak(old) else None
        message = b.send("after our death")
        self.tap.check(b.join() and b.phone.saw("after our death", 60) and b.state(message, "delivered", 60), "it associates again, and gets what waited", b.look(message))
        self.end_bridge()
        message = b.send("while it is dead")
        gone = wait_for(lambda: any("0 associations" in x or "down" in x for x in b.gateway.show("links") if x.startswith("sgs")), 90, 0.5)
        self.tap.check(gone, "its death without a word: the association ends by itself", b.gateway.show("links"))
        self.start_bridge()
        self.tap.check(b.join() and b.phone.saw("while it is dead", 60), "and when it is back the message arrives", b.look(message))

    @staticmethod
    def speak(phone):
        """A location update of the old association: the new process knows nothing of it."""
        for _ in range(20):
            try:
                phone.send(0x0C)
            except OSError:
                return True
            if not phone.thread.is_alive():
                return True
            time.sleep(0.5)
        return True

    def judge(self):
        path = os.path.join(self.folder, "sctp.pcap")
        self.relay.write(path)
        if not shutil.which("tshark"):
            self.tap.check(True, "tshark # SKIP apt-get install tshark")
            return

        def count(wanted):
            out = subprocess.run(["tshark", "-n", "-r", path, "-o", "sctp.checksum:CRC32C", "-Y", wanted], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                                 env=dict(os.environ, HOME=self.folder), check=False)
            return len(out.stdout.splitlines())
        self.tap.check(count("sctp && udp") > 100 and not count("!sctp"), f"tshark reads {count('sctp')} packets as SCTP in UDP")
        self.tap.check(count("sgsap.msg_type == 7 && ip.src == 10.0.0.1") > 40 and count("sgsap.msg_type == 8 && ip.src == 10.0.0.2") > 40,
                       "and SGsAP in them, both ways")
        self.tap.check(not count("_ws.malformed || (ip.src == 10.0.0.1 && sctp.checksum.status == 0)"), "nothing is malformed, no checksum is wrong")

    def close(self):
        code = self.b.gateway.close()
        self.end_bridge()
        self.relay.close()
        shutil.rmtree(self.folder, ignore_errors=True)
        self.tap.check(code == 0, "it ends in order")


def kernel(tap):
    """The kernel's SCTP; where it has none, the gateway must say so and not start."""
    port = free_port()
    try:
        socket.socket(socket.AF_INET, socket.SOCK_STREAM, SCTP).close()
    except OSError as e:
        if e.errno not in (errno.EPROTONOSUPPORT, errno.ESOCKTNOSUPPORT):
            raise
        print("# this kernel has no SCTP: links over it are not tested here")
        tap.check(True, "SGs over the kernel's SCTP # SKIP this kernel has no SCTP")
        text = "vty\n listen 127.0.0.1:%d\n" % free_port() + CONFIG % f"sctp:127.0.0.1:{port}"
        with tempfile.TemporaryDirectory(prefix="cellpost-sctp-") as folder:
            with open(os.path.join(folder, "x.cfg"), "w", encoding="utf-8") as f:
                f.write(text)
            out = subprocess.run([PROGRAM, "-c", "x.cfg"], cwd=folder, stderr=subprocess.PIPE, stdout=subprocess.PIPE, timeout=60, check=False)
        said = out.stderr.decode() + out.stdout.decode()
        tap.check(out.returncode != 0 and "Protocol not supported" in said, "without it the gateway does not start, and says why", said[-400:])
        return
    with tempfile.TemporaryDirectory(prefix="cellpost-sctp-") as folder:
        b = Sgs(tap, f"sctp:127.0.0.1:{port}", folder)
        KernelBridge(b.path, port)
        tap.check(b.join() and b.up(), "the kernel's SCTP: a phone registers")
        both_ways(b, "kernel", 20)
        tap.check(b.gateway.close() == 0, "it ends in order")


def main():
    tap = Tap()
    udp = Udp(tap)
    try:
        udp.run()
    finally:
        udp.close()
    kernel(tap)
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
