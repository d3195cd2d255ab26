/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Leases: claim, renew, release, doubt. */
#include <stdlib.h>

#include "store/sqlite_money.h"

struct claimed {
	struct message_id id;
	int64_t due_us;
};

static int by_due_and_id(const void *a, const void *b)
{
	const struct claimed *x = a, *y = b;

	if (x->due_us != y->due_us)
		return x->due_us < y->due_us ? -1 : 1;
	return memcmp(x->id.octets, y->id.octets, MESSAGE_ID_SIZE);
}

static unsigned lease(struct sqlite_store *s, const struct store_claim *c, struct claimed *ids)
{
	unsigned n = 0;
	sqlite3_stmt *q = sql(s, SQL_CLAIM);

	sql_text(q, 1, c->route);
	sqlite3_bind_int64(q, 2, s->now_us);
	sqlite3_bind_int64(q, 3, c->limit);
	sql_text(q, 4, c->worker);
	sqlite3_bind_int64(q, 5, c->lease_us);
	sqlite3_bind_int64(q, 6, c->margin_us);
	while (n < c->limit && sql_row(s, q))
		ids[n++] = (struct claimed){ sql_get_id(q, 0), sqlite3_column_int64(q, 1) };
	if (q)
		sqlite3_reset(q);
	return n;
}

/* RETURNING has no order: the ids are sorted, then read with their messages. */
void sqlite_claim(struct sqlite_store *s, struct store_request *r)
{
	struct store_claim *c = (struct store_claim *)r;
	struct store_row **tail = &c->rows_out;

	c->rows_out = NULL;
	c->rows_count_out = 0;
	struct claimed *ids = arena_alloc(c->arena, (c->limit ? c->limit : 1) * sizeof(*ids));
	unsigned n = lease(s, c, ids);
	if (n > 1)
		qsort(ids, n, sizeof(*ids), by_due_and_id);
	for (unsigned i = 0; i < n; i++) {
		struct store_row *row = sqlite_row_get(s, ids[i].id, c->arena);
		if (!row)
			continue;
		*tail = row;
		tail = &row->next;
		c->rows_count_out++;
	}
	answer_done(r);
}

void sqlite_renew(struct sqlite_store *s, struct store_request *r)
{
	struct store_renew *c = (struct store_renew *)r;
	struct live live;
	bool found = sqlite_live(s, c->id, &live);

	if (!found || live.epoch != c->epoch || live.state != DELIVERY_LEASED) {
		sqlite_explain(r, &live, found, c->epoch);
		return;
	}
	if (!sqlite_charges_allow(s, c, r))
		return;
	sqlite3_stmt *q = sql(s, SQL_RENEW);
	sql_id(q, 1, c->id);
	sqlite3_bind_int64(q, 2, c->epoch);
	sqlite3_bind_int64(q, 3, c->lease_until_us);
	sql_text(q, 4, c->arm_bearer);
	(void)sql_run(s, q);
	answer_done(r);
}

/* A row that was asked to be cancelled ends now that it is known that nothing is under way. */
static void end_cancelled(struct sqlite_store *s, struct message_id id, struct octets trail)
{
	struct arena *arena = arena_new(4096);
	struct store_row *row = sqlite_row_get(s, id, arena);
	struct receipt_list list = { 0 };

	if (row)
		sqlite_end_row(s, row, OUTCOME_CANCELLED, trail, arena, &list);
	arena_free(&arena);
}

void sqlite_release(struct sqlite_store *s, struct store_request *r)
{
	struct store_release *c = (struct store_release *)r;
	struct live live;
	bool found = sqlite_live(s, c->id, &live);

	c->ended_out = false;
	if (!found || !sqlite_is_at_work(&live, c->epoch)) {
		sqlite_explain(r, &live, found, c->epoch);
		return;
	}
	c->ended_out = live.cancel;
	if (live.cancel) {
		end_cancelled(s, c->id, c->trail);
	} else {
		struct octets trail = sqlite_trail_room(s, c->id, live.trail_len, c->trail);
		sqlite3_stmt *q = sql(s, SQL_RELEASE_ROW);
		sql_id(q, 1, c->id);
		sqlite3_bind_int64(q, 2, c->epoch);
		sqlite3_bind_int64(q, 3, c->due_us);
		sql_text(q, 4, c->route);
		sql_text(q, 5, c->bearer);
		sql_octets(q, 6, trail.at, trail.len);
		(void)sql_run(s, q);
		if (live.has_lane)
			sqlite_lane_yield(s, c->id, live.lane);
	}
	answer_done(r);
}

void sqlite_due(struct sqlite_store *s, struct store_request *r)
{
	struct store_due *c = (struct store_due *)r;
	sqlite3_stmt *q = sql(s, SQL_DUE_ROW);

	sqlite3_bind_int64(q, 1, c->lane);
	sql_text(q, 2, c->route);
	sql_text(q, 3, c->recipient);
	sqlite3_bind_int64(q, 4, c->due_us);
	c->moved_out = sql_run(s, q) == 1;
	answer_done(r);
}

static void void_and_park(struct sqlite_store *s, const struct store_hold *c, const struct live *live)
{
	struct octets trail = sqlite_trail_room(s, c->id, live->trail_len, c->trail);
	sqlite3_stmt *q = sql(s, SQL_HOLD_ROW);

	sql_id(q, 1, c->id);
	sqlite3_bind_int64(q, 2, c->epoch);
	sqlite3_bind_int64(q, 3, c->until_us);
	sql_octets(q, 4, trail.at, trail.len);
	if (sql_run(s, q) != 1)
		return;
	sqlite_charges_settle(s, c->id, CHARGE_VOIDED);
	if (live->parked == 2) { /* held again: only for other keys */
		q = sql(s, SQL_WAKE_DELETE);
		sql_id(q, 1, c->id);
		(void)sql_run(s, q);
	} else if (live->has_lane) {
		sqlite_lane_leave(s, live->lane, !live->parked);
	}
	for (unsigned i = 0; i < c->keys_count; i++) {
		q = sql(s, SQL_WAKE_PUT);
		sql_id(q, 1, c->id);
		sql_text(q, 2, c->keys[i]);
		(void)sql_run(s, q);
	}
}

void sqlite_hold(struct sqlite_store *s, struct store_request *r)
{
	struct store_hold *c = (struct store_hold *)r;
	struct live live;
	bool found = sqlite_live(s, c->id, &live);

	c->ended_out = false;
	if (!found || live.epoch != c->epoch || live.state > DELIVERY_LEASED) {
		sqlite_explain(r, &live, found, c->epoch);
	} else if (live.doubt) {
		answer_refused(r, STORE_DOUBT, "the delivery may have been sent: it cannot wait for a new decision");
	} else if (live.cancel) {
		c->ended_out = true;
		end_cancelled(s, c->id, c->trail);
		answer_done(r);
	} else {
		void_and_park(s, c, &live);
		answer_done(r);
	}
}

static void decide_again(struct sqlite_store *s, struct store_decide *c, const struct live *live, bool found)
{
	sqlite3_stmt *q = sql(s, SQL_DECIDED_SAME);
	bool same = false;

	sql_id(q, 1, c->id);
	sqlite3_bind_int64(q, 2, c->epoch);
	sql_text(q, 3, c->route);
	sql_text(q, 4, c->bearer);
	if (sql_row(s, q)) {
		same = sqlite3_column_int(q, 0) != 0;
		sqlite3_reset(q);
	}
	if (same)
		answer_repeat(&c->base);
	else
		sqlite_explain(&c->base, live, found, c->epoch);
}

static void back_into_lane(struct sqlite_store *s, const struct store_decide *c, const struct live *live)
{
	struct octets trail = sqlite_trail_room(s, c->id, live->trail_len, c->trail);
	bool head = !live->has_lane || sqlite_lane_return(s, c->id, live->lane);
	sqlite3_stmt *q = sql(s, SQL_WAKE_DELETE);

	sql_id(q, 1, c->id);
	(void)sql_run(s, q);
	q = sql(s, SQL_DECIDE_ROW);
	sql_id(q, 1, c->id);
	sqlite3_bind_int64(q, 2, c->epoch);
	sqlite3_bind_int(q, 3, head ? 0 : 1);
	sqlite3_bind_int64(q, 4, c->due_us);
	sql_text(q, 5, c->route);
	sql_text(q, 6, c->bearer);
	sql_octets(q, 7, trail.at, trail.len);
	(void)sql_run(s, q);
}

/* The charge that was voided when the row was held moves up, the new one is live. */
static bool charge_anew(struct sqlite_store *s, struct store_decide *c)
{
	struct charge_row row;
	struct live live;

	if (!sqlite_live(s, c->id, &live) || c->charge->deadline_us < live.deadline_us) {
		answer_refused(&c->base, STORE_DEADLINE, "the hold would end before its delivery");
		return false;
	}
	if (!sqlite_charge_hold(s, c->charge, &row, &c->base))
		return false;
	sqlite3_stmt *q = sql(s, SQL_CHARGE_MOVE_UP);
	sql_id(q, 1, c->id);
	sqlite3_bind_int(q, 2, c->charge->kind);
	(void)sql_run(s, q);
	sqlite_charge_put(s, c->id, c->charge, &row);
	struct arena *arena = c->arena ? c->arena : arena_new(1024);
	struct receipt_list warnings = { 0 };
	sqlite_charge_warn(s, &row, arena, &warnings);
	if (c->arena) {
		c->warnings_out = warnings.rows;
		c->warnings_count_out = warnings.count;
	} else {
		arena_free(&arena);
	}
	return true;
}

void sqlite_decide(struct sqlite_store *s, struct store_request *r)
{
	struct store_decide *c = (struct store_decide *)r;
	struct live live;
	bool found = sqlite_live(s, c->id, &live);

	c->warnings_count_out = 0;
	if (!found || live.epoch != c->epoch || live.state != DELIVERY_WAITING || live.parked != 2) {
		decide_again(s, c, &live, found);
	} else if (!c->charge || charge_anew(s, c)) {
		back_into_lane(s, c, &live);
		answer_done(r);
	}
}

void sqlite_in_doubt(struct sqlite_store *s, struct store_request *r)
{
	struct store_in_doubt *c = (struct store_in_doubt *)r;
	struct live live;
	bool found = sqlite_live(s, c->id, &live);

	if (found && live.epoch == c->epoch && live.state == DELIVERY_WAITING && live.doubt) {
		answer_repeat(r);
		return;
	}
	if (!found || live.epoch != c->epoch || live.state != DELIVERY_LEASED) {
		sqlite_explain(r, &live, found, c->epoch);
		return;
	}
	struct octets trail = sqlite_trail_room(s, c->id, live.trail_len, c->trail);
	sqlite3_stmt *q = sql(s, SQL_IN_DOUBT);
	sql_id(q, 1, c->id);
	sqlite3_bind_int64(q, 2, c->epoch);
	sqlite3_bind_int64(q, 3, c->due_us);
	sql_octets(q, 4, trail.at, trail.len);
	(void)sql_run(s, q);
	answer_done(r);
}
