#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Message centres whose ids can be read in two bases, and whose receipts overtake the answers that name the ids: the
message that the receipt means is told, never the other whose id reads the same. Prints TAP."""
import itertools
import sys

import smpp
from daemon import Tap
from gateway import Gateway, free_port, secret, wait_for
from httpd import Http

CONFIG = """log
 level error
vty
 listen 127.0.0.1:@vty@
http
 listen 127.0.0.1:@http@
smsc centre
 host 127.0.0.1:@centre@
 system-id ids
 window 4
 reconnect-max 1s
account app
 secret %s
 allow-sender *
 default-sender 1234
route centre
 prefix +8170
 link smsc:centre
"""
ANN, BEN = "+817011111111", "+817022222222"


class World:
    """Ann's message is answered and never reported; the receipt of Ben's leaves before its answer."""

    def __init__(self, ids, ann, ben, hexadecimal, receipt_id=None):
        ports = {n: free_port() for n in ("vty", "http", "centre")}
        self.centre = smpp.Centre(ports["centre"], receipt_after=0, hexadecimal=hexadecimal, receipt_id=receipt_id)
        self.centre.ids = itertools.chain(ids, itertools.count(1000))
        self.gateway = Gateway(CONFIG % secret("secret"), ports)
        self.ready = self.gateway.link_up("smsc:centre", 30)
        self.http = Http(ports["http"], "app", "secret", timeout=30)
        self.centre.receipt_after = None
        self.ann = self.send(ANN)
        self.ann_sent = wait_for(lambda: self.state(self.ann) == "accepted", 30)
        self.centre.receipt_after, self.centre.receipt_first, self.centre.answer_after = 0, True, 2
        self.ben = self.send(BEN)
        self.right_ids = (self.centre.wait_submits(2, 30) and
                          [m.id for m in self.centre.submits] == [ann, ben])
        self.told_before = self.centre.wait(lambda: self.centre.receipts_taken == 1, 30) and self.state(self.ben)

    def send(self, to):
        status, answer = self.http.json("POST", "/v1/messages", {"to": to, "text": "hello", "report": "delivered"})
        return answer["id"] if status == 202 else None

    def state(self, message):
        _, answer = self.http.json("GET", f"/v1/messages/{message}")
        return answer["recipients"][0]["state"]

    def close(self):
        self.gateway.close()
        self.centre.close()


def main():
    tap = Tap()
    cases = (
        ("decimal ids alike in both", [16, 10], "16", "10", False, None),
        ("hexadecimal ids alike in both", [0x16, 0x10], "16", "10", True, None),
        ("hexadecimal answers, decimal receipts", [0x10, 0xA], "10", "a", True, lambda m: str(int(m.id, 16))),
    )
    for name, ids, ann, ben, hexadecimal, receipt_id in cases:
        w = World(ids, ann, ben, hexadecimal, receipt_id)
        tap.check(w.ready and w.ann_sent and w.right_ids, f"{name}: both are with the centre", repr(
            [(m.id, m.destination, m.registered) for m in w.centre.submits]))
        tap.check(w.told_before not in (None, False, "delivered"), f"{name}: the receipt came before the answer",
                  repr(w.told_before))
        tap.check(wait_for(lambda: w.state(w.ben) == "delivered", 40), f"{name}: the one it means is delivered",
                  w.state(w.ben))
        tap.check(w.state(w.ann) == "accepted", f"{name}: the other was told nothing", w.state(w.ann))
        w.close()
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
