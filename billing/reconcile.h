/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Our records against a partner's (an SMSC's, an OCS's, an MM4 or MM7 peer's) for one period. Each difference gets one
 * name; nothing is put right here. Pure: two lists in, differences out, in the order of their keys.
 */
#ifndef BILLING_RECONCILE_H
#define BILLING_RECONCILE_H

#include "billing/money.h"
#include "core/store.h"

struct reconcile_item {
	struct text key;       /* what both know it by: the wire id, a Session-Id, a Transaction-ID */
	struct text recipient; /* empty = not told */
	int64_t at_us;
	int64_t units;
	int64_t amount;		    /* of the partner's bill */
	struct text currency;	    /* empty = no amounts told */
	enum store_outcome outcome; /* NONE = not told */
};

enum reconcile_difference {
	DIFFERENCE_MISSING_THERE, /* we sent it, they do not know it */
	DIFFERENCE_MISSING_HERE,  /* they bill it, we do not know it */
	DIFFERENCE_TWICE_THERE,
	DIFFERENCE_TWICE_HERE,
	DIFFERENCE_RECIPIENT,
	DIFFERENCE_UNITS,
	DIFFERENCE_CURRENCY,
	DIFFERENCE_AMOUNT,
	DIFFERENCE_OUTCOME, /* delivered to the one, failed to the other */
	DIFFERENCE_TIME,    /* further apart than the tolerance */
	RECONCILE_DIFFERENCE_COUNT
};

const char *reconcile_difference_name(enum reconcile_difference difference); /* "missing-there" */

struct reconcile_sum {
	uint64_t same; /* in everything both told */
	uint64_t differences[RECONCILE_DIFFERENCE_COUNT];
	int64_t ours, theirs; /* amounts */
	bool overflow;	      /* they stopped growing */
};

/*
 * Sorts both lists by key and time (in place), then calls `found` for each difference, with NULL for the side that has
 * nothing. One pair may differ in several ways; each is told.
 */
void reconcile(struct reconcile_item *ours, unsigned ours_count, struct reconcile_item *theirs, unsigned theirs_count,
	       int64_t tolerance_us,
	       void (*found)(void *owner, enum reconcile_difference difference, const struct reconcile_item *our,
			     const struct reconcile_item *their),
	       void *owner, struct reconcile_sum *sum_out);

/* The report's lines: a head, one per difference, the sums. CSV, RFC 4180. */
void reconcile_csv_head(struct writer *w);
void reconcile_csv_row(struct writer *w, enum reconcile_difference difference, const struct reconcile_item *our,
		       const struct reconcile_item *their);
void reconcile_text(struct writer *w, const struct reconcile_sum *sum); /* for people, several lines */

#endif
