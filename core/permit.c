/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Permits: made once, used once. */
#include "core/permit.h"

#include <stdlib.h>

#include "core/base/arena.h"
#include "core/permit_mint.h"

struct permit {
	struct permit_terms terms;
	char bearer[PERMIT_BEARER_MAX];
	bool used;
};

struct permit *permit_mint(const struct permit_terms *terms)
{
	if (!message_id_recipient(terms->delivery) || !terms->bearer.len || terms->bearer.len > PERMIT_BEARER_MAX ||
	    terms->units < 1 || terms->price < 0 || terms->attempt < 0 || terms->epoch < 0)
		return NULL;
	struct permit *p = must_alloc(sizeof(*p));
	p->terms = *terms;
	memcpy(p->bearer, terms->bearer.at, terms->bearer.len);
	p->terms.bearer = text_range(p->bearer, terms->bearer.len);
	return p;
}

enum result permit_use(struct permit *permit, struct message_id delivery, struct text bearer, int64_t units,
		       int64_t now_us)
{
	const struct permit_terms *t = &permit->terms;

	if (permit->used)
		return ERR_CLOSED;
	if (!message_id_equal(t->delivery, delivery) || !text_equal(t->bearer, bearer) || t->units != units)
		return ERR_CONFLICT;
	permit->used = true;
	return now_us > t->not_after_us ? ERR_TIMEOUT : OK;
}

int64_t permit_attempt(const struct permit *permit)
{
	return permit->terms.attempt;
}

int64_t permit_epoch(const struct permit *permit)
{
	return permit->terms.epoch;
}

void permit_free(struct permit **permit)
{
	free(*permit);
	*permit = NULL;
}

/* delivery 16 | attempt u64 | epoch u64 | units u64 | price u64 | not after u64 | bearer length u8 | bearer */
void permit_put(struct writer *w, const struct permit_terms *terms)
{
	writer_bytes(w, terms->delivery.octets, MESSAGE_ID_SIZE);
	writer_u64(w, (uint64_t)terms->attempt);
	writer_u64(w, (uint64_t)terms->epoch);
	writer_u64(w, (uint64_t)terms->units);
	writer_u64(w, (uint64_t)terms->price);
	writer_u64(w, (uint64_t)terms->not_after_us);
	size_t mark = writer_mark(w, 1);
	writer_text(w, terms->bearer);
	writer_fill_u8(w, mark);
}

bool permit_get(struct reader *r, struct permit_terms *out)
{
	reader_copy(r, out->delivery.octets, MESSAGE_ID_SIZE);
	out->attempt = (int64_t)reader_u64(r);
	out->epoch = (int64_t)reader_u64(r);
	out->units = (int64_t)reader_u64(r);
	out->price = (int64_t)reader_u64(r);
	out->not_after_us = (int64_t)reader_u64(r);
	size_t len = reader_u8(r);
	const uint8_t *at = reader_take(r, len);
	out->bearer = text_range((const char *)at, at ? len : 0);
	return !r->failed;
}
