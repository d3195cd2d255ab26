/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A store under test: one world per test case, of either driver, with a clock that stands still until it is moved.
 * Requests are submitted and waited for; helpers make the ordinary ones.
 */
#ifndef TESTS_STORE_WORLD_H
#define TESTS_STORE_WORLD_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "core/base/clock.h"
#include "store/store_open.h"

#define WORLD_START (INT64_C(1700000000) * USEC_PER_SEC)
#define FAR (INT64_MAX / 2)
#define ROUTE TEXT_LITERAL("r")

struct world {
	struct loop *loop;
	struct store *store;
	struct arena *arena; /* of all requests of the case */
	const struct store_policy *policy;
	char folder[64], path[80];
	int64_t now_us;
	unsigned submitted, done;
};

enum world_driver { WORLD_SQLITE, WORLD_MEMORY };
extern enum world_driver world_driver; /* of the cases that run now */

int world_set_up(void **state);
int world_tear_down(void **state);
void world_open(struct world *w);
void world_close(struct world *w);
/* Closes and opens again; false where the driver forgets everything. */
bool world_reopen(struct world *w);
void world_clock(struct world *w, int64_t forward_us); /* may be negative */

/* The request is submitted; world_wait() turns the loop until all are done. */
void world_submit(struct world *w, struct store_request *r, enum store_operation operation);
void world_wait(struct world *w);
void world_do(struct world *w, struct store_request *r, enum store_operation operation);
#define DO(w, request, operation) (world_do((w), &(request)->base, (operation)), (request)->base.answer)

struct message_id world_id(struct world *w);
/* A free message to one recipient; lane 0 = none. The delivery's outputs lie in the returned struct. */
struct store_new_delivery *world_accept(struct world *w, int64_t lane, bool leased);
struct store_accept *world_accept_request(struct world *w, struct store_new_delivery *d, unsigned count);
struct store_claim *world_claim(struct world *w, unsigned limit);
struct store_finish *world_finish_request(struct world *w, struct message_id id, int64_t epoch,
					  enum store_outcome outcome);
enum store_answer world_finish(struct world *w, struct message_id id, int64_t epoch, enum store_outcome outcome);
struct store_row *world_row(struct world *w, struct message_id id); /* NULL when it is not there */
struct store_sums world_sums(struct world *w);
/* Nothing was changed between the two. */
void world_same_sums(const struct store_sums *a, const struct store_sums *b);

/* The groups of the conformance suite. */
int conform_deliveries(void);
int conform_reports(void);
int conform_lanes(void);
int conform_records(void);
int conform_money(void);
int conform_prices(void);

#endif
