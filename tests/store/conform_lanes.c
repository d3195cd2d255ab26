/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Order within lanes, and rows that leave their lane for HOLD and come back. */
#include <stdlib.h>

#include "tests/store/world.h"

static enum store_answer hold(struct world *w, const struct store_new_delivery *d, int64_t epoch, const char *key)
{
	struct text keys[1] = { text_of(key) };
	struct store_hold h = {
		.id = d->id_out, .epoch = epoch, .until_us = w->now_us + 1000, .keys = keys, .keys_count = 1
	};

	return DO(w, &h, STORE_HOLD);
}

static struct store_row *wake(struct world *w, const char *key)
{
	struct store_wake k = { .arena = w->arena, .key = text_of(key), .limit = 10 };

	assert_int_equal(DO(w, &k, STORE_WAKE), STORE_DONE);
	return k.rows_out;
}

static struct store_decide *decide(struct world *w, const struct store_row *row)
{
	struct store_decide *d = arena_alloc(w->arena, sizeof(*d));

	*d = (struct store_decide){
		.id = row->id, .epoch = row->epoch, .due_us = w->now_us, .route = ROUTE, .bearer = TEXT_LITERAL("sms")
	};
	world_do(w, &d->base, STORE_DECIDE);
	return d;
}

static bool claimed(const struct store_claim *c, const struct store_new_delivery *d)
{
	return c->rows_count_out == 1 && message_id_equal(c->rows_out->id, d->id_out);
}

static void held_rows_block_nobody(void **state)
{
	struct world *w = *state;
	struct store_new_delivery *first = world_accept(w, 5, true), *second = world_accept(w, 5, true);

	assert_false(second->leased_out);
	assert_int_equal(world_claim(w, 10)->rows_count_out, 0);
	assert_int_equal(hold(w, first, 1, "reach:+81"), STORE_DONE);
	assert_true(claimed(world_claim(w, 10), second));
	assert_int_equal(world_sums(w).on_hold_out, 1);
	assert_null(wake(w, "reach:+82"));
	assert_null(wake(w, "")); /* not past its time yet */
	struct store_row *row = wake(w, "reach:+81");
	assert_non_null(row);
	assert_int_equal(row->parked, 2);
	assert_int_equal(row->route.len, 0);
	world_clock(w, 1000);
	assert_non_null(wake(w, ""));
	assert_int_equal(decide(w, row)->base.answer, STORE_DONE); /* parks: the second is under way */
	assert_int_equal(decide(w, row)->base.answer, STORE_REPEAT);
	assert_null(wake(w, "reach:+81"));
	assert_int_equal(world_claim(w, 10)->rows_count_out, 0);
	assert_int_equal(world_finish(w, second->id_out, 1, OUTCOME_SENT), STORE_DONE);
	assert_true(claimed(world_claim(w, 10), first));
}

static void an_older_row_comes_back_before_a_younger(void **state)
{
	struct world *w = *state;
	struct store_new_delivery *first = world_accept(w, 5, true), *second = world_accept(w, 5, false);

	assert_int_equal(hold(w, first, 1, "k"), STORE_DONE);
	assert_int_equal(decide(w, wake(w, "k"))->base.answer, STORE_DONE);
	assert_true(claimed(world_claim(w, 10), first));
	assert_int_equal(world_finish(w, first->id_out, 2, OUTCOME_SENT), STORE_DONE);
	assert_true(claimed(world_claim(w, 10), second));
}

static void a_released_row_gives_way_to_an_older(void **state)
{
	struct world *w = *state;
	struct store_new_delivery *first = world_accept(w, 5, true), *second = world_accept(w, 5, false);

	assert_int_equal(hold(w, first, 1, "k"), STORE_DONE);
	assert_true(claimed(world_claim(w, 10), second));
	assert_int_equal(decide(w, wake(w, "k"))->base.answer, STORE_DONE);
	struct store_release r = { .id = second->id_out, .epoch = 1, .route = ROUTE, .bearer = TEXT_LITERAL("sms") };
	assert_int_equal(DO(w, &r, STORE_RELEASE), STORE_DONE);
	assert_true(claimed(world_claim(w, 10), first));
}

static void held_while_waiting_and_again(void **state)
{
	struct world *w = *state;
	struct store_new_delivery *first = world_accept(w, 5, false), *second = world_accept(w, 5, false);

	assert_int_equal(hold(w, second, 0, "a"), STORE_DONE); /* parked behind the first */
	assert_int_equal(hold(w, second, 0, "b"), STORE_DONE);
	assert_null(wake(w, "a"));
	assert_non_null(wake(w, "b"));
	assert_int_equal(hold(w, second, 1, "c"), STORE_REFUSED);
	struct store_cancel c = { .arena = w->arena, .id = second->id_out };
	assert_int_equal(DO(w, &c, STORE_CANCEL), STORE_DONE);
	assert_int_equal(c.result_out, CANCEL_ENDED);
	assert_null(wake(w, "b"));
	assert_true(claimed(world_claim(w, 10), first));
	assert_int_equal(hold(w, second, 0, "b"), STORE_REFUSED);
}

static void born_on_hold(void **state)
{
	struct world *w = *state;
	struct text key = TEXT_LITERAL("consent:1");
	struct store_new_delivery d;
	struct store_accept *a = world_accept_request(w, &d, 1);

	d.has_lane = true;
	d.lane = 5;
	d.on_hold = true;
	d.hold_until_us = FAR;
	d.wake_keys = &key;
	d.wake_keys_count = 1;
	d.lease_until_us = FAR;
	assert_int_equal(DO(w, a, STORE_ACCEPT), STORE_DONE);
	assert_false(d.leased_out);
	assert_true(world_accept(w, 5, true)->leased_out);
	assert_non_null(wake(w, "consent:1"));
	assert_int_equal(world_sums(w).on_hold_out, 1);
}

static void a_held_row_asked_to_cancel_ends(void **state)
{
	struct world *w = *state;
	struct store_new_delivery *d = world_accept(w, 5, true);
	struct store_cancel c = { .arena = w->arena, .id = d->id_out };
	struct store_hold h = { .id = d->id_out, .epoch = 1, .until_us = FAR };

	assert_int_equal(DO(w, &c, STORE_CANCEL), STORE_DONE);
	assert_int_equal(DO(w, &h, STORE_HOLD), STORE_DONE);
	assert_true(h.ended_out);
	assert_int_equal(world_row(w, d->id_out)->outcome, OUTCOME_CANCELLED);
}

/* The second becomes head by the end of the first, and ends in the same call. */
static void several_of_a_lane_end_at_once(void **state)
{
	struct world *w = *state;
	struct store_new_delivery d[3], *last;
	struct store_accept *a = world_accept_request(w, d, 3);
	struct store_expire e = { .arena = w->arena, .limit = 10 };
	struct store_cancel c = { .arena = w->arena };

	for (unsigned i = 0; i < 3; i++) {
		d[i].has_lane = true;
		d[i].lane = 5;
		d[i].deadline_us = w->now_us + 1000;
	}
	assert_int_equal(DO(w, a, STORE_ACCEPT), STORE_DONE);
	last = world_accept(w, 5, false);
	world_clock(w, 1000);
	assert_int_equal(DO(w, &e, STORE_EXPIRE), STORE_DONE);
	assert_int_equal(e.ended_out, 3);
	assert_true(claimed(world_claim(w, 10), last));
	assert_int_equal(world_finish(w, last->id_out, 1, OUTCOME_SENT), STORE_DONE);
	a->id = c.id = world_id(w);
	for (unsigned i = 0; i < 3; i++)
		d[i].deadline_us = FAR;
	assert_int_equal(DO(w, a, STORE_ACCEPT), STORE_DONE);
	last = world_accept(w, 5, false);
	assert_int_equal(DO(w, &c, STORE_CANCEL), STORE_DONE);
	assert_true(claimed(world_claim(w, 10), last));
}

static void routes_say_what_waits(void **state)
{
	struct world *w = *state;
	struct store_routes r = { .arena = w->arena };
	struct store_new_delivery d[2];

	world_accept(w, 5, true);
	world_accept(w, 5, false);
	struct store_accept *a = world_accept_request(w, d, 2);
	d[0].route = d[1].route = TEXT_LITERAL("other");
	d[0].due_us = w->now_us + 5;
	d[1].due_us = w->now_us + 3;
	assert_int_equal(DO(w, a, STORE_ACCEPT), STORE_DONE);
	for (unsigned round = 0; round < 2; round++) {
		assert_int_equal(DO(w, &r, STORE_ROUTES), STORE_DONE);
		assert_int_equal(r.rows_count_out, 2);
		assert_true(text_is(r.rows_out->route, "other"));
		assert_int_equal(r.rows_out->waiting, 2);
		assert_int_equal(r.rows_out->earliest_due_us, w->now_us + 3);
		assert_int_equal(r.rows_out->next->waiting, 1);
		assert_int_equal(r.rows_out->next->earliest_due_us, INT64_MAX);
		if (!world_reopen(w))
			break;
	}
}

#define ROWS 2000u
#define LANES 50u
#define WORKERS 8u

struct worker {
	struct store_row *row; /* in flight */
};

struct order_test {
	struct worker workers[WORKERS];
	unsigned in_flight[LANES + 1];
	struct message_id last[LANES + 1]; /* the newest finished */
};

static void claim_for(struct world *w, struct order_test *t, struct worker *worker)
{
	worker->row = world_claim(w, 1)->rows_out;
	if (!worker->row)
		return;
	int64_t lane = worker->row->lane;
	assert_int_equal(t->in_flight[lane], 0);
	assert_true(memcmp(worker->row->id.octets, t->last[lane].octets, MESSAGE_ID_SIZE) > 0);
	t->in_flight[lane] = 1;
}

/* One in eight is put back instead; it stays the lane's next. */
static bool end_of(struct world *w, struct order_test *t, struct worker *worker, int dice)
{
	const struct store_row *row = worker->row;

	worker->row = NULL;
	t->in_flight[row->lane] = 0;
	if (dice == 0) {
		struct store_release r = { .id = row->id,
					   .epoch = row->epoch,
					   .due_us = w->now_us,
					   .route = ROUTE,
					   .bearer = TEXT_LITERAL("sms") };
		assert_int_equal(DO(w, &r, STORE_RELEASE), STORE_DONE);
		return false;
	}
	assert_int_equal(world_finish(w, row->id, row->epoch, OUTCOME_SENT), STORE_DONE);
	t->last[row->lane] = row->id;
	return true;
}

static void order_is_kept(void **state)
{
	struct world *w = *state;
	struct order_test *t = arena_alloc(w->arena, sizeof(*t));
	struct store_new_delivery *d = arena_alloc(w->arena, ROWS * sizeof(*d));
	unsigned finished = 0;

	srand(7);
	for (unsigned i = 0; i < ROWS; i++) {
		struct store_accept *a = world_accept_request(w, &d[i], 1);
		d[i].has_lane = true;
		d[i].lane = 1 + rand() % (int)LANES;
		world_submit(w, &a->base, STORE_ACCEPT);
	}
	world_wait(w);
	while (finished < ROWS) {
		struct worker *worker = &t->workers[(unsigned)rand() % WORKERS];
		if (worker->row)
			finished += end_of(w, t, worker, rand() % 8);
		else
			claim_for(w, t, worker);
	}
	assert_int_equal(world_sums(w).finished_out, ROWS);
	assert_int_equal(world_sums(w).cdr_seq_out, ROWS);
}

int conform_lanes(void)
{
#define CASE(f) cmocka_unit_test_setup_teardown(f, world_set_up, world_tear_down)
	const struct CMUnitTest tests[] = {
		CASE(held_rows_block_nobody),
		CASE(an_older_row_comes_back_before_a_younger),
		CASE(a_released_row_gives_way_to_an_older),
		CASE(held_while_waiting_and_again),
		CASE(born_on_hold),
		CASE(a_held_row_asked_to_cancel_ends),
		CASE(several_of_a_lane_end_at_once),
		CASE(routes_say_what_waits),
		CASE(order_is_kept),
	};
	return cmocka_run_group_tests_name("lanes", tests, NULL, NULL);
}
