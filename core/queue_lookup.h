/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The networks of a message's recipients, before it is routed: from memory, or asked of the edge that knows number
 * databases (portability.h, ipc_lookup.h). Without the node `portability` nothing is asked and nothing kept.
 *
 * What was found is bound to the delivery: it stands in its timeline as TRAIL_NETWORK, whose rule is the network, and
 * whatever routes or prices the delivery later reads it there. A reload, or a number that moves on, changes nothing for
 * it. A quote asks as an accept does.
 */
#ifndef CORE_QUEUE_LOOKUP_H
#define CORE_QUEUE_LOOKUP_H

#include "core/portability.h"
#include "core/queue_internal.h"

struct queue_question;

/* Of one recipient. */
struct queue_network {
	bool wanted; /* a number that is asked for */
	bool from_memory;
	bool answered;	 /* `answer` is there; its network may be empty: the source knows none */
	const char *why; /* not answered */
	struct portability_answer answer;
	/* while it is asked */
	struct queue_networks *of;
	struct queue_network *next;
};

struct queue_networks {
	unsigned count;
	struct queue_network *each; /* in the order of the recipients */
	uint16_t refused;	    /* the first recipient (from 1) without an answer where that refuses; 0 = none */
	const char *why;	    /* of `refused`, for people */
	/* while something is asked */
	struct queue_lookup *lookup;
	unsigned missing;
	void (*resume)(void *owner);
	void *owner;
};

/* `recipients` as in struct ipc_accept. False: *out is complete, NULL where nothing is looked up. True: `resume` is
 * called once, later, and not from inside this call; the arena lives until then. */
bool queue_lookup(struct queue *q, struct arena *arena, const struct message *m, struct text recipients,
		  void (*resume)(void *owner), void *owner, struct queue_networks **out);
/* The network of recipient `i` (from 0), or an empty text. `networks` may be NULL. */
struct text queue_network_of(const struct queue_networks *networks, unsigned i);
/* The event that binds it; empty where nothing was looked up. */
struct octets queue_network_event(const struct queue_networks *networks, unsigned i, int64_t at_us,
				  struct arena *arena);
/* What such an event said: the network of a delivery that was decided, or an empty text. A view of the trail. */
struct text queue_network_bound(struct octets trail);

/* A quote waits as a message does; then queue_quote() answers it. */
void queue_lookup_quote(struct queue *q, unsigned edge, uint32_t call, const struct ipc_accept *in);
/* queue_ask.c: `networks` may be NULL. */
void queue_quote(struct queue *q, unsigned edge, uint32_t call, const struct ipc_accept *in,
		 const struct queue_networks *networks);

void queue_lookup_switch(struct queue *q, const struct config *config);
void queue_lookup_connected(struct queue *q, unsigned edge); /* any edge: those that are not asked do not count */
void queue_lookup_lost(struct queue *q, unsigned edge);
bool queue_found_record(struct queue *q, unsigned edge, struct ipc_record *record);
/* "portability [NUMBER]" */
bool queue_lookup_show(struct queue *q, struct text words, queue_line_cb line, queue_end_cb end, void *context);
void queue_lookup_stop(struct queue *q); /* who waits is told to come again */
void queue_lookup_free(struct queue *q);

#endif
