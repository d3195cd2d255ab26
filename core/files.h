/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The folder of files: the bytes of attachments, each under the hash of its content, beside the database.
 *
 *	FOLDER/<64 hex digits of SHA-256>	a file: written once, never changed
 *	FOLDER/new-<number>			one that was being written; dropped at the next start
 *
 * A file is there only whole and on disk: content and folder are synced before `done`. What may be dropped is for the
 * owner to say (core/queue_files.c keeps the references): a file that was looked at or kept within the last
 * `keep_us` is never dropped here, whatever the owner says, so that a message being accepted cannot lose it.
 *
 * The one who writes the bytes is not trusted: it gets memory of exactly the size it asked for, sealed against growing,
 * and once it says that it is done the memory is sealed against writing, hashed, and copied. It can neither fill the
 * disk nor change a file after its hash was taken.
 *
 * Disk work happens on one thread of the folder's own, in the order of the calls; `done` runs on the loop.
 */
#ifndef CORE_FILES_H
#define CORE_FILES_H

#include "core/base/loop.h"
#include "core/base/result.h"
#include "core/message_id.h"

#define FILES_HASH_SIZE 32u
#define FILES_NAME_SIZE (2 * FILES_HASH_SIZE + 1) /* hex digits and a NUL */
#define FILES_WAITING_MAX 4096u			  /* calls that wait for the disk */
#define FILES_LIST_MAX 64u			  /* names of one look through the folder */

struct files_limits {
	uint64_t file_max;  /* octets of one file */
	uint64_t total_max; /* of all together */
	uint64_t min_free;  /* the disk keeps this much room */
	int64_t keep_us;    /* a file younger than this, or used since, is not dropped */
};

struct files;

enum files_work { FILES_KEEP, FILES_LOOK, FILES_OPEN, FILES_LIST, FILES_DROP };

/* One call; lives until its `done`, owned by the caller. */
struct files_call {
	/* inputs */
	uint8_t hash[FILES_HASH_SIZE];
	uint64_t size; /* KEEP, LOOK: what it must have */
	int fd;	       /* KEEP: of files_room(), closed here; OPEN: output, read-only, the caller's; else -1 */
	void (*done)(struct files_call *call);
	void *owner;
	/* outputs */
	enum result result;
	const char *why;		   /* lives as long as the program */
	uint8_t (*names)[FILES_HASH_SIZE]; /* LIST: room for FILES_LIST_MAX of the caller */
	unsigned names_count;		   /* LIST: those old enough to be dropped */
	/* the folder's own */
	enum files_work work;
	struct files *files;
	struct files_limits limits; /* as they were when it was asked */
};

/* The folder is made when it is not there. Starts a thread: after the sandbox is closed. `path` is copied. NULL with
 * the reason where it cannot be used. */
struct files *files_open(struct loop *loop, const char *path, const struct files_limits *limits, const char **why_out);
void files_close(struct files **files); /* what waits is completed first; `done` is called for it */
void files_limit(struct files *files, const struct files_limits *limits);
bool files_idle(const struct files *files);
uint64_t files_octets(const struct files *files); /* of all files */

/* Memory for a file of that size: ERR_TOO_BIG above `file_max`, ERR_MALFORMED for 0. The descriptor is the caller's. */
MUST_CHECK enum result files_room(const struct files *files, uint64_t size, int *fd_out, const char **why_out);

/* All of these call `done` later, on the loop, never before they return. ERR_BUSY: too many calls wait, `done` does not
 * follow (and KEEP's descriptor stays the caller's). */

/* Writes what the memory holds: OK and the file is on disk. ERR_CONFLICT: its hash is another one, or somebody can
 * still write to it; ERR_FULL: no room on the disk or in the folder; ERR_IO. */
MUST_CHECK enum result files_keep(struct files *files, struct files_call *call);
/* Whether it is there with that size; then it counts as used now. ERR_NOT_FOUND, ERR_IO. */
MUST_CHECK enum result files_look(struct files *files, struct files_call *call);
MUST_CHECK enum result files_fetch(struct files *files, struct files_call *call); /* opens it for reading */
/* The next names, from where the last look stopped. Fewer than FILES_LIST_MAX: the end; the next look begins anew. */
MUST_CHECK enum result files_list(struct files *files, struct files_call *call);
/* Removes it, unless it was used within `keep_us`: then ERR_BUSY in the call's result. */
MUST_CHECK enum result files_drop(struct files *files, struct files_call *call);

void files_name(const uint8_t hash[FILES_HASH_SIZE], char to[FILES_NAME_SIZE]);

#endif
