/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Accounts, funding, caps with their warnings, price versions. */
#include "core/base/writer.h"
#include "tests/store/payer.h"

#define HOUR (3600 * USEC_PER_SEC)

static void accounts_keep_what_they_are(void **state) /* B10 */
{
	struct world *w = *state;
	struct payer p = payer_new(w, 1, 0);
	struct store_account a = { .kind = ACCOUNT_PAYER, .currency = TEXT_LITERAL("JPY"), .credit = 10 * YEN };

	memcpy(a.id, p.id, 16);
	assert_int_equal(DO(w, &a, STORE_ACCOUNT_PUT), STORE_DONE);
	assert_int_equal(DO(w, &a, STORE_ACCOUNT_PUT), STORE_REPEAT);
	(void)payer_send(w, payer_charge(w, &p, 10 * YEN)); /* on credit */
	a.credit = 9 * YEN;
	assert_int_equal(DO(w, &a, STORE_ACCOUNT_PUT), STORE_REFUSED);
	assert_int_equal(a.base.refusal, STORE_CREDIT);
	a.currency = TEXT_LITERAL("EUR");
	assert_int_equal(DO(w, &a, STORE_ACCOUNT_PUT), STORE_CONFLICT);
	a.credit = -1;
	assert_int_equal(DO(w, &a, STORE_ACCOUNT_PUT), STORE_REFUSED);
	a.id[0] = 77;
	a.arena = w->arena;
	assert_int_equal(DO(w, &a, STORE_ACCOUNT_GET), STORE_REFUSED);
	assert_int_equal(payer_account(w, &p).credit, 10 * YEN);
}

static void funding_is_counted_once(void **state) /* B9, B12 */
{
	struct world *w = *state;
	struct payer p = payer_new(w, 1, 0), q = payer_new(w, 2, 0);
	struct store_fund f = { .key = { 50 }, .currency = TEXT_LITERAL("JPY"), .amount = 3 * YEN };

	assert_int_equal(payer_fund(w, &p, 1, 10 * YEN), STORE_DONE);
	assert_int_equal(payer_fund(w, &p, 1, 10 * YEN), STORE_REPEAT);
	assert_int_equal(payer_fund(w, &p, 1, 11 * YEN), STORE_CONFLICT);
	assert_int_equal(payer_fund(w, &q, 1, 10 * YEN), STORE_CONFLICT);
	assert_int_equal(payer_fund(w, &p, 2, -11 * YEN), STORE_REFUSED);
	assert_int_equal(payer_fund(w, &p, 2, -4 * YEN), STORE_DONE);
	assert_int_equal(payer_fund(w, &p, 2, 4 * YEN), STORE_CONFLICT);
	assert_payer(w, &p, 6 * YEN, 0);
	memcpy(f.account_id, q.id, 16);
	memcpy(f.from_id, p.id, 16);
	assert_int_equal(DO(w, &f, STORE_FUND), STORE_DONE); /* from one payer to another */
	assert_payer(w, &p, 3 * YEN, 0);
	assert_payer(w, &q, 3 * YEN, 0);
	f.key[0]++;
	f.amount = 4 * YEN;
	assert_int_equal(DO(w, &f, STORE_FUND), STORE_REFUSED);
	assert_int_equal(f.base.refusal, STORE_CREDIT);
	f.currency = TEXT_LITERAL("EUR");
	assert_int_equal(DO(w, &f, STORE_FUND), STORE_REFUSED);
	assert_int_equal(f.base.refusal, STORE_BAD_REQUEST);
	assert_int_equal(payer_fund(w, &p, 3, 0), STORE_REFUSED);
	assert_int_equal(payer_fund(w, &p, 3, INT64_MAX), STORE_REFUSED);
	assert_int_equal(payer_fund(w, &p, 3, INT64_MIN), STORE_REFUSED);
	assert_int_equal(payer_fund(w, &p, 3, STORE_AMOUNT_MAX - 3 * YEN), STORE_DONE);
	assert_int_equal(payer_fund(w, &p, 4, 1), STORE_REFUSED); /* no sum passes the limit */
	(void)world_sums(w);
}

static void currencies_do_not_meet(void **state)
{
	struct world *w = *state;
	struct payer p = payer_new(w, 1, 5 * YEN);
	struct store_account a = { .id = { 3 }, .kind = ACCOUNT_PAYER, .currency = TEXT_LITERAL("EUR") };
	struct store_fund f = { .key = { 50 }, .account_id = { 3 }, .currency = TEXT_LITERAL("EUR"), .amount = 7 };

	assert_int_equal(DO(w, &a, STORE_ACCOUNT_PUT), STORE_DONE);
	assert_int_equal(DO(w, &f, STORE_FUND), STORE_DONE);
	f.key[0]++;
	memcpy(f.from_id, p.id, 16);
	assert_int_equal(DO(w, &f, STORE_FUND), STORE_REFUSED);
	struct store_sums sums = world_sums(w);
	assert_int_equal(sums.currencies_out, 2);
	assert_string_equal(sums.by_currency_out[0].currency, "EUR");
	assert_int_equal(sums.by_currency_out[0].payers_entries, 7);
	assert_int_equal(sums.by_currency_out[1].payers_entries, 5 * YEN);
}

static unsigned warnings[2];

static bool warn(void *owner, const struct store_cap *window, unsigned percent, int64_t now_us, struct arena *arena,
		 struct store_outbox *out)
{
	(void)owner;
	(void)now_us;
	(void)arena;
	assert_true(window->posted_out + window->held_out >= window->cap * (int64_t)percent / 100);
	warnings[percent == 100]++;
	*out = (struct store_outbox){ .target = TEXT_LITERAL("caps"), .kind = TEXT_LITERAL("warning") };
	return true;
}

static const struct store_policy warning_policy = { .cap_warning = warn };

static const uint8_t kind_day[] = { 1 }, kinds_both[] = { 1, 2 };

static struct store_charge *capped(struct world *w, const struct payer *p, int64_t amount, bool both)
{
	struct store_charge *c = payer_charge(w, p, amount);

	c->caps = both ? kinds_both : kind_day;
	c->caps_count = both ? 2 : 1;
	return c;
}

static struct store_cap window(struct world *w, const struct payer *p, uint8_t kind)
{
	struct store_cap c = { .kind = kind };

	memcpy(c.account_id, p->id, 16);
	assert_int_equal(DO(w, &c, STORE_CAP_GET), STORE_DONE);
	return c;
}

static void a_cap_is_raced_for(void **state) /* B11 */
{
	struct world *w = *state;
	struct payer p = payer_new(w, 1, 1000 * YEN);
	struct store_accept *all[64];
	unsigned done = 0;

	world_close(w);
	w->policy = &warning_policy;
	world_open(w);
	if (world_driver == WORLD_MEMORY)
		p = payer_new(w, 1, 1000 * YEN);
	warnings[0] = warnings[1] = 0;
	payer_cap(w, &p, 1, 10 * YEN);
	for (unsigned i = 0; i < 64; i++) {
		all[i] = payer_accept(w, capped(w, &p, YEN, false));
		world_submit(w, &all[i]->base, STORE_ACCEPT);
	}
	world_wait(w);
	for (unsigned i = 0; i < 64; i++) {
		done += all[i]->base.answer == STORE_DONE;
		assert_true(all[i]->base.answer == STORE_DONE || all[i]->base.refusal == STORE_CAP);
	}
	assert_int_equal(done, 10);
	assert_int_equal(warnings[0], 1);
	assert_int_equal(warnings[1], 1);
	assert_payer(w, &p, 1000 * YEN, 10 * YEN);
	for (unsigned i = 0; i < 64; i++) {
		if (all[i]->base.answer == STORE_DONE)
			assert_int_equal(payer_finish(w, all[i]->deliveries[0].id_out, OUTCOME_SENT, i % 2, YEN),
					 STORE_DONE);
	}
	struct store_cap after = window(w, &p, 1);
	assert_int_equal(after.held_out, 0);
	assert_int_equal(after.posted_out, 5 * YEN);
	for (unsigned i = 0; i < 5; i++) /* over both marks once more: no second warning */
		(void)payer_send(w, capped(w, &p, YEN, false));
	assert_int_equal(warnings[0] + warnings[1], 2);
	assert_int_equal(world_sums(w).outbox_open_out, 2);
}

static void all_windows_must_pass(void **state)
{
	struct world *w = *state;
	struct payer p = payer_new(w, 1, 1000 * YEN);
	struct store_accept *a;

	payer_cap(w, &p, 1, 10 * YEN);
	a = payer_accept(w, capped(w, &p, YEN, true));
	assert_int_equal(DO(w, a, STORE_ACCEPT), STORE_REFUSED); /* the second is not open */
	assert_int_equal(a->base.refusal, STORE_CAP);
	assert_int_equal(window(w, &p, 1).held_out, 0);
	payer_cap(w, &p, 2, 2 * YEN);
	struct message_id id = payer_send(w, capped(w, &p, 2 * YEN, true));
	a = payer_accept(w, capped(w, &p, YEN, true));
	assert_int_equal(DO(w, a, STORE_ACCEPT), STORE_REFUSED);
	assert_int_equal(window(w, &p, 1).held_out, 2 * YEN);
	assert_payer(w, &p, 1000 * YEN, 2 * YEN);
	assert_int_equal(payer_finish(w, id, OUTCOME_SENT, true, YEN), STORE_DONE);
	enum store_refusal refusal;
	assert_int_equal(window(w, &p, 2).posted_out, YEN);
	assert_int_equal(payer_refund(w, id, 9, YEN, &refusal), STORE_DONE);
	assert_int_equal(window(w, &p, 1).posted_out, 0);
	assert_int_equal(window(w, &p, 2).posted_out, 0);
	world_clock(w, HOUR); /* the window closed */
	a = payer_accept(w, capped(w, &p, YEN, true));
	assert_int_equal(DO(w, a, STORE_ACCEPT), STORE_REFUSED);
	assert_int_equal(a->base.refusal, STORE_CAP);
}

static void a_lowered_cap_sinks_with_its_use(void **state)
{
	struct world *w = *state;
	struct payer p = payer_new(w, 1, 1000 * YEN);
	struct message_id a, b;

	payer_cap(w, &p, 1, 10 * YEN);
	a = payer_send(w, capped(w, &p, 4 * YEN, false));
	b = payer_send(w, capped(w, &p, 4 * YEN, false));
	payer_cap(w, &p, 1, 3 * YEN);
	assert_int_equal(window(w, &p, 1).cap, 8 * YEN);
	assert_int_equal(payer_finish(w, a, OUTCOME_REFUSED, false, 0), STORE_DONE);
	assert_int_equal(window(w, &p, 1).cap, 4 * YEN);
	assert_int_equal(payer_finish(w, b, OUTCOME_SENT, true, YEN), STORE_DONE);
	assert_int_equal(window(w, &p, 1).cap, 3 * YEN);
	(void)payer_send(w, capped(w, &p, 2 * YEN, false));
	payer_cap(w, &p, 1, 100 * YEN);
	assert_int_equal(window(w, &p, 1).cap, 100 * YEN);
}

static enum store_answer quote(struct world *w, struct store_quote_price *q, int64_t version, const char *to,
			       int64_t units)
{
	*q = (struct store_quote_price){ .version = version,
					 .bearer = TEXT_LITERAL("sms"),
					 .destination = text_of(to),
					 .unit = TEXT_LITERAL("wide"),
					 .units = units };
	return DO(w, q, STORE_QUOTE_PRICE);
}

static struct store_price *publish(struct world *w, int64_t version, int64_t factor)
{
	static const int64_t upto[] = { 70, 134, 201, 268, 335, 402, 469, 536, 603, 670 };
	struct store_price_row *rows = arena_alloc(w->arena, 12 * sizeof(*rows));
	struct store_price *p = arena_alloc(w->arena, sizeof(*p));

	for (unsigned i = 0; i < 10; i++)
		rows[i] = (struct store_price_row){ .bearer = TEXT_LITERAL("sms"),
						    .prefix = TEXT_LITERAL("+81"),
						    .unit = TEXT_LITERAL("wide"),
						    .upto = upto[i],
						    .amount = 3 * YEN * (int64_t)(i + 1) * factor };
	rows[10] = rows[0];
	rows[10].prefix = TEXT_LITERAL("+8190");
	rows[10].tax_ppm = 100000;
	rows[10].amount = 15;
	rows[10].pay_on = 1;
	rows[11] = rows[10];
	rows[11].prefix = TEXT_LITERAL("");
	rows[11].amount = 0;
	*p = (struct store_price){ .id = version,
				   .from_us = 0,
				   .currency = TEXT_LITERAL("JPY"),
				   .hash = { 1 },
				   .rows = rows,
				   .rows_count = 12 };
	return p;
}

static void prices_are_published_whole(void **state) /* B4 */
{
	struct world *w = *state;
	static const struct {
		int64_t units, yen;
	} bounds[] = { { 1, 3 }, { 70, 3 }, { 71, 6 }, { 134, 6 }, { 135, 9 }, { 603, 27 }, { 604, 30 }, { 670, 30 } };
	struct store_price *p = publish(w, 1, 1);
	struct store_quote_price q;

	assert_int_equal(quote(w, &q, 1, "+8180", 1), STORE_REFUSED);
	assert_int_equal(q.base.refusal, STORE_NO_PRICE);
	assert_int_equal(DO(w, p, STORE_PRICE_PUT), STORE_DONE);
	assert_int_equal(DO(w, p, STORE_PRICE_PUT), STORE_REPEAT);
	p->hash[0] = 2;
	assert_int_equal(DO(w, p, STORE_PRICE_PUT), STORE_CONFLICT);
	assert_int_equal(DO(w, publish(w, 2, 2), STORE_PRICE_PUT), STORE_DONE);
	for (unsigned i = 0; i < sizeof(bounds) / sizeof(bounds[0]); i++) {
		assert_int_equal(quote(w, &q, 1, "+8180", bounds[i].units), STORE_DONE);
		assert_int_equal(q.amount_out, bounds[i].yen * YEN);
		assert_int_equal(quote(w, &q, 2, "+8180", bounds[i].units), STORE_DONE);
		assert_int_equal(q.amount_out, 2 * bounds[i].yen * YEN);
	}
	assert_int_equal(quote(w, &q, 1, "+8180", 671), STORE_REFUSED);
	assert_int_equal(quote(w, &q, 1, "+8180", 0), STORE_REFUSED);
	assert_int_equal(quote(w, &q, 1, "+81901", 70), STORE_DONE); /* the longer prefix, tax half up */
	assert_int_equal(q.amount_out, 17);
	assert_int_equal(q.tax_ppm_out, 100000);
	assert_int_equal(q.pay_on_out, 1);
	assert_int_equal(quote(w, &q, 1, "+81901", 71), STORE_REFUSED);
	assert_int_equal(quote(w, &q, 1, "+1", 1), STORE_DONE);
	assert_int_equal(q.amount_out, 0);
	p = publish(w, 3, 1);
	p->rows_count = 0;
	struct store_price_row twice[2] = { p->rows[0], p->rows[0] };
	p->rows = twice;
	p->rows_count = 2;
	assert_int_equal(DO(w, p, STORE_PRICE_PUT), STORE_REFUSED); /* a key twice: nothing of it is published */
	assert_int_equal(quote(w, &q, 3, "+8180", 1), STORE_REFUSED);
	twice[1].upto++;
	twice[1].amount = -1;
	assert_int_equal(DO(w, p, STORE_PRICE_PUT), STORE_REFUSED);
	twice[1].amount = 1;
	assert_int_equal(DO(w, p, STORE_PRICE_PUT), STORE_DONE);
}

static void subscribers_are_found(void **state)
{
	struct world *w = *state;
	struct store_subscriber put = { .address = TEXT_LITERAL("+81901"),
					.profile = TEXT_LITERAL("gold"),
					.account_id = { 4 },
					.policy = { "p", 1 } };
	struct store_subscriber get = { .arena = w->arena, .address = TEXT_LITERAL("+81901") };

	assert_int_equal(DO(w, &get, STORE_SUBSCRIBER_GET), STORE_REFUSED);
	assert_int_equal(DO(w, &put, STORE_SUBSCRIBER_PUT), STORE_DONE);
	put.profile = TEXT_LITERAL("silver");
	assert_int_equal(DO(w, &put, STORE_SUBSCRIBER_PUT), STORE_DONE);
	assert_int_equal(DO(w, &get, STORE_SUBSCRIBER_GET), STORE_DONE);
	assert_true(text_is(get.profile, "silver"));
	assert_int_equal(get.account_id[0], 4);
	assert_int_equal(get.policy.len, 1);
}

int conform_prices(void)
{
#define CASE(f) cmocka_unit_test_setup_teardown(f, world_set_up, world_tear_down)
	const struct CMUnitTest tests[] = {
		CASE(accounts_keep_what_they_are), CASE(funding_is_counted_once),
		CASE(currencies_do_not_meet),	   CASE(a_cap_is_raced_for),
		CASE(all_windows_must_pass),	   CASE(a_lowered_cap_sinks_with_its_use),
		CASE(prices_are_published_whole),  CASE(subscribers_are_found),
	};
	return cmocka_run_group_tests_name("prices", tests, NULL, NULL);
}
