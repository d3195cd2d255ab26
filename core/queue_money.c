/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The money of a delivery on its way: the charge with its accept, the permit with its hand-out, the end with its
 * finish. The store commits each together with the message (B14). */
#include "core/base/clock.h"
#include "core/base/log.h"
#include "core/queue_internal.h"
#include "core/queue_online.h"

#define AFTER_DEADLINE_US (3600 * USEC_PER_SEC)

void queue_charge(struct queue *q, const struct charge_port *port)
{
	q->charge = port;
}

/* --- accept --------------------------------------------------------------------------------------------------- */

static struct queue_money *money_of(struct arena *arena, struct store_accept *accept, struct queue_money **money)
{
	if (*money)
		return *money;
	struct queue_money *m = arena_alloc(arena, sizeof(*m));
	m->decisions = arena_alloc(arena, accept->deliveries_count * sizeof(*m->decisions));
	m->charges = arena_alloc(arena, accept->deliveries_count * sizeof(*m->charges));
	accept->charges = m->charges;
	*money = m;
	return m;
}

struct text queue_wake_of(enum route_wake wake, struct text number, struct arena *arena)
{
	return text_of(arena_printf(arena, "%s:%.*s", route_wake_name(wake), TEXT_ARGS(number)));
}

struct text queue_wake_recipient(struct text number, struct arena *arena)
{
	return queue_wake_of(WAKE_RECIPIENT_ON, number, arena);
}

struct text queue_flight_bearer(const struct flight *f)
{
	return f->bearer.len ? f->bearer : QUEUE_BEARER;
}

/* Beyond the delivery's deadline and a lease that began just before it. */
int64_t queue_hold_until(const struct queue *q, int64_t deadline_us)
{
	return deadline_us + 2 * q->rules.lease_us + AFTER_DEADLINE_US;
}

static void put_on_hold(struct queue *q, struct arena *arena, const struct message *m,
			const struct queue_decision *decision, struct message_id id, struct store_new_delivery *d)
{
	struct text *keys = arena_alloc(arena, (ROUTE_WAKE_COUNT + 1) * sizeof(*keys));
	char text[MESSAGE_ID_TEXT_SIZE];

	d->on_hold = true;
	d->hold_until_us = d->deadline_us;
	d->wake_keys = keys;
	/* Whatever it waits for, it goes for nothing when the recipient comes. */
	if (q->rcs && !(decision->route.wakes & WAKE_BIT(WAKE_RECIPIENT_ON)))
		keys[d->wake_keys_count++] = queue_wake_recipient(d->recipient, arena);
	for (unsigned i = 0; i < ROUTE_WAKE_COUNT; i++) {
		if (!(decision->route.wakes & WAKE_BIT(i)))
			continue;
		const char *name = route_wake_name((enum route_wake)i);
		if (i == WAKE_PRICE)
			keys[d->wake_keys_count++] = text_of(name);
		else if (i == WAKE_RECIPIENT_ON)
			keys[d->wake_keys_count++] = queue_wake_recipient(d->recipient, arena);
		else if (i == WAKE_SENDER_ON || i == WAKE_ROAMING_END)
			keys[d->wake_keys_count++] = queue_wake_of(i, m->sender, arena);
		else
			keys[d->wake_keys_count++] =
				text_of(arena_printf(arena, "%s:%s", name, message_id_text(id, text)));
	}
	counter_add(q->count.held, 1);
}

enum result queue_money_plan(struct queue *q, struct arena *arena, const struct message *m, struct store_accept *accept,
			     unsigned i, struct queue_money **money, const char **why_out)
{
	struct store_new_delivery *d = &accept->deliveries[i];
	struct message_id id = message_id_delivery(accept->id, (uint16_t)(i + 1));
	struct queue_decision *decision = &money_of(arena, accept, money)->decisions[i];

	queue_decide(q, m, d->recipient, ANSWER_NONE, id, arena, decision);
	if (decision->route.outcome == ROUTE_RCS_DEFERRED)
		d->bearer = QUEUE_RCS;
	if (decision->route.outcome == ROUTE_HOLD || decision->route.outcome == ROUTE_RCS_DEFERRED) {
		put_on_hold(q, arena, m, decision, id, d);
		return OK;
	}
	if (decision->route.outcome == ROUTE_RCS) {
		d->route = q->rcs->name;
		d->bearer = QUEUE_RCS;
		return OK;
	}
	struct text bearer = QUEUE_BEARER;
	if (decision->route.outcome == ROUTE_MMS) {
		bearer = QUEUE_MMS;
		d->route = q->rcs->name;
		d->bearer = bearer;
	} else if (decision->route.outcome != ROUTE_SMS) {
		counter_add(q->count.rejected, 1);
		*why_out = arena_cstring(arena, decision->explain);
		return ERR_DENIED;
	}
	if (decision->has_price &&
	    q->charge->charge(q->charge->owner, &decision->payer, &decision->price, bearer, (uint16_t)(i + 1),
			      accept->accepted_us, queue_hold_until(q, d->deadline_us), arena,
			      &(*money)->charges[accept->charges_count]))
		accept->charges_count++;
	return OK;
}

struct octets queue_money_trail(const struct queue_money *money, unsigned i, int64_t now_us, struct octets first,
				struct arena *arena)
{
	const struct queue_decision *d = &money->decisions[i];

	if (!d->route.rule)
		return first;
	bool held = d->route.outcome == ROUTE_HOLD || d->route.outcome == ROUTE_RCS_DEFERRED;
	enum trail_code code = held ? TRAIL_HELD : TRAIL_DECIDED;
	struct octets e = queue_event(arena, now_us, code, text_of(route_rule_name(d->route.rule)), d->explain);
	uint8_t *both = arena_alloc(arena, first.len + e.len);
	memcpy(both, first.at, first.len);
	memcpy(both + first.len, e.at, e.len);
	return (struct octets){ both, first.len + e.len };
}

/* --- no credit ------------------------------------------------------------------------------------------------ */

struct credit_look {
	struct queue *queue;
	struct arena *arena;
	struct queue_decision decision;
	int64_t total;
	struct store_account account;
	queue_money_told told;
	void *owner;
};

static struct text amount_text(struct credit_look *l, int64_t micros)
{
	return queue_money_text(l->queue->charge, micros, l->decision.price.currency, l->arena);
}

static void balance_found(struct store_request *r)
{
	struct credit_look *l = r->owner;
	const struct store_account *a = &l->account;

	queue_asked_done(l->queue);
	if (r->answer != STORE_DONE) {
		l->told(l->owner, "the balance does not allow it");
		return;
	}
	int64_t available = a->posted_out + a->credit - a->held_out;
	struct text price = amount_text(l, l->total), have = amount_text(l, available);
	struct text missing = amount_text(l, l->total - available);
	l->told(l->owner,
		arena_printf(l->arena,
			     "no credit: the message costs %.*s, account %.*s has %.*s; a top-up of %.*s or "
			     "more permits it",
			     TEXT_ARGS(price), TEXT_ARGS(l->decision.payer.name), TEXT_ARGS(have), TEXT_ARGS(missing)));
}

void queue_money_no_credit(struct queue *q, struct arena *arena, const struct queue_money *money,
			   const struct store_accept *accept, queue_money_told told, void *owner)
{
	struct credit_look *l = arena_alloc(arena, sizeof(*l));

	l->queue = q;
	l->arena = arena;
	l->told = told;
	l->owner = owner;
	l->decision = money->decisions[0];
	for (unsigned i = 0; i < accept->charges_count; i++)
		l->total += accept->charges[i].amount;
	for (unsigned i = 0; i < accept->deliveries_count; i++) {
		if (money->decisions[i].has_price)
			l->decision = money->decisions[i];
	}
	l->account.arena = arena;
	memcpy(l->account.id, l->decision.payer.account_id, sizeof(l->account.id));
	counter_add(q->count.no_credit, 1);
	queue_ask_store(q, &l->account.base, STORE_ACCOUNT_GET, balance_found, l);
}

/* --- hand-out ------------------------------------------------------------------------------------------------- */

/*
 * B1. Without a hold a delivery goes free when a decision found it so, when it was accepted for this kind of link
 * before anything was priced, or when nobody pays for it. One that was meant for an application and then found another
 * link has no quote: it waits, unsent.
 */
static bool may_go_free(struct queue *q, const struct flight *f)
{
	struct reader r = reader_of(f->trail.at, f->trail.len);
	struct trail_event e;
	struct charge_payer payer;

	while (trail_take(&r, &e)) {
		if (e.code == TRAIL_DECIDED)
			return queue_link_priced(e.detail);
	}
	q->charge->payer(q->charge->owner, &f->message, &payer);
	return !payer.pays;
}

struct text queue_money_permit(struct queue *q, const struct flight *f, int64_t not_after_us,
			       uint8_t room[QUEUE_PERMIT_MAX])
{
	struct writer w = writer_of(room, QUEUE_PERMIT_MAX);
	if (!f->held && !may_go_free(q, f))
		return (struct text){ 0 };
	struct charge_permit p = { .delivery = f->id,
				   .bearer = queue_flight_bearer(f),
				   .attempt = f->attempt,
				   .epoch = f->epoch,
				   .units = f->units,
				   .price = f->held,
				   .not_after_us = not_after_us };

	if (!p.units)
		p.units = q->charge->units(q->charge->owner, &f->message);
	q->charge->permit(&w, &p);
	return text_range((const char *)room, writer_ok(&w) ? writer_len(&w) : 0);
}

/* --- the end -------------------------------------------------------------------------------------------------- */

void queue_money_finish(struct queue *q, struct flight *f, struct store_finish *c)
{
	struct charge_end end = q->charge->finish(c->outcome, f->held);
	if (queue_online_is_free(q, f->id))
		end = (struct charge_end){ 0 };
	struct arena *arena = f->holder->arena;
	const char *word = end.post ? "posted" : "nothing is charged";

	c->post = end.post;
	c->amount = end.amount;
	if (end.operator_bears)
		word = "in doubt at its end: the operator bears it";
	char amount[40];
	struct writer w = writer_of(amount, sizeof(amount));
	q->charge->put_amount(&w, end.amount);
	struct text detail = text_of(word);
	if (end.post)
		detail = text_of(arena_printf(arena, "posted %.*s", (int)writer_len(&w), amount));
	struct octets e = queue_event(arena, store_now(q->store), TRAIL_CHARGED, (struct text){ 0 }, detail);
	uint8_t *both = arena_alloc(arena, c->trail.len + e.len);
	memcpy(both, c->trail.at, c->trail.len);
	memcpy(both + c->trail.len, e.at, e.len);
	c->trail = (struct octets){ both, c->trail.len + e.len };
}

/* The rule that sent it. */
static void read_trail(struct octets octets, struct charge_record *r)
{
	struct reader trail = reader_of(octets.at, octets.len);
	struct trail_event e;

	while (trail_take(&trail, &e)) {
		if (e.code == TRAIL_DECIDED && e.rule.len > 1 && e.rule.at[0] == 'R')
			r->rule = e.rule;
	}
}

static struct charge_record record_of(const struct message *m, const struct store_row *row, enum store_outcome outcome,
				      int64_t now_us)
{
	struct charge_record r = { .message = m,
				   .id = row->id,
				   .recipient = row->recipient,
				   .bearer = row->bearer,
				   .outcome = outcome,
				   .payer_id = row->payer_id,
				   .attempts = row->attempt,
				   .units = row->charge_units,
				   .accepted_us = row->accepted_us,
				   .expires_us = row->expires_us,
				   .now_us = now_us,
				   .currency = row->currency,
				   .version = row->charge_version,
				   .posted = row->charge_posted,
				   .operator_bears = outcome == OUTCOME_UNKNOWN && row->currency.len };
	read_trail(row->trail, &r);
	return r;
}

struct text queue_money_refund_cdr(const struct charge_port *port, const struct message *m, const struct store_row *row,
				   int64_t amount, struct text reason, int64_t now_us, struct arena *arena)
{
	struct charge_record r = record_of(m, row, row->outcome, now_us);

	return port->refund_cdr(port->owner, &r, amount, reason, arena);
}

struct text queue_money_cdr(const struct charge_port *port, const struct message *m, const struct store_row *row,
			    enum store_outcome outcome, int64_t now_us, struct arena *arena)
{
	struct charge_record r = record_of(m, row, outcome, now_us);

	/* B18: the record of an end that changed adds only what an earlier one did not tell. */
	if (row->ended_before) {
		r.again = true;
		r.posted = 0;
	}
	return port->cdr(port->owner, &r, arena);
}
