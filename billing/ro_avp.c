/* SPDX-License-Identifier: GPL-3.0-or-later */
/* AVPs as bytes (RFC 6733 4.1). */
#include "billing/ro_avp.h"

#define FLAG_VENDOR 0x80u
#define FLAG_MANDATORY 0x40u
#define U24_MAX 0xffffffu

void ro_avp_fill(struct writer *w, size_t mark, size_t n)
{
	if (n > U24_MAX)
		w->failed = true;
	if (w->failed)
		return;
	w->start[mark] = (uint8_t)(n >> 16);
	w->start[mark + 1] = (uint8_t)(n >> 8);
	w->start[mark + 2] = (uint8_t)n;
}

size_t ro_avp_begin(struct writer *w, enum ro_avp code, unsigned flags)
{
	unsigned bits = flags & RO_MANDATORY ? FLAG_MANDATORY : 0u;

	if (flags & RO_3GPP)
		bits |= FLAG_VENDOR;
	size_t mark = writer_len(w);
	writer_u32(w, code);
	writer_u8(w, (uint8_t)bits);
	(void)writer_mark(w, 3);
	if (flags & RO_3GPP)
		writer_u32(w, RO_VENDOR_3GPP);
	return mark;
}

void ro_avp_end(struct writer *w, size_t mark)
{
	static const uint8_t zeroes[3];
	size_t n = writer_len(w) - mark;

	ro_avp_fill(w, mark + 5, n);
	writer_bytes(w, zeroes, (4 - n % 4) % 4);
}

void ro_put_avp(struct writer *w, enum ro_avp code, unsigned flags, const void *bytes, size_t n)
{
	size_t mark = ro_avp_begin(w, code, flags);

	writer_bytes(w, bytes, n);
	ro_avp_end(w, mark);
}

void ro_put_avp_u32(struct writer *w, enum ro_avp code, unsigned flags, uint32_t v)
{
	size_t mark = ro_avp_begin(w, code, flags);

	writer_u32(w, v);
	ro_avp_end(w, mark);
}

void ro_put_text(struct writer *w, enum ro_avp code, struct text t)
{
	ro_put_avp(w, code, RO_MANDATORY, t.at, t.len);
}

void ro_put_u32(struct writer *w, enum ro_avp code, uint32_t v)
{
	ro_put_avp_u32(w, code, RO_MANDATORY, v);
}

void ro_put_u64(struct writer *w, enum ro_avp code, uint64_t v)
{
	size_t mark = ro_avp_begin(w, code, RO_MANDATORY);

	writer_u64(w, v);
	ro_avp_end(w, mark);
}

bool ro_avp_take(struct reader *r, struct ro_avp_view *out)
{
	if (r->failed || !reader_left(r))
		return false;
	out->code = reader_u32(r);
	uint32_t word = reader_u32(r);
	size_t len = word & U24_MAX, head = 8;
	out->vendor = 0;
	if (word >> 24 & FLAG_VENDOR) {
		out->vendor = reader_u32(r);
		head = 12;
	}
	if (r->failed || len < head) {
		reader_fail(r);
		return false;
	}
	out->data = reader_sub(r, len - head);
	(void)reader_take(r, (4 - len % 4) % 4);
	return !r->failed;
}
