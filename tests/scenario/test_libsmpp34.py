#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""libsmpp34, an SMPP codec that is not ours, reads every PDU that we emit and writes the same octets again. Prints TAP.

It keeps TLVs and destinations in lists that it writes in the reverse order, wants a body in refused bind answers (the
specification, 4.1.2, says that there is none), and knows nothing of 5.0."""
import os
import subprocess
import sys

B = os.environ.get("B", "build/release")
JUDGE = os.path.join(B, "tests/tools/bench_libsmpp34")
SUBMIT_SM, DELIVER_SM, SUBMIT_MULTI = 0x04, 0x05, 0x21
BIND_RESPONSES = (0x80000001, 0x80000002, 0x80000009)


def beyond_it(octets):
    command, status = int.from_bytes(octets[4:8], "big"), int.from_bytes(octets[8:12], "big")
    return (command in BIND_RESPONSES and status) or command & 0x7FFFFFFF in (0x111, 0x112, 0x113)


def same(ours, theirs):
    if ours == theirs:
        return True
    command = int.from_bytes(ours[4:8], "big")
    return command in (SUBMIT_SM, DELIVER_SM, SUBMIT_MULTI) and ours[:16] == theirs[:16] and sorted(ours) == sorted(theirs)


def main():
    if not os.access(JUDGE, os.X_OK):
        print("ok 1 - # SKIP libsmpp34-dev is not installed\n1..1")
        return 0
    dump = subprocess.run([os.path.join(B, "tests/sms/dump_smpp")], stdout=subprocess.PIPE, check=True).stdout
    lines = [line.split("\t")[0] for line in dump.decode().splitlines()]
    told = subprocess.run([JUDGE, "check"], input="\n".join(lines).encode() + b"\n", stdout=subprocess.PIPE, check=True)
    answers = told.stdout.decode("utf-8", "replace").splitlines()
    bad, number = 0, 0
    for line, answer in zip(lines, answers):
        octets = bytes.fromhex(line)
        if beyond_it(octets):
            continue
        number += 1
        good = not answer.startswith("refused") and same(octets, bytes.fromhex(answer))
        bad += not good
        print(f"{'ok' if good else 'not ok'} {number} - {line[:64]}")
        if not good:
            print(f"# {answer[:400]}")
    print(f"1..{number}")
    return 1 if bad or not number or len(answers) != len(lines) else 0


if __name__ == "__main__":
    sys.exit(main())
