#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The contract of daemon/role.h, and roles that break it, with tests/daemon/dump_roles. Prints TAP."""
import os
import sys
import time

from daemon import PROGRAM, Daemon, Tap, Terminal, free_port

ROLES = os.path.join(os.path.dirname(PROGRAM), "tests/daemon/dump_roles")
BASE = """log
 level error
 daemon notice
vty
 listen 127.0.0.1:@PORT@
fake
"""


def start(fake, files=None, ready=15):
    return Daemon(BASE + fake, program=ROLES, files=files, ready=ready)


def ask(daemon, words):
    terminal = Terminal(daemon.port)
    lines = terminal.say("show " + words)
    terminal.close()
    return lines


def queue(daemon, how="state"):
    return ask(daemon, "message " + how)


def life(tap):
    one, two = free_port(), free_port()
    text = f" word first\n secret hush\n paper note.pem\n listen 127.0.0.1:{one}\n"
    daemon = start(text, {"note.pem": "PEM-1"})
    notes = queue(daemon)
    tap.check(notes == ["check first", "open first", "switch first", "paper PEM-1", "secret hush"] + notes[5:] and
              sorted(notes[5:]) == [f"listen 127.0.0.1:{one}", "peer sms"],
              "the life of a role: check, open, switch, then peers and sockets", notes)
    notes = ask(daemon, "smpp")
    tap.check("secret " in notes and "secret hush" not in notes, "a secret goes only to the roles of its node", notes)
    with open(os.path.join(daemon.folder, "note.pem"), "w", encoding="ascii") as f:
        f.write("PEM-2")
    used = daemon.log().count("configuration in use")
    daemon.configure(BASE + f" word second\n paper note.pem\n listen 127.0.0.1:{two}\n")
    daemon.hup()
    daemon.wait_log("configuration in use", count=used + 1)
    time.sleep(0.2)
    new = queue(daemon)[7:]
    tap.check(new[:4] == ["check second", "switch second", "paper PEM-2", "secret "] and
              sorted(new[4:]) == sorted([f"listen 127.0.0.1:{two}", f"unlisten 127.0.0.1:{one}"]),
              "a reload: check, switch, the new socket, the old one closed; nothing is opened again", new)
    tap.check(daemon.stop() == 0, "it ends well", daemon.log())


def refusals(tap):
    daemon = start(" refuse yes\n", ready=10)
    code = daemon.stop()
    tap.check(code == 1 and "role queue: told to refuse" in daemon.log(), "a role refuses at start: why, exit code 1",
              f"{code}\n{daemon.log()}")
    daemon = start(" fail-open yes\n", ready=10)
    code = daemon.stop()
    tap.check(code == 1 and "cannot open what it needs" in daemon.log(), "a role cannot open at start: why, exit code 1",
              f"{code}\n{daemon.log()}")
    daemon = start(" paper missing.pem\n", ready=10)
    code = daemon.stop()
    tap.check(code == 1 and "missing.pem: No such file or directory" in daemon.log(),
              "a file that is not there at start: why, exit code 1", f"{code}\n{daemon.log()}")
    daemon = start(" die yes\n", ready=10)
    code = daemon.stop()
    tap.check(code == 1, "a role dies at start: exit code 1", f"{code}\n{daemon.log()}")


def refusals_later(tap):
    daemon = start(" word good\n")
    daemon.configure(BASE + " word bad\n refuse yes\n")
    daemon.hup()
    tap.check(daemon.wait_log("refused, the old configuration stays: role queue: told to refuse"),
              "a role refuses a reload", daemon.log())
    daemon.configure(BASE + " word worse\n paper missing.pem\n")
    daemon.hup()
    tap.check(daemon.wait_log("missing.pem: No such file"), "a file that is not there refuses a reload", daemon.log())
    notes = queue(daemon)
    tap.check("switch good" in notes and not any(x in notes for x in ("switch bad", "switch worse")),
              "what ran before runs on", notes)
    ready = daemon.log().count("queue: ready again")
    daemon.configure(BASE + " word deadly\n die yes\n")
    daemon.hup()
    tap.check(daemon.wait_log("role queue died while it looked at it") and
              daemon.wait_log("queue: ready again", count=ready + 1),
              "a role that dies of a configuration is started with the old one", daemon.log())
    notes = queue(daemon)
    tap.check(notes[:3] == ["check good", "open good", "switch good"], "... and has it", notes)
    terminal = Terminal(daemon.port)
    for line in ("enable", "configure terminal", "fake", "refuse yes"):
        terminal.say(line)
    answer = terminal.say("commit")
    tap.check(answer == ["% refused, nothing changed: role queue: told to refuse"], "a commit that a role refuses", answer)
    terminal.say("refuse no")
    terminal.say("word typed")
    answer = terminal.say("commit")
    tap.check(answer == ["In use"] and "switch typed" in queue(daemon), "... may be mended and committed", answer)
    terminal.close()
    tap.check(daemon.stop() == 0, "it ends well", daemon.log())


def bad_records(tap):
    daemon = start("")
    parent = daemon.process.pid
    control, sms, pid = (daemon.role_pid(r) for r in ("control", "sms", "queue"))
    queue(daemon, "bad-peer")
    time.sleep(1.6)
    notes, other = queue(daemon), ask(daemon, "smpp")
    tap.check(notes.count("peer sms") == 2 and notes.count("lost sms") == 1 and other.count("peer queue") == 2 and
              daemon.role_pid("queue") == pid and daemon.role_pid("sms") == sms,
              "a bad record between roles closes their pair, kills nobody, and a new pair follows", notes + ["--"] + other)
    queue(daemon, "good-peer")
    time.sleep(0.2)
    other = ask(daemon, "smpp")
    tap.check(other.count("record queue") == 2, "... which works", other)
    queue(daemon, "bad-control")
    time.sleep(1.6)
    notes = queue(daemon)
    tap.check(daemon.role_pid("control") == control and notes and notes[0].startswith("check"),
              "a bad record to control closes the pair, and a new one follows", notes)
    ready = daemon.log().count("queue: ready again")
    queue(daemon, "bad-parent")
    tap.check(daemon.wait_log("queue: ready again", count=ready + 1), "a bad record to the parent costs that role its life",
              daemon.log())
    tap.check(daemon.process.pid == parent and daemon.process.poll() is None and daemon.role_pid("control") == control and
              daemon.role_pid("sms") == sms and daemon.role_pid("queue") not in (0, pid), "... and no other")
    lines = queue(daemon, "exit")
    tap.check(lines == ["% role queue went away"], "an operator is told that the role that he asked is gone", lines)
    tap.check(daemon.wait_log("queue: ready again", count=ready + 2), "... and it returns", daemon.log())
    tap.check(daemon.wait_log(r"queue: starts again in (100|200|400) ms"), "... after a wait that grows", daemon.log())
    start_time = time.monotonic()
    lines = queue(daemon, "silent")
    tap.check(lines == ["% role queue did not answer in time"] and 8 < time.monotonic() - start_time < 13,
              "an operator does not wait for ever", lines)
    tap.check(daemon.stop() == 0, "it ends well", daemon.log())


def late_end(tap):
    daemon = start(" slow-stop yes\n")
    begun = time.monotonic()
    code = daemon.stop(40)
    took = time.monotonic() - begun
    tap.check(code == 0 and 9 < took < 14 and "did not finish in time" in daemon.log(),
              "a role that does not finish ends by itself after 10 s", f"{code} {took:.1f} s\n{daemon.log()}")


def main():
    tap = Tap()
    for part in (life, refusals, refusals_later, bad_records, late_end):
        part(tap)
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
