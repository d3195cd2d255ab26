/* SPDX-License-Identifier: GPL-3.0-or-later */
/* See world.h. */
#include "tests/store/world.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum world_driver world_driver;

void world_open(struct world *w)
{
	const char *why = "";
	enum result r;

	if (world_driver == WORLD_MEMORY)
		r = store_memory_open(w->loop, w->policy, &w->store, &why);
	else
		r = store_sqlite_open(w->loop, w->path, NULL, NULL, w->policy, &w->store, &why);
	if (r)
		fail_msg("%s", why);
}

void world_close(struct world *w)
{
	store_close(&w->store);
}

bool world_reopen(struct world *w)
{
	if (world_driver == WORLD_MEMORY)
		return false;
	world_close(w);
	world_open(w);
	return true;
}

void world_clock(struct world *w, int64_t forward_us)
{
	w->now_us += forward_us;
	clock_set(w->now_us, w->now_us);
}

int world_set_up(void **state)
{
	struct world *w = must_alloc(sizeof(*w));

	snprintf(w->folder, sizeof(w->folder), "/tmp/cellpost-test-XXXXXX");
	if (!mkdtemp(w->folder))
		return -1;
	snprintf(w->path, sizeof(w->path), "%s/store.db", w->folder);
	world_clock(w, WORLD_START);
	w->loop = loop_new();
	w->arena = arena_new(65536);
	world_open(w);
	*state = w;
	return 0;
}

int world_tear_down(void **state)
{
	static const char *const suffixes[] = { "", "-wal", "-shm" };
	struct world *w = *state;

	world_close(w);
	for (unsigned i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++) {
		char path[96];
		snprintf(path, sizeof(path), "%s%s", w->path, suffixes[i]);
		(void)unlink(path);
	}
	rmdir(w->folder);
	arena_free(&w->arena);
	loop_free(&w->loop);
	clock_real();
	free(w);
	return 0;
}

static void count_done(struct store_request *r)
{
	struct world *w = r->owner;

	w->done++;
}

void world_submit(struct world *w, struct store_request *r, enum store_operation operation)
{
	r->operation = operation;
	r->done = count_done;
	r->owner = w;
	w->submitted++;
	store_submit(w->store, r);
}

void world_wait(struct world *w)
{
	loop_turn(w->loop, 0); /* requests leave at the end of a turn */
	for (unsigned i = 0; i < 20000 && w->done < w->submitted; i++)
		loop_turn(w->loop, 1000);
	assert_int_equal(w->done, w->submitted);
}

void world_do(struct world *w, struct store_request *r, enum store_operation operation)
{
	world_submit(w, r, operation);
	world_wait(w);
}

struct message_id world_id(struct world *w)
{
	return message_id_new(w->now_us);
}

struct store_accept *world_accept_request(struct world *w, struct store_new_delivery *d, unsigned count)
{
	struct store_accept *a = arena_alloc(w->arena, sizeof(*a));

	*a = (struct store_accept){ .arena = w->arena,
				    .id = world_id(w),
				    .channel = TEXT_LITERAL("http"),
				    .sender = TEXT_LITERAL("1"),
				    .text = TEXT_LITERAL("hello"),
				    .accepted_us = w->now_us,
				    .expires_us = FAR,
				    .deliveries = d,
				    .deliveries_count = count,
				    .worker = TEXT_LITERAL("w"),
				    .header = { "h", 1 } };
	for (unsigned i = 0; i < count; i++)
		d[i] = (struct store_new_delivery){ .recipient = TEXT_LITERAL("+81"),
						    .route = ROUTE,
						    .bearer = TEXT_LITERAL("sms"),
						    .due_us = w->now_us,
						    .deadline_us = FAR };
	return a;
}

struct store_new_delivery *world_accept(struct world *w, int64_t lane, bool leased)
{
	struct store_new_delivery *d = arena_alloc(w->arena, sizeof(*d));
	struct store_accept *a = world_accept_request(w, d, 1);

	d->has_lane = lane != 0;
	d->lane = lane;
	d->lease_until_us = leased ? w->now_us + 60 * USEC_PER_SEC : 0;
	assert_int_equal(DO(w, a, STORE_ACCEPT), STORE_DONE);
	return d;
}

struct store_claim *world_claim(struct world *w, unsigned limit)
{
	struct store_claim *c = arena_alloc(w->arena, sizeof(*c));

	*c = (struct store_claim){ .arena = w->arena,
				   .route = ROUTE,
				   .worker = TEXT_LITERAL("w"),
				   .lease_us = 60 * USEC_PER_SEC,
				   .limit = limit };
	assert_int_equal(DO(w, c, STORE_CLAIM), STORE_DONE);
	return c;
}

struct store_finish *world_finish_request(struct world *w, struct message_id id, int64_t epoch,
					  enum store_outcome outcome)
{
	struct store_finish *f = arena_alloc(w->arena, sizeof(*f));

	*f = (struct store_finish){ .arena = w->arena,
				    .id = id,
				    .epoch = epoch,
				    .outcome = outcome,
				    .peer = TEXT_LITERAL("smsc"),
				    .cdr = TEXT_LITERAL("{}"),
				    .wires_until_us = FAR };
	return f;
}

enum store_answer world_finish(struct world *w, struct message_id id, int64_t epoch, enum store_outcome outcome)
{
	struct store_finish *f = world_finish_request(w, id, epoch, outcome);

	return DO(w, f, STORE_FINISH);
}

struct store_row *world_row(struct world *w, struct message_id id)
{
	struct store_message_get g = { .arena = w->arena, .id = id };

	return DO(w, &g, STORE_MESSAGE_GET) == STORE_DONE ? g.rows_out : NULL;
}

struct store_sums world_sums(struct world *w)
{
	struct store_sums sums = { 0 };

	assert_int_equal(DO(w, &sums, STORE_SUMS), STORE_DONE);
	assert_true(sums.sound_out);
	return sums;
}

void world_same_sums(const struct store_sums *a, const struct store_sums *b)
{
	assert_int_equal(a->currencies_out, b->currencies_out);
	assert_memory_equal(a->by_currency_out, b->by_currency_out, sizeof(a->by_currency_out));
	assert_int_equal(a->cdr_seq_out, b->cdr_seq_out);
	assert_memory_equal(a->cdr_chain_out, b->cdr_chain_out, sizeof(a->cdr_chain_out));
	assert_int_equal(a->waiting_out, b->waiting_out);
	assert_int_equal(a->leased_out, b->leased_out);
	assert_int_equal(a->handed_over_out, b->handed_over_out);
	assert_int_equal(a->finished_out, b->finished_out);
	assert_int_equal(a->on_hold_out, b->on_hold_out);
	assert_int_equal(a->outbox_open_out, b->outbox_open_out);
}
