/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The pure parts of the operator's command: words, terminal, the API's answers, the VTY's answers, the reference. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>

#include "daemon/cellpost.h"
#include "daemon/cellpost_reference.h"
#include "daemon/cellpost_send.h"
#include "daemon/cellpost_terminal.h"
#include "daemon/cellpost_vty.h"
#include "daemon/role.h"

static char room[65536];

/* What a printing function wrote. */
#define PRINTED(call) \
	do { \
		FILE *to = fmemopen(room, sizeof(room), "w"); \
		assert_non_null(to); \
		call; \
		assert_int_equal(fclose(to), 0); \
	} while (0)

/* --- words ------------------------------------------------------------------------------------------------------ */

static const char *value;
static bool flag_set;
static const struct cellpost_option options[] = { { "from", &value, NULL }, { "report", NULL, &flag_set }, { 0 } };

static int options_of(const char *a, const char *b, const char *c)
{
	char words[4][32] = { "send" };
	char *argv[5] = { words[0] };
	int argc = 1;

	for (const char *const *word = (const char *const[]){ a, b, c, NULL }; *word; word++) {
		snprintf(words[argc], sizeof(words[0]), "%s", *word);
		argv[argc] = words[argc];
		argc++;
	}
	value = NULL;
	flag_set = false;
	return cellpost_options(argc, argv, options);
}

static void options_end_at_the_first_other_word(void **state)
{
	(void)state;
	assert_int_equal(options_of("--report", "+81", "--from"), 2);
	assert_true(flag_set);
	assert_int_equal(options_of("--from=", "+81", NULL), 2);
	assert_string_equal(value, "");
	assert_int_equal(options_of("--", "--report", NULL), 2);
	assert_false(flag_set);
	assert_int_equal(options_of(NULL, NULL, NULL), 1);
	assert_int_equal(options_of("-", NULL, NULL), 1);
}

static void wrong_options_are_refused(void **state)
{
	(void)state;
	assert_int_equal(options_of("--form", "x", NULL), -1);
	assert_int_equal(options_of("--from", NULL, NULL), -1);
	assert_int_equal(options_of("--report=yes", NULL, NULL), -1);
}

static void every_command_explains_itself(void **state)
{
	unsigned count;
	const struct cellpost_command *c = cellpost_commands(&count);

	(void)state;
	assert_true(count >= 12);
	for (unsigned i = 0; i < count; i++) {
		assert_non_null(c[i].run);
		assert_true(strlen(c[i].help) > 10 && strlen(c[i].help) < 80);
		assert_true(!c[i].more[0] || c[i].more[strlen(c[i].more) - 1] == '\n');
	}
}

/* --- terminal --------------------------------------------------------------------------------------------------- */

static void others_cannot_reach_the_terminal(void **state)
{
	static const struct {
		const char *given, *indent, *shown;
	} rows[] = {
		{ "plain \xe6\x9d\xb1 \xf0\x9f\x98\x80", NULL, "plain \xe6\x9d\xb1 \xf0\x9f\x98\x80" },
		{ "\x1b[2J", NULL, "\\x1b[2J" },
		{ "a\nb", NULL, "a\\nb" },
		{ "a\nb", "  ", "a\n  b" },
		{ "a\r\tb\x07", NULL, "a\\x0d\\x09b\\x07" },
		{ "\xc2\x9b"
		  "31m",
		  NULL, "\\x9b31m" },
		{ "\xe2\x80\xae"
		  "abc",
		  NULL, "\\u{202e}abc" },
		{ "\xff\xc0\xaf", NULL, "\\xff\\xc0\\xaf" },
		{ "\x7f", NULL, "\\x7f" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		PRINTED(terminal_print(to, text_of(rows[i].given), rows[i].indent));
		assert_string_equal(room, rows[i].shown);
	}
}

static void every_octet_fits_its_room(void **state)
{
	char all[256];

	(void)state;
	for (unsigned i = 0; i < sizeof(all); i++)
		all[i] = (char)i;
	PRINTED(terminal_print(to, text_range(all, sizeof(all)), "\t"));
	for (const char *at = room; *at; at++)
		assert_true(*at == '\n' || *at == '\t' || ((unsigned char)*at >= 0x20 && *at != 0x7f));
	for (unsigned i = 0; i < 3000; i++) {
		struct writer w = writer_of(room, TERMINAL_CHAR_MAX);
		char one = (char)i;
		terminal_put(&w, text_range(&one, 1), NULL);
		assert_true(writer_ok(&w));
	}
}

static void characters_have_columns(void **state)
{
	(void)state;
	assert_int_equal(terminal_columns('a'), 1);
	assert_int_equal(terminal_columns(0x6771), 2);
	assert_int_equal(terminal_columns(0x1f600), 2);
	assert_int_equal(terminal_columns(0x301), 0);
	assert_int_equal(terminal_columns(0xac00), 2);
	assert_int_equal(terminal_columns(0xe9), 1);
}

/* --- send ------------------------------------------------------------------------------------------------------- */

static void words_become_a_request(void **state)
{
	struct json_writer j;
	const char *why = "";

	(void)state;
	json_writer_init_growing(&j, 4096);
	assert_int_equal(send_body(&(struct send_words){ .to = "+81", .text = "a \"b\"" }, &j, &why), OK);
	assert_true(text_is(json_writer_text(&j), "{\"to\":\"+81\",\"text\":\"a \\\"b\\\"\"}"));
	json_writer_reset(&j);
	struct send_words all = { .to = "+81, +82,",
				  .text = "x",
				  .from = "me",
				  .link = "lab",
				  .validity = "2h",
				  .at = "2027-01-01T00:00:00Z",
				  .report = true,
				  .flash = true };
	assert_int_equal(send_body(&all, &j, &why), OK);
	assert_true(
		text_is(json_writer_text(&j),
			"{\"to\":[\"+81\",\"+82\"],\"text\":\"x\",\"from\":\"me\",\"link\":\"lab\","
			"\"validity\":7200,\"send_at\":\"2027-01-01T00:00:00Z\",\"report\":\"all\",\"flash\":true}"));
	json_writer_reset(&j);
	all.validity = "soon";
	assert_int_equal(send_body(&all, &j, &why), ERR_MALFORMED);
	assert_non_null(strstr(why, "--validity"));
	json_writer_clear(&j);
}

static bool print_answer(const char *body)
{
	bool good = false;

	PRINTED(good = send_print_answer(to, text_of(body)));
	return good;
}

static void answers_are_told_in_words(void **state)
{
	(void)state;
	assert_true(print_answer(
		"{\"id\":\"0a\",\"recipients\":[{\"id\":\"0a01\",\"to\":\"+81\",\"state\":\"waiting\"}]}"));
	assert_string_equal(room, "id        0a\nto        +81\n"
				  "state     waiting: kept, and sent when its turn comes or the link is up\n");
	assert_true(print_answer("{\"id\":\"0a\",\"recipients\":[{\"to\":\"+81\"},{\"to\":\"+82\"}]}"));
	assert_string_equal(room, "id        0a\nto        +81\n\nto        +82\n");
	assert_true(print_answer("{\"quote\":{\"amount\":12,\"free\":false},\"list\":[1,\"\\u001b[0m\"]}"));
	assert_string_equal(room,
			    "quote     \n  amount  12\n  free    no\nlist      \n  list    1\n  list    \\x1b[0m\n");
	assert_false(print_answer("<html>\x1b</html>"));
	assert_string_equal(room, "<html>\\x1b</html>\n");
}

static void a_refusal_names_field_and_reason(void **state)
{
	(void)state;
	PRINTED(send_print_problem(to, 400,
				   TEXT_LITERAL("{\"error\":{\"code\":\"x\",\"field\":\"to\",\"message\":\"no\"}}")));
	assert_string_equal(room, "to: no\n");
	PRINTED(send_print_problem(to, 502, TEXT_LITERAL("<h1>Bad gateway</h1>")));
	assert_string_equal(room, "the server says 502 <h1>Bad gateway</h1>\n");
}

/* --- VTY -------------------------------------------------------------------------------------------------------- */

static const char session[] = "\xff\xfb\x01\xff\xfb\x03Welcome.\r\ncellpost> ";
static const char answer[] = "waiting  0\r\nno cellpost> here\r\ncellpost(config-vty)# ";

static void an_answer_ends_at_its_prompt(void **state)
{
	struct vty_answer a = { 0 };
	bool prompt = false;

	(void)state;
	for (size_t i = 0; i + 1 < sizeof(session); i++) {
		assert_false(prompt);
		vty_answer_take(&a, (const uint8_t *)session + i, 1, &prompt);
	}
	assert_true(prompt);
	assert_true(text_is(vty_answer_text(&a), "Welcome.\n"));
	vty_answer_next(&a);
	for (size_t i = 0; i + 1 < sizeof(answer); i++) {
		vty_answer_take(&a, (const uint8_t *)answer + i, 1, &prompt);
		assert_true(prompt == (i + 2 == sizeof(answer)));
	}
	assert_true(text_is(vty_answer_text(&a), "waiting  0\nno cellpost> here\n"));
	vty_answer_next(&a);
	vty_answer_take(&a, (const uint8_t *)"cellpostx> ", 11, &prompt);
	assert_false(prompt);
	vty_answer_clear(&a);
}

/* --- reference -------------------------------------------------------------------------------------------------- */

static void a_knob_says_what_it_takes(void **state)
{
	static const char *const words[] = { "a", "b", NULL };
	static const struct {
		struct knob knob;
		const char *values;
	} rows[] = {
		{ { .type = KNOB_UINT, .min = 1, .max = 10 }, "1 to 10" },
		{ { .type = KNOB_DURATION, .max = INT64_C(86400000000) }, "0 to 1d" },
		{ { .type = KNOB_DURATION, .min = 1500000, .max = INT64_C(5400000000) }, "1500ms to 90m" },
		{ { .type = KNOB_SIZE, .min = 1024, .max = INT64_MAX }, "1k or more" },
		{ { .type = KNOB_WORD, .words = words }, "a | b" },
		{ { .type = KNOB_BOOL }, "yes | no" },
		{ { .type = KNOB_TEXT }, "text" },
	};
	char to[80];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_string_equal(reference_values(&rows[i].knob, to, sizeof(to)), rows[i].values);
}

static void every_kind_is_explained(void **state)
{
	(void)state;
	for (unsigned i = 0; i < config_all_kinds_count; i++) {
		const struct node_kind *kind = config_all_kinds[i];
		PRINTED(reference_print_mdoc(to, kind));
		for (unsigned k = 0; k < kind->knobs_count; k++)
			assert_non_null(strstr(room, kind->knobs[k].name));
		PRINTED(reference_print_text(to, kind));
		assert_true(text_starts(text_of(room), kind->name));
		assert_null(strstr(room, "?;"));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(options_end_at_the_first_other_word),
		cmocka_unit_test(wrong_options_are_refused),
		cmocka_unit_test(every_command_explains_itself),
		cmocka_unit_test(others_cannot_reach_the_terminal),
		cmocka_unit_test(every_octet_fits_its_room),
		cmocka_unit_test(characters_have_columns),
		cmocka_unit_test(words_become_a_request),
		cmocka_unit_test(answers_are_told_in_words),
		cmocka_unit_test(a_refusal_names_field_and_reason),
		cmocka_unit_test(an_answer_ends_at_its_prompt),
		cmocka_unit_test(a_knob_says_what_it_takes),
		cmocka_unit_test(every_kind_is_explained),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
