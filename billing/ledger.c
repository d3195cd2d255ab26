/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The rules of money. */
#include "billing/ledger.h"

#include <assert.h>

/*
 *	NEW --quote--> QUOTED --hold--> HELD --claim--> SENDING --+-- accepted ----> POSTED --refund--> REFUNDED
 *	                                 ^  \                     +-- refused, next bearer of the quote --> HELD
 *	                                 |   +-- deadline --> EXPIRED   +-- refused, none left --> VOIDED
 *	                                 |                        +-- no answer --> IN_DOUBT --same id--> SENDING
 *	                                                             IN_DOUBT --deadline--> EXPIRED, the operator bears
 * 0 in the table = not allowed; else the state + 1.
 */
#define TO(state) (uint8_t)(MONEY_##state + 1)
static const uint8_t moves[MONEY_STATE_COUNT][MONEY_EVENT_COUNT] = {
	[MONEY_NEW] = { [MONEY_QUOTE] = TO(QUOTED), [MONEY_DEADLINE] = TO(EXPIRED), [MONEY_CANCEL] = TO(VOIDED) },
	[MONEY_QUOTED] = { [MONEY_QUOTE] = TO(QUOTED),
			   [MONEY_HOLD] = TO(HELD),
			   [MONEY_DEADLINE] = TO(EXPIRED),
			   [MONEY_CANCEL] = TO(VOIDED) },
	[MONEY_HELD] = { [MONEY_CLAIM] = TO(SENDING),
			 [MONEY_REFUSED] = TO(VOIDED),
			 [MONEY_DEADLINE] = TO(EXPIRED),
			 [MONEY_CANCEL] = TO(VOIDED) },
	[MONEY_SENDING] = { [MONEY_ACCEPTED] = TO(POSTED),
			    [MONEY_NEXT] = TO(HELD),
			    [MONEY_REFUSED] = TO(VOIDED),
			    [MONEY_NO_ANSWER] = TO(IN_DOUBT) },
	[MONEY_IN_DOUBT] = { [MONEY_CLAIM] = TO(SENDING),
			     [MONEY_ACCEPTED] = TO(POSTED),
			     [MONEY_REFUSED] = TO(VOIDED),
			     [MONEY_NEXT] = TO(HELD),
			     [MONEY_DEADLINE] = TO(EXPIRED) },
	[MONEY_POSTED] = { [MONEY_REFUND] = TO(REFUNDED) },
};

enum money_state money_after(enum money_state state, enum money_event event)
{
	uint8_t to = moves[state][event];

	if (!to)
		return MONEY_STATE_COUNT;
	return (enum money_state)(to - 1);
}

bool money_is_final(enum money_state state)
{
	return state >= MONEY_POSTED && state < MONEY_STATE_COUNT;
}

static const char *const states[] = { "new",	"quoted", "held",    "sending", "in-doubt",
				      "posted", "voided", "expired", "refunded" };
static_assert(sizeof(states) / sizeof(states[0]) == MONEY_STATE_COUNT, "each state has a name");
static const char *const events[] = { "quote",	 "hold",      "claim",	  "accepted", "next",
				      "refused", "no-answer", "deadline", "cancel",   "refund" };
static_assert(sizeof(events) / sizeof(events[0]) == MONEY_EVENT_COUNT, "each event has a name");

const char *money_state_name(enum money_state state)
{
	return (unsigned)state < MONEY_STATE_COUNT ? states[state] : "invalid";
}

const char *money_event_name(enum money_event event)
{
	return (unsigned)event < MONEY_EVENT_COUNT ? events[event] : "invalid";
}

/* The dearest line: what the charge's columns describe. */
static const struct quote_line *dearest(const struct quote *quote)
{
	const struct quote_line *line = &quote->lines[0];

	for (unsigned i = 1; i < quote->lines_count; i++) {
		if (quote->lines[i].total > line->total)
			line = &quote->lines[i];
	}
	return line;
}

static struct text join_bearers(const struct quote *quote, char *room, size_t size)
{
	struct writer w = writer_of(room, size);

	for (unsigned i = 0; i < quote->lines_count; i++) {
		if (i)
			writer_u8(&w, ' ');
		writer_text(&w, text_of(quote->lines[i].bearer));
	}
	return text_range(room, writer_len(&w));
}

bool ledger_charge(const struct quote *quote, const struct ledger_terms *terms, struct ledger_charge_room *room,
		   struct store_charge *out)
{
	if (!quote->lines_count || quote->max_amount <= 0)
		return false;
	const struct quote_line *line = dearest(quote);
	*out = (struct store_charge){
		.recipient = terms->recipient,
		.kind = terms->kind,
		.max_amount = quote->max_amount,
		.amount = quote->max_amount,
		.version = quote->version,
		.units = line->units,
		.tax_ppm = line->tax_ppm,
		.pay_on = line->pay_on,
		.given_us = quote->given_us,
		.until_us = quote->until_us,
		.deadline_us = terms->deadline_us,
		.has_consent = terms->consent_id != NULL,
		.proof = terms->proof,
		.caps = terms->caps,
		.caps_count = terms->caps_count,
	};
	memcpy(out->account_id, quote->account_id, sizeof(out->account_id));
	if (terms->consent_id)
		memcpy(out->consent_id, terms->consent_id, sizeof(out->consent_id));
	out->bearers = join_bearers(quote, room->bearers, sizeof(room->bearers));
	memcpy(room->currency, quote->currency, CURRENCY_SIZE);
	out->currency = text_of(room->currency);
	return true;
}

bool ledger_lease_fits(int64_t lease_until_us, int64_t margin_us, int64_t hold_deadline_us)
{
	int64_t end;

	return margin_us >= 0 && amount_add(lease_until_us, margin_us, &end) && end < hold_deadline_us;
}

struct ledger_end ledger_finish(enum store_outcome outcome, int64_t price, int64_t held)
{
	bool taken = outcome == OUTCOME_SENT || outcome == OUTCOME_DELIVERED || outcome == OUTCOME_DISPLAYED;
	struct ledger_end end = { .outcome = outcome };

	if (outcome == OUTCOME_UNKNOWN) {
		end.operator_bears = held > 0;
	} else if (taken && price > 0) {
		end.amount = price < held ? price : held;
		end.post = end.amount > 0;
		end.operator_bears = price > held;
	}
	return end;
}

bool ledger_is_duplicate(enum money_state state, struct text posted_bearer, struct text reported_bearer)
{
	return (state == MONEY_POSTED || state == MONEY_REFUNDED) && !text_equal(posted_bearer, reported_bearer);
}

int64_t ledger_refund_due(uint8_t pay_on, enum store_outcome final, int64_t posted, int64_t refunded)
{
	bool delivered = final == OUTCOME_DELIVERED || final == OUTCOME_DISPLAYED;

	if (pay_on != 1 || delivered || final == OUTCOME_NONE || final == OUTCOME_SENT || refunded >= posted)
		return 0;
	return posted - refunded;
}

static unsigned put_entry(struct ledger_entry *out, unsigned n, enum store_account_kind debit,
			  enum store_account_kind credit, int64_t amount)
{
	if (amount <= 0)
		return n;
	out[n] = (struct ledger_entry){ debit, credit, amount };
	return n + 1;
}

unsigned ledger_post(int64_t gross, int64_t tax_ppm, struct ledger_entry out[LEDGER_ENTRIES_MAX])
{
	int64_t tax = money_tax_inside(gross, tax_ppm);
	unsigned n = put_entry(out, 0, ACCOUNT_PAYER, ACCOUNT_REVENUE, gross - tax);

	return put_entry(out, n, ACCOUNT_PAYER, ACCOUNT_TAX, tax);
}

unsigned ledger_reverse(int64_t amount, int64_t tax_ppm, struct ledger_entry out[LEDGER_ENTRIES_MAX])
{
	int64_t tax = money_tax_inside(amount, tax_ppm);
	unsigned n = put_entry(out, 0, ACCOUNT_REVENUE, ACCOUNT_PAYER, amount - tax);

	return put_entry(out, n, ACCOUNT_TAX, ACCOUNT_PAYER, tax);
}

int64_t ledger_gain(const struct ledger_entry *entries, unsigned count, enum store_account_kind kind)
{
	int64_t gain = 0;

	for (unsigned i = 0; i < count; i++) {
		if (entries[i].credit == kind)
			gain += entries[i].amount;
		if (entries[i].debit == kind)
			gain -= entries[i].amount;
	}
	return gain;
}

bool ledger_has_credit(int64_t posted, int64_t held, int64_t credit, int64_t amount)
{
	int64_t rest;

	return amount >= 0 && amount_add(posted, credit, &rest) && amount_subtract(rest, held, &rest) &&
	       amount_subtract(rest, amount, &rest) && rest >= 0;
}

bool ledger_permit_terms(const struct quote *quote, struct message_id delivery, struct text bearer, int64_t units,
			 int64_t attempt, int64_t epoch, int64_t lease_until_us, struct permit_terms *out)
{
	const struct quote_line *line = quote_covers(quote, bearer, units, 0);

	if (!line || units < 1 || line->total > quote->max_amount)
		return false;
	*out = (struct permit_terms){ .delivery = delivery,
				      .bearer = bearer,
				      .attempt = attempt,
				      .epoch = epoch,
				      .units = units,
				      .price = line->total,
				      .not_after_us = lease_until_us };
	return true;
}

static bool names_bearer(struct text bearers, const char *bearer)
{
	struct text name;

	while (text_split(&bearers, ' ', &name)) {
		if (text_is(name, bearer))
			return true;
	}
	return false;
}

bool ledger_consent_covers(const struct store_consent *consent, const struct quote *quote, int64_t now_us)
{
	if (now_us < consent->from_us || now_us >= consent->until_us ||
	    (consent->revoked_us && now_us >= consent->revoked_us) ||
	    memcmp(consent->account_id, quote->account_id, sizeof(consent->account_id)) != 0)
		return false;
	for (unsigned i = 0; i < quote->lines_count; i++) {
		const struct quote_line *line = &quote->lines[i];
		if (line->total > 0 &&
		    (line->total > consent->max_each || !names_bearer(consent->bearers, line->bearer)))
			return false;
	}
	return true;
}
