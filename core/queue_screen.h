/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Screening (core/screen.h) joined to the queue: who opted out of what, what went out a moment ago, and what accounts
 * say about recipients and hours.
 *
 *	queue_screen.c		accounts, opt-outs in memory, one message and one recipient asked
 *	queue_screen_load.c	the lists read at start, and what waits for that
 *	queue_screen_recent.c	what went out a moment ago
 *	queue_screen_reply.c	STOP, START and HELP from a phone
 *	queue_screen_ask.c	the API's lists; quotes; what an operator sees
 *
 * Opt-outs are facts of the store (kind "optout"), each committed before the phone's STOP is answered, and all of them
 * lie in memory: no query per message. `optouts-max` bounds both.
 *
 * What `duplicate-window` remembers lies in memory from accept on, and as a fact (kind "recent") right after its
 * message: a crash may forget the very last ones, so that one copy passes; it never refuses a message whose first copy
 * was not accepted.
 */
#ifndef CORE_QUEUE_SCREEN_H
#define CORE_QUEUE_SCREEN_H

#include "core/queue_internal.h"
#include "core/screen.h"

void queue_screen_new(struct queue *q);
void queue_screen_free(struct queue *q);
/* Copies what it needs. The first one starts reading the lists. */
void queue_screen_switch(struct queue *q, const struct config *config);

/* `then` runs once the lists are read, mostly at once; `gone` instead where the queue ends before. */
void queue_screen_when_ready(struct queue *q, void (*then)(void *owner), void (*gone)(void *owner), void *owner);

/* Of a message as a whole. */
struct queue_screened {
	enum result result; /* not OK: refused, and why */
	const char *why;
	struct octets event; /* S3 for the timelines, or empty */
};
/* Quiet hours: puts m->due_us off. Needs no list. */
void queue_screen_time(struct queue *q, struct arena *arena, struct message *m, int64_t now_us,
		       struct queue_screened *out);
/* A message that leaves HOLD at that time: when it is due. Not before its sender's own time. */
int64_t queue_screen_due(struct queue *q, const struct message *m, int64_t due_us);

/* S1, S2, S4 for recipient `number` (from 1) of the message `id`, which is remembered for S4. ERR_CONFLICT for S4,
 * else ERR_DENIED. */
MUST_CHECK enum result queue_screen_recipient(struct queue *q, struct arena *arena, const struct message *m,
					      struct text recipient, struct message_id id, int64_t now_us,
					      const char **why_out);
/* What became of an accept: committed under its own id, or not. */
void queue_screen_settle(struct queue *q, const struct message *m, const struct store_accept *accept, bool committed);

/* The accept of a message from a phone, planned: where it is a STOP, START or HELP to an account, that is made durable
 * and answered first. Then, or at once, `then` goes on with OK or with why the message is refused for now. */
void queue_screen_reply(struct queue *q, const struct message *m, struct store_accept *accept,
			void (*then)(void *owner, enum result result, const char *why), void *owner);

/* A quote: true = refused, and said so in the open object; false where it would go, with S3 said if that puts it
 * off. `m->body` must stand. */
bool queue_screen_quote(struct queue *q, struct arena *arena, const struct message *m, struct text recipient,
			struct json_writer *w);

/* A question of an edge; false = not one of these. */
bool queue_screen_ask(struct queue *q, unsigned edge, uint32_t call, const struct ipc_ask *in);
/* "optouts [NUMBER]", "screening" */
bool queue_screen_show(struct queue *q, struct text words, queue_line_cb line, queue_end_cb end, void *context);

#endif
