/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SGsAP codec: 3GPP TS 29.118 8 (messages) and 9 (elements). */
#include "sms/sgsap.h"

#include "core/base/reader.h"
#include "sms/bcd.h"

/* Tag and the octets a value may have. */
static const struct element_row {
	uint8_t tag, least, most;
} elements[SGSAP_ELEMENTS] = {
	[SGSAP_IMSI] = { 0x01, 4, 8 },
	[SGSAP_VLR_NAME] = { 0x02, 1, 253 },
	[SGSAP_MME_NAME] = { 0x09, SGSAP_MME_NAME_SIZE, SGSAP_MME_NAME_SIZE },
	[SGSAP_SERVICE_INDICATOR] = { 0x20, 1, 1 },
	[SGSAP_NAS_CONTAINER] = { 0x16, 2, SGSAP_NAS_MAX },
	[SGSAP_EPS_UPDATE_TYPE] = { 0x0a, 1, 1 },
	[SGSAP_EPS_DETACH_TYPE] = { 0x10, 1, 1 },
	[SGSAP_NON_EPS_DETACH_TYPE] = { 0x11, 1, 1 },
	[SGSAP_REJECT_CAUSE] = { 0x0f, 1, 1 },
	[SGSAP_TMSI] = { 0x03, 4, 4 },
	[SGSAP_CLI] = { 0x1c, 1, 12 },
	[SGSAP_LAI] = { 0x04, 5, 5 },
	[SGSAP_OLD_LAI] = { 0x04, 5, 5 },
	[SGSAP_GLOBAL_CN_ID] = { 0x0b, 5, 5 },
	[SGSAP_SS_CODE] = { 0x1f, 1, 1 },
	[SGSAP_LCS_INDICATOR] = { 0x1e, 1, 1 },
	[SGSAP_LCS_CLIENT] = { 0x1d, 1, 255 },
	[SGSAP_CHANNEL_NEEDED] = { 0x05, 1, 1 },
	[SGSAP_EMLPP_PRIORITY] = { 0x06, 1, 1 },
	[SGSAP_PAGING_INDICATORS] = { 0x26, 1, 1 },
	[SGSAP_TMSI_STATUS] = { 0x07, 1, 1 },
	[SGSAP_IMEISV] = { 0x15, 8, 8 },
	[SGSAP_TIME_ZONE] = { 0x21, 1, 1 },
	[SGSAP_CLASSMARK_2] = { 0x22, 3, 3 },
	[SGSAP_TAI] = { 0x23, 5, 5 },
	[SGSAP_ECGI] = { 0x24, 7, 7 },
	[SGSAP_EMM_MODE] = { 0x25, 1, 1 },
	[SGSAP_TMSI_NRI] = { 0x27, 2, 2 },
	[SGSAP_CS_OPERATOR] = { 0x28, 3, 3 },
	[SGSAP_MOBILE_IDENTITY] = { 0x0e, 1, 9 },
	[SGSAP_MM_INFORMATION] = { 0x17, 1, 255 },
	[SGSAP_CAUSE] = { 0x08, 1, 1 },
	[SGSAP_ERRONEOUS_MESSAGE] = { 0x1b, 1, 255 },
	[SGSAP_MO_FALLBACK] = { 0xf1, 1, 255 },
};

#define MANDATORY_MAX 4
#define NONE SGSAP_ELEMENTS

static const struct message_row {
	uint8_t type, side;
	const char *name;
	enum sgsap_element mandatory[MANDATORY_MAX + 1]; /* in their order, up to NONE */
} messages[] = {
	{ SGSAP_PAGING_REQUEST,
	  SGSAP_FROM_VLR,
	  "PAGING-REQUEST",
	  { SGSAP_IMSI, SGSAP_VLR_NAME, SGSAP_SERVICE_INDICATOR, NONE } },
	{ SGSAP_PAGING_REJECT, SGSAP_FROM_MME, "PAGING-REJECT", { SGSAP_IMSI, SGSAP_CAUSE, NONE } },
	{ SGSAP_SERVICE_REQUEST, SGSAP_FROM_MME, "SERVICE-REQUEST", { SGSAP_IMSI, SGSAP_SERVICE_INDICATOR, NONE } },
	{ SGSAP_DOWNLINK_UNITDATA, SGSAP_FROM_VLR, "DOWNLINK-UNITDATA", { SGSAP_IMSI, SGSAP_NAS_CONTAINER, NONE } },
	{ SGSAP_UPLINK_UNITDATA, SGSAP_FROM_MME, "UPLINK-UNITDATA", { SGSAP_IMSI, SGSAP_NAS_CONTAINER, NONE } },
	{ SGSAP_LOCATION_UPDATE_REQUEST,
	  SGSAP_FROM_MME,
	  "LOCATION-UPDATE-REQUEST",
	  { SGSAP_IMSI, SGSAP_MME_NAME, SGSAP_EPS_UPDATE_TYPE, SGSAP_LAI, NONE } },
	{ SGSAP_LOCATION_UPDATE_ACCEPT, SGSAP_FROM_VLR, "LOCATION-UPDATE-ACCEPT", { SGSAP_IMSI, SGSAP_LAI, NONE } },
	{ SGSAP_LOCATION_UPDATE_REJECT,
	  SGSAP_FROM_VLR,
	  "LOCATION-UPDATE-REJECT",
	  { SGSAP_IMSI, SGSAP_REJECT_CAUSE, NONE } },
	{ SGSAP_TMSI_REALLOCATION_COMPLETE, SGSAP_FROM_MME, "TMSI-REALLOCATION-COMPLETE", { SGSAP_IMSI, NONE } },
	{ SGSAP_ALERT_REQUEST, SGSAP_FROM_VLR, "ALERT-REQUEST", { SGSAP_IMSI, NONE } },
	{ SGSAP_ALERT_ACK, SGSAP_FROM_MME, "ALERT-ACK", { SGSAP_IMSI, NONE } },
	{ SGSAP_ALERT_REJECT, SGSAP_FROM_MME, "ALERT-REJECT", { SGSAP_IMSI, SGSAP_CAUSE, NONE } },
	{ SGSAP_UE_ACTIVITY_INDICATION, SGSAP_FROM_MME, "UE-ACTIVITY-INDICATION", { SGSAP_IMSI, NONE } },
	{ SGSAP_EPS_DETACH_INDICATION,
	  SGSAP_FROM_MME,
	  "EPS-DETACH-INDICATION",
	  { SGSAP_IMSI, SGSAP_MME_NAME, SGSAP_EPS_DETACH_TYPE, NONE } },
	{ SGSAP_EPS_DETACH_ACK, SGSAP_FROM_VLR, "EPS-DETACH-ACK", { SGSAP_IMSI, NONE } },
	{ SGSAP_IMSI_DETACH_INDICATION,
	  SGSAP_FROM_MME,
	  "IMSI-DETACH-INDICATION",
	  { SGSAP_IMSI, SGSAP_MME_NAME, SGSAP_NON_EPS_DETACH_TYPE, NONE } },
	{ SGSAP_IMSI_DETACH_ACK, SGSAP_FROM_VLR, "IMSI-DETACH-ACK", { SGSAP_IMSI, NONE } },
	{ SGSAP_RESET_INDICATION, SGSAP_FROM_BOTH, "RESET-INDICATION", { NONE } },
	{ SGSAP_RESET_ACK, SGSAP_FROM_BOTH, "RESET-ACK", { NONE } },
	{ SGSAP_SERVICE_ABORT_REQUEST, SGSAP_FROM_VLR, "SERVICE-ABORT-REQUEST", { SGSAP_IMSI, NONE } },
	{ SGSAP_MO_CSFB_INDICATION, SGSAP_FROM_MME, "MO-CSFB-INDICATION", { SGSAP_IMSI, NONE } },
	{ SGSAP_MM_INFORMATION_REQUEST,
	  SGSAP_FROM_VLR,
	  "MM-INFORMATION-REQUEST",
	  { SGSAP_IMSI, SGSAP_MM_INFORMATION, NONE } },
	{ SGSAP_RELEASE_REQUEST, SGSAP_FROM_VLR, "RELEASE-REQUEST", { SGSAP_IMSI, NONE } },
	{ SGSAP_STATUS, SGSAP_FROM_BOTH, "STATUS", { NONE } },
	{ SGSAP_UE_UNREACHABLE, SGSAP_FROM_MME, "UE-UNREACHABLE", { SGSAP_IMSI, SGSAP_CAUSE, NONE } },
};

static const struct message_row *message_of(uint8_t type)
{
	for (size_t i = 0; i < sizeof(messages) / sizeof(messages[0]); i++) {
		if (messages[i].type == type)
			return &messages[i];
	}
	return NULL;
}

const char *sgsap_type_name(uint8_t type)
{
	const struct message_row *m = message_of(type);

	return m ? m->name : NULL;
}

enum sgsap_side sgsap_type_side(uint8_t type)
{
	const struct message_row *m = message_of(type);

	return m ? m->side : (enum sgsap_side)0;
}

/* The element of a tag, SGSAP_ELEMENTS when unknown. The second LAI of a location update request is the old one. */
static enum sgsap_element element_of(const struct sgsap *m, uint8_t tag)
{
	enum sgsap_element e = 0;

	if (tag == elements[SGSAP_LAI].tag && m->type == SGSAP_LOCATION_UPDATE_REQUEST && m->element[SGSAP_LAI].at)
		return SGSAP_OLD_LAI;
	while (e < SGSAP_ELEMENTS && elements[e].tag != tag)
		e++;
	return e;
}

static bool fits(enum sgsap_element e, size_t len)
{
	return len >= elements[e].least && len <= elements[e].most;
}

static bool is_mandatory(const struct message_row *row, enum sgsap_element e)
{
	for (const enum sgsap_element *m = row->mandatory; *m != NONE; m++) {
		if (*m == e)
			return true;
	}
	return false;
}

static enum result refuse(struct sgsap_error *error, enum result result, size_t octet, uint8_t cause, uint8_t tag)
{
	if (error)
		*error = (struct sgsap_error){ .octet = octet, .cause = cause, .element = tag };
	return result;
}

static enum result check_mandatory(const struct message_row *row, const struct sgsap *m, size_t len,
				   struct sgsap_error *error)
{
	char imsi[SGSAP_IMSI_MAX + 1];

	for (const enum sgsap_element *e = row->mandatory; *e != NONE; e++) {
		if (!m->element[*e].at)
			return refuse(error, ERR_MALFORMED, len, SGSAP_CAUSE_MISSING_ELEMENT, elements[*e].tag);
		if (*e == SGSAP_IMSI && !sgsap_get_imsi(m, imsi))
			return refuse(error, ERR_MALFORMED, 1, SGSAP_CAUSE_INVALID_ELEMENT, elements[*e].tag);
	}
	return OK;
}

/* 8.15, 8.16: the name is the sender's, one of the two. */
static enum result check_reset(const struct sgsap *m, size_t len, struct sgsap_error *error)
{
	bool reset = m->type == SGSAP_RESET_INDICATION || m->type == SGSAP_RESET_ACK;

	if (!reset || m->element[SGSAP_MME_NAME].at || m->element[SGSAP_VLR_NAME].at)
		return OK;
	return refuse(error, ERR_MALFORMED, len, SGSAP_CAUSE_CONDITIONAL_ELEMENT, elements[SGSAP_VLR_NAME].tag);
}

enum result sgsap_decode(const void *octets, size_t len, struct sgsap *out, struct sgsap_error *error_out)
{
	struct reader r = reader_of(octets, len);
	const struct message_row *row;
	enum result result;

	sgsap_init(out, reader_u8(&r));
	if (r.failed)
		return refuse(error_out, ERR_SHORT, 0, SGSAP_CAUSE_SEMANTICALLY_INCORRECT, 0);
	row = message_of(out->type);
	if (!row)
		return refuse(error_out, ERR_UNSUPPORTED, 0, SGSAP_CAUSE_TYPE_UNKNOWN, 0);
	while (reader_left(&r)) {
		size_t at = len - reader_left(&r);
		uint8_t tag = reader_u8(&r);
		uint8_t size = reader_u8(&r);
		const uint8_t *value = reader_take(&r, size);
		enum sgsap_element e = element_of(out, tag);

		if (r.failed)
			return refuse(error_out, ERR_SHORT, at, SGSAP_CAUSE_INVALID_ELEMENT, tag);
		if (e == SGSAP_ELEMENTS || out->element[e].at)
			continue;
		if (fits(e, size))
			out->element[e] = text_range((const char *)value, size);
		else if (is_mandatory(row, e))
			return refuse(error_out, ERR_MALFORMED, at, SGSAP_CAUSE_INVALID_ELEMENT, tag);
	}
	result = check_mandatory(row, out, len, error_out);
	return result == OK ? check_reset(out, len, error_out) : result;
}

static void put_element(struct writer *w, enum sgsap_element e, struct text value)
{
	if (!value.at || !fits(e, value.len)) {
		w->failed = true;
		return;
	}
	writer_u8(w, elements[e].tag);
	writer_u8(w, (uint8_t)value.len);
	writer_text(w, value);
}

void sgsap_encode(const struct sgsap *m, struct writer *w)
{
	const struct message_row *row = message_of(m->type);

	if (!row || check_reset(m, 0, NULL) != OK) {
		w->failed = true;
		return;
	}
	writer_u8(w, m->type);
	for (const enum sgsap_element *e = row->mandatory; *e != NONE; e++)
		put_element(w, *e, m->element[*e]);
	for (enum sgsap_element e = 0; e < SGSAP_ELEMENTS; e++) {
		if (m->element[e].at && !is_mandatory(row, e))
			put_element(w, e, m->element[e]);
	}
}

void sgsap_init(struct sgsap *m, enum sgsap_type type)
{
	m->type = (uint8_t)type;
	memset(m->element, 0, sizeof(m->element));
	m->used = 0;
}

void sgsap_set(struct sgsap *m, enum sgsap_element e, struct text value)
{
	m->element[e] = value;
}

/* Keeps what was written into the message's room from `used` on. */
static void keep(struct sgsap *m, enum sgsap_element e, const struct writer *w)
{
	m->element[e] = (struct text){ 0 };
	if (!writer_ok(w))
		return;
	m->element[e] = text_range((const char *)w->start, writer_len(w));
	m->used += writer_len(w);
}

static struct writer room_of(struct sgsap *m)
{
	return writer_of(m->room + m->used, sizeof(m->room) - m->used);
}

void sgsap_set_octet(struct sgsap *m, enum sgsap_element e, uint8_t value)
{
	struct writer w = room_of(m);

	writer_u8(&w, value);
	keep(m, e, &w);
}

void sgsap_set_imsi(struct sgsap *m, struct text digits)
{
	struct writer w = room_of(m);

	sgsap_put_identity_imsi(&w, digits);
	keep(m, SGSAP_IMSI, &w);
}

/* RFC 1035 labels, without the empty one at the end (23.003 19.4.2). */
void sgsap_set_name(struct sgsap *m, enum sgsap_element e, struct text name)
{
	struct writer w = room_of(m);
	struct text label;

	if (!name.len || name.len > SGSAP_NAME_MAX)
		w.failed = true;
	while (text_split(&name, '.', &label)) {
		if (!label.len || label.len > 63)
			w.failed = true;
		writer_u8(&w, (uint8_t)label.len);
		writer_text(&w, label);
	}
	keep(m, e, &w);
}

bool sgsap_has(const struct sgsap *m, enum sgsap_element e)
{
	return m->element[e].at;
}

uint8_t sgsap_octet(const struct sgsap *m, enum sgsap_element e)
{
	struct reader r = reader_of(m->element[e].at, m->element[e].len);

	return reader_u8(&r);
}

bool sgsap_get_imsi(const struct sgsap *m, char to[SGSAP_IMSI_MAX + 1])
{
	return sgsap_has(m, SGSAP_IMSI) && sgsap_take_identity_imsi(m->element[SGSAP_IMSI], to) == OK;
}

bool sgsap_get_name(const struct sgsap *m, enum sgsap_element e, char to[SGSAP_NAME_MAX + 1])
{
	struct reader r = reader_of(m->element[e].at, m->element[e].len);
	struct writer w = writer_of(to, SGSAP_NAME_MAX);

	while (reader_left(&r)) {
		uint8_t len = reader_u8(&r);
		const uint8_t *label = reader_take(&r, len);

		/* An empty label may end the name. */
		if (!r.failed && !len && !reader_left(&r) && writer_len(&w))
			break;
		if (r.failed || !len || memchr(label, 0, len))
			return false;
		if (writer_len(&w))
			writer_u8(&w, '.');
		writer_bytes(&w, label, len);
	}
	to[writer_len(&w)] = 0;
	return writer_ok(&w) && writer_len(&w);
}

/* 24.008 10.5.1.4: digit 1 << 4 | odd << 3 | type, then pairs, low half first. */
#define IDENTITY_IMSI 1
#define IDENTITY_ODD 8

void sgsap_put_identity_imsi(struct writer *w, struct text digits)
{
	if (!digits.len || digits.len > SGSAP_IMSI_MAX || !bcd_is(digits) || digits.at[0] < '0' || digits.at[0] > '9') {
		w->failed = true;
		return;
	}
	writer_u8(w, (uint8_t)((digits.at[0] - '0') << 4 | (digits.len & 1 ? IDENTITY_ODD : 0) | IDENTITY_IMSI));
	bcd_put(w, text_range(digits.at + 1, digits.len - 1));
}

enum result sgsap_take_identity_imsi(struct text value, char to[SGSAP_IMSI_MAX + 1])
{
	struct reader r = reader_of(value.at, value.len);
	struct writer w = writer_of(to, SGSAP_IMSI_MAX);
	uint8_t first = reader_u8(&r);
	size_t rest = 2 * reader_left(&r);

	to[0] = 0;
	if (r.failed)
		return ERR_SHORT;
	if ((first & 7) != IDENTITY_IMSI || first >> 4 > 9)
		return ERR_MALFORMED;
	if (!(first & IDENTITY_ODD)) {
		if (!rest)
			return ERR_MALFORMED;
		rest--;
	}
	writer_u8(&w, (uint8_t)('0' + (first >> 4)));
	bcd_take(&r, rest, &w);
	to[writer_len(&w)] = 0;
	if (r.failed || strspn(to, "0123456789") != writer_len(&w))
		return ERR_MALFORMED;
	return writer_ok(&w) ? OK : ERR_TOO_BIG;
}

const char *sgsap_cause_name(uint8_t cause)
{
	static const char *const names[] = {
		[SGSAP_CAUSE_DETACHED_EPS] = "IMSI detached for EPS services",
		[SGSAP_CAUSE_DETACHED_BOTH] = "IMSI detached for EPS and non-EPS services",
		[SGSAP_CAUSE_IMSI_UNKNOWN] = "IMSI unknown",
		[SGSAP_CAUSE_DETACHED_NON_EPS] = "IMSI detached for non-EPS services",
		[SGSAP_CAUSE_IMPLICITLY_DETACHED] = "IMSI implicitly detached for non-EPS services",
		[SGSAP_CAUSE_UNREACHABLE] = "UE unreachable",
		[SGSAP_CAUSE_WRONG_STATE] = "message not compatible with the state",
		[SGSAP_CAUSE_MISSING_ELEMENT] = "missing mandatory element",
		[SGSAP_CAUSE_INVALID_ELEMENT] = "invalid mandatory element",
		[SGSAP_CAUSE_CONDITIONAL_ELEMENT] = "conditional element error",
		[SGSAP_CAUSE_SEMANTICALLY_INCORRECT] = "semantically incorrect message",
		[SGSAP_CAUSE_TYPE_UNKNOWN] = "message unknown",
		[SGSAP_CAUSE_CALL_REJECTED] = "mobile terminating CS call rejected by the user",
		[SGSAP_CAUSE_TEMPORARILY_UNREACHABLE] = "UE temporarily unreachable",
	};

	if (!cause || cause >= sizeof(names) / sizeof(names[0]))
		return "reserved";
	return names[cause];
}
