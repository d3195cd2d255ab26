#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Transcripts of the terminal, tests/vty/*.vty, against a daemon each. Prints TAP.

A line that starts with a prompt is typed; the lines after it are what must come back, up to the next prompt. "..." stands
for any lines. Lines before the first prompt are comment. Afterwards the configuration in use, written to its file, must
read back to the same text.
"""
import glob
import os
import re
import sys

from daemon import ROOT, Daemon, Tap, Terminal

TYPED = re.compile(r"^(cellpost(?:\([a-z-]+\))?[>#]) ?(.*)$")


def steps(path, port):
    """(prompt, line, expected lines)"""
    found = []
    with open(path, encoding="utf-8") as f:
        for line in f.read().replace("@PORT@", str(port)).split("\n")[:-1]:
            typed = TYPED.match(line)
            if typed:
                found.append((typed.group(1) + " ", typed.group(2), []))
            elif found:
                found[-1][2].append(line)
    return found


def same(expected, got):
    """Lines, where "..." stands for any number of them."""
    if not expected:
        return not got
    if expected[0] == "...":
        return any(same(expected[1:], got[n:]) for n in range(len(got) + 1))
    return bool(got) and got[0] == expected[0] and same(expected[1:], got[1:])


def play(tap, path, text):
    name = os.path.basename(path)
    daemon = Daemon(text)
    try:
        terminal = Terminal(daemon.port)
        for number, (prompt, line, expected) in enumerate(steps(path, daemon.port)):
            if terminal.prompt != prompt:
                tap.check(False, f"{name}: {line}", f"prompt {terminal.prompt!r} instead of {prompt!r}")
                return
            # A question is answered without an end of line.
            if line.endswith("?"):
                terminal.socket.sendall(line.encode())
                got = terminal.read()
                terminal.socket.sendall(b"\r\n")
            else:
                got = terminal.say(line)
            got = got if got is not None else ["(ended)"]
            tap.check(same(expected, got), f"{name} {number + 1}: {line or '(empty)'}", "\n".join(got))
        round_trip(tap, name, daemon)
    finally:
        code = daemon.stop()
        tap.check(code == 0, f"{name}: ends well", f"exit code {code}\n" + daemon.log())


def round_trip(tap, name, daemon):
    """What runs, written to the file and read again, is the same."""
    terminal = Terminal(daemon.port)
    terminal.say("enable")
    before = terminal.say("show running-config all")
    written = terminal.say("write file")
    used = daemon.log().count("configuration in use")
    daemon.hup()
    again = daemon.wait_log("configuration in use", count=used + 1)
    after = terminal.say("show running-config all")
    tap.check(written == ["Configuration written"] and again and before == after and len(before) > 20,
              f"{name}: what is written reads back the same", "\n".join(written + before + ["---"] + after))
    terminal.close()


def main():
    tap = Tap()
    with open(os.path.join(ROOT, "tests/vty/base.cfg"), encoding="utf-8") as f:
        text = f.read()
    for path in sorted(glob.glob(os.path.join(ROOT, "tests/vty/*.vty"))):
        play(tap, path, text)
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
