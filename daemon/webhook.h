/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Calls to the applications: each account is a link "webhook:NAME" to the queue. Incoming messages and receipts come
 * as records, go out as requests (webhook_body.h), and end in a result or an outbox end. A slow host holds up nobody
 * else: each account has a window, each host its own connections.
 *
 * Receivers know repetitions by the event's id, so a lost answer simply means: again.
 */
#ifndef DAEMON_WEBHOOK_H
#define DAEMON_WEBHOOK_H

#include "core/channel.h"
#include "daemon/api_vty.h"

/* Before the sandbox: the authorities of TLS and the resolver's files are read here. */
MUST_CHECK enum result webhook_open(const struct http_settings *settings, const char **why_out);
/* Announces a link for each account of the new configuration and takes back those that are gone. */
void webhook_switch(void);
void webhook_deliver(const struct ipc_deliver *delivery);
void webhook_outbox(const struct ipc_outbox *row);
/* Links go down; `idle` is called once nothing is under way. */
void webhook_stop(void (*idle)(void));
void webhook_free(void);
unsigned webhook_under_way(void);

#endif
