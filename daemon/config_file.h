/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reading the configuration's text, with faults for people: for control, and for `cellpostd -t`. */
#ifndef DAEMON_CONFIG_FILE_H
#define DAEMON_CONFIG_FILE_H

#include "core/config.h"

/* A fault as one line "FILE:LINE: WORD: text" on stderr, or logged as an error. For config_read and config_check. */
void config_fault_print(void *owner, const char *file, unsigned line, struct text word, const char *text);
void config_fault_log(void *owner, const char *file, unsigned line, struct text word, const char *text);

/* A new set read from the descriptor of a regular file; NULL after faults, which were reported. */
struct config *config_file_read(int fd, const char *path, config_fault fault, void *owner);

#endif
