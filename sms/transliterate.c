/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Nearest relatives in the GSM 7-bit default alphabet. */
#include "sms/transliterate.h"

#include <stdint.h>

#include "core/base/utf8.h"
#include "sms/alphabet_internal.h"

/* The letter under the accents, a blank where there is none: U+00C0-U+017F and U+1E00-U+1EFF. */
static const char latin[] = "AAAAAA CEEEEIIIIDNOOOOO  UUUUY  aaaaaa ceeeeiiiidnooooo  uuuuy y"
			    "AaAaAaCcCcCcCcDdDdEeEeEeEeEeGgGgGgGgHhHhIiIiIiIiIi  JjKkkLlLlLlL"
			    "lLlNnNnNn NnOoOoOo  RrRrRrSsSsSsSsTtTtTtUuUuUuUuUuUuWwYyYZzZzZzs";
static const char latin_additional[] = "AaBbBbBbCcDdDdDdDdDdEeEeEeEeEeFfGgHhHhHhHhHhIiIiKkKkKkLlLlLlLlMm"
				       "MmMmNnNnNnNnOoOoOoOoPpPpRrRrRrRrSsSsSsSsSsTtTtTtTtUuUuUuUuUuVvVv"
				       "WwWwWwWwWwXxXxYyZzZzZzhtwy      AaAaAaAaAaAaAaAaAaAaAaAaEeEeEeEe"
				       "EeEeEeEeIiIiOoOoOoOoOoOoOoOoOoOoOoOoUuUuUuUuUuUuUuYyYyYyYy      ";

/* Greek, U+0386-U+03CE, as capitals. */
static const uint16_t greek[] = {
	/* clang-format off */
	0x041, 0x000, 0x045, 0x048, 0x049, 0x000, 0x04f, 0x000, 0x059, 0x3a9, 0x049, 0x041, 0x042, 0x393,
	0x394, 0x045, 0x05a, 0x048, 0x398, 0x049, 0x04b, 0x39b, 0x04d, 0x04e, 0x39e, 0x04f, 0x3a0, 0x050,
	0x000, 0x3a3, 0x054, 0x059, 0x3a6, 0x058, 0x3a8, 0x3a9, 0x049, 0x059, 0x041, 0x045, 0x048, 0x049,
	0x059, 0x041, 0x042, 0x393, 0x394, 0x045, 0x05a, 0x048, 0x398, 0x049, 0x04b, 0x39b, 0x04d, 0x04e,
	0x39e, 0x04f, 0x3a0, 0x050, 0x3a3, 0x3a3, 0x054, 0x059, 0x3a6, 0x058, 0x3a8, 0x3a9, 0x049, 0x059,
	0x04f, 0x059, 0x3a9,
	/* clang-format on */
};

/* The rest, in order. */
static const struct {
	uint16_t first, last;
	char text[4];
} others[] = {
	/* clang-format off */
	{ 0x00a0, 0x00a0, " " }, { 0x00a8, 0x00a8, "\"" }, { 0x00a9, 0x00a9, "(c)" }, { 0x00ab, 0x00ab, "\"" },
	{ 0x00ad, 0x00ad, "" }, { 0x00ae, 0x00ae, "(R)" }, { 0x00b0, 0x00b0, "o" }, { 0x00b4, 0x00b4, "'" },
	{ 0x00b7, 0x00b7, "." }, { 0x00bb, 0x00bb, "\"" }, { 0x00de, 0x00de, "Th" }, { 0x00fe, 0x00fe, "th" },
	{ 0x0132, 0x0132, "IJ" }, { 0x0133, 0x0133, "ij" }, { 0x0149, 0x0149, "'n" }, { 0x0152, 0x0152, "OE" },
	{ 0x0153, 0x0153, "oe" }, { 0x0218, 0x0218, "S" }, { 0x0219, 0x0219, "s" }, { 0x021a, 0x021a, "T" },
	{ 0x021b, 0x021b, "t" }, { 0x02b9, 0x02bc, "'" }, { 0x0300, 0x036f, "" }, { 0x2000, 0x200a, " " },
	{ 0x200b, 0x200f, "" }, { 0x2010, 0x2015, "-" }, { 0x2018, 0x201b, "'" }, { 0x201c, 0x201f, "\"" },
	{ 0x2022, 0x2022, "*" }, { 0x2024, 0x2024, "." }, { 0x2025, 0x2025, ".." }, { 0x2026, 0x2026, "..." },
	{ 0x202a, 0x202e, "" }, { 0x202f, 0x202f, " " }, { 0x2032, 0x2032, "'" }, { 0x2033, 0x2033, "\"" },
	{ 0x2039, 0x203a, "'" }, { 0x2044, 0x2044, "/" }, { 0x205f, 0x205f, " " }, { 0x2060, 0x2064, "" },
	{ 0x2116, 0x2116, "No" }, { 0x2122, 0x2122, "TM" }, { 0x2212, 0x2212, "-" }, { 0x2215, 0x2215, "/" },
	{ 0x3000, 0x3000, " " }, { 0xfb01, 0xfb01, "fi" }, { 0xfb02, 0xfb02, "fl" }, { 0xfe00, 0xfe0f, "" },
	{ 0xfeff, 0xfeff, "" },
	/* clang-format on */
};

/* At most three characters, or NULL when there is no relative. `room` holds one of them. */
static const char *relative_of(uint32_t c, char room[2])
{
	room[0] = ' ';
	room[1] = 0;
	if (c == '`')
		return "'";
	if (c == '\t')
		return " ";
	if (c >= 0xc0 && c < 0xc0 + sizeof(latin) - 1)
		room[0] = latin[c - 0xc0];
	else if (c >= 0x1e00 && c < 0x1e00 + sizeof(latin_additional) - 1)
		room[0] = latin_additional[c - 0x1e00];
	if (room[0] != ' ')
		return room;
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		if (c >= others[i].first && c <= others[i].last)
			return others[i].text;
	}
	return NULL;
}

static uint32_t greek_capital(uint32_t c)
{
	return c >= 0x386 && c < 0x386 + sizeof(greek) / sizeof(greek[0]) ? greek[c - 0x386] : 0;
}

static bool put_relative(uint32_t c, struct writer *w)
{
	char room[2];
	const char *relative;
	uint32_t capital = greek_capital(c);

	if (capital) {
		utf8_put(w, capital);
		return true;
	}
	relative = relative_of(c, room);
	if (relative)
		writer_text(w, text_of(relative));
	return relative;
}

enum result transliterate(struct text t, struct writer *w, size_t *replaced_out, size_t *bad_octet_out)
{
	const struct alphabet_tables plain = { 0 };
	enum result result = OK;
	size_t whole = t.len, at = 0;

	*replaced_out = 0;
	while (result == OK && t.len) {
		uint32_t c = 0;

		at = whole - t.len;
		if (!alphabet_take(&t, &c))
			result = ERR_MALFORMED;
		else if (alphabet_cost(c, plain))
			utf8_put(w, c);
		else if (put_relative(c, w))
			++*replaced_out;
		else
			result = ERR_UNSUPPORTED;
		if (result == OK && !writer_ok(w))
			result = ERR_TOO_BIG;
	}
	if (result != OK && bad_octet_out)
		*bad_octet_out = at;
	return result;
}
