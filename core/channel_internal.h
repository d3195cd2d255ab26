/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the files of the channel share.
 *
 *	channel.c        life, links, connection, records to their handlers
 *	channel_calls.c  what was asked of the queue and is not answered; accepts are kept for the next queue
 *	channel_file.c   files to the store and from it
 *	channel_hand.c   deliveries in hand, results until they are committed, what a new queue is told of them
 */
#ifndef CORE_CHANNEL_INTERNAL_H
#define CORE_CHANNEL_INTERNAL_H

#include "core/channel.h"
#include "core/flight.h"

enum pending_kind { PENDING_NONE, PENDING_OFFER, PENDING_REPORT, PENDING_ASK, PENDING_FILE };

/* A delivery in hand, or its result. */
struct hand {
	struct flight_node node; /* first */
	int64_t epoch;
	bool answered, sending;
	uint32_t call;
	/* the result's record body, once answered */
	size_t len;
	uint8_t *body;
};

#define CHANNEL_LINK_LISTS 1024u

struct channel_link_state {
	struct channel_link_state *next;
	bool up;
	uint32_t window;
	char detail[120];
	size_t name_len;
	char name[];
};

/* An accept or part as it was offered, for the next queue. */
struct offer {
	uint16_t type;
	size_t len;
	uint8_t body[];
};

struct pending {
	uint32_t call; /* 0 = free */
	enum pending_kind kind;
	struct offer *offer;
};

struct channel {
	const struct channel_handler *handler;
	void *owner;
	struct ipc *ipc;
	char incarnation[32];
	bool says_sending, permits;
	struct flight_table hands;
	unsigned answered;
	struct channel_link_state *links[CHANNEL_LINK_LISTS]; /* by the hash of the name */
	uint32_t last_call;
	struct pending *pending;
	uint32_t pending_size, pending_count;
	/* results by call, so that RESULT_DONE finds them */
	struct hand **results;
	uint32_t results_size;
};

/* channel.c */
void channel_wrote(struct channel *c, enum result r); /* a record that does not fit is logged and dropped */

/* channel_calls.c */
enum pending_kind channel_pending_take(struct channel *c, uint32_t call);
uint32_t channel_new_call(struct channel *c);
uint32_t channel_pending_add(struct channel *c, enum pending_kind kind); /* a call that is not offered again */
void channel_offer_all(struct channel *c);

/* channel_file.c */
bool channel_file_answer(struct channel *c, struct ipc_record *record);

/* channel_hand.c */
void channel_free_hand(void *owner, struct flight_node *node);
bool channel_deliver(struct channel *c, struct ipc_record *record);
bool channel_result_done(struct channel *c, uint32_t call);
void channel_offer_result(void *owner, struct flight_node *node); /* owner = the channel */
void channel_say_holding(struct channel *c);

#endif
