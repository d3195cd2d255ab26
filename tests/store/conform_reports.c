/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reports whose id reads like another message's in another base, and reports that overtake the id they name. */
#include "tests/store/world.h"

#define TO_ANN "+819011111111"
#define TO_BEN "+819022222222"

/* A delivery to that number, at work. */
static struct message_id send_to(struct world *w, const char *recipient)
{
	struct store_new_delivery *d = arena_alloc(w->arena, sizeof(*d));
	struct store_accept *a = world_accept_request(w, d, 1);

	d->recipient = text_of(recipient);
	d->lease_until_us = w->now_us + 60 * USEC_PER_SEC;
	assert_int_equal(DO(w, a, STORE_ACCEPT), STORE_DONE);
	return d->id_out;
}

/* The peer took it under that id. */
static struct store_finish *taken_as(struct world *w, struct message_id id, const char *wire)
{
	struct store_finish *f = world_finish_request(w, id, 1, OUTCOME_SENT);
	struct store_wire *one = arena_alloc(w->arena, sizeof(*one));

	*one = (struct store_wire){ text_of(wire), 1 };
	f->await_until_us = FAR;
	f->wires = one;
	f->wires_count = 1;
	assert_int_equal(DO(w, f, STORE_FINISH), STORE_DONE);
	return f;
}

/* Delivered, says a receipt with two readings of its id. */
static struct store_report *receipt(struct world *w, const char *first, const char *second, const char *source,
				    bool sure)
{
	struct store_report *r = arena_alloc(w->arena, sizeof(*r));
	struct text *forms = arena_alloc(w->arena, 2 * sizeof(*forms));

	forms[0] = text_of(first);
	forms[1] = text_of(second);
	*r = (struct store_report){ .arena = w->arena,
				    .peer = TEXT_LITERAL("smsc"),
				    .wire_ids = forms,
				    .wire_ids_count = 2,
				    .sure = sure,
				    .source = text_of(source),
				    .outcome = OUTCOME_DELIVERED,
				    .keep_until_us = FAR };
	assert_int_equal(DO(w, r, STORE_REPORT), STORE_DONE);
	return r;
}

static enum store_outcome outcome_of(struct world *w, struct message_id id)
{
	return world_row(w, id)->outcome;
}

static unsigned expire(struct world *w)
{
	struct store_expire e = { .arena = w->arena, .limit = 10 };

	assert_int_equal(DO(w, &e, STORE_EXPIRE), STORE_DONE);
	assert_int_equal(e.ended_out, 0);
	return e.reported_out;
}

static void another_reading_needs_its_recipient(void **state)
{
	struct world *w = *state;
	struct message_id ann = send_to(w, TO_ANN), ben = send_to(w, TO_BEN);

	(void)taken_as(w, ann, "16");
	assert_true(receipt(w, "10", "16", "09022222222", false)->early_out);
	assert_int_equal(outcome_of(w, ann), OUTCOME_SENT);
	struct store_finish *f = taken_as(w, ben, "10");
	assert_true(f->early_report_out);
	assert_int_equal(f->outcome_out, OUTCOME_DELIVERED);
	assert_int_equal(outcome_of(w, ann), OUTCOME_SENT);
	assert_true(receipt(w, "ff", "16", "9011111111", false)->final_out);
	assert_int_equal(outcome_of(w, ann), OUTCOME_DELIVERED);
}

/* The peer answers in hexadecimal and reports in decimal; 10 is another message's. */
static void the_first_reading_waits_when_an_address_speaks_against_it(void **state)
{
	struct world *w = *state;
	struct message_id ann = send_to(w, TO_ANN), ben = send_to(w, TO_BEN);

	(void)taken_as(w, ann, "10");
	assert_true(receipt(w, "10", "a", TO_BEN, false)->early_out);
	assert_int_equal(outcome_of(w, ann), OUTCOME_SENT);
	assert_int_equal(taken_as(w, ben, "a")->outcome_out, OUTCOME_DELIVERED);
	world_clock(w, STORE_EARLY_DOUBT_US);
	assert_int_equal(expire(w), 0);
	assert_int_equal(outcome_of(w, ann), OUTCOME_SENT);
}

static void what_nobody_claims_is_the_first_readings(void **state)
{
	struct world *w = *state;
	struct message_id ann = send_to(w, TO_ANN), ben = send_to(w, TO_BEN);

	(void)taken_as(w, ann, "10");
	assert_true(receipt(w, "10", "a", "12345", false)->early_out); /* a peer that writes other addresses */
	assert_false(taken_as(w, ben, "a")->early_report_out);
	assert_int_equal(expire(w), 0);
	world_clock(w, STORE_EARLY_DOUBT_US);
	assert_int_equal(expire(w), 1);
	assert_int_equal(outcome_of(w, ann), OUTCOME_DELIVERED);
	assert_int_equal(outcome_of(w, ben), OUTCOME_SENT);
	assert_int_equal(expire(w), 0);
}

/* It came before anybody had the first reading, which then comes with another recipient. */
static void a_doubtful_early_one_is_not_kept_for_long(void **state)
{
	struct world *w = *state;
	struct message_id ann = send_to(w, TO_ANN);

	assert_true(receipt(w, "10", "a", "12345", false)->early_out);
	assert_false(taken_as(w, ann, "10")->early_report_out);
	world_clock(w, STORE_EARLY_DOUBT_US - 1);
	assert_int_equal(expire(w), 0);
	world_clock(w, 1);
	assert_int_equal(expire(w), 1);
	assert_int_equal(outcome_of(w, ann), OUTCOME_DELIVERED);
}

static void a_sure_first_reading_needs_no_address(void **state)
{
	struct world *w = *state;
	struct message_id ann = send_to(w, TO_ANN), ben = send_to(w, TO_BEN);

	(void)taken_as(w, ann, "10");
	assert_true(receipt(w, "10", "a", "12345", true)->final_out);
	assert_true(receipt(w, "b", "a", "12345", true)->early_out);
	assert_true(taken_as(w, ben, "b")->early_report_out);
	assert_int_equal(outcome_of(w, ben), OUTCOME_DELIVERED);
}

static void without_addresses_the_first_reading_alone_counts(void **state)
{
	struct world *w = *state;
	struct message_id ann = send_to(w, TO_ANN), ben = send_to(w, TO_BEN);

	(void)taken_as(w, ann, "16");
	assert_true(receipt(w, "10", "16", "", false)->early_out);
	assert_int_equal(outcome_of(w, ann), OUTCOME_SENT);
	assert_true(taken_as(w, ben, "10")->early_report_out);
	assert_true(receipt(w, "16", "22", "", false)->final_out);
	assert_int_equal(outcome_of(w, ann), OUTCOME_DELIVERED);
}

static void the_reading_that_agrees_goes_before_the_first(void **state)
{
	struct world *w = *state;
	struct message_id ann = send_to(w, TO_ANN), ben = send_to(w, TO_BEN);

	(void)taken_as(w, ann, "10");
	(void)taken_as(w, ben, "a");
	assert_true(receipt(w, "10", "a", TO_BEN, false)->final_out);
	assert_int_equal(outcome_of(w, ann), OUTCOME_SENT);
	assert_int_equal(outcome_of(w, ben), OUTCOME_DELIVERED);
}

static void a_lower_word_of_one_part_is_a_conflict(void **state)
{
	struct world *w = *state;
	struct message_id ann = send_to(w, TO_ANN);
	struct text wire = TEXT_LITERAL("16");
	struct store_report lower = { .arena = w->arena,
				      .peer = TEXT_LITERAL("smsc"),
				      .wire_ids = &wire,
				      .wire_ids_count = 1,
				      .outcome = OUTCOME_REFUSED };

	(void)taken_as(w, ann, "16");
	assert_true(receipt(w, "16", "22", TO_ANN, false)->final_out);
	assert_int_equal(DO(w, &lower, STORE_REPORT), STORE_CONFLICT);
	assert_int_equal(outcome_of(w, ann), OUTCOME_DELIVERED);
}

/* Short codes and names are no numbers: they count whole. */
static void names_count_whole(void **state)
{
	struct world *w = *state;
	struct message_id code = send_to(w, "12345"), name = send_to(w, "ann@example.net");

	(void)taken_as(w, code, "16");
	(void)taken_as(w, name, "17");
	assert_true(receipt(w, "10", "16", "912345", false)->early_out);
	assert_true(receipt(w, "11", "17", "example.net", false)->early_out);
	assert_true(receipt(w, "12", "16", "12345", false)->final_out);
	assert_true(receipt(w, "13", "17", "ann@example.net", false)->final_out);
}

static void early_ones_outlive_a_restart(void **state)
{
	struct world *w = *state;
	struct message_id ann = send_to(w, TO_ANN);

	assert_true(receipt(w, "10", "a", TO_ANN, false)->early_out);
	if (!world_reopen(w))
		return; /* memory keeps nothing */
	assert_true(taken_as(w, ann, "a")->early_report_out);
	assert_int_equal(outcome_of(w, ann), OUTCOME_DELIVERED);
}

int conform_reports(void)
{
#define CASE(f) cmocka_unit_test_setup_teardown(f, world_set_up, world_tear_down)
	const struct CMUnitTest tests[] = {
		CASE(another_reading_needs_its_recipient),
		CASE(the_first_reading_waits_when_an_address_speaks_against_it),
		CASE(what_nobody_claims_is_the_first_readings),
		CASE(a_doubtful_early_one_is_not_kept_for_long),
		CASE(a_sure_first_reading_needs_no_address),
		CASE(without_addresses_the_first_reading_alone_counts),
		CASE(the_reading_that_agrees_goes_before_the_first),
		CASE(a_lower_word_of_one_part_is_a_conflict),
		CASE(names_count_whole),
		CASE(early_ones_outlive_a_restart),
	};

	return cmocka_run_group_tests_name("reports", tests, NULL, NULL);
}
