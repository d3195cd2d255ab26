/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How a charge ends: posted, voided, expired, given back; and what a row shows of it. */
#include "store/sqlite_money.h"

static void settle_window(struct sqlite_store *s, const uint8_t account[16], const uint8_t *window, int64_t unheld,
			  int64_t posted)
{
	uint8_t kind;
	int64_t from;
	sqlite3_stmt *q = sql(s, SQL_CAP_SETTLE);

	money_window_get(window, &kind, &from);
	sql_octets(q, 1, account, 16);
	sqlite3_bind_int(q, 2, kind);
	sqlite3_bind_int64(q, 3, from);
	sqlite3_bind_int64(q, 4, unheld);
	sqlite3_bind_int64(q, 5, posted);
	(void)sql_run(s, q);
}

static void settle_windows(struct sqlite_store *s, const struct charge_row *row, int64_t unheld, int64_t posted)
{
	for (unsigned i = 0; i < row->windows_count; i++)
		settle_window(s, row->account_id, row->windows + (size_t)i * CAP_WINDOW_SIZE, unheld, posted);
}

static void settle_account(struct sqlite_store *s, const struct charge_row *row, int64_t unheld, int64_t posted)
{
	sqlite3_stmt *q = sql(s, SQL_ACCOUNT_SETTLE);

	sql_octets(q, 1, row->account_id, 16);
	sqlite3_bind_int64(q, 2, unheld);
	sqlite3_bind_int64(q, 3, posted);
	(void)sql_run(s, q);
}

void sqlite_charge_return(struct sqlite_store *s, const struct charge_row *row, int64_t unheld, int64_t posted)
{
	settle_account(s, row, unheld, posted);
	settle_windows(s, row, unheld, posted);
}

static struct charge_row read_row(sqlite3_stmt *q)
{
	struct charge_row row = { .kind = (uint8_t)sqlite3_column_int(q, 0) };
	struct text currency = { (const char *)sqlite3_column_text(q, 2), (size_t)sqlite3_column_bytes(q, 2) };
	const void *windows = sqlite3_column_blob(q, 7);
	size_t n = (size_t)sqlite3_column_bytes(q, 7);

	sql_get_fixed(q, 1, row.account_id, 16);
	(void)text_copy(currency, row.currency, sizeof(row.currency));
	row.amount = sqlite3_column_int64(q, 3);
	row.posted = sqlite3_column_int64(q, 4);
	row.tax_ppm = sqlite3_column_int64(q, 5);
	row.pay_on = (uint8_t)sqlite3_column_int(q, 6);
	if (windows && n <= sizeof(row.windows)) {
		memcpy(row.windows, windows, n);
		row.windows_count = (unsigned)(n / CAP_WINDOW_SIZE);
	}
	return row;
}

static unsigned collect(struct sqlite_store *s, enum statement n, struct message_id delivery,
			struct charge_row out[CHARGES_MAX])
{
	unsigned count = 0;

	if (!s->memory.any_charge)
		return 0;
	sqlite3_stmt *q = sql(s, n);
	sql_id(q, 1, delivery);
	while (count < CHARGES_MAX && sql_row(s, q))
		out[count++] = read_row(q);
	if (q)
		sqlite3_reset(q);
	return count;
}

unsigned sqlite_charges(struct sqlite_store *s, struct message_id delivery, struct charge_row out[CHARGES_MAX])
{
	return collect(s, SQL_CHARGES_LIVE, delivery, out);
}

bool sqlite_charge_paid(struct sqlite_store *s, struct message_id delivery, uint8_t kind, struct charge_row *out)
{
	sqlite3_stmt *q = sql(s, SQL_CHARGE_PAID);

	sql_id(q, 1, delivery);
	sqlite3_bind_int(q, 2, kind);
	if (!sql_row(s, q))
		return false;
	*out = read_row(q);
	sqlite3_reset(q);
	return true;
}

void sqlite_charge_settle(struct sqlite_store *s, struct message_id delivery, const struct charge_row *row,
			  enum charge_state state, int64_t amount)
{
	sqlite3_stmt *q = sql(s, SQL_CHARGE_END);

	sql_id(q, 1, delivery);
	sqlite3_bind_int(q, 2, row->kind);
	sqlite3_bind_int(q, 3, (int)state);
	sqlite3_bind_int64(q, 4, amount);
	sqlite3_bind_int64(q, 5, s->now_us);
	if (sql_run(s, q) != 1)
		return;
	sqlite_charge_return(s, row, row->amount, amount);
	if (amount > 0)
		sqlite_post_charge(s, delivery, row, amount);
}

void sqlite_charges_settle(struct sqlite_store *s, struct message_id delivery, enum charge_state state)
{
	struct charge_row rows[CHARGES_MAX];
	unsigned n = sqlite_charges(s, delivery, rows);

	for (unsigned i = 0; i < n; i++)
		sqlite_charge_settle(s, delivery, &rows[i], state, state == CHARGE_POSTED ? rows[i].amount : 0);
}

static void give_back(struct sqlite_store *s, struct message_id delivery)
{
	struct charge_row rows[CHARGES_MAX];
	unsigned n = collect(s, SQL_CHARGES_PAID, delivery, rows);

	for (unsigned i = 0; i < n; i++) {
		uint8_t posting[REFUND_POSTING_SIZE];
		money_refund_posting(delivery, rows[i].kind, posting);
		(void)sqlite_post_refund(s, posting, sizeof(posting), delivery, &rows[i], rows[i].posted);
	}
}

void sqlite_charges_end(struct sqlite_store *s, struct message_id delivery, enum store_outcome outcome, bool is_out)
{
	if (!s->memory.any_charge)
		return;
	bool reached = outcome == OUTCOME_DELIVERED || outcome == OUTCOME_DISPLAYED;
	if (is_out && (reached || outcome == OUTCOME_SENT))
		sqlite_charges_settle(s, delivery, CHARGE_POSTED);
	else if (outcome == OUTCOME_EXPIRED || outcome == OUTCOME_UNKNOWN)
		sqlite_charges_settle(s, delivery, CHARGE_EXPIRED);
	else
		sqlite_charges_settle(s, delivery, CHARGE_VOIDED);
	if (!reached && outcome != OUTCOME_SENT)
		give_back(s, delivery);
}

bool sqlite_charges_allow(struct sqlite_store *s, const struct store_renew *c, struct store_request *r)
{
	bool in_time = true, agreed = true;

	if (!s->memory.any_charge)
		return true;
	sqlite3_stmt *q = sql(s, SQL_CHARGE_LIMITS);
	sql_id(q, 1, c->id);
	while (sql_row(s, q)) {
		struct text bearers = { (const char *)sqlite3_column_text(q, 1), (size_t)sqlite3_column_bytes(q, 1) };
		int64_t deadline = sqlite3_column_int64(q, 0);
		in_time = in_time && c->lease_until_us < deadline && c->margin_us < deadline - c->lease_until_us;
		agreed = agreed && (!c->arm_bearer.len || money_bearer_in(bearers, c->arm_bearer));
	}
	if (!in_time) {
		answer_refused(r, STORE_DEADLINE, "the lease would outlive its hold");
		return false;
	}
	if (!agreed)
		answer_refused(r, STORE_BAD_REQUEST, "the payer did not agree to that bearer");
	return agreed;
}

bool sqlite_charge_posted(struct sqlite_store *s, struct message_id delivery, int64_t *posted_out)
{
	if (!s->memory.any_charge)
		return false;
	sqlite3_stmt *q = sql(s, SQL_CHARGE_FIRST);
	sql_id(q, 1, delivery);
	if (!sql_row(s, q))
		return false;
	bool settled = sqlite3_column_int(q, 0) != CHARGE_HELD;
	*posted_out = sqlite3_column_int64(q, 8);
	sqlite3_reset(q);
	return settled;
}

static int64_t refunded(struct sqlite_store *s, struct message_id delivery, uint8_t kind)
{
	uint8_t posting[CHARGE_POSTING_SIZE];
	int64_t amount = 0;
	sqlite3_stmt *q = sql(s, SQL_REFUNDED);

	money_charge_posting(delivery, kind, posting);
	sql_octets(q, 1, posting, sizeof(posting));
	if (sql_row(s, q)) {
		amount = sqlite3_column_int64(q, 0);
		sqlite3_reset(q);
	}
	return amount;
}

void sqlite_row_charge(struct sqlite_store *s, struct store_row *row, struct arena *arena)
{
	if (!s->memory.any_charge)
		return;
	sqlite3_stmt *q = sql(s, SQL_CHARGE_FIRST);
	sql_id(q, 1, row->id);
	if (!sql_row(s, q))
		return;
	row->has_charge = sqlite3_column_int(q, 0) == CHARGE_HELD;
	row->charge_amount = sqlite3_column_int64(q, 1);
	row->charge_max = sqlite3_column_int64(q, 2);
	row->charge_units = sqlite3_column_int64(q, 3);
	row->charge_deadline_us = sqlite3_column_int64(q, 4);
	sql_get_fixed(q, 5, row->payer_id, sizeof(row->payer_id));
	row->currency = sql_get_text(q, 6, arena);
	row->charge_version = sqlite3_column_int64(q, 7);
	row->charge_posted = sqlite3_column_int64(q, 8);
	uint8_t kind = (uint8_t)sqlite3_column_int(q, 9);
	sqlite3_reset(q);
	row->charge_refunded = row->charge_posted ? refunded(s, row->id, kind) : 0;
}
