#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""A store on a small disk. Near its end nothing more is accepted, and said so; what was accepted goes on to its end; and
when there is room again it recovers by itself. Then the disk is filled to the last octet by somebody else while results,
reports and receipts come in: none of them is lost either. Prints TAP. Needs a mount of its own (root)."""
import os
import subprocess
import sys
import threading
import time
from collections import Counter

import smpp
from gateway import Gateway, Tap, secret, wait_for
from httpd import Http, Sink

SIZE, MIN_FREE, BALLAST = 26, 12, 12  # MiB
CONFIG = """log
 level error
vty
 listen 127.0.0.1:@vty@
store
 path disk/cellpost.db
 min-free %dm
 wal-max 2m
http
 listen 127.0.0.1:@http@
smpp-server
 listen 127.0.0.1:@smpp@
lab
 listen 127.0.0.1:@lab@
 any yes
smsc plain
 host 127.0.0.1:@plain@
 system-id disk
 window 50
 doubt report
account app
 secret %s
 allow-sender *
 default-sender 1234
 webhook http://127.0.0.1:@sink@/
route phones
 prefix +8190
 link lab
route plain
 prefix +8170
 link smsc:plain
"""
TEXT = "x" * 1200  # what fills it


class OnDisk(Gateway):
    def configure(self, text):
        disk = os.path.join(self.folder, "disk")
        if not os.path.ismount(disk):
            os.mkdir(disk)
            subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={SIZE}m", "tmpfs", disk], check=True)
            self.ballast = os.path.join(disk, "ballast")
            self.fill(BALLAST << 20)
        super().configure(text)

    def fill(self, octets):
        """Up to so many more octets of somebody else's; returns how many there was room for."""
        done = 0
        with open(self.ballast, "ab", buffering=0) as f:
            try:
                while done < octets:
                    done += f.write(bytes(min(octets - done, 65536)))
            except OSError:
                pass
        return done

    def relieve(self):
        os.unlink(self.ballast)

    def free(self):
        disk = os.statvfs(os.path.dirname(self.ballast))
        return disk.f_bavail * disk.f_frsize

    def ready(self):
        return Http(self.ports["http"]).request("GET", "/readyz")

    def total(self, name):
        return sum(v for k, v in self.metrics().items() if k.startswith("cellpost_" + name))


def own_mounts():
    """Runs this program again where its mounts are its own; false where that is not allowed."""
    if os.environ.get("DISK_FULL_INSIDE"):
        return True
    if subprocess.run(["unshare", "-m", "mount", "-t", "tmpfs", "tmpfs", "/mnt"], capture_output=True, check=False).returncode:
        return False
    os.environ["DISK_FULL_INSIDE"] = "1"
    sys.stdout.flush()
    os.execvp("unshare", ["unshare", "-m", sys.executable, os.path.abspath(__file__)])


def send(client, to, text):
    return client.request("POST", "/v1/messages", b'{"to":"%s","text":"%s","report":"all"}' % (to.encode(), text.encode()),
                          {"Content-Type": "application/json"})


def id_of(body):
    return body.split(b'"id":"', 1)[1].split(b'"', 1)[0].decode()


def until_refused(gateway, accepted):
    """Sends until nothing is taken any more: the first refusal."""
    refusals, lock = [], threading.Lock()

    def worker(me):
        client = Http(gateway.ports["http"], "app", "secret")
        for n in range(100000):
            status, headers, body = send(client, f"+8190{me:03d}{n:05d}", TEXT)
            with lock:
                if status == 202:
                    accepted.append(id_of(body))
                else:
                    refusals.append((status, headers.get("Retry-After"), body))
                if refusals:
                    return
    threads = [threading.Thread(target=worker, args=(n,), daemon=True) for n in range(8)]
    for t in threads:
        t.start()
    for t in threads:
        t.join(120)
    return refusals


def states_of(gateway, ids):
    found, client = Counter(), Http(gateway.ports["http"], "app", "secret")
    for i in ids:
        status, answer = client.json("GET", "/v1/messages/" + i)
        found[answer["recipients"][0]["state"] if status == 200 else f"HTTP {status}"] += 1
    return found


def nearly_full(tap, gateway, client):
    accepted = []
    refusals = until_refused(gateway, accepted)
    good = refusals and all(s == 503 and retry and int(retry) > 0 for s, retry, _ in refusals)
    tap.check(good, f"after {len(accepted)} messages: 503 with Retry-After", refusals[:3])
    free = gateway.free()
    tap.check(free > 2 << 20, f"before the disk is full ({free >> 10} KiB are left)", free)
    p = client.submit("1234", "+819012345678", "no room")
    p.done.wait(10)
    tap.check(p.status in (smpp.SYSTEM_ERROR, smpp.QUEUE_FULL), "submit_sm gets a temporary error", p.status)
    status, _, body = gateway.ready()
    tap.check(status == 503, "/readyz says so", (status, body))
    tap.check(gateway.total("queue_refused_total") > 0 and gateway.total("queue_store_errors_total") > 0, "and the counters")
    states = {}

    def ended():
        states.clear()
        states.update(states_of(gateway, accepted))
        return set(states) == {"delivered"}
    tap.check(wait_for(ended, 20, 1), "all that was accepted is delivered meanwhile", states)
    gateway.relieve()
    again = wait_for(lambda: send(Http(gateway.ports["http"], "app", "secret"), "+819012345678", "again")[0] == 202, 10, 0.2)
    p = client.submit("1234", "+819012345678", "again")
    p.done.wait(10)
    tap.check(again and p.status == smpp.OK, "with room again it accepts by itself", (again, p.status))
    tap.check(gateway.ready()[0] == 200, "/readyz says so", gateway.ready())


def quite_full(tap, gateway, client, centre, sink):
    """Nothing at all can be written while answers and reports of the centre come."""
    centre.answer_after, centre.receipt_after = 1.5, 0.3
    http, ids, by_smpp = Http(gateway.ports["http"], "app", "secret"), [], []
    for n in range(40):
        ids.append(id_of(send(http, f"+8170{n:08d}", f"text {n}")[2]))
        p = client.submit("1234", f"+81701{n:07d}", f"smpp {n}", registered=1)
        p.done.wait(10)
        by_smpp.append(p.id)
    centre.wait_submits(40, 5)
    filled = gateway.fill(1 << 30)
    print(f"# filled {filled >> 10} KiB")
    errors = gateway.total("store_failed_batches_total")
    time.sleep(4)  # answers and reports come; none can be written
    failed = gateway.total("store_failed_batches_total") - errors
    tap.check(failed > 0, f"the disk is full to the last octet ({failed:.0f} batches failed)", gateway.free())
    status, headers, body = send(Http(gateway.ports["http"], "app", "secret"), "+817000000000", "no")
    tap.check(status == 503, "503 meanwhile", (status, body))
    gateway.relieve()
    states = {}

    def ended():
        states.clear()
        states.update(states_of(gateway, ids))
        return set(states) == {"delivered"}
    tap.check(wait_for(ended, 40, 1), "with room again every answer and report of the centre counts", (states, gateway.show("links")))
    tap.check(len(centre.submits) == 80, "and nothing was sent twice", len(centre.submits))
    told = wait_for(lambda: {d["id"] for d in sink.events("receipt") if d["state"] == "delivered"} >= set(ids), 20, 0.5)
    tap.check(told, "every webhook was called", sink.events("receipt")[:1])
    got = client.wait(lambda: {m.receipt.get("id") for m in client.receipts} >= set(by_smpp), 20)
    tap.check(got, "and every receipt came", (len(client.receipts), gateway.show("queue")))
    tap.check(gateway.total("store_no_space_total") > 0, "the counter of the full disk moved")


def main():
    if not own_mounts():
        print("ok 1 - # SKIP mounting is not allowed here\n1..1")
        return 0
    tap = Tap()
    centre, sink = smpp.Centre(prefix="id-"), Sink()
    gateway = OnDisk(CONFIG % (MIN_FREE, secret("secret")), {"plain": centre.port, "sink": sink.port})
    tap.check(gateway.link_up("smsc:plain") and gateway.link_up("lab"), "the links are up")
    client = smpp.Client(gateway.ports["smpp"], "app", "secret")
    pids = {r: gateway.role_pid(r) for r in gateway.roles()}
    nearly_full(tap, gateway, client)
    quite_full(tap, gateway, client, centre, sink)
    tap.check(pids == {r: gateway.role_pid(r) for r in pids}, "no role died", pids)
    if tap.failed:
        gateway.complain("something failed")
    tap.check(gateway.stop() == 0, "it ends in order")
    subprocess.run(["umount", os.path.join(gateway.folder, "disk")], check=False)
    gateway.close()
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
