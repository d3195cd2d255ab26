/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Quotes in the queue. POST /v1/quotes gives a token; a message that brings it pays what it says (B4), whatever the
 * price list says by now, and is refused where it is not the message that was quoted.
 *
 * "The same message" is: the same payer, the same recipients in the same order, and the same content: text or octets,
 * files, coding, header and ports, all that a price can depend on. A token may be used again for that message until it
 * ends: each use is a message of its own, unless its idempotency key is the same.
 */
#ifndef CORE_QUEUE_QUOTE_H
#define CORE_QUEUE_QUOTE_H

#include "core/queue_internal.h"

/* Starts what a quote promises: payer and hashes. `recipients` as in struct ipc_accept. */
void queue_quote_init(struct charge_quoted *quoted, const struct charge_payer *payer, const struct message *m,
		      struct text recipients);
/* OK for a message without a quote, or with one that is for it and has not ended. */
MUST_CHECK enum result queue_quote_check(struct queue *q, const struct message *m, struct text recipients,
					 struct arena *arena, const char **why_out);
/* The price that the message's quote gives to that recipient (from 1) by that bearer; ERR_NOT_FOUND where it gives
 * none, or the message needs more units by now (B3). Whether it has ended was asked at accept: what was accepted keeps
 * it. */
MUST_CHECK enum result queue_quote_price(struct queue *q, const struct message *m, unsigned recipient,
					 struct text bearer, struct charge_price *out);
/* The members "token" and "valid_until". */
void queue_quote_put(struct queue *q, struct json_writer *w, struct charge_quoted *quoted, struct arena *arena);

#endif
