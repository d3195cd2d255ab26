/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Records between the queue and the role that asks number databases:
 *
 *	queue -> lookup: IPC_LOOKUP     lookup -> queue: IPC_FOUND, once for each
 *
 * Each side may lose the other. The queue asks again whom it meets again, and takes an answer that comes too late for
 * its message into the cache.
 */
#ifndef CORE_IPC_LOOKUP_H
#define CORE_IPC_LOOKUP_H

#include "core/ipc_messages.h"
#include "core/portability.h"

struct ipc_lookup {
	struct text number; /* portability_is_number() */
};

struct ipc_found {
	struct text number;
	enum result result; /* OK and ERR_NOT_FOUND: the source answered. Others: it did not, or nothing of use */
	struct portability_answer answer;
	struct text why; /* with an error, for people */
};

void ipc_put_lookup(struct writer *w, const struct ipc_lookup *l);
bool ipc_get_lookup(struct reader *r, struct ipc_lookup *out);
void ipc_put_found(struct writer *w, const struct ipc_found *f);
bool ipc_get_found(struct reader *r, struct ipc_found *out);

#endif
