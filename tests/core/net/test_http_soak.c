/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Server and client against each other and against noise, in an order that chance decides (repeatably): connections
 * that begin, stall, end anywhere; answers now, later, streamed, never; cancelled requests; servers that stop. What
 * counts is that nothing is left, nothing is told twice, and no sanitizer speaks.
 */
#include "http_fixture.h"

#include "core/base/random.h"
#include "core/net/http_client.h"
#include "test_certificate.h"

#define CLIENTS 12u

static const char *const scraps[] = {
	"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
	"GET /later HTTP/1.1\r\nHost: x\r\n\r\n",
	"GET /stream HTTP/1.1\r\nHost: x\r\n\r\n",
	"GET /big HTTP/1.1\r\nHost: x\r\n\r\n",
	"POST /later HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhe",
	"llo",
	"HEAD /stream HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
	"GET /later HTTP/1.0\r\n\r\n",
	"\r\n",
	"PUT /x HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n",
	"0\r\n\r\n",
	"GET / HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n",
	"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
	"GET /204 HTTP/1.1\r\nHost: x\r\n\r\nGET /later HTTP/1.1\r\nHost: x\r\n\r\nGET /big HTTP/1.1\r\nHost: "
	"x\r\n\r\n",
};

static unsigned chance(unsigned n)
{
	return random_below(n);
}

static void answer_one(struct fixture *f)
{
	static char big[200000];

	if (!f->kept_count)
		return;
	unsigned i = chance(f->kept_count);
	struct http_exchange *x = http_exchange_find(f->server, f->kept[i]);
	bool streaming = x && !http_exchange_request(x);
	if (x && streaming && chance(4)) {
		(void)http_stream_write(x, text_range(big, chance(sizeof(big))));
		return;
	}
	f->kept[i] = f->kept[--f->kept_count];
	if (x && streaming)
		http_stream_end(x);
	else if (x)
		http_respond_text(x, 200, "a/b", TEXT_LITERAL("late"));
}

static void one_client_step(struct fixture *f, int *fd)
{
	static char in[300000];

	if (*fd < 0) {
		*fd = fixture_connect(f);
		return;
	}
	switch (chance(8)) {
	case 0:
		close(*fd);
		*fd = -1;
		break;
	case 1:
	case 2:
		(void)!recv(*fd, in, sizeof(in), 0);
		break;
	default: {
		const char *scrap = scraps[chance(sizeof(scraps) / sizeof(scraps[0]))];
		size_t n = strlen(scrap);
		(void)!send(*fd, scrap, chance(5) ? n : chance((unsigned)n) + 1, MSG_NOSIGNAL);
	}
	}
}

static void noise(struct fixture *f, unsigned steps)
{
	int fds[CLIENTS];

	for (unsigned i = 0; i < CLIENTS; i++)
		fds[i] = -1;
	for (unsigned i = 0; i < steps; i++) {
		one_client_step(f, &fds[chance(CLIENTS)]);
		if (!chance(3))
			answer_one(f);
		if (f->kept_count > KEPT_MAX / 2)
			f->kept_count = 0; /* never answered */
		loop_turn(f->loop, 0);
	}
	for (unsigned i = 0; i < CLIENTS; i++) {
		if (fds[i] >= 0)
			close(fds[i]);
	}
}

static void a_server_under_noise(void **state)
{
	(void)state;
	for (unsigned round = 0; round < 10; round++) {
		struct fixture f = { 0 };
		random_seed(round + 1);
		fixture_open(&f);
		noise(&f, 3000);
		if (round & 1)
			http_server_stop(f.server, fixture_stopped, &f);
		fixture_turns(&f, 30);
		assert_true(f.requests > 100);
		if (round & 1)
			assert_int_equal(f.stopped, 1);
		assert_int_equal(http_server_connections(f.server), 0);
		fixture_close(&f);
	}
}

/* --- the client ------------------------------------------------------------------------------------------------- */

struct asked {
	uint64_t id;
	unsigned done;
	bool cancelled;
	struct asked *other; /* cancelled by `done` of this one */
	struct http_client *client;
};

static void done(void *owner, const struct http_client_answer *a)
{
	struct asked *q = owner;

	(void)a;
	if (q->cancelled)
		fail_msg("%s %s", result_name(a->result), a->why);
	q->done++;
	if (q->other && !q->other->done) {
		q->other->cancelled = true;
		http_client_cancel(q->client, q->other->id);
	}
}

static void ask(struct asked *q, struct http_client *c, const char *scheme, const struct fixture *f)
{
	static const char *const paths[] = { "/", "/later", "/202", "/big", "/204" };
	static char body[20000];
	char url[100];
	const char *why = "";

	snprintf(url, sizeof(url), "%s://%s:%u%s", scheme, chance(10) ? "localhost" : "127.0.0.1",
		 chance(12) ? fixture_port(f) : 1, paths[chance(5)]);
	struct http_client_request r = { .method = chance(2) ? HTTP_METHOD_POST : HTTP_METHOD_GET,
					 .url = text_of(url),
					 .body = text_range(body, chance(3) ? 0 : chance(sizeof(body))),
					 .repeatable = chance(2),
					 .timeout_us = chance(2) ? 0 : 20 * USEC_PER_MSEC };
	q->client = c;
	assert_int_equal(http_client_send(c, &r, done, q, &q->id, &why), OK);
}

static void mix(struct fixture *f, struct tls_client *tls, unsigned count)
{
	static struct asked all[2000];
	struct http_client_limits limits;
	unsigned n = 0;

	http_client_limits_init(&limits);
	limits.connections_per_host = 4;
	limits.connections_max = 5;
	limits.streams_max = 10;
	limits.timeout_us = USEC_PER_SEC / 2;
	memset(all, 0, sizeof(all));
	struct http_client *c = http_client_new(f->loop, "soak", &limits, tls, NULL);
	for (unsigned i = 0; i < 200000 && (n < count || http_client_open(c)); i++) {
		if (n < count && chance(2))
			ask(&all[n++], c, tls ? "https" : "http", f);
		if (n > 1 && !chance(20))
			all[chance(n)].other = &all[n - 1];
		unsigned victim = n ? chance(n) : 0;
		if (n && !chance(10) && !all[victim].done && !all[victim].cancelled) {
			all[victim].cancelled = true;
			http_client_cancel(c, all[victim].id);
		}
		if (!chance(3))
			answer_one(f);
		if (f->kept_count > KEPT_MAX - 50)
			f->kept_count = 0;
		loop_turn(f->loop, n < count ? 0 : 1000);
	}
	assert_int_equal(http_client_open(c), 0);
	for (unsigned i = 0; i < n; i++)
		assert_int_equal(all[i].done + all[i].cancelled, 1);
	for (unsigned i = 0; i < 20; i++)
		ask(&(struct asked){ 0 }, c, tls ? "https" : "http", f); /* freed before anything is told */
	http_client_free(&c);
}

static void client_and_server(void **state)
{
	static struct certificate certificate;
	const char *why = "";

	(void)state;
	certificate_make(&certificate, "DNS:localhost,IP:127.0.0.1");
	for (unsigned round = 0; round < 6; round++) {
		struct fixture f = { 0 };
		struct tls_client *tls = NULL;
		const char *alpn = round % 3 == 2 ? "http/1.1" : "h2 http/1.1";
		random_seed(100 + round);
		fixture_open(&f);
		if (round % 3) {
			assert_int_equal(tls_server_new(text_of(certificate.chain), text_of(certificate.key), alpn,
							&f.tls, &why),
					 OK);
			assert_int_equal(tls_client_new(text_of(certificate.chain), true, "h2 http/1.1", &tls, &why),
					 OK);
		}
		fixture_listen(&f, f.tls);
		mix(&f, tls, 1000);
		fixture_turns(&f, 20);
		assert_int_equal(http_server_connections(f.server), 0);
		tls_client_free(&tls);
		fixture_close(&f);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_server_under_noise),
		cmocka_unit_test(client_and_server),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
