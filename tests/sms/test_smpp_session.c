/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The SMPP session: two engines against each other, and one against octets that no engine of ours would send. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/base/clock.h"
#include "core/base/hex.h"
#include "sms/smpp_session.h"
#include "sms/smpp_status.h"
#include "sms/smpp_window.h"

#define EVENTS_MAX 4096
#define HELD_MAX 2048

/* One side: what it heard, in short words, and what it does by itself. */
struct side {
	struct smpp_session *s;
	char events[EVENTS_MAX];
	size_t len;
	bool holds; /* answers only when told to */
	uint32_t held[HELD_MAX], held_id[HELD_MAX];
	unsigned held_count;
	uint32_t bind_status, request_status;
	unsigned answered, in_doubt, unsent;
	uint64_t last_order;
	uint32_t last_status;
	bool sends_when_answered;
};

static int64_t now;

__attribute__((format(printf, 2, 3))) static void note(struct side *side, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	int n = vsnprintf(side->events + side->len, EVENTS_MAX - side->len, format, args);
	va_end(args);
	if (n > 0 && side->len + (size_t)n < EVENTS_MAX)
		side->len += (size_t)n;
}

static void on_bind(void *owner, struct smpp_session *s, const struct smpp_pdu *pdu)
{
	struct side *side = owner;

	note(side, "%s:%.*s ", smpp_command_name(pdu->id), TEXT_ARGS(pdu->u.bind.system_id));
	if (!side->holds)
		smpp_session_answer_bind(s, side->bind_status, TEXT_LITERAL("centre"), now);
}

static void on_outbind(void *owner, struct smpp_session *s, const struct smpp_pdu *pdu)
{
	struct smpp_bind bind = { .system_id = TEXT_LITERAL("esme") };

	note(owner, "outbind:%.*s ", TEXT_ARGS(pdu->u.outbind.system_id));
	assert_int_equal(smpp_session_bind(s, SMPP_BIND_RECEIVER, &bind, now), OK);
}

static void on_request(void *owner, struct smpp_session *s, const struct smpp_pdu *pdu)
{
	struct side *side = owner;

	note(side, "%s ", smpp_command_name(pdu->id));
	if (side->holds) {
		assert_true(side->held_count < HELD_MAX);
		side->held_id[side->held_count] = pdu->id;
		side->held[side->held_count++] = pdu->sequence;
		return;
	}
	assert_true(smpp_session_answer(s, pdu->id, pdu->sequence, side->request_status, TEXT_LITERAL("m1")));
}

static void on_alert(void *owner, struct smpp_session *s, const struct smpp_pdu *pdu)
{
	(void)s;
	(void)pdu;
	note(owner, "alert ");
}

static void on_answer(void *owner, struct smpp_session *s, const struct smpp_answer *a)
{
	struct side *side = owner;

	assert_int_equal(a->end == SMPP_ANSWERED, a->pdu != NULL);
	side->answered += a->end == SMPP_ANSWERED;
	side->in_doubt += a->end == SMPP_IN_DOUBT;
	side->unsent += a->end == SMPP_UNSENT;
	side->last_order = a->order;
	if (a->pdu)
		side->last_status = a->pdu->status;
	if (side->sends_when_answered) {
		struct smpp_pdu pdu = { .id = SMPP_SUBMIT_SM };
		(void)!smpp_session_send(s, &pdu, 99, now);
	}
}

static void on_state(void *owner, struct smpp_session *s, enum smpp_session_state state)
{
	assert_int_equal(smpp_session_state(s), state);
	note(owner, "[%s] ", smpp_session_state_name(state));
}

static void on_fault(void *owner, struct smpp_session *s, uint32_t id, uint32_t sequence, uint32_t status,
		     const char *what)
{
	(void)s;
	(void)sequence;
	assert_non_null(what);
	note(owner, "!%x:%x ", (unsigned)id, (unsigned)status);
}

static const struct smpp_session_user user = { .bind = on_bind,
					       .outbind = on_outbind,
					       .request = on_request,
					       .alert = on_alert,
					       .answer = on_answer,
					       .state = on_state,
					       .fault = on_fault };

static struct side esme, centre;

static void start_side(struct side *side, enum smpp_side which, const struct smpp_session_options *options)
{
	struct smpp_session_options o = options ? *options : SMPP_SESSION_DEFAULTS(which);

	o.side = which;
	memset(side, 0, sizeof(*side));
	side->s = smpp_session_new(&o, &user, side, now);
}

static void start(const struct smpp_session_options *options)
{
	now = 1000 * USEC_PER_SEC;
	start_side(&esme, SMPP_ESME, options);
	start_side(&centre, SMPP_CENTRE, options);
}

static void stop(void)
{
	smpp_session_free(&esme.s);
	smpp_session_free(&centre.s);
}

/* Everything that one side has to say, in pieces of `step` octets, into the other. */
static bool carry(struct side *from, struct side *to, size_t step)
{
	static uint8_t octets[1 << 20];
	struct text out = smpp_session_output(from->s);
	size_t have = 0, taken = 0;

	if (!out.len)
		return false;
	assert_true(out.len <= sizeof(octets));
	memcpy(octets, out.at, out.len);
	size_t len = out.len;
	smpp_session_sent(from->s, len);
	while (have < len) {
		have = have + step < len ? have + step : len;
		taken += smpp_session_receive(to->s, octets + taken, have - taken, now);
		assert_true(taken <= have);
	}
	assert_int_equal(taken, len);
	return true;
}

static void pump(void)
{
	bool more = true;

	while (more) {
		more = carry(&esme, &centre, 1 << 20);
		more |= carry(&centre, &esme, 1 << 20);
	}
}

static void bind_as(uint32_t command)
{
	struct smpp_bind bind = { .system_id = TEXT_LITERAL("esme"), .password = TEXT_LITERAL("secret") };

	assert_int_equal(smpp_session_bind(esme.s, command, &bind, now), OK);
	pump();
	esme.len = centre.len = 0;
	esme.events[0] = centre.events[0] = 0;
}

static void start_bound(const struct smpp_session_options *options)
{
	start(options);
	bind_as(SMPP_BIND_TRANSCEIVER);
	assert_true(smpp_session_bound(esme.s) && smpp_session_bound(centre.s));
}

static enum result send_one(struct side *side, uint32_t id, uint64_t cookie)
{
	struct smpp_pdu pdu = { .id = id };

	return smpp_session_send(side->s, &pdu, cookie, now);
}

/* Octets as if they came from the peer; what is answered, as hex. */
static const char *tell_hex(struct side *side, const char *hex)
{
	static char answer[4096];
	uint8_t octets[600];
	struct writer w = writer_of(octets, sizeof(octets)), h = writer_of(answer, sizeof(answer) - 1);

	for (; *hex; hex += *hex == ' ' ? 1 : 2) {
		if (*hex != ' ')
			assert_int_equal(hex_take(text_range(hex, 2), &w), OK);
	}
	assert_int_equal(smpp_session_receive(side->s, octets, writer_len(&w), now), writer_len(&w));
	struct text out = smpp_session_output(side->s);
	for (size_t i = 0; i < out.len; i++)
		writer_printf(&h, "%02x", (uint8_t)out.at[i]);
	smpp_session_sent(side->s, out.len);
	writer_u8(&h, 0);
	return answer;
}

static void bind_message_unbind(void **state)
{
	struct smpp_bind bind = { .system_id = TEXT_LITERAL("esme"), .password = TEXT_LITERAL("secret") };

	(void)state;
	start(NULL);
	assert_int_equal(send_one(&esme, SMPP_SUBMIT_SM, 1), ERR_CLOSED);
	assert_int_equal(smpp_session_bind(esme.s, SMPP_BIND_TRANSCEIVER, &bind, now), OK);
	assert_int_equal(smpp_session_bind(esme.s, SMPP_BIND_TRANSCEIVER, &bind, now), ERR_DENIED);
	pump();
	assert_string_equal(centre.events, "bind_transceiver:esme [bound-trx] ");
	assert_string_equal(esme.events, "[bound-trx] ");
	assert_int_equal(smpp_session_peer_version(esme.s), 0x34);
	assert_true(smpp_session_takes_tlvs(esme.s) && smpp_session_takes_tlvs(centre.s));
	assert_int_equal(send_one(&esme, SMPP_SUBMIT_SM, 1), OK);
	assert_int_equal(send_one(&centre, SMPP_DELIVER_SM, 2), OK);
	assert_int_equal(send_one(&centre, SMPP_SUBMIT_SM, 2), ERR_DENIED);
	assert_int_equal(send_one(&centre, SMPP_ALERT_NOTIFICATION, 0), OK);
	assert_int_equal(smpp_session_outstanding(centre.s), 1);
	pump();
	assert_int_equal(esme.answered + centre.answered, 2);
	smpp_session_unbind(esme.s, now);
	assert_int_equal(send_one(&esme, SMPP_SUBMIT_SM, 1), ERR_CLOSED);
	pump();
	assert_string_equal(esme.events, "[bound-trx] deliver_sm alert [unbinding] [closed] ");
	assert_string_equal(centre.events, "bind_transceiver:esme [bound-trx] submit_sm [unbinding] [closed] ");
	assert_int_equal(smpp_session_closed_by(esme.s), SMPP_CLOSE_UNBOUND);
	assert_true(smpp_session_due(esme.s) == INT64_MAX);
	stop();
}

/* The same in pieces of one, two and seven octets. */
static void trickled_octets_change_nothing(void **state)
{
	static const size_t steps[] = { 1, 2, 7, 100 };

	(void)state;
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		start_bound(NULL);
		for (uint64_t n = 0; n < 5; n++)
			assert_int_equal(send_one(&esme, SMPP_SUBMIT_SM, n), OK);
		carry(&esme, &centre, steps[i]);
		carry(&centre, &esme, steps[i]);
		assert_int_equal(esme.answered, 5);
		assert_string_equal(centre.events, "submit_sm submit_sm submit_sm submit_sm submit_sm ");
		stop();
	}
}

static void a_refused_bind_closes(void **state)
{
	struct smpp_bind bind = { .system_id = TEXT_LITERAL("esme") };

	(void)state;
	start(NULL);
	centre.bind_status = SMPP_RINVPASWD;
	assert_int_equal(smpp_session_bind(esme.s, SMPP_BIND_RECEIVER, &bind, now), OK);
	pump();
	assert_int_equal(smpp_session_closed_by(esme.s), SMPP_CLOSE_BIND_REFUSED);
	assert_int_equal(smpp_session_bind_status(esme.s), SMPP_RINVPASWD);
	assert_string_equal(centre.events, "bind_receiver:esme [closed] ");
	stop();
}

static void outbind_makes_the_other_bind(void **state)
{
	struct smpp_outbind outbind = { .system_id = TEXT_LITERAL("centre") };

	(void)state;
	start(NULL);
	assert_int_equal(smpp_session_outbind(centre.s, &outbind, now), OK);
	pump();
	assert_string_equal(esme.events, "[outbound] outbind:centre [bound-rx] ");
	assert_string_equal(centre.events, "[outbound] bind_receiver:esme [bound-rx] ");
	stop();
}

/* Which requests a kind of bind allows, seen from both sides. */
static void the_kind_of_bind_decides(void **state)
{
	static const struct {
		uint32_t bind, id;
		bool esme, centre;
	} table[] = {
		{ SMPP_BIND_TRANSMITTER, SMPP_SUBMIT_SM, true, false },
		{ SMPP_BIND_TRANSMITTER, SMPP_DELIVER_SM, false, false },
		{ SMPP_BIND_TRANSMITTER, SMPP_DATA_SM, true, false },
		{ SMPP_BIND_TRANSMITTER, SMPP_QUERY_SM, true, false },
		{ SMPP_BIND_RECEIVER, SMPP_SUBMIT_SM, false, false },
		{ SMPP_BIND_RECEIVER, SMPP_DELIVER_SM, false, true },
		{ SMPP_BIND_RECEIVER, SMPP_DATA_SM, false, true },
		{ SMPP_BIND_RECEIVER, SMPP_ALERT_NOTIFICATION, false, true },
		{ SMPP_BIND_TRANSCEIVER, SMPP_SUBMIT_MULTI, true, false },
		{ SMPP_BIND_TRANSCEIVER, SMPP_DELIVER_SM, false, true },
		{ SMPP_BIND_TRANSCEIVER, SMPP_DATA_SM, true, true },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		start(NULL);
		bind_as(table[i].bind);
		assert_int_equal(send_one(&esme, table[i].id, 1), table[i].esme ? OK : ERR_DENIED);
		assert_int_equal(send_one(&centre, table[i].id, 1), table[i].centre ? OK : ERR_DENIED);
		assert_int_equal(smpp_session_may(esme.s, table[i].id), table[i].esme);
		stop();
	}
}

/* Everything is answered, with its own sequence. */
static void every_pdu_is_answered(void **state)
{
	(void)state;
	start(NULL);
	/* enquire_link before the bind; submit_sm before the bind, even a broken one */
	assert_string_equal(tell_hex(&centre, "00000010 00000015 00000000 00000007"),
			    "00000010800000150000000000000007");
	assert_string_equal(tell_hex(&centre, "00000010 00000004 00000000 00000008"),
			    "00000010800000040000000400000008");
	assert_string_equal(tell_hex(&centre, "00000010 00000077 00000000 00000009"),
			    "00000010800000000000000300000009");
	assert_string_equal(tell_hex(&centre, "00000010 00000006 00000000 0000000a"),
			    "0000001080000006000000040000000a");
	bind_as(SMPP_BIND_TRANSCEIVER);
	/* a second bind; submit_sm that ends in a field; junk behind enquire_link */
	assert_string_equal(tell_hex(&centre, "00000017 00000009 00000000 0000000b 00000034000000"),
			    "0000001080000009000000050000000b");
	assert_string_equal(tell_hex(&centre, "00000012 00000004 00000000 0000000c 0000"),
			    "0000001080000004000000020000000c");
	assert_string_equal(tell_hex(&centre, "00000011 00000015 00000000 0000000d 00"),
			    "0000001080000015000000c00000000d");
	/* broadcast; a message the wrong way; outbind and alert have no answer, an unknown response neither */
	assert_string_equal(tell_hex(&centre, "00000010 00000111 00000000 0000000e"),
			    "0000001080000111000000030000000e");
	assert_string_equal(tell_hex(&centre, "00000010 00000005 00000000 0000000f"),
			    "0000001080000005000000040000000f");
	assert_string_equal(tell_hex(&centre, "00000012 0000000b 00000000 00000010 0000"), "");
	assert_string_equal(tell_hex(&centre, "00000010 80000077 00000000 00000011"), "");
	assert_string_equal(tell_hex(&centre, "00000010 80000004 00000000 00000012"), "");
	assert_string_equal(tell_hex(&centre, "00000010 80000000 00000003 00000013"), "");
	const struct smpp_session_counts *c = smpp_session_counts(centre.s);
	assert_int_equal(c->stray, 3);
	assert_int_equal(c->nacks_in, 1);
	assert_int_equal(c->unknown, 1);
	assert_true(smpp_session_bound(centre.s));
	stop();
}

static void an_impossible_length_closes(void **state)
{
	(void)state;
	start_bound(NULL);
	assert_string_equal(tell_hex(&centre, "0000000f 00000015 00000000 00000007 00"),
			    "00000010800000000000000200000007");
	assert_int_equal(smpp_session_closed_by(centre.s), SMPP_CLOSE_BAD_LENGTH);
	assert_string_equal(centre.events, "!0:2 [closed] ");
	/* What comes after is taken and ignored. */
	assert_string_equal(tell_hex(&centre, "00000010 00000015 00000000 00000007"), "");
	stop();
	start_bound(NULL);
	assert_string_equal(tell_hex(&centre, "7fffffff"), "00000010800000000000000200000000");
	stop();
}

static void the_window_holds_and_answers_come_in_any_order(void **state)
{
	(void)state;
	start_bound(NULL);
	centre.holds = true;
	for (uint64_t n = 0; n < 10; n++)
		assert_int_equal(send_one(&esme, SMPP_SUBMIT_SM, n), OK);
	assert_int_equal(send_one(&esme, SMPP_SUBMIT_SM, 10), ERR_FULL);
	pump();
	assert_int_equal(smpp_session_waiting(centre.s), 10);
	for (unsigned i = 0; i < 10; i++) {
		unsigned n = i * 7 % 10;
		assert_true(smpp_session_answer(centre.s, centre.held_id[n], centre.held[n], 0, TEXT_LITERAL("x")));
		pump();
		assert_int_equal(esme.answered, i + 1);
		assert_int_equal(esme.last_order, n + 1);
	}
	assert_int_equal(smpp_session_waiting(centre.s), 0);
	assert_int_equal(smpp_session_outstanding(esme.s), 0);
	assert_int_equal(send_one(&esme, SMPP_SUBMIT_SM, 10), OK);
	stop();
}

static void too_many_requests_are_throttled(void **state)
{
	struct smpp_session_options o = SMPP_SESSION_DEFAULTS(SMPP_ESME);

	(void)state;
	o.window = 5;
	o.window_in = 3;
	start_bound(&o);
	centre.holds = true;
	for (uint64_t n = 0; n < 5; n++)
		assert_int_equal(send_one(&esme, SMPP_SUBMIT_SM, n), OK);
	pump();
	assert_int_equal(smpp_session_waiting(centre.s), 3);
	assert_int_equal(esme.answered, 2);
	assert_int_equal(esme.last_status, SMPP_RTHROTTLED);
	assert_int_equal(smpp_session_counts(centre.s)->refused, 2);
	/* The sender slows down: nothing for a second, then some. */
	assert_int_equal(send_one(&esme, SMPP_SUBMIT_SM, 9), ERR_BUSY);
	assert_int_equal(smpp_session_can_send(esme.s, SMPP_SUBMIT_SM, now), ERR_BUSY);
	assert_int_equal(smpp_session_can_send(esme.s, SMPP_QUERY_SM, now), OK);
	int64_t due = smpp_session_send_due(esme.s, now);
	assert_true(due > now);
	now = due + USEC_PER_SEC;
	assert_int_equal(smpp_session_can_send(esme.s, SMPP_SUBMIT_SM, now), OK);
	assert_int_not_equal(smpp_session_rate(esme.s), 0);
	stop();
}

static void what_left_is_in_doubt_and_what_did_not_is_unsent(void **state)
{
	(void)state;
	start_bound(NULL);
	for (uint64_t n = 0; n < 4; n++)
		assert_int_equal(send_one(&esme, SMPP_SUBMIT_SM, n), OK);
	size_t all = smpp_session_output(esme.s).len;
	smpp_session_sent(esme.s, all / 4 + 3); /* one and a bit */
	smpp_session_lost(esme.s);
	assert_int_equal(esme.in_doubt, 1);
	assert_int_equal(esme.unsent, 3);
	assert_int_equal(smpp_session_output(esme.s).len, 0);
	assert_string_equal(esme.events, "[closed] ");
	stop();
	/* Closing ourselves: the piece that is under way is finished, the rest is taken back out of the output. */
	start_bound(NULL);
	for (uint64_t n = 0; n < 4; n++)
		assert_int_equal(send_one(&esme, SMPP_SUBMIT_SM, n), OK);
	assert_int_equal(send_one(&centre, SMPP_DELIVER_SM, 1), OK);
	carry(&centre, &esme, 1 << 20);
	smpp_session_sent(esme.s, all / 4 + 3);
	smpp_session_close(esme.s);
	assert_int_equal(esme.in_doubt, 2);
	assert_int_equal(esme.unsent, 2);
	assert_int_equal(smpp_session_output(esme.s).len, all / 4 - 3 + 17 + 2);
	assert_false(smpp_session_answer(esme.s, SMPP_DELIVER_SM, 1, 0, (struct text){ 0 }));
	stop();
}

/* The owner may send from within the report of an end: it is told that nothing leaves any more. */
static void sending_from_a_report_is_safe(void **state)
{
	(void)state;
	start_bound(NULL);
	esme.sends_when_answered = true;
	assert_int_equal(send_one(&esme, SMPP_SUBMIT_SM, 1), OK);
	smpp_session_lost(esme.s);
	assert_int_equal(esme.unsent, 1);
	assert_int_equal(smpp_session_outstanding(esme.s), 0);
	stop();
}

static void requests_that_are_not_answered_end_in_doubt(void **state)
{
	(void)state;
	start_bound(NULL);
	centre.holds = true;
	assert_int_equal(send_one(&esme, SMPP_SUBMIT_SM, 1), OK);
	now += 5 * USEC_PER_SEC;
	assert_int_equal(send_one(&esme, SMPP_SUBMIT_SM, 2), OK);
	pump();
	int64_t due = smpp_session_due(esme.s);
	assert_true(due == now + 25 * USEC_PER_SEC);
	now = due - 1;
	smpp_session_tick(esme.s, now);
	assert_int_equal(esme.in_doubt, 0);
	now = due;
	smpp_session_tick(esme.s, now);
	assert_int_equal(esme.in_doubt, 1);
	assert_int_equal(smpp_session_counts(esme.s)->timeouts, 1);
	/* Answers after that: one counts, the other is stray. */
	for (unsigned i = 0; i < 2; i++)
		assert_true(smpp_session_answer(centre.s, centre.held_id[i], centre.held[i], 0, TEXT_LITERAL("x")));
	pump();
	assert_int_equal(esme.answered, 1);
	assert_int_equal(smpp_session_counts(esme.s)->stray, 1);
	stop();
}

static void a_quiet_peer_is_asked_and_a_silent_one_is_left(void **state)
{
	(void)state;
	start_bound(NULL);
	assert_true(smpp_session_due(esme.s) == now + 30 * USEC_PER_SEC);
	now += 30 * USEC_PER_SEC;
	smpp_session_tick(esme.s, now);
	assert_int_equal(smpp_session_output(esme.s).len, SMPP_HEADER_SIZE);
	assert_true(smpp_session_due(esme.s) == now + 10 * USEC_PER_SEC);
	pump();
	assert_true(smpp_session_due(esme.s) == now + 30 * USEC_PER_SEC);
	assert_int_equal(smpp_session_counts(centre.s)->enquiries_in, 1);
	assert_int_equal(smpp_session_counts(esme.s)->stray, 0);
	now += 30 * USEC_PER_SEC;
	smpp_session_tick(esme.s, now);
	now += 10 * USEC_PER_SEC;
	smpp_session_tick(esme.s, now);
	assert_int_equal(smpp_session_closed_by(esme.s), SMPP_CLOSE_SILENT);
	assert_int_equal(smpp_session_output(esme.s).len, 0);
	stop();
}

static void silence_alone_closes_a_server(void **state)
{
	struct smpp_session_options o = SMPP_SESSION_DEFAULTS(SMPP_ESME);

	(void)state;
	o.enquire_answer_us = 0;
	start_bound(&o);
	int64_t begin = now;
	for (unsigned i = 0; i < 20 && smpp_session_bound(centre.s); i++) {
		now = smpp_session_due(centre.s);
		smpp_session_tick(centre.s, now);
	}
	assert_int_equal(smpp_session_closed_by(centre.s), SMPP_CLOSE_SILENT);
	assert_true(now == begin + 300 * USEC_PER_SEC);
	stop();
}

static void a_bind_must_come_in_time(void **state)
{
	(void)state;
	start(NULL);
	assert_true(smpp_session_due(centre.s) == now + 10 * USEC_PER_SEC);
	now += 10 * USEC_PER_SEC;
	smpp_session_tick(centre.s, now);
	assert_int_equal(smpp_session_closed_by(centre.s), SMPP_CLOSE_BIND_TIMEOUT);
	stop();
}

/* What the peer asked before its unbind is answered before the unbind is. */
static void unbind_waits_for_answers(void **state)
{
	(void)state;
	start_bound(NULL);
	centre.holds = true;
	assert_int_equal(send_one(&esme, SMPP_SUBMIT_SM, 1), OK);
	smpp_session_unbind(esme.s, now);
	pump();
	assert_int_equal(smpp_session_state(centre.s), SMPP_SESSION_UNBINDING);
	assert_int_equal(smpp_session_state(esme.s), SMPP_SESSION_UNBINDING);
	assert_true(smpp_session_answer(centre.s, centre.held_id[0], centre.held[0], 0, TEXT_LITERAL("x")));
	pump();
	assert_int_equal(esme.answered, 1);
	assert_int_equal(smpp_session_closed_by(esme.s), SMPP_CLOSE_UNBOUND);
	assert_int_equal(smpp_session_closed_by(centre.s), SMPP_CLOSE_UNBOUND);
	stop();
	/* and an answer that never comes does not hold it for ever */
	start_bound(NULL);
	centre.holds = true;
	assert_int_equal(send_one(&esme, SMPP_SUBMIT_SM, 1), OK);
	smpp_session_unbind(esme.s, now);
	pump();
	now += 30 * USEC_PER_SEC;
	smpp_session_tick(esme.s, now);
	smpp_session_tick(centre.s, now);
	assert_int_equal(esme.in_doubt, 1);
	assert_int_equal(smpp_session_state(centre.s), SMPP_SESSION_CLOSED);
	stop();
}

/* osmo-msc answers bind_receiver as bind_transmitter, without name or version. */
static void a_bind_answered_with_another_id_counts(void **state)
{
	struct smpp_bind bind = { .system_id = TEXT_LITERAL("esme") };

	(void)state;
	start(NULL);
	assert_int_equal(smpp_session_bind(esme.s, SMPP_BIND_RECEIVER, &bind, now), OK);
	(void)tell_hex(&esme, "00000011 80000002 00000000 00000001 00");
	assert_int_equal(smpp_session_state(esme.s), SMPP_SESSION_BOUND_RX);
	assert_false(smpp_session_takes_tlvs(esme.s));
	stop();
	start(NULL);
	assert_int_equal(smpp_session_bind(esme.s, SMPP_BIND_RECEIVER, &bind, now), OK);
	(void)tell_hex(&esme, "00000010 80000000 00000003 00000001");
	assert_int_equal(smpp_session_closed_by(esme.s), SMPP_CLOSE_BIND_REFUSED);
	stop();
}

/* A broken body of an answer does not hide that the request was taken. */
static void a_broken_answer_still_counts(void **state)
{
	(void)state;
	start_bound(NULL);
	assert_int_equal(send_one(&esme, SMPP_SUBMIT_SM, 1), OK); /* the bind was 1 */
	(void)tell_hex(&esme, "00000011 80000004 00000000 00000002 41");
	assert_int_equal(esme.answered, 1);
	assert_int_equal(esme.last_status, 0);
	assert_string_equal(esme.events, "!80000004:0 ");
	assert_int_equal(send_one(&esme, SMPP_SUBMIT_SM, 1), OK);
	(void)tell_hex(&esme, "00000010 80000005 00000000 00000003"); /* an answer of another kind */
	assert_int_equal(esme.answered, 1);
	(void)tell_hex(&esme, "00000010 80000000 00000008 00000003");
	assert_int_equal(esme.answered, 2);
	stop();
}

static void a_peer_that_does_not_read_is_left(void **state)
{
	struct smpp_session_options o = SMPP_SESSION_DEFAULTS(SMPP_ESME);

	(void)state;
	o.output_max = 1000;
	start_bound(&o);
	uint8_t enquire[16] = { 0, 0, 0, 16, 0, 0, 0, 0x15, 0, 0, 0, 0, 0, 0, 0, 1 };
	unsigned n = 0;
	for (; n < 100000 && smpp_session_bound(centre.s); n++)
		(void)smpp_session_receive(centre.s, enquire, sizeof(enquire), now);
	assert_int_equal(smpp_session_closed_by(centre.s), SMPP_CLOSE_BACKLOG);
	assert_int_equal(smpp_session_output(centre.s).len, 0);
	for (n = 0; n < 20; n++)
		if (send_one(&esme, SMPP_SUBMIT_SM, n) != OK)
			break;
	assert_int_equal(n, 10);
	stop();
}

static void what_cannot_be_encoded_is_not_sent(void **state)
{
	struct smpp_pdu pdu = { .id = SMPP_SUBMIT_SM };

	(void)state;
	start_bound(NULL);
	pdu.u.sm.source.at = TEXT_LITERAL("1234567890123456789012345");
	assert_int_equal(smpp_session_send(esme.s, &pdu, 1, now), ERR_TOO_BIG);
	assert_int_equal(smpp_session_outstanding(esme.s), 0);
	assert_int_equal(smpp_session_output(esme.s).len, 0);
	/* An answer of ours that cannot be encoded becomes an error, not silence. */
	centre.holds = true;
	assert_int_equal(send_one(&esme, SMPP_SUBMIT_SM, 1), OK);
	pump();
	char longer[70];
	memset(longer, '1', sizeof(longer));
	assert_true(smpp_session_answer(centre.s, SMPP_SUBMIT_SM, centre.held[0], 0, text_range(longer, 70)));
	pump();
	assert_int_equal(esme.last_status, SMPP_RSYSERR);
	stop();
}

/* Thousands of requests with answers in wild order: every place is found again. */
static void the_window_by_itself(void **state)
{
	struct smpp_window w;
	uint32_t open[100];
	unsigned n = 0, seed = 7;

	(void)state;
	smpp_window_init(&w, 100);
	w.sequence = SMPP_SEQUENCE_MAX - 5000;
	for (unsigned i = 0; i < 20000; i++) {
		struct smpp_pending *p = NULL;
		seed = seed * 1103515245u + 12345u;
		if (n < 100 && seed & 0x10000) {
			p = smpp_window_add(&w);
			assert_non_null(p);
			p->cookie = p->sequence;
			assert_in_range(p->sequence, 1, SMPP_SEQUENCE_MAX);
			open[n++] = p->sequence;
		} else if (n) {
			unsigned at = (seed >> 8) % n;
			p = smpp_window_find(&w, open[at]);
			assert_true(p && p->cookie == open[at]);
			smpp_window_remove(&w, p);
			assert_null(smpp_window_find(&w, open[at]));
			open[at] = open[--n];
		}
		assert_int_equal(w.count, n);
	}
	while (n < 100) {
		assert_non_null(smpp_window_add(&w));
		n++;
	}
	assert_null(smpp_window_add(&w));
	uint64_t order = 0;
	while (w.count) {
		struct smpp_pending *p = smpp_window_oldest(&w);
		assert_true(p->order > order);
		order = p->order;
		smpp_window_remove(&w, p);
	}
	assert_null(smpp_window_oldest(&w));
	smpp_window_clear(&w);
}

static void every_state_and_reason_has_a_name(void **state)
{
	(void)state;
	for (unsigned i = 0; i < SMPP_SESSION_STATES; i++)
		assert_string_not_equal(smpp_session_state_name((enum smpp_session_state)i), "unknown");
	for (unsigned i = 0; i < SMPP_CLOSES; i++)
		assert_string_not_equal(smpp_close_name((enum smpp_close)i), "unknown");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bind_message_unbind),
		cmocka_unit_test(trickled_octets_change_nothing),
		cmocka_unit_test(a_refused_bind_closes),
		cmocka_unit_test(outbind_makes_the_other_bind),
		cmocka_unit_test(the_kind_of_bind_decides),
		cmocka_unit_test(every_pdu_is_answered),
		cmocka_unit_test(an_impossible_length_closes),
		cmocka_unit_test(the_window_holds_and_answers_come_in_any_order),
		cmocka_unit_test(too_many_requests_are_throttled),
		cmocka_unit_test(what_left_is_in_doubt_and_what_did_not_is_unsent),
		cmocka_unit_test(sending_from_a_report_is_safe),
		cmocka_unit_test(requests_that_are_not_answered_end_in_doubt),
		cmocka_unit_test(a_quiet_peer_is_asked_and_a_silent_one_is_left),
		cmocka_unit_test(silence_alone_closes_a_server),
		cmocka_unit_test(a_bind_must_come_in_time),
		cmocka_unit_test(unbind_waits_for_answers),
		cmocka_unit_test(a_bind_answered_with_another_id_counts),
		cmocka_unit_test(a_broken_answer_still_counts),
		cmocka_unit_test(a_peer_that_does_not_read_is_left),
		cmocka_unit_test(what_cannot_be_encoded_is_not_sent),
		cmocka_unit_test(the_window_by_itself),
		cmocka_unit_test(every_state_and_reason_has_a_name),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
