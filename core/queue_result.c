/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a link says about a delivery it got. The edge keeps the result until we say that it is committed; a result for
 * a delivery we do not know (we began anew since) finds its row by its id.
 */
#include "core/base/clock.h"
#include "core/base/log.h"
#include "core/queue_internal.h"
#include "core/queue_online.h"

#define UNTIL_ITS_REPORT_US (3600 * USEC_PER_SEC)

static void done_to_edge(struct queue *q, unsigned edge, uint32_t generation, uint32_t call)
{
	struct ipc *ipc = queue_edge_ipc(q, edge, generation);

	if (!ipc)
		return;
	(void)ipc_begin(ipc, IPC_RESULT_DONE, call, 0);
	if (ipc_end(ipc))
		LOGE(LOG_CORE, NULL, "an empty record was too large");
}

static void tell_done(struct flight *f)
{
	done_to_edge(f->queue, f->edge, f->edge_generation, f->call);
}

static void publish(struct flight *f)
{
	struct store_finish *c = &f->request.finish;

	for (unsigned i = 0; i < c->outbox_count; i++)
		queue_publish(f->queue, f->message.account, c->outbox[i].kind,
			      text_range(c->outbox[i].body.at, c->outbox[i].body.len));
}

static void tell_charging(struct flight *f)
{
	const struct store_finish *c = &f->request.finish;

	queue_online_ended(f->queue, f->id, c->post, !c->await_until_us);
	if (c->early_report_out)
		queue_online_reported(f->queue, f->id);
}

static void ended(struct store_request *r)
{
	struct flight *f = r->owner;
	struct queue *q = f->queue;

	queue_asked_done(q);
	if (queue_not_written(r)) {
		counter_add(q->count.store_errors, 1);
		f->next_free = q->broken;
		q->broken = f;
		return;
	}
	if (r->answer == STORE_REFUSED || r->answer == STORE_CONFLICT) {
		counter_add(q->count.late_results, 1);
		LOGI(LOG_CORE, NULL, "a result of link %.*s changed nothing: %s", TEXT_ARGS(f->link->name),
		     r->why ? r->why : store_refusal_name(r->refusal));
	} else if (r->operation == STORE_FINISH) {
		struct store_finish *c = &f->request.finish;
		queue_outbox_push(q, c->outbox, c->outbox_count);
		queue_outbox_push(q, c->receipts_out, c->receipts_count_out);
		publish(f);
	}
	if (r->operation == STORE_FINISH)
		tell_charging(f);
	queue_links_promoted(q, r);
	if (r->operation == STORE_HOLD && r->answer == STORE_DONE && !f->request.hold.ended_out)
		queue_money_decide(q, f->id);
	tell_done(f);
	queue_flight_end(q, f);
}

/* --- final ---------------------------------------------------------------------------------------------------- */

static enum store_outcome outcome_of(enum ipc_outcome o)
{
	switch (o) {
	case IPC_DELIVERED:
		return OUTCOME_DELIVERED;
	case IPC_REFUSED:
		return OUTCOME_REFUSED;
	case IPC_UNKNOWN:
		return OUTCOME_UNKNOWN;
	default:
		return OUTCOME_SENT;
	}
}

static enum trail_code code_of(enum ipc_outcome o)
{
	switch (o) {
	case IPC_DELIVERED:
		return TRAIL_DELIVERED;
	case IPC_REFUSED:
		return TRAIL_REFUSED;
	case IPC_UNKNOWN:
		return TRAIL_UNKNOWN_END;
	default:
		return TRAIL_SENT;
	}
}

/* The link's name and what it said, as a detail of the timeline. */
static struct text said(struct flight *f, const struct ipc_result *in)
{
	return text_of(arena_printf(f->holder->arena, "%.*s%s%.*s", TEXT_ARGS(f->link->name),
				    in->detail.len ? ": " : "", TEXT_ARGS(in->detail)));
}

static void take_wires(struct flight *f, const struct ipc_result *in, struct store_finish *c)
{
	struct reader r = reader_of(in->wires.at, in->wires.len);
	struct reader look = r;
	struct text t;
	unsigned n = 0;

	while (ipc_take_recipient(&look, &t))
		n++;
	struct store_wire *wires = arena_alloc(f->holder->arena, (n + 1) * sizeof(*wires));
	for (unsigned i = 0; i < n && ipc_take_recipient(&r, &t); i++) {
		wires[i].id = arena_text(f->holder->arena, t);
		wires[i].n = (uint16_t)(i + 1);
	}
	c->wires = wires;
	c->wires_count = n;
}

static void count_end(struct queue *q, struct flight *f, enum ipc_outcome o)
{
	if (o == IPC_REFUSED || o == IPC_UNKNOWN) {
		f->link->refused++;
		counter_add(q->count.failed, 1);
		return;
	}
	counter_add(o == IPC_DELIVERED ? q->count.delivered : q->count.sent, 1);
}

static void finish(struct flight *f, const struct ipc_result *in)
{
	struct queue *q = f->queue;
	struct arena *arena = f->holder->arena;
	struct store_finish *c = &f->request.finish;
	int64_t now = store_now(q->store);
	enum store_outcome outcome = outcome_of(in->outcome);
	struct text detail = said(f, in);
	struct store_outbox *row = arena_alloc(arena, sizeof(*row));

	*c = (struct store_finish){ .arena = arena, .id = f->id, .epoch = f->epoch, .outcome = outcome };
	c->peer = f->link->name;
	c->trail = queue_event(arena, now, code_of(in->outcome), (struct text){ 0 }, detail);
	take_wires(f, in, c);
	c->wires_until_us = f->expires_us + q->rules.report_wait_us + UNTIL_ITS_REPORT_US;
	if (in->await && outcome == OUTCOME_SENT)
		c->await_until_us = f->expires_us + q->rules.report_wait_us;
	if (f->decoded && queue_receipt(&f->message, f->id, f->recipient, outcome, queue_report_bit(outcome),
					in->detail, now, arena, row)) {
		c->outbox = row;
		c->outbox_count = 1;
	}
	if (q->charge && f->held)
		queue_money_finish(q, f, c);
	if (!c->await_until_us)
		c->cdr = queue_finish_cdr(q, f, c, now);
	count_end(q, f, in->outcome);
	queue_ask_store(q, &c->base, STORE_FINISH, ended, f);
}

/* --- again ---------------------------------------------------------------------------------------------------- */

static int64_t wait_of(const struct queue_rules *rules, const struct flight *f, const struct ipc_result *in)
{
	if (in->retry_ms)
		return (int64_t)in->retry_ms * USEC_PER_MSEC;
	int64_t n = f->attempt > 0 ? f->attempt - 1 : 0;
	return rules->retry_us[n < rules->retries ? (unsigned)n : rules->retries - 1];
}

/* Another link of its route, when one is up; the same one otherwise. */
static struct text next_link(struct flight *f)
{
	struct route_choice choice;
	unsigned up = 0;

	if (!f->decoded || f->message.link.len || text_equal(f->bearer, QUEUE_RCS) || text_equal(f->bearer, QUEUE_MMS))
		return f->link->name;
	queue_route(f->queue, &f->message, f->recipient, &choice);
	while (up < choice.count && choice.candidates[up].up)
		up++;
	if (!up)
		return f->link->name;
	for (unsigned i = 0; i < up; i++) {
		if (text_equal(choice.candidates[i].link, f->link->name))
			return choice.candidates[(i + 1) % up].link;
	}
	return choice.candidates[0].link;
}

static void again(struct flight *f, const struct ipc_result *in)
{
	struct queue *q = f->queue;
	struct store_release *c = &f->request.release;
	int64_t now = store_now(q->store), wait = wait_of(&q->rules, f, in);
	struct link *to = queue_link_get(q, next_link(f));

	*c = (struct store_release){ .id = f->id, .epoch = f->epoch, .route = to->name };
	c->bearer = queue_flight_bearer(f);
	/* Another link is tried at once, unless this is going round in circles. */
	c->due_us = now + (to != f->link && f->attempt < 4 ? 0 : wait);
	c->trail = queue_event(f->holder->arena, now, TRAIL_RETRY, (struct text){ 0 }, said(f, in));
	queue_link_due(q, to, c->due_us);
	f->link->retried++;
	counter_add(q->count.retried, 1);
	queue_ask_store(q, &c->base, STORE_RELEASE, ended, f);
}

static void doubt(struct flight *f, const struct ipc_result *in)
{
	struct queue *q = f->queue;
	struct store_in_doubt *c = &f->request.in_doubt;
	int64_t now = store_now(q->store), wait = wait_of(&q->rules, f, in);

	*c = (struct store_in_doubt){ .id = f->id, .epoch = f->epoch, .due_us = now + wait };
	c->trail = queue_event(f->holder->arena, now, TRAIL_IN_DOUBT, (struct text){ 0 }, said(f, in));
	queue_link_due(q, f->link, c->due_us);
	f->link->doubted++;
	counter_add(q->count.doubt, 1);
	queue_ask_store(q, &c->base, STORE_IN_DOUBT, ended, f);
}

static void apply(struct flight *f, const struct ipc_result *in)
{
	f->settling = true;
	if (text_equal(f->bearer, QUEUE_RCS) && queue_rcs_closed(f, in, said(f, in), ended))
		return;
	if (in->outcome == IPC_RETRY)
		again(f, in);
	else if (in->outcome == IPC_DOUBT)
		doubt(f, in);
	else
		finish(f, in);
}

void queue_result_give(struct flight *f, const struct ipc_result *result)
{
	f->outcome = result->outcome;
	apply(f, result);
}

/* --- a result for what we do not hold ---------------------------------------------------------------------------- */

struct stray {
	struct flight_node node; /* first; key = delivery id */
	struct stray *next;	 /* of those whose row could not be read */
	struct queue *queue;
	struct holder *holder;
	struct store_message_get get;
	struct ipc_result result;
	unsigned edge;
	uint32_t generation, call;
};

static void found(struct store_request *r)
{
	struct stray *s = r->owner;
	struct queue *q = s->queue;
	struct store_row *row = r->answer == STORE_DONE ? s->get.rows_out : NULL;
	bool ours = row && row->epoch == s->result.epoch;

	queue_asked_done(q);
	if (r->answer != STORE_DONE && r->refusal != STORE_NOT_FOUND) { /* the edge waits for its acknowledgement */
		s->next = q->unread;
		q->unread = s;
		return;
	}
	flight_remove(&q->strays, &s->node);
	struct flight *f = ours ? (struct flight *)flight_find(&q->flights, row->id.octets) : NULL;
	if (ours && !f) {
		f = queue_flight_of_row(q, s->holder, queue_link_get(q, s->result.link), row);
		f->link->in_flight++;
		flight_add(&q->flights, &f->node);
	}
	if (f && !f->settling) {
		f->edge = s->edge;
		f->edge_generation = s->generation;
		f->call = s->call;
		apply(f, &s->result);
	} else if (!f) {
		counter_add(q->count.late_results, 1);
		done_to_edge(q, s->edge, s->generation, s->call);
	}
	queue_release_holder(q, &s->holder);
}

/* What the store could not write is asked for again: the edge still waits for its acknowledgement. */
void queue_results_again(struct queue *q)
{
	struct flight *f = q->broken;

	q->broken = NULL;
	for (struct flight *next; f; f = next) {
		next = f->next_free;
		queue_ask_store(q, &f->request.base, f->request.base.operation, f->request.base.done, f);
	}
	struct stray *s = q->unread;

	q->unread = NULL;
	for (struct stray *next; s; s = next) {
		next = s->next;
		queue_ask_store(q, &s->get.base, STORE_MESSAGE_GET, found, s);
	}
}

static void look_up(struct queue *q, unsigned edge, uint32_t call, const struct ipc_result *in)
{
	struct holder *h = queue_holder(q);
	struct stray *s = arena_alloc(h->arena, sizeof(*s));

	s->queue = q;
	s->holder = h;
	s->edge = edge;
	s->generation = q->edges[edge].generation;
	s->call = call;
	s->result = *in;
	s->result.link = arena_text(h->arena, in->link);
	s->result.detail = arena_text(h->arena, in->detail);
	s->result.wires = arena_text(h->arena, in->wires);
	s->get.arena = h->arena;
	s->get.id = in->id;
	memcpy(s->node.key, in->id.octets, MESSAGE_ID_SIZE);
	flight_add(&q->strays, &s->node);
	queue_ask_store(q, &s->get.base, STORE_MESSAGE_GET, found, s);
}

bool queue_result_record(struct queue *q, unsigned edge, struct ipc_record *record)
{
	struct ipc_result in;

	if (!ipc_get_result(&record->body, &in) || in.link.len > 100)
		return false;
	struct flight *f = (struct flight *)flight_find(&q->flights, in.id.octets);
	if (!f) {
		look_up(q, edge, record->call, &in);
		return true;
	}
	f->edge = edge;
	f->edge_generation = q->edges[edge].generation;
	f->call = record->call;
	if (f->settling)
		return true;	    /* offered twice: the answer follows the commit that is under way */
	if (f->epoch != in.epoch) { /* claimed again since */
		counter_add(q->count.late_results, 1);
		tell_done(f);
		return true;
	}
	f->outcome = in.outcome;
	apply(f, &in);
	return true;
}
