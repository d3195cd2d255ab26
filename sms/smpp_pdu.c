/* SPDX-License-Identifier: GPL-3.0-or-later */
/* See smpp_pdu.h. Decoding: a body reader that remembers which status the first wrong field is answered with. */
#include "sms/smpp_pdu.h"
#include "sms/smpp_status.h"

static const struct {
	uint32_t id;
	const char *name, *response; /* NULL: it has none */
} commands[] = {
	{ SMPP_SUBMIT_SM, "submit_sm", "submit_sm_resp" },
	{ SMPP_DELIVER_SM, "deliver_sm", "deliver_sm_resp" },
	{ SMPP_ENQUIRE_LINK, "enquire_link", "enquire_link_resp" },
	{ SMPP_DATA_SM, "data_sm", "data_sm_resp" },
	{ SMPP_BIND_RECEIVER, "bind_receiver", "bind_receiver_resp" },
	{ SMPP_BIND_TRANSMITTER, "bind_transmitter", "bind_transmitter_resp" },
	{ SMPP_BIND_TRANSCEIVER, "bind_transceiver", "bind_transceiver_resp" },
	{ SMPP_UNBIND, "unbind", "unbind_resp" },
	{ SMPP_OUTBIND, "outbind", NULL },
	{ SMPP_QUERY_SM, "query_sm", "query_sm_resp" },
	{ SMPP_REPLACE_SM, "replace_sm", "replace_sm_resp" },
	{ SMPP_CANCEL_SM, "cancel_sm", "cancel_sm_resp" },
	{ SMPP_SUBMIT_MULTI, "submit_multi", "submit_multi_resp" },
	{ SMPP_ALERT_NOTIFICATION, "alert_notification", NULL },
	{ SMPP_BROADCAST_SM, "broadcast_sm", "broadcast_sm_resp" },
	{ SMPP_QUERY_BROADCAST_SM, "query_broadcast_sm", "query_broadcast_sm_resp" },
	{ SMPP_CANCEL_BROADCAST_SM, "cancel_broadcast_sm", "cancel_broadcast_sm_resp" },
};

const char *smpp_command_name(uint32_t id)
{
	if (id == SMPP_GENERIC_NACK)
		return "generic_nack";
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		if (commands[i].id == id)
			return commands[i].name;
		if (SMPP_RESPONSE_TO(commands[i].id) == id && commands[i].response)
			return commands[i].response;
	}
	return "unknown";
}

bool smpp_command_known(uint32_t id)
{
	if (id == SMPP_GENERIC_NACK)
		return true;
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		if (commands[i].id == id || (SMPP_RESPONSE_TO(commands[i].id) == id && commands[i].response))
			return true;
	return false;
}

enum smpp_frame smpp_frame_next(const void *bytes, size_t len, size_t max, struct text *pdu_out, uint32_t *sequence_out)
{
	struct reader r = reader_of(bytes, len);

	*sequence_out = 0;
	if (len < 4)
		return SMPP_FRAME_MORE;
	uint32_t length = reader_u32(&r);
	if (length < SMPP_HEADER_SIZE || length > max) {
		(void)reader_take(&r, 8);
		*sequence_out = reader_u32(&r);
		return SMPP_FRAME_BAD;
	}
	if (length > len)
		return SMPP_FRAME_MORE;
	*pdu_out = text_range(bytes, length);
	return SMPP_FRAME_DONE;
}

/* --- decoding --- */

struct body {
	struct reader r;
	uint32_t status; /* of the first field that was wrong; 0 = none */
};

static void wrong(struct body *b, uint32_t status)
{
	if (!b->status)
		b->status = status;
	reader_fail(&b->r);
}

/* A field that is too long is its own fault; one that the PDU ends in is the length's. */
static struct text take_string(struct body *b, size_t max, uint32_t status)
{
	size_t left = reader_left(&b->r);
	struct text t = reader_cstring(&b->r, max);

	if (b->r.failed)
		wrong(b, left > max ? status : (uint32_t)SMPP_RINVCMDLEN);
	return t;
}

static uint8_t take_u8(struct body *b)
{
	uint8_t v = reader_u8(&b->r);

	if (b->r.failed)
		wrong(b, SMPP_RINVCMDLEN);
	return v;
}

static struct smpp_address take_address(struct body *b, size_t max, uint32_t status)
{
	struct smpp_address a = { 0 };

	a.ton = take_u8(b);
	a.npi = take_u8(b);
	a.at = take_string(b, max, status);
	return a;
}

static struct text take_short_message(struct body *b)
{
	uint8_t len = take_u8(b);
	const uint8_t *at = reader_take(&b->r, len);

	if (!at) {
		wrong(b, SMPP_RINVMSGLEN);
		return (struct text){ 0 };
	}
	return text_range((const char *)at, len);
}

static void take_bind(struct body *b, struct smpp_bind *p)
{
	p->system_id = take_string(b, SMPP_SYSTEM_ID_MAX, SMPP_RINVSYSID);
	p->password = take_string(b, SMPP_PASSWORD_MAX, SMPP_RINVPASWD);
	p->system_type = take_string(b, SMPP_SYSTEM_TYPE_MAX, SMPP_RINVSYSTYP);
	p->interface_version = take_u8(b);
	p->addr_ton = take_u8(b);
	p->addr_npi = take_u8(b);
	p->address_range = take_string(b, SMPP_ADDRESS_RANGE_MAX, SMPP_RBINDFAIL);
}

static void take_sm_after_addresses(struct body *b, struct smpp_sm *p)
{
	p->esm_class = take_u8(b);
	p->protocol_id = take_u8(b);
	p->priority = take_u8(b);
	p->schedule = take_string(b, SMPP_TIME_MAX, SMPP_RINVSCHED);
	p->validity = take_string(b, SMPP_TIME_MAX, SMPP_RINVEXPIRY);
	p->registered_delivery = take_u8(b);
	p->replace_if_present = take_u8(b);
	p->data_coding = take_u8(b);
	p->default_message = take_u8(b);
	p->octets = take_short_message(b);
}

static void take_sm(struct body *b, struct smpp_sm *p)
{
	p->service_type = take_string(b, SMPP_SERVICE_TYPE_MAX, SMPP_RINVSERTYP);
	p->source = take_address(b, SMPP_ADDRESS_MAX, SMPP_RINVSRCADR);
	p->destination = take_address(b, SMPP_ADDRESS_MAX, SMPP_RINVDSTADR);
	take_sm_after_addresses(b, p);
}

static void take_data(struct body *b, struct smpp_data *p)
{
	p->service_type = take_string(b, SMPP_SERVICE_TYPE_MAX, SMPP_RINVSERTYP);
	p->source = take_address(b, SMPP_LONG_ADDRESS_MAX, SMPP_RINVSRCADR);
	p->destination = take_address(b, SMPP_LONG_ADDRESS_MAX, SMPP_RINVDSTADR);
	p->esm_class = take_u8(b);
	p->registered_delivery = take_u8(b);
	p->data_coding = take_u8(b);
}

static void take_destination(struct body *b, struct smpp_multi_destination *p)
{
	uint8_t flag = take_u8(b);

	p->is_list = flag == 2;
	if (flag == 1)
		p->address = take_address(b, SMPP_ADDRESS_MAX, SMPP_RINVDSTADR);
	else if (flag == 2)
		p->address = (struct smpp_address){ .at = take_string(b, SMPP_ADDRESS_MAX, SMPP_RINVDLNAME) };
	else
		wrong(b, SMPP_RINVDESTFLAG);
}

static void take_failure(struct body *b, struct smpp_multi_failure *p)
{
	p->address = take_address(b, SMPP_ADDRESS_MAX, SMPP_RINVDSTADR);
	p->status = reader_u32(&b->r);
	if (b->r.failed)
		wrong(b, SMPP_RINVCMDLEN);
}

static struct text entries_since(const struct body *b, const uint8_t *start)
{
	return b->r.failed ? (struct text){ 0 } : text_range((const char *)start, (size_t)(b->r.at - start));
}

static void take_multi(struct body *b, struct smpp_multi *p)
{
	struct smpp_multi_destination one;

	p->sm.service_type = take_string(b, SMPP_SERVICE_TYPE_MAX, SMPP_RINVSERTYP);
	p->sm.source = take_address(b, SMPP_ADDRESS_MAX, SMPP_RINVSRCADR);
	p->count = take_u8(b);
	if (!p->count)
		wrong(b, SMPP_RINVNUMDESTS);
	const uint8_t *start = b->r.at;
	for (unsigned i = 0; i < p->count && !b->r.failed; i++)
		take_destination(b, &one);
	p->entries = entries_since(b, start);
	take_sm_after_addresses(b, &p->sm);
}

static void take_multi_resp(struct body *b, struct smpp_multi_resp *p)
{
	struct smpp_multi_failure one;

	p->message_id = take_string(b, SMPP_MESSAGE_ID_MAX, SMPP_RINVMSGID);
	p->count = take_u8(b);
	const uint8_t *start = b->r.at;
	for (unsigned i = 0; i < p->count && !b->r.failed; i++)
		take_failure(b, &one);
	p->entries = entries_since(b, start);
}

static void take_query(struct body *b, struct smpp_query *p)
{
	p->message_id = take_string(b, SMPP_MESSAGE_ID_MAX, SMPP_RINVMSGID);
	p->source = take_address(b, SMPP_ADDRESS_MAX, SMPP_RINVSRCADR);
}

static void take_query_resp(struct body *b, struct smpp_query_resp *p)
{
	p->message_id = take_string(b, SMPP_MESSAGE_ID_MAX, SMPP_RINVMSGID);
	p->final_date = take_string(b, SMPP_TIME_MAX, SMPP_RINVEXPIRY);
	p->message_state = take_u8(b);
	p->error_code = take_u8(b);
}

static void take_cancel(struct body *b, struct smpp_cancel *p)
{
	p->service_type = take_string(b, SMPP_SERVICE_TYPE_MAX, SMPP_RINVSERTYP);
	p->message_id = take_string(b, SMPP_MESSAGE_ID_MAX, SMPP_RINVMSGID);
	p->source = take_address(b, SMPP_ADDRESS_MAX, SMPP_RINVSRCADR);
	p->destination = take_address(b, SMPP_ADDRESS_MAX, SMPP_RINVDSTADR);
}

static void take_replace(struct body *b, struct smpp_replace *p)
{
	p->message_id = take_string(b, SMPP_MESSAGE_ID_MAX, SMPP_RINVMSGID);
	p->source = take_address(b, SMPP_ADDRESS_MAX, SMPP_RINVSRCADR);
	p->schedule = take_string(b, SMPP_TIME_MAX, SMPP_RINVSCHED);
	p->validity = take_string(b, SMPP_TIME_MAX, SMPP_RINVEXPIRY);
	p->registered_delivery = take_u8(b);
	p->default_message = take_u8(b);
	p->octets = take_short_message(b);
}

static void take_rest(struct body *b, struct text *p)
{
	size_t left = reader_left(&b->r);
	const uint8_t *at = reader_take(&b->r, left);

	*p = text_range((const char *)at, at ? left : 0);
}

/* False for a command that is not known. */
static bool take_request(struct body *b, struct smpp_pdu *p)
{
	switch (p->id) {
	case SMPP_SUBMIT_SM:
	case SMPP_DELIVER_SM:
		take_sm(b, &p->u.sm);
		return true;
	case SMPP_DATA_SM:
		take_data(b, &p->u.data);
		return true;
	case SMPP_ENQUIRE_LINK:
	case SMPP_UNBIND:
		return true;
	case SMPP_BIND_RECEIVER:
	case SMPP_BIND_TRANSMITTER:
	case SMPP_BIND_TRANSCEIVER:
		take_bind(b, &p->u.bind);
		return true;
	case SMPP_OUTBIND:
		p->u.outbind.system_id = take_string(b, SMPP_SYSTEM_ID_MAX, SMPP_RINVSYSID);
		p->u.outbind.password = take_string(b, SMPP_PASSWORD_MAX, SMPP_RINVPASWD);
		return true;
	case SMPP_QUERY_SM:
		take_query(b, &p->u.query);
		return true;
	case SMPP_REPLACE_SM:
		take_replace(b, &p->u.replace);
		return true;
	case SMPP_CANCEL_SM:
		take_cancel(b, &p->u.cancel);
		return true;
	case SMPP_SUBMIT_MULTI:
		take_multi(b, &p->u.multi);
		return true;
	case SMPP_ALERT_NOTIFICATION:
		p->u.alert.source = take_address(b, SMPP_LONG_ADDRESS_MAX, SMPP_RINVSRCADR);
		p->u.alert.esme = take_address(b, SMPP_LONG_ADDRESS_MAX, SMPP_RINVDSTADR);
		return true;
	case SMPP_BROADCAST_SM:
	case SMPP_QUERY_BROADCAST_SM:
	case SMPP_CANCEL_BROADCAST_SM:
		take_rest(b, &p->u.body);
		return true;
	default:
		return false;
	}
}

static void take_response(struct body *b, struct smpp_pdu *p)
{
	switch (p->id & ~SMPP_RESPONSE) {
	case SMPP_SUBMIT_SM:
	case SMPP_DELIVER_SM:
	case SMPP_DATA_SM:
		p->u.message_id = take_string(b, SMPP_MESSAGE_ID_MAX, SMPP_RINVMSGID);
		break;
	case SMPP_BIND_RECEIVER:
	case SMPP_BIND_TRANSMITTER:
	case SMPP_BIND_TRANSCEIVER:
		p->u.system_id = take_string(b, SMPP_SYSTEM_ID_MAX, SMPP_RINVSYSID);
		break;
	case SMPP_SUBMIT_MULTI:
		take_multi_resp(b, &p->u.multi_resp);
		break;
	case SMPP_QUERY_SM:
		take_query_resp(b, &p->u.query_resp);
		break;
	case SMPP_BROADCAST_SM:
	case SMPP_QUERY_BROADCAST_SM:
		take_rest(b, &p->u.body);
		break;
	default: /* the others have no body */
		break;
	}
}

static void take_tlvs(struct body *b, struct smpp_pdu *p)
{
	struct smpp_tlv tlv;
	const uint8_t *start = b->r.at;

	if (b->r.failed)
		return;
	while (smpp_tlv_next(&b->r, &tlv))
		;
	if (!reader_done(&b->r))
		wrong(b, SMPP_RINVTLVSTREAM);
	else
		p->tlvs = text_range((const char *)start, (size_t)(b->r.at - start));
}

static enum result fail(uint32_t status, enum result result, uint32_t *status_out)
{
	if (status_out)
		*status_out = status;
	return result;
}

static enum result decode_body(struct body *b, struct smpp_pdu *out, uint32_t *status_out)
{
	bool response = out->id & SMPP_RESPONSE;

	if (response && !smpp_command_known(out->id))
		return fail(SMPP_RINVCMDID, ERR_UNSUPPORTED, status_out);
	if (response && !reader_left(&b->r))
		return OK;
	if (response)
		take_response(b, out);
	else if (!take_request(b, out))
		return fail(SMPP_RINVCMDID, ERR_UNSUPPORTED, status_out);
	take_tlvs(b, out);
	if (!b->status)
		return OK;
	memset(&out->u, 0, sizeof(out->u));
	if (response && out->status)
		return OK; /* an error answer has no body by the book: what stands there is nobody's concern */
	return fail(b->status, ERR_MALFORMED, status_out);
}

enum result smpp_pdu_decode(const void *bytes, size_t len, struct smpp_pdu *out, uint32_t *status_out)
{
	struct body b = { .r = reader_of(bytes, len) };

	memset(out, 0, sizeof(*out));
	if (status_out)
		*status_out = SMPP_ROK;
	uint32_t length = reader_u32(&b.r);
	out->id = reader_u32(&b.r);
	out->status = reader_u32(&b.r);
	out->sequence = reader_u32(&b.r);
	if (b.r.failed || length > len)
		return fail(SMPP_RINVCMDLEN, ERR_SHORT, status_out);
	if (length != len)
		return fail(SMPP_RINVCMDLEN, ERR_MALFORMED, status_out);
	return decode_body(&b, out, status_out);
}

bool smpp_multi_next(struct reader *entries, struct smpp_multi_destination *out)
{
	struct body b = { .r = *entries };

	if (!reader_left(entries))
		return false;
	memset(out, 0, sizeof(*out));
	take_destination(&b, out);
	*entries = b.r;
	return !b.r.failed;
}

bool smpp_multi_resp_next(struct reader *entries, struct smpp_multi_failure *out)
{
	struct body b = { .r = *entries };

	if (!reader_left(entries))
		return false;
	memset(out, 0, sizeof(*out));
	take_failure(&b, out);
	*entries = b.r;
	return !b.r.failed;
}
