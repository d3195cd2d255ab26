/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The body of POST /v1/messages: what is taken, what is refused and in which words. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/api_message.h"
#include "daemon/api_time.h"

#define NOW INT64_C(1795000000000000) /* 2026-11-18T11:06:40Z */

static struct arena *arena;

static enum result parse(const char *json, struct api_message *out, struct api_problem *problem)
{
	arena_reset(arena);
	*problem = (struct api_problem){ 0 };
	return api_message_parse(text_of(json), NOW, arena, out, problem);
}

static void the_least_is_enough(void **state)
{
	struct api_message m;
	struct api_problem problem;

	(void)state;
	assert_int_equal(parse("{\"to\":\"+819012345678\",\"text\":\"hello\"}", &m, &problem), OK);
	assert_int_equal(m.to_count, 1);
	assert_true(text_is(m.to[0], "+819012345678"));
	assert_true(text_is(m.message.body, "hello"));
	assert_true(text_is(m.message.channel, "http"));
	assert_int_equal(m.message.content, MESSAGE_TEXT);
	assert_int_equal(m.message.sender.len, 0);
	assert_int_equal(m.message.due_us, 0);
	assert_int_equal(m.message.reports, 0);
}

static void every_field_arrives(void **state)
{
	struct api_message m;
	struct api_problem problem;

	(void)state;
	assert_int_equal(
		parse("{\"from\":\"Cellpost\",\"to\":[\"0081 90-1234-5678\",\"tel:+44700\",\"1234\"],"
		      "\"text\":\"\\u20ac \\ud83d\\ude00\",\"coding\":\"ucs2\",\"flash\":true,"
		      "\"validity\":3600,\"send_at\":\"2026-11-19T00:00:00.5+09:00\",\"priority\":3,"
		      "\"reference\":\"order 7\",\"report\":[\"delivered\",\"failed\"],"
		      "\"report_url\":\"https://example.org/r?x=1\",\"idempotency_key\":\"k1\","
		      "\"protocol_id\":65,\"ports\":{\"destination\":2948,\"source\":9200},\"link\":\"smsc:a\"}",
		      &m, &problem),
		OK);
	assert_true(text_is(m.message.sender, "Cellpost"));
	assert_int_equal(m.to_count, 3);
	assert_true(text_is(m.to[0], "+819012345678") && text_is(m.to[1], "+44700") && text_is(m.to[2], "1234"));
	assert_true(text_is(m.message.body, "\xe2\x82\xac \xf0\x9f\x98\x80"));
	assert_true(m.message.has_coding && m.message.coding == 8 && m.message.flash);
	assert_int_equal(m.message.validity_us, INT64_C(3600000000));
	assert_int_equal(m.message.due_us, INT64_C(1795014000500000));
	assert_int_equal(m.message.priority, 3);
	assert_int_equal(m.message.reports, REPORT_DELIVERED | REPORT_FAILED);
	assert_true(text_is(m.message.report_to, "https://example.org/r?x=1"));
	assert_true(text_is(m.key, "k1") && text_is(m.message.reference, "order 7"));
	assert_int_equal(m.message.protocol_id, 65);
	assert_true(m.message.has_ports && m.message.destination_port == 2948 && m.message.source_port == 9200);
	assert_true(text_is(m.message.link, "smsc:a"));
}

static void what_may_be_spent(void **state)
{
	struct api_message m;
	struct api_problem problem;

	(void)state;
	assert_int_equal(parse("{\"to\":\"1\",\"text\":\"x\"}", &m, &problem), OK);
	assert_true(m.message.choice == CHOICE_CHANNEL && !m.message.has_consent && !m.message.has_max_price);
	assert_int_equal(parse("{\"to\":\"1\",\"text\":\"x\",\"bearer\":\"rcs\",\"consent\":\"not-when-roaming\","
			       "\"max_price\":\"0\",\"quote\":\"abc\"}",
			       &m, &problem),
			 OK);
	assert_true(m.message.choice == CHOICE_PACKET && m.message.has_consent && m.message.consent == 2);
	assert_true(m.message.has_max_price && m.message.max_price == 0 && text_is(m.message.quote, "abc"));
	assert_int_equal(parse("{\"to\":\"1\",\"text\":\"x\",\"bearer\":\"any\",\"max_price\":\"3.3\"}", &m, &problem),
			 OK);
	assert_true(m.message.choice == CHOICE_PACKET_THEN_PAID && m.message.max_price == 3300000);
	assert_int_equal(parse("{\"to\":\"1\",\"text\":\"x\",\"bearer\":\"sms\",\"consent\":\"always\"}", &m, &problem),
			 OK);
	assert_true(m.message.choice == CHOICE_PAID);
}

static void octets_in_both_forms(void **state)
{
	struct api_message m;
	struct api_problem problem;

	(void)state;
	assert_int_equal(parse("{\"to\":\"1\",\"binary\":\"AAH/\",\"udh\":\"0605040b8423f0\"}", &m, &problem), OK);
	assert_int_equal(m.message.content, MESSAGE_BINARY);
	assert_int_equal(m.message.body.len, 3);
	assert_memory_equal(m.message.body.at, "\x00\x01\xff", 3);
	assert_int_equal(m.message.udh.len, 7);
	assert_int_equal(parse("{\"to\":\"1\",\"binary_hex\":\"0001Ff\"}", &m, &problem), OK);
	assert_memory_equal(m.message.body.at, "\x00\x01\xff", 3);
}

struct bad {
	const char *json, *code, *field, *says;
	unsigned status;
};

static const struct bad bad[] = {
	{ "", "malformed", "", "", 400 },
	{ "[]", "malformed", "", "object", 400 },
	{ "{\"to\":\"1\",\"text\":\"x\"", "malformed", "", "line 1", 400 },
	{ "{\"to\":\"1\",\"text\":\"x\",\"text\":\"y\"}", "malformed", "", "", 400 },
	{ "{\"text\":\"x\"}", "missing", "to", "recipient", 400 },
	{ "{\"to\":[],\"text\":\"x\"}", "missing", "to", "recipient", 400 },
	{ "{\"to\":\"1\"}", "missing", "text", "text, binary", 400 },
	{ "{\"to\":\"1\",\"txt\":\"x\"}", "unknown_field", "txt", "\"text\"", 400 },
	{ "{\"to\":\"1\",\"text\":\"x\",\"zzzzzz\":1}", "unknown_field", "zzzzzz", "openapi", 400 },
	{ "{\"to\":5,\"text\":\"x\"}", "wrong_type", "to", "string", 400 },
	{ "{\"to\":[5],\"text\":\"x\"}", "wrong_type", "to", "string", 400 },
	{ "{\"to\":\"\",\"text\":\"x\"}", "bad_address", "to", "empty", 400 },
	{ "{\"to\":\"+1234567890123456789012\",\"text\":\"x\"}", "bad_address", "to", "20 digits", 400 },
	{ "{\"to\":\"1\",\"text\":7}", "wrong_type", "text", "string", 400 },
	{ "{\"to\":\"1\",\"text\":\"x\",\"binary\":\"AA==\"}", "conflict", "binary", "one of", 400 },
	{ "{\"to\":\"1\",\"binary\":\"A*\"}", "malformed", "binary", "base64", 400 },
	{ "{\"to\":\"1\",\"binary_hex\":\"123\"}", "malformed", "binary_hex", "hexadecimal", 400 },
	{ "{\"to\":\"1\",\"text\":\"x\",\"udh\":\"0503\"}", "malformed", "udh", "first octet", 400 },
	{ "{\"to\":\"1\",\"text\":\"x\",\"udh\":\"\"}", "malformed", "udh", "first octet", 400 },
	{ "{\"to\":\"1\",\"text\":\"x\",\"coding\":\"utf8\"}", "unknown_word", "coding", "ucs2", 400 },
	{ "{\"to\":\"1\",\"text\":\"x\",\"coding\":256}", "out_of_range", "coding", "0 to 255", 400 },
	{ "{\"to\":\"1\",\"text\":\"x\",\"flash\":1}", "wrong_type", "flash", "true or false", 400 },
	{ "{\"to\":\"1\",\"text\":\"x\",\"validity\":0}", "out_of_range", "validity", "1 to", 400 },
	{ "{\"to\":\"1\",\"text\":\"x\",\"validity\":1.5}", "wrong_type", "validity", "integer", 400 },
	{ "{\"to\":\"1\",\"text\":\"x\",\"validity\":9223372036854775808}", "malformed", "", "", 400 },
	{ "{\"to\":\"1\",\"text\":\"x\",\"send_at\":\"tomorrow\"}", "malformed", "send_at", "RFC 3339", 400 },
	{ "{\"to\":\"1\",\"text\":\"x\",\"send_at\":\"2030-01-01T00:00:00Z\"}", "out_of_range", "send_at", "366", 400 },
	{ "{\"to\":\"1\",\"text\":\"x\",\"priority\":4}", "out_of_range", "priority", "0 to 3", 400 },
	{ "{\"to\":\"1\",\"text\":\"x\",\"report\":\"delivery\"}", "unknown_word", "report", "delivered", 400 },
	{ "{\"to\":\"1\",\"text\":\"x\",\"report\":[1]}", "wrong_type", "report", "word", 400 },
	{ "{\"to\":\"1\",\"text\":\"x\",\"report_url\":\"ftp://x/\"}", "malformed", "report_url", "http", 400 },
	{ "{\"to\":\"1\",\"text\":\"x\",\"idempotency_key\":\"\"}", "malformed", "idempotency_key", "empty", 400 },
	{ "{\"to\":\"1\",\"text\":\"x\",\"bearer\":\"mail\"}", "unknown_word", "bearer", "rcs", 400 },
	{ "{\"to\":\"1\",\"text\":\"x\",\"bearer\":1}", "wrong_type", "bearer", "any", 400 },
	{ "{\"to\":\"1\",\"text\":\"x\",\"consent\":\"yes\"}", "unknown_word", "consent", "always", 400 },
	{ "{\"to\":\"1\",\"text\":\"x\",\"consent\":true}", "wrong_type", "consent", "string", 400 },
	{ "{\"to\":\"1\",\"text\":\"x\",\"max_price\":5}", "wrong_type", "max_price", "5.00", 400 },
	{ "{\"to\":\"1\",\"text\":\"x\",\"max_price\":\"-1\"}", "malformed", "max_price", "not negative", 400 },
	{ "{\"to\":\"1\",\"text\":\"x\",\"max_price\":\"1.0000001\"}", "malformed", "max_price", "six", 400 },
	{ "{\"to\":\"1\",\"text\":\"x\",\"quote\":\"\"}", "malformed", "quote", "token", 400 },
	{ "{\"to\":\"1\",\"text\":\"x\",\"bearer\":\"sms\",\"consent\":\"ask\"}", "conflict", "consent", "any", 400 },
	{ "{\"to\":\"1\",\"text\":\"x\",\"ports\":5}", "wrong_type", "ports", "destination", 400 },
	{ "{\"to\":\"1\",\"text\":\"x\",\"ports\":{\"source\":5}}", "wrong_type", "ports", "destination", 400 },
	{ "{\"to\":\"1\",\"text\":\"x\",\"ports\":{\"destination\":70000}}", "out_of_range", "ports", "65535", 400 },
	{ "{\"to\":\"1\",\"text\":\"x\",\"ports\":{\"destination\":7,\"sorce\":7}}", "unknown_field", "sorce", "source",
	  400 },
	{ "{\"to\":\"1\",\"text\":\"x\",\"ports\":{\"destination\":7},\"udh\":\"00\"}", "conflict", "ports", "header",
	  400 },
	{ "{\"to\":\"1\",\"text\":[[[[]]]]}", "malformed", "", "", 413 },
	{ "{\"to\":\"1\",\"files\":[]}", "wrong_type", "files", "list", 400 },
	{ "{\"to\":\"1\",\"files\":[5]}", "wrong_type", "files[0]", "object", 400 },
	{ "{\"to\":\"1\",\"files\":[{\"media\":\"a/b\"}]}", "missing", "files[0]", "either", 400 },
	{ "{\"to\":\"1\",\"files\":[{\"data\":\"eA==\"}]}", "missing", "files[0]", "media type", 400 },
	{ "{\"to\":\"1\",\"files\":[{\"media\":\"a/\",\"data\":\"eA==\"}]}", "malformed", "files[0]", "image/jpeg",
	  400 },
	{ "{\"to\":\"1\",\"files\":[{\"media\":\"a/b/c\",\"data\":\"eA==\"}]}", "malformed", "files[0]", "image/jpeg",
	  400 },
	{ "{\"to\":\"1\",\"files\":[{\"media\":\"a/b\",\"data\":\"e\"}]}", "malformed", "files[0]", "base64", 400 },
	{ "{\"to\":\"1\",\"files\":[{\"media\":\"a/b\",\"data\":\"\"}]}", "malformed", "files[0]", "empty", 400 },
	{ "{\"to\":\"1\",\"files\":[{\"media\":\"a/b\",\"file\":\"sha256:00:5\"}]}", "malformed", "files[0]",
	  "/v1/files", 400 },
	{ "{\"to\":\"1\",\"files\":[{\"media\":\"a/b\",\"name\":\"a/b\",\"data\":\"eA==\"}]}", "malformed", "files[0]",
	  "path", 400 },
	{ "{\"to\":\"1\",\"files\":[{\"media\":\"a/b\",\"nme\":\"a\",\"data\":\"eA==\"}]}", "unknown_field", "files[0]",
	  "name", 400 },
	{ "{\"to\":\"1\",\"binary\":\"AA\",\"files\":[{\"media\":\"a/b\",\"data\":\"eA==\"}]}", "conflict", "files",
	  "binary", 400 },
};

static void what_is_wrong_is_named(void **state)
{
	struct api_message m;
	struct api_problem problem;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_not_equal(parse(bad[i].json, &m, &problem), OK);
		if (strcmp(problem.code, bad[i].code) || !text_is(problem.field, bad[i].field) ||
		    !strstr(problem.message, bad[i].says) || problem.status != bad[i].status)
			fail_msg("%s: %u %s %.*s %s", bad[i].json, problem.status, problem.code,
				 TEXT_ARGS(problem.field), problem.message);
	}
}

static void files_are_described(void **state)
{
	static const char json[] =
		"{\"to\":\"1\",\"files\":[{\"media\":\"image/jpeg\",\"name\":\"tea cup.jpg\",\"data\":\"aGVsbG8=\"},"
		"{\"media\":\"a/"
		"b\",\"file\":\"sha256:2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824:5\"}]}";
	struct api_message m;
	struct api_problem problem;
	struct message_file one, other;
	char name[API_FILE_NAME_SIZE];

	(void)state;
	assert_int_equal(parse(json, &m, &problem), OK);
	assert_int_equal(m.files_count, 2);
	assert_true(message_files_valid(&m.message) && !m.message.body.len);
	assert_true(text_is(m.files[0].bytes, "hello") && !m.files[1].bytes.len);
	assert_true(api_files_inline(m.files, 2) && !api_files_inline(m.files + 1, 1));
	assert_true(message_file_at(&m.message, 0, &one) && message_file_at(&m.message, 1, &other));
	assert_memory_equal(one.hash, other.hash, sizeof(one.hash)); /* both are the same five octets */
	assert_true(one.size == 5 && other.size == 5 && text_is(one.name, "tea cup.jpg") && !other.name.len);
	assert_true(text_is(api_file_name(&one, name),
			    "sha256:2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824:5"));
}

static void no_prefix_is_taken(void **state)
{
	static const char whole[] = "{\"from\":\"A\",\"to\":[\"1\",\"2\"],\"text\":\"x\\u00e9\",\"ports\":"
				    "{\"destination\":1},\"report\":[\"all\"],\"priority\":1,\"flash\":false}";
	struct api_message m;
	struct api_problem problem;

	(void)state;
	assert_int_equal(parse(whole, &m, &problem), OK);
	for (size_t n = 0; n + 1 < sizeof(whole); n++) {
		arena_reset(arena);
		assert_int_equal(api_message_parse(text_range(whole, n), NOW, arena, &m, &problem), ERR_MALFORMED);
	}
}

static void recipients_have_a_limit(void **state)
{
	static char json[MESSAGE_RECIPIENTS_MAX * 8 + 100];
	struct api_message m;
	struct api_problem problem;

	(void)state;
	for (unsigned count = MESSAGE_RECIPIENTS_MAX; count <= MESSAGE_RECIPIENTS_MAX + 1; count++) {
		int n = snprintf(json, sizeof(json), "{\"text\":\"\",\"to\":[\"1\"");
		for (unsigned i = 1; i < count; i++)
			n += snprintf(json + n, sizeof(json) - (size_t)n, ",\"%u\"", i);
		snprintf(json + n, sizeof(json) - (size_t)n, "]}");
		if (count == MESSAGE_RECIPIENTS_MAX) {
			assert_int_equal(parse(json, &m, &problem), OK);
			assert_int_equal(m.to_count, count);
		} else {
			assert_int_equal(parse(json, &m, &problem), ERR_MALFORMED);
			assert_string_equal(problem.code, "too_many");
		}
	}
}

static void keys_of_header_and_body_agree(void **state)
{
	struct api_message m = { 0 };
	struct api_problem problem;
	char long_key[300];

	(void)state;
	assert_int_equal(api_message_key(TEXT_LITERAL(" \"abc\" "), arena, &m, &problem), OK);
	assert_true(text_is(m.key, "abc"));
	assert_int_equal(api_message_key(TEXT_LITERAL("abc"), arena, &m, &problem), OK);
	assert_int_equal(api_message_key(TEXT_LITERAL(""), arena, &m, &problem), OK);
	assert_int_equal(api_message_key(TEXT_LITERAL("abd"), arena, &m, &problem), ERR_MALFORMED);
	assert_string_equal(problem.code, "conflict");
	memset(long_key, 'k', sizeof(long_key));
	assert_int_equal(api_message_key(text_range(long_key, 256), arena, &m, &problem), ERR_MALFORMED);
}

static void dates(void **state)
{
	static const struct {
		const char *text;
		int64_t us;
	} good[] = {
		{ "1970-01-01T00:00:00Z", 0 },
		{ "2000-02-29T23:59:59z", INT64_C(951868799000000) },
		{ "2026-11-24t12:56:07.123456789+00:00", INT64_C(1795524967123456) },
		{ "2026-11-24 12:56:07-01:30", INT64_C(1795530367000000) },
		{ "1999-12-31T23:59:60Z", INT64_C(946684800000000) },
	};
	static const char *const wrong[] = {
		"1969-12-31T23:59:59Z",	 "2026-13-01T00:00:00Z",  "2026-02-29T00:00:00Z",      "2026-04-31T00:00:00Z",
		"2026-01-01T24:00:00Z",	 "2026-01-01T00:60:00Z",  "2026-01-01T00:00:61Z",      "2026-01-01T00:00:00",
		"2026-01-01T00:00:00.Z", "2026-01-01T00:00:00Zx", "1970-01-01T00:00:00+00:01", "2026-1-1T00:00:00Z"
	};
	int64_t us;

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		assert_true(api_time_parse(text_of(good[i].text), &us));
		assert_int_equal(us, good[i].us);
		for (size_t n = 0; n < strlen(good[i].text); n++)
			assert_false(api_time_parse(text_range(good[i].text, n), &us));
	}
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		assert_false(api_time_parse(text_of(wrong[i]), &us));
}

static void problems_are_json(void **state)
{
	char room[API_PROBLEM_SIZE];
	struct writer w = writer_of(room, sizeof(room) - 1);
	struct api_problem p;

	(void)state;
	assert_int_equal(
		api_problem(&p, arena, 400, "unknown_field", TEXT_LITERAL("t\"x"), "did you mean \"%s\"?", "to"),
		ERR_MALFORMED);
	api_problem_put(&w, &p);
	assert_true(writer_ok(&w));
	room[writer_len(&w)] = 0;
	assert_string_equal(room, "{\"error\":{\"code\":\"unknown_field\",\"field\":\"t\\\"x\",\"message\":"
				  "\"did you mean \\\"to\\\"?\"}}");
	for (int r = 0; r < RESULT_COUNT; r++) {
		api_problem_of(&p, (enum result)r, (struct text){ 0 }, arena);
		assert_in_range(p.status, 400, 599);
		assert_true(p.status != 503 || p.retry_after);
	}
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
		cmocka_unit_test(the_least_is_enough),
		cmocka_unit_test(every_field_arrives),
		cmocka_unit_test(octets_in_both_forms),
		cmocka_unit_test(what_may_be_spent),
		cmocka_unit_test(what_is_wrong_is_named),
		cmocka_unit_test(files_are_described),
		cmocka_unit_test(no_prefix_is_taken),
		cmocka_unit_test(recipients_have_a_limit),
		cmocka_unit_test(keys_of_header_and_body_agree),
		cmocka_unit_test(dates),
		cmocka_unit_test(problems_are_json),
	};
	return cmocka_run_group_tests(tests, make_arena, drop_arena);
}
