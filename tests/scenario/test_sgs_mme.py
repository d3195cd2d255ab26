#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Our VLR's side of SGs against the scripted MME with its phone that osmo-msc is tested with too. Prints TAP."""
import os
import signal
import sys

from test_osmo_gsup import B, DELIVER, IMSI, Mme, Program

SUBMIT = "01050b919471325476f8000005c8329bfd06"
STRANGER = "262010000000001"


def through(programs):
    """(name, callable) in order; each stands on the one before."""
    name = f"cellpost-sgs-{os.getpid()}"
    state = {}

    def start():
        vlr = Program([os.path.join(B, "tests/sms/peer_sgs"), name])
        programs.append(vlr)
        vlr.wait("ready")
        state["vlr"] = vlr
        state["mme"] = Mme(name)
        vlr.wait("link ok")

    def registers():
        mme, vlr = state["mme"], state["vlr"]
        reset = mme.link.recv(4096)
        assert reset[0] == 0x15 and b"example" in reset, reset.hex()
        mme.attach()
        vlr.wait(f"attached {IMSI}")

    def refused():
        other = Mme(name, STRANGER)
        try:
            other.attach()
        except AssertionError as problem:
            assert "SGsAP 0b" in str(problem), problem
        else:
            raise AssertionError("a stranger was registered")
        finally:
            other.link.close()
        # It spoke in the name of the same MME; the phone's link is used again.
        state["vlr"].wait("down")

    def from_the_phone():
        mme, vlr = state["mme"], state["vlr"]
        mme.submit(bytes.fromhex(SUBMIT))
        assert vlr.wait("message") == f"message {IMSI} RP-DATA {SUBMIT}"
        vlr.say(f"answer {IMSI} 0")
        assert mme.answer() == bytes([3, 5])
        mme.receive(0x1B)

    def refused_by_us():
        mme, vlr = state["mme"], state["vlr"]
        mme.submit(bytes.fromhex(SUBMIT), ti=1, reference=6)
        vlr.wait("message")
        vlr.say(f"answer {IMSI} 21")
        assert mme.answer(ti=1) == bytes([5, 6, 1, 21])
        mme.receive(0x1B)

    def to_the_phone():
        mme, vlr = state["mme"], state["vlr"]
        vlr.say(f"mt {IMSI} {DELIVER}")
        mme.paged()
        assert mme.take().hex() == DELIVER
        mme.report(bytes([2, mme.reference]))
        assert vlr.wait("ended") == f"ended {IMSI} delivered, 0"
        mme.receive(0x1B)

    def memory():
        mme, vlr = state["mme"], state["vlr"]
        vlr.say(f"mt {IMSI} {DELIVER}")
        mme.paged()
        mme.take()
        mme.report(bytes([4, mme.reference, 1, 22]))
        assert vlr.wait("ended") == f"ended {IMSI} refused, 22"
        mme.receive(0x1B)
        mme.up(bytes([0x29, 1, 2, 6, 9]))
        assert mme.down() == bytes([0xA9, 0x04])
        vlr.wait(f"message {IMSI} RP-SMMA")
        vlr.say(f"answer {IMSI} 0")
        assert mme.answer(ti=2) == bytes([3, 9])
        mme.receive(0x1B)

    def in_vain():
        mme, vlr = state["mme"], state["vlr"]
        vlr.say(f"mt {IMSI} {DELIVER}")
        mme.receive(0x01)
        mme.send(0x02, bytes([8, 1, 6]))
        assert vlr.wait("ended") == f"ended {IMSI} carrier lost, 6, in vain"
        mme.receive(0x0D)
        mme.send(0x0E)
        mme.send(0x10)
        vlr.wait(f"attached {IMSI}")
        vlr.say(f"mt {IMSI} {DELIVER}")
        mme.receive(0x01)
        assert vlr.wait("ended") == f"ended {IMSI} carrier lost, 0, in vain"  # nobody answers: Ts5

    def thousands():
        for _ in range(2000):
            to_the_phone()

    def mme_restarts():
        mme, vlr = state["mme"], state["vlr"]
        vlr.say(f"mt {IMSI} {DELIVER}")
        mme.paged()
        mme.take()
        mme.link.close()
        assert vlr.wait("ended") == f"ended {IMSI} carrier lost, 0"  # it may have it: in doubt
        state["mme"] = Mme(name)
        vlr.wait("link ok")
        state["mme"].attach()
        vlr.wait(f"attached {IMSI}")
        to_the_phone()

    def we_are_killed():
        state["vlr"].stop(signal.SIGKILL)
        start()
        state["mme"].link.recv(4096)
        # What we do not know any more must register again: an uplink is answered with IMSI unknown.
        state["mme"].up(bytes([0x09, 1, 2, 6, 9]))
        assert state["mme"].receive(0x1B)[8] == bytes([3])
        state["mme"].attach()
        state["vlr"].wait(f"attached {IMSI}")
        to_the_phone()

    start()
    return [("a phone registers", registers), ("a stranger does not", refused), ("a message from the phone", from_the_phone),
            ("one that we refuse has its cause", refused_by_us), ("a message to the phone, and the release after it", to_the_phone),
            ("a full phone, and RP-SMMA", memory), ("pagings in vain, the alert", in_vain), ("2000 messages to one phone", thousands),
            ("the MME breaks off in the middle", mme_restarts), ("we are killed and come back", we_are_killed)]


def main():
    programs, number, bad = [], 0, 0
    try:
        for name, step in through(programs):
            number += 1
            try:
                step()
                print(f"ok {number} - {name}", flush=True)
            except (AssertionError, OSError) as problem:
                bad += 1
                print(f"not ok {number} - {name}\n# {problem}", flush=True)
                break
    finally:
        for program in programs:
            program.stop()
    print(f"1..{number}")
    return 1 if bad or not number else 0


if __name__ == "__main__":
    sys.exit(main())
