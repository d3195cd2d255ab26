/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Facts of edges: rows of the store, of a kind that is the edge's own. */
#include <stdlib.h>

#include "core/base/log.h"
#include "core/ipc_relay.h"
#include "core/queue_internal.h"
#include "core/queue_relay.h"

#define ROWS_OCTETS (32u * 1024u) /* of one record */

struct fact_job {
	struct queue *queue;
	struct arena *arena;
	unsigned edge;
	uint32_t generation, call;
	union {
		struct store_request base;
		struct store_fact fact;
		struct store_fact_scan scan;
	} request;
};

void queue_edge_name(struct queue *q, unsigned edge, const char *name)
{
	q->edges[edge].name = name;
}

static struct fact_job *job_new(struct queue *q, unsigned edge, uint32_t call)
{
	struct arena *arena = arena_new(1024);
	struct fact_job *j = arena_alloc(arena, sizeof(*j));

	j->queue = q;
	j->arena = arena;
	j->edge = edge;
	j->generation = q->edges[edge].generation;
	j->call = call;
	return j;
}

static void job_end(struct fact_job *j)
{
	struct arena *arena = j->arena;

	queue_asked_done(j->queue);
	arena_free(&arena);
}

static struct text kind_of(const struct fact_job *j)
{
	return text_of(arena_printf(j->arena, "edge/%s", j->queue->edges[j->edge].name));
}

static void written(struct store_request *r)
{
	struct fact_job *j = r->owner;

	/* Not told: the edge puts it again in time. */
	counter_add(j->queue->count.store_errors, r->answer != STORE_DONE && r->answer != STORE_REPEAT);
	job_end(j);
}

static void write_fact(struct fact_job *j, const struct ipc_fact *f)
{
	struct store_fact *s = &j->request.fact;
	struct text value = arena_text(j->arena, f->value);

	s->arena = j->arena;
	s->kind = kind_of(j);
	s->key = arena_text(j->arena, f->key);
	s->value = (struct octets){ value.at, value.len };
	s->until_us = store_now(j->queue->store) + f->keep_us;
	queue_ask_store(j->queue, &s->base, f->what == IPC_FACT_PUT ? STORE_FACT_PUT : STORE_FACT_DELETE, written, j);
}

static void say_rows(struct ipc *ipc, uint32_t call, const struct ipc_facts *facts)
{
	ipc_put_facts(ipc_begin(ipc, IPC_FACTS, call, 32 + facts->rows.len), facts);
	if (ipc_end(ipc))
		LOGE(LOG_CORE, NULL, "facts did not fit their record");
}

/* As many records as it takes; the last one says so. */
static void say_list(struct ipc *ipc, struct fact_job *j, const struct store_fact_scan *scan)
{
	uint8_t *room = arena_alloc(j->arena, ROWS_OCTETS);
	struct writer w = writer_of(room, ROWS_OCTETS);

	for (const struct store_fact_row *row = scan->rows_out; row; row = row->next) {
		if (row->key.len > IPC_FACT_KEY_MAX || row->value.len > IPC_FACT_VALUE_MAX)
			continue;
		if (writer_len(&w) + IPC_FACT_KEY_MAX + IPC_FACT_VALUE_MAX + 4 > ROWS_OCTETS) {
			say_rows(ipc, j->call,
				 &(struct ipc_facts){ OK, true, text_range((const char *)room, writer_len(&w)) });
			w = writer_of(room, ROWS_OCTETS);
		}
		ipc_put_fact_row(&w, row->key, text_range(row->value.at, row->value.len));
	}
	say_rows(ipc, j->call, &(struct ipc_facts){ OK, false, text_range((const char *)room, writer_len(&w)) });
}

static void listed(struct store_request *r)
{
	struct fact_job *j = r->owner;
	struct ipc *ipc = queue_edge_ipc(j->queue, j->edge, j->generation);

	counter_add(j->queue->count.store_errors, r->answer != STORE_DONE);
	if (ipc && r->answer == STORE_DONE)
		say_list(ipc, j, &j->request.scan);
	else if (ipc)
		say_rows(ipc, j->call, &(struct ipc_facts){ .result = ERR_BUSY });
	job_end(j);
}

static void list_facts(struct fact_job *j, const struct ipc_fact *f)
{
	struct store_fact_scan *s = &j->request.scan;

	s->arena = j->arena;
	s->kind = kind_of(j);
	s->prefix = arena_text(j->arena, f->key);
	s->limit = IPC_FACTS_LISTED_MAX;
	queue_ask_store(j->queue, &s->base, STORE_FACT_SCAN, listed, j);
}

bool queue_fact_record(struct queue *q, unsigned edge, struct ipc_record *record)
{
	struct ipc_fact f;

	if (!ipc_get_fact(&record->body, &f) || !q->edges[edge].name)
		return false;
	struct fact_job *j = job_new(q, edge, record->call);
	if (f.what == IPC_FACT_LIST)
		list_facts(j, &f);
	else
		write_fact(j, &f);
	return true;
}
