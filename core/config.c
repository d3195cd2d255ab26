/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The set: its nodes, and how they are found. */
#include "core/config_internal.h"

#include <stdlib.h>

#include "core/base/log.h"

#define ARENA_BLOCK (64u * 1024u)
#define BUCKETS_FIRST 64u

static size_t hash(const struct node_kind *kind, struct text name)
{
	uint64_t h = UINT64_C(14695981039346656037) ^ (uintptr_t)kind; /* FNV-1a */

	for (size_t i = 0; i < name.len; i++)
		h = (h ^ (unsigned char)name.at[i]) * UINT64_C(1099511628211);
	return (size_t)(h ^ h >> 32);
}

struct kind_slot *config_slot(const struct config *config, const struct node_kind *kind)
{
	for (unsigned i = 0; i < config->kinds_count; i++) {
		if (config->slots[i].kind == kind)
			return &config->slots[i];
	}
	return NULL;
}

struct entry *config_entry_find(const struct config *config, const struct node_kind *kind, struct text name)
{
	struct entry *e = config->buckets[hash(kind, name) & (config->buckets_count - 1)];

	while (e && (e->kind != kind || !text_equal(entry_head(e)->name, name)))
		e = e->bucket;
	return e;
}

static void hash_in(struct config *config, struct entry *e)
{
	size_t at = hash(e->kind, entry_head(e)->name) & (config->buckets_count - 1);

	e->bucket = config->buckets[at];
	config->buckets[at] = e;
}

static void hash_grow(struct config *config)
{
	if (config->entries_count < config->buckets_count)
		return;
	free(config->buckets);
	config->buckets_count *= 2;
	config->buckets = must_alloc(config->buckets_count * sizeof(struct entry *));
	for (unsigned i = 0; i < config->kinds_count; i++) {
		for (struct entry *e = config->slots[i].first; e; e = e->next)
			hash_in(config, e);
	}
}

static void hash_out(struct config *config, const struct entry *e)
{
	struct entry **at = &config->buckets[hash(e->kind, entry_head(e)->name) & (config->buckets_count - 1)];

	while (*at != e)
		at = &(*at)->bucket;
	*at = e->bucket;
}

struct entry *config_entry_new(struct config *config, const struct node_kind *kind, struct text name, uint32_t line)
{
	struct kind_slot *slot = config_slot(config, kind);

	if (config->entries_count >= CONFIG_NODES_MAX)
		return NULL;
	struct entry *e = arena_alloc(config->arena, sizeof(*e) + kind->size);
	void *node = e->node;
	struct config_node *head = node;
	memcpy(node, slot->defaults, kind->size);
	head->name = arena_text(config->arena, name);
	head->line = line == CONFIG_LINE_VTY ? 0 : line;
	e->kind = kind;
	e->lines = arena_alloc(config->arena, (kind->knobs_count + 1) * sizeof(*e->lines));
	if (slot->last)
		slot->last->next = e;
	else
		slot->first = e;
	slot->last = e;
	slot->count++;
	config->entries_count++;
	hash_grow(config);
	if (config_entry_find(config, kind, name) != e)
		hash_in(config, e);
	return e;
}

void config_entry_drop(struct config *config, struct entry *e)
{
	struct kind_slot *slot = config_slot(config, e->kind);
	struct entry *before = NULL;

	for (struct entry *at = slot->first; at != e; at = at->next)
		before = at;
	if (before)
		before->next = e->next;
	else
		slot->first = e->next;
	if (slot->last == e)
		slot->last = before;
	hash_out(config, e);
	slot->count--;
	config->entries_count--;
}

/* A node of the kind with its fallbacks; a fallback that does not parse is our mistake. */
static unsigned char *make_defaults(struct config *config, const struct node_kind *kind)
{
	struct entry *e = arena_alloc(config->arena, sizeof(*e) + kind->size);
	char why[CONFIG_WHY_SIZE];

	e->kind = kind;
	e->lines = arena_alloc(config->arena, (kind->knobs_count + 1) * sizeof(*e->lines));
	for (unsigned i = 0; i < kind->knobs_count; i++) {
		const struct knob *k = &kind->knobs[i];
		struct knob_value value;
		if (!k->fallback)
			continue;
		if (!config_value_parse(k, text_of(k->fallback), &value, why))
			log_fatal(LOG_CORE, "default of `%s %s`: %s", kind->name, k->name, why);
		config_value_put(config, e, i, &value, 0);
	}
	return e->node;
}

struct config *config_new(const struct node_kind *const *kinds, unsigned kinds_count)
{
	struct config *config = must_alloc(sizeof(*config));

	config->kinds = kinds;
	config->kinds_count = kinds_count;
	config->arena = arena_new(ARENA_BLOCK);
	config->slots = must_alloc((kinds_count + 1) * sizeof(*config->slots));
	config->buckets_count = BUCKETS_FIRST;
	config->buckets = must_alloc(BUCKETS_FIRST * sizeof(struct entry *));
	for (unsigned i = 0; i < kinds_count; i++) {
		config->slots[i].kind = kinds[i];
		config->slots[i].defaults = make_defaults(config, kinds[i]);
		if (!kinds[i]->named && !kinds[i]->optional)
			(void)config_entry_new(config, kinds[i], text_range("", 0), 0);
	}
	return config;
}

void config_free(struct config **config)
{
	struct config *old = *config;

	*config = NULL;
	if (!old)
		return;
	arena_free(&old->arena);
	free(old->slots);
	free(old->buckets);
	free(old);
}

/* A const node of ours, back to its entry. */
static const struct entry *entry_of(const void *node)
{
	const char *at = node;
	const void *e = at - offsetof(struct entry, node);

	return e;
}

const void *config_next(const struct config *config, const struct node_kind *kind, const void *previous)
{
	const struct entry *e = NULL;

	if (previous) {
		e = entry_of(previous)->next;
	} else {
		const struct kind_slot *slot = config_slot(config, kind);
		e = slot ? slot->first : NULL;
	}
	return e ? e->node : NULL;
}

const void *config_only(const struct config *config, const struct node_kind *kind)
{
	return config_next(config, kind, NULL);
}

const void *config_find(const struct config *config, const struct node_kind *kind, struct text name)
{
	const struct entry *e = config_entry_find(config, kind, name);

	return e ? e->node : NULL;
}

const struct node_kind *config_kind(const struct config *config, struct text name)
{
	for (unsigned i = 0; i < config->kinds_count; i++) {
		if (text_is(name, config->kinds[i]->name))
			return config->kinds[i];
	}
	return NULL;
}

const struct node_kind *const *config_kinds(const struct config *config, unsigned *count_out)
{
	*count_out = config->kinds_count;
	return config->kinds;
}

bool config_entry_is_default(const struct entry *e)
{
	if (e->kind->named || e->kind->optional)
		return false;
	for (unsigned i = 0; i < e->kind->knobs_count; i++) {
		if (e->lines[i])
			return false;
	}
	return true;
}
