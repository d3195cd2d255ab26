/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Every kind of node of the program: a folder that has knobs adds its kinds here. */
#include "billing/billing_vty.h"
#include "billing/ro_vty.h"
#include "core/core_vty.h"
#include "core/portability_vty.h"
#include "daemon/api_vty.h"
#include "daemon/daemon_vty.h"
#include "daemon/lab_carrier.h"
#include "daemon/lab_vty.h"
#include "daemon/role.h"
#include "sms/link_vty.h"
#include "sms/smpp_vty.h"

const struct node_kind *const config_all_kinds[] = {
	&process_kind,	   &log_kind,	   &vty_kind,	      &store_kind,   &queue_kind,	&account_kind,
	&route_kind,	   &http_kind,	   &lab_kind,	      &handset_kind, &smpp_server_kind, &smsc_kind,
	&billing_kind,	   &gsup_kind,	   &sgs_kind,	      &modem_kind,   &subscriber_kind,	&carrier_kind,
	&lab_carrier_kind, &diameter_kind, &portability_kind,
};

const unsigned config_all_kinds_count = sizeof(config_all_kinds) / sizeof(config_all_kinds[0]);
