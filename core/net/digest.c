/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SHA-256 and HMAC on OpenSSL 3. */
#include "core/net/digest.h"

#include <limits.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <pthread.h>

#include "core/base/log.h"

/* Fetched once: the look-up costs more than hashing a short text. */
static pthread_once_t fetched = PTHREAD_ONCE_INIT;
static EVP_MD *sha256;

static void fetch(void)
{
	sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
}

void digest_sha256(const struct digest_part *parts, unsigned count, uint8_t out[DIGEST_SHA256_SIZE])
{
	EVP_MD_CTX *context = EVP_MD_CTX_new();

	pthread_once(&fetched, fetch);
	bool good = sha256 && context && EVP_DigestInit_ex2(context, sha256, NULL);
	for (unsigned i = 0; good && i < count; i++)
		good = EVP_DigestUpdate(context, parts[i].at, parts[i].len);
	if (!good || !EVP_DigestFinal_ex(context, out, NULL))
		log_fatal(LOG_NET, "SHA-256 is not to be had from OpenSSL");
	EVP_MD_CTX_free(context);
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
