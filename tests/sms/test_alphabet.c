/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The alphabets of 23.038: spec vectors, every place of every table both ways, packing beside a bit-by-bit one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "core/base/utf8.h"
#include "sms/alphabet.h"
#include "sms/alphabet_internal.h"

static const struct alphabet_tables plain;

/* The default alphabet and its extension in the order of 6.2.1, as one text. */
#define DEFAULT_TEXT \
	"@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿" \
	"abcdefghijklmnopqrstuvwxyzäöñüà"

static void test_default_table_in_order(void **state)
{
	uint8_t room[256];
	struct writer w = writer_of(room, sizeof(room));

	(void)state;
	assert_int_equal(alphabet_gsm7_from_utf8(text_of(DEFAULT_TEXT), plain, &w, NULL), OK);
	assert_int_equal(writer_len(&w), 127);
	for (size_t i = 0; i < 127; i++)
		assert_int_equal(room[i], i < ALPHABET_ESCAPE ? i : i + 1);
}

static void test_extension(void **state)
{
	static const uint8_t expected[] = { 0x1b, 0x0a, 0x1b, 0x14, 0x1b, 0x28, 0x1b, 0x29, 0x1b, 0x2f,
					    0x1b, 0x3c, 0x1b, 0x3d, 0x1b, 0x3e, 0x1b, 0x40, 0x1b, 0x65 };
	uint8_t room[64];
	struct writer w = writer_of(room, sizeof(room));

	(void)state;
	assert_int_equal(alphabet_gsm7_from_utf8(text_of("\f^{}\\[~]|€"), plain, &w, NULL), OK);
	assert_int_equal(writer_len(&w), sizeof(expected));
	assert_memory_equal(room, expected, sizeof(expected));
}

/* Whatever one or two septets show can be written, and shows the same again. */
static void round_trip(struct alphabet_tables tables, const uint8_t *septets, size_t n)
{
	uint8_t text[8], again[4], text2[8];
	struct writer w = writer_of(text, sizeof(text));
	struct reader r = reader_of(septets, n);

	assert_int_equal(alphabet_gsm7_to_utf8(&r, tables, &w, NULL), OK);
	struct text t = text_range((const char *)text, writer_len(&w));
	struct writer w2 = writer_of(again, sizeof(again));
	enum result result = alphabet_gsm7_from_utf8(t, tables, &w2, NULL);
	/* Read but never written, see alphabet_tables.c. */
	if (tables.single == ALPHABET_TELUGU && text_is(t, "€") && result == ERR_UNSUPPORTED)
		return;
	assert_int_equal(result, OK);
	assert_true(writer_len(&w2) <= n);
	struct reader r2 = reader_of(again, writer_len(&w2));
	struct writer w3 = writer_of(text2, sizeof(text2));
	assert_int_equal(alphabet_gsm7_to_utf8(&r2, tables, &w3, NULL), OK);
	assert_int_equal(writer_len(&w3), writer_len(&w));
	assert_memory_equal(text2, text, writer_len(&w));
}

static void test_every_place_of_every_pair(void **state)
{
	(void)state;
	for (uint8_t l = 0; l < ALPHABET_LANGUAGES; l++) {
		for (uint8_t s = 0; s < ALPHABET_LANGUAGES; s++) {
			struct alphabet_tables tables = { .locking = l, .single = s };

			for (unsigned c = 0; c < 128; c++) {
				uint8_t septets[2] = { ALPHABET_ESCAPE, (uint8_t)c };

				round_trip(tables, septets, 2);
				round_trip(tables, septets + 1, 1);
			}
		}
	}
}

static void test_cost_says_what_writing_takes(void **state)
{
	(void)state;
	for (uint8_t l = 0; l < ALPHABET_LANGUAGES; l++) {
		for (uint32_t c = 1; c < 0x3000; c++) {
			struct alphabet_tables tables = { .locking = l, .single = l };
			uint8_t utf8[4], septets[4];
			struct writer w = writer_of(utf8, sizeof(utf8)), w2 = writer_of(septets, sizeof(septets));

			utf8_put(&w, c);
			struct text t = text_range((const char *)utf8, writer_len(&w));
			enum result result = alphabet_gsm7_from_utf8(t, tables, &w2, NULL);
			assert_int_equal(alphabet_cost(c, tables), result == OK ? writer_len(&w2) : 0);
		}
	}
	assert_int_equal(alphabet_cost(0x1f600, plain), 0);
	assert_int_equal(alphabet_cost('a', (struct alphabet_tables){ .locking = 14 }), 0);
}

static void assert_shows(struct alphabet_tables tables, const char *septets, size_t n, const char *expected)
{
	uint8_t room[64];
	struct writer w = writer_of(room, sizeof(room));
	struct reader r = reader_of(septets, n);

	assert_int_equal(alphabet_gsm7_to_utf8(&r, tables, &w, NULL), OK);
	assert_int_equal(writer_len(&w), strlen(expected));
	assert_memory_equal(room, expected, strlen(expected));
}

static void test_what_tables_do_not_have(void **state)
{
	struct alphabet_tables turkish = { .locking = ALPHABET_TURKISH };
	struct alphabet_tables bengali = { .locking = ALPHABET_BENGALI };

	(void)state;
	assert_shows(plain, "\x1b\x41", 2, "A");
	assert_shows(plain, "\x1b\x1b\x1b\x65", 4, " €");
	assert_shows(plain, "a\x1b", 2, "a ");
	assert_shows(turkish, "\x04\x1b\x04", 3, "€€");
	assert_shows(bengali, "\x0c", 1, " ");
}

static void test_wrong_text_names_the_octet(void **state)
{
	static const struct {
		const char *text;
		struct alphabet_tables tables;
		size_t room;
		enum result result;
		size_t at;
	} rows[] = {
		{ "abc😀", { 0 }, 64, ERR_UNSUPPORTED, 3 },
		{ "€ş", { 0 }, 64, ERR_UNSUPPORTED, 3 },
		{ "€ş", { .single = ALPHABET_TURKISH }, 64, OK, 0 },
		{ "`", { 0 }, 64, ERR_UNSUPPORTED, 0 },
		{ "ab\xff", { 0 }, 64, ERR_MALFORMED, 2 },
		{ "a\xe2\x82", { 0 }, 64, ERR_MALFORMED, 1 },
		{ "a\xed\xa0\x80", { 0 }, 64, ERR_MALFORMED, 1 },
		{ "abcd", { 0 }, 3, ERR_TOO_BIG, 3 },
		{ "ab€", { 0 }, 3, ERR_TOO_BIG, 2 },
		{ "ab", { .locking = 14 }, 3, ERR_NOT_FOUND, 0 },
		{ "ab", { .single = 255 }, 3, ERR_NOT_FOUND, 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint8_t room[64];
		struct writer w = writer_of(room, rows[i].room);
		size_t at = 0;

		assert_int_equal(alphabet_gsm7_from_utf8(text_of(rows[i].text), rows[i].tables, &w, &at),
				 rows[i].result);
		assert_int_equal(at, rows[i].at);
	}
}

static void test_wrong_septets_name_the_octet(void **state)
{
	static const struct {
		const char *octets;
		size_t len, room;
		enum result result;
		size_t at;
	} rows[] = {
		{ "ab\x80", 3, 64, ERR_MALFORMED, 2 },
		{ "a\x1b\xe5", 3, 64, ERR_MALFORMED, 2 },
		{ "a\x9b\x65", 3, 64, ERR_MALFORMED, 1 },
		{ "a\x1b\x65", 3, 3, ERR_TOO_BIG, 1 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint8_t room[64];
		struct writer w = writer_of(room, rows[i].room);
		struct reader r = reader_of(rows[i].octets, rows[i].len);
		size_t at = 0;

		assert_int_equal(alphabet_gsm7_to_utf8(&r, plain, &w, &at), rows[i].result);
		assert_int_equal(at, rows[i].at);
	}
}

/* The definition of 6.1.2.1: bit b of septet s is bit fill + 7*s + b of the octets. */
static void slow_pack(const uint8_t *septets, size_t n, unsigned fill, uint8_t *to)
{
	for (size_t bit = 0; bit < 7 * n; bit++) {
		if (septets[bit / 7] >> bit % 7 & 1)
			to[(fill + bit) / 8] |= (uint8_t)(1u << (fill + bit) % 8);
	}
}

static void test_pack_beside_the_definition(void **state)
{
	uint8_t septets[170];

	(void)state;
	for (size_t i = 0; i < sizeof(septets); i++)
		septets[i] = (uint8_t)((i * 53 + (i >> 3)) & 0x7f);
	for (unsigned fill = 0; fill < 7; fill++) {
		for (size_t n = 0; n <= sizeof(septets); n++) {
			uint8_t slow[160] = { 0 }, fast[160], back[170];
			struct writer w = writer_of(fast, alphabet_packed_size(n, fill));
			struct writer w2 = writer_of(back, n);

			slow_pack(septets, n, fill, slow);
			alphabet_pack(septets, n, fill, &w);
			assert_true(writer_ok(&w));
			assert_int_equal(writer_room(&w), 0);
			assert_memory_equal(fast, slow, writer_len(&w));
			struct reader r = reader_of(fast, writer_len(&w));
			assert_int_equal(alphabet_unpack(&r, n, fill, &w2), OK);
			assert_true(reader_done(&r));
			assert_memory_equal(back, septets, n);
			if (!n)
				continue;
			struct reader cut = reader_of(fast, writer_len(&w) - 1);
			w2 = writer_of(back, n);
			assert_int_equal(alphabet_unpack(&cut, n, fill, &w2), ERR_SHORT);
			struct writer narrow = writer_of(fast, alphabet_packed_size(n, fill) - 1);
			alphabet_pack(septets, n, fill, &narrow);
			assert_false(writer_ok(&narrow));
		}
	}
}

static void test_packed_vectors(void **state)
{
	static const struct {
		const char *text;
		unsigned fill;
		size_t septets, len;
		uint8_t octets[16];
	} rows[] = {
		{ "hello", 0, 5, 5, { 0xe8, 0x32, 0x9b, 0xfd, 0x06 } },
		{ "hellohello", 0, 10, 9, { 0xe8, 0x32, 0x9b, 0xfd, 0x46, 0x97, 0xd9, 0xec, 0x37 } },
		{ "Hello", 1, 5, 5, { 0x90, 0x65, 0x36, 0xfb, 0x0d } },
		{ "€A", 0, 3, 3, { 0x9b, 0x72, 0x10 } },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint8_t room[64], text[64];
		struct writer w = writer_of(room, sizeof(room)), w2 = writer_of(text, sizeof(text));
		size_t n = 0;

		assert_int_equal(alphabet_packed_from_utf8(text_of(rows[i].text), plain, rows[i].fill, &w, &n, NULL),
				 OK);
		assert_int_equal(n, rows[i].septets);
		assert_int_equal(writer_len(&w), rows[i].len);
		assert_memory_equal(room, rows[i].octets, rows[i].len);
		struct reader r = reader_of(room, writer_len(&w));
		assert_int_equal(alphabet_packed_to_utf8(&r, n, rows[i].fill, plain, &w2), OK);
		assert_int_equal(writer_len(&w2), strlen(rows[i].text));
		assert_memory_equal(text, rows[i].text, writer_len(&w2));
	}
}

static void test_fill_bits(void **state)
{
	(void)state;
	assert_int_equal(alphabet_fill_bits(0), 0);
	assert_int_equal(alphabet_fill_bits(6), 1);
	assert_int_equal(alphabet_fill_bits(7), 0);
	assert_int_equal(alphabet_fill_bits(8), 6);
}

static void test_ucs2(void **state)
{
	static const uint8_t expected[] = { 0x00, 0x41, 0x20, 0xac, 0xd8, 0x3d, 0xde, 0x00, 0xff, 0xff };
	static const char text[] = "A€😀\xef\xbf\xbf";
	uint8_t room[64], back[64];
	struct writer w = writer_of(room, sizeof(room)), w2 = writer_of(back, sizeof(back));

	(void)state;
	assert_int_equal(alphabet_ucs2_from_utf8(text_of(text), &w, NULL), OK);
	assert_int_equal(writer_len(&w), sizeof(expected));
	assert_memory_equal(room, expected, sizeof(expected));
	struct reader r = reader_of(room, writer_len(&w));
	assert_int_equal(alphabet_ucs2_to_utf8(&r, true, &w2, NULL), OK);
	assert_int_equal(writer_len(&w2), strlen(text));
	assert_memory_equal(back, text, strlen(text));
}

static void test_half_a_surrogate(void **state)
{
	static const struct {
		uint8_t octets[8];
		size_t len;
		enum result result;
		size_t at;
		const char *lenient;
	} rows[] = {
		{ { 0, 'A', 0xd8, 0x3d }, 4, ERR_MALFORMED, 2, "A\xef\xbf\xbd" },
		{ { 0xd8, 0x3d, 0, 'A' },
		  4,
		  ERR_MALFORMED,
		  0,
		  "\xef\xbf\xbd"
		  "A" },
		{ { 0xde, 0x00, 0, 'A' },
		  4,
		  ERR_MALFORMED,
		  0,
		  "\xef\xbf\xbd"
		  "A" },
		{ { 0xd8, 0x3d, 0xd8, 0x3d, 0xde, 0 }, 6, ERR_MALFORMED, 0, "\xef\xbf\xbd😀" },
		{ { 0, 'A', 0 }, 3, ERR_SHORT, 2, "A\xef\xbf\xbd" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint8_t room[64];
		struct writer w = writer_of(room, sizeof(room));
		struct reader r = reader_of(rows[i].octets, rows[i].len);
		size_t at = 99;

		assert_int_equal(alphabet_ucs2_to_utf8(&r, true, &w, &at), rows[i].result);
		assert_int_equal(at, rows[i].at);
		r = reader_of(rows[i].octets, rows[i].len);
		w = writer_of(room, sizeof(room));
		assert_int_equal(alphabet_ucs2_to_utf8(&r, false, &w, NULL), OK);
		assert_int_equal(writer_len(&w), strlen(rows[i].lenient));
		assert_memory_equal(room, rows[i].lenient, writer_len(&w));
	}
}

static void test_language_names(void **state)
{
	unsigned language = 99;

	(void)state;
	assert_true(alphabet_language_find(text_of("turkish"), &language));
	assert_int_equal(language, ALPHABET_TURKISH);
	assert_true(alphabet_language_find(text_of("UR"), &language));
	assert_int_equal(language, ALPHABET_URDU);
	assert_false(alphabet_language_find(text_of("Klingon"), &language));
	assert_false(alphabet_language_find(text_of(""), &language));
	assert_string_equal(alphabet_language_name(ALPHABET_ORIYA), "Oriya");
	assert_null(alphabet_language_name(14));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_default_table_in_order),
		cmocka_unit_test(test_extension),
		cmocka_unit_test(test_every_place_of_every_pair),
		cmocka_unit_test(test_cost_says_what_writing_takes),
		cmocka_unit_test(test_what_tables_do_not_have),
		cmocka_unit_test(test_wrong_text_names_the_octet),
		cmocka_unit_test(test_wrong_septets_name_the_octet),
		cmocka_unit_test(test_pack_beside_the_definition),
		cmocka_unit_test(test_packed_vectors),
		cmocka_unit_test(test_fill_bits),
		cmocka_unit_test(test_ucs2),
		cmocka_unit_test(test_half_a_surrogate),
		cmocka_unit_test(test_language_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
