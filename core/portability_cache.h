/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What was learnt of numbers, kept for a time; and when a source that fails is left alone. Times are microseconds of
 * the monotonic clock, given by the caller. Not thread-safe.
 *
 * The cache holds a fixed number of entries. When all are used, a clock's hand goes round: an entry that was looked at
 * since the hand last passed is spared once.
 */
#ifndef CORE_PORTABILITY_CACHE_H
#define CORE_PORTABILITY_CACHE_H

#include "core/portability.h"

#define PORTABILITY_KEY_SIZE 16u /* '+' and at most 15 digits; the rest is zero */

/* The number as a key. False: it is none. */
bool portability_key(struct text number, uint8_t key[PORTABILITY_KEY_SIZE]);

struct portability_cache;

struct portability_cache *portability_cache_new(uint32_t size); /* entries, at least 1 */
void portability_cache_free(struct portability_cache **cache);
/* NULL: not known, or no longer. The answer lives until the next put. *left_us_out: how long it is still good. */
const struct portability_answer *portability_cache_find(struct portability_cache *cache,
							const uint8_t key[PORTABILITY_KEY_SIZE], int64_t now_us,
							int64_t *left_us_out);
/* True: another entry that was still good had to go. An age of 0 keeps nothing, and forgets what was known. */
bool portability_cache_put(struct portability_cache *cache, const uint8_t key[PORTABILITY_KEY_SIZE],
			   const struct portability_answer *answer, int64_t now_us, int64_t age_us);
uint32_t portability_cache_count(const struct portability_cache *cache); /* entries, old ones among them */
/* How long an answer is kept: the knob for its kind, and never longer than its source allows. */
int64_t portability_age_us(const struct portability_answer *answer, int64_t age_us, int64_t negative_age_us);

/* A source is left alone after some failures in a row, for longer each time; then one question tries it. Zeroed it is
 * ready. */
#define PORTABILITY_FAILURES 3u
#define PORTABILITY_WAIT_MIN_US INT64_C(1000000)
#define PORTABILITY_WAIT_MAX_US INT64_C(30000000)
struct portability_breaker {
	unsigned failures, waits;
	int64_t until_us; /* 0 = it is asked */
	bool trying;	  /* the one question is under way */
};
/* Whether it may be asked now; true begins the try. */
bool portability_breaker_allows(struct portability_breaker *b, int64_t now_us);
/* How a question ended: it answered, whatever it said, or it did not. True: it is left alone from now on. */
bool portability_breaker_ended(struct portability_breaker *b, bool answered, int64_t now_us);

#endif
