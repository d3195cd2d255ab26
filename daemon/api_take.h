/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Values of a JSON body taken by kind; what is wrong is said about the field that is looked at. Of api_message.c alone.
 */
#ifndef DAEMON_API_TAKE_H
#define DAEMON_API_TAKE_H

#include "core/net/json.h"
#include "daemon/api_message.h"

struct api_take {
	struct arena *arena;
	struct api_message *out;
	struct api_problem *problem;
	struct text field; /* that is looked at */
	int64_t now_us;
	bool has_body;
};

/* status 400 about the present field */
#define API_TAKE_BAD(p, code, ...) api_problem((p)->problem, (p)->arena, 400, (code), (p)->field, __VA_ARGS__)

MUST_CHECK enum result api_take_text(struct api_take *p, const struct json_value *v, size_t max, struct text *out);
MUST_CHECK enum result api_take_int(struct api_take *p, const struct json_value *v, int64_t min, int64_t max,
				    int64_t *out);
MUST_CHECK enum result api_take_bool(struct api_take *p, const struct json_value *v, bool *out);
/* Octets written as hexadecimal digits or base64. */
MUST_CHECK enum result api_take_octets(struct api_take *p, const struct json_value *v, bool hex, size_t max,
				       struct text *out);

#endif
