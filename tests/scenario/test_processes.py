#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The life of the processes: start, death of each role, reload, watchdog, hostile terminals, the end. Prints TAP."""
import os
import random
import re
import signal
import socket
import subprocess
import sys
import threading
import time

from daemon import PROGRAM, Daemon, Tap, Terminal, free_port
from gateway import wait_for

GOOD = """http
 listen none
log
 level error
 daemon info
vty
 listen 127.0.0.1:@PORT@
"""


def run(folder, *arguments):
    return subprocess.run([PROGRAM, *arguments], cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=60,
                          env=dict(os.environ, ASAN_OPTIONS="detect_leaks=0"), check=False)


def starts(tap, daemon):
    tap.check(daemon.banner.startswith("cellpostd ") and f"telnet 127.0.0.1 {daemon.port}" in daemon.banner,
              "the banner says where the terminal is", daemon.banner + daemon.log())
    tap.check(daemon.banner.count("\n") < 15, "the banner is short", daemon.banner)
    tap.check({"control", "media"} <= set(daemon.roles()), "each role is a process", daemon.roles())


def no_privileges(tap, daemon):
    with open(f"/proc/{daemon.role_pid('media')}/status", encoding="ascii") as f:
        status = f.read()
    tap.check("NoNewPrivs:\t1" in status, "a role can gain no privileges", status)
    opened = {}
    for role in daemon.roles():
        folder = f"/proc/{daemon.role_pid(role)}/fd"
        links = [os.readlink(os.path.join(folder, n)) for n in os.listdir(folder)]
        opened[role] = [x for x in links if x.startswith("/") and "memfd" not in x and "/dev/null" not in x]
    log = daemon.log_path
    inherited = {r: [x for x in files if x != log and "/var/" not in x] for r, files in opened.items()}
    tap.check(not any(inherited.values()), "a role inherits no file", inherited)


def dies_and_returns(tap, daemon, role):
    pid = daemon.role_pid(role)
    others = {r: daemon.role_pid(r) for r in daemon.roles() if r != role}
    before = daemon.log().count(f"{role}: ready again")
    os.kill(pid, signal.SIGKILL)
    again = daemon.wait_log(f"{role}: ready again", count=before + 1)
    tap.check(again and daemon.role_pid(role) not in (0, pid), f"{role} killed: it is back", daemon.log())
    tap.check({r: daemon.role_pid(r) for r in others} == others, f"{role} killed: the others live on")
    terminal = Terminal(daemon.port)
    lines = terminal.say("show counters role_restarts_total")
    tap.check(any(re.match(rf" +[1-9]\d* .*role=\"{role}\"", x) for x in lines), f"{role} killed: counted", "\n".join(lines))
    roles = terminal.say("show roles")
    tap.check(any(re.match(rf"{role} +running +[2-9]", x) for x in roles), f"{role} killed: connected to control again",
              "\n".join(roles))
    terminal.close()


def parent_keeps_no_descriptor(tap, daemon, before):
    now = len(os.listdir(f"/proc/{daemon.process.pid}/fd"))
    tap.check(now == before, "the parent holds as many descriptors as before", f"{before} then {now}")


def reloads(tap, daemon):
    second = free_port()
    used = daemon.log().count("configuration in use")
    daemon.configure(GOOD.replace("vty\n", f"vty\n listen 127.0.0.1:{second}\n"))
    daemon.hup()
    tap.check(daemon.wait_log("configuration in use", count=used + 1), "a good file is used after SIGHUP", daemon.log())
    try:
        terminal = Terminal(second)
        tap.check(True, "an address that the new file names is served")
        terminal.close()
    except OSError as e:
        tap.check(False, "an address that the new file names is served", e)
    daemon.configure("vty\n lisen 127.0.0.1:1\nqueue\n validity 9000d\nnonsense\n")
    daemon.hup()
    tap.check(daemon.wait_log("refused, the old configuration stays"), "a wrong file is refused", daemon.log())
    log = daemon.log()
    tap.check("line 2: lisen: no such word in `vty`; did you mean `listen`?" in log and
              "line 4: 9000d: `validity` goes from 1s to 30d" in log and "line 5: nonsense: no such node" in log,
              "every fault is logged with line and word", log)
    terminal = Terminal(second)
    tap.check(terminal.say("show version") is not None, "what ran before still runs")
    terminal.close()
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        daemon.configure(GOOD + f" listen 127.0.0.1:{port}\n")
        daemon.hup()
        tap.check(daemon.wait_log(f"vty: listen 127.0.0.1:{port}: Address already in use"),
                  "an address that is taken refuses the whole file", daemon.log())
    used = daemon.log().count("configuration in use")
    daemon.configure(GOOD)
    daemon.hup()
    daemon.wait_log("configuration in use", count=used + 1)
    time.sleep(0.2)
    try:
        Terminal(second, 2).close()
        tap.check(False, "an address that the new file does not name is closed")
    except OSError:
        tap.check(True, "an address that the new file does not name is closed")


def control_returns_with_what_ran(tap, daemon):
    """A changed set outlives control, whatever stands in the file."""
    terminal = Terminal(daemon.port)
    for line in ("enable", "configure terminal", "vty", "sessions 3", "end"):
        answer = terminal.say(line)
    tap.check(answer == ["In use"], "a committed change is in use", answer)
    before = terminal.say("show running-config")
    terminal.close()
    daemon.configure("broken\n")
    seen = daemon.log().count("control: ready again")
    os.kill(daemon.role_pid("control"), signal.SIGKILL)
    daemon.wait_log("control: ready again", count=seen + 1)
    terminal = Terminal(daemon.port)
    after = terminal.say("show running-config")
    tap.check(before == after and " sessions 3" in after, "control killed: it goes on with the set in use", after)
    terminal.close()
    daemon.configure(GOOD)


def hostile_terminal(tap, daemon):
    pid = daemon.role_pid("control")
    random.seed(1)
    for size in (1, 100, 5000, 200000):
        with socket.create_connection(("127.0.0.1", daemon.port), 5) as s:
            s.settimeout(5)
            try:
                s.sendall(bytes(random.randrange(256) for _ in range(size)))
                s.sendall(b"\r\n" + b"\xff\xfd\x05" * 1000 + b"\xff\xfa" + b"x" * 1000)
                s.shutdown(socket.SHUT_WR)
                while s.recv(65536):
                    pass
            except OSError:
                pass
    terminal = Terminal(daemon.port)
    answer = terminal.say("x" * 5000)
    tap.check(answer == ["% a line of more than 4096 octets"], "a line that is too long is refused", answer)
    answer = terminal.say("show version")
    tap.check(len(answer) == 1 and daemon.role_pid("control") == pid, "garbage on the terminal kills nobody", answer)
    others = [Terminal(daemon.port) for _ in range(2)]
    with socket.create_connection(("127.0.0.1", daemon.port), 5) as s:
        text = s.recv(1000)
        tap.check(b"too many sessions" in text, "one session too many is told so", text)
    for t in others + [terminal]:
        t.close()


def idle_ends(tap, daemon):
    terminal = Terminal(daemon.port)
    for line in ("enable", "configure terminal", "vty", "idle 1s", "end"):
        terminal.say(line)
    terminal.close()
    quiet = Terminal(daemon.port)
    start = time.monotonic()
    ended = quiet.read() is None
    tap.check(ended and 0.5 < time.monotonic() - start < 5, "a silent session ends")
    quiet.close()


def watchdog(tap, daemon, role):
    pid = daemon.role_pid(role)
    start = time.monotonic()
    os.kill(pid, signal.SIGSTOP)
    again = daemon.wait_log(f"{role}: silent for 10 s: killed", seconds=20)
    waited = time.monotonic() - start
    tap.check(again and 7 < waited < 16, f"{role} stopped: killed after its silence", f"{waited:.1f} s\n" + daemon.log())
    tap.check(daemon.wait_log(f"{role}: ready again"), f"{role} stopped: started again", daemon.log())


def refusals_at_start(tap):
    daemon = Daemon("vty\n listen 127.0.0.1:@PORT@\n prot 5\nlog\n level nitice\n", ready=10)
    code = daemon.stop()
    lines = daemon.log()
    tap.check(code == 1 and "test.cfg:3: prot: no such word in `vty`" in lines and
              "test.cfg:5: nitice: `level` is one of: debug info notice error; did you mean `notice`?" in lines,
              "a wrong file at start: every fault on stderr, exit code 1", f"{code}\n{lines}")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        daemon = Daemon(f"http\n listen none\nvty\n listen 127.0.0.1:{taken.getsockname()[1]}\n", ready=10)
        code = daemon.stop()
        tap.check(code == 1 and "Address already in use" in daemon.log(), "a taken address at start: why, exit code 1",
                  f"{code}\n{daemon.log()}")
    daemon = Daemon("process\n directory /proc/no/such\n", ready=10)
    code = daemon.stop()
    tap.check(code == 1 and "directory /proc/no/such" in daemon.log(), "a directory that cannot be made: why, exit code 1",
              f"{code}\n{daemon.log()}")
    result = run(daemon.folder, "-c", "nothing.cfg")
    tap.check(result.returncode == 1 and b"nothing.cfg" in result.stderr, "no file: said, exit code 1", result)


def options(tap, folder):
    good = run(folder, "-t", "-c", "test.cfg")
    tap.check(good.returncode == 0 and not good.stderr, "-t of a good file", good)
    with open(os.path.join(folder, "bad.cfg"), "w", encoding="ascii") as f:
        f.write("log\n level loud\n")
    bad = run(folder, "-t", "-c", "bad.cfg")
    tap.check(bad.returncode == 1 and bad.stderr.startswith(b"bad.cfg:2: loud: "), "-t of a wrong file", bad)
    tap.check(run(folder, "-V").stdout.startswith(b"cellpostd "), "-V")
    tap.check(run(folder, "--help").stdout.startswith(b"usage: cellpostd"), "--help")
    tap.check(run(folder, "what").returncode == 2, "an unknown word")
    tap.check(run(folder, "--role", "media").returncode == 2, "a role started by hand ends at once")


def hear(listener, got, over):
    while True:
        try:
            got.append(listener.recv(4096).decode())
        except TimeoutError:
            if over.is_set():
                return


def tells_systemd(tap):
    """READY, RELOADING, WATCHDOG and STOPPING as systemd would get them."""
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    listener.bind("\0cellpost-notify-%d" % os.getpid())
    listener.settimeout(0.3)
    got, over = [], threading.Event()
    # It is read all the time: the kernel keeps ten datagrams and no more.
    reader = threading.Thread(target=hear, args=(listener, got, over))
    reader.start()
    daemon = Daemon(GOOD, env={"NOTIFY_SOCKET": "@cellpost-notify-%d" % os.getpid(), "WATCHDOG_USEC": "400000"})
    daemon.hup()
    wait_for(lambda: sum("READY=1" in w for w in got) > 1 and sum("WATCHDOG=1" in w for w in got) > 1, 20)
    code = daemon.stop()
    over.set()
    reader.join()
    words = "\n".join(got)
    order = [words.find(w) for w in ("READY=1", "RELOADING=1", "STOPPING=1")]
    tap.check(code == 0 and -1 not in order and order == sorted(order), "systemd hears of ready, reload and stop", words)
    tap.check(words.count("READY=1") == 2 and words.count("WATCHDOG=1") >= 2, "systemd's watchdog is fed", words)
    listener.close()


def parent_dies(tap):
    daemon = Daemon(GOOD)
    pids = [daemon.role_pid(r) for r in daemon.roles()]
    daemon.process.kill()
    daemon.process.wait()
    end = time.monotonic() + 5
    while time.monotonic() < end and any(os.path.exists(f"/proc/{p}") for p in pids):
        time.sleep(0.05)
    left = [p for p in pids if os.path.exists(f"/proc/{p}")]
    tap.check(not left, "the parent killed: no role lives on", left)
    daemon.stop()


def main():
    tap = Tap()
    refusals_at_start(tap)
    daemon = Daemon(GOOD)
    try:
        starts(tap, daemon)
        no_privileges(tap, daemon)
        held = len(os.listdir(f"/proc/{daemon.process.pid}/fd"))
        for role in daemon.roles():
            dies_and_returns(tap, daemon, role)
        parent_keeps_no_descriptor(tap, daemon, held)
        reloads(tap, daemon)
        control_returns_with_what_ran(tap, daemon)
        hostile_terminal(tap, daemon)
        idle_ends(tap, daemon)
        watchdog(tap, daemon, "media")
        watchdog(tap, daemon, "control")
        options(tap, daemon.folder)
    finally:
        code = daemon.stop()
    tap.check(code == 0, "it ends in order with code 0", f"{code}\n{daemon.log()[-2000:]}")
    tells_systemd(tap)
    parent_dies(tap)
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
