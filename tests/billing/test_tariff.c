/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Price lists: what is looked up, and what is refused with its line. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>

#include "billing/tariff.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define V1 "version,1,JPY,2020-01-01,\n"
#define ROW "price,sms,+81,segment,1,10,3,10%,sent\n"
#define DAY_US INT64_C(86400000000)

static const struct tariff_version *only(const char *list, struct tariff **t)
{
	struct tariff_error e;

	if (tariff_parse(text_of(list), t, &e) != OK)
		fail_msg("line %u: %s", e.line, e.why);
	assert_int_equal(tariff_count(*t), 1);
	return tariff_version(*t, 0);
}

static int64_t yen(const struct tariff_version *v, const char *unit, int64_t units)
{
	struct tariff_price p;
	const struct tariff_measure m = { text_of(unit), units };

	if (tariff_price(v, TEXT_LITERAL("sms"), TEXT_LITERAL("+819012345678"), &m, 1, &p) != OK)
		return -1;
	assert_true(p.total == p.net + p.tax && p.tax == p.net / 10);
	return p.net / MONEY_UNIT;
}

static void the_japanese_list_at_each_bound(void **state)
{
	static const int full[] = { 70, 134, 201, 268, 335, 402, 469, 536, 603, 670 };
	static const int half[] = { 160, 306, 459, 612, 765, 918, 1071, 1224, 1377, 1530 };
	struct tariff *t;
	struct tariff_error e;

	(void)state;
	if (tariff_load("examples/tariff-japan.csv", &t, &e) != OK)
		fail_msg("examples/tariff-japan.csv:%u: %s", e.line, e.why);
	const struct tariff_version *v = tariff_version(t, 0);
	assert_int_equal(v->rows_count, 20);
	for (int i = 0; i < 10; i++) {
		int64_t next = i < 9 ? 3 * (i + 2) : -1;
		assert_int_equal(yen(v, "full", full[i]), 3 * (i + 1));
		assert_int_equal(yen(v, "full", full[i] + 1), next);
		assert_int_equal(yen(v, "half", half[i]), 3 * (i + 1));
		assert_int_equal(yen(v, "half", half[i] + 1), next);
	}
	assert_int_equal(yen(v, "full", 1), 3);
	assert_int_equal(yen(v, "full", 671), -1);
	assert_int_equal(yen(v, "half", 1531), -1);
	assert_int_equal(yen(v, "segment", 1), -1);
	tariff_free(&t);
}

/* R9.5: the 71st character is another price; and one full-width character moves a text to the other row. */
static void characters_choose_the_row(void **state)
{
	struct tariff *t;
	struct tariff_error e;
	struct tariff_measure m[TARIFF_MEASURES];
	struct tariff_price p;
	char text[512];

	(void)state;
	assert_int_equal(tariff_load("examples/tariff-japan.csv", &t, &e), OK);
	const struct tariff_version *v = tariff_version(t, 0);
	memset(text, 'a', 160);
	unsigned n = tariff_measure_text(text_range(text, 160), 1, m);
	assert_int_equal(tariff_price(v, TEXT_LITERAL("sms"), TEXT_LITERAL("+81312345678"), m, n, &p), OK);
	assert_true(p.net == 3 * MONEY_UNIT && p.total == 3300000 && text_is(p.unit, "half") && p.units == 160);
	memcpy(text + 157, "\xe3\x81\x82", 3); /* the end becomes one full-width character: 158 of them */
	n = tariff_measure_text(text_range(text, 160), 3, m);
	assert_int_equal(tariff_price(v, TEXT_LITERAL("sms"), TEXT_LITERAL("+81312345678"), m, n, &p), OK);
	assert_true(p.net == 9 * MONEY_UNIT && text_is(p.unit, "full") && p.units == 158);
	for (unsigned i = 0; i < 71; i++)
		memcpy(text + 3 * i, "\xe3\x81\x82", 3);
	n = tariff_measure_text(text_range(text, 210), 1, m);
	assert_int_equal(tariff_price(v, TEXT_LITERAL("sms"), TEXT_LITERAL("+81312345678"), m, n, &p), OK);
	assert_true(p.net == 3 * MONEY_UNIT);
	n = tariff_measure_text(text_range(text, 213), 2, m);
	assert_int_equal(tariff_price(v, TEXT_LITERAL("sms"), TEXT_LITERAL("+81312345678"), m, n, &p), OK);
	assert_true(p.net == 6 * MONEY_UNIT);
	assert_int_equal(tariff_price(v, TEXT_LITERAL("sms"), TEXT_LITERAL("+4912345"), m, n, &p), ERR_NOT_FOUND);
	assert_int_equal(tariff_price(v, TEXT_LITERAL("mms"), TEXT_LITERAL("+81312345678"), m, n, &p), ERR_NOT_FOUND);
	n = tariff_measure_text(TEXT_LITERAL(""), 1, m);
	assert_int_equal(m[0].units, 1);
	n = tariff_measure_text(TEXT_LITERAL("\xf0\x9f\x98\x80"), 1, m);
	assert_int_equal(m[0].units, 2);
	tariff_free(&t);
}

static void the_longest_prefix_then_the_smallest_step(void **state)
{
	struct tariff *t;
	const struct tariff_version *v = only("# a list\n" V1 "\n"
					      "price,sms,,segment,1,255,50,0,sent\r\n"
					      "price,sms,+81,segment,1,1,3,10%,delivered # cheap\n"
					      "price,sms,+81,segment,2,4,5.5,10%,delivered\n"
					      " price , sms , +8190 , segment , 1 , 2 , 0 , 0 , sent \n"
					      "price,mms,,octet,1,307200,100,8.25%,sent\n",
					      &t);
	static const struct {
		const char *bearer, *to, *unit;
		int64_t units;
		enum result result;
		int64_t net, total;
	} cases[] = {
		{ "sms", "+491", "segment", 1, OK, 50000000, 50000000 },
		{ "sms", "+8131", "segment", 1, OK, 3000000, 3300000 },
		{ "sms", "+8131", "segment", 2, OK, 5500000, 6050000 },
		{ "sms", "+8131", "segment", 4, OK, 5500000, 6050000 },
		{ "sms", "+8131", "segment", 5, ERR_NOT_FOUND, 0, 0 }, /* the longest prefix decides */
		{ "sms", "+81901234", "segment", 2, OK, 0, 0 },
		{ "sms", "+8190", "segment", 3, ERR_NOT_FOUND, 0, 0 },
		{ "sms", "110", "segment", 255, OK, 50000000, 50000000 },
		{ "sms", "", "segment", 1, OK, 50000000, 50000000 },
		{ "mms", "+1", "octet", 300000, OK, 100000000, 108250000 },
		{ "mms", "+1", "segment", 1, ERR_NOT_FOUND, 0, 0 },
		{ "rcs", "+1", "segment", 1, ERR_NOT_FOUND, 0, 0 },
	};

	(void)state;
	for (unsigned i = 0; i < COUNT(cases); i++) {
		struct tariff_price p = { 0 };
		const struct tariff_measure m = { text_of(cases[i].unit), cases[i].units };
		assert_int_equal(tariff_price(v, text_of(cases[i].bearer), text_of(cases[i].to), &m, 1, &p),
				 cases[i].result);
		assert_int_equal(p.net, cases[i].net);
		assert_int_equal(p.total, cases[i].total);
	}
	tariff_free(&t);
}

static void a_network_goes_before_the_number(void **state)
{
	struct tariff *t;
	const struct tariff_version *v = only(V1 "price,sms,,segment,1,9,50,0,sent\n"
						 "price,sms,+81,segment,1,9,3,0,sent\n"
						 "price,sms,net:44010,segment,1,2,7,0,sent\n"
						 "price,sms,net:440,segment,1,9,9,0,sent\n",
					      &t);
	static const struct {
		const char *network;
		int64_t units;
		enum result result;
		int64_t net;
	} cases[] = {
		{ "", 1, OK, 3 },	{ "44010", 2, OK, 7 }, { "44010", 3, ERR_NOT_FOUND, 0 },
		{ "440100", 1, OK, 9 }, { "44020", 3, OK, 9 }, { "44110", 1, OK, 3 },
		{ "440", 1, OK, 3 },
	};

	(void)state;
	for (unsigned i = 0; i < COUNT(cases); i++) {
		struct tariff_price p = { 0 };
		const struct tariff_measure m = { TEXT_LITERAL("segment"), cases[i].units };
		assert_int_equal(tariff_price_in(v, TEXT_LITERAL("sms"), text_of(cases[i].network),
						 TEXT_LITERAL("+819012345678"), &m, 1, &p),
				 cases[i].result);
		assert_int_equal(p.net, cases[i].net * MONEY_UNIT);
	}
	tariff_free(&t);
}

static void versions_follow_each_other(void **state)
{
	static const char list[] = V1 ROW "version,2,JPY,2020-02-01T12:00:00Z,2020-03-01\n" ROW
					  "version,7,JPY,2020-03-01,2020-04-01\n" ROW;
	struct tariff *t;
	struct tariff_error e;
	const int64_t january = INT64_C(1577836800000000);

	(void)state;
	assert_int_equal(tariff_parse(text_of(list), &t, &e), OK);
	assert_int_equal(tariff_count(t), 3);
	assert_null(tariff_at(t, january - 1));
	assert_int_equal(tariff_at(t, january)->id, 1);
	assert_int_equal(tariff_at(t, january + 31 * DAY_US + DAY_US / 2 - 1)->id, 1);
	assert_int_equal(tariff_at(t, january + 31 * DAY_US + DAY_US / 2)->id, 2);
	assert_int_equal(tariff_at(t, january + 60 * DAY_US)->id, 7); /* 2020 had a 29th of February */
	assert_null(tariff_at(t, january + 91 * DAY_US));
	assert_memory_not_equal(tariff_version(t, 0)->hash, tariff_version(t, 1)->hash, 32);
	struct store_price put = { 0 };
	tariff_publish(tariff_version(t, 2), &put);
	assert_true(put.id == 7 && text_is(put.currency, "JPY") && put.rows_count == 1 && put.rows[0].upto == 10);
	tariff_free(&t);
}

static void bad_lists_are_refused_with_their_line(void **state)
{
	static const struct {
		const char *list;
		unsigned line;
		enum result result;
		const char *why;
	} cases[] = {
		{ "", 0, ERR_NOT_FOUND, "no version" },
		{ "prize,sms\n", 1, ERR_MALFORMED, "a line begins" },
		{ ROW, 1, ERR_MALFORMED, "before its version" },
		{ V1, 1, ERR_NOT_FOUND, "without a price row" },
		{ V1 ROW "version,2,JPY,2020-02-01,\n", 3, ERR_NOT_FOUND, "without a price row" },
		{ "version,0,JPY,2020-01-01,\n" ROW, 1, ERR_MALFORMED, "number" },
		{ "version,1,YEN,2020-01-01,\n" ROW, 1, ERR_UNSUPPORTED, "unknown currency" },
		{ "version,1,jpy,2020-01-01,\n" ROW, 1, ERR_UNSUPPORTED, "unknown currency" },
		{ "version,1,JPY,2020-13-01,\n" ROW, 1, ERR_MALFORMED, "a time is" },
		{ "version,1,JPY,2021-02-29,\n" ROW, 1, ERR_MALFORMED, "a time is" },
		{ "version,1,JPY,2020-01-01T24:00:00Z,\n" ROW, 1, ERR_MALFORMED, "a time is" },
		{ "version,1,JPY,2020-01-01,2020-01-01\n" ROW, 1, ERR_MALFORMED, "ends after" },
		{ "version,1,JPY,2020-01-01,,sideways\n" ROW, 1, ERR_MALFORMED, "rounding is" },
		{ "version,1,JPY,2020-01-01,,up,0\n" ROW, 1, ERR_MALFORMED, "rounding step" },
		{ "version,1,JPY\n", 1, ERR_MALFORMED, "version,ID" },
		{ V1 ROW "version,1,JPY,2020-02-01,\n" ROW, 3, ERR_CONFLICT, "numbers rise" },
		{ V1 ROW "version,2,EUR,2020-02-01,\n" ROW, 3, ERR_CONFLICT, "one currency" },
		{ V1 ROW "version,2,JPY,2020-01-01,\n" ROW, 3, ERR_CONFLICT, "overlaps the version" },
		{ "version,1,JPY,2020-01-01,2020-03-01\n" ROW "version,2,JPY,2020-02-01,\n" ROW, 3, ERR_CONFLICT,
		  "overlaps the version" },
		{ "version,1,JPY,2020-01-01,2020-01-31\n" ROW "version,2,JPY,2020-02-01,\n" ROW, 3, ERR_NOT_FOUND,
		  "gap after" },
		{ V1 "price,sms,+81,segment,1,10,3,10%\n", 2, ERR_MALFORMED, "price,BEARER" },
		{ V1 "price,sms,+81,segment,1,10,3,10%,sent,more\n", 2, ERR_MALFORMED, "price,BEARER" },
		{ V1 "price,sms,+81,segment,1,10,3,10%,sent,,,,,,,,\n", 2, ERR_MALFORMED, "price,BEARER" },
		{ V1 "price,SMS,+81,segment,1,10,3,10%,sent\n", 2, ERR_MALFORMED, "words" },
		{ V1 "price,sms,+81x,segment,1,10,3,10%,sent\n", 2, ERR_MALFORMED, "digits" },
		{ V1 "price,sms,net:44,segment,1,10,3,10%,sent\n", 2, ERR_MALFORMED, "net:44010" },
		{ V1 "price,sms,net:,segment,1,10,3,10%,sent\n", 2, ERR_MALFORMED, "net:44010" },
		{ V1 "price,sms,+81,segment,0,10,3,10%,sent\n", 2, ERR_MALFORMED, "units run" },
		{ V1 "price,sms,+81,segment,9,8,3,10%,sent\n", 2, ERR_MALFORMED, "units run" },
		{ V1 "price,sms,+81,segment,1,99999999999,3,10%,sent\n", 2, ERR_MALFORMED, "units run" },
		{ V1 "price,sms,+81,segment,1,10,-3,10%,sent\n", 2, ERR_DENIED, "negative" },
		{ V1 "price,sms,+81,segment,1,10,3.0000001,10%,sent\n", 2, ERR_MALFORMED, "six decimals" },
		{ V1 "price,sms,+81,segment,1,10,9999999999999,0,sent\n", 2, ERR_TOO_BIG, "overflows" },
		{ V1 "price,sms,+81,segment,1,10,9000000000000,10%,sent\n", 2, ERR_TOO_BIG, "overflows with its tax" },
		{ V1 "price,sms,+81,segment,1,10,3,10,sent\n", 2, ERR_MALFORMED, "percentage" },
		{ V1 "price,sms,+81,segment,1,10,3,101%,sent\n", 2, ERR_MALFORMED, "percentage" },
		{ V1 "price,sms,+81,segment,1,10,3,10%,later\n", 2, ERR_MALFORMED, "sent or delivered" },
		{ V1 ROW ROW, 3, ERR_CONFLICT, "overlaps another row" },
		{ V1 ROW "price,sms,+81,segment,10,20,3,10%,sent\n", 3, ERR_CONFLICT, "overlaps another row" },
		{ V1 ROW "price,sms,+81,segment,12,20,3,10%,sent\n", 3, ERR_NOT_FOUND, "a gap before" },
		{ V1 "price,sms,+81,segment,2,20,3,10%,sent\n", 2, ERR_NOT_FOUND, "begin at 1" },
		{ V1 ROW "price,sms,+81,full,1,20,3,10%,sent\nprice,sms,+49,full,1,20,3,10%,sent\n", 4, ERR_NOT_FOUND,
		  "lacks another unit" },
	};
	struct tariff *t;
	struct tariff_error e;

	(void)state;
	for (unsigned i = 0; i < COUNT(cases); i++) {
		enum result result = tariff_parse(text_of(cases[i].list), &t, &e);
		if (result != cases[i].result || e.line != cases[i].line || !strstr(e.why, cases[i].why))
			fail_msg("case %u: %s, line %u: %s", i, result_name(result), e.line, e.why);
		assert_null(t);
	}
	assert_int_equal(tariff_load("examples/no-such.csv", &t, &e), ERR_IO);
}

/* A list cut anywhere is a shorter list or an error, never a crash. */
static void every_prefix_of_a_list(void **state)
{
	static const char list[] = V1 ROW "price,sms,+81,segment,11,20,4,10%,sent\nversion,2,JPY,2020-02-01,\n" ROW;
	struct tariff *t;
	struct tariff_error e;

	(void)state;
	for (size_t n = 0; n < sizeof(list); n++) {
		if (tariff_parse(text_range(list, n), &t, &e) == OK)
			assert_true(tariff_count(t) > 0);
		tariff_free(&t);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_japanese_list_at_each_bound),
		cmocka_unit_test(characters_choose_the_row),
		cmocka_unit_test(the_longest_prefix_then_the_smallest_step),
		cmocka_unit_test(a_network_goes_before_the_number),
		cmocka_unit_test(versions_follow_each_other),
		cmocka_unit_test(bad_lists_are_refused_with_their_line),
		cmocka_unit_test(every_prefix_of_a_list),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
