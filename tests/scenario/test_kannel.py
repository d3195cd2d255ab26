#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""A real Kannel in front of the gateway as its SMPP client, and behind another Kannel's HTTP centre as its sendsms:
messages, receipts, long and UCS-2 texts, both directions. Prints TAP; needs the packages kannel."""
import sys
import urllib.parse

import kannel
from gateway import Gateway, Phone, Tap, free_port, secret
from httpd import Http, Sink
from kannel import Kannel

HANDSET = "+819012345678"
LONG = "The quick brown fox jumps over the lazy dog, and then once more {from the top} for 5 €. " * 5
JAPANESE = "こんにちは、世界。"
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
 absent-retry 300ms
handset %s
account kannel
 secret %s
 allow-sender *
 default-sender +81500001
account web
 secret %s
 allow-sender *
 default-sender +81500002
route phones
 prefix +8190
 link lab
route to-kannel
 prefix +81500001
 from network
 link esme:kannel
"""
SERVICES = """group = sms-service
keyword = ping
text = "pong"
max-messages = 1

group = sms-service
keyword = default
get-url = "http://127.0.0.1:{sink}/mo?from=%p&to=%P&text=%a&coding=%c&charset=%C"
max-messages = 0
"""


def dlr(sink, tag, kind="%d"):
    return f"http://127.0.0.1:{sink.port}/dlr?tag={tag}&type={kind}&from=%p&to=%P&reply=%A"


def wait_dlr(sink, tag, kind, seconds=15):
    return sink.wait(lambda c: c.path == "/dlr" and c.query.get("tag") == tag and c.query.get("type") == str(kind), seconds)


def seen(sink):
    return "\n".join(f"{c.path} {c.query}" for c in sink.calls[-20:])


def shows(tap, phone, text, what):
    got = phone.wait("message", 15, lambda e: e["text"] == text)
    tap.check(got, what, [e.get("text") for e in phone.events])
    return got


def messages(tap, k, phone, sink):
    status, answer = k.send(HANDSET, "Hello @ £5 {x} €", dlr_mask=31, dlr_url=dlr(sink, "a"), **{"from": "+81500001"})
    tap.check(status == 202, "Kannel takes a message", answer)
    got = shows(tap, phone, "Hello @ £5 {x} €", "MT: it is shown on the handset, every character right")
    tap.check(got and got["from"] == "+81500001", "MT: its sender is shown", got)
    tap.check(wait_dlr(sink, "a", 8), "MT: Kannel's callback says that we took it", seen(sink))
    tap.check(wait_dlr(sink, "a", 1), "MT: Kannel's callback says delivered", seen(sink))
    k.send(HANDSET, LONG, dlr_mask=3, dlr_url=dlr(sink, "long"), **{"from": "+81500001"})
    shows(tap, phone, LONG, "MT: a long message is whole on the handset")
    tap.check(wait_dlr(sink, "long", 1), "MT: and reported as delivered", seen(sink))
    k.send(HANDSET, JAPANESE, coding=2, **{"from": "Kannel"})
    got = shows(tap, phone, JAPANESE, "MT: UCS-2")
    tap.check(got and got["from"] == "Kannel", "MT: a sender of letters", got)
    k.send(HANDSET, JAPANESE * 20, coding=2, **{"from": "+81500001"})
    shows(tap, phone, JAPANESE * 20, "MT: a long UCS-2 message")
    k.send("+491234567", "nobody", dlr_mask=31, dlr_url=dlr(sink, "none"), **{"from": "+81500001"})
    tap.check(wait_dlr(sink, "none", 16), "MT: a recipient that no route serves: Kannel's callback says rejected", seen(sink))


def absent(tap, k, phone, sink):
    phone.say("off")
    phone.wait("switched")
    k.send(HANDSET, "for later", dlr_mask=3, dlr_url=dlr(sink, "late"), **{"from": "+81500001"})
    early = wait_dlr(sink, "late", 1, 1)
    phone.say("on")
    tap.check(not early and wait_dlr(sink, "late", 1), "MT: a handset that is off: delivered when it is on", seen(sink))


def from_phones(tap, k, phone, sink):
    def came(text):
        def same(c):
            if c.path != "/mo":
                return False
            # The octets are in the charset that Kannel names; the sink reads them as Latin-1.
            return c.query.get("text", "").encode("latin-1").decode(c.query["charset"], "replace") == text
        return sink.wait(same)
    phone.say("send +81500001 Hi Kannel ä@€")
    call = came("Hi Kannel ä@€")
    tap.check(call and call.query["from"] == HANDSET and call.query["to"].lstrip("+") == "81500001", "MO: a phone's message comes to Kannel's service",
              seen(sink))
    phone.say("send +81500001 " + LONG.strip())
    tap.check(came(LONG.strip()), "MO: a long one comes whole", seen(sink))
    phone.say("send +81500001 " + JAPANESE)
    tap.check(came(JAPANESE), "MO: UCS-2", seen(sink))
    phone.say("send +81500001 " + (JAPANESE * 20))
    tap.check(came(JAPANESE * 20), "MO: a long UCS-2 one", seen(sink))
    phone.say("send +81500001 ping")
    shows(tap, phone, "pong", "MO and MT: the answer of Kannel's service comes back")


def sendsms(tap, port, phone, sink):
    """Our own sendsms, as Kannel's users call it."""
    def call(**fields):
        fields = {"username": "web", "password": "p2", "to": HANDSET, **fields}
        query = "&".join(k.replace("_", "-") + "=" + urllib.parse.quote(v) for k, v in fields.items())
        status, _, body = Http(port).get("/cgi-bin/sendsms?" + query)
        return status, body
    url = f"http://127.0.0.1:{sink.port}/dlr?tag=own&type=%d&from=%p&to=%P&id=%I&who=%n&ref=%o&at=%T&percent=%%25"
    status, body = call(text="own shape", dlr_mask="31", dlr_url=url, account="my words", **{"from": "+81500002"})
    tap.check(status == 202 and body == b"0: Accepted for delivery", "sendsms: accepted in Kannel's words", body)
    shows(tap, phone, "own shape", "sendsms: shown")
    got = wait_dlr(sink, "own", 1)
    q = got.query if got else {}
    tap.check(q.get("from") == "+81500002" and q.get("to") == HANDSET and q.get("who") == "web" and q.get("ref") == "my words" and
              len(q.get("id", "")) >= 28 and q.get("at", "").isdigit() and q.get("percent") == "%",
              "sendsms: the escapes of dlr-url are filled in", seen(sink))
    call(text=JAPANESE, coding="2", charset="UTF-8")
    shows(tap, phone, JAPANESE, "sendsms: coding 2, UTF-8")
    call(text="flüssig".encode("latin-1"), charset="ISO-8859-1")
    shows(tap, phone, "flüssig", "sendsms: ISO-8859-1")
    status, body = call(text="x", password="wrong")
    tap.check(status == 403 and body.startswith(b"Authorization failed"), "sendsms: a wrong password in Kannel's words", (status, body))


def kannel_over_http(tap, gateway, phone, sink):
    """A Kannel whose centre is our sendsms."""
    url = f"http://127.0.0.1:{gateway.ports['http']}/cgi-bin/sendsms"
    k = Kannel(kannel.http(url, "web", "p2", free_port()))
    if not k.up or not k.online():
        tap.check(False, "a Kannel with our sendsms as its centre is up", k.status() + k.log())
        return
    status, answer = k.send(HANDSET, "through HTTP ä€", dlr_mask=31, dlr_url=dlr(sink, "http"), **{"from": "+81500002"})
    tap.check(status == 202, "HTTP: Kannel takes a message", answer)
    got = shows(tap, phone, "through HTTP ä€", "HTTP: it is shown on the handset")
    tap.check(got and got["from"] == "+81500002", "HTTP: its sender is shown", got)
    tap.check(wait_dlr(sink, "http", 1), "HTTP: our receipt goes to Kannel, and Kannel's to its user", seen(sink) + "\n" + k.log()[-1500:])
    k.send(HANDSET, JAPANESE, coding=2, **{"from": "+81500002"})
    shows(tap, phone, JAPANESE, "HTTP: UCS-2")
    k.send(HANDSET, LONG, **{"from": "+81500002"})
    shows(tap, phone, LONG, "HTTP: a long message is whole on the handset")
    k.close()


def main():
    tap = Tap()
    if not kannel.installed():
        tap.check(True, "Kannel # SKIP apt-get install kannel")
        return tap.end()
    sink = Sink()
    gateway = Gateway(CONFIG % (HANDSET, secret("p1"), secret("p2")))
    k = Kannel(kannel.smpp(gateway.ports["smpp"], "kannel", "p1"),
               SERVICES.format(sink=sink.port))
    tap.check(k.up and k.online(), "Kannel binds as a transceiver", k.status() + k.log()[-3000:])
    tap.check(gateway.link_up("esme:kannel"), "the bind is a link", gateway.show("links"))
    phone = Phone(gateway.ports["lab"], HANDSET)
    messages(tap, k, phone, sink)
    absent(tap, k, phone, sink)
    from_phones(tap, k, phone, sink)
    if tap.failed:
        print("\n".join("# " + x for x in k.log().splitlines()[-60:]))
    k.close()
    sendsms(tap, gateway.ports["http"], phone, sink)
    kannel_over_http(tap, gateway, phone, sink)
    if tap.failed:
        gateway.complain("something failed")
    tap.check(gateway.close() == 0, "it ends in order")
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
