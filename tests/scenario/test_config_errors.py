#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""A careless operator: wrong files are refused with file, line, word and the nearest known word, and a running gateway
keeps the configuration it has whatever file a SIGHUP finds. Prints TAP."""
import os
import subprocess
import sys

from gateway import Gateway, Tap, secret, wait_for
from httpd import Http

GOOD = """log
 level error
vty
 listen 127.0.0.1:@vty@
http
 listen 127.0.0.1:@http@
lab
 listen 127.0.0.1:@lab@
 any yes
account app
 secret %s
 allow-sender *
 default-sender 1234
route phones
 prefix +8190
 link lab
"""
# (lines added behind the good ones, line of them that is named or None, what is said)
WRONG = [
    ("lgo\n level debug\n", 1, "lgo: no such node; did you mean `log`?"),
    ("smsc a\n hots x:1\n", 2, "hots: no such word in `smsc`; did you mean `host`?"),
    ("smsc a\n host x:1\n system-id x\n doubt repaet\n", 4, "repaet: `doubt` is one of: default repeat report; did you mean `repeat`?"),
    ("smsc a\n host x:1\n", 1, "a: `smsc` needs `system-id`"),
    ("smsc a\n host x:1\n system-id x\n window 0\n", 4, "0: `window` goes from 1 to 10000"),
    ("smsc a\n host x:1\n system-id x\n window many\n", 4, "many: "),
    ("smsc a\n host x:1\n system-id x\n answer 30\n", 4, "30: "),
    ("smpp-server\n listen 127.0.0.1\n", 2, "127.0.0.1: expected ADDRESS:PORT"),
    ("smpp-server\n listen 127.0.0.1:99999\n", 2, "127.0.0.1:99999: expected ADDRESS:PORT"),
    ("account b\n", 1, "b: `account` needs `secret`"),
    ("account b\n secret in-clear\n", None, "account b: a secret is scrypt$... or sha256$..."),
    ("account app\n secret x\n", 1, "app: this node was opened at line"),
    ("account\n", 1, "`account` needs a name"),
    ("account an-account-with-a-long-name\n secret sha256$AAAA$AAAA\n", 1, "an-account-with-a-long-name: "),
    ("route b\n link lab\n", 1, "b: `route` needs `prefix`"),
    ("route b\n prefix 1\n", 1, "b: a route needs a link"),
    ("route b\n prefix 1\n link lab heavy\n", None, "a link of a route is written as"),
    ("queue\n validity 90d\n", 2, "90d: `validity` goes from 1s to 30d"),
    ("queue\n retry soon\n", 1, "`retry` takes up to 16 durations"),
    ("smsc centre\n host x:1\n system-id x\nroute b\n prefix 1\n link smsc:centr\n", 6, "smsc:centr: there is no smsc `centr`; did you mean `centre`?"),
    ("route b\n prefix 1\n link lab\n link esme:ap\n", 4, "esme:ap: there is no account `ap`; did you mean `app`?"),
    ("route b\n prefix 1\n link centre 3\n", 3, "centre: no such kind of link: write smsc:NAME"),
    ("store\n driver postgres\n", 2, "postgres: `driver` is one of: sqlite memory"),
    ("smpp-server\n tls-listen 127.0.0.1:1\n", None, "tls-"),
    ("smpp-server\n tls-listen 127.0.0.1:1\n tls-certificate /nowhere/x.pem\n tls-key /nowhere/x.key\n", None, "/nowhere/x.pem"),
    ("! a comment, then a control character\nlog\x01\n", 2, "\\x01"),
    ("route b\n prefix 1\n  link lab\n reject perhaps\n", 4, "perhaps: "),
    ("handset x\n coverage maybe\n", 2, "maybe: "),
    ("\n\n stray yes\n", None, "stray: "),
    ("x" * 5000 + "\n", 1, ""),
]
LAB = ("lab\n listen 127.0.0.1", "lab\n listen 0.0.0.0")  # it asks for no password


def cellpost(gateway, *words):
    program = os.path.join(os.path.dirname(gateway.process.args[0]), "cellpost")
    return subprocess.run([program, *words], cwd=gateway.folder, capture_output=True, check=False, timeout=20)


def refused(gateway, text, line, said):
    """What is wrong with the answer to a wrong file; empty when nothing is."""
    with open(os.path.join(gateway.folder, "wrong.cfg"), "w", encoding="utf-8") as f:
        f.write(text)
    done = cellpost(gateway, "config", "check", "wrong.cfg")
    out = done.stderr.decode("utf-8", "replace")
    where = f"wrong.cfg:{line}: " if line else ""
    if done.returncode != 1:
        return f"exit code {done.returncode}: {out}"
    if not any(x.startswith(where) and said in x for x in out.splitlines()):
        return f"wanted {where}...{said}, got {out}"
    return ""


def send(gateway):
    return Http(gateway.ports["http"], "app", "secret").json("POST", "/v1/messages", {"to": "+819012345678", "text": "hi"})[0]


def main():
    tap = Tap()
    gateway = Gateway(GOOD % secret("secret"))
    lines = gateway.text.count("\n")
    cases = [(gateway.text + more, line and lines + line, said) for more, line, said in WRONG]
    cases.append((" \n\n", None, "empty: a configuration that serves nobody is not used"))
    cases.append((gateway.text.replace(*LAB), 7, "loopback addresses only"))
    wrong = [w for w in (refused(gateway, *c) for c in cases) if w]
    tap.check(not wrong, f"{len(cases)} wrong files: exit code 1, file, line, word, nearest word", "\n".join(wrong))
    several = refused(gateway, gateway.text + WRONG[0][0] + WRONG[1][0], lines + 4, WRONG[1][2])
    tap.check(not several, "all faults of a file show at once", several)
    good = cellpost(gateway, "config", "check", "test.cfg")
    tap.check(good.returncode == 0, "and a good one is good", good)
    none = cellpost(gateway, "config", "check", "none.cfg")
    tap.check(none.returncode == 1 and b"none.cfg" in none.stderr, "no file at all", none)

    shown = [x for x in gateway.show("running-config") if x] or gateway.show("queue")
    pids = {r: gateway.role_pid(r) for r in gateway.roles()}
    lost = []
    for text, _, said in cases + [("\xff\xfe", 0, "octets that are no text")]:
        with open(gateway.config, "w", encoding="latin-1") as f:
            f.write(text)
        gateway.hup()
        if send(gateway) != 202:
            lost.append(said)
    # The same address for two purposes passes the check of a file, and is refused when it is to be bound.
    with open(gateway.config, "w", encoding="utf-8") as f:
        f.write(gateway.text + f"smpp-server\n listen 127.0.0.1:{gateway.ports['http']}\n")
    gateway.hup()
    tap.check(gateway.wait_log(str(gateway.ports["http"]), 10), "an address that is taken is named in the log", gateway.log()[-1500:])
    tap.check(not lost and send(gateway) == 202, "a SIGHUP with each of them: messages go on", lost)
    tap.check(pids == {r: gateway.role_pid(r) for r in pids}, "no role was started anew", gateway.log()[-1500:])
    tap.check(gateway.wait_log("did you mean `host`", 5), "the faults are in the log")
    now = [x for x in gateway.show("running-config") if x] or gateway.show("queue")
    tap.check(now and (now == shown or "ended" in str(now)), "the running configuration stayed", now[:5])
    with open(gateway.config, "w", encoding="utf-8") as f:
        f.write(gateway.text + "route more\n prefix +8170\n link lab\n")
    gateway.hup()
    http = Http(gateway.ports["http"], "app", "secret")
    taken = wait_for(lambda: http.json("POST", "/v1/messages", {"to": "+817012345678", "text": "hi"})[0] == 202, 10, 0.1)
    tap.check(taken, "and a good file after all that is used", gateway.log()[-1500:])
    if tap.failed:
        gateway.complain("something failed")
    tap.check(gateway.close() == 0, "it ends in order")
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
