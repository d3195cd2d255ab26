#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""`show sms links`: one table of SMPP links and clients, SGs and GSUP and modems, whose numbers are what happened. Then
ten thousand configured links: the gateway starts, and the tables come at once. Prints TAP."""
import os
import shutil
import sys
import tempfile
import time

from gateway import Gateway, Tap, secret, wait_for
from httpd import Http
from phones import Handset
from smpp import Centre, Client
from test_osmo_gsup import IMSI
from test_smstools_modem import Modem

MANY = 10000
CONFIG = """log
 level error
vty
 listen 127.0.0.1:@vty@
http
 listen 127.0.0.1:@http@
queue
 retry 300s
smpp-server
 listen 127.0.0.1:@smpp@
smsc good
 host 127.0.0.1:@centre@
 system-id good
 window 7
smsc gone
 host 127.0.0.1:@nobody@
 system-id gone
sgs
 listen seqpacket:%s
 centre +491770610000
gsup
 listen 127.0.0.1:@gsup@
 centre +491770610000
modem gsm1
 device tty:%s
subscriber +491770900123
 imsi 001010123456780
account app
 secret %s
 allow-sender *
 smpp-window 9
route good
 prefix +8171
 link smsc:good
route phones
 prefix +491770
 link sgs
route modem
 prefix +4930
 link modem:gsm1
route app
 prefix +8150
 link esme:app
"""


def table(gateway):
    """Rows by link: columns by name."""
    lines = gateway.show("sms links")
    if not lines:
        return {}
    names = ("state", "since", "window", "in-flight", "waiting", "sent", "refused", "throttled", "back", "doubt")
    rows = {}
    for line in lines[1:]:
        words = line.split(None, len(names) + 1)
        rows[words[0]] = dict(zip(names, words[1:]), error=words[-1] if len(words) > len(names) + 1 else "")
    return rows


def kinds(tap):
    folder = tempfile.mkdtemp(prefix="cellpost-links-")
    modem = Modem()
    modem.start()
    os.symlink(modem.path, os.path.join(folder, "line"))
    refuse = {"1": 0x0B, "2": 0x58}
    throttled = []

    def decide(m):
        status = refuse.get(m.destination[-1], 0)
        if status == 0x58:
            throttled.append(m)
            return 0x58 if len(throttled) == 1 else 0
        return status

    centre = Centre(decide=decide)
    gateway = Gateway(CONFIG % (os.path.join(folder, "sgs"), os.path.join(folder, "line"), secret("secret")), {"centre": centre.port})
    phone = Handset(os.path.join(folder, "sgs"), IMSI)
    phone.attach()
    client = Client(gateway.ports["smpp"], "app", "secret", timeout=30)
    up = all(gateway.link_up(n, 30) for n in ("smsc:good", "sgs", "modem:gsm1", "esme:app"))
    rows = table(gateway)
    tap.check(up and set(rows) == {"smsc:good", "smsc:gone", "sgs", "gsup", "modem:gsm1", "esme:app"}, "one row of every link", rows)
    states = {n: r["state"] for n, r in rows.items()}
    tap.check(states == {"smsc:good": "up", "smsc:gone": "down", "sgs": "up", "gsup": "down", "modem:gsm1": "up", "esme:app": "up"}, "and its state", states)
    tap.check(rows["smsc:good"]["window"] == "7" and rows["esme:app"]["window"] == "9" and rows["modem:gsm1"]["window"] == "1", "windows are those of the peers", rows)
    tap.check(all(r["since"].endswith("s") for r in rows.values()), "since is how long the state stands", rows)
    http = Http(gateway.ports["http"], "app", "secret")

    def send(to):
        return http.json("POST", "/v1/messages", {"to": to, "from": "+8150100", "text": "x"})[1].get("id")

    for to in ("+81710000", "+81710000", "+81710001", "+81710002", "+491770900123", "+493012345", "+8150999"):
        send(to)

    def settled():
        r = table(gateway)
        return r and r["smsc:good"]["sent"] == "3" and r["smsc:good"]["refused"] == "1" and r["sgs"]["sent"] == "1" and \
            r["modem:gsm1"]["sent"] == "1" and r["esme:app"]["sent"] == "1"
    tap.check(wait_for(settled, 60, 0.2), "what was sent and refused is counted at its link", gateway.show("sms links"))
    rows = table(gateway)
    tap.check(rows["smsc:good"]["error"].startswith("ESME_RINVDSTADR"), "with the last error", rows["smsc:good"])
    tap.check(rows["smsc:good"]["throttled"] == "1" and rows["sgs"]["throttled"] == "-", "throttling where there is such a thing", rows)
    centre.decide = lambda m: None
    send("+81710000")
    tap.check(wait_for(lambda: table(gateway).get("smsc:good", {}).get("in-flight") == "1", 30, 0.2), "what waits for its answer is in flight", gateway.show("sms links"))
    phone.quiet = True
    send("+491770900123")
    tap.check(wait_for(lambda: table(gateway).get("sgs", {}).get("in-flight") == "1", 30, 0.2), "at a phone too", gateway.show("sms links"))
    client.unbind()
    tap.check(wait_for(lambda: table(gateway).get("esme:app", {}).get("state") == "down", 30, 0.2), "a client that left stays in it as down", gateway.show("sms links"))
    tap.check(gateway.close() == 0, "it ends in order")
    phone.leave()
    modem.on = False
    shutil.rmtree(folder, ignore_errors=True)


def many(tap):
    """Most of them nobody answers for: that is what a table is looked at for."""
    centre = Centre()
    links = "".join(f"smsc l{i}\n host 127.0.0.1:{'@centre@' if i % 1000 == 0 else '9'}\n system-id l{i}\n reconnect-max 60s\n" for i in range(MANY))
    text = "log\n level error\nvty\n listen 127.0.0.1:@vty@\nhttp\n listen 127.0.0.1:@http@\n" + links + "route one\n prefix +81\n link smsc:l0\n" + \
        "account app\n secret %s\n allow-sender *\n" % secret("secret")
    start = time.monotonic()
    gateway = Gateway(text, {"centre": centre.port}, ready=120)
    tap.check(gateway.link_up("smsc:l0", 120), f"{MANY} links: it starts ({time.monotonic() - start:.1f} s)", gateway.log()[-500:])
    for words in ("links", "sms links"):
        start = time.monotonic()
        lines = gateway.show(words)
        took = time.monotonic() - start
        tap.check(len(lines) >= MANY and took < 10, f"`show {words}`: {len(lines)} lines in {took:.2f} s", took)
    start = time.monotonic()
    status, _ = Http(gateway.ports["http"], "app", "secret").json("POST", "/v1/messages", {"to": "+8171", "from": "+8150", "text": "x"})
    tap.check(status == 202 and centre.wait(lambda: centre.submits, 30), f"a message goes out meanwhile ({time.monotonic() - start:.2f} s)", status)
    tap.check(gateway.close() == 0, "it ends in order")


def main():
    tap = Tap()
    kinds(tap)
    many(tap)
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
