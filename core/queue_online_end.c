/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The end of a session: what its delivery became, and the settlement that follows from it. */
#include "core/base/clock.h"
#include "core/base/log.h"
#include "core/queue_online_internal.h"

#define LOOK_AGAIN_US (15 * USEC_PER_SEC)
#define LOOK_FOR_REPORT_US (120 * USEC_PER_SEC) /* where nobody told us of it */

void online_settle(struct online_session *s, uint64_t used)
{
	online_set_doubt(s, false);
	online_set_buffered(s, false);
	s->state = ONLINE_SETTLING;
	s->used = used;
	s->end_to_end = online_end_to_end(s->queue->online);
	s->asked = s->again = s->ended = false;
	online_save(s, THEN_ASK);
}

void online_end(struct online_session *s, uint64_t used)
{
	switch (s->state) {
	case ONLINE_GRANTED:
		online_settle(s, used);
		break;
	case ONLINE_ASKED:
		if (!s->asked && !s->again && !s->buffered) { /* it never left */
			online_delete(s);
		} else if (s->buffered && used) {
			s->ended = true;
			s->used = used;
			online_save(s, THEN_NOTHING);
		} else {
			online_settle(s, used);
		}
		break;
	case ONLINE_FREE:
	case ONLINE_DENIED:
		online_delete(s);
		break;
	default:
		break;
	}
}

void queue_online_ended(struct queue *q, struct message_id id, bool post, bool final)
{
	struct online_session *s = online_find(q, id);

	if (!s || s->ended)
		return;
	if (s->on_delivery && post && !final)
		s->look_us = store_now(q->store) + LOOK_FOR_REPORT_US;
	else
		online_end(s, post ? s->units : 0);
}

void queue_online_reported(struct queue *q, struct message_id id)
{
	struct online_session *s = online_find(q, id);

	if (s && !s->ended && !s->looking && s->state < ONLINE_SETTLING)
		online_look(s);
}

/* --- ends that nobody told us of: expiry, a cancel, a report, an earlier run ----------------------------------- */

struct look {
	struct queue *queue;
	struct holder *holder;
	struct store_message_get get;
};

static void decide(struct online_session *s, const struct store_row *row)
{
	if (row && row->state == DELIVERY_HANDED_OVER && s->on_delivery) {
		s->look_us = store_now(s->queue->store) + LOOK_FOR_REPORT_US;
		return;
	}
	if (!row || row->state == DELIVERY_FINISHED || row->state == DELIVERY_HANDED_OVER) {
		online_end(s, row && row->charge_posted > row->charge_refunded ? s->units : 0);
		return;
	}
	if (row->state == DELIVERY_WAITING && row->parked == 2) { /* on HOLD: its charge was given back */
		online_end(s, 0);
		return;
	}
	s->look_us = store_now(s->queue->store) + LOOK_AGAIN_US;
}

static void looked(struct store_request *r)
{
	struct look *l = r->owner;
	struct queue *q = l->queue;
	struct online_session *s = online_find(q, l->get.id);
	struct holder *h = l->holder;
	bool gone = r->answer == STORE_REFUSED && r->refusal == STORE_NOT_FOUND;

	queue_asked_done(q);
	if (s) {
		s->looking = false;
		s->look_us = store_now(q->store) + LOOK_AGAIN_US;
		if (!s->ended && !flight_find(&q->flights, s->id.octets) && (r->answer == STORE_DONE || gone))
			decide(s, r->answer == STORE_DONE ? l->get.rows_out : NULL);
	}
	queue_release_holder(q, &h);
}

void online_look(struct online_session *s)
{
	struct holder *h = queue_holder(s->queue);
	struct look *l = arena_alloc(h->arena, sizeof(*l));

	l->queue = s->queue;
	l->holder = h;
	l->get.arena = h->arena;
	l->get.id = s->id;
	s->looking = true;
	queue_ask_store(s->queue, &l->get.base, STORE_MESSAGE_GET, looked, l);
}
