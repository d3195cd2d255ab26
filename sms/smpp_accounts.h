/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The accounts as the SMPP server needs them: found by name, with what outlives a change of the configuration (the
 * token bucket, the binds). An account that is no longer configured stays, because deliveries may still be on their
 * way.
 */
#ifndef SMS_SMPP_ACCOUNTS_H
#define SMS_SMPP_ACCOUNTS_H

#include "core/base/arena.h"
#include "core/bucket.h"
#include "core/core_vty.h"
#include "core/message.h"
#include "core/net/network.h"

struct smpp_esme; /* smpp_server_internal.h: the binds of an account and what goes to them */

struct smpp_account {
	struct smpp_account *next, *same_hash;
	char name[MESSAGE_ACCOUNT_MAX + 1];
	bool configured;		  /* false: `settings` are the last it had */
	bool changed;			  /* by the last switch: who is bound has to show again who he is */
	struct account_settings settings; /* copies */
	struct bucket bucket;
	struct network *networks; /* of from-address */
	unsigned networks_count;
	struct arena *arena;
	struct smpp_esme *esme; /* the server's; NULL until needed */
};

struct smpp_accounts;

struct smpp_accounts *smpp_accounts_new(void);
/* Whose `esme` is the owner's to free before. */
void smpp_accounts_free(struct smpp_accounts **accounts);
/* Copies. Networks that do not parse let nobody in. */
void smpp_accounts_switch(struct smpp_accounts *accounts, const struct config *config);
/* Also one that is no longer configured; NULL when there never was one. */
struct smpp_account *smpp_accounts_find(const struct smpp_accounts *accounts, struct text name);
/* In the order in which they were first seen; NULL at the end. */
struct smpp_account *smpp_accounts_next(const struct smpp_accounts *accounts, const struct smpp_account *previous);

/* May it come from "192.0.2.1:4711"? AF_UNIX counts as loopback. */
bool smpp_account_from(const struct smpp_account *account, const char *peer);

#endif
