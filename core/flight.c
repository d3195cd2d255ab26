/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Chained buckets, doubled when there are more nodes than buckets. */
#include "core/flight.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/arena.h"

#define FIRST_SIZE 256u

/* Ids begin with the time and end with a small number: the random octets between are the hash. */
static uint32_t bucket_of(const struct flight_table *table, const uint8_t key[16])
{
	uint32_t h = 0;

	for (unsigned i = 4; i < 16; i++)
		h = h * 31 + key[i];
	return (h ^ h >> 15) & (table->size - 1);
}

void flight_table_init(struct flight_table *table)
{
	*table = (struct flight_table){ .size = FIRST_SIZE };
	table->buckets = must_alloc(FIRST_SIZE * sizeof(struct flight_node *));
}

void flight_table_clear(struct flight_table *table)
{
	free(table->buckets);
	*table = (struct flight_table){ 0 };
}

static void put(struct flight_table *table, struct flight_node *node)
{
	uint32_t at = bucket_of(table, node->key);

	node->next = table->buckets[at];
	table->buckets[at] = node;
}

static void grow(struct flight_table *table)
{
	struct flight_table bigger = { .size = table->size * 2, .count = table->count };

	bigger.buckets = must_alloc(bigger.size * sizeof(struct flight_node *));
	for (uint32_t i = 0; i < table->size; i++) {
		for (struct flight_node *node = table->buckets[i], *next; node; node = next) {
			next = node->next;
			put(&bigger, node);
		}
	}
	free(table->buckets);
	*table = bigger;
}

void flight_add(struct flight_table *table, struct flight_node *node)
{
	if (table->count >= table->size)
		grow(table);
	put(table, node);
	table->count++;
}

struct flight_node *flight_find(const struct flight_table *table, const uint8_t key[16])
{
	struct flight_node *node = table->buckets[bucket_of(table, key)];

	while (node && memcmp(node->key, key, 16) != 0)
		node = node->next;
	return node;
}

void flight_remove(struct flight_table *table, struct flight_node *node)
{
	struct flight_node **at = &table->buckets[bucket_of(table, node->key)];

	while (*at && *at != node)
		at = &(*at)->next;
	if (!*at)
		return;
	*at = node->next;
	table->count--;
}

void flight_each(struct flight_table *table, void (*each)(void *owner, struct flight_node *node), void *owner)
{
	for (uint32_t i = 0; i < table->size; i++) {
		for (struct flight_node *node = table->buckets[i], *next; node; node = next) {
			next = node->next;
			each(owner, node);
		}
	}
}
