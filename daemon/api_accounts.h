/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The accounts as the API needs them: found by name, with what outlives a change of the configuration (token bucket,
 * webhook). An account that is no longer configured stays, without settings, because waiting work may point at it.
 */
#ifndef DAEMON_API_ACCOUNTS_H
#define DAEMON_API_ACCOUNTS_H

#include "core/bucket.h"
#include "core/core_vty.h"
#include "core/net/network.h"

struct api_account {
	struct text name;			 /* NUL behind it */
	const struct account_settings *settings; /* NULL: not configured (any more) */
	struct bucket bucket;
	struct network *networks; /* of from-address */
	unsigned networks_count;
	void *webhook; /* of webhook.c */
	struct api_account *next, *same_hash;
};

struct api_accounts;

struct api_accounts *api_accounts_new(void);
void api_accounts_free(struct api_accounts **accounts);
/* The set stays the caller's and must outlive its use here. Networks that do not parse let nobody in. */
void api_accounts_switch(struct api_accounts *accounts, const struct config *config);
/* Only accounts with settings. */
struct api_account *api_accounts_find(const struct api_accounts *accounts, struct text name);
/* In the order in which they were first seen, also those without settings; NULL at the end. */
struct api_account *api_accounts_next(const struct api_accounts *accounts, const struct api_account *previous);

/* "192.0.2.0/24", "2001:db8::/32", "192.0.2.7" */
bool api_network_parse(struct text t, struct network *out);
/* May it come from "192.0.2.1:4711"? AF_UNIX counts as loopback. */
bool api_account_from(const struct api_account *account, const char *peer);

#endif
