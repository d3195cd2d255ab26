/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The reader: its own connection, short transactions (a long one would stop the checkpoints). */
#include "store/sqlite_threads.h"

#define READ_BATCH 64u

static const sqlite_operation operations[STORE_OPERATION_COUNT] = {
	[STORE_WAKE] = sqlite_wake,
	[STORE_FACT_GET] = sqlite_fact_get,
	[STORE_FACT_SCAN] = sqlite_fact_scan,
	[STORE_CDR_NEXT] = sqlite_cdr_next,
	[STORE_OUTBOX_DUE] = sqlite_outbox_due,
	[STORE_MESSAGE_GET] = sqlite_message_get,
	[STORE_SUMS] = sqlite_sums,
	[STORE_ACCOUNT_GET] = sqlite_account_get,
	[STORE_SUBSCRIBER_GET] = sqlite_subscriber_get,
	[STORE_CAP_GET] = sqlite_cap_get,
	[STORE_CONSENT_GET] = sqlite_consent_get,
	[STORE_QUOTE_PRICE] = sqlite_quote_price,
	[STORE_SCAN] = sqlite_scan,
	[STORE_ROUTES] = sqlite_routes,
	[STORE_TARGETS] = sqlite_targets,
};

bool sqlite_is_read(enum store_operation operation)
{
	return (unsigned)operation < STORE_OPERATION_COUNT && operations[operation];
}

/* One snapshot for all of them, taken after they were submitted. */
static void run(struct sqlite_driver *d, struct store_request *first)
{
	struct sqlite_store *s = &d->reader;

	s->now_us = sqlite_time(d);
	s->memory.any_charge = true; /* a look-up more per row, and right at once */
	s->broken = false;
	(void)sql_run(s, sql(s, SQL_BEGIN_READ));
	for (struct store_request *r = first; r; r = r->next) {
		r->refusal = STORE_NO_REFUSAL;
		r->why = NULL;
		if (!s->broken)
			operations[r->operation](s, r);
		if (s->broken)
			answer_refused(r, STORE_BROKEN, "the store could not read: try again later");
		counter_add(d->counters.reads, 1);
	}
	if (!sqlite3_get_autocommit(s->db))
		(void)sql_run(s, sql(s, SQL_COMMIT));
}

void *sqlite_reader_run(void *thread)
{
	struct sqlite_thread *t = thread;
	bool idle;

	for (;;) {
		struct request_queue batch = sqlite_take(t, READ_BATCH, 0, &idle);
		if (!batch.first)
			return NULL;
		run(t->driver, batch.first);
		sqlite_give_back(t, &batch);
	}
}
