/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A message while it arrives, for http1.c and http2.c: its octets are collected piece by piece in one growing buffer,
 * and it is judged when its header is complete. Builders come from a pool, so that a request allocates nothing once the
 * pool is warm, and an idle connection holds none.
 */
#ifndef CORE_NET_HTTP_BUILDER_H
#define CORE_NET_HTTP_BUILDER_H

#include "core/net/http_message.h"

#define HTTP_POOL_KEPT 256u	       /* builders kept unused */
#define HTTP_BUILDER_WARM (8u * 1024u) /* a larger buffer is not kept */

struct http_builder {
	struct http_message message;
	char *bytes;
	size_t len, size;
	size_t field_bytes; /* of names and values */
	struct http_pool *pool;
	struct http_builder *next;
};

/* Zeroed it is empty, and without a limit. */
struct http_pool {
	struct http_builder *free;
	unsigned count;
	size_t octets, octets_max; /* of all buffers that are out; 0 = no limit */
};

void http_pool_clear(struct http_pool *pool);
struct http_builder *http_builder_take(struct http_pool *pool); /* an empty message */
void http_builder_give(struct http_pool *pool, struct http_builder **builder);
void http_builder_reset(struct http_builder *b);

/* So much is under way that no more of a body should be taken. */
bool http_pool_full(const struct http_pool *pool);

/* Adds octets to a text of the message. Pieces of one text come without others between. */
void http_builder_add(struct http_builder *b, struct text *to, const void *bytes, size_t n);
/* Starts one more field; NULL when there are too many. */
struct http_field *http_builder_field(struct http_builder *b);
/* Counts n octets of names and values; false when they are too many. */
bool http_builder_count(struct http_builder *b, size_t n);

/* Of a whole header: 0, or the status of the refusal and why. A request: method, target (in origin or absolute form, or
 * "*"), Host against :authority, and what RFC 9110 asks of both. */
unsigned http_builder_judge_request(struct http_builder *b, const char **why_out);

/* A field name is a token (RFC 9110 5.6.2); HTTP/2 wants it in lower case. A value holds no control character but the
 * tabulator. */
bool http_name_ok(struct text name, bool lower);
bool http_value_ok(struct text value);

#endif
