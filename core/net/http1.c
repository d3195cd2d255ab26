/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A message in three stages:
 *
 *	START (blank lines before it) -> HEAD (lines counted here, then given to llhttp) -> BODY (llhttp alone) -> DONE
 *
 * The head ends at its first empty line by our count. llhttp has to find the same end, or the message is refused.
 */
#include "core/net/http1.h"

#include <llhttp/llhttp.h>
#include <stdlib.h>

#include "core/base/arena.h"

#define BLANK_MAX 4u /* octets of CR and LF before a message, RFC 9112 2.2 */
#define HEAD_MAX (HTTP_TARGET_MAX + HTTP_FIELD_BYTES_MAX + HTTP_FIELDS_MAX * 8u)

enum stage { START, HEAD, BODY, DONE, BAD };

struct http1 {
	llhttp_t parser;
	enum http1_side side;
	enum stage stage;
	size_t body_max;
	struct http_pool *pool;
	struct http_builder *builder;
	struct http_field *field;
	bool in_value;	 /* the field's value has begun */
	bool head_ended; /* llhttp said so */
	bool keep_alive, expects_continue;
	unsigned blanks;
	size_t head_len, trailer_len;
	uint64_t body_len; /* octets taken for the body, with what frames it */
	uint8_t first;	   /* octet of the message */
	char last;	   /* the last octet of the head so far */
	size_t line_len;   /* octets of its current line so far */
	size_t first_line_len;
	unsigned lines;
	enum http_method asked;
	unsigned status;
	const char *why;
};

static int bad(struct http1 *h, unsigned status, const char *why)
{
	if (!h->status) {
		h->status = status;
		h->why = why;
	}
	return -1;
}

/* --- llhttp's callbacks ----------------------------------------------------------------------------------------- */

static int on_method(llhttp_t *parser, const char *at, size_t n)
{
	struct http1 *h = parser->data;

	http_builder_add(h->builder, &h->builder->message.method_text, at, n);
	return 0;
}

static int on_url(llhttp_t *parser, const char *at, size_t n)
{
	struct http1 *h = parser->data;

	if (h->builder->message.target.len + n > HTTP_TARGET_MAX)
		return bad(h, 414, "the request target is too long");
	http_builder_add(h->builder, &h->builder->message.target, at, n);
	return 0;
}

static int count_trailer(struct http1 *h, size_t n)
{
	h->trailer_len += n;
	return h->trailer_len > HTTP_FIELD_BYTES_MAX ? bad(h, 431, "the trailer is too large") : 0;
}

static int on_header_field(llhttp_t *parser, const char *at, size_t n)
{
	struct http1 *h = parser->data;

	if (h->head_ended)
		return count_trailer(h, n);
	if (!h->field || h->in_value)
		h->field = http_builder_field(h->builder);
	h->in_value = false;
	if (!h->field || !http_builder_count(h->builder, n))
		return bad(h, 431, "the header is too large");
	http_builder_add(h->builder, &h->field->name, at, n);
	return 0;
}

static int on_header_value(llhttp_t *parser, const char *at, size_t n)
{
	struct http1 *h = parser->data;

	if (h->head_ended)
		return count_trailer(h, n);
	h->in_value = true;
	if (!http_builder_count(h->builder, n))
		return bad(h, 431, "the header is too large");
	http_builder_add(h->builder, &h->field->value, at, n);
	return 0;
}

static int on_body(llhttp_t *parser, const char *at, size_t n)
{
	struct http1 *h = parser->data;
	struct text *body = &h->builder->message.body;

	if (n > h->body_max - body->len)
		return bad(h, 413, "the body is too large");
	if (http_pool_full(h->pool))
		return bad(h, 503, "too much is under way");
	http_builder_add(h->builder, body, at, n);
	return 0;
}

static int on_message_complete(llhttp_t *parser)
{
	struct http1 *h = parser->data;

	h->stage = DONE;
	return HPE_PAUSED;
}

/* --- the head as a whole ---------------------------------------------------------------------------------------- */

static unsigned count_fields(const struct http_message *m, const char *name)
{
	unsigned n = 0;

	for (unsigned i = 0; i < m->fields_count; i++)
		n += text_is_nocase(m->fields[i].name, name);
	return n;
}

/* What says where the body ends: one thing, in one way (RFC 9112 6.3 and 11.2). */
static int judge_framing(struct http1 *h, const struct http_message *m)
{
	unsigned lengths = count_fields(m, "content-length"), codings = count_fields(m, "transfer-encoding");
	uint64_t length;

	if (codings && lengths)
		return bad(h, 400, "Content-Length and Transfer-Encoding together");
	if (lengths > 1 || codings > 1)
		return bad(h, 400, "the length of the body stands twice");
	if (codings && m->version == HTTP_1_0)
		return bad(h, 400, "Transfer-Encoding in HTTP/1.0");
	if (codings && !text_is_nocase(http_field_get(m, "transfer-encoding"), "chunked"))
		return bad(h, 501, "the transfer coding is not supported");
	if (!lengths)
		return 0;
	if (!text_to_u64(http_field_get(m, "content-length"), UINT64_MAX, &length))
		return bad(h, 400, "Content-Length is not a number");
	if (length > h->body_max && !(h->side == HTTP1_CLIENT && h->asked == HTTP_METHOD_HEAD))
		return bad(h, 413, "the body is too large");
	return 0;
}

static int judge_version(struct http1 *h, struct http_message *m)
{
	if (h->parser.http_major != 1 || h->parser.http_minor > 1)
		return bad(h, 505, "only HTTP/1.0 and 1.1 are spoken");
	m->version = h->parser.http_minor ? HTTP_1_1 : HTTP_1_0;
	return 0;
}

static void trim_values(struct http_message *m)
{
	for (unsigned i = 0; i < m->fields_count; i++) {
		struct text *v = &m->fields[i].value;
		while (v->len && (v->at[v->len - 1] == ' ' || v->at[v->len - 1] == '\t'))
			v->len--;
		if (!v->at)
			v->at = "";
	}
}

static int judge_request(struct http1 *h, struct http_message *m)
{
	const char *why = NULL;

	/* "GET /x HTTP/1.1" and CRLF: llhttp skips more blanks than the one that belongs there. */
	if (h->first_line_len != m->method_text.len + m->target.len + 12)
		return bad(h, 400, "the request line is malformed");
	unsigned status = http_builder_judge_request(h->builder, &why);
	if (status)
		return bad(h, status, why);
	struct text expect = http_field_get(m, "expect");
	if (expect.at && !text_is_nocase(expect, "100-continue"))
		return bad(h, 417, "the expectation cannot be met");
	h->expects_continue = expect.at && m->version == HTTP_1_1;
	return 0;
}

static int judge_answer(struct http1 *h, struct http_message *m)
{
	m->status = h->parser.status_code;
	if (m->status < 100 || m->status > 599 || m->status == 101)
		return bad(h, 502, "the answer has a bad status");
	for (unsigned i = 0; i < m->fields_count; i++) {
		if (!http_name_ok(m->fields[i].name, false) || !http_value_ok(m->fields[i].value))
			return bad(h, 502, "the answer has a bad field");
	}
	return 0;
}

/* 1: no body follows whatever the header says. */
static int on_headers_complete(llhttp_t *parser)
{
	struct http1 *h = parser->data;
	struct http_message *m = &h->builder->message;

	h->head_ended = true;
	trim_values(m);
	if (judge_version(h, m) || judge_framing(h, m))
		return -1;
	if (h->side == HTTP1_SERVER ? judge_request(h, m) : judge_answer(h, m))
		return -1;
	parser->upgrade = 0; /* "Upgrade" is not obeyed (RFC 9110 7.8 lets a server ignore it) */
	h->keep_alive = llhttp_should_keep_alive(parser);
	return h->side == HTTP1_CLIENT &&
	       (h->asked == HTTP_METHOD_HEAD || m->status < 200 || m->status == 204 || m->status == 304);
}

static const llhttp_settings_t settings = {
	.on_method = on_method,
	.on_url = on_url,
	.on_header_field = on_header_field,
	.on_header_value = on_header_value,
	.on_headers_complete = on_headers_complete,
	.on_body = on_body,
	.on_message_complete = on_message_complete,
};

/* --- the engine ------------------------------------------------------------------------------------------------- */

static unsigned status_of_error(const struct http1 *h, llhttp_errno_t error)
{
	switch (error) {
	case HPE_INVALID_VERSION:
		return 505;
	case HPE_INVALID_METHOD:
		return h->first >= 'A' && h->first <= 'Z' ? 501 : 400;
	default:
		return 400;
	}
}

static const char *why_of_error(llhttp_errno_t error)
{
	switch (error) {
	case HPE_INVALID_VERSION:
		return "the HTTP version is malformed or unknown";
	case HPE_INVALID_METHOD:
		return "the method is unknown";
	case HPE_INVALID_URL:
		return "the request target is malformed";
	case HPE_INVALID_HEADER_TOKEN:
		return "a header line is malformed";
	case HPE_INVALID_CONTENT_LENGTH:
	case HPE_UNEXPECTED_CONTENT_LENGTH:
	case HPE_INVALID_TRANSFER_ENCODING:
		return "the length of the body is malformed";
	case HPE_INVALID_CHUNK_SIZE:
		return "a chunk is malformed";
	case HPE_INVALID_STATUS:
		return "the status line is malformed";
	default:
		return "not HTTP";
	}
}

static enum http1_step fail(struct http1 *h, unsigned status, const char *why)
{
	(void)bad(h, status, why);
	h->stage = BAD;
	return HTTP1_BAD;
}

/* Feeds llhttp; returns how many octets it took, which is all of them unless the message ended or is bad. */
static size_t feed(struct http1 *h, const uint8_t *bytes, size_t n)
{
	const char *at = (const char *)bytes;
	llhttp_errno_t error = llhttp_execute(&h->parser, at, n);

	if (error == HPE_OK)
		return n;
	if (error == HPE_PAUSED && h->stage == DONE)
		return (size_t)(llhttp_get_error_pos(&h->parser) - at);
	if (!h->status) {
		h->why = why_of_error(error);
		h->status = status_of_error(h, error);
	}
	h->stage = BAD;
	return 0;
}

static void begin(struct http1 *h)
{
	h->builder = http_builder_take(h->pool);
	llhttp_init(&h->parser, h->side == HTTP1_SERVER ? HTTP_REQUEST : HTTP_RESPONSE, &settings);
	h->parser.data = h;
	h->field = NULL;
	h->in_value = h->head_ended = h->keep_alive = h->expects_continue = false;
	h->head_len = h->trailer_len = 0;
	h->body_len = 0;
	h->line_len = h->lines = 0;
	h->last = 0;
	h->stage = HEAD;
}

/* One line of the head, or as much of it as is there. 0: go on; 1: the head ends with it; -1: bad. */
static int judge_line(struct http1 *h, const char *at, size_t n, bool whole)
{
	if (!h->line_len && h->lines && (at[0] == ' ' || at[0] == '\t'))
		return bad(h, 400, "a folded header line");
	char before = n > 1 ? at[n - 2] : h->last;
	h->line_len += n;
	h->last = at[n - 1];
	if (!whole)
		return 0;
	if (before != '\r' || h->line_len < 2)
		return bad(h, 400, "a line does not end in CRLF");
	bool empty = h->line_len == 2;
	if (!h->lines++)
		h->first_line_len = h->line_len;
	h->line_len = 0;
	return empty;
}

/* How many of the octets belong to the head. *ended_out: its last line is among them. */
static size_t head_part(struct http1 *h, const uint8_t *bytes, size_t n, bool *ended_out)
{
	size_t at = 0;
	int judged = 0;

	while (at < n && !judged) {
		const uint8_t *lf = memchr(bytes + at, '\n', n - at);
		size_t line = lf ? (size_t)(lf - (bytes + at)) + 1 : n - at;
		judged = judge_line(h, (const char *)bytes + at, line, lf != NULL);
		at += line;
	}
	*ended_out = judged > 0;
	return at;
}

static enum http1_step input_head(struct http1 *h, const uint8_t *bytes, size_t n, size_t *taken_out)
{
	bool ended;
	size_t part = head_part(h, bytes, n, &ended);

	if (h->status)
		return fail(h, h->status, h->why);
	h->head_len += part;
	*taken_out += feed(h, bytes, part);
	if (h->stage == BAD)
		return HTTP1_BAD;
	if (h->head_len > HEAD_MAX)
		return fail(h, 431, "the header is too large");
	if (ended != h->head_ended)
		return fail(h, 400, "the end of the header is ambiguous");
	if (h->stage == DONE)
		return HTTP1_DONE;
	if (!ended)
		return HTTP1_MORE;
	h->stage = BODY;
	return HTTP1_HEAD;
}

/* Chunks of one octet need five more; what goes far beyond that are extensions without an end (CVE-2024-22019). */
static bool framing_ok(const struct http1 *h)
{
	return h->body_len <= 9 * (uint64_t)h->builder->message.body.len + HTTP_CHUNK_FRAMING_MAX + h->trailer_len * 3;
}

static enum http1_step input_body(struct http1 *h, const uint8_t *bytes, size_t n, size_t *taken_out)
{
	size_t taken = feed(h, bytes, n);

	*taken_out += taken;
	h->body_len += taken;
	if (h->stage == BAD)
		return HTTP1_BAD;
	if (!framing_ok(h))
		return fail(h, 400, "chunk extensions are too long");
	return h->stage == DONE ? HTTP1_DONE : HTTP1_MORE;
}

/* Blank lines that a careless client sends behind a body. */
static size_t skip_blank(struct http1 *h, const uint8_t *bytes, size_t n)
{
	size_t at = 0;

	while (at < n && (bytes[at] == '\r' || bytes[at] == '\n'))
		at++;
	h->blanks += (unsigned)(at > BLANK_MAX ? BLANK_MAX + 1 : at);
	return at;
}

/* An interim answer (100, 103) says nothing: the next message is the answer. */
static bool is_interim(const struct http1 *h, enum http1_step step)
{
	return step == HTTP1_DONE && h->side == HTTP1_CLIENT && h->builder->message.status < 200;
}

static enum http1_step input_once(struct http1 *h, const uint8_t *bytes, size_t n, size_t *taken_out)
{
	size_t skipped = 0;

	if (h->stage == START) {
		skipped = skip_blank(h, bytes, n);
		*taken_out += skipped;
		if (h->blanks > BLANK_MAX)
			return fail(h, 400, "not HTTP");
		if (skipped == n)
			return HTTP1_MORE;
		begin(h);
		h->first = bytes[skipped];
	}
	if (h->stage == HEAD)
		return input_head(h, bytes + skipped, n - skipped, taken_out);
	if (h->stage == BODY)
		return input_body(h, bytes + skipped, n - skipped, taken_out);
	return h->stage == DONE ? HTTP1_DONE : HTTP1_BAD;
}

enum http1_step http1_input(struct http1 *h, const uint8_t *bytes, size_t n, size_t *taken_out)
{
	enum http1_step step;

	*taken_out = 0;
	do {
		step = n > *taken_out || h->stage >= DONE ? input_once(h, bytes + *taken_out, n - *taken_out, taken_out)
							  : HTTP1_MORE;
		if (!is_interim(h, step))
			return step;
		http1_next(h);
	} while (*taken_out < n);
	return HTTP1_MORE;
}

enum http1_step http1_end(struct http1 *h)
{
	if (h->stage == START)
		return HTTP1_MORE;
	if (h->stage == BODY && h->side == HTTP1_CLIENT && llhttp_finish(&h->parser) != HPE_INVALID_EOF_STATE &&
	    h->stage == DONE)
		return HTTP1_DONE;
	if (h->stage == DONE)
		return HTTP1_DONE;
	return fail(h, 400, "the connection ended within a message");
}

struct http1 *http1_new(enum http1_side side, size_t body_max, struct http_pool *pool)
{
	struct http1 *h = must_alloc(sizeof(*h));

	h->side = side;
	h->body_max = body_max;
	h->pool = pool;
	h->asked = HTTP_METHOD_GET;
	return h;
}

void http1_free(struct http1 **h)
{
	if (!*h)
		return;
	http_builder_give((*h)->pool, &(*h)->builder);
	free(*h);
	*h = NULL;
}

void http1_expect(struct http1 *h, enum http_method method)
{
	h->asked = method;
}

const struct http_message *http1_message(const struct http1 *h)
{
	return h->builder ? &h->builder->message : NULL;
}

struct http_builder *http1_take(struct http1 *h)
{
	struct http_builder *b = h->builder;

	h->builder = NULL;
	return b;
}

void http1_next(struct http1 *h)
{
	http_builder_give(h->pool, &h->builder);
	if (h->stage == BAD)
		return;
	h->stage = START;
	h->blanks = 0;
}

bool http1_begun(const struct http1 *h)
{
	return h->stage == HEAD || h->stage == BODY;
}

bool http1_in_body(const struct http1 *h)
{
	return h->stage == BODY;
}

bool http1_keep_alive(const struct http1 *h)
{
	return h->keep_alive;
}

bool http1_expects_continue(const struct http1 *h)
{
	return h->expects_continue;
}

unsigned http1_bad_status(const struct http1 *h)
{
	return h->status;
}

const char *http1_bad_why(const struct http1 *h)
{
	return h->why;
}
