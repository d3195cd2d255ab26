/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * SQLite with group commit: opening, closing, and the loop's side. The loop collects the requests of a turn and hands
 * them over at its end, writes to the writer and reads to the reader; what they completed comes back by an eventfd.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "core/base/clock.h"
#include "core/base/log.h"
#include "store/sqlite_threads.h"
#include "store/store_open.h"

void request_push(struct request_queue *q, struct store_request *r)
{
	r->next = NULL;
	if (!q->first)
		q->last = &q->first;
	*q->last = r;
	q->last = &r->next;
	q->count++;
}

void request_append(struct request_queue *to, struct request_queue *from)
{
	if (!from->first)
		return;
	if (!to->first)
		to->last = &to->first;
	*to->last = from->first;
	to->last = from->last;
	to->count += from->count;
	*from = (struct request_queue){ 0 };
}

int64_t sqlite_time(struct sqlite_driver *d)
{
	int64_t now = clock_now(), newest = atomic_load_explicit(&d->newest_us, memory_order_relaxed);

	while (now > newest) {
		if (atomic_compare_exchange_weak_explicit(&d->newest_us, &newest, now, memory_order_relaxed,
							  memory_order_relaxed))
			return now;
	}
	return newest;
}

static bool wait_for_work(struct sqlite_thread *t, int64_t idle_us)
{
	struct timespec until;

	if (!idle_us)
		return !pthread_cond_wait(&t->work, &t->driver->lock);
	clock_gettime(CLOCK_MONOTONIC, &until);
	int64_t nanoseconds = until.tv_nsec + idle_us % USEC_PER_SEC * 1000;
	until.tv_sec += (time_t)(idle_us / USEC_PER_SEC + nanoseconds / 1000000000);
	until.tv_nsec = (long)(nanoseconds % 1000000000);
	return pthread_cond_timedwait(&t->work, &t->driver->lock, &until) != ETIMEDOUT;
}

struct request_queue sqlite_take(struct sqlite_thread *t, unsigned most, int64_t idle_us, bool *idle_out)
{
	struct request_queue batch = { 0 };

	*idle_out = false;
	pthread_mutex_lock(&t->driver->lock);
	while ((t->held || !t->todo.first) && !t->driver->stopping && !*idle_out)
		*idle_out = !wait_for_work(t, idle_us);
	while (t->todo.first && batch.count < most) {
		struct store_request *r = t->todo.first;
		t->todo.first = r->next;
		t->todo.count--;
		request_push(&batch, r);
	}
	t->busy = batch.first;
	pthread_mutex_unlock(&t->driver->lock);
	if (batch.first)
		*idle_out = false;
	return batch;
}

void sqlite_give_back(struct sqlite_thread *t, struct request_queue *done)
{
	struct sqlite_driver *d = t->driver;
	uint64_t one = 1;

	pthread_mutex_lock(&d->lock);
	t->busy = false;
	pthread_cond_signal(&t->quiet);
	bool first = !d->completed.first;
	request_append(&d->completed, done);
	pthread_mutex_unlock(&d->lock);
	if (first && write(d->done_fd, &one, sizeof(one)) < 0 && errno != EAGAIN)
		log_fatal(LOG_STORE, "eventfd: %s", strerror(errno));
}

static void complete(struct sqlite_driver *d)
{
	pthread_mutex_lock(&d->lock);
	struct store_request *first = d->completed.first;
	d->completed = (struct request_queue){ 0 };
	pthread_mutex_unlock(&d->lock);
	for (struct store_request *r = first, *next; r; r = next) {
		next = r->next;
		r->done(r);
	}
}

/* Within the turn, not at its end: what the completions write to other roles still leaves in this turn. */
static void ready(void *owner, unsigned events)
{
	struct sqlite_driver *d = owner;
	uint64_t n;

	(void)events;
	if (read(d->done_fd, &n, sizeof(n)) < 0 && errno != EAGAIN)
		log_fatal(LOG_STORE, "eventfd: %s", strerror(errno));
	complete(d);
}

static void hand_over(struct sqlite_thread *t)
{
	if (!t->collected.first)
		return;
	pthread_mutex_lock(&t->driver->lock);
	request_append(&t->todo, &t->collected);
	pthread_cond_signal(&t->work);
	pthread_mutex_unlock(&t->driver->lock);
}

static void turn_ended(void *owner)
{
	struct sqlite_driver *d = owner;

	hand_over(&d->writing);
	hand_over(&d->reading);
}

static void store_sqlite_submit(struct store *store, struct store_request *request)
{
	struct sqlite_driver *d = (struct sqlite_driver *)store;

	request_push(sqlite_is_read(request->operation) ? &d->reading.collected : &d->writing.collected, request);
}

static int64_t store_sqlite_now(struct store *store)
{
	return sqlite_time((struct sqlite_driver *)store);
}

static enum store_durability store_sqlite_durability(const struct store *store)
{
	(void)store;
	return STORE_DURABLE_DISK;
}

static void stop(struct sqlite_thread *t)
{
	if (!t->started)
		return;
	pthread_mutex_lock(&t->driver->lock);
	t->driver->stopping = true;
	pthread_cond_signal(&t->work);
	pthread_mutex_unlock(&t->driver->lock);
	pthread_join(t->thread, NULL);
	t->started = false;
}

static void release_all(struct sqlite_driver *d)
{
	sqlite_close_files(d);
	sqlite_memory_free(&d->writer);
	pthread_cond_destroy(&d->writing.work);
	pthread_cond_destroy(&d->reading.work);
	pthread_cond_destroy(&d->writing.quiet);
	pthread_cond_destroy(&d->reading.quiet);
	pthread_mutex_destroy(&d->lock);
	close(d->done_fd);
	free(d->path);
	free(d);
}

static void store_sqlite_close(struct store *store)
{
	struct sqlite_driver *d = (struct sqlite_driver *)store;

	turn_ended(d);
	stop(&d->writing);
	stop(&d->reading);
	complete(d);
	loop_unwatch(&d->watch);
	loop_hook_remove(&d->hook);
	release_all(d);
}

static const struct store_driver driver = { store_sqlite_submit, store_sqlite_now, store_sqlite_durability,
					    store_sqlite_close };

static void make_counters(struct store_counters *c)
{
	c->batches = counter_get(COUNTER_COUNT, "store_batches_total", "", "transactions of the writer");
	c->requests = counter_get(COUNTER_COUNT, "store_requests_total", "", "writes asked of the store");
	c->refused = counter_get(COUNTER_COUNT, "store_refused_total", "", "writes refused or in conflict");
	c->failed = counter_get(COUNTER_COUNT, "store_failed_batches_total", "", "transactions the file did not take");
	c->reads = counter_get(COUNTER_COUNT, "store_reads_total", "", "reads asked of the store");
	c->checkpoints =
		counter_get(COUNTER_COUNT, "store_checkpoints_total", "", "checkpoints of the write-ahead log");
	c->no_space = counter_get(COUNTER_COUNT, "store_no_space_total", "", "transactions that met a full disk");
	c->wal_octets = counter_get(COUNTER_GAUGE, "store_wal_octets", "", "size of the write-ahead log");
}

static bool start(struct sqlite_thread *t, void *(*run)(void *))
{
	t->started = !pthread_create(&t->thread, NULL, run, t);
	return t->started;
}

static struct sqlite_driver *driver_new(struct loop *loop, const char *path, const struct store_limits *limits,
					const struct store_policy *policy)
{
	struct sqlite_driver *d = must_alloc(sizeof(*d));
	pthread_condattr_t monotonic;

	d->path = must_strdup(path);
	d->loop = loop;
	d->done_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (d->done_fd < 0)
		log_fatal(LOG_STORE, "eventfd: %s", strerror(errno));
	d->writer.base.driver = &driver;
	d->writer.limits = limits ? *limits : STORE_LIMITS_DEFAULT;
	d->writer.policy = policy;
	d->writer.lanes = lanes_new();
	d->writing.driver = d->reading.driver = d;
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_mutex_init(&d->lock, NULL);
	pthread_cond_init(&d->writing.work, &monotonic);
	pthread_cond_init(&d->reading.work, &monotonic);
	pthread_cond_init(&d->writing.quiet, &monotonic);
	pthread_cond_init(&d->reading.quiet, &monotonic);
	pthread_condattr_destroy(&monotonic);
	make_counters(&d->counters);
	return d;
}

enum result store_sqlite_open(struct loop *loop, const char *path, const char *vfs, const struct store_limits *limits,
			      const struct store_policy *policy, struct store **out, const char **why_out)
{
	struct sqlite_driver *d = driver_new(loop, path, limits, policy);
	enum result r = sqlite_open_files(d, vfs, why_out);

	if (!r)
		r = sqlite_take_over(d, why_out);
	if (!r && (!start(&d->writing, sqlite_writer_run) || !start(&d->reading, sqlite_reader_run))) {
		*why_out = "a thread of the store cannot be started";
		r = ERR_IO;
	}
	if (r) {
		stop(&d->writing);
		release_all(d);
		return r;
	}
	if (loop_watch(loop, &d->watch, d->done_fd, LOOP_READ, ready, d))
		log_fatal(LOG_STORE, "the store's eventfd cannot be watched");
	loop_hook_add(loop, &d->hook, turn_ended, d);
	LOGI(LOG_STORE, NULL, "open, durability disk");
	*out = &d->writer.base;
	return OK;
}
