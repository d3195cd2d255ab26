/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * An edge introduces itself: what it holds, and what of that may have left. When a link comes up for the first time in
 * our life, what an earlier run had leased to it is settled by that: taken back where the same incarnation of the edge
 * does not hold it (it was never sent), in doubt where the edge began anew since.
 */
#include <stdlib.h>

#include "core/base/clock.h"
#include "core/base/log.h"
#include "core/queue_internal.h"

#define SETTLE_ROWS 100000u

static int compare_ids(const void *a, const void *b)
{
	return memcmp(a, b, MESSAGE_ID_SIZE);
}

static void add_ids(struct text ids, uint8_t (**to)[16], unsigned *count)
{
	unsigned more = (unsigned)(ids.len / MESSAGE_ID_SIZE);

	*to = must_realloc(*to, ((size_t)*count + more) * MESSAGE_ID_SIZE);
	if (more)
		memcpy((*to)[*count], ids.at, ids.len);
	*count += more;
	qsort(*to, *count, MESSAGE_ID_SIZE, compare_ids);
}

bool queue_holding_record(struct queue *q, unsigned edge, struct ipc_record *record)
{
	struct ipc_holding h;
	struct edge *e = &q->edges[edge];

	if (!ipc_get_holding(&record->body, &h) || !h.incarnation.len ||
	    !text_copy(h.incarnation, e->incarnation, sizeof(e->incarnation)))
		return false;
	if (!e->introducing)
		e->holding_count = e->sending_count = 0;
	e->introducing = h.more;
	e->says_sending = h.says_sending;
	add_ids(h.ids, &e->holding, &e->holding_count);
	add_ids(h.sending, &e->sending, &e->sending_count);
	return true;
}

/* Of a delivery that this queue does not know yet: kept for when it looks at what an earlier run had handed out. */
static void keep_sending(struct edge *e, const uint8_t *id)
{
	e->sending = must_realloc(e->sending, ((size_t)e->sending_count + 1) * MESSAGE_ID_SIZE);
	memcpy(e->sending[e->sending_count++], id, MESSAGE_ID_SIZE);
	qsort(e->sending, e->sending_count, MESSAGE_ID_SIZE, compare_ids);
}

bool queue_sending_record(struct queue *q, unsigned edge, struct ipc_record *record)
{
	while (reader_left(&record->body) >= MESSAGE_ID_SIZE) {
		const uint8_t *id = reader_take(&record->body, MESSAGE_ID_SIZE);
		struct flight *f = (struct flight *)flight_find(&q->flights, id);
		if (f)
			f->sending = true;
		else
			keep_sending(&q->edges[edge], id);
	}
	return reader_done(&record->body);
}

static bool edge_holds(const struct edge *e, struct message_id id)
{
	return e->holding && bsearch(id.octets, e->holding, e->holding_count, MESSAGE_ID_SIZE, compare_ids);
}

static bool edge_sends(const struct edge *e, struct message_id id)
{
	return e->sending && bsearch(id.octets, e->sending, e->sending_count, MESSAGE_ID_SIZE, compare_ids);
}

static void settle_row(struct claim_job *j, const struct store_row *row)
{
	struct queue *q = j->queue;
	struct edge *e = &q->edges[j->edge];

	if (flight_find(&q->flights, row->id.octets))
		return;
	struct flight *f = queue_flight_of_row(q, j->holder, j->link, row);
	j->link->in_flight++;
	flight_add(&q->flights, &f->node);
	if (edge_holds(e, row->id) || flight_find(&q->strays, row->id.octets)) {
		f->sending = edge_sends(e, row->id);
		return; /* its result will come */
	}
	if (text_is(row->worker, e->incarnation) || text_equal(row->worker, QUEUE_REROUTER))
		queue_flight_doubt(q, f, 0, NULL);
	else
		queue_flight_doubt(q, f, 0, "handed to a process that ended since");
}

static void settled(struct store_request *r)
{
	struct claim_job *j = r->owner;
	struct link *l = j->link;
	struct queue *q = j->queue;
	bool same = queue_edge_ipc(q, j->edge, j->generation) != NULL;

	l->settling = false;
	if (r->answer == STORE_DONE && same) {
		unsigned n = j->request.scan.rows_count_out;
		l->settled = true;
		queue_link_wake(q, l);
		for (struct store_row *row = j->request.scan.rows_out; row; row = row->next)
			settle_row(j, row);
		if (n)
			LOGN(LOG_CORE, NULL, "link %.*s: %u deliveries of an earlier run were looked at",
			     TEXT_ARGS(l->name), n);
	} else { /* the edge began anew meanwhile, or the store failed: without another look it stands still */
		counter_add(q->count.store_errors, r->answer != STORE_DONE);
		queue_claim_later(q, l);
	}
	queue_claim_job_end(j);
}

void queue_link_settle(struct queue *q, struct link *l)
{
	if (l->settling)
		return;
	struct claim_job *j = queue_claim_job(q, l);
	struct store_scan *s = &j->request.scan;

	l->settling = true;
	s->arena = j->holder->arena;
	s->route = l->name;
	s->state = DELIVERY_LEASED;
	s->limit = SETTLE_ROWS;
	queue_ask_store(q, &s->base, STORE_SCAN, settled, j);
}
