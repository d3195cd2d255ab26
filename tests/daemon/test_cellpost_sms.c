/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Short messages in words: octets of 3GPP TS 23.040 and 24.011 to lines, texts to parts. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "core/base/hex.h"
#include "core/base/random.h"
#include "daemon/cellpost_sms.h"

static char room[65536];
static uint8_t octets[600];

static unsigned decode_octets(size_t len, const char *form)
{
	FILE *to = fmemopen(room, sizeof(room), "w");

	assert_non_null(to);
	unsigned found = sms_print_decoded(to, text_range((const char *)octets, len), form);
	assert_int_equal(fclose(to), 0);
	return found;
}

static unsigned decode(const char *hex, const char *form)
{
	struct writer w = writer_of(octets, sizeof(octets));

	assert_int_equal(hex_take(text_of(hex), &w), OK);
	return decode_octets(writer_len(&w), form);
}

static void says(const char *words)
{
	if (!strstr(room, words))
		fail_msg("no \"%s\" in:\n%s", words, room);
}

static void each_form_is_found(void **state)
{
	(void)state;
	assert_int_equal(decode("07911326040000F0040B911346610089F60000208062917314080CC8F71D14969741F977FD07", NULL),
			 1);
	says("service centre +31624000000");
	says("SMS-DELIVER");
	says("+31641600986");
	says("How are you?");
	assert_int_equal(decode("010004919471000002e834", NULL), 1);
	says("SMS-SUBMIT");
	says("+4917");
	assert_int_equal(decode("060504919471526011701015005260117010154046", "status-report"), 1);
	says("expired");
	assert_int_equal(decode("0305", NULL) > 0, true);
	says("RP-ACK to the phone");
	assert_int_equal(decode("0405010a", "rp"), 1);
	says("call barred");
	assert_int_equal(decode("060804002a0201", NULL), 1);
	says("1 of 2, reference 42 (16 bit)");
	assert_int_equal(decode("0500032a0201", "udh"), 1);
}

static void what_is_nothing_says_where(void **state)
{
	(void)state;
	assert_int_equal(decode("ff", NULL), 0);
	says("no SMS-DELIVER ");
	says("at octet");
	assert_int_equal(decode("ff", "submit"), 0);
	says("no SMS-SUBMIT");
	assert_null(strstr(room, "SMS-DELIVER"));
}

/* A text may hold what moves a cursor; it is shown, not sent. */
static void a_text_cannot_reach_the_terminal(void **state)
{
	(void)state;
	assert_int_equal(decode("0100049194710008"
				"06"
				"001b005b0041",
				NULL),
			 1);
	says("\\x1b[A");
	assert_null(strchr(room, 0x1b));
}

static void any_octets_are_printed_or_refused(void **state)
{
	(void)state;
	random_seed(7);
	for (unsigned i = 0; i < 20000; i++) {
		size_t len = 1 + random_below(40);
		random_bytes(octets, len);
		if (i & 1)
			octets[0] &= 7;
		(void)decode_octets(len, NULL);
		assert_null(strchr(room, 0x1b));
	}
}

static void a_text_is_cut(void **state)
{
	struct sms_encode e = { .text = "\xe6\x9d\xb1", .recipient = "+4917" };
	char twenty[161 + 1];
	FILE *to = fmemopen(room, sizeof(room), "w");

	(void)state;
	assert_true(sms_print_encoded(to, &e));
	fclose(to);
	says("parts       1\n");
	says("UCS-2 because of U+6771 at character 1");
	says("010004919471000802"
	     "6771");
	memset(twenty, 'a', 161);
	twenty[161] = '\0';
	e = (struct sms_encode){ .text = twenty, .sender = "Acme" };
	to = fmemopen(room, sizeof(room), "w");
	assert_true(sms_print_encoded(to, &e));
	fclose(to);
	says("parts       2\n");
	says("part 2 ");
	e = (struct sms_encode){ .text = "\xe6\x9d\xb1", .options.alphabets = SPLIT_ONLY_GSM7 };
	assert_false(sms_print_encoded(stderr, &e));
	e = (struct sms_encode){ .text = "x", .recipient = "+123456789012345678901234567890" };
	assert_false(sms_print_encoded(stderr, &e));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_form_is_found),
		cmocka_unit_test(what_is_nothing_says_where),
		cmocka_unit_test(a_text_cannot_reach_the_terminal),
		cmocka_unit_test(any_octets_are_printed_or_refused),
		cmocka_unit_test(a_text_is_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
