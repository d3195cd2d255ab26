/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * HTTP/2 (RFC 9113) as an engine of either side: octets in, octets out, whole messages up. Framing, HPACK and flow
 * control are nghttp2's, behind this file alone; what a peer may cost us is limited here: open streams, header and body
 * sizes, what is collected at once, resets (CVE-2023-44487) and control frames, both by a rate.
 */
#ifndef CORE_NET_HTTP2_H
#define CORE_NET_HTTP2_H

#include "core/net/http_builder.h"

struct http2;
struct http2_stream; /* one exchange; the engine's */

#define HTTP2_PREFACE "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
#define HTTP2_PREFACE_SIZE 24u

#define HTTP2_RESETS_BURST 200	 /* exchanges that ended early: a bucket of so many, */
#define HTTP2_RESETS_RATE 20	 /* refilled by so many in a second */
#define HTTP2_CONTROL_BURST 1000 /* PING, SETTINGS, PRIORITY, empty DATA */
#define HTTP2_CONTROL_RATE 100
#define HTTP2_WINDOW (256u * 1024u)	 /* of a stream */
#define HTTP2_WINDOW_ALL (1024u * 1024u) /* of the connection */

enum http2_side { HTTP2_SERVER, HTTP2_CLIENT };

struct http2_limits {
	unsigned streams_max;  /* that the peer (server), or we (client) have open */
	size_t body_max;       /* of one message: 413 */
	size_t collected_max;  /* of all bodies of the connection: 503 */
	size_t stream_backlog; /* octets of a stream that wait to be sent; more: http2_write() is false */
};

struct http2_handler {
	/* A whole request or answer is there, or one that must be refused: see http2_bad_status(). */
	void (*message)(void *owner, struct http2_stream *s);
	/* Over, and gone after this. `complete`: both sides said everything. */
	void (*closed)(void *owner, struct http2_stream *s, bool complete);
	/* After http2_write() was false, its octets were taken. */
	void (*room)(void *owner, struct http2_stream *s);
};

/* The pool outlives the engine; handler and limits are copied. */
struct http2 *http2_new(enum http2_side side, const struct http2_limits *limits, struct http_pool *pool,
			const struct http2_handler *handler, void *owner);
void http2_free(struct http2 **h); /* `closed` is called for each open stream; not from a callback */

/* Takes everything. Not OK: send what http2_output() still has, and close. now_us: any clock that goes forward. */
MUST_CHECK enum result http2_input(struct http2 *h, const uint8_t *bytes, size_t n, int64_t now_us,
				   const char **why_out);
/* The next octets to send, good until the next call; 0 when there are none. */
size_t http2_output(struct http2 *h, const uint8_t **bytes_out);
bool http2_alive(const struct http2 *h); /* false: everything was said, close */
/* GOAWAY: the peer starts no more streams; open ones go on. The connection is not alive once they are over. */
void http2_goaway(struct http2 *h);
unsigned http2_streams(const struct http2 *h); /* open */
bool http2_receiving(const struct http2 *h);   /* a message has begun and is not whole */
/* When the one of these that has waited longest last went on; INT64_MAX where there is none. */
int64_t http2_waits_since(const struct http2 *h);
unsigned http2_cancel_stalled(struct http2 *h, int64_t before_us); /* RST_STREAM for those that wait since then */

const struct http_message *http2_message(const struct http2_stream *s);
/* Its memory goes to the caller, who gives it back to the pool. */
struct http_builder *http2_take(struct http2_stream *s);
unsigned http2_bad_status(const struct http2_stream *s); /* 0 = good; 400, 405, 413, 431, 503 */
const char *http2_bad_why(const struct http2_stream *s);
void http2_set_data(struct http2_stream *s, void *data);
void *http2_data(const struct http2_stream *s);

struct http2_head {
	unsigned status; /* of an answer; 0 = a request */
	const char *method;
	bool https;
	struct text authority, target;
	struct text date, agent; /* Date and Server, or User-Agent; empty = left out */
	const char *content_type;
	bool has_length;
	uint64_t length;
	const struct http_field *fields; /* one with a bad name or value is left out */
	unsigned fields_count;
};

/* The server's answer. `end`: no more follows the body, which is copied. */
void http2_answer(struct http2_stream *s, const struct http2_head *head, struct text body, bool end);
/* The client's request, body copied. NULL when the connection takes no more now. */
struct http2_stream *http2_request(struct http2 *h, const struct http2_head *head, struct text body, void *data);
bool http2_may_request(const struct http2 *h);
bool http2_ending(const struct http2 *h); /* the peer said GOAWAY: no more requests */
/* More of a body. False when more than the backlog waits. */
bool http2_write(struct http2_stream *s, struct text bytes);
size_t http2_backlog(const struct http2_stream *s);
void http2_end(struct http2_stream *s);	   /* the body is complete */
void http2_cancel(struct http2_stream *s); /* RST_STREAM; `closed` follows in http2_output() or http2_input() */
/* In `closed`, of a client: the server did nothing with the request, it may be sent again (RFC 9113 8.7). */
bool http2_unprocessed(const struct http2_stream *s);

#endif
