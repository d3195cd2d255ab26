/* SPDX-License-Identifier: GPL-3.0-or-later */
/* B19: one planted difference of each kind, each listed under its name. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>

#include "billing/reconcile.h"

#define T(s) TEXT_LITERAL(s)
#define COUNT(a) (unsigned)(sizeof(a) / sizeof((a)[0]))

static void note(void *owner, enum reconcile_difference difference, const struct reconcile_item *our,
		 const struct reconcile_item *their)
{
	struct writer *w = owner;

	writer_printf(w, "%s:%.*s ", reconcile_difference_name(difference), TEXT_ARGS((our ? our : their)->key));
}

static void each_difference_has_its_name(void **state)
{
	struct reconcile_item ours[] = {
		{ T("z1"), T("+81"), 100, 1, 5, T("JPY"), OUTCOME_DELIVERED },
		{ T("a1"), T("+81"), 100, 1, 5, T("JPY"), OUTCOME_DELIVERED },
		{ T("b1"), T("+81"), 100, 1, 5, T("JPY"), OUTCOME_SENT }, /* missing there */
		{ T("d1"), T("+81"), 100, 1, 5, T("JPY"), OUTCOME_SENT }, /* twice there */
		{ T("e1"), T("+81"), 100, 1, 5, T("JPY"), OUTCOME_SENT }, /* twice here */
		{ T("e1"), T("+81"), 101, 1, 5, T("JPY"), OUTCOME_SENT },
		{ T("f1"), T("+81"), 100, 1, 5, T("JPY"), OUTCOME_SENT },
		{ T("g1"), T("+81"), 100, 2, 5, T("JPY"), OUTCOME_SENT },
		{ T("h1"), T("+81"), 100, 1, 5, T("JPY"), OUTCOME_SENT },
		{ T("i1"), T("+81"), 100, 1, 5, T("JPY"), OUTCOME_SENT },
		{ T("j1"), T("+81"), 100, 1, 5, T("JPY"), OUTCOME_DELIVERED },
		{ T("k1"), T("+81"), 100, 1, 5, T("JPY"), OUTCOME_SENT },
		{ T("l1"), T(""), 100, 1, 5, T(""), OUTCOME_NONE }, /* not told is no difference */
	};
	struct reconcile_item theirs[] = {
		{ T("a1"), T("+81"), 110, 1, 5, T("JPY"), OUTCOME_DISPLAYED },
		{ T("c1"), T("+81"), 100, 1, 5, T("JPY"), OUTCOME_SENT }, /* missing here */
		{ T("d1"), T("+81"), 100, 1, 5, T("JPY"), OUTCOME_SENT },
		{ T("d1"), T("+81"), 101, 1, 5, T("JPY"), OUTCOME_SENT },
		{ T("e1"), T("+81"), 100, 1, 5, T("JPY"), OUTCOME_SENT },
		{ T("f1"), T("+82"), 100, 1, 5, T("JPY"), OUTCOME_SENT },
		{ T("g1"), T("+81"), 100, 3, 5, T("JPY"), OUTCOME_SENT },
		{ T("h1"), T("+81"), 100, 1, 5, T("EUR"), OUTCOME_SENT },
		{ T("i1"), T("+81"), 100, 1, 6, T("JPY"), OUTCOME_SENT },
		{ T("j1"), T("+81"), 100, 1, 5, T("JPY"), OUTCOME_REFUSED },
		{ T("k1"), T("+81"), 111, 1, 5, T("JPY"), OUTCOME_SENT },
		{ T("l1"), T("+81"), 100, 1, 5, T("JPY"), OUTCOME_SENT },
		{ T("z1"), T("+81"), 90, 1, 5, T("JPY"), OUTCOME_DELIVERED },
	};
	char room[1000];
	struct writer w = writer_of(room, sizeof(room) - 1);
	struct reconcile_sum sum;

	(void)state;
	reconcile(ours, COUNT(ours), theirs, COUNT(theirs), 10, note, &w, &sum);
	room[writer_len(&w)] = 0;
	assert_string_equal(room, "missing-there:b1 missing-here:c1 twice-there:d1 twice-here:e1 recipient:f1 units:g1 "
				  "currency:h1 amount:i1 outcome:j1 time:k1 ");
	for (unsigned i = 0; i < RECONCILE_DIFFERENCE_COUNT; i++)
		assert_int_equal(sum.differences[i], 1);
	assert_int_equal(sum.same, 5);
	assert_true(sum.ours == 65 && sum.theirs == 66 && !sum.overflow);
}

static void extremes_do_not_overflow(void **state)
{
	struct reconcile_item ours[] = { { T("a"), T(""), INT64_MIN, 1, INT64_MAX, T("JPY"), OUTCOME_NONE },
					 { T("b"), T(""), 0, 1, 1, T("JPY"), OUTCOME_NONE } };
	struct reconcile_item theirs[] = { { T("a"), T(""), INT64_MAX, 1, INT64_MAX, T("JPY"), OUTCOME_NONE } };
	char room[1000];
	struct writer w = writer_of(room, sizeof(room) - 1);
	struct reconcile_sum sum;

	(void)state;
	reconcile(ours, 2, theirs, 1, INT64_MAX, note, &w, &sum);
	assert_true(sum.overflow && sum.ours == INT64_MAX && sum.differences[DIFFERENCE_TIME] == 1);
	reconcile(NULL, 0, NULL, 0, 0, note, &w, &sum);
	assert_int_equal(sum.same, 0);
	w = writer_of(room, sizeof(room) - 1);
	reconcile_text(&w, &sum);
	assert_true(writer_ok(&w));
}

static void a_row_for_the_report(void **state)
{
	const struct reconcile_item our = { T("=1"), T("+81"), 0, 2, 3300000, T("JPY"), OUTCOME_SENT };
	char room[1000];
	struct writer w = writer_of(room, sizeof(room) - 1);

	(void)state;
	reconcile_csv_row(&w, DIFFERENCE_MISSING_THERE, &our, NULL);
	room[writer_len(&w)] = 0;
	assert_string_equal(room, "missing-there,\"'=1\",\"+81\",1970-01-01T00:00:00.000000Z,,2,,3.30 JPY,,sent,\r\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_difference_has_its_name),
		cmocka_unit_test(extremes_do_not_overflow),
		cmocka_unit_test(a_row_for_the_report),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
