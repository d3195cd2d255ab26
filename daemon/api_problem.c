/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Problems as JSON, and the one mapping of results to HTTP. */
#include "daemon/api_problem.h"

#include <stdarg.h>
#include <stdio.h>

#include "core/base/utf8.h"
#include "core/net/json.h"

#define MESSAGE_SIZE 512
#define SHOWN_MAX 1200u

enum result api_problem(struct api_problem *p, struct arena *arena, unsigned status, const char *code,
			struct text field, const char *format, ...)
{
	char message[MESSAGE_SIZE];
	va_list args;

	va_start(args, format);
	vsnprintf(message, sizeof(message), format, args);
	va_end(args);
	struct text t = text_of(message);
	*p = (struct api_problem){ .status = status, .code = code };
	p->field = arena_text(arena, text_range(field.at, utf8_prefix(field, 64)));
	p->message = arena_cstring(arena, text_range(t.at, utf8_prefix(t, t.len)));
	return ERR_MALFORMED;
}

void api_problem_put(struct writer *w, const struct api_problem *p)
{
	struct text message = text_of(p->message);
	struct json_writer j;

	json_writer_init_on(&j, w);
	json_open_object(&j);
	json_key(&j, "error");
	json_open_object(&j);
	json_put_member_cstring(&j, "code", p->code);
	if (p->rule.len)
		json_put_member_text(&j, "rule", p->rule);
	if (p->field.len)
		json_put_member_text(&j, "field", p->field);
	json_put_member_text(&j, "message", text_range(message.at, utf8_prefix(message, SHOWN_MAX)));
	json_close_object(&j);
	json_close_object(&j);
}

struct mapping {
	enum result result;
	unsigned status;
	const char *code;
	unsigned retry_after;
	const char *text; /* when the queue gave none */
};

static const struct mapping mappings[] = {
	{ ERR_SHORT, 400, "malformed", 0, "the request is incomplete" },
	{ ERR_MALFORMED, 400, "malformed", 0, "the request cannot be read" },
	{ ERR_TOO_BIG, 413, "too_big", 0, "the request is larger than a limit" },
	{ ERR_UNSUPPORTED, 501, "unsupported", 0, "this gateway cannot do that" },
	{ ERR_DENIED, 403, "denied", 0, "a rule forbids it" },
	{ ERR_NOT_FOUND, 404, "not_found", 0, "there is no such message of this account" },
	{ ERR_CONFLICT, 409, "conflict", 0, "the same key was used for another message; take a new key" },
	{ ERR_BUSY, 503, "busy", 1, "the gateway is busy; repeat with the same key" },
	{ ERR_FULL, 503, "full", 10, "no room at the moment; repeat with the same key" },
	{ ERR_IO, 503, "store", 5, "the store does not answer; repeat with the same key" },
	{ ERR_TIMEOUT, 503, "timeout", 1, "no answer in time; repeat with the same key" },
	{ ERR_CLOSED, 503, "unavailable", 1, "the queue is not there at the moment; repeat with the same key" },
	{ ERR_UNKNOWN, 503, "unknown", 1,
	  "it may or may not be accepted: repeat with the same key, a second message will not come of it" },
};

void api_problem_of(struct api_problem *p, enum result result, struct text why, struct arena *arena)
{
	const struct mapping *m = &mappings[0];

	for (size_t i = 0; i < sizeof(mappings) / sizeof(mappings[0]); i++) {
		if (mappings[i].result == result)
			m = &mappings[i];
	}
	*p = (struct api_problem){
		.status = m->status, .code = m->code, .message = m->text, .retry_after = m->retry_after
	};
	if (why.len)
		p->message = arena_cstring(arena, why);
}
