/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The api role: HTTP for applications, webhooks to them. It holds no message: what it was answered for is the queue's.
 */
#include <stdio.h>
#include <stdlib.h>

#include "core/base/log.h"
#include "core/secret.h"
#include "daemon/api_internal.h"
#include "daemon/role.h"
#include "daemon/webhook.h"

#define ARENA_BLOCK (64u * 1024u)
#define PASSWORD_THREADS 1u /* one core at most is spent on them */
#define PASSWORD_JOBS 32u
#define WAIT_US 20000
#define WAITS_MAX 100u
#define QUICKSTART "demo" /* the account of examples/quickstart.cfg, and its secret */

struct api api;
static bool said_curl;

/* --- configuration ------------------------------------------------------------------------------------------------ */

static enum result check_account(const struct account_settings *a, const char **why_out)
{
	static char why[256];
	const char *reason = NULL;
	struct network network;

	if (a->node.name.len > MESSAGE_ACCOUNT_MAX) {
		*why_out = "the name of an account has at most 64 octets";
		return ERR_TOO_BIG;
	}
	if (secret_valid(a->secret, &reason) != OK) {
		snprintf(why, sizeof(why), "line %u: account %.*s: %s", a->node.line, TEXT_ARGS(a->node.name), reason);
		*why_out = why;
		return ERR_MALFORMED;
	}
	for (unsigned i = 0; i < a->from_address.count; i++) {
		if (network_parse(a->from_address.items[i], &network))
			continue;
		snprintf(why, sizeof(why), "line %u: account %.*s: from-address %.*s is no network (192.0.2.0/24)",
			 a->node.line, TEXT_ARGS(a->node.name), TEXT_ARGS(a->from_address.items[i]));
		*why_out = why;
		return ERR_MALFORMED;
	}
	return OK;
}

static enum result check(const struct config *config, const char **why_out)
{
	const struct account_settings *a = NULL;

	while ((a = config_next(config, &account_kind, a))) {
		enum result r = check_account(a, why_out);
		if (r != OK)
			return r;
	}
	return api_port_check(config_only(config, &http_kind), why_out);
}

static void count_things(void)
{
	struct api_counters *c = &api.count;

	c->requests = counter_get(COUNTER_COUNT, "api_requests_total", "", "HTTP requests");
	c->accepted = counter_get(COUNTER_COUNT, "api_accepted_total", "", "Messages accepted by HTTP");
	c->repeated = counter_get(COUNTER_COUNT, "api_repeated_total", "", "Messages known by their idempotency key");
	c->refused = counter_get(COUNTER_COUNT, "api_refused_total", "", "Requests refused");
	c->limited = counter_get(COUNTER_COUNT, "api_limited_total", "", "Messages above the rate of their account");
	c->no_queue = counter_get(COUNTER_COUNT, "api_no_queue_total", "",
				  "Requests refused because the queue is not there or has no room");
	c->unknown = counter_get(COUNTER_COUNT, "api_unknown_total", "",
				 "Messages answered 503 because the queue left before it answered");
	c->unauthorized = counter_get(COUNTER_COUNT, "api_unauthorized_total", "", "Wrong or missing credentials");
	c->gone = counter_get(COUNTER_COUNT, "api_gone_total", "", "Answers whose client had left");
	c->files = counter_get(COUNTER_COUNT, "api_files_total", "", "Files of messages given to the store");
	c->events = counter_get(COUNTER_COUNT, "api_events_total", "", "Server-sent events written");
	c->events_dropped =
		counter_get(COUNTER_COUNT, "api_events_dropped_total", "", "Events that a slow client did not get");
}

/* --- the queue ---------------------------------------------------------------------------------------------------- */

static void deliver(void *owner, const struct ipc_deliver *delivery)
{
	(void)owner;
	webhook_deliver(delivery);
}

static void accepted(void *owner, uint32_t call, const struct ipc_accepted *a)
{
	(void)owner;
	api_send_accepted(call, a);
}

static void outbox(void *owner, const struct ipc_outbox *row)
{
	(void)owner;
	webhook_outbox(row);
}

static void answer(void *owner, uint32_t call, const struct ipc_answer *a)
{
	(void)owner;
	api_ask_answer(call, a);
}

static void connected(void *owner)
{
	(void)owner;
	api_events_connected();
}

static bool other(void *owner, struct ipc_record *record)
{
	(void)owner;
	return record->type == IPC_EVENT && api_events_record(record);
}

static void file(void *owner, uint32_t call, const struct ipc_file_answer *a, int fd)
{
	(void)owner;
	api_upload_answer(call, a, fd);
}

static const struct channel_handler channel_handler = {
	.file = file,
	.deliver = deliver,
	.accepted = accepted,
	.outbox = outbox,
	.answer = answer,
	.connected = connected,
	.other = other,
};

/* --- life --------------------------------------------------------------------------------------------------------- */

static enum result open_role(struct loop *loop, const struct config *config, struct sandbox_path paths[ROLE_PATHS_MAX],
			     const char **why_out)
{
	(void)paths;
	api.loop = loop;
	api.arena = arena_new(ARENA_BLOCK);
	api.accounts = api_accounts_new();
	api.calls = api_calls_new();
	api.worker = worker_new(loop, PASSWORD_THREADS, PASSWORD_JOBS);
	api.channel = channel_new("api", false, &channel_handler, NULL);
	count_things();
	return webhook_open(config_only(config, &http_kind), why_out);
}

static void say_address(struct text address, bool tls)
{
	char line[200];

	snprintf(line, sizeof(line), "HTTP API on %s://%.*s", tls ? "https" : "http", TEXT_ARGS(address));
	role_ready_text(line);
}

/* The first message, for who just started the gateway. */
static void say_curl(const struct config *config)
{
	const struct account_settings *a = config_find(config, &account_kind, TEXT_LITERAL(QUICKSTART));
	char line[400];

	/* Once, before anybody is served, so that the time which the hash takes is nobody's. */
	if (said_curl || !a || !api.settings->listen.count)
		return;
	said_curl = true;
	if (secret_check(a->secret, TEXT_LITERAL(QUICKSTART)) != OK)
		return;
	snprintf(line, sizeof(line),
		 "send a text:  curl -u " QUICKSTART ":" QUICKSTART " -H 'Content-Type: application/json' "
		 "http://%.*s/v1/messages -d '{\"to\":\"+819012345678\",\"text\":\"hello\"}'",
		 TEXT_ARGS(api.settings->listen.items[0]));
	role_ready_text(line);
}

static void switch_to(const struct config *config)
{
	api.settings = config_only(config, &http_kind);
	api_accounts_switch(api.accounts, config);
	api_port_switch(api.settings);
	webhook_switch();
	for (unsigned i = 0; i < api.settings->listen.count && i < 2; i++)
		say_address(api.settings->listen.items[i], false);
	for (unsigned i = 0; i < api.settings->tls_listen.count && i < 2; i++)
		say_address(api.settings->tls_listen.items[i], true);
	say_curl(config);
}

static void listen_at(struct text purpose, struct text address, int fd)
{
	(void)purpose;
	api_port_listen(address, fd);
}

static void unlisten(struct text purpose, struct text address)
{
	(void)purpose;
	api_port_unlisten(address);
}

static void peer(enum role_id id, struct ipc *ipc)
{
	if (id == ROLE_QUEUE)
		channel_connect(api.channel, ipc);
}

static void peer_lost(enum role_id id)
{
	if (id == ROLE_QUEUE)
		channel_lost(api.channel);
}

static bool record(enum role_id id, struct ipc *ipc, struct ipc_record *r)
{
	(void)ipc;
	return id == ROLE_QUEUE && channel_record(api.channel, r);
}

/* --- show --------------------------------------------------------------------------------------------------------- */

static void show(uint32_t call, struct text words)
{
	(void)words;
	role_show_text(call, "connections %u, requests waiting for the queue %u, webhook calls under way %u\n",
		       api_port_connections(), api_calls_count(api.calls), webhook_under_way());
	for (struct api_account *a = api_accounts_next(api.accounts, NULL); a; a = api_accounts_next(api.accounts, a)) {
		if (a->settings)
			role_show_text(call, "account %.*s: rate %lld/s, webhook %s\n", TEXT_ARGS(a->name),
				       (long long)a->settings->rate, a->settings->webhook.len ? "yes" : "no");
	}
	role_show_end(call);
}

/* --- end ---------------------------------------------------------------------------------------------------------- */

static void all_done(void)
{
	worker_free(&api.worker);
	webhook_free();
	api_port_free();
	api_events_free();
	api_upload_free();
	api_auth_free();
	channel_free(&api.channel);
	api_calls_free(&api.calls);
	api_accounts_free(&api.accounts);
	arena_free(&api.arena);
	api = (struct api){ 0 };
	said_curl = false;
	role_stopped();
}

static struct loop_timer free_timer;
static unsigned waited;

/* Results that the queue has not committed yet are waited for: not long, since it takes them back by their leases. */
static void free_later(void *owner)
{
	(void)owner;
	if (role_peer(ROLE_QUEUE) && channel_unacknowledged(api.channel) && ++waited < WAITS_MAX)
		loop_timer_start(api.loop, &free_timer, WAIT_US, free_later, NULL);
	else
		all_done();
}

/* Not from inside a callback of what will be freed. */
static void webhooks_idle(void)
{
	loop_timer_start(api.loop, &free_timer, 0, free_later, NULL);
}

static void ports_stopped(void)
{
	webhook_stop(webhooks_idle);
}

static void stop(void)
{
	api.stopping = true;
	api_port_stop(ports_stopped);
}

const struct role role_api = {
	.id = ROLE_API,
	.name = "api",
	.promises = SANDBOX_INET | SANDBOX_UNIX,
	.peers = 1u << ROLE_QUEUE,
	.description = "HTTP API, webhooks",
	.check = check,
	.open = open_role,
	.switch_to = switch_to,
	.listen = listen_at,
	.unlisten = unlisten,
	.peer = peer,
	.peer_lost = peer_lost,
	.record = record,
	.show = show,
	.stop = stop,
};
