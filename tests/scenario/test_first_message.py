#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The first message of the README: HTTP in, shown on a simulated handset, its receipt at a webhook, the phone's answer
at the webhook. Prints TAP."""
import sys
import urllib.parse

from gateway import Gateway, Phone, Tap, secret, wait_for
from httpd import Http, Sink

HANDSET = "+819012345678"
CONFIG = """log
 level error
vty
 listen 127.0.0.1:@vty@
http
 listen 127.0.0.1:@http@
lab
 listen 127.0.0.1:@lab@
 any no
 absent-retry 300ms
handset %s
account demo
 secret %s
 allow-sender *
 default-sender +8150100
 webhook http://127.0.0.1:@sink@/hook
 webhook-secret shared-key
route phones
 prefix +8190
 link lab
route answers
 prefix +8150
 from network
 link webhook:demo
"""


def final(http, message):
    """Waits for the end of every recipient."""
    def ended():
        status, answer = http.json("GET", "/v1/messages/" + message)
        return answer if status == 200 and all(r["final"] for r in answer["recipients"]) else None
    return wait_for(ended, 15, 0.1)


def sends(tap, http, phone, sink):
    status, answer = http.json("POST", "/v1/messages", {"to": HANDSET, "from": "+8150100", "text": "Grüße 日本 €",
                                                        "report": "all", "reference": "my-1"}, {"Idempotency-Key": "first"})
    tap.check(status == 202 and len(answer.get("id", "")) == 28, "the first message is accepted: 202 with its id", answer)
    shown = phone.wait("message")
    tap.check(shown and shown["text"] == "Grüße 日本 €" and shown["from"] == "+8150100", "it is shown on the handset", shown)
    receipt = sink.wait(lambda c: c.json and c.json.get("type") == "receipt" and c.json["data"].get("state") == "delivered")
    data = receipt.json["data"] if receipt else {}
    tap.check(data.get("id", "").startswith(answer["id"]) and data.get("to") == HANDSET and data.get("reference") == "my-1",
              "its receipt comes to the webhook", [c.body for c in sink.calls])
    end = final(http, answer["id"])
    steps = [e["event"] for e in end["recipients"][0]["timeline"]] if end else []
    tap.check(end and end["recipients"][0]["state"] == "delivered" and steps[0] == "accepted" and "delivered" in steps,
              "GET tells the whole story", end)
    status, again = http.json("POST", "/v1/messages", {"to": HANDSET, "from": "+8150100", "text": "Grüße 日本 €",
                                                       "report": "all", "reference": "my-1"}, {"Idempotency-Key": "first"})
    tap.check(status == 202 and again["id"] == answer["id"] and again.get("repeated") is True and not phone.wait("message", 0.5),
              "the same key again: the same answer, no second message", again)


def answers(tap, phone, sink):
    phone.say("send +8150100 Danke! 了解")
    sent = phone.wait("sent")
    tap.check(sent, "the phone answers", phone.events)
    call = sink.wait(lambda c: c.json and c.json.get("type") == "message")
    data = call.json["data"] if call else {}
    tap.check(data.get("text") == "Danke! 了解" and data.get("from") == HANDSET and data.get("to") == "+8150100",
              "its answer comes to the account's webhook", [c.body for c in sink.calls])
    tap.check(not sink.bad_signatures, "every call is signed as the manual says", sink.bad_signatures)


def waits_for_the_phone(tap, http, phone):
    phone.say("off")
    phone.wait("switched")
    _, answer = http.json("POST", "/v1/messages", {"to": HANDSET, "text": "later"})
    tap.check(not phone.wait("message", 0.7), "a handset that is off shows nothing", answer)
    phone.say("on")
    shown = phone.wait("message")
    tap.check(shown and shown["text"] == "later" and shown["from"] == "+8150100", "switched on, it gets what waited", shown)
    end = final(http, answer["id"])
    tap.check(end and end["recipients"][0]["attempts"] > 1, "and the timeline knows of the tries", end)


def refusals(tap, http, port):
    status, answer = http.json("POST", "/v1/messages", {"to": "+4912345", "text": "x"})
    tap.check(status == 422 and answer["error"]["message"], "a recipient that no route serves: 422", answer)
    status, answer = http.json("POST", "/v1/messages", {"to": HANDSET, "text": "x", "textt": "y"})
    tap.check(status == 400 and answer["error"].get("field") == "textt", "a wrong field is named: 400", answer)
    status, answer = Http(port, "demo", "wrong").json("POST", "/v1/messages", {"to": HANDSET, "text": "x"})
    tap.check(status == 401, "a wrong password: 401", answer)


def as_kannel(tap, port, phone):
    query = urllib.parse.urlencode({"username": "demo", "password": "secret", "to": HANDSET, "text": "by cgi",
                                    "from": "+8150100"})
    status, _, body = Http(port).get("/cgi-bin/sendsms?" + query)
    tap.check(status == 202 and body.startswith(b"0: Accepted"), "Kannel's URL works", body)
    shown = phone.wait("message")
    tap.check(shown and shown["text"] == "by cgi", "and its text is shown", shown)


def main():
    tap = Tap()
    sink = Sink("shared-key")
    gateway = Gateway(CONFIG % (HANDSET, secret("secret")), {"sink": sink.port})
    tap.check(gateway.link_up("lab"), "the lab is up", gateway.show("links"))
    phone = Phone(gateway.ports["lab"], HANDSET)
    http = Http(gateway.ports["http"], "demo", "secret")
    sends(tap, http, phone, sink)
    answers(tap, phone, sink)
    waits_for_the_phone(tap, http, phone)
    refusals(tap, http, gateway.ports["http"])
    as_kannel(tap, gateway.ports["http"], phone)
    if tap.failed:
        gateway.complain("something failed")
    tap.check(gateway.close() == 0, "it ends in order")
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
