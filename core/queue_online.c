/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Sessions with the charging system: begun at the hand-out, moved on by verdicts. The map is in queue_online.h. */
#include "core/queue_online.h"

#include <stdio.h>
#include <stdlib.h>

#include "core/base/clock.h"
#include "core/base/log.h"
#include "core/base/random.h"
#include "core/queue_online_internal.h"

#define PUT_OFF_MAX_US (30 * USEC_PER_SEC)
#define LEASE_LEFT_US (2 * USEC_PER_SEC) /* a flight that still waits is given back before its lease ends */
#define NOTED_ATTEMPTS 3		 /* later ones of an outage do not lengthen the timeline */

static const char no_link[] = "the charging system is not connected: priced messages wait";
static const char in_doubt[] = "the charging system does not answer: priced messages of this payer wait";

/* --- flights -------------------------------------------------------------------------------------------------- */

struct flight *online_flight(const struct online_session *s)
{
	struct flight *f = (struct flight *)flight_find(&s->queue->flights, s->id.octets);

	return f && !f->settling ? f : NULL;
}

void online_go(struct online_session *s)
{
	struct flight *f = online_flight(s);

	if (f)
		queue_flight_go(s->queue, f, f->sending);
}

void online_put_off(struct queue *q, struct flight *f, int64_t wait_us, const char *why)
{
	counter_add(q->online->waits, 1);
	queue_flight_put_off(q, f, store_now(q->store) + wait_us, f->attempt <= NOTED_ATTEMPTS ? why : NULL);
}

static int64_t outage_wait(const struct flight *f)
{
	int64_t wait = USEC_PER_SEC;

	for (int64_t i = 1; i < f->attempt && wait < PUT_OFF_MAX_US; i++)
		wait *= 2;
	return wait < PUT_OFF_MAX_US ? wait : PUT_OFF_MAX_US;
}

void online_put_off_for_outage(struct queue *q, struct flight *f)
{
	online_put_off(q, f, outage_wait(f), q->online->up ? in_doubt : no_link);
}

/* A session without an answer: it goes within the limits, or waits. */
void online_outage(struct online_session *s, struct flight *f)
{
	struct online *o = s->queue->online;

	if (!online_may_buffer(o, s->payer, s->currency, s->amount)) {
		online_put_off_for_outage(s->queue, f);
		return;
	}
	online_set_buffered(s, true);
	counter_add(o->buffered, 1);
	online_save(s, THEN_GO);
}

void online_deny(struct online_session *s, struct flight *f)
{
	struct ipc_result no = { .id = f->id, .epoch = f->epoch, .outcome = IPC_REFUSED, .detail = text_of(s->why) };

	queue_result_give(f, &no);
}

/* --- the hand-out --------------------------------------------------------------------------------------------- */

static void begin(struct queue *q, struct flight *f, const struct charge_payer *payer)
{
	struct online *o = q->online;
	char name[CREDIT_SESSION_MAX];
	struct writer w = writer_of(name, sizeof(name));
	bool out = !o->up || online_payer_of(o, payer->account_id)->doubts;

	if (out && !online_may_buffer(o, payer->account_id, f->currency, f->held)) {
		online_put_off_for_outage(q, f);
		return;
	}
	q->charge->session(q->charge->owner, f->id, f->attempt, &w);
	struct online_session from = { .id = f->id,
				       .end_to_end = online_end_to_end(o),
				       .units = o->rules.per_segment ? (uint64_t)f->units : 1,
				       .amount = f->held,
				       .at_us = f->accepted_us,
				       .expires_us = f->expires_us,
				       .session = text_range(name, writer_ok(&w) ? writer_len(&w) : 0),
				       .subscriber = payer->subscriber,
				       .sender = f->message.sender,
				       .recipient = f->recipient,
				       .link = f->link };
	struct charge_price price;
	/* Only when it is settled hangs on that, not how much. */
	if (q->charge->price(q->charge->owner, payer, &f->message, f->recipient, QUEUE_BEARER, f->accepted_us,
			     &price) == OK)
		from.on_delivery = price.pay_on;
	memcpy(from.payer, payer->account_id, sizeof(from.payer));
	memcpy(from.currency, f->currency, sizeof(from.currency));
	struct online_session *s = online_session_new(o, &from);
	counter_add(o->reserved, 1);
	if (out) {
		online_set_buffered(s, true);
		counter_add(o->buffered, 1);
	}
	online_save(s, out ? THEN_GO : THEN_ASK);
}

static bool ran_out(const struct online_session *s)
{
	return s->valid_until_us && s->valid_until_us <= store_now(s->queue->store);
}

static bool session_waits(struct online_session *s, struct flight *f)
{
	struct online *o = s->queue->online;

	s->link = f->link;
	switch (s->state) {
	case ONLINE_ASKED:
		if (s->writing)
			return true;
		if (s->buffered)
			return false;
		if (s->doubt || !o->up)
			online_outage(s, f);
		return true; /* else the answer, or the write, finds the flight */
	case ONLINE_GRANTED:
		if (!ran_out(s) || f->sending) /* what may have been sent is settled as it ends */
			return false;
		online_settle(s, 0); /* decided anew before a shorter validity ends (store.md 2) */
		break;
	case ONLINE_FREE:
		return false;
	case ONLINE_DENIED:
		online_deny(s, f);
		return true;
	default:
		break;
	}
	online_put_off(s->queue, f, USEC_PER_SEC, "an earlier reservation of it is being settled");
	return true;
}

bool queue_online_waits(struct queue *q, struct flight *f)
{
	struct charge_payer payer;
	struct online *o = q->online;

	if (!o || !f->held || !f->decoded)
		return false;
	struct online_session *s = online_find(q, f->id);
	q->charge->payer(q->charge->owner, &f->message, &payer);
	if (!s && !payer.online)
		return false;
	if (!o->loaded)
		online_put_off(q, f, USEC_PER_SEC, "the sessions with the charging system are being read");
	else if (s)
		return session_waits(s, f);
	else
		begin(q, f, &payer);
	return true;
}

bool queue_online_is_free(const struct queue *q, struct message_id id)
{
	const struct online_session *s = online_find(q, id);

	return s && s->state == ONLINE_FREE;
}

/* --- connections ---------------------------------------------------------------------------------------------- */

/* What the role had may have left. */
static void forget_asked(void *owner, struct flight_node *node)
{
	struct online_session *s = (struct online_session *)node;

	(void)owner;
	if (!s->asked)
		return;
	s->asked = false;
	s->again = true;
	if (s->state == ONLINE_ASKED)
		online_doubtful(s);
}

bool queue_online_link_record(struct queue *q, unsigned edge, struct ipc_record *record)
{
	struct online *o = q->online;
	struct ipc_credit_link l;

	if (!o || !ipc_get_credit_link(&record->body, &l))
		return false;
	o->edge = edge;
	o->generation = q->edges[edge].generation;
	o->connected = true;
	if (o->up != l.up)
		LOGN(LOG_BILLING, NULL, "the charging system is %s: %.*s", l.up ? "there" : "away",
		     TEXT_ARGS(l.detail));
	o->up = l.up;
	return true;
}

void queue_online_lost(struct queue *q, unsigned edge)
{
	struct online *o = q->online;

	if (!o || !o->connected || o->edge != edge)
		return;
	o->connected = o->up = false;
	flight_each(&o->sessions, forget_asked, NULL);
}

/* --- the clockwork -------------------------------------------------------------------------------------------- */

static void give_back_in_time(struct online_session *s, int64_t now_us)
{
	struct flight *f = s->state == ONLINE_ASKED && !s->buffered ? online_flight(s) : NULL;

	if (f && f->lease_until_us - now_us < LEASE_LEFT_US)
		online_put_off(s->queue, f, USEC_PER_SEC, in_doubt);
}

static void tick_one(void *owner, struct flight_node *node)
{
	struct online_session *s = (struct online_session *)node;
	const int64_t *now_us = owner;

	if (s->dirty) {
		if (s->state == ONLINE_GONE)
			online_delete(s);
		else
			online_save(s, s->then);
		return;
	}
	if (!s->asked && !s->writing && (s->state == ONLINE_ASKED || s->state == ONLINE_SETTLING))
		online_ask(s);
	give_back_in_time(s, *now_us);
	if (s->state < ONLINE_SETTLING && !s->ended && !s->looking && s->look_us <= *now_us &&
	    !flight_find(&s->queue->flights, s->id.octets))
		online_look(s);
}

void queue_online_tick(struct queue *q)
{
	struct online *o = q->online;

	if (!o || q->stopping)
		return;
	int64_t now = store_now(q->store);
	if (!o->loaded)
		online_load(o);
	flight_each(&o->sessions, tick_one, &now);
}

/* --- life ----------------------------------------------------------------------------------------------------- */

static struct online *online_new(struct queue *q)
{
	struct online *o = must_alloc(sizeof(*o));

	o->queue = q;
	o->next_end = random_below(UINT32_MAX);
	flight_table_init(&o->sessions);
	flight_table_init(&o->payers);
	o->reserved =
		counter_get(COUNTER_COUNT, "online_sessions_total", NULL, "Sessions with the charging system begun");
	o->denied = counter_get(COUNTER_COUNT, "online_denied_total", NULL, "Deliveries that it denied");
	o->waits = counter_get(COUNTER_COUNT, "online_waits_total", NULL,
			       "Times that a delivery was put off because it did not answer");
	o->buffered = counter_get(COUNTER_COUNT, "online_buffered_total", NULL,
				  "Deliveries sent without a grant, by `outage buffer`");
	o->lost = counter_get(COUNTER_COUNT, "online_lost_total", NULL, "... that were not granted afterwards");
	o->differences = counter_get(COUNTER_COUNT, "online_differences_total", NULL,
				     "Settlements that it refused: to be reconciled");
	o->open = counter_get(COUNTER_GAUGE, "online_sessions", NULL, "Sessions that are open");
	o->in_doubt = counter_get(COUNTER_GAUGE, "online_in_doubt", NULL, "... whose reservation has no answer");
	o->exposure = counter_get(COUNTER_GAUGE, "online_exposure_micros", NULL,
				  "Price of what was sent without a grant and is not granted yet, 10^-6 units");
	counter_set(o->open, 0);
	counter_set(o->in_doubt, 0);
	counter_set(o->exposure, 0);
	return o;
}

void queue_online_switch(struct queue *q)
{
	struct charge_online rules = { 0 };

	if (q->charge && q->charge->online)
		q->charge->online(q->charge->owner, &rules);
	if (!q->online) {
		q->online = q->charge && q->charge->online ? online_new(q) : NULL;
		if (!q->online)
			return;
		online_load(q->online);
	}
	q->online->rules = rules;
}

static void free_node(void *owner, struct flight_node *node)
{
	flight_remove(owner, node);
	free(node);
}

void queue_online_free(struct queue *q)
{
	struct online *o = q->online;

	if (!o)
		return;
	flight_each(&o->sessions, free_node, &o->sessions);
	flight_each(&o->payers, free_node, &o->payers);
	flight_table_clear(&o->sessions);
	flight_table_clear(&o->payers);
	free(o);
	q->online = NULL;
}
