/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Carriers of other roles: calls, and what link PDUs lead to. */
#include "sms/link_side.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/arena.h"
#include "sms/link_internal.h"

/* --- calls
 * ------------------------------------------------------------------------------------------------------------------ */

struct link_side *link_side_new(const struct link_side_user *user, void *owner, struct session_timers timers,
				struct link_side_limits limits)
{
	struct link_side *side = must_alloc(sizeof(*side));

	side->user = user;
	side->owner = owner;
	side->timers = timers;
	side->limits = limits;
	side->phones = key_table_new(limits.phones_max);
	side->bad = counter_get(COUNTER_COUNT, "sms_link_bad_total", "", "link PDUs that could not be read or matched");
	side->full = counter_get(COUNTER_COUNT, "sms_link_limit_total", "", "messages refused at a limit");
	return side;
}

static void free_one(void *owner, void *object)
{
	(void)owner;
	link_phone_free(object);
}

void link_side_free(struct link_side **side)
{
	if (!*side)
		return;
	key_table_each((*side)->phones, free_one, NULL);
	key_table_free(&(*side)->phones);
	due_heap_clear(&(*side)->due);
	free(*side);
	*side = NULL;
}

static bool to_phone_busy(const struct link_handset *p)
{
	return p->session ? session_busy(p->session, SESSION_TO_PHONE) : p->legs[0].busy;
}

static bool send_as_message(struct link_handset *p, const struct rp *rp)
{
	struct link_leg *leg = &p->legs[0];
	struct rp data = *rp;

	data.type = RP_DATA_TO_PHONE;
	data.reference = p->side->next_reference++;
	link_leg_begin(leg);
	link_new_transaction(leg->transaction);
	leg->busy = rp_fsm_send(&leg->rp, &data);
	return leg->busy;
}

static void keep_permit(struct link_handset *p, struct text permit)
{
	p->permit_len = permit.len;
	if (!permit.len)
		return;
	p->permit = must_alloc(permit.len);
	memcpy(p->permit, permit.at, permit.len);
}

enum result link_side_send(struct link_side *side, const struct link_phone *to, const struct rp *rp, struct text permit,
			   int64_t now_us)
{
	struct link_handset *p = permit.len <= LINK_PDU_PERMIT_MAX ? link_find_or_make(side, to) : NULL;

	side->now_us = now_us;
	if (!p)
		return permit.len > LINK_PDU_PERMIT_MAX ? ERR_TOO_BIG : ERR_FULL;
	if (to_phone_busy(p))
		return ERR_BUSY;
	link_enter(p);
	p->sent_down = false;
	p->taken = LINK_PDU_FINE;
	keep_permit(p, permit);
	bool sent = p->session ? session_send(p->session, rp, now_us) : send_as_message(p, rp);
	if (!sent)
		link_drop_permit(p);
	link_leave(p);
	return sent ? OK : ERR_TOO_BIG;
}

/* The leg of a message that came from the phone. */
static struct link_leg *leg_of(struct link_handset *p, struct text transaction)
{
	for (unsigned i = 1; i <= p->side->limits.from_max; i++) {
		if (p->legs[i].busy && text_is(transaction, p->legs[i].transaction))
			return &p->legs[i];
	}
	return NULL;
}

bool link_side_answer(struct link_side *side, const struct link_phone *to, struct text transaction, uint8_t cause,
		      const struct text *tpdu, int64_t now_us)
{
	struct link_handset *p = link_find(side, to);
	bool answered = false;

	side->now_us = now_us;
	if (!p)
		return false;
	link_enter(p);
	if (p->session) {
		answered = session_answer(p->session, cause, tpdu, now_us);
	} else {
		struct link_leg *leg = leg_of(p, transaction);

		answered = leg && rp_fsm_answer(&leg->rp, cause, tpdu);
	}
	link_leave(p);
	return answered;
}

/* --- link PDUs in
 * ------------------------------------------------------------------------------------------------------------ */

static void refuse(struct link_handset *p, const struct link_pdu *pdu)
{
	struct link_pdu answer = link_pdu_to(p, LINK_PDU_OCTETS);
	char own[LINK_PDU_TEXT_MAX + 1];
	uint8_t room[RP_MAX];
	struct writer w = writer_of(room, sizeof(room));
	struct rp rp;

	counter_add(p->side->full, 1);
	if (rp_decode(pdu->octets.at, pdu->octets.len, &rp, NULL) != OK)
		return;
	rp_encode(&(struct rp){ .type = RP_ERROR_TO_PHONE, .reference = rp.reference, .cause = RP_CAUSE_CONGESTION },
		  &w);
	link_new_transaction(own);
	answer.transaction = text_of(own);
	answer.answers = pdu->transaction;
	answer.octets = text_range((char *)room, writer_len(&w));
	link_put(p, &answer);
}

/* A message from the phone; the same transaction again is the carrier repeating itself. */
static void begin_from_phone(struct link_handset *p, const struct link_pdu *pdu)
{
	struct link_leg *leg = NULL;

	if (leg_of(p, pdu->transaction))
		return;
	for (unsigned i = 1; i <= p->side->limits.from_max && !leg; i++)
		leg = p->legs[i].busy ? NULL : &p->legs[i];
	if (!leg) {
		refuse(p, pdu);
		return;
	}
	link_leg_begin(leg);
	(void)text_copy(pdu->transaction, leg->transaction, sizeof(leg->transaction));
	if (rp_fsm_received(&leg->rp, pdu->octets.at, pdu->octets.len) != OK)
		counter_add(p->side->bad, 1);
	leg->busy = leg->rp.state != RP_IDLE;
}

static bool is_report(struct text octets)
{
	uint8_t type = octets.len ? (uint8_t)octets.at[0] & 7 : 0;

	return type == RP_ACK_FROM_PHONE || type == RP_ERROR_FROM_PHONE;
}

/* By the transaction that it answers, else by its reference. */
static void message_octets(struct link_handset *p, const struct link_pdu *pdu)
{
	struct link_leg *leg = &p->legs[0];

	if (!is_report(pdu->octets)) {
		begin_from_phone(p, pdu);
		return;
	}
	if (!leg->busy || (pdu->answers.len && !text_is(pdu->answers, leg->transaction)))
		counter_add(p->side->bad, 1);
	else if (rp_fsm_received(&leg->rp, pdu->octets.at, pdu->octets.len) != OK)
		counter_add(p->side->bad, 1);
}

static void taken(struct link_handset *p, const struct link_pdu *pdu)
{
	struct link_leg *leg = p->legs ? &p->legs[0] : NULL;

	if (!leg || !leg->busy || pdu->outcome == LINK_PDU_FINE || !text_is(pdu->transaction, leg->transaction))
		return;
	p->taken = pdu->outcome;
	rp_fsm_lost(&leg->rp);
}

static void lost(struct link_handset *p, enum link_pdu_outcome outcome)
{
	p->taken = outcome;
	if (p->session) {
		session_carrier_lost(p->session, p->side->now_us);
		return;
	}
	for (unsigned i = 0; i <= p->side->limits.from_max; i++) {
		if (p->legs[i].busy)
			rp_fsm_lost(&p->legs[i].rp);
	}
}

static void connection_octets(struct link_handset *p, const struct link_pdu *pdu)
{
	uint64_t bad = p->session->bad;

	session_received(p->session, pdu->octets.at, pdu->octets.len, p->side->now_us);
	counter_add(p->side->bad, (int64_t)(p->session->bad - bad));
}

static void act_on(struct link_handset *p, const struct link_pdu *pdu)
{
	switch (pdu->kind) {
	case LINK_PDU_OCTETS:
		if (p->session)
			connection_octets(p, pdu);
		else
			message_octets(p, pdu);
		break;
	case LINK_PDU_UP:
		if (p->session && p->session->opening)
			session_carrier_up(p->session, p->side->now_us);
		break;
	case LINK_PDU_LOST:
	case LINK_PDU_GONE:
		lost(p, pdu->kind == LINK_PDU_GONE && !pdu->outcome ? LINK_PDU_ABSENT : pdu->outcome);
		break;
	case LINK_PDU_TAKEN:
		taken(p, pdu);
		break;
	default:
		break;
	}
}

enum result link_side_received(struct link_side *side, enum link_carrier carrier, const struct link_pdu *pdu,
			       int64_t now_us)
{
	struct link_phone from = { carrier, pdu->link, pdu->subscriber };
	bool begins = pdu->kind == LINK_PDU_OCTETS;

	side->now_us = now_us;
	if (pdu->kind == LINK_PDU_OPEN || pdu->kind == LINK_PDU_CLOSE || pdu->kind == LINK_PDU_ALERT ||
	    !pdu->subscriber.len) {
		counter_add(side->bad, 1);
		return ERR_MALFORMED;
	}
	struct link_handset *p = begins ? link_find_or_make(side, &from) : link_find(side, &from);
	if (!p && begins)
		return ERR_FULL;
	if (p) {
		link_enter(p);
		act_on(p, pdu);
		link_leave(p);
	}
	if (pdu->kind == LINK_PDU_PRESENT || pdu->kind == LINK_PDU_GONE)
		side->user->present(side->owner, &from, pdu->kind == LINK_PDU_PRESENT);
	return OK;
}

static void lose_one(void *owner, void *object)
{
	const struct text *link = owner;
	struct link_handset *p = object;

	if (!text_is(*link, p->link))
		return;
	link_enter(p);
	lost(p, LINK_PDU_UNSURE);
	link_leave(p);
}

void link_side_down(struct link_side *side, struct text link, int64_t now_us)
{
	side->now_us = now_us;
	key_table_each(side->phones, lose_one, &link);
}

int64_t link_side_next_us(const struct link_side *side)
{
	return due_next_us(&side->due);
}

void link_side_run(struct link_side *side, int64_t now_us)
{
	struct due *due;

	side->now_us = now_us;
	while ((due = due_take(&side->due, now_us))) {
		struct link_handset *p = DUE_OWNER(due, struct link_handset, due);

		link_enter(p);
		link_phone_run(p);
		link_leave(p);
	}
}

uint32_t link_side_phones(const struct link_side *side)
{
	return key_table_count(side->phones);
}
