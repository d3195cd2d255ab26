/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The system's clocks, or a test's. */
#include "core/base/clock.h"

#include <stdbool.h>
#include <stdio.h>
#include <time.h>

static bool is_set;
static int64_t set_now, set_monotonic;

static int64_t read_clock(clockid_t id)
{
	struct timespec t;

	clock_gettime(id, &t);
	return (int64_t)t.tv_sec * USEC_PER_SEC + t.tv_nsec / 1000;
}

int64_t clock_now(void)
{
	return is_set ? set_now : read_clock(CLOCK_REALTIME);
}

int64_t clock_monotonic(void)
{
	return is_set ? set_monotonic : read_clock(CLOCK_MONOTONIC);
}

void clock_set(int64_t now_us, int64_t monotonic_us)
{
	is_set = true;
	set_now = now_us;
	set_monotonic = monotonic_us;
}

void clock_real(void)
{
	is_set = false;
}

const char *clock_text(int64_t us, char to[CLOCK_TEXT_SIZE])
{
	int64_t seconds = us / USEC_PER_SEC, rest = us % USEC_PER_SEC;
	struct tm tm;

	if (rest < 0) {
		rest += USEC_PER_SEC;
		seconds--;
	}
	time_t t = (time_t)seconds;
	if (!gmtime_r(&t, &tm))
		tm = (struct tm){ 0 };
	size_t n = strftime(to, CLOCK_TEXT_SIZE, "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(to + n, CLOCK_TEXT_SIZE - n, ".%06dZ", (int)rest);
	return to;
}
