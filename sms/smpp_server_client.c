/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A client's connection: accepted, bound, gone. */
#include <stdlib.h>
#include <unistd.h>

#include "core/base/clock.h"
#include "core/base/log.h"
#include "sms/smpp_server_internal.h"

#define WINDOW_BEFORE 10u /* of a session that is not bound yet */

const char *smpp_client_name(const struct smpp_client *c)
{
	return c->account ? c->account->name : smpp_conn_peer(c->conn);
}

/* --- events of the session --- */

static void on_bind(void *owner, struct smpp_session *s, const struct smpp_pdu *pdu)
{
	struct smpp_client *c = owner;

	(void)s;
	if (c->server->stopping)
		smpp_client_refuse(c, SMPP_RBINDFAIL);
	else
		smpp_auth_bind(c, &pdu->u.bind);
}

static void on_request(void *owner, struct smpp_session *s, const struct smpp_pdu *pdu)
{
	(void)s;
	smpp_server_request(owner, pdu);
}

static void on_answer(void *owner, struct smpp_session *s, const struct smpp_answer *a)
{
	(void)s;
	if (a->cookie & SMPP_RECEIPT_COOKIE)
		smpp_receipts_answer(owner, a);
	else
		smpp_esme_answer(owner, a);
}

static void on_state(void *owner, struct smpp_session *s, enum smpp_session_state state)
{
	struct smpp_client *c = owner;
	bool bound = smpp_session_bound(s);

	if (!c->account || bound == c->bound)
		return;
	c->bound = bound;
	counter_add(c->server->bound, bound ? 1 : -1);
	if (bound) {
		c->receives = smpp_session_may(s, SMPP_DELIVER_SM);
		smpp_esme_add(c->account->esme, c);
		LOGN(LOG_SMS, c->account->name, "%s from %s, version %x.%x", smpp_session_state_name(state),
		     smpp_conn_peer(c->conn), smpp_session_peer_version(s) >> 4, smpp_session_peer_version(s) & 15);
		return;
	}
	smpp_esme_remove(c->account->esme, c);
	if (state == SMPP_SESSION_CLOSED)
		LOGN(LOG_SMS, c->account->name, "session from %s ended: %s", smpp_conn_peer(c->conn),
		     smpp_close_name(smpp_session_closed_by(s)));
	else
		LOGN(LOG_SMS, c->account->name, "unbinding from %s", smpp_conn_peer(c->conn));
}

static void on_fault(void *owner, struct smpp_session *s, uint32_t id, uint32_t sequence, uint32_t status,
		     const char *what)
{
	struct smpp_client *c = owner;

	(void)s;
	if (status == SMPP_RTHROTTLED && c->account)
		counter_add(c->account->esme->throttled_in, 1);
	LOGI(LOG_SMS, smpp_client_name(c), "%s %u: %s (answered 0x%x)", smpp_command_name(id), sequence, what, status);
}

static void on_opened(void *owner, struct smpp_conn *conn)
{
	struct smpp_client *c = owner;

	c->conn = conn;
}

static void on_gone(void *owner, struct smpp_conn *conn, const char *why)
{
	struct smpp_client *c = owner;
	struct smpp_server *server = c->server;

	LOGI(LOG_SMS, c->account ? c->account->name : smpp_conn_peer(conn), "connection ended: %s", why);
	smpp_auth_forget(c);
	*c->at = c->next;
	if (c->next)
		c->next->at = c->at;
	server->clients_count--;
	counter_set(server->connections, server->clients_count);
	smpp_port_release(c->port);
	free(c);
}

/* Before its bind it is nobody's. */
static const char *link_name(void *owner)
{
	const struct smpp_client *c = owner;

	return c->account && c->account->esme ? c->account->esme->link : "smpp-server";
}

static const struct smpp_conn_user client_user = {
	.session = { .bind = on_bind,
		     .request = on_request,
		     .answer = on_answer,
		     .state = on_state,
		     .fault = on_fault },
	.opened = on_opened,
	.gone = on_gone,
	.link_name = link_name,
};

/* --- binds --- */

void smpp_client_refuse(struct smpp_client *c, uint32_t status)
{
	counter_add(c->server->binds_refused, 1);
	smpp_session_answer_bind(smpp_conn_session(c->conn), status, (struct text){ 0 }, clock_monotonic());
	smpp_conn_touch(c->conn);
}

void smpp_client_admit(struct smpp_client *c, struct smpp_account *a)
{
	struct smpp_session *s = smpp_conn_session(c->conn);
	struct smpp_esme *e = smpp_esme_of(c->server, a);
	uint32_t window = (uint32_t)a->settings.smpp_window;

	if (c->server->stopping || e->binds_count >= a->settings.smpp_binds) {
		LOGN(LOG_SMS, a->name, "bind from %s refused: %u binds are there (smpp-binds)", smpp_conn_peer(c->conn),
		     e->binds_count);
		smpp_client_refuse(c, SMPP_RBINDFAIL);
		return;
	}
	c->account = a;
	counter_add(c->server->binds, 1);
	smpp_session_set_windows(s, window, window);
	smpp_session_answer_bind(s, SMPP_ROK, c->server->settings.system_id, clock_monotonic());
	smpp_conn_touch(c->conn);
}

/* --- accepting --- */

static void options_of(const struct smpp_server_settings *s, struct smpp_session_options *o)
{
	*o = SMPP_SESSION_DEFAULTS(SMPP_CENTRE);
	o->pdu_max = (uint32_t)s->pdu_max;
	o->window = WINDOW_BEFORE;
	o->window_in = WINDOW_BEFORE;
	o->bind_us = s->bind_timeout;
	o->answer_us = s->answer;
	o->enquire_us = s->enquire;
	o->enquire_answer_us = s->enquire_answer;
	o->silence_us = s->silence;
}

void smpp_server_accept(struct smpp_port *port, int fd, const struct net_address *peer)
{
	struct smpp_server *server = port->server;
	struct smpp_session_options options;

	(void)peer;
	port->clients++;
	if (server->stopping || server->clients_count >= server->settings.connections) {
		counter_add(server->too_many, 1);
		close(fd);
		smpp_port_release(port);
		return;
	}
	struct smpp_client *c = must_alloc(sizeof(*c));
	c->server = server;
	c->port = port;
	c->next = server->clients;
	c->at = &server->clients;
	if (c->next)
		c->next->at = &c->next;
	server->clients = c;
	server->clients_count++;
	counter_set(server->connections, server->clients_count);
	options_of(&server->settings, &options);
	c->conn = smpp_conn_accept(server->conns, fd, port->tls ? server->tls : NULL, &options, &client_user, c);
}
