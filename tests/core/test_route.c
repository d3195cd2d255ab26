/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Operator routes: whose wire a message leaves by. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/base/writer.h"
#include "core/route.h"

#define TEXTS(...) \
	.prefixes = (const struct text[]){ __VA_ARGS__ }, \
	.prefixes_count = sizeof((const struct text[]){ __VA_ARGS__ }) / sizeof(struct text)
#define LINKS(...) \
	.links = (const struct route_link[]){ __VA_ARGS__ }, \
	.links_count = sizeof((const struct route_link[]){ __VA_ARGS__ }) / sizeof(struct route_link)
#define T(s) TEXT_LITERAL(s)
#define COUNT(a) (unsigned)(sizeof(a) / sizeof((a)[0]))

/* Names of the links that are down, or NULL. */
static bool is_up(void *owner, struct text link)
{
	const char *down = owner;
	char name[64];

	assert_true(text_copy(link, name, sizeof(name)));
	return !down || !strstr(down, name);
}

static struct route_table *table_of(const struct route_entry *entries, unsigned count)
{
	struct route_table *t;
	unsigned at;
	const char *why = NULL;

	if (route_table_new(entries, count, &t, &at, &why) != OK)
		fail_msg("entry %u: %s", at, why);
	return t;
}

/* "found: a b c" */
static const char *chosen(const struct route_table *t, const struct route_query *q, const char *down, char room[512])
{
	static char names[64];
	struct route_choice c;
	struct writer w = writer_of(room, 511);

	memset(names, 0, sizeof(names));
	if (down)
		snprintf(names, sizeof(names), "%s", down);
	route_select(t, q, is_up, down ? names : NULL, &c);
	writer_printf(&w, "%s:", route_reason_name(c.reason));
	for (unsigned i = 0; i < c.count; i++)
		writer_printf(&w, " %.*s", TEXT_ARGS(c.candidates[i].link));
	room[writer_len(&w)] = 0;
	return room;
}

static void the_longest_prefix_wins_then_the_price(void **state)
{
	const struct route_entry entries[] = {
		{ .name = T("world"), .cost = 1, LINKS({ T("upstream1"), 1, 0 }) },
		{ .name = T("japan-dear"), TEXTS(T("+81")), .cost = 9, LINKS({ T("dear"), 1, 0 }) },
		{ .name = T("japan"), TEXTS(T("+81"), T("+8190")), .cost = 5, LINKS({ T("cheap"), 1, 0 }) },
		{ .name = T("local"), TEXTS(T("+81901")), .final = true, LINKS({ T("lab"), 1, 0 }) },
		{ .name = T("short"), TEXTS(T("110")), LINKS({ T("esme:acme"), 1, 0 }, { T("webhook:acme"), 1, 1 }) },
		{ .name = T("barred"), TEXTS(T("+8820")), .refuse = true },
		{ .name = T("vip"), TEXTS(T("+44")), .priority = 1, LINKS({ T("vip"), 1, 0 }) },
	};
	struct route_table *t = table_of(entries, COUNT(entries));
	static const struct {
		const char *recipient, *down, *want;
	} cases[] = {
		{ "+491", NULL, "found: upstream1" },
		{ "+81312345678", NULL, "found: cheap dear upstream1" },
		{ "+81801234567", "cheap", "failover: dear upstream1 cheap" },
		{ "+81901", NULL, "found: lab" },
		{ "+8190", NULL, "found: cheap dear upstream1" },
		{ "+819012345678", "lab", "all links down: lab" },
		{ "110", NULL, "found: esme:acme webhook:acme upstream1" },
		{ "110", "esme:acme", "failover: webhook:acme upstream1 esme:acme" },
		{ "+88201", NULL, "refused by the route:" },
		{ "+44123", NULL, "found: upstream1 vip" }, /* priority 0 stands before 1, whatever the prefix */
		{ "user@example.org", NULL, "found: upstream1" },
		{ "", NULL, "found: upstream1" },
		{ "+81801", "cheap dear upstream1", "all links down: cheap dear upstream1" },
	};
	char room[512];

	(void)state;
	for (unsigned i = 0; i < COUNT(cases); i++)
		assert_string_equal(chosen(t, &(struct route_query){ .recipient = text_of(cases[i].recipient) },
					   cases[i].down, room),
				    cases[i].want);
	route_table_free(&t);
	assert_null(t);
	route_table_free(&t);
}

static void every_condition_must_hold(void **state)
{
	const struct route_entry entries[] = {
		{ .name = T("s"), .sender = T("AC*E?"), LINKS({ T("sender"), 1, 0 }) },
		{ .name = T("a"), .account = T("acme"), .channel = T("smpp"), LINKS({ T("account"), 1, 0 }) },
		{ .name = T("n"), .network = T("44010"), LINKS({ T("docomo"), 1, 0 }) },
		{ .name = T("c"), .network = T("440"), LINKS({ T("japan"), 1, 0 }) },
		{ .name = T("m"), .bearer = T("mms"), LINKS({ T("mms"), 1, 0 }) },
	};
	struct route_table *t = table_of(entries, COUNT(entries));
	char room[512];

	(void)state;
	struct route_query q = { .recipient = T("+1"), .bearer = T("sms") };
	assert_string_equal(chosen(t, &q, NULL, room), "no route:");
	q.sender = T("ACMEs");
	assert_string_equal(chosen(t, &q, NULL, room), "found: sender");
	q.sender = T("ACME");
	q.network = T("44020");
	assert_string_equal(chosen(t, &q, NULL, room), "found: japan");
	q.network = T("44010");
	assert_string_equal(chosen(t, &q, NULL, room), "found: docomo japan");
	q.network = (struct text){ 0 };
	q.account = T("acme");
	assert_string_equal(chosen(t, &q, NULL, room), "no route:");
	q.channel = T("smpp");
	assert_string_equal(chosen(t, &q, NULL, room), "found: account");
	q.bearer = T("mms");
	assert_string_equal(chosen(t, &q, NULL, room), "found: account mms");
	route_table_free(&t);
}

static void windows_of_time_cross_midnight(void **state)
{
	const struct route_entry entries[] = {
		{ .name = T("day"), .from_minute = 540, .until_minute = 1020, .days = 0x1f, LINKS({ T("day"), 1, 0 }) },
		{ .name = T("night"),
		  .from_minute = 1320,
		  .until_minute = 360,
		  .days = 0x10,
		  LINKS({ T("night"), 1, 0 }) },
		{ .name = T("sunday"), .days = 0x40, LINKS({ T("sunday"), 1, 0 }) },
	};
	struct route_table *t = table_of(entries, COUNT(entries));
	static const struct {
		uint8_t weekday;
		uint16_t minute;
		const char *want;
	} cases[] = {
		{ 0, 539, "no route:" },    { 0, 540, "found: day" },  { 0, 1019, "found: day" },
		{ 0, 1020, "no route:" },   { 5, 600, "no route:" },   { 4, 1320, "found: night" },
		{ 5, 359, "found: night" }, { 5, 360, "no route:" },   { 4, 359, "no route:" },
		{ 5, 1320, "no route:" },   { 6, 0, "found: sunday" },
	};
	char room[512];

	(void)state;
	for (unsigned i = 0; i < COUNT(cases); i++) {
		struct route_query q = { .local_weekday = cases[i].weekday, .local_minute = cases[i].minute };
		assert_string_equal(chosen(t, &q, NULL, room), cases[i].want);
	}
	route_table_free(&t);
}

static void weights_share_and_orders_follow(void **state)
{
	const struct route_entry entries[] = {
		{ .name = T("r"),
		  LINKS({ T("spare"), 0, 0 }, { T("one"), 1, 0 }, { T("three"), 3, 0 }, { T("last"), 5, 1 }) },
	};
	struct route_table *t = table_of(entries, 1);
	unsigned first[2] = { 0 };
	char room[512];

	(void)state;
	for (uint32_t i = 0; i < 40000; i++) {
		struct route_query q = { .spread = i * UINT32_C(2654435769) };
		struct route_choice c;
		route_select(t, &q, is_up, NULL, &c);
		assert_int_equal(c.count, 4);
		assert_true(text_is(c.candidates[2].link, "spare") && text_is(c.candidates[3].link, "last"));
		first[text_is(c.candidates[0].link, "three")]++;
	}
	assert_in_range(first[0], 9500, 10500);
	assert_in_range(first[1], 29500, 30500);
	assert_string_equal(chosen(t, &(struct route_query){ 0 }, "one three spare", room),
			    "failover: last one three spare");
	route_table_free(&t);
}

static void bad_entries_are_refused_with_their_number(void **state)
{
	const struct {
		struct route_entry entry;
		enum result result;
		const char *why;
	} cases[] = {
		{ { .name = T(""), LINKS({ T("l"), 1, 0 }) }, ERR_MALFORMED, "a route needs a name" },
		{ { .name = T("x") }, ERR_MALFORMED, "a route needs a link" },
		{ { .name = T("x"), .refuse = true, LINKS({ T("l"), 1, 0 }) },
		  ERR_MALFORMED,
		  "a route that refuses has no links" },
		{ { .name = T("x"), LINKS({ T(""), 1, 0 }) }, ERR_MALFORMED, "a link without a name" },
		{ { .name = T("x"), LINKS({ T("l"), 1, 0 }, { T("l"), 1, 1 }) },
		  ERR_CONFLICT,
		  "a link stands twice in one route" },
		{ { .name = T("x"), .network = T("4401"), LINKS({ T("l"), 1, 0 }) },
		  ERR_MALFORMED,
		  "a network is an MCC (3 digits) or an MCC and MNC (5 or 6 digits)" },
		{ { .name = T("x"), .network = T("44O"), LINKS({ T("l"), 1, 0 }) },
		  ERR_MALFORMED,
		  "a network is an MCC (3 digits) or an MCC and MNC (5 or 6 digits)" },
		{ { .name = T("x"), .from_minute = 1440, LINKS({ T("l"), 1, 0 }) },
		  ERR_MALFORMED,
		  "a time window lies within a day of 1440 minutes" },
		{ { .name = T("ok"), LINKS({ T("l"), 1, 0 }) }, ERR_CONFLICT, "two routes have this name" },
		{ { .name = T("x"),
		    TEXTS(T("12345678901234567890123456789012345678901234567890123456789012345")),
		    LINKS({ T("l"), 1, 0 }) },
		  ERR_TOO_BIG,
		  "a prefix is longer than 64 octets" },
	};
	struct route_table *t;
	unsigned at;
	const char *why;

	(void)state;
	for (unsigned i = 0; i < COUNT(cases); i++) {
		const struct route_entry entries[] = { { .name = T("ok"), LINKS({ T("l"), 1, 0 }) }, cases[i].entry };
		assert_int_equal(route_table_new(entries, 2, &t, &at, &why), cases[i].result);
		assert_null(t);
		assert_int_equal(at, 1);
		assert_string_equal(why, cases[i].why);
	}
}

static void patterns(void **state)
{
	static const struct {
		const char *pattern, *text;
		bool matches;
	} cases[] = {
		{ "*", "", true },	   { "", "", true },
		{ "", "a", false },	   { "a*b*c", "aXbYbZc", true },
		{ "a*b", "ab", true },	   { "a?c", "abc", true },
		{ "a?c", "ac", false },	   { "*9", "+8199", true },
		{ "*99*", "+819", false }, { "+81*", "+81", true },
		{ "**a", "bba", true },	   { "a", "ab", false },
	};

	(void)state;
	for (unsigned i = 0; i < COUNT(cases); i++)
		assert_int_equal(route_pattern_matches(text_of(cases[i].pattern), text_of(cases[i].text)),
				 cases[i].matches);
}

/* Against the plain reading of the contract: a scan over all entries. */
static void a_big_table_agrees_with_a_scan(void **state)
{
	enum { ENTRIES = 3000 };
	static char names[ENTRIES][16], prefixes[ENTRIES][16];
	static struct text prefix[ENTRIES];
	static struct route_link links[ENTRIES];
	static struct route_entry entries[ENTRIES];
	uint32_t r = 1;

	(void)state;
	for (unsigned i = 0; i < ENTRIES; i++) {
		r = r * 1664525u + 1013904223u;
		snprintf(names[i], sizeof(names[i]), "r%u", i);
		snprintf(prefixes[i], sizeof(prefixes[i]), "+%.*s%u", (int)(r >> 28 & 3), "819", r >> 16 & 0x3ff);
		prefix[i] = text_of(prefixes[i]);
		links[i] = (struct route_link){ text_of(names[i]), 1, 0 };
		entries[i] = (struct route_entry){ .name = text_of(names[i]),
						   .prefixes = &prefix[i],
						   .prefixes_count = 1,
						   .cost = r >> 8 & 15,
						   .priority = 0,
						   .links = &links[i],
						   .links_count = 1 };
	}
	struct route_table *t = table_of(entries, ENTRIES);
	for (unsigned n = 0; n < 2000; n++) {
		char number[16];
		int best = -1;
		r = r * 1664525u + 1013904223u;
		snprintf(number, sizeof(number), "+81%u", r >> 8);
		for (int i = 0; i < ENTRIES; i++) {
			if (!text_starts(text_of(number), prefixes[i]))
				continue;
			if (best < 0 || prefix[i].len > prefix[best].len ||
			    (prefix[i].len == prefix[best].len && entries[i].cost < entries[best].cost))
				best = i;
		}
		struct route_choice c;
		route_select(t, &(struct route_query){ .recipient = text_of(number) }, is_up, NULL, &c);
		if (best < 0)
			assert_int_equal(c.reason, ROUTE_NO_ENTRY);
		else
			assert_true(text_is(c.route, names[best]));
	}
	route_table_free(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_longest_prefix_wins_then_the_price),
		cmocka_unit_test(every_condition_must_hold),
		cmocka_unit_test(windows_of_time_cross_midnight),
		cmocka_unit_test(weights_share_and_orders_follow),
		cmocka_unit_test(bad_entries_are_refused_with_their_number),
		cmocka_unit_test(patterns),
		cmocka_unit_test(a_big_table_agrees_with_a_scan),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
