/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/account.h"

#include <string.h>

/* "+8190*" or "Shop": a star at the end matches any rest. */
static bool pattern_matches(struct text pattern, struct text t)
{
	if (pattern.len && pattern.at[pattern.len - 1] == '*') {
		size_t n = pattern.len - 1;
		return t.len >= n && !memcmp(t.at, pattern.at, n);
	}
	return text_equal(pattern, t);
}

bool account_may_send_as(const struct account_settings *s, struct text sender)
{
	if (s->default_sender.len && text_equal(s->default_sender, sender))
		return true;
	for (unsigned i = 0; i < s->allow_sender.count; i++) {
		if (pattern_matches(s->allow_sender.items[i], sender))
			return true;
	}
	return false;
}
