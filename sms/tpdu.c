/* SPDX-License-Identifier: GPL-3.0-or-later */
/* TPDU codec: 3GPP TS 23.040 9.2.2 and 9.2.3. */
#include "sms/tpdu.h"

#include "sms/alphabet.h"

/* First octet, 9.2.3.1 to 9.2.3.7, 9.2.3.17, 9.2.3.23, 9.2.3.25-28. */
#define MTI_MASK 0x03
#define NO_MORE_MESSAGES 0x04
#define REJECT_DUPLICATES 0x04
#define LOOP_PREVENTION 0x08
#define VALIDITY_SHIFT 3
#define REPORT_BIT 0x20
#define HEADER_BIT 0x40
#define REPLY_PATH 0x80

enum { MTI_DELIVER = 0, MTI_SUBMIT = 1, MTI_STATUS_COMMAND = 2, MTI_RESERVED = 3 };

/* TP-PI, 9.2.3.27. */
#define PI_PID 0x01
#define PI_DCS 0x02
#define PI_USER_DATA 0x04
#define PI_EXTENSION 0x80

/* What is being read; the first thing that goes wrong stays, with the octet where its item begins. */
struct decoding {
	struct reader r;
	const uint8_t *start;
	enum result result;
	size_t bad_octet;
	struct tpdu *t;
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

static void take_address(struct decoding *d)
{
	size_t at = offset(d), bad = 0;
	enum result result;

	if (d->result != OK)
		return;
	result = sms_address_take_tp(&d->r, &d->t->address, &bad);
	if (result != OK)
		wrong(d, result, at + bad);
}

static struct tpdu_time take_time(struct decoding *d)
{
	size_t at = offset(d);
	struct tpdu_time t = tpdu_time_take(&d->r);

	if (d->r.failed)
		wrong(d, ERR_SHORT, at);
	return t;
}

static void take_validity(struct decoding *d, uint8_t first)
{
	size_t at = offset(d);

	d->t->validity = tpdu_validity_take(&d->r, (enum tpdu_validity_form)(first >> VALIDITY_SHIFT & 3));
	if (d->r.failed)
		wrong(d, ERR_SHORT, at);
}

static bool in_septets(uint8_t dcs)
{
	struct dcs coding = dcs_decode(dcs);

	return coding.alphabet == DCS_GSM7 && !coding.compressed;
}

size_t tpdu_user_data_size(uint8_t dcs, uint8_t user_data_len)
{
	return in_septets(dcs) ? alphabet_packed_size(user_data_len, 0) : user_data_len;
}

/* Septets that a header takes, fill bits included. */
static size_t header_septets(size_t octets)
{
	return (8 * octets + 6) / 7;
}

static void decode_header(struct decoding *d, size_t at)
{
	struct tpdu *t = d->t;
	struct reader r = reader_of(t->user_data.at, t->user_data.len);
	size_t bad = 0;
	enum result result = header_decode(&r, &t->header, &bad);

	if (result == OK && t->type != TPDU_COMMAND && in_septets(t->dcs) &&
	    header_septets(t->header.octets) > t->user_data_len)
		result = ERR_SHORT;
	if (result != OK)
		wrong(d, result, at + bad);
}

static void take_user_data(struct decoding *d)
{
	struct tpdu *t = d->t;
	size_t at = offset(d);
	uint8_t most;

	t->user_data_len = take_octet(d);
	most = in_septets(t->dcs) ? TPDU_SEPTETS_MAX : TPDU_USER_DATA_MAX;
	if (d->result == OK && t->user_data_len > most)
		wrong(d, ERR_TOO_BIG, at);
	t->user_data.len = tpdu_user_data_size(t->dcs, t->user_data_len);
	t->user_data.at = (const char *)reader_take(&d->r, t->user_data.len);
	if (d->r.failed) {
		t->user_data = (struct text){ 0 };
		wrong(d, ERR_SHORT, at);
		return;
	}
	t->has_user_data = true;
	if (t->has_header)
		decode_header(d, at + 1);
}

static void decode_deliver(struct decoding *d, uint8_t first)
{
	struct tpdu *t = d->t;

	t->more_messages = !(first & NO_MORE_MESSAGES);
	t->loop_prevention = first & LOOP_PREVENTION;
	t->reply_path = first & REPLY_PATH;
	take_address(d);
	t->pid = take_octet(d);
	t->dcs = take_octet(d);
	t->time = take_time(d);
	take_user_data(d);
}

static void decode_submit(struct decoding *d, uint8_t first)
{
	struct tpdu *t = d->t;

	t->reject_duplicates = first & REJECT_DUPLICATES;
	t->reply_path = first & REPLY_PATH;
	t->reference = take_octet(d);
	take_address(d);
	t->pid = take_octet(d);
	t->dcs = take_octet(d);
	take_validity(d, first);
	take_user_data(d);
}

static void decode_command(struct decoding *d)
{
	struct tpdu *t = d->t;

	t->reference = take_octet(d);
	t->pid = take_octet(d);
	t->command = take_octet(d);
	t->command_number = take_octet(d);
	take_address(d);
	size_t at = offset(d);
	t->user_data_len = take_octet(d);
	if (d->result == OK && t->user_data_len > TPDU_COMMAND_DATA_MAX)
		wrong(d, ERR_TOO_BIG, at);
	t->user_data.at = (const char *)reader_take(&d->r, t->user_data_len);
	t->user_data.len = t->user_data.at ? t->user_data_len : 0;
	if (d->r.failed) {
		wrong(d, ERR_SHORT, at);
		return;
	}
	if (t->has_header)
		decode_header(d, at + 1);
}

/* What TP-PI announces. An extension octet announces nothing that is known here. */
static void take_announced(struct decoding *d, uint8_t indicator)
{
	struct tpdu *t = d->t;
	uint8_t more = indicator;

	while (more & PI_EXTENSION && d->result == OK)
		more = take_octet(d);
	t->has_pid = indicator & PI_PID;
	t->has_dcs = indicator & PI_DCS;
	if (t->has_pid)
		t->pid = take_octet(d);
	if (t->has_dcs)
		t->dcs = take_octet(d);
	if (indicator & PI_USER_DATA)
		take_user_data(d);
	/* 9.2.3.27: what a newer release puts behind is not an error. */
	if (d->result == OK)
		(void)reader_take(&d->r, reader_left(&d->r));
}

static void decode_status_report(struct decoding *d, uint8_t first)
{
	struct tpdu *t = d->t;

	t->more_messages = !(first & NO_MORE_MESSAGES);
	t->loop_prevention = first & LOOP_PREVENTION;
	t->reference = take_octet(d);
	take_address(d);
	t->time = take_time(d);
	t->discharge = take_time(d);
	t->status = take_octet(d);
	if (d->result == OK && reader_left(&d->r))
		take_announced(d, take_octet(d));
}

/*
 * TP-PI follows in a DELIVER-REPORT, TP-PI and TP-SCTS in a SUBMIT-REPORT. The extension octets of TP-PI come before
 * TP-SCTS, so they are skipped with it.
 */
static void decode_report(struct decoding *d, enum tpdu_carrier carrier)
{
	struct tpdu *t = d->t;
	uint8_t indicator;

	t->has_fcs = carrier == TPDU_IN_ERROR;
	if (t->has_fcs)
		t->fcs = take_octet(d);
	indicator = take_octet(d);
	if (t->type == TPDU_SUBMIT_REPORT) {
		uint8_t more = indicator;

		while (more & PI_EXTENSION && d->result == OK)
			more = take_octet(d);
		t->time = take_time(d);
		indicator &= (uint8_t)~PI_EXTENSION;
	}
	take_announced(d, indicator);
}

/* 9.2.3.1. A phone takes the reserved type as a DELIVER; a centre cannot. TPDU_TYPES for what cannot be. */
static enum tpdu_type type_of(uint8_t first, enum tpdu_direction direction, enum tpdu_carrier carrier)
{
	static const enum tpdu_type in_data[2][4] = {
		[TPDU_TO_PHONE] = { TPDU_DELIVER, TPDU_TYPES, TPDU_STATUS_REPORT, TPDU_DELIVER },
		[TPDU_FROM_PHONE] = { TPDU_TYPES, TPDU_SUBMIT, TPDU_COMMAND, TPDU_TYPES },
	};
	unsigned mti = first & MTI_MASK;

	if (carrier == TPDU_IN_DATA)
		return in_data[direction][mti];
	if (direction == TPDU_FROM_PHONE)
		return mti == MTI_DELIVER ? TPDU_DELIVER_REPORT : TPDU_TYPES;
	return mti == MTI_SUBMIT ? TPDU_SUBMIT_REPORT : TPDU_TYPES;
}

static void decode_body(struct decoding *d, uint8_t first, enum tpdu_carrier carrier)
{
	switch (d->t->type) {
	case TPDU_DELIVER:
		decode_deliver(d, first);
		break;
	case TPDU_SUBMIT:
		decode_submit(d, first);
		break;
	case TPDU_COMMAND:
		decode_command(d);
		break;
	case TPDU_STATUS_REPORT:
		decode_status_report(d, first);
		break;
	case TPDU_DELIVER_REPORT:
	case TPDU_SUBMIT_REPORT:
		decode_report(d, carrier);
		break;
	default:
		wrong(d, ERR_UNSUPPORTED, 0);
	}
}

enum result tpdu_decode(const void *octets, size_t len, enum tpdu_direction direction, enum tpdu_carrier carrier,
			struct tpdu *out, size_t *bad_octet_out)
{
	struct decoding d = { .r = reader_of(octets, len), .t = out };

	*out = (struct tpdu){ 0 };
	d.start = d.r.at;
	uint8_t first = take_octet(&d);
	if (d.result == OK) {
		out->type = type_of(first, direction, carrier);
		out->report = first & REPORT_BIT;
		out->has_header = first & HEADER_BIT;
		decode_body(&d, first, carrier);
	}
	if (d.result == OK && reader_left(&d.r))
		wrong(&d, ERR_MALFORMED, offset(&d));
	if (d.result != OK && bad_octet_out)
		*bad_octet_out = d.bad_octet;
	return d.result;
}

static uint8_t first_octet(const struct tpdu *t)
{
	static const uint8_t mti[TPDU_TYPES] = {
		[TPDU_DELIVER] = MTI_DELIVER,
		[TPDU_DELIVER_REPORT] = MTI_DELIVER,
		[TPDU_SUBMIT] = MTI_SUBMIT,
		[TPDU_SUBMIT_REPORT] = MTI_SUBMIT,
		[TPDU_STATUS_REPORT] = MTI_STATUS_COMMAND,
		[TPDU_COMMAND] = MTI_STATUS_COMMAND,
	};
	unsigned first = mti[t->type];

	first |= t->has_header ? HEADER_BIT : 0;
	if (t->type == TPDU_DELIVER || t->type == TPDU_STATUS_REPORT) {
		first |= t->more_messages ? 0 : NO_MORE_MESSAGES;
		first |= t->loop_prevention ? LOOP_PREVENTION : 0;
	}
	if (t->type == TPDU_SUBMIT) {
		first |= t->reject_duplicates ? REJECT_DUPLICATES : 0;
		first |= (unsigned)t->validity.form << VALIDITY_SHIFT;
	}
	if (t->type == TPDU_DELIVER || t->type == TPDU_SUBMIT)
		first |= t->reply_path ? REPLY_PATH : 0;
	if (t->type != TPDU_DELIVER_REPORT && t->type != TPDU_SUBMIT_REPORT)
		first |= t->report ? REPORT_BIT : 0;
	return (uint8_t)first;
}

static void put_user_data(struct writer *w, const struct tpdu *t)
{
	if (tpdu_user_data_size(t->dcs, t->user_data_len) != t->user_data.len || t->user_data.len > TPDU_USER_DATA_MAX)
		w->failed = true;
	writer_u8(w, t->user_data_len);
	writer_text(w, t->user_data);
}

static uint8_t indicator_of(const struct tpdu *t)
{
	return (uint8_t)((t->has_pid ? PI_PID : 0) | (t->has_dcs ? PI_DCS : 0) | (t->has_user_data ? PI_USER_DATA : 0));
}

static void put_announced(struct writer *w, const struct tpdu *t)
{
	if (t->has_pid)
		writer_u8(w, t->pid);
	if (t->has_dcs)
		writer_u8(w, t->dcs);
	if (t->has_user_data)
		put_user_data(w, t);
}

static void put_command(struct writer *w, const struct tpdu *t)
{
	writer_u8(w, t->reference);
	writer_u8(w, t->pid);
	writer_u8(w, t->command);
	writer_u8(w, t->command_number);
	sms_address_put_tp(w, &t->address);
	if (t->user_data.len > TPDU_COMMAND_DATA_MAX)
		w->failed = true;
	writer_u8(w, (uint8_t)t->user_data.len);
	writer_text(w, t->user_data);
}

static void put_status_report(struct writer *w, const struct tpdu *t)
{
	writer_u8(w, t->reference);
	sms_address_put_tp(w, &t->address);
	tpdu_time_put(w, &t->time);
	tpdu_time_put(w, &t->discharge);
	writer_u8(w, t->status);
	if (!indicator_of(t))
		return;
	writer_u8(w, indicator_of(t));
	put_announced(w, t);
}

static void put_report(struct writer *w, const struct tpdu *t)
{
	if (t->has_fcs)
		writer_u8(w, t->fcs);
	writer_u8(w, indicator_of(t));
	if (t->type == TPDU_SUBMIT_REPORT)
		tpdu_time_put(w, &t->time);
	put_announced(w, t);
}

static void put_message(struct writer *w, const struct tpdu *t)
{
	if (t->type == TPDU_SUBMIT)
		writer_u8(w, t->reference);
	sms_address_put_tp(w, &t->address);
	writer_u8(w, t->pid);
	writer_u8(w, t->dcs);
	if (t->type == TPDU_SUBMIT)
		tpdu_validity_put(w, &t->validity);
	else
		tpdu_time_put(w, &t->time);
	put_user_data(w, t);
}

void tpdu_encode(const struct tpdu *t, struct writer *w)
{
	writer_u8(w, first_octet(t));
	switch (t->type) {
	case TPDU_DELIVER:
	case TPDU_SUBMIT:
		put_message(w, t);
		break;
	case TPDU_COMMAND:
		put_command(w, t);
		break;
	case TPDU_STATUS_REPORT:
		put_status_report(w, t);
		break;
	default:
		put_report(w, t);
	}
}

static size_t header_octets(const struct tpdu *t)
{
	return t->has_header ? t->header.octets : 0;
}

struct text tpdu_content(const struct tpdu *t)
{
	size_t header = header_octets(t);

	if (header >= t->user_data.len)
		return (struct text){ 0 };
	return text_range(t->user_data.at + header, t->user_data.len - header);
}

enum result tpdu_text(const struct tpdu *t, struct writer *utf8)
{
	struct dcs coding = dcs_decode(t->dcs);
	struct text content = tpdu_content(t);
	struct reader r = reader_of(content.at, content.len);
	size_t header = header_octets(t);
	size_t septets;

	if (coding.alphabet == DCS_8BIT || coding.compressed)
		return ERR_UNSUPPORTED;
	if (coding.alphabet == DCS_UCS2)
		return alphabet_ucs2_to_utf8(&r, false, utf8, NULL);
	septets = t->user_data_len > header_septets(header) ? t->user_data_len - header_septets(header) : 0;
	return alphabet_packed_to_utf8(&r, septets, alphabet_fill_bits(header), t->header.tables, utf8);
}

const char *tpdu_type_name(enum tpdu_type type)
{
	static const char *const names[TPDU_TYPES] = {
		[TPDU_DELIVER] = "SMS-DELIVER",
		[TPDU_DELIVER_REPORT] = "SMS-DELIVER-REPORT",
		[TPDU_SUBMIT] = "SMS-SUBMIT",
		[TPDU_SUBMIT_REPORT] = "SMS-SUBMIT-REPORT",
		[TPDU_STATUS_REPORT] = "SMS-STATUS-REPORT",
		[TPDU_COMMAND] = "SMS-COMMAND",
	};

	return type < TPDU_TYPES ? names[type] : NULL;
}

const char *tpdu_fcs_name(uint8_t fcs)
{
	static const struct {
		uint8_t fcs;
		const char *name;
	} names[] = {
		{ TPDU_FCS_TELEMATIC_NOT_SUPPORTED, "telematic interworking not supported" },
		{ TPDU_FCS_TYPE_0_NOT_SUPPORTED, "type 0 not supported" },
		{ TPDU_FCS_CANNOT_REPLACE, "cannot replace" },
		{ TPDU_FCS_PID_ERROR, "protocol identifier error" },
		{ TPDU_FCS_ALPHABET_NOT_SUPPORTED, "alphabet not supported" },
		{ TPDU_FCS_CLASS_NOT_SUPPORTED, "message class not supported" },
		{ TPDU_FCS_DCS_ERROR, "data coding error" },
		{ TPDU_FCS_COMMAND_CANNOT, "command cannot be done" },
		{ TPDU_FCS_COMMAND_UNSUPPORTED, "command not supported" },
		{ TPDU_FCS_COMMAND_ERROR, "command error" },
		{ TPDU_FCS_TPDU_NOT_SUPPORTED, "TPDU not supported" },
		{ TPDU_FCS_CENTRE_BUSY, "service centre busy" },
		{ TPDU_FCS_NO_SUBSCRIPTION, "no service centre subscription" },
		{ TPDU_FCS_CENTRE_FAILURE, "service centre failure" },
		{ TPDU_FCS_INVALID_ADDRESS, "invalid address" },
		{ TPDU_FCS_DESTINATION_BARRED, "destination barred" },
		{ TPDU_FCS_DUPLICATE, "duplicate rejected" },
		{ TPDU_FCS_VPF_NOT_SUPPORTED, "validity form not supported" },
		{ TPDU_FCS_VP_NOT_SUPPORTED, "validity not supported" },
		{ TPDU_FCS_SIM_FULL, "SIM storage full" },
		{ TPDU_FCS_NO_SIM_STORAGE, "no SIM storage" },
		{ TPDU_FCS_PHONE_ERROR, "error in phone" },
		{ TPDU_FCS_MEMORY_FULL, "memory full" },
		{ TPDU_FCS_TOOLKIT_BUSY, "SIM toolkit busy" },
		{ TPDU_FCS_DOWNLOAD_ERROR, "data download error" },
		{ TPDU_FCS_UNSPECIFIED, "unspecified" },
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (names[i].fcs == fcs)
			return names[i].name;
	}
	return fcs >= 0xe0 ? "application specific" : "reserved";
}
