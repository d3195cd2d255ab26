/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SGsAP of 29.118: vectors that tshark reads, every message of both sides, wrong ones with their cause. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>

#include "core/base/hex.h"
#include "sms/sgsap.h"

#define PAGING "0101080910100000000021021003766c72076578616d706c65036e6574200102"
#define DOWNLINK \
	"07010809101000000000211627090124010507919471071600000018040b919471325476f800006211523214054005c8329bfd06"

static uint8_t octets[600];

static size_t from_hex(const char *hex)
{
	struct writer w = writer_of(octets, sizeof(octets));

	assert_int_equal(hex_take(text_of(hex), &w), OK);
	return writer_len(&w);
}

static void test_golden(void **state)
{
	char imsi[SGSAP_IMSI_MAX + 1], name[SGSAP_NAME_MAX + 1];
	uint8_t again[SGSAP_MAX];
	struct writer w = writer_of(again, sizeof(again));
	struct sgsap m, made;
	size_t n = from_hex(PAGING);

	(void)state;
	assert_int_equal(sgsap_decode(octets, n, &m, NULL), OK);
	assert_int_equal(m.type, SGSAP_PAGING_REQUEST);
	assert_true(sgsap_get_imsi(&m, imsi));
	assert_string_equal(imsi, "001010000000012");
	assert_true(sgsap_get_name(&m, SGSAP_VLR_NAME, name));
	assert_string_equal(name, "vlr.example.net");
	assert_int_equal(sgsap_octet(&m, SGSAP_SERVICE_INDICATOR), SGSAP_SERVICE_SMS);
	sgsap_init(&made, SGSAP_PAGING_REQUEST);
	sgsap_set_imsi(&made, text_of("001010000000012"));
	sgsap_set_name(&made, SGSAP_VLR_NAME, text_of("vlr.example.net"));
	sgsap_set_octet(&made, SGSAP_SERVICE_INDICATOR, SGSAP_SERVICE_SMS);
	sgsap_encode(&made, &w);
	assert_true(writer_ok(&w));
	assert_int_equal(writer_len(&w), n);
	assert_memory_equal(again, octets, n);

	n = from_hex(DOWNLINK);
	assert_int_equal(sgsap_decode(octets, n, &m, NULL), OK);
	assert_int_equal(m.element[SGSAP_NAS_CONTAINER].len, 39);
	w = writer_of(again, sizeof(again));
	sgsap_encode(&m, &w);
	assert_int_equal(writer_len(&w), n);
	assert_memory_equal(again, octets, n);
}

#define MME "mmec01.mmegi0001.mme.epc.mnc001.mcc001.3gppnetwork.org"

/* Sets everything that any message needs. */
static void fill(struct sgsap *m, uint8_t type)
{
	sgsap_init(m, type);
	sgsap_set_imsi(m, text_of("00101123456789"));
	sgsap_set_name(m, SGSAP_VLR_NAME, text_of("vlr.example.net"));
	sgsap_set_name(m, SGSAP_MME_NAME, text_of(MME));
	sgsap_set_octet(m, SGSAP_SERVICE_INDICATOR, SGSAP_SERVICE_SMS);
	sgsap_set_octet(m, SGSAP_CAUSE, SGSAP_CAUSE_UNREACHABLE);
	sgsap_set_octet(m, SGSAP_REJECT_CAUSE, 2);
	sgsap_set_octet(m, SGSAP_EPS_UPDATE_TYPE, SGSAP_UPDATE_ATTACH);
	sgsap_set_octet(m, SGSAP_EPS_DETACH_TYPE, 1);
	sgsap_set_octet(m, SGSAP_NON_EPS_DETACH_TYPE, 1);
	sgsap_set(m, SGSAP_LAI, text_of("\x01\x02\x03\x04\x05"));
	sgsap_set(m, SGSAP_NAS_CONTAINER, text_of("\x09\x04"));
	sgsap_set(m, SGSAP_MM_INFORMATION, text_of("info"));
}

static void test_every_message(void **state)
{
	unsigned known = 0;

	(void)state;
	for (unsigned type = 0; type < 256; type++) {
		uint8_t room[SGSAP_MAX];
		struct writer w = writer_of(room, sizeof(room));
		struct sgsap m, back;
		char imsi[SGSAP_IMSI_MAX + 1];

		fill(&m, (uint8_t)type);
		sgsap_encode(&m, &w);
		assert_int_equal(writer_ok(&w), sgsap_type_name((uint8_t)type) != NULL);
		if (!writer_ok(&w)) {
			assert_int_equal(sgsap_type_side((uint8_t)type), 0);
			continue;
		}
		known++;
		assert_int_not_equal(sgsap_type_side((uint8_t)type), 0);
		assert_int_equal(sgsap_decode(room, writer_len(&w), &back, NULL), OK);
		for (unsigned e = 0; e < SGSAP_ELEMENTS; e++)
			assert_true(text_equal(back.element[e], m.element[e]));
		assert_true(sgsap_get_imsi(&back, imsi));
		assert_string_equal(imsi, "00101123456789");
		/* Every prefix is refused, but where optional elements end. */
		for (size_t cut = 0; cut < writer_len(&w); cut++) {
			uint8_t *exact = malloc(cut ? cut : 1);
			struct sgsap_error error = { .octet = 999 };

			assert_non_null(exact);
			memcpy(exact, room, cut);
			if (sgsap_decode(exact, cut, &back, &error) != OK) {
				assert_true(error.octet <= cut);
				assert_int_not_equal(error.cause, 0);
			}
			free(exact);
		}
	}
	assert_int_equal(known, 25);
}

static void test_location_update_has_two_areas(void **state)
{
	uint8_t room[SGSAP_MAX];
	struct writer w = writer_of(room, sizeof(room));
	struct sgsap m, back;

	(void)state;
	fill(&m, SGSAP_LOCATION_UPDATE_REQUEST);
	sgsap_set(&m, SGSAP_OLD_LAI, text_of("\x09\x08\x07\x06\x05"));
	sgsap_encode(&m, &w);
	assert_int_equal(sgsap_decode(room, writer_len(&w), &back, NULL), OK);
	assert_memory_equal(back.element[SGSAP_LAI].at, "\x01\x02\x03\x04\x05", 5);
	assert_memory_equal(back.element[SGSAP_OLD_LAI].at, "\x09\x08\x07\x06\x05", 5);
}

static void test_wrong_messages(void **state)
{
	static const struct {
		const char *hex;
		enum result result;
		size_t at;
		uint8_t cause, element;
	} rows[] = {
		{ "", ERR_SHORT, 0, SGSAP_CAUSE_SEMANTICALLY_INCORRECT, 0 },
		{ "05", ERR_UNSUPPORTED, 0, SGSAP_CAUSE_TYPE_UNKNOWN, 0 },
		{ "0d", ERR_MALFORMED, 1, SGSAP_CAUSE_MISSING_ELEMENT, 0x01 },
		{ "0d0108091010", ERR_SHORT, 1, SGSAP_CAUSE_INVALID_ELEMENT, 0x01 },
		{ "0d0103091010", ERR_MALFORMED, 1, SGSAP_CAUSE_INVALID_ELEMENT, 0x01 },
		{ "0d01080a10100000000021", ERR_MALFORMED, 1, SGSAP_CAUSE_INVALID_ELEMENT, 0x01 },
		{ "0d010809101000f0000021", ERR_MALFORMED, 1, SGSAP_CAUSE_INVALID_ELEMENT, 0x01 },
		{ "0d010809101000a0000021", ERR_MALFORMED, 1, SGSAP_CAUSE_INVALID_ELEMENT, 0x01 },
		{ "07010809101000000000211601aa", ERR_MALFORMED, 11, SGSAP_CAUSE_INVALID_ELEMENT, 0x16 },
		{ "0701080910100000000021", ERR_MALFORMED, 11, SGSAP_CAUSE_MISSING_ELEMENT, 0x16 },
		{ "15", ERR_MALFORMED, 1, SGSAP_CAUSE_CONDITIONAL_ELEMENT, 0x02 },
		{ "0d010809101000000000212001", ERR_SHORT, 11, SGSAP_CAUSE_INVALID_ELEMENT, 0x20 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct sgsap_error error = { 0 };
		struct sgsap m;

		size_t n = from_hex(rows[i].hex);
		assert_int_equal(sgsap_decode(octets, n, &m, &error), rows[i].result);
		assert_int_equal(error.octet, rows[i].at);
		assert_int_equal(error.cause, rows[i].cause);
		assert_int_equal(error.element, rows[i].element);
	}
	/* Unknown tags, impossible optional elements and repetitions are passed over. */
	struct sgsap m;
	size_t n = from_hex("0d0108091010000000002177020102"
			    "2000"
			    "01080910100000000099");
	assert_int_equal(sgsap_decode(octets, n, &m, NULL), OK);
	char imsi[SGSAP_IMSI_MAX + 1];
	assert_true(sgsap_get_imsi(&m, imsi));
	assert_string_equal(imsi, "001010000000012");
	assert_false(sgsap_has(&m, SGSAP_SERVICE_INDICATOR));
}

static void test_names(void **state)
{
	char name[SGSAP_NAME_MAX + 1];
	struct sgsap m;
	static const char *const wrong[] = { "", ".", "a..b", ".a",
					     "0123456789012345678901234567890123456789012345678901234567890123456789" };

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		sgsap_init(&m, SGSAP_RESET_ACK);
		sgsap_set_name(&m, SGSAP_VLR_NAME, text_of(wrong[i]));
		assert_false(sgsap_has(&m, SGSAP_VLR_NAME));
	}
	static const struct {
		const char *octets;
		size_t len;
		const char *name;
	} rows[] = {
		{ "\x03vlr\x00", 5, "vlr" },
		{ "\x03vlr", 4, "vlr" },
		{ "\x04vlr", 4, NULL },
		{ "\x00", 1, NULL },
		{ "\x03v\0r", 4, NULL },
		{ "\x01"
		  "a\x00\x01"
		  "b",
		  5, NULL },
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		sgsap_init(&m, SGSAP_RESET_ACK);
		sgsap_set(&m, SGSAP_VLR_NAME, text_range(rows[i].octets, rows[i].len));
		assert_int_equal(sgsap_get_name(&m, SGSAP_VLR_NAME, name), rows[i].name != NULL);
		if (rows[i].name)
			assert_string_equal(name, rows[i].name);
	}
	assert_string_equal(sgsap_cause_name(6), "UE unreachable");
	assert_string_equal(sgsap_cause_name(0), "reserved");
	assert_string_equal(sgsap_cause_name(200), "reserved");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_golden),
		cmocka_unit_test(test_every_message),
		cmocka_unit_test(test_location_update_has_two_areas),
		cmocka_unit_test(test_wrong_messages),
		cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
