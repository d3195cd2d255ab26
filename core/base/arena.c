/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A list of blocks; the current one is the first. */
#include "core/base/arena.h"

#include <stdalign.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/base/log.h"

struct block {
	struct block *next;
	size_t size, used;
	alignas(max_align_t) unsigned char bytes[];
};

struct arena {
	size_t block_size;
	struct block *blocks;
	size_t used;
};

void *must_alloc(size_t size)
{
	void *p = calloc(1, size ? size : 1);

	if (!p)
		log_fatal(LOG_BASE, "out of memory for %zu octets", size);
	return p;
}

void *must_realloc(void *old, size_t size)
{
	void *p = realloc(old, size ? size : 1);

	if (!p)
		log_fatal(LOG_BASE, "out of memory for %zu octets", size);
	return p;
}

char *must_strdup(const char *s)
{
	size_t n = strlen(s) + 1;

	return memcpy(must_alloc(n), s, n);
}

static struct block *block_new(struct arena *arena, size_t size)
{
	size_t room = size > arena->block_size ? size : arena->block_size;
	struct block *b = malloc(sizeof(*b) + room);

	if (!b)
		log_fatal(LOG_BASE, "out of memory for %zu octets", room);
	b->size = room;
	b->used = 0;
	b->next = arena->blocks;
	arena->blocks = b;
	return b;
}

struct arena *arena_new(size_t block_size)
{
	struct arena *arena = must_alloc(sizeof(*arena));

	arena->block_size = block_size;
	return arena;
}

static void free_blocks(struct block *b)
{
	while (b) {
		struct block *next = b->next;
		free(b);
		b = next;
	}
}

void arena_free(struct arena **arena)
{
	if (!*arena)
		return;
	free_blocks((*arena)->blocks);
	free(*arena);
	*arena = NULL;
}

void arena_reset(struct arena *arena)
{
	struct block *kept = NULL;

	/* One ordinary block stays warm; a large one was for one large message. */
	for (struct block **at = &arena->blocks; *at; at = &(*at)->next) {
		if ((*at)->size == arena->block_size) {
			kept = *at;
			*at = kept->next;
			break;
		}
	}
	free_blocks(arena->blocks);
	arena->blocks = kept;
	arena->used = 0;
	if (kept) {
		kept->next = NULL;
		kept->used = 0;
	}
}

void *arena_alloc(struct arena *arena, size_t size)
{
	const size_t unit = alignof(max_align_t);
	struct block *b = arena->blocks;

	if (size > SIZE_MAX / 2)
		log_fatal(LOG_BASE, "an arena piece of %zu octets", size);
	size_t rounded = (size + unit - 1) / unit * unit;
	if (!b || b->size - b->used < rounded)
		b = block_new(arena, rounded);
	void *p = b->bytes + b->used;
	b->used += rounded;
	arena->used += rounded;
	return memset(p, 0, size);
}

void *arena_copy(struct arena *arena, const void *bytes, size_t size)
{
	void *p = arena_alloc(arena, size);

	if (size)
		memcpy(p, bytes, size);
	return p;
}

struct text arena_text(struct arena *arena, struct text t)
{
	char *p = arena_alloc(arena, t.len + 1);

	if (t.len)
		memcpy(p, t.at, t.len);
	return text_range(p, t.len);
}

const char *arena_cstring(struct arena *arena, struct text t)
{
	return arena_text(arena, t).at;
}

const char *arena_printf(struct arena *arena, const char *format, ...)
{
	va_list args, again;

	va_start(args, format);
	va_copy(again, args);
	int n = vsnprintf(NULL, 0, format, args);
	va_end(args);
	char *p = arena_alloc(arena, n < 0 ? 1 : (size_t)n + 1);
	if (n >= 0)
		(void)vsnprintf(p, (size_t)n + 1, format, again);
	va_end(again);
	return p;
}

size_t arena_used(const struct arena *arena)
{
	return arena->used;
}
