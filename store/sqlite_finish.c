/* SPDX-License-Identifier: GPL-3.0-or-later */
/* finish: what an attempt came to, once. */
#include "store/sqlite_money.h"

/* Another delivery that has it keeps it. */
static void take_wire(struct sqlite_store *s, struct store_finish *f, const struct store_wire *wire,
		      enum store_outcome *early)
{
	sqlite3_stmt *q = sql(s, SQL_WIRE_PUT);

	sql_text(q, 1, f->peer);
	sql_text(q, 2, wire->id);
	sql_id(q, 3, f->id);
	sqlite3_bind_int(q, 4, wire->n);
	sqlite3_bind_int(q, 5, (int)f->wires_count);
	sqlite3_bind_int64(q, 6, f->wires_until_us);
	if (sql_run(s, q) == 1 && sqlite_early_take(s, f, wire->id, early))
		f->early_report_out = true;
}

/* A second equal finish is a repeat, another one a conflict. */
static void finish_again(struct sqlite_store *s, struct store_finish *f, const struct live *live, bool found)
{
	if (!found || live->epoch != f->epoch || live->state < DELIVERY_FINISHED) {
		sqlite_explain(&f->base, live, found, f->epoch);
		return;
	}
	int64_t posted = 0;
	bool money = sqlite_charge_posted(s, f->id, &posted);
	f->outcome_out = live->outcome;
	if (live->outcome >= f->outcome && (!money || posted == (f->post ? f->amount : 0)))
		answer_repeat(&f->base);
	else
		answer_conflict(&f->base, "the delivery ended another way");
}

static bool put_end(struct sqlite_store *s, const struct store_finish *f, const struct live *live)
{
	bool waits = f->await_until_us > 0;
	struct octets trail = sqlite_trail_room(s, f->id, live->trail_len, f->trail);
	sqlite3_stmt *q = sql(s, SQL_FINISH);

	sqlite3_bind_int64(q, 1, live->rowid);
	sqlite3_bind_int(q, 3, waits ? DELIVERY_HANDED_OVER : DELIVERY_FINISHED);
	sqlite3_bind_int64(q, 4, waits ? f->await_until_us : 0);
	sqlite3_bind_int(q, 5, (int)f->outcome);
	if (!waits)
		sqlite3_bind_int64(q, 6, s->now_us);
	sql_octets(q, 7, trail.at, trail.len);
	return sql_run(s, q) == 1;
}

/* The sender's charge posts what was asked, those of other payers theirs. */
static void settle(struct sqlite_store *s, const struct store_finish *f, const struct charge_row *charges,
		   unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		int64_t amount = i ? charges[i].amount : f->amount;
		if (f->post)
			sqlite_charge_settle(s, f->id, &charges[i], CHARGE_POSTED, amount);
		else
			sqlite_charge_settle(s, f->id, &charges[i], CHARGE_VOIDED, 0);
	}
}

/* A report had overtaken the finish: it is applied at once. */
static void apply_early(struct sqlite_store *s, struct store_finish *f, enum store_outcome early)
{
	struct receipt_list list = { 0 };

	if (f->wires_count > 1)
		early = sqlite_wires_outcome(s, f->id);
	if (f->await_until_us <= 0 || early <= OUTCOME_SENT)
		return;
	struct store_row *row = sqlite_row_get(s, f->id, f->arena);
	if (!row)
		return;
	sqlite_end_row(s, row, early, trail_early(f->arena, s->now_us, early), f->arena, &list);
	f->outcome_out = early;
	f->receipts_out = list.rows;
	f->receipts_count_out = list.count;
}

void sqlite_finish(struct sqlite_store *s, struct store_request *r)
{
	struct store_finish *f = (struct store_finish *)r;
	struct charge_row charges[CHARGES_MAX];
	enum store_outcome early = OUTCOME_NONE;
	struct live live;
	bool found = sqlite_live(s, f->id, &live);

	f->early_report_out = false;
	f->receipts_out = NULL;
	f->receipts_count_out = 0;
	if (!found || !sqlite_is_at_work(&live, f->epoch)) {
		finish_again(s, f, &live, found);
		return;
	}
	unsigned charges_count = sqlite_charges(s, f->id, charges);
	if (charges_count && f->post && (f->amount < 0 || f->amount > charges[0].amount)) {
		answer_refused(r, STORE_TOO_MUCH, "more than is held");
		return;
	}
	if (!put_end(s, f, &live))
		return;
	settle(s, f, charges, charges_count);
	if (live.has_lane)
		sqlite_lane_leave(s, live.lane, true);
	for (unsigned i = 0; i < f->outbox_count; i++)
		sqlite_outbox_put(s, &f->outbox[i]);
	sqlite_cdr_put(s, f->id, 0, f->cdr);
	f->outcome_out = f->outcome;
	for (unsigned i = 0; i < f->wires_count; i++)
		take_wire(s, f, &f->wires[i], &early);
	if (f->early_report_out)
		apply_early(s, f, early);
	answer_done(r);
}
