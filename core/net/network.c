/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Prefixes of 128 bits, so that one comparison serves both families. */
#include "core/net/network.h"

#include <netinet/in.h>
#include <string.h>

#include "core/net/net_address.h"

static bool octets_of(const struct net_address *a, uint8_t to[16])
{
	const void *at = &a->storage;

	if (a->storage.ss_family == AF_INET) {
		const struct sockaddr_in *in = at;
		memset(to, 0, 10);
		memset(to + 10, 0xff, 2);
		memcpy(to + 12, &in->sin_addr, 4);
		return true;
	}
	if (a->storage.ss_family == AF_INET6) {
		const struct sockaddr_in6 *in6 = at;
		memcpy(to, &in6->sin6_addr, 16);
		return true;
	}
	return false;
}

bool network_parse(struct text t, struct network *out)
{
	struct net_address address;
	struct text host;
	uint64_t bits;

	if (!text_split(&t, '/', &host) || net_address_of_host(host, 1, &address) != OK ||
	    !octets_of(&address, out->octets))
		return false;
	unsigned shift = address.storage.ss_family == AF_INET ? 96 : 0;
	out->bits = 128;
	if (!t.len)
		return true;
	if (!text_to_u64(t, 128 - shift, &bits))
		return false;
	out->bits = (unsigned)bits + shift;
	return true;
}

bool network_has(const struct network *n, const uint8_t octets[16])
{
	unsigned whole = n->bits / 8, rest = n->bits % 8;

	if (n->bits > 128 || memcmp(n->octets, octets, whole))
		return false;
	return !rest || !((n->octets[whole] ^ octets[whole]) >> (8 - rest));
}

bool network_any_has(const struct network *networks, unsigned count, const char *peer)
{
	uint8_t octets[16];

	if (!count)
		return true;
	if (!network_of_peer(peer, octets))
		return false;
	for (unsigned i = 0; i < count; i++) {
		if (network_has(&networks[i], octets))
			return true;
	}
	return false;
}

bool network_of_peer(const char *peer, uint8_t octets[16])
{
	struct net_address address;
	const char *why;

	if (text_starts(text_of(peer), "unix:")) {
		memset(octets, 0, 15);
		octets[15] = 1;
		return true;
	}
	return net_address_parse(text_of(peer), &address, &why) == OK && octets_of(&address, octets);
}
