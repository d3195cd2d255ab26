#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ends, reloads and stand-stills under load: what was accepted is neither lost nor doubted without reason, links get their
windows back, nothing leaks. Prints TAP."""
import contextlib
import http.client
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import Counter

import smpp
from daemon import B, ROOT
from gateway import ROLES, Gateway, Tap, free_port, secret, wait_for
from httpd import Http

TOOLS = os.path.join(ROOT, B, "tests/tools") if not os.path.isabs(B) else os.path.join(B, "tests/tools")
CONFIG = """log
 level error
vty
 listen 127.0.0.1:@vty@
http
 listen 127.0.0.1:@http@
 waiting-max 48
smpp-server
 listen 127.0.0.1:@smpp@
lab
 listen 127.0.0.1:@lab@
 any yes
smsc plain
 host 127.0.0.1:@plain@
 system-id mishap
 window 20
 doubt report
 reconnect-max 1s
account app
 secret %s
 allow-sender *
 default-sender 1234
 smpp-binds 100
route phones
 prefix +8190
 link lab
route plain
 prefix +8170
 link smsc:plain
"""


class Machine(Gateway):
    """A gateway that may be started again in its folder."""

    def again(self):
        self.log_file = open(self.log_path, "ab")
        self.process = subprocess.Popen(self.process.args, cwd=self.folder, stdout=subprocess.PIPE, stderr=self.log_file,
                                        env=dict(os.environ, ASAN_OPTIONS="detect_leaks=0"))
        self.banner = self.read_banner(20)

    def put(self, text):
        """Another file, whole at every moment."""
        with open(self.config + ".new", "w", encoding="utf-8") as f:
            f.write(text)
        os.replace(self.config + ".new", self.config)

    def in_flight(self):
        lines = self.show("links")[1:]
        return sum(int(x.split()[2]) for x in lines) if lines else -1

    def idle(self, seconds):
        """No delivery waits, is with a link, or is counted as being there."""
        def quiet():
            counts = dict(re.findall(r"^(waiting|with a link) +(\d+)", "\n".join(self.show("queue")), re.M))
            return len(counts) == 2 and not any(int(v) for v in counts.values()) and self.in_flight() == 0
        return wait_for(quiet, seconds, 0.3)

    def open_files(self):
        return {r: len(os.listdir(f"/proc/{self.role_pid(r)}/fd")) for r in ROLES}


class Load:
    """Connections that send without pause, and what was answered to them."""

    def __init__(self, gateway, over_http=32, over_smpp=32, prefix="+8190"):
        self.ports, self.prefix = gateway.ports, prefix
        self.accepted, self.statuses = [], Counter()
        self.stopped = False
        self.lock = threading.Lock()
        jobs = [(self.send_http, n) for n in range(over_http)] + [(self.send_smpp, 100 + n) for n in range(over_smpp)]
        self.threads = [threading.Thread(target=f, args=(n,), daemon=True) for f, n in jobs]
        for t in self.threads:
            t.start()

    def recipient(self, worker, n):
        return f"{self.prefix}{worker:03d}{n:05d}"

    def send_http(self, worker):
        client, n = Http(self.ports["http"], "app", "secret", timeout=15), 0
        while not self.stopped:
            n += 1
            try:
                status, answer = client.json("POST", "/v1/messages", {"to": self.recipient(worker, n), "text": f"{worker} {n}"})
            except (OSError, http.client.HTTPException):
                self.statuses["lost"] += 1
                time.sleep(0.05)
                continue
            self.statuses[status] += 1
            if status == 202:
                self.accepted.append(answer["id"])
            else:
                time.sleep(0.02)

    def answered(self, pending):
        self.statuses[f"smpp {pending.status}"] += 1
        if pending.status == smpp.OK:
            self.accepted.append(pending.id)

    def send_smpp(self, worker):
        client, n = None, 0
        while not self.stopped:
            if not client or not client.open:
                try:
                    client = smpp.Client(self.ports["smpp"], "app", "secret", timeout=5, on_answer=self.answered)
                except (OSError, smpp.Lost):
                    time.sleep(0.1)
                    continue
            n += 1
            p = client.submit("1234", self.recipient(worker, n), f"{worker} {n}")
            p.done.wait(5)
            if p.status != smpp.OK:
                time.sleep(0.02)
        if client:
            client.close()

    def end(self):
        self.stopped = True
        for t in self.threads:
            t.join(20)
        return self.accepted


def states_of(gateway, ids):
    """How many messages are in which state."""
    found, client = Counter(), Http(gateway.ports["http"], "app", "secret")
    for i in ids:
        status, answer = client.json("GET", "/v1/messages/" + i)
        found[answer["recipients"][0]["state"] if status == 200 else f"HTTP {status}"] += 1
    return found


def unsent(tap, gateway, centre):
    """The sms role dies with far more handed to a link than its window: only what was sent is in doubt."""
    client, ids = Http(gateway.ports["http"], "app", "secret"), []
    centre.answer_after = 3
    for n in range(200):
        ids.append(client.json("POST", "/v1/messages", {"to": f"+8170{n:08d}", "text": "hello"})[1]["id"])
    tap.check(centre.wait_submits(20, 5), "a window's worth is with the centre", len(centre.submits))
    gateway.kill("sms")
    centre.answer_after = 0
    gateway.link_up("smsc:plain")
    idle = gateway.idle(20)
    states = states_of(gateway, ids)
    tap.check(idle and states == {"unknown": 20, "accepted": 180}, "after its death the window's worth is unknown, and no more",
              (states, gateway.show("links")))
    tap.check(len(centre.submits) == 200, "and each went to the centre once", len(centre.submits))


def stand_still(tap, gateway):
    """A queue that does not run for five seconds: edges push back, and go on by themselves."""
    load = Load(gateway, 64, 16)  # more than may wait at once
    time.sleep(1)
    pid = gateway.role_pid("queue")
    os.kill(pid, signal.SIGSTOP)
    cpu = gateway.cpu()
    time.sleep(5)
    spent = {r: round(v - cpu[r], 2) for r, v in gateway.cpu().items()}
    before = len(load.accepted)
    os.kill(pid, signal.SIGCONT)
    on = wait_for(lambda: len(load.accepted) > before + 100, 10)
    ids = load.end()
    tap.check(on and gateway.role_pid("queue") == pid, "after a stand-still of the queue messages are accepted again", load.statuses)
    tap.check(load.statuses[503] > 0, "more than `waiting-max` requests got 503 meanwhile", load.statuses)
    tap.check(all(v < 2.5 for v in spent.values()), "nobody spins meanwhile", spent)
    idle = gateway.idle(30)
    states = states_of(gateway, ids)
    tap.check(idle and set(states) == {"delivered"}, f"all {len(ids)} accepted ones are delivered", (states, gateway.show("links")))


def full_pipes(tap, gateway):
    """The same with more to say than the pipe to the queue takes: its edge waits, it does not ask again and again."""
    load = subprocess.Popen([os.path.join(TOOLS, "smpp_load"), "-p", str(gateway.ports["smpp"]), "-u", "app", "-P", "secret",
                             "-w", "1000", "-c", "30", "-n", "60000", "-l", "250", "-f", "1234", "-t", "+8190", "-r"],
                            stdout=subprocess.DEVNULL)
    time.sleep(1)
    pid = gateway.role_pid("queue")
    os.kill(pid, signal.SIGSTOP)
    time.sleep(1)
    cpu = gateway.cpu()["sms"]
    time.sleep(2)
    cpu = gateway.cpu()["sms"] - cpu
    os.kill(pid, signal.SIGCONT)
    tap.check(cpu < 0.5, "with full pipes nobody spins either", cpu)
    tap.check(load.wait(120) == 0 and gateway.idle(30), "60000 messages and their receipts come through", gateway.show("links"))


def reloads(tap, gateway):
    """SIGHUP again and again while messages come in, a link coming and going with it."""
    load, pids = Load(gateway, 8, 8), {r: gateway.role_pid(r) for r in ROLES}
    text = gateway.text
    for n in range(40):
        gateway.put(text if n % 2 else text.replace("smsc plain\n", "smsc other\n").replace("smsc:plain", "smsc:other"))
        gateway.hup()
        time.sleep(0.01 if n % 3 else 0.15)
    gateway.put(text)
    gateway.hup()
    tap.check(gateway.link_up("smsc:plain", 20), "after forty reloads the link is up", gateway.show("links"))
    ids = load.end()
    failed = {k: v for k, v in load.statuses.items() if k not in (202, "smpp 0")}
    tap.check(not failed and len(ids) > 100, f"none of {len(ids)} messages was refused meanwhile", load.statuses)
    tap.check(pids == {r: gateway.role_pid(r) for r in ROLES}, "no role died", gateway.log()[-1500:])
    idle = gateway.idle(30)
    states = states_of(gateway, ids)
    tap.check(idle and set(states) == {"delivered"}, "all are delivered", (states, gateway.show("links")))


def moved(tap, gateway):
    """An address is given up and taken again while a request of before is still under way there."""
    port = gateway.ports["http"]
    with socket.create_connection(("127.0.0.1", port), 5) as slow:
        slow.sendall(b"POST /v1/messages HTTP/1.1\r\nHost: x\r\nContent-Length: 50\r\n\r\nhalf")
        time.sleep(0.2)
        for address in (f"127.0.0.1:{free_port()}", f"127.0.0.1:{port}"):
            used = gateway.log().count("configuration in use")
            gateway.put(gateway.text.replace("level error", "level notice").replace(f"127.0.0.1:{port}", address))
            gateway.hup()
            gateway.wait_log("configuration in use", 10, used + 1)

        def answers():
            with contextlib.suppress(OSError, http.client.HTTPException):
                return Http(port, timeout=2).get("/healthz")[0] == 200
            return False
        tap.check(wait_for(answers, 8), "an address that was given up and taken again is served", gateway.log()[-1500:])
    gateway.put(gateway.text)
    gateway.hup()


def windows(tap, gateway):
    """Roles die in turn under load; afterwards every link has its whole window again."""
    load, deaths = Load(gateway, 8, 8), Counter()
    for role in ("sms", "lab", "queue", "api", "queue", "sms", "lab", "queue"):
        time.sleep(0.5)
        deaths[role] += gateway.kill(role)
    gateway.wait_roles(ROLES)
    time.sleep(1)
    ids = load.end()
    up = gateway.link_up("lab") and gateway.link_up("smsc:plain")
    tap.check(up and gateway.idle(60), f"after {sum(deaths.values())} deaths no link has anything in flight",
              "\n".join(gateway.show("links") + gateway.show("queue")))
    states = states_of(gateway, ids)
    tap.check(set(states) == {"delivered"} and len(deaths) == 4, f"all {len(ids)} accepted ones are delivered", (states, deaths))


def connections(tap, gateway, count=5000):
    """Connections that come and go leave no descriptor behind."""
    def some(n):
        for _ in range(n):
            for port in ("http", "smpp"):
                with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", gateway.ports[port]), 3) as s:
                    s.send(b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    some(20)
    time.sleep(0.5)
    before, memory = gateway.open_files(), gateway.memory()
    some(count // 2)
    same = wait_for(lambda: all(v <= before[r] + 2 for r, v in gateway.open_files().items()), 15, 0.3)
    tap.check(same, f"{count} connections later no role has more descriptors", (before, gateway.open_files()))
    after = gateway.memory()
    grown = {r: after[r] - memory[r] for r in after}
    tap.check(all(v < 4096 for v in grown.values()), "nor more memory", grown)


def shutdown(tap, gateway):
    """SIGTERM while 64 connections send: in time, in order, and what was accepted is there after the next start."""
    load = Load(gateway)
    time.sleep(3)
    started = time.monotonic()
    code = gateway.stop(20)
    took = time.monotonic() - started
    tap.check(code == 0 and took < 12, f"SIGTERM under load: it ends with 0 in {took:.1f} s", code)
    ids = load.end()
    gateway.again()
    tap.check(gateway.link_up("lab"), "it starts again")
    idle = gateway.idle(60)
    states = states_of(gateway, ids)
    tap.check(idle and set(states) == {"delivered"}, f"all {len(ids)} accepted ones are there, and delivered",
              (states, load.statuses, gateway.show("links")))


def main():
    tap = Tap()
    centre = smpp.Centre()
    gateway = Machine(CONFIG % secret("secret"), {"plain": centre.port})
    tap.check(gateway.link_up("smsc:plain") and gateway.link_up("lab"), "the links are up")
    steps = [lambda: unsent(tap, gateway, centre)]
    steps += [lambda f=f: f(tap, gateway) for f in (stand_still, full_pipes, reloads, moved, windows, connections, shutdown)]
    for step in steps:
        started = time.monotonic()
        step()
        print(f"# {time.monotonic() - started:.1f} s", flush=True)
    if tap.failed:
        gateway.complain("something failed")
    tap.check(gateway.close() == 0, "it ends in order")
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
