/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A hash table of chains. Each switch copies the settings into a fresh arena per account. */
#include "sms/smpp_accounts.h"

#include <stdlib.h>

#define ROWS 4096u

struct smpp_accounts {
	struct smpp_account *first, **last;
	struct smpp_account *rows[ROWS];
};

/* FNV-1a. */
static unsigned row_of(struct text name)
{
	uint32_t h = 2166136261u;

	for (size_t i = 0; i < name.len; i++)
		h = (h ^ (uint8_t)name.at[i]) * 16777619u;
	return h % ROWS;
}

struct smpp_accounts *smpp_accounts_new(void)
{
	struct smpp_accounts *accounts = must_alloc(sizeof(*accounts));

	accounts->last = &accounts->first;
	return accounts;
}

void smpp_accounts_free(struct smpp_accounts **accounts)
{
	if (!*accounts)
		return;
	for (struct smpp_account *a = (*accounts)->first, *next; a; a = next) {
		next = a->next;
		arena_free(&a->arena);
		free(a);
	}
	free(*accounts);
	*accounts = NULL;
}

struct smpp_account *smpp_accounts_find(const struct smpp_accounts *accounts, struct text name)
{
	struct smpp_account *a = accounts->rows[row_of(name)];

	while (a && !text_is(name, a->name))
		a = a->same_hash;
	return a;
}

struct smpp_account *smpp_accounts_next(const struct smpp_accounts *accounts, const struct smpp_account *previous)
{
	return previous ? previous->next : accounts->first;
}

/* NULL for a name that is too long to be one. */
static struct smpp_account *find_or_make(struct smpp_accounts *accounts, struct text name)
{
	struct smpp_account *a = smpp_accounts_find(accounts, name);
	unsigned row = row_of(name);

	if (a || name.len > MESSAGE_ACCOUNT_MAX)
		return a;
	a = must_alloc(sizeof(*a));
	(void)text_copy(name, a->name, sizeof(a->name));
	a->same_hash = accounts->rows[row];
	accounts->rows[row] = a;
	*accounts->last = a;
	accounts->last = &a->next;
	return a;
}

static void copy_list(struct arena *arena, struct config_list *list)
{
	struct text *items = arena_alloc(arena, list->count * sizeof(*items));

	for (unsigned i = 0; i < list->count; i++)
		items[i] = arena_text(arena, list->items[i]);
	list->items = items;
}

static void copy_settings(struct arena *arena, struct account_settings *s)
{
	s->node.name = arena_text(arena, s->node.name);
	s->secret = arena_text(arena, s->secret);
	s->default_sender = arena_text(arena, s->default_sender);
	s->webhook = s->webhook_secret = (struct text){ 0 }; /* not ours */
	copy_list(arena, &s->allow_sender);
	copy_list(arena, &s->from_address);
}

static bool same_list(const struct config_list *a, const struct config_list *b)
{
	if (a->count != b->count)
		return false;
	for (unsigned i = 0; i < a->count; i++) {
		if (!text_equal(a->items[i], b->items[i]))
			return false;
	}
	return true;
}

static bool same_person(const struct account_settings *a, const struct account_settings *b)
{
	return text_equal(a->secret, b->secret) && same_list(&a->from_address, &b->from_address);
}

static void take(struct smpp_account *a, const struct account_settings *s)
{
	struct arena *arena = arena_new(512);

	a->changed = a->arena && !same_person(&a->settings, s);
	a->settings = *s;
	copy_settings(arena, &a->settings);
	arena_free(&a->arena);
	a->arena = arena;
	a->configured = true;
	a->networks_count = s->from_address.count;
	a->networks = arena_alloc(arena, a->networks_count * sizeof(*a->networks));
	for (unsigned i = 0; i < a->networks_count; i++) {
		if (!network_parse(s->from_address.items[i], &a->networks[i]))
			a->networks[i] = NETWORK_NONE;
	}
}

void smpp_accounts_switch(struct smpp_accounts *accounts, const struct config *config)
{
	const struct account_settings *s = NULL;

	for (struct smpp_account *a = accounts->first; a; a = a->next) {
		a->changed = a->configured;
		a->configured = false;
	}
	while ((s = config_next(config, &account_kind, s))) {
		struct smpp_account *a = find_or_make(accounts, s->node.name);
		if (a)
			take(a, s);
	}
}

bool smpp_account_from(const struct smpp_account *a, const char *peer)
{
	return network_any_has(a->networks, a->networks_count, peer);
}
