/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A recipient that is in reach again: what was put off for it need not wait for its time. */
#include "core/queue_internal.h"

struct due_job {
	struct queue *queue;
	struct holder *holder;
	struct link *link;
	struct store_due due;
};

static void moved(struct store_request *r)
{
	struct due_job *j = r->owner;

	queue_asked_done(j->queue);
	if (r->answer == STORE_DONE && j->due.moved_out)
		queue_link_wake(j->queue, j->link);
	queue_release_holder(j->queue, &j->holder);
}

/* Nothing waits for it at all: no need to ask. What is being put off at this moment is with the store before us. */
static bool has_nothing(const struct queue *q, const struct link *l)
{
	return !l->due_us && !l->waiting && !l->in_flight && !q->waiting;
}

bool queue_due_record(struct queue *q, unsigned edge, struct ipc_record *record)
{
	struct ipc_due in;

	if (!ipc_get_due(&record->body, &in))
		return false;
	struct link *l = queue_link_find(q, in.link);
	if (!l || l->edge != edge || has_nothing(q, l))
		return true;
	struct holder *h = queue_holder(q);
	struct due_job *j = arena_alloc(h->arena, sizeof(*j));
	*j = (struct due_job){ .queue = q, .holder = h, .link = l };
	j->due.route = l->name;
	j->due.recipient = arena_text(h->arena, in.recipient);
	j->due.lane = address_lane(in.recipient);
	j->due.due_us = store_now(q->store);
	queue_ask_store(q, &j->due.base, STORE_DUE, moved, j);
	return true;
}
