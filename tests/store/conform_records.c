/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Facts, CDRs, outbox, retention, the clock and fences of every driver. */
#include <stdio.h>

#include "core/net/digest.h"
#include "tests/store/world.h"

#define HOUR (3600 * USEC_PER_SEC)

static struct store_fact *fact(struct world *w, enum store_operation operation, const char *key, const char *value)
{
	struct store_fact *f = arena_alloc(w->arena, sizeof(*f));

	*f = (struct store_fact){ .arena = w->arena,
				  .kind = TEXT_LITERAL("binding"),
				  .key = text_of(key),
				  .value = { value, strlen(value) },
				  .until_us = w->now_us + HOUR };
	world_do(w, &f->base, operation);
	return f;
}

static enum store_answer swap(struct world *w, const char *key, const char *old, const char *value)
{
	struct store_fact f = { .arena = w->arena,
				.kind = TEXT_LITERAL("seq"),
				.key = text_of(key),
				.value = { value, strlen(value) },
				.until_us = FAR,
				.is_new = !old,
				.old = { old, old ? strlen(old) : 0 } };

	return DO(w, &f, STORE_FACT_SWAP);
}

static void facts_come_and_go(void **state)
{
	struct world *w = *state;
	struct store_fact_scan scan = {
		.arena = w->arena, .kind = TEXT_LITERAL("binding"), .prefix = TEXT_LITERAL("sip:b"), .limit = 10
	};

	assert_int_equal(fact(w, STORE_FACT_GET, "sip:a", "")->base.refusal, STORE_NOT_FOUND);
	assert_int_equal(fact(w, STORE_FACT_PUT, "sip:a", "1")->base.answer, STORE_DONE);
	assert_int_equal(fact(w, STORE_FACT_PUT, "sip:bb", "2")->base.answer, STORE_DONE);
	assert_int_equal(fact(w, STORE_FACT_PUT, "sip:ba", "3")->base.answer, STORE_DONE);
	assert_int_equal(fact(w, STORE_FACT_PUT, "sip:c", "4")->base.answer, STORE_DONE);
	struct store_fact *f = fact(w, STORE_FACT_GET, "sip:ba", "");
	assert_int_equal(f->value_out.len, 1);
	assert_memory_equal(f->value_out.at, "3", 1);
	assert_int_equal(f->until_out, w->now_us + HOUR);
	assert_int_equal(DO(w, &scan, STORE_FACT_SCAN), STORE_DONE);
	assert_int_equal(scan.rows_count_out, 2);
	assert_true(text_is(scan.rows_out->key, "sip:ba"));
	assert_true(text_is(scan.rows_out->next->key, "sip:bb"));
	scan.limit = 1;
	assert_int_equal(DO(w, &scan, STORE_FACT_SCAN), STORE_DONE);
	assert_int_equal(scan.rows_count_out, 1);
	scan.after = TEXT_LITERAL("sip:ba");
	assert_int_equal(DO(w, &scan, STORE_FACT_SCAN), STORE_DONE);
	assert_int_equal(scan.rows_count_out, 1);
	assert_true(text_is(scan.rows_out->key, "sip:bb"));
	scan.after = TEXT_LITERAL("sip:bb");
	assert_int_equal(DO(w, &scan, STORE_FACT_SCAN), STORE_DONE);
	assert_int_equal(scan.rows_count_out, 0);
	scan.after = (struct text){ 0 };
	assert_int_equal(fact(w, STORE_FACT_DELETE, "sip:ba", "")->base.answer, STORE_DONE);
	assert_int_equal(fact(w, STORE_FACT_GET, "sip:ba", "")->base.answer, STORE_REFUSED);
	world_clock(w, HOUR);
	assert_int_equal(fact(w, STORE_FACT_GET, "sip:bb", "")->base.answer, STORE_REFUSED);
	assert_int_equal(DO(w, &scan, STORE_FACT_SCAN), STORE_DONE);
	assert_int_equal(scan.rows_count_out, 0);
}

static void a_swap_is_exclusive(void **state)
{
	struct world *w = *state;

	assert_int_equal(swap(w, "imsi", NULL, "1"), STORE_DONE);
	assert_int_equal(swap(w, "imsi", NULL, "2"), STORE_CONFLICT);
	assert_int_equal(swap(w, "imsi", "1", "2"), STORE_DONE);
	assert_int_equal(swap(w, "imsi", "1", "2"), STORE_REPEAT); /* asked again */
	assert_int_equal(swap(w, "imsi", "1", "3"), STORE_CONFLICT);
	assert_int_equal(swap(w, "other", "1", "2"), STORE_CONFLICT);
}

static void cdrs_are_chained_and_acknowledged(void **state)
{
	struct world *w = *state;
	struct store_cdr_next next = { .arena = w->arena, .limit = 10 };
	struct store_cdr_ack ack = { .seq = 4 };
	uint8_t chain[32] = { 0 };

	for (unsigned i = 0; i < 3; i++)
		assert_int_equal(world_finish(w, world_accept(w, 0, true)->id_out, 1, OUTCOME_SENT), STORE_DONE);
	(void)world_reopen(w);
	assert_int_equal(world_finish(w, world_accept(w, 0, true)->id_out, 1, OUTCOME_SENT), STORE_DONE);
	assert_int_equal(DO(w, &next, STORE_CDR_NEXT), STORE_DONE);
	assert_int_equal(next.rows_count_out, 4);
	int64_t seq = 0;
	for (struct store_cdr_row *row = next.rows_out; row; row = row->next) {
		const struct digest_part parts[] = { { chain, sizeof(chain) }, { row->body.at, row->body.len } };
		digest_sha256(parts, 2, chain);
		assert_int_equal(row->seq, ++seq);
		assert_memory_equal(row->chain, chain, sizeof(chain));
	}
	ack.seq = 5;
	assert_int_equal(DO(w, &ack, STORE_CDR_ACK), STORE_REFUSED);
	ack.seq = 3;
	assert_int_equal(DO(w, &ack, STORE_CDR_ACK), STORE_DONE);
	assert_int_equal(DO(w, &ack, STORE_CDR_ACK), STORE_REPEAT);
	assert_int_equal(DO(w, &next, STORE_CDR_NEXT), STORE_DONE);
	assert_int_equal(next.rows_count_out, 1);
	assert_int_equal(next.rows_out->seq, 4);
}

static struct store_outbox_due *due(struct world *w, const char *target)
{
	struct store_outbox_due *d = arena_alloc(w->arena, sizeof(*d));

	*d = (struct store_outbox_due){ .arena = w->arena, .target = text_of(target), .limit = 10 };
	assert_int_equal(DO(w, d, STORE_OUTBOX_DUE), STORE_DONE);
	return d;
}

static void the_outbox_is_worked_off(void **state)
{
	struct world *w = *state;
	const struct store_outbox rows[] = {
		{ { 1 }, TEXT_LITERAL("webhook:a"), TEXT_LITERAL("receipt"), { "x", 1 }, w->now_us },
		{ { 2 }, TEXT_LITERAL("webhook:b"), TEXT_LITERAL("receipt"), { "y", 1 }, w->now_us + 10 },
		{ { 3 }, TEXT_LITERAL("webhook:a"), TEXT_LITERAL("receipt"), { "z", 1 }, w->now_us + 5 },
		{ { 1 }, TEXT_LITERAL("webhook:a"), TEXT_LITERAL("receipt"), { "again", 5 }, w->now_us },
	};
	struct store_new_delivery *d = world_accept(w, 0, true);
	struct store_finish *f = world_finish_request(w, d->id_out, 1, OUTCOME_SENT);
	struct store_targets t = { .arena = w->arena };
	struct store_outbox_end e = { .id = { 1 }, .due_us = w->now_us + 7 };

	f->outbox = rows;
	f->outbox_count = 4;
	assert_int_equal(DO(w, f, STORE_FINISH), STORE_DONE);
	assert_int_equal(world_sums(w).outbox_open_out, 3);
	assert_int_equal(DO(w, &t, STORE_TARGETS), STORE_DONE);
	assert_int_equal(t.rows_count_out, 2);
	assert_true(text_is(t.rows_out->target, "webhook:a"));
	assert_int_equal(t.rows_out->waiting, 2);
	assert_int_equal(t.rows_out->earliest_due_us, w->now_us);
	assert_int_equal(due(w, "webhook:a")->rows_count_out, 1);
	assert_int_equal(DO(w, &e, STORE_OUTBOX_LATER), STORE_DONE);
	assert_int_equal(due(w, "")->rows_count_out, 0);
	world_clock(w, 10);
	struct store_outbox_due *all = due(w, "");
	assert_int_equal(all->rows_count_out, 3);
	assert_int_equal(all->rows_out->id[0], 3);
	assert_int_equal(all->rows_out->next->id[0], 1);
	assert_int_equal(DO(w, &e, STORE_OUTBOX_DONE), STORE_DONE);
	assert_int_equal(DO(w, &e, STORE_OUTBOX_DONE), STORE_REPEAT);
	assert_int_equal(DO(w, &e, STORE_OUTBOX_LATER), STORE_REFUSED);
	e.id[0] = 9;
	assert_int_equal(DO(w, &e, STORE_OUTBOX_DONE), STORE_REFUSED);
	assert_int_equal(due(w, "webhook:a")->rows_count_out, 1);
}

static unsigned prune(struct world *w, struct store_retention keep)
{
	struct store_prune p = { .keep = keep, .limit = 100 };

	assert_int_equal(DO(w, &p, STORE_PRUNE), STORE_DONE);
	return p.dropped_out;
}

static void prune_drops_what_may_go(void **state)
{
	struct world *w = *state;
	const struct store_retention keep = {
		.text_us = HOUR, .message_us = 3 * HOUR, .cdr_us = 3 * HOUR, .idem_us = 3 * HOUR, .outbox_us = HOUR
	};
	struct store_new_delivery *old = world_accept(w, 0, true), *alive = world_accept(w, 0, false);
	struct store_cdr_ack ack = { .seq = 2 };

	assert_int_equal(world_finish(w, old->id_out, 1, OUTCOME_SENT), STORE_DONE);
	assert_int_equal(world_finish(w, world_accept(w, 0, true)->id_out, 1, OUTCOME_SENT), STORE_DONE);
	assert_int_equal(DO(w, &ack, STORE_CDR_ACK), STORE_DONE);
	assert_int_equal(prune(w, keep), 0);
	world_clock(w, 2 * HOUR);
	assert_int_equal(prune(w, keep), 2); /* two texts */
	assert_int_equal(world_row(w, old->id_out)->text.len, 0);
	assert_int_equal(world_row(w, alive->id_out)->text.len, 5);
	assert_int_equal(prune(w, keep), 0);
	world_clock(w, 2 * HOUR);
	assert_int_equal(prune(w, keep), 3); /* two messages, one CDR: never the newest */
	assert_null(world_row(w, old->id_out));
	assert_non_null(world_row(w, alive->id_out));
	assert_int_equal(world_sums(w).cdr_seq_out, 2);
	assert_int_equal(prune(w, (struct store_retention){ 0 }), 0);
}

static void the_clock_does_not_go_back(void **state)
{
	struct world *w = *state;
	int64_t before = store_now(w->store);

	world_clock(w, HOUR);
	world_accept(w, 0, false);
	assert_true(store_now(w->store) >= before + HOUR);
	world_clock(w, -2 * HOUR);
	assert_true(store_now(w->store) >= before + HOUR);
	if (!world_reopen(w))
		return;
	assert_true(store_now(w->store) >= before + HOUR);
	world_clock(w, 2 * HOUR + INT64_C(20) * 365 * 24 * HOUR); /* past 2038 */
	struct store_new_delivery *d = world_accept(w, 0, false);
	assert_true(world_row(w, d->id_out)->accepted_us > INT64_C(0x7fffffff) * USEC_PER_SEC);
	assert_int_equal(world_claim(w, 10)->rows_count_out, 2);
}

static void fences_rise(void **state)
{
	struct world *w = *state;
	struct store_fence f = { .name = TEXT_LITERAL("route:a") };

	assert_int_equal(DO(w, &f, STORE_FENCE), STORE_DONE);
	assert_int_equal(f.epoch_out, 1);
	assert_int_equal(DO(w, &f, STORE_FENCE), STORE_DONE);
	assert_int_equal(f.epoch_out, 2);
}

static void whoever_opened_before_is_fenced(void **state)
{
	struct world *w = *state;
	struct store_new_delivery d;
	struct store_accept *a = world_accept_request(w, &d, 1);
	struct store *old = w->store;

	if (world_driver == WORLD_MEMORY)
		return;
	world_open(w);
	struct store *newer = w->store;
	w->store = old;
	struct store_claim c = { .arena = w->arena, .route = ROUTE, .limit = 1 };
	assert_int_equal(DO(w, &c, STORE_CLAIM), STORE_REFUSED);
	assert_int_equal(c.base.refusal, STORE_STALE_EPOCH);
	assert_int_equal(DO(w, a, STORE_ACCEPT), STORE_REFUSED);
	store_close(&old);
	w->store = newer;
	assert_int_equal(DO(w, a, STORE_ACCEPT), STORE_DONE);
}

int conform_records(void)
{
#define CASE(f) cmocka_unit_test_setup_teardown(f, world_set_up, world_tear_down)
	const struct CMUnitTest tests[] = {
		CASE(facts_come_and_go),
		CASE(a_swap_is_exclusive),
		CASE(cdrs_are_chained_and_acknowledged),
		CASE(the_outbox_is_worked_off),
		CASE(prune_drops_what_may_go),
		CASE(the_clock_does_not_go_back),
		CASE(fences_rise),
		CASE(whoever_opened_before_is_fenced),
	};
	return cmocka_run_group_tests_name("records", tests, NULL, NULL);
}
