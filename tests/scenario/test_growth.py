#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Many messages over HTTP and SMPP, in rounds: after the first ones no role takes more memory, nor more descriptors, and
every link's window is free again. Prints TAP. GROWTH_MESSAGES (120000) makes it longer."""
import os
import subprocess
import sys
import time

from daemon import B, ROOT
from gateway import ROLES, Gateway, Tap, free_port, secret, wait_for

MESSAGES = int(os.environ.get("GROWTH_MESSAGES", 120000))
ROUNDS, WARM = 6, 2  # the first ones fill pools
ALLOWED = 1024  # KiB that a role may take more in the rounds after
QUEUE_MAX = 128 * 1024  # KiB of the queue: the store's caches, 64 MiB and 16 per reader, fill up slowly
TOOLS = os.path.join(ROOT, B, "tests/tools") if not os.path.isabs(B) else os.path.join(B, "tests/tools")
CONFIG = """log
 level error
vty
 listen 127.0.0.1:@vty@
http
 listen 127.0.0.1:@http@
smpp-server
 listen 127.0.0.1:@smpp@
queue
 keep-text 1s
lab
 listen 127.0.0.1:@lab@
 any yes
smsc centre
 host 127.0.0.1:@centre@
 system-id growth
 window 100
account app
 secret %s
 allow-sender *
 default-sender 1234
 smpp-binds 100
route phones
 prefix +8190
 prefix 8190
 link lab
route centre
 prefix +8170
 prefix 8170
 link smsc:centre
"""


def run(tool, *words):
    return subprocess.Popen([os.path.join(TOOLS, tool), *map(str, words)], stdout=subprocess.DEVNULL)


def one_round(gateway, number, count):
    """A third each: HTTP to handsets, SMPP to handsets, SMPP to the centre; receipts asked for over SMPP."""
    third = count // 3
    body = '{"to":"+8190{n}","text":"growth {n}"}'
    smpp = ("-p", gateway.ports["smpp"], "-u", "app", "-P", "secret", "-w", 100, "-n", third, "-f", "1234", "-r")
    # One after the other: receipts go to any bind of the account.
    jobs = [run("http_load", "-p", gateway.ports["http"], "-n", third, "-c", 16, "-b", body, "-o", number * third, "-H",
                "Authorization: Basic YXBwOnNlY3JldA==", "/v1/messages")]
    for prefix in ("8190", "8170"):
        jobs.append(run("smpp_load", *smpp, "-c", 4, "-t", f"{prefix}{number}"))
        jobs[-1].wait(120)
    return max(j.wait(120) for j in jobs)


def idle(gateway):
    def quiet():
        links = gateway.show("links")[1:]
        return links and all(x.split()[2] == "0" for x in links) and any(
            x.split()[:2] == ["outbox", "0"] for x in gateway.show("queue"))
    return wait_for(quiet, 60, 0.3)


def descriptors(gateway):
    return {r: len(os.listdir(f"/proc/{gateway.role_pid(r)}/fd")) for r in ROLES}


def main():
    tap = Tap()
    port = free_port()
    centre = run("smpp_sink", "-p", port, "-r")
    gateway = Gateway(CONFIG % secret("secret"), {"centre": port})
    try:
        tap.check(gateway.link_up("smsc:centre") and gateway.link_up("lab"), "the links are up")
        seen, files, failed, started = [], [], 0, time.monotonic()
        for n in range(ROUNDS):
            failed += one_round(gateway, n, MESSAGES // ROUNDS)
            tap.check(idle(gateway), f"round {n + 1}: all is delivered, no link has anything in flight", gateway.show("links"))
            seen.append(gateway.memory())
            files.append(descriptors(gateway))
            print(f"# {time.monotonic() - started:.0f} s, KiB {seen[-1]}", flush=True)
        tap.check(not failed, "every message was taken", failed)
        grown = {r: seen[-1][r] - seen[WARM - 1][r] for r in seen[-1]}
        queue = seen[-1]["queue"]
        tap.check(queue < QUEUE_MAX, f"the queue stays below {QUEUE_MAX} KiB ({queue})", seen)
        # Each number is a handset that remembers: the lab keeps them up to its limit.
        others = {r: v for r, v in grown.items() if r not in ("queue", "lab")}
        tap.check(all(v <= ALLOWED for v in others.values()), f"no other role takes more memory after {WARM} rounds", (grown, seen))
        tap.check(all(files[-1][r] <= files[WARM - 1][r] + 1 for r in ROLES), "nor more descriptors", files)
    finally:
        centre.terminate()
        centre.wait(10)
    if tap.failed:
        gateway.complain("something failed")
    tap.check(gateway.close() == 0, "it ends in order")
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
