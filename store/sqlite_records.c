/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Work for others and records: outbox, CDRs, fences. */
#include "store/sqlite_db.h"

#define CDR_MARK "cdr"

void sqlite_outbox_due(struct sqlite_store *s, struct store_request *r)
{
	struct store_outbox_due *c = (struct store_outbox_due *)r;
	struct store_outbox_row **tail = &c->rows_out;
	sqlite3_stmt *q = sql(s, c->target.len ? SQL_OUTBOX_DUE : SQL_OUTBOX_DUE_ALL);

	sql_text(q, 1, c->target);
	sqlite3_bind_int64(q, 2, s->now_us);
	sqlite3_bind_int64(q, 3, c->limit);
	c->rows_out = NULL;
	c->rows_count_out = 0;
	while (sql_row(s, q)) {
		struct store_outbox_row *row = arena_alloc(c->arena, sizeof(*row));
		sql_get_fixed(q, 0, row->id, sizeof(row->id));
		row->target = sql_get_text(q, 1, c->arena);
		row->kind = sql_get_text(q, 2, c->arena);
		row->body = sql_get_octets(q, 3, c->arena);
		row->due_us = sqlite3_column_int64(q, 4);
		*tail = row;
		tail = &row->next;
		c->rows_count_out++;
	}
	answer_done(r);
}

static bool outbox_exists(struct sqlite_store *s, const uint8_t id[16])
{
	sqlite3_stmt *q = sql(s, SQL_OUTBOX_EXISTS);

	sql_octets(q, 1, id, 16);
	bool exists = sql_row(s, q);
	if (exists)
		sqlite3_reset(q);
	return exists;
}

void sqlite_outbox_end(struct sqlite_store *s, struct store_request *r)
{
	struct store_outbox_end *c = (struct store_outbox_end *)r;
	bool done = r->operation == STORE_OUTBOX_DONE;
	sqlite3_stmt *q = sql(s, done ? SQL_OUTBOX_DONE : SQL_OUTBOX_LATER);

	sql_octets(q, 1, c->id, sizeof(c->id));
	sqlite3_bind_int64(q, 2, done ? s->now_us : c->due_us);
	if (sql_run(s, q) == 1)
		answer_done(r);
	else if (!outbox_exists(s, c->id))
		answer_refused(r, STORE_NOT_FOUND, "no such row in the outbox");
	else if (done)
		answer_repeat(r);
	else
		answer_refused(r, STORE_ENDED, "the row is done");
}

void sqlite_cdr_next(struct sqlite_store *s, struct store_request *r)
{
	struct store_cdr_next *c = (struct store_cdr_next *)r;
	struct store_cdr_row **tail = &c->rows_out;
	int64_t acknowledged = sqlite_mark_get(s, CDR_MARK);
	sqlite3_stmt *q = sql(s, SQL_CDR_NEXT);

	sqlite3_bind_int64(q, 1, acknowledged);
	sqlite3_bind_int64(q, 2, c->limit);
	c->rows_out = NULL;
	c->rows_count_out = 0;
	while (sql_row(s, q)) {
		struct store_cdr_row *row = arena_alloc(c->arena, sizeof(*row));
		row->seq = sqlite3_column_int64(q, 0);
		row->delivery = sql_get_id(q, 1);
		row->kind = (uint8_t)sqlite3_column_int(q, 2);
		row->n = (uint16_t)sqlite3_column_int(q, 3);
		row->body = sql_get_text(q, 4, c->arena);
		sql_get_fixed(q, 5, row->chain, sizeof(row->chain));
		row->created_us = sqlite3_column_int64(q, 6);
		*tail = row;
		tail = &row->next;
		c->rows_count_out++;
	}
	answer_done(r);
}

void sqlite_cdr_ack(struct sqlite_store *s, struct store_request *r)
{
	struct store_cdr_ack *c = (struct store_cdr_ack *)r;

	if (c->seq > s->memory.cdr_seq) {
		answer_refused(r, STORE_TOO_MUCH, "no record has that number yet");
		return;
	}
	if (c->seq <= sqlite_mark_get(s, CDR_MARK)) {
		answer_repeat(r);
		return;
	}
	sqlite_mark_put(s, CDR_MARK, c->seq);
	answer_done(r);
}

void sqlite_fence(struct sqlite_store *s, struct store_request *r)
{
	struct store_fence *c = (struct store_fence *)r;
	sqlite3_stmt *q = sql(s, SQL_FENCE_RAISE);

	sql_text(q, 1, c->name);
	if (sql_row(s, q))
		c->epoch_out = sqlite3_column_int64(q, 0);
	if (q)
		sqlite3_reset(q);
	answer_done(r);
}
