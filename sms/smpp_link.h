/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A link to a message centre: our binds there, the deliveries that go by them within their windows, what comes back.
 * The queue hands it more than its windows hold, so that the next one is at hand; what was not sent when the link goes
 * down goes back unharmed.
 */
#ifndef SMS_SMPP_LINK_H
#define SMS_SMPP_LINK_H

#include "core/net/dns.h"
#include "sms/sms_calls.h"
#include "sms/smpp_vty.h"

struct smpp_link;
struct link_row;

/* `settings` are copied. Starts connecting. dns may be NULL: numeric hosts only. */
struct smpp_link *smpp_link_new(const struct smsc_settings *settings, struct smpp_conns *conns, struct sms_calls *calls,
				struct dns *dns);
/* Other settings: sessions whose bind they concern are made anew, the rest counts at once. */
void smpp_link_set(struct smpp_link *link, const struct smsc_settings *settings);
/* Unbinds; deliveries that were not sent go back. `smpp_link_idle` then says when all is answered. */
void smpp_link_stop(struct smpp_link *link);
bool smpp_link_idle(const struct smpp_link *link);
void smpp_link_free(struct smpp_link **link);

/* A connection that the centre made (outbind-listen), taken over: bound when it says outbind (SMPP 3.4 4.1.7). Closed
 * at once when all our sessions are there. */
void smpp_link_outbind(struct smpp_link *link, int fd);

struct text smpp_link_name(const struct smpp_link *link); /* "smsc:NAME" */
/* A delivery for it. */
void smpp_link_deliver(struct smpp_link *link, const struct ipc_deliver *delivery);
void smpp_link_row(const struct smpp_link *link, struct link_row *out); /* valid until the link changes */
/* One line for people. */
void smpp_link_show(const struct smpp_link *link, void (*say)(void *owner, const char *line), void *owner);

#endif
