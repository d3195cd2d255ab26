/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Links: what takes deliveries, within a window. A link is owned by the edge that announced it last. */
#include <stdio.h>
#include <stdlib.h>

#include "core/base/clock.h"
#include "core/base/log.h"
#include "core/queue_internal.h"

#define CLAIM_PAUSE_US (100 * USEC_PER_MSEC)

static struct link **bucket_of(struct queue *q, struct text name)
{
	uint32_t h = 2166136261u;

	for (size_t i = 0; i < name.len; i++)
		h = (h ^ (uint8_t)name.at[i]) * 16777619u;
	return &q->buckets[(h ^ h >> 16) % QUEUE_LINK_BUCKETS];
}

struct link *queue_link_find(struct queue *q, struct text name)
{
	struct link *l = *bucket_of(q, name);

	while (l && !text_equal(l->name, name))
		l = l->next_in_bucket;
	return l;
}

struct link *queue_link_get(struct queue *q, struct text name)
{
	struct link *l = queue_link_find(q, name);
	struct link **bucket = bucket_of(q, name);

	if (l)
		return l;
	l = must_alloc(sizeof(*l) + name.len + 1);
	memcpy(l + 1, name.at, name.len);
	l->name = text_range((const char *)(l + 1), name.len);
	l->waiting = true; /* unknown: the first claim tells */
	l->parked_us = store_now(q->store);
	l->outbox_waiting = true;
	snprintf(l->detail, sizeof(l->detail), "not announced by any role");
	l->next = q->links;
	q->links = l;
	l->next_in_bucket = *bucket;
	*bucket = l;
	return l;
}

bool queue_link_credit(const struct queue *q, const struct link *l)
{
	const struct edge *e = &q->edges[l->edge];

	return l->up && l->settled && l->in_flight < l->window && e->ipc && ipc_room(e->ipc);
}

void queue_link_list(struct queue *q, struct link *l)
{
	if (l->listed || !l->waiting || !l->up)
		return;
	l->listed = true;
	l->next_listed = q->listed;
	q->listed = l;
}

void queue_link_wake(struct queue *q, struct link *l)
{
	l->waiting = true;
	queue_link_list(q, l);
}

static void due_came(void *owner)
{
	struct queue *q = owner;
	int64_t now = store_now(q->store), earliest = 0;

	for (struct link *l = q->links; l; l = l->next) {
		if (!l->due_us)
			continue;
		if (l->due_us <= now) {
			l->due_us = 0;
			queue_link_wake(q, l);
		} else if (!earliest || l->due_us < earliest) {
			earliest = l->due_us;
		}
	}
	q->due_us = earliest;
	if (earliest && !q->stopping)
		loop_timer_start(q->loop, &q->due, earliest - now, due_came, q);
}

void queue_link_due(struct queue *q, struct link *l, int64_t due_us)
{
	int64_t now = store_now(q->store);

	if (due_us <= now) {
		queue_link_wake(q, l);
		return;
	}
	if (!l->due_us || due_us < l->due_us)
		l->due_us = due_us;
	if (q->due_us && q->due_us <= due_us)
		return;
	q->due_us = due_us;
	loop_timer_start(q->loop, &q->due, due_us - now, due_came, q);
}

void queue_links_promoted(struct queue *q, const struct store_request *r)
{
	if (!r->promoted)
		return;
	for (struct link *l = q->links; l; l = l->next) {
		if (l->parked_us && l->up)
			queue_link_wake(q, l);
	}
}

struct claim_job *queue_claim_job(struct queue *q, struct link *l)
{
	struct holder *h = queue_holder(q);
	struct claim_job *j = arena_alloc(h->arena, sizeof(*j));

	j->queue = q;
	j->holder = h;
	j->link = l;
	j->edge = l->edge;
	j->generation = q->edges[l->edge].generation;
	return j;
}

void queue_claim_job_end(struct claim_job *j)
{
	struct holder *h = j->holder;

	queue_asked_done(j->queue);
	queue_release_holder(j->queue, &h);
}

/* No hot loop of requests that fail. */
void queue_claim_later(struct queue *q, struct link *l)
{
	int64_t again = store_now(q->store) + CLAIM_PAUSE_US;

	l->waiting = false;
	queue_link_due(q, l, again);
}

static void claimed(struct store_request *r)
{
	struct claim_job *j = r->owner;
	struct store_claim *c = &j->request.claim;
	struct queue *q = j->queue;
	struct link *l = j->link;

	l->claiming = false;
	l->in_flight -= c->limit; /* the slots that were kept for what comes */
	counter_add(q->count.store_errors, r->answer != STORE_DONE);
	if (r->answer != STORE_DONE)
		queue_claim_later(q, l);
	else if (c->rows_count_out < c->limit)
		l->waiting = false;
	for (struct store_row *row = r->answer == STORE_DONE ? c->rows_out : NULL; row; row = row->next) {
		struct flight *f = queue_flight_of_row(q, j->holder, l, row);
		l->in_flight++;
		queue_flight_send(q, f, row->doubt);
	}
	queue_link_list(q, l);
	queue_claim_job_end(j);
}

static void claim(struct queue *q, struct link *l)
{
	struct claim_job *j = queue_claim_job(q, l);
	struct store_claim *c = &j->request.claim;
	uint32_t credit = l->window - l->in_flight;

	c->arena = j->holder->arena;
	c->route = l->name;
	c->worker = arena_text(j->holder->arena, text_of(q->edges[l->edge].incarnation));
	c->lease_us = q->rules.lease_us;
	c->margin_us =
		-q->rules.lease_us; /* a lease may outlive the message's validity: the link looks at that itself */
	c->limit = credit < QUEUE_CLAIM_MAX ? credit : QUEUE_CLAIM_MAX;
	l->claiming = true;
	l->in_flight += c->limit;
	queue_ask_store(q, &c->base, STORE_CLAIM, claimed, j);
}

/* A link that has no credit now is listed again by what gives it some: a result, or its edge's room. */
void queue_links_turn(struct queue *q)
{
	struct link *l = q->stopping ? NULL : q->listed;

	if (l)
		q->listed = NULL;
	for (struct link *next; l; l = next) {
		next = l->next_listed;
		l->listed = false;
		if (l->up && !l->settled)
			queue_link_settle(q, l);
		else if (l->waiting && !l->claiming && queue_link_credit(q, l))
			claim(q, l);
	}
}

void queue_links_of_edge(struct queue *q, unsigned edge)
{
	for (struct link *l = q->links; l; l = l->next) {
		if (l->edge == edge)
			queue_link_list(q, l);
	}
}

bool queue_link_record(struct queue *q, unsigned edge, struct ipc_record *record)
{
	struct ipc_link in;

	if (!ipc_get_link(&record->body, &in) || !in.name.len || in.name.len > 100)
		return false;
	struct link *l = queue_link_get(q, in.name);
	bool was_up = l->up;

	l->edge = edge;
	l->up = in.up && in.window;
	l->window = in.window;
	(void)text_quote(in.detail, l->detail, sizeof(l->detail));
	if (was_up != l->up)
		LOGN(LOG_CORE, NULL, "link %.*s is %s%s%s", TEXT_ARGS(l->name), l->up ? "up" : "down",
		     l->detail[0] ? ": " : "", l->detail);
	if (!l->up)
		return true;
	queue_link_wake(q, l);
	l->outbox_waiting = true;
	if (!l->settled)
		queue_link_settle(q, l);
	queue_outbox_fetch(q, l);
	return true;
}
