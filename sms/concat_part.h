/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One part of a long message that came in pieces (3GPP TS 23.040 9.2.3.24.1): what it belongs to, how it is kept, and
 * how the parts of a whole set become one text again. Plain values and pure functions; concat.h has the rules of time
 * and memory.
 *
 * Content is kept in units, not as UTF-8, because senders cut anywhere: an escape may end one part and its character
 * begin the next, as may the halves of a surrogate pair.
 */
#ifndef SMS_CONCAT_PART_H
#define SMS_CONCAT_PART_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/result.h"
#include "core/base/text.h"
#include "core/base/writer.h"
#include "sms/alphabet.h"
#include "sms/tpdu.h"

#define CONCAT_PARTS_MAX 255u
#define CONCAT_CONTENT_MAX \
	254u		       /* units of one part: septets one per octet, or octets; SMPP's short_message the most \
				*/
#define CONCAT_EXTRA_MAX 4096u /* octets that the owner keeps beside a part */

/* What makes parts one message: everything counts. */
struct concat_id {
	struct text bearer; /* channel and peer: "smpp:esme1" */
	struct text originator, destination;
	uint8_t width; /* of the reference: 8 or 16 */
	uint16_t reference;
	uint8_t total; /* 2 to 255; 1 is allowed and complete at once */
	uint8_t dcs;
};

/*
 * The key of the set, readable, of printable ASCII without blanks, unequal for unequal ids: each field has its place,
 * and what could be taken for a border stands as %XX. Where that would be longer than CONCAT_KEY_MAX it is "sha256/"
 * and the digest of it. The writer fails above some 600 octets of texts.
 */
#define CONCAT_KEY_MAX 160u
void concat_key(const struct concat_id *id, struct writer *w);
/* The key of one part: that of the set, a slash and three digits, so that a scan by prefix gives parts in order. */
#define CONCAT_PART_KEY_MAX (CONCAT_KEY_MAX + 4u)
void concat_part_key(const struct concat_id *id, uint8_t number, struct writer *w);

struct concat_part {
	uint8_t number; /* from 1 */
	uint8_t pid, dcs;
	struct alphabet_tables tables;
	int64_t received_us;
	struct text content;  /* GSM 7-bit: one septet per octet; UCS-2 and 8-bit: octets */
	struct text elements; /* header elements to pass on, without UDHL and concatenation */
	struct text extra;    /* the owner's: an envelope */
};

/*
 * From a TPDU with a concatenation element: the part and the numbers of its id (bearer, originator and destination are
 * the caller's). `room` keeps content and elements: CONCAT_ROOM octets suffice. ERR_NOT_FOUND without the element,
 * ERR_UNSUPPORTED for compressed content.
 */
#define CONCAT_ROOM (CONCAT_CONTENT_MAX + HEADER_MAX)
MUST_CHECK enum result concat_part_of(const struct tpdu *t, int64_t received_us, struct writer *room,
				      struct concat_part *out, struct concat_id *id);

/* As kept in the store. The writer fails at a content, elements or extra above their limits. */
#define CONCAT_ENCODED_MAX (20u + CONCAT_CONTENT_MAX + HEADER_MAX + CONCAT_EXTRA_MAX)
void concat_part_encode(const struct concat_part *p, struct writer *w);
/* Views into the octets. ERR_SHORT, ERR_MALFORMED, ERR_TOO_BIG, ERR_UNSUPPORTED (written by a later version). */
MUST_CHECK enum result concat_part_decode(const void *octets, size_t len, struct concat_part *out);

/* Which numbers of 1..total are among the parts. */
unsigned concat_missing(const struct concat_part *parts, size_t count, uint8_t total);

/*
 * All content in the order of the numbers, `parts` in any order. Text becomes UTF-8, and `gap` (UTF-8, may be empty)
 * stands where parts are missing; of a number that stands twice the first counts. 8-bit content is joined as it is and
 * has no gaps: ERR_SHORT when a part is missing. ERR_TOO_BIG when the writer is full, ERR_NOT_FOUND without any part or
 * for a language that does not exist, ERR_MALFORMED at a septet above 0x7F. Half a surrogate becomes U+FFFD.
 */
MUST_CHECK enum result concat_join(const struct concat_part *parts, size_t count, uint8_t total, struct text gap,
				   struct writer *w);
/* Room that always suffices for the parts of a set, without gaps. */
#define CONCAT_JOINED_MAX(total) (3u * CONCAT_CONTENT_MAX * (size_t)(total))

#endif
