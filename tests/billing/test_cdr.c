/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Charging records: their JSON, their chain, their CSV. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>

#include <jansson.h>

#include "billing/cdr.h"

static struct cdr a_record(int n)
{
	struct cdr c = { .type = CDR_SMS,
			 .account = TEXT_LITERAL("acme"),
			 .originator = TEXT_LITERAL("AC\"ME\\"),
			 .recipient = TEXT_LITERAL("+819012345678"),
			 .submit_us = INT64_C(1600000000123456),
			 .end_us = INT64_C(1600000001000000),
			 .size = 140,
			 .units = 2,
			 .validity_s = 172800,
			 .report_asked = true,
			 .result = OUTCOME_DELIVERED,
			 .bearers = TEXT_LITERAL("rcs sms"),
			 .rule = TEXT_LITERAL("R6.9"),
			 .attempts = n,
			 .price_version = 1,
			 .amount = 3300000,
			 .tax = 300000,
			 .currency = TEXT_LITERAL("JPY") };

	memset(&c.delivery, n, sizeof(c.delivery));
	return c;
}

static struct text written(const struct cdr *c, char room[CDR_RECORD_MAX])
{
	struct writer w = writer_of(room, CDR_RECORD_MAX);

	cdr_write(&w, c);
	assert_true(writer_ok(&w));
	return text_range(room, writer_len(&w));
}

static void a_record_is_json(void **state)
{
	char room[CDR_RECORD_MAX];
	struct cdr c = a_record(1);

	(void)state;
	c.recipient = TEXT_LITERAL("a\x01\x7f\xff\xe3\x81\x82\n");
	struct text t = written(&c, room);
	json_t *json = json_loadb(t.at, t.len, JSON_REJECT_DUPLICATES, NULL);
	assert_non_null(json);
	assert_string_equal(json_string_value(json_object_get(json, "type")), "sms");
	assert_string_equal(json_string_value(json_object_get(json, "originator")), "AC\"ME\\");
	assert_string_equal(json_string_value(json_object_get(json, "recipient")),
			    "a\x01\x7f\xef\xbf\xbd\xe3\x81\x82\n");
	assert_string_equal(json_string_value(json_object_get(json, "amount")), "3.30");
	assert_string_equal(json_string_value(json_object_get(json, "tax")), "0.30");
	assert_string_equal(json_string_value(json_object_get(json, "submitted")), "2020-09-13T12:26:40.123456Z");
	assert_string_equal(json_string_value(json_object_get(json, "result")), "delivered");
	assert_int_equal(json_integer_value(json_object_get(json, "units")), 2);
	assert_true(json_is_true(json_object_get(json, "report")));
	assert_int_equal(json_object_size(json), 23);
	json_decref(json);
}

#define LINES 5
static char lines[LINES][CDR_LINE_MAX];

static void write_lines(void)
{
	uint8_t chain[CDR_CHAIN_SIZE] = { 0 };

	for (int i = 0; i < LINES; i++) {
		char room[CDR_RECORD_MAX];
		struct cdr c = a_record(i);
		struct text record = written(&c, room);
		struct writer w = writer_of(lines[i], sizeof(lines[i]) - 1);
		cdr_chain(chain, record, chain);
		cdr_line_write(&w, i + 1, chain, record);
		assert_true(writer_ok(&w));
		lines[i][writer_len(&w)] = 0;
	}
}

static void the_chain_holds(void **state)
{
	struct cdr_check all = { .started = true }, part = { 0 };

	(void)state;
	write_lines();
	for (unsigned i = 0; i < LINES; i++)
		assert_int_equal(cdr_check_line(&all, text_of(lines[i])), CDR_GOOD);
	assert_int_equal(all.number, LINES);
	for (unsigned i = 2; i < LINES; i++)
		assert_int_equal(cdr_check_line(&part, text_of(lines[i])), CDR_GOOD);
	json_t *json = json_loads(lines[0], 0, NULL); /* the line is JSON too */
	assert_int_equal(json_integer_value(json_object_get(json, "number")), 1);
	assert_true(json_is_object(json_object_get(json, "record")));
	json_decref(json);
}

static void what_is_missing_or_changed_is_found(void **state)
{
	struct cdr_check check = { .started = true };
	char changed[CDR_LINE_MAX];

	(void)state;
	write_lines();
	assert_int_equal(cdr_check_line(&check, text_of(lines[1])), CDR_GAP); /* the first is missing */
	assert_int_equal(cdr_check_line(&check, text_of(lines[0])), CDR_GOOD);
	assert_int_equal(cdr_check_line(&check, text_of(lines[0])), CDR_REPEATED);
	assert_int_equal(cdr_check_line(&check, text_of(lines[2])), CDR_GAP);
	size_t len = strlen(lines[1]);
	for (size_t i = 0; i < len; i++) { /* each octet of the line counts */
		memcpy(changed, lines[1], len + 1);
		changed[i] ^= 1;
		assert_int_not_equal(cdr_check_line(&check, text_of(changed)), CDR_GOOD);
	}
	for (size_t n = 0; n < len; n++)
		assert_int_not_equal(cdr_check_line(&check, text_range(lines[1], n)), CDR_GOOD);
	assert_int_equal(cdr_check_line(&check, text_of(lines[1])), CDR_GOOD);
	assert_int_equal(check.number, 2);
}

static void csv_is_safe_to_open(void **state)
{
	char room[2048];
	struct writer w = writer_of(room, sizeof(room) - 1);
	struct cdr c = a_record(1);

	(void)state;
	c.originator = TEXT_LITERAL("=1+\"2\"\r\n");
	cdr_csv_head(&w);
	size_t head = writer_len(&w);
	cdr_csv_row(&w, 9, &c);
	assert_true(writer_ok(&w));
	room[writer_len(&w)] = 0;
	assert_string_equal(
		room + head,
		"9,sms,01010101010101010101010101010101,\"acme\",\"'=1+\"\"2\"\"  \",\"+819012345678\","
		"2020-09-13T12:26:40.123456Z,2020-09-13T12:26:41.000000Z,140,2,delivered,\"rcs sms\",\"R6.9\",1,1,"
		"3.30,0.30,\"JPY\",0,0\r\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_record_is_json),
		cmocka_unit_test(the_chain_holds),
		cmocka_unit_test(what_is_missing_or_changed_is_found),
		cmocka_unit_test(csv_is_safe_to_open),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
