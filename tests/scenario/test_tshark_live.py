#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the running gateway says over SMPP, as a server and as a client, captured and read by tshark: nothing malformed,
no complaint of the dissector, every kind of PDU seen. Prints TAP; needs tshark."""
import os
import shutil
import socket
import struct
import subprocess
import sys
import tempfile
import time

import smpp
from gateway import Gateway, Phone, Tap, secret, wait_for
from httpd import Http
from relay import Capture, Relay
from smpp import Centre, Client, Lost, pdu, string

SERVER_PORT, CENTRE_PORT = 2775, 2776
LONG = "One line of a long text with an umlaut ä and a euro €. " * 8
JAPANESE = "長いメッセージです。" * 12
HANDSET = "+819012345678"
CONFIG = """log
 level error
vty
 listen 127.0.0.1:@vty@
http
 listen 127.0.0.1:@http@
smpp-server
 listen 127.0.0.1:@smpp@
 enquire 1s
lab
 listen 127.0.0.1:@lab@
 any yes
 absent-retry 300ms
smsc udh
 host 127.0.0.1:@centre@
 system-id ours
 password secret
 enquire 1s
 repeat-tlv 5121
 tlvs yes
smsc sar
 host 127.0.0.1:@centre@
 system-id ours2
 password secret
 long-messages sar
 tlvs yes
smsc payload
 host 127.0.0.1:@centre@
 system-id ours3
 password secret
 bind separate
 long-messages payload
 tlvs yes
account app
 secret %s
 allow-sender *
 default-sender +8150100
account slow
 secret %s
 allow-sender *
 default-sender +8150200
 rate 1
 burst 1
route udh
 prefix +8171
 link smsc:udh
route sar
 prefix +8172
 link smsc:sar
route payload
 prefix +8173
 link smsc:payload
route phones
 prefix +8190
 link lab
route app
 prefix +8150
 link esme:app
"""
NAMES = {1: "bind_receiver", 2: "bind_transmitter", 9: "bind_transceiver", 4: "submit_sm", 5: "deliver_sm", 6: "unbind",
         0x15: "enquire_link", 3: "query_sm", 7: "replace_sm", 8: "cancel_sm", 0x21: "submit_multi", 0x103: "data_sm"}
AS_CLIENT = {1, 2, 9, 4, 0x15, 6, 5 | smpp.REPLY}
AS_SERVER = {5, 0x15, 9 | smpp.REPLY, 4 | smpp.REPLY, 3 | smpp.REPLY, 7 | smpp.REPLY, 8 | smpp.REPLY, 0x21 | smpp.REPLY,
             0x103 | smpp.REPLY, 0x15 | smpp.REPLY, 6 | smpp.REPLY, smpp.GENERIC_NACK}


def as_client(http, centre):
    """The gateway towards the centre: every way of writing a message, and receipts and messages coming back."""
    for link in ("1", "2", "3"):
        for text in ("short {and} simple €", "日本語", LONG, JAPANESE):
            http.json("POST", "/v1/messages", {"to": f"+817{link}0000001", "from": "+8150100", "text": text, "report": "all"})
        http.json("POST", "/v1/messages", {"to": f"+817{link}0000002", "from": "Letters", "binary_hex": "00ff10", "flash": True})
        http.json("POST", "/v1/messages", {"to": f"+817{link}0000002", "from": "1234", "binary_hex": "0102",
                                           "ports": {"destination": 16000, "source": 16001}})
    centre.wait_submits(18)
    centre.wait(lambda: centre.receipts_taken >= centre.receipts_sent > 0)
    centre.deliver("+8171000", "+8150100", "an MO message")
    centre.deliver("+8171000", "+8150100", LONG)
    centre.deliver("+8171000", "+999", "to nobody")
    centre.decide = lambda m: 0x58 if m.at % 1 < 0.3 else 0x0B if m.destination.endswith("9") else 0
    for n in range(5, 10):
        http.json("POST", "/v1/messages", {"to": f"+817100000{n}", "text": "may be refused"})
    centre.wait(lambda: any(m.status == 0x0B for m in centre.submits), 5)


def ask(client, command, body):
    try:
        return client.ask(command, body)
    except Lost:
        return None


def as_server(port, phone):
    """An application towards the gateway: every request, right and wrong."""
    client = Client(port, "app", "secret", window=20, timeout=5)
    first = client.submit("+8150100", HANDSET, "for the phone", registered=1)
    client.submit("Letters", HANDSET, "日本語", registered=1)
    client.submit_long("+8150100", HANDSET, LONG, registered=1)
    client.submit("+8150100", HANDSET, smpp.gsm_encode(LONG), registered=1)
    client.submit("+8150100", "+999999", "no route")
    client.submit("", "", "no address")
    client.submit("+8150100", HANDSET, "odd coding", coding=0x77)
    client.idle()
    client.wait(lambda: len(client.receipts) >= 3, 5)
    phone.say("send +8150100 from the phone")
    phone.say("send +8150100 " + LONG)
    client.wait(lambda: client.messages, 5)
    source, destination = b"\1\1" + string("8150100"), b"\1\1" + string(HANDSET[1:])
    message = string(first.id or "1")
    ask(client, smpp.QUERY_SM, message + source)
    ask(client, smpp.CANCEL_SM, string("") + message + source + destination)
    ask(client, smpp.REPLACE_SM, message + source + b"\0\0" + bytes([0, 0, 3]) + b"new")
    phone.say("off")
    phone.wait("switched")
    waiting = client.submit("+8150100", HANDSET, "waits")
    client.idle()
    for command, extra in ((smpp.QUERY_SM, b""), (smpp.REPLACE_SM, b"\0\0" + bytes([0, 0, 3]) + b"new")):
        ask(client, command, string(waiting.id or "1") + source + extra)
    ask(client, smpp.CANCEL_SM, string("") + string(waiting.id or "1") + source + destination)
    phone.say("on")
    ask(client, smpp.SUBMIT_MULTI, string("") + source + bytes([2]) + b"\1" + destination + b"\1\1\1" + string("999") +
        bytes([0, 0, 0]) + b"\0\0" + bytes([1, 0, 0, 0, 5]) + b"multi")
    ask(client, smpp.DATA_SM, string("") + source + destination + bytes([0, 1, 0]) + struct.pack(">HH", 0x0424, 4) + b"data")
    ask(client, smpp.ENQUIRE_LINK, b"")
    ask(client, 0x0000AAAA, b"what is this")
    ask(client, 0x00000103, b"cut")
    client.wait(lambda: client.enquired > 0, 5)
    client.unbind()


def wrong_ones(port):
    """Refused binds, requests before the bind, garbage, a client above its rate."""
    for name, word in (("app", "wrong"), ("nobody", "secret")):
        try:
            Client(port, name, word, timeout=5)
        except Lost:
            pass
    for octets in (pdu(4, 0, 7, b"\0" * 20), pdu(0x15, 0, 8), struct.pack(">IIII", 5, 4, 0, 1), os.urandom(64)):
        with socket.create_connection(("127.0.0.1", port), 5) as s:
            s.settimeout(1)
            s.sendall(octets)
            try:
                s.recv(4096)
            except OSError:
                pass
    slow = Client(port, "slow", "secret", timeout=5, kind=smpp.BIND_TRANSMITTER)
    for _ in range(4):
        slow.submit("+8150200", HANDSET, "too fast")
    slow.idle()
    slow.unbind()
    receiver = Client(port, "slow", "secret", timeout=5, kind=smpp.BIND_RECEIVER)
    receiver.submit("+8150200", HANDSET, "not as a receiver")
    receiver.idle()
    receiver.unbind()


def tshark(path, folder, fields, wanted):
    command = ["tshark", "-n", "-r", path, "-d", f"tcp.port=={SERVER_PORT},smpp", "-d", f"tcp.port=={CENTRE_PORT},smpp", "-Y", wanted,
               "-T", "fields", "-E", "separator=/t", "-E", "aggregator=,"]
    for f in fields:
        command += ["-e", f]
    out = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False,
                         env=dict(os.environ, HOME=folder, LC_ALL="C.UTF-8"))
    if out.returncode:
        raise SystemExit("Bail out! tshark: " + out.stderr.decode()[-600:])
    return [dict(zip(fields, line.split("\t"))) for line in out.stdout.decode("utf-8", "replace").split("\n")[:-1]]


def commands(rows):
    return {int(c, 0) for r in rows for c in r["smpp.command_id"].split(",") if c}


def name(command):
    if command == smpp.GENERIC_NACK:
        return "generic_nack"
    return NAMES.get(command & 0x7FFFFFFF, hex(command)) + ("_resp" if command & smpp.REPLY else "")


def judge(tap, path, folder):
    fields = ["frame.number", "smpp.command_id", "_ws.malformed", "_ws.expert.message", "_ws.expert.severity"]
    ours = tshark(path, folder, fields, "ip.src==10.0.0.1 && smpp")
    malformed = tshark(path, folder, fields, "ip.src==10.0.0.1 && _ws.malformed")
    total = sum(len(r["smpp.command_id"].split(",")) for r in ours)
    tap.check(total > 100, f"tshark reads {total} PDUs of the gateway")
    tap.check(not malformed, "none is malformed", malformed[:5])
    expert = [r for r in tshark(path, folder, fields, "ip.src==10.0.0.1 && smpp && _ws.expert")]
    tap.check(not expert, "and it has no complaint about any", expert[:5])
    unread = tshark(path, folder, fields, "ip.src==10.0.0.1 && tcp.len > 0 && !smpp && !tcp.reassembled_in")
    tap.check(not unread, "all octets of the gateway are SMPP to it", unread[:5])
    for role, port, wanted in (("client", CENTRE_PORT, AS_CLIENT), ("server", SERVER_PORT, AS_SERVER)):
        seen = commands(tshark(path, folder, fields, f"ip.src==10.0.0.1 && smpp && tcp.port=={port}"))
        missing = wanted - seen
        tap.check(not missing, f"as a {role} it said " + ", ".join(sorted(name(c) for c in seen)),
                  "missing: " + ", ".join(sorted(name(c) for c in missing)))


def main():
    tap = Tap()
    if not shutil.which("tshark"):
        tap.check(True, "tshark # SKIP apt-get install tshark")
        return tap.end()
    capture = Capture()
    centre = Centre(receipt_after=0.02, password="secret")
    upstream = Relay(capture, centre.port, False, CENTRE_PORT)
    gateway = Gateway(CONFIG % (secret("secret"), secret("secret")), {"centre": upstream.port})
    front = Relay(capture, gateway.ports["smpp"], True, SERVER_PORT)
    up = all(gateway.link_up("smsc:" + x) for x in ("udh", "sar", "payload"))
    tap.check(up, "the links are up", gateway.show("links"))
    phone = Phone(gateway.ports["lab"], HANDSET)
    as_client(Http(gateway.ports["http"], "app", "secret"), centre)
    as_server(front.port, phone)
    wrong_ones(front.port)
    wait_for(lambda: False, 1.2)  # enquire_link of the quiet links
    code = gateway.close()
    time.sleep(0.2)
    with tempfile.TemporaryDirectory(prefix="capture-") as folder:
        path = os.path.join(folder, "smpp.pcap")
        capture.write(path)
        judge(tap, path, folder)
    tap.check(code == 0, "it ends in order")
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
