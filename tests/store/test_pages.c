/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The page cache forgets what was cut off the end of a file, and nothing else. */
#include <sqlite3.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "store/sqlite_pages.h"

static void run(sqlite3 *db, const char *text)
{
	char *error = NULL;

	if (sqlite3_exec(db, text, NULL, NULL, &error))
		fail_msg("%s: %s", text, error);
}

static sqlite3_int64 number(sqlite3 *db, const char *text)
{
	sqlite3_stmt *q = NULL;

	assert_int_equal(sqlite3_prepare_v2(db, text, -1, &q, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_step(q), SQLITE_ROW);
	sqlite3_int64 n = sqlite3_column_int64(q, 0);
	assert_int_equal(sqlite3_finalize(q), SQLITE_OK);
	return n;
}

static void sound(sqlite3 *db)
{
	assert_int_equal(number(db, "SELECT count(*) FROM pragma_integrity_check WHERE integrity_check = 'ok'"), 1);
}

/* Keys in no order, so that the pages of the index are put in order again and again. */
#define FILL(n) \
	"WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c WHERE x < " n ") " \
	"INSERT INTO t (key, body) SELECT randomblob(16), randomblob(300) FROM c"

/* A cache that is emptied holds nothing of before. */
static void what_another_wrote_is_seen(sqlite3 *db, const char *file)
{
	sqlite3 *other = NULL;

	assert_int_equal(sqlite3_open(file, &other), SQLITE_OK);
	for (unsigned i = 0; i < 3; i++) {
		sqlite3_int64 n = number(db, "SELECT count(*) FROM t");
		run(other, FILL("50"));
		assert_int_equal(number(db, "SELECT count(*) FROM t"), n + 50);
		run(db, "DELETE FROM t WHERE rowid % 2");
		assert_int_equal(number(other, "SELECT count(*) FROM t"), number(db, "SELECT count(*) FROM t"));
	}
	sound(db);
	sqlite3_close(other);
}

static void what_is_cut_off_is_read_anew(void **state)
{
	char path[] = "/tmp/cellpost-pages-XXXXXX";
	sqlite3 *db = NULL;

	(void)state;
	assert_non_null(mkdtemp(path));
	char file[64];
	sqlite3_snprintf(sizeof(file), file, "%s/p.db", path);
	assert_int_equal(sqlite3_open(file, &db), SQLITE_OK);
	run(db, "PRAGMA auto_vacuum=FULL; CREATE TABLE t (key BLOB UNIQUE, body BLOB); CREATE INDEX b ON t(body)");
	for (unsigned i = 0; i < 5; i++) {
		run(db, FILL("2000"));
		sqlite3_int64 full = number(db, "PRAGMA page_count");
		run(db, "BEGIN; " FILL("1000") "; ROLLBACK");
		assert_int_equal(number(db, "PRAGMA page_count"), full);
		run(db, "DELETE FROM t WHERE rowid % 4 > 0"); /* the file gets shorter */
		assert_true(number(db, "PRAGMA page_count") < full);
		run(db, FILL("500")); /* pages of those numbers again, with other content */
		sound(db);
		assert_int_equal(number(db, "SELECT count(*) FROM t NOT INDEXED"),
				 number(db, "SELECT count(*) FROM t INDEXED BY b"));
	}
	run(db, "DELETE FROM t; VACUUM; " FILL("100"));
	sound(db);
	what_another_wrote_is_seen(db, file);
	sqlite3_close(db);
	assert_int_equal(remove(file), 0);
	assert_int_equal(remove(path), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(what_is_cut_off_is_read_anew) };

	sqlite_pages_start();
	sqlite_pages_start(); /* changes nothing */
	return cmocka_run_group_tests(tests, NULL, NULL);
}
