/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The sms role's modems, a part of sms_links.h with calls of the same meaning. */
#ifndef DAEMON_SMS_MODEMS_H
#define DAEMON_SMS_MODEMS_H

#include "core/channel.h"
#include "core/config.h"

struct link_row;

void sms_modems_switch(struct channel *channel, const struct config *config);
bool sms_modems_deliver(const struct ipc_deliver *delivery);
bool sms_modems_accepted(uint32_t call, const struct ipc_accepted *accepted);
bool sms_modems_reported(uint32_t call, bool done);
void sms_modems_line(struct text address); /* this line is there (again) */
void sms_modems_show(void (*say)(void *owner, const char *line), void *owner);
void sms_modems_rows(void (*each)(void *owner, const struct link_row *row), void *owner);
/* `modem NAME start`: the answer in words. */
const char *sms_modems_restart(struct text name);
void sms_modems_stop(void);
bool sms_modems_idle(void);

#endif
