/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "core/base/idtable.h"
#include "core/base/random.h"

static void an_old_id_finds_nothing(void **state)
{
	struct idtable *t = idtable_new(10);
	int a, b;

	(void)state;
	uint64_t first = idtable_add(t, &a);
	assert_int_not_equal(first, 0);
	assert_ptr_equal(idtable_find(t, first), &a);
	assert_ptr_equal(idtable_remove(t, first), &a);
	assert_null(idtable_find(t, first));
	assert_null(idtable_remove(t, first));
	uint64_t second = idtable_add(t, &b); /* the same place */
	assert_int_equal((uint32_t)second, (uint32_t)first);
	assert_int_not_equal(second, first);
	assert_null(idtable_find(t, first));
	assert_ptr_equal(idtable_find(t, second), &b);
	idtable_free(&t);
	assert_null(t);
}

static void strange_ids_find_nothing(void **state)
{
	static const uint64_t table[] = {
		0, 1, 2, UINT64_MAX, UINT32_MAX, 1ull << 32, (1ull << 32) | 2, (2ull << 32) | 1, 0xffffffff00000001
	};
	struct idtable *t = idtable_new(10);
	int a;

	(void)state;
	assert_int_equal(idtable_add(t, &a), (1ull << 32) | 1);
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		assert_null(idtable_find(t, table[i]));
	idtable_free(&t);
}

static void no_more_than_max(void **state)
{
	struct idtable *t = idtable_new(100);
	int a;
	uint64_t last = 0;

	(void)state;
	for (unsigned i = 0; i < 100; i++) {
		last = idtable_add(t, &a);
		assert_int_not_equal(last, 0);
	}
	assert_int_equal(idtable_add(t, &a), 0);
	assert_int_equal(idtable_count(t), 100);
	(void)idtable_remove(t, last);
	assert_int_not_equal(idtable_add(t, &a), 0);
	assert_int_equal(idtable_add(t, NULL), 0);
	idtable_free(&t);
}

struct visit {
	struct idtable *table;
	unsigned seen;
};

static void remove_odd(void *owner, uint64_t id, void *object)
{
	struct visit *v = owner;

	v->seen++;
	assert_ptr_equal(idtable_find(v->table, id), object);
	if (*(const int *)object % 2)
		assert_ptr_equal(idtable_remove(v->table, id), object);
}

static void each_may_remove(void **state)
{
	int values[200];
	struct visit v = { .table = idtable_new(200) };

	(void)state;
	for (int i = 0; i < 200; i++) {
		values[i] = i;
		(void)idtable_add(v.table, &values[i]);
	}
	idtable_each(v.table, remove_odd, &v);
	assert_int_equal(v.seen, 200);
	assert_int_equal(idtable_count(v.table), 100);
	idtable_free(&v.table);
}

/* Against a plain array of what must be there. */
static void random_adds_and_removes(void **state)
{
	static uint64_t ids[500], gone[500];
	static int objects[500];
	struct idtable *t = idtable_new(500);

	(void)state;
	random_seed(7);
	for (unsigned i = 0; i < 200000; i++) {
		uint32_t n = random_below(500);
		if (ids[n]) {
			assert_ptr_equal(idtable_remove(t, ids[n]), &objects[n]);
			gone[n] = ids[n];
			ids[n] = 0;
		} else {
			ids[n] = idtable_add(t, &objects[n]);
		}
		uint32_t look = random_below(500);
		if (ids[look])
			assert_ptr_equal(idtable_find(t, ids[look]), &objects[look]);
		assert_null(idtable_find(t, gone[look]));
	}
	idtable_free(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_old_id_finds_nothing), cmocka_unit_test(strange_ids_find_nothing),
		cmocka_unit_test(no_more_than_max),	   cmocka_unit_test(each_may_remove),
		cmocka_unit_test(random_adds_and_removes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
