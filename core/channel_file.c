/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Files between an edge and the store. */
#include <unistd.h>

#include "core/channel_internal.h"

#define FILE_RECORD_MAX (64u + MESSAGE_ACCOUNT_MAX)

uint32_t channel_file_new(struct channel *c, uint64_t size)
{
	struct ipc_file_new f = { size };

	if (!channel_ready(c))
		return 0;
	uint32_t call = channel_pending_add(c, PENDING_FILE);
	ipc_put_file_new(ipc_begin(c->ipc, IPC_FILE_NEW, call, FILE_RECORD_MAX), &f);
	channel_wrote(c, ipc_end(c->ipc));
	return call;
}

uint32_t channel_file_done(struct channel *c, const struct ipc_file_done *done)
{
	if (!channel_ready(c))
		return 0;
	uint32_t call = channel_pending_add(c, PENDING_FILE);
	ipc_put_file_done(ipc_begin(c->ipc, IPC_FILE_DONE, call, FILE_RECORD_MAX), done);
	channel_wrote(c, ipc_end(c->ipc));
	return call;
}

uint32_t channel_file_get(struct channel *c, struct message_id delivery, unsigned number)
{
	struct ipc_file_get f = { delivery, (uint8_t)number };

	if (!channel_ready(c))
		return 0;
	uint32_t call = channel_pending_add(c, PENDING_FILE);
	ipc_put_file_get(ipc_begin(c->ipc, IPC_FILE_GET, call, FILE_RECORD_MAX), &f);
	channel_wrote(c, ipc_end(c->ipc));
	return call;
}

bool channel_file_answer(struct channel *c, struct ipc_record *record)
{
	struct ipc_file_answer a;
	bool good = ipc_get_file_answer(&record->body, &a) && c->handler->file &&
		    channel_pending_take(c, record->call) == PENDING_FILE;

	if (good)
		c->handler->file(c->owner, record->call, &a, record->fd);
	else if (record->fd >= 0)
		close(record->fd);
	return good;
}
