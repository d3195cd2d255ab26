/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the load generators and sinks of tests/tools share: connections on one epoll, a clock, latencies. Each program
 * is one thread; whatever goes wrong ends it with a message, as a bench that limps on measures nothing.
 *
 * A program fills struct peer: `received` is given all octets that came and says how many it took. What put() collected
 * leaves in one write at the end of a turn.
 */
#ifndef TESTS_TOOLS_LOAD_H
#define TESTS_TOOLS_LOAD_H

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static inline __attribute__((noreturn, format(printf, 1, 2))) void die(const char *format, ...)
{
	va_list list;

	va_start(list, format);
	vfprintf(stderr, format, list);
	va_end(list);
	fputc('\n', stderr);
	exit(1);
}

static inline int64_t now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * INT64_C(1000000) + t.tv_nsec / 1000;
}

static inline unsigned long number(const char *text)
{
	char *end;
	unsigned long n = strtoul(text, &end, 10);

	if (end == text || *end)
		die("%s is no number", text);
	return n;
}

/* --- octets --------------------------------------------------------------------------------------------------------
 */

struct octets {
	uint8_t *at;
	size_t len, room;
};

static inline void octets_room(struct octets *o, size_t more)
{
	if (o->len + more <= o->room)
		return;
	while (o->room < o->len + more)
		o->room = o->room ? o->room * 2 : 65536;
	o->at = realloc(o->at, o->room);
	if (!o->at)
		die("no memory");
}

static inline void put(struct octets *o, const void *octets, size_t n)
{
	octets_room(o, n);
	memcpy(o->at + o->len, octets, n);
	o->len += n;
}

static inline void put_text(struct octets *o, const char *text)
{
	put(o, text, strlen(text));
}

static inline void put_u32(struct octets *o, uint32_t n)
{
	uint8_t b[] = { (uint8_t)(n >> 24), (uint8_t)(n >> 16), (uint8_t)(n >> 8), (uint8_t)n };

	put(o, b, 4);
}

static inline uint32_t get_u32(const uint8_t *at)
{
	return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

static inline void octets_drop(struct octets *o, size_t n)
{
	if (n && n < o->len)
		memmove(o->at, o->at + n, o->len - n);
	o->len -= n;
}

/* --- latencies -------------------------------------------------------------------------------------------------------
 */

struct latencies {
	uint32_t *us;
	size_t count, room;
};

static inline void latency(struct latencies *l, int64_t us)
{
	if (l->count == l->room) {
		l->room = l->room ? l->room * 2 : 65536;
		l->us = realloc(l->us, l->room * sizeof(*l->us));
		if (!l->us)
			die("no memory");
	}
	l->us[l->count++] = us > UINT32_MAX ? UINT32_MAX : (uint32_t)us;
}

static inline int latency_order(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return x < y ? -1 : x > y;
}

/* Sorts; permille of 1000. */
static inline uint32_t latency_at(struct latencies *l, unsigned permille)
{
	if (!l->count)
		return 0;
	qsort(l->us, l->count, sizeof(*l->us), latency_order);
	return l->us[(l->count - 1) * permille / 1000];
}

/* --- connections
 * ------------------------------------------------------------------------------------------------------ */

struct connection {
	int fd; /* -1: ended */
	struct octets in, out;
	bool wants_room;
	unsigned index;
	void *own; /* of the program */
};

struct peer {
	size_t (*received)(struct connection *c, const uint8_t *at, size_t n);
	void (*opened)(struct connection *c); /* of a listener; may be NULL */
	void (*closed)(struct connection *c); /* may be NULL */
	int epoll, listener;
	struct connection **all;
	unsigned count;
	bool stop;
};

static inline void peer_open(struct peer *p)
{
	signal(SIGPIPE, SIG_IGN);
	p->listener = -1;
	p->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (p->epoll < 0)
		die("epoll: %s", strerror(errno));
}

static inline struct sockaddr_in loopback(unsigned long port)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };

	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	return a;
}

static inline struct connection *peer_add(struct peer *p, int fd)
{
	struct connection *c = calloc(1, sizeof(*c));
	struct epoll_event e = { .events = EPOLLIN };
	int one = 1;

	p->all = realloc(p->all, (p->count + 1) * sizeof(*p->all));
	if (!c || !p->all)
		die("no memory");
	c->fd = fd;
	c->index = p->count;
	e.data.ptr = c;
	p->all[p->count++] = c;
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	if (fcntl(fd, F_SETFL, O_NONBLOCK) < 0 || epoll_ctl(p->epoll, EPOLL_CTL_ADD, fd, &e) < 0)
		die("socket: %s", strerror(errno));
	return c;
}

static inline struct connection *peer_connect(struct peer *p, unsigned long port)
{
	struct sockaddr_in a = loopback(port);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || connect(fd, (struct sockaddr *)&a, sizeof(a)) < 0)
		die("port %lu: %s", port, strerror(errno));
	return peer_add(p, fd);
}

static inline void peer_listen(struct peer *p, unsigned long port)
{
	struct sockaddr_in a = loopback(port);
	struct epoll_event e = { .events = EPOLLIN };
	int one = 1, fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (fd < 0 || bind(fd, (struct sockaddr *)&a, sizeof(a)) < 0 || listen(fd, 1024) < 0 ||
	    epoll_ctl(p->epoll, EPOLL_CTL_ADD, fd, &e) < 0)
		die("listen on %lu: %s", port, strerror(errno));
	p->listener = fd;
}

static inline void connection_end(struct peer *p, struct connection *c)
{
	if (c->fd < 0)
		return;
	close(c->fd);
	c->fd = -1;
	c->in.len = c->out.len = 0;
	if (p->closed)
		p->closed(c);
}

static inline void connection_flush(struct peer *p, struct connection *c)
{
	size_t sent = 0;

	while (c->fd >= 0 && sent < c->out.len) {
		ssize_t n = write(c->fd, c->out.at + sent, c->out.len - sent);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno != EAGAIN) {
			connection_end(p, c);
			return;
		}
		if (n < 0)
			break;
		sent += (size_t)n;
	}
	octets_drop(&c->out, sent);
	bool wants = c->out.len > 0;
	if (c->fd >= 0 && wants != c->wants_room) {
		struct epoll_event e = { .events = EPOLLIN | (wants ? EPOLLOUT : 0), .data.ptr = c };
		c->wants_room = wants;
		epoll_ctl(p->epoll, EPOLL_CTL_MOD, c->fd, &e);
	}
}

static inline void connection_read(struct peer *p, struct connection *c)
{
	octets_room(&c->in, 65536);
	ssize_t n = read(c->fd, c->in.at + c->in.len, c->in.room - c->in.len);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		connection_end(p, c);
		return;
	}
	c->in.len += (size_t)n;
	octets_drop(&c->in, p->received(c, c->in.at, c->in.len));
}

static inline void peer_accept(struct peer *p)
{
	for (;;) {
		int fd = accept4(p->listener, NULL, NULL, SOCK_CLOEXEC);
		if (fd < 0)
			return;
		struct connection *c = peer_add(p, fd);
		if (p->opened)
			p->opened(c);
	}
}

/* One turn: waits up to `ms`, reads, then writes what was collected. */
static inline void peer_turn(struct peer *p, int ms)
{
	struct epoll_event events[256];
	int n = epoll_wait(p->epoll, events, 256, ms);

	for (int i = 0; i < n; i++) {
		struct connection *c = events[i].data.ptr;
		if (!c)
			peer_accept(p);
		else if (c->fd >= 0 && events[i].events & (EPOLLIN | EPOLLHUP | EPOLLERR))
			connection_read(p, c);
	}
	for (unsigned i = 0; i < p->count; i++) {
		if (p->all[i]->out.len)
			connection_flush(p, p->all[i]);
	}
}

#endif
