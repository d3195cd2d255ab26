/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Amounts: read, written, summed, taxed. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>

#include "billing/money.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static const char *printed(int64_t micros, char room[64])
{
	struct writer w = writer_of(room, 63);

	amount_print(&w, micros);
	assert_true(writer_ok(&w));
	room[writer_len(&w)] = 0;
	return room;
}

static void amounts_are_read_and_written(void **state)
{
	static const struct {
		const char *text;
		int64_t micros;
		const char *again;
	} cases[] = {
		{ "0", 0, "0.00" },
		{ "-0", 0, "0.00" },
		{ "3", 3000000, "3.00" },
		{ "3.3", 3300000, "3.30" },
		{ "3.30", 3300000, "3.30" },
		{ "0.000001", 1, "0.000001" },
		{ "-0.000001", -1, "-0.000001" },
		{ "12.3456", 12345600, "12.3456" },
		{ "0003.5", 3500000, "3.50" },
		{ "9223372036854.775807", INT64_MAX, "9223372036854.775807" },
		{ "-9223372036854.775807", -INT64_MAX, "-9223372036854.775807" },
	};
	char room[64];

	(void)state;
	for (unsigned i = 0; i < COUNT(cases); i++) {
		int64_t micros = 77;
		assert_int_equal(amount_parse(text_of(cases[i].text), true, &micros), OK);
		assert_true(micros == cases[i].micros);
		assert_string_equal(printed(micros, room), cases[i].again);
	}
	assert_string_equal(printed(INT64_MIN, room), "-9223372036854.775808");
}

static void bad_amounts_are_refused(void **state)
{
	static const struct {
		const char *text;
		enum result result;
	} cases[] = {
		{ "", ERR_MALFORMED },
		{ "-", ERR_MALFORMED },
		{ ".5", ERR_MALFORMED },
		{ "5.", ERR_MALFORMED },
		{ "5.0000001", ERR_MALFORMED },
		{ "1.2.3", ERR_MALFORMED },
		{ "1,5", ERR_MALFORMED },
		{ " 1", ERR_MALFORMED },
		{ "1e3", ERR_MALFORMED },
		{ "--1", ERR_MALFORMED },
		{ "+1", ERR_MALFORMED },
		{ "-1", ERR_DENIED },
		{ "-0.000001", ERR_DENIED },
		{ "9223372036854.775808", ERR_TOO_BIG },
		{ "9223372036855", ERR_TOO_BIG },
		{ "99999999999999999999999", ERR_TOO_BIG },
	};

	(void)state;
	for (unsigned i = 0; i < COUNT(cases); i++) {
		int64_t micros = 77;
		assert_int_equal(amount_parse(text_of(cases[i].text), false, &micros), cases[i].result);
		assert_true(micros == 77);
	}
}

static void sums_do_not_overflow_and_currencies_do_not_meet(void **state)
{
	struct money yen = { 5, "JPY" }, euro = { 5, "EUR" }, all = { INT64_MAX, "JPY" };
	int64_t out = 7;

	(void)state;
	assert_true(money_add(&yen, yen) && yen.micros == 10);
	assert_false(money_add(&yen, euro));
	assert_false(money_subtract(&yen, euro));
	assert_false(money_add(&yen, all));
	assert_int_equal(yen.micros, 10);
	assert_true(money_subtract(&yen, yen) && yen.micros == 0);
	assert_false(amount_add(INT64_MAX, 1, &out));
	assert_false(amount_subtract(INT64_MIN, 1, &out));
	assert_false(amount_multiply(INT64_MAX / 2, 3, &out));
	assert_int_equal(out, 7);
}

static void currencies_are_known_or_refused(void **state)
{
	char code[CURRENCY_SIZE];

	(void)state;
	assert_true(currency_parse(TEXT_LITERAL("JPY"), code));
	assert_string_equal(code, "JPY");
	assert_true(currency_parse(TEXT_LITERAL("AED"), code) && currency_parse(TEXT_LITERAL("ZWG"), code));
	assert_false(currency_parse(TEXT_LITERAL("jpy"), code));
	assert_false(currency_parse(TEXT_LITERAL("YEN"), code));
	assert_false(currency_parse(TEXT_LITERAL("EDA"), code)); /* across two codes of the list */
	assert_false(currency_parse(TEXT_LITERAL(""), code));
	assert_false(currency_parse(TEXT_LITERAL("JPYX"), code));
}

static void tax_is_rounded_once(void **state)
{
	int64_t tax = -1;

	(void)state;
	assert_true(money_tax(3000000, 100000, ROUND_HALF_UP, 1, &tax) && tax == 300000);
	assert_true(money_tax(3000000, 100000, ROUND_HALF_UP, MONEY_UNIT, &tax) && tax == 0);
	assert_true(money_tax(5000000, 100000, ROUND_HALF_UP, MONEY_UNIT, &tax) && tax == 1000000);
	assert_true(money_tax(5000000, 100000, ROUND_DOWN, MONEY_UNIT, &tax) && tax == 0);
	assert_true(money_tax(100000, 100000, ROUND_UP, MONEY_UNIT, &tax) && tax == 1000000);
	assert_true(money_tax(0, 100000, ROUND_UP, MONEY_UNIT, &tax) && tax == 0);
	assert_true(money_tax(INT64_MAX, MONEY_PPM, ROUND_DOWN, 1, &tax) && tax == INT64_MAX);
	assert_false(money_tax(INT64_MAX, MONEY_PPM + 1, ROUND_DOWN, 1, &tax));
	assert_false(money_tax(-1, 1, ROUND_DOWN, 1, &tax));
	assert_int_equal(money_tax_inside(3300000, 100000), 300000);
	assert_int_equal(money_tax_inside(3300000, 0), 0);
	for (int64_t net = 0; net < 100000; net += 7) { /* gross apart again gives what went in */
		assert_true(money_tax(net, 100000, ROUND_HALF_UP, 1, &tax));
		assert_true(money_tax_inside(net + tax, 100000) == tax);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(amounts_are_read_and_written),
		cmocka_unit_test(bad_amounts_are_refused),
		cmocka_unit_test(sums_do_not_overflow_and_currencies_do_not_meet),
		cmocka_unit_test(currencies_are_known_or_refused),
		cmocka_unit_test(tax_is_rounded_once),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
