/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a free message costs the SQLite driver: accept (born leased) and finish with a CDR, in batches of the given
 *size. bench_store [messages] [batch]
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "core/base/clock.h"
#include "core/base/log.h"
#include "store/store_open.h"

struct message_at_work {
	struct store_accept accept;
	struct store_finish finish;
	struct store_new_delivery delivery;
	struct arena *arena;
	bool finishing;
};

static struct store *store;
static struct loop *loop;
static unsigned finished, failed;

static char cdr[420]; /* octets of a CDR, about what a delivery leaves */

static void done(struct store_request *r)
{
	struct message_at_work *m = r->owner;

	if (r->answer != STORE_DONE)
		failed++;
	if (m->finishing) {
		finished++;
		return;
	}
	m->finishing = true;
	m->finish = (struct store_finish){ .base = { .operation = STORE_FINISH, .done = done, .owner = m },
					   .arena = m->arena,
					   .id = m->delivery.id_out,
					   .epoch = m->delivery.epoch_out,
					   .outcome = OUTCOME_SENT,
					   .cdr = text_range(cdr, sizeof(cdr)) };
	store_submit(store, &m->finish.base);
}

static void start(struct message_at_work *m, unsigned n)
{
	m->finishing = false;
	arena_reset(m->arena);
	m->delivery = (struct store_new_delivery){ .recipient = TEXT_LITERAL("+819012345678"),
						   .has_lane = true,
						   .lane = (int64_t)n + 1,
						   .route = TEXT_LITERAL("r"),
						   .bearer = TEXT_LITERAL("sms"),
						   .deadline_us = INT64_MAX / 2,
						   .lease_until_us = INT64_MAX / 2 };
	m->accept = (struct store_accept){ .base = { .operation = STORE_ACCEPT, .done = done, .owner = m },
					   .arena = m->arena,
					   .id = message_id_new(clock_now()),
					   .channel = TEXT_LITERAL("http"),
					   .sender = TEXT_LITERAL("12345"),
					   .header = { "hhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhh", 40 },
					   .text = text_range(cdr, 100),
					   .deliveries = &m->delivery,
					   .deliveries_count = 1,
					   .worker = TEXT_LITERAL("w") };
	store_submit(store, &m->accept.base);
}

static int64_t cpu_us(void)
{
	struct rusage u;

	getrusage(RUSAGE_SELF, &u);
	return (u.ru_utime.tv_sec + u.ru_stime.tv_sec) * USEC_PER_SEC + u.ru_utime.tv_usec + u.ru_stime.tv_usec;
}

static void run(unsigned messages, unsigned batch)
{
	struct message_at_work *all = must_alloc(batch * sizeof(*all));
	int64_t wall = clock_monotonic(), cpu = cpu_us();

	for (unsigned i = 0; i < batch; i++)
		all[i].arena = arena_new(16384);
	for (unsigned n = 0; n < messages; n += batch) {
		for (unsigned i = 0; i < batch; i++)
			start(&all[i], n + i);
		while (finished < n + batch)
			loop_turn(loop, 1000); /* requests leave at the end of a turn: the first must not wait */
	}
	wall = clock_monotonic() - wall;
	cpu = cpu_us() - cpu;
	printf("store sqlite free born-leased batch=%u messages=%u failed=%u rate=%.0f/s cpu=%.1fus/message\n", batch,
	       finished, failed, (double)finished * 1e6 / (double)wall, (double)cpu / (double)finished);
	for (unsigned i = 0; i < batch; i++)
		arena_free(&all[i].arena);
	free(all);
}

int main(int argc, char **argv)
{
	char folder[] = "/tmp/cellpost-bench-XXXXXX", path[64], command[96];
	uint64_t messages = 50000, batch = 256;
	const char *why = "";

	if (argc > 1 && !text_to_u64(text_of(argv[1]), 10000000, &messages))
		return 2;
	if (argc > 2 && (!text_to_u64(text_of(argv[2]), 512, &batch) || !batch))
		return 2;
	if (!mkdtemp(folder))
		return 1;
	snprintf(path, sizeof(path), "%s/store.db", folder);
	memset(cdr, '.', sizeof(cdr));
	loop = loop_new();
	log_set_level(LOG_STORE, LOG_ERROR);
	if (store_sqlite_open(loop, path, NULL, NULL, NULL, &store, &why)) {
		fprintf(stderr, "%s\n", why);
		return 1;
	}
	run((unsigned)messages, (unsigned)batch);
	store_close(&store);
	loop_free(&loop);
	static const char *const suffixes[] = { "", "-wal", "-shm" };
	for (unsigned i = 0; i < 3; i++) {
		snprintf(command, sizeof(command), "%s%s", path, suffixes[i]);
		(void)unlink(command);
	}
	rmdir(folder);
	return failed ? 1 : 0;
}
