/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The edge's side of ipc_relay.h. What comes from the queue (IPC_CARRIER, IPC_LINK_PDU, IPC_FACTS) comes by the
 * handler's `other`; channel_relay_record() sorts it. Nothing is kept over the loss of the queue: announce carriers and
 * ask for facts again in `connected`.
 */
#ifndef CORE_CHANNEL_RELAY_H
#define CORE_CHANNEL_RELAY_H

#include "core/channel.h"
#include "core/ipc_relay.h"

void channel_carrier(struct channel *channel, const struct ipc_carrier *carrier);
/* False: the queue is not there or has no room: lost, as a datagram. */
bool channel_link_pdu(struct channel *channel, const struct ipc_link_pdu *pdu);

/* False: the queue is not there or has no room; put it again later. */
bool channel_fact_put(struct channel *channel, struct text key, struct text value, int64_t keep_us);
bool channel_fact_drop(struct channel *channel, struct text key);
/* The call that IPC_FACTS will bear, 0 = the queue is not there. */
uint32_t channel_fact_list(struct channel *channel, struct text prefix);

/* Any may be NULL: that record is bad then. */
struct channel_relay_handler {
	void (*carrier)(void *owner, const struct ipc_carrier *carrier);
	void (*link_pdu)(void *owner, const struct ipc_link_pdu *pdu);
	void (*facts)(void *owner, uint32_t call, const struct ipc_facts *facts);
};
bool channel_relay_record(const struct channel_relay_handler *handler, void *owner, struct ipc_record *record);

#endif
