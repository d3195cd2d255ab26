/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What cut_vfs.c (the disk) and cut_file.c (SQLite's methods on it) share. */
#ifndef TESTS_STORE_CUT_DISK_H
#define TESTS_STORE_CUT_DISK_H

#include <pthread.h>
#include <stddef.h>

#include "tests/store/cut_vfs.h"

#define CUT_FILES 8
#define CUT_REGIONS 64 /* of shared memory, 32 KiB each */
#define CUT_SLOTS 8    /* locks in shared memory, as SQLite has them */

struct cut_image {
	unsigned char *bytes;
	size_t len, room;
};

struct cut_write {
	struct cut_write *next;
	size_t at, len;
	bool truncates; /* to `at` */
	unsigned char bytes[];
};

struct cut_handle;

struct cut_file {
	char name[64];
	bool exists, lasting; /* now; and after a cut for sure */
	struct cut_image now, synced;
	struct cut_write *pending, *last; /* since the last sync, in order */
	void *regions[CUT_REGIONS];
	unsigned shared[CUT_SLOTS];
	const struct cut_handle *exclusive[CUT_SLOTS];
	unsigned readers; /* locks of the file itself */
	const struct cut_handle *reserved, *all;
};

struct cut_disk {
	pthread_mutex_t lock;
	struct cut_file files[CUT_FILES];
	unsigned files_count, open_files, operations, strikes_at;
	enum cut_fault fault;
	bool struck;
	uint64_t seed;
};

extern struct cut_disk cut_disk;

uint64_t cut_random(uint64_t below);
/* Under the lock. */
void cut_file_write(struct cut_file *f, size_t at, const void *bytes, size_t n);
void cut_file_truncate(struct cut_file *f, size_t len);
void cut_file_sync(struct cut_file *f);
void cut_folder_sync(void);

void cut_vfs_register(void);

#endif
