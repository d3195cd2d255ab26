/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Timelines and identities. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/message_id.h"
#include "core/trail.h"

static size_t one_event(uint8_t room[TRAIL_EVENT_SIZE], int64_t at, enum trail_code code, const char *detail)
{
	struct writer w = writer_of(room, TRAIL_EVENT_SIZE);

	trail_put(&w, &(struct trail_event){ at, code, TEXT_LITERAL("R1.2"), text_of(detail) });
	assert_true(writer_ok(&w));
	return writer_len(&w);
}

static void an_event_comes_back_and_no_prefix_does(void **state)
{
	uint8_t room[TRAIL_EVENT_SIZE];
	size_t len = one_event(room, INT64_C(1795000000123456), TRAIL_RETRY, "ESME_RTHROTTLED");
	struct trail_event event;

	(void)state;
	struct reader r = reader_of(room, len);
	assert_true(trail_take(&r, &event));
	assert_true(event.at_us == INT64_C(1795000000123456));
	assert_int_equal(event.code, TRAIL_RETRY);
	assert_true(text_is(event.rule, "R1.2") && text_is(event.detail, "ESME_RTHROTTLED"));
	for (size_t n = 0; n < len; n++) {
		r = reader_of(room, n);
		assert_false(trail_take(&r, &event));
	}
	room[8] = TRAIL_CODE_COUNT;
	r = reader_of(room, len);
	assert_false(trail_take(&r, &event));
}

/* The longest rule and detail still fit one event; what is longer is cut. */
static void long_texts_are_cut(void **state)
{
	uint8_t room[TRAIL_EVENT_SIZE];
	char detail[400];
	struct trail_event event;

	(void)state;
	memset(detail, 'x', sizeof(detail) - 1);
	detail[sizeof(detail) - 1] = 0;
	size_t len = one_event(room, 1, TRAIL_NOTE, detail);
	struct reader r = reader_of(room, len);
	assert_true(trail_take(&r, &event));
	assert_int_equal(event.detail.len, 180);
}

/* However many events come, the first and the newest stay and the count of what was left out is right. */
static void the_middle_is_folded(void **state)
{
	static uint8_t trail[TRAIL_EVENTS_MAX * TRAIL_EVENT_SIZE], next[sizeof(trail)];
	size_t len = 0;

	(void)state;
	for (int64_t i = 0; i < 500; i++) {
		uint8_t room[TRAIL_EVENT_SIZE];
		size_t n = one_event(room, i, TRAIL_RETRY, "");
		struct writer w = writer_of(next, sizeof(next));
		trail_append(&w, trail, len, room, n);
		assert_true(writer_ok(&w));
		len = writer_len(&w);
		memcpy(trail, next, len);
		assert_true(trail_count(trail, len) <= TRAIL_EVENTS_MAX);
	}
	struct reader r = reader_of(trail, len);
	struct trail_event event;
	uint64_t events = 0, folded = 0;
	int64_t last = -1;
	while (trail_take(&r, &event)) {
		assert_true(event.at_us >= last);
		last = event.at_us;
		if (event.code == TRAIL_FOLDED)
			assert_true(text_to_u64(event.detail, UINT32_MAX, &folded));
		else
			events++;
	}
	assert_true(reader_done(&r));
	assert_int_equal(last, 499);
	assert_true(events + folded == 500);
}

static void ids_rise_and_come_back(void **state)
{
	struct message_id before = message_id_new(1000), back;
	char text[MESSAGE_ID_TEXT_SIZE];

	(void)state;
	for (int64_t now = 2000; now > 0; now -= 7) { /* the clock goes back; ids do not */
		struct message_id id = message_id_new(now);
		assert_true(memcmp(before.octets, id.octets, MESSAGE_ID_SIZE) < 0);
		before = id;
	}
	struct message_id d = message_id_delivery(before, 0x0102);
	assert_int_equal(message_id_recipient(d), 0x0102);
	assert_true(message_id_equal(message_id_of_delivery(d), before));
	assert_int_equal(strlen(message_id_text(before, text)), 28);
	assert_true(message_id_parse(text_of(text), &back) && message_id_equal(back, before));
	assert_int_equal(strlen(message_id_text(d, text)), 32);
	assert_true(message_id_parse(text_of(text), &back) && message_id_equal(back, d));
	assert_false(message_id_parse(TEXT_LITERAL(""), &back));
	assert_false(message_id_parse(TEXT_LITERAL("zz000000000000000000000000zz"), &back));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_event_comes_back_and_no_prefix_does),
		cmocka_unit_test(long_texts_are_cut),
		cmocka_unit_test(the_middle_is_folded),
		cmocka_unit_test(ids_rise_and_come_back),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
