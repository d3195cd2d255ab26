/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Deliveries on HOLD for money's sake: the payer answers, or prices change; each is decided again from its facts. */
#include "core/base/log.h"
#include "core/queue_caps.h"
#include "core/queue_internal.h"
#include "core/queue_question.h"
#include "core/queue_screen.h"
#include "core/queue_lookup.h"

#define WAKE_ROWS 500u

struct hold_job {
	struct queue *queue;
	struct holder *holder;
	struct text account; /* must own it; empty = any */
	enum answer answer;
	struct link *link;
	struct queue_decision decision;
	struct message message;
	queue_answered_cb answered;
	void *owner;
	union {
		struct store_request base;
		struct store_message_get get;
		struct store_decide decide;
		struct store_cancel cancel;
		struct store_wake wake;
	} request;
	struct store_charge charge;
};

static void end(struct hold_job *j, enum result result, const char *why)
{
	struct holder *h = j->holder;

	if (j->answered)
		j->answered(j->owner, result, why);
	queue_release_holder(j->queue, &h);
}

static void decided(struct store_request *r)
{
	struct hold_job *j = r->owner;

	queue_asked_done(j->queue);
	if (r->answer == STORE_DONE || r->answer == STORE_REPEAT) {
		queue_link_wake(j->queue, j->link);
		queue_link_due(j->queue, j->link, j->request.decide.due_us);
		queue_links_promoted(j->queue, r);
		queue_caps_warned(j->queue, j->request.decide.warnings_out, j->request.decide.warnings_count_out);
		j->queue->waiting++;
		end(j, OK, "");
	} else if (r->answer == STORE_REFUSED && (r->refusal == STORE_CREDIT || r->refusal == STORE_CAP)) {
		end(j, ERR_DENIED, r->why ? r->why : "the balance does not allow it");
	} else {
		end(j, r->answer == STORE_UNKNOWN ? ERR_UNKNOWN : ERR_CONFLICT, r->why ? r->why : "nothing changed");
	}
}

static struct octets event_of(struct hold_job *j, enum trail_code code)
{
	return queue_event(j->holder->arena, store_now(j->queue->store), code,
			   text_of(route_rule_name(j->decision.route.rule)), j->decision.explain);
}

static void leave_hold(struct hold_job *j, const struct store_row *row)
{
	struct queue *q = j->queue;
	struct route_choice choice;
	const struct charge_port *c = q->charge;
	int64_t now = store_now(q->store);

	queue_route(q, &j->message, row->recipient, &choice);
	if (!choice.count) {
		end(j, ERR_NOT_FOUND, "no route serves this recipient any more");
		return;
	}
	bool rcs = j->decision.route.outcome == ROUTE_RCS, mms = j->decision.route.outcome == ROUTE_MMS;
	j->link = rcs || mms ? q->rcs
			     : queue_link_get(q, j->message.link.len ? j->message.link : choice.candidates[0].link);
	struct store_decide *d = &j->request.decide;
	*d = (struct store_decide){ .id = row->id, .epoch = row->epoch, .due_us = now, .arena = j->holder->arena };
	if (!row->has_lane) /* put off or scheduled when it came; one in line would stop others until then */
		d->due_us = queue_screen_due(q, &j->message, now);
	d->route = j->link->name;
	d->bearer = QUEUE_BEARER;
	if (rcs)
		d->bearer = QUEUE_RCS;
	else if (mms)
		d->bearer = QUEUE_MMS;
	d->trail = event_of(j, TRAIL_DECIDED);
	if (!rcs && j->decision.has_price &&
	    c->charge(c->owner, &j->decision.payer, &j->decision.price, d->bearer, message_id_recipient(row->id), now,
		      queue_hold_until(q, row->deadline_us), j->holder->arena, &j->charge))
		d->charge = &j->charge;
	queue_ask_store(q, &d->base, STORE_DECIDE, decided, j);
}

static void said_no(struct store_request *r)
{
	struct hold_job *j = r->owner;
	struct store_cancel *c = &j->request.cancel;

	queue_asked_done(j->queue);
	if (r->answer == STORE_DONE || r->answer == STORE_REPEAT) {
		queue_outbox_push(j->queue, c->receipts_out, c->receipts_count_out);
		queue_links_promoted(j->queue, r);
		end(j, OK, "");
	} else {
		end(j, ERR_CONFLICT, r->why ? r->why : "nothing changed");
	}
}

static void end_held(struct hold_job *j, const struct store_row *row)
{
	struct store_cancel *c = &j->request.cancel;
	struct message_id id = row->id;

	*c = (struct store_cancel){ .arena = j->holder->arena, .id = id };
	c->trail = event_of(j, TRAIL_DECIDED);
	queue_ask_store(j->queue, &c->base, STORE_CANCEL, said_no, j);
}

static void decide_again(struct hold_job *j, const struct store_row *row)
{
	queue_decide(j->queue, &j->message, row->recipient, j->answer, row->id, j->holder->arena, &j->decision);
	switch (j->decision.route.outcome) {
	case ROUTE_SMS:
	case ROUTE_MMS:
	case ROUTE_RCS:
		leave_hold(j, row);
		break;
	case ROUTE_REJECT:
		end_held(j, row);
		break;
	default:
		if (j->answer == ANSWER_NO) {
			end(j, OK, "");
			break;
		}
		if (j->answer == ANSWER_NONE)
			queue_question_late(j->queue, &j->decision, &j->message, row->id, row->recipient,
					    row->deadline_us);
		end(j, ERR_CONFLICT, arena_cstring(j->holder->arena, j->decision.explain));
		break;
	}
}

static bool take_row(struct hold_job *j, const struct store_row *row)
{
	if (message_decode(text_range(row->header.at, row->header.len), &j->message))
		return false;
	j->message.body = row->text;
	j->message.network = queue_network_bound(row->trail);
	return !j->account.len || text_equal(j->account, j->message.account);
}

static void found(struct store_request *r)
{
	struct hold_job *j = r->owner;
	const struct store_row *row = r->answer == STORE_DONE ? j->request.get.rows_out : NULL;

	queue_asked_done(j->queue);
	if (!row || !take_row(j, row))
		end(j, ERR_NOT_FOUND, "no message of this account has that id");
	else if (row->state != DELIVERY_WAITING || row->parked != 2)
		end(j, ERR_CONFLICT, "it does not wait for an answer");
	else if (!j->queue->priced)
		end(j, ERR_CONFLICT, "billing is not configured");
	else if (j->message.files.len && queue_files_soon(j->queue))
		end(j, ERR_BUSY, "the link that takes files is not up: try again");
	else
		decide_again(j, row);
}

static struct hold_job *job_new(struct queue *q)
{
	struct holder *h = queue_holder(q);
	struct hold_job *j = arena_alloc(h->arena, sizeof(*j));

	j->queue = q;
	j->holder = h;
	return j;
}

void queue_money_answer(struct queue *q, struct text account, struct message_id id, bool yes,
			queue_answered_cb answered, void *owner)
{
	struct hold_job *j = job_new(q);

	j->account = arena_text(j->holder->arena, account);
	j->answer = yes ? ANSWER_YES : ANSWER_NO;
	j->answered = answered;
	j->owner = owner;
	j->request.get.arena = j->holder->arena;
	j->request.get.id = id;
	queue_ask_store(q, &j->request.base, STORE_MESSAGE_GET, found, j);
}

/* Each row in a job of its own: its memory must not end with the list's. */
static void woken(struct store_request *r)
{
	struct hold_job *list = r->owner;

	queue_asked_done(list->queue);
	for (struct store_row *row = r->answer == STORE_DONE ? list->request.wake.rows_out : NULL; row;
	     row = row->next) {
		queue_money_decide(list->queue, row->id);
	}
	end(list, OK, "");
}

static void wake(struct queue *q, struct hold_job *j, struct text key)
{
	struct store_wake *w = &j->request.wake;

	w->arena = j->holder->arena;
	w->key = key;
	w->limit = WAKE_ROWS;
	queue_ask_store(q, &w->base, STORE_WAKE, woken, j);
}

/* And those whose new decision an earlier run did not come to. */
void queue_money_prices(struct queue *q)
{
	wake(q, job_new(q), text_of(route_wake_name(WAKE_PRICE)));
	wake(q, job_new(q), QUEUE_WAKE_AGAIN);
}

void queue_money_recipient_on(struct queue *q, struct text number)
{
	struct hold_job *j = job_new(q), *as_sender = job_new(q);

	wake(q, j, queue_wake_recipient(number, j->holder->arena));
	wake(q, as_sender, queue_wake_of(WAKE_SENDER_ON, number, as_sender->holder->arena));
}

void queue_money_roaming_end(struct queue *q, struct text number)
{
	struct hold_job *j = job_new(q);

	wake(q, j, queue_wake_of(WAKE_ROAMING_END, number, j->holder->arena));
}

void queue_money_decide(struct queue *q, struct message_id id)
{
	struct hold_job *j = job_new(q);

	j->request.get.arena = j->holder->arena;
	j->request.get.id = id;
	queue_ask_store(q, &j->request.base, STORE_MESSAGE_GET, found, j);
}
