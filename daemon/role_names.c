/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The names of all roles, whether this program has them or not. */
#include "daemon/role.h"

static const char *const names[ROLE_COUNT] = {
	[ROLE_PARENT] = "parent", [ROLE_CONTROL] = "control", [ROLE_QUEUE] = "queue",
	[ROLE_SMS] = "sms",	  [ROLE_API] = "api",	      [ROLE_MEDIA] = "media",
	[ROLE_LAB] = "lab",	  [ROLE_LOOKUP] = "lookup",   [ROLE_DIAMETER] = "diameter",
};

const char *role_name(enum role_id id)
{
	return (unsigned)id < ROLE_COUNT ? names[id] : "unknown";
}

bool role_parse(struct text name, enum role_id *out)
{
	for (enum role_id id = 0; id < ROLE_COUNT; id++) {
		if (text_is(name, names[id])) {
			*out = id;
			return true;
		}
	}
	return false;
}
