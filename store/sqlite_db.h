/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The only file that includes sqlite3.h for others in this folder: statements by number, values in and out, and the
 * state that one connection's thread keeps. There are two of these: the writer's and the reader's.
 */
#ifndef STORE_SQLITE_DB_H
#define STORE_SQLITE_DB_H

#include <sqlite3.h>

#include "core/base/counter.h"
#include "core/store.h"
#include "store/answer.h"
#include "store/lanes.h"
#include "store/sqlite_statements.h"

/* What the writer keeps in memory beside the rows, and must take back with a rollback. */
struct sqlite_memory {
	int64_t cdr_seq;
	uint8_t cdr_chain[32];
	unsigned lane_changes, day_changes; /* lengths of the two logs */
	bool any_charge, any_early;	    /* any_early: false only where the table is empty */
};

struct lane_change {
	int64_t lane;
	bool added;
};

/* What a posting changed of an account's day: merged and written once per batch. */
struct day_change {
	uint8_t account_id[16];
	int64_t day, amount;
};

struct sqlite_store {
	struct store base; /* first */
	const struct store_policy *policy;
	struct store_limits limits;
	sqlite3 *db;
	sqlite3_stmt *statements[SQL_COUNT];
	int64_t now_us; /* of this batch */
	bool promoted;	/* by this request: struct store_request */
	bool broken;	/* a statement failed for a reason that is not the request's: roll back */
	int error;	/* its SQLite code */

	/* the writer's alone */
	struct lanes *lanes;
	struct sqlite_memory memory;
	struct lane_change *lane_log;
	struct day_change *day_log;
	unsigned lane_room, day_room;
	int64_t node_epoch;
	struct message_id prune_at; /* where the walk over old messages goes on */
	int64_t clock_mark_us;	    /* as stored: no time handed out is beyond it after a batch */
	char currencies[16][8];	    /* whose system accounts are known to be there */
	unsigned currencies_count;
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
/* A column of exactly n octets; anything else leaves `to` zeroed. */
void sql_get_fixed(sqlite3_stmt *q, int column, void *to, size_t n);

/* --- rows (sqlite_row.c) --- */

/* What most writes need of a delivery. */
struct live {
	enum store_state state;
	int64_t rowid, epoch, lane, deadline_us;
	bool has_lane, doubt, cancel;
	uint8_t parked;
	size_t trail_len;
	enum store_outcome outcome;
};
bool sqlite_live(struct sqlite_store *s, struct message_id id, struct live *out);
/* Leased, or in doubt and not claimed again: a result of that epoch counts. */
bool sqlite_is_at_work(const struct live *live, int64_t epoch);
/* Why nothing was changed: no such row, another epoch, another state. */
void sqlite_explain(struct store_request *r, const struct live *live, bool found, int64_t epoch);

/* The columns of SQL_ROW_GET and its kin into a row of the arena, with its charge. */
struct store_row *sqlite_row(struct sqlite_store *s, sqlite3_stmt *q, struct arena *arena);
/* One delivery, or NULL. */
struct store_row *sqlite_row_get(struct sqlite_store *s, struct message_id id, struct arena *arena);
/* All rows of a bound statement, as a list. */
struct store_row *sqlite_rows(struct sqlite_store *s, sqlite3_stmt *q, struct arena *arena, unsigned *count_out);
/* What is left to append to a trail of that length: `events`, or nothing when they were folded in already. */
struct octets sqlite_trail_room(struct sqlite_store *s, struct message_id id, size_t trail_len, struct octets events);

/* --- lanes (sqlite_lane.c) --- */
void sqlite_lane_add(struct sqlite_store *s, int64_t lane);
/* The lane lost an unfinished row: counts it out and, when that was the head, makes the oldest parked one head. */
void sqlite_lane_leave(struct sqlite_store *s, int64_t lane, bool was_head);
/* A waiting head gives way when an older row is parked behind it. */
void sqlite_lane_yield(struct sqlite_store *s, struct message_id id, int64_t lane);
/* True when a row that comes back into its lane is head of it: a younger head that only waits has been parked. */
bool sqlite_lane_return(struct sqlite_store *s, struct message_id id, int64_t lane);

/* --- ends (sqlite_end.c) --- */

void sqlite_outbox_put(struct sqlite_store *s, const struct store_outbox *o);
void sqlite_cdr_put(struct sqlite_store *s, struct message_id delivery, uint8_t kind, struct text body);
/* Ends a row that is not at work with anybody: outcome, trail, lane, money, receipt, CDR. */
void sqlite_end_row(struct sqlite_store *s, struct store_row *row, enum store_outcome outcome, struct octets trail,
		    struct arena *arena, struct receipt_list *list);
/* The worst outcome of a delivery's segments once all are in, OUTCOME_NONE before. */
enum store_outcome sqlite_wires_outcome(struct sqlite_store *s, struct message_id id);

/* --- reports (sqlite_report.c, sqlite_early.c) --- */

/* What a report says of a row that is there: c's answer and outputs. */
void sqlite_report_apply(struct sqlite_store *s, struct store_report *c, struct store_row *row,
			 enum store_outcome outcome);
struct wire {
	struct text peer, id;
	struct message_id delivery;
	unsigned parts; /* of the message, each with a wire id of its own */
};
/* False: it is nobody's. */
bool sqlite_wire_find(struct sqlite_store *s, struct text peer, struct text wire_id, struct wire *out);
/* Counts a report for its segment: what that comes to for the delivery, OUTCOME_NONE while segments are open. */
enum store_outcome sqlite_wire_report(struct sqlite_store *s, const struct wire *wire, const struct store_report *c);
void sqlite_wire_raise(struct sqlite_store *s, struct text peer, struct text wire_id, enum store_outcome outcome);
void sqlite_early_keep(struct sqlite_store *s, const struct store_report *c, int64_t until_us);
/* An early report that means this new wire id is counted for it and gone; true when there was one. */
bool sqlite_early_take(struct sqlite_store *s, struct store_finish *f, struct text wire_id,
		       enum store_outcome *outcome_out);
/* Those kept in vain go to whoever has their first form; how many deliveries that ended. */
unsigned sqlite_early_expire(struct sqlite_store *s, unsigned limit, struct arena *arena, struct receipt_list *list);

/* store/sqlite_schema.c: the schema of this program, made or brought up to date. */
MUST_CHECK enum result sqlite_schema_prepare(sqlite3 *db, const char **why_out);

/* --- the writer's operations --- */
void sqlite_accept(struct sqlite_store *s, struct store_request *r);
void sqlite_claim(struct sqlite_store *s, struct store_request *r);
void sqlite_renew(struct sqlite_store *s, struct store_request *r);
void sqlite_release(struct sqlite_store *s, struct store_request *r);
void sqlite_due(struct sqlite_store *s, struct store_request *r);
void sqlite_hold(struct sqlite_store *s, struct store_request *r);
void sqlite_decide(struct sqlite_store *s, struct store_request *r);
void sqlite_finish(struct sqlite_store *s, struct store_request *r);
void sqlite_in_doubt(struct sqlite_store *s, struct store_request *r);
void sqlite_cancel(struct sqlite_store *s, struct store_request *r);
void sqlite_expire(struct sqlite_store *s, struct store_request *r);
void sqlite_prune(struct sqlite_store *s, struct store_request *r);
void sqlite_report(struct sqlite_store *s, struct store_request *r);
void sqlite_fact_write(struct sqlite_store *s, struct store_request *r);
void sqlite_cdr_ack(struct sqlite_store *s, struct store_request *r);
void sqlite_outbox_end(struct sqlite_store *s, struct store_request *r);
void sqlite_refund(struct sqlite_store *s, struct store_request *r);
void sqlite_fund(struct sqlite_store *s, struct store_request *r);
void sqlite_account_put(struct sqlite_store *s, struct store_request *r);
void sqlite_subscriber_put(struct sqlite_store *s, struct store_request *r);
void sqlite_cap_put(struct sqlite_store *s, struct store_request *r);
void sqlite_consent_put(struct sqlite_store *s, struct store_request *r);
void sqlite_price_put(struct sqlite_store *s, struct store_request *r);
void sqlite_fence(struct sqlite_store *s, struct store_request *r);

/* --- the reader's --- */
void sqlite_wake(struct sqlite_store *s, struct store_request *r);
void sqlite_fact_get(struct sqlite_store *s, struct store_request *r);
void sqlite_fact_scan(struct sqlite_store *s, struct store_request *r);
void sqlite_cdr_next(struct sqlite_store *s, struct store_request *r);
void sqlite_outbox_due(struct sqlite_store *s, struct store_request *r);
void sqlite_message_get(struct sqlite_store *s, struct store_request *r);
void sqlite_scan(struct sqlite_store *s, struct store_request *r);
void sqlite_routes(struct sqlite_store *s, struct store_request *r);
void sqlite_targets(struct sqlite_store *s, struct store_request *r);
void sqlite_account_get(struct sqlite_store *s, struct store_request *r);
void sqlite_subscriber_get(struct sqlite_store *s, struct store_request *r);
void sqlite_cap_get(struct sqlite_store *s, struct store_request *r);
void sqlite_consent_get(struct sqlite_store *s, struct store_request *r);
void sqlite_quote_price(struct sqlite_store *s, struct store_request *r);
void sqlite_sums(struct sqlite_store *s, struct store_request *r);

/* --- the writer's memory (sqlite_memory.c) --- */

/* At opening: lanes, the head of the CDRs, the clock's mark. */
void sqlite_memory_load(struct sqlite_store *s);
void sqlite_memory_rollback(struct sqlite_store *s, const struct sqlite_memory *to);
/* Before a commit: what is written once per batch. */
void sqlite_memory_flush(struct sqlite_store *s);
/* After a commit. */
void sqlite_memory_committed(struct sqlite_store *s);
/* Before closing: the clock's mark no longer runs ahead. */
void sqlite_memory_close(struct sqlite_store *s);
void sqlite_memory_free(struct sqlite_store *s);
void sqlite_mark_put(struct sqlite_store *s, const char *name, int64_t value);
int64_t sqlite_mark_get(struct sqlite_store *s, const char *name);

#endif
