/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * SQLite with group commit. One writer thread owns the only connection. The loop collects the requests of a turn and
 * hands them over at its end; the writer takes what is there, runs it in one transaction, commits (WAL,
 * synchronous=FULL), and only then gives all of it back to the loop, which calls each `done`.
 *
 * A batch in which a statement fails is rolled back and its requests are run again one by one, so that only the
 * failing one is answered STORE_BROKEN.
 */
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <fcntl.h>
#include <unistd.h>

#include "core/base/clock.h"
#include "core/base/log.h"
#include "store/sqlite_db.h"
#include "store/store_open.h"

struct queue_of_requests {
	struct store_request *first, **last;
	unsigned count;
};

struct sqlite_writer {
	struct sqlite_store store; /* first: a struct store * is a struct sqlite_writer * */
	struct loop *loop;
	struct loop_hook hook;
	char *path;
	struct queue_of_requests collected; /* loop thread */

	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t work;
	struct queue_of_requests todo, completed; /* under the lock */
	bool stopping;
	int64_t space_checked_us; /* writer thread */
	bool space_low;
};

static void push(struct queue_of_requests *q, struct store_request *r)
{
	r->next = NULL;
	if (!q->first)
		q->last = &q->first;
	*q->last = r;
	q->last = &r->next;
	q->count++;
}

static void append(struct queue_of_requests *to, struct queue_of_requests *from)
{
	if (!from->first)
		return;
	if (!to->first)
		to->last = &to->first;
	*to->last = from->first;
	to->last = from->last;
	to->count += from->count;
	*from = (struct queue_of_requests){ 0 };
}

static const sqlite_operation operations[STORE_OPERATION_COUNT] = {
	[STORE_ACCEPT] = sqlite_accept,
	[STORE_CLAIM] = sqlite_claim,
	[STORE_RENEW] = sqlite_renew,
	[STORE_RELEASE] = sqlite_release,
	[STORE_FINISH] = sqlite_finish,
	[STORE_REPORT] = sqlite_report,
	[STORE_IN_DOUBT] = sqlite_in_doubt,
	[STORE_CANCEL] = sqlite_cancel,
	[STORE_EXPIRE] = sqlite_expire,
	[STORE_FACT_PUT] = sqlite_fact,
	[STORE_FACT_GET] = sqlite_fact,
	[STORE_FACT_SWAP] = sqlite_fact,
	[STORE_FACT_DELETE] = sqlite_fact,
	[STORE_OUTBOX_DUE] = sqlite_outbox_due,
	[STORE_OUTBOX_DONE] = sqlite_outbox_end,
	[STORE_OUTBOX_LATER] = sqlite_outbox_end,
	[STORE_MESSAGE_GET] = sqlite_message_get,
	[STORE_FENCE] = sqlite_fence,
	[STORE_SUMS] = sqlite_sums,
	[STORE_SCAN] = sqlite_scan,
};

static void check_space(struct sqlite_writer *w)
{
	struct statvfs disk;

	if (w->space_checked_us && clock_monotonic() - w->space_checked_us < USEC_PER_SEC)
		return;
	w->space_checked_us = clock_monotonic();
	if (statvfs(w->path, &disk))
		return;
	bool low = (uint64_t)disk.f_bavail * disk.f_frsize < w->store.limits.min_free_octets;
	if (low != w->space_low)
		LOGN(LOG_STORE, NULL,
		     low ? "disk nearly full: accepting nothing until there is room" : "room on disk again: accepting");
	w->space_low = low;
}

static void run_one(struct sqlite_writer *w, struct store_request *r)
{
	sqlite_operation operation = (unsigned)r->operation < STORE_OPERATION_COUNT ? operations[r->operation] : NULL;

	r->answer = STORE_UNKNOWN;
	r->refusal = STORE_NO_REFUSAL;
	r->why = NULL;
	if (!operation)
		answer_refused(r, STORE_BAD_REQUEST, "this store does not know the operation");
	else if (r->operation == STORE_ACCEPT && w->space_low)
		answer_refused(r, STORE_NO_SPACE, "the disk is nearly full: try again later");
	else
		operation(&w->store, r);
}

/* True when the batch is on disk. */
static bool run_batch(struct sqlite_writer *w, struct store_request *first)
{
	struct sqlite_store *s = &w->store;

	s->broken = false;
	if (sql_run(s, sql(s, SQL_BEGIN)) < 0)
		return false;
	for (struct store_request *r = first; r && !s->broken; r = r->next)
		run_one(w, r);
	if (!s->broken && sql_run(s, sql(s, SQL_COMMIT)) >= 0)
		return true;
	if (!sqlite3_get_autocommit(s->db))
		(void)sql_run(s, sql(s, SQL_ROLLBACK));
	s->broken = false;
	sqlite_memory_rebuild(s);
	return false;
}

/* Each alone, after the batch failed. */
static void run_singly(struct sqlite_writer *w, struct store_request *first)
{
	for (struct store_request *r = first, *next; r; r = next) {
		next = r->next;
		r->next = NULL;
		if (!run_batch(w, r))
			answer_refused(r, STORE_BROKEN, "the store could not write: try again later");
		r->next = next;
	}
}

static int64_t time_of_store(struct sqlite_store *s)
{
	int64_t now = clock_now();

	if (now > s->now_us)
		s->now_us = now;
	return s->now_us;
}

/* Cuts a batch of at most batch_max from the front. */
static struct queue_of_requests take_batch(struct sqlite_writer *w)
{
	struct queue_of_requests batch = { 0 };

	while (w->todo.first && batch.count < w->store.limits.batch_max) {
		struct store_request *r = w->todo.first;
		w->todo.first = r->next;
		w->todo.count--;
		push(&batch, r);
	}
	return batch;
}

static void *writer_run(void *owner)
{
	struct sqlite_writer *w = owner;

	pthread_mutex_lock(&w->lock);
	for (;;) {
		while (!w->todo.first && !w->stopping)
			pthread_cond_wait(&w->work, &w->lock);
		if (!w->todo.first)
			break;
		struct queue_of_requests batch = take_batch(w);
		pthread_mutex_unlock(&w->lock);
		check_space(w);
		(void)time_of_store(&w->store);
		if (!run_batch(w, batch.first))
			run_singly(w, batch.first);
		pthread_mutex_lock(&w->lock);
		append(&w->completed, &batch);
		loop_wake(w->loop);
	}
	pthread_mutex_unlock(&w->lock);
	return NULL;
}

static void complete(struct sqlite_writer *w)
{
	pthread_mutex_lock(&w->lock);
	struct queue_of_requests completed = w->completed;
	w->completed = (struct queue_of_requests){ 0 };
	pthread_mutex_unlock(&w->lock);
	for (struct store_request *r = completed.first, *next; r; r = next) {
		next = r->next;
		r->done(r);
	}
}

static void hand_over(struct sqlite_writer *w)
{
	if (!w->collected.first)
		return;
	pthread_mutex_lock(&w->lock);
	append(&w->todo, &w->collected);
	pthread_cond_signal(&w->work);
	pthread_mutex_unlock(&w->lock);
}

static void turn_ended(void *owner)
{
	struct sqlite_writer *w = owner;

	complete(w);
	hand_over(w);
}

static void store_sqlite_submit(struct store *store, struct store_request *request)
{
	struct sqlite_writer *w = (struct sqlite_writer *)store;

	push(&w->collected, request);
}

static int64_t store_sqlite_now(struct store *store)
{
	(void)store;
	return clock_now();
}

static enum store_durability store_sqlite_durability(const struct store *store)
{
	(void)store;
	return STORE_DURABLE_DISK;
}

static void release_all(struct sqlite_writer *w)
{
	for (unsigned i = 0; i < SQL_COUNT; i++)
		sqlite3_finalize(w->store.statements[i]);
	sqlite3_close(w->store.db);
	lanes_free(&w->store.lanes);
	free(w->path);
	free(w);
}

static void store_sqlite_close(struct store *store)
{
	struct sqlite_writer *w = (struct sqlite_writer *)store;

	hand_over(w);
	pthread_mutex_lock(&w->lock);
	w->stopping = true;
	pthread_cond_signal(&w->work);
	pthread_mutex_unlock(&w->lock);
	pthread_join(w->thread, NULL);
	complete(w);
	loop_hook_remove(&w->hook);
	release_all(w);
}

static const struct store_driver driver = { store_sqlite_submit, store_sqlite_now, store_sqlite_durability,
					    store_sqlite_close };

/* The file is made here, so that its mode never depends on the umask. */
static bool make_file(const char *path)
{
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

	if (fd < 0)
		return false;
	close(fd);
	return true;
}

static bool set_modes(sqlite3 *db)
{
	return !sqlite3_exec(
		db,
		"PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON; PRAGMA trusted_schema=OFF; "
		"PRAGMA cache_size=-65536; PRAGMA wal_autocheckpoint=4000",
		NULL, NULL, NULL);
}

static enum result open_database(struct sqlite_writer *w, const char *vfs, const char **why_out)
{
	int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;

	if (!vfs && !make_file(w->path)) {
		*why_out = "the database file cannot be opened for writing";
		return ERR_IO;
	}
	if (sqlite3_open_v2(w->path, &w->store.db, flags, vfs) || !set_modes(w->store.db)) {
		*why_out = "the database cannot be opened";
		return ERR_IO;
	}
	return sqlite_schema_prepare(w->store.db, why_out);
}

enum result store_sqlite_open(struct loop *loop, const char *path, const char *vfs, const struct store_limits *limits,
			      const struct store_policy *policy, struct store **out, const char **why_out)
{
	struct sqlite_writer *w = must_alloc(sizeof(*w));

	w->path = must_strdup(path);
	w->loop = loop;
	w->store.base.driver = &driver;
	w->store.limits = limits ? *limits : STORE_LIMITS_DEFAULT;
	w->store.policy = policy;
	w->store.lanes = lanes_new();
	enum result r = open_database(w, vfs, why_out);
	if (r) {
		release_all(w);
		return r;
	}
	sqlite_memory_rebuild(&w->store);
	pthread_mutex_init(&w->lock, NULL);
	pthread_cond_init(&w->work, NULL);
	if (pthread_create(&w->thread, NULL, writer_run, w)) {
		*why_out = "the writer thread cannot be started";
		release_all(w);
		return ERR_IO;
	}
	loop_hook_add(loop, &w->hook, turn_ended, w);
	LOGN(LOG_STORE, NULL, "open, durability disk");
	*out = &w->store.base;
	return OK;
}
