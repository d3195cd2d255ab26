/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Deliveries of a link: parts over bonds with room, and what each answer means. */
#include <stdlib.h>

#include "core/base/clock.h"
#include "core/base/log.h"
#include "core/permit_spend.h"
#include "sms/smpp_link_internal.h"

#define OVERDUE_EVERY_US USEC_PER_SEC

static void rate_again(void *owner)
{
	smpp_link_pump(owner);
}

/* One part over one bond. False: this bond takes nothing now. */
static bool send_one(struct smpp_link *l, struct bond *b, struct outgoing *o)
{
	struct smpp_session *s = smpp_conn_session(b->conn);
	int64_t now = clock_monotonic();
	struct smpp_pdu pdu;
	enum result r = smpp_session_can_send(s, l->style.request, now);

	if (r == ERR_BUSY) {
		int64_t due = smpp_session_send_due(s, now);
		if (!loop_timer_running(&l->rate))
			loop_timer_start(smpp_conns_loop(l->conns), &l->rate, due - now, rate_again, l);
	}
	if (r)
		return false;
	if (!outgoing_next(o, &l->style, smpp_session_takes_tlvs(s), now, &pdu))
		return false;
	if (outgoing_untouched(o))
		smpp_conns_sending(l->conns, outgoing_id(o));
	uint64_t cookie = outgoing_sent(o);
	r = smpp_session_send(s, &pdu, cookie, now);
	if (r) { /* a field that SMPP cannot hold */
		struct smpp_answer a = { .cookie = cookie, .end = SMPP_UNSENT };
		(void)outgoing_answered(o, &a, SMPP_DO_REFUSE);
		outgoing_fail(o, IPC_REFUSED, 0, "the message has a field that SMPP cannot hold");
		return true;
	}
	counter_add(l->submitted, 1);
	smpp_conn_touch(b->conn);
	return true;
}

static struct bond *bond_with_room(struct smpp_link *l)
{
	for (unsigned n = 0; n < l->bonds_count; n++) {
		struct bond *b = &l->bonds[l->next_bond++ % l->bonds_count];
		if (!b->bound || !smpp_session_may(smpp_conn_session(b->conn), l->style.request))
			continue;
		enum result r = smpp_session_can_send(smpp_conn_session(b->conn), l->style.request, clock_monotonic());
		if (!r || r == ERR_BUSY)
			return b;
	}
	return NULL;
}

static bool too_late(const struct outgoing *o)
{
	return !outgoing_open(o) && outgoing_not_after(o) <= clock_monotonic();
}

/* The head of the list leaves it when it has no part to send. */
static bool settle_head(struct smpp_link *l, struct outgoing *o)
{
	if (outgoing_more(o))
		return false;
	(void)outgoing_pop(&l->list);
	if (!outgoing_open(o))
		smpp_link_give_result(l, o);
	return true;
}

void smpp_link_pump(struct smpp_link *l)
{
	struct outgoing *o;

	while ((o = outgoing_head(&l->list))) {
		if (settle_head(l, o))
			continue;
		if (too_late(o)) {
			(void)outgoing_pop(&l->list);
			smpp_link_give_back(l, o, 1, "the link was too slow to send it within its lease");
			continue;
		}
		struct bond *b = bond_with_room(l);
		if (!b || !send_one(l, b, o))
			return;
		(void)settle_head(l, o);
	}
}

static void look_for_overdue(void *owner)
{
	struct smpp_link *l = owner;

	smpp_link_pump(l);
	if (l->list.count)
		loop_timer_start(smpp_conns_loop(l->conns), &l->overdue, OVERDUE_EVERY_US, look_for_overdue, l);
}

void smpp_link_deliver(struct smpp_link *l, const struct ipc_deliver *d)
{
	struct ipc_result refusal;

	if (d->doubt && l->settings.doubt == SMSC_DOUBT_REPORT) {
		struct ipc_result r = { .id = d->id,
					.outcome = IPC_UNKNOWN,
					.link = text_of(l->name),
					.detail = TEXT_LITERAL(
						"sent before, and no answer came: not sent again (doubt report)") };
		channel_result(smpp_conns_channel(l->conns), &r);
		return;
	}
	struct outgoing *o = outgoing_new(d, &l->style, &refusal);
	if (o && !permit_spend(d, TEXT_LITERAL("sms"), outgoing_segments(o),
			       channel_permits_required(smpp_conns_channel(l->conns)), clock_monotonic(), &refusal))
		outgoing_free(&o);
	if (!o) {
		refusal.link = text_of(l->name);
		channel_result(smpp_conns_channel(l->conns), &refusal);
		return;
	}
	l->open++;
	if (!l->up) {
		smpp_link_give_back(l, o, 1, "the link went down before it was sent");
		return;
	}
	outgoing_push(&l->list, o);
	smpp_link_pump(l);
	if (l->list.count && !loop_timer_running(&l->overdue))
		loop_timer_start(smpp_conns_loop(l->conns), &l->overdue, OVERDUE_EVERY_US, look_for_overdue, l);
}

static void count_answer(struct smpp_link *l, const struct smpp_answer *a, enum smpp_action action)
{
	if (a->end == SMPP_IN_DOUBT)
		counter_add(l->unanswered, 1);
	else if (a->end == SMPP_ANSWERED && action == SMPP_DO_KEEP)
		counter_add(l->taken, 1);
	else if (a->end == SMPP_ANSWERED && action == SMPP_DO_THROTTLE)
		counter_add(l->throttled, 1);
	else if (a->end == SMPP_ANSWERED)
		counter_add(l->refused, 1);
}

void smpp_link_answered(void *owner, struct smpp_session *s, const struct smpp_answer *a)
{
	struct bond *b = owner;
	struct smpp_link *l = b->link;
	enum smpp_action action = a->pdu ? smpp_status_action(a->pdu->status, NULL, 0) : SMPP_DO_REFUSE;
	struct outgoing *o = outgoing_of_cookie(a->cookie);

	(void)s;
	count_answer(l, a, action);
	if (a->pdu && action == SMPP_DO_REBIND) { /* before it is sent again: not by this session */
		LOGN(LOG_SMS, l->name, "%s: binding anew", smpp_status_name(a->pdu->status));
		smpp_conn_end(b->conn);
	}
	switch (outgoing_answered(o, a, action)) {
	case OUTGOING_ENDED:
		outgoing_unlist(&l->list, o);
		smpp_link_give_result(l, o);
		break;
	case OUTGOING_AGAIN:
		outgoing_push_again(&l->list, o);
		break;
	default:
		break;
	}
	smpp_link_pump(l);
}
