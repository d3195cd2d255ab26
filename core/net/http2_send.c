/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What goes out. The octets of a stream wait in its own buffer until flow control lets nghttp2 take them. */
#include "core/net/http2_internal.h"

#include <stdio.h>
#include <stdlib.h>

#include "core/base/arena.h"

#define OWN_FIELDS 8u
#define OUT_FIRST 1024u

/* --- bodies ----------------------------------------------------------------------------------------------------- */

static ssize_t read_out(nghttp2_session *session, int32_t id, uint8_t *to, size_t room, uint32_t *flags,
			nghttp2_data_source *source, void *user)
{
	struct http2_stream *s = source->ptr;
	size_t n = s->out_len - s->out_at;

	(void)session;
	(void)id;
	(void)user;
	if (n > room)
		n = room;
	if (n)
		memcpy(to, s->out + s->out_at, n);
	s->out_at += n;
	if (s->full && http2_backlog(s) <= s->h->limits.stream_backlog / 2)
		s->h->room_due = true;
	if (s->out_ended && s->out_at == s->out_len) {
		*flags |= NGHTTP2_DATA_FLAG_EOF;
	} else if (!n) {
		s->deferred = true;
		return NGHTTP2_ERR_DEFERRED;
	}
	return (ssize_t)n;
}

static void queue(struct http2_stream *s, struct text bytes)
{
	if (!bytes.len)
		return;
	if (s->out_at) {
		memmove(s->out, s->out + s->out_at, s->out_len - s->out_at);
		s->out_len -= s->out_at;
		s->out_at = 0;
	}
	if (s->out_len + bytes.len > s->out_size) {
		size_t size = s->out_size ? s->out_size : OUT_FIRST;
		while (size < s->out_len + bytes.len)
			size *= 2;
		s->out = must_realloc(s->out, size);
		s->out_size = size;
	}
	memcpy(s->out + s->out_len, bytes.at, bytes.len);
	s->out_len += bytes.len;
}

static void resume(struct http2_stream *s)
{
	if (!s->deferred)
		return;
	s->deferred = false;
	(void)nghttp2_session_resume_data(s->h->session, s->id);
}

size_t http2_backlog(const struct http2_stream *s)
{
	return s->out_len - s->out_at;
}

bool http2_write(struct http2_stream *s, struct text bytes)
{
	queue(s, bytes);
	resume(s);
	s->full = http2_backlog(s) > s->h->limits.stream_backlog;
	return !s->full;
}

void http2_end(struct http2_stream *s)
{
	s->out_ended = true;
	resume(s);
}

void http2_cancel(struct http2_stream *s)
{
	(void)nghttp2_submit_rst_stream(s->h->session, NGHTTP2_FLAG_NONE, s->id, NGHTTP2_CANCEL);
}

/* --- heads ------------------------------------------------------------------------------------------------------ */

struct fields {
	nghttp2_nv nv[OWN_FIELDS + HTTP_FIELDS_MAX];
	size_t count;
	char status[4], length[24];
};

/* nghttp2 copies both and makes the name lower case; it only wants them without const. */
static void put(struct fields *f, struct text name, struct text value)
{
	union {
		const char *in;
		uint8_t *out;
	} n = { .in = name.at }, v = { .in = value.at ? value.at : "" };

	f->nv[f->count++] = (nghttp2_nv){ .name = n.out, .namelen = name.len, .value = v.out, .valuelen = value.len };
}

static void put_first(struct fields *f, const struct http2_head *head)
{
	if (head->status) {
		snprintf(f->status, sizeof(f->status), "%u", head->status % 1000);
		put(f, TEXT_LITERAL(":status"), text_of(f->status));
		return;
	}
	put(f, TEXT_LITERAL(":method"), text_of(head->method));
	put(f, TEXT_LITERAL(":scheme"), text_of(head->https ? "https" : "http"));
	put(f, TEXT_LITERAL(":authority"), head->authority);
	put(f, TEXT_LITERAL(":path"), head->target);
}

static void put_head(struct fields *f, const struct http2_head *head)
{
	put_first(f, head);
	if (head->date.len)
		put(f, TEXT_LITERAL("date"), head->date);
	if (head->agent.len)
		put(f, head->status ? TEXT_LITERAL("server") : TEXT_LITERAL("user-agent"), head->agent);
	if (head->content_type)
		put(f, TEXT_LITERAL("content-type"), text_of(head->content_type));
	if (head->has_length) {
		snprintf(f->length, sizeof(f->length), "%llu", (unsigned long long)head->length);
		put(f, TEXT_LITERAL("content-length"), text_of(f->length));
	}
	for (unsigned i = 0; i < head->fields_count && f->count < OWN_FIELDS + HTTP_FIELDS_MAX; i++) {
		const struct http_field *field = &head->fields[i];
		if (http_name_ok(field->name, false) && http_value_ok(field->value))
			put(f, field->name, field->value);
	}
}

void http2_answer(struct http2_stream *s, const struct http2_head *head, struct text body, bool end)
{
	struct fields f = { 0 };
	nghttp2_data_provider provider = { .source.ptr = s, .read_callback = read_out };

	if (s->answered)
		return;
	s->answered = true;
	put_head(&f, head);
	queue(s, body);
	s->out_ended = end;
	bool nothing = end && !body.len;
	if (nghttp2_submit_response(s->h->session, s->id, f.nv, f.count, nothing ? NULL : &provider))
		http2_cancel(s);
}

bool http2_may_request(const struct http2 *h)
{
	uint32_t peers = nghttp2_session_get_remote_settings(h->session, NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS);

	return !http2_ending(h) && h->count < h->limits.streams_max && h->count < peers &&
	       nghttp2_session_check_request_allowed(h->session);
}

struct http2_stream *http2_request(struct http2 *h, const struct http2_head *head, struct text body, void *data)
{
	struct fields f = { 0 };

	if (!http2_may_request(h))
		return NULL;
	struct http2_stream *s = http2_stream_new(h, 0);
	nghttp2_data_provider provider = { .source.ptr = s, .read_callback = read_out };
	s->data = data;
	put_head(&f, head);
	queue(s, body);
	s->out_ended = true;
	s->id = nghttp2_submit_request(h->session, NULL, f.nv, f.count, body.len ? &provider : NULL, s);
	if (s->id < 0) { /* the numbers of streams are used up */
		h->ending = true;
		http2_stream_drop(s);
		return NULL;
	}
	return s;
}

/* --- sending ---------------------------------------------------------------------------------------------------- */

/* Callbacks may end streams, but only inside nghttp2's calls, so the list stands still here. */
static bool tell_room(struct http2 *h)
{
	bool told = false;

	if (!h->room_due)
		return false;
	h->room_due = false;
	for (struct http2_stream *s = h->streams; s; s = s->next) {
		if (!s->full || http2_backlog(s) > h->limits.stream_backlog / 2)
			continue;
		s->full = false;
		told = true;
		if (h->handler.room)
			h->handler.room(h->owner, s);
	}
	return told;
}

size_t http2_output(struct http2 *h, const uint8_t **bytes_out)
{
	ssize_t n = nghttp2_session_mem_send(h->session, bytes_out);

	if (n <= 0 && tell_room(h))
		n = nghttp2_session_mem_send(h->session, bytes_out);
	return n > 0 ? (size_t)n : 0;
}
