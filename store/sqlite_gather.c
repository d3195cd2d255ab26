/* SPDX-License-Identifier: GPL-3.0-or-later */
/* See sqlite_gather.h. */
#include "store/sqlite_gather.h"

#include <sqlite3.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/arena.h"

#define NAME_MAX_OCTETS 64

struct gather_vfs {
	sqlite3_vfs vfs; /* first */
	sqlite3_vfs *under;
	char name[NAME_MAX_OCTETS];
	struct gather_vfs *next;
};

/* A log; the file of the VFS below lies behind it. `octets` is what goes to `start` there, `used` of it. */
struct gather_file {
	sqlite3_file file; /* first */
	sqlite3_file *under;
	unsigned char *octets;
	sqlite3_int64 start;
	size_t used;
};

static struct gather_file *of(sqlite3_file *f)
{
	return (struct gather_file *)f;
}

static sqlite3_file *under_of(sqlite3_file *f)
{
	return of(f)->under;
}

/* What cannot be written is dropped: SQLite learns it within the transaction, which it then rolls back. */
static int flush(struct gather_file *g)
{
	int n = (int)g->used;

	g->used = 0;
	return n ? g->under->pMethods->xWrite(g->under, g->octets, n, g->start) : SQLITE_OK;
}

static int gather_close(sqlite3_file *f)
{
	struct gather_file *g = of(f);
	int rc = flush(g), closed = g->under->pMethods->xClose(g->under);

	free(g->octets);
	g->octets = NULL;
	return rc ? rc : closed;
}

static int gather_read(sqlite3_file *f, void *to, int n, sqlite3_int64 at)
{
	int rc = flush(of(f));

	return rc ? rc : under_of(f)->pMethods->xRead(under_of(f), to, n, at);
}

static int gather_write(sqlite3_file *f, const void *from, int n, sqlite3_int64 at)
{
	struct gather_file *g = of(f);
	bool follows = g->used && at == g->start + (sqlite3_int64)g->used;

	if (!follows || g->used + (size_t)n > GATHER_OCTETS) {
		int rc = flush(g);
		if (rc)
			return rc;
		g->start = at;
	}
	if ((size_t)n > GATHER_OCTETS)
		return g->under->pMethods->xWrite(g->under, from, n, at);
	if (!g->octets)
		g->octets = must_alloc(GATHER_OCTETS);
	memcpy(g->octets + g->used, from, (size_t)n);
	g->used += (size_t)n;
	return SQLITE_OK;
}

static int gather_truncate(sqlite3_file *f, sqlite3_int64 size)
{
	int rc = flush(of(f));

	return rc ? rc : under_of(f)->pMethods->xTruncate(under_of(f), size);
}

static int gather_sync(sqlite3_file *f, int flags)
{
	int rc = flush(of(f));

	return rc ? rc : under_of(f)->pMethods->xSync(under_of(f), flags);
}

static int gather_size(sqlite3_file *f, sqlite3_int64 *out)
{
	int rc = flush(of(f));

	return rc ? rc : under_of(f)->pMethods->xFileSize(under_of(f), out);
}

static int gather_lock(sqlite3_file *f, int level)
{
	return under_of(f)->pMethods->xLock(under_of(f), level);
}

static int gather_unlock(sqlite3_file *f, int level)
{
	return under_of(f)->pMethods->xUnlock(under_of(f), level);
}

static int gather_reserved(sqlite3_file *f, int *out)
{
	return under_of(f)->pMethods->xCheckReservedLock(under_of(f), out);
}

static int gather_control(sqlite3_file *f, int what, void *argument)
{
	return under_of(f)->pMethods->xFileControl(under_of(f), what, argument);
}

static int gather_sector(sqlite3_file *f)
{
	return under_of(f)->pMethods->xSectorSize(under_of(f));
}

static int gather_device(sqlite3_file *f)
{
	return under_of(f)->pMethods->xDeviceCharacteristics(under_of(f));
}

static const sqlite3_io_methods methods = {
	.iVersion = 1,
	.xClose = gather_close,
	.xRead = gather_read,
	.xWrite = gather_write,
	.xTruncate = gather_truncate,
	.xSync = gather_sync,
	.xFileSize = gather_size,
	.xLock = gather_lock,
	.xUnlock = gather_unlock,
	.xCheckReservedLock = gather_reserved,
	.xFileControl = gather_control,
	.xSectorSize = gather_sector,
	.xDeviceCharacteristics = gather_device,
};

/* --- the VFS --- */

static sqlite3_vfs *below(sqlite3_vfs *v)
{
	return ((struct gather_vfs *)v)->under;
}

static int gather_open(sqlite3_vfs *v, const char *name, sqlite3_file *f, int flags, int *flags_out)
{
	struct gather_file *g = of(f);

	if (!(flags & SQLITE_OPEN_WAL))
		return below(v)->xOpen(below(v), name, f, flags, flags_out);
	memset(g, 0, sizeof(*g));
	g->under = (sqlite3_file *)(g + 1);
	int rc = below(v)->xOpen(below(v), name, g->under, flags, flags_out);
	g->file.pMethods = g->under->pMethods ? &methods : NULL;
	return rc;
}

static int gather_delete(sqlite3_vfs *v, const char *name, int sync)
{
	return below(v)->xDelete(below(v), name, sync);
}

static int gather_access(sqlite3_vfs *v, const char *name, int flags, int *out)
{
	return below(v)->xAccess(below(v), name, flags, out);
}

static int gather_path(sqlite3_vfs *v, const char *name, int n, char *out)
{
	return below(v)->xFullPathname(below(v), name, n, out);
}

static int gather_randomness(sqlite3_vfs *v, int n, char *out)
{
	return below(v)->xRandomness(below(v), n, out);
}

static int gather_sleep(sqlite3_vfs *v, int us)
{
	return below(v)->xSleep(below(v), us);
}

static int gather_time(sqlite3_vfs *v, double *out)
{
	return below(v)->xCurrentTime(below(v), out);
}

static int gather_error(sqlite3_vfs *v, int n, char *out)
{
	return below(v)->xGetLastError ? below(v)->xGetLastError(below(v), n, out) : 0;
}

static struct gather_vfs *make(sqlite3_vfs *under)
{
	struct gather_vfs *g = must_alloc(sizeof(*g));

	sqlite3_snprintf(NAME_MAX_OCTETS, g->name, "gather-%s", under->zName);
	g->under = under;
	g->vfs = (sqlite3_vfs){
		.iVersion = 1,
		.szOsFile = (int)sizeof(struct gather_file) + under->szOsFile,
		.mxPathname = under->mxPathname,
		.zName = g->name,
		.xOpen = gather_open,
		.xDelete = gather_delete,
		.xAccess = gather_access,
		.xFullPathname = gather_path,
		.xRandomness = gather_randomness,
		.xSleep = gather_sleep,
		.xCurrentTime = gather_time,
		.xGetLastError = gather_error,
	};
	if (!sqlite3_vfs_register(&g->vfs, 0))
		return g;
	free(g);
	return NULL;
}

const char *sqlite_gather_vfs(const char *under)
{
	static struct gather_vfs *first;
	sqlite3_vfs *v = sqlite3_vfs_find(under);

	for (struct gather_vfs *g = first; v && g; g = g->next)
		if (g->under == v)
			return g->name;
	struct gather_vfs *made = v ? make(v) : NULL;
	if (!made)
		return NULL;
	made->next = first;
	first = made;
	return made->name;
}
