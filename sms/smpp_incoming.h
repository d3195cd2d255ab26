/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a message centre sends us: messages from phones and receipts, both to the queue; answered once it has them. */
#ifndef SMS_SMPP_INCOMING_H
#define SMS_SMPP_INCOMING_H

#include "sms/sms_calls.h"
#include "sms/smpp_receipt.h"
#include "sms/smpp_text.h"

struct smpp_incoming {
	struct sms_calls *calls;
	struct channel *channel;
	struct text link; /* "smsc:NAME": the peer of receipts, the account of messages */
	struct smpp_text_settings text;
	enum smpp_id_habit habit;
	bool accepted_is_final;
};

/* A deliver_sm or data_sm of `conn`: answered now or when the queue has spoken. */
void smpp_incoming_take(const struct smpp_incoming *in, struct smpp_conn *conn, const struct smpp_pdu *pdu);

#endif
