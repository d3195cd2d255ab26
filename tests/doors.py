# SPDX-License-Identifier: GPL-3.0-or-later
"""B21, one door: which object files below $B refer to the symbols that make a permit, spend it, or put a message on a
priced bearer. Prints each reference that the table does not know, and each line of it that nothing refers to any more.

A new priced bearer: its raw transmit symbol, the one file that may call it, and in ASKS the file that spends the permit."""
import os
import subprocess
import sys

# symbol: files that may refer to it
MONEY = {
    "permit_put": {"billing/charge"},  # the ledger writes the terms beside a delivery
    "permit_mint": {"core/permit_spend"},  # the reader of the delivery record
    "permit_get": {"core/permit_spend"},
    "permit_use": {"core/permit_spend"},
}
RAW = {
    "smpp_session_send": {"sms/smpp_link_send"},
    "modem_submit": {"sms/modem_link"},
    "gsup_server_send": {"sms/gsup_port"},
    "sgs_send": {"sms/sgs_port"},
}
# Applications are reached for nothing, by the same codec.
FREE = {"smpp_session_send": {"sms/smpp_server_receipt", "sms/smpp_server_esme"}}
# file that calls a raw symbol: file that asks for it, with the call that spends
ASKS = {
    "sms/smpp_link_send": ("sms/smpp_link_send", "permit_spend"),
    "sms/modem_link": ("sms/modem_link", "link_may_send"),
    "sms/gsup_port": ("sms/phone_link", "link_may_send"),
    "sms/sgs_port": ("sms/phone_link", "link_may_send"),
    "sms/link_doubt": ("sms/link_doubt", "permit_spend"),
}


def objects(built):
    for folder in ("core", "sms", "mms", "rcs", "mail", "radio", "billing", "store", "daemon"):
        for at, _, names in os.walk(os.path.join(built, folder)):
            for name in sorted(names):
                if name.endswith(".o") and os.path.exists(os.path.relpath(os.path.join(at, name[:-2] + ".c"), built)):
                    yield os.path.relpath(os.path.join(at, name[:-2]), built), os.path.join(at, name)


def undefined(path):
    out = subprocess.run(["nm", "-u", path], stdout=subprocess.PIPE, check=True, text=True).stdout
    return {line.split()[-1] for line in out.splitlines() if line.strip()}


def main():
    needs = {name: undefined(path) for name, path in objects(os.environ.get("B", "build/release"))}
    bad = []
    for symbol, may in list(MONEY.items()) + list(RAW.items()):
        users = {name for name, symbols in needs.items() if symbol in symbols}
        allowed = may | FREE.get(symbol, set())
        bad += [f"{name} refers to {symbol}" for name in sorted(users - allowed)]
        bad += [f"{name} does not refer to {symbol} any more" for name in sorted(allowed - users)]
    for caller in set().union(*RAW.values()) | {"sms/link_doubt"}:
        who, spends = ASKS.get(caller, (None, None))
        if who is None or spends not in needs.get(who, set()):
            bad.append(f"{caller} sends, and {who or 'nobody'} spends no permit for it")
    for line in bad:
        print(line)
    print(f"doors: {len(needs)} files, {len(bad)} violations")
    return 1 if bad or not needs else 0


sys.exit(main())
