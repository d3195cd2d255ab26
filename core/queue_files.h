/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the queue does with files: of the queue's own files alone.
 *
 *	queue_files.c      records of the edges: memory for a new file, a finished one, a file of a delivery
 *	queue_file_refs.c  who may name a file, and which messages do
 *	queue_file_sweep.c what nobody names any more
 *
 * References are facts of the store of the kind "file", each with its own end:
 *
 *	HASH/a/ACCOUNT	the account gave this file; its messages may name it until `files-keep` is over
 *	HASH/m/MESSAGE	that message names it; ends when no delivery of it can be under way any more, and before that
 *			when all have ended and their text would go
 *
 * A message's references are written before its accept is, so that a power cut leaves at most a reference too many. A
 * file is dropped when no fact begins with its hash, and the folder itself (core/files.h) keeps what was used of late.
 */
#ifndef CORE_QUEUE_FILES_H
#define CORE_QUEUE_FILES_H

#include "core/files.h"
#include "core/queue_internal.h"

#define QUEUE_FILE_KIND TEXT_LITERAL("file")
#define QUEUE_ROOMS_MAX 32u			    /* unfinished files of one edge */
#define QUEUE_ROOM_OCTETS_MAX (UINT64_C(192) << 20) /* memory of unfinished files, of all edges */
#define QUEUE_ROOM_US (120 * USEC_PER_SEC)	    /* a file is written within this */

/* Memory that an edge writes a file into. */
struct queue_room {
	struct queue_room *next;
	unsigned edge;
	uint32_t generation, call;
	uint64_t size;
	int fd;
	int64_t since_us; /* monotonic */
};

struct queue_files {
	struct queue *queue;
	struct files *files; /* NULL: there is no folder, and `why` says so */
	const char *why;
	struct queue_room *rooms;
	uint64_t room_octets; /* of the rooms and of what is being written to disk */
	int64_t keep_us;
	uint64_t total_max;
	struct loop_timer timer;
	bool sweeping;
	unsigned asked; /* calls with the folder */
};

/* The record of the account's right to name this file. */
void queue_file_given(struct queue *q, struct arena *arena, const uint8_t hash[32], struct text account,
		      void (*done)(struct store_request *r), void *owner, struct store_fact *room);

/* A message is about to be accepted: its files are its account's, are there, and are kept for it until then. */
typedef void (*queue_files_claimed)(void *owner, enum result result, const char *why);
void queue_files_claim(struct queue *q, struct arena *arena, const struct message *m, struct message_id id,
		       int64_t until_us, queue_files_claimed claimed, void *owner);
/* Until when a message that expires then needs its files. */
int64_t queue_files_until(const struct queue *q, int64_t expires_us);
void queue_files_sweep(struct queue_files *qf); /* starts one look through the folder */

#endif
