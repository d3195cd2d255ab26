/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Parts of long messages that came from a network, in the queue role. Where the link of the recipient passes parts on
 * as they are (SMPP clients), each is a message of its own; where it wants whole messages (webhooks), parts are kept as
 * facts of the store, each committed before it is acknowledged, until all are there.
 */
#ifndef DAEMON_QUEUE_PARTS_H
#define DAEMON_QUEUE_PARTS_H

#include "core/queue.h"

struct queue_parts;

/* Registers itself with the queue, and reads what an earlier run kept. Store and queue outlive it. */
struct queue_parts *queue_parts_new(struct loop *loop, struct store *store, struct queue *queue);
void queue_parts_free(struct queue_parts **parts);
void queue_parts_switch(struct queue_parts *parts, const struct config *config);
/* Starts nothing new; true once nothing of it is with the store. */
bool queue_parts_stop(struct queue_parts *parts);
unsigned queue_parts_waiting(const struct queue_parts *parts); /* unfinished long messages */

#endif
