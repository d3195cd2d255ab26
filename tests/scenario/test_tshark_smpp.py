#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""tshark reads every kind of SMPP PDU that we emit, finds nothing wrong in it, and says what we meant. Prints TAP."""
import os
import struct
import subprocess
import sys
import tempfile

B = os.environ.get("B", "build/release")
PORT = 2775
FLAWS = ["_ws.malformed", "_ws.expert.message"]


def cases():
    """(octets, [(field, value)]) per line of the dump."""
    out = subprocess.run([os.path.join(B, "tests/sms/dump_smpp")], stdout=subprocess.PIPE, check=True)
    for line in out.stdout.decode().splitlines():
        octets, *fields = line.split("\t")
        if octets == "FAILED":
            raise SystemExit("Bail out! the dump could not encode a PDU")
        yield bytes.fromhex(octets), [tuple(f.split("=", 1)) for f in fields]


def checksum(octets):
    octets += b"\0" * (len(octets) % 2)
    total = sum(struct.unpack(f">{len(octets) // 2}H", octets))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def packet(octets, number):
    """Ethernet, IPv4 and TCP around it; every one a connection of its own, so that none depends on another."""
    source, destination = bytes([127, 0, 0, 1]), bytes([127, 0, 0, 2])
    tcp = struct.pack(">HHIIBBHHH", 20000 + number, PORT, 1, 1, 0x50, 0x18, 65535, 0, 0)
    pseudo = source + destination + struct.pack(">BBH", 0, 6, len(tcp) + len(octets))
    tcp = tcp[:16] + struct.pack(">H", checksum(pseudo + tcp + octets)) + tcp[18:]
    ip = struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(tcp) + len(octets), number, 0, 64, 6, 0) + source + destination
    ip = ip[:10] + struct.pack(">H", checksum(ip)) + ip[12:]
    return bytes(12) + b"\x08\x00" + ip + tcp + octets


def read_back(all_octets, fields):
    """One dict of field to value per PDU, as tshark reads them."""
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "pdus.pcap")
        with open(path, "wb") as f:
            f.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262144, 1))
            for n, octets in enumerate(all_octets):
                frame = packet(octets, n)
                f.write(struct.pack("<IIII", 1000000000 + n, 0, len(frame), len(frame)) + frame)
        command = ["tshark", "-n", "-o", "smpp.decode_sms_over_smpp:GSM 7-bit", "-d", f"tcp.port=={PORT},smpp", "-r", path,
                   "-T", "fields", "-E", "separator=/t", "-E", "aggregator=,"]
        for field in fields:
            command += ["-e", field]
        env = dict(os.environ, HOME=folder, LC_ALL="C.UTF-8")
        out = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=env, check=False)
        lines = out.stdout.decode("utf-8", "replace").split("\n")[:-1]
        if out.returncode or len(lines) != len(all_octets):
            raise SystemExit(f"Bail out! tshark: {out.stderr.decode()[-600:]} ({len(lines)} of {len(all_octets)})")
        return [dict(zip(fields, line.split("\t"))) for line in lines]


def same(expected, got):
    try:
        return got == expected or int(got, 0) == int(expected, 0)
    except ValueError:
        return False


def main():
    rows = list(cases())
    wanted = sorted({name for _, expected in rows for name, _ in expected})
    read = read_back([octets for octets, _ in rows], wanted + FLAWS)
    bad = 0
    for number, ((octets, expected), got) in enumerate(zip(rows, read), 1):
        wrong = [f"{name}: want {value!r}, tshark says {got[name]!r}" for name, value in expected if not same(value, got[name])]
        wrong += [f"{name}: {got[name]}" for name in FLAWS if got[name]]
        print(f"{'not ok' if wrong else 'ok'} {number} - {octets.hex()[:64]}")
        for w in wrong:
            print(f"# {w}")
        bad += bool(wrong)
    print(f"1..{len(rows)}")
    return 1 if bad or not rows else 0


if __name__ == "__main__":
    sys.exit(main())
