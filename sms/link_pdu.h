/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What crosses between this role and a carrier in another one (the cell's NAS containers, SIP's bodies), through the
 * queue, which does not read it:
 *
 *	kind u8 | outcome u8 | link | subscriber | transaction | answers | octets (each u8 length) | permit (u16 length)
 *
 *	to the carrier:    OPEN CLOSE ALERT OCTETS
 *	from the carrier:  UP LOST PRESENT GONE OCTETS TAKEN
 *
 * A carrier of connections (the cell) moves CP messages between OPEN or UP and CLOSE or LOST. A carrier of messages
 * (SIP) moves RP messages, each with its Call-ID as transaction and the Call-ID that it answers; TAKEN tells how the
 * other side took one.
 */
#ifndef SMS_LINK_PDU_H
#define SMS_LINK_PDU_H

#include <stddef.h>
#include <stdint.h>

#include "core/base/result.h"
#include "core/base/text.h"
#include "core/base/writer.h"

enum link_pdu_kind {
	LINK_PDU_OPEN,	  /* page the phone; answer: UP or LOST */
	LINK_PDU_CLOSE,	  /* nothing more will be sent */
	LINK_PDU_ALERT,	  /* tell with PRESENT when it is there again */
	LINK_PDU_OCTETS,  /* CP or RP message; both ways */
	LINK_PDU_UP,	  /* the connection stands */
	LINK_PDU_LOST,	  /* it cannot be had, or broke: outcome */
	LINK_PDU_PRESENT, /* the phone is registered, or active again */
	LINK_PDU_GONE,	  /* it is not, until PRESENT */
	LINK_PDU_TAKEN,	  /* the SIP answer to `transaction`: outcome */
	LINK_PDU_KINDS
};

enum link_pdu_outcome {
	LINK_PDU_FINE,
	LINK_PDU_ABSENT,  /* not there: nothing arrived */
	LINK_PDU_BUSY,	  /* congestion: nothing arrived */
	LINK_PDU_REFUSED, /* the carrier or the phone said no: nothing arrived */
	LINK_PDU_UNSURE,  /* no answer, or the connection broke: it may have arrived */
	LINK_PDU_OUTCOMES
};

#define LINK_PDU_TEXT_MAX 255u
#define LINK_PDU_OCTETS_MAX 255u
#define LINK_PDU_PERMIT_MAX 1024u
#define LINK_PDU_MAX (2u + 5u * 256u + 2u + LINK_PDU_PERMIT_MAX)

struct link_pdu {
	enum link_pdu_kind kind;
	enum link_pdu_outcome outcome;
	struct text link;	 /* which carrier: "cell", "ims" */
	struct text subscriber;	 /* IMSI, or the address of record */
	struct text transaction; /* of this message; empty where connections are */
	struct text answers;	 /* the transaction that it answers */
	struct text octets;
	struct text permit; /* of a priced message, checked by the role that sends (billing's) */
};

/* The writer fails where a field is above its limit. */
void link_pdu_encode(const struct link_pdu *p, struct writer *w);
/* Views. ERR_SHORT, ERR_MALFORMED (no such kind or outcome, something left over), ERR_TOO_BIG. */
MUST_CHECK enum result link_pdu_decode(const void *octets, size_t len, struct link_pdu *out);

const char *link_pdu_kind_name(enum link_pdu_kind kind);
const char *link_pdu_outcome_name(enum link_pdu_outcome outcome);

#endif
