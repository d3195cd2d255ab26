/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/member.h"

#include <stdlib.h>

#include "core/base/arena.h"
#include "core/base/log.h"
#include "core/ipc_messages.h"
#include "daemon/memory_file.h"
#include "daemon/role_internal.h"

#define ENCODE_FIRST (1u << 20)

static struct member members[ROLE_COUNT];

struct member *member_of(enum role_id id)
{
	return &members[id];
}

bool member_is(enum role_id id)
{
	return id != ROLE_CONTROL && role_of(id);
}

bool members_all_here(void)
{
	for (enum role_id id = 0; id < ROLE_COUNT; id++) {
		if (member_is(id) && !members[id].connected)
			return false;
	}
	return true;
}

static bool encode(const struct config *config, unsigned roles, struct text *out)
{
	for (size_t size = ENCODE_FIRST; size <= MEMORY_FILE_MAX; size *= 2) {
		char *room = must_alloc(size);
		struct writer w = writer_of(room, size);
		config_encode(config, roles, &w);
		if (writer_ok(&w)) {
			*out = text_range(room, writer_len(&w));
			return true;
		}
		free(room);
	}
	return false;
}

int member_encode(const struct config *config, unsigned roles)
{
	struct text set = { 0 };
	int fd = -1;

	if (!encode(config, roles, &set) || memory_file_new(set, &fd))
		LOGE(LOG_DAEMON, NULL, "the configuration is too big to be passed");
	memory_file_forget(&set);
	return fd;
}

bool member_offer(enum role_id id, const struct config *config, uint32_t number)
{
	struct ipc *ipc = role_peer(id);
	int fd = ipc ? member_encode(config, 1u << id) : -1;

	if (fd < 0)
		return false;
	members[id].asked = number;
	(void)ipc_begin(ipc, IPC_CONFIG_CHECK, number, 0);
	return ipc_end_fd(ipc, fd) == OK;
}

void member_switch(enum role_id id, uint32_t number)
{
	struct ipc *ipc = role_peer(id);

	if (!ipc)
		return;
	(void)ipc_begin(ipc, IPC_CONFIG_SWITCH, number, 0);
	if (ipc_end(ipc))
		LOGE(LOG_DAEMON, role_name(id), "could not be told to switch");
}

void member_sync(enum role_id id, unsigned busy)
{
	const struct member *m = &members[id];
	uint32_t number = role_config_number();

	if (!number || !m->connected || m->have == number || m->asked == number || (busy & 1u << id))
		return;
	if (!member_offer(id, role_config(), number))
		LOGE(LOG_DAEMON, role_name(id), "the configuration could not be sent");
}

void members_sync(unsigned busy)
{
	for (enum role_id id = 0; id < ROLE_COUNT; id++) {
		if (member_is(id))
			member_sync(id, busy);
	}
}
