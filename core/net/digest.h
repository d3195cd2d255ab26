/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Digests, by OpenSSL, behind this file alone.
 */
#ifndef CORE_NET_DIGEST_H
#define CORE_NET_DIGEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DIGEST_SHA256_SIZE 32

struct digest_part {
	const void *at;
	size_t len;
};

/* SHA-256 over the parts in order, as if they were one. */
void digest_sha256(const struct digest_part *parts, unsigned count, uint8_t out[DIGEST_SHA256_SIZE]);
/* HMAC-SHA-256, RFC 2104. */
void digest_hmac_sha256(const void *key, size_t key_len, const void *bytes, size_t len,
			uint8_t out[DIGEST_SHA256_SIZE]);
/* In a time that does not depend on where they differ. */
bool digest_equal(const void *a, const void *b, size_t n);

#endif
