/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A token bucket: the rate over time is limited, a burst is not spaced. Rate and size come with each call, so that a
 * changed configuration counts at once. A rate of 0 is unlimited. Plain value; zeroed it is full at its first use.
 */
#ifndef CORE_BUCKET_H
#define CORE_BUCKET_H

#include <stdbool.h>
#include <stdint.h>

#define BUCKET_RATE_MAX INT64_C(1000000000)
#define BUCKET_BURST_MAX INT64_C(1000000000)

struct bucket {
	int64_t level; /* millionths of a token; below 0 = more was taken at once than the bucket holds */
	int64_t at_us; /* when level was right; 0 = never used */
};

/* Takes n tokens at now_us (monotonic); `rate` is tokens per second, `burst` the bucket's size (below 1 counts as 1).
 * What is larger than the bucket passes when the bucket is full and leaves it in debt. False: nothing was taken, and
 * *wait_us_out (may be NULL) says after how long the same call may succeed. */
bool bucket_take(struct bucket *bucket, int64_t rate, int64_t burst, int64_t n, int64_t now_us, int64_t *wait_us_out);

#endif
