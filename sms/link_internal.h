/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What link_side.c (calls, link PDUs in) and link_phone.c (one phone and its machines) share. */
#ifndef SMS_LINK_INTERNAL_H
#define SMS_LINK_INTERNAL_H

#include "core/base/counter.h"
#include "sms/key_table.h"
#include "sms/link_side.h"

struct link_handset;

/* One RP message over a carrier of messages. */
struct link_leg {
	struct link_handset *phone;
	bool busy;
	struct rp_fsm rp;
	int64_t due_us; /* 0 = not running */
	char transaction[LINK_PDU_TEXT_MAX + 1];
};

struct link_handset {
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
	struct link_leg *legs;	 /* messages: to the phone, then limits.from_max from it */
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

void link_put(struct link_handset *p, const struct link_pdu *pdu);
struct link_pdu link_pdu_to(const struct link_handset *p, enum link_pdu_kind kind);
void link_new_transaction(char to[LINK_PDU_TEXT_MAX + 1]);
void link_leg_begin(struct link_leg *leg);
void link_drop_permit(struct link_handset *p);

struct link_handset *link_find(const struct link_side *side, const struct link_phone *to);
struct link_handset *link_find_or_make(struct link_side *side, const struct link_phone *to); /* NULL: the limit */
/* Between these the phone stays in memory; the last link_leave() forgets what is idle and plans the rest. */
void link_enter(struct link_handset *p);
void link_leave(struct link_handset *p);
void link_phone_free(struct link_handset *p);
void link_phone_run(struct link_handset *p);

#endif
