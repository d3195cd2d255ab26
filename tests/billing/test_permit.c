/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Permits: R9.1, and who may make one. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/permit.h"
#include "core/permit_mint.h"

static struct permit_terms terms(void)
{
	return (struct permit_terms){ .delivery = message_id_delivery(message_id_new(1000), 1),
				      .bearer = TEXT_LITERAL("sms"),
				      .attempt = 2,
				      .epoch = 5,
				      .units = 3,
				      .price = 9900000,
				      .not_after_us = 5000 };
}

static void it_works_once_for_its_tuple(void **state)
{
	struct permit_terms t = terms();
	struct permit *p = permit_mint(&t);

	(void)state;
	assert_non_null(p);
	assert_int_equal(permit_use(p, message_id_delivery(t.delivery, 2), t.bearer, 3, 4000), ERR_CONFLICT);
	assert_int_equal(permit_use(p, t.delivery, TEXT_LITERAL("mms"), 3, 4000), ERR_CONFLICT);
	assert_int_equal(permit_use(p, t.delivery, TEXT_LITERAL("smsx"), 3, 4000), ERR_CONFLICT);
	assert_int_equal(permit_use(p, t.delivery, t.bearer, 2, 4000), ERR_CONFLICT);
	assert_int_equal(permit_use(p, t.delivery, t.bearer, 4, 4000), ERR_CONFLICT);
	assert_int_equal(permit_use(p, t.delivery, t.bearer, 3, 5000), OK);
	assert_int_equal(permit_use(p, t.delivery, t.bearer, 3, 4000), ERR_CLOSED);
	assert_true(permit_attempt(p) == 2 && permit_epoch(p) == 5);
	permit_free(&p);
	assert_null(p);
}

static void too_late_is_spent(void **state)
{
	struct permit_terms t = terms();
	struct permit *p = permit_mint(&t);

	(void)state;
	assert_int_equal(permit_use(p, t.delivery, t.bearer, 3, 5001), ERR_TIMEOUT);
	assert_int_equal(permit_use(p, t.delivery, t.bearer, 3, 4000), ERR_CLOSED);
	permit_free(&p);
}

static void senseless_terms_make_none(void **state)
{
	struct permit_terms t = terms();

	(void)state;
	t.delivery = message_id_of_delivery(t.delivery);
	assert_null(permit_mint(&t));
	t = terms();
	t.bearer = TEXT_LITERAL("");
	assert_null(permit_mint(&t));
	t.bearer = TEXT_LITERAL("a bearer of 17 oc");
	assert_null(permit_mint(&t));
	t = terms();
	t.units = 0;
	assert_null(permit_mint(&t));
	t = terms();
	t.price = -1;
	assert_null(permit_mint(&t));
}

static void terms_travel_whole(void **state)
{
	struct permit_terms t = terms(), back;
	uint8_t room[128];
	struct writer w = writer_of(room, sizeof(room));

	(void)state;
	permit_put(&w, &t);
	assert_true(writer_ok(&w));
	struct reader r = reader_of(room, writer_len(&w));
	assert_true(permit_get(&r, &back) && reader_done(&r));
	assert_true(message_id_equal(back.delivery, t.delivery) && text_equal(back.bearer, t.bearer));
	assert_true(back.attempt == 2 && back.epoch == 5 && back.units == 3);
	assert_true(back.price == t.price && back.not_after_us == 5000);
	for (size_t n = 0; n < writer_len(&w); n++) {
		r = reader_of(room, n);
		assert_false(permit_get(&r, &back));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_works_once_for_its_tuple),
		cmocka_unit_test(too_late_is_spent),
		cmocka_unit_test(senseless_terms_make_none),
		cmocka_unit_test(terms_travel_whole),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
