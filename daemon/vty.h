/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The operator's terminal, as control sees it. Habits of Osmocom: view, enable and configure modes, the configuration
 * file's own words, abbreviations, `?`. Changes are collected in a draft of the whole configuration and put to use by
 * `commit` (or `end`), by the same way as a file.
 */
#ifndef DAEMON_VTY_H
#define DAEMON_VTY_H

#include "daemon/role.h"

/* Members of struct role for control. */
void vty_switch_to(const struct config *config);
void vty_listen(struct text purpose, struct text address, int fd);
void vty_unlisten(struct text purpose, struct text address);

/* Lines of a show command; false: a bad record. */
bool vty_show_lines(enum role_id role, struct ipc_record *record);
void vty_role_lost(enum role_id role);
/* The parent wrote the configuration file, or why not. */
void vty_parent_done(uint32_t call, struct text why);

#endif
