/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The loop's side of the folder: calls to the thread and back. The disk's side is files_disk.c. */
#include "core/files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/arena.h"
#include "core/base/counter.h"
#include "core/base/hex.h"
#include "core/base/log.h"
#include "core/base/worker.h"
#include "core/files_internal.h"

void files_name(const uint8_t hash[FILES_HASH_SIZE], char to[FILES_NAME_SIZE])
{
	struct writer w = writer_of(to, FILES_NAME_SIZE - 1);

	hex_put(&w, hash, FILES_HASH_SIZE);
	to[FILES_NAME_SIZE - 1] = '\0';
}

static void run_scan(void *job)
{
	files_disk_scan(job);
}

static void scan_done(void *job)
{
	struct files *f = job;

	f->waiting--;
	counter_set(f->octets_gauge, (int64_t)atomic_load(&f->octets));
}

struct files *files_open(struct loop *loop, const char *path, const struct files_limits *limits, const char **why_out)
{
	if (mkdir(path, 0700) && errno != EEXIST) {
		*why_out = "the folder of files cannot be made";
		return NULL;
	}
	int folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (folder < 0) {
		*why_out = "the folder of files cannot be opened";
		return NULL;
	}
	struct files *f = must_alloc(sizeof(*f));
	f->folder = folder;
	f->limits = *limits;
	atomic_init(&f->octets, 0);
	f->octets_gauge = counter_get(COUNTER_GAUGE, "files_octets", NULL, "Octets in the folder of files");
	f->kept = counter_get(COUNTER_COUNT, "files_kept_total", NULL, "Files written to the folder");
	f->refused = counter_get(COUNTER_COUNT, "files_refused_total", NULL, "Files refused: size, hash, no room");
	f->dropped = counter_get(COUNTER_COUNT, "files_dropped_total", NULL, "Files dropped: no message names them");
	f->worker = worker_new(loop, 1, FILES_WAITING_MAX);
	f->waiting = 1;
	if (worker_submit(f->worker, run_scan, scan_done, f))
		log_fatal(LOG_CORE, "a new worker takes no work");
	return f;
}

void files_close(struct files **files)
{
	struct files *f = *files;

	*files = NULL;
	if (!f)
		return;
	worker_free(&f->worker);
	files_disk_close(f);
	free(f);
}

void files_limit(struct files *f, const struct files_limits *limits)
{
	f->limits = *limits;
}

bool files_idle(const struct files *f)
{
	return !f->waiting;
}

uint64_t files_octets(const struct files *f)
{
	return atomic_load(&f->octets);
}

enum result files_room(const struct files *f, uint64_t size, int *fd_out, const char **why_out)
{
	*fd_out = -1;
	if (!size) {
		*why_out = "an empty file";
		return ERR_MALFORMED;
	}
	if (size > f->limits.file_max) {
		*why_out = "the file is larger than `file-max` of `store` allows";
		counter_add(f->refused, 1);
		return ERR_TOO_BIG;
	}
	int fd = memfd_create("file", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (fd < 0 || ftruncate(fd, (off_t)size) || fcntl(fd, F_ADD_SEALS, F_SEAL_GROW | F_SEAL_SHRINK)) {
		if (fd >= 0)
			close(fd);
		*why_out = "no memory for the file now";
		return ERR_BUSY;
	}
	*fd_out = fd;
	return OK;
}

static void run(void *job)
{
	struct files_call *c = job;

	files_disk_work(c->files, c);
}

static void count(struct files *f, const struct files_call *c)
{
	if (c->work == FILES_KEEP)
		counter_add(c->result ? f->refused : f->kept, 1);
	else if (c->work == FILES_DROP && !c->result)
		counter_add(f->dropped, 1);
	counter_set(f->octets_gauge, (int64_t)atomic_load(&f->octets));
}

static void done(void *job)
{
	struct files_call *c = job;
	struct files *f = c->files;

	f->waiting--;
	count(f, c);
	c->done(c);
}

static enum result submit(struct files *f, struct files_call *c, enum files_work work)
{
	c->work = work;
	c->files = f;
	c->limits = f->limits;
	c->result = OK;
	c->why = "";
	enum result r = worker_submit(f->worker, run, done, c);
	f->waiting += r == OK;
	return r;
}

enum result files_keep(struct files *f, struct files_call *c)
{
	return submit(f, c, FILES_KEEP);
}

enum result files_look(struct files *f, struct files_call *c)
{
	return submit(f, c, FILES_LOOK);
}

enum result files_fetch(struct files *f, struct files_call *c)
{
	c->fd = -1;
	return submit(f, c, FILES_OPEN);
}

enum result files_list(struct files *f, struct files_call *c)
{
	c->names_count = 0;
	return submit(f, c, FILES_LIST);
}

enum result files_drop(struct files *f, struct files_call *c)
{
	return submit(f, c, FILES_DROP);
}
