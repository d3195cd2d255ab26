/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Waiting messages whose link is down, or no longer in any route: every few seconds some of them are taken from its
 * queue and put where their route says now. Where nothing else is up they stay.
 */
#include "core/base/clock.h"
#include "core/base/log.h"
#include "core/queue_internal.h"
#include "core/queue_lookup.h"

#define REROUTE_ROWS 500u
#define REROUTE_LEASE_US (30 * USEC_PER_SEC)
#define SAMPLE_ROWS 100u
#define LEFT_OVER_ROWS 100000u

struct look {
	struct queue *queue;
	struct holder *holder;
	struct store_routes routes;
	int64_t started_us;
};

struct move {
	struct queue *queue;
	struct holder *holder;
	struct link *link;
	struct store_scan sample;
	struct store_claim claim;
	unsigned open; /* rows with the store */
};

struct moved_row {
	struct move *move;
	struct link *to;
	struct store_release release;
};

static void move_done(struct move *m)
{
	if (!m->open)
		queue_release_holder(m->queue, &m->holder);
}

static void row_moved(struct store_request *r)
{
	struct moved_row *row = r->owner;
	struct move *m = row->move;

	queue_asked_done(m->queue);
	queue_link_wake(m->queue, row->to);
	m->open--;
	move_done(m);
}

/* A better place for a row, or NULL. A row in doubt belongs to the peer that may have it. */
static struct link *place_of(struct queue *q, const struct link *now, const struct store_row *row)
{
	struct message m;
	struct route_choice choice;

	if (row->doubt || text_equal(row->bearer, QUEUE_RCS) || text_equal(row->bearer, QUEUE_MMS) ||
	    message_decode(text_range(row->header.at, row->header.len), &m) || m.link.len)
		return NULL;
	m.network = queue_network_bound(row->trail);
	queue_route(q, &m, row->recipient, &choice);
	if (!choice.count)
		return NULL;
	struct link *to = queue_link_get(q, choice.candidates[0].link);
	bool orphan = true;
	for (unsigned i = 0; i < choice.count; i++)
		orphan = orphan && !text_equal(choice.candidates[i].link, now->name);
	return to != now && (to->up || orphan) ? to : NULL;
}

static void put(struct move *m, struct link *from, const struct store_row *row)
{
	struct queue *q = m->queue;
	struct moved_row *r = arena_alloc(m->holder->arena, sizeof(*r));
	struct link *better = place_of(q, from, row);
	int64_t now = store_now(q->store);

	r->move = m;
	r->to = better ? better : from;
	r->release = (struct store_release){ .id = row->id,
					     .epoch = row->epoch,
					     .route = r->to->name,
					     .bearer = row->bearer,
					     .due_us = better ? now : row->due_us };
	if (better)
		r->release.trail =
			queue_event(m->holder->arena, now, TRAIL_DECIDED, TEXT_LITERAL("failover"), better->name);
	m->open++;
	queue_ask_store(q, &r->release.base, STORE_RELEASE, row_moved, r);
}

static void put_doubtful(struct move *m, struct link *from, const struct store_row *row)
{
	struct queue *q = m->queue;
	struct moved_row *r = arena_alloc(m->holder->arena, sizeof(*r));
	struct store_in_doubt *d = arena_alloc(m->holder->arena, sizeof(*d));

	r->move = m;
	r->to = from;
	*d = (struct store_in_doubt){ .id = row->id, .epoch = row->epoch, .due_us = row->due_us };
	m->open++;
	queue_ask_store(q, &d->base, STORE_IN_DOUBT, row_moved, r);
}

static void taken(struct store_request *r)
{
	struct move *m = r->owner;

	queue_asked_done(m->queue);
	m->link->claiming = false;
	m->queue->rerouting = false;
	m->open = 1;
	for (struct store_row *row = r->answer == STORE_DONE ? m->claim.rows_out : NULL; row; row = row->next) {
		if (row->doubt)
			put_doubtful(m, m->link, row);
		else
			put(m, m->link, row);
	}
	m->open--;
	move_done(m);
}

/* What an earlier run took and could not put down any more. Left alone it would come into doubt when its lease ends. */
static void left_over(struct store_request *r)
{
	struct move *m = r->owner;
	struct queue *q = m->queue;

	queue_asked_done(q);
	q->rerouting = false;
	q->moves_settled = r->answer == STORE_DONE;
	m->open = 1;
	for (struct store_row *row = r->answer == STORE_DONE ? m->sample.rows_out : NULL; row; row = row->next) {
		if (!text_equal(row->worker, QUEUE_REROUTER))
			continue;
		if (row->doubt)
			put_doubtful(m, queue_link_get(q, row->route), row);
		else
			put(m, queue_link_get(q, row->route), row);
	}
	m->open--;
	move_done(m);
	if (q->moves_settled)
		queue_reroute(q);
}

static void look_for_left_over(struct queue *q)
{
	struct holder *h = queue_holder(q);
	struct move *m = arena_alloc(h->arena, sizeof(*m));

	m->queue = q;
	m->holder = h;
	m->sample.arena = h->arena;
	m->sample.state = DELIVERY_LEASED;
	m->sample.limit = LEFT_OVER_ROWS;
	q->rerouting = true;
	queue_ask_store(q, &m->sample.base, STORE_SCAN, left_over, m);
}

/* Would a message waiting there have somewhere else to go? Known only per message: taken when any other link is up. */
static bool another_is_up(const struct queue *q, const struct link *l)
{
	for (const struct link *other = q->links; other; other = other->next) {
		if (other != l && other->up && !text_starts(other->name, "webhook:"))
			return true;
	}
	return false;
}

static void sampled(struct store_request *r)
{
	struct move *m = r->owner;
	struct queue *q = m->queue;
	struct store_row *row = r->answer == STORE_DONE ? m->sample.rows_out : NULL;

	queue_asked_done(q);
	while (row && !place_of(q, m->link, row))
		row = row->next;
	if (!row || m->link->claiming || m->link->up) {
		q->rerouting = false;
		queue_release_holder(q, &m->holder);
		return;
	}
	m->claim.arena = m->holder->arena;
	m->claim.route = m->link->name;
	m->claim.worker = QUEUE_REROUTER;
	m->claim.lease_us = REROUTE_LEASE_US;
	m->claim.margin_us = -REROUTE_LEASE_US;
	m->claim.limit = REROUTE_ROWS;
	m->link->claiming = true;
	queue_ask_store(q, &m->claim.base, STORE_CLAIM, taken, m);
}

/* A claim counts as a try: rows are taken only when one of a sample would go elsewhere. */
static void take(struct queue *q, struct link *l)
{
	struct holder *h = queue_holder(q);
	struct move *m = arena_alloc(h->arena, sizeof(*m));

	m->queue = q;
	m->holder = h;
	m->link = l;
	m->sample.arena = h->arena;
	m->sample.route = l->name;
	m->sample.state = DELIVERY_WAITING;
	m->sample.limit = SAMPLE_ROWS;
	q->rerouting = true;
	queue_ask_store(q, &m->sample.base, STORE_SCAN, sampled, m);
}

static void looked(struct store_request *r)
{
	struct look *look = r->owner;
	struct queue *q = look->queue;
	int64_t now = store_now(q->store), waiting = 0;

	queue_asked_done(q);
	q->rerouting = false;
	for (struct link *l = r->answer == STORE_DONE ? q->links : NULL; l; l = l->next) {
		if (l->parked_us < look->started_us)
			l->parked_us = 0; /* unless it stands among the rows below */
	}
	for (struct store_route_row *row = r->answer == STORE_DONE ? look->routes.rows_out : NULL; row;
	     row = row->next) {
		struct link *l = queue_link_get(q, row->route);
		l->parked_us = l->parked_us ? l->parked_us : look->started_us;
		waiting += row->waiting;
		if (l->up) {
			if (row->earliest_due_us < INT64_MAX)
				queue_link_due(q, l, row->earliest_due_us);
			continue;
		}
		if (row->earliest_due_us <= now && !l->claiming && !l->in_flight && another_is_up(q, l))
			take(q, l);
	}
	if (r->answer == STORE_DONE) {
		q->waiting = waiting;
		counter_set(q->count.waiting, waiting);
	}
	queue_release_holder(q, &look->holder);
}

void queue_reroute(struct queue *q)
{
	if (q->rerouting)
		return;
	if (!q->moves_settled) {
		look_for_left_over(q);
		return;
	}
	struct holder *h = queue_holder(q);
	struct look *look = arena_alloc(h->arena, sizeof(*look));

	look->queue = q;
	look->holder = h;
	look->routes.arena = h->arena;
	look->started_us = store_now(q->store);
	q->rerouting = true;
	queue_ask_store(q, &look->routes.base, STORE_ROUTES, looked, look);
}
