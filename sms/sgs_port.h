/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * SGs as a link of the gateway: associations of MMEs (core/net/sctp.h), the
 * VLR's side (sgs_fsm.h), and its phones (phone_link.h). All on the loop's thread.
 *
 * SGs knows phones by IMSI alone: their numbers are told by phone_link_number(). A phone without a number is not
 * registered, unless `anybody` allows it; then it can receive nothing and is refused what it sends.
 */
#ifndef SMS_SGS_PORT_H
#define SMS_SGS_PORT_H

#include "core/net/net_address.h"
#include "sms/phone_link.h"
#include "sms/sgs_fsm.h"

struct sgs_port_settings {
	struct phone_link_settings phones; /* phones.link is the link's name */
	const char *vlr_name;		   /* "vlr.example.net" */
	struct sms_address centre;	   /* the service centre's number */
	bool anybody;
	struct sgs_timers timers;
	struct sgs_limits limits;
};

struct sgs_port;

/* Settings are copied. */
struct sgs_port *sgs_port_new(const struct sgs_port_settings *settings, struct loop *loop, struct channel *channel);
void sgs_port_free(struct sgs_port **port);

/* Takes over the bound socket of an address of records (core/net/sctp.h), or a connection; `peer` is its address as
 * text. */
void sgs_port_listen(struct sgs_port *port, const struct net_address *address, int fd);
void sgs_port_connection(struct sgs_port *port, int fd, const char *peer);

/* For deliveries, answers of the channel, numbers and show commands. */
struct phone_link *sgs_port_phones(struct sgs_port *port);

#endif
