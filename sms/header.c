/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The user data header: 3GPP TS 23.040 9.2.3.24. */
#include "sms/header.h"

/* Each of these gets a reader over the element's data; one that is too short changes nothing. */
static void decode_concat(struct header *h, struct reader data, enum header_width width)
{
	struct header_concat c = { .width = width };

	c.reference = width == HEADER_16_BIT ? reader_u16(&data) : reader_u8(&data);
	c.total = reader_u8(&data);
	c.number = reader_u8(&data);
	if (!data.failed && c.number && c.number <= c.total)
		h->concat = c;
}

static void decode_ports(struct header *h, struct reader data, enum header_width width)
{
	struct header_ports p = { .width = width };

	p.destination = width == HEADER_16_BIT ? reader_u16(&data) : reader_u8(&data);
	p.source = width == HEADER_16_BIT ? reader_u16(&data) : reader_u8(&data);
	if (!data.failed)
		h->ports = p;
}

static void decode_indication(struct header *h, struct reader data)
{
	uint8_t kind = reader_u8(&data);
	struct header_indication new = { .store = kind & 0x80, .type = kind & 0x1f, .profile = kind >> 5 & 3 };
	unsigned i = 0;

	new.count = reader_u8(&data);
	if (data.failed)
		return;
	while (i < h->indication_count && h->indications[i].type != new.type)
		i++;
	if (i == HEADER_INDICATIONS_MAX)
		return;
	h->indications[i] = new;
	if (i == h->indication_count)
		h->indication_count++;
}

static void decode_octet(struct reader data, uint8_t *out, bool *has_out)
{
	uint8_t v = reader_u8(&data);

	if (data.failed)
		return;
	*out = v;
	*has_out = true;
}

static enum result decode_language(struct reader data, uint8_t *out)
{
	uint8_t language = reader_u8(&data);

	if (data.failed)
		return OK;
	if (language >= ALPHABET_LANGUAGES)
		return ERR_UNSUPPORTED;
	*out = language;
	return OK;
}

static enum result decode_element(struct header *h, const struct header_ie *ie)
{
	struct reader data = reader_of(ie->data, ie->len);

	switch (ie->iei) {
	case HEADER_CONCAT_8:
		decode_concat(h, data, HEADER_8_BIT);
		break;
	case HEADER_CONCAT_16:
		decode_concat(h, data, HEADER_16_BIT);
		break;
	case HEADER_PORTS_8:
		decode_ports(h, data, HEADER_8_BIT);
		break;
	case HEADER_PORTS_16:
		decode_ports(h, data, HEADER_16_BIT);
		break;
	case HEADER_SPECIAL_INDICATION:
		decode_indication(h, data);
		break;
	case HEADER_SMSC_CONTROL:
		decode_octet(data, &h->smsc_control, &h->has_smsc_control);
		break;
	case HEADER_SOURCE_INDICATOR:
		decode_octet(data, &h->source_indicator, &h->has_source_indicator);
		break;
	case HEADER_EMAIL:
		decode_octet(data, &h->email_header_len, &h->has_email);
		break;
	case HEADER_REPLY_ADDRESS:
		h->reply_address = *ie;
		break;
	case HEADER_SINGLE_SHIFT:
		return decode_language(data, &h->tables.single);
	case HEADER_LOCKING_SHIFT:
		return decode_language(data, &h->tables.locking);
	default:
		h->has_toolkit = h->has_toolkit || (ie->iei >= HEADER_TOOLKIT_FIRST && ie->iei <= HEADER_TOOLKIT_LAST);
	}
	return OK;
}

struct reader header_elements(const struct header *h)
{
	return reader_of(h->elements, h->octets ? h->octets - 1 : 0);
}

bool header_next(struct reader *elements, struct header_ie *out)
{
	struct reader r = *elements;
	struct header_ie ie;

	ie.iei = reader_u8(&r);
	ie.len = reader_u8(&r);
	ie.data = reader_take(&r, ie.len);
	if (r.failed)
		return false;
	*elements = r;
	*out = ie;
	return true;
}

enum result header_decode(struct reader *r, struct header *out, size_t *bad_octet_out)
{
	struct header_ie ie = { 0 };
	enum result result = OK;
	size_t bad = 0;

	*out = (struct header){ 0 };
	uint8_t len = reader_u8(r);
	out->elements = reader_take(r, len);
	if (r->failed) {
		if (bad_octet_out)
			*bad_octet_out = 0;
		return ERR_SHORT;
	}
	out->octets = 1u + len;

	struct reader elements = header_elements(out);
	while (reader_left(&elements) && header_next(&elements, &ie)) {
		enum result one = decode_element(out, &ie);

		if (one == OK || result != OK)
			continue;
		result = one;
		bad = (size_t)(ie.data - out->elements) + 1;
	}
	if (reader_left(&elements) && result == OK) {
		result = ERR_MALFORMED;
		bad = out->octets - reader_left(&elements);
	}
	if (result != OK && bad_octet_out)
		*bad_octet_out = bad;
	return result;
}

size_t header_begin(struct writer *w)
{
	return writer_mark(w, 1);
}

void header_put(struct writer *w, uint8_t iei, const void *data, size_t len)
{
	size_t mark;

	writer_u8(w, iei);
	mark = writer_mark(w, 1);
	writer_bytes(w, data, len);
	writer_fill_u8(w, mark);
}

void header_put_concat(struct writer *w, const struct header_concat *concat)
{
	if (concat->width == HEADER_ABSENT)
		return;
	writer_u8(w, concat->width == HEADER_16_BIT ? HEADER_CONCAT_16 : HEADER_CONCAT_8);
	size_t mark = writer_mark(w, 1);
	if (concat->width == HEADER_16_BIT)
		writer_u16(w, concat->reference);
	else
		writer_u8(w, (uint8_t)concat->reference);
	writer_u8(w, concat->total);
	writer_u8(w, concat->number);
	writer_fill_u8(w, mark);
}

void header_put_ports(struct writer *w, const struct header_ports *ports)
{
	if (ports->width == HEADER_ABSENT)
		return;
	if (ports->width == HEADER_16_BIT) {
		writer_u16(w, HEADER_PORTS_16 << 8 | 4);
		writer_u16(w, ports->destination);
		writer_u16(w, ports->source);
	} else {
		writer_u16(w, HEADER_PORTS_8 << 8 | 2);
		writer_u8(w, (uint8_t)ports->destination);
		writer_u8(w, (uint8_t)ports->source);
	}
}

void header_put_tables(struct writer *w, struct alphabet_tables tables)
{
	if (tables.single)
		header_put(w, HEADER_SINGLE_SHIFT, &tables.single, 1);
	if (tables.locking)
		header_put(w, HEADER_LOCKING_SHIFT, &tables.locking, 1);
}

void header_put_indication(struct writer *w, const struct header_indication *indication)
{
	uint8_t data[2] = { 0, indication->count };

	data[0] =
		(uint8_t)((indication->store ? 0x80 : 0) | (indication->profile & 3) << 5 | (indication->type & 0x1f));
	header_put(w, HEADER_SPECIAL_INDICATION, data, sizeof(data));
}

void header_end(struct writer *w, size_t mark)
{
	writer_fill_u8(w, mark);
	if (writer_len(w) - mark > HEADER_MAX)
		w->failed = true;
}

static bool passed_on(uint8_t iei)
{
	switch (iei) {
	case HEADER_CONCAT_8:
	case HEADER_CONCAT_16:
	case HEADER_SINGLE_SHIFT:
	case HEADER_LOCKING_SHIFT:
		return false;
	default:
		return true;
	}
}

void header_pass_on(struct writer *w, const struct header *h)
{
	struct reader elements = header_elements(h);
	struct header_ie ie;

	while (header_next(&elements, &ie)) {
		if (passed_on(ie.iei))
			header_put(w, ie.iei, ie.data, ie.len);
	}
}

size_t header_pass_on_size(const struct header *h)
{
	struct reader elements = header_elements(h);
	struct header_ie ie;
	size_t size = 0;

	while (header_next(&elements, &ie))
		size += passed_on(ie.iei) ? 2u + ie.len : 0;
	return size;
}
