/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What sctp.c (both kinds, and sockets) and sctp_usrsctp.c (SCTP in UDP, the only file that knows usrsctp.h) share.
 * No name of ours may be one of libusrsctp's own: it calls them through the dynamic linker, and would call us. */
#ifndef CORE_NET_SCTP_INTERNAL_H
#define CORE_NET_SCTP_INTERNAL_H

#include "core/base/counter.h"
#include "core/net/listen.h"
#include "core/net/sctp.h"

struct sctp_udp_listener;
struct sctp_udp_link;

struct sctp_listener {
	struct loop *loop;
	struct listener *sockets; /* one of these two */
	struct sctp_udp_listener *udp;
	unsigned max, count;
	struct sctp_link *links; /* given out */
	void (*accepted)(void *owner, struct sctp_link *link, const char *peer);
	void *owner;
};

struct sctp_link {
	struct sctp_listener *listener; /* NULL: of a socket that was given, or its listener is gone */
	struct sctp_link *next, **at;	/* of the listener */
	struct loop *loop;
	int fd; /* -1 over UDP */
	struct loop_watch watch;
	struct sctp_udp_link *udp;
	const struct sctp_handler *handler;
	void *owner;
	bool told;
	struct counter *lost;
};

/* sctp.c */
struct sctp_link *sctp_link_new(struct loop *loop, struct sctp_listener *listener);
void sctp_link_closed(struct sctp_link *link, const char *why);

/* sctp_usrsctp.c */
MUST_CHECK enum result sctp_udp_listen(struct sctp_listener *l, uint16_t port, int fd, const char **why_out);
void sctp_udp_listener_free(struct sctp_udp_listener **listener);
bool sctp_udp_link_send(struct sctp_udp_link *u, const void *octets, size_t len, struct counter *lost);
void sctp_udp_link_addresses(const struct sctp_udp_link *u, struct net_address *ours_out, struct net_address *peer_out);
void sctp_udp_link_free(struct sctp_udp_link **u);

#endif
