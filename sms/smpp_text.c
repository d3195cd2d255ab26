/* SPDX-License-Identifier: GPL-3.0-or-later */
/* See smpp_text.h. This half reads; smpp_text_plan.c writes. */
#include "sms/smpp_text.h"

#include "core/base/utf8.h"
#include "sms/smpp_status.h"

static const char *const alphabet_names[SMPP_ALPHABETS] = { "gsm7", "latin1", "ascii", "gsm7-packed" };
static const char *const join_names[SMPP_JOINS] = { "udh8", "udh16", "sar", "payload" };

const char *smpp_alphabet_name(enum smpp_alphabet a)
{
	return (unsigned)a < SMPP_ALPHABETS ? alphabet_names[a] : "unknown";
}

const char *smpp_join_name(enum smpp_join j)
{
	return (unsigned)j < SMPP_JOINS ? join_names[j] : "unknown";
}

bool smpp_alphabet_find(struct text name, enum smpp_alphabet *out)
{
	for (unsigned i = 0; i < SMPP_ALPHABETS; i++) {
		if (!text_is_nocase(name, alphabet_names[i]))
			continue;
		*out = (enum smpp_alphabet)i;
		return true;
	}
	return false;
}

bool smpp_join_find(struct text name, enum smpp_join *out)
{
	for (unsigned i = 0; i < SMPP_JOINS; i++) {
		if (!text_is_nocase(name, join_names[i]))
			continue;
		*out = (enum smpp_join)i;
		return true;
	}
	return false;
}

bool smpp_given_of_pdu(const struct smpp_pdu *pdu, struct smpp_given *out)
{
	const struct smpp_sm *sm = pdu->id == SMPP_SUBMIT_MULTI ? &pdu->u.multi.sm : &pdu->u.sm;

	switch (pdu->id) {
	case SMPP_SUBMIT_SM:
	case SMPP_DELIVER_SM:
	case SMPP_SUBMIT_MULTI:
		*out = (struct smpp_given){ sm->esm_class, sm->data_coding, sm->octets, pdu->tlvs };
		return true;
	case SMPP_DATA_SM:
		*out = (struct smpp_given){ .esm_class = pdu->u.data.esm_class,
					    .data_coding = pdu->u.data.data_coding,
					    .tlvs = pdu->tlvs };
		return true;
	default:
		return false;
	}
}

enum reading { READ_DEFAULT, READ_LATIN1, READ_UCS2, READ_OCTETS, READ_UNKNOWN };

struct meaning {
	enum reading reading;
	int message_class;
};

/* 5.2.19, and TS 23.038 for the groups that SMPP leaves to it. 0x10-0x1F stands in no table of SMPP, and is how peers
 * write a class with UCS-2. */
static struct meaning meaning_of(uint8_t coding)
{
	static const uint8_t low[16] = { READ_DEFAULT, READ_LATIN1,  READ_OCTETS,  READ_LATIN1,
					 READ_OCTETS,  READ_UNKNOWN, READ_UNKNOWN, READ_UNKNOWN,
					 READ_UCS2,    READ_UNKNOWN, READ_UNKNOWN, READ_UNKNOWN,
					 READ_UNKNOWN, READ_UNKNOWN, READ_UNKNOWN, READ_UNKNOWN };
	static const enum reading by_alphabet[] = {
		[DCS_GSM7] = READ_DEFAULT, [DCS_8BIT] = READ_OCTETS, [DCS_UCS2] = READ_UCS2
	};

	if (coding < 0x10)
		return (struct meaning){ (enum reading)low[coding], DCS_CLASS_NONE };
	if (coding >= 0x20 && coding < 0xc0)
		return (struct meaning){ READ_UNKNOWN, DCS_CLASS_NONE };
	struct dcs dcs = dcs_decode(coding);
	if (dcs.reserved || dcs.compressed)
		return (struct meaning){ READ_UNKNOWN, DCS_CLASS_NONE };
	return (struct meaning){ by_alphabet[dcs.alphabet], dcs.message_class };
}

/* sar_ parameters, 5.3.2.22-24; numbers that cannot be are ignored. */
static void read_sar(struct text tlvs, struct header_concat *out)
{
	uint16_t reference;
	uint8_t total, number;

	if (!smpp_tlv_u16(tlvs, SMPP_TLV_SAR_MSG_REF_NUM, &reference) ||
	    !smpp_tlv_u8(tlvs, SMPP_TLV_SAR_TOTAL_SEGMENTS, &total) ||
	    !smpp_tlv_u8(tlvs, SMPP_TLV_SAR_SEGMENT_SEQNUM, &number))
		return;
	if (number && number <= total && total > 1)
		*out = (struct header_concat){ HEADER_16_BIT, reference, total, number };
}

static bool read_port_tlvs(struct text tlvs, struct smpp_content *out)
{
	bool source = smpp_tlv_u16(tlvs, SMPP_TLV_SOURCE_PORT, &out->source_port);
	bool destination = smpp_tlv_u16(tlvs, SMPP_TLV_DESTINATION_PORT, &out->destination_port);

	return source || destination;
}

/* The header in front of the content; tables_out are those the content is read with. */
static bool read_header(struct reader *r, struct smpp_content *out, size_t *octets_out,
			struct alphabet_tables *tables_out)
{
	struct reader start = *r;
	struct header h;
	enum result result = header_decode(r, &h, NULL);

	/* Of a wrong language or a last element cut short everything else stands. */
	if (result == ERR_SHORT || h.octets > HEADER_MAX) {
		*r = start;
		out->header_bad = true;
		return false;
	}
	out->udh = text_range((const char *)start.at, h.octets);
	out->concat = h.concat;
	if (h.concat.total < 2)
		out->concat = (struct header_concat){ 0 };
	if (h.ports.width) {
		out->has_ports = true;
		out->source_port = h.ports.source;
		out->destination_port = h.ports.destination;
	}
	*octets_out = h.octets;
	*tables_out = h.tables;
	return true;
}

static enum result read_packed(struct reader *r, size_t header_octets, struct alphabet_tables tables,
			       struct writer *body)
{
	unsigned fill = alphabet_fill_bits(header_octets);
	size_t bits = 8 * reader_left(r);
	size_t n = bits > fill ? (bits - fill) / 7 : 0;
	uint8_t room[ALPHABET_PACKED_MAX];
	struct writer septets = writer_of(room, sizeof(room));

	if (n > ALPHABET_PACKED_MAX)
		return ERR_TOO_BIG;
	enum result result = alphabet_unpack(r, n, fill, &septets);
	if (result)
		return result;
	/* Seven bits left over and empty are no character: nobody can tell them from "@", which ends no text. */
	if (n && (bits - fill) % 7 == 0 && !room[n - 1])
		n--;
	struct reader unpacked = reader_of(room, n);
	return alphabet_gsm7_to_utf8(&unpacked, tables, body, NULL);
}

static enum result read_default(struct reader *r, const struct smpp_text_settings *settings, size_t header_octets,
				struct alphabet_tables tables, struct writer *body)
{
	if (settings->alphabet == SMPP_ALPHABET_GSM7_PACKED)
		return read_packed(r, header_octets, tables, body);
	if (settings->alphabet == SMPP_ALPHABET_GSM7 || tables.locking || tables.single)
		return alphabet_gsm7_to_utf8(r, tables, body, NULL);
	utf8_from_latin1(text_range((const char *)r->at, reader_left(r)), body);
	return writer_ok(body) ? OK : ERR_TOO_BIG;
}

struct reading_of_content {
	const struct smpp_text_settings *settings;
	enum reading reading;
	size_t header_octets;
	struct alphabet_tables tables;
};

static enum result read_content(const struct reading_of_content *how, struct reader r, struct writer *body)
{
	switch (how->reading) {
	case READ_DEFAULT:
		return read_default(&r, how->settings, how->header_octets, how->tables, body);
	case READ_UCS2:
		return alphabet_ucs2_to_utf8(&r, how->settings->strict, body, NULL);
	case READ_LATIN1:
		utf8_from_latin1(text_range((const char *)r.at, reader_left(&r)), body);
		break;
	default:
		writer_bytes(body, r.at, reader_left(&r));
	}
	return writer_ok(body) ? OK : ERR_TOO_BIG;
}

/* Octets that their coding has no characters for: Latin-1, as most such senders mean it. */
static enum result read_or_guess(const struct reading_of_content *how, struct reader r, struct smpp_content *out,
				 struct writer *body)
{
	struct writer before = *body;
	enum result result = read_content(how, r, body);

	if (result == OK || result == ERR_TOO_BIG || how->settings->strict)
		return result;
	*body = before;
	out->guessed = true;
	utf8_from_latin1(text_range((const char *)r.at, reader_left(&r)), body);
	return writer_ok(body) ? OK : ERR_TOO_BIG;
}

static struct text content_of(const struct smpp_given *given)
{
	struct text payload;

	if (smpp_tlv_find(given->tlvs, SMPP_TLV_MESSAGE_PAYLOAD, &payload) && (payload.len || !given->octets.len))
		return payload;
	return given->octets;
}

/* What is not in the octets of the content. False: UDHI and TLVs that say the same thing, against 5.2.12. */
static bool read_frame(const struct smpp_given *given, struct reading_of_content *how, struct reader *r,
		       struct smpp_content *out)
{
	struct header_concat sar = { 0 };
	struct smpp_content ports = { 0 };
	bool has_ports = read_port_tlvs(given->tlvs, &ports);
	bool header = false;

	read_sar(given->tlvs, &sar);
	if (given->esm_class & SMPP_ESM_UDHI)
		header = read_header(r, out, &how->header_octets, &how->tables);
	if (!header || !out->concat.width)
		out->concat = sar;
	if (has_ports && !out->has_ports) {
		out->has_ports = true;
		out->source_port = ports.source_port;
		out->destination_port = ports.destination_port;
	}
	return !header || (!sar.width && !has_ports);
}

enum result smpp_text_read(const struct smpp_given *given, const struct smpp_text_settings *settings,
			   struct smpp_content *out, struct writer *body, uint32_t *status_out)
{
	struct meaning meaning = meaning_of(given->data_coding);
	struct reading_of_content how = { .settings = settings, .reading = meaning.reading };
	struct text content = content_of(given);
	struct reader r = reader_of(content.at, content.len);
	uint8_t subunit = 0;

	*out = (struct smpp_content){ .coding = given->data_coding };
	bool by_the_book = read_frame(given, &how, &r, out);
	if (settings->strict && (!by_the_book || out->header_bad)) {
		*status_out = by_the_book ? SMPP_RINVESMCLASS : SMPP_RTLVNOTALLWD;
		return ERR_MALFORMED;
	}
	(void)smpp_tlv_u8(given->tlvs, SMPP_TLV_DEST_ADDR_SUBUNIT, &subunit);
	out->flash = meaning.message_class == DCS_CLASS_FLASH || subunit == 1;
	out->keep_coding = meaning.reading == READ_UNKNOWN || (given->data_coding >= 0x10 && !out->flash);
	bool octets = meaning.reading == READ_OCTETS || meaning.reading == READ_UNKNOWN;
	out->content = octets ? MESSAGE_BINARY : MESSAGE_TEXT;
	enum result result = read_or_guess(&how, r, out, body);
	*status_out = result == OK ? SMPP_ROK
				   : smpp_status_of(result == ERR_TOO_BIG ? result : ERR_MALFORMED, SMPP_FAULT_TEXT);
	return result == OK || result == ERR_TOO_BIG ? result : ERR_MALFORMED;
}
