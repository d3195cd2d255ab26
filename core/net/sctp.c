/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Associations over sockets of records, and the one face of all kinds. */
#include "core/net/sctp.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/base/arena.h"
#include "core/net/sctp_internal.h"

/* --- links --- */

struct sctp_link *sctp_link_new(struct loop *loop, struct sctp_listener *l)
{
	struct sctp_link *k = must_alloc(sizeof(*k));

	k->loop = loop;
	k->fd = -1;
	k->lost = counter_get(COUNTER_COUNT, "sctp_lost_total", NULL, "records for which an association had no room");
	if (!l)
		return k;
	k->listener = l;
	k->next = l->links;
	k->at = &l->links;
	if (k->next)
		k->next->at = &k->next;
	l->links = k;
	l->count++;
	return k;
}

void sctp_link_closed(struct sctp_link *k, const char *why)
{
	if (k->told || !k->handler)
		return;
	k->told = true;
	if (k->fd >= 0)
		loop_unwatch(&k->watch);
	k->handler->closed(k->owner, why);
}

static void socket_ready(void *owner, unsigned events)
{
	struct sctp_link *k = owner;
	uint8_t octets[SCTP_RECORD_MAX + 1];

	(void)events;
	ssize_t n = recv(k->fd, octets, sizeof(octets), MSG_DONTWAIT);
	if (n > (ssize_t)SCTP_RECORD_MAX)
		sctp_link_closed(k, "a record is too long");
	else if (n > 0)
		k->handler->received(k->owner, octets, (size_t)n);
	else if (!n)
		sctp_link_closed(k, "the peer ended it");
	else if (errno != EAGAIN && errno != EINTR)
		sctp_link_closed(k, strerror(errno));
}

struct sctp_link *sctp_link_of_socket(struct loop *loop, int fd)
{
	struct sctp_link *k = sctp_link_new(loop, NULL);

	k->fd = fd;
	return k;
}

void sctp_link_start(struct sctp_link *k, const struct sctp_handler *handler, void *owner)
{
	k->handler = handler;
	k->owner = owner;
	if (k->fd >= 0 && loop_watch(k->loop, &k->watch, k->fd, LOOP_READ, socket_ready, k) != OK)
		sctp_link_closed(k, "it cannot be watched");
}

bool sctp_link_send(struct sctp_link *k, const void *octets, size_t len)
{
	if (k->told)
		return false;
	if (k->fd < 0)
		return k->udp && sctp_udp_link_send(k->udp, octets, len, k->lost);
	if (send(k->fd, octets, len, MSG_NOSIGNAL | MSG_DONTWAIT) >= 0)
		return true;
	if (errno != EAGAIN)
		return false;
	counter_add(k->lost, 1);
	return true;
}

void sctp_link_addresses(const struct sctp_link *k, struct net_address *ours_out, struct net_address *peer_out)
{
	*ours_out = *peer_out = (struct net_address){ 0 };
	if (k->fd >= 0)
		net_socket_addresses(k->fd, ours_out, peer_out);
	else if (k->udp)
		sctp_udp_link_addresses(k->udp, ours_out, peer_out);
}

static void leave_listener(struct sctp_link *k)
{
	struct sctp_listener *l = k->listener;

	if (!l)
		return;
	*k->at = k->next;
	if (k->next)
		k->next->at = k->at;
	l->count--;
	if (l->sockets)
		listener_released(l->sockets);
}

void sctp_link_free(struct sctp_link **link)
{
	struct sctp_link *k = *link;

	*link = NULL;
	if (!k)
		return;
	if (k->fd >= 0) {
		loop_unwatch(&k->watch);
		close(k->fd);
	}
	sctp_udp_link_free(&k->udp);
	leave_listener(k);
	free(k);
}

/* --- listeners --- */

static void accepted_socket(void *owner, int fd, const struct net_address *peer)
{
	struct sctp_listener *l = owner;
	char text[NET_ADDRESS_TEXT_SIZE];
	struct sctp_link *k = sctp_link_new(l->loop, l);

	k->fd = fd;
	l->accepted(l->owner, k, net_address_text(peer, text));
}

enum result sctp_listener_new(struct loop *loop, const struct net_address *address, int fd, unsigned max,
			      void (*accepted)(void *owner, struct sctp_link *link, const char *peer), void *owner,
			      struct sctp_listener **out, const char **why_out)
{
	struct sctp_listener *l = must_alloc(sizeof(*l));

	l->loop = loop;
	l->max = max;
	l->accepted = accepted;
	l->owner = owner;
	if (address->type != SOCK_DGRAM) {
		l->sockets = listener_new(loop, fd, max, accepted_socket, l);
	} else if (sctp_udp_listen(l, address->inner_port, fd, why_out) != OK) {
		free(l);
		return ERR_IO;
	}
	*out = l;
	return OK;
}

void sctp_listener_free(struct sctp_listener **listener)
{
	struct sctp_listener *l = *listener;

	*listener = NULL;
	if (!l)
		return;
	listener_free(&l->sockets);
	for (struct sctp_link *k = l->links, *next; k; k = next) {
		next = k->next;
		k->listener = NULL;
		if (k->udp) {
			sctp_udp_link_free(&k->udp);
			sctp_link_closed(k, "its socket is closed");
		}
	}
	sctp_udp_listener_free(&l->udp);
	free(l);
}
