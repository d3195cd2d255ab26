/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The files of the SQLite driver: made, opened by both connections, taken over from whoever had them, closed. */
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "store/sqlite_gather.h"
#include "store/sqlite_pages.h"
#include "store/sqlite_threads.h"

/* The file is made here, so that its mode never depends on the umask. */
static bool make_file(const char *path)
{
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

	if (fd < 0)
		return false;
	close(fd);
	return true;
}

/* Checkpoints are the writer's decision, not every commit's. No temporary files: the sandbox opens no folder for them.
 */
static bool set_modes(sqlite3 *db, bool writer)
{
	static const char writes[] = "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON; "
				     "PRAGMA trusted_schema=OFF; PRAGMA temp_store=MEMORY; PRAGMA cache_size=-65536; "
				     "PRAGMA wal_autocheckpoint=0";
	static const char reads[] = "PRAGMA query_only=ON; PRAGMA trusted_schema=OFF; PRAGMA temp_store=MEMORY; "
				    "PRAGMA cache_size=-16384";

	sqlite3_busy_timeout(db, SQLITE_BUSY_MS);
	return !sqlite3_exec(db, writer ? writes : reads, NULL, NULL, NULL);
}

enum result sqlite_open_files(struct sqlite_driver *d, const char *vfs, const char **why_out)
{
	int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;

	/* Counting memory takes a lock at every allocation. Refused, and harmless, when SQLite is in use already. */
	(void)sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
	sqlite_pages_start();
	if (!vfs && !make_file(d->path)) {
		*why_out = "the database file cannot be opened for writing";
		return ERR_IO;
	}
	const char *gather = sqlite_gather_vfs(vfs);
	if (!gather || sqlite3_open_v2(d->path, &d->writer.db, flags, gather) || !set_modes(d->writer.db, true)) {
		*why_out = "the database cannot be opened";
		return ERR_IO;
	}
	enum result r = sqlite_schema_prepare(d->writer.db, why_out);
	if (r)
		return r;
	flags = SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX;
	if (sqlite3_open_v2(d->path, &d->reader.db, flags, vfs) || !set_modes(d->reader.db, false)) {
		*why_out = "the database cannot be opened for reading";
		return ERR_IO;
	}
	return OK;
}

/* The names of new files are on disk before anything is promised about what is in them. */
static enum result sync_folder(const struct sqlite_driver *d, const char **why_out)
{
	const char *slash = strrchr(d->path, '/');
	bool synced = true;

	char *folder = must_strdup(slash ? d->path : ".");
	if (slash)
		folder[slash == d->path ? 1 : slash - d->path] = 0;
	int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	free(folder);
	if (fd < 0 || fsync(fd))
		synced = false;
	if (fd >= 0)
		close(fd);
	if (synced)
		return OK;
	*why_out = "the folder of the database cannot be synced";
	return ERR_IO;
}

/* Whoever opened it before is fenced off from here on. */
enum result sqlite_take_over(struct sqlite_driver *d, const char **why_out)
{
	struct sqlite_store *s = &d->writer;
	struct store_fence fence = { .name = TEXT_LITERAL("node") };

	sqlite_memory_load(s);
	atomic_store(&d->newest_us, s->now_us);
	(void)sql_run(s, sql(s, SQL_BEGIN));
	sqlite_fence(s, &fence.base);
	s->node_epoch = fence.epoch_out;
	if (!s->broken && sql_run(s, sql(s, SQL_COMMIT)) >= 0)
		return sync_folder(d, why_out);
	*why_out = "the database cannot be read or written";
	return ERR_IO;
}

static void close_connection(struct sqlite_store *s)
{
	for (unsigned i = 0; i < SQL_COUNT; i++)
		sqlite3_finalize(s->statements[i]);
	sqlite3_close(s->db);
}

void sqlite_close_files(struct sqlite_driver *d)
{
	close_connection(&d->reader);
	close_connection(&d->writer);
}
