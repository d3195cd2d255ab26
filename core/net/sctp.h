/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Associations: connections of records, whoever carries them.
 *
 *	sctp:ADDRESS:PORT              the kernel's SCTP, where it has it
 *	seqpacket:PATH                 a local socket of records, for laboratories and tests
 *	udp-sctp:ADDRESS:PORT[/UDP]    SCTP in UDP (RFC 6951, port 9899 unless said): the stack is in this process
 *	                               (usrsctp), the socket a plain UDP one that the parent bound
 *
 * One-to-one associations, one stream, records in order, payload protocol 0. All on the loop's thread; what a peer
 * sends is bounded by SCTP_RECORD_MAX. A longer record ends its association.
 */
#ifndef CORE_NET_SCTP_H
#define CORE_NET_SCTP_H

#include "core/base/loop.h"
#include "core/net/net_address.h"

#define SCTP_RECORD_MAX 4096u

struct sctp_listener;
struct sctp_link;

/* Takes over the bound socket `fd` of `address`. `accepted` gets a link that is its own from then on, and `peer`, its
 * address as text. At most `max` links are out at once: above, a kernel's wait and those over UDP are aborted. ERR_IO
 * with a reason where the stack cannot be started; fd is closed then. */
MUST_CHECK enum result sctp_listener_new(struct loop *loop, const struct net_address *address, int fd, unsigned max,
					 void (*accepted)(void *owner, struct sctp_link *link, const char *peer),
					 void *owner, struct sctp_listener **out, const char **why_out);
/* Links that it accepted live on, but for those over UDP, which end: their socket goes. `max` counts what was accepted
 * and not freed. */
void sctp_listener_free(struct sctp_listener **listener);

/* A connected socket of records, taken over. */
struct sctp_link *sctp_link_of_socket(struct loop *loop, int fd);

struct sctp_handler {
	void (*received)(void *owner, const uint8_t *octets, size_t len); /* one record; may not free the link */
	void (*closed)(void *owner, const char *why);			  /* once; free it, now or later */
};
/* To be called once, when the link is given out. */
void sctp_link_start(struct sctp_link *link, const struct sctp_handler *handler, void *owner);
/* False: the association is over. A record that finds no room is lost and counted: SCTP repeats what it took, and
 * signalling repeats what matters. */
bool sctp_link_send(struct sctp_link *link, const void *octets, size_t len);
void sctp_link_addresses(const struct sctp_link *link, struct net_address *ours_out, struct net_address *peer_out);
void sctp_link_free(struct sctp_link **link); /* ends it; over UDP by a shutdown that goes on by itself */

#endif
