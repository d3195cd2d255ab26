#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""AT modems: a scripted modem on a pseudo-terminal, which smstools' smsd accepts as one, and our engine on the same. Prints TAP."""
import glob
import os
import pty
import queue
import re
import select
import signal
import subprocess
import sys
import tempfile
import threading
import time
import tty

B = os.environ.get("B", "build/release")
CENTRE = "0791947107160000"
DELIVER = "040b919471325476f800006211523214054005c8329bfd06"
SUBMIT = "11000b919471325476f80000a705c8329bfd06"
REPORT = "06070b919471325476f8621152321405406211523214054000"
LIMIT = 20


class Modem(threading.Thread):
    """The modem's side: answers commands, keeps a store, pushes messages."""

    def __init__(self, pin=None):
        super().__init__(daemon=True)
        self.master, slave = pty.openpty()
        tty.setraw(self.master)
        tty.setraw(slave)
        self.path = os.ttyname(slave)
        self.slave = slave  # held open, so that the other side may come and go
        self.pin, self.echo = pin, True
        self.commands, self.sent, self.store, self.unacknowledged = [], [], {}, []
        self.acknowledges, self.push, self.reference = False, 0, 0
        self.send_answer = None  # instead of +CMGS
        self.silent = False
        self.lock = threading.Lock()
        self.pdu_length = None
        self.on = True

    def put(self, text):
        os.write(self.master, text.encode())

    def lines(self, *lines):
        self.put("".join(f"\r\n{line}\r\n" for line in lines))

    def run(self):
        data = b""
        while self.on:
            if not select.select([self.master], [], [], 0.1)[0]:
                continue
            try:
                data += os.read(self.master, 4096)
            except OSError:
                return
            data = self.take(data)

    def take(self, data):
        while data:
            ends = b"\x1a\x1b" if self.pdu_length is not None else b"\r\x1b"
            at = next((i for i, c in enumerate(data) if c in ends), None)
            if at is None:
                return data
            item, end, data = data[:at].decode(errors="replace").strip(), data[at], data[at + 1:]
            if self.silent:
                continue
            with self.lock:
                if self.pdu_length is not None:
                    length, self.pdu_length = self.pdu_length, None
                    if end == 0x1A:
                        self.sent_pdu(item, length)
                    else:
                        self.lines("OK")
                elif end == 0x0D and item:
                    self.command(item)
        return data

    def sent_pdu(self, text, length):
        octets = bytes.fromhex(text)
        if self.send_answer is not None:
            self.lines(*self.send_answer)
            return
        if len(octets) - 1 - octets[0] != length:
            self.lines("+CMS ERROR: 304")
            return
        self.sent.append(octets[1 + octets[0]:].hex())
        self.reference = (self.reference + 1) % 256
        self.lines(f"+CMGS: {self.reference}", "OK")

    def command(self, text):
        self.commands.append(text)
        if self.echo:
            self.put(text + "\r")
        upper = text.upper()
        if upper.startswith("ATE"):
            self.echo = upper == "ATE1"
        if m := re.match(r"AT\+CMGS=(\d+)$", upper):
            self.pdu_length = int(m.group(1))
            self.put("\r\n> ")
            return
        if m := re.match(r'AT\+CPIN="?(\d+)"?$', upper):
            good = m.group(1) == self.pin
            self.pin = None if good else self.pin
            self.lines("OK" if good else "+CME ERROR: 16")
            return
        self.lines(*self.answer(upper))

    def answer(self, text):
        if self.pin and text.startswith(("AT+CMG", "AT+CSMS", "AT+CNMI", "AT+CSQ")):
            return ["+CMS ERROR: 311"]
        if text == "AT+CPIN?":
            return ["+CPIN: " + ("SIM PIN" if self.pin else "READY"), "OK"]
        if text == "AT+CREG?":
            return ["+CREG: 1,1", "OK"]
        if text == "AT+CSQ":
            return ["+CSQ: 20,99", "OK"]
        if text.startswith("AT+CSMS=1"):
            self.acknowledges = True
            return ["+CSMS: 1,1,1", "OK"]
        if text.startswith("AT+CPMS?"):
            return [f'+CPMS: "SM",{len(self.store)},20,"SM",{len(self.store)},20,"SM",{len(self.store)},20', "OK"]
        if text.startswith("AT+CPMS="):
            return [f"+CPMS: {len(self.store)},20,{len(self.store)},20,{len(self.store)},20", "OK"]
        if text.startswith("AT+CNMI="):
            self.push = int(text.split("=")[1].split(",")[1])
            return ["OK"]
        if text.startswith("AT+CNMA"):
            if not self.unacknowledged:
                return ["+CMS ERROR: 340"]
            self.unacknowledged.pop(0)
            return ["OK"]
        if m := re.match(r"AT\+CMGR=(\d+)$", text):
            pdu = self.store.get(int(m.group(1)))
            return [f"+CMGR: 1,,{len(pdu) // 2 - 8}\r\n{pdu}", "OK"] if pdu else ["OK"]
        if m := re.match(r"AT\+CMGD=(\d+)", text):
            self.store.pop(int(m.group(1)), None)
            return ["OK"]
        if text.startswith("AT+CMGL"):
            return [f"+CMGL: {n},1,,{len(pdu) // 2 - 8}\r\n{pdu}" for n, pdu in sorted(self.store.items())] + ["OK"]
        return ["OK"]

    def arrives(self, tpdu, code="+CMT", stored=False):
        with self.lock:
            if stored or self.push != 2:
                place = next(n for n in range(1, 99) if n not in self.store)
                self.store[place] = (CENTRE + tpdu).upper()
                if self.push:
                    self.lines(f'+CMTI: "SM",{place}')
                return
            if self.acknowledges:
                self.unacknowledged.append(tpdu)
            self.lines(f"{code}: {',' if code == '+CMT' else ''}{len(tpdu) // 2}\r\n{CENTRE}{tpdu}")

    def wait(self, what, seconds=LIMIT):
        end = time.monotonic() + seconds
        while not what():
            if time.monotonic() > end:
                raise AssertionError(f"the modem waited in vain; commands: {self.commands[-12:]}")
            time.sleep(0.02)


class Ours:
    def __init__(self, path, *args):
        self.lines, self.seen = queue.Queue(), []
        self.child = subprocess.Popen([os.path.join(B, "tests/sms/peer_modem"), path, *args], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        threading.Thread(target=self.read, daemon=True).start()

    def read(self):
        for line in self.child.stdout:
            self.lines.put(line.decode().rstrip())

    def say(self, text):
        self.child.stdin.write((text + "\n").encode())
        self.child.stdin.flush()

    def wait(self, start, seconds=LIMIT):
        end = time.monotonic() + seconds
        while True:
            try:
                line = self.lines.get(timeout=max(0.01, end - time.monotonic()))
            except queue.Empty:
                raise AssertionError(f"no line {start!r}; before: {self.seen[-8:]}") from None
            self.seen.append(line)
            if line.startswith(start):
                return line

    def stop(self):
        self.child.stdin.close()
        self.child.terminate()
        self.child.wait()


def expect(got, wanted):
    assert got == wanted, f"{got!r}, wanted {wanted!r}"


def ours_sends_and_receives(modem):
    engine = Ours(modem.path)
    try:
        engine.wait("state ready")
        engine.say("submit " + SUBMIT)
        expect(engine.wait("ended"), "ended sent 1 0")
        expect(modem.sent[-1], SUBMIT)
        modem.arrives(DELIVER)
        expect(engine.wait("message"), "message " + DELIVER)
        time.sleep(0.3)
        assert modem.unacknowledged, "acknowledged before the commit"
        engine.say("commit 1")
        modem.wait(lambda: not modem.unacknowledged)
        modem.arrives(REPORT, "+CDS")
        expect(engine.wait("message"), "message " + REPORT)
        engine.say("commit 1")
        modem.wait(lambda: not modem.unacknowledged)
        modem.arrives(DELIVER, stored=True)
        expect(engine.wait("message"), "message " + DELIVER)
        time.sleep(0.3)
        assert modem.store, "deleted before the commit"
        engine.say("commit 1")
        modem.wait(lambda: not modem.store)
    finally:
        engine.stop()


def ours_killed_before_the_commit(modem):
    engine = Ours(modem.path)
    try:
        engine.wait("state ready")
        modem.arrives(DELIVER, stored=True)
        engine.wait("message")
    finally:
        engine.child.kill()
        engine.child.wait()
    engine = Ours(modem.path)
    try:
        expect(engine.wait("message"), "message " + DELIVER)
        engine.say("commit 1")
        modem.wait(lambda: not modem.store)
    finally:
        engine.stop()


def ours_and_a_silent_network(modem):
    engine = Ours(modem.path)
    try:
        engine.wait("state ready")
        modem.send_answer = []
        before = len(modem.sent)
        engine.say("submit " + SUBMIT)
        expect(engine.wait("ended"), "ended unsure 0 0")
        engine.wait("state broken")
        modem.send_answer = None
        engine.wait("state ready")
        expect(len(modem.sent), before)  # never again by itself
        modem.send_answer = ["+CMS ERROR: 38"]
        engine.say("submit " + SUBMIT)
        expect(engine.wait("ended"), "ended refused 0 38")
    finally:
        modem.send_answer = None
        engine.stop()


def ours_and_a_pin(_):
    modem = Modem(pin="1234")
    modem.start()
    engine = Ours(modem.path, "9999")
    try:
        engine.wait("state stopped: the SIM refused its PIN")
        expect(len([c for c in modem.commands if c.startswith('AT+CPIN="')]), 1)
    finally:
        engine.stop()
    engine = Ours(modem.path, "1234")
    try:
        engine.wait("state ready")
    finally:
        engine.stop()
        modem.on = False


def smsd_accepts_the_modem(modem):
    """The judge: what we test against is a modem to somebody else too."""
    with tempfile.TemporaryDirectory() as folder:
        for name in ("outgoing", "checked", "incoming", "sent", "failed"):
            os.mkdir(os.path.join(folder, name))
        config = os.path.join(folder, "smsd.conf")
        with open(config, "w", encoding="ascii") as f:
            f.write("devices = GSM1\nloglevel = 7\ndelaytime = 1\nerrorsleeptime = 1\n")
            for name in ("outgoing", "checked", "incoming", "sent", "failed"):
                f.write(f"{name} = {folder}/{name}\n")
            f.write(f"logfile = {folder}/log\ninfofile = {folder}/info\npidfile = {folder}/pid\nstats = {folder}\n")
            f.write(f"[GSM1]\ndevice = {modem.path}\nincoming = yes\nbaudrate = 115200\ninit = ATE0\n")
        with open(os.path.join(folder, "outgoing", "one"), "w", encoding="ascii") as f:
            f.write("To: 49172345678\n\nHello\n")
        before = len(modem.sent)
        child = subprocess.Popen(["smsd", "-t", f"-c{config}"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
        try:
            modem.wait(lambda: len(modem.sent) > before)
            assert modem.sent[-1].endswith("05c8329bfd06"), modem.sent[-1]
            modem.arrives(DELIVER, stored=True)
            received = os.path.join(folder, "incoming", "*")
            modem.wait(lambda: glob.glob(received) and os.path.getsize(glob.glob(received)[0]) > 100)
            with open(glob.glob(received)[0], encoding="utf-8") as f:
                text = f.read()
            assert "From: 49172345678" in text and text.rstrip().endswith("Hello"), text
            modem.wait(lambda: not modem.store)
        except AssertionError as problem:
            with open(os.path.join(folder, "log"), encoding="utf-8", errors="replace") as f:
                raise AssertionError(f"{problem}\n# " + "\n# ".join(f.read().splitlines()[-20:])) from None
        finally:
            os.killpg(child.pid, signal.SIGTERM)
            try:
                child.wait(10)
            except subprocess.TimeoutExpired:
                os.killpg(child.pid, signal.SIGKILL)
                child.wait()


STEPS = [ours_sends_and_receives, ours_killed_before_the_commit, ours_and_a_silent_network, ours_and_a_pin, smsd_accepts_the_modem]


def main():
    bad = 0
    for number, step in enumerate(STEPS, 1):
        modem = Modem()
        modem.start()
        try:
            step(modem)
            print(f"ok {number} - {step.__name__.replace('_', ' ')}", flush=True)
        except (AssertionError, OSError) as problem:
            bad += 1
            print(f"not ok {number} - {step.__name__.replace('_', ' ')}\n# {problem}", flush=True)
        finally:
            modem.on = False
    print(f"1..{len(STEPS)}")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
