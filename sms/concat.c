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

struct set {
	struct set *next; /* in the bucket */
	bool over;
	size_t heap_at;
	int64_t due_us;
	uint64_t octets;
	uint64_t hash;
	struct concat_set is;
	uint32_t content[]; /* is.total hashes, by number - 1 */
};

struct heap {
	struct set **at;
	size_t count;
};

struct concat {
	struct concat_limits limits;
	struct set **buckets;
	size_t mask;
	struct heap waiting, over;
	uint64_t octets;
};

/* FNV-1a: who could make two of his own parts collide would only lose his own message. */
static uint64_t hash_of(struct text t)
{
	uint64_t h = UINT64_C(0xcbf29ce484222325);

	for (size_t i = 0; i < t.len; i++)
		h = (h ^ (uint8_t)t.at[i]) * UINT64_C(0x100000001b3);
	return h;
}

static void heap_put(struct heap *h, size_t at, struct set *s)
{
	h->at[at] = s;
	s->heap_at = at;
}

static void heap_up(struct heap *h, size_t at)
{
	struct set *s = h->at[at];

	while (at && h->at[(at - 1) / 2]->due_us > s->due_us) {
		heap_put(h, at, h->at[(at - 1) / 2]);
		at = (at - 1) / 2;
	}
	heap_put(h, at, s);
}

static void heap_down(struct heap *h, size_t at)
{
	struct set *s = h->at[at];

	for (size_t child; (child = 2 * at + 1) < h->count; at = child) {
		if (child + 1 < h->count && h->at[child + 1]->due_us < h->at[child]->due_us)
			child++;
		if (h->at[child]->due_us >= s->due_us)
			break;
		heap_put(h, at, h->at[child]);
	}
	heap_put(h, at, s);
}

static void heap_add(struct heap *h, struct set *s)
{
	heap_put(h, h->count++, s);
	heap_up(h, s->heap_at);
}

static void heap_remove(struct heap *h, struct set *s)
{
	struct set *last = h->at[--h->count];
	size_t at = s->heap_at;

	if (last == s)
		return;
	heap_put(h, at, last);
	heap_down(h, at);
	heap_up(h, last->heap_at);
}

struct concat *concat_new(const struct concat_limits *limits)
{
	struct concat *table = must_alloc(sizeof(*table));
	size_t buckets = 64;

	table->limits = *limits;
	if (!table->limits.sets_max)
		table->limits.sets_max = 1;
	while (buckets < 2 * (size_t)table->limits.sets_max)
		buckets *= 2;
	table->mask = buckets - 1;
	table->buckets = must_alloc(buckets * sizeof(struct set *));
	table->waiting.at = must_alloc(table->limits.sets_max * sizeof(struct set *));
	table->over.at = must_alloc(table->limits.sets_max * sizeof(struct set *));
	return table;
}

static struct set **bucket_of(const struct concat *table, struct text key, uint64_t hash)
{
	struct set **at = &table->buckets[hash & table->mask];

	while (*at && !((*at)->hash == hash && text_is(key, (*at)->is.key)))
		at = &(*at)->next;
	return at;
}

static bool is_key(struct text key)
{
	return key.len && key.len <= CONCAT_KEY_MAX && !memchr(key.at, 0, key.len);
}

static struct set *find(const struct concat *table, struct text key)
{
	return *bucket_of(table, key, hash_of(key));
}

static struct heap *heap_of(struct concat *table, const struct set *s)
{
	return s->over ? &table->over : &table->waiting;
}

static void forget(struct concat *table, struct set *s)
{
	heap_remove(heap_of(table, s), s);
	if (!s->over)
		table->octets -= s->octets;
	*bucket_of(table, text_of(s->is.key), s->hash) = s->next;
	free(s);
}

void concat_free(struct concat **table)
{
	if (!*table)
		return;
	while ((*table)->waiting.count)
		forget(*table, (*table)->waiting.at[0]);
	while ((*table)->over.count)
		forget(*table, (*table)->over.at[0]);
	free((*table)->waiting.at);
	free((*table)->over.at);
	free((*table)->buckets);
	free(*table);
	*table = NULL;
}

/* In no heap yet. */
static struct set *add(struct concat *table, struct text key, uint8_t total)
{
	struct set *s = must_alloc(sizeof(*s) + total * sizeof(s->content[0]));

	s->hash = hash_of(key);
	s->is.total = total;
	(void)text_copy(key, s->is.key, sizeof(s->is.key));
	*bucket_of(table, key, s->hash) = s;
	return s;
}

/* The one that was over first makes room. */
static void put_over(struct concat *table, struct set *s, int64_t now_us)
{
	if (table->over.count >= table->limits.sets_max)
		forget(table, table->over.at[0]);
	s->over = true;
	s->due_us = now_us + table->limits.swallow_us;
	heap_add(&table->over, s);
}

static void end(struct concat *table, struct set *s, int64_t now_us)
{
	heap_remove(&table->waiting, s);
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
	s->due_us = part->received_us + table->limits.wait_us;
	heap_add(&table->waiting, s);
	return s;
}

static enum concat_verdict keep(struct concat *table, struct set *s, const struct concat_part *part, int64_t now_us)
{
	unsigned bit = part->number - 1u;

	s->is.have[bit / 8] |= (uint8_t)(1u << bit % 8);
	s->content[bit] = (uint32_t)hash_of(part->content);
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
	if (s && s->over && s->due_us <= now_us) {
		forget(table, s);
		s = NULL;
	}
	if (s && concat_has(&s->is, part->number) && s->content[part->number - 1] != (uint32_t)hash_of(part->content))
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
	int64_t waiting = table->waiting.count ? table->waiting.at[0]->due_us : INT64_MAX;
	int64_t over = table->over.count ? table->over.at[0]->due_us : INT64_MAX;

	return waiting < over ? waiting : over;
}

bool concat_due(struct concat *table, int64_t now_us, struct concat_set *out)
{
	while (table->over.count && table->over.at[0]->due_us <= now_us)
		forget(table, table->over.at[0]);
	if (!table->waiting.count || table->waiting.at[0]->due_us > now_us)
		return false;
	*out = table->waiting.at[0]->is;
	end(table, table->waiting.at[0], now_us);
	return true;
}

void concat_over(struct concat *table, struct text key, int64_t now_us)
{
	struct set *s = find(table, key);

	if (!is_key(key) || (s && s->over))
		return;
	if (s)
		end(table, s, now_us);
	else
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
