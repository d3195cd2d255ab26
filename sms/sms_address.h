/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Addresses as short messages carry them: a type octet (type of number, numbering plan) and digits, or letters packed
 * in septets. One plain value, and the two forms on the wire that differ in what their length octet counts.
 */
#ifndef SMS_SMS_ADDRESS_H
#define SMS_SMS_ADDRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/reader.h"
#include "core/base/result.h"
#include "core/base/text.h"
#include "core/base/writer.h"

enum sms_ton { /* 23.040 9.1.2.5 */
	       SMS_TON_UNKNOWN,
	       SMS_TON_INTERNATIONAL,
	       SMS_TON_NATIONAL,
	       SMS_TON_NETWORK,
	       SMS_TON_SUBSCRIBER,
	       SMS_TON_ALPHANUMERIC,
	       SMS_TON_ABBREVIATED
};

#define SMS_NPI_UNKNOWN 0
#define SMS_NPI_ISDN 1

#define SMS_ADDRESS_DIGITS_MAX 20u  /* of a TP address */
#define SMS_ADDRESS_LETTERS_MAX 11u /* septets of an alphanumeric one */
#define SMS_ADDRESS_TEXT_MAX 33u    /* octets of UTF-8 */

struct sms_address {
	uint8_t ton, npi;
	uint8_t len;			     /* octets of text; 0 = no address */
	char text[SMS_ADDRESS_TEXT_MAX + 1]; /* digits "0-9*#abc" without a plus, or UTF-8 letters; NUL-terminated */
};

/* "+4917.." international, digits alone unknown type, anything else alphanumeric. ERR_TOO_BIG, ERR_UNSUPPORTED (a
 * letter that the default alphabet lacks). */
MUST_CHECK enum result sms_address_from_text(struct text t, struct sms_address *out);
/* The same way back: a plus before an international number. */
#define SMS_ADDRESS_SHOWN_MAX (SMS_ADDRESS_TEXT_MAX + 1)
void sms_address_to_text(const struct sms_address *a, struct writer *w);
bool sms_address_equal(const struct sms_address *a, const struct sms_address *b);

/*
 * TP form (23.040 9.1.2.5): length in digits | type | digits. ERR_TOO_BIG above 20 digits, ERR_SHORT, ERR_MALFORMED at
 * a filler among the digits. bad_octet_out counts from the length octet.
 */
MUST_CHECK enum result sms_address_take_tp(struct reader *r, struct sms_address *out, size_t *bad_octet_out);
void sms_address_put_tp(struct writer *w, const struct sms_address *a);

/*
 * RP and GSUP form (24.011 8.2.5.1): length in octets | type | digits, length 0 = no address. Errors as above.
 */
MUST_CHECK enum result sms_address_take_rp(struct reader *r, struct sms_address *out, size_t *bad_octet_out);
void sms_address_put_rp(struct writer *w, const struct sms_address *a);
/* Type and digits alone, to the end of the reader, where something else gives the length. */
MUST_CHECK enum result sms_address_take_rest(struct reader *r, struct sms_address *out, size_t *bad_octet_out);
void sms_address_put_rest(struct writer *w, const struct sms_address *a);

#endif
