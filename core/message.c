/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Encoding of the envelope, as tagged fields. */
#include "core/message.h"

#define HEADER_VERSION 1

enum tag {
	TAG_CONTENT = 1,
	TAG_CHANNEL,
	TAG_ACCOUNT,
	TAG_SENDER,
	TAG_DUE,
	TAG_VALIDITY,
	TAG_PRIORITY,
	TAG_REPORTS,
	TAG_FLAGS,
	TAG_PROTOCOL,
	TAG_CODING,
	TAG_UDH,
	TAG_PORTS,
	TAG_SERVICE,
	TAG_REFERENCE,
	TAG_REPORT_TO,
	TAG_TLVS,
	TAG_LINK,
	TAG_USER_REFERENCE,
	TAG_SOURCE_TYPE,
	TAG_CHOICE,
	TAG_CONSENT,
	TAG_MAX_PRICE,
	TAG_QUOTE,
	TAG_FILES,
};

#define FLAG_FLASH 1u
#define FLAG_FROM_NETWORK 2u
#define FLAG_EMERGENCY 4u

static void put_text(struct writer *w, enum tag tag, struct text t)
{
	if (!t.len)
		return;
	if (t.len > UINT16_MAX) {
		w->failed = true;
		return;
	}
	writer_u8(w, (uint8_t)tag);
	writer_u16(w, (uint16_t)t.len);
	writer_text(w, t);
}

/* Numbers are written short: leading zero octets are left out, and a zero is not written at all. */
static void put_number(struct writer *w, enum tag tag, uint64_t v)
{
	uint8_t n = 0;

	if (!v)
		return;
	for (uint64_t rest = v; rest; rest >>= 8)
		n++;
	writer_u8(w, (uint8_t)tag);
	writer_u16(w, n);
	while (n--)
		writer_u8(w, (uint8_t)(v >> (8 * n)));
}

static uint64_t take_number(struct reader value)
{
	uint64_t v = 0;

	if (reader_left(&value) > 8)
		return 0;
	while (reader_left(&value)) {
		uint8_t octet = reader_u8(&value);
		v = v << 8 | octet;
	}
	return v;
}

/* A zero is not written, so what may be zero and present carries a bit above its value. */
static void put_money(const struct message *m, struct writer *w)
{
	put_number(w, TAG_CHOICE, (uint64_t)m->choice);
	if (m->has_consent)
		put_number(w, TAG_CONSENT, 0x100u | m->consent);
	if (m->has_max_price)
		put_number(w, TAG_MAX_PRICE, UINT64_C(1) << 63 | (uint64_t)m->max_price);
	put_text(w, TAG_QUOTE, m->quote);
}

void message_encode(const struct message *m, struct writer *w)
{
	unsigned flags = (m->flash ? FLAG_FLASH : 0) | (m->from_network ? FLAG_FROM_NETWORK : 0) |
			 (m->emergency ? FLAG_EMERGENCY : 0);

	writer_u8(w, HEADER_VERSION);
	put_number(w, TAG_CONTENT, (uint64_t)m->content);
	put_text(w, TAG_CHANNEL, m->channel);
	put_text(w, TAG_ACCOUNT, m->account);
	put_text(w, TAG_SENDER, m->sender);
	put_number(w, TAG_DUE, (uint64_t)m->due_us);
	put_number(w, TAG_VALIDITY, (uint64_t)m->validity_us);
	put_number(w, TAG_PRIORITY, m->priority);
	put_number(w, TAG_REPORTS, m->reports);
	put_number(w, TAG_FLAGS, flags);
	put_number(w, TAG_PROTOCOL, m->protocol_id);
	if (m->has_coding)
		put_number(w, TAG_CODING, 0x100u | m->coding);
	put_text(w, TAG_UDH, m->udh);
	if (m->has_ports)
		put_number(w, TAG_PORTS, UINT64_C(1) << 32 | (uint64_t)m->source_port << 16 | m->destination_port);
	put_text(w, TAG_SERVICE, m->service_type);
	put_text(w, TAG_REFERENCE, m->reference);
	put_text(w, TAG_REPORT_TO, m->report_to);
	put_text(w, TAG_TLVS, m->tlvs);
	put_text(w, TAG_LINK, m->link);
	put_number(w, TAG_USER_REFERENCE, m->user_reference);
	put_number(w, TAG_SOURCE_TYPE, (uint64_t)m->source_ton << 8 | m->source_npi);
	put_money(m, w);
	put_text(w, TAG_FILES, m->files);
}

static void take_coding(struct message *m, uint64_t v)
{
	m->has_coding = v >> 8 == 1;
	m->coding = (uint8_t)v;
}

static void take_ports(struct message *m, uint64_t v)
{
	m->has_ports = v >> 32 == 1;
	m->source_port = (uint16_t)(v >> 16);
	m->destination_port = (uint16_t)v;
}

static void take_flags(struct message *m, uint64_t v)
{
	m->flash = v & FLAG_FLASH;
	m->from_network = v & FLAG_FROM_NETWORK;
	m->emergency = v & FLAG_EMERGENCY;
}

static void take_choice(struct message *m, uint64_t v)
{
	if (v < MESSAGE_CHOICE_COUNT)
		m->choice = (enum message_choice)v;
}

static void take_consent(struct message *m, uint64_t v)
{
	m->has_consent = v >> 8 == 1;
	m->consent = (uint8_t)v;
}

static void take_max_price(struct message *m, uint64_t v)
{
	m->has_max_price = v >> 63;
	m->max_price = (int64_t)(v & INT64_MAX);
}

static void take_field(struct message *m, uint8_t tag, struct reader value)
{
	struct text t = text_range((const char *)value.at, reader_left(&value));

	switch ((enum tag)tag) {
	case TAG_CONTENT:
		m->content = take_number(value) == MESSAGE_BINARY ? MESSAGE_BINARY : MESSAGE_TEXT;
		break;
	case TAG_CHANNEL:
		m->channel = t;
		break;
	case TAG_ACCOUNT:
		m->account = t;
		break;
	case TAG_SENDER:
		m->sender = t;
		break;
	case TAG_DUE:
		m->due_us = (int64_t)take_number(value);
		break;
	case TAG_VALIDITY:
		m->validity_us = (int64_t)take_number(value);
		break;
	case TAG_PRIORITY:
		m->priority = (uint8_t)take_number(value);
		break;
	case TAG_REPORTS:
		m->reports = (uint8_t)take_number(value);
		break;
	case TAG_FLAGS:
		take_flags(m, take_number(value));
		break;
	case TAG_PROTOCOL:
		m->protocol_id = (uint8_t)take_number(value);
		break;
	case TAG_CODING:
		take_coding(m, take_number(value));
		break;
	case TAG_UDH:
		m->udh = t;
		break;
	case TAG_PORTS:
		take_ports(m, take_number(value));
		break;
	case TAG_SERVICE:
		m->service_type = t;
		break;
	case TAG_REFERENCE:
		m->reference = t;
		break;
	case TAG_REPORT_TO:
		m->report_to = t;
		break;
	case TAG_TLVS:
		m->tlvs = t;
		break;
	case TAG_LINK:
		m->link = t;
		break;
	case TAG_USER_REFERENCE:
		m->user_reference = (uint16_t)take_number(value);
		break;
	case TAG_SOURCE_TYPE: {
		uint64_t v = take_number(value);
		m->source_ton = (uint8_t)(v >> 8);
		m->source_npi = (uint8_t)v;
		break;
	}
	case TAG_CHOICE:
		take_choice(m, take_number(value));
		break;
	case TAG_CONSENT:
		take_consent(m, take_number(value));
		break;
	case TAG_MAX_PRICE:
		take_max_price(m, take_number(value));
		break;
	case TAG_QUOTE:
		m->quote = t;
		break;
	case TAG_FILES:
		m->files = t;
		break;
	}
}

enum result message_decode(struct text header, struct message *out)
{
	struct reader r = reader_of(header.at, header.len);

	*out = (struct message){ 0 };
	uint8_t version = reader_u8(&r);
	if (r.failed)
		return ERR_SHORT;
	if (version != HEADER_VERSION)
		return ERR_UNSUPPORTED;
	while (reader_left(&r)) {
		uint8_t tag = reader_u8(&r);
		uint16_t len = reader_u16(&r);
		struct reader value = reader_sub(&r, len);
		if (r.failed)
			return ERR_SHORT;
		take_field(out, tag, value);
	}
	return OK;
}

void message_put_file(struct writer *w, const struct message_file *f)
{
	writer_u8(w, (uint8_t)f->media.len);
	writer_text(w, f->media);
	writer_u8(w, (uint8_t)f->name.len);
	writer_text(w, f->name);
	writer_u64(w, f->size);
	writer_bytes(w, f->hash, sizeof(f->hash));
	if (f->media.len > MESSAGE_MEDIA_MAX || f->name.len > MESSAGE_FILE_NAME_MAX)
		w->failed = true;
}

static struct text take_short_text(struct reader *r)
{
	uint8_t len = reader_u8(r);
	struct reader t = reader_sub(r, len);

	return text_range((const char *)t.at, reader_left(&t));
}

bool message_take_file(struct reader *r, struct message_file *out)
{
	*out = (struct message_file){ 0 };
	if (!reader_left(r))
		return false;
	out->media = take_short_text(r);
	out->name = take_short_text(r);
	out->size = reader_u64(r);
	reader_copy(r, out->hash, sizeof(out->hash));
	return !r->failed;
}
