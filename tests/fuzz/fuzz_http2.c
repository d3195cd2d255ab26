/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The HTTP/2 engine of either side (first octet) before any octets; a server's get the preface put before them. */
#include <stdlib.h>

#include "core/net/http2.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static void on_message(void *owner, struct http2_stream *s)
{
	const struct http_message *m = http2_message(s);
	struct http2_head head = { .status = 200 };
	unsigned *server = owner;

	if (!http2_bad_status(s)) {
		for (unsigned i = 0; i < m->fields_count; i++) {
			if (!http_name_ok(m->fields[i].name, true) || !http_value_ok(m->fields[i].value))
				abort();
		}
	}
	if (*server)
		http2_answer(s, &head, m->body, m->body.len & 1);
}

static void on_closed(void *owner, struct http2_stream *s, bool complete)
{
	(void)owner;
	(void)s;
	(void)complete;
}

static void drain(struct http2 *h)
{
	const uint8_t *at;

	while (http2_output(h, &at))
		;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	static const struct http2_handler handler = { on_message, on_closed, NULL };
	static const struct http2_limits limits = { 10, 2000, 5000, 1000 };
	struct http2_head head = { .method = "POST", .authority = text_of("x"), .target = text_of("/") };
	struct http_pool pool = { 0 };
	const char *why;
	unsigned server = len && (bytes[0] & 1);
	struct http2 *h = http2_new(server ? HTTP2_SERVER : HTTP2_CLIENT, &limits, &pool, &handler, &server);
	size_t piece = len ? 1 + (bytes[0] >> 1) : 1;

	if (server && http2_input(h, (const uint8_t *)HTTP2_PREFACE, HTTP2_PREFACE_SIZE, 1, &why))
		abort();
	for (unsigned i = 0; !server && i < 3; i++)
		(void)http2_request(h, &head, text_of(i ? "body" : ""), NULL);
	drain(h);
	for (size_t at = 1; at < len; at += piece) {
		if (http2_input(h, bytes + at, len - at < piece ? len - at : piece, (int64_t)at, &why))
			break;
		drain(h);
	}
	drain(h);
	http2_free(&h);
	http_pool_clear(&pool);
	return 0;
}
