/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Listening sockets, and serial lines (process_line.c). The parent binds them, as it alone may have the rights, keeps
 * them as long as the configuration wants them, and passes a copy to the role of the node, again after each restart:
 * connections that come meanwhile wait in the kernel.
 */
#include "daemon/process_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "core/base/arena.h"
#include "core/base/log.h"
#include "core/ipc_messages.h"
#include "core/net/net_address.h"

#define BACKLOG 1024
_Static_assert(SOCKETS_MAX == 40, "the text of the refusal says 40");
#define TTY_PREFIX "tty:"

static const struct node_kind *kind_named(struct text name)
{
	for (unsigned i = 0; i < config_all_kinds_count; i++) {
		if (text_is(name, config_all_kinds[i]->name))
			return config_all_kinds[i];
	}
	return NULL;
}

/* The first role of the node that takes sockets. */
static const struct role *role_for(const struct node_kind *kind)
{
	for (enum role_id id = 0; id < ROLE_COUNT; id++) {
		const struct role *role = role_of(id);
		if (role && (kind->roles & 1u << id) && role->listen)
			return role;
	}
	return NULL;
}

static struct listening *find(const struct node_kind *purpose, struct text address)
{
	struct listening *l = process_self.listening;

	while (l && (l->purpose != purpose || !text_is(address, l->address)))
		l = l->next;
	return l;
}

static void remember(const struct node_kind *purpose, const struct role *role, struct text address, int fd)
{
	struct listening *l = must_alloc(sizeof(*l));

	l->purpose = purpose;
	l->address = must_alloc(address.len + 1);
	(void)text_copy(address, l->address, address.len + 1);
	l->fd = fd;
	l->role = role->id;
	l->fresh = l->wanted = true;
	l->next = process_self.listening;
	process_self.listening = l;
	process_self.listening_count++;
}

const char *socket_bind(struct text purpose, struct text address)
{
	const struct node_kind *kind = kind_named(purpose);
	struct net_address where;
	const char *why = "";
	int fd = -1;

	if (!kind)
		return "no such kind of node";
	const struct role *role = role_for(kind);
	if (!role)
		return NULL;
	struct listening *l = find(kind, address);
	if (l) {
		l->wanted = true;
		return NULL;
	}
	if (process_self.listening_count >= SOCKETS_MAX)
		return "more than 40 listening addresses";
	bool line = text_starts(address, TTY_PREFIX);
	if (!line && (net_address_parse(address, &where, &why) || net_listen(&where, BACKLOG, &fd, &why)))
		return why;
	remember(kind, role, address, fd);
	if (line)
		line_open(process_self.listening);
	return NULL;
}

void socket_pass(const struct listening *l)
{
	struct child *child = child_of(l->role);
	int fd = child->ipc && l->fd >= 0 ? fcntl(l->fd, F_DUPFD_CLOEXEC, 0) : -1;

	if (fd < 0)
		return;
	struct writer *w = ipc_begin(child->ipc, IPC_LISTEN, 0, 512);
	ipc_put_text(w, text_of(l->purpose->name));
	ipc_put_text(w, text_of(l->address));
	if (ipc_end_fd(child->ipc, fd))
		LOGE(LOG_DAEMON, child->role->name, "%s could not be passed", l->address);
}

static void tell_closed(const struct listening *l)
{
	struct child *child = child_of(l->role);

	if (!child->ipc)
		return;
	struct writer *w = ipc_begin(child->ipc, IPC_UNLISTEN, 0, 512);
	ipc_put_text(w, text_of(l->purpose->name));
	ipc_put_text(w, text_of(l->address));
	if (ipc_end(child->ipc))
		LOGE(LOG_DAEMON, child->role->name, "it could not be told that %s is closed", l->address);
}

static void forget(struct listening **at)
{
	static const char *const files[] = { "unix:", "seqpacket:" };
	struct listening *l = *at;

	*at = l->next;
	process_self.listening_count--;
	for (unsigned i = 0; i < 2; i++) {
		if (text_starts(text_of(l->address), files[i]))
			(void)unlink(l->address + strlen(files[i]));
	}
	if (l->fd >= 0)
		close(l->fd);
	free(l->address);
	free(l);
}

void sockets_commit(void)
{
	struct listening **at = &process_self.listening;

	while (*at) {
		struct listening *l = *at;
		if (l->wanted) {
			if (l->fresh)
				socket_pass(l);
			l->fresh = false;
			at = &l->next;
			continue;
		}
		tell_closed(l);
		forget(at);
	}
}

void sockets_abort(void)
{
	struct listening **at = &process_self.listening;

	while (*at) {
		if ((*at)->fresh)
			forget(at);
		else
			at = &(*at)->next;
	}
}

void sockets_round(void)
{
	sockets_abort();
	for (struct listening *l = process_self.listening; l; l = l->next)
		l->wanted = false;
}

void sockets_pass(struct child *child)
{
	for (const struct listening *l = process_self.listening; l; l = l->next) {
		if (l->role == child->role->id && !l->fresh)
			socket_pass(l);
	}
}

void sockets_close(void)
{
	while (process_self.listening)
		forget(&process_self.listening);
}
