/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Accepting stops (the watch waits for nothing) while `max` connections are out or descriptors are short. */
#include "core/net/listen.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/arena.h"
#include "core/base/clock.h"
#include "core/base/counter.h"
#include "core/base/log.h"

#define ACCEPTS_PER_TURN 64u
#define SHORTAGE_PAUSE_US (100 * USEC_PER_MSEC)

struct listener {
	struct loop *loop;
	struct loop_watch watch;
	struct loop_timer pause;
	int fd;
	unsigned max, count;
	bool in_callback, freed;
	void (*accepted)(void *owner, int fd, const struct net_address *peer);
	void *owner;
	struct counter *accepts, *shortages;
};

static void destroy(struct listener *l)
{
	loop_unwatch(&l->watch);
	loop_timer_stop(&l->pause);
	if (l->fd >= 0)
		close(l->fd);
	free(l);
}

static void listener_want(struct listener *l)
{
	bool open = l->count < l->max && !loop_timer_running(&l->pause);

	loop_want(&l->watch, open ? LOOP_READ : 0);
}

static void pause_ended(void *owner)
{
	listener_want(owner);
}

static void short_of_something(struct listener *l, int error)
{
	LOGE(LOG_NET, NULL, "accepting pauses: %s", strerror(error));
	counter_add(l->shortages, 1);
	loop_timer_start(l->loop, &l->pause, SHORTAGE_PAUSE_US, pause_ended, l);
}

/* False when nothing more can be accepted now. */
static bool accept_one(struct listener *l)
{
	struct net_address peer = { .len = sizeof(peer.storage) };
	int fd = accept4(l->fd, (struct sockaddr *)&peer.storage, &peer.len, SOCK_CLOEXEC | SOCK_NONBLOCK);

	if (fd < 0) {
		if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM)
			short_of_something(l, errno);
		/* Other errors belong to the connection that failed before we took it: accept(2). */
		return errno == EINTR || errno == ECONNABORTED;
	}
	l->count++;
	counter_add(l->accepts, 1);
	l->accepted(l->owner, fd, &peer);
	return !l->freed;
}

static void ready(void *owner, unsigned events)
{
	struct listener *l = owner;

	(void)events;
	l->in_callback = true;
	for (unsigned i = 0; i < ACCEPTS_PER_TURN && l->count < l->max; i++) {
		if (!accept_one(l))
			break;
	}
	l->in_callback = false;
	if (l->freed)
		destroy(l);
	else
		listener_want(l);
}

struct listener *listener_new(struct loop *loop, int fd, unsigned max,
			      void (*accepted)(void *owner, int fd, const struct net_address *peer), void *owner)
{
	struct listener *l = must_alloc(sizeof(*l));

	l->loop = loop;
	l->fd = fd;
	l->max = max;
	l->accepted = accepted;
	l->owner = owner;
	l->accepts = counter_get(COUNTER_COUNT, "net_accepted_total", NULL, "connections accepted");
	l->shortages = counter_get(COUNTER_COUNT, "net_accept_paused_total", NULL,
				   "pauses in accepting for want of descriptors or memory");
	if (loop_watch(loop, &l->watch, fd, LOOP_READ, ready, l))
		log_fatal(LOG_NET, "a listening socket cannot be watched");
	return l;
}

void listener_free(struct listener **listener)
{
	struct listener *l = *listener;

	*listener = NULL;
	if (!l)
		return;
	loop_unwatch(&l->watch);
	if (l->in_callback) {
		l->freed = true;
		close(l->fd);
		l->fd = -1;
		return;
	}
	destroy(l);
}

void listener_released(struct listener *listener)
{
	if (listener->count)
		listener->count--;
	if (!listener->freed)
		listener_want(listener);
}

unsigned listener_count(const struct listener *listener)
{
	return listener->count;
}
