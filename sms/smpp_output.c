/* SPDX-License-Identifier: GPL-3.0-or-later */
/* See smpp_output.h. */
#include "sms/smpp_output.h"

#include <assert.h>
#include <stdlib.h>

#include "core/base/arena.h"
#include "core/base/reader.h"
#include "sms/smpp_pdu.h"

#define FIRST_SIZE 4096u
#define KEEP_SIZE 65536u /* an empty buffer above this is given back */

void smpp_output_clear(struct smpp_output *o)
{
	free(o->bytes);
	*o = (struct smpp_output){ 0 };
}

static void make_room(struct smpp_output *o, size_t max)
{
	size_t len = smpp_output_len(o);
	size_t size = o->size ? o->size : FIRST_SIZE;

	if (o->start && o->size - len >= max) {
		memmove(o->bytes, o->bytes + o->start, len);
		o->start = 0;
		o->end = len;
	}
	while (size - o->end < max)
		size *= 2;
	if (size == o->size)
		return;
	o->bytes = must_realloc(o->bytes, size);
	o->size = size;
}

struct writer smpp_output_room(struct smpp_output *o, size_t max)
{
	if (!o->bytes || o->size - o->end < max)
		make_room(o, max);
	return writer_of(o->bytes + o->end, o->size - o->end);
}

uint64_t smpp_output_add(struct smpp_output *o, const struct writer *w)
{
	if (!writer_ok(w))
		return 0;
	o->end += writer_len(w);
	return o->total + smpp_output_len(o);
}

struct text smpp_output_view(const struct smpp_output *o)
{
	if (!smpp_output_len(o))
		return (struct text){ 0 };
	return text_range((const char *)o->bytes + o->start, smpp_output_len(o));
}

static void empty(struct smpp_output *o)
{
	o->start = o->end = 0;
	o->middle = 0;
	if (o->size <= KEEP_SIZE)
		return;
	free(o->bytes);
	o->bytes = NULL;
	o->size = 0;
}

/* The length field of the PDU of ours that begins there. */
static size_t length_at(const struct smpp_output *o, size_t at)
{
	struct reader r = reader_of(o->bytes + at, o->end - at);

	return reader_u32(&r);
}

void smpp_output_sent(struct smpp_output *o, size_t n)
{
	assert(n <= smpp_output_len(o));
	o->total += n;
	if (n == smpp_output_len(o)) {
		empty(o);
		return;
	}
	while (n) {
		if (!o->middle)
			o->middle = length_at(o, o->start);
		size_t step = n < o->middle ? n : o->middle;
		o->start += step;
		o->middle -= step;
		n -= step;
	}
}

static bool may_stay(const struct smpp_output *o, size_t at)
{
	struct reader r = reader_of(o->bytes + at, o->end - at);

	(void)reader_u32(&r);
	uint32_t id = reader_u32(&r);
	return id & SMPP_RESPONSE || id == SMPP_UNBIND;
}

uint64_t smpp_output_keep_answers(struct smpp_output *o)
{
	uint64_t certain = o->total + o->middle;
	size_t to = o->start + o->middle;

	for (size_t at = to, len; at < o->end; at += len) {
		len = length_at(o, at);
		if (!may_stay(o, at))
			continue;
		memmove(o->bytes + to, o->bytes + at, len);
		to += len;
	}
	o->end = to;
	return certain;
}

void smpp_output_drop(struct smpp_output *o)
{
	empty(o);
}
