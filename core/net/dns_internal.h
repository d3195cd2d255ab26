/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Under dns.c: the hosts file, and the resolver (the only file that sees c-ares). */
#ifndef CORE_NET_DNS_INTERNAL_H
#define CORE_NET_DNS_INTERNAL_H

#include "core/net/dns.h"

/* What one question brought. Plain memory of the heap: dns_records_free(). */
struct dns_records {
	enum result result;
	const char *why;
	uint32_t ttl_s;
	unsigned count;
	struct net_address *addresses; /* one of the two, by kind */
	struct dns_naptr *naptrs;
};

void dns_records_free(struct dns_records *records); /* leaves it empty */

/* --- dns_name.c ------------------------------------------------------------------------------------------------- */
/* Letters, digits, '-' and '_' in labels of 1 to 63; in lower case, without a last dot. False for anything else. */
bool dns_name_normalise(struct text name, char to[DNS_NAME_MAX + 1]);
bool dns_name_is_localhost(const char *name);

/* --- dns_hosts.c ------------------------------------------------------------------------------------------------ */
struct dns_hosts;

#define DNS_HOSTS_SIZE_MAX (1024u * 1024u) /* of the file; the rest is not read, and that is logged */

struct dns_hosts *dns_hosts_read(const char *path); /* a file that cannot be read is an empty one */
struct dns_hosts *dns_hosts_parse(struct text file);
void dns_hosts_free(struct dns_hosts **hosts);
/* Fills in at most DNS_ADDRESSES_MAX; returns how many. `name` is in lower case. */
unsigned dns_hosts_find(const struct dns_hosts *hosts, const char *name, struct net_address *to);

/* --- dns_resolver.c --------------------------------------------------------------------------------------------- */
struct dns_resolver;

MUST_CHECK enum result dns_resolver_new(struct loop *loop, const char *servers, struct dns_resolver **out,
					const char **why_out);
void dns_resolver_free(struct dns_resolver **resolver);
/* `done` may be called before this returns, and takes over what the records hold. After dns_resolver_free() it is not
 * called any more. */
void dns_resolver_ask(struct dns_resolver *resolver, enum dns_kind kind, const char *name,
		      void (*done)(void *owner, struct dns_records *records), void *owner);

#endif
