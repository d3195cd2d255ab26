#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a sender says about money, and what binds both sides, in the running gateway: bearers, consent and prices of one
message, quotes that keep their price over new tariffs and restarts. Prints TAP."""
import base64
import json
import os
import re
import subprocess
import tempfile
import threading
import urllib.request

from decimal import Decimal
from http.client import HTTPException

from gateway import Gateway, Phone, Tap, secret, wait_for
from httpd import Http, Sink
from test_billing import Bank, sound

HANDSET = "+819012345678"
MODERN = "+819055500001"
AWAY = "+819055500002"
VERSION = "version,%d,JPY,%s,,half-up,0.01\n"
PRICES = """price,sms,+81,full,1,70,%(one)s,10%%,sent
price,sms,+81,full,71,670,9,10%%,sent
price,sms,+81,half,1,160,%(one)s,10%%,sent
price,sms,+81,half,161,1530,6,10%%,sent
price,sms,+8170,half,1,1530,50,0,delivered
price,sms,+8170,full,1,670,50,0,delivered
price,sms,+8180,half,1,1530,7,0,sent
price,sms,+8180,full,1,670,7,0,sent
price,sms,+8160,half,1,1530,0,0,sent
price,sms,+8160,full,1,670,0,0,sent
"""
TARIFF = VERSION % (1, "2019-10-01") + PRICES % {"one": "3"}
DEARER = TARIFF + VERSION % (2, "2020-01-01") + PRICES % {"one": "8"}
ONLY_DEARER = VERSION % (2, "2020-01-01") + PRICES % {"one": "8"}
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
handset +819055500002
 rcs yes
billing
 tariff %s
 currency JPY
 ceiling 10.00
 quote-valid %s
route phones
 prefix +81
 link lab
""" + "".join(ACCOUNT % name + rest for name, rest in (
    ("boss", " admin yes\n payment free\n"), ("never", ""), ("asks", " consent ask\n"), ("home", " consent not-when-roaming\n"),
    ("rich", " consent always\n")))


CAPPED = """account capped
 secret """ + secret("secret") + """
 allow-sender *
 default-sender +8150100
 consent always
 cap day 33.00
 cap month 1000.00
 cap roaming-month 3.00
 webhook http://127.0.0.1:%d/hook
 webhook-secret shh
"""


PHONES = """account family
 secret """ + secret("secret") + """
 consent ask
 number +819055500001
 number +81 90-7777-0001
account hooked
 secret """ + secret("secret") + """
 allow-sender *
 default-sender +8150100
 consent ask
 webhook http://127.0.0.1:%d/hook
 webhook-secret shh
"""


class World:
    """A gateway whose tariff and configuration can be changed."""

    def __init__(self, valid="5m", tariff=TARIFF, config=CONFIG, more=""):
        self.folder = tempfile.TemporaryDirectory()
        self.tariff = os.path.join(self.folder.name, "tariff.csv")
        self.publish(tariff)
        self.gateway = Gateway(config % (self.tariff, valid) + more)
        self.bank = Bank(self.gateway.ports["http"])

    def publish(self, text):
        with open(self.tariff, "w", encoding="ascii") as f:
            f.write(text)

    def reload(self, tariff=None, edit=None):
        """New prices, or a changed configuration, in use by all roles."""
        if tariff:
            self.publish(tariff)
        if edit:
            with open(self.gateway.config, encoding="utf-8") as f:
                text = f.read()
            with open(self.gateway.config, "w", encoding="utf-8") as f:
                f.write(edit(text))
        before = self.policy()
        self.gateway.hup()
        if not wait_for(lambda: self.policy() not in ("", before), 30, 0.1):
            self.gateway.complain("the reload was not taken")

    def policy(self):
        """The number of the rules in use: each decision names it."""
        _, answer = self.quote("boss", HANDSET)
        m = re.search(r"policy (\d+)", str(answer))
        return m.group(1) if m else ""

    def quote(self, name, to, text="hello", **more):
        return self.bank.http(name).json("POST", "/v1/quotes", {"to": to, "text": text, **more})

    def close(self):
        return self.gateway.close()


def one_of(answer):
    return (answer.get("recipients") or [{}])[0]


def why(answer):
    return answer.get("error", {}).get("message", "")


def switch(phone, words):
    phone.say(words)
    phone.wait("switched")


def consents(tap, w):
    """The stricter of account and message; always with a message answers the account's ask, never its never."""
    bank = w.bank
    for name in ("never", "asks", "home", "rich"):
        bank.top_up(name, "40.00")
    status, answer = bank.send("rich", consent="never")
    tap.check(status == 403 and "R6.3" in why(answer) and "the message says: consent never" in why(answer),
              "a message that says never is not charged where the account says always", answer)
    status, answer = bank.send("never", consent="always")
    tap.check(status == 403 and "R6.3" in why(answer), "a message that says always does not widen the account's never", answer)
    _, answer = bank.send("rich", consent="ask")
    tap.check(one_of(answer).get("rule") == "R6.4" and one_of(answer).get("state") == "hold", "ask with the message: held", answer)
    bank.http("rich").json("POST", f"/v1/messages/{one_of(answer)['id']}/consent", {"answer": "no"})
    status, answer = bank.send("asks", consent="always")
    end = bank.final("asks", answer)
    tap.check(status == 202 and end and end["recipients"][0]["state"] == "delivered" and str(bank.balance("asks")["balance"]) == "36.70",
              "always with the message answers the account's ask, and is charged once", (answer, end))
    _, answer = bank.send("asks")
    tap.check(one_of(answer).get("rule") == "R6.4", "without it the account asks", answer)
    bank.http("asks").json("POST", f"/v1/messages/{one_of(answer)['id']}/consent", {"answer": "no"})
    status, answer = bank.send("home", consent="always")
    tap.check(status == 202 and "consent not-when-roaming" in one_of(answer).get("decision", ""), "always does not widen not-when-roaming", answer)
    bank.final("home", answer)


def most(tap, w):
    bank = w.bank
    _, answer = bank.send("rich", max_price="3.29")
    one = one_of(answer)
    tap.check(one.get("rule") == "R6.7" and one.get("state") == "hold" and "at most 3.29" in one.get("decision", ""), "above the message's own maximum: held", answer)
    bank.http("rich").json("DELETE", "/v1/messages/" + answer["id"])
    status, answer = bank.send("rich", max_price="3.30")
    tap.check(status == 202 and one_of(answer).get("rule") == "R6.9", "at it: sent", answer)
    bank.final("rich", answer)
    _, answer = bank.send("rich", to="+81701", max_price="1000")
    tap.check(one_of(answer).get("rule") == "R6.7", "a higher maximum does not lift the account's ceiling", answer)
    bank.http("rich").json("DELETE", "/v1/messages/" + answer["id"])
    status, answer = bank.send("rich", max_price="0")
    tap.check(one_of(answer).get("rule") == "R6.7", "nothing at a price with a maximum of 0", answer)
    bank.http("rich").json("DELETE", "/v1/messages/" + answer["id"])


def bearers(tap, w):
    bank = w.bank
    modern = Phone(w.gateway.ports["lab"], MODERN)
    away = Phone(w.gateway.ports["lab"], AWAY)
    switch(away, "data off")
    _, answer = bank.send("rich", MODERN, "as sms", bearer="sms")
    shown = modern.wait("message", 20, lambda e: e["text"] == "as sms")
    tap.check(one_of(answer).get("bearer") == "sms" and "R5.3" in one_of(answer).get("decision", "") and shown and shown["bearer"] == "sms" and
              shown["price"] == "3.30 JPY", "sms asked for: sms, though RCS would cost nothing", (answer, shown))
    status, answer = bank.send("never", HANDSET, "as sms", bearer="sms")
    tap.check(status == 202, "who names the priced bearer needs no consent of the account", answer)
    _, answer = bank.send("rich", MODERN, "as rcs", bearer="rcs")
    shown = modern.wait("message", 20, lambda e: e["text"] == "as rcs")
    tap.check(one_of(answer).get("price") == "0.00" and shown and shown["bearer"] == "rcs", "rcs asked for: rcs", (answer, shown))
    before = bank.balance("rich")
    switch(modern, "rcs off")
    status, answer = bank.send("rich", MODERN, "only rcs", bearer="rcs")
    tap.check(status == 403 and "R6.1" in why(answer) and bank.balance("rich") == before, "rcs asked for and none there: never sms", answer)
    _, answer = bank.send("rich", AWAY, "later", bearer="rcs")
    tap.check(one_of(answer).get("state") == "hold", "rcs asked for, away: it waits", answer)
    switch(away, "data on")
    shown = away.wait("message", 20, lambda e: e["text"] == "later")
    tap.check(shown and shown["bearer"] == "rcs", "and comes by rcs", shown)
    switch(modern, "rcs on")
    modern.close()
    away.close()


def refuses(tap, w):
    for more, field in (({"bearer": "pigeon"}, "bearer"), ({"consent": "maybe"}, "consent"), ({"max_price": 3}, "max_price"),
                        ({"max_price": "-3"}, "max_price"), ({"bearer": "sms", "consent": "ask"}, "consent"), ({"quote": ""}, "quote")):
        status, answer = w.bank.send("rich", **more)
        tap.check(status == 400 and answer["error"]["field"] == field, f"refused with its field: {more}", answer)


def cellpost(bank, account, *words):
    env = dict(os.environ, CELLPOST_URL=f"http://127.0.0.1:{bank.port}", CELLPOST_ACCOUNT=account, CELLPOST_TOKEN="secret")
    p = subprocess.run([os.path.join(os.environ.get("B", "build/release"), "cellpost"), *words], text=True, capture_output=True, env=env, timeout=60)
    return p.returncode, p.stdout + p.stderr


def commands(tap, w):
    code, said = cellpost(w.bank, "rich", "explain", "--consent", "never", "--max-price", "2", HANDSET, "hypothetical")
    tap.check(code == 1 and "consent never, at most 2.00" in said, "cellpost explain shows what the message says", said)
    code, said = cellpost(w.bank, "rich", "quote", HANDSET, "by", "quote")
    token = re.search(r"token +(\S+)", said)
    tap.check(code == 0 and token, "cellpost quote shows a token", said)
    code, said = cellpost(w.bank, "rich", "send", "--quote", token.group(1) if token else "-", "--bearer", "sms", HANDSET, "by", "quote")
    tap.check(code == 0 and "3.30" in said, "cellpost send takes it", said)
    code, said = cellpost(w.bank, "rich", "send", "--quote", token.group(1) if token else "-", HANDSET, "another", "text")
    tap.check(code != 0 and "another text" in said, "and says why not", said)


def altered(token):
    """The same token with one bit changed."""
    octets = bytearray(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)))
    octets[70] ^= 1
    return base64.urlsafe_b64encode(bytes(octets)).rstrip(b"=").decode()


def quotes(tap, w):
    bank = w.bank
    to = [HANDSET, "+819012340001", "+81801", "+819012340002"]
    _, q = w.quote("asks", to, "quoted")
    token = q.get("token", "")
    tap.check(token and q.get("valid_until") and one_of(q).get("rule") == "R6.4", "a quote has a token", q)
    for title, name, where, text, more, says in (
            ("another text", "asks", to, "quoted!", {}, "another text"), ("one recipient less", "asks", to[:3], "quoted", {}, "other recipients"),
            ("another order", "asks", to[::-1], "quoted", {}, "other recipients"), ("another account", "rich", to, "quoted", {}, "another account"),
            ("another coding", "asks", to, "quoted", {"coding": "ucs2"}, "another text")):
        status, answer = bank.send(name, where, text, quote=token, **more)
        tap.check(status == 403 and says in why(answer), f"a quote is not for {title}", answer)
    status, answer = bank.send("asks", to, "quoted", quote=altered(token))
    tap.check(status == 403 and "altered" in why(answer), "an altered one is refused", answer)
    status, answer = bank.send("asks", to, "quoted", quote="rubbish")
    tap.check(status == 400 and "token" in why(answer), "and so is what is none", answer)
    w.reload(DEARER)
    _, now = w.quote("asks", to, "quoted")
    tap.check([r.get("price") for r in now["recipients"]] == ["8.80", "8.80", "7.00", "8.80"], "a new tariff: dearer", now)
    before = bank.balance("asks")["balance"]
    status, answer = bank.send("asks", to, "quoted", quote=token)
    prices = [r.get("price") for r in answer.get("recipients", [])]
    tap.check(status == 202 and prices == ["3.30", "3.30", "7.00", "3.30"] and one_of(answer).get("tariff") == 1,
              "with the quote: its prices, its tariff, and the question is answered", answer)
    end = bank.final("asks", answer, 40)
    paid = before - bank.balance("asks")["balance"]
    tap.check(end and str(paid) == "16.90", "and that is charged", (end, paid))
    # It outlives the queue, and the tariff that it names.
    bank.top_up("rich", "50.00")
    _, q = w.quote("rich", HANDSET, "long lived")
    w.reload(ONLY_DEARER.replace("3,10%", "4,10%").replace("version,2", "version,3").replace("2020-01-01", "2021-01-01"))
    w.gateway.kill("queue")
    w.gateway.wait_roles(["queue"])
    status, answer = wait_for(lambda: (lambda r: r if r[0] != 503 else None)(bank.send("rich", HANDSET, "long lived", quote=q["token"])), 40, 0.2)
    tap.check(status == 202 and one_of(answer).get("price") == one_of(q)["price"] == "8.80" and one_of(answer).get("tariff") == 2,
              "a quote outlives the queue's death and its own tariff", (q, answer))
    bank.final("rich", answer, 40)


def records(bank, kinds=("sms", "rcs", "refund", "funding")):
    """All records of the export, by account: their sum, and those of a kind."""
    found, number = [], 0
    while True:
        status, answer = bank.boss.json("GET", "/v1/cdr")
        if status != 200 or not answer["records"]:
            return found
        for line in answer["records"]:
            assert line["number"] == number + 1 or not number, "a gap"
            number = line["number"]
            found.append(line["record"])
        bank.boss.json("DELETE", f"/v1/cdr/{number}")


def refund(bank, delivery, key, who="boss", **body):
    return bank.http(who).json("POST", f"/v1/messages/{delivery}/refund", body, {"Idempotency-Key": key} if key else {})


def refunds(tap, w):
    """B15: by hand, once, with a record of its own."""
    bank = w.bank
    bank.top_up("never", "100.00")
    _, answer = bank.send("never", text="twice charged, he says", bearer="sms")
    bank.final("never", answer, 40)
    before = bank.balance("never")["balance"]
    delivery = one_of(answer)["id"]
    tap.check(refund(bank, delivery, "r0", "never", reason="mine")[0] == 403, "only an admin gives back")
    tap.check(refund(bank, delivery, "r0")[0] == 400 and refund(bank, delivery, "", reason="x")[0] == 400, "with a reason and a key")
    status, said = refund(bank, delivery, "r0", reason="x", amount="8.81")
    tap.check(status == 403 and "at most" in why(said), "not more than was charged", said)
    status, said = refund(bank, delivery, "r1", reason="complaint 17", amount="1.30")
    tap.check(status == 200 and said == {"refunded": "1.30", "currency": "JPY"} and str(bank.balance("never")["balance"] - before) == "1.30",
              "a part is given back", said)
    again, other, second = (refund(bank, delivery, "r1", reason="complaint 17", amount="1.30"),
                            refund(bank, delivery, "r1", reason="complaint 17", amount="1.20"), refund(bank, delivery, "r2", reason="more"))
    tap.check(again[0] == 200 and other[0] == 409 and second[0] == 409 and str(bank.balance("never")["balance"] - before) == "1.30",
              "the same key is the same refund, another amount or a second one is refused", (again, other, second))
    _, answer = bank.send("never", to="+81601", text="for nothing", bearer="sms")
    bank.final("never", answer, 40)
    tap.check(refund(bank, one_of(answer)["id"], "r3", reason="x")[0] == 409, "where nothing was charged there is nothing to give back")
    tap.check(refund(bank, "0" * 31 + "1", "r4", reason="x")[0] == 404, "nor where nothing was sent")
    lines = "\n".join(w.gateway.show("decision " + delivery))
    tap.check("refunded 1.30 JPY" in lines, "show decision shows it", lines)
    have = records(bank)
    back = [r for r in have if r["type"] == "refund"]
    tap.check(len(back) == 1 and back[0]["amount"] == "-1.30" and back[0]["reason"] == "complaint 17" and back[0]["id"] == delivery,
              "one record of its own", back)
    sums = {}
    for r in have:
        amount = Decimal(r["amount"])
        sums[r["account"]] = sums.get(r["account"], Decimal(0)) + (amount if r["type"] == "funding" else -amount)
    off = {n: (sums[n], bank.balance(n)["balance"]) for n in sums if "balance" in bank.balance(n) and sums[n] != bank.balance(n)["balance"]}
    tap.check(not off, "and the records add up to the balances", off)


def asked(phone, said=lambda t: True, seconds=40):
    """The code of the question that a phone gets."""
    shown = phone.wait("message", seconds, lambda e: e["from"] == "2255" and said(e["text"]))
    m = re.search(r"YES (\d{4})|はい (\d{4})", shown["text"]) if shown else None
    return (m and (m.group(1) or m.group(2)), shown)


def say(phone, to, text):
    """What a phone sends; True once the network took it, else why not."""
    phone.say(f"send {to} {text}")
    end = None
    while not end:
        end = phone.wait("sent", 0.2) or phone.wait("refused", 0.2)
    return True if end["event"] == "sent" else end["why"]


def phones_pay(tap, w):
    """Phones' own texts: paid by the account that has their number, asked by a text that is free."""
    bank = w.bank
    modern, handset, plain = (Phone(w.gateway.ports["lab"], n) for n in (MODERN, HANDSET, "+819077770001"))
    text = iter(f"words {n}" for n in range(100))
    one = next(text)
    tap.check(say(handset, MODERN, one) is True and modern.wait("message", 20, lambda e: e["text"] == one), "a phone of no account pays nothing here")
    one = next(text)
    tap.check("no credit" in str(say(plain, HANDSET, one)), "a phone of an account pays: without a balance it does not go")
    bank.top_up("family", "10.00")
    tap.check(say(plain, HANDSET, one) is True and handset.wait("message", 20, lambda e: e["text"] == one), "it wrote an SMS, so it named it: it goes")
    tap.check(wait_for(lambda: str(bank.balance("family")["balance"]) == "6.70", 20), "and the account pays", bank.balance("family"))
    one = next(text)
    tap.check(say(modern, HANDSET, one) is True, "a phone with RCS writes")
    code, shown = asked(modern)
    tap.check(code and "3.30 JPY" in shown["text"] and HANDSET in shown["text"] and "price" not in shown, "it is asked by a text that costs nothing", shown)
    tap.check(not handset.wait("message", 0.5, lambda e: e["text"] == one), "and nothing goes before it answered")
    tap.check("not understood" in say(modern, "2255", "what is this?"), "a text that is no answer is refused with the words that are")
    tap.check("no question" in say(modern, "2255", "YES 12"), "and so is a code of nothing")
    tap.check("no question" in say(handset, "2255", f"YES {code}"), "and an answer from another phone")
    tap.check(say(modern, "2255", f"ＹＥＳ　{code}") is True and handset.wait("message", 20, lambda e: e["text"] == one), "yes: it goes")
    tap.check(wait_for(lambda: str(bank.balance("family")["balance"]) == "3.40", 20), "and is paid", bank.balance("family"))
    tap.check(say(modern, "2255", f"yes {code}") is True and str(bank.balance("family")["balance"]) == "3.40", "the same answer again changes nothing")
    one = next(text)
    say(modern, HANDSET, one)
    code, shown = asked(modern)
    tap.check(say(modern, "2255", "いいえ") is True and not handset.wait("message", 0.5, lambda e: e["text"] == one), "no, without the code of the only question: dropped", shown)
    tap.check("no question" in say(modern, "2255", "はい"), "and then there is no question")
    # The queue dies when the question is on disk and not asked yet.
    for n in range(3):
        one = next(text)
        say(modern, HANDSET, one)
        w.gateway.kill("queue")
        w.gateway.wait_roles(["queue"])
        code, shown = asked(modern, seconds=60)
        tap.check(code and not modern.wait("message", 1.5, lambda e: e["from"] == "2255"), f"asked once, over the queue's death {n + 1}", shown)
        if n == 2:
            wait_for(lambda: say(modern, "2255", f"{code} はい") is True, 40, 0.3)
            tap.check(handset.wait("message", 40, lambda e: e["text"] == one), "and the answer counts")
        else:
            wait_for(lambda: say(modern, "2255", f"no {code}") is True, 40, 0.3)
    bank.boss = bank.http("boss")
    tap.check(wait_for(lambda: str(bank.balance("family").get("balance")) == "0.10", 40, 0.2), "each once", bank.balance("family"))
    one = next(text)
    say(modern, HANDSET, one)
    code, shown = asked(modern)
    tap.check(say(modern, "2255", f"YES {code}") is True, "a yes without the money for it")
    shown = modern.wait("message", 20, lambda e: e["text"].startswith("Not sent"))
    tap.check(shown and not handset.wait("message", 0.5, lambda e: e["text"] == one), "is answered with why", shown)
    bank.top_up("family", "3.30")
    tap.check(say(modern, "2255", f"YES {code}") is True and handset.wait("message", 20, lambda e: e["text"] == one), "and once there is money it goes")
    for p in (modern, handset, plain):
        p.close()


def hooks(tap, w, sink):
    """The question to an application: a webhook that is signed, repeated until it is taken, and durable."""
    bank = w.bank
    bank.top_up("hooked", "100.00")
    failing = [3]

    def answer(call):
        if call.json and call.json["type"] == "consent" and failing[0]:
            failing[0] -= 1
            return 503, b""
        return 200, b""
    sink.answer = answer
    _, sent = bank.send("hooked", text="may I?")
    w.gateway.kill("queue")
    w.gateway.wait_roles(["queue"])
    call = sink.wait(lambda c: c.json and c.json["type"] == "consent" and not failing[0], 90)
    data = call.json["data"] if call else {}
    tap.check(data.get("id") == one_of(sent)["id"] and data.get("price") == "3.30" and data.get("to") == HANDSET and data["id"] in data.get("answer", ""),
              "a webhook asks, over failures of its receiver and a death of the queue", data)
    ids = {c.json["event_id"] for c in sink.calls if c.json and c.json["type"] == "consent"}
    tap.check(len(ids) == 1 and sink.bad_signatures == 0, "signed, and under one id", ids)
    bank.boss = bank.http("boss")
    status, _ = bank.http("hooked").json("POST", f"/v1/messages/{data.get('id')}/consent", {"answer": "yes"})
    end = bank.final("hooked", sent, 40)
    tap.check(status == 200 and end and end["recipients"][0]["state"] == "delivered", "and its answer counts", end)


def replays(tap, w):
    """B12: the same key and body is the same message, also when its quote has ended meanwhile."""
    bank = w.bank
    bank.top_up("rich", "50.00")
    http = bank.http("rich")
    _, q = w.quote("rich", HANDSET, "once")
    body = {"to": HANDSET, "text": "once", "quote": q["token"]}
    first = http.json("POST", "/v1/messages", body, {"Idempotency-Key": "quoted"})
    bank.final("rich", first[1], 40)
    have = bank.balance("rich")["balance"]
    ended = wait_for(lambda: http.json("POST", "/v1/messages", body)[0] == 403, 30, 0.3)
    status, answer = http.json("POST", "/v1/messages", body)
    tap.check(ended and status == 403 and "valid until" in why(answer), "an ended quote is refused, with its end", answer)
    left = bank.balance("rich")["balance"]
    again = http.json("POST", "/v1/messages", body, {"Idempotency-Key": "quoted"})
    tap.check(again[0] == 202 and again[1].get("repeated") and again[1]["id"] == first[1]["id"], "but a replay of what it was used for is answered", again)
    _, q = w.quote("rich", HANDSET, "once")
    other = http.json("POST", "/v1/messages", {**body, "quote": q["token"]}, {"Idempotency-Key": "quoted"})
    tap.check(other[0] == 409, "the same key with another quote is another body", other)
    tap.check(bank.balance("rich")["balance"] == left and have >= left, "and nothing more is charged", (have, left))


class Events:
    """GET /v1/events of an account, as it comes."""

    def __init__(self, port, account):
        request = urllib.request.Request(f"http://127.0.0.1:{port}/v1/events", headers=Http(port, account, "secret").headers)
        self.stream = urllib.request.urlopen(request, timeout=120)
        self.got = []
        threading.Thread(target=self.read, daemon=True).start()

    def read(self):
        kind = ""
        try:
            for line in self.stream:
                if line.startswith(b"event:"):
                    kind = line[6:].strip().decode()
                elif line.startswith(b"data:"):
                    self.got.append((kind, json.loads(line[5:])))
        except (OSError, HTTPException, ValueError):
            pass

    def of(self, kind):
        return [data for k, data in self.got if k == kind]


def warnings(sink):
    """The cap warnings of a sink by event id: a repeated call is the same warning."""
    with sink.changed:
        found = {c.json["event_id"]: c.json["data"] for c in sink.calls if c.json and c.json.get("type") == "cap"}
    return sorted((d["cap"], d["percent"]) for d in found.values())


def caps(tap, w, sink):
    bank = w.bank
    bank.top_up("capped", "500.00")
    events = Events(bank.port, "capped")
    _, have = bank.boss.json("GET", "/v1/accounts/capped/balance")
    tap.check([(c["cap"], c["limit"], c["used"]) for c in have.get("caps", [])] ==
              [("day", "33.00", "0.00"), ("month", "1000.00", "0.00"), ("roaming-month", "3.00", "0.00")], "the windows are open", have)
    for n in range(7):
        bank.final("capped", bank.send("capped", text=f"n{n}")[1], 40)
    tap.check(warnings(sink) == [], "below 80 %: no warning")
    bank.send("capped", text="n7")
    tap.check(wait_for(lambda: warnings(sink) == [("day", 80)], 40), "80 % reached: one warning, signed", (warnings(sink), sink.bad_signatures))
    tap.check(wait_for(lambda: len(events.of("cap")) == 1, 20) and events.of("cap")[0]["left"] == "6.60", "and by the events", events.got)
    # The last two of ten, wanted by many at once, while the queue dies twice.
    accepted, refused = [], []
    barrier = threading.Barrier(13)

    def one(n):
        http = bank.http("capped")
        barrier.wait()
        for _ in range(400):
            try:
                status, answer = http.json("POST", "/v1/messages", {"to": f"+8190{n:04d}", "text": "race"}, {"Idempotency-Key": f"cap-{n}"})
            except (OSError, HTTPException):
                status, answer = 503, {}
            if status in (202, 403):
                (accepted if status == 202 else refused).append(answer)
                return
            threading.Event().wait(0.05)
    threads = [threading.Thread(target=one, args=(n,)) for n in range(12)]
    for t in threads:
        t.start()
    barrier.wait()
    kills = 0
    while any(t.is_alive() for t in threads) and kills < 2:
        threading.Event().wait(0.05)
        kills += w.gateway.kill("queue")
        w.gateway.wait_roles(["queue"])
    for t in threads:
        t.join()
    bank.boss = bank.http("boss")
    tap.check(len(accepted) == 2 and len(refused) == 10, f"12 at once for the last two of a cap, over {kills} deaths of the queue: two get it", (len(accepted), refused[:1]))
    tap.check(wait_for(lambda: warnings(sink) == [("day", 80), ("day", 100)], 60), "each mark was told once", warnings(sink))
    says = why(refused[0]) if refused else ""
    tap.check("cap day" in says and "33.00 JPY" in says and "0.00 JPY is left" in says and "T00:00:00" in says and "costs 3.30 JPY" in says,
              "the refusal names the cap, what is left and when it begins anew", says)
    _, q = w.quote("capped", HANDSET)
    tap.check(not q["accepted"] and "cap day" in q.get("why", ""), "a quote says so too", q)
    status, answer = bank.send("capped", to="+81601", text="nothing to pay")
    tap.check(status == 202, "what costs nothing passes a cap that is reached", answer)
    lines = w.gateway.show("account capped")
    tap.check(any(x.startswith("cap day") and "33.00 JPY, used 33.00 JPY, left 0.00 JPY" in x for x in lines), "show account shows the windows", lines)


def raised(tap, w, sink):
    """A raise counts from the next window on, or now; a lower cap at once."""
    bank = w.bank
    w.reload(edit=lambda t: t.replace("cap day 33.00", "cap day 66.00"))
    status, answer = bank.send("capped", text="raised")
    tap.check(status == 403 and "33.00 JPY" in why(answer), "a raised cap does not raise the day that runs", answer)
    w.gateway.kill("queue")
    w.gateway.wait_roles(["queue"])
    status, answer = wait_for(lambda: (lambda r: r if r[0] != 503 else None)(bank.send("capped", text="raised")), 40, 0.2)
    tap.check(status == 403, "nor does the queue's next start", answer)
    w.reload(edit=lambda t: t.replace("cap day 66.00", "cap day 66.00 now"))
    status, answer = bank.send("capped", text="raised now")
    tap.check(status == 202, "with `now` it does", answer)
    w.reload(edit=lambda t: t.replace("cap day 66.00 now", "cap day 36.30"))
    status, answer = bank.send("capped", text="lowered")
    tap.check(status == 403 and "36.30 JPY" in why(answer), "a lower one counts at once", answer)
    tap.check(warnings(sink) == [("day", 80), ("day", 100)], "and nothing is told twice", warnings(sink))
    tap.check(sound(w.gateway), "the ledger is sound", w.gateway.show("ledger"))


def main():
    tap = Tap()
    sink = Sink("shh")
    w = World(more=CAPPED % sink.port + PHONES % sink.port)
    tap.check(w.gateway.link_up("lab"), "the lab is up", w.gateway.show("links"))
    caps(tap, w, sink)
    raised(tap, w, sink)
    phones_pay(tap, w)
    hooks(tap, w, sink)
    tap.check(sound(w.gateway), "the ledger is sound", w.gateway.show("ledger"))
    tap.check(sink.bad_signatures == 0, "every warning was signed")
    if tap.failed:
        w.gateway.complain("something failed")
    tap.check(w.close() == 0, "it ends in order")
    w = World()
    tap.check(w.gateway.link_up("lab"), "the lab is up", w.gateway.show("links"))
    phone = Phone(w.gateway.ports["lab"], HANDSET)
    consents(tap, w)
    most(tap, w)
    bearers(tap, w)
    refuses(tap, w)
    commands(tap, w)
    quotes(tap, w)
    refunds(tap, w)
    tap.check(sound(w.gateway), "the ledger is sound", w.gateway.show("ledger"))
    if tap.failed:
        w.gateway.complain("something failed")
    phone.close()
    tap.check(w.close() == 0, "it ends in order")
    w = World("4s")
    w.gateway.link_up("lab")
    replays(tap, w)
    tap.check(w.close() == 0, "it ends in order")
    return tap.end()


if __name__ == "__main__":
    raise SystemExit(main())
