/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The node `diameter`: the online charging system that accounts with `payment online` are charged at, and what is done
 * while it does not answer (B20). Read by the queue role (what is sent, the policy) and the diameter role (the peer).
 */
#ifndef BILLING_RO_VTY_H
#define BILLING_RO_VTY_H

#include "core/config.h"

#define FOR_DIAMETER (1u << 8) /* enum role_id of daemon/role.h */

struct diameter_settings {
	struct config_node node;
	struct text peer; /* numeric host:port */
	struct text identity, realm;
	struct text peer_realm, peer_host; /* Destination-Realm, Destination-Host */
	struct text context;
	int64_t tx_timer, connect_timeout, reconnect, watchdog;
	int64_t content; /* enum ro_content */
	int64_t unit;	 /* enum ro_unit */
	int64_t count;	 /* enum diameter_count */
	bool mandatory;
	int64_t service, rating_group;
	int64_t outage; /* enum diameter_outage */
	struct text exposure_payer, exposure_all;
};
extern const struct node_kind diameter_kind;

enum diameter_count { DIAMETER_PER_MESSAGE, DIAMETER_PER_SEGMENT };
enum diameter_outage { DIAMETER_STOP, DIAMETER_BUFFER };

#endif
