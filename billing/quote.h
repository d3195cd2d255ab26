/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Quotes: an offer with a maximum that the payer may accept. It covers a chain of bearers in the order in which they
 * would be used, so that a fallback stays inside it; its maximum is the highest price in the chain. It locks tariff
 * version, units, currency and tax. An offer is authenticated, not stored: the token carries it, and whoever changes
 * one octet has none.
 *
 *	token:  base64url( version u8 (1) | key number u8 | fields | HMAC-SHA-256 of all before it )
 */
#ifndef BILLING_QUOTE_H
#define BILLING_QUOTE_H

#include "billing/tariff.h"
#include "core/route_decide.h"

#define QUOTE_BEARERS_MAX 4u
#define QUOTE_BEARER_SIZE 16 /* with its NUL */
#define QUOTE_KEY_MIN 16u
#define QUOTE_TOKEN_MAX 512u
#define QUOTE_RUNS_MAX 38u
#define QUOTE_FREE 0xffu /* a run's line: nothing costs there */

struct quote_line {
	char bearer[QUOTE_BEARER_SIZE];
	int64_t units;
	int64_t total, tax_ppm; /* total with tax */
	uint8_t pay_on;
};

/* Recipients that follow each other and have the same price. */
struct quote_run {
	uint8_t line; /* or QUOTE_FREE */
	uint16_t count;
};

struct quote {
	uint8_t account_id[16];	  /* the payer */
	uint8_t content_hash[32]; /* of what is sent and to whom: the quote is for nothing else */
	char currency[CURRENCY_SIZE];
	int64_t version; /* of the tariff */
	int64_t max_amount;
	int64_t given_us, until_us; /* store's clock */
	unsigned lines_count;
	struct quote_line lines[QUOTE_BEARERS_MAX];
	unsigned runs_count; /* 0: every recipient has the whole chain */
	struct quote_run runs[QUOTE_RUNS_MAX];
};

/* One bearer of the chain and what the message counts as there. */
struct quote_bearer {
	struct text bearer;
	const struct tariff_measure *measures;
	unsigned measures_count;
};

/*
 * Prices each bearer of the chain; a bearer without a price row is left out (B1: not sendable there). Fills lines,
 * currency, version and maximum; the caller the rest. ERR_NOT_FOUND: no bearer is left. ERR_TOO_BIG: overflow or a
 * chain above QUOTE_BEARERS_MAX.
 */
MUST_CHECK enum result quote_make(const struct tariff_version *version, struct text destination,
				  const struct quote_bearer *chain, unsigned count, struct quote *out);

struct quote_key {
	uint8_t number;
	struct octets secret; /* at least QUOTE_KEY_MIN octets */
};

/* Writes the token. Fails (the writer) for a quote without lines or a key too short. */
void quote_encode(struct writer *w, const struct quote *quote, const struct quote_key *key);
/* ERR_MALFORMED: no token of ours. ERR_DENIED: not authentic, or an unknown key. ERR_TIMEOUT: expired. Keys: the one in
 * use and those before it that may still be out. */
MUST_CHECK enum result quote_verify(struct text token, const struct quote_key *keys, unsigned keys_count,
				    int64_t now_us, struct quote *out);

/* The line that pays for this bearer, or NULL: a send is inside the quote only with one, the same units or fewer, and a
 * price at or below it (B3, B4). */
const struct quote_line *quote_covers(const struct quote *quote, struct text bearer, int64_t units, int64_t total);

/* The fact that the decision asks for (R6.7, R6.8): the price of a bearer against the payer's ceiling. */
enum price quote_price_fact(const struct quote *quote, struct text bearer, int64_t ceiling);

#endif
