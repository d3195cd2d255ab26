/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the api role alone can accept: POST /v1/messages over 64 kept connections, against a queue that says yes at once
 * from the same loop. The clients are another process.
 */
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/base/clock.h"
#include "core/core_vty.h"
#include "core/ipc_messages.h"
#include "core/secret.h"
#include "daemon/api_vty.h"
#include "daemon/role.h"

#define CONNECTIONS 64
#define SECONDS 3

static struct loop *loop;
static struct ipc *role_end, *queue_end;
static unsigned long accepts;

struct loop *role_loop(void)
{
	return loop;
}

struct ipc *role_peer(enum role_id peer)
{
	return peer == ROLE_QUEUE ? role_end : NULL;
}

const struct counter_page *role_counters(enum role_id role)
{
	(void)role;
	return NULL;
}

void role_show_text(uint32_t call, const char *format, ...)
{
	(void)call;
	(void)format;
}

void role_show_end(uint32_t call)
{
	(void)call;
}

void role_stopped(void)
{
}

void role_ready_text(const char *text)
{
	(void)text;
}

static bool queue_takes(void *owner, struct ipc *ipc, struct ipc_record *record)
{
	struct ipc_accepted yes = { .id.octets = { 1 },
				    .answer = TEXT_LITERAL(
					    "[{\"id\":\"01000000000000000000000000000001\",\"to\":\"+81901\","
					    "\"state\":\"sending\",\"route\":\"r\",\"link\":\"l\"}]") };

	(void)owner;
	if (record->type != IPC_ACCEPT)
		return true;
	accepts++;
	ipc_put_accepted(ipc_begin(ipc, IPC_ACCEPTED, record->call, 400), &yes);
	return ipc_end(ipc) == OK;
}

static bool role_takes(void *owner, struct ipc *ipc, struct ipc_record *record)
{
	(void)owner;
	return role_api.record(ROLE_QUEUE, ipc, record);
}

static void closed(void *owner, struct ipc *ipc, const char *why)
{
	(void)owner;
	(void)ipc;
	fprintf(stderr, "closed: %s\n", why);
	exit(1);
}

static void connect_queue(void)
{
	static const struct ipc_handler ours = { .record = queue_takes, .closed = closed },
					theirs = { .record = role_takes, .closed = closed };
	int fds[2];

	if (ipc_pair(fds) != OK)
		exit(1);
	queue_end = ipc_new(loop, fds[0], "api", &ours, NULL);
	role_end = ipc_new(loop, fds[1], "queue", &theirs, NULL);
	role_api.peer(ROLE_QUEUE, role_end);
}

static void fault(void *owner, const char *file, unsigned line, struct text word, const char *text)
{
	(void)owner;
	(void)word;
	fprintf(stderr, "%s:%u: %s\n", file, line, text);
}

static int listener(struct sockaddr_in *a)
{
	socklen_t len = sizeof(*a);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	*a = (struct sockaddr_in){ .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	if (fd < 0 || bind(fd, (struct sockaddr *)a, sizeof(*a)) || getsockname(fd, (struct sockaddr *)a, &len) ||
	    listen(fd, CONNECTIONS))
		exit(1);
	return fd;
}

/* --- the clients ----------------------------------------------------------------------------------------------------
 */

static int dial(const struct sockaddr_in *to)
{
	int one = 1, fd = socket(AF_INET, SOCK_STREAM, 0);

	if (fd < 0 || connect(fd, (const struct sockaddr *)to, sizeof(*to)))
		exit(1);
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	return fd;
}

_Noreturn static void clients(const struct sockaddr_in *to)
{
	static const char body[] = "{\"to\":\"+819012345678\",\"text\":\"hello world, a text of ordinary length\"}";
	static char request[500], answer[4096];
	struct pollfd p[CONNECTIONS];
	int n = snprintf(request, sizeof(request),
			 "POST /v1/messages HTTP/1.1\r\nHost: x\r\nAuthorization: Basic YTpz\r\n"
			 "Content-Type: application/json\r\nContent-Length: %zu\r\n\r\n%s",
			 sizeof(body) - 1, body);

	for (int i = 0; i < CONNECTIONS; i++) {
		p[i] = (struct pollfd){ dial(to), POLLIN, 0 };
		if (write(p[i].fd, request, (size_t)n) != n)
			exit(1);
	}
	while (poll(p, CONNECTIONS, -1) > 0) {
		for (int i = 0; i < CONNECTIONS; i++) {
			if (!p[i].revents)
				continue;
			ssize_t got = read(p[i].fd, answer, sizeof(answer));
			/* Answers are small: each comes in one piece. */
			if (got < 12 || memcmp(answer + 9, "202", 3) || write(p[i].fd, request, (size_t)n) != n)
				exit(1);
		}
	}
	exit(1);
}

static double cpu_seconds(void)
{
	struct rusage u;

	getrusage(RUSAGE_SELF, &u);
	return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) +
	       (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
}

static void start(struct config *config)
{
	struct sandbox_path paths[ROLE_PATHS_MAX] = { 0 };
	char text[400], secret[SECRET_TEXT_SIZE];
	const char *why = "";

	if (secret_make(SECRET_TOKEN, TEXT_LITERAL("s"), secret) != OK)
		exit(1);
	snprintf(text, sizeof(text), "account a\n secret %s\n default-sender 1\n", secret);
	if (config_read(config, "bench", text_of(text), fault, NULL) ||
	    role_api.open(loop, config, paths, &why) != OK) {
		fprintf(stderr, "%s\n", why);
		exit(1);
	}
	role_api.switch_to(config);
}

int main(void)
{
	static const struct node_kind *const kinds[] = { &http_kind, &account_kind };
	struct sockaddr_in address;
	int fd = listener(&address);
	pid_t child = fork();

	if (!child)
		clients(&address);
	loop = loop_new();
	start(config_new(kinds, 2));
	role_api.listen(TEXT_LITERAL("http"), TEXT_LITERAL("127.0.0.1:8080"), fd);
	connect_queue();
	int64_t warm = clock_monotonic() + USEC_PER_SEC / 2;
	while (clock_monotonic() < warm)
		loop_turn(loop, 10000);
	unsigned long before = accepts;
	double cpu = cpu_seconds();
	int64_t from = clock_monotonic(), until = from + SECONDS * USEC_PER_SEC;
	while (clock_monotonic() < until)
		loop_turn(loop, 10000);
	double took = (double)(clock_monotonic() - from) / 1e6, n = (double)(accepts - before);
	cpu = cpu_seconds() - cpu;
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	printf("api: %.0f accepts/s on %d connections, %.1f us CPU each (queue of the bench included)\n", n / took,
	       CONNECTIONS, cpu / n * 1e6);
	return n > 0 ? 0 : 1;
}
