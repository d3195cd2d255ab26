/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Digits in swapped half octets (3GPP TS 23.040 9.1.2.3): the first in the low half, 0xF as filler, A-E = * # a b c. */
#ifndef SMS_BCD_H
#define SMS_BCD_H

#include <stdbool.h>
#include <stddef.h>

#include "core/base/reader.h"
#include "core/base/text.h"
#include "core/base/writer.h"

/*
 * Takes (digits + 1) / 2 octets and puts the digits as characters. Fails the reader at a filler among them, the writer
 * where it is full.
 */
void bcd_take(struct reader *r, size_t digits, struct writer *w);
/* Takes all octets that are left: the last half may be a filler. */
void bcd_take_all(struct reader *r, struct writer *w);
/* Fails the writer at a character that is no digit. */
void bcd_put(struct writer *w, struct text digits);
bool bcd_is(struct text digits); /* only characters that bcd_put() takes */

#endif
