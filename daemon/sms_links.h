/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The sms role's links to phones and modems (sms/link_vty.h): made, renewed and dropped as the configuration says, and
 * what the channel and the parent give them. One instance per process, on the loop's thread.
 */
#ifndef DAEMON_SMS_LINKS_H
#define DAEMON_SMS_LINKS_H

#include "core/channel.h"
#include "core/config.h"

struct link_row;

void sms_links_switch(struct channel *channel, const struct config *config);

/* False: not for a link of these. */
bool sms_links_deliver(const struct ipc_deliver *delivery);
bool sms_links_outbox(const struct ipc_outbox *row);
bool sms_links_accepted(uint32_t call, const struct ipc_accepted *accepted);
bool sms_links_reported(uint32_t call, bool done);
bool sms_links_listen(struct text purpose, struct text address, int fd);
bool sms_links_unlisten(struct text purpose, struct text address);

/* Carriers, their PDUs, facts (core/ipc_relay.h). False: a record of another kind, or a bad one. */
bool sms_links_record(struct ipc_record *record);
void sms_links_connected(void); /* the queue is there (again) */
void sms_links_lost(void);	/* it is not */

void sms_links_show(void (*say)(void *owner, const char *line), void *owner);
void sms_links_rows(void (*each)(void *owner, const struct link_row *row), void *owner);
void sms_links_stop(void);
bool sms_links_idle(void);

/* A copy of what the parent passed for that node's address; -1: nothing yet. */
int sms_links_copy(const struct node_kind *purpose, struct text address);

#endif
