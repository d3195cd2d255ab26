/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How a charge begins: checks, holds, warnings. */
#include "store/sqlite_money.h"

static const unsigned marks[] = { 80, 100 };

static bool refuse(struct store_request *r, enum store_refusal refusal, const char *why)
{
	answer_refused(r, refusal, why);
	return false;
}

/* B1, B16: a named consent is the payer's own, stands, and is large enough. */
static bool consent_covers(struct sqlite_store *s, const struct store_charge *c, struct store_request *r)
{
	uint8_t account[16];
	sqlite3_stmt *q = sql(s, SQL_CONSENT_GET);

	sql_octets(q, 1, c->consent_id, sizeof(c->consent_id));
	if (!sql_row(s, q))
		return refuse(r, STORE_NOT_FOUND, "no such consent");
	sql_get_fixed(q, 0, account, sizeof(account));
	bool own = !memcmp(account, c->account_id, sizeof(account));
	bool stands = sqlite3_column_int64(q, 3) <= s->now_us && sqlite3_column_int64(q, 4) > s->now_us &&
		      !sqlite3_column_int64(q, 5);
	bool enough = c->max_amount <= sqlite3_column_int64(q, 2);
	sqlite3_reset(q);
	if (!own)
		return refuse(r, STORE_NOT_FOUND, "the consent is another payer's");
	if (!stands)
		return refuse(r, STORE_DEADLINE, "the consent has ended");
	return enough || refuse(r, STORE_TOO_MUCH, "the consent allows less");
}

static bool is_acceptable(struct sqlite_store *s, const struct store_charge *c, struct store_request *r)
{
	const char *fault = money_charge_fault(c);

	if (fault || c->caps_count > CHARGE_WINDOWS_MAX)
		return refuse(r, STORE_BAD_REQUEST, fault ? fault : "too many caps");
	if (c->until_us <= s->now_us)
		return refuse(r, STORE_DEADLINE, "the quote has ended");
	return !c->has_consent || consent_covers(s, c, r);
}

void sqlite_charge_unhold(struct sqlite_store *s, const struct charge_row *row)
{
	sqlite_charge_return(s, row, row->amount, 0);
}

static bool hold_window(struct sqlite_store *s, uint8_t kind, struct charge_row *row, struct store_request *r)
{
	sqlite3_stmt *q = sql(s, SQL_CAP_OPEN);

	sql_octets(q, 1, row->account_id, 16);
	sqlite3_bind_int(q, 2, kind);
	sqlite3_bind_int64(q, 3, s->now_us);
	if (!sql_row(s, q))
		return refuse(r, STORE_CAP, "the cap has no open window");
	int64_t from = sqlite3_column_int64(q, 0);
	sqlite3_reset(q);
	q = sql(s, SQL_CAP_HOLD);
	sql_octets(q, 1, row->account_id, 16);
	sqlite3_bind_int(q, 2, kind);
	sqlite3_bind_int64(q, 3, from);
	sqlite3_bind_int64(q, 4, row->amount);
	if (sql_run(s, q) != 1)
		return refuse(r, STORE_CAP, "the cap is reached");
	money_window_put(row->windows + (size_t)row->windows_count++ * CAP_WINDOW_SIZE, kind, from);
	return true;
}

static bool explain_credit(struct sqlite_store *s, const struct store_charge *c, struct store_request *r)
{
	sqlite3_stmt *q = sql(s, SQL_ACCOUNT_GET);

	sql_octets(q, 1, c->account_id, 16);
	if (!sql_row(s, q))
		return refuse(r, STORE_NOT_FOUND, "no such account");
	bool payer = sqlite3_column_int(q, 0) == ACCOUNT_PAYER;
	struct text currency = { (const char *)sqlite3_column_text(q, 1), (size_t)sqlite3_column_bytes(q, 1) };
	bool same = text_equal(currency, c->currency);
	sqlite3_reset(q);
	if (!payer || !same)
		return refuse(r, STORE_BAD_REQUEST, "the account is no payer's in that currency");
	return refuse(r, STORE_CREDIT, "the balance does not allow it");
}

static struct charge_row row_of(const struct store_charge *c)
{
	struct charge_row row = { .kind = c->kind, .amount = c->amount, .tax_ppm = c->tax_ppm, .pay_on = c->pay_on };

	memcpy(row.account_id, c->account_id, sizeof(row.account_id));
	(void)text_copy(c->currency, row.currency, sizeof(row.currency));
	return row;
}

bool sqlite_charge_hold(struct sqlite_store *s, const struct store_charge *c, struct charge_row *out,
			struct store_request *r)
{
	*out = row_of(c);
	if (!is_acceptable(s, c, r))
		return false;
	sqlite3_stmt *q = sql(s, SQL_ACCOUNT_HOLD);
	sql_octets(q, 1, c->account_id, 16);
	sqlite3_bind_int64(q, 2, c->amount);
	sql_text(q, 3, c->currency);
	if (sql_run(s, q) != 1)
		return explain_credit(s, c, r);
	for (unsigned i = 0; i < c->caps_count; i++) {
		if (!hold_window(s, c->caps[i], out, r)) {
			sqlite_charge_unhold(s, out);
			return false;
		}
	}
	return true;
}

void sqlite_charge_put(struct sqlite_store *s, struct message_id delivery, const struct store_charge *c,
		       const struct charge_row *row)
{
	sqlite3_stmt *q = sql(s, SQL_CHARGE_PUT);

	s->memory.any_charge = true;
	sql_id(q, 1, delivery);
	sqlite3_bind_int(q, 2, c->kind);
	sql_octets(q, 3, c->account_id, 16);
	sql_text(q, 4, c->bearers);
	sqlite3_bind_int64(q, 5, c->max_amount);
	sql_text(q, 6, c->currency);
	sqlite3_bind_int64(q, 7, c->version);
	sqlite3_bind_int64(q, 8, c->units);
	sqlite3_bind_int64(q, 9, c->tax_ppm);
	sqlite3_bind_int(q, 10, c->pay_on);
	sqlite3_bind_int64(q, 11, c->given_us);
	sqlite3_bind_int64(q, 12, c->until_us);
	if (c->has_consent)
		sql_octets(q, 13, c->consent_id, 16);
	sql_octets(q, 14, c->proof.at, c->proof.len);
	sql_octets(q, 15, row->windows, (size_t)row->windows_count * CAP_WINDOW_SIZE);
	sqlite3_bind_int64(q, 16, c->amount);
	sqlite3_bind_int64(q, 17, c->deadline_us);
	(void)sql_run(s, q);
}

/* Once per window and mark, whatever crossed it how often. */
static bool is_first_warning(struct sqlite_store *s, const uint8_t id[16], int64_t until_us)
{
	sqlite3_stmt *q = sql(s, SQL_WARNED);

	sql_octets(q, 1, id, 16);
	sqlite3_bind_int64(q, 2, until_us);
	return sql_run(s, q) == 1;
}

static void warn(struct sqlite_store *s, const struct store_cap *window, struct arena *arena, struct receipt_list *list)
{
	int64_t used = window->posted_out + window->held_out;

	for (unsigned i = 0; i < sizeof(marks) / sizeof(marks[0]); i++) {
		struct store_outbox o = { 0 };
		uint8_t id[16];
		if ((__int128)used * 100 < (__int128)window->cap * marks[i])
			continue;
		money_warning_id(window->account_id, window->kind, window->from_us, marks[i], id);
		if (!is_first_warning(s, id, window->until_us) ||
		    !s->policy->cap_warning(s->policy->owner, window, marks[i], s->now_us, arena, &o))
			continue;
		memcpy(o.id, id, sizeof(o.id));
		sqlite_outbox_put(s, &o);
		receipt_add(list, &o, arena);
	}
}

void sqlite_charge_warn(struct sqlite_store *s, const struct charge_row *row, struct arena *arena,
			struct receipt_list *list)
{
	if (!s->policy || !s->policy->cap_warning)
		return;
	for (unsigned i = 0; i < row->windows_count; i++) {
		struct store_cap window = { 0 };
		memcpy(window.account_id, row->account_id, 16);
		money_window_get(row->windows + (size_t)i * CAP_WINDOW_SIZE, &window.kind, &window.from_us);
		sqlite3_stmt *q = sql(s, SQL_CAP_AT);
		sql_octets(q, 1, row->account_id, 16);
		sqlite3_bind_int(q, 2, window.kind);
		sqlite3_bind_int64(q, 3, window.from_us);
		if (!sql_row(s, q))
			continue;
		window.until_us = sqlite3_column_int64(q, 1);
		window.cap = sqlite3_column_int64(q, 2);
		window.posted_out = sqlite3_column_int64(q, 3);
		window.held_out = sqlite3_column_int64(q, 4);
		sqlite3_reset(q);
		warn(s, &window, arena, list);
	}
}
