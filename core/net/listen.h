/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A listening socket on the loop. The socket itself was opened elsewhere (the parent) and passed here. */
#ifndef CORE_NET_LISTEN_H
#define CORE_NET_LISTEN_H

#include "core/base/loop.h"
#include "core/net/net_address.h"

struct listener;

/* Takes over fd. `accepted` gets a non-blocking, close-on-exec socket that is its own from then on. At most `max`
 * connections are handed out at once: the owner says listener_released() for each that ended; above, new ones wait in
 * the kernel. When the process has no descriptors left, accepting pauses for 100 ms. */
struct listener *listener_new(struct loop *loop, int fd, unsigned max,
			      void (*accepted)(void *owner, int fd, const struct net_address *peer), void *owner);
void listener_free(struct listener **listener);
void listener_released(struct listener *listener);
unsigned listener_count(const struct listener *listener); /* handed out and not released */

#endif
