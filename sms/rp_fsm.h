/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The relay layer's machine (3GPP TS 24.011 6): one per message, the same on both sides and on every carrier. Either it
 * sends RP-DATA (or RP-SMMA) and waits for the report, or it received one and waits for what the layer above answers.
 * No clock, no socket: the owner calls rp_fsm_*() and serves the requests.
 */
#ifndef SMS_RP_FSM_H
#define SMS_RP_FSM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sms/rp.h"

enum rp_state {
	RP_IDLE,
	RP_WAIT_REPORT, /* sent RP-DATA or RP-SMMA; TR1 runs */
	RP_WAIT_ANSWER, /* received one; the layer above has TR2 to answer */
	RP_STATES
};

enum rp_event {
	RP_EV_SEND,    /* from above: RP-DATA or RP-SMMA */
	RP_EV_ANSWER,  /* from above: RP-ACK or RP-ERROR */
	RP_EV_CANCEL,  /* from above: no longer wanted */
	RP_EV_MESSAGE, /* RP-DATA or RP-SMMA arrived */
	RP_EV_REPORT,  /* RP-ACK or RP-ERROR with our reference arrived */
	RP_EV_TIMEOUT,
	RP_EV_LOST, /* the layer below failed */
	RP_EVENTS
};

/* Timers as data for configuration; the standard's ranges are in the table of rp_timer_list(). */
struct rp_timers {
	int64_t tr1_us, tr2_us;
};
#define RP_TIMERS_DEFAULT ((struct rp_timers){ .tr1_us = 40000000, .tr2_us = 15000000 })

struct rp_timer_info {
	const char *name, *help;
	int64_t least_us, default_us, most_us;
	size_t offset; /* in struct rp_timers */
};
/* Ends at a NULL name. */
const struct rp_timer_info *rp_timer_list(void);

enum rp_outcome {
	RP_DELIVERED,	/* RP-ACK */
	RP_REFUSED,	/* RP-ERROR: see its cause */
	RP_NO_REPORT,	/* TR1 ran out: the other side may have it */
	RP_CARRIER,	/* the layer below failed: the other side may have it */
	RP_NO_ANSWER,	/* TR2 ran out: the layer above did not answer, the sender was not told */
	RP_ANSWER_LOST, /* the carrier was gone before the answer */
	RP_OUTCOMES
};

struct rp_fsm_user {
	void (*send)(void *owner, const void *octets, size_t len); /* an RP message, to the layer below */
	void (*timer)(void *owner, int64_t us);			   /* start anew; 0 = stop */
	void (*message)(void *owner, const struct rp *rp);	   /* RP-DATA or RP-SMMA: answer it */
	/* It is over. `report` (RP-ACK or RP-ERROR) stands for the first two outcomes, else NULL. */
	void (*ended)(void *owner, enum rp_outcome outcome, const struct rp *report);
	void (*release)(void *owner); /* nothing more will be sent: the layer below may close. After ended(). */
};

struct rp_fsm {
	enum rp_state state;
	const struct rp_fsm_user *user;
	void *owner;
	struct rp_timers timers;
	enum tpdu_direction sends; /* which side we are: what we send goes this way */
	uint8_t reference;
};

/* sends: TPDU_TO_PHONE for the network's side, TPDU_FROM_PHONE for a phone's. */
void rp_fsm_init(struct rp_fsm *f, const struct rp_fsm_user *user, void *owner, struct rp_timers timers,
		 enum tpdu_direction sends);

/* False when the state cannot take it, or the message is none of this side. */
bool rp_fsm_send(struct rp_fsm *f, const struct rp *rp);
/* RP-ACK or RP-ERROR; type and reference are filled in: has_tpdu, tpdu and cause (0 = acknowledge) count. */
bool rp_fsm_answer(struct rp_fsm *f, uint8_t cause, const struct text *tpdu);
void rp_fsm_cancel(struct rp_fsm *f);
/*
 * Octets from the layer below; views given to callbacks last as long as the call. A report counts even where what
 * stands behind its reference is wrong. A message that cannot be decoded, or cannot be in this state, is answered with
 * RP-ERROR (9.3): wrong elements 96, unknown type 97, unexpected 98; a report with another reference is ignored.
 * Returns what decoding said, for counters.
 */
enum result rp_fsm_received(struct rp_fsm *f, const void *octets, size_t len);
void rp_fsm_timeout(struct rp_fsm *f);
void rp_fsm_lost(struct rp_fsm *f);

const char *rp_state_name(enum rp_state state);
const char *rp_event_name(enum rp_event event);
const char *rp_outcome_name(enum rp_outcome outcome);

#endif
