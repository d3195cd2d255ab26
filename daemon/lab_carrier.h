/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A scripted carrier of the lab: a program connects and is the cell's or IMS's side of link PDUs (sms/link_pdu.h), so
 * that the machines of CP and RP in the sms role can be tried without a cell. Lines of hexadecimal digits both ways,
 * one PDU each; a line that begins with `#` is a word to the program, and is not answered:
 *
 *	lab -> program:  # up | # down      the machines are there, or are not
 *	program -> lab:  0300...            one PDU; its own link's name is the node's
 *
 * The carrier is there as long as a program is connected; one at a time. No password: loopback addresses only.
 */
#ifndef DAEMON_LAB_CARRIER_H
#define DAEMON_LAB_CARRIER_H

#include "core/channel.h"
#include "core/config.h"

struct lab_carrier_settings {
	struct config_node node; /* the name is the carrier's: "cell" */
	struct text listen;
	int64_t kind; /* enum lab_carrier_moves */
};
enum lab_carrier_moves { LAB_CONNECTIONS, LAB_MESSAGES };
extern const struct node_kind lab_carrier_kind;

void lab_carriers_switch(struct channel *channel, const struct config *config);
/* False: another purpose. */
bool lab_carriers_listen(struct text purpose, struct text address, int fd);
bool lab_carriers_unlisten(struct text purpose, struct text address);
/* From the queue. False: a bad record. */
bool lab_carriers_record(struct ipc_record *record);
void lab_carriers_connected(void); /* the queue is there (again) */
void lab_carriers_lost(void);	   /* it is not */

#endif
