/* SPDX-License-Identifier: GPL-3.0-or-later */
/* TP-ST of 23.040 9.2.3.15: every value has a state and a name, and the ones that matter the right ones. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "sms/tp_status.h"

static void test_states(void **state)
{
	static const struct {
		uint8_t status;
		enum tp_status_state state;
		bool final, specific;
	} rows[] = {
		{ 0x00, TP_STATUS_DELIVERED, true, false }, { 0x01, TP_STATUS_FORWARDED, true, false },
		{ 0x02, TP_STATUS_CANCELLED, true, false }, { 0x03, TP_STATUS_REFUSED, true, false },
		{ 0x0f, TP_STATUS_REFUSED, true, false },   { 0x10, TP_STATUS_FORWARDED, true, true },
		{ 0x20, TP_STATUS_WAITING, false, false },  { 0x2f, TP_STATUS_WAITING, false, false },
		{ 0x3f, TP_STATUS_WAITING, false, true },   { 0x45, TP_STATUS_REFUSED, true, false },
		{ 0x46, TP_STATUS_EXPIRED, true, false },   { 0x47, TP_STATUS_CANCELLED, true, false },
		{ 0x49, TP_STATUS_REFUSED, true, false },   { 0x63, TP_STATUS_GAVE_UP, true, false },
		{ 0x7f, TP_STATUS_GAVE_UP, true, true },    { 0x80, TP_STATUS_REFUSED, true, false },
		{ 0xff, TP_STATUS_REFUSED, true, false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct tp_status s = tp_status_of(rows[i].status);

		assert_int_equal(s.state, rows[i].state);
		assert_int_equal(s.final, rows[i].final);
		assert_int_equal(s.specific, rows[i].specific);
	}
	for (unsigned v = 0; v < 256; v++) {
		struct tp_status s = tp_status_of((uint8_t)v);

		assert_non_null(s.name);
		assert_non_null(tp_status_state_name(s.state));
	}
	assert_null(tp_status_state_name(TP_STATUS_STATES));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_states),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
