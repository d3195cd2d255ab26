#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Messages over HTTP and SMPP while each role is killed again and again. Afterwards: none lost, every one ended; none
twice at a centre that recognises a repeat; at one that does not, no more in doubt than the windows of the links that
died with the sms role, each told. Prints TAP.

CHAOS_MESSAGES (10000), CHAOS_SECONDS (40) and CHAOS_EVERY (0.7 s between kills) make it longer."""
import http.client
import os
import random
import re
import sys
import threading
import time
from collections import Counter

from gateway import Gateway, Tap, secret, wait_for
from httpd import Http, Sink
from smpp import OK, QUEUE_FULL, SYSTEM_ERROR, THROTTLED, Centre, Client, Lost

MESSAGES = int(os.environ.get("CHAOS_MESSAGES", 10000))
SECONDS = float(os.environ.get("CHAOS_SECONDS", 40))
EVERY = float(os.environ.get("CHAOS_EVERY", 0.7))
HTTP_WORKERS = 6
WINDOW = 20  # of each link
REPEAT_TAG = 0x1401
ORDER = ("sms", "api", "queue", "lab", "sms", "control", "queue", "media")
CONFIG = """log
 level error
vty
 listen 127.0.0.1:@vty@
http
 listen 127.0.0.1:@http@
smpp-server
 listen 127.0.0.1:@smpp@
queue
 lease 15s
 retry 1s
lab
 listen 127.0.0.1:@lab@
 any yes
smsc knows
 host 127.0.0.1:@knows@
 system-id chaos
 window %d
 tlvs yes
 repeat-tlv %d
 doubt repeat
smsc plain
 host 127.0.0.1:@plain@
 system-id chaos
 window %d
 doubt report
account app
 secret %s
 allow-sender *
 default-sender +81500000000
 smpp-binds 20
 webhook http://127.0.0.1:@sink@/
 webhook-secret key
route knows
 prefix +8170
 link smsc:knows
route plain
 prefix +8180
 link smsc:plain
route lab
 prefix +8190
 link lab
"""
PREFIXES = ("+8170", "+8180", "+8170", "+8180", "+8190")


def recipient(n):
    return f"{PREFIXES[n % len(PREFIXES)]}{n:08d}"


def number_of(text):
    m = re.match(r"n=(\d+) ", text)
    return int(m.group(1)) if m else -1


class Work:
    """What was sent, and what was answered."""

    def __init__(self, gateway):
        self.gateway = gateway
        self.ports = gateway.ports
        self.accepted = {}  # number -> id, over HTTP
        self.by_smpp = {}   # number -> ids that a submit_sm_resp named
        self.tries = Counter()
        self.unanswered = Counter()  # submits that may have been accepted
        self.repeated = 0
        self.refused = []
        self.receipts = set()
        self.started = time.monotonic()
        self.lock = threading.Lock()
        self.stopped = False

    def pace(self, done, of):
        """Spreads the messages over the time."""
        ahead = SECONDS * done / of - (time.monotonic() - self.started)
        if ahead > 0:
            time.sleep(min(ahead, 1))

    def http_worker(self, numbers):
        http_ = Http(self.ports["http"], "app", "secret", timeout=10)
        for done, n in enumerate(numbers):
            self.pace(done, len(numbers))
            body = {"to": recipient(n), "text": f"n={n} over http", "report": "all", "reference": str(n)}
            while not self.stopped:
                self.tries[n] += 1
                try:
                    status, answer = http_.json("POST", "/v1/messages", body, {"Idempotency-Key": f"chaos-{n}"})
                except (OSError, http.client.HTTPException):
                    time.sleep(0.05)
                    continue
                if status == 202:
                    self.accepted[n] = answer["id"]
                    self.repeated += bool(answer.get("repeated"))
                    break
                if status in (503, 504, 429):
                    time.sleep(0.02)
                    continue
                self.refused.append((n, status, answer))
                break

    def submitted(self, pending):
        n = pending.context
        with self.lock:
            self.open.discard(n)
            if pending.status == OK:
                self.by_smpp.setdefault(n, []).append(pending.id)
            elif pending.status is None:
                self.unanswered[n] += 1
                self.again.append(n)
            elif pending.status in (SYSTEM_ERROR, THROTTLED, QUEUE_FULL, 0x64):
                self.again.append(n)
            else:
                self.refused.append((n, pending.status))

    def receipt(self, m):
        if m.is_receipt:
            self.receipts.add(m.receipt.get("id"))
        return OK

    def connect(self):
        while not self.stopped:
            try:
                return Client(self.ports["smpp"], "app", "secret", window=50, timeout=10, on_deliver=self.receipt,
                              on_answer=self.submitted)
            except (OSError, Lost):
                time.sleep(0.05)
        return None

    def smpp_worker(self, numbers):
        self.again, self.open = [], set()
        client = self.connect()
        todo = list(reversed(numbers))
        while (todo or self.open or self.again) and not self.stopped:
            with self.lock:
                refused = bool(self.again)
                todo += self.again
                self.again.clear()
            if refused:
                time.sleep(0.02)
            if not client.open:
                client = self.connect()
                continue
            if not todo:
                time.sleep(0.02)
                continue
            self.pace(len(numbers) - len(todo), len(numbers))
            n = todo.pop()
            with self.lock:
                self.open.add(n)
            self.tries[n] += 1
            client.submit("+81500000000", recipient(n), f"n={n} over smpp", registered=1, context=n)
        self.client = client

    def twice(self, over_http, over_smpp):
        """Numbers that came more often than they can have been accepted. SMPP knows no key: a submit_sm without an
        answer was sent again, and either may have been accepted."""
        return [n for n, k in over_http.items() if k > 1] + [
            n for n, k in over_smpp.items() if k > len(self.by_smpp.get(n, ())) + self.unanswered[n]]

    def threads(self):
        numbers = list(range(MESSAGES))
        half = [n for n in numbers if n // 5 % 2]
        rest = [n for n in numbers if not n // 5 % 2]
        self.http_numbers, self.smpp_numbers = rest, half
        jobs = [(self.http_worker, rest[i::HTTP_WORKERS]) for i in range(HTTP_WORKERS)] + [(self.smpp_worker, half)]
        return [threading.Thread(target=f, args=(a,), daemon=True) for f, a in jobs]


def kill_in_turn(gateway, work, threads):
    """Until the senders are done, but at least over the whole time. The next one dies when the last one is back: what is
    bounded by a window is so while the queue lives. Deaths by role."""
    deaths = Counter()
    end = work.started + SECONDS
    limit = work.started + 3 * SECONDS + 60
    turn = 0
    while (time.monotonic() < end or any(t.is_alive() for t in threads)) and time.monotonic() < limit:
        role = ORDER[turn % len(ORDER)]
        turn += 1
        time.sleep(EVERY * random.uniform(0.5, 1.5))
        if time.monotonic() < end:
            deaths[role] += gateway.kill(role)
            wait_for(lambda: gateway.log().count(": ready again") >= sum(deaths.values()), 40)
    return deaths


def states(work, ids):
    """The whole story of each message."""
    found = {}
    queue = list(ids)

    def ask(mine):
        http_ = Http(work.ports["http"], "app", "secret", timeout=10)
        for n, message in mine:
            status, answer = http_.json("GET", "/v1/messages/" + message)
            found[n] = answer["recipients"][0] if status == 200 else {"state": f"HTTP {status}", "final": False}
    threads = [threading.Thread(target=ask, args=(queue[i::4],), daemon=True) for i in range(4)]
    for t in threads:
        t.start()
    for t in threads:
        t.join(120)
    return found


def settle(gateway, seconds):
    """Waits until nothing waits, nothing is with a link, and no receipt is awaited or untold."""
    def quiet():
        lines = gateway.show("queue")
        counts = dict(re.findall(r"^(waiting|with a link|handed over|outbox) +(\d+)", "\n".join(lines), re.M))
        return len(counts) == 4 and not any(int(v) for v in counts.values())
    return wait_for(quiet, seconds, 0.3)


def copies(centre, kind):
    return Counter(number_of(m.text) for m in centre.submits if m.status == OK and kind in m.text)


def some(things, n=5):
    return list(things)[:n]


def checks(tap, work, deaths, knows, plain, sink):
    everything = list(work.accepted.items())
    everything += [((n, i), message) for n, ids in work.by_smpp.items() for i, message in enumerate(ids)]
    story = states(work, everything)
    tap.check(len(work.accepted) == len(work.http_numbers), "every HTTP request got its 202",
              f"{len(work.accepted)} of {len(work.http_numbers)}, refused {some(work.refused)}")
    tap.check(len(work.by_smpp) == len(work.smpp_numbers), "every submit_sm got its submit_sm_resp",
              f"{len(work.by_smpp)} of {len(work.smpp_numbers)}, refused {some(work.refused)}")
    open_ = {n: s for n, s in story.items() if not s["final"]}
    tap.check(len(story) == len(everything) and not open_, "every accepted message is known and ended",
              f"{len(story)} of {len(everything)}, open {len(open_)}: {some(open_.items(), 3)}")

    ends = Counter((s.get("link", "-"), s["state"]) for s in story.values())
    wrong = {n: s for n, s in story.items() if s["state"] not in ("delivered", "unknown")}
    tap.check(not wrong, "each ended delivered, or told as unknown", f"{ends} {some(wrong.items(), 3)}")

    def prefix_of(n):
        return PREFIXES[(n[0] if isinstance(n, tuple) else n) % len(PREFIXES)]

    at_knows = copies(knows, "over http"), copies(knows, "over smpp")
    at_plain = copies(plain, "over http"), copies(plain, "over smpp")
    lost = [n for n in work.accepted if prefix_of(n) == "+8170" and not at_knows[0][n]]
    lost += [n for n, ids in work.by_smpp.items() if prefix_of(n) == "+8170" and at_knows[1][n] < len(ids)]
    tap.check(not lost, "none is lost at the centre that knows repeats", some(lost))
    twice = work.twice(*at_knows)
    tap.check(not twice, f"none came twice there ({knows.repeats} repeats were recognised)", some(twice))
    unknown_there = [n for n, s in story.items() if s["state"] == "unknown" and prefix_of(n) != "+8180"]
    tap.check(not unknown_there, "none ended unknown where repeating is allowed", some(unknown_there))

    doubtful = {n for n, s in story.items() if s["state"] == "unknown"}
    doubted = {n for n, s in story.items() if any(e["event"] == "in doubt" for e in s.get("timeline", ()))}
    lost = [n for n in work.accepted if prefix_of(n) == "+8180" and not at_plain[0][n] and n not in doubtful]
    lost += [n for n, ids in work.by_smpp.items() if prefix_of(n) == "+8180" and
             at_plain[1][n] + sum((n, i) in doubtful for i in range(len(ids))) < len(ids)]
    tap.check(not lost, "none is lost at the plain centre without being told", some(lost))
    twice = work.twice(*at_plain)
    tap.check(not twice, "none came twice there", [(n, story.get(n) or story.get((n, 0))) for n in some(twice, 3)])
    bound = WINDOW * deaths["sms"]
    tap.check(len(doubtful) <= bound, f"in doubt there: {len(doubtful)}, at most window x deaths of sms = {bound}", some(doubtful))
    untold = doubtful - doubted
    tap.check(not untold, "each of them shows the doubt in its timeline", [(n, story[n]) for n in some(untold, 2)])

    def told():
        return {d.get("reference") for d in sink.events("receipt") if d.get("state") in ("delivered", "unknown", "refused",
                                                                                        "expired", "failed")}
    wait_for(lambda: len(told()) >= len(work.accepted), 20, 0.5)
    missing = {str(n) for n in work.accepted} - told()
    tap.check(not missing, "the end of each HTTP message came to the webhook",
              f"{len(missing)} missing: {some((m, story[int(m)]) for m in sorted(missing)[:2])}")
    tap.check(not sink.bad_signatures, "every call of the webhook is signed", sink.bad_signatures)
    want = {i for ids in work.by_smpp.values() for i in ids}
    wait_for(lambda: want <= work.receipts, 20, 0.5)
    tap.check(want <= work.receipts, "the end of each SMPP message came to the bind", f"{len(want - work.receipts)} missing")
    return ends


def main():
    tap = Tap()
    random.seed(os.environ.get("CHAOS_SEED"))
    sink = Sink("key")
    knows = Centre(receipt_after=0.05, answer_after=0.015, repeat_tag=REPEAT_TAG, prefix="1")
    plain = Centre(receipt_after=0.05, answer_after=0.015, prefix="2")
    gateway = Gateway(CONFIG % (WINDOW, REPEAT_TAG, WINDOW, secret("secret")),
                      {"knows": knows.port, "plain": plain.port, "sink": sink.port})
    up = all(gateway.link_up(x) for x in ("smsc:knows", "smsc:plain", "lab"))
    tap.check(up, "all links are up", gateway.show("links"))
    work = Work(gateway)
    threads = work.threads()
    for t in threads:
        t.start()
    deaths = kill_in_turn(gateway, work, threads)
    work.stopped = True
    tap.check(not any(t.is_alive() for t in threads), "all was sent", f"accepted {len(work.accepted)} and {len(work.by_smpp)}")
    tap.check(all(deaths[r] for r in set(ORDER)), "each role was killed: " + ", ".join(f"{r} {deaths[r]}" for r in sorted(deaths)))
    tap.check(wait_for(lambda: all(any(re.match(rf"{r} +running", x) for x in gateway.show("roles"))
                                   for r in set(ORDER)), 60, 0.2), "all roles came back", gateway.show("roles"))
    if not work.client or not work.client.open:
        work.stopped = False
        work.client = work.connect()
        work.stopped = True
    quiet = settle(gateway, 60 + SECONDS)
    tap.check(quiet, "nothing waits any more", "\n".join(gateway.show("queue") + gateway.show("links")))
    ends = checks(tap, work, deaths, knows, plain, sink)
    print(f"# {len(work.accepted)} over HTTP ({sum(work.tries[n] for n in work.http_numbers)} requests, {work.repeated} "
          f"recognised), {len(work.by_smpp)} over SMPP ({sum(work.tries[n] for n in work.smpp_numbers)} submits, "
          f"{sum(work.unanswered.values())} unanswered)")
    print(f"# ends: {', '.join(f'{k[0]} {k[1]} {v}' for k, v in sorted(ends.items()))}; {time.monotonic() - work.started:.0f} s")
    if tap.failed:
        gateway.complain("something failed")
    tap.check(gateway.close() == 0, "it ends in order")
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
