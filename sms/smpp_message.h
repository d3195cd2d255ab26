/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Our envelope and SMPP's fields: addresses, times, priority, what is passed on. The content is smpp_text.h's.
 */
#ifndef SMS_SMPP_MESSAGE_H
#define SMS_SMPP_MESSAGE_H

#include "core/message.h"
#include "sms/smpp_pdu.h"
#include "sms/smpp_status.h"
#include "sms/smpp_text.h"

/* An address of a peer as we write it: ton 1 gains its '+', an alphanumeric one stays. `to` has MESSAGE_ADDRESS_MAX + 1
 * octets. */
MUST_CHECK enum result smpp_address_read(const struct smpp_address *a, char *to, size_t size, const char **why_out);
/* And back: '+' becomes ton 1, npi 1; letters ton 5; digits ton 0, npi 1. 256 for ton or npi means so; other values are
 * the peer's wish. */
struct smpp_address smpp_address_of(struct text address, int64_t ton, int64_t npi);

/* What came, beside its content. */
struct smpp_received {
	struct message message;
	struct smpp_content content;
	char sender[MESSAGE_ADDRESS_MAX + 1];
	uint8_t tlvs[MESSAGE_TLVS_MAX];
	uint8_t udh[7]; /* made of sar_ TLVs */
	bool wants_receipt;
};

/* Of a submit_sm, deliver_sm, data_sm or submit_multi (destinations apart). `body` is room for the content. 0, or the
 * command_status to refuse with. `now_us` is real time. message.channel, account and from_network are the caller's. */
uint32_t smpp_message_read(const struct smpp_pdu *pdu, const struct smpp_text_settings *settings, int64_t now_us,
			   struct smpp_received *out, struct writer *body);
/* The destination of one of them (not submit_multi); 0 or a status. */
uint32_t smpp_destination_read(const struct smpp_pdu *pdu, char to[MESSAGE_ADDRESS_MAX + 1]);

/* TLVs of the message that are passed on to a peer, without those that we write ourselves. */
void smpp_message_pass_tlvs(const struct message *m, struct writer *w);

#endif
