/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The words of the decision: names of facts and rules, the record in one line, a sentence per bearer. */
#include <assert.h>
#include <stddef.h>

#include "core/route_decide.h"

#define NAMED(table, count) static_assert(sizeof(table) / sizeof((table)[0]) == (count), "each value has its name")
#define NAMES(function, type, table, count) \
	NAMED(table, count); \
	const char *function(type v) \
	{ \
		return (unsigned)v < (count) ? (table)[v] : "invalid"; \
	}

static const char *const outcomes[] = { "RCS", "RCS_DEFERRED", "SMS", "MMS", "HOLD", "REJECT", "QUERY_FIRST" };
NAMES(route_outcome_name, enum route_outcome, outcomes, ROUTE_OUTCOME_COUNT)
static const char *const senders[] = { "A_ON", "A_OFF", "A_NO" };
NAMES(sender_state_name, enum sender_state, senders, SENDER_STATE_COUNT)
static const char *const recipients[] = { "B_ON", "B_OFF", "B_NO", "B_UNK" };
NAMES(recipient_state_name, enum recipient_state, recipients, RECIPIENT_STATE_COUNT)
static const char *const freshnesses[] = { "fresh", "stale" };
NAMES(freshness_name, enum freshness, freshnesses, FRESHNESS_COUNT)
static const char *const capabilities[] = { "yes", "no" };
NAMES(capability_name, enum capability, capabilities, CAPABILITY_COUNT)
static const char *const contents[] = { "text", "file", "geo", "card" };
NAMES(content_class_name, enum content_class, contents, CONTENT_CLASS_COUNT)
static const char *const queries[] = { "not-done", "exhausted" };
NAMES(query_state_name, enum query_state, queries, QUERY_STATE_COUNT)
static const char *const latches[] = { "none", "rcs", "xms" };
NAMES(latch_name, enum latch, latches, LATCH_COUNT)
static const char *const classes[] = { "packet", "packet-then-paid", "paid" };
NAMES(charge_class_name, enum charge_class, classes, CHARGE_CLASS_COUNT)
static const char *const fits[] = { "ok", "too-big", "none" };
NAMES(fit_name, enum fit, fits, FIT_COUNT)
static const char *const consents[] = { "never", "ask", "not-when-roaming", "always" };
NAMES(consent_name, enum consent, consents, CONSENT_COUNT)
static const char *const answers[] = { "none", "yes", "no" };
NAMES(answer_name, enum answer, answers, ANSWER_COUNT)
static const char *const prices[] = { "within", "above", "unknown" };
NAMES(price_name, enum price, prices, PRICE_COUNT)
static const char *const attempts[] = { "none", "rcs-open", "paid-open" };
NAMES(attempt_name, enum attempt, attempts, ATTEMPT_COUNT)
static const char *const bearers[] = { "RCS", "SMS", "MMS" };
NAMES(route_bearer_name, enum route_bearer, bearers, ROUTE_BEARER_COUNT)
static const char *const wakes[] = { "SENDER_ON", "RECIPIENT_ON", "PAID_RESULT", "RCS_CLOSED",
				     "LATCH",	  "CONSENT",	  "ROAMING_END", "PRICE" };
NAMES(route_wake_name, enum route_wake, wakes, ROUTE_WAKE_COUNT)
/* clang-format off */
static const char *const rules[] = {
	"none",
	"R0.1", "R0.2", "R0.3", "R0.4", "R0.5", "R0.6", "R0.7",
	"R1.1", "R1.2", "R1.3", "R1.4", "R1.5", "R1.6", "R1.7", "R1.8", "R1.9", "R1.10", "R1.11", "R1.12",
	"R2.1", "R2.2", "R2.3", "R2.4", "R2.5", "R2.6", "R2.7", "R2.8", "R2.9", "R2.10", "R2.11", "R2.12",
	"R3.1", "R3.2", "R3.3", "R3.4", "R3.5", "R3.6", "R3.7", "R3.8", "R3.9", "R3.10", "R3.11", "R3.12",
	"R4.1", "R4.2", "R4.3", "R4.4", "R4.5", "R4.6", "R4.7", "R4.8", "R4.9", "R4.10", "R4.11", "R4.12",
	"R5.1", "R5.2", "R5.3", "R5.4", "R5.5",
	"R6.0", "R6.1", "R6.2", "R6.3", "R6.4", "R6.5", "R6.6", "R6.7", "R6.8", "R6.9",
};
/* clang-format on */
NAMES(route_rule_name, enum route_rule, rules, ROUTE_RULE_COUNT)

static const char *const marks[] = {
	"D", "D",  "D", "DI", "D",  "D", "R", "I", "I", "I", "I", "I", /* 1 */
	"D", "D",  "I", "DP", "D",  "D", "I", "I", "I", "I", "I", "I", /* 2 */
	"D", "D",  "D", "DI", "DR", "I", "I", "I", "I", "I", "I", "I", /* 3 */
	"D", "DR", "I", "DP", "I",  "I", "I", "I", "I", "I", "I", "I", /* 4 */
};
NAMED(marks, R4_12 - R1_1 + 1);

const char *route_cell_mark(enum route_rule cell)
{
	return cell >= R1_1 && cell <= R4_12 ? marks[cell - R1_1] : "";
}

static const char *const rule_texts[ROUTE_RULE_COUNT] = {
	[R0_1] = "a paid attempt is open",
	[R0_2] = "an RCS attempt is open",
	[R0_3] = "barred",
	[R0_4] = "end-to-end encrypted, packet only",
	[R0_5] = "offline reception allowed",
	[R0_6] = "what is known about the recipient is stale",
	[R0_7] = "registered without the capability",
	[R5_1] = "group with a member RCS cannot reach",
	[R5_2] = "terminated as RCS at no extra charge",
	[R5_3] = "SMS or MMS asked for",
	[R5_4] = "the thread moved to SMS and MMS",
	[R5_5] = "does not fit RCS",
	[R6_0] = "not by a paid bearer",
	[R6_1] = "packet bearers only",
	[R6_2] = "no paid bearer carries it",
	[R6_3] = "consent is never",
	[R6_4] = "consent asked, no answer yet",
	[R6_5] = "the payer said no",
	[R6_6] = "not when roaming",
	[R6_7] = "price above the ceiling",
	[R6_8] = "no price row",
	[R6_9] = "token",
};

const char *route_rule_text(enum route_rule v)
{
	return (unsigned)v < ROUTE_RULE_COUNT && rule_texts[v] ? rule_texts[v] : "";
}

static const char *const refusal_texts[] = {
	[REFUSAL_NONE] = "taken",
	[REFUSAL_PAID_OPEN] = "a paid attempt is open and its result is awaited",
	[REFUSAL_RCS_OPEN] = "an RCS attempt is open and may still be delivered",
	[REFUSAL_BARRED] = "one end is blocked or barred",
	[REFUSAL_GROUP_MIXED] = "a member of the group cannot be reached by RCS",
	[REFUSAL_ASKED_PAID] = "the sender asked for SMS or MMS",
	[REFUSAL_SENDER_HAS_NO_RCS] = "the sender has no RCS service",
	[REFUSAL_SENDER_OFFLINE] = "the sender is not registered",
	[REFUSAL_RECIPIENT_HAS_NO_RCS] = "the recipient has no RCS service",
	[REFUSAL_RECIPIENT_UNKNOWN] = "nothing fresh is known about the recipient",
	[REFUSAL_RECIPIENT_OFFLINE] = "the recipient is not registered and offline reception is not allowed",
	[REFUSAL_NO_CAPABILITY] = "the recipient's device lacks the capability",
	[REFUSAL_RCS_TOO_BIG] = "it is larger than RCS takes here",
	[REFUSAL_THREAD_MOVED] = "the conversation moved to SMS and MMS",
	[REFUSAL_FREE_PATH] = "a path without a charge per message is open",
	[REFUSAL_MAY_BE_FREE] = "a path without a charge per message may open",
	[REFUSAL_NOT_MOVED] = "size alone moves nothing to a bearer with a charge",
	[REFUSAL_PACKET_ONLY] = "only packet bearers were allowed",
	[REFUSAL_E2EE] = "both ends encrypt, and nothing may fall back",
	[REFUSAL_SEGMENTS] = "it needs more segments than allowed",
	[REFUSAL_NO_TEXT_FORM] = "it has no text form",
	[REFUSAL_OVER_MMS_CLASS] = "it is over the MMS size class",
	[REFUSAL_NO_MMS_FOR_PAIR] = "there is no MMS between these operators",
	[REFUSAL_NOT_PROMOTED] = "text is never promoted to MMS",
	[REFUSAL_NO_LINK_BY_SMS] = "a link to the file may not go by SMS",
	[REFUSAL_MMS_TAKES_IT] = "MMS carries the file itself",
	[REFUSAL_CONSENT_NEVER] = "the payer allows no charge per message",
	[REFUSAL_CONSENT_AWAITED] = "the payer has not answered yet",
	[REFUSAL_CONSENT_DENIED] = "the payer said no",
	[REFUSAL_ROAMING] = "the payer allows no charge while roaming",
	[REFUSAL_PRICE_ABOVE] = "the price is above the payer's ceiling",
	[REFUSAL_PRICE_UNKNOWN] = "there is no price for it",
};
NAMES(route_refusal_text, enum route_refusal, refusal_texts, ROUTE_REFUSAL_COUNT)

bool consent_parse(struct text t, enum consent *out)
{
	for (unsigned i = 0; i < CONSENT_COUNT; i++) {
		if (text_is_nocase(t, consents[i])) {
			*out = (enum consent)i;
			return true;
		}
	}
	return false;
}

static void put(struct writer *w, const char *s)
{
	writer_text(w, text_of(s));
}

static void put_facts(struct writer *w, const struct route_facts *f, const struct route_decision *d)
{
	writer_printf(w, " (%s %s %s", sender_state_name(f->sender), recipient_state_name(d->recipient),
		      content_class_name(f->content));
	if (f->content == CONTENT_FILE)
		writer_printf(w, " offline_file=%d", f->offline_file);
	else if (f->content != CONTENT_GEO)
		writer_printf(w, " offline_text=%d", f->offline_text);
	if (d->recipient != f->recipient)
		writer_printf(w, ", was %s%s%s", recipient_state_name(f->recipient),
			      f->freshness == KNOWN_STALE ? " stale" : "",
			      f->recipient == RECIPIENT_ON && f->capability == CAPABILITY_NO ? " without capability"
											     : "");
	put(w, ")");
}

static void put_wakes(struct writer *w, unsigned bits)
{
	const char *before = "; wakes on ";

	for (unsigned i = 0; i < ROUTE_WAKE_COUNT; i++) {
		if (bits & WAKE_BIT(i)) {
			put(w, before);
			put(w, wakes[i]);
			before = " or ";
		}
	}
}

static void put_consent(struct writer *w, const struct route_facts *f)
{
	writer_printf(w, "; consent %s", consent_name(f->consent));
	if (f->group_mixed)
		writer_printf(w, ", group answer %s", answer_name(f->answer));
	else if (f->consent == CONSENT_ASK)
		writer_printf(w, "=%s", answer_name(f->answer));
}

static void put_rule(struct writer *w, enum route_rule rule, struct text price)
{
	writer_printf(w, "; %s %s", route_rule_name(rule), route_rule_text(rule));
	if ((rule == R6_7 || rule == R6_9) && price.len) {
		put(w, " ");
		writer_text(w, price);
	}
}

void route_explain(struct writer *w, const struct route_facts *facts, const struct route_decision *decision,
		   const struct route_record *record)
{
	enum route_rule head = decision->cell ? decision->cell : decision->rule;
	bool paid_path = false;

	writer_printf(w, "%s by %s", route_outcome_name(decision->outcome), route_rule_name(head));
	if (*route_rule_text(head))
		writer_printf(w, " %s", route_rule_text(head));
	put_facts(w, facts, decision);
	for (unsigned i = 0; i < decision->trail_count; i++) {
		enum route_rule rule = decision->trail[i];
		if (rule == head || rule == R0_5 || !*route_rule_text(rule)) /* the flag stands in the facts */
			continue;
		put_rule(w, rule, record->price);
		paid_path = paid_path || rule >= R6_0;
	}
	if (paid_path)
		put_consent(w, facts);
	put_wakes(w, decision->wakes);
	writer_printf(w, "; policy %u", record->policy);
}

void route_explain_bearer(struct writer *w, const struct route_decision *decision, enum route_bearer bearer)
{
	enum route_refusal why = decision->refused[bearer];

	if (why != REFUSAL_NONE)
		writer_printf(w, "%s: no, %s.", route_bearer_name(bearer), route_refusal_text(why));
	else if (bearer != BEARER_RCS)
		writer_printf(w, "%s: yes, by rule %s with one permit.", route_bearer_name(bearer),
			      route_rule_name(decision->rule));
	else if (decision->outcome == ROUTE_RCS_DEFERRED)
		writer_printf(w, "RCS: yes, by rule %s, kept until the recipient registers.",
			      route_rule_name(decision->rule));
	else
		writer_printf(w, "RCS: yes, by rule %s.", route_rule_name(decision->rule));
}
