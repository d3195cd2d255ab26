/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The rules of money for one delivery, as pure functions: its states, what is held, what is posted, voided or refunded,
 * and how a posting falls into entries. They fill the requests of core/store.h; the store's guards hold them to it.
 */
#ifndef BILLING_LEDGER_H
#define BILLING_LEDGER_H

#include "billing/quote.h"
#include "core/permit_mint.h"
#include "core/store.h"

/* --- the states of a delivery's money --------------------------------------------------------------------------- */

enum money_state {
	MONEY_NEW,
	MONEY_QUOTED,
	MONEY_HELD,
	MONEY_SENDING,
	MONEY_IN_DOUBT,
	MONEY_POSTED,
	MONEY_VOIDED,
	MONEY_EXPIRED,
	MONEY_REFUNDED,
	MONEY_STATE_COUNT
};

enum money_event {
	MONEY_QUOTE,
	MONEY_HOLD,	 /* the hold is durable */
	MONEY_CLAIM,	 /* leased, permit minted; from doubt: the same attempt once more */
	MONEY_ACCEPTED,	 /* by the network */
	MONEY_NEXT,	 /* refused, another bearer of the quote is left */
	MONEY_REFUSED,	 /* refused, none left */
	MONEY_NO_ANSWER, /* timeout, lost link, lease ran out */
	MONEY_DEADLINE,
	MONEY_CANCEL,
	MONEY_REFUND,
	MONEY_EVENT_COUNT
};

/* The state after it, or MONEY_STATE_COUNT where the event is not allowed in that state. */
enum money_state money_after(enum money_state state, enum money_event event);
bool money_is_final(enum money_state state); /* POSTED counts: REFUNDED is the one move out of it */
const char *money_state_name(enum money_state state);
const char *money_event_name(enum money_event event);

/* --- from the quote to the store's charge ---------------------------------------------------------------------- */

/* Texts of a charge; keep it as long as the store's request. */
struct ledger_charge_room {
	char bearers[QUOTE_BEARERS_MAX * QUOTE_BEARER_SIZE];
	char currency[CURRENCY_SIZE];
};

struct ledger_terms {
	uint16_t recipient;	   /* of the delivery, from 1 */
	uint8_t kind;		   /* charge kind */
	int64_t deadline_us;	   /* of the hold: the delivery's deadline plus grace */
	const uint8_t *consent_id; /* 16 octets, or NULL: the payer's answer is the proof */
	struct octets proof;
	const uint8_t *caps; /* kinds of the windows that count it */
	unsigned caps_count;
};

/* Fills the charge that holds the quote's maximum. False where nothing is to be held (maximum 0): no charge row. */
bool ledger_charge(const struct quote *quote, const struct ledger_terms *terms, struct ledger_charge_room *room,
		   struct store_charge *out);
/* B7: a lease with its margin ends before the hold does. */
bool ledger_lease_fits(int64_t lease_until_us, int64_t margin_us, int64_t hold_deadline_us);

/* --- how a delivery ends ---------------------------------------------------------------------------------------- */

struct ledger_end {
	enum store_outcome outcome;
	bool post; /* else the hold is void */
	int64_t amount;
	bool operator_bears; /* bytes may have gone out and nobody pays */
};

/*
 * What the end of a delivery does to its hold. `price` is that of the bearer that took it (0 for a free one), from the
 * quote. Posts at most what is held (B3); a higher price is the operator's loss, never the payer's.
 */
struct ledger_end ledger_finish(enum store_outcome outcome, int64_t price, int64_t held);
/* B2, R9.8: a report of success by another bearer than the one that was posted. The record is marked a duplicate, what
 * was charged stays, and nothing is posted again. */
bool ledger_is_duplicate(enum money_state state, struct text posted_bearer, struct text reported_bearer);
/* B15: what goes back by itself when the final report says this, of a posting made at acceptance. */
int64_t ledger_refund_due(uint8_t pay_on, enum store_outcome final, int64_t posted, int64_t refunded);

/* --- postings ----------------------------------------------------------------------------------------------------- */

#define LEDGER_ENTRIES_MAX 2

struct ledger_entry {
	enum store_account_kind debit, credit;
	int64_t amount; /* > 0 */
};

/* Gross out of the payer: net to revenue, tax to tax; the sum is exact. Returns how many entries (0 for 0). */
unsigned ledger_post(int64_t gross, int64_t tax_ppm, struct ledger_entry out[LEDGER_ENTRIES_MAX]);
/* The reverse of `amount` out of that posting; a part takes its share of the tax. */
unsigned ledger_reverse(int64_t amount, int64_t tax_ppm, struct ledger_entry out[LEDGER_ENTRIES_MAX]);
/* What an account of that kind gained: credits minus debits. */
int64_t ledger_gain(const struct ledger_entry *entries, unsigned count, enum store_account_kind kind);

/* B10: posted + credit - held - amount >= 0, without overflow. */
bool ledger_has_credit(int64_t posted, int64_t held, int64_t credit, int64_t amount);

/* --- the door ------------------------------------------------------------------------------------------------------
 */

/* The permit's terms for a leased row: units and price of the quote's line for that bearer. False, and no permit, for a
 * bearer that the quote does not name or that needs more units (B1, B3). A free bearer needs none. */
bool ledger_permit_terms(const struct quote *quote, struct message_id delivery, struct text bearer, int64_t units,
			 int64_t attempt, int64_t epoch, int64_t lease_until_us, struct permit_terms *out);

/* --- standing consent -----------------------------------------------------------------------------------------------
 */

/* A standing consent answers the offer: in force, not revoked, each priced bearer named, each price at most max_each.
 */
bool ledger_consent_covers(const struct store_consent *consent, const struct quote *quote, int64_t now_us);

#endif
