/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One connection of a client. HTTP/1 carries one call at a time (no pipelining), HTTP/2 as many as both sides allow. */
#include "core/net/http_client_internal.h"

#include <stdlib.h>

#include "core/base/arena.h"
#include "core/base/log.h"

static void idle_too_long(void *owner)
{
	http_link_close(owner);
}

bool http_link_idle(const struct http_link *l)
{
	return l->ready && !l->in_input && !l->in_pump && !l->call && !(l->h2 && http2_streams(l->h2));
}

static void rest(struct http_link *l)
{
	struct http_client *client = l->host->client;

	if (http_link_idle(l))
		loop_timer_start(client->loop, &l->timer, client->limits.idle_us, idle_too_long, l);
	http_host_go_on(l->host);
}

/* What became of a call whose connection is gone. A connection that was used before and gave nothing for this request
 * was most likely closed by the peer while the request was on its way. */
static void lost(struct http_link *l, struct http_call *call)
{
	if (call->client->freeing) {
		http_call_fail(call, ERR_CLOSED, "the client ends");
	} else if (l->used && !l->heard && http_call_may_repeat(call)) {
		http_call_again(call);
	} else {
		http_call_fail(call, ERR_UNKNOWN, "the connection ended before the answer was complete");
	}
}

void http_link_close(struct http_link *l)
{
	struct http_host *host = l->host;
	struct http_call *call = l->call;

	l->ending = true;
	loop_timer_stop(&l->timer);
	l->call = NULL;
	if (call)
		lost(l, call);
	http2_free(&l->h2); /* `closed` for each of its streams */
	http1_free(&l->h1);
	stream_free(&l->stream);
	if (l->next)
		l->next->prev = l->prev;
	if (l->prev)
		l->prev->next = l->next;
	else
		host->links = l->next;
	host->links_count--;
	host->client->links_count--;
	if (!l->ready)
		host->connecting--;
	free(l);
	http_host_go_on(host);
}

/* --- HTTP/1 ----------------------------------------------------------------------------------------------------- */

static void start_plain(struct http_link *l, struct http_call *call)
{
	bool has_body = call->body.len || call->method == HTTP_METHOD_POST || call->method == HTTP_METHOD_PUT ||
			call->method == HTTP_METHOD_PATCH;
	struct http1_head head = { .method = http_method_name(call->method),
				   .target = call->target,
				   .host = call->authority,
				   .agent = TEXT_LITERAL(HTTP_CLIENT_NAME),
				   .content_type = call->content_type.at,
				   .fields = call->fields,
				   .fields_count = call->fields_count,
				   .length = has_body ? call->body.len : HTTP1_LENGTH_NONE };
	struct writer *w = stream_begin(l->stream, http1_head_room(&head) + call->body.len);

	l->call = call;
	l->heard = false;
	http1_expect(l->h1, call->method);
	http1_put_head(w, &head);
	writer_text(w, call->body);
	stream_end(l->stream);
}

/* False when the link is closed. */
static bool plain_done(struct http_link *l, bool alone)
{
	struct http_builder *b = http1_take(l->h1);
	struct http_call *call = l->call;
	struct http_pool *pool = &l->host->client->pool;
	bool keep = http1_keep_alive(l->h1) && alone && !l->ending;

	http1_next(l->h1);
	l->call = NULL;
	l->used = true;
	http_call_answer(call, &b->message);
	http_builder_give(pool, &b);
	l->in_input = false;
	if (!keep) {
		http_link_close(l);
		return false;
	}
	rest(l);
	return true;
}

static void plain_bad(struct http_link *l)
{
	struct http_call *call = l->call;
	bool big = http1_bad_status(l->h1) == 413 || http1_bad_status(l->h1) == 431;

	LOGD(LOG_NET, l->host->name, "bad answer: %s", http1_bad_why(l->h1));
	l->call = NULL;
	http_call_fail(call, big ? ERR_TOO_BIG : ERR_UNKNOWN, http1_bad_why(l->h1));
	http_link_close(l);
}

static void plain_received(struct http_link *l, const uint8_t *bytes, size_t n)
{
	size_t sum = 0, taken;
	enum http1_step step;

	if (!l->call) { /* nothing was asked */
		http_link_close(l);
		return;
	}
	l->heard = true;
	l->in_input = true;
	do {
		step = http1_input(l->h1, bytes + sum, n - sum, &taken);
		sum += taken;
	} while (step == HTTP1_HEAD);
	if (step == HTTP1_DONE) {
		(void)plain_done(l, sum == n);
		return;
	}
	l->in_input = false;
	if (step == HTTP1_BAD)
		plain_bad(l);
}

/* --- HTTP/2 ----------------------------------------------------------------------------------------------------- */

static void pump(struct http_link *l)
{
	const uint8_t *at;
	size_t n;

	if (l->in_input || l->in_pump || !l->h2)
		return;
	l->in_pump = true;
	while (stream_room(l->stream) && (n = http2_output(l->h2, &at)))
		stream_write(l->stream, at, n);
	l->in_pump = false;
	if (!http2_alive(l->h2) && !l->ending) {
		l->ending = true;
		stream_finish(l->stream);
	}
}

static void start_multiplexed(struct http_link *l, struct http_call *call)
{
	struct http2_head head = { .method = http_method_name(call->method),
				   .https = l->host->https,
				   .authority = call->authority,
				   .target = call->target,
				   .agent = TEXT_LITERAL(HTTP_CLIENT_NAME),
				   .content_type = call->content_type.at,
				   .has_length = call->body.len > 0,
				   .length = call->body.len,
				   .fields = call->fields,
				   .fields_count = call->fields_count };

	call->stream = http2_request(l->h2, &head, call->body, call);
	if (!call->stream) { /* its numbers are used up */
		http_call_again(call);
		return;
	}
	pump(l);
}

static void stream_message(void *owner, struct http2_stream *s)
{
	struct http_link *l = owner;
	struct http_call *call = http2_data(s);

	l->used = true;
	if (!call)
		return;
	http2_set_data(s, NULL);
	call->stream = NULL;
	call->link = NULL;
	if (http2_bad_status(s)) {
		http2_cancel(s);
		http_call_fail(call, ERR_TOO_BIG, http2_bad_why(s));
		return;
	}
	http_call_answer(call, http2_message(s));
}

static void stream_closed(void *owner, struct http2_stream *s, bool complete)
{
	struct http_link *l = owner;
	struct http_call *call = http2_data(s);

	(void)complete;
	if (!call)
		return;
	if (http2_unprocessed(s) && call->tries <= HTTP_CLIENT_TRIES_MAX && !call->client->freeing)
		http_call_again(call);
	else
		lost(l, call);
}

static void multiplexed_received(struct http_link *l, const uint8_t *bytes, size_t n)
{
	const char *why = NULL;

	l->in_input = true;
	enum result r = http2_input(l->h2, bytes, n, loop_time(l->host->client->loop), &why);
	l->in_input = false;
	pump(l);
	if (r && !l->ending) {
		LOGD(LOG_NET, l->host->name, "HTTP/2 ends: %s", why);
		l->ending = true;
		stream_finish(l->stream);
	}
	rest(l);
}

/* --- the stream ------------------------------------------------------------------------------------------------- */

static void connected(void *owner, struct stream *stream)
{
	static const struct http2_handler handler = { stream_message, stream_closed, NULL };
	struct http_link *l = owner;
	struct http_client *client = l->host->client;
	const struct http2_limits limits = { .streams_max = client->limits.streams_max,
					     .body_max = client->limits.body_max,
					     .collected_max = client->limits.body_max * client->limits.streams_max,
					     .stream_backlog = SIZE_MAX };

	l->ready = true;
	l->host->connecting--;
	l->host->failures = 0;
	l->host->multiplexed = !strcmp(stream_alpn(stream), "h2");
	if (l->host->multiplexed)
		l->h2 = http2_new(HTTP2_CLIENT, &limits, &client->pool, &handler, l);
	else
		l->h1 = http1_new(HTTP1_CLIENT, client->limits.body_max, &client->pool);
	pump(l);
	rest(l);
}

static size_t received(void *owner, struct stream *stream, const uint8_t *bytes, size_t n)
{
	struct http_link *l = owner;

	(void)stream;
	if (l->h2)
		multiplexed_received(l, bytes, n);
	else
		plain_received(l, bytes, n);
	return n;
}

static void closed(void *owner, struct stream *stream, enum result why, const char *text)
{
	struct http_link *l = owner;
	struct http_host *host = l->host;
	unsigned address_at = l->address_at;

	(void)stream;
	if (!l->ready) {
		/* The text may live with the stream: only its kind goes on. */
		LOGD(LOG_NET, host->name, "no connection: %s", text);
		http_link_close(l);
		http_host_failed(host, address_at, why ? why : ERR_CLOSED,
				 why == ERR_TIMEOUT  ? "connecting took too long"
				 : why == ERR_DENIED ? "the TLS handshake failed"
						     : "the connection could not be made");
		return;
	}
	if (l->call && http1_end(l->h1) == HTTP1_DONE)
		(void)plain_done(l, false);
	else
		http_link_close(l);
}

static void room(void *owner, struct stream *stream)
{
	(void)stream;
	pump(owner);
}

void http_link_open(struct http_host *host)
{
	static const struct stream_handler handler = { connected, received, closed, room };
	struct http_client *client = host->client;
	struct http_link *l = must_alloc(sizeof(*l));
	const struct net_address *to = &host->addresses[host->address_at % host->addresses_count];

	l->host = host;
	l->address_at = host->address_at;
	l->next = host->links;
	if (l->next)
		l->next->prev = l;
	host->links = l;
	host->links_count++;
	host->connecting++;
	client->links_count++;
	l->stream = stream_connect(client->loop, to, host->https ? client->tls : NULL, host->name,
				   client->limits.connect_us, &handler, l);
}

struct http_link *http_link_free_one(const struct http_host *host)
{
	for (struct http_link *l = host->links; l; l = l->next) {
		if (!l->ready || l->ending)
			continue;
		if (l->h2 ? http2_may_request(l->h2) : http_link_idle(l))
			return l;
	}
	return NULL;
}

void http_link_start(struct http_link *l, struct http_call *call)
{
	loop_timer_stop(&l->timer);
	call->link = l;
	call->tries++;
	if (l->h2)
		start_multiplexed(l, call);
	else
		start_plain(l, call);
}

void http_link_abandon(struct http_call *call)
{
	struct http_link *l = call->link;

	call->link = NULL;
	if (call->stream) {
		http2_set_data(call->stream, NULL);
		http2_cancel(call->stream);
		call->stream = NULL;
		pump(l);
		return;
	}
	l->call = NULL;
	http_link_close(l);
}
