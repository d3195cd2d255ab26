/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Kannel's sendsms: parameters to the envelope, its words of refusal, and the escapes of a dlr-url. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/kannel_query.h"
#include "daemon/kannel_receipt.h"

#define NOW INT64_C(1795000000000000)

static struct arena *arena;

static enum result get(const char *query, struct kannel_query *out)
{
	static struct http_message m;

	arena_reset(arena);
	m = (struct http_message){ .method = HTTP_METHOD_GET, .query = text_of(query) };
	return kannel_query_parse(&m, NOW, arena, out);
}

static void the_usual_request(void **state)
{
	struct kannel_query q;

	(void)state;
	assert_int_equal(
		get("username=u&password=p%26q&from=12345&to=%2B81901+0046700&text=Hello%20w%C3%B6rld+%E2%82%AC"
		    "&dlr-mask=31&dlr-url=http%3A%2F%2Fh%2Fd%3Fid%3D1%26s%3D%25d",
		    &q),
		OK);
	assert_true(text_is(q.username, "u") && text_is(q.password, "p&q"));
	assert_true(text_is(q.message.sender, "12345"));
	assert_int_equal(q.to_count, 2);
	assert_true(text_is(q.to[0], "+81901") && text_is(q.to[1], "+46700"));
	assert_true(text_is(q.message.body, "Hello w\xc3\xb6rld \xe2\x82\xac"));
	assert_true(text_is(q.message.channel, "kannel"));
	assert_int_equal(q.message.reports, 31);
	assert_true(text_is(q.message.report_to, "http://h/d?id=1&s=%d"));
	assert_false(q.message.has_coding || q.message.flash);
}

static void numbers_become_the_envelope(void **state)
{
	struct kannel_query q;

	(void)state;
	assert_int_equal(get("user=u&pass=p&to=1,2%2C3&text=x&validity=5&deferred=10&priority=2&pid=64&mclass=0"
			     "&smsc=a&account=acct&binfo=CMT&rpi=1&compress=0",
			     &q),
			 OK);
	assert_int_equal(q.to_count, 3);
	assert_int_equal(q.message.validity_us, 300 * INT64_C(1000000));
	assert_int_equal(q.message.due_us, NOW + 600 * INT64_C(1000000));
	assert_int_equal(q.message.priority, 2);
	assert_int_equal(q.message.protocol_id, 64);
	assert_true(q.message.flash);
	assert_true(text_is(q.message.link, "a") && text_is(q.message.reference, "acct"));
	assert_true(text_is(q.message.service_type, "CMT"));
}

static void codings(void **state)
{
	static const struct {
		const char *query;
		int coding; /* -1 = none */
		enum message_content content;
		const char *body;
		size_t len;
	} good[] = {
		{ "to=1&text=%80%81&coding=1", -1, MESSAGE_BINARY, "\x80\x81", 2 },
		{ "to=1&text=ab&udh=%05%00%03%01%01%01", -1, MESSAGE_BINARY, "ab", 2 },
		{ "to=1&text=ab&udh=%05%00%03%01%01%01&coding=0", -1, MESSAGE_TEXT, "ab", 2 },
		{ "to=1&text=%00%41%20%AC&coding=2", 8, MESSAGE_TEXT, "A\xe2\x82\xac", 4 },
		{ "to=1&text=A%E2%82%AC&coding=2&charset=UTF-8", 8, MESSAGE_TEXT, "A\xe2\x82\xac", 4 },
		{ "to=1&text=%E4&charset=ISO-8859-1", -1, MESSAGE_TEXT, "\xc3\xa4", 2 },
		{ "to=1&text=%80&charset=windows-1252", -1, MESSAGE_TEXT, "\xe2\x82\xac", 3 },
		{ "to=1&text=%FF%FEA%00&charset=utf-16", -1, MESSAGE_TEXT, "A", 1 },
		{ "to=1&text=%3D%D8%00%DE&charset=utf-16le", -1, MESSAGE_TEXT, "\xf0\x9f\x98\x80", 4 },
		{ "to=1&text=x&mclass=1", 0x11, MESSAGE_TEXT, "x", 1 },
		{ "to=1&text=%00x&mclass=2&coding=2", 0x1a, MESSAGE_TEXT, "x", 1 },
		{ "to=1&text=x&mclass=3&coding=1&alt-dcs=1", 0xf7, MESSAGE_BINARY, "x", 1 },
		{ "to=1&text=x&mwi=0", 0xd8, MESSAGE_TEXT, "x", 1 },
		{ "to=1&text=x&mwi=5", 0xd1, MESSAGE_TEXT, "x", 1 },
		{ "to=1&text=&mwi=1", 0xc9, MESSAGE_TEXT, "", 0 },
	};
	struct kannel_query q;

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		if (get(good[i].query, &q) != OK)
			fail_msg("%s: %.*s", good[i].query, TEXT_ARGS(q.why));
		if (q.message.content != good[i].content ||
		    (q.message.has_coding ? q.message.coding : -1) != good[i].coding)
			fail_msg("%s: coding %x", good[i].query, q.message.coding);
		assert_int_equal(q.message.body.len, good[i].len);
		assert_memory_equal(q.message.body.at, good[i].body, good[i].len);
	}
}

static void words_of_refusal(void **state)
{
	static const char *const bad[][2] = {
		{ "text=x", "Missing receiver number, rejected" },
		{ "to=&text=x", "Empty receiver number not allowed, rejected" },
		{ "to=+,+&text=x", "Empty receiver number not allowed, rejected" },
		{ "to=1&text=x&coding=3", "Coding field misformed, rejected" },
		{ "to=1&text=x&coding=a", "Coding field misformed, rejected" },
		{ "to=1&text=x&mclass=4", "MClass field misformed, rejected" },
		{ "to=1&text=x&flash=9", "MClass field misformed, rejected" },
		{ "to=1&text=x&mwi=8", "MWI field misformed, rejected" },
		{ "to=1&text=x&validity=-1", "Validity field misformed, rejected" },
		{ "to=1&text=x&deferred=99999999999", "Deferred field misformed, rejected" },
		{ "to=1&text=x&dlr-mask=x", "DLR-Mask field misformed, rejected" },
		{ "to=1&text=x&dlr-url=mailto:x", "DLR-URL field misformed, rejected" },
		{ "to=1&text=x&dlr-url=http://%25P/", "DLR-URL field misformed, rejected" },
		{ "to=1&text=x&priority=4", "Priority field misformed, rejected" },
		{ "to=1&text=x&pid=256", "PID field misformed, rejected" },
		{ "to=1&text=x&rpi=5", "RPI field misformed, rejected" },
		{ "to=1&text=x&alt-dcs=7", "Alt-DCS field misformed, rejected" },
		{ "to=1&text=x&udh=%05%00", "UDH field misformed, rejected" },
		{ "to=1&text=%FF", "Charset or body misformed, rejected" },
		{ "to=1&text=x&charset=klingon", "Charset or body misformed, rejected" },
		{ "to=1&text=xyz&coding=2", "Charset or body misformed, rejected" },
		{ "to=1&text=%D8%00&coding=2", "Charset or body misformed, rejected" },
		{ "to=1&text=%81&charset=cp1252", "Charset or body misformed, rejected" },
		{ "to=1&text=a%00b", "Charset or body misformed, rejected" },
		{ "to=1&text=x&meta-data=smpp", "Meta-Data field misformed, rejected" },
		{ "to=1&text=x&binfo=toolong", "BInfo field misformed or too long, rejected" },
	};
	struct kannel_query q;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		if (get(bad[i][0], &q) == OK || !text_is(q.why, bad[i][1]) || q.status != 400)
			fail_msg("%s: %.*s", bad[i][0], TEXT_ARGS(q.why));
	}
}

static void forms_and_header_fields_are_posts(void **state)
{
	struct http_message m = { .method = HTTP_METHOD_POST,
				  .query = TEXT_LITERAL("username=u"),
				  .body = TEXT_LITERAL("password=p&to=1&text=a%20b"),
				  .fields_count = 1 };
	struct kannel_query q;

	(void)state;
	m.fields[0] =
		(struct http_field){ TEXT_LITERAL("Content-Type"), TEXT_LITERAL("application/x-www-form-urlencoded") };
	assert_int_equal(kannel_query_parse(&m, NOW, arena, &q), OK);
	assert_true(text_is(q.username, "u") && text_is(q.password, "p") && text_is(q.message.body, "a b"));

	m.body = TEXT_LITERAL("gr\xfc\xdf"
			      "e & so+on");
	m.fields_count = 5;
	m.fields[0].value = TEXT_LITERAL("text/plain; charset=iso-8859-1");
	m.fields[1] = (struct http_field){ TEXT_LITERAL("X-Kannel-To"), TEXT_LITERAL("1 2") };
	m.fields[2] = (struct http_field){ TEXT_LITERAL("x-kannel-password"), TEXT_LITERAL("p+") };
	m.fields[3] = (struct http_field){ TEXT_LITERAL("X-Kannel-Coding"), TEXT_LITERAL("0") };
	m.fields[4] = (struct http_field){ TEXT_LITERAL("X-Kannel-UDH"), TEXT_LITERAL("0500030A0201") };
	assert_int_equal(kannel_query_parse(&m, NOW, arena, &q), OK);
	assert_int_equal(q.to_count, 2);
	assert_true(text_is(q.password, "p+") && text_is(q.message.body, "gr\xc3\xbc\xc3\x9f"
									 "e & so+on"));
	assert_int_equal(q.message.udh.len, 6);

	m.fields[0].value = TEXT_LITERAL("text/xml");
	assert_int_equal(kannel_query_parse(&m, NOW, arena, &q), ERR_MALFORMED);
	assert_int_equal(q.status, 415);
}

static void tlvs_ride_in_meta_data(void **state)
{
	struct kannel_query q;

	(void)state;
	assert_int_equal(get("to=1&text=x&meta-data=%3Fother%3Fa%3Db%3Fsmpp%3F0x1401%3Dabc%26named%3Dz%26"
			     "0x1402%3D%252500%2525ff",
			     &q),
			 OK);
	assert_int_equal(q.message.tlvs.len, 7 + 4 + 6);
	assert_memory_equal(q.message.tlvs.at,
			    "\x14\x01\x00\x03"
			    "abc"
			    "\x14\x02\x00\x06"
			    "%00%ff",
			    17);
}

static void every_prefix_is_judged(void **state)
{
	static const char whole[] = "username=u&password=p&from=1&to=%2B81+2&text=%00x&coding=2&udh=%00&mclass=1&mwi=1"
				    "&dlr-url=http%3A%2F%2Fh%2F%25d&meta-data=%3Fsmpp%3F0x1401%3D1&deferred=1";
	struct kannel_query q;

	(void)state;
	for (size_t n = 0; n < sizeof(whole); n++) {
		char *exact = malloc(n + 1);

		assert_non_null(exact);
		memcpy(exact, whole, n);
		exact[n] = 0;
		if (get(exact, &q) != OK)
			assert_true(q.why.len && q.status >= 400);
		free(exact);
	}
}

static const char *filled(const char *pattern, const struct kannel_receipt *r)
{
	static char room[600];
	struct writer w = writer_of(room, sizeof(room) - 1);

	kannel_receipt_url(text_of(pattern), r, &w);
	assert_true(writer_ok(&w));
	room[writer_len(&w)] = 0;
	return room;
}

static void escapes_are_filled_in(void **state)
{
	const struct kannel_receipt r = {
		.report = 1,
		.from = TEXT_LITERAL("0049123"),
		.to = TEXT_LITERAL("+81 90"),
		.account = TEXT_LITERAL("ac/me"),
		.id = TEXT_LITERAL("0123"),
		.wire_id = TEXT_LITERAL("w&1"),
		.link = TEXT_LITERAL("smsc:a"),
		.reply = TEXT_LITERAL("id:1 stat:DELIVRD"),
		.at_us = INT64_C(1795000001000000),
	};

	(void)state;
	assert_string_equal(filled("http://h/?d=%d&p=%p&P=%P&q=%q&Q=%Q", &r),
			    "http://h/?d=1&p=0049123&P=%2B81%2090&q=%2B49123&Q=%2B81%2090");
	assert_string_equal(filled("t=%t&T=%T&I=%I&i=%i&n=%n", &r),
			    "t=2026-11-18+11:06:41&T=1795000001&I=0123&i=smsc%3Aa&n=ac%2Fme");
	assert_string_equal(filled("A=%A&F=%F&c=%c&C=%C", &r), "A=id%3A1%20stat%3ADELIVRD&F=w%261&c=0&C=GSM");
	assert_string_equal(filled("k=%k&s=%s&e=%e", &r),
			    "k=id%3A1&s=stat%3ADELIVRD&e=69643A3120737461743A44454C49565244");
	assert_string_equal(filled("%m%M%u%D%B%#smpp#x#|%%|%z|%20|100%", &r), "%7C%%7C%z%7C%20%7C100%");
	assert_string_equal(filled("a b\"\xff", &r), "a%20b%22%FF");
}

static void no_room_is_said(void **state)
{
	char room[8];
	struct writer w = writer_of(room, sizeof(room));

	(void)state;
	kannel_receipt_url(TEXT_LITERAL("http://host/"), &(struct kannel_receipt){ 0 }, &w);
	assert_false(writer_ok(&w));
}

static void states_have_a_report_value(void **state)
{
	(void)state;
	assert_int_equal(kannel_report_of(TEXT_LITERAL("DELIVERED")), 1);
	assert_int_equal(kannel_report_of(TEXT_LITERAL("expired")), 2);
	assert_int_equal(kannel_report_of(TEXT_LITERAL("waiting")), 4);
	assert_int_equal(kannel_report_of(TEXT_LITERAL("accepted")), 8);
	assert_int_equal(kannel_report_of(TEXT_LITERAL("refused")), 16);
	assert_int_equal(kannel_report_of(TEXT_LITERAL("")), 0);
}

static int make_arena(void **state)
{
	(void)state;
	arena = arena_new(4096);
	return 0;
}

static int drop_arena(void **state)
{
	(void)state;
	arena_free(&arena);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_usual_request),
		cmocka_unit_test(numbers_become_the_envelope),
		cmocka_unit_test(codings),
		cmocka_unit_test(words_of_refusal),
		cmocka_unit_test(forms_and_header_fields_are_posts),
		cmocka_unit_test(tlvs_ride_in_meta_data),
		cmocka_unit_test(every_prefix_is_judged),
		cmocka_unit_test(escapes_are_filled_in),
		cmocka_unit_test(no_room_is_said),
		cmocka_unit_test(states_have_a_report_value),
	};
	return cmocka_run_group_tests(tests, make_arena, drop_arena);
}
