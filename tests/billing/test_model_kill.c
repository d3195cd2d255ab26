/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A process that does business on SQLite is killed (-9) at any time, again and again. What it had been answered must be
 * there, what it had asked for last may be there whole or not at all (B5, B14, B22): the same actions, done once more
 * on the memory store, say what that is. Then time goes on, and no hold outlives it (B6).
 *
 *	CELLPOST_KILL_SECONDS	(default 6)
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "core/base/log.h"
#include "tests/billing/model_world.h"

#define STEPS 400u
#define MESSAGES 4u

/* What the killed one had done, seen by both. */
struct witness {
	volatile unsigned begun, answered; /* actions */
	volatile bool open;
	model_action path[STEPS];
};

static double seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static unsigned dice(uint64_t *seed, unsigned sides)
{
	*seed = *seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (unsigned)(*seed >> 33) % sides;
}

static void start(struct model_world *x, enum world_driver driver, uint64_t run)
{
	world_driver = driver;
	model_world_start(x, (int64_t)(8 + run % 20) * MODEL_YEN, (int64_t)(9 + run % 17) * MODEL_YEN);
}

/* The actions of a run, without those that need time to be of use again and again. */
static void plan(struct witness *w, const struct model_world *x, uint64_t seed)
{
	static const char *const often[] = { "accept", "claim", "claim",  "claim",  "send",   "send",
					     "yes",    "no",	"silent", "decide", "refund", "reached-by-name" };
	unsigned n = sizeof(often) / sizeof(often[0]);

	for (unsigned i = 0; i < STEPS; i++) {
		unsigned at = dice(&seed, model_operations() + n);
		unsigned operation = at < n ? (unsigned)model_operation_find(often[at]) : at - n;
		w->path[i] = MODEL_ACTION(operation, dice(&seed, model_operation_args(x, operation)));
	}
}

static void do_business(struct model_world *x, struct witness *w, uint64_t run)
{
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	x->w.loop = loop_new(); /* the parent's is its own */
	start(x, WORLD_SQLITE, run);
	w->open = true;
	for (unsigned i = 0; i < STEPS; i++) {
		w->begun = i + 1;
		(void)model_world_act(x, w->path[i]);
		w->answered = i + 1;
	}
	for (;;)
		pause();
}

static void kill_after(pid_t pid, unsigned microseconds)
{
	const struct timespec nap = { 0, (long)microseconds * 1000 };
	int status;

	nanosleep(&nap, NULL);
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status));
}

/* What is there, held against the oracle after that many actions. */
static const char *compare(struct model_world *disk, struct model_world *memory, char why[160])
{
	disk->m = memory->m;
	disk->real_us = memory->real_us;
	disk->monotonic_us = memory->monotonic_us;
	memcpy(disk->of, memory->of, sizeof(disk->of));
	disk->w.now_us = memory->w.now_us;
	clock_set(disk->real_us, disk->monotonic_us);
	world_driver = WORLD_SQLITE;
	model_world_look(disk);
	snprintf(why, 160, "%s", disk->m.why);
	return disk->m.broken;
}

static void end_of_time(struct model_world *disk)
{
	static const char *const acts[] = { "expire", "expire", "expire" };

	memset(disk->tries, 0, sizeof(disk->tries));
	for (unsigned i = 0; i < 3; i++) {
		(void)model_world_act(disk, MODEL_ACTION(model_operation_find("jump"), 2));
		(void)model_world_act(disk, MODEL_ACTION(model_operation_find(acts[i]), 0));
		model_world_look(disk);
	}
	if (disk->m.broken)
		fail_msg("afterwards %s is broken: %s", disk->m.broken, disk->m.why);
	assert_int_equal(disk->seen.held, 0);
	assert_int_equal(disk->seen.cap_held, 0);
}

static void compare_both(struct model_world *disk, struct model_world *memory, const struct witness *w, uint64_t run)
{
	char first[160], second[160];
	unsigned answered = w->answered, begun = w->begun;

	start(memory, WORLD_MEMORY, run);
	for (unsigned i = 0; i < answered; i++)
		(void)model_world_act(memory, w->path[i]);
	world_driver = WORLD_SQLITE;
	world_open(&disk->w);
	const char *broken = compare(disk, memory, first);
	if (broken && begun > answered) {
		world_driver = WORLD_MEMORY;
		(void)model_world_act(memory, w->path[answered]);
		if (compare(disk, memory, second))
			fail_msg("run %llu, %u answered: %s: %s; with `%s` %s: %s", (unsigned long long)run, answered,
				 broken, first, model_operation_name(w->path[answered] >> 8), disk->m.broken, second);
	} else if (broken) {
		fail_msg("run %llu, %u answered: %s: %s", (unsigned long long)run, answered, broken, first);
	}
	end_of_time(disk);
	world_close(&disk->w);
}

static void killed_at_any_time(void **state)
{
	const char *limit = getenv("CELLPOST_KILL_SECONDS");
	double until = seconds() + (limit ? strtod(limit, NULL) : 6);
	struct model_world *disk = must_alloc(sizeof(*disk)), *memory = must_alloc(sizeof(*memory));
	struct witness *w = mmap(NULL, sizeof(*w), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	unsigned kills = 0, amid = 0, steps = 0;
	uint64_t run = 1;

	(void)state;
	assert_true(w != MAP_FAILED);
	model_world_open(memory, WORLD_MEMORY, MESSAGES);
	model_world_open(disk, WORLD_SQLITE, MESSAGES);
	for (; seconds() < until; run++) {
		uint64_t seed = run;
		memset(w, 0, sizeof(*w));
		plan(w, disk, run);
		pid_t pid = fork();
		assert_true(pid >= 0);
		if (!pid)
			do_business(disk, w, run);
		for (unsigned i = 0; !w->open && i < 100000; i++)
			usleep(200);
		kill_after(pid, dice(&seed, 100000));
		compare_both(disk, memory, w, run);
		kills++;
		amid += w->begun > w->answered;
		steps += w->answered;
	}
	print_message("%u kills, %u amid an action, %u actions answered\n", kills, amid, steps);
	model_world_close(disk);
	model_world_close(memory);
	munmap(w, sizeof(*w));
	free(disk);
	free(memory);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(killed_at_any_time) };

	log_set_level(LOG_STORE, LOG_LEVEL_COUNT);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
