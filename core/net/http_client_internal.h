/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What http_client.c (requests, hosts, queues) and http_link.c (connections) share.
 *
 *	call:  waiting at its host -> on a link -> ended (`done` is due) -> gone
 *	link:  connecting -> ready (idle, or with calls) -> gone
 *
 * `done` may send and cancel, so nothing relies on a call or a link after it, but for the link that is being read
 * (`in_input`), which nobody takes or closes.
 */
#ifndef CORE_NET_HTTP_CLIENT_INTERNAL_H
#define CORE_NET_HTTP_CLIENT_INTERNAL_H

#include "core/base/clock.h"
#include "core/base/counter.h"
#include "core/base/idtable.h"
#include "core/net/http1.h"
#include "core/net/http2.h"
#include "core/net/http_client.h"
#include "core/net/stream.h"

#define HTTP_CLIENT_NAME "cellpost"
#define HTTP_CLIENT_TRIES_MAX 2u
#define HTTP_CLIENT_ADDRESSES_KEPT_US (30 * USEC_PER_SEC)

struct http_call {
	struct http_call *next, *prev; /* of its host's queue, or of the ended ones */
	struct http_client *client;
	struct http_host *host;
	struct http_link *link; /* NULL while waiting */
	struct http2_stream *stream;
	uint64_t id;
	struct loop_timer timer;
	void (*done)(void *owner, const struct http_client_answer *answer);
	void *owner;
	enum http_method method;
	struct text target, authority, content_type, body;
	struct http_field *fields;
	unsigned fields_count, tries;
	bool repeatable, ended;
	enum result result;
	const char *why;
};

struct http_queue {
	struct http_call *first, *last;
	unsigned count;
};

struct http_host {
	struct http_host *next;
	struct http_client *client;
	char *name;
	uint16_t port;
	bool https, multiplexed; /* it agreed on HTTP/2 last time */
	bool resolving;
	uint64_t ticket;
	struct net_address addresses[HTTP_CLIENT_ADDRESSES_MAX];
	unsigned addresses_count, address_at, failures;
	int64_t resolved_us;
	struct http_queue waiting;
	struct http_link *links;
	unsigned links_count, connecting;
};

struct http_link {
	struct http_link *next, *prev;
	struct http_host *host;
	struct stream *stream;
	struct http1 *h1;
	struct http2 *h2;
	unsigned address_at;
	struct http_call *call; /* HTTP/1 */
	struct loop_timer timer;
	bool ready, used, heard, in_input, in_pump, ending;
};

struct http_client_counters {
	struct counter *answers[6], *failed, *retries, *full, *stale;
};

struct http_client {
	struct loop *loop;
	char name[40];
	struct http_client_limits limits;
	struct tls_client *tls;
	struct http_resolver resolver;
	struct http_pool pool;
	struct idtable *calls, *tickets;
	struct http_host *hosts;
	unsigned links_count, waiting, open;
	struct http_queue ended;
	struct loop_timer kick; /* ended calls, and hosts that may go on */
	bool freeing;
	struct http_client_counters counters;
};

/* http_client.c */
void http_queue_last(struct http_queue *q, struct http_call *call);
/* `done` will be called by the kick, with that result. The call is off its link and queue. */
void http_call_fail(struct http_call *call, enum result result, const char *why);
void http_call_answer(struct http_call *call, const struct http_message *m); /* `done` is called */
void http_call_again(struct http_call *call);				     /* to the front of its host's queue */
bool http_call_may_repeat(const struct http_call *call);
void http_host_go_on(struct http_host *host); /* soon: waiting calls, or nothing left of it */
/* A connection to that address could not be made. */
void http_host_failed(struct http_host *host, unsigned address_at, enum result result, const char *why);

/* http_link.c */
void http_link_open(struct http_host *host);			    /* to the address that is next */
struct http_link *http_link_free_one(const struct http_host *host); /* that takes one more call, or NULL */
void http_link_start(struct http_link *link, struct http_call *call);
void http_link_abandon(struct http_call *call); /* its answer is not wanted any more */
void http_link_close(struct http_link *link);	/* at once; its calls fail or go again */
bool http_link_idle(const struct http_link *link);

#endif
