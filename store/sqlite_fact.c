/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Facts: the keyed record with an end. One that has ended is as good as not there. */
#include "store/sqlite_db.h"

void sqlite_fact_get(struct sqlite_store *s, struct store_request *r)
{
	struct store_fact *c = (struct store_fact *)r;
	sqlite3_stmt *q = sql(s, SQL_FACT_GET);

	c->value_out = (struct octets){ 0 };
	c->until_out = 0;
	sql_text(q, 1, c->kind);
	sql_text(q, 2, c->key);
	sqlite3_bind_int64(q, 3, s->now_us);
	if (!sql_row(s, q)) {
		answer_refused(r, STORE_NOT_FOUND, "no such fact");
		return;
	}
	c->value_out = sql_get_octets(q, 0, c->arena);
	c->until_out = sqlite3_column_int64(q, 1);
	sqlite3_reset(q);
	answer_done(r);
}

static void put(struct sqlite_store *s, struct store_fact *c)
{
	sqlite3_stmt *q = sql(s, SQL_FACT_PUT);

	sql_text(q, 1, c->kind);
	sql_text(q, 2, c->key);
	sql_octets(q, 3, c->value.at, c->value.len);
	sqlite3_bind_int64(q, 4, c->until_us);
	(void)sql_run(s, q);
	answer_done(&c->base);
}

/* What stands there already is a repeat: a caller that got no answer asks again. */
static void swap(struct sqlite_store *s, struct store_fact *c)
{
	sqlite_fact_get(s, &c->base);
	bool exists = c->base.answer == STORE_DONE;
	struct octets now = c->value_out;
	bool same = exists && now.len == c->old.len && (!now.len || !memcmp(now.at, c->old.at, now.len));
	bool done = exists && now.len == c->value.len && (!now.len || !memcmp(now.at, c->value.at, now.len));

	if (c->is_new ? !exists : same)
		put(s, c);
	else if (done)
		answer_repeat(&c->base);
	else
		answer_conflict(&c->base, "another value stands there");
}

void sqlite_fact_write(struct sqlite_store *s, struct store_request *r)
{
	struct store_fact *c = (struct store_fact *)r;

	if (r->operation == STORE_FACT_PUT) {
		put(s, c);
	} else if (r->operation == STORE_FACT_SWAP) {
		swap(s, c);
	} else {
		sqlite3_stmt *q = sql(s, SQL_FACT_DELETE);
		sql_text(q, 1, c->kind);
		sql_text(q, 2, c->key);
		(void)sql_run(s, q);
		answer_done(r);
	}
}

void sqlite_fact_scan(struct sqlite_store *s, struct store_request *r)
{
	struct store_fact_scan *c = (struct store_fact_scan *)r;
	struct store_fact_row **tail = &c->rows_out;
	sqlite3_stmt *q = sql(s, SQL_FACT_SCAN);

	c->rows_out = NULL;
	c->rows_count_out = 0;
	sql_text(q, 1, c->kind);
	sql_text(q, 2, c->after.len ? c->after : c->prefix);
	sqlite3_bind_int64(q, 3, s->now_us);
	while (c->rows_count_out < c->limit && sql_row(s, q)) {
		struct text key = sql_get_text(q, 0, c->arena);
		if (c->after.len && text_equal(key, c->after))
			continue;
		if (key.len < c->prefix.len || (c->prefix.len && memcmp(key.at, c->prefix.at, c->prefix.len)))
			break;
		struct store_fact_row *row = arena_alloc(c->arena, sizeof(*row));
		row->key = key;
		row->value = sql_get_octets(q, 1, c->arena);
		row->until_us = sqlite3_column_int64(q, 2);
		*tail = row;
		tail = &row->next;
		c->rows_count_out++;
	}
	if (q)
		sqlite3_reset(q);
	answer_done(r);
}
