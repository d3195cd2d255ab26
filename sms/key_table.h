/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Objects by a text (an IMSI, a number, a key), and what is due by time: what the engines of this folder keep their
 * subscribers in. Both are bounded by their owner and know nothing of what they hold.
 */
#ifndef SMS_KEY_TABLE_H
#define SMS_KEY_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/text.h"

struct key_table;

struct key_table *key_table_new(uint32_t max);
void key_table_free(struct key_table **table); /* the objects stay the caller's */
/* The key is copied, the object not NULL. False when `max` objects are in it, or one with that key. */
bool key_table_add(struct key_table *table, struct text key, void *object);
void *key_table_find(const struct key_table *table, struct text key);
void *key_table_remove(struct key_table *table, struct text key); /* what was there, or NULL */
uint32_t key_table_count(const struct key_table *table);
/* Calls `each` for every object; `each` may add and remove any (one that it adds may be called for or not). */
void key_table_each(struct key_table *table, void (*each)(void *owner, void *object), void *owner);

/* A moment at which something is to be done: a member of whatever it concerns, zeroed at first. */
struct due {
	int64_t us;
	size_t place; /* in the heap, from 1; 0 = not waiting */
};
/* Zeroed at first; due_heap_clear() at the end. */
struct due_heap {
	struct due **at;
	size_t count, room;
};
void due_heap_clear(struct due_heap *heap);
void due_set(struct due_heap *heap, struct due *due, int64_t us); /* adds or moves */
void due_stop(struct due_heap *heap, struct due *due);		  /* nothing when it does not wait */
int64_t due_next_us(const struct due_heap *heap);		  /* INT64_MAX = nothing waits */
/* The first that is due by now, no longer waiting; NULL when there is none. */
struct due *due_take(struct due_heap *heap, int64_t now_us);

/* The struct that a member is part of. */
#define DUE_OWNER(due, type, member) ((type *)(void *)((char *)(due)-offsetof(type, member)))

#endif
