/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The table of the node in portability_vty.h. */
#include "core/portability_vty.h"

#include "core/net/net_address.h"
#include "core/net/uri.h"
#include "core/portability.h"

#define AT(member) offsetof(struct portability_settings, member)
#define COUNT(a) (unsigned)(sizeof(a) / sizeof((a)[0]))
#define SECONDS(n) (INT64_C(1000000) * (n))
#define DAYS(n) (SECONDS(86400) * (n))

static const char *const failure_words[] = { "route-without", "refuse-temporarily", NULL };

static const struct knob knobs[] = {
	{ .name = "url",
	  .type = KNOB_TEXT,
	  .offset = AT(url),
	  .help = "Service that is asked by HTTP GET and answers in JSON; {number} becomes %2B819012345678, {digits} "
		  "the "
		  "same without %2B" },
	{ .name = "enum-suffix",
	  .type = KNOB_TEXT,
	  .offset = AT(enum_suffix),
	  .help = "Or: the zone whose NAPTR records are asked (RFC 6116), as e164.arpa or a private root" },
	{ .name = "dns-server",
	  .type = KNOB_TEXT,
	  .offset = AT(dns_server),
	  .help = "Name server for both, numeric with port, as 192.0.2.53:53; none = the system's" },
	{ .name = "authorization",
	  .type = KNOB_TEXT,
	  .offset = AT(authorization),
	  .secret = true,
	  .help = "Value of the header Authorization, as Bearer TOKEN" },
	{ .name = "authorities",
	  .type = KNOB_FILE,
	  .offset = AT(authorities),
	  .help = "Certificates (PEM) that an https service is checked by; none = the system's" },
	{ .name = "verify",
	  .type = KNOB_BOOL,
	  .offset = AT(verify),
	  .fallback = "yes",
	  .help = "Whether the certificate of an https service is checked" },
	{ .name = "member",
	  .type = KNOB_TEXT,
	  .offset = AT(member),
	  .fallback = "network",
	  .help = "JSON member that holds the network; dots lead inside, two words are MCC and MNC" },
	{ .name = "operator",
	  .type = KNOB_TEXT,
	  .offset = AT(operators),
	  .many = true,
	  .help = "Start of a routing number, or a carrier code, and its network, as D0012 44010; the longest wins" },
	{ .name = "only-prefix",
	  .type = KNOB_TEXT,
	  .offset = AT(only_prefix),
	  .many = true,
	  .help = "Start of the numbers that are asked for, as +81; none = every number of 5 digits and more" },
	{ .name = "timeout",
	  .type = KNOB_DURATION,
	  .offset = AT(timeout),
	  .min = INT64_C(10000),
	  .max = SECONDS(60),
	  .fallback = "2s",
	  .help = "An answer is awaited this long" },
	{ .name = "at-once",
	  .type = KNOB_UINT,
	  .offset = AT(at_once),
	  .min = 1,
	  .max = 10000,
	  .fallback = "64",
	  .help = "Questions under way at once" },
	{ .name = "waiting-max",
	  .type = KNOB_UINT,
	  .offset = AT(waiting_max),
	  .min = 1,
	  .max = 1000000,
	  .fallback = "10000",
	  .help = "Messages that wait for an answer at once; above, a message is refused for now" },
	{ .name = "cache-size",
	  .type = KNOB_UINT,
	  .offset = AT(cache_size),
	  .min = 1,
	  .max = 10000000,
	  .fallback = "100000",
	  .help = "Numbers kept in memory, about 100 octets each" },
	{ .name = "cache-age",
	  .type = KNOB_DURATION,
	  .offset = AT(cache_age),
	  .max = DAYS(30),
	  .fallback = "1h",
	  .help = "A network is taken from memory this long, or as long as the source allows when that is less; 0s = "
		  "always ask" },
	{ .name = "negative-age",
	  .type = KNOB_DURATION,
	  .offset = AT(negative_age),
	  .max = DAYS(30),
	  .fallback = "5m",
	  .help = "The same for numbers whose network the source does not know" },
	{ .name = "on-failure",
	  .type = KNOB_WORD,
	  .offset = AT(on_failure),
	  .words = failure_words,
	  .fallback = "route-without",
	  .help = "Without an answer: route-without the network, or refuse-temporarily" },
};

static enum result check_source(const struct portability_settings *s, const char **why_out)
{
	struct uri uri;

	*why_out = "one source is needed: `url` or `enum-suffix`, not both";
	if (!s->url.len == !s->enum_suffix.len)
		return ERR_MALFORMED;
	*why_out = "`url` names the number as {number} or {digits}, and has no other braces";
	if (s->url.len && !portability_url_good(s->url))
		return ERR_MALFORMED;
	char room[4096];
	struct writer w = writer_of(room, sizeof(room));
	portability_url(s->url, TEXT_LITERAL("+999999999999999"), &w);
	*why_out = "`url` is longer than 4,000 octets";
	if (s->url.len && !writer_ok(&w))
		return ERR_TOO_BIG;
	if (s->url.len)
		return uri_parse(text_range(room, writer_len(&w)), &uri, why_out);
	char name[DNS_NAME_MAX + 1];
	*why_out = "`enum-suffix` is a domain name, as e164.arpa, and at most 200 octets long";
	return s->enum_suffix.len <= 200 &&
			       dns_enum_name(TEXT_LITERAL("+123456789012345"), s->enum_suffix.at, name, sizeof(name))
		       ? OK
		       : ERR_MALFORMED;
}

static enum result check_lists(const struct portability_settings *s, const char **why_out)
{
	struct portability_operator o;

	*why_out = "`operator` is a code of at most 32 octets and a network of 5 or 6 digits, as D0012 44010";
	if (s->operators.count > PORTABILITY_OPERATORS_MAX)
		return ERR_TOO_BIG;
	for (unsigned i = 0; i < s->operators.count; i++) {
		if (!portability_operator_parse(s->operators.items[i], &o))
			return ERR_MALFORMED;
	}
	*why_out = "`only-prefix` begins with +, as +81";
	for (unsigned i = 0; i < s->only_prefix.count; i++) {
		if (s->only_prefix.items[i].at[0] != '+')
			return ERR_MALFORMED;
	}
	return OK;
}

static enum result check(const void *node, const char **why_out)
{
	const struct portability_settings *s = node;
	struct net_address address;
	enum result r = check_source(s, why_out);

	if (r == OK)
		r = check_lists(s, why_out);
	if (r == OK && s->dns_server.len)
		r = net_address_parse(s->dns_server, &address, why_out);
	return r;
}

const struct node_kind portability_kind = {
	.name = "portability",
	.optional = true,
	.size = sizeof(struct portability_settings),
	.knobs = knobs,
	.knobs_count = COUNT(knobs),
	.roles = FOR_QUEUE | FOR_LOOKUP,
	.help = "Number portability: the recipient's network is asked for before a message is routed",
	.check = check,
};
