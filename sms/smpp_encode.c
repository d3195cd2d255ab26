/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Encoding of SMPP PDUs: the part of smpp_pdu.h that makes them. */
#include "sms/smpp_pdu.h"

static void put_string(struct writer *w, struct text t, size_t max)
{
	if (t.len > max)
		w->failed = true;
	writer_cstring(w, t);
}

static void put_address(struct writer *w, const struct smpp_address *a, size_t max)
{
	writer_u8(w, a->ton);
	writer_u8(w, a->npi);
	put_string(w, a->at, max);
}

static void put_short_message(struct writer *w, struct text octets)
{
	if (octets.len > UINT8_MAX) {
		w->failed = true;
		return;
	}
	writer_u8(w, (uint8_t)octets.len);
	writer_text(w, octets);
}

static void put_bind(struct writer *w, const struct smpp_bind *p)
{
	put_string(w, p->system_id, SMPP_SYSTEM_ID_MAX);
	put_string(w, p->password, SMPP_PASSWORD_MAX);
	put_string(w, p->system_type, SMPP_SYSTEM_TYPE_MAX);
	writer_u8(w, p->interface_version);
	writer_u8(w, p->addr_ton);
	writer_u8(w, p->addr_npi);
	put_string(w, p->address_range, SMPP_ADDRESS_RANGE_MAX);
}

static void put_sm_after_addresses(struct writer *w, const struct smpp_sm *p)
{
	writer_u8(w, p->esm_class);
	writer_u8(w, p->protocol_id);
	writer_u8(w, p->priority);
	put_string(w, p->schedule, SMPP_TIME_MAX);
	put_string(w, p->validity, SMPP_TIME_MAX);
	writer_u8(w, p->registered_delivery);
	writer_u8(w, p->replace_if_present);
	writer_u8(w, p->data_coding);
	writer_u8(w, p->default_message);
	put_short_message(w, p->octets);
}

void smpp_put_sm(struct writer *w, const struct smpp_sm *p)
{
	put_string(w, p->service_type, SMPP_SERVICE_TYPE_MAX);
	put_address(w, &p->source, SMPP_ADDRESS_MAX);
	put_address(w, &p->destination, SMPP_ADDRESS_MAX);
	put_sm_after_addresses(w, p);
}

static void put_data(struct writer *w, const struct smpp_data *p)
{
	put_string(w, p->service_type, SMPP_SERVICE_TYPE_MAX);
	put_address(w, &p->source, SMPP_LONG_ADDRESS_MAX);
	put_address(w, &p->destination, SMPP_LONG_ADDRESS_MAX);
	writer_u8(w, p->esm_class);
	writer_u8(w, p->registered_delivery);
	writer_u8(w, p->data_coding);
}

static void put_count(struct writer *w, unsigned count)
{
	if (count > UINT8_MAX)
		w->failed = true;
	else
		writer_u8(w, (uint8_t)count);
}

static void put_multi(struct writer *w, const struct smpp_multi *p)
{
	put_string(w, p->sm.service_type, SMPP_SERVICE_TYPE_MAX);
	put_address(w, &p->sm.source, SMPP_ADDRESS_MAX);
	put_count(w, p->count);
	writer_text(w, p->entries);
	put_sm_after_addresses(w, &p->sm);
}

static void put_query(struct writer *w, const struct smpp_query *p)
{
	put_string(w, p->message_id, SMPP_MESSAGE_ID_MAX);
	put_address(w, &p->source, SMPP_ADDRESS_MAX);
}

static void put_cancel(struct writer *w, const struct smpp_cancel *p)
{
	put_string(w, p->service_type, SMPP_SERVICE_TYPE_MAX);
	put_string(w, p->message_id, SMPP_MESSAGE_ID_MAX);
	put_address(w, &p->source, SMPP_ADDRESS_MAX);
	put_address(w, &p->destination, SMPP_ADDRESS_MAX);
}

static void put_replace(struct writer *w, const struct smpp_replace *p)
{
	put_string(w, p->message_id, SMPP_MESSAGE_ID_MAX);
	put_address(w, &p->source, SMPP_ADDRESS_MAX);
	put_string(w, p->schedule, SMPP_TIME_MAX);
	put_string(w, p->validity, SMPP_TIME_MAX);
	writer_u8(w, p->registered_delivery);
	writer_u8(w, p->default_message);
	put_short_message(w, p->octets);
}

static void put_request(struct writer *w, const struct smpp_pdu *p)
{
	switch (p->id) {
	case SMPP_SUBMIT_SM:
	case SMPP_DELIVER_SM:
		smpp_put_sm(w, &p->u.sm);
		break;
	case SMPP_DATA_SM:
		put_data(w, &p->u.data);
		break;
	case SMPP_BIND_RECEIVER:
	case SMPP_BIND_TRANSMITTER:
	case SMPP_BIND_TRANSCEIVER:
		put_bind(w, &p->u.bind);
		break;
	case SMPP_OUTBIND:
		put_string(w, p->u.outbind.system_id, SMPP_SYSTEM_ID_MAX);
		put_string(w, p->u.outbind.password, SMPP_PASSWORD_MAX);
		break;
	case SMPP_QUERY_SM:
		put_query(w, &p->u.query);
		break;
	case SMPP_REPLACE_SM:
		put_replace(w, &p->u.replace);
		break;
	case SMPP_CANCEL_SM:
		put_cancel(w, &p->u.cancel);
		break;
	case SMPP_SUBMIT_MULTI:
		put_multi(w, &p->u.multi);
		break;
	case SMPP_ALERT_NOTIFICATION:
		put_address(w, &p->u.alert.source, SMPP_LONG_ADDRESS_MAX);
		put_address(w, &p->u.alert.esme, SMPP_LONG_ADDRESS_MAX);
		break;
	case SMPP_BROADCAST_SM:
	case SMPP_QUERY_BROADCAST_SM:
	case SMPP_CANCEL_BROADCAST_SM:
		writer_text(w, p->u.body);
		break;
	default:
		break;
	}
}

static void put_response(struct writer *w, const struct smpp_pdu *p)
{
	switch (p->id & ~SMPP_RESPONSE) {
	case SMPP_SUBMIT_SM:
	case SMPP_DELIVER_SM:
	case SMPP_DATA_SM:
		put_string(w, p->u.message_id, SMPP_MESSAGE_ID_MAX);
		break;
	case SMPP_BIND_RECEIVER:
	case SMPP_BIND_TRANSMITTER:
	case SMPP_BIND_TRANSCEIVER:
		put_string(w, p->u.system_id, SMPP_SYSTEM_ID_MAX);
		break;
	case SMPP_SUBMIT_MULTI:
		put_string(w, p->u.multi_resp.message_id, SMPP_MESSAGE_ID_MAX);
		put_count(w, p->u.multi_resp.count);
		writer_text(w, p->u.multi_resp.entries);
		break;
	case SMPP_QUERY_SM:
		put_string(w, p->u.query_resp.message_id, SMPP_MESSAGE_ID_MAX);
		put_string(w, p->u.query_resp.final_date, SMPP_TIME_MAX);
		writer_u8(w, p->u.query_resp.message_state);
		writer_u8(w, p->u.query_resp.error_code);
		break;
	case SMPP_BROADCAST_SM:
	case SMPP_QUERY_BROADCAST_SM:
		writer_text(w, p->u.body);
		break;
	default:
		break;
	}
}

size_t smpp_begin(struct writer *w, uint32_t id, uint32_t status, uint32_t sequence)
{
	size_t mark = writer_mark(w, 4);

	writer_u32(w, id);
	writer_u32(w, status);
	writer_u32(w, sequence);
	return mark;
}

/* command_length counts itself, unlike what writer_fill_u32() fills in. */
void smpp_end(struct writer *w, size_t mark)
{
	if (w->failed)
		return;
	struct writer length = writer_of(w->start + mark, 4);
	writer_u32(&length, (uint32_t)(writer_len(w) - mark));
}

void smpp_pdu_encode(const struct smpp_pdu *p, struct writer *w)
{
	size_t mark = smpp_begin(w, p->id, p->status, p->sequence);

	if (!(p->id & SMPP_RESPONSE))
		put_request(w, p);
	else if (!p->status || p->tlvs.len || p->id == SMPP_RESPONSE_TO(SMPP_SUBMIT_MULTI))
		put_response(w, p);
	writer_text(w, p->tlvs);
	smpp_end(w, mark);
}

void smpp_multi_put(struct writer *w, const struct smpp_multi_destination *d)
{
	writer_u8(w, d->is_list ? 2 : 1);
	if (d->is_list)
		put_string(w, d->address.at, SMPP_ADDRESS_MAX);
	else
		put_address(w, &d->address, SMPP_ADDRESS_MAX);
}

void smpp_multi_resp_put(struct writer *w, const struct smpp_multi_failure *f)
{
	put_address(w, &f->address, SMPP_ADDRESS_MAX);
	writer_u32(w, f->status);
}
