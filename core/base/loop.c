/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * epoll, level-triggered. An event carries its slot's number and generation, so that one collected for a watch that was
 * ended in the same turn finds nothing. Timers lie in a binary heap of pointers; each knows its place.
 */
#include "core/base/loop.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "core/base/arena.h"
#include "core/base/clock.h"
#include "core/base/log.h"

#define EVENTS_PER_TURN 256

struct slot {
	struct loop_watch *watch;
	uint32_t generation;
	uint32_t next_free;
};

struct loop {
	int epoll_fd, wake_fd, signal_fd;
	bool stopping;
	int64_t turn_us;
	struct slot *slots;
	uint32_t slots_count, free_head; /* 0 = none: slot 0 is never used */
	struct loop_timer **heap;
	uint32_t heap_count, heap_size;
	struct loop_hook *hooks, *next_hook;
	struct loop_watch wake_watch, signal_watch;
	void (*got_signal)(void *owner, int signal);
	void *signal_owner;
};

static uint32_t to_epoll(unsigned wanted)
{
	return (wanted & LOOP_READ ? EPOLLIN : 0u) | (wanted & LOOP_WRITE ? EPOLLOUT : 0u);
}

static void drain_wake(void *owner, unsigned events)
{
	struct loop *loop = owner;
	uint64_t n;

	(void)events;
	if (read(loop->wake_fd, &n, sizeof(n)) < 0 && errno != EAGAIN)
		log_fatal(LOG_BASE, "eventfd: %s", strerror(errno));
}

struct loop *loop_new(void)
{
	struct loop *loop = must_alloc(sizeof(*loop));

	loop->signal_fd = -1;
	loop->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	loop->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (loop->epoll_fd < 0 || loop->wake_fd < 0)
		log_fatal(LOG_BASE, "epoll: %s", strerror(errno));
	loop->slots_count = 1;
	loop->slots = must_alloc(sizeof(*loop->slots));
	loop->turn_us = clock_monotonic();
	if (loop_watch(loop, &loop->wake_watch, loop->wake_fd, LOOP_READ, drain_wake, loop))
		log_fatal(LOG_BASE, "the loop cannot watch its own eventfd");
	return loop;
}

void loop_free(struct loop **loop)
{
	if (!*loop)
		return;
	close((*loop)->epoll_fd);
	close((*loop)->wake_fd);
	if ((*loop)->signal_fd >= 0)
		close((*loop)->signal_fd);
	free((*loop)->slots);
	free((*loop)->heap);
	free(*loop);
	*loop = NULL;
}

static uint32_t slot_take(struct loop *loop)
{
	uint32_t n = loop->free_head;

	if (n) {
		loop->free_head = loop->slots[n].next_free;
		return n;
	}
	loop->slots = must_realloc(loop->slots, (loop->slots_count + 1) * sizeof(*loop->slots));
	loop->slots[loop->slots_count] = (struct slot){ 0 };
	return loop->slots_count++;
}

static void slot_give(struct loop *loop, uint32_t n)
{
	loop->slots[n].watch = NULL;
	loop->slots[n].generation++;
	loop->slots[n].next_free = loop->free_head;
	loop->free_head = n;
}

static int epoll_set(struct loop_watch *watch, int operation)
{
	struct loop *loop = watch->loop;
	struct epoll_event e = { .events = to_epoll(watch->wanted),
				 .data.u64 = (uint64_t)loop->slots[watch->slot].generation << 32 | watch->slot };

	return epoll_ctl(loop->epoll_fd, operation, watch->fd, &e);
}

enum result loop_watch(struct loop *loop, struct loop_watch *watch, int fd, unsigned wanted,
		       void (*ready)(void *owner, unsigned events), void *owner)
{
	*watch = (struct loop_watch){ .ready = ready, .owner = owner, .fd = fd, .wanted = wanted, .loop = loop };
	watch->slot = slot_take(loop);
	loop->slots[watch->slot].watch = watch;
	if (epoll_set(watch, EPOLL_CTL_ADD)) {
		LOGE(LOG_BASE, NULL, "descriptor %d cannot be watched: %s", fd, strerror(errno));
		slot_give(loop, watch->slot);
		watch->loop = NULL;
		return ERR_IO;
	}
	return OK;
}

void loop_want(struct loop_watch *watch, unsigned wanted)
{
	if (!watch->loop || watch->wanted == wanted)
		return;
	watch->wanted = wanted;
	if (epoll_set(watch, EPOLL_CTL_MOD))
		log_fatal(LOG_BASE, "epoll_ctl: %s", strerror(errno));
}

void loop_unwatch(struct loop_watch *watch)
{
	if (!watch->loop)
		return;
	(void)epoll_ctl(watch->loop->epoll_fd, EPOLL_CTL_DEL, watch->fd, NULL);
	slot_give(watch->loop, watch->slot);
	watch->loop = NULL;
}

static void heap_put(struct loop *loop, uint32_t at, struct loop_timer *timer)
{
	loop->heap[at] = timer;
	timer->heap_at = at + 1;
}

static void heap_up(struct loop *loop, uint32_t at)
{
	struct loop_timer *timer = loop->heap[at];

	while (at && loop->heap[(at - 1) / 2]->due_us > timer->due_us) {
		heap_put(loop, at, loop->heap[(at - 1) / 2]);
		at = (at - 1) / 2;
	}
	heap_put(loop, at, timer);
}

static void heap_down(struct loop *loop, uint32_t at)
{
	struct loop_timer *timer = loop->heap[at];

	for (;;) {
		uint32_t child = 2 * at + 1;
		if (child >= loop->heap_count)
			break;
		if (child + 1 < loop->heap_count && loop->heap[child + 1]->due_us < loop->heap[child]->due_us)
			child++;
		if (loop->heap[child]->due_us >= timer->due_us)
			break;
		heap_put(loop, at, loop->heap[child]);
		at = child;
	}
	heap_put(loop, at, timer);
}

void loop_timer_stop(struct loop_timer *timer)
{
	if (!timer->heap_at)
		return;
	struct loop *loop = timer->loop;
	uint32_t at = timer->heap_at - 1;
	struct loop_timer *last = loop->heap[--loop->heap_count];

	timer->heap_at = 0;
	if (last == timer)
		return;
	heap_put(loop, at, last);
	heap_up(loop, at);
	heap_down(loop, last->heap_at - 1);
}

void loop_timer_start(struct loop *loop, struct loop_timer *timer, int64_t after_us, void (*fired)(void *owner),
		      void *owner)
{
	loop_timer_stop(timer);
	timer->fired = fired;
	timer->owner = owner;
	timer->loop = loop;
	timer->due_us = clock_monotonic() + (after_us > 0 ? after_us : 0);
	if (loop->heap_count == loop->heap_size) {
		loop->heap_size = loop->heap_size ? loop->heap_size * 2 : 64;
		loop->heap = must_realloc(loop->heap, loop->heap_size * sizeof(struct loop_timer *));
	}
	loop->heap[loop->heap_count] = timer;
	heap_up(loop, loop->heap_count++);
}

bool loop_timer_running(const struct loop_timer *timer)
{
	return timer->heap_at != 0;
}

void loop_hook_add(struct loop *loop, struct loop_hook *hook, void (*turn_ended)(void *owner), void *owner)
{
	*hook = (struct loop_hook){ .turn_ended = turn_ended, .owner = owner, .next = loop->hooks, .loop = loop };
	loop->hooks = hook;
}

void loop_hook_remove(struct loop_hook *hook)
{
	if (!hook->loop)
		return;
	if (hook->loop->next_hook == hook)
		hook->loop->next_hook = hook->next;
	for (struct loop_hook **at = &hook->loop->hooks; *at; at = &(*at)->next) {
		if (*at == hook) {
			*at = hook->next;
			break;
		}
	}
	hook->loop = NULL;
}

static void run_timers(struct loop *loop)
{
	int64_t now = clock_monotonic();

	while (loop->heap_count && loop->heap[0]->due_us <= now) {
		struct loop_timer *timer = loop->heap[0];
		loop_timer_stop(timer);
		timer->fired(timer->owner);
	}
}

static void run_hooks(struct loop *loop)
{
	for (struct loop_hook *hook = loop->hooks; hook; hook = loop->next_hook) {
		loop->next_hook = hook->next;
		hook->turn_ended(hook->owner);
	}
	loop->next_hook = NULL;
}

static int wait_ms(struct loop *loop, int64_t max_wait_us)
{
	int64_t wait = max_wait_us;

	if (loop->heap_count) {
		int64_t until = loop->heap[0]->due_us - clock_monotonic();
		if (until < 0)
			until = 0;
		if (wait < 0 || until < wait)
			wait = until;
	}
	if (wait < 0)
		return -1;
	int64_t ms = (wait + 999) / 1000;
	return ms > 3600000 ? 3600000 : (int)ms;
}

static void dispatch(struct loop *loop, const struct epoll_event *e)
{
	uint32_t n = (uint32_t)e->data.u64;
	struct slot *slot = &loop->slots[n];
	unsigned events = (e->events & EPOLLIN ? LOOP_READ : 0) | (e->events & EPOLLOUT ? LOOP_WRITE : 0) |
			  (e->events & (EPOLLHUP | EPOLLERR) ? LOOP_HUP : 0);

	if (slot->watch && slot->generation == (uint32_t)(e->data.u64 >> 32))
		slot->watch->ready(slot->watch->owner, events);
}

void loop_turn(struct loop *loop, int64_t max_wait_us)
{
	struct epoll_event events[EVENTS_PER_TURN];
	int n = epoll_wait(loop->epoll_fd, events, EVENTS_PER_TURN, wait_ms(loop, max_wait_us));

	if (n < 0 && errno != EINTR)
		log_fatal(LOG_BASE, "epoll_wait: %s", strerror(errno));
	loop->turn_us = clock_monotonic();
	for (int i = 0; i < n; i++)
		dispatch(loop, &events[i]);
	run_timers(loop);
	run_hooks(loop);
}

void loop_run(struct loop *loop)
{
	loop->stopping = false;
	run_hooks(loop); /* what was collected before the first turn */
	while (!loop->stopping)
		loop_turn(loop, -1);
}

void loop_stop(struct loop *loop)
{
	loop->stopping = true;
}

int64_t loop_time(const struct loop *loop)
{
	return loop->turn_us;
}

void loop_wake(struct loop *loop)
{
	uint64_t one = 1;

	/* A full counter means that the loop is awake already. */
	if (write(loop->wake_fd, &one, sizeof(one)) < 0 && errno != EAGAIN)
		log_fatal(LOG_BASE, "eventfd: %s", strerror(errno));
}

static void take_signals(void *owner, unsigned events)
{
	struct loop *loop = owner;
	struct signalfd_siginfo info;

	(void)events;
	while (read(loop->signal_fd, &info, sizeof(info)) == (ssize_t)sizeof(info))
		loop->got_signal(loop->signal_owner, (int)info.ssi_signo);
}

enum result loop_signals(struct loop *loop, const int *signals, unsigned n, void (*got)(void *owner, int signal),
			 void *owner)
{
	sigset_t set;

	sigemptyset(&set);
	for (unsigned i = 0; i < n; i++)
		sigaddset(&set, signals[i]);
	if (sigprocmask(SIG_BLOCK, &set, NULL))
		return ERR_IO;
	loop->signal_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (loop->signal_fd < 0)
		return ERR_IO;
	loop->got_signal = got;
	loop->signal_owner = owner;
	return loop_watch(loop, &loop->signal_watch, loop->signal_fd, LOOP_READ, take_signals, loop);
}
