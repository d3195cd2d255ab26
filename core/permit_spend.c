/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The reader of the delivery record's permit, in a bearer's role. */
#include "core/permit_spend.h"

#include "core/permit_mint.h"

#define NO_PERMIT_RETRY_MS 1000u /* a reload reaches the roles one after the other */

static bool refuse(const struct ipc_deliver *d, enum ipc_outcome outcome, uint32_t retry_ms, struct text why,
		   struct ipc_result *out)
{
	*out = (struct ipc_result){ .id = d->id, .outcome = outcome, .retry_ms = retry_ms, .detail = why };
	return false;
}

bool permit_spend(const struct ipc_deliver *d, struct text bearer, int64_t segments, bool required, int64_t now_us,
		  struct ipc_result *out)
{
	struct permit_terms terms;
	struct reader r = reader_of(d->permit.at, d->permit.len);

	if (!d->permit.len && !required)
		return true;
	if (!d->permit.len)
		return refuse(d, IPC_RETRY, NO_PERMIT_RETRY_MS, TEXT_LITERAL("no permit came with it: not sent"), out);
	struct permit *permit = permit_get(&r, &terms) && reader_done(&r) ? permit_mint(&terms) : NULL;
	if (!permit)
		return refuse(d, IPC_REFUSED, 0, TEXT_LITERAL("its permit is none: not sent"), out);
	/* B3: fewer segments are inside the quote, more are not. */
	bool more = segments > terms.units;
	enum result result = more ? ERR_CONFLICT : permit_use(permit, d->id, bearer, terms.units, now_us);
	permit_free(&permit);
	if (result == OK)
		return true;
	if (more)
		return refuse(d, IPC_REFUSED, 0, TEXT_LITERAL("it needs more segments than were quoted: not sent"),
			      out);
	if (result == ERR_TIMEOUT)
		return refuse(d, IPC_RETRY, 1, TEXT_LITERAL("its permit has ended: not sent"), out);
	return refuse(d, IPC_REFUSED, 0, TEXT_LITERAL("its permit is for another delivery or bearer: not sent"), out);
}
