/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Our envelope and the transfer layer, for every link that carries TPDUs (SGs, GSUP, modems, the cell, SIP): a message
 * into DELIVER or SUBMIT parts, and what a phone or a modem gave into a message, or a part of one.
 */
#ifndef SMS_TP_MESSAGE_H
#define SMS_TP_MESSAGE_H

#include "core/message.h"
#include "sms/concat_part.h"
#include "sms/split.h"
#include "sms/tpdu.h"

/* --- a message that goes --- */

/* Refers to the message and to the arena. */
struct tp_plan {
	struct split split;
	struct sms_address sender;
	uint8_t pid, dcs;
};

/*
 * `languages` are the split options for texts that do not say otherwise. A header that came with the message is kept,
 * its ports as well; one that says that the message is a part makes it one part again. ERR_MALFORMED a header that is
 * none, ERR_TOO_BIG, ERR_UNSUPPORTED a sender that no TPDU can name or a text that the only alphabet allowed lacks;
 * with the reason for people.
 */
MUST_CHECK enum result tp_message_plan(const struct message *m, const struct split_options *languages,
				       struct arena *arena, struct tp_plan *out, const char **why_out);

struct tp_going {
	unsigned part;	    /* from 0 */
	uint16_t reference; /* of concatenation; the same in all parts */
	int64_t now_us;	    /* of the centre's time stamp */
	int quarters;	    /* its time zone */
	bool more;	    /* more wait for this phone */
};
/* To a phone. The writer (TPDU_MAX suffices) fails only for a plan that is none. */
void tp_message_deliver(const struct tp_plan *plan, const struct message *m, const struct tp_going *going,
			struct writer *w);
/* Out through a modem, which fills in the reference. ERR_UNSUPPORTED, ERR_TOO_BIG: the recipient is no number. */
MUST_CHECK enum result tp_message_submit(const struct tp_plan *plan, const struct message *m, struct text recipient,
					 const struct tp_going *going, struct writer *w);

/* The report to a phone about what it sent: TP-MR of its SUBMIT, the recipient, TP-ST (tp_status.h). */
MUST_CHECK enum result tp_message_report(uint8_t reference, struct text recipient, int64_t sent_us, int64_t done_us,
					 int quarters, uint8_t status, struct writer *w);

/* --- a message that came --- */

struct tp_received {
	struct message message; /* content, body, sender, flash, pid, header, ports, validity, reports */
	char sender[MESSAGE_ADDRESS_MAX + 1], recipient[MESSAGE_ADDRESS_MAX + 1];
	bool is_part; /* of a long one: `part` and `id` count, the body is the part's text for whom one is enough */
	struct concat_part part;
	struct concat_id id; /* without bearer, originator, destination */
	uint8_t reference;   /* TP-MR of a SUBMIT */
	uint8_t udh[HEADER_MAX + 1];
	uint8_t room[CONCAT_ROOM];
};

/*
 * Of a SUBMIT (`other` is the phone's number) or a DELIVER (`other` is the number of the SIM: the recipient). `body` is
 * room for TPDU_TEXT_MAX octets; message.body is a view of it. Toolkit headers, SIM and ME downloads and class 2 count
 * only where the peer is trusted for it: ERR_DENIED. ERR_UNSUPPORTED compressed content; ERR_MALFORMED an address that
 * is none, a validity that means nothing. fcs_out (enum tpdu_fcs) is what a phone is answered with, RP cause 111 or 21
 * beside it. message.channel, account and from_network are the caller's.
 */
MUST_CHECK enum result tp_message_read(const struct tpdu *t, struct text other, bool trusted, int64_t now_us,
				       struct tp_received *out, struct writer *body, uint8_t *fcs_out,
				       const char **why_out);

#endif
