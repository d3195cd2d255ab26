/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The client against our server, and against a peer that misbehaves. */
#include "http_fixture.h"

#include "core/net/http_client.h"
#include "test_certificate.h"

struct tally {
	unsigned done, statuses[600];
	enum result result;
	char why[80], body[200];
	size_t body_len;
	unsigned status, tries;
	struct http_client *send_again;
	const char *url;
};

static char url_room[120];

static const char *url_of(const struct fixture *f, const char *scheme, const char *host, const char *path)
{
	snprintf(url_room, sizeof(url_room), "%s://%s:%u%s", scheme, host, fixture_port(f), path);
	return url_room;
}

static void send_one(struct http_client *c, struct tally *t, enum http_method method, const char *url, const char *body,
		     uint64_t *id_out);

static void done(void *owner, const struct http_client_answer *a)
{
	struct tally *t = owner;

	t->done++;
	t->result = a->result;
	t->tries = a->tries;
	snprintf(t->why, sizeof(t->why), "%s", a->why);
	assert_int_equal(a->message != NULL, a->result == OK);
	if (a->message) {
		t->status = a->message->status;
		t->statuses[a->message->status]++;
		t->body_len = a->message->body.len;
		snprintf(t->body, sizeof(t->body), "%.*s", a->message->body.len < 190 ? (int)a->message->body.len : 0,
			 a->message->body.at ? a->message->body.at : "");
	}
	if (t->send_again) {
		struct http_client *c = t->send_again;
		t->send_again = NULL;
		send_one(c, t, HTTP_METHOD_GET, t->url, "", NULL);
	}
}

static void send_one(struct http_client *c, struct tally *t, enum http_method method, const char *url, const char *body,
		     uint64_t *id_out)
{
	const struct http_field field = { TEXT_LITERAL("X-Signature"), TEXT_LITERAL("abc") };
	struct http_client_request r = { .method = method,
					 .url = text_of(url),
					 .fields = &field,
					 .fields_count = 1,
					 .content_type = *body ? "text/plain" : NULL,
					 .body = text_of(body) };
	const char *why = "";

	assert_int_equal(http_client_send(c, &r, done, t, id_out, &why), OK);
}

static struct http_client *client_new(struct fixture *f)
{
	struct http_client_limits limits;

	http_client_limits_init(&limits);
	return http_client_new(f->loop, "test", &limits, NULL, NULL);
}

static void until_done(struct fixture *f, const struct tally *t, unsigned least)
{
	for (unsigned i = 0; i < 5000 && t->done < least; i++)
		loop_turn(f->loop, 1000);
	assert_int_equal(t->done, least);
}

static void requests_are_answered(void **state)
{
	struct fixture f = { 0 };
	struct tally t = { 0 };

	(void)state;
	fixture_open(&f);
	fixture_listen(&f, NULL);
	struct http_client *c = client_new(&f);
	send_one(c, &t, HTTP_METHOD_POST, url_of(&f, "http", "127.0.0.1", "/hook%20x?a=b#c"), "hello", NULL);
	assert_int_equal(t.done, 0);
	assert_int_equal(http_client_open(c), 1);
	until_done(&f, &t, 1);
	assert_string_equal(t.body, "POST /hook x?a=b hello");
	for (unsigned i = 0; i < 5; i++) {
		send_one(c, &t, HTTP_METHOD_GET, url_of(&f, "http", "127.0.0.1", ""), "", NULL);
		until_done(&f, &t, 2 + i);
	}
	assert_string_equal(t.body, "GET /? ");
	assert_int_equal(http_server_connections(f.server), 1);
	send_one(c, &t, HTTP_METHOD_HEAD, url_of(&f, "http", "LocalHost", "/big"), "", NULL);
	until_done(&f, &t, 7);
	assert_int_equal(t.status, 200);
	assert_int_equal(t.body_len, 0);
	send_one(c, &t, HTTP_METHOD_DELETE, url_of(&f, "http", "localhost", "/204"), "", NULL);
	until_done(&f, &t, 8);
	assert_int_equal(t.status, 204);
	assert_int_equal(http_client_open(c), 0);
	http_client_free(&c);
	fixture_close(&f);
}

static void many_share_few_connections(void **state)
{
	struct fixture f = { 0 };
	struct tally t = { 0 };

	(void)state;
	fixture_open(&f);
	fixture_listen(&f, NULL);
	struct http_client *c = client_new(&f);
	for (unsigned i = 0; i < 500; i++)
		send_one(c, &t, HTTP_METHOD_POST, url_of(&f, "http", "127.0.0.1", "/202"), "x", NULL);
	until_done(&f, &t, 500);
	assert_int_equal(t.statuses[202], 500);
	assert_in_range(http_server_connections(f.server), 1, 8);
	t.send_again = c;
	t.url = url_of(&f, "http", "127.0.0.1", "/204");
	send_one(c, &t, HTTP_METHOD_GET, t.url, "", NULL);
	until_done(&f, &t, 502);
	http_client_free(&c);
	fixture_close(&f);
}

static void what_cannot_be_sent(void **state)
{
	static const struct {
		const char *url;
		enum result result;
	} table[] = {
		{ "https://localhost/", ERR_UNSUPPORTED },
		{ "ftp://localhost/", ERR_UNSUPPORTED },
		{ "http://", ERR_MALFORMED },
		{ "http://u:p@localhost/", ERR_MALFORMED },
		{ "http://localhost:99999/", ERR_MALFORMED },
		{ "http://local host/", ERR_MALFORMED },
		{ "http://localhost/a b", ERR_MALFORMED },
		{ "http://localhost/\r\nX: y", ERR_MALFORMED },
	};
	struct fixture f = { 0 };
	struct http_client_limits limits;
	struct http_client_request r = { .method = HTTP_METHOD_GET };
	struct http_field bad = { TEXT_LITERAL("X"), TEXT_LITERAL("a\r\nY: b") };
	struct tally t = { 0 };
	const char *why;

	(void)state;
	fixture_open(&f);
	http_client_limits_init(&limits);
	limits.queue_max = 3;
	struct http_client *c = http_client_new(f.loop, "test", &limits, NULL, NULL);
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		r.url = text_of(table[i].url);
		assert_int_equal(http_client_send(c, &r, done, &t, NULL, &why), table[i].result);
	}
	r = (struct http_client_request){ .url = text_of("http://127.0.0.1:9/"), .fields = &bad, .fields_count = 1 };
	assert_int_equal(http_client_send(c, &r, done, &t, NULL, &why), ERR_MALFORMED);
	r.fields_count = 0;
	for (unsigned i = 0; i < 3; i++)
		assert_int_equal(http_client_send(c, &r, done, &t, NULL, &why), OK);
	assert_int_equal(http_client_send(c, &r, done, &t, NULL, &why), ERR_FULL);
	http_client_free(&c);
	assert_int_equal(t.done, 0);
	fixture_close(&f);
}

static void failures_are_told(void **state)
{
	struct fixture f = { 0 };
	struct tally t = { 0 };
	const char *why = "";
	uint64_t id;
	struct http_client_request r = { .method = HTTP_METHOD_POST, .timeout_us = 50 * USEC_PER_MSEC };

	(void)state;
	fixture_open(&f);
	fixture_listen(&f, NULL);
	struct http_client *c = client_new(&f);
	for (unsigned i = 0; i < 20; i++)
		send_one(c, &t, HTTP_METHOD_GET, "http://127.0.0.1:1/", "", NULL); /* nobody listens there */
	until_done(&f, &t, 20);
	assert_int_equal(t.result, ERR_IO);
	send_one(c, &t, HTTP_METHOD_GET, "http://no.such.host/", "", NULL);
	until_done(&f, &t, 21);
	assert_int_equal(t.result, ERR_NOT_FOUND);
	send_one(c, &t, HTTP_METHOD_GET, url_of(&f, "http", "127.0.0.1", "/big"), "", NULL);
	until_done(&f, &t, 22);
	assert_int_equal(t.result, ERR_TOO_BIG);
	r.url = text_of(url_of(&f, "http", "127.0.0.1", "/later"));
	assert_int_equal(http_client_send(c, &r, done, &t, NULL, &why), OK);
	until_done(&f, &t, 23);
	assert_int_equal(t.result, ERR_UNKNOWN);
	assert_string_equal(t.why, "no answer in time");
	send_one(c, &t, HTTP_METHOD_GET, url_of(&f, "http", "127.0.0.1", "/later"), "", &id);
	fixture_turns(&f, 10);
	http_client_cancel(c, id);
	http_client_cancel(c, id);
	send_one(c, &t, HTTP_METHOD_GET, url_of(&f, "http", "127.0.0.1", "/later"), "", &id);
	http_client_cancel(c, id);
	fixture_turns(&f, 10);
	assert_int_equal(t.done, 23);
	assert_int_equal(http_client_open(c), 0);
	assert_int_equal(f.closed, 2);
	send_one(c, &t, HTTP_METHOD_GET, url_of(&f, "http", "127.0.0.1", "/later"), "", &id);
	fixture_turns(&f, 10);
	http_client_free(&c); /* with one open */
	assert_int_equal(t.done, 23);
	fixture_close(&f);
}

/* --- names ------------------------------------------------------------------------------------------------------ */

struct names {
	struct fixture *f;
	unsigned asked;
	bool later;
	uint64_t ticket;
	enum result result;
};

static void answer_name(struct names *n, struct http_client *c)
{
	struct net_address two[2];

	/* the first of the two refuses connections */
	assert_int_equal(net_address_of_host(text_of("127.0.0.2"), 1, &two[0]), OK);
	assert_int_equal(net_address_of_host(text_of("127.0.0.1"), 1, &two[1]), OK);
	http_client_resolved(c, n->ticket, n->result, two, n->result ? 0 : 2);
}

static void resolve(void *owner, struct http_client *c, uint64_t ticket, const char *host)
{
	struct names *n = owner;

	assert_string_equal(host, "hook.example");
	n->asked++;
	n->ticket = ticket;
	if (!n->later)
		answer_name(n, c);
}

static void names_are_looked_up(void **state)
{
	struct fixture f = { 0 };
	struct names n = { .f = &f };
	struct http_resolver resolver = { resolve, &n };
	struct http_client_limits limits;
	struct tally t = { 0 };

	(void)state;
	fixture_open(&f);
	fixture_listen(&f, NULL);
	http_client_limits_init(&limits);
	for (unsigned i = 0; i < 2; i++) {
		n.later = i;
		struct http_client *c = http_client_new(f.loop, "test", &limits, NULL, &resolver);
		send_one(c, &t, HTTP_METHOD_GET, url_of(&f, "http", "hook.example", "/x"), "", NULL);
		send_one(c, &t, HTTP_METHOD_GET, url_of(&f, "http", "hook.example", "/x"), "", NULL);
		fixture_turns(&f, 3);
		assert_int_equal(n.asked, 1 + 2 * i);
		if (i)
			answer_name(&n, c);
		until_done(&f, &t, 2 + 3 * i);
		assert_int_equal(t.result, OK);
		http_client_free(&c);
		c = http_client_new(f.loop, "test", &limits, NULL, &resolver);
		n.result = ERR_TIMEOUT;
		send_one(c, &t, HTTP_METHOD_GET, url_of(&f, "http", "hook.example", "/x"), "", NULL);
		fixture_turns(&f, 3);
		if (i)
			answer_name(&n, c);
		http_client_resolved(c, 12345678, OK, NULL, 0); /* nobody asked */
		until_done(&f, &t, 3 + 3 * i);
		assert_int_equal(t.result, ERR_TIMEOUT);
		n.result = OK;
		http_client_free(&c);
	}
	fixture_close(&f);
}

/* --- a peer that misbehaves: the test plays it by hand ---------------------------------------------------------- */

struct rude {
	struct fixture f;
	int listening, fd;
	unsigned port;
	char url[60];
	struct http_client *client;
	struct tally t;
};

static void rude_open(struct rude *r)
{
	const char *why = "";
	struct net_address at;

	*r = (struct rude){ .fd = -1 };
	fixture_open(&r->f);
	assert_int_equal(net_address_parse(text_of("127.0.0.1:1"), &at, &why), OK);
	memset((char *)&at.storage + 2, 0, 2);
	assert_int_equal(net_listen(&at, 16, &r->listening, &why), OK);
	at.len = sizeof(at.storage);
	assert_int_equal(getsockname(r->listening, (struct sockaddr *)&at.storage, &at.len), 0);
	r->f.at = at;
	snprintf(r->url, sizeof(r->url), "http://127.0.0.1:%u/x", fixture_port(&r->f));
	r->client = client_new(&r->f);
}

static void rude_close(struct rude *r)
{
	http_client_free(&r->client);
	if (r->fd >= 0)
		close(r->fd);
	close(r->listening);
	fixture_close(&r->f);
}

/* Reads one request, accepting first where there is no connection; what it was is forgotten. */
static void rude_read(struct rude *r)
{
	char in[2000];

	for (unsigned i = 0; i < 1000; i++) {
		loop_turn(r->f.loop, 1000);
		if (r->fd < 0)
			r->fd = accept4(r->listening, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
		if (r->fd >= 0 && recv(r->fd, in, sizeof(in), 0) > 0)
			return;
	}
	fail_msg("no request came");
}

static void rude_hang_up(struct rude *r)
{
	close(r->fd);
	r->fd = -1;
}

#define SHORT_ANSWER "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"

static void send_rude(struct rude *r, enum http_method method, bool repeatable)
{
	struct http_client_request request = { .method = method, .url = text_of(r->url), .repeatable = repeatable };
	const char *why = "";

	assert_int_equal(http_client_send(r->client, &request, done, &r->t, NULL, &why), OK);
}

static void a_stale_connection(void **state)
{
	static const struct {
		enum http_method method;
		bool repeatable, again;
	} table[] = {
		{ HTTP_METHOD_GET, false, true },    { HTTP_METHOD_POST, true, true },
		{ HTTP_METHOD_POST, false, false },  { HTTP_METHOD_PATCH, false, false },
		{ HTTP_METHOD_DELETE, false, true },
	};
	struct rude r;

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		rude_open(&r);
		send_rude(&r, HTTP_METHOD_GET, false);
		rude_read(&r);
		fixture_say(r.fd, SHORT_ANSWER);
		until_done(&r.f, &r.t, 1);
		assert_string_equal(r.t.body, "hi");
		send_rude(&r, table[i].method, table[i].repeatable);
		rude_read(&r);
		rude_hang_up(&r); /* without a word */
		if (table[i].again) {
			rude_read(&r);
			fixture_say(r.fd, SHORT_ANSWER);
		}
		until_done(&r.f, &r.t, 2);
		assert_int_equal(r.t.result, table[i].again ? OK : ERR_UNKNOWN);
		assert_int_equal(r.t.tries, table[i].again ? 2 : 1);
		rude_close(&r);
	}
}

/* Half an answer, an answer that is none, two answers, an answer until the end. */
static void odd_answers(void **state)
{
	static const struct {
		const char *answer;
		bool hang_up;
		enum result result;
		const char *body;
	} table[] = {
		{ "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel", true, ERR_UNKNOWN, "" },
		{ "HTTP/1.1 200 OK\r\nConte", true, ERR_UNKNOWN, "" },
		{ "", true, ERR_UNKNOWN, "" }, /* the first on its connection is not repeated */
		{ "220 mail.example ESMTP\r\n", false, ERR_UNKNOWN, "" },
		{ "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n", false, ERR_UNKNOWN,
		  "" },
		{ SHORT_ANSWER SHORT_ANSWER, false, OK, "hi" },
		{ "HTTP/1.1 100 Continue\r\n\r\n" SHORT_ANSWER, false, OK, "hi" },
		{ "HTTP/1.1 200 OK\r\n\r\nuntil the end", true, OK, "until the end" },
		{ "HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n", false, ERR_TOO_BIG, "" },
		{ "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 1\r\n\r\nx", false, OK, "x" },
		{ "HTTP/1.1 301 Moved\r\nLocation: /y\r\nContent-Length: 0\r\n\r\n", false, OK, "" },
	};
	struct rude r;

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		rude_open(&r);
		send_rude(&r, HTTP_METHOD_GET, true);
		rude_read(&r);
		if (*table[i].answer)
			fixture_say(r.fd, table[i].answer);
		if (table[i].hang_up)
			rude_hang_up(&r);
		until_done(&r.f, &r.t, 1);
		if (r.t.result != table[i].result || strcmp(r.t.body, table[i].body))
			fail_msg("%s gives %s (%s): %s", table[i].answer, result_name(r.t.result), r.t.why, r.t.body);
		rude_close(&r);
	}
}

static void connections_are_not_kept_for_ever(void **state)
{
	struct rude r;
	char in[10];
	int64_t now = clock_now();

	(void)state;
	rude_open(&r);
	send_rude(&r, HTTP_METHOD_GET, false);
	rude_read(&r);
	fixture_say(r.fd, SHORT_ANSWER);
	until_done(&r.f, &r.t, 1);
	fixture_turns(&r.f, 5);
	assert_int_equal(recv(r.fd, in, sizeof(in), 0), -1);
	clock_set(now + 31 * USEC_PER_SEC, clock_monotonic() + 31 * USEC_PER_SEC);
	fixture_turns(&r.f, 5);
	assert_int_equal(recv(r.fd, in, sizeof(in), 0), 0);
	clock_real();
	rude_close(&r);
}

/* --- TLS -------------------------------------------------------------------------------------------------------- */

static void over_tls(void **state)
{
	static const char *const alpns[] = { "h2 http/1.1", "http/1.1" };
	static struct certificate certificate;
	const char *why = "";

	(void)state;
	certificate_make(&certificate, "DNS:localhost,IP:127.0.0.1");
	for (unsigned i = 0; i < 2; i++) {
		struct fixture f = { 0 };
		struct tally t = { 0 };
		struct http_client_limits limits;
		struct tls_client *tls = NULL;
		fixture_open(&f);
		assert_int_equal(
			tls_server_new(text_of(certificate.chain), text_of(certificate.key), alpns[i], &f.tls, &why),
			OK);
		fixture_listen(&f, f.tls);
		assert_int_equal(tls_client_new(text_of(certificate.chain), true, "h2 http/1.1", &tls, &why), OK);
		http_client_limits_init(&limits);
		struct http_client *c = http_client_new(f.loop, "test", &limits, tls, NULL);
		for (unsigned n = 0; n < 300; n++)
			send_one(c, &t, HTTP_METHOD_POST, url_of(&f, "https", "localhost", "/202"), "x", NULL);
		until_done(&f, &t, 300);
		assert_int_equal(t.statuses[202], 300);
		assert_in_range(http_server_connections(f.server), 1, i ? 8 : 3);
		uint64_t id;
		send_one(c, &t, HTTP_METHOD_GET, url_of(&f, "https", "localhost", "/later"), "", &id);
		for (unsigned n = 0; n < 100 && !f.kept_count; n++)
			loop_turn(f.loop, 1000);
		http_client_cancel(c, id);
		for (unsigned n = 0; n < 100 && !f.closed; n++)
			loop_turn(f.loop, 1000);
		assert_int_equal(f.closed, 1);
		send_one(c, &t, HTTP_METHOD_GET, url_of(&f, "https", "localhost", "/big"), "", &id);
		until_done(&f, &t, 301);
		assert_int_equal(t.result, ERR_TOO_BIG);
		send_one(c, &t, HTTP_METHOD_GET, url_of(&f, "https", "localhost", "/echo"), "", &id);
		until_done(&f, &t, 302);
		assert_string_equal(t.body, "GET /echo? ");
		http_client_free(&c);
		tls_client_free(&tls);
		fixture_close(&f);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(requests_are_answered),
		cmocka_unit_test(many_share_few_connections),
		cmocka_unit_test(what_cannot_be_sent),
		cmocka_unit_test(failures_are_told),
		cmocka_unit_test(names_are_looked_up),
		cmocka_unit_test(a_stale_connection),
		cmocka_unit_test(odd_answers),
		cmocka_unit_test(connections_are_not_kept_for_ever),
		cmocka_unit_test(over_tls),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
