/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Caps: windows, marks, warnings. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "billing/cap.h"

#define SECOND INT64_C(1000000)
#define DAY (86400 * SECOND)

static struct tm utc(int64_t us)
{
	time_t t = (time_t)(us / SECOND);
	struct tm tm;

	gmtime_r(&t, &tm);
	return tm;
}

/* Against the C library's calendar, each half day of 60 years. */
static void windows_are_days_and_months(void **state)
{
	(void)state;
	for (int64_t now = DAY / 4; now < 60 * 365 * DAY; now += DAY / 2) {
		int64_t from, until;
		struct tm tm = utc(now);
		cap_bounds(CAP_DAY, now, 0, &from, &until);
		assert_true(from == now - now % DAY && until == from + DAY);
		cap_bounds(CAP_MONTH, now, 0, &from, &until);
		assert_true(from <= now && now < until);
		struct tm first = utc(from), next = utc(until);
		assert_true(first.tm_mday == 1 && first.tm_hour == 0 && first.tm_mon == tm.tm_mon);
		assert_true(first.tm_year == tm.tm_year && next.tm_mday == 1 && next.tm_hour == 0);
		assert_int_equal(next.tm_mon, (tm.tm_mon + 1) % 12);
	}
}

static void windows_are_the_payers_own(void **state)
{
	int64_t from, until;
	const int64_t new_year_utc = INT64_C(1577836800) * SECOND; /* 2020-01-01 */

	(void)state;
	cap_bounds(CAP_MONTH, new_year_utc - 10 * 3600 * SECOND, 9 * 3600, &from, &until);
	assert_true(until == new_year_utc - 9 * 3600 * SECOND); /* still December in Tokyo */
	cap_bounds(CAP_MONTH, new_year_utc - 9 * 3600 * SECOND, 9 * 3600, &from, &until);
	assert_true(from == new_year_utc - 9 * 3600 * SECOND);
	cap_bounds(CAP_DAY, new_year_utc, -5 * 3600, &from, &until);
	assert_true(from == new_year_utc - 19 * 3600 * SECOND);
	cap_bounds(CAP_DAY, -1, 0, &from, &until);
	assert_true(from == -DAY && until == 0);
	assert_true(cap_counts(CAP_MONTH, false) && !cap_counts(CAP_ROAMING_MONTH, false));
}

static void holds_stop_at_the_cap(void **state)
{
	struct cap_window w = { .cap = 100, .posted = 60, .held = 30 };

	(void)state;
	assert_true(cap_allows(&w, 10));
	assert_false(cap_allows(&w, 11));
	assert_false(cap_allows(&w, -1));
	assert_false(cap_allows(&w, INT64_MAX));
	w.cap = INT64_MAX;
	assert_true(cap_allows(&w, INT64_MAX - 90));
	assert_false(cap_allows(&w, INT64_MAX - 89));
}

/* Every way of cutting the use into steps gives each mark exactly once. */
static void marks_are_crossed_once(void **state)
{
	uint32_t r = 1;

	(void)state;
	for (unsigned run = 0; run < 2000; run++) {
		int64_t cap = 1 + run % 97, used = 0;
		unsigned times80 = 0, times100 = 0;
		while (used < cap) {
			r = r * 1664525u + 1013904223u;
			int64_t after = used + (r >> 16) % 7;
			after = after > cap ? cap : after;
			unsigned marks = cap_marks(used, after, cap);
			times80 += (marks & CAP_MARK_80) != 0;
			times100 += (marks & CAP_MARK_100) != 0;
			used = after;
		}
		assert_true(times80 == 1 && times100 == 1);
	}
	assert_int_equal(cap_marks(79, 80, 100), CAP_MARK_80);
	assert_int_equal(cap_marks(0, 79, 100), 0);
	assert_int_equal(cap_marks(0, 100, 100), CAP_MARK_80 | CAP_MARK_100);
	assert_int_equal(cap_marks(80, 99, 100), 0);
	assert_int_equal(cap_marks(100, 100, 100), 0); /* a hold given back and taken again */
	assert_int_equal(cap_marks(0, 1, 0), 0);
	assert_int_equal(cap_marks(0, INT64_MAX, INT64_MAX), CAP_MARK_80 | CAP_MARK_100);
}

static void a_warning_has_one_id(void **state)
{
	const uint8_t payer[16] = { 1 }, other[16] = { 2 };
	struct cap_window w = {
		.kind = CAP_MONTH, .from_us = 5, .cap = 50000000, .posted = 30000000, .held = 10100000
	};
	uint8_t id[16], again[16];
	char text[200];
	struct writer to = writer_of(text, sizeof(text) - 1);

	(void)state;
	cap_warning_id(payer, &w, CAP_MARK_80, id);
	cap_warning_text(&to, &w, CAP_MARK_80, "EUR");
	text[writer_len(&to)] = 0;
	assert_string_equal(text, "80 % of your limit of 50.00 EUR for this month is used: 40.10 EUR.");
	w.posted = 45000000; /* what is used does not count in the id */
	cap_warning_id(payer, &w, CAP_MARK_80, again);
	assert_memory_equal(id, again, 16);
	cap_warning_id(payer, &w, CAP_MARK_100, again);
	assert_memory_not_equal(id, again, 16);
	cap_warning_id(other, &w, CAP_MARK_80, again);
	assert_memory_not_equal(id, again, 16);
	w.from_us = 6;
	cap_warning_id(payer, &w, CAP_MARK_80, again);
	assert_memory_not_equal(id, again, 16);
}

/* The knob `cap` of an account, and where its days begin. */
static void knobs(void **state)
{
	static const char *const bad[] = { "",	    "day",  "week 5", "day -1", "day 5 later", "day 5 now now",
					   "day x", "5 day" };
	enum cap_kind kind;
	int64_t cap;
	bool now;
	int32_t offset;

	(void)state;
	assert_int_equal(cap_parse(TEXT_LITERAL("day 50.00"), &kind, &cap, &now), OK);
	assert_true(kind == CAP_DAY && cap == 50000000 && !now);
	assert_int_equal(cap_parse(TEXT_LITERAL(" roaming-month  3  now "), &kind, &cap, &now), OK);
	assert_true(kind == CAP_ROAMING_MONTH && cap == 3000000 && now);
	for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_not_equal(cap_parse(text_of(bad[i]), &kind, &cap, &now), OK);
	assert_true(cap_offset_parse(TEXT_LITERAL("+09:00"), &offset) && offset == 32400);
	assert_true(cap_offset_parse(TEXT_LITERAL("-05:30"), &offset) && offset == -19800);
	assert_false(cap_offset_parse(TEXT_LITERAL("09:00"), &offset));
	assert_false(cap_offset_parse(TEXT_LITERAL("+9:00 "), &offset));
	assert_false(cap_offset_parse(TEXT_LITERAL("+15:00"), &offset));
	assert_false(cap_offset_parse(TEXT_LITERAL("+09:60"), &offset));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(knobs),
		cmocka_unit_test(windows_are_days_and_months),
		cmocka_unit_test(windows_are_the_payers_own),
		cmocka_unit_test(holds_stop_at_the_cap),
		cmocka_unit_test(marks_are_crossed_once),
		cmocka_unit_test(a_warning_has_one_id),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
