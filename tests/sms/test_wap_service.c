/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Pushes put together: octets by the tables of WAP-167, WAP-168 and OMA-TS-MMS-ENC, and what is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/hex.h"
#include "sms/smpp_text.h"
#include "sms/tp_message.h"
#include "sms/wap_push.h"
#include "sms/wap_service.h"

static char room[WAP_SERVICE_MAX];

static enum result build(const struct wap_service *s, struct message *m, size_t size)
{
	struct writer w = writer_of(room, size);
	const char *why = NULL;

	*m = (struct message){ 0 };
	enum result result = wap_service_message(s, m, &w, &why);
	if (result != OK)
		assert_non_null(why);
	return result;
}

static void octets_are_those_of_the_tables(void **state)
{
	static const struct {
		enum wap_service_type type;
		const char *url, *text, *hex;
	} rows[] = {
		{ WAP_SI, "http://www.a.jp/x", "Hi",
		  "0603aeaf82"
		  "02056a00"
		  "45c60d03612e6a702f780001"
		  "034869000101" },
		{ WAP_SI, "ftp://a", "\xc3\xa9",
		  "0603aeaf82"
		  "02056a00"
		  "45c60b036674703a2f2f610001"
		  "03c3a9000101" },
		{ WAP_SI, "https://b", "x",
		  "0603aeaf82"
		  "02056a00"
		  "45c60e03620001"
		  "0378000101" },
		{ WAP_SI, "http://", "x",
		  "0603aeaf82"
		  "02056a00"
		  "45c60c01"
		  "0378000101" },
		{ WAP_SL, "https://www.b", "",
		  "0603b0af82"
		  "02066a00"
		  "850c03620001" },
		{ WAP_SL, "http://b", "",
		  "0603b0af82"
		  "02066a00"
		  "850903620001" },
		{ WAP_MMS_NOTIFICATION, "http://m/1", "",
		  "0603beaf84"
		  "8c82"
		  "9854383133663764633200"
		  "8d92"
		  "8a80"
		  "8e022710"
		  "8805810303f480"
		  "83687474703a2f2f6d2f3100" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct wap_service s = { rows[i].type, text_of(rows[i].url), text_of(rows[i].text), 10000 };
		char hex[2 * WAP_SERVICE_MAX];
		struct writer w = writer_of(hex, sizeof(hex));
		struct message m;

		assert_int_equal(build(&s, &m, sizeof(room)), OK);
		hex_put(&w, m.body.at + 1, m.body.len - 1);
		hex[writer_len(&w)] = 0;
		assert_string_equal(hex, rows[i].hex);
		assert_int_equal(m.content, MESSAGE_BINARY);
		assert_true(m.has_ports && m.destination_port == 2948 && m.source_port == 9200);
	}
}

/* The decoder that reads other gateways' pushes reads ours. */
static void pushes_are_read_back(void **state)
{
	static const uint8_t types[] = { PUSH_TYPE_SI, PUSH_TYPE_SL, PUSH_TYPE_MMS };

	(void)state;
	for (unsigned i = 0; i < WAP_SERVICE_TYPES; i++) {
		struct wap_service s = { .type = i, .url = TEXT_LITERAL("http://example.org/") };
		struct message m;
		struct wap_push back;

		s.text = i == WAP_SL ? (struct text){ 0 } : TEXT_LITERAL("\xe6\x97\xa5\xe6\x9c\xac");
		assert_int_equal(build(&s, &m, sizeof(room)), OK);
		assert_int_equal(wap_push_decode(m.body.at, m.body.len, &back, NULL), OK);
		assert_int_equal(back.content_type, types[i]);
		assert_int_equal(back.application, i == WAP_MMS_NOTIFICATION ? 4 : 2);
		assert_true(back.body.len > 10);
		if (i == WAP_MMS_NOTIFICATION)
			assert_non_null(
				memmem(back.body.at, back.body.len, "\x96\x09\xea\x7f\xe6\x97\xa5\xe6\x9c\xac", 11));
	}
}

static void long_subjects_have_their_length(void **state)
{
	char subject[1024];
	struct wap_service s = { WAP_MMS_NOTIFICATION, TEXT_LITERAL("http://m/1"), { subject, 0 }, 0 };
	struct message m;

	(void)state;
	memset(subject, 'a', sizeof(subject));
	s.text.len = 200;
	assert_int_equal(build(&s, &m, sizeof(room)), OK);
	assert_non_null(memmem(m.body.at, m.body.len, "\x96\x1f\x81\x4a\xea\x61", 6));
	s.text.len = 28;
	assert_int_equal(build(&s, &m, sizeof(room)), OK);
	assert_non_null(memmem(m.body.at, m.body.len, "\x96\x1e\xea\x61", 4));
	s.text.len = 29;
	assert_int_equal(build(&s, &m, sizeof(room)), OK);
	assert_non_null(memmem(m.body.at, m.body.len, "\x96\x1f\x1f\xea\x61", 5));
	s.text.len = WAP_SERVICE_TEXT_MAX;
	assert_int_equal(build(&s, &m, sizeof(room)), OK);
}

static void wrong_ones_are_refused(void **state)
{
	static char big[WAP_SERVICE_TEXT_MAX + 2];
	const struct {
		enum wap_service_type type;
		struct text url, text;
		enum result result;
	} rows[] = {
		{ WAP_SI, { 0 }, TEXT_LITERAL("x"), ERR_MALFORMED },
		{ WAP_SI, TEXT_LITERAL("http://a b"), TEXT_LITERAL("x"), ERR_MALFORMED },
		{ WAP_SI, TEXT_LITERAL("http://a\n"), TEXT_LITERAL("x"), ERR_MALFORMED },
		{ WAP_SI, TEXT_LITERAL("http://a"), { 0 }, ERR_MALFORMED },
		{ WAP_SI, TEXT_LITERAL("http://a"), { "a\0b", 3 }, ERR_MALFORMED },
		{ WAP_SI, TEXT_LITERAL("http://a"), { "a\x7f", 2 }, ERR_MALFORMED },
		{ WAP_SL, TEXT_LITERAL("http://a"), TEXT_LITERAL("x"), ERR_MALFORMED },
		{ WAP_SI, { big, WAP_SERVICE_URL_MAX + 1 }, TEXT_LITERAL("x"), ERR_TOO_BIG },
		{ WAP_SI, TEXT_LITERAL("http://a"), { big, WAP_SERVICE_TEXT_MAX + 1 }, ERR_TOO_BIG },
	};

	(void)state;
	memset(big, 'a', sizeof(big));
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct wap_service s = { rows[i].type, rows[i].url, rows[i].text, 0 };
		struct message m;

		assert_int_equal(build(&s, &m, sizeof(room)), rows[i].result);
	}
	struct wap_service fits = { WAP_SI, TEXT_LITERAL("http://a"), TEXT_LITERAL("x"), 0 };
	struct message m;
	assert_int_equal(build(&fits, &m, sizeof(room)), OK);
	size_t needed = m.body.len;
	for (size_t size = 0; size < needed; size++) {
		assert_int_equal(build(&fits, &m, size), ERR_TOO_BIG);
		assert_int_equal(m.body.len, 0);
	}
}

/* What is quoted (by the plan of SMPP's defaults) is what phones get as TPDUs: 133 octets alone, 128 in each of many.
 */
static void segments_are_the_same_by_every_link(void **state)
{
	static const struct {
		size_t octets;
		unsigned segments;
	} rows[] = { { 1, 1 }, { 133, 1 }, { 134, 2 }, { 256, 2 }, { 257, 3 }, { 384, 3 }, { 385, 4 } };
	static char body[400];
	struct arena *arena = arena_new(4096);

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct message m = { .sender = TEXT_LITERAL("+81901") };
		struct push push = { .body = { body, rows[i].octets - 6 } };
		struct smpp_text_plan quoted;
		struct tp_plan sent;
		const char *why;
		char place[sizeof(body) + 8];
		struct writer w = writer_of(place, sizeof(place));

		if (rows[i].octets < 6)
			push.body.len = 0;
		push_message(&m, &push, &w);
		m.body.len = rows[i].octets;
		for (unsigned join = 0; join < SMPP_JOINS; join++) {
			struct smpp_text_settings settings = { .join = join };

			assert_int_equal(smpp_text_plan(&m, &settings, arena, &quoted, NULL), OK);
			if (join != SMPP_JOIN_UDH_16)
				assert_int_equal(quoted.segments, rows[i].segments);
		}
		assert_int_equal(tp_message_plan(&m, &(struct split_options){ 0 }, arena, &sent, &why), OK);
		assert_int_equal(sent.split.parts, rows[i].segments);
		assert_int_equal(sent.dcs, 4);
	}
	arena_free(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(octets_are_those_of_the_tables),      cmocka_unit_test(pushes_are_read_back),
		cmocka_unit_test(long_subjects_have_their_length),     cmocka_unit_test(wrong_ones_are_refused),
		cmocka_unit_test(segments_are_the_same_by_every_link),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
