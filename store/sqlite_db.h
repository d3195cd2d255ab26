/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The only file that includes sqlite3.h for others in this folder: statements by number, values in and out, and the
 * state of the one writer. Everything here runs on the writer thread, except where said.
 */
#ifndef STORE_SQLITE_DB_H
#define STORE_SQLITE_DB_H

#include <sqlite3.h>

#include "core/store.h"
#include "store/lanes.h"

enum statement {
	SQL_BEGIN,
	SQL_COMMIT,
	SQL_ROLLBACK,
	SQL_SAVEPOINT,
	SQL_ROLLBACK_TO,
	SQL_RELEASE,
	SQL_IDEM_GET,
	SQL_IDEM_PUT,
	SQL_MESSAGE_PUT,
	SQL_MESSAGE_EXISTS,
	SQL_DELIVERY_PUT,
	SQL_OUTBOX_PUT,
	SQL_ROW_GET,
	SQL_ROWS_OF_MESSAGE,
	SQL_CLAIM,
	SQL_RENEW,
	SQL_RELEASE_ROW,
	SQL_WAKE_DELETE,
	SQL_FINISH,
	SQL_IN_DOUBT,
	SQL_PROMOTE,
	SQL_OUTCOME_SET,
	SQL_CANCEL_MARK,
	SQL_TRAIL_SET,
	SQL_WIRE_GET,
	SQL_WIRE_PUT,
	SQL_WIRE_TAKE,
	SQL_WIRE_OUTCOME,
	SQL_WIRE_WORST,
	SQL_EXPIRE_DEADLINE,
	SQL_EXPIRE_LEASE,
	SQL_CDR_PUT,
	SQL_CDR_HEAD,
	SQL_FACT_PUT,
	SQL_FACT_GET,
	SQL_FACT_DELETE,
	SQL_OUTBOX_DUE,
	SQL_OUTBOX_DUE_ALL,
	SQL_OUTBOX_DONE,
	SQL_OUTBOX_LATER,
	SQL_FENCE_RAISE,
	SQL_COUNTS,
	SQL_SCAN,
	SQL_LANES,
	SQL_COUNT
};

struct sqlite_store {
	struct store base; /* first */
	const struct store_policy *policy;
	struct store_limits limits;
	sqlite3 *db;
	sqlite3_stmt *statements[SQL_COUNT];
	struct lanes *lanes;
	int64_t cdr_seq;
	uint8_t cdr_chain[32];
	int64_t now_us; /* of this batch */
	bool broken;	/* a statement failed for a reason that is not the request's: roll back */
};

/* One request, inside the batch's transaction: sets answer, refusal, why and the outputs. */
typedef void (*sqlite_operation)(struct sqlite_store *s, struct store_request *request);

/* Ready to bind: reset, bindings cleared. */
sqlite3_stmt *sql(struct sqlite_store *s, enum statement n);
/* True while there are rows; an error sets s->broken and is false. */
bool sql_row(struct sqlite_store *s, sqlite3_stmt *q);
/* Runs a statement that gives no rows; how many it changed, -1 after an error (s->broken set). */
int sql_run(struct sqlite_store *s, sqlite3_stmt *q);
void sql_text(sqlite3_stmt *q, int at, struct text t);
void sql_octets(sqlite3_stmt *q, int at, const void *bytes, size_t n);
void sql_id(sqlite3_stmt *q, int at, struct message_id id);
struct text sql_get_text(sqlite3_stmt *q, int column, struct arena *arena);
struct octets sql_get_octets(sqlite3_stmt *q, int column, struct arena *arena);
struct message_id sql_get_id(sqlite3_stmt *q, int column);

void answer_done(struct store_request *r);
void answer_refused(struct store_request *r, enum store_refusal refusal, const char *why);
void answer_conflict(struct store_request *r, const char *why);

/* The columns of SQL_ROW_GET and its kin into a row of the arena. */
struct store_row *sqlite_row(sqlite3_stmt *q, struct arena *arena);
/* One delivery, or NULL. */
struct store_row *sqlite_row_get(struct sqlite_store *s, struct message_id id, struct arena *arena);
/* `row` with `events` behind its trail. */
struct octets sqlite_trail(const struct store_row *row, struct octets events, struct arena *arena);
void sqlite_outbox_put(struct sqlite_store *s, const struct store_outbox *o);
void sqlite_cdr_put(struct sqlite_store *s, struct message_id delivery, uint8_t kind, struct text body);
/* The lane lost a head: counts it out and makes the oldest parked one head. */
void sqlite_lane_leave(struct sqlite_store *s, const struct store_row *row);
/* What the policy says of an end that came without the caller: receipt and CDR; the receipts go to the list in the
 * arena. */
struct receipt_list {
	struct store_outbox *rows;
	unsigned count, room;
};
void sqlite_tell_end(struct sqlite_store *s, struct store_row *row, enum store_outcome outcome, struct arena *arena,
		     struct receipt_list *list);
/* Ends a row that is not handed to anybody: outcome, trail, lane, receipt, CDR. */
void sqlite_end_row(struct sqlite_store *s, struct store_row *row, enum store_outcome outcome, struct octets trail,
		    struct arena *arena, struct receipt_list *list);

/* The worst outcome of a delivery's segments once all are in, OUTCOME_NONE before. */
enum store_outcome sqlite_wires_outcome(struct sqlite_store *s, struct message_id id);

/* store/sqlite_schema.c: the schema of this program, made or brought up to date. */
MUST_CHECK enum result sqlite_schema_prepare(sqlite3 *db, const char **why_out);

/* The operations. */
void sqlite_accept(struct sqlite_store *s, struct store_request *r);
void sqlite_claim(struct sqlite_store *s, struct store_request *r);
void sqlite_renew(struct sqlite_store *s, struct store_request *r);
void sqlite_release(struct sqlite_store *s, struct store_request *r);
void sqlite_finish(struct sqlite_store *s, struct store_request *r);
void sqlite_in_doubt(struct sqlite_store *s, struct store_request *r);
void sqlite_cancel(struct sqlite_store *s, struct store_request *r);
void sqlite_expire(struct sqlite_store *s, struct store_request *r);
void sqlite_report(struct sqlite_store *s, struct store_request *r);
void sqlite_fact(struct sqlite_store *s, struct store_request *r);
void sqlite_outbox_due(struct sqlite_store *s, struct store_request *r);
void sqlite_outbox_end(struct sqlite_store *s, struct store_request *r);
void sqlite_message_get(struct sqlite_store *s, struct store_request *r);
void sqlite_fence(struct sqlite_store *s, struct store_request *r);
void sqlite_sums(struct sqlite_store *s, struct store_request *r);
void sqlite_scan(struct sqlite_store *s, struct store_request *r);
/* After opening, and after a batch that was rolled back: what is kept in memory is read from the rows again. */
void sqlite_memory_rebuild(struct sqlite_store *s);

#endif
