/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The state table of ro.h. */
#include "billing/ro.h"

#include "core/base/clock.h"

#define WAIT_FIRST_US USEC_PER_SEC
#define WAIT_MAX_US (60 * USEC_PER_SEC)

struct row {
	enum ro_state next;
	enum ro_action action;
	enum ro_tell tell;
	bool known; /* false: this event changes nothing here */
};

#define TO(state, act, say) \
	{ \
		.next = RO_##state, .action = RO_##act, .tell = RO_TELL_##say, .known = true \
	}

/* An answer that comes after its timer counts as one in time. */
#define INITIAL_ANSWERS \
	[RO_YES] = TO(GRANTED, NOTHING, GRANTED), [RO_SHORT] = TO(GRANTED, NOTHING, SHORT), \
	[RO_FREE] = TO(CLOSED, NOTHING, FREE), [RO_NO] = TO(CLOSED, NOTHING, DENIED), \
	[RO_FAULT] = TO(CLOSED, NOTHING, LATER), [RO_SETTLE] = TO(TERMINATION_SENT, SEND_TERMINATION, NOTHING)

#define TERMINATION_ANSWERS \
	[RO_YES] = TO(CLOSED, NOTHING, SETTLED), [RO_SHORT] = TO(CLOSED, NOTHING, SETTLED), \
	[RO_FREE] = TO(CLOSED, NOTHING, SETTLED), [RO_NO] = TO(CLOSED, NOTHING, DIFFERENCE), \
	[RO_FAULT] = TO(CLOSED, NOTHING, DIFFERENCE)

static const struct row table[RO_STATE_COUNT][RO_EVENT_COUNT] = {
	[RO_IDLE] = { [RO_RESERVE] = TO(INITIAL_SENT, SEND_INITIAL, NOTHING),
		      [RO_SETTLE] = TO(TERMINATION_SENT, SEND_TERMINATION, NOTHING) },
	[RO_INITIAL_SENT] = { INITIAL_ANSWERS, [RO_SILENCE] = TO(INITIAL_WAITS, WAIT, DOUBT),
			      [RO_NO_LINK] = TO(INITIAL_WAITS, WAIT, DOUBT) }, /* where none left: closed, see below */
	[RO_INITIAL_WAITS] = { INITIAL_ANSWERS, [RO_RESERVE] = TO(INITIAL_WAITS, NOTHING, DOUBT),
			       [RO_NO_LINK] = TO(INITIAL_WAITS, WAIT, NOTHING),
			       [RO_DUE] = TO(INITIAL_SENT, SEND_INITIAL, NOTHING) },
	[RO_GRANTED] = { [RO_RESERVE] = TO(GRANTED, NOTHING, GRANTED),
			 [RO_SETTLE] = TO(TERMINATION_SENT, SEND_TERMINATION, NOTHING) },
	[RO_TERMINATION_SENT] = { TERMINATION_ANSWERS, [RO_SILENCE] = TO(TERMINATION_WAITS, WAIT, NOTHING),
				  [RO_NO_LINK] = TO(TERMINATION_WAITS, WAIT, NOTHING) },
	[RO_TERMINATION_WAITS] = { TERMINATION_ANSWERS, [RO_NO_LINK] = TO(TERMINATION_WAITS, WAIT, NOTHING),
				   [RO_DUE] = TO(TERMINATION_SENT, SEND_TERMINATION, NOTHING) },
};

void ro_session_init(struct ro_session *s, bool again)
{
	*s = (struct ro_session){ .left = again };
}

static bool is_termination(enum ro_state state)
{
	return state == RO_TERMINATION_SENT || state == RO_TERMINATION_WAITS;
}

struct ro_step ro_session_event(struct ro_session *s, enum ro_event event)
{
	const struct row *row = &table[s->state][event];
	enum ro_state was = s->state;

	if (!row->known)
		return (struct ro_step){ RO_NOTHING, RO_TELL_NOTHING };
	if (was == RO_INITIAL_SENT && event == RO_NO_LINK && !s->left) {
		s->state = RO_CLOSED;
		return (struct ro_step){ RO_NOTHING, RO_TELL_UNREACHED };
	}
	s->state = row->next;
	/* Another request than the one that left before. From IDLE it is what an earlier process may have sent. */
	if (is_termination(s->state) && !is_termination(was) && was != RO_IDLE) {
		s->left = false;
		s->tries = 0;
	}
	return (struct ro_step){ row->action, row->tell };
}

void ro_session_left(struct ro_session *s)
{
	s->left = true;
	s->tries++;
}

int64_t ro_session_wait_us(const struct ro_session *s)
{
	int64_t wait = WAIT_FIRST_US;

	for (unsigned i = 1; i < s->tries && wait < WAIT_MAX_US; i++)
		wait *= 2;
	return wait < WAIT_MAX_US ? wait : WAIT_MAX_US;
}

uint32_t ro_code(const struct ro_message *m)
{
	if (m->result / 1000 == 2 && m->service_result && m->service_result / 1000 != 2)
		return m->service_result;
	return m->result;
}

static enum ro_event meaning_of_refusal(uint32_t code)
{
	switch (code) {
	case 4011:
		return RO_FREE;
	case 4010:
	case 4012:
	case 5003:
	case 5006:
	case 5030:
	case 5031:
		return RO_NO;
	default:
		return RO_FAULT;
	}
}

enum ro_event ro_meaning(const struct ro_message *m, enum ro_request_type type, uint64_t units)
{
	uint32_t code = ro_code(m);

	/* Also an answer without a result, and 1xxx: whatever it is, it does not say that nothing was charged. */
	if (m->flags & RO_FLAG_ERROR || code < 2000 || code / 1000 == 3 || code > 5999)
		return RO_SILENCE;
	if (code / 1000 != 2)
		return meaning_of_refusal(code);
	if (type == RO_INITIAL_REQUEST && (!m->has_grant || m->granted < units))
		return RO_SHORT;
	return RO_YES;
}

const char *ro_reason(uint32_t code)
{
	switch (code) {
	case 2001:
	case 2002:
		return "the charging system grants too little";
	case 4010:
		return "the charging system denies this service to the payer";
	case 4012:
		return "no credit at the charging system";
	case 5003:
		return "the payer is not authorised at the charging system";
	case 5006:
		return "the payer uses all that the charging system allows at once";
	case 5030:
		return "the charging system does not know the payer";
	case 5031:
		return "the charging system has no price for this";
	default:
		return "the charging system refuses the request";
	}
}

void ro_session_id(struct writer *w, struct text host, struct message_id delivery, uint8_t kind, int64_t attempt)
{
	struct reader r = reader_of(delivery.octets + 8, 4);
	char id[MESSAGE_ID_TEXT_SIZE];

	writer_text(w, host);
	writer_printf(w, ";%u;%u;%s.%u.%lld", (unsigned)(message_id_time(delivery) / USEC_PER_SEC), reader_u32(&r),
		      message_id_text(delivery, id), kind, (long long)attempt);
}

const char *ro_state_name(enum ro_state state)
{
	static const char *const names[RO_STATE_COUNT] = {
		"idle", "initial sent", "in doubt", "granted", "termination sent", "termination waits", "closed",
	};

	return (unsigned)state < RO_STATE_COUNT ? names[state] : "?";
}
