/* SPDX-License-Identifier: GPL-3.0-or-later */
/* TP-ST of a STATUS-REPORT (3GPP TS 23.040 9.2.3.15): what it means for the message. */
#ifndef SMS_TP_STATUS_H
#define SMS_TP_STATUS_H

#include <stdbool.h>
#include <stdint.h>

enum tp_status_state {
	TP_STATUS_DELIVERED,
	TP_STATUS_FORWARDED, /* ends at ACCEPTED: nothing more will be known */
	TP_STATUS_WAITING,   /* the centre keeps trying: another report will come */
	TP_STATUS_CANCELLED, /* replaced or deleted by the sender */
	TP_STATUS_EXPIRED,
	TP_STATUS_REFUSED,
	TP_STATUS_GAVE_UP, /* refused after a temporary cause: a try by another way may succeed */
	TP_STATUS_STATES
};

struct tp_status {
	enum tp_status_state state;
	bool final;	  /* no further report comes */
	bool specific;	  /* a value that each centre defines for itself: a peer's table may know better */
	const char *name; /* "congestion"; never NULL */
};

struct tp_status tp_status_of(uint8_t status);
const char *tp_status_state_name(enum tp_status_state state);

#endif
