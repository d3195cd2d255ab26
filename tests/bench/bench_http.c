/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * How fast the HTTP server answers: POSTs of 120 octets over keep-alive connections of a load generator in a process of
 * its own, each answered 202. Prints requests a second and the CPU that the server's process spent on each.
 * Arguments: connections (64), seconds (3), "later" to answer at the end of the turn, by id.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/base/arena.h"
#include "core/base/clock.h"
#include "core/net/http_server.h"
#include "core/net/net_address.h"

#define BODY \
	"{\"to\":\"+81901234567\",\"from\":\"bench\",\"text\":\"a message of an ordinary length for the " \
	"bench\",\"key\":\"0123456789\"}"
#define KEPT 1024u

struct bench {
	struct loop *loop;
	struct http_server *server;
	struct loop_hook hook;
	struct loop_timer end;
	bool later;
	uint64_t kept[KEPT];
	unsigned kept_count;
	uint64_t answered;
};

/* --- the load generator ----------------------------------------------------------------------------------------- */

static int connect_to(const struct net_address *at)
{
	int fd = socket(at->storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || connect(fd, (const struct sockaddr *)&at->storage, at->len)) {
		perror("connect");
		_exit(1);
	}
	return fd;
}

static void ask(int fd)
{
	static const char request[] = "POST /v1/messages HTTP/1.1\r\nHost: 127.0.0.1:8080\r\nUser-Agent: bench\r\n"
				      "Authorization: Basic YmVuY2g6c2VjcmV0\r\nContent-Type: application/json\r\n"
				      "Accept: */*\r\nContent-Length: 110\r\n\r\n" BODY;

	if (write(fd, request, sizeof(request) - 1) < 0)
		_exit(0);
}

/* Answers have no body: each ends with an empty line. */
static void generate(const struct net_address *at, unsigned connections)
{
	int epoll = epoll_create1(EPOLL_CLOEXEC);
	struct epoll_event events[64];
	char in[4096];

	for (unsigned i = 0; i < connections; i++) {
		int fd = connect_to(at);
		epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &(struct epoll_event){ .events = EPOLLIN, .data.fd = fd });
		ask(fd);
	}
	for (;;) {
		int n = epoll_wait(epoll, events, 64, -1);
		for (int i = 0; i < n; i++) {
			ssize_t got = read(events[i].data.fd, in, sizeof(in));
			if (got < 4 || memcmp(in + got - 4, "\r\n\r\n", 4))
				_exit(0);
			ask(events[i].data.fd);
		}
	}
}

/* --- the server ------------------------------------------------------------------------------------------------- */

static void request(void *owner, struct http_exchange *x)
{
	struct bench *b = owner;

	if (b->later && b->kept_count < KEPT) {
		b->kept[b->kept_count++] = http_exchange_id(x);
		return;
	}
	b->answered++;
	http_respond(x, &(struct http_answer){ .status = 202 });
}

static void turn_ended(void *owner)
{
	struct bench *b = owner;

	for (unsigned i = 0; i < b->kept_count; i++) {
		struct http_exchange *x = http_exchange_find(b->server, b->kept[i]);
		if (x)
			http_respond(x, &(struct http_answer){ .status = 202 });
		b->answered++;
	}
	b->kept_count = 0;
}

static void over(void *owner)
{
	struct bench *b = owner;

	loop_stop(b->loop);
}

static double cpu_s(void)
{
	struct rusage u;

	getrusage(RUSAGE_SELF, &u);
	return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) +
	       (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
}

static void listen_somewhere(struct bench *b, struct net_address *at)
{
	const char *why = "";
	int fd;

	if (net_address_parse(text_of("127.0.0.1:1"), at, &why))
		exit(1);
	memset((char *)&at->storage + 2, 0, 2); /* the port: any */
	if (net_listen(at, 1024, &fd, &why) || getsockname(fd, (struct sockaddr *)&at->storage, &at->len))
		exit(1);
	http_server_listen(b->server, fd, NULL);
}

int main(int argc, char **argv)
{
	static const struct http_server_handler handler = { .request = request };
	unsigned connections = argc > 1 ? (unsigned)strtoul(argv[1], NULL, 10) : 64;
	int64_t seconds = argc > 2 ? (int64_t)strtoul(argv[2], NULL, 10) : 3;
	struct bench b = { .loop = loop_new(), .later = argc > 3 };
	struct http_server_limits limits;
	struct net_address at;

	http_server_limits_init(&limits);
	b.server = http_server_new(b.loop, "bench", &limits, &handler, &b);
	listen_somewhere(&b, &at);
	pid_t pid = fork();
	if (!pid)
		generate(&at, connections);
	double cpu = cpu_s();
	int64_t began = clock_monotonic();
	loop_timer_start(b.loop, &b.end, seconds * USEC_PER_SEC, over, &b);
	if (b.later)
		loop_hook_add(b.loop, &b.hook, turn_ended, &b);
	loop_run(b.loop);
	double took = (double)(clock_monotonic() - began) / 1e6;
	cpu = cpu_s() - cpu;
	printf("http %s: %u connections, %.0f requests/s, %.2f us CPU each\n",
	       b.later ? "answered by id" : "answered at once", connections, (double)b.answered / took,
	       cpu * 1e6 / (double)(b.answered ? b.answered : 1));
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	loop_hook_remove(&b.hook);
	http_server_free(&b.server);
	loop_free(&b.loop);
	return b.answered ? 0 : 1;
}
