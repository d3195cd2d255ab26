/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Numbers, networks, operators' codes; URIs that name a network. */
#include "core/portability.h"

#include "core/base/text.h"
#include "core/portability_internal.h"

static bool all_digits(struct text t)
{
	for (size_t i = 0; i < t.len; i++) {
		if (t.at[i] < '0' || t.at[i] > '9')
			return false;
	}
	return t.len > 0;
}

bool portability_is_number(struct text t)
{
	return t.len > PORTABILITY_DIGITS_MIN && t.len <= PORTABILITY_DIGITS_MAX + 1 && t.at[0] == '+' &&
	       all_digits(text_range(t.at + 1, t.len - 1));
}

bool portability_is_network(struct text t)
{
	return all_digits(t) && (t.len == 3 || t.len == 5 || t.len == 6);
}

bool portability_operator_parse(struct text t, struct portability_operator *out)
{
	struct text rest = text_trim(t);

	if (!text_split(&rest, ' ', &out->code) || !out->code.len || out->code.len >= PORTABILITY_ROUTING_SIZE)
		return false;
	out->network = text_trim(rest);
	return portability_is_network(out->network) && out->network.len > 3;
}

/* --- the URL ---------------------------------------------------------------------------------------------------- */

static bool place_at(struct text t, const char *name)
{
	return text_starts(t, name);
}

void portability_url(struct text pattern, struct text number, struct writer *w)
{
	struct text digits = text_range(number.at + 1, number.len ? number.len - 1 : 0);

	while (pattern.len) {
		size_t taken = 1;
		if (place_at(pattern, "{number}")) {
			writer_text(w, TEXT_LITERAL("%2B"));
			writer_text(w, digits);
			taken = 8;
		} else if (place_at(pattern, "{digits}")) {
			writer_text(w, digits);
			taken = 8;
		} else {
			writer_u8(w, (uint8_t)pattern.at[0]);
		}
		pattern = text_range(pattern.at + taken, pattern.len - taken);
	}
}

bool portability_url_good(struct text pattern)
{
	unsigned places = 0;

	while (pattern.len) {
		size_t taken = 1;
		if (place_at(pattern, "{number}") || place_at(pattern, "{digits}")) {
			places++;
			taken = 8;
		} else if (pattern.at[0] == '{' || pattern.at[0] == '}') {
			return false;
		}
		pattern = text_range(pattern.at + taken, pattern.len - taken);
	}
	return places > 0;
}

/* --- URIs --------------------------------------------------------------------------------------------------------- */

/* What the parameters of a URI say, before it is weighed. */
struct said {
	struct text mcc, mnc, rn, cic, spn;
	char domain[PORTABILITY_NETWORK_SIZE];
	bool npdi;
};

static bool is_nocase(struct text t, const char *name)
{
	return text_is_nocase(t, name);
}

static bool is_plain(struct text value)
{
	for (size_t i = 0; i < value.len; i++) {
		char c = value.at[i];
		if (c <= ' ' || c > '~' || c == '%')
			return false;
	}
	return true;
}

/* The same parameter twice is malformed (RFC 3966 3). */
static bool set_once(struct text *field, struct text value)
{
	if (field->len || !value.len || !is_plain(value))
		return false;
	*field = value;
	return true;
}

static bool take_parameter(struct said *s, struct text parameter)
{
	struct text rest = parameter, name = { 0 };

	if (!text_split(&rest, '=', &name) || !name.len)
		return false;
	if (is_nocase(name, "npdi")) {
		s->npdi = true;
		return name.len == parameter.len;
	}
	if (is_nocase(name, "rn"))
		return set_once(&s->rn, rest);
	if (is_nocase(name, "cic"))
		return set_once(&s->cic, rest);
	if (is_nocase(name, "spn"))
		return set_once(&s->spn, rest);
	if (is_nocase(name, "mcc"))
		return set_once(&s->mcc, rest);
	if (is_nocase(name, "mnc"))
		return set_once(&s->mnc, rest);
	return true; /* others say nothing to us */
}

static bool take_parameters(struct said *s, struct text list)
{
	struct text one;

	while (text_split(&list, ';', &one)) {
		if (!take_parameter(s, one))
			return false;
	}
	return true;
}

/*
 * TS 23.003 19.2: an MNC of two digits has a 0 put before it, so "mnc010" alone does not say whether it has two digits
 * or three. Where the E.212 plan gives three (the countries of zone 3, Honduras, Argentina, Colombia) it stays.
 */
static bool has_long_mncs(struct text mcc)
{
	return mcc.at[0] == '3' || text_is(mcc, "708") || text_is(mcc, "722") || text_is(mcc, "732");
}

bool portability_join(struct text mcc, struct text mnc, char to[PORTABILITY_NETWORK_SIZE])
{
	struct writer w = writer_of(to, PORTABILITY_NETWORK_SIZE);

	if (mcc.len != 3 || !all_digits(mcc) || !all_digits(mnc) || (mnc.len != 2 && mnc.len != 3))
		return false;
	writer_text(&w, mcc);
	writer_text(&w, mnc);
	writer_u8(&w, 0);
	return writer_ok(&w);
}

/* "sms.mnc010.mcc440.3gppnetwork.org": a label mnc... right before a label mcc... */
static bool take_domain(struct said *s, struct text domain)
{
	struct text label, mnc = { 0 };

	while (text_split(&domain, '.', &label)) {
		struct text digits = text_range(label.at + 3, label.len > 3 ? label.len - 3 : 0);
		bool has_digits = label.len == 6 && all_digits(digits);
		if (has_digits && is_nocase(text_range(label.at, 3), "mcc") && mnc.len) {
			if (mnc.at[0] == '0' && !has_long_mncs(digits))
				mnc = text_range(mnc.at + 1, 2);
			return portability_join(digits, mnc, s->domain);
		}
		mnc = (struct text){ 0 };
		if (has_digits && is_nocase(text_range(label.at, 3), "mnc"))
			mnc = digits;
	}
	return true;
}

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
}

static bool begins_with(struct text value, struct text code)
{
	for (size_t i = 0; i < code.len; i++) {
		if (i == value.len || lower(value.at[i]) != lower(code.at[i]))
			return false;
	}
	return true;
}

/* The longest code that `value` begins with. */
static bool find_operator(const struct portability_rules *rules, struct text value, char to[PORTABILITY_NETWORK_SIZE])
{
	const struct portability_operator *best = NULL;

	for (unsigned i = 0; i < rules->operators_count; i++) {
		const struct portability_operator *o = &rules->operators[i];
		if (begins_with(value, o->code) && (!best || o->code.len > best->code.len))
			best = o;
	}
	return best && text_copy(best->network, to, PORTABILITY_NETWORK_SIZE);
}

/* "+1-410-555" and "+1410555" are the same number. */
static struct text without_separators(struct text value, char *room, size_t size)
{
	struct writer w = writer_of(room, size);

	for (size_t i = 0; i < value.len; i++) {
		char c = value.at[i];
		if (c != '-' && c != '.' && c != '(' && c != ')')
			writer_u8(&w, (uint8_t)c);
	}
	return text_range(room, writer_ok(&w) ? writer_len(&w) : 0);
}

static enum result weigh(const struct said *s, const struct portability_rules *rules, struct portability_answer *out,
			 const char **why_out)
{
	const struct text codes[] = { s->rn, s->cic, s->spn };
	char room[PORTABILITY_ROUTING_SIZE];

	out->ported = s->rn.len > 0; /* npdi alone: looked up, and not ported */
	for (unsigned i = 0; i < 3 && !out->routing[0]; i++) {
		struct text code = without_separators(codes[i], room, sizeof(room) - 1);
		if (codes[i].len && (!code.len || !text_copy(code, out->routing, sizeof(out->routing)))) {
			*why_out = "a routing number or carrier code of no use";
			return ERR_TOO_BIG;
		}
	}
	if (s->mcc.len || s->mnc.len) {
		*why_out = "mcc and mnc are digits, and stand together";
		return portability_join(s->mcc, s->mnc, out->network) ? OK : ERR_MALFORMED;
	}
	if (s->domain[0])
		return text_copy(text_of(s->domain), out->network, sizeof(out->network)) ? OK : ERR_TOO_BIG;
	for (unsigned i = 0; i < 3 && !out->network[0]; i++)
		(void)find_operator(rules, without_separators(codes[i], room, sizeof(room)), out->network);
	return OK;
}

/* tel:NUMBER;..., sip:NUMBER;...@DOMAIN;..., mms:NUMBER/TYPE=PLMN@DOMAIN, mailto: the same. */
static bool split_uri(struct text uri, struct said *s)
{
	struct text rest = uri, scheme, user, number;

	if (!text_split(&rest, ':', &scheme) || scheme.len == uri.len || !rest.len)
		return false;
	bool has_domain = memchr(rest.at, '@', rest.len) != NULL;
	(void)text_split(&rest, '@', &user);
	if (!text_split(&user, ';', &number) || !take_parameters(s, user))
		return false;
	if (!has_domain)
		return true;
	struct text domain;
	if (!text_split(&rest, ';', &domain) || !domain.len)
		return false;
	return take_domain(s, domain) && take_parameters(s, rest);
}

enum result portability_of_uri(struct text uri, const struct portability_rules *rules, struct portability_answer *out,
			       const char **why_out)
{
	struct said s = { 0 };
	struct portability_answer answer = { 0 };

	*out = answer;
	if (uri.len > PORTABILITY_URI_MAX) {
		*why_out = "a URI longer than 512 octets";
		return ERR_TOO_BIG;
	}
	if (!text_starts(uri, "tel:") && !text_starts(uri, "sip:") && !text_starts(uri, "sips:") &&
	    !text_starts(uri, "mms:") && !text_starts(uri, "sms:") && !text_starts(uri, "mailto:")) {
		*why_out = "a URI of another scheme than tel, sip, sips, sms, mms, mailto";
		return ERR_UNSUPPORTED;
	}
	if (!split_uri(uri, &s)) {
		*why_out = "a URI whose parameters cannot be read";
		return ERR_MALFORMED;
	}
	enum result r = weigh(&s, rules, &answer, why_out);
	if (r == OK)
		*out = answer;
	return r;
}
