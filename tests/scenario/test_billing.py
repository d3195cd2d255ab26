#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The decision and the money in the running gateway: prices and consent at accept, a balance that runs dry exactly at
zero, a race for the last unit, refunds, a queue killed under billed traffic, quotes that keep their word, records that
add up. Prints TAP."""
import hashlib
import json
import os
import random
import subprocess
import tempfile
import threading
import time

from decimal import Decimal
from http.client import HTTPException

from gateway import Gateway, Phone, Tap, secret, wait_for
from httpd import Http
from smpp import Centre

INVALID_DESTINATION = 0x0B
HANDSET = "+819012345678"
MODERN = "+819055500001"
TARIFF = """version,1,JPY,2019-10-01,,half-up,0.01
price,sms,+81,full,1,70,3,10%,sent
price,sms,+81,full,71,670,9,10%,sent
price,sms,+81,half,1,160,3,10%,sent
price,sms,+81,half,161,1530,6,10%,sent
price,sms,+8170,half,1,1530,50,0,delivered
price,sms,+8170,full,1,670,50,0,delivered
price,sms,+8160,half,1,1530,0,0,sent
price,sms,+8160,full,1,670,0,0,sent
"""
ACCOUNT = """account %s
 secret """ + secret("secret") + """
 allow-sender *
 default-sender +8150100
"""
CONFIG = """log
 level error
vty
 listen 127.0.0.1:@vty@
http
 listen 127.0.0.1:@http@
queue
 retry 200ms
lab
 listen 127.0.0.1:@lab@
 any yes
 absent-retry 300ms
handset +819012345678
handset +819055500001
 rcs yes
billing
 tariff %s
 currency JPY
 ceiling 10.00
smsc centre
 host 127.0.0.1:@centre@
 system-id x
route centre
 prefix +8170
 link smsc:centre
route phones
 prefix +81
 link lab
""" + "".join(ACCOUNT % name + rest for name, rest in (
    ("boss", " admin yes\n payment free\n"), ("dry", " consent always\n"), ("race", " consent always\n"),
    ("never", ""), ("asks", " consent ask\n"), ("late", " payment postpaid\n credit 6.60\n consent always\n"),
    ("busy", " consent always\n"), ("rich", " consent always\n ceiling 100.00\n")))


class Bank:
    """The API as each account."""

    def __init__(self, port):
        self.port = port
        self.boss = self.http("boss")
        self.keys = 0

    def http(self, name):
        return Http(self.port, name, "secret")

    def send(self, name, to=HANDSET, text="hello", http=None, **more):
        return (http or self.http(name)).json("POST", "/v1/messages", {"to": to, "text": text, **more})

    def balance(self, name):
        status, answer = self.boss.json("GET", f"/v1/accounts/{name}/balance")
        return {k: Decimal(v) for k, v in answer.items() if k in ("balance", "held", "available", "credit")} if status == 200 else answer

    def top_up(self, name, amount, key=None):
        self.keys += 1
        return self.boss.json("POST", f"/v1/accounts/{name}/top-up", {"amount": amount}, {"Idempotency-Key": key or f"key-{self.keys}"})

    def final(self, name, answer, seconds=20):
        http = self.http(name)

        def ended():
            status, m = http.json("GET", "/v1/messages/" + answer["id"])
            return m if status == 200 and all(r["final"] for r in m["recipients"]) else None
        return wait_for(ended, seconds, 0.05)


def sound(gateway):
    return any(line.split()[:2] == ["ledger", "sound"] for line in gateway.show("ledger"))


def decides(tap, bank):
    status, answer = bank.send("never")
    why = answer.get("error", {}).get("message", "")
    tap.check(status == 403 and "R6.3" in why and "R6.0" in why, "consent never: refused with the rules", answer)
    status, answer = bank.send("dry")
    why = answer.get("error", {}).get("message", "")
    tap.check(status == 403 and "costs 3.30 JPY" in why and "top-up of 3.30 JPY" in why, "no balance: price, balance and the way out", answer)
    status, answer = bank.send("boss")
    tap.check(status == 202 and answer["recipients"][0].get("price") == "0.00", "a free account sends for nothing", answer)
    status, answer = bank.send("dry", to="+81601", text="nothing to pay")
    tap.check(status == 202, "a price of zero is sendable with an empty balance", answer)
    status, answer = bank.send("late", to="+81701", text="dear")
    tap.check(status == 202 and answer["recipients"][0]["state"] == "hold" and answer["recipients"][0]["rule"] == "R6.7",
              "above the ceiling: held", answer)


def runs_dry(tap, bank):
    status, answer = bank.top_up("dry", "9.90")
    tap.check(status == 200 and answer.get("available") == "9.90", "a top-up", answer)
    got = [bank.send("dry") for _ in range(4)]
    tap.check([s for s, _ in got] == [202, 202, 202, 403], "three messages of 3.30 go, the fourth does not", got[-1])
    ends = [bank.final("dry", a) for s, a in got if s == 202]
    tap.check(all(e and e["recipients"][0]["state"] == "delivered" for e in ends), "they arrive", ends)
    have = bank.balance("dry")
    tap.check(have["balance"] == 0 and have["held"] == 0, "and the balance is exactly zero", have)
    first = bank.top_up("dry", "5.00", "once")
    again = bank.top_up("dry", "5.00", "once")
    other = bank.top_up("dry", "6.00", "once")
    tap.check(first[0] == again[0] == 200 and other[0] == 409 and bank.balance("dry")["balance"] == 5,
              "the same key tops up once, another amount under it is refused", (first, again, other))
    status, answer = bank.top_up("dry", "-5.00")
    tap.check(status == 200 and bank.balance("dry")["balance"] == 0, "money can be taken back", answer)
    tap.check(bank.top_up("dry", "-0.01")[0] == 403, "but not more than is there")
    tap.check(bank.http("dry").json("POST", "/v1/accounts/dry/top-up", {"amount": "1"}, {"Idempotency-Key": "x"})[0] == 403,
              "only an admin tops up")
    tap.check(bank.http("dry").json("GET", "/v1/accounts/race/balance")[0] == 403, "nobody sees another's balance")


def races(tap, bank, gateway):
    bank.top_up("race", "3.30")
    codes = []
    barrier = threading.Barrier(64)

    def one(n):
        http = bank.http("race")
        barrier.wait()
        codes.append(bank.send("race", to=f"+8190{n:04d}", http=http)[0])
    threads = [threading.Thread(target=one, args=(n,)) for n in range(64)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    tap.check(sorted(codes) == [202] + [403] * 63, "64 at once for the last unit: one gets it", sorted(codes))
    settled = wait_for(lambda: bank.balance("race")["held"] == 0, 10)
    tap.check(settled and bank.balance("race")["balance"] == 0 and sound(gateway), "nothing is overdrawn, the ledger is sound")


def postpaid(tap, bank):
    codes = [bank.send("late")[0] for _ in range(3)]
    tap.check(codes == [202, 202, 403], "postpaid: to its credit and no further", codes)


def asks(tap, bank, phone):
    bank.top_up("asks", "3.30")
    status, answer = bank.send("asks", text="may I?")
    one = answer["recipients"][0]
    tap.check(status == 202 and one["state"] == "hold" and one["rule"] == "R6.4" and bank.balance("asks")["held"] == 0,
              "consent ask: held, nothing set aside", answer)
    tap.check(not phone.wait("message", 0.5, lambda e: e["text"] == "may I?"), "and nothing goes out")
    _, state = bank.http("asks").json("GET", "/v1/messages/" + one["id"])
    tap.check(state["recipients"][0]["state"] == "hold", "its state says so", state)
    tap.check(bank.http("dry").json("POST", f"/v1/messages/{one['id']}/consent", {"answer": "yes"})[0] == 404,
              "nobody else can answer")
    status, taken = bank.http("asks").json("POST", f"/v1/messages/{one['id']}/consent", {"answer": "yes"})
    tap.check(status == 200 and phone.wait("message", 5, lambda e: e["text"] == "may I?"), "yes: it goes", taken)
    end = bank.final("asks", answer)
    tap.check(end and end["recipients"][0]["state"] == "delivered" and bank.balance("asks")["balance"] == 0, "and is paid", end)
    status, again = bank.http("asks").json("POST", f"/v1/messages/{one['id']}/consent", {"answer": "yes"})
    tap.check(status == 409, "a second answer is too late", again)
    _, answer = bank.send("asks", text="and this?")
    one = answer["recipients"][0]
    status, taken = bank.http("asks").json("POST", f"/v1/messages/{one['id']}/consent", {"answer": "no"})
    end = bank.final("asks", answer)
    tap.check(status == 200 and end and end["recipients"][0]["state"] == "cancelled" and end["recipients"][0]["timeline"][-1].get("rule"),
              "no: it ends unsent", end)


def refunds(tap, bank, centre):
    """By a message centre: pay on delivery, and what the network refuses."""
    bank.top_up("rich", "120.00")
    centre.receipt_state = "UNDELIV"
    _, answer = bank.send("rich", to="+8170001", text="will not arrive")
    end = bank.final("rich", answer)
    have = bank.balance("rich")
    tap.check(end and end["recipients"][0]["state"] == "refused" and have["balance"] == 120 and have["held"] == 0,
              "pay on delivery, not delivered: all comes back", (end, have))
    centre.receipt_state = "DELIVRD"
    _, answer = bank.send("rich", to="+8170002", text="arrives")
    bank.final("rich", answer)
    tap.check(bank.balance("rich")["balance"] == 70, "delivered: paid once", bank.balance("rich"))
    centre.decide = lambda m: INVALID_DESTINATION
    _, answer = bank.send("rich", to="+8170003", text="nobody")
    end = bank.final("rich", answer)
    tap.check(end and end["recipients"][0]["state"] == "refused" and bank.balance("rich")["balance"] == 70,
              "refused by the network: nothing is charged", end)
    centre.decide = None


def survives_kills(tap, bank, gateway, count=600):
    """The queue is killed under billed traffic: every key once, every charge once."""
    bank.top_up("busy", "%.2f" % (3.3 * count))
    accepted, refused, lock = {}, [], threading.Lock()

    def worker(numbers):
        http = bank.http("busy")
        for n in numbers:
            for _ in range(1000):
                try:
                    status, answer = http.json("POST", "/v1/messages", {"to": f"+8190{n:05d}", "text": f"n={n}"},
                                               {"Idempotency-Key": f"kill-{n}"})
                except (OSError, HTTPException):
                    time.sleep(0.05)
                    continue
                if status == 202:
                    with lock:
                        accepted[n] = answer["id"]
                    break
                with lock:
                    refused.append((n, status, answer))
                if status == 403:
                    break
                time.sleep(0.05)
    threads = [threading.Thread(target=worker, args=(range(i, count, 4),)) for i in range(4)]
    for t in threads:
        t.start()
    kills = 0
    while any(t.is_alive() for t in threads) and kills < 6:
        time.sleep(0.15)
        kills += gateway.kill("queue")
        gateway.wait_roles(["queue"])
    for t in threads:
        t.join()
    tap.check(len(accepted) == count and kills, f"{count} messages accepted over {kills} kills of the queue", (len(accepted), refused[-3:]))
    bank.boss = bank.http("boss")
    settled = wait_for(lambda: bank.balance("busy").get("held") == 0, 60, 0.5)
    have = bank.balance("busy")
    tap.check(settled and have["balance"] == 0, "each charged exactly once: the balance is zero", have)
    tap.check(sound(gateway), "the ledger sums to zero", gateway.show("ledger"))


def random_message(r):
    to = r.choice(("+81901", "+81702", "+81603", "+4930", "+81904")) + "%05d" % r.randrange(100000)
    alphabet = r.choice(("abc xyz", "\u65e5\u672c\u8a9e", "a\u20ac[]"))
    length = r.choice((1, 69, 70, 71, 159, 160, 161, 306, 307, 670, 671, r.randrange(1, 700)))
    return to, "".join(r.choice(alphabet) for _ in range(length))


def keeps_its_word(tap, bank, seconds=12):
    """What a quote says is what happens: outcome, rule, price, and what is set aside or charged."""
    r = random.Random()
    seed = r.randrange(1 << 32)
    r.seed(seed)
    bank.top_up("rich", "500.00")
    bank.top_up("never", "10.00")
    clients = {name: bank.http(name) for name in ("rich", "never", "asks", "boss", "dry")}
    compared, wrong = 0, None
    end = time.monotonic() + seconds
    while time.monotonic() < end and not wrong:
        name = r.choice(list(clients))
        to, text = random_message(r)
        _, quote = clients[name].json("POST", "/v1/quotes", {"to": to, "text": text})
        status, answer = bank.send(name, to, text, clients[name])
        said, did = quote["recipients"][0], (answer.get("recipients") or [{}])[0]
        expected = {"sms": ("sending", "waiting"), "hold": ("hold",)}.get(said["outcome"], ())
        if quote["accepted"] != (status == 202) or (status == 202 and (
                did["state"] not in expected or any(said.get(k) != did.get(k) for k in ("rule", "price", "segments", "tariff")))):
            wrong = (name, to, text, quote, status, answer)
        elif status == 202 and said["outcome"] == "sms":
            bank.final(name, answer)
        compared += 1
        if bank.balance("rich")["available"] < 60:
            bank.top_up("rich", "500.00")
    tap.check(not wrong and compared > 50, f"{compared} quotes say what then happens (seed {seed})", wrong)


def records_add_up(tap, bank):
    """The export: no gap, the chain holds, and sums are those of the balances."""
    number, chain, sums, lines, back = 0, bytes(32), {}, 0, 0
    while True:
        status, answer = bank.boss.json("GET", "/v1/cdr")
        if status != 200 or not answer["records"]:
            break
        raw = bank.boss.request("GET", "/v1/cdr")[2].decode()
        for line in answer["records"]:
            body = raw[raw.index('"record":', raw.index('"number":%d,' % line["number"])) + 9:]
            body = body[:json.JSONDecoder().raw_decode(body)[1]]
            chain = hashlib.sha256(chain + body.encode()).digest()
            if line["number"] != number + 1 or line["chain"] != chain.hex():
                tap.check(False, "a record is out of its chain", line)
                return
            number, lines = line["number"], lines + 1
            record = line["record"]
            back += record["type"] == "refund" and record["amount"] == "-50.00" and record["reason"] == "not delivered"
            sums[record["account"]] = sums.get(record["account"], Decimal(0)) + (
                -Decimal(record["amount"]) if record["type"] not in ("funding",) else Decimal(record["amount"]))
        bank.boss.json("DELETE", f"/v1/cdr/{number}")
    have = {name: bank.balance(name)["balance"] for name in sums if "balance" in bank.balance(name)}
    tap.check(lines > 100 and all(sums[n] == have[n] for n in have), f"{lines} records, numbered and chained, add up to the balances",
              {n: (str(sums[n]), str(have[n])) for n in have if sums[n] != have[n]})
    tap.check(back == 1, "what was given back has a record of its own", back)


def goes_by_rcs(tap, bank, gateway):
    """A handset with RCS: free while it is there, waits or falls back when it is away."""
    modern = Phone(gateway.ports["lab"], MODERN)
    tap.check(modern.ready and modern.ready.get("rcs") is True, "a handset with RCS", modern.ready)
    _, answer = bank.send("never", MODERN, "by rcs")
    one = (answer.get("recipients") or [{}])[0]
    shown = modern.wait("message", 5)
    tap.check(one.get("rule") == "R1.1" and one.get("bearer") == "rcs" and shown and shown.get("bearer") == "rcs" and "price" not in shown,
              "registered: RCS, free, without any consent", (answer, shown))
    bank.final("never", answer)
    modern.say("data off")
    modern.wait("switched")
    _, answer = bank.send("never", MODERN, "deferred")
    one = (answer.get("recipients") or [{}])[0]
    tap.check(one.get("state") == "hold" and one.get("rule") == "R1.2", "away: it waits for it, nobody pays", answer)
    tap.check(not modern.wait("message", 0.5), "and nothing goes out")
    modern.say("data on")
    shown = modern.wait("message", 5, lambda e: e["text"] == "deferred")
    tap.check(shown and shown.get("bearer") == "rcs", "back again: it gets it by RCS", shown)
    bank.top_up("rich", "3.30")
    modern.say("rcs off")
    modern.wait("switched")
    _, answer = bank.send("rich", MODERN, "falls back")
    shown = modern.wait("message", 5, lambda e: e["text"] == "falls back")
    tap.check(shown and shown.get("bearer") == "sms" and shown.get("price") == "3.30 JPY", "no RCS: SMS with consent, and its price is told",
              (answer, shown))
    end = bank.final("rich", answer)
    tap.check(end and bank.balance("rich")["balance"] == 0, "and it is paid", bank.balance("rich"))
    status, answer = bank.send("never", MODERN, "not paid")
    tap.check(status == 403 and "R6.3" in answer["error"]["message"], "without consent: refused", answer)
    modern.close()


def without_rcs(tap, bank):
    """A number of which nothing is known may turn out to have RCS: without consent it waits for that."""
    _, answer = bank.send("never", "+819077700001", "unknown")
    one = (answer.get("recipients") or [{}])[0]
    tap.check(one.get("state") == "hold" and "wakes on" in one.get("decision", ""), "nothing known of the recipient: held", answer)


def cellpost(bank, *words):
    p = subprocess.run([os.path.join(os.environ.get("B", "build/release"), "cellpost"), *words], text=True, capture_output=True,
                       env=dict(os.environ, CELLPOST_URL=f"http://127.0.0.1:{bank.port}", CELLPOST_TOKEN="secret"))
    return p.returncode, p.stdout + p.stderr


def explains(tap, bank):
    code, said = cellpost(bank, "explain", "--account", "never", HANDSET, "hypothetical")
    tap.check(code == 1 and "R6.3" in said and "SMS: no" in said and "would be refused" in said, "cellpost explain: why not", said)
    bank.top_up("rich", "3.30")
    code, said = cellpost(bank, "explain", "--account", "rich", HANDSET, "hypothetical")
    tap.check(code == 0 and "3.30 JPY" in said and "RCS: no" in said, "cellpost explain: why and for how much", said)
    bank.top_up("rich", "-3.30")


def shows(tap, bank, gateway):
    bank.top_up("rich", "3.30")
    _, answer = bank.send("rich", text="why?")
    bank.final("rich", answer)
    lines = "\n".join(gateway.show("decision " + answer["id"]))
    tap.check("SMS by R1.3" in lines and "R6.9" in lines and "posted 3.30 JPY" in lines, "show decision explains it", lines)
    lines = gateway.show("account rich")
    tap.check("balance      0.00 JPY" in lines and "payment      prepaid" in lines, "show account", lines)
    tap.check(sound(gateway), "show ledger: sound", gateway.show("ledger"))


def main():
    tap = Tap()
    folder = tempfile.TemporaryDirectory()
    tariff = os.path.join(folder.name, "tariff.csv")
    with open(tariff, "w", encoding="ascii") as f:
        f.write(TARIFF)
    centre = Centre(receipt_after=0.05)
    gateway = Gateway(CONFIG % tariff, {"centre": centre.port})
    tap.check(gateway.link_up("lab") and gateway.link_up("smsc:centre"), "lab and centre are up", gateway.show("links"))
    bank = Bank(gateway.ports["http"])
    phone = Phone(gateway.ports["lab"], HANDSET)
    decides(tap, bank)
    runs_dry(tap, bank)
    races(tap, bank, gateway)
    postpaid(tap, bank)
    asks(tap, bank, phone)
    explains(tap, bank)
    goes_by_rcs(tap, bank, gateway)
    shows(tap, bank, gateway)
    refunds(tap, bank, centre)
    survives_kills(tap, bank, gateway)
    keeps_its_word(tap, bank)
    records_add_up(tap, bank)
    without_rcs(tap, bank)
    if tap.failed:
        gateway.complain("something failed")
    tap.check(gateway.close() == 0, "it ends in order")
    return tap.end()


if __name__ == "__main__":
    raise SystemExit(main())
