/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What SMPP's fields mean: statuses, states, times, receipts, forms of ids; and the bucket. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>

#include "core/base/clock.h"
#include "sms/smpp_bucket.h"
#include "sms/smpp_receipt.h"
#include "sms/smpp_status.h"
#include "sms/smpp_time.h"

static void the_status_table_is_in_order_and_named(void **state)
{
	size_t count;
	const struct smpp_status_info *list = smpp_status_list(&count);

	(void)state;
	for (size_t i = 0; i < count; i++) {
		assert_true(!i || list[i - 1].status < list[i].status);
		assert_ptr_equal(smpp_status_find(list[i].status), &list[i]);
		assert_true(list[i].action < SMPP_ACTIONS);
		assert_memory_equal(list[i].name, "ESME_R", 6);
	}
	for (unsigned a = 0; a < SMPP_ACTIONS; a++)
		assert_string_not_equal(smpp_action_name((enum smpp_action)a), "unknown");
	assert_null(smpp_status_find(0x10));
	assert_string_equal(smpp_status_name(0x58), "ESME_RTHROTTLED");
	assert_string_equal(smpp_status_name(0x400), "vendor");
	assert_string_equal(smpp_status_name(0xffffffff), "reserved");
}

static void a_status_says_what_to_do(void **state)
{
	static const struct smpp_status_rule rules[] = { { 0x400, 0x40f, SMPP_DO_RETRY },
							 { 0x45, 0x45, SMPP_DO_REFUSE } };

	(void)state;
	assert_int_equal(smpp_status_action(0, NULL, 0), SMPP_DO_KEEP);
	assert_int_equal(smpp_status_action(0x14, NULL, 0), SMPP_DO_THROTTLE);
	assert_int_equal(smpp_status_action(0x0b, NULL, 0), SMPP_DO_REFUSE_LINK);
	assert_int_equal(smpp_status_action(0x45, NULL, 0), SMPP_DO_RETRY);
	assert_int_equal(smpp_status_action(0x45, rules, 2), SMPP_DO_REFUSE);
	assert_int_equal(smpp_status_action(0x400, NULL, 0), SMPP_DO_REFUSE);
	assert_int_equal(smpp_status_action(0x40f, rules, 2), SMPP_DO_RETRY);
	assert_int_equal(smpp_status_action(0x410, rules, 2), SMPP_DO_REFUSE);
}

/* A final refusal of ours is one that clients do not try again, a temporary one is one that they do. */
static void a_result_becomes_a_status(void **state)
{
	(void)state;
	for (unsigned r = 0; r < RESULT_COUNT; r++) {
		for (unsigned f = 0; f < SMPP_FAULTS; f++) {
			uint32_t status = smpp_status_of((enum result)r, (enum smpp_fault)f);
			assert_int_equal(status == SMPP_ROK, r == OK);
			assert_non_null(smpp_status_find(status));
		}
	}
	assert_int_equal(smpp_status_of(ERR_DENIED, SMPP_FAULT_NONE), SMPP_RX_R_APPN);
	assert_int_equal(smpp_status_of(ERR_NOT_FOUND, SMPP_FAULT_DESTINATION), SMPP_RINVDSTADR);
	assert_int_equal(smpp_status_of(ERR_TOO_BIG, SMPP_FAULT_TEXT), SMPP_RINVMSGLEN);
	assert_int_equal(smpp_status_of(ERR_MALFORMED, SMPP_FAULT_TEXT), SMPP_RX_R_APPN);
	assert_int_equal(smpp_status_of(ERR_BUSY, SMPP_FAULT_RATE), SMPP_RTHROTTLED);
	assert_int_equal(smpp_status_of(ERR_FULL, SMPP_FAULT_NONE), SMPP_RMSGQFUL);
	assert_int_equal(smpp_status_of(ERR_IO, SMPP_FAULT_DESTINATION), SMPP_RSYSERR);
	assert_int_equal(smpp_status_of(ERR_DENIED, SMPP_FAULT_PASSWORD), SMPP_RINVPASWD);
}

static void states_go_both_ways(void **state)
{
	uint8_t s;

	(void)state;
	for (uint8_t i = 0; i < SMPP_STATES; i++) {
		assert_true(smpp_state_of_word(text_of(smpp_state_word(i)), &s));
		assert_int_equal(s, i);
		assert_true(strlen(smpp_state_word(i)) <= 7);
	}
	assert_true(smpp_state_of_word(TEXT_LITERAL("Undeliverable"), &s) && s == SMPP_STATE_UNDELIVERABLE);
	assert_false(smpp_state_of_word(TEXT_LITERAL("DELIV"), &s));
	assert_int_equal(smpp_state_outcome(SMPP_STATE_ACCEPTED, false), OUTCOME_NONE);
	assert_int_equal(smpp_state_outcome(SMPP_STATE_ACCEPTED, true), OUTCOME_DELIVERED);
	assert_int_equal(smpp_state_outcome(SMPP_STATE_DELETED, false), OUTCOME_CANCELLED);
	assert_int_equal(smpp_state_outcome(200, false), OUTCOME_NONE);
	for (unsigned o = 0; o < OUTCOME_COUNT; o++)
		assert_true(smpp_state_of_outcome((enum store_outcome)o) < SMPP_STATES);
	assert_int_equal(smpp_state_of_outcome(OUTCOME_DISPLAYED), SMPP_STATE_DELIVERED);
	assert_int_equal(smpp_state_of_outcome(OUTCOME_UNKNOWN), SMPP_STATE_UNKNOWN);
}

static const struct {
	const char *text;
	enum smpp_time_form form;
	int64_t us;
} times[] = {
	{ "", SMPP_TIME_NONE, 0 },
	{ "261124123005000+", SMPP_TIME_ABSOLUTE, INT64_C(1795523405000000) },
	{ "261124143005008+", SMPP_TIME_ABSOLUTE, INT64_C(1795523405000000) },
	{ "261124073005520-", SMPP_TIME_ABSOLUTE, INT64_C(1795523405500000) },
	{ "000229000000000+", SMPP_TIME_ABSOLUTE, INT64_C(951782400000000) },
	{ "990101000000000+", SMPP_TIME_ABSOLUTE, INT64_C(915148800000000) },
	{ "000000010000000R", SMPP_TIME_RELATIVE, INT64_C(3600000000) },
	{ "010203040506000R", SMPP_TIME_RELATIVE,
	  INT64_C(1000000) * (365 * 86400 + 60 * 86400 + 3 * 86400 + 4 * 3600 + 5 * 60 + 6) },
};

static void times_are_read(void **state)
{
	static const char *const bad[] = { "1",
					   "26112412300500+",
					   "2611241230050000+",
					   "261324123005000+",
					   "260229123005000+",
					   "261124243005000+",
					   "261124126005000+",
					   "261124123060000+",
					   "261124123005057+",
					   "261124123005000*",
					   "26112412300a000+",
					   "2611 4123005000+" };
	struct smpp_time t;

	(void)state;
	for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
		assert_int_equal(smpp_time_read(text_of(times[i].text), &t), OK);
		assert_int_equal(t.form, times[i].form);
		assert_true(t.us == times[i].us);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(smpp_time_read(text_of(bad[i]), &t), ERR_MALFORMED);
	t = (struct smpp_time){ SMPP_TIME_RELATIVE, 5 };
	assert_true(smpp_time_when(&t, 100) == 105);
	t.form = SMPP_TIME_ABSOLUTE;
	assert_true(smpp_time_when(&t, 100) == 5);
	t.form = SMPP_TIME_NONE;
	assert_true(smpp_time_when(&t, 100) == 0);
}

static void times_are_written(void **state)
{
	char to[SMPP_TIME_SIZE], date[SMPP_RECEIPT_DATE_SIZE];
	struct smpp_time t;

	(void)state;
	assert_true(text_is(smpp_time_absolute(INT64_C(1795523405999999), to), "261124123005000+"));
	assert_true(text_is(smpp_time_relative(INT64_C(3600000000), to), "000000010000000R"));
	assert_true(text_is(smpp_time_relative(1, to), "000000000001000R"));
	assert_true(text_is(smpp_time_relative(-1, to), "000000000000000R"));
	assert_true(text_is(smpp_time_relative(INT64_MAX, to), "990000000000000R"));
	assert_true(text_is(smpp_time_absolute(INT64_MAX, to), "371231235959000+"));
	assert_true(text_is(smpp_time_absolute(INT64_MIN, to), "380101000000000+"));
	for (int64_t day = -11000; day < 24800; day += 37) {
		int64_t us = (day * 86400 + 45296) * USEC_PER_SEC;

		assert_int_equal(smpp_time_read(smpp_time_absolute(us, to), &t), OK);
		assert_true(t.us == us);
	}
	assert_true(text_is(smpp_time_to_receipt(INT64_C(1795523405000000), date), "2611241230"));
	assert_true(smpp_time_of_receipt(TEXT_LITERAL("2611241230")) == INT64_C(1795523400000000));
	assert_true(smpp_time_of_receipt(TEXT_LITERAL("261124123005")) == INT64_C(1795523405000000));
	assert_true(smpp_time_of_receipt(TEXT_LITERAL("YYMMDDhhmm")) == 0);
	assert_true(smpp_time_of_receipt(TEXT_LITERAL("")) == 0);
}

static void receipt_text_by_the_book(void **state)
{
	struct smpp_receipt r;

	(void)state;
	assert_true(smpp_receipt_read(TEXT_LITERAL("id:IIIIIIIIII sub:001 dlvrd:002 submit date:2611241230 done "
						   "date:261124123005 stat:DELIVRD err:0A1 Text:id:7 stat:EXPIRED"),
				      &r));
	assert_true(text_is(r.id, "IIIIIIIIII") && text_is(r.err, "0A1"));
	assert_int_equal(r.sub, 1);
	assert_int_equal(r.dlvrd, 2);
	assert_true(r.has_state && r.state == SMPP_STATE_DELIVERED);
	assert_true(r.submit_us == INT64_C(1795523400000000) && r.done_us == INT64_C(1795523405000000));
	assert_true(text_is(r.text, "id:7 stat:EXPIRED"));
}

/* As peers write it: other case, other order, parts missing, no blanks behind the colon or some, literal dates. */
static void receipt_text_as_peers_write_it(void **state)
{
	struct smpp_receipt r;

	(void)state;
	assert_true(smpp_receipt_read(TEXT_LITERAL("STAT:undeliv ID:007 err:69"), &r));
	assert_true(text_is(r.id, "007") && r.state == SMPP_STATE_UNDELIVERABLE && text_is(r.err, "69"));
	assert_true(smpp_receipt_read(TEXT_LITERAL("id: 12\nstat: EXPIRED\nsubmit date: YYMMDDhhmm\n"), &r));
	assert_true(text_is(r.id, "12") && r.state == SMPP_STATE_EXPIRED && !r.submit_us);
	assert_true(smpp_receipt_read(TEXT_LITERAL("text:hello you id:9 stat:DELIVRD"), &r));
	assert_true(text_is(r.id, "9") && text_is(text_trim(r.text), "hello you"));
	assert_true(smpp_receipt_read(TEXT_LITERAL("xid:1 id:2 stat:NEWWORD"), &r));
	assert_true(text_is(r.id, "2") && !r.has_state && text_is(r.stat, "NEWWORD"));
	assert_true(smpp_receipt_read(TEXT_LITERAL("id:5 sub:x dlvrd:99999 stat:"), &r));
	assert_true(!r.sub && !r.dlvrd && !r.stat.len);
	assert_false(smpp_receipt_read(TEXT_LITERAL("hello, is this a receipt?"), &r));
	assert_false(smpp_receipt_read(TEXT_LITERAL(""), &r));
	assert_false(smpp_receipt_read(TEXT_LITERAL("id:"), &r));
}

static void a_receipt_comes_back(void **state)
{
	char text[SMPP_RECEIPT_TEXT_MAX];
	uint8_t tlvs[120];
	struct writer w = writer_of(text, sizeof(text)), t = writer_of(tlvs, sizeof(tlvs));
	struct smpp_receipt r = { .id = TEXT_LITERAL(
					  "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"),
				  .state = SMPP_STATE_REJECTED,
				  .sub = 3,
				  .submit_us = INT64_C(1795523400000000),
				  .done_us = INT64_C(1795523460000000),
				  .text = TEXT_LITERAL("12345678901234567\xe2\x82\xac\xe2\x82\xac"),
				  .has_network_error = true,
				  .network = 3,
				  .network_error = 27,
				  .has_user_reference = true,
				  .user_reference = 513 };
	struct smpp_receipt back;

	(void)state;
	smpp_receipt_put_text(&w, &r);
	smpp_receipt_put_tlvs(&t, &r);
	assert_true(writer_ok(&w) && writer_ok(&t));
	struct smpp_pdu pdu = { .id = SMPP_DELIVER_SM, .tlvs = text_range((const char *)tlvs, writer_len(&t)) };
	pdu.u.sm.octets = text_range(text, writer_len(&w));
	assert_true(smpp_receipt_of_pdu(&pdu, &back));
	assert_true(text_equal(back.id, r.id) && !back.other_id.len);
	assert_true(back.state == r.state && back.sub == 3 && back.submit_us == r.submit_us);
	assert_true(text_is(back.text, "12345678901234567\xe2\x82\xac") && text_is(back.err, "000"));
	assert_true(back.has_network_error && back.network == 3 && back.network_error == 27);
	assert_true(back.has_user_reference && back.user_reference == 513);
	/* TLVs alone, and a text in message_payload with another id. */
	pdu.u.sm.octets = (struct text){ 0 };
	assert_true(smpp_receipt_of_pdu(&pdu, &back) && back.state == r.state);
	smpp_tlv_put(&t, SMPP_TLV_MESSAGE_PAYLOAD, TEXT_LITERAL("id:77 stat:DELIVRD"));
	pdu.tlvs.len = writer_len(&t);
	assert_true(writer_ok(&t) && smpp_receipt_of_pdu(&pdu, &back));
	assert_true(text_is(back.other_id, "77") && back.state == SMPP_STATE_REJECTED);
	assert_true(smpp_is_receipt(0x04) && smpp_is_receipt(0x20) && !smpp_is_receipt(0x08) && !smpp_is_receipt(0x43));
}

static void check_forms(const char *id, enum smpp_id_habit habit, const char *first, const char *second,
			const char *third)
{
	const char *want[] = { first, second, third };
	struct smpp_id_forms forms;
	unsigned n = 0;

	smpp_id_candidates(text_of(id), habit, &forms);
	for (; n < 3 && want[n]; n++) {
		assert_true(n < forms.count);
		assert_string_equal(forms.text[n], want[n]);
	}
	assert_int_equal(forms.count, n);
}

static void an_id_has_forms(void **state)
{
	char to[SMPP_ID_SIZE];

	(void)state;
	assert_true(text_is(smpp_id_canonical(TEXT_LITERAL(" 00AbC-9 "), to), "abc-9"));
	assert_true(text_is(smpp_id_canonical(TEXT_LITERAL("000"), to), "0"));
	assert_int_equal(smpp_id_canonical(TEXT_LITERAL(""), to).len, 0);
	check_forms("0000001A2B", SMPP_ID_ANY, "1a2b", "6699", NULL);
	check_forms("6699", SMPP_ID_ANY, "6699", "1a2b", "26265");
	check_forms("6699", SMPP_ID_RESP_HEX, "1a2b", "6699", NULL);
	check_forms("1A2B", SMPP_ID_RECEIPT_HEX, "6699", "1a2b", NULL);
	check_forms("1A2B", SMPP_ID_SAME, "1a2b", NULL, NULL);
	check_forms("7", SMPP_ID_ANY, "7", NULL, NULL);
	check_forms("18446744073709551615", SMPP_ID_ANY, "18446744073709551615", "ffffffffffffffff", NULL);
	check_forms("18446744073709551616", SMPP_ID_ANY, "18446744073709551616", NULL, NULL);
	check_forms("f47ac10b-58cc", SMPP_ID_ANY, "f47ac10b-58cc", NULL, NULL);
}

/* How many of one every millisecond pass in that time. */
static unsigned passing(struct smpp_bucket *b, int64_t *now, int64_t us)
{
	unsigned n = 0;

	for (int64_t end = *now + us; *now < end; *now += 1000)
		n += smpp_bucket_take(b, *now);
	return n;
}

static void a_bucket_keeps_its_rate(void **state)
{
	struct smpp_bucket b;
	int64_t now = 5 * USEC_PER_SEC;
	unsigned n = 0;

	(void)state;
	smpp_bucket_init(&b, 50, 10, now);
	while (smpp_bucket_take(&b, now))
		n++;
	assert_int_equal(n, 10);
	assert_true(smpp_bucket_due(&b, now) == now + 20000);
	n = passing(&b, &now, 10 * USEC_PER_SEC);
	assert_in_range(n, 498, 500);
	smpp_bucket_init(&b, 0, 0, now);
	for (n = 0; n < 100000; n++)
		assert_true(smpp_bucket_take(&b, now));
	assert_true(smpp_bucket_due(&b, now) == now);
	/* Nothing overflows after a long silence. */
	smpp_bucket_init(&b, SMPP_BUCKET_RATE_MAX, SMPP_BUCKET_RATE_MAX, 0);
	assert_true(smpp_bucket_take(&b, INT64_MAX / 4));
}

static void a_bucket_gives_way_and_comes_back(void **state)
{
	struct smpp_bucket b;
	int64_t now = 5 * USEC_PER_SEC;

	(void)state;
	smpp_bucket_init(&b, 80, 8, now);
	(void)passing(&b, &now, 2 * USEC_PER_SEC);
	smpp_bucket_slow(&b, now);
	smpp_bucket_slow(&b, now + 1000); /* of the same window */
	assert_int_equal(b.slowed, 1);
	assert_true(smpp_bucket_due(&b, now) == now + SMPP_BUCKET_PAUSE_US);
	assert_int_equal(passing(&b, &now, SMPP_BUCKET_PAUSE_US), 0);
	assert_in_range(passing(&b, &now, USEC_PER_SEC), 38, 41);
	(void)passing(&b, &now, 8 * SMPP_BUCKET_STEP_US);
	assert_in_range(passing(&b, &now, USEC_PER_SEC), 79, 81);
	/* Without a limit: half of what was seen, and after the steps none again. */
	smpp_bucket_init(&b, 0, 0, now);
	assert_int_equal(passing(&b, &now, 3 * USEC_PER_SEC), 3000);
	smpp_bucket_slow(&b, now);
	assert_int_equal(passing(&b, &now, SMPP_BUCKET_PAUSE_US), 0);
	assert_in_range(passing(&b, &now, USEC_PER_SEC), 490, 510);
	(void)passing(&b, &now, SMPP_BUCKET_STEPS * SMPP_BUCKET_STEP_US);
	assert_int_equal(b.now_rate, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_status_table_is_in_order_and_named),
		cmocka_unit_test(a_status_says_what_to_do),
		cmocka_unit_test(a_result_becomes_a_status),
		cmocka_unit_test(states_go_both_ways),
		cmocka_unit_test(times_are_read),
		cmocka_unit_test(times_are_written),
		cmocka_unit_test(receipt_text_by_the_book),
		cmocka_unit_test(receipt_text_as_peers_write_it),
		cmocka_unit_test(a_receipt_comes_back),
		cmocka_unit_test(an_id_has_forms),
		cmocka_unit_test(a_bucket_keeps_its_rate),
		cmocka_unit_test(a_bucket_gives_way_and_comes_back),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
