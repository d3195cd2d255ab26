/* SPDX-License-Identifier: GPL-3.0-or-later */
/* NAPTR records of an ENUM name to an answer. */
#include "core/portability_internal.h"

/* RFC 3402 3.2: delim ERE delim replacement delim flags. */
struct substitution {
	struct text pattern, replacement, flags;
};

static bool split_regexp(struct text regexp, struct substitution *out)
{
	if (regexp.len < 3)
		return false;
	char delimiter = regexp.at[0];
	/* Neither a digit nor the flag character nor a backslash may delimit. */
	if ((delimiter >= '0' && delimiter <= '9') || delimiter == 'i' || delimiter == '\\')
		return false;
	struct text rest = text_range(regexp.at + 1, regexp.len - 1);
	if (!memchr(rest.at, delimiter, rest.len))
		return false;
	if (!text_split(&rest, delimiter, &out->pattern) || !rest.len || !memchr(rest.at, delimiter, rest.len))
		return false;
	(void)text_split(&rest, delimiter, &out->replacement);
	out->flags = rest;
	return !rest.len || !memchr(rest.at, delimiter, rest.len);
}

/* Of the patterns that match every number: what \1 stands for. `has_group` false: there is no \1. */
static bool match_whole(struct text pattern, struct text number, bool *has_group, struct text *group)
{
	static const char *const groups[] = { "^(.*)$", "(.*)", "^(.+)$" };

	*has_group = false;
	if (text_is(pattern, "^.*$") || text_is(pattern, ".*") || text_is(pattern, "^.+$"))
		return true;
	*has_group = true;
	*group = number;
	for (unsigned i = 0; i < sizeof(groups) / sizeof(groups[0]); i++) {
		if (text_is(pattern, groups[i]))
			return true;
	}
	*group = text_range(number.at + 1, number.len - 1);
	return text_is(pattern, "^\\+(.*)$") || text_is(pattern, "^\\+(.+)$");
}

static enum result write_replacement(struct text replacement, bool has_group, struct text group, struct writer *w,
				     const char **why_out)
{
	for (size_t i = 0; i < replacement.len; i++) {
		char c = replacement.at[i];
		if (c != '\\') {
			writer_u8(w, (uint8_t)c);
			continue;
		}
		char what = 0;
		if (++i < replacement.len)
			what = replacement.at[i];
		if (what == '1' && has_group) {
			writer_text(w, group);
		} else {
			*why_out = "a NAPTR whose replacement refers to more than \\1";
			return ERR_UNSUPPORTED;
		}
	}
	if (!writer_len(w) || !writer_ok(w)) {
		*why_out = "a NAPTR whose replacement is empty or too long";
		return writer_ok(w) ? ERR_MALFORMED : ERR_TOO_BIG;
	}
	return OK;
}

enum result portability_substitute(struct text regexp, struct text number, struct writer *w, const char **why_out)
{
	struct substitution s = { 0 };
	struct text group = { 0 };
	bool has_group;

	if (!split_regexp(regexp, &s) || (s.flags.len && !text_is(s.flags, "i"))) {
		*why_out = "a NAPTR whose regexp is not of the form !pattern!replacement!";
		return ERR_MALFORMED;
	}
	if (!match_whole(s.pattern, number, &has_group, &group)) {
		*why_out = "a NAPTR whose pattern is not the whole number (^.*$ or ^(.*)$): not supported";
		return ERR_UNSUPPORTED;
	}
	return write_replacement(s.replacement, has_group, group, w, why_out);
}

/* "E2U+pstn:tel", "E2U+sms:tel+mms:mailto": E2U and one of the services that say where a number lives (RFC 6116 3.4.3,
 * 4355, 4769, 4415). */
static bool service_is_ours(struct text service)
{
	static const char *const ours[] = { "tel", "sip", "pstn", "sms", "mms", "voice" };
	struct text one;

	if (!text_split(&service, '+', &one) || !text_is_nocase(one, "E2U"))
		return false;
	while (text_split(&service, '+', &one)) {
		struct text type = { 0 }; /* of "E2U++x" there is none */
		(void)text_split(&one, ':', &type);
		for (unsigned i = 0; i < sizeof(ours) / sizeof(ours[0]); i++) {
			if (text_is_nocase(type, ours[i]))
				return true;
		}
	}
	return false;
}

static enum result read_record(const struct dns_naptr *n, struct text number, const struct portability_rules *rules,
			       struct portability_answer *out, const char **why_out)
{
	char room[PORTABILITY_URI_MAX];
	struct writer w = writer_of(room, sizeof(room));

	if (!text_is_nocase(text_of(n->flags), "u")) {
		*why_out = "a NAPTR that leads to other names (no flag u): not followed";
		return ERR_UNSUPPORTED;
	}
	enum result r = portability_substitute(text_of(n->regexp), number, &w, why_out);
	return r ? r : portability_of_uri(text_range(room, writer_len(&w)), rules, out, why_out);
}

/* RFC 3403 4.1: the lower order, then the lower preference; among equals as they came. */
static bool stands_before(const struct dns_naptr *a, const struct dns_naptr *b)
{
	return a->order != b->order ? a->order < b->order : a->preference < b->preference;
}

static unsigned sort_records(const struct dns_naptr *records, unsigned count, const struct dns_naptr **sorted)
{
	unsigned n = 0;

	for (unsigned i = 0; i < count && n < DNS_NAPTRS_MAX; i++) {
		unsigned at = n++;
		for (; at && stands_before(&records[i], sorted[at - 1]); at--)
			sorted[at] = sorted[at - 1];
		sorted[at] = &records[i];
	}
	return n;
}

static bool tells_something(const struct portability_answer *a)
{
	return a->network[0] || a->routing[0];
}

enum result portability_of_naptrs(const struct dns_naptr *records, unsigned count, struct text number,
				  const struct portability_rules *rules, struct portability_answer *out,
				  const char **why_out)
{
	const struct dns_naptr *sorted[DNS_NAPTRS_MAX];
	unsigned n = sort_records(records, count, sorted);
	enum result result = ERR_NOT_FOUND;
	const char *why = "no record of a service that tells a number's network";

	*out = (struct portability_answer){ 0 };
	for (unsigned i = 0; i < n; i++) {
		const char *reason = "";
		if (!service_is_ours(text_of(sorted[i]->service)))
			continue;
		enum result r = read_record(sorted[i], number, rules, out, &reason);
		if (r == OK && tells_something(out))
			return OK;
		if (r == OK) { /* "npdi" alone, or no parameter at all: an entry without a network */
			result = OK;
		} else if (result == ERR_NOT_FOUND) {
			result = r;
			why = reason;
		}
	}
	*out = (struct portability_answer){ 0 };
	*why_out = why;
	return result;
}
