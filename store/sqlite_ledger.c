/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The ledger: postings, their entries, refunds, funding, and the sums of days. Entries are only ever added. */
#include <stdlib.h>

#include "store/sqlite_money.h"

struct posting {
	const void *id;
	size_t id_len;
	int16_t lines;
};

static void count_day(struct sqlite_store *s, const uint8_t account[16], int64_t amount)
{
	if (s->memory.day_changes == s->day_room) {
		s->day_room = s->day_room ? s->day_room * 2 : 256;
		s->day_log = must_realloc(s->day_log, s->day_room * sizeof(*s->day_log));
	}
	struct day_change *d = &s->day_log[s->memory.day_changes++];
	*d = (struct day_change){ .day = s->now_us / DAY_US, .amount = amount };
	memcpy(d->account_id, account, sizeof(d->account_id));
}

/* Moves the running balance of a payer; other kinds of account have none. */
static void move(struct sqlite_store *s, const uint8_t account[16], int64_t amount)
{
	sqlite3_stmt *q = sql(s, SQL_ACCOUNT_MOVE);

	sql_octets(q, 1, account, 16);
	sqlite3_bind_int64(q, 2, amount);
	(void)sql_run(s, q);
}

static void put_entry(struct sqlite_store *s, struct posting *p, const uint8_t debit[16], const uint8_t credit[16],
		      int64_t amount)
{
	if (amount <= 0)
		return;
	sqlite3_stmt *q = sql(s, SQL_ENTRY_PUT);
	sql_octets(q, 1, p->id, p->id_len);
	sqlite3_bind_int(q, 2, ++p->lines);
	sql_octets(q, 3, debit, 16);
	sql_octets(q, 4, credit, 16);
	sqlite3_bind_int64(q, 5, amount);
	(void)sql_run(s, q);
	count_day(s, debit, -amount);
	count_day(s, credit, amount);
}

/* The id of the currency's system account, which is made where it is missing. */
static void system_account(struct sqlite_store *s, enum store_account_kind kind, struct text currency, uint8_t out[16])
{
	store_system_account(kind, currency, out);
	sqlite3_stmt *q = sql(s, SQL_ACCOUNT_PUT);
	sql_octets(q, 1, out, 16);
	sqlite3_bind_int(q, 2, (int)kind);
	sql_text(q, 3, currency);
	sqlite3_bind_int(q, 4, 0);
	(void)sql_run(s, q);
}

/* Made once per currency, not once per message. */
static void ensure_accounts(struct sqlite_store *s, struct text currency)
{
	const unsigned room = sizeof(s->currencies) / sizeof(s->currencies[0]);
	uint8_t id[16];

	for (unsigned i = 0; i < s->currencies_count; i++) {
		if (text_is(currency, s->currencies[i]))
			return;
	}
	system_account(s, ACCOUNT_REVENUE, currency, id);
	system_account(s, ACCOUNT_TAX, currency, id);
	if (s->currencies_count < room)
		(void)text_copy(currency, s->currencies[s->currencies_count++], sizeof(s->currencies[0]));
}

/* Price and tax are lines of their own. */
static void put_lines(struct sqlite_store *s, struct posting *p, const struct charge_row *row, int64_t amount,
		      bool back)
{
	struct text currency = text_of(row->currency);
	int64_t tax = money_tax_within(amount, row->tax_ppm);
	uint8_t revenue[16], taxes[16];

	ensure_accounts(s, currency);
	store_system_account(ACCOUNT_REVENUE, currency, revenue);
	store_system_account(ACCOUNT_TAX, currency, taxes);
	put_entry(s, p, back ? revenue : row->account_id, back ? row->account_id : revenue, amount - tax);
	put_entry(s, p, back ? taxes : row->account_id, back ? row->account_id : taxes, tax);
}

void sqlite_post_charge(struct sqlite_store *s, struct message_id delivery, const struct charge_row *row,
			int64_t amount)
{
	uint8_t id[CHARGE_POSTING_SIZE];
	struct posting p = { id, sizeof(id), 0 };

	money_charge_posting(delivery, row->kind, id);
	put_lines(s, &p, row, amount, false);
}

static void put_posting(struct sqlite_store *s, const struct posting *p, const struct message_id *delivery,
			const uint8_t *reverses)
{
	sqlite3_stmt *q = sql(s, SQL_POSTING_PUT);

	sql_octets(q, 1, p->id, p->id_len);
	if (delivery)
		sql_id(q, 2, *delivery);
	if (reverses)
		sql_octets(q, 3, reverses, CHARGE_POSTING_SIZE);
	sqlite3_bind_int64(q, 4, s->now_us);
	(void)sql_run(s, q);
}

static bool is_reversed(struct sqlite_store *s, const uint8_t charge[CHARGE_POSTING_SIZE])
{
	sqlite3_stmt *q = sql(s, SQL_POSTING_REVERSES);

	sql_octets(q, 1, charge, CHARGE_POSTING_SIZE);
	if (!sql_row(s, q))
		return false;
	sqlite3_reset(q);
	return true;
}

bool sqlite_post_refund(struct sqlite_store *s, const void *posting, size_t posting_len, struct message_id delivery,
			const struct charge_row *row, int64_t amount)
{
	uint8_t charge[CHARGE_POSTING_SIZE];
	struct posting p = { posting, posting_len, 0 };

	money_charge_posting(delivery, row->kind, charge);
	if (is_reversed(s, charge))
		return false;
	put_posting(s, &p, &delivery, charge);
	put_lines(s, &p, row, amount, true);
	sqlite_charge_return(s, row, 0, -amount);
	return true;
}

enum posting_found { POSTING_NEW, POSTING_SAME, POSTING_OTHER };

/* Whether a posting of that id is there, with that sum between those accounts (NULL: any), reversing that charge. */
static enum posting_found find_posting(struct sqlite_store *s, const uint8_t id[16], const uint8_t *debit,
				       const uint8_t *credit, const uint8_t *reverses, int64_t amount)
{
	uint8_t reversed[CHARGE_POSTING_SIZE];
	static const uint8_t none[CHARGE_POSTING_SIZE];
	sqlite3_stmt *q = sql(s, SQL_POSTING_GET);
	bool same = false;

	sql_octets(q, 1, id, 16);
	if (!sql_row(s, q))
		return POSTING_NEW;
	sql_get_fixed(q, 0, reversed, sizeof(reversed));
	sqlite3_reset(q);
	if (memcmp(reversed, reverses ? reverses : none, sizeof(reversed)))
		return POSTING_OTHER;
	q = sql(s, SQL_ENTRY_SUM);
	sql_octets(q, 1, id, 16);
	sql_octets(q, 2, debit, debit ? 16 : 0);
	sql_octets(q, 3, credit, credit ? 16 : 0);
	if (sql_row(s, q)) {
		same = sqlite3_column_int64(q, 0) == amount && (!debit || sqlite3_column_int(q, 1)) &&
		       (!credit || sqlite3_column_int(q, 2));
		sqlite3_reset(q);
	}
	return same ? POSTING_SAME : POSTING_OTHER;
}

static void answer_found(struct store_request *r, enum posting_found found)
{
	if (found == POSTING_SAME)
		answer_repeat(r);
	else
		answer_conflict(r, "this key was used for another posting");
}

void sqlite_refund(struct sqlite_store *s, struct store_request *r)
{
	struct store_refund *c = (struct store_refund *)r;
	struct charge_row row;
	bool paid = sqlite_charge_paid(s, c->delivery, c->kind, &row);
	uint8_t charge[CHARGE_POSTING_SIZE];

	money_charge_posting(c->delivery, c->kind, charge);
	enum posting_found found = find_posting(s, c->key, NULL, NULL, charge, c->amount);

	if (found != POSTING_NEW) {
		answer_found(r, found);
	} else if (!paid) {
		answer_refused(r, STORE_NOT_FOUND, "nothing was charged there");
	} else if (c->amount <= 0 || c->amount > row.posted) {
		answer_refused(r, STORE_TOO_MUCH, "a refund is above zero and at most what was charged");
	} else if (!sqlite_post_refund(s, c->key, sizeof(c->key), c->delivery, &row, c->amount)) {
		answer_refused(r, STORE_ENDED, "it was refunded before");
	} else {
		sqlite_cdr_put(s, c->delivery, c->kind, c->cdr);
		answer_done(r);
	}
}

struct account_row {
	enum store_account_kind kind;
	bool same_currency;
	int64_t posted, credit, held;
};

static bool account_row(struct sqlite_store *s, const uint8_t id[16], struct text currency, struct account_row *out)
{
	sqlite3_stmt *q = sql(s, SQL_ACCOUNT_GET);

	sql_octets(q, 1, id, 16);
	if (!sql_row(s, q))
		return false;
	struct text its = { (const char *)sqlite3_column_text(q, 1), (size_t)sqlite3_column_bytes(q, 1) };
	out->kind = (enum store_account_kind)sqlite3_column_int(q, 0);
	out->same_currency = text_equal(its, currency);
	out->credit = sqlite3_column_int64(q, 2);
	out->posted = sqlite3_column_int64(q, 3);
	out->held = sqlite3_column_int64(q, 4);
	sqlite3_reset(q);
	return true;
}

/* Whether the account may take `amount` (negative: give it): B10, and no sum above the limit. */
static enum store_refusal may_move(const struct account_row *a, int64_t amount)
{
	if (a->kind != ACCOUNT_PAYER)
		return STORE_NO_REFUSAL;
	if (amount < 0 && a->posted + a->credit - a->held < -amount)
		return STORE_CREDIT;
	int64_t after = a->posted + amount;
	return after > STORE_AMOUNT_MAX || after < -STORE_AMOUNT_MAX ? STORE_TOO_MUCH : STORE_NO_REFUSAL;
}

static void fund(struct sqlite_store *s, struct store_fund *c, const uint8_t from[16], const uint8_t to[16],
		 int64_t amount)
{
	struct posting p = { c->key, sizeof(c->key), 0 };
	struct message_id key;

	memcpy(key.octets, c->key, sizeof(key.octets));
	put_posting(s, &p, NULL, NULL);
	put_entry(s, &p, from, to, amount);
	move(s, from, -amount);
	move(s, to, amount);
	sqlite_cdr_put(s, key, 0, c->cdr);
	answer_done(&c->base);
}

/* A negative amount goes the other way. */
void sqlite_fund(struct sqlite_store *s, struct store_request *r)
{
	static const uint8_t none[16];
	struct store_fund *c = (struct store_fund *)r;
	struct account_row from, to;
	uint8_t from_id[16];

	if (!money_is_amount(c->amount < 0 ? -(c->amount + 1) : c->amount) || !c->amount) {
		answer_refused(r, STORE_TOO_MUCH, "no such amount");
		return;
	}
	memcpy(from_id, c->from_id, sizeof(from_id));
	if (!memcmp(from_id, none, sizeof(none)))
		system_account(s, ACCOUNT_FUNDING, c->currency, from_id);
	bool back = c->amount < 0;
	int64_t amount = back ? -c->amount : c->amount;
	const uint8_t *debit = back ? c->account_id : from_id, *credit = back ? from_id : c->account_id;
	enum posting_found found = find_posting(s, c->key, debit, credit, NULL, amount);
	if (found != POSTING_NEW) {
		answer_found(r, found);
		return;
	}
	if (!account_row(s, debit, c->currency, &from) || !account_row(s, credit, c->currency, &to)) {
		answer_refused(r, STORE_NOT_FOUND, "no such account");
		return;
	}
	if (!from.same_currency || !to.same_currency || !memcmp(debit, credit, 16)) {
		answer_refused(r, STORE_BAD_REQUEST, "two accounts of one currency are needed");
		return;
	}
	enum store_refusal refusal = may_move(&from, -amount);
	if (!refusal)
		refusal = may_move(&to, amount);
	if (refusal)
		answer_refused(r, refusal, "the balance does not allow it");
	else
		fund(s, c, debit, credit, amount);
}

static int by_account_and_day(const void *a, const void *b)
{
	const struct day_change *x = a, *y = b;
	int order = memcmp(x->account_id, y->account_id, sizeof(x->account_id));

	if (order)
		return order;
	return x->day < y->day ? -1 : x->day > y->day;
}

static void add_day(struct sqlite_store *s, const struct day_change *d, int64_t amount, int64_t entries)
{
	sqlite3_stmt *q = sql(s, SQL_DAY_ADD);

	sql_octets(q, 1, d->account_id, sizeof(d->account_id));
	sqlite3_bind_int64(q, 2, d->day);
	sqlite3_bind_int64(q, 3, amount);
	sqlite3_bind_int64(q, 4, entries);
	(void)sql_run(s, q);
}

void sqlite_days_flush(struct sqlite_store *s)
{
	unsigned n = s->memory.day_changes, end;

	if (!n)
		return;
	qsort(s->day_log, n, sizeof(*s->day_log), by_account_and_day);
	for (unsigned i = 0; i < n; i = end) {
		int64_t amount = 0;
		for (end = i; end < n && !by_account_and_day(&s->day_log[i], &s->day_log[end]); end++)
			amount += s->day_log[end].amount;
		add_day(s, &s->day_log[i], amount, end - i);
	}
}
