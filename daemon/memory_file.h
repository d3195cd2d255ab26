/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Files that are passed between processes as descriptors: made in memory, and read whole. */
#ifndef DAEMON_MEMORY_FILE_H
#define DAEMON_MEMORY_FILE_H

#include "core/base/result.h"
#include "core/base/text.h"

#define MEMORY_FILE_MAX (64u * 1024u * 1024u)

/* A descriptor (close-on-exec) of a file that exists in memory only. */
MUST_CHECK enum result memory_file_new(struct text content, int *fd_out);
/* The whole of a regular file, wherever its offset stands; free() content_out->at by memory_file_forget. The descriptor
 * stays the caller's. ERR_TOO_BIG above max, ERR_UNSUPPORTED for what is no regular file. */
MUST_CHECK enum result memory_file_read(int fd, size_t max, struct text *content_out, const char **why_out);
void memory_file_forget(struct text *content);

#endif
