#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a quote says is what happens, over many random messages in the running gateway: the same outcome, rule, bearer and
price at accept, the same bearer and the same money at the end, and what all of them cost together is what the balances
lost. Prints TAP.

QUOTES_DELIVERIES (100000): how many (message, recipient) pairs."""
import os
import random
import re
import tempfile
import threading
import time

from decimal import Decimal

from gateway import Gateway, Phone, Tap, secret, wait_for
from httpd import Http

DELIVERIES = int(os.environ.get("QUOTES_DELIVERIES", 100000))
WORKERS = 4
GROUP = 20  # recipients of one message, at most
TARIFF = """version,1,JPY,2019-10-01,,half-up,0.01
price,sms,+81,full,1,70,3,10%,sent
price,sms,+81,full,71,134,6,10%,sent
price,sms,+81,full,135,670,9,10%,sent
price,sms,+81,half,1,160,3,10%,sent
price,sms,+81,half,161,1530,6,10%,sent
price,sms,+8170,half,1,1530,50,0,delivered
price,sms,+8170,full,1,670,50,0,delivered
price,sms,+8160,half,1,1530,0,0,sent
price,sms,+8160,full,1,670,0,0,sent
"""
MODERN = [f"+8195550000{n}" for n in range(8)]
KINDS = {
    "always": " consent always\n ceiling 100.00\n",
    "cheap": " consent always\n ceiling 5.00\n",
    "home": " consent not-when-roaming\n ceiling 100.00\n",
    "asks": " consent ask\n ceiling 100.00\n",
    "never": " consent never\n",
    "free": " payment free\n",
    "broke": " consent always\n",
    "late": " payment postpaid\n credit 100000000.00\n consent always\n ceiling 60.00\n",
}
ACCOUNT = "account {name}\n secret " + secret("secret") + "\n allow-sender *\n default-sender {sender}\n"
CONFIG = """log
 level error
vty
 listen 127.0.0.1:@vty@
http
 listen 127.0.0.1:@http@
lab
 listen 127.0.0.1:@lab@
 any yes
billing
 tariff {tariff}
 currency JPY
 ceiling 10.00
route phones
 prefix +81
 link lab
route island
 prefix +4930
 link lab
""" + "".join(f"handset {number}\n rcs yes\n" for number in MODERN)


def accounts():
    """Each worker has each kind of account for himself: nobody else moves its balance."""
    text = ACCOUNT.format(name="boss", sender="+8150100") + " admin yes\n payment free\n"
    for worker in range(WORKERS):
        for kind, knobs in KINDS.items():
            # Half of them write from a handset that has RCS and may be roaming.
            text += ACCOUNT.format(name=f"{kind}{worker}", sender=MODERN[worker] if worker % 2 else "+8150100") + knobs
    return text


class Worker:
    def __init__(self, number, port, seed, share):
        self.number, self.port, self.left = number, port, share
        self.random = random.Random(seed + number)
        self.clients = {kind: Http(port, f"{kind}{number}", "secret", timeout=60) for kind in KINDS}
        self.spent = dict.fromkeys(KINDS, Decimal(0))
        self.messages = self.refused = self.compared = 0
        self.fates = {}
        self.wrong = None

    def recipients(self):
        r = self.random
        # Most groups leave out what is refused for some accounts, or all of a group would be refused with it.
        starts = ("+81901", "+81904", "+81603") if r.random() < 0.7 else ("+81901", "+81702", "+81603", "+4930", "+81904")
        many = [r.choice(starts) + "%06d" % r.randrange(1000000) for _ in range(r.randrange(1, GROUP + 1))]
        if r.random() < 0.3:
            many.append(MODERN[4 + self.number])  # of its own handsets, which nobody else switches
        return list(dict.fromkeys(many))

    def text(self):
        r = self.random
        alphabet = r.choice(("abc xyz", "\u65e5\u672c\u8a9e", "a\u20ac[]"))
        length = r.choice((1, 69, 70, 71, 134, 135, 159, 160, 161, 306, 307, 670, 671, r.randrange(1, 700)))
        return "".join(r.choice(alphabet) for _ in range(length))

    def run(self):
        while self.left > 0 and not self.wrong:
            kind, to, text = self.random.choice(list(KINDS)), self.recipients(), self.text()
            try:
                self.one(kind, self.clients[kind], to, text)
            except (OSError, KeyError, ValueError, TypeError) as e:
                self.wrong = self.wrong or (kind, to, text, repr(e))
            self.left -= len(to)

    def one(self, kind, http, to, text):
        status, quote = http.json("POST", "/v1/quotes", {"to": to, "text": text})
        code, answer = http.json("POST", "/v1/messages", {"to": to, "text": text})
        self.messages += 1
        if status != 200 or quote["accepted"] != (code == 202):
            self.wrong = (kind, to, text, quote, code, answer)
        elif code != 202:
            self.refused += 1
            self.why_not(kind, quote, answer)
        else:
            ends = self.ends(http, answer, quote)
            for said, did, end in zip(quote["recipients"], answer["recipients"], ends):
                self.compare(kind, said, did, end)
        self.compared += len(to)

    def why_not(self, kind, quote, answer):
        """The rule of the refusal stands in the quote; where the balance is too small, both say so."""
        message = answer["error"]["message"]
        rules = {r["rule"] for r in quote["recipients"] if "rule" in r}
        if not any(rule in message for rule in rules) and "no credit" not in message:
            self.wrong = (kind, quote, answer)

    def ends(self, http, answer, quote):
        """The message's recipients once all that leave have ended."""
        leaving = [said["outcome"] in ("sms", "rcs") for said in quote["recipients"]]
        end = time.monotonic() + 60
        while True:
            _, m = http.json("GET", "/v1/messages/" + answer["id"])
            if all(r["final"] or not go for r, go in zip(m["recipients"], leaving)) or time.monotonic() > end:
                return m["recipients"]
            time.sleep(0.005)

    def compare(self, kind, said, did, end):
        outcome = said["outcome"]
        self.fates[(outcome, said["rule"])] = self.fates.get((outcome, said["rule"]), 0) + 1
        charged = re.search(r"'posted ([\d.]+)'", str([e.get("detail") for e in end["timeline"]]))
        price = Decimal(said.get("price", "0")) if outcome == "sms" else Decimal(0)
        good = all(said.get(k) == did.get(k) for k in ("rule", "price", "segments", "tariff", "decision"))
        if outcome in ("sms", "rcs"):
            good = good and end["state"] == "delivered" and end["bearer"] == outcome
        else:
            good = good and end["state"] == "hold" and not end["final"]
        good = good and (Decimal(charged.group(1)) if charged else Decimal(0)) == price
        self.spent[kind] += price
        if not good:
            self.wrong = self.wrong or (kind, said, did, end)


def top_up(boss, name, amount):
    status, answer = boss.json("POST", f"/v1/accounts/{name}/top-up", {"amount": amount}, {"Idempotency-Key": f"start-{name}"})
    return status == 200 and answer["available"] == amount


def lost(boss, worker, kind, start):
    _, b = boss.json("GET", f"/v1/accounts/{kind}{worker}/balance")
    return (start - Decimal(b["balance"]), Decimal(b["held"])) if "balance" in b else (Decimal(0), Decimal(0))


def adds_up(tap, boss, workers):
    start = {kind: Decimal("90000000.00") if kind not in ("free", "broke", "late") else Decimal(0) for kind in KINDS}
    wrong = []
    for w in workers:
        for kind in KINDS:
            if kind == "free":
                continue
            got = lost(boss, w.number, kind, start[kind])
            if got != (w.spent[kind], 0):
                wrong.append((kind, w.number, got, w.spent[kind]))
    total = sum(sum(w.spent.values()) for w in workers)
    tap.check(not wrong and total > 0, f"the balances lost what the quotes said, {total} JPY together", wrong)


def main():
    tap = Tap()
    seed = int(os.environ.get("QUOTES_SEED", random.randrange(1 << 32)))
    folder = tempfile.TemporaryDirectory()
    tariff = os.path.join(folder.name, "tariff.csv")
    with open(tariff, "w", encoding="ascii") as f:
        f.write(TARIFF)
    gateway = Gateway(CONFIG.format(tariff=tariff) + accounts(), {})
    tap.check(gateway.link_up("lab"), "the lab is up", gateway.show("links"))
    boss = Http(gateway.ports["http"], "boss", "secret", timeout=60)
    funded = [top_up(boss, f"{kind}{w}", "90000000.00") for w in range(WORKERS) for kind in KINDS if kind not in ("free", "broke", "late")]
    tap.check(all(funded), "balances are topped up")
    phones = [Phone(gateway.ports["lab"], number) for number in MODERN]
    for n, phone in enumerate(phones):
        phone.say("roaming on" if n == 1 else "data off" if n in (5, 6) else "data on")
    wait_for(lambda: all(p.wait("switched", 5) for p in phones), 10)
    begun = time.monotonic()
    workers = [Worker(n, gateway.ports["http"], seed, DELIVERIES // WORKERS) for n in range(WORKERS)]
    threads = [threading.Thread(target=w.run) for w in workers]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    compared, messages = sum(w.compared for w in workers), sum(w.messages for w in workers)
    refused = sum(w.refused for w in workers)
    wrong = [w.wrong for w in workers if w.wrong]
    tap.check(not wrong and compared >= DELIVERIES // 2,
              f"{compared} deliveries of {messages} messages ended as quoted, {refused} messages were refused as quoted (seed {seed}, "
              f"{time.monotonic() - begun:.0f} s)", wrong)
    fates = {}
    for w in workers:
        for fate, n in w.fates.items():
            fates[fate] = fates.get(fate, 0) + n
    tap.check({o for o, _ in fates} >= {"sms", "rcs", "rcs_deferred", "hold"} and len(fates) >= 5, "they met each fate: " +
              ", ".join(f"{o} by {r} {n}" for (o, r), n in sorted(fates.items())), fates)
    adds_up(tap, boss, workers)
    tap.check(any(line.split()[:2] == ["ledger", "sound"] for line in gateway.show("ledger")), "the ledger sums to zero",
              gateway.show("ledger"))
    if tap.failed:
        gateway.complain("something failed")
    tap.check(gateway.close() == 0, "it ends in order")
    return tap.end()


if __name__ == "__main__":
    raise SystemExit(main())
