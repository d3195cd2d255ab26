/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The queue role: the one process that opens the store. */
#include <libgen.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "billing/charge.h"
#include "core/base/arena.h"
#include "core/base/clock.h"
#include "core/base/log.h"
#include "core/core_vty.h"
#include "core/files.h"
#include "core/queue.h"
#include "core/queue_relay.h"
#include "daemon/queue_parts.h"
#include "daemon/role.h"
#include "sms/smpp_text.h"
#include "store/store_open.h"

static struct store *store;
static struct queue *queue;
static struct queue_parts *parts;
static struct billing *billing;
static struct store_policy policy;
static struct loop_timer stop_timer;

static enum result check(const struct config *config, const char **why_out)
{
	enum result r = queue_check(config, why_out);

	return r ? r : billing_check(config, why_out);
}

/* As a link with the default settings encodes it. A link that needs fewer segments stays within the price, and one that
 * needs more does not send (core/permit_spend.h). */
static int64_t segments(const struct message *message)
{
	static const struct smpp_text_settings settings;
	struct smpp_text_plan plan;
	struct arena *arena = arena_new(1024);
	enum result r = smpp_text_plan(message, &settings, arena, &plan, NULL);

	arena_free(&arena);
	return r ? 0 : (int64_t)plan.segments;
}

/* The directory of the database stays open in the sandbox: SQLite makes its journal beside the file. */
static enum result open_role(struct loop *loop, const struct config *config, struct sandbox_path paths[ROLE_PATHS_MAX],
			     const char **why_out)
{
	const struct store_settings *s = config_only(config, &store_kind);
	char *copy = must_strdup(s->path.at);

	(void)loop;
	paths[0] = (struct sandbox_path){ must_strdup(dirname(copy)), SANDBOX_FILES };
	free(copy);
	if (s->driver == STORE_WORD_SQLITE && access(paths[0].path, W_OK | X_OK)) {
		*why_out = "the directory of the database (`store`, `path`) is not there or cannot be written";
		return ERR_IO;
	}
	return OK;
}

static enum result open_store(const struct store_settings *s, const char **why_out)
{
	struct store_limits limits = { .min_free_octets = (uint64_t)s->min_free,
				       .batch_max = (unsigned)s->batch,
				       .wal_max_octets = (uint64_t)s->wal_max };

	if (s->driver == STORE_WORD_SQLITE)
		return store_sqlite_open(role_loop(), s->path.at, NULL, &limits, &policy, &store, why_out);
	LOGN(LOG_STORE, NULL, "the memory store keeps nothing over a restart: for tests only");
	return store_memory_open(role_loop(), &policy, &store, why_out);
}

/* The store's threads are started here, behind the sandbox, so that it binds them too. */
static void open_queue(const struct config *config)
{
	const char *why = "";

	billing = billing_new(segments);
	queue_charge_policy(billing_port(billing), &policy);
	if (open_store(config_only(config, &store_kind), &why))
		log_fatal(LOG_STORE, "the store cannot be opened: %s", why);
	queue = queue_new(role_loop(), store);
	queue_charge(queue, billing_port(billing));
	queue_lookup_edge(queue, ROLE_LOOKUP);
	parts = queue_parts_new(role_loop(), store, queue);
	queue_relay_layers(queue, ROLE_SMS);
}

/* Beside the database, for the memory store too: what it kept is of no message after a restart, and is swept. */
static void switch_files(const struct store_settings *s)
{
	struct files_limits limits = { .file_max = (uint64_t)s->file_max,
				       .total_max = (uint64_t)s->files_max,
				       .min_free = (uint64_t)s->min_free,
				       .keep_us = s->files_keep };
	struct arena *arena = arena_new(4096);
	char *copy = arena_copy(arena, s->path.at, s->path.len + 1);

	queue_files_folder(queue, arena_printf(arena, "%s/files", dirname(copy)), &limits);
	arena_free(&arena);
}

static void switch_to(const struct config *config)
{
	if (!queue)
		open_queue(config);
	billing_switch(billing, config, store);
	queue_switch(queue, config);
	switch_files(config_only(config, &store_kind));
	queue_parts_switch(parts, config);
}

static void peer(enum role_id id, struct ipc *ipc)
{
	queue_edge_name(queue, id, role_name(id));
	queue_peer(queue, id, ipc);
}

static void peer_lost(enum role_id id)
{
	queue_peer_lost(queue, id);
}

static void room(enum role_id id)
{
	queue_peer_room(queue, id);
}

static bool record(enum role_id id, struct ipc *ipc, struct ipc_record *r)
{
	(void)ipc;
	return queue_record(queue, id, r);
}

static void say_line(void *context, const char *line)
{
	role_show_text((uint32_t)(uintptr_t)context, "%s\n", line);
}

static void say_end(void *context)
{
	role_show_end((uint32_t)(uintptr_t)context);
}

static void show(uint32_t call, struct text words)
{
	/* The call number travels as the context: it is all that the lines need. */
	queue_show(queue, words, say_line, say_end, (void *)(uintptr_t)call);
}

/* What is with the store must come back before it is closed. */
static void stop_when_idle(void *owner)
{
	(void)owner;
	if (!queue_parts_stop(parts) || !queue_idle(queue) || !billing_idle(billing)) {
		loop_timer_start(role_loop(), &stop_timer, 5 * USEC_PER_MSEC, stop_when_idle, NULL);
		return;
	}
	store_close(&store);
	queue_parts_free(&parts);
	queue_free(&queue);
	billing_free(&billing);
	role_stopped();
}

static void stop(void)
{
	queue_stop(queue);
	stop_when_idle(NULL);
}

const struct role role_queue = {
	.id = ROLE_QUEUE,
	.name = "queue",
	.promises = SANDBOX_FILES | SANDBOX_THREADS,
	.peers = 1u << ROLE_SMS | 1u << ROLE_API | 1u << ROLE_LAB | 1u << ROLE_DIAMETER | 1u << ROLE_LOOKUP,
	.description = "routing, delivery state, the store: the one writer",
	.check = check,
	.open = open_role,
	.switch_to = switch_to,
	.peer = peer,
	.peer_lost = peer_lost,
	.record = record,
	.room = room,
	.show = show,
	.stop = stop,
};
