#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Every bench below $B, three runs each, so that a median can be read off. No rate is a failure; a bench that fails is.
set -eu
for round in 1 2 3; do
	for batch in 64 256 512; do
		"$B/bench_store" 50000 "$batch"
	done
	"$B/bench_sms"
done
