/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Socketpairs between roles. Control has one with each role; others as their `peers` say. A pair is made when both run;
 * when one end says that it is lost while both live (a bad record closed it) a new one follows after a second. Each has
 * a number, so that a late word about an old pair breaks no new one.
 */
#include "daemon/process_internal.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "core/base/log.h"
#include "core/ipc_messages.h"

struct pair {
	uint32_t number;
	bool again; /* to be made anew when the timer fires */
};

static struct pair pairs[ROLE_COUNT][ROLE_COUNT]; /* the lower role first */
static uint32_t last_number;

static bool wanted(const struct role *a, const struct role *b)
{
	if (a->id == b->id)
		return false;
	return a->id == ROLE_CONTROL || b->id == ROLE_CONTROL || (a->peers & 1u << b->id) || (b->peers & 1u << a->id);
}

static struct pair *pair_of(enum role_id a, enum role_id b)
{
	return a < b ? &pairs[a][b] : &pairs[b][a];
}

static void pass_end(struct child *to, const struct child *other, int fd, uint32_t number)
{
	struct writer *w = ipc_begin(to->ipc, IPC_PEER, 0, 64);

	ipc_put_text(w, text_of(other->role->name));
	writer_u32(w, number);
	if (ipc_end_fd(to->ipc, fd))
		LOGE(LOG_DAEMON, to->role->name, "its pair with %s could not be passed", other->role->name);
}

static void make(struct child *a, struct child *b)
{
	struct pair *pair = pair_of(a->role->id, b->role->id);
	int ends[2];

	pair->again = false;
	if (ipc_pair(ends)) {
		LOGE(LOG_DAEMON, a->role->name, "no socketpair with %s: %s", b->role->name, strerror(errno));
		return;
	}
	pair->number = ++last_number;
	pass_end(a, b, ends[0], pair->number);
	pass_end(b, a, ends[1], pair->number);
}

void pairs_of(struct child *child)
{
	for (enum role_id id = 0; id < ROLE_COUNT; id++) {
		struct child *other = child_of(id);
		if (other->role && other->ipc && wanted(child->role, other->role))
			make(child, other);
	}
}

static void make_again(void *owner)
{
	(void)owner;
	for (enum role_id a = 0; a < ROLE_COUNT; a++) {
		for (enum role_id b = a + 1; b < ROLE_COUNT; b++) {
			if (pairs[a][b].again && child_of(a)->ipc && child_of(b)->ipc)
				make(child_of(a), child_of(b));
		}
	}
}

void pair_lost(struct child *child, enum role_id other, uint32_t number)
{
	struct pair *pair = pair_of(child->role->id, other);

	if (!child_of(other)->role || pair->number != number)
		return;
	pair->again = true;
	if (!loop_timer_running(&process_self.pair_again))
		loop_timer_start(process_self.loop, &process_self.pair_again, PAIR_AGAIN_US, make_again, NULL);
}
