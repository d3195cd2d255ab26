/* SPDX-License-Identifier: GPL-3.0-or-later */
/* accept: a message and its deliveries, all or none. */
#include "store/sqlite_money.h"

/* The deliveries as they were stored then, so that a repeat is answered like the first time. */
static void recall(struct store_accept *a)
{
	for (unsigned i = 0; i < a->deliveries_count; i++) {
		struct store_new_delivery *d = &a->deliveries[i];
		d->id_out = message_id_delivery(a->id_out, (uint16_t)(i + 1));
		d->leased_out = false; /* whoever leased it then has it */
		d->epoch_out = 0;
	}
	answer_repeat(&a->base);
}

/* The key was there: the first answer, or a conflict. */
static void answer_by_key(struct sqlite_store *s, struct store_accept *a)
{
	uint8_t hash[sizeof(a->body_hash)];
	sqlite3_stmt *q = sql(s, SQL_IDEM_GET);

	sql_octets(q, 1, a->key, sizeof(a->key));
	if (!sql_row(s, q))
		return;
	sql_get_fixed(q, 0, hash, sizeof(hash));
	if (memcmp(hash, a->body_hash, sizeof(hash))) {
		answer_conflict(&a->base, "this idempotency key was used for another message");
	} else {
		a->id_out = sql_get_id(q, 1);
		a->answer_out = sql_get_octets(q, 2, a->arena);
		recall(a);
	}
	sqlite3_reset(q);
}

/* The message's id was there: without a key it is the key. */
static void answer_by_id(struct sqlite_store *s, struct store_accept *a)
{
	sqlite3_stmt *q = sql(s, SQL_MESSAGE_SAME);

	sql_id(q, 1, a->id);
	sql_text(q, 2, a->sender);
	sql_octets(q, 3, a->account_id, sizeof(a->account_id));
	sql_octets(q, 4, a->header.at, a->header.len);
	sql_octets(q, 5, a->text.at, a->text.len);
	if (!sql_row(s, q))
		return;
	bool same = sqlite3_column_int(q, 0) != 0;
	sqlite3_reset(q);
	a->id_out = a->id;
	if (same && !a->has_key)
		recall(a);
	else
		answer_conflict(&a->base, "this message id was used for another message");
}

static bool put_key(struct sqlite_store *s, const struct store_accept *a)
{
	sqlite3_stmt *q = sql(s, SQL_IDEM_PUT);

	sql_octets(q, 1, a->key, sizeof(a->key));
	sql_octets(q, 2, a->body_hash, sizeof(a->body_hash));
	sql_id(q, 3, a->id);
	sql_octets(q, 4, a->answer.at, a->answer.len);
	sqlite3_bind_int64(q, 5, s->now_us);
	return sql_run(s, q) == 1;
}

static void drop_key(struct sqlite_store *s, const struct store_accept *a)
{
	sqlite3_stmt *q = sql(s, SQL_IDEM_DELETE);

	sql_octets(q, 1, a->key, sizeof(a->key));
	(void)sql_run(s, q);
}

static bool put_message(struct sqlite_store *s, const struct store_accept *a)
{
	sqlite3_stmt *q = sql(s, SQL_MESSAGE_PUT);

	sql_id(q, 1, a->id);
	sql_text(q, 2, a->channel);
	sql_text(q, 3, a->sender);
	sql_octets(q, 4, a->account_id, sizeof(a->account_id));
	if (a->has_key)
		sql_octets(q, 5, a->key, sizeof(a->key));
	sqlite3_bind_int64(q, 6, a->accepted_us);
	sqlite3_bind_int64(q, 7, a->expires_us);
	sql_octets(q, 8, a->header.at, a->header.len);
	sql_octets(q, 9, a->text.at, a->text.len);
	return sql_run(s, q) == 1;
}

static void put_wakes(struct sqlite_store *s, const struct store_new_delivery *d)
{
	for (unsigned i = 0; i < d->wake_keys_count; i++) {
		sqlite3_stmt *q = sql(s, SQL_WAKE_PUT);
		sql_id(q, 1, d->id_out);
		sql_text(q, 2, d->wake_keys[i]);
		(void)sql_run(s, q);
	}
}

static uint8_t place_of(struct sqlite_store *s, const struct store_new_delivery *d)
{
	if (d->on_hold)
		return 2;
	return d->has_lane && lanes_count(s->lanes, d->lane) > 0;
}

static void put_delivery(struct sqlite_store *s, const struct store_accept *a, struct store_new_delivery *d,
			 uint16_t number)
{
	uint8_t parked = place_of(s, d);
	sqlite3_stmt *q = sql(s, SQL_DELIVERY_PUT);

	d->leased_out = d->lease_until_us > 0 && !parked;
	d->epoch_out = d->leased_out ? 1 : 0;
	d->id_out = message_id_delivery(a->id, number);
	sql_octets(q, 1, d->id_out.octets, MESSAGE_ID_SIZE);
	sql_text(q, 2, d->recipient);
	if (d->has_lane)
		sqlite3_bind_int64(q, 3, d->lane);
	sql_text(q, 4, d->on_hold ? TEXT_LITERAL("") : d->route);
	sql_text(q, 5, d->bearer);
	sqlite3_bind_int(q, 6, d->leased_out ? DELIVERY_LEASED : DELIVERY_WAITING);
	sqlite3_bind_int64(q, 7, d->epoch_out);
	sqlite3_bind_int64(q, 8, d->on_hold ? d->hold_until_us : d->due_us);
	sqlite3_bind_int(q, 9, parked);
	sqlite3_bind_int64(q, 10, d->deadline_us);
	if (d->leased_out)
		sql_text(q, 11, a->worker);
	sqlite3_bind_int64(q, 12, d->leased_out ? d->lease_until_us : 0);
	sql_octets(q, 13, d->trail.at, d->trail.len);
	if (sql_run(s, q) == 1 && d->has_lane && !d->on_hold)
		sqlite_lane_add(s, d->lane);
	if (d->on_hold)
		put_wakes(s, d);
}

static void drop_message(struct sqlite_store *s, const struct store_accept *a)
{
	sqlite3_stmt *q = sql(s, SQL_PRUNE_MESSAGE);

	sql_id(q, 1, a->id);
	(void)sql_run(s, q);
}

/* Money of one delivery: it must outlive it (B7), and one on HOLD has none yet (B5). */
static bool hold_one(struct sqlite_store *s, struct store_accept *a, const struct store_charge *c,
		     struct charge_row *out)
{
	const struct store_new_delivery *d;

	a->failed_recipient_out = c->recipient;
	if (!c->recipient || c->recipient > a->deliveries_count) {
		answer_refused(&a->base, STORE_BAD_REQUEST, "a charge names no recipient");
		return false;
	}
	d = &a->deliveries[c->recipient - 1];
	if (d->on_hold) {
		answer_refused(&a->base, STORE_BAD_REQUEST, "a delivery on HOLD is charged when it is decided");
		return false;
	}
	if (c->deadline_us < d->deadline_us) {
		answer_refused(&a->base, STORE_DEADLINE, "the hold would end before its delivery");
		return false;
	}
	return sqlite_charge_hold(s, c, out, &a->base);
}

/* All holds or none: what was held before the first refusal is taken back. */
static bool hold_all(struct sqlite_store *s, struct store_accept *a)
{
	struct charge_row *rows;

	if (!a->charges_count)
		return true;
	rows = arena_alloc(a->arena, a->charges_count * sizeof(*rows));
	for (unsigned i = 0; i < a->charges_count; i++) {
		if (hold_one(s, a, &a->charges[i], &rows[i]))
			continue;
		while (i-- > 0)
			sqlite_charge_unhold(s, &rows[i]);
		return false;
	}
	struct receipt_list warnings = { 0 };
	a->failed_recipient_out = 0;
	for (unsigned i = 0; i < a->charges_count; i++) {
		const struct store_charge *c = &a->charges[i];
		sqlite_charge_put(s, message_id_delivery(a->id, c->recipient), c, &rows[i]);
		sqlite_charge_warn(s, &rows[i], a->arena, &warnings);
	}
	a->warnings_out = warnings.rows;
	a->warnings_count_out = warnings.count;
	return true;
}

static void put_all(struct sqlite_store *s, struct store_accept *a)
{
	for (unsigned i = 0; i < a->deliveries_count && !s->broken; i++)
		put_delivery(s, a, &a->deliveries[i], (uint16_t)(i + 1));
	for (unsigned i = 0; i < a->outbox_count && !s->broken; i++)
		sqlite_outbox_put(s, &a->outbox[i]);
	a->id_out = a->id;
	a->answer_out = a->answer;
	answer_done(&a->base);
}

/* Key and message go in first, unless they are there: no look-up for the ordinary one. */
void sqlite_accept(struct sqlite_store *s, struct store_request *r)
{
	struct store_accept *a = (struct store_accept *)r;

	a->failed_recipient_out = 0;
	a->warnings_count_out = 0;
	if (!a->deliveries_count || a->deliveries_count > UINT16_MAX || message_id_recipient(a->id)) {
		answer_refused(r, STORE_BAD_REQUEST, "a message needs a message id and 1 to 65535 recipients");
		return;
	}
	if (a->has_key && !put_key(s, a)) {
		answer_by_key(s, a);
	} else if (!put_message(s, a)) {
		if (a->has_key)
			drop_key(s, a);
		answer_by_id(s, a);
	} else if (hold_all(s, a)) {
		put_all(s, a);
	} else {
		drop_message(s, a);
		if (a->has_key)
			drop_key(s, a);
	}
}
