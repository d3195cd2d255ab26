#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hostile peers at every port of a running gateway: garbage, halves, floods, and peers that never read. Each loses at most
its session; the gateway goes on for the others, with the same processes and bounded memory, and its counters tell.
Prints TAP. GARBAGE_SEED repeats a run."""
import concurrent.futures
import contextlib
import os
import random
import resource
import socket
import ssl
import struct
import sys
import time

import smpp
from daemon import PROGRAM
from gateway import ROLES, Gateway, Tap, secret, wait_for
from httpd import Http
from test_api import certificate

HANDSET = "+819012345678"
CONFIG = """log
 level error
vty
 listen 127.0.0.1:@vty@
http
 listen 127.0.0.1:@http@
 tls-listen 127.0.0.1:@tls@
 tls-certificate tls.pem
 tls-key tls.key
 header-time 2s
smpp-server
 listen 127.0.0.1:@smpp@
 tls-listen 127.0.0.1:@smpps@
 tls-certificate tls.pem
 tls-key tls.key
 connections 400
 bind-timeout 2s
 answer 3s
 enquire 2s
 enquire-answer 2s
smsc hostile
 host 127.0.0.1:@hostile@
 system-id demo
 reconnect-max 1s
lab
 listen 127.0.0.1:@lab@
 any yes
account demo
 secret %s
 allow-sender *
 default-sender 1234
 smpp-binds 50
account deaf
 secret %s
 allow-sender *
 smpp-binds 50
account good
 secret %s
 allow-sender *
 default-sender 1234
route phones
 prefix +8190
 link lab
route hostile
 prefix +8170
 link smsc:hostile
"""
MEMORY_BOUND = 64 * 1024 * (10 if "asan" in PROGRAM else 1)  # KiB that a role may grow by in all this


class Hostile(Gateway):
    def configure(self, text):
        certificate(self.folder, "localhost")
        super().configure(text)

    @property
    def pids(self):
        return {r: self.role_pid(r) for r in ROLES}

    def count(self, start):
        """Sum of all counters whose name starts so."""
        return sum(v for k, v in self.metrics().items() if k.startswith("cellpost_" + start))


def connect(port, timeout=3.0):
    return socket.create_connection(("127.0.0.1", port), timeout)


def read_end(sock, seconds=5.0):
    """(octets until the peer ended, whether it ended)."""
    got = b""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        sock.settimeout(max(end - time.monotonic(), 0.01))
        try:
            piece = sock.recv(65536)
        except TimeoutError:
            return got, False
        except OSError:
            return got, True
        if not piece:
            return got, True
        got += piece
    return got, False


def say(port, octets, seconds=5.0, finish=False):
    """Connects, says it, and reads until the end: (octets, ended)."""
    with connect(port) as sock:
        try:
            sock.sendall(octets)
            if finish:
                sock.shutdown(socket.SHUT_WR)
        except OSError:
            pass
        return read_end(sock, seconds)


def pdus_in(octets):
    """(command, status, sequence) of whole PDUs; None where the octets are none."""
    found = []
    while len(octets) >= 16:
        length, command, status, sequence = struct.unpack_from(">IIII", octets)
        if length < 16 or length > len(octets):
            return None
        found.append((command, status, sequence))
        octets = octets[length:]
    return found if not octets else None


def alive(gateway, client):
    """A message by HTTP and one by a session from before."""
    status, answer = Http(gateway.ports["http"], "good", "secret").json(
        "POST", "/v1/messages", {"to": HANDSET, "text": "still there?"})
    pending = client.submit("1234", HANDSET, "and you?")
    pending.done.wait(10)
    return status == 202 and pending.status == smpp.OK and client.open, (status, answer, pending.status, client.open)


BIND = smpp.string("demo") + smpp.string("secret") + smpp.string("") + bytes([0x34, 0, 0]) + smpp.string("")


def bound(port, account="demo", command=smpp.BIND_TRANSCEIVER):
    """A bound session as a plain socket."""
    sock = connect(port)
    sock.sendall(smpp.pdu(command, 0, 1, BIND.replace(b"demo", account.encode())))
    head = sock.recv(16, socket.MSG_WAITALL)
    length, _, status, _ = struct.unpack(">IIII", head)
    sock.recv(length - 16, socket.MSG_WAITALL)
    if status:
        sock.close()
        raise OSError(f"bind refused: {status:#x}")
    return sock


# --- SMPP


def lengths(tap, gateway):
    port = gateway.ports["smpp"]
    wrong = []
    for length in list(range(16)) + [70001, 0x7FFFFFFF, 0xFFFFFFFF]:
        for make in (connect, bound):
            with make(port) as sock:
                sock.sendall(struct.pack(">IIII", length, smpp.SUBMIT_SM, 0, 7))
                got, ended = read_end(sock)
                answers = pdus_in(got)
                if not ended or answers is None or any(a[0] != smpp.GENERIC_NACK for a in answers[:1]):
                    wrong.append((length, make.__name__, got.hex(), ended))
    tap.check(not wrong, "a command_length that cannot be: generic_nack at most, and the end of that session", wrong[:5])


def good_pdus():
    body = smpp.message_body("1234", HANDSET, b"hello", 0, registered=1, tlvs=[(0x0204, b"\0\1")])
    requests = [(smpp.SUBMIT_SM, body), (smpp.ENQUIRE_LINK, b""), (smpp.DATA_SM, body[:40]), (smpp.DELIVER_SM, body),
                (smpp.QUERY_SM, b"0123\0\1\1" + b"123\0"), (smpp.CANCEL_SM, b"\0" + b"1\0\1\1" + b"12\0\1\1" + b"34\0"),
                (smpp.REPLACE_SM, b"1\0\1\1" + b"2\0\0\0\0\0\3abc"), (smpp.SUBMIT_MULTI, b"\0\1\1" + b"1\0" + b"\1\1\1\1" + b"8190\0" +
                                                                 body[15:])]
    return [smpp.pdu(c, 0, n + 2, b) for n, (c, b) in enumerate(requests)]


def mutated(octets):
    octets = bytearray(octets)
    for _ in range(random.randint(1, 6)):
        octets[random.randrange(4, len(octets))] = random.choice((0, 1, 0x7F, 0x80, 0xFF, random.randrange(256)))
    if random.random() < 0.3:
        cut = random.randint(16, len(octets))
        octets = octets[:cut]
    if random.random() < 0.9:
        octets[0:4] = struct.pack(">I", len(octets))
    return bytes(octets)


def mutants(tap, gateway, rounds=60, each=40):
    """Sessions full of PDUs that are nearly right. Every session must still end or answer, and answer in whole PDUs."""
    port, torn, answered = gateway.ports["smpp"], [], 0
    for _ in range(rounds):
        with bound(port) as sock:
            said = b"".join(mutated(random.choice(good_pdus())) for _ in range(each))
            try:
                sock.sendall(said)
                sock.shutdown(socket.SHUT_WR)
            except OSError:
                pass
            got, ended = read_end(sock, 6)
            answers = pdus_in(got)
            answered += len(answers or ())
            if answers is None or not ended:
                torn.append((said.hex(), got.hex(), ended))
    tap.check(not torn, f"{rounds} sessions of mutated PDUs: {answered} answers, all whole", torn[:1])


def noise(tap, gateway):
    """Random octets, and other protocols, at every port."""
    talks = [os.urandom(random.choice((1, 15, 16, 100, 5000))) for _ in range(12)]
    talks += [b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + os.urandom(400),
              b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + os.urandom(300), smpp.pdu(smpp.BIND_TRANSCEIVER, 0, 1, BIND), b"\0" * 3000,
              b"\xff" * 3000, b"phone " + b"9" * 5000 + b"\n", b"\r\n" * 3000, b"show links\r\n" * 50]
    jobs = [(name, t) for name in ("smpp", "smpps", "http", "tls", "vty", "lab") for t in talks]
    with concurrent.futures.ThreadPoolExecutor(24) as pool:
        results = list(pool.map(lambda j: say(gateway.ports[j[0]], j[1], 8, True), jobs))
    hung = [(n, t[:40]) for (n, t), (_, ended) in zip(jobs, results) if not ended]
    tap.check(not hung, f"{len(jobs)} connections of noise at all ports end", hung[:5])


def silence(tap, gateway):
    """Halves of PDUs, then nothing: the bind timer ends those that are not bound."""
    whole = smpp.pdu(smpp.BIND_TRANSCEIVER, 0, 1, BIND)
    socks = []
    for n in (0, 1, 3, 4, 15, 16, len(whole) - 1):
        sock = connect(gateway.ports["smpp"])
        sock.sendall(whole[:n])
        socks.append((n, sock))
    half = bound(gateway.ports["smpp"])
    half.sendall(smpp.pdu(smpp.SUBMIT_SM, 0, 2, b"x" * 60)[:40])
    socks.append(("bound", half))
    open_ = [n for n, sock in socks if not read_end(sock, 9)[1]]
    for _, sock in socks:
        sock.close()
    tap.check(not open_, "half a PDU and silence: cut off in time", open_)


def states(tap, gateway):
    """Requests where they do not belong."""
    port, wrong = gateway.ports["smpp"], []
    body = smpp.message_body("1234", HANDSET, b"x", 0)
    for command in (smpp.SUBMIT_SM, smpp.QUERY_SM, smpp.DATA_SM, smpp.UNBIND, smpp.SUBMIT_MULTI):
        with connect(port) as sock:
            sock.sendall(smpp.pdu(command, 0, 9, body))
            time.sleep(0.05)
            sock.settimeout(3)
            try:
                got = pdus_in(sock.recv(4096))
            except OSError:
                got = []
            if got is None or any(g[1] == smpp.OK and command != smpp.UNBIND for g in got):
                wrong.append((hex(command), got))
    with bound(port, "deaf", smpp.BIND_RECEIVER) as sock:  # nothing waits for this account yet
        sock.sendall(smpp.pdu(smpp.SUBMIT_SM, 0, 9, body))
        got = pdus_in(sock.recv(4096))
        if not got or got[0][:2] != (smpp.SUBMIT_SM | smpp.REPLY, smpp.WRONG_BIND):
            wrong.append(("submit of a receiver", got))
    with bound(port, "deaf") as sock:  # twice bound; answers to nothing; commands that are none
        sock.sendall(smpp.pdu(smpp.BIND_TRANSCEIVER, 0, 2, BIND) + smpp.pdu(smpp.SUBMIT_SM | smpp.REPLY, 0, 77, b"1\0") +
                     smpp.pdu(smpp.DELIVER_SM | smpp.REPLY, 0, 78, b"\0") + smpp.pdu(0x0BAD, 0, 3) + smpp.pdu(smpp.ENQUIRE_LINK, 0, 4))
        got, deadline = b"", time.monotonic() + 5
        while time.monotonic() < deadline and not any(g[0] == smpp.ENQUIRE_LINK | smpp.REPLY for g in pdus_in(got) or ()):
            sock.settimeout(1)
            with contextlib.suppress(OSError):
                got += sock.recv(4096)
        answers = {g[2]: (g[0], g[1]) for g in pdus_in(got) or ()}
        if answers.get(2, (0, 0))[1] != 5 or answers.get(3) != (smpp.GENERIC_NACK, smpp.INVALID_COMMAND) or 4 not in answers:
            wrong.append(("bound twice", answers))
    tap.check(not wrong, "requests in the wrong state get the book's error, and the session goes on", wrong)


def crowds(tap, gateway, count=3000):
    """More connections than are allowed, and thousands that come and go at once."""
    port, held = gateway.ports["smpp"], []
    for _ in range(450):
        with contextlib.suppress(OSError):
            held.append(connect(port))
    refused = wait_for(lambda: gateway.count("smpp_server_full_total") > 0, 5, 0.2)
    for sock in held:
        sock.close()
    tap.check(refused, "above `connections` a connection is turned away and counted", gateway.count("smpp_server_full_total"))

    def touch(n):
        with contextlib.suppress(OSError), connect(gateway.ports[("smpp", "http", "tls", "smpps", "vty", "lab")[n % 6]]) as sock:
            if n % 3:
                sock.send(b"\x16\x03\x01" if n % 2 else b"G")
            if n % 5 == 0:  # a reset instead of an end
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    with concurrent.futures.ThreadPoolExecutor(32) as pool:
        list(pool.map(touch, range(count)))
    # Their ends, and the room they took, are seen by now or soon.
    with_room = wait_for(lambda: bind_works(port), 8, 0.2)
    tap.check(with_room, f"after {count} connections that came and went there is room again")


def bind_works(port):
    try:
        bound(port).close()
        return True
    except OSError:
        return False


def deaf(tap, gateway):
    """Clients that submit with receipts asked and never read: their receipts wait in the store, not in memory."""
    socks = []
    for peer in range(4):
        sock = bound(gateway.ports["smpp"], "deaf")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        sock.settimeout(0.2)
        with contextlib.suppress(OSError):
            for n in range(1, 3001):
                body = smpp.message_body("1234", f"+8190{peer}{n:07d}", b"receipt wanted", 0, registered=1)
                sock.sendall(smpp.pdu(smpp.SUBMIT_SM, 0, n + 1, body))
        socks.append(sock)
    taken = [-1, 0]
    while taken[-1] != taken[-2]:  # what they said is still being read
        time.sleep(0.3)
        taken.append(gateway.count('smpp_server_taken_total{role="sms",account="deaf"'))
    taken = taken[-1]
    cut = wait_for(lambda: gateway.count("smpp_server_bound") <= 1, 12, 0.3)
    waiting = [x for x in gateway.show("queue") if x.startswith("outbox")]
    for sock in socks:
        sock.close()
    tap.check(taken > 0 and cut, f"clients that never read ({taken:.0f} messages of theirs taken) are cut off",
              (gateway.count("smpp_server_bound"), waiting))
    reader = smpp.Client(gateway.ports["smpp"], "deaf", "secret", window=100)

    def told():
        return len({m.receipt.get("id") for m in list(reader.receipts)})
    done = wait_for(lambda: told() >= taken, 20, 0.2)
    tap.check(done, "a client that reads gets all the receipts that waited", (told(), taken, waiting, gateway.show("links")))
    reader.close()


# --- a centre that is mad


def mad_centre(tap, gateway, listener):
    """Our own link's peer: it accepts the bind, then says what no centre says."""
    listener.settimeout(0.2)
    bind_answer = smpp.pdu(smpp.BIND_TRANSCEIVER | smpp.REPLY, 0, 1, b"x\0")
    talks = [b"", os.urandom(3000), struct.pack(">IIII", 3, 0, 0, 0), struct.pack(">IIII", 0xFFFFFFFF, 0, 0, 0),
             smpp.pdu(0x80000004, 0, 99, b"no zero"), smpp.pdu(smpp.DELIVER_SM, 0, 5, b"\xff" * 50),
             smpp.pdu(smpp.DELIVER_SM, 0, 6, smpp.message_body("1", "2", b"id: stat:", 0, 4)),
             smpp.pdu(smpp.BIND_TRANSCEIVER, 0, 6, BIND), smpp.pdu(smpp.GENERIC_NACK, 3, 1), b"HTTP/1.1 400 Bad Request\r\n\r\n"]
    talks += [mutated(random.choice(good_pdus())) for _ in range(8)]
    seen, end = 0, time.monotonic() + 8
    while time.monotonic() < end and seen < len(talks):
        try:
            sock, _ = listener.accept()
        except TimeoutError:
            continue
        with sock:
            sock.settimeout(1)
            with contextlib.suppress(OSError):
                sock.recv(4096)
                sock.sendall(bind_answer + talks[seen] if seen % 3 else talks[seen])
                sock.shutdown(socket.SHUT_WR)
                while sock.recv(65536):
                    pass
        seen += 1
    tap.check(seen >= 5, f"a link goes on with a centre that says nonsense ({seen} connections)")


# --- HTTP

BASIC = b"Authorization: Basic Z29vZDpzZWNyZXQ=\r\n"


def smuggling(tap, gateway):
    """Requests that two servers would read differently: one answer, an error, and the connection ends."""
    body = b'{"to":"+819012345678","text":"smuggled"}'
    head = b"POST /v1/messages HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n" + BASIC
    size = b"Content-Length: %d\r\n" % len(body)
    chunked = b"Transfer-Encoding: chunked\r\n"
    inner = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"
    cases = {
        "both lengths": head + size + chunked + b"\r\n0\r\n\r\n" + inner,
        "two lengths": head + size + b"Content-Length: 5\r\n\r\n" + body + inner,
        "a length with a sign": head + b"Content-Length: +40\r\n\r\n" + body + inner,
        "a negative length": head + b"Content-Length: -1\r\n\r\n" + body + inner,
        "a huge length": head + b"Content-Length: 99999999999999999999\r\n\r\n" + body,
        "a length list": head + b"Content-Length: 5, 5\r\n\r\n" + body + inner,
        "chunked twice": head + b"Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n" + inner,
        "chunked hidden": head + b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n" + inner,
        "chunked by tab": head + b"Transfer-Encoding:\x0bchunked\r\n\r\n0\r\n\r\n" + inner,
        "a bad chunk": head + chunked + b"\r\nzz\r\n" + body + b"\r\n0\r\n\r\n" + inner,
        "space before the colon": head + b"Content-Length : 5\r\n\r\n" + body + inner,
        "a folded header": head + b"X-A: b\r\n Content-Length: 5\r\n\r\n" + body + inner,
        "a bare LF": b"GET /healthz HTTP/1.1\nHost: x\n\n" + inner,
        "NUL in a header": b"GET /healthz HTTP/1.1\r\nHost: x\0y\r\n\r\n" + inner,
        "no host": b"GET /healthz HTTP/1.1\r\n\r\n" + inner,
        "two hosts": b"GET /healthz HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n" + inner,
        "a long line": b"GET /" + b"a" * 100000 + b" HTTP/1.1\r\nHost: x\r\n\r\n" + inner,
        "many headers": b"GET /healthz HTTP/1.1\r\nHost: x\r\n" + b"".join(b"X-%d: 1\r\n" % n for n in range(5000)) + b"\r\n" + inner,
    }
    wrong = {}
    # The rest of this one may still come: it is the client that ends.
    cases["a huge chunk"] = head + chunked + b"\r\nffffffffffffffff\r\n" + body
    for name, octets in cases.items():
        got, ended = say(gateway.ports["http"], octets, 6, name == "a huge chunk")
        answers = got.count(b"HTTP/1.1 ")
        if not ended or answers > 1 or b" 202 " in got or (answers and b"HTTP/1.1 4" not in got and b"HTTP/1.1 5" not in got):
            wrong[name] = (ended, answers, got[:300])
    tap.check(not wrong, f"{len(cases)} ambiguous requests: one error, and the end of the connection", wrong)


def slowloris(tap, gateway, count=300):
    """Requests that come an octet at a time are cut off by `header-time`, and others are served meanwhile."""
    socks = []
    for _ in range(count):
        sock = connect(gateway.ports["http"])
        sock.sendall(b"POST /v1/messages HTTP/1.1\r\nHost: x\r\nX-")
        socks.append(sock)
    open_, end, served = set(socks), time.monotonic() + 7, True
    while open_ and time.monotonic() < end:
        for sock in list(open_):
            try:
                sock.send(b"a")
                sock.setblocking(False)
                if not sock.recv(4096):
                    open_.discard(sock)
            except BlockingIOError:
                pass
            except OSError:
                open_.discard(sock)
        served = served and Http(gateway.ports["http"]).get("/healthz")[0] == 200
        time.sleep(0.2)
    for sock in socks:
        sock.close()
    tap.check(served and not open_, f"{count} slow requests are cut off, others served meanwhile", (served, len(open_)))


def frame(kind, flags, stream, payload=b""):
    return struct.pack(">I", len(payload))[1:] + bytes([kind, flags]) + struct.pack(">I", stream) + payload


PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + frame(4, 0, 0)
GET = bytes([0x82, 0x86, 0x84, 0x41, 1]) + b"x"  # :method GET, :scheme http, :path /, :authority x


def h2_floods(tap, gateway):
    """RFC 9113 10.5: floods of frames, each of which costs more to take than to send."""
    floods = {
        "rapid reset": b"".join(frame(1, 5, n, GET) + frame(3, 0, n, b"\0\0\0\x08") for n in range(1, 40001, 2)),
        "settings": frame(4, 0, 0, b"\0\3\0\0\0\1") * 30000,
        "ping": frame(6, 0, 0, b"12345678") * 50000,
        "empty data": frame(1, 4, 1, GET) + frame(0, 0, 1) * 100000,
        "continuation": frame(1, 0, 1, GET) + frame(9, 0, 1, b"\0\1a\1b" * 200) * 3000,
        "streams": b"".join(frame(1, 5, n, GET) for n in range(1, 40001, 2)),
        "priority": frame(2, 0, 1, b"\0\0\0\0\x10") * 60000,
        "window": frame(8, 0, 0, b"\x7f\xff\xff\xff") * 10,
        "hpack bomb": frame(1, 5, 1, GET + b"\x40\1a\x7f\x80\x1f" + b"b" * 4094 + b"\xbe" * 10000),
        "garbage": os.urandom(20000),
    }
    held = {}
    with concurrent.futures.ThreadPoolExecutor(10) as pool:
        def flood(octets):
            with connect(gateway.ports["http"]) as sock:
                sock.settimeout(4)
                try:
                    sock.sendall(PREFACE + octets)
                except OSError:
                    return 0, True
                return len(read_end(sock, 4)[0]), None
        for name, (got, _) in zip(floods, pool.map(flood, floods.values())):
            held[name] = got
    status = Http(gateway.ports["http"]).get("/healthz")[0]
    tap.check(status == 200, "floods of HTTP/2 frames leave the API serving", held)


def tls_noise(tap, gateway):
    """Handshakes cut short, and garbage inside a good session."""
    context = ssl._create_unverified_context()
    hello = None
    with connect(gateway.ports["tls"]) as sock:
        bio_in, bio_out = ssl.MemoryBIO(), ssl.MemoryBIO()
        engine = context.wrap_bio(bio_in, bio_out)
        with contextlib.suppress(ssl.SSLError):
            engine.do_handshake()
        hello = bio_out.read()
        sock.sendall(hello[:50])
    for port in ("tls", "smpps"):
        for n in range(0, len(hello), 60):
            say(gateway.ports[port], hello[:n], 1, True)
        for _ in range(10):
            broken = bytearray(hello)
            broken[random.randrange(len(broken))] ^= 1 << random.randrange(8)
            say(gateway.ports[port], bytes(broken) + os.urandom(500), 1, True)
        with context.wrap_socket(connect(gateway.ports[port])) as sock:
            with contextlib.suppress(OSError):
                sock.sendall(os.urandom(4000))
                sock.recv(100)
    with context.wrap_socket(connect(gateway.ports["smpps"])) as sock:
        sock.sendall(smpp.pdu(smpp.BIND_TRANSCEIVER, 0, 1, BIND))
        sock.settimeout(5)
        got = sock.recv(4096)
    tap.check(pdus_in(got) is not None and struct.unpack_from(">I", got, 8)[0] == 0, "after garbage a TLS client still binds", got)


def main():
    seed = os.environ.get("GARBAGE_SEED") or str(random.randrange(1 << 32))
    random.seed(seed)
    print(f"# GARBAGE_SEED={seed}")
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 4096) if hard > 0 else soft, hard))
    tap = Tap()
    listener = socket.create_server(("127.0.0.1", 0))
    hidden = [secret("secret")] * 3
    gateway = Hostile(CONFIG % tuple(hidden), {"hostile": listener.getsockname()[1]})
    client = smpp.Client(gateway.ports["smpp"], "good", "secret")
    tap.check(*[gateway.link_up("lab"), "the gateway is up"])
    good, detail = alive(gateway, client)
    tap.check(good, "it accepts", detail)
    before, memory, counted = gateway.pids, gateway.memory(), gateway.metrics()
    for step in (lengths, mutants, noise, states, silence, crowds, deaf, smuggling, slowloris, h2_floods, tls_noise):
        started = time.monotonic()
        step(tap, gateway)
        good, detail = alive(gateway, client)
        if not good or gateway.pids != before:
            tap.check(False, f"after {step.__name__} the others go on", (detail, before, gateway.pids))
            before = gateway.pids
        print(f"# {step.__name__}: {time.monotonic() - started:.1f} s", flush=True)
    mad_centre(tap, gateway, listener)
    good, detail = alive(gateway, client)
    tap.check(good, "after all that a session from before and the API still accept", detail)
    tap.check(gateway.pids == before, "the roles are the same processes as before", (before, gateway.pids))
    idle = wait_for(lambda: all(x.split()[2] == "0" for x in gateway.show("links")[1:]), 15, 0.3)
    tap.check(idle, "no link has anything in flight", gateway.show("links"))
    after = gateway.memory()
    grown = {r: after[r] - memory.get(r, 0) for r in after}
    print(f"# memory grew by (KiB) {grown}")
    tap.check(all(v < MEMORY_BOUND for v in grown.values()), f"no role grew by more than {MEMORY_BOUND} KiB", grown)
    now = gateway.metrics()
    for name in ("http_bad_requests_total", "http_timeouts_total", "smpp_server_full_total", "http_floods_total", "smpp_faults_total",
                 "net_accepted_total"):
        moved = sum(v for k, v in now.items() if k.startswith("cellpost_" + name)) - sum(
            v for k, v in counted.items() if k.startswith("cellpost_" + name))
        tap.check(moved > 0, f"{name} moved ({moved:.0f})")
    client.close()
    if tap.failed:
        gateway.complain("something failed")
    tap.check(gateway.close() == 0, "it ends in order")
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
