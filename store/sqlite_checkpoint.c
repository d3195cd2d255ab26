/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Checkpoints, by the writer: when it is idle, and when the write-ahead log passes its limit. A reader in the middle of
 * a transaction keeps the log from starting anew; then the log grows, further tries come at a distance, and far over
 * the limit the readers are held back for a moment.
 */
#include <errno.h>
#include <time.h>

#include "core/base/log.h"
#include "store/sqlite_threads.h"

#define FRAME_OCTETS 4120u /* a page and its header in the log */
#define FAR_OVER 4	   /* times the limit */
#define TRIES_PER_LIMIT 4  /* a try per quarter of the limit that the log grows on */
#define READERS_WAIT_S 1   /* for a reader to end its transaction */

static int limit_frames(const struct sqlite_driver *d)
{
	uint64_t frames = d->writer.limits.wal_max_octets / FRAME_OCTETS;

	return frames > INT32_MAX / FAR_OVER ? INT32_MAX / FAR_OVER : (int)frames + 1;
}

static int committed(void *owner, sqlite3 *db, const char *name, int frames)
{
	struct sqlite_driver *d = owner;

	(void)db;
	(void)name;
	if (frames < d->wal_frames) /* it started anew */
		d->checkpoint_at = limit_frames(d);
	d->wal_frames = frames;
	d->checkpoint_due = true;
	counter_set(d->counters.wal_octets, (int64_t)frames * FRAME_OCTETS);
	return SQLITE_OK;
}

void sqlite_checkpoints_start(struct sqlite_driver *d)
{
	d->checkpoint_at = limit_frames(d);
	sqlite3_wal_hook(d->writer.db, committed, d);
}

/* No reader starts from now on; false when one goes on for too long. */
static bool hold_readers(struct sqlite_driver *d)
{
	struct timespec until;
	bool in_time = true;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += READERS_WAIT_S;
	pthread_mutex_lock(&d->lock);
	d->reading.held = true;
	while (d->reading.busy && in_time)
		in_time = pthread_cond_timedwait(&d->reading.quiet, &d->lock, &until) != ETIMEDOUT;
	pthread_mutex_unlock(&d->lock);
	return in_time;
}

static void let_readers_go(struct sqlite_driver *d)
{
	pthread_mutex_lock(&d->lock);
	d->reading.held = false;
	pthread_cond_signal(&d->reading.work);
	pthread_mutex_unlock(&d->lock);
}

/* Nobody is waited for inside SQLite: what cannot be had now is tried again later. */
static void move_frames(struct sqlite_driver *d, int mode)
{
	sqlite3_busy_timeout(d->writer.db, 0);
	(void)sqlite3_wal_checkpoint_v2(d->writer.db, NULL, mode, NULL, NULL);
	sqlite3_busy_timeout(d->writer.db, SQLITE_BUSY_MS);
	counter_add(d->counters.checkpoints, 1);
}

void sqlite_checkpoint(struct sqlite_driver *d, bool idle)
{
	bool over = d->wal_frames >= d->checkpoint_at;

	if (!d->checkpoint_due || (!idle && !over))
		return;
	d->checkpoint_due = false;
	if (d->wal_frames >= limit_frames(d) * FAR_OVER) {
		if (hold_readers(d))
			move_frames(d, SQLITE_CHECKPOINT_TRUNCATE);
		let_readers_go(d);
	} else {
		move_frames(d, SQLITE_CHECKPOINT_PASSIVE);
	}
	d->checkpoint_at = d->wal_frames + limit_frames(d) / TRIES_PER_LIMIT;
}
