/* SPDX-License-Identifier: GPL-3.0-or-later */
/* See payer.h. */
#include "tests/store/payer.h"

#define HOUR (3600 * USEC_PER_SEC)

struct payer payer_new(struct world *w, uint8_t number, int64_t balance)
{
	struct payer p = { { number } };
	struct store_account a = { .kind = ACCOUNT_PAYER, .currency = TEXT_LITERAL("JPY") };

	memcpy(a.id, p.id, sizeof(a.id));
	assert_int_equal(DO(w, &a, STORE_ACCOUNT_PUT), STORE_DONE);
	if (balance)
		assert_int_equal(payer_fund(w, &p, (uint8_t)(100 + number), balance), STORE_DONE);
	return p;
}

enum store_answer payer_fund(struct world *w, const struct payer *p, uint8_t key, int64_t amount)
{
	struct store_fund f = {
		.key = { key }, .currency = TEXT_LITERAL("JPY"), .amount = amount, .cdr = TEXT_LITERAL("{\"fund\":1}")
	};

	memcpy(f.account_id, p->id, sizeof(f.account_id));
	return DO(w, &f, STORE_FUND);
}

struct store_account payer_account(struct world *w, const struct payer *p)
{
	struct store_account a = { .arena = w->arena };

	memcpy(a.id, p->id, sizeof(a.id));
	assert_int_equal(DO(w, &a, STORE_ACCOUNT_GET), STORE_DONE);
	return a;
}

struct store_charge *payer_charge(struct world *w, const struct payer *p, int64_t amount)
{
	struct store_charge *c = arena_alloc(w->arena, sizeof(*c));

	*c = (struct store_charge){ .recipient = 1,
				    .bearers = TEXT_LITERAL("sms mms"),
				    .currency = TEXT_LITERAL("JPY"),
				    .max_amount = amount,
				    .amount = amount,
				    .version = 1,
				    .units = 1,
				    .given_us = w->now_us,
				    .until_us = w->now_us + HOUR,
				    .deadline_us = w->now_us + 2 * HOUR };
	memcpy(c->account_id, p->id, sizeof(c->account_id));
	return c;
}

struct store_accept *payer_accept(struct world *w, const struct store_charge *charge)
{
	struct store_new_delivery *d = arena_alloc(w->arena, sizeof(*d));
	struct store_accept *a = world_accept_request(w, d, 1);

	d->deadline_us = w->now_us + HOUR;
	d->lease_until_us = w->now_us + 60 * USEC_PER_SEC;
	a->charges = charge;
	a->charges_count = charge ? 1 : 0;
	return a;
}

struct message_id payer_send(struct world *w, const struct store_charge *charge)
{
	struct store_accept *a = payer_accept(w, charge);

	assert_int_equal(DO(w, a, STORE_ACCEPT), STORE_DONE);
	assert_true(a->deliveries[0].leased_out);
	return a->deliveries[0].id_out;
}

enum store_answer payer_finish(struct world *w, struct message_id id, enum store_outcome outcome, bool post,
			       int64_t amount)
{
	struct store_finish *f = world_finish_request(w, id, 1, outcome);

	f->post = post;
	f->amount = amount;
	return DO(w, f, STORE_FINISH);
}

enum store_answer payer_refund(struct world *w, struct message_id id, uint8_t key, int64_t amount,
			       enum store_refusal *refusal_out)
{
	struct store_refund r = {
		.key = { key }, .delivery = id, .amount = amount, .cdr = TEXT_LITERAL("{\"back\":1}")
	};

	world_do(w, &r.base, STORE_REFUND);
	*refusal_out = r.base.refusal;
	return r.base.answer;
}

void payer_cap(struct world *w, const struct payer *p, uint8_t kind, int64_t cap)
{
	struct store_cap c = { .kind = kind, .from_us = WORLD_START, .until_us = WORLD_START + HOUR, .cap = cap };

	memcpy(c.account_id, p->id, sizeof(c.account_id));
	assert_int_equal(DO(w, &c, STORE_CAP_PUT), STORE_DONE);
}
