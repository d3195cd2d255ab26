/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What alphabet.c and split.c share: the tables, and one look-up that says for a character which tables have it, so
 * that a text is looked at once for all languages.
 */
#ifndef SMS_ALPHABET_INTERNAL_H
#define SMS_ALPHABET_INTERNAL_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "core/base/utf8.h"
#include "sms/alphabet.h"

extern const uint16_t alphabet_locking[ALPHABET_LANGUAGES][128];
extern const uint16_t alphabet_single[ALPHABET_LANGUAGES][128];

/* Where one character stands. The septet of a table whose bit is not set means nothing. */
struct alphabet_place {
	uint16_t locking, single; /* bit n = the table of language n has it */
	uint8_t locking_septet[ALPHABET_LANGUAGES], single_septet[ALPHABET_LANGUAGES];
};

/*
 * The way back from Unicode, made once before main() from the tables and constant from then on: a character's high
 * octet chooses a leaf, its low octet a place. Place 0 is that of the characters no table has.
 */
#define ALPHABET_PLACES_MAX 1400
#define ALPHABET_LEAVES_MAX 16
extern struct alphabet_place alphabet_places[ALPHABET_PLACES_MAX];
extern uint16_t alphabet_leaves[ALPHABET_LEAVES_MAX][256];
extern uint8_t alphabet_leaf_of[256];

/* Never NULL: a character that no table has gets a place with no bit set. */
static inline const struct alphabet_place *alphabet_place_of(uint32_t c)
{
	return &alphabet_places[c > 0xffff ? 0 : alphabet_leaves[alphabet_leaf_of[c >> 8]][c & 0xff]];
}

/* alphabet_cost() with tables that are known to exist. */
static inline unsigned alphabet_cost_known(uint32_t c, struct alphabet_tables tables)
{
	const struct alphabet_place *p = alphabet_place_of(c);

	if (p->locking & ALPHABET_BIT(tables.locking))
		return 1;
	return p->single & ALPHABET_BIT(tables.single) ? 2 : 0;
}

/* Default alphabet, by ASCII code: the septet, 0x80 | septet when escaped, ALPHABET_NONE when it has none. */
#define ALPHABET_NONE 0xff
extern uint8_t alphabet_ascii[128];
/* Likewise by the eleven bits of a character of two octets of UTF-8; those that are escaped count as none. */
extern uint8_t alphabet_two[0x800];

/* The septet of the two octets at `at` in the default table; ALPHABET_NONE: none, or no such pair. */
static inline uint8_t alphabet_septet_of_two(const char *at)
{
	uint8_t first = (uint8_t)at[0], second = (uint8_t)at[1];

	if ((first & 0xe0) != 0xc0 || (second & 0xc0) != 0x80)
		return ALPHABET_NONE;
	return alphabet_two[(first & 0x1fu) << 6 | (second & 0x3fu)];
}

/* As utf8_take, with sequences of one and two octets in line. */
static inline bool alphabet_take(struct text *t, uint32_t *char_out)
{
	uint8_t first = t->len ? (uint8_t)t->at[0] : 0;
	uint8_t second = t->len > 1 ? (uint8_t)t->at[1] : 0;

	if (first < 0x80 && t->len) {
		*char_out = first;
		*t = text_range(t->at + 1, t->len - 1);
		return true;
	}
	if (first >= 0xc2 && first <= 0xdf && (second & 0xc0) == 0x80) {
		*char_out = (uint32_t)(first & 0x1f) << 6 | (second & 0x3f);
		*t = text_range(t->at + 2, t->len - 2);
		return true;
	}
	return utf8_take(t, char_out);
}

#define ALPHABET_EACH(octet) (UINT64_C(0x0101010101010101) * (octet))

/* For octets below 0x80: 0x80 where an octet is above n. No octet carries into its neighbour. */
static inline uint64_t alphabet_above(uint64_t octets, unsigned n)
{
	return (octets + ALPHABET_EACH(0x7f - n)) & ALPHABET_EACH(0x80);
}

/*
 * Whether all eight octets have the same code in ASCII and in the default table: letters, digits, blank and most signs,
 * which is most of most texts. Such octets are copied, eight at a time.
 */
static inline bool alphabet_eight_same(const void *at)
{
	uint64_t x;

	memcpy(&x, at, sizeof(x));
	uint64_t folded = x | ALPHABET_EACH(0x20);
	uint64_t signs = alphabet_above(x, 0x1f) & ~alphabet_above(x, 0x3f) & alphabet_above(x ^ ALPHABET_EACH('$'), 0);
	uint64_t letters = alphabet_above(folded, 'a' - 1) & ~alphabet_above(folded, 'z');

	return !(x & ALPHABET_EACH(0x80)) && ((signs | letters) & ALPHABET_EACH(0x80)) == ALPHABET_EACH(0x80);
}

#endif
