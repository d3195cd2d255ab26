# SPDX-License-Identifier: GPL-3.0-or-later
"""A Kannel of one's own (the packages' bearerbox and smsbox), with ports of its own; never the system's service. For
the scenarios and the bench; no test itself."""
import atexit
import os
import re
import shutil
import subprocess
import tempfile
import urllib.parse

from gateway import free_port, wait_for
from httpd import Http

BOXES = [shutil.which(x, path=os.environ.get("PATH", "") + ":/usr/sbin") for x in ("bearerbox", "smsbox")]

CORE = """group = core
admin-port = {admin}
admin-interface = 127.0.0.1
admin-password = bar
smsbox-port = {boxes}
smsbox-interface = 127.0.0.1
box-deny-ip = "*.*.*.*"
box-allow-ip = "127.0.0.1"
log-file = "{folder}/bearerbox.log"
log-level = {level}
dlr-storage = internal
sms-resend-freq = 5
sms-incoming-queue-limit = 1000000
sms-outgoing-queue-limit = 1000000
{core}

{smsc}

group = smsbox
bearerbox-host = 127.0.0.1
bearerbox-port = {boxes}
sendsms-port = {sendsms}
sendsms-interface = 127.0.0.1
log-file = "{folder}/smsbox.log"
log-level = {level}
max-pending-requests = 512
http-request-retry = 3
http-queue-delay = 1

group = sendsms-user
username = u
password = p
max-messages = 10
concatenation = true

{services}
"""
SMPP = """group = smsc
smsc = smpp
smsc-id = s
host = 127.0.0.1
port = {port}
transceiver-mode = true
smsc-username = {user}
smsc-password = {password}
system-type = VMA
address-range = ""
max-pending-submits = {window}
throughput = 0
reconnect-delay = 1
{more}
"""
HTTP = """group = smsc
smsc = http
smsc-id = h
system-type = kannel
port = {port}
connect-allow-ip = 127.0.0.1
smsc-username = {user}
smsc-password = {password}
send-url = "{url}"
dlr-url = "http://127.0.0.1:{port}/sms?username={user}&password={password}"
no-sender = false
no-coding = false
"""
NO_SERVICE = """group = sms-service
keyword = default
text = "ok"
max-messages = 0
"""


def installed():
    return all(BOXES)


def smpp(port, user, password, window=10, more=""):
    """A centre to which it binds."""
    return SMPP.format(port=port, user=user, password=password, window=window, more=more)


def http(url, user, password, port):
    """A centre that is another Kannel's sendsms; receipts come back to `port`."""
    return HTTP.format(url=url, user=user, password=password, port=port)


class Kannel:
    """bearerbox and smsbox with one centre."""

    def __init__(self, smsc, services=NO_SERVICE, level=1, keeps=False):
        self.folder = tempfile.mkdtemp(prefix="kannel-")
        atexit.register(self.close)
        self.processes = []
        self.admin, self.boxes, self.sendsms = (free_port() for _ in range(3))
        self.path = os.path.join(self.folder, "kannel.conf")
        core = f'store-type = file\nstore-location = "{self.folder}/store"\nstore-dump-freq = 2' if keeps else ""
        with open(self.path, "w", encoding="utf-8") as f:
            f.write(CORE.format(core=core, admin=self.admin, boxes=self.boxes, sendsms=self.sendsms, folder=self.folder, level=level,
                                smsc=smsc, services=services))
        self.run(0)
        self.run(1)

    def run(self, box):
        """Starts a box: 0 bearerbox, 1 smsbox."""
        self.start(BOXES[box], self.path)
        if box:
            self.up = self.up and bool(wait_for(lambda: self.answers(self.sendsms), 30))
        else:
            self.up = bool(wait_for(lambda: "Kannel" in self.status(), 30))

    def start(self, program, path):
        out = open(os.path.join(self.folder, os.path.basename(program) + ".out"), "ab")
        self.processes.append(subprocess.Popen([program, "-v", "4", path], stdout=out, stderr=out, cwd=self.folder))
        out.close()

    def kill(self, box):
        """SIGKILL, as a power cut of that box."""
        for p in [p for p in self.processes if p.args[0] == BOXES[box]]:
            p.kill()
            p.wait()
            self.processes.remove(p)

    @staticmethod
    def answers(port):
        try:
            Http(port, timeout=2).get("/")
            return True
        except OSError:
            return False

    def status(self):
        try:
            return Http(self.admin, timeout=2).get("/status.txt?password=bar")[2].decode("latin-1")
        except OSError:
            return ""

    def online(self, seconds=15):
        """Waits until it is bound and its smsbox is known."""
        return bool(wait_for(lambda: re.search(r"\(online \d+s", self.status()) and "smsbox:" in self.status(), seconds, 0.1))

    def send(self, to, text, **more):
        """(status, body) of its sendsms."""
        fields = {"username": "u", "password": "p", "to": to, "text": text, "charset": "UTF-8", **more}
        query = "&".join(k.replace("_", "-") + "=" + urllib.parse.quote(str(v)) for k, v in fields.items())
        status, _, body = Http(self.sendsms).get("/cgi-bin/sendsms?" + query)
        return status, body.decode("latin-1")

    def cpu(self):
        """Seconds of processor time of both boxes."""
        total = 0
        for p in self.processes:
            with open(f"/proc/{p.pid}/stat", encoding="ascii") as f:
                fields = f.read().rpartition(")")[2].split()
            total += (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
        return total

    def log(self):
        text = ""
        for name in sorted(os.listdir(self.folder)):
            if name.endswith(".log") or name.endswith(".out"):
                with open(os.path.join(self.folder, name), encoding="utf-8", errors="replace") as f:
                    text += f.read()
        return text

    def close(self):
        processes, self.processes = self.processes, []
        for p in reversed(processes):
            p.terminate()
        for p in reversed(processes):
            try:
                p.wait(8)
            except subprocess.TimeoutExpired:
                p.kill()
                p.wait()
        shutil.rmtree(self.folder, ignore_errors=True)
