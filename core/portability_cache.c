/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Slots in one block, found by a hash whose chains are slot numbers. */
#include "core/portability_cache.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/arena.h"
#include "core/base/random.h"

#define NONE UINT32_MAX

struct slot {
	uint8_t key[PORTABILITY_KEY_SIZE];
	struct portability_answer answer;
	bool looked_at;
	uint32_t next; /* in its chain */
	int64_t until_us;
};

struct portability_cache {
	struct slot *slots;
	uint32_t *chains;
	uint32_t size, used, hand;
	uint32_t seed; /* numbers are chosen by strangers */
};

bool portability_key(struct text number, uint8_t key[PORTABILITY_KEY_SIZE])
{
	if (!portability_is_number(number))
		return false;
	memset(key, 0, PORTABILITY_KEY_SIZE);
	memcpy(key, number.at, number.len);
	return true;
}

struct portability_cache *portability_cache_new(uint32_t size)
{
	struct portability_cache *c = must_alloc(sizeof(*c));

	c->size = size ? size : 1;
	c->slots = must_alloc(c->size * sizeof(*c->slots));
	c->chains = must_alloc(c->size * sizeof(*c->chains));
	c->seed = random_below(UINT32_MAX);
	for (uint32_t i = 0; i < c->size; i++)
		c->chains[i] = NONE;
	return c;
}

void portability_cache_free(struct portability_cache **cache)
{
	struct portability_cache *c = *cache;

	*cache = NULL;
	if (!c)
		return;
	free(c->slots);
	free(c->chains);
	free(c);
}

static uint32_t *chain_of(const struct portability_cache *c, const uint8_t key[PORTABILITY_KEY_SIZE])
{
	uint32_t h = 2166136261u ^ c->seed; /* FNV-1a */

	for (unsigned i = 0; i < PORTABILITY_KEY_SIZE; i++)
		h = (h ^ key[i]) * 16777619u;
	h ^= h >> 15;
	return &c->chains[h % c->size];
}

static struct slot *find(const struct portability_cache *c, const uint8_t key[PORTABILITY_KEY_SIZE])
{
	for (uint32_t at = *chain_of(c, key); at != NONE; at = c->slots[at].next) {
		if (!memcmp(c->slots[at].key, key, PORTABILITY_KEY_SIZE))
			return &c->slots[at];
	}
	return NULL;
}

const struct portability_answer *portability_cache_find(struct portability_cache *c,
							const uint8_t key[PORTABILITY_KEY_SIZE], int64_t now_us,
							int64_t *left_us_out)
{
	struct slot *s = find(c, key);

	if (!s || s->until_us <= now_us)
		return NULL;
	s->looked_at = true;
	*left_us_out = s->until_us - now_us;
	return &s->answer;
}

static void leave_chain(struct portability_cache *c, uint32_t slot)
{
	uint32_t *at = chain_of(c, c->slots[slot].key);

	while (*at != slot)
		at = &c->slots[*at].next;
	*at = c->slots[slot].next;
}

/* One round spares whatever was looked at, the second takes the first it meets. */
static uint32_t make_room(struct portability_cache *c, int64_t now_us, bool *lost)
{
	if (c->used < c->size)
		return c->used++;
	for (;;) {
		uint32_t at = c->hand;
		struct slot *s = &c->slots[at];
		c->hand = (c->hand + 1) % c->size;
		if (s->looked_at && s->until_us > now_us) {
			s->looked_at = false;
			continue;
		}
		*lost = s->until_us > now_us;
		leave_chain(c, at);
		return at;
	}
}

bool portability_cache_put(struct portability_cache *c, const uint8_t key[PORTABILITY_KEY_SIZE],
			   const struct portability_answer *answer, int64_t now_us, int64_t age_us)
{
	struct slot *s = find(c, key);
	bool lost = false;

	if (!s && age_us <= 0)
		return false;
	if (!s) {
		uint32_t at = make_room(c, now_us, &lost);
		uint32_t *chain = chain_of(c, key);
		s = &c->slots[at];
		memcpy(s->key, key, PORTABILITY_KEY_SIZE);
		s->looked_at = false;
		s->next = *chain;
		*chain = at;
	}
	s->answer = *answer;
	s->until_us = now_us + age_us;
	return lost;
}

uint32_t portability_cache_count(const struct portability_cache *c)
{
	return c->used;
}

int64_t portability_age_us(const struct portability_answer *answer, int64_t age_us, int64_t negative_age_us)
{
	int64_t age = answer->network[0] ? age_us : negative_age_us;
	int64_t ttl_us = INT64_C(1000000) * answer->ttl_s;

	return answer->ttl_s && ttl_us < age ? ttl_us : age;
}

bool portability_breaker_allows(struct portability_breaker *b, int64_t now_us)
{
	if (!b->until_us)
		return true;
	if (now_us < b->until_us || b->trying)
		return false;
	b->trying = true;
	return true;
}

bool portability_breaker_ended(struct portability_breaker *b, bool answered, int64_t now_us)
{
	if (answered) {
		*b = (struct portability_breaker){ 0 };
		return false;
	}
	/* Those that were under way when it was left alone say nothing new. */
	if (b->until_us && !b->trying)
		return false;
	b->trying = false;
	if (++b->failures < PORTABILITY_FAILURES)
		return false;
	int64_t wait = PORTABILITY_WAIT_MIN_US << (b->waits < 5 ? b->waits : 5);
	b->waits++;
	b->until_us = now_us + (wait < PORTABILITY_WAIT_MAX_US ? wait : PORTABILITY_WAIT_MAX_US);
	return true;
}
