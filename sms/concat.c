/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Sets of parts: a hash table of them, and two heaps by the time at which something is due. A set is in one heap:
 *
 *	waiting ----all parts, time, concat_over()----> over ----swallow_us----> forgotten
 */
#include "sms/concat.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/arena.h"
#include "sms/key_table.h"

struct set {
	bool over;
	struct due due;
	uint64_t octets;
	struct concat_set is;
	uint32_t content[]; /* is.total hashes, by number - 1 */
};

struct concat {
	struct concat_limits limits;
	struct key_table *sets;
	struct due_heap waiting, over;
	uint64_t octets;
};

/* FNV-1a: who makes two of his own parts look the same only loses his own message. */
static uint32_t hash_of(struct text t)
{
	uint32_t h = 0x811c9dc5;

	for (size_t i = 0; i < t.len; i++)
		h = (h ^ (uint8_t)t.at[i]) * 0x01000193;
	return h;
}

struct concat *concat_new(const struct concat_limits *limits)
{
	struct concat *table = must_alloc(sizeof(*table));

	table->limits = *limits;
	if (!table->limits.sets_max)
		table->limits.sets_max = 1;
	table->sets = key_table_new(2 * table->limits.sets_max);
	return table;
}

static bool is_key(struct text key)
{
	return key.len && key.len <= CONCAT_KEY_MAX && !memchr(key.at, 0, key.len);
}

static struct set *find(const struct concat *table, struct text key)
{
	return key_table_find(table->sets, key);
}

static struct set *first_of(const struct due_heap *heap)
{
	return heap->count ? DUE_OWNER(heap->at[0], struct set, due) : NULL;
}

static void forget(struct concat *table, struct set *s)
{
	due_stop(s->over ? &table->over : &table->waiting, &s->due);
	if (!s->over)
		table->octets -= s->octets;
	(void)key_table_remove(table->sets, text_of(s->is.key));
	free(s);
}

void concat_free(struct concat **table)
{
	if (!*table)
		return;
	while ((*table)->waiting.count)
		forget(*table, first_of(&(*table)->waiting));
	while ((*table)->over.count)
		forget(*table, first_of(&(*table)->over));
	due_heap_clear(&(*table)->waiting);
	due_heap_clear(&(*table)->over);
	key_table_free(&(*table)->sets);
	free(*table);
	*table = NULL;
}

/* In no heap yet. There is room: each heap is kept within sets_max. */
static struct set *add(struct concat *table, struct text key, uint8_t total)
{
	struct set *s = must_alloc(sizeof(*s) + total * sizeof(s->content[0]));

	s->is.total = total;
	(void)text_copy(key, s->is.key, sizeof(s->is.key));
	if (!key_table_add(table->sets, key, s))
		abort();
	return s;
}

static void make_room(struct concat *table)
{
	if (table->over.count >= table->limits.sets_max)
		forget(table, first_of(&table->over)); /* the one that was over first */
}

static void put_over(struct concat *table, struct set *s, int64_t now_us)
{
	s->over = true;
	due_set(&table->over, &s->due, now_us + table->limits.swallow_us);
}

static void end(struct concat *table, struct set *s, int64_t now_us)
{
	make_room(table);
	due_stop(&table->waiting, &s->due);
	table->octets -= s->octets;
	put_over(table, s, now_us);
}

bool concat_has(const struct concat_set *set, uint8_t number)
{
	return number && number <= set->total && set->have[(number - 1) / 8] >> (number - 1) % 8 & 1;
}

/* The set that this part opens, NULL when a limit forbids it. */
static struct set *open_set(struct concat *table, struct text key, uint8_t total, const struct concat_part *part)
{
	if (table->waiting.count >= table->limits.sets_max)
		return NULL;
	struct set *s = add(table, key, total);
	s->is.first_us = part->received_us;
	due_set(&table->waiting, &s->due, part->received_us + table->limits.wait_us);
	return s;
}

static enum concat_verdict keep(struct concat *table, struct set *s, const struct concat_part *part, int64_t now_us)
{
	unsigned bit = part->number - 1u;

	s->is.have[bit / 8] |= (uint8_t)(1u << bit % 8);
	s->content[bit] = hash_of(part->content);
	s->octets += part->content.len;
	table->octets += part->content.len;
	if (++s->is.count < s->is.total)
		return CONCAT_KEEP;
	end(table, s, now_us);
	return CONCAT_COMPLETE;
}

enum concat_verdict concat_offer(struct concat *table, struct text key, uint8_t total, const struct concat_part *part,
				 int64_t now_us)
{
	struct set *s = find(table, key);

	if (!part->number || part->number > total || !is_key(key))
		return CONCAT_REFUSE;
	if (s && s->over && s->due.us <= now_us) {
		forget(table, s);
		s = NULL;
	}
	if (s && concat_has(&s->is, part->number) && s->content[part->number - 1] != hash_of(part->content))
		return CONCAT_RESTART;
	if (s && s->over)
		return CONCAT_LATE;
	if (s && (s->is.total != total || concat_has(&s->is, part->number)))
		return s->is.total == total ? CONCAT_DUPLICATE : CONCAT_REFUSE;
	if (table->octets + part->content.len > table->limits.octets_max)
		return CONCAT_REFUSE;
	if (!s)
		s = open_set(table, key, total, part);
	return s ? keep(table, s, part, now_us) : CONCAT_REFUSE;
}

bool concat_find(const struct concat *table, struct text key, struct concat_set *out)
{
	const struct set *s = find(table, key);

	if (!s || s->over)
		return false;
	*out = s->is;
	return true;
}

int64_t concat_next_us(const struct concat *table)
{
	int64_t waiting = due_next_us(&table->waiting);
	int64_t over = due_next_us(&table->over);

	return waiting < over ? waiting : over;
}

bool concat_due(struct concat *table, int64_t now_us, struct concat_set *out)
{
	while (due_next_us(&table->over) <= now_us)
		forget(table, first_of(&table->over));
	if (due_next_us(&table->waiting) > now_us)
		return false;
	struct set *s = first_of(&table->waiting);
	*out = s->is;
	end(table, s, now_us);
	return true;
}

void concat_over(struct concat *table, struct text key, int64_t now_us)
{
	struct set *s = find(table, key);

	if (!is_key(key) || (s && s->over))
		return;
	if (s) {
		end(table, s, now_us);
		return;
	}
	make_room(table);
	put_over(table, add(table, key, 0), now_us);
}

void concat_forget(struct concat *table, struct text key)
{
	struct set *s = find(table, key);

	if (s)
		forget(table, s);
}

enum concat_policy concat_policy_of(const struct concat *table)
{
	return table->limits.policy;
}

uint32_t concat_waiting(const struct concat *table)
{
	return (uint32_t)table->waiting.count;
}

uint64_t concat_octets(const struct concat *table)
{
	return table->octets;
}

const char *concat_verdict_name(enum concat_verdict verdict)
{
	static const char *const names[CONCAT_VERDICTS] = {
		[CONCAT_KEEP] = "keep", [CONCAT_COMPLETE] = "complete", [CONCAT_DUPLICATE] = "duplicate",
		[CONCAT_LATE] = "late", [CONCAT_RESTART] = "restart",	[CONCAT_REFUSE] = "refuse",
	};

	return verdict < CONCAT_VERDICTS ? names[verdict] : "?";
}
