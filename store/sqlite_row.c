/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Deliveries as they are read: the few columns that writes need, and whole rows with their message. */
#include "core/trail.h"
#include "store/sqlite_money.h"

#define TRAIL_EVENT_LEAST 10 /* octets of the shortest event: a trail below 64 of those cannot need folding */

bool sqlite_live(struct sqlite_store *s, struct message_id id, struct live *out)
{
	sqlite3_stmt *q = sql(s, SQL_LIVE_GET);

	*out = (struct live){ 0 };
	sql_octets(q, 1, id.octets, MESSAGE_ID_SIZE);
	if (!sql_row(s, q))
		return false;
	out->state = (enum store_state)sqlite3_column_int(q, 0);
	out->epoch = sqlite3_column_int64(q, 1);
	out->has_lane = sqlite3_column_type(q, 2) != SQLITE_NULL;
	out->lane = sqlite3_column_int64(q, 2);
	out->doubt = sqlite3_column_int(q, 3) != 0;
	out->cancel = sqlite3_column_int(q, 4) != 0;
	out->parked = (uint8_t)sqlite3_column_int(q, 5);
	out->trail_len = (size_t)sqlite3_column_int64(q, 6);
	out->outcome = (enum store_outcome)sqlite3_column_int(q, 7);
	out->rowid = sqlite3_column_int64(q, 8);
	out->deadline_us = sqlite3_column_int64(q, 9);
	sqlite3_reset(q);
	return true;
}

bool sqlite_is_at_work(const struct live *live, int64_t epoch)
{
	return live->epoch == epoch &&
	       (live->state == DELIVERY_LEASED || (live->state == DELIVERY_WAITING && live->doubt));
}

void sqlite_explain(struct store_request *r, const struct live *live, bool found, int64_t epoch)
{
	if (!found)
		answer_refused(r, STORE_NOT_FOUND, "no such delivery");
	else if (live->epoch != epoch)
		answer_refused(r, STORE_STALE_EPOCH, "the delivery was claimed again");
	else
		answer_refused(r, STORE_ENDED, "the delivery is not in that state any more");
}

static void read_delivery(struct store_row *row, sqlite3_stmt *q, struct arena *arena)
{
	row->id = sql_get_id(q, 0);
	row->recipient = sql_get_text(q, 1, arena);
	row->has_lane = sqlite3_column_type(q, 2) != SQLITE_NULL;
	row->lane = sqlite3_column_int64(q, 2);
	row->route = sql_get_text(q, 3, arena);
	row->bearer = sql_get_text(q, 4, arena);
	row->state = (enum store_state)sqlite3_column_int(q, 5);
	row->doubt = sqlite3_column_int(q, 6) != 0;
	row->cancel = sqlite3_column_int(q, 7) != 0;
	row->parked = (uint8_t)sqlite3_column_int(q, 8);
	row->attempt = sqlite3_column_int64(q, 9);
	row->epoch = sqlite3_column_int64(q, 10);
	row->due_us = sqlite3_column_int64(q, 11);
	row->deadline_us = sqlite3_column_int64(q, 12);
	row->lease_us = sqlite3_column_int64(q, 13);
	row->outcome = (enum store_outcome)sqlite3_column_int(q, 14);
	row->final_us = sqlite3_column_int64(q, 15);
	row->trail = sql_get_octets(q, 16, arena);
}

struct store_row *sqlite_row(struct sqlite_store *s, sqlite3_stmt *q, struct arena *arena)
{
	struct store_row *row = arena_alloc(arena, sizeof(*row));

	read_delivery(row, q, arena);
	row->channel = sql_get_text(q, 17, arena);
	row->sender = sql_get_text(q, 18, arena);
	row->text = sql_get_text(q, 19, arena);
	sql_get_fixed(q, 20, row->account_id, sizeof(row->account_id));
	row->accepted_us = sqlite3_column_int64(q, 21);
	row->expires_us = sqlite3_column_int64(q, 22);
	row->header = sql_get_octets(q, 23, arena);
	sqlite_row_charge(s, row, arena);
	row->worker = sql_get_text(q, 24, arena);
	return row;
}

struct store_row *sqlite_row_get(struct sqlite_store *s, struct message_id id, struct arena *arena)
{
	sqlite3_stmt *q = sql(s, SQL_ROW_GET);

	sql_octets(q, 1, id.octets, MESSAGE_ID_SIZE);
	if (!sql_row(s, q))
		return NULL;
	struct store_row *row = sqlite_row(s, q, arena);
	sqlite3_reset(q);
	return row;
}

struct store_row *sqlite_rows(struct sqlite_store *s, sqlite3_stmt *q, struct arena *arena, unsigned *count_out)
{
	struct store_row *first = NULL, **tail = &first;

	*count_out = 0;
	while (sql_row(s, q)) {
		*tail = sqlite_row(s, q, arena);
		tail = &(*tail)->next;
		++*count_out;
	}
	return first;
}

struct octets sqlite_trail_room(struct sqlite_store *s, struct message_id id, size_t trail_len, struct octets events)
{
	if (trail_len + events.len <= (size_t)TRAIL_EVENTS_MAX * TRAIL_EVENT_LEAST)
		return events;
	struct arena *arena = arena_new(4096);
	sqlite3_stmt *q = sql(s, SQL_TRAIL_GET);
	sql_id(q, 1, id);
	if (sql_row(s, q)) {
		struct octets trail = trail_with(sql_get_octets(q, 0, arena), events, arena);
		sqlite3_reset(q);
		q = sql(s, SQL_TRAIL_SET);
		sql_id(q, 1, id);
		sql_octets(q, 2, trail.at, trail.len);
		(void)sql_run(s, q);
	}
	arena_free(&arena);
	return (struct octets){ 0 };
}
