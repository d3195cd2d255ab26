/* SPDX-License-Identifier: GPL-3.0-or-later */
/* When the buffer moves, every text of the message that lies in it moves along: texts are good at any time. */
#include "core/net/http_builder.h"

#include <stdlib.h>

#include "core/base/arena.h"
#include "core/net/uri.h"

#define BYTES_FIRST 1024u

void http_builder_reset(struct http_builder *b)
{
	struct http_message *m = &b->message;

	/* The array of fields is not cleared: `fields_count` says which are good. */
	m->version = HTTP_1_1;
	m->status = 0;
	m->method = HTTP_METHOD_OTHER;
	m->method_text = m->target = m->path_raw = m->path = m->query = m->authority = m->body = (struct text){ 0 };
	m->fields_count = 0;
	b->len = b->field_bytes = 0;
}

struct http_builder *http_builder_take(struct http_pool *pool)
{
	struct http_builder *b = pool->free;

	if (b) {
		pool->free = b->next;
		pool->count--;
	} else {
		b = must_alloc(sizeof(*b));
		b->bytes = must_alloc(BYTES_FIRST);
		b->size = BYTES_FIRST;
	}
	b->pool = pool;
	pool->octets += b->size;
	http_builder_reset(b);
	return b;
}

static void builder_free(struct http_builder *b)
{
	free(b->bytes);
	free(b);
}

void http_builder_give(struct http_pool *pool, struct http_builder **builder)
{
	struct http_builder *b = *builder;

	*builder = NULL;
	if (!b)
		return;
	pool->octets -= b->size;
	if (pool->count >= HTTP_POOL_KEPT || b->size > HTTP_BUILDER_WARM) {
		builder_free(b);
		return;
	}
	b->next = pool->free;
	pool->free = b;
	pool->count++;
}

bool http_pool_full(const struct http_pool *pool)
{
	return pool->octets_max && pool->octets > pool->octets_max;
}

void http_pool_clear(struct http_pool *pool)
{
	while (pool->free) {
		struct http_builder *b = pool->free;
		pool->free = b->next;
		builder_free(b);
	}
	pool->count = 0;
}

/* --- collecting ------------------------------------------------------------------------------------------------- */

static void move_text(struct text *t, const struct http_builder *from, char *to)
{
	if (t->at && t->at >= from->bytes && t->at <= from->bytes + from->len) /* not a constant */
		t->at = to + (t->at - from->bytes);
}

static void reserve(struct http_builder *b, size_t more)
{
	struct http_message *m = &b->message;
	size_t size = b->size, need = b->len + more;

	if (need <= size)
		return;
	while (size < need)
		size *= 2;
	char *bytes = must_alloc(size);
	memcpy(bytes, b->bytes, b->len);
	struct text *const texts[] = { &m->method_text, &m->target, &m->path_raw, &m->path,
				       &m->query,	&m->body,   &m->authority };
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		move_text(texts[i], b, bytes);
	for (unsigned i = 0; i < m->fields_count; i++) {
		move_text(&m->fields[i].name, b, bytes);
		move_text(&m->fields[i].value, b, bytes);
	}
	free(b->bytes);
	b->pool->octets += size - b->size;
	b->bytes = bytes;
	b->size = size;
}

void http_builder_add(struct http_builder *b, struct text *to, const void *bytes, size_t n)
{
	reserve(b, n);
	if (!to->at)
		to->at = b->bytes + b->len;
	if (n)
		memcpy(b->bytes + b->len, bytes, n);
	b->len += n;
	to->len += n;
}

struct http_field *http_builder_field(struct http_builder *b)
{
	if (b->message.fields_count == HTTP_FIELDS_MAX)
		return NULL;
	struct http_field *field = &b->message.fields[b->message.fields_count++];
	*field = (struct http_field){ 0 };
	return field;
}

bool http_builder_count(struct http_builder *b, size_t n)
{
	b->field_bytes += n;
	return b->field_bytes <= HTTP_FIELD_BYTES_MAX;
}

/* --- judging ---------------------------------------------------------------------------------------------------- */

/* Classes of octets: 1 = of a token, 2 = of a token, but upper case, 4 = of an authority (RFC 3986 3.2, without "@").
 */
#define T 1
#define U 2
#define A 4
static const unsigned char classes[256] = {
	['!'] = T | A,
	['#'] = T,
	['$'] = T | A,
	['%'] = T | A,
	['&'] = T | A,
	['\''] = T | A,
	['*'] = T | A,
	['+'] = T | A,
	['-'] = T | A,
	['.'] = T | A,
	['^'] = T,
	['_'] = T | A,
	['`'] = T,
	['|'] = T,
	['~'] = T | A,
	['('] = A,
	[')'] = A,
	[','] = A,
	[';'] = A,
	['='] = A,
	[':'] = A,
	['['] = A,
	[']'] = A,
	['0' ... '9'] = T | A,
	['a' ... 'z'] = T | A,
	['A' ... 'Z'] = U | A,
};
#undef T
#undef U
#undef A

static bool all_of(struct text t, unsigned wanted)
{
	for (size_t i = 0; i < t.len; i++) {
		if (!(classes[(unsigned char)t.at[i]] & wanted))
			return false;
	}
	return t.len > 0;
}

bool http_name_ok(struct text name, bool lower)
{
	return all_of(name, lower ? 1 : 3);
}

bool http_value_ok(struct text value)
{
	for (size_t i = 0; i < value.len; i++) {
		unsigned char c = (unsigned char)value.at[i];
		if ((c < 0x20 && c != '\t') || c == 0x7f)
			return false;
	}
	return true;
}

static bool port_ok(struct text rest)
{
	uint64_t port;

	return !rest.len || (rest.at[0] == ':' &&
			     (rest.len == 1 || text_to_u64(text_range(rest.at + 1, rest.len - 1), UINT16_MAX, &port)));
}

static bool authority_ok(struct text t)
{
	bool literal = t.len && t.at[0] == '[';
	const char *end = t.len ? memchr(t.at, literal ? ']' : ':', t.len) : NULL;
	size_t host = t.len;

	if (literal && !end)
		return false;
	if (end)
		host = (size_t)(end - t.at) + literal;
	if (!literal && host && (memchr(t.at, '[', host) || memchr(t.at, ']', host)))
		return false;
	return host && all_of(t, 4) && port_ok(text_range(t.at + host, t.len - host));
}

static unsigned refuse(unsigned status, const char **why_out, const char *why)
{
	*why_out = why;
	return status;
}

static unsigned judge_fields(const struct http_message *m, const char **why_out)
{
	for (unsigned i = 0; i < m->fields_count; i++) {
		if (!http_name_ok(m->fields[i].name, false))
			return refuse(400, why_out, "a field name is not a token");
		if (!http_value_ok(m->fields[i].value))
			return refuse(400, why_out, "a field value has a control character");
	}
	return 0;
}

/* Host once (HTTP/1.1: RFC 9112 3.2), and the same as the authority of the target where that names one. */
static unsigned judge_host(struct http_message *m, const char **why_out)
{
	unsigned hosts = 0;

	for (unsigned i = 0; i < m->fields_count; i++)
		hosts += text_is_nocase(m->fields[i].name, "host");
	struct text host = text_trim(http_field_get(m, "host"));
	if (hosts > 1)
		return refuse(400, why_out, "Host stands more than once");
	if (!hosts && !m->authority.len)
		return m->version == HTTP_1_0 ? 0 : refuse(400, why_out, "Host is missing");
	if (hosts && !authority_ok(host))
		return refuse(400, why_out, "Host is malformed");
	if (m->authority.len && !authority_ok(m->authority))
		return refuse(400, why_out, "the authority is malformed");
	if (hosts && m->authority.len && !text_equal(host, m->authority))
		return refuse(400, why_out, "Host differs from the target");
	if (!m->authority.len)
		m->authority = host;
	return 0;
}

static bool has_dot_segment(struct text path)
{
	struct text part;

	while (text_split(&path, '/', &part)) {
		if (text_is(part, ".") || text_is(part, ".."))
			return true;
	}
	return false;
}

static unsigned judge_path(struct http_builder *b, const char **why_out)
{
	struct http_message *m = &b->message;
	const char *question = memchr(m->target.at, '?', m->target.len);

	m->path_raw = m->target;
	if (question) {
		m->path_raw.len = (size_t)(question - m->target.at);
		m->query = text_range(question + 1, m->target.len - m->path_raw.len - 1);
	}
	m->path = m->path_raw;
	if (memchr(m->path_raw.at, '%', m->path_raw.len)) {
		struct text room = { 0 };
		reserve(b, m->path_raw.len);
		http_builder_add(b, &room, m->path_raw.at, m->path_raw.len);
		char *to = b->bytes + (room.at - b->bytes);
		if (uri_decode(m->path_raw, false, to, room.len, &m->path) || memchr(m->path.at, 0, m->path.len))
			return refuse(400, why_out, "the path has a bad escape");
	}
	if (has_dot_segment(m->path))
		return refuse(400, why_out, "the path has a dot segment");
	return 0;
}

/* "http://host/path" becomes the path, and the host the authority. */
static unsigned take_absolute_form(struct http_message *m, const char **why_out)
{
	struct uri uri;
	const char *end = m->target.at + m->target.len;

	if (uri_parse(m->target, &uri, why_out))
		return refuse(400, why_out, "the target is malformed");
	m->authority = uri.server;
	m->target = TEXT_LITERAL("/");
	if (uri.path.len)
		m->target = text_range(uri.path.at, (size_t)(end - uri.path.at));
	else if (uri.has_query)
		return refuse(400, why_out, "the target has no path");
	return 0;
}

unsigned http_builder_judge_request(struct http_builder *b, const char **why_out)
{
	struct http_message *m = &b->message;
	unsigned status = judge_fields(m, why_out);

	m->method = http_method_of(m->method_text);
	if (status)
		return status;
	if (!m->target.len || memchr(m->target.at, '#', m->target.len))
		return refuse(400, why_out, "the target is malformed");
	if (text_is(m->method_text, "CONNECT"))
		return refuse(405, why_out, "this is no proxy");
	if (text_is(m->target, "*") && m->method == HTTP_METHOD_OPTIONS)
		m->path = m->path_raw = m->target;
	else if (m->target.at[0] != '/')
		status = take_absolute_form(m, why_out);
	if (!status && m->target.at[0] == '/')
		status = judge_path(b, why_out);
	return status ? status : judge_host(m, why_out);
}
