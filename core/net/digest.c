/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SHA-256 and HMAC on OpenSSL 3. */
#include "core/net/digest.h"

#include <limits.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "core/base/log.h"

/* One context and one fetched algorithm per thread: fetching costs more than hashing a short text. */
static _Thread_local EVP_MD_CTX *context;

void digest_sha256(const struct digest_part *parts, unsigned count, uint8_t out[DIGEST_SHA256_SIZE])
{
	static EVP_MD *algorithm;

	if (!algorithm)
		algorithm = EVP_MD_fetch(NULL, "SHA256", NULL);
	if (!context)
		context = EVP_MD_CTX_new();
	bool good = algorithm && context && EVP_DigestInit_ex2(context, algorithm, NULL);
	for (unsigned i = 0; good && i < count; i++)
		good = EVP_DigestUpdate(context, parts[i].at, parts[i].len);
	if (!good || !EVP_DigestFinal_ex(context, out, NULL))
		log_fatal(LOG_NET, "SHA-256 is not to be had from OpenSSL");
}

void digest_hmac_sha256(const void *key, size_t key_len, const void *bytes, size_t len, uint8_t out[DIGEST_SHA256_SIZE])
{
	if (key_len > INT_MAX || !HMAC(EVP_sha256(), key, (int)key_len, bytes, len, out, NULL))
		log_fatal(LOG_NET, "HMAC-SHA-256 is not to be had from OpenSSL");
}

bool digest_equal(const void *a, const void *b, size_t n)
{
	return !CRYPTO_memcmp(a, b, n);
}
