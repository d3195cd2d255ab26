/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The splitter: capacities of the standard, the choice of alphabet and tables, where it cuts, what it says. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "core/base/utf8.h"
#include "sms/grapheme.h"
#include "sms/split.h"
#include "sms/transliterate.h"

static char filled[70000];

/* n times the same character, then a tail. */
static struct text repeated(const char *c, size_t n, const char *tail)
{
	struct writer w = writer_of(filled, sizeof(filled));

	while (n--)
		writer_text(&w, text_of(c));
	writer_text(&w, text_of(tail));
	assert_true(writer_ok(&w));
	return text_range(filled, writer_len(&w));
}

static unsigned parts_of(struct text t, const struct split_options *o)
{
	static struct split s;

	assert_int_equal(split_plan(t, o, NULL, &s, NULL), OK);
	return s.parts;
}

/* The greatest number of c in `parts` parts. */
static size_t most_in(const char *c, unsigned parts, const struct split_options *o)
{
	size_t n = 1;

	while (parts_of(repeated(c, n, ""), o) <= parts)
		n++;
	return n - 1;
}

static void test_capacities(void **state)
{
	struct split_options o = { .reference = SPLIT_REFERENCE_8 };
	static const uint8_t ports[] = { 0x05, 0x04, 0x0b, 0x84, 0x23, 0xf0 };

	(void)state;
	assert_int_equal(most_in("a", 1, &o), 160);
	assert_int_equal(most_in("a", 2, &o), 2 * 153);
	assert_int_equal(most_in("я", 1, &o), 70);
	assert_int_equal(most_in("я", 3, &o), 3 * 67);
	assert_int_equal(most_in("€", 1, &o), 80);
	assert_int_equal(most_in("€", 2, &o), 2 * 76);
	o.reference = SPLIT_REFERENCE_16;
	assert_int_equal(most_in("a", 2, &o), 2 * 152);
	assert_int_equal(most_in("я", 2, &o), 2 * 66);
	o.reference = SPLIT_REFERENCE_SAR;
	assert_int_equal(most_in("a", 2, &o), 2 * 153);
	assert_int_equal(most_in("я", 2, &o), 2 * 67);
	o.reference = SPLIT_REFERENCE_8;
	o.elements = text_range((const char *)ports, sizeof(ports));
	assert_int_equal(most_in("a", 1, &o), 152);
	assert_int_equal(most_in("a", 2, &o), 2 * 146);
	assert_int_equal(most_in("я", 1, &o), 66);
}

static void test_capacities_with_shift_tables(void **state)
{
	struct split_options o = { .single_languages = ALPHABET_BIT(ALPHABET_TURKISH) };

	(void)state;
	assert_int_equal(most_in("ş", 1, &o), 155 / 2);
	assert_int_equal(most_in("ş", 2, &o), 2 * (149 / 2));
	o = (struct split_options){ .locking_languages = ALPHABET_BIT(ALPHABET_TURKISH) };
	assert_int_equal(most_in("ş", 1, &o), 155);
	assert_int_equal(most_in("ş", 2, &o), 2 * 149);
	o.reference = SPLIT_REFERENCE_16;
	assert_int_equal(most_in("ş", 2, &o), 2 * 148);
}

static struct split plan(struct text t, struct split_options o)
{
	struct arena *arena = arena_new(4096);
	static char kept[4096];
	struct split s;

	assert_int_equal(split_plan(t, &o, arena, &s, NULL), OK);
	memcpy(kept, s.text.at, s.text.len);
	s.text.at = kept;
	arena_free(&arena);
	return s;
}

static void assert_why(const struct split *s, const char *code, const char *why)
{
	char room[SPLIT_WHY_SIZE];

	assert_string_equal(split_reason_code(s->reason), code);
	assert_string_equal(split_why(s, room), why);
}

static void test_says_why(void **state)
{
	struct split_options all = { .locking_languages = ALPHABET_ALL_LOCKING,
				     .single_languages = ALPHABET_ALL_SINGLE };
	struct split s;

	(void)state;
	s = plan(text_of("plain {text}"), (struct split_options){ 0 });
	assert_why(&s, "fits_default", "GSM 7-bit default alphabet");
	s = plan(text_of("hello world😀"), (struct split_options){ 0 });
	assert_why(&s, "needs_ucs2", "UCS-2 because of U+1F600 at character 12");
	s = plan(text_of("ş😀"), all);
	assert_why(&s, "needs_ucs2", "UCS-2 because of U+1F600 at character 2");
	s = plan(text_of("çok şık"), all);
	assert_why(&s, "needs_language", "Turkish single shift because of U+00E7 at character 1");
	s = plan(text_of("plain"), (struct split_options){ .alphabets = SPLIT_ONLY_UCS2 });
	assert_why(&s, "asked_ucs2", "UCS-2 as asked");
	s = plan(repeated("€", 81, ""), all);
	assert_why(&s, "cheaper_language", "Turkish locking shift because it needs fewer parts");
	assert_int_equal(s.parts, 1);
	s = plan(repeated("a", 70, "’–“”…"), (struct split_options){ .transliterate = true });
	assert_why(&s, "transliterated",
		   "GSM 7-bit default alphabet, 5 characters replaced, because of U+2019 at character 71");
	assert_int_equal(s.replaced, 5);
	assert_true(text_is(text_range(s.text.at + 70, s.text.len - 70), "'-\"\"..."));
}

static void test_languages(void **state)
{
	struct split_options all = { .locking_languages = ALPHABET_ALL_LOCKING,
				     .single_languages = ALPHABET_ALL_SINGLE };
	struct split s;

	(void)state;
	/* 100 Hindi letters are two parts of UCS-2 and one of 7-bit. */
	s = plan(repeated("क", 100, ""), all);
	assert_int_equal(s.alphabet, DCS_GSM7);
	assert_int_equal(s.tables.locking, ALPHABET_HINDI);
	assert_int_equal(s.tables.single, ALPHABET_DEFAULT);
	assert_int_equal(s.parts, 1);
	assert_int_equal(s.header_octets, 4);
	/* Both shifts: capitals are in the single shift table of Hindi. */
	s = plan(repeated("क", 100, "ABC"), all);
	assert_int_equal(s.tables.locking, ALPHABET_HINDI);
	assert_int_equal(s.tables.single, ALPHABET_HINDI);
	assert_int_equal(s.header_octets, 7);
	assert_int_equal(s.units, 106);
	/* A short text that needs a shift table still says so, although UCS-2 is one part too. */
	s = plan(text_of("ã"), all);
	assert_int_equal(s.tables.single, ALPHABET_PORTUGUESE);
	/* Not with SAR parameters. */
	all.reference = SPLIT_REFERENCE_SAR;
	s = plan(text_of("ã"), all);
	assert_int_equal(s.alphabet, DCS_UCS2);
}

/* Parts join to the text, each fits, each ends between clusters. */
static void assert_whole(const struct split *s)
{
	size_t at = 0;

	for (unsigned i = 0; i < s->parts; i++) {
		struct text part = split_part_text(s, i);
		uint8_t room[200];
		struct writer w = writer_of(room, sizeof(room));

		assert_ptr_equal(part.at, s->text.at + at);
		assert_true(utf8_valid(part));
		at += part.len;
		assert_true(grapheme_boundary(s->text, at));
		(void)split_put_user_data(s, i, 0x4d, &w);
		assert_true(writer_ok(&w));
		assert_true(writer_len(&w) <= 140);
	}
	assert_int_equal(at, s->text.len);
}

static void test_never_cuts_inside(void **state)
{
	static const char *const clusters[] = {
		"€",
		"😀",
		"👍🏽",		     /* skin tone */
		"👩‍👩‍👧‍👦", /* joined family */
		"❤️",		     /* variation selector */
		"🇯🇵",			     /* flag */
		"e\xcc\x81\xcc\xa7",	     /* combining marks */
		"क्षि",			     /* conjunct and vowel sign */
		"\r\n",
		"각", /* jamo */
		"🏴\xf3\xa0\x81\xa7\xf3\xa0\x81\xa2\xf3\xa0\x81\xa5\xf3\xa0\x81\xae\xf3\xa0\x81\xa7\xf3\xa0"
		"\x81\xbf", /* tags */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(clusters) / sizeof(clusters[0]); i++) {
		for (size_t lead = 0; lead < 12; lead++) {
			char text[4096];
			struct writer w = writer_of(text, sizeof(text));

			for (size_t n = 0; n < lead; n++)
				writer_u8(&w, 'a');
			for (size_t n = 0; n < 90; n++)
				writer_text(&w, text_of(clusters[i]));
			struct split s = plan(text_range(text, writer_len(&w)), (struct split_options){ 0 });
			assert_true(s.parts > 1);
			assert_whole(&s);
			for (unsigned p = 0; p < s.parts; p++) {
				size_t from = s.starts[p] > lead ? s.starts[p] - lead : 0;
				assert_int_equal(from % strlen(clusters[i]), 0);
			}
		}
	}
}

static void test_a_cluster_longer_than_a_part(void **state)
{
	struct split s = plan(repeated("\xcc\x81", 300, ""), (struct split_options){ 0 });

	(void)state;
	assert_int_equal(s.parts, 5);
	for (unsigned i = 0; i < s.parts; i++)
		assert_true(utf8_valid(split_part_text(&s, i)));
}

static void test_boundaries(void **state)
{
	static const struct {
		const char *before, *after;
		bool boundary;
	} rows[] = {
		{ "a", "b", true },	    { "", "b", true },	   { "b", "", true },	  { "🇯", "🇵", false },
		{ "🇯🇵", "🇰🇷", true },	    { "🇯🇵🇰", "🇷", false }, { "\r", "\n", false }, { "\n", "\r", true },
		{ "\n", "\xcc\x81", true }, { "क", "ख", true },	   { "क्", "ष", false },	  { "क्", "a", true },
		{ "a", "\xcc\x81", false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char text[64];
		struct writer w = writer_of(text, sizeof(text));

		writer_text(&w, text_of(rows[i].before));
		size_t at = writer_len(&w);
		writer_text(&w, text_of(rows[i].after));
		assert_int_equal(grapheme_boundary(text_range(text, writer_len(&w)), at), rows[i].boundary);
	}
}

static void test_errors(void **state)
{
	static const char elements[139] = { 0 };
	static const struct {
		const char *text;
		struct split_options options;
		enum result result;
		size_t at;
	} rows[] = {
		{ "ab\xff", { 0 }, ERR_MALFORMED, 2 },
		{ "ab\xff", { .alphabets = SPLIT_ONLY_UCS2 }, ERR_MALFORMED, 2 },
		{ "abя", { .alphabets = SPLIT_ONLY_GSM7 }, ERR_UNSUPPORTED, 2 },
		{ "abя", { .elements = { elements, 139 } }, ERR_TOO_BIG, 0 },
		{ "abc", { .elements = { elements, 1000 } }, ERR_TOO_BIG, 0 },
		{ "abc", { .elements = { elements, 6 }, .reference = SPLIT_REFERENCE_SAR }, ERR_DENIED, 0 },
	};
	struct split s;
	size_t at;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		at = 99;
		assert_int_equal(split_plan(text_of(rows[i].text), &rows[i].options, NULL, &s, &at), rows[i].result);
		assert_int_equal(at, rows[i].at);
	}
	struct split_options three = { .parts_max = 3 };
	assert_int_equal(split_plan(repeated("a", 3 * 153, ""), &three, NULL, &s, NULL), OK);
	assert_int_equal(split_plan(repeated("a", 3 * 153 + 1, ""), &three, NULL, &s, NULL), ERR_TOO_BIG);
	three.parts_max = 0;
	assert_int_equal(split_plan(repeated("a", 255 * 153, ""), &three, NULL, &s, NULL), OK);
	assert_int_equal(s.parts, 255);
	assert_int_equal(split_plan(repeated("a", 255 * 153 + 1, ""), &three, NULL, &s, NULL), ERR_TOO_BIG);
	assert_int_equal(split_plan(repeated("a", 65536, ""), &three, NULL, &s, NULL), ERR_TOO_BIG);
	assert_int_equal(split_plan((struct text){ 0 }, &three, NULL, &s, NULL), OK);
	assert_int_equal(s.parts, 1);
	assert_int_equal(s.header_octets, 0);
}

static void test_user_data(void **state)
{
	struct split s = plan(repeated("a", 160, "b"), (struct split_options){ 0 });
	uint8_t room[140];
	struct writer w = writer_of(room, sizeof(room));

	(void)state;
	assert_int_equal(split_put_user_data(&s, 1, 0x14d, &w), 7 + 8);
	assert_int_equal(writer_len(&w), 6 + 8);
	assert_memory_equal(room, "\x05\x00\x03\x4d\x02\x02", 6);
	w = writer_of(room, sizeof(room));
	split_put_content(&s, 1, SPLIT_UNPACKED, &w);
	assert_int_equal(writer_len(&w), 8);
	assert_memory_equal(room, "aaaaaaab", 8);
	s = plan(repeated("a", 160, "b"), (struct split_options){ .reference = SPLIT_REFERENCE_16 });
	w = writer_of(room, sizeof(room));
	assert_int_equal(split_put_user_data(&s, 0, 0xabcd, &w), 160);
	assert_int_equal(writer_len(&w), 140);
	assert_memory_equal(room, "\x06\x08\x04\xab\xcd\x02\x01", 7);
	assert_int_equal(room[7] & 0x7f, 'a');
	s = plan(text_of("я"), (struct split_options){ 0 });
	w = writer_of(room, sizeof(room));
	assert_int_equal(split_put_user_data(&s, 0, 0, &w), 2);
	assert_memory_equal(room, "\x04\x4f", 2);
}

static void test_transliteration(void **state)
{
	static const struct {
		const char *from, *to;
		size_t replaced;
	} rows[] = {
		{ "plain ünïcödé", "plain ünicödé", 1 },
		{ "Łódź, Čapek, œuvre", "Lodz, Capek, oeuvre", 5 },
		{ "Καλημέρα Ω", "KAΛHMEPA Ω", 8 },
		{ "a\xc2\xa0"
		  "b\xe2\x80\x8b"
		  "c",
		  "a bc", 2 },
		{ "e\xcc\x82", "e", 1 },
		{ "«Việt Nam»", "\"Viet Nam\"", 3 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char room[128];
		struct writer w = writer_of(room, TRANSLITERATE_MAX(strlen(rows[i].from)));
		size_t replaced;

		assert_int_equal(transliterate(text_of(rows[i].from), &w, &replaced, NULL), OK);
		assert_int_equal(replaced, rows[i].replaced);
		assert_true(text_is(text_range(room, writer_len(&w)), rows[i].to));
	}
	char room[16];
	struct writer w = writer_of(room, sizeof(room));
	size_t replaced, at = 0;
	assert_int_equal(transliterate(text_of("ab漢"), &w, &replaced, &at), ERR_UNSUPPORTED);
	assert_int_equal(at, 2);
	/* No relative: the text stays as it is. */
	struct split s = plan(text_of("“漢”"), (struct split_options){ .transliterate = true });
	assert_int_equal(s.alphabet, DCS_UCS2);
	assert_int_equal(s.replaced, 0);
	/* Nothing gained: the text stays as it is. */
	s = plan(text_of("“quote”"), (struct split_options){ .transliterate = true });
	assert_int_equal(s.replaced, 0);
}

static void test_octets(void **state)
{
	static const uint8_t ports[] = { 0x05, 0x04, 0x0b, 0x84, 0x23, 0xf0 };
	struct split_options o = { .elements = text_range((const char *)ports, sizeof(ports)) };
	struct text content = repeated("\xff", 300, "");
	char why[SPLIT_WHY_SIZE];
	uint8_t room[140];
	struct writer w = writer_of(room, sizeof(room));
	struct split s;

	(void)state;
	assert_int_equal(split_plan_octets(content, &o, &s), OK);
	assert_int_equal(s.parts, 3);
	assert_int_equal(s.part_units, 128);
	assert_int_equal(split_put_user_data(&s, 0, 0x4d, &w), 140);
	assert_memory_equal(room, "\x0b\x05\x04\x0b\x84\x23\xf0\x00\x03\x4d\x03\x01\xff", 13);
	assert_why(&s, "binary", "8-bit content");
	assert_string_equal(split_why(&s, why), "8-bit content");
	o.elements.len = 0;
	assert_int_equal(split_plan_octets(text_range(content.at, 140), &o, &s), OK);
	assert_int_equal(s.parts, 1);
	assert_int_equal(split_plan_octets(text_range(content.at, 141), &o, &s), OK);
	assert_int_equal(s.part_units, 134);
	o.reference = SPLIT_REFERENCE_SAR;
	o.elements.len = 6;
	assert_int_equal(split_plan_octets(content, &o, &s), ERR_DENIED);
}

/* Bits of languages that do not exist, and Spanish, which has no locking table, change nothing. */
static void test_languages_that_do_not_exist(void **state)
{
	struct split_options o = { .locking_languages = 0xc004, .single_languages = 0xc000 };
	struct split s;

	(void)state;
	assert_int_equal(split_plan(TEXT_LITERAL("Привет {"), &o, NULL, &s, NULL), OK);
	assert_int_equal(s.alphabet, DCS_UCS2);
	o.alphabets = SPLIT_ONLY_GSM7;
	assert_int_equal(split_plan(TEXT_LITERAL("Привет {"), &o, NULL, &s, NULL), ERR_UNSUPPORTED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_capacities),
		cmocka_unit_test(test_capacities_with_shift_tables),
		cmocka_unit_test(test_says_why),
		cmocka_unit_test(test_languages),
		cmocka_unit_test(test_never_cuts_inside),
		cmocka_unit_test(test_a_cluster_longer_than_a_part),
		cmocka_unit_test(test_boundaries),
		cmocka_unit_test(test_errors),
		cmocka_unit_test(test_user_data),
		cmocka_unit_test(test_transliteration),
		cmocka_unit_test(test_octets),
		cmocka_unit_test(test_languages_that_do_not_exist),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
