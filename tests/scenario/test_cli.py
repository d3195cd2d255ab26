#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The operator's command against a gateway of its own: what is sent arrives, is answered, is shown. Prints TAP."""
import base64
import hashlib
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

from daemon import B, ROOT, Daemon, Tap, free_port

PROGRAM = os.path.join(ROOT, B, "cellpost") if not os.path.isabs(B) else os.path.join(B, "cellpost")
ANN, BOB = "+819012345678", "+819012345679"
TEXT = """process
 directory .
store
 path ./store.db
vty
 listen 127.0.0.1:@PORT@
http
 listen 127.0.0.1:@HTTP@
 tls-listen 127.0.0.1:@HTTPS@
 tls-certificate ./cert.pem
 tls-key ./key.pem
lab
 listen 127.0.0.1:@LAB@
 absent-retry 500ms
handset {ann}
handset {bob}
account demo
 secret @SECRET@
 default-sender Demo
 allow-sender Village
route lab
 prefix +8190
 link lab
route back
 prefix *
 reject yes
""".format(ann=ANN, bob=BOB)


def cellpost(*words, stdin="", env=None, seconds=60, cwd=None):
    """(exit code, standard output, standard error)"""
    environment = {k: v for k, v in os.environ.items() if not k.startswith("CELLPOST_")}
    environment.update(env or {})
    done = subprocess.run([PROGRAM, *words], input=stdin.encode(), capture_output=True, env=environment, timeout=seconds,
                          cwd=cwd)
    return done.returncode, done.stdout.decode(), done.stderr.decode()


def until(what, seconds=10):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if what():
            return True
        time.sleep(0.1)
    return False


def certificate_for(name):
    """(certificate, key) in PEM, for a day."""
    with tempfile.TemporaryDirectory() as folder:
        files = [os.path.join(folder, f) for f in ("cert.pem", "key.pem")]
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days",
                        "1", "-subj", f"/CN={name}", "-addext", f"subjectAltName=DNS:{name}", "-out", files[0], "-keyout",
                        files[1]], check=True, capture_output=True)
        texts = []
        for path in files:
            with open(path, encoding="ascii") as f:
                texts.append(f.read())
        return texts


class Gateway:
    def __init__(self):
        _, out, _ = cellpost("secret")
        self.token = out.split("\n")[1].strip()
        secret = re.search(r"secret (\S+)", out).group(1)
        self.http, self.https, self.lab = free_port(), free_port(), free_port()
        text = TEXT.replace("@HTTP@", str(self.http)).replace("@HTTPS@", str(self.https)).replace("@LAB@", str(self.lab)).replace("@SECRET@", secret)
        certificate, key = certificate_for("localhost")
        self.daemon = Daemon(text, files={"cert.pem": certificate, "key.pem": key})
        self.env = {"CELLPOST_URL": f"http://127.0.0.1:{self.http}", "CELLPOST_VTY": f"127.0.0.1:{self.daemon.port}",
                    "CELLPOST_LAB": f"localhost:{self.lab}", "CELLPOST_ACCOUNT": "demo", "CELLPOST_TOKEN": self.token}

    def run(self, *words, **more):
        return cellpost(*words, env={**self.env, **more.pop("env", {})}, **more)


class Phone:
    """`cellpost phone` in a pipe that stays open."""

    def __init__(self, gateway, number):
        self.process = subprocess.Popen([PROGRAM, "phone", number], env={**os.environ, **gateway.env},
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        self.text = ""
        threading.Thread(target=self.read, daemon=True).start()

    def read(self):
        for line in self.process.stdout:
            self.text += line.decode()

    def say(self, line):
        self.process.stdin.write(line.encode() + b"\n")
        self.process.stdin.flush()

    def sees(self, part, seconds=10):
        return until(lambda: part in self.text, seconds)

    def end(self):
        self.process.stdin.close()
        return self.process.wait(20)


# --- without a gateway ------------------------------------------------------------------------------------------------

def words(tap):
    code, out, err = cellpost("snd")
    tap.check(code == 2 and "did you mean `send`?" in err, "a wrong command gets the nearest one", err)
    code, out, err = cellpost("send", "--form", "x", ANN, "x")
    tap.check(code == 2 and "did you mean `from`?" in err, "a wrong option gets the nearest one", err)
    code, out, err = cellpost()
    tap.check(code == 2 and "doctor" in err, "no word lists the commands", err)
    code, out, _ = cellpost("version")
    tap.check(code == 0 and out.startswith("cellpost "), "the version", out)
    code, _, err = cellpost("send", "--url", "http://127.0.0.1:1", ANN, "x")
    tap.check(code == 2 and "CELLPOST_TOKEN" in err, "who sends is asked for", err)
    port = free_port()
    code, _, err = cellpost("send", "--url", f"http://127.0.0.1:{port}", "--token", "a.b", ANN, "x")
    tap.check(code == 3 and "running" in err, "nobody there: exit code 3 and a way out", err)
    code, _, err = cellpost("show", "--vty", f"127.0.0.1:{port}", "queue")
    tap.check(code == 3, "the same of the terminal", err)
    code, _, err = cellpost("send", "--url", "gopher://x", "--token", "a.b", ANN, "x")
    tap.check(code == 1 and "http" in err, "a URL that is none", err)


def configuration(tap):
    quick = os.path.join(ROOT, "examples", "quickstart.cfg")
    code, out, err = cellpost("config", "check", quick)
    tap.check(code == 0 and out.strip().endswith("good"), "the quickstart has no fault", err)
    with open(os.path.join(ROOT, "daemon", "cellpost.h"), encoding="utf-8") as f:
        name = re.search(r'CELLPOST_QUICKSTART "(\w+)"', f.read()).group(1)
    with open(quick, encoding="utf-8") as f:
        found = re.search(rf"^account {name}\n secret scrypt\$(\d+)\$(\d+)\$(\d+)\$(\S+)\$(\S+)$", f.read(), re.M)
    good = False
    if found:
        n, r, p = (int(x) for x in found.groups()[:3])
        salt, stored = (base64.urlsafe_b64decode(x + "==") for x in found.groups()[3:])
        good = hashlib.scrypt(name.encode(), salt=salt, n=1 << n, r=r, p=p, maxmem=1 << 26, dklen=len(stored)) == stored
    tap.check(good, "the account that send takes by default is the quickstart's", name)
    with tempfile.NamedTemporaryFile("w", suffix=".cfg") as f:
        f.write("vty\n lsten 127.0.0.1:1\nroute x\n prefix *\nqueue\n validity soon\n")
        f.flush()
        code, _, err = cellpost("config", "check", f.name)
        lines = err.splitlines()
        tap.check(code == 1 and any(f"{f.name}:2: lsten: " in line and "listen" in line for line in lines),
                  "a fault has file, line, word and the nearest word", err)
        tap.check(any(f"{f.name}:6: " in line for line in lines), "every fault is said at once", err)
        f.seek(0)
        f.truncate()
        f.write("vty\n listen 127.0.0.1:1\naccount a\n secret sha256$AAAAAAAAAAAAAAAAAAAAAA$"
                "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n")
        f.flush()
        code, out, err = cellpost("config", "show", f.name)
        tap.check(code == 0 and f" listen 127.0.0.1:1  ! {f.name}:2\n" in out and "! default" in out,
                  "effective values have origins", out + err)
        tap.check("sha256" not in out and " secret ********" in out, "secrets are masked", out)
    code, _, err = cellpost("config", "check", "/nonexistent")
    tap.check(code == 1 and "No such file" in err, "a file that is not there", err)


def secrets(tap):
    code, out, _ = cellpost("secret", "--password", stdin="open sesame\n")
    tap.check(code == 0 and re.match(r" secret scrypt\$\S+\n$", out), "a password is stored as a slow hash", out)
    code, _, err = cellpost("secret", "--password", stdin="\n")
    tap.check(code == 1, "an empty password is refused", err)
    code, _, err = cellpost("secret", "sesame")
    tap.check(code == 2, "a password as a word is refused", err)


def short_messages(tap):
    code, out, _ = cellpost("sms", "encode", "--to", "+4917", "Grüße")
    octets = out.splitlines()[-1].strip()
    tap.check(code == 0 and "GSM 7-bit" in out and "parts       1" in out, "a text is cut", out)
    code, out, _ = cellpost("sms", "decode", octets)
    tap.check(code == 0 and "SMS-SUBMIT" in out and "Grüße" in out, "and read again", out)
    code, out, err = cellpost("sms", "decode", "zz")
    tap.check(code == 2, "what is no hexadecimal is refused", err)
    code, out, _ = cellpost("sms", "decode", "ff")
    tap.check(code == 1 and "at octet" in out, "what is no message says where", out)


def pages(tap):
    """The manual and the completion know what the program knows."""
    with open(os.path.join(ROOT, "daemon", "cellpostd.conf.5"), encoding="utf-8") as f:
        page = f.read()
    held = page.split('.\\" reference begins\n', 1)[1].split('.\\" reference ends\n', 1)[0]
    _, out, _ = cellpost("config", "reference", "--mdoc")
    tap.check(held == out, "cellpostd.conf(5) has every node and knob", "stale: `make reference` renews it")
    with open(os.path.join(ROOT, "daemon", "cellpost.1"), encoding="utf-8") as f:
        manual = f.read()
    with open(os.path.join(ROOT, "daemon", "cellpost.bash"), encoding="utf-8") as f:
        completion = f.read()
    _, out, _ = cellpost("help")
    for name in re.findall(r"^  (\w+)", out, re.M):
        _, more, _ = cellpost("help", name)
        options = set(re.findall(r"(--[a-z]+)", more))
        tap.check(f".It Ic {name}" in manual and all(f"Fl -{o[2:]}" in manual for o in options),
                  f"cellpost(1) has {name} and its options", options)
        tap.check(re.search(rf"\b{name}\b", completion) and all(o in completion for o in options),
                  f"the completion has {name} and its options", options)


def completion(tap):
    script = ("PATH=%s:$PATH; . %s/daemon/cellpost.bash; c() { COMP_WORDS=(\"$@\"); COMP_CWORD=$(($# - 1)); _cellpost; "
              "echo \"${COMPREPLY[@]}\"; }; c cellpost se; c cellpost send --fr; c cellpost sms decode --as sub; "
              "c cellpost config ch" % (os.path.dirname(PROGRAM), ROOT))
    done = subprocess.run(["bash", "-c", script], capture_output=True, check=False, timeout=30)
    tap.check(done.stdout.decode().split("\n")[:4] == ["send secret", "--from", "submit submit-report", "check"],
              "bash completes", done.stdout + done.stderr)


# --- with one ---------------------------------------------------------------------------------------------------------

def first_message(tap, g):
    ann = Phone(g, ANN)
    tap.check(ann.sees(f"phone {ANN}, switched on, 0 in the inbox"), "a phone is there", ann.text)
    code, out, err = g.run("send", "--from", "Village", ANN, "Water", "is on 東京 😀")
    tap.check(code == 0 and "state     " in out and "route     lab" in out, "a message is taken", out + err)
    tap.check(ann.sees("from Village: Water is on 東京 😀"), "and arrives", ann.text)
    number = re.search(r"^id +(\S+)", out, re.M).group(1)
    tap.check(until(lambda: "delivered" in g.run("message", number)[1]), "its timeline ends delivered",
              g.run("message", number))
    ann.say("thank you")
    tap.check(ann.sees("to Village"), "an answer is taken or refused with a reason", ann.text)
    ann.say(f"/to {BOB} hello Bob")
    tap.check(ann.sees(f"sent to {BOB}"), "phones write to each other", ann.text)
    code, out, _ = g.run("phone", BOB, stdin="hi Ann\n")
    tap.check(code == 0 and f"from {ANN}: hello Bob" in out and f"sent to {ANN}" in out, "and answer in a script", out)
    tap.check(ann.sees(f"from {BOB}: hi Ann"), "which arrives", ann.text)
    ann.say("/flop")
    tap.check(ann.sees("/help"), "a wrong word of the phone gets help", ann.text)
    return ann


def coverage(tap, g, ann):
    ann.say("/off")
    tap.check(ann.sees("switched off"), "a phone is switched off", ann.text)
    code, out, _ = g.run("send", ANN, "are you there")
    tap.check(code == 0 and not ann.sees("are you there", 1), "nothing reaches it", ann.text)
    ann.say("/on")
    tap.check(ann.sees("from Demo: are you there", 30), "what waited arrives when it is back", ann.text)


def hostile_text(tap, g, ann):
    code, _, err = g.run("send", ANN, "-", stdin="red \x1b[31m\x07 and\nback\n")
    tap.check(code == 0 and ann.sees("red \\x1b[31m\\x07 and\\nback"), "control characters are shown, not sent",
              repr(ann.text) + err)


def refusals(tap, g):
    code, _, err = g.run("send", ANN, "x", env={"CELLPOST_TOKEN": "wrong"})
    tap.check(code == 1 and "credentials" in err, "wrong credentials: exit code 1 and the reason", err)
    code, _, err = g.run("send", "--from", "Other", ANN, "x")
    tap.check(code == 1 and "from: " in err, "a sender that is not allowed", err)
    code, _, err = g.run("send", "12ab", "x")
    tap.check(code == 1 and "to" in err, "a number that is none", err)
    code, _, err = g.run("send", "+4917012345", "x")
    tap.check(code == 1, "a route that refuses", err)
    code, out, err = g.run("quote", ANN, "x")
    tap.check(code == 0 and "lab" in out, "a quote", out + err)
    code, out, err = g.run("phone", "+81000")
    tap.check(code == 1 and "handset" in out, "a phone that does not exist", out + err)
    code, _, err = g.run("message", "0" * 28)
    tap.check(code == 1, "a message that does not exist", err)


def tls(tap, g, ann):
    env = {"CELLPOST_URL": f"https://localhost:{g.https}"}
    code, _, err = g.run("send", ANN, "unseen", env=env)
    tap.check(code == 1 and "certificate" in err and "--authorities" in err, "a certificate that nobody vouches for is refused", (code, err))
    code, out, err = g.run("send", ANN, "under TLS", env={**env, "CELLPOST_AUTHORITIES": os.path.join(g.daemon.folder, "cert.pem")})
    tap.check(code == 0 and ann.sees("under TLS"), "one that is known is not", out + err)
    tap.check("unseen" not in ann.text, "and nothing went to the other", ann.text)


def keys(tap, g, ann):
    first, again = g.run("send", "--key", "k1", ANN, "only once"), g.run("send", "--key", "k1", ANN, "only once")
    same = [re.search(r"^id +(\S+)", x[1], re.M) for x in (first, again)]
    tap.check(all(same) and same[0].group(1) == same[1].group(1), "the same key is the same message", (first, again))
    ann.sees("only once")
    time.sleep(0.5)
    tap.check(ann.text.count("only once") == 1, "and arrives once", ann.text)


def show(tap, g):
    code, out, err = g.run("show", "links")
    tap.check(code == 0 and "lab" in out and "cellpost>" not in out and "Welcome" not in out, "the links are shown", out)
    code, out, err = g.run("show", "nonsense")
    tap.check(code == 1 and err.startswith("%"), "what cannot be shown", out + err)
    code, out, _ = g.run("show", "?")
    tap.check(code == 0 and "queue" in out, "what can be shown", out)
    code, out, _ = g.run("vty", stdin="show queue\n")
    tap.check(code == 0 and "waiting" in out, "the terminal takes lines of a pipe", out)


def doctor(tap, g):
    code, out, err = g.run("doctor", g.daemon.config, cwd=g.daemon.folder, env={"CELLPOST_URL": "", "CELLPOST_VTY": ""})
    lines = [line.split()[:2] for line in out.splitlines()]
    tap.check(code == 0 and ["ok", "configuration"] in lines and ["ok", "queue"] in lines and ["ok", "API"] in lines,
              "the doctor finds the gateway well", out + err)
    tap.check(re.search(r"warn +certificate +\S*cert.pem ends in 0 days", out), "and a certificate that ends soon", out)
    tap.check(f"127.0.0.1:{g.http} is held by cellpostd" in out, "and knows its ports", out)
    with socket.socket() as s, tempfile.NamedTemporaryFile("w", suffix=".cfg") as f:
        s.bind(("127.0.0.1", 0))
        s.listen()
        port = s.getsockname()[1]
        f.write(f"vty\n listen 127.0.0.1:{port}\nhttp\n listen none\nstore\n path {g.daemon.folder}/x.db\n min-free 1000000g\n")
        f.flush()
        code, out, err = cellpost("doctor", f.name)
        tap.check(code == 1 and re.search(rf"fail +vty +127.0.0.1:{port} is held by \S+ \(pid {os.getpid()}\)", out),
                  "a port of somebody else is a fail that names him", out + err)
        tap.check(re.search(r"fail +disk", out), "a full disk is a fail", out)
    code, out, _ = cellpost("doctor", "/nonexistent")
    tap.check(code == 1 and "fail  configuration" in out, "no configuration is a fail", out)


def terminal(tap, g):
    """The same in a terminal, where keys are edited and a prompt stands."""
    import pty
    pid, fd = pty.fork()
    if pid == 0:
        os.execve(PROGRAM, [PROGRAM, "phone", BOB], {**os.environ, **g.env})
    got = b""

    def sees(part):
        nonlocal got
        end = time.monotonic() + 10
        while part not in got and time.monotonic() < end:
            try:
                got += os.read(fd, 65536)
            except OSError:
                break
        return part in got
    tap.check(sees(b"/help"), "a phone in a terminal", got)
    os.write(fd, f"/to {ANN} typox\x7f!\r".encode())
    tap.check(sees(b"sent to " + ANN.encode()) and b"typo!" in got, "a line is edited and sent", got)
    os.write(fd, b"\x04")
    _, status = os.waitpid(pid, 0)
    tap.check(os.waitstatus_to_exitcode(status) == 0, "^D ends it", status)
    os.close(fd)


def restart(tap, g, ann):
    pid = g.daemon.role_pid("lab")
    os.kill(pid, signal.SIGKILL)
    tap.check(ann.sees("the gateway is gone"), "a phone notices that the lab died", ann.text)
    tap.check(until(lambda: ann.text.count(f"phone {ANN}") == 2, 20), "and comes back with it", ann.text)
    g.run("send", ANN, "after all")
    tap.check(ann.sees("after all"), "to get what comes", ann.text)
    tap.check(ann.end() == 0, "the input's end ends it", ann.text)


def main():
    tap = Tap()
    words(tap)
    configuration(tap)
    secrets(tap)
    short_messages(tap)
    pages(tap)
    completion(tap)
    g = Gateway()
    try:
        tap.check("ready" in g.daemon.banner, "the gateway starts", g.daemon.log())
        ann = first_message(tap, g)
        coverage(tap, g, ann)
        hostile_text(tap, g, ann)
        refusals(tap, g)
        tls(tap, g, ann)
        keys(tap, g, ann)
        show(tap, g)
        doctor(tap, g)
        terminal(tap, g)
        restart(tap, g, ann)
    finally:
        tap.check(g.daemon.stop() == 0, "the gateway ends in order", g.daemon.log())
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
