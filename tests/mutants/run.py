#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Breaks the router and the money on purpose, one place at a time, and runs the tests that must notice.

Works on a copy of the tree in a temporary folder. Prints a table; exit 1 when a mutant lives or no longer applies.
run.py [word ...] runs only the lines that hold one of the words.
"""
import os
import re
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
TEST_SECONDS = 300
SHORT = dict(os.environ, CELLPOST_MODEL_SECONDS="6", CELLPOST_RUNS="15")  # most mutants die early, none needs long


def read_list(name):
    with open(os.path.join(HERE, name), encoding="utf-8") as f:
        for number, line in enumerate(f, 1):
            line = line.rstrip("\n")
            if not line.strip() or line.startswith("#"):
                continue
            fields = [x.strip().replace("\\|", "|") for x in re.split(r"(?<!\\)\|", line)]
            if len(fields) != 4:
                sys.exit("tests/mutants/%s:%d: four fields are needed" % (name, number))
            path, old, new, tests = fields
            yield number, path, old, new.replace("\\n", "\n").replace("\\t", "\t"), tests.split()


def read_lists():
    return [m for name in sorted(os.listdir(HERE)) if name.endswith(".txt") for m in read_list(name)]


def copy_tree(to):
    names = subprocess.run(["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], cwd=ROOT, check=True, capture_output=True).stdout
    for name in names.decode().split("\0"):
        source = os.path.join(ROOT, name)
        if name and os.path.isfile(source):
            os.makedirs(os.path.dirname(os.path.join(to, name)) or to, exist_ok=True)
            shutil.copy2(source, os.path.join(to, name))


def build(tree, tests):
    targets = ["out/release/tests/" + t for t in tests]
    return subprocess.run(["make", "-s", "-j2", "O=out", "WARN=-Wno-all"] + targets, cwd=tree, capture_output=True, text=True)


def passes(tree, test):
    try:
        program = os.path.join(tree, "out/release/tests", test)
        return subprocess.run([program], cwd=tree, env=SHORT, capture_output=True, timeout=TEST_SECONDS).returncode == 0
    except subprocess.TimeoutExpired:
        return False


def killer(tree, tests):
    """The first test that notices, or None."""
    for test in tests:
        if not passes(tree, test):
            return test
    return None


def run_mutant(tree, path, old, new, tests):
    place = os.path.join(tree, path)
    with open(place, encoding="utf-8") as f:
        sound = f.read()
    if old not in sound:
        return "does not apply", None
    try:
        with open(place, "w", encoding="utf-8") as f:
            f.write(sound.replace(old, new, 1))
        made = build(tree, tests)
        if made.returncode:
            return "does not build", made.stderr[-300:]
        by = killer(tree, tests)
        return ("killed by " + by, None) if by else ("LIVES", None)
    finally:
        with open(place, "w", encoding="utf-8") as f:
            f.write(sound)


def main():
    words = sys.argv[1:]
    mutants = [m for m in read_lists() if not words or any(w in " ".join((m[1], m[2], *m[4])) for w in words)]
    tree = tempfile.mkdtemp(prefix="cellpost-mutants-")
    bad = 0
    try:
        copy_tree(tree)
        every = sorted({t for m in mutants for t in m[4]})
        made = build(tree, every)
        if made.returncode:
            sys.exit(made.stderr)
        for test in every:
            if not passes(tree, test):
                sys.exit("%s fails before any mutant" % test)
        for number, path, old, new, tests in mutants:
            verdict, why = run_mutant(tree, path, old, new, tests)
            print("%3d  %-27s %-36s %s" % (number, path, verdict, old[:70]), flush=True)
            if why:
                print(why)
            bad += not verdict.startswith("killed")
    finally:
        shutil.rmtree(tree, ignore_errors=True)
    print("mutants: %d killed, %d not" % (len(mutants) - bad, bad))
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
