/* SPDX-License-Identifier: GPL-3.0-or-later */
/* No iconv: it opens files and loads code, which this role's sandbox forbids. */
#include "daemon/kannel_charset.h"

#include "core/base/reader.h"
#include "core/base/utf8.h"
#include "core/base/writer.h"

/* WINDOWS-1252 0x80..0x9f; 0 = not assigned. */
static const uint16_t upper_1252[32] = {
	0x20ac, 0,	0x201a, 0x0192, 0x201e, 0x2026, 0x2020, 0x2021, 0x02c6, 0x2030, 0x0160,
	0x2039, 0x0152, 0,	0x017d, 0,	0,	0x2018, 0x2019, 0x201c, 0x201d, 0x2022,
	0x2013, 0x2014, 0x02dc, 0x2122, 0x0161, 0x203a, 0x0153, 0,	0x017e, 0x0178,
};

static enum result from_utf8(struct text t, struct arena *arena, struct writer *w)
{
	(void)arena;
	writer_text(w, t);
	return utf8_valid(t) ? OK : ERR_MALFORMED;
}

static enum result from_ascii(struct text t, struct arena *arena, struct writer *w)
{
	(void)arena;
	for (size_t i = 0; i < t.len; i++) {
		if ((uint8_t)t.at[i] > 0x7f)
			return ERR_MALFORMED;
	}
	writer_text(w, t);
	return OK;
}

static enum result from_latin1(struct text t, struct arena *arena, struct writer *w)
{
	(void)arena;
	utf8_from_latin1(t, w);
	return OK;
}

static enum result from_1252(struct text t, struct arena *arena, struct writer *w)
{
	(void)arena;
	struct reader r = reader_of(t.at, t.len);

	while (reader_left(&r)) {
		uint32_t c = reader_u8(&r);

		if (c >= 0x80 && c < 0xa0)
			c = upper_1252[c - 0x80];
		if (!c)
			return ERR_MALFORMED;
		utf8_put(w, c);
	}
	return OK;
}

static enum result from_utf16be(struct text t, struct arena *arena, struct writer *w)
{
	(void)arena;
	struct reader r = reader_of(t.at, t.len);

	return utf8_from_utf16be(&r, w, true);
}

static enum result from_utf16le(struct text t, struct arena *arena, struct writer *w)
{
	struct writer turned = writer_of(arena_alloc(arena, t.len + 1), t.len);
	struct reader r = reader_of(t.at, t.len);

	while (reader_left(&r) >= 2) {
		uint8_t low = reader_u8(&r);
		uint8_t high = reader_u8(&r);

		writer_u8(&turned, high);
		writer_u8(&turned, low);
	}
	if (reader_left(&r))
		return ERR_MALFORMED;
	return from_utf16be(text_range((const char *)turned.start, writer_len(&turned)), arena, w);
}

static enum result from_utf16(struct text t, struct arena *arena, struct writer *w)
{
	if (t.len >= 2 && (uint8_t)t.at[0] == 0xff && (uint8_t)t.at[1] == 0xfe)
		return from_utf16le(text_range(t.at + 2, t.len - 2), arena, w);
	if (t.len >= 2 && (uint8_t)t.at[0] == 0xfe && (uint8_t)t.at[1] == 0xff)
		t = text_range(t.at + 2, t.len - 2);
	return from_utf16be(t, arena, w);
}

static const struct charset {
	const char *name;
	enum result (*decode)(struct text t, struct arena *arena, struct writer *w);
} charsets[] = {
	{ "utf-8", from_utf8 },	     { "utf8", from_utf8 },	    { "us-ascii", from_ascii },
	{ "ascii", from_ascii },     { "iso-8859-1", from_latin1 }, { "iso8859-1", from_latin1 },
	{ "latin1", from_latin1 },   { "latin-1", from_latin1 },    { "windows-1252", from_1252 },
	{ "cp1252", from_1252 },     { "utf-16be", from_utf16be },  { "utf-16le", from_utf16le },
	{ "utf-16", from_utf16 },    { "ucs-2", from_utf16 },	    { "ucs2", from_utf16 },
	{ "ucs-2be", from_utf16be }, { "ucs-2le", from_utf16le },
};

enum result kannel_charset_decode(struct text name, struct text octets, struct arena *arena, struct text *out)
{
	/* One octet becomes at most three. */
	char *room = arena_alloc(arena, octets.len * 3 + 1);
	struct writer w = writer_of(room, octets.len * 3);

	for (size_t i = 0; i < sizeof(charsets) / sizeof(charsets[0]); i++) {
		if (!text_is_nocase(name, charsets[i].name))
			continue;
		enum result r = charsets[i].decode(octets, arena, &w);
		if (r != OK || !writer_ok(&w) || memchr(room, 0, writer_len(&w)))
			return ERR_MALFORMED; /* U+0000 is in no text */
		*out = text_range(room, writer_len(&w));
		return OK;
	}
	return ERR_UNSUPPORTED;
}
