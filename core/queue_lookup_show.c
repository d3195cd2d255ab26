/* SPDX-License-Identifier: GPL-3.0-or-later */
/* "show portability [NUMBER]" */
#include "core/base/clock.h"
#include "core/queue_lookup_internal.h"

struct shown {
	struct queue_lookup *lookup;
	struct holder *holder;
	queue_line_cb line;
	void *context;
};

#define SAY(s, ...) (s)->line((s)->context, arena_printf((s)->holder->arena, __VA_ARGS__))

static long long count_of(const struct counter *c)
{
	return (long long)atomic_load_explicit(&c->value, memory_order_relaxed);
}

static void show_number(struct shown *s, struct text number)
{
	struct queue_lookup *l = s->lookup;
	uint8_t key[PORTABILITY_KEY_SIZE];
	int64_t left;

	if (!portability_key(number, key)) {
		SAY(s, "a number is written +819012345678");
		return;
	}
	const struct portability_answer *a = portability_cache_find(l->cache, key, clock_monotonic(), &left);
	if (!a) {
		SAY(s, "not in memory%s%s", flight_find(&l->questions, key) ? ": it is being asked for" : "",
		    queue_lookup_wanted(l, number) ? "" : ": never asked for (`only-prefix`)");
		return;
	}
	SAY(s, "network %s%s%s%s, known for another %lld s", a->network[0] ? a->network : "not known to the service",
	    a->ported ? ", ported" : "", a->routing[0] ? ", routing number " : "", a->routing,
	    (long long)(left / USEC_PER_SEC));
}

static void show_all(struct shown *s)
{
	struct queue_lookup *l = s->lookup;
	const struct lookup_counters *c = &l->count;
	int64_t now = clock_monotonic();

	if (l->breaker.until_us)
		SAY(s, "the service fails: %s",
		    l->breaker.trying		? "one question tries it"
		    : l->breaker.until_us > now ? "it is left alone"
						: "the next question tries it");
	else
		SAY(s, "the service is asked%s",
		    l->queue->edges[l->queue->lookup_edge].ipc ? "" : "; its role is away");
	SAY(s, "memory     %u of %lld numbers", portability_cache_count(l->cache), (long long)l->cache_size);
	SAY(s, "waiting    %u messages for %u questions, %u of them asked", l->waiting, l->questions.count, l->sent);
	SAY(s, "hits       %lld", count_of(c->hits));
	SAY(s, "misses     %lld", count_of(c->misses));
	SAY(s, "asked      %lld", count_of(c->asked));
	SAY(s, "found      %lld", count_of(c->found));
	SAY(s, "unknown    %lld", count_of(c->unknown));
	SAY(s, "failed     %lld, of these timeouts %lld", count_of(c->failed), count_of(c->timeouts));
	SAY(s, "not asked  %lld after failures", count_of(c->paused));
	SAY(s, "refused    %lld because too many waited", count_of(c->full));
	SAY(s, "evicted    %lld", count_of(c->evicted));
}

bool queue_lookup_show(struct queue *q, struct text words, queue_line_cb line, queue_end_cb end, void *context)
{
	struct text rest = words, word = { 0 };

	if (!text_split(&rest, ' ', &word) || !text_is(word, "portability"))
		return false;
	struct shown s = { .lookup = q->lookup, .holder = queue_holder(q), .line = line, .context = context };
	rest = text_trim(rest);
	if (!q->lookup)
		SAY(&s, "not configured: add the node `portability`");
	else if (rest.len)
		show_number(&s, rest);
	else
		show_all(&s);
	end(context);
	queue_release_holder(q, &s.holder);
	return true;
}
