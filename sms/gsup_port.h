/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * GSUP as a link of the gateway: the connections of MSCs and ours to the HLR, the server between them (gsup_server.h),
 * and its phones (phone_link.h). All on the loop's thread.
 */
#ifndef SMS_GSUP_PORT_H
#define SMS_GSUP_PORT_H

#include "core/net/net_address.h"
#include "sms/gsup_server.h"
#include "sms/phone_link.h"

struct gsup_port_settings {
	struct phone_link_settings phones; /* phones.link is the link's name */
	const char *unit;		   /* our name towards MSCs: "SMSC-cellpost" */
	struct sms_address centre;	   /* the service centre's number */
	bool has_hlr;			   /* false: MSCs find no HLR here */
	struct net_address hlr;
	bool silent_is_absent; /* an MSC that gives no answer did not find the phone */
	struct gsup_timers timers;
	struct gsup_limits limits;
};

struct gsup_port;

/* Settings are copied. */
struct gsup_port *gsup_port_new(const struct gsup_port_settings *settings, struct loop *loop, struct channel *channel);
void gsup_port_free(struct gsup_port **port);

/* Takes over a listening socket, or a connection of an MSC. */
void gsup_port_listen(struct gsup_port *port, int fd);
void gsup_port_connection(struct gsup_port *port, int fd);

/* For deliveries, answers of the channel and show commands. */
struct phone_link *gsup_port_phones(struct gsup_port *port);

#endif
