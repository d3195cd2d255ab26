#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Our figures: each part alone, then the whole gateway beside Kannel. No rate is a failure; a bench that fails is.
#	BENCH_ROUNDS=3     rounds of each, of which the medians count; BENCH_MESSAGES and others: rows.py
#	BENCH_PARTS=0      the whole gateway only
#	BENCH_ACCOUNTS=10000, BENCH_RECORDS=200000 of the ledger: a million and ten million take an hour and 15 GB
set -eu
rounds=${BENCH_ROUNDS:-3}

# The parts print their figures themselves; they run in turn, so that a busy spell of the machine meets all.
parts() {
	echo "Parts (round $1 of $rounds)"
	for mode in free claim key report; do
		"$B/bench_store" 50000 256 "$mode"
	done
	for batch in 64 512; do
		"$B/bench_store" 50000 "$batch"
	done
	"$B/bench_ledger" "${BENCH_ACCOUNTS:-10000}" "${BENCH_RECORDS:-200000}"
	for bench in smpp sms route; do
		"$B/bench_$bench"
	done
	"$B/bench_stream" 16 10 200000
	"$B/bench_stream" 16 100 1000000
	"$B/bench_http" 64 2
	"$B/bench_api"
	echo
}

if [ "${BENCH_PARTS:-1}" = 1 ]; then
	round=1
	while [ "$round" -le "$rounds" ]; do
		parts "$round"
		round=$((round + 1))
	done
fi
exec /usr/bin/python3 "$(dirname "$0")/rows.py"
