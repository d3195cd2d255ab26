/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A carrier in another role (the cell's NAS containers, SIP's bodies) as a link of the gateway: link PDUs come and go
 * through the queue (core/ipc_relay.h), the machines of CP and RP are here (link_side.h), and its phones are as those
 * of SGs (phone_link.h). Phones are known by their IMSI, whose number is configured, or by an address of record that
 * has the number in it (sip:+..., tel:+...). All on the loop's thread.
 */
#ifndef SMS_CARRIER_PORT_H
#define SMS_CARRIER_PORT_H

#include "core/channel_relay.h"
#include "sms/link_side.h"
#include "sms/phone_link.h"

struct carrier_port_settings {
	struct phone_link_settings phones; /* phones.link is the link's name in routes: "carrier:cell" */
	const char *carrier;		   /* the carrier's own: "cell" */
	struct sms_address centre;	   /* the service centre's number */
	struct session_timers timers;
	struct link_side_limits limits;
};

struct carrier_port;

/* Settings are copied. The link is down until the carrier is said to be there. */
struct carrier_port *carrier_port_new(const struct carrier_port_settings *settings, struct loop *loop,
				      struct channel *channel);
void carrier_port_free(struct carrier_port **port);

/* From the queue. False: of another carrier. */
bool carrier_port_said(struct carrier_port *port, const struct ipc_carrier *said);
bool carrier_port_received(struct carrier_port *port, const struct ipc_link_pdu *pdu);
/* The queue is gone, and with it the way to the carrier: nothing is known of it until it is said again. */
void carrier_port_lost(struct carrier_port *port);

/* For deliveries, answers of the channel and show commands. */
struct phone_link *carrier_port_phones(struct carrier_port *port);

#endif
