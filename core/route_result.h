/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the result of an attempt does to the facts of the next decision, and what a thread's events do to its latch:
 * sections 7 and 8 of the decision rules, as tables. No I/O, no clock.
 *
 * "Closed" is the proof that the RCS attempt can no longer be delivered. Only then may a paid bearer be tried.
 */
#ifndef CORE_ROUTE_RESULT_H
#define CORE_ROUTE_RESULT_H

#include "core/route_decide.h"

enum route_event {
	EVENT_ACCEPTED,	      /* R7.1: 200, 202; delivery is awaited */
	EVENT_NOT_A_USER,     /* R7.2: 404, 604 */
	EVENT_UNREGISTERED,   /* R7.3: 480, 430 */
	EVENT_TIMEOUT_ANSWER, /* R7.4: 408 received */
	EVENT_NO_ANSWER,      /* R7.5: no final answer, or the connection lost */
	EVENT_UNSUPPORTED,    /* R7.6: 405, 415, 488, 501, 606 */
	EVENT_TOO_LARGE,      /* R7.7: 413, 513 */
	EVENT_DECLINED,	      /* R7.8: 486, 600, 603 */
	EVENT_FORBIDDEN,      /* R7.9: 403 */
	EVENT_UNAVAILABLE,    /* R7.10: 503 */
	EVENT_SERVER_ERROR,   /* R7.11: other 5xx once the body is sent */
	EVENT_OTHER_ANSWER,   /* R7.12: any other final code; 401 and 407 after one answer, 3xx outside trunks */
	EVENT_PROVISIONAL,    /* R7.13: 180, 183 */
	EVENT_DELIVERED,      /* R7.14: IMDN delivered or displayed */
	EVENT_FAILED,	      /* R7.14: IMDN failed */
	EVENT_NOT_DECRYPTED,  /* R7.14: the device cannot decrypt */
	EVENT_INTERWORKED,    /* R7.15: the peer network sent it as SMS or MMS */
	EVENT_REVOKED,	      /* R7.16: taken back, or withdrawn from our own store */
	EVENT_REVOKE_FAILED,  /* R7.16: failed or silent */
	EVENT_PAID_REFUSED,   /* R7.17: paid submit refused before acceptance */
	EVENT_PAID_DOUBT,     /* R7.18: paid submit timed out or link lost */
	EVENT_PAID_ACCEPTED,  /* the network took it: the permit is spent */
	ROUTE_EVENT_COUNT
};

enum route_next {
	NEXT_DECIDE,	   /* decide again with the new facts */
	NEXT_DECIDE_LATER, /* the same, after Retry-After or its default */
	NEXT_WAIT,	   /* for a report, a revoke, or the validity's end */
	NEXT_REPEAT_RCS,   /* the same try under the same Message-ID */
	NEXT_REPEAT_PAID,  /* the same permit, the same bearer */
	NEXT_END_DELIVERED,
	NEXT_END_SENT,	      /* by a paid bearer of ours */
	NEXT_END_INTERWORKED, /* by somebody else's, no permit of ours */
	NEXT_END_REJECTED,
	ROUTE_NEXT_COUNT
};

enum route_closed { CLOSED_NO, CLOSED_YES, CLOSED_NOT_RCS };

/* Facts a row sets: bits of route_effect.sets. */
#define SETS_RECIPIENT_NO 1u
#define SETS_RECIPIENT_OFF 2u
#define SETS_NO_CAPABILITY 4u
#define SETS_RCS_TOO_BIG 8u
#define SETS_BARRED 16u
/* They hold for later messages too, and go into the capability cache. */
#define SETS_REMEMBERED 32u

struct route_effect {
	const char *rule; /* "R7.2" */
	const char *text; /* for people */
	enum route_next next;
	enum route_closed closed;
	unsigned sets;
	bool later_only; /* SETS_* go to the cache, not to this message's facts */
};

#define ROUTE_RCS_MAX_ATTEMPTS 3u /* rcs_max_attempts: closed tries until this message takes B for NO */

const struct route_effect *route_effect(enum route_event event);
/* Of a final or provisional SIP answer. `body_sent`: false for an INVITE without its message in it. */
enum route_event route_event_of_sip(unsigned code, bool body_sent);
const char *route_event_name(enum route_event event);
const char *route_next_name(enum route_next next);

/* Of one message to one recipient; all zero before its first try. */
struct route_tries {
	unsigned closed;
	bool uncertain; /* an earlier try was accepted, or may have been */
};

/*
 * Applies an event to the facts of its message: attempt, recipient, capability, fit, barred. From `max_attempts`
 * closed tries (0 = the default) on B is NO for it. While an earlier try is uncertain, a refusal of its repetition
 * proves nothing about that one: facts are learnt, the attempt stays open, and only news of the message itself (a
 * report, a revoke) closes it. An answer that comes after PAID_OPEN or an end is the caller's to keep out.
 */
enum route_next route_apply(enum route_event event, unsigned max_attempts, struct route_tries *tries,
			    struct route_facts *facts);

/* --- section 8 ------------------------------------------------------------------------------------------------- */

enum thread_event {
	THREAD_STARTED,	       /* R8.5: first finished capability check, or first message either way */
	THREAD_DELIVERY_TIMER, /* R8.1: ran out, and B is not online */
	THREAD_XMS_FROM_B,     /* R8.2 */
	THREAD_SENDER_LOST,    /* R8.3: A without data for a whole delivery timeout */
	THREAD_CHAT_FROM_B,    /* R8.4 */
	THREAD_B_ONLINE,       /* R8.4 */
	THREAD_A_ONLINE,       /* R8.4 */
	THREAD_IDLE,	       /* R8.5: conversation_idle ran out */
	THREAD_EVENT_COUNT
};

enum latch route_latch(enum latch latch, enum thread_event event);

enum route_timer {
	TIMER_DELIVERY,
	TIMER_CONVERSATION_IDLE,
	TIMER_CAPABILITY_QUERY,
	TIMER_QUERY_EXHAUSTED,
	TIMER_CAPABILITY_AGE,
	TIMER_CHAT_REVOKE,
	TIMER_RECONNECT_GUARD,
	TIMER_RETRY_AFTER,
	TIMER_VALIDITY,
	ROUTE_TIMER_COUNT
};

struct route_timer_info {
	const char *name; /* as configured: "delivery-timeout" */
	const char *rule;
	const char *text;
	uint32_t seconds, min, max; /* default and bounds; 0 = off where min is 0 */
};

const struct route_timer_info *route_timer(enum route_timer timer);

#endif
