/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What happens to deliveries between accept and report: claim, renew, release, finish, doubt, cancel, expire. */
#include "store/sqlite_db.h"

#include <stdlib.h>

#include "core/trail.h"

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

/* RETURNING has no order: the ids are sorted, then read with their messages. */
void sqlite_claim(struct sqlite_store *s, struct store_request *r)
{
	struct store_claim *c = (struct store_claim *)r;
	struct claimed *ids = arena_alloc(c->arena, (c->limit ? c->limit : 1) * sizeof(*ids));
	struct store_row **tail = &c->rows_out;
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
	sqlite3_reset(q);
	qsort(ids, n, sizeof(*ids), by_due_and_id);
	c->rows_out = NULL;
	c->rows_count_out = 0;
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

/* Why an UPDATE that names id and epoch changed nothing. */
static void explain_nothing(struct sqlite_store *s, struct store_request *r, struct message_id id, int64_t epoch)
{
	struct arena *arena = arena_new(4096);
	struct store_row *row = sqlite_row_get(s, id, arena);

	if (!row)
		answer_refused(r, STORE_NOT_FOUND, "no such delivery");
	else if (row->epoch != epoch)
		answer_refused(r, STORE_STALE_EPOCH, "the delivery was claimed again");
	else
		answer_refused(r, STORE_ENDED, "the delivery is not in that state any more");
	arena_free(&arena);
}

void sqlite_renew(struct sqlite_store *s, struct store_request *r)
{
	struct store_renew *c = (struct store_renew *)r;
	sqlite3_stmt *q = sql(s, SQL_RENEW);

	sql_id(q, 1, c->id);
	sqlite3_bind_int64(q, 2, c->epoch);
	sqlite3_bind_int64(q, 3, c->lease_until_us);
	sql_text(q, 4, c->arm_bearer);
	if (sql_run(s, q) == 1)
		answer_done(r);
	else
		explain_nothing(s, r, c->id, c->epoch);
}

/* A row that was asked to be cancelled ends now that it is known that nothing is under way. */
static bool end_if_cancelled(struct sqlite_store *s, struct store_row *row, struct octets trail, struct arena *arena)
{
	struct receipt_list list = { 0 };

	if (!row->cancel)
		return false;
	sqlite_end_row(s, row, OUTCOME_CANCELLED, trail, arena, &list);
	return true;
}

static bool is_live(const struct store_row *row, int64_t epoch)
{
	return row && row->epoch == epoch &&
	       (row->state == DELIVERY_LEASED || (row->state == DELIVERY_WAITING && row->doubt));
}

void sqlite_release(struct sqlite_store *s, struct store_request *r)
{
	struct store_release *c = (struct store_release *)r;
	struct arena *arena = arena_new(4096);
	struct store_row *row = sqlite_row_get(s, c->id, arena);

	c->ended_out = false;
	if (!is_live(row, c->epoch)) {
		explain_nothing(s, r, c->id, c->epoch);
	} else if (end_if_cancelled(s, row, c->trail, arena)) {
		c->ended_out = true;
		answer_done(r);
	} else {
		struct octets trail = sqlite_trail(row, c->trail, arena);
		sqlite3_stmt *q = sql(s, SQL_RELEASE_ROW);
		sql_id(q, 1, c->id);
		sqlite3_bind_int64(q, 2, c->epoch);
		sqlite3_bind_int64(q, 3, c->due_us);
		sql_text(q, 4, c->route);
		sql_text(q, 5, c->bearer);
		sql_octets(q, 6, trail.at, trail.len);
		(void)sql_run(s, q);
		answer_done(r);
	}
	arena_free(&arena);
}

static void put_wires(struct sqlite_store *s, struct store_finish *f, enum store_outcome *early)
{
	for (unsigned i = 0; i < f->wires_count; i++) {
		sqlite3_stmt *q = sql(s, SQL_WIRE_TAKE);
		sql_text(q, 1, f->peer);
		sql_text(q, 2, f->wires[i].id);
		sql_id(q, 3, f->id);
		sqlite3_bind_int(q, 4, f->wires[i].n);
		sqlite3_bind_int64(q, 5, f->wires_until_us);
		if (sql_run(s, q) == 1) {
			f->early_report_out = true;
			continue;
		}
		q = sql(s, SQL_WIRE_PUT);
		sql_text(q, 1, f->peer);
		sql_text(q, 2, f->wires[i].id);
		sql_id(q, 3, f->id);
		sqlite3_bind_int(q, 4, f->wires[i].n);
		sqlite3_bind_int64(q, 6, f->wires_until_us);
		(void)sql_run(s, q);
	}
	if (f->early_report_out)
		*early = sqlite_wires_outcome(s, f->id);
}

/* A second equal finish is a repeat, another one a conflict. */
static void finish_again(struct sqlite_store *s, struct store_finish *f, const struct store_row *row)
{
	if (!row || row->epoch != f->epoch || row->state < DELIVERY_FINISHED) {
		explain_nothing(s, &f->base, f->id, f->epoch);
		return;
	}
	f->outcome_out = row->outcome;
	f->base.why = NULL;
	if (row->outcome == f->outcome || row->outcome > f->outcome)
		f->base.answer = STORE_REPEAT;
	else
		answer_conflict(&f->base, "the delivery ended another way");
}

static void finish_row(struct sqlite_store *s, struct store_finish *f, struct store_row *row)
{
	bool waits = f->await_until_us > 0;
	enum store_outcome early = OUTCOME_NONE;
	sqlite3_stmt *q = sql(s, SQL_FINISH);

	row->trail = sqlite_trail(row, f->trail, f->arena);
	sql_id(q, 1, f->id);
	sqlite3_bind_int64(q, 2, f->epoch);
	sqlite3_bind_int(q, 3, waits ? DELIVERY_HANDED_OVER : DELIVERY_FINISHED);
	sqlite3_bind_int64(q, 4, waits ? f->await_until_us : 0);
	sqlite3_bind_int(q, 5, (int)f->outcome);
	if (!waits)
		sqlite3_bind_int64(q, 6, s->now_us);
	sql_octets(q, 7, row->trail.at, row->trail.len);
	if (sql_run(s, q) != 1)
		return;
	sqlite_lane_leave(s, row);
	for (unsigned i = 0; i < f->outbox_count; i++)
		sqlite_outbox_put(s, &f->outbox[i]);
	sqlite_cdr_put(s, f->id, 0, f->cdr);
	put_wires(s, f, &early);
	row->state = waits ? DELIVERY_HANDED_OVER : DELIVERY_FINISHED;
	row->outcome = f->outcome;
	if (waits && early > OUTCOME_SENT) {
		struct receipt_list list = { 0 };
		sqlite_end_row(s, row, early, (struct octets){ 0 }, f->arena, &list);
		f->receipts_out = list.rows;
		f->receipts_count_out = list.count;
	}
	f->outcome_out = row->outcome;
	answer_done(&f->base);
}

void sqlite_finish(struct sqlite_store *s, struct store_request *r)
{
	struct store_finish *f = (struct store_finish *)r;
	struct store_row *row = sqlite_row_get(s, f->id, f->arena);

	f->early_report_out = false;
	f->receipts_out = NULL;
	f->receipts_count_out = 0;
	if (is_live(row, f->epoch))
		finish_row(s, f, row);
	else
		finish_again(s, f, row);
}

void sqlite_in_doubt(struct sqlite_store *s, struct store_request *r)
{
	struct store_in_doubt *c = (struct store_in_doubt *)r;
	struct arena *arena = arena_new(4096);
	struct store_row *row = sqlite_row_get(s, c->id, arena);

	if (!row || row->epoch != c->epoch || row->state != DELIVERY_LEASED) {
		explain_nothing(s, r, c->id, c->epoch);
	} else {
		struct octets trail = sqlite_trail(row, c->trail, arena);
		sqlite3_stmt *q = sql(s, SQL_IN_DOUBT);
		sql_id(q, 1, c->id);
		sqlite3_bind_int64(q, 2, c->epoch);
		sqlite3_bind_int64(q, 3, c->due_us);
		sql_octets(q, 4, trail.at, trail.len);
		(void)sql_run(s, q);
		answer_done(r);
	}
	arena_free(&arena);
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
	struct octets trail = sqlite_trail(row, c->trail, c->arena);
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

	sqlite_message_get(s, &get.base);
	struct store_row *row = get.rows_out;
	if (!row || (c->only_account && memcmp(row->account_id, c->account_id, sizeof(c->account_id)))) {
		answer_refused(r, STORE_NOT_FOUND, "no such message");
		return;
	}
	c->result_out = CANCEL_TOO_LATE;
	for (; row; row = row->next) {
		enum store_cancel_result one = cancel_row(s, c, row, &list);
		if (one < c->result_out)
			c->result_out = one;
	}
	c->receipts_out = list.rows;
	c->receipts_count_out = list.count;
	answer_done(r);
}

static struct octets event(struct arena *arena, int64_t now, enum trail_code code, const char *detail)
{
	struct writer w = writer_of(arena_alloc(arena, TRAIL_EVENT_SIZE), TRAIL_EVENT_SIZE);

	trail_put(&w, &(struct trail_event){ now, code, { 0 }, text_of(detail) });
	return (struct octets){ w.start, writer_len(&w) };
}

static void lease_to_doubt(struct sqlite_store *s, struct store_expire *c, const struct store_row *row)
{
	struct octets trail =
		sqlite_trail(row, event(c->arena, s->now_us, TRAIL_IN_DOUBT, "the lease ran out"), c->arena);
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
	struct store_row *first = NULL, **tail = &first;
	sqlite3_stmt *q = sql(s, n);

	sqlite3_bind_int64(q, 1, s->now_us);
	sqlite3_bind_int64(q, 2, limit);
	while (sql_row(s, q)) {
		*tail = sqlite_row(q, arena);
		tail = &(*tail)->next;
	}
	return first;
}

void sqlite_expire(struct sqlite_store *s, struct store_request *r)
{
	struct store_expire *c = (struct store_expire *)r;
	struct receipt_list list = { 0 };
	struct store_row *row;

	c->ended_out = c->doubted_out = 0;
	for (row = collect(s, SQL_EXPIRE_LEASE, c->limit, c->arena); row && !s->broken; row = row->next) {
		if (row->state == DELIVERY_LEASED) {
			lease_to_doubt(s, c, row);
			continue;
		}
		/* Handed over and never reported: what is known is that the network took it. */
		sqlite_end_row(s, row, OUTCOME_UNKNOWN, event(c->arena, s->now_us, TRAIL_UNKNOWN_END, "no report came"),
			       c->arena, &list);
		c->ended_out++;
	}
	for (row = collect(s, SQL_EXPIRE_DEADLINE, c->limit, c->arena); row && !s->broken; row = row->next) {
		enum store_outcome outcome = row->doubt ? OUTCOME_UNKNOWN : OUTCOME_EXPIRED;
		enum trail_code code = row->doubt ? TRAIL_UNKNOWN_END : TRAIL_EXPIRED;
		sqlite_end_row(s, row, outcome, event(c->arena, s->now_us, code, "validity ended"), c->arena, &list);
		c->ended_out++;
	}
	c->receipts_out = list.rows;
	c->receipts_count_out = list.count;
	answer_done(r);
}
