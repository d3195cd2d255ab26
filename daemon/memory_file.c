/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/memory_file.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/arena.h"

enum result memory_file_new(struct text content, int *fd_out)
{
	int fd = memfd_create("cellpost", MFD_CLOEXEC);
	size_t done = 0;

	while (fd >= 0 && done < content.len) {
		ssize_t n = write(fd, content.at + done, content.len - done);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			close(fd);
			return ERR_IO;
		}
		done += (size_t)n;
	}
	*fd_out = fd;
	return fd < 0 ? ERR_IO : OK;
}

static enum result fail(enum result r, const char *why, const char **why_out)
{
	*why_out = why;
	return r;
}

/* By position: the offset is shared with other holders of the descriptor. One octet more than max tells growth. */
enum result memory_file_read(int fd, size_t max, struct text *content_out, const char **why_out)
{
	struct stat st;
	size_t done = 0;

	if (fstat(fd, &st))
		return fail(ERR_IO, strerror(errno), why_out);
	if (!S_ISREG(st.st_mode))
		return fail(ERR_UNSUPPORTED, "not a regular file", why_out);
	if (st.st_size < 0 || (uint64_t)st.st_size > max)
		return fail(ERR_TOO_BIG, "the file is too big", why_out);
	size_t size = (size_t)st.st_size;
	char *room = must_alloc(size + 1);
	while (done < size) {
		ssize_t n = pread(fd, room + done, size - done, (off_t)done);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			free(room);
			return fail(ERR_IO, strerror(errno), why_out);
		}
		if (!n)
			break;
		done += (size_t)n;
	}
	*content_out = text_range(room, done);
	return OK;
}

void memory_file_forget(struct text *content)
{
	union {
		const char *kept;
		char *ours;
	} u = { .kept = content->at };

	free(u.ours);
	*content = (struct text){ 0 };
}
