/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One connection of a server. Its first octets (or ALPN) decide the version. In HTTP/1 it waits for one
 * thing at a time:
 *
 *	idle -> header -> body -> answer -> idle, or finishing
 *
 * One timer serves all of them: it is not moved when things go on, but looks again when it fires.
 */
#include "core/net/http_server_internal.h"

#include <stdlib.h>

#include "core/base/arena.h"
#include "core/base/log.h"

#define LEFT_MAX (64u * 1024u) /* octets of further requests read while one is open */

/* --- time ------------------------------------------------------------------------------------------------------- */

static void timer_fired(void *owner);

static int64_t answer_due(const struct http_connection *c)
{
	int64_t due = INT64_MAX;

	for (const struct http_exchange *x = c->exchanges; x; x = x->next) {
		if (!x->streaming && x->due_us < due)
			due = x->due_us;
	}
	return due;
}

static int64_t due(const struct http_connection *c)
{
	const struct http_server_limits *l = &c->server->limits;
	int64_t answer = answer_due(c);

	if (c->drop_due)
		return 0;
	if (c->finishing)
		return INT64_MAX; /* the stream has times of its own for that */
	if (c->h2 && http2_waits_since(c->h2) != INT64_MAX) {
		int64_t body = http2_waits_since(c->h2) + l->body_us;
		return body < answer ? body : answer;
	}
	if (c->h1 && http1_in_body(c->h1))
		return c->since_us + l->body_us;
	if (c->exchanges)
		return answer;
	return c->since_us + (c->in_header || !c->used ? l->header_us : l->idle_us);
}

static void arm(struct http_connection *c)
{
	int64_t at = due(c), now = loop_time(c->server->loop);

	if (at == INT64_MAX || (loop_timer_running(&c->timer) && c->timer.due_us <= at))
		return;
	loop_timer_start(c->server->loop, &c->timer, at > now ? at - now : 0, timer_fired, c);
}

static void finish(struct http_connection *c)
{
	if (c->finishing)
		return;
	c->finishing = true;
	stream_finish(c->stream);
}

/* The first exchange whose answer is late, or NULL. */
static struct http_exchange *late_one(struct http_connection *c, int64_t now)
{
	for (struct http_exchange *x = c->exchanges; x; x = x->next) {
		if (!x->streaming && x->due_us <= now)
			return x;
	}
	return NULL;
}

static void answer_late_ones(struct http_connection *c, int64_t now)
{
	struct http_exchange *x;

	while ((x = late_one(c, now))) {
		uint64_t id = x->id;
		counter_add(c->server->counters.timeouts, 1);
		if (c->server->handler.closed)
			c->server->handler.closed(c->server->owner, x);
		if (http_exchange_find(c->server, id) == x && !x->streaming)
			http_respond_error(x, 504, "timeout", "the request was not answered in time");
	}
}

static void end_stalled_streams(struct http_connection *c, int64_t now)
{
	unsigned n = http2_cancel_stalled(c->h2, now - c->server->limits.body_us);

	counter_add(c->server->counters.timeouts, n);
	http_connection_pump(c);
	arm(c);
}

static void end_stalled(struct http_connection *c)
{
	if (c->h2) {
		http2_goaway(c->h2);
		http_connection_pump(c);
	} else if (c->in_header || (c->h1 && http1_in_body(c->h1))) {
		counter_add(c->server->counters.timeouts, 1);
		http_refuse_plain(c, 408, "the request did not arrive in time");
	}
	finish(c);
}

static void timer_fired(void *owner)
{
	struct http_connection *c = owner;
	int64_t now = loop_time(c->server->loop);

	if (c->drop_due) {
		http_connection_free(c);
		return;
	}
	if (due(c) > now) {
		arm(c);
		return;
	}
	if (late_one(c, now)) {
		answer_late_ones(c, now);
		arm(c);
		return;
	}
	if (c->h2 && http2_waits_since(c->h2) != INT64_MAX)
		end_stalled_streams(c, now);
	else
		end_stalled(c);
}

/* --- HTTP/1 ----------------------------------------------------------------------------------------------------- */

static void request_is_there(struct http_connection *c)
{
	struct http_server *s = c->server;
	bool keep = http1_keep_alive(c->h1);
	bool old = http1_message(c->h1)->version == HTTP_1_0;
	struct http_exchange *x = http_exchange_new(c, http1_take(c->h1));

	http1_next(c->h1);
	c->in_header = false;
	if (!x) {
		http_refuse_plain(c, 503, "too many requests are open");
		finish(c);
		return;
	}
	x->keep_alive = keep && !s->stopping;
	x->chunked = !old;
	s->handler.request(s->owner, x);
}

/* Octets stay in the stream until an answer is out. Reading goes on while they are few, so that the end of the client
 * is seen at once. */
static void leave_input(struct http_connection *c, size_t left)
{
	c->left_over = true;
	if (left >= LEFT_MAX)
		stream_pause(c->stream, true);
}

static void take_again(struct http_connection *c)
{
	if (!c->left_over)
		return;
	c->left_over = false;
	stream_pause(c->stream, true); /* its end offers again what was left */
	stream_pause(c->stream, false);
}

/* False: no more is taken now. */
static bool plain_step(struct http_connection *c, const uint8_t *bytes, size_t n, size_t *taken)
{
	switch (http1_input(c->h1, bytes, n, taken)) {
	case HTTP1_HEAD:
		if (http1_expects_continue(c->h1) && *taken == n)
			stream_write(c->stream, HTTP1_CONTINUE, sizeof(HTTP1_CONTINUE) - 1);
		return true;
	case HTTP1_DONE:
		request_is_there(c);
		return true;
	case HTTP1_BAD:
		http_refuse_plain(c, http1_bad_status(c->h1), http1_bad_why(c->h1));
		http1_next(c->h1); /* what was collected of it is given back */
		finish(c);
		return false;
	default:
		return false;
	}
}

static size_t plain_received(struct http_connection *c, const uint8_t *bytes, size_t n)
{
	size_t sum = 0, taken = 0;
	bool more = true;

	while (more && sum < n && !c->finishing) {
		if (c->exchanges || !stream_room(c->stream)) {
			leave_input(c, n - sum);
			return sum;
		}
		more = plain_step(c, bytes + sum, n - sum, &taken);
		sum += taken;
	}
	if (c->finishing)
		return n;
	bool in_header = http1_begun(c->h1) && !http1_in_body(c->h1);
	if (!in_header || !c->in_header)
		c->since_us = loop_time(c->server->loop);
	c->in_header = in_header;
	return sum;
}

/* --- HTTP/2 ----------------------------------------------------------------------------------------------------- */

static void stream_message(void *owner, struct http2_stream *s)
{
	struct http_connection *c = owner;
	struct http_server *server = c->server;

	c->used = true;
	if (http2_bad_status(s)) {
		http_refuse_stream(c, s, http2_bad_status(s), http2_bad_why(s));
		return;
	}
	struct http_exchange *x = http_exchange_new(c, http2_take(s));
	if (!x) {
		http_refuse_stream(c, s, 503, "too many requests are open");
		return;
	}
	x->h2 = s;
	x->keep_alive = true;
	http2_set_data(s, x);
	server->handler.request(server->owner, x);
}

static void stream_closed(void *owner, struct http2_stream *s, bool complete)
{
	struct http_exchange *x = http2_data(s);

	(void)owner;
	(void)complete;
	if (x)
		http_exchange_lost(x);
}

static void stream_has_room(void *owner, struct http2_stream *s)
{
	struct http_connection *c = owner;
	struct http_exchange *x = http2_data(s);

	if (!x || !x->full)
		return;
	x->full = false;
	if (c->server->handler.room)
		c->server->handler.room(c->server->owner, x);
}

void http_connection_pump(struct http_connection *c)
{
	const uint8_t *at;
	size_t n;

	if (c->in_input || c->in_pump || !c->h2)
		return;
	c->in_pump = true;
	while (stream_room(c->stream) && (n = http2_output(c->h2, &at)))
		stream_write(c->stream, at, n);
	c->in_pump = false;
	if (!http2_alive(c->h2))
		finish(c);
}

static void multiplexed_received(struct http_connection *c, const uint8_t *bytes, size_t n)
{
	const char *why = NULL;

	c->in_input = true;
	enum result r = http2_input(c->h2, bytes, n, loop_time(c->server->loop), &why);
	c->in_input = false;
	c->since_us = loop_time(c->server->loop);
	http_connection_pump(c);
	if (!r)
		return;
	counter_add(r == ERR_TOO_BIG ? c->server->counters.floods : c->server->counters.bad, 1);
	LOGD(LOG_NET, stream_peer(c->stream), "HTTP/2 ends: %s", why);
	finish(c);
}

static void open_h2(struct http_connection *c)
{
	static const struct http2_handler handler = { stream_message, stream_closed, stream_has_room };
	const struct http_server_limits *l = &c->server->limits;
	const struct http2_limits limits = { .streams_max = l->streams_max,
					     .body_max = l->body_max,
					     .collected_max = 4 * l->body_max,
					     .stream_backlog = l->stream_backlog };

	c->h2 = http2_new(HTTP2_SERVER, &limits, &c->server->pool, &handler, c);
}

/* --- the stream ------------------------------------------------------------------------------------------------- */

/* False: more octets must come first. */
static bool decide_version(struct http_connection *c, const uint8_t *bytes, size_t n)
{
	size_t look = n < HTTP2_PREFACE_SIZE ? n : HTTP2_PREFACE_SIZE;

	if (!strcmp(stream_alpn(c->stream), "h2")) {
		open_h2(c);
		return true;
	}
	if (!memcmp(bytes, HTTP2_PREFACE, look)) {
		if (look < HTTP2_PREFACE_SIZE)
			return false;
		open_h2(c);
		return true;
	}
	c->h1 = http1_new(HTTP1_SERVER, c->server->limits.body_max, &c->server->pool);
	return true;
}

static size_t received(void *owner, struct stream *stream, const uint8_t *bytes, size_t n)
{
	struct http_connection *c = owner;
	size_t taken = n;

	(void)stream;
	if (c->finishing || !n)
		return n;
	if (!c->h1 && !c->h2 && !decide_version(c, bytes, n))
		return 0;
	if (c->h2) {
		multiplexed_received(c, bytes, n);
	} else {
		c->in_input = true;
		taken = plain_received(c, bytes, n);
		c->in_input = false;
	}
	arm(c);
	return taken;
}

static void closed(void *owner, struct stream *stream, enum result why, const char *text)
{
	struct http_connection *c = owner;

	(void)stream;
	LOGD(LOG_NET, stream_peer(c->stream), "HTTP connection ended: %s, %s", result_name(why), text);
	http_connection_free(c);
}

static void room(void *owner, struct stream *stream)
{
	struct http_connection *c = owner;
	struct http_exchange *x = c->exchanges;

	(void)stream;
	if (c->h2) {
		http_connection_pump(c);
		return;
	}
	if (x && x->full) {
		x->full = false;
		if (c->server->handler.room)
			c->server->handler.room(c->server->owner, x);
	}
	if (!c->exchanges)
		take_again(c);
}

void http_connection_new(struct http_server *server, struct http_port *port, int fd, struct tls_server *tls)
{
	static const struct stream_handler handler = { .received = received, .closed = closed, .room = room };
	struct http_connection *c = must_alloc(sizeof(*c));

	c->server = server;
	c->port = port;
	c->next = server->connections;
	if (c->next)
		c->next->prev = c;
	server->connections = c;
	c->since_us = loop_time(server->loop);
	c->stream = stream_accept(server->loop, fd, tls, &handler, c);
	arm(c);
}

void http_connection_free(struct http_connection *c)
{
	c->finishing = true;
	loop_timer_stop(&c->timer);
	while (c->exchanges && !c->h2)
		http_exchange_lost(c->exchanges);
	http2_free(&c->h2);
	http1_free(&c->h1);
	stream_free(&c->stream);
	http_server_forget(c);
}

void http_connection_drop(struct http_connection *c)
{
	c->drop_due = true;
	loop_timer_start(c->server->loop, &c->timer, 0, timer_fired, c);
}

/* --- what comes after an answer, and stopping ------------------------------------------------------------------- */

void http_connection_answered(struct http_connection *c, bool keep)
{
	c->used = true;
	c->since_us = loop_time(c->server->loop);
	if (c->h2) {
		if (!c->in_input)
			http_server_pump_later(c);
		return;
	}
	if (!keep || c->server->stopping)
		finish(c);
	else if (!c->in_input && stream_room(c->stream))
		take_again(c);
	if (!c->in_input)
		arm(c);
}

static struct http_exchange *streamed_one(const struct http_connection *c)
{
	for (struct http_exchange *x = c->exchanges; x; x = x->next) {
		if (x->streaming)
			return x;
	}
	return NULL;
}

static void end_streamed(struct http_connection *c)
{
	struct http_exchange *x;

	while ((x = streamed_one(c))) {
		uint64_t id = x->id;
		if (c->server->handler.closed)
			c->server->handler.closed(c->server->owner, x);
		if (http_exchange_find(c->server, id) == x)
			http_stream_end(x);
	}
}

void http_connection_stop(struct http_connection *c)
{
	for (struct http_exchange *x = c->exchanges; x && !c->h2; x = x->next)
		x->keep_alive = false;
	end_streamed(c);
	if (c->h2) {
		http2_goaway(c->h2);
		http_server_pump_later(c);
	} else if (!c->exchanges && !(c->h1 && http1_begun(c->h1))) {
		finish(c);
	}
}
