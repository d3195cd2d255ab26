/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The statements, and values in and out of them. */
#include "store/sqlite_db.h"

#include "core/base/log.h"
#include "core/net/digest.h"
#include "core/trail.h"

#define ROW_COLUMNS \
	"d.id, d.recipient, d.lane, d.route, d.bearer, d.state, d.doubt, d.cancel, d.parked, d.attempt, d.epoch, " \
	"d.due_us, " \
	"d.deadline_us, d.lease_us, d.outcome, d.final_us, d.trail, m.channel, m.sender, m.text, m.account_id, " \
	"m.accepted_us, " \
	"m.expires_us, m.header "
/* A delivery's message id: its own with zeroes for the recipient. */
#define MESSAGE_OF(id) "CAST(substr(" id ", 1, 14) || x'0000' AS BLOB)"
#define ROW_FROM "FROM delivery d JOIN message m ON m.id = " MESSAGE_OF("d.id") " "

static const char *const text_of_statement[SQL_COUNT] = {
	[SQL_BEGIN] = "BEGIN IMMEDIATE",
	[SQL_COMMIT] = "COMMIT",
	[SQL_ROLLBACK] = "ROLLBACK",
	[SQL_IDEM_GET] = "SELECT body_hash, message_id, answer FROM idem WHERE key = ?1",
	[SQL_IDEM_PUT] = "INSERT INTO idem (key, body_hash, code, message_id, answer, created_us) VALUES (?1, ?2, 0, "
			 "?3, ?4, ?5)",
	[SQL_MESSAGE_PUT] = "INSERT INTO message (id, channel, sender, account_id, idem_key, accepted_us, expires_us, "
			    "header, text) "
			    "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
	[SQL_MESSAGE_EXISTS] = "SELECT 1 FROM message WHERE id = ?1",
	[SQL_DELIVERY_PUT] =
		"INSERT INTO delivery (id, recipient, lane, route, bearer, state, attempt, epoch, due_us, parked, "
		"deadline_us, "
		"worker, lease_us, trail) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?7, ?8, ?9, ?10, ?11, ?12, ?13)",
	[SQL_OUTBOX_PUT] = "INSERT OR IGNORE INTO outbox (id, target, kind, body, due_us) VALUES (?1, ?2, ?3, ?4, ?5)",
	[SQL_ROW_GET] = "SELECT " ROW_COLUMNS ROW_FROM "WHERE d.id = ?1",
	[SQL_ROWS_OF_MESSAGE] = "SELECT " ROW_COLUMNS ROW_FROM "WHERE d.id > ?1 AND d.id <= ?2 ORDER BY d.id",
	[SQL_CLAIM] = "UPDATE delivery SET attempt = CASE WHEN doubt = 1 THEN attempt ELSE attempt + 1 END, state = 1, "
		      "epoch = epoch + 1, "
		      "worker = ?4, lease_us = ?2 + ?5 WHERE state = 0 AND id IN (SELECT d.id FROM delivery d WHERE "
		      "d.route = ?1 AND "
		      "d.state = 0 AND d.parked = 0 AND d.due_us <= ?2 AND d.deadline_us > ?2 + ?5 + ?6 ORDER BY "
		      "d.due_us, d.id LIMIT ?3) "
		      "RETURNING id, due_us",
	[SQL_RENEW] = "UPDATE delivery SET lease_us = ?3, bearer = CASE WHEN ?4 = '' THEN bearer ELSE ?4 END WHERE id "
		      "= ?1 AND epoch = ?2 "
		      "AND state = 1",
	[SQL_RELEASE_ROW] = "UPDATE delivery SET state = 0, doubt = 0, worker = NULL, lease_us = 0, due_us = ?3, route "
			    "= ?4, bearer = ?5, "
			    "trail = ?6 WHERE id = ?1 AND epoch = ?2 AND (state = 1 OR (state = 0 AND doubt = 1))",
	[SQL_WAKE_DELETE] = "DELETE FROM wake WHERE delivery_id = ?1",
	[SQL_FINISH] = "UPDATE delivery SET state = ?3, doubt = 0, worker = NULL, lease_us = ?4, outcome = ?5, "
		       "final_us = ?6, trail = ?7 "
		       "WHERE id = ?1 AND epoch = ?2 AND (state = 1 OR (state = 0 AND doubt = 1))",
	[SQL_IN_DOUBT] = "UPDATE delivery SET state = 0, doubt = 1, worker = NULL, lease_us = 0, due_us = ?3, trail = "
			 "?4 WHERE id = ?1 AND "
			 "epoch = ?2 AND state = 1",
	[SQL_PROMOTE] = "UPDATE delivery SET parked = 0 WHERE id = (SELECT id FROM delivery WHERE lane = ?1 AND state "
			"= 0 AND parked = 1 "
			"ORDER BY id LIMIT 1)",
	[SQL_OUTCOME_SET] = "UPDATE delivery SET state = ?2, outcome = ?3, final_us = ?4, lease_us = 0, doubt = 0, "
			    "worker = NULL, trail = ?5 "
			    "WHERE id = ?1",
	[SQL_CANCEL_MARK] = "UPDATE delivery SET cancel = 1, trail = ?2 WHERE id = ?1",
	[SQL_TRAIL_SET] = "UPDATE delivery SET trail = ?2 WHERE id = ?1",
	[SQL_WIRE_GET] = "SELECT delivery_id, n, outcome FROM wire WHERE peer = ?1 AND wire_id = ?2",
	[SQL_WIRE_PUT] = "INSERT OR IGNORE INTO wire (peer, wire_id, delivery_id, n, outcome, until_us) VALUES (?1, "
			 "?2, ?3, ?4, ?5, ?6)",
	[SQL_WIRE_TAKE] = "UPDATE wire SET delivery_id = ?3, n = ?4, until_us = ?5 WHERE peer = ?1 AND wire_id = ?2 "
			  "AND delivery_id IS NULL",
	[SQL_WIRE_OUTCOME] = "UPDATE wire SET outcome = max(coalesce(outcome, 0), ?3) WHERE peer = ?1 AND wire_id = ?2",
	/* Failed segments outrank delivered ones once all are in: the worst counts. */
	[SQL_WIRE_WORST] = "SELECT count(*), sum(coalesce(outcome, 0) > 1), min(CASE WHEN outcome > 1 THEN outcome "
			   "END) FROM wire WHERE "
			   "delivery_id = ?1",
	[SQL_EXPIRE_DEADLINE] = "SELECT " ROW_COLUMNS ROW_FROM
				"WHERE d.state = 0 AND d.deadline_us <= ?1 ORDER BY d.deadline_us, d.id LIMIT ?2",
	[SQL_EXPIRE_LEASE] = "SELECT " ROW_COLUMNS ROW_FROM
			     "WHERE d.lease_us > 0 AND d.lease_us <= ?1 ORDER BY d.lease_us, d.id LIMIT ?2",
	[SQL_CDR_PUT] =
		"INSERT OR IGNORE INTO cdr (delivery_id, kind, n, body, created_us, seq, chain) VALUES (?1, ?2, "
		"coalesce((SELECT max(n) + 1 FROM cdr WHERE delivery_id = ?1 AND kind = ?2), 0), ?3, ?4, ?5, ?6)",
	[SQL_CDR_HEAD] = "SELECT seq, chain FROM cdr WHERE seq IS NOT NULL ORDER BY seq DESC LIMIT 1",
	[SQL_FACT_PUT] = "INSERT INTO fact (kind, key, value, until_us) VALUES (?1, ?2, ?3, ?4) ON CONFLICT (kind, "
			 "key) DO UPDATE SET "
			 "value = excluded.value, until_us = excluded.until_us",
	[SQL_FACT_GET] = "SELECT value, until_us FROM fact WHERE kind = ?1 AND key = ?2 AND until_us > ?3",
	[SQL_FACT_DELETE] = "DELETE FROM fact WHERE kind = ?1 AND key = ?2",
	[SQL_OUTBOX_DUE] = "SELECT id, target, kind, body, due_us FROM outbox WHERE target = ?1 AND done_us IS NULL "
			   "AND due_us <= ?2 ORDER BY "
			   "due_us LIMIT ?3",
	[SQL_OUTBOX_DUE_ALL] = "SELECT id, target, kind, body, due_us FROM outbox WHERE done_us IS NULL AND due_us <= "
			       "?2 AND ?1 = '' ORDER BY "
			       "due_us LIMIT ?3",
	[SQL_OUTBOX_DONE] = "UPDATE outbox SET done_us = ?2 WHERE id = ?1 AND done_us IS NULL",
	[SQL_OUTBOX_LATER] = "UPDATE outbox SET due_us = ?2 WHERE id = ?1 AND done_us IS NULL",
	[SQL_FENCE_RAISE] = "INSERT INTO fence (name, epoch) VALUES (?1, 1) ON CONFLICT (name) DO UPDATE SET epoch = "
			    "epoch + 1 RETURNING epoch",
	[SQL_COUNTS] =
		"SELECT (SELECT count(*) FROM delivery WHERE state = 0 AND parked < 2), (SELECT count(*) FROM delivery "
		"WHERE state = 1), "
		"(SELECT count(*) FROM delivery WHERE state = 3), (SELECT count(*) FROM delivery WHERE state = 2), "
		"(SELECT count(*) FROM delivery WHERE state = 0 AND parked = 2), (SELECT count(*) FROM outbox WHERE "
		"done_us IS NULL)",
	[SQL_SCAN] = "SELECT " ROW_COLUMNS ROW_FROM
		     "WHERE (?1 = '' OR d.route = ?1) AND (?2 = '' OR d.recipient = ?2) AND (?3 < 0 OR "
		     "d.state = ?3) ORDER BY d.id DESC LIMIT ?4",
	[SQL_LANES] = "SELECT lane FROM delivery WHERE state < 2 AND parked < 2 AND lane IS NOT NULL",
};

static void failed(struct sqlite_store *s, const char *what)
{
	if (!s->broken)
		LOGE(LOG_STORE, NULL, "%s: %s", what, sqlite3_errmsg(s->db));
	s->broken = true;
}

sqlite3_stmt *sql(struct sqlite_store *s, enum statement n)
{
	sqlite3_stmt **q = &s->statements[n];

	if (!*q && sqlite3_prepare_v3(s->db, text_of_statement[n], -1, SQLITE_PREPARE_PERSISTENT, q, NULL))
		log_fatal(LOG_STORE, "statement %d: %s", n, sqlite3_errmsg(s->db));
	sqlite3_reset(*q);
	sqlite3_clear_bindings(*q);
	return *q;
}

bool sql_row(struct sqlite_store *s, sqlite3_stmt *q)
{
	int rc = sqlite3_step(q);

	if (rc == SQLITE_ROW)
		return true;
	if (rc != SQLITE_DONE)
		failed(s, sqlite3_sql(q));
	sqlite3_reset(q);
	return false;
}

int sql_run(struct sqlite_store *s, sqlite3_stmt *q)
{
	int rc = sqlite3_step(q);

	sqlite3_reset(q);
	if (rc != SQLITE_DONE && rc != SQLITE_ROW) {
		failed(s, sqlite3_sql(q));
		return -1;
	}
	return sqlite3_changes(s->db);
}

/* The bytes stay where they are until the statement ran: the request holds them. */
void sql_text(sqlite3_stmt *q, int at, struct text t)
{
	sqlite3_bind_text64(q, at, t.at ? t.at : "", t.len, SQLITE_STATIC, SQLITE_UTF8);
}

void sql_octets(sqlite3_stmt *q, int at, const void *bytes, size_t n)
{
	sqlite3_bind_blob64(q, at, bytes ? bytes : "", n, SQLITE_STATIC);
}

void sql_id(sqlite3_stmt *q, int at, struct message_id id)
{
	sqlite3_bind_blob64(q, at, id.octets, MESSAGE_ID_SIZE, SQLITE_TRANSIENT);
}

struct octets sql_get_octets(sqlite3_stmt *q, int column, struct arena *arena)
{
	const void *at = sqlite3_column_blob(q, column);
	size_t n = (size_t)sqlite3_column_bytes(q, column);

	return (struct octets){ at ? arena_copy(arena, at, n) : NULL, at ? n : 0 };
}

struct text sql_get_text(sqlite3_stmt *q, int column, struct arena *arena)
{
	struct octets o = sql_get_octets(q, column, arena);

	return text_range(o.at, o.len);
}

struct message_id sql_get_id(sqlite3_stmt *q, int column)
{
	struct message_id id = { { 0 } };
	const void *at = sqlite3_column_blob(q, column);

	if (at && sqlite3_column_bytes(q, column) == MESSAGE_ID_SIZE)
		memcpy(id.octets, at, MESSAGE_ID_SIZE);
	return id;
}

void answer_done(struct store_request *r)
{
	r->answer = STORE_DONE;
	r->refusal = STORE_NO_REFUSAL;
	r->why = NULL;
}

void answer_refused(struct store_request *r, enum store_refusal refusal, const char *why)
{
	r->answer = STORE_REFUSED;
	r->refusal = refusal;
	r->why = why;
}

void answer_conflict(struct store_request *r, const char *why)
{
	r->answer = STORE_CONFLICT;
	r->refusal = STORE_NO_REFUSAL;
	r->why = why;
}

static void row_delivery(struct store_row *row, sqlite3_stmt *q, struct arena *arena)
{
	row->id = sql_get_id(q, 0);
	row->recipient = sql_get_text(q, 1, arena);
	row->has_lane = sqlite3_column_type(q, 2) != SQLITE_NULL;
	row->lane = sqlite3_column_int64(q, 2);
	row->route = sql_get_text(q, 3, arena);
	row->bearer = sql_get_text(q, 4, arena);
	row->state = (enum store_state)sqlite3_column_int(q, 5);
	row->doubt = sqlite3_column_int(q, 6) != 0;
	row->cancel = sqlite3_column_int(q, 7) != 0;
	row->parked = (uint8_t)sqlite3_column_int(q, 8);
	row->attempt = sqlite3_column_int64(q, 9);
	row->epoch = sqlite3_column_int64(q, 10);
	row->due_us = sqlite3_column_int64(q, 11);
	row->deadline_us = sqlite3_column_int64(q, 12);
	row->lease_us = sqlite3_column_int64(q, 13);
	row->outcome = (enum store_outcome)sqlite3_column_int(q, 14);
	row->final_us = sqlite3_column_int64(q, 15);
	row->trail = sql_get_octets(q, 16, arena);
}

struct store_row *sqlite_row(sqlite3_stmt *q, struct arena *arena)
{
	struct store_row *row = arena_alloc(arena, sizeof(*row));

	row_delivery(row, q, arena);
	row->channel = sql_get_text(q, 17, arena);
	row->sender = sql_get_text(q, 18, arena);
	row->text = sql_get_text(q, 19, arena);
	if (sqlite3_column_bytes(q, 20) == (int)sizeof(row->account_id))
		memcpy(row->account_id, sqlite3_column_blob(q, 20), sizeof(row->account_id));
	row->accepted_us = sqlite3_column_int64(q, 21);
	row->expires_us = sqlite3_column_int64(q, 22);
	row->header = sql_get_octets(q, 23, arena);
	return row;
}

struct store_row *sqlite_row_get(struct sqlite_store *s, struct message_id id, struct arena *arena)
{
	sqlite3_stmt *q = sql(s, SQL_ROW_GET);

	sql_id(q, 1, id);
	if (!sql_row(s, q))
		return NULL;
	struct store_row *row = sqlite_row(q, arena);
	sqlite3_reset(q);
	return row;
}

struct octets sqlite_trail(const struct store_row *row, struct octets events, struct arena *arena)
{
	size_t room = row->trail.len + events.len + TRAIL_EVENT_SIZE;
	struct writer w = writer_of(arena_alloc(arena, room), room);

	trail_append(&w, row->trail.at, row->trail.len, events.at, events.len);
	return (struct octets){ w.start, writer_len(&w) };
}

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

/* Number and chain are given at the write: there is one writer (store.md 1, cdr_next). */
void sqlite_cdr_put(struct sqlite_store *s, struct message_id delivery, uint8_t kind, struct text body)
{
	uint8_t chain[32];
	const struct digest_part parts[] = { { s->cdr_chain, sizeof(s->cdr_chain) }, { body.at, body.len } };

	if (!body.len)
		return;
	digest_sha256(parts, 2, chain);
	sqlite3_stmt *q = sql(s, SQL_CDR_PUT);
	sql_id(q, 1, delivery);
	sqlite3_bind_int(q, 2, kind);
	sql_text(q, 3, body);
	sqlite3_bind_int64(q, 4, s->now_us);
	sqlite3_bind_int64(q, 5, s->cdr_seq + 1);
	sql_octets(q, 6, chain, sizeof(chain));
	if (sql_run(s, q) != 1)
		return;
	s->cdr_seq++;
	memcpy(s->cdr_chain, chain, sizeof(chain));
}

void sqlite_lane_leave(struct sqlite_store *s, const struct store_row *row)
{
	/* A row on HOLD left its lane when it was held. */
	if (!row->has_lane || row->parked == 2)
		return;
	uint32_t left = lanes_remove(s->lanes, row->lane);
	if (!left || row->parked)
		return;
	sqlite3_stmt *q = sql(s, SQL_PROMOTE);
	sqlite3_bind_int64(q, 1, row->lane);
	(void)sql_run(s, q);
}

static void list_add(struct receipt_list *list, const struct store_outbox *o, struct arena *arena)
{
	if (list->count == list->room) {
		unsigned room = list->room ? list->room * 2 : 4;
		struct store_outbox *rows = arena_alloc(arena, room * sizeof(*rows));
		if (list->count)
			memcpy(rows, list->rows, list->count * sizeof(*rows));
		list->rows = rows;
		list->room = room;
	}
	list->rows[list->count++] = *o;
}

void sqlite_tell_end(struct sqlite_store *s, struct store_row *row, enum store_outcome outcome, struct arena *arena,
		     struct receipt_list *list)
{
	struct store_outbox o = { 0 };

	if (!s->policy)
		return;
	if (s->policy->receipt && s->policy->receipt(s->policy->owner, row, outcome, s->now_us, arena, &o)) {
		sqlite_outbox_put(s, &o);
		list_add(list, &o, arena);
	}
	if (s->policy->cdr)
		sqlite_cdr_put(s, row->id, 0, s->policy->cdr(s->policy->owner, row, outcome, s->now_us, arena));
}

void sqlite_end_row(struct sqlite_store *s, struct store_row *row, enum store_outcome outcome, struct octets trail,
		    struct arena *arena, struct receipt_list *list)
{
	bool had_lane = row->state == DELIVERY_WAITING || row->state == DELIVERY_LEASED;
	sqlite3_stmt *q = sql(s, SQL_OUTCOME_SET);

	row->trail = sqlite_trail(row, trail, arena);
	row->outcome = outcome;
	row->final_us = s->now_us;
	sql_id(q, 1, row->id);
	sqlite3_bind_int(q, 2, DELIVERY_FINISHED);
	sqlite3_bind_int(q, 3, (int)outcome);
	sqlite3_bind_int64(q, 4, s->now_us);
	sql_octets(q, 5, row->trail.at, row->trail.len);
	if (sql_run(s, q) != 1)
		return;
	if (had_lane)
		sqlite_lane_leave(s, row);
	if (row->parked == 2) {
		q = sql(s, SQL_WAKE_DELETE);
		sql_id(q, 1, row->id);
		(void)sql_run(s, q);
	}
	row->state = DELIVERY_FINISHED;
	sqlite_tell_end(s, row, outcome, arena, list);
}

void sqlite_memory_rebuild(struct sqlite_store *s)
{
	sqlite3_stmt *q = sql(s, SQL_LANES);

	lanes_clear(s->lanes);
	while (sql_row(s, q))
		lanes_add(s->lanes, sqlite3_column_int64(q, 0));
	s->cdr_seq = 0;
	memset(s->cdr_chain, 0, sizeof(s->cdr_chain));
	q = sql(s, SQL_CDR_HEAD);
	if (sql_row(s, q)) {
		s->cdr_seq = sqlite3_column_int64(q, 0);
		if (sqlite3_column_bytes(q, 1) == (int)sizeof(s->cdr_chain))
			memcpy(s->cdr_chain, sqlite3_column_blob(q, 1), sizeof(s->cdr_chain));
		sqlite3_reset(q);
	}
}
