/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the files of the model's world share. */
#ifndef TESTS_BILLING_MODEL_STEP_H
#define TESTS_BILLING_MODEL_STEP_H

#include "core/trail.h"
#include "tests/billing/model_world.h"

#define MODEL_LEASE (60 * USEC_PER_SEC)
#define MODEL_MARGIN USEC_PER_SEC
#define MODEL_HOUR (3600 * USEC_PER_SEC)

const uint8_t *model_account(bool recipient);
struct message_id model_message(unsigned message);
struct message_id model_delivery_id(unsigned u);
unsigned model_delivery_of(struct message_id id);
struct text model_record(struct arena *arena, unsigned u, int64_t net);
void model_clock(struct model_world *x, int64_t real, int64_t monotonic);
enum store_answer model_put_cap(struct model_world *x, int64_t cap);

/* --- accept and decide (model_offer.c) --- */
bool model_accept(struct model_world *x, unsigned message);
bool model_accept_again(struct model_world *x, unsigned message);
bool model_accept_other(struct model_world *x, unsigned message);
bool model_consent(struct model_world *x, unsigned arg);
bool model_decide(struct model_world *x, unsigned u);
/* --- a worker (model_work.c); the number of the worker, or worker + 2 * delivery --- */
bool model_claim(struct model_world *x, unsigned arg);
bool model_send(struct model_world *x, unsigned worker);
bool model_yes(struct model_world *x, unsigned worker);
bool model_no(struct model_world *x, unsigned worker);
bool model_silent(struct model_world *x, unsigned worker);
bool model_die(struct model_world *x, unsigned worker);

struct text model_bearer_name(enum model_bearer b);
struct text model_route(struct model_world *x, unsigned u);
struct octets model_trail(struct model_world *x);

#endif
