/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The right to put one message on one priced bearer once. A bearer gets a permit with a delivery and must use it before
 * any byte leaves; without one there is no call that sends. The type is opaque: only the ledger in the queue role makes
 * one, and in a bearer's role only the reader of the delivery record rebuilds it (core/permit_mint.h).
 */
#ifndef CORE_PERMIT_H
#define CORE_PERMIT_H

#include <stdbool.h>
#include <stdint.h>

#include "core/base/result.h"
#include "core/base/text.h"
#include "core/message_id.h"

struct permit;

/*
 * Spends the permit for exactly this: delivery, bearer and units (segments after final encoding), not after its lease's
 * end. `now_us` is on the monotonic clock, as the permit's end. Whatever the answer, it can never be used again, unless
 * it is ERR_CONFLICT for a tuple that does not match: then nothing was spent and nothing may be sent.
 *	OK            send now
 *	ERR_CLOSED    it was spent before
 *	ERR_CONFLICT  another delivery, bearer or number of units
 *	ERR_TIMEOUT   too late
 */
MUST_CHECK enum result permit_use(struct permit *permit, struct message_id delivery, struct text bearer, int64_t units,
				  int64_t now_us);

int64_t permit_attempt(const struct permit *permit);
int64_t permit_epoch(const struct permit *permit);
void permit_free(struct permit **permit);

#endif
