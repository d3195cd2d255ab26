/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Addresses in all their forms (the first octet chooses): what decodes encodes, and then reads the same. */
#include <stdlib.h>

#include "sms/sms_address.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static enum result take(unsigned form, struct reader *r, struct sms_address *a)
{
	size_t bad;

	switch (form) {
	case 0:
		return sms_address_take_tp(r, a, &bad);
	case 1:
		return sms_address_take_rp(r, a, &bad);
	case 2:
		return sms_address_take_rest(r, a, &bad);
	default:
		return sms_address_from_text(text_range((const char *)r->at, reader_left(r)), a);
	}
}

static void put(unsigned form, struct writer *w, const struct sms_address *a)
{
	if (form == 1)
		sms_address_put_rp(w, a);
	else if (form == 2)
		sms_address_put_rest(w, a);
	else
		sms_address_put_tp(w, a);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	uint8_t octets[64], shown[SMS_ADDRESS_SHOWN_MAX];
	struct writer w = writer_of(octets, sizeof(octets)), s = writer_of(shown, sizeof(shown));
	struct reader r = reader_of(bytes, len);
	struct sms_address a, again;

	unsigned form = reader_u8(&r) % 4;
	if (take(form, &r, &a) != OK || !a.len) /* a type without digits is no address */
		return 0;
	sms_address_to_text(&a, &s);
	if (!writer_ok(&s))
		abort();
	put(form, &w, &a);
	struct reader back = reader_of(octets, writer_len(&w));
	if (!writer_ok(&w) || take(form == 3 ? 0 : form, &back, &again) != OK)
		abort();
	/* Counted in octets, letters of an escape without meaning can become one fewer, and their end filling. */
	if (!sms_address_equal(&a, &again) && !(a.ton == SMS_TON_ALPHANUMERIC && form != 0 && form != 3))
		abort();
	return 0;
}
