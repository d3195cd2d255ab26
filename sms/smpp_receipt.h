/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Delivery receipts of SMPP: the text of Appendix B, read as peers really write it, and the TLVs that say the same.
 *
 *	id:ID sub:001 dlvrd:001 submit date:YYMMDDhhmm done date:YYMMDDhhmm stat:DELIVRD err:000 text:first 20
 *
 * Also the forms in which a message id comes back: decimal for hexadecimal, without its zeroes, in the other case.
 */
#ifndef SMS_SMPP_RECEIPT_H
#define SMS_SMPP_RECEIPT_H

#include <stdbool.h>
#include <stdint.h>

#include "core/base/text.h"
#include "core/base/writer.h"
#include "sms/smpp_pdu.h"
#include "sms/smpp_status.h"

struct smpp_receipt {
	struct text id;	      /* from TLV 001E where it is, else of the text; empty = not said */
	struct text other_id; /* of the text, where it differs from the TLV's */
	bool has_state;
	uint8_t state;	  /* enum smpp_message_state; the TLV before the text */
	struct text stat; /* as written, for the timeline */
	struct text err;  /* as written */
	uint16_t sub, dlvrd;
	int64_t submit_us, done_us; /* 0 = not said or no date */
	struct text text;
	bool has_network_error;
	uint8_t network; /* 3 = GSM; 1 ANSI-136, 2 IS-95 */
	uint16_t network_error;
	bool has_user_reference;
	uint16_t user_reference;
};

/* True when esm_class says that a deliver_sm or data_sm is a receipt or an intermediate notification. */
static inline bool smpp_is_receipt(uint8_t esm_class)
{
	uint8_t type = esm_class & SMPP_ESM_TYPE;
	return type == SMPP_ESM_RECEIPT || type == SMPP_ESM_INTERMEDIATE;
}

/*
 * The text alone: keys in any order and case, anything missing, dates of 10 or 12 digits. False when it holds neither
 * an id nor a state: no receipt. Views into `t`.
 */
bool smpp_receipt_read(struct text t, struct smpp_receipt *out);
/* A deliver_sm or data_sm: TLVs, and the text of short_message or message_payload whatever its data_coding. */
bool smpp_receipt_of_pdu(const struct smpp_pdu *pdu, struct smpp_receipt *out);

/* Room that the text never exceeds: it always fits a short_message. */
#define SMPP_RECEIPT_TEXT_MAX 240u
/* `text` is cut after 20 octets, between characters. Err is three digits where r->err is empty. */
void smpp_receipt_put_text(struct writer *w, const struct smpp_receipt *r);
/* receipted_message_id, message_state, and what else is set; nothing of it goes to a peer that takes no TLVs. */
void smpp_receipt_put_tlvs(struct writer *w, const struct smpp_receipt *r);

/* --- forms of an id --- */

#define SMPP_ID_SIZE (SMPP_MESSAGE_ID_MAX + 1)
/*
 * The form under which an id is kept and looked up: letters small, leading zeroes and blanks at both ends gone. Both
 * the id of submit_sm_resp and the candidates below are in it. An id of zeroes is "0", an empty one stays empty.
 */
struct text smpp_id_canonical(struct text id, char to[SMPP_ID_SIZE]);

/* What is known of a peer's habit (Kannel's msg-id-type). */
enum smpp_id_habit {
	SMPP_ID_ANY,	    /* not known: the same first, then the other base either way */
	SMPP_ID_SAME,	    /* both alike: nothing else is tried */
	SMPP_ID_RESP_HEX,   /* the response in hexadecimal, the receipt in decimal */
	SMPP_ID_RECEIPT_HEX /* the response in decimal, the receipt in hexadecimal */
};

#define SMPP_ID_FORMS 3u
struct smpp_id_forms {
	unsigned count;
	char text[SMPP_ID_FORMS][SMPP_ID_SIZE]; /* canonical, without doubles */
};
/* What a receipt's id may have been in submit_sm_resp, likeliest first. Numbers of up to 64 bits change base. */
void smpp_id_candidates(struct text receipt_id, enum smpp_id_habit habit, struct smpp_id_forms *out);

#endif
