/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The file of a capture: the parent's part. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "daemon/capture.h"
#include "sms/pcap_file.h"

int capture_file_new(const char *directory, const char *name, const char **why_out)
{
	*why_out = "not a name for a file";
	if (!pcap_name_good(text_of(name)))
		return -1;
	*why_out = NULL;
	int folder = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int fd = folder < 0
			 ? -1
			 : openat(folder, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY, 0600);
	if (fd < 0)
		*why_out = strerror(errno);
	if (folder >= 0)
		close(folder);
	return fd;
}
