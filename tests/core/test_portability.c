/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Answers about a number's network: vectors, bad ones with their exact error, every prefix; the cache; the breaker. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/portability.h"
#include "core/portability_cache.h"

#define NUMBER TEXT_LITERAL("+819012345678")

static const struct portability_operator operators[] = {
	{ TEXT_LITERAL("D0012"), TEXT_LITERAL("44010") },
	{ TEXT_LITERAL("D001"), TEXT_LITERAL("44020") },
	{ TEXT_LITERAL("+1410555"), TEXT_LITERAL("310410") },
};
static const struct portability_rules rules = { .operators = operators, .operators_count = 3 };

static void test_numbers(void **state)
{
	static const struct {
		const char *text;
		bool number, network;
	} rows[] = {
		{ "+819012345678", true, false },
		{ "+12345", true, false },
		{ "+1234", false, false },
		{ "+123456789012345", true, false },
		{ "+1234567890123456", false, false },
		{ "819012345678", false, false },
		{ "+8190x2345678", false, false },
		{ "", false, false },
		{ "+", false, false },
		{ "440", false, true },
		{ "44010", false, true },
		{ "310410", false, true },
		{ "4401", false, false },
		{ "4401x", false, false },
		{ "3104101", false, false },
	};

	(void)state;
	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(portability_is_number(text_of(rows[i].text)), rows[i].number);
		assert_int_equal(portability_is_network(text_of(rows[i].text)), rows[i].network);
	}
}

static void test_operator_lines(void **state)
{
	static const char *const bad[] = {
		"",	   "D0012",  "D0012 440",     "D0012 4401x",
		"D0012  ", " 44010", "D0012 44010 x", "123456789012345678901234567890123 44010"
	};
	struct portability_operator o;

	(void)state;
	assert_true(portability_operator_parse(TEXT_LITERAL("D0012  44010 "), &o));
	assert_true(text_is(o.code, "D0012") && text_is(o.network, "44010"));
	for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_false(portability_operator_parse(text_of(bad[i]), &o));
}

static void test_url(void **state)
{
	static const char *const bad[] = { "http://h/", "http://h/{nummer}", "http://h/{number}{",
					   "http://h/}{digits}" };
	char room[64];
	struct writer w = writer_of(room, sizeof(room));

	(void)state;
	portability_url(TEXT_LITERAL("http://h/{number}?n={digits}"), NUMBER, &w);
	assert_true(writer_ok(&w) &&
		    text_is(text_range(room, writer_len(&w)), "http://h/%2B819012345678?n=819012345678"));
	w = writer_of(room, 20);
	portability_url(TEXT_LITERAL("http://h/{number}"), NUMBER, &w);
	assert_false(writer_ok(&w));
	assert_true(portability_url_good(TEXT_LITERAL("http://h/{digits}")));
	for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_false(portability_url_good(text_of(bad[i])));
}

/* --- URIs --------------------------------------------------------------------------------------------------------- */

static const struct uri_row {
	const char *uri;
	enum result result;
	const char *network, *routing;
	bool ported;
} uris[] = {
	{ "tel:+819012345678", OK, "", "", false },
	{ "tel:+819012345678;npdi", OK, "", "", false },
	{ "tel:+819012345678;npdi;rn=D0012555", OK, "44010", "D0012555", true },
	{ "tel:+819012345678;NPDI;RN=d001", OK, "44020", "d001", true },
	{ "tel:+819012345678;rn=+1-410-555.0123;npdi", OK, "310410", "+14105550123", true },
	{ "tel:+819012345678;rn=E99", OK, "", "E99", true },
	{ "tel:+819012345678;cic=D0012", OK, "44010", "D0012", false },
	{ "tel:+819012345678;rn=E99;cic=D0012", OK, "44010", "E99", true },
	{ "tel:+819012345678;spn=D0013", OK, "44020", "D0013", false },
	{ "tel:+819012345678;mcc=440;mnc=10", OK, "44010", "", false },
	{ "tel:+819012345678;mcc=310;mnc=410;rn=D0012", OK, "310410", "D0012", true },
	{ "sip:+819012345678@sms.mnc010.mcc440.3gppnetwork.org;user=phone", OK, "44010", "", false },
	{ "sip:+819012345678;npdi;rn=D0012@mnc020.mcc440.example.org", OK, "44020", "D0012", true },
	{ "sip:+13105550100@ims.mnc010.mcc310.3gppnetwork.org", OK, "310010", "", false },
	{ "sip:+5491155550100@ims.mnc020.mcc722.3gppnetwork.org", OK, "722020", "", false },
	{ "sip:+819012345678@ims.MNC410.MCC440.example.org", OK, "440410", "", false },
	{ "sip:+819012345678@gw.example.org;mcc=440;mnc=20", OK, "44020", "", false },
	{ "mms:+819012345678/TYPE=PLMN@mms.mnc010.mcc440.gprs", OK, "44010", "", false },
	{ "mailto:+819012345678/TYPE=PLMN@mms.mnc010.mcc440.gprs", OK, "44010", "", false },
	{ "sip:+819012345678@mnc010.example.mcc440", OK, "", "", false },
	{ "tel:+819012345678;other=%41", OK, "", "", false },
	/* bad */
	{ "http://h/x", ERR_UNSUPPORTED, "", "", false },
	{ "", ERR_UNSUPPORTED, "", "", false },
	{ "tel", ERR_UNSUPPORTED, "", "", false },
	{ "tel:", ERR_MALFORMED, "", "", false },
	{ "tel:;rn=D0012", OK, "44010", "D0012", true },
	{ "sip:@h", ERR_MALFORMED, "", "", false },
	{ "sip:+8190@", ERR_MALFORMED, "", "", false },
	{ "tel:+8190;=x", ERR_MALFORMED, "", "", false },
	{ "tel:+8190;;rn=D0012", ERR_MALFORMED, "", "", false },
	{ "tel:+8190;npdi=yes", ERR_MALFORMED, "", "", false },
	{ "tel:+8190;rn=", ERR_MALFORMED, "", "", false },
	{ "tel:+8190;rn=D0012;rn=D001", ERR_MALFORMED, "", "", false },
	{ "tel:+8190;rn=%44", ERR_MALFORMED, "", "", false },
	{ "tel:+8190;rn=D 1", ERR_MALFORMED, "", "", false },
	{ "tel:+8190;rn=---", ERR_TOO_BIG, "", "", false },
	{ "tel:+8190;rn=123456789012345678901234567890123", ERR_TOO_BIG, "", "", false },
	{ "tel:+8190;mcc=440", ERR_MALFORMED, "", "", false },
	{ "tel:+8190;mcc=44;mnc=010", ERR_MALFORMED, "", "", false },
	{ "tel:+8190;mcc=440;mnc=1", ERR_MALFORMED, "", "", false },
	{ "tel:+8190;mcc=440;mnc=1x", ERR_MALFORMED, "", "", false },
};

static void test_uris(void **state)
{
	(void)state;
	for (unsigned i = 0; i < sizeof(uris) / sizeof(uris[0]); i++) {
		const struct uri_row *row = &uris[i];
		struct portability_answer a;
		const char *why = "";
		enum result r = portability_of_uri(text_of(row->uri), &rules, &a, &why);
		if (r != row->result || strcmp(a.network, row->network) != 0 || strcmp(a.routing, row->routing) != 0 ||
		    a.ported != row->ported)
			fail_msg("%s: %s (%s), network '%s', routing '%s', ported %d", row->uri, result_name(r), why,
				 a.network, a.routing, a.ported);
		assert_true(r == OK || why[0]);
	}
}

/* A URI cut anywhere is read or refused, and a network is never made of half a label. */
static void test_uri_prefixes(void **state)
{
	(void)state;
	for (unsigned i = 0; i < sizeof(uris) / sizeof(uris[0]); i++) {
		for (size_t n = 0; n < strlen(uris[i].uri); n++) {
			char *exact = malloc(n + 1);
			struct portability_answer a;
			const char *why = "";
			memcpy(exact, uris[i].uri, n);
			enum result r = portability_of_uri(text_range(exact, n), &rules, &a, &why);
			if (r != OK)
				assert_true(!a.network[0] && !a.routing[0] && why[0]);
			else if (a.network[0])
				assert_true(portability_is_network(text_of(a.network)));
			free(exact);
		}
	}
}

static void test_long_uri(void **state)
{
	char uri[PORTABILITY_URI_MAX + 2];
	struct portability_answer a;
	const char *why = "";

	(void)state;
	memset(uri, '0', sizeof(uri));
	memcpy(uri, "tel:", 4);
	assert_int_equal(portability_of_uri(text_range(uri, PORTABILITY_URI_MAX), &rules, &a, &why), OK);
	assert_int_equal(portability_of_uri(text_range(uri, PORTABILITY_URI_MAX + 1), &rules, &a, &why), ERR_TOO_BIG);
}

/* --- NAPTR -------------------------------------------------------------------------------------------------------- */

static void test_substitution(void **state)
{
	static const struct {
		const char *regexp;
		enum result result;
		const char *uri;
	} rows[] = {
		{ "!^.*$!tel:+1;npdi!", OK, "tel:+1;npdi" },
		{ "!^.*$!tel:+1;npdi!i", OK, "tel:+1;npdi" },
		{ "/.*/tel:+1/", OK, "tel:+1" },
		{ "!^(.*)$!tel:\\1;npdi;rn=D0012!", OK, "tel:+819012345678;npdi;rn=D0012" },
		{ "!(.*)!sip:\\1@h!", OK, "sip:+819012345678@h" },
		{ "!^(.+)$!tel:\\1!", OK, "tel:+819012345678" },
		{ "!^\\+(.*)$!sip:\\1@h!", OK, "sip:819012345678@h" },
		{ "!^\\+(.*)$!\\1\\1!", OK, "819012345678819012345678" },
		/* not ours */
		{ "!^\\+81(.*)$!tel:+81\\1!", ERR_UNSUPPORTED, "" },
		{ "!^.*$!tel:\\1!", ERR_UNSUPPORTED, "" },
		{ "!^(.*)$!tel:\\2!", ERR_UNSUPPORTED, "" },
		{ "!^(.*)$!tel:\\!", ERR_UNSUPPORTED, "" },
		{ "!!tel:+1!", ERR_UNSUPPORTED, "" },
		/* none */
		{ "", ERR_MALFORMED, "" },
		{ "!", ERR_MALFORMED, "" },
		{ "!!!", ERR_UNSUPPORTED, "" },
		{ "!^.*$!!", ERR_MALFORMED, "" },
		{ "!^.*$!tel:+1", ERR_MALFORMED, "" },
		{ "!^.*$", ERR_MALFORMED, "" },
		{ "!^.*$!tel:+1!x", ERR_MALFORMED, "" },
		{ "!^.*$!tel:+1!!", ERR_MALFORMED, "" },
		{ "1^.*$1tel:+1", ERR_MALFORMED, "" },
		{ "i^.*$itel:+i", ERR_MALFORMED, "" },
		{ "\\^.*$\\tel:+\\", ERR_MALFORMED, "" },
	};

	(void)state;
	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char room[64];
		struct writer w = writer_of(room, sizeof(room));
		const char *why = "";
		enum result r = portability_substitute(text_of(rows[i].regexp), NUMBER, &w, &why);
		if (r != rows[i].result || (r == OK && !text_is(text_range(room, writer_len(&w)), rows[i].uri)))
			fail_msg("%s: %s (%s) '%.*s'", rows[i].regexp, result_name(r), why, (int)writer_len(&w), room);
	}
	char room[8];
	struct writer w = writer_of(room, sizeof(room));
	const char *why = "";
	assert_int_equal(portability_substitute(TEXT_LITERAL("!^(.*)$!tel:\\1!"), NUMBER, &w, &why), ERR_TOO_BIG);
}

#define PSTN "E2U+pstn:tel"
static const struct naptr_row {
	struct dns_naptr records[3];
	enum result result;
	const char *network;
	bool ported;
} sets[] = {
	{ { { 10, 1, "u", PSTN, "!^.*$!tel:+81;npdi;rn=D0012!", "." } }, OK, "44010", true },
	{ { { 10, 1, "U", "e2u+SMS:tel", "!^(.*)$!tel:\\1;mcc=440;mnc=10!", "" } }, OK, "44010", false },
	/* the order decides, then the preference, whatever came first */
	{ { { 20, 1, "u", PSTN, "!^.*$!tel:+81;mcc=440;mnc=20!", "" },
	    { 10, 1, "u", PSTN, "!^.*$!tel:+81;mcc=440;mnc=10!", "" } },
	  OK,
	  "44010",
	  false },
	{ { { 10, 20, "u", PSTN, "!^.*$!tel:+81;mcc=440;mnc=20!", "" },
	    { 10, 3, "u", PSTN, "!^.*$!tel:+81;mcc=440;mnc=10!", "" } },
	  OK,
	  "44010",
	  false },
	/* what says nothing is passed over */
	{ { { 1, 1, "u", "E2U+web:http", "!^.*$!http://h!", "" },
	    { 2, 1, "u", "E2U+sip", "!^.*$!sip:+81@h!", "" },
	    { 3, 1, "u", "E2U+sms:tel+mms:tel", "!^.*$!tel:+81;mcc=440;mnc=10!", "" } },
	  OK,
	  "44010",
	  false },
	{ { { 1, 1, "", PSTN, "", "other.example.org" }, { 2, 1, "u", PSTN, "!^.*$!tel:+81;rn=D0012!", "" } },
	  OK,
	  "44010",
	  true },
	{ { { 1, 1, "u", PSTN, "!^.*$!tel:+81;npdi!", "" } }, OK, "", false },
	{ { { 1, 1, "u", "E2U+web:http", "!^.*$!http://h!", "" } }, ERR_NOT_FOUND, "", false },
	{ { { 1, 1, "u", "tel+E2U", "!^.*$!tel:+81;mcc=440;mnc=10!", "" } }, ERR_NOT_FOUND, "", false },
	{ { { 1, 1, "u", PSTN, "!^.*$!tel:+81;npdi!", "" }, { 2, 1, "u", "E2U++", "!^.*$!tel:+81;rn=D0012!", "" } },
	  OK,
	  "",
	  false },
	{ { { 1, 1, "", PSTN, "", "other.example.org" } }, ERR_UNSUPPORTED, "", false },
	{ { { 1, 1, "s", PSTN, "!^.*$!tel:+81;rn=D0012!", "" } }, ERR_UNSUPPORTED, "", false },
	{ { { 1, 1, "u", PSTN, "!^\\+81(.*)$!tel:+81\\1;rn=D0012!", "" } }, ERR_UNSUPPORTED, "", false },
	{ { { 1, 1, "u", PSTN, "!^.*$!tel:+81;mcc=1!", "" } }, ERR_MALFORMED, "", false },
};

static void test_naptrs(void **state)
{
	(void)state;
	for (unsigned i = 0; i < sizeof(sets) / sizeof(sets[0]); i++) {
		struct portability_answer a;
		const char *why = "";
		unsigned n = 0;
		while (n < 3 && sets[i].records[n].service[0])
			n++;
		enum result r = portability_of_naptrs(sets[i].records, n, NUMBER, &rules, &a, &why);
		if (r != sets[i].result || strcmp(a.network, sets[i].network) != 0 || a.ported != sets[i].ported)
			fail_msg("set %u: %s (%s), network '%s'", i, result_name(r), why, a.network);
		assert_true(r == OK || why[0]);
	}
	struct portability_answer a;
	const char *why = "";
	assert_int_equal(portability_of_naptrs(NULL, 0, NUMBER, &rules, &a, &why), ERR_NOT_FOUND);
}

/* --- JSON --------------------------------------------------------------------------------------------------------- */

static const struct json_row {
	const char *member, *body;
	enum result result;
	const char *network, *routing;
	bool ported;
	uint32_t ttl_s;
} answers[] = {
	{ "", "{\"network\":\"44010\",\"number\":\"+819012345678\",\"ported\":true}", OK, "44010", "", true, 0 },
	{ "", "{\"number\":\"819012345678\",\"network\":44010,\"ttl\":60,\"routing\":\"D0012\"}", OK, "44010", "D0012",
	  false, 60 },
	{ "data.mccmnc", "{\"data\":{\"mccmnc\":\"310410\"}}", OK, "310410", "", false, 0 },
	{ "results.1.net", "{\"results\":[1,{\"net\":\"44010\"}]}", OK, "44010", "", false, 0 },
	{ "mcc mnc", "{\"mcc\":\"440\",\"mnc\":\"10\"}", OK, "44010", "", false, 0 },
	{ "mcc mnc", "{\"mcc\":440,\"mnc\":1}", OK, "44001", "", false, 0 },
	{ "a.mcc a.mnc", "{\"a\":{\"mcc\":440,\"mnc\":\"010\"}}", OK, "440010", "", false, 0 },
	{ "", "{\"network\":\"44010\",\"ttl\":99999999999}", OK, "44010", "", false, PORTABILITY_TTL_MAX_S },
	{ "", "{\"network\":\"44010\",\"ttl\":-1}", OK, "44010", "", false, 0 },
	/* none known */
	{ "", "{}", ERR_NOT_FOUND, "", "", false, 0 },
	{ "", "[]", ERR_NOT_FOUND, "", "", false, 0 },
	{ "", "{\"network\":null}", ERR_NOT_FOUND, "", "", false, 0 },
	{ "", "{\"network\":\"\",\"ported\":true}", ERR_NOT_FOUND, "", "", false, 0 },
	{ "data.x", "{\"data\":1}", ERR_NOT_FOUND, "", "", false, 0 },
	{ "mcc mnc", "{\"network\":\"44010\"}", ERR_NOT_FOUND, "", "", false, 0 },
	{ "results.70000", "{\"results\":[]}", ERR_NOT_FOUND, "", "", false, 0 },
	/* bad */
	{ "", "", ERR_MALFORMED, "", "", false, 0 },
	{ "", "44010", ERR_MALFORMED, "", "", false, 0 },
	{ "", "<html>", ERR_MALFORMED, "", "", false, 0 },
	{ "", "{\"network\":\"44010\"", ERR_MALFORMED, "", "", false, 0 },
	{ "", "{\"network\":\"44010\",\"network\":\"44020\"}", ERR_MALFORMED, "", "", false, 0 },
	{ "", "{\"network\":\"440\"}", ERR_MALFORMED, "", "", false, 0 },
	{ "", "{\"network\":\"44O10\"}", ERR_MALFORMED, "", "", false, 0 },
	{ "", "{\"network\":-44010}", ERR_MALFORMED, "", "", false, 0 },
	{ "", "{\"network\":44010.5}", ERR_MALFORMED, "", "", false, 0 },
	{ "", "{\"network\":[\"44010\"]}", ERR_MALFORMED, "", "", false, 0 },
	{ "", "{\"network\":\"44010\",\"number\":\"+819012345679\"}", ERR_MALFORMED, "", "", false, 0 },
	{ "mcc mnc", "{\"mcc\":\"440\"}", ERR_MALFORMED, "", "", false, 0 },
	{ "mcc mnc", "{\"mcc\":\"44\",\"mnc\":\"010\"}", ERR_MALFORMED, "", "", false, 0 },
	{ "", "{\"network\":\"44010\",\"routing\":\"123456789012345678901234567890123\"}", ERR_TOO_BIG, "", "", false,
	  0 },
};

static void test_json(void **state)
{
	(void)state;
	for (unsigned i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
		const struct json_row *row = &answers[i];
		const struct portability_rules by = { .member = text_of(row->member) };
		struct portability_answer a;
		const char *why = "";
		enum result r = portability_of_json(text_of(row->body), NUMBER, &by, &a, &why);
		if (r != row->result || strcmp(a.network, row->network) != 0 || strcmp(a.routing, row->routing) != 0 ||
		    a.ported != row->ported || a.ttl_s != row->ttl_s)
			fail_msg("%s: %s (%s), network '%s'", row->body, result_name(r), why, a.network);
		assert_true(r == OK || why[0]);
		for (size_t n = 0; n < strlen(row->body); n++) {
			char *exact = malloc(n + 1);
			memcpy(exact, row->body, n);
			assert_int_equal(portability_of_json(text_range(exact, n), NUMBER, &by, &a, &why),
					 ERR_MALFORMED);
			free(exact);
		}
	}
}

/* --- the cache ---------------------------------------------------------------------------------------------------- */

static const struct portability_answer ten = { .network = "44010" }, twenty = { .network = "44020" };

static void key_of(unsigned n, uint8_t key[PORTABILITY_KEY_SIZE])
{
	char number[20];

	snprintf(number, sizeof(number), "+8190%08u", n);
	assert_true(portability_key(text_of(number), key));
}

static const char *look(struct portability_cache *c, unsigned n, int64_t now)
{
	uint8_t key[PORTABILITY_KEY_SIZE];
	int64_t left;

	key_of(n, key);
	const struct portability_answer *a = portability_cache_find(c, key, now, &left);
	return a ? a->network : NULL;
}

static bool put(struct portability_cache *c, unsigned n, const struct portability_answer *a, int64_t now, int64_t age)
{
	uint8_t key[PORTABILITY_KEY_SIZE];

	key_of(n, key);
	return portability_cache_put(c, key, a, now, age);
}

static void test_keys(void **state)
{
	uint8_t a[PORTABILITY_KEY_SIZE], b[PORTABILITY_KEY_SIZE];

	(void)state;
	assert_true(portability_key(TEXT_LITERAL("+123456789012345"), a));
	assert_true(portability_key(TEXT_LITERAL("+12345678901234"), b));
	assert_memory_not_equal(a, b, sizeof(a));
	assert_false(portability_key(TEXT_LITERAL("+1234567890123456"), a));
	assert_false(portability_key(TEXT_LITERAL("12345"), a));
}

static void test_cache_ages(void **state)
{
	struct portability_cache *c = portability_cache_new(8);

	(void)state;
	assert_null(look(c, 1, 0));
	assert_false(put(c, 1, &ten, 100, 50));
	assert_string_equal(look(c, 1, 149), "44010");
	assert_null(look(c, 1, 150));
	assert_false(put(c, 1, &twenty, 150, 50));
	assert_string_equal(look(c, 1, 150), "44020");
	assert_int_equal(portability_cache_count(c), 1);
	assert_false(put(c, 1, &ten, 160, 0)); /* an age of 0 forgets */
	assert_null(look(c, 1, 160));
	assert_false(put(c, 2, &ten, 160, 0)); /* and keeps nothing */
	assert_int_equal(portability_cache_count(c), 1);
	portability_cache_free(&c);
}

static void test_cache_clock(void **state)
{
	struct portability_cache *c = portability_cache_new(4);

	(void)state;
	for (unsigned i = 0; i < 4; i++)
		assert_false(put(c, i, &ten, 0, 1000));
	assert_non_null(look(c, 0, 1)); /* spared once */
	assert_true(put(c, 4, &twenty, 1, 1000));
	assert_non_null(look(c, 0, 1));
	assert_null(look(c, 1, 1));
	assert_non_null(look(c, 2, 1));
	assert_string_equal(look(c, 4, 1), "44020");
	assert_int_equal(portability_cache_count(c), 4);
	assert_false(put(c, 5, &ten, 2000, 1000)); /* an old one is no loss */
	portability_cache_free(&c);
}

static void test_cache_many(void **state)
{
	struct portability_cache *c = portability_cache_new(1000);

	(void)state;
	for (unsigned i = 0; i < 20000; i++) {
		(void)put(c, i, i % 2 ? &ten : &twenty, i, 100000);
		assert_string_equal(look(c, i, i), i % 2 ? "44010" : "44020");
		if (i)
			assert_true(!look(c, i - 1, i) || look(c, i - 1, i)[3] == (i % 2 ? '2' : '1'));
	}
	unsigned left = 0;
	for (unsigned i = 0; i < 20000; i++)
		left += look(c, i, 20000) != NULL;
	assert_int_equal(left, 1000);
	portability_cache_free(&c);
}

static void test_age(void **state)
{
	struct portability_answer a = ten;

	(void)state;
	assert_int_equal(portability_age_us(&a, 3600, 300), 3600);
	a.ttl_s = 1;
	assert_int_equal(portability_age_us(&a, 3600000000, 300), 1000000);
	assert_int_equal(portability_age_us(&a, 300, 300), 300);
	a = (struct portability_answer){ .ported = true };
	assert_int_equal(portability_age_us(&a, 3600, 300), 300);
}

static void test_breaker(void **state)
{
	struct portability_breaker b = { 0 };
	int64_t now = 1000;

	(void)state;
	for (unsigned i = 0; i + 1 < PORTABILITY_FAILURES; i++)
		assert_false(portability_breaker_ended(&b, false, now));
	assert_true(portability_breaker_allows(&b, now));
	assert_false(portability_breaker_ended(&b, true, now)); /* an answer makes good */
	for (unsigned i = 0; i + 1 < PORTABILITY_FAILURES; i++)
		assert_false(portability_breaker_ended(&b, false, now));
	assert_true(portability_breaker_ended(&b, false, now));
	assert_false(portability_breaker_allows(&b, now));
	/* those under way change nothing */
	assert_false(portability_breaker_ended(&b, false, now + 1));
	assert_false(portability_breaker_allows(&b, now + PORTABILITY_WAIT_MIN_US - 1));
	now += PORTABILITY_WAIT_MIN_US;
	assert_true(portability_breaker_allows(&b, now));
	assert_false(portability_breaker_allows(&b, now)); /* one tries */
	assert_true(portability_breaker_ended(&b, false, now));
	assert_false(portability_breaker_allows(&b, now + 2 * PORTABILITY_WAIT_MIN_US - 1));
	for (unsigned i = 0; i < 20; i++) {
		now += PORTABILITY_WAIT_MAX_US;
		assert_true(portability_breaker_allows(&b, now));
		assert_true(portability_breaker_ended(&b, false, now));
	}
	now += PORTABILITY_WAIT_MAX_US;
	assert_true(portability_breaker_allows(&b, now));
	assert_false(portability_breaker_ended(&b, true, now));
	assert_true(portability_breaker_allows(&b, now));
	assert_true(portability_breaker_allows(&b, now));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_numbers),	     cmocka_unit_test(test_operator_lines),
		cmocka_unit_test(test_url),	     cmocka_unit_test(test_uris),
		cmocka_unit_test(test_uri_prefixes), cmocka_unit_test(test_long_uri),
		cmocka_unit_test(test_substitution), cmocka_unit_test(test_naptrs),
		cmocka_unit_test(test_json),	     cmocka_unit_test(test_keys),
		cmocka_unit_test(test_cache_ages),   cmocka_unit_test(test_cache_clock),
		cmocka_unit_test(test_cache_many),   cmocka_unit_test(test_age),
		cmocka_unit_test(test_breaker),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
