/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Open addressing with linear probing; an entry that reaches zero is taken out by moving its followers back. */
#include "store/lanes.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "core/base/arena.h"

#define FIRST_BITS 10u
#define FIRST_SIZE (1u << FIRST_BITS)
#define GROWS_BITS 2u
#define BIG_PAGE (2u << 20)
#define BIG_OCTETS (8u << 20)

struct entry {
	int64_t lane;
	uint32_t count; /* 0 = free */
};

struct lanes {
	struct entry *entries;
	uint32_t size, used;
	unsigned shift; /* 64 - log2(size) */
};

static uint32_t home(const struct lanes *lanes, int64_t lane)
{
	uint64_t h = (uint64_t)lane * UINT64_C(0x9e3779b97f4a7c15);

	/* The top bits: when the table grows its entries keep their order, and moving them is one walk through both. */
	return (uint32_t)(h >> lanes->shift);
}

struct lanes *lanes_new(void)
{
	struct lanes *lanes = must_alloc(sizeof(*lanes));

	lanes->size = FIRST_SIZE;
	lanes->shift = 64 - FIRST_BITS;
	lanes->entries = must_alloc(FIRST_SIZE * sizeof(*lanes->entries));
	return lanes;
}

void lanes_free(struct lanes **lanes)
{
	if (!*lanes)
		return;
	free((*lanes)->entries);
	free(*lanes);
	*lanes = NULL;
}

void lanes_clear(struct lanes *lanes)
{
	memset(lanes->entries, 0, lanes->size * sizeof(*lanes->entries));
	lanes->used = 0;
}

/* The lane's entry, or the free one where it would stand. */
static struct entry *find(const struct lanes *lanes, int64_t lane)
{
	uint32_t at = home(lanes, lane);

	while (lanes->entries[at].count && lanes->entries[at].lane != lane)
		at = (at + 1) & (lanes->size - 1);
	return &lanes->entries[at];
}

uint32_t lanes_count(const struct lanes *lanes, int64_t lane)
{
	return find(lanes, lane)->count;
}

void lanes_expect(const struct lanes *lanes, int64_t lane)
{
	__builtin_prefetch(&lanes->entries[home(lanes, lane)], 1);
}

/* Zeroed. A big table on big pages: every look-up is somewhere else in it. */
static struct entry *entries_new(uint32_t size)
{
	size_t octets = size * sizeof(struct entry);
	void *entries = NULL;

	if (octets < BIG_OCTETS || posix_memalign(&entries, BIG_PAGE, octets))
		return must_alloc(octets);
	(void)madvise(entries, octets, MADV_HUGEPAGE);
	return memset(entries, 0, octets);
}

static void grow(struct lanes *lanes)
{
	struct lanes bigger = { .size = lanes->size << GROWS_BITS,
				.used = lanes->used,
				.shift = lanes->shift - GROWS_BITS };

	bigger.entries = entries_new(bigger.size);
	for (uint32_t i = 0; i < lanes->size; i++) {
		if (lanes->entries[i].count)
			*find(&bigger, lanes->entries[i].lane) = lanes->entries[i];
	}
	free(lanes->entries);
	*lanes = bigger;
}

void lanes_add(struct lanes *lanes, int64_t lane)
{
	if (lanes->used * 2 >= lanes->size)
		grow(lanes);
	struct entry *e = find(lanes, lane);
	if (!e->count)
		lanes->used++;
	e->lane = lane;
	e->count++;
}

static void close_gap(struct lanes *lanes, uint32_t gap)
{
	uint32_t mask = lanes->size - 1;

	for (uint32_t at = (gap + 1) & mask; lanes->entries[at].count; at = (at + 1) & mask) {
		uint32_t wanted = home(lanes, lanes->entries[at].lane);
		bool stays = ((at - wanted) & mask) < ((at - gap) & mask);
		if (stays)
			continue;
		lanes->entries[gap] = lanes->entries[at];
		lanes->entries[at].count = 0;
		gap = at;
	}
}

uint32_t lanes_remove(struct lanes *lanes, int64_t lane)
{
	struct entry *e = find(lanes, lane);

	if (!e->count)
		return 0;
	if (--e->count)
		return e->count;
	lanes->used--;
	close_gap(lanes, (uint32_t)(e - lanes->entries));
	return 0;
}
