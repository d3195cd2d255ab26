/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The records about credit: round trips, every prefix, what is out of range. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "core/ipc_credit.h"

static const struct ipc_credit ask = { .delivery = { { 1, 2, 3 } },
				       .step = CREDIT_SETTLE,
				       .again = true,
				       .end_to_end = 0xdeadbeef,
				       .session = TEXT_LITERAL("gw;1;2;x"),
				       .subscriber = TEXT_LITERAL("+8190"),
				       .sender = TEXT_LITERAL("shop"),
				       .recipient = TEXT_LITERAL("+8180"),
				       .units = UINT64_MAX,
				       .at_us = INT64_MAX };
static const struct ipc_credit_done done = { .delivery = { { 9 } },
					     .verdict = CREDIT_DIFFERENCE,
					     .session = TEXT_LITERAL("gw;1;2;x"),
					     .result = 5002,
					     .valid_s = 60,
					     .why = TEXT_LITERAL("no") };
static const struct ipc_credit_link link_up = { .up = true, .detail = TEXT_LITERAL("ocs.example") };

static void an_ask_comes_back(void **unused)
{
	uint8_t room[512];
	struct writer w = writer_of(room, sizeof(room));
	struct ipc_credit out;

	(void)unused;
	ipc_put_credit(&w, &ask);
	struct reader r = reader_of(room, writer_len(&w));
	assert_true(ipc_get_credit(&r, &out));
	assert_true(message_id_equal(out.delivery, ask.delivery) && out.step == CREDIT_SETTLE && out.again);
	assert_true(out.end_to_end == 0xdeadbeef && out.units == UINT64_MAX && out.at_us == INT64_MAX);
	assert_true(text_equal(out.session, ask.session) && text_equal(out.subscriber, ask.subscriber));
	assert_true(text_equal(out.sender, ask.sender) && text_equal(out.recipient, ask.recipient));
	for (size_t n = 0; n < writer_len(&w); n++) {
		r = reader_of(room, n);
		assert_false(ipc_get_credit(&r, &out));
	}
	r = reader_of(room, writer_len(&w) + 1);
	assert_false(ipc_get_credit(&r, &out));
}

static void an_answer_comes_back(void **unused)
{
	uint8_t room[512];
	struct writer w = writer_of(room, sizeof(room));
	struct ipc_credit_done out;

	(void)unused;
	ipc_put_credit_done(&w, &done);
	struct reader r = reader_of(room, writer_len(&w));
	assert_true(ipc_get_credit_done(&r, &out));
	assert_true(out.verdict == CREDIT_DIFFERENCE && out.result == 5002 && out.valid_s == 60);
	assert_true(text_equal(out.session, done.session) && text_equal(out.why, done.why));
	for (size_t n = 0; n < writer_len(&w); n++) {
		r = reader_of(room, n);
		assert_false(ipc_get_credit_done(&r, &out));
	}
}

static void a_link_comes_back(void **unused)
{
	uint8_t room[64];
	struct writer w = writer_of(room, sizeof(room));
	struct ipc_credit_link out;

	(void)unused;
	ipc_put_credit_link(&w, &link_up);
	struct reader r = reader_of(room, writer_len(&w));
	assert_true(ipc_get_credit_link(&r, &out) && out.up && text_equal(out.detail, link_up.detail));
	for (size_t n = 0; n < writer_len(&w); n++) {
		r = reader_of(room, n);
		assert_false(ipc_get_credit_link(&r, &out));
	}
}

static void what_is_out_of_range_is_refused(void **unused)
{
	static const struct {
		size_t at;
		uint8_t value;
	} bad[] = { { 16, CREDIT_STEP_COUNT }, { 17, 2 }, { 22, 255 }, { 23, 0 } };
	struct ipc_credit out;
	struct ipc_credit_done answer;
	struct ipc_credit_link l;

	(void)unused;
	for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		uint8_t room[512];
		struct writer w = writer_of(room, sizeof(room));
		ipc_put_credit(&w, &ask);
		room[bad[i].at] = bad[i].value;
		struct reader r = reader_of(room, writer_len(&w));
		assert_false(ipc_get_credit(&r, &out));
	}
	uint8_t room[512];
	struct writer w = writer_of(room, sizeof(room));
	ipc_put_credit_done(&w, &done);
	room[16] = CREDIT_VERDICT_COUNT;
	struct reader r = reader_of(room, writer_len(&w));
	assert_false(ipc_get_credit_done(&r, &answer));
	room[0] = 2;
	room[1] = room[2] = 0;
	r = reader_of(room, 3);
	assert_false(ipc_get_credit_link(&r, &l));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_ask_comes_back),
		cmocka_unit_test(an_answer_comes_back),
		cmocka_unit_test(a_link_comes_back),
		cmocka_unit_test(what_is_out_of_range_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
