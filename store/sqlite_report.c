/* SPDX-License-Identifier: GPL-3.0-or-later */
/* report: what a peer says of a wire id, in whatever order it comes. */
#include "store/sqlite_db.h"

enum store_outcome sqlite_wires_outcome(struct sqlite_store *s, struct message_id id)
{
	enum store_outcome outcome = OUTCOME_NONE;
	sqlite3_stmt *q = sql(s, SQL_WIRE_WORST);

	sql_id(q, 1, id);
	if (!sql_row(s, q))
		return OUTCOME_NONE;
	if (sqlite3_column_int64(q, 0) == sqlite3_column_int64(q, 1))
		outcome = (enum store_outcome)sqlite3_column_int(q, 2);
	sqlite3_reset(q);
	return outcome;
}

/* The wire id among its forms that is known; false when none is. */
static bool find_wire(struct sqlite_store *s, const struct store_report *c, struct text *wire_out,
		      struct message_id *id_out, bool *owned_out)
{
	for (unsigned i = 0; i < c->wire_ids_count; i++) {
		sqlite3_stmt *q = sql(s, SQL_WIRE_GET);
		sql_text(q, 1, c->peer);
		sql_text(q, 2, c->wire_ids[i]);
		if (!sql_row(s, q))
			continue;
		*owned_out = sqlite3_column_type(q, 0) != SQLITE_NULL;
		*id_out = sql_get_id(q, 0);
		*wire_out = c->wire_ids[i];
		sqlite3_reset(q);
		return true;
	}
	return false;
}

static void keep_early(struct sqlite_store *s, struct store_report *c)
{
	sqlite3_stmt *q = sql(s, SQL_WIRE_PUT);

	sql_text(q, 1, c->peer);
	sql_text(q, 2, c->wire_ids[0]);
	sqlite3_bind_int(q, 5, (int)c->outcome);
	sqlite3_bind_int64(q, 6, c->keep_until_us);
	(void)sql_run(s, q);
	c->early_out = true;
	answer_done(&c->base);
}

static void raise_wire(struct sqlite_store *s, const struct store_report *c, struct text wire)
{
	sqlite3_stmt *q = sql(s, SQL_WIRE_OUTCOME);

	sql_text(q, 1, c->peer);
	sql_text(q, 2, wire);
	sqlite3_bind_int(q, 3, (int)c->outcome);
	(void)sql_run(s, q);
}

static void only_an_event(struct sqlite_store *s, struct store_report *c, struct store_row *row)
{
	struct octets trail = sqlite_trail_room(s, row->id, row->trail.len, c->trail);
	sqlite3_stmt *q = sql(s, SQL_TRAIL_ADD);

	sql_id(q, 1, row->id);
	sql_octets(q, 2, trail.at, trail.len);
	(void)sql_run(s, q);
	answer_done(&c->base);
}

static void apply(struct sqlite_store *s, struct store_report *c, struct store_row *row, enum store_outcome outcome)
{
	struct receipt_list list = { 0 };

	if (outcome <= OUTCOME_SENT) {
		only_an_event(s, c, row);
		return;
	}
	if (row->state == DELIVERY_FINISHED && row->outcome == outcome) {
		answer_repeat(&c->base);
		return;
	}
	/* Outcomes only rise: a failure after another end says nothing new. */
	if (row->state == DELIVERY_FINISHED && outcome < row->outcome) {
		answer_conflict(&c->base, "the delivery ended another way");
		return;
	}
	sqlite_end_row(s, row, outcome, c->trail, c->arena, &list);
	c->final_out = true;
	c->receipts_out = list.rows;
	c->receipts_count_out = list.count;
	answer_done(&c->base);
}

void sqlite_report(struct sqlite_store *s, struct store_request *r)
{
	struct store_report *c = (struct store_report *)r;
	struct text wire = { 0 };
	bool owned = c->has_delivery;

	c->early_out = c->final_out = false;
	c->receipts_count_out = 0;
	c->id_out = c->delivery;
	if (!c->has_delivery && !c->wire_ids_count) {
		answer_refused(r, STORE_BAD_REQUEST, "a report needs an id");
		return;
	}
	if (!c->has_delivery && !find_wire(s, c, &wire, &c->id_out, &owned)) {
		keep_early(s, c);
		return;
	}
	if (wire.len)
		raise_wire(s, c, wire);
	if (!owned) { /* a second report before the finish */
		c->early_out = true;
		answer_done(r);
		return;
	}
	struct store_row *row = sqlite_row_get(s, c->id_out, c->arena);
	if (!row)
		answer_refused(r, STORE_NOT_FOUND, "no such delivery");
	else
		apply(s, c, row,
		      wire.len && c->outcome > OUTCOME_SENT ? sqlite_wires_outcome(s, c->id_out) : c->outcome);
}
