/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the parts of a role's process share: role.c (life, the parent), role_config.c (check, open, switch),
 * role_links.c (peers and listening sockets), role_show.c. Control uses role_config_* for its own configuration, which
 * it reads itself.
 */
#ifndef DAEMON_ROLE_INTERNAL_H
#define DAEMON_ROLE_INTERNAL_H

#include "daemon/daemon_vty.h"
#include "daemon/role.h"

#define ROLE_LINK_FD 3
#define ROLE_PAGE_FD 4
#define ROLE_ENDS_US (10 * INT64_C(1000000)) /* after IPC_STOP the process ends by itself */
#define ROLE_READY_LINES 6u
#define ROLE_READY_TEXT 1600u /* octets of all ready lines */

/* One end of a pair with another role. */
struct role_link {
	enum role_id id;
	struct ipc *ipc; /* NULL: not connected */
	uint32_t pair;	 /* the parent's number of this pair */
};

struct role_process {
	const struct role *role;
	struct loop *loop;
	struct ipc *parent;
	struct role_link links[ROLE_COUNT];
	struct counter_page *pages[ROLE_COUNT];
	bool opened, switched, settled, ready, stopping;
	int exit_code;
	struct loop_timer end_timer;
	char ready_text[ROLE_READY_TEXT];
	unsigned ready_lines;
};

extern struct role_process role_self;

/* Sends READY once all that it waits for is there. */
void role_check_ready(void);

/* Takes over the set in any case. On ERR nothing changed, except that a first one may have opened something: then the
 * process is of no use and should end. */
MUST_CHECK enum result role_config_offer(struct config *config, uint32_t number, const char **why_out);
/* Uses the set offered last; false when it was another. */
bool role_config_switch(uint32_t number);
uint32_t role_config_number(void); /* of the set in use, 0 = none */
const struct config *role_config(void);
/* Records CONFIG_* and SHOW of control. */
bool role_control_record(struct ipc *ipc, struct ipc_record *record);
void role_config_forget(void);

/* IPC_PEER and IPC_LISTEN wait here until the first switch. False: a bad record; its descriptor is closed. */
bool role_link_record(struct ipc_record *record);
bool role_listen_record(struct ipc_record *record);
bool role_unlisten_record(struct ipc_record *record);
void role_links_start(void); /* after the first switch */
void role_links_forget(void);

bool role_show_record(struct ipc_record *record);

#endif
