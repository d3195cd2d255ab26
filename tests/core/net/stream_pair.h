/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A listener, the streams it accepts and one that connects, all on one loop, for tests of streams and of TLS. */
#ifndef TESTS_CORE_NET_STREAM_PAIR_H
#define TESTS_CORE_NET_STREAM_PAIR_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/base/arena.h"
#include "core/base/clock.h"
#include "core/net/listen.h"
#include "core/net/stream.h"
#include "core/net/tls.h"

#define TO_TAKE_ALL SIZE_MAX

struct side {
	struct stream *stream;
	unsigned connected, received, closed, rooms;
	enum result why;
	char text[80];
	size_t take; /* at most so many octets per call */
	bool free_in_received, free_in_closed, keep, echo;
	uint8_t *got;
	size_t got_len;
};

static inline void side_connected(void *owner, struct stream *stream)
{
	struct side *s = owner;

	(void)stream;
	s->connected++;
}

static inline size_t side_received(void *owner, struct stream *stream, const uint8_t *bytes, size_t n)
{
	struct side *s = owner;
	size_t take = n < s->take ? n : s->take;

	s->received++;
	if (s->keep && take) {
		s->got = must_realloc(s->got, s->got_len + take);
		memcpy(s->got + s->got_len, bytes, take);
	}
	s->got_len += take;
	if (s->echo)
		stream_write(stream, bytes, take);
	if (s->free_in_received)
		stream_free(&s->stream);
	return take;
}

static inline void side_closed(void *owner, struct stream *stream, enum result why, const char *text)
{
	struct side *s = owner;

	(void)stream;
	s->closed++;
	s->why = why;
	snprintf(s->text, sizeof(s->text), "%s", text);
	if (s->free_in_closed)
		stream_free(&s->stream);
}

static inline void side_room(void *owner, struct stream *stream)
{
	struct side *s = owner;

	(void)stream;
	s->rooms++;
}

static const struct stream_handler side_handler = { side_connected, side_received, side_closed, side_room };

struct stream_pair {
	struct loop *loop;
	struct listener *listener;
	struct net_address at;
	struct tls_server *server;
	struct tls_client *client;
	const char *name;
	struct side a, b; /* a connects, b is accepted */
	unsigned accepted;
};

static inline void pair_accepted(void *owner, int fd, const struct net_address *peer)
{
	struct stream_pair *p = owner;

	assert_true(net_address_is_loopback(peer));
	p->accepted++;
	if (p->b.stream)
		stream_free(&p->b.stream);
	p->b.stream = stream_accept(p->loop, fd, p->server, &side_handler, &p->b);
}

/* Binds a free loopback port and reads back which. */
static inline void listen_somewhere(struct net_address *at, int *fd_out)
{
	const char *why = "";

	assert_int_equal(net_address_parse(text_of("127.0.0.1:1"), at, &why), OK);
	at->storage.ss_family = AF_INET;
	memset((char *)&at->storage + 2, 0, 2); /* the port: any */
	assert_int_equal(net_listen(at, 16, fd_out, &why), OK);
	at->len = sizeof(at->storage);
	assert_int_equal(getsockname(*fd_out, (struct sockaddr *)&at->storage, &at->len), 0);
}

static inline void pair_listen(struct stream_pair *p)
{
	int fd;

	p->a.take = p->b.take = TO_TAKE_ALL;
	p->a.keep = p->b.keep = true;
	p->loop = loop_new();
	listen_somewhere(&p->at, &fd);
	p->listener = listener_new(p->loop, fd, 100, pair_accepted, p);
}

static inline void pair_connect(struct stream_pair *p)
{
	p->a.stream = stream_connect(p->loop, &p->at, p->client, p->name, 5 * USEC_PER_SEC, &side_handler, &p->a);
}

static inline void pair_open(struct stream_pair *p)
{
	pair_listen(p);
	pair_connect(p);
	for (unsigned i = 0; i < 2000 && !(p->a.connected && p->b.stream && (!p->server || p->b.connected)); i++)
		loop_turn(p->loop, 1000);
	assert_int_equal(p->a.connected, 1);
	assert_non_null(p->b.stream);
}

static inline void side_clear(struct side *s)
{
	stream_free(&s->stream);
	free(s->got);
	*s = (struct side){ .take = TO_TAKE_ALL, .keep = true };
}

static inline void pair_close(struct stream_pair *p)
{
	side_clear(&p->a);
	side_clear(&p->b);
	tls_server_free(&p->server);
	tls_client_free(&p->client);
	listener_free(&p->listener);
	loop_free(&p->loop);
}

static inline void turns(struct stream_pair *p, unsigned n)
{
	while (n--)
		loop_turn(p->loop, 1000);
}

/* Turns until *what reaches `least`; fails after some seconds. */
static inline void until(struct stream_pair *p, const unsigned *what, unsigned least)
{
	for (unsigned i = 0; i < 5000 && *what < least; i++)
		loop_turn(p->loop, 1000);
	assert_true(*what >= least);
}

static inline void until_octets(struct stream_pair *p, const size_t *what, size_t least)
{
	for (unsigned i = 0; i < 5000 && *what < least; i++)
		loop_turn(p->loop, 1000);
	assert_true(*what >= least);
}

#endif
