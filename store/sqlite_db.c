/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Statements, values in and out of them, answers. */
#include "store/sqlite_db.h"

#include "core/base/log.h"

static void failed(struct sqlite_store *s, const char *what)
{
	if (!s->broken) {
		s->error = sqlite3_extended_errcode(s->db);
		LOGE(LOG_STORE, NULL, "%s: %s", what, sqlite3_errmsg(s->db));
	}
	s->broken = true;
}

sqlite3_stmt *sql(struct sqlite_store *s, enum statement n)
{
	sqlite3_stmt **q = &s->statements[n];

	if (!*q && sqlite3_prepare_v3(s->db, sqlite_statement_texts[n], -1, SQLITE_PREPARE_PERSISTENT, q, NULL)) {
		/* A statement of ours that is wrong is a bug; a file that cannot be read is not. */
		if ((sqlite3_errcode(s->db) & 0xff) == SQLITE_ERROR)
			log_fatal(LOG_STORE, "statement %d: %s", n, sqlite3_errmsg(s->db));
		failed(s, sqlite_statement_texts[n]);
		return NULL;
	}
	sqlite3_reset(*q);
	sqlite3_clear_bindings(*q);
	return *q;
}

bool sql_row(struct sqlite_store *s, sqlite3_stmt *q)
{
	if (!q)
		return false;
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
	if (!q)
		return -1;
	int rc = sqlite3_step(q);
	if (rc != SQLITE_DONE && rc != SQLITE_ROW) {
		failed(s, sqlite3_sql(q));
		sqlite3_reset(q);
		return -1;
	}
	sqlite3_reset(q);
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

void sql_get_fixed(sqlite3_stmt *q, int column, void *to, size_t n)
{
	const void *at = sqlite3_column_blob(q, column);

	memset(to, 0, n);
	if (at && sqlite3_column_bytes(q, column) == (int)n)
		memcpy(to, at, n);
}

struct message_id sql_get_id(sqlite3_stmt *q, int column)
{
	struct message_id id;

	sql_get_fixed(q, column, id.octets, MESSAGE_ID_SIZE);
	return id;
}
