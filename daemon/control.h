/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The control role: what its parts (apply.c, vty, show) need of control.c. */
#ifndef DAEMON_CONTROL_H
#define DAEMON_CONTROL_H

#include "core/base/writer.h"
#include "daemon/role.h"

/* A request to the parent; its answer names *call_out. Between begin and end nothing else is sent to the parent. */
struct writer *control_ask_begin(uint16_t type, uint32_t *call_out);
/* fd -1 = none; else it is taken over. False: it could not be sent. */
bool control_ask_end(int fd);

bool control_say_active(uint32_t number, int fd); /* takes over fd */
void control_say_refused(void);
void control_apply_ended(void);
const char *control_config_path(void);

#endif
