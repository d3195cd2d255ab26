/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Parts of long messages: keys, how they are kept, joining. A part is kept as
 *
 *	version u8 | number u8 | pid u8 | dcs u8 | locking u8 | single u8 | received_us u64
 *	content u16 length, octets | elements u8 length, octets | extra u16 length, octets
 */
#include "sms/concat_part.h"

#include "core/base/hex.h"
#include "core/base/reader.h"
#include "core/net/digest.h"
#include "sms/dcs.h"
#include "sms/header.h"

#define VERSION 1

static bool is_plain(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '+' || c == ':' ||
	       c == '.' || c == '-' || c == '_' || c == '@' || c == '*' || c == '#';
}

static void put_escaped(struct writer *w, struct text t)
{
	for (size_t i = 0; i < t.len; i++) {
		if (is_plain(t.at[i]))
			writer_u8(w, (uint8_t)t.at[i]);
		else
			writer_printf(w, "%%%02X", (unsigned char)t.at[i]);
	}
	writer_u8(w, '/');
}

#define READABLE_MAX 2048u /* room for bearers and addresses of some 200 octets each */

void concat_key(const struct concat_id *id, struct writer *w)
{
	uint8_t room[READABLE_MAX], digest[DIGEST_SHA256_SIZE];
	struct writer readable = writer_of(room, sizeof(room));

	put_escaped(&readable, id->bearer);
	put_escaped(&readable, id->originator);
	put_escaped(&readable, id->destination);
	writer_printf(&readable, "%u/%u/%u/%02X", id->width, id->reference, id->total, id->dcs);
	if (!writer_ok(&readable)) {
		w->failed = true;
	} else if (writer_len(&readable) <= CONCAT_KEY_MAX) {
		writer_bytes(w, room, writer_len(&readable));
	} else {
		digest_sha256(&(struct digest_part){ room, writer_len(&readable) }, 1, digest);
		writer_text(w, TEXT_LITERAL("sha256/"));
		hex_put(w, digest, sizeof(digest));
	}
}

void concat_part_key(const struct concat_id *id, uint8_t number, struct writer *w)
{
	concat_key(id, w);
	writer_printf(w, "/%03u", number);
}

static enum result put_content(const struct tpdu *t, struct writer *room)
{
	struct text content = tpdu_content(t);
	unsigned fill = alphabet_fill_bits(t->header.octets);
	size_t header_septets = (8 * t->header.octets + fill) / 7;
	struct dcs dcs = dcs_decode(t->dcs);

	if (dcs.compressed)
		return ERR_UNSUPPORTED;
	if (dcs.alphabet != DCS_GSM7) {
		writer_text(room, content);
		return writer_ok(room) ? OK : ERR_TOO_BIG;
	}
	struct reader r = reader_of(content.at, content.len);
	size_t septets = t->user_data_len > header_septets ? t->user_data_len - header_septets : 0;
	return alphabet_unpack(&r, septets, fill, room);
}

enum result concat_part_of(const struct tpdu *t, int64_t received_us, struct writer *room, struct concat_part *out,
			   struct concat_id *id)
{
	if (!t->has_header || t->header.concat.width == HEADER_ABSENT)
		return ERR_NOT_FOUND;
	const uint8_t *start = room->at;
	enum result result = put_content(t, room);
	if (result != OK)
		return result;
	const uint8_t *end = room->at;
	header_pass_on(room, &t->header);
	if (!writer_ok(room))
		return ERR_TOO_BIG;
	*out = (struct concat_part){
		.number = t->header.concat.number,
		.pid = t->pid,
		.dcs = t->dcs,
		.tables = t->header.tables,
		.received_us = received_us,
		.content = text_range((const char *)start, (size_t)(end - start)),
		.elements = text_range((const char *)end, (size_t)(room->at - end)),
	};
	id->width = (uint8_t)t->header.concat.width;
	id->reference = t->header.concat.reference;
	id->total = t->header.concat.total;
	id->dcs = t->dcs;
	return OK;
}

void concat_part_encode(const struct concat_part *p, struct writer *w)
{
	if (p->content.len > CONCAT_CONTENT_MAX || p->elements.len > HEADER_MAX || p->extra.len > CONCAT_EXTRA_MAX) {
		w->failed = true;
		return;
	}
	writer_u8(w, VERSION);
	writer_u8(w, p->number);
	writer_u8(w, p->pid);
	writer_u8(w, p->dcs);
	writer_u8(w, p->tables.locking);
	writer_u8(w, p->tables.single);
	writer_u64(w, (uint64_t)p->received_us);
	writer_u16(w, (uint16_t)p->content.len);
	writer_text(w, p->content);
	writer_u8(w, (uint8_t)p->elements.len);
	writer_text(w, p->elements);
	writer_u16(w, (uint16_t)p->extra.len);
	writer_text(w, p->extra);
}

static struct text take_text(struct reader *r, size_t len, size_t max, bool *too_big)
{
	if (len > max) {
		*too_big = true;
		reader_fail(r);
	}
	const uint8_t *at = reader_take(r, len);
	return text_range((const char *)at, at ? len : 0);
}

static bool is_possible(const struct concat_part *p)
{
	return p->number && p->tables.locking < ALPHABET_LANGUAGES && p->tables.single < ALPHABET_LANGUAGES &&
	       p->received_us >= 0;
}

enum result concat_part_decode(const void *octets, size_t len, struct concat_part *out)
{
	struct reader r = reader_of(octets, len);
	bool too_big = false;

	uint8_t version = reader_u8(&r);
	if (version > VERSION)
		return ERR_UNSUPPORTED;
	out->number = reader_u8(&r);
	out->pid = reader_u8(&r);
	out->dcs = reader_u8(&r);
	out->tables.locking = reader_u8(&r);
	out->tables.single = reader_u8(&r);
	out->received_us = (int64_t)reader_u64(&r);
	size_t content = reader_u16(&r);
	out->content = take_text(&r, content, CONCAT_CONTENT_MAX, &too_big);
	size_t elements = reader_u8(&r);
	out->elements = take_text(&r, elements, HEADER_MAX, &too_big);
	size_t extra = reader_u16(&r);
	out->extra = take_text(&r, extra, CONCAT_EXTRA_MAX, &too_big);
	if (too_big)
		return ERR_TOO_BIG;
	if (r.failed)
		return ERR_SHORT;
	return version == VERSION && reader_done(&r) && is_possible(out) ? OK : ERR_MALFORMED;
}

/* places[n] is the first part with that number, NULL when there is none. */
static unsigned put_in_place(const struct concat_part *parts, size_t count, uint8_t total,
			     const struct concat_part *places[CONCAT_PARTS_MAX + 1])
{
	unsigned there = 0;

	for (unsigned n = 0; n <= CONCAT_PARTS_MAX; n++)
		places[n] = NULL;
	for (size_t i = 0; i < count; i++) {
		if (!parts[i].number || parts[i].number > total || places[parts[i].number])
			continue;
		places[parts[i].number] = &parts[i];
		there++;
	}
	return there;
}

unsigned concat_missing(const struct concat_part *parts, size_t count, uint8_t total)
{
	const struct concat_part *places[CONCAT_PARTS_MAX + 1];

	return total - put_in_place(parts, count, total, places);
}

/* A part that can be read on from the one before it. */
static bool continues(const struct concat_part *before, const struct concat_part *p)
{
	enum dcs_alphabet alphabet = dcs_decode(before->dcs).alphabet;

	if (!p || (alphabet == DCS_UCS2 && before->content.len % 2))
		return false;
	return alphabet == dcs_decode(p->dcs).alphabet && before->tables.locking == p->tables.locking &&
	       before->tables.single == p->tables.single;
}

/* The units of a run of parts as UTF-8. */
static enum result put_text(struct writer *units, const struct concat_part *p, struct writer *w)
{
	struct reader r = reader_of(units->start, writer_len(units));

	if (!writer_ok(units))
		return ERR_TOO_BIG;
	units->at = units->start;
	if (dcs_decode(p->dcs).alphabet == DCS_UCS2)
		return alphabet_ucs2_to_utf8(&r, false, w, NULL);
	return alphabet_gsm7_to_utf8(&r, p->tables, w, NULL);
}

static enum result join_octets(const struct concat_part *const *places, uint8_t total, struct writer *w)
{
	for (unsigned n = 1; n <= total; n++) {
		if (!places[n])
			return ERR_SHORT;
		writer_text(w, places[n]->content);
	}
	return writer_ok(w) ? OK : ERR_TOO_BIG;
}

static enum result join_text(const struct concat_part *const *places, uint8_t total, struct text gap, struct writer *w)
{
	uint8_t room[CONCAT_PARTS_MAX * CONCAT_CONTENT_MAX];
	struct writer units = writer_of(room, sizeof(room));

	for (unsigned n = 1; n <= total; n++) {
		if (!places[n]) {
			if (n == 1 || places[n - 1])
				writer_text(w, gap);
			continue;
		}
		writer_text(&units, places[n]->content);
		if (n < total && continues(places[n], places[n + 1]))
			continue;
		enum result result = put_text(&units, places[n], w);
		if (result != OK)
			return result;
	}
	return writer_ok(w) ? OK : ERR_TOO_BIG;
}

enum result concat_join(const struct concat_part *parts, size_t count, uint8_t total, struct text gap, struct writer *w)
{
	const struct concat_part *places[CONCAT_PARTS_MAX + 1];

	if (!put_in_place(parts, count, total, places))
		return ERR_NOT_FOUND;
	for (unsigned n = 1; n <= total; n++) {
		if (places[n] && dcs_decode(places[n]->dcs).alphabet == DCS_8BIT)
			return join_octets(places, total, w);
	}
	return join_text(places, total, gap, w);
}
