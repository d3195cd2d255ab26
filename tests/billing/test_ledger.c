/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The rules of money: B1, B2, B3, B7, B9, B10, B15 as far as they are pure, over random lives of deliveries. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>

#include "billing/ledger.h"

#define COUNT(a) (unsigned)(sizeof(a) / sizeof((a)[0]))

static struct quote a_quote(void)
{
	struct quote q = {
		.currency = "JPY",
		.version = 3,
		.max_amount = 110000000,
		.given_us = 10,
		.until_us = 20,
		.lines_count = 3,
		.lines = { { "rcs", 1, 0, 0, 0 }, { "sms", 2, 3300000, 100000, 0 }, { "mms", 1, 110000000, 100000, 1 } }
	};

	memset(q.account_id, 7, 16);
	return q;
}

static void states_move_as_drawn(void **state)
{
	static const struct {
		enum money_state from;
		enum money_event event;
		enum money_state to;
	} moves[] = {
		{ MONEY_NEW, MONEY_QUOTE, MONEY_QUOTED },
		{ MONEY_QUOTED, MONEY_HOLD, MONEY_HELD },
		{ MONEY_HELD, MONEY_CLAIM, MONEY_SENDING },
		{ MONEY_SENDING, MONEY_ACCEPTED, MONEY_POSTED },
		{ MONEY_SENDING, MONEY_NEXT, MONEY_HELD },
		{ MONEY_SENDING, MONEY_REFUSED, MONEY_VOIDED },
		{ MONEY_SENDING, MONEY_NO_ANSWER, MONEY_IN_DOUBT },
		{ MONEY_IN_DOUBT, MONEY_CLAIM, MONEY_SENDING },
		{ MONEY_IN_DOUBT, MONEY_DEADLINE, MONEY_EXPIRED },
		{ MONEY_HELD, MONEY_DEADLINE, MONEY_EXPIRED },
		{ MONEY_POSTED, MONEY_REFUND, MONEY_REFUNDED },
		/* not allowed */
		{ MONEY_SENDING, MONEY_CANCEL, MONEY_STATE_COUNT },
		{ MONEY_SENDING, MONEY_DEADLINE, MONEY_STATE_COUNT },
		{ MONEY_IN_DOUBT, MONEY_CANCEL, MONEY_STATE_COUNT },
		{ MONEY_POSTED, MONEY_ACCEPTED, MONEY_STATE_COUNT },
		{ MONEY_QUOTED, MONEY_CLAIM, MONEY_STATE_COUNT },
		{ MONEY_NEW, MONEY_HOLD, MONEY_STATE_COUNT },
	};

	(void)state;
	for (unsigned i = 0; i < COUNT(moves); i++)
		assert_int_equal(money_after(moves[i].from, moves[i].event), moves[i].to);
	for (unsigned s = 0; s < MONEY_STATE_COUNT; s++) { /* end states do not change but by refund */
		for (unsigned e = 0; money_is_final(s) && e < MONEY_EVENT_COUNT; e++)
			assert_int_equal(money_after(s, e),
					 s == MONEY_POSTED && e == MONEY_REFUND ? MONEY_REFUNDED : MONEY_STATE_COUNT);
	}
	for (unsigned s = 0; s < MONEY_POSTED; s++) /* and no other state is without a way to an end */
		assert_true(money_after(s, MONEY_DEADLINE) != MONEY_STATE_COUNT || s == MONEY_SENDING);
}

static void a_charge_holds_the_maximum(void **state)
{
	struct quote q = a_quote();
	const uint8_t consent[16] = { 9 }, caps[] = { 0, 1 };
	const struct ledger_terms terms = {
		.recipient = 4, .deadline_us = 99, .consent_id = consent, .caps = caps, .caps_count = 2
	};
	struct ledger_charge_room room;
	struct store_charge c;

	(void)state;
	assert_true(ledger_charge(&q, &terms, &room, &c));
	assert_true(c.recipient == 4 && c.max_amount == 110000000 && c.amount == 110000000);
	assert_true(text_is(c.bearers, "rcs sms mms") && text_is(c.currency, "JPY"));
	assert_true(c.version == 3 && c.units == 1 && c.tax_ppm == 100000 && c.pay_on == 1 && c.deadline_us == 99);
	assert_true(c.has_consent && c.consent_id[0] == 9 && c.caps_count == 2);
	assert_memory_equal(c.account_id, q.account_id, 16);
	q.lines_count = 1;
	q.max_amount = 0; /* nothing but the free bearer: no row */
	assert_false(ledger_charge(&q, &terms, &room, &c));
	assert_true(ledger_lease_fits(10, 5, 16));
	assert_false(ledger_lease_fits(10, 5, 15));
	assert_false(ledger_lease_fits(INT64_MAX, 5, INT64_MAX));
}

static void ends_post_void_or_are_borne(void **state)
{
	static const struct {
		enum store_outcome outcome;
		int64_t price, held, amount;
		bool post, operator_bears;
	} cases[] = {
		{ OUTCOME_SENT, 33, 110, 33, true, false },	 { OUTCOME_DELIVERED, 110, 110, 110, true, false },
		{ OUTCOME_SENT, 0, 110, 0, false, false },	 { OUTCOME_SENT, 120, 110, 110, true, true },
		{ OUTCOME_REFUSED, 33, 110, 0, false, false },	 { OUTCOME_EXPIRED, 33, 110, 0, false, false },
		{ OUTCOME_CANCELLED, 33, 110, 0, false, false }, { OUTCOME_UNKNOWN, 33, 110, 0, false, true },
		{ OUTCOME_UNKNOWN, 0, 0, 0, false, false },
	};

	(void)state;
	for (unsigned i = 0; i < COUNT(cases); i++) {
		struct ledger_end end = ledger_finish(cases[i].outcome, cases[i].price, cases[i].held);
		assert_true(end.outcome == cases[i].outcome && end.amount == cases[i].amount);
		assert_true(end.post == cases[i].post && end.operator_bears == cases[i].operator_bears);
	}
	assert_int_equal(ledger_refund_due(1, OUTCOME_REFUSED, 33, 0), 33);
	assert_int_equal(ledger_refund_due(1, OUTCOME_REFUSED, 33, 33), 0); /* once */
	assert_int_equal(ledger_refund_due(1, OUTCOME_REFUSED, 33, 40), 0);
	assert_int_equal(ledger_refund_due(1, OUTCOME_REFUSED, 33, 10), 23);
	assert_int_equal(ledger_refund_due(1, OUTCOME_DELIVERED, 33, 0), 0);
	assert_int_equal(ledger_refund_due(1, OUTCOME_SENT, 33, 0), 0);
	assert_int_equal(ledger_refund_due(0, OUTCOME_REFUSED, 33, 0), 0);
	assert_int_equal(ledger_refund_due(1, OUTCOME_EXPIRED, 33, 0), 33);
}

/* R9.8 */
static void a_late_success_is_a_duplicate(void **state)
{
	(void)state;
	assert_true(ledger_is_duplicate(MONEY_POSTED, TEXT_LITERAL("sms"), TEXT_LITERAL("rcs")));
	assert_true(ledger_is_duplicate(MONEY_REFUNDED, TEXT_LITERAL("sms"), TEXT_LITERAL("rcs")));
	assert_false(ledger_is_duplicate(MONEY_POSTED, TEXT_LITERAL("sms"), TEXT_LITERAL("sms")));
	assert_false(ledger_is_duplicate(MONEY_VOIDED, TEXT_LITERAL(""), TEXT_LITERAL("rcs")));
	for (unsigned e = 0; e < MONEY_EVENT_COUNT; e++) /* and no event posts a second time */
		assert_true(money_after(MONEY_POSTED, e) != MONEY_POSTED);
}

static void entries_sum_to_zero(void **state)
{
	struct ledger_entry e[LEDGER_ENTRIES_MAX];

	(void)state;
	assert_int_equal(ledger_post(3300000, 100000, e), 2);
	assert_int_equal(ledger_gain(e, 2, ACCOUNT_PAYER), -3300000);
	assert_int_equal(ledger_gain(e, 2, ACCOUNT_REVENUE), 3000000);
	assert_int_equal(ledger_gain(e, 2, ACCOUNT_TAX), 300000);
	assert_int_equal(ledger_post(0, 100000, e), 0);
	assert_int_equal(ledger_post(5, 0, e), 1);
	for (int64_t gross = 1; gross < 100000; gross += 13) {
		struct ledger_entry back[LEDGER_ENTRIES_MAX];
		unsigned n = ledger_post(gross, 82500, e), m = ledger_reverse(gross, 82500, back);
		for (unsigned k = 0; k <= ACCOUNT_FUNDING; k++)
			assert_int_equal(ledger_gain(e, n, k) + ledger_gain(back, m, k), 0);
		assert_int_equal(ledger_gain(e, n, ACCOUNT_PAYER), -gross);
	}
	assert_true(ledger_has_credit(100, 40, 0, 60) && !ledger_has_credit(100, 40, 0, 61));
	assert_true(ledger_has_credit(-50, 0, 60, 10) && !ledger_has_credit(0, 0, 0, 1));
	assert_false(ledger_has_credit(INT64_MIN, 1, 0, 0));
	assert_false(ledger_has_credit(100, 0, 0, -1));
}

/* R9.1, B1, B3: terms only for what the quote names. */
static void permits_stay_inside_the_quote(void **state)
{
	struct quote q = a_quote();
	struct permit_terms t;
	struct message_id d = message_id_delivery(message_id_new(5), 1);

	(void)state;
	assert_true(ledger_permit_terms(&q, d, TEXT_LITERAL("sms"), 2, 1, 3, 50, &t));
	assert_true(t.price == 3300000 && t.units == 2 && t.not_after_us == 50 && t.attempt == 1 && t.epoch == 3);
	assert_false(ledger_permit_terms(&q, d, TEXT_LITERAL("sms"), 3, 1, 3, 50, &t));
	assert_false(ledger_permit_terms(&q, d, TEXT_LITERAL("sat"), 1, 1, 3, 50, &t));
	assert_false(ledger_permit_terms(&q, d, TEXT_LITERAL("sms"), 0, 1, 3, 50, &t));
	q.max_amount = 3000000;
	assert_false(ledger_permit_terms(&q, d, TEXT_LITERAL("sms"), 2, 1, 3, 50, &t));
}

static void standing_consent_answers_what_it_names(void **state)
{
	struct quote q = a_quote();
	struct store_consent c = {
		.bearers = TEXT_LITERAL("sms mms"), .max_each = 110000000, .from_us = 10, .until_us = 100
	};

	(void)state;
	memset(c.account_id, 7, 16);
	assert_true(ledger_consent_covers(&c, &q, 50)); /* rcs is free, and needs no name */
	assert_false(ledger_consent_covers(&c, &q, 9));
	assert_false(ledger_consent_covers(&c, &q, 100));
	c.revoked_us = 40;
	assert_false(ledger_consent_covers(&c, &q, 50));
	assert_true(ledger_consent_covers(&c, &q, 39));
	c.revoked_us = 0;
	c.max_each = 109999999;
	assert_false(ledger_consent_covers(&c, &q, 50));
	c.max_each = 110000000;
	c.bearers = TEXT_LITERAL("sms");
	assert_false(ledger_consent_covers(&c, &q, 50));
	c.bearers = TEXT_LITERAL("sms mmsx");
	assert_false(ledger_consent_covers(&c, &q, 50));
	c.bearers = TEXT_LITERAL("mms sms");
	c.account_id[3] = 1;
	assert_false(ledger_consent_covers(&c, &q, 50));
}

/* A payer's account and one delivery at a time, events at random: the sums hold after each. */
struct life {
	enum money_state state;
	int64_t held, price, posted, refunded;
	unsigned postings;
};

static void end_of_life(struct life *l, enum store_outcome outcome, int64_t *balance, int64_t *held)
{
	struct ledger_end end = ledger_finish(outcome, l->price, l->held);

	assert_true(end.amount <= l->held); /* B3 */
	*held -= l->held;
	l->held = 0;
	if (end.post) {
		struct ledger_entry e[LEDGER_ENTRIES_MAX];
		unsigned n = ledger_post(end.amount, 100000, e);
		*balance += ledger_gain(e, n, ACCOUNT_PAYER);
		l->posted = end.amount;
		l->postings++;
	}
}

static void random_lives_keep_the_sums(void **state)
{
	uint32_t r = 12345;
	int64_t balance = 1000000000, held = 0, taken = 0;

	(void)state;
	for (unsigned run = 0; run < 20000; run++) {
		struct life l = { .state = MONEY_NEW };
		for (unsigned step = 0; step < 40; step++) {
			r = r * 1664525u + 1013904223u;
			enum money_event event = (r >> 16) % MONEY_EVENT_COUNT;
			enum money_state to = money_after(l.state, event);
			int64_t want = 1 + (r >> 8) % 500;
			if (to == MONEY_STATE_COUNT)
				continue;
			if (event == MONEY_HOLD) {
				if (!ledger_has_credit(balance, held, 0, want))
					break;
				l.held = want;
				l.price = want - (r >> 28) % 3;
				held += want;
			}
			if (to == MONEY_POSTED)
				end_of_life(&l, OUTCOME_SENT, &balance, &held);
			else if (to == MONEY_VOIDED)
				end_of_life(&l, OUTCOME_REFUSED, &balance, &held);
			else if (to == MONEY_EXPIRED)
				end_of_life(&l, l.state == MONEY_IN_DOUBT ? OUTCOME_UNKNOWN : OUTCOME_EXPIRED, &balance,
					    &held);
			if (event == MONEY_REFUND) {
				l.refunded = ledger_refund_due(1, OUTCOME_REFUSED, l.posted, l.refunded);
				balance += l.refunded;
			}
			l.state = to;
			assert_true(balance - held >= 0);			/* B10 */
			assert_true(l.postings <= 1 && l.refunded <= l.posted); /* B2, B15 */
			assert_true(!money_is_final(l.state) || l.held == 0);	/* B6 */
		}
		held -= l.held; /* the sweeper */
		taken += l.posted - l.refunded;
		assert_true(held == 0 && balance + taken == 1000000000); /* B9 */
	}
	assert_true(taken > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(states_move_as_drawn),
		cmocka_unit_test(a_charge_holds_the_maximum),
		cmocka_unit_test(ends_post_void_or_are_borne),
		cmocka_unit_test(entries_sum_to_zero),
		cmocka_unit_test(a_late_success_is_a_duplicate),
		cmocka_unit_test(permits_stay_inside_the_quote),
		cmocka_unit_test(standing_consent_answers_what_it_names),
		cmocka_unit_test(random_lives_keep_the_sums),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
