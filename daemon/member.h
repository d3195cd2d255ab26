/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What control knows of each other role, and how a configuration is sent to one. */
#ifndef DAEMON_MEMBER_H
#define DAEMON_MEMBER_H

#include "core/config.h"
#include "daemon/role.h"

struct member {
	bool connected;
	uint32_t have;	/* number of the set that it uses, 0 = none */
	uint32_t asked; /* number of the set that it was asked to check last */
};

struct member *member_of(enum role_id id);
bool member_is(enum role_id id); /* a role of this program other than control */
bool members_all_here(void);

/* The set as a memory file for these roles; -1 when it is too big (logged). */
int member_encode(const struct config *config, unsigned roles);
/* Asks the role whether it can use the set; false when it could not be sent. */
MUST_CHECK bool member_offer(enum role_id id, const struct config *config, uint32_t number);
void member_switch(enum role_id id, uint32_t number);
/* A connected role that does not use the set in use is brought to it; `busy`: bits of roles that are just asked about
 * another set. */
void member_sync(enum role_id id, unsigned busy);
void members_sync(unsigned busy);

#endif
