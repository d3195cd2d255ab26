/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The parent: starts the roles, binds sockets, restarts what dies, ends all in order. It reads no peer's octets and
 * takes every record of a role as hostile: a bad one costs that role its life. */
#ifndef DAEMON_PROCESS_H
#define DAEMON_PROCESS_H

#include <stdbool.h>

/* Runs until a signal ends it. Returns the exit code. */
int process_main(const char *config_path);

/* The whole check of `cellpostd -t`, in this process: faults on stderr. True when the file is good. */
bool process_check_file(const char *config_path);

#endif
