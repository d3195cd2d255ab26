#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Runs what was built below $B and counts single test cases; the last line is "N passed, N failed".
#	run.sh        unit tests, corpus replays, scenarios
#	run.sh unit   without the scenarios
set -u
B=${B:-build/release}
what=${1:-all}
passed=0
failed=0
out=$(mktemp)
trap 'rm -f "$out"' EXIT
export CMOCKA_MESSAGE_OUTPUT=TAP
export ASAN_OPTIONS=${ASAN_OPTIONS:-detect_leaks=1} UBSAN_OPTIONS=${UBSAN_OPTIONS:-print_stacktrace=1}

# One program that prints TAP. A crash, a time-out or no test at all counts as one failure more.
tap() {
	name=$1
	limit=$2
	shift 2
	timeout -k 5 "$limit" "$@" >"$out" 2>&1
	status=$?
	good=$(grep -c '^ok ' "$out")
	bad=$(grep '^not ok ' "$out" | grep -vc '# SKIP')
	if [ "$bad" -eq 0 ] && { [ "$status" -ne 0 ] || [ "$good" -eq 0 ]; }; then
		bad=1
	fi
	passed=$((passed + good))
	failed=$((failed + bad))
	if [ "$bad" -gt 0 ]; then
		echo "FAILED $name (exit $status)"
		tail -n 60 "$out"
	else
		echo "$name: $good passed"
	fi
}

one() {
	name=$1
	shift
	if timeout -k 5 300 "$@" >"$out" 2>&1; then
		passed=$((passed + 1))
		echo "$name: $(tail -n 1 "$out")"
	else
		failed=$((failed + 1))
		echo "FAILED $name"
		tail -n 60 "$out"
	fi
}

for t in $(find "$B/tests" -type f -name 'test_*' -perm -u+x 2>/dev/null | sort); do
	tap "${t#"$B"/tests/}" 600 "$t"
done
for t in $(find "$B" -maxdepth 1 -type f -name 'replay_*' -perm -u+x 2>/dev/null | sort); do
	name=${t##*/replay_}
	one "corpus of $name" "$t" "tests/fuzz/corpus/$name"
done
if [ "$what" = all ]; then
	for t in tests/scenario/test_*.py; do
		[ -e "$t" ] || continue
		B=$B tap "$t" 900 /usr/bin/python3 "$t"
	done
fi
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
