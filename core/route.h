/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Operator routes: which link takes a message to this recipient. The bearer was decided before (core/route_decide.h);
 * here the operator's own entries say whose wire it leaves by.
 *
 * Entries are compiled once into a table, which never changes: a reload builds another one. Selection is a pure
 * function of the table, the query and what `link_up` says; it allocates nothing.
 *
 * Every entry whose conditions all hold is a candidate, in this order: priority, then the longer prefix, then the lower
 * cost, then the order of the entries. An entry with `final` hides those behind it. Within an entry links go by `order`
 * (failover), and links of one order share the traffic by weight. Links that are down stand behind those that are up,
 * so the first candidate is the one to use, and when none is up it names the queue to wait in.
 */
#ifndef CORE_ROUTE_H
#define CORE_ROUTE_H

#include <stdbool.h>
#include <stdint.h>

#include "core/base/result.h"
#include "core/base/text.h"

/* Limits. */
#define ROUTE_ENTRIES_MAX 100000u
#define ROUTE_PREFIXES_MAX 1000000u /* of all entries */
#define ROUTE_PREFIX_MAX 64u	    /* octets */
#define ROUTE_LINKS_MAX 16u	    /* of one entry */
#define ROUTE_MATCHES_MAX 16u	    /* entries looked at for one message: the best ones */
#define ROUTE_CANDIDATES_MAX 32u
#define ROUTE_EVERY_DAY 0x7fu

struct route_link {
	struct text name; /* "upstream1", "lab", "esme:acme", "webhook:acme" */
	uint32_t weight;  /* share among the links of the same order; 0 = only when the others of its order are down */
	uint8_t order;	  /* lower first */
};

/* Empty texts and zeroes are "any". */
struct route_entry {
	struct text name;
	struct text bearer;  /* "sms", "mms", ... */
	struct text channel; /* the message came by it */
	struct text account;
	struct text sender;  /* pattern: * any characters, ? one */
	struct text network; /* the recipient's: MCC, or MCC and MNC, in digits */
	const struct text *prefixes;
	unsigned prefixes_count; /* 0 = every recipient */
	/* Local time: from <= minute of the day < until, across midnight when until <= from; both 0 = always. `days`
	 * bit 0 is Monday, 0 = every day; a window across midnight belongs to the day it begins on. */
	uint16_t from_minute, until_minute;
	uint8_t days;
	uint8_t priority; /* lower first */
	int64_t cost;	  /* 10^-6 units, of one currency in all entries; compared only */
	bool final;
	bool refuse; /* no links: a message that comes here is refused */
	const struct route_link *links;
	unsigned links_count;
};

struct route_query {
	struct text recipient; /* normalised */
	struct text sender, account, channel, bearer;
	struct text network;   /* MCC and MNC of the recipient where known (portability, IMSI), else empty */
	uint16_t local_minute; /* of the day */
	uint8_t local_weekday; /* 0 = Monday */
	uint32_t spread;       /* evenly spread per message, e.g. of its id: picks by weight */
};

enum route_reason {
	ROUTE_FOUND,	/* the first candidate is up */
	ROUTE_FAILOVER, /* it is up, and better ones are down */
	ROUTE_ALL_DOWN, /* candidates, none up: wait for the first */
	ROUTE_REFUSED,	/* the best entry refuses */
	ROUTE_NO_ENTRY, /* nobody serves this recipient */
	ROUTE_REASON_COUNT
};

struct route_candidate {
	struct text link, route; /* live as long as the table */
	uint16_t prefix_len;
	int64_t cost;
	bool up;
};

struct route_choice {
	enum route_reason reason;
	struct text route; /* the entry of the first candidate, or the one that refuses; empty without an entry */
	unsigned count;
	struct route_candidate candidates[ROUTE_CANDIDATES_MAX];
};

struct route_table;

/* Copies all it needs. On an error nothing is made, *entry_out is the number of the entry at fault and *why_out says
 * what is wrong: ERR_MALFORMED (a value), ERR_CONFLICT (two entries of one name), ERR_TOO_BIG (a limit above). */
MUST_CHECK enum result route_table_new(const struct route_entry *entries, unsigned count, struct route_table **out,
				       unsigned *entry_out, const char **why_out);
void route_table_free(struct route_table **table);

void route_select(const struct route_table *table, const struct route_query *query,
		  bool (*link_up)(void *owner, struct text link), void *owner, struct route_choice *out);

const char *route_reason_name(enum route_reason reason);
/* * and ? as in route_entry.sender; the whole text must match. */
bool route_pattern_matches(struct text pattern, struct text t);

#endif
