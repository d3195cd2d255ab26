/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How a stream comes to be open: accepted or connected, and the TLS handshake. */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>

#include "core/base/arena.h"
#include "core/base/counter.h"
#include "core/net/stream_internal.h"

static void count(const char *name, const char *help)
{
	counter_add(counter_get(COUNTER_COUNT, name, NULL, help), 1);
}

static void opened(struct stream *s)
{
	s->state = STREAM_OPEN;
	s->blocked = false;
	loop_timer_stop(&s->timer);
	if (s->out_len)
		stream_mark(s);
	if (s->handler->connected)
		s->handler->connected(s->owner, s);
	if (s->finish_asked)
		stream_finish(s);
}

void stream_handshake(struct stream *s)
{
	const char *why = NULL;
	enum tls_step step = tls_session_handshake(s->tls, &why);

	s->blocked = step == TLS_WANT_WRITE;
	if (step == TLS_DONE) {
		opened(s);
	} else if (step == TLS_FAILED || step == TLS_ENDED) {
		count("net_tls_handshake_failed_total", "TLS handshakes that failed");
		stream_end_with(s, step == TLS_ENDED ? ERR_CLOSED : ERR_DENIED, why);
	}
}

void stream_connect_done(struct stream *s)
{
	int error = 0;
	socklen_t len = sizeof(error);

	if (getsockopt(s->fd, SOL_SOCKET, SO_ERROR, &error, &len) || error) {
		count("net_connect_failed_total", "connections that could not be made");
		stream_end_with(s, ERR_IO, strerror(error ? error : errno));
		return;
	}
	if (!s->tls) {
		opened(s);
		return;
	}
	s->state = STREAM_HANDSHAKE;
}

static struct stream *stream_new(struct loop *loop, int fd, const struct stream_handler *handler, void *owner)
{
	struct stream *s = must_alloc(sizeof(*s));
	int one = 1;

	s->turn = stream_turn_of(loop);
	s->fd = fd;
	s->handler = handler;
	s->owner = owner;
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one)); /* AF_UNIX has none and needs none */
	return s;
}

struct stream *stream_accept(struct loop *loop, int fd, struct tls_server *tls, const struct stream_handler *handler,
			     void *owner)
{
	struct stream *s = stream_new(loop, fd, handler, owner);
	char peer[NET_ADDRESS_TEXT_SIZE];

	s->peer = must_strdup(net_peer_text(fd, peer));
	s->state = STREAM_OPEN;
	if (tls) {
		s->tls = tls_session_accept(tls, fd);
		s->state = STREAM_HANDSHAKE;
		stream_time(s, STREAM_HANDSHAKE_US);
	}
	stream_watch(s, LOOP_READ);
	return s;
}

struct stream *stream_connect(struct loop *loop, const struct net_address *to, struct tls_client *tls,
			      const char *server_name, int64_t timeout_us, const struct stream_handler *handler,
			      void *owner)
{
	int fd = socket(to->storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int error = fd < 0 ? errno : 0;
	struct stream *s = stream_new(loop, fd, handler, owner);
	char peer[NET_ADDRESS_TEXT_SIZE];

	s->peer = must_strdup(net_address_text(to, peer));
	s->state = STREAM_CONNECTING;
	if (!error && connect(fd, (const struct sockaddr *)&to->storage, to->len) && errno != EINPROGRESS)
		error = errno;
	if (error) {
		count("net_connect_failed_total", "connections that could not be made");
		stream_end_with(s, ERR_IO, strerror(error));
		return s;
	}
	if (tls)
		s->tls = tls_session_connect(tls, fd, server_name ? server_name : "");
	stream_time(s, timeout_us);
	stream_watch(s, LOOP_WRITE);
	return s;
}
