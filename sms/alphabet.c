/* SPDX-License-Identifier: GPL-3.0-or-later */
/* GSM 7-bit alphabets over Unicode, packing, UCS-2: 3GPP TS 23.038. */
#include "sms/alphabet.h"

#include <assert.h>
#include <endian.h>
#include <string.h>

#include "core/base/utf8.h"
#include "sms/alphabet_internal.h"

#define TELUGU_EURO_SEPTET 0x65

static const char *const language_names[ALPHABET_LANGUAGES] = { "default",   "Turkish",	 "Spanish", "Portuguese",
								"Bengali",   "Gujarati", "Hindi",   "Kannada",
								"Malayalam", "Oriya",	 "Punjabi", "Tamil",
								"Telugu",    "Urdu" };
static const char language_codes[ALPHABET_LANGUAGES][3] = { "",	  "tr", "es", "pt", "bn", "gu", "hi",
							    "kn", "ml", "or", "pa", "ta", "te", "ur" };

struct alphabet_place alphabet_places[ALPHABET_PLACES_MAX];
uint16_t alphabet_leaves[ALPHABET_LEAVES_MAX][256];
uint8_t alphabet_leaf_of[256];
static unsigned place_count = 1, leaf_count = 1;

uint8_t alphabet_ascii[128];
uint8_t alphabet_two[0x800];

/* The same characters as UTF-8, ready to be copied. */
struct utf8_char {
	char at[3];
	uint8_t len;
};
static struct utf8_char locking_utf8[ALPHABET_LANGUAGES][128], single_utf8[ALPHABET_LANGUAGES][128];

static struct alphabet_place *place_make(uint16_t c)
{
	uint8_t *leaf = &alphabet_leaf_of[c >> 8];
	if (!*leaf)
		*leaf = (uint8_t)leaf_count++;
	assert(leaf_count <= ALPHABET_LEAVES_MAX);
	uint16_t *place = &alphabet_leaves[*leaf][c & 0xff];
	if (!*place)
		*place = (uint16_t)place_count++;
	assert(place_count <= ALPHABET_PLACES_MAX);
	return &alphabet_places[*place];
}

/* A character that stands twice in a table is written with its first septet. */
static void index_locking(unsigned language, uint8_t septet)
{
	uint16_t c = alphabet_locking[language][septet];
	if (!c)
		return;
	struct alphabet_place *p = place_make(c);
	if (p->locking & ALPHABET_BIT(language))
		return;
	p->locking |= ALPHABET_BIT(language);
	p->locking_septet[language] = septet;
}

static void index_single(unsigned language, uint8_t septet)
{
	uint16_t c = alphabet_single[language][septet];
	/* Not in every edition: a phone without it would show "e" and nobody would know. */
	if (!c || (language == ALPHABET_TELUGU && septet == TELUGU_EURO_SEPTET))
		return;
	struct alphabet_place *p = place_make(c);
	if (p->single & ALPHABET_BIT(language))
		return;
	p->single |= ALPHABET_BIT(language);
	p->single_septet[language] = septet;
}

static struct utf8_char utf8_char_of(uint16_t c)
{
	struct utf8_char u = { .len = 0 };
	struct writer w = writer_of(u.at, sizeof(u.at));
	utf8_put(&w, c);
	assert(writer_ok(&w));
	u.len = (uint8_t)writer_len(&w);
	return u;
}

static void index_language(unsigned language)
{
	for (uint8_t septet = 0; septet < 128; septet++) {
		uint16_t plain = alphabet_locking[language][septet];
		uint16_t escaped = alphabet_single[language][septet];

		index_locking(language, septet);
		index_single(language, septet);
		locking_utf8[language][septet] = utf8_char_of(plain ? plain : ' ');
		single_utf8[language][septet] = escaped ? utf8_char_of(escaped) : locking_utf8[language][septet];
	}
}

__attribute__((constructor)) static void index_make(void)
{
	for (unsigned language = 0; language < ALPHABET_LANGUAGES; language++)
		index_language(language);
	for (uint8_t c = 0; c < 128; c++) {
		const struct alphabet_place *p = alphabet_place_of(c);

		if (p->locking & ALPHABET_BIT(ALPHABET_DEFAULT))
			alphabet_ascii[c] = p->locking_septet[ALPHABET_DEFAULT];
		else if (p->single & ALPHABET_BIT(ALPHABET_DEFAULT))
			alphabet_ascii[c] = 0x80 | p->single_septet[ALPHABET_DEFAULT];
		else
			alphabet_ascii[c] = ALPHABET_NONE;
	}
	memset(alphabet_two, ALPHABET_NONE, sizeof(alphabet_two));
	for (unsigned c = 0x80; c < 0x800; c++) {
		const struct alphabet_place *p = alphabet_place_of(c);

		if (p->locking & ALPHABET_BIT(ALPHABET_DEFAULT))
			alphabet_two[c] = p->locking_septet[ALPHABET_DEFAULT];
	}
}

const char *alphabet_language_name(unsigned language)
{
	return language < ALPHABET_LANGUAGES ? language_names[language] : NULL;
}

bool alphabet_language_find(struct text name, unsigned *language_out)
{
	for (unsigned i = 0; i < ALPHABET_LANGUAGES; i++) {
		if (!text_is_nocase(name, language_names[i]) && (!i || !text_is_nocase(name, language_codes[i])))
			continue;
		*language_out = i;
		return true;
	}
	return false;
}

static bool tables_known(struct alphabet_tables tables)
{
	return tables.locking < ALPHABET_LANGUAGES && tables.single < ALPHABET_LANGUAGES;
}

unsigned alphabet_cost(uint32_t character, struct alphabet_tables tables)
{
	return tables_known(tables) ? alphabet_cost_known(character, tables) : 0;
}

/* One character of any table. */
static bool put_character(uint32_t c, struct alphabet_tables tables, struct writer *septets)
{
	const struct alphabet_place *p = alphabet_place_of(c);

	if (p->locking & ALPHABET_BIT(tables.locking)) {
		writer_u8(septets, p->locking_septet[tables.locking]);
		return true;
	}
	if (!(p->single & ALPHABET_BIT(tables.single)))
		return false;
	writer_u8(septets, ALPHABET_ESCAPE);
	writer_u8(septets, p->single_septet[tables.single]);
	return true;
}

/* Takes the leading characters that are one septet of the default table each, which is most of most texts. */
static void put_plain(struct text *t, struct writer *septets)
{
	const char *at = t->at;
	size_t len = t->len, most = writer_room(septets), n = 0, out = 0;
	uint8_t *to = septets->at, septet;

	for (;;) {
		for (; n + 8 <= len && out + 8 <= most && alphabet_eight_same(at + n); n += 8, out += 8)
			memcpy(to + out, at + n, 8);
		for (; n < len && out < most && !(at[n] & 0x80) && alphabet_ascii[(uint8_t)at[n]] < 0x80; n++)
			to[out++] = alphabet_ascii[(uint8_t)at[n]];
		if (n + 2 > len || out == most || (septet = alphabet_septet_of_two(at + n)) == ALPHABET_NONE)
			break;
		to[out++] = septet;
		n += 2;
	}
	(void)writer_take(septets, out);
	*t = text_range(at + n, len - n);
}

enum result alphabet_gsm7_from_utf8(struct text t, struct alphabet_tables tables, struct writer *septets,
				    size_t *bad_octet_out)
{
	bool plain = tables.locking == ALPHABET_DEFAULT;
	enum result result = tables_known(tables) ? OK : ERR_NOT_FOUND;
	size_t whole = t.len;
	size_t at = 0;

	while (result == OK && t.len) {
		uint32_t c = 0;

		if (plain && !septets->failed)
			put_plain(&t, septets);
		at = whole - t.len;
		if (!t.len)
			break;
		if (!alphabet_take(&t, &c))
			result = ERR_MALFORMED;
		else if (!put_character(c, tables, septets))
			result = ERR_UNSUPPORTED;
		else if (!writer_ok(septets))
			result = ERR_TOO_BIG;
	}
	if (result != OK && bad_octet_out)
		*bad_octet_out = at;
	return result;
}

static void put_utf8_char(struct writer *w, const struct utf8_char *c)
{
	if (c->len == 1)
		writer_u8(w, (uint8_t)c->at[0]);
	else
		writer_bytes(w, c->at, c->len);
}

/*
 * Septets up to the first escape, or octet that is none; how many. Only where there is room for the longest: then no
 * character needs a look at it.
 */
static size_t put_plain_utf8(const uint8_t *at, size_t n, unsigned locking, struct writer *utf8)
{
	const struct utf8_char *table = locking_utf8[locking];
	uint8_t *to = utf8->at;
	size_t i = 0;

	if (utf8->failed || writer_room(utf8) < ALPHABET_UTF8_MAX(n))
		return 0;
	while (i < n) {
		size_t end = i + 8 < n ? i + 8 : n;

		if (locking == ALPHABET_DEFAULT && i + 8 <= n && alphabet_eight_same(at + i)) {
			memcpy(to, at + i, 8);
			to += 8;
			i += 8;
			continue;
		}
		for (; i < end && at[i] < 0x80 && at[i] != ALPHABET_ESCAPE; i++) {
			memcpy(to, table[at[i]].at, sizeof(table->at));
			to += table[at[i]].len;
		}
		if (i < end)
			break;
	}
	(void)writer_take(utf8, (size_t)(to - utf8->at));
	return i;
}

static const struct utf8_char *escaped_char(uint8_t septet, struct alphabet_tables tables)
{
	if (alphabet_single[tables.single][septet])
		return &single_utf8[tables.single][septet];
	return &locking_utf8[tables.locking][septet];
}

enum result alphabet_gsm7_to_utf8(struct reader *septets, struct alphabet_tables tables, struct writer *utf8,
				  size_t *bad_octet_out)
{
	size_t n = reader_left(septets);
	const uint8_t *at = reader_take(septets, n);
	enum result result = tables_known(tables) ? OK : ERR_NOT_FOUND;
	size_t i = 0;

	while (result == OK && i < n) {
		i += put_plain_utf8(at + i, n - i, tables.locking, utf8);
		if (i == n)
			break;
		size_t pair = at[i] == ALPHABET_ESCAPE && i + 1 < n;
		const struct utf8_char *c;

		if ((at[i] | at[i + pair]) & 0x80) {
			i += at[i] & 0x80 ? 0 : 1;
			result = ERR_MALFORMED;
			break;
		}
		c = pair ? escaped_char(at[i + 1], tables) : &locking_utf8[tables.locking][at[i]];
		put_utf8_char(utf8, c);
		if (!writer_ok(utf8))
			result = ERR_TOO_BIG;
		else
			i += 1 + pair;
	}
	if (result != OK && bad_octet_out)
		*bad_octet_out = i;
	return result;
}

/* Eight septets in the octets of x, first septet lowest, to 56 bits: neighbours move together, then pairs, then fours.
 */
static uint64_t squeeze(uint64_t x)
{
	x = (x & UINT64_C(0x007f007f007f007f)) | (x & UINT64_C(0x7f007f007f007f00)) >> 1;
	x = (x & UINT64_C(0x00003fff00003fff)) | (x & UINT64_C(0x3fff00003fff0000)) >> 2;
	return (x & UINT64_C(0x0fffffff)) | (x & UINT64_C(0x0fffffff00000000)) >> 4;
}

static uint64_t spread(uint64_t x)
{
	x = (x & UINT64_C(0x0fffffff)) | (x & UINT64_C(0x00fffffff0000000)) << 4;
	x = (x & UINT64_C(0x00003fff00003fff)) | (x & UINT64_C(0x0fffc0000fffc000)) << 2;
	return (x & UINT64_C(0x007f007f007f007f)) | (x & UINT64_C(0x3f803f803f803f80)) << 1;
}

static uint64_t le64_at(const uint8_t *at)
{
	uint64_t x;

	memcpy(&x, at, sizeof(x));
	return le64toh(x);
}

void alphabet_pack(const uint8_t *septets, size_t n, unsigned fill_bits, struct writer *w)
{
	size_t size = alphabet_packed_size(n, fill_bits);
	uint8_t *to = writer_take(w, size);
	uint64_t carry = 0; /* fill_bits low bits that belong to the next octet */

	assert(fill_bits < 7);
	if (!to)
		return;
	/* Whole groups, the eighth octet written being the first of the next group. */
	for (; n >= 8 && size >= 8; n -= 8, size -= 7, septets += 8, to += 7) {
		uint64_t group = le64_at(septets);

		group = carry | squeeze(group) << fill_bits;
		carry = group >> 56;
		group = htole64(group);
		memcpy(to, &group, sizeof(group));
	}
	for (size_t done = 0; size; done += 8) {
		size_t left = n > done ? n - done : 0;
		size_t octets = size < 7 ? size : 7;
		uint64_t group = 0;

		if (left)
			memcpy(&group, septets + done, left < 8 ? left : 8);
		group = carry | squeeze(le64toh(group)) << fill_bits;
		carry = group >> 56;
		group = htole64(group);
		memcpy(to, &group, octets);
		to += octets;
		size -= octets;
	}
}

enum result alphabet_unpack(struct reader *r, size_t n, unsigned fill_bits, struct writer *septets)
{
	size_t size = alphabet_packed_size(n, fill_bits);
	const uint8_t *from = reader_take(r, size);
	uint8_t *to = writer_take(septets, n);

	assert(fill_bits < 7);
	if (r->failed)
		return ERR_SHORT;
	if (!writer_ok(septets))
		return ERR_TOO_BIG;
	for (; n >= 8 && size >= 8; n -= 8, size -= 7, from += 7, to += 8) {
		uint64_t group = htole64(spread((le64_at(from) >> fill_bits) & UINT64_C(0x00ffffffffffffff)));

		memcpy(to, &group, sizeof(group));
	}
	for (size_t done = 0; done < n; done += 8, from += 7, size -= 7) {
		uint64_t group = 0;

		memcpy(&group, from, size < 8 ? size : 8);
		group = htole64(spread((le64toh(group) >> fill_bits) & UINT64_C(0x00ffffffffffffff)));
		memcpy(to + done, &group, n - done < 8 ? n - done : 8);
		if (size <= 7)
			break;
	}
	return OK;
}

enum result alphabet_packed_from_utf8(struct text t, struct alphabet_tables tables, unsigned fill_bits,
				      struct writer *w, size_t *n_out, size_t *bad_octet_out)
{
	uint8_t room[ALPHABET_PACKED_MAX];
	struct writer septets = writer_of(room, sizeof(room));
	enum result result = alphabet_gsm7_from_utf8(t, tables, &septets, bad_octet_out);

	if (result != OK)
		return result;
	alphabet_pack(room, writer_len(&septets), fill_bits, w);
	if (n_out)
		*n_out = writer_len(&septets);
	return writer_ok(w) ? OK : ERR_TOO_BIG;
}

enum result alphabet_packed_to_utf8(struct reader *r, size_t n, unsigned fill_bits, struct alphabet_tables tables,
				    struct writer *utf8)
{
	uint8_t room[ALPHABET_PACKED_MAX];
	struct writer septets = writer_of(room, sizeof(room));
	enum result result = alphabet_unpack(r, n, fill_bits, &septets);
	struct reader unpacked = reader_of(room, writer_len(&septets));

	return result == OK ? alphabet_gsm7_to_utf8(&unpacked, tables, utf8, NULL) : result;
}

enum result alphabet_ucs2_from_utf8(struct text t, struct writer *w, size_t *bad_octet_out)
{
	size_t whole = t.len;
	enum result result = OK;
	size_t at = 0;

	while (result == OK && t.len) {
		uint32_t c = 0;

		at = whole - t.len;
		if (!alphabet_take(&t, &c)) {
			result = ERR_MALFORMED;
		} else if (c > 0xffff) {
			writer_u16(w, (uint16_t)(0xd7c0 + (c >> 10)));
			writer_u16(w, (uint16_t)(0xdc00 | (c & 0x3ff)));
		} else {
			writer_u16(w, (uint16_t)c);
		}
		if (result == OK && !writer_ok(w))
			result = ERR_TOO_BIG;
	}
	if (result != OK && bad_octet_out)
		*bad_octet_out = at;
	return result;
}

#define REPLACEMENT 0xfffdu

/* The unit's character; a first surrogate takes its second along. REPLACEMENT and *bad_out at half a pair. */
static uint32_t take_utf16(struct reader *r, bool *bad_out)
{
	uint32_t first = reader_u16(r);
	struct reader ahead = *r;
	uint32_t second;

	if (first < 0xd800 || first > 0xdfff)
		return first;
	second = reader_u16(&ahead);
	if (first > 0xdbff || ahead.failed || second < 0xdc00 || second > 0xdfff) {
		*bad_out = true;
		return REPLACEMENT;
	}
	*r = ahead;
	return 0x10000 + ((first - 0xd800) << 10 | (second - 0xdc00));
}

enum result alphabet_ucs2_to_utf8(struct reader *r, bool strict, struct writer *utf8, size_t *bad_octet_out)
{
	const uint8_t *start = r->at;
	enum result result = OK;
	size_t at = 0;

	while (result == OK && reader_left(r)) {
		bool bad = false;
		uint32_t c;

		at = (size_t)(r->at - start);
		if (reader_left(r) == 1) {
			(void)reader_u8(r);
			result = strict ? ERR_SHORT : OK;
			c = REPLACEMENT;
		} else {
			c = take_utf16(r, &bad);
			result = bad && strict ? ERR_MALFORMED : OK;
		}
		if (result == OK)
			utf8_put(utf8, c);
		if (result == OK && !writer_ok(utf8))
			result = ERR_TOO_BIG;
	}
	if (result != OK && bad_octet_out)
		*bad_octet_out = at;
	return result;
}
