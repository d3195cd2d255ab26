/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Answers in JSON, with the header fields that belong to their status. */
#include <stdio.h>

#include "daemon/api_internal.h"

#define JSON "application/json"

void api_answer_json(struct http_exchange *x, unsigned status, struct text body)
{
	http_respond_text(x, status, JSON, body);
}

void api_answer_problem(struct http_exchange *x, const struct api_problem *problem)
{
	char room[API_PROBLEM_SIZE], seconds[16];
	struct writer w = writer_of(room, sizeof(room));
	struct http_field fields[2];
	struct http_answer answer = { .status = problem->status, .content_type = JSON, .fields = fields };

	api_problem_put(&w, problem);
	answer.body = text_range(room, writer_len(&w));
	if (problem->retry_after) {
		snprintf(seconds, sizeof(seconds), "%u", problem->retry_after);
		fields[answer.fields_count++] = (struct http_field){ TEXT_LITERAL("Retry-After"), text_of(seconds) };
	}
	if (problem->status == 401)
		fields[answer.fields_count++] =
			(struct http_field){ TEXT_LITERAL("WWW-Authenticate"),
					     TEXT_LITERAL("Basic realm=\"cellpost\", charset=\"UTF-8\", Bearer") };
	http_respond(x, &answer);
}

void api_answer_error(struct http_exchange *x, unsigned status, const char *code, const char *message)
{
	api_answer_problem(x, &(struct api_problem){ .status = status, .code = code, .message = message });
}

void api_answer_busy(struct http_exchange *x, unsigned retry_after, const char *code, const char *message)
{
	api_answer_problem(x, &(struct api_problem){
				      .status = 503, .code = code, .message = message, .retry_after = retry_after });
}
