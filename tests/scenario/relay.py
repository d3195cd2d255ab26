# SPDX-License-Identifier: GPL-3.0-or-later
"""A TCP relay that keeps what passes, as a capture that tshark reads: no rights are needed for it. For the scenarios; no
test itself. The side named `ours` has the address 10.0.0.1 there, the other 10.0.0.2."""
import socket
import struct
import threading
import time

OURS, THEIRS = bytes([10, 0, 0, 1]), bytes([10, 0, 0, 2])
SYN, PUSH, ACK, FIN = 2, 8, 16, 1


def checksum(octets):
    octets += b"\0" * (len(octets) % 2)
    total = sum(struct.unpack(f">{len(octets) // 2}H", octets))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


class Capture:
    """Frames of all relays, in one file."""

    def __init__(self):
        self.frames = []
        self.lock = threading.Lock()
        self.ports = iter(range(40000, 60000))

    def add(self, from_ours, ours_port, theirs_port, sequence, acknowledged, flags, octets=b""):
        source, destination = (OURS, THEIRS) if from_ours else (THEIRS, OURS)
        ports = (ours_port, theirs_port) if from_ours else (theirs_port, ours_port)
        tcp = struct.pack(">HHIIBBHHH", *ports, sequence & 0xFFFFFFFF, acknowledged & 0xFFFFFFFF, 0x50, flags, 65535, 0, 0)
        pseudo = source + destination + struct.pack(">BBH", 0, 6, len(tcp) + len(octets))
        tcp = tcp[:16] + struct.pack(">H", checksum(pseudo + tcp + octets)) + tcp[18:]
        ip = struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(tcp) + len(octets), len(self.frames) & 0xFFFF, 0, 64, 6, 0)
        ip += source + destination
        ip = ip[:10] + struct.pack(">H", checksum(ip)) + ip[12:]
        self.frames.append((time.time(), bytes(12) + b"\x08\x00" + ip + tcp + octets))

    def write(self, path):
        with self.lock, open(path, "wb") as f:
            f.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262144, 1))
            for at, frame in self.frames:
                f.write(struct.pack("<IIII", int(at), int(at % 1 * 1e6), len(frame), len(frame)) + frame)


class Relay:
    """Listens, connects on to `target`. `ours_listens`: the target is the gateway; else the gateway connects to us."""

    def __init__(self, capture, target, ours_listens, well_known):
        self.capture, self.target, self.ours_listens, self.well_known = capture, target, ours_listens, well_known
        self.listener = socket.socket()
        self.listener.bind(("127.0.0.1", 0))
        self.listener.listen(16)
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                near, _ = self.listener.accept()
            except OSError:
                return
            try:
                far = socket.create_connection(("127.0.0.1", self.target), 5)
            except OSError:
                near.close()
                continue
            for s in (near, far):
                s.settimeout(None)
                s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            Pair(self, near, far)

    def close(self):
        self.listener.close()


class Pair:
    """One connection; sequence numbers are counted as the two ends would."""

    def __init__(self, relay, near, far):
        self.capture = relay.capture
        with self.capture.lock:
            free = next(self.capture.ports)
        # near is who connected: the gateway where it does not listen
        self.near_is_ours = not relay.ours_listens
        self.ours_port = free if self.near_is_ours else relay.well_known
        self.theirs_port = relay.well_known if self.near_is_ours else free
        self.sent = {True: 1, False: 1}  # by "from near"
        with self.capture.lock:
            self.frame(True, SYN, at=0, acknowledged=0)
            self.frame(False, SYN | ACK, at=0, acknowledged=1)
            self.frame(True, ACK)
        threading.Thread(target=self.pass_on, args=(near, far, True), daemon=True).start()
        threading.Thread(target=self.pass_on, args=(far, near, False), daemon=True).start()

    def frame(self, from_near, flags, octets=b"", at=None, acknowledged=None):
        self.capture.add(from_near == self.near_is_ours, self.ours_port, self.theirs_port,
                         self.sent[from_near] if at is None else at,
                         self.sent[not from_near] if acknowledged is None else acknowledged, flags, octets)

    def pass_on(self, source, destination, from_near):
        while True:
            try:
                octets = source.recv(16384)
            except OSError:
                octets = b""
            with self.capture.lock:
                self.frame(from_near, (PUSH if octets else FIN) | ACK, octets)
                self.sent[from_near] += len(octets) or 1
            try:
                if not octets:
                    destination.shutdown(socket.SHUT_WR)
                    return
                destination.sendall(octets)
            except OSError:
                return
