/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Deliveries of every driver: each call done, repeated, in conflict, refused; leases, epochs, HOLD, reports, ends. */
#include "core/trail.h"
#include "tests/store/world.h"

static struct octets note(struct world *w, const char *detail)
{
	struct writer out = writer_of(arena_alloc(w->arena, TRAIL_EVENT_SIZE), TRAIL_EVENT_SIZE);

	trail_put(&out, &(struct trail_event){ w->now_us, TRAIL_NOTE, { 0 }, text_of(detail) });
	return (struct octets){ out.start, writer_len(&out) };
}

static void accept_by_key(void **state)
{
	struct world *w = *state;
	struct store_new_delivery d;
	struct store_accept *a = world_accept_request(w, &d, 1);
	struct message_id first = a->id;

	a->has_key = true;
	a->key[0] = 1;
	a->body_hash[0] = 2;
	a->answer = (struct octets){ "first", 5 };
	assert_int_equal(DO(w, a, STORE_ACCEPT), STORE_DONE);
	struct store_sums before = world_sums(w);
	a->id = world_id(w);
	a->answer = (struct octets){ "second", 6 };
	assert_int_equal(DO(w, a, STORE_ACCEPT), STORE_REPEAT);
	assert_true(message_id_equal(a->id_out, first));
	assert_int_equal(a->answer_out.len, 5);
	assert_memory_equal(a->answer_out.at, "first", 5);
	assert_true(message_id_equal(d.id_out, message_id_delivery(first, 1)));
	a->body_hash[0] = 3;
	assert_int_equal(DO(w, a, STORE_ACCEPT), STORE_CONFLICT);
	struct store_sums after = world_sums(w);
	world_same_sums(&before, &after);
	assert_int_equal(after.waiting_out, 1);
}

static void accept_by_id(void **state)
{
	struct world *w = *state;
	struct store_new_delivery d[3];
	struct store_accept *a = world_accept_request(w, d, 3);

	assert_int_equal(DO(w, a, STORE_ACCEPT), STORE_DONE);
	assert_int_equal(message_id_recipient(d[2].id_out), 3);
	assert_int_equal(DO(w, a, STORE_ACCEPT), STORE_REPEAT);
	a->text = TEXT_LITERAL("other");
	assert_int_equal(DO(w, a, STORE_ACCEPT), STORE_CONFLICT);
	a->has_key = true;
	assert_int_equal(DO(w, a, STORE_ACCEPT), STORE_CONFLICT);
	a->id = world_id(w); /* the key of the refused one is free */
	assert_int_equal(DO(w, a, STORE_ACCEPT), STORE_DONE);
	a->deliveries_count = 0;
	assert_int_equal(DO(w, a, STORE_ACCEPT), STORE_REFUSED);
	assert_int_equal(a->base.refusal, STORE_BAD_REQUEST);
	assert_int_equal(world_sums(w).waiting_out, 6);
}

static void renew_within_its_epoch(void **state)
{
	struct world *w = *state;
	struct store_new_delivery *d = world_accept(w, 1, true);
	struct store_renew r = {
		.id = d->id_out, .epoch = 1, .lease_until_us = w->now_us + 1000, .arm_bearer = TEXT_LITERAL("mms")
	};

	assert_int_equal(DO(w, &r, STORE_RENEW), STORE_DONE);
	assert_true(text_is(world_row(w, d->id_out)->bearer, "mms"));
	assert_int_equal(world_row(w, d->id_out)->lease_us, w->now_us + 1000);
	r.epoch = 2;
	assert_int_equal(DO(w, &r, STORE_RENEW), STORE_REFUSED);
	assert_int_equal(r.base.refusal, STORE_STALE_EPOCH);
	r.id = world_id(w);
	assert_int_equal(DO(w, &r, STORE_RENEW), STORE_REFUSED);
	assert_int_equal(r.base.refusal, STORE_NOT_FOUND);
	assert_int_equal(world_finish(w, d->id_out, 1, OUTCOME_SENT), STORE_DONE);
	r.id = d->id_out;
	r.epoch = 1;
	assert_int_equal(DO(w, &r, STORE_RENEW), STORE_REFUSED);
	assert_int_equal(r.base.refusal, STORE_ENDED);
}

static void release_and_claim_again(void **state)
{
	struct world *w = *state;
	struct store_new_delivery *d = world_accept(w, 1, true);
	struct store_release r = { .id = d->id_out,
				   .epoch = 1,
				   .due_us = w->now_us + 1000,
				   .route = ROUTE,
				   .bearer = TEXT_LITERAL("mms"),
				   .trail = note(w, "again") };

	assert_int_equal(DO(w, &r, STORE_RELEASE), STORE_DONE);
	assert_int_equal(world_claim(w, 10)->rows_count_out, 0); /* not due */
	world_clock(w, 1000);
	struct store_claim *c = world_claim(w, 10);
	assert_int_equal(c->rows_count_out, 1);
	assert_int_equal(c->rows_out->attempt, 2);
	assert_int_equal(c->rows_out->epoch, 2);
	assert_true(text_is(c->rows_out->bearer, "mms"));
	assert_int_equal(trail_count(c->rows_out->trail.at, c->rows_out->trail.len), 1);
	assert_int_equal(DO(w, &r, STORE_RELEASE), STORE_REFUSED);
	assert_int_equal(r.base.refusal, STORE_STALE_EPOCH);
}

static void no_claim_near_the_deadline(void **state)
{
	struct world *w = *state;
	struct store_new_delivery d;
	struct store_accept *a = world_accept_request(w, &d, 1);
	struct store_claim c = { .arena = w->arena,
				 .route = ROUTE,
				 .worker = TEXT_LITERAL("w"),
				 .lease_us = 1000,
				 .margin_us = 500,
				 .limit = 1 };

	d.deadline_us = w->now_us + 1500;
	assert_int_equal(DO(w, a, STORE_ACCEPT), STORE_DONE);
	assert_int_equal(DO(w, &c, STORE_CLAIM), STORE_DONE);
	assert_int_equal(c.rows_count_out, 0);
	c.margin_us = 499;
	assert_int_equal(DO(w, &c, STORE_CLAIM), STORE_DONE);
	assert_int_equal(c.rows_count_out, 1);
}

static void a_lease_that_ran_out_is_doubt(void **state)
{
	struct world *w = *state;
	struct store_new_delivery *d = world_accept(w, 1, true);
	struct store_expire e = { .arena = w->arena, .limit = 10 };

	assert_int_equal(DO(w, &e, STORE_EXPIRE), STORE_DONE);
	assert_int_equal(e.doubted_out, 0);
	world_clock(w, 60 * USEC_PER_SEC);
	assert_int_equal(DO(w, &e, STORE_EXPIRE), STORE_DONE);
	assert_int_equal(e.doubted_out, 1);
	assert_true(world_row(w, d->id_out)->doubt);
	struct store_hold h = { .id = d->id_out, .epoch = 1, .until_us = FAR };
	assert_int_equal(DO(w, &h, STORE_HOLD), STORE_REFUSED);
	assert_int_equal(h.base.refusal, STORE_DOUBT);
	struct store_claim *c = world_claim(w, 1);
	assert_int_equal(c->rows_out->attempt, 1); /* the same attempt once more */
	assert_int_equal(c->rows_out->epoch, 2);
	assert_true(c->rows_out->doubt);
	assert_int_equal(world_finish(w, d->id_out, 1, OUTCOME_SENT), STORE_REFUSED);
	assert_int_equal(world_finish(w, d->id_out, 2, OUTCOME_SENT), STORE_DONE);
}

static void a_late_result_counts_until_claimed(void **state)
{
	struct world *w = *state;
	struct store_new_delivery *d = world_accept(w, 1, true);
	struct store_in_doubt doubt = { .id = d->id_out, .epoch = 1, .due_us = w->now_us };

	assert_int_equal(DO(w, &doubt, STORE_IN_DOUBT), STORE_DONE);
	assert_int_equal(DO(w, &doubt, STORE_IN_DOUBT), STORE_REPEAT);
	assert_int_equal(world_finish(w, d->id_out, 1, OUTCOME_SENT), STORE_DONE);
	assert_int_equal(world_finish(w, d->id_out, 1, OUTCOME_SENT), STORE_REPEAT);
	assert_int_equal(world_finish(w, d->id_out, 1, OUTCOME_DELIVERED), STORE_CONFLICT);
	assert_int_equal(world_row(w, d->id_out)->state, DELIVERY_FINISHED);
	assert_false(world_row(w, d->id_out)->doubt);
}

static void expire_ends_what_is_over(void **state)
{
	struct world *w = *state;
	struct store_new_delivery d;
	struct store_accept *a = world_accept_request(w, &d, 1);
	struct store_expire e = { .arena = w->arena, .limit = 10 };

	d.deadline_us = w->now_us + 1000;
	assert_int_equal(DO(w, a, STORE_ACCEPT), STORE_DONE);
	struct store_new_delivery *sent = world_accept(w, 0, true);
	struct store_finish *f = world_finish_request(w, sent->id_out, 1, OUTCOME_SENT);
	f->await_until_us = w->now_us + 1000;
	assert_int_equal(DO(w, f, STORE_FINISH), STORE_DONE);
	world_clock(w, 1000);
	assert_int_equal(DO(w, &e, STORE_EXPIRE), STORE_DONE);
	assert_int_equal(e.ended_out, 2);
	assert_int_equal(world_row(w, d.id_out)->outcome, OUTCOME_EXPIRED);
	assert_int_equal(world_row(w, sent->id_out)->outcome, OUTCOME_UNKNOWN);
}

static struct store_report *report(struct world *w, const char *wire, enum store_outcome outcome)
{
	struct store_report *r = arena_alloc(w->arena, sizeof(*r));
	struct text *forms = arena_alloc(w->arena, 2 * sizeof(*forms));

	forms[0] = text_of("another form");
	forms[1] = text_of(wire);
	*r = (struct store_report){ .arena = w->arena,
				    .peer = TEXT_LITERAL("smsc"),
				    .wire_ids = forms,
				    .wire_ids_count = 2,
				    .source = TEXT_LITERAL("81"),
				    .outcome = outcome,
				    .keep_until_us = FAR };
	world_do(w, &r->base, STORE_REPORT);
	return r;
}

static void reports_only_rise(void **state)
{
	struct world *w = *state;
	struct store_new_delivery *d = world_accept(w, 1, true);
	struct store_finish *f = world_finish_request(w, d->id_out, 1, OUTCOME_SENT);
	const struct store_wire wires[] = { { TEXT_LITERAL("a"), 1 }, { TEXT_LITERAL("b"), 2 } };

	f->await_until_us = FAR;
	f->wires = wires;
	f->wires_count = 2;
	assert_int_equal(DO(w, f, STORE_FINISH), STORE_DONE);
	assert_int_equal(world_row(w, d->id_out)->state, DELIVERY_HANDED_OVER);
	assert_false(report(w, "a", OUTCOME_DELIVERED)->final_out); /* one of two segments */
	struct store_report *r = report(w, "b", OUTCOME_DELIVERED);
	assert_true(r->final_out);
	assert_true(message_id_equal(r->id_out, d->id_out));
	assert_int_equal(report(w, "b", OUTCOME_DELIVERED)->base.answer, STORE_REPEAT);
	assert_int_equal(report(w, "b", OUTCOME_SENT)->base.answer, STORE_DONE); /* an event */
	assert_int_equal(world_row(w, d->id_out)->outcome, OUTCOME_DELIVERED);
	struct store_report own = {
		.arena = w->arena, .has_delivery = true, .delivery = d->id_out, .outcome = OUTCOME_REFUSED
	};
	assert_int_equal(DO(w, &own, STORE_REPORT), STORE_CONFLICT);
	own.outcome = OUTCOME_DISPLAYED;
	assert_int_equal(DO(w, &own, STORE_REPORT), STORE_DONE);
	assert_int_equal(world_row(w, d->id_out)->outcome, OUTCOME_DISPLAYED);
}

static void the_worst_segment_counts(void **state)
{
	struct world *w = *state;
	struct store_new_delivery *d = world_accept(w, 1, true);
	struct store_finish *f = world_finish_request(w, d->id_out, 1, OUTCOME_SENT);
	const struct store_wire wires[] = { { TEXT_LITERAL("another form"), 1 }, { TEXT_LITERAL("b"), 2 } };

	assert_true(report(w, "b", OUTCOME_REFUSED)->early_out); /* kept under its best form, which nobody has */
	f->await_until_us = FAR;
	f->wires = wires;
	f->wires_count = 2;
	assert_int_equal(DO(w, f, STORE_FINISH), STORE_DONE);
	assert_true(f->early_report_out);
	assert_int_equal(f->outcome_out, OUTCOME_SENT);
	struct text form = TEXT_LITERAL("b");
	struct store_report r = { .arena = w->arena,
				  .peer = TEXT_LITERAL("smsc"),
				  .wire_ids = &form,
				  .wire_ids_count = 1,
				  .outcome = OUTCOME_DELIVERED };
	assert_int_equal(DO(w, &r, STORE_REPORT), STORE_DONE);
	assert_int_equal(world_row(w, d->id_out)->outcome, OUTCOME_REFUSED);
}

static void cancel_in_each_state(void **state)
{
	struct world *w = *state;
	struct store_new_delivery *leased = world_accept(w, 1, true), *waiting = world_accept(w, 2, false);
	struct store_cancel c = { .arena = w->arena, .id = waiting->id_out, .only_account = true, .account_id = { 9 } };

	assert_int_equal(DO(w, &c, STORE_CANCEL), STORE_REFUSED);
	assert_int_equal(c.base.refusal, STORE_NOT_FOUND);
	c.only_account = false;
	assert_int_equal(DO(w, &c, STORE_CANCEL), STORE_DONE);
	assert_int_equal(c.result_out, CANCEL_ENDED);
	assert_int_equal(DO(w, &c, STORE_CANCEL), STORE_DONE);
	assert_int_equal(c.result_out, CANCEL_TOO_LATE);
	c.id = message_id_of_delivery(leased->id_out);
	assert_int_equal(DO(w, &c, STORE_CANCEL), STORE_DONE);
	assert_int_equal(c.result_out, CANCEL_IN_FLIGHT);
	struct store_release r = { .id = leased->id_out, .epoch = 1, .route = ROUTE };
	assert_int_equal(DO(w, &r, STORE_RELEASE), STORE_DONE);
	assert_true(r.ended_out);
	assert_int_equal(world_row(w, leased->id_out)->outcome, OUTCOME_CANCELLED);
}

static bool due(struct world *w, const struct store_row *row, const char *route)
{
	struct store_due d = {
		.route = text_of(route), .recipient = row->recipient, .lane = row->lane, .due_us = w->now_us
	};

	assert_int_equal(DO(w, &d, STORE_DUE), STORE_DONE);
	return d.moved_out;
}

static void what_waits_for_later_can_be_due_now(void **state)
{
	struct world *w = *state;
	struct store_new_delivery *d = world_accept(w, 1, true);
	struct store_release r = { .id = d->id_out, .epoch = 1, .due_us = w->now_us + 1000, .route = ROUTE };

	assert_false(due(w, world_row(w, d->id_out), "r")); /* leased */
	assert_int_equal(DO(w, &r, STORE_RELEASE), STORE_DONE);
	assert_int_equal(world_claim(w, 10)->rows_count_out, 0);
	assert_false(due(w, world_row(w, d->id_out), "another"));
	struct store_row *row = world_row(w, d->id_out);
	assert_true(due(w, row, "r"));
	assert_false(due(w, row, "r"));
	assert_int_equal(world_claim(w, 10)->rows_count_out, 1);
}

static void a_long_trail_is_folded(void **state)
{
	struct world *w = *state;
	struct store_new_delivery *d = world_accept(w, 1, true);
	struct store_release r = { .id = d->id_out, .route = ROUTE, .trail = note(w, "tried") };

	for (int64_t epoch = 1; epoch < 100; epoch++) {
		r.epoch = epoch;
		assert_int_equal(DO(w, &r, STORE_RELEASE), STORE_DONE);
		assert_int_equal(world_claim(w, 1)->rows_count_out, 1);
	}
	struct store_row *row = world_row(w, d->id_out);
	assert_int_equal(trail_count(row->trail.at, row->trail.len), TRAIL_EVENTS_MAX);
}

static unsigned scan(struct world *w, const char *route, const char *recipient, int state, struct message_id *first)
{
	struct store_scan s = {
		.arena = w->arena, .route = text_of(route), .recipient = text_of(recipient), .state = state, .limit = 3
	};

	assert_int_equal(DO(w, &s, STORE_SCAN), STORE_DONE);
	if (s.rows_out)
		*first = s.rows_out->id;
	return s.rows_count_out;
}

static void operators_find_rows(void **state)
{
	struct world *w = *state;
	struct store_new_delivery *d[6];
	struct message_id id;

	for (unsigned i = 0; i < 6; i++)
		d[i] = world_accept(w, 0, i < 3);
	assert_int_equal(world_finish(w, d[0]->id_out, 1, OUTCOME_SENT), STORE_DONE);
	struct store_finish *f = world_finish_request(w, d[1]->id_out, 1, OUTCOME_SENT);
	f->await_until_us = FAR;
	assert_int_equal(DO(w, f, STORE_FINISH), STORE_DONE);
	assert_int_equal(scan(w, "", "", -1, &id), 3);
	assert_true(message_id_equal(id, d[5]->id_out));
	assert_int_equal(scan(w, "r", "+81", DELIVERY_WAITING, &id), 3);
	assert_true(message_id_equal(id, d[5]->id_out));
	assert_int_equal(scan(w, "", "+82", DELIVERY_WAITING, &id), 0);
	assert_int_equal(scan(w, "other", "", -1, &id), 0);
	assert_int_equal(scan(w, "", "+81", DELIVERY_LEASED, &id), 1);
	assert_true(message_id_equal(id, d[2]->id_out));
	assert_int_equal(scan(w, "r", "", DELIVERY_HANDED_OVER, &id), 1);
	assert_true(message_id_equal(id, d[1]->id_out));
	assert_int_equal(scan(w, "", "", DELIVERY_FINISHED, &id), 1);
	assert_true(message_id_equal(id, d[0]->id_out));
}

int conform_deliveries(void)
{
#define CASE(f) cmocka_unit_test_setup_teardown(f, world_set_up, world_tear_down)
	const struct CMUnitTest tests[] = {
		CASE(accept_by_key),
		CASE(accept_by_id),
		CASE(renew_within_its_epoch),
		CASE(release_and_claim_again),
		CASE(what_waits_for_later_can_be_due_now),
		CASE(no_claim_near_the_deadline),
		CASE(a_lease_that_ran_out_is_doubt),
		CASE(a_late_result_counts_until_claimed),
		CASE(expire_ends_what_is_over),
		CASE(reports_only_rise),
		CASE(the_worst_segment_counts),
		CASE(cancel_in_each_state),
		CASE(a_long_trail_is_folded),
		CASE(operators_find_rows),
	};
	return cmocka_run_group_tests_name("deliveries", tests, NULL, NULL);
}
