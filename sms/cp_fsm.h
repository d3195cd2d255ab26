/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The connection layer's machine (3GPP TS 24.011 5): one per transaction, the same on both sides and on every carrier.
 * It repeats CP-DATA until the other side has acknowledged it, passes each one up once, and asks its owner for the
 * carrier and the timer. No clock, no socket: the owner calls cp_fsm_*() and serves the requests.
 */
#ifndef SMS_CP_FSM_H
#define SMS_CP_FSM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sms/cp.h"

enum cp_state {
	CP_IDLE,    /* nothing sent, nothing received, or over */
	CP_OPENING, /* waits for the carrier: paging, or the connection of the phone */
	CP_SENT,    /* waits for CP-ACK */
	CP_OPEN,    /* nothing under way */
	CP_CLOSING, /* waits for CP-ACK, then lets the carrier go */
	CP_STATES
};

enum cp_event {
	CP_EV_SEND,	/* from above: an RP message to be sent */
	CP_EV_RELEASE,	/* from above: nothing more will be sent */
	CP_EV_ABORT,	/* from above: end now with CP-ERROR */
	CP_EV_UP,	/* the carrier is there */
	CP_EV_LOST,	/* it cannot be had, or broke */
	CP_EV_DATA,	/* CP-DATA with something new */
	CP_EV_REPEATED, /* the CP-DATA that came last, again */
	CP_EV_ACK,
	CP_EV_ERROR,
	CP_EV_AGAIN,   /* TC1* ran out and a repetition is left */
	CP_EV_GIVE_UP, /* TC1* ran out for the last time */
	CP_EVENTS
};

/* Timers and counts, as data for configuration. */
struct cp_timers {
	int64_t tc1_us;	  /* TC1*: until CP-DATA is repeated */
	unsigned repeats; /* after the first time */
};
/* 5.3.2.1: TC1* runs within TR1M less 10 s over all tries. */
#define CP_TIMERS_DEFAULT ((struct cp_timers){ .tc1_us = 10000000, .repeats = 2 })

/* What the machine asks for. Each may call cp_fsm_*() of the same machine only after it returned. */
struct cp_fsm_user {
	void (*send)(void *owner, const void *octets, size_t len); /* a CP message, to the carrier */
	void (*open)(void *owner);				   /* page or connect; answer with up or lost */
	void (*close)(void *owner);				   /* nothing more to be sent: release */
	void (*timer)(void *owner, int64_t us);			   /* start anew; 0 = stop */
	void (*up)(void *owner, struct text rp);		   /* an RP message arrived */
	void (*failed)(void *owner, uint8_t cp_cause);		   /* the transaction ended; 0 = the carrier was lost */
};

struct cp_fsm {
	enum cp_state state;
	const struct cp_fsm_user *user;
	void *owner;
	struct cp_timers timers;
	uint8_t ti;
	bool answerer; /* the other side started the transaction */
	unsigned tries;
	uint8_t sent_len;
	uint8_t sent[CP_RP_MAX]; /* for repetition */
	uint8_t last_len;	 /* of the CP-DATA received last, to know it again */
	uint8_t last[CP_RP_MAX];
};

void cp_fsm_init(struct cp_fsm *f, const struct cp_fsm_user *user, void *owner, struct cp_timers timers, uint8_t ti,
		 bool answerer);

/* False when the state cannot take it: CP_EV_SEND while a message is under way, or one that is too long. */
bool cp_fsm_send(struct cp_fsm *f, struct text rp);
void cp_fsm_release(struct cp_fsm *f);
void cp_fsm_abort(struct cp_fsm *f, uint8_t cp_cause);
void cp_fsm_carrier_up(struct cp_fsm *f);
void cp_fsm_carrier_lost(struct cp_fsm *f);
/* A message of this transaction. */
void cp_fsm_received(struct cp_fsm *f, const struct cp *cp);
/*
 * 5.3.4: the other side began a new transaction, so it must have had our CP-DATA although its CP-ACK is missing.
 */
void cp_fsm_implied_ack(struct cp_fsm *f);
void cp_fsm_timeout(struct cp_fsm *f);

const char *cp_state_name(enum cp_state state);
const char *cp_event_name(enum cp_event event);

#endif
