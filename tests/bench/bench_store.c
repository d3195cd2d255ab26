/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a message costs the SQLite driver, in batches of the given size.
 *
 *	bench_store [messages] [batch] [mode]
 *
 * free (the default): accept born leased, finish with a CDR; claim: accept waiting, claim, finish; key: free with an
 * idempotency key; priced: free with a charge, entries, balance; report: free, then the final report with a receipt in
 * the outbox. scale: `messages` wait, then claims, the free rate and a restart beside them.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "core/base/clock.h"
#include "core/base/log.h"
#include "store/store_open.h"

#define HOUR (3600 * USEC_PER_SEC)

enum mode { MODE_FREE, MODE_CLAIM, MODE_KEY, MODE_PRICED, MODE_REPORT, MODE_SCALE, MODES };
static const char *const mode_names[] = { "free", "claim", "key", "priced", "report", "scale" };

struct message_at_work {
	struct store_accept accept;
	struct store_finish finish;
	struct store_report report;
	struct store_new_delivery delivery;
	struct store_charge charge;
	struct store_wire wire;
	struct text form;
	char name[24];
	struct arena *arena;
};

static struct loop *loop;
static struct store *store;
static unsigned waited_for, failed;
static char path[64];
static char cdr[420]; /* octets of a CDR, about what a delivery leaves */
static char event[40];
static const uint8_t payer[16] = { 1 };

static bool receipt(void *owner, const struct store_row *row, enum store_outcome outcome, int64_t now_us,
		    struct arena *arena, struct store_outbox *out)
{
	(void)owner;
	(void)outcome;
	(void)arena;
	*out = (struct store_outbox){ .target = TEXT_LITERAL("webhook:1"),
				      .kind = TEXT_LITERAL("receipt"),
				      .body = { cdr, 200 },
				      .due_us = now_us };
	memcpy(out->id, row->id.octets, sizeof(out->id));
	return true;
}

static const struct store_policy policy = { .receipt = receipt };

static void done(struct store_request *r)
{
	if (r->answer != STORE_DONE && !failed++)
		fprintf(stderr, "%s: %s, %s\n", store_operation_name(r->operation), store_answer_name(r->answer),
			r->why ? r->why : "");
	waited_for--;
}

static void submit(struct store_request *r, enum store_operation operation)
{
	r->operation = operation;
	r->done = done;
	waited_for++;
	store_submit(store, r);
}

static void wait_for_all(void)
{
	loop_turn(loop, 0); /* requests leave at the end of a turn */
	while (waited_for)
		loop_turn(loop, 1000);
}

static void open_store(void)
{
	const char *why = "";

	if (store_sqlite_open(loop, path, NULL, NULL, &policy, &store, &why)) {
		fprintf(stderr, "%s\n", why);
		exit(1);
	}
}

static void start(struct message_at_work *m, enum mode mode, unsigned n)
{
	int64_t now = store_now(store);

	arena_reset(m->arena);
	m->delivery = (struct store_new_delivery){ .recipient = TEXT_LITERAL("+819012345678"),
						   .has_lane = true,
						   .lane = (int64_t)n + 1,
						   .route = TEXT_LITERAL("r"),
						   .bearer = TEXT_LITERAL("sms"),
						   .due_us = now,
						   .deadline_us = now + HOUR,
						   .lease_until_us = mode == MODE_CLAIM ? 0 : now + HOUR,
						   .trail = { event, sizeof(event) } };
	m->accept = (struct store_accept){ .arena = m->arena,
					   .id = message_id_new(now),
					   .channel = TEXT_LITERAL("http"),
					   .sender = TEXT_LITERAL("12345"),
					   .header = { "hhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhh", 40 },
					   .text = text_range(cdr, 100),
					   .deliveries = &m->delivery,
					   .deliveries_count = 1,
					   .worker = TEXT_LITERAL("w"),
					   .has_key = mode == MODE_KEY };
	for (unsigned i = 0; i < sizeof(m->accept.key); i++)
		m->accept.key[i] = (uint8_t)rand();
	if (mode == MODE_PRICED) {
		m->charge = (struct store_charge){ .recipient = 1,
						   .bearers = TEXT_LITERAL("sms"),
						   .currency = TEXT_LITERAL("JPY"),
						   .max_amount = 3000000,
						   .amount = 3000000,
						   .version = 1,
						   .units = 1,
						   .tax_ppm = 100000,
						   .until_us = now + HOUR,
						   .deadline_us = now + 2 * HOUR };
		memcpy(m->charge.account_id, payer, sizeof(payer));
		m->accept.charges = &m->charge;
		m->accept.charges_count = 1;
	}
	submit(&m->accept.base, STORE_ACCEPT);
}

static void finish(struct message_at_work *m, enum mode mode)
{
	bool reports = mode == MODE_REPORT;

	m->form = text_range(m->name, (size_t)snprintf(m->name, sizeof(m->name), "%lld", (long long)m->delivery.lane));
	m->wire = (struct store_wire){ m->form, 1 };
	m->finish = (struct store_finish){ .arena = m->arena,
					   .id = m->delivery.id_out,
					   .epoch = 1,
					   .outcome = OUTCOME_SENT,
					   .post = mode == MODE_PRICED,
					   .amount = 3000000,
					   .peer = TEXT_LITERAL("smsc"),
					   .wires = &m->wire,
					   .wires_count = reports,
					   .wires_until_us = INT64_MAX / 2,
					   .await_until_us = reports ? INT64_MAX / 2 : 0,
					   .trail = { event, sizeof(event) },
					   .cdr = text_range(cdr, sizeof(cdr)) };
	submit(&m->finish.base, STORE_FINISH);
}

static void report(struct message_at_work *m)
{
	m->report = (struct store_report){ .arena = m->arena,
					   .peer = TEXT_LITERAL("smsc"),
					   .wire_ids = &m->form,
					   .wire_ids_count = 1,
					   .outcome = OUTCOME_DELIVERED,
					   .trail = { event, sizeof(event) } };
	submit(&m->report.base, STORE_REPORT);
}

static unsigned claim(unsigned limit, struct arena *arena)
{
	struct store_claim c = { .arena = arena,
				 .route = TEXT_LITERAL("r"),
				 .worker = TEXT_LITERAL("w"),
				 .lease_us = HOUR / 2,
				 .margin_us = USEC_PER_SEC,
				 .limit = limit };

	submit(&c.base, STORE_CLAIM);
	wait_for_all();
	return c.rows_count_out;
}

static int64_t cpu_us(void)
{
	struct rusage u;

	getrusage(RUSAGE_SELF, &u);
	return (u.ru_utime.tv_sec + u.ru_stime.tv_sec) * USEC_PER_SEC + u.ru_utime.tv_usec + u.ru_stime.tv_usec;
}

static void one_batch(struct message_at_work *all, unsigned batch, enum mode mode, unsigned first, struct arena *arena)
{
	for (unsigned i = 0; i < batch; i++)
		start(&all[i], mode, first + i);
	wait_for_all();
	arena_reset(arena);
	if (mode == MODE_CLAIM && claim(batch, arena) != batch)
		failed++;
	for (unsigned i = 0; i < batch; i++)
		finish(&all[i], mode);
	wait_for_all();
	for (unsigned i = 0; mode == MODE_REPORT && i < batch; i++)
		report(&all[i]);
	wait_for_all();
}

static void run(unsigned messages, unsigned batch, enum mode mode)
{
	static unsigned lane = 1u << 30;
	struct message_at_work *all = must_alloc(batch * sizeof(*all));
	struct arena *arena = arena_new(1u << 20);
	unsigned ended = 0;

	for (unsigned i = 0; i < batch; i++)
		all[i].arena = arena_new(16384);
	int64_t wall = clock_monotonic(), cpu = cpu_us();
	for (; ended < messages; ended += batch, lane += batch)
		one_batch(all, batch, mode, lane, arena);
	wall = clock_monotonic() - wall;
	cpu = cpu_us() - cpu;
	printf("store sqlite %s batch=%u messages=%u failed=%u rate=%.0f/s cpu=%.1fus/message\n", mode_names[mode],
	       batch, ended, failed, (double)ended * 1e6 / (double)wall, (double)cpu / (double)ended);
	for (unsigned i = 0; i < batch; i++)
		arena_free(&all[i].arena);
	arena_free(&arena);
	free(all);
}

static void fund(void)
{
	struct store_account a = { .kind = ACCOUNT_PAYER, .currency = TEXT_LITERAL("JPY") };
	struct store_fund f = { .key = { 1 }, .currency = TEXT_LITERAL("JPY"), .amount = STORE_AMOUNT_MAX / 2 };

	memcpy(a.id, payer, sizeof(payer));
	memcpy(f.account_id, payer, sizeof(payer));
	submit(&a.base, STORE_ACCOUNT_PUT);
	submit(&f.base, STORE_FUND);
	wait_for_all();
}

/* A tenth each is due and parked behind it, the rest due later. */
static void fill(unsigned messages)
{
	enum { PER_MESSAGE = 50, PER_TURN = 10 };
	static struct store_new_delivery d[PER_TURN][PER_MESSAGE];
	static struct store_accept a[PER_TURN];
	int64_t now = store_now(store), lane = 1;

	for (unsigned n = 0; n < messages; n += PER_MESSAGE * PER_TURN) {
		for (unsigned t = 0; t < PER_TURN; t++) {
			for (unsigned i = 0; i < PER_MESSAGE; i++, lane += i % 10 != 1)
				d[t][i] = (struct store_new_delivery){ .recipient = TEXT_LITERAL("+819012345678"),
								       .has_lane = true,
								       .lane = lane,
								       .route = i % 20 < 10 ? TEXT_LITERAL("r")
											    : TEXT_LITERAL("other"),
								       .bearer = TEXT_LITERAL("sms"),
								       .due_us = now + (i % 10 < 2 ? 0 : HOUR),
								       .deadline_us = INT64_MAX / 2,
								       .trail = { event, sizeof(event) } };
			a[t] = (struct store_accept){ .id = message_id_new(now),
						      .channel = TEXT_LITERAL("http"),
						      .sender = TEXT_LITERAL("12345"),
						      .header = { "h", 1 },
						      .text = text_range(cdr, 100),
						      .deliveries = d[t],
						      .deliveries_count = PER_MESSAGE };
			submit(&a[t].base, STORE_ACCEPT);
		}
		wait_for_all();
	}
}

static double ms_since(int64_t start_us)
{
	return (double)(clock_monotonic() - start_us) / 1000;
}

static void scale(unsigned messages, unsigned batch)
{
	struct arena *arena = arena_new(1u << 20);
	int64_t from = clock_monotonic();

	run(50000, batch, MODE_FREE);
	from = clock_monotonic();
	fill(messages);
	printf("store sqlite scale waiting=%u filled in %.1f s\n", messages, ms_since(from) / 1000);
	run(50000, batch, MODE_FREE);
	from = clock_monotonic();
	unsigned got = claim(256, arena);
	printf("store sqlite scale full claim of %u: %.2f ms\n", got, ms_since(from));
	while (claim(512, arena) == 512)
		arena_reset(arena);
	from = clock_monotonic();
	got = claim(256, arena);
	printf("store sqlite scale empty claim (%u): %.2f ms\n", got, ms_since(from));
	from = clock_monotonic();
	struct store_routes routes = { .arena = arena };
	submit(&routes.base, STORE_ROUTES);
	wait_for_all();
	printf("store sqlite scale routes (%u): %.1f ms\n", routes.rows_count_out, ms_since(from));
	from = clock_monotonic();
	store_close(&store);
	printf("store sqlite scale close: %.1f ms\n", ms_since(from));
	from = clock_monotonic();
	open_store();
	printf("store sqlite scale open again: %.1f ms\n", ms_since(from));
	arena_free(&arena);
}

static enum mode mode_of(const char *name)
{
	for (unsigned i = 0; i < MODES; i++) {
		if (text_is(text_of(name), mode_names[i]))
			return (enum mode)i;
	}
	return MODES;
}

static void remove_files(const char *folder)
{
	static const char *const suffixes[] = { "", "-wal", "-shm" };

	for (unsigned i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++) {
		char file[96];
		snprintf(file, sizeof(file), "%s%s", path, suffixes[i]);
		(void)unlink(file);
	}
	rmdir(folder);
}

int main(int argc, char **argv)
{
	char folder[] = "/tmp/cellpost-bench-XXXXXX";
	uint64_t messages = 50000, batch = 256;
	enum mode mode = argc > 3 ? mode_of(argv[3]) : MODE_FREE;

	if (argc > 1 && !text_to_u64(text_of(argv[1]), 100000000, &messages))
		return 2;
	if (argc > 2 && (!text_to_u64(text_of(argv[2]), 512, &batch) || !batch))
		return 2;
	if (mode == MODES || !mkdtemp(folder))
		return 2;
	snprintf(path, sizeof(path), "%s/store.db", folder);
	memset(cdr, '.', sizeof(cdr));
	event[0] = sizeof(event) - 1; /* one event of a trail */
	loop = loop_new();
	log_set_level(LOG_STORE, LOG_ERROR);
	open_store();
	fund();
	if (mode == MODE_SCALE)
		scale((unsigned)messages, (unsigned)batch);
	else
		run((unsigned)messages, (unsigned)batch, mode);
	store_close(&store);
	loop_free(&loop);
	remove_files(folder);
	return failed ? 1 : 0;
}
