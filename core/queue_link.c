/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Links: what takes deliveries, within a window. A link is owned by the edge that announced it last. When a link comes
 * up for the first time in our life, what an earlier run had leased to it is settled first: taken back where the same
 * incarnation of the edge does not hold it (it was never sent), in doubt where the edge began anew since.
 */
#include <stdio.h>
#include <stdlib.h>

#include "core/base/clock.h"
#include "core/base/log.h"
#include "core/queue_internal.h"

#define FREE_FLIGHTS_GRACE_US (2 * USEC_PER_SEC)
#define DOUBT_PAUSE_US (100 * USEC_PER_MSEC)
#define CLAIM_PAUSE_US (100 * USEC_PER_MSEC)
#define SETTLE_ROWS 100000u

/* --- links ---------------------------------------------------------------------------------------------------- */

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

static void list(struct queue *q, struct link *l)
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
	list(q, l);
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

/* --- flights -------------------------------------------------------------------------------------------------- */

struct flight *queue_flight_new(struct queue *q, struct holder *holder, struct link *link)
{
	struct flight *f = q->free_flights;

	if (f)
		q->free_flights = f->next_free;
	else
		f = must_alloc(sizeof(*f));
	*f = (struct flight){ .queue = q, .holder = holder, .link = link };
	holder->refs++;
	return f;
}

struct flight *queue_flight_of_row(struct queue *q, struct holder *holder, struct link *link, const struct store_row *r)
{
	struct flight *f = queue_flight_new(q, holder, link);

	f->id = r->id;
	memcpy(f->node.key, r->id.octets, MESSAGE_ID_SIZE);
	f->epoch = r->epoch;
	f->attempt = r->attempt;
	f->recipient = r->recipient;
	f->header = text_range(r->header.at, r->header.len);
	f->body = r->text;
	f->accepted_us = r->accepted_us;
	f->expires_us = r->expires_us;
	f->lease_until_us = r->lease_us;
	f->sending = r->doubt; /* it may have left before */
	f->decoded = message_decode(f->header, &f->message) == OK;
	f->message.body = f->body;
	if (r->has_charge) {
		f->held = r->charge_amount;
		f->units = r->charge_units;
		f->version = r->charge_version;
		(void)text_copy(r->currency, f->currency, sizeof(f->currency));
	}
	f->trail = r->trail;
	f->bearer = r->bearer;
	return f;
}

/* The slot of its window is free again and the flight gone. */
void queue_flight_end(struct queue *q, struct flight *f)
{
	flight_remove(&q->flights, &f->node);
	if (f->link->in_flight)
		f->link->in_flight--;
	list(q, f->link);
	queue_release_holder(q, &f->holder);
	f->next_free = q->free_flights;
	q->free_flights = f;
}

void queue_flight_send(struct queue *q, struct flight *f, bool doubt)
{
	struct edge *e = &q->edges[f->link->edge];
	struct ipc_deliver d = { .id = f->id,
				 .epoch = f->epoch,
				 .attempt = f->attempt,
				 .doubt = doubt,
				 .link = f->link->name,
				 .recipient = f->recipient,
				 .header = f->header,
				 .body = f->body,
				 .accepted_us = f->accepted_us,
				 .expires_us = f->expires_us };

	flight_add(&q->flights, &f->node);
	if (!e->ipc || !f->link->up) { /* it went down while the lease was being committed: known not sent */
		f->outcome = IPC_RETRY;
		queue_flight_doubt(q, f, 0, NULL);
		return;
	}
	d.not_after_us = clock_monotonic() + (f->lease_until_us - store_now(q->store));
	uint8_t permit[QUEUE_PERMIT_MAX];
	d.bearer = queue_flight_bearer(f);
	if (q->charge && (q->priced || f->held) && queue_link_priced(f->link->name) && !text_equal(d.bearer, QUEUE_RCS))
		d.permit = queue_money_permit(q, f, d.not_after_us, permit);
	if (f->held && q->charge)
		d.price = queue_money_text(q->charge, f->held, f->currency, f->holder->arena);
	size_t room = 200 + d.price.len + d.bearer.len + d.link.len + d.recipient.len + d.header.len + d.body.len +
		      d.permit.len;
	ipc_put_deliver(ipc_begin(e->ipc, IPC_DELIVER, 0, room), &d);
	if (ipc_end(e->ipc)) {
		f->outcome = IPC_RETRY;
		queue_flight_doubt(q, f, 0, NULL);
		return;
	}
	counter_add(q->count.handed_out, 1);
	f->link->sent++;
}

/* --- back to the store without a result ------------------------------------------------------------------------ */

static void put_back(struct store_request *r)
{
	struct flight *f = r->owner;
	struct queue *q = f->queue;

	queue_asked_done(q);
	if (queue_not_written(r)) { /* asked again, or what was never sent would come into doubt with its lease's end */
		counter_add(q->count.store_errors, 1);
		f->next_free = q->broken;
		q->broken = f;
		return;
	}
	if (r->operation == STORE_IN_DOUBT)
		queue_link_due(q, f->link, f->request.in_doubt.due_us);
	else
		queue_link_wake(q, f->link);
	queue_flight_end(q, f);
}

/* With `why`: possibly sent, in doubt. Without: known not to have been sent, due again. */
void queue_flight_doubt(struct queue *q, struct flight *f, int64_t due_us, const char *why)
{
	int64_t now = store_now(q->store);

	if (f->settling)
		return; /* its result is with the store: that decides */
	f->settling = true;
	if (why) {
		struct store_in_doubt *r = &f->request.in_doubt;
		counter_add(q->count.doubt, 1);
		f->link->doubted++;
		*r = (struct store_in_doubt){ .id = f->id, .epoch = f->epoch, .due_us = due_us ? due_us : now };
		r->trail = queue_event(f->holder->arena, now, TRAIL_IN_DOUBT, (struct text){ 0 }, text_of(why));
		queue_ask_store(q, &r->base, STORE_IN_DOUBT, put_back, f);
		return;
	}
	struct store_release *r = &f->request.release;
	*r = (struct store_release){ .id = f->id, .epoch = f->epoch, .due_us = due_us ? due_us : now };
	r->route = f->link->name;
	r->bearer = queue_flight_bearer(f);
	r->trail =
		queue_event(f->holder->arena, now, TRAIL_NOTE, (struct text){ 0 }, TEXT_LITERAL("taken back unsent"));
	queue_ask_store(q, &r->base, STORE_RELEASE, put_back, f);
}

struct lost {
	struct queue *queue;
	unsigned edge;
	int64_t now_us;
};

/* What it did not say to be leaving never left. */
static void taken_from_edge(void *owner, struct flight_node *node)
{
	struct lost *lost = owner;
	struct flight *f = (struct flight *)node;

	if (f->link->edge != lost->edge || flight_find(&lost->queue->strays, f->id.octets))
		return;
	if (lost->queue->edges[lost->edge].says_sending && !f->sending)
		queue_flight_doubt(lost->queue, f, 0, NULL);
	else
		queue_flight_doubt(lost->queue, f, lost->now_us + DOUBT_PAUSE_US,
				   "the process that held the link ended");
}

void queue_links_lost(struct queue *q, unsigned edge)
{
	struct lost lost = { q, edge, store_now(q->store) };

	for (struct link *l = q->links; l; l = l->next) {
		if (l->edge != edge)
			continue;
		l->up = false;
		snprintf(l->detail, sizeof(l->detail), "its role is not running");
		queue_outbox_lost(q, l);
	}
	flight_each(&q->flights, taken_from_edge, &lost);
}

static void overdue(void *owner, struct flight_node *node)
{
	struct lost *lost = owner;
	struct flight *f = (struct flight *)node;

	/* The store's sweep has made it doubtful by now; a result that still comes finds the row by its id. */
	if (!f->settling && f->lease_until_us + FREE_FLIGHTS_GRACE_US < lost->now_us) {
		LOGN(LOG_CORE, NULL, "link %.*s gave no result within the lease", TEXT_ARGS(f->link->name));
		queue_link_wake(lost->queue, f->link);
		queue_flight_end(lost->queue, f);
	}
}

void queue_flights_overdue(struct queue *q, int64_t now_us)
{
	struct lost lost = { q, 0, now_us };

	flight_each(&q->flights, overdue, &lost);
}

/* --- claims --------------------------------------------------------------------------------------------------- */

struct claim_job {
	struct queue *queue;
	struct holder *holder;
	struct link *link;
	unsigned edge;
	uint32_t generation;
	union {
		struct store_request base;
		struct store_claim claim;
		struct store_scan scan;
	} request;
};

static struct claim_job *claim_job_new(struct queue *q, struct link *l)
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

static void claim_job_free(struct claim_job *j)
{
	struct holder *h = j->holder;

	queue_asked_done(j->queue);
	queue_release_holder(j->queue, &h);
}

/* No hot loop of requests that fail. */
static void claim_later(struct queue *q, struct link *l)
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
		claim_later(q, l);
	else if (c->rows_count_out < c->limit)
		l->waiting = false;
	for (struct store_row *row = r->answer == STORE_DONE ? c->rows_out : NULL; row; row = row->next) {
		struct flight *f = queue_flight_of_row(q, j->holder, l, row);
		l->in_flight++;
		queue_flight_send(q, f, row->doubt);
	}
	list(q, l);
	claim_job_free(j);
}

static void claim(struct queue *q, struct link *l)
{
	struct claim_job *j = claim_job_new(q, l);
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

static void settle(struct queue *q, struct link *l);

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
			settle(q, l);
		else if (l->waiting && !l->claiming && queue_link_credit(q, l))
			claim(q, l);
	}
}

void queue_links_of_edge(struct queue *q, unsigned edge)
{
	for (struct link *l = q->links; l; l = l->next) {
		if (l->edge == edge)
			list(q, l);
	}
}

/* --- an edge introduces itself ---------------------------------------------------------------------------------- */

static int compare_ids(const void *a, const void *b)
{
	return memcmp(a, b, MESSAGE_ID_SIZE);
}

static void add_ids(struct text ids, uint8_t (**to)[16], unsigned *count)
{
	unsigned more = (unsigned)(ids.len / MESSAGE_ID_SIZE);

	*to = must_realloc(*to, ((size_t)*count + more) * MESSAGE_ID_SIZE);
	if (more)
		memcpy((*to)[*count], ids.at, ids.len);
	*count += more;
	qsort(*to, *count, MESSAGE_ID_SIZE, compare_ids);
}

bool queue_holding_record(struct queue *q, unsigned edge, struct ipc_record *record)
{
	struct ipc_holding h;
	struct edge *e = &q->edges[edge];

	if (!ipc_get_holding(&record->body, &h) || !h.incarnation.len ||
	    !text_copy(h.incarnation, e->incarnation, sizeof(e->incarnation)))
		return false;
	if (!e->introducing)
		e->holding_count = e->sending_count = 0;
	e->introducing = h.more;
	e->says_sending = h.says_sending;
	add_ids(h.ids, &e->holding, &e->holding_count);
	add_ids(h.sending, &e->sending, &e->sending_count);
	return true;
}

/* Of a delivery that this queue does not know yet: kept for when it looks at what an earlier run had handed out. */
static void keep_sending(struct edge *e, const uint8_t *id)
{
	e->sending = must_realloc(e->sending, ((size_t)e->sending_count + 1) * MESSAGE_ID_SIZE);
	memcpy(e->sending[e->sending_count++], id, MESSAGE_ID_SIZE);
	qsort(e->sending, e->sending_count, MESSAGE_ID_SIZE, compare_ids);
}

bool queue_sending_record(struct queue *q, unsigned edge, struct ipc_record *record)
{
	while (reader_left(&record->body) >= MESSAGE_ID_SIZE) {
		const uint8_t *id = reader_take(&record->body, MESSAGE_ID_SIZE);
		struct flight *f = (struct flight *)flight_find(&q->flights, id);
		if (f)
			f->sending = true;
		else
			keep_sending(&q->edges[edge], id);
	}
	return reader_done(&record->body);
}

static bool edge_holds(const struct edge *e, struct message_id id)
{
	return e->holding && bsearch(id.octets, e->holding, e->holding_count, MESSAGE_ID_SIZE, compare_ids);
}

static bool edge_sends(const struct edge *e, struct message_id id)
{
	return e->sending && bsearch(id.octets, e->sending, e->sending_count, MESSAGE_ID_SIZE, compare_ids);
}

static void settle_row(struct claim_job *j, const struct store_row *row)
{
	struct queue *q = j->queue;
	struct edge *e = &q->edges[j->edge];

	if (flight_find(&q->flights, row->id.octets))
		return;
	struct flight *f = queue_flight_of_row(q, j->holder, j->link, row);
	j->link->in_flight++;
	flight_add(&q->flights, &f->node);
	if (edge_holds(e, row->id) || flight_find(&q->strays, row->id.octets)) {
		f->sending = edge_sends(e, row->id);
		return; /* its result will come */
	}
	if (text_is(row->worker, e->incarnation) || text_equal(row->worker, QUEUE_REROUTER))
		queue_flight_doubt(q, f, 0, NULL);
	else
		queue_flight_doubt(q, f, 0, "handed to a process that ended since");
}

static void settled(struct store_request *r)
{
	struct claim_job *j = r->owner;
	struct link *l = j->link;
	struct queue *q = j->queue;
	bool same = queue_edge_ipc(q, j->edge, j->generation) != NULL;

	l->settling = false;
	if (r->answer == STORE_DONE && same) {
		unsigned n = j->request.scan.rows_count_out;
		l->settled = true;
		queue_link_wake(q, l);
		for (struct store_row *row = j->request.scan.rows_out; row; row = row->next)
			settle_row(j, row);
		if (n)
			LOGN(LOG_CORE, NULL, "link %.*s: %u deliveries of an earlier run were looked at",
			     TEXT_ARGS(l->name), n);
	} else { /* the edge began anew meanwhile, or the store failed: without another look it stands still */
		counter_add(q->count.store_errors, r->answer != STORE_DONE);
		claim_later(q, l);
	}
	claim_job_free(j);
}

static void settle(struct queue *q, struct link *l)
{
	if (l->settling)
		return;
	struct claim_job *j = claim_job_new(q, l);
	struct store_scan *s = &j->request.scan;

	l->settling = true;
	s->arena = j->holder->arena;
	s->route = l->name;
	s->state = DELIVERY_LEASED;
	s->limit = SETTLE_ROWS;
	queue_ask_store(q, &s->base, STORE_SCAN, settled, j);
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
		settle(q, l);
	queue_outbox_fetch(q, l);
	return true;
}
