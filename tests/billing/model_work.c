/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a worker does with a delivery: claim it, decide, spend the permit, send, hear the answer. See model_world.h. */
#include "tests/billing/model_step.h"

static enum model_bearer bearer_of(struct text name)
{
	return text_is(name, "rcs") ? MODEL_RCS : text_is(name, "sms") ? MODEL_SMS : MODEL_MMS;
}

bool model_claim(struct model_world *x, unsigned arg)
{
	struct model_try *t = &x->tries[arg % MODEL_WORKERS];
	unsigned u = arg / MODEL_WORKERS;
	struct store_claim c = { .arena = x->w.arena,
				 .route = model_route(x, u),
				 .worker = TEXT_LITERAL("w"),
				 .lease_us = MODEL_LEASE,
				 .margin_us = MODEL_MARGIN,
				 .limit = 1 };

	if (!x->m.d[u].exists)
		return false;
	assert_int_equal(DO(&x->w, &c, STORE_CLAIM), STORE_DONE);
	if (!c.rows_count_out)
		return false;
	const struct store_row *row = c.rows_out;
	*t = (struct model_try){ .busy = true,
				 .doubt = row->doubt,
				 .u = u,
				 .epoch = row->epoch,
				 .attempt = row->attempt,
				 .lease = row->lease_us,
				 .end_monotonic = x->monotonic_us + MODEL_LEASE,
				 .held = row->has_charge ? row->charge_amount : 0,
				 .bearer = bearer_of(row->bearer),
				 .armed = bearer_of(row->bearer),
				 .has_trail = trail_count(row->trail.at, row->trail.len) > 0 };
	const struct model_event e = { .kind = EVENT_CLAIM,
				       .u = u,
				       .epoch = row->epoch,
				       .attempt = row->attempt,
				       .lease = row->lease_us,
				       .bearer = t->bearer };
	model_event(&x->m, &e);
	return true;
}

/* --- the decision ---------------------------------------------------------------------------------------------------
 */

static struct route_facts facts_of(const struct model_world *x, const struct model_try *t)
{
	unsigned kind = t->u % 4;
	bool mms = t->armed == MODEL_MMS;
	bool rcs = kind == 1 || kind == 3;

	return (struct route_facts){
		.sender = rcs ? SENDER_ON : SENDER_NO,
		.recipient = rcs && !x->of[t->u].closed ? RECIPIENT_ON : RECIPIENT_NO,
		.content = mms ? CONTENT_FILE : CONTENT_TEXT,
		.charge_class = kind == 3 ? CLASS_PACKET : CLASS_PACKET_THEN_PAID,
		.sms_fit = mms ? FIT_NONE : FIT_OK,
		.mms_fit = FIT_OK,
		.consent = kind == 3   ? CONSENT_NEVER
			   : kind == 2 ? CONSENT_NOT_WHEN_ROAMING
				       : CONSENT_ALWAYS,
		.price = quote_price_fact(&x->of[t->u].quote, mms ? TEXT_LITERAL("mms") : TEXT_LITERAL("sms"),
					  100 * MODEL_YEN),
		.attempt = ATTEMPT_NONE,
		.e2ee = kind == 3,
		.rcs_fits = true,
		.roaming = x->roaming && x->fault != FAULT_R9_6_ROAMING,
	};
}

/* The bearer to use now; false = put it on HOLD. A repeat from doubt is no new decision. */
static bool choose(const struct model_world *x, const struct model_try *t, enum model_bearer *out)
{
	struct route_facts facts = facts_of(x, t);
	struct route_decision d;

	*out = t->armed;
	if (x->fault == FAULT_R9_3_RCS_OPEN && t->u % 4 == 1 && t->doubt)
		*out = MODEL_SMS;
	if (x->fault == FAULT_B8_OTHER_BEARER && t->u % 4 == 0 && t->doubt)
		*out = MODEL_MMS;
	if (t->doubt) /* not again while roaming: who may have been sent it stays in doubt */
		return t->u % 4 != 2 || !facts.roaming;
	if (t->u % 4 == 3 && (x->fault == FAULT_R9_2_PACKET_PAID || x->fault == FAULT_R9_9_ENCRYPTED_PAID)) {
		*out = MODEL_SMS;
		return true;
	}
	if (t->armed == MODEL_MMS && x->fault == FAULT_B1_UNQUOTED_BEARER)
		return true;
	if (t->u % 4 == 0 && x->fault == FAULT_R9_7_SENT_BEFORE_STORED)
		*out = MODEL_MMS;
	route_decide(&facts, &d);
	switch (d.outcome) {
	case ROUTE_RCS:
		return t->armed == MODEL_RCS;
	case ROUTE_SMS:
		return t->armed == MODEL_SMS && *out != MODEL_RCS;
	case ROUTE_MMS:
		return t->armed == MODEL_MMS;
	default:
		return false;
	}
}

/* --- the permit ------------------------------------------------------------------------------------------------------
 */

static struct permit *permit_for(const struct model_world *x, const struct model_try *t, enum model_bearer bearer,
				 int64_t units)
{
	struct permit_terms terms;
	bool forge = x->fault == FAULT_R9_5_GROWN || x->fault == FAULT_R9_2_PACKET_PAID ||
		     (x->fault == FAULT_B1_UNQUOTED_BEARER && units == 1);

	if (!ledger_permit_terms(&x->of[t->u].quote, model_delivery_id(t->u), model_bearer_name(bearer), units,
				 t->attempt, t->epoch, t->end_monotonic, &terms)) {
		if (!forge)
			return NULL;
		terms = (struct permit_terms){
			model_delivery_id(t->u), model_bearer_name(bearer), t->attempt, t->epoch, units,
			3 * MODEL_YEN,		 t->end_monotonic
		};
	}
	return permit_mint(&terms);
}

/* Spends it as a bearer does, and tries what must not work. */
static bool spend(struct model_world *x, const struct model_try *t, struct permit *permit, struct model_event *e)
{
	struct message_id id = model_delivery_id(t->u), wrong = model_delivery_id(t->u ^ 1);
	struct text bearer = model_bearer_name(e->bearer);

	e->permit_other = permit_use(permit, wrong, bearer, e->units, x->monotonic_us) == OK ||
			  permit_use(permit, id, TEXT_LITERAL("sat"), e->units, x->monotonic_us) == OK ||
			  permit_use(permit, id, bearer, e->units + 1, x->monotonic_us) == OK;
	e->permit = permit_use(permit, id, bearer, e->units, x->monotonic_us) == OK;
	e->late = x->monotonic_us > t->end_monotonic;
	e->permit_twice =
		permit_use(permit, id, bearer, e->units, x->monotonic_us) == OK || x->fault == FAULT_R9_1_PERMIT_AGAIN;
	return e->permit;
}

static int64_t price_of(const struct model_world *x, unsigned u, enum model_bearer bearer)
{
	const struct quote_line *line = quote_covers(&x->of[u].quote, model_bearer_name(bearer), 1, 0);

	return bearer == MODEL_RCS ? 0 : line ? line->total : 3 * MODEL_YEN;
}

static bool park(struct model_world *x, struct model_try *t)
{
	struct text key = TEXT_LITERAL("k");
	struct model_event e = { .kind = EVENT_PARK, .u = t->u, .epoch = t->epoch };
	struct store_hold h = { .id = model_delivery_id(t->u),
				.epoch = t->epoch,
				.until_us = x->m.now + MODEL_HOUR,
				.keys = &key,
				.keys_count = 1,
				.trail = model_trail(x) };

	e.answer = (enum model_answer)DO(&x->w, &h, STORE_HOLD);
	model_event(&x->m, &e);
	t->busy = false;
	return true;
}

bool model_send(struct model_world *x, unsigned worker)
{
	struct model_try *t = &x->tries[worker];
	struct model_event e = { .kind = EVENT_SEND,
				 .u = t->u,
				 .epoch = t->epoch,
				 .attempt = t->attempt,
				 .armed = t->armed,
				 .has_trail = t->has_trail,
				 .units = x->grown ? 2 : 1 };
	struct permit *permit = NULL;
	bool free_of_charge;

	if (!t->busy || t->sent)
		return false;
	bool go = choose(x, t, &e.bearer);
	free_of_charge = e.bearer == MODEL_RCS;
	e.price = price_of(x, t->u, e.bearer);
	if (go && !free_of_charge)
		permit = permit_for(x, t, e.bearer, e.units);
	if (!t->doubt && (!go || (!free_of_charge && !permit)))
		return park(x, t);
	if (x->fault == FAULT_R9_4_TWO_IN_FLIGHT && t->doubt)
		e.attempt++;
	bool send = go && (free_of_charge || (permit && spend(x, t, permit, &e)));
	if (x->fault == FAULT_B21_NO_PERMIT && go) {
		e.permit = false;
		send = true;
	}
	permit_free(&permit);
	if (!send)
		t->busy = false;
	if (!send)
		return true;
	t->sent = true;
	t->bearer = e.bearer;
	model_event(&x->m, &e);
	return true;
}

/* --- answers
 * ---------------------------------------------------------------------------------------------------------- */

static void finish(struct model_world *x, struct model_try *t, enum store_outcome outcome)
{
	struct ledger_end end = ledger_finish(outcome, price_of(x, t->u, t->bearer), t->held);
	const struct store_wire wire = { text_of(arena_printf(x->w.arena, "w%u", t->u)), 1 };
	struct store_finish *f = world_finish_request(&x->w, model_delivery_id(t->u), t->epoch, outcome);
	struct model_event e = { .kind = EVENT_FINISH,
				 .u = t->u,
				 .epoch = t->epoch,
				 .end = (enum model_end)outcome,
				 .post = end.post,
				 .amount = end.amount };

	f->post = end.post;
	f->amount = end.amount;
	f->wires = &wire;
	f->wires_count = outcome == OUTCOME_SENT;
	f->await_until_us = e.lease = outcome == OUTCOME_SENT ? x->m.now + 2 * MODEL_HOUR : 0;
	f->cdr = model_record(x->w.arena, t->u, end.post ? end.amount : 0);
	f->trail = model_trail(x);
	world_do(&x->w, &f->base, STORE_FINISH);
	if (x->fault == FAULT_B13_FENCE_OFF && f->base.refusal == STORE_STALE_EPOCH) {
		f->epoch = x->m.d[t->u].epoch;
		world_do(&x->w, &f->base, STORE_FINISH);
	}
	e.answer = (enum model_answer)f->base.answer;
	model_event(&x->m, &e);
}

bool model_yes(struct model_world *x, unsigned worker)
{
	struct model_try *t = &x->tries[worker];

	if (!t->sent)
		return false;
	finish(x, t, OUTCOME_SENT);
	return true;
}

/* Refused there: another bearer of the quote is left, or RCS is proved closed. */
static void release(struct model_world *x, struct model_try *t, enum model_bearer next)
{
	struct model_event e = { .kind = EVENT_RELEASE, .u = t->u, .epoch = t->epoch };
	struct store_release r = { .id = model_delivery_id(t->u),
				   .epoch = t->epoch,
				   .due_us = x->m.now,
				   .route = model_route(x, t->u),
				   .bearer = model_bearer_name(next),
				   .trail = model_trail(x) };

	e.answer = (enum model_answer)DO(&x->w, &r, STORE_RELEASE);
	model_event(&x->m, &e);
	if (e.answer == MODEL_DONE) {
		x->of[t->u].closed = x->of[t->u].closed || t->bearer == MODEL_RCS;
		x->of[t->u].refused = x->of[t->u].refused || t->bearer == MODEL_SMS;
	}
}

bool model_no(struct model_world *x, unsigned worker)
{
	struct model_try *t = &x->tries[worker];

	if (!t->sent)
		return false;
	if (t->u % 4 == 0 && t->bearer == MODEL_SMS)
		release(x, t, MODEL_MMS);
	else if (t->u % 4 == 1 && t->bearer == MODEL_RCS)
		release(x, t, MODEL_RCS);
	else
		finish(x, t, OUTCOME_REFUSED);
	return true;
}

bool model_silent(struct model_world *x, unsigned worker)
{
	struct model_try *t = &x->tries[worker];
	struct model_event e = { .kind = EVENT_DOUBT, .u = t->u, .epoch = t->epoch };
	struct store_in_doubt d = {
		.id = model_delivery_id(t->u), .epoch = t->epoch, .due_us = x->m.now, .trail = model_trail(x)
	};

	if (!t->sent)
		return false;
	e.answer = (enum model_answer)DO(&x->w, &d, STORE_IN_DOUBT);
	model_event(&x->m, &e);
	return true;
}

bool model_die(struct model_world *x, unsigned worker)
{
	if (!x->tries[worker].busy)
		return false;
	x->tries[worker] = (struct model_try){ 0 };
	return true;
}
