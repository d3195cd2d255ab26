/* SPDX-License-Identifier: GPL-3.0-or-later */
/* See smpp_message.h. */
#include "sms/smpp_message.h"

#include <string.h>

#include "core/base/clock.h"
#include "sms/smpp_time.h"

enum result smpp_address_read(const struct smpp_address *a, char *to, size_t size, const char **why_out)
{
	char plus[MESSAGE_ADDRESS_MAX + 2];
	struct text given = a->at;

	if (a->ton == SMPP_TON_ALPHANUMERIC) {
		if (!given.len || !text_copy(given, to, size)) {
			*why_out = "an alphanumeric address needs characters";
			return ERR_MALFORMED;
		}
		return OK;
	}
	if (a->ton == SMPP_TON_INTERNATIONAL && given.len && given.at[0] != '+' && given.len <= MESSAGE_ADDRESS_MAX) {
		plus[0] = '+';
		memcpy(plus + 1, given.at, given.len);
		given = text_range(plus, given.len + 1);
	}
	return address_normalise(given, to, size, why_out);
}

static bool all_digits(struct text t)
{
	for (size_t i = 0; i < t.len; i++) {
		if (t.at[i] < '0' || t.at[i] > '9')
			return false;
	}
	return t.len > 0;
}

struct smpp_address smpp_address_of(struct text address, int64_t ton, int64_t npi)
{
	struct smpp_address a = { .ton = SMPP_TON_ALPHANUMERIC, .npi = SMPP_NPI_UNKNOWN, .at = address };

	if (address.len > 1 && address.at[0] == '+') {
		a.ton = SMPP_TON_INTERNATIONAL;
		a.npi = SMPP_NPI_E164;
		a.at = text_range(address.at + 1, address.len - 1);
	} else if (all_digits(address)) {
		a.ton = SMPP_TON_UNKNOWN;
		a.npi = SMPP_NPI_E164;
	} else if (!address.len) {
		a.ton = SMPP_TON_UNKNOWN;
	}
	if (ton < 256)
		a.ton = (uint8_t)ton;
	if (npi < 256)
		a.npi = (uint8_t)npi;
	return a;
}

/* The fields that submit_sm, deliver_sm, submit_multi and data_sm share, in one form. */
static bool fields_of(const struct smpp_pdu *pdu, struct smpp_sm *out)
{
	switch (pdu->id) {
	case SMPP_SUBMIT_SM:
	case SMPP_DELIVER_SM:
		*out = pdu->u.sm;
		return true;
	case SMPP_SUBMIT_MULTI:
		*out = pdu->u.multi.sm;
		return true;
	case SMPP_DATA_SM:
		*out = (struct smpp_sm){ .service_type = pdu->u.data.service_type,
					 .source = pdu->u.data.source,
					 .destination = pdu->u.data.destination,
					 .esm_class = pdu->u.data.esm_class,
					 .registered_delivery = pdu->u.data.registered_delivery,
					 .data_coding = pdu->u.data.data_coding };
		return true;
	default:
		return false;
	}
}

static uint32_t read_times(const struct smpp_sm *sm, struct text tlvs, int64_t now_us, struct message *m)
{
	struct smpp_time t;
	uint32_t seconds;

	if (smpp_time_read(sm->schedule, &t))
		return SMPP_RINVSCHED;
	m->due_us = smpp_time_when(&t, now_us);
	if (smpp_time_read(sm->validity, &t))
		return SMPP_RINVEXPIRY;
	int64_t until = smpp_time_when(&t, now_us);
	if (until && until <= now_us)
		return SMPP_RINVEXPIRY;
	m->validity_us = until ? until - (m->due_us > now_us ? m->due_us : now_us) : 0;
	if (m->validity_us < 0)
		return SMPP_RINVEXPIRY;
	if (smpp_tlv_u32(tlvs, SMPP_TLV_QOS_TIME_TO_LIVE, &seconds) && seconds)
		m->validity_us = (int64_t)seconds * USEC_PER_SEC;
	return 0;
}

static uint8_t reports_of(uint8_t registered)
{
	uint8_t reports = 0;

	if ((registered & SMPP_REGISTERED_RECEIPT) == SMPP_REGISTERED_ALWAYS)
		reports = REPORT_DELIVERED | REPORT_FAILED;
	else if ((registered & SMPP_REGISTERED_RECEIPT) == SMPP_REGISTERED_FAILURE)
		reports = REPORT_FAILED;
	else if ((registered & SMPP_REGISTERED_RECEIPT) == SMPP_REGISTERED_SUCCESS)
		reports = REPORT_DELIVERED;
	if (registered & SMPP_REGISTERED_INTERMEDIATE)
		reports |= REPORT_BUFFERED | REPORT_ACCEPTED;
	return reports;
}

/* Written anew for each peer, or true between two peers only. */
static const uint16_t own_tlvs[] = { SMPP_TLV_MESSAGE_PAYLOAD,	      SMPP_TLV_SAR_MSG_REF_NUM,
				     SMPP_TLV_SAR_TOTAL_SEGMENTS,     SMPP_TLV_SAR_SEGMENT_SEQNUM,
				     SMPP_TLV_USER_MESSAGE_REFERENCE, SMPP_TLV_SOURCE_PORT,
				     SMPP_TLV_DESTINATION_PORT,	      SMPP_TLV_QOS_TIME_TO_LIVE,
				     SMPP_TLV_MORE_MESSAGES_TO_SEND,  0 };

static void keep_content(struct smpp_received *out, const struct writer *body)
{
	struct message *m = &out->message;
	const struct smpp_content *c = &out->content;

	m->content = c->content;
	m->body = text_range((const char *)body->start, writer_len(body));
	m->flash = c->flash;
	m->udh = c->udh;
	m->has_coding = c->keep_coding;
	m->coding = c->coding;
	m->has_ports = c->has_ports && !c->udh.len;
	m->source_port = c->source_port;
	m->destination_port = c->destination_port;
}

/* What sar_ TLVs say, as a header element: they are not passed on. */
static struct text header_of_sar(const struct header_concat *c, uint8_t room[7])
{
	struct writer w = writer_of(room, 7);

	writer_u8(&w, 6);
	writer_u8(&w, HEADER_CONCAT_16);
	writer_u8(&w, 4);
	writer_u16(&w, c->reference);
	writer_u8(&w, c->total);
	writer_u8(&w, c->number);
	return text_range((const char *)room, 7);
}

/* A part stays as it is, octets and header: nobody can read half a text. */
static void keep_part(struct smpp_received *out, const struct smpp_given *given)
{
	struct message *m = &out->message;
	struct text octets = given->octets, payload;

	if (!octets.len && smpp_tlv_find(given->tlvs, SMPP_TLV_MESSAGE_PAYLOAD, &payload))
		octets = payload;
	if (out->content.udh.len && out->content.udh.len <= octets.len)
		octets = text_range(octets.at + out->content.udh.len, octets.len - out->content.udh.len);
	else if (!out->content.udh.len)
		m->udh = header_of_sar(&out->content.concat, out->udh);
	m->content = MESSAGE_BINARY;
	m->has_coding = true;
	m->coding = given->data_coding;
	m->body = octets;
}

uint32_t smpp_message_read(const struct smpp_pdu *pdu, const struct smpp_text_settings *settings, int64_t now_us,
			   struct smpp_received *out, struct writer *body)
{
	struct smpp_given given;
	struct smpp_sm sm;
	const char *why;
	uint32_t status = SMPP_RSYSERR;
	struct writer tlvs = writer_of(out->tlvs, sizeof(out->tlvs));
	struct message *m = &out->message;

	*m = (struct message){ 0 };
	if (!fields_of(pdu, &sm) || !smpp_given_of_pdu(pdu, &given))
		return SMPP_RSYSERR;
	out->sender[0] = '\0';
	if (sm.source.at.len && smpp_address_read(&sm.source, out->sender, sizeof(out->sender), &why))
		return SMPP_RINVSRCADR;
	if (smpp_text_read(&given, settings, &out->content, body, &status))
		return status;
	status = read_times(&sm, pdu->tlvs, now_us, m);
	if (status)
		return status;
	m->sender = text_of(out->sender);
	m->source_ton = sm.source.ton;
	m->source_npi = sm.source.npi;
	m->priority = sm.priority > 3 ? 3 : sm.priority;
	m->protocol_id = sm.protocol_id;
	m->service_type = sm.service_type;
	m->reports = reports_of(sm.registered_delivery);
	out->wants_receipt = m->reports != 0;
	(void)smpp_tlv_u16(pdu->tlvs, SMPP_TLV_USER_MESSAGE_REFERENCE, &m->user_reference);
	keep_content(out, body);
	if (out->content.concat.width && out->content.concat.total > 1)
		keep_part(out, &given);
	smpp_tlvs_pass_on(&tlvs, pdu->tlvs, own_tlvs);
	if (!writer_ok(&tlvs))
		return SMPP_RINVTLVLEN;
	m->tlvs = text_range((const char *)out->tlvs, writer_len(&tlvs));
	return 0;
}

uint32_t smpp_destination_read(const struct smpp_pdu *pdu, char to[MESSAGE_ADDRESS_MAX + 1])
{
	struct smpp_sm sm;
	const char *why;

	if (!fields_of(pdu, &sm))
		return SMPP_RSYSERR;
	if (smpp_address_read(&sm.destination, to, MESSAGE_ADDRESS_MAX + 1, &why))
		return SMPP_RINVDSTADR;
	return 0;
}

void smpp_message_pass_tlvs(const struct message *m, struct writer *w)
{
	smpp_tlvs_pass_on(w, m->tlvs, own_tlvs);
}
