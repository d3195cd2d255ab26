/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A hash table with chains that doubles its buckets as it fills, and a binary heap. */
#include "sms/key_table.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/arena.h"
#include "core/base/random.h"

struct entry {
	struct entry *next;
	void *object; /* NULL = removed during a walk */
	uint64_t hash;
	size_t len;
	char key[];
};

struct key_table {
	uint32_t max, count;
	size_t mask;
	uint64_t seed;
	struct entry **buckets;
	unsigned walking; /* in key_table_each(): no growth, and what is removed is only marked */
	bool marked;
};

#define FIRST_BUCKETS 64u
#define HEAP_FIRST 64u

struct key_table *key_table_new(uint32_t max)
{
	struct key_table *table = must_alloc(sizeof(*table));

	table->max = max;
	table->mask = FIRST_BUCKETS - 1;
	table->buckets = must_alloc(FIRST_BUCKETS * sizeof(struct entry *));
	random_bytes(&table->seed, sizeof(table->seed));
	return table;
}

void key_table_free(struct key_table **table)
{
	if (!*table)
		return;
	for (size_t i = 0; i <= (*table)->mask; i++) {
		struct entry *next;

		for (struct entry *e = (*table)->buckets[i]; e; e = next) {
			next = e->next;
			free(e);
		}
	}
	free((*table)->buckets);
	free(*table);
	*table = NULL;
}

/* FNV-1a from a secret start, each step mixed down, so that peers cannot choose keys of one bucket. */
static uint64_t hash_of(const struct key_table *table, struct text key)
{
	uint64_t h = table->seed;

	for (size_t i = 0; i < key.len; i++) {
		h = (h ^ (uint8_t)key.at[i]) * UINT64_C(0x9e3779b97f4a7c15);
		h ^= h >> 29;
	}
	return h;
}

static struct entry **place_of(const struct key_table *table, struct text key, uint64_t hash)
{
	struct entry **at = &table->buckets[hash & table->mask];

	while (*at && !((*at)->object && (*at)->hash == hash && text_equal(key, text_range((*at)->key, (*at)->len))))
		at = &(*at)->next;
	return at;
}

static void grow(struct key_table *table)
{
	struct entry **old = table->buckets;
	size_t buckets = table->mask + 1;

	table->mask = 2 * buckets - 1;
	table->buckets = must_alloc(2 * buckets * sizeof(struct entry *));
	for (size_t i = 0; i < buckets; i++) {
		struct entry *next;

		for (struct entry *e = old[i]; e; e = next) {
			struct entry **to = &table->buckets[e->hash & table->mask];

			next = e->next;
			e->next = *to;
			*to = e;
		}
	}
	free(old);
}

bool key_table_add(struct key_table *table, struct text key, void *object)
{
	uint64_t hash = hash_of(table, key);

	if (table->count >= table->max || *place_of(table, key, hash))
		return false;
	if (table->count > table->mask && !table->walking)
		grow(table);
	struct entry *e = must_alloc(sizeof(*e) + key.len);
	e->object = object;
	e->hash = hash;
	e->len = key.len;
	if (key.len)
		memcpy(e->key, key.at, key.len);
	*place_of(table, key, hash) = e;
	table->count++;
	return true;
}

void *key_table_find(const struct key_table *table, struct text key)
{
	struct entry *e = *place_of(table, key, hash_of(table, key));

	return e ? e->object : NULL;
}

void *key_table_remove(struct key_table *table, struct text key)
{
	struct entry **at = place_of(table, key, hash_of(table, key));
	struct entry *e = *at;

	if (!e)
		return NULL;
	void *object = e->object;
	table->count--;
	if (table->walking) {
		e->object = NULL;
		table->marked = true;
		return object;
	}
	*at = e->next;
	free(e);
	return object;
}

uint32_t key_table_count(const struct key_table *table)
{
	return table->count;
}

static void sweep(struct key_table *table)
{
	for (size_t i = 0; i <= table->mask; i++) {
		for (struct entry **at = &table->buckets[i]; *at;) {
			struct entry *e = *at;

			if (e->object) {
				at = &e->next;
				continue;
			}
			*at = e->next;
			free(e);
		}
	}
	table->marked = false;
}

void key_table_each(struct key_table *table, void (*each)(void *owner, void *object), void *owner)
{
	table->walking++;
	for (size_t i = 0; i <= table->mask; i++) {
		for (struct entry *e = table->buckets[i]; e; e = e->next) {
			if (e->object)
				each(owner, e->object);
		}
	}
	if (!--table->walking && table->marked)
		sweep(table);
}

/* --- the heap: heap->at[place - 1]; a parent is never due after its children ----------------------------------------
 */

static void put(struct due_heap *heap, size_t place, struct due *due)
{
	heap->at[place - 1] = due;
	due->place = place;
}

static void move_up(struct due_heap *heap, struct due *due)
{
	size_t place = due->place;

	for (; place > 1 && heap->at[place / 2 - 1]->us > due->us; place /= 2)
		put(heap, place, heap->at[place / 2 - 1]);
	put(heap, place, due);
}

static void move_down(struct due_heap *heap, struct due *due)
{
	size_t place = due->place;

	for (size_t child; (child = 2 * place) <= heap->count; place = child) {
		if (child < heap->count && heap->at[child]->us < heap->at[child - 1]->us)
			child++;
		if (heap->at[child - 1]->us >= due->us)
			break;
		put(heap, place, heap->at[child - 1]);
	}
	put(heap, place, due);
}

void due_heap_clear(struct due_heap *heap)
{
	for (size_t i = 0; i < heap->count; i++)
		heap->at[i]->place = 0;
	free(heap->at);
	*heap = (struct due_heap){ 0 };
}

void due_set(struct due_heap *heap, struct due *due, int64_t us)
{
	due->us = us;
	if (!due->place) {
		if (heap->count == heap->room) {
			heap->room = heap->room ? 2 * heap->room : HEAP_FIRST;
			heap->at = must_realloc(heap->at, heap->room * sizeof(struct due *));
		}
		put(heap, ++heap->count, due);
	}
	move_down(heap, due);
	move_up(heap, due);
}

void due_stop(struct due_heap *heap, struct due *due)
{
	size_t place = due->place;

	if (!place)
		return;
	struct due *last = heap->at[--heap->count];
	due->place = 0;
	if (last == due)
		return;
	put(heap, place, last);
	move_down(heap, last);
	move_up(heap, last);
}

int64_t due_next_us(const struct due_heap *heap)
{
	return heap->count ? heap->at[0]->us : INT64_MAX;
}

struct due *due_take(struct due_heap *heap, int64_t now_us)
{
	if (due_next_us(heap) > now_us)
		return NULL;
	struct due *first = heap->at[0];
	due_stop(heap, first);
	return first;
}
