/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Two HTTP/2 engines that talk to each other through memory, and hand-made frames for what no client would send. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/base/arena.h"
#include "core/base/clock.h"
#include "core/net/http2.h"

struct peer {
	struct http2 *h;
	unsigned messages, closed, complete, rooms, unprocessed;
	unsigned bad, status;
	char seen[256];
	size_t body_len;
	enum { ANSWER_AT_ONCE, ANSWER_BIG, ANSWER_STREAM, ANSWER_LATER } how;
	struct http2_stream *last;
	enum result result;
	const char *why;
};

struct pair {
	struct http_pool pool;
	struct peer client, server;
};

static char big[600000];

static void answer(struct peer *p, struct http2_stream *s)
{
	const struct http_field field = { TEXT_LITERAL("X-Name"), TEXT_LITERAL("v") };
	struct http2_head head = {
		.status = p->bad ? p->bad : 202, .content_type = "text/plain", .fields = &field, .fields_count = 1
	};

	p->last = s;
	if (p->how == ANSWER_LATER)
		return;
	if (p->how == ANSWER_AT_ONCE)
		http2_answer(s, &head, text_of("done"), true);
	else if (p->how == ANSWER_BIG)
		http2_answer(s, &head, text_range(big, sizeof(big)), true);
	else
		http2_answer(s, &head, (struct text){ 0 }, false);
}

static void on_message(void *owner, struct http2_stream *s)
{
	struct peer *p = owner;
	const struct http_message *m = http2_message(s);

	p->messages++;
	p->bad = http2_bad_status(s);
	p->status = m->status;
	p->body_len = m->body.len;
	snprintf(p->seen, sizeof(p->seen), "%.*s %.*s?%.*s@%.*s %.*s[%u]", TEXT_ARGS(m->method_text),
		 TEXT_ARGS(m->path), TEXT_ARGS(m->query), TEXT_ARGS(m->authority),
		 m->body.len < 40 ? (int)m->body.len : 0, m->body.at ? m->body.at : "", m->fields_count);
	if (!m->status)
		answer(p, s);
}

static void on_closed(void *owner, struct http2_stream *s, bool complete)
{
	struct peer *p = owner;

	p->closed++;
	p->complete += complete;
	p->unprocessed += http2_unprocessed(s);
	if (p->last == s)
		p->last = NULL;
}

static void on_room(void *owner, struct http2_stream *s)
{
	struct peer *p = owner;

	(void)s;
	p->rooms++;
}

static const struct http2_handler handler = { on_message, on_closed, on_room };
static const struct http2_limits limits = {
	.streams_max = 300, .body_max = 1u << 20, .collected_max = 2u << 20, .stream_backlog = 10000
};

static void pair_open(struct pair *p)
{
	*p = (struct pair){ 0 };
	p->client.h = http2_new(HTTP2_CLIENT, &limits, &p->pool, &handler, &p->client);
	p->server.h = http2_new(HTTP2_SERVER, &limits, &p->pool, &handler, &p->server);
}

static void pair_close(struct pair *p)
{
	http2_free(&p->client.h);
	http2_free(&p->server.h);
	http_pool_clear(&p->pool);
}

/* Moves what one has to say, in pieces; true if anything moved. */
static bool carry(struct peer *from, struct peer *to, size_t piece)
{
	const uint8_t *at;
	size_t n = http2_output(from->h, &at);

	for (size_t i = 0; i < n; i += piece) {
		size_t some = n - i < piece ? n - i : piece;
		uint8_t *copy = must_alloc(some);
		memcpy(copy, at + i, some);
		enum result r = http2_input(to->h, copy, some, 1, &to->why);
		if (r)
			to->result = r;
		free(copy);
	}
	return n > 0;
}

static void talk(struct pair *p, size_t piece)
{
	while (carry(&p->client, &p->server, piece) | carry(&p->server, &p->client, piece))
		;
}

static struct http2_stream *ask(struct pair *p, const char *method, const char *target, struct text body)
{
	struct http2_head head = { .method = method, .authority = text_of("x:1"), .target = text_of(target) };

	return http2_request(p->client.h, &head, body, NULL);
}

static void requests_are_answered(void **state)
{
	static const size_t pieces[] = { 1, 7, 100000 };
	struct pair p;

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		pair_open(&p);
		assert_non_null(ask(&p, "POST", "/%41b?c", text_of("hello")));
		talk(&p, pieces[i]);
		assert_string_equal(p.server.seen, "POST /Ab?c@x:1 hello[0]");
		assert_string_equal(p.client.seen, " ?@ done[2]");
		assert_int_equal(p.client.status, 202);
		assert_int_equal(p.client.complete, 1);
		assert_int_equal(p.server.complete, 1);
		assert_int_equal(http2_streams(p.server.h), 0);
		pair_close(&p);
	}
}

static void many_at_once(void **state)
{
	struct pair p;

	(void)state;
	pair_open(&p);
	talk(&p, 10000); /* settings first */
	for (unsigned round = 0; round < 20; round++) {
		for (unsigned i = 0; i < 300; i++)
			assert_non_null(ask(&p, "GET", "/x", (struct text){ 0 }));
		assert_null(ask(&p, "GET", "/x", (struct text){ 0 }));
		talk(&p, 10000);
	}
	assert_int_equal(p.client.complete, 6000);
	assert_int_equal(p.server.complete, 6000);
	pair_close(&p);
}

static void large_bodies_flow(void **state)
{
	struct pair p;

	(void)state;
	pair_open(&p);
	p.server.how = ANSWER_BIG;
	ask(&p, "POST", "/big", text_range(big, sizeof(big)));
	talk(&p, 5000);
	assert_int_equal(p.server.body_len, sizeof(big));
	assert_int_equal(p.client.body_len, sizeof(big));
	assert_int_equal(p.client.complete, 1);
	pair_close(&p);
}

static void streamed_answers(void **state)
{
	struct pair p;

	(void)state;
	pair_open(&p);
	p.server.how = ANSWER_STREAM;
	ask(&p, "GET", "/events", (struct text){ 0 });
	talk(&p, 100);
	assert_non_null(p.server.last);
	assert_true(http2_write(p.server.last, text_of("one ")));
	talk(&p, 100);
	assert_int_equal(p.client.messages, 0);
	assert_false(http2_write(p.server.last, text_range(big, 20000)));
	assert_int_equal(p.server.rooms, 0);
	talk(&p, 100);
	assert_int_equal(p.server.rooms, 1);
	assert_int_equal(http2_backlog(p.server.last), 0);
	http2_end(p.server.last);
	talk(&p, 100);
	assert_int_equal(p.client.body_len, 20004);
	assert_int_equal(p.server.complete, 1);
	pair_close(&p);
}

static void the_client_leaves(void **state)
{
	struct pair p;

	(void)state;
	pair_open(&p);
	p.server.how = ANSWER_LATER;
	struct http2_stream *s = ask(&p, "GET", "/", (struct text){ 0 });
	talk(&p, 100);
	assert_non_null(p.server.last);
	http2_cancel(s);
	talk(&p, 100);
	assert_null(p.server.last);
	assert_int_equal(p.server.closed, 1);
	assert_int_equal(p.server.complete, 0);
	assert_int_equal(p.client.closed, 1);
	ask(&p, "GET", "/", (struct text){ 0 });
	talk(&p, 100);
	pair_close(&p); /* freed with one open: `closed` is called */
}

static void bad_requests_are_told(void **state)
{
	static const struct {
		const char *method, *target, *authority, *host;
		size_t body;
		unsigned status;
	} table[] = {
		{ "GET", "/", "x", "y", 0, 400 },
		{ "GET", "/", "x", "x", 0, 0 },
		{ "GET", "/", "u@x", NULL, 0, 400 },
		{ "GET", "/a/../b", "x", NULL, 0, 400 },
		{ "GET", "/%00", "x", NULL, 0, 400 },
		{ "GET", "/#", "x", NULL, 0, 400 },
		{ "POST", "/", "x", NULL, (1u << 20) + 1, 413 },
		{ "POST", "/", "x", NULL, 1u << 20, 0 },
	};
	static char body[(1u << 20) + 1];

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct http_field host = { TEXT_LITERAL("host"), text_of(table[i].host) };
		struct http2_head head = { .method = table[i].method,
					   .authority = text_of(table[i].authority),
					   .target = text_of(table[i].target),
					   .fields = &host,
					   .fields_count = table[i].host != NULL };
		struct pair p;

		pair_open(&p);
		http2_request(p.client.h, &head, text_range(body, table[i].body), NULL);
		talk(&p, 100000);
		assert_int_equal(p.server.messages, 1);
		assert_int_equal(p.server.bad, table[i].status);
		assert_int_equal(p.client.status, table[i].status ? table[i].status : 202);
		assert_int_equal(http2_streams(p.server.h), 0);
		pair_close(&p);
	}
}

static void headers_are_limited(void **state)
{
	struct http_field fields[HTTP_FIELDS_MAX], large = { TEXT_LITERAL("x"), text_range(big, HTTP_FIELD_BYTES_MAX) };
	struct http2_head head = { .method = "GET",
				   .authority = text_of("x"),
				   .target = text_of("/"),
				   .fields = fields,
				   .fields_count = HTTP_FIELDS_MAX };
	struct pair p;

	(void)state;
	for (unsigned i = 0; i < HTTP_FIELDS_MAX; i++)
		fields[i] = (struct http_field){ TEXT_LITERAL("x"), TEXT_LITERAL("y") };
	pair_open(&p);
	http2_request(p.client.h, &head, (struct text){ 0 }, NULL);
	talk(&p, 100000);
	assert_int_equal(p.client.status, 202);
	head.agent = text_of("one more");
	http2_request(p.client.h, &head, (struct text){ 0 }, NULL);
	talk(&p, 100000);
	assert_int_equal(p.client.status, 431);
	head.fields = &large;
	head.fields_count = 1;
	http2_request(p.client.h, &head, (struct text){ 0 }, NULL);
	talk(&p, 100000);
	assert_int_equal(p.client.status, 431);
	assert_int_equal(p.server.result, OK);
	pair_close(&p);
}

static void collected_octets_are_limited(void **state)
{
	static char body[1u << 20];
	struct pair p;

	(void)state;
	pair_open(&p);
	p.server.how = ANSWER_LATER;
	for (unsigned i = 0; i < 3; i++) {
		ask(&p, "POST", "/", text_range(body, sizeof(body)));
		talk(&p, 100000);
		assert_int_equal(p.server.bad, i < 2 ? 0 : 503);
	}
	pair_close(&p);
}

static void stopping_lets_open_ones_end(void **state)
{
	struct pair p;

	(void)state;
	pair_open(&p);
	p.server.how = ANSWER_LATER;
	ask(&p, "GET", "/", (struct text){ 0 });
	talk(&p, 100);
	struct http2_stream *open = p.server.last;
	http2_goaway(p.server.h);
	talk(&p, 100);
	assert_true(http2_ending(p.client.h));
	assert_null(ask(&p, "GET", "/", (struct text){ 0 }));
	assert_true(http2_alive(p.server.h));
	p.server.how = ANSWER_AT_ONCE;
	answer(&p.server, open);
	talk(&p, 100);
	assert_int_equal(p.client.complete, 1);
	assert_false(http2_alive(p.server.h));
	pair_close(&p);
}

static void one_the_server_never_saw(void **state)
{
	struct pair p;

	(void)state;
	pair_open(&p);
	talk(&p, 100);
	http2_goaway(p.server.h);
	ask(&p, "POST", "/", text_of("x"));
	carry(&p.server, &p.client, 1000);
	talk(&p, 100);
	assert_int_equal(p.server.messages, 0);
	assert_int_equal(p.client.unprocessed, 1);
	pair_close(&p);
}

/* --- floods ----------------------------------------------------------------------------------------------------- */

static void resets_are_limited(void **state)
{
	struct pair p;
	unsigned i;

	(void)state;
	pair_open(&p);
	p.server.how = ANSWER_LATER;
	talk(&p, 100);
	for (i = 0; i < 1000 && p.server.result == OK; i++) {
		struct http2_stream *s = ask(&p, "GET", "/", (struct text){ 0 });
		assert_non_null(s);
		carry(&p.client, &p.server, 1000);
		http2_cancel(s);
		carry(&p.client, &p.server, 1000);
	}
	assert_int_equal(p.server.result, ERR_TOO_BIG);
	assert_in_range(i, HTTP2_RESETS_BURST, HTTP2_RESETS_BURST + 2);
	talk(&p, 1000);
	assert_false(http2_alive(p.server.h));
	pair_close(&p);
}

static void raw(struct peer *to, const void *bytes, size_t n, int64_t now)
{
	enum result r = http2_input(to->h, bytes, n, now, &to->why);

	if (r)
		to->result = r;
}

static const uint8_t settings_frame[] = { 0, 0, 0, 4, 0, 0, 0, 0, 0 };
static const uint8_t ping_frame[] = { 0, 0, 8, 6, 0, 0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8 };

static unsigned flood(const uint8_t *frame, size_t n, int64_t apart_us)
{
	struct pair p;
	unsigned i;
	const uint8_t *at;

	pair_open(&p);
	raw(&p.server, HTTP2_PREFACE, HTTP2_PREFACE_SIZE, 1);
	raw(&p.server, settings_frame, sizeof(settings_frame), 1);
	for (i = 0; i < 5000 && p.server.result == OK; i++) {
		raw(&p.server, frame, n, 1 + i * apart_us);
		while (http2_output(p.server.h, &at))
			;
	}
	pair_close(&p);
	return i;
}

static void control_frames_are_limited(void **state)
{
	(void)state;
	assert_in_range(flood(ping_frame, sizeof(ping_frame), 0), HTTP2_CONTROL_BURST - 1, HTTP2_CONTROL_BURST + 1);
	assert_in_range(flood(settings_frame, sizeof(settings_frame), 0), HTTP2_CONTROL_BURST - 1,
			HTTP2_CONTROL_BURST + 1);
	assert_int_equal(flood(ping_frame, sizeof(ping_frame), USEC_PER_SEC / HTTP2_CONTROL_RATE), 5000);
}

static void garbage_ends_the_connection(void **state)
{
	static const struct {
		const char *at;
		size_t n;
	} table[] = {
		{ "GET / HTTP/1.1\r\nHost: x\r\n\r\n", 27 },
		{ HTTP2_PREFACE "\x00\x00\x08\x06\x00\x00\x00\x00\x00xxxxxxxx",
		  HTTP2_PREFACE_SIZE + 17 }, /* no SETTINGS */
		{ HTTP2_PREFACE "\x00\x00\x00\x04\x00\x00\x00\x00\x00\xff\xff\xff\x00\x00\x00\x00\x00\x01",
		  HTTP2_PREFACE_SIZE + 18 }, /* a frame beyond 16 KiB */
		{ HTTP2_PREFACE "\x00\x00\x00\x04\x00\x00\x00\x00\x00\x00\x00\x01\x01\x05\x00\x00\x00\x01\xff",
		  HTTP2_PREFACE_SIZE + 19 }, /* HPACK that is none */
		{ HTTP2_PREFACE "\x00\x00\x00\x04\x00\x00\x00\x00\x00\x00\x00\x01\x00\x01\x00\x00\x00\x02x",
		  HTTP2_PREFACE_SIZE + 19 }, /* DATA of a stream that is not there */
	};
	const uint8_t *at;

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct pair p;
		pair_open(&p);
		for (size_t n = 0; n < table[i].n && p.server.result == OK; n++)
			raw(&p.server, table[i].at + n, 1, 1);
		while (http2_output(p.server.h, &at))
			;
		assert_true(p.server.result != OK || !http2_alive(p.server.h));
		pair_close(&p);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(requests_are_answered),       cmocka_unit_test(many_at_once),
		cmocka_unit_test(large_bodies_flow),	       cmocka_unit_test(streamed_answers),
		cmocka_unit_test(the_client_leaves),	       cmocka_unit_test(bad_requests_are_told),
		cmocka_unit_test(headers_are_limited),	       cmocka_unit_test(collected_octets_are_limited),
		cmocka_unit_test(stopping_lets_open_ones_end), cmocka_unit_test(one_the_server_never_saw),
		cmocka_unit_test(resets_are_limited),	       cmocka_unit_test(control_frames_are_limited),
		cmocka_unit_test(garbage_ends_the_connection),
	};

	memset(big, 'x', sizeof(big));
	return cmocka_run_group_tests(tests, NULL, NULL);
}
