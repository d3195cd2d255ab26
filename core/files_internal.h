/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What files.c (the loop) and files_disk.c (the thread) share. */
#ifndef CORE_FILES_INTERNAL_H
#define CORE_FILES_INTERNAL_H

#include <dirent.h>
#include <stdatomic.h>

#include "core/base/counter.h"
#include "core/files.h"

struct files {
	struct worker *worker;
	unsigned waiting; /* calls without their `done` */
	struct files_limits limits;
	struct counter *octets_gauge, *kept, *refused, *dropped;
	int folder; /* never changes */
	/* of the thread alone */
	DIR *listing; /* NULL = the next look begins anew */
	unsigned number;
	/* written by the thread, read by the loop */
	_Atomic uint64_t octets;
};

/* On the thread. */
void files_disk_scan(struct files *files); /* drops what was not finished, counts the rest */
void files_disk_work(struct files *files, struct files_call *call);
void files_disk_close(struct files *files); /* after the thread ended */

#endif
