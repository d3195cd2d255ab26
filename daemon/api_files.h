/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Files of messages over the API.
 *
 *	api_files.c   the field "files" of a message: JSON to descriptions, bytes decoded and hashed
 *	api_upload.c  bytes on their way to the store: POST /v1/files, and files that stand in a message
 *
 *	"files": [{"media":"image/jpeg", "name":"tea.jpg", "data":"<base64>"},
 *		  {"media":"image/jpeg", "file":"sha256:<64 hex digits>:<octets>"}]
 *
 * The second form names what POST /v1/files answered with; the store looks that it was this account's.
 */
#ifndef DAEMON_API_FILES_H
#define DAEMON_API_FILES_H

#include "core/message.h"
#include "core/net/json.h"
#include "daemon/api_problem.h"

struct api_take;

struct api_file {
	struct message_file file;
	struct text bytes; /* that stood in the message; empty: given before */
};

#define API_FILE_NAME_SIZE 96u /* "sha256:...:SIZE" and a NUL */

/* A parser of a field as those of api_message.c. Fills `files` of the message and the list beside it. */
MUST_CHECK enum result api_files_take(struct api_take *p, const struct json_value *v);
/* Whether some of them must be given to the store before the message may name them. */
bool api_files_inline(const struct api_file *files, unsigned count);
/* "image/jpeg": RFC 6838 4.2 */
bool api_files_media(struct text t);
struct text api_file_name(const struct message_file *file, char room[API_FILE_NAME_SIZE]);

extern const char *const api_files_fields[]; /* of one file */

#endif
