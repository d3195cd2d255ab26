/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Questions about numbers: one per number, however many messages wait for it; at most `at-once` with the edge, the
 * others in line. Each ends once: by the answer, by its time, or with the configuration.
 */
#include "core/queue_lookup.h"

#include <stdlib.h>

#include "core/base/clock.h"
#include "core/base/log.h"
#include "core/ipc_lookup.h"
#include "core/portability_cache.h"
#include "core/portability_vty.h"

#define TICK_US (50 * USEC_PER_MSEC)
#define GRACE_US (500 * USEC_PER_MSEC) /* the edge counts the time too, and says what it waited for */

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

/* --- the end of a question ---------------------------------------------------------------------------------------- */

static void unlink_question(struct queue_lookup *l, struct queue_question *q)
{
	if (l->unsent == q)
		l->unsent = q->next;
	if (q->before)
		q->before->next = q->next;
	else
		l->first = q->next;
	if (q->next)
		q->next->before = q->before;
	else
		l->last = q->before;
	l->sent -= q->sent;
	flight_remove(&l->questions, &q->node);
}

static void judge(struct queue_lookup *l, struct queue_networks *n)
{
	for (unsigned i = 0; i < n->count && l->refuses && !n->refused; i++) {
		if (n->each[i].wanted && !n->each[i].answered) {
			n->refused = (uint16_t)(i + 1);
			n->why = "the recipient's network cannot be found out now (`portability`, `on-failure`): try "
				 "again later";
		}
	}
}

static void one_less(struct queue_networks *n)
{
	if (--n->missing)
		return;
	n->lookup->waiting--;
	judge(n->lookup, n);
	n->resume(n->owner);
}

/* answer NULL: there is none, and why lives as long as the program. */
static void end_question(struct queue_lookup *l, struct queue_question *q, const struct portability_answer *answer,
			 const char *why)
{
	struct queue_network *list = q->first, *w;

	unlink_question(l, q);
	free(q);
	while ((w = list)) {
		list = w->next;
		w->answered = answer != NULL;
		w->why = why;
		if (answer)
			w->answer = *answer;
		one_less(w->of);
	}
}

/* The source did not answer. A question that was never sent says nothing about it. */
static void end_failed(struct queue_lookup *l, struct queue_question *q, const char *why)
{
	counter_add(l->count.failed, 1);
	if ((q->sent || q->on_trial) && portability_breaker_ended(&l->breaker, false, clock_monotonic()))
		LOGN(LOG_CORE, NULL, "portability: the service does not answer (%s): left alone for %lld ms", why,
		     (long long)(l->breaker.until_us - clock_monotonic()) / USEC_PER_MSEC);
	end_question(l, q, NULL, why);
}

/* --- asking ------------------------------------------------------------------------------------------------------- */

static struct text number_of(const struct queue_question *q)
{
	const char *at = (const char *)q->node.key;

	return text_range(at, strnlen(at, PORTABILITY_KEY_SIZE));
}

static void send_some(struct queue_lookup *l)
{
	struct ipc *ipc = l->queue->edges[l->queue->lookup_edge].ipc;

	for (; ipc && l->unsent && l->sent < l->at_once && ipc_room(ipc); l->unsent = l->unsent->next) {
		struct queue_question *q = l->unsent;
		struct ipc_lookup record = { .number = number_of(q) };
		ipc_put_lookup(ipc_begin(ipc, IPC_LOOKUP, q->call, 32), &record);
		if (ipc_end(ipc))
			LOGE(LOG_CORE, NULL, "a question about a number was too large for its record");
		q->sent = true;
		q->until_us = clock_monotonic() + l->timeout_us + GRACE_US;
		l->sent++;
		counter_add(l->count.asked, 1);
	}
}

static void tick(void *owner)
{
	struct queue_lookup *l = owner;
	int64_t now = clock_monotonic();

	for (struct queue_question *q = l->first, *next; q; q = next) {
		next = q->next;
		if (q->until_us > now)
			continue;
		counter_add(l->count.timeouts, 1);
		end_failed(l, q, q->sent ? "no answer in time" : "it could not be asked in time");
		next = l->first; /* who resumed may have changed the list */
	}
	send_some(l);
	if (l->first)
		loop_timer_start(l->queue->loop, &l->tick, TICK_US, tick, l);
}

static struct queue_question *ask(struct queue_lookup *l, const uint8_t key[PORTABILITY_KEY_SIZE], int64_t now_us)
{
	struct queue_question *q = must_alloc(sizeof(*q));

	memcpy(q->node.key, key, PORTABILITY_KEY_SIZE);
	q->call = ++l->calls;
	q->until_us = now_us + l->timeout_us;
	q->on_trial = l->breaker.trying;
	q->last = &q->first;
	q->before = l->last;
	if (l->last)
		l->last->next = q;
	else
		l->first = q;
	l->last = q;
	if (!l->unsent)
		l->unsent = q;
	flight_add(&l->questions, &q->node);
	if (!loop_timer_running(&l->tick))
		loop_timer_start(l->queue->loop, &l->tick, TICK_US, tick, l);
	return q;
}

static bool is_wanted(const struct queue_lookup *l, struct text number)
{
	bool covered = !l->prefixes_count;

	for (unsigned i = 0; i < l->prefixes_count && !covered; i++)
		covered = text_starts(number, l->prefixes[i].at);
	return covered;
}

/* True: it waits for an answer. */
static bool look_up(struct queue_lookup *l, struct text number, struct queue_network *n)
{
	uint8_t key[PORTABILITY_KEY_SIZE];
	int64_t now = clock_monotonic(), left;

	if (!is_wanted(l, number) || !portability_key(number, key))
		return false;
	n->wanted = true;
	const struct portability_answer *known = portability_cache_find(l->cache, key, now, &left);
	if (known) {
		counter_add(l->count.hits, 1);
		n->answered = n->from_memory = true;
		n->answer = *known;
		return false;
	}
	counter_add(l->count.misses, 1);
	struct queue_question *q = (struct queue_question *)flight_find(&l->questions, key);
	if (!q && !portability_breaker_allows(&l->breaker, now)) {
		counter_add(l->count.paused, 1);
		n->why = "the service is left alone after failures";
		return false;
	}
	if (!q)
		q = ask(l, key, now);
	*q->last = n;
	q->last = &n->next;
	return true;
}

static struct queue_networks *networks_new(struct arena *arena, struct text recipients)
{
	struct queue_networks *n = arena_alloc(arena, sizeof(*n));
	struct reader r = reader_of(recipients.at, recipients.len);
	struct text recipient;

	while (ipc_take_recipient(&r, &recipient))
		n->count++;
	n->each = arena_alloc(arena, (n->count + 1) * sizeof(*n->each));
	return n;
}

bool queue_lookup(struct queue *q, struct arena *arena, const struct message *m, struct text recipients,
		  void (*resume)(void *owner), void *owner, struct queue_networks **out)
{
	struct queue_lookup *l = q->lookup;
	struct reader r = reader_of(recipients.at, recipients.len);
	struct text recipient;

	*out = NULL;
	if (!l || !l->on || m->emergency)
		return false;
	struct queue_networks *n = *out = networks_new(arena, recipients);
	n->lookup = l;
	n->resume = resume;
	n->owner = owner;
	if (l->waiting >= l->waiting_max || q->stopping) {
		counter_add(l->count.full, 1);
		n->refused = 1;
		n->why = "too many messages wait for the portability service (`waiting-max`): try again later";
		return false;
	}
	for (unsigned i = 0; i < n->count && ipc_take_recipient(&r, &recipient); i++) {
		n->each[i].of = n;
		n->missing += look_up(l, recipient, &n->each[i]);
	}
	if (n->missing) {
		l->waiting++;
		send_some(l);
		return true;
	}
	judge(l, n);
	return false;
}

/* --- answers ------------------------------------------------------------------------------------------------------ */

static void remember(struct queue_lookup *l, const uint8_t key[PORTABILITY_KEY_SIZE],
		     const struct portability_answer *answer)
{
	int64_t age = portability_age_us(answer, l->age_us, l->negative_age_us);

	if (portability_cache_put(l->cache, key, answer, clock_monotonic(), age))
		counter_add(l->count.evicted, 1);
}

/* Reasons of the edge as texts that outlive it. */
static const char *reason(enum result r)
{
	switch (r) {
	case ERR_TIMEOUT:
		return "no answer in time";
	case ERR_MALFORMED:
	case ERR_UNSUPPORTED:
	case ERR_TOO_BIG:
		return "the answer cannot be used";
	default:
		return "the service cannot be reached";
	}
}

static bool source_lives(enum result r)
{
	return r == ERR_MALFORMED || r == ERR_UNSUPPORTED || r == ERR_TOO_BIG;
}

static void take_answer(struct queue_lookup *l, struct queue_question *q, const struct ipc_found *f)
{
	bool answered = f->result == OK || f->result == ERR_NOT_FOUND;
	char masked[LOG_MASK_SIZE];

	if (answered || source_lives(f->result))
		(void)portability_breaker_ended(&l->breaker, true, clock_monotonic());
	if (answered) {
		counter_add(f->answer.network[0] ? l->count.found : l->count.unknown, 1);
		end_question(l, q, &f->answer, NULL);
		return;
	}
	LOGI(LOG_CORE, log_mask(f->number, masked), "portability: %.*s", TEXT_ARGS(f->why));
	if (source_lives(f->result)) {
		counter_add(l->count.failed, 1);
		end_question(l, q, NULL, reason(f->result));
		return;
	}
	counter_add(l->count.timeouts, f->result == ERR_TIMEOUT);
	end_failed(l, q, reason(f->result));
}

bool queue_found_record(struct queue *queue, unsigned edge, struct ipc_record *record)
{
	struct queue_lookup *l = queue->lookup;
	struct ipc_found f;
	uint8_t key[PORTABILITY_KEY_SIZE];

	if (edge != queue->lookup_edge || !ipc_get_found(&record->body, &f) || !portability_key(f.number, key))
		return false;
	if (!l || !l->on)
		return true;
	if (f.result == OK || f.result == ERR_NOT_FOUND)
		remember(l, key, &f.answer);
	struct queue_question *q = (struct queue_question *)flight_find(&l->questions, key);
	if (q && q->call == record->call)
		take_answer(l, q, &f);
	else
		counter_add(l->count.late, 1);
	send_some(l);
	return true;
}

/* --- life --------------------------------------------------------------------------------------------------------- */

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

static void end_all(struct queue_lookup *l, const char *why)
{
	while (l->first)
		end_question(l, l->first, NULL, why);
	loop_timer_stop(&l->tick);
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
		send_some(q->lookup);
	} else if (q->lookup) {
		q->lookup->on = q->lookup->refuses = false;
		end_all(q->lookup, "`portability` is no longer configured");
		queue_lookup_free(q);
	}
}

void queue_lookup_edge(struct queue *q, unsigned edge)
{
	q->lookup_edge = edge;
}

/* Nothing that was sent can be answered by the one that is gone. */
void queue_lookup_lost(struct queue *q, unsigned edge)
{
	struct queue_lookup *l = q->lookup;

	if (!l || edge != q->lookup_edge)
		return;
	for (struct queue_question *one = l->first; one; one = one->next)
		one->sent = false;
	l->sent = 0;
	l->unsent = l->first;
}

void queue_lookup_connected(struct queue *q, unsigned edge)
{
	if (q->lookup && edge == q->lookup_edge)
		send_some(q->lookup);
}

void queue_lookup_stop(struct queue *q)
{
	if (!q->lookup)
		return;
	q->lookup->refuses = true;
	end_all(q->lookup, "the gateway is ending");
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

/* --- show --------------------------------------------------------------------------------------------------------- */

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
		    is_wanted(l, number) ? "" : ": never asked for (`only-prefix`)");
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
