/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The cheapest way to say a text in short messages. */
#include "sms/split.h"

#include <stddef.h>
#include <string.h>

#include "core/base/utf8.h"
#include "sms/alphabet_internal.h"
#include "sms/grapheme.h"
#include "sms/transliterate.h"

#define USER_DATA_OCTETS 140u

/* One way to write the text. */
struct coding {
	enum dcs_alphabet alphabet;
	struct alphabet_tables tables;
	size_t units;
};

/* What one look at a text says. Offsets and numbers of characters are of the first of their kind. */
struct survey {
	size_t characters, utf16_units;
	size_t septets;	       /* with the default tables, for the characters that they have */
	size_t foreign;	       /* characters that the default tables lack */
	uint32_t foreign_char; /* the first of them */
	size_t foreign_octet, foreign_number;
};

static void survey_char(struct survey *s, uint32_t c, size_t octet)
{
	unsigned cost = alphabet_cost_known(c, (struct alphabet_tables){ 0 });

	s->characters++;
	s->utf16_units += c > 0xffff ? 2 : 1;
	s->septets += cost;
	if (cost)
		return;
	if (!s->foreign++) {
		s->foreign_char = c;
		s->foreign_octet = octet;
		s->foreign_number = s->characters;
	}
}

/* Counts a run of characters of the default tables and returns where it ends. */
static size_t survey_default(struct survey *s, struct text t, size_t from)
{
	size_t at = from, twos = 0, escapes = 0;

	for (;;) {
		while (at + 8 <= t.len && alphabet_eight_same(t.at + at))
			at += 8;
		while (at < t.len && !(t.at[at] & 0x80) && alphabet_ascii[(uint8_t)t.at[at]] != ALPHABET_NONE)
			escapes += alphabet_ascii[(uint8_t)t.at[at++]] >> 7;
		if (at + 2 > t.len || alphabet_septet_of_two(t.at + at) == ALPHABET_NONE)
			break;
		twos++;
		at += 2;
	}
	size_t characters = at - from - twos;
	s->characters += characters;
	s->utf16_units += characters;
	s->septets += characters + escapes;
	return at;
}

static enum result survey_text(struct text t, struct survey *out, size_t *bad_octet_out)
{
	size_t at = 0;

	*out = (struct survey){ 0 };
	while ((at = survey_default(out, t, at)) < t.len) {
		struct text rest = text_range(t.at + at, t.len - at);
		uint32_t c = 0;

		if (!alphabet_take(&rest, &c)) {
			*bad_octet_out = at;
			return ERR_MALFORMED;
		}
		survey_char(out, c, at);
		at = t.len - rest.len;
	}
	return OK;
}

/* Elements of each part, without UDHL. */
static size_t element_octets(const struct split_options *o, struct alphabet_tables tables, bool concatenated)
{
	size_t n = o->elements.len;

	n += tables.single ? HEADER_SHIFT_SIZE : 0;
	n += tables.locking ? HEADER_SHIFT_SIZE : 0;
	if (concatenated)
		n += o->reference == SPLIT_REFERENCE_16 ? HEADER_CONCAT_16_SIZE : HEADER_CONCAT_8_SIZE;
	return n;
}

/* Units of content in one part, 0 when the header fills it. */
static size_t capacity_of(const struct split_options *o, const struct coding *k, bool concatenated)
{
	size_t elements = element_octets(o, k->tables, concatenated) + o->peer_octets;
	size_t header = elements ? elements + 1 : 0;

	if (header >= USER_DATA_OCTETS)
		return 0;
	if (k->alphabet == DCS_GSM7)
		return (USER_DATA_OCTETS - header) * 8 / 7;
	return k->alphabet == DCS_UCS2 ? (USER_DATA_OCTETS - header) / 2 : USER_DATA_OCTETS - header;
}

static unsigned cost_of(const struct coding *k, uint32_t c)
{
	if (k->alphabet == DCS_UCS2)
		return c > 0xffff ? 2 : 1;
	return alphabet_cost_known(c, k->tables);
}

/* Back to where the text may be cut; stays when that would leave nothing. */
static size_t cut_before(struct text t, size_t start, size_t at)
{
	size_t cut = at;

	while (cut > start && !grapheme_boundary(t, cut)) {
		do
			cut--;
		while (((uint8_t)t.at[cut] & 0xc0) == 0x80);
	}
	return cut > start ? cut : at;
}

static size_t part_end(struct text t, const struct coding *k, size_t start, size_t capacity)
{
	struct text rest = text_range(t.at + start, t.len - start);
	bool by_eights = k->alphabet == DCS_UCS2 || k->tables.locking == ALPHABET_DEFAULT;
	size_t used = 0;

	while (rest.len) {
		struct text ahead = rest;
		uint32_t c = 0;

		if (by_eights && rest.len >= 8 && used + 8 <= capacity && alphabet_eight_same(rest.at)) {
			used += 8;
			rest = text_range(rest.at + 8, rest.len - 8);
			continue;
		}
		(void)alphabet_take(&ahead, &c);
		used += cost_of(k, c);
		if (used > capacity)
			return cut_before(t, start, t.len - rest.len);
		rest = ahead;
	}
	return t.len;
}

static size_t octets_end(struct text t, size_t start, size_t capacity)
{
	return t.len - start > capacity ? start + capacity : t.len;
}

/* Fills starts; the number of parts, or most + 1 when they do not suffice. */
static unsigned cut_text(struct text t, const struct coding *k, size_t capacity, unsigned most, uint32_t *starts)
{
	unsigned parts = 0;
	size_t at = 0;

	while (at < t.len) {
		if (parts == most)
			return most + 1;
		starts[parts++] = (uint32_t)at;
		at = k->alphabet == DCS_8BIT ? octets_end(t, at, capacity) : part_end(t, k, at, capacity);
	}
	starts[parts] = (uint32_t)at;
	return parts;
}

static unsigned parts_max(const struct split_options *o)
{
	return o->parts_max && o->parts_max < SPLIT_PARTS_MAX ? o->parts_max : SPLIT_PARTS_MAX;
}

static enum header_width reference_width(const struct split_options *o)
{
	static const enum header_width widths[] = { [SPLIT_REFERENCE_8] = HEADER_8_BIT,
						    [SPLIT_REFERENCE_16] = HEADER_16_BIT,
						    [SPLIT_REFERENCE_SAR] = HEADER_ABSENT };

	return widths[o->reference];
}

/* Lays the text out with one coding. False when it needs more parts than allowed. */
static bool lay_out(struct text t, const struct coding *k, const struct split_options *o, struct split *out)
{
	size_t alone = capacity_of(o, k, false);
	bool concatenated = k->units > alone;
	size_t capacity = concatenated ? capacity_of(o, k, true) : alone;

	/* A part must hold the costliest character at least. */
	if (capacity < 2)
		return false;
	memset(out, 0, offsetof(struct split, starts));
	out->text = t;
	out->alphabet = k->alphabet;
	out->tables = k->tables;
	out->units = k->units;
	out->part_units = capacity;
	out->elements = o->elements;
	out->reference = concatenated ? reference_width(o) : HEADER_ABSENT;
	out->header_octets = element_octets(o, k->tables, concatenated && out->reference != HEADER_ABSENT);
	out->header_octets += out->header_octets ? 1 : 0;
	out->parts = 1;
	out->starts[0] = 0;
	out->starts[1] = (uint32_t)t.len;
	if (concatenated)
		out->parts = cut_text(t, k, capacity, parts_max(o), out->starts);
	return out->parts <= parts_max(o);
}

/* Takes over a plan, of which only the starts in use count. */
static void adopt(struct split *out, const struct split *other)
{
	memcpy(out, other, offsetof(struct split, starts));
	memcpy(out->starts, other->starts, (other->parts + 1) * sizeof(other->starts[0]));
}

static bool lay_out_if_fewer(struct text t, const struct coding *k, const struct split_options *o, bool have,
			     struct split *best)
{
	struct split other;

	/* Parts are never fewer than the units alone ask for: most candidates end here. */
	if (have && k->units > capacity_of(o, k, false) && k->units > capacity_of(o, k, true) * (best->parts - 1))
		return false;
	if (!lay_out(t, k, o, &other) || (have && other.parts >= best->parts))
		return false;
	adopt(best, &other);
	return true;
}

/* For every locking table: what the text costs with it, and which single shift tables have all the rest. */
struct language_survey {
	size_t escaped[ALPHABET_LANGUAGES];
	uint16_t single[ALPHABET_LANGUAGES]; /* bit 0 is the default extension */
	uint16_t locking;		     /* the languages looked at; bit 0 is the default table */
};

/* Those asked for that exist, and the default. */
static uint16_t locking_languages(const struct split_options *o)
{
	return (o->locking_languages & ALPHABET_ALL_LOCKING) | ALPHABET_BIT(ALPHABET_DEFAULT);
}

static uint16_t single_languages(const struct split_options *o)
{
	return (o->single_languages & ALPHABET_ALL_SINGLE) | ALPHABET_BIT(ALPHABET_DEFAULT);
}

static void survey_languages(struct text t, const struct split_options *o, struct language_survey *out)
{
	*out = (struct language_survey){ .locking = locking_languages(o) };
	for (unsigned l = 0; l < ALPHABET_LANGUAGES; l++)
		out->single[l] = single_languages(o);
	while (t.len) {
		uint32_t c = 0;

		(void)alphabet_take(&t, &c);
		const struct alphabet_place *p = alphabet_place_of(c);
		uint16_t missing = out->locking & (uint16_t)~p->locking;
		for (unsigned l = 0; missing; l++, missing >>= 1) {
			out->escaped[l] += missing & 1;
			out->single[l] &= missing & 1 ? p->single : 0xffff;
		}
	}
}

/*
 * Tries the pairs of tables that have the whole text. What a text costs depends on the locking table alone, so one
 * single shift table for each is enough: the default extension when it suffices (no element needed), else the same
 * language's, else the first.
 */
static bool try_languages(struct text t, size_t characters, const struct split_options *o, bool have,
			  struct split *best)
{
	struct language_survey s;
	bool found = false;

	survey_languages(t, o, &s);
	for (uint8_t l = 0; l < ALPHABET_LANGUAGES; l++) {
		struct coding k = { .alphabet = DCS_GSM7, .tables.locking = l };

		if (!(s.locking & ALPHABET_BIT(l)) || !s.single[l])
			continue;
		if (s.escaped[l] && !(s.single[l] & 1))
			k.tables.single = s.single[l] & ALPHABET_BIT(l) ? l : (uint8_t)__builtin_ctz(s.single[l]);
		k.units = characters + s.escaped[l];
		found = lay_out_if_fewer(t, &k, o, have || found, best) || found;
	}
	return found;
}

static bool uses_languages(const struct split_options *o)
{
	return o->reference != SPLIT_REFERENCE_SAR && (o->locking_languages | o->single_languages);
}

static bool try_transliteration(struct text t, const struct split_options *o, struct arena *arena, bool have,
				struct split *best)
{
	size_t room = TRANSLITERATE_MAX(t.len);
	struct writer w = writer_of(arena_alloc(arena, room), room);
	struct coding k = { .alphabet = DCS_GSM7 };
	struct survey s;
	size_t replaced, bad;

	if (transliterate(t, &w, &replaced, NULL) != OK)
		return false;
	struct text plain = text_range((const char *)w.start, writer_len(&w));
	if (survey_text(plain, &s, &bad) != OK)
		return false;
	k.units = s.septets;
	if (!lay_out_if_fewer(plain, &k, o, have, best))
		return false;
	best->replaced = replaced;
	return true;
}

/* The first character that no allowed table has; the first foreign one where only their mixture is to blame. */
static void find_cause(struct text t, const struct split_options *o, const struct survey *s, struct split *out)
{
	uint16_t locking = locking_languages(o), single = single_languages(o);
	size_t number = 0;

	out->cause = s->foreign_char;
	out->cause_at = s->foreign_number;
	if (!uses_languages(o))
		return;
	while (t.len) {
		uint32_t c = 0;

		(void)alphabet_take(&t, &c);
		number++;
		const struct alphabet_place *p = alphabet_place_of(c);
		if ((p->locking & locking) || (p->single & single))
			continue;
		out->cause = c;
		out->cause_at = number;
		return;
	}
}

static enum result plan_only_ucs2(struct text t, const struct split_options *o, const struct survey *s,
				  struct split *out)
{
	struct coding k = { .alphabet = DCS_UCS2, .units = s->utf16_units };

	if (!lay_out(t, &k, o, out))
		return ERR_TOO_BIG;
	out->reason = SPLIT_ASKED_UCS2;
	return OK;
}

static enum result plan_any(struct text t, const struct split_options *o, struct arena *arena, const struct survey *s,
			    struct split *out)
{
	struct coding plain = { .alphabet = DCS_GSM7, .units = s->septets };
	struct coding ucs2 = { .alphabet = DCS_UCS2, .units = s->utf16_units };
	enum split_reason reason = SPLIT_FITS_DEFAULT;
	bool have = !s->foreign && lay_out(t, &plain, o, out);

	if (have && out->parts == 1) {
		out->reason = reason;
		return OK;
	}
	if (uses_languages(o) && try_languages(t, s->characters, o, have, out)) {
		reason = s->foreign ? SPLIT_NEEDS_LANGUAGE : SPLIT_CHEAPER_LANGUAGE;
		have = true;
	}
	if (s->foreign && o->alphabets != SPLIT_ONLY_GSM7 && lay_out_if_fewer(t, &ucs2, o, have, out)) {
		reason = SPLIT_NEEDS_UCS2;
		have = true;
	}
	if (s->foreign && o->transliterate && try_transliteration(t, o, arena, have, out)) {
		reason = SPLIT_TRANSLITERATED;
		have = true;
	}
	out->reason = reason;
	if (s->foreign)
		find_cause(t, o, s, out);
	if (have)
		return OK;
	return s->foreign && o->alphabets == SPLIT_ONLY_GSM7 ? ERR_UNSUPPORTED : ERR_TOO_BIG;
}

enum result split_plan(struct text t, const struct split_options *options, struct arena *arena, struct split *out,
		       size_t *bad_octet_out)
{
	struct survey s;
	size_t bad = 0;
	enum result result;

	memset(out, 0, offsetof(struct split, starts));
	if (t.len > SPLIT_TEXT_MAX || options->elements.len > HEADER_MAX)
		result = ERR_TOO_BIG;
	else if (options->elements.len && options->reference == SPLIT_REFERENCE_SAR)
		result = ERR_DENIED;
	else
		result = survey_text(t, &s, &bad);
	if (result == OK && options->alphabets == SPLIT_ONLY_UCS2)
		result = plan_only_ucs2(t, options, &s, out);
	else if (result == OK)
		result = plan_any(t, options, arena, &s, out);
	if (result == ERR_UNSUPPORTED)
		bad = s.foreign_octet;
	if (result != OK && bad_octet_out)
		*bad_octet_out = bad;
	return result;
}

enum result split_plan_octets(struct text content, const struct split_options *options, struct split *out)
{
	struct coding k = { .alphabet = DCS_8BIT, .units = content.len };

	memset(out, 0, offsetof(struct split, starts));
	if (content.len > SPLIT_TEXT_MAX || options->elements.len > HEADER_MAX)
		return ERR_TOO_BIG;
	if (options->elements.len && options->reference == SPLIT_REFERENCE_SAR)
		return ERR_DENIED;
	if (!lay_out(content, &k, options, out))
		return ERR_TOO_BIG;
	out->reason = SPLIT_BINARY;
	return OK;
}

struct text split_part_text(const struct split *s, unsigned part)
{
	return text_range(s->text.at + s->starts[part], s->starts[part + 1] - s->starts[part]);
}

void split_put_header(const struct split *s, unsigned part, uint16_t reference, struct writer *w)
{
	struct header_concat concat = {
		.width = s->reference, .reference = reference, .total = (uint8_t)s->parts, .number = (uint8_t)(part + 1)
	};

	if (!s->header_octets)
		return;
	size_t mark = header_begin(w);
	writer_text(w, s->elements);
	header_put_concat(w, &concat);
	header_put_tables(w, s->tables);
	header_end(w, mark);
}

/* Septets of one part, at most 160. */
static size_t part_septets(const struct split *s, unsigned part, uint8_t to[ALPHABET_PACKED_MAX])
{
	struct writer w = writer_of(to, ALPHABET_PACKED_MAX);

	if (alphabet_gsm7_from_utf8(split_part_text(s, part), s->tables, &w, NULL) != OK)
		w.failed = true;
	return w.failed ? 0 : writer_len(&w);
}

void split_put_content(const struct split *s, unsigned part, enum split_form form, struct writer *w)
{
	uint8_t septets[ALPHABET_PACKED_MAX];
	size_t n;

	if (s->alphabet == DCS_8BIT) {
		writer_text(w, split_part_text(s, part));
		return;
	}
	if (s->alphabet == DCS_UCS2) {
		if (alphabet_ucs2_from_utf8(split_part_text(s, part), w, NULL) != OK)
			w->failed = true;
		return;
	}
	n = part_septets(s, part, septets);
	if (form == SPLIT_UNPACKED)
		writer_bytes(w, septets, n);
	else
		alphabet_pack(septets, n, alphabet_fill_bits(s->header_octets), w);
}

uint8_t split_put_user_data(const struct split *s, unsigned part, uint16_t reference, struct writer *w)
{
	size_t start = writer_len(w);
	uint8_t septets[ALPHABET_PACKED_MAX];
	size_t n;

	split_put_header(s, part, reference, w);
	if (s->alphabet != DCS_GSM7) {
		split_put_content(s, part, SPLIT_PACKED, w);
		return (uint8_t)(writer_len(w) - start);
	}
	n = part_septets(s, part, septets);
	alphabet_pack(septets, n, alphabet_fill_bits(s->header_octets), w);
	return (uint8_t)((8 * s->header_octets + 6) / 7 + n);
}

const char *split_reason_code(enum split_reason reason)
{
	static const char *const codes[SPLIT_REASONS] = {
		[SPLIT_FITS_DEFAULT] = "fits_default",
		[SPLIT_CHEAPER_LANGUAGE] = "cheaper_language",
		[SPLIT_NEEDS_LANGUAGE] = "needs_language",
		[SPLIT_NEEDS_UCS2] = "needs_ucs2",
		[SPLIT_TRANSLITERATED] = "transliterated",
		[SPLIT_ASKED_UCS2] = "asked_ucs2",
		[SPLIT_BINARY] = "binary",
	};

	return reason < SPLIT_REASONS ? codes[reason] : NULL;
}

/* "Turkish", "Turkish locking", "Turkish locking, Urdu single". */
static void name_tables(struct alphabet_tables tables, struct writer *w)
{
	if (tables.locking)
		writer_printf(w, "%s locking shift", alphabet_language_name(tables.locking));
	if (tables.locking && tables.single)
		writer_printf(w, " and ");
	if (tables.single)
		writer_printf(w, "%s single shift", alphabet_language_name(tables.single));
}

const char *split_why(const struct split *s, char to[SPLIT_WHY_SIZE])
{
	struct writer w = writer_of(to, SPLIT_WHY_SIZE - 1);

	if (s->alphabet == DCS_UCS2)
		writer_printf(&w, "UCS-2");
	else if (s->alphabet == DCS_8BIT)
		writer_printf(&w, "8-bit content");
	else if (s->tables.locking || s->tables.single)
		name_tables(s->tables, &w);
	else
		writer_printf(&w, "GSM 7-bit default alphabet");
	if (s->reason == SPLIT_ASKED_UCS2)
		writer_printf(&w, " as asked");
	if (s->reason == SPLIT_CHEAPER_LANGUAGE)
		writer_printf(&w, " because it needs fewer parts");
	if (s->reason == SPLIT_TRANSLITERATED)
		writer_printf(&w, ", %zu characters replaced,", s->replaced);
	if (s->cause)
		writer_printf(&w, " because of U+%04X at character %zu", (unsigned)s->cause, s->cause_at);
	to[writer_len(&w)] = 0;
	return to;
}
