/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One phone behind a carrier of another role, while something is under way: over connections a session (CP and RP),
 * over messages one RP machine for the message to the phone and one for each that came from it.
 */
#include <stdlib.h>
#include <string.h>

#include "core/base/arena.h"
#include "core/base/hex.h"
#include "core/base/random.h"
#include "sms/link_internal.h"

#define TRANSACTION_RANDOM 12u /* octets of an own Call-ID */
#define KEY_MAX (2u * LINK_PDU_TEXT_MAX + 1u)

/* --- link PDUs out
 * ----------------------------------------------------------------------------------------------------- */

static struct link_phone who(const struct link_handset *p)
{
	return (struct link_phone){ p->carrier, text_of(p->link), text_of(p->subscriber) };
}

struct link_pdu link_pdu_to(const struct link_handset *p, enum link_pdu_kind kind)
{
	return (struct link_pdu){ .kind = kind, .link = text_of(p->link), .subscriber = text_of(p->subscriber) };
}

void link_put(struct link_handset *p, const struct link_pdu *pdu)
{
	p->side->user->pdu(p->side->owner, pdu);
}

static void put_plain(struct link_handset *p, enum link_pdu_kind kind)
{
	struct link_pdu pdu = link_pdu_to(p, kind);

	link_put(p, &pdu);
}

void link_new_transaction(char to[LINK_PDU_TEXT_MAX + 1])
{
	uint8_t random[TRANSACTION_RANDOM];
	struct writer w = writer_of(to, LINK_PDU_TEXT_MAX);

	random_bytes(random, sizeof(random));
	hex_put(&w, random, sizeof(random));
	to[writer_len(&w)] = 0;
}

/* --- ends
 * -------------------------------------------------------------------------------------------------------------- */

void link_drop_permit(struct link_handset *p)
{
	free(p->permit);
	p->permit = NULL;
	p->permit_len = 0;
}

static void tell_ended(struct link_handset *p, enum rp_outcome outcome, bool in_vain, const struct rp *report)
{
	struct link_phone to = who(p);
	bool arrived = outcome == RP_DELIVERED || outcome == RP_REFUSED;
	struct link_end end = { outcome, in_vain && !arrived, p->taken };

	link_drop_permit(p);
	if (end.in_vain && p->taken == LINK_PDU_ABSENT)
		put_plain(p, LINK_PDU_ALERT);
	p->side->user->ended(p->side->owner, &to, &end, report);
}

/* --- over connections
 * -------------------------------------------------------------------------------------------------- */

static void on_session_send(void *owner, const void *octets, size_t len)
{
	struct link_handset *p = owner;
	struct link_pdu pdu = link_pdu_to(p, LINK_PDU_OCTETS);

	pdu.octets = text_range(octets, len);
	pdu.permit = text_range(p->permit, p->permit_len);
	link_put(p, &pdu);
	if (session_busy(p->session, SESSION_TO_PHONE))
		p->sent_down = true;
}

static void on_session_open(void *owner)
{
	put_plain(owner, LINK_PDU_OPEN);
}

static void on_session_close(void *owner)
{
	put_plain(owner, LINK_PDU_CLOSE);
}

static void on_session_message(void *owner, const struct rp *rp)
{
	struct link_handset *p = owner;
	struct link_phone from = who(p);

	p->side->user->message(p->side->owner, &from, (struct text){ 0 }, rp);
}

static void on_session_ended(void *owner, enum session_way way, enum rp_outcome outcome, const struct rp *report)
{
	struct link_handset *p = owner;

	if (way == SESSION_TO_PHONE)
		tell_ended(p, outcome, !p->sent_down, report);
}

static const struct session_user session_user = { on_session_send, on_session_open, on_session_close,
						  on_session_message, on_session_ended };

/* --- over messages
 * ------------------------------------------------------------------------------------------------------ */

static bool is_to_phone(const struct link_leg *leg)
{
	return leg == &leg->phone->legs[0];
}

/* What goes to the phone has the leg's transaction; an answer has one of its own and names the leg's. */
static void on_rp_send(void *owner, const void *octets, size_t len)
{
	struct link_leg *leg = owner;
	struct link_pdu pdu = link_pdu_to(leg->phone, LINK_PDU_OCTETS);
	char own[LINK_PDU_TEXT_MAX + 1];

	pdu.octets = text_range(octets, len);
	if (is_to_phone(leg)) {
		pdu.transaction = text_of(leg->transaction);
		pdu.permit = text_range(leg->phone->permit, leg->phone->permit_len);
	} else {
		link_new_transaction(own);
		pdu.transaction = text_of(own);
		pdu.answers = text_of(leg->transaction);
	}
	link_put(leg->phone, &pdu);
}

static void on_rp_timer(void *owner, int64_t us)
{
	struct link_leg *leg = owner;

	leg->due_us = us ? leg->phone->side->now_us + us : 0;
}

static void on_rp_message(void *owner, const struct rp *rp)
{
	struct link_leg *leg = owner;
	struct link_phone from = who(leg->phone);

	leg->phone->side->user->message(leg->phone->side->owner, &from, text_of(leg->transaction), rp);
}

static void on_rp_ended(void *owner, enum rp_outcome outcome, const struct rp *report)
{
	struct link_leg *leg = owner;
	struct link_handset *p = leg->phone;

	leg->busy = false;
	if (is_to_phone(leg))
		tell_ended(p, outcome, p->taken != LINK_PDU_FINE && p->taken != LINK_PDU_UNSURE, report);
}

static void on_rp_release(void *owner)
{
	(void)owner;
}

static const struct rp_fsm_user rp_user = { on_rp_send, on_rp_timer, on_rp_message, on_rp_ended, on_rp_release };

void link_leg_begin(struct link_leg *leg)
{
	rp_fsm_init(&leg->rp, &rp_user, leg, leg->phone->side->timers.rp, TPDU_TO_PHONE);
	leg->due_us = 0;
	leg->busy = true;
}

/* --- phones
 * --------------------------------------------------------------------------------------------------------------- */

static struct text key_of(struct text link, struct text subscriber, char room[KEY_MAX])
{
	struct writer w = writer_of(room, KEY_MAX);

	writer_text(&w, link);
	writer_u8(&w, 0);
	writer_text(&w, subscriber);
	return text_range(room, writer_ok(&w) ? writer_len(&w) : 0);
}

struct link_handset *link_find(const struct link_side *side, const struct link_phone *to)
{
	char room[KEY_MAX];
	struct link_handset *p = key_table_find(side->phones, key_of(to->link, to->subscriber, room));

	return p && p->carrier == to->carrier ? p : NULL;
}

static void prepare(struct link_handset *p)
{
	struct link_side *side = p->side;

	if (p->carrier == LINK_CONNECTIONS) {
		p->session = must_alloc(sizeof(*p->session));
		session_init(p->session, &session_user, p, side->timers);
		/* Not the first ones again: a phone may still repeat what it said to those. */
		p->session->next_reference = side->next_reference++;
		p->session->next_ti = side->next_reference % 7;
		return;
	}
	p->legs = must_alloc((1 + side->limits.from_max) * sizeof(*p->legs));
	for (unsigned i = 0; i <= side->limits.from_max; i++)
		p->legs[i].phone = p;
}

struct link_handset *link_find_or_make(struct link_side *side, const struct link_phone *to)
{
	char room[KEY_MAX];
	struct text key = key_of(to->link, to->subscriber, room);
	struct link_handset *p = link_find(side, to);

	if (p)
		return p;
	p = must_alloc(sizeof(*p));
	if (!key.len || !text_copy(to->link, p->link, sizeof(p->link)) ||
	    !text_copy(to->subscriber, p->subscriber, sizeof(p->subscriber)) || !key_table_add(side->phones, key, p)) {
		counter_add(side->full, 1);
		free(p);
		return NULL;
	}
	p->side = side;
	p->carrier = to->carrier;
	prepare(p);
	return p;
}

void link_phone_free(struct link_handset *p)
{
	due_stop(&p->side->due, &p->due);
	free(p->permit);
	free(p->session);
	free(p->legs);
	free(p);
}

static bool legs_busy(const struct link_handset *p)
{
	for (unsigned i = 0; i <= p->side->limits.from_max; i++) {
		if (p->legs[i].busy)
			return true;
	}
	return false;
}

static bool phone_idle(const struct link_handset *p)
{
	return p->session ? session_idle(p->session) : !legs_busy(p);
}

static int64_t phone_next_us(const struct link_handset *p)
{
	int64_t next = p->session ? session_next_us(p->session) : INT64_MAX;

	for (unsigned i = 0; p->legs && i <= p->side->limits.from_max; i++) {
		if (p->legs[i].due_us && p->legs[i].due_us < next)
			next = p->legs[i].due_us;
	}
	return next;
}

void link_enter(struct link_handset *p)
{
	p->held++;
}

void link_leave(struct link_handset *p)
{
	struct link_side *side = p->side;
	char room[KEY_MAX];

	if (--p->held)
		return;
	if (phone_idle(p)) {
		(void)key_table_remove(side->phones, key_of(text_of(p->link), text_of(p->subscriber), room));
		link_phone_free(p);
		return;
	}
	int64_t next = phone_next_us(p);
	if (next == INT64_MAX)
		due_stop(&side->due, &p->due);
	else
		due_set(&side->due, &p->due, next);
}

void link_phone_run(struct link_handset *p)
{
	int64_t now_us = p->side->now_us;

	if (p->session) {
		session_run(p->session, now_us);
		return;
	}
	for (unsigned i = 0; i <= p->side->limits.from_max; i++) {
		struct link_leg *leg = &p->legs[i];

		if (!leg->due_us || leg->due_us > now_us)
			continue;
		leg->due_us = 0;
		rp_fsm_timeout(&leg->rp);
	}
}
