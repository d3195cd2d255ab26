/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Price versions: published whole, then only read. */
#include "store/sqlite_money.h"

static bool is_price(const struct store_price_row *row)
{
	return money_is_amount(row->amount) && row->tax_ppm >= 0 && row->tax_ppm <= TAX_PPM_MAX && row->upto > 0 &&
	       row->pay_on <= 1;
}

static void put_row(struct sqlite_store *s, int64_t version, const struct store_price_row *row)
{
	sqlite3_stmt *q = sql(s, SQL_PRICE_PUT);

	sqlite3_bind_int64(q, 1, version);
	sql_text(q, 2, row->bearer);
	sql_text(q, 3, row->prefix);
	sql_text(q, 4, row->unit);
	sqlite3_bind_int64(q, 5, row->upto);
	sqlite3_bind_int64(q, 6, row->amount);
	sqlite3_bind_int64(q, 7, row->tax_ppm);
	sqlite3_bind_int(q, 8, row->pay_on);
	(void)sql_run(s, q);
}

static void answer_known(struct sqlite_store *s, struct store_price *c)
{
	uint8_t hash[sizeof(c->hash)] = { 0 };
	sqlite3_stmt *q = sql(s, SQL_PRICE_VERSION_GET);

	sqlite3_bind_int64(q, 1, c->id);
	if (sql_row(s, q)) {
		sql_get_fixed(q, 0, hash, sizeof(hash));
		sqlite3_reset(q);
	}
	if (memcmp(hash, c->hash, sizeof(hash)))
		answer_conflict(&c->base, "that version was published with other prices");
	else
		answer_repeat(&c->base);
}

/* Two rows of the same key break a constraint: the whole version is refused. */
void sqlite_price_put(struct sqlite_store *s, struct store_request *r)
{
	struct store_price *c = (struct store_price *)r;

	for (unsigned i = 0; i < c->rows_count; i++) {
		if (!is_price(&c->rows[i])) {
			answer_refused(r, STORE_BAD_REQUEST, "a price, its tax or its size is out of range");
			return;
		}
	}
	sqlite3_stmt *q = sql(s, SQL_PRICE_VERSION_PUT);
	sqlite3_bind_int64(q, 1, c->id);
	sql_text(q, 2, c->currency);
	sqlite3_bind_int64(q, 3, c->from_us);
	sql_octets(q, 4, c->hash, sizeof(c->hash));
	if (sql_run(s, q) != 1) {
		answer_known(s, c);
		return;
	}
	for (unsigned i = 0; i < c->rows_count && !s->broken; i++)
		put_row(s, c->id, &c->rows[i]);
	answer_done(r);
}

static void bind_place(sqlite3_stmt *q, const struct store_quote_price *c, size_t prefix)
{
	sqlite3_bind_int64(q, 1, c->version);
	sql_text(q, 2, c->bearer);
	sql_text(q, 3, text_range(c->destination.at, prefix));
	sql_text(q, 4, c->unit);
}

static bool prefix_exists(struct sqlite_store *s, const struct store_quote_price *c, size_t prefix)
{
	sqlite3_stmt *q = sql(s, SQL_PRICE_PREFIX);

	bind_place(q, c, prefix);
	if (!sql_row(s, q))
		return false;
	sqlite3_reset(q);
	return true;
}

void sqlite_quote_price(struct sqlite_store *s, struct store_request *r)
{
	struct store_quote_price *c = (struct store_quote_price *)r;
	size_t prefix = c->destination.len;

	while (!prefix_exists(s, c, prefix) && prefix)
		prefix--;
	sqlite3_stmt *q = sql(s, SQL_PRICE_GET);
	bind_place(q, c, prefix);
	sqlite3_bind_int64(q, 5, c->units);
	if (c->units <= 0 || !sql_row(s, q)) {
		answer_refused(r, STORE_NO_PRICE, "no price for that: it cannot be sent there");
		return;
	}
	int64_t amount = sqlite3_column_int64(q, 0);
	c->tax_ppm_out = sqlite3_column_int64(q, 1);
	c->pay_on_out = (uint8_t)sqlite3_column_int(q, 2);
	sqlite3_reset(q);
	c->amount_out = money_with_tax(amount, c->tax_ppm_out);
	answer_done(r);
}
