/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The decision rules, in their order; the first result wins.
 *
 *	R0.1  a paid attempt is open: wait for its result
 *	R0.2  an RCS attempt is open: nothing but RCS, its store or a query may follow
 *	R0.3  barred                      R0.4  end-to-end encrypted: packet only
 *	R0.5  which offline flag counts   R0.6  stale knowledge   R0.7  registered without the capability
 *	R5.1  mixed group   R5.2  terminate as RCS   R5.3  SMS or MMS was asked for
 *	R1-R4 the cell, by flag and content
 *	R5.4  the thread moved to SMS and MMS   R5.5  does not fit RCS
 *	R6    the paid path, of every SMS or MMS candidate
 */
#include "core/route_decide.h"

#include <assert.h>
#include <stddef.h>

/* What a cell says. XMS is a candidate that must pass R6, where the content picks SMS or MMS. */
enum action { A_RCS, A_STORE, A_QUERY, A_WAIT, A_LATCH, A_XMS };

/* 1 text, 2 file where offline reception is allowed; 3 text, 4 file where it is not. */
#define CELL_TABLES 4
static const uint8_t cells[CELL_TABLES][SENDER_STATE_COUNT][RECIPIENT_STATE_COUNT] = {
	/* B_ON,  B_OFF,   B_NO,  B_UNK */
	{ { A_RCS, A_STORE, A_XMS, A_QUERY }, { A_WAIT, A_WAIT, A_XMS, A_XMS }, { A_XMS, A_XMS, A_XMS, A_XMS } },
	{ { A_RCS, A_STORE, A_XMS, A_QUERY }, { A_WAIT, A_WAIT, A_XMS, A_XMS }, { A_XMS, A_XMS, A_XMS, A_XMS } },
	{ { A_RCS, A_XMS, A_XMS, A_QUERY }, { A_LATCH, A_XMS, A_XMS, A_XMS }, { A_XMS, A_XMS, A_XMS, A_XMS } },
	{ { A_RCS, A_XMS, A_XMS, A_QUERY }, { A_XMS, A_XMS, A_XMS, A_XMS }, { A_XMS, A_XMS, A_XMS, A_XMS } },
};
static_assert(R4_12 - R1_1 + 1 == CELL_TABLES * (int)SENDER_STATE_COUNT * (int)RECIPIENT_STATE_COUNT,
	      "each cell has a rule");

static inline void note(struct route_decision *d, enum route_rule rule)
{
	d->trail[d->trail_count++] = (uint8_t)rule;
}

static inline void set(struct route_decision *d, enum route_outcome outcome, enum route_rule rule, unsigned wakes)
{
	note(d, rule);
	d->outcome = outcome;
	d->rule = rule;
	d->wakes = (uint16_t)wakes;
}

static inline bool is_free(enum route_outcome outcome)
{
	return outcome == ROUTE_RCS || outcome == ROUTE_RCS_DEFERRED || outcome == ROUTE_QUERY_FIRST;
}

/* R0.4 to R0.7: what the rest looks at. */
static inline void see(const struct route_facts *f, struct route_decision *d)
{
	d->charge_class = f->charge_class;
	if (f->e2ee) {
		d->charge_class = CLASS_PACKET;
		note(d, R0_4);
	}
	d->offline = f->content == CONTENT_FILE ? f->offline_file : f->content != CONTENT_GEO && f->offline_text;
	if (d->offline)
		note(d, R0_5);
	d->recipient = f->recipient;
	if (f->freshness == KNOWN_STALE) {
		bool known = f->recipient == RECIPIENT_ON || f->recipient == RECIPIENT_OFF;
		d->recipient = d->offline && known ? RECIPIENT_OFF : RECIPIENT_UNKNOWN;
		note(d, R0_6);
	}
	if (d->recipient == RECIPIENT_ON && f->capability == CAPABILITY_NO) {
		d->recipient = RECIPIENT_NO;
		note(d, R0_7);
	}
}

/* R6.0: how "no" is said on the paid path. */
static inline void refuse(const struct route_facts *f, struct route_decision *d, enum route_rule why)
{
	note(d, why);
	if (d->charge_class == CLASS_PAID || f->sender == SENDER_NO || d->recipient == RECIPIENT_NO || f->group_mixed)
		set(d, ROUTE_REJECT, R6_0, 0);
	else
		set(d, ROUTE_HOLD, R6_0, WAKE_BIT(WAKE_SENDER_ON) | WAKE_BIT(WAKE_RECIPIENT_ON));
}

/* R6.2. ROUTE_REJECT where no bearer carries it. Text is never promoted to MMS. */
static inline enum route_outcome paid_bearer(const struct route_facts *f)
{
	if (f->content == CONTENT_FILE) {
		if (f->mms_fit == FIT_OK)
			return ROUTE_MMS;
		return f->link_by_sms && f->sms_fit == FIT_OK ? ROUTE_SMS : ROUTE_REJECT;
	}
	return f->sms_fit == FIT_OK ? ROUTE_SMS : ROUTE_REJECT;
}

static inline void paid_path(const struct route_facts *f, struct route_decision *d)
{
	bool then_paid = d->charge_class == CLASS_PACKET_THEN_PAID;
	bool question = f->group_mixed || (then_paid && f->consent == CONSENT_ASK);
	enum route_outcome bearer = paid_bearer(f);

	if (f->attempt == ATTEMPT_RCS_OPEN)
		d->outcome = ROUTE_HOLD; /* R0.2 names it, whatever would come out here */
	else if (d->charge_class == CLASS_PACKET)
		refuse(f, d, R6_1);
	else if (bearer == ROUTE_REJECT)
		refuse(f, d, R6_2);
	else if (then_paid && f->consent == CONSENT_NEVER)
		refuse(f, d, R6_3);
	else if (question && f->answer == ANSWER_NONE)
		set(d, ROUTE_HOLD, R6_4, WAKE_BIT(WAKE_CONSENT));
	else if (question && f->answer == ANSWER_NO)
		refuse(f, d, R6_5);
	else if (then_paid && f->consent == CONSENT_NOT_WHEN_ROAMING && f->roaming)
		set(d, ROUTE_HOLD, R6_6, WAKE_BIT(WAKE_ROAMING_END));
	else if (f->price != PRICE_WITHIN)
		set(d, ROUTE_HOLD, f->price == PRICE_ABOVE ? R6_7 : R6_8, WAKE_BIT(WAKE_PRICE));
	else
		set(d, bearer, R6_9, 0);
}

/* R5.4: a thread that moved stays where it is, unless only the free path is left. */
static inline void try_latch(const struct route_facts *f, struct route_decision *d)
{
	struct route_decision tried = *d;

	if (d->outcome != ROUTE_RCS || d->offline || f->latch != LATCH_XMS ||
	    d->charge_class != CLASS_PACKET_THEN_PAID || f->attempt != ATTEMPT_NONE)
		return;
	note(&tried, R5_4);
	paid_path(f, &tried);
	if (tried.outcome == ROUTE_SMS || tried.outcome == ROUTE_MMS)
		*d = tried;
}

static inline void cell(const struct route_facts *f, struct route_decision *d)
{
	unsigned table = (f->content == CONTENT_FILE) + (d->offline ? 0u : 2u);
	enum action action = cells[table][f->sender][d->recipient];
	enum route_rule rule = R1_1 + table * SENDER_STATE_COUNT * RECIPIENT_STATE_COUNT +
			       f->sender * RECIPIENT_STATE_COUNT + d->recipient;

	d->cell = rule;
	if (action == A_RCS) {
		set(d, ROUTE_RCS, rule, 0);
	} else if (action == A_STORE) {
		set(d, ROUTE_RCS_DEFERRED, rule, 0);
	} else if (action == A_QUERY && f->query == QUERY_NOT_DONE) {
		set(d, ROUTE_QUERY_FIRST, rule, 0);
	} else if (action == A_WAIT) {
		set(d, ROUTE_HOLD, rule, WAKE_BIT(WAKE_SENDER_ON));
	} else if (action == A_LATCH && f->latch == LATCH_RCS) {
		set(d, ROUTE_HOLD, rule, WAKE_BIT(WAKE_LATCH) | WAKE_BIT(WAKE_SENDER_ON));
	} else {
		note(d, rule);
		paid_path(f, d);
		return;
	}
	try_latch(f, d);
	if ((d->outcome == ROUTE_RCS || d->outcome == ROUTE_RCS_DEFERRED) && !f->rcs_fits)
		set(d, ROUTE_REJECT, R5_5, 0);
}

static inline void steps(const struct route_facts *f, struct route_decision *d)
{
	if (f->barred) {
		set(d, ROUTE_REJECT, R0_3, 0);
		return;
	}
	see(f, d);
	if (f->group_mixed) {
		d->cell = R5_1;
	} else if (f->terminate_as_rcs && f->sender == SENDER_NO && d->recipient == RECIPIENT_ON &&
		   f->content == CONTENT_TEXT && f->rcs_fits) {
		d->cell = R5_2;
		set(d, ROUTE_RCS, R5_2, 0);
		return;
	} else if (d->charge_class == CLASS_PAID) {
		d->cell = R5_3;
	} else {
		cell(f, d);
		return;
	}
	note(d, d->cell);
	paid_path(f, d);
}

/* --- why not: the first reason that holds, for each bearer that was not taken ----------------------------------------
 */

static enum route_refusal why_not_rcs(const struct route_facts *f, const struct route_decision *d)
{
	if (d->outcome == ROUTE_SMS || d->outcome == ROUTE_MMS) {
		for (unsigned i = 0; i < d->trail_count; i++) {
			if (d->trail[i] == R5_4)
				return REFUSAL_THREAD_MOVED;
		}
	}
	if (f->group_mixed)
		return REFUSAL_GROUP_MIXED;
	if (d->charge_class == CLASS_PAID)
		return REFUSAL_ASKED_PAID;
	if (f->sender == SENDER_NO)
		return REFUSAL_SENDER_HAS_NO_RCS;
	if (d->recipient == RECIPIENT_NO)
		return f->recipient == RECIPIENT_ON ? REFUSAL_NO_CAPABILITY : REFUSAL_RECIPIENT_HAS_NO_RCS;
	if (d->recipient == RECIPIENT_UNKNOWN)
		return REFUSAL_RECIPIENT_UNKNOWN;
	if (f->sender == SENDER_OFF)
		return REFUSAL_SENDER_OFFLINE;
	if (d->recipient == RECIPIENT_OFF && !d->offline)
		return REFUSAL_RECIPIENT_OFFLINE;
	return REFUSAL_RCS_TOO_BIG;
}

/* What the bearer itself cannot do, or REFUSAL_NONE. */
static enum route_refusal unfit(const struct route_facts *f, enum route_bearer bearer)
{
	enum fit fit = bearer == BEARER_MMS ? f->mms_fit : f->sms_fit;

	if (bearer == BEARER_MMS && f->content != CONTENT_FILE)
		return REFUSAL_NOT_PROMOTED;
	if (bearer == BEARER_MMS)
		return fit == FIT_TOO_BIG ? REFUSAL_OVER_MMS_CLASS
		       : fit == FIT_NONE  ? REFUSAL_NO_MMS_FOR_PAIR
					  : REFUSAL_NONE;
	if (f->content == CONTENT_FILE && f->mms_fit == FIT_OK)
		return REFUSAL_MMS_TAKES_IT;
	if (f->content == CONTENT_FILE && !f->link_by_sms)
		return REFUSAL_NO_LINK_BY_SMS;
	return fit == FIT_TOO_BIG ? REFUSAL_SEGMENTS : fit == FIT_NONE ? REFUSAL_NO_TEXT_FORM : REFUSAL_NONE;
}

static enum route_refusal why_not_paid(const struct route_facts *f, const struct route_decision *d,
				       enum route_bearer bearer)
{
	enum route_refusal own = unfit(f, bearer);
	enum route_rule gate = d->rule == R6_0 ? d->trail[d->trail_count - 2] : d->rule;

	if (is_free(d->outcome) && d->outcome != ROUTE_QUERY_FIRST)
		return REFUSAL_FREE_PATH;
	if (gate == R6_1)
		return f->e2ee && f->charge_class != CLASS_PACKET ? REFUSAL_E2EE : REFUSAL_PACKET_ONLY;
	if (own != REFUSAL_NONE)
		return own;
	switch (gate) {
	case R5_5:
		return REFUSAL_NOT_MOVED;
	case R6_3:
		return REFUSAL_CONSENT_NEVER;
	case R6_4:
		return REFUSAL_CONSENT_AWAITED;
	case R6_5:
		return REFUSAL_CONSENT_DENIED;
	case R6_6:
		return REFUSAL_ROAMING;
	case R6_7:
		return REFUSAL_PRICE_ABOVE;
	case R6_8:
		return REFUSAL_PRICE_UNKNOWN;
	default:
		return REFUSAL_MAY_BE_FREE;
	}
}

static void refuse_all(struct route_decision *d, enum route_refusal why)
{
	for (unsigned i = 0; i < ROUTE_BEARER_COUNT; i++)
		d->refused[i] = (uint8_t)why;
}

static void refusals(const struct route_facts *f, struct route_decision *d)
{
	if (d->rule == R0_3) {
		refuse_all(d, REFUSAL_BARRED);
		return;
	}
	bool rcs = d->outcome == ROUTE_RCS || d->outcome == ROUTE_RCS_DEFERRED;
	d->refused[BEARER_RCS] = (uint8_t)(rcs ? REFUSAL_NONE : why_not_rcs(f, d));
	d->refused[BEARER_SMS] = (uint8_t)(d->outcome == ROUTE_SMS ? REFUSAL_NONE : why_not_paid(f, d, BEARER_SMS));
	d->refused[BEARER_MMS] = (uint8_t)(d->outcome == ROUTE_MMS ? REFUSAL_NONE : why_not_paid(f, d, BEARER_MMS));
}

void route_decide(const struct route_facts *facts, struct route_decision *out)
{
	*out = (struct route_decision){ .recipient = facts->recipient, .charge_class = facts->charge_class };
	if (facts->attempt == ATTEMPT_PAID_OPEN) {
		set(out, ROUTE_HOLD, R0_1, WAKE_BIT(WAKE_PAID_RESULT));
		refuse_all(out, REFUSAL_PAID_OPEN);
		return;
	}
	steps(facts, out);
	if (facts->attempt == ATTEMPT_RCS_OPEN && !is_free(out->outcome)) {
		set(out, ROUTE_HOLD, R0_2, WAKE_BIT(WAKE_RCS_CLOSED));
		refuse_all(out, REFUSAL_RCS_OPEN);
		return;
	}
	refusals(facts, out);
}

bool route_again_as_file(const struct route_facts *facts, const struct route_decision *decision,
			 struct route_facts *out)
{
	if (decision->rule != R5_5 || facts->content != CONTENT_TEXT)
		return false;
	*out = *facts;
	out->content = CONTENT_FILE;
	out->charge_class = CLASS_PACKET;
	return true;
}
