/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What alphabet.c and split.c share: the tables, and one look-up that says for a character which tables have it, so
 * that a text is looked at once for all languages.
 */
#ifndef SMS_ALPHABET_INTERNAL_H
#define SMS_ALPHABET_INTERNAL_H

#include <stdint.h>

#include "sms/alphabet.h"

extern const uint16_t alphabet_locking[ALPHABET_LANGUAGES][128];
extern const uint16_t alphabet_single[ALPHABET_LANGUAGES][128];

/* Where one character stands. The septet of a table whose bit is not set means nothing. */
struct alphabet_place {
	uint16_t locking, single; /* bit n = the table of language n has it */
	uint8_t locking_septet[ALPHABET_LANGUAGES], single_septet[ALPHABET_LANGUAGES];
};

/* Never NULL: a character that no table has gets a place with no bit set. */
const struct alphabet_place *alphabet_place_of(uint32_t character);

/* Default alphabet, by ASCII code: the septet, 0x80 | septet when escaped, ALPHABET_NONE when it has none. */
#define ALPHABET_NONE 0xff
extern uint8_t alphabet_ascii[128];

/* As utf8_take, with ASCII in line. */
bool alphabet_take(struct text *t, uint32_t *char_out);

#endif
