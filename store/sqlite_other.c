/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Facts, outbox, reading, fences and counts. */
#include "store/sqlite_db.h"

static void fact_read(struct sqlite_store *s, struct store_fact *c)
{
	sqlite3_stmt *q = sql(s, SQL_FACT_GET);

	c->value_out = (struct octets){ 0 };
	sql_text(q, 1, c->kind);
	sql_text(q, 2, c->key);
	sqlite3_bind_int64(q, 3, s->now_us);
	if (!sql_row(s, q)) {
		answer_refused(&c->base, STORE_NOT_FOUND, "no such fact");
		return;
	}
	c->value_out = sql_get_octets(q, 0, c->arena);
	c->until_out = sqlite3_column_int64(q, 1);
	sqlite3_reset(q);
	answer_done(&c->base);
}

static void fact_write(struct sqlite_store *s, struct store_fact *c)
{
	sqlite3_stmt *q = sql(s, SQL_FACT_PUT);

	sql_text(q, 1, c->kind);
	sql_text(q, 2, c->key);
	sql_octets(q, 3, c->value.at, c->value.len);
	sqlite3_bind_int64(q, 4, c->until_us);
	(void)sql_run(s, q);
	answer_done(&c->base);
}

static void fact_swap(struct sqlite_store *s, struct store_fact *c)
{
	fact_read(s, c);
	bool exists = c->base.answer == STORE_DONE;
	bool same = exists && c->value_out.len == c->old.len &&
		    (!c->old.len || !memcmp(c->value_out.at, c->old.at, c->old.len));

	if (c->is_new ? exists : !same)
		answer_conflict(&c->base, "another value stands there");
	else
		fact_write(s, c);
}

void sqlite_fact(struct sqlite_store *s, struct store_request *r)
{
	struct store_fact *c = (struct store_fact *)r;

	if (r->operation == STORE_FACT_GET) {
		fact_read(s, c);
	} else if (r->operation == STORE_FACT_PUT) {
		fact_write(s, c);
	} else if (r->operation == STORE_FACT_SWAP) {
		fact_swap(s, c);
	} else {
		sqlite3_stmt *q = sql(s, SQL_FACT_DELETE);
		sql_text(q, 1, c->kind);
		sql_text(q, 2, c->key);
		(void)sql_run(s, q);
		answer_done(r);
	}
}

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
		if (sqlite3_column_bytes(q, 0) == (int)sizeof(row->id))
			memcpy(row->id, sqlite3_column_blob(q, 0), sizeof(row->id));
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

void sqlite_outbox_end(struct sqlite_store *s, struct store_request *r)
{
	struct store_outbox_end *c = (struct store_outbox_end *)r;
	bool done = r->operation == STORE_OUTBOX_DONE;
	sqlite3_stmt *q = sql(s, done ? SQL_OUTBOX_DONE : SQL_OUTBOX_LATER);

	sql_octets(q, 1, c->id, sizeof(c->id));
	sqlite3_bind_int64(q, 2, done ? s->now_us : c->due_us);
	if (sql_run(s, q) == 1)
		answer_done(r);
	else
		r->answer = STORE_REPEAT;
}

static struct store_row *read_rows(struct sqlite_store *s, sqlite3_stmt *q, struct arena *arena, unsigned *count_out)
{
	struct store_row *first = NULL, **tail = &first;

	*count_out = 0;
	while (sql_row(s, q)) {
		*tail = sqlite_row(q, arena);
		tail = &(*tail)->next;
		++*count_out;
	}
	return first;
}

void sqlite_message_get(struct sqlite_store *s, struct store_request *r)
{
	struct store_message_get *c = (struct store_message_get *)r;
	bool one = message_id_recipient(c->id) != 0;
	sqlite3_stmt *q = sql(s, one ? SQL_ROW_GET : SQL_ROWS_OF_MESSAGE);

	sql_id(q, 1, c->id);
	if (!one)
		sql_id(q, 2, message_id_delivery(c->id, UINT16_MAX));
	c->rows_out = read_rows(s, q, c->arena, &c->rows_count_out);
	if (c->rows_count_out)
		answer_done(r);
	else
		answer_refused(r, STORE_NOT_FOUND, "no such message");
}

void sqlite_scan(struct sqlite_store *s, struct store_request *r)
{
	struct store_scan *c = (struct store_scan *)r;
	sqlite3_stmt *q = sql(s, SQL_SCAN);

	sql_text(q, 1, c->route);
	sql_text(q, 2, c->recipient);
	sqlite3_bind_int(q, 3, c->state);
	sqlite3_bind_int64(q, 4, c->limit);
	c->rows_out = read_rows(s, q, c->arena, &c->rows_count_out);
	answer_done(r);
}

void sqlite_fence(struct sqlite_store *s, struct store_request *r)
{
	struct store_fence *c = (struct store_fence *)r;
	sqlite3_stmt *q = sql(s, SQL_FENCE_RAISE);

	sql_text(q, 1, c->name);
	if (sql_row(s, q))
		c->epoch_out = sqlite3_column_int64(q, 0);
	sqlite3_reset(q);
	answer_done(r);
}

void sqlite_sums(struct sqlite_store *s, struct store_request *r)
{
	struct store_sums *c = (struct store_sums *)r;
	sqlite3_stmt *q = sql(s, SQL_COUNTS);

	c->currencies_out = 0;
	if (sql_row(s, q)) {
		c->waiting_out = sqlite3_column_int64(q, 0);
		c->leased_out = sqlite3_column_int64(q, 1);
		c->handed_over_out = sqlite3_column_int64(q, 2);
		c->finished_out = sqlite3_column_int64(q, 3);
		c->on_hold_out = sqlite3_column_int64(q, 4);
		c->outbox_open_out = sqlite3_column_int64(q, 5);
	}
	sqlite3_reset(q);
	c->cdr_seq_out = s->cdr_seq;
	memcpy(c->cdr_chain_out, s->cdr_chain, sizeof(c->cdr_chain_out));
	c->sound_out = !s->broken;
	answer_done(r);
}
