/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One request of the command line to the HTTP API, in its own loop: blocks until the answer is there. */
#ifndef DAEMON_CELLPOST_HTTP_H
#define DAEMON_CELLPOST_HTTP_H

#include <stdint.h>

#include "core/base/result.h"
#include "core/net/http_message.h"

struct cellpost_request {
	const char *url; /* of the API, without the path */
	enum http_method method;
	const char *authorities; /* PEM file of those that vouch for an https server; NULL = the system's */
	const char *path;	 /* "/v1/messages" */
	struct text authorization, key, body; /* each may be empty */
	const char *content_type;	      /* of the body; NULL = JSON */
	int64_t timeout_us;
};

#define CELLPOST_WHY_SIZE 200

struct cellpost_answer {
	/* OK: `status` and `body` count. ERR_UNKNOWN: sent, and no answer. ERR_CLOSED: nobody is there. ERR_DENIED: TLS
	 * failed. Others: a wrong request; nothing was sent. */
	enum result result;
	char why[CELLPOST_WHY_SIZE];
	unsigned status, retry_after;
	struct text body; /* cellpost_answer_clear() frees it */
};

/* The same as out->result. */
enum result cellpost_http_ask(const struct cellpost_request *request, struct cellpost_answer *out);
void cellpost_answer_clear(struct cellpost_answer *answer);

#endif
