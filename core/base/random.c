/* SPDX-License-Identifier: GPL-3.0-or-later */
/* getrandom(2) through a small buffer; a splitmix64 sequence for tests. */
#include "core/base/random.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <sys/random.h>

#include "core/base/log.h"

static unsigned char buffer[512];
static size_t left;
static bool seeded;
static uint64_t state;

static uint64_t next_repeatable(void)
{
	uint64_t z = state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

static void fill(unsigned char *to, size_t n)
{
	while (n) {
		ssize_t got = getrandom(to, n, 0);
		if (got < 0 && errno != EINTR)
			log_fatal(LOG_BASE, "getrandom: %s", strerror(errno));
		if (got <= 0)
			continue;
		to += got;
		n -= (size_t)got;
	}
}

static void repeatable_bytes(unsigned char *to, size_t n)
{
	while (n) {
		uint64_t v = next_repeatable();
		size_t take = n < sizeof(v) ? n : sizeof(v);
		memcpy(to, &v, take);
		to += take;
		n -= take;
	}
}

void random_bytes(void *to, size_t n)
{
	unsigned char *at = to;

	if (seeded) {
		repeatable_bytes(at, n);
		return;
	}
	if (n > sizeof(buffer)) {
		fill(at, n);
		return;
	}
	if (left < n) {
		fill(buffer, sizeof(buffer));
		left = sizeof(buffer);
	}
	left -= n;
	memcpy(at, buffer + left, n);
	memset(buffer + left, 0, n);
}

uint32_t random_below(uint32_t limit)
{
	uint32_t skip = (uint32_t)(-limit) % limit; /* values below it would favour small results */
	uint32_t v;

	do
		random_bytes(&v, sizeof(v));
	while (v < skip);
	return v % limit;
}

void random_seed(uint64_t seed)
{
	seeded = true;
	state = seed;
}
