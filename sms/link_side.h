/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Short messages over carriers of other roles (link_pdu.h): the machines of CP and RP for every phone behind them, so
 * that radio and rcs need none. Link PDUs in and out, events up; times are given (monotonic microseconds), and
 * link_side_run() is due at link_side_next_us(). Callbacks come during calls and may call again, but not
 * link_side_free().
 */
#ifndef SMS_LINK_SIDE_H
#define SMS_LINK_SIDE_H

#include <stdbool.h>
#include <stdint.h>

#include "sms/link_pdu.h"
#include "sms/session.h"

enum link_carrier {
	LINK_CONNECTIONS, /* CP messages over connections: the cell */
	LINK_MESSAGES,	  /* RP messages one by one: SIP (3GPP TS 24.341) */
};

/* Who is meant: a phone behind a link. Views, needed during the call only. */
struct link_phone {
	enum link_carrier carrier;
	struct text link, subscriber;
};

struct link_end {
	enum rp_outcome outcome;
	bool in_vain; /* RP_CARRIER, RP_NO_REPORT: nothing of it arrived; to be tried again without doubt */
	enum link_pdu_outcome taken; /* what the carrier said */
};

struct link_side_user {
	void (*pdu)(void *owner, const struct link_pdu *pdu); /* to the carrier */
	/* RP-DATA or RP-SMMA: commit, then link_side_answer() with that transaction (empty for connections). */
	void (*message)(void *owner, const struct link_phone *from, struct text transaction, const struct rp *rp);
	void (*ended)(void *owner, const struct link_phone *to, const struct link_end *end, const struct rp *report);
	void (*present)(void *owner, const struct link_phone *phone, bool there);
};

struct link_side_limits {
	uint32_t phones_max; /* with something under way */
	unsigned from_max;   /* messages of one phone that wait for an answer; connections: 1 */
};
#define LINK_SIDE_LIMITS_DEFAULT ((struct link_side_limits){ 20000, 8 })

struct link_side;

struct link_side *link_side_new(const struct link_side_user *user, void *owner, struct session_timers timers,
				struct link_side_limits limits);
void link_side_free(struct link_side **side);

/*
 * RP-DATA to a phone: originator and tpdu count. ERR_BUSY one is under way, ERR_FULL a limit, ERR_TOO_BIG it does not
 * fit. `permit` goes with the octets of this message.
 */
MUST_CHECK enum result link_side_send(struct link_side *side, const struct link_phone *to, const struct rp *rp,
				      struct text permit, int64_t now_us);
/* False when that message does not wait any more. */
bool link_side_answer(struct link_side *side, const struct link_phone *to, struct text transaction, uint8_t cause,
		      const struct text *tpdu, int64_t now_us);
/* From the carrier of that kind. ERR_MALFORMED for one that only goes the other way, ERR_FULL at a limit. */
MUST_CHECK enum result link_side_received(struct link_side *side, enum link_carrier carrier, const struct link_pdu *pdu,
					  int64_t now_us);
/* The carrier's role is gone: everything over that link is lost. */
void link_side_down(struct link_side *side, struct text link, int64_t now_us);

int64_t link_side_next_us(const struct link_side *side);
void link_side_run(struct link_side *side, int64_t now_us);
uint32_t link_side_phones(const struct link_side *side);

#endif
