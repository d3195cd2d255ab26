/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Who binds. A password is hashed on the worker, once: what was found out is remembered under a keyed digest of
 * account, stored form and what was given, so that a changed secret is never met by an old memory. Binds with the same
 * credentials wait for the one check that runs.
 */
#include <stdlib.h>

#include "core/base/clock.h"
#include "core/base/log.h"
#include "core/base/random.h"
#include "core/net/digest.h"
#include "core/secret.h"
#include "sms/smpp_server_internal.h"

#define CACHE_ROWS 4096u
#define BAD_KEPT_US (10 * USEC_PER_SEC)
#define CHECKS_MAX 32u /* on the worker at once */
#define KEY_SIZE 32u
#define FAILURES_TOLD 3u /* of an address, as notices; the rest is information */

struct remembered {
	uint8_t digest[DIGEST_SHA256_SIZE];
	bool used, good;
	int64_t until_us; /* of a bad one */
};

/* One run of a slow secret. It belongs to the worker; `auth` is NULL once the server is gone. */
struct bind_check {
	struct bind_check *next;
	struct smpp_auth *auth;
	uint8_t digest[DIGEST_SHA256_SIZE];
	char stored[SECRET_TEXT_SIZE], given[SMPP_PASSWORD_MAX + 1];
	enum result result;
	struct smpp_client *waiters;
};

struct smpp_auth {
	uint8_t key[KEY_SIZE];
	struct bind_check *checks;
	unsigned checks_count;
	struct remembered rows[CACHE_ROWS];
};

struct smpp_auth *smpp_auth_new(void)
{
	struct smpp_auth *auth = must_alloc(sizeof(*auth));

	random_bytes(auth->key, sizeof(auth->key));
	return auth;
}

void smpp_auth_free(struct smpp_auth **auth)
{
	if (!*auth)
		return;
	for (struct bind_check *c = (*auth)->checks; c; c = c->next)
		c->auth = NULL;
	free(*auth);
	*auth = NULL;
}

/* --- what is known --- */

static void digest_of(const struct smpp_client *c, const struct smpp_account *a, uint8_t out[DIGEST_SHA256_SIZE])
{
	uint8_t room[MESSAGE_ACCOUNT_MAX + SECRET_TEXT_SIZE + SMPP_PASSWORD_MAX + 16];
	struct writer w = writer_of(room, sizeof(room));

	writer_cstring(&w, text_of(a->name));
	writer_cstring(&w, a->settings.secret);
	writer_cstring(&w, text_of(c->password));
	digest_hmac_sha256(c->server->auth->key, KEY_SIZE, room, writer_len(&w), out);
}

static struct remembered *row_of(struct smpp_auth *auth, const uint8_t digest[DIGEST_SHA256_SIZE])
{
	return &auth->rows[(digest[0] | (unsigned)digest[1] << 8) % CACHE_ROWS];
}

static bool known(struct smpp_auth *auth, const uint8_t digest[DIGEST_SHA256_SIZE], bool *good_out)
{
	struct remembered *row = row_of(auth, digest);

	*good_out = row->good;
	return row->used && digest_equal(row->digest, digest, DIGEST_SHA256_SIZE) &&
	       (row->good || row->until_us > clock_monotonic());
}

static void remember(struct smpp_auth *auth, const uint8_t digest[DIGEST_SHA256_SIZE], bool good)
{
	struct remembered *row = row_of(auth, digest);

	memcpy(row->digest, digest, DIGEST_SHA256_SIZE);
	row->used = true;
	row->good = good;
	row->until_us = clock_monotonic() + BAD_KEPT_US;
}

/* --- verdicts --- */

/* The account that a bind names and may use from where it comes; NULL when there is none. */
static struct smpp_account *account_of(const struct smpp_client *c, const char **why_out)
{
	struct smpp_account *a = smpp_accounts_find(c->server->accounts, text_of(c->system_id));

	*why_out = "no such account";
	if (!a || !a->configured)
		return NULL;
	*why_out = "the account has no SMPP (smpp-binds 0)";
	if (!a->settings.smpp_binds)
		return NULL;
	*why_out = "from-address of the account does not allow it";
	if (!smpp_account_from(a, smpp_conn_peer(c->conn)))
		return NULL;
	*why_out = "the secret is wrong";
	return a->settings.secret.len < SECRET_TEXT_SIZE ? a : NULL;
}

static void answer_later(void *owner)
{
	struct smpp_client *c = owner;

	smpp_client_refuse(c, c->refusal);
}

static void start_timer(struct smpp_client *c, int64_t after_us, uint32_t refusal, void (*fired)(void *owner))
{
	c->refusal = refusal;
	loop_timer_start(c->server->loop, &c->timer, after_us > 0 ? after_us : 0, fired, c);
}

/* The answer comes a time after the bind that does not tell what was wrong with it. */
static void fail(struct smpp_client *c, const char *why)
{
	char name[64];
	unsigned failures;
	int64_t now = clock_monotonic();
	int64_t wait = smpp_guesses_failed(c->server->guesses, smpp_conn_peer(c->conn), now, &failures);

	(void)text_quote(text_of(c->system_id), name, sizeof(name));
	if (failures <= FAILURES_TOLD)
		LOGN(LOG_SMS, smpp_conn_peer(c->conn), "bind as \"%s\" refused: %s", name, why);
	else
		LOGI(LOG_SMS, smpp_conn_peer(c->conn), "bind as \"%s\" refused: %s", name, why);
	start_timer(c, c->asked_us + wait - now, SMPP_RINVPASWD, answer_later);
}

static void verdict(struct smpp_client *c, bool good)
{
	const char *why;
	struct smpp_account *a = account_of(c, &why);

	explicit_bzero(c->password, sizeof(c->password));
	if (good && a)
		smpp_client_admit(c, a);
	else
		fail(c, why);
}

/* --- checks --- */

static void run_check(void *job)
{
	struct bind_check *k = job;

	k->result = secret_check(text_of(k->stored), text_of(k->given));
}

static void unlink_check(struct smpp_auth *auth, struct bind_check *k)
{
	struct bind_check **at = &auth->checks;

	while (*at != k)
		at = &(*at)->next;
	*at = k->next;
	auth->checks_count--;
}

static void tell_waiter(struct bind_check *k, struct smpp_client *c)
{
	const char *why;
	uint8_t digest[DIGEST_SHA256_SIZE];
	struct smpp_account *a = account_of(c, &why);

	c->check = NULL;
	if (a) /* the secret may have been changed meanwhile */
		digest_of(c, a, digest);
	verdict(c, k->result == OK && a && !memcmp(digest, k->digest, sizeof(digest)));
}

static void check_done(void *job)
{
	struct bind_check *k = job;

	if (k->auth) {
		unlink_check(k->auth, k);
		if (k->result == OK || k->result == ERR_DENIED)
			remember(k->auth, k->digest, k->result == OK);
	}
	for (struct smpp_client *c = k->auth ? k->waiters : NULL, *next; c; c = next) {
		next = c->next_waiter;
		tell_waiter(k, c);
	}
	explicit_bzero(k->given, sizeof(k->given));
	free(k);
}

static struct bind_check *running(const struct smpp_auth *auth, const uint8_t digest[DIGEST_SHA256_SIZE])
{
	struct bind_check *k = auth->checks;

	while (k && memcmp(k->digest, digest, DIGEST_SHA256_SIZE))
		k = k->next;
	return k;
}

static struct bind_check *start_check(struct smpp_client *c, const struct smpp_account *a,
				      const uint8_t digest[DIGEST_SHA256_SIZE])
{
	struct smpp_auth *auth = c->server->auth;
	struct bind_check *k;

	if (auth->checks_count >= CHECKS_MAX)
		return NULL;
	k = must_alloc(sizeof(*k));
	k->auth = auth;
	memcpy(k->digest, digest, DIGEST_SHA256_SIZE);
	(void)text_copy(text_of(c->password), k->given, sizeof(k->given));
	if (!text_copy(a->settings.secret, k->stored, sizeof(k->stored)) ||
	    worker_submit(c->server->worker, run_check, check_done, k) != OK) {
		free(k);
		return NULL;
	}
	k->next = auth->checks;
	auth->checks = k;
	auth->checks_count++;
	return k;
}

/* Looks at the secret of a bind whose turn it is. */
static void look(void *owner)
{
	struct smpp_client *c = owner;
	uint8_t digest[DIGEST_SHA256_SIZE];
	const char *why;
	bool good;
	struct smpp_account *a = account_of(c, &why);

	if (!a) {
		verdict(c, false);
		return;
	}
	digest_of(c, a, digest);
	if (known(c->server->auth, digest, &good)) {
		verdict(c, good);
		return;
	}
	if (!secret_is_slow(a->settings.secret)) {
		good = secret_check(a->settings.secret, text_of(c->password)) == OK;
		remember(c->server->auth, digest, good);
		verdict(c, good);
		return;
	}
	struct bind_check *k = running(c->server->auth, digest);
	if (!k)
		k = start_check(c, a, digest);
	if (!k) {
		LOGN(LOG_SMS, smpp_conn_peer(c->conn), "bind put off: too many passwords are being checked");
		smpp_client_refuse(c, SMPP_RSYSERR);
		return;
	}
	c->check = k;
	c->next_waiter = k->waiters;
	k->waiters = c;
}

void smpp_auth_bind(struct smpp_client *c, const struct smpp_bind *bind)
{
	uint8_t digest[DIGEST_SHA256_SIZE];
	const char *why;
	bool good = false;

	c->asked_us = clock_monotonic();
	if (!text_copy(bind->system_id, c->system_id, sizeof(c->system_id)) ||
	    !text_copy(bind->password, c->password, sizeof(c->password)))
		c->password[0] = '\0';
	const struct smpp_account *a = account_of(c, &why);
	if (!a || !c->password[0]) {
		explicit_bzero(c->password, sizeof(c->password));
		fail(c, why);
		return;
	}
	digest_of(c, a, digest);
	if (known(c->server->auth, digest, &good) && good) {
		verdict(c, true);
		return;
	}
	int64_t wait = smpp_guesses_turn(c->server->guesses, smpp_conn_peer(c->conn), c->asked_us);
	if (wait < 0)
		smpp_client_refuse(c, SMPP_RBINDFAIL);
	else if (wait)
		start_timer(c, wait, 0, look);
	else
		look(c);
}

void smpp_auth_forget(struct smpp_client *c)
{
	struct smpp_client **at = c->check ? &c->check->waiters : NULL;

	loop_timer_stop(&c->timer);
	explicit_bzero(c->password, sizeof(c->password));
	if (!at)
		return;
	while (*at != c)
		at = &(*at)->next_waiter;
	*at = c->next_waiter;
	c->check = NULL;
}
