/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Things in the air, found by their 16-octet id: a hash table whose entries live inside their owners. */
#ifndef CORE_FLIGHT_H
#define CORE_FLIGHT_H

#include <stdint.h>

struct flight_node {
	uint8_t key[16];
	struct flight_node *next;
};

struct flight_table {
	struct flight_node **buckets;
	uint32_t size, count;
};

void flight_table_init(struct flight_table *table);
void flight_table_clear(struct flight_table *table); /* the nodes stay the caller's */
void flight_add(struct flight_table *table, struct flight_node *node);
struct flight_node *flight_find(const struct flight_table *table, const uint8_t key[16]);
void flight_remove(struct flight_table *table, struct flight_node *node);
/* Calls `each` for every node; `each` may remove that node. */
void flight_each(struct flight_table *table, void (*each)(void *owner, struct flight_node *node), void *owner);

#endif
