/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The lookup role: it asks number databases for the queue, which has no sockets. A role of its own, so that what
 * strangers' name servers and services answer is parsed where there is nothing else: no account, no message, no peer.
 */
#include <unistd.h>

#include "core/base/counter.h"
#include "core/base/log.h"
#include "daemon/lookup_ask.h"
#include "daemon/role.h"

static struct lookup_asker *asker;

static enum result check(const struct config *config, const char **why_out)
{
	const struct portability_settings *s = config_only(config, &portability_kind);

	return s ? lookup_asker_check(s, why_out) : OK;
}

static void answered(void *owner, uint32_t call, const struct ipc_found *found)
{
	struct ipc *ipc = role_peer(ROLE_QUEUE);

	(void)owner;
	if (!ipc)
		return;
	ipc_put_found(ipc_begin(ipc, IPC_FOUND, call, 256 + found->why.len), found);
	if (ipc_end(ipc))
		LOGE(LOG_DAEMON, NULL, "an answer was too large for its record");
}

/* What resolver and TLS read when the configuration changes; what this system does not have is left out. */
static enum result open_role(struct loop *loop, const struct config *config, struct sandbox_path paths[ROLE_PATHS_MAX],
			     const char **why_out)
{
	static const char *const read[] = { "/etc/resolv.conf", "/etc/hosts", "/etc/ssl/certs",
					    "/usr/share/ca-certificates", "/usr/local/share/ca-certificates" };
	unsigned n = 0;

	(void)config;
	(void)why_out;
	for (unsigned i = 0; i < sizeof(read) / sizeof(read[0]); i++) {
		if (access(read[i], R_OK) == 0)
			paths[n++] = (struct sandbox_path){ read[i], SANDBOX_READ };
	}
	asker = lookup_asker_new(loop, answered, NULL);
	return OK;
}

static void switch_to(const struct config *config)
{
	lookup_asker_switch(asker, config_only(config, &portability_kind));
}

static void peer_lost(enum role_id id)
{
	(void)id;
	lookup_asker_forget(asker);
}

static bool record(enum role_id id, struct ipc *ipc, struct ipc_record *r)
{
	struct ipc_lookup in;

	(void)ipc;
	if (id != ROLE_QUEUE || r->type != IPC_LOOKUP || !ipc_get_lookup(&r->body, &in))
		return false;
	lookup_asker_ask(asker, r->call, in.number);
	return true;
}

static void show(uint32_t call, struct text words)
{
	(void)words;
	role_show_text(call, "questions under way: %u\n", lookup_asker_open(asker));
	role_show_end(call);
}

const struct role role_lookup = {
	.id = ROLE_LOOKUP,
	.name = "lookup",
	.promises = SANDBOX_INET | SANDBOX_READ,
	.peers = 1u << ROLE_QUEUE,
	.description = "asks number databases for the networks of recipients",
	.check = check,
	.open = open_role,
	.switch_to = switch_to,
	.peer_lost = peer_lost,
	.record = record,
	.show = show,
};
