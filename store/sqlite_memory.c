/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the writer keeps beside the rows: lanes, the head of the CDRs, the clock's mark. */
#include <stdlib.h>

#include "core/base/clock.h"
#include "core/base/log.h"
#include "store/sqlite_money.h"

#define LANES_AHEAD 16u
#define CLOCK_MARK "clock"
#define CLOCK_AHEAD_US USEC_PER_SEC	   /* the stored mark runs ahead by so much, so that it is written rarely */
#define CLOCK_WRONG_US (60 * USEC_PER_SEC) /* an operator should look at a clock that is behind by more */

int64_t sqlite_mark_get(struct sqlite_store *s, const char *name)
{
	sqlite3_stmt *q = sql(s, SQL_MARK_GET);
	int64_t value = 0;

	sql_text(q, 1, text_of(name));
	if (sql_row(s, q)) {
		value = sqlite3_column_int64(q, 0);
		sqlite3_reset(q);
	}
	return value;
}

void sqlite_mark_put(struct sqlite_store *s, const char *name, int64_t value)
{
	sqlite3_stmt *q = sql(s, SQL_MARK_PUT);

	sql_text(q, 1, text_of(name));
	sqlite3_bind_int64(q, 2, value);
	(void)sql_run(s, q);
}

/* Millions of them, all over the table: read a few ahead of adding them. */
static void load_lanes(struct sqlite_store *s)
{
	sqlite3_stmt *q = sql(s, SQL_LANES);
	int64_t ahead[LANES_AHEAD];
	unsigned n = 0;

	lanes_clear(s->lanes);
	while (sql_row(s, q)) {
		if (n >= LANES_AHEAD)
			lanes_add(s->lanes, ahead[n % LANES_AHEAD]);
		ahead[n % LANES_AHEAD] = sqlite3_column_int64(q, 0);
		lanes_expect(s->lanes, ahead[n % LANES_AHEAD]);
		n++;
	}
	for (unsigned i = n > LANES_AHEAD ? n - LANES_AHEAD : 0; i < n; i++)
		lanes_add(s->lanes, ahead[i % LANES_AHEAD]);
}

void sqlite_memory_load(struct sqlite_store *s)
{
	sqlite3_stmt *q = sql(s, SQL_CDR_HEAD);

	load_lanes(s);
	if (sql_row(s, q)) {
		s->memory.cdr_seq = sqlite3_column_int64(q, 0);
		sql_get_fixed(q, 1, s->memory.cdr_chain, sizeof(s->memory.cdr_chain));
		sqlite3_reset(q);
	}
	q = sql(s, SQL_CHARGE_ANY);
	if (sql_row(s, q)) {
		s->memory.any_charge = sqlite3_column_int(q, 0) != 0;
		sqlite3_reset(q);
	}
	q = sql(s, SQL_EARLY_ANY);
	if (sql_row(s, q)) {
		s->memory.any_early = sqlite3_column_int(q, 0) != 0;
		sqlite3_reset(q);
	}
	s->clock_mark_us = sqlite_mark_get(s, CLOCK_MARK);
	s->now_us = clock_now();
	if (s->clock_mark_us > s->now_us) {
		if (s->clock_mark_us - s->now_us > CLOCK_WRONG_US)
			LOGE(LOG_STORE, NULL,
			     "the clock is %lld s behind what this store has seen: times stand until then",
			     (long long)((s->clock_mark_us - s->now_us) / USEC_PER_SEC));
		s->now_us = s->clock_mark_us;
	}
}

/* The newest change first, so that each lane passes through the counts it had. */
void sqlite_memory_rollback(struct sqlite_store *s, const struct sqlite_memory *to)
{
	while (s->memory.lane_changes > to->lane_changes) {
		const struct lane_change *change = &s->lane_log[--s->memory.lane_changes];
		if (change->added)
			(void)lanes_remove(s->lanes, change->lane);
		else
			lanes_add(s->lanes, change->lane);
	}
	s->memory = *to;
	s->currencies_count = 0;
}

void sqlite_memory_flush(struct sqlite_store *s)
{
	sqlite_days_flush(s);
	if (s->now_us <= s->clock_mark_us)
		return;
	sqlite_mark_put(s, CLOCK_MARK, s->now_us + CLOCK_AHEAD_US);
}

void sqlite_memory_committed(struct sqlite_store *s)
{
	if (s->now_us > s->clock_mark_us)
		s->clock_mark_us = s->now_us + CLOCK_AHEAD_US;
	s->memory.lane_changes = s->memory.day_changes = 0;
}

void sqlite_memory_close(struct sqlite_store *s)
{
	sqlite3_stmt *q = sql(s, SQL_MARK_SET);

	if (s->now_us >= s->clock_mark_us)
		return;
	sql_text(q, 1, TEXT_LITERAL(CLOCK_MARK));
	sqlite3_bind_int64(q, 2, s->now_us);
	(void)sql_run(s, q);
}

void sqlite_memory_free(struct sqlite_store *s)
{
	lanes_free(&s->lanes);
	free(s->lane_log);
	free(s->day_log);
}
