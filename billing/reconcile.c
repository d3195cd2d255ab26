/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Two lists of records side by side. */
#include "billing/reconcile.h"

#include <assert.h>
#include <stdlib.h>

#include "billing/csv.h"
#include "core/base/clock.h"

static const char *const names[] = {
	[DIFFERENCE_MISSING_THERE] = "missing-there",
	[DIFFERENCE_MISSING_HERE] = "missing-here",
	[DIFFERENCE_TWICE_THERE] = "twice-there",
	[DIFFERENCE_TWICE_HERE] = "twice-here",
	[DIFFERENCE_RECIPIENT] = "recipient",
	[DIFFERENCE_UNITS] = "units",
	[DIFFERENCE_CURRENCY] = "currency",
	[DIFFERENCE_AMOUNT] = "amount",
	[DIFFERENCE_OUTCOME] = "outcome",
	[DIFFERENCE_TIME] = "time",
};
static_assert(sizeof(names) / sizeof(names[0]) == RECONCILE_DIFFERENCE_COUNT, "each difference has a name");

const char *reconcile_difference_name(enum reconcile_difference difference)
{
	return (unsigned)difference < RECONCILE_DIFFERENCE_COUNT ? names[difference] : "invalid";
}

struct comparing {
	void (*found)(void *owner, enum reconcile_difference difference, const struct reconcile_item *our,
		      const struct reconcile_item *their);
	void *owner;
	int64_t tolerance_us;
	struct reconcile_sum *sum;
};

static int key_order(struct text a, struct text b)
{
	size_t n = a.len < b.len ? a.len : b.len;
	int c = n ? memcmp(a.at, b.at, n) : 0;

	return c ? c : a.len < b.len ? -1 : a.len > b.len;
}

static int by_key(const void *a, const void *b)
{
	const struct reconcile_item *x = a, *y = b;
	int c = key_order(x->key, y->key);

	return c ? c : x->at_us < y->at_us ? -1 : x->at_us > y->at_us;
}

static void tell(struct comparing *c, enum reconcile_difference difference, const struct reconcile_item *our,
		 const struct reconcile_item *their)
{
	c->sum->differences[difference]++;
	c->found(c->owner, difference, our, their);
}

static bool is_delivered(enum store_outcome outcome)
{
	return outcome == OUTCOME_DELIVERED || outcome == OUTCOME_DISPLAYED;
}

static bool is_failed(enum store_outcome outcome)
{
	return outcome == OUTCOME_REFUSED || outcome == OUTCOME_EXPIRED || outcome == OUTCOME_CANCELLED;
}

static bool outcomes_differ(enum store_outcome a, enum store_outcome b)
{
	return (is_delivered(a) && is_failed(b)) || (is_failed(a) && is_delivered(b));
}

static bool times_differ(int64_t a, int64_t b, int64_t tolerance)
{
	int64_t apart;

	return !(a > b ? amount_subtract(a, b, &apart) : amount_subtract(b, a, &apart)) || apart > tolerance;
}

static void compare_pair(struct comparing *c, const struct reconcile_item *our, const struct reconcile_item *their)
{
	bool priced = our->currency.len && their->currency.len;
	const bool differs[RECONCILE_DIFFERENCE_COUNT] = {
		[DIFFERENCE_RECIPIENT] =
			our->recipient.len && their->recipient.len && !text_equal(our->recipient, their->recipient),
		[DIFFERENCE_UNITS] = our->units != their->units,
		[DIFFERENCE_CURRENCY] = priced && !text_equal(our->currency, their->currency),
		[DIFFERENCE_AMOUNT] =
			priced && text_equal(our->currency, their->currency) && our->amount != their->amount,
		[DIFFERENCE_OUTCOME] = outcomes_differ(our->outcome, their->outcome),
		[DIFFERENCE_TIME] = times_differ(our->at_us, their->at_us, c->tolerance_us),
	};
	bool same = true;

	for (unsigned i = 0; i < RECONCILE_DIFFERENCE_COUNT; i++) {
		if (differs[i])
			tell(c, (enum reconcile_difference)i, our, their);
		same = same && !differs[i];
	}
	c->sum->same += same;
}

/* The end of the run of one key that begins at `at`. */
static unsigned end_of_key(const struct reconcile_item *items, unsigned count, unsigned at)
{
	unsigned end = at + 1;

	while (end < count && text_equal(items[at].key, items[end].key))
		end++;
	return end;
}

static void add_amounts(const struct reconcile_item *items, unsigned count, int64_t *sum, bool *overflow)
{
	for (unsigned i = 0; i < count; i++) {
		if (!amount_add(*sum, items[i].amount, sum))
			*overflow = true;
	}
}

static void merge(struct comparing *c, const struct reconcile_item *ours, unsigned ours_count,
		  const struct reconcile_item *theirs, unsigned theirs_count)
{
	unsigned a = 0, b = 0;

	while (a < ours_count || b < theirs_count) {
		int order = a == ours_count ? 1 : b == theirs_count ? -1 : key_order(ours[a].key, theirs[b].key);
		unsigned a_end = order <= 0 ? end_of_key(ours, ours_count, a) : a;
		unsigned b_end = order >= 0 ? end_of_key(theirs, theirs_count, b) : b;
		if (order < 0)
			tell(c, DIFFERENCE_MISSING_THERE, &ours[a], NULL);
		else if (order > 0)
			tell(c, DIFFERENCE_MISSING_HERE, NULL, &theirs[b]);
		else
			compare_pair(c, &ours[a], &theirs[b]);
		for (unsigned i = a + 1; i < a_end; i++)
			tell(c, DIFFERENCE_TWICE_HERE, &ours[i], NULL);
		for (unsigned i = b + 1; i < b_end; i++)
			tell(c, DIFFERENCE_TWICE_THERE, NULL, &theirs[i]);
		a = a_end;
		b = b_end;
	}
}

void reconcile(struct reconcile_item *ours, unsigned ours_count, struct reconcile_item *theirs, unsigned theirs_count,
	       int64_t tolerance_us,
	       void (*found)(void *owner, enum reconcile_difference difference, const struct reconcile_item *our,
			     const struct reconcile_item *their),
	       void *owner, struct reconcile_sum *sum_out)
{
	struct comparing c = { found, owner, tolerance_us, sum_out };

	*sum_out = (struct reconcile_sum){ 0 };
	if (ours_count)
		qsort(ours, ours_count, sizeof(*ours), by_key);
	if (theirs_count)
		qsort(theirs, theirs_count, sizeof(*theirs), by_key);
	add_amounts(ours, ours_count, &sum_out->ours, &sum_out->overflow);
	add_amounts(theirs, theirs_count, &sum_out->theirs, &sum_out->overflow);
	merge(&c, ours, ours_count, theirs, theirs_count);
}

void reconcile_csv_head(struct writer *w)
{
	writer_text(w, TEXT_LITERAL("difference,key,recipient,our_time,their_time,our_units,their_units,our_amount,"
				    "their_amount,our_result,their_result\r\n"));
}

static void put_time(struct writer *w, const struct reconcile_item *item)
{
	char room[CLOCK_TEXT_SIZE];

	writer_printf(w, ",%s", item ? clock_text(item->at_us, room) : "");
}

static void put_units(struct writer *w, const struct reconcile_item *item)
{
	if (item)
		writer_printf(w, ",%lld", (long long)item->units);
	else
		writer_u8(w, ',');
}

static void put_amount(struct writer *w, const struct reconcile_item *item)
{
	writer_u8(w, ',');
	if (item && item->currency.len) {
		amount_print(w, item->amount);
		writer_printf(w, " %.*s", TEXT_ARGS(item->currency));
	}
}

void reconcile_csv_row(struct writer *w, enum reconcile_difference difference, const struct reconcile_item *our,
		       const struct reconcile_item *their)
{
	const struct reconcile_item *known = our ? our : their;

	writer_printf(w, "%s,", reconcile_difference_name(difference));
	csv_field(w, known->key);
	writer_u8(w, ',');
	csv_field(w, known->recipient);
	put_time(w, our);
	put_time(w, their);
	put_units(w, our);
	put_units(w, their);
	put_amount(w, our);
	put_amount(w, their);
	writer_printf(w, ",%s,%s\r\n", our ? store_outcome_name(our->outcome) : "",
		      their ? store_outcome_name(their->outcome) : "");
}

void reconcile_text(struct writer *w, const struct reconcile_sum *sum)
{
	writer_printf(w, "%-14s %llu\n", "same", (unsigned long long)sum->same);
	for (unsigned i = 0; i < RECONCILE_DIFFERENCE_COUNT; i++) {
		if (sum->differences[i])
			writer_printf(w, "%-14s %llu\n", names[i], (unsigned long long)sum->differences[i]);
	}
	writer_printf(w, "%-14s ", "ours");
	amount_print(w, sum->ours);
	writer_printf(w, "\n%-14s ", "theirs");
	amount_print(w, sum->theirs);
	writer_printf(w, "%s\n", sum->overflow ? "\nthe sums overflowed" : "");
}
