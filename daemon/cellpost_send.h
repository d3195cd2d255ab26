/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The pure parts of `cellpost send` and `quote`: the request's body, and its answer in words. */
#ifndef DAEMON_CELLPOST_SEND_H
#define DAEMON_CELLPOST_SEND_H

#include <stdbool.h>
#include <stdio.h>

#include "core/base/result.h"
#include "core/net/json.h"

struct send_words {
	const char *to; /* one, or several with commas between */
	const char *text;
	const char *from, *link, *validity, *at; /* NULL = not given */
	const char *bearer, *consent, *max_price, *quote;
	bool report, flash;
	const char *file_media, *file_name, *file; /* one that was given, as the API names it; NULL = none */
};

/* The JSON of POST /v1/messages. ERR_MALFORMED with a reason for words that make none. */
MUST_CHECK enum result send_body(const struct send_words *words, struct json_writer *j, const char **why_out);
/* The answer of the server, for people. Returns false where it is not what is expected: then it was printed as it is.
 */
bool send_print_answer(FILE *to, struct text body);
/* The same of a quote, but only what was decided and why. False: it would be refused. */
bool send_print_decision(FILE *to, struct text body);
/* The reason in a refusal: "field: message", or the start of what it is. */
void send_print_problem(FILE *to, unsigned status, struct text body);

#endif
