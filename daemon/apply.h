/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Control's way of putting a configuration to use, one at a time:
 *
 *	own check -> files loaded -> directory made -> every role checks -> addresses bound -> every role switches
 *
 * The first "no" ends it, and what ran before runs on. A role that comes (again) gets the set in use by itself.
 */
#ifndef DAEMON_APPLY_H
#define DAEMON_APPLY_H

#include "core/base/ipc.h"
#include "core/config.h"
#include "daemon/role.h"

/* Called once: why NULL = in use; else why not, a text that lives for the call. */
typedef void (*apply_done)(void *owner, const char *why);

bool apply_busy(void);
/* Takes over the set, which passed config_check(). Only when not busy. */
void apply_start(struct config *config, apply_done done, void *owner);
/* Forgets who asked (he is gone); the set goes its way. */
void apply_disown(const void *owner);
/* The set in use, after control was restarted; false when it cannot be. */
bool apply_resume(struct config *config, uint32_t number);

/* Records CONFIG_HAVE, CONFIG_CHECKED, CONFIG_SWITCHED of a role. */
bool apply_record(enum role_id from, struct ipc_record *record);
void apply_role_lost(enum role_id role);
/* DONE of the parent; false when the call is not ours. */
bool apply_parent_done(uint32_t call, struct text why, int fd);

#endif
