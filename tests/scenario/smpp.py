# SPDX-License-Identifier: GPL-3.0-or-later
"""An SMPP 3.4 peer of its own making: Centre (a message centre) and Client (an application). It shares nothing with the
daemon's code, so that both have to mean the same book. For the scenarios; no test itself."""
import heapq
import itertools
import socket
import struct
import threading
import time

BIND_RECEIVER, BIND_TRANSMITTER, QUERY_SM, SUBMIT_SM, DELIVER_SM, UNBIND = 1, 2, 3, 4, 5, 6
REPLACE_SM, CANCEL_SM, BIND_TRANSCEIVER, ENQUIRE_LINK, SUBMIT_MULTI, DATA_SM = 7, 8, 9, 0x15, 0x21, 0x103
REPLY, GENERIC_NACK = 0x80000000, 0x80000000
OK, INVALID_COMMAND, WRONG_BIND, SYSTEM_ERROR, QUEUE_FULL, BAD_PASSWORD, THROTTLED = 0, 3, 4, 8, 0x14, 0xE, 0x58
PAYLOAD, RECEIPTED_ID, MESSAGE_STATE, SAR_REFERENCE, SAR_TOTAL, SAR_PART = 0x0424, 0x001E, 0x0427, 0x020C, 0x020E, 0x020F
STATES = {"DELIVRD": 2, "EXPIRED": 3, "DELETED": 4, "UNDELIV": 5, "ACCEPTD": 6, "UNKNOWN": 7, "REJECTD": 8, "ENROUTE": 1}
PDU_MAX = 70000

# 3GPP TS 23.038 6.2.1, and its extension.
GSM = ("@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ\x1bÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
       "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà")
GSM_MORE = {0x0A: "\f", 0x14: "^", 0x28: "{", 0x29: "}", 0x2F: "\\", 0x3C: "[", 0x3D: "~", 0x3E: "]", 0x40: "|", 0x65: "€"}
GSM_OCTET = {c: bytes([i]) for i, c in enumerate(GSM) if i != 0x1B}
GSM_OCTET.update({c: bytes([0x1B, i]) for i, c in GSM_MORE.items()})


def gsm_decode(octets):
    out, more = [], False
    for b in octets:
        if more:
            out.append(GSM_MORE.get(b, " "))
            more = False
        elif b == 0x1B:
            more = True
        else:
            out.append(GSM[b] if b < 128 else "\ufffd")
    return "".join(out)


def gsm_encode(text):
    return b"".join(GSM_OCTET[c] for c in text)


def decode(octets, coding):
    if coding in (0, 0xF1):
        return gsm_decode(octets)
    if coding & 0xFC == 8 or coding == 8:
        return octets.decode("utf-16-be", "replace")
    return octets.decode("ascii" if coding == 1 else "latin-1", "replace")


def encode(text):
    """(octets, data_coding) as the text needs it."""
    if all(c in GSM_OCTET for c in text):
        return gsm_encode(text), 0
    return text.encode("utf-16-be"), 8


def string(text):
    return text.encode("latin-1") + b"\0"


class Fields:
    def __init__(self, body):
        self.body, self.at = body, 0

    def string(self):
        end = self.body.index(b"\0", self.at)
        got = self.body[self.at:end].decode("latin-1")
        self.at = end + 1
        return got

    def octet(self):
        self.at += 1
        return self.body[self.at - 1]

    def octets(self, n):
        if self.at + n > len(self.body):
            raise IndexError("short")
        self.at += n
        return self.body[self.at - n:self.at]

    def tlvs(self):
        found = {}
        while self.at < len(self.body):
            tag, length = struct.unpack(">HH", self.octets(4))
            found[tag] = self.octets(length)
        return found


def split_udh(octets):
    """(elements by id, the rest)."""
    n = octets[0]
    header, rest = octets[1:1 + n], octets[1 + n:]
    found, at = {}, 0
    while at + 2 <= len(header):
        found[header[at]] = header[at + 2:at + 2 + header[at + 1]]
        at += 2 + header[at + 1]
    return found, rest


class Message:
    """A submit_sm or deliver_sm, read."""

    def __init__(self, body):
        f = Fields(body)
        self.service_type = f.string()
        self.source_ton, self.source_npi, self.source = f.octet(), f.octet(), f.string()
        self.destination_ton, self.destination_npi, self.destination = f.octet(), f.octet(), f.string()
        self.esm_class, self.protocol_id, self.priority = f.octet(), f.octet(), f.octet()
        self.schedule, self.validity = f.string(), f.string()
        self.registered, self.replace, self.coding, self.default_id = f.octet(), f.octet(), f.octet(), f.octet()
        octets = f.octets(f.octet())
        self.tlvs = f.tlvs() if f.at < len(body) else {}
        if not octets and PAYLOAD in self.tlvs:
            octets = self.tlvs[PAYLOAD]
        self.octets = octets
        self.udh, self.content = {}, octets
        self.part = None  # (reference, total, number)
        if self.esm_class & 0x40 and octets:
            self.udh, self.content = split_udh(octets)
            if 0 in self.udh:
                self.part = tuple(self.udh[0])
            elif 8 in self.udh:
                self.part = struct.unpack(">HBB", self.udh[8])
        elif SAR_REFERENCE in self.tlvs:
            self.part = tuple(int.from_bytes(self.tlvs[t], "big") for t in (SAR_REFERENCE, SAR_TOTAL, SAR_PART))

    @property
    def text(self):
        return decode(self.content, self.coding)

    @property
    def is_receipt(self):
        return self.esm_class & 0x3C == 4

    @property
    def receipt(self):
        """The keys of a receipt's text, and id and state as the TLVs say."""
        text, found = self.text, {}
        for key in ("id", "sub", "dlvrd", "submit date", "done date", "stat", "err", "text"):
            at = text.find(key + ":")
            if at >= 0:
                value = text[at + len(key) + 1:]
                found[key] = value if key == "text" else value.split(" ")[0]
        if RECEIPTED_ID in self.tlvs:
            found["tlv id"] = self.tlvs[RECEIPTED_ID].rstrip(b"\0").decode()
        if MESSAGE_STATE in self.tlvs:
            found["tlv state"] = self.tlvs[MESSAGE_STATE][0]
        return found


def message_body(source, destination, octets, coding, esm_class=0, registered=0, tlvs=(), service_type=""):
    """The body of a submit_sm or deliver_sm; what is longer than 254 octets goes to message_payload."""
    def address(a):
        if not a.lstrip("+").isdigit():
            return bytes([5, 0]) + string(a)
        return bytes([1 if a.startswith("+") else 0, 1]) + string(a.lstrip("+"))
    tlvs = list(tlvs)
    if len(octets) > 254:
        tlvs.append((PAYLOAD, octets))
        octets = b""
    return (string(service_type) + address(source) + address(destination) + bytes([esm_class, 0, 0]) + b"\0\0" +
            bytes([registered, 0, coding, 0, len(octets)]) + octets +
            b"".join(struct.pack(">HH", t, len(v)) + v for t, v in tlvs))


def pdu(command, status, sequence, body=b""):
    return struct.pack(">IIII", 16 + len(body), command, status, sequence) + body


def parts_of(text, reference=1):
    """[(octets with header, coding)] of a text that is too long for one, 8-bit reference."""
    octets, coding = encode(text)
    size = 153 if coding == 0 else 134
    if len(octets) <= (160 if coding == 0 else 140):
        return [(octets, coding)]
    pieces, at = [], 0
    while at < len(octets):
        n = size
        if coding == 0 and octets[at + n - 1:at + n] == b"\x1b":
            n -= 1
        if coding == 8 and at + n < len(octets) and 0xD8 <= octets[at + n - 2] <= 0xDB:
            n -= 2
        pieces.append(octets[at:at + n])
        at += n
    return [(bytes([5, 0, 3, reference, len(pieces), i + 1]) + p, coding) for i, p in enumerate(pieces)]


def joined(messages):
    """The texts of parts, put together: {(source, destination, reference): text} of complete ones."""
    found = {}
    for m in messages:
        if m.part:
            found.setdefault((m.source, m.destination, m.part[0], m.part[1]), {})[m.part[2]] = m
    return {k: "".join(p[i].text for i in sorted(p)) for k, p in found.items() if len(p) == k[3]}


class Session:
    """One connection: whole PDUs in, PDUs out. Replies of one turn leave in one write."""

    def __init__(self, sock):
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket = sock
        self.lock = threading.Lock()
        self.bound = None
        self.system_id = ""
        self.open = True
        self.numbers = itertools.count(1)

    def send(self, octets):
        with self.lock:
            try:
                self.socket.sendall(octets)
                return True
            except OSError:
                self.open = False
                return False

    def pdus(self):
        """Lists of (command, status, sequence, body), one list per read, until the end."""
        rest = b""
        while True:
            try:
                piece = self.socket.recv(1 << 18)
            except OSError:
                piece = b""
            if not piece:
                self.open = False
                return
            rest += piece
            at, got = 0, []
            while len(rest) - at >= 16:
                length, command, status, sequence = struct.unpack_from(">IIII", rest, at)
                if length < 16 or length > PDU_MAX:
                    self.open = False
                    return
                if len(rest) - at < length:
                    break
                got.append((command, status, sequence, rest[at + 16:at + length]))
                at += length
            rest = rest[at:]
            if got:
                yield got

    def close(self):
        self.open = False
        try:
            self.socket.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self.socket.close()


class Centre:
    """A message centre. Every submit_sm that came is in `submits`, with .status and .id of its answer.

    receipt_after  seconds after which each message for which a receipt was asked is reported, None = never
    answer_after   seconds before a submit_sm is answered
    repeat_tag     a TLV by which it knows a repeated message: that one gets the first one's id again and is counted
    decide(m)      status of the answer; None = no answer at all
    receipt_first  the receipt leaves before the answer (they do overtake)
    receipt_state  "DELIVRD" or another, or a function of the message
    receipt_id     what a receipt calls a message, a function of it; as the answer did
    """

    def __init__(self, port=0, receipt_after=None, answer_after=0, repeat_tag=0, decide=None, password=None, prefix="",
                 receipt_first=False, receipt_state="DELIVRD", hexadecimal=False, receipt_id=None):
        self.receipt_after, self.answer_after, self.repeat_tag = receipt_after, answer_after, repeat_tag
        self.decide, self.password, self.prefix = decide, password, prefix
        self.receipt_first, self.receipt_state, self.hexadecimal = receipt_first, receipt_state, hexadecimal
        self.receipt_id = receipt_id or (lambda m: m.id)
        self.submits, self.queries, self.binds, self.others = [], [], [], []
        self.repeats = 0
        self.receipts_sent = self.receipts_taken = 0
        self.answers = {}  # sequence of what we sent -> status of the reply
        self.known = {}    # value of the repeat TLV -> submit
        self.waiting = {}  # number -> deliver_sm body that is not answered yet
        self.under_way = {}  # (session, sequence) -> number
        self.accept_nobody = False
        self.sessions = []
        self.ids = itertools.count(1)
        self.numbers = itertools.count(1)
        self.lock = threading.Lock()
        self.changed = threading.Condition(self.lock)
        self.jobs, self.job_number = [], itertools.count()
        self.wake = threading.Event()
        self.closed = False
        self.listener = socket.socket()
        self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.listener.bind(("127.0.0.1", port))
        self.listener.listen(64)
        self.port = self.listener.getsockname()[1]
        for work in (self.accept, self.clock):
            threading.Thread(target=work, daemon=True).start()

    # --- connections

    def accept(self):
        while not self.closed:
            try:
                sock, _ = self.listener.accept()
            except OSError:
                return
            if self.accept_nobody:
                sock.close()
                continue
            session = Session(sock)
            with self.lock:
                self.sessions.append(session)
            threading.Thread(target=self.serve, args=(session,), daemon=True).start()

    def serve(self, session):
        for turn in session.pdus():
            out = []
            for command, status, sequence, body in turn:
                self.take(session, command, status, sequence, body, out)
            if out:
                session.send(b"".join(out))
            if not session.open:
                break
        with self.lock:
            if session in self.sessions:
                self.sessions.remove(session)
            for key in [k for k in self.under_way if k[0] is session]:
                self.later(0.2, self.deliver_again, self.under_way.pop(key))
        session.close()

    def take(self, session, command, status, sequence, body, out):
        if command & REPLY:
            self.take_reply(session, status, sequence)
        elif command in (BIND_RECEIVER, BIND_TRANSMITTER, BIND_TRANSCEIVER):
            out.append(self.bind(session, command, sequence, body))
        elif command == ENQUIRE_LINK:
            out.append(pdu(ENQUIRE_LINK | REPLY, OK, sequence))
        elif command == UNBIND:
            out.append(pdu(UNBIND | REPLY, OK, sequence))
            session.bound = None
        elif not session.bound:
            out.append(pdu(command | REPLY, WRONG_BIND, sequence))
        elif command == SUBMIT_SM:
            self.submit(session, sequence, Message(body), out)
        elif command == QUERY_SM:
            self.queries.append(body)
            f = Fields(body)
            out.append(pdu(QUERY_SM | REPLY, OK, sequence, string(f.string()) + b"\0" + bytes([2, 0])))
        else:
            self.others.append((command, body))
            out.append(pdu(GENERIC_NACK, INVALID_COMMAND, sequence))

    def bind(self, session, command, sequence, body):
        f = Fields(body)
        session.system_id, password = f.string(), f.string()
        good = self.password is None or password == self.password
        self.binds.append((command, session.system_id, good))
        if good:
            session.bound = command
        with self.changed:
            self.changed.notify_all()
        if not good:
            return pdu(command | REPLY, BAD_PASSWORD, sequence)
        return pdu(command | REPLY, OK, sequence, string("centre") + struct.pack(">HHB", 0x0210, 1, 0x34))

    def submit(self, session, sequence, m, out):
        m.at = time.monotonic()
        m.status = self.decide(m) if self.decide else OK
        m.id = None
        repeated = None
        if m.status == OK:
            key = m.tlvs.get(self.repeat_tag) if self.repeat_tag else None
            n = next(self.ids)
            m.id = f"{self.prefix}{n:x}" if self.hexadecimal else f"{self.prefix}{n}"
            # One step: two sessions may bring the same message at the same time.
            known = self.known.setdefault(key, m) if key else m
            if known is not m:
                repeated = known
                m.id = known.id
        with self.changed:
            if repeated:
                self.repeats += 1
            else:
                self.submits.append(m)
            self.changed.notify_all()
        if m.status is None:
            return
        answer = pdu(SUBMIT_SM | REPLY, m.status, sequence, string(m.id) if m.id else b"")
        if m.id and m.registered & 3 and self.receipt_after is not None and not repeated:
            if self.receipt_first:
                self.deliver_body(self.receipt_body(m))
            else:
                with self.lock:
                    self.later(self.receipt_after, self.send_receipt, m)
        if self.answer_after:
            with self.lock:
                self.later(self.answer_after, session.send, answer)
        else:
            out.append(answer)

    # --- what leaves by itself

    def later(self, seconds, work, *arguments):
        """With the lock held."""
        heapq.heappush(self.jobs, (time.monotonic() + seconds, next(self.job_number), work, arguments))
        self.wake.set()

    def clock(self):
        while not self.closed:
            with self.lock:
                now = time.monotonic()
                due = []
                while self.jobs and self.jobs[0][0] <= now and len(due) < 200:
                    due.append(heapq.heappop(self.jobs))
                left = self.jobs[0][0] - now if self.jobs else 0.5
                self.wake.clear()
            for _, _, work, arguments in due:
                work(*arguments)
            if not due:
                self.wake.wait(min(max(left, 0.001), 0.5))

    def receipt_body(self, m):
        state = self.receipt_state(m) if callable(self.receipt_state) else self.receipt_state
        done = 1 if state == "DELIVRD" else 0
        stamp = time.strftime("%y%m%d%H%M")
        name = self.receipt_id(m)
        text = (f"id:{name} sub:001 dlvrd:{done:03d} submit date:{stamp} done date:{stamp} stat:{state} "
                f"err:{0 if done else 1:03d} text:{m.text[:20] if m.coding in (0, 1) and m.text.isprintable() else ''}")
        tlvs = [(RECEIPTED_ID, string(name)), (MESSAGE_STATE, bytes([STATES[state]]))]
        source = ("+" if m.destination_ton == 1 else "") + m.destination
        destination = ("+" if m.source_ton == 1 else "") + m.source
        return message_body(source, destination, gsm_encode(text), 0, esm_class=4, tlvs=tlvs)

    def send_receipt(self, m):
        self.deliver_body(self.receipt_body(m))

    def deliver_body(self, body):
        number = next(self.numbers)
        with self.lock:
            self.waiting[number] = body
        self.receipts_sent += 1
        self.deliver_again(number)
        return number

    def deliver_again(self, number):
        """Sends what is not answered yet by a session that receives; later when there is none."""
        with self.lock:
            body = self.waiting.get(number)
            session = next((s for s in self.sessions if s.open and s.bound in (BIND_RECEIVER, BIND_TRANSCEIVER)), None)
            if body is None or self.closed:
                return
            if not session:
                self.later(0.2, self.deliver_again, number)
                return
            sequence = next(session.numbers)
            self.under_way[(session, sequence)] = number
        session.send(pdu(DELIVER_SM, OK, sequence, body))

    def take_reply(self, session, status, sequence):
        with self.changed:
            number = self.under_way.pop((session, sequence), None)
            if number is None:
                return
            if status in (THROTTLED, QUEUE_FULL, SYSTEM_ERROR, 0x64):
                self.later(0.2, self.deliver_again, number)
                return
            self.waiting.pop(number, None)
            self.answers[number] = status
            self.receipts_taken += 1
            self.changed.notify_all()

    # --- for the scenario

    def deliver(self, source, destination, text, coding=None, seconds=10):
        """A message from a phone. The status of its answer, or None."""
        numbers = []
        for octets, own in parts_of(text):
            esm_class = 0x40 if len(parts_of(text)) > 1 else 0
            body = message_body(source, destination, octets, own if coding is None else coding, esm_class)
            numbers.append(self.deliver_body(body))
        self.wait(lambda: all(n in self.answers for n in numbers), seconds)
        return max((self.answers.get(n, -1) for n in numbers), default=None)

    def wait(self, true, seconds=15):
        end = time.monotonic() + seconds
        with self.changed:
            while not true():
                left = end - time.monotonic()
                if left <= 0 or not self.changed.wait(min(left, 0.5)) and time.monotonic() > end:
                    return bool(true())
        return True

    def wait_submits(self, n, seconds=15):
        return self.wait(lambda: len(self.submits) >= n, seconds)

    def wait_bound(self, seconds=20):
        return self.wait(lambda: any(s.bound for s in self.sessions), seconds)

    def drop(self):
        """Cuts all connections."""
        with self.lock:
            sessions = list(self.sessions)
        for s in sessions:
            s.close()

    def close(self):
        self.closed = True
        self.listener.close()
        self.drop()


class Pending:
    """A request that waits for its answer."""

    def __init__(self, command, context):
        self.command, self.context = command, context
        self.status = self.body = None
        self.done = threading.Event()

    @property
    def id(self):
        return self.body.split(b"\0")[0].decode("latin-1") if self.body else None


class Lost(Exception):
    """The connection ended, or no answer came in time."""


class Client:
    """An application that binds. deliver_sm are answered at once and kept: `messages` and `receipts`."""

    def __init__(self, port, system_id, password, kind=BIND_TRANSCEIVER, window=10, timeout=20, on_deliver=None, on_answer=None, version=0x34):
        self.timeout, self.on_deliver, self.on_answer = timeout, on_deliver, on_answer
        self.pending = {}
        self.messages, self.receipts, self.enquired = [], [], 0
        self.changed = threading.Condition()
        self.window = threading.BoundedSemaphore(window)
        self.session = Session(socket.create_connection(("127.0.0.1", port), timeout))
        self.session.socket.settimeout(None)
        threading.Thread(target=self.serve, daemon=True).start()
        body = string(system_id) + string(password) + string("") + bytes([version, 0, 0]) + string("")
        self.bound = self.ask(kind, body)
        if self.bound.status != OK:
            self.close()
            raise Lost(f"bind refused: {self.bound.status:#x}")

    @property
    def open(self):
        return self.session.open

    def serve(self):
        for turn in self.session.pdus():
            out = []
            for command, status, sequence, body in turn:
                self.take(command, status, sequence, body, out)
            if out:
                self.session.send(b"".join(out))
        with self.changed:
            pending, self.pending = self.pending, {}
            self.changed.notify_all()
        for p in pending.values():
            self.end(p, None, None)
        self.session.close()

    def end(self, p, status, body):
        p.status, p.body = status, body
        p.done.set()
        if p.command == SUBMIT_SM:
            self.window.release()
            if self.on_answer:
                self.on_answer(p)

    def take(self, command, status, sequence, body, out):
        if command & REPLY:
            with self.changed:
                p = self.pending.pop(sequence, None)
                self.changed.notify_all()
            if p:
                self.end(p, status, body)
        elif command == DELIVER_SM:
            m = Message(body)
            answer = self.on_deliver(m) if self.on_deliver else OK
            with self.changed:
                if answer == OK:
                    (self.receipts if m.is_receipt else self.messages).append(m)
                self.changed.notify_all()
            if answer is not None:
                out.append(pdu(DELIVER_SM | REPLY, answer, sequence, b"\0"))
        elif command == ENQUIRE_LINK:
            self.enquired += 1
            out.append(pdu(ENQUIRE_LINK | REPLY, OK, sequence))
        elif command == UNBIND:
            out.append(pdu(UNBIND | REPLY, OK, sequence))
        else:
            out.append(pdu(GENERIC_NACK, INVALID_COMMAND, sequence))

    def request(self, command, body, context=None):
        """Sends without waiting for the answer."""
        p = Pending(command, context)
        with self.changed:
            sequence = next(self.session.numbers)
            if self.session.open:
                self.pending[sequence] = p
        if not self.session.open or not self.session.send(pdu(command, OK, sequence, body)):
            with self.changed:
                mine = self.pending.pop(sequence, None) is not None
            if mine or not p.done.is_set():
                self.end(p, None, None)
        return p

    def ask(self, command, body=b""):
        """Sends, and waits for the answer."""
        p = self.request(command, body)
        if not p.done.wait(self.timeout):
            raise Lost("no answer")
        if p.status is None:
            raise Lost("the connection ended")
        return p

    def submit(self, source, destination, text, registered=0, esm_class=0, coding=None, tlvs=(), context=None):
        """A submit_sm within the window, not waited for. `text` is a str, or the octets as they are."""
        octets, own = encode(text) if isinstance(text, str) else (text, 0)
        self.window.acquire()
        return self.request(SUBMIT_SM, message_body(source, destination, octets, own if coding is None else coding,
                                                    esm_class, registered, tlvs), context)

    def submit_long(self, source, destination, text, registered=0, reference=1):
        """As parts with a header."""
        return [self.submit(source, destination, octets, registered, 0x40, coding)
                for octets, coding in parts_of(text, reference)]

    def wait(self, true, seconds=15):
        end = time.monotonic() + seconds
        with self.changed:
            while not true():
                left = end - time.monotonic()
                if left <= 0:
                    return False
                self.changed.wait(min(left, 0.5))
        return True

    def idle(self, seconds=20):
        """Waits until every request is answered."""
        return self.wait(lambda: not self.pending, seconds)

    def unbind(self):
        try:
            self.ask(UNBIND)
        except Lost:
            pass
        self.close()

    def close(self):
        self.session.close()
