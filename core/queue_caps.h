/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Windows of a payer's caps as the store has them now: what is left, why a message does not fit, in words. */
#ifndef CORE_QUEUE_CAPS_H
#define CORE_QUEUE_CAPS_H

#include "core/queue_internal.h"

struct queue_caps {
	unsigned count;
	struct store_cap windows[CHARGE_CAPS];
	char currency[CHARGE_CURRENCY_SIZE];
};

/* Reads the windows of the kinds in payer->caps; `done` follows, also where there is none. */
typedef void (*queue_caps_cb)(void *owner, const struct queue_caps *caps);
void queue_caps_read(struct queue *q, struct arena *arena, const struct charge_payer *payer, queue_caps_cb done,
		     void *owner);
/* Why `amount` is above a cap, which one, what is left, when it resets; NULL where it fits. In the arena. */
const char *queue_caps_refusal(const struct charge_port *port, const struct queue_caps *caps, int64_t amount,
			       struct arena *arena);
/* A member "caps", a list, where there are any. */
void queue_caps_put(struct json_writer *w, const struct charge_port *port, const struct queue_caps *caps);
/* Rows of cap_warning that were just committed: to the webhook, and to those who watch. */
void queue_caps_warned(struct queue *q, const struct store_outbox *rows, unsigned count);
/* After STORE_CAP: finds the window, then `told` with the text. */
void queue_money_over_cap(struct queue *q, struct arena *arena, const struct queue_money *money,
			  const struct store_accept *accept, queue_money_told told, void *owner);

#endif
