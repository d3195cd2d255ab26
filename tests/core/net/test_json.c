/* SPDX-License-Identifier: GPL-3.0-or-later */
/* JSON in: kinds, limits, where it is wrong. JSON out: escaping, commas, room; and what we write, we read. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "core/net/json.h"

static struct json_doc *good(const char *s)
{
	struct json_doc *doc;
	struct json_error e;

	assert_int_equal(json_parse(text_of(s), NULL, &doc, &e), OK);
	return doc;
}

static void values_are_read(void **state)
{
	struct json_doc *doc =
		good("{\"n\":9007199254740993,\"m\":-9223372036854775808,\"r\":1.5,\"b\":true,\"f\":false,"
		     "\"t\":\"\\u65e5\\ud83d\\ude00x\",\"a\":[1,\"two\",null],\"o\":{\"z\":1,\"y\":2}}");
	const struct json_value *root = json_root(doc), *value;
	int64_t i;
	double d;
	bool b;
	struct text t;

	(void)state;
	assert_int_equal(json_kind(root), JSON_KIND_OBJECT);
	assert_int_equal(json_count(root), 8);
	assert_true(json_int(json_member(root, "n"), &i) && i == INT64_C(9007199254740993));
	assert_true(json_int(json_member(root, "m"), &i) && i == INT64_MIN);
	assert_true(json_number(json_member(root, "r"), &d) && d == 1.5);
	assert_false(json_int(json_member(root, "r"), &i));
	assert_true(json_bool(json_member(root, "b"), &b) && b);
	assert_true(json_bool(json_member(root, "f"), &b) && !b);
	assert_true(json_text(json_member(root, "t"), &t) && text_is(t, "日😀x"));
	assert_false(json_text(json_member(root, "n"), &t));
	value = json_member(root, "a");
	assert_int_equal(json_count(value), 3);
	assert_true(json_text(json_item(value, 1), &t) && text_is(t, "two"));
	assert_int_equal(json_kind(json_item(value, 2)), JSON_KIND_NULL);
	assert_null(json_item(value, 3));
	assert_null(json_member(json_member(json_member(root, "no"), "such"), "thing"));
	json_free(&doc);
	assert_null(doc);
}

static void members_come_in_order(void **state)
{
	struct json_doc *doc = good("{\"z\":1,\"a\":2,\"m\":3}");
	struct json_cursor at = { 0 };
	const struct json_value *value;
	struct text name;
	char order[4] = "";
	size_t n = 0;

	(void)state;
	while (json_next_member(json_root(doc), &at, &name, &value) && n < 3)
		order[n++] = name.at[0];
	assert_string_equal(order, "zam");
	assert_false(json_next_member(NULL, &(struct json_cursor){ 0 }, &name, &value));
	json_free(&doc);
}

static void bad_texts_say_where(void **state)
{
	static const struct {
		const char *text;
		enum result result;
		unsigned line, column;
		const char *why;
	} table[] = {
		{ "", ERR_MALFORMED, 1, 1, "the text ends too early" },
		{ "{", ERR_MALFORMED, 1, 1, "the text ends too early" },
		{ "1", ERR_MALFORMED, 1, 1, "not JSON" },
		{ "[1] x", ERR_MALFORMED, 1, 5, "something stands behind the value" },
		{ "{\n \"a\": 1,\n \"a\": 2}", ERR_MALFORMED, 3, 4, "a key stands twice in one object" },
		{ "[99999999999999999999]", ERR_MALFORMED, 1, 21, "a number does not fit" },
		{ "[1e999]", ERR_MALFORMED, 1, 6, "a number does not fit" },
		{ "[\"\\u0000\"]", ERR_MALFORMED, 1, 9, "U+0000 is not taken" },
		{ "[\"\xff\"]", ERR_MALFORMED, 1, 2, "invalid UTF-8" },
		{ "{\"a\":nul}", ERR_MALFORMED, 1, 8, "not JSON" },
		{ "[[[[[1]]]]]", ERR_TOO_BIG, 1, 5, "nested deeper than the limit" },
		{ "[\"[[[[[[[\",\n{\"\\\"[\":[[[1]]]}]", ERR_TOO_BIG, 2, 10, "nested deeper than the limit" },
		{ "[                                                 ]", ERR_TOO_BIG, 1, 1,
		  "more octets than the limit" },
	};
	static const struct json_limits limits = { .bytes_max = 40, .depth_max = 4 };
	struct json_doc *doc;
	struct json_error e;

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		assert_int_equal(json_parse(text_of(table[i].text), &limits, &doc, &e), table[i].result);
		assert_string_equal(e.why, table[i].why);
		assert_int_equal(e.line, table[i].line);
		assert_int_equal(e.column, table[i].column);
		assert_null(doc);
	}
}

static void prefixes_fail(void **state)
{
	const char *s = "{\"a\":[1,{\"b\":\"x\\n\"}],\"c\":null}";
	struct json_doc *doc;
	struct json_error e;

	(void)state;
	for (size_t n = 0; n < strlen(s); n++)
		assert_int_equal(json_parse(text_range(s, n), NULL, &doc, &e), ERR_MALFORMED);
	doc = good(s);
	json_free(&doc);
}

static void write_sample(struct json_writer *j)
{
	json_open_object(j);
	json_put_member_text(j, "t", text_range("a\"\\\n\t\x01\x7f日\xff\xc3z\0!", 15));
	json_put_member_cstring(j, "none", NULL);
	json_put_member_int(j, "min", INT64_MIN);
	json_put_member_bool(j, "yes", true);
	json_key(j, "list");
	json_open_array(j);
	json_put_int(j, 0);
	json_put_uint(j, UINT64_MAX);
	json_open_object(j);
	json_close_object(j);
	json_put_raw(j, TEXT_LITERAL("[1]"));
	json_put_bool(j, false);
	json_close_array(j);
	json_close_object(j);
}

#define SAMPLE \
	"{\"t\":\"a\\\"\\\\\\n\\t\\u0001\x7f日\xef\xbf\xbd\xef\xbf\xbdz\\u0000!\",\"none\":null," \
	"\"min\":-9223372036854775808,\"yes\":true,\"list\":[0,18446744073709551615,{},[1],false]}"

static void what_is_written(void **state)
{
	struct json_writer j;
	char room[512];
	struct writer w = writer_of(room, sizeof(room));

	(void)state;
	json_writer_init(&j, room, sizeof(room));
	write_sample(&j);
	assert_true(text_is(json_writer_text(&j), SAMPLE));
	json_writer_init_on(&j, &w);
	write_sample(&j);
	assert_int_equal(writer_len(&w), sizeof(SAMPLE) - 1);
	json_writer_init_growing(&j, 1 << 20);
	for (unsigned i = 0; i < 3; i++) {
		json_writer_reset(&j);
		write_sample(&j);
		assert_true(text_is(json_writer_text(&j), SAMPLE));
	}
	json_writer_clear(&j);
}

static void room_that_is_too_small(void **state)
{
	char room[sizeof(SAMPLE)];
	struct json_writer j;

	(void)state;
	for (size_t n = 0; n < sizeof(SAMPLE) - 1; n++) {
		json_writer_init(&j, room, n);
		write_sample(&j);
		assert_false(json_writer_ok(&j));
		assert_int_equal(json_writer_text(&j).len, 0);
		json_writer_init_growing(&j, n ? n : 1);
		write_sample(&j);
		assert_false(json_writer_ok(&j));
		json_writer_clear(&j);
	}
	json_writer_init_growing(&j, sizeof(SAMPLE) - 1);
	write_sample(&j);
	assert_true(json_writer_ok(&j));
	json_writer_clear(&j);
}

static void long_texts_grow(void **state)
{
	static char big[100000];
	struct json_writer j;
	struct json_doc *doc;
	struct json_error e;
	struct text t;

	(void)state;
	memset(big, '\n', sizeof(big));
	json_writer_init_growing(&j, 1 << 20);
	json_open_array(&j);
	json_put_text(&j, text_range(big, sizeof(big)));
	json_close_array(&j);
	assert_int_equal(json_parse(json_writer_text(&j), NULL, &doc, &e), OK);
	assert_true(json_text(json_item(json_root(doc), 0), &t));
	assert_true(text_equal(t, text_range(big, sizeof(big))));
	json_free(&doc);
	json_writer_clear(&j);
}

static void misuse_fails(void **state)
{
	struct json_writer j;
	char room[200];

	(void)state;
	json_writer_init(&j, room, sizeof(room));
	json_open_object(&j);
	assert_false(json_writer_ok(&j)); /* not closed */
	json_key(&j, "a");
	json_close_object(&j);
	assert_false(json_writer_ok(&j)); /* a key without a value */
	json_writer_init(&j, room, sizeof(room));
	json_put_int(&j, 1);
	json_put_int(&j, 2);
	assert_false(json_writer_ok(&j)); /* two values at the top */
	json_writer_init(&j, room, sizeof(room));
	for (unsigned i = 0; i < JSON_WRITER_DEPTH_MAX; i++)
		json_open_array(&j);
	assert_true(j.failed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values_are_read),     cmocka_unit_test(members_come_in_order),
		cmocka_unit_test(bad_texts_say_where), cmocka_unit_test(prefixes_fail),
		cmocka_unit_test(what_is_written),     cmocka_unit_test(room_that_is_too_small),
		cmocka_unit_test(long_texts_grow),     cmocka_unit_test(misuse_fails),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
