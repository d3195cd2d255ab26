/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The roles of this program, in the order in which they are started: one line each. */
#include "daemon/role.h"

static const struct role *const roles[] = {
	&role_control, &role_queue, &role_media, &role_lab, &role_api, &role_sms, &role_lookup, &role_diameter,
};

const struct role *role_of(enum role_id id)
{
	for (unsigned i = 0; i < sizeof(roles) / sizeof(roles[0]); i++) {
		if (roles[i]->id == id)
			return roles[i];
	}
	return NULL;
}
