/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The answers of a request, and the receipts that ends leave: the same in every driver. */
#ifndef STORE_ANSWER_H
#define STORE_ANSWER_H

#include "core/store.h"

void answer_done(struct store_request *r);
void answer_repeat(struct store_request *r);
void answer_refused(struct store_request *r, enum store_refusal refusal, const char *why);
void answer_conflict(struct store_request *r, const char *why);

/* Outbox rows that the policy wrote during one request; zeroed it is empty. */
struct receipt_list {
	struct store_outbox *rows;
	unsigned count, room;
};
void receipt_add(struct receipt_list *list, const struct store_outbox *o, struct arena *arena);

/* `trail` with `events` behind it, folded where there would be too many; in the arena. */
struct octets trail_with(struct octets trail, struct octets events, struct arena *arena);
/* One event, encoded. */
struct octets trail_one(struct arena *arena, int64_t at_us, unsigned code, const char *detail);
/* Of an end that a report brought before the delivery was handed over. */
struct octets trail_early(struct arena *arena, int64_t at_us, enum store_outcome outcome);

#endif
