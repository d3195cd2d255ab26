/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The only way bytes for outside are made. A writer borrows a buffer of fixed room; what does not fit makes it fail for
 * good and writes nothing more. Ask writer_ok() once, at the end; writer_len() is then what was written.
 */
#ifndef CORE_BASE_WRITER_H
#define CORE_BASE_WRITER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "core/base/text.h"

struct writer {
	uint8_t *start, *at, *end;
	bool failed;
};

static inline struct writer writer_of(void *room, size_t size)
{
	uint8_t *at = room;
	struct writer w = { .start = at, .at = at, .end = at + size };
	return w;
}

static inline size_t writer_len(const struct writer *w)
{
	return (size_t)(w->at - w->start);
}

static inline size_t writer_room(const struct writer *w)
{
	return (size_t)(w->end - w->at);
}

static inline bool writer_ok(const struct writer *w)
{
	return !w->failed;
}

/* n octets of room to fill, or NULL and failed. */
static inline uint8_t *writer_take(struct writer *w, size_t n)
{
	if (w->failed || (size_t)(w->end - w->at) < n) {
		w->failed = true;
		return NULL;
	}
	uint8_t *p = w->at;
	w->at += n;
	return p;
}

static inline void writer_bytes(struct writer *w, const void *bytes, size_t n)
{
	uint8_t *p = writer_take(w, n);
	if (p && n)
		memcpy(p, bytes, n);
}

static inline void writer_u8(struct writer *w, uint8_t v)
{
	uint8_t *p = writer_take(w, 1);
	if (p)
		p[0] = v;
}

static inline void writer_u16(struct writer *w, uint16_t v)
{
	uint8_t *p = writer_take(w, 2);
	if (p) {
		p[0] = (uint8_t)(v >> 8);
		p[1] = (uint8_t)v;
	}
}

static inline void writer_u32(struct writer *w, uint32_t v)
{
	writer_u16(w, (uint16_t)(v >> 16));
	writer_u16(w, (uint16_t)v);
}

static inline void writer_u64(struct writer *w, uint64_t v)
{
	writer_u32(w, (uint32_t)(v >> 32));
	writer_u32(w, (uint32_t)v);
}

static inline void writer_text(struct writer *w, struct text t)
{
	writer_bytes(w, t.at, t.len);
}

/* The text and a NUL. The text must hold no NUL; one that does makes the writer fail. */
static inline void writer_cstring(struct writer *w, struct text t)
{
	if (t.len && memchr(t.at, 0, t.len)) {
		w->failed = true;
		return;
	}
	writer_bytes(w, t.at, t.len);
	writer_u8(w, 0);
}

/* printf into the buffer; what does not fit makes it fail. */
void writer_printf(struct writer *w, const char *format, ...) __attribute__((format(printf, 2, 3)));

/*
 * Length fields filled in later: writer_mark_u8/u16/u32 leaves room and returns a mark; writer_fill_* puts the number
 * of octets written since the end of that room there, and fails when it does not fit the field.
 */
static inline size_t writer_mark(struct writer *w, size_t field)
{
	size_t mark = writer_len(w);
	(void)writer_take(w, field);
	return mark;
}

static inline void writer_fill_u8(struct writer *w, size_t mark)
{
	if (w->failed)
		return;
	size_t n = writer_len(w) - mark - 1;
	if (n > UINT8_MAX)
		w->failed = true;
	else
		w->start[mark] = (uint8_t)n;
}

static inline void writer_fill_u16(struct writer *w, size_t mark)
{
	if (w->failed)
		return;
	size_t n = writer_len(w) - mark - 2;
	if (n > UINT16_MAX) {
		w->failed = true;
		return;
	}
	w->start[mark] = (uint8_t)(n >> 8);
	w->start[mark + 1] = (uint8_t)n;
}

static inline void writer_fill_u32(struct writer *w, size_t mark)
{
	if (w->failed)
		return;
	size_t n = writer_len(w) - mark - 4;
	if (n > UINT32_MAX) {
		w->failed = true;
		return;
	}
	for (unsigned i = 0; i < 4; i++)
		w->start[mark + i] = (uint8_t)(n >> (24 - 8 * i));
}

#endif
