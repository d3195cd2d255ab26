/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the files of the look-up share: queue_lookup.c (questions and answers), queue_lookup_config.c (life, settings),
 * queue_lookup_show.c. */
#ifndef CORE_QUEUE_LOOKUP_INTERNAL_H
#define CORE_QUEUE_LOOKUP_INTERNAL_H

#include "core/portability_cache.h"
#include "core/queue_lookup.h"

struct queue_question {
	struct flight_node node; /* first; key = portability_key() */
	struct queue_question *next, *before;
	uint32_t call;
	bool sent, on_trial; /* on_trial: the one question to a source that failed */
	int64_t until_us;
	struct queue_network *first, **last;
};

struct lookup_counters {
	struct counter *hits, *misses, *asked, *found, *unknown, *failed, *timeouts, *evicted, *paused, *full, *late;
};

struct queue_lookup {
	struct queue *queue;
	bool on;
	struct arena *arena; /* of the lists of the configuration */
	const struct text *prefixes;
	unsigned prefixes_count;
	const char *source; /* what makes answers: when it changes, memory is worth nothing */
	int64_t timeout_us, age_us, negative_age_us, at_once, waiting_max, cache_size;
	bool refuses;
	struct portability_cache *cache;
	struct portability_breaker breaker;
	struct flight_table questions;
	struct queue_question *first, *last, *unsent; /* in the order in which they came; unsent: the first such */
	unsigned sent, waiting;
	uint32_t calls;
	struct loop_timer tick;
	struct lookup_counters count;
};

/* queue_lookup.c */
void queue_lookup_send(struct queue_lookup *l);				    /* what the edge may be given now */
void queue_lookup_end_all(struct queue_lookup *l, const char *why);	    /* every question ends without an answer */
bool queue_lookup_wanted(const struct queue_lookup *l, struct text number); /* by only-prefix */

#endif
