/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Diameter as bytes: requests octet by octet, answers, bad lengths, every prefix, every octet broken. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "billing/ro_avp.h"
#include "billing/ro_message.h"

static const struct ro_identity us = { .host = TEXT_LITERAL("gw.example"),
				       .realm = TEXT_LITERAL("example"),
				       .address = { 127, 0, 0, 1 },
				       .address_len = 4 };

/* The answer of an OCS that writes 259 in place of 258 and grants time, with an AVP nobody knows. */
static size_t good_answer(uint8_t *room, size_t size, uint32_t result, uint32_t granted)
{
	struct writer w = writer_of(room, size);

	writer_u32(&w, 0);
	writer_u32(&w, 0x40u << 24 | RO_CREDIT_CONTROL);
	writer_u32(&w, RO_APPLICATION);
	writer_u32(&w, 7);
	writer_u32(&w, 9);
	ro_put_text(&w, RO_AVP_SESSION_ID, TEXT_LITERAL("gw.example;1;2;x"));
	ro_put_text(&w, RO_AVP_ORIGIN_HOST, TEXT_LITERAL("ocs.example"));
	ro_put_u32(&w, RO_AVP_ACCT_APPLICATION_ID, RO_APPLICATION);
	ro_put_u32(&w, RO_AVP_CC_REQUEST_TYPE, 1);
	ro_put_u32(&w, RO_AVP_CC_REQUEST_NUMBER, 0);
	ro_put_u32(&w, RO_AVP_RESULT_CODE, result);
	ro_put_avp(&w, (enum ro_avp)99999, RO_3GPP, "abc", 3);
	ro_put_text(&w, RO_AVP_ERROR_MESSAGE, TEXT_LITERAL("none"));
	size_t mscc = ro_avp_begin(&w, RO_AVP_MULTIPLE_SERVICES, RO_MANDATORY);
	size_t gsu = ro_avp_begin(&w, RO_AVP_GRANTED_UNIT, RO_MANDATORY);
	ro_put_u32(&w, RO_AVP_CC_TIME, granted);
	ro_avp_end(&w, gsu);
	ro_put_u32(&w, RO_AVP_RESULT_CODE, result);
	ro_put_u32(&w, RO_AVP_VALIDITY_TIME, 86400);
	size_t final = ro_avp_begin(&w, RO_AVP_FINAL_UNIT_INDICATION, RO_MANDATORY);
	ro_avp_end(&w, final);
	ro_avp_end(&w, mscc);
	size_t bad = ro_avp_begin(&w, RO_AVP_FAILED_AVP, RO_MANDATORY);
	ro_put_u32(&w, RO_AVP_RATING_GROUP, 1);
	ro_avp_end(&w, bad);
	assert_true(writer_ok(&w));
	room[0] = 1;
	ro_avp_fill(&w, 1, writer_len(&w));
	return writer_len(&w);
}

static void an_answer_is_read(void **unused)
{
	uint8_t room[1024];
	size_t n = good_answer(room, sizeof(room), 2001, 600), measured = 0;
	struct ro_message m;

	(void)unused;
	assert_int_equal(ro_measure(room, n, &measured), OK);
	assert_int_equal(measured, n);
	assert_int_equal(ro_decode(&m, room, n), OK);
	assert_int_equal(m.command, RO_CREDIT_CONTROL);
	assert_int_equal(m.ids.hop, 7);
	assert_int_equal(m.ids.end, 9);
	assert_int_equal(m.result, 2001);
	assert_int_equal(m.service_result, 2001);
	assert_int_equal(m.granted, 600);
	assert_int_equal(m.validity_s, 86400);
	assert_int_equal(m.type, 1);
	assert_int_equal(m.failed, RO_AVP_RATING_GROUP);
	assert_true(m.has_grant && m.has_service && m.final_unit && m.serves_credit);
	assert_true(text_is(m.session, "gw.example;1;2;x") && text_is(m.host, "ocs.example"));
	assert_true(text_is(m.error, "none"));
}

static void a_prefix_is_no_message(void **unused)
{
	uint8_t room[1024];
	size_t n = good_answer(room, sizeof(room), 2001, 600), measured = 0;
	struct ro_message m;

	(void)unused;
	for (size_t i = 0; i < n; i++) {
		uint8_t *exact = malloc(i ? i : 1);
		memcpy(exact, room, i);
		assert_int_equal(ro_measure(exact, i, &measured), i < 4 ? ERR_SHORT : OK);
		assert_int_equal(ro_decode(&m, exact, i), ERR_SHORT);
		free(exact);
	}
	room[n] = 0;
	assert_int_equal(ro_decode(&m, room, n + 1), ERR_MALFORMED);
}

static void broken_octets_break_nothing_else(void **unused)
{
	uint8_t room[1024];
	size_t n = good_answer(room, sizeof(room), 2001, 600);
	struct ro_message m;

	(void)unused;
	for (size_t i = 0; i < n; i++) {
		uint8_t was = room[i];
		for (unsigned bit = 0; bit < 8; bit++) {
			room[i] = (uint8_t)(was ^ 1u << bit);
			enum result r = ro_decode(&m, room, n);
			assert_true(r == OK || r == ERR_MALFORMED || r == ERR_SHORT || r == ERR_TOO_BIG);
		}
		room[i] = was;
	}
}

static void bad_lengths_are_named(void **unused)
{
	static const struct {
		uint8_t head[24];
		size_t len;
		enum result result;
	} bad[] = {
		{ { 2, 0, 0, 20 }, 20, ERR_MALFORMED }, /* version */
		{ { 2 }, 1, ERR_MALFORMED },		/* told from its first octet */
		{ { 1, 0, 0, 19 }, 19, ERR_MALFORMED }, /* shorter than its header */
		{ { 1, 0, 0, 22 }, 22, ERR_MALFORMED }, /* no multiple of four */
		{ { 1, 0, 64, 4 }, 20, ERR_TOO_BIG },	/* above the limit */
		{ { 1, 0, 0, 24 }, 24, ERR_MALFORMED }, /* half an AVP's head */
	};
	struct ro_message m;

	(void)unused;
	for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(ro_decode(&m, bad[i].head, bad[i].len), bad[i].result);
}

static enum result decode_avp(const uint8_t *avp, size_t n)
{
	uint8_t room[600] = { 1 };
	struct writer w = writer_of(room, sizeof(room));
	struct ro_message m;

	(void)writer_take(&w, 20);
	room[5] = 0; /* command 272 */
	room[6] = 1;
	room[7] = 16;
	writer_bytes(&w, avp, n);
	ro_avp_fill(&w, 1, writer_len(&w));
	return ro_decode(&m, room, writer_len(&w));
}

static void bad_avps_are_malformed(void **unused)
{
	static const uint8_t too_short[] = { 0, 0, 1, 12, 0x40, 0, 0, 7 }; /* its length covers not its head */
	static const uint8_t vendor_short[] = { 0, 0, 1, 12, 0xc0, 0, 0, 11, 0, 0, 0, 0 };
	static const uint8_t beyond[] = { 0, 0, 1, 12, 0x40, 0, 0, 16, 0, 0, 0, 0 };
	static const uint8_t wide[] = { 0, 0, 1, 12, 0x40, 0, 0, 16, 0, 0, 7, 209, 0, 0, 0, 0 }; /* u32 of 8 octets */
	static const uint8_t narrow[] = { 0, 0, 1, 12, 0x40, 0, 0, 11, 0, 0, 7, 0 };
	static const uint8_t inside[] = { 0, 0, 1, 200, 0x40, 0, 0, 16, 0, 0, 1, 175, 0x40, 0, 0, 9 };
	static const uint8_t good[] = { 0, 0, 1, 12, 0x40, 0, 0, 12, 0, 0, 7, 209 };

	(void)unused;
	assert_int_equal(decode_avp(too_short, sizeof(too_short)), ERR_MALFORMED);
	assert_int_equal(decode_avp(vendor_short, sizeof(vendor_short)), ERR_MALFORMED);
	assert_int_equal(decode_avp(beyond, sizeof(beyond)), ERR_MALFORMED);
	assert_int_equal(decode_avp(wide, sizeof(wide)), ERR_MALFORMED);
	assert_int_equal(decode_avp(narrow, sizeof(narrow)), ERR_MALFORMED);
	assert_int_equal(decode_avp(inside, sizeof(inside)), ERR_MALFORMED);
	assert_int_equal(decode_avp(good, sizeof(good)), OK);
}

static void avps_are_counted(void **unused)
{
	static uint8_t room[RO_MESSAGE_MAX];
	struct ro_message m;

	(void)unused;
	for (unsigned n = RO_AVPS_MAX; n <= RO_AVPS_MAX + 1; n++) {
		struct writer w = writer_of(room, sizeof(room));
		(void)writer_take(&w, 20);
		memset(room, 0, 20);
		room[0] = 1;
		for (unsigned i = 0; i < n; i++)
			ro_put_avp(&w, RO_AVP_PRODUCT_NAME, 0, "", 0);
		ro_avp_fill(&w, 1, writer_len(&w));
		assert_int_equal(ro_decode(&m, room, writer_len(&w)), n > RO_AVPS_MAX ? ERR_MALFORMED : OK);
	}
}

static struct ro_request request(void)
{
	return (struct ro_request){ .type = RO_INITIAL_REQUEST,
				    .ids = { 1, 2 },
				    .session = TEXT_LITERAL("gw.example;1;2;x"),
				    .destination_realm = TEXT_LITERAL("ocs.example"),
				    .context = TEXT_LITERAL("32274@3gpp.org"),
				    .subscriber = TEXT_LITERAL("+819012345678"),
				    .recipient = TEXT_LITERAL("+4915112345678"),
				    .units = 3 };
}

static bool contains(const uint8_t *room, size_t n, const void *what, size_t len)
{
	return memmem(room, n, what, len) != NULL;
}

static void requests_say_what_they_should(void **unused)
{
	uint8_t room[2048];
	struct writer w = writer_of(room, sizeof(room));
	struct ro_request q = request();
	struct ro_message m;
	static const uint8_t specific[] = { 0, 0, 1, 0xa1, 0x40, 0, 0, 16, 0, 0, 0, 0, 0, 0, 0, 3 };
	static const uint8_t e164[] = { 0, 0, 1, 0xbc, 0x40, 0, 0, 20, '8', '1', '9', '0' };
	static const uint8_t service_information[] = { 0, 0, 3, 0x69, 0x80, 0, 0 }; /* V, no M */

	(void)unused;
	ro_put_credit(&w, &us, &q);
	assert_true(writer_ok(&w));
	assert_int_equal(ro_decode(&m, room, writer_len(&w)), OK);
	assert_int_equal(m.flags, RO_FLAG_REQUEST | RO_FLAG_PROXIABLE);
	assert_int_equal(m.type, RO_INITIAL_REQUEST);
	assert_int_equal(m.number, 0);
	assert_true(text_equal(m.session, q.session) && text_equal(m.host, us.host));
	assert_true(contains(room, writer_len(&w), specific, sizeof(specific)));
	assert_true(contains(room, writer_len(&w), e164, sizeof(e164)));
	assert_true(contains(room, writer_len(&w), service_information, sizeof(service_information)));
}

static void a_repeat_differs_in_t_flag_and_hop_alone(void **unused)
{
	uint8_t one[2048], two[2048];
	struct writer w = writer_of(one, sizeof(one)), v = writer_of(two, sizeof(two));
	struct ro_request q = request();

	(void)unused;
	ro_put_credit(&w, &us, &q);
	q.retransmitted = true;
	q.ids.hop = 77;
	ro_put_credit(&v, &us, &q);
	assert_int_equal(writer_len(&w), writer_len(&v));
	assert_int_equal(one[4] | RO_FLAG_RETRANSMITTED, two[4]);
	assert_memory_equal(one + 5, two + 5, 7);
	assert_memory_not_equal(one + 12, two + 12, 4);
	assert_memory_equal(one + 16, two + 16, writer_len(&w) - 16);
}

static void other_contents(void **unused)
{
	uint8_t room[2048];
	struct ro_request q = request();
	static const uint8_t seconds[] = { 0, 0, 1, 0xa4, 0x40, 0, 0, 12, 0, 0, 0, 3 };
	static const uint8_t used[] = { 0, 0, 1, 0xbe, 0x40, 0, 0, 20 };
	static const uint8_t called[] = { 0, 0, 3, 0x40, 0xc0, 0, 0, 30, 0, 0, 0x28, 0xaf, 't', 'e', 'l', ':', '+' };

	(void)unused;
	q.type = RO_TERMINATION_REQUEST;
	q.number = 1;
	q.unit = RO_UNIT_TIME;
	q.content = RO_CONTENT_IMS;
	q.mandatory = true;
	struct writer w = writer_of(room, sizeof(room));
	ro_put_credit(&w, &us, &q);
	assert_true(contains(room, writer_len(&w), seconds, sizeof(seconds)));
	assert_true(contains(room, writer_len(&w), used, sizeof(used)));
	assert_true(contains(room, writer_len(&w), called, sizeof(called)));
	q.content = RO_CONTENT_NONE;
	w = writer_of(room, sizeof(room));
	ro_put_credit(&w, &us, &q);
	assert_false(contains(room, writer_len(&w), called, sizeof(called)));
}

static void what_does_not_fit_is_not_written(void **unused)
{
	uint8_t room[1024], whole[1024];
	struct ro_request q = request();
	struct writer all = writer_of(whole, sizeof(whole));

	(void)unused;
	ro_put_credit(&all, &us, &q);
	for (size_t n = 0; n < writer_len(&all); n++) {
		struct writer w = writer_of(room, n);
		ro_put_credit(&w, &us, &q);
		assert_false(writer_ok(&w));
	}
}

static void base_messages(void **unused)
{
	uint8_t room[512];
	struct ro_message m;
	struct writer w = writer_of(room, sizeof(room));

	(void)unused;
	ro_put_capabilities(&w, &us, (struct ro_ids){ 3, 4 });
	assert_int_equal(ro_decode(&m, room, writer_len(&w)), OK);
	assert_true(m.command == RO_CAPABILITIES && m.serves_credit && text_is(m.realm, "example"));
	w = writer_of(room, sizeof(room));
	ro_put_watchdog(&w, &us, (struct ro_ids){ 5, 6 });
	assert_int_equal(ro_decode(&m, room, writer_len(&w)), OK);
	assert_true(m.command == RO_WATCHDOG && m.flags == RO_FLAG_REQUEST && m.ids.hop == 5);
	uint8_t answer[512];
	struct writer a = writer_of(answer, sizeof(answer));
	ro_put_answer(&a, &us, &m, 2001);
	assert_int_equal(ro_decode(&m, answer, writer_len(&a)), OK);
	assert_true(m.command == RO_WATCHDOG && !m.flags && m.ids.end == 6 && m.result == 2001);
	w = writer_of(room, sizeof(room));
	ro_put_disconnect(&w, &us, (struct ro_ids){ 7, 8 });
	assert_int_equal(ro_decode(&m, room, writer_len(&w)), OK);
	assert_int_equal(m.command, RO_DISCONNECT);
	a = writer_of(answer, sizeof(answer));
	ro_put_answer(&a, &us, &m, 3001);
	assert_int_equal(ro_decode(&m, answer, writer_len(&a)), OK);
	assert_int_equal(m.flags, RO_FLAG_ERROR);
	assert_string_equal(ro_result_name(4012), "DIAMETER_CREDIT_LIMIT_REACHED");
	assert_string_equal(ro_result_name(1), "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_answer_is_read),
		cmocka_unit_test(a_prefix_is_no_message),
		cmocka_unit_test(broken_octets_break_nothing_else),
		cmocka_unit_test(bad_lengths_are_named),
		cmocka_unit_test(bad_avps_are_malformed),
		cmocka_unit_test(avps_are_counted),
		cmocka_unit_test(requests_say_what_they_should),
		cmocka_unit_test(a_repeat_differs_in_t_flag_and_hop_alone),
		cmocka_unit_test(other_contents),
		cmocka_unit_test(what_does_not_fit_is_not_written),
		cmocka_unit_test(base_messages),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
