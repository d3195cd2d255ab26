/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Results of attempts, thread events and timers of the decision, as tables. */
#include "core/route_result.h"

#include <assert.h>
#include <stddef.h>

static const char *const events[] = {
	[EVENT_ACCEPTED] = "accepted",
	[EVENT_NOT_A_USER] = "not-a-user",
	[EVENT_UNREGISTERED] = "unregistered",
	[EVENT_TIMEOUT_ANSWER] = "timeout-answer",
	[EVENT_NO_ANSWER] = "no-answer",
	[EVENT_UNSUPPORTED] = "unsupported",
	[EVENT_TOO_LARGE] = "too-large",
	[EVENT_DECLINED] = "declined",
	[EVENT_FORBIDDEN] = "forbidden",
	[EVENT_UNAVAILABLE] = "unavailable",
	[EVENT_SERVER_ERROR] = "server-error",
	[EVENT_OTHER_ANSWER] = "other-answer",
	[EVENT_PROVISIONAL] = "provisional",
	[EVENT_DELIVERED] = "delivered",
	[EVENT_FAILED] = "failed",
	[EVENT_NOT_DECRYPTED] = "not-decrypted",
	[EVENT_INTERWORKED] = "interworked",
	[EVENT_REVOKED] = "revoked",
	[EVENT_REVOKE_FAILED] = "revoke-failed",
	[EVENT_PAID_REFUSED] = "paid-refused",
	[EVENT_PAID_DOUBT] = "paid-doubt",
	[EVENT_PAID_ACCEPTED] = "paid-accepted",
};
static_assert(sizeof(events) / sizeof(events[0]) == ROUTE_EVENT_COUNT, "each event has a name");

static const char *const nexts[] = {
	[NEXT_DECIDE] = "decide",	  [NEXT_DECIDE_LATER] = "decide-later",	  [NEXT_WAIT] = "wait",
	[NEXT_REPEAT_RCS] = "repeat-rcs", [NEXT_REPEAT_PAID] = "repeat-paid",	  [NEXT_END_DELIVERED] = "delivered",
	[NEXT_END_SENT] = "sent",	  [NEXT_END_INTERWORKED] = "interworked", [NEXT_END_REJECTED] = "rejected",
};
static_assert(sizeof(nexts) / sizeof(nexts[0]) == ROUTE_NEXT_COUNT, "each next step has a name");

const char *route_event_name(enum route_event event)
{
	return (unsigned)event < ROUTE_EVENT_COUNT ? events[event] : "invalid";
}

const char *route_next_name(enum route_next next)
{
	return (unsigned)next < ROUTE_NEXT_COUNT ? nexts[next] : "invalid";
}

static const struct route_effect effects[] = {
	[EVENT_ACCEPTED] = { "R7.1", "accepted is not delivered", NEXT_WAIT, CLOSED_NO, 0, false },
	[EVENT_NOT_A_USER] = { "R7.2", "not an RCS user", NEXT_DECIDE, CLOSED_YES, SETS_RECIPIENT_NO | SETS_REMEMBERED,
			       false },
	[EVENT_UNREGISTERED] = { "R7.3", "not registered", NEXT_DECIDE, CLOSED_YES,
				 SETS_RECIPIENT_OFF | SETS_REMEMBERED, false },
	[EVENT_TIMEOUT_ANSWER] = { "R7.4", "timed out behind the peer, may have been delivered", NEXT_REPEAT_RCS,
				   CLOSED_NO, SETS_RECIPIENT_OFF | SETS_REMEMBERED, true },
	[EVENT_NO_ANSWER] = { "R7.5", "no answer, may have been delivered", NEXT_REPEAT_RCS, CLOSED_NO, 0, false },
	[EVENT_UNSUPPORTED] = { "R7.6", "the device does not take this content", NEXT_DECIDE, CLOSED_YES,
				SETS_NO_CAPABILITY | SETS_REMEMBERED, false },
	[EVENT_TOO_LARGE] = { "R7.7", "too large for the peer", NEXT_DECIDE, CLOSED_YES, SETS_RCS_TOO_BIG, false },
	[EVENT_DECLINED] = { "R7.8", "a person refused", NEXT_END_REJECTED, CLOSED_YES, 0, false },
	[EVENT_FORBIDDEN] = { "R7.9", "forbidden for this pair", NEXT_DECIDE, CLOSED_YES, SETS_BARRED | SETS_REMEMBERED,
			      false },
	[EVENT_UNAVAILABLE] = { "R7.10", "service unavailable, again later", NEXT_DECIDE_LATER, CLOSED_YES, 0, false },
	[EVENT_SERVER_ERROR] = { "R7.11", "failed behind the peer, may have been delivered", NEXT_REPEAT_RCS, CLOSED_NO,
				 0, false },
	[EVENT_OTHER_ANSWER] = { "R7.12", "refused with another code", NEXT_END_REJECTED, CLOSED_YES, 0, false },
	[EVENT_PROVISIONAL] = { "R7.13", "ringing proves nothing", NEXT_WAIT, CLOSED_NO, 0, false },
	[EVENT_DELIVERED] = { "R7.14", "delivered", NEXT_END_DELIVERED, CLOSED_YES, 0, false },
	[EVENT_FAILED] = { "R7.14", "the device reported failure", NEXT_DECIDE, CLOSED_YES, 0, false },
	[EVENT_NOT_DECRYPTED] = { "R7.14", "the device cannot decrypt", NEXT_END_REJECTED, CLOSED_YES, 0, false },
	[EVENT_INTERWORKED] = { "R7.15", "the peer network sent it as SMS or MMS", NEXT_END_INTERWORKED, CLOSED_YES, 0,
				false },
	[EVENT_REVOKED] = { "R7.16", "taken back before delivery", NEXT_DECIDE, CLOSED_YES, 0, false },
	[EVENT_REVOKE_FAILED] = { "R7.16", "could not be taken back", NEXT_WAIT, CLOSED_NO, 0, false },
	[EVENT_PAID_REFUSED] = { "R7.17", "refused before acceptance", NEXT_REPEAT_PAID, CLOSED_NOT_RCS, 0, false },
	[EVENT_PAID_DOUBT] = { "R7.18", "in doubt", NEXT_WAIT, CLOSED_NOT_RCS, 0, false },
	[EVENT_PAID_ACCEPTED] = { "R6.9", "the network took it", NEXT_END_SENT, CLOSED_NOT_RCS, 0, false },
};
static_assert(sizeof(effects) / sizeof(effects[0]) == ROUTE_EVENT_COUNT, "each event has an effect");

const struct route_effect *route_effect(enum route_event event)
{
	return &effects[event];
}

/* RFC 3261 21 by meaning for the decision. */
static const struct {
	uint16_t code;
	enum route_event event;
} codes[] = {
	{ 200, EVENT_ACCEPTED },     { 202, EVENT_ACCEPTED },	 { 403, EVENT_FORBIDDEN },
	{ 404, EVENT_NOT_A_USER },   { 405, EVENT_UNSUPPORTED }, { 408, EVENT_TIMEOUT_ANSWER },
	{ 413, EVENT_TOO_LARGE },    { 415, EVENT_UNSUPPORTED }, { 430, EVENT_UNREGISTERED },
	{ 480, EVENT_UNREGISTERED }, { 486, EVENT_DECLINED },	 { 488, EVENT_UNSUPPORTED },
	{ 501, EVENT_UNSUPPORTED },  { 503, EVENT_UNAVAILABLE }, { 513, EVENT_TOO_LARGE },
	{ 600, EVENT_DECLINED },     { 603, EVENT_DECLINED },	 { 604, EVENT_NOT_A_USER },
	{ 606, EVENT_UNSUPPORTED },
};

enum route_event route_event_of_sip(unsigned code, bool body_sent)
{
	for (unsigned i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
		if (codes[i].code == code)
			return codes[i].event;
	}
	if (code < 200)
		return EVENT_PROVISIONAL;
	if (code < 300)
		return EVENT_ACCEPTED;
	return code >= 500 && code < 600 && body_sent ? EVENT_SERVER_ERROR : EVENT_OTHER_ANSWER;
}

static void set_facts(unsigned sets, struct route_facts *facts)
{
	if (sets & (SETS_RECIPIENT_NO | SETS_RECIPIENT_OFF)) {
		facts->recipient = sets & SETS_RECIPIENT_NO ? RECIPIENT_NO : RECIPIENT_OFF;
		facts->freshness = KNOWN_FRESH;
	}
	if (sets & SETS_NO_CAPABILITY)
		facts->capability = CAPABILITY_NO;
	if (sets & SETS_RCS_TOO_BIG)
		facts->rcs_fits = false;
	if (sets & SETS_BARRED)
		facts->barred = true;
}

/* News of the message itself, whichever try brought it there. */
static bool is_about_message(enum route_event event)
{
	return event == EVENT_DELIVERED || event == EVENT_FAILED || event == EVENT_NOT_DECRYPTED ||
	       event == EVENT_INTERWORKED || event == EVENT_REVOKED;
}

static enum attempt paid_attempt_after(enum route_event event, enum attempt before)
{
	if (event == EVENT_PAID_DOUBT)
		return ATTEMPT_PAID_OPEN;
	return before == ATTEMPT_PAID_OPEN ? ATTEMPT_NONE : before;
}

static void close_try(enum route_event event, unsigned max_attempts, struct route_tries *tries,
		      struct route_facts *facts)
{
	if (is_about_message(event))
		tries->uncertain = false;
	facts->attempt = tries->uncertain ? ATTEMPT_RCS_OPEN : ATTEMPT_NONE;
	tries->closed++;
	if (tries->closed >= (max_attempts ? max_attempts : ROUTE_RCS_MAX_ATTEMPTS))
		set_facts(SETS_RECIPIENT_NO, facts);
}

enum route_next route_apply(enum route_event event, unsigned max_attempts, struct route_tries *tries,
			    struct route_facts *facts)
{
	const struct route_effect *e = &effects[event];

	if (!e->later_only)
		set_facts(e->sets, facts);
	if (e->closed == CLOSED_YES) {
		close_try(event, max_attempts, tries, facts);
	} else if (e->closed == CLOSED_NO) {
		facts->attempt = ATTEMPT_RCS_OPEN;
		tries->uncertain = tries->uncertain || event != EVENT_PROVISIONAL;
	} else {
		facts->attempt = paid_attempt_after(event, facts->attempt);
	}
	return e->next;
}

static const uint8_t latches[] = {
	[THREAD_DELIVERY_TIMER] = LATCH_XMS, [THREAD_XMS_FROM_B] = LATCH_XMS, [THREAD_SENDER_LOST] = LATCH_XMS,
	[THREAD_CHAT_FROM_B] = LATCH_RCS,    [THREAD_B_ONLINE] = LATCH_RCS,   [THREAD_A_ONLINE] = LATCH_RCS,
	[THREAD_IDLE] = LATCH_NONE,	     [THREAD_STARTED] = LATCH_RCS,
};
static_assert(sizeof(latches) == THREAD_EVENT_COUNT, "each event sets the latch");

enum latch route_latch(enum latch latch, enum thread_event event)
{
	if (event == THREAD_STARTED && latch != LATCH_NONE)
		return latch;
	return latches[event];
}

#define HOUR 3600u
#define DAY (24u * HOUR)
static const struct route_timer_info timers[] = {
	[TIMER_DELIVERY] = { "delivery-timeout", "R8.1", "RCS without offline reception: ask again, offer SMS", 300, 0,
			     DAY },
	[TIMER_CONVERSATION_IDLE] = { "conversation-idle", "R8.5", "a silent thread is a new one", HOUR, 10, 30 * DAY },
	[TIMER_CAPABILITY_QUERY] = { "capability-query", "R8.6", "wait for an answer", 10, 1, 120 },
	[TIMER_QUERY_EXHAUSTED] = { "query-exhausted", "R8.6", "do not ask again", 60, 1, DAY },
	[TIMER_CAPABILITY_AGE] = { "capability-validity", "R8.6", "what is known is fresh", HOUR, 1, 90 * DAY },
	[TIMER_CHAT_REVOKE] = { "chat-revoke", "R8.7", "take an undelivered chat message back; 0 = never", 0, 0,
				15 * DAY },
	[TIMER_RECONNECT_GUARD] = { "reconnect-guard", "R8.7", "wait after coming back before switching; 0 = not", 0, 0,
				    HOUR },
	[TIMER_RETRY_AFTER] = { "retry-after", "R7.10", "after 503 without Retry-After", 30, 1, HOUR },
	[TIMER_VALIDITY] = { "validity", "R8.8", "a message expires", 2 * DAY, 10, 15 * DAY },
};
static_assert(sizeof(timers) / sizeof(timers[0]) == ROUTE_TIMER_COUNT, "each timer has its data");

const struct route_timer_info *route_timer(enum route_timer timer)
{
	return &timers[timer];
}
