/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A delivery on its way to an SMPP peer: its parts, what became of each, and the one result of all. Used for both
 * directions: submit_sm to a message centre, deliver_sm to a client.
 */
#ifndef SMS_SMPP_OUTGOING_H
#define SMS_SMPP_OUTGOING_H

#include "core/channel.h"
#include "sms/smpp_session.h"
#include "sms/smpp_status.h"
#include "sms/smpp_text.h"

struct outgoing;

/* How the PDUs of a peer are written. */
struct outgoing_style {
	uint32_t request; /* SMPP_SUBMIT_SM or SMPP_DELIVER_SM */
	struct smpp_text_settings text;
	struct text service_type;
	int64_t source_ton, source_npi, destination_ton, destination_npi; /* 256 = by the address */
	bool receipts;							  /* asked for */
	bool validity;							  /* told */
	uint16_t repeat_tlv;						  /* 0 = none */
};

/* Copies what it needs. NULL with a result for the queue in *refusal_out when the message cannot be sent this way. */
struct outgoing *outgoing_new(const struct ipc_deliver *delivery, const struct outgoing_style *style,
			      struct ipc_result *refusal_out);
void outgoing_free(struct outgoing **outgoing);

struct message_id outgoing_id(const struct outgoing *o);
unsigned outgoing_segments(const struct outgoing *o); /* that the phone gets: what is paid for */
int64_t outgoing_not_after(const struct outgoing *o); /* monotonic */
bool outgoing_untouched(const struct outgoing *o);    /* no part was ever sent */
bool outgoing_unharmed(const struct outgoing *o);     /* no part is with the peer, nor may be */
bool outgoing_more(const struct outgoing *o);	      /* it has not ended, and has parts to send */
unsigned outgoing_open(const struct outgoing *o);     /* parts sent and unanswered */

/* The next part to be sent; false when all are sent or it has ended. Valid until the next call. */
bool outgoing_next(struct outgoing *o, const struct outgoing_style *style, bool tlvs, int64_t now_us,
		   struct smpp_pdu *pdu_out);
/* That part was sent; the cookie to give the session names outgoing and part. */
uint64_t outgoing_sent(struct outgoing *o);

/* What an answer means for it. */
enum outgoing_step {
	OUTGOING_GOES_ON, /* more parts or answers to come */
	OUTGOING_AGAIN,	  /* a part has to be sent again, in front of all others */
	OUTGOING_ENDED	  /* outgoing_result() says how */
};
struct outgoing *outgoing_of_cookie(uint64_t cookie);
/* `action` of an answered part (smpp_status_action). */
enum outgoing_step outgoing_answered(struct outgoing *o, const struct smpp_answer *answer, enum smpp_action action);
/* Where it stands among those to be sent again. */
uint64_t outgoing_order(const struct outgoing *o);
/* After OUTGOING_ENDED, or to end it unsent (`outcome`, detail). The texts live as long as `o`. */
void outgoing_result(struct outgoing *o, struct text link, bool await, struct ipc_result *out);
void outgoing_fail(struct outgoing *o, enum ipc_outcome outcome, uint32_t retry_ms, const char *detail);
/* Nothing more of it is sent: it may go another way when it is unharmed, else it is in doubt. */
void outgoing_give_up(struct outgoing *o, uint32_t retry_ms, const char *detail);

/* The owner's list. An outgoing is in it once at most: the calls see to that. */
struct outgoing_list {
	struct outgoing *first, **last;
	unsigned count;
};
void outgoing_list_init(struct outgoing_list *list);
void outgoing_push(struct outgoing_list *list, struct outgoing *o);
void outgoing_push_again(struct outgoing_list *list, struct outgoing *o); /* in front, in order */
struct outgoing *outgoing_head(const struct outgoing_list *list);
struct outgoing *outgoing_pop(struct outgoing_list *list);
void outgoing_unlist(struct outgoing_list *list, struct outgoing *o); /* wherever it stands, if it does */

#endif
