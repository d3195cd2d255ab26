/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 *	id:  generation u32 | place + 1 u32
 *
 * A place that is given back gets a new generation, so that an old id finds nothing there. Free places form a list.
 */
#include "core/base/idtable.h"

#include <stdlib.h>

#include "core/base/arena.h"

#define NO_PLACE UINT32_MAX

struct place {
	void *object; /* NULL = free */
	uint32_t generation, next_free;
};

struct idtable {
	struct place *places;
	uint32_t used, size, max; /* used: places ever taken */
	uint32_t count, free_head;
};

struct idtable *idtable_new(uint32_t max)
{
	struct idtable *table = must_alloc(sizeof(*table));

	table->max = max < NO_PLACE ? max : NO_PLACE - 1;
	table->free_head = NO_PLACE;
	return table;
}

void idtable_free(struct idtable **table)
{
	if (!*table)
		return;
	free((*table)->places);
	free(*table);
	*table = NULL;
}

static void grow(struct idtable *table)
{
	uint64_t size = table->size ? (uint64_t)table->size * 2 : 64;

	table->size = size < table->max ? (uint32_t)size : table->max;
	table->places = must_realloc(table->places, table->size * sizeof(*table->places));
}

static uint32_t take_place(struct idtable *table)
{
	uint32_t n = table->free_head;

	if (n != NO_PLACE) {
		table->free_head = table->places[n].next_free;
		return n;
	}
	if (table->used == table->size)
		grow(table);
	table->places[table->used] = (struct place){ .generation = 1 };
	return table->used++;
}

uint64_t idtable_add(struct idtable *table, void *object)
{
	if (!object || table->count == table->max)
		return 0;
	uint32_t n = take_place(table);
	table->places[n].object = object;
	table->count++;
	return (uint64_t)table->places[n].generation << 32 | (n + 1);
}

static struct place *place_of(const struct idtable *table, uint64_t id)
{
	uint32_t n = (uint32_t)id;

	if (!n || n > table->used)
		return NULL;
	struct place *place = &table->places[n - 1];
	return place->object && place->generation == (uint32_t)(id >> 32) ? place : NULL;
}

void *idtable_find(const struct idtable *table, uint64_t id)
{
	const struct place *place = place_of(table, id);

	return place ? place->object : NULL;
}

void *idtable_remove(struct idtable *table, uint64_t id)
{
	struct place *place = place_of(table, id);

	if (!place)
		return NULL;
	void *object = place->object;
	place->object = NULL;
	place->generation++;
	place->next_free = table->free_head;
	table->free_head = (uint32_t)(place - table->places);
	table->count--;
	return object;
}

uint32_t idtable_count(const struct idtable *table)
{
	return table->count;
}

void idtable_each(struct idtable *table, void (*each)(void *owner, uint64_t id, void *object), void *owner)
{
	for (uint32_t n = 0; n < table->used; n++) {
		const struct place *place = &table->places[n];
		if (place->object)
			each(owner, (uint64_t)place->generation << 32 | (n + 1), place->object);
	}
}
