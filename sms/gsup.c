/* SPDX-License-Identifier: GPL-3.0-or-later */
/* GSUP messages for short messages. */
#include "sms/gsup.h"

#include <string.h>

#include "core/base/reader.h"
#include "sms/bcd.h"
#include "sms/ipa.h"

static enum result fail_at(enum result result, size_t at, size_t *bad_octet_out)
{
	if (result != OK && bad_octet_out)
		*bad_octet_out = at;
	return result;
}

static enum result take_imsi(struct reader *value, char *to)
{
	struct writer w = writer_of(to, GSUP_IMSI_MAX);

	if (!reader_left(value))
		return ERR_MALFORMED;
	bcd_take_all(value, &w);
	to[writer_len(&w)] = 0;
	if (value->failed)
		return ERR_MALFORMED;
	return writer_ok(&w) ? OK : ERR_TOO_BIG;
}

static enum result take_address(struct reader *value, struct gsup_address *out)
{
	uint8_t kind = reader_u8(value);
	char imsi[GSUP_IMSI_MAX + 1];
	enum result result;

	out->kind = kind;
	switch (kind) {
	case GSUP_ADDRESS_NULL:
		return OK;
	case GSUP_ADDRESS_IMSI:
		result = take_imsi(value, imsi);
		out->address = (struct sms_address){ 0 };
		out->address.len = (uint8_t)(result == OK ? strlen(imsi) : 0);
		memcpy(out->address.text, imsi, out->address.len);
		return result;
	case GSUP_ADDRESS_MSISDN:
	case GSUP_ADDRESS_CENTRE:
		return sms_address_take_rest(value, &out->address, NULL);
	default:
		return ERR_MALFORMED;
	}
}

static void take_flagged(struct reader *value, uint8_t *out, bool *has_out)
{
	*out = reader_u8(value);
	*has_out = true;
}

static struct text whole(struct reader *value)
{
	size_t n = reader_left(value);

	return text_range((const char *)reader_take(value, n), n);
}

/* With a NUL at the end or without; one in the middle would be another name to whoever reads it as a string. */
static enum result take_name(struct reader *value, struct text *out)
{
	*out = whole(value);
	if (out->len && !out->at[out->len - 1])
		out->len--;
	return out->len && memchr(out->at, 0, out->len) ? ERR_MALFORMED : OK;
}

static enum result take_element(struct gsup *out, uint8_t tag, struct reader *value)
{
	uint8_t octet;

	switch (tag) {
	case GSUP_TAG_IMSI:
		return take_imsi(value, out->imsi);
	case GSUP_TAG_CAUSE:
		take_flagged(value, &out->cause, &out->has_cause);
		break;
	case GSUP_TAG_MSISDN:
		out->msisdn = whole(value);
		break;
	case GSUP_TAG_CLASS:
		take_flagged(value, &out->class_of, &out->has_class);
		break;
	case GSUP_TAG_REFERENCE:
		take_flagged(value, &out->reference, &out->has_reference);
		break;
	case GSUP_TAG_DESTINATION:
		return take_address(value, &out->destination);
	case GSUP_TAG_ORIGINATOR:
		return take_address(value, &out->originator);
	case GSUP_TAG_TPDU:
		out->tpdu = whole(value);
		out->has_tpdu = true;
		break;
	case GSUP_TAG_RP_CAUSE:
		take_flagged(value, &out->rp_cause, &out->has_rp_cause);
		break;
	case GSUP_TAG_MORE:
		/* Some versions send the element without a value. */
		octet = reader_left(value) ? reader_u8(value) : 1;
		out->more = octet;
		out->has_more = true;
		break;
	case GSUP_TAG_ALERT:
		take_flagged(value, &out->alert, &out->has_alert);
		break;
	case GSUP_TAG_SOURCE_NAME:
		return take_name(value, &out->source);
	case GSUP_TAG_DESTINATION_NAME:
		return take_name(value, &out->destination_name);
	default:
		break;
	}
	return value->failed ? ERR_MALFORMED : OK;
}

enum result gsup_decode(const void *octets, size_t len, struct gsup *out, size_t *bad_octet_out)
{
	struct reader r = reader_of(octets, len);

	*out = (struct gsup){ .type = reader_u8(&r) };
	if (r.failed)
		return fail_at(ERR_SHORT, 0, bad_octet_out);
	if (out->type != GSUP_ROUTING_ERROR && reader_left(&r) && reader_peek(&r) != GSUP_TAG_IMSI)
		return fail_at(ERR_MALFORMED, 1, bad_octet_out);
	while (reader_left(&r)) {
		size_t at = len - reader_left(&r);
		uint8_t tag = reader_u8(&r);
		uint8_t size = reader_u8(&r);
		struct reader value = reader_sub(&r, size);

		if (r.failed)
			return fail_at(ERR_SHORT, at, bad_octet_out);
		enum result result = take_element(out, tag, &value);
		if (result != OK)
			return fail_at(result, at, bad_octet_out);
	}
	if (!out->imsi[0] && out->type != GSUP_ROUTING_ERROR)
		return fail_at(ERR_SHORT, len, bad_octet_out);
	return OK;
}

static void put_octet(struct writer *w, enum gsup_tag tag, bool has, uint8_t value)
{
	if (!has)
		return;
	writer_u8(w, (uint8_t)tag);
	writer_u8(w, 1);
	writer_u8(w, value);
}

static size_t begin(struct writer *w, enum gsup_tag tag)
{
	writer_u8(w, (uint8_t)tag);
	return writer_mark(w, 1);
}

static void put_address(struct writer *w, enum gsup_tag tag, const struct gsup_address *a)
{
	if (a->kind == GSUP_ADDRESS_ABSENT)
		return;
	size_t mark = begin(w, tag);
	writer_u8(w, (uint8_t)a->kind);
	if (a->kind == GSUP_ADDRESS_IMSI)
		bcd_put(w, text_range(a->address.text, a->address.len));
	else if (a->kind != GSUP_ADDRESS_NULL)
		sms_address_put_rest(w, &a->address);
	writer_fill_u8(w, mark);
}

static void put_octets(struct writer *w, enum gsup_tag tag, bool has, struct text value)
{
	if (!has)
		return;
	size_t mark = begin(w, tag);
	writer_text(w, value);
	writer_fill_u8(w, mark);
}

static void put_name(struct writer *w, enum gsup_tag tag, struct text name)
{
	if (!name.len)
		return;
	size_t mark = begin(w, tag);
	writer_cstring(w, name);
	writer_fill_u8(w, mark);
}

static void put_imsi(struct writer *w, const char *imsi)
{
	if (!imsi[0])
		return;
	size_t mark = begin(w, GSUP_TAG_IMSI);
	bcd_put(w, text_of(imsi));
	writer_fill_u8(w, mark);
}

void gsup_encode(const struct gsup *g, struct writer *w)
{
	writer_u8(w, g->type);
	put_imsi(w, g->imsi);
	put_octet(w, GSUP_TAG_CAUSE, g->has_cause, g->cause);
	put_octets(w, GSUP_TAG_MSISDN, g->msisdn.len, g->msisdn);
	put_octet(w, GSUP_TAG_REFERENCE, g->has_reference, g->reference);
	put_address(w, GSUP_TAG_DESTINATION, &g->destination);
	put_address(w, GSUP_TAG_ORIGINATOR, &g->originator);
	put_octets(w, GSUP_TAG_TPDU, g->has_tpdu, g->tpdu);
	put_octet(w, GSUP_TAG_RP_CAUSE, g->has_rp_cause, g->rp_cause);
	put_octet(w, GSUP_TAG_MORE, g->has_more, g->more);
	put_octet(w, GSUP_TAG_ALERT, g->has_alert, g->alert);
	put_octet(w, GSUP_TAG_CLASS, g->has_class, g->class_of);
	put_name(w, GSUP_TAG_SOURCE_NAME, g->source);
	put_name(w, GSUP_TAG_DESTINATION_NAME, g->destination_name);
}

void gsup_put_frame(const struct gsup *g, struct writer *w)
{
	size_t mark = ipa_begin(w, IPA_OSMO, IPA_GSUP);

	gsup_encode(g, w);
	ipa_end(w, mark);
}

const char *gsup_type_name(uint8_t type)
{
	static const struct {
		uint8_t type;
		const char *names[3];
	} rows[] = {
		{ GSUP_UPDATE_LOCATION, { "updateLocation", "updateLocation error", "updateLocation result" } },
		{ GSUP_SEND_AUTH_INFO, { "sendAuthInfo", "sendAuthInfo error", "sendAuthInfo result" } },
		{ GSUP_PURGE, { "purgeMS", "purgeMS error", "purgeMS result" } },
		{ GSUP_INSERT_DATA,
		  { "insertSubscriberData", "insertSubscriberData error", "insertSubscriberData result" } },
		{ GSUP_DELETE_DATA,
		  { "deleteSubscriberData", "deleteSubscriberData error", "deleteSubscriberData result" } },
		{ GSUP_LOCATION_CANCEL, { "locationCancel", "locationCancel error", "locationCancel result" } },
		{ GSUP_SUPPLEMENTARY, { "procSS", "procSS error", "procSS result" } },
		{ GSUP_MO_FORWARD, { "MO-forwardSM", "MO-forwardSM error", "MO-forwardSM result" } },
		{ GSUP_MT_FORWARD, { "MT-forwardSM", "MT-forwardSM error", "MT-forwardSM result" } },
		{ GSUP_READY_FOR_SM, { "READY-FOR-SM", "READY-FOR-SM error", "READY-FOR-SM result" } },
		{ GSUP_CHECK_IMEI, { "checkIMEI", "checkIMEI error", "checkIMEI result" } },
	};

	if (type == GSUP_AUTH_FAIL_REPORT)
		return "authFailReport";
	if (type == GSUP_ROUTING_ERROR)
		return "routing error";
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (type >= rows[i].type && type <= rows[i].type + 2)
			return rows[i].names[type - rows[i].type];
	}
	return "other";
}

const char *gsup_cause_name(uint8_t cause)
{
	switch (cause) {
	case GSUP_CAUSE_IMSI_UNKNOWN:
		return "IMSI unknown";
	case GSUP_CAUSE_DETACHED:
		return "implicitly detached";
	case GSUP_CAUSE_NETWORK_FAILURE:
		return "network failure";
	case GSUP_CAUSE_CONGESTION:
		return "congestion";
	case GSUP_CAUSE_INVALID_ELEMENT:
		return "invalid mandatory information";
	case GSUP_CAUSE_PROTOCOL_ERROR:
		return "protocol error";
	default:
		return "other";
	}
}
