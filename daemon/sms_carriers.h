/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The sms role's links over carriers of other roles (`carrier NAME`, sms/carrier_port.h): made, renewed and dropped as
 * the configuration says; what the queue says of carriers reaches them here. One instance per process.
 */
#ifndef DAEMON_SMS_CARRIERS_H
#define DAEMON_SMS_CARRIERS_H

#include "core/channel_relay.h"
#include "core/config.h"
#include "sms/phone_link.h"

/* `tell` is called for each link's phones, with the configuration before (NULL: the link is new) and now. */
void sms_carriers_switch(struct channel *channel, const struct config *config,
			 void (*tell)(struct phone_link *phones, const struct config *before,
				      const struct config *config));
/* NULL: no carrier's link has that name ("carrier:cell"). */
struct phone_link *sms_carriers_phones(struct text link);
void sms_carriers_each(void (*each)(void *owner, struct phone_link *phones), void *owner);

/* From the queue; what is said of carriers that are not configured is remembered, or left. */
void sms_carriers_said(const struct ipc_carrier *said);
void sms_carriers_received(const struct ipc_link_pdu *pdu);
void sms_carriers_lost(void); /* the queue is gone */

#endif
