/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The body of POST /v1/messages and /v1/quotes: JSON to the envelope. Strict: a field that is not known is refused with
 * the nearest known name, so that a typing error never sends something else than what was meant.
 *
 * No account is known here: sender rules, rates and the default sender come afterwards (api_accept.h).
 */
#ifndef DAEMON_API_MESSAGE_H
#define DAEMON_API_MESSAGE_H

#include "core/message.h"
#include "daemon/api_files.h"
#include "daemon/api_problem.h"

#define API_KEY_MAX 255u				 /* octets of an idempotency key */
#define API_VALIDITY_MAX INT64_C(5184000)		 /* seconds: 60 days */
#define API_SEND_AT_MAX (INT64_C(366) * 86400 * 1000000) /* microseconds ahead */

struct api_message {
	struct message message;
	struct text key;
	const struct text *to; /* normalised; `to_count` of them, at least one */
	unsigned to_count;
	const struct api_file *files; /* those of message.files, `files_count` of them */
	unsigned files_count;
};

/* Everything in `out` lies in the arena. now_us is the time of day, for what is relative to it. */
MUST_CHECK enum result api_message_parse(struct text body, int64_t now_us, struct arena *arena, struct api_message *out,
					 struct api_problem *problem_out);

/* One address of a list to its normal form; the problem names `field`. */
MUST_CHECK enum result api_message_address(struct text given, struct text field, struct arena *arena, struct text *out,
					   struct api_problem *problem_out);
/* An Idempotency-Key header, quoted or not, joined with the field that the body may have had. */
MUST_CHECK enum result api_message_key(struct text header, struct arena *arena, struct api_message *out,
				       struct api_problem *problem_out);

/* The fields it knows, NULL-ended; those of "ports"; the words of "report"; the words of "coding". */
extern const char *const api_message_fields[];
extern const char *const api_message_ports[];
extern const char *const api_message_reports[];
extern const char *const api_message_codings[];

#endif
