/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The only source of time. Microseconds everywhere. Tests set it; the product never does.
 */
#ifndef CORE_BASE_CLOCK_H
#define CORE_BASE_CLOCK_H

#include <stdint.h>

#define USEC_PER_MSEC INT64_C(1000)
#define USEC_PER_SEC INT64_C(1000000)

int64_t clock_now(void);       /* microseconds since 1970-01-01 UTC; may jump when an operator sets the clock */
int64_t clock_monotonic(void); /* microseconds since some start; never goes back; timers run on it */

/* Tests only: from now on both clocks stand at these values until set again; clock_real() goes back to the system's. */
void clock_set(int64_t now_us, int64_t monotonic_us);
void clock_real(void);

/* "2026-11-24T12:56:07.123456Z" (28 octets with NUL). Returns `to`. */
#define CLOCK_TEXT_SIZE 32
const char *clock_text(int64_t us, char to[CLOCK_TEXT_SIZE]);

#endif
