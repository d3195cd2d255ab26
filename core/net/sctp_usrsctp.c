/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * SCTP in UDP (RFC 6951) by usrsctp, without its sockets and timer thread: what comes from our UDP socket is given to
 * the stack, what the stack wants to send leaves by it, and its clock is a timer of the loop.
 *
 * The stack knows a peer as a number, a keyed digest of its UDP address: a peer that is not known needs no memory here
 * until its association stands (the stack's cookies hold the number), and a stale number points at nothing.
 */
#include <errno.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <usrsctp.h>

#include "core/base/arena.h"
#include "core/base/clock.h"
#include "core/base/log.h"
#include "core/base/random.h"
#include "core/net/digest.h"
#include "core/net/sctp_internal.h"

#define TICK_US (20 * USEC_PER_MSEC)
#define QUIET_US (60 * USEC_PER_SEC) /* without associations and packets the clock stops after this */
#define DEPARTED_US (60 * USEC_PER_SEC)
#define DEPARTED_MAX 256u
#define PACKETS_PER_TURN 64u
#define PACKET_MAX 65535u
#define PACKET_LEAST 16u /* a common header and a chunk's */
#define BACKLOG 64
/* A peer that died is found within about half a minute. */
#define RTO_FIRST_MS 1000u
#define RTO_LEAST_MS 300u
#define RTO_MOST_MS 5000u
#define REPEATS_MAX 6u

/* Where packets for a number go: of an association, or of one that is ending. */
struct place {
	struct place *next;
	uint64_t id;
	struct net_address address;
	unsigned links;	  /* associations that stand */
	int64_t until_us; /* when none does */
};

struct sctp_udp_listener {
	struct sctp_udp_listener *next;
	struct sctp_listener *up;
	int fd;
	struct loop_watch watch;
	struct socket *so;
	struct sctp_udp_link *links;
	struct place *places;
	struct place current; /* of the packet that the stack looks at */
};

struct sctp_udp_link {
	struct sctp_udp_link *next;
	struct sctp_udp_listener *listener;
	struct sctp_link *up;
	struct socket *so;
	struct place *place;
	bool ready, over;
	size_t len; /* of a record that is not whole */
	uint8_t record[SCTP_RECORD_MAX];
};

static struct {
	bool started;
	uint8_t key[32];
	struct loop *loop;
	pthread_t thread; /* the loop's */
	struct loop_timer tick;
	int64_t ticked_us, heard_us;
	struct sctp_udp_listener *listeners;
} stack;

/* --- packets out --- */

static const struct net_address *address_of(uint64_t id, struct sctp_udp_listener **listener_out)
{
	for (struct sctp_udp_listener *l = stack.listeners; l; l = l->next) {
		*listener_out = l;
		if (l->current.id == id)
			return &l->current.address;
		for (const struct place *p = l->places; p; p = p->next) {
			if (p->id == id)
				return &p->address;
		}
	}
	return NULL;
}

/* What the UDP socket does not take is lost, as on any network: SCTP repeats it. */
static int packet_out(void *number, void *octets, size_t len, uint8_t tos, uint8_t dont_fragment)
{
	struct sctp_udp_listener *l = NULL;

	if (!pthread_equal(pthread_self(), stack.thread)) /* the stack's own thread has nothing to send */
		return 0;
	const struct net_address *to = address_of((uint64_t)(uintptr_t)number, &l);

	(void)tos;
	(void)dont_fragment;
	if (to)
		(void)!sendto(l->fd, octets, len, MSG_DONTWAIT | MSG_NOSIGNAL, (const struct sockaddr *)&to->storage,
			      to->len);
	return 0;
}

/* Never 0, which stands for "any" with the stack. */
static uint64_t number_of(const struct sctp_udp_listener *l, const struct net_address *from)
{
	uint8_t digest[DIGEST_SHA256_SIZE], text[sizeof(struct sockaddr_storage) + sizeof(l->fd)];
	uint64_t id;

	memcpy(text, &l->fd, sizeof(l->fd));
	memcpy(text + sizeof(l->fd), &from->storage, from->len);
	digest_hmac_sha256(stack.key, sizeof(stack.key), text, sizeof(l->fd) + from->len, digest);
	memcpy(&id, digest, sizeof(id));
	return id | 1;
}

/* --- the stack --- */

static void start_stack(struct loop *loop)
{
	if (stack.started)
		return;
	stack.started = true;
	stack.loop = loop;
	stack.thread = pthread_self();
	random_bytes(stack.key, sizeof(stack.key));
	usrsctp_init_nothreads(0, packet_out, NULL);
	/* One address a side, and nothing of it changes. What belongs to no association is answered with an ABORT: so
	 * peers know at once that this process was restarted. */
	(void)usrsctp_sysctl_set_sctp_ecn_enable(0);
	(void)usrsctp_sysctl_set_sctp_auto_asconf(0);
	(void)usrsctp_sysctl_set_sctp_asconf_enable(0);
	(void)usrsctp_sysctl_set_sctp_reconfig_enable(0);
}

static void set_options(struct socket *so)
{
	struct sctp_rtoinfo rto = { .srto_initial = RTO_FIRST_MS, .srto_min = RTO_LEAST_MS, .srto_max = RTO_MOST_MS };
	struct sctp_assocparams params = { .sasoc_asocmaxrxt = REPEATS_MAX };
	int one = 1;

	(void)usrsctp_setsockopt(so, IPPROTO_SCTP, SCTP_NODELAY, &one, sizeof(one));
	(void)usrsctp_setsockopt(so, IPPROTO_SCTP, SCTP_RTOINFO, &rto, sizeof(rto));
	(void)usrsctp_setsockopt(so, IPPROTO_SCTP, SCTP_ASSOCINFO, &params, sizeof(params));
	(void)usrsctp_set_non_blocking(so, 1);
}

static void abort_socket(struct socket *so)
{
	struct linger now = { .l_onoff = 1, .l_linger = 0 };

	(void)usrsctp_setsockopt(so, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
	usrsctp_close(so);
}

/* --- places --- */

static struct place *place_take(struct sctp_udp_listener *l)
{
	struct place *p = l->places;

	while (p && p->id != l->current.id)
		p = p->next;
	if (p) {
		p->links++;
		return p;
	}
	p = must_alloc(sizeof(*p));
	*p = l->current;
	p->links = 1;
	p->next = l->places;
	l->places = p;
	/* The number is our end's address with the stack as well: without it packets find no association. */
	usrsctp_register_address((void *)(uintptr_t)p->id);
	return p;
}

static void place_free(struct place *p)
{
	usrsctp_deregister_address((void *)(uintptr_t)p->id);
	free(p);
}

static void drop_departed(struct sctp_udp_listener *l, int64_t now_us)
{
	struct place **at = &l->places;
	unsigned kept = 0;

	while (*at) {
		struct place *p = *at;

		if (p->links || (p->until_us > now_us && kept++ < DEPARTED_MAX)) {
			at = &p->next;
			continue;
		}
		*at = p->next;
		place_free(p);
	}
}

/* --- records --- */

/* In the stack's call: only noted. */
static void on_upcall(struct socket *so, void *owner, int flags)
{
	struct sctp_udp_link *u = owner;

	(void)so;
	(void)flags;
	u->ready = true;
}

static void end_link(struct sctp_udp_link *u, const char *why)
{
	u->over = true;
	sctp_link_closed(u->up, why);
}

/* What came in one call; false: nothing more is there. */
static bool take_some(struct sctp_udp_link *u)
{
	union sctp_sockstore from;
	struct sctp_rcvinfo info;
	socklen_t from_len = sizeof(from), info_len = sizeof(info);
	unsigned kind = 0;
	int flags = 0;

	if (u->len == sizeof(u->record)) {
		end_link(u, "a record is too long");
		return false;
	}
	ssize_t n = usrsctp_recvv(u->so, u->record + u->len, sizeof(u->record) - u->len, (struct sockaddr *)&from,
				  &from_len, &info, &info_len, &kind, &flags);
	if (n < 0 && (errno == EWOULDBLOCK || errno == EINTR))
		return false;
	if (n <= 0) {
		end_link(u, n ? strerror(errno) : "the peer ended it");
		return false;
	}
	if (flags & MSG_NOTIFICATION)
		return true;
	u->len += (size_t)n;
	if (!(flags & MSG_EOR))
		return true;
	n = (ssize_t)u->len;
	u->len = 0;
	u->up->handler->received(u->up->owner, u->record, (size_t)n);
	return true;
}

static void drain_links(struct sctp_udp_listener *l)
{
	for (struct sctp_udp_link *u = l->links, *next; u; u = next) {
		next = u->next;
		if (!u->ready || u->over || !u->up->handler)
			continue;
		u->ready = false;
		while (!u->over && take_some(u))
			;
	}
}

/* --- associations --- */

static void accept_link(struct sctp_udp_listener *l, struct socket *so)
{
	struct sctp_udp_link *u = must_alloc(sizeof(*u));
	char text[NET_ADDRESS_TEXT_SIZE];

	set_options(so);
	u->listener = l;
	u->so = so;
	u->place = place_take(l);
	u->ready = true; /* what came with the handshake */
	u->next = l->links;
	l->links = u;
	u->up = sctp_link_new(stack.loop, l->up);
	u->up->udp = u;
	(void)usrsctp_set_upcall(so, on_upcall, u);
	l->up->accepted(l->up->owner, u->up, net_address_text(&u->place->address, text));
}

/* Its handshake ended with the packet that was just looked at. */
static void accept_links(struct sctp_udp_listener *l)
{
	struct sockaddr_conn peer;
	socklen_t len = sizeof(peer);
	struct socket *so;

	while ((so = usrsctp_accept(l->so, (struct sockaddr *)&peer, &len))) {
		if ((uint64_t)(uintptr_t)peer.sconn_addr == l->current.id && l->up->count < l->up->max)
			accept_link(l, so);
		else
			abort_socket(so);
		len = sizeof(peer);
	}
}

/* --- time --- */

static void on_tick(void *owner);

static void keep_ticking(void)
{
	if (!loop_timer_running(&stack.tick))
		loop_timer_start(stack.loop, &stack.tick, TICK_US, on_tick, NULL);
}

static bool is_busy(int64_t now_us)
{
	bool busy = now_us - stack.heard_us < QUIET_US;

	for (const struct sctp_udp_listener *l = stack.listeners; l; l = l->next)
		busy = busy || l->places;
	return busy && stack.listeners;
}

static void on_tick(void *owner)
{
	int64_t now = clock_monotonic();
	uint32_t elapsed = (uint32_t)((now - stack.ticked_us) / USEC_PER_MSEC);

	(void)owner;
	stack.ticked_us += (int64_t)elapsed * USEC_PER_MSEC;
	usrsctp_handle_timers(elapsed);
	for (struct sctp_udp_listener *l = stack.listeners; l; l = l->next) {
		drain_links(l);
		drop_departed(l, now);
	}
	if (is_busy(now))
		keep_ticking();
}

/* --- packets in --- */

static bool packet_in(struct sctp_udp_listener *l)
{
	static uint8_t octets[PACKET_MAX];
	struct place *from = &l->current;

	from->address = (struct net_address){ .len = sizeof(from->address.storage) };
	ssize_t n = recvfrom(l->fd, octets, sizeof(octets), MSG_DONTWAIT, (struct sockaddr *)&from->address.storage,
			     &from->address.len);
	if (n < 0)
		return errno == EINTR;
	if (n < (ssize_t)PACKET_LEAST)
		return true;
	stack.heard_us = clock_monotonic();
	if (!loop_timer_running(&stack.tick))
		stack.ticked_us = stack.heard_us;
	keep_ticking();
	from->id = number_of(l, &from->address);
	usrsctp_conninput((void *)(uintptr_t)from->id, octets, (size_t)n, 0);
	accept_links(l);
	from->id = 0;
	return true;
}

static void on_ready(void *owner, unsigned events)
{
	struct sctp_udp_listener *l = owner;

	(void)events;
	for (unsigned i = 0; i < PACKETS_PER_TURN && packet_in(l); i++)
		;
	drain_links(l);
}

/* --- the one face --- */

static bool open_socket(struct sctp_udp_listener *l, uint16_t port)
{
	struct sockaddr_conn any = { .sconn_family = AF_CONN, .sconn_port = htons(port) };

	l->so = usrsctp_socket(AF_CONN, SOCK_STREAM, IPPROTO_SCTP, NULL, NULL, 0, NULL);
	if (!l->so)
		return false;
	set_options(l->so);
	return !usrsctp_bind(l->so, (struct sockaddr *)&any, sizeof(any)) && !usrsctp_listen(l->so, BACKLOG);
}

enum result sctp_udp_listen(struct sctp_listener *up, uint16_t port, int fd, const char **why_out)
{
	struct sctp_udp_listener *l = must_alloc(sizeof(*l));

	start_stack(up->loop);
	l->up = up;
	l->fd = fd;
	if (!open_socket(l, port) || loop_watch(up->loop, &l->watch, fd, LOOP_READ, on_ready, l) != OK) {
		*why_out = strerror(errno);
		if (l->so)
			usrsctp_close(l->so);
		close(fd);
		free(l);
		return ERR_IO;
	}
	l->next = stack.listeners;
	stack.listeners = l;
	up->udp = l;
	return OK;
}

static void unlist(struct sctp_udp_listener *l)
{
	struct sctp_udp_listener **at = &stack.listeners;

	while (*at != l)
		at = &(*at)->next;
	*at = l->next;
}

void sctp_udp_listener_free(struct sctp_udp_listener **listener)
{
	struct sctp_udp_listener *l = *listener;

	*listener = NULL;
	if (!l)
		return;
	usrsctp_close(l->so);
	loop_unwatch(&l->watch);
	unlist(l);
	close(l->fd);
	while (l->places) {
		struct place *p = l->places;
		l->places = p->next;
		place_free(p);
	}
	free(l);
	if (!stack.listeners)
		loop_timer_stop(&stack.tick);
}

bool sctp_udp_link_send(struct sctp_udp_link *u, const void *octets, size_t len, struct counter *lost)
{
	struct sctp_sndinfo info = { 0 };

	if (u->over)
		return false;
	if (usrsctp_sendv(u->so, octets, len, NULL, 0, &info, sizeof(info), SCTP_SENDV_SNDINFO, 0) >= 0)
		return true;
	if (errno != EWOULDBLOCK && errno != ENOBUFS)
		return false;
	counter_add(lost, 1);
	return true;
}

void sctp_udp_link_addresses(const struct sctp_udp_link *u, struct net_address *ours_out, struct net_address *peer_out)
{
	net_socket_addresses(u->listener->fd, ours_out, peer_out);
	*peer_out = u->place->address;
}

void sctp_udp_link_free(struct sctp_udp_link **link)
{
	struct sctp_udp_link *u = *link, **at;

	*link = NULL;
	if (!u)
		return;
	for (at = &u->listener->links; *at != u;)
		at = &(*at)->next;
	*at = u->next;
	(void)usrsctp_set_upcall(u->so, NULL, NULL);
	if (u->up->listener)
		usrsctp_close(u->so);
	else
		abort_socket(u->so); /* its UDP socket goes now */
	u->place->links--;
	u->place->until_us = clock_monotonic() + DEPARTED_US;
	free(u);
}
