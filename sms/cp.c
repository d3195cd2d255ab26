/* SPDX-License-Identifier: GPL-3.0-or-later */
/* CP codec: 3GPP TS 24.011 7.2 and 8.1. */
#include "sms/cp.h"

#include "core/base/reader.h"

#define PROTOCOL_SMS 0x09
#define TI_FLAG 0x80
#define TI_EXTENDED 7 /* 24.007 11.2.3.1.3: not used for short messages */

static enum result fail_at(enum result result, size_t at, size_t *bad_octet_out)
{
	if (result != OK && bad_octet_out)
		*bad_octet_out = at;
	return result;
}

static enum result decode_data(struct reader *r, struct cp *out, size_t *bad_octet_out)
{
	uint8_t len = reader_u8(r);

	if (!r->failed && len > CP_RP_MAX)
		return fail_at(ERR_TOO_BIG, 2, bad_octet_out);
	const uint8_t *at = reader_take(r, len);
	if (r->failed)
		return fail_at(ERR_SHORT, 2, bad_octet_out);
	out->rp = text_range((const char *)at, len);
	return OK;
}

static enum result decode_body(struct reader *r, struct cp *out, size_t *bad_octet_out)
{
	switch (out->type) {
	case CP_DATA:
		return decode_data(r, out, bad_octet_out);
	case CP_ACK:
		return OK;
	case CP_ERROR:
		out->cause = reader_u8(r);
		return fail_at(r->failed ? ERR_SHORT : OK, 2, bad_octet_out);
	default:
		return fail_at(ERR_UNSUPPORTED, 1, bad_octet_out);
	}
}

enum result cp_decode(const void *octets, size_t len, struct cp *out, size_t *bad_octet_out)
{
	struct reader r = reader_of(octets, len);
	uint8_t first = reader_u8(&r);
	uint8_t type;
	enum result result;

	*out = (struct cp){ .ti = first >> 4 & 7, .from_answerer = first & TI_FLAG };
	if (r.failed)
		return fail_at(ERR_SHORT, 0, bad_octet_out);
	if ((first & 0xf) != PROTOCOL_SMS || out->ti == TI_EXTENDED)
		return fail_at(ERR_UNSUPPORTED, 0, bad_octet_out);
	type = reader_u8(&r);
	if (r.failed)
		return fail_at(ERR_SHORT, 1, bad_octet_out);
	out->type = type;
	result = decode_body(&r, out, bad_octet_out);
	if (result == OK && reader_left(&r))
		return fail_at(ERR_MALFORMED, len - reader_left(&r), bad_octet_out);
	return result;
}

void cp_encode(const struct cp *cp, struct writer *w)
{
	writer_u8(w, (uint8_t)((cp->from_answerer ? TI_FLAG : 0) | (cp->ti & 7) << 4 | PROTOCOL_SMS));
	writer_u8(w, (uint8_t)cp->type);
	if (cp->type == CP_DATA) {
		if (cp->rp.len > CP_RP_MAX)
			w->failed = true;
		writer_u8(w, (uint8_t)cp->rp.len);
		writer_text(w, cp->rp);
	} else if (cp->type == CP_ERROR) {
		writer_u8(w, cp->cause);
	}
}

const char *cp_type_name(enum cp_type type)
{
	switch (type) {
	case CP_DATA:
		return "CP-DATA";
	case CP_ACK:
		return "CP-ACK";
	case CP_ERROR:
		return "CP-ERROR";
	default:
		return NULL;
	}
}

const char *cp_cause_name(uint8_t cause)
{
	switch (cause) {
	case CP_CAUSE_NETWORK_FAILURE:
		return "network failure";
	case CP_CAUSE_CONGESTION:
		return "congestion";
	case CP_CAUSE_INVALID_TI:
		return "invalid transaction identifier";
	case CP_CAUSE_SEMANTICALLY_INCORRECT:
		return "semantically incorrect message";
	case CP_CAUSE_INVALID_MANDATORY:
		return "invalid mandatory information";
	case CP_CAUSE_TYPE_UNKNOWN:
		return "message type unknown";
	case CP_CAUSE_WRONG_STATE:
		return "message not compatible with the state";
	case CP_CAUSE_ELEMENT_UNKNOWN:
		return "information element unknown";
	case CP_CAUSE_PROTOCOL_ERROR:
		return "protocol error";
	default:
		return "reserved";
	}
}

uint8_t cp_cause_of_bad(enum result result)
{
	return result == ERR_UNSUPPORTED ? CP_CAUSE_TYPE_UNKNOWN : CP_CAUSE_INVALID_MANDATORY;
}
