/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Which delivery a report means, where the id it names could be read in more than one way: the same rule in every
 * driver. Peers write numbers in their own ways (national, with a prefix), so the last digits of a number count; an
 * address that is no number, or a short one, counts whole.
 */
#ifndef STORE_REPORT_MATCH_H
#define STORE_REPORT_MATCH_H

#include "core/store.h"

#define REPORT_MATCH_DIGITS 7u

/* The addresses that a report carries, either of them may be empty; peers put the recipient into the one or the other.
 */
struct report_addresses {
	struct text source, destination;
};

bool report_names(struct report_addresses a, struct text recipient);
/* The first form counts without an address that agrees: nothing in the report could contradict it. */
bool report_first_counts(const struct store_report *c);
/* Of how many forms a report that nobody claims is kept: those that could count later. */
unsigned report_forms_kept(const struct store_report *c);

#endif
