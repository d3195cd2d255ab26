#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Priced messages to phones over SGs: nothing without a permit, charged once and when it arrived, an absent phone costs
nothing meanwhile. Prints TAP."""
import os
import sys
import tempfile

from gateway import Tap, secret, wait_for
from httpd import Http
from phones import Bench, Handset, NUMBER
from test_link_sgs import CONFIG

TARIFF = """version,1,JPY,2019-10-01,,half-up,0.01
price,sms,+49,full,1,70,3,10%,delivered
price,sms,+49,full,71,670,9,10%,delivered
price,sms,+49,half,1,160,3,10%,delivered
price,sms,+49,half,161,1530,6,10%,delivered
"""
MONEY = """account boss
 secret %s
 admin yes
 payment free
billing
 tariff %s
 currency JPY
 ceiling 10.00
 consent always
"""


class Priced(Bench):
    def balance(self, member="balance"):
        status, answer = Http(self.gateway.ports["http"], "boss", "secret").json("GET", "/v1/accounts/demo/balance")
        return answer.get(member) if status == 200 else answer

    def costs(self, message, left):
        return wait_for(lambda: self.look(message).get("final") and self.balance() == left, 10)


def steps(tap, b, phone):
    status, answer = b.http.json("POST", "/v1/messages", {"to": NUMBER, "text": "poor"})
    tap.check(status == 403 and not phone.saw("poor", 0.5), "no balance, no message", answer)
    Http(b.gateway.ports["http"], "boss", "secret").json("POST", "/v1/accounts/demo/top-up", {"amount": "20.00"}, {"Idempotency-Key": "k"})
    message = b.send("rich")
    tap.check(phone.saw("rich") and b.costs(message, "16.70"), "what arrived is charged", (b.look(message), b.balance()))
    message = b.send("x" * 200)
    tap.check(phone.saw("x" * 200) and b.costs(message, "10.10"), "a long one by its length", (b.look(message), b.balance()))
    phone.absent = 6
    message = b.send("away")
    wait_for(lambda: phone.asks_alert, 10)
    tap.check(b.balance() == "10.10" and b.balance("held") == "3.30", "an absent phone costs nothing, its price is set aside", b.balance("held"))
    phone.absent = None
    phone.send(0x10)
    tap.check(phone.saw("away") and b.costs(message, "6.80"), "until it has come", (b.look(message), b.balance()))
    phone.quiet = True
    before = phone.taken
    message = b.send("doubtful")
    wait_for(lambda: phone.taken > before, 10)
    phone.leave()
    phone = Handset(b.path)
    tap.check(phone.attach() == 0 and b.state(message, "unknown", 20) and not phone.taken,
              "what may have arrived is unknown, and not sent again", b.look(message))
    tap.check(any(x.split()[:2] == ["ledger", "sound"] for x in b.gateway.show("ledger")), "the ledger is sound", b.gateway.show("ledger"))


def main():
    tap = Tap()
    with tempfile.TemporaryDirectory() as folder:
        tariff, path = os.path.join(folder, "tariff.csv"), os.path.join(folder, "sgs")
        with open(tariff, "w", encoding="ascii") as f:
            f.write(TARIFF)
        b = Priced(tap, "sgs", CONFIG % path + MONEY % (secret("secret"), tariff))
        b.path = path
        phone = Handset(path)
        tap.check(phone.attach() == 0 and b.up(), "a phone registers")
        steps(tap, b, phone)
        if tap.failed:
            b.gateway.complain("something failed")
        tap.check(b.gateway.close() == 0, "it ends in order")
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
