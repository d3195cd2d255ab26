/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The writer: batches, commits, and what happens when one fails.
 *
 * A batch in which a request breaks a constraint (a bug of ours) is run again with a savepoint around each request, so
 * that only that one is refused. A batch that the file would not take is answered whole: refused when nothing can have
 * reached the file, unknown when the commit itself failed, since a power cut may yet bring that commit to light.
 */
#include <sys/statvfs.h>

#include "core/base/clock.h"
#include "core/base/log.h"
#include "store/sqlite_threads.h"

#define IDLE_US (200 * USEC_PER_MSEC) /* nothing to do for so long: time for a checkpoint */

static const sqlite_operation operations[STORE_OPERATION_COUNT] = {
	[STORE_ACCEPT] = sqlite_accept,
	[STORE_CLAIM] = sqlite_claim,
	[STORE_RENEW] = sqlite_renew,
	[STORE_RELEASE] = sqlite_release,
	[STORE_DUE] = sqlite_due,
	[STORE_HOLD] = sqlite_hold,
	[STORE_DECIDE] = sqlite_decide,
	[STORE_FINISH] = sqlite_finish,
	[STORE_REPORT] = sqlite_report,
	[STORE_IN_DOUBT] = sqlite_in_doubt,
	[STORE_CANCEL] = sqlite_cancel,
	[STORE_EXPIRE] = sqlite_expire,
	[STORE_PRUNE] = sqlite_prune,
	[STORE_FACT_PUT] = sqlite_fact_write,
	[STORE_FACT_SWAP] = sqlite_fact_write,
	[STORE_FACT_DELETE] = sqlite_fact_write,
	[STORE_CDR_ACK] = sqlite_cdr_ack,
	[STORE_OUTBOX_DONE] = sqlite_outbox_end,
	[STORE_OUTBOX_LATER] = sqlite_outbox_end,
	[STORE_FENCE] = sqlite_fence,
	[STORE_REFUND] = sqlite_refund,
	[STORE_FUND] = sqlite_fund,
	[STORE_ACCOUNT_PUT] = sqlite_account_put,
	[STORE_SUBSCRIBER_PUT] = sqlite_subscriber_put,
	[STORE_CAP_PUT] = sqlite_cap_put,
	[STORE_CONSENT_PUT] = sqlite_consent_put,
	[STORE_PRICE_PUT] = sqlite_price_put,
};

/* Of the file system, once a second; a file that ran full counts as low until a batch went through. */
static void check_space(struct sqlite_driver *d)
{
	struct statvfs disk;

	if (d->space_checked_us && clock_monotonic() - d->space_checked_us < USEC_PER_SEC)
		return;
	d->space_checked_us = clock_monotonic();
	if (statvfs(d->path, &disk))
		return;
	bool low = (uint64_t)disk.f_bavail * disk.f_frsize < d->writer.limits.min_free_octets;
	if (low != d->space_low)
		LOGN(LOG_STORE, NULL,
		     low ? "disk nearly full: accepting nothing until there is room" : "room on disk again: accepting");
	d->space_low = low;
}

static void run_one(struct sqlite_driver *d, struct store_request *r)
{
	sqlite_operation operation = (unsigned)r->operation < STORE_OPERATION_COUNT ? operations[r->operation] : NULL;

	r->answer = STORE_UNKNOWN;
	r->refusal = STORE_NO_REFUSAL;
	r->why = NULL;
	d->writer.promoted = false;
	if (!operation)
		answer_refused(r, STORE_BAD_REQUEST, "this store does not know the operation");
	else if (d->fenced)
		answer_refused(r, STORE_STALE_EPOCH, "another process has opened this store since");
	else if (r->operation == STORE_ACCEPT && d->space_low)
		answer_refused(r, STORE_NO_SPACE, "the disk is nearly full: try again later");
	else
		operation(&d->writer, r);
	r->promoted = d->writer.promoted;
}

static bool is_constraint(const struct sqlite_store *s)
{
	return (s->error & 0xff) == SQLITE_CONSTRAINT;
}

static void run_guarded(struct sqlite_driver *d, struct store_request *r)
{
	struct sqlite_store *s = &d->writer;
	struct sqlite_memory before = s->memory;

	if (sql_run(s, sql(s, SQL_SAVEPOINT)) < 0)
		return;
	run_one(d, r);
	if (s->broken && is_constraint(s)) {
		s->broken = false;
		if (sql_run(s, sql(s, SQL_ROLLBACK_TO)) < 0)
			return;
		sqlite_memory_rollback(s, &before);
		answer_refused(r, STORE_BAD_REQUEST, "the request breaks a rule of the store");
	}
	(void)sql_run(s, sql(s, SQL_RELEASE));
}

static void check_fence(struct sqlite_driver *d)
{
	struct sqlite_store *s = &d->writer;
	sqlite3_stmt *q = sql(s, SQL_FENCE_GET);

	sql_text(q, 1, TEXT_LITERAL("node"));
	bool fenced = sql_row(s, q) && sqlite3_column_int64(q, 0) != s->node_epoch;
	if (q)
		sqlite3_reset(q);
	if (fenced && !d->fenced)
		LOGE(LOG_STORE, NULL, "another process has opened this store: nothing is written from here any more");
	d->fenced = fenced;
}

enum batch_end { BATCH_COMMITTED, BATCH_CONSTRAINT, BATCH_NOT_WRITTEN, BATCH_UNKNOWN };

static enum batch_end roll_back(struct sqlite_driver *d, const struct sqlite_memory *before, enum batch_end end)
{
	struct sqlite_store *s = &d->writer;
	int error = s->error;

	if (!sqlite3_get_autocommit(s->db))
		(void)sql_run(s, sql(s, SQL_ROLLBACK));
	sqlite_memory_rollback(s, before);
	s->error = error;
	d->was_full = (error & 0xff) == SQLITE_FULL;
	return end;
}

static enum batch_end run_batch(struct sqlite_driver *d, struct store_request *first, bool guarded)
{
	struct sqlite_store *s = &d->writer;
	struct sqlite_memory before = s->memory;

	s->broken = false;
	s->error = 0;
	if (sql_run(s, sql(s, SQL_BEGIN)) < 0)
		return roll_back(d, &before, BATCH_NOT_WRITTEN);
	check_fence(d);
	for (struct store_request *r = first; r && !s->broken; r = r->next) {
		if (guarded)
			run_guarded(d, r);
		else
			run_one(d, r);
	}
	if (!s->broken)
		sqlite_memory_flush(s);
	if (s->broken)
		return roll_back(d, &before, is_constraint(s) && !guarded ? BATCH_CONSTRAINT : BATCH_NOT_WRITTEN);
	if (sql_run(s, sql(s, SQL_COMMIT)) < 0)
		return roll_back(d, &before, BATCH_UNKNOWN);
	sqlite_memory_committed(s);
	d->was_full = false;
	return BATCH_COMMITTED;
}

static void answer_all(struct sqlite_driver *d, struct store_request *first, enum batch_end end)
{
	enum store_refusal refusal = d->was_full ? STORE_NO_SPACE : STORE_BROKEN;

	for (struct store_request *r = first; r; r = r->next) {
		answer_refused(r, refusal,
			       d->was_full ? "the disk is full: try again later"
					   : "the store could not write: try again later");
		if (end == BATCH_UNKNOWN)
			r->answer = STORE_UNKNOWN;
	}
}

static void count(struct sqlite_driver *d, const struct request_queue *batch)
{
	int64_t refused = 0;

	for (const struct store_request *r = batch->first; r; r = r->next)
		refused += r->answer == STORE_REFUSED || r->answer == STORE_CONFLICT;
	counter_add(d->counters.batches, 1);
	counter_add(d->counters.requests, batch->count);
	counter_add(d->counters.refused, refused);
}

static void run(struct sqlite_driver *d, struct request_queue *batch)
{
	check_space(d);
	d->writer.now_us = sqlite_time(d);
	enum batch_end end = run_batch(d, batch->first, false);
	if (end == BATCH_CONSTRAINT)
		end = run_batch(d, batch->first, true);
	if (end != BATCH_COMMITTED) {
		counter_add(d->counters.failed, 1);
		if (d->was_full)
			counter_add(d->counters.no_space, 1);
		answer_all(d, batch->first, end);
	}
	count(d, batch);
}

void *sqlite_writer_run(void *thread)
{
	struct sqlite_thread *t = thread;
	struct sqlite_driver *d = t->driver;
	bool idle = false;

	sqlite_checkpoints_start(d);
	for (;;) {
		int64_t wait = d->checkpoint_due ? IDLE_US : 0;
		struct request_queue batch = sqlite_take(t, d->writer.limits.batch_max, wait, &idle);
		if (!batch.first && !idle)
			break;
		if (batch.first) {
			run(d, &batch);
			sqlite_give_back(t, &batch);
		}
		sqlite_checkpoint(d, idle);
	}
	d->writer.now_us = sqlite_time(d);
	if (!d->fenced)
		sqlite_memory_close(&d->writer);
	return NULL;
}
