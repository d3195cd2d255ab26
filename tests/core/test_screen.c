/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The rules of screening one by one, and quiet hours on clocks that leap. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/clock.h"
#include "core/screen.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define HOUR (3600 * USEC_PER_SEC)
#define NOON INT64_C(1795608000000000) /* 2026-11-25T12:00:00Z */

/* "2026-03-29T01:30:00Z" */
static int64_t at(const char *t)
{
	int64_t y = strtol(t, NULL, 10), m = strtol(t + 5, NULL, 10), d = strtol(t + 8, NULL, 10);
	int64_t s = strtol(t + 11, NULL, 10) * 3600 + strtol(t + 14, NULL, 10) * 60 + strtol(t + 17, NULL, 10);
	int64_t a = (14 - m) / 12, yy = y + 4800 - a, mm = m + 12 * a - 3; /* the Julian day number */
	int64_t days = d + (153 * mm + 2) / 5 + 365 * yy + yy / 4 - yy / 100 + yy / 400 - 32045 - 2440588;

	return (days * 86400 + s) * USEC_PER_SEC;
}

static const char *shown(int64_t us)
{
	static char room[CLOCK_TEXT_SIZE];

	clock_text(us, room);
	return room;
}

/* --- time ----------------------------------------------------------------------------------------------------------
 */

static void zones_as_people_write_them(void **state)
{
	static const struct {
		const char *zone;
		const char *at;
		int32_t offset_s;
	} cases[] = {
		{ "+09:00", "2026-07-01T00:00:00Z", 9 * 3600 },
		{ "-03:30", "2026-07-01T00:00:00Z", -(3 * 3600 + 1800) },
		{ "+00:00", "2026-07-01T00:00:00Z", 0 },
		{ "+5:45", "2026-07-01T00:00:00Z", 5 * 3600 + 45 * 60 },
		{ "UTC", "2026-07-01T00:00:00Z", 0 },
		{ "UTC0", "2026-07-01T00:00:00Z", 0 },
		{ "JST-9", "2026-07-01T00:00:00Z", 9 * 3600 },
		{ "<+0545>-5:45", "2026-07-01T00:00:00Z", 5 * 3600 + 45 * 60 },
		{ "Asia/Tokyo", "2026-01-01T00:00:00Z", 9 * 3600 },
		{ "Asia/Kolkata", "2026-01-01T00:00:00Z", 5 * 3600 + 1800 },
		/* the last Sundays of March and October, at 01:00 UTC everywhere in the European Union */
		{ "Europe/Berlin", "2026-03-29T00:59:59Z", 3600 },
		{ "Europe/Berlin", "2026-03-29T01:00:00Z", 7200 },
		{ "Europe/Berlin", "2026-10-25T00:59:59Z", 7200 },
		{ "Europe/Berlin", "2026-10-25T01:00:00Z", 3600 },
		{ "Europe/London", "2026-03-29T00:59:59Z", 0 },
		{ "Europe/London", "2026-03-29T01:00:00Z", 3600 },
		{ "Europe/Helsinki", "2026-10-25T00:59:59Z", 3 * 3600 },
		{ "Europe/Helsinki", "2026-10-25T01:00:00Z", 2 * 3600 },
		/* the second Sunday of March, the first of November, at 02:00 of the wall clock */
		{ "America/New_York", "2026-03-08T06:59:59Z", -5 * 3600 },
		{ "America/New_York", "2026-03-08T07:00:00Z", -4 * 3600 },
		{ "America/New_York", "2026-11-01T05:59:59Z", -4 * 3600 },
		{ "America/New_York", "2026-11-01T06:00:00Z", -5 * 3600 },
		{ "America/Phoenix", "2026-07-01T00:00:00Z", -7 * 3600 },
		/* south of the line summer spans the new year */
		{ "Australia/Sydney", "2026-01-01T00:00:00Z", 11 * 3600 },
		{ "Australia/Sydney", "2026-04-04T15:59:59Z", 11 * 3600 },
		{ "Australia/Sydney", "2026-04-04T16:00:00Z", 10 * 3600 },
		{ "Australia/Sydney", "2026-10-03T16:00:00Z", 11 * 3600 },
		{ "Australia/Sydney", "2026-12-31T23:59:59Z", 11 * 3600 },
		{ "EST5EDT4,M3.2.0/2:00:00,M11.1.0/2", "2026-07-01T00:00:00Z", -4 * 3600 },
		/* a leap year, and one that is none */
		{ "Europe/Berlin", "2024-03-31T01:00:00Z", 7200 },
		{ "Europe/Berlin", "2100-03-28T01:00:00Z", 7200 },
		{ "Europe/Berlin", "1970-01-01T00:00:00Z", 3600 },
	};
	struct screen_zone z;

	(void)state;
	for (unsigned i = 0; i < COUNT(cases); i++) {
		if (!screen_zone_parse(text_of(cases[i].zone), &z))
			fail_msg("%s is not read", cases[i].zone);
		if (screen_zone_offset(&z, at(cases[i].at)) != cases[i].offset_s)
			fail_msg("%s at %s: %d", cases[i].zone, cases[i].at, screen_zone_offset(&z, at(cases[i].at)));
	}
}

static void wrong_zones_and_windows(void **state)
{
	static const char *const zones[] = { "",
					     "9",
					     "+",
					     "+15:00",
					     "Mars/Olympus",
					     "CET",
					     "CET-1CEST",
					     "C-1",
					     "CET-1CEST,M3.5.0",
					     "<+9>-9",
					     "+09:00x",
					     "+09:61",
					     "<+09-9",
					     "CET-1CEST,M13.5.0,M10.5.0",
					     "UTC0 UTC",
					     "CET-1CEST,J60,M10.5.0",
					     "CET-1CEST,M3.5.7,M10.5.0" };
	static const char *const windows[] = { "",
					       "21:00",
					       "21:00-08:00",
					       "21:00-08:00 ",
					       "21-08 +09:00",
					       "25:00-08:00 +09:00",
					       "21:00-08:60 +09:00",
					       "24:01-08:00 +09:00",
					       "21:00 08:00 +09:00",
					       "08:00-08:00 +09:00",
					       "00:00-24:00 +09:00",
					       "21:00-08:00 Nowhere" };
	struct screen_zone z;
	struct screen_quiet q;
	const char *why;

	(void)state;
	for (unsigned i = 0; i < COUNT(zones); i++) {
		if (screen_zone_parse(text_of(zones[i]), &z))
			fail_msg("%s is taken", zones[i]);
	}
	for (unsigned i = 0; i < COUNT(windows); i++) {
		why = NULL;
		if (screen_quiet_parse(text_of(windows[i]), &q, &why) || !why)
			fail_msg("%s is taken", windows[i]);
	}
}

static void windows_and_their_ends(void **state)
{
	static const struct {
		const char *window, *at, *end; /* end NULL: not within */
	} cases[] = {
		/* across midnight */
		{ "21:00-08:00 +09:00", "2026-11-25T11:59:59Z", NULL },
		{ "21:00-08:00 +09:00", "2026-11-25T12:00:00Z", "2026-11-25T23:00:00Z" },
		{ "21:00-08:00 +09:00", "2026-11-25T14:59:59Z", "2026-11-25T23:00:00Z" },
		{ "21:00-08:00 +09:00", "2026-11-25T15:00:00Z", "2026-11-25T23:00:00Z" },
		{ "21:00-08:00 +09:00", "2026-11-25T22:59:59Z", "2026-11-25T23:00:00Z" },
		{ "21:00-08:00 +09:00", "2026-11-25T23:00:00Z", NULL },
		/* within one day, and to its very end */
		{ "12:00-13:30 UTC", "2026-11-25T11:59:59Z", NULL },
		{ "12:00-13:30 UTC", "2026-11-25T12:00:00Z", "2026-11-25T13:30:00Z" },
		{ "12:00-13:30 UTC", "2026-11-25T13:30:00Z", NULL },
		{ "22:00-24:00 UTC", "2026-11-25T23:59:59Z", "2026-11-26T00:00:00Z" },
		{ "22:00-24:00 UTC", "2026-11-26T00:00:00Z", NULL },
		{ "22:00-00:00 UTC", "2026-11-25T23:59:59Z", "2026-11-26T00:00:00Z" },
		{ "22:00-00:00 UTC", "2026-11-26T00:00:00Z", NULL },
		{ "00:00-06:00 UTC", "2026-12-31T23:59:59Z", NULL },
		{ "00:00-06:00 UTC", "2027-01-01T00:00:00Z", "2027-01-01T06:00:00Z" },
		{ "22:00-06:00 UTC", "2028-02-28T23:00:00Z", "2028-02-29T06:00:00Z" },
		/* west of Greenwich the day is another one */
		{ "21:00-08:00 -08:00", "2026-11-25T05:00:00Z", "2026-11-25T16:00:00Z" },
		/* the night in which the clock leaps forward is one hour shorter, the other one longer */
		{ "22:00-07:00 Europe/Berlin", "2026-03-28T22:00:00Z", "2026-03-29T05:00:00Z" },
		{ "22:00-07:00 Europe/Berlin", "2026-03-27T22:00:00Z", "2026-03-28T06:00:00Z" },
		{ "22:00-07:00 Europe/Berlin", "2026-10-24T21:00:00Z", "2026-10-25T06:00:00Z" },
		{ "22:00-07:00 Europe/Berlin", "2026-07-01T20:00:00Z", "2026-07-02T05:00:00Z" },
		{ "22:00-07:00 Europe/Berlin", "2026-01-01T20:00:00Z", NULL },
		{ "21:00-09:00 America/New_York", "2026-11-01T02:00:00Z", "2026-11-01T14:00:00Z" },
		{ "21:00-09:00 Australia/Sydney", "2026-04-04T12:00:00Z", "2026-04-04T23:00:00Z" },
	};

	(void)state;
	for (unsigned i = 0; i < COUNT(cases); i++) {
		struct screen_quiet q;
		const char *why;
		int64_t now = at(cases[i].at);
		if (!screen_quiet_parse(text_of(cases[i].window), &q, &why))
			fail_msg("%s: %s", cases[i].window, why);
		if (screen_quiet_at(&q, now) != (cases[i].end != NULL))
			fail_msg("%s at %s", cases[i].window, cases[i].at);
		if (screen_quiet_end(&q, now) != (cases[i].end ? at(cases[i].end) : now))
			fail_msg("%s at %s ends %s", cases[i].window, cases[i].at, shown(screen_quiet_end(&q, now)));
	}
}

/* Whatever the clock does: the end is not within, comes later, and not more than a day and a leap later. */
static void every_end_is_an_end(void **state)
{
	static const char *const windows[] = { "21:00-08:00 Europe/Berlin",    "22:00-02:30 Europe/Berlin",
					       "02:15-02:45 Europe/Berlin",    "23:30-02:00 America/New_York",
					       "01:00-03:00 Australia/Sydney", "20:00-01:30 Europe/London" };

	(void)state;
	for (unsigned i = 0; i < COUNT(windows); i++) {
		struct screen_quiet q;
		const char *why;
		assert_true(screen_quiet_parse(text_of(windows[i]), &q, &why));
		for (int64_t t = at("2026-01-01T00:00:00Z"); t < at("2027-01-01T00:00:00Z"); t += 901 * USEC_PER_SEC) {
			int64_t end = screen_quiet_end(&q, t);
			if (!screen_quiet_at(&q, t))
				assert_int_equal(end, t);
			else if (end <= t || end > t + 25 * HOUR || screen_quiet_at(&q, end))
				fail_msg("%s at %s", windows[i], shown(t));
		}
	}
}

/* --- rules ---------------------------------------------------------------------------------------------------------
 */

static const struct text allowed[] = { { "+8190", 5 }, { "+49", 3 } };

/* Breaks all four rules at once. */
static struct screen_facts all_wrong(const struct screen_quiet *quiet)
{
	return (struct screen_facts){ .now_us = NOON,
				      .recipient = TEXT_LITERAL("+441632960000"),
				      .opted_out = true,
				      .optout_sender = TEXT_LITERAL("+8150100"),
				      .optout_us = NOON - HOUR,
				      .allowed = allowed,
				      .allowed_count = 2,
				      .quiet = quiet,
				      .duplicate = true,
				      .earlier_us = NOON - 60 * USEC_PER_SEC,
				      .window_us = 300 * USEC_PER_SEC };
}

static void expect(const struct screen_facts *f, enum screen_rule rule, bool refused, const char *words)
{
	char room[SCREEN_EXPLAIN_MAX];
	struct writer w = writer_of(room, sizeof(room));
	struct screen_verdict v;

	screen_decide(f, &v);
	assert_int_equal(v.rule, rule);
	assert_int_equal(v.refused, refused);
	screen_explain(f, &v, &w);
	assert_true(writer_ok(&w));
	if (writer_len(&w) != strlen(words) || memcmp(room, words, strlen(words)))
		fail_msg("%.*s", (int)writer_len(&w), room);
	assert_int_equal(screen_says(words), rule != SCREEN_PASSES);
}

static void each_rule_in_its_turn(void **state)
{
	struct screen_quiet quiet;
	const char *why;

	(void)state;
	assert_true(screen_quiet_parse(TEXT_LITERAL("21:00-08:00 +09:00"), &quiet, &why));
	struct screen_facts f = all_wrong(&quiet);
	expect(&f, SCREEN_OPTED_OUT, true,
	       "S1: opted out of +8150100 on 2026-11-25; START to +8150100 by the recipient permits it");
	f.optout_sender = (struct text){ 0 };
	expect(&f, SCREEN_OPTED_OUT, true,
	       "S1: opted out of this account on 2026-11-25; START by the recipient permits it");
	f.opted_out = false;
	expect(&f, SCREEN_NOT_ALLOWED, true,
	       "S2: the recipient is not on the account's list: a fitting `allow-recipient` permits it");
	f.recipient = TEXT_LITERAL("+819012345678");
	expect(&f, SCREEN_DUPLICATE, true,
	       "S4: the same text from this sender to this recipient was accepted at 2026-11-25T11:59:00Z as "
	       "0000000000000000000000000000; another text, or waiting until 2026-11-25T12:04:00Z, permits it");
	f.duplicate = false;
	expect(&f, SCREEN_QUIET, false, "S3: quiet hours 21:00-08:00 +09:00: put off to 2026-11-25T23:00:00Z");
	f.validity_us = 11 * HOUR;
	expect(&f, SCREEN_QUIET, true,
	       "S3: quiet hours 21:00-08:00 +09:00: the message's validity ends before they do, at "
	       "2026-11-25T23:00:00Z; a longer validity, or sending it then, permits it");
	f.validity_us = 11 * HOUR + 1;
	expect(&f, SCREEN_QUIET, false, "S3: quiet hours 21:00-08:00 +09:00: put off to 2026-11-25T23:00:00Z");
	f.quiet = NULL;
	expect(&f, SCREEN_PASSES, false, "");
}

/* B17, and emergency. */
static void what_passes_everything(void **state)
{
	struct screen_quiet quiet;
	const char *why;

	(void)state;
	assert_true(screen_quiet_parse(TEXT_LITERAL("21:00-08:00 +09:00"), &quiet, &why));
	struct screen_facts f = all_wrong(&quiet);
	f.emergency = true;
	expect(&f, SCREEN_PASSES, false, "");
	f = all_wrong(&quiet);
	f.notice = true;
	expect(&f, SCREEN_PASSES, false, "");
	f = all_wrong(&quiet);
	f.from_network = true;
	expect(&f, SCREEN_PASSES, false, "");
}

static void the_time_that_was_asked_for_counts(void **state)
{
	struct screen_facts f = { .now_us = at("2026-11-25T11:00:00Z"), .recipient = TEXT_LITERAL("+1") };
	struct screen_quiet quiet;
	struct screen_verdict v;
	const char *why;

	(void)state;
	assert_true(screen_quiet_parse(TEXT_LITERAL("21:00-08:00 +09:00"), &quiet, &why));
	f.quiet = &quiet;
	screen_decide(&f, &v);
	assert_int_equal(v.rule, SCREEN_PASSES);
	assert_int_equal(v.due_us, 0);
	f.due_us = at("2026-11-25T13:00:00Z"); /* from the day into the night */
	screen_decide(&f, &v);
	assert_int_equal(v.rule, SCREEN_QUIET);
	assert_int_equal(v.due_us, at("2026-11-25T23:00:00Z"));
	f.now_us = at("2026-11-25T14:00:00Z"); /* from the night into the day */
	f.due_us = at("2026-11-26T01:00:00Z");
	screen_decide(&f, &v);
	assert_int_equal(v.rule, SCREEN_PASSES);
	f.due_us = at("2026-11-25T01:00:00Z"); /* long gone: now counts */
	screen_decide(&f, &v);
	assert_int_equal(v.rule, SCREEN_QUIET);
}

static void allow_lists(void **state)
{
	static const struct {
		const char *recipient;
		bool passes;
	} cases[] = { { "+819012345678", true }, { "+8190", true },    { "+4917", true }, { "+818012345678", false },
		      { "+819", false },	 { "8190123", false }, { "", false } };
	struct screen_facts f = { .now_us = NOON, .allowed = allowed, .allowed_count = 2 };
	struct screen_verdict v;

	(void)state;
	for (unsigned i = 0; i < COUNT(cases); i++) {
		f.recipient = text_of(cases[i].recipient);
		screen_decide(&f, &v);
		if (v.refused == cases[i].passes)
			fail_msg("%s", cases[i].recipient);
	}
	f.allowed_count = 0;
	f.recipient = TEXT_LITERAL("x");
	screen_decide(&f, &v);
	assert_false(v.refused);
}

static void one_address_in_several_forms(void **state)
{
	static const struct {
		const char *address, *folded;
		bool answerable;
	} cases[] = { { "+819012345678", "819012345678", true },
		      { "819012345678", "819012345678", true },
		      { "12345", "12345", true },
		      { "Acme", "acme", false },
		      { "ACME+", "acme+", false },
		      { "shop@example.com", "shop@example.com", true },
		      { "", "", false } };

	(void)state;
	for (unsigned i = 0; i < COUNT(cases); i++) {
		char room[64];
		struct writer w = writer_of(room, sizeof(room));
		screen_fold(text_of(cases[i].address), &w);
		assert_true(text_equal(text_range(room, writer_len(&w)), text_of(cases[i].folded)));
		assert_int_equal(screen_can_answer(text_of(cases[i].address)), cases[i].answerable);
	}
}

static void rules_have_names(void **state)
{
	(void)state;
	assert_string_equal(screen_rule_name(SCREEN_PASSES), "");
	assert_string_equal(screen_rule_name(SCREEN_OPTED_OUT), "S1");
	assert_string_equal(screen_rule_name(SCREEN_NOT_ALLOWED), "S2");
	assert_string_equal(screen_rule_name(SCREEN_QUIET), "S3");
	assert_string_equal(screen_rule_name(SCREEN_DUPLICATE), "S4");
	assert_string_equal(screen_rule_name(SCREEN_RULE_COUNT), "");
	assert_false(screen_says("S5: x"));
	assert_false(screen_says("S"));
	assert_false(screen_says(""));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(zones_as_people_write_them),
		cmocka_unit_test(wrong_zones_and_windows),
		cmocka_unit_test(windows_and_their_ends),
		cmocka_unit_test(every_end_is_an_end),
		cmocka_unit_test(each_rule_in_its_turn),
		cmocka_unit_test(what_passes_everything),
		cmocka_unit_test(the_time_that_was_asked_for_counts),
		cmocka_unit_test(allow_lists),
		cmocka_unit_test(one_address_in_several_forms),
		cmocka_unit_test(rules_have_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
