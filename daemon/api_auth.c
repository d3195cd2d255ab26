/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Who asks. A password is hashed on a worker, once: what was found out is remembered under a keyed digest of account,
 * stored form and what was given, so that a changed secret is never met by an old memory. Requests that bring the same
 * credentials while they are being checked wait for that one check.
 */
#include <stdlib.h>
#include <string.h>

#include "core/base/clock.h"
#include "core/base/hex.h"
#include "core/base/log.h"
#include "core/base/random.h"
#include "core/net/digest.h"
#include "core/secret.h"
#include "daemon/api_internal.h"

#define CACHE_ROWS 4096u
#define BAD_KEPT_US (10 * USEC_PER_SEC)
#define CHECKS_MAX 32u	 /* of passwords, running or waiting */
#define WAITERS_MAX 256u /* requests that wait for one check */
#define KEY_SIZE 32u
#define TOKEN_SEARCH_MAX 256u /* accounts that a token without a name is tried at */

struct remembered {
	uint8_t digest[DIGEST_SHA256_SIZE];
	bool used, good;
	int64_t until_us; /* of a bad one */
};

struct check {
	struct check *next;
	uint8_t digest[DIGEST_SHA256_SIZE];
	struct api_account *account;
	char stored[SECRET_TEXT_SIZE];
	char given[SECRET_GIVEN_MAX];
	size_t given_len;
	enum result result; /* of the worker */
	unsigned waiters_count;
	struct api_ref waiters[WAITERS_MAX];
};

static struct remembered *cache;
static uint8_t key[KEY_SIZE];
static struct check *checks;
static unsigned checks_count;
static char last[SECRET_TOKEN_SIZE]; /* the token without a name that came last: nearly always it comes again */
static struct text last_name;

static struct remembered *row_of(const uint8_t digest[DIGEST_SHA256_SIZE])
{
	return &cache[(digest[0] | (unsigned)digest[1] << 8) % CACHE_ROWS];
}

static void digest_of(const struct api_account *a, struct text given, uint8_t out[DIGEST_SHA256_SIZE])
{
	uint8_t room[MESSAGE_ACCOUNT_MAX + SECRET_TEXT_SIZE + SECRET_GIVEN_MAX + 8];
	struct writer w = writer_of(room, sizeof(room));

	if (!cache) {
		cache = must_alloc(CACHE_ROWS * sizeof(*cache));
		random_bytes(key, sizeof(key));
	}
	writer_u16(&w, (uint16_t)a->name.len);
	writer_text(&w, a->name);
	writer_u16(&w, (uint16_t)a->settings->secret.len);
	writer_text(&w, a->settings->secret);
	writer_text(&w, given);
	digest_hmac_sha256(key, sizeof(key), room, writer_len(&w), out);
}

/* After digest_of(), which makes the cache. */
static void remember(const uint8_t digest[DIGEST_SHA256_SIZE], bool good)
{
	struct remembered *row = row_of(digest);

	memcpy(row->digest, digest, DIGEST_SHA256_SIZE);
	row->used = true;
	row->good = good;
	row->until_us = loop_time(api.loop) + BAD_KEPT_US;
}

static enum api_auth verdict(bool good)
{
	if (!good)
		counter_add(api.count.unauthorized, 1);
	return good ? AUTH_GOOD : AUTH_BAD;
}

static void run_check(void *job)
{
	struct check *c = job;

	c->result = secret_check(text_of(c->stored), text_range(c->given, c->given_len));
}

static void unlink_check(struct check *c)
{
	struct check **at = &checks;

	while (*at != c)
		at = &(*at)->next;
	*at = c->next;
	checks_count--;
}

static void check_done(void *job)
{
	struct check *c = job;
	bool good = c->result == OK;

	unlink_check(c);
	remember(c->digest, good);
	for (unsigned i = 0; i < c->waiters_count; i++) {
		verdict(good);
		/* The account may have left the configuration meanwhile. */
		api_routes_resume(c->waiters[i], good && c->account->settings ? c->account : NULL);
	}
	explicit_bzero(c->given, sizeof(c->given));
	free(c);
}

static struct check *running(const uint8_t digest[DIGEST_SHA256_SIZE])
{
	struct check *c = checks;

	while (c && memcmp(c->digest, digest, DIGEST_SHA256_SIZE))
		c = c->next;
	return c;
}

static enum api_auth check_later(struct api_ref ref, struct api_account *a, struct text given,
				 const uint8_t digest[DIGEST_SHA256_SIZE])
{
	struct check *c = running(digest);

	if (!c) {
		if (checks_count >= CHECKS_MAX)
			return AUTH_BUSY;
		c = must_alloc(sizeof(*c));
		memcpy(c->digest, digest, DIGEST_SHA256_SIZE);
		c->account = a;
		memcpy(c->given, given.at, given.len);
		c->given_len = given.len;
		if (!text_copy(a->settings->secret, c->stored, sizeof(c->stored)) ||
		    worker_submit(api.worker, run_check, check_done, c) != OK) {
			free(c);
			return AUTH_BUSY;
		}
		c->next = checks;
		checks = c;
		checks_count++;
	}
	if (c->waiters_count >= WAITERS_MAX)
		return AUTH_BUSY;
	c->waiters[c->waiters_count++] = ref;
	return AUTH_LATER;
}

enum api_auth api_auth(struct api_ref ref, const char *peer, struct text name, struct text secret,
		       struct api_account **account_out)
{
	struct api_account *a = api_accounts_find(api.accounts, name);
	uint8_t digest[DIGEST_SHA256_SIZE];

	*account_out = a;
	if (!a || !secret.len || secret.len > SECRET_GIVEN_MAX || a->settings->secret.len >= SECRET_TEXT_SIZE)
		return verdict(false);
	if (!api_account_from(a, peer))
		return AUTH_ADDRESS;
	digest_of(a, secret, digest);
	struct remembered *row = row_of(digest);
	if (row->used && digest_equal(row->digest, digest, sizeof(digest)) &&
	    (row->good || row->until_us > loop_time(api.loop)))
		return verdict(row->good);
	if (secret_is_slow(a->settings->secret))
		return check_later(ref, a, secret, digest);
	bool good = secret_check(a->settings->secret, secret) == OK;
	remember(digest, good);
	return verdict(good);
}

static bool basic(struct text given, struct arena *arena, struct text *name_out, struct text *secret_out)
{
	size_t room = given.len + 4;
	char *to = arena_alloc(arena, room);
	struct writer w = writer_of(to, room);

	if (base64_take(given, &w) != OK)
		return false;
	*secret_out = text_range(to, writer_len(&w));
	const char *colon = memchr(to, ':', secret_out->len);
	if (!colon)
		return false;
	*name_out = text_range(to, (size_t)(colon - to));
	*secret_out = text_range(colon + 1, secret_out->len - name_out->len - 1);
	return true;
}

/* A token alone, as `cellpost secret` prints it: which account is it of? Only where accounts are few, and only the fast
 * forms: otherwise any stranger could keep this process busy. */
static bool bearer_alone(struct text given, struct text *name_out, struct text *secret_out)
{
	unsigned tried = 0;

	*secret_out = given;
	*name_out = last_name;
	if (last_name.len && given.len == strlen(last) && digest_equal(given.at, last, given.len))
		return true;
	for (struct api_account *a = api_accounts_next(api.accounts, NULL); a; a = api_accounts_next(api.accounts, a)) {
		if (!a->settings || secret_is_slow(a->settings->secret))
			continue;
		if (tried++ >= TOKEN_SEARCH_MAX)
			return false;
		if (secret_check(a->settings->secret, given) != OK)
			continue;
		*name_out = a->name;
		if (text_copy(given, last, sizeof(last)))
			last_name = a->name;
		return true;
	}
	return false;
}

/* NAME.SECRET, where NAME may have dots itself: the first cut that names an account. */
static bool bearer(struct text given, struct text *name_out, struct text *secret_out)
{
	for (size_t i = 1; i + 1 < given.len && i <= MESSAGE_ACCOUNT_MAX; i++) {
		if (given.at[i] != '.')
			continue;
		*name_out = text_range(given.at, i);
		*secret_out = text_range(given.at + i + 1, given.len - i - 1);
		if (api_accounts_find(api.accounts, *name_out))
			return true;
	}
	return bearer_alone(given, name_out, secret_out);
}

bool api_auth_header(const struct http_message *m, struct arena *arena, struct text *name_out, struct text *secret_out)
{
	struct text value = text_trim(http_field_get(m, "authorization")), scheme;

	if (!text_split(&value, ' ', &scheme))
		return false;
	value = text_trim(value);
	if (text_is_nocase(scheme, "basic"))
		return basic(value, arena, name_out, secret_out);
	return text_is_nocase(scheme, "bearer") && bearer(value, name_out, secret_out);
}

/* After the worker was freed: no check runs any more. */
void api_auth_free(void)
{
	free(cache);
	cache = NULL;
	last_name = (struct text){ 0 };
}
