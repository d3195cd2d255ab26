/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A text into the fewest short messages: which alphabet, which national language tables, where to cut, and why. The
 * number of parts is what a quote is made from, and the parts are what is sent: both come from one plan.
 *
 * Parts (3GPP TS 23.040 9.2.3.24, 23.038): user data of 140 octets less the header, in septets, octets or UTF-16 units.
 * Every part carries the same elements. A part never ends inside an escaped pair, a surrogate pair or a grapheme
 * cluster, unless one cluster alone is longer than a part.
 */
#ifndef SMS_SPLIT_H
#define SMS_SPLIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/arena.h"
#include "core/base/result.h"
#include "core/base/text.h"
#include "core/base/writer.h"
#include "sms/alphabet.h"
#include "sms/dcs.h"
#include "sms/header.h"

#define SPLIT_PARTS_MAX 255u
#define SPLIT_TEXT_MAX 65535u /* octets of UTF-8 */

enum split_reference {
	SPLIT_REFERENCE_8,
	SPLIT_REFERENCE_16,
	/* SMPP's sar_ parameters: no header of ours, but room for the 8-bit reference that the peer will put there.
	 * Header elements and language tables then cannot be used. */
	SPLIT_REFERENCE_SAR,
};

enum split_alphabets { SPLIT_ANY, SPLIT_ONLY_GSM7, SPLIT_ONLY_UCS2 };

/* Zeroed: default alphabet or UCS-2, 8-bit reference, up to 255 parts, nothing changed in the text. */
struct split_options {
	enum split_alphabets alphabets;
	uint16_t locking_languages, single_languages; /* ALPHABET_BIT() of those that the phones understand */
	enum split_reference reference;
	struct text
		elements; /* header elements that each part carries, without UDHL (ports, what came with the message) */
	size_t peer_octets; /* of elements that the peer puts into each part by what we tell it beside (port TLVs) */
	unsigned parts_max; /* 0 = SPLIT_PARTS_MAX */
	bool transliterate; /* see transliterate.h: used only when it makes fewer parts */
};

enum split_reason {
	SPLIT_FITS_DEFAULT,	/* the default alphabet has every character */
	SPLIT_CHEAPER_LANGUAGE, /* it has, and a language table needs fewer parts */
	SPLIT_NEEDS_LANGUAGE,	/* a character that only a language table has */
	SPLIT_NEEDS_UCS2, /* a character that no allowed table has, or no one pair of tables together with the rest */
	SPLIT_TRANSLITERATED, /* characters were replaced */
	SPLIT_ASKED_UCS2,     /* the caller wanted UCS-2 */
	SPLIT_BINARY,	      /* octets */
	SPLIT_REASONS
};

struct split {
	struct text text; /* what is sent: the caller's, or its transliteration in the arena */
	enum dcs_alphabet alphabet;
	struct alphabet_tables tables;
	enum split_reason reason;
	uint32_t cause;	   /* the character that decided, 0 = none */
	size_t cause_at;   /* its number in the given text, from 1 */
	size_t replaced;   /* characters that transliteration changed: more than 0 is lossy */
	size_t units;	   /* septets, UTF-16 units or octets of the whole content */
	size_t part_units; /* of them that fit in one part of this plan */
	unsigned parts;
	enum header_width reference;	      /* HEADER_ABSENT: no concatenation element */
	struct text elements;		      /* the options' */
	size_t header_octets;		      /* of each part, UDHL included; 0 = no header, UDHI off */
	uint32_t starts[SPLIT_PARTS_MAX + 1]; /* part n (from 0) is text octets [starts[n], starts[n + 1]) */
};

/*
 * Plans. `arena` holds the transliteration and may be NULL when none is asked for. Errors, with the octet of the text
 * in bad_octet_out (may be NULL) where one is to blame: ERR_MALFORMED not UTF-8; ERR_UNSUPPORTED a character that the
 * only alphabet allowed lacks; ERR_TOO_BIG more parts than allowed, a text above SPLIT_TEXT_MAX, or header elements
 * that leave no room; ERR_DENIED elements together with SPLIT_REFERENCE_SAR.
 */
MUST_CHECK enum result split_plan(struct text t, const struct split_options *options, struct arena *arena,
				  struct split *out, size_t *bad_octet_out);

/*
 * Binary content (a WAP push, a ring tone, a toolkit command): 140, 134, 133 octets in a part, cut anywhere. Of the
 * options, alphabet and languages do not count. ERR_TOO_BIG, ERR_DENIED as above.
 */
MUST_CHECK enum result split_plan_octets(struct text content, const struct split_options *options, struct split *out);

enum split_form {
	SPLIT_PACKED,	/* TP-UD: septets packed behind the header */
	SPLIT_UNPACKED, /* SMPP short_message with a default alphabet of unpacked GSM 7-bit: one septet per octet */
};

struct text split_part_text(const struct split *s, unsigned part);
/* The header (nothing when there is none) and the content of part n (from 0). */
void split_put_header(const struct split *s, unsigned part, uint16_t reference, struct writer *w);
void split_put_content(const struct split *s, unsigned part, enum split_form form, struct writer *w);
/* Header and content packed, as TP-UD. Returns TP-UDL: septets with header and fill bits, or octets (9.2.3.16). */
uint8_t split_put_user_data(const struct split *s, unsigned part, uint16_t reference, struct writer *w);

const char *split_reason_code(enum split_reason reason); /* "needs_ucs2" */
#define SPLIT_WHY_SIZE 128
/* "UCS-2 because of U+1F600 at character 12". Returns `to`. */
const char *split_why(const struct split *s, char to[SPLIT_WHY_SIZE]);

#endif
