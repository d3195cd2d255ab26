/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The small world of the model checker: a store, two workers, a network that answers or not, one payer at his limit,
 * and per message two recipients; each action does one step as the queue role would, with billing/, core/route_decide.h
 * and permits, and tells the oracle (model.h) what was answered. Deliveries come in four kinds, by u % 4:
 *	0  SMS, refused there MMS; paid, given back when not delivered
 *	1  RCS first, SMS when that is proved closed; paid at acceptance
 *	2  SMS unless roaming; the recipient pays a yen too when he consented
 *	3  end-to-end encrypted: RCS or nothing, free
 */
#ifndef TESTS_BILLING_MODEL_WORLD_H
#define TESTS_BILLING_MODEL_WORLD_H

#include "billing/ledger.h"
#include "tests/billing/model.h"
#include "tests/store/world.h"

#define MODEL_WORKERS 2
#define MODEL_ARGS 32 /* of one operation */

/* Deliberate faults of the driver, one for each statement; the check of that name must find it. */
enum model_fault {
	FAULT_NONE,
	FAULT_B1_UNQUOTED_BEARER,
	FAULT_B2_POSTED_TWICE,
	FAULT_B3_ABOVE_MAXIMUM,
	FAULT_B4_NEW_TARIFF,
	FAULT_B5_HOLD_MISSING,
	FAULT_B6_HOLD_LEFT,
	FAULT_B7_SHORT_HOLD,
	FAULT_B8_OTHER_BEARER,
	FAULT_B9_ONE_SIDED,
	FAULT_B10_OVERDRAWN,
	FAULT_B11_WARNED_TWICE,
	FAULT_B12_ACCEPTED_TWICE,
	FAULT_B13_FENCE_OFF,
	FAULT_B14_STATE_ALONE,
	FAULT_B15_REFUND_ABOVE,
	FAULT_B16_NOT_ASKED,
	FAULT_B17_FREE_IS_CHARGED,
	FAULT_B18_NO_RECORD,
	FAULT_B21_NO_PERMIT,
	FAULT_B22_DURABILITY_WORD,
	FAULT_R9_1_PERMIT_AGAIN,
	FAULT_R9_2_PACKET_PAID,
	FAULT_R9_3_RCS_OPEN,
	FAULT_R9_4_TWO_IN_FLIGHT,
	FAULT_R9_5_GROWN,
	FAULT_R9_6_ROAMING,
	FAULT_R9_7_SENT_BEFORE_STORED,
	FAULT_R9_8_LATE_RCS_POSTS,
	FAULT_R9_9_ENCRYPTED_PAID,
	FAULT_R9_10_NEW_POLICY,
	FAULT_COUNT
};
const char *model_fault_statement(enum model_fault fault); /* "B1" */

struct model_try {
	bool busy, sent, doubt;
	unsigned u;
	int64_t epoch, attempt, lease, end_monotonic, held;
	enum model_bearer bearer, armed;
	bool has_trail;
};

struct model_terms_of {
	struct quote quote;
	bool closed, refused; /* its RCS try is proved closed; SMS refused it */
	int64_t deadline, version;
};

struct model_world {
	struct world w;
	enum model_fault fault;
	struct model m;
	struct model_seen seen;
	struct model_try tries[MODEL_WORKERS];
	struct model_terms_of of[MODEL_DELIVERIES];
	struct tariff *tariff;
	struct store_policy policy;
	unsigned messages, version; /* index of the tariff's version in force */
	int64_t real_us, monotonic_us, step_us;
	bool roaming, grown, consented;
	bool reopens; /* the store is closed and opened after each action */
	unsigned funds;
};

/* An action: operation and argument. */
typedef uint16_t model_action;
#define MODEL_ACTION(operation, arg) (model_action)((unsigned)(operation) << 8 | (unsigned)(arg))
unsigned model_operations(void);
const char *model_operation_name(unsigned operation);
unsigned model_operation_args(const struct model_world *x, unsigned operation);
int model_operation_find(const char *name);

void model_world_open(struct model_world *x, enum world_driver driver, unsigned messages);
/* A fresh store and ledger. */
void model_world_start(struct model_world *x, int64_t balance, int64_t cap);
void model_world_close(struct model_world *x);
/* Does it when it is possible now; false = nothing happened. x->m.broken names a broken statement. */
bool model_world_act(struct model_world *x, model_action action);
/* Looks at all that is there, and compares. */
void model_world_look(struct model_world *x);
/* What the future depends on, without absolute times. */
uint64_t model_world_hash(const struct model_world *x);

#endif
