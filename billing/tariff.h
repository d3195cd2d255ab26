/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Price tables in memory. A tariff is a list of versions that follow each other without gap; a version is read-only
 * once published, and a quote names the one it was made from. No row means no price, and no price means not sendable
 * on that bearer; a price of zero is a row with 0.
 *
 * A price list is a text file of lines with fields between commas; # begins a comment:
 *
 *	version,ID,CURRENCY,FROM,UNTIL[,ROUNDING[,STEP]]
 *	price,BEARER,PREFIX,UNIT,FIRST,UPTO,AMOUNT,TAX,sent|delivered
 *
 * PREFIX is the start of the number, or "net:44010" or "net:440": the network (MCC and MNC) or country (MCC) that
 * serves the recipient, where number portability finds it. Such a row goes before those of the number. FROM and UNTIL
 * are UTC days or times (2019-10-01, 2019-10-01T00:00:00Z); an empty UNTIL lasts until the next version. ROUNDING
 *(half-up, down, up) of the tax, to multiples of STEP; default half-up, 0.000001. UNIT is what is counted: "segment",
 *"full", "half", "octet", ... The rows of one bearer, prefix and unit cover FIRST = 1 to the last UPTO without overlap
 * and without gap. AMOUNT is without tax; TAX is a percentage ("10%") or 0.
 */
#ifndef BILLING_TARIFF_H
#define BILLING_TARIFF_H

#include "billing/money.h"
#include "core/store.h"

/* Limits. */
#define TARIFF_ROWS_MAX 1000000u /* of one version */
#define TARIFF_VERSIONS_MAX 1000u
#define TARIFF_LINE_MAX 512u
#define TARIFF_WORD_MAX 32u
#define TARIFF_FILE_MAX (128u << 20)
#define TARIFF_FOREVER INT64_MAX

struct tariff_version {
	int64_t id, from_us, until_us; /* [from, until) */
	char currency[CURRENCY_SIZE];
	enum rounding rounding;
	int64_t step;
	const struct store_price_row *rows; /* by bearer, unit, prefix, upto; amount without tax */
	unsigned rows_count;
	size_t prefix_max;
	uint8_t hash[32]; /* of all that makes a price */
};

struct tariff;

struct tariff_error {
	unsigned line;
	const char *why; /* lives as long as the program */
};

/* The whole list, or nothing and the first error: ERR_MALFORMED, ERR_DENIED (negative), ERR_TOO_BIG (limit, overflow),
 * ERR_UNSUPPORTED (unknown currency), ERR_CONFLICT (overlap, twice), ERR_NOT_FOUND (gap, missing row). */
MUST_CHECK enum result tariff_parse(struct text list, struct tariff **out, struct tariff_error *error_out);
/* The same from a file; ERR_IO with line 0 where it cannot be read. */
MUST_CHECK enum result tariff_load(const char *path, struct tariff **out, struct tariff_error *error_out);
void tariff_free(struct tariff **tariff);

unsigned tariff_count(const struct tariff *tariff);
const struct tariff_version *tariff_version(const struct tariff *tariff, unsigned index); /* in order of time */
/* The version in force then, or NULL. */
const struct tariff_version *tariff_at(const struct tariff *tariff, int64_t now_us);
/* Fills the outward fields of a STORE_PRICE_PUT; the rows stay the tariff's. */
void tariff_publish(const struct tariff_version *version, struct store_price *out);

/* What one message counts as, after final encoding: in each unit that a price list may use. */
struct tariff_measure {
	struct text unit;
	int64_t units;
};

struct tariff_price {
	int64_t version;
	char currency[CURRENCY_SIZE];
	int64_t net, tax, total, tax_ppm;
	struct text unit;
	int64_t units;
	uint8_t pay_on; /* 0 sent, 1 delivered */
};

/* The price to a destination by a bearer: the longest prefix that has rows in one of the units wins (among equals the
 * unit named first), then the smallest `upto` that holds the units. ERR_NOT_FOUND: no price there, so not sendable. */
MUST_CHECK enum result tariff_price(const struct tariff_version *version, struct text bearer, struct text destination,
				    const struct tariff_measure *measures, unsigned count, struct tariff_price *out);

/* The same, with the network that serves the destination; empty = not known. Rows of the network go first, then those
 * of its country; where there is none in any of the units, the number decides. */
MUST_CHECK enum result tariff_price_in(const struct tariff_version *version, struct text bearer, struct text network,
				       struct text destination, const struct tariff_measure *measures, unsigned count,
				       struct tariff_price *out);

/* Measures of a text message: "half" characters when all are ASCII, else "full" ones (UTF-16 units); then "segment" and
 * "message". Returns how many were written. */
#define TARIFF_MEASURES 3
unsigned tariff_measure_text(struct text utf8, int64_t segments, struct tariff_measure out[TARIFF_MEASURES]);

#endif
