/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The life of a message after an edge offered it: route, one durable commit, answer; hand-out to links within their
 * windows; results, reports, retries, expiry; receipts to who sent it. The one writer of messages.
 *
 * It speaks to the edges in records (core/ipc_messages.h) and keeps everything in the store; what it holds in memory
 * is only what is in flight. All on one loop's thread.
 */
#ifndef CORE_QUEUE_H
#define CORE_QUEUE_H

#include "core/base/ipc.h"
#include "core/base/loop.h"
#include "core/config.h"
#include "core/ipc_messages.h"
#include "core/store.h"

#define QUEUE_EDGES_MAX 16u /* edges are numbered by the owner below this */

struct queue;

/* What the store writes by itself where a delivery ends; pass it when the store is opened. */
const struct store_policy *queue_store_policy(void);
/* The same with the charging records of a port, which outlives the store; `out` does too. */
struct charge_port;
void queue_charge_policy(const struct charge_port *port, struct store_policy *out);

/* The store stays the caller's and outlives the queue. */
struct queue *queue_new(struct loop *loop, struct store *store);
void queue_free(struct queue **queue);

/* Is this set usable? Routes are compiled for the answer. */
MUST_CHECK enum result queue_check(const struct config *config, const char **why_out);
/* From now on; the set may go away afterwards. Waiting messages are routed anew where their link is gone. */
void queue_switch(struct queue *queue, const struct config *config);

/* The money; before the first switch. The port outlives the queue. NULL = nothing is priced. */
void queue_charge(struct queue *queue, const struct charge_port *port);

/* The folder of the files that messages may have, and its limits: with each configuration. Without it, or where it
 * cannot be used, messages with files are refused. */
struct files_limits;
void queue_files_folder(struct queue *queue, const char *path, const struct files_limits *limits);

/* The edge that is asked for the networks of numbers (core/ipc_lookup.h). */
void queue_lookup_edge(struct queue *queue, unsigned edge);

/* An edge's connection, until queue_peer_lost(): what it had in flight is then in doubt. */
void queue_peer(struct queue *queue, unsigned edge, struct ipc *ipc);
void queue_peer_lost(struct queue *queue, unsigned edge);
void queue_peer_room(struct queue *queue, unsigned edge); /* its ipc has room again */
/* False: the record was bad. */
bool queue_record(struct queue *queue, unsigned edge, struct ipc_record *record);

/* A part of a long message (IPC_PART) is not the queue's to read: its owner takes it. False = the record was bad. */
typedef bool (*queue_part_cb)(void *owner, unsigned edge, uint32_t call, const struct ipc_part *part);
void queue_parts(struct queue *queue, queue_part_cb part, void *owner);
/* For that owner: does the link that a message to `recipient` would take want whole messages only? */
bool queue_wants_whole(struct queue *queue, const struct ipc_part *part);
/* Accepts for the owner of parts: `accepted` is called after the commit, with `context`. */
typedef void (*queue_accepted_cb)(void *context, const struct ipc_accepted *accepted);
void queue_accept(struct queue *queue, const struct ipc_accept *accept, queue_accepted_cb accepted, void *context);
void queue_answer_accepted(struct queue *queue, unsigned edge, uint32_t call, const struct ipc_accepted *accepted);

/* "queue", "links", "message ID", "recipient NUMBER": lines through `line`, then `end`; now or later. */
typedef void (*queue_line_cb)(void *context, const char *line);
typedef void (*queue_end_cb)(void *context);
void queue_show(struct queue *queue, struct text words, queue_line_cb line, queue_end_cb end, void *context);

/* Starts nothing new with the store or the links: for a clean end. */
void queue_stop(struct queue *queue);
/* True once nothing of ours waits for the store: it may be closed. */
bool queue_idle(const struct queue *queue);

#endif
