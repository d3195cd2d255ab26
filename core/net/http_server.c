/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A server: its listeners, its connections as a list, the date, and stopping. */
#include "core/net/http_server_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "core/base/arena.h"
#include "core/base/log.h"

#define EXCHANGES_MAX (1u << 20)

void http_server_limits_init(struct http_server_limits *limits)
{
	*limits = (struct http_server_limits){
		.connections_max = 4096,
		.streams_max = 128,
		.body_max = HTTP_BODY_MAX,
		.octets_max = 256u * 1024u * 1024u,
		.stream_backlog = 256u * 1024u,
		.header_us = 10 * USEC_PER_SEC,
		.idle_us = 60 * USEC_PER_SEC,
		.body_us = 30 * USEC_PER_SEC,
		.stop_us = 10 * USEC_PER_SEC,
		.answer_us = 60 * USEC_PER_SEC,
	};
}

static struct counter *labelled(const struct http_server *s, const char *name, const char *class, const char *help)
{
	char label[COUNTER_LABEL_SIZE];

	if (class)
		snprintf(label, sizeof(label), "server=\"%s\",class=\"%s\"", s->name, class);
	else
		snprintf(label, sizeof(label), "server=\"%s\"", s->name);
	return counter_get(COUNTER_COUNT, name, label, help);
}

static void make_counters(struct http_server *s)
{
	static const char *const classes[6] = { "stream", "1xx", "2xx", "3xx", "4xx", "5xx" };
	struct http_server_counters *c = &s->counters;
	char label[COUNTER_LABEL_SIZE];

	for (unsigned i = 0; i < 6; i++)
		c->answers[i] = labelled(s, "http_answers_total", classes[i], "HTTP answers by class of status");
	c->requests = labelled(s, "http_requests_total", NULL, "whole HTTP requests");
	c->bad = labelled(s, "http_bad_requests_total", NULL, "HTTP requests refused by the parser or a limit of it");
	c->timeouts = labelled(s, "http_timeouts_total", NULL, "HTTP headers, bodies and answers that took too long");
	c->full = labelled(s, "http_connections_refused_total", NULL, "connections beyond the limit of the server");
	c->left = labelled(s, "http_clients_left_total", NULL,
			   "requests whose client left before the answer was complete");
	c->floods = labelled(s, "http_floods_total", NULL, "HTTP/2 connections ended for resets or control frames");
	c->dropped = labelled(s, "http_streams_dropped_total", NULL,
			      "streamed answers ended because the client took nothing");
	snprintf(label, sizeof(label), "server=\"%s\"", s->name);
	c->open = counter_get(COUNTER_GAUGE, "http_connections_open", label, "HTTP connections");
}

/* --- the date of answers ---------------------------------------------------------------------------------------- */

const char *http_server_date(struct http_server *server)
{
	static const char days[7][4] = { "Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat" };
	static const char months[12][4] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun",
					    "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };
	time_t now = (time_t)(clock_now() / USEC_PER_SEC);
	struct tm tm;

	if (now == server->date_s && server->date[0])
		return server->date;
	if (!gmtime_r(&now, &tm))
		return "";
	server->date_s = now;
	/* IMF-fixdate, RFC 9110 5.6.7 */
	snprintf(server->date, sizeof(server->date), "%s, %02u %s %04u %02u:%02u:%02u GMT", days[tm.tm_wday % 7],
		 (unsigned)tm.tm_mday % 100, months[tm.tm_mon % 12], (unsigned)(tm.tm_year + 1900) % 10000,
		 (unsigned)tm.tm_hour % 100, (unsigned)tm.tm_min % 100, (unsigned)tm.tm_sec % 100);
	return server->date;
}

/* --- sending of HTTP/2, once a turn ----------------------------------------------------------------------------- */

static void pump_all(void *owner)
{
	struct http_server *s = owner;

	while (s->to_pump) {
		struct http_connection *c = s->to_pump;
		s->to_pump = c->next_pump;
		c->pump_due = false;
		http_connection_pump(c);
	}
	loop_timer_stop(&s->pump_timer);
}

void http_server_pump_later(struct http_connection *c)
{
	struct http_server *s = c->server;

	if (c->pump_due)
		return;
	c->pump_due = true;
	c->next_pump = s->to_pump;
	s->to_pump = c;
	/* The hook does it at the end of this turn; the timer where the hook has run already. */
	if (!loop_timer_running(&s->pump_timer))
		loop_timer_start(s->loop, &s->pump_timer, 0, pump_all, s);
}

static void pump_never(struct http_connection *c)
{
	for (struct http_connection **at = &c->server->to_pump; *at; at = &(*at)->next_pump) {
		if (*at == c) {
			*at = c->next_pump;
			break;
		}
	}
}

/* --- connections ------------------------------------------------------------------------------------------------ */

static void take_connection(struct http_server *s, struct http_port *port, int fd, struct tls_server *tls)
{
	if (s->stopping || s->count >= s->limits.connections_max) {
		counter_add(s->counters.full, 1);
		close(fd);
		if (port)
			listener_released(port->listener);
		return;
	}
	s->count++;
	counter_set(s->counters.open, s->count);
	http_connection_new(s, port, fd, tls);
	if (s->count == 1) { /* again the newest: before the hook of the streams, which sends */
		loop_hook_remove(&s->hook);
		loop_hook_add(s->loop, &s->hook, pump_all, s);
	}
}

static void accepted(void *owner, int fd, const struct net_address *peer)
{
	struct http_port *port = owner;

	(void)peer;
	take_connection(port->server, port, fd, port->tls);
}

void http_server_accept(struct http_server *server, int fd, struct tls_server *tls)
{
	take_connection(server, NULL, fd, tls);
}

static void end_stop(struct http_server *s)
{
	void (*stopped)(void *owner) = s->stopped;

	loop_timer_stop(&s->stop_timer);
	s->stopped = NULL;
	if (stopped)
		stopped(s->stopped_owner);
}

void http_server_forget(struct http_connection *c)
{
	struct http_server *s = c->server;

	if (c->pump_due)
		pump_never(c);
	if (c->next)
		c->next->prev = c->prev;
	if (c->prev)
		c->prev->next = c->next;
	else
		s->connections = c->next;
	s->count--;
	counter_set(s->counters.open, s->count);
	if (c->port && c->port->listener)
		listener_released(c->port->listener);
	free(c);
	if (s->stopping && !s->count)
		end_stop(s);
}

/* --- the server ------------------------------------------------------------------------------------------------- */

struct http_server *http_server_new(struct loop *loop, const char *name, const struct http_server_limits *limits,
				    const struct http_server_handler *handler, void *owner)
{
	struct http_server *s = must_alloc(sizeof(*s));

	s->loop = loop;
	snprintf(s->name, sizeof(s->name), "%s", name);
	s->limits = *limits;
	s->pool.octets_max = limits->octets_max;
	s->handler = *handler;
	s->owner = owner;
	s->exchanges = idtable_new(EXCHANGES_MAX);
	make_counters(s);
	loop_hook_add(loop, &s->hook, pump_all, s);
	return s;
}

void http_server_listen(struct http_server *server, int fd, struct tls_server *tls)
{
	struct http_port *port = must_alloc(sizeof(*port));

	port->server = server;
	port->tls = tls;
	port->listener = listener_new(server->loop, fd, server->limits.connections_max, accepted, port);
	port->next = server->ports;
	server->ports = port;
}

static void stop_listening(struct http_server *s)
{
	for (struct http_port *p = s->ports; p; p = p->next)
		listener_free(&p->listener);
}

static void stop_timed_out(void *owner)
{
	struct http_server *s = owner;

	LOGN(LOG_NET, s->name, "%u HTTP connections did not end in time and are closed", s->count);
	for (struct http_connection *c = s->connections, *next; c; c = next) {
		next = c->next;
		if (!next) { /* the last one may end with `stopped`, which may free the server */
			http_connection_free(c);
			return;
		}
		http_connection_free(c);
	}
}

void http_server_stop(struct http_server *server, void (*stopped)(void *owner), void *owner)
{
	server->stopping = true;
	server->stopped = stopped;
	server->stopped_owner = owner;
	stop_listening(server);
	if (!server->count) {
		end_stop(server);
		return;
	}
	loop_timer_start(server->loop, &server->stop_timer, server->limits.stop_us, stop_timed_out, server);
	for (struct http_connection *c = server->connections; c; c = c->next)
		http_connection_stop(c); /* frees nothing now */
}

void http_server_free(struct http_server **server)
{
	struct http_server *s = *server;

	*server = NULL;
	if (!s)
		return;
	s->stopped = NULL;
	s->stopping = true;
	stop_listening(s);
	while (s->connections)
		http_connection_free(s->connections);
	while (s->ports) {
		struct http_port *port = s->ports;
		s->ports = port->next;
		free(port);
	}
	while (s->free) {
		struct http_exchange *x = s->free;
		s->free = x->next;
		free(x);
	}
	loop_timer_stop(&s->stop_timer);
	loop_timer_stop(&s->pump_timer);
	loop_hook_remove(&s->hook);
	idtable_free(&s->exchanges);
	http_pool_clear(&s->pool);
	free(s);
}

unsigned http_server_connections(const struct http_server *server)
{
	return server->count;
}
