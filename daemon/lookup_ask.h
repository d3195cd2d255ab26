/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Questions to a number database: by HTTP, or by DNS (ENUM), as the node `portability` says. Each is answered once, by
 * the service or by its time.
 */
#ifndef DAEMON_LOOKUP_ASK_H
#define DAEMON_LOOKUP_ASK_H

#include "core/base/loop.h"
#include "core/ipc_lookup.h"
#include "core/portability_vty.h"

struct lookup_asker;

/* `answered` is never called from inside a call of these. What `found` points to lives until it returns. */
struct lookup_asker *lookup_asker_new(struct loop *loop,
				      void (*answered)(void *owner, uint32_t call, const struct ipc_found *found),
				      void *owner);
void lookup_asker_free(struct lookup_asker **asker); /* questions end without an answer */
/* Whether its settings can be used. Opens nothing that stays. */
MUST_CHECK enum result lookup_asker_check(const struct portability_settings *settings, const char **why_out);
/* From now on; NULL = nobody is asked. The settings live until the next call. What is under way is asked anew. */
void lookup_asker_switch(struct lookup_asker *asker, const struct portability_settings *settings);
void lookup_asker_ask(struct lookup_asker *asker, uint32_t call, struct text number);
void lookup_asker_forget(struct lookup_asker *asker); /* who asked is gone */
unsigned lookup_asker_open(const struct lookup_asker *asker);

#endif
