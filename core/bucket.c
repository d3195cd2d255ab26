/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Levels are in millionths of a token: a microsecond adds exactly `rate` of them, so nothing is ever rounded. */
#include "core/bucket.h"

#define TOKEN INT64_C(1000000)

static int64_t bounded(int64_t v, int64_t least, int64_t most)
{
	if (v < least)
		return least;
	return v > most ? most : v;
}

static void fill(struct bucket *b, int64_t rate, int64_t size, int64_t now_us)
{
	int64_t elapsed = now_us - b->at_us;

	if (!b->at_us || b->level > size) {
		b->level = size;
	} else if (elapsed > 0) {
		int64_t missing = size - b->level;
		/* Compared before multiplying: after a long rest the product would overflow. */
		b->level = elapsed >= missing / rate + 1 ? size : b->level + elapsed * rate;
		if (b->level > size)
			b->level = size;
	}
	if (elapsed > 0 || !b->at_us)
		b->at_us = now_us ? now_us : 1;
}

bool bucket_take(struct bucket *b, int64_t rate, int64_t burst, int64_t n, int64_t now_us, int64_t *wait_us_out)
{
	if (wait_us_out)
		*wait_us_out = 0;
	if (rate <= 0 || n <= 0)
		return true;
	rate = bounded(rate, 1, BUCKET_RATE_MAX);
	n = bounded(n, 1, BUCKET_BURST_MAX);
	int64_t size = bounded(burst, 1, BUCKET_BURST_MAX) * TOKEN;
	int64_t need = n * TOKEN < size ? n * TOKEN : size;

	fill(b, rate, size, now_us);
	if (b->level < need) {
		if (wait_us_out)
			*wait_us_out = (need - b->level + rate - 1) / rate;
		return false;
	}
	b->level -= n * TOKEN;
	return true;
}
