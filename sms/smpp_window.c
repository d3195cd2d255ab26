/* SPDX-License-Identifier: GPL-3.0-or-later */
/* See smpp_window.h. A place is the low bits of its sequence number, so finding is one look. */
#include "sms/smpp_window.h"

#include <assert.h>
#include <stdlib.h>

#include "core/base/arena.h"
#include "sms/smpp_pdu.h"

static uint32_t size_for(uint32_t limit)
{
	uint32_t size = 16;

	assert(limit && limit <= SMPP_WINDOW_MAX);
	while (size < 2 * limit)
		size *= 2;
	return size;
}

void smpp_window_init(struct smpp_window *w, uint32_t limit)
{
	uint32_t size = size_for(limit);

	*w = (struct smpp_window){
		.mask = size - 1, .limit = limit, .oldest = SMPP_WINDOW_NONE, .newest = SMPP_WINDOW_NONE
	};
	w->places = must_alloc(size * sizeof(*w->places));
}

void smpp_window_clear(struct smpp_window *w)
{
	free(w->places);
	w->places = NULL;
}

/* What had places of its own under the smaller mask has them under the larger one. */
void smpp_window_set_limit(struct smpp_window *w, uint32_t limit)
{
	uint32_t size = size_for(limit), newest = SMPP_WINDOW_NONE;
	struct smpp_pending *old = w->places;

	w->limit = limit;
	if (size <= w->mask + 1)
		return;
	w->places = must_alloc(size * sizeof(*w->places));
	w->mask = size - 1;
	for (uint32_t from = w->oldest, next; from != SMPP_WINDOW_NONE; from = next) {
		uint32_t at = old[from].sequence & w->mask;
		next = old[from].newer;
		w->places[at] = old[from];
		w->places[at].older = newest;
		w->places[at].newer = SMPP_WINDOW_NONE;
		if (newest == SMPP_WINDOW_NONE)
			w->oldest = at;
		else
			w->places[newest].newer = at;
		newest = at;
	}
	w->newest = newest;
	free(old);
}

/* At most half of the places are taken, so this ends. */
uint32_t smpp_window_next(struct smpp_window *w)
{
	do
		w->sequence = w->sequence >= SMPP_SEQUENCE_MAX ? 1 : w->sequence + 1;
	while (w->places[w->sequence & w->mask].sequence);
	return w->sequence;
}

struct smpp_pending *smpp_window_add(struct smpp_window *w)
{
	if (w->count >= w->limit)
		return NULL;
	uint32_t sequence = smpp_window_next(w);
	uint32_t at = sequence & w->mask;
	struct smpp_pending *p = &w->places[at];

	*p = (struct smpp_pending){
		.sequence = sequence, .order = ++w->order, .older = w->newest, .newer = SMPP_WINDOW_NONE
	};
	if (w->newest == SMPP_WINDOW_NONE)
		w->oldest = at;
	else
		w->places[w->newest].newer = at;
	w->newest = at;
	w->count++;
	return p;
}

struct smpp_pending *smpp_window_find(const struct smpp_window *w, uint32_t sequence)
{
	struct smpp_pending *p = &w->places[sequence & w->mask];

	return sequence && p->sequence == sequence ? p : NULL;
}

struct smpp_pending *smpp_window_oldest(const struct smpp_window *w)
{
	return w->oldest == SMPP_WINDOW_NONE ? NULL : &w->places[w->oldest];
}

void smpp_window_remove(struct smpp_window *w, struct smpp_pending *p)
{
	if (p->older == SMPP_WINDOW_NONE)
		w->oldest = p->newer;
	else
		w->places[p->older].newer = p->newer;
	if (p->newer == SMPP_WINDOW_NONE)
		w->newest = p->older;
	else
		w->places[p->newer].older = p->older;
	p->sequence = 0;
	w->count--;
}
