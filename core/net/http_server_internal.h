/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What http_server.c (listeners, stop), http_connection.c (octets, timers) and http_exchange.c (answers) share.
 *
 * A connection lives until its stream says `closed`; an exchange until its answer is complete or its client left. A
 * callback of the handler may answer any exchange, so nothing here keeps a pointer to an exchange across one.
 */
#ifndef CORE_NET_HTTP_SERVER_INTERNAL_H
#define CORE_NET_HTTP_SERVER_INTERNAL_H

#include "core/base/clock.h"
#include "core/base/counter.h"
#include "core/base/idtable.h"
#include "core/net/http1.h"
#include "core/net/http2.h"
#include "core/net/http_server.h"
#include "core/net/listen.h"
#include "core/net/stream.h"

#define HTTP_SERVER_NAME "cellpost" /* the Server field */
#define HTTP_EXCHANGES_KEPT 256u
#define HTTP_DATE_SIZE 32u
#define HTTP_BACKLOG_FACTOR 4u /* a streamed answer is ended at so many times its backlog */

struct http_port {
	struct http_port *next;
	struct http_server *server;
	struct listener *listener;
	struct tls_server *tls;
};

struct http_server_counters {
	struct counter *answers[6]; /* by class of status; 0 = streams that were started */
	struct counter *requests, *bad, *timeouts, *full, *left, *floods, *dropped, *open;
};

struct http_server {
	struct loop *loop;
	char name[40];
	struct http_server_limits limits;
	struct http_server_handler handler;
	void *owner;
	struct http_pool pool;
	struct idtable *exchanges;
	struct http_port *ports;
	struct http_connection *connections;
	struct http_connection *to_pump; /* HTTP/2 connections with something to send */
	unsigned count;
	struct http_exchange *free;
	unsigned free_count;
	bool stopping;
	void (*stopped)(void *owner);
	void *stopped_owner;
	struct loop_timer stop_timer, pump_timer;
	struct loop_hook hook;
	int64_t date_s;
	char date[HTTP_DATE_SIZE];
	struct http_server_counters counters;
};

struct http_connection {
	struct http_server *server;
	struct http_connection *next, *prev, *next_pump;
	struct http_port *port; /* NULL: it was given by http_server_accept(), or its listener is gone */
	struct stream *stream;
	struct http1 *h1; /* one of them, once the first octets were seen */
	struct http2 *h2;
	struct http_exchange *exchanges;
	struct loop_timer timer;
	int64_t since_us; /* of what is waited for: the start of a header, the last of a body, the last answer */
	bool used;	  /* a request was answered */
	bool in_header, left_over, in_input, in_pump, pump_due, finishing, drop_due, goaway_sent;
};

struct http_exchange {
	struct http_server *server;
	struct http_connection *connection;
	struct http_exchange *next, *prev;
	uint64_t id;
	struct http_builder *builder;
	struct http2_stream *h2;
	void *data;
	int64_t due_us;
	bool keep_alive, head_only, streaming, chunked, full;
};

/* http_server.c */
const char *http_server_date(struct http_server *server);
void http_server_forget(struct http_connection *c); /* it was freed; may end with `stopped` */
void http_server_pump_later(struct http_connection *c);

/* http_connection.c */
void http_connection_new(struct http_server *server, struct http_port *port, int fd, struct tls_server *tls);
void http_connection_free(struct http_connection *c); /* `closed` for its exchanges */
void http_connection_stop(struct http_connection *c); /* no more requests */
void http_connection_pump(struct http_connection *c); /* sends what the HTTP/2 engine has */
void http_connection_drop(struct http_connection *c); /* ends it soon, from anywhere */
/* An exchange of it has been answered: what comes next? */
void http_connection_answered(struct http_connection *c, bool keep);

/* http_exchange.c */
struct http_exchange *http_exchange_new(struct http_connection *c, struct http_builder *builder); /* NULL: too many */
/* Out of all lists. */
void http_exchange_free(struct http_exchange *x);
/* The client left: the handler is told. */
void http_exchange_lost(struct http_exchange *x);
/* An error of ours on a connection without an exchange (HTTP/1.1). */
void http_refuse_plain(struct http_connection *c, unsigned status, const char *why);
void http_refuse_stream(struct http_connection *c, struct http2_stream *s, unsigned status, const char *why);

#endif
