/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The handset in the terminal: what is typed, what the lab says, keys. And the certificates that the doctor looks at.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "daemon/doctor.h"
#include "daemon/phone.h"
#include "daemon/phone_file.h"

/* --- typed ------------------------------------------------------------------------------------------------------ */

static void typed_lines_mean_something(void **state)
{
	static const struct {
		const char *line, *last;
		enum phone_action action;
		const char *to, *text;
	} rows[] = {
		{ "hello  you ", "+81", PHONE_SEND, "+81", "hello  you" },
		{ "hello", "", PHONE_WRONG, "", "" },
		{ "", "+81", PHONE_NOTHING, "", "" },
		{ "   ", "+81", PHONE_NOTHING, "", "" },
		{ "/to +82  a b", "", PHONE_SEND, "+82", "a b" },
		{ "/to +82", "", PHONE_WRONG, "", "" },
		{ "/to", "+81", PHONE_WRONG, "", "" },
		{ "//to", "+81", PHONE_SEND, "+81", "/to" },
		{ "/on", "", PHONE_ON, "", "" },
		{ "/off ", "", PHONE_OFF, "", "" },
		{ "/off now", "", PHONE_WRONG, "", "" },
		{ "/inbox", "", PHONE_INBOX, "", "" },
		{ "/quit", "", PHONE_QUIT, "", "" },
		{ "/help", "", PHONE_HELP, "", "" },
		{ "/", "", PHONE_WRONG, "", "" },
		{ "/mms off", "", PHONE_SWITCH, "mms", "off" },
		{ "/mms", "", PHONE_WRONG, "", "" },
		{ "/save", "", PHONE_SAVE, "", "" },
		{ "/save my files", "", PHONE_SAVE, "", "my files" },
		{ "/attach +82 tea cup.jpg", "", PHONE_ATTACH, "+82", "tea cup.jpg" },
		{ "/attach +82", "+81", PHONE_WRONG, "", "" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct phone_typed t = phone_typed(text_of(rows[i].line), text_of(rows[i].last));
		assert_int_equal(t.action, rows[i].action);
		if (t.action == PHONE_SEND) {
			assert_true(text_is(t.to, rows[i].to));
			assert_true(text_is(t.text, rows[i].text));
		}
		assert_true((t.action == PHONE_WRONG) == (t.why != NULL));
	}
	assert_non_null(strstr(phone_typed(TEXT_LITERAL("/inbx"), text_of("")).why, "/inbox"));
	assert_null(strchr(phone_typed(TEXT_LITERAL("/\x1b[2J"), text_of("")).why, 0x1b));
}

/* --- said ------------------------------------------------------------------------------------------------------- */

static const char message[] = "{\"event\":\"message\",\"at\":\"2026-01-01T00:00:00.000000Z\",\"from\":\"acme\","
			      "\"text\":\"\\u6771\\n\",\"id\":\"0a\",\"old\":true}";

static void events_are_read(void **state)
{
	struct json_doc *doc;
	struct phone_event e;

	(void)state;
	assert_true(phone_event(text_of(message), &doc, &e));
	assert_int_equal(e.kind, PHONE_EVENT_MESSAGE);
	assert_true(e.old && text_is(e.from, "acme") && text_is(e.text, "\xe6\x9d\xb1\n") && text_is(e.id, "0a"));
	json_free(&doc);
	assert_true(phone_event(TEXT_LITERAL("{\"event\":\"ready\",\"number\":\"+81\",\"on\":true,\"inbox\":3}"), &doc,
				&e));
	assert_true(e.kind == PHONE_EVENT_READY && e.on && e.inbox == 3);
	json_free(&doc);
	assert_true(phone_event(TEXT_LITERAL("{\"event\":\"weather\",\"on\":\"yes\"}"), &doc, &e));
	assert_true(e.kind == PHONE_EVENT_OTHER && !e.on);
	json_free(&doc);
}

static void what_is_no_event_is_none(void **state)
{
	static const char *const rows[] = { "",
					    "x",
					    "[]",
					    "{}",
					    "{\"event\":1}",
					    "HTTP/1.1 400 Bad Request",
					    "{\"event\":\"ready\",\"event\":\"sent\"}" };
	struct json_doc *doc;
	struct phone_event e;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_false(phone_event(text_of(rows[i]), &doc, &e));
		assert_null(doc);
	}
	for (size_t n = 0; n + 1 < sizeof(message); n++)
		assert_false(phone_event(text_range(message, n), &doc, &e));
}

/* --- files ------------------------------------------------------------------------------------------------------ */

#define HELLO "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"

static void take(struct phone_files *f, const char *json, char *said, size_t size)
{
	struct json_doc *doc = NULL;
	struct phone_event e;

	assert_true(phone_event(text_of(json), &doc, &e));
	said[0] = '\0';
	if (e.kind == PHONE_EVENT_MESSAGE)
		phone_files_note(f, &e);
	else
		(void)phone_files_piece(f, &e, said, size);
	json_free(&doc);
}

static void saved_in_the_folder_alone(void **state)
{
	static const char arrives[] = "{\"event\":\"message\",\"id\":\"7\",\"files\":["
				      "{\"name\":\"../x\",\"size\":5,\"sha256\":\"" HELLO "\"},"
				      "{\"name\":\"b\",\"size\":5,\"sha256\":\"" HELLO "\"}]}";
	char folder[] = "/tmp/cellpost-phone-XXXXXX", path[64], line[80], said[700];
	struct phone_files f = { 0 };
	const char *why = "";

	(void)state;
	assert_false(phone_files_save(&f, text_of(""), &why));
	assert_non_null(mkdtemp(folder));
	take(&f, arrives, said, sizeof(said));
	assert_true(phone_files_save(&f, text_of(folder), &why));
	assert_false(phone_files_save(&f, text_of(folder), &why));
	assert_true(text_is(phone_files_next(&f, line, sizeof(line)), "file 7 1"));
	take(&f, "{\"event\":\"file\",\"id\":\"8\",\"data\":\"eHh4\",\"last\":true}", said, sizeof(said)); /* not it */
	assert_string_equal(said, "");
	take(&f, "{\"event\":\"file\",\"id\":\"7\",\"data\":\"aGVs\"}", said, sizeof(said));
	take(&f, "{\"event\":\"file\",\"id\":\"7\",\"data\":\"bG8=\",\"last\":true}", said, sizeof(said));
	assert_non_null(strstr(said, "saved"));
	(void)snprintf(path, sizeof(path), "%s/_._x", folder);
	assert_int_equal(unlink(path), 0);
	assert_true(text_is(phone_files_next(&f, line, sizeof(line)), "file 7 2"));
	take(&f, "{\"event\":\"file\",\"id\":\"7\",\"data\":\"aGVsbEE=\",\"last\":true}", said, sizeof(said));
	assert_non_null(strstr(said, "damaged"));
	assert_true(text_is(phone_files_next(&f, line, sizeof(line)), ""));
	assert_int_equal(rmdir(folder), 0);
}

static void media_by_the_name(void **state)
{
	(void)state;
	assert_string_equal(phone_file_media("a.b/TEA.JPG"), "image/jpeg");
	assert_string_equal(phone_file_media("a.jpg/tea"), "application/octet-stream");
	assert_string_equal(phone_file_name("a/b/tea"), "tea");
}

/* --- keys ------------------------------------------------------------------------------------------------------- */

static enum phone_key keys(struct phone_edit *e, const char *typed)
{
	enum phone_key last = PHONE_KEY_NONE;

	for (; *typed; typed++)
		last = phone_edit_key(e, (uint8_t)*typed);
	return last;
}

static void check_line(const char *typed, enum phone_key last, const char *line)
{
	struct phone_edit e = { 0 };

	assert_int_equal(keys(&e, typed), last);
	assert_true(text_is(text_range(e.line, e.len), line));
}

static void keys_make_a_line(void **state)
{
	(void)state;
	check_line("abc\r", PHONE_KEY_LINE, "abc");
	check_line("ab\x7f\x08", PHONE_KEY_CHANGED, "");
	check_line("\x7f", PHONE_KEY_CHANGED, "");
	check_line("\xe6\x9d\xb1\xe4\xba\xac\x7f", PHONE_KEY_CHANGED, "\xe6\x9d\xb1");
	check_line("one two  \x17", PHONE_KEY_CHANGED, "one ");
	check_line("one\x15two", PHONE_KEY_CHANGED, "two");
	check_line("a\x1b[1;5Db\x1bOAc\x1bxd", PHONE_KEY_CHANGED, "abcd");
	check_line("a\tb", PHONE_KEY_CHANGED, "a b");
	check_line("a\x01", PHONE_KEY_NONE, "a");
	check_line("a\x04", PHONE_KEY_NONE, "a");
	check_line("\x04", PHONE_KEY_END, "");
	check_line("a\x03", PHONE_KEY_END, "a");
	check_line("\xe6\x9d", PHONE_KEY_NONE, "");
	check_line("\xe6\x9d\xff"
		   "a",
		   PHONE_KEY_CHANGED, "a");
	check_line("\x80\x80\x80\x80\x80"
		   "b",
		   PHONE_KEY_CHANGED, "b");
	check_line("\xc0\xaf", PHONE_KEY_NONE, "");
}

static void a_line_has_an_end(void **state)
{
	struct phone_edit e = { 0 };

	(void)state;
	for (unsigned i = 0; i < PHONE_EDIT_MAX + 10; i++)
		phone_edit_key(&e, 'a');
	assert_int_equal(e.len, PHONE_EDIT_MAX);
	assert_int_equal(keys(&e, "\xc3\xa9"), PHONE_KEY_NONE);
	assert_int_equal(phone_edit_key(&e, '\r'), PHONE_KEY_LINE);
	phone_edit_clear(&e);
	assert_int_equal(e.len, 0);
}

static void the_tail_of_a_line_fits(void **state)
{
	struct phone_edit e = { 0 };

	(void)state;
	keys(&e, "ab\xe6\x9d\xb1\xe4\xba\xac");
	assert_true(text_is(phone_edit_tail(&e, 6), "ab\xe6\x9d\xb1\xe4\xba\xac"));
	assert_true(text_is(phone_edit_tail(&e, 5), "b\xe6\x9d\xb1\xe4\xba\xac"));
	assert_true(text_is(phone_edit_tail(&e, 3), "\xe4\xba\xac"));
	assert_true(text_is(phone_edit_tail(&e, 0), ""));
}

/* --- doctor ----------------------------------------------------------------------------------------------------- */

static void what_is_no_certificate_does_not_end(void **state)
{
	int64_t left = 0;

	(void)state;
	assert_false(doctor_certificate_ends(TEXT_LITERAL(""), 0, &left));
	assert_false(doctor_certificate_ends(
		TEXT_LITERAL("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"), 0, &left));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(typed_lines_mean_something),
		cmocka_unit_test(events_are_read),
		cmocka_unit_test(what_is_no_event_is_none),
		cmocka_unit_test(saved_in_the_folder_alone),
		cmocka_unit_test(media_by_the_name),
		cmocka_unit_test(keys_make_a_line),
		cmocka_unit_test(a_line_has_an_end),
		cmocka_unit_test(the_tail_of_a_line_fits),
		cmocka_unit_test(what_is_no_certificate_does_not_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
