/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * CP and RP machines joined. The machines must not be called from their own callbacks, so a callback only notes what is
 * to be done, and settle() does it at the end of each call:
 *
 *	RP octets out -> CP    carrier wanted -> open, or up at once    CP failed -> RP lost
 *	release -> CP          events -> user                           nothing left -> close
 */
#include "sms/session.h"

#include <string.h>

#define TI_COUNT 7u /* 0 to 6; 7 is reserved */

/* --- what the connection layer asks for -----------------------------------------------------------------------------
 */

static void on_cp_send(void *owner, const void *octets, size_t len)
{
	struct session *s = ((struct session_leg *)owner)->session;

	s->user->send(s->owner, octets, len);
}

static void on_cp_open(void *owner)
{
	((struct session_leg *)owner)->wants_carrier = true;
}

/* The carrier is both legs': settle() lets it go. */
static void on_cp_close(void *owner)
{
	((struct session_leg *)owner)->wants_carrier = false;
}

static void on_cp_timer(void *owner, int64_t us)
{
	struct session_leg *leg = owner;

	leg->cp_due_us = us ? leg->session->now_us + us : 0;
}

static void on_cp_up(void *owner, struct text rp)
{
	struct session_leg *leg = owner;

	if (rp_fsm_received(&leg->rp, rp.at, rp.len) != OK)
		leg->session->bad++;
}

static void on_cp_failed(void *owner, uint8_t cause)
{
	(void)cause;
	((struct session_leg *)owner)->lost = true;
}

static const struct cp_fsm_user cp_user = { on_cp_send, on_cp_open, on_cp_close, on_cp_timer, on_cp_up, on_cp_failed };

/* --- what the relay layer asks for ----------------------------------------------------------------------------------
 */

static void on_rp_send(void *owner, const void *octets, size_t len)
{
	struct session_leg *leg = owner;

	memcpy(leg->out, octets, len);
	leg->out_len = (uint8_t)len;
}

static void on_rp_timer(void *owner, int64_t us)
{
	struct session_leg *leg = owner;

	leg->rp_due_us = us ? leg->session->now_us + us : 0;
}

/* Views end with the call of the machine; the user is told later. */
static void keep_event(struct session_leg *leg, const struct rp *rp)
{
	leg->event = *rp;
	leg->event.has_tpdu = rp->has_tpdu && rp->tpdu.len <= sizeof(leg->tpdu);
	if (!leg->event.has_tpdu) {
		leg->event.tpdu = (struct text){ 0 };
		return;
	}
	if (rp->tpdu.len)
		memcpy(leg->tpdu, rp->tpdu.at, rp->tpdu.len);
	leg->event.tpdu.at = (const char *)leg->tpdu;
}

static void on_rp_message(void *owner, const struct rp *rp)
{
	struct session_leg *leg = owner;

	keep_event(leg, rp);
	leg->has_message = true;
}

static void on_rp_ended(void *owner, enum rp_outcome outcome, const struct rp *report)
{
	struct session_leg *leg = owner;

	leg->has_end = true;
	leg->outcome = outcome;
	leg->has_report = report;
	if (report)
		keep_event(leg, report);
}

static void on_rp_release(void *owner)
{
	((struct session_leg *)owner)->release = true;
}

static const struct rp_fsm_user rp_user = { on_rp_send, on_rp_timer, on_rp_message, on_rp_ended, on_rp_release };

/* --- settling -------------------------------------------------------------------------------------------------------
 */

static bool leg_busy(const struct session_leg *leg)
{
	return leg->cp.state != CP_IDLE || leg->rp.state != RP_IDLE || leg->out_len || leg->has_message || leg->has_end;
}

/* The phone began, and what it said was no message: nothing of the relay layer will ever end this connection. */
static bool is_left_open(const struct session_leg *leg)
{
	return leg->cp.state == CP_OPEN && leg->rp.state == RP_IDLE && !leg->has_message && !leg->has_end;
}

/* Of a leg that has neither octets nor a carrier to wait for. */
static bool settle_release(struct session_leg *leg)
{
	if ((!leg->release && !is_left_open(leg)) || leg->out_len)
		return false;
	leg->release = false;
	cp_fsm_release(&leg->cp);
	return true;
}

static bool settle_out(struct session_leg *leg)
{
	uint8_t len = leg->out_len;

	if (!len || (leg->cp.state != CP_IDLE && leg->cp.state != CP_OPEN))
		return false;
	leg->out_len = 0;
	(void)cp_fsm_send(&leg->cp, text_range((const char *)leg->out, len));
	return true;
}

static bool settle_carrier(struct session_leg *leg)
{
	struct session *s = leg->session;

	if (!leg->wants_carrier || (s->opening && !s->carrier))
		return false;
	if (s->carrier) {
		leg->wants_carrier = false;
		cp_fsm_carrier_up(&leg->cp);
	} else {
		s->opening = true;
		s->user->open(s->owner);
	}
	return true;
}

static bool settle_lost(struct session_leg *leg)
{
	if (!leg->lost)
		return false;
	leg->lost = false;
	leg->out_len = 0;
	leg->wants_carrier = false;
	rp_fsm_lost(&leg->rp);
	return true;
}

static bool settle_events(struct session_leg *leg, enum session_way way)
{
	struct session *s = leg->session;

	if (leg->has_message) {
		leg->has_message = false;
		s->user->message(s->owner, &leg->event);
		return true;
	}
	/* Told once the way is free, so that the user can send the next one. */
	if (!leg->has_end || leg->out_len || (leg->cp.state != CP_IDLE && way == SESSION_TO_PHONE))
		return false;
	leg->has_end = false;
	s->user->ended(s->owner, way, leg->outcome, leg->has_report ? &leg->event : NULL);
	return true;
}

static bool settle_leg(struct session_leg *leg, enum session_way way)
{
	return settle_lost(leg) || settle_out(leg) || settle_release(leg) || settle_carrier(leg) ||
	       settle_events(leg, way);
}

static void settle_legs(struct session *s)
{
	if (s->settling)
		return;
	s->settling = true;
	while (settle_leg(&s->legs[SESSION_TO_PHONE], SESSION_TO_PHONE) ||
	       settle_leg(&s->legs[SESSION_FROM_PHONE], SESSION_FROM_PHONE))
		;
	s->settling = false;
}

static void settle(struct session *s)
{
	settle_legs(s);
	if (!s->carrier || s->settling || leg_busy(&s->legs[SESSION_TO_PHONE]) ||
	    leg_busy(&s->legs[SESSION_FROM_PHONE]))
		return;
	s->carrier = s->opening = false;
	s->user->close(s->owner);
}

/* --- calls ----------------------------------------------------------------------------------------------------------
 */

static void leg_begin(struct session_leg *leg, uint8_t ti, bool answerer)
{
	struct session *s = leg->session;

	cp_fsm_init(&leg->cp, &cp_user, leg, s->timers.cp, ti, answerer);
	rp_fsm_init(&leg->rp, &rp_user, leg, s->timers.rp, TPDU_TO_PHONE);
	leg->cp_due_us = leg->rp_due_us = 0;
	leg->wants_carrier = leg->release = leg->lost = leg->has_message = leg->has_end = false;
	leg->out_len = 0;
}

void session_init(struct session *s, const struct session_user *user, void *owner, struct session_timers timers)
{
	*s = (struct session){ .user = user, .owner = owner, .timers = timers };
	for (unsigned way = 0; way < SESSION_WAYS; way++) {
		s->legs[way].session = s;
		leg_begin(&s->legs[way], 0, way == SESSION_FROM_PHONE);
	}
}

bool session_send(struct session *s, const struct rp *rp, int64_t now_us)
{
	struct session_leg *leg = &s->legs[SESSION_TO_PHONE];
	struct rp data = *rp;

	s->now_us = now_us;
	if (leg_busy(leg))
		return false;
	data.type = RP_DATA_TO_PHONE;
	data.reference = s->next_reference;
	leg_begin(leg, s->next_ti, false);
	if (!rp_fsm_send(&leg->rp, &data))
		return false;
	s->next_reference++;
	s->next_ti = (uint8_t)((s->next_ti + 1) % TI_COUNT);
	settle(s);
	return true;
}

bool session_answer(struct session *s, uint8_t cause, const struct text *tpdu, int64_t now_us)
{
	s->now_us = now_us;
	if (!rp_fsm_answer(&s->legs[SESSION_FROM_PHONE].rp, cause, tpdu))
		return false;
	settle(s);
	return true;
}

void session_cancel(struct session *s, int64_t now_us)
{
	struct session_leg *leg = &s->legs[SESSION_TO_PHONE];

	s->now_us = now_us;
	if (!leg_busy(leg))
		return;
	leg->out_len = 0;
	rp_fsm_cancel(&leg->rp);
	cp_fsm_abort(&leg->cp, CP_CAUSE_NETWORK_FAILURE);
	leg_begin(leg, leg->cp.ti, false);
	settle(s);
}

static void send_cp_error(struct session *s, const struct cp *to, uint8_t cause)
{
	uint8_t room[CP_MAX];
	struct writer w = writer_of(room, sizeof(room));
	struct cp cp = { .type = CP_ERROR, .ti = to->ti, .from_answerer = !to->from_answerer, .cause = cause };

	cp_encode(&cp, &w);
	if (writer_ok(&w))
		s->user->send(s->owner, room, writer_len(&w));
}

static bool repeats(const struct session_leg *leg, const struct cp *cp)
{
	return cp->ti == leg->cp.ti && cp->rp.len &&
	       text_equal(cp->rp, text_range((const char *)leg->cp.last, leg->cp.last_len));
}

/* Of a transaction that we began. One that is over only acknowledges repetitions. */
static void received_to_phone(struct session *s, const struct cp *cp)
{
	struct session_leg *leg = &s->legs[SESSION_TO_PHONE];
	bool ours = cp->ti == leg->cp.ti && leg->cp.state != CP_IDLE;

	if (ours || (cp->type == CP_DATA && repeats(leg, cp)))
		cp_fsm_received(&leg->cp, cp);
	else if (cp->type == CP_DATA)
		send_cp_error(s, cp, CP_CAUSE_INVALID_TI);
}

static void received_from_phone(struct session *s, const struct cp *cp)
{
	struct session_leg *leg = &s->legs[SESSION_FROM_PHONE];

	if (leg->cp.ti == cp->ti && (leg->cp.state != CP_IDLE || repeats(leg, cp))) {
		cp_fsm_received(&leg->cp, cp);
		return;
	}
	if (cp->type != CP_DATA)
		return;
	/* 5.3.4: who begins anew has had our answer, though its CP-ACK is missing. */
	if (leg->cp.ti != cp->ti) {
		cp_fsm_implied_ack(&leg->cp);
		settle_legs(s);
	}
	if (leg_busy(leg)) {
		send_cp_error(s, cp, CP_CAUSE_CONGESTION);
		return;
	}
	leg_begin(leg, cp->ti, true);
	cp_fsm_received(&leg->cp, cp);
}

void session_received(struct session *s, const void *octets, size_t len, int64_t now_us)
{
	struct cp cp;
	enum result result = cp_decode(octets, len, &cp, NULL);

	s->now_us = now_us;
	s->carrier = true;
	s->opening = false;
	if (result != OK) {
		s->bad++;
		/* 9.2.1, 9.2.2: without protocol, TI and type there is nothing to answer to. */
		if (len >= 2 && result != ERR_UNSUPPORTED)
			send_cp_error(s, &cp, cp_cause_of_bad(result));
	} else if (cp.from_answerer) {
		received_to_phone(s, &cp);
	} else {
		received_from_phone(s, &cp);
	}
	settle(s);
}

void session_carrier_up(struct session *s, int64_t now_us)
{
	s->now_us = now_us;
	s->carrier = true;
	s->opening = false;
	settle(s);
}

void session_carrier_lost(struct session *s, int64_t now_us)
{
	s->now_us = now_us;
	s->carrier = s->opening = false;
	for (unsigned way = 0; way < SESSION_WAYS; way++)
		cp_fsm_carrier_lost(&s->legs[way].cp);
	settle(s);
}

static int64_t earlier(int64_t a, int64_t b)
{
	return b && b < a ? b : a;
}

int64_t session_next_us(const struct session *s)
{
	int64_t next = INT64_MAX;

	for (unsigned way = 0; way < SESSION_WAYS; way++) {
		next = earlier(next, s->legs[way].cp_due_us);
		next = earlier(next, s->legs[way].rp_due_us);
	}
	return next;
}

void session_run(struct session *s, int64_t now_us)
{
	s->now_us = now_us;
	for (unsigned way = 0; way < SESSION_WAYS; way++) {
		struct session_leg *leg = &s->legs[way];

		if (leg->cp_due_us && leg->cp_due_us <= now_us) {
			leg->cp_due_us = 0;
			cp_fsm_timeout(&leg->cp);
		}
		if (leg->rp_due_us && leg->rp_due_us <= now_us) {
			leg->rp_due_us = 0;
			rp_fsm_timeout(&leg->rp);
		}
	}
	settle(s);
}

bool session_busy(const struct session *s, enum session_way way)
{
	return leg_busy(&s->legs[way]);
}

bool session_idle(const struct session *s)
{
	return !s->carrier && !s->opening && !leg_busy(&s->legs[SESSION_TO_PHONE]) &&
	       !leg_busy(&s->legs[SESSION_FROM_PHONE]);
}
