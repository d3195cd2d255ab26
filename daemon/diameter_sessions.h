/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Credit-control sessions that wait for an answer: what the queue asked for, sent, repeated until answered, and told.
 * What is answered is forgotten here; the queue has it in its store and asks again after a loss of either side.
 */
#ifndef DAEMON_DIAMETER_SESSIONS_H
#define DAEMON_DIAMETER_SESSIONS_H

#include "billing/ro_vty.h"
#include "core/ipc_credit.h"
#include "daemon/diameter_peer.h"

struct diameter_sessions;

typedef void (*diameter_told_cb)(const struct ipc_credit_done *done);

struct diameter_sessions *diameter_sessions_new(struct loop *loop, struct diameter_peer *peer, diameter_told_cb told);
void diameter_sessions_free(struct diameter_sessions **sessions);
/* The settings live until the next call. NULL = not configured: everything is unreached. */
void diameter_sessions_use(struct diameter_sessions *sessions, const struct diameter_settings *settings);

void diameter_sessions_ask(struct diameter_sessions *sessions, const struct ipc_credit *ask);
void diameter_sessions_forget(struct diameter_sessions *sessions); /* the queue is gone: it asks again */
void diameter_sessions_up(struct diameter_sessions *sessions);
void diameter_sessions_down(struct diameter_sessions *sessions);
void diameter_sessions_answer(struct diameter_sessions *sessions, const struct ro_message *message);

void diameter_sessions_show(struct diameter_sessions *sessions, void (*say)(void *owner, const char *line),
			    void *owner);

#endif
