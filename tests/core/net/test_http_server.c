/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The server against a client that sends raw octets: answers, order, refusals, times, leaving, stopping. */
#include "http_fixture.h"

#include "core/net/http2.h"

#define HOST "Host: x\r\n"

static unsigned count_of(const char *in, const char *what)
{
	unsigned n = 0;

	for (const char *at = in; (at = strstr(at, what)); at++)
		n++;
	return n;
}

/* One connection, one input, all that comes back. */
static bool talk(struct fixture *f, const char *in, char *out, size_t size)
{
	int fd = fixture_connect(f);
	bool ended;

	out[0] = 0;
	fixture_say(fd, in);
	fixture_hear(f, fd, out, size, &ended);
	close(fd);
	fixture_turns(f, 3);
	return ended;
}

static void answers_as_they_are_written(void **state)
{
	static const struct {
		const char *in, *begins, *holds, *not ;
		bool ended;
	} table[] = {
		{ "GET /a%20b?q HTTP/1.1\r\n" HOST "\r\n", "HTTP/1.1 200 OK\r\nDate: ", "\r\n\r\nGET /a b?q ",
		  "Connection:", false },
		{ "GET / HTTP/1.1\r\n" HOST "\r\n", "HTTP/1.1 200 OK\r\n",
		  "\r\nServer: cellpost\r\nContent-Type: text/plain\r\n"
		  "Content-Length: 7\r\n\r\nGET /? ",
		  "Connection:", false },
		{ "GET / HTTP/1.1\r\n" HOST "Connection: close\r\n\r\n", "HTTP/1.1 200 OK\r\n", "Connection: close\r\n",
		  "keep-alive", true },
		{ "GET / HTTP/1.0\r\n\r\n", "HTTP/1.1 200 OK\r\n", "Connection: close\r\n", "keep-alive", true },
		{ "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", "HTTP/1.1 200 OK\r\n",
		  "Connection: keep-alive\r\n", "close", false },
		{ "HEAD / HTTP/1.1\r\n" HOST "\r\n", "HTTP/1.1 200 OK\r\n", "Content-Length: 8\r\n\r\n", "HEAD",
		  false },
		{ "GET /204 HTTP/1.1\r\n" HOST "\r\n", "HTTP/1.1 204 No Content\r\n", "", "Content-Length", false },
		{ "GET /202 HTTP/1.1\r\n" HOST "\r\n", "HTTP/1.1 202 Accepted\r\n",
		  "Content-Length: 0\r\nLocation: /x\r\n\r\n", "Type", false },
		{ "GET /error HTTP/1.1\r\n" HOST "\r\n", "HTTP/1.1 404 Not Found\r\n",
		  "{\"error\":{\"code\":\"no_such\",\"message\":\"there is \\\"nothing\\\"\"}}", "close", false },
		{ "POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
		  "HTTP/1.1 200 OK\r\n", "POST /? abc", "close", false },
		{ "POST / HTTP/1.1\r\n" HOST "Expect: 100-continue\r\nContent-Length: 3\r\n\r\n",
		  "HTTP/1.1 100 Continue\r\n\r\n", "", "200", false },
		{ "POST / HTTP/1.1\r\n" HOST "Expect: 100-continue\r\nContent-Length: 3\r\n\r\nabc",
		  "HTTP/1.1 200 OK\r\n", "abc", "100", false },
		{ "GET / HTTP/1.1\r\n\r\nGET / HTTP/1.1\r\n" HOST "\r\n", "HTTP/1.1 400 Bad Request\r\n",
		  "{\"error\":{\"code\":\"bad_request\",\"message\":\"Host is missing\"}}", "200", true },
		{ "FOO / HTTP/1.1\r\n" HOST "\r\n", "HTTP/1.1 501 Not Implemented\r\n", "Connection: close\r\n", "200",
		  true },
		{ "POST / HTTP/1.1\r\n" HOST "Content-Length: 2000000\r\n\r\n", "HTTP/1.1 413 Content Too Large\r\n",
		  "\"too_large\"", "200", true },
		{ "PRI * HTTP/2.0\r\n\r\nXX\r\n\r\n", "HTTP/1.1 400 Bad Request\r\n", "", "200", true },
		{ "PROPFIND / HTTP/1.1\r\n" HOST "\r\n", "HTTP/1.1 200 OK\r\n", "PROPFIND /", "close", false },
	};
	struct fixture f = { 0 };
	char out[4096];

	(void)state;
	fixture_open(&f);
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		bool ended = talk(&f, table[i].in, out, sizeof(out));
		if (strncmp(out, table[i].begins, strlen(table[i].begins)) || !strstr(out, table[i].holds) ||
		    strstr(out, table[i].not ) || ended != table[i].ended)
			fail_msg("%s gives %s (%s)", table[i].in, out, ended ? "ended" : "open");
	}
	assert_int_equal(http_server_connections(f.server), 0);
	fixture_close(&f);
}

static void one_octet_at_a_time(void **state)
{
	const char *in = "POST /x HTTP/1.1\r\n" HOST "Content-Length: 3\r\n\r\nabcGET /y HTTP/1.1\r\n" HOST "\r\n";
	struct fixture f = { 0 };
	char out[4096] = "";
	bool ended;

	(void)state;
	fixture_open(&f);
	int fd = fixture_connect(&f);
	for (const char *at = in; *at; at++) {
		fixture_say(fd, (char[]){ *at, 0 });
		loop_turn(f.loop, 0);
	}
	fixture_hear(&f, fd, out, sizeof(out), &ended);
	assert_non_null(strstr(out, "POST /x? abc"));
	assert_non_null(strstr(out, "GET /y? "));
	assert_int_equal(f.requests, 2);
	close(fd);
	fixture_close(&f);
}

static void pipelined_answers_keep_their_order(void **state)
{
	struct fixture f = { 0 };
	char out[4096] = "";
	bool ended;

	(void)state;
	fixture_open(&f);
	int fd = fixture_connect(&f);
	fixture_say(fd, "GET /later HTTP/1.1\r\n" HOST "\r\nGET /2 HTTP/1.1\r\n" HOST "\r\nGET /later HTTP/1.1\r\n" HOST
			"\r\nGET /4 HTTP/1.1\r\n" HOST "Connection: close\r\n\r\nGET /5 HTTP/1.1\r\n" HOST "\r\n");
	fixture_hear(&f, fd, out, sizeof(out), &ended);
	assert_string_equal(out, "");
	assert_int_equal(f.requests, 1);
	http_respond_text(http_exchange_find(f.server, f.kept[0]), 200, "a/b", TEXT_LITERAL("one."));
	assert_null(http_exchange_find(f.server, f.kept[0]));
	fixture_hear(&f, fd, out, sizeof(out), &ended);
	assert_int_equal(f.requests, 3);
	assert_int_equal(count_of(out, "HTTP/1.1 200"), 2);
	assert_true(strstr(out, "one.") < strstr(out, "GET /2"));
	http_respond_text(http_exchange_find(f.server, f.kept[1]), 200, "a/b", TEXT_LITERAL("three."));
	fixture_hear(&f, fd, out, sizeof(out), &ended);
	assert_true(strstr(out, "three.") < strstr(out, "GET /4"));
	assert_null(strstr(out, "GET /5"));
	assert_true(ended);
	close(fd);
	fixture_turns(&f, 3);
	assert_int_equal(http_server_connections(f.server), 0);
	assert_int_equal(f.closed, 0);
	fixture_close(&f);
}

static void a_client_that_left_is_not_found(void **state)
{
	struct fixture f = { 0 };

	(void)state;
	fixture_open(&f);
	int fd = fixture_connect(&f);
	fixture_say(fd, "GET /later HTTP/1.1\r\n" HOST "\r\n");
	fixture_turns(&f, 3);
	assert_non_null(http_exchange_find(f.server, f.kept[0]));
	close(fd);
	fixture_turns(&f, 3);
	assert_null(http_exchange_find(f.server, f.kept[0]));
	assert_int_equal(f.closed, 1);
	fd = fixture_connect(&f);
	fixture_say(fd, "GET /later HTTP/1.1\r\n" HOST "\r\nGET /next HTTP/1.1\r\n" HOST "\r\n");
	fixture_turns(&f, 3);
	close(fd);
	fixture_turns(&f, 3);
	assert_int_equal(f.closed, 2); /* though another request was left to look at */
	fd = fixture_connect(&f);
	fixture_say(fd, "GET /later HTTP/1.1\r\n" HOST "\r\n");
	fixture_turns(&f, 3);
	fixture_close(&f); /* with one open */
	assert_int_equal(f.closed, 3);
	close(fd);
}

static void streamed_answers(void **state)
{
	struct fixture f = { 0 };
	char out[4096] = "";
	bool ended;

	(void)state;
	fixture_open(&f);
	int fd = fixture_connect(&f);
	fixture_say(fd, "GET /stream HTTP/1.1\r\n" HOST "\r\n");
	fixture_hear(&f, fd, out, sizeof(out), &ended);
	assert_non_null(strstr(
		out, "Content-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n9\r\ndata: 1\n\n\r\n"));
	struct http_exchange *x = http_exchange_find(f.server, f.kept[0]);
	assert_null(http_exchange_request(x));
	assert_true(http_stream_write(x, TEXT_LITERAL("data: 2\n\n")));
	out[0] = 0;
	fixture_hear(&f, fd, out, sizeof(out), &ended);
	assert_string_equal(out, "9\r\ndata: 2\n\n\r\n");
	http_stream_end(x);
	fixture_say(fd, "GET /after HTTP/1.1\r\n" HOST "\r\n");
	out[0] = 0;
	fixture_hear(&f, fd, out, sizeof(out), &ended);
	assert_int_equal(strncmp(out, "0\r\n\r\nHTTP/1.1 200 OK", 20), 0);
	fixture_say(fd, "GET /stream HTTP/1.1\r\n" HOST "\r\n");
	fixture_turns(&f, 3);
	assert_int_equal(f.closed, 0);
	close(fd);
	fixture_turns(&f, 3);
	assert_int_equal(f.closed, 1);
	assert_null(http_exchange_find(f.server, f.kept[1]));
	fixture_close(&f);
}

static void streamed_to_http_1_0(void **state)
{
	struct fixture f = { 0 };
	char out[4096] = "";
	bool ended;

	(void)state;
	fixture_open(&f);
	int fd = fixture_connect(&f);
	fixture_say(fd, "GET /stream HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
	fixture_turns(&f, 3);
	http_stream_end(http_exchange_find(f.server, f.kept[0]));
	fixture_hear(&f, fd, out, sizeof(out), &ended);
	assert_true(ended);
	assert_null(strstr(out, "chunked"));
	assert_non_null(strstr(out, "Connection: close\r\n\r\ndata: 1\n\n"));
	close(fd);
	fixture_close(&f);
}

static void a_reader_that_does_not_read(void **state)
{
	static char chunk[200000];
	struct fixture f = { 0 };
	unsigned i;

	(void)state;
	memset(chunk, 'c', sizeof(chunk));
	fixture_open(&f);
	int fd = fixture_connect(&f);
	fixture_say(fd, "GET /stream HTTP/1.1\r\n" HOST "\r\n");
	fixture_turns(&f, 3);
	for (i = 0; i < 50; i++) {
		if (!http_stream_write(http_exchange_find(f.server, f.kept[0]), text_range(chunk, sizeof(chunk))))
			break;
		fixture_turns(&f, 1);
	}
	assert_in_range(i, 4, 20);
	assert_int_equal(f.rooms, 0);
	static char drain[1 << 20];
	for (i = 0; i < 200; i++) {
		(void)!recv(fd, drain, sizeof(drain), 0);
		fixture_turns(&f, 1);
	}
	assert_int_equal(f.rooms, 1);
	for (i = 0; i < 100 && http_exchange_find(f.server, f.kept[0]); i++) {
		(void)http_stream_write(http_exchange_find(f.server, f.kept[0]), text_range(chunk, sizeof(chunk)));
		fixture_turns(&f, 1);
	}
	assert_in_range(i, 20, 40); /* dropped at four times the mark */
	assert_int_equal(f.closed, 1);
	close(fd);
	fixture_close(&f);
}

static void slow_clients_are_ended(void **state)
{
	static const struct {
		const char *in;
		int64_t after_us; /* still open a second before */
		const char *answer;
	} table[] = {
		{ "", 10 * USEC_PER_SEC, "" },
		{ "GET / HT", 10 * USEC_PER_SEC, "HTTP/1.1 408 Request Timeout\r\n" },
		{ "GET / HTTP/1.1\r\n" HOST "X: y\r\n", 10 * USEC_PER_SEC, "HTTP/1.1 408 Request Timeout\r\n" },
		{ "POST / HTTP/1.1\r\n" HOST "Content-Length: 5\r\n\r\nabc", 30 * USEC_PER_SEC,
		  "HTTP/1.1 408 Request Timeout\r\n" },
		{ "GET / HTTP/1.1\r\n" HOST "\r\n", 60 * USEC_PER_SEC, "HTTP/1.1 200 OK\r\n" },
		{ "GET / HTTP/1.1\r\n" HOST "\r\nGET", 10 * USEC_PER_SEC, "HTTP/1.1 200 OK\r\n" },
		{ "GET /later HTTP/1.1\r\n" HOST "Connection: close\r\n\r\n", 60 * USEC_PER_SEC,
		  "HTTP/1.1 504 Gateway Timeout\r\n" },
		{ "PRI * HT", 10 * USEC_PER_SEC, "" },
		{ "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 10 * USEC_PER_SEC, "" },
	};
	char out[4096];
	bool ended;

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct fixture f = { 0 };
		int64_t now = 1000 * USEC_PER_SEC;
		out[0] = 0;
		clock_set(now, now);
		fixture_open(&f);
		int fd = fixture_connect(&f);
		fixture_say(fd, table[i].in);
		fixture_hear(&f, fd, out, sizeof(out), &ended);
		now += table[i].after_us - USEC_PER_SEC;
		clock_set(now, now);
		fixture_hear(&f, fd, out, sizeof(out), &ended);
		assert_false(ended);
		now += USEC_PER_SEC;
		clock_set(now, now);
		fixture_hear(&f, fd, out, sizeof(out), &ended);
		if (!ended || strncmp(out, table[i].answer, strlen(table[i].answer)))
			fail_msg("case %zu: %s, %s", i, ended ? "ended" : "open", out);
		close(fd);
		fixture_close(&f);
	}
	clock_real();
}

/* An octet every nine seconds is no progress for a header; for a body it is. */
static void slowloris(void **state)
{
	struct fixture f = { 0 };
	int64_t now = 1000 * USEC_PER_SEC;
	char out[4096] = "";
	bool ended = false, body_ended;
	unsigned i;

	(void)state;
	clock_set(now, now);
	fixture_open(&f);
	int header = fixture_connect(&f), body = fixture_connect(&f);
	fixture_say(header, "GET / HTTP/1.1\r\n");
	fixture_say(body, "POST / HTTP/1.1\r\n" HOST "Content-Length: 5\r\n\r\n");
	for (i = 0; i < 5; i++) {
		fixture_turns(&f, 3);
		now += 9 * USEC_PER_SEC;
		clock_set(now, now);
		if (!ended)
			(void)!send(header, "x", 1, MSG_NOSIGNAL);
		fixture_say(body, "b");
		fixture_hear(&f, header, out, sizeof(out), &body_ended);
		ended = ended || body_ended;
	}
	assert_true(ended);
	assert_non_null(strstr(out, "408 Request Timeout"));
	assert_int_equal(f.requests, 1);
	clock_real();
	close(header);
	close(body);
	fixture_close(&f);
}

static void connections_are_limited(void **state)
{
	struct fixture f = { 0 };
	char out[100] = "";
	bool ended;

	(void)state;
	http_server_limits_init(&f.limits);
	f.limits.connections_max = 2;
	fixture_open(&f);
	int a = fixture_connect(&f), b = fixture_connect(&f), c = fixture_connect(&f);
	fixture_hear(&f, c, out, sizeof(out), &ended);
	assert_true(ended);
	assert_int_equal(http_server_connections(f.server), 2);
	close(a);
	fixture_turns(&f, 3);
	a = fixture_connect(&f);
	fixture_say(a, "GET /204 HTTP/1.1\r\n" HOST "\r\n");
	fixture_hear(&f, a, out, sizeof(out), &ended);
	assert_int_equal(strncmp(out, "HTTP/1.1 204", 12), 0);
	close(a);
	close(b);
	close(c);
	fixture_close(&f);
}

static void octets_are_limited(void **state)
{
	static char body[60000];
	struct fixture f = { 0 };
	char out[4096] = "";
	bool ended;
	int fds[4];

	(void)state;
	memset(body, 'b', sizeof(body) - 1);
	http_server_limits_init(&f.limits);
	f.limits.octets_max = 200000;
	fixture_open(&f);
	for (unsigned i = 0; i < 4; i++) {
		fds[i] = fixture_connect(&f);
		fixture_say(fds[i], "POST /later HTTP/1.1\r\n" HOST "Content-Length: 60000\r\n\r\n");
		fixture_say(fds[i], body);
		fixture_turns(&f, 3);
	}
	fixture_say(fds[3], "b");
	fixture_hear(&f, fds[3], out, sizeof(out), &ended);
	assert_true(ended && strstr(out, "503 Service Unavailable"));
	for (unsigned i = 0; i < 3; i++)
		fixture_say(fds[i], "b");
	fixture_turns(&f, 3);
	assert_in_range(f.requests, 2, 3);
	for (unsigned i = 0; i < 4; i++)
		close(fds[i]);
	fixture_close(&f);
}

/* A PUT of HTTP/2 whose body does not go on is reset, however busy the connection is. */
static void one_stalled_stream(void **state)
{
	static const char put[] = HTTP2_PREFACE "\x00\x00\x00\x04\x00\x00\x00\x00\x00" /* SETTINGS */
						"\x00\x00\x0e\x01\x04\x00\x00\x00\x01"
						"\x83\x86\x84\x01\x01x\x0f\x0d\x05"
						"10000"; /* POST / of x, Content-Length 10000 */
	static const char ping[] = "\x00\x00\x08\x06\x00\x00\x00\x00\x00xxxxxxxx";
	struct fixture f = { 0 };
	int64_t now = 1000 * USEC_PER_SEC;
	char out[4096];
	bool reset = false;

	(void)state;
	clock_set(now, now);
	fixture_open(&f);
	int fd = fixture_connect(&f);
	assert_int_equal(send(fd, put, sizeof(put) - 1, MSG_NOSIGNAL), sizeof(put) - 1);
	for (unsigned second = 0; second < 35; second++) {
		now += USEC_PER_SEC;
		clock_set(now, now);
		assert_int_equal(send(fd, ping, sizeof(ping) - 1, MSG_NOSIGNAL), sizeof(ping) - 1);
		fixture_turns(&f, 3);
		ssize_t n = recv(fd, out, sizeof(out), 0);
		assert_true(n > 0);
		bool now_reset = memmem(out, (size_t)n, "\x00\x00\x04\x03\x00\x00\x00\x00\x01", 9) != NULL;
		assert_true(!now_reset || (second >= 28 && second <= 31));
		reset = reset || now_reset;
	}
	assert_true(reset);
	assert_int_equal(http_server_connections(f.server), 1);
	clock_real();
	close(fd);
	fixture_close(&f);
}

static void stopping_is_graceful(void **state)
{
	struct fixture f = { 0 };
	char out[4096] = "";
	bool ended;

	(void)state;
	fixture_open(&f);
	int idle = fixture_connect(&f), open = fixture_connect(&f), streamed = fixture_connect(&f),
	    half = fixture_connect(&f);
	fixture_say(open, "GET /later HTTP/1.1\r\n" HOST "\r\n");
	fixture_say(half, "POST /x HTTP/1.1\r\n" HOST "Content-Length: 3\r\n\r\na");
	fixture_turns(&f, 3);
	fixture_say(streamed, "GET /stream HTTP/1.1\r\n" HOST "\r\n");
	fixture_turns(&f, 3);
	http_server_stop(f.server, fixture_stopped, &f);
	fixture_hear(&f, idle, out, sizeof(out), &ended);
	assert_true(ended);
	fixture_hear(&f, streamed, out, sizeof(out), &ended);
	assert_true(ended && strstr(out, "\r\n0\r\n\r\n"));
	assert_int_equal(f.closed, 1);
	assert_int_equal(f.stopped, 0);
	http_respond_text(http_exchange_find(f.server, f.kept[0]), 200, "a/b", TEXT_LITERAL("late"));
	fixture_hear(&f, open, out, sizeof(out), &ended);
	assert_true(ended && strstr(out, "Connection: close") && strstr(out, "late"));
	fixture_say(half, "bc");
	fixture_hear(&f, half, out, sizeof(out), &ended);
	assert_true(ended && strstr(out, "POST /x? abc"));
	close(idle);
	close(open);
	close(streamed);
	close(half);
	fixture_turns(&f, 5);
	assert_int_equal(f.stopped, 1);
	fixture_close(&f);
}

static void stopping_ends_in_time(void **state)
{
	struct fixture f = { 0 };
	int64_t now = 1000 * USEC_PER_SEC;

	(void)state;
	clock_set(now, now);
	fixture_open(&f);
	int fd = fixture_connect(&f), other = fixture_connect(&f);
	fixture_say(fd, "GET /later HTTP/1.1\r\n" HOST "\r\n");
	fixture_say(other, "GET /later HTTP/1.1\r\n" HOST "\r\n");
	fixture_turns(&f, 3);
	http_server_stop(f.server, fixture_stopped, &f);
	fixture_turns(&f, 3);
	assert_int_equal(f.stopped, 0);
	clock_set(now + 10 * USEC_PER_SEC, now + 10 * USEC_PER_SEC);
	fixture_turns(&f, 3);
	assert_int_equal(f.stopped, 1);
	assert_int_equal(f.closed, 2);
	clock_real();
	close(fd);
	close(other);
	fixture_close(&f);
}

/* Requests without reading the answers: the server stops reading rather than collect answers without end. */
static void pipelining_without_reading(void **state)
{
	static const char request[] = "GET /big HTTP/1.1\r\n" HOST "\r\n";
	struct fixture f = { 0 };
	static char drain[1 << 20];
	size_t got = 0;

	(void)state;
	fixture_open(&f);
	int fd = fixture_connect(&f);
	for (unsigned i = 0; i < 100; i++)
		fixture_say(fd, request);
	fixture_turns(&f, 50);
	assert_in_range(f.requests, 3, 8);
	for (unsigned i = 0; i < 3000 && got < 100 * 300000; i++) {
		ssize_t n = recv(fd, drain, sizeof(drain), 0);
		got += n > 0 ? (size_t)n : 0;
		loop_turn(f.loop, 100);
	}
	assert_int_equal(f.requests, 100);
	assert_true(got > 100 * 300000);
	close(fd);
	fixture_close(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(answers_as_they_are_written),
		cmocka_unit_test(one_octet_at_a_time),
		cmocka_unit_test(pipelined_answers_keep_their_order),
		cmocka_unit_test(a_client_that_left_is_not_found),
		cmocka_unit_test(streamed_answers),
		cmocka_unit_test(streamed_to_http_1_0),
		cmocka_unit_test(a_reader_that_does_not_read),
		cmocka_unit_test(slow_clients_are_ended),
		cmocka_unit_test(slowloris),
		cmocka_unit_test(connections_are_limited),
		cmocka_unit_test(octets_are_limited),
		cmocka_unit_test(one_stalled_stream),
		cmocka_unit_test(stopping_is_graceful),
		cmocka_unit_test(stopping_ends_in_time),
		cmocka_unit_test(pipelining_without_reading),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
