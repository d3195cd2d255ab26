/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Makes permits. For two callers only: the ledger, and the reader of the delivery record in a bearer's role. Whoever
 * else includes this file opens a second door to other people's money.
 */
#ifndef CORE_PERMIT_MINT_H
#define CORE_PERMIT_MINT_H

#include "core/base/reader.h"
#include "core/base/writer.h"
#include "core/permit.h"

#define PERMIT_BEARER_MAX 16u

/* The terms of a permit, as a plain value. */
struct permit_terms {
	struct message_id delivery;
	struct text bearer; /* at most PERMIT_BEARER_MAX octets */
	int64_t attempt, epoch;
	int64_t units;
	int64_t price; /* 10^-6 units, for the record; the hold covers it */
	int64_t not_after_us;
};

/* NULL when the terms make no sense: a message instead of a delivery, no bearer, no units, a negative price. */
struct permit *permit_mint(const struct permit_terms *terms);

/* The terms as they travel beside the delivery record. */
void permit_put(struct writer *w, const struct permit_terms *terms);
bool permit_get(struct reader *r, struct permit_terms *out);

#endif
