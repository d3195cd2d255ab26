/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Quotes: the maximum over the chain, and tokens that nobody else can make. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>

#include "billing/quote.h"

static const char list[] = "version,4,JPY,2020-01-01,\n"
			   "price,sms,+81,segment,1,10,3,10%,sent\n"
			   "price,mms,+81,message,1,1,100,10%,delivered\n"
			   "price,rcs,,message,1,1,0,0,sent\n";
static const struct quote_key key = { 7, { "0123456789abcdef", 16 } };
static const struct tariff_measure segments[] = { { { "segment", 7 }, 2 } };
static const struct tariff_measure message[] = { { { "message", 7 }, 1 } };

static struct quote made(void)
{
	struct tariff *t;
	struct tariff_error e;
	struct quote q = { .given_us = 1000, .until_us = 2000 };
	const struct quote_bearer chain[] = {
		{ TEXT_LITERAL("rcs"), message, 1 },
		{ TEXT_LITERAL("sms"), segments, 1 },
		{ TEXT_LITERAL("sat"), message, 1 },
		{ TEXT_LITERAL("mms"), message, 1 },
	};

	assert_int_equal(tariff_parse(text_of(list), &t, &e), OK);
	assert_int_equal(quote_make(tariff_at(t, INT64_C(1600000000000000)), TEXT_LITERAL("+8190"), chain, 4, &q), OK);
	const struct quote_bearer none = { TEXT_LITERAL("sat"), message, 1 };
	struct quote other = { 0 };
	assert_int_equal(quote_make(tariff_version(t, 0), TEXT_LITERAL("+8190"), &none, 1, &other), ERR_NOT_FOUND);
	assert_int_equal(quote_make(tariff_version(t, 0), TEXT_LITERAL("+8190"), chain, 5, &other), ERR_TOO_BIG);
	tariff_free(&t);
	memset(q.account_id, 0xa5, sizeof(q.account_id));
	memset(q.content_hash, 0x5a, sizeof(q.content_hash));
	return q;
}

static size_t encoded(const struct quote *q, char room[QUOTE_TOKEN_MAX])
{
	struct writer w = writer_of(room, QUOTE_TOKEN_MAX);

	quote_encode(&w, q, &key);
	assert_true(writer_ok(&w));
	return writer_len(&w);
}

static void the_maximum_is_the_dearest_bearer(void **state)
{
	struct quote q = made();

	(void)state;
	assert_int_equal(q.lines_count, 3); /* no price, not sendable there */
	assert_int_equal(q.max_amount, 110000000);
	assert_string_equal(q.currency, "JPY");
	assert_int_equal(q.version, 4);
	assert_int_equal(q.lines[2].pay_on, 1);
	assert_non_null(quote_covers(&q, TEXT_LITERAL("sms"), 2, 3300000));
	assert_non_null(quote_covers(&q, TEXT_LITERAL("sms"), 1, 0));
	assert_null(quote_covers(&q, TEXT_LITERAL("sms"), 3, 3300000)); /* more units than quoted: ask again */
	assert_null(quote_covers(&q, TEXT_LITERAL("sms"), 2, 3300001)); /* a higher price */
	assert_null(quote_covers(&q, TEXT_LITERAL("sat"), 1, 0));	/* a bearer that was not named */
	assert_non_null(quote_covers(&q, TEXT_LITERAL("rcs"), 1, 0));
}

static void a_token_comes_back_whole(void **state)
{
	struct quote q = made(), back;
	char token[QUOTE_TOKEN_MAX];
	size_t len = encoded(&q, token);

	(void)state;
	assert_int_equal(quote_verify(text_range(token, len), &key, 1, 1999, &back), OK);
	assert_memory_equal(back.account_id, q.account_id, 16);
	assert_memory_equal(back.content_hash, q.content_hash, 32);
	assert_true(back.max_amount == q.max_amount && back.version == 4 && back.given_us == 1000);
	assert_int_equal(back.lines_count, 3);
	for (unsigned i = 0; i < 3; i++) {
		assert_string_equal(back.lines[i].bearer, q.lines[i].bearer);
		assert_true(back.lines[i].units == q.lines[i].units && back.lines[i].total == q.lines[i].total);
		assert_true(back.lines[i].tax_ppm == q.lines[i].tax_ppm && back.lines[i].pay_on == q.lines[i].pay_on);
	}
	assert_int_equal(quote_verify(text_range(token, len), &key, 1, 2000, &back), ERR_TIMEOUT);
}

static void keys_are_changed_and_others_make_nothing(void **state)
{
	static const struct quote_key keys[] = { { 8, { "another key, newer", 18 } },
						 { 7, { "0123456789abcdef", 16 } } };
	static const struct quote_key wrong = { 7, { "0123456789abcdeF", 16 } };
	static const struct quote_key brief = { 7, { "0123456789abcde", 15 } };
	struct quote q = made(), back;
	char token[QUOTE_TOKEN_MAX];
	size_t len = encoded(&q, token);

	(void)state;
	assert_int_equal(quote_verify(text_range(token, len), keys, 2, 1500, &back), OK);
	assert_int_equal(quote_verify(text_range(token, len), keys, 1, 1500, &back), ERR_DENIED);
	assert_int_equal(quote_verify(text_range(token, len), &wrong, 1, 1500, &back), ERR_DENIED);
	assert_int_equal(quote_verify(text_range(token, len), &brief, 1, 1500, &back), ERR_DENIED);
	struct writer w = writer_of(token, sizeof(token));
	quote_encode(&w, &q, &brief);
	assert_false(writer_ok(&w));
}

static void every_change_and_every_prefix_is_refused(void **state)
{
	struct quote q = made(), back;
	char token[QUOTE_TOKEN_MAX + 8];
	size_t len = encoded(&q, token);

	(void)state;
	for (size_t n = 0; n < len; n++)
		assert_int_not_equal(quote_verify(text_range(token, n), &key, 1, 1500, &back), OK);
	for (size_t i = 0; i < len; i++) {
		char was = token[i];
		token[i] = was == 'A' ? 'B' : 'A';
		enum result result = quote_verify(text_range(token, len), &key, 1, 1500, &back);
		/* Bits of the last character that code nothing may change, nothing else. */
		assert_true(result != OK || i == len - 1);
		token[i] = was;
	}
	memset(token + len, 'A', 8);
	for (size_t n = 1; n <= 8; n++)
		assert_int_not_equal(quote_verify(text_range(token, len + n), &key, 1, 1500, &back), OK);
	assert_int_equal(quote_verify(TEXT_LITERAL("not a token!"), &key, 1, 1500, &back), ERR_MALFORMED);
}

/* R9.5: the price is computed again after final encoding. The 71st full-width character under a ceiling of one step
 * holds the message by R6.7; without a price row it is held by R6.8; and no permit comes of either. */
static void the_seventy_first_character_is_held(void **state)
{
	struct tariff *t;
	struct tariff_error e;
	struct route_facts f = { .recipient = RECIPIENT_NO,
				 .charge_class = CLASS_PACKET_THEN_PAID,
				 .consent = CONSENT_ALWAYS,
				 .rcs_fits = true };
	static const struct {
		int64_t characters;
		enum route_rule rule;
	} cases[] = { { 70, R6_9 }, { 71, R6_7 }, { 670, R6_7 }, { 671, R6_8 } };

	(void)state;
	assert_int_equal(tariff_load("examples/tariff-japan.csv", &t, &e), OK);
	for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct tariff_measure m = { TEXT_LITERAL("full"), cases[i].characters };
		const struct quote_bearer chain = { TEXT_LITERAL("sms"), &m, 1 };
		struct quote q = { 0 };
		struct route_decision d;
		enum result made = quote_make(tariff_version(t, 0), TEXT_LITERAL("+8190"), &chain, 1, &q);
		assert_int_equal(made == OK, cases[i].characters <= 670);
		f.price = quote_price_fact(&q, TEXT_LITERAL("sms"), 3300000);
		route_decide(&f, &d);
		assert_int_equal(d.rule, cases[i].rule);
	}
	tariff_free(&t);
}

/* Prices by recipient travel in the token; a run that names no line of it is no token of ours. */
static void runs_of_recipients(void **state)
{
	struct quote q = { .lines_count = 1, .until_us = 10, .runs_count = 2 }, back;
	char token[QUOTE_TOKEN_MAX];

	(void)state;
	memcpy(q.currency, "JPY", 4);
	q.lines[0] = (struct quote_line){ .bearer = "sms", .units = 1, .total = 3300000 };
	q.runs[0] = (struct quote_run){ 0, 999 };
	q.runs[1] = (struct quote_run){ QUOTE_FREE, 1 };
	struct writer w = writer_of(token, sizeof(token));
	quote_encode(&w, &q, &key);
	assert_true(writer_ok(&w));
	assert_int_equal(quote_verify(text_range(token, writer_len(&w)), &key, 1, 0, &back), OK);
	assert_int_equal(back.runs_count, 2);
	assert_int_equal(back.runs[0].count, 999);
	assert_int_equal(back.runs[1].line, QUOTE_FREE);
	q.runs[1].line = 1;
	w = writer_of(token, sizeof(token));
	quote_encode(&w, &q, &key);
	assert_int_equal(quote_verify(text_range(token, writer_len(&w)), &key, 1, 0, &back), ERR_MALFORMED);
	/* The largest token has room. */
	q.lines_count = QUOTE_BEARERS_MAX;
	for (unsigned i = 0; i < QUOTE_BEARERS_MAX; i++)
		q.lines[i] = (struct quote_line){ .bearer = "fifteen-octets.", .units = 1, .total = i };
	q.runs_count = QUOTE_RUNS_MAX;
	w = writer_of(token, sizeof(token));
	quote_encode(&w, &q, &key);
	assert_true(writer_ok(&w));
	assert_true(writer_len(&w) <= QUOTE_TOKEN_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(runs_of_recipients),
		cmocka_unit_test(the_maximum_is_the_dearest_bearer),
		cmocka_unit_test(a_token_comes_back_whole),
		cmocka_unit_test(keys_are_changed_and_others_make_nothing),
		cmocka_unit_test(every_change_and_every_prefix_is_refused),
		cmocka_unit_test(the_seventy_first_character_is_held),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
