/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The two threads of the SQLite driver and what they share with the loop. The writer owns the only writing connection:
 * it takes what waits, runs it in one transaction, commits, and only then gives it back. The reader has a read-only
 * connection, so that a long read holds up no commit.
 */
#ifndef STORE_SQLITE_THREADS_H
#define STORE_SQLITE_THREADS_H

#include <pthread.h>
#include <stdatomic.h>

#include "store/sqlite_db.h"

struct request_queue {
	struct store_request *first, **last;
	unsigned count;
};

void request_push(struct request_queue *q, struct store_request *r);
void request_append(struct request_queue *to, struct request_queue *from);

struct store_counters {
	struct counter *batches, *requests, *refused, *failed, *reads, *checkpoints, *no_space, *wal_octets;
};

struct sqlite_driver;

struct sqlite_thread {
	struct sqlite_driver *driver;
	pthread_t thread;
	bool started;
	struct request_queue collected; /* loop thread: handed over at the end of its turn */
	pthread_cond_t work, quiet;	/* there is something to do; it is not busy any more */
	/* under the lock */
	struct request_queue todo;
	bool busy, held; /* held: takes nothing until let go */
};

struct sqlite_driver {
	struct sqlite_store writer; /* first: a struct store * is a struct sqlite_driver * */
	struct sqlite_store reader;
	struct loop *loop;
	struct loop_hook hook;
	struct loop_watch watch; /* of done_fd */
	int done_fd;		 /* eventfd: something is completed */
	char *path;
	struct sqlite_thread writing, reading;
	pthread_mutex_t lock;
	struct request_queue completed; /* under the lock */
	bool stopping;
	_Atomic int64_t newest_us; /* no time handed out was later */
	struct store_counters counters;

	/* writer thread */
	int64_t space_checked_us; /* monotonic */
	bool space_low, was_full, fenced;
	int wal_frames;	     /* after the last commit */
	int checkpoint_at;   /* frames at which the next one is tried */
	bool checkpoint_due; /* there was a commit since the last */
};

/* The store's clock, from any thread: never back, also when the system's is set back. */
int64_t sqlite_time(struct sqlite_driver *d);

/* Takes at most `most` requests that wait for this thread, waiting for some; empty when it is to end. `idle_us` > 0:
 * also empty, with *idle_out, when nothing came for so long. */
struct request_queue sqlite_take(struct sqlite_thread *t, unsigned most, int64_t idle_us, bool *idle_out);
void sqlite_give_back(struct sqlite_thread *t, struct request_queue *done);

#define SQLITE_BUSY_MS 10000 /* another process that has the file just now is waited for */

/* Writer thread: before its first batch, and after each one or when idle. */
void sqlite_checkpoints_start(struct sqlite_driver *d);
void sqlite_checkpoint(struct sqlite_driver *d, bool idle);

/* Opens the file for both connections, with the schema of this program. */
MUST_CHECK enum result sqlite_open_files(struct sqlite_driver *d, const char *vfs, const char **why_out);
/* Reads what is kept in memory, and fences off whoever opened the file before. */
MUST_CHECK enum result sqlite_take_over(struct sqlite_driver *d, const char **why_out);
/* The reader first, so that the writer's close moves the whole log and removes it. */
void sqlite_close_files(struct sqlite_driver *d);

/* Operations that only read run on the reader. */
bool sqlite_is_read(enum store_operation operation);

void *sqlite_writer_run(void *thread);
void *sqlite_reader_run(void *thread);

#endif
