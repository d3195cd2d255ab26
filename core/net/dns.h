/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Names looked up on the loop, by c-ares. Numeric hosts, localhost (RFC 6761 6.3) and /etc/hosts are answered without
 * the network. Answers are kept as long as their TTL allows; the same question asked meanwhile is asked once.
 * /etc/resolv.conf and /etc/hosts are read by dns_new(), before the sandbox; a change in them needs a restart.
 */
#ifndef CORE_NET_DNS_H
#define CORE_NET_DNS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/loop.h"
#include "core/base/result.h"
#include "core/base/text.h"
#include "core/net/net_address.h"

#define DNS_ADDRESSES_MAX 8u
#define DNS_NAPTRS_MAX 16u
#define DNS_CACHE_MAX 1024u    /* answers kept */
#define DNS_WAITING_MAX 65536u /* questions under way; above, the answer is ERR_BUSY */
#define DNS_TTL_MAX_S 3600u    /* however long the zone would allow */
#define DNS_TTL_MISSING_S 30u  /* for names that do not exist */
#define DNS_NAME_MAX 253u

enum dns_kind { DNS_ADDRESSES, DNS_NAPTR };

struct dns_naptr { /* RFC 3403 4.1 */
	uint16_t order, preference;
	char flags[8], service[64];
	char regexp[256], replacement[DNS_NAME_MAX + 1];
};

struct dns_answer {
	enum result result; /* OK, ERR_MALFORMED name, ERR_NOT_FOUND, ERR_TIMEOUT, ERR_BUSY (servers fail for now) */
	const char *why;    /* with an error */
	unsigned count;	    /* of the one that was asked for; 1 or more when OK */
	uint32_t ttl_s;	    /* how long it may still be kept, for NAPTR records and for names that do not exist */
	const struct net_address *addresses; /* IPv4 first; port 0: net_address_set_port() */
	const struct dns_naptr *naptrs;	     /* by order and preference */
};

struct dns;

/* `servers` NULL = the system's; else "192.0.2.53:53,[2001:db8::1]:53", for tests and labs. */
MUST_CHECK enum result dns_new(struct loop *loop, const char *servers, struct dns **out, const char **why_out);
void dns_free(struct dns **dns); /* open questions end without an answer; never from inside an answer */

/* `answered` is called once, never before this returns; what the answer points to lives until it returns. The id is
 * good for dns_forget() until then. */
uint64_t dns_ask(struct dns *dns, enum dns_kind kind, struct text name,
		 void (*answered)(void *owner, const struct dns_answer *answer), void *owner);
void dns_forget(struct dns *dns, uint64_t id); /* `answered` is not called; an unknown id is fine */

/* The ENUM name of an international number, with or without '+', of 2 to 15 digits (RFC 6116 3.2):
 * "+4917" below "e164.arpa" is "7.1.9.4.e164.arpa". False when it is no such number or does not fit. */
bool dns_enum_name(struct text number, const char *below, char *to, size_t size);

#endif
