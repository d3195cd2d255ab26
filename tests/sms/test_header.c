/* SPDX-License-Identifier: GPL-3.0-or-later */
/* User data headers: the elements of 23.040 9.2.3.24, what is wrong in them, building and passing on. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "core/base/hex.h"
#include "sms/header.h"

static uint8_t octets[256];

static struct reader hex_reader(const char *hex)
{
	struct writer w = writer_of(octets, sizeof(octets));

	assert_int_equal(hex_take(text_of(hex), &w), OK);
	return reader_of(octets, writer_len(&w));
}

static struct header decoded(const char *hex)
{
	struct reader r = hex_reader(hex);
	struct header h;

	assert_int_equal(header_decode(&r, &h, NULL), OK);
	assert_true(reader_done(&r));
	return h;
}

static void test_concatenation(void **state)
{
	struct header h = decoded("0500034d0201");

	(void)state;
	assert_int_equal(h.octets, 6);
	assert_int_equal(h.concat.width, HEADER_8_BIT);
	assert_int_equal(h.concat.reference, 0x4d);
	assert_int_equal(h.concat.total, 2);
	assert_int_equal(h.concat.number, 1);
	h = decoded("060804abcd0302");
	assert_int_equal(h.concat.width, HEADER_16_BIT);
	assert_int_equal(h.concat.reference, 0xabcd);
	assert_int_equal(h.concat.number, 2);
}

/* 9.2.3.24.1: numbers that cannot be make the element as if it were not there. */
static void test_impossible_concatenation_is_ignored(void **state)
{
	static const char *const rows[] = { "0500034d0001",   "0500034d0200", "0500034d0203", "0400024d02",
					    "060804abcd0000", "050804abcd02", "020000" };

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct reader r = hex_reader(rows[i]);
		struct header h;

		enum result result = header_decode(&r, &h, NULL);
		assert_true(result == OK || result == ERR_MALFORMED);
		assert_int_equal(h.concat.width, HEADER_ABSENT);
	}
}

static void test_last_one_counts(void **state)
{
	struct header h = decoded("0a00030102010003020302");

	(void)state;
	assert_int_equal(h.concat.reference, 2);
	assert_int_equal(h.concat.total, 3);
	h = decoded("0b0003010201080400020302");
	assert_int_equal(h.concat.width, HEADER_16_BIT);
	assert_int_equal(h.concat.reference, 2);
}

static void test_other_elements(void **state)
{
	struct header h = decoded("0605040b8423f0");

	(void)state;
	assert_int_equal(h.ports.width, HEADER_16_BIT);
	assert_int_equal(h.ports.destination, 2948);
	assert_int_equal(h.ports.source, 0x23f0);
	h = decoded("040402f0f1");
	assert_int_equal(h.ports.width, HEADER_8_BIT);
	assert_int_equal(h.ports.destination, 0xf0);
	h = decoded("06240101250103");
	assert_int_equal(h.tables.single, ALPHABET_TURKISH);
	assert_int_equal(h.tables.locking, ALPHABET_PORTUGUESE);
	h = decoded("0c0102800301028105010280ff");
	assert_int_equal(h.indication_count, 2);
	assert_true(h.indications[0].store);
	assert_int_equal(h.indications[0].count, 255);
	assert_int_equal(h.indications[1].type, 1);
	assert_int_equal(h.indications[1].count, 5);
	h = decoded("0b06010f0701032001047000");
	assert_int_equal(h.smsc_control, 0x0f);
	assert_int_equal(h.source_indicator, 3);
	assert_int_equal(h.email_header_len, 4);
	assert_true(h.has_smsc_control && h.has_source_indicator && h.has_email);
	h = decoded("06220404812143");
	assert_int_equal(h.reply_address.len, 4);
	assert_false(h.has_toolkit);
	h = decoded("027000");
	assert_true(h.has_toolkit);
	h = decoded("00");
	assert_int_equal(h.octets, 1);
}

static void test_wrong_headers_name_the_octet(void **state)
{
	static const struct {
		const char *hex;
		enum result result;
		size_t at;
	} rows[] = {
		{ "0600034d0201", ERR_SHORT, 0 },	{ "ff", ERR_SHORT, 0 },
		{ "0500034d02", ERR_SHORT, 0 },		{ "0500044d0201", ERR_MALFORMED, 1 },
		{ "0600034d020105", ERR_MALFORMED, 6 }, { "0700034d02012403", ERR_MALFORMED, 6 },
		{ "0324010e", ERR_UNSUPPORTED, 3 },	{ "0625010124010f", ERR_UNSUPPORTED, 6 },
		{ "032501ff", ERR_UNSUPPORTED, 3 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct reader r;
		struct header h;
		size_t at = 99;

		r = hex_reader(rows[i].hex);
		assert_int_equal(header_decode(&r, &h, &at), rows[i].result);
		assert_int_equal(at, rows[i].at);
	}
	/* What is right stays usable. */
	struct reader r = hex_reader("0824010e00034d0201");
	struct header h;
	assert_int_equal(header_decode(&r, &h, NULL), ERR_UNSUPPORTED);
	assert_int_equal(h.concat.total, 2);
	assert_true(reader_done(&r));
}

static void test_every_prefix(void **state)
{
	static const char hex[] = "1a00034d020105040b8423f0240101250103010280037f02aabb";
	(void)state;
	for (size_t n = 0; n < (sizeof(hex) - 1) / 2; n++) {
		struct header h;

		(void)hex_reader(hex);
		struct reader r = reader_of(octets, n);
		assert_int_equal(header_decode(&r, &h, NULL), ERR_SHORT);
	}
}

static void test_build_and_pass_on(void **state)
{
	static const struct header_concat concat = { HEADER_16_BIT, 0xabcd, 3, 2 };
	static const struct header_ports ports = { HEADER_16_BIT, 2948, 9200 };
	static const struct header_indication indication = { .store = true, .type = 2, .count = 7 };
	uint8_t room[HEADER_MAX + 10], again[HEADER_MAX];
	struct writer w = writer_of(room, sizeof(room));
	struct header h;

	(void)state;
	size_t mark = header_begin(&w);
	header_put_ports(&w, &ports);
	header_put_concat(&w, &concat);
	header_put_tables(&w, (struct alphabet_tables){ .locking = 1, .single = 2 });
	header_put_indication(&w, &indication);
	header_put(&w, 0x7f, "xyz", 3);
	header_end(&w, mark);
	assert_true(writer_ok(&w));
	struct reader r = reader_of(room, writer_len(&w));
	assert_int_equal(header_decode(&r, &h, NULL), OK);
	assert_memory_equal(&h.concat, &concat, sizeof(concat));
	assert_int_equal(h.ports.source, 9200);
	assert_int_equal(h.tables.locking, 1);
	assert_int_equal(h.tables.single, 2);
	assert_int_equal(h.indications[0].type, 2);
	assert_int_equal(h.indications[0].count, 7);

	struct writer on = writer_of(again, sizeof(again));
	header_pass_on(&on, &h);
	assert_int_equal(writer_len(&on), header_pass_on_size(&h));
	assert_int_equal(writer_len(&on), 6 + 4 + 5);
	assert_memory_equal(again, "\x05\x04\x0b\x84\x23\xf0\x01\x02\x82\x07\x7f\x03xyz", 15);

	w = writer_of(room, sizeof(room));
	mark = header_begin(&w);
	header_put(&w, 0x7f, octets, 138);
	header_end(&w, mark);
	assert_false(writer_ok(&w));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_concatenation),
		cmocka_unit_test(test_impossible_concatenation_is_ignored),
		cmocka_unit_test(test_last_one_counts),
		cmocka_unit_test(test_other_elements),
		cmocka_unit_test(test_wrong_headers_name_the_octet),
		cmocka_unit_test(test_every_prefix),
		cmocka_unit_test(test_build_and_pass_on),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
