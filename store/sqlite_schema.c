/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The schema's versions. PRAGMA user_version is the version of the file; step n brings a file of version n - 1 to n. A
 * released step never changes again.
 */
#include "core/base/log.h"
#include "store/sqlite_db.h"

static const char version_1[] =
#include "store/schema_001_initial.h"
	;
static const char version_2[] =
#include "store/schema_002_state_checks.h"
	;
static const char version_3[] =
#include "store/schema_003_early_reports.h"
	;
static const char version_4[] =
#include "store/schema_004_lean_rows.h"
	;

static const char *const steps[] = { NULL, version_1, version_2, version_3, version_4 };
#define NEWEST ((int)(sizeof(steps) / sizeof(steps[0])) - 1)

static int version_of(sqlite3 *db)
{
	sqlite3_stmt *q;
	int version = -1;

	if (sqlite3_prepare_v2(db, "PRAGMA user_version", -1, &q, NULL))
		return -1;
	if (sqlite3_step(q) == SQLITE_ROW)
		version = sqlite3_column_int(q, 0);
	sqlite3_finalize(q);
	return version;
}

static bool run(sqlite3 *db, const char *text)
{
	char *error = NULL;

	if (!sqlite3_exec(db, text, NULL, NULL, &error))
		return true;
	LOGE(LOG_STORE, NULL, "schema: %s", error ? error : "failed");
	sqlite3_free(error);
	return false;
}

static bool take_step(sqlite3 *db, int version)
{
	char mark[48];

	sqlite3_snprintf(sizeof(mark), mark, "PRAGMA user_version = %d", version);
	if (run(db, "BEGIN IMMEDIATE") && run(db, steps[version]) && run(db, mark) && run(db, "COMMIT"))
		return true;
	(void)run(db, "ROLLBACK");
	return false;
}

enum result sqlite_schema_prepare(sqlite3 *db, const char **why_out)
{
	int version = version_of(db);

	if (version < 0) {
		*why_out = "the file is no readable SQLite database";
		return ERR_MALFORMED;
	}
	if (version > NEWEST) {
		*why_out = "the database was written by a newer cellpost";
		return ERR_UNSUPPORTED;
	}
	while (version < NEWEST) {
		if (!take_step(db, ++version)) {
			*why_out = "the database could not be brought up to date";
			return ERR_IO;
		}
		LOGI(LOG_STORE, NULL, "schema is now version %d", version);
	}
	return OK;
}
