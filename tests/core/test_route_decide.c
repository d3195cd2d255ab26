/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The decision, for every combination of facts: 1,719,926,784 of them in a release build. Under sanitizers and valgrind
 * the gate is reduced to the three values of (consent, answer) that matter most, with no attempt open.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/route_decide.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) || !defined(__OPTIMIZE__)
#define REDUCED 1
#else
#define REDUCED 0
#endif

#define GATES 216 /* consent 4, then answer 3, roaming 2, price 3, attempt 3 */
#define PER_CONSENT (GATES / CONSENT_COUNT)
#define EACH(v, count) for (v = 0; v < (count); v++)
#define JOIN2(a, b) a##b
#define JOIN(a, b) JOIN2(a, b)
#define TURN JOIN(turn_, __LINE__)
#define EACH_BOOL(v) for (unsigned TURN = 0; TURN < 2 && ((v) = TURN != 0, true); TURN++)

static uint64_t totals[ROUTE_OUTCOME_COUNT], decided;
static bool fired[ROUTE_RULE_COUNT];

static void say_facts(const struct route_facts *f, const struct route_decision *d)
{
	char line[1024];
	struct writer w = writer_of(line, sizeof(line) - 1);
	const struct route_record record = { .policy = 1 };

	route_explain(&w, f, d, &record);
	line[writer_len(&w)] = 0;
	print_error(
		"%s\n freshness %s capability %s query %s latch %s class %s sms_fit %s mms_fit %s price %s attempt %s "
		"barred %d e2ee %d group %d rcs_fits %d link_by_sms %d roaming %d terminate %d\n",
		line, freshness_name(f->freshness), capability_name(f->capability), query_state_name(f->query),
		latch_name(f->latch), charge_class_name(f->charge_class), fit_name(f->sms_fit), fit_name(f->mms_fit),
		price_name(f->price), attempt_name(f->attempt), f->barred, f->e2ee, f->group_mixed, f->rcs_fits,
		f->link_by_sms, f->roaming, f->terminate_as_rcs);
}

static bool is_paid(enum route_outcome o)
{
	return o == ROUTE_SMS || o == ROUTE_MMS;
}

static bool is_rcs(enum route_outcome o)
{
	return o == ROUTE_RCS || o == ROUTE_RCS_DEFERRED;
}

/* What must hold for a single decision; the name of what does not. */
static inline const char *broken(const struct route_facts *f, const struct route_decision *d)
{
	if ((unsigned)d->outcome >= ROUTE_OUTCOME_COUNT || d->rule == RULE_NONE || !d->trail_count)
		return "outcome in range and a rule named";
	if ((d->outcome == ROUTE_HOLD) != (d->wakes != 0))
		return "a wake event for HOLD and only for it";
	if (is_paid(d->outcome)) {
		if (f->charge_class == CLASS_PACKET)
			return "R9.2 class PACKET pays nothing";
		if (f->charge_class == CLASS_PACKET_THEN_PAID && f->consent == CONSENT_NEVER)
			return "R9.2 consent NEVER pays nothing";
		if (f->e2ee)
			return "R9.9 e2ee pays nothing";
		if (f->attempt != ATTEMPT_NONE || f->price != PRICE_WITHIN || f->barred)
			return "SMS or MMS only with attempt NONE, price WITHIN, not barred";
		if (f->charge_class == CLASS_PACKET_THEN_PAID &&
		    ((f->consent == CONSENT_ASK && f->answer != ANSWER_YES) ||
		     (f->consent == CONSENT_NOT_WHEN_ROAMING && f->roaming)))
			return "SMS or MMS only with consent";
		if (d->outcome == ROUTE_MMS && f->content != CONTENT_FILE)
			return "MMS only for FILE";
	}
	if (d->outcome == ROUTE_RCS_DEFERRED && f->content == CONTENT_GEO)
		return "GEO never RCS_DEFERRED";
	if (is_rcs(d->outcome) && (f->recipient == RECIPIENT_UNKNOWN || f->barred || !f->rcs_fits))
		return "RCS only for a known recipient, not barred, and when it fits";
	if (f->attempt != ATTEMPT_NONE) /* R0.1, R0.2 */
		return is_rcs(d->outcome) || d->outcome == ROUTE_QUERY_FIRST || d->outcome == ROUTE_HOLD
			       ? NULL
			       : "nothing but RCS beside an open attempt";
	for (unsigned i = 0; i < ROUTE_BEARER_COUNT; i++) {
		bool taken = i == BEARER_RCS ? is_rcs(d->outcome) : (unsigned)d->outcome == ROUTE_SMS + i - BEARER_SMS;
		if ((d->refused[i] == REFUSAL_NONE) != taken || d->refused[i] >= ROUTE_REFUSAL_COUNT)
			return "a reason for each bearer not taken";
	}
	return NULL;
}

static void fail_with(const struct route_facts *f, const struct route_decision *d, const char *what)
{
	say_facts(f, d);
	fail_msg("%s", what);
}

static enum route_outcome decide_and_check(const struct route_facts *f)
{
	struct route_decision d;

	route_decide(f, &d);
	const char *what = broken(f, &d);
	if (what)
		fail_with(f, &d, what);
	fired[d.rule] = true;
	fired[d.trail[d.trail_count - 1 - (d.rule == R6_0)]] =
		true; /* what R6.0 speaks for; twice() counts whole trails */
	return d.outcome;
}

static bool same(const struct route_decision *a, const struct route_decision *b)
{
	return a->outcome == b->outcome && a->cell == b->cell && a->rule == b->rule && a->recipient == b->recipient &&
	       a->charge_class == b->charge_class && a->offline == b->offline && a->wakes == b->wakes &&
	       a->trail_count == b->trail_count && !memcmp(a->trail, b->trail, a->trail_count) &&
	       !memcmp(a->refused, b->refused, sizeof(a->refused));
}

/* Same facts, same record: nothing is remembered between two calls. */
static void twice(const struct route_facts *f)
{
	struct route_decision a, b;

	memset(&a, 0xff, sizeof(a));
	route_decide(f, &a);
	memset(&b, 0, sizeof(b));
	route_decide(f, &b);
	if (!same(&a, &b))
		fail_with(f, &a, "same facts, same record");
	for (unsigned i = 0; i < a.trail_count; i++)
		fired[a.trail[i]] = true;
}

static bool is_skipped(const struct route_facts *f)
{
	if (!REDUCED)
		return false;
	return f->attempt != ATTEMPT_NONE || f->answer != ANSWER_NONE || f->consent == CONSENT_NOT_WHEN_ROAMING ||
	       f->roaming || f->price != PRICE_WITHIN;
}

/* By outcome. Several counters in turn, as one would wait for itself each time. */
static void count(const uint8_t out[GATES])
{
	uint16_t counts[4][ROUTE_OUTCOME_COUNT + 1] = { 0 };

	for (unsigned i = 0; i < GATES; i++)
		counts[i % 4][out[i]]++;
	for (unsigned i = 0; i < ROUTE_OUTCOME_COUNT; i++) {
		unsigned n = 0u + counts[0][i] + counts[1][i] + counts[2][i] + counts[3][i];
		totals[i] += n;
		decided += n;
	}
}

/* All gates of one routing combination; the outcomes in `out`, consent outermost. */
static void gates(struct route_facts *f, uint8_t out[GATES])
{
	unsigned n = 0;

	EACH(f->consent, CONSENT_COUNT)
	EACH(f->answer, ANSWER_COUNT)
	EACH_BOOL(f->roaming)
	EACH(f->price, PRICE_COUNT)
	for (unsigned attempt = 0; attempt < ATTEMPT_COUNT; attempt++) {
		f->attempt = attempt;
		out[n++] = is_skipped(f) ? ROUTE_OUTCOME_COUNT : (uint8_t)decide_and_check(f);
	}
	count(out);
	f->answer = ANSWER_YES;
	f->consent = CONSENT_ALWAYS;
	f->roaming = false;
	f->price = PRICE_WITHIN;
	f->attempt = ATTEMPT_NONE;
	twice(f);
}

static void raising_consent_moves_nothing_to_money(const struct route_facts *f, const uint8_t out[GATES])
{
	if (f->latch == LATCH_XMS)
		return;
	for (unsigned i = 0; i < PER_CONSENT; i++) {
		bool was_rcs = false;
		for (unsigned c = 0; c < CONSENT_COUNT; c++) {
			enum route_outcome o = out[c * PER_CONSENT + i];
			if (was_rcs && is_paid(o))
				fail_msg("raising consent turned RCS into SMS or MMS");
			was_rcs = was_rcs || is_rcs(o);
		}
	}
}

/* `offline_file` changes only FILE, `offline_text` only TEXT and CARD. out[text | file << 1]. */
static void flags(struct route_facts *f)
{
	uint8_t out[4][GATES];
	bool is_file = f->content == CONTENT_FILE, is_geo = f->content == CONTENT_GEO;

	EACH_BOOL(f->offline_text)
	EACH_BOOL(f->offline_file)
	{
		uint8_t *at = out[(unsigned)f->offline_text | (unsigned)f->offline_file << 1];
		gates(f, at);
		raising_consent_moves_nothing_to_money(f, at);
	}
	if (!is_file && (memcmp(out[0], out[2], GATES) || memcmp(out[1], out[3], GATES)))
		fail_msg("offline_file changed a %s", content_class_name(f->content));
	if ((is_file || is_geo) && (memcmp(out[0], out[1], GATES) || memcmp(out[2], out[3], GATES)))
		fail_msg("offline_text changed a %s", content_class_name(f->content));
}

static void booleans(struct route_facts *f)
{
	EACH_BOOL(f->rcs_fits)
	EACH_BOOL(f->barred)
	EACH_BOOL(f->e2ee)
	EACH_BOOL(f->group_mixed)
	EACH_BOOL(f->link_by_sms)
	EACH_BOOL(f->terminate_as_rcs)
	flags(f);
}

static void every_combination_has_one_outcome(void **state)
{
	struct route_facts f;

	(void)state;
	memset(&f, 0, sizeof(f));
	EACH(f.sender, SENDER_STATE_COUNT)
	EACH(f.recipient, RECIPIENT_STATE_COUNT)
	EACH(f.freshness, FRESHNESS_COUNT)
	EACH(f.capability, CAPABILITY_COUNT)
	EACH(f.content, CONTENT_CLASS_COUNT)
	EACH(f.query, QUERY_STATE_COUNT)
	EACH(f.latch, LATCH_COUNT)
	EACH(f.charge_class, CHARGE_CLASS_COUNT)
	EACH(f.sms_fit, FIT_COUNT)
	EACH(f.mms_fit, FIT_COUNT)
	booleans(&f);

	for (unsigned i = 0; i < ROUTE_OUTCOME_COUNT; i++)
		print_message("%-12s %12llu\n", route_outcome_name(i), (unsigned long long)totals[i]);
	if (REDUCED) {
		assert_int_equal(decided, UINT64_C(7962624) * 3);
		return;
	}
	assert_int_equal(decided, UINT64_C(1719926784));
	static const uint64_t reference[ROUTE_OUTCOME_COUNT] = {
		[ROUTE_RCS] = 2858752,		[ROUTE_RCS_DEFERRED] = 5598720, [ROUTE_SMS] = 4210960,
		[ROUTE_MMS] = 1255296,		[ROUTE_HOLD] = 1193694192,	[ROUTE_REJECT] = 491158144,
		[ROUTE_QUERY_FIRST] = 21150720,
	};
	for (unsigned i = 0; i < ROUTE_OUTCOME_COUNT; i++)
		assert_int_equal(totals[i], reference[i]);
	for (unsigned i = R0_1; i < ROUTE_RULE_COUNT; i++) {
		if (!fired[i])
			fail_msg("rule %s never fired", route_rule_name(i));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_combination_has_one_outcome),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
