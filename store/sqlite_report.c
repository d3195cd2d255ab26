/* SPDX-License-Identifier: GPL-3.0-or-later */
/* report: what a peer says of a wire id, in whatever order it comes. */
#include "store/report_match.h"
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

bool sqlite_wire_find(struct sqlite_store *s, struct text peer, struct text wire_id, struct arena *arena,
		      struct message_id *id_out, struct text *recipient_out)
{
	sqlite3_stmt *q = sql(s, SQL_WIRE_GET);

	sql_text(q, 1, peer);
	sql_text(q, 2, wire_id);
	if (!sql_row(s, q))
		return false;
	*id_out = sql_get_id(q, 0);
	*recipient_out = sql_get_text(q, 1, arena);
	sqlite3_reset(q);
	return true;
}

/* The form that is a known wire id and means this report (core/store.h). `first_out`: the first one is somebody's. */
static bool find_wire(struct sqlite_store *s, struct store_report *c, struct text *wire_out, bool *first_out)
{
	const struct report_addresses addresses = { c->source, c->destination };
	struct message_id id, first = { { 0 } };
	struct text recipient;

	*first_out = false;
	for (unsigned i = 0; i < c->wire_ids_count; i++) {
		if (!sqlite_wire_find(s, c->peer, c->wire_ids[i], c->arena, &id, &recipient))
			continue;
		if (report_names(addresses, recipient)) {
			*wire_out = c->wire_ids[i];
			c->id_out = id;
			return true;
		}
		if (!i) {
			*first_out = true;
			first = id;
		}
	}
	if (!*first_out || !report_first_counts(c))
		return false;
	*wire_out = c->wire_ids[0];
	c->id_out = first;
	return true;
}

static void keep_early(struct sqlite_store *s, struct store_report *c, bool first_known)
{
	int64_t doubt = s->now_us + STORE_EARLY_DOUBT_US;

	sqlite_early_keep(s, c, first_known && doubt < c->keep_until_us ? doubt : c->keep_until_us);
	c->early_out = true;
	answer_done(&c->base);
}

void sqlite_wire_raise(struct sqlite_store *s, struct text peer, struct text wire_id, enum store_outcome outcome)
{
	sqlite3_stmt *q = sql(s, SQL_WIRE_OUTCOME);

	sql_text(q, 1, peer);
	sql_text(q, 2, wire_id);
	sqlite3_bind_int(q, 3, (int)outcome);
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

void sqlite_report_apply(struct sqlite_store *s, struct store_report *c, struct store_row *row,
			 enum store_outcome outcome)
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
	bool first_known;

	c->early_out = c->final_out = false;
	c->receipts_count_out = 0;
	c->id_out = c->delivery;
	if (!c->has_delivery && !c->wire_ids_count) {
		answer_refused(r, STORE_BAD_REQUEST, "a report needs an id");
		return;
	}
	if (!c->has_delivery && !find_wire(s, c, &wire, &first_known)) {
		keep_early(s, c, first_known);
		return;
	}
	if (wire.len)
		sqlite_wire_raise(s, c->peer, wire, c->outcome);
	struct store_row *row = sqlite_row_get(s, c->id_out, c->arena);
	if (!row)
		answer_refused(r, STORE_NOT_FOUND, "no such delivery");
	else
		sqlite_report_apply(s, c, row,
				    wire.len && c->outcome > OUTCOME_SENT ? sqlite_wires_outcome(s, c->id_out)
									  : c->outcome);
}
