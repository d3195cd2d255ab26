/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The connection layer's machine: 3GPP TS 24.011 5.
 *
 *	IDLE ----send----> OPENING ----up----> SENT ----ack----> OPEN
 *	IDLE ----data (acknowledged, passed up)----------------> OPEN
 *	OPEN ----send----> SENT          OPEN ----release----> IDLE
 *	SENT ----release----> CLOSING ----ack----> IDLE
 *
 * Lost, error, abort and the last timeout lead to IDLE from everywhere.
 */
#include "sms/cp_fsm.h"

#include <string.h>

#include "core/base/writer.h"

struct input {
	struct text rp;
	uint8_t cause;
};

static void send_cp(struct cp_fsm *f, const struct cp *cp)
{
	uint8_t room[CP_MAX];
	struct writer w = writer_of(room, sizeof(room));

	cp_encode(cp, &w);
	f->user->send(f->owner, room, writer_len(&w));
}

static struct cp message(const struct cp_fsm *f, enum cp_type type)
{
	return (struct cp){ .type = type, .ti = f->ti, .from_answerer = f->answerer };
}

static void send_data(struct cp_fsm *f)
{
	struct cp cp = message(f, CP_DATA);

	cp.rp = text_range((const char *)f->sent, f->sent_len);
	send_cp(f, &cp);
	f->user->timer(f->owner, f->timers.tc1_us);
}

static void send_ack(struct cp_fsm *f)
{
	struct cp cp = message(f, CP_ACK);

	send_cp(f, &cp);
}

static void keep_for_repetition(struct cp_fsm *f, const struct input *in)
{
	memcpy(f->sent, in->rp.at, in->rp.len);
	f->sent_len = (uint8_t)in->rp.len;
	f->tries = 0;
}

static void on_open(struct cp_fsm *f, const struct input *in)
{
	keep_for_repetition(f, in);
	f->user->open(f->owner);
}

static void on_send(struct cp_fsm *f, const struct input *in)
{
	keep_for_repetition(f, in);
	send_data(f);
}

static void on_up(struct cp_fsm *f, const struct input *in)
{
	(void)in;
	send_data(f);
}

static void on_again(struct cp_fsm *f, const struct input *in)
{
	(void)in;
	f->tries++;
	send_data(f);
}

static void on_ack(struct cp_fsm *f, const struct input *in)
{
	(void)in;
	f->user->timer(f->owner, 0);
}

static void on_data(struct cp_fsm *f, const struct input *in)
{
	memcpy(f->last, in->rp.at, in->rp.len);
	f->last_len = (uint8_t)in->rp.len;
	send_ack(f);
	f->user->up(f->owner, text_range((const char *)f->last, f->last_len));
}

/* New data where CP-ACK was due: it crossed with a lost one, and says as much. */
static void on_data_for_ack(struct cp_fsm *f, const struct input *in)
{
	f->user->timer(f->owner, 0);
	on_data(f, in);
}

/* Acknowledged and not passed up: above nothing more is expected. */
static void on_late_data(struct cp_fsm *f, const struct input *in)
{
	(void)in;
	f->user->timer(f->owner, 0);
	send_ack(f);
	f->user->close(f->owner);
}

static void on_repeated(struct cp_fsm *f, const struct input *in)
{
	(void)in;
	send_ack(f);
}

/* The carrier stays until the last message is acknowledged. */
static void on_release(struct cp_fsm *f, const struct input *in)
{
	(void)f;
	(void)in;
}

static void on_close(struct cp_fsm *f, const struct input *in)
{
	(void)in;
	f->user->timer(f->owner, 0);
	f->user->close(f->owner);
}

static void on_abort(struct cp_fsm *f, const struct input *in)
{
	struct cp cp = message(f, CP_ERROR);

	cp.cause = in->cause;
	f->user->timer(f->owner, 0);
	send_cp(f, &cp);
	f->user->close(f->owner);
}

static void on_error(struct cp_fsm *f, const struct input *in)
{
	f->user->timer(f->owner, 0);
	f->user->close(f->owner);
	f->user->failed(f->owner, in->cause);
}

/* 5.3.2.1: the layer above gets an error; nothing more is sent. */
static void on_give_up(struct cp_fsm *f, const struct input *in)
{
	(void)in;
	f->user->close(f->owner);
	f->user->failed(f->owner, CP_CAUSE_NETWORK_FAILURE);
}

static void on_lost(struct cp_fsm *f, const struct input *in)
{
	(void)in;
	f->user->timer(f->owner, 0);
	f->user->failed(f->owner, 0);
}

/* After the last message all is done above: the loss of the carrier is no news there. */
static void on_lost_in_closing(struct cp_fsm *f, const struct input *in)
{
	(void)in;
	f->user->timer(f->owner, 0);
}

/* No action = the event has no meaning in that state and is ignored. */
static const struct row {
	void (*action)(struct cp_fsm *f, const struct input *in);
	enum cp_state next;
} table[CP_STATES][CP_EVENTS] = {
	[CP_IDLE] = {
		[CP_EV_SEND] = { on_open, CP_OPENING },
		[CP_EV_DATA] = { on_data, CP_OPEN },
		[CP_EV_REPEATED] = { on_repeated, CP_IDLE },
	},
	[CP_OPENING] = {
		[CP_EV_UP] = { on_up, CP_SENT },
		[CP_EV_LOST] = { on_lost, CP_IDLE },
		[CP_EV_ERROR] = { on_error, CP_IDLE },
		[CP_EV_RELEASE] = { on_close, CP_IDLE },
		[CP_EV_ABORT] = { on_close, CP_IDLE },
	},
	[CP_SENT] = {
		[CP_EV_ACK] = { on_ack, CP_OPEN },
		[CP_EV_DATA] = { on_data_for_ack, CP_OPEN },
		[CP_EV_REPEATED] = { on_repeated, CP_SENT },
		[CP_EV_AGAIN] = { on_again, CP_SENT },
		[CP_EV_GIVE_UP] = { on_give_up, CP_IDLE },
		[CP_EV_RELEASE] = { on_release, CP_CLOSING },
		[CP_EV_ERROR] = { on_error, CP_IDLE },
		[CP_EV_ABORT] = { on_abort, CP_IDLE },
		[CP_EV_LOST] = { on_lost, CP_IDLE },
	},
	[CP_OPEN] = {
		[CP_EV_SEND] = { on_send, CP_SENT },
		[CP_EV_DATA] = { on_data, CP_OPEN },
		[CP_EV_REPEATED] = { on_repeated, CP_OPEN },
		[CP_EV_RELEASE] = { on_close, CP_IDLE },
		[CP_EV_ERROR] = { on_error, CP_IDLE },
		[CP_EV_ABORT] = { on_abort, CP_IDLE },
		[CP_EV_LOST] = { on_lost, CP_IDLE },
	},
	[CP_CLOSING] = {
		[CP_EV_ACK] = { on_close, CP_IDLE },
		[CP_EV_DATA] = { on_late_data, CP_IDLE },
		[CP_EV_REPEATED] = { on_repeated, CP_CLOSING },
		[CP_EV_AGAIN] = { on_again, CP_CLOSING },
		[CP_EV_GIVE_UP] = { on_close, CP_IDLE },
		[CP_EV_ERROR] = { on_close, CP_IDLE },
		[CP_EV_ABORT] = { on_abort, CP_IDLE },
		[CP_EV_LOST] = { on_lost_in_closing, CP_IDLE },
	},
};

/* The state changes first: an action's callback sees the machine as it will be. */
static bool input(struct cp_fsm *f, enum cp_event event, const struct input *in)
{
	const struct row *row = &table[f->state][event];

	if (!row->action)
		return false;
	f->state = row->next;
	row->action(f, in);
	return true;
}

void cp_fsm_init(struct cp_fsm *f, const struct cp_fsm_user *user, void *owner, struct cp_timers timers, uint8_t ti,
		 bool answerer)
{
	f->state = CP_IDLE;
	f->user = user;
	f->owner = owner;
	f->timers = timers;
	f->ti = ti;
	f->answerer = answerer;
	f->tries = 0;
	f->sent_len = 0;
	f->last_len = 0;
}

bool cp_fsm_send(struct cp_fsm *f, struct text rp)
{
	return rp.len <= CP_RP_MAX && input(f, CP_EV_SEND, &(struct input){ .rp = rp });
}

void cp_fsm_release(struct cp_fsm *f)
{
	(void)input(f, CP_EV_RELEASE, &(struct input){ 0 });
}

void cp_fsm_abort(struct cp_fsm *f, uint8_t cp_cause)
{
	(void)input(f, CP_EV_ABORT, &(struct input){ .cause = cp_cause });
}

void cp_fsm_carrier_up(struct cp_fsm *f)
{
	(void)input(f, CP_EV_UP, &(struct input){ 0 });
}

void cp_fsm_carrier_lost(struct cp_fsm *f)
{
	(void)input(f, CP_EV_LOST, &(struct input){ 0 });
}

static bool repeated(const struct cp_fsm *f, struct text rp)
{
	return rp.len && text_equal(rp, text_range((const char *)f->last, f->last_len));
}

void cp_fsm_received(struct cp_fsm *f, const struct cp *cp)
{
	struct input in = { .rp = cp->rp, .cause = cp->cause };

	if (cp->rp.len > CP_RP_MAX)
		return;
	if (cp->type == CP_DATA)
		(void)input(f, repeated(f, cp->rp) ? CP_EV_REPEATED : CP_EV_DATA, &in);
	else
		(void)input(f, cp->type == CP_ACK ? CP_EV_ACK : CP_EV_ERROR, &in);
}

void cp_fsm_implied_ack(struct cp_fsm *f)
{
	(void)input(f, CP_EV_ACK, &(struct input){ 0 });
}

void cp_fsm_timeout(struct cp_fsm *f)
{
	(void)input(f, f->tries < f->timers.repeats ? CP_EV_AGAIN : CP_EV_GIVE_UP, &(struct input){ 0 });
}

const char *cp_state_name(enum cp_state state)
{
	static const char *const names[CP_STATES] = { "idle", "opening", "sent", "open", "closing" };

	return state < CP_STATES ? names[state] : NULL;
}

const char *cp_event_name(enum cp_event event)
{
	static const char *const names[CP_EVENTS] = { "send",	  "release", "abort", "up",    "lost",	 "data",
						      "repeated", "ack",     "error", "again", "give up" };

	return event < CP_EVENTS ? names[event] : NULL;
}
