/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reads Diameter messages. Groups are walked to a fixed depth, and all AVPs of a message are counted. */
#include "billing/ro_avp.h"
#include "billing/ro_message.h"

#define U24(word) ((word)&0xffffffu)
#define RELAY 0xffffffffu /* RFC 6733 2.4 */

struct walk {
	struct ro_message *out;
	unsigned avps;
	bool bad;
};

typedef void (*walk_cb)(struct walk *walk, const struct ro_avp_view *avp);

static void each(struct walk *walk, struct reader r, walk_cb take)
{
	struct ro_avp_view avp;

	while (!walk->bad && ro_avp_take(&r, &avp)) {
		if (++walk->avps > RO_AVPS_MAX)
			walk->bad = true;
		else
			take(walk, &avp);
	}
	walk->bad |= r.failed;
}

static uint32_t number(struct walk *walk, const struct ro_avp_view *avp)
{
	struct reader r = avp->data;
	uint32_t v = reader_u32(&r);

	walk->bad |= !reader_done(&r);
	return v;
}

static uint64_t long_number(struct walk *walk, const struct ro_avp_view *avp)
{
	struct reader r = avp->data;
	uint64_t v = reader_u64(&r);

	walk->bad |= !reader_done(&r);
	return v;
}

static struct text name(struct walk *walk, const struct ro_avp_view *avp)
{
	struct reader r = avp->data;
	size_t n = reader_left(&r);
	const uint8_t *at = reader_take(&r, n);

	if (n > RO_NAME_MAX)
		walk->bad = true;
	return walk->bad ? (struct text){ 0 } : text_range((const char *)at, n);
}

/* For people: a long one is cut. */
static struct text words(const struct ro_avp_view *avp)
{
	struct reader r = avp->data;
	size_t n = reader_left(&r) < RO_NAME_MAX ? reader_left(&r) : RO_NAME_MAX;

	return text_range((const char *)reader_take(&r, n), n);
}

static void application(struct walk *walk, const struct ro_avp_view *avp)
{
	if (avp->vendor || (avp->code != RO_AVP_AUTH_APPLICATION_ID && avp->code != RO_AVP_ACCT_APPLICATION_ID))
		return;
	uint32_t id = number(walk, avp);
	walk->out->serves_credit |= id == RO_APPLICATION || id == RELAY;
}

static void experimental(struct walk *walk, const struct ro_avp_view *avp)
{
	if (avp->code == RO_AVP_EXPERIMENTAL_RESULT_CODE && !avp->vendor)
		walk->out->result = number(walk, avp);
}

static void failed(struct walk *walk, const struct ro_avp_view *avp)
{
	if (!walk->out->failed)
		walk->out->failed = avp->code;
}

static void grant(struct walk *walk, const struct ro_avp_view *avp)
{
	struct ro_message *m = walk->out;

	if (avp->vendor)
		return;
	if (avp->code == RO_AVP_CC_SERVICE_SPECIFIC_UNITS) {
		m->granted = long_number(walk, avp);
		m->has_grant = true;
	} else if (avp->code == RO_AVP_CC_TIME && !m->has_grant) {
		m->granted = number(walk, avp);
		m->has_grant = true;
	}
}

static void units_of(struct walk *walk, const struct ro_avp_view *avp)
{
	struct ro_message *m = walk->out;

	switch (avp->vendor ? 0 : avp->code) {
	case RO_AVP_GRANTED_UNIT:
		each(walk, avp->data, grant);
		break;
	case RO_AVP_VALIDITY_TIME:
		m->validity_s = number(walk, avp);
		break;
	case RO_AVP_FINAL_UNIT_INDICATION:
		m->final_unit = true;
		break;
	default:
		break;
	}
}

static void service(struct walk *walk, const struct ro_avp_view *avp)
{
	if (avp->code == RO_AVP_RESULT_CODE && !avp->vendor)
		walk->out->service_result = number(walk, avp);
	else
		units_of(walk, avp);
}

static void base(struct walk *walk, const struct ro_avp_view *avp)
{
	struct ro_message *m = walk->out;

	switch (avp->code) {
	case RO_AVP_SESSION_ID:
		m->session = name(walk, avp);
		break;
	case RO_AVP_ORIGIN_HOST:
		m->host = name(walk, avp);
		break;
	case RO_AVP_ORIGIN_REALM:
		m->realm = name(walk, avp);
		break;
	case RO_AVP_ERROR_MESSAGE:
		m->error = words(avp);
		break;
	case RO_AVP_RESULT_CODE:
		m->result = number(walk, avp);
		break;
	case RO_AVP_DISCONNECT_CAUSE:
		m->cause = number(walk, avp);
		break;
	case RO_AVP_EXPERIMENTAL_RESULT:
		each(walk, avp->data, experimental);
		break;
	case RO_AVP_FAILED_AVP:
		each(walk, avp->data, failed);
		break;
	case RO_AVP_VENDOR_SPECIFIC_APPLICATION_ID:
		each(walk, avp->data, application);
		break;
	default:
		application(walk, avp);
		break;
	}
}

static void credit(struct walk *walk, const struct ro_avp_view *avp)
{
	struct ro_message *m = walk->out;

	switch (avp->code) {
	case RO_AVP_CC_REQUEST_TYPE:
		m->type = number(walk, avp);
		break;
	case RO_AVP_CC_REQUEST_NUMBER:
		m->number = number(walk, avp);
		break;
	case RO_AVP_FAILURE_HANDLING:
		m->failure_handling = number(walk, avp);
		break;
	case RO_AVP_MULTIPLE_SERVICES:
		if (!m->has_service)
			each(walk, avp->data, service);
		m->has_service = true;
		break;
	default:
		units_of(walk, avp);
		break;
	}
}

static void top(struct walk *walk, const struct ro_avp_view *avp)
{
	if (avp->vendor)
		return;
	base(walk, avp);
	if (walk->out->command == RO_CREDIT_CONTROL)
		credit(walk, avp);
}

enum result ro_measure(const void *bytes, size_t len, size_t *len_out)
{
	struct reader r = reader_of(bytes, len);

	if (len < 4)
		return len && reader_u8(&r) != 1 ? ERR_MALFORMED : ERR_SHORT;
	uint32_t word = reader_u32(&r);
	if (word >> 24 != 1 || U24(word) < RO_HEADER_SIZE || U24(word) % 4)
		return ERR_MALFORMED;
	if (U24(word) > RO_MESSAGE_MAX)
		return ERR_TOO_BIG;
	*len_out = U24(word);
	return OK;
}

enum result ro_decode(struct ro_message *out, const void *bytes, size_t len)
{
	struct reader r = reader_of(bytes, len);
	size_t all = 0;

	*out = (struct ro_message){ .failure_handling = RO_NO_HANDLING };
	enum result result = ro_measure(bytes, len, &all);
	if (result)
		return result;
	if (all != len)
		return all > len ? ERR_SHORT : ERR_MALFORMED;
	(void)reader_u32(&r);
	uint32_t word = reader_u32(&r);
	out->flags = (uint8_t)(word >> 24);
	out->command = U24(word);
	out->application = reader_u32(&r);
	out->ids.hop = reader_u32(&r);
	out->ids.end = reader_u32(&r);
	struct walk walk = { .out = out };
	each(&walk, r, top);
	return walk.bad ? ERR_MALFORMED : OK;
}

const char *ro_result_name(uint32_t result)
{
	static const struct {
		uint32_t code;
		const char *name;
	} names[] = {
		{ 2001, "DIAMETER_SUCCESS" },
		{ 2002, "DIAMETER_LIMITED_SUCCESS" },
		{ 3001, "DIAMETER_COMMAND_UNSUPPORTED" },
		{ 3002, "DIAMETER_UNABLE_TO_DELIVER" },
		{ 3003, "DIAMETER_REALM_NOT_SERVED" },
		{ 3004, "DIAMETER_TOO_BUSY" },
		{ 3007, "DIAMETER_APPLICATION_UNSUPPORTED" },
		{ 3010, "DIAMETER_UNKNOWN_PEER" },
		{ 4010, "DIAMETER_END_USER_SERVICE_DENIED" },
		{ 4011, "DIAMETER_CREDIT_CONTROL_NOT_APPLICABLE" },
		{ 4012, "DIAMETER_CREDIT_LIMIT_REACHED" },
		{ 5001, "DIAMETER_AVP_UNSUPPORTED" },
		{ 5002, "DIAMETER_UNKNOWN_SESSION_ID" },
		{ 5003, "DIAMETER_AUTHORIZATION_REJECTED" },
		{ 5005, "DIAMETER_MISSING_AVP" },
		{ 5006, "DIAMETER_RESOURCES_EXCEEDED" },
		{ 5010, "DIAMETER_NO_COMMON_APPLICATION" },
		{ 5012, "DIAMETER_UNABLE_TO_COMPLY" },
		{ 5030, "DIAMETER_USER_UNKNOWN" },
		{ 5031, "DIAMETER_RATING_FAILED" },
	};

	for (unsigned i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (names[i].code == result)
			return names[i].name;
	}
	return "";
}
