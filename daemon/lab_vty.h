/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The nodes of the lab network: `lab`, and a `handset` per simulated phone. */
#ifndef DAEMON_LAB_VTY_H
#define DAEMON_LAB_VTY_H

#include "core/core_vty.h"

struct lab_settings {
	struct config_node node;
	struct config_list listen; /* where `cellpost phone` connects */
	int64_t window;		   /* deliveries on their way at once */
	int64_t phones;		   /* terminals at once */
	int64_t inbox;		   /* messages a handset remembers */
	int64_t absent_retry;	   /* a switched-off handset is tried again after this */
	bool offline_text;	   /* RCS texts wait for known contacts that are away */
	bool offline_file;	   /* the same for files */
	bool mms;		   /* whether it has MMS */
	int64_t mms_max;	   /* octets of a message by MMS */
	int64_t rcs_file_max;	   /* octets of files by RCS */
	bool any;		   /* every number is a handset, not only those configured */
};
extern const struct node_kind lab_kind;

/* handset NUMBER: a phone of the lab network. */
struct handset_settings {
	struct config_node node;
	bool coverage; /* at start: switched on and in reach */
	bool rcs, data, roaming, mms;
};
extern const struct node_kind handset_kind;

#endif
