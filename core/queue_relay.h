/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the queue passes between edges without reading it, and facts that it keeps for them (ipc_relay.h). The daemon
 * says which edge has the machines of CP and RP, and what edges are called; names live as long as the queue.
 */
#ifndef CORE_QUEUE_RELAY_H
#define CORE_QUEUE_RELAY_H

#include "core/queue.h"

#define QUEUE_CARRIERS_MAX 64u

/* Once, at start. Without it no carrier finds anybody. */
void queue_relay_layers(struct queue *queue, unsigned edge);
/* Before queue_peer(); facts are kept under this name. An edge without a name has none. */
void queue_edge_name(struct queue *queue, unsigned edge, const char *name);

#endif
