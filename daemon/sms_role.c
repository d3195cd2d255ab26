/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The sms role: links to message centres, the server for SMPP clients, links to phones and modems (sms_links.h), on one
 * channel to the queue.
 */
#include <stdlib.h>

#include "billing/billing_vty.h"
#include "core/base/arena.h"
#include "core/base/clock.h"
#include "core/base/log.h"
#include "core/base/worker.h"
#include "core/channel.h"
#include "core/core_vty.h"
#include "core/net/dns.h"
#include "core/net/listen.h"
#include "daemon/capture.h"
#include "daemon/role.h"
#include "daemon/sms_links.h"
#include "daemon/sms_modems.h"
#include "sms/link_life.h"
#include "sms/smpp_link.h"
#include "sms/smpp_server.h"

#define WORKERS 1u /* for slow password hashes */
#define WORKER_JOBS 256u
#define OUTBINDS_AT_ONCE 128u
#define STOP_LOOK_US (10 * USEC_PER_MSEC)

#define LINK_LISTS 1024u

struct held_link {
	struct held_link *next;
	struct held_link *next_same; /* whose names have the same hash */
	struct smpp_link *link;
	struct listener *listener; /* of its outbind-listen */
	char outbind[NET_ADDRESS_TEXT_SIZE];
	bool leaving; /* no longer configured: freed when idle */
};

static struct {
	struct channel *channel;
	struct smpp_conns *conns;
	struct sms_calls *calls;
	struct smpp_server *server;
	struct worker *worker;
	struct dns *dns;
	struct held_link *links, *by_name[LINK_LISTS];
	struct loop_timer leave, stop;
} sms;

static struct held_link *find_link(struct text name)
{
	struct held_link *h = sms.by_name[text_hash(name) % LINK_LISTS];

	while (h && (h->leaving || !text_equal(smpp_link_name(h->link), name)))
		h = h->next_same;
	return h;
}

static void list_link(struct held_link *h)
{
	struct held_link **same = &sms.by_name[text_hash(smpp_link_name(h->link)) % LINK_LISTS];

	h->next = sms.links;
	sms.links = h;
	h->next_same = *same;
	*same = h;
}

static void unlist_name(const struct held_link *h)
{
	struct held_link **at = &sms.by_name[text_hash(smpp_link_name(h->link)) % LINK_LISTS];

	while (*at != h)
		at = &(*at)->next_same;
	*at = h->next_same;
}

/* --- the channel
 * ------------------------------------------------------------------------------------------------------ */

static void deliver(void *owner, const struct ipc_deliver *d)
{
	struct held_link *h = find_link(d->link);

	(void)owner;
	if (h) {
		smpp_link_deliver(h->link, d);
	} else if (smpp_server_delivers(sms.server, d->link)) {
		smpp_server_deliver(sms.server, d);
	} else if (!sms_links_deliver(d)) {
		struct ipc_result r = { .id = d->id,
					.outcome = IPC_RETRY,
					.link = d->link,
					.detail = TEXT_LITERAL("this link is not configured any more") };
		channel_result(sms.channel, &r);
	}
}

static void accepted(void *owner, uint32_t call, const struct ipc_accepted *a)
{
	(void)owner;
	if (!sms_links_accepted(call, a))
		(void)sms_calls_accepted(sms.calls, call, a);
}

static void reported(void *owner, uint32_t call, bool done)
{
	(void)owner;
	if (!sms_links_reported(call, done))
		(void)sms_calls_reported(sms.calls, call, done);
}

static void answer(void *owner, uint32_t call, const struct ipc_answer *a)
{
	(void)owner;
	(void)sms_calls_answer(sms.calls, call, a);
}

static void outbox(void *owner, const struct ipc_outbox *row)
{
	(void)owner;
	if (!sms_links_outbox(row))
		smpp_server_outbox(sms.server, row);
}

static void connected(void *owner)
{
	(void)owner;
	sms_links_connected();
}

static bool other(void *owner, struct ipc_record *r)
{
	(void)owner;
	return sms_links_record(r);
}

static const struct channel_handler channel_handler = { .deliver = deliver,
							.accepted = accepted,
							.reported = reported,
							.answer = answer,
							.outbox = outbox,
							.connected = connected,
							.other = other };

/* --- configuration
 * ---------------------------------------------------------------------------------------------------- */

static enum result check(const struct config *config, const char **why_out)
{
	(void)config;
	(void)why_out;
	return OK; /* every node checked itself */
}

static enum result open_role(struct loop *loop, const struct config *config, struct sandbox_path paths[ROLE_PATHS_MAX],
			     const char **why_out)
{
	(void)config;
	(void)paths;
	sms.channel = channel_new("sms", true, &channel_handler, NULL);
	sms.conns = smpp_conns_new(loop, sms.channel);
	sms.calls = sms_calls_new(sms.conns);
	return dns_new(loop, NULL, &sms.dns, why_out);
}

static void free_idle(void *owner)
{
	struct held_link **at = &sms.links;
	bool more = false;

	(void)owner;
	while (*at) {
		struct held_link *h = *at;
		if (!h->leaving || !smpp_link_idle(h->link)) {
			more = more || h->leaving;
			at = &h->next;
			continue;
		}
		*at = h->next;
		unlist_name(h);
		listener_free(&h->listener);
		smpp_link_free(&h->link);
		free(h);
	}
	if (more)
		loop_timer_start(role_loop(), &sms.leave, USEC_PER_SEC, free_idle, NULL);
}

static void take_link(const struct smsc_settings *s)
{
	char name[128];
	struct writer w = writer_of(name, sizeof(name));

	writer_printf(&w, "smsc:%.*s", TEXT_ARGS(s->node.name));
	struct held_link *h = find_link(text_range(name, writer_len(&w)));
	if (h) {
		smpp_link_set(h->link, s);
	} else {
		h = must_alloc(sizeof(*h));
		h->link = smpp_link_new(s, sms.conns, sms.calls, sms.dns);
		list_link(h);
	}
	(void)text_copy(s->outbind_listen, h->outbind, sizeof(h->outbind));
}

static struct held_link *outbind_of(struct text purpose, struct text address)
{
	struct held_link *h = text_is(purpose, smsc_kind.name) ? sms.links : NULL;

	while (h && (h->leaving || !text_is(address, h->outbind)))
		h = h->next;
	return h;
}

static void centre_came(void *owner, int fd, const struct net_address *peer)
{
	struct held_link *h = owner;

	(void)peer;
	listener_released(h->listener); /* the link itself bounds how many it keeps */
	smpp_link_outbind(h->link, fd);
}

static bool configured(const struct config *config, const struct held_link *h)
{
	struct text name = smpp_link_name(h->link);

	return config_find(config, &smsc_kind, text_range(name.at + 5, name.len - 5)) != NULL;
}

/* The worker's thread is started behind the sandbox, so that it binds it too. */
static void open_server(void)
{
	sms.worker = worker_new(role_loop(), WORKERS, WORKER_JOBS);
	sms.server = smpp_server_new(sms.conns, sms.calls, sms.worker);
}

static void switch_to(const struct config *config)
{
	if (!sms.server)
		open_server();
	channel_require_permits(sms.channel, config_only(config, &billing_kind) != NULL);
	for (struct held_link *h = sms.links; h; h = h->next) {
		if (!h->leaving && !configured(config, h)) {
			h->leaving = true;
			smpp_link_stop(h->link);
		}
	}
	free_idle(NULL);
	for (const struct smsc_settings *s = config_next(config, &smsc_kind, NULL); s;
	     s = config_next(config, &smsc_kind, s))
		take_link(s);
	smpp_server_set(sms.server, config);
	sms_links_switch(sms.channel, config);
	sms_captures_switch(config);
}

static void say_listening(struct text purpose, struct text address)
{
	char line[160];
	struct writer w = writer_of(line, sizeof(line) - 1);

	writer_printf(&w, "%s on %.*s", text_is(purpose, "smpp-server") ? "SMPP server" : "link", TEXT_ARGS(address));
	line[writer_len(&w)] = '\0';
	role_ready_text(line);
}

static void listen_on(struct text purpose, struct text address, int fd)
{
	struct held_link *h = outbind_of(purpose, address);

	say_listening(purpose, address);
	if (h && !h->listener)
		h->listener = listener_new(role_loop(), fd, OUTBINDS_AT_ONCE, centre_came, h);
	else if (!sms_links_listen(purpose, address, fd))
		smpp_server_listen(sms.server, address, fd);
}

static void unlisten(struct text purpose, struct text address)
{
	for (struct held_link *h = text_is(purpose, smsc_kind.name) ? sms.links : NULL; h; h = h->next) {
		if (text_is(address, h->outbind))
			listener_free(&h->listener);
	}
	if (!sms_links_unlisten(purpose, address))
		smpp_server_unlisten(sms.server, address);
}

/* --- peers, showing, ending ------------------------------------------------------------------------------- */

static void peer(enum role_id id, struct ipc *ipc)
{
	if (id == ROLE_QUEUE)
		channel_connect(sms.channel, ipc);
}

static void peer_lost(enum role_id id)
{
	if (id != ROLE_QUEUE)
		return;
	channel_lost(sms.channel);
	sms_links_lost();
}

static bool record(enum role_id id, struct ipc *ipc, struct ipc_record *r)
{
	(void)ipc;
	return id == ROLE_QUEUE && channel_record(sms.channel, r);
}

static void say(void *owner, const char *line)
{
	role_show_text((uint32_t)(uintptr_t)owner, "%s\n", line);
}

static void say_row(void *owner, const struct link_row *row)
{
	char line[LINK_ROW_SIZE];

	say(owner, link_row_text(row, line));
}

/* One table of all links of this role. */
static void show_rows(void *owner)
{
	struct link_row row;

	say(owner, link_row_head());
	for (struct held_link *h = sms.links; h; h = h->next) {
		smpp_link_row(h->link, &row);
		say_row(owner, &row);
	}
	smpp_server_rows(sms.server, say_row, owner);
	sms_links_rows(say_row, owner);
}

/* "modem NAME start" */
static bool shown_modem(void *owner, struct text words)
{
	struct text word = { 0 }, name = { 0 };

	if (!text_split(&words, ' ', &word) || !text_is(word, "modem") || !text_split(&words, ' ', &name) ||
	    !text_is(words, "start"))
		return false;
	say(owner, sms_modems_restart(name));
	return true;
}

static void show(uint32_t call, struct text words)
{
	void *owner = (void *)(uintptr_t)call;

	if (sms_captures_show(call, words))
		return;
	if (shown_modem(owner, words)) {
		role_show_end(call);
		return;
	}
	if (text_is(words, "sms links")) {
		show_rows(owner);
		role_show_end(call);
		return;
	}
	for (struct held_link *h = sms.links; h; h = h->next)
		smpp_link_show(h->link, say, owner);
	sms_links_show(say, owner);
	smpp_server_show(sms.server, say, owner);
	role_show_end(call);
}

static bool idle(void)
{
	for (struct held_link *h = sms.links; h; h = h->next) {
		if (!smpp_link_idle(h->link))
			return false;
	}
	return smpp_server_idle(sms.server) && sms_links_idle() && !channel_unacknowledged(sms.channel) &&
	       sms_captures_end();
}

static void stop_when_idle(void *owner)
{
	(void)owner;
	if (idle())
		role_stopped();
	else
		loop_timer_start(role_loop(), &sms.stop, STOP_LOOK_US, stop_when_idle, NULL);
}

static void stop(void)
{
	for (struct held_link *h = sms.links; h; h = h->next)
		smpp_link_stop(h->link);
	sms_links_stop();
	smpp_server_stop(sms.server);
	stop_when_idle(NULL);
}

const struct role role_sms = {
	.id = ROLE_SMS,
	.name = "sms",
	.promises = SANDBOX_INET | SANDBOX_THREADS | SANDBOX_TTY,
	.peers = 1u << ROLE_QUEUE,
	.description = "SMPP to message centres and clients, phones over GSUP and SGs, modems",
	.check = check,
	.open = open_role,
	.switch_to = switch_to,
	.listen = listen_on,
	.unlisten = unlisten,
	.peer = peer,
	.peer_lost = peer_lost,
	.record = record,
	.show = show,
	.stop = stop,
	.control_record = sms_captures_record,
};
