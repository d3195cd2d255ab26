/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Requests that wait for an answer, and answers. Exchanges come from a list of used ones; in HTTP/1 an answer goes in
 * one piece straight into the stream's buffer.
 */
#include "core/net/http_server_internal.h"

#include <stdlib.h>

#include "core/base/arena.h"
#include "core/net/json.h"

#define ERROR_BODY_MAX 1024u

/* --- life ------------------------------------------------------------------------------------------------------- */

struct http_exchange *http_exchange_new(struct http_connection *c, struct http_builder *builder)
{
	struct http_server *s = c->server;
	struct http_exchange *x = s->free;

	if (x) {
		s->free = x->next;
		s->free_count--;
	} else {
		x = must_alloc(sizeof(*x));
	}
	*x = (struct http_exchange){ .server = s, .connection = c, .builder = builder };
	x->id = idtable_add(s->exchanges, x);
	if (!x->id) {
		http_builder_give(&s->pool, &builder);
		free(x);
		return NULL;
	}
	x->due_us = loop_time(s->loop) + s->limits.answer_us;
	x->head_only = builder->message.method == HTTP_METHOD_HEAD;
	x->next = c->exchanges;
	if (x->next)
		x->next->prev = x;
	c->exchanges = x;
	counter_add(s->counters.requests, 1);
	return x;
}

void http_exchange_free(struct http_exchange *x)
{
	struct http_server *s = x->server;

	if (x->next)
		x->next->prev = x->prev;
	if (x->prev)
		x->prev->next = x->next;
	else
		x->connection->exchanges = x->next;
	(void)idtable_remove(s->exchanges, x->id);
	http_builder_give(&s->pool, &x->builder);
	if (s->free_count >= HTTP_EXCHANGES_KEPT) {
		free(x);
		return;
	}
	x->next = s->free;
	s->free = x;
	s->free_count++;
}

void http_exchange_lost(struct http_exchange *x)
{
	counter_add(x->server->counters.left, 1);
	if (x->server->handler.closed)
		x->server->handler.closed(x->server->owner, x);
	http_exchange_free(x);
}

static void finished(struct http_exchange *x)
{
	struct http_connection *c = x->connection;
	bool keep = x->keep_alive;

	if (x->h2)
		http2_set_data(x->h2, NULL);
	http_exchange_free(x);
	http_connection_answered(c, keep);
}

/* --- the request ------------------------------------------------------------------------------------------------ */

uint64_t http_exchange_id(const struct http_exchange *x)
{
	return x->id;
}

struct http_exchange *http_exchange_find(struct http_server *server, uint64_t id)
{
	return idtable_find(server->exchanges, id);
}

const struct http_message *http_exchange_request(const struct http_exchange *x)
{
	return x->builder ? &x->builder->message : NULL;
}

const char *http_exchange_peer(const struct http_exchange *x)
{
	return stream_peer(x->connection->stream);
}

bool http_exchange_is_tls(const struct http_exchange *x)
{
	return stream_is_tls(x->connection->stream);
}

void http_exchange_set_data(struct http_exchange *x, void *data)
{
	x->data = data;
}

void *http_exchange_data(const struct http_exchange *x)
{
	return x->data;
}

/* --- answers ---------------------------------------------------------------------------------------------------- */

static void count_answer(struct http_server *s, unsigned status)
{
	unsigned class = status / 100;

	counter_add(s->counters.answers[class <= 5 ? class : 5], 1);
}

static bool has_no_body(unsigned status)
{
	return status < 200 || status == 204 || status == 304;
}

static struct http1_head plain_head(struct http_server *s, const struct http_answer *a, uint64_t length, bool keep,
				    bool old)
{
	return (struct http1_head){ .status = a->status,
				    .date = text_of(http_server_date(s)),
				    .agent = TEXT_LITERAL(HTTP_SERVER_NAME),
				    .content_type = a->content_type,
				    .fields = a->fields,
				    .fields_count = a->fields_count,
				    .length = length,
				    .close = !keep,
				    .keep_alive = keep && old };
}

/* The whole answer in one piece of the stream's buffer. */
static void put_plain(struct http_connection *c, const struct http1_head *head, struct text body)
{
	struct writer *w = stream_begin(c->stream, http1_head_room(head) + body.len);

	http1_put_head(w, head);
	writer_text(w, body);
	stream_end(c->stream);
}

static void answer_plain(struct http_exchange *x, const struct http_answer *a)
{
	bool bodiless = has_no_body(a->status);
	bool keep = x->keep_alive && !x->server->stopping;
	struct http1_head head =
		plain_head(x->server, a, bodiless ? HTTP1_LENGTH_NONE : a->body.len, keep, !x->chunked);

	put_plain(x->connection, &head, bodiless || x->head_only ? (struct text){ 0 } : a->body);
}

static struct http2_head multiplexed_head(struct http_server *s, const struct http_answer *a, bool has_length)
{
	return (struct http2_head){ .status = a->status,
				    .date = text_of(http_server_date(s)),
				    .agent = TEXT_LITERAL(HTTP_SERVER_NAME),
				    .content_type = a->content_type,
				    .fields = a->fields,
				    .fields_count = a->fields_count,
				    .has_length = has_length,
				    .length = a->body.len };
}

static void answer_multiplexed(struct http_server *s, struct http2_stream *stream, const struct http_answer *a,
			       bool head_only)
{
	bool bodiless = has_no_body(a->status);
	struct http2_head head = multiplexed_head(s, a, !bodiless);

	http2_answer(stream, &head, bodiless || head_only ? (struct text){ 0 } : a->body, true);
}

void http_respond(struct http_exchange *x, const struct http_answer *answer)
{
	count_answer(x->server, answer->status);
	if (x->streaming) { /* too late for another status */
		http_stream_end(x);
		return;
	}
	if (x->h2)
		answer_multiplexed(x->server, x->h2, answer, x->head_only);
	else
		answer_plain(x, answer);
	finished(x);
}

void http_respond_text(struct http_exchange *x, unsigned status, const char *content_type, struct text body)
{
	http_respond(x, &(struct http_answer){ .status = status, .content_type = content_type, .body = body });
}

static struct text error_body(char room[ERROR_BODY_MAX], const char *code, const char *message)
{
	struct json_writer j;

	json_writer_init(&j, room, ERROR_BODY_MAX);
	json_open_object(&j);
	json_key(&j, "error");
	json_open_object(&j);
	json_put_member_cstring(&j, "code", code);
	json_put_member_cstring(&j, "message", message);
	json_close_object(&j);
	json_close_object(&j);
	return json_writer_text(&j);
}

void http_respond_error(struct http_exchange *x, unsigned status, const char *code, const char *message)
{
	char room[ERROR_BODY_MAX];

	http_respond_text(x, status, "application/json", error_body(room, code, message));
}

static const char *code_of(unsigned status)
{
	switch (status) {
	case 405:
		return "method_not_allowed";
	case 408:
		return "timeout";
	case 413:
		return "too_large";
	case 414:
		return "target_too_long";
	case 417:
		return "expectation_failed";
	case 431:
		return "header_too_large";
	case 501:
		return "not_implemented";
	case 503:
		return "busy";
	case 505:
		return "version";
	default:
		return "bad_request";
	}
}

static void count_refusal(struct http_server *s, unsigned status)
{
	count_answer(s, status);
	if (status != 408)
		counter_add(s->counters.bad, 1);
}

void http_refuse_plain(struct http_connection *c, unsigned status, const char *why)
{
	char room[ERROR_BODY_MAX];
	struct http_answer a = { .status = status,
				 .content_type = "application/json",
				 .body = error_body(room, code_of(status), why) };
	struct http1_head head = plain_head(c->server, &a, a.body.len, false, false);

	count_refusal(c->server, status);
	put_plain(c, &head, a.body);
}

void http_refuse_stream(struct http_connection *c, struct http2_stream *s, unsigned status, const char *why)
{
	char room[ERROR_BODY_MAX];
	struct http_answer a = { .status = status,
				 .content_type = "application/json",
				 .body = error_body(room, code_of(status), why) };

	count_refusal(c->server, status);
	answer_multiplexed(c->server, s, &a, false);
}

/* --- streamed answers ------------------------------------------------------------------------------------------- */

void http_stream_start(struct http_exchange *x, const struct http_answer *head)
{
	struct http_server *s = x->server;

	if (x->streaming)
		return;
	counter_add(s->counters.answers[0], 1);
	if (x->h2) {
		struct http2_head h = multiplexed_head(s, head, false);
		http2_answer(x->h2, &h, (struct text){ 0 }, false);
		http_server_pump_later(x->connection);
	} else {
		x->keep_alive = x->keep_alive && x->chunked && !s->stopping;
		struct http1_head h = plain_head(s, head, x->chunked ? HTTP1_LENGTH_CHUNKED : HTTP1_LENGTH_CLOSE,
						 x->keep_alive, false);
		put_plain(x->connection, &h, (struct text){ 0 });
	}
	x->streaming = true;
	http_builder_give(&s->pool, &x->builder);
}

static size_t write_plain(struct http_exchange *x, struct text bytes)
{
	struct stream *stream = x->connection->stream;
	struct writer *w = stream_begin(stream, bytes.len + HTTP1_CHUNK_HEAD_ROOM + 2);

	if (x->chunked)
		http1_put_chunk_head(w, bytes.len);
	writer_text(w, bytes);
	if (x->chunked)
		writer_bytes(w, "\r\n", 2);
	stream_end(stream);
	return stream_backlog(stream);
}

bool http_stream_write(struct http_exchange *x, struct text bytes)
{
	size_t max = x->server->limits.stream_backlog * HTTP_BACKLOG_FACTOR, backlog;

	if (!x->streaming || !bytes.len || x->head_only)
		return !x->full;
	if (x->h2) {
		x->full = !http2_write(x->h2, bytes);
		backlog = http2_backlog(x->h2);
		http_server_pump_later(x->connection);
	} else {
		backlog = write_plain(x, bytes);
		x->full = !stream_room(x->connection->stream);
		max = STREAM_BACKLOG_HIGH * HTTP_BACKLOG_FACTOR;
	}
	if (backlog > max && !x->connection->drop_due) {
		counter_add(x->server->counters.dropped, 1);
		http_connection_drop(x->connection);
	}
	return !x->full;
}

void http_stream_end(struct http_exchange *x)
{
	if (!x->streaming) {
		http_respond_error(x, 500, "internal", "nothing was answered");
		return;
	}
	if (x->h2)
		http2_end(x->h2);
	else if (x->chunked && !x->head_only)
		stream_write(x->connection->stream, HTTP1_LAST_CHUNK, sizeof(HTTP1_LAST_CHUNK) - 1);
	finished(x);
}
