/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * An RCS attempt that is proved closed: its answer changes what is known of the recipient, and the delivery is decided
 * again. It is put on HOLD for that, so that its new charge is made in one commit with its new route.
 */
#include "core/base/log.h"
#include "core/queue_internal.h"
#include "core/route_result.h"

/* "480 not registered": the SIP code at the start of what the link said, or 0. */
static unsigned code_of(struct text detail)
{
	uint64_t code = 0;

	if (!text_take_u64(&detail, 699, &code) || code < 100)
		return 0;
	return (unsigned)code;
}

static void learn(struct queue *q, const struct flight *f, const struct route_effect *effect)
{
	if (effect->sets & SETS_RECIPIENT_NO)
		queue_presence_set(q, f->recipient, RECIPIENT_NO);
	else if (effect->sets & (SETS_RECIPIENT_OFF | SETS_NO_CAPABILITY))
		queue_presence_set(q, f->recipient, RECIPIENT_OFF);
}

bool queue_rcs_closed(struct flight *f, const struct ipc_result *in, struct text said,
		      void (*done)(struct store_request *r))
{
	struct queue *q = f->queue;
	struct store_hold *h = &f->request.hold;
	unsigned code = in->outcome == IPC_RETRY || in->outcome == IPC_REFUSED ? code_of(in->detail) : 0;

	if (!code || !q->priced || !f->decoded || !text_equal(f->bearer, QUEUE_RCS))
		return false;
	const struct route_effect *effect = route_effect(route_event_of_sip(code, true));
	if (effect->next != NEXT_DECIDE || effect->closed != CLOSED_YES)
		return false;
	learn(q, f, effect);
	struct text *keys = arena_alloc(f->holder->arena, 2 * sizeof(*keys));
	keys[0] = QUEUE_WAKE_AGAIN;
	keys[1] = queue_wake_recipient(f->recipient, f->holder->arena);
	*h = (struct store_hold){ .id = f->id, .epoch = f->epoch, .until_us = f->expires_us };
	h->keys = keys;
	h->keys_count = 2;
	h->trail = queue_event(f->holder->arena, store_now(q->store), TRAIL_RETRY, text_of(effect->rule), said);
	counter_add(q->count.retried, 1);
	queue_ask_store(q, &h->base, STORE_HOLD, done, f);
	return true;
}
