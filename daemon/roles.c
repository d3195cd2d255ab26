/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The roles of this program, in the order in which they are started: one line each. */
#include "daemon/role.h"

static const struct role *const roles[] = {
	&role_control,
	&role_media,
};

const struct role *role_of(enum role_id id)
{
	for (unsigned i = 0; i < sizeof(roles) / sizeof(roles[0]); i++) {
		if (roles[i]->id == id)
			return roles[i];
	}
	return NULL;
}

static const char *const names[ROLE_COUNT] = {
	[ROLE_PARENT] = "parent", [ROLE_CONTROL] = "control", [ROLE_QUEUE] = "queue", [ROLE_SMS] = "sms",
	[ROLE_API] = "api",	  [ROLE_MEDIA] = "media",     [ROLE_LAB] = "lab",
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
