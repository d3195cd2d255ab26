/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Kannel's /cgi-bin/sendsms: its parameters to the envelope, as its user guide (table "SMS Push CGI variables")
 * describes them, with the same words when one is wrong. GET with a query, POST with a form, and POST with the text as
 * body and X-Kannel header fields are one here: names and values.
 *
 * What differs: text of coding 0 that GSM 7-bit cannot express is sent as UCS-2 instead of losing characters;
 * `compress` and `rpi` are checked and not used; in meta-data only hexadecimal TLV tags (?smpp?0x1401=abc) are carried.
 */
#ifndef DAEMON_KANNEL_QUERY_H
#define DAEMON_KANNEL_QUERY_H

#include "core/message.h"
#include "core/net/http_message.h"

struct kannel_query {
	struct message message; /* channel "kannel"; account and a missing sender are the caller's */
	const struct text *to;
	unsigned to_count;
	struct text username, password;
	struct text why; /* of an error: the line for the answer, "Missing receiver number, rejected" */
	unsigned status; /* 400, 403, 415 */
};

/* All in the arena. now_us is the time of day. The credentials are there whatever the result is, so that a caller may
 * judge them first; without a name or password: "Authorization failed for sendsms". */
MUST_CHECK enum result kannel_query_parse(const struct http_message *request, int64_t now_us, struct arena *arena,
					  struct kannel_query *out);

#endif
