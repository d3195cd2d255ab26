/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The one event loop of a process: epoll, timers, and a hook at the end of each turn where everything that was
 * collected is flushed once. Nothing called from it may block. One loop per process, used from one thread; loop_wake()
 * alone may be called from other threads.
 */
#ifndef CORE_BASE_LOOP_H
#define CORE_BASE_LOOP_H

#include <stdbool.h>
#include <stdint.h>

#include "core/base/result.h"

struct loop;

/* Readiness, as given to the callback; LOOP_HUP comes with whatever else is ready (error or hang-up). */
#define LOOP_READ 1u
#define LOOP_WRITE 2u
#define LOOP_HUP 4u

/* A watched descriptor; lives inside its owner. Zeroed, or ended by loop_unwatch(), it is idle. */
struct loop_watch {
	void (*ready)(void *owner, unsigned events);
	void *owner;
	int fd;
	unsigned wanted;
	struct loop *loop;
	uint32_t slot;
};

/* A timer; lives inside its owner. Zeroed or ended it is idle. It fires once per start. */
struct loop_timer {
	void (*fired)(void *owner);
	void *owner;
	int64_t due_us; /* monotonic */
	struct loop *loop;
	uint32_t heap_at; /* position + 1, 0 = idle */
};

/* A call at the end of each turn; lives inside its owner. */
struct loop_hook {
	void (*turn_ended)(void *owner);
	void *owner;
	struct loop_hook *next;
	struct loop *loop;
};

struct loop *loop_new(void);
void loop_free(struct loop **loop);

/* Runs until loop_stop(). */
void loop_run(struct loop *loop);
void loop_stop(struct loop *loop);
/* One turn: waits at most max_wait_us (-1 = until something happens), for tests and nested waits at start-up. */
void loop_turn(struct loop *loop, int64_t max_wait_us);

/*
 * Watches fd for `wanted` (LOOP_READ | LOOP_WRITE). The callback may unwatch or free anything, itself included; an
 * event already collected for a watch that was ended in the same turn is dropped. The descriptor stays the owner's.
 */
MUST_CHECK enum result loop_watch(struct loop *loop, struct loop_watch *watch, int fd, unsigned wanted,
				  void (*ready)(void *owner, unsigned events), void *owner);
void loop_want(struct loop_watch *watch, unsigned wanted); /* changes what is waited for; a no-op when equal */
void loop_unwatch(struct loop_watch *watch);		   /* idle watches are fine */

void loop_timer_start(struct loop *loop, struct loop_timer *timer, int64_t after_us, void (*fired)(void *owner),
		      void *owner);
void loop_timer_stop(struct loop_timer *timer);
bool loop_timer_running(const struct loop_timer *timer);

void loop_hook_add(struct loop *loop, struct loop_hook *hook, void (*turn_ended)(void *owner), void *owner);
void loop_hook_remove(struct loop_hook *hook);

/* The monotonic time at which this turn woke: cheap, for timers and statistics. */
int64_t loop_time(const struct loop *loop);

/* From any thread: the loop runs one more turn soon. */
void loop_wake(struct loop *loop);

/* Signals, taken by signalfd: the callback runs on the loop. Call once per process with the signals to take. */
MUST_CHECK enum result loop_signals(struct loop *loop, const int *signals, unsigned n,
				    void (*got)(void *owner, int signal), void *owner);

#endif
