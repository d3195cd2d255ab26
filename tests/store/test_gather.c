/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Writes of the log that are gathered: seen by others once committed, in few pieces, and none kept that failed. */
#include <sqlite3.h>
#include <stdio.h>

#include "core/base/log.h"
#include "store/sqlite_gather.h"
#include "tests/store/cut_vfs.h"
#include "tests/store/world.h"

static sqlite3 *open_with(const char *vfs)
{
	sqlite3 *db = NULL;

	assert_int_equal(sqlite3_open_v2("gather.db", &db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, vfs), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db,
				      "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA wal_autocheckpoint=0;"
				      "CREATE TABLE IF NOT EXISTS t (n INTEGER PRIMARY KEY, b BLOB)",
				      NULL, NULL, NULL),
			 SQLITE_OK);
	return db;
}

/* So many rows of 1000 octets in one transaction. */
static int add(sqlite3 *db, int rows)
{
	char text[200];

	snprintf(text, sizeof(text),
		 "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c WHERE x < %d) "
		 "INSERT INTO t (b) SELECT zeroblob(1000) FROM c",
		 rows);
	return sqlite3_exec(db, text, NULL, NULL, NULL);
}

static int count(sqlite3 *db)
{
	sqlite3_stmt *q = NULL;

	assert_int_equal(sqlite3_prepare_v2(db, "SELECT count(*) FROM t", -1, &q, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_step(q), SQLITE_ROW);
	int n = sqlite3_column_int(q, 0);
	assert_int_equal(sqlite3_finalize(q), SQLITE_OK);
	return n;
}

static int start(void **state)
{
	(void)state;
	cut_disk_new(1);
	return 0;
}

static void one_vfs_over_each(void **state)
{
	(void)state;
	const char *name = sqlite_gather_vfs(CUT_VFS);

	assert_non_null(name);
	assert_ptr_equal(sqlite_gather_vfs(CUT_VFS), name);
	assert_string_not_equal(sqlite_gather_vfs(NULL), name);
	assert_null(sqlite_gather_vfs("no such"));
}

static void others_see_what_is_committed(void **state)
{
	(void)state;
	sqlite3 *writes = open_with(sqlite_gather_vfs(CUT_VFS)), *reads = open_with(CUT_VFS);
	int rows = 0;

	for (int n = 1; n <= 600; n *= 5, rows += n / 5) { /* the largest do not fit the gathered octets */
		assert_int_equal(count(reads), rows);
		assert_int_equal(add(writes, n), SQLITE_OK);
	}
	assert_int_equal(count(reads), rows);
	assert_int_equal(sqlite3_wal_checkpoint_v2(writes, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL), SQLITE_OK);
	assert_int_equal(count(reads), rows);
	sqlite3_close(reads);
	sqlite3_close(writes);
	assert_int_equal(cut_open_files(), 0);
}

/* Pages leave the cache for the log and are read again before the commit; a rollback forgets them. */
static void what_spills_is_read_again(void **state)
{
	(void)state;
	sqlite3 *db = open_with(sqlite_gather_vfs(CUT_VFS));

	assert_int_equal(sqlite3_exec(db, "PRAGMA cache_size=10; BEGIN", NULL, NULL, NULL), SQLITE_OK);
	assert_int_equal(add(db, 500), SQLITE_OK);
	assert_int_equal(count(db), 500);
	assert_int_equal(sqlite3_exec(db, "UPDATE t SET b = zeroblob(900); ROLLBACK; BEGIN", NULL, NULL, NULL),
			 SQLITE_OK);
	assert_int_equal(count(db), 0);
	assert_int_equal(add(db, 300), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, "COMMIT; PRAGMA integrity_check", NULL, NULL, NULL), SQLITE_OK);
	assert_int_equal(count(db), 300);
	sqlite3_close(db);
}

static void a_commit_is_few_writes(void **state)
{
	(void)state;
	sqlite3 *db = open_with(sqlite_gather_vfs(CUT_VFS));

	assert_int_equal(add(db, 1), SQLITE_OK); /* the log's header is there */
	unsigned before = cut_operations();
	assert_int_equal(add(db, 80), SQLITE_OK);	/* some 27 pages */
	assert_int_equal(cut_operations() - before, 2); /* and the sync */
	sqlite3_close(db);
}

static void what_could_not_be_written_is_forgotten(void **state)
{
	(void)state;
	sqlite3 *db = open_with(sqlite_gather_vfs(CUT_VFS));
	const enum cut_fault faults[] = { CUT_WRITE_ONCE, CUT_SYNC_ONCE, CUT_FULL };

	assert_int_equal(add(db, 2), SQLITE_OK);
	for (unsigned i = 0; i < 3; i++) {
		cut_fault_at(faults[i], 1);
		assert_int_not_equal(add(db, 30 + (int)i), SQLITE_OK);
		assert_true(cut_struck());
		cut_clear();
		(void)sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL);
		assert_int_equal(count(db), 2 + 3 * (int)i);
		assert_int_equal(add(db, 3), SQLITE_OK);
	}
	assert_int_equal(count(db), 11);
	sqlite3_close(db);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(one_vfs_over_each, start),
		cmocka_unit_test_setup(others_see_what_is_committed, start),
		cmocka_unit_test_setup(what_spills_is_read_again, start),
		cmocka_unit_test_setup(a_commit_is_few_writes, start),
		cmocka_unit_test_setup(what_could_not_be_written_is_forgotten, start),
	};

	log_set_level(LOG_STORE, LOG_LEVEL_COUNT);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
