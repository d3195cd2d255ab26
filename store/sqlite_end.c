/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Ends that come without an attempt's result at hand: cancelled, expired, reported. */
#include "core/net/digest.h"
#include "core/trail.h"
#include "store/sqlite_money.h"

void sqlite_outbox_put(struct sqlite_store *s, const struct store_outbox *o)
{
	sqlite3_stmt *q = sql(s, SQL_OUTBOX_PUT);

	sql_octets(q, 1, o->id, sizeof(o->id));
	sql_text(q, 2, o->target);
	sql_text(q, 3, o->kind);
	sql_octets(q, 4, o->body.at, o->body.len);
	sqlite3_bind_int64(q, 5, o->due_us);
	(void)sql_run(s, q);
}

static bool insert_cdr(struct sqlite_store *s, enum statement n, struct message_id delivery, uint8_t kind,
		       struct text body, const uint8_t chain[32])
{
	sqlite3_stmt *q = sql(s, n);

	sql_id(q, 1, delivery);
	sqlite3_bind_int(q, 2, kind);
	sql_text(q, 3, body);
	sqlite3_bind_int64(q, 4, s->now_us);
	sqlite3_bind_int64(q, 5, s->memory.cdr_seq + 1);
	sql_octets(q, 6, chain, 32);
	return sql_run(s, q) == 1;
}

/* Number and chain are given at the write: there is one writer (store.md 1, cdr_next). */
void sqlite_cdr_put(struct sqlite_store *s, struct message_id delivery, uint8_t kind, struct text body)
{
	uint8_t chain[DIGEST_SHA256_SIZE];
	const struct digest_part parts[] = { { s->memory.cdr_chain, sizeof(s->memory.cdr_chain) },
					     { body.at, body.len } };

	if (!body.len)
		return;
	digest_sha256(parts, 2, chain);
	if (!insert_cdr(s, SQL_CDR_PUT, delivery, kind, body, chain) && !s->broken &&
	    !insert_cdr(s, SQL_CDR_PUT_NEXT, delivery, kind, body, chain))
		return;
	s->memory.cdr_seq++;
	memcpy(s->memory.cdr_chain, chain, sizeof(chain));
}

/* What the policy says of an end: receipt and CDR. */
static void tell_end(struct sqlite_store *s, struct store_row *row, enum store_outcome outcome, struct arena *arena,
		     struct receipt_list *list)
{
	struct store_outbox o = { 0 };

	if (!s->policy)
		return;
	if (s->policy->receipt && s->policy->receipt(s->policy->owner, row, outcome, s->now_us, arena, &o)) {
		sqlite_outbox_put(s, &o);
		receipt_add(list, &o, arena);
	}
	if (s->policy->cdr)
		sqlite_cdr_put(s, row->id, 0, s->policy->cdr(s->policy->owner, row, outcome, s->now_us, arena));
	int64_t back = row->charge_refunded - row->refunded_before;
	if (s->policy->refund_cdr && back > 0)
		sqlite_cdr_put(s, row->id, 0, s->policy->refund_cdr(s->policy->owner, row, back, s->now_us, arena));
}

/* A parked row that was read with others may have become head since, when one before it ended. */
static bool is_head(struct sqlite_store *s, const struct store_row *row)
{
	struct live live;

	if (row->parked != 1)
		return row->parked == 0;
	return sqlite_live(s, row->id, &live) && !live.parked;
}

void sqlite_end_row(struct sqlite_store *s, struct store_row *row, enum store_outcome outcome, struct octets trail,
		    struct arena *arena, struct receipt_list *list)
{
	bool in_lane = row->has_lane && row->state <= DELIVERY_LEASED && row->parked != 2;
	bool was_head = is_head(s, row), held = row->parked == 2;
	bool is_out = row->state != DELIVERY_WAITING || row->doubt;
	sqlite3_stmt *q = sql(s, SQL_END);

	row->ended_before = row->state == DELIVERY_FINISHED;
	row->refunded_before = row->charge_refunded;
	row->trail = trail_with(row->trail, trail, arena);
	row->outcome = outcome;
	row->final_us = s->now_us;
	row->state = DELIVERY_FINISHED;
	row->parked = 0;
	sql_id(q, 1, row->id);
	sqlite3_bind_int(q, 2, (int)outcome);
	sqlite3_bind_int64(q, 3, s->now_us);
	sql_octets(q, 4, row->trail.at, row->trail.len);
	if (sql_run(s, q) != 1)
		return;
	if (in_lane)
		sqlite_lane_leave(s, row->lane, was_head);
	if (held) {
		q = sql(s, SQL_WAKE_DELETE);
		sql_id(q, 1, row->id);
		(void)sql_run(s, q);
	}
	sqlite_charges_end(s, row->id, outcome, is_out);
	sqlite_row_charge(s, row, arena);
	tell_end(s, row, outcome, arena, list);
}

static enum store_cancel_result cancel_row(struct sqlite_store *s, struct store_cancel *c, struct store_row *row,
					   struct receipt_list *list)
{
	if (row->state >= DELIVERY_FINISHED)
		return CANCEL_TOO_LATE;
	if (row->state == DELIVERY_WAITING && !row->doubt) {
		sqlite_end_row(s, row, OUTCOME_CANCELLED, c->trail, c->arena, list);
		return CANCEL_ENDED;
	}
	/* The attempt's own result decides, never the request. */
	struct octets trail = row->cancel ? row->trail : trail_with(row->trail, c->trail, c->arena);
	sqlite3_stmt *q = sql(s, SQL_CANCEL_MARK);
	sql_id(q, 1, row->id);
	sql_octets(q, 2, trail.at, trail.len);
	(void)sql_run(s, q);
	return CANCEL_IN_FLIGHT;
}

void sqlite_cancel(struct sqlite_store *s, struct store_request *r)
{
	struct store_cancel *c = (struct store_cancel *)r;
	struct store_message_get get = { .arena = c->arena, .id = c->id };
	struct receipt_list list = { 0 };

	c->receipts_out = NULL;
	c->receipts_count_out = 0;
	c->result_out = CANCEL_TOO_LATE;
	sqlite_message_get(s, &get.base);
	struct store_row *row = get.rows_out;
	if (!row || (c->only_account && memcmp(row->account_id, c->account_id, sizeof(c->account_id)))) {
		answer_refused(r, STORE_NOT_FOUND, "no such message");
		return;
	}
	for (; row; row = row->next) {
		enum store_cancel_result one = cancel_row(s, c, row, &list);
		if (one < c->result_out)
			c->result_out = one;
	}
	c->receipts_out = list.rows;
	c->receipts_count_out = list.count;
	answer_done(r);
}

static void lease_to_doubt(struct sqlite_store *s, struct store_expire *c, const struct store_row *row)
{
	struct octets events = trail_one(c->arena, s->now_us, TRAIL_IN_DOUBT, "the lease ran out");
	struct octets trail = sqlite_trail_room(s, row->id, row->trail.len, events);
	sqlite3_stmt *q = sql(s, SQL_IN_DOUBT);

	sql_id(q, 1, row->id);
	sqlite3_bind_int64(q, 2, row->epoch);
	sqlite3_bind_int64(q, 3, s->now_us);
	sql_octets(q, 4, trail.at, trail.len);
	if (sql_run(s, q) == 1)
		c->doubted_out++;
}

/* A statement that selects rows must be read to its end before the rows are changed. */
static struct store_row *collect(struct sqlite_store *s, enum statement n, unsigned limit, struct arena *arena)
{
	unsigned count;
	sqlite3_stmt *q = sql(s, n);

	sqlite3_bind_int64(q, 1, s->now_us);
	sqlite3_bind_int64(q, 2, limit);
	return sqlite_rows(s, q, arena, &count);
}

void sqlite_expire(struct sqlite_store *s, struct store_request *r)
{
	struct store_expire *c = (struct store_expire *)r;
	struct receipt_list list = { 0 };
	struct store_row *row;

	c->doubted_out = 0;
	c->ended_out = 0;
	c->reported_out = sqlite_early_expire(s, c->limit, c->arena, &list);
	for (row = collect(s, SQL_EXPIRE_LEASE, c->limit, c->arena); row && !s->broken; row = row->next) {
		if (row->state == DELIVERY_LEASED) {
			lease_to_doubt(s, c, row);
			continue;
		}
		/* Handed over and never reported: what is known is that the network took it. */
		sqlite_end_row(s, row, OUTCOME_UNKNOWN,
			       trail_one(c->arena, s->now_us, TRAIL_UNKNOWN_END, "no report came"), c->arena, &list);
		c->ended_out++;
	}
	for (row = collect(s, SQL_EXPIRE_DEADLINE, c->limit, c->arena); row && !s->broken; row = row->next) {
		enum store_outcome outcome = row->doubt ? OUTCOME_UNKNOWN : OUTCOME_EXPIRED;
		enum trail_code code = row->doubt ? TRAIL_UNKNOWN_END : TRAIL_EXPIRED;
		sqlite_end_row(s, row, outcome, trail_one(c->arena, s->now_us, code, "validity ended"), c->arena,
			       &list);
		c->ended_out++;
	}
	c->receipts_out = list.rows;
	c->receipts_count_out = list.count;
	answer_done(r);
}
