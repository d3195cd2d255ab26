#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Long messages from phones, in parts that come in any order, twice, or not all, over deaths of the queue: a webhook
gets each whole and once. Prints TAP."""
import sys
import time

from gateway import Gateway, Tap, secret, wait_for
from httpd import Sink
from smpp import Centre, message_body, parts_of

CONFIG = """log
 level error
vty
 listen 127.0.0.1:@vty@
http
 listen 127.0.0.1:@http@
queue
 reassembly 4s
smsc centre
 host 127.0.0.1:@centre@
 system-id me
account app
 secret %s
 webhook http://127.0.0.1:@sink@/
route answers
 prefix *
 from network
 link webhook:app
"""
TO = "+8150100"
GSM = "A long text of a phone with an euro € and an umlaut ü. " * 7
WIDE = "長いメッセージ 😀 " * 20


class Phone:
    """Gives single parts to the gateway."""

    def __init__(self, centre, number):
        self.centre, self.number = centre, number

    def give(self, part):
        octets, coding = part
        number = self.centre.deliver_body(message_body(self.number, TO, octets, coding, 0x40))
        self.centre.wait(lambda: number in self.centre.answers, 10)
        return self.centre.answers.get(number)


def came(sink, number):
    return [m.get("text") for m in sink.events("message") if m.get("from") == number]


def kill(gateway, centre):
    gateway.kill("queue")
    gateway.wait_roles(["queue"])
    return gateway.link_up("smsc:centre")


def main():
    tap = Tap()
    sink, centre = Sink(), Centre()
    gateway = Gateway(CONFIG % secret("secret"), {"sink": sink.port, "centre": centre.port})
    tap.check(centre.wait_bound() and gateway.link_up("webhook:app"), "the links are up")

    first, parts = Phone(centre, "+8171001"), parts_of(GSM, 7)
    tap.check([first.give(p) for p in reversed(parts[1:])] == [0] * (len(parts) - 1), "parts are taken, the last one first")
    tap.check(not came(sink, first.number), "nothing is passed on while one is missing")
    tap.check(kill(gateway, centre), "the queue is killed amid them")
    tap.check(first.give(parts[1]) == 0, "a part that comes twice is taken")
    tap.check(first.give(parts[0]) == 0, "the missing one too")
    tap.check(wait_for(lambda: came(sink, first.number) == [GSM], 10), "the text comes whole", came(sink, first.number))

    second, wide = Phone(centre, "+8171002"), parts_of(WIDE, 8)
    third = Phone(centre, "+8171003")
    for mine, other in zip(wide, parts_of(WIDE, 8)):
        second.give(mine)
        third.give(other)
    tap.check(wait_for(lambda: came(sink, second.number) == [WIDE] == came(sink, third.number), 10),
              "two phones with one reference do not mix, surrogates are whole", [came(sink, second.number)])

    fourth = Phone(centre, "+8171004")
    for part in parts_of(GSM, 9)[:2]:
        fourth.give(part)
    kill(gateway, centre)
    tap.check(wait_for(lambda: len(came(sink, fourth.number)) == 1, 20), "after the wait what is there is passed on")
    text = (came(sink, fourth.number) or [""])[0]
    tap.check(text.startswith(GSM[:140]) and "[...]" in text, "and says that something is missing", text)

    kill(gateway, centre)
    time.sleep(2)
    tap.check([len(came(sink, p.number)) for p in (first, second, third, fourth)] == [1, 1, 1, 1],
              "none comes twice, also after another death")
    if tap.failed:
        gateway.complain("something failed")
    tap.check(gateway.close() == 0, "it ends in order")
    centre.close()
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
