/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * HTTP requests of ours (webhooks, callbacks): keep-alive connections pooled per host, HTTP/1.1, or HTTP/2 where TLS
 * agreed on it. Requests beyond the connections of a host wait in a queue with a limit.
 */
#ifndef CORE_NET_HTTP_CLIENT_H
#define CORE_NET_HTTP_CLIENT_H

#include "core/base/loop.h"
#include "core/net/http_message.h"
#include "core/net/net_address.h"
#include "core/net/tls.h"

struct http_client;

#define HTTP_CLIENT_ADDRESSES_MAX 8u /* tried in turn for one connection */

struct http_client_limits {
	unsigned connections_per_host; /* 8 */
	unsigned connections_max;      /* of all hosts: 256 */
	unsigned streams_max;	       /* HTTP/2 requests at once on one connection: 100 */
	unsigned queue_max;	       /* waiting requests of all hosts: 10,000 */
	size_t body_max;	       /* octets of an answer: 64 KiB */
	int64_t timeout_us;	       /* of a request that names none: 30 s, waiting in the queue included */
	int64_t connect_us;	       /* connecting and TLS: 10 s */
	int64_t idle_us;	       /* an unused connection is kept so long: 30 s */
};

void http_client_limits_init(struct http_client_limits *limits); /* the defaults above */

/* Looks `host` up (a name; never numeric or "localhost") and answers with http_client_resolved(), now or later. */
struct http_resolver {
	void (*resolve)(void *owner, struct http_client *client, uint64_t ticket, const char *host);
	void *owner;
};

/* `tls` (NULL = https is refused) stays the owner's until http_client_free(); ALPN "h2 http/1.1". `resolver` NULL =
 * only numeric addresses and "localhost" work. `name` labels counters; it and the limits are copied. */
struct http_client *http_client_new(struct loop *loop, const char *name, const struct http_client_limits *limits,
				    struct tls_client *tls, const struct http_resolver *resolver);
/* Requests that are open end without `done`. Not from `done`. */
void http_client_free(struct http_client **client);
/* The answer of the resolver; the port of the addresses is ignored. An unknown ticket is fine. */
void http_client_resolved(struct http_client *client, uint64_t ticket, enum result result,
			  const struct net_address *addresses, unsigned count);

struct http_client_request {
	enum http_method method;
	struct text url;
	const struct http_field *fields; /* Host, Content-Length, User-Agent are ours */
	unsigned fields_count;
	const char *content_type; /* NULL = none */
	struct text body;
	int64_t timeout_us; /* 0 = the limit's */
	/* The receiver knows repetitions by an id of ours: a request that met a connection which the peer was just
	 * closing is sent once more. Without it that is done for GET, HEAD, PUT, DELETE and OPTIONS alone. */
	bool repeatable;
};

struct http_client_answer {
	enum result result; /* OK: `message` is there, whatever its status. ERR_UNKNOWN: sent, and no whole answer */
	const char *why;
	const struct http_message *message; /* NULL without an answer; lives until `done` returns */
	unsigned tries;
};

/* Everything is copied. `done` is called exactly once, never before this returns, unless it was cancelled. Results:
 * ERR_MALFORMED a bad URL or field, ERR_UNSUPPORTED https without TLS, ERR_FULL the queue's limit. */
MUST_CHECK enum result http_client_send(struct http_client *client, const struct http_client_request *request,
					void (*done)(void *owner, const struct http_client_answer *answer), void *owner,
					uint64_t *id_out, const char **why_out);
void http_client_cancel(struct http_client *client, uint64_t id); /* `done` is not called; an unknown id is fine */
unsigned http_client_open(const struct http_client *client);	  /* requests waiting or under way */

#endif
