/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a network reports later about a delivery it took. The edge keeps the report until it is committed. */
#include "core/base/clock.h"
#include "core/base/log.h"
#include "core/queue_internal.h"
#include "core/queue_online.h"

#define FORMS_MAX 16u
#define EARLY_KEPT_US (600 * USEC_PER_SEC) /* a report that came before the id it names */

struct report_job {
	struct report_job *next; /* of the unwritten ones */
	struct queue *queue;
	struct holder *holder;
	struct store_report report;
	struct text forms[FORMS_MAX];
	struct text detail;
	unsigned edge;
	uint32_t generation, call;
};

static void report_done(struct report_job *j)
{
	struct ipc *ipc = queue_edge_ipc(j->queue, j->edge, j->generation);

	if (!ipc)
		return;
	(void)ipc_begin(ipc, IPC_REPORT_DONE, j->call, 0);
	if (ipc_end(ipc))
		LOGE(LOG_CORE, NULL, "an empty record was too large");
}

static void count_answer(struct queue *q, const struct store_report *c)
{
	counter_add(q->count.reports, 1);
	if (c->base.answer == STORE_CONFLICT || c->base.answer == STORE_REFUSED) {
		counter_add(q->count.reports_unknown, 1);
		LOGI(LOG_CORE, NULL, "a report of %.*s changed nothing: %s", TEXT_ARGS(c->peer),
		     c->base.why ? c->base.why : "");
	} else if (c->early_out) {
		counter_add(q->count.reports_early, 1);
	}
	if (c->final_out)
		queue_online_reported(q, c->id_out);
	if (c->final_out && (c->outcome == OUTCOME_DELIVERED || c->outcome == OUTCOME_DISPLAYED))
		counter_add(q->count.delivered, 1);
}

static void reported(struct store_request *r)
{
	struct report_job *j = r->owner;
	struct queue *q = j->queue;

	queue_asked_done(q);
	if (queue_not_written(r)) { /* asked again: few networks repeat what was not acknowledged */
		counter_add(q->count.store_errors, 1);
		j->next = q->unwritten;
		q->unwritten = j;
		return;
	}
	count_answer(q, &j->report);
	queue_outbox_push(q, j->report.receipts_out, j->report.receipts_count_out);
	for (unsigned i = 0; i < j->report.receipts_count_out; i++) {
		const struct store_outbox *o = &j->report.receipts_out[i];
		struct text account = o->target, kind;
		if (text_split(&account, ':', &kind))
			queue_publish(q, account, o->kind, text_range(o->body.at, o->body.len));
	}
	report_done(j);
	queue_release_holder(q, &j->holder);
}

static void submit(struct report_job *j)
{
	queue_ask_store(j->queue, &j->report.base, STORE_REPORT, reported, j);
}

void queue_reports_again(struct queue *q)
{
	struct report_job *j = q->unwritten;

	q->unwritten = NULL;
	for (struct report_job *next; j; j = next) {
		next = j->next;
		j->report.early_out = j->report.final_out = false;
		j->report.receipts_count_out = 0;
		submit(j);
	}
}

void queue_reports_forget(struct queue *q)
{
	struct report_job *j = q->unwritten;

	q->unwritten = NULL;
	for (struct report_job *next; j; j = next) {
		struct holder *h = j->holder; /* the job lies in its arena */
		next = j->next;
		queue_release_holder(q, &h);
	}
}

static enum trail_code code_of(enum store_outcome o)
{
	switch (o) {
	case OUTCOME_DELIVERED:
		return TRAIL_DELIVERED;
	case OUTCOME_DISPLAYED:
		return TRAIL_DISPLAYED;
	case OUTCOME_REFUSED:
		return TRAIL_REFUSED;
	case OUTCOME_EXPIRED:
		return TRAIL_EXPIRED;
	case OUTCOME_CANCELLED:
		return TRAIL_CANCELLED;
	default:
		return TRAIL_REPORT;
	}
}

static void take_forms(struct report_job *j, struct text forms)
{
	struct reader r = reader_of(forms.at, forms.len);
	struct text t;

	while (j->report.wire_ids_count < FORMS_MAX && ipc_take_recipient(&r, &t))
		j->forms[j->report.wire_ids_count++] = arena_text(j->holder->arena, t);
	j->report.wire_ids = j->forms;
}

bool queue_report_record(struct queue *q, unsigned edge, struct ipc_record *record)
{
	struct ipc_report in;

	if (!ipc_get_report(&record->body, &in))
		return false;
	struct holder *h = queue_holder(q);
	struct report_job *j = arena_alloc(h->arena, sizeof(*j));
	int64_t now = store_now(q->store);

	j->queue = q;
	j->holder = h;
	j->edge = edge;
	j->generation = q->edges[edge].generation;
	j->call = record->call;
	j->report.arena = h->arena;
	j->report.peer = arena_text(h->arena, in.peer);
	take_forms(j, in.forms);
	j->report.sure = in.sure;
	j->report.source = arena_text(h->arena, in.source);
	j->report.destination = arena_text(h->arena, in.destination);
	j->report.has_delivery = in.has_delivery;
	j->report.delivery = in.delivery;
	j->report.outcome = in.outcome;
	j->report.keep_until_us = now + EARLY_KEPT_US;
	j->report.trail = queue_event(
		h->arena, now, code_of(in.outcome), (struct text){ 0 },
		text_of(arena_printf(h->arena, "%.*s reports %.*s", TEXT_ARGS(in.peer), TEXT_ARGS(in.detail))));
	submit(j);
	return true;
}
