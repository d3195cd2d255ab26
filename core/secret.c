/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reading and writing the stored forms, and the two functions behind them. */
#include "core/secret.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include "core/base/hex.h"
#include "core/base/random.h"
#include "core/base/writer.h"
#include "core/net/digest.h"

#define SALT_SIZE 16
#define HASH_SIZE DIGEST_SHA256_SIZE
#define TOKEN_BITS_SIZE 32
#define SCRYPT_LOG2N 15 /* with r = 8: 32 MiB */
#define SCRYPT_R 8
#define SCRYPT_P 1
#define SCRYPT_LOG2N_MAX 20
#define SCRYPT_R_MAX 32
#define SCRYPT_P_MAX 16

struct stored {
	enum secret_kind kind;
	uint64_t log2n, r, p;
	uint8_t salt[SALT_SIZE], hash[HASH_SIZE];
};

static const char how_to[] = "a secret is scrypt$... or sha256$..., as printed by `cellpost secret`";

static bool take_number(struct text *rest, uint64_t max, uint64_t *out)
{
	struct text part;

	return text_split(rest, '$', &part) && text_to_u64(part, max, out);
}

static bool take_octets(struct text *rest, void *to, size_t size)
{
	struct writer w = writer_of(to, size);
	struct text part;

	return text_split(rest, '$', &part) && base64_take(part, &w) == OK && writer_ok(&w) && writer_len(&w) == size;
}

static bool scrypt_parameters(struct text *rest, struct stored *out)
{
	if (!take_number(rest, SCRYPT_LOG2N_MAX, &out->log2n))
		return false;
	if (!take_number(rest, SCRYPT_R_MAX, &out->r))
		return false;
	if (!take_number(rest, SCRYPT_P_MAX, &out->p))
		return false;
	return out->log2n && out->r && out->p && (UINT64_C(128) * out->r << out->log2n) <= SECRET_MEMORY_MAX;
}

static bool read_stored(struct text t, struct stored *out)
{
	struct text name;

	if (!text_split(&t, '$', &name))
		return false;
	if (text_is(name, "scrypt")) {
		out->kind = SECRET_PASSWORD;
		if (!scrypt_parameters(&t, out))
			return false;
	} else if (text_is(name, "sha256")) {
		out->kind = SECRET_TOKEN;
	} else {
		return false;
	}
	if (!take_octets(&t, out->salt, SALT_SIZE))
		return false;
	return take_octets(&t, out->hash, HASH_SIZE) && !t.len;
}

static enum result hash(const struct stored *s, struct text given, uint8_t out[HASH_SIZE])
{
	const struct digest_part parts[] = { { s->salt, SALT_SIZE }, { given.at, given.len } };

	if (s->kind == SECRET_TOKEN) {
		digest_sha256(parts, 2, out);
		return OK;
	}
	/* OpenSSL counts a little more than 128 * r * N. */
	if (EVP_PBE_scrypt(given.at, given.len, s->salt, SALT_SIZE, UINT64_C(1) << s->log2n, s->r, s->p,
			   SECRET_MEMORY_MAX + (UINT64_C(1) << 20), out, HASH_SIZE) != 1)
		return ERR_IO;
	return OK;
}

static enum result given_fits(struct text given)
{
	if (!given.len)
		return ERR_MALFORMED;
	return given.len > SECRET_GIVEN_MAX ? ERR_TOO_BIG : OK;
}

enum result secret_make(enum secret_kind kind, struct text given, char to[SECRET_TEXT_SIZE])
{
	struct stored s = { .kind = kind, .log2n = SCRYPT_LOG2N, .r = SCRYPT_R, .p = SCRYPT_P };
	struct writer w = writer_of(to, SECRET_TEXT_SIZE);
	enum result r = given_fits(given);

	to[0] = 0;
	if (r != OK)
		return r;
	random_bytes(s.salt, SALT_SIZE);
	r = hash(&s, given, s.hash);
	if (r != OK)
		return r;
	if (kind == SECRET_PASSWORD)
		writer_printf(&w, "scrypt$%d$%d$%d$", SCRYPT_LOG2N, SCRYPT_R, SCRYPT_P);
	else
		writer_text(&w, TEXT_LITERAL("sha256$"));
	base64_put(&w, s.salt, SALT_SIZE, true);
	writer_u8(&w, '$');
	base64_put(&w, s.hash, HASH_SIZE, true);
	writer_u8(&w, 0);
	OPENSSL_cleanse(&s, sizeof(s));
	return writer_ok(&w) ? OK : ERR_TOO_BIG;
}

const char *secret_token_new(char to[SECRET_TOKEN_SIZE])
{
	uint8_t bits[TOKEN_BITS_SIZE];
	struct writer w = writer_of(to, SECRET_TOKEN_SIZE);

	random_bytes(bits, sizeof(bits));
	base64_put(&w, bits, sizeof(bits), true);
	writer_u8(&w, 0);
	OPENSSL_cleanse(bits, sizeof(bits));
	return to;
}

enum result secret_valid(struct text stored, const char **why_out)
{
	struct stored s;

	if (read_stored(stored, &s))
		return OK;
	*why_out = how_to;
	return ERR_MALFORMED;
}

bool secret_is_slow(struct text stored)
{
	return text_starts(stored, "scrypt$");
}

enum result secret_check(struct text stored, struct text given)
{
	struct stored s;
	uint8_t made[HASH_SIZE];

	if (!read_stored(stored, &s))
		return ERR_MALFORMED;
	if (given_fits(given) != OK || hash(&s, given, made) != OK)
		return ERR_DENIED;
	bool same = digest_equal(made, s.hash, HASH_SIZE);
	OPENSSL_cleanse(made, sizeof(made));
	return same ? OK : ERR_DENIED;
}
