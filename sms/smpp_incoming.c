/* SPDX-License-Identifier: GPL-3.0-or-later */
/* See smpp_incoming.h. */
#include "sms/smpp_incoming.h"

#include "core/base/clock.h"
#include "core/base/counter.h"
#include "core/base/log.h"
#include "sms/alphabet.h"
#include "sms/concat_part.h"
#include "sms/smpp_message.h"

#define BODY_MAX (3u * SMPP_PDU_MAX)

static void answer(struct smpp_conn *conn, const struct smpp_pdu *pdu, uint32_t status)
{
	(void)smpp_session_answer(smpp_conn_session(conn), pdu->id, pdu->sequence, status, (struct text){ 0 });
}

/* --- receipts -------------------------------------------------------------------------------------------------------
 */

static void put_forms(struct writer *w, struct text id, enum smpp_id_habit habit)
{
	struct smpp_id_forms forms;

	if (!id.len)
		return;
	smpp_id_candidates(id, habit, &forms);
	for (unsigned i = 0; i < forms.count; i++)
		ipc_put_recipient(w, text_of(forms.text[i]));
}

static void put_detail(struct writer *w, const struct smpp_receipt *r)
{
	writer_printf(w, "%s", smpp_state_word(r->state));
	if (r->err.len)
		writer_printf(w, " err:%.*s", TEXT_ARGS(r->err));
	if (r->has_network_error)
		writer_printf(w, " network %u error %u", r->network, r->network_error);
}

static void take_receipt(const struct smpp_incoming *in, struct smpp_conn *conn, const struct smpp_pdu *pdu)
{
	struct smpp_receipt r;
	uint8_t forms[6 * SMPP_ID_SIZE + 32];
	char detail[128];
	struct writer f = writer_of(forms, sizeof(forms)), d = writer_of(detail, sizeof(detail));

	if (!smpp_receipt_of_pdu(pdu, &r) || (!r.id.len && !r.other_id.len)) {
		counter_add(
			counter_get(COUNTER_COUNT, "smpp_receipts_unreadable_total", NULL, "Receipts without an id"),
			1);
		answer(conn, pdu, SMPP_ROK); /* it would come again and again */
		return;
	}
	put_forms(&f, r.id, in->habit);
	put_forms(&f, r.other_id, in->habit);
	put_detail(&d, &r);
	struct ipc_report report = { .peer = in->link,
				     .forms = text_range((const char *)forms, writer_len(&f)),
				     .sure = in->habit != SMPP_ID_ANY && r.id.len,
				     .detail = text_range(detail, writer_len(&d)) };
	report.source = pdu->id == SMPP_DATA_SM ? pdu->u.data.source.at : pdu->u.sm.source.at;
	report.destination = pdu->id == SMPP_DATA_SM ? pdu->u.data.destination.at : pdu->u.sm.destination.at;
	report.outcome = r.has_state ? smpp_state_outcome(r.state, in->accepted_is_final) : OUTCOME_NONE;
	if (report.outcome == OUTCOME_NONE)
		report.outcome = OUTCOME_SENT; /* an event only */
	sms_calls_add(in->calls, channel_report(in->channel, &report), conn, pdu->id, pdu->sequence, false);
}

/* --- messages -------------------------------------------------------------------------------------------------------
 */

static void offer(const struct smpp_incoming *in, struct smpp_conn *conn, const struct smpp_pdu *pdu,
		  const struct smpp_received *got, const char *to)
{
	uint8_t header[MESSAGE_HEADER_MAX], list[MESSAGE_ADDRESS_MAX + 8];
	struct writer h = writer_of(header, sizeof(header)), l = writer_of(list, sizeof(list));
	struct ipc_accept a = { .body = got->message.body };

	message_encode(&got->message, &h);
	ipc_put_recipient(&l, text_of(to));
	a.header = text_range((const char *)header, writer_len(&h));
	a.recipients = text_range((const char *)list, writer_len(&l));
	sms_calls_add(in->calls, channel_accept(in->channel, &a), conn, pdu->id, pdu->sequence, false);
}

/* Septets and UCS-2 are joined in their units (concat_part.h); a text of another alphabet as UCS-2. */
static bool part_content(const struct smpp_incoming *in, struct smpp_received *got, struct writer *w, uint8_t *dcs)
{
	uint8_t coding = got->message.coding;
	bool gsm =
		in->text.alphabet == SMPP_ALPHABET_GSM7 && (coding == SMPP_CODING_DEFAULT || (coding & 0xf4) == 0xf0);
	char utf8[3 * CONCAT_CONTENT_MAX];
	struct writer u = writer_of(utf8, sizeof(utf8));
	struct smpp_given given = { .data_coding = coding, .octets = got->message.body };
	struct smpp_content content;
	uint32_t status;
	size_t bad;

	*dcs = gsm ? 0x00 : (coding & 0x0c) == 0x08 ? 0x08 : 0x04;
	if (gsm || *dcs == 0x08 || coding == SMPP_CODING_OCTETS || coding == SMPP_CODING_OCTETS_2) {
		writer_text(w, got->message.body);
		return writer_ok(w);
	}
	if (smpp_text_read(&given, &in->text, &content, &u, &status) || content.content != MESSAGE_TEXT) {
		writer_text(w, got->message.body);
		return writer_ok(w);
	}
	*dcs = 0x08;
	return alphabet_ucs2_from_utf8(text_range(utf8, writer_len(&u)), w, &bad) == OK;
}

static void offer_part(const struct smpp_incoming *in, struct smpp_conn *conn, const struct smpp_pdu *pdu,
		       struct smpp_received *got, const char *to)
{
	uint8_t header[MESSAGE_HEADER_MAX], content[2 * CONCAT_CONTENT_MAX], body[CONCAT_ENCODED_MAX];
	struct writer h = writer_of(header, sizeof(header)), c = writer_of(content, sizeof(content));
	struct writer b = writer_of(body, sizeof(body));
	struct concat_part part = { .number = got->content.concat.number, .pid = got->message.protocol_id };
	struct ipc_part out = { .recipient = text_of(to), .peer = in->link };

	if (!part_content(in, got, &c, &part.dcs)) {
		answer(conn, pdu, SMPP_RINVMSGLEN);
		return;
	}
	if (part.dcs == 0x08)
		got->message.coding = SMPP_CODING_UCS2;
	part.content = text_range((const char *)content, writer_len(&c));
	concat_part_encode(&part, &b);
	message_encode(&got->message, &h);
	if (!writer_ok(&b)) {
		answer(conn, pdu, SMPP_RINVMSGLEN);
		return;
	}
	out.header = text_range((const char *)header, writer_len(&h));
	out.body = text_range((const char *)body, writer_len(&b));
	out.reference = got->content.concat.reference;
	out.width = (uint8_t)got->content.concat.width;
	out.total = got->content.concat.total;
	out.number = got->content.concat.number;
	sms_calls_add(in->calls, channel_part(in->channel, &out), conn, pdu->id, pdu->sequence, false);
}

static void take_message(const struct smpp_incoming *in, struct smpp_conn *conn, const struct smpp_pdu *pdu)
{
	static char room[BODY_MAX]; /* one thread; used up before the next PDU */
	static struct smpp_received got;
	struct writer body = writer_of(room, sizeof(room));
	char to[MESSAGE_ADDRESS_MAX + 1];
	uint32_t status = smpp_message_read(pdu, &in->text, clock_now(), &got, &body);

	if (!status)
		status = smpp_destination_read(pdu, to);
	if (status) {
		answer(conn, pdu, status);
		return;
	}
	got.message.channel = TEXT_LITERAL("smpp");
	got.message.account = in->link;
	got.message.from_network = true;
	got.message.reports = 0;
	got.message.due_us = 0; /* the network's own times are not ours */
	got.message.validity_us = 0;
	if (got.content.concat.width && got.content.concat.total > 1)
		offer_part(in, conn, pdu, &got, to);
	else
		offer(in, conn, pdu, &got, to);
}

void smpp_incoming_take(const struct smpp_incoming *in, struct smpp_conn *conn, const struct smpp_pdu *pdu)
{
	uint8_t esm_class = pdu->id == SMPP_DATA_SM ? pdu->u.data.esm_class : pdu->u.sm.esm_class;

	if (!channel_ready(in->channel)) {
		answer(conn, pdu, SMPP_RX_T_APPN);
		return;
	}
	if (smpp_is_receipt(esm_class))
		take_receipt(in, conn, pdu);
	else
		take_message(in, conn, pdu);
}
