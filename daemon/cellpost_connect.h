/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A connection of the command line: blocking to make, then the caller's to poll. */
#ifndef DAEMON_CELLPOST_CONNECT_H
#define DAEMON_CELLPOST_CONNECT_H

#include "core/base/result.h"
#include "core/net/net_address.h"

/* "127.0.0.1:4260", "[::1]:4260", "name:4260", "unix:/path". ERR_MALFORMED, or ERR_NOT_FOUND for an unknown name. */
MUST_CHECK enum result cellpost_address(const char *where, struct net_address *out, const char **why_out);
/* A connected, blocking, close-on-exec socket; 3 s at most. ERR_CLOSED when nobody listens there. */
MUST_CHECK enum result cellpost_connect(const char *where, int *fd_out, const char **why_out);
/* All of it, or false. */
bool cellpost_write(int fd, const void *bytes, size_t n);

#endif
