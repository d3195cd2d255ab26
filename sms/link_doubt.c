/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Deliveries that a link does not send: those in doubt, those without a permit. */
#include "sms/link_doubt.h"

#include "core/base/clock.h"
#include "core/permit_spend.h"

bool link_doubt_ends(enum link_doubt doubt, struct channel *channel, struct text link, const struct ipc_deliver *d)
{
	struct ipc_result r = { .id = d->id,
				.outcome = IPC_UNKNOWN,
				.link = link,
				.detail = TEXT_LITERAL("sent before, and no answer came: not sent again (doubt)") };

	if (!d->doubt || doubt == LINK_DOUBT_REPEAT || (doubt == LINK_DOUBT_DEFAULT && !d->permit.len))
		return false;
	channel_result(channel, &r);
	return true;
}

bool link_may_send(struct channel *channel, struct text link, const struct ipc_deliver *d, unsigned segments)
{
	struct ipc_result refusal;

	if (permit_spend(d, TEXT_LITERAL("sms"), segments, channel_permits_required(channel), clock_monotonic(),
			 &refusal))
		return true;
	refusal.link = link;
	channel_result(channel, &refusal);
	return false;
}
