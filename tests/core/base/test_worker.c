/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <pthread.h>
#include <stdatomic.h>

#include "core/base/worker.h"

struct task {
	struct worker *worker;
	pthread_t ran_on;
	unsigned *done;
	int value;
	unsigned again; /* submitted so often again from `done` */
};

static void run(void *job)
{
	struct task *t = job;

	t->ran_on = pthread_self();
	t->value++;
}

static void done(void *job)
{
	struct task *t = job;

	if (t->again) {
		t->again--;
		assert_int_equal(worker_submit(t->worker, run, done, t), OK);
		return;
	}
	++*t->done;
}

static void jobs_run_elsewhere_and_end_here(void **state)
{
	struct loop *loop = loop_new();
	struct worker *w = worker_new(loop, 3, 1000);
	static struct task tasks[1000];
	unsigned count = 0;

	(void)state;
	for (unsigned i = 0; i < 1000; i++) {
		tasks[i] = (struct task){ .worker = w, .done = &count, .again = i % 3 };
		while (worker_submit(w, run, done, &tasks[i]) == ERR_BUSY)
			loop_turn(loop, 100);
	}
	while (count < 1000)
		loop_turn(loop, 100000);
	for (unsigned i = 0; i < 1000; i++) {
		assert_int_equal(tasks[i].value, 1 + i % 3);
		assert_false(pthread_equal(tasks[i].ran_on, pthread_self()));
	}
	worker_free(&w);
	loop_free(&loop);
}

static pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;

static void wait_at_the_gate(void *job)
{
	pthread_mutex_lock(&gate);
	pthread_mutex_unlock(&gate);
	run(job);
}

static void too_many_are_refused_and_none_is_lost(void **state)
{
	struct loop *loop = loop_new();
	struct worker *w = worker_new(loop, 1, 5);
	struct task tasks[20] = { 0 };
	unsigned count = 0, taken = 0;

	(void)state;
	pthread_mutex_lock(&gate);
	for (unsigned i = 0; i < 20; i++) {
		tasks[i].done = &count;
		if (worker_submit(w, wait_at_the_gate, done, &tasks[i]) == OK)
			taken++;
	}
	assert_true(taken == 5 || taken == 6); /* one may be on its way already */
	pthread_mutex_unlock(&gate);
	worker_free(&w); /* without one turn of the loop */
	assert_int_equal(count, taken);
	loop_free(&loop);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(jobs_run_elsewhere_and_end_here),
		cmocka_unit_test(too_many_are_refused_and_none_is_lost),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
