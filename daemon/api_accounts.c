/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A hash table of chains, sized once per configuration. */
#include "daemon/api_accounts.h"

#include <stdlib.h>

#include "core/base/arena.h"

#define ROWS 4096u

struct api_accounts {
	struct api_account *first, **last;
	struct api_account *rows[ROWS];
};

/* FNV-1a. */
static unsigned row_of(struct text name)
{
	uint32_t h = 2166136261u;

	for (size_t i = 0; i < name.len; i++)
		h = (h ^ (uint8_t)name.at[i]) * 16777619u;
	return h % ROWS;
}

struct api_accounts *api_accounts_new(void)
{
	struct api_accounts *accounts = must_alloc(sizeof(*accounts));

	accounts->last = &accounts->first;
	return accounts;
}

void api_accounts_free(struct api_accounts **accounts)
{
	if (!*accounts)
		return;
	for (struct api_account *a = (*accounts)->first, *next; a; a = next) {
		next = a->next;
		free(a->networks);
		free(a);
	}
	free(*accounts);
	*accounts = NULL;
}

static struct api_account *find_any(const struct api_accounts *accounts, struct text name)
{
	struct api_account *a = accounts->rows[row_of(name)];

	while (a && !text_equal(a->name, name))
		a = a->same_hash;
	return a;
}

static struct api_account *find_or_make(struct api_accounts *accounts, struct text name)
{
	struct api_account *a = find_any(accounts, name);
	unsigned row = row_of(name);

	if (a)
		return a;
	a = must_alloc(sizeof(*a) + name.len + 1);
	char *copy = (char *)(a + 1);
	memcpy(copy, name.at, name.len);
	a->name = text_range(copy, name.len);
	a->same_hash = accounts->rows[row];
	accounts->rows[row] = a;
	*accounts->last = a;
	accounts->last = &a->next;
	return a;
}

static void take_networks(struct api_account *a)
{
	const struct config_list *list = &a->settings->from_address;

	free(a->networks);
	a->networks_count = list->count;
	a->networks = list->count ? must_alloc(list->count * sizeof(*a->networks)) : NULL;
	for (unsigned i = 0; i < list->count; i++) {
		if (!network_parse(list->items[i], &a->networks[i]))
			a->networks[i] = NETWORK_NONE;
	}
}

void api_accounts_switch(struct api_accounts *accounts, const struct config *config)
{
	const struct account_settings *s = NULL;

	for (struct api_account *a = accounts->first; a; a = a->next)
		a->settings = NULL;
	while ((s = config_next(config, &account_kind, s))) {
		struct api_account *a = find_or_make(accounts, s->node.name);
		a->settings = s;
		take_networks(a);
	}
}

struct api_account *api_accounts_find(const struct api_accounts *accounts, struct text name)
{
	struct api_account *a = find_any(accounts, name);

	return a && a->settings ? a : NULL;
}

struct api_account *api_accounts_next(const struct api_accounts *accounts, const struct api_account *previous)
{
	return previous ? previous->next : accounts->first;
}

bool api_account_from(const struct api_account *account, const char *peer)
{
	return network_any_has(account->networks, account->networks_count, peer);
}
