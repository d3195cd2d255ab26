/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A server per listening address, so that one address can be given up while the others go on. A port that was given up
 * stays in the list without its server: waiting calls may still name it.
 */
#include <stdlib.h>
#include <unistd.h>

#include "core/base/log.h"
#include "daemon/api_internal.h"

#define ADDRESS_SIZE 128u
#define ALPN "h2 http/1.1"

struct api_port {
	struct api_port *next;
	struct http_server *server;
	char address[ADDRESS_SIZE];
	bool tls, stopping;
};

static struct api_port *ports;
static struct tls_server *tls;
static void (*all_stopped)(void);

enum result api_port_check(const struct http_settings *s, const char **why_out)
{
	struct tls_server *trial = NULL;

	if (!s->tls_listen.count)
		return OK;
	enum result r = tls_server_new(s->tls_certificate.content, s->tls_key.content, ALPN, &trial, why_out);
	tls_server_free(&trial);
	return r;
}

void api_port_switch(const struct http_settings *s)
{
	const char *why = "";
	enum result r;

	if (!s->tls_listen.count)
		return;
	if (tls)
		r = tls_server_reload(tls, s->tls_certificate.content, s->tls_key.content, &why);
	else
		r = tls_server_new(s->tls_certificate.content, s->tls_key.content, ALPN, &tls, &why);
	if (r != OK)
		LOGE(LOG_API, NULL, "the certificate is not used: %s", why);
}

static void request(void *owner, struct http_exchange *x)
{
	api_routes_request((struct api_ref){ owner, http_exchange_id(x) }, x);
}

static void closed(void *owner, struct http_exchange *x)
{
	(void)owner;
	api_events_closed(x);
}

static void room(void *owner, struct http_exchange *x)
{
	(void)owner;
	api_events_room(x);
}

static const struct http_server_handler handler = { .request = request, .closed = closed, .room = room };

/* Not one that was given up and still ends its requests: the address may be wanted again meanwhile. */
static struct api_port *find(struct text address)
{
	struct api_port *p = ports;

	while (p && (p->stopping || !text_is(address, p->address)))
		p = p->next;
	return p;
}

static struct http_server *server_new(struct api_port *p)
{
	const struct http_settings *s = api.settings;
	struct http_server_limits limits;

	http_server_limits_init(&limits);
	limits.connections_max = (unsigned)s->max_connections;
	limits.body_max = (size_t)s->body_max;
	limits.header_us = s->header_time;
	limits.idle_us = s->idle;
	limits.answer_us = s->answer_time;
	return http_server_new(api.loop, "api", &limits, &handler, p);
}

void api_port_listen(struct text address, int fd)
{
	struct api_port *p = find(address);
	bool wants_tls = http_settings_is_tls(api.settings, address);

	if (address.len >= ADDRESS_SIZE || (wants_tls && !tls) || api.stopping) {
		LOGE(LOG_API, NULL, "cannot listen at %.*s", TEXT_ARGS(address));
		close(fd);
		return;
	}
	if (!p) {
		p = must_alloc(sizeof(*p));
		(void)text_copy(address, p->address, sizeof(p->address));
		p->next = ports;
		ports = p;
	}
	p->tls = wants_tls;
	if (!p->server)
		p->server = server_new(p);
	http_server_listen(p->server, fd, wants_tls ? tls : NULL);
}

static void port_stopped(void *owner)
{
	struct api_port *p = owner;

	p->stopping = false;
	http_server_free(&p->server);
	if (!all_stopped)
		return;
	for (p = ports; p; p = p->next) {
		if (p->server)
			return;
	}
	all_stopped();
}

static void stop_port(struct api_port *p)
{
	if (!p->server || p->stopping)
		return;
	p->stopping = true;
	http_server_stop(p->server, port_stopped, p);
}

void api_port_unlisten(struct text address)
{
	struct api_port *p = find(address);

	if (p)
		stop_port(p);
}

struct http_exchange *api_port_exchange(struct api_ref ref)
{
	return ref.port->server ? http_exchange_find(ref.port->server, ref.id) : NULL;
}

void api_port_stop(void (*stopped)(void))
{
	bool any = false;

	all_stopped = NULL;
	for (struct api_port *p = ports; p; p = p->next)
		stop_port(p);
	for (struct api_port *p = ports; p; p = p->next)
		any = any || p->server;
	if (any)
		all_stopped = stopped;
	else
		stopped();
}

void api_port_free(void)
{
	for (struct api_port *p = ports, *next; p; p = next) {
		next = p->next;
		http_server_free(&p->server);
		free(p);
	}
	ports = NULL;
	all_stopped = NULL;
	tls_server_free(&tls);
}

unsigned api_port_connections(void)
{
	unsigned n = 0;

	for (const struct api_port *p = ports; p; p = p->next)
		n += p->server ? http_server_connections(p->server) : 0;
	return n;
}
