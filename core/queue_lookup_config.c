/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The look-up's life: its counters, its settings. */
#include <stdlib.h>

#include "core/portability_vty.h"
#include "core/queue_lookup_internal.h"

static void make_counters(struct lookup_counters *c)
{
	c->hits = counter_get(COUNTER_COUNT, "portability_hits_total", NULL, "Networks taken from memory");
	c->misses = counter_get(COUNTER_COUNT, "portability_misses_total", NULL, "Networks not in memory");
	c->asked = counter_get(COUNTER_COUNT, "portability_asked_total", NULL, "Questions given to the lookup role");
	c->found = counter_get(COUNTER_COUNT, "portability_found_total", NULL, "Answers that name a network");
	c->unknown = counter_get(COUNTER_COUNT, "portability_unknown_total", NULL, "Answers that know no network");
	c->failed = counter_get(COUNTER_COUNT, "portability_failed_total", NULL, "Questions without an answer of use");
	c->timeouts = counter_get(COUNTER_COUNT, "portability_timeouts_total", NULL, "... because none came in time");
	c->evicted = counter_get(COUNTER_COUNT, "portability_evicted_total", NULL,
				 "Good answers that had to leave memory (`cache-size`)");
	c->paused = counter_get(COUNTER_COUNT, "portability_paused_total", NULL,
				"Questions not asked because the service had failed");
	c->full = counter_get(COUNTER_COUNT, "portability_full_total", NULL,
			      "Messages refused because too many waited (`waiting-max`)");
	c->late = counter_get(COUNTER_COUNT, "portability_late_total", NULL,
			      "Answers that came when nobody waited any more");
}

static struct queue_lookup *lookup_of(struct queue *q)
{
	if (q->lookup)
		return q->lookup;
	struct queue_lookup *l = must_alloc(sizeof(*l));
	l->queue = q;
	flight_table_init(&l->questions);
	make_counters(&l->count);
	return q->lookup = l;
}

/* What answers depend on, in one text. */
static const char *source_text(struct arena *arena, const struct portability_settings *s)
{
	const char *text = arena_printf(arena, "%.*s|%.*s|%.*s|%.*s", TEXT_ARGS(s->url), TEXT_ARGS(s->enum_suffix),
					TEXT_ARGS(s->dns_server), TEXT_ARGS(s->member));

	for (unsigned i = 0; i < s->operators.count; i++)
		text = arena_printf(arena, "%s|%.*s", text, TEXT_ARGS(s->operators.items[i]));
	return text;
}

static void take_settings(struct queue_lookup *l, const struct portability_settings *s)
{
	struct arena *arena = arena_new(4096);
	const char *source = source_text(arena, s);
	struct text *prefixes = arena_alloc(arena, (s->only_prefix.count + 1) * sizeof(*prefixes));

	if (!l->source || strcmp(l->source, source) != 0 || l->cache_size != s->cache_size) {
		portability_cache_free(&l->cache);
		l->cache = portability_cache_new((uint32_t)s->cache_size);
		l->breaker = (struct portability_breaker){ 0 };
	}
	for (unsigned i = 0; i < s->only_prefix.count; i++)
		prefixes[i] = arena_text(arena, s->only_prefix.items[i]);
	arena_free(&l->arena);
	l->arena = arena;
	l->source = source;
	l->prefixes = prefixes;
	l->prefixes_count = s->only_prefix.count;
	l->timeout_us = s->timeout;
	l->age_us = s->cache_age;
	l->negative_age_us = s->negative_age;
	l->at_once = s->at_once;
	l->waiting_max = s->waiting_max;
	l->cache_size = s->cache_size;
	l->refuses = s->on_failure == FAILURE_REFUSE_TEMPORARILY;
}

void queue_lookup_switch(struct queue *q, const struct config *config)
{
	const struct portability_settings *s = config_only(config, &portability_kind);

	if (s) {
		take_settings(lookup_of(q), s);
		q->lookup->on = true;
		queue_lookup_send(q->lookup);
	} else if (q->lookup) {
		q->lookup->on = q->lookup->refuses = false;
		queue_lookup_end_all(q->lookup, "`portability` is no longer configured");
		queue_lookup_free(q);
	}
}

void queue_lookup_stop(struct queue *q)
{
	if (!q->lookup)
		return;
	q->lookup->refuses = true;
	queue_lookup_end_all(q->lookup, "the gateway is ending");
}

void queue_lookup_free(struct queue *q)
{
	struct queue_lookup *l = q->lookup;

	q->lookup = NULL;
	if (!l)
		return;
	loop_timer_stop(&l->tick);
	for (struct queue_question *one = l->first, *next; one; one = next) {
		next = one->next;
		free(one);
	}
	flight_table_clear(&l->questions);
	portability_cache_free(&l->cache);
	arena_free(&l->arena);
	free(l);
}
