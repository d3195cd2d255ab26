/* SPDX-License-Identifier: GPL-3.0-or-later */
/* TP-DCS groups of 23.038 4 and TP-PID groups of 23.040 9.2.3.9. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "sms/dcs.h"

static void test_groups(void **state)
{
	static const struct {
		uint8_t octet;
		struct dcs dcs;
	} rows[] = {
		{ 0x00, { .alphabet = DCS_GSM7, .message_class = -1 } },
		{ 0x04, { .alphabet = DCS_8BIT, .message_class = -1 } },
		{ 0x08, { .alphabet = DCS_UCS2, .message_class = -1 } },
		{ 0x0c, { .alphabet = DCS_GSM7, .message_class = -1, .reserved = true } },
		{ 0x10, { .alphabet = DCS_GSM7, .message_class = 0 } },
		{ 0x18, { .alphabet = DCS_UCS2, .message_class = 0 } },
		{ 0x16, { .alphabet = DCS_8BIT, .message_class = 2 } },
		{ 0x20, { .alphabet = DCS_GSM7, .message_class = -1, .compressed = true } },
		{ 0x48, { .alphabet = DCS_UCS2, .message_class = -1, .auto_delete = true } },
		{ 0x80, { .alphabet = DCS_GSM7, .message_class = -1, .reserved = true } },
		{ 0xbf, { .alphabet = DCS_GSM7, .message_class = -1, .reserved = true } },
		{ 0xc8, { .message_class = -1, .waiting = DCS_WAITING_DISCARD, .waiting_active = true } },
		{ 0xd1, { .message_class = -1, .waiting = DCS_WAITING_STORE, .waiting_type = 1 } },
		{ 0xea,
		  { .alphabet = DCS_UCS2,
		    .message_class = -1,
		    .waiting = DCS_WAITING_STORE,
		    .waiting_active = true,
		    .waiting_type = 2 } },
		{ 0xf0, { .alphabet = DCS_GSM7, .message_class = 0 } },
		{ 0xf6, { .alphabet = DCS_8BIT, .message_class = 2 } },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct dcs got = dcs_decode(rows[i].octet), want = rows[i].dcs;

		assert_int_equal(got.alphabet, want.alphabet);
		assert_int_equal(got.message_class, want.message_class);
		assert_int_equal(got.compressed, want.compressed);
		assert_int_equal(got.auto_delete, want.auto_delete);
		assert_int_equal(got.reserved, want.reserved);
		assert_int_equal(got.waiting, want.waiting);
		assert_int_equal(got.waiting_active, want.waiting_active);
		assert_int_equal(got.waiting_type, want.waiting_type);
	}
}

/* What an octet means survives encoding, except where the header says that it cannot. */
static void test_meaning_survives(void **state)
{
	(void)state;
	for (unsigned octet = 0; octet < 256; octet++) {
		struct dcs a = dcs_decode((uint8_t)octet);
		struct dcs b = dcs_decode(dcs_encode(&a));

		if (a.compressed || a.reserved)
			continue;
		assert_int_equal(a.alphabet, b.alphabet);
		assert_int_equal(a.message_class, b.message_class);
		assert_int_equal(a.auto_delete, b.auto_delete);
		assert_int_equal(a.waiting, b.waiting);
		assert_int_equal(a.waiting_active, b.waiting_active);
		assert_int_equal(a.waiting_type, b.waiting_type);
	}
	assert_int_equal(dcs_of(DCS_UCS2, DCS_CLASS_FLASH), 0x18);
	assert_int_equal(dcs_of(DCS_GSM7, DCS_CLASS_NONE), 0);
	assert_string_equal(dcs_alphabet_name(DCS_UCS2), "UCS-2");
}

static void test_pids(void **state)
{
	static const struct {
		uint8_t pid;
		enum pid_kind kind;
		bool trust;
	} rows[] = {
		{ 0x00, PID_PLAIN, false },	  { 0x1f, PID_PLAIN, false },	   { 0x20, PID_TELEMATIC, false },
		{ 0x32, PID_EMAIL, false },	  { 0x3f, PID_TELEMATIC, false },  { 0x40, PID_SILENT, false },
		{ 0x41, PID_REPLACE, false },	  { 0x47, PID_REPLACE, false },	   { 0x48, PID_DEVICE_TRIGGER, false },
		{ 0x49, PID_RESERVED, false },	  { 0x5e, PID_ENHANCED, false },   { 0x5f, PID_RETURN_CALL, false },
		{ 0x7c, PID_ANSI136, false },	  { 0x7d, PID_ME_DOWNLOAD, true }, { 0x7e, PID_DEPERSONALISE, true },
		{ 0x7f, PID_SIM_DOWNLOAD, true }, { 0x80, PID_RESERVED, false },   { 0xc0, PID_CENTRE_SPECIFIC, false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(pid_kind_of(rows[i].pid), rows[i].kind);
		assert_int_equal(pid_needs_trust(rows[i].pid), rows[i].trust);
		assert_non_null(pid_kind_name(rows[i].kind));
	}
	assert_int_equal(pid_replace_type(0x43), 3);
	assert_int_equal(pid_replace_type(0x40), 0);
	assert_null(pid_kind_name(PID_KINDS));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_groups),
		cmocka_unit_test(test_meaning_survives),
		cmocka_unit_test(test_pids),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
