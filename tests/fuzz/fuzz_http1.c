/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The HTTP/1 engine, either side by the first octet, fed whole and again in pieces: both must see the same messages and
 * come to the same end. What it takes for a message is good by the rules of our own.
 */
#include <stdlib.h>

#include "core/base/arena.h"
#include "core/net/http1.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

struct outcome {
	unsigned messages, bad;
	uint64_t octets;
};

static void look(const struct http_message *m, struct outcome *o, bool server)
{
	o->messages++;
	o->octets = o->octets * 31 + m->body.len * 7 + m->fields_count + m->target.len;
	for (unsigned i = 0; i < m->fields_count; i++) {
		if (!http_name_ok(m->fields[i].name, false) || !http_value_ok(m->fields[i].value))
			abort();
	}
	if (server && m->path.at[0] != '/' && m->path.at[0] != '*')
		abort();
	(void)http_content_type(m);
	(void)http_field_lists(m, "connection", "close");
}

static void forms(const struct http_message *m, struct arena *arena)
{
	struct text rest = m->query, name, value;

	while (http_form_next(&rest, arena, &name, &value))
		;
	arena_reset(arena);
}

/* False when the engine is done with this input. */
static bool step(struct http1 *h, const uint8_t *at, size_t n, size_t *taken, struct outcome *o, bool server)
{
	static struct arena *arena;

	if (!arena)
		arena = arena_new(1 << 16);
	switch (http1_input(h, at, n, taken)) {
	case HTTP1_HEAD:
		return true;
	case HTTP1_DONE:
		look(http1_message(h), o, server);
		forms(http1_message(h), arena);
		http1_next(h);
		return true;
	case HTTP1_BAD:
		o->bad = http1_bad_status(h);
		if (o->bad < 400 || !http1_bad_why(h))
			abort();
		return false;
	default:
		if (*taken != n)
			abort();
		return false;
	}
}

static struct outcome run(const uint8_t *bytes, size_t len, size_t piece, bool server)
{
	struct http_pool pool = { 0 };
	struct http1 *h = http1_new(server ? HTTP1_SERVER : HTTP1_CLIENT, 4096, &pool);
	struct outcome o = { 0 };

	for (size_t at = 0; at < len && !o.bad; at += piece) {
		size_t n = len - at < piece ? len - at : piece, sum = 0, taken;
		while (step(h, bytes + at + sum, n - sum, &taken, &o, server) && (sum += taken) < n)
			;
	}
	if (!o.bad && http1_end(h) == HTTP1_DONE)
		o.messages++;
	http1_free(&h);
	http_pool_clear(&pool);
	return o;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	if (!len)
		return 0;
	bool server = bytes[0] & 1;
	size_t piece = 1 + (bytes[0] >> 1) % 60;
	struct outcome whole = run(bytes + 1, len - 1, len, server);
	struct outcome pieces = run(bytes + 1, len - 1, piece, server);
	if (whole.messages != pieces.messages || !whole.bad != !pieces.bad || whole.octets != pieces.octets)
		abort();
	return 0;
}
