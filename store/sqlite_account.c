/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Accounts, subscribers, caps, consents: by key. */
#include "store/sqlite_money.h"

/* Kind and currency of an account never change; its credit line may, down to what is used. */
static void change_account(struct sqlite_store *s, struct store_account *c)
{
	sqlite3_stmt *q = sql(s, SQL_ACCOUNT_GET);

	sql_octets(q, 1, c->id, sizeof(c->id));
	if (!sql_row(s, q))
		return;
	struct text currency = { (const char *)sqlite3_column_text(q, 1), (size_t)sqlite3_column_bytes(q, 1) };
	bool same = sqlite3_column_int(q, 0) == (int)c->kind && text_equal(currency, c->currency);
	int64_t credit = sqlite3_column_int64(q, 2);
	c->posted_out = sqlite3_column_int64(q, 3);
	c->held_out = sqlite3_column_int64(q, 4);
	sqlite3_reset(q);
	if (!same) {
		answer_conflict(&c->base, "the account is of another kind or currency");
		return;
	}
	if (credit == c->credit) {
		answer_repeat(&c->base);
		return;
	}
	q = sql(s, SQL_ACCOUNT_CREDIT);
	sql_octets(q, 1, c->id, sizeof(c->id));
	sqlite3_bind_int64(q, 2, c->credit);
	if (sql_run(s, q) == 1)
		answer_done(&c->base);
	else
		answer_refused(&c->base, STORE_CREDIT, "more than that credit is used");
}

void sqlite_account_put(struct sqlite_store *s, struct store_request *r)
{
	struct store_account *c = (struct store_account *)r;

	if (!money_is_amount(c->credit) || !c->currency.len || c->currency.len > 7 || c->kind > ACCOUNT_FUNDING) {
		answer_refused(r, STORE_BAD_REQUEST, "an account needs a kind, a currency and a credit line");
		return;
	}
	sqlite3_stmt *q = sql(s, SQL_ACCOUNT_PUT);
	sql_octets(q, 1, c->id, sizeof(c->id));
	sqlite3_bind_int(q, 2, (int)c->kind);
	sql_text(q, 3, c->currency);
	sqlite3_bind_int64(q, 4, c->credit);
	c->posted_out = c->held_out = 0;
	if (sql_run(s, q) == 1)
		answer_done(r);
	else
		change_account(s, c);
}

void sqlite_account_get(struct sqlite_store *s, struct store_request *r)
{
	struct store_account *c = (struct store_account *)r;
	sqlite3_stmt *q = sql(s, SQL_ACCOUNT_GET);

	sql_octets(q, 1, c->id, sizeof(c->id));
	if (!sql_row(s, q)) {
		answer_refused(r, STORE_NOT_FOUND, "no such account");
		return;
	}
	c->kind = (enum store_account_kind)sqlite3_column_int(q, 0);
	c->currency = sql_get_text(q, 1, c->arena);
	c->credit = sqlite3_column_int64(q, 2);
	c->posted_out = sqlite3_column_int64(q, 3);
	c->held_out = sqlite3_column_int64(q, 4);
	sqlite3_reset(q);
	answer_done(r);
}

void sqlite_subscriber_put(struct sqlite_store *s, struct store_request *r)
{
	struct store_subscriber *c = (struct store_subscriber *)r;
	sqlite3_stmt *q = sql(s, SQL_SUBSCRIBER_PUT);

	sql_text(q, 1, c->address);
	sql_octets(q, 2, c->account_id, sizeof(c->account_id));
	sql_text(q, 3, c->profile);
	sql_octets(q, 4, c->policy.at, c->policy.len);
	(void)sql_run(s, q);
	answer_done(r);
}

void sqlite_subscriber_get(struct sqlite_store *s, struct store_request *r)
{
	struct store_subscriber *c = (struct store_subscriber *)r;
	sqlite3_stmt *q = sql(s, SQL_SUBSCRIBER_GET);

	sql_text(q, 1, c->address);
	if (!sql_row(s, q)) {
		answer_refused(r, STORE_NOT_FOUND, "no such subscriber");
		return;
	}
	sql_get_fixed(q, 0, c->account_id, sizeof(c->account_id));
	c->profile = sql_get_text(q, 1, c->arena);
	c->policy = sql_get_octets(q, 2, c->arena);
	sqlite3_reset(q);
	answer_done(r);
}

void sqlite_cap_put(struct sqlite_store *s, struct store_request *r)
{
	struct store_cap *c = (struct store_cap *)r;

	if (!money_is_amount(c->cap) || c->until_us <= c->from_us) {
		answer_refused(r, STORE_BAD_REQUEST, "a cap needs an amount and a window");
		return;
	}
	sqlite3_stmt *q = sql(s, SQL_CAP_PUT);
	sql_octets(q, 1, c->account_id, sizeof(c->account_id));
	sqlite3_bind_int(q, 2, c->kind);
	sqlite3_bind_int64(q, 3, c->from_us);
	sqlite3_bind_int64(q, 4, c->until_us);
	sqlite3_bind_int64(q, 5, c->cap);
	sqlite3_bind_int(q, 6, c->not_raised);
	(void)sql_run(s, q);
	answer_done(r);
}

void sqlite_cap_get(struct sqlite_store *s, struct store_request *r)
{
	struct store_cap *c = (struct store_cap *)r;
	bool open = !c->until_us;
	sqlite3_stmt *q = sql(s, open ? SQL_CAP_OPEN : SQL_CAP_AT);

	sql_octets(q, 1, c->account_id, sizeof(c->account_id));
	sqlite3_bind_int(q, 2, c->kind);
	sqlite3_bind_int64(q, 3, open ? s->now_us : c->from_us);
	if (!sql_row(s, q)) {
		answer_refused(r, STORE_NOT_FOUND, "no such window");
		return;
	}
	c->from_us = sqlite3_column_int64(q, 0);
	c->until_us = sqlite3_column_int64(q, 1);
	c->cap = sqlite3_column_int64(q, 2);
	c->posted_out = sqlite3_column_int64(q, 3);
	c->held_out = sqlite3_column_int64(q, 4);
	sqlite3_reset(q);
	answer_done(r);
}

static bool read_consent(struct sqlite_store *s, struct store_consent *c, struct arena *arena)
{
	sqlite3_stmt *q = sql(s, SQL_CONSENT_GET);

	sql_octets(q, 1, c->id, sizeof(c->id));
	if (!sql_row(s, q))
		return false;
	sql_get_fixed(q, 0, c->account_id, sizeof(c->account_id));
	c->bearers = sql_get_text(q, 1, arena);
	c->max_each = sqlite3_column_int64(q, 2);
	c->from_us = sqlite3_column_int64(q, 3);
	c->until_us = sqlite3_column_int64(q, 4);
	c->revoked_us = sqlite3_column_int64(q, 5);
	c->proof = sql_get_octets(q, 6, arena);
	sqlite3_reset(q);
	return true;
}

static void answer_known_consent(struct sqlite_store *s, struct store_consent *c, const struct store_consent *known)
{
	bool same = !memcmp(known->account_id, c->account_id, sizeof(c->account_id)) &&
		    text_equal(known->bearers, c->bearers) && known->max_each == c->max_each &&
		    known->from_us == c->from_us && known->until_us == c->until_us &&
		    known->proof.len == c->proof.len &&
		    (!c->proof.len || !memcmp(known->proof.at, c->proof.at, c->proof.len));

	if (!same) {
		answer_conflict(&c->base, "this consent says something else");
	} else if (known->revoked_us || !c->revoked_us) {
		answer_repeat(&c->base);
	} else {
		sqlite3_stmt *q = sql(s, SQL_CONSENT_REVOKE);
		sql_octets(q, 1, c->id, sizeof(c->id));
		sqlite3_bind_int64(q, 2, c->revoked_us);
		(void)sql_run(s, q);
		answer_done(&c->base);
	}
}

/* What was consented to never changes; it can only be revoked, for good. */
void sqlite_consent_put(struct sqlite_store *s, struct store_request *r)
{
	struct store_consent *c = (struct store_consent *)r;
	struct arena *arena = arena_new(1024);
	struct store_consent known = { 0 };

	memcpy(known.id, c->id, sizeof(known.id));
	if (read_consent(s, &known, arena)) {
		answer_known_consent(s, c, &known);
	} else {
		sqlite3_stmt *q = sql(s, SQL_CONSENT_PUT);
		sql_octets(q, 1, c->id, sizeof(c->id));
		sql_octets(q, 2, c->account_id, sizeof(c->account_id));
		sql_text(q, 3, c->bearers);
		sqlite3_bind_int64(q, 4, c->max_each);
		sqlite3_bind_int64(q, 5, c->from_us);
		sqlite3_bind_int64(q, 6, c->until_us);
		if (c->revoked_us)
			sqlite3_bind_int64(q, 7, c->revoked_us);
		sql_octets(q, 8, c->proof.at, c->proof.len);
		(void)sql_run(s, q);
		answer_done(r);
	}
	arena_free(&arena);
}

void sqlite_consent_get(struct sqlite_store *s, struct store_request *r)
{
	struct store_consent *c = (struct store_consent *)r;

	if (read_consent(s, c, c->arena))
		answer_done(r);
	else
		answer_refused(r, STORE_NOT_FOUND, "no such consent");
}
