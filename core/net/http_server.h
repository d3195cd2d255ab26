/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * HTTP/1.1 and HTTP/2 servers with the same handlers behind both: h2 by ALPN or by prior knowledge, HTTP/1.0 and 1.1
 * with keep-alive. One server has any number of listening sockets.
 *
 * A request becomes an exchange. The handler answers it before it returns, or keeps http_exchange_id() and answers
 * later; http_exchange_find() gives NULL once the client is gone. An answered exchange must not be touched again. On an
 * HTTP/1.1 connection the next request is looked at after the answer, so answers are in order by nature.
 */
#ifndef CORE_NET_HTTP_SERVER_H
#define CORE_NET_HTTP_SERVER_H

#include "core/base/loop.h"
#include "core/net/http_message.h"
#include "core/net/tls.h"

struct http_server;
struct http_exchange;

struct http_server_limits {
	unsigned connections_max; /* of all listeners together: 4096; above, new ones wait or are closed */
	unsigned streams_max;	  /* HTTP/2 requests open on one connection: 128 */
	size_t body_max;	  /* octets of a request body: 1 MiB (413 above) */
	size_t octets_max;	  /* octets of all requests that arrive or are unanswered: 256 MiB (503 above) */
	/* Octets of a streamed answer not taken yet, on HTTP/2: 256 KiB. On HTTP/1.1 STREAM_BACKLOG_HIGH counts. A
	 * client that lets four times as many collect is closed. */
	size_t stream_backlog;
	int64_t header_us; /* from the first octet of a request to the end of its header: 10 s (408) */
	int64_t idle_us;   /* between requests: 60 s */
	int64_t body_us;   /* without any progress of a body: 30 s (408) */
	int64_t stop_us;   /* given to open exchanges by http_server_stop(): 10 s */
	int64_t answer_us; /* until the handler's answer begins: 60 s (504) */
};

void http_server_limits_init(struct http_server_limits *limits); /* the defaults above */

struct http_server_handler {
	/* A whole request. */
	void (*request)(void *owner, struct http_exchange *x);
	/* The client left, the server stops, or the answer is late (a 504 goes out then): x is gone after this. Not
	 * called for answers that were completed. May be NULL. */
	void (*closed)(void *owner, struct http_exchange *x);
	/* After http_stream_write() gave false: there is room again. May be NULL. */
	void (*room)(void *owner, struct http_exchange *x);
};

/* `name` labels the counters and log lines ("api"); it, the limits and the handler are copied. */
struct http_server *http_server_new(struct loop *loop, const char *name, const struct http_server_limits *limits,
				    const struct http_server_handler *handler, void *owner);
/* Takes over a listening socket. `tls` NULL = plain; otherwise its ALPN should be "h2 http/1.1". The server keeps no
 * reference of its own: the owner keeps `tls` until http_server_free(). */
void http_server_listen(struct http_server *server, int fd, struct tls_server *tls);
/* Takes over one connected socket, as if a listener had accepted it. */
void http_server_accept(struct http_server *server, int fd, struct tls_server *tls);
/* No new connections; idle ones end, open exchanges may be answered (Connection: close, GOAWAY), streamed answers are
 * ended. `stopped` is called once, when the last connection is gone, at once if there is none. */
void http_server_stop(struct http_server *server, void (*stopped)(void *owner), void *owner);
/* At once; `closed` is called for open exchanges. Not from a handler. */
void http_server_free(struct http_server **server);
unsigned http_server_connections(const struct http_server *server);

/* --- the request ------------------------------------------------------------------------------------------------ */

uint64_t http_exchange_id(const struct http_exchange *x);			   /* never 0 */
struct http_exchange *http_exchange_find(struct http_server *server, uint64_t id); /* NULL: the client is gone */
/* Valid until the answer is complete, or is streamed (then NULL). */
const struct http_message *http_exchange_request(const struct http_exchange *x);
const char *http_exchange_peer(const struct http_exchange *x); /* "192.0.2.1:4711" */
bool http_exchange_is_tls(const struct http_exchange *x);
/* For the handler: whatever it likes, NULL at first. */
void http_exchange_set_data(struct http_exchange *x, void *data);
void *http_exchange_data(const struct http_exchange *x);

/* --- the answer ------------------------------------------------------------------------------------------------- */

struct http_answer {
	unsigned status;
	const char *content_type; /* NULL when there is no body */
	struct text body;
	const struct http_field
		*fields; /* more header fields; Date, Server, Content-Length, Connection are not among */
	unsigned fields_count;
};

/* Everything is copied. x is gone afterwards. For HEAD the body is counted and not sent. */
void http_respond(struct http_exchange *x, const struct http_answer *answer);
void http_respond_text(struct http_exchange *x, unsigned status, const char *content_type, struct text body);
/* {"error":{"code":"...","message":"..."}} */
void http_respond_error(struct http_exchange *x, unsigned status, const char *code, const char *message);

/* A streamed answer (server-sent events, exports). The length needs not be known. */
void http_stream_start(struct http_exchange *x, const struct http_answer *head); /* its body is ignored */
/* False when the client does not take what it was sent: stop until `room`. What was given is queued all the same. */
bool http_stream_write(struct http_exchange *x, struct text bytes);
void http_stream_end(struct http_exchange *x); /* x is gone afterwards */

#endif
