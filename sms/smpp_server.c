/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The server as a whole: settings, ports, life. See smpp_server_internal.h for its parts. */
#include "sms/smpp_server.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "core/base/log.h"
#include "sms/smpp_server_internal.h"

#define LISTENER_MAX 200000u /* our own limit is `connections`, of all ports together */
#define LINK_PREFIX "esme:"

struct smpp_server *smpp_server_new(struct smpp_conns *conns, struct sms_calls *calls, struct worker *worker)
{
	struct smpp_server *s = must_alloc(sizeof(*s));

	s->conns = conns;
	s->calls = calls;
	s->worker = worker;
	s->loop = smpp_conns_loop(conns);
	s->channel = smpp_conns_channel(conns);
	s->accounts = smpp_accounts_new();
	s->auth = smpp_auth_new();
	s->guesses = smpp_guesses_new();
	s->connections = counter_get(COUNTER_GAUGE, "smpp_server_connections", NULL, "Connections of clients");
	s->bound = counter_get(COUNTER_GAUGE, "smpp_server_bound", NULL, "Binds of clients that are there");
	s->binds = counter_get(COUNTER_COUNT, "smpp_server_binds_total", NULL, "Binds that succeeded");
	s->binds_refused = counter_get(COUNTER_COUNT, "smpp_server_binds_refused_total", NULL, "Binds refused");
	counter_set(s->connections, 0); /* whatever an earlier process left */
	counter_set(s->bound, 0);
	s->too_many = counter_get(COUNTER_COUNT, "smpp_server_full_total", NULL,
				  "Connections closed because too many are there");
	return s;
}

/* --- settings --- */

static void copy_list(struct arena *arena, struct config_list *list)
{
	struct text *items = arena_alloc(arena, list->count * sizeof(*items));

	for (unsigned i = 0; i < list->count; i++)
		items[i] = arena_text(arena, list->items[i]);
	list->items = items;
}

static void copy_settings(struct smpp_server *s, const struct smpp_server_settings *from)
{
	struct arena *arena = arena_new(1024);

	s->settings = *from;
	s->settings.node.name = (struct text){ 0 };
	s->settings.system_id = arena_text(arena, from->system_id);
	s->settings.certificate = s->settings.key = (struct config_file){ 0 }; /* used up at once */
	copy_list(arena, &s->settings.listen);
	copy_list(arena, &s->settings.tls_listen);
	arena_free(&s->arena);
	s->arena = arena;
}

static void take_certificate(struct smpp_server *s, const struct smpp_server_settings *from)
{
	const char *why = "";
	enum result r;

	if (!from->tls_listen.count)
		return;
	if (s->tls)
		r = tls_server_reload(s->tls, from->certificate.content, from->key.content, &why);
	else
		r = tls_server_new(from->certificate.content, from->key.content, "", &s->tls, &why);
	if (r != OK)
		LOGE(LOG_SMS, "smpp-server", "the certificate is not used: %s", why);
}

void smpp_server_set(struct smpp_server *s, const struct config *config)
{
	const struct smpp_server_settings *from = config_only(config, &smpp_server_kind);

	if (from) {
		copy_settings(s, from);
		take_certificate(s, from);
	}
	smpp_accounts_switch(s->accounts, config);
	for (struct smpp_account *a = smpp_accounts_next(s->accounts, NULL); a;
	     a = smpp_accounts_next(s->accounts, a)) {
		if (a->esme)
			smpp_esme_set(a->esme);
	}
}

/* --- ports --- */

static struct smpp_port **find_port(struct smpp_server *s, struct text address)
{
	struct smpp_port **at = &s->ports;

	while (*at && !((*at)->listener && text_is(address, (*at)->address)))
		at = &(*at)->next;
	return at;
}

static bool is_tls(const struct smpp_server *s, struct text address)
{
	for (unsigned i = 0; i < s->settings.tls_listen.count; i++) {
		if (text_equal(s->settings.tls_listen.items[i], address))
			return true;
	}
	return false;
}

static void accepted(void *owner, int fd, const struct net_address *peer)
{
	smpp_server_accept(owner, fd, peer);
}

void smpp_server_listen(struct smpp_server *s, struct text address, int fd)
{
	bool tls = is_tls(s, address);

	if (s->stopping || address.len >= NET_ADDRESS_TEXT_SIZE || (tls && !s->tls) || *find_port(s, address)) {
		LOGE(LOG_SMS, "smpp-server", "cannot listen at %.*s", TEXT_ARGS(address));
		close(fd);
		return;
	}
	struct smpp_port *p = must_alloc(sizeof(*p));
	p->server = s;
	p->tls = tls;
	(void)text_copy(address, p->address, sizeof(p->address));
	p->next = s->ports;
	s->ports = p;
	p->listener = listener_new(s->loop, fd, LISTENER_MAX, accepted, p);
}

/* A port without listener and clients goes. */
static void drop_port(struct smpp_port *p)
{
	struct smpp_port **at = &p->server->ports;

	if (p->listener || p->clients)
		return;
	while (*at != p)
		at = &(*at)->next;
	*at = p->next;
	free(p);
}

void smpp_port_release(struct smpp_port *p)
{
	p->clients--;
	if (p->listener)
		listener_released(p->listener);
	drop_port(p);
}

void smpp_server_unlisten(struct smpp_server *s, struct text address)
{
	struct smpp_port *p = *find_port(s, address);

	if (!p)
		return;
	listener_free(&p->listener);
	drop_port(p);
}

/* --- links --- */

bool smpp_server_delivers(const struct smpp_server *s, struct text link)
{
	(void)s;
	return text_starts(link, LINK_PREFIX);
}

/* --- life --- */

static void close_ports(struct smpp_server *s)
{
	for (struct smpp_port *p = s->ports, *next; p; p = next) {
		next = p->next;
		listener_free(&p->listener);
		drop_port(p);
	}
}

void smpp_server_stop(struct smpp_server *s)
{
	s->stopping = true;
	close_ports(s);
	for (struct smpp_account *a = smpp_accounts_next(s->accounts, NULL); a;
	     a = smpp_accounts_next(s->accounts, a)) {
		if (a->esme)
			smpp_esme_stop(a->esme);
	}
	for (struct smpp_client *c = s->clients, *next; c; c = next) {
		next = c->next;
		if (!c->account) /* the bound ones were unbound above */
			smpp_conn_cut(c->conn);
	}
}

bool smpp_server_idle(const struct smpp_server *s)
{
	for (const struct smpp_account *a = smpp_accounts_next(s->accounts, NULL); a;
	     a = smpp_accounts_next(s->accounts, a)) {
		if (a->esme && !smpp_esme_idle(a->esme))
			return false;
	}
	return !s->clients;
}

void smpp_server_free(struct smpp_server **server)
{
	struct smpp_server *s = *server;

	*server = NULL;
	if (!s)
		return;
	s->stopping = true;
	close_ports(s);
	while (s->clients)
		smpp_conn_cut(s->clients->conn);
	for (struct smpp_account *a = smpp_accounts_next(s->accounts, NULL); a; a = smpp_accounts_next(s->accounts, a))
		smpp_esme_free(a);
	smpp_auth_free(&s->auth);
	smpp_guesses_free(&s->guesses);
	smpp_accounts_free(&s->accounts);
	tls_server_free(&s->tls);
	arena_free(&s->arena);
	free(s);
}

/* --- looking --- */

static void show_esme(const struct smpp_esme *e, void (*say)(void *owner, const char *line), void *owner)
{
	char line[320];

	snprintf(line, sizeof(line), "%-24s binds %u of %lld  waiting %u  unanswered %u  receipts %u", e->link,
		 e->binds_count, (long long)e->account->settings.smpp_binds, e->list.count, e->open - e->list.count,
		 e->receipts.count);
	say(owner, line);
	for (unsigned i = 0; i < e->binds_count; i++) {
		const struct smpp_session *s = smpp_conn_session(e->binds[i]->conn);
		const struct smpp_session_counts *n = smpp_session_counts(s);
		snprintf(line, sizeof(line), "  %s %s version %x.%x  in %llu  out %llu  unanswered %u in %u out",
			 smpp_conn_peer(e->binds[i]->conn), smpp_session_state_name(smpp_session_state(s)),
			 smpp_session_peer_version(s) >> 4, smpp_session_peer_version(s) & 15,
			 (unsigned long long)n->requests_in, (unsigned long long)n->requests_out,
			 smpp_session_waiting(s), smpp_session_outstanding(s));
		say(owner, line);
	}
}

void smpp_server_show(const struct smpp_server *s, void (*say)(void *owner, const char *line), void *owner)
{
	char line[320];

	for (const struct smpp_port *p = s->ports; p; p = p->next) {
		snprintf(line, sizeof(line), "smpp-server %s%s  connections %u%s", p->address, p->tls ? " (TLS)" : "",
			 p->clients, p->listener ? "" : "  (no longer listening)");
		say(owner, line);
	}
	for (const struct smpp_account *a = smpp_accounts_next(s->accounts, NULL); a;
	     a = smpp_accounts_next(s->accounts, a)) {
		if (a->esme)
			show_esme(a->esme, say, owner);
	}
}

static void esme_row(const struct smpp_esme *e, struct link_row *out)
{
	*out = (struct link_row){ .name = e->link, .life = &e->life, .waiting = e->list.count };
	out->throttled = counter_value(e->throttled_in);
	for (unsigned i = 0; i < e->binds_count; i++) {
		if (!e->binds[i]->receives)
			continue;
		out->window += (uint32_t)e->account->settings.smpp_window;
		out->in_flight += smpp_session_outstanding(smpp_conn_session(e->binds[i]->conn));
	}
}

void smpp_server_rows(const struct smpp_server *s, void (*each)(void *owner, const struct link_row *row), void *owner)
{
	struct link_row row;

	for (const struct smpp_account *a = smpp_accounts_next(s->accounts, NULL); a;
	     a = smpp_accounts_next(s->accounts, a)) {
		if (!a->esme)
			continue;
		esme_row(a->esme, &row);
		each(owner, &row);
	}
}
