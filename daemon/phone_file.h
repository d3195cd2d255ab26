/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Files of the messages that a phone in the terminal shows: saved into a folder when asked for, and sent. What comes is
 * kept in memory, compared with the hash that the message told, and only then written, under a name that is free and
 * stays inside the folder whatever the sender called it.
 */
#ifndef DAEMON_PHONE_FILE_H
#define DAEMON_PHONE_FILE_H

#include "core/base/text.h"
#include "core/message.h"
#include "daemon/phone.h"

#define PHONE_FOLDER_MAX 1024u
#define PHONE_SEND_FILE_MAX (128u * 1024u) /* octets; as daemon/lab_internal.h */

/* Zeroed it knows of none. */
struct phone_files {
	char id[40]; /* of the newest message with files; empty = none */
	unsigned count;
	struct phone_file {
		char name[MESSAGE_FILE_NAME_MAX + 1], hash[65];
		size_t size;
	} files[MESSAGE_FILES_MAX];
	/* being saved */
	char saving[40]; /* the message's id; empty = nothing is */
	char folder[PHONE_FOLDER_MAX];
	unsigned at, last; /* file, from 0, and the one behind the last */
	uint8_t *bytes;
	size_t len;
};

/* A message came: its files are the ones that are saved next. */
void phone_files_note(struct phone_files *f, const struct phone_event *e);
/* Starts saving into `folder` (empty: here). False: `why_out`. Then phone_files_next() names the first. */
bool phone_files_save(struct phone_files *f, struct text folder, const char **why_out);
/* The line that asks the gateway for the file at hand; empty when all are saved. */
struct text phone_files_next(struct phone_files *f, char *room, size_t size);
/* A piece of it. True: that file ended, and `said` is a line for the screen. */
bool phone_files_piece(struct phone_files *f, const struct phone_event *e, char *said, size_t size);
void phone_files_drop(struct phone_files *f); /* the gateway is gone */

/* "attach TO MEDIA NAME BASE64" of a file on this machine; freed by the caller. NULL: `why_out`. */
char *phone_file_line(struct text to, struct text path, const char **why_out);
/* By the end of its name: "image/jpeg"; or application/octet-stream. Shared with `cellpost send`. */
const char *phone_file_media(const char *path);
/* The name without its folders. */
const char *phone_file_name(const char *path);

#endif
