/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A session on either side, fed with a script: an octet says what happens next (the owner's calls, time, octets of the
 * peer in pieces). Whatever comes: every request is reported once, and nothing is said after the end.
 */
#include <stdlib.h>
#include <string.h>

#include "sms/smpp_session.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

struct side {
	int64_t now;
	unsigned sent, ended, asked;
	bool closed, holds;
	uint32_t id, sequence;
};

static void on_bind(void *owner, struct smpp_session *s, const struct smpp_pdu *pdu)
{
	struct side *side = owner;

	if (!side->holds)
		smpp_session_answer_bind(s, pdu->u.bind.password.len == 3 ? 0x0e : 0, pdu->u.bind.system_id, side->now);
}

static void on_outbind(void *owner, struct smpp_session *s, const struct smpp_pdu *pdu)
{
	struct side *side = owner;
	struct smpp_bind bind = { .system_id = pdu->u.outbind.system_id };

	(void)!smpp_session_bind(s, SMPP_BIND_RECEIVER, &bind, side->now);
}

static void on_request(void *owner, struct smpp_session *s, const struct smpp_pdu *pdu)
{
	struct side *side = owner;

	side->asked++;
	side->id = pdu->id;
	side->sequence = pdu->sequence;
	if (!side->holds)
		(void)smpp_session_answer(s, pdu->id, pdu->sequence, 0, TEXT_LITERAL("id"));
}

static void on_answer(void *owner, struct smpp_session *s, const struct smpp_answer *a)
{
	struct side *side = owner;

	(void)s;
	side->ended++;
	if (a->cookie != 7 || side->closed || (a->end == SMPP_ANSWERED) != !!a->pdu)
		abort();
}

static void on_state(void *owner, struct smpp_session *s, enum smpp_session_state state)
{
	struct side *side = owner;

	if (side->closed || smpp_session_state(s) != state)
		abort();
	side->closed = state == SMPP_SESSION_CLOSED;
}

static const struct smpp_session_user user = {
	.bind = on_bind, .outbind = on_outbind, .request = on_request, .answer = on_answer, .state = on_state
};

static void send_one(struct side *side, struct smpp_session *s, uint32_t id)
{
	struct smpp_pdu pdu = { .id = id };

	if (smpp_session_send(s, &pdu, 7, side->now) == OK && id != SMPP_ALERT_NOTIFICATION)
		side->sent++;
}

/* The owner's calls; false: the octets that follow are the peer's. */
static bool act(struct side *side, struct smpp_session *s, uint8_t what)
{
	static const uint32_t ids[] = { SMPP_SUBMIT_SM, SMPP_DELIVER_SM, SMPP_DATA_SM,	  SMPP_ALERT_NOTIFICATION,
					SMPP_QUERY_SM,	SMPP_CANCEL_SM,	 SMPP_REPLACE_SM, SMPP_SUBMIT_MULTI };
	struct smpp_bind bind = { .system_id = TEXT_LITERAL("x") };
	struct smpp_outbind outbind = { .system_id = TEXT_LITERAL("x") };
	size_t waiting = smpp_session_output(s).len;

	switch (what >> 3) {
	case 0:
		send_one(side, s, ids[what & 7]);
		return true;
	case 1:
		smpp_session_sent(s, what & 4 ? waiting : waiting * (what & 3) / 3);
		return true;
	case 2:
		side->now += INT64_C(1) << (2 * (what & 7) + 12);
		smpp_session_tick(s, side->now);
		return true;
	case 3:
		(void)!smpp_session_bind(s, what & 1 ? SMPP_BIND_TRANSCEIVER : SMPP_BIND_TRANSMITTER, &bind, side->now);
		(void)!smpp_session_outbind(s, &outbind, side->now);
		return true;
	case 4:
		side->holds = what & 1;
		if (what & 2)
			smpp_session_answer_bind(s, 0, TEXT_LITERAL("y"), side->now);
		if (what & 4)
			(void)smpp_session_answer(s, side->id, side->sequence, what & 1, TEXT_LITERAL("id"));
		return true;
	case 5:
		if (what & 1)
			smpp_session_unbind(s, side->now);
		if ((what & 7) == 6)
			smpp_session_close(s);
		if ((what & 7) == 4)
			smpp_session_lost(s);
		return true;
	default:
		return false;
	}
}

static void check(const struct side *side, struct smpp_session *s)
{
	if (side->sent != side->ended + smpp_session_outstanding(s))
		abort();
	if (side->closed != (smpp_session_state(s) == SMPP_SESSION_CLOSED))
		abort();
	if (smpp_session_due(s) != INT64_MAX && smpp_session_state(s) == SMPP_SESSION_CLOSED)
		abort();
}

/* Frame of what the peer says: the length is put in front, so that mutations reach the decoder. */
static void hear(struct side *side, struct smpp_session *s, uint8_t what, struct text body)
{
	static uint8_t octets[600];
	struct writer w = writer_of(octets, sizeof(octets));

	if (what & 1)
		writer_u32(&w, (uint32_t)(body.len + 4));
	writer_text(&w, body);
	size_t taken = smpp_session_receive(s, octets, writer_len(&w), side->now);
	if (taken > writer_len(&w))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct reader r = reader_of(bytes, len);
	uint8_t first = reader_u8(&r);
	struct smpp_session_options o = SMPP_SESSION_DEFAULTS(first & 1 ? SMPP_ESME : SMPP_CENTRE);
	struct side side = { .now = 1000000 };

	o.window = 1 + (first >> 4);
	o.window_in = 1 + (first >> 5);
	o.rate = first & 2 ? 0 : 100;
	o.output_max = 2000;
	struct smpp_session *s = smpp_session_new(&o, &user, &side, side.now);
	while (reader_left(&r)) {
		uint8_t what = reader_u8(&r);

		if (!act(&side, s, what)) {
			uint8_t n = reader_u8(&r);
			size_t left = reader_left(&r);
			if (n > left)
				n = (uint8_t)left;
			const uint8_t *body = reader_take(&r, n);
			hear(&side, s, what, text_range((const char *)body, n));
		}
		check(&side, s);
	}
	smpp_session_lost(s);
	if (side.sent != side.ended || !side.closed)
		abort();
	smpp_session_free(&s);
	return 0;
}
