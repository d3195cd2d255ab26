#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""tshark reads every kind of PDU that sms/ makes, finds nothing wrong in it, and says what we meant. Prints TAP."""
import os
import re
import struct
import subprocess
import sys
import tempfile

B = os.environ.get("B", "build/release")
DLT_RAW = 101
DLT_USER0 = 147
# What tshark calls a flaw; none of these may appear.
FLAWS = [
    "_ws.malformed", "_ws.expert.message", "_ws.unreassembled", "gsm_a.rp.extraneous_data", "gsm_a.rp.missing_mandatory_element",
    "gsm_sms.unexpected_data_length", "gsm_sms.message_dissector_not_implemented", "sgsap.extraneous_data",
    "sgsap.missing_mandatory_element", "sgsap.unknown_msg", "gsup.ie.len.invalid", "gsup.sm_rp_da.invalid", "gsup.sm_rp_oa.invalid",
]
# Remarks of tshark that are about its own knowledge, not about the octets.
REMARKS = re.compile(r"^(Dissector for SMS over IMS|.*not implemented.*yet.*)$", re.I)


def cases():
    """(protocol, octets, [(field, value)]) per line of the dump."""
    out = subprocess.run([os.path.join(B, "tests/sms/dump_sms"), "pdus"], stdout=subprocess.PIPE, check=True)
    for line in out.stdout.decode().splitlines():
        protocol, octets, *fields = line.split("\t")
        if octets == "FAILED":
            raise SystemExit("Bail out! the dump could not encode a PDU of " + protocol)
        yield protocol, bytes.fromhex(octets), [tuple(f.split("=", 1)) for f in fields]


def checksum(octets):
    total = sum(struct.unpack(f">{(len(octets) + 1) // 2}H", octets + b"\0" * (len(octets) % 2)))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def gsup_packet(octets):
    """tshark has no way to GSUP but through IPA on TCP 4222: IP, TCP and IPA around it."""
    payload = struct.pack(">HBB", len(octets) + 1, 0xEE, 0x05) + octets
    addresses = bytes([127, 0, 0, 1, 127, 0, 0, 2])
    tcp = struct.pack(">HHIIBBHHH", 40000, 4222, 1, 1, 0x50, 0x18, 65535, 0, 0)
    pseudo = addresses + struct.pack(">BBH", 0, 6, len(tcp) + len(payload))
    tcp = tcp[:16] + struct.pack(">H", checksum(pseudo + tcp + payload)) + tcp[18:]
    ip = struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(tcp) + len(payload), 1, 0, 64, 6, 0) + addresses
    return ip[:10] + struct.pack(">H", checksum(ip)) + ip[12:] + tcp + payload


def write_pcap(path, dlt, packets):
    with open(path, "wb") as f:
        f.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, dlt))
        for n, octets in enumerate(packets):
            f.write(struct.pack("<IIII", 1000000000 + n, 0, len(octets), len(octets)) + octets)


def read_back(protocol, packets, fields):
    """One dict of field to value per packet, as tshark reads them."""
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "pdus.pcap")
        command = ["tshark", "-n", "-o", "gsm_sms.reassemble:FALSE"]
        if protocol == "gsup":
            write_pcap(path, DLT_RAW, [gsup_packet(octets) for octets in packets])
            command += ["-o", "tcp.analyze_sequence_numbers:FALSE"]
        else:
            write_pcap(path, DLT_USER0, packets)
            command += ["-o", f'uat:user_dlts:"User 0 (DLT={DLT_USER0})","{protocol}","0","","0",""']
        command += ["-r", path, "-T", "fields", "-E", "separator=/t", "-E", "aggregator=,"]
        for field in fields:
            command += ["-e", field]
        env = dict(os.environ, HOME=folder, LC_ALL="C.UTF-8")
        out = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=env, check=False)
        lines = out.stdout.decode("utf-8", "replace").split("\n")[:-1]
        if out.returncode or len(lines) != len(packets):
            raise SystemExit(f"Bail out! tshark: {out.stderr.decode()[-400:]} ({len(lines)} of {len(packets)})")
        return [dict(zip(fields, line.split("\t"))) for line in lines]


def same(expected, got):
    """tshark shows booleans as 1/0 or True/False and repeats a field that stands twice."""
    words = {"True": "1", "False": "0"}
    return got == expected or words.get(got, got) == expected


def main():
    by_protocol = {}
    for protocol, octets, expected in cases():
        by_protocol.setdefault(protocol, []).append((octets, expected))
    number, bad = 0, 0
    for protocol, rows in by_protocol.items():
        wanted = sorted({name for _, expected in rows for name, _ in expected})
        read = read_back(protocol, [octets for octets, _ in rows], wanted + FLAWS)
        for (octets, expected), got in zip(rows, read):
            number += 1
            wrong = [f"{name}: want {value!r}, tshark says {got[name]!r}" for name, value in expected if not same(value, got[name])]
            wrong += [f"{name}: {got[name]}" for name in FLAWS if got[name] and not REMARKS.match(got[name])]
            label = f"{protocol} {octets.hex()[:60]}"
            if wrong:
                bad += 1
                print(f"not ok {number} - {label}")
                for w in wrong:
                    print(f"# {w}")
                print(f"# {octets.hex()}")
            else:
                print(f"ok {number} - {label}")
    print(f"1..{number}")
    return 1 if bad or not number else 0


if __name__ == "__main__":
    sys.exit(main())
