/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Checks the operator's route entries and compiles them. */
#include "core/route_internal.h"

#include <stdlib.h>

#define ARENA_BLOCK (64u << 10)

static bool all_digits(struct text t)
{
	for (size_t i = 0; i < t.len; i++) {
		if (t.at[i] < '0' || t.at[i] > '9')
			return false;
	}
	return true;
}

static enum result check_links(const struct route_entry *e, const char **why_out)
{
	if (e->refuse != !e->links_count) {
		*why_out = e->refuse ? "a route that refuses has no links" : "a route needs a link";
		return ERR_MALFORMED;
	}
	if (e->links_count > ROUTE_LINKS_MAX) {
		*why_out = "too many links in one route";
		return ERR_TOO_BIG;
	}
	for (unsigned i = 0; i < e->links_count; i++) {
		if (!e->links[i].name.len) {
			*why_out = "a link without a name";
			return ERR_MALFORMED;
		}
		for (unsigned k = 0; k < i; k++) {
			if (text_equal(e->links[i].name, e->links[k].name)) {
				*why_out = "a link stands twice in one route";
				return ERR_CONFLICT;
			}
		}
	}
	return OK;
}

static enum result check_entry(const struct route_entry *e, const char **why_out)
{
	if (!e->name.len) {
		*why_out = "a route needs a name";
		return ERR_MALFORMED;
	}
	if (e->network.len &&
	    (e->network.len < 3 || e->network.len > 6 || e->network.len == 4 || !all_digits(e->network))) {
		*why_out = "a network is an MCC (3 digits) or an MCC and MNC (5 or 6 digits)";
		return ERR_MALFORMED;
	}
	if (e->from_minute >= 24 * 60 || e->until_minute > 24 * 60 || e->days > ROUTE_EVERY_DAY) {
		*why_out = "a time window lies within a day of 1440 minutes";
		return ERR_MALFORMED;
	}
	for (unsigned i = 0; i < e->prefixes_count; i++) {
		if (e->prefixes[i].len > ROUTE_PREFIX_MAX) {
			*why_out = "a prefix is longer than 64 octets";
			return ERR_TOO_BIG;
		}
	}
	return check_links(e, why_out);
}

struct name_at {
	struct text name;
	unsigned entry;
};

static int by_name(const void *left, const void *right)
{
	const struct name_at *a = left, *b = right;
	size_t n = a->name.len < b->name.len ? a->name.len : b->name.len;
	int c = memcmp(a->name.at, b->name.at, n);

	if (c)
		return c;
	if (a->name.len != b->name.len)
		return a->name.len < b->name.len ? -1 : 1;
	return a->entry < b->entry ? -1 : a->entry > b->entry;
}

static enum result check_names(const struct route_entry *entries, unsigned count, unsigned *entry_out,
			       const char **why_out)
{
	struct name_at *names = must_alloc((count + 1) * sizeof(*names));
	enum result result = OK;

	for (unsigned i = 0; i < count; i++)
		names[i] = (struct name_at){ entries[i].name, i };
	qsort(names, count, sizeof(*names), by_name);
	for (unsigned i = 1; i < count && result == OK; i++) {
		if (text_equal(names[i - 1].name, names[i].name)) {
			*entry_out = names[i].entry;
			*why_out = "two routes have this name";
			result = ERR_CONFLICT;
		}
	}
	free(names);
	return result;
}

static enum result check(const struct route_entry *entries, unsigned count, unsigned *entry_out, const char **why_out)
{
	uint64_t prefixes = 0;

	*entry_out = 0;
	if (count > ROUTE_ENTRIES_MAX) {
		*why_out = "too many routes";
		return ERR_TOO_BIG;
	}
	for (unsigned i = 0; i < count; i++) {
		*entry_out = i;
		enum result result = check_entry(&entries[i], why_out);
		if (result != OK)
			return result;
		prefixes += entries[i].prefixes_count;
		if (prefixes > ROUTE_PREFIXES_MAX) {
			*why_out = "too many prefixes in all routes";
			return ERR_TOO_BIG;
		}
	}
	return check_names(entries, count, entry_out, why_out);
}

static uint32_t add_node(struct route_table *t, char octet, uint32_t sibling)
{
	if (t->nodes_count == t->nodes_room) {
		t->nodes_room = t->nodes_room ? 2 * t->nodes_room : 64;
		t->nodes = must_realloc(t->nodes, t->nodes_room * sizeof(*t->nodes));
	}
	t->nodes[t->nodes_count] = (struct route_node){ ROUTE_NONE, sibling, ROUTE_NONE, octet };
	return t->nodes_count++;
}

static uint32_t child_for(struct route_table *t, uint32_t node, char octet)
{
	uint32_t at = t->nodes[node].child;

	while (at != ROUTE_NONE && t->nodes[at].octet != octet)
		at = t->nodes[at].sibling;
	if (at == ROUTE_NONE) {
		at = add_node(t, octet, t->nodes[node].child); /* may move the nodes */
		t->nodes[node].child = at;
	}
	return at;
}

static void add_prefix(struct route_table *t, uint32_t entry, struct text prefix)
{
	uint32_t node = 0;

	for (size_t i = 0; i < prefix.len; i++)
		node = child_for(t, node, prefix.at[i]);
	if (t->uses_count == t->uses_room) {
		t->uses_room = t->uses_room ? 2 * t->uses_room : 64;
		t->uses = must_realloc(t->uses, t->uses_room * sizeof(*t->uses));
	}
	t->uses[t->uses_count] = (struct route_use){ entry, t->nodes[node].uses };
	t->nodes[node].uses = t->uses_count++;
}

static void copy_entry(struct route_table *t, uint32_t index, const struct route_entry *from)
{
	struct route_entry *e = &t->entries[index];

	*e = *from;
	e->name = arena_text(t->arena, from->name);
	e->bearer = arena_text(t->arena, from->bearer);
	e->channel = arena_text(t->arena, from->channel);
	e->account = arena_text(t->arena, from->account);
	e->sender = arena_text(t->arena, from->sender);
	e->network = arena_text(t->arena, from->network);
	struct route_link *links = arena_alloc(t->arena, (from->links_count + 1) * sizeof(*links));
	for (unsigned i = 0; i < from->links_count; i++) {
		links[i] = from->links[i];
		links[i].name = arena_text(t->arena, from->links[i].name);
	}
	e->links = links;
	e->prefixes = NULL; /* they live in the trie */
	for (unsigned i = 0; i < from->prefixes_count; i++)
		add_prefix(t, index, from->prefixes[i]);
	if (!from->prefixes_count)
		add_prefix(t, index, (struct text){ 0 });
}

enum result route_table_new(const struct route_entry *entries, unsigned count, struct route_table **out,
			    unsigned *entry_out, const char **why_out)
{
	enum result result = check(entries, count, entry_out, why_out);

	*out = NULL;
	if (result != OK)
		return result;
	struct route_table *t = must_alloc(sizeof(*t));
	t->arena = arena_new(ARENA_BLOCK);
	t->entries = arena_alloc(t->arena, (count + 1) * sizeof(*t->entries));
	t->count = count;
	add_node(t, 0, ROUTE_NONE);
	for (unsigned i = 0; i < count; i++)
		copy_entry(t, i, &entries[i]);
	*out = t;
	return OK;
}

void route_table_free(struct route_table **table)
{
	struct route_table *t = *table;

	if (!t)
		return;
	free(t->nodes);
	free(t->uses);
	arena_free(&t->arena);
	free(t);
	*table = NULL;
}
