#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# The long proofs, hours of them: chaos, power cuts, both drivers at random, the money's model, fuzzing, mutants. Ends with a line for each that failed.
#	PROVE="chaos power drivers model fuzz mutants"    which
#	CHAOS_SECONDS=900 CHAOS_MESSAGES=300000 CHAOS_EVERY=2, POWER_CUTS=100000, DRIVER_RUNS=2000, MODEL_SECONDS=1200, FUZZ_SECONDS=600 (each
#	target)
# CHAOS_EVERY: a role that dies again and again waits longer each time before it is started.
set -u
B=${B:-build/release}
failed=

prove() {
	name=$1
	shift
	echo "== $name"
	"$@" || failed="$failed $name"
}

# Prints nothing but its end: thousands of lines of the same would hide the others.
quiet() {
	log=$(mktemp)
	if "$@" >"$log" 2>&1; then
		tail -n 1 "$log"
		rm -f "$log"
		return 0
	fi
	tail -n 60 "$log"
	return 1
}

power() {
	CELLPOST_CUTS=${POWER_CUTS:-100000}
	export CELLPOST_CUTS
	quiet "$B/tests/store/test_power"
}

drivers() {
	CELLPOST_RUNS=${DRIVER_RUNS:-2000}
	export CELLPOST_RUNS
	quiet "$B/tests/store/test_differential"
}

# The search of the small worlds, half as long at random on each store, a tenth of it with kill -9.
model() {
	CELLPOST_MODEL_SECONDS=${MODEL_SECONDS:-1200}
	CELLPOST_KILL_SECONDS=$((CELLPOST_MODEL_SECONDS / 10))
	CELLPOST_QUOTES=5000000
	export CELLPOST_MODEL_SECONDS CELLPOST_KILL_SECONDS CELLPOST_QUOTES
	quiet "$B/tests/billing/test_model" && quiet "$B/tests/billing/test_model_kill" && quiet "$B/tests/billing/test_model_quote"
}

chaos() {
	B=$B CHAOS_SECONDS=${CHAOS_SECONDS:-900} CHAOS_MESSAGES=${CHAOS_MESSAGES:-300000} CHAOS_EVERY=${CHAOS_EVERY:-2} \
		/usr/bin/python3 tests/scenario/test_chaos.py
}

for what in ${PROVE:-chaos power drivers model fuzz mutants}; do
	case $what in
	chaos | power | drivers | model) prove "$what" "$what" ;;
	fuzz) prove fuzz make --no-print-directory fuzz FUZZ_SECONDS="${FUZZ_SECONDS:-600}" ;;
	mutants) prove mutants /usr/bin/python3 tests/mutants/run.py ;;
	*) echo "no proof \`$what\`" >&2; failed="$failed $what" ;;
	esac
done
if [ -n "$failed" ]; then
	echo "FAILED:$failed"
	exit 1
fi
echo "all proved"
