/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A credit-control session: every state with every event, what answers mean, repeats, Session-Ids. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "billing/ro.h"
#include "core/base/clock.h"

/* The whole table, written again from RFC 8506 and billing.md: next state, action, what is told. */
struct expected {
	enum ro_state state;
	enum ro_event event;
	enum ro_state next;
	enum ro_action action;
	enum ro_tell tell;
};

static const struct expected moves[] = {
	{ RO_IDLE, RO_RESERVE, RO_INITIAL_SENT, RO_SEND_INITIAL, RO_TELL_NOTHING },
	{ RO_IDLE, RO_SETTLE, RO_TERMINATION_SENT, RO_SEND_TERMINATION, RO_TELL_NOTHING },
	{ RO_INITIAL_SENT, RO_YES, RO_GRANTED, RO_NOTHING, RO_TELL_GRANTED },
	{ RO_INITIAL_SENT, RO_SHORT, RO_GRANTED, RO_NOTHING, RO_TELL_SHORT },
	{ RO_INITIAL_SENT, RO_FREE, RO_CLOSED, RO_NOTHING, RO_TELL_FREE },
	{ RO_INITIAL_SENT, RO_NO, RO_CLOSED, RO_NOTHING, RO_TELL_DENIED },
	{ RO_INITIAL_SENT, RO_FAULT, RO_CLOSED, RO_NOTHING, RO_TELL_LATER },
	{ RO_INITIAL_SENT, RO_SILENCE, RO_INITIAL_WAITS, RO_WAIT, RO_TELL_DOUBT },
	{ RO_INITIAL_SENT, RO_NO_LINK, RO_INITIAL_WAITS, RO_WAIT, RO_TELL_DOUBT },
	{ RO_INITIAL_SENT, RO_SETTLE, RO_TERMINATION_SENT, RO_SEND_TERMINATION, RO_TELL_NOTHING },
	{ RO_INITIAL_WAITS, RO_RESERVE, RO_INITIAL_WAITS, RO_NOTHING, RO_TELL_DOUBT },
	{ RO_INITIAL_WAITS, RO_YES, RO_GRANTED, RO_NOTHING, RO_TELL_GRANTED },
	{ RO_INITIAL_WAITS, RO_SHORT, RO_GRANTED, RO_NOTHING, RO_TELL_SHORT },
	{ RO_INITIAL_WAITS, RO_FREE, RO_CLOSED, RO_NOTHING, RO_TELL_FREE },
	{ RO_INITIAL_WAITS, RO_NO, RO_CLOSED, RO_NOTHING, RO_TELL_DENIED },
	{ RO_INITIAL_WAITS, RO_FAULT, RO_CLOSED, RO_NOTHING, RO_TELL_LATER },
	{ RO_INITIAL_WAITS, RO_NO_LINK, RO_INITIAL_WAITS, RO_WAIT, RO_TELL_NOTHING },
	{ RO_INITIAL_WAITS, RO_DUE, RO_INITIAL_SENT, RO_SEND_INITIAL, RO_TELL_NOTHING },
	{ RO_INITIAL_WAITS, RO_SETTLE, RO_TERMINATION_SENT, RO_SEND_TERMINATION, RO_TELL_NOTHING },
	{ RO_GRANTED, RO_RESERVE, RO_GRANTED, RO_NOTHING, RO_TELL_GRANTED },
	{ RO_GRANTED, RO_SETTLE, RO_TERMINATION_SENT, RO_SEND_TERMINATION, RO_TELL_NOTHING },
	{ RO_TERMINATION_SENT, RO_YES, RO_CLOSED, RO_NOTHING, RO_TELL_SETTLED },
	{ RO_TERMINATION_SENT, RO_SHORT, RO_CLOSED, RO_NOTHING, RO_TELL_SETTLED },
	{ RO_TERMINATION_SENT, RO_FREE, RO_CLOSED, RO_NOTHING, RO_TELL_SETTLED },
	{ RO_TERMINATION_SENT, RO_NO, RO_CLOSED, RO_NOTHING, RO_TELL_DIFFERENCE },
	{ RO_TERMINATION_SENT, RO_FAULT, RO_CLOSED, RO_NOTHING, RO_TELL_DIFFERENCE },
	{ RO_TERMINATION_SENT, RO_SILENCE, RO_TERMINATION_WAITS, RO_WAIT, RO_TELL_NOTHING },
	{ RO_TERMINATION_SENT, RO_NO_LINK, RO_TERMINATION_WAITS, RO_WAIT, RO_TELL_NOTHING },
	{ RO_TERMINATION_WAITS, RO_YES, RO_CLOSED, RO_NOTHING, RO_TELL_SETTLED },
	{ RO_TERMINATION_WAITS, RO_SHORT, RO_CLOSED, RO_NOTHING, RO_TELL_SETTLED },
	{ RO_TERMINATION_WAITS, RO_FREE, RO_CLOSED, RO_NOTHING, RO_TELL_SETTLED },
	{ RO_TERMINATION_WAITS, RO_NO, RO_CLOSED, RO_NOTHING, RO_TELL_DIFFERENCE },
	{ RO_TERMINATION_WAITS, RO_FAULT, RO_CLOSED, RO_NOTHING, RO_TELL_DIFFERENCE },
	{ RO_TERMINATION_WAITS, RO_NO_LINK, RO_TERMINATION_WAITS, RO_WAIT, RO_TELL_NOTHING },
	{ RO_TERMINATION_WAITS, RO_DUE, RO_TERMINATION_SENT, RO_SEND_TERMINATION, RO_TELL_NOTHING },
};

static const struct expected *find(enum ro_state state, enum ro_event event)
{
	for (unsigned i = 0; i < sizeof(moves) / sizeof(moves[0]); i++) {
		if (moves[i].state == state && moves[i].event == event)
			return &moves[i];
	}
	return NULL;
}

static void every_state_with_every_event(void **unused)
{
	(void)unused;
	for (enum ro_state state = 0; state < RO_STATE_COUNT; state++) {
		for (enum ro_event event = 0; event < RO_EVENT_COUNT; event++) {
			struct ro_session s = { .state = state, .left = true, .tries = 1 };
			struct ro_step step = ro_session_event(&s, event);
			const struct expected *e = find(state, event);
			assert_int_equal(s.state, e ? e->next : state);
			assert_int_equal(step.action, e ? e->action : RO_NOTHING);
			assert_int_equal(step.tell, e ? e->tell : RO_TELL_NOTHING);
		}
	}
}

/* B8: only what never left may be dropped. */
static void what_never_left_is_no_doubt(void **unused)
{
	struct ro_session s;

	(void)unused;
	ro_session_init(&s, false);
	assert_int_equal(ro_session_event(&s, RO_RESERVE).action, RO_SEND_INITIAL);
	assert_int_equal(ro_session_event(&s, RO_NO_LINK).tell, RO_TELL_UNREACHED);
	assert_int_equal(s.state, RO_CLOSED);
	ro_session_init(&s, true);
	(void)ro_session_event(&s, RO_RESERVE);
	assert_int_equal(ro_session_event(&s, RO_NO_LINK).tell, RO_TELL_DOUBT);
	assert_int_equal(s.state, RO_INITIAL_WAITS);
}

static void a_repeat_has_left_before(void **unused)
{
	struct ro_session s;

	(void)unused;
	ro_session_init(&s, false);
	(void)ro_session_event(&s, RO_RESERVE);
	assert_false(s.left);
	ro_session_left(&s);
	(void)ro_session_event(&s, RO_SILENCE);
	assert_int_equal(ro_session_event(&s, RO_DUE).action, RO_SEND_INITIAL);
	assert_true(s.left);
	(void)ro_session_event(&s, RO_YES);
	(void)ro_session_event(&s, RO_SETTLE);
	assert_false(s.left); /* number 1 is another request */
	ro_session_left(&s);
	(void)ro_session_event(&s, RO_SILENCE);
	(void)ro_session_event(&s, RO_DUE);
	assert_true(s.left);
	/* After a restart: the first request of this process repeats one of an earlier. */
	ro_session_init(&s, true);
	(void)ro_session_event(&s, RO_SETTLE);
	assert_true(s.left);
}

static void waits_grow_to_a_minute(void **unused)
{
	struct ro_session s = { 0 };
	static const int64_t seconds[] = { 1, 2, 4, 8, 16, 32, 60, 60 };

	(void)unused;
	for (unsigned i = 0; i < sizeof(seconds) / sizeof(seconds[0]); i++) {
		ro_session_left(&s);
		assert_int_equal(ro_session_wait_us(&s), seconds[i] * USEC_PER_SEC);
	}
}

static void answers_have_their_meaning(void **unused)
{
	static const struct {
		uint32_t code;
		enum ro_event event;
	} codes[] = {
		{ 2001, RO_YES },     { 2002, RO_YES },	    { 4010, RO_NO },	  { 4011, RO_FREE },
		{ 4012, RO_NO },      { 5003, RO_NO },	    { 5006, RO_NO },	  { 5030, RO_NO },
		{ 5031, RO_NO },      { 5001, RO_FAULT },   { 5005, RO_FAULT },	  { 5012, RO_FAULT },
		{ 4002, RO_FAULT },   { 5002, RO_FAULT },   { 3001, RO_SILENCE }, { 3002, RO_SILENCE },
		{ 3004, RO_SILENCE }, { 1001, RO_SILENCE }, { 0, RO_SILENCE },	  { 7000, RO_SILENCE },
	};

	(void)unused;
	for (unsigned i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
		struct ro_message m = { .result = codes[i].code, .has_grant = true, .granted = 1 };
		assert_int_equal(ro_meaning(&m, RO_INITIAL_REQUEST, 1), codes[i].event);
		assert_int_equal(ro_meaning(&m, RO_TERMINATION_REQUEST, 1), codes[i].event);
	}
}

static void what_stands_inside_counts(void **unused)
{
	struct ro_message m = { .result = 2001, .has_service = true, .service_result = 4012, .has_grant = true };

	(void)unused;
	assert_int_equal(ro_meaning(&m, RO_INITIAL_REQUEST, 1), RO_NO);
	assert_int_equal(ro_code(&m), 4012);
	m.service_result = 2001;
	assert_int_equal(ro_meaning(&m, RO_INITIAL_REQUEST, 1), RO_SHORT); /* grants 0 */
	m.granted = 2;
	assert_int_equal(ro_meaning(&m, RO_INITIAL_REQUEST, 3), RO_SHORT);
	assert_int_equal(ro_meaning(&m, RO_INITIAL_REQUEST, 2), RO_YES);
	m.has_grant = false;
	assert_int_equal(ro_meaning(&m, RO_INITIAL_REQUEST, 1), RO_SHORT);
	assert_int_equal(ro_meaning(&m, RO_TERMINATION_REQUEST, 1), RO_YES);
	m.flags = RO_FLAG_ERROR; /* a relay's word about a success is none */
	assert_int_equal(ro_meaning(&m, RO_TERMINATION_REQUEST, 1), RO_SILENCE);
}

static void reasons_are_words(void **unused)
{
	(void)unused;
	assert_string_equal(ro_reason(4012), "no credit at the charging system");
	for (uint32_t code = 0; code < 6000; code++)
		assert_true(ro_reason(code)[0] != 0);
	for (enum ro_state s = 0; s < RO_STATE_COUNT; s++)
		assert_true(ro_state_name(s)[0] != 0);
}

static void one_hold_has_one_session_id(void **unused)
{
	struct message_id id = { { 0, 6, 42, 1, 2, 3, 4, 5, 0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0xff, 0, 1 } };
	char one[256], two[256];
	struct writer w = writer_of(one, sizeof(one)), v = writer_of(two, sizeof(two));

	(void)unused;
	ro_session_id(&w, TEXT_LITERAL("gw.example"), id, 0, 1);
	ro_session_id(&v, TEXT_LITERAL("gw.example"), id, 0, 1);
	assert_true(writer_ok(&w));
	assert_int_equal(writer_len(&w), writer_len(&v));
	assert_memory_equal(one, two, writer_len(&w));
	{
		static const char end[] = ";2864434397;00062a0102030405aabbccddeeff0001.0.1";
		assert_memory_equal(one + writer_len(&w) - strlen(end), end, strlen(end));
	}
	v = writer_of(two, sizeof(two));
	ro_session_id(&v, TEXT_LITERAL("gw.example"), id, 0, 2);
	assert_memory_not_equal(one, two, writer_len(&w));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_state_with_every_event),
		cmocka_unit_test(what_never_left_is_no_doubt),
		cmocka_unit_test(a_repeat_has_left_before),
		cmocka_unit_test(waits_grow_to_a_minute),
		cmocka_unit_test(answers_have_their_meaning),
		cmocka_unit_test(what_stands_inside_counts),
		cmocka_unit_test(reasons_are_words),
		cmocka_unit_test(one_hold_has_one_session_id),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
