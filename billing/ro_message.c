/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Requests and answers as bytes; ro_decode.c reads them. */
#include "billing/ro_message.h"

#include "billing/ro_avp.h"

#define PRODUCT TEXT_LITERAL("cellpost")
#define IMS_ORIGINATING 0u
#define SMS_NODE_SC 3u /* TS 32.299 7.2.213: SMS-SC */
#define SMS_SUBMISSION 0u
#define NTP_OFFSET_S INT64_C(2208988800) /* RFC 6733 4.3.1: Time counts from 1900 */

static size_t begin(struct writer *w, uint8_t flags, uint32_t command, uint32_t application, struct ro_ids ids)
{
	size_t mark = writer_mark(w, 4);

	writer_u32(w, (uint32_t)flags << 24 | command);
	writer_u32(w, application);
	writer_u32(w, ids.hop);
	writer_u32(w, ids.end);
	return mark;
}

static void end(struct writer *w, size_t mark)
{
	if (w->failed)
		return;
	size_t n = writer_len(w) - mark;
	w->start[mark] = 1; /* version */
	ro_avp_fill(w, mark + 1, n);
}

static void put_origin(struct writer *w, const struct ro_identity *us)
{
	ro_put_text(w, RO_AVP_ORIGIN_HOST, us->host);
	ro_put_text(w, RO_AVP_ORIGIN_REALM, us->realm);
}

/* RFC 6733 5.3.1 */
void ro_put_capabilities(struct writer *w, const struct ro_identity *us, struct ro_ids ids)
{
	size_t mark = begin(w, RO_FLAG_REQUEST, RO_CAPABILITIES, 0, ids);

	put_origin(w, us);
	size_t at = ro_avp_begin(w, RO_AVP_HOST_IP_ADDRESS, RO_MANDATORY);
	writer_u16(w, us->address_len == 16 ? 2 : 1);
	writer_bytes(w, us->address, us->address_len);
	ro_avp_end(w, at);
	ro_put_u32(w, RO_AVP_VENDOR_ID, 0);
	ro_put_avp(w, RO_AVP_PRODUCT_NAME, 0, PRODUCT.at, PRODUCT.len);
	ro_put_u32(w, RO_AVP_SUPPORTED_VENDOR_ID, RO_VENDOR_3GPP);
	ro_put_u32(w, RO_AVP_AUTH_APPLICATION_ID, RO_APPLICATION);
	/* Some systems file it under 3GPP, and then know no other: Kamailio's among them. */
	at = ro_avp_begin(w, RO_AVP_VENDOR_SPECIFIC_APPLICATION_ID, RO_MANDATORY);
	ro_put_u32(w, RO_AVP_VENDOR_ID, RO_VENDOR_3GPP);
	ro_put_u32(w, RO_AVP_AUTH_APPLICATION_ID, RO_APPLICATION);
	ro_avp_end(w, at);
	end(w, mark);
}

void ro_put_watchdog(struct writer *w, const struct ro_identity *us, struct ro_ids ids)
{
	size_t mark = begin(w, RO_FLAG_REQUEST, RO_WATCHDOG, 0, ids);

	put_origin(w, us);
	end(w, mark);
}

void ro_put_disconnect(struct writer *w, const struct ro_identity *us, struct ro_ids ids)
{
	size_t mark = begin(w, RO_FLAG_REQUEST, RO_DISCONNECT, 0, ids);

	put_origin(w, us);
	ro_put_u32(w, RO_AVP_DISCONNECT_CAUSE, 0); /* rebooting: a connection is welcome again */
	end(w, mark);
}

void ro_put_answer(struct writer *w, const struct ro_identity *us, const struct ro_message *request, uint32_t result)
{
	uint8_t flags = (uint8_t)(request->flags & RO_FLAG_PROXIABLE);

	if (result / 1000 == 3)
		flags |= RO_FLAG_ERROR;
	size_t mark = begin(w, flags, request->command, request->application, request->ids);
	if (request->session.len)
		ro_put_text(w, RO_AVP_SESSION_ID, request->session);
	ro_put_u32(w, RO_AVP_RESULT_CODE, result);
	put_origin(w, us);
	end(w, mark);
}

/* --- credit control ------------------------------------------------------------------------------------------- */

static bool digits_only(struct text t)
{
	for (size_t i = 0; i < t.len; i++) {
		if (t.at[i] < '0' || t.at[i] > '9')
			return false;
	}
	return t.len > 0;
}

static void put_subscriber(struct writer *w, struct text t)
{
	enum { E164 = 0, SIP_URI = 2, NAI = 3, PRIVATE = 4 } type = PRIVATE; /* RFC 8506 8.47 */

	if (t.len > 1 && t.at[0] == '+' && digits_only(text_range(t.at + 1, t.len - 1))) {
		type = E164;
		t = text_range(t.at + 1, t.len - 1);
	} else if (text_starts(t, "sip:") || text_starts(t, "tel:")) {
		type = SIP_URI;
	} else if (t.len && memchr(t.at, '@', t.len)) {
		type = NAI;
	}
	size_t at = ro_avp_begin(w, RO_AVP_SUBSCRIPTION_ID, RO_MANDATORY);
	ro_put_u32(w, RO_AVP_SUBSCRIPTION_ID_TYPE, type);
	ro_put_text(w, RO_AVP_SUBSCRIPTION_ID_DATA, t);
	ro_avp_end(w, at);
}

static void put_units(struct writer *w, enum ro_avp group, const struct ro_request *q)
{
	size_t at = ro_avp_begin(w, group, RO_MANDATORY);

	if (q->unit == RO_UNIT_TIME)
		ro_put_u32(w, RO_AVP_CC_TIME, q->units > UINT32_MAX ? UINT32_MAX : (uint32_t)q->units);
	else
		ro_put_u64(w, RO_AVP_CC_SERVICE_SPECIFIC_UNITS, q->units);
	ro_avp_end(w, at);
}

static void put_service(struct writer *w, const struct ro_request *q)
{
	size_t at = ro_avp_begin(w, RO_AVP_MULTIPLE_SERVICES, RO_MANDATORY);

	put_units(w, q->type == RO_INITIAL_REQUEST ? RO_AVP_REQUESTED_UNIT : RO_AVP_USED_UNIT, q);
	if (q->service)
		ro_put_u32(w, RO_AVP_SERVICE_IDENTIFIER, q->service);
	if (q->rating_group)
		ro_put_u32(w, RO_AVP_RATING_GROUP, q->rating_group);
	ro_avp_end(w, at);
}

/* TS 32.299 7.2.169, 7.2.170 */
static void put_recipient(struct writer *w, struct text number, unsigned flags)
{
	size_t info = ro_avp_begin(w, RO_AVP_RECIPIENT_INFO, flags);
	size_t at = ro_avp_begin(w, RO_AVP_RECIPIENT_ADDRESS, flags);

	ro_put_avp_u32(w, RO_AVP_ADDRESS_TYPE, flags, 1); /* MSISDN */
	ro_put_avp(w, RO_AVP_ADDRESS_DATA, flags, number.at, number.len);
	ro_avp_end(w, at);
	ro_avp_end(w, info);
}

static void put_sms(struct writer *w, const struct ro_request *q, unsigned flags)
{
	size_t at = ro_avp_begin(w, RO_AVP_SMS_INFORMATION, flags);

	ro_put_avp_u32(w, RO_AVP_SMS_NODE, flags, SMS_NODE_SC);
	ro_put_avp_u32(w, RO_AVP_SM_MESSAGE_TYPE, flags, SMS_SUBMISSION);
	put_recipient(w, q->recipient, flags);
	ro_avp_end(w, at);
}

static void put_ims(struct writer *w, const struct ro_request *q, unsigned flags)
{
	size_t at = ro_avp_begin(w, RO_AVP_IMS_INFORMATION, flags);
	char room[RO_NAME_MAX + 5];
	struct writer uri = writer_of(room, sizeof(room));

	writer_text(&uri, TEXT_LITERAL("tel:"));
	writer_text(&uri, q->recipient);
	if (!writer_ok(&uri))
		w->failed = true;
	ro_put_avp_u32(w, RO_AVP_ROLE_OF_NODE, flags, IMS_ORIGINATING);
	ro_put_avp(w, RO_AVP_CALLED_PARTY_ADDRESS, flags, room, writer_len(&uri));
	ro_avp_end(w, at);
}

static void put_content(struct writer *w, const struct ro_request *q)
{
	unsigned flags = RO_3GPP | (q->mandatory ? RO_MANDATORY : 0u);

	if (q->content == RO_CONTENT_NONE)
		return;
	size_t at = ro_avp_begin(w, RO_AVP_SERVICE_INFORMATION, flags);
	if (q->content == RO_CONTENT_SMS)
		put_sms(w, q, flags);
	else
		put_ims(w, q, flags);
	ro_avp_end(w, at);
}

/* RFC 8506 3.1, in the order in which it lists them. */
void ro_put_credit(struct writer *w, const struct ro_identity *us, const struct ro_request *q)
{
	uint8_t flags = RO_FLAG_REQUEST | RO_FLAG_PROXIABLE;

	if (q->retransmitted)
		flags |= RO_FLAG_RETRANSMITTED;
	size_t mark = begin(w, flags, RO_CREDIT_CONTROL, RO_APPLICATION, q->ids);
	ro_put_text(w, RO_AVP_SESSION_ID, q->session);
	put_origin(w, us);
	ro_put_text(w, RO_AVP_DESTINATION_REALM, q->destination_realm);
	ro_put_u32(w, RO_AVP_AUTH_APPLICATION_ID, RO_APPLICATION);
	ro_put_text(w, RO_AVP_SERVICE_CONTEXT_ID, q->context);
	ro_put_u32(w, RO_AVP_CC_REQUEST_TYPE, q->type);
	ro_put_u32(w, RO_AVP_CC_REQUEST_NUMBER, q->number);
	if (q->destination_host.len)
		ro_put_text(w, RO_AVP_DESTINATION_HOST, q->destination_host);
	if (q->at_us)
		ro_put_u32(w, RO_AVP_EVENT_TIMESTAMP, (uint32_t)(q->at_us / 1000000 + NTP_OFFSET_S));
	put_subscriber(w, q->subscriber);
	ro_put_u32(w, RO_AVP_MULTIPLE_SERVICES_INDICATOR, 1);
	if (q->type == RO_TERMINATION_REQUEST)
		ro_put_u32(w, RO_AVP_TERMINATION_CAUSE, 1); /* DIAMETER_LOGOUT */
	put_service(w, q);
	put_content(w, q);
	end(w, mark);
}
