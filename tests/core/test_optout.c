/* SPDX-License-Identifier: GPL-3.0-or-later */
/* STOP and START as people write them. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/optout.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static void words_as_people_write_them(void **state)
{
	static const struct {
		const char *text;
		enum optout_command command;
		const char *language;
	} cases[] = {
		{ "STOP", OPTOUT_STOP, "en" },
		{ "stop", OPTOUT_STOP, "en" },
		{ "  Stop!!\r\n", OPTOUT_STOP, "en" },
		{ "\"STOP\".", OPTOUT_STOP, "en" },
		{ "(stop)", OPTOUT_STOP, "en" },
		{ "ＳＴＯＰ", OPTOUT_STOP, "en" },
		{ "ｓｔｏｐ！", OPTOUT_STOP, "en" },
		{ "STOP 🙏", OPTOUT_STOP, "en" },
		{ "stop\xef\xb8\x8f", OPTOUT_STOP, "en" },
		{ "Stop  \t ALL", OPTOUT_STOP, "en" },
		{ "Opt-Out", OPTOUT_STOP, "en" },
		{ "UNSUBSCRIBE", OPTOUT_STOP, "en" },
		{ "start", OPTOUT_START, "en" },
		{ "UnStop.", OPTOUT_START, "en" },
		{ "help?", OPTOUT_HELP, "en" },
		{ "停止", OPTOUT_STOP, "ja" },
		{ "　停止。", OPTOUT_STOP, "ja" },
		{ "「配信停止」", OPTOUT_STOP, "ja" },
		{ "ストップ", OPTOUT_STOP, "ja" },
		{ "ｽﾄｯﾌﾟ", OPTOUT_STOP, "ja" },
		{ "ｽﾄｯﾌﾟ｡", OPTOUT_STOP, "ja" },
		{ "解除！", OPTOUT_STOP, "ja" },
		{ "再開", OPTOUT_START, "ja" },
		{ "ｽﾀｰﾄ", OPTOUT_START, "ja" },
		{ "ﾍﾙﾌﾟ", OPTOUT_HELP, "ja" },
		{ "ARRÊT", OPTOUT_STOP, "fr" },
		{ "СТОП", OPTOUT_STOP, "ru" },
		{ "退订", OPTOUT_STOP, "zh" },
		/* whole words only */
		{ "", OPTOUT_NONE, "" },
		{ "...", OPTOUT_NONE, "" },
		{ "please stop", OPTOUT_NONE, "" },
		{ "don't stop", OPTOUT_NONE, "" },
		{ "stopping", OPTOUT_NONE, "" },
		{ "s t o p", OPTOUT_NONE, "" },
		{ "st.op", OPTOUT_NONE, "" },
		{ "non-stop", OPTOUT_NONE, "" },
		{ "stop 5", OPTOUT_NONE, "" },
		{ "停止しないで", OPTOUT_NONE, "" },
		{ "一時停止", OPTOUT_NONE, "" },
		{ "stop\xff", OPTOUT_NONE, "" },
		{ "\xe5\x81", OPTOUT_NONE, "" },
	};

	(void)state;
	for (unsigned i = 0; i < COUNT(cases); i++) {
		const char *language = NULL;
		if (optout_command(text_of(cases[i].text), &language) != cases[i].command)
			fail_msg("%s", cases[i].text);
		assert_string_equal(language, cases[i].language);
	}
	assert_int_equal(optout_command(TEXT_LITERAL("stop"), NULL), OPTOUT_STOP);
}

static void long_texts_are_no_commands(void **state)
{
	char text[2000];

	(void)state;
	memset(text, '!', sizeof(text));
	memcpy(text, "stop", 4);
	assert_int_equal(optout_command(text_range(text, OPTOUT_TEXT_MAX), NULL), OPTOUT_STOP);
	assert_int_equal(optout_command(text_range(text, OPTOUT_TEXT_MAX + 1), NULL), OPTOUT_NONE);
	struct writer w = writer_of(text + 1000, 900);
	assert_int_equal(optout_normalise(text_range(text, 500), &w), ERR_TOO_BIG);
}

static void the_operators_words_win(void **state)
{
	static const struct optout_word own[] = {
		{ OPTOUT_STOP, { "nl", 2 }, { "Afmelden!", 9 } },
		{ OPTOUT_NONE, { "en", 2 }, { "END", 3 } }, /* here "end" is an answer, not a command */
	};
	struct text language;

	(void)state;
	assert_int_equal(optout_command_with(TEXT_LITERAL("AFMELDEN"), own, 2, &language), OPTOUT_STOP);
	assert_true(text_is(language, "nl"));
	assert_int_equal(optout_command_with(TEXT_LITERAL("end"), own, 2, &language), OPTOUT_NONE);
	assert_int_equal(optout_command_with(TEXT_LITERAL("quit"), own, 2, &language), OPTOUT_STOP);
}

static void each_voiced_katakana_is_joined(void **state)
{
	static const struct {
		const char *half, *full;
	} cases[] = {
		{ "ｶﾞｷﾞｸﾞｹﾞｺﾞ", "ガギグゲゴ" },
		{ "ｻﾞｼﾞｽﾞｾﾞｿﾞ", "ザジズゼゾ" },
		{ "ﾀﾞﾁﾞﾂﾞﾃﾞﾄﾞ", "ダヂヅデド" },
		{ "ﾊﾞﾋﾞﾌﾞﾍﾞﾎﾞ", "バビブベボ" },
		{ "ﾊﾟﾋﾟﾌﾟﾍﾟﾎﾟ", "パピプペポ" },
		{ "ｳﾞｧｦﾝｯｬｭｮｰ", "ヴァヲンッャュョー" },
		{ "ﾏﾐﾑﾒﾓﾔﾕﾖﾗﾘﾙﾚﾛﾜ", "マミムメモヤユヨラリルレロワ" },
		{ "ﾅﾆﾇﾈﾉ", "ナニヌネノ" },
	};

	(void)state;
	for (unsigned i = 0; i < COUNT(cases); i++) {
		char room[400];
		struct writer w = writer_of(room, sizeof(room));
		assert_int_equal(optout_normalise(text_of(cases[i].half), &w), OK);
		assert_true(text_is(text_range(room, writer_len(&w)), cases[i].full));
	}
}

/* Every word of the list is in normal form itself, and each command has its reply. */
static void replies_exist(void **state)
{
	(void)state;
	for (unsigned c = OPTOUT_STOP; c < OPTOUT_COMMAND_COUNT; c++) {
		assert_true(*optout_reply(c, TEXT_LITERAL("ja")) && *optout_reply(c, TEXT_LITERAL("xx")));
		assert_string_not_equal(optout_reply(c, TEXT_LITERAL("ja")), optout_reply(c, TEXT_LITERAL("en")));
		assert_int_equal(optout_command(text_of(optout_command_name(c)), NULL), c);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(words_as_people_write_them),
		cmocka_unit_test(long_texts_are_no_commands),
		cmocka_unit_test(the_operators_words_win),
		cmocka_unit_test(each_voiced_katakana_is_joined),
		cmocka_unit_test(replies_exist),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
