/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Databases of every released schema are brought up to date, and what they hold goes on. */
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/base/log.h"
#include "tests/store/world.h"

#define DUMP_MAX 65536u

/* Leaves the world without a store: its file is made anew from the dump. */
static void make_file(struct world *w, const char *dump)
{
	char *text = must_alloc(DUMP_MAX), path[96];
	sqlite3 *db = NULL;
	FILE *in = fopen(dump, "r");

	world_close(w);
	(void)remove(w->path);
	snprintf(path, sizeof(path), "%s-wal", w->path);
	(void)remove(path);
	assert_non_null(in);
	assert_true(fread(text, 1, DUMP_MAX - 1, in) > 0);
	fclose(in);
	assert_int_equal(sqlite3_open(w->path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, text, NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
	free(text);
}

static int add_line(void *to, int columns, char **values, char **names)
{
	char *text = to;
	size_t n = strlen(text);

	(void)columns;
	(void)names;
	snprintf(text + n, DUMP_MAX - n, "%s\n", values[0]);
	return 0;
}

/* Every statement of the schema, and whether the file is sound. */
static char *schema_of(const char *path)
{
	char *text = must_alloc(DUMP_MAX);
	sqlite3 *db = NULL;

	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db,
				      "PRAGMA user_version; PRAGMA integrity_check; PRAGMA foreign_key_check; "
				      "SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY name",
				      add_line, text, NULL),
			 SQLITE_OK);
	sqlite3_close(db);
	return text;
}

static void version_1_is_brought_up_to_date(void **state)
{
	struct world *w = *state;
	char *fresh, *upgraded;

	fresh = schema_of(w->path);
	make_file(w, "tests/store/version_1.sql");
	world_open(w);
	world_close(w);
	upgraded = schema_of(w->path);
	assert_string_equal(upgraded, fresh);
	assert_non_null(strstr(upgraded, "ok\n"));
	free(fresh);
	free(upgraded);
	world_open(w);
}

static void what_it_holds_goes_on(void **state)
{
	struct world *w = *state;
	struct store_cdr_next cdrs = { .arena = w->arena, .limit = 10 };
	struct text wire = TEXT_LITERAL("id-4");
	struct store_report report = { .arena = w->arena,
				       .peer = TEXT_LITERAL("smsc"),
				       .wire_ids = &wire,
				       .wire_ids_count = 1,
				       .outcome = OUTCOME_DELIVERED };
	struct store_wake wake = { .arena = w->arena, .key = TEXT_LITERAL("reach:+81"), .limit = 10 };

	make_file(w, "tests/store/version_1.sql");
	world_clock(w, USEC_PER_SEC);
	world_open(w);
	struct store_sums sums = world_sums(w);
	assert_int_equal(sums.waiting_out, 2);
	assert_int_equal(sums.leased_out, 1);
	assert_int_equal(sums.handed_over_out, 1);
	assert_int_equal(sums.finished_out, 1);
	assert_int_equal(sums.on_hold_out, 1);
	struct store_claim *c = world_claim(w, 10);
	assert_int_equal(c->rows_count_out, 1); /* the other is parked behind it */
	assert_true(text_is(c->rows_out->text, "waiting"));
	const struct store_wire early = { TEXT_LITERAL("id-early"), 1 };
	struct store_finish *f = world_finish_request(w, c->rows_out->id, c->rows_out->epoch, OUTCOME_SENT);
	f->wires = &early;
	f->wires_count = 1;
	f->await_until_us = FAR;
	assert_int_equal(DO(w, f, STORE_FINISH), STORE_DONE);
	assert_int_equal(f->outcome_out, OUTCOME_DELIVERED); /* a report had come first */
	assert_true(text_is(world_claim(w, 10)->rows_out->text, "parked"));
	assert_int_equal(DO(w, &report, STORE_REPORT), STORE_DONE);
	assert_true(report.final_out);
	assert_int_equal(DO(w, &wake, STORE_WAKE), STORE_DONE);
	assert_int_equal(wake.rows_count_out, 1);
	assert_int_equal(DO(w, &cdrs, STORE_CDR_NEXT), STORE_DONE);
	assert_int_equal(cdrs.rows_count_out, 2); /* the second, and the one written now */
	assert_int_equal(cdrs.rows_out->next->seq, 3);
}

static enum result try_open(struct world *w, const char **why)
{
	struct store *store = NULL;
	enum result r = store_sqlite_open(w->loop, w->path, NULL, NULL, NULL, &store, why);

	if (!r)
		store_close(&store);
	return r;
}

static void a_newer_or_foreign_file_is_refused(void **state)
{
	struct world *w = *state;
	sqlite3 *db = NULL;
	const char *why = NULL;

	world_close(w);
	assert_int_equal(sqlite3_open(w->path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, "PRAGMA user_version = 99", NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
	assert_int_equal(try_open(w, &why), ERR_UNSUPPORTED);
	assert_non_null(why);
	(void)remove(w->path);
	FILE *out = fopen(w->path, "w");
	for (unsigned i = 0; i < 1000; i++)
		fputs("this is no database\n", out);
	fclose(out);
	assert_int_not_equal(try_open(w, &why), OK);
	(void)remove(w->path);
	world_open(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(version_1_is_brought_up_to_date, world_set_up, world_tear_down),
		cmocka_unit_test_setup_teardown(what_it_holds_goes_on, world_set_up, world_tear_down),
		cmocka_unit_test_setup_teardown(a_newer_or_foreign_file_is_refused, world_set_up, world_tear_down),
	};

	log_set_level(LOG_STORE, LOG_LEVEL_COUNT);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
