/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A role's pairs with other roles, and its listening sockets. Both come from the parent when it has them; before the
 * first configuration is in use they wait, as no record may reach a role that is not set up. The pair with control is
 * the exception: the configuration comes through it.
 */
#include "daemon/role_internal.h"

#include <stdlib.h>
#include <unistd.h>

#include "core/base/arena.h"
#include "core/base/log.h"
#include "core/ipc_messages.h"

#define NAME_MAX_OCTETS 64u
#define ADDRESS_MAX_OCTETS 128u

struct waiting {
	struct waiting *next;
	int fd;
	enum role_id peer; /* ROLE_PARENT: a socket */
	uint32_t pair;
	char purpose[NAME_MAX_OCTETS + 1], address[ADDRESS_MAX_OCTETS + 1];
};

static struct waiting *first, **last = &first;

struct ipc *role_peer(enum role_id peer)
{
	return (unsigned)peer < ROLE_COUNT ? role_self.links[peer].ipc : NULL;
}

static bool told_of(const struct role_link *link)
{
	return link->id != ROLE_CONTROL;
}

static void link_lost(struct role_link *link)
{
	ipc_free(&link->ipc);
	if (told_of(link) && role_self.role->peer_lost)
		role_self.role->peer_lost(link->id);
}

static void say_lost(const struct role_link *link)
{
	struct writer *w = ipc_begin(role_self.parent, IPC_PEER_LOST, 0, 64);

	ipc_put_text(w, text_of(role_name(link->id)));
	writer_u32(w, link->pair);
	if (ipc_end(role_self.parent))
		LOGE(LOG_DAEMON, role_name(link->id), "the parent could not be told that this peer is lost");
}

static void peer_closed(void *owner, struct ipc *ipc, const char *why)
{
	struct role_link *link = owner;

	(void)ipc;
	LOGI(LOG_DAEMON, role_name(link->id), "peer lost: %s", why);
	link_lost(link);
	say_lost(link);
}

static bool peer_record(void *owner, struct ipc *ipc, struct ipc_record *record)
{
	struct role_link *link = owner;
	bool good = false;

	if (!told_of(link))
		good = role_control_record(ipc, record);
	else if (role_self.role->record)
		good = role_self.role->record(link->id, ipc, record);
	/* A descriptor that came with a record of control was only read; a peer's is the role's own. */
	if (!told_of(link) && record->fd >= 0)
		close(record->fd);
	return good;
}

static void peer_room(void *owner, struct ipc *ipc)
{
	const struct role_link *link = owner;

	(void)ipc;
	if (told_of(link) && role_self.role->room)
		role_self.role->room(link->id);
}

static const struct ipc_handler peer_handler = { .record = peer_record, .closed = peer_closed, .room = peer_room };

/* Control learns at once which configuration is here. */
static void say_have(struct ipc *ipc)
{
	(void)ipc_begin(ipc, IPC_CONFIG_HAVE, role_config_number(), 0);
	if (ipc_end(ipc))
		LOGE(LOG_DAEMON, NULL, "control cannot be told which configuration is here");
}

static void connect_peer(enum role_id peer, int fd, uint32_t pair)
{
	struct role_link *link = &role_self.links[peer];

	/* What the old process said before it ended still counts: results above all. */
	if (link->ipc)
		ipc_drain(link->ipc);
	if (link->ipc)
		link_lost(link);
	link->pair = pair;
	link->ipc = ipc_new(role_self.loop, fd, role_name(peer), &peer_handler, link);
	if (!told_of(link))
		say_have(link->ipc);
	else if (role_self.role->peer)
		role_self.role->peer(peer, link->ipc);
}

static void give_socket(struct text purpose, struct text address, int fd)
{
	if (role_self.role->listen)
		role_self.role->listen(purpose, address, fd);
	else
		close(fd);
}

static struct waiting *wait_with(int fd)
{
	struct waiting *w = must_alloc(sizeof(*w));

	w->fd = fd;
	*last = w;
	last = &w->next;
	return w;
}

bool role_link_record(struct ipc_record *record)
{
	struct text name = ipc_get_text(&record->body, NAME_MAX_OCTETS);
	uint32_t pair = reader_u32(&record->body);
	enum role_id peer;

	if (!reader_done(&record->body) || record->fd < 0 || !role_parse(name, &peer) || peer == ROLE_PARENT)
		return false;
	int fd = record->fd;
	record->fd = -1;
	if (role_self.switched || peer == ROLE_CONTROL || role_self.role->id == ROLE_CONTROL) {
		connect_peer(peer, fd, pair);
		return true;
	}
	struct waiting *w = wait_with(fd);
	w->peer = peer;
	w->pair = pair;
	return true;
}

bool role_listen_record(struct ipc_record *record)
{
	struct text purpose = ipc_get_text(&record->body, NAME_MAX_OCTETS);
	struct text address = ipc_get_text(&record->body, ADDRESS_MAX_OCTETS);

	if (!reader_done(&record->body) || record->fd < 0)
		return false;
	int fd = record->fd;
	record->fd = -1;
	if (role_self.switched) {
		give_socket(purpose, address, fd);
		return true;
	}
	struct waiting *w = wait_with(fd);
	return text_copy(purpose, w->purpose, sizeof(w->purpose)) && text_copy(address, w->address, sizeof(w->address));
}

bool role_unlisten_record(struct ipc_record *record)
{
	struct text purpose = ipc_get_text(&record->body, NAME_MAX_OCTETS);
	struct text address = ipc_get_text(&record->body, ADDRESS_MAX_OCTETS);

	if (!reader_done(&record->body))
		return false;
	if (role_self.switched && role_self.role->unlisten)
		role_self.role->unlisten(purpose, address);
	return true;
}

void role_links_start(void)
{
	while (first) {
		struct waiting *w = first;
		first = w->next;
		if (w->peer)
			connect_peer(w->peer, w->fd, w->pair);
		else
			give_socket(text_of(w->purpose), text_of(w->address), w->fd);
		free(w);
	}
	last = &first;
}

void role_links_forget(void)
{
	for (enum role_id id = 0; id < ROLE_COUNT; id++)
		ipc_free(&role_self.links[id].ipc);
	while (first) {
		struct waiting *w = first;
		first = w->next;
		close(w->fd);
		free(w);
	}
	last = &first;
}
