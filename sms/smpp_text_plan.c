/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The half of smpp_text.h that writes: which coding, how many PDUs, what is in each. */
#include "sms/smpp_text.h"

#include "core/base/utf8.h"

/* The elements each part carries: the message's own header but for tables, and its ports where that has none. */
struct elements {
	struct text octets;
	bool is_part;	/* a concatenation element of the sender's */
	bool port_tlvs; /* the ports stand beside them */
};

/* A header and port TLVs exclude each other (SMPP 3.4 5.2.12): TLVs for messages that have no other element. */
static enum result gather_elements(const struct message *m, const struct smpp_text_settings *s, struct arena *arena,
				   struct elements *out)
{
	struct header h = { 0 };

	*out = (struct elements){ .port_tlvs = s->ports_by_tlv && m->has_ports && !m->udh.len };
	if (out->port_tlvs || (!m->udh.len && !m->has_ports))
		return OK;
	struct reader r = reader_of(m->udh.at, m->udh.len);
	/* A wrong language or a last element cut short leaves the rest usable. */
	if (m->udh.len && header_decode(&r, &h, NULL) == ERR_SHORT)
		return ERR_MALFORMED;
	uint8_t *room = arena_alloc(arena, HEADER_MAX);
	struct writer w = writer_of(room, HEADER_MAX);
	header_pass_on(&w, &h);
	if (m->has_ports && !h.ports.width)
		header_put_ports(&w, &(struct header_ports){ HEADER_16_BIT, m->destination_port, m->source_port });
	if (h.concat.width)
		header_put_concat(&w, &h.concat);
	if (!writer_ok(&w))
		return ERR_TOO_BIG;
	out->octets = text_range((const char *)room, writer_len(&w));
	out->is_part = h.concat.width;
	return OK;
}

static enum smpp_join join_of(const struct smpp_text_settings *s, const struct elements *elements)
{
	if (elements->port_tlvs && s->join != SMPP_JOIN_PAYLOAD)
		return SMPP_JOIN_SAR;
	if (s->join == SMPP_JOIN_SAR && elements->octets.len)
		return SMPP_JOIN_UDH_8;
	if (s->join == SMPP_JOIN_PAYLOAD && s->alphabet == SMPP_ALPHABET_GSM7_PACKED)
		return SMPP_JOIN_UDH_8; /* packed parts do not stand behind each other */
	return s->join;
}

static struct split_options options_of(const struct smpp_text_settings *s, const struct elements *elements,
				       enum smpp_join join)
{
	static const enum split_reference references[SMPP_JOINS] = { SPLIT_REFERENCE_8, SPLIT_REFERENCE_16,
								     SPLIT_REFERENCE_SAR, SPLIT_REFERENCE_8 };
	bool septets = s->alphabet == SMPP_ALPHABET_GSM7 || s->alphabet == SMPP_ALPHABET_GSM7_PACKED;
	bool languages = septets && join != SMPP_JOIN_PAYLOAD && join != SMPP_JOIN_SAR;
	struct split_options o = { .reference = references[join],
				   .elements = elements->octets,
				   .peer_octets = elements->port_tlvs ? HEADER_PORTS_16_SIZE : 0,
				   .parts_max = elements->is_part ? 1 : s->parts_max,
				   .transliterate = s->transliterate };

	if (languages) {
		o.locking_languages = s->locking_languages;
		o.single_languages = s->single_languages;
	}
	return o;
}

/* The peer's data_coding 0 has every character of the text. */
static bool peer_has(enum smpp_alphabet alphabet, struct text t)
{
	uint32_t most = alphabet == SMPP_ALPHABET_LATIN1 ? 0xff : 0x7f, c;

	if (alphabet == SMPP_ALPHABET_GSM7 || alphabet == SMPP_ALPHABET_GSM7_PACKED)
		return true;
	while (utf8_take(&t, &c))
		if (c > most)
			return false;
	return true;
}

static enum result plan_split(const struct message *m, const struct smpp_text_settings *s, struct split_options *o,
			      struct arena *arena, struct split *out, size_t *bad_octet_out)
{
	if (m->content == MESSAGE_BINARY)
		return split_plan_octets(m->body, o, out);
	enum result result = split_plan(m->body, o, arena, out, bad_octet_out);
	if (result || out->alphabet != DCS_GSM7 || peer_has(s->alphabet, out->text))
		return result;
	o->alphabets = SPLIT_ONLY_UCS2;
	return split_plan(m->body, o, arena, out, bad_octet_out);
}

/* data_coding. A class is written as TS 23.038 does, which is how SMSCs read those values. */
static uint8_t coding_of(const struct message *m, enum dcs_alphabet alphabet, bool flash)
{
	static const uint8_t plain[] = {
		[DCS_GSM7] = SMPP_CODING_DEFAULT, [DCS_8BIT] = SMPP_CODING_OCTETS, [DCS_UCS2] = SMPP_CODING_UCS2
	};
	static const uint8_t class_0[] = { [DCS_GSM7] = 0xf0, [DCS_8BIT] = 0xf4, [DCS_UCS2] = 0x18 };

	/* A coding of the sender's, unless the text now needs another alphabet than it names. */
	if (m->has_coding &&
	    (m->content == MESSAGE_BINARY || (m->coding >= 0x10 && dcs_decode(m->coding).alphabet == alphabet)))
		return m->coding;
	return flash ? class_0[alphabet] : plain[alphabet];
}

enum result smpp_text_plan(const struct message *m, const struct smpp_text_settings *s, struct arena *arena,
			   struct smpp_text_plan *out, size_t *bad_octet_out)
{
	struct elements elements;
	size_t ignored;

	enum result result = gather_elements(m, s, arena, &elements);
	if (result)
		return result;
	out->join = join_of(s, &elements);
	struct split_options options = options_of(s, &elements, out->join);
	result = plan_split(m, s, &options, arena, &out->split, bad_octet_out ? bad_octet_out : &ignored);
	if (result)
		return result;
	out->alphabet = s->alphabet;
	out->segments = out->split.parts;
	out->port_tlvs = elements.port_tlvs;
	out->source_port = m->source_port;
	out->destination_port = m->destination_port;
	out->payload = out->join == SMPP_JOIN_PAYLOAD && out->segments > 1;
	out->parts = out->payload ? 1 : out->segments;
	out->flash_subunit = m->flash && s->flash_by_subunit;
	out->coding = coding_of(m, out->split.alphabet, m->flash && !s->flash_by_subunit);
	bool header = out->payload ? elements.octets.len > 0 : out->split.header_octets > 0;
	out->esm_class = header ? SMPP_ESM_UDHI : 0;
	return OK;
}

static void put_content(const struct smpp_text_plan *p, unsigned part, struct writer *w)
{
	bool latin1 = p->alphabet == SMPP_ALPHABET_LATIN1 || p->alphabet == SMPP_ALPHABET_ASCII;

	if (p->split.alphabet == DCS_GSM7 && latin1) {
		if (utf8_to_latin1(split_part_text(&p->split, part), w) != OK)
			w->failed = true;
		return;
	}
	bool packed = p->alphabet == SMPP_ALPHABET_GSM7_PACKED;
	split_put_content(&p->split, part, packed ? SPLIT_PACKED : SPLIT_UNPACKED, w);
}

/* The whole content behind the sender's own elements; joining is the peer's work. */
static void put_payload(const struct smpp_text_plan *p, struct writer *w)
{
	writer_u16(w, SMPP_TLV_MESSAGE_PAYLOAD);
	size_t mark = writer_mark(w, 2);
	if (p->split.elements.len) {
		writer_u8(w, (uint8_t)p->split.elements.len);
		writer_text(w, p->split.elements);
	}
	for (unsigned i = 0; i < p->segments; i++)
		put_content(p, i, w);
	writer_fill_u16(w, mark);
}

void smpp_text_put_part(const struct smpp_text_plan *p, unsigned part, uint16_t reference, struct writer *octets,
			struct writer *tlvs)
{
	if (p->flash_subunit)
		smpp_tlv_put_u8(tlvs, SMPP_TLV_DEST_ADDR_SUBUNIT, 1);
	if (p->port_tlvs) {
		smpp_tlv_put_u16(tlvs, SMPP_TLV_SOURCE_PORT, p->source_port);
		smpp_tlv_put_u16(tlvs, SMPP_TLV_DESTINATION_PORT, p->destination_port);
	}
	if (p->payload) {
		put_payload(p, tlvs);
		return;
	}
	if (p->join == SMPP_JOIN_SAR && p->parts > 1) {
		smpp_tlv_put_u16(tlvs, SMPP_TLV_SAR_MSG_REF_NUM, reference);
		smpp_tlv_put_u8(tlvs, SMPP_TLV_SAR_TOTAL_SEGMENTS, (uint8_t)p->parts);
		smpp_tlv_put_u8(tlvs, SMPP_TLV_SAR_SEGMENT_SEQNUM, (uint8_t)(part + 1));
	}
	split_put_header(&p->split, part, reference, octets);
	put_content(p, part, octets);
}
