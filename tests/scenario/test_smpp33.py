#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""A client of SMPP 3.3 at the running gateway: ids of eight hexadecimal digits, nothing optional in any PDU that it gets,
receipts and messages of phones, long ones both ways. Then links that share by weight: three to one, and all to the one
that is left. Prints TAP."""
import re
import sys

import smpp
from gateway import Gateway, Phone, Tap, secret, wait_for
from httpd import Http
from smpp import Centre, Client

HANDSET = "+819012345678"
LONG = "A long text in parts, without any tag of a later version. " * 6
MANY = 400
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
 any yes
smsc heavy
 host 127.0.0.1:@heavy@
 system-id h
smsc light
 host 127.0.0.1:@light@
 system-id l
account old
 secret %s
 allow-sender *
 default-sender +81500001
route phones
 prefix +8190
 link lab
route shared
 prefix +8171
 link smsc:heavy 3
 link smsc:light 1
route old
 prefix +81500001
 link esme:old
"""


def old_client(tap, gateway):
    client = Client(gateway.ports["smpp"], "old", "secret", timeout=30, version=0x33)
    tap.check(len(client.bound.body) == client.bound.body.index(0) + 1, "the answer to its bind ends with the name", client.bound.body)
    phone = Phone(gateway.ports["lab"], HANDSET)
    first = client.submit("+81500001", HANDSET, "from an old one", registered=1)
    client.idle()
    text = first.body.rstrip(b"\0").decode()
    tap.check(first.status == 0 and re.fullmatch("[0-9a-fA-F]{8}", text), "ids have eight hexadecimal digits", first.body)
    tap.check(phone.wait("message", 30, lambda e: e["text"] == "from an old one"), "its message is shown")
    tap.check(client.wait(lambda: client.receipts, 30), "its receipt comes")
    r = client.receipts[0] if client.receipts else None
    said = r.content.decode("latin-1") if r else ""
    tap.check(r and not r.tlvs and f"id:{text}" in said and "stat:DELIVRD" in said, "with the same id, all of it in the text", (said, r and r.tlvs))
    client.submit_long("+81500001", HANDSET, LONG, registered=0)
    tap.check(phone.wait("message", 30, lambda e: e["text"] == LONG), "a long one of its is whole on the phone")
    phone.say("send +81500001 to an old one")
    tap.check(client.wait(lambda: any(m.content == b"to an old one" for m in client.messages), 30), "a phone's message comes to it")
    phone.say("send +81500001 " + LONG.strip())
    tap.check(client.wait(lambda: len([m for m in client.messages if m.udh]) >= 3, 30), "a long one in parts with headers", [vars(m) for m in client.messages])
    tap.check(not any(m.tlvs for m in client.messages), "nothing that it gets has a tag", [m.tlvs for m in client.messages])
    answer = client.ask(smpp.QUERY_SM, smpp.string(text) + b"\1\1" + smpp.string("81500001"))
    tap.check(answer.status != 0, "query_sm by a short id is refused, not guessed", answer.status)
    tap.check(any("version 3.3" in x for x in gateway.show("smpp")), "and the table says its version", gateway.show("smpp"))
    client.unbind()


def weights(tap, gateway, heavy, light):
    http = Http(gateway.ports["http"], "old", "secret")

    def burst():
        before = len(heavy.submits), len(light.submits)
        for n in range(MANY):
            http.json("POST", "/v1/messages", {"to": "+8171%07d" % n, "from": "+81500001", "text": str(n)})
        wait_for(lambda: len(heavy.submits) + len(light.submits) - sum(before) >= MANY, 60)
        return len(heavy.submits) - before[0], len(light.submits) - before[1]
    up = gateway.link_up("smsc:heavy", 30) and gateway.link_up("smsc:light", 30)
    h, l = burst()
    # A share of 300 with a deviation of 8.7: five of them are 43.
    tap.check(up and h + l == MANY and 257 <= h <= 343, f"weights 3 to 1: {h} and {l} of {MANY}", (h, l))
    heavy.accept_nobody = True
    heavy.drop()
    down = wait_for(lambda: any(x.split()[:2] == ["smsc:heavy", "down"] for x in gateway.show("links")), 30, 0.1)
    h, l = burst()
    tap.check(down and (h, l) == (0, MANY), "with one of them away the other takes all", (h, l))


def main():
    tap = Tap()
    heavy, light = Centre(), Centre()
    gateway = Gateway(CONFIG % secret("secret"), {"heavy": heavy.port, "light": light.port})
    old_client(tap, gateway)
    weights(tap, gateway, heavy, light)
    tap.check(gateway.close() == 0, "it ends in order")
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
