/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The nodes of links to phones and modems: what is taken, what is refused and why, what the links are told. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "core/config.h"
#include "sms/link_vty.h"

static const struct node_kind *const kinds[] = { &gsup_kind, &sgs_kind, &modem_kind, &subscriber_kind };
static char fault[300];

static void on_fault(void *owner, const char *file, unsigned line, struct text word, const char *text)
{
	(void)owner;
	(void)file;
	(void)line;
	(void)word;
	if (!fault[0])
		snprintf(fault, sizeof(fault), "%s", text);
}

static struct config *read_text(const char *text)
{
	struct config *config = config_new(kinds, 4);

	fault[0] = 0;
	(void)config_read(config, "test", text_of(text), on_fault, NULL);
	return config;
}

#define GSUP "gsup\n listen 127.0.0.1:4222\n centre +491770610000\n"
#define SGS "sgs\n listen seqpacket:/run/sgs\n centre +491770610000\n"
#define MODEM "modem a\n device tty:/dev/ttyUSB0\n"

static void test_what_is_wrong(void **state)
{
	static const char *const rows[][2] = {
		{ "gsup\n listen 127.0.0.1:4222\n", "centre" },
		{ "gsup\n centre +4917\n", "listen" },
		{ "gsup\n listen 127.0.0.1:4222\n centre cellpost\n", "centre is a number" },
		{ GSUP " time-zone +9:00\n", "time-zone is written" },
		{ GSUP " time-zone +09:10\n", "time-zone is written" },
		{ GSUP " time-zone +19:00\n", "time-zone is written" },
		{ GSUP " hlr osmo-hlr:4222\n", "hlr is" },
		{ GSUP " hlr sctp:127.0.0.1:4222\n", "hlr is" },
		{ GSUP " retry rp 38\n", "action is" },
		{ GSUP " retry rp 38 sometimes\n", "action is" },
		{ GSUP " retry smtp 38 later\n", "source is" },
		{ GSUP " retry rp 38-37 later\n", "a retry rule is" },
		{ GSUP " retry rp 38x later\n", "a retry rule is" },
		{ GSUP " retry rp 600 later\n", "a retry rule is" },
		{ "gsup\n listen sctp:127.0.0.1:4222\n centre +4917\n", "`listen` is ADDRESS:PORT" },
		{ "sgs\n listen 127.0.0.1:29118\n centre +4917\n", "`listen` is sctp:" },
		{ "sgs\n listen tty:/dev/x\n centre +4917\n", "" },
		{ "modem a\n", "device" },
		{ "modem a\n device /dev/ttyUSB0\n", "serial line" },
		{ MODEM " pin 12\n", "pin has" },
		{ MODEM " pin 12345678901\n", "pin has" },
		{ MODEM " centre x\n", "centre is" },
		{ "subscriber 491770900123\n imsi 001010123456780\n", "named by its number" },
		{ "subscriber +491770900123\n imsi 12345\n", "imsi has" },
		{ "subscriber +491770900123\n imsi 0010101234567801\n", "imsi has" },
		{ "subscriber +491770900123\n imsi 00101012345678x\n", "imsi has" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct config *config = read_text(rows[i][0]);
		if (!fault[0] || !strstr(fault, rows[i][1]))
			fail_msg("row %zu: \"%s\"", i, fault);
		config_free(&config);
	}
}

static void test_what_links_are_told(void **state)
{
	struct config *config = read_text(GSUP " time-zone -03:30\n retry rp 38 never\n retry gsup 2-10 later\n"
					       " absent-retry 2h\n doubt report\n answer 5s\n" MODEM " number +4930\n");
	const struct gsup_settings *s = config_only(config, &gsup_kind);
	struct phone_link_settings out;
	struct modem_link_settings modem;

	(void)state;
	assert_string_equal(fault, "");
	phone_settings_fill(&s->phones, "gsup", &out);
	assert_int_equal(out.quarters, -14);
	assert_int_equal(out.doubt, LINK_DOUBT_REPORT);
	assert_int_equal(retry_action_of(&out.retry, RETRY_RP, 38), RETRY_NEVER);
	assert_int_equal(retry_action_of(&out.retry, RETRY_RP, 41), RETRY_LATER);
	assert_int_equal(retry_action_of(&out.retry, RETRY_GSUP, 2), RETRY_LATER);
	assert_true(out.retry.alert_us == INT64_C(7200000000));
	assert_true(gsup_settings_timers(s).mt_us == 5000000);
	modem_settings_fill(config_find(config, &modem_kind, TEXT_LITERAL("a")), &modem);
	assert_string_equal(modem.name, "a");
	assert_string_equal(modem.number, "+4930");
	assert_true(modem.reports && !modem.modem.pin);
	config_free(&config);
}

static void test_what_is_the_same(void **state)
{
	struct config *a = read_text(GSUP " retry rp 38 never\n" SGS), *b = read_text(SGS GSUP " retry rp 38 never\n");
	struct config *c = read_text(GSUP " retry rp 38 later\n" SGS " anybody yes\n");

	(void)state;
	assert_true(link_node_equal(&gsup_kind, config_only(a, &gsup_kind), config_only(b, &gsup_kind)));
	assert_true(link_node_equal(&sgs_kind, config_only(a, &sgs_kind), config_only(b, &sgs_kind)));
	assert_false(link_node_equal(&gsup_kind, config_only(a, &gsup_kind), config_only(c, &gsup_kind)));
	assert_false(link_node_equal(&sgs_kind, config_only(a, &sgs_kind), config_only(c, &sgs_kind)));
	config_free(&a);
	config_free(&b);
	config_free(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_is_wrong),
		cmocka_unit_test(test_what_links_are_told),
		cmocka_unit_test(test_what_is_the_same),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
