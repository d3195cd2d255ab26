/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Questions about numbers: one per number, however many messages wait for it; at most `at-once` with the edge, the
 * others in line. Each ends once: by the answer, by its time, or with the configuration.
 */
#include "core/queue_lookup_internal.h"

#include <stdlib.h>

#include "core/base/clock.h"
#include "core/base/log.h"
#include "core/ipc_lookup.h"

#define TICK_US (50 * USEC_PER_MSEC)
#define GRACE_US (500 * USEC_PER_MSEC) /* the edge counts the time too, and says what it waited for */

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

void queue_lookup_send(struct queue_lookup *l)
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
	queue_lookup_send(l);
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

bool queue_lookup_wanted(const struct queue_lookup *l, struct text number)
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

	if (!queue_lookup_wanted(l, number) || !portability_key(number, key))
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
		queue_lookup_send(l);
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
	queue_lookup_send(l);
	return true;
}

/* --- the edge --------------------------------------------------------------------------------------------------------
 */

void queue_lookup_end_all(struct queue_lookup *l, const char *why)
{
	while (l->first)
		end_question(l, l->first, NULL, why);
	loop_timer_stop(&l->tick);
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
		queue_lookup_send(q->lookup);
}
