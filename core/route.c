/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Selection of a link among the operator's routes. */
#include "core/route.h"

#include <assert.h>

#include "core/route_internal.h"

static const char *const reasons[] = { "found", "failover", "all links down", "refused by the route", "no route" };
static_assert(sizeof(reasons) / sizeof(reasons[0]) == ROUTE_REASON_COUNT, "each reason has a name");

const char *route_reason_name(enum route_reason reason)
{
	return (unsigned)reason < ROUTE_REASON_COUNT ? reasons[reason] : "invalid";
}

/* Greedy with one way back: the last * takes one character more each time the rest does not fit. */
bool route_pattern_matches(struct text pattern, struct text t)
{
	size_t p = 0, i = 0, star = SIZE_MAX, taken = 0;

	while (i < t.len) {
		if (p < pattern.len && pattern.at[p] == '*') {
			star = p++;
			taken = i;
		} else if (p < pattern.len && (pattern.at[p] == '?' || pattern.at[p] == t.at[i])) {
			p++;
			i++;
		} else if (star != SIZE_MAX) {
			p = star + 1;
			i = ++taken;
		} else {
			return false;
		}
	}
	while (p < pattern.len && pattern.at[p] == '*')
		p++;
	return p == pattern.len;
}

static bool is_any_or(struct text wanted, struct text given)
{
	return !wanted.len || text_equal(wanted, given);
}

static bool day_is_in(const struct route_entry *e, unsigned weekday)
{
	return !e->days || (e->days >> weekday & 1u);
}

static bool time_matches(const struct route_entry *e, const struct route_query *q)
{
	unsigned today = q->local_weekday % 7u, yesterday = (today + 6u) % 7u;

	if (!e->from_minute && !e->until_minute)
		return day_is_in(e, today);
	if (e->from_minute < e->until_minute)
		return q->local_minute >= e->from_minute && q->local_minute < e->until_minute && day_is_in(e, today);
	if (q->local_minute >= e->from_minute)
		return day_is_in(e, today);
	return q->local_minute < e->until_minute && day_is_in(e, yesterday);
}

static bool network_matches(struct text wanted, struct text given)
{
	if (wanted.len == 3) /* the whole country */
		return given.len >= 3 && text_equal(wanted, text_range(given.at, 3));
	return is_any_or(wanted, given);
}

static bool entry_matches(const struct route_entry *e, const struct route_query *q)
{
	return is_any_or(e->bearer, q->bearer) && is_any_or(e->channel, q->channel) &&
	       is_any_or(e->account, q->account) && network_matches(e->network, q->network) && time_matches(e, q) &&
	       (!e->sender.len || route_pattern_matches(e->sender, q->sender));
}

struct match {
	uint32_t entry;
	uint16_t prefix_len;
};

struct matches {
	struct match at[ROUTE_MATCHES_MAX];
	unsigned count;
};

static bool is_better(const struct route_table *t, struct match a, struct match b)
{
	const struct route_entry *x = &t->entries[a.entry], *y = &t->entries[b.entry];

	if (x->priority != y->priority)
		return x->priority < y->priority;
	if (a.prefix_len != b.prefix_len)
		return a.prefix_len > b.prefix_len;
	if (x->cost != y->cost)
		return x->cost < y->cost;
	return a.entry < b.entry;
}

/* Keeps the best ones in order. An entry that matches by two of its prefixes stays with the longer one only. */
static void keep_match(const struct route_table *t, struct matches *m, struct match new)
{
	for (unsigned i = 0; i < m->count; i++) {
		if (m->at[i].entry == new.entry) {
			if (m->at[i].prefix_len >= new.prefix_len)
				return;
			memmove(&m->at[i], &m->at[i + 1], (m->count - i - 1) * sizeof(m->at[0]));
			m->count--;
			break;
		}
	}
	unsigned place = m->count;
	while (place && is_better(t, new, m->at[place - 1]))
		place--;
	if (place == ROUTE_MATCHES_MAX)
		return;
	if (m->count < ROUTE_MATCHES_MAX)
		m->count++;
	memmove(&m->at[place + 1], &m->at[place], (m->count - place - 1) * sizeof(m->at[0]));
	m->at[place] = new;
}

static void collect(const struct route_table *t, const struct route_query *q, struct matches *m)
{
	uint32_t node = 0;

	m->count = 0;
	for (size_t depth = 0;; depth++) {
		for (uint32_t use = t->nodes[node].uses; use != ROUTE_NONE; use = t->uses[use].next) {
			if (entry_matches(&t->entries[t->uses[use].entry], q))
				keep_match(t, m, (struct match){ t->uses[use].entry, (uint16_t)depth });
		}
		if (depth == q->recipient.len)
			return;
		node = t->nodes[node].child;
		while (node != ROUTE_NONE && t->nodes[node].octet != q->recipient.at[depth])
			node = t->nodes[node].sibling;
		if (node == ROUTE_NONE)
			return;
	}
}

/* Fibonacci hashing: successive picks from one message's spread do not follow each other. */
static uint32_t next_spread(uint32_t spread)
{
	return (spread ^ spread >> 15) * UINT32_C(2654435769) + 1;
}

/* The link to try next among those of the lowest order still left: by weight; links of weight 0 last. */
static unsigned pick_link(const struct route_entry *e, uint32_t taken, uint32_t spread)
{
	unsigned order = UINT8_MAX + 1u, first = 0;
	uint64_t total = 0;

	for (unsigned i = 0; i < e->links_count; i++) {
		if (taken >> i & 1u || e->links[i].order > order)
			continue;
		if (e->links[i].order < order) {
			order = e->links[i].order;
			first = i;
			total = 0;
		}
		total += e->links[i].weight;
	}
	if (!total)
		return first;
	uint64_t at = (uint64_t)spread * total >> 32;
	for (unsigned i = 0; i < e->links_count; i++) {
		if (taken >> i & 1u || e->links[i].order != order)
			continue;
		if (at < e->links[i].weight)
			return i;
		at -= e->links[i].weight;
	}
	return first;
}

static bool has_candidate(const struct route_choice *c, struct text link)
{
	for (unsigned i = 0; i < c->count; i++) {
		if (text_equal(c->candidates[i].link, link))
			return true;
	}
	return false;
}

static void add_links(const struct route_entry *e, uint16_t prefix_len, uint32_t spread,
		      bool (*link_up)(void *owner, struct text link), void *owner, struct route_choice *out)
{
	uint32_t taken = 0;

	for (unsigned n = 0; n < e->links_count && out->count < ROUTE_CANDIDATES_MAX; n++) {
		unsigned i = pick_link(e, taken, spread);
		taken |= UINT32_C(1) << i;
		spread = next_spread(spread);
		struct text link = e->links[i].name;
		if (has_candidate(out, link))
			continue;
		out->candidates[out->count++] =
			(struct route_candidate){ link, e->name, prefix_len, e->cost, link_up(owner, link) };
	}
}

/* Those that are up to the front; each half keeps its order. */
static void up_first(struct route_choice *c)
{
	struct route_candidate sorted[ROUTE_CANDIDATES_MAX];
	unsigned n = 0;

	for (unsigned up = 2; up--;) {
		for (unsigned i = 0; i < c->count; i++) {
			if (c->candidates[i].up == up)
				sorted[n++] = c->candidates[i];
		}
	}
	if (n)
		memcpy(c->candidates, sorted, n * sizeof(sorted[0]));
}

void route_select(const struct route_table *table, const struct route_query *query,
		  bool (*link_up)(void *owner, struct text link), void *owner, struct route_choice *out)
{
	struct matches m;

	out->count = 0;
	out->route = (struct text){ 0 };
	out->reason = ROUTE_NO_ENTRY;
	collect(table, query, &m);
	for (unsigned i = 0; i < m.count; i++) {
		const struct route_entry *e = &table->entries[m.at[i].entry];
		if (e->refuse) {
			if (!out->count) {
				out->reason = ROUTE_REFUSED;
				out->route = e->name;
			}
			break;
		}
		add_links(e, m.at[i].prefix_len, query->spread, link_up, owner, out);
		if (e->final)
			break;
	}
	if (!out->count)
		return;
	bool first_is_up = out->candidates[0].up;
	up_first(out);
	out->route = out->candidates[0].route;
	out->reason = first_is_up ? ROUTE_FOUND : out->candidates[0].up ? ROUTE_FAILOVER : ROUTE_ALL_DOWN;
}
