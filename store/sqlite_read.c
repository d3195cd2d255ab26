/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reading: messages, those on HOLD, scans, what waits where, counts. */
#include "store/sqlite_db.h"

void sqlite_message_get(struct sqlite_store *s, struct store_request *r)
{
	struct store_message_get *c = (struct store_message_get *)r;
	struct message_id last = message_id_delivery(c->id, UINT16_MAX);
	bool one = message_id_recipient(c->id) != 0;
	sqlite3_stmt *q = sql(s, one ? SQL_ROW_GET : SQL_ROWS_OF_MESSAGE);

	sql_id(q, 1, c->id);
	if (!one)
		sql_id(q, 2, last);
	c->rows_out = sqlite_rows(s, q, c->arena, &c->rows_count_out);
	if (c->rows_count_out)
		answer_done(r);
	else
		answer_refused(r, STORE_NOT_FOUND, "no such message");
}

void sqlite_wake(struct sqlite_store *s, struct store_request *r)
{
	struct store_wake *c = (struct store_wake *)r;
	sqlite3_stmt *q = sql(s, c->key.len ? SQL_WAKE_KEY : SQL_WAKE_DUE);

	if (c->key.len)
		sql_text(q, 1, c->key);
	else
		sqlite3_bind_int64(q, 1, s->now_us);
	sqlite3_bind_int64(q, 2, c->limit);
	c->rows_out = sqlite_rows(s, q, c->arena, &c->rows_count_out);
	answer_done(r);
}

static enum statement scan_for(int state)
{
	if (state == DELIVERY_WAITING)
		return SQL_SCAN_WAITING;
	return state == DELIVERY_LEASED || state == DELIVERY_HANDED_OVER ? SQL_SCAN_UNDER_WAY : SQL_SCAN;
}

void sqlite_scan(struct sqlite_store *s, struct store_request *r)
{
	struct store_scan *c = (struct store_scan *)r;
	sqlite3_stmt *q = sql(s, scan_for(c->state));

	sql_text(q, 1, c->route);
	sql_text(q, 2, c->recipient);
	sqlite3_bind_int(q, 3, c->state);
	sqlite3_bind_int64(q, 4, c->limit);
	c->rows_out = sqlite_rows(s, q, c->arena, &c->rows_count_out);
	answer_done(r);
}

void sqlite_routes(struct sqlite_store *s, struct store_request *r)
{
	struct store_routes *c = (struct store_routes *)r;
	struct store_route_row **tail = &c->rows_out;
	sqlite3_stmt *q = sql(s, SQL_ROUTES);

	c->rows_out = NULL;
	c->rows_count_out = 0;
	while (sql_row(s, q)) {
		struct store_route_row *row = arena_alloc(c->arena, sizeof(*row));
		bool all_parked = sqlite3_column_type(q, 2) == SQLITE_NULL;
		row->route = sql_get_text(q, 0, c->arena);
		row->waiting = sqlite3_column_int64(q, 1);
		row->earliest_due_us = all_parked ? INT64_MAX : sqlite3_column_int64(q, 2);
		*tail = row;
		tail = &row->next;
		c->rows_count_out++;
	}
	answer_done(r);
}

void sqlite_targets(struct sqlite_store *s, struct store_request *r)
{
	struct store_targets *c = (struct store_targets *)r;
	struct store_target_row **tail = &c->rows_out;
	sqlite3_stmt *q = sql(s, SQL_TARGETS);

	c->rows_out = NULL;
	c->rows_count_out = 0;
	while (sql_row(s, q)) {
		struct store_target_row *row = arena_alloc(c->arena, sizeof(*row));
		row->target = sql_get_text(q, 0, c->arena);
		row->waiting = sqlite3_column_int64(q, 1);
		row->earliest_due_us = sqlite3_column_int64(q, 2);
		*tail = row;
		tail = &row->next;
		c->rows_count_out++;
	}
	answer_done(r);
}
