/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Swapped half octets. */
#include "sms/bcd.h"

#define FILLER 0xf

static const char digit_chars[] = "0123456789*#abc";

static void put_digit(struct reader *r, uint8_t half, struct writer *w)
{
	if (half == FILLER)
		reader_fail(r);
	else
		writer_u8(w, (uint8_t)digit_chars[half]);
}

void bcd_take(struct reader *r, size_t digits, struct writer *w)
{
	for (size_t i = 0; i < digits && !r->failed; i += 2) {
		uint8_t octet = reader_u8(r);

		if (r->failed)
			return;
		put_digit(r, octet & 0xf, w);
		if (i + 1 < digits)
			put_digit(r, octet >> 4, w);
	}
}

void bcd_take_all(struct reader *r, struct writer *w)
{
	size_t left = reader_left(r);

	if (!left || r->failed)
		return;
	bool odd = r->at[left - 1] >> 4 == FILLER;
	bcd_take(r, 2 * left - (odd ? 1 : 0), w);
}

/* 0-14, or FILLER for what is no digit. */
static uint8_t half_of(char c)
{
	if (c >= '0' && c <= '9')
		return (uint8_t)(c - '0');
	switch (c) {
	case '*':
		return 10;
	case '#':
		return 11;
	case 'a':
	case 'A':
		return 12;
	case 'b':
	case 'B':
		return 13;
	case 'c':
	case 'C':
		return 14;
	default:
		return FILLER;
	}
}

void bcd_put(struct writer *w, struct text digits)
{
	if (!bcd_is(digits)) {
		w->failed = true;
		return;
	}
	for (size_t i = 0; i < digits.len; i += 2) {
		uint8_t low = half_of(digits.at[i]);
		uint8_t high = i + 1 < digits.len ? half_of(digits.at[i + 1]) : FILLER;

		writer_u8(w, (uint8_t)(high << 4 | low));
	}
}

bool bcd_is(struct text digits)
{
	for (size_t i = 0; i < digits.len; i++) {
		if (half_of(digits.at[i]) == FILLER)
			return false;
	}
	return true;
}
