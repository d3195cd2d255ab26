/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is in flight: handed to an edge and without a result; and how it comes back when no result will come. */
#include <stdio.h>
#include <stdlib.h>

#include "core/base/clock.h"
#include "core/base/log.h"
#include "core/queue_internal.h"
#include "core/queue_online.h"

#define FREE_FLIGHTS_GRACE_US (2 * USEC_PER_SEC)
#define DOUBT_PAUSE_US (100 * USEC_PER_MSEC)

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
		memcpy(f->payer_id, r->payer_id, sizeof(f->payer_id));
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
	queue_link_list(q, f->link);
	queue_release_holder(q, &f->holder);
	f->next_free = q->free_flights;
	q->free_flights = f;
}

void queue_flight_send(struct queue *q, struct flight *f, bool doubt)
{
	flight_add(&q->flights, &f->node);
	if (!queue_online_waits(q, f))
		queue_flight_go(q, f, doubt);
}

void queue_flight_go(struct queue *q, struct flight *f, bool doubt)
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

/* Not now, whatever its link says: known not to have been sent this time. */
void queue_flight_put_off(struct queue *q, struct flight *f, int64_t due_us, const char *why)
{
	struct store_release *r = &f->request.release;
	struct arena *arena = f->holder->arena;

	if (f->sending) { /* it may have left before: that stays so */
		queue_flight_doubt(q, f, due_us, why ? why : "put off");
		return;
	}
	f->settling = true;
	*r = (struct store_release){ .id = f->id, .epoch = f->epoch, .due_us = due_us, .route = f->link->name };
	r->bearer = queue_flight_bearer(f);
	if (why)
		r->trail = queue_event(arena, store_now(q->store), TRAIL_NOTE, (struct text){ 0 },
				       text_of(arena_printf(arena, "%s", why)));
	queue_link_due(q, f->link, due_us);
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
