/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The VLR's side of SGs (3GPP TS 29.118) for short messages: many MMEs, many subscribers. It keeps the associations,
 * pages, carries CP and RP both ways, releases, asks for alerts, and survives restarts of either side.
 *
 *	SGs-NULL ----LOCATION-UPDATE-REQUEST----> LA-UPDATE-PRESENT ----sgs_accept()----> SGs-ASSOCIATED
 *	   ^----sgs_reject(), detach, RESET of the MME, "IMSI unknown"----'                    |
 *	   ^-----------------------------------------------------------------------------------'
 *
 * Records in and out (one message per SCTP record, payload protocol id 0), events up; no socket, no clock: every call
 * gets the time (monotonic microseconds), and sgs_run() is due at sgs_next_us(). Links have ids of the owner's, never
 *0. Callbacks come during calls and may call again, but not sgs_free().
 */
#ifndef SMS_SGS_FSM_H
#define SMS_SGS_FSM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/result.h"
#include "sms/rp_fsm.h"
#include "sms/session.h"
#include "sms/sgsap.h"

enum sgs_state { SGS_NULL, SGS_LA_UPDATE_PRESENT, SGS_ASSOCIATED, SGS_STATES };

/* Timers and repeats (29.118 10.1), data for configuration. */
struct sgs_timers {
	int64_t ts5_us;	 /* PAGING-REQUEST until the phone or a reject */
	int64_t ts7_us;	 /* ALERT-REQUEST until its answer */
	int64_t ts11_us; /* RESET-INDICATION until its answer */
	unsigned ns7, ns11;
	struct session_timers session;
};
#define SGS_TIMERS_DEFAULT \
	((struct sgs_timers){ 10000000, 4000000, 4000000, 2, 2, { CP_TIMERS_DEFAULT, RP_TIMERS_DEFAULT } })

struct sgs_limits {
	uint32_t links_max, subscribers_max;
};
#define SGS_LIMITS_DEFAULT ((struct sgs_limits){ 64, 100000 })

/* What became of a message to the phone. */
struct sgs_end {
	enum rp_outcome outcome;
	bool paged_in_vain; /* RP_CARRIER, RP_NO_REPORT: nothing of it left; it can be tried again without doubt */
	uint8_t cause;	    /* then: the SGs cause that the MME gave, 0 = none came */
};

struct sgs_user {
	void (*send)(void *owner, uint64_t link, const void *octets, size_t len);
	/* A phone asks to be registered: answer with sgs_accept() or sgs_reject(), then or later. */
	void (*locate)(void *owner, const char *imsi, const char *mme);
	void (*attached)(void *owner, const char *imsi); /* associated, or heard of again: try what waits for it */
	void (*detached)(void *owner, const char *imsi); /* no messages until it is attached again */
	/* RP-DATA or RP-SMMA: commit, then sgs_answer(). RP-SMMA also says that memory is there again. */
	void (*message)(void *owner, const char *imsi, const struct rp *rp);
	/* To the phone: `report` as in rp_fsm.h. The next one may be sent at once. */
	void (*ended)(void *owner, const char *imsi, const struct sgs_end *end, const struct rp *report);
};

struct sgs;

/* vlr_name: up to SGSAP_NAME_MAX characters, "vlr.example.net"; sent in every page and reset. */
struct sgs *sgs_new(const struct sgs_user *user, void *owner, const char *vlr_name, struct sgs_timers timers,
		    struct sgs_limits limits);
void sgs_free(struct sgs **sgs);

/*
 * An association of SCTP stands. `peer` is the other end's address: the first time since sgs_new() that it comes, its
 * MME is told that we restarted, since associations do not outlive this process. ERR_FULL at a limit.
 */
MUST_CHECK enum result sgs_link_up(struct sgs *sgs, uint64_t link, const char *peer, int64_t now_us);
void sgs_link_down(struct sgs *sgs, uint64_t link, int64_t now_us);
void sgs_received(struct sgs *sgs, uint64_t link, const void *octets, size_t len, int64_t now_us);

void sgs_accept(struct sgs *sgs, const char *imsi, int64_t now_us);
void sgs_reject(struct sgs *sgs, const char *imsi, uint8_t cause, int64_t now_us); /* 24.008: 2 = IMSI unknown in HLR */

/*
 * RP-DATA to a phone; originator and tpdu count. ERR_NOT_FOUND not associated, ERR_CLOSED its MME has no link,
 * ERR_BUSY one is under way, ERR_TOO_BIG it does not fit.
 */
MUST_CHECK enum result sgs_send(struct sgs *sgs, const char *imsi, const struct rp *rp, int64_t now_us);
/* To message(). False when none waits any more. */
bool sgs_answer(struct sgs *sgs, const char *imsi, uint8_t cause, const struct text *tpdu, int64_t now_us);

int64_t sgs_next_us(const struct sgs *sgs);
void sgs_run(struct sgs *sgs, int64_t now_us);

enum sgs_state sgs_state_of(const struct sgs *sgs, const char *imsi);
const char *sgs_state_name(enum sgs_state state); /* "SGs-ASSOCIATED" */
/* For operators: every subscriber known. */
void sgs_each(struct sgs *sgs, void (*each)(void *owner, const char *imsi, enum sgs_state state, const char *mme),
	      void *owner);
uint32_t sgs_subscribers(const struct sgs *sgs);

#endif
