/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A tariff as tariff_file.c builds it and tariff.c reads it. */
#ifndef BILLING_TARIFF_INTERNAL_H
#define BILLING_TARIFF_INTERNAL_H

#include "billing/tariff.h"
#include "core/base/arena.h"

#define TARIFF_NETWORK "net:" /* what a prefix of a network begins with; no number does */

struct tariff {
	struct arena *arena; /* texts */
	struct tariff_version *versions;
	unsigned count;
};

/* A row as it stood in the list. */
struct tariff_line {
	struct store_price_row row;
	int64_t first;
	unsigned line;
};

/* Sorts the lines, checks that they leave no unit without one price, and makes them the version's rows. */
MUST_CHECK enum result tariff_complete(struct tariff_version *version, struct tariff_line *lines, unsigned count,
				       struct tariff_error *error);

bool tariff_parse_time(struct text t, int64_t *us_out); /* UTC */
bool tariff_parse_tax(struct text t, int64_t *ppm_out); /* "10%" or "0" */

/* Order of octets. */
int tariff_order(struct text a, struct text b);
bool tariff_same_series(const struct store_price_row *a, const struct store_price_row *b);
/* Bearer, unit, prefix, upto. */
int tariff_row_order(const struct store_price_row *a, const struct store_price_row *b);

#endif
