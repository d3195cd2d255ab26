/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The queue's life: configuration, records to their handlers, the clockwork. The map is in queue_internal.h. */
#include "core/queue.h"

#include <stdlib.h>
#include <unistd.h>

#include "core/base/clock.h"
#include "core/base/log.h"
#include "core/base/random.h"
#include "core/net/digest.h"
#include "core/queue_internal.h"
#include "core/queue_online.h"
#include "core/queue_screen.h"
#include "core/queue_lookup.h"

#define HOLDER_BLOCK 2048u
#define HOLDERS_KEPT 4096u

/* --- what requests share -------------------------------------------------------------------------------------- */

struct holder *queue_holder(struct queue *q)
{
	struct holder *h = q->free_holders;

	if (h) {
		q->free_holders = h->next_free;
		q->free_holders_count--;
	} else {
		h = must_alloc(sizeof(*h));
		h->arena = arena_new(HOLDER_BLOCK);
	}
	h->refs = 1;
	return h;
}

void queue_release_holder(struct queue *q, struct holder **holder)
{
	struct holder *h = *holder;

	*holder = NULL;
	if (!h || --h->refs)
		return;
	if (q->free_holders_count == HOLDERS_KEPT) {
		arena_free(&h->arena);
		free(h);
		return;
	}
	arena_reset(h->arena);
	h->next_free = q->free_holders;
	q->free_holders = h;
	q->free_holders_count++;
}

void queue_ask_store(struct queue *q, struct store_request *r, enum store_operation operation,
		     void (*done)(struct store_request *r), void *owner)
{
	r->operation = operation;
	r->done = done;
	r->owner = owner;
	q->asked++;
	store_submit(q->store, r);
}

void queue_asked_done(struct queue *q)
{
	q->asked--;
}

struct ipc *queue_edge_ipc(struct queue *q, unsigned edge, uint32_t generation)
{
	return q->edges[edge].generation == generation ? q->edges[edge].ipc : NULL;
}

void queue_account_id(struct text account, uint8_t to[16])
{
	struct digest_part part = { account.at, account.len };
	uint8_t digest[DIGEST_SHA256_SIZE];

	digest_sha256(&part, 1, digest);
	memcpy(to, digest, 16);
}

struct octets queue_event(struct arena *arena, int64_t at_us, enum trail_code code, struct text rule,
			  struct text detail)
{
	struct trail_event event = { .at_us = at_us, .code = code, .rule = rule, .detail = detail };
	uint8_t *room = arena_alloc(arena, 32 + rule.len + detail.len);
	struct writer w = writer_of(room, 32 + rule.len + detail.len);

	trail_put(&w, &event);
	return (struct octets){ room, writer_len(&w) };
}

void queue_publish(struct queue *q, struct text account, struct text kind, struct text body)
{
	struct ipc_event event = { .account = account, .kind = kind, .body = body };

	for (unsigned i = 0; i < QUEUE_EDGES_MAX; i++) {
		struct edge *e = &q->edges[i];
		if (!e->ipc || !e->watching || !ipc_room(e->ipc))
			continue;
		ipc_put_event(ipc_begin(e->ipc, IPC_EVENT, 0, account.len + kind.len + body.len + 16), &event);
		if (ipc_end(e->ipc))
			LOGE(LOG_CORE, NULL, "an event was too large for its record");
	}
}

/* --- life ----------------------------------------------------------------------------------------------------- */

static void turn_ended(void *owner)
{
	queue_links_turn(owner);
}

static void make_counters(struct queue_counters *c)
{
	c->accepted = counter_get(COUNTER_COUNT, "queue_accepted_total", NULL, "Deliveries accepted and committed");
	c->refused = counter_get(COUNTER_COUNT, "queue_refused_total", NULL, "Messages refused before acceptance");
	c->repeated = counter_get(COUNTER_COUNT, "queue_repeated_total", NULL, "Messages recognised as repeated");
	c->handed_out = counter_get(COUNTER_COUNT, "queue_handed_out_total", NULL, "Deliveries given to a link");
	c->sent = counter_get(COUNTER_COUNT, "queue_sent_total", NULL, "Deliveries taken by a network or peer");
	c->delivered = counter_get(COUNTER_COUNT, "queue_delivered_total", NULL, "Deliveries known to have arrived");
	c->failed = counter_get(COUNTER_COUNT, "queue_failed_total", NULL, "Deliveries refused for good");
	c->retried = counter_get(COUNTER_COUNT, "queue_retried_total", NULL, "Tries that will be repeated");
	c->doubt = counter_get(COUNTER_COUNT, "queue_doubt_total", NULL, "Deliveries that came into doubt");
	c->expired = counter_get(COUNTER_COUNT, "queue_expired_total", NULL, "Deliveries ended by their deadline");
	c->reports = counter_get(COUNTER_COUNT, "queue_reports_total", NULL, "Reports from networks");
	c->reports_early = counter_get(COUNTER_COUNT, "queue_reports_early_total", NULL,
				       "Reports that came before the id they name, kept");
	c->reports_unknown = counter_get(COUNTER_COUNT, "queue_reports_unknown_total", NULL,
					 "Reports that changed nothing: ended already, or no such delivery");
	c->receipts = counter_get(COUNTER_COUNT, "queue_receipts_total", NULL, "Receipts taken by their receiver");
	c->receipts_later = counter_get(COUNTER_COUNT, "queue_receipts_later_total", NULL,
					"Receipts put off because their receiver did not take them");
	c->store_errors = counter_get(COUNTER_COUNT, "queue_store_errors_total", NULL,
				      "Requests that the store could not carry out");
	c->late_results = counter_get(COUNTER_COUNT, "queue_late_results_total", NULL,
				      "Results of links for deliveries that ended or were claimed again");
	c->waiting = counter_get(COUNTER_GAUGE, "queue_waiting", NULL, "Deliveries waiting");
	c->in_flight = counter_get(COUNTER_GAUGE, "queue_in_flight", NULL, "Deliveries with a link, unanswered");
	c->held = counter_get(COUNTER_COUNT, "queue_held_total", NULL,
			      "Deliveries held: consent, price or roaming is awaited");
	c->rejected = counter_get(COUNTER_COUNT, "queue_rejected_total", NULL, "Messages refused by a decision rule");
	c->no_credit = counter_get(COUNTER_COUNT, "queue_no_credit_total", NULL,
				   "Messages refused because the balance does not allow them");
	c->links_up = counter_get(COUNTER_GAUGE, "queue_links_up", NULL, "Links that take deliveries now");
}

struct queue *queue_new(struct loop *loop, struct store *store)
{
	struct queue *q = must_alloc(sizeof(*q));

	q->loop = loop;
	q->store = store;
	q->spread = random_below(UINT32_MAX);
	q->began_us = clock_monotonic();
	flight_table_init(&q->flights);
	flight_table_init(&q->outbox);
	flight_table_init(&q->strays);
	flight_table_init(&q->presence);
	queue_files_new(q);
	queue_screen_new(q);
	make_counters(&q->count);
	loop_hook_add(loop, &q->hook, turn_ended, q);
	loop_timer_start(loop, &q->sweep, 10 * USEC_PER_MSEC, queue_sweep, q);
	return q;
}

static void free_flight(void *owner, struct flight_node *node)
{
	struct flight *f = (struct flight *)node;

	queue_release_holder(owner, &f->holder);
	free(f);
}

static void free_outbox(void *owner, struct flight_node *node)
{
	(void)owner;
	free(node);
}

static void free_pools(struct queue *q)
{
	for (struct flight *f = q->free_flights, *next; f; f = next) {
		next = f->next_free;
		free(f);
	}
	for (struct holder *h = q->free_holders, *next; h; h = next) {
		next = h->next_free;
		arena_free(&h->arena);
		free(h);
	}
}

void queue_free(struct queue **queue)
{
	struct queue *q = *queue;

	*queue = NULL;
	if (!q)
		return;
	loop_timer_stop(&q->sweep);
	loop_timer_stop(&q->due);
	loop_hook_remove(&q->hook);
	queue_files_free(q);
	queue_screen_free(q);
	flight_each(&q->flights, free_flight, q);
	flight_each(&q->outbox, free_outbox, q);
	queue_reports_forget(q);
	flight_table_clear(&q->flights);
	flight_table_clear(&q->outbox);
	flight_table_clear(&q->strays);
	queue_presence_lost(q, q->rcs_edge);
	flight_table_clear(&q->presence);
	free_pools(q);
	for (struct link *l = q->links, *next; l; l = next) {
		next = l->next;
		free(l);
	}
	for (unsigned i = 0; i < QUEUE_EDGES_MAX; i++) {
		free(q->edges[i].holding);
		free(q->edges[i].sending);
	}
	queue_relay_free(q);
	queue_lookup_free(q);
	queue_online_free(q);
	route_table_free(&q->routes);
	free(q);
}

void queue_stop(struct queue *q)
{
	q->stopping = true;
	queue_lookup_stop(q);
	loop_timer_stop(&q->sweep);
	loop_timer_stop(&q->due);
}

bool queue_idle(const struct queue *q)
{
	return !q->asked && queue_files_idle(q);
}

/* --- edges ---------------------------------------------------------------------------------------------------- */

void queue_peer(struct queue *q, unsigned edge, struct ipc *ipc)
{
	struct edge *e = &q->edges[edge];

	e->ipc = ipc;
	e->generation++;
	e->watching = false;
	queue_lookup_connected(q, edge);
	queue_relay_came(q, edge);
}

void queue_peer_lost(struct queue *q, unsigned edge)
{
	struct edge *e = &q->edges[edge];

	e->ipc = NULL;
	e->generation++;
	free(e->holding);
	free(e->sending);
	e->holding = e->sending = NULL;
	e->holding_count = e->sending_count = 0;
	e->introducing = false;
	queue_links_lost(q, edge);
	queue_online_lost(q, edge);
	queue_presence_lost(q, edge);
	queue_files_lost(q);
	queue_relay_lost(q, edge);
	queue_lookup_lost(q, edge);
}

void queue_peer_room(struct queue *q, unsigned edge)
{
	queue_links_of_edge(q, edge);
}

static bool watch_record(struct queue *q, unsigned edge, struct ipc_record *record)
{
	uint8_t wanted = reader_u8(&record->body);

	if (!reader_done(&record->body) || wanted > 1)
		return false;
	q->edges[edge].watching = wanted;
	return true;
}

static bool part_record(struct queue *q, unsigned edge, struct ipc_record *record)
{
	struct ipc_part part;

	return ipc_get_part(&record->body, &part) && q->part && q->part(q->part_owner, edge, record->call, &part);
}

void queue_parts(struct queue *q, queue_part_cb part, void *owner)
{
	q->part = part;
	q->part_owner = owner;
}

bool queue_record(struct queue *q, unsigned edge, struct ipc_record *record)
{
	if (record->fd >= 0) { /* no edge has one to give: ours would run out */
		close(record->fd);
		return false;
	}
	switch ((enum ipc_type)record->type) {
	case IPC_ACCEPT:
		return queue_accept_record(q, edge, record);
	case IPC_RESULT:
		return queue_result_record(q, edge, record);
	case IPC_REPORT:
		return queue_report_record(q, edge, record);
	case IPC_LINK:
		return queue_link_record(q, edge, record);
	case IPC_HOLDING:
		return queue_holding_record(q, edge, record);
	case IPC_SENDING:
		return queue_sending_record(q, edge, record);
	case IPC_OUTBOX_END:
		return queue_outbox_end_record(q, edge, record);
	case IPC_ASK:
		return queue_ask_record(q, edge, record);
	case IPC_WATCH:
		return watch_record(q, edge, record);
	case IPC_DUE:
		return queue_due_record(q, edge, record);
	case IPC_PRESENCE:
		return queue_presence_record(q, edge, record);
	case IPC_FILE_NEW:
	case IPC_FILE_DONE:
	case IPC_FILE_GET:
		return queue_file_record(q, edge, record);
	case IPC_FOUND:
		return queue_found_record(q, edge, record);
	case IPC_PART:
		return part_record(q, edge, record);
	case IPC_CARRIER:
		return queue_carrier_record(q, edge, record);
	case IPC_LINK_PDU:
		return queue_link_pdu_record(q, edge, record);
	case IPC_FACT:
		return queue_fact_record(q, edge, record);
	case IPC_CREDIT_DONE:
		return queue_online_done_record(q, edge, record);
	case IPC_CREDIT_LINK:
		return queue_online_link_record(q, edge, record);
	default:
		return false;
	}
}
