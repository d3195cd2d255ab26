#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Screening in the running gateway: STOP and START of a phone, their answers that cost nothing, a queue that is killed
in between, lists brought along by the API, allow lists, quiet hours, duplicates; over HTTP and SMPP. Prints TAP."""
import sys
import tempfile
import time
import urllib.parse

from gateway import Gateway, Phone, Tap, secret, wait_for
from httpd import Http, Sink
from smpp import OK, Client

INVALID_DESTINATION, REJECTED = 0x0B, 0x66
LONG = 40  # seconds for what must happen on a loaded machine
PHONE, JAPAN, FRIEND = "+819012345678", "+819055500001", "+819055500002"
TARIFF = """version,1,JPY,2019-10-01,,half-up,0.01
price,sms,+81,full,1,670,3,10%,sent
price,sms,+81,half,1,1530,3,10%,sent
"""
ACCOUNT = """account %s
 secret """ + secret("secret") + """
 allow-sender *
 default-sender %s
"""
CONFIG = """log
 level error
vty
 listen 127.0.0.1:@vty@
http
 listen 127.0.0.1:@http@
smpp-server
 listen 127.0.0.1:@smpp@
lab
 listen 127.0.0.1:@lab@
 any no
handset """ + PHONE + """
handset """ + JAPAN + """
handset """ + FRIEND + """
billing
 tariff @TARIFF
 currency JPY
 ceiling 10.00
route phones
 prefix +8190
 link lab
route shop
 prefix +815010
 from network
 link webhook:shop
route shop-code
 prefix 4649
 from network
 link webhook:shop
route capped
 prefix +815070
 from network
 link webhook:capped
route own-way
 prefix +815020
 from network
 link webhook:free
""" + ACCOUNT % ("boss", "+8150900") + " admin yes\n payment free\n" \
    + ACCOUNT % ("shop", "+8150100") + " webhook http://127.0.0.1:@sink@/shop\n consent always\n" \
    + ACCOUNT % ("capped", "+8150700") + " consent always\n cap day 3.30\n" \
    + ACCOUNT % ("free", "+8150200") + " webhook http://127.0.0.1:@sink@/free\n payment free\n optout no\n" \
    + ACCOUNT % ("listed", "+8150300") + " payment free\n allow-recipient +819012\n allow-recipient +44\n" \
    + ACCOUNT % ("quiet", "+8150400") + " payment free\n quiet-hours @QUIET\n" \
    + ACCOUNT % ("nights", "+8150500") + " payment free\n quiet-hours @LOUD\n" \
    + ACCOUNT % ("once", "+8150600") + " payment free\n duplicate-window 1h\n"


def hours(begin, end):
    """Quiet hours from `begin` to `end` hours from now."""
    clock = [time.strftime("%H:%M", time.gmtime(time.time() + h * 3600)) for h in (begin, end)]
    return "%s-%s +00:00" % tuple(clock)


class World:
    def __init__(self, tap):
        self.tap = tap
        self.sink = Sink()
        self.file = tempfile.NamedTemporaryFile("w", suffix=".csv")
        self.file.write(TARIFF)
        self.file.flush()
        text = CONFIG.replace("@TARIFF", self.file.name).replace("@QUIET", hours(-2, 3)).replace("@LOUD", hours(3, 6))
        self.gateway = Gateway(text, {"sink": self.sink.port})
        self.gateway.link_up("lab", LONG)
        self.phone = Phone(self.gateway.ports["lab"], PHONE, LONG)
        self.japan = Phone(self.gateway.ports["lab"], JAPAN, LONG)
        self.friend = Phone(self.gateway.ports["lab"], FRIEND, LONG)

    def http(self, name):
        return Http(self.gateway.ports["http"], name, "secret")

    def send(self, name, text, to=PHONE, headers=None, **more):
        return self.http(name).json("POST", "/v1/messages", {"to": to, "text": text, **more}, headers or {})

    def quote(self, name, text, to=PHONE, **more):
        status, answer = self.http(name).json("POST", "/v1/quotes", {"to": to, "text": text, **more})
        return answer["recipients"][0] if status == 200 else answer

    def says(self, phone, text, to="+8150100"):
        phone.say(f"send {to} {text}")
        return phone.wait("sent")

    def money(self, name="shop"):
        return self.http("boss").json("GET", f"/v1/accounts/{name}/balance")[1]

    def optouts(self, name="shop"):
        return self.http(name).json("GET", "/v1/optouts")[1].get("optouts")

    def kill_queue(self):
        self.gateway.kill("queue")
        self.gateway.wait_roles(["queue"], LONG)
        return self.gateway.link_up("lab", LONG)

    def again(self, function, good=lambda s: s != 503):
        """Until the queue is back."""
        return wait_for(lambda: (lambda got: got if good(got[0]) else None)(function()), LONG, 0.2)


def error(answer):
    return answer.get("error", {}) if isinstance(answer, dict) else {}


def is_refused(answer, rule, *words):
    status, body = answer
    e = error(body)
    return status in (403, 409) and e.get("code") == "screened" and e.get("rule") == rule and \
        e.get("message", "").startswith(rule + ": ") and all(w in e["message"] for w in words)


def stops(tap, w):
    tap.check(w.money().get("balance") == "0.00", "the shop has no money at all", w.money())
    tap.check(error(w.send("shop", "buy")[1]).get("code") == "denied", "so it can send nothing that costs", None)
    tap.check(w.says(w.phone, "Stop!"), "the phone says Stop!")
    reply = w.phone.wait("message")
    tap.check(reply and reply["from"] == "+8150100" and "START" in reply["text"], "it is answered", reply)
    tap.check(w.money().get("balance") == "0.00" and w.money().get("held") == "0.00", "for nothing, with a balance of zero", w.money())
    mo = w.sink.wait(lambda c: c.json and c.json.get("type") == "message" and c.json["data"]["text"] == "Stop!", LONG)
    tap.check(mo and mo.path == "/shop", "the word itself reaches the application", [c.body for c in w.sink.calls])
    call = w.sink.wait(lambda c: c.json and c.json.get("type") == "optout", LONG)
    data = call.json["data"] if call else {}
    tap.check((data.get("command"), data.get("number"), data.get("sender")) == ("stop", PHONE, "+8150100"),
              "and so does the opt-out, as an event of its own", data)
    w.http("boss").json("POST", "/v1/accounts/shop/top-up", {"amount": "100.00"}, {"Idempotency-Key": "a"})
    quote = w.quote("shop", "hello")
    answer = w.send("shop", "hello")
    tap.check(is_refused(answer, "S1", "opted out of +8150100 on", "START to +8150100 by the recipient permits it")
              and error(answer[1]).get("field") == "to[0]", "what is sent then is refused, with the rule and the way out", answer)
    tap.check(quote.get("outcome") == "reject" and quote.get("rule") == "S1" and quote.get("reason") == error(answer[1]).get("message"),
              "and the quote had said the same", quote)
    tap.check(is_refused(w.send("shop", "x", **{"from": "ACME"}), "S1"), "a sender that nobody can answer is no way round")
    tap.check(w.send("shop", "other", **{"from": "+8150199"})[0] == 202 and w.phone.wait("message", None, lambda e: e["text"] == "other"),
              "another number of the account is another matter")
    tap.check(w.send("shop", "friend", to=FRIEND)[0] == 202 and w.friend.wait("message"), "and so is another recipient")
    status, mine = w.http("shop").json("GET", "/v1/messages/" + (mo.json["data"]["id"] if mo else "0"))
    answer = w.http("boss").json("GET", "/v1/messages/" + (mo.json["data"]["id"] if mo else "0"))[1]
    steps = [(e["event"], e.get("rule"), e.get("detail")) for r in answer.get("recipients", []) for e in r["timeline"]]
    tap.check(any(e[0] == "note" and e[1] == "S1" and "STOP" in e[2] for e in steps), "its timeline notes the opt-out", steps)
    del status, mine


def repeats(tap, w):
    w.says(w.phone, "STOP")
    tap.check(w.sink.wait(lambda c: c.json and c.json.get("type") == "message" and c.json["data"]["text"] == "STOP", LONG),
              "a second STOP reaches the application")
    tap.check(not w.phone.wait("message", 1), "but is not answered again", w.phone.events)
    events = [c for c in w.sink.calls if c.json and c.json.get("type") == "optout"]
    tap.check(len(events) == 1, "and makes no second event", [c.body for c in events])
    listed = w.optouts()
    tap.check(listed and len(listed) == 1 and listed[0]["number"] == PHONE and listed[0]["by"] == "recipient", "it is listed", listed)
    tap.check(w.http("shop").json("DELETE", "/v1/optouts/" + urllib.parse.quote(PHONE) + "?sender=%2B8150100")[0] == 403,
              "the account cannot take it out")


def survives(tap, w):
    tap.check(w.kill_queue(), "the queue is killed and comes back")
    answer = w.again(lambda: w.send("shop", "after the kill"))
    tap.check(answer and is_refused(answer, "S1"), "the opt-out is still there", answer)
    shown = w.gateway.show("optouts " + PHONE)
    tap.check(any("shop" in x and "recipient" in x and " out " in x for x in shown), "show optouts NUMBER tells it", shown)


def cut_short(tap, w):
    """The queue dies while a word is under way: in the end it counts, and is answered once."""
    bad = []
    for n in range(6):
        word, command = (("START", "again"), ("STOP", "START"))[n % 2]
        w.phone.say(f"send +8150100 {word}")
        time.sleep(0.0015 * n)
        w.gateway.kill("queue")
        w.gateway.wait_roles(["queue"], LONG)
        w.gateway.link_up("lab", LONG)
        if not w.phone.wait("sent", LONG):
            bad.append((n, "not taken"))
        if not w.phone.wait("message", LONG, lambda e: command in e["text"]):
            bad.append((n, "not answered", w.phone.events))
        allowed = w.again(lambda: w.send("shop", f"round {n}"))
        if not allowed or (allowed[0] == 202) != (word == "START"):
            bad.append((n, allowed))
    answers = [e["text"] for e in w.phone.events if e.get("event") == "message" and not e["text"].startswith("round")]
    w.phone.events = [e for e in w.phone.events if not e.get("text", "").startswith("round")]
    tap.check(not bad and not answers, "a queue killed under each word: it counts, and is answered once", (bad, answers))


def starts(tap, w):
    tap.check(w.says(w.phone, "ＳＴＡＲＴ"), "the phone says START in full width")
    reply = w.phone.wait("message")
    tap.check(reply and "again" in reply["text"], "it is answered", reply)
    call = w.sink.wait(lambda c: c.json and c.json.get("type") == "optout" and c.json["data"]["command"] == "start", LONG)
    tap.check(call, "the application hears of it")
    tap.check(w.send("shop", "welcome back")[0] == 202 and w.phone.wait("message", None, lambda e: e["text"] == "welcome back"),
              "and may write again")
    tap.check(w.optouts() == [], "the list is empty", w.optouts())
    w.says(w.phone, "START")
    w.sink.wait(lambda c: c.json and c.json.get("type") == "message" and c.json["data"]["text"] == "START", LONG)
    tap.check(not w.phone.wait("message", 1), "START again is not answered again", w.phone.events)


def languages(tap, w):
    w.says(w.japan, "「配信停止」", "4649")
    reply = w.japan.wait("message")
    tap.check(reply and reply["from"] == "4649" and "配信を停止しました" in reply["text"], "in Japanese to a short code: answered so", reply)
    tap.check(is_refused(w.send("shop", "x", to=JAPAN, **{"from": "4649"}), "S1", "4649"), "and kept to")
    w.says(w.japan, "please don't stop")
    tap.check(w.sink.wait(lambda c: c.json and c.json.get("type") == "message" and "don't" in c.json["data"]["text"], LONG)
              and not w.japan.wait("message", 1), "a sentence with the word in it is none")
    w.says(w.japan, "HELP")
    reply = w.japan.wait("message")
    tap.check(reply and "STOP" in reply["text"], "HELP says what STOP does", reply)
    w.says(w.japan, "再開", "4649")
    tap.check(w.japan.wait("message", None, lambda e: "再開しました" in e["text"]) and
              w.send("shop", "back", to=JAPAN, **{"from": "4649"})[0] == 202 and w.japan.wait("message"), "再開 brings it back")


def others(tap, w):
    w.says(w.phone, "STOP", FRIEND)
    tap.check(w.friend.wait("message", None, lambda e: e["text"] == "STOP") and not w.phone.wait("message", 1),
              "what one phone says to another is no command")
    w.says(w.phone, "stop", "+8150200")
    tap.check(w.sink.wait(lambda c: c.path == "/free" and c.json["data"].get("text") == "stop", LONG)
              and not w.phone.wait("message", 1) and w.send("free", "still")[0] == 202,
              "an account with `optout no` sees to it itself")
    w.phone.wait("message")


def caps(tap, w):
    w.http("boss").json("POST", "/v1/accounts/capped/top-up", {"amount": "100.00"}, {"Idempotency-Key": "b"})
    codes = [w.send("capped", "one", to=FRIEND)[0], w.send("capped", "two", to=FRIEND)[0]]
    tap.check(codes == [202, 403] and w.friend.wait("message"), "an account at its cap sends nothing", codes)
    w.says(w.friend, "stop", "+8150700")
    reply = w.friend.wait("message")
    answer = w.send("capped", "x", to=FRIEND)
    tap.check(reply and reply["from"] == "+8150700" and is_refused(answer, "S1"), "STOP is answered and counts all the same", (reply, answer))
    tap.check(w.money("capped")["balance"] == "96.70", "and costs nothing", w.money("capped"))


def imports(tap, w):
    shop, boss = w.http("shop"), w.http("boss")
    path = "/v1/optouts/" + urllib.parse.quote(FRIEND)
    tap.check(shop.json("PUT", path)[0] == 200, "a list is brought along")
    answer = w.send("shop", "x", to=FRIEND)
    tap.check(is_refused(answer, "S1", "opted out of this account"), "and kept to", answer)
    tap.check(is_refused(w.send("shop", "x", to=[PHONE, FRIEND]), "S1") and
              error(w.send("shop", "x", to=[PHONE, FRIEND])[1])["field"] == "to[1]", "of several recipients the one is named")
    tap.check(w.http("free").json("GET", "/v1/optouts?account=shop")[0] == 403, "nobody sees another's list")
    tap.check(len(boss.json("GET", "/v1/optouts?account=shop")[1]["optouts"]) == 1, "an admin does")
    for n in range(450):
        status, _ = shop.json("PUT", f"/v1/optouts/%2B4477009{n:05d}?sender=%2B8150100")
        if status != 200:
            tap.check(False, "many are brought along", status)
    seen, after, pages = [], "", 0
    while pages < 10:
        _, page = shop.json("GET", "/v1/optouts" + (f"?after={after}" if after else ""))
        seen += [o["number"] for o in page["optouts"]]
        pages += 1
        after = page.get("next")
        if not after:
            break
    tap.check(pages == 3 and len(seen) == len(set(seen)) == 451 and seen == sorted(seen), "the list comes page by page", (pages, len(seen)))
    tap.check(shop.json("GET", "/v1/optouts?after=zz")[0] == 400, "a wrong page is said to be one")
    w.kill_queue()
    answer = w.again(lambda: w.send("shop", "x", to=FRIEND))
    tap.check(answer and is_refused(answer, "S1"), "they survive a kill of the queue", answer)
    tap.check(shop.json("DELETE", path)[0] == 200 and shop.json("DELETE", path)[0] == 404 and w.send("shop", "x", to=FRIEND)[0] == 202,
              "and can be taken out again")
    shop.json("PUT", path)
    w.says(w.friend, "START")
    tap.check(w.friend.wait("message", None, lambda e: "again" in e["text"]) and w.send("shop", "y", to=FRIEND)[0] == 202,
              "START counts for what was brought along too")


def lists(tap, w):
    tap.check(w.send("listed", "yes")[0] == 202 and w.phone.wait("message", None, lambda e: e["text"] == "yes"), "a recipient on the list")
    quote = w.quote("listed", "no", to=FRIEND)
    answer = w.send("listed", "no", to=FRIEND)
    tap.check(is_refused(answer, "S2", "allow-recipient") and quote.get("rule") == "S2", "one that is not", (answer, quote))


def nights(tap, w):
    quote = w.quote("quiet", "good night")
    status, answer = w.send("quiet", "good night")
    tap.check(status == 202 and answer["recipients"][0]["state"] == "waiting", "in quiet hours it is accepted", answer)
    _, m = w.http("quiet").json("GET", "/v1/messages/" + answer["id"])
    notes = [e for e in m["recipients"][0]["timeline"] if e.get("rule") == "S3"]
    tap.check(len(notes) == 1 and "put off to" in notes[0]["detail"], "its timeline says until when", m)
    due = quote.get("due", "")
    tap.check(due and due[:19] in notes[0]["detail"] and quote.get("outcome") != "reject" and quote["screening"].startswith("S3"),
              "as the quote had said", quote)
    tap.check(not w.phone.wait("message", 2), "and nothing goes out")
    tap.check(is_refused(w.send("quiet", "code 1234", validity=600), "S3", "validity"),
              "what would be dead by then is refused at once", w.send("quiet", "code 1234", validity=600))
    tap.check(w.send("nights", "good day")[0] == 202 and w.phone.wait("message", None, lambda e: e["text"] == "good day"),
              "outside of them it goes at once")
    later = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 4 * 3600))
    quote = w.quote("nights", "at night", send_at=later)
    tap.check(quote.get("screening", "").startswith("S3") and quote["due"] > later, "a time within them is put off too", quote)


def once(tap, w):
    first = w.send("once", "same")
    tap.check(first[0] == 202 and w.phone.wait("message", None, lambda e: e["text"] == "same"), "the first of two goes")
    answer = w.send("once", "same")
    tap.check(is_refused(answer, "S4", first[1]["id"]), "the copy is refused and names the first", answer)
    tap.check(w.quote("once", "same").get("rule") == "S4", "as a quote says")
    tap.check(w.send("once", "same", to=FRIEND)[0] == w.send("once", "another")[0] == w.send("once", "same", **{"from": "+8150601"})[0] == 202,
              "another recipient, text or sender is no copy")
    key = {"Idempotency-Key": "k1"}
    one, two = w.send("once", "keyed", headers=key), w.send("once", "keyed", headers=key)
    tap.check(one[0] == two[0] == 202 and one[1]["id"] == two[1]["id"] and two[1].get("repeated") is True,
              "the same key is the same message, no copy", (one, two))
    w.kill_queue()
    answer = w.again(lambda: w.send("once", "same"))
    tap.check(answer and is_refused(answer, "S4", first[1]["id"]), "also after a kill of the queue", answer)


def submit(client, sender, to, text):
    p = client.submit(sender, to, text)
    return p.status if p.done.wait(LONG) else None


def by_smpp(tap, w):
    client = Client(w.gateway.ports["smpp"], "once", "secret", timeout=LONG)
    one, two = submit(client, "+8150600", PHONE, "by smpp"), submit(client, "+8150600", PHONE, "by smpp")
    tap.check((one, two) == (OK, REJECTED), "SMPP: a copy is ESME_RX_R_APPN", (one, two))
    client.close()
    client = Client(w.gateway.ports["smpp"], "listed", "secret", timeout=LONG)
    tap.check(submit(client, "+8150300", FRIEND, "x") == INVALID_DESTINATION, "not on the list: ESME_RINVDSTADR")
    client.close()
    w.says(w.phone, "stop")
    w.phone.wait("message", None, lambda e: "START" in e["text"])
    client = Client(w.gateway.ports["smpp"], "shop", "secret", timeout=LONG)
    tap.check(submit(client, "+8150100", PHONE, "x") == INVALID_DESTINATION, "opted out: ESME_RINVDSTADR")
    client.close()


def shows(tap, w):
    lines = w.gateway.show("screening")
    found = {" ".join(x.split()[:-1]): int(x.split()[-1]) for x in lines if x.split() and x.split()[-1].isdigit()}
    tap.check(found.get("refused by S1, opted out", 0) > 0 and found.get("STOP", 0) > 0, "show screening counts", lines)
    metrics = w.gateway.metrics()
    tap.check(metrics.get('cellpost_screen_refused_total{role="queue",rule="S4"}') or
              any("screen_refused_total" in k and "S4" in k and v for k, v in metrics.items()), "and so do the metrics",
              [k for k in metrics if "screen" in k])


def main():
    tap = Tap()
    w = World(tap)
    for part in (stops, repeats, survives, cut_short, starts, languages, others, caps, imports, lists, nights, once, by_smpp, shows):
        part(tap, w)
    tap.check(any(x.split()[:2] == ["ledger", "sound"] for x in w.gateway.show("ledger")), "the ledger is sound")
    if tap.failed:
        w.gateway.complain("something failed")
    tap.check(w.gateway.close() == 0, "it ends in order")
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
