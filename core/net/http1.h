/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * HTTP/1.0 and 1.1 (RFC 9112) as an engine of either side: octets in, one message at a time out. Parsing is llhttp's,
 * in its strict mode and behind this file alone. Before llhttp sees a header its lines are judged here, and after it
 * the whole message, because parsers that understand one message differently are how requests get smuggled. Refused
 * are: lines that do not end in CRLF, folded lines, names that are no tokens, control characters in values,
 * Content-Length beside Transfer-Encoding or more than once, any transfer coding but a single "chunked", Host missing,
 * repeated, malformed or unlike the target.
 */
#ifndef CORE_NET_HTTP1_H
#define CORE_NET_HTTP1_H

#include "core/net/http_builder.h"

struct http1;

enum http1_step {
	HTTP1_MORE, /* everything was taken; more is needed */
	HTTP1_HEAD, /* a header is complete and good, its body follows: call again. Not for messages without a body */
	HTTP1_DONE, /* a message is complete: http1_message() until http1_next(). What follows it was not taken */
	HTTP1_BAD,  /* http1_bad_status() and http1_bad_why(); nothing more is taken, ever */
};

enum http1_side { HTTP1_SERVER, HTTP1_CLIENT };

/* The pool outlives the engine. */
struct http1 *http1_new(enum http1_side side, size_t body_max, struct http_pool *pool);
void http1_free(struct http1 **h);

enum http1_step http1_input(struct http1 *h, const uint8_t *bytes, size_t n, size_t *taken_out);
/* The peer ended: HTTP1_DONE when that ends an answer, HTTP1_MORE between messages, HTTP1_BAD within one. */
enum http1_step http1_end(struct http1 *h);
/* The client's side, before each answer: the method that was asked decides whether a body follows. */
void http1_expect(struct http1 *h, enum http_method method);

const struct http_message *http1_message(const struct http1 *h);
/* The message's memory goes to the caller, who gives it back to the pool. Only after HTTP1_DONE. */
struct http_builder *http1_take(struct http1 *h);
void http1_next(struct http1 *h);	      /* ready for the next message */
bool http1_begun(const struct http1 *h);      /* octets of a message have come, and it is not complete */
bool http1_in_body(const struct http1 *h);    /* its header is complete */
bool http1_keep_alive(const struct http1 *h); /* the peer wants the connection kept after this message */
bool http1_expects_continue(const struct http1 *h);
unsigned http1_bad_status(const struct http1 *h); /* what a server should answer: 400, 413, 414, 431, 501, 505 */
const char *http1_bad_why(const struct http1 *h);

/* --- writing ---------------------------------------------------------------------------------------------------- */

#define HTTP1_LENGTH_NONE UINT64_MAX	       /* no body, no Content-Length (204, 304, a request without body) */
#define HTTP1_LENGTH_CHUNKED (UINT64_MAX - 1u) /* Transfer-Encoding: chunked */
#define HTTP1_LENGTH_CLOSE (UINT64_MAX - 2u)   /* until the connection ends: HTTP/1.0 */

struct http1_head {
	unsigned status; /* of an answer; 0 = a request */
	const char *method;
	struct text target, host;
	struct text date, agent; /* Date and Server, or User-Agent; empty = left out */
	const char *content_type;
	const struct http_field *fields; /* one with a bad name or value is left out */
	unsigned fields_count;
	uint64_t length;
	bool close;	 /* Connection: close */
	bool keep_alive; /* Connection: keep-alive, for HTTP/1.0 */
};

/* At most so many octets: for stream_begin(). */
size_t http1_head_room(const struct http1_head *head);
void http1_put_head(struct writer *w, const struct http1_head *head);
void http1_put_chunk_head(struct writer *w, size_t n); /* before n > 0 octets; CRLF follows them */
#define HTTP1_CHUNK_HEAD_ROOM 20u
#define HTTP1_LAST_CHUNK "0\r\n\r\n"
#define HTTP1_CONTINUE "HTTP/1.1 100 Continue\r\n\r\n"

#endif
