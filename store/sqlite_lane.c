/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Lanes: at most one head each (parked = 0, waiting or leased), the others parked. The count in memory says whether a
 * lane is busy; every change of it is logged, so that a rollback can take it back.
 */
#include "store/sqlite_db.h"

static void log_change(struct sqlite_store *s, int64_t lane, bool added)
{
	if (s->memory.lane_changes == s->lane_room) {
		s->lane_room = s->lane_room ? s->lane_room * 2 : 1024;
		s->lane_log = must_realloc(s->lane_log, s->lane_room * sizeof(*s->lane_log));
	}
	s->lane_log[s->memory.lane_changes++] = (struct lane_change){ lane, added };
}

void sqlite_lane_add(struct sqlite_store *s, int64_t lane)
{
	lanes_add(s->lanes, lane);
	log_change(s, lane, true);
}

static void promote(struct sqlite_store *s, int64_t lane)
{
	sqlite3_stmt *q = sql(s, SQL_PROMOTE);

	sqlite3_bind_int64(q, 1, lane);
	s->promoted = sql_run(s, q) > 0 || s->promoted;
}

void sqlite_lane_leave(struct sqlite_store *s, int64_t lane, bool was_head)
{
	uint32_t left = lanes_remove(s->lanes, lane);

	log_change(s, lane, false);
	if (left && was_head)
		promote(s, lane);
}

static void park(struct sqlite_store *s, struct message_id id)
{
	sqlite3_stmt *q = sql(s, SQL_PARK);

	sql_id(q, 1, id);
	(void)sql_run(s, q);
}

void sqlite_lane_yield(struct sqlite_store *s, struct message_id id, int64_t lane)
{
	if (lanes_count(s->lanes, lane) < 2)
		return;
	sqlite3_stmt *q = sql(s, SQL_LANE_OLDER);
	sql_id(q, 1, id);
	sqlite3_bind_int64(q, 2, lane);
	if (!sql_row(s, q))
		return;
	sqlite3_reset(q);
	park(s, id);
	promote(s, lane);
}

bool sqlite_lane_return(struct sqlite_store *s, struct message_id id, int64_t lane)
{
	bool busy = lanes_count(s->lanes, lane) > 0;

	sqlite_lane_add(s, lane);
	if (!busy)
		return true;
	sqlite3_stmt *q = sql(s, SQL_LANE_HEAD);
	sqlite3_bind_int64(q, 1, lane);
	if (!sql_row(s, q))
		return true;
	struct message_id head = sql_get_id(q, 0);
	bool waits = sqlite3_column_int(q, 1) == DELIVERY_WAITING && !sqlite3_column_int(q, 2);
	sqlite3_reset(q);
	if (!waits || memcmp(head.octets, id.octets, MESSAGE_ID_SIZE) < 0)
		return false;
	park(s, head);
	return true;
}
