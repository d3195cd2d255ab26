/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Objects by id with a generation: what waits keeps the id, and finds nothing once the object is gone. Ids are never 0.
 */
#ifndef CORE_BASE_IDTABLE_H
#define CORE_BASE_IDTABLE_H

#include <stddef.h>
#include <stdint.h>

struct idtable;

struct idtable *idtable_new(uint32_t max);
void idtable_free(struct idtable **table); /* the objects stay the caller's */

uint64_t idtable_add(struct idtable *table, void *object); /* 0 when `max` objects are in it */
void *idtable_find(const struct idtable *table, uint64_t id);
void *idtable_remove(struct idtable *table, uint64_t id); /* what was there, or NULL */
uint32_t idtable_count(const struct idtable *table);
/* Calls `each` for every object; `each` may remove that object. */
void idtable_each(struct idtable *table, void (*each)(void *owner, uint64_t id, void *object), void *owner);

#endif
