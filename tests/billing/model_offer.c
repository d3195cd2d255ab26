/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Quotes, accepts and decisions of the model's world. See model_world.h. */
#include "tests/billing/model_step.h"

#define DELIVERY_VALID MODEL_HOUR
#define HOLD_GRACE MODEL_HOUR

static const struct tariff_measure segment[] = { { { "segment", 7 }, 1 } };
static const struct tariff_measure message[] = { { { "message", 7 }, 1 } };
static const uint8_t consent_id[16] = { 77 };
static const uint8_t caps[] = { 1 };

struct text model_bearer_name(enum model_bearer b)
{
	return b == MODEL_RCS ? TEXT_LITERAL("rcs") : b == MODEL_SMS ? TEXT_LITERAL("sms") : TEXT_LITERAL("mms");
}

struct text model_route(struct model_world *x, unsigned u)
{
	return text_of(arena_printf(x->w.arena, "r%u", u));
}

struct octets model_trail(struct model_world *x)
{
	struct writer w = writer_of(arena_alloc(x->w.arena, TRAIL_EVENT_SIZE), TRAIL_EVENT_SIZE);

	trail_put(&w, &(struct trail_event){ x->m.now, TRAIL_DECIDED, TEXT_LITERAL("R"), TEXT_LITERAL("") });
	return (struct octets){ w.start, writer_len(&w) };
}

static void make_quote(struct model_world *x, unsigned u, unsigned version)
{
	const struct quote_bearer sms = { TEXT_LITERAL("sms"), segment, 1 };
	const struct quote_bearer chain[2] = { sms, { TEXT_LITERAL("mms"), message, 1 } };
	struct quote *q = &x->of[u].quote;
	bool both = u % 4 == 0 && x->fault != FAULT_B1_UNQUOTED_BEARER;

	*q = (struct quote){ .given_us = x->m.now, .until_us = x->m.now + MODEL_HOUR };
	memcpy(q->account_id, model_account(false), 16);
	assert_int_equal(quote_make(tariff_version(x->tariff, version),
				    u % 4 ? TEXT_LITERAL("+8110") : TEXT_LITERAL("+8100"), chain, both ? 2 : 1, q),
			 OK);
}

static struct model_terms terms_of(const struct model_world *x, unsigned u, const struct store_charge *c)
{
	struct model_terms t = {
		.version = (int64_t)x->of[u].version,
		.deadline = x->of[u].deadline,
		.pay_on_delivery = u % 4 == 0,
		.packet_only = u % 4 == 3 && x->fault != FAULT_R9_9_ENCRYPTED_PAID,
		.encrypted = u % 4 == 3,
		.home_only = u % 4 == 2,
		.other_consented = x->consented,
	};

	if (u % 4 != 3)
		t.bearers = 1u << MODEL_SMS | (x->of[u].quote.lines_count > 1 ? 1u << MODEL_MMS : 0);
	if (c) {
		t.held = c->amount;
		t.hold_deadline = c->deadline_us;
		t.version = c->version;
	}
	return t;
}

/* The charge of the sender; false where nothing is held. */
static bool charge_of(struct model_world *x, unsigned u, uint16_t recipient, struct store_charge *out)
{
	struct ledger_charge_room *room = arena_alloc(x->w.arena, sizeof(*room));
	const struct ledger_terms terms = {
		.recipient = recipient, .deadline_us = x->of[u].deadline + HOLD_GRACE, .caps = caps, .caps_count = 1
	};

	return ledger_charge(&x->of[u].quote, &terms, room, out);
}

static struct store_charge other_charge(const struct model_world *x, unsigned u, uint16_t recipient)
{
	struct store_charge c = { .recipient = recipient,
				  .kind = 1,
				  .bearers = TEXT_LITERAL("sms"),
				  .currency = TEXT_LITERAL("JPY"),
				  .max_amount = MODEL_YEN,
				  .amount = MODEL_YEN,
				  .version = 1,
				  .units = 1,
				  .given_us = x->m.now,
				  .until_us = x->m.now + MODEL_HOUR,
				  .deadline_us = x->of[u].deadline + HOLD_GRACE,
				  .has_consent = x->fault != FAULT_B16_NOT_ASKED };

	memcpy(c.account_id, model_account(true), 16);
	memcpy(c.consent_id, consent_id, 16);
	return c;
}

static bool is_charged_at_accept(const struct model_world *x, unsigned u)
{
	if (u % 4 == 2 && x->fault == FAULT_B5_HOLD_MISSING)
		return false;
	return u % 4 == 0 || u % 4 == 2 || (u % 4 == 3 && x->fault == FAULT_B17_FREE_IS_CHARGED);
}

static unsigned offer_one(struct model_world *x, unsigned u, struct store_new_delivery *d, struct store_charge *charges,
			  struct model_terms *terms)
{
	uint16_t number = (uint16_t)(u % 2 + 1);
	unsigned n = 0;

	x->of[u] = (struct model_terms_of){ .deadline = x->m.now + DELIVERY_VALID };
	make_quote(x, u, x->version);
	x->of[u].version = x->of[u].quote.version;
	*d = (struct store_new_delivery){ .recipient = TEXT_LITERAL("+81"),
					  .route = model_route(x, u),
					  .bearer =
						  u % 4 == 1 || u % 4 == 3 ? TEXT_LITERAL("rcs") : TEXT_LITERAL("sms"),
					  .due_us = x->m.now,
					  .deadline_us = x->of[u].deadline,
					  .trail = model_trail(x) };
	if (is_charged_at_accept(x, u))
		n += charge_of(x, u, number, &charges[n]);
	*terms = terms_of(x, u, n ? &charges[0] : NULL);
	if (u % 4 == 2 && (x->consented || x->fault == FAULT_B16_NOT_ASKED)) {
		charges[n++] = other_charge(x, u, number);
		terms->other_held = MODEL_YEN;
	}
	return n;
}

static void put(struct model_world *x, unsigned m, bool other_body)
{
	struct model_event e = { .kind = EVENT_ACCEPT, .u = m, .other_body = other_body };
	struct model_terms_of kept[2] = { x->of[2 * m], x->of[2 * m + 1] };
	struct store_new_delivery d[2];
	struct store_charge charges[4];
	unsigned n = 0;
	struct store_accept *a = world_accept_request(&x->w, d, 2);

	for (unsigned i = 0; i < 2; i++)
		n += offer_one(x, 2 * m + i, &d[i], &charges[n], &e.terms[i]);
	a->id = model_message(m);
	a->has_key = true;
	a->key[0] = (uint8_t)(m + 1);
	a->body_hash[0] = other_body;
	a->charges = charges;
	a->charges_count = n;
	e.answer = (enum model_answer)DO(&x->w, a, STORE_ACCEPT);
	e.no_credit = a->base.refusal == STORE_CREDIT;
	e.no_room = a->base.refusal == STORE_CAP;
	if (x->fault == FAULT_B12_ACCEPTED_TWICE && e.answer == MODEL_REPEAT)
		e.answer = MODEL_DONE;
	model_event(&x->m, &e);
	if (a->base.answer != STORE_DONE)
		memcpy(&x->of[2 * m], kept, sizeof(kept));
}

bool model_accept(struct model_world *x, unsigned m)
{
	if (x->m.d[2 * m].exists)
		return false;
	put(x, m, false);
	return true;
}

bool model_accept_again(struct model_world *x, unsigned m)
{
	if (!x->m.d[2 * m].exists)
		return false;
	put(x, m, false);
	return true;
}

bool model_accept_other(struct model_world *x, unsigned m)
{
	if (!x->m.d[2 * m].exists)
		return false;
	put(x, m, true);
	return true;
}

bool model_consent(struct model_world *x, unsigned arg)
{
	struct store_consent c = { .bearers = TEXT_LITERAL("sms"),
				   .max_each = MODEL_YEN,
				   .from_us = WORLD_START,
				   .until_us = FAR,
				   .proof = { "yes", 3 } };

	(void)arg;
	if (x->consented)
		return false;
	memcpy(c.id, consent_id, 16);
	memcpy(c.account_id, model_account(true), 16);
	assert_int_equal(DO(&x->w, &c, STORE_CONSENT_PUT), STORE_DONE);
	x->consented = true;
	return true;
}

/* Out of HOLD with a quote of the version that its message was accepted with. */
bool model_decide(struct model_world *x, unsigned u)
{
	struct model_event e = { .kind = EVENT_DECIDE, .u = u };
	struct store_charge charge;
	unsigned version = x->fault == FAULT_R9_10_NEW_POLICY ? x->version : (unsigned)x->of[u].version - 1;

	if (!x->m.d[u].parked || (u % 4 == 2 && x->roaming && x->fault != FAULT_R9_6_ROAMING))
		return false;
	make_quote(x, u, version);
	assert_true(charge_of(x, u, 1, &charge));
	e.terms[0] = terms_of(x, u, &charge);
	struct store_decide d = { .id = model_delivery_id(u),
				  .epoch = x->m.d[u].epoch,
				  .due_us = x->m.now,
				  .route = model_route(x, u),
				  .bearer = model_bearer_name(x->of[u].refused ? MODEL_MMS : MODEL_SMS),
				  .charge = &charge,
				  .trail = model_trail(x) };
	e.answer = (enum model_answer)DO(&x->w, &d, STORE_DECIDE);
	e.no_credit = d.base.refusal == STORE_CREDIT;
	e.no_room = d.base.refusal == STORE_CAP;
	model_event(&x->m, &e);
	return true;
}
