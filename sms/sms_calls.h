/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Requests of SMPP peers that wait for the queue's word: which session and sequence each call answers. A peer that is
 * gone meanwhile is simply not found.
 */
#ifndef SMS_SMS_CALLS_H
#define SMS_SMS_CALLS_H

#include "core/channel.h"
#include "sms/smpp_conn.h"

struct sms_calls;

struct sms_calls *sms_calls_new(struct smpp_conns *conns);
void sms_calls_free(struct sms_calls **calls);

/* The request is answered when the queue has spoken: with the message's id where `gives_id`. call 0 (the queue was not
 * there): answered now as temporary. */
void sms_calls_add(struct sms_calls *calls, uint32_t call, struct smpp_conn *conn, uint32_t request, uint32_t sequence,
		   bool gives_id);
/* submit_multi: `refused` are entries of its response (smpp_multi_resp_put) for destinations that the queue never saw,
 * `offered` those that it decides about together (smpp_multi_put). Both are copied. */
void sms_calls_add_multi(struct sms_calls *calls, uint32_t call, struct smpp_conn *conn, uint32_t sequence,
			 struct text refused, struct text offered);
/* query_sm and cancel_sm: `message_id` comes back in the answer. */
void sms_calls_add_query(struct sms_calls *calls, uint32_t call, struct smpp_conn *conn, uint32_t request,
			 uint32_t sequence, struct text message_id);

/* For the handler of the channel. False: not a call of these. */
bool sms_calls_accepted(struct sms_calls *calls, uint32_t call, const struct ipc_accepted *accepted);
bool sms_calls_reported(struct sms_calls *calls, uint32_t call, bool done);
bool sms_calls_answer(struct sms_calls *calls, uint32_t call, const struct ipc_answer *answer);

/* The id a client is given: the message's own, or 8 digits of it for a client of version 3.3. */
struct text sms_message_id(const struct smpp_session *session, struct message_id id, char to[MESSAGE_ID_TEXT_SIZE]);

#endif
