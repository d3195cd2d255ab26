/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Envelopes into TPDUs and back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "core/base/clock.h"
#include "sms/tp_message.h"
#include "sms/tp_status.h"

#define NOW (INT64_C(1795646510) * USEC_PER_SEC)

static struct arena *arena;
static struct tp_received got;
static char text_room[TPDU_TEXT_MAX];
static struct tpdu back;
static uint8_t tpdu[TPDU_MAX];

static int begin(void **state)
{
	(void)state;
	arena = arena_new(4096);
	return 0;
}

static int end(void **state)
{
	(void)state;
	arena_free(&arena);
	return 0;
}

static struct message some(const char *body)
{
	return (struct message){ .sender = TEXT_LITERAL("+49172345678"),
				 .body = text_of(body),
				 .reports = REPORT_DELIVERED };
}

static enum result read_back(const struct writer *w, enum tpdu_direction direction, bool trusted, uint8_t *fcs)
{
	struct writer body = writer_of(text_room, sizeof(text_room));
	const char *why;

	assert_true(writer_ok(w));
	assert_int_equal(tpdu_decode(w->start, writer_len(w), direction, TPDU_IN_DATA, &back, NULL), OK);
	return tp_message_read(&back, TEXT_LITERAL("+4915"), trusted, NOW, &got, &body, fcs, &why);
}

static void planned(const struct message *m, struct tp_plan *plan)
{
	const char *why;

	assert_int_equal(tp_message_plan(m, &(struct split_options){ 0 }, arena, plan, &why), OK);
}

static void test_deliver(void **state)
{
	struct message m = some("Grüße €");
	struct writer w = writer_of(tpdu, sizeof(tpdu));
	static struct tp_plan plan;
	uint8_t fcs;

	(void)state;
	m.flash = true;
	m.protocol_id = 0x41;
	planned(&m, &plan);
	tp_message_deliver(&plan, &m, &(struct tp_going){ .now_us = NOW, .quarters = 4 }, &w);
	assert_int_equal(read_back(&w, TPDU_TO_PHONE, false, &fcs), OK);
	assert_string_equal(got.sender, "+49172345678");
	assert_string_equal(got.recipient, "+4915");
	assert_true(text_equal(got.message.body, m.body));
	assert_true(got.message.flash && got.message.protocol_id == 0x41 && !got.is_part);
	assert_false(back.more_messages);
	assert_true(back.time.us == NOW && back.time.quarters == 4);
}

static void test_long_ones(void **state)
{
	static char body[600];
	struct message m;
	static struct tp_plan plan;
	static struct concat_part parts[8];
	static char rooms[8][CONCAT_ROOM], whole[CONCAT_JOINED_MAX(8)];
	uint8_t fcs;

	(void)state;
	memset(body, 'x', sizeof(body) - 1);
	m = some(body);
	planned(&m, &plan);
	assert_int_equal(plan.split.parts, 4);
	for (unsigned i = 0; i < 4; i++) {
		struct writer w = writer_of(tpdu, sizeof(tpdu));

		tp_message_deliver(&plan, &m, &(struct tp_going){ .part = i, .reference = 9, .now_us = NOW }, &w);
		assert_int_equal(read_back(&w, TPDU_TO_PHONE, false, &fcs), OK);
		assert_true(got.is_part && got.id.reference == 9 && got.id.total == 4);
		assert_int_equal(back.more_messages, i < 3);
		memcpy(rooms[i], got.part.content.at, got.part.content.len);
		parts[i] = got.part;
		parts[i].content.at = rooms[i];
	}
	struct writer w = writer_of(whole, sizeof(whole));
	assert_int_equal(concat_join(parts, 4, 4, text_of(""), &w), OK);
	assert_true(text_equal(text_range(whole, writer_len(&w)), m.body));
}

static void test_submit(void **state)
{
	struct message m = some("Hello");
	struct writer w = writer_of(tpdu, sizeof(tpdu));
	static struct tp_plan plan;
	uint8_t fcs;

	(void)state;
	m.validity_us = 3600 * USEC_PER_SEC;
	planned(&m, &plan);
	assert_int_equal(tp_message_submit(&plan, &m, TEXT_LITERAL("+49151"), &(struct tp_going){ 0 }, &w), OK);
	assert_int_equal(read_back(&w, TPDU_FROM_PHONE, false, &fcs), OK);
	assert_string_equal(got.recipient, "+49151");
	assert_string_equal(got.sender, "+4915");
	assert_int_equal(got.message.reports, REPORT_DELIVERED | REPORT_FAILED);
	assert_true(got.message.validity_us == 3600 * USEC_PER_SEC);
	w = writer_of(tpdu, sizeof(tpdu));
	assert_int_equal(tp_message_submit(&plan, &m, TEXT_LITERAL("somebody"), &(struct tp_going){ 0 }, &w),
			 ERR_UNSUPPORTED);
	w = writer_of(tpdu, sizeof(tpdu));
	assert_int_equal(
		tp_message_submit(&plan, &m, TEXT_LITERAL("a name that is too long"), &(struct tp_going){ 0 }, &w),
		ERR_TOO_BIG);
}

static void test_binary_ports_and_headers(void **state)
{
	struct message m = some("");
	struct writer w = writer_of(tpdu, sizeof(tpdu));
	static struct tp_plan plan;
	uint8_t fcs;
	const char *why;

	(void)state;
	m.content = MESSAGE_BINARY;
	m.body = TEXT_LITERAL("\x01\x06\x00\xff");
	m.has_ports = true;
	m.destination_port = 2948;
	m.source_port = 9200;
	planned(&m, &plan);
	tp_message_deliver(&plan, &m, &(struct tp_going){ 0 }, &w);
	assert_int_equal(read_back(&w, TPDU_TO_PHONE, false, &fcs), OK);
	assert_true(got.message.content == MESSAGE_BINARY && text_equal(got.message.body, m.body));
	assert_true(got.message.has_ports && got.message.destination_port == 2948 && got.message.source_port == 9200);
	/* What came goes on: its ports once. */
	struct message again = got.message;
	uint8_t kept[HEADER_MAX];
	memcpy(kept, again.udh.at, again.udh.len);
	again.udh.at = (char *)kept;
	planned(&again, &plan);
	assert_int_equal(plan.split.elements.len, HEADER_PORTS_16_SIZE);
	/* A part stays that part. */
	m = some("Hello");
	m.udh = TEXT_LITERAL("\x05\x00\x03\x4d\x02\x01");
	planned(&m, &plan);
	w = writer_of(tpdu, sizeof(tpdu));
	tp_message_deliver(&plan, &m, &(struct tp_going){ .reference = 1 }, &w);
	assert_int_equal(read_back(&w, TPDU_TO_PHONE, false, &fcs), OK);
	assert_true(got.is_part && got.id.reference == 0x4d && got.id.total == 2 && got.part.number == 1);
	m.udh = TEXT_LITERAL("\x05\x00\x03");
	assert_int_equal(tp_message_plan(&m, &(struct split_options){ 0 }, arena, &plan, &why), ERR_MALFORMED);
	m = some("Hello");
	m.sender = TEXT_LITERAL("a name that is too long");
	assert_int_equal(tp_message_plan(&m, &(struct split_options){ 0 }, arena, &plan, &why), ERR_TOO_BIG);
	assert_string_equal(why, "the sender cannot stand in a short message");
}

static void test_refused(void **state)
{
	static const struct {
		struct tpdu t;
		enum result result;
		uint8_t fcs;
	} rows[] = {
		{ { .type = TPDU_COMMAND }, ERR_UNSUPPORTED, TPDU_FCS_TPDU_NOT_SUPPORTED },
		{ { .type = TPDU_SUBMIT, .pid = 0x7f, .address = { 1, 1, 3, "123" } }, ERR_DENIED, TPDU_FCS_PID_ERROR },
		{ { .type = TPDU_SUBMIT, .dcs = 0xf6, .address = { 1, 1, 3, "123" } },
		  ERR_DENIED,
		  TPDU_FCS_CLASS_NOT_SUPPORTED },
		{ { .type = TPDU_SUBMIT,
		    .has_header = true,
		    .header.has_toolkit = true,
		    .address = { 1, 1, 3, "123" } },
		  ERR_DENIED,
		  TPDU_FCS_CLASS_NOT_SUPPORTED },
		{ { .type = TPDU_SUBMIT, .address = { 1, 1, 3, "123" }, .validity.form = TPDU_VALIDITY_RELATIVE },
		  ERR_MALFORMED,
		  TPDU_FCS_VP_NOT_SUPPORTED },
		{ { .type = TPDU_SUBMIT }, ERR_MALFORMED, TPDU_FCS_INVALID_ADDRESS },
		{ { .type = TPDU_SUBMIT, .dcs = 0x20, .address = { 1, 1, 11, "49172345678" } },
		  ERR_UNSUPPORTED,
		  TPDU_FCS_DCS_ERROR },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct writer body = writer_of(text_room, sizeof(text_room));
		const char *why = NULL;
		uint8_t fcs = 0;

		assert_int_equal(
			tp_message_read(&rows[i].t, TEXT_LITERAL("+4915"), false, NOW, &got, &body, &fcs, &why),
			rows[i].result);
		assert_int_equal(fcs, rows[i].fcs);
		assert_non_null(why);
	}
}

static void test_report(void **state)
{
	struct writer w = writer_of(tpdu, sizeof(tpdu));

	(void)state;
	assert_int_equal(tp_message_report(77, TEXT_LITERAL("+49151"), NOW, NOW + USEC_PER_SEC, -18, 0x46, &w), OK);
	assert_int_equal(tpdu_decode(tpdu, writer_len(&w), TPDU_TO_PHONE, TPDU_IN_DATA, &back, NULL), OK);
	assert_int_equal(back.reference, 77);
	assert_string_equal(back.address.text, "49151");
	assert_true(back.time.us == NOW && back.discharge.us == NOW + USEC_PER_SEC && back.time.quarters == -18);
	assert_int_equal(tp_status_of(back.status).state, TP_STATUS_EXPIRED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_deliver, begin, end),
		cmocka_unit_test_setup_teardown(test_long_ones, begin, end),
		cmocka_unit_test_setup_teardown(test_submit, begin, end),
		cmocka_unit_test_setup_teardown(test_binary_ports_and_headers, begin, end),
		cmocka_unit_test_setup_teardown(test_refused, begin, end),
		cmocka_unit_test_setup_teardown(test_report, begin, end),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
