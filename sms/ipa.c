/* SPDX-License-Identifier: GPL-3.0-or-later */
/* IPA frames and control messages. */
#include "sms/ipa.h"

#include "core/base/reader.h"

#define HEAD 3u

enum result ipa_parse(const void *octets, size_t len, struct ipa_frame *out, size_t *used_out)
{
	struct reader r = reader_of(octets, len);
	uint16_t size = reader_u16(&r);

	*out = (struct ipa_frame){ .protocol = reader_u8(&r) };
	if (r.failed)
		return ERR_SHORT;
	if (size > IPA_PAYLOAD_MAX)
		return ERR_TOO_BIG;
	struct reader payload = reader_sub(&r, size);
	if (r.failed)
		return ERR_SHORT;
	if (out->protocol == IPA_OSMO || out->protocol == IPA_CCM) {
		out->kind = reader_u8(&payload);
		if (payload.failed)
			return ERR_MALFORMED;
	}
	out->payload = text_range((const char *)payload.at, reader_left(&payload));
	*used_out = HEAD + size;
	return OK;
}

size_t ipa_begin(struct writer *w, uint8_t protocol, uint8_t kind)
{
	size_t mark = writer_mark(w, 2);

	writer_u8(w, protocol);
	writer_u8(w, kind);
	return mark;
}

void ipa_end(struct writer *w, size_t mark)
{
	size_t size = writer_len(w) - mark - HEAD;

	if (w->failed)
		return;
	if (size > IPA_PAYLOAD_MAX) {
		w->failed = true;
		return;
	}
	struct writer length = writer_of(w->start + mark, 2);
	writer_u16(&length, (uint16_t)size);
}

void ipa_put_ccm(struct writer *w, enum ipa_ccm message)
{
	size_t mark = ipa_begin(w, IPA_CCM, (uint8_t)message);

	ipa_end(w, mark);
}

void ipa_put_identity_request(struct writer *w)
{
	static const uint8_t tags[] = { IPA_ID_UNIT, 0x07, 0x02, 0x03, 0x04, 0x05, IPA_ID_NAME, IPA_ID_SERIAL };
	size_t mark = ipa_begin(w, IPA_CCM, IPA_ID_REQUEST);

	for (size_t i = 0; i < sizeof(tags); i++) {
		writer_u8(w, 1);
		writer_u8(w, tags[i]);
	}
	ipa_end(w, mark);
}

static void put_tag(struct writer *w, enum ipa_id_tag tag, struct text value)
{
	if (!value.len)
		return;
	size_t mark = writer_mark(w, 2);
	writer_u8(w, (uint8_t)tag);
	writer_cstring(w, value);
	writer_fill_u16(w, mark);
}

void ipa_put_identity(struct writer *w, const struct ipa_identity *identity)
{
	size_t mark = ipa_begin(w, IPA_CCM, IPA_ID_RESPONSE);

	put_tag(w, IPA_ID_UNIT, identity->unit);
	put_tag(w, IPA_ID_NAME, identity->name);
	put_tag(w, IPA_ID_SERIAL, identity->serial);
	ipa_end(w, mark);
}

static struct text without_nul(struct reader *value)
{
	size_t n = reader_left(value);
	const char *at = (const char *)reader_take(value, n);

	return text_range(at, n && !at[n - 1] ? n - 1 : n);
}

static void keep_tag(struct ipa_identity *out, uint8_t tag, struct text value)
{
	if (tag == IPA_ID_NAME)
		out->name = value;
	else if (tag == IPA_ID_SERIAL)
		out->serial = value;
	else if (tag == IPA_ID_UNIT)
		out->unit = value;
}

enum result ipa_take_identity(struct text payload, struct ipa_identity *out, size_t *bad_octet_out)
{
	struct reader r = reader_of(payload.at, payload.len);
	enum result result = OK;
	size_t at = 0;

	*out = (struct ipa_identity){ 0 };
	while (result == OK && reader_left(&r)) {
		at = payload.len - reader_left(&r);
		uint16_t len = reader_u16(&r);
		struct reader value = reader_sub(&r, len);
		uint8_t tag = reader_u8(&value);

		if (r.failed)
			result = ERR_SHORT;
		else if (value.failed)
			result = ERR_MALFORMED;
		else
			keep_tag(out, tag, without_nul(&value));
	}
	if (result != OK && bad_octet_out)
		*bad_octet_out = at;
	return result;
}
