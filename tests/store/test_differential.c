/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Random requests, the same to both drivers, step by step: every answer, refusal, row and sum must agree. The run's
 * number is printed where they part; CELLPOST_RUNS says how many runs (default 40), CELLPOST_RUN names one.
 */
#include <stdio.h>
#include <stdlib.h>

#include "core/base/log.h"
#include "core/trail.h"
#include "tests/store/payer.h"

#define STEPS 250u
#define IDS_MAX 512u
#define MINUTE (60 * USEC_PER_SEC)

struct twins {
	void *states[2]; /* struct world, SQLite first */
	struct message_id ids[IDS_MAX];
	unsigned ids_count, keys;
	struct payer payers[2];
	uint64_t seed;
	unsigned step;
	enum store_operation operation; /* the newest */
};

static struct world *twin(const struct twins *t, unsigned i)
{
	return t->states[i];
}

static unsigned dice(struct twins *t, unsigned sides)
{
	t->seed = t->seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (unsigned)(t->seed >> 33) % sides;
}

static struct arena *arena_of(const struct twins *t, unsigned i)
{
	return twin(t, i)->arena;
}

/* Runs the two copies and compares what both have: the words. */
static void run(struct twins *t, struct store_request *a, struct store_request *b, enum store_operation operation)
{
	t->operation = operation;
	world_do(twin(t, 0), a, operation);
	world_do(twin(t, 1), b, operation);
	if (a->answer != b->answer || a->refusal != b->refusal)
		fail_msg("step %u, %s: %s/%s (%s) and %s/%s (%s)", t->step, store_operation_name(operation),
			 store_answer_name(a->answer), store_refusal_name(a->refusal), a->why ? a->why : "",
			 store_answer_name(b->answer), store_refusal_name(b->refusal), b->why ? b->why : "");
}

#define RUN(t, pair, operation) run((t), &(pair)[0].base, &(pair)[1].base, (operation))

static void same_rows(const struct twins *t, const struct store_row *a, const struct store_row *b)
{
	for (; a && b; a = a->next, b = b->next) {
		if (!message_id_equal(a->id, b->id))
			fail_msg("step %u, %s: other rows", t->step, store_operation_name(t->operation));
		assert_int_equal(a->state, b->state);
		assert_int_equal(a->doubt, b->doubt);
		assert_int_equal(a->cancel, b->cancel);
		assert_int_equal(a->parked, b->parked);
		assert_int_equal(a->attempt, b->attempt);
		assert_int_equal(a->epoch, b->epoch);
		assert_int_equal(a->due_us, b->due_us);
		assert_int_equal(a->lease_us, b->lease_us);
		assert_int_equal(a->outcome, b->outcome);
		assert_int_equal(a->final_us, b->final_us);
		assert_true(text_equal(a->route, b->route));
		assert_true(text_equal(a->bearer, b->bearer));
		assert_true(text_equal(a->worker, b->worker));
		assert_int_equal(a->has_charge, b->has_charge);
		assert_int_equal(a->charge_amount, b->charge_amount);
		assert_int_equal(a->charge_posted, b->charge_posted);
		assert_int_equal(a->charge_refunded, b->charge_refunded);
		assert_int_equal(trail_count(a->trail.at, a->trail.len), trail_count(b->trail.at, b->trail.len));
	}
	if (a || b)
		fail_msg("step %u, %s: one has more rows", t->step, store_operation_name(t->operation));
}

static struct message_id any_id(struct twins *t)
{
	return t->ids_count ? t->ids[dice(t, t->ids_count)] : world_id(twin(t, 0));
}

static struct store_row *row_of(struct twins *t, struct message_id id)
{
	struct store_message_get get[2] = { { .arena = arena_of(t, 0), .id = id },
					    { .arena = arena_of(t, 1), .id = id } };

	RUN(t, get, STORE_MESSAGE_GET);
	same_rows(t, get[0].rows_out, get[1].rows_out);
	return get[0].rows_out;
}

/* Mostly the right one. */
static int64_t some_epoch(struct twins *t, struct message_id id)
{
	const struct store_row *row = row_of(t, id);
	int64_t epoch = row ? row->epoch : 0;

	return dice(t, 8) ? epoch : epoch + 1 - (int64_t)dice(t, 3);
}

static struct octets event(const struct twins *t, unsigned i)
{
	struct writer w = writer_of(arena_alloc(arena_of(t, i), TRAIL_EVENT_SIZE), TRAIL_EVENT_SIZE);

	trail_put(&w, &(struct trail_event){ twin(t, i)->now_us, TRAIL_NOTE, { 0 }, TEXT_LITERAL("step") });
	return (struct octets){ w.start, writer_len(&w) };
}

static struct store_charge some_charge(struct twins *t, unsigned recipient)
{
	static const uint8_t caps[] = { 1, 2 };
	struct world *w = twin(t, 0);
	int64_t amount = 1 + dice(t, 20);
	struct store_charge c = { .recipient = (uint16_t)recipient,
				  .kind = (uint8_t)(dice(t, 10) == 0),
				  .bearers = TEXT_LITERAL("sms mms"),
				  .currency = TEXT_LITERAL("JPY"),
				  .max_amount = amount + dice(t, 5),
				  .amount = amount,
				  .tax_ppm = dice(t, 2) ? 100000 : 0,
				  .pay_on = (uint8_t)dice(t, 2),
				  .given_us = w->now_us,
				  .until_us = w->now_us + (dice(t, 20) ? MINUTE : 0),
				  .deadline_us = FAR,
				  .caps = caps,
				  .caps_count = dice(t, 3) };

	memcpy(c.account_id, t->payers[dice(t, 2)].id, 16);
	return c;
}

static void accept(struct twins *t)
{
	struct store_new_delivery d[2][3] = { 0 };
	struct store_charge charges[3];
	struct text key = TEXT_LITERAL("wake");
	struct text recipient = text_of(dice(t, 2) ? "+81" : "+819012345678");
	unsigned n = 1 + dice(t, 3), charged = dice(t, 2) ? dice(t, n + 1) : 0;
	struct message_id id = dice(t, 15) ? world_id(twin(t, 0)) : message_id_of_delivery(any_id(t));
	bool has_key = dice(t, 2);
	uint8_t number = (uint8_t)(dice(t, 6) ? ++t->keys : dice(t, t->keys + 1)), body = (uint8_t)!dice(t, 8);
	struct store_accept a[2];

	for (unsigned i = 0; i < charged; i++)
		charges[i] = some_charge(t, i + 1);
	for (unsigned i = 0; i < n; i++) {
		d[0][i] = (struct store_new_delivery){ .recipient = recipient,
						       .has_lane = dice(t, 4) != 0,
						       .lane = 1 + dice(t, 4),
						       .route = ROUTE,
						       .bearer = TEXT_LITERAL("sms"),
						       .due_us = twin(t, 0)->now_us + dice(t, 2) * MINUTE,
						       .deadline_us = twin(t, 0)->now_us + (1 + dice(t, 30)) * MINUTE,
						       .lease_until_us = dice(t, 2) ? twin(t, 0)->now_us + MINUTE : 0,
						       .on_hold = !dice(t, 10),
						       .hold_until_us = FAR,
						       .wake_keys = &key,
						       .wake_keys_count = 1 };
		d[1][i] = d[0][i];
	}
	for (unsigned i = 0; i < 2; i++) {
		a[i] = *world_accept_request(twin(t, i), (struct store_new_delivery[3]){ 0 }, 1);
		a[i].id = id;
		a[i].deliveries = d[i];
		a[i].deliveries_count = n;
		a[i].has_key = has_key;
		a[i].key[0] = number;
		a[i].body_hash[0] = body;
		a[i].charges = charges;
		a[i].charges_count = charged;
	}
	RUN(t, a, STORE_ACCEPT);
	assert_int_equal(a[0].failed_recipient_out, a[1].failed_recipient_out);
	if (a[0].base.answer != STORE_DONE)
		return;
	for (unsigned i = 0; i < n; i++) {
		assert_int_equal(d[0][i].leased_out, d[1][i].leased_out);
		if (t->ids_count < IDS_MAX)
			t->ids[t->ids_count++] = d[0][i].id_out;
	}
}

static void claim(struct twins *t)
{
	struct store_claim c[2];

	for (unsigned i = 0; i < 2; i++)
		c[i] = (struct store_claim){ .arena = arena_of(t, i),
					     .route = ROUTE,
					     .worker = TEXT_LITERAL("w"),
					     .lease_us = MINUTE,
					     .margin_us = USEC_PER_SEC,
					     .limit = 3 };
	RUN(t, c, STORE_CLAIM);
	assert_int_equal(c[0].rows_count_out, c[1].rows_count_out);
	same_rows(t, c[0].rows_out, c[1].rows_out);
}

static void renew(struct twins *t)
{
	struct message_id id = any_id(t);
	struct store_renew r = { .id = id,
				 .epoch = some_epoch(t, id),
				 .lease_until_us = twin(t, 0)->now_us + MINUTE,
				 .arm_bearer = dice(t, 3) ? TEXT_LITERAL("mms") : TEXT_LITERAL("sat") };
	struct store_renew pair[2] = { r, r };

	RUN(t, pair, STORE_RENEW);
}

static void release(struct twins *t)
{
	struct message_id id = any_id(t);
	struct store_release r = { .id = id,
				   .epoch = some_epoch(t, id),
				   .due_us = twin(t, 0)->now_us,
				   .route = ROUTE,
				   .bearer = TEXT_LITERAL("mms") };
	struct store_release pair[2] = { r, r };

	pair[0].trail = event(t, 0);
	pair[1].trail = event(t, 1);
	RUN(t, pair, STORE_RELEASE);
	assert_int_equal(pair[0].ended_out, pair[1].ended_out);
}

static void hold(struct twins *t)
{
	struct message_id id = any_id(t);
	struct text key = TEXT_LITERAL("wake");
	struct store_hold h = { .id = id,
				.epoch = some_epoch(t, id),
				.until_us = twin(t, 0)->now_us + MINUTE,
				.keys = &key,
				.keys_count = 1 };
	struct store_hold pair[2] = { h, h };

	RUN(t, pair, STORE_HOLD);
	assert_int_equal(pair[0].ended_out, pair[1].ended_out);
}

static void wake_and_decide(struct twins *t)
{
	struct store_wake w[2];

	for (unsigned i = 0; i < 2; i++)
		w[i] = (struct store_wake){ .arena = arena_of(t, i), .key = TEXT_LITERAL("wake"), .limit = 1 };
	RUN(t, w, STORE_WAKE);
	same_rows(t, w[0].rows_out, w[1].rows_out);
	if (!w[0].rows_out)
		return;
	struct store_charge charge = some_charge(t, 1);
	struct store_decide d = { .id = w[0].rows_out->id,
				  .epoch = w[0].rows_out->epoch,
				  .due_us = twin(t, 0)->now_us,
				  .route = ROUTE,
				  .bearer = TEXT_LITERAL("sms"),
				  .charge = dice(t, 2) ? &charge : NULL };
	struct store_decide pair[2] = { d, d };
	RUN(t, pair, STORE_DECIDE);
}

static void finish(struct twins *t)
{
	static const enum store_outcome outcomes[] = { OUTCOME_SENT, OUTCOME_SENT, OUTCOME_REFUSED, OUTCOME_DELIVERED };
	struct message_id id = any_id(t);
	char name[8];
	struct store_wire wire = { text_range(name, (size_t)snprintf(name, sizeof(name), "%u", dice(t, 40))), 1 };
	int64_t epoch = some_epoch(t, id), amount = dice(t, 14), await = dice(t, 2) ? twin(t, 0)->now_us + MINUTE : 0;
	enum store_outcome outcome = outcomes[dice(t, 4)];
	bool post = dice(t, 3) != 0;
	struct store_finish pair[2];

	for (unsigned i = 0; i < 2; i++) {
		pair[i] = *world_finish_request(twin(t, i), id, epoch, outcome);
		pair[i].post = post;
		pair[i].amount = amount;
		pair[i].await_until_us = await;
		pair[i].wires = &wire;
		pair[i].wires_count = 1;
		pair[i].trail = event(t, i);
	}
	RUN(t, pair, STORE_FINISH);
	assert_int_equal(pair[0].early_report_out, pair[1].early_report_out);
	assert_int_equal(pair[0].outcome_out, pair[1].outcome_out);
}

static void report(struct twins *t)
{
	static const struct text addresses[] = {
		{ "", 0 }, { "+81", 3 }, { "81", 2 }, { "+819012345678", 13 }, { "09012345678", 11 }
	};
	char names[3][8];
	struct text forms[3];
	unsigned count = 1 + dice(t, 3), first = dice(t, 40);

	for (unsigned i = 0; i < count; i++)
		forms[i] = text_range(names[i], (size_t)snprintf(names[i], 8, "%u", (first + 13 * i) % 40));
	struct store_report r = { .peer = TEXT_LITERAL("smsc"),
				  .wire_ids = forms,
				  .wire_ids_count = count,
				  .sure = !dice(t, 4),
				  .source = addresses[dice(t, 5)],
				  .destination = addresses[dice(t, 5)],
				  .has_delivery = !dice(t, 3),
				  .delivery = any_id(t),
				  .keep_until_us = dice(t, 2) ? FAR : twin(t, 0)->now_us + MINUTE,
				  .outcome = OUTCOME_SENT + dice(t, OUTCOME_COUNT - OUTCOME_SENT) };
	struct store_report pair[2] = { r, r };

	pair[0].arena = arena_of(t, 0);
	pair[1].arena = arena_of(t, 1);
	RUN(t, pair, STORE_REPORT);
	assert_int_equal(pair[0].early_out, pair[1].early_out);
	assert_int_equal(pair[0].final_out, pair[1].final_out);
}

static void doubt(struct twins *t)
{
	struct message_id id = any_id(t);
	struct store_in_doubt d = { .id = id, .epoch = some_epoch(t, id), .due_us = twin(t, 0)->now_us };
	struct store_in_doubt pair[2] = { d, d };

	RUN(t, pair, STORE_IN_DOUBT);
}

static void cancel(struct twins *t)
{
	struct store_cancel c = { .id = any_id(t) };

	if (dice(t, 2))
		c.id = message_id_of_delivery(c.id);
	struct store_cancel pair[2] = { c, c };
	pair[0].arena = arena_of(t, 0);
	pair[1].arena = arena_of(t, 1);
	RUN(t, pair, STORE_CANCEL);
	assert_int_equal(pair[0].result_out, pair[1].result_out);
}

static void refund(struct twins *t)
{
	struct store_refund r = { .key = { 7, (uint8_t)dice(t, 40) }, .delivery = any_id(t), .amount = dice(t, 12) };
	struct store_refund pair[2] = { r, r };

	RUN(t, pair, STORE_REFUND);
}

static void fund(struct twins *t)
{
	struct store_fund f = { .key = { 8, (uint8_t)dice(t, 80) },
				.currency = TEXT_LITERAL("JPY"),
				.amount = (int64_t)dice(t, 60) - 20 };

	memcpy(f.account_id, t->payers[dice(t, 2)].id, 16);
	if (!dice(t, 3))
		memcpy(f.from_id, t->payers[dice(t, 2)].id, 16);
	struct store_fund pair[2] = { f, f };
	RUN(t, pair, STORE_FUND);
}

static void cap(struct twins *t)
{
	struct store_cap c = {
		.kind = (uint8_t)(1 + dice(t, 2)), .from_us = WORLD_START, .until_us = FAR, .cap = dice(t, 150)
	};

	memcpy(c.account_id, t->payers[dice(t, 2)].id, 16);
	struct store_cap pair[2] = { c, c };
	RUN(t, pair, STORE_CAP_PUT);
	pair[0].until_us = pair[1].until_us = 0;
	RUN(t, pair, STORE_CAP_GET);
	assert_int_equal(pair[0].cap, pair[1].cap);
	assert_int_equal(pair[0].held_out, pair[1].held_out);
	assert_int_equal(pair[0].posted_out, pair[1].posted_out);
}

static void expire(struct twins *t)
{
	struct store_expire e[2] = { { .arena = arena_of(t, 0), .limit = 1000 },
				     { .arena = arena_of(t, 1), .limit = 1000 } };
	int64_t forward = dice(t, 3) * MINUTE / 2 + dice(t, 1000);

	world_clock(twin(t, 0), forward);
	world_clock(twin(t, 1), forward);
	RUN(t, e, STORE_EXPIRE);
	assert_int_equal(e[0].ended_out, e[1].ended_out);
	assert_int_equal(e[0].reported_out, e[1].reported_out);
	assert_int_equal(e[0].doubted_out, e[1].doubted_out);
}

static void compare(struct twins *t)
{
	struct store_sums a = world_sums(twin(t, 0)), b = world_sums(twin(t, 1));

	assert_int_equal(a.currencies_out, b.currencies_out);
	assert_memory_equal(a.by_currency_out, b.by_currency_out, sizeof(a.by_currency_out));
	assert_int_equal(a.waiting_out, b.waiting_out);
	assert_int_equal(a.leased_out, b.leased_out);
	assert_int_equal(a.handed_over_out, b.handed_over_out);
	assert_int_equal(a.finished_out, b.finished_out);
	assert_int_equal(a.on_hold_out, b.on_hold_out);
	assert_int_equal(a.cdr_seq_out, b.cdr_seq_out);
	for (unsigned i = 0; i < 2; i++) {
		struct store_account x = payer_account(twin(t, 0), &t->payers[i]),
				     y = payer_account(twin(t, 1), &t->payers[i]);
		assert_int_equal(x.posted_out, y.posted_out);
		assert_int_equal(x.held_out, y.held_out);
	}
}

/* What SQLite keeps in memory is read from its rows again; the other goes on. */
static void restart(struct twins *t)
{
	if (dice(t, 4))
		return;
	world_driver = WORLD_SQLITE;
	assert_true(world_reopen(twin(t, 0)));
}

static void (*const steps[])(struct twins *t) = {
	accept,	 accept, accept,	  accept, claim,  claim,  claim,   renew,  release,
	release, hold,	 wake_and_decide, finish, finish, finish, finish,  report, report,
	doubt,	 cancel, refund,	  fund,	  cap,	  expire, restart,
};

static void start(struct twins *t, uint64_t seed)
{
	*t = (struct twins){ .seed = seed };
	for (unsigned i = 0; i < 2; i++) {
		world_driver = i ? WORLD_MEMORY : WORLD_SQLITE;
		assert_int_equal(world_set_up(&t->states[i]), 0);
		t->payers[0] = payer_new(twin(t, i), 1, 200);
		t->payers[1] = payer_new(twin(t, i), 2, 100);
		for (uint8_t kind = 1; kind < 3; kind++) {
			struct store_cap c = { .kind = kind, .from_us = WORLD_START, .until_us = FAR, .cap = 150 };
			memcpy(c.account_id, t->payers[0].id, 16);
			assert_int_equal(DO(twin(t, i), &c, STORE_CAP_PUT), STORE_DONE);
		}
	}
}

static uint64_t number(const char *name, uint64_t otherwise)
{
	const char *value = getenv(name);
	uint64_t n = otherwise;

	if (value)
		(void)text_to_u64(text_of(value), UINT32_MAX, &n);
	return n;
}

static void both_drivers_agree(void **state)
{
	uint64_t only = number("CELLPOST_RUN", 0), runs = only ? only : number("CELLPOST_RUNS", 40);

	(void)state;
	for (uint64_t seed = only ? only : 1; seed <= runs; seed++) {
		struct twins *t = must_alloc(sizeof(*t));
		print_message("run %llu\n", (unsigned long long)seed);
		start(t, seed);
		for (t->step = 0; t->step < STEPS; t->step++) {
			steps[dice(t, sizeof(steps) / sizeof(steps[0]))](t);
			compare(t);
		}
		for (unsigned i = 0; i < t->ids_count; i++)
			(void)row_of(t, t->ids[i]);
		for (unsigned i = 0; i < 2; i++)
			(void)world_tear_down(&t->states[i]);
		free(t);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(both_drivers_agree) };

	log_set_level(LOG_STORE, LOG_LEVEL_COUNT);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
