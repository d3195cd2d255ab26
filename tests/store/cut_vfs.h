/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A disk in memory, as an SQLite VFS named "cut", whose power can be cut. What was written and not synced is forgotten,
 * kept in another order or torn at the cut, sector by sector, as the seed says; what was synced stays. It can also run
 * full, refuse a write or fail a sync. Safe for several threads of one process.
 */
#ifndef TESTS_STORE_CUT_VFS_H
#define TESTS_STORE_CUT_VFS_H

#include <stdbool.h>
#include <stdint.h>

#define CUT_VFS "cut"

enum cut_fault {
	CUT_NONE,
	CUT_POWER,     /* that operation is torn, all later ones fail until cut_power_on() */
	CUT_FULL,      /* that write and all later ones meet a full disk until cut_clear() */
	CUT_READ_ONLY, /* the same, not writable */
	CUT_WRITE_ONCE,
	CUT_SYNC_ONCE, /* that operation alone fails; when it is no sync, the next sync */
};

/* Registers the VFS (once) and empties the disk. */
void cut_disk_new(uint64_t seed);
/* The fault strikes at the n-th operation that changes the disk from now on, counted from 1. */
void cut_fault_at(enum cut_fault fault, unsigned n);
void cut_clear(void);
bool cut_struck(void);
/* The disk as it is found when the power comes back. Nobody may have a file open. */
void cut_power_on(void);
unsigned cut_operations(void); /* so far */
unsigned cut_open_files(void);

#endif
