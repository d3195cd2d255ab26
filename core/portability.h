/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Number portability: which network serves an E.164 number now. What may be asked, and how an answer is read; no
 * sockets, no clock, nothing allocated that stays.
 *
 * Two kinds of source:
 *
 *	HTTP	a URL with {number} or {digits}, answered by JSON:
 *		{"network": "44010", "number": "+819012345678", "ported": true, "routing": "D0012", "ttl": 3600}
 *		Only the network is needed; which member holds it is configured. No network, null, "" or status 404:
 *		the service knows none.
 *	ENUM	NAPTR records (RFC 6116, 3403) of the number's name. Read are terminal rules (flag "u") of E2U with one
 *		of the services tel, sip, pstn, sms, mms, voice, and of their regexp only what public and private roots
 *		write: the whole number as it is, at most taken over by \1. Anything else is told to be unsupported,
 *		never guessed. The URI says the network by
 *			tel:+81..;npdi;rn=..;cic=..		RFC 4694: the code is looked up among `operators`
 *			;mcc=440;mnc=10 or ;spn=..		as number databases write it
 *			sip:..@sms.mnc010.mcc440.3gppnetwork.org	TS 23.003
 *			/TYPE=PLMN@mms.mnc010.mcc440.gprs	GSMA IR.67
 */
#ifndef CORE_PORTABILITY_H
#define CORE_PORTABILITY_H

#include <stdbool.h>
#include <stdint.h>

#include "core/base/result.h"
#include "core/base/text.h"
#include "core/base/writer.h"
#include "core/net/dns.h"

/* Limits. */
#define PORTABILITY_DIGITS_MIN 5u  /* what is shorter is a short code, never ported */
#define PORTABILITY_DIGITS_MAX 15u /* E.164 6.1 */
#define PORTABILITY_NETWORK_SIZE 7 /* MCC and MNC in digits, and a NUL */
#define PORTABILITY_ROUTING_SIZE 33
#define PORTABILITY_URI_MAX 512u /* a regexp's outcome */
#define PORTABILITY_BODY_MAX 65536u
#define PORTABILITY_TTL_MAX_S (30u * 86400u)

struct portability_answer {
	char network[PORTABILITY_NETWORK_SIZE]; /* "44010"; empty: the source knows none */
	char routing[PORTABILITY_ROUTING_SIZE]; /* routing number or carrier code as the source gave it, or empty */
	bool ported;				/* as far as the source says so */
	uint32_t ttl_s;				/* 0 = the source named none */
};

/* A code of a number database, and the network behind it: "D0012 44010". */
struct portability_operator {
	struct text code, network;
};

/* How answers are read. */
struct portability_rules {
	const struct portability_operator *operators;
	unsigned operators_count;
	/* The JSON member of the network: names between dots lead into objects ("data.mccmnc"), digits into arrays; two
	 * members with a blank between them are MCC and MNC ("mcc mnc"). Empty = "network". */
	struct text member;
};

/* '+' and 5 to 15 digits. */
bool portability_is_number(struct text t);
/* An MCC (3 digits), or an MCC and MNC (5 or 6). */
bool portability_is_network(struct text t);
/* "D0012 44010" of the configuration. */
bool portability_operator_parse(struct text t, struct portability_operator *out);

/* The URL to get: {number} becomes %2B and the digits, {digits} the digits. The writer's room is the limit. */
void portability_url(struct text pattern, struct text number, struct writer *w);
/* Whether a pattern names the number at all, and nothing else between braces. */
bool portability_url_good(struct text pattern);

/* What the answer says. ERR_NOT_FOUND: it says clearly that there is no entry. ERR_MALFORMED, ERR_UNSUPPORTED,
 * ERR_TOO_BIG: it says nothing that can be used, and why; *out is then empty. Reasons live as long as the program. */
MUST_CHECK enum result portability_of_json(struct text body, struct text number, const struct portability_rules *rules,
					   struct portability_answer *out, const char **why_out);
/* The first record in order and preference that tells something. */
MUST_CHECK enum result portability_of_naptrs(const struct dns_naptr *records, unsigned count, struct text number,
					     const struct portability_rules *rules, struct portability_answer *out,
					     const char **why_out);
/* One URI; OK also when it tells nothing: then *out is empty. */
MUST_CHECK enum result portability_of_uri(struct text uri, const struct portability_rules *rules,
					  struct portability_answer *out, const char **why_out);
/* The URI that a NAPTR's regexp makes of the number (RFC 3402 3.2), of the forms above. */
MUST_CHECK enum result portability_substitute(struct text regexp, struct text number, struct writer *w,
					      const char **why_out);

#endif
