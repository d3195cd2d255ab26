/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The role for untrusted content. It may touch nothing but its memory and its pipes; no work is routed to it yet. */
#include "core/base/log.h"
#include "daemon/role.h"

static void show(uint32_t call, struct text words)
{
	if (text_is(words, "media"))
		role_show_text(call, "idle: no work is given to this role\n");
	else
		role_show_text(call, "media shows: media\n");
	role_show_end(call);
}

const struct role role_media = {
	.id = ROLE_MEDIA,
	.name = "media",
	.promises = SANDBOX_CORE,
	.description = "untrusted content: memory and its pipes only",
	.show = show,
};
