/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Amounts: signed 64-bit integers in 10^-6 units of the currency beside them. No floating point anywhere in billing/.
 * Every sum is checked: one that overflows, or would add two currencies, fails and changes nothing.
 */
#ifndef BILLING_MONEY_H
#define BILLING_MONEY_H

#include <stdbool.h>
#include <stdint.h>

#include "core/base/result.h"
#include "core/base/text.h"
#include "core/base/writer.h"

#define MONEY_UNIT INT64_C(1000000)
#define MONEY_PPM INT64_C(1000000) /* tax rates are parts per million */
#define CURRENCY_SIZE 4		   /* three letters and a NUL */

struct money {
	int64_t micros;
	char currency[CURRENCY_SIZE]; /* ISO 4217 */
};

/* Known active currency of ISO 4217, in capitals; anything else is false. */
bool currency_parse(struct text t, char out[CURRENCY_SIZE]);

/* Overflow-checked; *out is written on success only. */
bool amount_add(int64_t a, int64_t b, int64_t *out);
bool amount_subtract(int64_t a, int64_t b, int64_t *out);
bool amount_multiply(int64_t a, int64_t n, int64_t *out);

/* False on overflow and for two currencies. */
bool money_add(struct money *sum, struct money other);
bool money_subtract(struct money *sum, struct money other);
static inline bool money_same_currency(struct money a, struct money b)
{
	return !memcmp(a.currency, b.currency, CURRENCY_SIZE);
}

/* A whole decimal number: "3", "3.30", "-0.000001"; digits on both sides of a point, at most six behind it. A sign only
 * where `may_be_negative`. ERR_MALFORMED, ERR_TOO_BIG (does not fit), ERR_DENIED (negative). */
MUST_CHECK enum result amount_parse(struct text t, bool may_be_negative, int64_t *out);
/* At least two decimals, as many as needed: "3.30", "0.000001", "-12.00". */
void amount_print(struct writer *w, int64_t micros);
void money_print(struct writer *w, struct money m); /* "3.30 JPY" */

/* How tax is rounded: to multiples of `step` (> 0; 1 = exact to 10^-6). */
enum rounding { ROUND_HALF_UP, ROUND_DOWN, ROUND_UP, ROUNDING_COUNT };
/* The tax on a net amount >= 0. False on overflow. */
bool money_tax(int64_t net, int64_t tax_ppm, enum rounding rounding, int64_t step, int64_t *tax_out);
/* The tax inside a gross amount, exact division rounded half up: gross = net + tax again. */
int64_t money_tax_inside(int64_t gross, int64_t tax_ppm);

#endif
