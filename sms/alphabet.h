/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The GSM 7-bit alphabets over Unicode (3GPP TS 23.038): the default table and its extension, and the locking and
 * single shift tables of all 13 national languages. Text is UTF-8. Septets come in two forms: unpacked, one per octet
 * (SMPP, and what the splitter counts), and packed, eight in seven octets (TPDU, alphanumeric addresses). Pure
 * functions; nothing here is allocated or kept.
 */
#ifndef SMS_ALPHABET_H
#define SMS_ALPHABET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/reader.h"
#include "core/base/result.h"
#include "core/base/text.h"
#include "core/base/writer.h"

/* 23.038 6.2.1.2.4: the value of the national language IEs 0x24 and 0x25. */
enum alphabet_language {
	ALPHABET_DEFAULT,
	ALPHABET_TURKISH,
	ALPHABET_SPANISH, /* single shift only */
	ALPHABET_PORTUGUESE,
	ALPHABET_BENGALI,
	ALPHABET_GUJARATI,
	ALPHABET_HINDI,
	ALPHABET_KANNADA,
	ALPHABET_MALAYALAM,
	ALPHABET_ORIYA,
	ALPHABET_PUNJABI,
	ALPHABET_TAMIL,
	ALPHABET_TELUGU,
	ALPHABET_URDU,
	ALPHABET_LANGUAGES
};

/* Sets of languages, bit n = language n. */
#define ALPHABET_BIT(language) ((uint16_t)(1u << (language)))
#define ALPHABET_ALL_SINGLE ((uint16_t)0x3ffe)	/* every language, without the default */
#define ALPHABET_ALL_LOCKING ((uint16_t)0x3ffa) /* the same without Spanish */

/* The tables a text is read and written with. Zeroed: the default alphabet and its extension. */
struct alphabet_tables {
	uint8_t locking, single; /* enum alphabet_language */
};

#define ALPHABET_ESCAPE 0x1b

/* "Turkish", "default"; NULL for what is no language. */
const char *alphabet_language_name(unsigned language);
/* By that name, case folded, or by ISO 639-1 code ("tr"); false when unknown. */
bool alphabet_language_find(struct text name, unsigned *language_out);

/* Septets that this character costs with these tables: 1, 2 (escaped), or 0 when they do not have it. */
unsigned alphabet_cost(uint32_t character, struct alphabet_tables tables);

/*
 * UTF-8 to septets, one per octet. ERR_UNSUPPORTED at a character that the tables lack, ERR_MALFORMED at what is not
 * UTF-8, ERR_TOO_BIG when the writer is full, ERR_NOT_FOUND for a language that does not exist; bad_octet_out (may be
 * NULL) then is the offset in the text.
 */
MUST_CHECK enum result alphabet_gsm7_from_utf8(struct text t, struct alphabet_tables tables, struct writer *septets,
					       size_t *bad_octet_out);
/*
 * Septets, one per octet, to UTF-8. An escaped septet that the single shift table lacks is shown as the locking table's
 * character (6.2.1.1), a place without a character, a doubled escape and an escape at the end as a space. ERR_MALFORMED
 * at an octet above 0x7F, ERR_TOO_BIG when the writer is full, ERR_NOT_FOUND for a language that does not exist.
 */
MUST_CHECK enum result alphabet_gsm7_to_utf8(struct reader *septets, struct alphabet_tables tables, struct writer *utf8,
					     size_t *bad_octet_out);
/* Room that always suffices for the UTF-8 of n septets. */
#define ALPHABET_UTF8_MAX(n) (3 * (n))

/* Bits to skip between a header of n octets (its length octet included; 0 = no header) and the first septet. */
static inline unsigned alphabet_fill_bits(size_t header_octets)
{
	return (unsigned)((7 - 8 * header_octets % 7) % 7);
}
/* Octets that fill bits and n septets take. */
static inline size_t alphabet_packed_size(size_t septets, unsigned fill_bits)
{
	return (7 * septets + fill_bits + 7) / 8;
}

/* Packs n septets (one per octet, the high bit ignored) after fill_bits (0-6) zero bits. */
void alphabet_pack(const uint8_t *septets, size_t n, unsigned fill_bits, struct writer *w);
/* Takes what n septets after fill_bits occupy and puts them one per octet. ERR_SHORT when the reader has less. */
MUST_CHECK enum result alphabet_unpack(struct reader *r, size_t n, unsigned fill_bits, struct writer *septets);

/*
 * The same in one step for a whole packed text, as USSD, cell broadcast and addresses carry it. n_out (may be NULL) is
 * the number of septets. At most ALPHABET_PACKED_MAX septets.
 */
#define ALPHABET_PACKED_MAX 256
MUST_CHECK enum result alphabet_packed_from_utf8(struct text t, struct alphabet_tables tables, unsigned fill_bits,
						 struct writer *w, size_t *n_out, size_t *bad_octet_out);
MUST_CHECK enum result alphabet_packed_to_utf8(struct reader *r, size_t n, unsigned fill_bits,
					       struct alphabet_tables tables, struct writer *utf8);

/*
 * UCS-2, which is UTF-16 big endian in practice. Strict: half a surrogate is ERR_MALFORMED with its octet, an odd octet
 * at the end is ERR_SHORT; lenient: both become U+FFFD.
 */
MUST_CHECK enum result alphabet_ucs2_from_utf8(struct text t, struct writer *w, size_t *bad_octet_out);
MUST_CHECK enum result alphabet_ucs2_to_utf8(struct reader *r, bool strict, struct writer *utf8, size_t *bad_octet_out);

#endif
