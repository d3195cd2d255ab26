#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Online charging against real peers: Kamailio's charging system, and freeDiameterd as a relay before it. Granted, no
credit, no charging, silence, roles killed between reservation and settlement, a relay that dies after the request left,
and the limits of `outage buffer`. What went over the wire is read by tshark at the end. Prints TAP."""
import os
import shutil
import signal
import subprocess
import tempfile
import time

from decimal import Decimal

from diameter import Ocs, Relay as Freediameter
from gateway import Gateway, Tap, Terminal, free_port, secret, wait_for
from httpd import Http
from relay import Capture, Relay

WELL_KNOWN = 3868
SECONDS = int(os.environ.get("PATIENCE", "60"))
PHONE, AWAY = "+819012345678", "+819055500001"
TARIFF = """version,1,JPY,2019-10-01,,half-up,0.01
price,sms,+81,full,1,670,3,10%,sent
price,sms,+81,half,1,1530,3,10%,sent
"""
ACCOUNT = """account %s
 secret """ + secret("secret") + """
 allow-sender *
 default-sender +8150100
 payment online
 consent always
"""
CONFIG = """log
 level info
vty
 listen 127.0.0.1:@vty@
http
 listen 127.0.0.1:@http@
lab
 listen 127.0.0.1:@lab@
 any yes
 absent-retry 300ms
handset +819055500001
billing
 tariff %s
 currency JPY
 ceiling 10.00
diameter
 peer 127.0.0.1:%d
 identity gw.example
 realm example
 content ims
 unit time
 service 1
 reconnect 500ms
 tx-timer %s
%sroute phones
 prefix +81
 link lab
""" + "".join(ACCOUNT % name for name in ("rich", "poor", "gratis", "unknown", "other")) + """account boss
 secret """ + secret("secret") + """
 admin yes
 payment free
"""


class Site:
    """A gateway, what lies between it and its peer, and its clients."""

    def __init__(self, capture, tariff, peer, tx="2s", more=""):
        self.tap = Relay(capture, peer, False, WELL_KNOWN)
        self.gateway = Gateway(CONFIG % (tariff, self.tap.port, tx, more))
        self.port = self.gateway.ports["http"]

    def send(self, name, to=PHONE, text="hello"):
        status, answer = Http(self.port, name, "secret").json("POST", "/v1/messages", {"to": to, "text": text})
        return answer["recipients"][0]["id"] if status == 202 else None

    def state(self, name, delivery):
        try:
            status, m = Http(self.port, name, "secret").json("GET", "/v1/messages/" + delivery)
        except OSError:
            return {}
        return m["recipients"][0] if status == 200 else {}

    def becomes(self, name, delivery, state, seconds=SECONDS):
        wait_for(lambda: self.state(name, delivery).get("state") == state, seconds, 0.1)
        return self.state(name, delivery).get("state") == state

    def balance(self, name):
        status, a = Http(self.port, "boss", "secret").json("GET", f"/v1/accounts/{name}/balance")
        return (Decimal(a["balance"]), Decimal(a["held"])) if status == 200 else None

    def count(self, name):
        return sum(v for k, v in self.gateway.metrics().items() if k.startswith("cellpost_" + name + "{"))

    def up(self):
        return wait_for(lambda: any(" up: " in x for x in self.gateway.show("diameter")), SECONDS, 0.2)

    def settled(self):
        return wait_for(lambda: self.count("online_sessions") == 0, SECONDS, 0.2)

    def handset(self, word):
        terminal = Terminal(self.gateway.ports["vty"])
        terminal.say("enable")
        terminal.say(f"show handset {AWAY} {word}")
        terminal.close()

    def words(self, name, delivery):
        return " | ".join(f"{e['event']}: {e.get('detail', '')}" for e in self.state(name, delivery).get("timeline", []))


def of(ocs, delivery):
    """Methods and units that the charging system saw for a delivery, and the names of their sessions."""
    seen = [r for r in ocs.requests() if delivery in r[3]]
    return [(r[0], int(r[4]) or int(r[5])) for r in seen], {r[3] for r in seen}


def answers(tap, site, ocs):
    d = site.send("rich")
    tap.check(site.becomes("rich", d, "delivered"), "granted: delivered", site.words("rich", d))
    tap.check(wait_for(lambda: len(of(ocs, d)[0]) == 2, SECONDS), "INITIAL and TERMINATION were seen", of(ocs, d))
    tap.check(of(ocs, d)[0] == [("INVITE", 1), ("BYE", 1)] and len(of(ocs, d)[1]) == 1, "one unit reserved, one used, one session", of(ocs, d))
    tap.check(site.balance("rich") == (Decimal("-3.30"), 0), "our ledger mirrors it", site.balance("rich"))
    d = site.send("poor")
    tap.check(site.becomes("poor", d, "refused") and "no credit at the charging system (4012" in site.words("poor", d),
              "4012: refused, and the sender is told why", site.words("poor", d))
    tap.check(of(ocs, d)[0] == [("INVITE", 1)] and site.balance("poor") == (0, 0), "and nothing is charged", of(ocs, d))
    d = site.send("gratis")
    tap.check(site.becomes("gratis", d, "delivered") and site.balance("gratis") == (0, 0), "4011: sent, for nothing", site.words("gratis", d))
    d = site.send("unknown")
    tap.check(site.becomes("unknown", d, "refused") and "does not know the payer (5030" in site.words("unknown", d),
              "5030: refused, and why", site.words("unknown", d))
    tap.check(site.settled(), "no session stays open")


def silence(tap, site, ocs):
    ocs.signal(signal.SIGSTOP)
    d = site.send("rich", text="in doubt")
    doubt = wait_for(lambda: site.count("online_in_doubt") == 1, SECONDS, 0.2)
    tap.check(doubt and site.becomes("rich", d, "waiting"), "no answer: in doubt, and nothing is sent", site.words("rich", d))
    second = site.send("rich", to=AWAY, text="of the same payer")
    waits = wait_for(lambda: "does not answer: priced messages of this payer wait" in site.words("rich", second), SECONDS, 0.2)
    tap.check(waits, "the payer's next message waits too", site.words("rich", second))
    shown = " ".join(site.gateway.show("diameter"))
    tap.check("1 sessions wait" in shown and d in shown, "`show diameter` names it", shown)
    site.gateway.kill("queue")
    wait_for(lambda: site.count("diameter_repeats_total") >= 2, SECONDS, 0.2)
    ocs.signal(signal.SIGCONT)
    tap.check(site.becomes("rich", d, "delivered") and site.becomes("rich", second, "delivered"),
              "it answers again: both are sent", (site.words("rich", d), site.words("rich", second)))
    tap.check(site.settled() and len(of(ocs, d)[1]) == 1 and of(ocs, d)[0].count(("BYE", 1)) >= 1,
              "the queue died meanwhile: still one session", of(ocs, d))
    tap.check(not of(ocs, second)[0][2:], "of the other one request each", of(ocs, second))


def deaths(tap, site, ocs):
    before = site.balance("rich")[0]
    site.handset("off")
    d = site.send("rich", to=AWAY, text="later")
    tap.check(wait_for(lambda: of(ocs, d)[0] == [("INVITE", 1)], SECONDS), "reserved while the phone is away", of(ocs, d))
    for role in ("diameter", "queue", "diameter"):
        wait_for(lambda r=role: site.gateway.kill(r), SECONDS, 0.2)
        time.sleep(0.3)
    site.gateway.wait_roles(("diameter", "queue"))
    site.up()
    site.handset("on")
    tap.check(site.becomes("rich", d, "delivered"), "both roles were killed: it is delivered", site.words("rich", d))
    tap.check(site.settled(), "and settled")
    seen, sessions = of(ocs, d)
    tap.check(len(sessions) == 1 and set(seen) == {("INVITE", 1), ("BYE", 1)}, "under one session", seen)
    tap.check(site.balance("rich") == (before - Decimal("3.30"), 0), "charged once", site.balance("rich"))


def settles_late(tap, site, ocs):
    site.handset("off")
    d = site.send("rich", to=AWAY, text="settled late")
    wait_for(lambda: of(ocs, d)[0] == [("INVITE", 1)], SECONDS)
    ocs.signal(signal.SIGSTOP)
    site.handset("on")
    tap.check(site.becomes("rich", d, "delivered"), "granted before: delivered while the charging system is silent", site.words("rich", d))
    sent = site.count("diameter_requests_total")
    wait_for(lambda: site.count("diameter_requests_total") > sent, SECONDS, 0.2)
    site.gateway.kill("queue")
    site.gateway.wait_roles(("queue",))
    ocs.signal(signal.SIGCONT)
    tap.check(site.settled() and ("BYE", 1) in of(ocs, d)[0] and len(of(ocs, d)[1]) == 1, "the settlement is repeated until answered", of(ocs, d))
    site.handset("off")
    d = site.send("rich", to=AWAY, text="called back")
    wait_for(lambda: of(ocs, d)[0] == [("INVITE", 1)], SECONDS)
    status, _ = Http(site.port, "rich", "secret").json("DELETE", f"/v1/messages/{d}")
    tap.check(wait_for(lambda: of(ocs, d)[0] == [("INVITE", 1), ("BYE", 0)], SECONDS), "cancelled: given back with 0 units", (status, of(ocs, d)))
    tap.check(site.settled(), "no session stays open")
    site.handset("on")


def relays(tap, capture, tariff):
    ocs = Ocs(free_port())
    middle = Freediameter(free_port(), ocs.port)
    tap.check(bool(middle.sees_ocs()), "freeDiameterd has the charging system behind it", middle.log()[-600:])
    site = Site(capture, tariff, middle.port, tx="20s")
    tap.check(site.up(), "the gateway is connected with freeDiameterd", site.gateway.show("diameter"))
    d = site.send("rich", text="by relay")
    tap.check(site.becomes("rich", d, "delivered") and site.settled(), "granted through the relay", (site.words("rich", d), middle.log()[-600:]))
    ocs.signal(signal.SIGSTOP)
    d = site.send("rich", text="3002")
    wait_for(lambda: site.count("diameter_sessions") == 1, SECONDS, 0.1)
    time.sleep(1)
    ocs.kill()
    doubt = wait_for(lambda: site.count("diameter_doubt_total") >= 1, SECONDS, 0.2)
    tap.check(doubt and site.becomes("rich", d, "waiting") and site.count("online_in_doubt") == 1,
              "the system behind the relay dies with the request: 3002 is doubt", site.words("rich", d))
    ocs.start()
    tap.check(site.becomes("rich", d, "delivered", 120) and site.settled(), "it comes back: granted and sent", site.words("rich", d))
    tap.check(len(of(ocs, d)[1]) == 1, "under the same session", of(ocs, d))
    ocs.signal(signal.SIGSTOP)
    d = site.send("rich", text="the relay dies")
    wait_for(lambda: site.count("diameter_sessions") == 1, SECONDS, 0.1)
    time.sleep(1)
    before = site.count("diameter_doubt_total")
    middle.kill()
    doubt = wait_for(lambda: site.count("diameter_doubt_total") > before, SECONDS, 0.2)
    tap.check(doubt and site.becomes("rich", d, "waiting"), "the relay dies with the request: doubt", site.words("rich", d))
    ocs.signal(signal.SIGCONT)
    middle.start()
    tap.check(site.becomes("rich", d, "delivered", 120) and site.settled(), "it comes back: granted and sent", site.words("rich", d))
    tap.check(len(of(ocs, d)[1]) == 1 and of(ocs, d)[0].count(("BYE", 1)) == 1, "one session, one use", of(ocs, d))
    tap.check(site.balance("rich") == (Decimal("-9.90"), 0), "three messages, three charges", site.balance("rich"))
    tap.check(site.gateway.close() == 0, "this gateway ends in order")
    middle.close()
    ocs.close()


def buffers(tap, capture, tariff):
    port = free_port()
    site = Site(capture, tariff, port, more=" outage buffer\n exposure-payer 6.60\n exposure-all 9.90\n")
    # To different phones: messages to one wait for each other.
    sent = [site.send("rich", to=f"{PHONE}{n}", text="without a grant") for n in range(3)]
    tap.check(all(site.becomes("rich", d, "delivered") for d in sent[:2]), "buffer: sent within the payer's limit")
    tap.check(site.becomes("rich", sent[2], "waiting") and "not connected" in site.words("rich", sent[2]), "the third waits", site.words("rich", sent[2]))
    others = [site.send("other", to=f"{PHONE}1{n}", text="of another") for n in range(2)]
    tap.check(site.becomes("other", others[0], "delivered") and site.becomes("other", others[1], "waiting"),
              "and another payer's within the limit of all", site.words("other", others[1]))
    tap.check(site.count("online_exposure_micros") == 9900000, "the exposure is told", site.count("online_exposure_micros"))
    site.gateway.kill("queue")
    site.gateway.wait_roles(("queue",))
    late = site.send("other", to=PHONE + "20", text="after the queue's death")
    back = wait_for(lambda: site.count("online_exposure_micros") == 9900000, SECONDS, 0.2)
    tap.check(back and site.becomes("other", late, "waiting"), "the limits hold over the death of the queue", site.words("other", late))
    ocs = Ocs(port)
    everything = [("rich", d) for d in sent] + [("other", d) for d in others + [late]]
    tap.check(all(site.becomes(n, d, "delivered", 120) for n, d in everything), "it comes: the others go too")
    tap.check(site.settled() and site.count("online_exposure_micros") == 0, "all is reserved and settled afterwards", site.count("online_exposure_micros"))
    tap.check(all(set(of(ocs, d)[0]) == {("INVITE", 1), ("BYE", 1)} and len(of(ocs, d)[1]) == 1 for _, d in everything),
              "each once", [of(ocs, d) for _, d in everything])
    tap.check(site.gateway.close() == 0, "this gateway ends in order")
    ocs.close()


FIELDS = ("diameter.cmd.code", "diameter.flags.request", "diameter.flags.T", "diameter.endtoendid", "diameter.hopbyhopid",
          "diameter.Session-Id", "diameter.CC-Request-Type", "diameter.CC-Request-Number", "_ws.malformed")


def tshark(path, *words):
    out = subprocess.run(["tshark", "-n", "-r", path, "-d", f"tcp.port=={WELL_KNOWN},diameter", *words], capture_output=True, timeout=120, check=False)
    return out.stdout.decode("utf-8", "replace")


def one_per_message(path):
    """Rows of FIELDS, one per Diameter message: several may share a frame."""
    rows = []
    for line in tshark(path, "-Y", "diameter", "-T", "fields", "-E", "occurrence=a", "-E", "aggregator=|", *[w for f in FIELDS for w in ("-e", f)]).splitlines():
        columns = [c.split("|") for c in line.split("\t")]
        if len(columns[0]) == 1:
            rows.append([c[0] for c in columns])
    return rows


def wire(tap, capture, folder):
    path = os.path.join(folder, "diameter.pcap")
    capture.write(path)
    bad = tshark(path, "-Y", "_ws.malformed || (diameter && _ws.expert.severity == error)")
    tap.check(not bad, "tshark finds nothing malformed", bad[:600])
    rows = one_per_message(path)
    requests = [r for r in rows if r[0] == "272" and r[1] in ("1", "True")]
    tap.check(len(requests) > 20, "credit-control requests were read", len(requests))
    first, hops, wrong = {}, set(), []
    for _, _, t, end, hop, session, kind, number, _ in requests:
        repeated = t in ("1", "True")
        known = (session, number) in first
        # A repeat after a death may be the first that this capture holds alone in its frame.
        if (known and not repeated) or first.setdefault((session, number), end) != end or (kind, number) not in (("1", "0"), ("3", "1")):
            wrong.append((session, number, t, end))
        if hop in hops:
            wrong.append(("hop", hop))
        hops.add(hop)
    tap.check(not wrong, "each repeat carries the T flag, the same numbers and end-to-end id, and a new hop-by-hop id", wrong[:5])
    tap.check(any(r[2] in ("1", "True") for r in requests), "there were repeats")
    ends = [e for e in first.values()]
    tap.check(len(set(ends)) == len(ends), "no two requests share an end-to-end id")
    text = tshark(path, "-Y", "diameter.cmd.code == 272", "-V")
    tap.check("IMS-Information" in text and "Subscription-Id-Data: rich" in text and "Unknown AVP" not in text.split("Origin-Host: ocs.example")[0],
              "every AVP of ours has a name")


def main():
    tap = Tap()
    for tool in ("kamailio", "freeDiameterd", "tshark"):
        if not shutil.which(tool):
            raise SystemExit(f"Bail out! {tool} is not installed: tests/deps.sh does that")
    with tempfile.TemporaryDirectory() as folder:
        tariff = os.path.join(folder, "tariff.csv")
        with open(tariff, "w", encoding="utf-8") as f:
            f.write(TARIFF)
        capture = Capture()
        ocs = Ocs(free_port())
        site = Site(capture, tariff, ocs.port)
        tap.check(site.up(), "the gateway is connected with Kamailio's charging system", site.gateway.show("diameter"))
        answers(tap, site, ocs)
        silence(tap, site, ocs)
        deaths(tap, site, ocs)
        settles_late(tap, site, ocs)
        tap.check(site.count("online_differences_total") == 0, "no difference is left to reconcile")
        tap.check(site.gateway.close() == 0, "the gateway ends in order")
        ocs.close()
        relays(tap, capture, tariff)
        buffers(tap, capture, tariff)
        wire(tap, capture, folder)
    return tap.end()


if __name__ == "__main__":
    raise SystemExit(main())
