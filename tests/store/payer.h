/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Payers, prices and priced messages for the money cases of the conformance suite. */
#ifndef TESTS_STORE_PAYER_H
#define TESTS_STORE_PAYER_H

#include "tests/store/world.h"

#define YEN INT64_C(1000000)

struct payer {
	uint8_t id[16];
};

/* A payer with that balance, funded. */
struct payer payer_new(struct world *w, uint8_t number, int64_t balance);
enum store_answer payer_fund(struct world *w, const struct payer *p, uint8_t key, int64_t amount);
struct store_account payer_account(struct world *w, const struct payer *p);
#define assert_payer(w, p, posted, held) \
	do { \
		struct store_account account_ = payer_account((w), (p)); \
		assert_int_equal(account_.posted_out, (posted)); \
		assert_int_equal(account_.held_out, (held)); \
	} while (0)

/* A quote and hold of `amount`, without tax, good for an hour. */
struct store_charge *payer_charge(struct world *w, const struct payer *p, int64_t amount);
/* A message to one recipient with that charge, not yet submitted; the delivery is its deliveries[0]. */
struct store_accept *payer_accept(struct world *w, const struct store_charge *charge);
/* Accepted and leased: its id. */
struct message_id payer_send(struct world *w, const struct store_charge *charge);
enum store_answer payer_finish(struct world *w, struct message_id id, enum store_outcome outcome, bool post,
			       int64_t amount);
enum store_answer payer_refund(struct world *w, struct message_id id, uint8_t key, int64_t amount,
			       enum store_refusal *refusal_out);
/* A cap over the next hour. */
void payer_cap(struct world *w, const struct payer *p, uint8_t kind, int64_t cap);

#endif
