/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The HTTP/1 engine: good messages whole and trickled, what must be refused and how, and what is written. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/base/arena.h"
#include "core/base/writer.h"
#include "core/net/http1.h"

#define BODY_MAX 64

struct tally {
	unsigned heads, done;
	unsigned status; /* of a refusal */
	const char *why;
	char seen[2048]; /* each message: METHOD path?query[fields] body, or its status */
	bool keep_alive;
};

/* What does not fit is left out: only its size matters then. */
static void see(struct tally *t, const struct http_message *m)
{
	size_t n = strlen(t->seen);
	struct writer w = writer_of(t->seen + n, sizeof(t->seen) - n - 1);

	writer_printf(&w, "%s%.*s", n ? " | " : "", TEXT_ARGS(m->method_text));
	if (m->status)
		writer_printf(&w, "%u", m->status);
	else
		writer_printf(&w, " %.*s?%.*s@%.*s", TEXT_ARGS(m->path), TEXT_ARGS(m->query), TEXT_ARGS(m->authority));
	writer_printf(&w, "[%u]%.*s", m->fields_count, TEXT_ARGS(m->body));
	t->seen[n + writer_len(&w)] = '\0';
}

/* One step; false when no more is taken of this. */
static bool step(struct http1 *h, struct tally *t, const char *at, size_t n, size_t *taken)
{
	switch (http1_input(h, (const uint8_t *)at, n, taken)) {
	case HTTP1_HEAD:
		t->heads++;
		return true;
	case HTTP1_DONE:
		t->done++;
		t->keep_alive = http1_keep_alive(h);
		see(t, http1_message(h));
		http1_next(h);
		return true;
	case HTTP1_BAD:
		t->status = http1_bad_status(h);
		t->why = http1_bad_why(h);
		return false;
	default:
		assert_int_equal(*taken, n);
		return false;
	}
}

/* Feeds in pieces of `piece` octets from memory of just that size, so that a sanitizer sees every octet beyond. */
static void run(enum http1_side side, enum http_method asked, struct text in, size_t piece, bool end, struct tally *t)
{
	struct http_pool pool = { 0 };
	struct http1 *h = http1_new(side, BODY_MAX, &pool);

	*t = (struct tally){ 0 };
	http1_expect(h, asked);
	for (size_t at = 0; at < in.len && !t->status; at += piece) {
		size_t n = in.len - at < piece ? in.len - at : piece, taken, sum = 0;
		char *copy = must_alloc(n);
		memcpy(copy, in.at + at, n);
		while (step(h, t, copy + sum, n - sum, &taken) && (sum += taken) < n)
			;
		free(copy);
	}
	if (end && !t->status) {
		switch (http1_end(h)) {
		case HTTP1_DONE:
			t->done++;
			see(t, http1_message(h));
			break;
		case HTTP1_BAD:
			t->status = http1_bad_status(h);
			break;
		default:
			break;
		}
	}
	http1_free(&h);
	http_pool_clear(&pool);
}

static const struct good {
	const char *in, *seen;
} goods[] = {
	{ "GET /a?b=c HTTP/1.1\r\nHost: x\r\n\r\n", "GET /a?b=c@x[1]" },
	{ "POST /v1/messages HTTP/1.1\r\nHost: x:8080\r\nContent-Length: 5\r\n\r\nhello",
	  "POST /v1/messages?@x:8080[2]hello" },
	{ "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;e=1\r\nde\r\n0\r\nT: "
	  "v\r\n\r\n",
	  "POST /?@x[2]abcde" },
	{ "PUT /%41%2f%20b HTTP/1.1\r\nHost: [::1]:80\r\nA:\r\nB: \t v \t\r\n\r\n", "PUT /A/ b?@[::1]:80[3]" },
	{ "GET /1 HTTP/1.1\r\nHost: x\r\n\r\nGET /2 HTTP/1.1\r\nHost: x\r\n\r\nPOST /3 HTTP/1.1\r\nHost: "
	  "x\r\nContent-Length: 2\r\n\r\nab",
	  "GET /1?@x[1] | GET /2?@x[1] | POST /3?@x[2]ab" },
	{ "\r\n\r\nGET / HTTP/1.0\r\n\r\n", "GET /?@[0]" },
	{ "GET http://y.example:81/p?q HTTP/1.1\r\nHost: y.example:81\r\n\r\n", "GET /p?q@y.example:81[1]" },
	{ "GET http://y.example HTTP/1.1\r\nHost: y.example\r\n\r\n", "GET /?@y.example[1]" },
	{ "OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n", "OPTIONS *?@x[1]" },
	{ "PROPFIND / HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n", "PROPFIND /?@x[2]" },
	{ "GET / HTTP/1.1\r\nHost: x\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\n", "GET /?@x[3]" },
	{ "GET / HTTP/1.1\r\nhOST: x\r\nX: \xe6\x97\xa5\r\n\r\n", "GET /?@x[2]" },
};

static void good_requests(void **state)
{
	struct tally t;

	(void)state;
	for (size_t i = 0; i < sizeof(goods) / sizeof(goods[0]); i++) {
		struct text in = text_of(goods[i].in);
		for (size_t piece = in.len; piece; piece = piece > 7 ? 7 : piece - 1) {
			run(HTTP1_SERVER, HTTP_METHOD_GET, in, piece, false, &t);
			if (t.status)
				fail_msg("%s: %u %s", goods[i].in, t.status, t.why);
			assert_string_equal(t.seen, goods[i].seen);
		}
	}
}

/* A prefix is never a whole message, and never bad until the connection ends. */
static void prefixes(void **state)
{
	struct tally t, all;

	(void)state;
	for (size_t i = 0; i < sizeof(goods) / sizeof(goods[0]); i++) {
		run(HTTP1_SERVER, HTTP_METHOD_GET, text_of(goods[i].in), SIZE_MAX / 2, false, &all);
		for (size_t n = 0; n < strlen(goods[i].in); n++) {
			run(HTTP1_SERVER, HTTP_METHOD_GET, text_range(goods[i].in, n), n ? n : 1, false, &t);
			assert_int_equal(t.status, 0);
			assert_true(t.done < all.done);
		}
	}
}

#define HOST "Host: x\r\n"
static const struct bad_input {
	const char *in;
	unsigned status;
} bads[] = {
	/* smuggling: what one parser may read in another way than the next */
	{ "POST / HTTP/1.1\r\n" HOST "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400 },
	{ "POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\n", 400 },
	{ "POST / HTTP/1.1\r\n" HOST "Content-Length: 4\r\nContent-Length: 4\r\n\r\nabcd", 400 },
	{ "POST / HTTP/1.1\r\n" HOST "Content-Length: 4\r\nContent-Length: 5\r\n\r\nabcd", 400 },
	{ "POST / HTTP/1.1\r\n" HOST "Content-Length: 4, 4\r\n\r\nabcd", 400 },
	{ "POST / HTTP/1.1\r\n" HOST "Content-Length: +4\r\n\r\nabcd", 400 },
	{ "POST / HTTP/1.1\r\n" HOST "Content-Length: -4\r\n\r\nabcd", 400 },
	{ "POST / HTTP/1.1\r\n" HOST "Content-Length: 0x4\r\n\r\nabcd", 400 },
	{ "POST / HTTP/1.1\r\n" HOST "Content-Length: 4 4\r\n\r\nabcd", 400 },
	{ "POST / HTTP/1.1\r\n" HOST "Content-Length:\r\n\r\nabcd", 400 },
	{ "POST / HTTP/1.1\r\n" HOST "Content-Length: 99999999999999999999999\r\n\r\nabcd", 400 },
	{ "POST / HTTP/1.1\r\n" HOST "Content-Length : 4\r\n\r\nabcd", 400 },
	{ "POST / HTTP/1.1\r\n" HOST "Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n", 400 },
	{ "POST / HTTP/1.1\r\n" HOST " Content-Length: 4\r\n\r\nabcd", 400 },
	{ "POST / HTTP/1.1\r\n" HOST "X: a\r\n b\r\n\r\n", 400 },
	{ "POST / HTTP/1.1\r\n" HOST "X:\r\n\tb\r\n\r\n", 400 },
	{ "POST / HTTP/1.1\r\n" HOST "X: \r\n \r\n\r\n", 400 },
	{ "POST / HTTP/1.1\r\n" HOST "Transfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n", 400 },
	{ "POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n", 501 },
	{ "POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", 501 },
	{ "POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n", 400 },
	{ "POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400 },
	{ "POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: \"chunked\"\r\n\r\n0\r\n\r\n", 501 },
	{ "POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: \x0b"
	  "chunked\r\n\r\n0\r\n\r\n",
	  400 },
	{ "POST / HTTP/1.0\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400 },
	{ "POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\nz\r\n", 400 },
	{ "POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n3 \r\nabc\r\n0\r\n\r\n", 400 },
	{ "POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n3\r\nabcd\r\n0\r\n\r\n", 400 },
	{ "POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n3\nabc\r\n0\r\n\r\n", 400 },
	{ "POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n-3\r\nabc\r\n0\r\n\r\n", 400 },
	{ "POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\nabc\r\n0\r\n\r\n", 400 },
	{ "GET / HTTP/1.1\n" HOST "\n", 400 },
	{ "GET / HTTP/1.1\r\n"
	  "Host: x\n\r\n",
	  400 },
	{ "GET / HTTP/1.1\r\n" HOST "X: a\rY: b\r\n\r\n", 400 },
	{ "GET / HTTP/1.1\r\n" HOST "X: a\r\rY: b\r\n\r\n", 400 },
	{ "GET / HTTP/1.1\r\n" HOST "\r\r\n", 400 },
	{ "GET / HTTP/1.1\r\n" HOST "X\r\n\r\n", 400 },
	{ "GET / HTTP/1.1\r\n" HOST ": v\r\n\r\n", 400 },
	{ "GET / HTTP/1.1\r\n" HOST "X(y): v\r\n\r\n", 400 },
	{ "GET / HTTP/1.1\r\n" HOST "X\xc3\xa9: v\r\n\r\n", 400 },
	{ "GET / HTTP/1.1\r\n" HOST "X: \x01\r\n\r\n", 400 },
	{ "GET / HTTP/1.1\r\n" HOST "X: \x7f\r\n\r\n", 400 },
	/* Host */
	{ "GET / HTTP/1.1\r\n\r\n", 400 },
	{ "GET / HTTP/1.1\r\n" HOST HOST "\r\n", 400 },
	{ "GET / HTTP/1.1\r\nHost:\r\n\r\n", 400 },
	{ "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", 400 },
	{ "GET / HTTP/1.1\r\nHost: u@a\r\n\r\n", 400 },
	{ "GET / HTTP/1.1\r\nHost: a b\r\n\r\n", 400 },
	{ "GET / HTTP/1.1\r\nHost: a:b\r\n\r\n", 400 },
	{ "GET / HTTP/1.1\r\nHost: a:1:2\r\n\r\n", 400 },
	{ "GET / HTTP/1.1\r\nHost: a:65536\r\n\r\n", 400 },
	{ "GET / HTTP/1.1\r\nHost: [::1\r\n\r\n", 400 },
	{ "GET / HTTP/1.1\r\nHost: a[::1]\r\n\r\n", 400 },
	{ "GET http://y/ HTTP/1.1\r\n" HOST "\r\n", 400 },
	{ "GET http://u@x/ HTTP/1.1\r\n" HOST "\r\n", 400 },
	{ "GET http:///p HTTP/1.1\r\n" HOST "\r\n", 400 },
	{ "GET ftp://x/ HTTP/1.1\r\n" HOST "\r\n", 400 },
	/* request line */
	{ "GET  / HTTP/1.1\r\n" HOST "\r\n", 400 },
	{ "GET / HTTP/1.1 \r\n" HOST "\r\n", 505 },
	{ "GET / HTTP/1.2\r\n" HOST "\r\n", 505 },
	{ "GET / HTTP/2.0\r\n" HOST "\r\n", 505 },
	{ "GET / HTTP/0.9\r\n" HOST "\r\n", 505 },
	{ "GET /\r\n\r\n", 505 },
	{ "GET / HTTQ/1.1\r\n" HOST "\r\n", 400 },
	{ "GET / ICE/1.1\r\n" HOST "\r\n", 400 },
	{ "FOO / HTTP/1.1\r\n" HOST "\r\n", 501 },
	{ "get / HTTP/1.1\r\n" HOST "\r\n", 400 },
	{ "\x16\x03\x01\x02", 400 },
	{ "\r\n\r\n\r\nGET / HTTP/1.1\r\n" HOST "\r\n", 400 },
	{ "CONNECT x:80 HTTP/1.1\r\n" HOST "\r\n", 405 },
	{ "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400 },
	{ "GET * HTTP/1.1\r\n" HOST "\r\n", 400 },
	{ "GET a HTTP/1.1\r\n" HOST "\r\n", 400 },
	{ "GET /a#b HTTP/1.1\r\n" HOST "\r\n", 400 },
	{ "GET /%zz HTTP/1.1\r\n" HOST "\r\n", 400 },
	{ "GET /%00 HTTP/1.1\r\n" HOST "\r\n", 400 },
	{ "GET /a/../b HTTP/1.1\r\n" HOST "\r\n", 400 },
	{ "GET /a/%2e%2E/b HTTP/1.1\r\n" HOST "\r\n", 400 },
	{ "GET /\xc3\xa9 HTTP/1.1\r\n" HOST "\r\n", 400 },
	{ "GET / HTTP/1.1\r\n" HOST "Expect: more\r\n\r\n", 417 },
	/* limits */
	{ "POST / HTTP/1.1\r\n" HOST "Content-Length: 65\r\n\r\n", 413 },
	{ "POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n41\r\n"
	  "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
	  413 },
};

static void bad_requests(void **state)
{
	struct tally t;

	(void)state;
	for (size_t i = 0; i < sizeof(bads) / sizeof(bads[0]); i++) {
		struct text in = text_of(bads[i].in);
		for (size_t piece = in.len; piece; piece = piece > 3 ? 3 : piece - 1) {
			run(HTTP1_SERVER, HTTP_METHOD_GET, in, piece, false, &t);
			if (t.status != bads[i].status || t.done)
				fail_msg("in pieces of %zu: %s gives %u, not %u, after %u (%s)", piece, bads[i].in,
					 t.status, bads[i].status, t.done, t.why ? t.why : "-");
		}
	}
}

/* NUL cannot stand in the table. */
static void nul_is_refused(void **state)
{
	static const char value[] = "GET / HTTP/1.1\r\nHost: x\r\nX: a\0b\r\n\r\n",
			  name[] = "GET / HTTP/1.1\r\nHost: x\r\nX\0: a\r\n\r\n",
			  target[] = "GET /\0 HTTP/1.1\r\nHost: x\r\n\r\n";
	struct tally t;

	(void)state;
	run(HTTP1_SERVER, HTTP_METHOD_GET, text_range(value, sizeof(value) - 1), 1, false, &t);
	assert_int_equal(t.status, 400);
	run(HTTP1_SERVER, HTTP_METHOD_GET, text_range(name, sizeof(name) - 1), 100, false, &t);
	assert_int_equal(t.status, 400);
	run(HTTP1_SERVER, HTTP_METHOD_GET, text_range(target, sizeof(target) - 1), 100, false, &t);
	assert_int_equal(t.status, 400);
}

static char *repeat(const char *before, const char *what, size_t times, const char *after)
{
	size_t n = strlen(what), at = strlen(before);
	char *s = must_alloc(at + n * times + strlen(after) + 1);

	memcpy(s, before, at);
	for (size_t i = 0; i < times; i++, at += n)
		memcpy(s + at, what, n);
	memcpy(s + at, after, strlen(after));
	return s;
}

static void sizes_are_limited(void **state)
{
	static const struct {
		const char *before, *what;
		size_t times;
		const char *after;
		unsigned status;
	} table[] = {
		{ "GET /", "a", HTTP_TARGET_MAX - 1, " HTTP/1.1\r\n" HOST "\r\n", 0 },
		{ "GET /", "a", HTTP_TARGET_MAX, " HTTP/1.1\r\n" HOST "\r\n", 414 },
		{ "GET /", "a", 1u << 20, "", 414 },
		{ "GET / HTTP/1.1\r\n" HOST, "X: y\r\n", HTTP_FIELDS_MAX - 1, "\r\n", 0 },
		{ "GET / HTTP/1.1\r\n" HOST, "X: y\r\n", HTTP_FIELDS_MAX, "\r\n", 431 },
		{ "GET / HTTP/1.1\r\n" HOST "X: ", "y", HTTP_FIELD_BYTES_MAX - 6, "\r\n\r\n", 0 },
		{ "GET / HTTP/1.1\r\n" HOST "X: ", "y", HTTP_FIELD_BYTES_MAX, "\r\n\r\n", 431 },
		{ "GET / HTTP/1.1\r\n" HOST, "X", 1u << 20, "", 431 },
		{ "GET / HTTP/1.1\r\n" HOST "X:", " ", 1u << 20, "", 431 },
		{ "POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n1;", "a", 1u << 20, "", 400 },
		{ "POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n", "1;abcdefgh\r\na\r\n", 1u << 16, "",
		  413 },
		{ "POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n0\r\nX: ", "y", 1u << 20, "", 431 },
		{ "POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n0\r\n", "X: y\r\n", 1u << 16, "", 431 },
	};
	struct tally t;

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		char *s = repeat(table[i].before, table[i].what, table[i].times, table[i].after);
		for (size_t piece = 1; piece < 20000; piece += 4999) {
			run(HTTP1_SERVER, HTTP_METHOD_GET, text_of(s), piece, false, &t);
			if (t.status != table[i].status || t.done != !table[i].status)
				fail_msg("case %zu in pieces of %zu: %u (%s)", i, piece, t.status, t.why ? t.why : "-");
		}
		free(s);
	}
}

static void expect_continue_and_keep_alive(void **state)
{
	static const struct {
		const char *in;
		bool keep_alive;
	} table[] = {
		{ "GET / HTTP/1.1\r\n" HOST "\r\n", true },
		{ "GET / HTTP/1.1\r\n" HOST "Connection: close\r\n\r\n", false },
		{ "GET / HTTP/1.1\r\n" HOST "Connection: x, Close\r\n\r\n", false },
		{ "GET / HTTP/1.0\r\n" HOST "\r\n", false },
		{ "GET / HTTP/1.0\r\n" HOST "Connection: Keep-Alive\r\n\r\n", true },
	};
	static const char asks[] = "PUT / HTTP/1.1\r\n" HOST "Expect: 100-Continue\r\nContent-Length: 1\r\n\r\n";
	struct http_pool pool = { 0 };
	struct http1 *h = http1_new(HTTP1_SERVER, BODY_MAX, &pool);
	struct tally t;
	size_t taken;

	(void)state;
	assert_int_equal(http1_input(h, (const uint8_t *)asks, sizeof(asks) - 1, &taken), HTTP1_HEAD);
	assert_true(http1_expects_continue(h) && http1_in_body(h) && http1_begun(h));
	assert_int_equal(http1_input(h, (const uint8_t *)"x", 1, &taken), HTTP1_DONE);
	assert_false(http1_begun(h));
	http1_free(&h);
	http_pool_clear(&pool);
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		run(HTTP1_SERVER, HTTP_METHOD_GET, text_of(table[i].in), 1000, false, &t);
		assert_int_equal(t.done, 1);
		assert_int_equal(t.keep_alive, table[i].keep_alive);
	}
}

static void answers(void **state)
{
	static const struct {
		const char *in, *seen;
		enum http_method asked;
		bool end;
		unsigned status;
	} table[] = {
		{ "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi", "200[1]hi", HTTP_METHOD_GET, false, 0 },
		{ "HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n", "200[1]", HTTP_METHOD_GET, false, 0 },
		{ "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early\r\nLink: x\r\n\r\nHTTP/1.1 204 No\r\n\r\n", "204[0]",
		  HTTP_METHOD_POST, false, 0 },
		{ "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n", "200[1]a",
		  HTTP_METHOD_GET, false, 0 },
		{ "HTTP/1.0 200 OK\r\n\r\nuntil the end", "200[0]until the end", HTTP_METHOD_GET, true, 0 },
		{ "HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n", "200[1]", HTTP_METHOD_HEAD, false, 0 },
		{ "HTTP/1.1 304 Not\r\nContent-Length: 10\r\n\r\n", "304[1]", HTTP_METHOD_GET, false, 0 },
		{ "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nhi", "", HTTP_METHOD_GET, true, 400 },
		{ "HTTP/1.1 200 OK\r\nContent-Length: 65\r\n\r\n", "", HTTP_METHOD_GET, false, 413 },
		{ "HTTP/1.1 101 Switch\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n", "", HTTP_METHOD_GET, false, 502 },
		{ "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n", "", HTTP_METHOD_GET,
		  false, 400 },
		{ "HTTP/1.1 200 OK\r\nX : y\r\n\r\n", "", HTTP_METHOD_GET, false, 400 },
		{ "HTTP/1.1 20 OK\r\n\r\n", "", HTTP_METHOD_GET, false, 502 },
		{ "HTTP/2.0 200 OK\r\n\r\n", "", HTTP_METHOD_GET, false, 505 },
		{ "SSH-2.0-x\r\n", "", HTTP_METHOD_GET, false, 400 },
	};
	struct tally t;

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		for (size_t piece = 1; piece < 200; piece += 60) {
			run(HTTP1_CLIENT, table[i].asked, text_of(table[i].in), piece, table[i].end, &t);
			if (t.status != table[i].status || strcmp(t.seen, table[i].seen))
				fail_msg("%s in pieces of %zu: %u %s (%s)", table[i].in, piece, t.status, t.seen,
					 t.why ? t.why : "-");
		}
	}
}

static void what_is_written_is_read(void **state)
{
	const struct http_field fields[] = { { TEXT_LITERAL("X-One"), TEXT_LITERAL("1") },
					     { TEXT_LITERAL("X-Evil"), TEXT_LITERAL("a\r\nX: b") },
					     { TEXT_LITERAL("X Evil"), TEXT_LITERAL("a") } };
	struct http1_head answer = { .status = 404,
				     .date = text_of("D"),
				     .agent = text_of("s"),
				     .content_type = "a/b",
				     .fields = fields,
				     .fields_count = 3,
				     .length = 3,
				     .close = true };
	struct http1_head request = { .method = "POST",
				      .target = text_of("/x?y"),
				      .host = text_of("h:1"),
				      .fields = fields,
				      .fields_count = 3,
				      .length = HTTP1_LENGTH_CHUNKED };
	char room[1024];
	struct writer w = writer_of(room, http1_head_room(&answer));
	struct tally t;

	(void)state;
	http1_put_head(&w, &answer);
	assert_true(writer_ok(&w));
	assert_true(
		text_is(text_range(room, writer_len(&w)),
			"HTTP/1.1 404 Not Found\r\nDate: D\r\nServer: s\r\nContent-Type: a/b\r\nContent-Length: 3\r\n"
			"Connection: close\r\nX-One: 1\r\n\r\n"));
	w = writer_of(room, sizeof(room));
	http1_put_head(&w, &request);
	http1_put_chunk_head(&w, 26);
	writer_text(&w, text_of("abcdefghijklmnopqrstuvwxyz\r\n" HTTP1_LAST_CHUNK));
	run(HTTP1_SERVER, HTTP_METHOD_GET, text_range(room, writer_len(&w)), 9, false, &t);
	assert_string_equal(t.seen, "POST /x?y@h:1[3]abcdefghijklmnopqrstuvwxyz");
	answer.length = HTTP1_LENGTH_NONE;
	answer.status = 204;
	w = writer_of(room, sizeof(room));
	http1_put_head(&w, &answer);
	run(HTTP1_CLIENT, HTTP_METHOD_GET, text_range(room, writer_len(&w)), 1, false, &t);
	assert_string_equal(t.seen, "204[5]");
}

static void messages_are_looked_at(void **state)
{
	static const char in[] =
		"POST /k?text=a+b%21&to=%2B81&bad=%zz&&x HTTP/1.1\r\nHost: x\r\nContent-Type: Application/JSON ; "
		"charset=x\r\nAccept: a/b, c/d;q=1\r\naccept: e/f\r\n\r\n";
	struct http_pool pool = { 0 };
	struct http1 *h = http1_new(HTTP1_SERVER, BODY_MAX, &pool);
	struct arena *arena = arena_new(1024);
	struct text t;
	size_t taken;

	(void)state;
	assert_int_equal(http1_input(h, (const uint8_t *)in, sizeof(in) - 1, &taken), HTTP1_DONE);
	const struct http_message *m = http1_message(h);
	assert_int_equal(m->method, HTTP_METHOD_POST);
	assert_true(text_is_nocase(http_content_type(m), "application/json"));
	assert_true(http_field_lists(m, "ACCEPT", "c/d") && http_field_lists(m, "accept", "E/F"));
	assert_false(http_field_lists(m, "accept", "a"));
	assert_true(text_is(http_field_get(m, "host"), "x"));
	assert_null(http_field_get(m, "hos").at);
	assert_true(http_form_get(m->query, arena, "text", &t) && text_is(t, "a b!"));
	assert_true(http_form_get(m->query, arena, "to", &t) && text_is(t, "+81"));
	assert_true(http_form_get(m->query, arena, "bad", &t) && text_is(t, "%zz"));
	assert_true(http_form_get(m->query, arena, "x", &t) && !t.len);
	assert_false(http_form_get(m->query, arena, "y", &t));
	struct http_builder *b = http1_take(h);
	http1_next(h);
	assert_true(text_is(b->message.path, "/k"));
	http_builder_give(&pool, &b);
	http1_free(&h);
	http_pool_clear(&pool);
	arena_free(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good_requests),
		cmocka_unit_test(prefixes),
		cmocka_unit_test(bad_requests),
		cmocka_unit_test(nul_is_refused),
		cmocka_unit_test(sizes_are_limited),
		cmocka_unit_test(expect_continue_and_keep_alive),
		cmocka_unit_test(answers),
		cmocka_unit_test(what_is_written_is_read),
		cmocka_unit_test(messages_are_looked_at),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
