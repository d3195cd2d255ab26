/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Secrets as the configuration keeps them: never in clear.
 *
 *	scrypt$LOG2N$R$P$SALT$HASH    for passwords that people choose: slow by design (about 0.1 s, 32 MiB)
 *	sha256$SALT$HASH              for tokens made here: 256 random bits need no slow function
 *
 * SALT and HASH are base64url. secret_check() of the first kind takes its time: secret_is_slow() says so, and a loop
 * then runs it on core/base/worker. Everything here may be called from any thread.
 */
#ifndef CORE_SECRET_H
#define CORE_SECRET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/result.h"
#include "core/base/text.h"

#define SECRET_TEXT_SIZE 160			/* room for any stored form, with NUL */
#define SECRET_TOKEN_SIZE 48			/* room for a token, with NUL */
#define SECRET_GIVEN_MAX 1024u			/* octets of a password or token; longer ones are refused unread */
#define SECRET_MEMORY_MAX (UINT64_C(256) << 20) /* of one scrypt; a stored form that asks for more is malformed */

enum secret_kind { SECRET_PASSWORD, SECRET_TOKEN };

/* Writes the form to be stored. ERR_TOO_BIG above SECRET_GIVEN_MAX, ERR_MALFORMED for an empty one, ERR_IO when memory
 * is short. */
MUST_CHECK enum result secret_make(enum secret_kind kind, struct text given, char to[SECRET_TEXT_SIZE]);
/* A fresh token of 256 random bits. Returns `to`. */
const char *secret_token_new(char to[SECRET_TOKEN_SIZE]);

/* Is this a stored form? `why` says what is wrong and how to get a right one. */
MUST_CHECK enum result secret_valid(struct text stored, const char **why_out);
bool secret_is_slow(struct text stored);
/* OK, or ERR_DENIED; ERR_MALFORMED for a stored form that is none. The time does not tell where they differ. */
MUST_CHECK enum result secret_check(struct text stored, struct text given);

#endif
