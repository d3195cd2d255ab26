/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The user data header (3GPP TS 23.040 9.2.3.24):
 *
 *	UDHL | { IEI | length | data }*
 *
 * What cellpost acts on is decoded; every element, known or not, stays readable in order and can be passed on. Where an
 * element stands twice the last one counts; 8-bit and 16-bit forms of the same thing count as the same. All views are
 * borrowed from the octets decoded.
 */
#ifndef SMS_HEADER_H
#define SMS_HEADER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/reader.h"
#include "core/base/result.h"
#include "core/base/text.h"
#include "core/base/writer.h"
#include "sms/alphabet.h"

enum header_iei { /* 9.2.3.24 */
		  HEADER_CONCAT_8 = 0x00,
		  HEADER_SPECIAL_INDICATION = 0x01,
		  HEADER_PORTS_8 = 0x04,
		  HEADER_PORTS_16 = 0x05,
		  HEADER_SMSC_CONTROL = 0x06,
		  HEADER_SOURCE_INDICATOR = 0x07,
		  HEADER_CONCAT_16 = 0x08,
		  HEADER_WCMP = 0x09,
		  HEADER_EMS_FIRST = 0x0a,
		  HEADER_EMS_LAST = 0x1f,
		  HEADER_EMAIL = 0x20,
		  HEADER_HYPERLINK = 0x21,
		  HEADER_REPLY_ADDRESS = 0x22,
		  HEADER_ENHANCED_VOICE_MAIL = 0x23,
		  HEADER_SINGLE_SHIFT = 0x24,
		  HEADER_LOCKING_SHIFT = 0x25,
		  HEADER_TOOLKIT_FIRST = 0x70, /* SIM toolkit security: only from peers trusted for it */
		  HEADER_TOOLKIT_LAST = 0x7f,
};

#define HEADER_MAX 140u /* octets, UDHL included: no TPDU carries more user data */
#define HEADER_INDICATIONS_MAX 5u

/* What each element takes, its IEI and length included. */
#define HEADER_CONCAT_8_SIZE 5u
#define HEADER_CONCAT_16_SIZE 6u
#define HEADER_PORTS_8_SIZE 4u
#define HEADER_PORTS_16_SIZE 6u
#define HEADER_SHIFT_SIZE 3u

enum header_width { HEADER_ABSENT = 0, HEADER_8_BIT = 8, HEADER_16_BIT = 16 };

struct header_concat {
	enum header_width width; /* of the reference: part of what identifies a set of parts */
	uint16_t reference;
	uint8_t total, number; /* 1 <= number <= total */
};

struct header_ports {
	enum header_width width;
	uint16_t destination, source;
};

struct header_indication { /* 9.2.3.24.2 */
	bool store;
	uint8_t type; /* 0 voice, 1 fax, 2 e-mail, 3 other, 7 video */
	uint8_t profile;
	uint8_t count; /* 255 = 255 or more */
};

struct header_ie {
	uint8_t iei, len;
	const uint8_t *data;
};

struct header {
	size_t octets; /* UDHL included */
	struct header_concat concat;
	struct header_ports ports;
	struct alphabet_tables tables;
	struct header_indication indications[HEADER_INDICATIONS_MAX]; /* one per type */
	unsigned indication_count;
	bool has_smsc_control, has_source_indicator, has_email, has_toolkit;
	uint8_t smsc_control, source_indicator, email_header_len;
	struct header_ie reply_address; /* data is a TP address field, see tpdu_address_decode(); len 0 = none */
	const uint8_t *elements;	/* octets - 1 of them */
};

/*
 * Takes UDHL and what it covers. The concatenation element is ignored when its numbers cannot be (9.2.3.24.1), an
 * element that is shorter than its definition too. Errors, with the octet counted from UDHL: ERR_SHORT when UDHL covers
 * more than is there (octet 0); ERR_MALFORMED when the last element does not fit in the header; ERR_UNSUPPORTED at a
 * language that does not exist. After the last two *out holds everything else and the reader stands behind the header,
 * so that a caller may go on without what was wrong.
 */
MUST_CHECK enum result header_decode(struct reader *r, struct header *out, size_t *bad_octet_out);

/* Every element in order: start with header_elements(), ask until false. */
struct reader header_elements(const struct header *h);
bool header_next(struct reader *elements, struct header_ie *out);

/* Builds one: begin, elements, end. An end without elements leaves a header of length 0. */
size_t header_begin(struct writer *w);
void header_put(struct writer *w, uint8_t iei, const void *data, size_t len);
void header_put_concat(struct writer *w, const struct header_concat *concat);
void header_put_ports(struct writer *w, const struct header_ports *ports);
void header_put_tables(struct writer *w, struct alphabet_tables tables);
void header_put_indication(struct writer *w, const struct header_indication *indication);
void header_end(struct writer *w, size_t mark);

/* Puts every element but concatenation and national languages: those belong to one part and one encoding. */
void header_pass_on(struct writer *w, const struct header *h);
/* Octets that header_pass_on() puts. */
size_t header_pass_on_size(const struct header *h);

#endif
