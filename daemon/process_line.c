/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Serial lines of modems. The parent opens them as it binds sockets, since it alone may have the rights, and looks for
 * those that are not there: a modem that is unplugged stops nothing, and one that is plugged in again is passed anew.
 */
#include "daemon/process_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "core/base/log.h"

#define TTY_PREFIX "tty:"

static bool is_line(const struct listening *l)
{
	return !strncmp(l->address, TTY_PREFIX, sizeof(TTY_PREFIX) - 1);
}

void line_open(struct listening *l)
{
	const char *path = l->address + sizeof(TTY_PREFIX) - 1;
	int fd = open(path, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);

	if (fd >= 0 && !isatty(fd)) {
		LOGE(LOG_DAEMON, path, "this is no serial line");
		close(fd);
		return;
	}
	if (fd < 0)
		LOGD(LOG_DAEMON, path, "the line is not there: %s", strerror(errno));
	else
		LOGN(LOG_DAEMON, path, "the line is open");
	l->fd = fd;
}

static bool is_gone(int fd)
{
	struct pollfd p = { .fd = fd };

	return poll(&p, 1, 0) > 0 && p.revents & (POLLHUP | POLLERR | POLLNVAL);
}

void lines_look(void)
{
	for (struct listening *l = process_self.listening; l; l = l->next) {
		if (!is_line(l))
			continue;
		if (l->fd >= 0 && is_gone(l->fd)) {
			LOGN(LOG_DAEMON, l->address, "the line is gone");
			close(l->fd);
			l->fd = -1;
		}
		if (l->fd >= 0)
			continue;
		line_open(l);
		if (l->fd >= 0 && !l->fresh)
			socket_pass(l);
	}
}
