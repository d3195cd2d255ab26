/* SPDX-License-Identifier: GPL-3.0-or-later */
/* `cellpost send --file PATH`: a file of this machine, as the API names it. */
#ifndef DAEMON_CELLPOST_FILE_H
#define DAEMON_CELLPOST_FILE_H

#include <stdbool.h>

#include "core/base/text.h"
#include "daemon/api_files.h"

#define CELLPOST_FILE_MAX (64u << 20) /* octets; the gateway's own limits are usually smaller */

/* Zeroed, or after cellpost_file_clear(), it is none. */
struct cellpost_file {
	struct text bytes;
	const char *media, *name;	 /* `name` points into the path */
	char handle[API_FILE_NAME_SIZE]; /* "sha256:...:SIZE" */
};

/* False: `why_out` says what is wrong with it. */
bool cellpost_file_read(const char *path, struct cellpost_file *out, const char **why_out);
void cellpost_file_clear(struct cellpost_file *file);

#endif
