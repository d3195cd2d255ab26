/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The only way received bytes are looked at. A reader borrows a buffer; every take checks the length and a failed take
 * makes the reader fail for good, so a decoder reads the whole item and asks reader_done() once. Reads after a failure
 * give 0 or NULL. One read per statement: C gives reads in one expression no order.
 */
#ifndef CORE_BASE_READER_H
#define CORE_BASE_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "core/base/text.h"

struct reader {
	const uint8_t *at, *end;
	bool failed;
};

static inline struct reader reader_of(const void *bytes, size_t len)
{
	const uint8_t *at = bytes;
	struct reader r = { .at = at, .end = at ? at + len : at, .failed = !at && len };
	return r;
}

static inline size_t reader_left(const struct reader *r)
{
	return (size_t)(r->end - r->at);
}

static inline void reader_fail(struct reader *r)
{
	r->failed = true;
	r->at = r->end;
}

/* n octets, or NULL and failed. The pointer lives as long as the buffer. */
static inline const uint8_t *reader_take(struct reader *r, size_t n)
{
	if (r->failed || (size_t)(r->end - r->at) < n) {
		reader_fail(r);
		return NULL;
	}
	const uint8_t *p = r->at;
	if (n)
		r->at += n;
	return p;
}

static inline uint8_t reader_u8(struct reader *r)
{
	const uint8_t *p = reader_take(r, 1);
	return p ? p[0] : 0;
}

/* Big endian, as on every wire we speak. */
static inline uint16_t reader_u16(struct reader *r)
{
	const uint8_t *p = reader_take(r, 2);
	/* Not ?: with a cast inside: GCC 12 with UBSan takes that for a conversion. */
	if (!p)
		return 0;
	return (uint16_t)(p[0] << 8 | p[1]);
}

static inline uint32_t reader_u32(struct reader *r)
{
	const uint8_t *p = reader_take(r, 4);
	return p ? (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3] : 0;
}

static inline uint64_t reader_u64(struct reader *r)
{
	uint64_t high = reader_u32(r);
	uint64_t low = reader_u32(r);
	return r->failed ? 0 : high << 32 | low;
}

/* The next octet without taking it; 0 at the end (ask reader_left() first where 0 is a value). */
static inline uint8_t reader_peek(const struct reader *r)
{
	return r->failed || r->at == r->end ? 0 : r->at[0];
}

/* Copies n octets to `to` (n octets of room), or fails and leaves zeroes there. */
static inline void reader_copy(struct reader *r, void *to, size_t n)
{
	const uint8_t *p = reader_take(r, n);
	if (!n)
		return;
	if (p)
		memcpy(to, p, n);
	else
		memset(to, 0, n);
}

/* A reader over the next n octets, for what a length field covers; failed when they are not there. */
static inline struct reader reader_sub(struct reader *r, size_t n)
{
	const uint8_t *p = reader_take(r, n);
	struct reader sub = { .at = p, .end = p ? p + n : p, .failed = !p };
	return sub;
}

/* An octet string up to its NUL, the NUL taken and not counted; at most max octets before it, else failed. */
static inline struct text reader_cstring(struct reader *r, size_t max)
{
	size_t left = reader_left(r);
	size_t look = left > max ? max + 1 : left;
	const uint8_t *at = r->at;
	const uint8_t *nul = r->failed || !look ? NULL : memchr(at, 0, look);
	if (!nul) {
		reader_fail(r);
		return (struct text){ 0 };
	}
	r->at = nul + 1;
	return (struct text){ (const char *)at, (size_t)(nul - at) };
}

/* True when everything was read and nothing is left over. */
static inline bool reader_done(const struct reader *r)
{
	return !r->failed && r->at == r->end;
}

#endif
