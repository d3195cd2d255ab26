/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The connection and what comes in. A stream of ours lives from its first HEADERS (or our request) until nghttp2 closes
 * it; nghttp2 keeps a pointer to it, and we a list.
 */
#include "core/net/http2_internal.h"

#include <stdlib.h>

#include "core/base/arena.h"
#include "core/base/clock.h"

#define DISCARDED_FACTOR 4u /* of a refused request, so many times the limit of a body is taken and thrown away */
#define HEADER_LIST_MAX (HTTP_TARGET_MAX + HTTP_FIELD_BYTES_MAX)

/* --- rates ------------------------------------------------------------------------------------------------------ */

static void refill(struct http2_bucket *b, int64_t passed_us)
{
	if (passed_us > 10 * USEC_PER_SEC)
		passed_us = 10 * USEC_PER_SEC;
	b->micro += passed_us * b->rate;
	if (b->micro > b->burst * USEC_PER_SEC)
		b->micro = b->burst * USEC_PER_SEC;
}

/* Takes one; when none is left the connection is given up. */
bool http2_spend(struct http2 *h, struct http2_bucket *b)
{
	b->micro -= USEC_PER_SEC;
	if (b->micro >= 0 || h->freeing)
		return true;
	if (!h->flooded)
		(void)nghttp2_session_terminate_session(h->session, NGHTTP2_ENHANCE_YOUR_CALM);
	h->flooded = true;
	return false;
}

/* --- streams ---------------------------------------------------------------------------------------------------- */

struct http2_stream *http2_stream_new(struct http2 *h, int32_t id)
{
	struct http2_stream *s = must_alloc(sizeof(*s));

	s->h = h;
	s->id = id;
	s->since_us = h->now_us;
	s->builder = http_builder_take(h->pool);
	s->builder->message.version = HTTP_2;
	s->next = h->streams;
	if (s->next)
		s->next->prev = s;
	h->streams = s;
	h->count++;
	h->receiving++;
	return s;
}

static void received_all(struct http2_stream *s)
{
	if (s->whole)
		return;
	s->whole = true;
	s->h->receiving--;
}

void http2_stream_drop(struct http2_stream *s)
{
	struct http2 *h = s->h;

	received_all(s);
	if (s->next)
		s->next->prev = s->prev;
	if (s->prev)
		s->prev->next = s->next;
	else
		h->streams = s->next;
	h->count--;
	h->collected -= s->collected;
	http_builder_give(h->pool, &s->builder);
	free(s->out);
	free(s);
}

static void stream_over(struct http2_stream *s)
{
	s->h->handler.closed(s->h->owner, s, s->whole && s->out_sent && !s->bad);
	http2_stream_drop(s);
}

static void tell(struct http2_stream *s)
{
	if (s->told)
		return;
	s->told = true;
	s->h->handler.message(s->h->owner, s);
}

static void refuse(struct http2_stream *s, unsigned status, const char *why)
{
	if (s->bad)
		return;
	s->bad = status;
	s->why = why;
}

/* --- nghttp2's callbacks ---------------------------------------------------------------------------------------- */

static struct http2_stream *stream_of(nghttp2_session *session, int32_t id)
{
	return nghttp2_session_get_stream_user_data(session, id);
}

static int on_begin_headers(nghttp2_session *session, const nghttp2_frame *frame, void *user)
{
	struct http2 *h = user;

	if (h->side != HTTP2_SERVER || frame->headers.cat != NGHTTP2_HCAT_REQUEST)
		return 0;
	struct http2_stream *s = http2_stream_new(h, frame->hd.stream_id);
	(void)nghttp2_session_set_stream_user_data(session, s->id, s);
	return 0;
}

static void take_pseudo(struct http2_stream *s, struct text name, struct text value)
{
	struct http_message *m = &s->builder->message;
	uint64_t status;

	if (text_is(name, ":method")) {
		http_builder_add(s->builder, &m->method_text, value.at, value.len);
	} else if (text_is(name, ":path")) {
		if (value.len > HTTP_TARGET_MAX)
			refuse(s, 414, "the request target is too long");
		else
			http_builder_add(s->builder, &m->target, value.at, value.len);
	} else if (text_is(name, ":authority")) {
		http_builder_add(s->builder, &m->authority, value.at, value.len);
	} else if (text_is(name, ":status") && text_to_u64(value, 999, &status)) {
		m->status = (unsigned)status;
	}
}

static int on_header(nghttp2_session *session, const nghttp2_frame *frame, const uint8_t *name_at, size_t name_len,
		     const uint8_t *value_at, size_t value_len, uint8_t flags, void *user)
{
	struct http2_stream *s = stream_of(session, frame->hd.stream_id);
	struct text name = text_range((const char *)name_at, name_len);
	struct text value = text_range((const char *)value_at, value_len);

	(void)user;
	(void)flags;
	if (!s || s->bad || s->head_done)
		return 0;
	if (!http_builder_count(s->builder, name_len + value_len)) {
		refuse(s, 431, "the header is too large");
		return 0;
	}
	if (name_len && name.at[0] == ':') {
		take_pseudo(s, name, value);
		return 0;
	}
	struct http_field *field = http_builder_field(s->builder);
	if (!field) {
		refuse(s, 431, "the header has too many fields");
		return 0;
	}
	http_builder_add(s->builder, &field->name, name.at, name.len);
	http_builder_add(s->builder, &field->value, value.at, value.len);
	return 0;
}

/* What still comes of a refused request. Resetting it at once would make some clients (curl 7.88) overlook the answer.
 */
static void discard(struct http2_stream *s, size_t n)
{
	s->discarded += n;
	if (s->discarded - n <= DISCARDED_FACTOR * s->h->limits.body_max &&
	    s->discarded > DISCARDED_FACTOR * s->h->limits.body_max)
		(void)nghttp2_submit_rst_stream(s->h->session, NGHTTP2_FLAG_NONE, s->id, NGHTTP2_CANCEL);
}

static int on_data(nghttp2_session *session, uint8_t flags, int32_t id, const uint8_t *bytes, size_t n, void *user)
{
	struct http2 *h = user;
	struct http2_stream *s = stream_of(session, id);

	(void)flags;
	if (s && s->bad)
		discard(s, n);
	if (!s || s->bad || !s->builder)
		return 0;
	struct text *body = &s->builder->message.body;
	if (n > h->limits.body_max - body->len)
		refuse(s, 413, "the body is too large");
	else if (n > h->limits.collected_max - h->collected || http_pool_full(h->pool))
		refuse(s, 503, "too much is under way");
	if (s->bad) {
		tell(s);
		return 0;
	}
	http_builder_add(s->builder, body, bytes, n);
	s->since_us = h->now_us;
	s->collected += n;
	h->collected += n;
	return 0;
}

static void ask_for_body(struct http2_stream *s)
{
	nghttp2_nv status = {
		.name = (uint8_t[]){ ":status" }, .value = (uint8_t[]){ "100" }, .namelen = 7, .valuelen = 3
	};

	if (!text_is_nocase(http_field_get(&s->builder->message, "expect"), "100-continue"))
		return;
	(void)nghttp2_submit_headers(s->h->session, NGHTTP2_FLAG_NONE, s->id, NULL, &status, 1, NULL);
}

static bool announces_too_much(const struct http2_stream *s)
{
	uint64_t length;

	return text_to_u64(http_field_get(&s->builder->message, "content-length"), UINT64_MAX, &length) &&
	       length > s->h->limits.body_max;
}

static void head_is_there(struct http2_stream *s, bool last)
{
	struct http_message *m = &s->builder->message;
	const char *why = NULL;

	if (s->h->side == HTTP2_CLIENT && m->status < 200) { /* interim */
		http_builder_reset(s->builder);
		m->version = HTTP_2;
		return;
	}
	s->head_done = true;
	unsigned status = s->h->side == HTTP2_SERVER && !s->bad ? http_builder_judge_request(s->builder, &why) : 0;
	if (status)
		refuse(s, status, why);
	if (s->h->side == HTTP2_SERVER && announces_too_much(s))
		refuse(s, 413, "the body is too large");
	if (s->bad)
		tell(s);
	else if (!last && s->h->side == HTTP2_SERVER)
		ask_for_body(s);
}

static bool is_control(const nghttp2_frame *frame)
{
	switch (frame->hd.type) {
	case NGHTTP2_PING:
	case NGHTTP2_SETTINGS:
		return !(frame->hd.flags & NGHTTP2_FLAG_ACK);
	case NGHTTP2_PRIORITY:
		return true;
	case NGHTTP2_DATA:
		return !frame->hd.length && !(frame->hd.flags & NGHTTP2_FLAG_END_STREAM);
	default:
		return false;
	}
}

static int on_frame(nghttp2_session *session, const nghttp2_frame *frame, void *user)
{
	struct http2 *h = user;
	bool last = frame->hd.flags & NGHTTP2_FLAG_END_STREAM;

	if (is_control(frame) && !http2_spend(h, &h->control))
		return 0;
	if (frame->hd.type == NGHTTP2_GOAWAY)
		h->ending = true;
	if (frame->hd.type != NGHTTP2_HEADERS && frame->hd.type != NGHTTP2_DATA)
		return 0;
	struct http2_stream *s = stream_of(session, frame->hd.stream_id);
	if (!s)
		return 0;
	if (last)
		received_all(s);
	if (frame->hd.type == NGHTTP2_HEADERS && !s->head_done)
		head_is_there(s, last);
	if (last && s->head_done)
		tell(s);
	return 0;
}

static int on_close(nghttp2_session *session, int32_t id, uint32_t error, void *user)
{
	struct http2 *h = user;
	struct http2_stream *s = stream_of(session, id);

	if (!s)
		return 0;
	s->error = error;
	if (h->side == HTTP2_SERVER && !(s->whole && s->out_sent))
		(void)http2_spend(h, &h->resets);
	(void)nghttp2_session_set_stream_user_data(session, id, NULL);
	stream_over(s);
	return 0;
}

static int on_sent(nghttp2_session *session, const nghttp2_frame *frame, void *user)
{
	bool last = frame->hd.flags & NGHTTP2_FLAG_END_STREAM;

	(void)user;
	if (!last || (frame->hd.type != NGHTTP2_HEADERS && frame->hd.type != NGHTTP2_DATA))
		return 0;
	struct http2_stream *s = stream_of(session, frame->hd.stream_id);
	if (s)
		s->out_sent = true;
	return 0;
}

/* --- the connection --------------------------------------------------------------------------------------------- */

static void make_session(struct http2 *h)
{
	nghttp2_session_callbacks *callbacks;
	nghttp2_option *option;
	int failed = nghttp2_session_callbacks_new(&callbacks) | nghttp2_option_new(&option);

	if (failed)
		abort(); /* out of memory, as in must_alloc() */
	nghttp2_session_callbacks_set_on_begin_headers_callback(callbacks, on_begin_headers);
	nghttp2_session_callbacks_set_on_header_callback(callbacks, on_header);
	nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, on_data);
	nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, on_frame);
	nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, on_close);
	nghttp2_session_callbacks_set_on_frame_send_callback(callbacks, on_sent);
	nghttp2_option_set_no_closed_streams(option, 1);
	if (h->side == HTTP2_SERVER)
		failed = nghttp2_session_server_new2(&h->session, callbacks, h, option);
	else
		failed = nghttp2_session_client_new2(&h->session, callbacks, h, option);
	nghttp2_option_del(option);
	nghttp2_session_callbacks_del(callbacks);
	if (failed)
		abort();
}

struct http2 *http2_new(enum http2_side side, const struct http2_limits *limits, struct http_pool *pool,
			const struct http2_handler *handler, void *owner)
{
	struct http2 *h = must_alloc(sizeof(*h));
	nghttp2_settings_entry settings[] = {
		{ NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, limits->streams_max },
		{ NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, HTTP2_WINDOW },
		{ NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, HEADER_LIST_MAX },
		{ NGHTTP2_SETTINGS_ENABLE_PUSH, 0 },
	};

	h->side = side;
	h->limits = *limits;
	h->pool = pool;
	h->handler = *handler;
	h->owner = owner;
	h->resets = (struct http2_bucket){ HTTP2_RESETS_BURST * USEC_PER_SEC, HTTP2_RESETS_BURST, HTTP2_RESETS_RATE };
	h->control =
		(struct http2_bucket){ HTTP2_CONTROL_BURST * USEC_PER_SEC, HTTP2_CONTROL_BURST, HTTP2_CONTROL_RATE };
	make_session(h);
	(void)nghttp2_submit_settings(h->session, NGHTTP2_FLAG_NONE, settings, side == HTTP2_SERVER ? 3 : 4);
	(void)nghttp2_session_set_local_window_size(h->session, NGHTTP2_FLAG_NONE, 0, HTTP2_WINDOW_ALL);
	return h;
}

void http2_free(struct http2 **h)
{
	if (!*h)
		return;
	(*h)->freeing = true;
	while ((*h)->streams)
		stream_over((*h)->streams);
	nghttp2_session_del((*h)->session);
	free(*h);
	*h = NULL;
}

enum result http2_input(struct http2 *h, const uint8_t *bytes, size_t n, int64_t now_us, const char **why_out)
{
	if (h->now_us && now_us > h->now_us) {
		refill(&h->resets, now_us - h->now_us);
		refill(&h->control, now_us - h->now_us);
	}
	h->now_us = now_us;
	ssize_t taken = nghttp2_session_mem_recv(h->session, bytes, n);
	if (h->flooded) {
		*why_out = "more resets or control frames than the limit";
		return ERR_TOO_BIG;
	}
	if (taken < 0) {
		*why_out = nghttp2_strerror((int)taken);
		return ERR_MALFORMED;
	}
	return OK;
}

bool http2_alive(const struct http2 *h)
{
	return nghttp2_session_want_read(h->session) || nghttp2_session_want_write(h->session);
}

void http2_goaway(struct http2 *h)
{
	(void)nghttp2_submit_goaway(h->session, NGHTTP2_FLAG_NONE, nghttp2_session_get_last_proc_stream_id(h->session),
				    NGHTTP2_NO_ERROR, NULL, 0);
}

unsigned http2_streams(const struct http2 *h)
{
	return h->count;
}

bool http2_receiving(const struct http2 *h)
{
	return h->receiving > 0;
}

int64_t http2_waits_since(const struct http2 *h)
{
	int64_t since = INT64_MAX;

	for (const struct http2_stream *s = h->streams; s && h->receiving; s = s->next) {
		if (!s->whole && s->since_us < since)
			since = s->since_us;
	}
	return since;
}

unsigned http2_cancel_stalled(struct http2 *h, int64_t before_us)
{
	unsigned n = 0;

	for (struct http2_stream *s = h->streams; s; s = s->next) {
		if (s->whole || s->since_us > before_us)
			continue;
		s->since_us = INT64_MAX; /* once */
		http2_cancel(s);
		n++;
	}
	return n;
}

bool http2_ending(const struct http2 *h)
{
	return h->ending || h->flooded;
}

const struct http_message *http2_message(const struct http2_stream *s)
{
	return &s->builder->message;
}

struct http_builder *http2_take(struct http2_stream *s)
{
	struct http_builder *b = s->builder;

	s->builder = NULL;
	return b;
}

unsigned http2_bad_status(const struct http2_stream *s)
{
	return s->bad;
}

const char *http2_bad_why(const struct http2_stream *s)
{
	return s->why;
}

void http2_set_data(struct http2_stream *s, void *data)
{
	s->data = data;
}

void *http2_data(const struct http2_stream *s)
{
	return s->data;
}

bool http2_unprocessed(const struct http2_stream *s)
{
	return s->error == NGHTTP2_REFUSED_STREAM;
}
