# SPDX-License-Identifier: GPL-3.0-or-later
"""Starts cellpostd in a folder of its own and speaks its terminal. For the scenarios; no test itself."""
import atexit
import os
import re
import select
import shutil
import signal
import socket
import subprocess
import tempfile
import time

B = os.environ.get("B", "build/release")
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
PROGRAM = os.path.join(ROOT, B, "cellpostd") if not os.path.isabs(B) else os.path.join(B, "cellpostd")
PROMPT = re.compile(r"^cellpost(?:\([a-z-]+\))?[>#] $")


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Daemon:
    """A running cellpostd. `text` is its configuration; @PORT@ stands for the terminal's port."""

    def __init__(self, text, env=None, ready=20, program=None, files=None):
        self.folder = tempfile.mkdtemp(prefix="cellpost-")
        atexit.register(shutil.rmtree, self.folder, True)
        self.port = free_port()
        self.config = os.path.join(self.folder, "test.cfg")
        self.log_path = os.path.join(self.folder, "log")
        self.configure(text)
        for name, content in (files or {}).items():
            with open(os.path.join(self.folder, name), "w", encoding="utf-8") as f:
                f.write(content)
        self.log_file = open(self.log_path, "wb")
        # Roles inside landlock cannot be looked at by the leak sanitizer.
        environment = dict(os.environ, ASAN_OPTIONS="detect_leaks=0", **(env or {}))
        self.process = subprocess.Popen([program or PROGRAM, "-c", "test.cfg"], cwd=self.folder, stdout=subprocess.PIPE,
                                        stderr=self.log_file, env=environment)
        self.banner = self.read_banner(ready)

    def configure(self, text):
        with open(self.config, "w", encoding="utf-8") as f:
            f.write(text.replace("@PORT@", str(self.port)))

    def read_banner(self, seconds):
        """What is printed until it is ready; empty when it ended instead."""
        end = time.monotonic() + seconds
        got = b""
        fd = self.process.stdout.fileno()
        while time.monotonic() < end:
            if select.select([fd], [], [], 0.3 if got else 0.1)[0]:
                piece = os.read(fd, 65536)
                if not piece:
                    break
                got += piece
            elif got or self.process.poll() is not None:
                break
        return got.decode()

    def log(self):
        try:
            with open(self.log_path, encoding="utf-8", errors="replace") as f:
                return f.read()
        except FileNotFoundError:  # at the program's end its folder may go first
            return ""

    def wait_log(self, pattern, seconds=10, count=1):
        """Waits until the log holds `count` matches; True when it does."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if len(re.findall(pattern, self.log())) >= count:
                return True
            time.sleep(0.05)
        return False

    def role_pid(self, role):
        """The process of a role, or 0."""
        path = f"/proc/{self.process.pid}/task/{self.process.pid}/children"
        try:
            with open(path, encoding="ascii") as f:
                pids = f.read().split()
        except OSError:
            return 0
        for pid in pids:
            try:
                with open(f"/proc/{pid}/cmdline", "rb") as f:
                    if f.read().split(b"\0")[1:3] == [b"--role", role.encode()]:
                        return int(pid)
            except OSError:
                continue
        return 0

    def roles(self):
        return [r for r in ("control", "queue", "sms", "api", "media", "lab", "lookup", "diameter") if self.role_pid(r)]

    def hup(self):
        self.process.send_signal(signal.SIGHUP)

    def stop(self, seconds=30):
        """Ends it in order; returns the exit code."""
        if self.process.poll() is None:
            self.process.terminate()
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.process.kill()
            return -1
        finally:
            self.process.stdout.close()
            self.log_file.close()


class Terminal:
    """A session of the VTY, as a script sees it: telnet's own octets are thrown away."""

    def __init__(self, port, timeout=10):
        end = time.monotonic() + timeout
        while True:
            self.socket = socket.create_connection(("127.0.0.1", port), timeout)
            # More than the 10 s after which the terminal itself gives a role up: its words are to be seen.
            self.socket.settimeout(timeout + 30)
            self.text = ""
            self.prompt = ""
            # One too many: those that were closed just now count until their end was seen.
            if self.read() is not None or time.monotonic() > end:
                return
            self.socket.close()
            time.sleep(0.1)

    def read(self):
        """Lines up to the next prompt; None when the other side ended."""
        while True:
            lines = self.text.split("\n")
            if PROMPT.match(lines[-1]):
                self.prompt = lines[-1]
                self.text = ""
                return lines[:-1]
            piece = self.socket.recv(65536)
            if not piece:
                return None
            self.text += re.sub(rb"\xff[\xfb-\xfe].", b"", piece, flags=re.S).decode("utf-8", "replace").replace("\r", "")

    def say(self, line):
        self.socket.sendall(line.encode() + b"\r\n")
        return self.read()

    def close(self):
        self.socket.close()


class Tap:
    """Counts and prints test cases."""

    def __init__(self):
        self.count = 0
        self.failed = 0

    def check(self, good, name, detail=""):
        self.count += 1
        if good:
            print(f"ok {self.count} - {name}", flush=True)
            return
        self.failed += 1
        print(f"not ok {self.count} - {name}", flush=True)
        for line in str(detail).splitlines():
            print(f"# {line}", flush=True)

    def end(self):
        print(f"1..{self.count}")
        return 1 if self.failed or not self.count else 0
