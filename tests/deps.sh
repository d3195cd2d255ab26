#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Installs what is missing, with apt-get, saying so.  deps.sh run = for building and running; deps.sh = for tests too.
set -u
run="gcc make pkg-config libc6-dev libssl-dev libsqlite3-dev libjansson-dev libnghttp2-dev libseccomp-dev libsystemd-dev libc-ares-dev libusrsctp-dev node-llhttp"
tests="libcmocka-dev git python3 clang clang-format libclang-rt-14-dev smstools tshark curl procps kannel kannel-extras openssl libsmpp34-dev ccache osmo-msc osmo-hlr iproute2 dnsmasq-base kamailio kamailio-ims-modules freediameterd freediameter-extensions"
want=$run
[ "${1:-}" = run ] || want="$run $tests"

missing=
for p in $want; do
	dpkg-query -W -f '${Status}' "$p" 2>/dev/null | grep -q '^install ok installed$' || missing="$missing $p"
done
[ -z "$missing" ] && exit 0
as=
if [ "$(id -u)" -ne 0 ]; then
	command -v sudo >/dev/null || { echo "needed, as root: apt-get install$missing" >&2; exit 1; }
	as=sudo
fi
echo "installing:$missing"
export DEBIAN_FRONTEND=noninteractive

# The tests start the programs that they need: no package may start a service of its own on this machine meanwhile.
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
	trap '$as rm -f "$policy"' EXIT
	trap 'exit 1' INT TERM HUP
	printf '#!/bin/sh\n# of cellpost, tests/deps.sh: gone when its installation ends\nexit 101\n' | $as tee "$policy" >/dev/null
	$as chmod 755 "$policy"
fi
# shellcheck disable=SC2086
$as apt-get -q -y install --no-install-recommends $missing >/dev/null 2>&1 && exit 0
# shellcheck disable=SC2086
$as apt-get -q update >/dev/null && $as apt-get -q -y install --no-install-recommends $missing >/dev/null
