/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Money of every driver: holds, postings, refunds, funding. The names of the invariants are billing.md's. */
#include "tests/store/payer.h"

#define HOUR (3600 * USEC_PER_SEC)

static void hold_and_post(void **state) /* B3, B5, B9 */
{
	struct world *w = *state;
	struct payer p = payer_new(w, 1, 1000 * YEN);
	struct store_charge *c = payer_charge(w, &p, 110 * YEN);

	c->tax_ppm = 100000;
	struct message_id id = payer_send(w, c);
	assert_payer(w, &p, 1000 * YEN, 110 * YEN);
	struct store_row *row = world_row(w, id);
	assert_true(row->has_charge);
	assert_int_equal(row->charge_amount, 110 * YEN);
	assert_true(text_is(row->currency, "JPY"));
	(void)world_sums(w);
	assert_int_equal(payer_finish(w, id, OUTCOME_SENT, true, 55 * YEN), STORE_DONE);
	assert_payer(w, &p, 945 * YEN, 0);
	row = world_row(w, id);
	assert_false(row->has_charge);
	assert_int_equal(row->charge_posted, 55 * YEN);
	struct store_sums sums = world_sums(w);
	assert_int_equal(sums.currencies_out, 1);
	assert_int_equal(sums.by_currency_out[0].payers_posted, 945 * YEN);
	assert_int_equal(sums.cdr_seq_out, 2);
	struct store_account tax = { .arena = w->arena };
	store_system_account(ACCOUNT_TAX, TEXT_LITERAL("JPY"), tax.id);
	assert_int_equal(DO(w, &tax, STORE_ACCOUNT_GET), STORE_DONE);
	assert_int_equal(tax.kind, ACCOUNT_TAX);
	(void)world_reopen(w);
	assert_payer(w, &p, 945 * YEN, 0);
	(void)world_sums(w);
}

static void each_hold_ends_once(void **state) /* B2, B6 */
{
	struct world *w = *state;
	struct payer p = payer_new(w, 1, 100 * YEN);
	struct message_id posted = payer_send(w, payer_charge(w, &p, 10 * YEN));
	struct message_id voided = payer_send(w, payer_charge(w, &p, 10 * YEN));

	assert_int_equal(payer_finish(w, posted, OUTCOME_SENT, true, 11 * YEN), STORE_REFUSED);
	assert_int_equal(payer_finish(w, posted, OUTCOME_SENT, true, -1), STORE_REFUSED);
	assert_payer(w, &p, 100 * YEN, 20 * YEN);
	assert_int_equal(payer_finish(w, posted, OUTCOME_SENT, true, 10 * YEN), STORE_DONE);
	assert_int_equal(payer_finish(w, posted, OUTCOME_SENT, true, 10 * YEN), STORE_REPEAT);
	assert_int_equal(payer_finish(w, posted, OUTCOME_SENT, true, 9 * YEN), STORE_CONFLICT);
	assert_int_equal(payer_finish(w, posted, OUTCOME_SENT, false, 0), STORE_CONFLICT); /* void after post */
	assert_int_equal(payer_finish(w, voided, OUTCOME_REFUSED, false, 0), STORE_DONE);
	assert_int_equal(payer_finish(w, voided, OUTCOME_SENT, true, 10 * YEN), STORE_CONFLICT);
	assert_payer(w, &p, 90 * YEN, 0);
	(void)world_sums(w);
}

static void ends_without_a_result(void **state) /* B6, B8: in doubt at its end, the operator bears */
{
	struct world *w = *state;
	struct payer p = payer_new(w, 1, 100 * YEN);
	struct store_expire e = { .arena = w->arena, .limit = 10 };
	struct message_id doubt = payer_send(w, payer_charge(w, &p, 10 * YEN));
	struct store_accept *a = payer_accept(w, payer_charge(w, &p, 10 * YEN));
	struct store_cancel cancel = { .arena = w->arena };

	a->deliveries[0].lease_until_us = 0;
	assert_int_equal(DO(w, a, STORE_ACCEPT), STORE_DONE);
	struct store_accept *b = payer_accept(w, payer_charge(w, &p, 10 * YEN));
	b->deliveries[0].lease_until_us = 0;
	assert_int_equal(DO(w, b, STORE_ACCEPT), STORE_DONE);
	assert_payer(w, &p, 100 * YEN, 30 * YEN);
	cancel.id = b->id;
	assert_int_equal(DO(w, &cancel, STORE_CANCEL), STORE_DONE);
	assert_payer(w, &p, 100 * YEN, 20 * YEN);
	world_clock(w, HOUR);
	assert_int_equal(DO(w, &e, STORE_EXPIRE), STORE_DONE); /* the lease first, then both deadlines */
	assert_int_equal(e.doubted_out, 1);
	assert_int_equal(e.ended_out, 2);
	assert_payer(w, &p, 100 * YEN, 0);
	assert_int_equal(world_row(w, doubt)->outcome, OUTCOME_UNKNOWN);
	assert_int_equal(payer_finish(w, doubt, OUTCOME_SENT, true, 10 * YEN), STORE_CONFLICT);
	(void)world_sums(w);
}

static void expire_against_finish(void **state) /* B6 */
{
	struct world *w = *state;
	struct payer p = payer_new(w, 1, 100 * YEN);

	for (unsigned first = 0; first < 2; first++) {
		struct message_id id = payer_send(w, payer_charge(w, &p, 10 * YEN));
		struct store_expire e = { .arena = w->arena, .limit = 10 };
		struct store_finish *f = world_finish_request(w, id, 1, OUTCOME_SENT);
		f->post = true;
		f->amount = 10 * YEN;
		world_clock(w, HOUR);
		if (first)
			world_submit(w, &e.base, STORE_EXPIRE);
		world_submit(w, &f->base, STORE_FINISH);
		if (!first)
			world_submit(w, &e.base, STORE_EXPIRE);
		world_wait(w);
		assert_int_equal(f->base.answer, first ? STORE_CONFLICT : STORE_DONE);
		assert_int_equal(e.ended_out, first);
		(void)world_sums(w);
	}
	assert_payer(w, &p, 90 * YEN, 0);
}

static void the_last_unit_is_raced_for(void **state) /* B10 */
{
	struct world *w = *state;
	struct payer p = payer_new(w, 1, 10 * YEN);
	struct store_accept *all[64];
	unsigned done = 0;

	for (unsigned i = 0; i < 64; i++) {
		all[i] = payer_accept(w, payer_charge(w, &p, 3 * YEN));
		world_submit(w, &all[i]->base, STORE_ACCEPT);
	}
	world_wait(w);
	for (unsigned i = 0; i < 64; i++) {
		done += all[i]->base.answer == STORE_DONE;
		if (all[i]->base.answer == STORE_DONE)
			continue;
		assert_int_equal(all[i]->base.refusal, STORE_CREDIT);
		assert_int_equal(all[i]->failed_recipient_out, 1);
		assert_null(world_row(w, message_id_delivery(all[i]->id, 1)));
	}
	assert_int_equal(done, 3);
	assert_payer(w, &p, 10 * YEN, 9 * YEN);
	assert_int_equal(world_sums(w).leased_out, 3);
}

static void all_recipients_or_none(void **state)
{
	struct world *w = *state;
	struct payer p = payer_new(w, 1, 25 * YEN);
	struct store_new_delivery d[3];
	struct store_accept *a = world_accept_request(w, d, 3);
	struct store_charge charges[3];

	for (unsigned i = 0; i < 3; i++) {
		charges[i] = *payer_charge(w, &p, 10 * YEN);
		charges[i].recipient = (uint16_t)(i + 1);
		d[i].deadline_us = w->now_us + HOUR;
	}
	a->charges = charges;
	a->charges_count = 3;
	a->has_key = true;
	struct store_sums before = world_sums(w);
	assert_int_equal(DO(w, a, STORE_ACCEPT), STORE_REFUSED);
	assert_int_equal(a->failed_recipient_out, 3);
	struct store_sums after = world_sums(w);
	world_same_sums(&before, &after);
	assert_payer(w, &p, 25 * YEN, 0);
	assert_int_equal(payer_fund(w, &p, 7, 5 * YEN), STORE_DONE);
	assert_int_equal(DO(w, a, STORE_ACCEPT), STORE_DONE); /* the same key succeeds later */
	assert_int_equal(DO(w, a, STORE_ACCEPT), STORE_REPEAT);
	assert_payer(w, &p, 30 * YEN, 30 * YEN);
	charges[2].recipient = 4;
	a->id = world_id(w);
	a->has_key = false;
	assert_int_equal(DO(w, a, STORE_ACCEPT), STORE_REFUSED);
	charges[2].recipient = 1; /* twice the same charge: B2 */
	charges[1].max_amount = charges[1].amount = charges[2].amount = charges[0].amount = 1;
	assert_int_equal(payer_fund(w, &p, 8, 5 * YEN), STORE_DONE);
	assert_int_equal(DO(w, a, STORE_ACCEPT), STORE_REFUSED);
	assert_int_equal(a->base.refusal, STORE_BAD_REQUEST);
	assert_payer(w, &p, 35 * YEN, 30 * YEN);
	(void)world_sums(w);
}

static void refused(struct world *w, const struct store_charge *c, enum store_refusal refusal)
{
	struct store_accept *a = payer_accept(w, c);
	struct store_sums before = world_sums(w);

	assert_int_equal(DO(w, a, STORE_ACCEPT), STORE_REFUSED);
	assert_int_equal(a->base.refusal, refusal);
	struct store_sums after = world_sums(w);
	world_same_sums(&before, &after);
}

static void no_hold_without_its_right(void **state) /* B1, B7, B16 */
{
	struct world *w = *state;
	struct payer p = payer_new(w, 1, 100 * YEN), other = payer_new(w, 2, 0), nobody = { { 9 } };
	struct store_consent consent = { .arena = w->arena,
					 .id = { 5 },
					 .bearers = TEXT_LITERAL("sms"),
					 .max_each = 5 * YEN,
					 .from_us = w->now_us,
					 .until_us = w->now_us + HOUR,
					 .proof = { "signed", 6 } };
	struct store_charge *c = payer_charge(w, &p, 5 * YEN);

	refused(w, payer_charge(w, &nobody, YEN), STORE_NOT_FOUND);
	refused(w, payer_charge(w, &other, YEN), STORE_CREDIT);
	c->currency = TEXT_LITERAL("EUR");
	refused(w, c, STORE_BAD_REQUEST);
	c->currency = TEXT_LITERAL("JPY");
	c->until_us = w->now_us;
	refused(w, c, STORE_DEADLINE);
	c->until_us = FAR;
	c->deadline_us = w->now_us + HOUR - 1;
	refused(w, c, STORE_DEADLINE);
	c->deadline_us = FAR;
	c->amount = 6 * YEN;
	refused(w, c, STORE_BAD_REQUEST);
	c->amount = 5 * YEN;
	c->has_consent = true;
	c->consent_id[0] = 5;
	refused(w, c, STORE_NOT_FOUND);
	memcpy(consent.account_id, p.id, 16);
	assert_int_equal(DO(w, &consent, STORE_CONSENT_PUT), STORE_DONE);
	assert_int_equal(DO(w, &consent, STORE_CONSENT_PUT), STORE_REPEAT);
	(void)payer_send(w, c);
	c->max_amount = 6 * YEN;
	refused(w, c, STORE_TOO_MUCH);
	c->max_amount = 5 * YEN;
	memcpy(c->account_id, other.id, 16);
	refused(w, c, STORE_NOT_FOUND); /* another's consent */
	memcpy(c->account_id, p.id, 16);
	consent.revoked_us = w->now_us;
	assert_int_equal(DO(w, &consent, STORE_CONSENT_PUT), STORE_DONE);
	refused(w, c, STORE_DEADLINE);
	consent.max_each = 100 * YEN;
	assert_int_equal(DO(w, &consent, STORE_CONSENT_PUT), STORE_CONFLICT);
	assert_int_equal(DO(w, &consent, STORE_CONSENT_GET), STORE_DONE);
	assert_int_equal(consent.max_each, 5 * YEN);
	assert_int_equal(consent.revoked_us, w->now_us);
}

static void a_consent_has_its_time(void **state) /* B1 */
{
	struct world *w = *state;
	struct payer p = payer_new(w, 1, 100 * YEN);
	struct store_consent consent = { .id = { 6 },
					 .bearers = TEXT_LITERAL("sms mms"),
					 .max_each = 5 * YEN,
					 .from_us = w->now_us + 1,
					 .until_us = w->now_us + 2 };
	struct store_charge *c = payer_charge(w, &p, 5 * YEN);

	c->has_consent = true;
	c->consent_id[0] = 6;
	c->deadline_us = FAR;
	memcpy(consent.account_id, p.id, 16);
	assert_int_equal(DO(w, &consent, STORE_CONSENT_PUT), STORE_DONE);
	refused(w, c, STORE_DEADLINE); /* not yet */
	world_clock(w, 1);
	(void)payer_send(w, c);
	world_clock(w, 1);
	refused(w, c, STORE_DEADLINE); /* not any more */
}

static void free_messages_need_no_money(void **state) /* B17 */
{
	struct world *w = *state;
	struct payer p = payer_new(w, 1, 0);

	payer_cap(w, &p, 1, 0);
	assert_int_equal(payer_finish(w, payer_send(w, NULL), OUTCOME_SENT, true, 5), STORE_DONE);
	assert_payer(w, &p, 0, 0);
	assert_int_equal(world_sums(w).cdr_seq_out, 1); /* B18 */
}

/* A new configuration lowers the window that is open, and raises it only where that is said. */
static void a_cap_sinks_but_is_not_raised(void **state) /* B11 */
{
	static const struct {
		bool not_raised;
		int64_t asked, stands;
	} steps[] = { { true, 20, 20 },	 { true, 30, 20 }, { true, 10, 10 }, { true, 20, 10 },
		      { false, 30, 30 }, { true, 2, 4 },   { true, 9, 4 } };
	struct world *w = *state;
	struct payer p = payer_new(w, 1, 100 * YEN);
	struct store_cap c = { .kind = 1, .from_us = WORLD_START, .until_us = WORLD_START + HOUR };

	memcpy(c.account_id, p.id, sizeof(c.account_id));
	for (unsigned i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		if (i == 5) { /* 4 of it are held by then: it stands there, and sinks with what settles */
			static const uint8_t kind = 1;
			struct store_charge *charge = payer_charge(w, &p, 4 * YEN);
			charge->caps = &kind;
			charge->caps_count = 1;
			(void)payer_send(w, charge);
		}
		c.not_raised = steps[i].not_raised;
		c.cap = steps[i].asked * YEN;
		assert_int_equal(DO(w, &c, STORE_CAP_PUT), STORE_DONE);
		assert_int_equal(DO(w, &c, STORE_CAP_GET), STORE_DONE);
		assert_int_equal(c.cap, steps[i].stands * YEN);
	}
}

static void a_refund_once_and_no_more(void **state) /* B15 */
{
	struct world *w = *state;
	struct payer p = payer_new(w, 1, 100 * YEN);
	struct store_charge *c = payer_charge(w, &p, 11 * YEN);
	enum store_refusal refusal;

	c->tax_ppm = 100000;
	struct message_id id = payer_send(w, c), other = payer_send(w, payer_charge(w, &p, 11 * YEN));
	assert_int_equal(payer_refund(w, id, 1, 5 * YEN, &refusal), STORE_REFUSED);
	assert_int_equal(refusal, STORE_NOT_FOUND);
	assert_int_equal(payer_finish(w, id, OUTCOME_SENT, true, 11 * YEN), STORE_DONE);
	assert_int_equal(payer_finish(w, other, OUTCOME_SENT, true, 11 * YEN), STORE_DONE);
	assert_int_equal(payer_refund(w, id, 1, 12 * YEN, &refusal), STORE_REFUSED);
	assert_int_equal(refusal, STORE_TOO_MUCH);
	assert_int_equal(payer_refund(w, id, 1, 11 * YEN, &refusal), STORE_DONE);
	assert_payer(w, &p, 89 * YEN, 0);
	assert_int_equal(payer_refund(w, id, 1, 11 * YEN, &refusal), STORE_REPEAT);
	assert_int_equal(payer_refund(w, id, 1, 10 * YEN, &refusal), STORE_CONFLICT);
	assert_int_equal(payer_refund(w, other, 1, 11 * YEN, &refusal), STORE_CONFLICT);
	assert_int_equal(payer_refund(w, id, 2, 11 * YEN, &refusal), STORE_REFUSED);
	assert_int_equal(refusal, STORE_ENDED);
	assert_int_equal(world_row(w, id)->charge_refunded, 11 * YEN);
	assert_payer(w, &p, 89 * YEN, 0);
	(void)world_sums(w);
}

static void report(struct world *w, struct message_id id, enum store_outcome outcome)
{
	struct store_report r = { .arena = w->arena, .has_delivery = true, .delivery = id, .outcome = outcome };

	world_do(w, &r.base, STORE_REPORT);
}

/* Pay on delivery: paid when the network took it, given back when it does not come about. */
static void pay_on_delivery(void **state) /* B15 */
{
	struct world *w = *state;
	struct payer p = payer_new(w, 1, 100 * YEN);
	struct message_id ids[4];
	enum store_refusal refusal;

	for (unsigned i = 0; i < 4; i++) {
		struct store_charge *c = payer_charge(w, &p, 10 * YEN);
		c->pay_on = i != 3;
		ids[i] = payer_send(w, c);
		struct store_finish *f = world_finish_request(w, ids[i], 1, OUTCOME_SENT);
		f->post = true;
		f->amount = 10 * YEN;
		f->await_until_us = w->now_us + HOUR;
		assert_int_equal(DO(w, f, STORE_FINISH), STORE_DONE);
	}
	assert_payer(w, &p, 60 * YEN, 0);
	report(w, ids[0], OUTCOME_REFUSED);
	report(w, ids[0], OUTCOME_REFUSED);
	assert_payer(w, &p, 70 * YEN, 0);
	assert_int_equal(payer_refund(w, ids[0], 1, 10 * YEN, &refusal), STORE_REFUSED);
	assert_int_equal(payer_refund(w, ids[1], 2, 4 * YEN, &refusal), STORE_DONE);
	report(w, ids[1], OUTCOME_REFUSED); /* after a refund by hand: not again */
	assert_payer(w, &p, 74 * YEN, 0);
	struct store_expire e = { .arena = w->arena, .limit = 10 };
	world_clock(w, HOUR);
	assert_int_equal(DO(w, &e, STORE_EXPIRE), STORE_DONE); /* no report: one refund, one was paid on sending */
	assert_int_equal(e.ended_out, 2);
	assert_payer(w, &p, 84 * YEN, 0);
	(void)world_sums(w);
}

static void a_report_settles_doubt(void **state) /* B8 */
{
	struct world *w = *state;
	struct payer p = payer_new(w, 1, 100 * YEN);
	struct message_id good = payer_send(w, payer_charge(w, &p, 10 * YEN));
	struct message_id bad = payer_send(w, payer_charge(w, &p, 10 * YEN));

	report(w, good, OUTCOME_DELIVERED);
	report(w, bad, OUTCOME_REFUSED);
	assert_payer(w, &p, 90 * YEN, 0);
	assert_int_equal(payer_finish(w, good, OUTCOME_SENT, true, 10 * YEN), STORE_REPEAT);
	assert_payer(w, &p, 90 * YEN, 0);
	(void)world_sums(w);
}

static void hold_and_decide_anew(void **state) /* B5 */
{
	struct world *w = *state;
	struct payer p = payer_new(w, 1, 100 * YEN);
	struct message_id id = payer_send(w, payer_charge(w, &p, 10 * YEN));

	for (int64_t epoch = 1; epoch < 4; epoch++) {
		struct store_hold h = { .id = id, .epoch = epoch, .until_us = FAR };
		struct store_decide d = { .id = id,
					  .epoch = epoch,
					  .due_us = w->now_us,
					  .route = ROUTE,
					  .bearer = TEXT_LITERAL("sms"),
					  .charge = payer_charge(w, &p, 101 * YEN) };
		assert_int_equal(DO(w, &h, STORE_HOLD), STORE_DONE);
		assert_payer(w, &p, 100 * YEN, 0);
		assert_false(world_row(w, id)->has_charge);
		assert_int_equal(DO(w, &d, STORE_DECIDE), STORE_REFUSED);
		assert_int_equal(d.base.refusal, STORE_CREDIT);
		d.charge = payer_charge(w, &p, 10 * YEN + epoch);
		assert_int_equal(DO(w, &d, STORE_DECIDE), STORE_DONE);
		assert_payer(w, &p, 100 * YEN, 10 * YEN + epoch);
		assert_int_equal(DO(w, &d, STORE_DECIDE), STORE_REPEAT);
		struct store_claim *c = world_claim(w, 10);
		assert_int_equal(c->rows_count_out, 1);
		assert_int_equal(c->rows_out->charge_amount, 10 * YEN + epoch);
	}
	struct store_finish *f = world_finish_request(w, id, 4, OUTCOME_SENT);
	f->post = true;
	f->amount = 10 * YEN;
	assert_int_equal(DO(w, f, STORE_FINISH), STORE_DONE);
	assert_payer(w, &p, 90 * YEN, 0);
	(void)world_sums(w);
}

static void a_lease_ends_before_its_hold(void **state) /* B3, B7 */
{
	struct world *w = *state;
	struct payer p = payer_new(w, 1, 100 * YEN);
	struct message_id id = payer_send(w, payer_charge(w, &p, 10 * YEN));
	struct store_renew r = { .id = id, .epoch = 1, .lease_until_us = w->now_us + 2 * HOUR - 100, .margin_us = 100 };

	assert_int_equal(DO(w, &r, STORE_RENEW), STORE_REFUSED);
	assert_int_equal(r.base.refusal, STORE_DEADLINE);
	r.margin_us = 99;
	assert_int_equal(DO(w, &r, STORE_RENEW), STORE_DONE);
	r.arm_bearer = TEXT_LITERAL("sat");
	assert_int_equal(DO(w, &r, STORE_RENEW), STORE_REFUSED);
	r.arm_bearer = TEXT_LITERAL("mms");
	assert_int_equal(DO(w, &r, STORE_RENEW), STORE_DONE);
}

static void two_payers_of_one_delivery(void **state) /* B16 */
{
	struct world *w = *state;
	struct payer p = payer_new(w, 1, 100 * YEN), q = payer_new(w, 2, 100 * YEN);
	struct store_charge charges[2] = { *payer_charge(w, &p, 10 * YEN), *payer_charge(w, &q, 3 * YEN) };
	struct store_accept *a = payer_accept(w, charges);

	charges[1].kind = 1;
	a->charges_count = 2;
	assert_int_equal(DO(w, a, STORE_ACCEPT), STORE_DONE);
	assert_int_equal(payer_finish(w, a->deliveries[0].id_out, OUTCOME_SENT, true, 8 * YEN), STORE_DONE);
	assert_payer(w, &p, 92 * YEN, 0);
	assert_payer(w, &q, 97 * YEN, 0);
	(void)world_sums(w);
}

int conform_money(void)
{
#define CASE(f) cmocka_unit_test_setup_teardown(f, world_set_up, world_tear_down)
	const struct CMUnitTest tests[] = {
		CASE(hold_and_post),
		CASE(each_hold_ends_once),
		CASE(ends_without_a_result),
		CASE(expire_against_finish),
		CASE(the_last_unit_is_raced_for),
		CASE(all_recipients_or_none),
		CASE(no_hold_without_its_right),
		CASE(a_consent_has_its_time),
		CASE(free_messages_need_no_money),
		CASE(a_cap_sinks_but_is_not_raised),
		CASE(a_refund_once_and_no_more),
		CASE(pay_on_delivery),
		CASE(a_report_settles_doubt),
		CASE(hold_and_decide_anew),
		CASE(a_lease_ends_before_its_hold),
		CASE(two_payers_of_one_delivery),
	};
	return cmocka_run_group_tests_name("money", tests, NULL, NULL);
}
