/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The terminal's octets and words. */
#include <stddef.h>
#include <stdint.h>
#include <stdarg.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>

#include "daemon/vty_history.h"
#include "daemon/vty_telnet.h"
#include "daemon/vty_words.h"

struct typed {
	const char *octets;
	size_t len;
	const char *text;
	const char *answer;
	size_t answer_len;
	bool echo;
};

#define OCTETS(s) s, sizeof(s) - 1

static const struct typed typed[] = {
	{ OCTETS("ab\r\ncd\r\0ef\ng\r"), "ab\ncd\nef\ng\n", OCTETS(""), false },
	{ OCTETS("\xff\xfd\x01x"), "x", OCTETS(""), true },
	{ OCTETS("\xff\xfd\x01\xff\xfe\x01x"), "x", OCTETS(""), false },
	{ OCTETS("a\xff\xfd\x03"
		 "b"),
	  "ab", OCTETS(""), false },
	{ OCTETS("\xff\xfd\x18q"), "q", OCTETS("\xff\xfc\x18"), false },
	{ OCTETS("\xff\xfb\x1fq"), "q", OCTETS("\xff\xfe\x1f"), false },
	{ OCTETS("\xff\xfc\x1f\xff\xfe\x1fq"), "q", OCTETS(""), false },
	{ OCTETS("\xff\xfa\x1f"
		 "any\xff\xffthing\r\n\xff\xf0q"),
	  "q", OCTETS(""), false },
	{ OCTETS("\xff\xf1q"), "q", OCTETS(""), false },
	{ OCTETS("\x1b[1;5Cq\x1bOPr"), "qr", OCTETS(""), false },
	{ OCTETS("\x1b[A\x1bOAq\x1b[B"), "\x10\x10q\x0e", OCTETS(""), false },
	{ OCTETS("\xff\xfa never ended"), "", OCTETS(""), false },
	{ OCTETS("\xff"), "", OCTETS(""), false },
};

static void telnet_is_taken_out(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(typed) / sizeof(typed[0]); i++) {
		struct telnet t = { .state = TELNET_DATA };
		char text[64] = "";
		uint8_t room[64];
		struct writer w = writer_of(room, sizeof(room));
		size_t n = 0;
		for (size_t at = 0; at < typed[i].len; at++) {
			int c = telnet_take(&t, (uint8_t)typed[i].octets[at], &w);
			if (c >= 0)
				text[n++] = (char)c;
		}
		assert_string_equal(text, typed[i].text);
		assert_int_equal(writer_len(&w), typed[i].answer_len);
		assert_memory_equal(room, typed[i].answer, typed[i].answer_len);
		assert_int_equal(t.echo, typed[i].echo);
	}
}

static void lines_come_back(void **state)
{
	struct vty_history h = { 0 };
	struct text t;
	char line[16];

	(void)state;
	assert_false(vty_history_older(&h, &t));
	assert_false(vty_history_newer(&h, &t));
	vty_history_add(&h, TEXT_LITERAL("one"));
	vty_history_add(&h, TEXT_LITERAL("  "));
	vty_history_add(&h, TEXT_LITERAL(" secret x"));
	vty_history_add(&h, TEXT_LITERAL("two "));
	vty_history_add(&h, TEXT_LITERAL("two"));
	assert_true(vty_history_older(&h, &t) && text_is(t, "two"));
	assert_true(vty_history_older(&h, &t) && text_is(t, "one"));
	assert_false(vty_history_older(&h, &t));
	assert_true(vty_history_newer(&h, &t) && text_is(t, "two"));
	assert_true(vty_history_newer(&h, &t) && !t.len);
	assert_false(vty_history_newer(&h, &t));
	for (unsigned i = 0; i < 3 * VTY_HISTORY_LINES; i++) {
		snprintf(line, sizeof(line), "line %u", i);
		vty_history_add(&h, text_of(line));
	}
	for (unsigned i = 0; i < VTY_HISTORY_LINES; i++)
		assert_true(vty_history_older(&h, &t));
	assert_false(vty_history_older(&h, &t));
	snprintf(line, sizeof(line), "line %u", 2 * VTY_HISTORY_LINES);
	assert_true(text_is(t, line));
	vty_history_clear(&h);
}

/* A terminal that asks for ever is not answered for ever. */
static void answers_end(void **state)
{
	struct telnet t = { .state = TELNET_DATA };
	unsigned answered = 0;

	(void)state;
	for (unsigned i = 0; i < 1000; i++) {
		uint8_t room[3];
		struct writer w = writer_of(room, sizeof(room));
		(void)telnet_take(&t, 255, &w);
		(void)telnet_take(&t, 253, &w);
		(void)telnet_take(&t, 24, &w);
		answered += writer_len(&w) > 0;
	}
	assert_int_equal(answered, TELNET_ANSWERS_MAX);
}

static const struct vty_pattern patterns[] = {
	{ "show queue", 3, "The queue" }, { "show message ID", 3, "One message" },
	{ "show media", 3, "Media" },	  { "shutdown", 2, "Ends it" },
	{ "write", 2, "Writes" },	  { "write file", 2, "Writes the file" },
	{ "write terminal", 2, "Shows" }, { "set NAME on", 2, "On" },
	{ "set NAME off", 2, "Off" },
};
#define PATTERNS sizeof(patterns[0]), (unsigned)(sizeof(patterns) / sizeof(patterns[0]))

struct wanted {
	const char *line;
	unsigned mode;
	enum vty_found found;
	unsigned which;
};

static const struct wanted wanted[] = {
	{ "show queue", 0, VTY_FOUND, 0 },
	{ "sho q", 0, VTY_FOUND, 0 },
	{ "s q", 0, VTY_FOUND, 0 },
	{ "s q", 1, VTY_FOUND, 0 }, /* set NAME on begins so too, but a word of the pattern beats any word */
	{ "sh", 0, VTY_INCOMPLETE, 0 },
	{ "sh", 1, VTY_AMBIGUOUS, 0 },
	{ "show m", 0, VTY_AMBIGUOUS, 0 },
	{ "show me", 0, VTY_AMBIGUOUS, 0 },
	{ "show med", 0, VTY_FOUND, 2 },
	{ "show mes 1", 0, VTY_FOUND, 1 },
	{ "show message", 0, VTY_INCOMPLETE, 0 },
	{ "show message 1 2", 0, VTY_NONE, 0 },
	{ "shutdown", 0, VTY_NONE, 0 },
	{ "shut", 1, VTY_FOUND, 3 },
	{ "wr", 1, VTY_FOUND, 4 },
	{ "wr f", 1, VTY_FOUND, 5 },
	{ "set x on", 1, VTY_FOUND, 7 },
	{ "set x of", 1, VTY_FOUND, 8 },
	{ "set x o", 1, VTY_AMBIGUOUS, 0 },
	{ "nothing", 1, VTY_NONE, 0 },
};

static void commands_are_found_by_their_beginnings(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++) {
		struct vty_line line;
		unsigned which = 0;
		vty_split(text_of(wanted[i].line), &line);
		enum vty_found found = vty_find(patterns, PATTERNS, wanted[i].mode, &line, &which);
		bool same = found == wanted[i].found && (found != VTY_FOUND || which == wanted[i].which);
		if (!same)
			fail_msg("`%s`: %d %u", wanted[i].line, (int)found, which);
	}
}

static void note_word(void *owner, struct text word, const char *help)
{
	char *all = owner;
	size_t had = strlen(all);

	snprintf(all + had, 200 - had, "%.*s:%s ", TEXT_ARGS(word), help);
}

static void words_that_may_follow_are_known(void **state)
{
	static const char *const cases[][2] = {
		{ "", "show:(more words follow) shutdown:Ends it write:Writes set:(more words follow) " },
		{ "sh", "show:(more words follow) shutdown:Ends it " },
		{ "show ", "queue:The queue message:(more words follow) media:Media " },
		{ "show m", "message:(more words follow) media:Media " },
		{ "show message ", "ID:One message " },
		{ "set x ", "on:On off:Off " },
		{ "nothing ", "" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char all[200] = "";
		struct vty_line line;
		vty_split(text_of(cases[i][0]), &line);
		vty_next_words(patterns, PATTERNS, 1, &line, note_word, all);
		assert_string_equal(all, cases[i][1]);
	}
}

static void words_are_made_full(void **state)
{
	struct vty_line line;
	char to[32], small[8];

	(void)state;
	vty_split(TEXT_LITERAL("  sh \t mess  01AB "), &line);
	assert_int_equal(line.count, 3);
	assert_false(line.ends_open);
	assert_true(vty_full_words("show message ID", &line, 1, to, sizeof(to)));
	assert_string_equal(to, "message 01AB");
	assert_false(vty_full_words("show message ID", &line, 1, small, sizeof(small)));
	vty_split(TEXT_LITERAL("a b c d e f g h i j k l m n o p q"), &line);
	assert_true(line.too_many);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(telnet_is_taken_out),
		cmocka_unit_test(answers_end),
		cmocka_unit_test(lines_come_back),
		cmocka_unit_test(commands_are_found_by_their_beginnings),
		cmocka_unit_test(words_that_may_follow_are_known),
		cmocka_unit_test(words_are_made_full),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
