/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Receipts and notices on their way out: rows of the store's outbox, pushed at once when their target is there and has
 * room, read back from the store otherwise. At least once: the receiver is told the id.
 */
#include <stdlib.h>

#include "core/base/clock.h"
#include "core/base/log.h"
#include "core/queue_internal.h"

#define LOOK_EVERY_US (10 * USEC_PER_SEC) /* for rows that an earlier run put off */
#define LOOK_AGAIN_US USEC_PER_SEC
#define AGAIN_FIRST_MS 1000u

struct fetch_job {
	struct queue *queue;
	struct holder *holder;
	struct link *link;
	struct store_outbox_due due;
};

static bool send_row(struct queue *q, struct link *l, const uint8_t id[16], struct text kind, struct text body)
{
	struct ipc *ipc = q->edges[l->edge].ipc;
	struct ipc_outbox row = { .target = l->name, .kind = kind, .body = body };

	if (!ipc || !ipc_room(ipc))
		return false;
	memcpy(row.id, id, 16);
	ipc_put_outbox(ipc_begin(ipc, IPC_OUTBOX, 0, 64 + l->name.len + kind.len + body.len), &row);
	if (ipc_end(ipc))
		return false;
	struct outbox_flight *f = must_alloc(sizeof(*f));
	memcpy(f->node.key, id, 16);
	f->link = l;
	f->queue = q;
	flight_add(&q->outbox, &f->node);
	l->outbox_in_flight++;
	return true;
}

void queue_outbox_push(struct queue *q, const struct store_outbox *rows, unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		struct link *l = queue_link_get(q, rows[i].target);
		if (flight_find(&q->outbox, rows[i].id))
			continue;
		if (!l->up || l->outbox_in_flight >= QUEUE_OUTBOX_WINDOW ||
		    !send_row(q, l, rows[i].id, rows[i].kind, text_range(rows[i].body.at, rows[i].body.len)))
			l->outbox_waiting = true;
	}
}

static void forget_ended(struct queue *q, struct link *l)
{
	struct outbox_flight *f = l->ended;

	l->ended = NULL;
	for (struct outbox_flight *next; f; f = next) {
		next = f->next_ended;
		flight_remove(&q->outbox, &f->node);
		free(f);
	}
}

static void fetched(struct store_request *r)
{
	struct fetch_job *j = r->owner;
	struct queue *q = j->queue;
	struct link *l = j->link;
	bool all = r->answer == STORE_DONE && j->due.rows_count_out < j->due.limit;

	queue_asked_done(q);
	l->fetching = false;
	for (struct store_outbox_row *row = r->answer == STORE_DONE ? j->due.rows_out : NULL; row; row = row->next) {
		if (flight_find(&q->outbox, row->id))
			continue;
		if (!l->up || l->outbox_in_flight >= QUEUE_OUTBOX_WINDOW ||
		    !send_row(q, l, row->id, row->kind, text_range(row->body.at, row->body.len))) {
			all = false;
			break;
		}
	}
	if (all) {
		l->outbox_waiting = false;
		/* Where some were due, others put off with them may follow. */
		int64_t look = store_now(q->store) + (j->due.rows_count_out ? LOOK_AGAIN_US : LOOK_EVERY_US);
		if (!l->outbox_look_us || l->outbox_look_us > look)
			l->outbox_look_us = look;
	}
	forget_ended(q, l);
	queue_release_holder(q, &j->holder);
}

void queue_outbox_fetch(struct queue *q, struct link *l)
{
	if (l->outbox_look_us && l->outbox_look_us <= store_now(q->store)) {
		l->outbox_look_us = 0;
		l->outbox_waiting = true;
	}
	if (!l->up || !l->outbox_waiting || l->fetching || l->outbox_in_flight >= QUEUE_OUTBOX_WINDOW)
		return;
	struct holder *h = queue_holder(q);
	struct fetch_job *j = arena_alloc(h->arena, sizeof(*j));

	j->queue = q;
	j->holder = h;
	j->link = l;
	j->due.arena = h->arena;
	j->due.target = l->name;
	j->due.limit = QUEUE_OUTBOX_FETCH;
	l->fetching = true;
	queue_ask_store(q, &j->due.base, STORE_OUTBOX_DUE, fetched, j);
}

static void put_down(struct store_request *r)
{
	struct outbox_flight *f = r->owner;
	struct queue *q = f->queue;
	struct link *l = f->link;

	queue_asked_done(q);
	if (queue_not_written(r)) { /* asked again, not sent again: its receiver has it */
		counter_add(q->count.store_errors, 1);
		f->next_ended = q->unwritten_outbox;
		q->unwritten_outbox = f;
		return;
	}
	f->next_ended = l->ended;
	l->ended = f;
	if (l->outbox_in_flight)
		l->outbox_in_flight--;
	if (!l->fetching)
		forget_ended(q, l);
	if (l->outbox_waiting && l->outbox_in_flight <= QUEUE_OUTBOX_WINDOW / 2)
		queue_outbox_fetch(q, l);
}

void queue_outbox_again(struct queue *q)
{
	struct outbox_flight *f = q->unwritten_outbox;

	q->unwritten_outbox = NULL;
	for (struct outbox_flight *next; f; f = next) {
		next = f->next_ended;
		queue_ask_store(q, &f->request.base, f->request.base.operation, put_down, f);
	}
}

bool queue_outbox_end_record(struct queue *q, unsigned edge, struct ipc_record *record)
{
	struct ipc_outbox_end in;

	(void)edge;
	if (!ipc_get_outbox_end(&record->body, &in))
		return false;
	struct outbox_flight *f = (struct outbox_flight *)flight_find(&q->outbox, in.id);
	if (!f || f->request.base.done)
		return true; /* of an earlier connection, or said twice */
	memcpy(f->request.id, in.id, sizeof(in.id));
	if (in.done) {
		counter_add(q->count.receipts, 1);
		queue_ask_store(q, &f->request.base, STORE_OUTBOX_DONE, put_down, f);
		return true;
	}
	counter_add(q->count.receipts_later, 1);
	f->request.due_us = store_now(q->store) + (int64_t)(in.retry_ms ? in.retry_ms : AGAIN_FIRST_MS) * USEC_PER_MSEC;
	if (!f->link->outbox_look_us || f->request.due_us < f->link->outbox_look_us)
		f->link->outbox_look_us = f->request.due_us;
	queue_ask_store(q, &f->request.base, STORE_OUTBOX_LATER, put_down, f);
	return true;
}

struct lost {
	struct queue *queue;
	struct link *link;
};

static void forget(void *owner, struct flight_node *node)
{
	struct lost *lost = owner;
	struct outbox_flight *f = (struct outbox_flight *)node;

	if (f->link != lost->link || f->request.base.done)
		return;
	flight_remove(&lost->queue->outbox, node);
	if (lost->link->outbox_in_flight)
		lost->link->outbox_in_flight--;
	free(f);
}

void queue_outbox_lost(struct queue *q, struct link *l)
{
	struct lost lost = { q, l };

	flight_each(&q->outbox, forget, &lost);
	l->outbox_waiting = true;
}
