/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The requests of one session that are not answered yet: found by sequence number at once, answered in any order, kept
 * in the order in which they were sent. Sequence numbers rise and leave out those whose place is still taken.
 */
#ifndef SMS_SMPP_WINDOW_H
#define SMS_SMPP_WINDOW_H

#include <stddef.h>
#include <stdint.h>

#define SMPP_WINDOW_MAX 65536u

struct smpp_pending {
	uint32_t sequence; /* 0 = free */
	uint32_t id;	   /* command_id */
	uint64_t cookie;   /* the owner's */
	uint64_t order;	   /* rises with each request sent */
	uint64_t end_at;   /* where its last octet stands in the stream that we send */
	int64_t sent_us;
	uint32_t older, newer; /* places, SMPP_WINDOW_NONE at the ends */
};
#define SMPP_WINDOW_NONE UINT32_MAX

struct smpp_window {
	struct smpp_pending *places; /* owned; a power of two, at least twice the limit */
	uint32_t mask, limit, count;
	uint32_t sequence; /* the last one used */
	uint32_t oldest, newest;
	uint64_t order;
};

/* limit 1..SMPP_WINDOW_MAX. */
void smpp_window_init(struct smpp_window *w, uint32_t limit);
void smpp_window_clear(struct smpp_window *w);
/* Another limit; what is pending stays, also above it. */
void smpp_window_set_limit(struct smpp_window *w, uint32_t limit);
/* A number for a request that is not kept here (bind, unbind, enquire_link). */
uint32_t smpp_window_next(struct smpp_window *w);
/* A place with its sequence and order filled in, as the newest; NULL when `limit` are pending. */
struct smpp_pending *smpp_window_add(struct smpp_window *w);
struct smpp_pending *smpp_window_find(const struct smpp_window *w, uint32_t sequence);
struct smpp_pending *smpp_window_oldest(const struct smpp_window *w); /* NULL when there is none */
void smpp_window_remove(struct smpp_window *w, struct smpp_pending *p);

#endif
