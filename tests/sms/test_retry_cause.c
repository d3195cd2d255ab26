/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Retry by cause: the defaults that matter, changed rows, rhythm and limits. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>

#include "sms/retry_cause.h"

#define MINUTE INT64_C(60000000)

static struct retry_table table;

static int begin(void **state)
{
	(void)state;
	retry_table_init(&table);
	return 0;
}

static void test_defaults(void **state)
{
	static const struct {
		enum retry_source source;
		uint16_t cause;
		enum retry_action action;
	} rows[] = {
		{ RETRY_RP, 1, RETRY_NEVER },		{ RETRY_RP, 21, RETRY_NEVER },
		{ RETRY_RP, 22, RETRY_WAIT_MEMORY },	{ RETRY_RP, 27, RETRY_WAIT_ALERT },
		{ RETRY_RP, 29, RETRY_NEVER },		{ RETRY_RP, 38, RETRY_LATER },
		{ RETRY_RP, 41, RETRY_LATER },		{ RETRY_RP, 42, RETRY_LATER },
		{ RETRY_RP, 69, RETRY_NEVER },		{ RETRY_RP, 95, RETRY_ONCE },
		{ RETRY_RP, 111, RETRY_ONCE },		{ RETRY_RP, 127, RETRY_LATER },
		{ RETRY_RP, 200, RETRY_LATER },		{ RETRY_FCS, 0x81, RETRY_NEVER },
		{ RETRY_FCS, 0xc0, RETRY_LATER },	{ RETRY_FCS, 0xc1, RETRY_NEVER },
		{ RETRY_FCS, 0xc4, RETRY_NEVER },	{ RETRY_FCS, 0xd0, RETRY_WAIT_MEMORY },
		{ RETRY_FCS, 0xd3, RETRY_WAIT_MEMORY }, { RETRY_FCS, 0xd4, RETRY_LATER },
		{ RETRY_FCS, 0xff, RETRY_LATER },	{ RETRY_TP_STATUS, 0x20, RETRY_KEEP_WAITING },
		{ RETRY_TP_STATUS, 0x41, RETRY_NEVER }, { RETRY_TP_STATUS, 0x46, RETRY_NEVER },
		{ RETRY_TP_STATUS, 0x63, RETRY_LATER }, { RETRY_TP_STATUS, 0x99, RETRY_NEVER },
		{ RETRY_SGS, 0, RETRY_WAIT_ALERT },	{ RETRY_SGS, 3, RETRY_WAIT_ALERT },
		{ RETRY_SGS, 6, RETRY_WAIT_ALERT },	{ RETRY_SGS, 13, RETRY_LATER },
		{ RETRY_SGS, 14, RETRY_WAIT_ALERT },	{ RETRY_GSUP, 2, RETRY_WAIT_ALERT },
		{ RETRY_GSUP, 0x11, RETRY_LATER },	{ RETRY_GSUP, 0x60, RETRY_ONCE },
		{ RETRY_CMS, 8, RETRY_STOP_LINK },	{ RETRY_CMS, 21, RETRY_NEVER },
		{ RETRY_CMS, 38, RETRY_LATER },		{ RETRY_CMS, 0xc3, RETRY_NEVER },
		{ RETRY_CMS, 304, RETRY_NEVER },	{ RETRY_CMS, 311, RETRY_STOP_LINK },
		{ RETRY_CMS, 322, RETRY_LATER },	{ RETRY_CMS, 330, RETRY_STOP_LINK },
		{ RETRY_CMS, 332, RETRY_LATER },	{ RETRY_CMS, 500, RETRY_LATER },
		{ RETRY_CMS, 999, RETRY_LATER },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		enum retry_action action = retry_action_of(&table, rows[i].source, rows[i].cause);

		if (action != rows[i].action)
			fail_msg("%s %u: %s", retry_source_name(rows[i].source), rows[i].cause,
				 retry_action_name(action));
		assert_non_null(retry_cause_name(rows[i].source, rows[i].cause));
	}
}

static void test_rhythm(void **state)
{
	(void)state;
	assert_true(retry_after(&table, RETRY_RP, 41, 0).delay_us == MINUTE);
	assert_true(retry_after(&table, RETRY_RP, 41, 1).delay_us == MINUTE);
	assert_true(retry_after(&table, RETRY_RP, 41, 2).delay_us == 5 * MINUTE);
	assert_true(retry_after(&table, RETRY_RP, 41, 99).delay_us == 360 * MINUTE);
	assert_true(retry_after(&table, RETRY_RP, 41, 99).counts);
	struct retry r = retry_after(&table, RETRY_RP, 22, 99);
	assert_true(r.action == RETRY_WAIT_MEMORY && !r.counts && r.delay_us == 60 * MINUTE);
	r = retry_after(&table, RETRY_SGS, 6, 99);
	assert_true(r.action == RETRY_WAIT_ALERT && !r.counts && r.delay_us == 360 * MINUTE);
	assert_int_equal(retry_after(&table, RETRY_RP, 96, 1).action, RETRY_ONCE);
	assert_int_equal(retry_after(&table, RETRY_RP, 96, 2).action, RETRY_NEVER);
	table.tries_max = 3;
	assert_int_equal(retry_after(&table, RETRY_RP, 41, 2).action, RETRY_LATER);
	assert_int_equal(retry_after(&table, RETRY_RP, 41, 3).action, RETRY_NEVER);
	assert_int_equal(retry_after(&table, RETRY_RP, 22, 9).action, RETRY_WAIT_MEMORY);
	table.delays_count = 0;
	assert_true(retry_after(&table, RETRY_RP, 41, 1).delay_us == 0);
}

static void test_fcs_knows_better(void **state)
{
	(void)state;
	assert_int_equal(retry_after_rp(&table, 111, true, 0xd3, 1).action, RETRY_WAIT_MEMORY);
	assert_int_equal(retry_after_rp(&table, 111, true, 0xff, 1).action, RETRY_ONCE);
	assert_int_equal(retry_after_rp(&table, 111, false, 0xd3, 1).action, RETRY_ONCE);
	assert_int_equal(retry_after_rp(&table, 22, true, 0xff, 1).action, RETRY_WAIT_MEMORY);
	assert_int_equal(retry_after_rp(&table, 21, true, 0xd3, 1).action, RETRY_NEVER);
}

static void test_changes(void **state)
{
	enum retry_source source;
	enum retry_action action;

	(void)state;
	assert_int_equal(retry_table_add(&table, (struct retry_rule){ RETRY_RP, 40, 50, RETRY_NEVER }), OK);
	assert_int_equal(retry_action_of(&table, RETRY_RP, 41), RETRY_NEVER);
	assert_int_equal(retry_action_of(&table, RETRY_RP, 38), RETRY_LATER);
	assert_int_equal(retry_table_add(&table, (struct retry_rule){ RETRY_RP, 41, 41, RETRY_LATER }), OK);
	assert_int_equal(retry_action_of(&table, RETRY_RP, 41), RETRY_LATER);
	assert_int_equal(retry_table_add(&table, (struct retry_rule){ RETRY_SOURCES, 1, 1, RETRY_LATER }),
			 ERR_MALFORMED);
	assert_int_equal(retry_table_add(&table, (struct retry_rule){ RETRY_RP, 1, 1, RETRY_ACTIONS }), ERR_MALFORMED);
	assert_int_equal(retry_table_add(&table, (struct retry_rule){ RETRY_RP, 2, 1, RETRY_LATER }), ERR_MALFORMED);
	while (table.rules_count < RETRY_RULES_MAX)
		assert_int_equal(retry_table_add(&table, (struct retry_rule){ RETRY_FCS, 1, 1, RETRY_ONCE }), OK);
	assert_int_equal(retry_table_add(&table, (struct retry_rule){ RETRY_FCS, 1, 1, RETRY_ONCE }), ERR_FULL);
	for (unsigned i = 0; i < RETRY_SOURCES; i++) {
		assert_true(retry_source_find(text_of(retry_source_name((enum retry_source)i)), &source));
		assert_int_equal(source, i);
	}
	for (unsigned i = 0; i < RETRY_ACTIONS; i++) {
		assert_true(retry_action_find(text_of(retry_action_name((enum retry_action)i)), &action));
		assert_int_equal(action, i);
	}
	assert_false(retry_source_find(TEXT_LITERAL("smpp"), &source));
	assert_false(retry_action_find(TEXT_LITERAL(""), &action));
	assert_null(retry_source_name(RETRY_SOURCES));
	assert_string_equal(retry_cause_name(RETRY_CMS, 331), "no network service");
	assert_string_equal(retry_cause_name(RETRY_CMS, 399), "error of the modem");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_defaults, begin),
		cmocka_unit_test_setup(test_rhythm, begin),
		cmocka_unit_test_setup(test_fcs_knows_better, begin),
		cmocka_unit_test_setup(test_changes, begin),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
