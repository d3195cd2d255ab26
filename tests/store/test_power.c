/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the SQLite driver promises about a disk that loses power, runs full or fails: what was answered done is there,
 * what was answered unknown can be asked again, and the sums agree. CELLPOST_CUTS says how many cuts (default 600).
 */
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/base/log.h"
#include "tests/store/cut_vfs.h"
#include "tests/store/payer.h"

#define CUTS_DEFAULT 600u
#define CUTS_PER_DISK 30u
#define TURNS_MAX 12u
#define BATCH_MAX 6u
#define KEPT_MAX 4096u

/* What the store owes us. */
struct debt {
	struct message_id id;
	bool finished;
	int64_t paid;
};

struct trial {
	struct world w;
	struct payer payer;
	struct debt debts[KEPT_MAX];
	unsigned debts_count, checked;
	int64_t balance;
	uint16_t funds;
};

/* One request of a turn and what it would owe. */
struct attempt {
	struct store_request *request;
	enum store_operation operation;
	struct message_id id;
	int64_t paid;
	unsigned debt;
};

static bool power_open(struct world *w)
{
	const char *why = "";

	return !store_sqlite_open(w->loop, "cut.db", CUT_VFS, NULL, NULL, &w->store, &why);
}

static void trial_start(struct trial *t, uint64_t seed)
{
	memset(t, 0, sizeof(*t));
	cut_disk_new(seed);
	world_clock(&t->w, WORLD_START);
	t->w.loop = loop_new();
	t->w.arena = arena_new(65536);
	assert_true(power_open(&t->w));
	t->payer = payer_new(&t->w, 1, 0);
	t->balance = 0;
}

static void trial_end(struct trial *t)
{
	world_close(&t->w);
	assert_int_equal(cut_open_files(), 0);
	arena_free(&t->w.arena);
	loop_free(&t->w.loop);
	clock_real();
}

/* The file as SQLite itself sees it, and no lane waits without a head. */
static void check_integrity(void)
{
	static const char headless[] =
		"SELECT count(*) FROM (SELECT lane FROM delivery WHERE state = 0 AND parked = 1 EXCEPT SELECT lane "
		"FROM delivery WHERE state < 2 AND parked = 0 AND lane IS NOT NULL)";
	sqlite3 *db = NULL;
	sqlite3_stmt *q = NULL;

	assert_int_equal(sqlite3_open_v2("cut.db", &db, SQLITE_OPEN_READWRITE, CUT_VFS), SQLITE_OK);
	assert_int_equal(sqlite3_prepare_v2(db, "PRAGMA integrity_check", -1, &q, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_step(q), SQLITE_ROW);
	assert_string_equal(sqlite3_column_text(q, 0), "ok");
	sqlite3_finalize(q);
	assert_int_equal(sqlite3_prepare_v2(db, headless, -1, &q, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_step(q), SQLITE_ROW);
	assert_int_equal(sqlite3_column_int(q, 0), 0);
	sqlite3_finalize(q);
	sqlite3_close(db);
}

static void check_debt(struct trial *t, const struct debt *d)
{
	struct store_row *row = world_row(&t->w, d->id);

	assert_non_null(row);
	if (!d->finished)
		return;
	assert_int_equal(row->state, DELIVERY_FINISHED);
	assert_int_equal(row->charge_posted, d->paid);
}

static void check_debts(struct trial *t, bool all)
{
	for (unsigned i = all ? 0 : t->checked; i < t->debts_count; i++)
		check_debt(t, &t->debts[i]);
	t->checked = t->debts_count;
	assert_int_equal(payer_account(&t->w, &t->payer).posted_out, t->balance);
	(void)world_sums(&t->w);
}

static struct attempt accept(struct trial *t)
{
	struct store_charge *c = rand() % 2 && t->balance > 100 * YEN ? payer_charge(&t->w, &t->payer, YEN) : NULL;
	struct store_accept *a = payer_accept(&t->w, c);

	a->deliveries[0].has_lane = true;
	a->deliveries[0].lane = 1 + rand() % 30;
	a->deliveries[0].route = ROUTE;
	a->has_key = rand() % 2;
	memcpy(a->key, a->id.octets, sizeof(a->key));
	return (struct attempt){ .request = &a->base, .operation = STORE_ACCEPT, .id = message_id_delivery(a->id, 1) };
}

static struct attempt finish(struct trial *t, unsigned debt)
{
	struct store_row *row = world_row(&t->w, t->debts[debt].id);
	struct store_finish *f = world_finish_request(&t->w, t->debts[debt].id, row->epoch, OUTCOME_SENT);
	int64_t paid = row->has_charge ? YEN / 2 : 0;

	f->post = row->has_charge;
	f->amount = paid;
	return (struct attempt){
		.request = &f->base, .operation = STORE_FINISH, .id = f->id, .paid = paid, .debt = debt
	};
}

static struct attempt fund(struct trial *t)
{
	struct store_fund *f = arena_alloc(t->w.arena, sizeof(*f));

	*f = (struct store_fund){ .currency = TEXT_LITERAL("JPY"), .amount = 200 * YEN, .cdr = TEXT_LITERAL("{}") };
	t->funds++;
	memcpy(f->key, &t->funds, sizeof(t->funds));
	f->key[15] = 9;
	memcpy(f->account_id, t->payer.id, sizeof(f->account_id));
	return (struct attempt){ .request = &f->base, .operation = STORE_FUND, .paid = f->amount };
}

static bool is_leased(struct trial *t, unsigned debt)
{
	const struct store_row *row = world_row(&t->w, t->debts[debt].id);

	return row && row->state == DELIVERY_LEASED;
}

static struct attempt choose(struct trial *t, bool may_finish)
{
	int dice = rand() % 8;

	if (dice == 0)
		return fund(t);
	if (dice < 4 && may_finish && t->debts_count) {
		unsigned debt = (unsigned)rand() % t->debts_count;
		if (!t->debts[debt].finished && is_leased(t, debt))
			return finish(t, debt);
	}
	return accept(t);
}

/* An answer that the change is there. */
static bool is_there(const struct store_request *r)
{
	return r->answer == STORE_DONE || r->answer == STORE_REPEAT;
}

static void book(struct trial *t, const struct attempt *a)
{
	if (!is_there(a->request))
		return;
	if (a->operation == STORE_ACCEPT && t->debts_count < KEPT_MAX) {
		t->debts[t->debts_count++] = (struct debt){ .id = a->id };
	} else if (a->operation == STORE_FINISH) {
		t->debts[a->debt].finished = true;
		t->debts[a->debt].paid = a->paid;
		t->balance -= a->paid;
	} else if (a->operation == STORE_FUND) {
		t->balance += a->paid;
	}
}

/* A turn of requests; those that stay unknown are returned in `open`. */
static unsigned turn(struct trial *t, struct attempt open[BATCH_MAX])
{
	struct attempt attempts[BATCH_MAX];
	unsigned n = 1 + (unsigned)rand() % BATCH_MAX, unknown = 0;

	/* Finishing reads first, and one finish per turn keeps the choice distinct. */
	for (unsigned i = 0; i < n; i++)
		attempts[i] = choose(t, i == 0);
	for (unsigned i = 0; i < n; i++)
		world_submit(&t->w, attempts[i].request, attempts[i].operation);
	world_wait(&t->w);
	for (unsigned i = 0; i < n; i++) {
		book(t, &attempts[i]);
		if (attempts[i].request->answer == STORE_UNKNOWN)
			open[unknown++] = attempts[i];
		else if (attempts[i].request->answer == STORE_REFUSED)
			assert_true(attempts[i].request->refusal == STORE_BROKEN ||
				    attempts[i].request->refusal == STORE_NO_SPACE);
	}
	return unknown;
}

/* The rule of STORE_UNKNOWN: the same request once more decides it. */
static void ask_again(struct trial *t, struct attempt *open, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		world_do(&t->w, open[i].request, open[i].operation);
		if (!is_there(open[i].request))
			fail_msg("%s again: %s, %s", store_operation_name(open[i].operation),
				 store_answer_name(open[i].request->answer), open[i].request->why);
		book(t, &open[i]);
	}
}

/* Parked ones whose turn it is. Leases are nobody's debt: one that is lost, or comes to light, is done again. */
static void lease_some(struct trial *t)
{
	struct store_claim c = { .arena = t->w.arena,
				 .route = ROUTE,
				 .worker = TEXT_LITERAL("w"),
				 .lease_us = 60 * USEC_PER_SEC,
				 .limit = 5 };

	world_do(&t->w, &c.base, STORE_CLAIM);
}

/* Works until the fault strikes, or for the turns that are due. */
static unsigned work(struct trial *t, struct attempt open[BATCH_MAX])
{
	unsigned unknown = 0;

	for (unsigned i = 0; i < TURNS_MAX && !unknown && !cut_struck(); i++) {
		world_clock(&t->w, USEC_PER_SEC / 4);
		/* A read that fails in the middle of a choice ends the trial's turn: the power is gone. */
		if (cut_struck())
			break;
		unknown = turn(t, open);
		if (!unknown && rand() % 2 == 0)
			lease_some(t);
	}
	return unknown;
}

static unsigned cuts_wanted(void)
{
	const char *wanted = getenv("CELLPOST_CUTS");
	uint64_t n = CUTS_DEFAULT;

	if (wanted)
		(void)text_to_u64(text_of(wanted), 100000000, &n);
	return (unsigned)n;
}

static void nothing_done_is_lost_by_a_cut(void **state)
{
	unsigned wanted = cuts_wanted(), struck = 0, unknowns = 0, failed_opens = 0;
	struct trial *t = must_alloc(sizeof(*t));

	(void)state;
	for (unsigned cut = 0; cut < wanted; cut++) {
		struct attempt open[BATCH_MAX];
		unsigned unknown = 0;
		if (cut % CUTS_PER_DISK == 0) {
			if (cut)
				trial_end(t);
			srand(cut + 1);
			trial_start(t, cut + 1);
		}
		/* Sometimes while it is being opened, mostly under way, sometimes in the closing checkpoint. */
		if (rand() % 6 == 0) {
			world_close(&t->w);
			cut_fault_at(CUT_POWER, 1 + (unsigned)rand() % 12);
			if (!power_open(&t->w)) {
				failed_opens++;
				t->w.store = NULL;
			}
		} else {
			cut_fault_at(CUT_POWER, 1 + (unsigned)rand() % 80);
		}
		if (t->w.store)
			unknown = work(t, open);
		world_close(&t->w);
		struck += cut_struck();
		unknowns += unknown;
		assert_int_equal(cut_open_files(), 0);
		cut_power_on();
		check_integrity();
		assert_true(power_open(&t->w));
		ask_again(t, open, unknown);
		check_debts(t, cut % CUTS_PER_DISK == CUTS_PER_DISK - 1);
	}
	trial_end(t);
	free(t);
	print_message("%u cuts, %u struck, %u answers unknown, %u while opening\n", wanted, struck, unknowns,
		      failed_opens);
	assert_true(struck > wanted / 2);
	assert_true(unknowns > 0);
}

static void a_failing_disk_is_survived(void **state)
{
	static const enum cut_fault faults[] = { CUT_FULL, CUT_READ_ONLY, CUT_WRITE_ONCE, CUT_SYNC_ONCE };
	struct trial *t = must_alloc(sizeof(*t));
	unsigned struck = 0;

	(void)state;
	srand(3);
	trial_start(t, 77);
	for (unsigned i = 0; i < 160; i++) {
		struct attempt open[BATCH_MAX];
		cut_fault_at(faults[i % 4], 1 + (unsigned)rand() % 40);
		unsigned unknown = work(t, open);
		struck += cut_struck();
		cut_clear(); /* room again, writable again: no restart is needed */
		ask_again(t, open, unknown);
		struct attempt after = accept(t);
		world_do(&t->w, after.request, after.operation);
		assert_int_equal(after.request->answer, STORE_DONE);
		book(t, &after);
		check_debts(t, i % 40 == 39);
		if (i % 10 == 9) {
			world_close(&t->w);
			check_integrity();
			assert_true(power_open(&t->w));
		}
	}
	assert_true(struck > 80);
	trial_end(t);
	free(t);
}

static void a_full_disk_is_said(void **state)
{
	struct trial *t = must_alloc(sizeof(*t));

	(void)state;
	trial_start(t, 5);
	struct attempt a = accept(t);
	cut_fault_at(CUT_FULL, 1);
	world_do(&t->w, a.request, a.operation);
	assert_true(a.request->answer == STORE_REFUSED || a.request->answer == STORE_UNKNOWN);
	assert_int_equal(a.request->refusal, STORE_NO_SPACE);
	struct store_sums sums = world_sums(&t->w); /* reading goes on */
	assert_int_equal(sums.leased_out, 0);
	cut_clear();
	world_do(&t->w, a.request, a.operation);
	assert_true(is_there(a.request));
	assert_int_equal(world_sums(&t->w).leased_out, 1);
	trial_end(t);
	free(t);
}

static void too_little_room_is_refused(void **state)
{
	struct world *w = *state;
	struct store_limits limits = STORE_LIMITS_DEFAULT;
	struct store_new_delivery d;
	const char *why = "";

	world_close(w);
	limits.min_free_octets = UINT64_MAX;
	assert_int_equal(store_sqlite_open(w->loop, w->path, NULL, &limits, NULL, &w->store, &why), OK);
	struct store_accept *a = world_accept_request(w, &d, 1);
	assert_int_equal(DO(w, a, STORE_ACCEPT), STORE_REFUSED);
	assert_int_equal(a->base.refusal, STORE_NO_SPACE);
	world_close(w);
	world_open(w);
	assert_int_equal(DO(w, a, STORE_ACCEPT), STORE_DONE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_done_is_lost_by_a_cut),
		cmocka_unit_test(a_failing_disk_is_survived),
		cmocka_unit_test(a_full_disk_is_said),
		cmocka_unit_test_setup_teardown(too_little_room_is_refused, world_set_up, world_tear_down),
	};

	log_set_level(LOG_STORE, LOG_LEVEL_COUNT); /* hundreds of errors are meant to happen */
	return cmocka_run_group_tests(tests, NULL, NULL);
}
