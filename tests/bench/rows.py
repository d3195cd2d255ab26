#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Messages a second through the whole gateway, beside Kannel's where it is installed, with the same load and the same
targets, in turn. Medians of the rounds. No rate is a failure; a message that does not arrive is.

BENCH_ROUNDS (3), BENCH_MESSAGES (20000 a row), BENCH_CONNECTIONS (64), BENCH_KANNEL (1), BENCH_ROWS (a regular expression)."""
import atexit
import base64
import os
import re
import select
import statistics
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "scenario"))
import kannel  # noqa: E402
from daemon import B, ROOT  # noqa: E402
from httpd import Http  # noqa: E402
from gateway import Gateway, free_port, secret, wait_for  # noqa: E402

ROUNDS = int(os.environ.get("BENCH_ROUNDS", 3))
MESSAGES = int(os.environ.get("BENCH_MESSAGES", 20000))
CONNECTIONS = int(os.environ.get("BENCH_CONNECTIONS", 64))
WITH_KANNEL = os.environ.get("BENCH_KANNEL", "1") == "1" and kannel.installed()
ROWS = os.environ.get("BENCH_ROWS", "")
TOOLS = os.path.join(ROOT, B, "tests/tools") if not os.path.isabs(B) else os.path.join(B, "tests/tools")
WINDOWS = (10, 100, 1000)
TARIFF = "version,1,JPY,2019-10-01,,half-up,0.01\nprice,sms,+81,half,1,1530,3,10%,sent\nprice,sms,+81,full,1,670,3,10%,sent\n"
BILLING = """billing
 tariff {tariff}
 currency JPY
 ceiling 10.00
"""
TEXT = "a" * 100
SECONDS = 120  # no row takes longer

CONFIG = """log
 level error
vty
 listen 127.0.0.1:@vty@
http
 listen 127.0.0.1:@http@
smpp-server
 listen 127.0.0.1:@smpp@
account app
 secret {secret}
 allow-sender *
 default-sender +81500000001
 smpp-window 1000
 webhook http://127.0.0.1:@hook@/
"""
# An account with a balance, and who tops it up.
PAYER = """ consent always
account boss
 secret {secret}
 admin yes
 payment free
"""
LINK = """smsc w{window}{kind}
 host 127.0.0.1:@sink@
 system-id bench
 window {window}
 receipts {receipts}
route w{window}{kind}
 prefix {prefix}
 link smsc:w{window}{kind}
"""


def prefix(window, receipts):
    return f"+8170{WINDOWS.index(window)}{int(receipts)}"


class Tool:
    """A target that prints a line whenever all messages of a row came."""

    def __init__(self, name, *arguments):
        self.process = subprocess.Popen([os.path.join(TOOLS, name), *map(str, arguments)], stdout=subprocess.PIPE)
        atexit.register(self.end)
        self.rest = b""

    def line(self, seconds=SECONDS):
        """The figures of the next line, or None."""
        end = time.monotonic() + seconds
        while b"\n" not in self.rest:
            left = end - time.monotonic()
            if left <= 0 or not select.select([self.process.stdout], [], [], left)[0]:
                return None
            piece = os.read(self.process.stdout.fileno(), 4096)
            if not piece:
                return None
            self.rest += piece
        line, _, self.rest = self.rest.partition(b"\n")
        return figures(line.decode())

    def end(self):
        if self.process.poll() is None:
            self.process.terminate()
            self.process.wait()


def figures(line):
    return {k: float(v) for k, v in re.findall(r"(\w+)=([\d.]+)", line)}


def load(name, *arguments):
    out = subprocess.run([os.path.join(TOOLS, name), *map(str, arguments)], stdout=subprocess.PIPE, timeout=SECONDS, check=False)
    got = figures(out.stdout.decode())
    if out.returncode or not got:
        raise SystemExit(f"{name} failed: {out.stdout.decode()}")
    return got


class Table:
    def __init__(self):
        self.rows = {}

    def add(self, row, who, **values):
        print(f"  {row} {who}: " + ", ".join(f"{k} {v:,.0f}" for k, v in values.items()), file=sys.stderr, flush=True)
        for k, v in values.items():
            self.rows.setdefault(row, {}).setdefault((who, k), []).append(v)

    def median(self, row, who, key):
        values = self.rows.get(row, {}).get((who, key))
        return statistics.median(values) if values else None


def wanted(row):
    return re.search(ROWS, row)


def name_of(source, window, receipts, billed=False):
    return (f"{source} -> SMPP, window {window}" + (", receipts" + (" and webhooks" if source == "HTTP" else "") if receipts else "") +
            (", billed" if billed else ""))


# --- cellpost

class OurRows:
    def __init__(self, table, billed=False):
        self.table, self.billed = table, billed
        self.ports = {"sink": free_port(), "hook": free_port()}
        self.sink = Tool("smpp_sink", "-p", self.ports["sink"], "-n", MESSAGES, "-r", "-k")
        self.hook = Tool("http_sink", "-p", self.ports["hook"], "-n", MESSAGES, "-k")
        text = CONFIG.format(secret=secret("secret"))
        if billed:
            self.tariff = tempfile.NamedTemporaryFile("w", suffix=".csv", encoding="ascii")
            self.tariff.write(TARIFF)
            self.tariff.flush()
            text += PAYER.format(secret=secret("secret")) + BILLING.format(tariff=self.tariff.name)
        for window in WINDOWS:
            for receipts in (False, True):
                text += LINK.format(window=window, kind="r" if receipts else "n", receipts="yes" if receipts else "no",
                                    prefix=prefix(window, receipts))
        self.gateway = Gateway(text, self.ports)
        if not all(self.gateway.link_up(f"smsc:w{w}{k}") for w in WINDOWS for k in "nr"):
            raise SystemExit("the links are not up")
        time.sleep(0.5)
        if billed:
            self.top_up()

    def top_up(self):
        boss = Http(self.gateway.ports["http"], "boss", "secret")
        status, answer = boss.json("POST", "/v1/accounts/app/top-up", {"amount": "90000000.00"}, {"Idempotency-Key": "bench"})
        if status != 200:
            raise SystemExit(f"no top-up: {answer}")

    def idle_memory(self):
        total = self.gateway.memory()
        self.table.add("memory", "cellpost", kib=sum(total.values()))
        return total

    def http(self, window, receipts):
        fields = ["-H", "Authorization: Basic " + base64.b64encode(b"app:secret").decode()]
        body = f'{{"to":"{prefix(window, receipts)}{{n}}","text":"{TEXT}"' + (',"report":["delivered","failed"]}' if receipts else "}")
        got = load("http_load", "-p", self.gateway.ports["http"], "-n", MESSAGES, "-c", CONNECTIONS, "-b", body, *fields)
        return got, self.hook if receipts else None

    def smpp(self, window, receipts):
        got = load("smpp_load", "-p", self.gateway.ports["smpp"], "-u", "app", "-P", "secret", "-n", MESSAGES, "-w", window, "-c", 4,
                   "-t", prefix(window, receipts), *(["-r"] if receipts else []))
        return got, None

    def row(self, source, window, receipts):
        row = name_of(source, window, receipts, self.billed)
        if not wanted(row):
            return
        before, begun = sum(self.gateway.cpu().values()), time.monotonic()
        got, also = self.http(window, receipts) if source == "HTTP" else self.smpp(window, receipts)
        came = self.sink.line()
        if also and came:
            came = also.line()
        if not came:
            self.gateway.complain("not all came")
            print("\n".join(self.gateway.show("links") + self.gateway.show("queue")), file=sys.stderr)
            raise SystemExit(f"{row}: not all messages came")
        seconds = time.monotonic() - begun
        settled(self.gateway)
        spent = sum(self.gateway.cpu().values()) - before
        rate = MESSAGES / seconds if receipts else came["rate"]
        self.table.add(row, "cellpost", rate=rate, us=spent * 1e6 / MESSAGES, p50=got["p50_us"], p99=got["p99_us"])

    def close(self):
        code = self.gateway.close()
        self.sink.end()
        self.hook.end()
        if code:
            raise SystemExit(f"the gateway ended with {code}")


def settled(gateway):
    """What still is to be committed belongs to the row too."""
    def quiet():
        counts = dict(re.findall(r"^(waiting|with a link|handed over|outbox) +(\d+)", "\n".join(gateway.show("queue")), re.M))
        return len(counts) == 4 and not any(int(v) for v in counts.values())
    if not wait_for(quiet, 30, 0.1):
        print("  (not everything was settled)", gateway.show("queue"), file=sys.stderr)


# --- Kannel

def kannel_row(table, window, receipts):
    row = name_of("HTTP", window, receipts)
    if not wanted(row):
        return
    # with receipts its rate is window x 25/s: fewer messages tell as much
    messages = min(MESSAGES, window * 60) if receipts else MESSAGES
    ports = free_port(), free_port()
    sink = Tool("smpp_sink", "-p", ports[0], "-n", messages, "-r")
    hook = Tool("http_sink", "-p", ports[1], "-n", messages)
    k = kannel.Kannel(kannel.smpp(ports[0], "u", "p", window), level=4)
    try:
        if not k.up or not k.online():
            raise SystemExit("Kannel does not start: " + k.log()[-1000:])
        url = f"/cgi-bin/sendsms?username=u&password=p&from=12345&to=00819{{n}}&text={TEXT}"
        if receipts:
            url += f"&dlr-mask=3&dlr-url=http%3A%2F%2F127.0.0.1%3A{ports[1]}%2F%3Fs%3D%25d"
        before, begun = k.cpu(), time.monotonic()
        got = load("http_load", "-p", k.sendsms, "-n", messages, "-c", CONNECTIONS, url)
        came = hook.line() if receipts else sink.line()
        seconds = time.monotonic() - begun
        if not came:
            raise SystemExit(f"{row}: Kannel lost messages")
        rate = messages / seconds if receipts else came["rate"]
        table.add(row, "Kannel", rate=rate, us=(k.cpu() - before) * 1e6 / messages, p50=got["p50_us"], p99=got["p99_us"])
    finally:
        k.close()
        sink.end()
        hook.end()


# --- the table

def number(value):
    return "-" if value is None else f"{value:,.0f}"


def print_table(table, memory):
    print(f"\nWhole gateway, {MESSAGES} messages a row of 100 characters, {CONNECTIONS} HTTP connections or 4 binds, every message on disk "
          f"before its answer; medians of {ROUNDS}")
    print(f"{'':47} {'cellpost':>9} {'CPU':>6} {'p50':>8} {'p99':>8}   {'Kannel':>8} {'CPU':>6} {'rate':>7} {'CPU':>6}")
    print(f"{'':47} {'/s':>9} {'us':>6} {'us':>8} {'us':>8}   {'/s':>8} {'us':>6} {'ratio':>7} {'ratio':>6}")
    for row in [r for r in table.rows if r != "memory"]:
        like = row
        if row.startswith("SMPP"):  # Kannel has no SMPP server: its HTTP row
            like = row.replace("SMPP ->", "HTTP ->", 1).replace("receipts", "receipts and webhooks")
        like = like.replace(", billed", "")  # Kannel bills nothing and stores nothing
        ours, cost = table.median(row, "cellpost", "rate"), table.median(row, "cellpost", "us")
        theirs, their_cost = table.median(like, "Kannel", "rate"), table.median(like, "Kannel", "us")
        ratios = (f"{ours / theirs:.1f} x", f"{their_cost / cost:.1f} x") if ours and theirs and cost else ("-", "-")
        if like != row:
            theirs = their_cost = None
        print(f"{row:47} {number(ours):>9} {number(cost):>6} {number(table.median(row, 'cellpost', 'p50')):>8} "
              f"{number(table.median(row, 'cellpost', 'p99')):>8}   {number(theirs):>8} {number(their_cost):>6} {ratios[0]:>7} {ratios[1]:>6}")
    print(f"\nidle, all roles: {table.median('memory', 'cellpost', 'kib') / 1024:.1f} MiB (shared pages by share): "
          + ", ".join(f"{r} {k / 1024:.1f}" for r, k in memory.items()))
    print(f"load average {os.getloadavg()[0]:.1f} on {os.cpu_count()} processors" +
          ("" if kannel.installed() else "; Kannel is not installed: apt-get install kannel"))


def main():
    table, memory = Table(), {}
    for n in range(ROUNDS):
        print(f"round {n + 1} of {ROUNDS}", file=sys.stderr, flush=True)
        ours = OurRows(table)
        memory = ours.idle_memory()
        for receipts in (False, True):
            for window in WINDOWS:
                ours.row("HTTP", window, receipts)
        for receipts in (False, True):
            for window in WINDOWS:
                ours.row("SMPP", window, receipts)
        ours.close()
        if any(wanted(name_of(source, w, False, True)) for source in ("HTTP", "SMPP") for w in WINDOWS):
            billed = OurRows(table, True)
            for source in ("HTTP", "SMPP"):
                for window in WINDOWS:
                    billed.row(source, window, False)
            billed.close()
        for receipts in (False, True):
            for window in WINDOWS if WITH_KANNEL else ():
                kannel_row(table, window, receipts)
    print_table(table, memory)


if __name__ == "__main__":
    main()
