/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The actions of the model's world: the table, and what the network, the payer, the operator and time do. */
#include "tests/billing/model_step.h"

static bool deliver(struct model_world *x, unsigned u, bool by_wire, enum store_outcome outcome)
{
	const struct text wire = text_of(arena_printf(x->w.arena, "w%u", u));
	struct model_event e = { .kind = EVENT_REPORT, .u = u, .by_wire = by_wire, .end = (enum model_end)outcome };
	struct store_report r = { .arena = x->w.arena,
				  .peer = TEXT_LITERAL("smsc"),
				  .has_delivery = !by_wire,
				  .delivery = model_delivery_id(u),
				  .outcome = outcome,
				  .keep_until_us = FAR,
				  .trail = model_trail(x) };
	const struct model_delivery *d = &x->m.d[u];

	if (!d->ever_sent[MODEL_RCS] && !d->ever_sent[MODEL_SMS] && !d->ever_sent[MODEL_MMS])
		return false;
	r.wire_ids = by_wire ? &wire : NULL;
	r.wire_ids_count = by_wire;
	e.answer = (enum model_answer)DO(&x->w, &r, STORE_REPORT);
	model_event(&x->m, &e);
	return true;
}

static bool reached(struct model_world *x, unsigned u)
{
	return deliver(x, u, true, OUTCOME_DELIVERED);
}

static bool failed(struct model_world *x, unsigned u)
{
	return deliver(x, u, true, OUTCOME_REFUSED);
}

static bool reached_by_name(struct model_world *x, unsigned u)
{
	return deliver(x, u, false, OUTCOME_DELIVERED);
}

static bool failed_by_name(struct model_world *x, unsigned u)
{
	return deliver(x, u, false, OUTCOME_REFUSED);
}

static enum store_answer give_back(struct model_world *x, unsigned u, uint8_t key, int64_t amount)
{
	struct store_refund r = { .key = { key, (uint8_t)u, (uint8_t)x->m.d[u].refunds },
				  .delivery = model_delivery_id(u),
				  .amount = amount,
				  .cdr = model_record(x->w.arena, u, x->m.d[u].posted - amount) };
	struct model_event e = { .kind = EVENT_REFUND, .u = u, .amount = amount };

	e.answer = (enum model_answer)DO(&x->w, &r, STORE_REFUND);
	model_event(&x->m, &e);
	return r.base.answer;
}

/* All of it, or of kind 2 all but a yen; and more than there is, which is refused. */
static bool refund(struct model_world *x, unsigned u)
{
	int64_t posted = x->m.d[u].posted;

	if (posted <= MODEL_YEN)
		return false;
	(void)give_back(x, u, 11, posted + 1);
	(void)give_back(x, u, 9, u % 4 == 2 ? posted - MODEL_YEN : posted);
	return true;
}

static bool cancel(struct model_world *x, unsigned u)
{
	struct store_cancel c = { .arena = x->w.arena, .id = model_delivery_id(u), .trail = model_trail(x) };
	const struct model_event e = { .kind = EVENT_CANCEL, .u = u };

	if (!x->m.d[u].exists)
		return false;
	assert_int_equal(DO(&x->w, &c, STORE_CANCEL), STORE_DONE);
	model_event(&x->m, &e);
	return true;
}

static bool expire(struct model_world *x, unsigned arg)
{
	struct store_expire c = { .arena = x->w.arena, .limit = 1000 };
	const struct model_event e = { .kind = EVENT_EXPIRE };

	(void)arg;
	assert_int_equal(DO(&x->w, &c, STORE_EXPIRE), STORE_DONE);
	model_event(&x->m, &e);
	return true;
}

/* Past a lease; past a delivery; past a wait for a report; the system's clock back by an hour. */
static bool jump(struct model_world *x, unsigned arg)
{
	static const int64_t forward[] = { MODEL_LEASE + USEC_PER_SEC, MODEL_HOUR + USEC_PER_SEC,
					   2 * MODEL_HOUR + USEC_PER_SEC };

	if (arg < 3)
		model_clock(x, forward[arg], forward[arg]);
	else
		model_clock(x, -MODEL_HOUR, 0);
	/* A time that nothing was written at is not kept over a restart: this makes it one that is. */
	struct store_fact f = {
		.kind = TEXT_LITERAL("t"), .key = TEXT_LITERAL("t"), .value = { "t", 1 }, .until_us = FAR
	};
	assert_int_equal(DO(&x->w, &f, STORE_FACT_PUT), STORE_DONE);
	return true;
}

static bool tariff(struct model_world *x, unsigned arg)
{
	(void)arg;
	if (x->version)
		return false;
	x->version = 1;
	return true;
}

static bool cap(struct model_world *x, unsigned arg)
{
	static const int64_t caps[] = { 6 * MODEL_YEN, 100 * MODEL_YEN };
	const struct model_event e = { .kind = EVENT_CAP, .amount = caps[arg] };

	assert_int_equal(model_put_cap(x, caps[arg]), STORE_DONE);
	model_event(&x->m, &e);
	return true;
}

static bool fund(struct model_world *x, unsigned arg)
{
	struct model_event e = { .kind = EVENT_FUND, .amount = arg ? -MODEL_YEN : MODEL_YEN };
	struct store_fund f = { .key = { 12, (uint8_t)(x->funds + 1), (uint8_t)(x->funds >> 8) },
				.currency = TEXT_LITERAL("JPY"),
				.amount = e.amount,
				.cdr = TEXT_LITERAL("fund") };

	x->funds++;
	memcpy(f.account_id, model_account(false), 16);
	e.answer = (enum model_answer)DO(&x->w, &f, STORE_FUND);
	model_event(&x->m, &e);
	return true;
}

static bool roam(struct model_world *x, unsigned arg)
{
	(void)arg;
	x->roaming = x->m.roaming = !x->roaming;
	return true;
}

static bool grow(struct model_world *x, unsigned arg)
{
	(void)arg;
	x->grown = !x->grown;
	return true;
}

/* All that the workers knew is gone; of the store, what was not durable. */
static bool crash(struct model_world *x, unsigned arg)
{
	(void)arg;
	memset(x->tries, 0, sizeof(x->tries));
	(void)world_reopen(&x->w);
	return true;
}

enum range { ONE, TWO, FOUR, WORKERS, MESSAGES, EACH, EACH_AND_WORKER };

static const struct {
	const char *name;
	bool (*run)(struct model_world *x, unsigned arg);
	enum range range;
} operations[] = {
	{ "accept", model_accept, MESSAGES },
	{ "accept-again", model_accept_again, MESSAGES },
	{ "accept-other", model_accept_other, MESSAGES },
	{ "claim", model_claim, EACH_AND_WORKER },
	{ "send", model_send, WORKERS },
	{ "yes", model_yes, WORKERS },
	{ "no", model_no, WORKERS },
	{ "silent", model_silent, WORKERS },
	{ "die", model_die, WORKERS },
	{ "decide", model_decide, EACH },
	{ "reached", reached, EACH },
	{ "failed", failed, EACH },
	{ "reached-by-name", reached_by_name, EACH },
	{ "failed-by-name", failed_by_name, EACH },
	{ "refund", refund, EACH },
	{ "cancel", cancel, EACH },
	{ "expire", expire, ONE },
	{ "jump", jump, FOUR },
	{ "tariff", tariff, ONE },
	{ "cap", cap, TWO },
	{ "fund", fund, TWO },
	{ "roam", roam, ONE },
	{ "grow", grow, ONE },
	{ "consent", model_consent, ONE },
	{ "crash", crash, ONE },
};

unsigned model_operations(void)
{
	return sizeof(operations) / sizeof(operations[0]);
}

const char *model_operation_name(unsigned operation)
{
	return operations[operation].name;
}

int model_operation_find(const char *name)
{
	for (unsigned i = 0; i < model_operations(); i++) {
		if (!strcmp(operations[i].name, name))
			return (int)i;
	}
	return -1;
}

unsigned model_operation_args(const struct model_world *x, unsigned operation)
{
	const unsigned args[] = { [ONE] = 1,
				  [TWO] = 2,
				  [FOUR] = 4,
				  [WORKERS] = MODEL_WORKERS,
				  [MESSAGES] = x->messages,
				  [EACH] = 2 * x->messages,
				  [EACH_AND_WORKER] = 2 * x->messages * MODEL_WORKERS };

	return args[operations[operation].range];
}

bool model_world_act(struct model_world *x, model_action action)
{
	return operations[action >> 8].run(x, action & 0xffu);
}

static const char *const statements[FAULT_COUNT] = {
	[FAULT_NONE] = "",
	[FAULT_B1_UNQUOTED_BEARER] = "B1",
	[FAULT_B2_POSTED_TWICE] = "B2",
	[FAULT_B3_ABOVE_MAXIMUM] = "B3",
	[FAULT_B4_NEW_TARIFF] = "B4",
	[FAULT_B5_HOLD_MISSING] = "B5",
	[FAULT_B6_HOLD_LEFT] = "B6",
	[FAULT_B7_SHORT_HOLD] = "B7",
	[FAULT_B8_OTHER_BEARER] = "B8",
	[FAULT_B9_ONE_SIDED] = "B9",
	[FAULT_B10_OVERDRAWN] = "B10",
	[FAULT_B11_WARNED_TWICE] = "B11",
	[FAULT_B12_ACCEPTED_TWICE] = "B12",
	[FAULT_B13_FENCE_OFF] = "B13",
	[FAULT_B14_STATE_ALONE] = "B14",
	[FAULT_B15_REFUND_ABOVE] = "B15",
	[FAULT_B16_NOT_ASKED] = "B16",
	[FAULT_B17_FREE_IS_CHARGED] = "B17",
	[FAULT_B18_NO_RECORD] = "B18",
	[FAULT_B21_NO_PERMIT] = "B21",
	[FAULT_B22_DURABILITY_WORD] = "B22",
	[FAULT_R9_1_PERMIT_AGAIN] = "R9.1",
	[FAULT_R9_2_PACKET_PAID] = "R9.2",
	[FAULT_R9_3_RCS_OPEN] = "R9.3",
	[FAULT_R9_4_TWO_IN_FLIGHT] = "R9.4",
	[FAULT_R9_5_GROWN] = "R9.5",
	[FAULT_R9_6_ROAMING] = "R9.6",
	[FAULT_R9_7_SENT_BEFORE_STORED] = "R9.7",
	[FAULT_R9_8_LATE_RCS_POSTS] = "R9.8",
	[FAULT_R9_9_ENCRYPTED_PAID] = "R9.9",
	[FAULT_R9_10_NEW_POLICY] = "R9.10",
};

const char *model_fault_statement(enum model_fault fault)
{
	return statements[fault];
}
