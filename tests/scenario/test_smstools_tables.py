#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The tables of all 13 national languages agree with those that smstools documents, read and written. Prints TAP."""
import glob
import html
import os
import re
import subprocess
import sys
import tempfile

B = os.environ.get("B", "build/release")
PAGE = "usr/share/doc/smstools/html/doc/national_language_shift_tables.html"
WORDS = {"SP": 0x20, "LF": 0x0A, "CR": 0x0D, "FF": 0x0C}
TELUGU_EURO = (12, 0x65)  # read, never written: see alphabet.c


def page():
    """The page of the installed package, or of the package itself where documents are not installed."""
    if os.path.exists("/" + PAGE):
        with open("/" + PAGE, encoding="utf-8") as f:
            return f.read()
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(["apt-get", "-qq", "download", "smstools"], cwd=folder, check=True, stdout=subprocess.DEVNULL)
        package = glob.glob(os.path.join(folder, "smstools_*.deb"))[0]
        subprocess.run(["dpkg-deb", "-x", package, folder], check=True)
        with open(os.path.join(folder, PAGE), encoding="utf-8") as f:
            return f.read()


def character(cell):
    """The code point in a cell: what is shown, or the hexadecimal number below it; None where there is none."""
    shown, _, below = cell.partition("<br>")
    number = re.search(r"\b([0-9A-F]{4,8})\b", re.sub(r"<[^>]*>", "", below))
    if number:
        digits = number.group(1)
        return tuple(int(digits[i:i + 4], 16) for i in range(0, len(digits), 4))
    text = html.unescape(re.sub(r"<[^>]*>", "", shown)).strip()
    if not text or not below:
        return None
    if text in WORDS:
        return (WORDS[text],)
    return (ord(text),) if len(text) == 1 else ("word", text)


def theirs():
    """{(language, "locking" or "single"): {septet: code points}}"""
    tables = {}
    for number, body in re.findall(r"<a name='f_(\d+)'>(.*?)</table>", page(), re.S):
        language = int(number)
        for row in re.findall(r"<tr>(.*?)</tr>", body, re.S):
            cells = re.findall(r"<td([^>]*)>(.*?)</td>", row, re.S)
            assert len(cells) == 18, (language, len(cells))
            low = int(cells[0][1], 16)
            for column in range(8):
                for table, at in (("locking", 1), ("single", 10)):
                    attributes, cell = cells[at + column]
                    code = character(cell)
                    if code is not None and "notused" not in attributes and "reserved" not in attributes:
                        tables.setdefault((language, table), {})[16 * column + low] = code
    return tables


def ours():
    out = subprocess.run([os.path.join(B, "tests/sms/dump_sms"), "tables"], stdout=subprocess.PIPE, check=True).stdout.decode()
    read, written = {}, {}
    for line in out.splitlines():
        kind, language, a, b = line.split()
        if kind.startswith("write-"):
            written.setdefault((int(language), kind[6:]), {})[int(a, 16)] = int(b, 16)
        else:
            read.setdefault((int(language), kind), {})[int(a, 16)] = int(b, 16)
    return read, written


def show(code):
    return "nothing" if code is None else " ".join(c if isinstance(c, str) else f"U+{c:04X}" for c in code)


def compare_read(key, their, our):
    wrong = []
    for septet in range(128):
        a, b = their.get(septet), (our[septet],) if septet in our else None
        if a != b:
            wrong.append(f"{septet:02X}: smstools {show(a)}, ours {show(b)}")
    return wrong


def compare_written(key, our, written):
    """Each character of the table is written as a septet that reads as it, and nothing else is written."""
    wrong = [f"U+{c:04X} is written as {septet:02X}" for c, septet in written.items() if our.get(septet) != c]
    for septet, c in our.items():
        if c not in written and not (key == (TELUGU_EURO[0], "single") and septet == TELUGU_EURO[1]):
            wrong.append(f"U+{c:04X} ({septet:02X}) cannot be written")
    return wrong


def main():
    judge = theirs()
    read, written = ours()
    number, bad = 0, 0
    for key in sorted(set(judge) | set(read)):
        for what, wrong in (("reads as smstools has it", compare_read(key, judge.get(key, {}), read.get(key, {}))),
                            ("is written as it is read", compare_written(key, read.get(key, {}), written.get(key, {})))):
            number += 1
            bad += bool(wrong)
            print(f"{'not ok' if wrong else 'ok'} {number} - language {key[0]} {key[1]} {what}")
            for w in wrong:
                print("# " + w)
    print(f"1..{number}")
    return 1 if bad or number < 54 else 0


if __name__ == "__main__":
    sys.exit(main())
