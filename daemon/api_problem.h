/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What is wrong with a request and the way out: one shape for all answers of the API that are no success.
 *
 *	{"error":{"code":"unknown_field","field":"txt","message":"no such field; did you mean \"text\"?"}}
 */
#ifndef DAEMON_API_PROBLEM_H
#define DAEMON_API_PROBLEM_H

#include "core/base/arena.h"
#include "core/base/result.h"
#include "core/base/text.h"
#include "core/base/writer.h"

struct api_problem {
	unsigned status;
	const char *code;     /* a word that programs may compare */
	struct text field;    /* empty when it is about the whole */
	const char *message;  /* what is wrong and what to do */
	unsigned retry_after; /* seconds; 0 = the header is left out */
	struct text rule;     /* of screening (core/screen.h), as "S1"; or empty */
};

#define API_PROBLEM_SIZE 2048 /* room for its JSON; longer texts are cut */

/* Fills in, with a message made in the arena, and returns ERR_MALFORMED for `return api_problem(...)`. */
MUST_CHECK enum result api_problem(struct api_problem *p, struct arena *arena, unsigned status, const char *code,
				   struct text field, const char *format, ...) __attribute__((format(printf, 6, 7)));
void api_problem_put(struct writer *w, const struct api_problem *p);
/* The problem of a result that came from the queue. `why` may be empty. */
void api_problem_of(struct api_problem *p, enum result result, struct text why, struct arena *arena);

#endif
