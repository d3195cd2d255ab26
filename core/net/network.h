/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Networks that somebody may come from, as an operator writes them. Plain values. */
#ifndef CORE_NET_NETWORK_H
#define CORE_NET_NETWORK_H

#include <stdbool.h>
#include <stdint.h>

#include "core/base/text.h"

struct network {
	uint8_t octets[16]; /* IPv4 as ::ffff:a.b.c.d */
	unsigned bits;	    /* of the prefix; more than 128: holds nobody */
};

#define NETWORK_NONE ((struct network){ .bits = 129 })

/* "192.0.2.0/24", "2001:db8::/32", "192.0.2.7" */
bool network_parse(struct text t, struct network *out);
bool network_has(const struct network *network, const uint8_t octets[16]);
/* Whether the peer "192.0.2.1:4711" is in one of them; without any, everybody is. */
bool network_any_has(const struct network *networks, unsigned count, const char *peer);
/* The address part of such a peer; "unix:..." is ::1. False for what is none. */
bool network_of_peer(const char *peer, uint8_t octets[16]);

#endif
