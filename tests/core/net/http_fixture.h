/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A server on a loop, whose handler does what the path says, for tests of the server and of the client. */
#ifndef TESTS_CORE_NET_HTTP_FIXTURE_H
#define TESTS_CORE_NET_HTTP_FIXTURE_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/base/arena.h"
#include "core/base/clock.h"
#include "core/net/http_server.h"
#include "core/net/net_address.h"
#include "core/net/tls.h"

#define KEPT_MAX 600u

struct fixture {
	struct loop *loop;
	struct http_server *server;
	struct tls_server *tls;
	struct http_server_limits limits;
	struct net_address at;
	unsigned requests, closed, rooms, stopped;
	uint64_t kept[KEPT_MAX]; /* of "/later" and "/stream" */
	unsigned kept_count;
	size_t body_len;
	char peer[80];
};

static inline void fixture_echo(struct http_exchange *x, const struct http_message *m)
{
	char room[600];
	int n = snprintf(room, sizeof(room), "%.*s %.*s?%.*s %.*s", TEXT_ARGS(m->method_text), TEXT_ARGS(m->path),
			 TEXT_ARGS(m->query), m->body.len < 300 ? (int)m->body.len : 0, m->body.at ? m->body.at : "");

	http_respond_text(x, 200, "text/plain", text_range(room, (size_t)n));
}

static inline void fixture_request(void *owner, struct http_exchange *x)
{
	struct fixture *f = owner;
	const struct http_message *m = http_exchange_request(x);
	const struct http_field more = { TEXT_LITERAL("Location"), TEXT_LITERAL("/x") };

	f->requests++;
	f->body_len = m->body.len;
	snprintf(f->peer, sizeof(f->peer), "%s", http_exchange_peer(x));
	assert_ptr_equal(http_exchange_find(f->server, http_exchange_id(x)), x);
	if (text_starts(m->path, "/later") && f->kept_count < KEPT_MAX) {
		f->kept[f->kept_count++] = http_exchange_id(x);
	} else if (text_is(m->path, "/stream")) {
		f->kept[f->kept_count++] = http_exchange_id(x);
		http_stream_start(x, &(struct http_answer){ .status = 200, .content_type = "text/event-stream" });
		(void)http_stream_write(x, TEXT_LITERAL("data: 1\n\n"));
	} else if (text_is(m->path, "/202")) {
		http_respond(x, &(struct http_answer){ .status = 202, .fields = &more, .fields_count = 1 });
	} else if (text_is(m->path, "/204")) {
		http_respond(x, &(struct http_answer){ .status = 204 });
	} else if (text_is(m->path, "/error")) {
		http_respond_error(x, 404, "no_such", "there is \"nothing\"");
	} else if (text_is(m->path, "/big")) {
		static char big[300000];
		memset(big, 'b', sizeof(big));
		http_respond_text(x, 200, "text/plain", text_range(big, sizeof(big)));
	} else {
		fixture_echo(x, m);
	}
}

static inline void fixture_closed(void *owner, struct http_exchange *x)
{
	struct fixture *f = owner;

	(void)x;
	f->closed++;
}

static inline void fixture_room(void *owner, struct http_exchange *x)
{
	struct fixture *f = owner;

	(void)x;
	f->rooms++;
}

static inline void fixture_stopped(void *owner)
{
	struct fixture *f = owner;

	f->stopped++;
}

/* Opens with f->limits where they are set (connections_max > 0), else with the defaults. */
static inline void fixture_open(struct fixture *f)
{
	static const struct http_server_handler handler = { fixture_request, fixture_closed, fixture_room };

	if (!f->limits.connections_max)
		http_server_limits_init(&f->limits);
	f->loop = loop_new();
	f->server = http_server_new(f->loop, "test", &f->limits, &handler, f);
}

static inline void fixture_listen(struct fixture *f, struct tls_server *tls)
{
	const char *why = "";
	int fd;

	assert_int_equal(net_address_parse(text_of("127.0.0.1:1"), &f->at, &why), OK);
	memset((char *)&f->at.storage + 2, 0, 2); /* the port: any */
	assert_int_equal(net_listen(&f->at, 64, &fd, &why), OK);
	f->at.len = sizeof(f->at.storage);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&f->at.storage, &f->at.len), 0);
	http_server_listen(f->server, fd, tls);
}

static inline unsigned fixture_port(const struct fixture *f)
{
	const uint8_t *at = (const uint8_t *)&f->at.storage + 2;

	return (unsigned)at[0] << 8 | at[1];
}

static inline void fixture_close(struct fixture *f)
{
	http_server_free(&f->server);
	tls_server_free(&f->tls);
	loop_free(&f->loop);
}

static inline void fixture_turns(struct fixture *f, unsigned n)
{
	while (n--)
		loop_turn(f->loop, 300);
}

/* A client without any cleverness: the other end of a socketpair. */
static inline int fixture_connect(struct fixture *f)
{
	int fds[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fds), 0);
	http_server_accept(f->server, fds[0], NULL);
	return fds[1];
}

static inline void fixture_say(int fd, const char *s)
{
	assert_int_equal(send(fd, s, strlen(s), MSG_NOSIGNAL), (ssize_t)strlen(s));
}

/* What comes within some turns, appended; *ended_out when the server ended the connection. */
static inline size_t fixture_hear(struct fixture *f, int fd, char *to, size_t size, bool *ended_out)
{
	size_t n = strlen(to);

	*ended_out = false;
	for (unsigned i = 0; i < 12; i++) {
		loop_turn(f->loop, 300);
		ssize_t got = recv(fd, to + n, size - n - 1, 0);
		if (got > 0)
			n += (size_t)got;
		else if (!got || errno == ECONNRESET)
			*ended_out = true;
		to[n] = 0;
	}
	return n;
}

#endif
