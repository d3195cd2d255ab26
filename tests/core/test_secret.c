/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Stored secrets and token buckets. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <string.h>

#include "core/bucket.h"
#include "core/secret.h"

static void a_secret_is_known_again(void **state)
{
	char stored[SECRET_TEXT_SIZE], other[SECRET_TEXT_SIZE];
	const char *why = NULL;

	(void)state;
	for (int kind = SECRET_PASSWORD; kind <= SECRET_TOKEN; kind++) {
		assert_int_equal(secret_make((enum secret_kind)kind, TEXT_LITERAL("p\xc3\xa4ss word"), stored), OK);
		assert_int_equal(secret_valid(text_of(stored), &why), OK);
		assert_int_equal(secret_check(text_of(stored), TEXT_LITERAL("p\xc3\xa4ss word")), OK);
		assert_int_equal(secret_check(text_of(stored), TEXT_LITERAL("p\xc3\xa4ss wore")), ERR_DENIED);
		assert_int_equal(secret_check(text_of(stored), TEXT_LITERAL("")), ERR_DENIED);
		assert_int_equal(secret_is_slow(text_of(stored)), kind == SECRET_PASSWORD);
		assert_int_equal(secret_make((enum secret_kind)kind, TEXT_LITERAL("p\xc3\xa4ss word"), other), OK);
		assert_string_not_equal(stored, other);
	}
}

/* RFC 7914 section 12 has no vector of this salt's length; this one was made by Python's hashlib.scrypt. */
static void a_foreign_hash_is_checked(void **state)
{
	(void)state;
	assert_int_equal(secret_check(TEXT_LITERAL("scrypt$4$8$1$AAECAwQFBgcICQoLDA0ODw$"
						   "FBYrbyejpsRMOOxNjJ4WhxLlIIkIxp_izmMfHJ7w9YU"),
				      TEXT_LITERAL("secret")),
			 OK);
	assert_int_equal(secret_check(TEXT_LITERAL("sha256$AAECAwQFBgcICQoLDA0ODw$"
						   "Z1V8DYYXnEUZnwlthbeusrizS_QjxAO6UX9yvMWRPEw"),
				      TEXT_LITERAL("secret")),
			 OK);
}

static void no_prefix_of_a_stored_form_is_one(void **state)
{
	char stored[SECRET_TEXT_SIZE];
	const char *why = NULL;

	(void)state;
	for (int kind = SECRET_PASSWORD; kind <= SECRET_TOKEN; kind++) {
		assert_int_equal(secret_make((enum secret_kind)kind, TEXT_LITERAL("x"), stored), OK);
		for (size_t n = 0; n < strlen(stored); n++)
			assert_int_equal(secret_valid(text_range(stored, n), &why), ERR_MALFORMED);
	}
	assert_non_null(why);
}

static void bad_forms_are_refused(void **state)
{
	static const char *const bad[] = {
		"secret",
		"plain$secret",
		"$",
		"scrypt$",
		"scrypt$0$8$1$AAECAwQFBgcICQoLDA0ODw$x",
		/* 512 MiB */
		"scrypt$19$8$1$AAECAwQFBgcICQoLDA0ODw$AAECAwQFBgcICQoLDA0ODwABAgMEBQYHCAkKCwwNDg8",
		"scrypt$4$0$1$AAECAwQFBgcICQoLDA0ODw$AAECAwQFBgcICQoLDA0ODwABAgMEBQYHCAkKCwwNDg8",
		"sha256$AAECAwQFBgcICQoLDA0O$AAECAwQFBgcICQoLDA0ODwABAgMEBQYHCAkKCwwNDg8",
		"sha256$AAECAwQFBgcICQoLDA0ODw$AAECAwQFBgcICQoLDA0ODwABAgMEBQYHCAkKCwwNDg8$x",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		const char *why = NULL;
		assert_int_equal(secret_valid(text_of(bad[i]), &why), ERR_MALFORMED);
	}
	char long_one[SECRET_GIVEN_MAX + 1], to[SECRET_TEXT_SIZE];
	memset(long_one, 'x', sizeof(long_one));
	assert_int_equal(secret_make(SECRET_TOKEN, text_range(long_one, sizeof(long_one)), to), ERR_TOO_BIG);
	assert_int_equal(secret_make(SECRET_TOKEN, TEXT_LITERAL(""), to), ERR_MALFORMED);
}

static void tokens_differ(void **state)
{
	char a[SECRET_TOKEN_SIZE], b[SECRET_TOKEN_SIZE];

	(void)state;
	assert_string_not_equal(secret_token_new(a), secret_token_new(b));
	assert_int_equal(strlen(a), 43);
}

static void zero_is_unlimited(void **state)
{
	struct bucket b = { 0 };
	int64_t wait = 7;

	(void)state;
	for (int i = 0; i < 1000; i++)
		assert_true(bucket_take(&b, 0, 0, 1000, 5, &wait));
	assert_int_equal(wait, 0);
}

static void a_burst_passes_then_the_rate_counts(void **state)
{
	struct bucket b = { 0 };
	int64_t now = 1000000, wait = 0, passed = 0;

	(void)state;
	for (int i = 0; i < 5; i++)
		assert_true(bucket_take(&b, 10, 5, 1, now, &wait));
	assert_false(bucket_take(&b, 10, 5, 1, now, &wait));
	assert_int_equal(wait, 100000);
	assert_false(bucket_take(&b, 10, 5, 1, now + wait - 1, &wait));
	assert_int_equal(wait, 1);
	for (int64_t at = now; at < now + 10000000; at += 1000)
		passed += bucket_take(&b, 10, 5, 1, at, NULL);
	assert_in_range(passed, 99, 100);
}

/* A message to more recipients than the bucket holds waits for a full bucket and leaves a debt, so it is never stuck
 * and the rate still holds. */
static void more_than_the_bucket_leaves_a_debt(void **state)
{
	struct bucket b = { 0 };
	int64_t now = 1000000, wait = 0;

	(void)state;
	assert_true(bucket_take(&b, 100, 10, 1000, now, &wait));
	assert_false(bucket_take(&b, 100, 10, 1, now, &wait));
	assert_int_equal(wait, 9910000);
	assert_true(bucket_take(&b, 100, 10, 1, now + wait, &wait));
}

static void extremes_do_not_overflow(void **state)
{
	struct bucket b = { 0 };
	int64_t wait = 0;

	(void)state;
	assert_true(bucket_take(&b, INT64_MAX, INT64_MAX, INT64_MAX, 1, &wait));
	assert_true(bucket_take(&b, INT64_MAX, INT64_MAX, INT64_MAX, INT64_MAX, &wait));
	assert_false(bucket_take(&b, 1, 1, 1, 1, &wait)); /* a clock that went back gives nothing */
	struct bucket c = { 0 };
	assert_true(bucket_take(&c, 1, -5, 1, 0, &wait));
	assert_false(bucket_take(&c, 1, -5, 1, 0, &wait));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_secret_is_known_again),
		cmocka_unit_test(a_foreign_hash_is_checked),
		cmocka_unit_test(no_prefix_of_a_stored_form_is_one),
		cmocka_unit_test(bad_forms_are_refused),
		cmocka_unit_test(tokens_differ),
		cmocka_unit_test(zero_is_unlimited),
		cmocka_unit_test(a_burst_passes_then_the_rate_counts),
		cmocka_unit_test(more_than_the_bucket_leaves_a_debt),
		cmocka_unit_test(extremes_do_not_overflow),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
