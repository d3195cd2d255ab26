/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A quote's prices, recipient by recipient, in the room that a token has. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "core/charge.h"

#define SMS TEXT_LITERAL("sms")

static struct charge_price price(int64_t amount, int64_t version)
{
	struct charge_price p = { .version = version, .units = 1, .amount = amount };

	memcpy(p.currency, "JPY", 4);
	return p;
}

static void each_recipient_has_his_own(void **state)
{
	struct charge_quoted q = { 0 };
	struct charge_price a = price(3, 1), b = price(7, 1);

	(void)state;
	assert_true(charge_quoted_add(&q, SMS, &a));
	assert_true(charge_quoted_add(&q, SMS, &a));
	assert_true(charge_quoted_add(&q, SMS, NULL));
	assert_true(charge_quoted_add(&q, SMS, &b));
	assert_true(charge_quoted_add(&q, SMS, &a));
	assert_int_equal(q.lines_count, 2);
	assert_int_equal(q.runs_count, 4);
	const int64_t expected[] = { -1, 3, 3, -1, 7, 3, -1 }; /* there is no recipient 0, and no sixth */
	for (unsigned i = 0; i < 7; i++) {
		const struct charge_price *p = charge_quoted_price(&q, i, SMS);
		assert_int_equal(p ? p->amount : -1, expected[i]);
	}
	assert_null(charge_quoted_price(&q, 1, TEXT_LITERAL("mms")));
}

static void a_thousand_of_one_price_are_one_run(void **state)
{
	struct charge_quoted q = { 0 };
	struct charge_price a = price(3, 1);

	(void)state;
	for (unsigned i = 0; i < 1000; i++)
		assert_true(charge_quoted_add(&q, SMS, &a));
	assert_int_equal(q.runs_count, 1);
	assert_non_null(charge_quoted_price(&q, 1000, SMS));
	assert_null(charge_quoted_price(&q, 1001, SMS));
}

static void what_has_no_room_is_refused(void **state)
{
	struct charge_quoted q = { 0 }, runs = { 0 }, tariffs = { 0 };
	struct charge_price a = price(1, 1), b = price(2, 1), other = price(1, 2);
	bool all = true;

	(void)state;
	for (unsigned i = 0; i < CHARGE_QUOTED_LINES + 1; i++) {
		struct charge_price p = price(i, 1);
		assert_int_equal(charge_quoted_add(&q, SMS, &p), i < CHARGE_QUOTED_LINES);
	}
	for (unsigned i = 0; i < CHARGE_QUOTED_RUNS + 1; i++)
		all = charge_quoted_add(&runs, SMS, i % 2 ? &a : &b) && all;
	assert_false(all);
	assert_true(charge_quoted_add(&tariffs, SMS, &a));
	assert_false(charge_quoted_add(&tariffs, SMS, &other));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_recipient_has_his_own),
		cmocka_unit_test(a_thousand_of_one_price_are_one_run),
		cmocka_unit_test(what_has_no_room_is_refused),
	};

	return cmocka_run_group_tests_name("charge_quoted", tests, NULL, NULL);
}
