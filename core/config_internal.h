/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the parts of the configuration engine share: config.c (the set), config_value.c (one value), config_word.c
 * (words and names), config_read.c (text to set), config_command.c (commands), config_walk.c (copies, files, sockets),
 * config_write.c (set to text), config_records.c (set to records).
 *
 * An entry stands in front of each node's struct. Entries of a kind are chained in the order of the file; all entries
 * lie in one hash table by kind and name. What is taken out stays in the arena until the set ends.
 */
#ifndef CORE_CONFIG_INTERNAL_H
#define CORE_CONFIG_INTERNAL_H

#include <stdalign.h>

#include "core/base/arena.h"
#include "core/config.h"

#define CONFIG_WHY_SIZE 600u
#define CONFIG_NAME_MAX 64u
#define CONFIG_LINE_VTY UINT32_MAX /* of a value set by config_set */

struct entry {
	struct entry *next;   /* of the kind */
	struct entry *bucket; /* of the hash table */
	const struct node_kind *kind;
	uint32_t *lines; /* per knob: where it was set; 0 = by default */
	alignas(max_align_t) unsigned char node[];
};

struct kind_slot {
	const struct node_kind *kind;
	struct entry *first, *last;
	unsigned count;
	unsigned char *defaults; /* a node with all fallbacks in place */
};

struct config {
	const struct node_kind *const *kinds;
	unsigned kinds_count;
	struct kind_slot *slots;
	struct arena *arena;
	struct entry **buckets;
	size_t buckets_count, entries_count;
	struct text file;
	char why[CONFIG_WHY_SIZE]; /* of the last refusal */
};

/* One value as it was understood. */
struct knob_value {
	int64_t number;
	struct text text; /* a view into what was parsed */
};

/* False with a reason in why. */
bool config_value_parse(const struct knob *knob, struct text t, struct knob_value *out, char why[CONFIG_WHY_SIZE]);
/* As it would be written; `item` of a list. Nothing for an empty text. */
void config_value_write(const struct knob *knob, const void *field, unsigned item, struct writer *w);
/* How many values the field holds: 0 or 1, or of a list. A socket that is not wanted counts as one, written "none". */
unsigned config_value_count(const struct knob *knob, const void *field, bool set);
/* Puts a value in the field; a list gets one more (a first one replaces its fallback). */
void config_value_put(struct config *config, struct entry *entry, unsigned knob, const struct knob_value *value,
		      uint32_t line);
/* Where item n of a list was set. */
uint32_t config_value_line(const struct entry *entry, unsigned knob, unsigned item);
/* Takes one value out of a list; false when it is not there. */
bool config_value_remove(struct entry *entry, unsigned knob, struct text value);

static inline void *entry_field(struct entry *entry, const struct knob *knob)
{
	return entry->node + knob->offset;
}

static inline const void *entry_field_of(const struct entry *entry, const struct knob *knob)
{
	return entry->node + knob->offset;
}

static inline const struct config_node *entry_head(const struct entry *entry)
{
	const void *node = entry->node;
	return node;
}

struct kind_slot *config_slot(const struct config *config, const struct node_kind *kind);
struct entry *config_entry_find(const struct config *config, const struct node_kind *kind, struct text name);
/* NULL when CONFIG_NODES_MAX is met. */
struct entry *config_entry_new(struct config *config, const struct node_kind *kind, struct text name, uint32_t line);
void config_entry_drop(struct config *config, struct entry *entry); /* out of the set; its memory stays */
/* Whether the node's line in a file is superfluous: unnamed, and all as by default. */
bool config_entry_is_default(const struct entry *entry);

/* Name of a node: 1 to CONFIG_NAME_MAX letters, digits and . _ - @ + */
bool config_name_good(struct text name);
int config_knob_index(const struct node_kind *kind, struct text name);
/* "; did you mean `x`?" or "; known are: a, b, c". */
void config_suggest_kind(const struct config *config, struct text given, char *to, size_t size);
void config_suggest_knob(const struct node_kind *kind, struct text given, char *to, size_t size);
/* Takes the first word; the rest is without blanks in front. */
struct text config_take_word(struct text *rest);

#endif
