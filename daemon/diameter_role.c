/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The role that speaks Diameter Ro with the charging system: asked by the queue, it may touch its sockets alone. */
#include <assert.h>
#include <stdio.h>

#include "billing/ro_vty.h"
#include "core/base/log.h"
#include "daemon/diameter_sessions.h"
#include "daemon/role.h"

static_assert(FOR_DIAMETER == 1u << ROLE_DIAMETER, "the node's bit is that of the role");

static struct {
	struct diameter_peer *peer;
	struct diameter_sessions *sessions;
	bool used;
} dia;

/* --- the queue ------------------------------------------------------------------------------------------------ */

static void said(struct ipc *ipc, const char *what)
{
	if (ipc_end(ipc))
		LOGE(LOG_BILLING, NULL, "%s was too large for its record", what);
}

static void say_link(const char *detail)
{
	struct ipc *ipc = role_peer(ROLE_QUEUE);
	char state[200];
	struct ipc_credit_link l = { .up = diameter_peer_is_up(dia.peer) };

	if (!ipc)
		return;
	diameter_peer_state(dia.peer, state, sizeof(state));
	l.detail = text_of(detail ? detail : state);
	ipc_put_credit_link(ipc_begin(ipc, IPC_CREDIT_LINK, 0, 8 + CREDIT_TEXT_MAX), &l);
	said(ipc, "the state of the charging system");
}

static void told(const struct ipc_credit_done *done)
{
	struct ipc *ipc = role_peer(ROLE_QUEUE);

	if (!ipc)
		return; /* it asks again */
	ipc_put_credit_done(ipc_begin(ipc, IPC_CREDIT_DONE, 0, 64 + done->session.len + done->why.len), done);
	said(ipc, "an answer about credit");
}

static void peer(enum role_id id, struct ipc *ipc)
{
	(void)ipc;
	if (id == ROLE_QUEUE)
		say_link(NULL);
}

static void peer_lost(enum role_id id)
{
	if (id == ROLE_QUEUE)
		diameter_sessions_forget(dia.sessions);
}

static bool record(enum role_id id, struct ipc *ipc, struct ipc_record *r)
{
	struct ipc_credit ask;

	(void)ipc;
	if (id != ROLE_QUEUE || r->type != IPC_CREDIT || !ipc_get_credit(&r->body, &ask))
		return false;
	diameter_sessions_ask(dia.sessions, &ask);
	return true;
}

/* --- the charging system -------------------------------------------------------------------------------------- */

static void up(void *owner, struct text name)
{
	(void)owner;
	(void)name;
	say_link(NULL);
	diameter_sessions_up(dia.sessions);
}

static void down(void *owner, const char *why)
{
	(void)owner;
	say_link(why);
	diameter_sessions_down(dia.sessions);
}

static void answer(void *owner, const struct ro_message *message)
{
	(void)owner;
	diameter_sessions_answer(dia.sessions, message);
}

static const struct diameter_peer_handler handler = { .up = up, .down = down, .answer = answer };

/* --- life ----------------------------------------------------------------------------------------------------- */

static void use_peer(const struct diameter_settings *s)
{
	struct diameter_peer_options o = { .connect_us = s->connect_timeout,
					   .reconnect_us = s->reconnect,
					   .watchdog_us = s->watchdog };
	const char *why = "";

	if (net_address_parse(s->peer, &o.address, &why) || !text_copy(s->identity, o.host, sizeof(o.host)) ||
	    !text_copy(s->realm, o.realm, sizeof(o.realm)))
		return; /* checked before */
	diameter_peer_use(dia.peer, &o);
}

static void switch_to(const struct config *config)
{
	const struct diameter_settings *s = config_only(config, &diameter_kind);

	if (!dia.peer) {
		dia.peer = diameter_peer_new(role_loop(), &handler, NULL);
		dia.sessions = diameter_sessions_new(role_loop(), dia.peer, told);
	}
	diameter_sessions_use(dia.sessions, s);
	if (s)
		use_peer(s);
	else if (dia.used)
		diameter_peer_stop(dia.peer);
	dia.used = s != NULL;
}

static void say(void *owner, const char *line)
{
	role_show_text((uint32_t)(uintptr_t)owner, "%s\n", line);
}

static void show(uint32_t call, struct text words)
{
	char state[200];

	(void)words;
	diameter_peer_state(dia.peer, state, sizeof(state));
	role_show_text(call, "charging system: %s\n", dia.used ? state : "none (`diameter`)");
	if (dia.used)
		diameter_sessions_show(dia.sessions, say, (void *)(uintptr_t)call);
	role_show_end(call);
}

static void stop(void)
{
	diameter_peer_stop(dia.peer);
	diameter_sessions_free(&dia.sessions);
	diameter_peer_free(&dia.peer);
	role_stopped();
}

const struct role role_diameter = {
	.id = ROLE_DIAMETER,
	.name = "diameter",
	.promises = SANDBOX_INET,
	.peers = 1u << ROLE_QUEUE,
	.description = "online charging: credit control with the operator's charging system",
	.switch_to = switch_to,
	.peer = peer,
	.peer_lost = peer_lost,
	.record = record,
	.show = show,
	.stop = stop,
};
