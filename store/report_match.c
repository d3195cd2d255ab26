/* SPDX-License-Identifier: GPL-3.0-or-later */
/* See report_match.h. */
#include "store/report_match.h"

static struct text without_plus(struct text t)
{
	return t.len && t.at[0] == '+' ? text_range(t.at + 1, t.len - 1) : t;
}

static bool is_number(struct text t)
{
	for (size_t i = 0; i < t.len; i++)
		if (t.at[i] < '0' || t.at[i] > '9')
			return false;
	return t.len >= REPORT_MATCH_DIGITS;
}

static struct text last_digits(struct text t)
{
	return text_range(t.at + (t.len - REPORT_MATCH_DIGITS), REPORT_MATCH_DIGITS);
}

static bool agrees(struct text address, struct text recipient)
{
	address = without_plus(address);
	recipient = without_plus(recipient);
	if (!address.len)
		return false;
	if (is_number(address) && is_number(recipient))
		return text_equal(last_digits(address), last_digits(recipient));
	return text_equal(address, recipient);
}

bool report_names(struct report_addresses a, struct text recipient)
{
	return agrees(a.source, recipient) || agrees(a.destination, recipient);
}

static bool says_addresses(const struct store_report *c)
{
	return c->source.len || c->destination.len;
}

bool report_first_counts(const struct store_report *c)
{
	return c->sure || c->wire_ids_count == 1 || !says_addresses(c);
}

unsigned report_forms_kept(const struct store_report *c)
{
	return says_addresses(c) ? c->wire_ids_count : 1;
}
