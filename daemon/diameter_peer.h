/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The connection to one Diameter peer (RFC 6733): connect, exchange capabilities, watchdog, disconnect, connect again.
 * Base protocol only: what a request means is its owner's. On one loop's thread. `down` may come from inside _use and
 * _stop; no callback may free the peer.
 */
#ifndef DAEMON_DIAMETER_PEER_H
#define DAEMON_DIAMETER_PEER_H

#include "billing/ro_message.h"
#include "core/base/loop.h"
#include "core/net/net_address.h"

struct diameter_peer;

struct diameter_peer_options {
	struct net_address address;
	char host[RO_NAME_MAX + 1], realm[RO_NAME_MAX + 1]; /* ours */
	int64_t connect_us, reconnect_us, watchdog_us;
};

struct diameter_peer_handler {
	/* Requests may leave from now on. `name` is the peer's Origin-Host. */
	void (*up)(void *owner, struct text name);
	/* Not any more: what was sent and not answered may have arrived. */
	void (*down)(void *owner, const char *why);
	/* An answer that is no part of the base protocol. Borrowed. */
	void (*answer)(void *owner, const struct ro_message *message);
};

struct diameter_peer *diameter_peer_new(struct loop *loop, const struct diameter_peer_handler *handler, void *owner);
void diameter_peer_free(struct diameter_peer **peer);
/* Connects; with other options than before the old connection ends first (`down` is called). */
void diameter_peer_use(struct diameter_peer *peer, const struct diameter_peer_options *options);
/* Says goodbye, ends, and stays away. */
void diameter_peer_stop(struct diameter_peer *peer);
bool diameter_peer_is_up(const struct diameter_peer *peer);
/* Sends under the ids' end and a new hop-by-hop id. False: nothing left. True: it may have, from now on. */
bool diameter_peer_send(struct diameter_peer *peer, const struct ro_request *request);
/* "127.0.0.1:3868 up: ocs.example" */
void diameter_peer_state(const struct diameter_peer *peer, char *to, size_t size);

#endif
