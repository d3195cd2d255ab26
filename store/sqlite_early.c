/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reports that came before the id they name: kept, taken by the finish that brings it, or given up. */
#include "store/report_match.h"
#include "store/sqlite_db.h"

#define EXPIRE_MAX 64u /* given up in one call */

static void put(struct sqlite_store *s, const struct store_report *c, unsigned n, int64_t until_us)
{
	sqlite3_stmt *q = sql(s, SQL_EARLY_PUT);

	sql_text(q, 1, c->peer);
	sql_text(q, 2, c->wire_ids[0]);
	sqlite3_bind_int(q, 3, (int)n);
	sql_text(q, 4, c->wire_ids[n]);
	sql_text(q, 5, c->source);
	sql_text(q, 6, c->destination);
	sqlite3_bind_int(q, 7, report_first_counts(c));
	sqlite3_bind_int(q, 8, (int)c->outcome);
	sqlite3_bind_int64(q, 9, until_us);
	(void)sql_run(s, q);
}

void sqlite_early_keep(struct sqlite_store *s, const struct store_report *c, int64_t until_us)
{
	sqlite3_stmt *q = sql(s, SQL_EARLY_RAISE);

	sql_text(q, 1, c->peer);
	sql_text(q, 2, c->wire_ids[0]);
	sqlite3_bind_int(q, 3, (int)c->outcome);
	unsigned kept = sql_run(s, q) ? report_forms_kept(c) : 0;
	for (unsigned n = kept; n < report_forms_kept(c); n++)
		put(s, c, n, until_us);
	s->memory.any_early = true;
}

static void end(struct sqlite_store *s, struct text peer, struct text first_id)
{
	sqlite3_stmt *q = sql(s, SQL_EARLY_DELETE);

	sql_text(q, 1, peer);
	sql_text(q, 2, first_id);
	(void)sql_run(s, q);
}

/* It is given up soon, and then to whom its first form belongs now. */
static void hurry(struct sqlite_store *s, struct text peer, struct text first_id)
{
	sqlite3_stmt *q = sql(s, SQL_EARLY_HURRY);

	sql_text(q, 1, peer);
	sql_text(q, 2, first_id);
	sqlite3_bind_int64(q, 3, s->now_us + STORE_EARLY_DOUBT_US);
	(void)sql_run(s, q);
}

struct found {
	struct text first_id;
	enum store_outcome outcome;
	bool agrees, first, sure;
};

/* The row of SQL_EARLY_FIND that q stands on. */
static struct found read(sqlite3_stmt *q, struct arena *arena)
{
	const struct report_addresses a = { sql_get_text(q, 2, arena), sql_get_text(q, 3, arena) };

	return (struct found){ .first_id = sql_get_text(q, 0, arena),
			       .outcome = (enum store_outcome)sqlite3_column_int(q, 5),
			       .agrees = report_names(a, sql_get_text(q, 6, arena)),
			       .first = !sqlite3_column_int(q, 1),
			       .sure = sqlite3_column_int(q, 4) != 0 };
}

/* The one whose addresses agree before the one whose first form it is; what is left may be a doubtful one. */
static bool choose(struct sqlite_store *s, struct store_finish *f, struct text wire_id, struct found *best)
{
	sqlite3_stmt *q = sql(s, SQL_EARLY_FIND);
	bool any = false;

	sql_text(q, 1, f->peer);
	sql_text(q, 2, wire_id);
	sql_id(q, 3, f->id);
	while (sql_row(s, q)) {
		struct found one = read(q, f->arena);
		if (!one.agrees && !one.first)
			continue;
		if (!any || (one.agrees && !best->agrees))
			*best = one;
		any = true;
	}
	return any;
}

bool sqlite_early_take(struct sqlite_store *s, struct store_finish *f, struct text wire_id,
		       enum store_outcome *outcome_out)
{
	struct found best;

	if (!s->memory.any_early || !choose(s, f, wire_id, &best))
		return false;
	if (!best.agrees && !best.sure) {
		hurry(s, f->peer, best.first_id);
		return false;
	}
	if (f->wires_count > 1)
		sqlite_wire_raise(s, f->peer, wire_id, best.outcome);
	*outcome_out = best.outcome;
	end(s, f->peer, best.first_id);
	return true;
}

/* True when that ended the delivery. */
static bool give(struct sqlite_store *s, struct text peer, struct text wire_id, enum store_outcome outcome,
		 struct arena *arena, struct receipt_list *list)
{
	struct store_report c = {
		.arena = arena, .peer = peer, .outcome = outcome, .trail = trail_early(arena, s->now_us, outcome)
	};
	struct wire wire;

	if (!sqlite_wire_find(s, peer, wire_id, &wire))
		return false;
	c.id_out = wire.delivery;
	outcome = sqlite_wire_report(s, &wire, &c);
	struct store_row *row = sqlite_row_get(s, c.id_out, arena);
	if (!row)
		return false;
	sqlite_report_apply(s, &c, row, outcome);
	for (unsigned i = 0; i < c.receipts_count_out; i++)
		receipt_add(list, &c.receipts_out[i], arena);
	return c.final_out;
}

unsigned sqlite_early_expire(struct sqlite_store *s, unsigned limit, struct arena *arena, struct receipt_list *list)
{
	struct text peer[EXPIRE_MAX], first_id[EXPIRE_MAX];
	enum store_outcome outcome[EXPIRE_MAX];
	unsigned n = 0, ended = 0;

	if (!s->memory.any_early)
		return 0;
	sqlite3_stmt *q = sql(s, SQL_EARLY_ENDED);
	sqlite3_bind_int64(q, 1, s->now_us);
	sqlite3_bind_int64(q, 2, limit < EXPIRE_MAX ? limit : EXPIRE_MAX);
	while (n < EXPIRE_MAX && sql_row(s, q)) {
		peer[n] = sql_get_text(q, 0, arena);
		first_id[n] = sql_get_text(q, 1, arena);
		outcome[n++] = (enum store_outcome)sqlite3_column_int(q, 2);
	}
	if (q)
		sqlite3_reset(q);
	for (unsigned i = 0; i < n && !s->broken; i++) {
		ended += give(s, peer[i], first_id[i], outcome[i], arena, list);
		end(s, peer[i], first_id[i]);
	}
	q = sql(s, SQL_EARLY_ANY);
	if (sql_row(s, q)) {
		s->memory.any_early = sqlite3_column_int(q, 0) != 0;
		sqlite3_reset(q);
	}
	return ended;
}
