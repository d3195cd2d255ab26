#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""A message centre that connects to us and says outbind: we bind over its connection, and messages go by it. Prints TAP."""
import socket
import struct
import sys
import time

from gateway import Gateway, Tap, secret, wait_for
from httpd import Http
from smpp import pdu

CONFIG = """log
 level error
vty
 listen 127.0.0.1:@vty@
http
 listen 127.0.0.1:@http@
smsc back
 host 127.0.0.1:9
 outbind-listen 127.0.0.1:@outbind@
 system-id me
 password pw
 receipts no
account app
 secret %s
 allow-sender *
 default-sender 123
route all
 prefix *
 link smsc:back
"""
OUTBIND, BIND_TRANSCEIVER, SUBMIT_SM, REPLY = 0x0B, 0x09, 0x04, 0x80000000


class Peer:
    """One connection; PDUs as (command, status, sequence, body)."""

    def __init__(self, port):
        self.socket = socket.create_connection(("127.0.0.1", port), 5)
        self.socket.settimeout(5)
        self.octets = b""

    def say(self, command, status, sequence, body=b""):
        self.socket.sendall(pdu(command, status, sequence, body))

    def hear(self):
        while True:
            if len(self.octets) >= 16:
                length, command, status, sequence = struct.unpack(">IIII", self.octets[:16])
                if len(self.octets) >= length:
                    body, self.octets = self.octets[16:length], self.octets[length:]
                    return command, status, sequence, body
            more = self.socket.recv(65536)
            if not more:
                return None
            self.octets += more

    def bound(self):
        self.say(OUTBIND, 0, 1, b"centre\0secret\0")
        heard = self.hear()
        if heard and heard[0] == BIND_TRANSCEIVER:
            self.say(BIND_TRANSCEIVER | REPLY, 0, heard[2], b"centre\0")
        return heard


def main():
    tap = Tap()
    gateway = Gateway(CONFIG % secret("secret"))
    http = Http(gateway.ports["http"], "app", "secret")
    status, answer = http.json("POST", "/v1/messages", {"to": "+81901", "text": "waits for the centre"})
    tap.check(status == 202, "a message is accepted while the centre is away", answer)
    quiet = Peer(gateway.ports["outbind"])
    quiet.socket.settimeout(0.5)
    try:
        heard = quiet.hear()
    except socket.timeout:
        heard = "nothing"
    tap.check(heard == "nothing", "nothing is said before the outbind", heard)
    heard = quiet.bound()
    tap.check(heard and heard[0] == BIND_TRANSCEIVER and heard[3].startswith(b"me\0pw\0"), "outbind is answered by our bind", heard)
    quiet.socket.settimeout(5)
    heard = quiet.hear()
    tap.check(heard and heard[0] == SUBMIT_SM and b"waits for the centre" in heard[3], "the message goes by it", heard)
    quiet.say(SUBMIT_SM | REPLY, 0, heard[2], b"77\0")
    second = Peer(gateway.ports["outbind"])
    tap.check(second.hear() is None, "a second connection is closed while the one session is there")
    quiet.socket.close()
    third = Peer(gateway.ports["outbind"])
    end = time.monotonic() + 5
    while time.monotonic() < end:
        try:
            if third.bound():
                break
        except OSError:
            pass
        third = Peer(gateway.ports["outbind"])
        time.sleep(0.1)
    tap.check(wait_for(lambda: gateway.link_up("smsc:back", 1), 5), "after it went, the centre may come again")
    tap.check(gateway.close() == 0, "it ends in order")
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
