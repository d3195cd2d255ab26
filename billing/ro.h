/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One credit-control session of a delivery: event charging with unit reservation (RFC 8506 6, ECUR). INITIAL, number 0,
 * reserves; TERMINATION, number 1, settles with used units or with 0. A state table, no I/O.
 *
 *	IDLE -reserve-> INITIAL_SENT --yes--> GRANTED -settle-> TERMINATION_SENT -yes-> CLOSED
 *	                 | ^   \--no, free, fault--> CLOSED      | ^
 *	           silence due                             silence due
 *	                 v |                                     v |
 *	               INITIAL_WAITS ------settle------>  TERMINATION_WAITS
 *
 * Silence (the Tx timer, a 3xxx, a connection lost after the request left) never means "not charged": the same
 * Session-Id and number go again, with the T flag, until there is an answer. settle is possible in every state.
 */
#ifndef BILLING_RO_H
#define BILLING_RO_H

#include "billing/ro_message.h"
#include "core/message_id.h"

enum ro_state {
	RO_IDLE,
	RO_INITIAL_SENT,
	RO_INITIAL_WAITS,
	RO_GRANTED,
	RO_TERMINATION_SENT,
	RO_TERMINATION_WAITS,
	RO_CLOSED,
	RO_STATE_COUNT
};

enum ro_event {
	RO_RESERVE,
	RO_SETTLE,
	RO_YES,	    /* 2xxx */
	RO_SHORT,   /* 2xxx that grants fewer units than were asked for */
	RO_FREE,    /* 4011: no charging applies */
	RO_NO,	    /* the payer may not, or has no credit */
	RO_FAULT,   /* answered, nothing was charged, and the payer is not the reason: 5001, 5005, 5012.. */
	RO_SILENCE, /* it left, and may have been charged */
	RO_NO_LINK, /* it did not leave now */
	RO_DUE,	    /* the back-off ended */
	RO_EVENT_COUNT
};

enum ro_action { RO_NOTHING, RO_SEND_INITIAL, RO_SEND_TERMINATION, RO_WAIT };

/* What the session's owner is to be told. */
enum ro_tell {
	RO_TELL_NOTHING,
	RO_TELL_GRANTED,
	RO_TELL_SHORT, /* it is open at the other side: settle it with 0 */
	RO_TELL_FREE,
	RO_TELL_DENIED,
	RO_TELL_LATER,	   /* closed, nothing charged; a new session may be tried later */
	RO_TELL_DOUBT,	   /* it goes on by itself */
	RO_TELL_UNREACHED, /* closed: no octet of it ever left */
	RO_TELL_SETTLED,
	RO_TELL_DIFFERENCE, /* settled here; the other side refused: for reconciliation */
	RO_TELL_COUNT
};

struct ro_session {
	enum ro_state state;
	bool left; /* the request of this state may have left: the next one carries the T flag */
	unsigned tries;
};

struct ro_step {
	enum ro_action action;
	enum ro_tell tell;
};

/* `again`: an earlier process may have sent the first request of this session. */
void ro_session_init(struct ro_session *session, bool again);
struct ro_step ro_session_event(struct ro_session *session, enum ro_event event);
/* After the octets of a request were given to the connection. */
void ro_session_left(struct ro_session *session);
/* How long RO_WAIT waits: 1 s, doubled with each try, at most 60 s. */
int64_t ro_session_wait_us(const struct ro_session *session);

/* What an answer to INITIAL (units asked for) or TERMINATION means. */
enum ro_event ro_meaning(const struct ro_message *answer, enum ro_request_type type, uint64_t units);
/* The code that decided that meaning. */
uint32_t ro_code(const struct ro_message *answer);
/* For the sender: "no credit at the charging system". Never NULL. */
const char *ro_reason(uint32_t code);

/* HOST;HIGH;LOW;DELIVERY.KIND.ATTEMPT (RFC 6733 8.8): derived, so that nobody can make a second one for one hold. */
void ro_session_id(struct writer *w, struct text host, struct message_id delivery, uint8_t kind, int64_t attempt);

const char *ro_state_name(enum ro_state state);

#endif
