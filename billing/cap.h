/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Caps on what a payer spends in a window, and the warnings at 80 and 100 percent. Pure: the rows live in the store,
 * whose CHECK is the guard; these functions say which windows a hold counts in and what is to be told.
 */
#ifndef BILLING_CAP_H
#define BILLING_CAP_H

#include "billing/money.h"
#include "core/store.h"

enum cap_kind { CAP_DAY, CAP_MONTH, CAP_ROAMING_MONTH, CAP_KIND_COUNT };
const char *cap_kind_name(enum cap_kind kind); /* "day" "month" "roaming-month" */

/* "day 50.00", "month 100.00 now": the knob `cap` of an account. `now`: a higher cap counts in the window that is open,
 * not only from the next one on. */
MUST_CHECK enum result cap_parse(struct text t, enum cap_kind *kind_out, int64_t *cap_out, bool *now_out);
/* "+09:00" in seconds ahead of UTC. */
bool cap_offset_parse(struct text t, int32_t *seconds_out);

struct cap_window {
	enum cap_kind kind;
	int64_t from_us, until_us; /* [from, until) */
	int64_t cap, posted, held;
};

/* The window of that kind around `now_us`, for a payer whose clock is `utc_offset_s` ahead of UTC. */
void cap_bounds(enum cap_kind kind, int64_t now_us, int32_t utc_offset_s, int64_t *from_out, int64_t *until_out);
/* Whether a hold of `amount` is within the cap: posted + held + amount <= cap, without overflow. */
bool cap_allows(const struct cap_window *window, int64_t amount);
/* Whether a hold made now counts in a window of that kind. */
bool cap_counts(enum cap_kind kind, bool roaming);

/* Marks. */
#define CAP_MARK_80 1u
#define CAP_MARK_100 2u
/* Those that a use from `before` to `after` reaches or crosses; a cap of 0 has none. */
unsigned cap_marks(int64_t before, int64_t after, int64_t cap);
/* The id of the warning's outbox row: the same payer, window and mark give the same id, so it goes out once. `mark` is
 * one of the bits. */
void cap_warning_id(const uint8_t account_id[16], const struct cap_window *window, unsigned mark, uint8_t out[16]);
/* What the payer reads: "80 % of your limit of 50.00 EUR for this month is used: 40.10 EUR." */
void cap_warning_text(struct writer *w, const struct cap_window *window, unsigned mark, const char *currency);

#endif
