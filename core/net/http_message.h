/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One HTTP request or response (RFC 9110), whichever version carried it: what the engines (http1.h, http2.h) fill and
 * handlers read. All texts point into memory of the message's owner.
 */
#ifndef CORE_NET_HTTP_MESSAGE_H
#define CORE_NET_HTTP_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/arena.h"
#include "core/base/result.h"
#include "core/base/text.h"
#include "core/base/writer.h"

#define HTTP_FIELDS_MAX 64u		    /* header fields of one message */
#define HTTP_TARGET_MAX (8u * 1024u)	    /* octets of a request target */
#define HTTP_FIELD_BYTES_MAX (16u * 1024u)  /* octets of names and values together */
#define HTTP_BODY_MAX (1024u * 1024u)	    /* default of struct http_limits */
#define HTTP_CHUNK_FRAMING_MAX (4u * 1024u) /* octets around chunks, beyond eight for each octet of the body */

struct http_limits {
	size_t body_max;
};

/* Other methods are HTTP_METHOD_OTHER: look at method_text. */
enum http_method {
	HTTP_METHOD_OTHER,
	HTTP_METHOD_GET,
	HTTP_METHOD_HEAD,
	HTTP_METHOD_POST,
	HTTP_METHOD_PUT,
	HTTP_METHOD_PATCH,
	HTTP_METHOD_DELETE,
	HTTP_METHOD_OPTIONS,
	HTTP_METHOD_COUNT
};

enum http_version { HTTP_1_0, HTTP_1_1, HTTP_2 };

struct http_field {
	struct text name, value; /* of HTTP/2 the name is in lower case; compare without case */
};

struct http_message {
	enum http_version version;
	unsigned status; /* responses; 0 in a request */
	enum http_method method;
	struct text method_text;
	struct text target;    /* path and query as sent, without the authority of an absolute form */
	struct text path_raw;  /* before the "?" */
	struct text path;      /* percent-decoded; no NUL, no "." or ".." segment */
	struct text query;     /* behind the "?", as sent; see http_form_next() */
	struct text authority; /* host[:port], judged; empty only in HTTP/1.0 */
	struct text body;
	unsigned fields_count;
	struct http_field fields[HTTP_FIELDS_MAX];
};

/* The first value of a field, without case of ASCII; .at NULL when it is not there. */
struct text http_field_get(const struct http_message *m, const char *name);
bool http_field_has(const struct http_message *m, const char *name);
/* Whether a comma-separated field (Connection, Accept) names that token, in any of its lines, parameters ignored. */
bool http_field_lists(const struct http_message *m, const char *name, const char *token);
/* "application/json" of "application/json; charset=utf-8"; empty when there is none. */
struct text http_content_type(const struct http_message *m);

/* A query or an application/x-www-form-urlencoded body: takes the next name and value, decoded into the arena ("+" is
 * a blank). False at the end. A broken escape stands for itself. */
bool http_form_next(struct text *rest, struct arena *arena, struct text *name_out, struct text *value_out);
/* The first with that name; false when there is none. */
bool http_form_get(struct text form, struct arena *arena, const char *name, struct text *value_out);
enum http_method http_method_of(struct text name);
const char *http_method_name(enum http_method m);
const char *http_status_text(unsigned status); /* "Accepted"; "Unknown" */

/* What a URL of ours names, see uri.h. */
struct http_url {
	bool https;
	struct text host; /* IPv6 without brackets */
	uint16_t port;
	struct text authority; /* as it goes into Host */
};

MUST_CHECK enum result http_url_parse(struct text t, struct http_url *out, const char **why_out);

#endif
