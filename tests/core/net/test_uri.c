/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdlib.h>

#include "core/net/uri.h"

static void good_uris(void **state)
{
	static const struct {
		const char *in, *host, *target, *server;
		uint16_t port;
		bool tls;
	} table[] = {
		{ "http://example.net", "example.net", "/", "example.net", 80, false },
		{ "HTTPS://Example.net/", "Example.net", "/", "Example.net", 443, true },
		{ "http://127.0.0.1:8080/a/b?c=d&e", "127.0.0.1", "/a/b?c=d&e", "127.0.0.1:8080", 8080, false },
		{ "https://[2001:db8::1]:8443/x", "2001:db8::1", "/x", "[2001:db8::1]:8443", 8443, true },
		{ "https://[::1]", "::1", "/", "[::1]", 443, true },
		{ "http://h?q=1#part", "h", "/?q=1", "h", 80, false },
		{ "http://h/#part?no", "h", "/", "h", 80, false },
		{ "http://h/?", "h", "/?", "h", 80, false },
		{ "http://h/a%20b;x=1,2/~u:@!$&'()*+", "h", "/a%20b;x=1,2/~u:@!$&'()*+", "h", 80, false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct uri uri;
		const char *why = NULL;
		char room[64];
		struct writer w = writer_of(room, sizeof(room));
		assert_int_equal(uri_parse(text_of(table[i].in), &uri, &why), OK);
		assert_true(text_is(uri.host, table[i].host));
		assert_true(text_is(uri.server, table[i].server));
		assert_int_equal(uri.port, table[i].port);
		assert_int_equal(uri.tls, table[i].tls);
		uri_put_target(&w, &uri);
		assert_true(text_is(text_range(room, writer_len(&w)), table[i].target));
	}
}

static void bad_uris(void **state)
{
	static const struct {
		const char *in;
		enum result r;
	} table[] = {
		{ "", ERR_UNSUPPORTED },
		{ "ftp://h/", ERR_UNSUPPORTED },
		{ "http:/h", ERR_UNSUPPORTED },
		{ "//h/", ERR_UNSUPPORTED },
		{ "http://", ERR_MALFORMED },
		{ "http:///x", ERR_MALFORMED },
		{ "http://:80/", ERR_MALFORMED },
		{ "http://h:/", ERR_MALFORMED },
		{ "http://h:0/", ERR_MALFORMED },
		{ "http://h:65536/", ERR_MALFORMED },
		{ "http://h:8o/", ERR_MALFORMED },
		{ "http://user:secret@h/", ERR_MALFORMED },
		{ "http://h@/", ERR_MALFORMED },
		{ "http://::1/", ERR_MALFORMED },
		{ "http://[::1/", ERR_MALFORMED },
		{ "http://[]/", ERR_MALFORMED },
		{ "http://[127.0.0.1]/", ERR_MALFORMED },
		{ "http://[h]/", ERR_MALFORMED },
		{ "http://a b/", ERR_MALFORMED },
		{ "http://a%2/", ERR_MALFORMED },
		{ "http://h/a b", ERR_MALFORMED },
		{ "http://h/%zz", ERR_MALFORMED },
		{ "http://h/%2", ERR_MALFORMED },
		{ "http://h/\r\nHost: x", ERR_MALFORMED },
		{ "http://h/?a\x7f", ERR_MALFORMED },
		{ "http://h/\xc3\xbc", ERR_MALFORMED },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct uri uri;
		const char *why = NULL;
		assert_int_equal(uri_parse(text_of(table[i].in), &uri, &why), table[i].r);
		assert_non_null(why);
	}
	static char longest[URI_MAX + 2];
	struct uri uri;
	const char *why;
	memset(longest, 'a', sizeof(longest) - 1);
	memcpy(longest, "http://", 7);
	assert_int_equal(uri_parse(text_of(longest), &uri, &why), ERR_TOO_BIG);
}

/* Every prefix, in memory of exactly its size. */
static void every_prefix(void **state)
{
	static const char whole[] = "https://[2001:db8::1]:8443/a%20b?to=%2B49171&text=a+b#x";

	(void)state;
	for (size_t n = 0; n < sizeof(whole); n++) {
		char *exact = malloc(n + 1);
		assert_non_null(exact);
		memcpy(exact, whole, n);
		char *tight = realloc(exact, n ? n : 1);
		struct uri uri;
		const char *why;
		struct text path, query, value;
		char to[8];
		(void)!uri_parse(text_range(tight, n), &uri, &why);
		(void)!uri_split_target(text_range(tight, n), &path, &query);
		(void)!uri_form_get(text_range(tight, n), "text", to, sizeof(to), &value);
		free(tight);
	}
}

static void targets(void **state)
{
	struct text path, query;

	(void)state;
	assert_int_equal(uri_split_target(text_of("/a/b?x=1?y"), &path, &query), OK);
	assert_true(text_is(path, "/a/b") && text_is(query, "x=1?y"));
	assert_int_equal(uri_split_target(text_of("/"), &path, &query), OK);
	assert_int_equal(query.len, 0);
	assert_int_equal(uri_split_target(text_of("/?a[]={\"b\"}"), &path, &query), OK);
	assert_int_equal(uri_split_target(text_of(""), &path, &query), ERR_MALFORMED);
	assert_int_equal(uri_split_target(text_of("*"), &path, &query), ERR_MALFORMED);
	assert_int_equal(uri_split_target(text_of("/a b"), &path, &query), ERR_MALFORMED);
	assert_int_equal(uri_split_target(text_of("/a?b%"), &path, &query), ERR_MALFORMED);
	assert_int_equal(uri_split_target(text_of("/a?b\n"), &path, &query), ERR_MALFORMED);
}

static void all_octets_come_back(void **state)
{
	char all[256], encoded[800], decoded[256];
	struct writer w = writer_of(encoded, sizeof(encoded));
	struct text out;

	(void)state;
	for (unsigned i = 0; i < 256; i++)
		all[i] = (char)i;
	uri_encode(&w, text_range(all, sizeof(all)));
	assert_true(writer_ok(&w));
	assert_int_equal(uri_decode(text_range(encoded, writer_len(&w)), false, decoded, sizeof(decoded), &out), OK);
	assert_true(text_equal(out, text_range(all, sizeof(all))));
	assert_int_equal(uri_decode(text_range(encoded, writer_len(&w)), false, decoded, 255, &out), ERR_TOO_BIG);
	w = writer_of(encoded, sizeof(encoded));
	uri_encode(&w, TEXT_LITERAL("a-Z_0.~ +\xff"));
	assert_true(text_is(text_range(encoded, writer_len(&w)), "a-Z_0.~%20%2B%FF"));
	assert_int_equal(uri_decode(text_of("a+%2b"), false, decoded, 10, &out), OK);
	assert_true(text_is(out, "a++"));
}

static void forms(void **state)
{
	const struct text form =
		TEXT_LITERAL("&to=%2B49171&te%78t=Gr%C3%BC%C3%9Fe+dir&&flag&=none&to=2&bad=%4&long=12345");
	struct text rest = form, name, value;
	char to[16];
	unsigned n = 0;

	(void)state;
	while (uri_form_next(&rest, &name, &value))
		n++;
	assert_int_equal(n, 7);
	assert_int_equal(uri_form_get(form, "to", to, sizeof(to), &value), OK);
	assert_true(text_is(value, "+49171"));
	assert_int_equal(uri_form_get(form, "text", to, sizeof(to), &value), OK);
	assert_true(text_is(value, "Grüße dir"));
	assert_int_equal(uri_form_get(form, "flag", to, sizeof(to), &value), OK);
	assert_int_equal(value.len, 0);
	assert_int_equal(uri_form_get(form, "", to, sizeof(to), &value), OK);
	assert_true(text_is(value, "none"));
	assert_int_equal(uri_form_get(form, "bad", to, sizeof(to), &value), ERR_MALFORMED);
	assert_int_equal(uri_form_get(form, "long", to, 4, &value), ERR_TOO_BIG);
	assert_int_equal(uri_form_get(form, "missing", to, sizeof(to), &value), ERR_NOT_FOUND);
	assert_int_equal(uri_form_get(text_of(""), "to", to, sizeof(to), &value), ERR_NOT_FOUND);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good_uris),
		cmocka_unit_test(bad_uris),
		cmocka_unit_test(every_prefix),
		cmocka_unit_test(targets),
		cmocka_unit_test(all_octets_come_back),
		cmocka_unit_test(forms),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
