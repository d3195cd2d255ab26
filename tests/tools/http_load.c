/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Load for an HTTP API: kept connections, one request at a time on each.
 *	http_load -p PORT -n REQUESTS -c CONNECTIONS [-b BODY] [-H FIELD]... [-o FIRST] PATH
 * With -b it is a POST of JSON. The word {n} in PATH, BODY and FIELD becomes the request's number, eight digits.
 * Prints: requests answered 2xx, others, rate, latencies. 503 and 429 are repeated, and counted.
 */
#include <getopt.h>
#include <inttypes.h>

#include "load.h"

#define FIELDS_MAX 8

static struct {
	const char *path, *body, *fields[FIELDS_MAX];
	unsigned fields_count;
	unsigned long wanted, started, good, bad, busy, first;
	struct latencies latencies;
	struct peer peer;
} load;

struct request {
	unsigned long number;
	int64_t begun_us;
};

static void put_filled(struct octets *o, const char *pattern, unsigned long n)
{
	char digits[16];
	const char *mark;

	snprintf(digits, sizeof(digits), "%08lu", n);
	while ((mark = strstr(pattern, "{n}"))) {
		put(o, pattern, (size_t)(mark - pattern));
		put_text(o, digits);
		pattern = mark + 3;
	}
	put_text(o, pattern);
}

static void send_request(struct connection *c)
{
	static struct octets body;
	struct request *r = c->own;
	char line[64];

	body.len = 0;
	if (load.body)
		put_filled(&body, load.body, r->number);
	put_text(&c->out, load.body ? "POST " : "GET ");
	put_filled(&c->out, load.path, r->number);
	put_text(&c->out, " HTTP/1.1\r\nHost: 127.0.0.1\r\n");
	for (unsigned i = 0; i < load.fields_count; i++) {
		put_filled(&c->out, load.fields[i], r->number);
		put_text(&c->out, "\r\n");
	}
	if (load.body) {
		snprintf(line, sizeof(line), "Content-Type: application/json\r\nContent-Length: %zu\r\n", body.len);
		put_text(&c->out, line);
	}
	put_text(&c->out, "\r\n");
	put(&c->out, body.at, body.len);
	r->begun_us = now_us();
}

static void next_request(struct connection *c)
{
	struct request *r = c->own;

	if (load.started >= load.wanted)
		return;
	r->number = load.first + load.started++;
	send_request(c);
}

/* Octets of the whole answer, 0 = more is needed. */
static size_t answer_size(const uint8_t *at, size_t n, unsigned *status_out)
{
	const char *text = (const char *)at, *end = memmem(at, n, "\r\n\r\n", 4), *field;

	if (!end)
		return 0;
	if (n < 12 || memcmp(at, "HTTP/1.", 7))
		die("no HTTP answer");
	*status_out = (unsigned)strtoul(text + 9, NULL, 10);
	size_t head = (size_t)(end - text) + 4, body = 0;
	for (field = text; field < end; field = strstr(field, "\r\n") + 2) {
		if (!strncasecmp(field, "content-length:", 15))
			body = strtoul(field + 15, NULL, 10);
		else if (!strncasecmp(field, "transfer-encoding:", 18))
			die("a chunked answer");
	}
	return n >= head + body ? head + body : 0;
}

static void answered(struct connection *c, unsigned status, const uint8_t *at, size_t n)
{
	struct request *r = c->own;

	if (status == 503 || status == 429) {
		load.busy++;
		send_request(c);
		return;
	}
	latency(&load.latencies, now_us() - r->begun_us);
	if (status >= 200 && status < 300)
		load.good++;
	else if (!load.bad++)
		fprintf(stderr, "first bad answer: %.*s\n", (int)n, (const char *)at);
	next_request(c);
}

static size_t received(struct connection *c, const uint8_t *at, size_t n)
{
	size_t taken = 0, size;
	unsigned status = 0;

	while ((size = answer_size(at + taken, n - taken, &status))) {
		answered(c, status, at + taken, size);
		taken += size;
	}
	return taken;
}

static void closed(struct connection *c)
{
	(void)c;
	if (load.good + load.bad < load.wanted)
		die("the server closed a connection after %lu answers", load.good + load.bad);
}

static void read_options(int argc, char **argv, unsigned long *port, unsigned long *connections)
{
	int o;

	while ((o = getopt(argc, argv, "p:n:c:b:H:o:")) >= 0) {
		if (o == 'p')
			*port = number(optarg);
		else if (o == 'n')
			load.wanted = number(optarg);
		else if (o == 'c')
			*connections = number(optarg);
		else if (o == 'o')
			load.first = number(optarg);
		else if (o == 'b')
			load.body = optarg;
		else if (o == 'H' && load.fields_count < FIELDS_MAX)
			load.fields[load.fields_count++] = optarg;
		else
			die("usage: http_load -p PORT -n REQUESTS -c CONNECTIONS [-b BODY] [-H FIELD] PATH");
	}
	load.path = optind < argc ? argv[optind] : "/v1/messages";
}

int main(int argc, char **argv)
{
	unsigned long port = 8080, connections = 32;

	load.wanted = 10000;
	read_options(argc, argv, &port, &connections);
	load.peer.received = received;
	load.peer.closed = closed;
	peer_open(&load.peer);
	for (unsigned long i = 0; i < connections; i++) {
		struct connection *c = peer_connect(&load.peer, port);
		c->own = calloc(1, sizeof(struct request));
		if (!c->own)
			die("no memory");
	}
	int64_t begun = now_us();
	for (unsigned i = 0; i < load.peer.count; i++) {
		next_request(load.peer.all[i]);
		connection_flush(&load.peer, load.peer.all[i]);
	}
	while (load.good + load.bad < load.wanted)
		peer_turn(&load.peer, 1000);
	double seconds = (double)(now_us() - begun) / 1e6;
	uint32_t half = latency_at(&load.latencies, 500), most = latency_at(&load.latencies, 990);
	printf("http_load good=%lu bad=%lu busy=%lu seconds=%.3f rate=%.0f p50_us=%" PRIu32 " p99_us=%" PRIu32 "\n",
	       load.good, load.bad, load.busy, seconds, (double)load.good / seconds, half, most);
	return load.bad > 0;
}
