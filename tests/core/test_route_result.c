/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Results of attempts, thread events, timers; and walks over decision and results together: R9.2, R9.3, R9.4, R9.6. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/route_result.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define WALK_DEPTH 4

static void answers_of_sip_have_their_meaning(void **state)
{
	static const struct {
		unsigned code;
		bool body_sent;
		enum route_event event;
		const char *rule;
	} cases[] = {
		{ 100, true, EVENT_PROVISIONAL, "R7.13" },  { 180, true, EVENT_PROVISIONAL, "R7.13" },
		{ 183, false, EVENT_PROVISIONAL, "R7.13" }, { 200, true, EVENT_ACCEPTED, "R7.1" },
		{ 202, true, EVENT_ACCEPTED, "R7.1" },	    { 302, true, EVENT_OTHER_ANSWER, "R7.12" },
		{ 401, true, EVENT_OTHER_ANSWER, "R7.12" }, { 403, true, EVENT_FORBIDDEN, "R7.9" },
		{ 404, true, EVENT_NOT_A_USER, "R7.2" },    { 405, true, EVENT_UNSUPPORTED, "R7.6" },
		{ 407, true, EVENT_OTHER_ANSWER, "R7.12" }, { 408, true, EVENT_TIMEOUT_ANSWER, "R7.4" },
		{ 413, true, EVENT_TOO_LARGE, "R7.7" },	    { 415, true, EVENT_UNSUPPORTED, "R7.6" },
		{ 430, true, EVENT_UNREGISTERED, "R7.3" },  { 480, true, EVENT_UNREGISTERED, "R7.3" },
		{ 486, true, EVENT_DECLINED, "R7.8" },	    { 488, true, EVENT_UNSUPPORTED, "R7.6" },
		{ 500, true, EVENT_SERVER_ERROR, "R7.11" }, { 500, false, EVENT_OTHER_ANSWER, "R7.12" },
		{ 501, true, EVENT_UNSUPPORTED, "R7.6" },   { 503, true, EVENT_UNAVAILABLE, "R7.10" },
		{ 504, true, EVENT_SERVER_ERROR, "R7.11" }, { 513, true, EVENT_TOO_LARGE, "R7.7" },
		{ 600, true, EVENT_DECLINED, "R7.8" },	    { 603, true, EVENT_DECLINED, "R7.8" },
		{ 604, true, EVENT_NOT_A_USER, "R7.2" },    { 606, true, EVENT_UNSUPPORTED, "R7.6" },
		{ 699, true, EVENT_OTHER_ANSWER, "R7.12" },
	};

	(void)state;
	for (unsigned i = 0; i < COUNT(cases); i++) {
		enum route_event event = route_event_of_sip(cases[i].code, cases[i].body_sent);
		assert_int_equal(event, cases[i].event);
		assert_string_equal(route_effect(event)->rule, cases[i].rule);
	}
	for (unsigned i = 0; i < ROUTE_EVENT_COUNT; i++)
		assert_true(*route_event_name(i) && *route_effect(i)->text);
}

static void results_change_the_facts(void **state)
{
	struct route_facts f = { .recipient = RECIPIENT_ON, .freshness = KNOWN_STALE, .rcs_fits = true };
	struct route_tries tries = { 0 };

	(void)state;
	assert_int_equal(route_apply(EVENT_ACCEPTED, 0, &tries, &f), NEXT_WAIT);
	assert_int_equal(f.attempt, ATTEMPT_RCS_OPEN);
	assert_int_equal(route_apply(EVENT_TIMEOUT_ANSWER, 0, &tries, &f), NEXT_REPEAT_RCS);
	assert_true(f.attempt == ATTEMPT_RCS_OPEN && f.recipient == RECIPIENT_ON); /* OFF is for later messages */
	assert_int_equal(route_apply(EVENT_NOT_A_USER, 0, &tries, &f), NEXT_DECIDE);
	assert_int_equal(f.attempt, ATTEMPT_RCS_OPEN); /* the first try may have arrived before */
	assert_int_equal(route_apply(EVENT_REVOKED, 0, &tries, &f), NEXT_DECIDE);
	assert_int_equal(f.attempt, ATTEMPT_NONE);
	tries.closed = 0;
	assert_int_equal(route_apply(EVENT_UNREGISTERED, 0, &tries, &f), NEXT_DECIDE);
	assert_true(f.attempt == ATTEMPT_NONE && f.recipient == RECIPIENT_OFF && f.freshness == KNOWN_FRESH);
	assert_int_equal(route_apply(EVENT_UNSUPPORTED, 0, &tries, &f), NEXT_DECIDE);
	assert_int_equal(f.capability, CAPABILITY_NO);
	assert_int_equal(f.recipient, RECIPIENT_OFF);
	assert_int_equal(route_apply(EVENT_UNAVAILABLE, 0, &tries, &f), NEXT_DECIDE_LATER);
	assert_int_equal(tries.closed, ROUTE_RCS_MAX_ATTEMPTS);
	assert_int_equal(f.recipient, RECIPIENT_NO); /* enough */
	assert_int_equal(route_apply(EVENT_TOO_LARGE, 0, &tries, &f), NEXT_DECIDE);
	assert_false(f.rcs_fits);
	assert_int_equal(route_apply(EVENT_FORBIDDEN, 0, &tries, &f), NEXT_DECIDE);
	assert_true(f.barred);
	assert_int_equal(route_apply(EVENT_PAID_DOUBT, 0, &tries, &f), NEXT_WAIT);
	assert_int_equal(f.attempt, ATTEMPT_PAID_OPEN);
	assert_int_equal(route_apply(EVENT_PAID_REFUSED, 0, &tries, &f), NEXT_REPEAT_PAID);
	assert_int_equal(f.attempt, ATTEMPT_NONE);
}

static void threads_move_and_come_back(void **state)
{
	(void)state;
	assert_int_equal(route_latch(LATCH_NONE, THREAD_STARTED), LATCH_RCS);
	assert_int_equal(route_latch(LATCH_XMS, THREAD_STARTED), LATCH_XMS);
	assert_int_equal(route_latch(LATCH_RCS, THREAD_DELIVERY_TIMER), LATCH_XMS);
	assert_int_equal(route_latch(LATCH_RCS, THREAD_XMS_FROM_B), LATCH_XMS);
	assert_int_equal(route_latch(LATCH_RCS, THREAD_SENDER_LOST), LATCH_XMS);
	assert_int_equal(route_latch(LATCH_XMS, THREAD_CHAT_FROM_B), LATCH_RCS);
	assert_int_equal(route_latch(LATCH_XMS, THREAD_B_ONLINE), LATCH_RCS);
	assert_int_equal(route_latch(LATCH_XMS, THREAD_A_ONLINE), LATCH_RCS);
	assert_int_equal(route_latch(LATCH_RCS, THREAD_IDLE), LATCH_NONE);
	for (unsigned i = 0; i < ROUTE_TIMER_COUNT; i++) {
		const struct route_timer_info *t = route_timer(i);
		assert_true(*t->name && *t->text && t->min <= t->max);
		assert_in_range(t->seconds, t->min, t->max);
	}
	assert_int_equal(route_timer(TIMER_DELIVERY)->seconds, 300);
}

/* --- walks: the decision, an adapter that gives every result, and a memory of what is true in the network ------------
 */

struct walk {
	struct route_facts facts;
	struct route_tries tries;
	bool rcs_may_arrive; /* an RCS try went out and nothing proved that it cannot arrive */
	bool paid_may_arrive;
	unsigned paid_calls, permits;
	unsigned depth;
};

/* What the test knows of the network, not out of the product's table: after these the message may be there already. */
static bool may_be_there(enum route_event event)
{
	return event == EVENT_ACCEPTED || event == EVENT_TIMEOUT_ANSWER || event == EVENT_NO_ANSWER ||
	       event == EVENT_SERVER_ERROR;
}

static bool is_settled(enum route_event event)
{
	return event == EVENT_DELIVERED || event == EVENT_FAILED || event == EVENT_NOT_DECRYPTED ||
	       event == EVENT_INTERWORKED || event == EVENT_REVOKED;
}

static uint64_t walks, ends[ROUTE_NEXT_COUNT];

static void go_on(struct walk w);

static void after_event(struct walk w, enum route_event event)
{
	enum route_next next = route_apply(event, 2, &w.tries, &w.facts);

	if (is_settled(event))
		w.rcs_may_arrive = false;
	else if (may_be_there(event))
		w.rcs_may_arrive = true;
	if (event == EVENT_PAID_DOUBT)
		w.paid_may_arrive = true;
	if (event == EVENT_PAID_REFUSED)
		w.permits--; /* the same permit may be used again */
	if (w.rcs_may_arrive)
		assert_int_equal(w.facts.attempt, ATTEMPT_RCS_OPEN);
	if (next >= NEXT_END_DELIVERED)
		ends[next]++;
	else
		go_on(w);
}

static void try_rcs(struct walk w)
{
	static const enum route_event events[] = {
		EVENT_ACCEPTED,	    EVENT_NOT_A_USER,	EVENT_UNREGISTERED, EVENT_TIMEOUT_ANSWER, EVENT_NO_ANSWER,
		EVENT_UNSUPPORTED,  EVENT_TOO_LARGE,	EVENT_DECLINED,	    EVENT_FORBIDDEN,	  EVENT_UNAVAILABLE,
		EVENT_SERVER_ERROR, EVENT_OTHER_ANSWER, EVENT_PROVISIONAL,
	};

	for (unsigned i = 0; i < COUNT(events); i++)
		after_event(w, events[i]);
}

static void try_paid(struct walk w)
{
	assert_false(w.rcs_may_arrive);	 /* R9.3 */
	assert_false(w.paid_may_arrive); /* R9.4 */
	assert_int_equal(w.permits, 0);
	assert_false(w.facts.charge_class == CLASS_PACKET || w.facts.e2ee); /* R9.2, R9.9 */
	assert_false(w.facts.charge_class == CLASS_PACKET_THEN_PAID && w.facts.consent == CONSENT_NEVER);
	w.paid_calls++;
	w.permits++;
	after_event(w, EVENT_PAID_ACCEPTED);
	after_event(w, EVENT_PAID_REFUSED);
	after_event(w, EVENT_PAID_DOUBT);
}

/* What may come while the message waits: late news of an open try, and each wake event. */
static void wait_for_news(struct walk w, unsigned wakes)
{
	static const enum route_event news[] = { EVENT_DELIVERED,   EVENT_FAILED,  EVENT_NOT_DECRYPTED,
						 EVENT_INTERWORKED, EVENT_REVOKED, EVENT_REVOKE_FAILED };

	for (unsigned i = 0; w.rcs_may_arrive && i < COUNT(news); i++)
		after_event(w, news[i]);
	struct walk next = w;
	if (wakes & WAKE_BIT(WAKE_CONSENT)) {
		next.facts.answer = ANSWER_YES;
		go_on(next);
		next.facts.answer = ANSWER_NO;
		go_on(next);
	}
	next = w;
	if (wakes & WAKE_BIT(WAKE_ROAMING_END)) {
		next.facts.roaming = false;
		go_on(next);
	}
	next = w;
	if (wakes & WAKE_BIT(WAKE_RECIPIENT_ON)) {
		next.facts.recipient = RECIPIENT_ON;
		next.facts.freshness = KNOWN_FRESH;
		go_on(next);
	}
	next = w;
	if (wakes & WAKE_BIT(WAKE_SENDER_ON)) {
		next.facts.sender = SENDER_ON;
		go_on(next);
	}
}

static void ask(struct walk w)
{
	struct walk next = w;

	next.facts.query = QUERY_EXHAUSTED;
	go_on(next);
	for (unsigned i = 0; i < RECIPIENT_UNKNOWN; i++) {
		next = w;
		next.facts.recipient = i;
		next.facts.freshness = KNOWN_FRESH;
		go_on(next);
	}
}

static void go_on(struct walk w)
{
	struct route_decision d;

	walks++;
	if (w.depth++ == WALK_DEPTH)
		return;
	route_decide(&w.facts, &d);
	switch (d.outcome) {
	case ROUTE_RCS:
	case ROUTE_RCS_DEFERRED:
		if (w.rcs_may_arrive)
			wait_for_news(w, 0);
		try_rcs(w);
		break;
	case ROUTE_SMS:
	case ROUTE_MMS:
		try_paid(w);
		break;
	case ROUTE_QUERY_FIRST:
		ask(w);
		break;
	case ROUTE_HOLD:
		wait_for_news(w, d.wakes);
		break;
	default:
		break;
	}
}

static void walk_from(const struct route_facts *start)
{
	struct walk w = { .facts = *start };

	go_on(w);
}

static void no_walk_pays_by_surprise(void **state)
{
	struct route_facts f = { .rcs_fits = true, .link_by_sms = true };

	(void)state;
	for (unsigned n = 0; n < 3 * 4 * 2 * 4 * 3 * 3 * 4 * 2 * 2 * 2; n++) {
		unsigned i = n;
		f.sender = i % 3, i /= 3;
		f.recipient = i % 4, i /= 4;
		f.offline_text = f.offline_file = i % 2, i /= 2;
		f.content = i % 4, i /= 4;
		f.latch = i % 3, i /= 3;
		f.charge_class = i % 3, i /= 3;
		f.consent = i % 4, i /= 4;
		f.freshness = i % 2, i /= 2;
		f.e2ee = i % 2, i /= 2;
		f.roaming = i % 2;
		walk_from(&f);
	}
	assert_true(ends[NEXT_END_SENT] > 0 && ends[NEXT_END_DELIVERED] > 0 && ends[NEXT_END_INTERWORKED] > 0);
	print_message("%llu steps: delivered %llu, sent %llu, interworked %llu, rejected %llu\n",
		      (unsigned long long)walks, (unsigned long long)ends[NEXT_END_DELIVERED],
		      (unsigned long long)ends[NEXT_END_SENT], (unsigned long long)ends[NEXT_END_INTERWORKED],
		      (unsigned long long)ends[NEXT_END_REJECTED]);
}

/* R9.6: roaming is read at send time. */
static void roaming_counts_when_it_is_sent(void **state)
{
	struct route_facts f = { .recipient = RECIPIENT_NO,
				 .charge_class = CLASS_PACKET_THEN_PAID,
				 .rcs_fits = true,
				 .consent = CONSENT_NOT_WHEN_ROAMING,
				 .price = PRICE_ABOVE };
	struct route_decision d;

	(void)state;
	route_decide(&f, &d); /* at home, held for its price */
	assert_int_equal(d.rule, R6_7);
	f.price = PRICE_WITHIN;
	f.roaming = true; /* woken abroad */
	route_decide(&f, &d);
	assert_true(d.outcome == ROUTE_HOLD && d.rule == R6_6);
	f.roaming = false;
	route_decide(&f, &d);
	assert_true(d.outcome == ROUTE_SMS && d.rule == R6_9);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(answers_of_sip_have_their_meaning), cmocka_unit_test(results_change_the_facts),
		cmocka_unit_test(threads_move_and_come_back),	     cmocka_unit_test(no_walk_pays_by_surprise),
		cmocka_unit_test(roaming_counts_when_it_is_sent),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
