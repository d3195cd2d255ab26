/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The network's side of short messages with one phone (3GPP TS 24.011), over any carrier of CP messages: SGs, the
 * cell's NAS containers. It joins the machines of CP and RP: one message to the phone at a time, and at the same time
 * one from the phone. Message after message goes over one carrier, which is let go after the last.
 *
 * No socket and no clock: every call gets the time (monotonic microseconds), and session_run() is due at
 * session_next_us(). All callbacks come at the end of a call, when the machines stand; a callback may call the session
 * again. The session must outlive the call that it is in.
 */
#ifndef SMS_SESSION_H
#define SMS_SESSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sms/cp_fsm.h"
#include "sms/rp_fsm.h"

struct session_timers {
	struct cp_timers cp;
	struct rp_timers rp;
};
#define SESSION_TIMERS_DEFAULT ((struct session_timers){ CP_TIMERS_DEFAULT, RP_TIMERS_DEFAULT })

enum session_way { SESSION_TO_PHONE, SESSION_FROM_PHONE, SESSION_WAYS };

struct session_user {
	void (*send)(void *owner, const void *octets, size_t len); /* a CP message, to the phone */
	void (*open)(void *owner);  /* page the phone; answer with session_carrier_up() or _lost() */
	void (*close)(void *owner); /* nothing more is to be sent: release the carrier */
	/* RP-DATA or RP-SMMA from the phone: answer with session_answer(). */
	void (*message)(void *owner, const struct rp *rp);
	/*
	 * To the phone: what became of session_send(); the next one may be sent at once. From the phone: RP_DELIVERED
	 * and RP_REFUSED mean that session_answer() went out, all else that it did not. `report` as in rp_fsm.h.
	 */
	void (*ended)(void *owner, enum session_way way, enum rp_outcome outcome, const struct rp *report);
};

/* One message under way, with its two machines. */
struct session_leg {
	struct session *session;
	struct cp_fsm cp;
	struct rp_fsm rp;
	int64_t cp_due_us, rp_due_us; /* 0 = not running */
	bool wants_carrier, release, lost;
	uint8_t out_len; /* an RP message that waits for the connection layer */
	uint8_t out[RP_MAX];
	bool has_message, has_end; /* for the user, at the end of the call */
	enum rp_outcome outcome;
	bool has_report;
	struct rp event;
	uint8_t tpdu[RP_TPDU_MAX];
};

struct session {
	const struct session_user *user;
	void *owner;
	struct session_timers timers;
	int64_t now_us;
	bool carrier, opening, settling;
	uint8_t next_ti, next_reference;
	uint64_t bad; /* messages that could not be decoded, for counters */
	struct session_leg legs[SESSION_WAYS];
};

void session_init(struct session *s, const struct session_user *user, void *owner, struct session_timers timers);

/*
 * RP-DATA to the phone: originator (the service centre) and tpdu count, type and reference are filled in. False when
 * one is under way, or it does not fit.
 */
bool session_send(struct session *s, const struct rp *rp, int64_t now_us);
/* To the message from the phone: cause 0 acknowledges. False when none waits. */
bool session_answer(struct session *s, uint8_t cause, const struct text *tpdu, int64_t now_us);
/* Ends what is under way to the phone, without ended(). */
void session_cancel(struct session *s, int64_t now_us);

void session_received(struct session *s, const void *octets, size_t len, int64_t now_us);
void session_carrier_up(struct session *s, int64_t now_us);
void session_carrier_lost(struct session *s, int64_t now_us);

int64_t session_next_us(const struct session *s); /* INT64_MAX = never */
void session_run(struct session *s, int64_t now_us);

bool session_busy(const struct session *s, enum session_way way);
bool session_idle(const struct session *s); /* nothing under way and no carrier held */

#endif
