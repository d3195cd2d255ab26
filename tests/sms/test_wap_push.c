/* SPDX-License-Identifier: GPL-3.0-or-later */
/* WSP pushes to port 2948: what phones get and what other gateways write. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>

#include "core/base/hex.h"
#include "sms/wap_push.h"

static uint8_t octets[300];

static size_t from_hex(const char *hex)
{
	struct writer w = writer_of(octets, sizeof(octets));

	assert_int_equal(hex_take(text_of(hex), &w), OK);
	return writer_len(&w);
}

/* The type by number and written out, with parameters, with other headers around the application. */
static const char *const notifications[] = {
	"010603beaf848c82",
	"0106226170706c69636174696f6e2f766e642e7761702e6d6d732d6d65737361676500"
	"af848c82",
	"010605"
	"02be81"
	"af84"
	"8c82",
};

static void test_notifications(void **state)
{
	(void)state;
	for (size_t i = 0; i < 3; i++) {
		size_t n = from_hex(notifications[i]);
		struct wap_push p;

		assert_int_equal(wap_push_decode(octets, n, &p, NULL), OK);
		assert_int_equal(p.transaction, 1);
		assert_int_equal(p.content_type, WAP_PUSH_MMS_TYPE);
		assert_true(p.has_application);
		assert_int_equal(p.application, WAP_PUSH_MMS_APPLICATION);
		assert_int_equal(p.body.len, 2);
		assert_memory_equal(p.body.at, "\x8c\x82", 2);
	}
}

static void test_other_headers(void **state)
{
	struct wap_push p;
	/* Content-Length, a header written out, the application written out. */
	size_t n = from_hex("ff0629"
			    "be"
			    "8d85"
			    "782d6100"
			    "7900"
			    "8d021234"
			    "af782d7761702d6170706c69636174696f6e3a6d6d732e756100"
			    "8c");

	(void)state;
	octets[2] = (uint8_t)(n - 4);
	assert_int_equal(wap_push_decode(octets, n, &p, NULL), OK);
	assert_int_equal(p.application, WAP_PUSH_MMS_APPLICATION);
	assert_int_equal(p.body.len, 1);
	assert_int_equal(p.headers.len, n - 5);
}

static void test_encode(void **state)
{
	struct wap_push p = { .transaction = 1,
			      .content_type = WAP_PUSH_MMS_TYPE,
			      .has_application = true,
			      .application = WAP_PUSH_MMS_APPLICATION,
			      .body = text_of("\x8c\x82") };
	uint8_t room[64];
	struct writer w = writer_of(room, sizeof(room));
	size_t n = from_hex(notifications[0]);

	(void)state;
	wap_push_encode(&p, &w);
	assert_int_equal(writer_len(&w), n);
	assert_memory_equal(room, octets, n);
	for (uint64_t number = 1; number <= UINT32_MAX; number = number * 7 + 1) { /* every length of an integer */
		struct writer w2 = writer_of(octets, sizeof(octets));
		struct wap_push back;

		p.application = (uint32_t)number;
		wap_push_encode(&p, &w2);
		assert_int_equal(wap_push_decode(octets, writer_len(&w2), &back, NULL), OK);
		assert_true(back.application == number);
	}
	p.application = WAP_PUSH_MMS_APPLICATION;
	p.content_type = 0;
	w = writer_of(room, sizeof(room));
	wap_push_encode(&p, &w);
	n = from_hex("010603"
		     "80"
		     "af848c82"); /* any type */
	assert_memory_equal(room, octets, n);
	p.content_type_text = text_of("application/vnd.wap.mms-message");
	w = writer_of(room, sizeof(room));
	wap_push_encode(&p, &w);
	n = from_hex(notifications[1]);
	assert_int_equal(writer_len(&w), n);
	assert_memory_equal(room, octets, n);
}

static void test_wrong(void **state)
{
	static const struct {
		const char *hex;
		enum result result;
		size_t at;
	} rows[] = {
		{ "", ERR_SHORT, 0 },
		{ "01", ERR_SHORT, 0 },
		{ "010702be", ERR_UNSUPPORTED, 1 },
		{ "0106", ERR_SHORT, 2 },
		{ "010603beaf", ERR_SHORT, 2 },
		{ "01068f7f", ERR_TOO_BIG, 2 },
		{ "010600", ERR_MALFORMED, 3 },
		{ "0106ffffffffff7f", ERR_SHORT, 2 },
		{ "0106026170", ERR_MALFORMED, 3 },
		{ "010602beaf", ERR_MALFORMED, 4 },
		{ "010603be8d05", ERR_MALFORMED, 4 },
		{ "010603be6100", ERR_MALFORMED, 4 },
		{ "01060202be", ERR_MALFORMED, 3 },
		{ "0106021f80", ERR_MALFORMED, 3 },
		{ "01060700", ERR_SHORT, 2 },
		{ "010604"
		  "be"
		  "af05"
		  "ff",
		  ERR_MALFORMED, 4 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct wap_push p;
		size_t n = from_hex(rows[i].hex), at = 99;

		assert_int_equal(wap_push_decode(octets, n, &p, &at), rows[i].result);
		assert_int_equal(at, rows[i].at);
	}
}

static void test_every_prefix(void **state)
{
	(void)state;
	for (size_t i = 0; i < 3; i++) {
		size_t n = from_hex(notifications[i]) - 2;

		for (size_t cut = 0; cut < n; cut++) {
			uint8_t *exact = malloc(cut ? cut : 1);
			struct wap_push p;

			assert_non_null(exact);
			memcpy(exact, octets, cut);
			assert_int_not_equal(wap_push_decode(exact, cut, &p, NULL), OK);
			free(exact);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_notifications), cmocka_unit_test(test_other_headers),
		cmocka_unit_test(test_encode),	      cmocka_unit_test(test_wrong),
		cmocka_unit_test(test_every_prefix),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
