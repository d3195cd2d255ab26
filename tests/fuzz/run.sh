#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Runs each fuzz target below $B for SECONDS_EACH seconds from its corpus; a finding ends it with status 1.
set -u
for name in "$@"; do
	work=$(mktemp -d)
	if ! "$B/fuzz_$name" -max_total_time="${SECONDS_EACH:-60}" -print_final_stats=1 -artifact_prefix="$work/" "$work" "tests/fuzz/corpus/$name" \
		>"$work/log" 2>&1; then
		tail -n 40 "$work/log"
		echo "fuzz $name: FINDING, see $work"
		exit 1
	fi
	echo "fuzz $name: $(sed -n 's/^stat::number_of_executed_units: *//p' "$work/log") executions, nothing found"
	rm -rf "$work"
done
