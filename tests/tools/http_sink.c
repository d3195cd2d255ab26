/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A target of webhooks: answers 200 to every request.
 *	http_sink -p PORT [-n REQUESTS] [-k]
 * Ends after -n requests, or by a signal, and prints how many came and their rate. With -k it goes on instead, and
 * prints that of each -n requests.
 */
#include <getopt.h>

#include "load.h"

static struct {
	unsigned long count, wanted;
	bool keep;
	int64_t first_us, last_us;
	struct peer peer;
} sink;

static volatile sig_atomic_t ended;

static void end(int signal)
{
	(void)signal;
	ended = 1;
}

static size_t request_size(const uint8_t *at, size_t n)
{
	const char *text = (const char *)at, *stop = memmem(at, n, "\r\n\r\n", 4), *field;

	if (!stop)
		return 0;
	size_t head = (size_t)(stop - text) + 4, body = 0;
	for (field = text; field < stop; field = strstr(field, "\r\n") + 2) {
		if (!strncasecmp(field, "content-length:", 15))
			body = strtoul(field + 15, NULL, 10);
	}
	return n >= head + body ? head + body : 0;
}

static size_t received(struct connection *c, const uint8_t *at, size_t n)
{
	size_t taken = 0, size;

	while ((size = request_size(at + taken, n - taken))) {
		sink.last_us = now_us();
		if (!sink.count++)
			sink.first_us = sink.last_us;
		put_text(&c->out, "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\nok");
		taken += size;
	}
	return taken;
}

static void say(void)
{
	double seconds = (double)(sink.last_us - sink.first_us) / 1e6;

	printf("http_sink count=%lu seconds=%.3f rate=%.0f\n", sink.count, seconds,
	       seconds > 0 ? (double)(sink.count - 1) / seconds : 0.0);
	fflush(stdout);
	sink.count = 0;
}

int main(int argc, char **argv)
{
	unsigned long port = 0;
	int o;

	while ((o = getopt(argc, argv, "p:n:k")) >= 0) {
		if (o == 'p')
			port = number(optarg);
		else if (o == 'n')
			sink.wanted = number(optarg);
		else if (o == 'k')
			sink.keep = true;
		else
			die("usage: http_sink -p PORT [-n REQUESTS] [-k]");
	}
	signal(SIGTERM, end);
	signal(SIGINT, end);
	sink.peer.received = received;
	peer_open(&sink.peer);
	peer_listen(&sink.peer, port);
	while (!ended) {
		peer_turn(&sink.peer, 100);
		if (!sink.wanted || sink.count < sink.wanted)
			continue;
		if (!sink.keep)
			break;
		say();
	}
	say();
	return 0;
}
