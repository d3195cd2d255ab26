#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""`log format journal`: what every role sends to journald's socket, read as its native protocol says (one datagram an
entry, lines FIELD=value). The socket is one of our own in a mount namespace of our own. Prints TAP; needs root."""
import os
import re
import shutil
import socket
import subprocess
import sys
import threading
import time

from gateway import Gateway, Tap, Terminal, wait_for

SOCKET = "/run/systemd/journal/socket"
CONFIG = """log
 format journal
 level %s
vty
 listen 127.0.0.1:@vty@
http
 listen 127.0.0.1:@http@
lab
 listen 127.0.0.1:@lab@
smsc nowhere
 host 127.0.0.1:9
 system-id x
"""
FIELDS = {"PRIORITY", "SYSLOG_IDENTIFIER", "CELLPOST_ROLE", "CELLPOST_CATEGORY", "CELLPOST_ID", "MESSAGE"}


class Journal(threading.Thread):
    def __init__(self):
        super().__init__(daemon=True)
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        os.makedirs(os.path.dirname(SOCKET))
        self.socket.bind(SOCKET)
        self.entries, self.bad = [], []
        self.start()

    def run(self):
        while True:
            datagram = self.socket.recv(1 << 20)
            try:
                self.entries.append(self.read(datagram.decode()))
            except ValueError:
                self.bad.append(datagram)

    @staticmethod
    def read(text):
        """A field's name is capitals, digits and '_'; its value ends with the line."""
        if not text.endswith("\n"):
            raise ValueError("no end")
        entry = {}
        for line in text[:-1].split("\n"):
            name, equals, value = line.partition("=")
            if not equals or not re.fullmatch("[A-Z][A-Z0-9_]*", name) or name in entry:
                raise ValueError(line)
            entry[name] = value
        return entry

    def of(self, role):
        return [e for e in self.entries if e.get("CELLPOST_ROLE") == role]


def inside(tap):
    subprocess.run(["mount", "-t", "tmpfs", "tmpfs", "/run"], check=True)
    journal = Journal()
    gateway = Gateway(CONFIG % "debug")
    terminal = Terminal(gateway.ports["vty"], 10)
    terminal.say("enable")
    terminal.close()
    roles = ("parent", "control", "queue", "sms", "api", "lab")
    wait_for(lambda: journal.of("parent") and journal.of("sms") and journal.of("control"), 30)
    gateway.kill("lab")
    tap.check(wait_for(lambda: any("ended by signal 9" in e["MESSAGE"] for e in journal.of("parent")), 30), "a role's death is in the journal", journal.of("parent"))
    code = gateway.close()
    time.sleep(0.2)
    tap.check(not journal.bad, "every datagram is an entry as the protocol says", journal.bad[:3])
    tap.check(len(journal.entries) > 5 and all({"PRIORITY", "SYSLOG_IDENTIFIER", "CELLPOST_ROLE", "CELLPOST_CATEGORY", "MESSAGE"} <= set(e) <= FIELDS
                                               for e in journal.entries), f"each of {len(journal.entries)} has its fields, and no others", journal.entries[:5])
    tap.check(all(e["SYSLOG_IDENTIFIER"] == "cellpostd" and e["PRIORITY"] in "34567" and e["MESSAGE"] for e in journal.entries), "with values that journald knows",
              [e for e in journal.entries if e["PRIORITY"] not in "34567"])
    said = [r for r in roles if journal.of(r)]
    tap.check({"parent", "control", "sms"} <= set(said), "they come from " + ", ".join(said), said)
    levels = {e["PRIORITY"] for e in journal.entries}
    tap.check(len(levels) >= 2, f"of levels {sorted(levels)}", levels)
    tap.check(any(e.get("CELLPOST_ID") == "smsc:nowhere" for e in journal.of("sms")), "an object's name is a field of its own", journal.of("sms")[:5])
    late = [x for x in gateway.log().splitlines() if "serving" in x] if os.path.exists(gateway.log_path) else []
    tap.check(not late, "and nothing of it goes to stderr as well", late)
    tap.check(code == 0, "it ends in order", code)
    return tap.end()


def main():
    tap = Tap()
    if "--inside" in sys.argv:
        return inside(tap)
    if os.geteuid() or not shutil.which("unshare"):
        tap.check(True, "the journal's format # SKIP needs root, for a mount of its own")
        return tap.end()
    return subprocess.run(["unshare", "-m", sys.executable, os.path.abspath(__file__), "--inside"], check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
