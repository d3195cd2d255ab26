/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The small rooms of core/base: text, hex, base64, utf8, arena, clock, counter, log masks. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdlib.h>
#include <unistd.h>

#include "core/base/arena.h"
#include "core/base/clock.h"
#include "core/base/counter.h"
#include "core/base/hex.h"
#include "core/base/log.h"
#include "core/base/random.h"
#include "core/base/utf8.h"

static void numbers_stop_at_the_maximum(void **state)
{
	static const struct {
		const char *given;
		uint64_t max;
		bool good;
		uint64_t value;
	} table[] = {
		{ "0", 0, true, 0 },
		{ "255", 255, true, 255 },
		{ "256", 255, false, 0 },
		{ "", 9, false, 0 },
		{ "1x", 9, false, 0 },
		{ "18446744073709551615", UINT64_MAX, true, UINT64_MAX },
		{ "18446744073709551616", UINT64_MAX, false, 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		uint64_t v = 0;
		assert_int_equal(text_to_u64(text_of(table[i].given), table[i].max, &v), table[i].good);
		if (table[i].good)
			assert_true(v == table[i].value);
	}
}

static void quoting_never_overflows(void **state)
{
	char to[64];

	(void)state;
	for (size_t size = 8; size < sizeof(to); size++) {
		memset(to, 'Z', sizeof(to));
		text_quote(TEXT_LITERAL("plain \x01\xff tail that is long enough to be cut"), to, size);
		assert_true(strlen(to) < size);
		assert_int_equal(to[size], 'Z');
	}
	assert_string_equal(text_quote(TEXT_LITERAL("a\nb"), to, sizeof(to)), "a\\x0ab");
}

/* RFC 4648 section 10. */
static void base64_vectors(void **state)
{
	static const char *const pairs[][2] = { { "", "" },
						{ "f", "Zg==" },
						{ "fo", "Zm8=" },
						{ "foo", "Zm9v" },
						{ "foob", "Zm9vYg==" },
						{ "fooba", "Zm9vYmE=" },
						{ "foobar", "Zm9vYmFy" } };
	char room[32];

	(void)state;
	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		struct writer w = writer_of(room, sizeof(room));
		base64_put(&w, pairs[i][0], strlen(pairs[i][0]), false);
		assert_true(text_equal(text_range(room, writer_len(&w)), text_of(pairs[i][1])));
		w = writer_of(room, sizeof(room));
		assert_int_equal(base64_take(text_of(pairs[i][1]), &w), OK);
		assert_true(text_equal(text_range(room, writer_len(&w)), text_of(pairs[i][0])));
	}
}

static void base64_and_hex_refuse(void **state)
{
	static const char *const bad64[] = { "A", "Zg=", "Z===", "Zh==", "Zm9v!", "Zm9v\n" };
	static const char *const bad16[] = { "a", "0g", "0 ", "zz" };
	char room[32];

	(void)state;
	for (size_t i = 0; i < sizeof(bad64) / sizeof(bad64[0]); i++) {
		struct writer w = writer_of(room, sizeof(room));
		assert_int_equal(base64_take(text_of(bad64[i]), &w), ERR_MALFORMED);
	}
	for (size_t i = 0; i < sizeof(bad16) / sizeof(bad16[0]); i++) {
		struct writer w = writer_of(room, sizeof(room));
		assert_int_equal(hex_take(text_of(bad16[i]), &w), ERR_MALFORMED);
	}
	struct writer w = writer_of(room, 2);
	assert_int_equal(hex_take(text_of("001122"), &w), ERR_TOO_BIG);
}

static void utf8_is_strict(void **state)
{
	static const char *const good[] = { "",
					    "a",
					    "\xc2\x80",
					    "\xe0\xa0\x80",
					    "\xed\x9f\xbf",
					    "\xee\x80\x80",
					    "\xf0\x90\x80\x80",
					    "\xf4\x8f\xbf\xbf" };
	static const char *const bad[] = { "\x80",	   "\xc0\x80",	       "\xc1\xbf",	   "\xe0\x9f\xbf",
					   "\xed\xa0\x80", "\xf0\x8f\xbf\xbf", "\xf4\x90\x80\x80", "\xf5\x80\x80\x80",
					   "\xc2",	   "\xe2\x82" };

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		assert_true(utf8_valid(text_of(good[i])));
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_false(utf8_valid(text_of(bad[i])));
}

/* Every scalar value goes through UTF-8 and UTF-16 and comes back. */
static void every_character_comes_back(void **state)
{
	(void)state;
	for (uint32_t c = 0; c <= 0x10ffff; c++) {
		uint8_t eight[4], sixteen[4], back[4];
		struct writer w = writer_of(eight, sizeof(eight));
		if (c >= 0xd800 && c <= 0xdfff)
			continue;
		utf8_put(&w, c);
		struct text t = text_range((char *)eight, writer_len(&w));
		struct writer u = writer_of(sixteen, sizeof(sixteen));
		assert_int_equal(utf8_to_utf16be(t, &u), OK);
		struct reader r = reader_of(sixteen, writer_len(&u));
		struct writer b = writer_of(back, sizeof(back));
		assert_int_equal(utf8_from_utf16be(&r, &b, true), OK);
		assert_true(text_equal(t, text_range((char *)back, writer_len(&b))));
	}
}

static void half_a_surrogate_is_seen(void **state)
{
	static const uint8_t half[] = { 0xd8, 0x3d }, odd[] = { 0, 'a', 0 };
	uint8_t room[16];

	(void)state;
	struct reader r = reader_of(half, sizeof(half));
	struct writer w = writer_of(room, sizeof(room));
	assert_int_equal(utf8_from_utf16be(&r, &w, true), ERR_MALFORMED);
	r = reader_of(half, sizeof(half));
	w = writer_of(room, sizeof(room));
	assert_int_equal(utf8_from_utf16be(&r, &w, false), OK);
	assert_memory_equal(room, "\xef\xbf\xbd", 3);
	r = reader_of(odd, sizeof(odd));
	w = writer_of(room, sizeof(room));
	assert_int_equal(utf8_from_utf16be(&r, &w, true), ERR_SHORT);
}

static void arena_gives_zeroes_and_keeps_one_block(void **state)
{
	struct arena *a = arena_new(1024);

	(void)state;
	for (unsigned round = 0; round < 3; round++) {
		for (size_t n = 1; n < 3000; n += 97) {
			unsigned char *p = arena_alloc(a, n);
			for (size_t i = 0; i < n; i++)
				assert_int_equal(p[i], 0);
			memset(p, 0xff, n);
		}
		assert_true(arena_used(a) > 40000);
		arena_reset(a);
		assert_int_equal(arena_used(a), 0);
	}
	assert_string_equal(arena_printf(a, "%d-%s", 7, "x"), "7-x");
	arena_free(&a);
	assert_null(a);
}

static void times_are_written(void **state)
{
	char to[CLOCK_TEXT_SIZE];

	(void)state;
	assert_string_equal(clock_text(0, to), "1970-01-01T00:00:00.000000Z");
	assert_string_equal(clock_text(-1, to), "1969-12-31T23:59:59.999999Z");
	assert_string_equal(clock_text(INT64_C(2147483648) * USEC_PER_SEC, to), "2038-01-19T03:14:08.000000Z");
}

static void counters_are_read_by_others(void **state)
{
	struct counter_page *mapped;
	struct counter_view view;
	int fd;

	(void)state;
	assert_int_equal(counter_page_new(&fd), OK);
	assert_int_equal(counter_page_use(fd), OK);
	counter_add(counter_get(COUNTER_COUNT, "x_total", "link=\"a\"", "help"), 3);
	counter_add(counter_get(COUNTER_COUNT, "x_total", "link=\"a\"", "help"), 4);
	counter_set(counter_get(COUNTER_GAUGE, "y", "", "help"), -5);
	assert_int_equal(counter_page_map(fd, &mapped), OK);
	assert_true(counter_page_read(mapped, 0, &view));
	assert_string_equal(view.name, "x_total");
	assert_string_equal(view.label, "link=\"a\"");
	assert_int_equal(view.value, 7);
	assert_true(counter_page_read(mapped, 1, &view));
	assert_int_equal(view.value, -5);
	assert_false(counter_page_read(mapped, 2, &view));
	assert_false(counter_page_read(mapped, COUNTER_SLOTS, &view));
	counter_page_unmap(&mapped);
	close(fd);
}

static void numbers_are_masked(void **state)
{
	char to[LOG_MASK_SIZE];

	(void)state;
	assert_string_equal(log_mask(TEXT_LITERAL("+819012345678"), to), "+81*******678");
	assert_string_equal(log_mask(TEXT_LITERAL("12345"), to), "123**");
	assert_string_equal(log_mask(TEXT_LITERAL(""), to), "");
}

static void random_is_bounded(void **state)
{
	bool seen[7] = { 0 };

	(void)state;
	for (unsigned i = 0; i < 1000; i++) {
		uint32_t v = random_below(7);
		assert_in_range(v, 0, 6);
		seen[v] = true;
	}
	for (unsigned i = 0; i < 7; i++)
		assert_true(seen[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_stop_at_the_maximum),
		cmocka_unit_test(quoting_never_overflows),
		cmocka_unit_test(base64_vectors),
		cmocka_unit_test(base64_and_hex_refuse),
		cmocka_unit_test(utf8_is_strict),
		cmocka_unit_test(every_character_comes_back),
		cmocka_unit_test(half_a_surrogate_is_seen),
		cmocka_unit_test(arena_gives_zeroes_and_keeps_one_block),
		cmocka_unit_test(times_are_written),
		cmocka_unit_test(counters_are_read_by_others),
		cmocka_unit_test(numbers_are_masked),
		cmocka_unit_test(random_is_bounded),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
