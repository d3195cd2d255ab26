/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sums: the self-check, in one snapshot. */
#include "store/sqlite_money.h"

static void count_deliveries(struct sqlite_store *s, struct store_sums *c)
{
	sqlite3_stmt *q = sql(s, SQL_COUNTS);

	if (!sql_row(s, q))
		return;
	c->waiting_out = sqlite3_column_int64(q, 0);
	c->leased_out = sqlite3_column_int64(q, 1);
	c->handed_over_out = sqlite3_column_int64(q, 2);
	c->on_hold_out = sqlite3_column_int64(q, 4);
	c->outbox_open_out = sqlite3_column_int64(q, 5);
	c->finished_out =
		sqlite3_column_int64(q, 3) - c->waiting_out - c->leased_out - c->handed_over_out - c->on_hold_out;
	sqlite3_reset(q);
}

static struct store_currency_sum *of_currency(struct store_sums *c, sqlite3_stmt *q)
{
	static struct store_currency_sum beyond; /* more currencies than the answer has room for */
	struct text currency = { (const char *)sqlite3_column_text(q, 0), (size_t)sqlite3_column_bytes(q, 0) };

	for (unsigned i = 0; i < c->currencies_out; i++) {
		if (text_is(currency, c->by_currency_out[i].currency))
			return &c->by_currency_out[i];
	}
	if (c->currencies_out == STORE_SUM_CURRENCIES)
		return &beyond;
	struct store_currency_sum *sum = &c->by_currency_out[c->currencies_out++];
	*sum = (struct store_currency_sum){ 0 };
	(void)text_copy(currency, sum->currency, sizeof(sum->currency));
	return sum;
}

static void sum_money(struct sqlite_store *s, struct store_sums *c)
{
	sqlite3_stmt *q = sql(s, SQL_SUM_ACCOUNTS);

	while (sql_row(s, q)) {
		struct store_currency_sum *sum = of_currency(c, q);
		sum->payers_posted = sqlite3_column_int64(q, 1);
		sum->payers_held = sqlite3_column_int64(q, 2);
	}
	q = sql(s, SQL_SUM_ENTRIES);
	while (sql_row(s, q)) {
		struct store_currency_sum *sum = of_currency(c, q);
		sum->entries_sum = sqlite3_column_int64(q, 1);
		sum->payers_entries = sqlite3_column_int64(q, 2);
	}
	q = sql(s, SQL_SUM_CHARGES);
	while (sql_row(s, q))
		of_currency(c, q)->charges_held = sqlite3_column_int64(q, 1);
}

/* A statement that gives 0 when all is well. */
static bool is_zero(struct sqlite_store *s, enum statement n)
{
	sqlite3_stmt *q = sql(s, n);

	if (!sql_row(s, q))
		return false;
	bool zero = sqlite3_column_int64(q, 0) == 0;
	sqlite3_reset(q);
	return zero;
}

static bool pairs_agree(const struct store_sums *c)
{
	for (unsigned i = 0; i < c->currencies_out; i++) {
		const struct store_currency_sum *sum = &c->by_currency_out[i];
		if (sum->entries_sum || sum->payers_posted != sum->payers_entries ||
		    sum->payers_held != sum->charges_held)
			return false;
	}
	return true;
}

void sqlite_sums(struct sqlite_store *s, struct store_request *r)
{
	struct store_sums *c = (struct store_sums *)r;

	c->currencies_out = 0;
	c->cdr_seq_out = 0;
	memset(c->by_currency_out, 0, sizeof(c->by_currency_out));
	memset(c->cdr_chain_out, 0, sizeof(c->cdr_chain_out));
	count_deliveries(s, c);
	sum_money(s, c);
	sqlite3_stmt *q = sql(s, SQL_CDR_HEAD);
	if (sql_row(s, q)) {
		c->cdr_seq_out = sqlite3_column_int64(q, 0);
		sql_get_fixed(q, 1, c->cdr_chain_out, sizeof(c->cdr_chain_out));
		sqlite3_reset(q);
	}
	c->sound_out = pairs_agree(c) && is_zero(s, SQL_SUM_WRONG) && is_zero(s, SQL_SUM_CDRS) && !s->broken;
	answer_done(r);
}
