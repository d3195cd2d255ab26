/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Names of the store's words. */
#include "core/store.h"

#include <assert.h>
#include <string.h>

#define NAME_OF(table, value) \
	((unsigned)(value) < sizeof(table) / sizeof((table)[0]) && (table)[value] ? (table)[value] : "invalid")

static const char *const answers[] = { "done", "repeat", "conflict", "refused", "unknown" };
static_assert(sizeof(answers) / sizeof(answers[0]) == STORE_ANSWER_COUNT, "each answer has a name");

static const char *const refusals[] = {
	[STORE_NO_REFUSAL] = "none",	     [STORE_CREDIT] = "credit",	      [STORE_CAP] = "cap",
	[STORE_STALE_EPOCH] = "stale epoch", [STORE_NOT_FOUND] = "not found", [STORE_ENDED] = "ended",
	[STORE_DEADLINE] = "deadline",	     [STORE_DOUBT] = "in doubt",      [STORE_TOO_MUCH] = "too much",
	[STORE_NO_PRICE] = "no price",	     [STORE_NO_SPACE] = "no space",   [STORE_BROKEN] = "store broken",
	[STORE_BAD_REQUEST] = "bad request",
};
static_assert(sizeof(refusals) / sizeof(refusals[0]) == STORE_REFUSAL_COUNT, "each refusal has a name");

static const char *const operations[] = {
	[STORE_ACCEPT] = "accept",
	[STORE_CLAIM] = "claim",
	[STORE_RENEW] = "renew",
	[STORE_RELEASE] = "release",
	[STORE_DUE] = "due",
	[STORE_HOLD] = "hold",
	[STORE_WAKE] = "wake",
	[STORE_DECIDE] = "decide",
	[STORE_FINISH] = "finish",
	[STORE_REPORT] = "report",
	[STORE_IN_DOUBT] = "in_doubt",
	[STORE_CANCEL] = "cancel",
	[STORE_REFUND] = "refund",
	[STORE_FUND] = "fund",
	[STORE_EXPIRE] = "expire",
	[STORE_PRUNE] = "prune",
	[STORE_QUOTE_PRICE] = "quote_price",
	[STORE_FACT_PUT] = "fact_put",
	[STORE_FACT_GET] = "fact_get",
	[STORE_FACT_SCAN] = "fact_scan",
	[STORE_FACT_SWAP] = "fact_swap",
	[STORE_FACT_DELETE] = "fact_delete",
	[STORE_CDR_NEXT] = "cdr_next",
	[STORE_CDR_ACK] = "cdr_ack",
	[STORE_OUTBOX_DUE] = "outbox_due",
	[STORE_OUTBOX_DONE] = "outbox_done",
	[STORE_OUTBOX_LATER] = "outbox_later",
	[STORE_ACCOUNT_PUT] = "account_put",
	[STORE_ACCOUNT_GET] = "account_get",
	[STORE_SUBSCRIBER_PUT] = "subscriber_put",
	[STORE_SUBSCRIBER_GET] = "subscriber_get",
	[STORE_CAP_PUT] = "cap_put",
	[STORE_CONSENT_PUT] = "consent_put",
	[STORE_CONSENT_GET] = "consent_get",
	[STORE_PRICE_PUT] = "price_put",
	[STORE_MESSAGE_GET] = "message_get",
	[STORE_FENCE] = "fence",
	[STORE_SUMS] = "sums",
	[STORE_SCAN] = "scan",
	[STORE_ROUTES] = "routes",
	[STORE_TARGETS] = "targets",
	[STORE_CAP_GET] = "cap_get",
};
static_assert(sizeof(operations) / sizeof(operations[0]) == STORE_OPERATION_COUNT, "each operation has a name");

static const char *const outcomes[] = { "none",	     "sent",	"refused",   "expired",
					"cancelled", "unknown", "delivered", "displayed" };
static_assert(sizeof(outcomes) / sizeof(outcomes[0]) == OUTCOME_COUNT, "each outcome has a name");

static const char *const durabilities[] = { "memory", "disk", "pair", "pair-applied", "quorum" };

const char *store_answer_name(enum store_answer a)
{
	return NAME_OF(answers, a);
}

const char *store_refusal_name(enum store_refusal r)
{
	return NAME_OF(refusals, r);
}

const char *store_operation_name(enum store_operation o)
{
	return NAME_OF(operations, o);
}

const char *store_outcome_name(enum store_outcome o)
{
	return NAME_OF(outcomes, o);
}

const char *store_durability_name(enum store_durability d)
{
	return NAME_OF(durabilities, d);
}

/* "system:" kind currency, filled with zeroes: readable in a dump, and equal to no random id. */
void store_system_account(enum store_account_kind kind, struct text currency, uint8_t id_out[16])
{
	static const char prefix[] = "system:";
	const size_t at = sizeof(prefix) - 1;
	size_t n = currency.len < 15 - at ? currency.len : 15 - at;

	memset(id_out, 0, 16);
	memcpy(id_out, prefix, at);
	id_out[at] = (uint8_t)('0' + (unsigned)kind);
	if (n)
		memcpy(id_out + at + 1, currency.at, n);
}
