/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Binds of a link: connecting, binding, what the centre asks, losing, waiting, again. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "core/base/clock.h"
#include "core/base/log.h"
#include "core/base/random.h"
#include "core/net/tls.h"
#include "sms/smpp_link_internal.h"

#define FIRST_WAIT_US USEC_PER_SEC
#define REFUSED_WAIT_US (60 * USEC_PER_SEC) /* a refused bind is not hammered */

static void on_request(void *owner, struct smpp_session *s, const struct smpp_pdu *pdu)
{
	struct bond *b = owner;

	if (pdu->id != SMPP_DELIVER_SM && pdu->id != SMPP_DATA_SM) {
		(void)smpp_session_answer(s, pdu->id, pdu->sequence, SMPP_RINVCMDID, (struct text){ 0 });
		return;
	}
	counter_add(b->link->received, 1);
	smpp_incoming_take(&b->link->incoming, b->conn, pdu);
}

static void on_state(void *owner, struct smpp_session *s, enum smpp_session_state state)
{
	struct bond *b = owner;
	struct smpp_link *l = b->link;
	bool bound = smpp_session_bound(s);

	if (state == SMPP_SESSION_UNBINDING || state == SMPP_SESSION_CLOSED)
		bound = false;
	if (bound == b->bound)
		return;
	b->bound = bound;
	if (bound) {
		b->wait_us = 0;
		counter_add(l->binds, 1);
		LOGN(LOG_SMS, l->name, "bound (%s)", smpp_session_state_name(state));
	} else {
		snprintf(l->why_down, sizeof(l->why_down), "session ended: %s",
			 smpp_close_name(smpp_session_closed_by(s)));
	}
	smpp_link_announce(l);
	if (bound)
		smpp_link_pump(l);
	else if (!l->up)
		smpp_link_give_all_back(l);
}

static void on_fault(void *owner, struct smpp_session *s, uint32_t id, uint32_t sequence, uint32_t status,
		     const char *what)
{
	struct bond *b = owner;

	(void)s;
	LOGI(LOG_SMS, b->link->name, "peer's %s %u: %s (answered 0x%x)", smpp_command_name(id), sequence, what, status);
}

static void bind_now(struct bond *b, struct smpp_session *session)
{
	const struct smsc_settings *s = &b->link->settings;
	struct smpp_bind bind = { .system_id = s->system_id, .password = s->password, .system_type = s->system_type };

	if (smpp_session_bind(session, b->command, &bind, clock_monotonic()))
		smpp_session_close(session);
}

static void on_opened(void *owner, struct smpp_conn *conn)
{
	struct bond *b = owner;

	b->conn = conn;
	if (!b->link->settings.outbind_listen.len)
		bind_now(b, smpp_conn_session(conn));
}

static void on_outbind(void *owner, struct smpp_session *s, const struct smpp_pdu *pdu)
{
	struct bond *b = owner;

	LOGI(LOG_SMS, b->link->name, "outbind of %.*s", TEXT_ARGS(pdu->u.outbind.system_id));
	bind_now(b, s);
}

static void wait_and_bind(struct bond *b, int64_t least_us)
{
	struct smpp_link *l = b->link;

	if (l->stopping || !b->wanted)
		return;
	b->wait_us = b->wait_us ? b->wait_us * 2 : FIRST_WAIT_US;
	if (b->wait_us > l->settings.reconnect_max)
		b->wait_us = l->settings.reconnect_max;
	if (b->wait_us < least_us)
		b->wait_us = least_us;
	int64_t jitter = random_below((uint32_t)(b->wait_us / 4 + 1));
	loop_timer_start(smpp_conns_loop(l->conns), &b->again, b->wait_us - jitter, smpp_link_bond_start, b);
}

static void on_gone(void *owner, struct smpp_conn *conn, const char *why)
{
	struct bond *b = owner;
	struct smpp_link *l = b->link;
	struct smpp_session *s = smpp_conn_session(conn);
	bool refused = s && smpp_session_closed_by(s) == SMPP_CLOSE_BIND_REFUSED;

	b->conn = NULL;
	b->bound = false;
	if (refused) {
		counter_add(l->bind_refused, 1);
		snprintf(l->why_down, sizeof(l->why_down), "bind refused: %s",
			 smpp_status_name(smpp_session_bind_status(s)));
		LOGE(LOG_SMS, l->name, "%s: check system-id and password", l->why_down);
	} else {
		snprintf(l->why_down, sizeof(l->why_down), "%s", why);
		LOGI(LOG_SMS, l->name, "connection ended: %s", why);
	}
	smpp_link_announce(l);
	if (!l->up)
		smpp_link_give_all_back(l);
	wait_and_bind(b, refused && l->settings.reconnect_max >= REFUSED_WAIT_US ? REFUSED_WAIT_US : 0);
}

static const char *link_name(void *owner)
{
	return ((const struct bond *)owner)->link->name;
}

static const struct smpp_conn_user bond_user = {
	.session = { .outbind = on_outbind,
		     .request = on_request,
		     .answer = smpp_link_answered,
		     .state = on_state,
		     .fault = on_fault },
	.opened = on_opened,
	.gone = on_gone,
	.link_name = link_name,
};

static void options_of(const struct smsc_settings *s, struct smpp_session_options *o)
{
	*o = SMPP_SESSION_DEFAULTS(SMPP_ESME);
	o->interface_version = smsc_version(s);
	o->force_tlvs = s->tlvs;
	o->window = (uint32_t)s->window;
	o->rate = (uint32_t)s->rate;
	o->burst = (uint32_t)s->burst;
	o->bind_us = s->bind_timeout;
	o->answer_us = s->answer;
	o->enquire_us = s->enquire;
	o->enquire_answer_us = s->enquire_answer;
	o->silence_us = s->silence;
}

static void connect_to(struct bond *b, const struct net_address *address)
{
	struct smpp_link *l = b->link;
	struct smpp_session_options options;
	struct text host;
	uint16_t port;
	char name[256];

	options_of(&l->settings, &options);
	if (net_host_port(l->settings.host, &host, &port))
		return;
	(void)text_copy(l->settings.server_name.len ? l->settings.server_name : host, name, sizeof(name));
	b->conn = smpp_conn_connect(l->conns, address, l->settings.tls ? l->tls : NULL, name, &options, &bond_user, b);
}

static void resolved(void *owner, const struct dns_answer *answer)
{
	struct bond *b = owner;
	struct text host;
	uint16_t port;

	b->asking = 0;
	if (answer->result || !answer->count) {
		snprintf(b->link->why_down, sizeof(b->link->why_down), "the host's name has no address");
		wait_and_bind(b, 0);
		return;
	}
	struct net_address to = answer->addresses[random_below(answer->count)];
	if (net_host_port(b->link->settings.host, &host, &port) == OK)
		net_address_set_port(&to, port);
	connect_to(b, &to);
}

void smpp_link_bond_start(void *owner)
{
	struct bond *b = owner;
	struct smpp_link *l = b->link;
	struct net_address to;
	struct text host;
	uint16_t port;
	const char *why;

	if (l->stopping || !b->wanted || b->conn || b->asking || l->settings.outbind_listen.len)
		return;
	if (net_address_parse(l->settings.host, &to, &why) == OK) {
		connect_to(b, &to);
	} else if (l->dns && net_host_port(l->settings.host, &host, &port) == OK) {
		b->asking = dns_ask(l->dns, DNS_ADDRESSES, host, resolved, b);
		if (!b->asking)
			wait_and_bind(b, 0);
	}
}

void smpp_link_outbind(struct smpp_link *l, int fd)
{
	struct smpp_session_options options;

	options_of(&l->settings, &options);
	for (unsigned i = 0; i < l->bonds_count && !l->stopping; i++) {
		struct bond *b = &l->bonds[i];
		if (!b->wanted || b->conn)
			continue;
		b->conn = smpp_conn_accept(l->conns, fd, NULL, &options, &bond_user, b);
		return;
	}
	LOGN(LOG_SMS, l->name, "a connection for an outbind is closed: all sessions are there");
	close(fd);
}
