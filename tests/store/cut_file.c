/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SQLite's view of the disk of cut_vfs.c. */
#include <sqlite3.h>
#include <string.h>

#include "core/base/arena.h"
#include "tests/store/cut_disk.h"

struct cut_handle {
	sqlite3_file base;
	struct cut_file *file;
	int level; /* SQLITE_LOCK_... */
	bool shared[CUT_SLOTS];
	bool syncs_folder; /* at its first sync, as the default VFS does for a journal or log it made */
};

static void lock(void)
{
	pthread_mutex_lock(&cut_disk.lock);
}

static int unlock(int rc)
{
	pthread_mutex_unlock(&cut_disk.lock);
	return rc;
}

/* Counts an operation that changes the disk; the SQLite error when a fault strikes. *tears_out: power is cut in it. */
static int strike(bool is_sync, bool *tears_out)
{
	*tears_out = false;
	cut_disk.operations++;
	if (cut_disk.fault == CUT_NONE || cut_disk.operations < cut_disk.strikes_at)
		return SQLITE_OK;
	switch (cut_disk.fault) {
	case CUT_POWER:
		*tears_out = !cut_disk.struck;
		cut_disk.struck = true;
		return SQLITE_IOERR;
	case CUT_FULL:
		if (is_sync)
			return SQLITE_OK;
		cut_disk.struck = true;
		return SQLITE_FULL;
	case CUT_READ_ONLY:
		cut_disk.struck = true;
		return SQLITE_READONLY;
	default:
		break;
	}
	if (cut_disk.struck || (cut_disk.fault == CUT_SYNC_ONCE) != is_sync)
		return SQLITE_OK;
	cut_disk.struck = true;
	return is_sync ? SQLITE_IOERR_FSYNC : SQLITE_IOERR_WRITE;
}

static bool is_off(void)
{
	return cut_disk.fault == CUT_POWER && cut_disk.struck;
}

static int cut_close(sqlite3_file *file)
{
	struct cut_handle *h = (struct cut_handle *)file;

	lock();
	if (h->level >= SQLITE_LOCK_SHARED && h->file->readers)
		h->file->readers--;
	if (h->file->reserved == h)
		h->file->reserved = NULL;
	if (h->file->all == h)
		h->file->all = NULL;
	cut_disk.open_files--;
	return unlock(SQLITE_OK);
}

static int cut_read(sqlite3_file *file, void *to, int amount, sqlite3_int64 at)
{
	struct cut_file *f = ((struct cut_handle *)file)->file;
	size_t n = (size_t)amount, from = (size_t)at;

	lock();
	if (is_off())
		return unlock(SQLITE_IOERR_READ);
	size_t there = from < f->now.len ? f->now.len - from : 0;
	if (there >= n) {
		memcpy(to, f->now.bytes + from, n);
		return unlock(SQLITE_OK);
	}
	memset(to, 0, n);
	if (there)
		memcpy(to, f->now.bytes + from, there);
	return unlock(SQLITE_IOERR_SHORT_READ);
}

static int cut_write(sqlite3_file *file, const void *bytes, int amount, sqlite3_int64 at)
{
	struct cut_file *f = ((struct cut_handle *)file)->file;
	bool tears;

	lock();
	int rc = strike(false, &tears);
	if (!rc || tears)
		cut_file_write(f, (size_t)at, bytes, (size_t)amount);
	return unlock(rc);
}

static int cut_truncate(sqlite3_file *file, sqlite3_int64 len)
{
	bool tears;

	lock();
	int rc = strike(false, &tears);
	if (!rc || tears)
		cut_file_truncate(((struct cut_handle *)file)->file, (size_t)len);
	return unlock(rc);
}

static int cut_sync(sqlite3_file *file, int flags)
{
	struct cut_handle *h = (struct cut_handle *)file;
	bool tears;

	(void)flags;
	lock();
	int rc = strike(true, &tears);
	if (!rc) {
		cut_file_sync(h->file);
		if (h->syncs_folder)
			cut_folder_sync();
		h->syncs_folder = false;
	}
	return unlock(rc);
}

static int cut_size(sqlite3_file *file, sqlite3_int64 *out)
{
	lock();
	*out = (sqlite3_int64)((struct cut_handle *)file)->file->now.len;
	return unlock(SQLITE_OK);
}

static bool may_lock(const struct cut_handle *h, int level)
{
	const struct cut_file *f = h->file;

	if (f->all && f->all != h)
		return false;
	if (level >= SQLITE_LOCK_RESERVED && f->reserved && f->reserved != h)
		return false;
	return level < SQLITE_LOCK_EXCLUSIVE || f->readers == (h->level >= SQLITE_LOCK_SHARED ? 1u : 0u);
}

static int cut_lock(sqlite3_file *file, int level)
{
	struct cut_handle *h = (struct cut_handle *)file;

	lock();
	if (level <= h->level)
		return unlock(SQLITE_OK);
	if (!may_lock(h, level))
		return unlock(SQLITE_BUSY);
	if (h->level == SQLITE_LOCK_NONE)
		h->file->readers++;
	if (level >= SQLITE_LOCK_RESERVED)
		h->file->reserved = h;
	if (level == SQLITE_LOCK_EXCLUSIVE)
		h->file->all = h;
	h->level = level;
	return unlock(SQLITE_OK);
}

static int cut_unlock(sqlite3_file *file, int level)
{
	struct cut_handle *h = (struct cut_handle *)file;

	lock();
	if (level >= h->level)
		return unlock(SQLITE_OK);
	if (h->file->all == h)
		h->file->all = NULL;
	if (h->file->reserved == h)
		h->file->reserved = NULL;
	if (level == SQLITE_LOCK_NONE && h->file->readers)
		h->file->readers--;
	h->level = level;
	return unlock(SQLITE_OK);
}

static int cut_check_reserved(sqlite3_file *file, int *out)
{
	lock();
	*out = ((struct cut_handle *)file)->file->reserved != NULL;
	return unlock(SQLITE_OK);
}

static int cut_control(sqlite3_file *file, int operation, void *argument)
{
	(void)file;
	(void)operation;
	(void)argument;
	return SQLITE_NOTFOUND;
}

static int cut_sector_size(sqlite3_file *file)
{
	(void)file;
	return 512;
}

/* As the default VFS says of a disk: a torn write leaves the octets beside it alone. */
static int cut_characteristics(sqlite3_file *file)
{
	(void)file;
	return SQLITE_IOCAP_POWERSAFE_OVERWRITE;
}

static int cut_shm_map(sqlite3_file *file, int region, int size, int extend, void volatile **out)
{
	struct cut_file *f = ((struct cut_handle *)file)->file;

	*out = NULL;
	if (region >= CUT_REGIONS)
		return SQLITE_NOMEM;
	lock();
	if (!f->regions[region] && extend)
		f->regions[region] = must_alloc((size_t)size);
	*out = f->regions[region];
	return unlock(SQLITE_OK);
}

static bool may_share(const struct cut_handle *h, int slot)
{
	return !h->file->exclusive[slot] || h->file->exclusive[slot] == h;
}

static int take_slots(struct cut_handle *h, int first, int n, bool exclusive)
{
	for (int i = first; i < first + n; i++) {
		unsigned others = h->file->shared[i] - h->shared[i];
		if (!may_share(h, i) || (exclusive && others))
			return SQLITE_BUSY;
	}
	for (int i = first; i < first + n; i++) {
		if (exclusive) {
			h->file->exclusive[i] = h;
		} else if (!h->shared[i]) {
			h->shared[i] = true;
			h->file->shared[i]++;
		}
	}
	return SQLITE_OK;
}

static void drop_slots(struct cut_handle *h, int first, int n)
{
	for (int i = first; i < first + n; i++) {
		if (h->file->exclusive[i] == h)
			h->file->exclusive[i] = NULL;
		if (h->shared[i] && h->file->shared[i])
			h->file->shared[i]--;
		h->shared[i] = false;
	}
}

static int cut_shm_lock(sqlite3_file *file, int first, int n, int flags)
{
	struct cut_handle *h = (struct cut_handle *)file;
	int rc = SQLITE_OK;

	lock();
	if (flags & SQLITE_SHM_UNLOCK)
		drop_slots(h, first, n);
	else
		rc = take_slots(h, first, n, (flags & SQLITE_SHM_EXCLUSIVE) != 0);
	return unlock(rc);
}

static void cut_shm_barrier(sqlite3_file *file)
{
	(void)file;
	lock();
	(void)unlock(SQLITE_OK);
}

static int cut_shm_unmap(sqlite3_file *file, int remove)
{
	(void)remove; /* the memory goes with the power, or is used again */
	lock();
	drop_slots((struct cut_handle *)file, 0, CUT_SLOTS);
	return unlock(SQLITE_OK);
}

static const sqlite3_io_methods methods = {
	.iVersion = 2,
	.xClose = cut_close,
	.xRead = cut_read,
	.xWrite = cut_write,
	.xTruncate = cut_truncate,
	.xSync = cut_sync,
	.xFileSize = cut_size,
	.xLock = cut_lock,
	.xUnlock = cut_unlock,
	.xCheckReservedLock = cut_check_reserved,
	.xFileControl = cut_control,
	.xSectorSize = cut_sector_size,
	.xDeviceCharacteristics = cut_characteristics,
	.xShmMap = cut_shm_map,
	.xShmLock = cut_shm_lock,
	.xShmBarrier = cut_shm_barrier,
	.xShmUnmap = cut_shm_unmap,
};

static struct cut_file *find(const char *name, bool make)
{
	for (unsigned i = 0; i < cut_disk.files_count; i++) {
		if (!strcmp(cut_disk.files[i].name, name))
			return &cut_disk.files[i];
	}
	if (!make || cut_disk.files_count == CUT_FILES || strlen(name) >= sizeof(cut_disk.files[0].name))
		return NULL;
	struct cut_file *f = &cut_disk.files[cut_disk.files_count++];
	(void)text_copy(text_of(name), f->name, sizeof(f->name));
	return f;
}

static int cut_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags, int *flags_out)
{
	struct cut_handle *h = (struct cut_handle *)file;
	bool make = (flags & SQLITE_OPEN_CREATE) != 0;

	(void)vfs;
	memset(h, 0, sizeof(*h));
	lock();
	if (is_off())
		return unlock(SQLITE_CANTOPEN);
	struct cut_file *f = find(name ? name : "temporary", make);
	if (!f || (!f->exists && !make))
		return unlock(SQLITE_CANTOPEN);
	if (!f->exists) {
		f->exists = true;
		cut_file_truncate(f, 0);
		h->syncs_folder = (flags & (SQLITE_OPEN_MAIN_JOURNAL | SQLITE_OPEN_WAL)) != 0;
	}
	h->file = f;
	h->base.pMethods = &methods;
	cut_disk.open_files++;
	if (flags_out)
		*flags_out = flags;
	return unlock(SQLITE_OK);
}

static int cut_delete(sqlite3_vfs *vfs, const char *name, int sync_folder)
{
	bool tears;

	(void)vfs;
	lock();
	int rc = strike(false, &tears);
	struct cut_file *f = find(name, false);
	if (!rc && (!f || !f->exists))
		rc = SQLITE_IOERR_DELETE_NOENT;
	if (!rc || (tears && f)) {
		f->exists = false;
		cut_file_truncate(f, 0);
		if (sync_folder && !tears)
			cut_folder_sync();
	}
	return unlock(rc);
}

static int cut_access(sqlite3_vfs *vfs, const char *name, int flags, int *out)
{
	(void)vfs;
	lock();
	struct cut_file *f = find(name, false);
	*out = f && f->exists && (flags != SQLITE_ACCESS_EXISTS || f->now.len);
	return unlock(is_off() ? SQLITE_IOERR_ACCESS : SQLITE_OK);
}

static int cut_full_path(sqlite3_vfs *vfs, const char *name, int room, char *out)
{
	(void)vfs;
	return text_copy(text_of(name), out, (size_t)room) ? SQLITE_OK : SQLITE_CANTOPEN;
}

static int cut_randomness(sqlite3_vfs *vfs, int n, char *out)
{
	(void)vfs;
	lock();
	for (int i = 0; i < n; i++)
		out[i] = (char)cut_random(256);
	(void)unlock(SQLITE_OK);
	return n;
}

static int cut_sleep(sqlite3_vfs *vfs, int us)
{
	sqlite3_vfs *real = vfs->pAppData;

	return real->xSleep(real, us);
}

static int cut_time(sqlite3_vfs *vfs, double *out)
{
	sqlite3_vfs *real = vfs->pAppData;

	return real->xCurrentTime(real, out);
}

void cut_vfs_register(void)
{
	static sqlite3_vfs vfs = {
		.iVersion = 1,
		.szOsFile = sizeof(struct cut_handle),
		.mxPathname = 64,
		.zName = CUT_VFS,
		.xOpen = cut_open,
		.xDelete = cut_delete,
		.xAccess = cut_access,
		.xFullPathname = cut_full_path,
		.xRandomness = cut_randomness,
		.xSleep = cut_sleep,
		.xCurrentTime = cut_time,
	};

	if (vfs.pAppData)
		return;
	/* SQLite is configured by whoever uses it first: the store does so at its first opening. */
	(void)sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
	pthread_mutex_init(&cut_disk.lock, NULL);
	vfs.pAppData = sqlite3_vfs_find(NULL);
	sqlite3_vfs_register(&vfs, 0);
}
