/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Published vectors: FIPS 180-4 (SHA-256 of "abc"), RFC 4231 test case 2 (HMAC). */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "core/base/hex.h"
#include "core/net/digest.h"

static void is_hex(const uint8_t digest[DIGEST_SHA256_SIZE], const char *want)
{
	char hex[2 * DIGEST_SHA256_SIZE];
	struct writer w = writer_of(hex, sizeof(hex));

	hex_put(&w, digest, DIGEST_SHA256_SIZE);
	assert_true(text_equal(text_range(hex, writer_len(&w)), text_of(want)));
}

static void sha256_vectors(void **state)
{
	const struct digest_part parts[] = { { "a", 1 }, { "", 0 }, { "bc", 2 } };
	uint8_t out[DIGEST_SHA256_SIZE];

	(void)state;
	digest_sha256(parts, 3, out);
	is_hex(out, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
	digest_sha256(parts, 0, out);
	is_hex(out, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

static void hmac_vector(void **state)
{
	static const char text[] = "what do ya want for nothing?";
	uint8_t out[DIGEST_SHA256_SIZE];

	(void)state;
	digest_hmac_sha256("Jefe", 4, text, sizeof(text) - 1, out);
	is_hex(out, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
}

static void equal_or_not(void **state)
{
	(void)state;
	assert_true(digest_equal("abc", "abc", 3));
	assert_false(digest_equal("abc", "abd", 3));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sha256_vectors),
		cmocka_unit_test(hmac_vector),
		cmocka_unit_test(equal_or_not),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
