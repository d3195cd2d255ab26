/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Long messages in pieces: keys, how parts are kept, joining, and the rules of time, repetition and memory. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/base/arena.h"
#include "core/base/hex.h"
#include "sms/concat.h"
#include "sms/split.h"

#define SECOND INT64_C(1000000)

static struct concat_id some_id(void)
{
	return (struct concat_id){
		TEXT_LITERAL("smpp:esme1"), TEXT_LITERAL("+49172"), TEXT_LITERAL("cell post"), 8, 77, 3, 0x08
	};
}

static const char *key_of(const struct concat_id *id, char to[CONCAT_PART_KEY_MAX + 1])
{
	struct writer w = writer_of(to, CONCAT_KEY_MAX);

	concat_key(id, &w);
	assert_true(writer_ok(&w));
	to[writer_len(&w)] = 0;
	return to;
}

static void test_keys(void **state)
{
	struct concat_id id = some_id();
	char key[CONCAT_PART_KEY_MAX + 1], other[CONCAT_PART_KEY_MAX + 1];
	struct writer w = writer_of(other, sizeof(other));

	(void)state;
	assert_string_equal(key_of(&id, key), "smpp:esme1/+49172/cell%20post/8/77/3/08");
	concat_part_key(&id, 2, &w);
	assert_memory_equal(other, "smpp:esme1/+49172/cell%20post/8/77/3/08/002", writer_len(&w));
	id.width = 16;
	assert_string_not_equal(key_of(&id, other), key);
	/* What looks like a border is none. */
	struct concat_id a = { TEXT_LITERAL("a/b"), TEXT_LITERAL("c"), TEXT_LITERAL("%2F"), 8, 1, 2, 0 };
	struct concat_id b = { TEXT_LITERAL("a"), TEXT_LITERAL("b/c"), TEXT_LITERAL("/"), 8, 1, 2, 0 };
	assert_string_equal(key_of(&a, key), "a%2Fb/c/%252F/8/1/2/00");
	assert_string_not_equal(key_of(&b, other), key);
	char longer[200];
	memset(longer, '7', sizeof(longer));
	a.originator = text_range(longer, sizeof(longer));
	assert_int_equal(strlen(key_of(&a, key)), 7 + 64);
	a.reference = 2;
	assert_string_not_equal(key_of(&a, other), key);
}

/* --- parts --- */

static const struct concat_part sample = {
	.number = 2,
	.pid = 0x41,
	.dcs = 0x10,
	.tables = { ALPHABET_HINDI, ALPHABET_TURKISH },
	.received_us = INT64_C(1795646510000001),
	.content = { "\x01\x02\x03", 3 },
	.elements = { "\x01\x02\x80\x01", 4 },
	.extra = { "envelope", 8 },
};

static void test_a_part_comes_back_and_no_prefix_does(void **state)
{
	uint8_t room[CONCAT_ENCODED_MAX];
	struct writer w = writer_of(room, sizeof(room));
	struct concat_part p;

	(void)state;
	concat_part_encode(&sample, &w);
	assert_true(writer_ok(&w));
	assert_int_equal(concat_part_decode(room, writer_len(&w), &p), OK);
	assert_int_equal(p.number, 2);
	assert_int_equal(p.pid, 0x41);
	assert_int_equal(p.dcs, 0x10);
	assert_int_equal(p.tables.locking, ALPHABET_HINDI);
	assert_int_equal(p.tables.single, ALPHABET_TURKISH);
	assert_true(p.received_us == sample.received_us);
	assert_true(text_equal(p.content, sample.content) && text_equal(p.elements, sample.elements));
	assert_true(text_equal(p.extra, sample.extra));
	for (size_t n = 0; n < writer_len(&w); n++)
		assert_int_equal(concat_part_decode(room, n, &p), ERR_SHORT);
	assert_int_equal(concat_part_decode(room, writer_len(&w) + 1, &p), ERR_MALFORMED);
}

static void test_bad_parts(void **state)
{
	static const struct {
		const char *hex;
		enum result result;
	} rows[] = {
		{ "0201000000000000000000000000000000000000", ERR_UNSUPPORTED }, /* a later version */
		{ "00010000000000000000000000000000000000", ERR_MALFORMED },	 /* none */
		{ "01000000000000000000000000000000000000", ERR_MALFORMED },	 /* number 0 */
		{ "010100000e0000000000000000000000000000", ERR_MALFORMED },	 /* no such language */
		{ "01010000000080000000000000000000000000", ERR_MALFORMED },	 /* before all time */
		{ "010100000000000000000000000000ff000000", ERR_TOO_BIG },
		{ "01010000000000000000000000000000ff0000", ERR_TOO_BIG },
		{ "01010000000000000000000000000000001001", ERR_TOO_BIG },
		{ "01010000000000000000000000000000000000", OK },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint8_t room[64];
		struct writer w = writer_of(room, sizeof(room));
		struct concat_part p;

		assert_int_equal(hex_take(text_of(rows[i].hex), &w), OK);
		if (concat_part_decode(room, writer_len(&w), &p) != rows[i].result)
			fail_msg("row %zu: %s", i, result_name(concat_part_decode(room, writer_len(&w), &p)));
	}
	struct writer w = writer_of((uint8_t[8]){ 0 }, 8);
	struct concat_part big = sample;
	big.extra.len = CONCAT_EXTRA_MAX + 1;
	concat_part_encode(&big, &w);
	assert_false(writer_ok(&w));
}

/* --- joining --- */

static struct concat_part parts[CONCAT_PARTS_MAX];
static uint8_t part_rooms[CONCAT_PARTS_MAX][CONCAT_ROOM];

/* A text through the splitter and the TPDU codec into parts. */
static unsigned split_into_parts(const char *text, const struct split_options *o)
{
	static struct split plan;

	assert_int_equal(split_plan(text_of(text), o, NULL, &plan, NULL), OK);
	for (unsigned i = 0; i < plan.parts; i++) {
		uint8_t content[140], octets[TPDU_MAX];
		struct writer ud = writer_of(content, sizeof(content)), w = writer_of(octets, sizeof(octets));
		struct tpdu t = { .type = TPDU_DELIVER, .has_header = true, .dcs = dcs_of(plan.alphabet, -1) }, back;

		assert_int_equal(sms_address_from_text(TEXT_LITERAL("+49172"), &t.address), OK);
		t.user_data_len = split_put_user_data(&plan, i, 300, &ud);
		t.user_data = text_range((char *)content, writer_len(&ud));
		tpdu_encode(&t, &w);
		assert_true(writer_ok(&w));
		assert_int_equal(tpdu_decode(octets, writer_len(&w), TPDU_TO_PHONE, TPDU_IN_DATA, &back, NULL), OK);
		struct writer room = writer_of(part_rooms[i], CONCAT_ROOM);
		struct concat_id id = { 0 };
		assert_int_equal(concat_part_of(&back, 5, &room, &parts[i], &id), OK);
		assert_int_equal(id.width, o->reference == SPLIT_REFERENCE_16 ? 16 : 8);
		assert_int_equal(id.reference, o->reference == SPLIT_REFERENCE_16 ? 300 : 300 & 0xff);
		assert_int_equal(id.total, plan.parts);
		assert_int_equal(parts[i].number, i + 1);
	}
	return plan.parts;
}

static void assert_joins(size_t count, uint8_t total, const char *gap, const char *expected)
{
	static char room[CONCAT_JOINED_MAX(CONCAT_PARTS_MAX)];
	struct writer w = writer_of(room, sizeof(room));

	assert_int_equal(concat_join(parts, count, total, text_of(gap), &w), OK);
	assert_int_equal(writer_len(&w), strlen(expected));
	assert_memory_equal(room, expected, strlen(expected));
}

static const char long_text[] =
	"Wer zur Quelle gelangen will, muss gegen den Strom schwimmen. {[~]} und noch einmal: Wer zur Quelle gelangen "
	"will, muss gegen den Strom schwimmen. Nur tote Fische schwimmen mit dem Strom, sagte schon die Grossmutter. "
	"Und wer es nicht glaubt, der frage den Fluss, die Fische oder das Meer: alle drei reden wenig und viel. Ende.";

static void test_what_was_split_joins(void **state)
{
	static const struct {
		const char *text;
		struct split_options options;
	} rows[] = {
		{ long_text, { 0 } },
		{ long_text, { .reference = SPLIT_REFERENCE_16 } },
		{ long_text, { .alphabets = SPLIT_ONLY_UCS2 } },
		{ "नमस्ते दुनिया ABC नमस्ते दुनिया ABC नमस्ते दुनिया ABC नमस्ते दुनिया ABC नमस्ते दुनिया ABC नमस्ते दुनिया ABC "
		  "नमस्ते दुनिया ABC नमस्ते दुनिया ABC नमस्ते दुनिया ABC नमस्ते दुनिया ABC नमस्ते दुनिया ABC",
		  { .locking_languages = ALPHABET_ALL_LOCKING, .single_languages = ALPHABET_ALL_SINGLE } },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		unsigned n = split_into_parts(rows[i].text, &rows[i].options);

		assert_true(n > 1);
		assert_int_equal(concat_missing(parts, n, (uint8_t)n), 0);
		struct concat_part first = parts[0]; /* any order */
		parts[0] = parts[n - 1];
		parts[n - 1] = first;
		assert_joins(n, (uint8_t)n, "", rows[i].text);
	}
}

static void set_part(unsigned i, uint8_t number, uint8_t dcs, const char *content, size_t len)
{
	parts[i] = (struct concat_part){ .number = number, .dcs = dcs, .content = text_range(content, len) };
}

/* An escape at the end of a part, half a surrogate pair, other tables, an odd octet. */
static void test_cuts_of_others(void **state)
{
	(void)state;
	set_part(0, 1, 0, "A\x1b", 2);
	set_part(1, 2, 0, "eB", 2);
	assert_joins(2, 2, "", "A€B");
	set_part(0, 1, 8, "\xd8\x3d", 2);
	set_part(1, 2, 8, "\xde\x00", 2);
	assert_joins(2, 2, "", "😀");
	set_part(0, 1, 8, "\0A\0", 3);
	set_part(1, 2, 8, "\0B", 2);
	assert_joins(2, 2, "",
		     "A\xef\xbf\xbd"
		     "B");
	set_part(0, 1, 0, "\x05", 1);
	set_part(1, 2, 0, "\x04", 1);
	parts[1].tables.locking = ALPHABET_TURKISH;
	assert_joins(2, 2, "", "é€");
	set_part(0, 1, 0, "ab", 2);
	set_part(1, 2, 8, "\0c", 2);
	assert_joins(2, 2, "", "abc");
}

static void test_gaps_and_errors(void **state)
{
	struct writer w = writer_of((uint8_t[4]){ 0 }, 4);

	(void)state;
	set_part(0, 2, 0, "two", 3);
	set_part(1, 5, 0, "five", 4);
	set_part(2, 2, 0, "again", 5);
	assert_int_equal(concat_missing(parts, 3, 6), 4);
	assert_joins(3, 6, "[...]", "[...]two[...]five[...]");
	assert_joins(3, 6, "", "twofive");
	assert_int_equal(concat_join(parts, 0, 6, text_of(""), &w), ERR_NOT_FOUND);
	assert_int_equal(concat_join(parts, 3, 1, text_of(""), &w), ERR_NOT_FOUND);
	assert_int_equal(concat_join(parts, 3, 6, text_of(""), &w), ERR_TOO_BIG);
	parts[0].dcs = 4;
	assert_int_equal(concat_join(parts, 3, 6, text_of(""), &w), ERR_SHORT);
	set_part(1, 1, 4, "\x1b\xff", 2);
	assert_joins(2, 2, "", "\x1b\xfftwo");
	set_part(0, 1, 0, "\x80", 1);
	assert_int_equal(concat_join(parts, 1, 1, text_of(""), &w), ERR_MALFORMED);
	struct tpdu t = { .type = TPDU_DELIVER };
	struct concat_id id;
	assert_int_equal(concat_part_of(&t, 0, &w, &parts[0], &id), ERR_NOT_FOUND);
}

/* --- rules --- */

static const struct concat_limits limits = { .wait_us = 100, .swallow_us = 50, .sets_max = 3, .octets_max = 20 };

static enum concat_verdict offer(struct concat *t, const char *key, uint8_t number, const char *content, int64_t now)
{
	struct concat_part p = { .number = number, .received_us = now, .content = text_of(content) };

	return concat_offer(t, text_of(key), 3, &p, now);
}

static void test_a_set_out_of_order(void **state)
{
	struct concat *t = concat_new(&limits);
	struct concat_set set;

	(void)state;
	assert_int_equal(offer(t, "k", 3, "c", 10), CONCAT_KEEP);
	assert_int_equal(offer(t, "k", 1, "a", 20), CONCAT_KEEP);
	assert_int_equal(offer(t, "k", 3, "c", 30), CONCAT_DUPLICATE);
	assert_true(concat_find(t, text_of("k"), &set));
	assert_true(concat_has(&set, 1) && !concat_has(&set, 2) && concat_has(&set, 3) && !concat_has(&set, 4));
	assert_int_equal(concat_octets(t), 2);
	assert_int_equal(concat_next_us(t), 110);
	assert_int_equal(offer(t, "k", 2, "b", 40), CONCAT_COMPLETE);
	assert_int_equal(concat_octets(t), 0);
	assert_false(concat_find(t, text_of("k"), &set));
	/* Swallowed for a while; another content is a new message under the old reference. */
	assert_int_equal(offer(t, "k", 2, "b", 50), CONCAT_LATE);
	assert_int_equal(offer(t, "k", 2, "B", 50), CONCAT_RESTART);
	concat_forget(t, text_of("k"));
	assert_int_equal(offer(t, "k", 2, "B", 50), CONCAT_KEEP);
	assert_int_equal(offer(t, "k", 2, "x", 60), CONCAT_RESTART);
	concat_free(&t);
	assert_null(t);
}

static void test_time(void **state)
{
	struct concat *t = concat_new(&limits);
	struct concat_set set;

	(void)state;
	assert_int_equal(concat_next_us(t), INT64_MAX);
	assert_int_equal(offer(t, "b", 2, "b", 20), CONCAT_KEEP);
	assert_int_equal(offer(t, "a", 1, "a", 10), CONCAT_KEEP); /* as after a restart: not in the order of time */
	assert_int_equal(concat_next_us(t), 110);
	assert_false(concat_due(t, 109, &set));
	assert_true(concat_due(t, 200, &set));
	assert_string_equal(set.key, "a");
	assert_int_equal(set.count, 1);
	assert_true(concat_due(t, 200, &set));
	assert_string_equal(set.key, "b");
	assert_false(concat_due(t, 200, &set));
	assert_int_equal(concat_waiting(t), 0);
	assert_int_equal(concat_next_us(t), 250);
	assert_int_equal(offer(t, "a", 2, "late", 249), CONCAT_LATE);
	assert_int_equal(offer(t, "a", 2, "new", 250), CONCAT_KEEP);
	assert_false(concat_due(t, 251, &set));
	concat_over(t, text_of("a"), 251);
	concat_over(t, text_of("a"), 260);
	assert_int_equal(concat_next_us(t), 301);
	concat_over(t, text_of("mark"), 251);
	assert_int_equal(offer(t, "mark", 1, "x", 260), CONCAT_LATE);
	concat_free(&t);
}

static void test_limits(void **state)
{
	struct concat *t = concat_new(&limits);
	struct concat_part p = { .number = 4 };

	(void)state;
	assert_int_equal(offer(t, "a", 1, "12345678901234567890", 0), CONCAT_KEEP);
	assert_int_equal(offer(t, "a", 2, "1", 0), CONCAT_REFUSE);
	concat_forget(t, text_of("a"));
	assert_int_equal(offer(t, "a", 1, "1", 0), CONCAT_KEEP);
	assert_int_equal(offer(t, "b", 1, "1", 0), CONCAT_KEEP);
	assert_int_equal(offer(t, "c", 1, "1", 0), CONCAT_KEEP);
	assert_int_equal(offer(t, "d", 1, "1", 0), CONCAT_REFUSE);
	assert_int_equal(offer(t, "c", 2, "1", 0), CONCAT_KEEP);
	assert_int_equal(concat_offer(t, text_of("e"), 3, &p, 0), CONCAT_REFUSE);
	p.number = 0;
	assert_int_equal(concat_offer(t, text_of("e"), 3, &p, 0), CONCAT_REFUSE);
	assert_int_equal(offer(t, "", 1, "1", 0), CONCAT_REFUSE);
	/* Sets that are over push out each other, never one that waits. */
	for (int i = 0; i < 10; i++) {
		char key[16];

		snprintf(key, sizeof(key), "o%d", i);
		concat_over(t, text_of(key), i);
	}
	assert_int_equal(concat_waiting(t), 3);
	assert_int_equal(offer(t, "o9", 1, "1", 10), CONCAT_LATE);
	assert_int_equal(offer(t, "o6", 1, "1", 10), CONCAT_REFUSE); /* forgotten, and no room for a new one */
	concat_free(&t);
	concat_free(&t);
}

/* Many sets, random order of everything: each number is kept once and each set completes once. */
static void test_many(void **state)
{
	struct concat_limits l = CONCAT_LIMITS_DEFAULT;
	struct concat *t = concat_new(&l);
	static uint8_t seen[1000];
	unsigned complete = 0, kept = 0;
	uint32_t x = 1;

	(void)state;
	while (complete < 1000) {
		char key[16];

		x = x * 1664525 + 1013904223;
		unsigned set = (x >> 8) % 1000, number = 1 + (x >> 20) % 3;
		snprintf(key, sizeof(key), "%u", set);
		enum concat_verdict v = offer(t, key, (uint8_t)number, "x", 1000);
		bool had = seen[set] >> number & 1;
		if (seen[set] == 0x0e)
			assert_int_equal(v, CONCAT_LATE);
		else if (had)
			assert_int_equal(v, CONCAT_DUPLICATE);
		else
			kept++;
		if (!had && (seen[set] |= (uint8_t)(1u << number)) == 0x0e) {
			assert_int_equal(v, CONCAT_COMPLETE);
			complete++;
		}
	}
	assert_int_equal(kept, 3000);
	assert_int_equal(concat_waiting(t), 0);
	concat_free(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_keys),
		cmocka_unit_test(test_a_part_comes_back_and_no_prefix_does),
		cmocka_unit_test(test_bad_parts),
		cmocka_unit_test(test_what_was_split_joins),
		cmocka_unit_test(test_cuts_of_others),
		cmocka_unit_test(test_gaps_and_errors),
		cmocka_unit_test(test_a_set_out_of_order),
		cmocka_unit_test(test_time),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_many),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
