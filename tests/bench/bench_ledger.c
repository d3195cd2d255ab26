/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Whether billed messages slow down as accounts and records grow.
 *
 *	bench_ledger [accounts] [records] [batch]
 *
 * Opens that many funded accounts, then sends billed messages of accounts at random until that many records are
 * written, and prints the rate of each tenth beside the one with a single account and an empty store.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/clock.h"
#include "core/base/log.h"
#include "store/store_open.h"

#define HOUR (3600 * USEC_PER_SEC)
#define PRICE INT64_C(3300000)
#define STAGES 10u

struct message_at_work {
	struct store_accept accept;
	struct store_finish finish;
	struct store_new_delivery delivery;
	struct store_charge charge;
	struct arena *arena;
};

struct opening {
	struct store_account account;
	struct store_fund fund;
};

static struct loop *loop;
static struct store *store;
static unsigned waited_for, failed;
static char path[64];
static char cdr[420]; /* octets of a record, about what a delivery leaves */
static char event[40];
static uint64_t lane = 1;

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

static void account_id(uint64_t n, uint8_t to[16])
{
	/* Spread over the whole range, as the hashes of names are. */
	uint64_t spread = n * UINT64_C(0x9e3779b97f4a7c15);

	memset(to, 0, 16);
	for (unsigned i = 0; i < 8; i++) {
		to[i] = (uint8_t)(spread >> (56 - 8 * i));
		to[8 + i] = (uint8_t)(n >> (56 - 8 * i));
	}
}

static void open_accounts(uint64_t from, uint64_t to, unsigned batch)
{
	struct opening *all = must_alloc(batch * sizeof(*all));

	for (uint64_t n = from; n < to;) {
		unsigned k = 0;
		for (; k < batch && n < to; k++, n++) {
			all[k].account =
				(struct store_account){ .kind = ACCOUNT_PAYER, .currency = TEXT_LITERAL("JPY") };
			all[k].fund = (struct store_fund){ .currency = TEXT_LITERAL("JPY"), .amount = 1000000 * PRICE };
			account_id(n, all[k].account.id);
			account_id(n, all[k].fund.account_id);
			account_id(n, all[k].fund.key);
			submit(&all[k].account.base, STORE_ACCOUNT_PUT);
			submit(&all[k].fund.base, STORE_FUND);
		}
		wait_for_all();
	}
	free(all);
}

static void start(struct message_at_work *m, uint64_t account)
{
	int64_t now = store_now(store);

	arena_reset(m->arena);
	m->delivery = (struct store_new_delivery){ .recipient = TEXT_LITERAL("+819012345678"),
						   .has_lane = true,
						   .lane = (int64_t)lane++,
						   .route = TEXT_LITERAL("r"),
						   .bearer = TEXT_LITERAL("sms"),
						   .due_us = now,
						   .deadline_us = now + HOUR,
						   .lease_until_us = now + HOUR,
						   .trail = { event, sizeof(event) } };
	m->charge = (struct store_charge){ .recipient = 1,
					   .bearers = TEXT_LITERAL("sms"),
					   .currency = TEXT_LITERAL("JPY"),
					   .max_amount = PRICE,
					   .amount = PRICE,
					   .version = 1,
					   .units = 1,
					   .tax_ppm = 100000,
					   .until_us = now + HOUR,
					   .deadline_us = now + 2 * HOUR };
	account_id(account, m->charge.account_id);
	m->accept = (struct store_accept){ .arena = m->arena,
					   .id = message_id_new(now),
					   .channel = TEXT_LITERAL("http"),
					   .sender = TEXT_LITERAL("12345"),
					   .header = { "hhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhh", 40 },
					   .text = text_range(cdr, 100),
					   .deliveries = &m->delivery,
					   .deliveries_count = 1,
					   .worker = TEXT_LITERAL("w"),
					   .charges = &m->charge,
					   .charges_count = 1 };
	account_id(account, m->accept.account_id);
	submit(&m->accept.base, STORE_ACCEPT);
}

static void finish(struct message_at_work *m)
{
	m->finish = (struct store_finish){ .arena = m->arena,
					   .id = m->delivery.id_out,
					   .epoch = 1,
					   .outcome = OUTCOME_SENT,
					   .post = true,
					   .amount = PRICE,
					   .trail = { event, sizeof(event) },
					   .cdr = text_range(cdr, sizeof(cdr)) };
	submit(&m->finish.base, STORE_FINISH);
}

static uint64_t any(uint64_t below)
{
	static uint64_t state = 88172645463325252u;

	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state % below;
}

static void send_batch(struct message_at_work *all, unsigned batch, uint64_t accounts)
{
	for (unsigned i = 0; i < batch; i++)
		start(&all[i], any(accounts));
	wait_for_all();
	for (unsigned i = 0; i < batch; i++)
		finish(&all[i]);
	wait_for_all();
}

static int64_t cpu_us(void)
{
	struct rusage u;

	getrusage(RUSAGE_SELF, &u);
	return (u.ru_utime.tv_sec + u.ru_stime.tv_sec) * USEC_PER_SEC + u.ru_utime.tv_usec + u.ru_stime.tv_usec;
}

static double file_mib(void)
{
	struct stat s;

	return stat(path, &s) ? 0 : (double)s.st_size / 1048576;
}

/* The writer's thread counts too: rusage is of the process. */
static void stage(struct message_at_work *all, unsigned batch, uint64_t accounts, uint64_t messages, uint64_t records)
{
	int64_t wall = clock_monotonic(), cpu = cpu_us();
	uint64_t sent = 0;

	for (; sent < messages; sent += batch)
		send_batch(all, batch, accounts);
	wall = clock_monotonic() - wall;
	cpu = cpu_us() - cpu;
	printf("ledger accounts=%llu records=%llu rate=%.0f/s cpu=%.1fus/message file=%.0f MiB failed=%u\n",
	       (unsigned long long)accounts, (unsigned long long)(records + sent), (double)sent * 1e6 / (double)wall,
	       (double)cpu / (double)sent, file_mib(), failed);
	fflush(stdout);
}

static void read_balance(uint64_t account)
{
	struct store_account a = { .arena = arena_new(4096) };
	int64_t from = clock_monotonic();

	account_id(account, a.id);
	submit(&a.base, STORE_ACCOUNT_GET);
	wait_for_all();
	printf("ledger balance of one account: %.2f ms\n", (double)(clock_monotonic() - from) / 1000);
	arena_free(&a.arena);
}

static void open_store(void)
{
	const char *why = "";
	static const struct store_policy none;

	if (store_sqlite_open(loop, path, NULL, NULL, &none, &store, &why)) {
		fprintf(stderr, "%s\n", why);
		exit(1);
	}
}

static void open_again(void)
{
	int64_t from = clock_monotonic();

	store_close(&store);
	printf("ledger close: %.1f ms\n", (double)(clock_monotonic() - from) / 1000);
	from = clock_monotonic();
	open_store();
	printf("ledger open again: %.1f ms\n", (double)(clock_monotonic() - from) / 1000);
}

static void run(uint64_t accounts, uint64_t records, unsigned batch)
{
	struct message_at_work *all = must_alloc(batch * sizeof(*all));
	uint64_t each = records / STAGES;

	for (unsigned i = 0; i < batch; i++)
		all[i].arena = arena_new(16384);
	open_accounts(0, 1, batch);
	stage(all, batch, 1, each < 50000 ? each : 50000, 0);
	int64_t from = clock_monotonic();
	open_accounts(1, accounts, batch);
	printf("ledger opened and funded %llu accounts in %.1f s\n", (unsigned long long)accounts,
	       (double)(clock_monotonic() - from) / 1e6);
	for (unsigned s = 0; s < STAGES; s++)
		stage(all, batch, accounts, each, s * each);
	read_balance(accounts / 2);
	open_again();
	for (unsigned i = 0; i < batch; i++)
		arena_free(&all[i].arena);
	free(all);
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
	uint64_t accounts = 10000, records = 200000, batch = 256;

	if ((argc > 1 && (!text_to_u64(text_of(argv[1]), 10000000, &accounts) || !accounts)) ||
	    (argc > 2 && (!text_to_u64(text_of(argv[2]), 100000000, &records) || records < STAGES)) ||
	    (argc > 3 && (!text_to_u64(text_of(argv[3]), 512, &batch) || !batch)) || !mkdtemp(folder))
		return 2;
	snprintf(path, sizeof(path), "%s/store.db", folder);
	memset(cdr, '.', sizeof(cdr));
	event[0] = sizeof(event) - 1; /* one event of a trail */
	loop = loop_new();
	log_set_level(LOG_STORE, LOG_ERROR);
	open_store();
	run(accounts, records, (unsigned)batch);
	store_close(&store);
	loop_free(&loop);
	remove_files(folder);
	return failed ? 1 : 0;
}
