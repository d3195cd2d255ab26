/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Small records echoed over loopback between two loops, each on a thread of its own.
 *
 *	bench_stream [connections] [window] [messages] [tls: 0 or 1] [idle connections]
 *
 * A record is 100 octets; each connection keeps `window` of them under way. Besides the rate it says what both sides
 * together spent on one message, and what an idle accepted connection costs in memory of ours.
 */
#include <malloc.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "core/base/arena.h"
#include "core/base/clock.h"
#include "core/base/log.h"
#include "core/net/listen.h"
#include "core/net/stream.h"
#include "core/net/tls.h"
#include "tests/core/net/test_certificate.h"

#define RECORD 100u
#define CONNECTIONS_MAX 20000u

static uint64_t connections = 8, window = 10, messages = 1000000, with_tls, idle;
static struct net_address at;
static int listening;
static struct tls_server *server_tls;
static struct tls_client *client_tls;
static struct loop *server_loop, *client_loop;
static atomic_bool stopping;

/* --- the server: its own thread and loop ------------------------------------------------------------------------ */

static struct stream *accepted_streams[CONNECTIONS_MAX];
static unsigned accepted_count;
static _Atomic unsigned server_open;

static size_t echo(void *owner, struct stream *stream, const uint8_t *bytes, size_t n)
{
	size_t taken = 0;

	(void)owner;
	for (; n - taken >= RECORD; taken += RECORD)
		stream_write(stream, bytes + taken, RECORD); /* one by one, as answers are */
	return taken;
}

static void server_opened(void *owner, struct stream *stream)
{
	(void)owner;
	(void)stream;
	server_open++;
}

static void server_closed(void *owner, struct stream *stream, enum result why, const char *text)
{
	(void)owner;
	(void)stream;
	(void)why;
	(void)text;
}

static void accepted(void *owner, int fd, const struct net_address *peer)
{
	static const struct stream_handler handler = { server_opened, echo, server_closed, NULL };

	(void)owner;
	(void)peer;
	accepted_streams[accepted_count++] = stream_accept(server_loop, fd, server_tls, &handler, NULL);
	if (!server_tls)
		server_open++;
}

static void *serve(void *owner)
{
	struct listener *listener = listener_new(server_loop, listening, CONNECTIONS_MAX, accepted, NULL);

	(void)owner;
	while (!atomic_load(&stopping))
		loop_turn(server_loop, 100000);
	for (unsigned i = 0; i < accepted_count; i++)
		stream_free(&accepted_streams[i]);
	listener_free(&listener);
	return NULL;
}

/* --- the client ------------------------------------------------------------------------------------------------- */

struct client {
	struct stream *stream;
	uint64_t sent, answered, due;
};

static struct client *clients;
static unsigned client_open, client_done;
static const uint8_t record[RECORD];

static void send_next(struct client *c)
{
	while (c->sent < c->due && c->sent - c->answered < window) {
		stream_write(c->stream, record, RECORD);
		c->sent++;
	}
}

static void client_opened(void *owner, struct stream *stream)
{
	(void)owner;
	(void)stream;
	client_open++;
}

static size_t take(void *owner, struct stream *stream, const uint8_t *bytes, size_t n)
{
	struct client *c = owner;

	(void)stream;
	(void)bytes;
	c->answered += n / RECORD;
	if (c->answered == c->due)
		client_done++;
	send_next(c);
	return n - n % RECORD;
}

static void client_closed(void *owner, struct stream *stream, enum result why, const char *text)
{
	(void)owner;
	(void)stream;
	fprintf(stderr, "a client ended: %s: %s\n", result_name(why), text);
	exit(1);
}

static int64_t cpu_us(void)
{
	struct rusage u;

	getrusage(RUSAGE_SELF, &u);
	return (int64_t)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) * USEC_PER_SEC + u.ru_utime.tv_usec +
	       u.ru_stime.tv_usec;
}

static void connect_all(unsigned from, unsigned to)
{
	static const struct stream_handler handler = { client_opened, take, client_closed, NULL };

	for (unsigned i = from; i < to; i++) {
		clients[i].stream = stream_connect(client_loop, &at, client_tls, "bench.example", 30 * USEC_PER_SEC,
						   &handler, &clients[i]);
		while (i - client_open > 50 && i > client_open)
			loop_turn(client_loop, 1000);
	}
	while (client_open < to || server_open < to)
		loop_turn(client_loop, 1000);
}

static void run(void)
{
	int64_t wall = clock_monotonic(), cpu = cpu_us();

	for (unsigned i = 0; i < connections; i++) {
		clients[i].due = messages / connections;
		send_next(&clients[i]);
	}
	while (client_done < connections)
		loop_turn(client_loop, 100000);
	wall = clock_monotonic() - wall;
	cpu = cpu_us() - cpu;
	uint64_t total = messages / connections * connections;
	printf("stream echo tls=%u connections=%u window=%u idle=%u messages=%lu rate=%.0f/s "
	       "cpu=%.2fus/message (both sides)\n",
	       (unsigned)with_tls, (unsigned)connections, (unsigned)window, (unsigned)idle, (unsigned long)total,
	       (double)total * 1e6 / (double)wall, (double)cpu / (double)total);
}

static size_t heap_used(void)
{
	struct mallinfo2 now = mallinfo2();

	return now.uordblks + now.hblkhd;
}

static void run_idle(void)
{
	size_t before = heap_used();

	connect_all((unsigned)connections, (unsigned)(connections + idle));
	printf("stream idle tls=%u connections=%u heap=%.0f octets each (both ends: two streams)\n", (unsigned)with_tls,
	       (unsigned)idle, (double)(heap_used() - before) / (double)idle);
}

static void open_listener(void)
{
	const char *why = "";

	if (net_address_parse(TEXT_LITERAL("127.0.0.1:1"), &at, &why))
		exit(1);
	net_address_set_port(&at, 0);
	if (net_listen(&at, 1024, &listening, &why)) {
		fprintf(stderr, "%s\n", why);
		exit(1);
	}
	at.len = sizeof(at.storage);
	if (getsockname(listening, (struct sockaddr *)&at.storage, &at.len))
		exit(1);
}

static void open_tls(void)
{
	static struct certificate c;
	const char *why = "";

	certificate_make(&c, "DNS:bench.example");
	if (tls_server_new(text_of(c.chain), text_of(c.key), "", &server_tls, &why) ||
	    tls_client_new(text_of(c.chain), true, "", &client_tls, &why)) {
		fprintf(stderr, "%s\n", why);
		exit(1);
	}
}

static bool read_arguments(int argc, char **argv)
{
	uint64_t *const to[] = { &connections, &window, &messages, &with_tls, &idle };

	for (int i = 1; i < argc && i <= 5; i++) {
		if (!text_to_u64(text_of(argv[i]), 100000000, to[i - 1]))
			return false;
	}
	return connections && window && connections + idle <= CONNECTIONS_MAX;
}

int main(int argc, char **argv)
{
	pthread_t thread;

	if (!read_arguments(argc, argv))
		return 2;
	open_listener();
	if (with_tls)
		open_tls();
	server_loop = loop_new();
	client_loop = loop_new();
	clients = must_alloc((connections + idle) * sizeof(*clients));
	if (pthread_create(&thread, NULL, serve, NULL))
		return 1;
	connect_all(0, (unsigned)connections);
	if (idle)
		run_idle();
	run();
	atomic_store(&stopping, true);
	loop_wake(server_loop);
	pthread_join(thread, NULL);
	for (unsigned i = 0; i < connections + idle; i++)
		stream_free(&clients[i].stream);
	tls_server_free(&server_tls);
	tls_client_free(&client_tls);
	free(clients);
	loop_free(&client_loop);
	loop_free(&server_loop);
	return 0;
}
