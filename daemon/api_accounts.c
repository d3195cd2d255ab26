/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A hash table of chains, sized once per configuration. */
#include "daemon/api_accounts.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdlib.h>

#include "core/base/arena.h"
#include "core/net/net_address.h"

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
		if (!api_network_parse(list->items[i], &a->networks[i]))
			a->networks[i].bits = 129; /* matches nothing */
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

/* --- networks --------------------------------------------------------------------------------------------------- */

static bool octets_of(const struct net_address *a, uint8_t to[16])
{
	if (a->storage.ss_family == AF_INET) {
		const void *at = &a->storage;
		const struct sockaddr_in *in = at;
		memset(to, 0, 10);
		memset(to + 10, 0xff, 2);
		memcpy(to + 12, &in->sin_addr, 4);
		return true;
	}
	if (a->storage.ss_family == AF_INET6) {
		const void *at = &a->storage;
		const struct sockaddr_in6 *in6 = at;
		memcpy(to, &in6->sin6_addr, 16);
		return true;
	}
	return false;
}

bool api_network_parse(struct text t, struct api_network *out)
{
	struct net_address address;
	struct text host;
	uint64_t bits;

	if (!text_split(&t, '/', &host) || net_address_of_host(host, 1, &address) != OK ||
	    !octets_of(&address, out->octets))
		return false;
	unsigned shift = address.storage.ss_family == AF_INET ? 96 : 0;
	out->bits = 128;
	if (t.at && t.len) {
		if (!text_to_u64(t, 128 - shift, &bits))
			return false;
		out->bits = (unsigned)bits + shift;
	}
	return true;
}

static bool network_has(const struct api_network *n, const uint8_t octets[16])
{
	unsigned whole = n->bits / 8, rest = n->bits % 8;

	if (n->bits > 128 || memcmp(n->octets, octets, whole))
		return false;
	return !rest || !((n->octets[whole] ^ octets[whole]) >> (8 - rest));
}

bool api_account_from(const struct api_account *account, const char *peer)
{
	struct net_address address;
	uint8_t octets[16] = { [15] = 1 }; /* ::1, for AF_UNIX */
	const char *why;

	if (!account->networks_count)
		return true;
	if (!text_starts(text_of(peer), "unix:") &&
	    (net_address_parse(text_of(peer), &address, &why) != OK || !octets_of(&address, octets)))
		return false;
	for (unsigned i = 0; i < account->networks_count; i++) {
		if (network_has(&account->networks[i], octets))
			return true;
	}
	return false;
}

static bool pattern_matches(struct text pattern, struct text t)
{
	if (pattern.len && pattern.at[pattern.len - 1] == '*') {
		size_t n = pattern.len - 1;
		return t.len >= n && !memcmp(t.at, pattern.at, n);
	}
	return text_equal(pattern, t);
}

bool api_account_sender(const struct account_settings *settings, struct text sender)
{
	if (settings->default_sender.len && text_equal(settings->default_sender, sender))
		return true;
	for (unsigned i = 0; i < settings->allow_sender.count; i++) {
		if (pattern_matches(settings->allow_sender.items[i], sender))
			return true;
	}
	return false;
}
