/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Memory for the work on one message or one request: taken piece by piece, given back all at once. Blocks are kept on
 * arena_reset() up to a size, so that a warm arena allocates nothing. Not thread-safe: one owner.
 * Running out of memory ends the process with a log line (the parent restarts it): sizes that come from a peer are
 * checked against a named limit before they come here.
 */
#ifndef CORE_BASE_ARENA_H
#define CORE_BASE_ARENA_H

#include <stddef.h>

#include "core/base/text.h"

struct arena;

struct arena *arena_new(size_t block_size);
void arena_free(struct arena **arena);
void arena_reset(struct arena *arena);

/* Zeroed, aligned for any type. Never NULL. */
void *arena_alloc(struct arena *arena, size_t size);
void *arena_copy(struct arena *arena, const void *bytes, size_t size);
struct text arena_text(struct arena *arena, struct text t);    /* copied, with a NUL behind it */
const char *arena_cstring(struct arena *arena, struct text t); /* cut at a NUL inside */
const char *arena_printf(struct arena *arena, const char *format, ...) __attribute__((format(printf, 2, 3)));
size_t arena_used(const struct arena *arena);

/* malloc and its kin for long-lived objects of ours: never NULL, end the process instead. */
void *must_alloc(size_t size); /* zeroed */
void *must_realloc(void *old, size_t size);
char *must_strdup(const char *s);

#endif
