/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Carriers of other roles: one object per phone with something under way. Over connections it is a session (CP and RP);
 * over messages it is one RP machine for the message to the phone and one for each that came from it.
 */
#include "sms/link_side.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/arena.h"
#include "core/base/counter.h"
#include "core/base/hex.h"
#include "core/base/random.h"
#include "sms/key_table.h"

#define TRANSACTION_RANDOM 12u /* octets of an own Call-ID */
#define KEY_MAX (2u * LINK_PDU_TEXT_MAX + 1u)

struct phone;

/* One RP message over a carrier of messages. */
struct leg {
	struct phone *phone;
	bool busy;
	struct rp_fsm rp;
	int64_t due_us; /* 0 = not running */
	char transaction[LINK_PDU_TEXT_MAX + 1];
};

struct phone {
	struct link_side *side;
	enum link_carrier carrier;
	char link[LINK_PDU_TEXT_MAX + 1], subscriber[LINK_PDU_TEXT_MAX + 1];
	unsigned held; /* calls that this phone is in: not freed before */
	struct due due;
	bool sent_down;
	enum link_pdu_outcome taken; /* of the message to the phone */
	char *permit;
	size_t permit_len;
	struct session *session; /* connections */
	struct leg *legs;	 /* messages: to the phone, then limits.from_max from it */
};

struct link_side {
	const struct link_side_user *user;
	void *owner;
	struct session_timers timers;
	struct link_side_limits limits;
	struct key_table *phones;
	struct due_heap due;
	int64_t now_us;
	uint8_t next_reference;
	struct counter *bad, *full;
};

/* --- link PDUs out
 * ----------------------------------------------------------------------------------------------------- */

static struct link_phone who(const struct phone *p)
{
	return (struct link_phone){ p->carrier, text_of(p->link), text_of(p->subscriber) };
}

static struct link_pdu pdu_to(const struct phone *p, enum link_pdu_kind kind)
{
	return (struct link_pdu){ .kind = kind, .link = text_of(p->link), .subscriber = text_of(p->subscriber) };
}

static void put(struct phone *p, const struct link_pdu *pdu)
{
	p->side->user->pdu(p->side->owner, pdu);
}

static void put_plain(struct phone *p, enum link_pdu_kind kind)
{
	struct link_pdu pdu = pdu_to(p, kind);

	put(p, &pdu);
}

static void new_transaction(char to[LINK_PDU_TEXT_MAX + 1])
{
	uint8_t random[TRANSACTION_RANDOM];
	struct writer w = writer_of(to, LINK_PDU_TEXT_MAX);

	random_bytes(random, sizeof(random));
	hex_put(&w, random, sizeof(random));
	to[writer_len(&w)] = 0;
}

/* --- ends
 * -------------------------------------------------------------------------------------------------------------- */

static void drop_permit(struct phone *p)
{
	free(p->permit);
	p->permit = NULL;
	p->permit_len = 0;
}

static void tell_ended(struct phone *p, enum rp_outcome outcome, bool in_vain, const struct rp *report)
{
	struct link_phone to = who(p);
	bool arrived = outcome == RP_DELIVERED || outcome == RP_REFUSED;
	struct link_end end = { outcome, in_vain && !arrived, p->taken };

	drop_permit(p);
	if (end.in_vain && p->taken == LINK_PDU_ABSENT)
		put_plain(p, LINK_PDU_ALERT);
	p->side->user->ended(p->side->owner, &to, &end, report);
}

/* --- over connections
 * -------------------------------------------------------------------------------------------------- */

static void on_session_send(void *owner, const void *octets, size_t len)
{
	struct phone *p = owner;
	struct link_pdu pdu = pdu_to(p, LINK_PDU_OCTETS);

	pdu.octets = text_range(octets, len);
	pdu.permit = text_range(p->permit, p->permit_len);
	put(p, &pdu);
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
	struct phone *p = owner;
	struct link_phone from = who(p);

	p->side->user->message(p->side->owner, &from, (struct text){ 0 }, rp);
}

static void on_session_ended(void *owner, enum session_way way, enum rp_outcome outcome, const struct rp *report)
{
	struct phone *p = owner;

	if (way == SESSION_TO_PHONE)
		tell_ended(p, outcome, !p->sent_down, report);
}

static const struct session_user session_user = { on_session_send, on_session_open, on_session_close,
						  on_session_message, on_session_ended };

/* --- over messages
 * ------------------------------------------------------------------------------------------------------ */

static bool is_to_phone(const struct leg *leg)
{
	return leg == &leg->phone->legs[0];
}

/* What goes to the phone has the leg's transaction; an answer has one of its own and names the leg's. */
static void on_rp_send(void *owner, const void *octets, size_t len)
{
	struct leg *leg = owner;
	struct link_pdu pdu = pdu_to(leg->phone, LINK_PDU_OCTETS);
	char own[LINK_PDU_TEXT_MAX + 1];

	pdu.octets = text_range(octets, len);
	if (is_to_phone(leg)) {
		pdu.transaction = text_of(leg->transaction);
		pdu.permit = text_range(leg->phone->permit, leg->phone->permit_len);
	} else {
		new_transaction(own);
		pdu.transaction = text_of(own);
		pdu.answers = text_of(leg->transaction);
	}
	put(leg->phone, &pdu);
}

static void on_rp_timer(void *owner, int64_t us)
{
	struct leg *leg = owner;

	leg->due_us = us ? leg->phone->side->now_us + us : 0;
}

static void on_rp_message(void *owner, const struct rp *rp)
{
	struct leg *leg = owner;
	struct link_phone from = who(leg->phone);

	leg->phone->side->user->message(leg->phone->side->owner, &from, text_of(leg->transaction), rp);
}

static void on_rp_ended(void *owner, enum rp_outcome outcome, const struct rp *report)
{
	struct leg *leg = owner;
	struct phone *p = leg->phone;

	leg->busy = false;
	if (is_to_phone(leg))
		tell_ended(p, outcome, p->taken != LINK_PDU_FINE && p->taken != LINK_PDU_UNSURE, report);
}

static void on_rp_release(void *owner)
{
	(void)owner;
}

static const struct rp_fsm_user rp_user = { on_rp_send, on_rp_timer, on_rp_message, on_rp_ended, on_rp_release };

static void leg_begin(struct leg *leg)
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

static struct phone *find(const struct link_side *side, const struct link_phone *to)
{
	char room[KEY_MAX];
	struct phone *p = key_table_find(side->phones, key_of(to->link, to->subscriber, room));

	return p && p->carrier == to->carrier ? p : NULL;
}

static void prepare(struct phone *p)
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

static struct phone *find_or_make(struct link_side *side, const struct link_phone *to)
{
	char room[KEY_MAX];
	struct text key = key_of(to->link, to->subscriber, room);
	struct phone *p = find(side, to);

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

static void phone_free(struct phone *p)
{
	due_stop(&p->side->due, &p->due);
	free(p->permit);
	free(p->session);
	free(p->legs);
	free(p);
}

static bool legs_busy(const struct phone *p)
{
	for (unsigned i = 0; i <= p->side->limits.from_max; i++) {
		if (p->legs[i].busy)
			return true;
	}
	return false;
}

static bool phone_idle(const struct phone *p)
{
	return p->session ? session_idle(p->session) : !legs_busy(p);
}

static int64_t phone_next_us(const struct phone *p)
{
	int64_t next = p->session ? session_next_us(p->session) : INT64_MAX;

	for (unsigned i = 0; p->legs && i <= p->side->limits.from_max; i++) {
		if (p->legs[i].due_us && p->legs[i].due_us < next)
			next = p->legs[i].due_us;
	}
	return next;
}

static void phone_enter(struct phone *p)
{
	p->held++;
}

static void phone_leave(struct phone *p)
{
	struct link_side *side = p->side;
	char room[KEY_MAX];

	if (--p->held)
		return;
	if (phone_idle(p)) {
		(void)key_table_remove(side->phones, key_of(text_of(p->link), text_of(p->subscriber), room));
		phone_free(p);
		return;
	}
	int64_t next = phone_next_us(p);
	if (next == INT64_MAX)
		due_stop(&side->due, &p->due);
	else
		due_set(&side->due, &p->due, next);
}

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
	phone_free(object);
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

static bool to_phone_busy(const struct phone *p)
{
	return p->session ? session_busy(p->session, SESSION_TO_PHONE) : p->legs[0].busy;
}

static bool send_as_message(struct phone *p, const struct rp *rp)
{
	struct leg *leg = &p->legs[0];
	struct rp data = *rp;

	data.type = RP_DATA_TO_PHONE;
	data.reference = p->side->next_reference++;
	leg_begin(leg);
	new_transaction(leg->transaction);
	leg->busy = rp_fsm_send(&leg->rp, &data);
	return leg->busy;
}

static void keep_permit(struct phone *p, struct text permit)
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
	struct phone *p = permit.len <= LINK_PDU_PERMIT_MAX ? find_or_make(side, to) : NULL;

	side->now_us = now_us;
	if (!p)
		return permit.len > LINK_PDU_PERMIT_MAX ? ERR_TOO_BIG : ERR_FULL;
	if (to_phone_busy(p))
		return ERR_BUSY;
	phone_enter(p);
	p->sent_down = false;
	p->taken = LINK_PDU_FINE;
	keep_permit(p, permit);
	bool sent = p->session ? session_send(p->session, rp, now_us) : send_as_message(p, rp);
	if (!sent)
		drop_permit(p);
	phone_leave(p);
	return sent ? OK : ERR_TOO_BIG;
}

/* The leg of a message that came from the phone. */
static struct leg *leg_of(struct phone *p, struct text transaction)
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
	struct phone *p = find(side, to);
	bool answered = false;

	side->now_us = now_us;
	if (!p)
		return false;
	phone_enter(p);
	if (p->session) {
		answered = session_answer(p->session, cause, tpdu, now_us);
	} else {
		struct leg *leg = leg_of(p, transaction);

		answered = leg && rp_fsm_answer(&leg->rp, cause, tpdu);
	}
	phone_leave(p);
	return answered;
}

/* --- link PDUs in
 * ------------------------------------------------------------------------------------------------------------ */

static void refuse(struct phone *p, const struct link_pdu *pdu)
{
	struct link_pdu answer = pdu_to(p, LINK_PDU_OCTETS);
	char own[LINK_PDU_TEXT_MAX + 1];
	uint8_t room[RP_MAX];
	struct writer w = writer_of(room, sizeof(room));
	struct rp rp;

	counter_add(p->side->full, 1);
	if (rp_decode(pdu->octets.at, pdu->octets.len, &rp, NULL) != OK)
		return;
	rp_encode(&(struct rp){ .type = RP_ERROR_TO_PHONE, .reference = rp.reference, .cause = RP_CAUSE_CONGESTION },
		  &w);
	new_transaction(own);
	answer.transaction = text_of(own);
	answer.answers = pdu->transaction;
	answer.octets = text_range((char *)room, writer_len(&w));
	put(p, &answer);
}

/* A message from the phone; the same transaction again is the carrier repeating itself. */
static void begin_from_phone(struct phone *p, const struct link_pdu *pdu)
{
	struct leg *leg = NULL;

	if (leg_of(p, pdu->transaction))
		return;
	for (unsigned i = 1; i <= p->side->limits.from_max && !leg; i++)
		leg = p->legs[i].busy ? NULL : &p->legs[i];
	if (!leg) {
		refuse(p, pdu);
		return;
	}
	leg_begin(leg);
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
static void message_octets(struct phone *p, const struct link_pdu *pdu)
{
	struct leg *leg = &p->legs[0];

	if (!is_report(pdu->octets)) {
		begin_from_phone(p, pdu);
		return;
	}
	if (!leg->busy || (pdu->answers.len && !text_is(pdu->answers, leg->transaction)))
		counter_add(p->side->bad, 1);
	else if (rp_fsm_received(&leg->rp, pdu->octets.at, pdu->octets.len) != OK)
		counter_add(p->side->bad, 1);
}

static void taken(struct phone *p, const struct link_pdu *pdu)
{
	struct leg *leg = p->legs ? &p->legs[0] : NULL;

	if (!leg || !leg->busy || pdu->outcome == LINK_PDU_FINE || !text_is(pdu->transaction, leg->transaction))
		return;
	p->taken = pdu->outcome;
	rp_fsm_lost(&leg->rp);
}

static void lost(struct phone *p, enum link_pdu_outcome outcome)
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

static void act_on(struct phone *p, const struct link_pdu *pdu)
{
	switch (pdu->kind) {
	case LINK_PDU_OCTETS:
		if (p->session)
			session_received(p->session, pdu->octets.at, pdu->octets.len, p->side->now_us);
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
	struct phone *p = begins ? find_or_make(side, &from) : find(side, &from);
	if (!p && begins)
		return ERR_FULL;
	if (p) {
		phone_enter(p);
		act_on(p, pdu);
		phone_leave(p);
	}
	if (pdu->kind == LINK_PDU_PRESENT || pdu->kind == LINK_PDU_GONE)
		side->user->present(side->owner, &from, pdu->kind == LINK_PDU_PRESENT);
	return OK;
}

static void lose_one(void *owner, void *object)
{
	const struct text *link = owner;
	struct phone *p = object;

	if (!text_is(*link, p->link))
		return;
	phone_enter(p);
	lost(p, LINK_PDU_UNSURE);
	phone_leave(p);
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

static void phone_run(struct phone *p)
{
	int64_t now_us = p->side->now_us;

	if (p->session) {
		session_run(p->session, now_us);
		return;
	}
	for (unsigned i = 0; i <= p->side->limits.from_max; i++) {
		struct leg *leg = &p->legs[i];

		if (!leg->due_us || leg->due_us > now_us)
			continue;
		leg->due_us = 0;
		rp_fsm_timeout(&leg->rp);
	}
}

void link_side_run(struct link_side *side, int64_t now_us)
{
	struct due *due;

	side->now_us = now_us;
	while ((due = due_take(&side->due, now_us))) {
		struct phone *p = DUE_OWNER(due, struct phone, due);

		phone_enter(p);
		phone_run(p);
		phone_leave(p);
	}
}

uint32_t link_side_phones(const struct link_side *side)
{
	return key_table_count(side->phones);
}
