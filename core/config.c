/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The set: its nodes, how they are found, changed by a command, copied. */
#include "core/config_internal.h"

#include <stdio.h>
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

static enum result refuse(struct config *config, enum result r, const char **why_out)
{
	*why_out = config->why;
	return r;
}

static void reset_knob(struct config *config, struct entry *e, unsigned knob)
{
	const struct knob *k = &e->kind->knobs[knob];
	const unsigned char *from = config_slot(config, e->kind)->defaults + k->offset;
	size_t size = sizeof(int64_t);

	if (k->many)
		size = sizeof(struct config_list);
	else if (k->type == KNOB_FILE)
		size = sizeof(struct config_file);
	else if (k->type == KNOB_TEXT || k->type == KNOB_LISTEN)
		size = sizeof(struct text);
	else if (k->type == KNOB_BOOL)
		size = sizeof(bool);
	memcpy(entry_field(e, k), from, size);
	e->lines[knob] = 0;
}

/* "no KNOB" and, of a list, "no KNOB VALUE". */
static enum result unset(struct config *config, struct entry *e, unsigned knob, struct text value, const char **why_out)
{
	const struct knob *k = &e->kind->knobs[knob];

	if (!value.len) {
		reset_knob(config, e, knob);
		return OK;
	}
	if (!k->many || !e->lines[knob] || !config_value_remove(e, knob, value)) {
		snprintf(config->why, sizeof(config->why), "`%s` has no such value to take away", k->name);
		return refuse(config, ERR_NOT_FOUND, why_out);
	}
	if (!config_value_count(k, entry_field(e, k), false))
		reset_knob(config, e, knob);
	return OK;
}

static enum result set_knob(struct config *config, struct entry *e, struct text line, const char **why_out)
{
	char hint[CONFIG_WHY_SIZE / 2];
	struct knob_value value;
	struct text word = config_take_word(&line);
	bool no = text_is(word, "no");

	if (no)
		word = config_take_word(&line);
	int knob = config_knob_index(e->kind, word);
	if (knob < 0) {
		config_suggest_knob(e->kind, word, hint, sizeof(hint));
		snprintf(config->why, sizeof(config->why), "no such word in `%s`%s", e->kind->name, hint);
		return refuse(config, ERR_NOT_FOUND, why_out);
	}
	if (no)
		return unset(config, e, (unsigned)knob, line, why_out);
	if (!config_value_parse(&e->kind->knobs[knob], line, &value, config->why))
		return refuse(config, ERR_MALFORMED, why_out);
	config_value_put(config, e, (unsigned)knob, &value, CONFIG_LINE_VTY);
	return OK;
}

static enum result open_node(struct config *config, const struct node_kind *kind, struct text name,
			     struct entry **entry_out, const char **why_out)
{
	*entry_out = config_entry_find(config, kind, name);
	if (*entry_out)
		return OK;
	if (kind->named ? !config_name_good(name) : name.len > 0) {
		snprintf(config->why, sizeof(config->why),
			 kind->named ? "`%s` needs a name: letters, digits and . _ - @ +, at most 64"
				     : "`%s` has no name",
			 kind->name);
		return refuse(config, ERR_MALFORMED, why_out);
	}
	*entry_out = config_entry_new(config, kind, name, CONFIG_LINE_VTY);
	if (*entry_out)
		return OK;
	snprintf(config->why, sizeof(config->why), "more than %u nodes", CONFIG_NODES_MAX);
	return refuse(config, ERR_TOO_BIG, why_out);
}

static const struct node_kind *find_kind(struct config *config, struct text word, const char **why_out)
{
	char hint[CONFIG_WHY_SIZE / 2];
	const struct node_kind *kind = config_kind(config, word);

	if (!kind) {
		config_suggest_kind(config, word, hint, sizeof(hint));
		snprintf(config->why, sizeof(config->why), "no such node%s", hint);
		*why_out = config->why;
	}
	return kind;
}

enum result config_set(struct config *config, struct text kind_name, struct text name, struct text line,
		       const char **why_out)
{
	const struct node_kind *kind = find_kind(config, kind_name, why_out);
	struct entry *entry = NULL;

	if (!kind)
		return ERR_NOT_FOUND;
	enum result r = open_node(config, kind, name, &entry, why_out);
	line = text_trim(line);
	if (r || !line.len)
		return r;
	return set_knob(config, entry, line, why_out);
}

enum result config_drop(struct config *config, struct text kind_name, struct text name, const char **why_out)
{
	const struct node_kind *kind = find_kind(config, kind_name, why_out);

	if (!kind)
		return ERR_NOT_FOUND;
	if (!kind->named && !kind->optional) {
		*why_out = "this node is always there; take its values back one by one";
		return ERR_DENIED;
	}
	struct entry *e = config_entry_find(config, kind, name), *before = NULL;
	if (!e) {
		*why_out = "no such node";
		return ERR_NOT_FOUND;
	}
	struct kind_slot *slot = config_slot(config, kind);
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
	return OK;
}

/* Values are put anew one by one, so that nothing points into the old set. */
static void clone_values(struct config *to, struct entry *copy, const struct entry *e)
{
	for (unsigned i = 0; i < e->kind->knobs_count; i++) {
		const struct knob *k = &e->kind->knobs[i];
		if (!e->lines[i])
			continue;
		if (!k->many && k->type != KNOB_TEXT && k->type != KNOB_LISTEN && k->type != KNOB_FILE) {
			size_t size = k->type == KNOB_BOOL ? sizeof(bool) : sizeof(int64_t);
			memcpy(entry_field(copy, k), entry_field_of(e, k), size);
			copy->lines[i] = e->lines[i];
			continue;
		}
		const void *field = entry_field_of(e, k);
		unsigned n = config_value_count(k, field, true);
		for (unsigned item = 0; item < n; item++) {
			struct knob_value value = { 0 };
			if (k->many && item < ((const struct config_list *)field)->count)
				value.text = ((const struct config_list *)field)->items[item];
			else if (!k->many && k->type == KNOB_FILE)
				value.text = ((const struct config_file *)field)->path;
			else if (!k->many)
				value.text = *(const struct text *)field;
			config_value_put(to, copy, i, &value, config_value_line(e, i, item));
		}
		if (k->type == KNOB_FILE)
			config_file_load(to, entry_field(copy, k), ((const struct config_file *)field)->content);
		copy->lines[i] = e->lines[i];
	}
}

struct config *config_clone(const struct config *config)
{
	struct config *copy = config_new(config->kinds, config->kinds_count);

	copy->file = arena_text(copy->arena, config->file);
	for (unsigned i = 0; i < config->kinds_count; i++) {
		for (const struct entry *e = config->slots[i].first; e; e = e->next) {
			struct text name = entry_head(e)->name;
			struct entry *to = config_entry_find(copy, e->kind, name);
			if (!to)
				to = config_entry_new(copy, e->kind, name, entry_head(e)->line);
			clone_values(copy, to, e);
		}
	}
	return copy;
}

void config_files(struct config *config, void (*each)(void *owner, struct config_file *file), void *owner)
{
	for (unsigned i = 0; i < config->kinds_count; i++) {
		for (struct entry *e = config->slots[i].first; e; e = e->next) {
			for (unsigned k = 0; k < e->kind->knobs_count; k++) {
				struct config_file *file = entry_field(e, &e->kind->knobs[k]);
				if (e->kind->knobs[k].type == KNOB_FILE && file->path.len)
					each(owner, file);
			}
		}
	}
}

void config_file_load(struct config *config, struct config_file *file, struct text content)
{
	file->content = content.len ? arena_text(config->arena, content) : (struct text){ 0 };
}

static void listens_of_field(const struct node_kind *kind, const struct knob *knob, const void *field,
			     void (*each)(void *owner, const struct node_kind *kind, struct text address), void *owner)
{
	if (!knob->many) {
		if (((const struct text *)field)->len)
			each(owner, kind, *(const struct text *)field);
		return;
	}
	const struct config_list *list = field;
	for (unsigned i = 0; i < list->count; i++)
		each(owner, kind, list->items[i]);
}

void config_listens(const struct config *config,
		    void (*each)(void *owner, const struct node_kind *kind, struct text address), void *owner)
{
	for (unsigned i = 0; i < config->kinds_count; i++) {
		for (const struct entry *e = config->slots[i].first; e; e = e->next) {
			for (unsigned k = 0; k < e->kind->knobs_count; k++) {
				const struct knob *knob = &e->kind->knobs[k];
				if (knob->type == KNOB_LISTEN)
					listens_of_field(e->kind, knob, entry_field_of(e, knob), each, owner);
			}
		}
	}
}
