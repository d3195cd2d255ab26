# SPDX-License-Identifier: GPL-3.0-or-later
"""Real Diameter peers for the scenarios: Kamailio's online charging system (ims_ocs) and freeDiameterd as a relay before
it. Each in a folder of its own, on loopback, ended with the program. No test itself."""
import atexit
import os
import re
import shutil
import signal
import socket
import subprocess
import tempfile

from gateway import free_port, wait_for

MODULES = "/usr/lib/x86_64-linux-gnu/kamailio/modules/"
KAMAILIO = """#!KAMAILIO
debug=1
log_stderror=yes
fork=yes
children=1
disable_tcp=yes
auto_aliases=no
listen=udp:127.0.0.1:%(udp)d
rundir="%(folder)s"
mpath="%(modules)s"
loadmodule "cdp"
loadmodule "cdp_avp"
loadmodule "ims_ocs"
loadmodule "xlog"
loadmodule "pv"
loadmodule "textops"
loadmodule "sl"
modparam("cdp", "config_file", "%(folder)s/ocs.xml")
route { drop(); exit; }
event_route[ocs:ccr-orig] {
  xlog("L_ALERT", "OCS $rm from=$fu to=$ru session=$ci requested=$hdr(P-Requested-Units) used=$hdr(P-Used-Units)\\n");
  if ($fu =~ "poor") {
    ccr_result("4012", "0", "0");
  } else if ($fu =~ "gratis") {
    ccr_result("4011", "0", "0");
  } else if ($fu =~ "unknown") {
    ccr_result("5030", "0", "0");
  } else {
    ccr_result("2001", "1", "0");
  }
}
"""
OCS = """<?xml version="1.0" encoding="UTF-8"?>
<DiameterPeer FQDN="ocs.example" Realm="example" Vendor_Id="10415" Product_Name="CDiameterPeer"
  AcceptUnknownPeers="1" DropUnknownOnDisconnect="1" Tc="30" Workers="1" QueueLength="32" TransactionTimeout="5"
  SessionsHashSize="128" DefaultAuthSessionTimeout="3600" MaxAuthSessionTimeout="3600">
  <Acceptor port="%(port)d" bind="127.0.0.1"/>
  <Auth id="4" vendor="10415"/>
  <Auth id="4294967295" vendor="0"/>
</DiameterPeer>
"""
RELAY = """Identity = "relay.example";
Realm = "example";
Port = %(port)d;
SecPort = 0;
No_SCTP;
No_IPv6;
ListenOn = "127.0.0.1";
TLS_Cred = "%(folder)s/cert.pem", "%(folder)s/key.pem";
TLS_CA = "%(folder)s/cert.pem";
TwTimer = 6;
TcTimer = 6;
LoadExtension = "acl_wl.fdx" : "%(folder)s/acl.conf";
LoadExtension = "dict_nasreq.fdx";
LoadExtension = "dict_dcca.fdx";
LoadExtension = "dict_dcca_3gpp.fdx";
ConnectPeer = "ocs.example" { ConnectTo = "127.0.0.1"; Port = %(ocs)d; No_TLS; No_SCTP; };
"""


def listens(port):
    with socket.socket() as s:
        return s.connect_ex(("127.0.0.1", port)) == 0


class Part:
    """A program with its folder."""

    def __init__(self):
        self.folder = tempfile.mkdtemp(prefix="diameter-")
        self.process = None
        self.logs = 0
        atexit.register(self.close)

    def write(self, name, text):
        with open(os.path.join(self.folder, name), "w", encoding="utf-8") as f:
            f.write(text)

    def run(self, words):
        self.logs += 1
        with open(os.path.join(self.folder, f"log{self.logs}"), "wb") as log:
            # A group of its own: Kamailio is many processes.
            self.process = subprocess.Popen(words, cwd=self.folder, stdout=log, stderr=log, stdin=subprocess.DEVNULL,
                                            start_new_session=True)

    def log(self):
        text = ""
        for n in range(1, self.logs + 1):
            with open(os.path.join(self.folder, f"log{n}"), encoding="utf-8", errors="replace") as f:
                text += f.read()
        return text

    def signal(self, number):
        try:
            os.killpg(self.process.pid, number)
        except ProcessLookupError:
            pass

    def kill(self):
        if self.process:
            self.signal(signal.SIGKILL)
            self.process.wait(30)

    def close(self):
        self.kill()
        self.process = None
        shutil.rmtree(self.folder, ignore_errors=True)


class Ocs(Part):
    """Kamailio. What it was asked stands in requests(): method, payer, session, requested, used."""

    def __init__(self, port):
        super().__init__()
        self.port = port
        values = {"folder": self.folder, "modules": MODULES, "udp": free_port(), "port": port}
        self.write("kamailio.cfg", KAMAILIO % values)
        self.write("ocs.xml", OCS % values)
        self.start()

    def start(self):
        self.run(["kamailio", "-f", "kamailio.cfg", "-DD", "-E", "-m", "32", "-M", "4"])
        return wait_for(lambda: listens(self.port), 40, 0.2)

    def requests(self):
        return re.findall(r"OCS (\S+) from=(\S*) to=(\S*) session=(\S*) requested=(\d+) used=(\d+)", self.log())


class Relay(Part):
    """freeDiameterd between the gateway and the charging system."""

    def __init__(self, port, ocs_port):
        super().__init__()
        self.port = port
        values = {"folder": self.folder, "port": port, "ocs": ocs_port}
        self.write("relay.conf", RELAY % values)
        self.write("acl.conf", "ALLOW_IPSEC *.example\n")
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "key.pem", "-out", "cert.pem",
                        "-days", "30", "-subj", "/CN=relay.example"], cwd=self.folder, check=True, capture_output=True)
        self.start()

    def start(self):
        self.run(["freeDiameterd", "-c", "relay.conf"])
        return wait_for(lambda: listens(self.port), 40, 0.2)

    def sees_ocs(self):
        return wait_for(lambda: "STATE_OPEN" in self.log() and "ocs.example" in self.log(), 40, 0.2)
