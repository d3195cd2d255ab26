/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Septets to text and back, packed and unpacked, with any tables; UCS-2 likewise; and any text to septets and back. The
 * first octets choose.
 */
#include <stdlib.h>
#include <string.h>

#include "sms/alphabet.h"
#include "sms/grapheme.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

#define ROOM 65536

/* Text that was written as septets reads the same, and packing loses nothing. */
static void there_and_back(struct text t, struct alphabet_tables tables, unsigned fill)
{
	static uint8_t septets[ROOM], packed[ROOM], unpacked[ROOM], text[3 * ROOM];
	struct writer s = writer_of(septets, sizeof(septets)), p = writer_of(packed, sizeof(packed));
	struct writer u = writer_of(unpacked, sizeof(unpacked)), back = writer_of(text, sizeof(text));
	size_t bad = 0;

	if (alphabet_gsm7_from_utf8(t, tables, &s, &bad) != OK) {
		if (bad > t.len)
			abort();
		return;
	}
	size_t n = writer_len(&s);
	alphabet_pack(septets, n, fill, &p);
	struct reader r = reader_of(packed, writer_len(&p));
	if (!writer_ok(&p) || alphabet_unpack(&r, n, fill, &u) != OK || memcmp(septets, unpacked, n))
		abort();
	r = reader_of(unpacked, n);
	if (alphabet_gsm7_to_utf8(&r, tables, &back, NULL) != OK || writer_len(&back) != t.len ||
	    (t.len && memcmp(text, t.at, t.len)))
		abort();
}

static void from_wire(struct reader r, struct alphabet_tables tables, unsigned fill)
{
	static uint8_t text[3 * ROOM], septets[2 * ROOM];
	struct writer w = writer_of(text, sizeof(text)), u = writer_of(septets, sizeof(septets));
	struct reader ucs2 = r, packed = r;
	size_t bad = 0, n = 8 * reader_left(&r) / 7;

	if (alphabet_gsm7_to_utf8(&r, tables, &w, &bad) == ERR_TOO_BIG)
		abort();
	w = writer_of(text, sizeof(text));
	if (alphabet_ucs2_to_utf8(&ucs2, false, &w, &bad) != OK)
		abort();
	for (size_t i = 0; i <= writer_len(&w); i++) {
		if (i == writer_len(&w) || (text[i] & 0xc0) != 0x80)
			(void)grapheme_boundary(text_range((char *)text, writer_len(&w)), i);
	}
	there_and_back(text_range((char *)text, writer_len(&w)), tables, fill);
	if (alphabet_unpack(&packed, n, fill, &u) == ERR_TOO_BIG)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	static uint8_t octets[2 * ROOM];
	struct writer w = writer_of(octets, sizeof(octets));
	struct reader r = reader_of(bytes, len);
	struct alphabet_tables tables;

	tables.locking = reader_u8(&r) % (ALPHABET_LANGUAGES + 1);
	tables.single = reader_u8(&r) % (ALPHABET_LANGUAGES + 1);
	unsigned fill = reader_u8(&r) % 7;
	if (reader_left(&r) > ROOM / 4)
		return 0;
	struct text t = text_range((const char *)r.at, reader_left(&r));
	there_and_back(t, tables, fill);
	from_wire(r, tables, fill);
	if (alphabet_ucs2_from_utf8(t, &w, NULL) == ERR_TOO_BIG)
		abort();
	return 0;
}
