/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The model checker of the money (model.h says which statements, model_world.h what the world is).
 *
 * Systematic: breadth first over the interleavings of small worlds, equal states once, within a time. Random: long runs
 * on both stores, each fourth on disk with a restart after every step, and what fails is made as short as it can be.
 * And the checker itself: each planted fault must be found by the check of its statement.
 *
 *	CELLPOST_MODEL_SECONDS	 for the systematic search (default 16) and, a half each, for the random runs
 *	CELLPOST_MODEL_RUN	 one random run alone
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "core/base/log.h"
#include "tests/billing/model_world.h"

#define PATH_MAX_ACTIONS 64u
#define RUN_STEPS 150u
#define FAULT_RUNS 4000u
#define FAULT_STEPS 60u
#define STATES_MAX (1u << 22)

static double seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static uint64_t number(const char *name, uint64_t otherwise)
{
	const char *value = getenv(name);
	uint64_t n = otherwise;

	if (value)
		(void)text_to_u64(text_of(value), UINT32_MAX, &n);
	return n;
}

static void say(const model_action *path, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		print_error("  %2u  %s %u\n", i + 1, model_operation_name(path[i] >> 8), path[i] & 0xffu);
}

static void fail_with(const struct model_world *x, const model_action *path, unsigned count, const char *what)
{
	print_error("%s: %s is broken: %s\n", what, x->m.broken, x->m.why);
	say(path, count);
	fail_msg("%s", x->m.broken);
}

/* --- systematic ------------------------------------------------------------------------------------------------------
 */

struct scope {
	const char *name, *prefix, *operations; /* words; an argument behind a colon limits it, as a string of digits */
	unsigned messages;
	int64_t balance, cap; /* yen */
};

static const struct scope scopes[] = {
	{ "one priced delivery, two workers", "accept",
	  "claim:01 send yes no silent die decide:0 reached:0 failed:0 reached-by-name:0 failed-by-name:0 refund:0 "
	  "cancel:0 "
	  "expire jump:0123 crash",
	  1, 11, 12 },
	{ "RCS, then SMS", "accept",
	  "claim:23 send yes no silent die decide:1 reached:1 reached-by-name:1 failed-by-name:1 cancel:1 expire "
	  "jump:01 crash",
	  1, 11, 12 },
	{ "the payer at his limit", "",
	  "accept accept-again accept-other claim:048 send:0 yes:0 no:0 cancel:02 refund:02 fund cap tariff consent "
	  "jump:1 "
	  "expire",
	  2, 8, 9 },
	{ "abroad, and grown", "accept accept:1",
	  "claim:456 send yes:0 no:0 silent:0 decide:2 roam grow jump:0 expire crash", 2, 8, 100 },
	{ "everything", "", "", 2, 10, 10 },
};

struct node {
	uint32_t parent;
	model_action action;
	uint16_t depth;
};

struct search {
	struct model_world *x;
	const struct scope *scope;
	struct node *nodes;
	uint64_t *seen; /* open addressing; 0 is empty */
	unsigned count;
	model_action path[PATH_MAX_ACTIONS + 1];
	unsigned path_count;
	bool allowed[64][MODEL_ARGS];
};

static bool is_new(struct search *s, uint64_t hash)
{
	size_t at = (hash | 1) % (2 * STATES_MAX);

	if (s->count == STATES_MAX)
		return false;
	for (; s->seen[at]; at = (at + 1) % (2 * STATES_MAX)) {
		if (s->seen[at] == (hash | 1))
			return false;
	}
	s->seen[at] = hash | 1;
	return true;
}

static void allow(struct search *s, struct text words)
{
	struct text word, name;

	while (text_split(&words, ' ', &word)) {
		char copy[32];
		if (!word.len)
			continue;
		(void)text_split(&word, ':', &name);
		assert_true(text_copy(name, copy, sizeof(copy)));
		int operation = model_operation_find(copy);
		assert_true(operation >= 0);
		for (unsigned i = 0; !word.len && i < MODEL_ARGS; i++)
			s->allowed[operation][i] = true;
		for (size_t i = 0; i < word.len; i++)
			s->allowed[operation][word.at[i] - '0'] = true;
	}
}

static void start_prefix(struct search *s)
{
	struct text words = text_of(s->scope->prefix), word, name;

	model_world_start(s->x, s->scope->balance * MODEL_YEN, s->scope->cap * MODEL_YEN);
	while (text_split(&words, ' ', &word) && word.len) {
		char copy[32];
		uint64_t arg = 0;
		(void)text_split(&word, ':', &name);
		assert_true(text_copy(name, copy, sizeof(copy)));
		(void)text_to_u64(word, MODEL_ARGS, &arg);
		assert_true(model_world_act(s->x, MODEL_ACTION(model_operation_find(copy), arg)));
	}
}

static void replay(struct search *s)
{
	start_prefix(s);
	for (unsigned i = 0; i < s->path_count; i++)
		(void)model_world_act(s->x, s->path[i]);
}

static void path_to(struct search *s, unsigned node)
{
	s->path_count = s->nodes[node].depth;
	for (unsigned at = node; s->nodes[at].depth; at = s->nodes[at].parent)
		s->path[s->nodes[at].depth - 1] = s->nodes[at].action;
}

static void step_to(struct search *s, unsigned node, model_action action)
{
	s->path[s->path_count] = action;
	model_world_look(s->x);
	if (s->x->m.broken)
		fail_with(s->x, s->path, s->path_count + 1, s->scope->name);
	if (is_new(s, model_world_hash(s->x)))
		s->nodes[s->count++] = (struct node){ node, action, (uint16_t)(s->path_count + 1) };
}

static void expand(struct search *s, unsigned node)
{
	path_to(s, node);
	if (s->path_count >= PATH_MAX_ACTIONS)
		return;
	replay(s);
	for (unsigned operation = 0; operation < model_operations(); operation++) {
		for (unsigned arg = 0; arg < model_operation_args(s->x, operation); arg++) {
			model_action action = MODEL_ACTION(operation, arg);
			if (!s->allowed[operation][arg] || !model_world_act(s->x, action))
				continue;
			step_to(s, node, action);
			replay(s);
		}
	}
}

static void search(struct search *s, const struct scope *scope, double until)
{
	unsigned at = 0;

	s->scope = scope;
	s->count = 1;
	s->nodes[0] = (struct node){ 0 };
	memset(s->seen, 0, 2 * STATES_MAX * sizeof(*s->seen));
	memset(s->allowed, scope->operations[0] ? 0 : 1, sizeof(s->allowed));
	allow(s, text_of(scope->operations));
	model_world_open(s->x, WORLD_MEMORY, scope->messages);
	for (; at < s->count && seconds() < until; at++)
		expand(s, at);
	print_message("%s: %u states seen, %u followed, %u steps deep%s\n", scope->name, s->count, at,
		      at ? s->nodes[at - 1].depth : 0, at == s->count ? ", all" : "");
	model_world_close(s->x);
}

static void every_interleaving_of_small_worlds(void **state)
{
	struct search *s = must_alloc(sizeof(*s));
	unsigned scopes_count = sizeof(scopes) / sizeof(scopes[0]);
	double each = (double)number("CELLPOST_MODEL_SECONDS", 16) / scopes_count;

	(void)state;
	s->x = must_alloc(sizeof(*s->x));
	s->nodes = must_alloc(STATES_MAX * sizeof(*s->nodes));
	s->seen = must_alloc(2 * STATES_MAX * sizeof(*s->seen));
	for (unsigned i = 0; i < scopes_count; i++)
		search(s, &scopes[i], seconds() + each);
	free(s->seen);
	free(s->nodes);
	free(s->x);
	free(s);
}

/* --- walks: what was found once, and what matters most, on both stores ------------------------------------------- */

static const char *const walks[] = {
	/* The clock goes back over a restart. */
	"accept:0 claim:0 jump:0 jump:3 crash:0 expire:0 expire:0",
	/* SMS is decided and waits; the RCS try that was proved closed reports success: nothing was sent that costs. */
	"accept:0 claim:2 send:0 no:0 claim:2 send:0 decide:1 reached-by-name:1",
	/* The report overtakes the answer, good and bad. */
	"accept:0 claim:0 send:0 reached:0 yes:0 yes:0 expire:0",
	"accept:0 claim:0 send:0 failed:0 yes:0 refund:0 reached:0",
	/* No answer until the end; an answer after it. */
	"accept:0 claim:0 send:0 silent:0 claim:1 send:1 jump:1 expire:0 expire:0 yes:0 yes:1 reached-by-name:0",
	/* Refused by SMS, taken by MMS, not delivered; refunded once. */
	"accept:0 claim:0 send:0 no:0 claim:1 send:1 yes:1 yes:0 failed:0 failed-by-name:0 refund:0 refund:0",
	/* A cancel beside an attempt: the attempt's result decides. */
	"accept:0 claim:0 send:0 cancel:0 cancel:1 no:0 accept-again:0 accept-other:0",
};

static void walk(struct model_world *x, const char *path)
{
	struct text words = text_of(path), word, name;

	model_world_start(x, 20 * MODEL_YEN, 20 * MODEL_YEN);
	while (text_split(&words, ' ', &word) && word.len) {
		char copy[32];
		uint64_t arg = 0;
		(void)text_split(&word, ':', &name);
		assert_true(text_copy(name, copy, sizeof(copy)));
		(void)text_to_u64(word, MODEL_ARGS, &arg);
		assert_true(model_world_act(x, MODEL_ACTION(model_operation_find(copy), arg)));
		model_world_look(x);
		if (x->m.broken)
			fail_msg("%s: %s at %s: %s", path, x->m.broken, copy, x->m.why);
	}
}

static void walks_on_both_stores(void **state)
{
	struct model_world *x = must_alloc(sizeof(*x));

	(void)state;
	for (unsigned driver = 0; driver < 2; driver++) {
		model_world_open(x, driver ? WORLD_MEMORY : WORLD_SQLITE, 1);
		for (unsigned i = 0; i < sizeof(walks) / sizeof(walks[0]); i++)
			walk(x, walks[i]);
		model_world_close(x);
	}
	free(x);
}

/* --- random ----------------------------------------------------------------------------------------------------------
 */

static unsigned dice(uint64_t *seed, unsigned sides)
{
	*seed = *seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (unsigned)(*seed >> 33) % sides;
}

static model_action any_action(const struct model_world *x, uint64_t *seed)
{
	static const char *const often[] = { "accept", "claim", "claim", "claim",  "send",   "send",
					     "send",   "yes",	"no",	 "silent", "decide", "reached-by-name",
					     "expire" };
	unsigned n = sizeof(often) / sizeof(often[0]);
	unsigned at = dice(seed, model_operations() + n);
	unsigned operation = at < n ? (unsigned)model_operation_find(often[at]) : at - n;

	return MODEL_ACTION(operation, dice(seed, model_operation_args(x, operation)));
}

static void start_run(struct model_world *x, uint64_t seed)
{
	x->reopens = world_driver == WORLD_SQLITE && seed % 4 == 0;
	model_world_start(x, (int64_t)(5 + seed % 20) * MODEL_YEN, (int64_t)(6 + seed % 17) * MODEL_YEN);
}

/* Whether this path breaks that statement. */
static bool breaks(struct model_world *x, uint64_t seed, const model_action *path, unsigned count,
		   const char *statement)
{
	start_run(x, seed);
	for (unsigned i = 0; i < count && !x->m.broken; i++) {
		if (model_world_act(x, path[i]))
			model_world_look(x);
	}
	return x->m.broken && !strcmp(x->m.broken, statement);
}

/* Leaves out what is not needed, from halves down to single actions. */
static unsigned shrink(struct model_world *x, uint64_t seed, model_action *path, unsigned count, const char *statement)
{
	model_action shorter[RUN_STEPS];

	for (unsigned size = count / 2; size; size /= 2) {
		for (unsigned at = 0; at + size <= count;) {
			memcpy(shorter, path, at * sizeof(*path));
			memcpy(shorter + at, path + at + size, (count - at - size) * sizeof(*path));
			if (!breaks(x, seed, shorter, count - size, statement)) {
				at += size;
				continue;
			}
			count -= size;
			memcpy(path, shorter, count * sizeof(*path));
		}
	}
	return count;
}

/* One run; its length when a statement broke, else 0. */
static unsigned run(struct model_world *x, uint64_t number_of_run, unsigned steps, model_action path[RUN_STEPS])
{
	uint64_t seed = number_of_run;

	start_run(x, number_of_run);
	for (unsigned i = 0; i < steps; i++) {
		path[i] = any_action(x, &seed);
		if (!model_world_act(x, path[i]))
			continue;
		model_world_look(x);
		if (x->m.broken)
			return i + 1;
	}
	return 0;
}

static void random_runs(enum world_driver driver, double until, const char *name)
{
	struct model_world *x = must_alloc(sizeof(*x));
	uint64_t only = number("CELLPOST_MODEL_RUN", 0), seed = only ? only : 1, runs = 0;
	model_action path[RUN_STEPS];

	model_world_open(x, driver, 4);
	for (; seconds() < until; seed++, runs++) {
		unsigned count = run(x, seed, RUN_STEPS, path);
		if (count) {
			const char *statement = x->m.broken;
			count = shrink(x, seed, path, count, statement);
			(void)breaks(x, seed, path, count, statement);
			print_error("run %llu (CELLPOST_MODEL_RUN), balance %llu yen, cap %llu yen\n",
				    (unsigned long long)seed, (unsigned long long)(5 + seed % 20),
				    (unsigned long long)(6 + seed % 17));
			fail_with(x, path, count, name);
		}
		if (only)
			break;
	}
	print_message("%s: %llu runs of %u steps\n", name, (unsigned long long)runs, RUN_STEPS);
	model_world_close(x);
	free(x);
}

static void random_runs_in_memory(void **state)
{
	(void)state;
	random_runs(WORLD_MEMORY, seconds() + (double)number("CELLPOST_MODEL_SECONDS", 12) / 2, "memory");
}

static void random_runs_on_disk(void **state)
{
	(void)state;
	random_runs(WORLD_SQLITE, seconds() + (double)number("CELLPOST_MODEL_SECONDS", 8) / 2, "SQLite");
}

/* --- the checker itself ----------------------------------------------------------------------------------------------
 */

static bool find_fault(struct model_world *x, enum model_fault fault)
{
	model_action path[RUN_STEPS];
	const char *name = model_fault_statement(fault), *other = NULL;

	x->fault = fault;
	for (uint64_t seed = 1; seed <= FAULT_RUNS; seed++) {
		if (!run(x, seed, FAULT_STEPS, path))
			continue;
		if (!strcmp(x->m.broken, name))
			return true;
		other = x->m.broken;
	}
	print_error("the fault planted against %s was found %s%s\n", name, other ? "only by " : "nowhere",
		    other ? other : "");
	return false;
}

static void each_planted_fault_is_found(void **state)
{
	struct model_world *x = must_alloc(sizeof(*x));
	unsigned found = 0;

	(void)state;
	model_world_open(x, WORLD_MEMORY, 2);
	for (enum model_fault fault = FAULT_NONE + 1; fault < FAULT_COUNT; fault++)
		found += find_fault(x, fault);
	print_message("%u of %d planted faults found\n", found, FAULT_COUNT - 1);
	assert_int_equal(found, FAULT_COUNT - 1);
	model_world_close(x);
	free(x);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_planted_fault_is_found),
		cmocka_unit_test(walks_on_both_stores),
		cmocka_unit_test(every_interleaving_of_small_worlds),
		cmocka_unit_test(random_runs_in_memory),
		cmocka_unit_test(random_runs_on_disk),
	};

	log_set_level(LOG_STORE, LOG_LEVEL_COUNT);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
