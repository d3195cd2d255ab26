/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Online charging: deliveries of accounts with `payment online` leave only with a grant of the charging system.
 *
 *	hand-out -> session remembered (a fact of the store) -> RESERVE
 *		granted: it goes; denied: refused to its sender
 *		in doubt: it waits unsent with its payer's others, and the diameter role repeats the request
 *	end  -> SETTLE with used units or 0, remembered and repeated until answered
 *
 * What a session needs next follows from two durable things, its fact and the delivery's row: nothing is lost with the
 * queue, the diameter role, or the peer. A fact is written before the request that it names leaves; what was found in
 * the store at start may have left, so it goes again under the same numbers with the T flag.
 *
 * Outage policy (B20): `stop`, or `buffer`: without an answer deliveries go as long as what nobody granted stays within
 * one limit per payer and one for all; those are reserved and settled afterwards. The limits hold over restarts: the
 * fact that a delivery goes so is durable before it goes.
 *
 *	queue_online.c        hand-outs, connections, the clockwork
 *	queue_online_table.c  sessions, doubts, exposure
 *	queue_online_verdict.c  questions and verdicts
 *	queue_online_store.c  sessions as facts
 *	queue_online_end.c    ends, and looks for those that nobody told us of
 *	queue_online_show.c   what an operator sees
 *
 * Hooks of the queue's other files; all on the queue's thread.
 */
#ifndef CORE_QUEUE_ONLINE_H
#define CORE_QUEUE_ONLINE_H

#include "core/base/ipc.h"
#include "core/core_vty.h"
#include "core/message_id.h"
#include "core/queue.h"

struct flight;
struct online;
struct queue;

/* A new configuration; the first one reads what the store remembers. */
void queue_online_switch(struct queue *q);
void queue_online_free(struct queue *q);
/* The clockwork, once a second. */
void queue_online_tick(struct queue *q);
/* False: it may be handed out now. True: it is handed out (queue_flight_go) or given back later, or was by now. */
bool queue_online_waits(struct queue *q, struct flight *f);
/* The charging system said that this one costs nothing. */
bool queue_online_is_free(const struct queue *q, struct message_id id);
/* A flight's end is committed. `post`: its hold was posted; `final`: no report is awaited. Where the tariff is paid on
 * delivery a session stays open until the report: its end tells what was used, and no refund is needed. */
void queue_online_ended(struct queue *q, struct message_id id, bool post, bool final);
/* A report ended a delivery. */
void queue_online_reported(struct queue *q, struct message_id id);

bool queue_online_done_record(struct queue *q, unsigned edge, struct ipc_record *record);
bool queue_online_link_record(struct queue *q, unsigned edge, struct ipc_record *record);
void queue_online_lost(struct queue *q, unsigned edge);

/* "credit": sessions and exposure, for an operator. False: other words. */
bool queue_online_show(struct queue *q, struct text words, queue_line_cb line, queue_end_cb end, void *context);

#endif
