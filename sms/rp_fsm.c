/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The relay layer's machine: 3GPP TS 24.011 6.
 *
 *	IDLE ----send, TR1----> WAIT_REPORT ----report, TR1, lost----> IDLE
 *	IDLE ----message, TR2----> WAIT_ANSWER ----answer, TR2, lost----> IDLE
 */
#include "sms/rp_fsm.h"

#define SECONDS INT64_C(1000000)

/* 24.011 10.3: TR1M or TR1N, TR2M or TR2N. */
static const struct rp_timer_info timer_list[] = {
	{ "tr1", "report to RP-DATA or RP-SMMA", 35 * SECONDS, 40 * SECONDS, 45 * SECONDS,
	  offsetof(struct rp_timers, tr1_us) },
	{ "tr2", "our own answer to RP-DATA or RP-SMMA", 12 * SECONDS, 15 * SECONDS, 20 * SECONDS,
	  offsetof(struct rp_timers, tr2_us) },
	{ 0 },
};

const struct rp_timer_info *rp_timer_list(void)
{
	return timer_list;
}

static bool send_rp(struct rp_fsm *f, const struct rp *rp)
{
	uint8_t room[RP_MAX];
	struct writer w = writer_of(room, sizeof(room));

	rp_encode(rp, &w);
	if (!writer_ok(&w))
		return false;
	f->user->send(f->owner, room, writer_len(&w));
	return true;
}

static enum rp_type own_type(const struct rp_fsm *f, enum rp_type from_phone)
{
	return from_phone + (f->sends == TPDU_TO_PHONE ? 1 : 0);
}

static void send_error(struct rp_fsm *f, uint8_t reference, uint8_t cause)
{
	struct rp rp = { .type = own_type(f, RP_ERROR_FROM_PHONE), .reference = reference, .cause = cause };

	(void)send_rp(f, &rp);
}

static void on_send(struct rp_fsm *f, const struct rp *rp)
{
	f->reference = rp->reference;
	f->user->timer(f->owner, f->timers.tr1_us);
	(void)send_rp(f, rp);
}

static void on_message(struct rp_fsm *f, const struct rp *rp)
{
	f->reference = rp->reference;
	f->user->timer(f->owner, f->timers.tr2_us);
	f->user->message(f->owner, rp);
}

static void on_answer(struct rp_fsm *f, const struct rp *rp)
{
	f->user->timer(f->owner, 0);
	(void)send_rp(f, rp);
	f->user->ended(f->owner, rp->cause ? RP_REFUSED : RP_DELIVERED, rp);
	f->user->release(f->owner);
}

static void on_report(struct rp_fsm *f, const struct rp *rp)
{
	bool acknowledged = rp_carrier(rp->type) == TPDU_IN_ACK;

	f->user->timer(f->owner, 0);
	f->user->ended(f->owner, acknowledged ? RP_DELIVERED : RP_REFUSED, rp);
	f->user->release(f->owner);
}

static void on_no_report(struct rp_fsm *f, const struct rp *rp)
{
	(void)rp;
	f->user->ended(f->owner, RP_NO_REPORT, NULL);
	f->user->release(f->owner);
}

/* 6.3.3.2: the sender is left to its own timer; a late answer would tell it something else than what happens. */
static void on_no_answer(struct rp_fsm *f, const struct rp *rp)
{
	(void)rp;
	f->user->ended(f->owner, RP_NO_ANSWER, NULL);
	f->user->release(f->owner);
}

static void on_lost_report(struct rp_fsm *f, const struct rp *rp)
{
	(void)rp;
	f->user->timer(f->owner, 0);
	f->user->ended(f->owner, RP_CARRIER, NULL);
}

static void on_lost_answer(struct rp_fsm *f, const struct rp *rp)
{
	(void)rp;
	f->user->timer(f->owner, 0);
	f->user->ended(f->owner, RP_ANSWER_LOST, NULL);
}

static void on_cancel(struct rp_fsm *f, const struct rp *rp)
{
	(void)rp;
	f->user->timer(f->owner, 0);
	f->user->release(f->owner);
}

/* 9.3.2: not compatible with the state. The same message again is only the layer below repeating itself. */
static void on_unexpected(struct rp_fsm *f, const struct rp *rp)
{
	if (f->state != RP_WAIT_ANSWER || rp->reference != f->reference)
		send_error(f, rp->reference, RP_CAUSE_WRONG_STATE);
}

/* No action = the event has no meaning in that state and is ignored. */
static const struct row {
	void (*action)(struct rp_fsm *f, const struct rp *rp);
	enum rp_state next;
} table[RP_STATES][RP_EVENTS] = {
	[RP_IDLE] = {
		[RP_EV_SEND] = { on_send, RP_WAIT_REPORT },
		[RP_EV_MESSAGE] = { on_message, RP_WAIT_ANSWER },
	},
	[RP_WAIT_REPORT] = {
		[RP_EV_REPORT] = { on_report, RP_IDLE },
		[RP_EV_MESSAGE] = { on_unexpected, RP_WAIT_REPORT },
		[RP_EV_TIMEOUT] = { on_no_report, RP_IDLE },
		[RP_EV_LOST] = { on_lost_report, RP_IDLE },
		[RP_EV_CANCEL] = { on_cancel, RP_IDLE },
	},
	[RP_WAIT_ANSWER] = {
		[RP_EV_ANSWER] = { on_answer, RP_IDLE },
		[RP_EV_MESSAGE] = { on_unexpected, RP_WAIT_ANSWER },
		[RP_EV_TIMEOUT] = { on_no_answer, RP_IDLE },
		[RP_EV_LOST] = { on_lost_answer, RP_IDLE },
		[RP_EV_CANCEL] = { on_cancel, RP_IDLE },
	},
};

/* The state changes first: an action's callback sees the machine as it will be. */
static bool input(struct rp_fsm *f, enum rp_event event, const struct rp *rp)
{
	const struct row *row = &table[f->state][event];

	if (!row->action)
		return false;
	f->state = row->next;
	row->action(f, rp);
	return true;
}

void rp_fsm_init(struct rp_fsm *f, const struct rp_fsm_user *user, void *owner, struct rp_timers timers,
		 enum tpdu_direction sends)
{
	*f = (struct rp_fsm){ .user = user, .owner = owner, .timers = timers, .sends = sends };
}

static bool encodes(const struct rp *rp)
{
	uint8_t room[RP_MAX];
	struct writer w = writer_of(room, sizeof(room));

	rp_encode(rp, &w);
	return writer_ok(&w);
}

bool rp_fsm_send(struct rp_fsm *f, const struct rp *rp)
{
	bool own = rp->type == own_type(f, RP_DATA_FROM_PHONE) || (rp->type == RP_SMMA && f->sends == TPDU_FROM_PHONE);

	return own && encodes(rp) && input(f, RP_EV_SEND, rp);
}

bool rp_fsm_answer(struct rp_fsm *f, uint8_t cause, const struct text *tpdu)
{
	struct rp rp = { .type = own_type(f, cause ? RP_ERROR_FROM_PHONE : RP_ACK_FROM_PHONE),
			 .reference = f->reference,
			 .cause = cause,
			 .has_tpdu = tpdu };

	if (tpdu)
		rp.tpdu = *tpdu;
	return encodes(&rp) && input(f, RP_EV_ANSWER, &rp);
}

void rp_fsm_cancel(struct rp_fsm *f)
{
	(void)input(f, RP_EV_CANCEL, NULL);
}

static bool is_message(const struct rp *rp)
{
	return rp_carrier(rp->type) == TPDU_IN_DATA;
}

/* 9.3: a report counts even where the elements behind reference and cause are wrong. */
static void mend_report(struct rp *rp)
{
	rp->has_tpdu = false;
	if (rp_carrier(rp->type) == TPDU_IN_ERROR && !rp->cause)
		rp->cause = RP_CAUSE_PROTOCOL_ERROR;
}

enum result rp_fsm_received(struct rp_fsm *f, const void *octets, size_t len)
{
	struct rp rp;
	enum result result = rp_decode(octets, len, &rp, NULL);
	bool known = rp.type < RP_TYPES && rp_direction(rp.type) != f->sends;

	/* Without a reference there is nothing to answer to. */
	if (len < 2)
		return result;
	if (known && !is_message(&rp)) {
		if (result != OK)
			mend_report(&rp);
		if (rp.reference == f->reference)
			(void)input(f, RP_EV_REPORT, &rp);
	} else if (!known || result != OK) {
		send_error(f, rp.reference, rp_cause_of_bad_rp(known ? result : ERR_UNSUPPORTED));
	} else if (!input(f, RP_EV_MESSAGE, &rp)) {
		send_error(f, rp.reference, RP_CAUSE_WRONG_STATE);
	}
	return result == OK && !known ? ERR_UNSUPPORTED : result;
}

void rp_fsm_timeout(struct rp_fsm *f)
{
	(void)input(f, RP_EV_TIMEOUT, NULL);
}

void rp_fsm_lost(struct rp_fsm *f)
{
	(void)input(f, RP_EV_LOST, NULL);
}

const char *rp_state_name(enum rp_state state)
{
	static const char *const names[RP_STATES] = { "idle", "waits for report", "waits for answer" };

	return state < RP_STATES ? names[state] : NULL;
}

const char *rp_event_name(enum rp_event event)
{
	static const char *const names[RP_EVENTS] = {
		"send", "answer", "cancel", "message", "report", "timeout", "lost"
	};

	return event < RP_EVENTS ? names[event] : NULL;
}

const char *rp_outcome_name(enum rp_outcome outcome)
{
	static const char *const names[RP_OUTCOMES] = { "delivered",	"refused",   "no report",
							"carrier lost", "no answer", "answer lost" };

	return outcome < RP_OUTCOMES ? names[outcome] : NULL;
}
