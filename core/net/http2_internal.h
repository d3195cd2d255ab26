/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What http2.c (the connection, what comes in) and http2_send.c (what goes out) share; they alone see nghttp2. */
#ifndef CORE_NET_HTTP2_INTERNAL_H
#define CORE_NET_HTTP2_INTERNAL_H

#include <nghttp2/nghttp2.h>

#include "core/net/http2.h"

struct http2_bucket {
	int64_t micro; /* tokens left, in millionths */
	int64_t burst, rate;
};

struct http2 {
	nghttp2_session *session;
	enum http2_side side;
	struct http2_limits limits;
	struct http_pool *pool;
	struct http2_handler handler;
	void *owner;
	struct http2_stream *streams;
	unsigned count, receiving;
	size_t collected;
	int64_t now_us;
	struct http2_bucket resets, control;
	bool flooded, ending, room_due, freeing;
};

struct http2_stream {
	struct http2 *h;
	struct http2_stream *next, *prev;
	int32_t id;
	struct http_builder *builder;
	void *data;
	unsigned bad;
	const char *why;
	size_t collected, discarded;
	int64_t since_us; /* it began, or its body last went on */
	bool head_done;	  /* what follows are trailers */
	bool whole;	  /* the peer said everything */
	bool told;	  /* `message` was called */
	bool answered, out_ended, out_sent, full, deferred;
	uint32_t error;
	uint8_t *out;
	size_t out_at, out_len, out_size;
};

struct http2_stream *http2_stream_new(struct http2 *h, int32_t id);
void http2_stream_drop(struct http2_stream *s); /* `closed` is not called */
bool http2_spend(struct http2 *h, struct http2_bucket *bucket);

#endif
