/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Questions to the diameter role, and what follows from its verdicts. */
#include "core/base/clock.h"
#include "core/base/log.h"
#include "core/queue_online_internal.h"

#define LATER_US (60 * USEC_PER_SEC) /* after a fault that is not the payer's */

void online_ask(struct online_session *s)
{
	struct online *o = s->queue->online;
	struct ipc *ipc = o->connected ? queue_edge_ipc(s->queue, o->edge, o->generation) : NULL;
	bool reserve = s->state == ONLINE_ASKED;

	if (!ipc || !o->up || !ipc_room(ipc) || s->writing || s->asked) {
		struct flight *f = reserve && !s->buffered && !o->up ? online_flight(s) : NULL;
		if (f)
			online_outage(s, f);
		return;
	}
	struct ipc_credit ask = { .delivery = s->id,
				  .step = reserve ? CREDIT_RESERVE : CREDIT_SETTLE,
				  .again = s->again,
				  .end_to_end = s->end_to_end,
				  .session = s->session,
				  .subscriber = s->subscriber,
				  .sender = s->sender,
				  .recipient = s->recipient,
				  .units = reserve ? s->units : s->used,
				  .at_us = s->at_us };
	ipc_put_credit(ipc_begin(ipc, IPC_CREDIT, 0, ONLINE_FACT_MAX), &ask);
	s->asked = ipc_end(ipc) == OK;
}

struct nudge {
	struct queue *queue;
	struct holder *holder;
	struct link *link;
	struct store_due due;
};

static void nudged(struct store_request *r)
{
	struct nudge *n = r->owner;
	struct holder *h = n->holder;

	queue_asked_done(n->queue);
	if (r->answer == STORE_DONE && n->due.moved_out)
		queue_link_wake(n->queue, n->link);
	queue_release_holder(n->queue, &h);
}

/* Its delivery was given back and waits for a time: that is now. */
static void nudge(struct online_session *s)
{
	struct queue *q = s->queue;

	if (!s->link)
		return;
	struct holder *h = queue_holder(q);
	struct nudge *n = arena_alloc(h->arena, sizeof(*n));

	n->queue = q;
	n->holder = h;
	n->link = s->link;
	n->due.route = s->link->name;
	n->due.recipient = arena_text(h->arena, s->recipient);
	n->due.lane = address_lane(s->recipient);
	n->due.due_us = store_now(q->store);
	queue_ask_store(q, &n->due.base, STORE_DUE, nudged, n);
}

/* The delivery went without a grant, and now there is none: the operator bears it. */
static void lose(struct online_session *s, struct text why)
{
	char id[MESSAGE_ID_TEXT_SIZE];

	counter_add(s->queue->online->lost, 1);
	LOGN(LOG_BILLING, message_id_text(s->id, id),
	     "sent during an outage and not granted afterwards, the operator "
	     "bears it: %.*s",
	     TEXT_ARGS(why));
	online_set_doubt(s, false);
	online_set_buffered(s, false);
	if (s->ended) {
		online_delete(s);
		return;
	}
	s->state = ONLINE_FREE;
	online_save(s, THEN_NOTHING);
}

static void granted(struct online_session *s, const struct ipc_credit_done *d)
{
	bool went = s->buffered;

	online_set_doubt(s, false);
	online_set_buffered(s, false);
	s->state = ONLINE_GRANTED;
	s->valid_until_us = d->valid_s ? store_now(s->queue->store) + (int64_t)d->valid_s * USEC_PER_SEC : 0;
	if (s->ended) {
		online_settle(s, s->used);
		return;
	}
	/* If this write is lost the reservation is asked for again, under the same numbers. */
	online_save(s, THEN_NOTHING);
	if (went)
		return;
	if (online_flight(s))
		online_go(s);
	else
		nudge(s);
}

static void free_of_charge(struct online_session *s)
{
	bool went = s->buffered;

	online_set_doubt(s, false);
	online_set_buffered(s, false);
	if (s->ended) {
		online_delete(s);
		return;
	}
	s->state = ONLINE_FREE;
	online_save(s, went ? THEN_NOTHING : THEN_GO);
	if (!went && !online_flight(s))
		nudge(s);
}

static void denied(struct online_session *s, const struct ipc_credit_done *d)
{
	struct flight *f = online_flight(s);

	counter_add(s->queue->online->denied, 1);
	if (s->buffered) {
		lose(s, d->why);
		return;
	}
	online_set_doubt(s, false);
	s->state = ONLINE_DENIED;
	(void)text_copy(d->why, s->why, sizeof(s->why));
	if (f)
		online_deny(s, f);
	else
		nudge(s);
}

/* It is open there, with too few units: given back, and denied here. */
static void too_little(struct online_session *s, const struct ipc_credit_done *d)
{
	struct flight *f = s->buffered ? NULL : online_flight(s);

	counter_add(s->queue->online->denied, 1);
	if (s->buffered) {
		counter_add(s->queue->online->lost, 1);
		online_settle(s, 0);
		return;
	}
	(void)text_copy(d->why, s->why, sizeof(s->why));
	if (f)
		online_deny(s, f);
	online_settle(s, 0);
}

static void later(struct online_session *s, const struct ipc_credit_done *d)
{
	struct flight *f = s->buffered ? NULL : online_flight(s);
	char why[CREDIT_TEXT_MAX];

	if (s->buffered) {
		lose(s, d->why);
		return;
	}
	(void)text_copy(d->why, why, sizeof(why));
	if (f)
		online_put_off(s->queue, f, LATER_US, why);
	online_delete(s);
}

void online_doubtful(struct online_session *s)
{
	struct flight *f = online_flight(s);

	online_set_doubt(s, true);
	if (f && !s->buffered && !s->writing)
		online_outage(s, f);
}

static void unreached(struct online_session *s)
{
	struct flight *f = s->buffered ? NULL : online_flight(s);

	s->asked = false;
	if (s->buffered || s->writing)
		return; /* the clockwork asks when there is a connection */
	if (f && online_may_buffer(s->queue->online, s->payer, s->currency, s->amount)) {
		online_outage(s, f);
		return;
	}
	if (f)
		online_put_off_for_outage(s->queue, f);
	online_delete(s);
}

static void answered(struct online_session *s, const struct ipc_credit_done *d)
{
	s->asked = d->verdict == CREDIT_DOUBT;
	switch (d->verdict) {
	case CREDIT_GRANTED:
		granted(s, d);
		break;
	case CREDIT_TOO_LITTLE:
		too_little(s, d);
		break;
	case CREDIT_FREE:
		free_of_charge(s);
		break;
	case CREDIT_DENIED:
		denied(s, d);
		break;
	case CREDIT_LATER:
		later(s, d);
		break;
	case CREDIT_DOUBT:
		online_doubtful(s);
		break;
	case CREDIT_UNREACHED:
		unreached(s);
		break;
	default:
		break;
	}
}

static void settled(struct online_session *s, const struct ipc_credit_done *d)
{
	char id[MESSAGE_ID_TEXT_SIZE];

	if (d->verdict != CREDIT_SETTLED && d->verdict != CREDIT_DIFFERENCE)
		return;
	if (d->verdict == CREDIT_DIFFERENCE) { /* B19: named, never mended in silence */
		counter_add(s->queue->online->differences, 1);
		LOGN(LOG_BILLING, message_id_text(s->id, id),
		     "difference with the charging system: %llu units used, %.*s", (unsigned long long)s->used,
		     TEXT_ARGS(d->why));
	}
	online_delete(s);
}

bool queue_online_done_record(struct queue *q, unsigned edge, struct ipc_record *record)
{
	struct ipc_credit_done d;

	if (!q->online || edge != q->online->edge || !ipc_get_credit_done(&record->body, &d))
		return false;
	struct online_session *s = online_find(q, d.delivery);
	if (!s || !text_equal(s->session, d.session))
		return true; /* of an earlier session */
	if (s->state == ONLINE_ASKED)
		answered(s, &d);
	else if (s->state == ONLINE_SETTLING)
		settled(s, &d);
	return true;
}
