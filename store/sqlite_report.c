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

bool sqlite_wire_find(struct sqlite_store *s, struct text peer, struct text wire_id, struct wire *out)
{
	sqlite3_stmt *q = sql(s, SQL_WIRE_GET);

	sql_text(q, 1, peer);
	sql_text(q, 2, wire_id);
	if (!sql_row(s, q))
		return false;
	*out = (struct wire){ peer, wire_id, sql_get_id(q, 0), (unsigned)sqlite3_column_int(q, 1) };
	sqlite3_reset(q);
	return true;
}

enum store_outcome sqlite_wire_report(struct sqlite_store *s, const struct wire *wire, const struct store_report *c)
{
	if (wire->parts > 1)
		sqlite_wire_raise(s, wire->peer, wire->id, c->outcome);
	if (wire->parts > 1 && c->outcome > OUTCOME_SENT)
		return sqlite_wires_outcome(s, wire->delivery);
	return c->outcome;
}

static bool names_recipient(struct sqlite_store *s, const struct store_report *c, struct message_id delivery)
{
	const struct report_addresses addresses = { c->source, c->destination };
	sqlite3_stmt *q = sql(s, SQL_RECIPIENT_GET);

	sql_id(q, 1, delivery);
	if (!sql_row(s, q))
		return false;
	bool names = report_names(addresses, sql_get_text(q, 0, c->arena));
	sqlite3_reset(q);
	return names;
}

/* The form that is a known wire id and means this report (core/store.h). `first_out`: the first one is somebody's. */
static bool find_wire(struct sqlite_store *s, const struct store_report *c, struct wire *out, bool *first_out)
{
	bool counts = report_first_counts(c);
	struct wire wire, first;

	*first_out = false;
	for (unsigned i = 0; i < c->wire_ids_count; i++) {
		if (!sqlite_wire_find(s, c->peer, c->wire_ids[i], &wire))
			continue;
		if ((counts && c->wire_ids_count == 1) || names_recipient(s, c, wire.delivery)) {
			*out = wire;
			return true;
		}
		if (!i) {
			*first_out = true;
			first = wire;
		}
	}
	if (!*first_out || !counts)
		return false;
	*out = first;
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
	enum store_outcome outcome = c->outcome;
	struct wire wire;
	bool first_known;

	c->early_out = c->final_out = false;
	c->receipts_count_out = 0;
	c->id_out = c->delivery;
	if (!c->has_delivery && !c->wire_ids_count) {
		answer_refused(r, STORE_BAD_REQUEST, "a report needs an id");
		return;
	}
	if (!c->has_delivery) {
		if (!find_wire(s, c, &wire, &first_known)) {
			keep_early(s, c, first_known);
			return;
		}
		c->id_out = wire.delivery;
		outcome = sqlite_wire_report(s, &wire, c);
	}
	struct store_row *row = sqlite_row_get(s, c->id_out, c->arena);
	if (!row)
		answer_refused(r, STORE_NOT_FOUND, "no such delivery");
	else
		sqlite_report_apply(s, c, row, outcome);
}
