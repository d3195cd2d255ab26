/* SPDX-License-Identifier: GPL-3.0-or-later */
/* TPDUs: vectors that tshark reads the same way, every field both ways, wrong octets with their place, every prefix. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>

#include "core/base/clock.h"
#include "core/base/hex.h"
#include "sms/tpdu.h"

struct vector {
	const char *hex;
	enum tpdu_direction direction;
	enum tpdu_carrier carrier;
	enum tpdu_type type;
	const char *address, *text;
};

#define HELLO_HEAD "0b919471325476f8"

static const struct vector vectors[] = {
	{ "440b919471325476f80000621152321405400c0500034d0201906536fb0d", TPDU_TO_PHONE, TPDU_IN_DATA, TPDU_DELIVER,
	  "+49172345678", "Hello" },
	{ "440b919471325476f80000621152321405400d060804abcd0201c8329bfd06", TPDU_TO_PHONE, TPDU_IN_DATA, TPDU_DELIVER,
	  "+49172345678", "Hello" },
	{ "440b919471325476f80008621152321405400a0500034d0201d83dde00", TPDU_TO_PHONE, TPDU_IN_DATA, TPDU_DELIVER,
	  "+49172345678", "😀" },
	{ "040b919471325476f8000062115232140540039b7210", TPDU_TO_PHONE, TPDU_IN_DATA, TPDU_DELIVER, "+49172345678",
	  "€A" },
	{ "064d0b919471325476f8621152321405406211523214154046", TPDU_TO_PHONE, TPDU_IN_DATA, TPDU_STATUS_REPORT,
	  "+49172345678", "" },
	{ "31000b919471325476f80000a705c8329bfd06", TPDU_FROM_PHONE, TPDU_IN_DATA, TPDU_SUBMIT, "+49172345678",
	  "Hello" },
	{ "224d00020b0b919471325476f800", TPDU_FROM_PHONE, TPDU_IN_DATA, TPDU_COMMAND, "+49172345678", "" },
	{ "0000", TPDU_FROM_PHONE, TPDU_IN_ACK, TPDU_DELIVER_REPORT, "", "" },
	{ "0007000005c8329bfd06", TPDU_FROM_PHONE, TPDU_IN_ACK, TPDU_DELIVER_REPORT, "", "Hello" },
	{ "00d300", TPDU_FROM_PHONE, TPDU_IN_ERROR, TPDU_DELIVER_REPORT, "", "" },
	{ "010062115232140540", TPDU_TO_PHONE, TPDU_IN_ACK, TPDU_SUBMIT_REPORT, "", "" },
	{ "01c40062115232140540", TPDU_TO_PHONE, TPDU_IN_ERROR, TPDU_SUBMIT_REPORT, "", "" },
};
#define VECTORS (sizeof(vectors) / sizeof(vectors[0]))

static size_t from_hex(const char *hex, uint8_t *to, size_t room)
{
	struct writer w = writer_of(to, room);

	assert_int_equal(hex_take(text_of(hex), &w), OK);
	return writer_len(&w);
}

static struct tpdu decoded(const char *hex, enum tpdu_direction direction, enum tpdu_carrier carrier)
{
	static uint8_t octets[256];
	size_t n = from_hex(hex, octets, sizeof(octets));
	struct tpdu t;

	assert_int_equal(tpdu_decode(octets, n, direction, carrier, &t, NULL), OK);
	return t;
}

static void test_vectors(void **state)
{
	(void)state;
	for (size_t i = 0; i < VECTORS; i++) {
		const struct vector *v = &vectors[i];
		uint8_t octets[256], again[TPDU_MAX];
		char shown[SMS_ADDRESS_SHOWN_MAX], text[TPDU_TEXT_MAX];
		size_t n = from_hex(v->hex, octets, sizeof(octets));
		struct tpdu t;

		assert_int_equal(tpdu_decode(octets, n, v->direction, v->carrier, &t, NULL), OK);
		assert_int_equal(t.type, v->type);
		struct writer w = writer_of(shown, sizeof(shown));
		sms_address_to_text(&t.address, &w);
		assert_true(text_is(text_range(shown, writer_len(&w)), v->address));
		w = writer_of(text, sizeof(text));
		assert_int_equal(tpdu_text(&t, &w), OK);
		assert_true(text_is(text_range(text, writer_len(&w)), v->text));
		w = writer_of(again, sizeof(again));
		tpdu_encode(&t, &w);
		assert_true(writer_ok(&w));
		assert_int_equal(writer_len(&w), n);
		assert_memory_equal(again, octets, n);
	}
}

static void test_every_prefix_and_one_more(void **state)
{
	(void)state;
	for (size_t i = 0; i < VECTORS; i++) {
		const struct vector *v = &vectors[i];
		uint8_t octets[256];
		size_t n = from_hex(v->hex, octets, sizeof(octets));

		for (size_t cut = 0; cut < n; cut++) {
			uint8_t *exact = malloc(cut ? cut : 1);
			struct tpdu t;
			size_t bad = 999;

			assert_non_null(exact);
			memcpy(exact, octets, cut);
			assert_int_equal(tpdu_decode(exact, cut, v->direction, v->carrier, &t, &bad), ERR_SHORT);
			assert_true(bad <= cut);
			free(exact);
		}
		struct tpdu t;
		size_t bad = 0;
		octets[n] = 0x2b;
		enum result result = tpdu_decode(octets, n + 1, v->direction, v->carrier, &t, &bad);
		if (v->type == TPDU_DELIVER || v->type == TPDU_SUBMIT || v->type == TPDU_COMMAND) {
			assert_int_equal(result, ERR_MALFORMED);
			assert_int_equal(bad, n);
		}
	}
}

static void test_deliver_fields(void **state)
{
	struct tpdu t = decoded(vectors[0].hex, TPDU_TO_PHONE, TPDU_IN_DATA);

	(void)state;
	assert_false(t.loop_prevention || t.reply_path || t.report);
	assert_true(!t.more_messages && t.has_header);
	assert_int_equal(t.header.concat.total, 2);
	assert_int_equal(t.header.concat.number, 1);
	assert_int_equal(t.user_data_len, 12);
	assert_true(t.time.valid);
	assert_int_equal(t.time.quarters, 4);
	/* 2026-11-25 23:41:50 +01:00 */
	assert_int_equal(t.time.us, INT64_C(1795646510) * USEC_PER_SEC);
	t = decoded("a8" HELLO_HEAD "00006211523214054001"
		    "05",
		    TPDU_TO_PHONE, TPDU_IN_DATA);
	assert_true(t.more_messages && t.loop_prevention && t.reply_path && t.report);
}

static void test_status_report_fields(void **state)
{
	struct tpdu t = decoded(vectors[4].hex, TPDU_TO_PHONE, TPDU_IN_DATA);

	(void)state;
	assert_int_equal(t.reference, 0x4d);
	assert_int_equal(t.status, 0x46);
	assert_int_equal(t.discharge.us - t.time.us, 1 * USEC_PER_SEC);
	assert_false(t.report || t.has_pid || t.has_user_data);
	/* TP-PI with all three, an extension octet, and something newer behind. */
	t = decoded("264d" HELLO_HEAD "62115232140540621152321415400087"
		    "01"
		    "40"
		    "04"
		    "02"
		    "abcd"
		    "99",
		    TPDU_TO_PHONE, TPDU_IN_DATA);
	assert_true(t.report && t.has_pid && t.has_dcs && t.has_user_data);
	assert_int_equal(t.pid, 0x40);
	assert_int_equal(t.dcs, 0x04);
	assert_int_equal(tpdu_content(&t).len, 2);
}

static void test_submit_fields(void **state)
{
	struct tpdu t = decoded(vectors[5].hex, TPDU_FROM_PHONE, TPDU_IN_DATA);

	(void)state;
	assert_true(t.report);
	assert_false(t.reject_duplicates || t.reply_path || t.has_header);
	assert_int_equal(t.validity.form, TPDU_VALIDITY_RELATIVE);
	assert_int_equal(t.validity.seconds, 86400);
	t = decoded("9d01" HELLO_HEAD "0000"
		    "62115232140540"
		    "00",
		    TPDU_FROM_PHONE, TPDU_IN_DATA);
	assert_true(t.reject_duplicates && t.reply_path);
	assert_int_equal(t.validity.form, TPDU_VALIDITY_ABSOLUTE);
	assert_true(t.validity.valid);
	t = decoded("0901" HELLO_HEAD "0000"
		    "43105432000000"
		    "00",
		    TPDU_FROM_PHONE, TPDU_IN_DATA);
	assert_int_equal(t.validity.form, TPDU_VALIDITY_ENHANCED);
	assert_true(t.validity.single_shot);
	assert_int_equal(t.validity.seconds, 1 * 3600 + 45 * 60 + 23);
}

static void test_reports(void **state)
{
	struct tpdu t = decoded("00d300", TPDU_FROM_PHONE, TPDU_IN_ERROR);

	(void)state;
	assert_true(t.has_fcs);
	assert_int_equal(t.fcs, TPDU_FCS_MEMORY_FULL);
	assert_string_equal(tpdu_fcs_name(t.fcs), "memory full");
	assert_string_equal(tpdu_fcs_name(0x83), "reserved");
	assert_string_equal(tpdu_fcs_name(0xe1), "application specific");
	t = decoded("01c40062115232140540", TPDU_TO_PHONE, TPDU_IN_ERROR);
	assert_int_equal(t.fcs, TPDU_FCS_DESTINATION_BARRED);
	assert_true(t.time.valid);
	t = decoded("224d00020b0b919471325476f800", TPDU_FROM_PHONE, TPDU_IN_DATA);
	assert_true(t.report);
	assert_int_equal(t.command, TPDU_DELETE);
	assert_int_equal(t.command_number, 0x0b);
}

static void test_wrong_octets(void **state)
{
	static const struct {
		const char *hex;
		enum tpdu_direction direction;
		enum tpdu_carrier carrier;
		enum result result;
		size_t at;
	} rows[] = {
		{ "", TPDU_TO_PHONE, TPDU_IN_DATA, ERR_SHORT, 0 },
		/* Types that cannot be here. */
		{ "0100", TPDU_TO_PHONE, TPDU_IN_DATA, ERR_UNSUPPORTED, 0 },
		{ "0000", TPDU_FROM_PHONE, TPDU_IN_DATA, ERR_UNSUPPORTED, 0 },
		{ "0300", TPDU_FROM_PHONE, TPDU_IN_DATA, ERR_UNSUPPORTED, 0 },
		{ "0100", TPDU_FROM_PHONE, TPDU_IN_ACK, ERR_UNSUPPORTED, 0 },
		{ "0000", TPDU_TO_PHONE, TPDU_IN_ACK, ERR_UNSUPPORTED, 0 },
		/* Addresses: too long, a filler inside, longer than the rest. */
		{ "0100"
		  "15912143658709214365870921f3"
		  "000000",
		  TPDU_FROM_PHONE, TPDU_IN_DATA, ERR_TOO_BIG, 2 },
		{ "0100"
		  "0491f143"
		  "000000",
		  TPDU_FROM_PHONE, TPDU_IN_DATA, ERR_MALFORMED, 4 },
		{ "0100"
		  "0b9194713254",
		  TPDU_FROM_PHONE, TPDU_IN_DATA, ERR_SHORT, 2 },
		/* User data: more septets than octets, above the limit, octets above the limit. */
		{ "01000491214300"
		  "00"
		  "06c8329bfd06",
		  TPDU_FROM_PHONE, TPDU_IN_DATA, ERR_SHORT, 8 },
		{ "01000491214300"
		  "00"
		  "a1",
		  TPDU_FROM_PHONE, TPDU_IN_DATA, ERR_TOO_BIG, 8 },
		{ "01000491214300"
		  "04"
		  "8d",
		  TPDU_FROM_PHONE, TPDU_IN_DATA, ERR_TOO_BIG, 8 },
		{ "01000491214300"
		  "00"
		  "04c8329bfd06",
		  TPDU_FROM_PHONE, TPDU_IN_DATA, ERR_MALFORMED, 13 },
		/* Header: longer than the user data, an element longer than it, more septets than TP-UDL, an unknown
		   language. */
		{ "41000491214300"
		  "04"
		  "03050003",
		  TPDU_FROM_PHONE, TPDU_IN_DATA, ERR_SHORT, 9 },
		{ "41000491214300"
		  "04"
		  "0403000401",
		  TPDU_FROM_PHONE, TPDU_IN_DATA, ERR_MALFORMED, 10 },
		{ "41000491214300"
		  "00"
		  "060500034d0201",
		  TPDU_FROM_PHONE, TPDU_IN_DATA, ERR_SHORT, 9 },
		{ "41000491214300"
		  "00"
		  "050324010e00",
		  TPDU_FROM_PHONE, TPDU_IN_DATA, ERR_UNSUPPORTED, 12 },
		{ "41000491214300"
		  "00"
		  "00",
		  TPDU_FROM_PHONE, TPDU_IN_DATA, ERR_SHORT, 9 },
		{ "02000000000491214305aa", TPDU_FROM_PHONE, TPDU_IN_DATA, ERR_SHORT, 9 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint8_t octets[256];
		size_t n = from_hex(rows[i].hex, octets, sizeof(octets));
		struct tpdu t;
		size_t at = 999;

		assert_int_equal(tpdu_decode(octets, n, rows[i].direction, rows[i].carrier, &t, &at), rows[i].result);
		assert_int_equal(at, rows[i].at);
	}
}

static void test_addresses(void **state)
{
	static const struct {
		const char *text, *tp, *rp;
		uint8_t ton;
	} rows[] = {
		{ "+49172345678", "0b919471325476f8", "07919471325476f8", SMS_TON_INTERNATIONAL },
		{ "12345", "05812143f5", "04812143f5", SMS_TON_UNKNOWN },
		{ "*123#", "05811a32fb", "04811a32fb", SMS_TON_UNKNOWN },
		{ "cellpost", "0ed0e3329b0d7fcfe9", NULL, SMS_TON_ALPHANUMERIC },
		{ "", "0080", "00", SMS_TON_UNKNOWN },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint8_t room[64], expected[64];
		struct sms_address a, back;
		struct writer w = writer_of(room, sizeof(room));

		assert_int_equal(sms_address_from_text(text_of(rows[i].text), &a), OK);
		assert_int_equal(a.ton, rows[i].ton);
		sms_address_put_tp(&w, &a);
		assert_true(writer_ok(&w));
		assert_int_equal(from_hex(rows[i].tp, expected, sizeof(expected)), writer_len(&w));
		assert_memory_equal(room, expected, writer_len(&w));
		struct reader r = reader_of(room, writer_len(&w));
		assert_int_equal(sms_address_take_tp(&r, &back, NULL), OK);
		assert_true(reader_done(&r));
		assert_true(sms_address_equal(&a, &back));
		w = writer_of(room, sizeof(room));
		sms_address_put_rp(&w, &a);
		r = reader_of(room, writer_len(&w));
		assert_int_equal(sms_address_take_rp(&r, &back, NULL), OK);
		assert_string_equal(a.text, back.text);
		if (!rows[i].rp)
			continue;
		assert_int_equal(from_hex(rows[i].rp, expected, sizeof(expected)), writer_len(&w));
		assert_memory_equal(room, expected, writer_len(&w));
	}
	struct sms_address a;
	/* Counted in octets, seven letters have seven bits of filling, which are no eighth. */
	for (size_t n = 1; n <= SMS_ADDRESS_LETTERS_MAX; n++) {
		uint8_t room[64];
		struct writer w = writer_of(room, sizeof(room));
		struct sms_address back;

		assert_int_equal(sms_address_from_text(text_range("cellpost-sm", n), &a), OK);
		sms_address_put_rp(&w, &a);
		struct reader r = reader_of(room, writer_len(&w));
		assert_int_equal(sms_address_take_rp(&r, &back, NULL), OK);
		assert_string_equal(a.text, back.text);
	}
	/* A name of letters that could be digits is a name. */
	assert_int_equal(sms_address_from_text(text_of("ABC"), &a), OK);
	assert_int_equal(a.ton, SMS_TON_ALPHANUMERIC);
	assert_int_equal(sms_address_from_text(text_of("*100#"), &a), OK);
	assert_int_equal(a.ton, SMS_TON_UNKNOWN);
	assert_int_equal(sms_address_from_text(text_of("twelve chars"), &a), ERR_TOO_BIG);
	assert_int_equal(sms_address_from_text(text_of("漢"), &a), ERR_UNSUPPORTED);
	assert_int_equal(sms_address_from_text(text_of("+123456789012345678901"), &a), ERR_TOO_BIG);
	/* Letters: 23.040 9.1.2.5, the length in useful half octets. */
	struct tpdu t = decoded("040dd0cdb4bb4d6fb741"
				"0000"
				"62115232140540"
				"00",
				TPDU_TO_PHONE, TPDU_IN_DATA);
	assert_int_equal(t.address.ton, SMS_TON_ALPHANUMERIC);
	assert_int_equal(strlen(t.address.text), 7);
}

static void test_times(void **state)
{
	static const struct {
		int64_t seconds;
		int quarters;
		const char *hex;
	} rows[] = {
		{ 1795646510, 4, "62115232140540" },
		{ 951782400, 0, "00209200000000" },
		{ 1709164800, -32, "4220826100002b" },
		{ 946684799, 0, "99211332959500" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct tpdu_time t = tpdu_time_of(rows[i].seconds * USEC_PER_SEC, rows[i].quarters);
		uint8_t expected[7];

		from_hex(rows[i].hex, expected, sizeof(expected));
		assert_memory_equal(t.octets, expected, 7);
		assert_true(t.valid);
		assert_int_equal(t.us, rows[i].seconds * USEC_PER_SEC);
		assert_int_equal(t.quarters, rows[i].quarters);
	}
	/* Every day of seven years, both ways. */
	for (int64_t day = 18000; day < 18000 + 7 * 366; day++) {
		struct tpdu_time t = tpdu_time_of(day * 86400 * USEC_PER_SEC, 0);
		assert_true(t.valid && t.us == day * 86400 * USEC_PER_SEC);
	}
	static const char *const wrong[] = { "62315232140540", "62115232140640", "62110032140540",
					     "ff115232140540", "62119932140540", "620213321405ff" };
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		uint8_t octets[7];
		struct reader r = reader_of(octets, from_hex(wrong[i], octets, sizeof(octets)));
		struct tpdu_time t = tpdu_time_take(&r);

		assert_false(t.valid);
		assert_memory_equal(t.octets, octets, 7);
	}
}

static void test_relative_validity(void **state)
{
	(void)state;
	assert_int_equal(tpdu_relative_seconds(0), 300);
	assert_int_equal(tpdu_relative_seconds(143), 12 * 3600);
	assert_int_equal(tpdu_relative_seconds(144), 12 * 3600 + 1800);
	assert_int_equal(tpdu_relative_seconds(167), 24 * 3600);
	assert_int_equal(tpdu_relative_seconds(168), 2 * 86400);
	assert_int_equal(tpdu_relative_seconds(196), 30 * 86400);
	assert_int_equal(tpdu_relative_seconds(197), 5 * 7 * 86400);
	assert_int_equal(tpdu_relative_seconds(255), 63 * 7 * 86400);
	for (unsigned v = 0; v < 256; v++)
		assert_int_equal(tpdu_validity_relative(tpdu_relative_seconds((uint8_t)v)).octets[0], v);
	assert_int_equal(tpdu_validity_relative(301).octets[0], 1);
	assert_int_equal(tpdu_validity_relative(INT64_C(1) << 40).octets[0], 255);
	assert_int_equal(tpdu_validity_until(INT64_C(1795646510) * USEC_PER_SEC, 4).octets[6], 0x40);
}

static void test_wrong_enhanced_validity(void **state)
{
	static const char *const wrong[] = { "80000000000000", "02000000000000", "03990600000000", "04000000000000",
					     "03a00000000000" };

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		uint8_t octets[7];
		struct reader r = reader_of(octets, from_hex(wrong[i], octets, sizeof(octets)));

		assert_false(tpdu_validity_take(&r, TPDU_VALIDITY_ENHANCED).valid);
	}
}

static void test_text_of_every_kind(void **state)
{
	char room[TPDU_TEXT_MAX];
	struct writer w = writer_of(room, sizeof(room));
	struct tpdu t;

	(void)state;
	/* Turkish locking and single shift. */
	t = decoded("41000491214300"
		    "00"
		    "0b06240101250101"
		    "38e601",
		    TPDU_FROM_PHONE, TPDU_IN_DATA);
	assert_int_equal(t.header.tables.locking, ALPHABET_TURKISH);
	assert_int_equal(t.header.octets, 7);
	/* 8-bit and compressed content have no text here. */
	t = decoded("01000491214300"
		    "04"
		    "02abcd",
		    TPDU_FROM_PHONE, TPDU_IN_DATA);
	assert_int_equal(tpdu_text(&t, &w), ERR_UNSUPPORTED);
	assert_int_equal(tpdu_content(&t).len, 2);
	t = decoded("01000491214300"
		    "20"
		    "02abcd",
		    TPDU_FROM_PHONE, TPDU_IN_DATA);
	assert_int_equal(tpdu_text(&t, &w), ERR_UNSUPPORTED);
	/* Half a surrogate. */
	t = decoded("01000491214300"
		    "08"
		    "02d83d",
		    TPDU_FROM_PHONE, TPDU_IN_DATA);
	assert_int_equal(tpdu_text(&t, &w), OK);
	assert_memory_equal(room, "\xef\xbf\xbd", 3);
}

static void test_encode_refuses_what_does_not_fit(void **state)
{
	struct tpdu t = { .type = TPDU_SUBMIT, .user_data_len = 5, .user_data = text_of("1234") };
	uint8_t room[TPDU_MAX];
	struct writer w = writer_of(room, sizeof(room));

	(void)state;
	tpdu_encode(&t, &w);
	assert_false(writer_ok(&w));
	t.user_data = text_of("12345");
	w = writer_of(room, sizeof(room));
	tpdu_encode(&t, &w);
	assert_true(writer_ok(&w));
	t.address = (struct sms_address){ .len = 21, .text = "123456789012345678901" };
	w = writer_of(room, sizeof(room));
	tpdu_encode(&t, &w);
	assert_false(writer_ok(&w));
	t.address = (struct sms_address){ .len = 2, .text = "x1" };
	w = writer_of(room, sizeof(room));
	tpdu_encode(&t, &w);
	assert_false(writer_ok(&w));
	assert_string_equal(tpdu_type_name(TPDU_COMMAND), "SMS-COMMAND");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_vectors),
		cmocka_unit_test(test_every_prefix_and_one_more),
		cmocka_unit_test(test_deliver_fields),
		cmocka_unit_test(test_status_report_fields),
		cmocka_unit_test(test_submit_fields),
		cmocka_unit_test(test_reports),
		cmocka_unit_test(test_wrong_octets),
		cmocka_unit_test(test_addresses),
		cmocka_unit_test(test_times),
		cmocka_unit_test(test_relative_validity),
		cmocka_unit_test(test_wrong_enhanced_validity),
		cmocka_unit_test(test_text_of_every_kind),
		cmocka_unit_test(test_encode_refuses_what_does_not_fit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
