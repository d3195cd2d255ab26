/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A hash table with open addressing. The numbers come one after the other, so the number itself is a good hash: calls
 * that wait at the same time lie side by side.
 */
#include "daemon/api_calls.h"

#include <stdlib.h>

#include "core/base/arena.h"

#define SIZE_FIRST 1024u /* powers of two */

struct place {
	uint32_t number; /* 0 = free */
	struct api_call call;
};

struct api_calls {
	struct place *places;
	uint32_t size, count;
};

struct api_calls *api_calls_new(void)
{
	struct api_calls *calls = must_alloc(sizeof(*calls));

	calls->size = SIZE_FIRST;
	calls->places = must_alloc(calls->size * sizeof(*calls->places));
	return calls;
}

void api_calls_free(struct api_calls **calls)
{
	if (!*calls)
		return;
	free((*calls)->places);
	free(*calls);
	*calls = NULL;
}

/* Where it is, or where it would go. */
static struct place *place_of(const struct api_calls *calls, uint32_t number)
{
	uint32_t at = number & (calls->size - 1);

	while (calls->places[at].number && calls->places[at].number != number)
		at = (at + 1) & (calls->size - 1);
	return &calls->places[at];
}

static void grow(struct api_calls *calls)
{
	struct place *old = calls->places;
	uint32_t size = calls->size;

	calls->size = size * 2;
	calls->places = must_alloc(calls->size * sizeof(*calls->places));
	for (uint32_t i = 0; i < size; i++) {
		if (old[i].number)
			*place_of(calls, old[i].number) = old[i];
	}
	free(old);
}

void api_calls_add(struct api_calls *calls, uint32_t number, const struct api_call *call)
{
	if ((calls->count + 1) * 2 > calls->size)
		grow(calls);
	*place_of(calls, number) = (struct place){ number, *call };
	calls->count++;
}

/* What stands behind a hole moves up, as long as that brings it nearer to its own place. */
static void close_hole(struct api_calls *calls, uint32_t hole)
{
	uint32_t mask = calls->size - 1;

	for (uint32_t at = (hole + 1) & mask; calls->places[at].number; at = (at + 1) & mask) {
		uint32_t home = calls->places[at].number & mask;

		if (((at - home) & mask) < ((at - hole) & mask))
			continue;
		calls->places[hole] = calls->places[at];
		hole = at;
	}
	calls->places[hole].number = 0;
}

bool api_calls_take(struct api_calls *calls, uint32_t number, struct api_call *out)
{
	struct place *p = place_of(calls, number);

	if (!number || !p->number)
		return false;
	*out = p->call;
	calls->count--;
	close_hole(calls, (uint32_t)(p - calls->places));
	return true;
}

unsigned api_calls_count(const struct api_calls *calls)
{
	return calls->count;
}
