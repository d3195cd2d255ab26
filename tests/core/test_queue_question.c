/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What counts as a phone's yes or no. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/queue_question.h"

static const struct reply {
	const char *text;
	bool yes;
	unsigned code;
} answers[] = {
	{ "YES 4711", true, 4711 },
	{ "yes", true, 0 },
	{ "Yes!", true, 0 },
	{ "4711 yes", true, 4711 },
	{ "y4711", true, 4711 },
	{ "ok 1234", true, 1234 },
	{ "ＹＥＳ　４７１１", true, 4711 },
	{ "はい", true, 0 },
	{ "はい1234", true, 1234 },
	{ "1234 はい。", true, 1234 },
	{ "送信 1234", true, 1234 },
	{ "no", false, 0 },
	{ "NO 4711.", false, 4711 },
	{ "cancel 1000", false, 1000 },
	{ "いいえ 1000", false, 1000 },
	{ "取消", false, 0 },
};

static const char *const others[] = {
	"",	  "yesterday", "4711",	       "yes 4711 please", "yes no", "no yes 4711", "yes 12345678901",
	"YES -1", "\xff\xfe",  "1234 yes 1234"
};

static void yes_and_no(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
		bool yes = !answers[i].yes;
		unsigned code = 1;
		if (!queue_question_parse(text_of(answers[i].text), &yes, &code) || yes != answers[i].yes ||
		    code != answers[i].code)
			fail_msg("%s", answers[i].text);
	}
}

static void nothing_else(void **state)
{
	bool yes;
	unsigned code;

	(void)state;
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		if (queue_question_parse(text_of(others[i]), &yes, &code))
			fail_msg("%s", others[i]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(yes_and_no), cmocka_unit_test(nothing_else) };

	return cmocka_run_group_tests_name("queue_question", tests, NULL, NULL);
}
