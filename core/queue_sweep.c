/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The clockwork: what ends or becomes due by time alone, counts, retention. */
#include "core/base/clock.h"
#include "core/base/log.h"
#include "core/queue_internal.h"
#include "core/queue_question.h"
#include "core/queue_online.h"

#define COUNT_EVERY_US (3600 * USEC_PER_SEC) /* the self-check of the ledger reads all of it */
#define PRUNE_EVERY_US (60 * USEC_PER_SEC)
/* A look whose cost grows with what waits becomes rarer with it. */
#define REROUTE_EVERY_US (3 * USEC_PER_SEC)
#define EXPIRE_ROWS 500u
#define PRUNE_ROWS 1000u

struct sweep_request {
	struct queue *queue;
	struct holder *holder;
	union {
		struct store_request base;
		struct store_expire expire;
		struct store_sums sums;
		struct store_prune prune;
	} request;
};

static struct sweep_request *sweep_new(struct queue *q)
{
	struct holder *h = queue_holder(q);
	struct sweep_request *s = arena_alloc(h->arena, sizeof(*s));

	s->queue = q;
	s->holder = h;
	return s;
}

static void sweep_free(struct sweep_request *s)
{
	struct holder *h = s->holder;

	queue_asked_done(s->queue);
	queue_release_holder(s->queue, &h);
}

static void expired(struct store_request *r)
{
	struct sweep_request *s = r->owner;
	struct store_expire *e = &s->request.expire;
	struct queue *q = s->queue;

	q->expiring = false;
	counter_add(q->count.expired, e->ended_out);
	if (e->ended_out || e->doubted_out || e->reported_out) {
		queue_outbox_push(q, e->receipts_out, e->receipts_count_out);
		queue_links_promoted(q, r);
		for (struct link *l = q->links; l && e->doubted_out; l = l->next)
			queue_link_wake(q, l);
	}
	sweep_free(s);
}

static void start_expire(struct queue *q)
{
	if (q->expiring)
		return;
	struct sweep_request *s = sweep_new(q);

	q->expiring = true;
	s->request.expire.arena = s->holder->arena;
	s->request.expire.limit = EXPIRE_ROWS;
	queue_ask_store(q, &s->request.base, STORE_EXPIRE, expired, s);
}

static void counted(struct store_request *r)
{
	struct sweep_request *s = r->owner;
	struct queue *q = s->queue;

	q->counting = false;
	if (r->answer == STORE_DONE) {
		if (!s->request.sums.sound_out)
			LOGE(LOG_CORE, NULL,
			     "the store's sums disagree: priced sending must stop until this is understood");
	}
	sweep_free(s);
}

static void start_count(struct queue *q)
{
	if (q->counting)
		return;
	struct sweep_request *s = sweep_new(q);

	q->counting = true;
	queue_ask_store(q, &s->request.base, STORE_SUMS, counted, s);
}

static void pruned(struct store_request *r)
{
	struct sweep_request *s = r->owner;
	struct queue *q = s->queue;

	q->pruning = false;
	if (r->answer == STORE_DONE && s->request.prune.dropped_out >= PRUNE_ROWS)
		q->pruned_us = 0; /* more is waiting: the next sweep goes on */
	sweep_free(s);
}

static void start_prune(struct queue *q)
{
	if (q->pruning)
		return;
	struct sweep_request *s = sweep_new(q);

	q->pruning = true;
	s->request.prune.keep = q->rules.keep;
	s->request.prune.limit = PRUNE_ROWS;
	queue_ask_store(q, &s->request.base, STORE_PRUNE, pruned, s);
}

static bool is_due(int64_t *last_us, int64_t now_us, int64_t every_us)
{
	if (*last_us && now_us - *last_us < every_us)
		return false;
	*last_us = now_us;
	return true;
}

void queue_sweep(void *owner)
{
	struct queue *q = owner;
	int64_t now = clock_monotonic();
	unsigned up = 0;

	start_expire(q);
	queue_results_again(q);
	queue_reports_again(q);
	queue_outbox_again(q);
	queue_flights_overdue(q, store_now(q->store));
	queue_online_tick(q);
	if (q->charge && q->priced && q->charge->turn)
		q->charge->turn(q->charge->owner, store_now(q->store));
	queue_question_turn(q);
	if (is_due(&q->counted_us, now, COUNT_EVERY_US))
		start_count(q);
	if (is_due(&q->pruned_us, now, PRUNE_EVERY_US))
		start_prune(q);
	if (is_due(&q->rerouted_us, now, REROUTE_EVERY_US + q->waiting * 20))
		queue_reroute(q);
	for (struct link *l = q->links; l; l = l->next) {
		up += l->up;
		if (l->up)
			queue_outbox_fetch(q, l);
	}
	counter_set(q->count.links_up, up);
	counter_set(q->count.in_flight, q->flights.count);
	loop_timer_start(q->loop, &q->sweep, QUEUE_SWEEP_US, queue_sweep, q);
}
