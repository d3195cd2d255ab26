/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The SQLite driver: a delivery's life, keys, lanes, epochs, early reports, and what is there after kill -9. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/base/clock.h"
#include "store/lanes.h"
#include "store/store_open.h"

struct world {
	struct loop *loop;
	struct store *store;
	struct arena *arena;
	char folder[64], path[80];
	unsigned done;
};

static struct world *at_hand; /* of the completion */

static void count_done(struct store_request *r)
{
	(void)r;
	at_hand->done++;
}

static void open_store(struct world *w)
{
	const char *why = NULL;

	w->loop = loop_new();
	w->arena = arena_new(65536);
	at_hand = w;
	if (store_sqlite_open(w->loop, w->path, NULL, NULL, NULL, &w->store, &why))
		fail_msg("%s", why);
}

static void close_store(struct world *w)
{
	store_close(&w->store);
	arena_free(&w->arena);
	loop_free(&w->loop);
}

static int set_up(void **state)
{
	struct world *w = must_alloc(sizeof(*w));

	snprintf(w->folder, sizeof(w->folder), "/tmp/cellpost-test-XXXXXX");
	if (!mkdtemp(w->folder))
		return -1;
	snprintf(w->path, sizeof(w->path), "%s/store.db", w->folder);
	open_store(w);
	*state = w;
	return 0;
}

static int tear_down(void **state)
{
	struct world *w = *state;
	static const char *const suffixes[] = { "", "-wal", "-shm" };

	close_store(w);
	for (unsigned i = 0; i < 3; i++) {
		char path[96];
		snprintf(path, sizeof(path), "%s%s", w->path, suffixes[i]);
		(void)unlink(path);
	}
	rmdir(w->folder);
	free(w);
	return 0;
}

static void do_now(struct world *w, struct store_request *r, enum store_operation operation)
{
	unsigned before = w->done;

	r->operation = operation;
	r->done = count_done;
	store_submit(w->store, r);
	loop_turn(w->loop, 0); /* requests leave at the end of a turn */
	for (unsigned i = 0; i < 5000 && w->done == before; i++)
		loop_turn(w->loop, 1000);
	assert_int_equal(w->done, before + 1);
}

#define ROUTE TEXT_LITERAL("r")

static struct store_accept *accept_one(struct world *w, struct store_new_delivery *d, int64_t lane, bool leased)
{
	struct store_accept *a = arena_alloc(w->arena, sizeof(*a));

	*d = (struct store_new_delivery){ .recipient = TEXT_LITERAL("+81"),
					  .has_lane = lane != 0,
					  .lane = lane,
					  .route = ROUTE,
					  .bearer = TEXT_LITERAL("sms"),
					  .deadline_us = INT64_MAX / 2,
					  .lease_until_us = leased ? INT64_MAX / 2 : 0 };
	*a = (struct store_accept){ .arena = w->arena,
				    .id = message_id_new(clock_now()),
				    .channel = TEXT_LITERAL("http"),
				    .sender = TEXT_LITERAL("1"),
				    .text = TEXT_LITERAL("hello"),
				    .deliveries = d,
				    .deliveries_count = 1,
				    .worker = TEXT_LITERAL("w"),
				    .header = { "h", 1 } };
	do_now(w, &a->base, STORE_ACCEPT);
	return a;
}

static struct store_claim claim(struct world *w, unsigned limit)
{
	struct store_claim c = { .arena = w->arena,
				 .route = ROUTE,
				 .worker = TEXT_LITERAL("w"),
				 .lease_us = 60 * USEC_PER_SEC,
				 .limit = limit };

	do_now(w, &c.base, STORE_CLAIM);
	assert_int_equal(c.base.answer, STORE_DONE);
	return c;
}

static struct store_finish finish(struct world *w, struct message_id id, int64_t epoch, enum store_outcome outcome,
				  int64_t await, const char *wire)
{
	static struct store_wire wires[1];
	struct store_finish f = { .arena = w->arena,
				  .id = id,
				  .epoch = epoch,
				  .outcome = outcome,
				  .await_until_us = await,
				  .peer = TEXT_LITERAL("smsc"),
				  .cdr = TEXT_LITERAL("{}"),
				  .wires_until_us = INT64_MAX / 2 };

	if (wire) {
		wires[0] = (struct store_wire){ text_of(wire), 1 };
		f.wires = wires;
		f.wires_count = 1;
	}
	do_now(w, &f.base, STORE_FINISH);
	return f;
}

static struct store_report report(struct world *w, const char *wire, enum store_outcome outcome)
{
	static struct text forms[1];
	struct store_report r = { .arena = w->arena,
				  .peer = TEXT_LITERAL("smsc"),
				  .wire_ids = forms,
				  .wire_ids_count = 1,
				  .outcome = outcome,
				  .keep_until_us = INT64_MAX / 2 };

	forms[0] = text_of(wire);
	do_now(w, &r.base, STORE_REPORT);
	return r;
}

static struct store_row *get(struct world *w, struct message_id id)
{
	struct store_message_get g = { .arena = w->arena, .id = id };

	do_now(w, &g.base, STORE_MESSAGE_GET);
	return g.rows_out;
}

static void a_life(void **state)
{
	struct world *w = *state;
	struct store_new_delivery d;

	accept_one(w, &d, 7, false);
	assert_false(d.leased_out);
	struct store_claim c = claim(w, 10);
	assert_int_equal(c.rows_count_out, 1);
	assert_true(message_id_equal(c.rows_out->id, d.id_out));
	assert_true(text_is(c.rows_out->text, "hello"));
	assert_int_equal(claim(w, 10).rows_count_out, 0);
	struct store_finish f = finish(w, d.id_out, c.rows_out->epoch, OUTCOME_SENT, INT64_MAX / 2, "id-1");
	assert_int_equal(f.base.answer, STORE_DONE);
	assert_int_equal(get(w, d.id_out)->state, DELIVERY_HANDED_OVER);
	struct store_report r = report(w, "id-1", OUTCOME_DELIVERED);
	assert_int_equal(r.base.answer, STORE_DONE);
	assert_true(r.final_out);
	assert_int_equal(get(w, d.id_out)->outcome, OUTCOME_DELIVERED);
	assert_int_equal(report(w, "id-1", OUTCOME_DELIVERED).base.answer, STORE_REPEAT);
	assert_int_equal(report(w, "id-1", OUTCOME_REFUSED).base.answer, STORE_CONFLICT); /* outcomes only rise */
	assert_int_equal(get(w, d.id_out)->outcome, OUTCOME_DELIVERED);
}

static void a_report_overtakes(void **state)
{
	struct world *w = *state;
	struct store_new_delivery d;

	accept_one(w, &d, 7, true);
	assert_true(d.leased_out);
	assert_true(report(w, "fast", OUTCOME_DELIVERED).early_out);
	struct store_finish f = finish(w, d.id_out, d.epoch_out, OUTCOME_SENT, INT64_MAX / 2, "fast");
	assert_true(f.early_report_out);
	assert_int_equal(f.outcome_out, OUTCOME_DELIVERED);
	assert_int_equal(get(w, d.id_out)->state, DELIVERY_FINISHED);
}

static void keys_repeat_or_conflict(void **state)
{
	struct world *w = *state;
	struct store_new_delivery d = { .recipient = TEXT_LITERAL("+81"),
					.route = ROUTE,
					.deadline_us = INT64_MAX / 2 };
	struct store_accept a = { .arena = w->arena,
				  .id = message_id_new(clock_now()),
				  .has_key = true,
				  .key = { 1 },
				  .body_hash = { 2 },
				  .deliveries = &d,
				  .deliveries_count = 1,
				  .header = { "h", 1 } };
	struct message_id first = a.id;

	do_now(w, &a.base, STORE_ACCEPT);
	assert_int_equal(a.base.answer, STORE_DONE);
	a.id = message_id_new(clock_now());
	do_now(w, &a.base, STORE_ACCEPT);
	assert_int_equal(a.base.answer, STORE_REPEAT);
	assert_true(message_id_equal(a.id_out, first));
	a.body_hash[0] = 3;
	do_now(w, &a.base, STORE_ACCEPT);
	assert_int_equal(a.base.answer, STORE_CONFLICT);
	struct store_sums sums = { 0 };
	do_now(w, &sums.base, STORE_SUMS);
	assert_int_equal(sums.waiting_out, 1);
}

static void a_lane_is_in_order(void **state)
{
	struct world *w = *state;
	struct store_new_delivery d[20];

	for (unsigned i = 0; i < 20; i++)
		accept_one(w, &d[i], 1 + i % 2, false);
	for (unsigned i = 0; i < 20; i += 2) {
		struct store_claim c = claim(w, 100);
		assert_int_equal(c.rows_count_out, 2); /* one of each lane, never two */
		assert_true(message_id_equal(c.rows_out->id, d[i].id_out));
		assert_true(message_id_equal(c.rows_out->next->id, d[i + 1].id_out));
		finish(w, d[i].id_out, c.rows_out->epoch, OUTCOME_REFUSED, 0, NULL);
		finish(w, d[i + 1].id_out, c.rows_out->next->epoch, OUTCOME_SENT, 0, NULL);
	}
	assert_int_equal(claim(w, 100).rows_count_out, 0);
	struct store_sums sums = { 0 };
	do_now(w, &sums.base, STORE_SUMS);
	assert_int_equal(sums.finished_out, 20);
	assert_int_equal(sums.cdr_seq_out, 20);
}

static void a_stale_worker_changes_nothing(void **state)
{
	struct world *w = *state;
	struct store_new_delivery d;

	accept_one(w, &d, 3, false);
	int64_t old = claim(w, 1).rows_out->epoch;
	struct store_in_doubt doubt = { .id = d.id_out, .epoch = old };
	do_now(w, &doubt.base, STORE_IN_DOUBT);
	assert_int_equal(doubt.base.answer, STORE_DONE);
	struct store_claim again = claim(w, 1);
	assert_true(again.rows_out->doubt);
	assert_int_equal(again.rows_out->attempt, 1); /* the same attempt once more */
	struct store_finish f = finish(w, d.id_out, old, OUTCOME_DELIVERED, 0, NULL);
	assert_int_equal(f.base.answer, STORE_REFUSED);
	assert_int_equal(f.base.refusal, STORE_STALE_EPOCH);
	assert_int_equal(get(w, d.id_out)->state, DELIVERY_LEASED);
	f = finish(w, d.id_out, again.rows_out->epoch, OUTCOME_SENT, 0, NULL);
	assert_int_equal(f.base.answer, STORE_DONE);
	assert_int_equal(finish(w, d.id_out, again.rows_out->epoch, OUTCOME_SENT, 0, NULL).base.answer, STORE_REPEAT);
}

static void cancel_in_each_state(void **state)
{
	struct world *w = *state;
	struct store_new_delivery waiting, leased;
	struct store_cancel c = { .arena = w->arena };

	accept_one(w, &leased, 1, true);
	accept_one(w, &waiting, 2, false);
	c.id = waiting.id_out;
	do_now(w, &c.base, STORE_CANCEL);
	assert_int_equal(c.result_out, CANCEL_ENDED);
	do_now(w, &c.base, STORE_CANCEL);
	assert_int_equal(c.result_out, CANCEL_TOO_LATE);
	c.id = leased.id_out;
	do_now(w, &c.base, STORE_CANCEL);
	assert_int_equal(c.result_out, CANCEL_IN_FLIGHT);
	struct store_release r = { .id = leased.id_out, .epoch = leased.epoch_out, .route = ROUTE };
	do_now(w, &r.base, STORE_RELEASE);
	assert_true(r.ended_out);
	assert_int_equal(get(w, leased.id_out)->outcome, OUTCOME_CANCELLED);
}

/* A child accepts and writes each acknowledged id to a pipe until it is killed; all of them must be there. */
static void nothing_acknowledged_is_lost_by_kill(void **state)
{
	struct world *w = *state;
	unsigned found = 0;

	for (unsigned round = 0; round < 3; round++) {
		struct message_id ids[400];
		int fds[2];
		close_store(w);
		assert_int_equal(pipe(fds), 0);
		pid_t child = fork();
		if (!child) {
			open_store(w);
			for (;;) {
				struct store_new_delivery d;
				accept_one(w, &d, 0, true);
				finish(w, d.id_out, d.epoch_out, OUTCOME_SENT, 0, NULL);
				if (write(fds[1], d.id_out.octets, MESSAGE_ID_SIZE) != MESSAGE_ID_SIZE)
					_exit(1);
			}
		}
		close(fds[1]);
		unsigned n = 0;
		while (n < 50 + 100 * round && read(fds[0], ids[n].octets, MESSAGE_ID_SIZE) == MESSAGE_ID_SIZE)
			n++;
		kill(child, SIGKILL);
		waitpid(child, NULL, 0);
		while (n < 400 && read(fds[0], ids[n].octets, MESSAGE_ID_SIZE) == MESSAGE_ID_SIZE)
			n++;
		close(fds[0]);
		open_store(w);
		for (unsigned i = 0; i < n; i++)
			assert_int_equal(get(w, ids[i])->state, DELIVERY_FINISHED);
		struct store_sums sums = { 0 };
		do_now(w, &sums.base, STORE_SUMS);
		assert_true(sums.sound_out); /* the CDRs have no gap, too */
		found += n;
	}
	assert_true(found >= 450);
}

/* Reads at every moment, and a log that must not grow without end. */
static void the_log_stays_small(void **state)
{
	struct world *w = *state;
	struct store_limits limits = STORE_LIMITS_DEFAULT;
	static struct store_new_delivery d[4000];
	static struct store_accept a[4000];
	static struct store_scan scans[4000];
	const char *why = "";
	char path[96];
	struct stat log;
	off_t most = 0;

	store_close(&w->store);
	limits.wal_max_octets = 256u << 10;
	if (store_sqlite_open(w->loop, w->path, NULL, &limits, NULL, &w->store, &why))
		fail_msg("%s", why);
	snprintf(path, sizeof(path), "%s-wal", w->path);
	for (unsigned i = 0; i < 4000; i++) {
		d[i] = (struct store_new_delivery){ .recipient = TEXT_LITERAL("+81"), .deadline_us = INT64_MAX / 2 };
		a[i] = (struct store_accept){ .base = { .operation = STORE_ACCEPT, .done = count_done },
					      .id = message_id_new(clock_now()),
					      .deliveries = &d[i],
					      .deliveries_count = 1,
					      .header = { "h", 1 } };
		scans[i] = (struct store_scan){ .base = { .operation = STORE_SCAN, .done = count_done },
						.arena = w->arena,
						.state = -1,
						.limit = 20 };
		store_submit(w->store, &a[i].base);
		store_submit(w->store, &scans[i].base);
		loop_turn(w->loop, 0);
		if (!stat(path, &log) && log.st_size > most)
			most = log.st_size;
	}
	for (unsigned i = 0; i < 20000 && w->done < 8000; i++)
		loop_turn(w->loop, 1000);
	assert_int_equal(w->done, 8000);
	assert_true(most > 0);
	print_message("log at most %lld octets\n", (long long)most);
	assert_true(most < (4 << 20));
}

static void lanes_count_right(void **state)
{
	struct lanes *lanes = lanes_new();
	static uint8_t expected[5000];

	(void)state;
	srand(1);
	for (unsigned i = 0; i < 200000; i++) {
		int64_t lane = rand() % 5000;
		if (rand() % 2 && expected[lane] < 200) {
			lanes_add(lanes, lane);
			expected[lane]++;
		} else if (expected[lane]) {
			expected[lane]--;
			assert_int_equal(lanes_remove(lanes, lane), expected[lane]);
		} else {
			assert_int_equal(lanes_remove(lanes, lane), 0);
		}
	}
	for (int64_t lane = 0; lane < 5000; lane++)
		assert_int_equal(lanes_count(lanes, lane), expected[lane]);
	lanes_free(&lanes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_life, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_report_overtakes, set_up, tear_down),
		cmocka_unit_test_setup_teardown(keys_repeat_or_conflict, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_lane_is_in_order, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_stale_worker_changes_nothing, set_up, tear_down),
		cmocka_unit_test_setup_teardown(cancel_in_each_state, set_up, tear_down),
		cmocka_unit_test_setup_teardown(nothing_acknowledged_is_lost_by_kill, set_up, tear_down),
		cmocka_unit_test_setup_teardown(the_log_stays_small, set_up, tear_down),
		cmocka_unit_test(lanes_count_right),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
