/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What clients ask: each request is answered, at once where we refuse it, else once the queue has spoken. */
#include "core/account.h"
#include "core/base/clock.h"
#include "core/base/log.h"
#include "sms/smpp_message.h"
#include "sms/smpp_server_internal.h"

#define BODY_MAX (3u * SMPP_PDU_MAX)
#define LIST_MAX (SMPP_DESTINATIONS_MAX * (MESSAGE_ADDRESS_MAX + 2u))
#define ENTRIES_MAX (SMPP_DESTINATIONS_MAX * (SMPP_ADDRESS_MAX + 8u))

/* The destinations of one request. */
struct destinations {
	struct writer offered; /* for the queue */
	struct writer refused; /* of submit_multi: entries of its answer */
	struct writer entries; /* of submit_multi: those offered */
	unsigned offered_count;
	uint32_t status; /* of the first refused one */
};

static void answer(struct smpp_client *c, const struct smpp_pdu *pdu, uint32_t status)
{
	if (status)
		counter_add(status == SMPP_RTHROTTLED ? c->account->esme->throttled_in : c->account->esme->refused_in,
			    1);
	LOGD(LOG_SMS, c->account->name, "%s %u: %s", smpp_command_name(pdu->id), pdu->sequence,
	     smpp_status_name(status));
	(void)smpp_session_answer(smpp_conn_session(c->conn), pdu->id, pdu->sequence, status, (struct text){ 0 });
}

/* --- messages --- */

static void take_destination(struct destinations *d, const struct smpp_multi_destination *one)
{
	char to[MESSAGE_ADDRESS_MAX + 1];
	const char *why;
	struct smpp_multi_failure f = { .address = one->address, .status = SMPP_RINVDLNAME };

	if (!one->is_list && smpp_address_read(&one->address, to, sizeof(to), &why) == OK &&
	    address_is_number(text_of(to))) {
		ipc_put_recipient(&d->offered, text_of(to));
		smpp_multi_put(&d->entries, one);
		d->offered_count++;
		return;
	}
	if (!one->is_list)
		f.status = SMPP_RINVDSTADR;
	if (!d->status)
		d->status = f.status;
	smpp_multi_resp_put(&d->refused, &f);
}

static void take_destinations(struct destinations *d, const struct smpp_pdu *pdu)
{
	struct smpp_multi_destination one = { 0 };

	if (pdu->id == SMPP_SUBMIT_MULTI) {
		struct reader r = reader_of(pdu->u.multi.entries.at, pdu->u.multi.entries.len);
		while (smpp_multi_next(&r, &one))
			take_destination(d, &one);
		return;
	}
	one.address = pdu->id == SMPP_DATA_SM ? pdu->u.data.destination : pdu->u.sm.destination;
	take_destination(d, &one);
}

static uint32_t take_sender(const struct smpp_account *a, struct message *m)
{
	if (!m->sender.len) {
		m->sender = a->settings.default_sender;
		m->source_ton = m->source_npi = 0;
	}
	return m->sender.len && account_may_send_as(&a->settings, m->sender) ? SMPP_ROK : SMPP_RINVSRCADR;
}

static uint32_t read_message(const struct smpp_account *a, const struct smpp_pdu *pdu, struct smpp_received *got,
			     struct writer *body)
{
	struct smpp_text_settings text = { .alphabet = (enum smpp_alphabet)a->settings.smpp_alphabet, .strict = true };
	uint8_t predefined = 0;

	if (pdu->id == SMPP_SUBMIT_SM)
		predefined = pdu->u.sm.default_message;
	else if (pdu->id == SMPP_SUBMIT_MULTI)
		predefined = pdu->u.multi.sm.default_message;
	if (predefined)
		return SMPP_RINVDFTMSGID; /* there are none here */
	uint32_t status = smpp_message_read(pdu, &text, clock_now(), got, body);
	if (status)
		return status;
	got->message.channel = TEXT_LITERAL("smpp");
	got->message.account = text_of(a->name);
	return take_sender(a, &got->message);
}

static void offer(struct smpp_client *c, const struct smpp_pdu *pdu, const struct message *m,
		  const struct destinations *d)
{
	static uint8_t header[MESSAGE_HEADER_MAX]; /* one thread */
	struct writer h = writer_of(header, sizeof(header));
	struct ipc_accept a = { .body = m->body };

	message_encode(m, &h);
	if (!writer_ok(&h)) {
		answer(c, pdu, SMPP_RINVTLVLEN);
		return;
	}
	a.header = text_range((const char *)header, writer_len(&h));
	a.recipients = text_range((const char *)d->offered.start, writer_len(&d->offered));
	counter_add(c->account->esme->taken_in, 1);
	uint32_t call = channel_accept(c->server->channel, &a);
	if (pdu->id == SMPP_SUBMIT_MULTI)
		sms_calls_add_multi(c->server->calls, call, c->conn, pdu->sequence,
				    text_range((const char *)d->refused.start, writer_len(&d->refused)),
				    text_range((const char *)d->entries.start, writer_len(&d->entries)));
	else
		sms_calls_add(c->server->calls, call, c->conn, pdu->id, pdu->sequence, true);
}

static bool within_rate(struct smpp_client *c, unsigned messages)
{
	struct smpp_account *a = c->account;

	return bucket_take(&a->bucket, a->settings.rate, a->settings.burst, messages, clock_monotonic(), NULL);
}

static void take_message(struct smpp_client *c, const struct smpp_pdu *pdu)
{
	static char body_room[BODY_MAX], list[LIST_MAX], refused[ENTRIES_MAX], entries[ENTRIES_MAX];
	static struct smpp_received got; /* one thread; used up before the next PDU */
	struct writer body = writer_of(body_room, sizeof(body_room));
	struct destinations d = { .offered = writer_of(list, sizeof(list)),
				  .refused = writer_of(refused, sizeof(refused)),
				  .entries = writer_of(entries, sizeof(entries)) };

	uint32_t status = read_message(c->account, pdu, &got, &body);
	if (!status) {
		take_destinations(&d, pdu);
		if (!d.offered_count)
			status = d.status ? d.status : (uint32_t)SMPP_RINVNUMDESTS;
	}
	if (!status && !within_rate(c, d.offered_count))
		status = SMPP_RTHROTTLED;
	if (status)
		answer(c, pdu, status);
	else
		offer(c, pdu, &got.message, &d);
}

/* --- operations --- */

static void ask(struct smpp_client *c, const struct smpp_pdu *pdu, enum ipc_question question, struct text id)
{
	struct ipc_ask a = { .question = question };

	if (!c->account->settings.admin)
		a.account = text_of(c->account->name);
	if (!message_id_parse(id, &a.id)) {
		answer(c, pdu, SMPP_RINVMSGID);
		return;
	}
	sms_calls_add_query(c->server->calls, channel_ask(c->server->channel, &a), c->conn, pdu->id, pdu->sequence, id);
}

void smpp_server_request(struct smpp_client *c, const struct smpp_pdu *pdu)
{
	bool message = pdu->id == SMPP_SUBMIT_SM || pdu->id == SMPP_DATA_SM || pdu->id == SMPP_SUBMIT_MULTI;

	if (message && !channel_ready(c->server->channel)) {
		answer(c, pdu, SMPP_RMSGQFUL);
		return;
	}
	switch (pdu->id) {
	case SMPP_SUBMIT_SM:
	case SMPP_DATA_SM:
	case SMPP_SUBMIT_MULTI:
		take_message(c, pdu);
		break;
	case SMPP_QUERY_SM:
		ask(c, pdu, ASK_MESSAGE, pdu->u.query.message_id);
		break;
	case SMPP_CANCEL_SM:
		ask(c, pdu, ASK_CANCEL, pdu->u.cancel.message_id);
		break;
	case SMPP_REPLACE_SM:
		LOGI(LOG_SMS, c->account->name, "replace_sm refused: what was accepted may be on its way");
		answer(c, pdu, SMPP_RREPLACEFAIL);
		break;
	default:
		answer(c, pdu, SMPP_RINVCMDID);
	}
}
