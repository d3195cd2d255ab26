# SPDX-License-Identifier: GPL-3.0-or-later
"""Who includes whom, read from the compiler's dependency files below $B. Prints each violation; exit 1 if any."""
import os
import sys

MAY = {
    "core/base": {"core/base"},
    "core/net": {"core/net", "core/base"},
    "core": {"core", "core/net", "core/base"},
}
for channel in ("sms", "mms", "rcs", "mail", "radio", "billing", "store"):
    MAY[channel] = {channel, "core", "core/net", "core/base"}
OURS = set(MAY) | {"daemon", "tests"}


def room(path):
    """The folder of the table that a path of ours lies in, or None."""
    parts = os.path.normpath(path).split(os.sep)
    for n in (2, 1):
        name = "/".join(parts[:n])
        if len(parts) > n and name in OURS:
            return name
    return None


def dependencies(path):
    with open(path) as f:
        rule = f.read().replace("\\\n", " ").split("\n", 1)[0]
    return rule.split(":", 1)[1].split()


def main():
    built = os.environ.get("B", "build/release")
    seen = 0
    bad = []
    for folder, _, names in os.walk(built):
        for name in names:
            if not name.endswith(".d"):
                continue
            needs = dependencies(os.path.join(folder, name))
            source = room(needs[0])
            if source not in MAY:
                continue
            seen += 1
            bad += [f"{needs[0]} may not include {n}" for n in needs[1:]
                    if n.endswith(".h") and room(n) and room(n) not in MAY[source]]
    for line in bad:
        print(line)
    print(f"layers: {seen} files, {len(bad)} violations")
    return 1 if bad or not seen else 0


sys.exit(main())
