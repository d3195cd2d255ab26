/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/cellpost_file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "core/net/digest.h"
#include "daemon/memory_file.h"
#include "daemon/phone_file.h"

bool cellpost_file_read(const char *path, struct cellpost_file *out, const char **why_out)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);

	*out = (struct cellpost_file){ .media = phone_file_media(path), .name = phone_file_name(path) };
	if (fd < 0) {
		*why_out = strerror(errno);
		return false;
	}
	enum result r = memory_file_read(fd, CELLPOST_FILE_MAX, &out->bytes, why_out);
	close(fd);
	if (r == OK && !out->bytes.len)
		*why_out = "an empty file";
	if (r != OK || !out->bytes.len)
		return false;
	struct digest_part part = { out->bytes.at, out->bytes.len };
	struct message_file file = { .size = out->bytes.len };
	digest_sha256(&part, 1, file.hash);
	struct text handle = api_file_name(&file, out->handle);
	out->handle[handle.len] = '\0';
	return true;
}

void cellpost_file_clear(struct cellpost_file *f)
{
	if (f->bytes.at)
		memory_file_forget(&f->bytes);
	*f = (struct cellpost_file){ 0 };
}
