/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * prune: what retention allows is dropped, a little at a time. Messages are walked in the order of their ids, that is
 * of age; the walk goes on where the last call stopped and starts again behind the youngest that may go.
 */
#include "store/sqlite_db.h"

#define WALK_MAX 256u /* messages looked at per call */

struct old_message {
	struct message_id id;
	bool has_text;
	int64_t ended_us; /* of its last delivery; INT64_MAX while one lives */
};

/* The smallest id of that time. */
static struct message_id id_at(int64_t us)
{
	struct message_id id = { { 0 } };

	for (unsigned i = 0; i < 8; i++)
		id.octets[i] = (uint8_t)((uint64_t)us >> (56 - 8 * i));
	return id;
}

static unsigned walk(struct sqlite_store *s, struct old_message *out, unsigned limit, int64_t before_us)
{
	struct message_id bound = id_at(before_us);
	sqlite3_stmt *q = sql(s, SQL_PRUNE_OLD);
	unsigned n = 0;

	sql_id(q, 1, s->prune_at);
	sql_id(q, 2, bound);
	sqlite3_bind_int64(q, 3, limit);
	while (n < limit && sql_row(s, q)) {
		out[n].id = sql_get_id(q, 0);
		out[n].has_text = sqlite3_column_int(q, 1) != 0;
		out[n].ended_us = sqlite3_column_int64(q, 2);
		n++;
	}
	if (q)
		sqlite3_reset(q);
	return n;
}

static void run_on(struct sqlite_store *s, enum statement n, struct message_id id)
{
	struct message_id last = message_id_delivery(id, UINT16_MAX);
	sqlite3_stmt *q = sql(s, n);

	sql_id(q, 1, id);
	if (n == SQL_PRUNE_DELIVERY)
		sql_id(q, 2, last);
	(void)sql_run(s, q);
}

static bool is_over(int64_t ended_us, int64_t keep_us, int64_t now_us)
{
	return keep_us > 0 && ended_us < now_us - keep_us;
}

static bool prune_message(struct sqlite_store *s, const struct store_retention *keep, const struct old_message *m)
{
	if (is_over(m->ended_us, keep->message_us, s->now_us)) {
		run_on(s, SQL_PRUNE_PART, m->id);
		run_on(s, SQL_PRUNE_DELIVERY, m->id);
		run_on(s, SQL_PRUNE_MESSAGE, m->id);
		return true;
	}
	if (!m->has_text || !is_over(m->ended_us, keep->text_us, s->now_us))
		return false;
	run_on(s, SQL_PRUNE_TEXT, m->id);
	return true;
}

static unsigned prune_messages(struct sqlite_store *s, const struct store_retention *keep, unsigned limit)
{
	struct old_message old[WALK_MAX];
	int64_t least = keep->text_us > 0 ? keep->text_us : keep->message_us;
	unsigned dropped = 0, most = limit < WALK_MAX ? limit : WALK_MAX;

	if (keep->message_us > 0 && keep->message_us < least)
		least = keep->message_us;
	if (least <= 0)
		return 0;
	unsigned n = walk(s, old, most, s->now_us - least);
	for (unsigned i = 0; i < n && !s->broken; i++)
		dropped += prune_message(s, keep, &old[i]);
	s->prune_at = n == most && n ? old[n - 1].id : (struct message_id){ { 0 } };
	return dropped;
}

/* Rows of other tables that are older than `keep_us`; 0 = kept. */
static unsigned drop(struct sqlite_store *s, enum statement n, int64_t keep_us, unsigned limit)
{
	if (keep_us <= 0)
		return 0;
	sqlite3_stmt *q = sql(s, n);
	sqlite3_bind_int64(q, 1, s->now_us - keep_us);
	sqlite3_bind_int64(q, 2, limit);
	if (n == SQL_PRUNE_CDR) { /* never the newest: number and chain go on from it */
		int64_t acknowledged = sqlite_mark_get(s, "cdr");
		sqlite3_bind_int64(q, 3, acknowledged);
		sqlite3_bind_int64(q, 4, s->memory.cdr_seq);
	}
	int changed = sql_run(s, q);
	return changed > 0 ? (unsigned)changed : 0;
}

static unsigned drop_charges(struct sqlite_store *s, int64_t keep_us, unsigned limit)
{
	if (keep_us <= 0)
		return 0;
	struct message_id bound = id_at(s->now_us - keep_us);
	sqlite3_stmt *q = sql(s, SQL_PRUNE_CHARGE);
	sql_id(q, 1, bound);
	sqlite3_bind_int64(q, 2, limit);
	int changed = sql_run(s, q);
	return changed > 0 ? (unsigned)changed : 0;
}

void sqlite_prune(struct sqlite_store *s, struct store_request *r)
{
	struct store_prune *c = (struct store_prune *)r;

	c->dropped_out = prune_messages(s, &c->keep, c->limit);
	c->dropped_out += drop(s, SQL_PRUNE_IDEM, c->keep.idem_us, c->limit);
	c->dropped_out += drop(s, SQL_PRUNE_CDR, c->keep.cdr_us, c->limit);
	c->dropped_out += drop(s, SQL_PRUNE_OUTBOX, c->keep.outbox_us, c->limit);
	c->dropped_out += drop_charges(s, c->keep.money_us, c->limit);
	/* Wire ids and facts carry their own end. */
	c->dropped_out += drop(s, SQL_PRUNE_WIRE, 1, c->limit);
	c->dropped_out += drop(s, SQL_PRUNE_FACT, 1, c->limit);
	answer_done(r);
}
