/* SPDX-License-Identifier: GPL-3.0-or-later */
/* UTF-8, UTF-16BE and Latin-1. */
#include "core/base/utf8.h"

static bool is_surrogate(uint32_t c)
{
	return c >= 0xd800 && c <= 0xdfff;
}

/* Length and first bits from the first octet; 0 for what starts nothing. */
static size_t sequence_length(unsigned char first, uint32_t *bits, uint32_t *least)
{
	if (first < 0x80) {
		*bits = first;
		*least = 0;
		return 1;
	}
	if (first >= 0xc2 && first <= 0xdf) {
		*bits = first & 0x1f;
		*least = 0x80;
		return 2;
	}
	if (first >= 0xe0 && first <= 0xef) {
		*bits = first & 0x0f;
		*least = 0x800;
		return 3;
	}
	if (first >= 0xf0 && first <= 0xf4) {
		*bits = first & 0x07;
		*least = 0x10000;
		return 4;
	}
	return 0;
}

bool utf8_take(struct text *t, uint32_t *char_out)
{
	uint32_t c, least;

	if (!t->len)
		return false;
	size_t n = sequence_length((unsigned char)t->at[0], &c, &least);
	if (!n || n > t->len)
		return false;
	for (size_t i = 1; i < n; i++) {
		unsigned char octet = (unsigned char)t->at[i];
		if ((octet & 0xc0) != 0x80)
			return false;
		c = c << 6 | (octet & 0x3f);
	}
	if (c < least || is_surrogate(c) || c > 0x10ffff)
		return false;
	*char_out = c;
	t->at += n;
	t->len -= n;
	return true;
}

void utf8_put(struct writer *w, uint32_t c)
{
	if (is_surrogate(c) || c > 0x10ffff) {
		w->failed = true;
		return;
	}
	if (c < 0x80) {
		writer_u8(w, (uint8_t)c);
		return;
	}
	unsigned n = c < 0x800 ? 1 : c < 0x10000 ? 2 : 3;
	static const uint8_t first[] = { 0, 0xc0, 0xe0, 0xf0 };
	writer_u8(w, (uint8_t)(first[n] | c >> (6 * n)));
	while (n--)
		writer_u8(w, (uint8_t)(0x80 | (c >> (6 * n) & 0x3f)));
}

bool utf8_valid(struct text t)
{
	uint32_t c;

	while (t.len) {
		if (!utf8_take(&t, &c))
			return false;
	}
	return true;
}

size_t utf8_count(struct text t)
{
	size_t n = 0;
	uint32_t c;

	while (utf8_take(&t, &c))
		n++;
	return n;
}

size_t utf8_prefix(struct text t, size_t max)
{
	size_t n = t.len < max ? t.len : max;

	if (n == t.len)
		return n;
	while (n && ((unsigned char)t.at[n] & 0xc0) == 0x80)
		n--;
	return n;
}

enum result utf8_from_utf16be(struct reader *r, struct writer *w, bool strict)
{
	while (reader_left(r) >= 2) {
		uint32_t c = reader_u16(r);
		if (c >= 0xd800 && c <= 0xdbff && reader_left(r) >= 2) {
			struct reader ahead = *r;
			uint32_t low = reader_u16(&ahead);
			if (low >= 0xdc00 && low <= 0xdfff) {
				*r = ahead;
				c = 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
			}
		}
		if (is_surrogate(c)) {
			if (strict)
				return ERR_MALFORMED;
			c = 0xfffd;
		}
		utf8_put(w, c);
	}
	if (reader_left(r)) {
		if (strict)
			return ERR_SHORT;
		(void)reader_u8(r);
		utf8_put(w, 0xfffd);
	}
	return writer_ok(w) ? OK : ERR_TOO_BIG;
}

enum result utf8_to_utf16be(struct text t, struct writer *w)
{
	uint32_t c;

	while (t.len) {
		if (!utf8_take(&t, &c))
			return ERR_MALFORMED;
		if (c >= 0x10000) {
			writer_u16(w, (uint16_t)(0xd800 + ((c - 0x10000) >> 10)));
			c = 0xdc00 + ((c - 0x10000) & 0x3ff);
		}
		writer_u16(w, (uint16_t)c);
	}
	return writer_ok(w) ? OK : ERR_TOO_BIG;
}

void utf8_from_latin1(struct text latin1, struct writer *w)
{
	for (size_t i = 0; i < latin1.len; i++)
		utf8_put(w, (unsigned char)latin1.at[i]);
}

enum result utf8_to_latin1(struct text t, struct writer *w)
{
	uint32_t c;

	while (t.len) {
		if (!utf8_take(&t, &c))
			return ERR_MALFORMED;
		if (c > 0xff)
			return ERR_UNSUPPORTED;
		writer_u8(w, (uint8_t)c);
	}
	return writer_ok(w) ? OK : ERR_TOO_BIG;
}
