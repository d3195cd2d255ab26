/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Two queues under one lock: jobs that wait for a thread, and jobs that ran and wait for the loop. The loop is woken
 * by an eventfd of our own, once for all that ended meanwhile, and so `done` runs before the hooks at the end of the
 * turn: what it sends leaves in the same turn.
 */
#include "core/base/worker.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "core/base/arena.h"
#include "core/base/counter.h"
#include "core/base/log.h"

struct job {
	void (*run)(void *job);
	void (*done)(void *job);
	void *of;
	struct job *next;
};

struct queue {
	struct job *first, **last;
};

struct worker {
	pthread_mutex_t lock;
	pthread_cond_t more;
	struct queue waiting, ended; /* under the lock, with count and stopping */
	unsigned count, limit;
	bool stopping;
	struct loop_watch watch;
	int wake_fd;
	struct counter *refused;
	unsigned threads;
	pthread_t thread[];
};

static void queue_init(struct queue *q)
{
	q->first = NULL;
	q->last = &q->first;
}

static void queue_put(struct queue *q, struct job *job)
{
	job->next = NULL;
	*q->last = job;
	q->last = &job->next;
}

static struct job *queue_take(struct queue *q)
{
	struct job *job = q->first;

	if (job && !(q->first = job->next))
		q->last = &q->first;
	return job;
}

static void wake(struct worker *w)
{
	uint64_t one = 1;

	if (write(w->wake_fd, &one, sizeof(one)) < 0 && errno != EAGAIN)
		log_fatal(LOG_BASE, "eventfd: %s", strerror(errno));
}

/* Waits for a job; NULL when it is time to end and none waits. */
static struct job *next_job(struct worker *w)
{
	pthread_mutex_lock(&w->lock);
	while (!w->waiting.first && !w->stopping)
		pthread_cond_wait(&w->more, &w->lock);
	struct job *job = queue_take(&w->waiting);
	if (job)
		w->count--;
	pthread_mutex_unlock(&w->lock);
	return job;
}

static void *work(void *owner)
{
	struct worker *w = owner;
	struct job *job;

	while ((job = next_job(w))) {
		job->run(job->of);
		pthread_mutex_lock(&w->lock);
		bool first = !w->ended.first;
		queue_put(&w->ended, job);
		pthread_mutex_unlock(&w->lock);
		if (first)
			wake(w);
	}
	return NULL;
}

static void finish_ended(struct worker *w)
{
	struct job *job;

	pthread_mutex_lock(&w->lock);
	struct job *list = w->ended.first;
	queue_init(&w->ended);
	pthread_mutex_unlock(&w->lock);
	while ((job = list)) {
		list = job->next;
		job->done(job->of);
		free(job);
	}
}

static void ready(void *owner, unsigned events)
{
	struct worker *w = owner;
	uint64_t n;

	(void)events;
	if (read(w->wake_fd, &n, sizeof(n)) < 0 && errno != EAGAIN)
		log_fatal(LOG_BASE, "eventfd: %s", strerror(errno));
	finish_ended(w);
}

/* Signals are for the loop's thread alone. */
static void start_threads(struct worker *w)
{
	sigset_t all, before;

	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, &before);
	for (unsigned i = 0; i < w->threads; i++) {
		int error = pthread_create(&w->thread[i], NULL, work, w);
		if (error)
			log_fatal(LOG_BASE, "a worker cannot be started: %s", strerror(error));
		(void)pthread_setname_np(w->thread[i], "worker");
	}
	pthread_sigmask(SIG_SETMASK, &before, NULL);
}

struct worker *worker_new(struct loop *loop, unsigned threads, unsigned limit)
{
	struct worker *w = must_alloc(sizeof(*w) + threads * sizeof(w->thread[0]));

	w->threads = threads;
	w->limit = limit;
	queue_init(&w->waiting);
	queue_init(&w->ended);
	w->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	w->refused = counter_get(COUNTER_COUNT, "worker_busy_total", NULL, "jobs refused because too many wait");
	if (w->wake_fd < 0 || pthread_mutex_init(&w->lock, NULL) || pthread_cond_init(&w->more, NULL))
		log_fatal(LOG_BASE, "no worker: %s", strerror(errno));
	if (loop_watch(loop, &w->watch, w->wake_fd, LOOP_READ, ready, w))
		log_fatal(LOG_BASE, "a worker cannot be watched");
	start_threads(w);
	return w;
}

void worker_free(struct worker **worker)
{
	struct worker *w = *worker;

	*worker = NULL;
	if (!w)
		return;
	pthread_mutex_lock(&w->lock);
	w->stopping = true;
	pthread_cond_broadcast(&w->more);
	pthread_mutex_unlock(&w->lock);
	for (unsigned i = 0; i < w->threads; i++)
		pthread_join(w->thread[i], NULL);
	finish_ended(w);
	loop_unwatch(&w->watch);
	close(w->wake_fd);
	pthread_cond_destroy(&w->more);
	pthread_mutex_destroy(&w->lock);
	free(w);
}

enum result worker_submit(struct worker *w, void (*run)(void *job), void (*done)(void *job), void *of)
{
	struct job *job = must_alloc(sizeof(*job));

	*job = (struct job){ .run = run, .done = done, .of = of };
	pthread_mutex_lock(&w->lock);
	bool busy = w->count >= w->limit || w->stopping;
	if (!busy) {
		queue_put(&w->waiting, job);
		w->count++;
		pthread_cond_signal(&w->more);
	}
	pthread_mutex_unlock(&w->lock);
	if (!busy)
		return OK;
	counter_add(w->refused, 1);
	free(job);
	return ERR_BUSY;
}
