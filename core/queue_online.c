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
#define LATER_US (60 * USEC_PER_SEC)	 /* after a fault that is not the payer's */
#define LEASE_LEFT_US (2 * USEC_PER_SEC) /* a flight that still waits is given back before its lease ends */
#define NOTED_ATTEMPTS 3		 /* later ones of an outage do not lengthen the timeline */

static const char no_link[] = "the charging system is not connected: priced messages wait";
static const char in_doubt[] = "the charging system does not answer: priced messages of this payer wait";

/* --- the tables ----------------------------------------------------------------------------------------------- */

struct online_session *online_find(const struct queue *q, struct message_id id)
{
	return q->online ? (struct online_session *)flight_find(&q->online->sessions, id.octets) : NULL;
}

static struct text keep(struct writer *w, struct text t)
{
	char *at = (char *)w->at;

	writer_text(w, t);
	return text_range(at, t.len);
}

struct online_session *online_session_new(struct online *o, const struct online_session *from)
{
	size_t room = from->session.len + from->subscriber.len + from->sender.len + from->recipient.len;
	struct online_session *s = must_alloc(sizeof(*s) + room + 1);
	struct writer w = writer_of(s + 1, room + 1);

	*s = *from;
	s->queue = o->queue;
	s->session = keep(&w, from->session);
	s->subscriber = keep(&w, from->subscriber);
	s->sender = keep(&w, from->sender);
	s->recipient = keep(&w, from->recipient);
	memcpy(s->node.key, s->id.octets, MESSAGE_ID_SIZE);
	flight_add(&o->sessions, &s->node);
	counter_set(o->open, o->sessions.count);
	return s;
}

void online_session_remove(struct online_session *s)
{
	struct online *o = s->queue->online;

	online_set_doubt(s, false);
	online_set_buffered(s, false);
	flight_remove(&o->sessions, &s->node);
	counter_set(o->open, o->sessions.count);
	free(s);
}

uint32_t online_end_to_end(struct online *o)
{
	/* RFC 6733 3: 12 bits of time, 20 that differ, also over a restart. */
	uint32_t seconds = (uint32_t)(store_now(o->queue->store) / USEC_PER_SEC);

	return (seconds & 0xfffu) << 20 | (o->next_end++ & 0xfffffu);
}

static struct online_payer *payer_of(struct online *o, const uint8_t id[16])
{
	struct online_payer *p = (struct online_payer *)flight_find(&o->payers, id);

	if (p)
		return p;
	p = must_alloc(sizeof(*p));
	memcpy(p->node.key, id, sizeof(p->node.key));
	flight_add(&o->payers, &p->node);
	return p;
}

/* NULL: more currencies than anybody has. */
static struct online_currency *currency_of(struct online *o, const char currency[CHARGE_CURRENCY_SIZE])
{
	for (unsigned i = 0; i < ONLINE_CURRENCIES; i++) {
		struct online_currency *c = &o->currencies[i];
		if (!c->currency[0])
			memcpy(c->currency, currency, CHARGE_CURRENCY_SIZE);
		if (!memcmp(c->currency, currency, CHARGE_CURRENCY_SIZE))
			return c;
	}
	return NULL;
}

void online_set_doubt(struct online_session *s, bool doubt)
{
	struct online *o = s->queue->online;

	if (s->doubt == doubt)
		return;
	s->doubt = doubt;
	payer_of(o, s->payer)->doubts += doubt ? 1u : -1u;
	o->doubts += doubt ? 1 : -1;
	counter_set(o->in_doubt, o->doubts); /* the page outlives a process: never added to */
}

void online_set_buffered(struct online_session *s, bool buffered)
{
	struct online *o = s->queue->online;
	int64_t amount = buffered ? s->amount : -s->amount;
	struct online_currency *c = currency_of(o, s->currency);

	if (s->buffered == buffered)
		return;
	s->buffered = buffered;
	payer_of(o, s->payer)->exposure += amount;
	if (c)
		c->exposure += amount;
	o->exposure_sum += amount;
	counter_set(o->exposure, o->exposure_sum);
}

/* B20: within both limits, and never a sum that cannot be told. */
static bool may_buffer(struct online *o, const uint8_t payer[16], const char *currency, int64_t amount)
{
	const struct online_currency *c = currency_of(o, currency);

	if (!o->rules.buffer || !c || amount > o->rules.exposure_payer)
		return false;
	return payer_of(o, payer)->exposure <= o->rules.exposure_payer - amount &&
	       c->exposure <= o->rules.exposure_all - amount;
}

/* --- flights -------------------------------------------------------------------------------------------------- */

static struct flight *waiting_flight(const struct online_session *s)
{
	struct flight *f = (struct flight *)flight_find(&s->queue->flights, s->id.octets);

	return f && !f->settling ? f : NULL;
}

void online_go(struct online_session *s)
{
	struct flight *f = waiting_flight(s);

	if (f)
		queue_flight_go(s->queue, f, f->sending);
}

static void put_off(struct queue *q, struct flight *f, int64_t wait_us, const char *why)
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

static void put_off_for_outage(struct queue *q, struct flight *f)
{
	put_off(q, f, outage_wait(f), q->online->up ? in_doubt : no_link);
}

/* A session without an answer: it goes within the limits, or waits. */
static void outage(struct online_session *s, struct flight *f)
{
	struct online *o = s->queue->online;

	if (!may_buffer(o, s->payer, s->currency, s->amount)) {
		put_off_for_outage(s->queue, f);
		return;
	}
	online_set_buffered(s, true);
	counter_add(o->buffered, 1);
	online_save(s, THEN_GO);
}

static void deny(struct online_session *s, struct flight *f)
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
	bool out = !o->up || payer_of(o, payer->account_id)->doubts;

	if (out && !may_buffer(o, payer->account_id, f->currency, f->held)) {
		put_off_for_outage(q, f);
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
			outage(s, f);
		return true; /* else the answer, or the write, finds the flight */
	case ONLINE_GRANTED:
		if (!ran_out(s) || f->sending) /* what may have been sent is settled as it ends */
			return false;
		online_settle(s, 0); /* decided anew before a shorter validity ends (store.md 2) */
		break;
	case ONLINE_FREE:
		return false;
	case ONLINE_DENIED:
		deny(s, f);
		return true;
	default:
		break;
	}
	put_off(s->queue, f, USEC_PER_SEC, "an earlier reservation of it is being settled");
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
		put_off(q, f, USEC_PER_SEC, "the sessions with the charging system are being read");
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

/* --- the other role ------------------------------------------------------------------------------------------- */

void online_ask(struct online_session *s)
{
	struct online *o = s->queue->online;
	struct ipc *ipc = o->connected ? queue_edge_ipc(s->queue, o->edge, o->generation) : NULL;
	bool reserve = s->state == ONLINE_ASKED;

	if (!ipc || !o->up || !ipc_room(ipc) || s->writing || s->asked) {
		struct flight *f = reserve && !s->buffered && !o->up ? waiting_flight(s) : NULL;
		if (f)
			outage(s, f);
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
	if (waiting_flight(s))
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
	if (!went && !waiting_flight(s))
		nudge(s);
}

static void denied(struct online_session *s, const struct ipc_credit_done *d)
{
	struct flight *f = waiting_flight(s);

	counter_add(s->queue->online->denied, 1);
	if (s->buffered) {
		lose(s, d->why);
		return;
	}
	online_set_doubt(s, false);
	s->state = ONLINE_DENIED;
	(void)text_copy(d->why, s->why, sizeof(s->why));
	if (f)
		deny(s, f);
	else
		nudge(s);
}

/* It is open there, with too few units: given back, and denied here. */
static void too_little(struct online_session *s, const struct ipc_credit_done *d)
{
	struct flight *f = s->buffered ? NULL : waiting_flight(s);

	counter_add(s->queue->online->denied, 1);
	if (s->buffered) {
		counter_add(s->queue->online->lost, 1);
		online_settle(s, 0);
		return;
	}
	(void)text_copy(d->why, s->why, sizeof(s->why));
	if (f)
		deny(s, f);
	online_settle(s, 0);
}

static void later(struct online_session *s, const struct ipc_credit_done *d)
{
	struct flight *f = s->buffered ? NULL : waiting_flight(s);
	char why[CREDIT_TEXT_MAX];

	if (s->buffered) {
		lose(s, d->why);
		return;
	}
	(void)text_copy(d->why, why, sizeof(why));
	if (f)
		put_off(s->queue, f, LATER_US, why);
	online_delete(s);
}

static void doubtful(struct online_session *s)
{
	struct flight *f = waiting_flight(s);

	online_set_doubt(s, true);
	if (f && !s->buffered && !s->writing)
		outage(s, f);
}

static void unreached(struct online_session *s)
{
	struct flight *f = s->buffered ? NULL : waiting_flight(s);

	s->asked = false;
	if (s->buffered || s->writing)
		return; /* the clockwork asks when there is a connection */
	if (f && may_buffer(s->queue->online, s->payer, s->currency, s->amount)) {
		outage(s, f);
		return;
	}
	if (f)
		put_off_for_outage(s->queue, f);
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
		doubtful(s);
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
		doubtful(s);
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
	struct flight *f = s->state == ONLINE_ASKED && !s->buffered ? waiting_flight(s) : NULL;

	if (f && f->lease_until_us - now_us < LEASE_LEFT_US)
		put_off(s->queue, f, USEC_PER_SEC, in_doubt);
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
