# SPDX-License-Identifier: GPL-3.0-or-later
"""A whole gateway for the scenarios: configuration with ports chosen here, roles that can be killed, an end that leaves
nothing behind, whatever happened. No test itself.

In the configuration's text @NAME@ stands for a free port, the same one wherever the name appears again: @vty@, @http@,
@smpp@, @lab@ are known to this module, others are for the scenario's own peers (gateway.ports["centre"])."""
import atexit
import base64
import hashlib
import json
import os
import random
import re
import shutil
import signal
import socket
import sys
import time

from daemon import Daemon, Tap, Terminal  # noqa: F401 (Tap is for those who import this)

ROLES = ("control", "queue", "sms", "api", "media", "lab", "lookup", "diameter")


# A role that fell by itself: a fault, the sandbox, a sanitizer. 9 and 15 are the scenarios' own.
FALLEN = r"ended by signal (?!9 |15 )|ended with code [1-9]|Sanitizer|runtime error: "


def secret(password):
    """The stored form of a secret (core/secret.h, sha256)."""
    salt = os.urandom(16)
    words = [base64.urlsafe_b64encode(x).rstrip(b"=").decode() for x in (salt, hashlib.sha256(salt + password.encode()).digest())]
    return "sha256$%s$%s" % tuple(words)


def free_port():
    """Below the range from which outgoing connections take theirs, so that nobody is given it meanwhile."""
    for _ in range(1000):
        port = random.randrange(15000, 30000)
        with socket.socket() as s:
            try:
                s.bind(("127.0.0.1", port))
                return port
            except OSError:
                continue
    raise OSError("no free port")


def wait_for(true, seconds, every=0.05):
    """Asks until the answer is true or the time is over; returns the last answer."""
    end = time.monotonic() + seconds
    while True:
        got = true()
        if got or time.monotonic() > end:
            return got
        time.sleep(every)


class Gateway(Daemon):
    """A running gateway. Ends and removes itself at the end of the program."""

    def __init__(self, text, ports=None, ready=20, env=None):
        self.ports = dict(ports or {})
        self.ended = False
        self.started = False
        atexit.register(self.close)
        super().__init__(text, env=env, ready=ready)
        if self.process.poll() is not None or not self.banner:
            self.complain("it did not start")
            raise SystemExit("the gateway did not start")
        self.started = True

    def configure(self, text):
        for name in re.findall(r"@([a-z]+[a-z0-9-]*)@", text):
            self.ports.setdefault(name, free_port())
        self.text = re.sub(r"@([a-z]+[a-z0-9-]*)@", lambda m: str(self.ports[m.group(1)]), text)
        super().configure(self.text)

    def complain(self, why):
        print(f"# {why}; the end of its log:", file=sys.stderr)
        for line in self.log().splitlines()[-40:]:
            print(f"#   {line}", file=sys.stderr)

    def wait_roles(self, names, seconds=20):
        return wait_for(lambda: all(self.role_pid(r) for r in names), seconds)

    def kill(self, role):
        """Ends a role at once; False when it has no process just now."""
        pid = self.role_pid(role)
        if not pid:
            return False
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            return False
        return True

    def show(self, words):
        """The lines of a show command, [] when control does not answer."""
        try:
            terminal = Terminal(self.ports["vty"], 5)
            lines = terminal.say("show " + words) or []
            terminal.close()
            return lines
        except OSError:
            return []

    def link_up(self, name, seconds=20):
        """Waits until the queue knows a link as up."""
        return wait_for(lambda: any(x.split()[:2] == [name, "up"] for x in self.show("links")), seconds, 0.1)

    def metrics(self):
        """Counters by name with labels, from GET /metrics."""
        from httpd import Http
        status, _, body = Http(self.ports["http"]).request("GET", "/metrics")
        found = {}
        for line in body.decode().splitlines() if status == 200 else []:
            if line and not line.startswith("#"):
                name, _, value = line.rpartition(" ")
                found[name] = float(value)
        return found

    def cpu(self):
        """Seconds of processor time of each process, by role."""
        tick = os.sysconf("SC_CLK_TCK")
        pids = {"parent": self.process.pid, **{r: self.role_pid(r) for r in ROLES}}
        found = {}
        for role, pid in pids.items():
            if pid:
                with open(f"/proc/{pid}/stat", encoding="ascii") as f:
                    fields = f.read().rpartition(")")[2].split()
                found[role] = (int(fields[11]) + int(fields[12])) / tick
        return found

    def memory(self):
        """KiB resident of its own, shared pages counted by share, by role."""
        found = {}
        for role, pid in {"parent": self.process.pid, **{r: self.role_pid(r) for r in ROLES}}.items():
            if pid:
                with open(f"/proc/{pid}/smaps_rollup", encoding="ascii") as f:
                    found[role] = int(re.search(r"^Pss: +(\d+)", f.read(), re.M).group(1))
        return found

    def close(self):
        """Whatever its state: no process and no file stays. Returns the exit code."""
        if self.ended:
            return self.code
        self.ended = True
        self.code = -1
        if hasattr(self, "process"):
            # Whatever the scenario was about, its ledger sums to zero.
            unsound = self.process.poll() is None and "vty" in self.ports and any("NOT SOUND" in line for line in self.show("ledger"))
            self.code = self.stop()
            if unsound:
                self.code = -3
            if self.started and re.search(FALLEN, self.log()):
                self.code = -2
            if self.started and self.code != 0:
                self.complain(f"it ended with {self.code}")
        if hasattr(self, "folder"):
            shutil.rmtree(self.folder, ignore_errors=True)
        return self.code


class Phone:
    """A handset of the lab network: the terminal's side of daemon/lab_role.c."""

    def __init__(self, port, number, timeout=10):
        self.port, self.number, self.timeout = port, number, timeout
        self.events = []
        self.rest = b""
        self.socket = socket.create_connection(("127.0.0.1", port), timeout)
        self.say("phone " + number)
        self.ready = self.wait("ready")

    def say(self, line):
        self.socket.sendall(line.encode() + b"\n")

    def read(self, seconds):
        self.socket.settimeout(max(seconds, 0.01))
        try:
            piece = self.socket.recv(1 << 20)
        except (TimeoutError, OSError):
            return False
        if not piece:
            return False
        lines = (self.rest + piece).split(b"\n")
        self.rest = lines.pop()
        self.events += [json.loads(x) for x in lines]
        return True

    def wait(self, event, seconds=None, match=lambda e: True):
        """The first event of that kind that was not taken yet, or None."""
        end = time.monotonic() + (seconds or self.timeout)
        while True:
            for e in self.events:
                if e.get("event") == event and match(e):
                    self.events.remove(e)
                    return e
            left = end - time.monotonic()
            if left <= 0:
                return None
            self.read(left)

    def close(self):
        self.socket.close()


def ends_on_term():
    """`timeout` ends a scenario by SIGTERM: the clean-up at exit must run then too."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))


ends_on_term()
