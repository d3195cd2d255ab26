/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SMPP PDUs against octets written by hand from the specification: vectors, wrong octets, prefixes, trickled bytes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>

#include "core/base/hex.h"
#include "sms/smpp_pdu.h"
#include "sms/smpp_status.h"

#define SUBMIT_BODY \
	"00 05 00 63656c6c706f737400 01 01 3439313732333435363738 00 00 00 01 00 00 01 00 00 00 05 48656c6c6f"
/* command_length is put in by from_hex() where it is written as LLLLLLLL. */
static const char *const vectors[] = {
	"LLLLLLLL 00000001 00000000 00000001 736d70703300 7061737300 5355424d49543100 34 01 01 00",
	"LLLLLLLL 00000002 00000000 00000002 736d70703300 00 00 33 00 00 3439313700",
	"LLLLLLLL 00000009 00000000 7fffffff 6100 6200 6300 50 05 00 00",
	"LLLLLLLL 80000009 00000000 00000001 534d534300 0210000134",
	"LLLLLLLL 80000001 00000000 00000001 00",
	"LLLLLLLL 80000002 0000000e 00000001",
	"LLLLLLLL 0000000b 00000000 00000001 6100 6200",
	"LLLLLLLL 00000006 00000000 00000005",
	"LLLLLLLL 80000006 00000000 00000005",
	"LLLLLLLL 00000015 00000000 00000005",
	"LLLLLLLL 80000015 00000000 00000005",
	"LLLLLLLL 80000000 00000003 00000009",
	"LLLLLLLL 00000004 00000000 00000003" SUBMIT_BODY,
	"LLLLLLLL 00000004 00000000 00000003" SUBMIT_BODY "0204 0002 0102 1400 0000 020a 0002 0b84",
	"LLLLLLLL 80000004 00000000 00000003 3132333400",
	"LLLLLLLL 80000004 00000058 00000003",
	"LLLLLLLL 00000005 00000000 00000004 434d5400 01 01 343900 06 09 313233 00 04 00 00 00 00 "
	"00 00 03 00 02 c4d6",
	"LLLLLLLL 80000005 00000000 00000004 00",
	"LLLLLLLL 00000103 00000000 00000004 00 01 01 343900 01 01 353000 40 01 08 0424 0004 00410042",
	"LLLLLLLL 80000103 00000000 00000004 3900 0425 0001 02",
	"LLLLLLLL 00000021 00000000 00000004 00 00 00 3100 02 01 01 01 343900 02 6c69737400 00 00 "
	"00 00 3030303030313030303030303030305200 00 00 00 00 01 41",
	"LLLLLLLL 80000021 00000000 00000004 3700 01 01 01 343900 0000000b",
	"LLLLLLLL 00000003 00000000 00000004 61626300 01 01 343900",
	"LLLLLLLL 80000003 00000000 00000004 61626300 3236313132343132303030303030302b00 02 00",
	"LLLLLLLL 00000007 00000000 00000004 61626300 01 01 343900 00 00 01 00 02 4142",
	"LLLLLLLL 80000007 00000000 00000004",
	"LLLLLLLL 00000008 00000000 00000004 00 61626300 01 01 343900 01 01 353000",
	"LLLLLLLL 80000008 00000000 00000004",
	"LLLLLLLL 00000102 00000000 00000004 01 01 343900 01 01 353000 0422 0001 00",
	"LLLLLLLL 00000111 00000000 00000004 00 0102",
	"LLLLLLLL 80000112 00000000 00000004 3100 0427 0001 02",
};
#define VECTORS (sizeof(vectors) / sizeof(vectors[0]))

static uint8_t octets[600];

static size_t from_hex(const char *hex)
{
	struct writer w = writer_of(octets, sizeof(octets));
	bool length = hex[0] == 'L';

	if (length)
		writer_u32(&w, 0);
	for (hex += length ? 8 : 0; *hex; hex++) {
		if (*hex == ' ')
			continue;
		assert_int_equal(hex_take(text_range(hex, 2), &w), OK);
		hex++;
	}
	if (length)
		smpp_end(&w, 0);
	return writer_len(&w);
}

/* Every vector decodes, and encodes to itself. */
static void every_vector_comes_back(void **state)
{
	(void)state;
	for (size_t i = 0; i < VECTORS; i++) {
		size_t n = from_hex(vectors[i]);
		uint8_t again[600];
		struct writer w = writer_of(again, sizeof(again));
		struct smpp_pdu pdu;
		uint32_t status = 1;

		assert_int_equal(smpp_pdu_decode(octets, n, &pdu, &status), OK);
		assert_int_equal(status, SMPP_ROK);
		smpp_pdu_encode(&pdu, &w);
		assert_true(writer_ok(&w));
		assert_int_equal(writer_len(&w), n);
		assert_memory_equal(again, octets, n);
		assert_true(smpp_command_known(pdu.id));
		assert_string_not_equal(smpp_command_name(pdu.id), "unknown");
	}
}

/* No prefix decodes, whatever its length field says, and none is read beyond. */
static void no_prefix_decodes(void **state)
{
	(void)state;
	for (size_t i = 0; i < VECTORS; i++) {
		size_t n = from_hex(vectors[i]);

		for (size_t cut = 0; cut < n; cut++) {
			uint8_t *exact = malloc(cut ? cut : 1);
			struct smpp_pdu pdu;
			uint32_t status;
			struct text one;

			assert_non_null(exact);
			memcpy(exact, octets, cut);
			assert_int_equal(smpp_pdu_decode(exact, cut, &pdu, &status), ERR_SHORT);
			assert_int_equal(smpp_frame_next(exact, cut, SMPP_PDU_MAX, &one, &status), SMPP_FRAME_MORE);
			if (cut >= SMPP_HEADER_SIZE) {
				/* The same with a length that fits: a whole PDU, but broken or a shorter one. */
				struct writer w = writer_of(exact, 4);
				writer_u32(&w, (uint32_t)cut);
				if (smpp_pdu_decode(exact, cut, &pdu, &status) != OK)
					assert_int_not_equal(status, SMPP_ROK);
			}
			free(exact);
		}
	}
}

static void fields_of_submit_sm(void **state)
{
	struct smpp_pdu pdu;
	struct text value;
	uint16_t v16 = 0;
	uint8_t v8 = 0;

	(void)state;
	assert_int_equal(smpp_pdu_decode(octets, from_hex(vectors[13]), &pdu, NULL), OK);
	assert_int_equal(pdu.id, SMPP_SUBMIT_SM);
	assert_int_equal(pdu.sequence, 3);
	assert_int_equal(pdu.u.sm.source.ton, SMPP_TON_ALPHANUMERIC);
	assert_true(text_is(pdu.u.sm.source.at, "cellpost"));
	assert_true(text_is(pdu.u.sm.destination.at, "49172345678"));
	assert_int_equal(pdu.u.sm.priority, 1);
	assert_int_equal(pdu.u.sm.registered_delivery, 1);
	assert_true(text_is(pdu.u.sm.octets, "Hello"));
	assert_true(smpp_tlv_u16(pdu.tlvs, SMPP_TLV_USER_MESSAGE_REFERENCE, &v16));
	assert_int_equal(v16, 0x102);
	assert_true(smpp_tlv_find(pdu.tlvs, 0x1400, &value) && !value.len);
	assert_false(smpp_tlv_find(pdu.tlvs, 0x1401, &value));
	assert_false(smpp_tlv_u8(pdu.tlvs, SMPP_TLV_DESTINATION_PORT, &v8));
	assert_string_equal(smpp_tlv_name(0x1203), "sms_signal");
	assert_null(smpp_tlv_name(0x1400));
}

static void destinations_are_read_in_order(void **state)
{
	struct smpp_pdu pdu;
	struct smpp_multi_destination one;
	struct smpp_multi_failure failure;

	(void)state;
	assert_int_equal(smpp_pdu_decode(octets, from_hex(vectors[20]), &pdu, NULL), OK);
	assert_int_equal(pdu.u.multi.count, 2);
	struct reader r = reader_of(pdu.u.multi.entries.at, pdu.u.multi.entries.len);
	assert_true(smpp_multi_next(&r, &one) && !one.is_list && text_is(one.address.at, "49"));
	assert_true(smpp_multi_next(&r, &one) && one.is_list && text_is(one.address.at, "list"));
	assert_false(smpp_multi_next(&r, &one));
	assert_true(text_is(pdu.u.multi.sm.validity, "000001000000000R"));
	assert_int_equal(smpp_pdu_decode(octets, from_hex(vectors[21]), &pdu, NULL), OK);
	r = reader_of(pdu.u.multi_resp.entries.at, pdu.u.multi_resp.entries.len);
	assert_true(smpp_multi_resp_next(&r, &failure) && failure.status == SMPP_RINVDSTADR);
	assert_false(smpp_multi_resp_next(&r, &failure));
}

static const struct {
	const char *hex;
	enum result result;
	uint32_t status;
} bad[] = {
	{ "LLLLLLLL 00000010 00000000 00000001", ERR_UNSUPPORTED, SMPP_RINVCMDID },
	{ "LLLLLLLL 8000000b 00000000 00000001", ERR_UNSUPPORTED, SMPP_RINVCMDID },
	{ "LLLLLLLL 80000102 00000000 00000001", ERR_UNSUPPORTED, SMPP_RINVCMDID },
	/* system_id of 16 characters, password of 9, system_type of 13 */
	{ "LLLLLLLL 00000009 00000000 00000001 30303030303030303030303030303030 00 00 00 34 000000", ERR_MALFORMED,
	  SMPP_RINVSYSID },
	{ "LLLLLLLL 00000009 00000000 00000001 00 303030303030303030 00 00 34 000000", ERR_MALFORMED, SMPP_RINVPASWD },
	{ "LLLLLLLL 00000009 00000000 00000001 00 00 30303030303030303030303030 00 34 000000", ERR_MALFORMED,
	  SMPP_RINVSYSTYP },
	/* service_type of 6 */
	{ "LLLLLLLL 00000004 00000000 00000001 30303030303000 0000000000", ERR_MALFORMED, SMPP_RINVSERTYP },
	/* source, then destination, of 21 */
	{ "LLLLLLLL 00000004 00000000 00000001 00 0101 303132333435363738393031323334353637383930 00", ERR_MALFORMED,
	  SMPP_RINVSRCADR },
	{ "LLLLLLLL 00000004 00000000 00000001 00 0101 00 0101 "
	  "303132333435363738393031323334353637383930 00",
	  ERR_MALFORMED, SMPP_RINVDSTADR },
	/* schedule, validity of 17 */
	{ "LLLLLLLL 00000004 00000000 00000001 00 010100 010100 000000 "
	  "3030303030303030303030303030303030 00",
	  ERR_MALFORMED, SMPP_RINVSCHED },
	{ "LLLLLLLL 00000004 00000000 00000001 00 010100 010100 000000 00 "
	  "3030303030303030303030303030303030 00",
	  ERR_MALFORMED, SMPP_RINVEXPIRY },
	/* sm_length beyond the PDU */
	{ "LLLLLLLL 00000004 00000000 00000001 00 010100 010100 000000 0000 00000000 05 41", ERR_MALFORMED,
	  SMPP_RINVMSGLEN },
	/* ends in a field */
	{ "LLLLLLLL 00000004 00000000 00000001 00 01", ERR_MALFORMED, SMPP_RINVCMDLEN },
	{ "LLLLLLLL 00000003 00000000 00000001 3132", ERR_MALFORMED, SMPP_RINVCMDLEN },
	/* one, two, three octets left over; a TLV longer than the PDU */
	{ "LLLLLLLL 00000015 00000000 00000001 00", ERR_MALFORMED, SMPP_RINVTLVSTREAM },
	{ "LLLLLLLL 00000004 00000000 00000001" SUBMIT_BODY "0424", ERR_MALFORMED, SMPP_RINVTLVSTREAM },
	{ "LLLLLLLL 00000004 00000000 00000001" SUBMIT_BODY "042400", ERR_MALFORMED, SMPP_RINVTLVSTREAM },
	{ "LLLLLLLL 00000004 00000000 00000001" SUBMIT_BODY "0424000141 0424000241", ERR_MALFORMED,
	  SMPP_RINVTLVSTREAM },
	/* submit_multi: none, a flag of 3, a list name too long */
	{ "LLLLLLLL 00000021 00000000 00000001 00 000000 00 00", ERR_MALFORMED, SMPP_RINVNUMDESTS },
	{ "LLLLLLLL 00000021 00000000 00000001 00 000000 01 03 00", ERR_MALFORMED, SMPP_RINVDESTFLAG },
	{ "LLLLLLLL 00000021 00000000 00000001 00 000000 01 02 "
	  "303132333435363738393031323334353637383930 00",
	  ERR_MALFORMED, SMPP_RINVDLNAME },
	{ "LLLLLLLL 80000004 00000000 00000001 3132", ERR_MALFORMED, SMPP_RINVCMDLEN },
	/* length fields */
	{ "00000011 00000015 00000000 00000001", ERR_SHORT, SMPP_RINVCMDLEN },
	{ "0000000f 00000015 00000000 00000001", ERR_MALFORMED, SMPP_RINVCMDLEN },
};

static void what_is_wrong_is_said(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		size_t n = from_hex(bad[i].hex);
		struct smpp_pdu pdu;
		uint32_t status;

		assert_int_equal(smpp_pdu_decode(octets, n, &pdu, &status), bad[i].result);
		assert_int_equal(status, bad[i].status);
		assert_int_equal(pdu.sequence, 1);
	}
}

/* Peers: error answers with junk behind them, answers without a body. */
static void what_peers_send_is_taken(void **state)
{
	struct smpp_pdu pdu;

	(void)state;
	assert_int_equal(smpp_pdu_decode(octets, from_hex("LLLLLLLL80000004 00000008 00000001 ffff"), &pdu, NULL), OK);
	assert_int_equal(pdu.u.message_id.len, 0);
	assert_int_equal(smpp_pdu_decode(octets, from_hex("LLLLLLLL80000005 00000000 00000001"), &pdu, NULL), OK);
	assert_int_equal(smpp_pdu_decode(octets, from_hex("LLLLLLLL80000009 00000000 00000001"), &pdu, NULL), OK);
	/* FE of data_sm says why in TLVs */
	uint8_t reason = 0;
	assert_int_equal(
		smpp_pdu_decode(octets, from_hex("LLLLLLLL80000103 000000fe 00000001 00 0425 0001 01"), &pdu, NULL),
		OK);
	assert_true(smpp_tlv_u8(pdu.tlvs, SMPP_TLV_DELIVERY_FAILURE_REASON, &reason) && reason == 1);
	/* 255 octets, as 5.0 allows */
	struct smpp_sm sm = { .octets = text_range((const char *)octets, 255) };
	uint8_t room[400];
	struct writer w = writer_of(room, sizeof(room));
	size_t mark = smpp_begin(&w, SMPP_DELIVER_SM, 0, 1);
	smpp_put_sm(&w, &sm);
	smpp_end(&w, mark);
	assert_true(writer_ok(&w));
	assert_int_equal(smpp_pdu_decode(room, writer_len(&w), &pdu, NULL), OK);
	assert_int_equal(pdu.u.sm.octets.len, 255);
}

/* Every vector one after the other, the octets coming one by one: the same PDUs in the same order. */
static void trickled_octets_make_the_same_frames(void **state)
{
	static uint8_t all[4096];
	struct writer w = writer_of(all, sizeof(all));
	size_t start = 0, frames = 0;
	struct text pdu;
	uint32_t sequence;

	(void)state;
	for (size_t i = 0; i < VECTORS; i++) {
		size_t n = from_hex(vectors[i]);
		writer_bytes(&w, octets, n);
	}
	for (size_t have = 0; have <= writer_len(&w); have++) {
		if (smpp_frame_next(all + start, have - start, SMPP_PDU_MAX, &pdu, &sequence) != SMPP_FRAME_DONE)
			continue;
		assert_int_equal(pdu.len, from_hex(vectors[frames]));
		assert_memory_equal(pdu.at, octets, pdu.len);
		start += pdu.len;
		frames++;
	}
	assert_int_equal(frames, VECTORS);
}

static void impossible_lengths_are_bad(void **state)
{
	struct text pdu;
	uint32_t sequence;

	(void)state;
	assert_int_equal(smpp_frame_next(octets, from_hex("0000000f"), 100, &pdu, &sequence), SMPP_FRAME_BAD);
	assert_int_equal(sequence, 0);
	assert_int_equal(smpp_frame_next(octets, from_hex("00000065 00000004 00000000 00000007"), 100, &pdu, &sequence),
			 SMPP_FRAME_BAD);
	assert_int_equal(sequence, 7);
	assert_int_equal(smpp_frame_next(octets, from_hex("00000064 00000004 00000000 00000007"), 100, &pdu, &sequence),
			 SMPP_FRAME_MORE);
}

static void what_does_not_fit_is_not_sent(void **state)
{
	uint8_t room[300];
	struct smpp_pdu pdu = { .id = SMPP_BIND_TRANSMITTER };

	(void)state;
	pdu.u.bind.password = TEXT_LITERAL("123456789");
	struct writer w = writer_of(room, sizeof(room));
	smpp_pdu_encode(&pdu, &w);
	assert_false(writer_ok(&w));
	pdu.u.bind.password = text_range("a\0b", 3);
	w = writer_of(room, sizeof(room));
	smpp_pdu_encode(&pdu, &w);
	assert_false(writer_ok(&w));
	pdu.u.bind.password = TEXT_LITERAL("12345678");
	for (size_t n = 0; n < 31; n++) {
		w = writer_of(room, n);
		smpp_pdu_encode(&pdu, &w);
		assert_false(writer_ok(&w));
	}
	w = writer_of(room, 31);
	smpp_pdu_encode(&pdu, &w);
	assert_true(writer_ok(&w));
}

static void tlvs_are_made_checked_and_passed_on(void **state)
{
	uint8_t room[100], passed[100];
	struct writer w = writer_of(room, sizeof(room)), on = writer_of(passed, sizeof(passed));
	static const uint16_t without[] = { SMPP_TLV_MESSAGE_STATE, 0 };
	struct text t;
	uint32_t v32 = 0;
	uint16_t tag = 0;

	(void)state;
	smpp_tlv_put_string(&w, SMPP_TLV_RECEIPTED_MESSAGE_ID, TEXT_LITERAL("abc"));
	smpp_tlv_put_u8(&w, SMPP_TLV_MESSAGE_STATE, 2);
	smpp_tlv_put_u32(&w, SMPP_TLV_QOS_TIME_TO_LIVE, 3600);
	smpp_tlv_put(&w, 0x2001, TEXT_LITERAL("xy"));
	struct text tlvs = text_range((const char *)room, writer_len(&w));
	assert_true(smpp_tlvs_valid(tlvs));
	assert_int_equal(smpp_tlvs_check(tlvs, &tag), 0);
	assert_true(smpp_tlv_string(tlvs, SMPP_TLV_RECEIPTED_MESSAGE_ID, 64, &t) && text_is(t, "abc"));
	assert_false(smpp_tlv_string(tlvs, SMPP_TLV_RECEIPTED_MESSAGE_ID, 2, &t));
	assert_true(smpp_tlv_u32(tlvs, SMPP_TLV_QOS_TIME_TO_LIVE, &v32) && v32 == 3600);
	smpp_tlvs_pass_on(&on, tlvs, without);
	assert_int_equal(writer_len(&on), writer_len(&w) - 5);
	assert_false(smpp_tlv_find(text_range((const char *)passed, writer_len(&on)), SMPP_TLV_MESSAGE_STATE, &t));
	smpp_tlv_put_u8(&w, SMPP_TLV_SAR_MSG_REF_NUM, 2);
	tlvs.len = writer_len(&w);
	assert_int_equal(smpp_tlvs_check(tlvs, &tag), SMPP_RINVTLVLEN);
	assert_int_equal(tag, SMPP_TLV_SAR_MSG_REF_NUM);
	tlvs.len--;
	assert_false(smpp_tlvs_valid(tlvs));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_vector_comes_back),
		cmocka_unit_test(no_prefix_decodes),
		cmocka_unit_test(fields_of_submit_sm),
		cmocka_unit_test(destinations_are_read_in_order),
		cmocka_unit_test(what_is_wrong_is_said),
		cmocka_unit_test(what_peers_send_is_taken),
		cmocka_unit_test(trickled_octets_make_the_same_frames),
		cmocka_unit_test(impossible_lengths_are_bad),
		cmocka_unit_test(what_does_not_fit_is_not_sent),
		cmocka_unit_test(tlvs_are_made_checked_and_passed_on),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
