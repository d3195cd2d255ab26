/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Objects by key, and moments in order. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>

#include "sms/key_table.h"

#define MANY 1000

static void key_of(unsigned i, char to[16])
{
	snprintf(to, 16, "00101%u", i);
}

static void count(void *owner, void *object)
{
	*(unsigned *)owner += *(unsigned *)object;
}

/* Removes its neighbours and adds others while the table is walked. */
struct walk {
	struct key_table *table;
	unsigned *objects, called;
};

static void meddle(void *owner, void *object)
{
	struct walk *w = owner;
	unsigned i = (unsigned)((unsigned *)object - w->objects);
	char key[16];

	if (!i) /* a new one */
		return;
	w->called++;
	key_of(i, key);
	assert_ptr_equal(key_table_remove(w->table, text_of(key)), object);
	assert_null(key_table_find(w->table, text_of(key)));
	key_of(i ^ 1, key);
	(void)key_table_remove(w->table, text_of(key));
	snprintf(key, sizeof(key), "new%u", i / 2);
	assert_true(key_table_add(w->table, text_of(key), &w->objects[0]));
}

static void test_changes_while_walking(void **state)
{
	static unsigned objects[MANY];
	struct walk w = { key_table_new(2 * MANY), objects, 0 };
	char key[16];

	(void)state;
	for (unsigned i = 2; i < MANY; i++) {
		key_of(i, key);
		assert_true(key_table_add(w.table, text_of(key), &objects[i]));
	}
	w.objects = objects;
	key_table_each(w.table, meddle, &w);
	assert_true(w.called == MANY / 2 - 1);
	assert_int_equal(key_table_count(w.table), MANY / 2 - 1);
	for (unsigned i = 1; i < MANY / 2; i++) {
		snprintf(key, sizeof(key), "new%u", i);
		assert_ptr_equal(key_table_find(w.table, text_of(key)), &objects[0]);
	}
	key_table_free(&w.table);
}

static void test_table(void **state)
{
	static unsigned objects[MANY];
	struct key_table *t = key_table_new(MANY);
	char key[16];
	unsigned sum = 0;

	(void)state;
	for (unsigned i = 0; i < MANY; i++) {
		key_of(i, key);
		objects[i] = 1;
		assert_null(key_table_find(t, text_of(key)));
		assert_true(key_table_add(t, text_of(key), &objects[i]));
		assert_false(key_table_add(t, text_of(key), &objects[0]));
	}
	assert_false(key_table_add(t, TEXT_LITERAL("one more"), &objects[0]));
	key_table_each(t, count, &sum);
	assert_int_equal(sum, MANY);
	for (unsigned i = 0; i < MANY; i += 2) {
		key_of(i, key);
		assert_ptr_equal(key_table_remove(t, text_of(key)), &objects[i]);
		assert_null(key_table_remove(t, text_of(key)));
	}
	assert_int_equal(key_table_count(t), MANY / 2);
	for (unsigned i = 0; i < MANY; i++) {
		key_of(i, key);
		assert_true((key_table_find(t, text_of(key)) != NULL) == (i % 2 == 1));
	}
	assert_true(key_table_add(t, (struct text){ 0 }, &objects[0]));
	assert_ptr_equal(key_table_find(t, TEXT_LITERAL("")), &objects[0]);
	key_table_free(&t);
	assert_null(t);
	key_table_free(&t);
}

static void test_moments(void **state)
{
	static struct due dues[MANY];
	struct due_heap heap = { 0 };
	struct due *d;
	int64_t last = -1;
	unsigned taken = 0;
	uint32_t x = 7;

	(void)state;
	assert_true(due_next_us(&heap) == INT64_MAX);
	for (unsigned i = 0; i < 4 * MANY; i++) { /* set, and moved both ways */
		x = x * 1664525 + 1013904223;
		due_set(&heap, &dues[i % MANY], x >> 12);
	}
	for (unsigned i = 0; i < MANY; i += 3)
		due_stop(&heap, &dues[i]);
	due_stop(&heap, &dues[0]);
	while ((d = due_take(&heap, INT64_MAX - 1))) {
		assert_true(d->us >= last && !d->place && (d - dues) % 3);
		last = d->us;
		taken++;
	}
	assert_int_equal(taken, MANY - (MANY + 2) / 3);
	due_set(&heap, &dues[0], 10);
	assert_null(due_take(&heap, 9));
	assert_ptr_equal(due_take(&heap, 10), &dues[0]);
	due_set(&heap, &dues[0], 10);
	due_heap_clear(&heap);
	assert_int_equal(dues[0].place, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_table),
		cmocka_unit_test(test_changes_while_walking),
		cmocka_unit_test(test_moments),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
