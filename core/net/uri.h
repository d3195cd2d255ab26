/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * URIs of http and https (RFC 3986, 9110 4.2), percent-encoding, and application/x-www-form-urlencoded. Everything
 * returned is a view of what was given, or lies in a buffer given. No I/O, nothing allocated.
 */
#ifndef CORE_NET_URI_H
#define CORE_NET_URI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/result.h"
#include "core/base/text.h"
#include "core/base/writer.h"

#define URI_MAX 8192u

struct uri {
	bool tls;	    /* https */
	struct text host;   /* without the brackets of IPv6 */
	uint16_t port;	    /* 80 or 443 where none is given */
	struct text path;   /* begins with '/', or is empty */
	struct text query;  /* without '?' */
	bool has_query;	    /* "?" alone is a query too */
	struct text server; /* host and port as written: what Host: says */
};

/* ERR_MALFORMED, or ERR_UNSUPPORTED for another scheme, with a reason. Credentials before the host are refused; a
 * fragment is left out, as it is never sent (RFC 9110 7.1). */
MUST_CHECK enum result uri_parse(struct text t, struct uri *out, const char **why_out);
/* The request target: path ("/" where it is empty) and query. */
void uri_put_target(struct writer *w, const struct uri *uri);
/* "/path?query" of a request line; the query is empty where there is none. ERR_MALFORMED unless it begins with '/' and
 * has only octets that a URI may have. */
MUST_CHECK enum result uri_split_target(struct text target, struct text *path_out, struct text *query_out);

/* %XX becomes its octet (any value, NUL included) and, in a form, '+' a blank. ERR_MALFORMED for a bad escape,
 * ERR_TOO_BIG when `size` octets do not suffice. `to` needs t.len octets at most. */
MUST_CHECK enum result uri_decode(struct text t, bool form, char *to, size_t size, struct text *out);
/* Unreserved characters stand for themselves, all others as %XX: good for path segments, queries and forms. */
void uri_encode(struct writer *w, struct text t);

/* Takes the next name and value, both still encoded; empty pairs are skipped. False at the end. */
bool uri_form_next(struct text *rest, struct text *name_out, struct text *value_out);
/* The first value of that name, decoded into `to`. ERR_NOT_FOUND, ERR_MALFORMED, ERR_TOO_BIG. */
MUST_CHECK enum result uri_form_get(struct text form, const char *name, char *to, size_t size, struct text *value_out);

#endif
