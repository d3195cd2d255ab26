/* SPDX-License-Identifier: GPL-3.0-or-later */
/* RP codec: 3GPP TS 24.011 7.3 and 8.2. */
#include "sms/rp.h"

#define IEI_USER_DATA 0x41
#define TYPE_MASK 0x07 /* 8.2.2: the upper five bits are spare */
#define CAUSE_MASK 0x7f

struct decoding {
	struct reader r;
	const uint8_t *start;
	enum result result;
	size_t bad_octet;
	struct rp *rp;
};

static size_t offset(const struct decoding *d)
{
	return (size_t)(d->r.at - d->start);
}

static void wrong(struct decoding *d, enum result result, size_t octet)
{
	if (d->result != OK)
		return;
	d->result = result;
	d->bad_octet = octet;
	reader_fail(&d->r);
}

static uint8_t take_octet(struct decoding *d)
{
	size_t at = offset(d);
	uint8_t v = reader_u8(&d->r);

	if (d->r.failed)
		wrong(d, ERR_SHORT, at);
	return v;
}

static void take_address(struct decoding *d, struct sms_address *out)
{
	size_t at = offset(d), bad = 0;
	enum result result;

	if (d->result != OK)
		return;
	result = sms_address_take_rp(&d->r, out, &bad);
	if (result != OK)
		wrong(d, result, at + bad);
}

static void take_tpdu(struct decoding *d)
{
	size_t at = offset(d);
	uint8_t len = take_octet(d);

	if (d->result == OK && len > RP_TPDU_MAX)
		wrong(d, ERR_TOO_BIG, at);
	d->rp->tpdu.at = (const char *)reader_take(&d->r, len);
	d->rp->tpdu.len = d->r.failed ? 0 : len;
	d->rp->has_tpdu = !d->r.failed;
	if (d->r.failed)
		wrong(d, ERR_SHORT, at);
}

static void take_cause(struct decoding *d)
{
	size_t at = offset(d);
	uint8_t len = take_octet(d);
	struct reader value = reader_sub(&d->r, len);

	if (d->r.failed || !len) {
		wrong(d, d->r.failed ? ERR_SHORT : ERR_MALFORMED, at);
		return;
	}
	d->rp->cause = reader_u8(&value) & CAUSE_MASK;
	d->rp->has_diagnostic = reader_left(&value);
	d->rp->diagnostic = d->rp->has_diagnostic ? reader_u8(&value) : 0;
}

/* Elements with a tag: octets above 0x7f stand alone, others have a length (24.007 11.2.4). */
static void take_optional(struct decoding *d)
{
	while (d->result == OK && reader_left(&d->r)) {
		size_t at = offset(d);
		uint8_t iei = take_octet(d);

		if (iei == IEI_USER_DATA && !d->rp->has_tpdu) {
			take_tpdu(d);
		} else if (iei < 0x80) {
			uint8_t len = take_octet(d);
			(void)reader_take(&d->r, len);
			if (d->r.failed)
				wrong(d, ERR_SHORT, at);
		}
	}
}

static void decode_body(struct decoding *d)
{
	switch (d->rp->type) {
	case RP_DATA_FROM_PHONE:
	case RP_DATA_TO_PHONE:
		take_address(d, &d->rp->originator);
		take_address(d, &d->rp->destination);
		take_tpdu(d);
		break;
	case RP_ERROR_FROM_PHONE:
	case RP_ERROR_TO_PHONE:
		take_cause(d);
		take_optional(d);
		break;
	case RP_ACK_FROM_PHONE:
	case RP_ACK_TO_PHONE:
		take_optional(d);
		break;
	default:
		break;
	}
}

enum result rp_decode(const void *octets, size_t len, struct rp *out, size_t *bad_octet_out)
{
	struct decoding d = { .r = reader_of(octets, len), .rp = out };

	*out = (struct rp){ 0 };
	d.start = d.r.at;
	out->type = take_octet(&d) & TYPE_MASK;
	out->reference = take_octet(&d);
	if (d.result == OK && out->type >= RP_TYPES)
		wrong(&d, ERR_UNSUPPORTED, 0);
	if (d.result == OK)
		decode_body(&d);
	if (d.result == OK && reader_left(&d.r))
		wrong(&d, ERR_MALFORMED, offset(&d));
	if (d.result != OK && bad_octet_out)
		*bad_octet_out = d.bad_octet;
	return d.result;
}

static void put_tpdu(struct writer *w, const struct rp *rp)
{
	size_t mark = writer_mark(w, 1);

	writer_text(w, rp->tpdu);
	if (rp->tpdu.len > RP_TPDU_MAX)
		w->failed = true;
	writer_fill_u8(w, mark);
}

static void put_optional(struct writer *w, const struct rp *rp)
{
	if (!rp->has_tpdu)
		return;
	writer_u8(w, IEI_USER_DATA);
	put_tpdu(w, rp);
}

static void put_cause(struct writer *w, const struct rp *rp)
{
	size_t mark = writer_mark(w, 1);

	writer_u8(w, rp->cause & CAUSE_MASK);
	if (rp->has_diagnostic)
		writer_u8(w, rp->diagnostic);
	writer_fill_u8(w, mark);
}

void rp_encode(const struct rp *rp, struct writer *w)
{
	writer_u8(w, (uint8_t)rp->type);
	writer_u8(w, rp->reference);
	switch (rp->type) {
	case RP_DATA_FROM_PHONE:
	case RP_DATA_TO_PHONE:
		sms_address_put_rp(w, &rp->originator);
		sms_address_put_rp(w, &rp->destination);
		put_tpdu(w, rp);
		break;
	case RP_ERROR_FROM_PHONE:
	case RP_ERROR_TO_PHONE:
		put_cause(w, rp);
		put_optional(w, rp);
		break;
	case RP_ACK_FROM_PHONE:
	case RP_ACK_TO_PHONE:
		put_optional(w, rp);
		break;
	default:
		break;
	}
}

enum tpdu_direction rp_direction(enum rp_type type)
{
	return type == RP_SMMA || !(type & 1) ? TPDU_FROM_PHONE : TPDU_TO_PHONE;
}

enum tpdu_carrier rp_carrier(enum rp_type type)
{
	switch (type) {
	case RP_ACK_FROM_PHONE:
	case RP_ACK_TO_PHONE:
		return TPDU_IN_ACK;
	case RP_ERROR_FROM_PHONE:
	case RP_ERROR_TO_PHONE:
		return TPDU_IN_ERROR;
	default:
		return TPDU_IN_DATA;
	}
}

const char *rp_type_name(enum rp_type type)
{
	static const char *const names[RP_TYPES] = { "RP-DATA",	 "RP-DATA",  "RP-ACK", "RP-ACK",
						     "RP-ERROR", "RP-ERROR", "RP-SMMA" };

	return type < RP_TYPES ? names[type] : NULL;
}

const char *rp_cause_name(uint8_t cause)
{
	static const struct {
		uint8_t cause;
		const char *name;
	} names[] = {
		{ RP_CAUSE_UNASSIGNED, "unassigned number" },
		{ RP_CAUSE_OPERATOR_BARRED, "operator determined barring" },
		{ RP_CAUSE_CALL_BARRED, "call barred" },
		{ RP_CAUSE_REJECTED, "short message transfer rejected" },
		{ RP_CAUSE_MEMORY_EXCEEDED, "memory capacity exceeded" },
		{ RP_CAUSE_DESTINATION_OUT_OF_ORDER, "destination out of order" },
		{ RP_CAUSE_UNIDENTIFIED_SUBSCRIBER, "unidentified subscriber" },
		{ RP_CAUSE_FACILITY_REJECTED, "facility rejected" },
		{ RP_CAUSE_UNKNOWN_SUBSCRIBER, "unknown subscriber" },
		{ RP_CAUSE_NETWORK_OUT_OF_ORDER, "network out of order" },
		{ RP_CAUSE_TEMPORARY_FAILURE, "temporary failure" },
		{ RP_CAUSE_CONGESTION, "congestion" },
		{ RP_CAUSE_NO_RESOURCES, "resources unavailable" },
		{ RP_CAUSE_NOT_SUBSCRIBED, "facility not subscribed" },
		{ RP_CAUSE_NOT_IMPLEMENTED, "facility not implemented" },
		{ RP_CAUSE_INVALID_REFERENCE, "invalid reference" },
		{ RP_CAUSE_SEMANTICALLY_INCORRECT, "semantically incorrect message" },
		{ RP_CAUSE_INVALID_MANDATORY, "invalid mandatory information" },
		{ RP_CAUSE_TYPE_UNKNOWN, "message type unknown" },
		{ RP_CAUSE_WRONG_STATE, "message not compatible with the state" },
		{ RP_CAUSE_ELEMENT_UNKNOWN, "information element unknown" },
		{ RP_CAUSE_PROTOCOL_ERROR, "protocol error" },
		{ RP_CAUSE_INTERWORKING, "interworking" },
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (names[i].cause == cause)
			return names[i].name;
	}
	return "reserved";
}

uint8_t rp_cause_of_bad_rp(enum result result)
{
	return result == ERR_UNSUPPORTED ? RP_CAUSE_TYPE_UNKNOWN : RP_CAUSE_INVALID_MANDATORY;
}

uint8_t rp_cause_of_bad_tpdu(enum result result)
{
	return result == ERR_UNSUPPORTED ? RP_CAUSE_PROTOCOL_ERROR : RP_CAUSE_SEMANTICALLY_INCORRECT;
}
