/* SPDX-License-Identifier: GPL-3.0-or-later */
/* IPA frames, identities and GSUP messages: the octets that osmo-hlr forwards, each message, wrong ones. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>

#include "core/base/hex.h"
#include "sms/gsup.h"
#include "sms/ipa.h"

static uint8_t octets[300];

static size_t from_hex(const char *hex)
{
	struct writer w = writer_of(octets, sizeof(octets));

	assert_int_equal(hex_take(text_of(hex), &w), OK);
	return writer_len(&w);
}

/* MT-forwardSM to MSC-b, a frame that osmo-hlr 1.5.0 forwards. */
#define MT_FRAME \
	"0059ee05" \
	"280108000101000000" \
	"10f2400107410901000101000000" \
	"10f2420803919471071600004318" \
	"040b919471325476f800006211523214054005c8329bfd06" \
	"0a0102600e534d53432d63656c6c706f73740061064d53432d6200"

static void test_golden_frame(void **state)
{
	size_t n = from_hex(MT_FRAME), used = 0;
	struct ipa_frame frame;
	struct gsup g;
	uint8_t again[300];
	struct writer w = writer_of(again, sizeof(again));

	(void)state;
	assert_int_equal(ipa_parse(octets, n, &frame, &used), OK);
	assert_int_equal(used, n);
	assert_int_equal(frame.protocol, IPA_OSMO);
	assert_int_equal(frame.kind, IPA_GSUP);
	assert_int_equal(gsup_decode(frame.payload.at, frame.payload.len, &g, NULL), OK);
	assert_int_equal(g.type, GSUP_MT_FORWARD);
	assert_string_equal(g.imsi, "001010000000012");
	assert_int_equal(g.reference, 7);
	assert_int_equal(g.destination.kind, GSUP_ADDRESS_IMSI);
	assert_string_equal(g.destination.address.text, "001010000000012");
	assert_int_equal(g.originator.kind, GSUP_ADDRESS_CENTRE);
	assert_string_equal(g.originator.address.text, "491770610000");
	assert_int_equal(g.tpdu.len, 24);
	assert_int_equal(g.class_of, GSUP_CLASS_SMS);
	assert_true(text_is(g.source, "SMSC-cellpost"));
	assert_true(text_is(g.destination_name, "MSC-b"));
	gsup_put_frame(&g, &w);
	assert_true(writer_ok(&w));
	assert_int_equal(writer_len(&w), n);
	assert_memory_equal(again, octets, n);
}

static void test_frames_arrive_in_pieces(void **state)
{
	size_t n = from_hex(MT_FRAME), used = 0;
	struct ipa_frame frame;

	(void)state;
	for (size_t cut = 0; cut < n; cut++) {
		uint8_t *exact = malloc(cut ? cut : 1);

		assert_non_null(exact);
		memcpy(exact, octets, cut);
		assert_int_equal(ipa_parse(exact, cut, &frame, &used), ERR_SHORT);
		free(exact);
	}
	assert_int_equal(used, 0);
	assert_int_equal(ipa_parse("\x10\x01\xee", 3, &frame, &used), ERR_TOO_BIG);
	assert_int_equal(ipa_parse("\0\0\xfe", 3, &frame, &used), ERR_MALFORMED);
	assert_int_equal(ipa_parse("\0\x01\xfe\0\0", 5, &frame, &used), OK);
	assert_int_equal(used, 4);
	assert_int_equal(frame.kind, IPA_PING);
}

static void test_identity(void **state)
{
	struct ipa_identity identity = { .name = text_of("SMSC-cellpost"),
					 .serial = text_of("SMSC-cellpost"),
					 .unit = text_of("0/0/0") },
			    back;
	uint8_t room[128];
	struct writer w = writer_of(room, sizeof(room));
	struct ipa_frame frame;
	size_t used, bad = 99;

	(void)state;
	ipa_put_identity_request(&w);
	assert_int_equal(from_hex("0011fe040108010701020103010401050101"
				  "0100"),
			 writer_len(&w));
	assert_memory_equal(room, octets, writer_len(&w));
	w = writer_of(room, sizeof(room));
	ipa_put_identity(&w, &identity);
	assert_int_equal(ipa_parse(room, writer_len(&w), &frame, &used), OK);
	assert_int_equal(frame.kind, IPA_ID_RESPONSE);
	assert_int_equal(ipa_take_identity(frame.payload, &back, NULL), OK);
	assert_true(text_equal(back.name, identity.name));
	assert_true(text_equal(back.serial, identity.serial));
	assert_true(text_equal(back.unit, identity.unit));
	for (size_t cut = 1; cut < frame.payload.len; cut++) {
		enum result result = ipa_take_identity(text_range(frame.payload.at, cut), &back, &bad);
		/* Between two elements a shorter one is whole. */
		assert_true(result == ERR_SHORT || cut == 9 || cut == 9 + 17);
	}
	assert_int_equal(ipa_take_identity(text_range("\0\0", 2), &back, &bad), ERR_MALFORMED);
	assert_int_equal(bad, 0);
	w = writer_of(room, sizeof(room));
	ipa_put_ccm(&w, IPA_ID_ACK);
	assert_memory_equal(room, "\x00\x01\xfe\x06", 4);
}

/* Each message of section 6, encoded and read again. */
static void test_messages(void **state)
{
	static const struct gsup rows[] = {
		{ .type = GSUP_MO_FORWARD,
		  .imsi = "001010000000012",
		  .has_reference = true,
		  .reference = 1,
		  .destination = { GSUP_ADDRESS_CENTRE, { 1, 1, 4, "1234" } },
		  .originator = { GSUP_ADDRESS_MSISDN, { 1, 1, 5, "12345" } },
		  .has_tpdu = true,
		  .tpdu = { "abc", 3 } },
		{ .type = GSUP_RESULT(GSUP_MO_FORWARD), .imsi = "00101", .has_reference = true, .reference = 1 },
		{ .type = GSUP_ERROR(GSUP_MO_FORWARD),
		  .imsi = "00101",
		  .has_reference = true,
		  .has_rp_cause = true,
		  .rp_cause = 21 },
		{ .type = GSUP_ERROR(GSUP_MT_FORWARD), .imsi = "00101", .has_cause = true, .cause = 2 },
		{ .type = GSUP_MT_FORWARD,
		  .imsi = "00101",
		  .originator = { .kind = GSUP_ADDRESS_NULL },
		  .has_more = true,
		  .more = true },
		{ .type = GSUP_READY_FOR_SM, .imsi = "00101", .has_alert = true, .alert = GSUP_ALERT_MEMORY },
		{ .type = GSUP_UPDATE_LOCATION, .imsi = "00101", .msisdn = { "\x91\x21", 2 } },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct gsup *g = &rows[i];
		uint8_t room[200];
		struct writer w = writer_of(room, sizeof(room));
		struct gsup back;

		gsup_encode(g, &w);
		assert_true(writer_ok(&w));
		assert_int_equal(gsup_decode(room, writer_len(&w), &back, NULL), OK);
		assert_string_equal(back.imsi, g->imsi);
		assert_int_equal(back.has_cause, g->has_cause);
		assert_int_equal(back.cause, g->cause);
		assert_int_equal(back.has_rp_cause, g->has_rp_cause);
		assert_int_equal(back.rp_cause, g->rp_cause);
		assert_int_equal(back.has_reference, g->has_reference);
		assert_int_equal(back.more, g->more);
		assert_int_equal(back.alert, g->alert);
		assert_int_equal(back.destination.kind, g->destination.kind);
		assert_true(sms_address_equal(&back.destination.address, &g->destination.address));
		assert_int_equal(back.originator.kind, g->originator.kind);
		assert_true(sms_address_equal(&back.originator.address, &g->originator.address));
		assert_true(text_equal(back.tpdu, g->tpdu));
		assert_true(text_equal(back.msisdn, g->msisdn));
	}
	assert_string_equal(gsup_type_name(GSUP_RESULT(GSUP_MT_FORWARD)), "MT-forwardSM result");
	assert_string_equal(gsup_type_name(0x4e), "routing error");
	assert_string_equal(gsup_type_name(0xff), "other");
	assert_string_equal(gsup_cause_name(0x0a), "implicitly detached");
}

static void test_wrong_messages(void **state)
{
	static const struct {
		const char *hex;
		enum result result;
		size_t at;
	} rows[] = {
		{ "", ERR_SHORT, 0 },
		{ "28", ERR_SHORT, 1 },
		{ "28400107", ERR_MALFORMED, 1 },
		{ "280108000101", ERR_SHORT, 1 },
		{ "280100", ERR_MALFORMED, 1 },
		{ "280103f01010", ERR_MALFORMED, 1 },
		{ "2801090123456789012345f1", ERR_TOO_BIG, 1 },
		{ "280103001010"
		  "4000",
		  ERR_MALFORMED, 6 },
		{ "280103001010"
		  "4101",
		  ERR_SHORT, 6 },
		{ "280103001010"
		  "410109",
		  ERR_MALFORMED, 6 },
		{ "280103001010"
		  "410102",
		  ERR_SHORT, 6 },
		{ "280103001010"
		  "420f02912143658709214365870921436587",
		  ERR_TOO_BIG, 6 },
		{ "280103001010"
		  "43",
		  ERR_SHORT, 6 },
		{ "280103001010"
		  "600441004200",
		  ERR_MALFORMED, 6 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		size_t n = from_hex(rows[i].hex), at = 99;
		struct gsup g;

		assert_int_equal(gsup_decode(octets, n, &g, &at), rows[i].result);
		assert_int_equal(at, rows[i].at);
	}
	/* What is not known is skipped, a routing error may come without an IMSI. */
	struct gsup g;
	size_t n = from_hex("280103001010"
			    "550101"
			    "400105");
	assert_int_equal(gsup_decode(octets, n, &g, NULL), OK);
	assert_int_equal(g.reference, 5);
	n = from_hex("4e6106"
		     "4d53432d6200");
	assert_int_equal(gsup_decode(octets, n, &g, NULL), OK);
	assert_true(text_is(g.destination_name, "MSC-b"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_golden_frame),   cmocka_unit_test(test_frames_arrive_in_pieces),
		cmocka_unit_test(test_identity),       cmocka_unit_test(test_messages),
		cmocka_unit_test(test_wrong_messages),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
