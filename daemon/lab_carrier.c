/* SPDX-License-Identifier: GPL-3.0-or-later */
/* See lab_carrier.h. The PDUs are not looked into. */
#include "daemon/lab_carrier.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/arena.h"
#include "core/base/counter.h"
#include "core/base/hex.h"
#include "core/base/log.h"
#include "core/channel_relay.h"
#include "core/core_vty.h"
#include "core/net/listen.h"
#include "core/net/net_address.h"
#include "core/net/stream.h"
#include "daemon/role.h"

#define LINE_MAX_OCTETS (2u * IPC_LINK_PDU_MAX)

struct lab_carrier {
	struct lab_carrier *next;
	char name[IPC_CARRIER_NAME_MAX + 1], address[NET_ADDRESS_TEXT_SIZE];
	bool messages, found;
	struct listener *listener;
	struct stream *program; /* NULL = nobody is connected */
};

static struct {
	struct channel *channel;
	struct lab_carrier *first;
} scripted;

/* --- to the queue and to the program --- */

static void announce(const struct lab_carrier *c)
{
	channel_carrier(scripted.channel, &(struct ipc_carrier){ text_of(c->name), c->program != NULL, c->messages });
}

static void say(const struct lab_carrier *c, const char *line)
{
	if (c->program)
		stream_write(c->program, line, strlen(line));
}

static void count_bad(void)
{
	counter_add(
		counter_get(COUNTER_COUNT, "lab_carrier_bad_total", NULL, "Lines of scripted carriers that are no PDU"),
		1);
}

static void pdu_came(struct lab_carrier *c, struct text line)
{
	uint8_t room[IPC_LINK_PDU_MAX];
	struct writer w = writer_of(room, sizeof(room));

	if (!line.len || line.at[0] == '#')
		return;
	if (hex_take(line, &w) != OK || !writer_ok(&w)) {
		count_bad();
		return;
	}
	(void)channel_link_pdu(scripted.channel,
			       &(struct ipc_link_pdu){ text_of(c->name), text_range((char *)room, writer_len(&w)) });
}

static size_t received(void *owner, struct stream *stream, const uint8_t *bytes, size_t n)
{
	size_t taken = 0;

	while (taken < n) {
		const uint8_t *end = memchr(bytes + taken, '\n', n - taken);
		if (!end)
			break;
		size_t len = (size_t)(end - (bytes + taken));
		pdu_came(owner, text_trim(text_range((const char *)bytes + taken, len)));
		taken += len + 1;
	}
	if (n - taken <= LINE_MAX_OCTETS)
		return taken;
	count_bad();
	stream_finish(stream);
	return n;
}

static void closed(void *owner, struct stream *stream, enum result why, const char *text)
{
	struct lab_carrier *c = owner;

	(void)why;
	(void)text;
	listener_released(c->listener);
	if (c->program != stream) { /* never free a stream under another's name */
		stream_free(&stream);
		return;
	}
	stream_free(&c->program);
	announce(c);
}

static const struct stream_handler program_handler = { .received = received, .closed = closed };

static void program_came(void *owner, int fd, const struct net_address *peer)
{
	struct lab_carrier *c = owner;

	(void)peer;
	c->program = stream_accept(role_loop(), fd, NULL, &program_handler, c);
	announce(c);
}

/* --- from the queue --- */

static struct lab_carrier *find(struct text name)
{
	struct lab_carrier *c = scripted.first;

	while (c && !text_is(name, c->name))
		c = c->next;
	return c;
}

static void on_carrier(void *owner, const struct ipc_carrier *said)
{
	const struct lab_carrier *c = find(said->link);

	(void)owner;
	if (c)
		say(c, said->up ? "# up\n" : "# down\n");
}

static void on_link_pdu(void *owner, const struct ipc_link_pdu *pdu)
{
	char line[LINE_MAX_OCTETS + 2];
	struct writer w = writer_of(line, sizeof(line) - 1);
	const struct lab_carrier *c = find(pdu->link);

	(void)owner;
	if (!c)
		return;
	hex_put(&w, pdu->pdu.at, pdu->pdu.len);
	writer_u8(&w, '\n');
	line[writer_len(&w)] = 0;
	say(c, line);
}

bool lab_carriers_record(struct ipc_record *record)
{
	static const struct channel_relay_handler handler = { .carrier = on_carrier, .link_pdu = on_link_pdu };

	return channel_relay_record(&handler, NULL, record);
}

void lab_carriers_connected(void)
{
	for (struct lab_carrier *c = scripted.first; c; c = c->next) {
		if (c->program)
			announce(c);
	}
}

void lab_carriers_lost(void)
{
	for (struct lab_carrier *c = scripted.first; c; c = c->next)
		say(c, "# down\n");
}

/* --- configuration --- */

static void drop(struct lab_carrier *c)
{
	stream_free(&c->program);
	listener_free(&c->listener);
	announce(c);
	free(c);
}

static void drop_missing(void)
{
	struct lab_carrier **at = &scripted.first;

	while (*at) {
		struct lab_carrier *c = *at;

		if (c->found) {
			at = &c->next;
			continue;
		}
		*at = c->next;
		drop(c);
	}
}

static void take(const struct lab_carrier_settings *s)
{
	struct lab_carrier *c = find(s->node.name);

	if (!c) {
		c = must_alloc(sizeof(*c));
		(void)text_copy(s->node.name, c->name, sizeof(c->name));
		c->next = scripted.first;
		scripted.first = c;
	}
	(void)text_copy(s->listen, c->address, sizeof(c->address));
	c->messages = s->kind == LAB_MESSAGES;
	c->found = true;
}

void lab_carriers_switch(struct channel *channel, const struct config *config)
{
	scripted.channel = channel;
	for (struct lab_carrier *c = scripted.first; c; c = c->next)
		c->found = false;
	for (const struct lab_carrier_settings *s = config_next(config, &lab_carrier_kind, NULL); s;
	     s = config_next(config, &lab_carrier_kind, s))
		take(s);
	drop_missing();
}

static struct lab_carrier *of_address(struct text address)
{
	struct lab_carrier *c = scripted.first;

	while (c && !text_is(address, c->address))
		c = c->next;
	return c;
}

bool lab_carriers_listen(struct text purpose, struct text address, int fd)
{
	struct lab_carrier *c = of_address(address);

	if (!text_is(purpose, lab_carrier_kind.name))
		return false;
	if (!c)
		return false;
	listener_free(&c->listener);
	c->listener = listener_new(role_loop(), fd, 1, program_came, c);
	return true;
}

bool lab_carriers_unlisten(struct text purpose, struct text address)
{
	struct lab_carrier *c = of_address(address);

	if (!text_is(purpose, lab_carrier_kind.name))
		return false;
	if (c)
		listener_free(&c->listener);
	return true;
}

/* --- the node --- */

static const char *const kind_words[] = { "connections", "messages", NULL }; /* enum lab_carrier_moves */

static const struct knob knobs[] = {
	{ .name = "listen",
	  .type = KNOB_LISTEN,
	  .offset = offsetof(struct lab_carrier_settings, listen),
	  .required = true,
	  .help = "Where the program that is the carrier connects; loopback only: it is asked for no password" },
	{ .name = "kind",
	  .type = KNOB_WORD,
	  .offset = offsetof(struct lab_carrier_settings, kind),
	  .words = kind_words,
	  .fallback = "connections",
	  .help = "What it moves: CP messages over connections, as a cell does, or RP messages, as SIP does" },
};

static enum result check(const void *node, const char **why_out)
{
	const struct lab_carrier_settings *s = node;
	struct net_address address;
	const char *why;

	*why_out = "a carrier's name has at most 64 characters";
	if (s->node.name.len > IPC_CARRIER_NAME_MAX)
		return ERR_TOO_BIG;
	*why_out = "`listen` of a lab-carrier takes a loopback address only: it asks for no password";
	if (net_address_parse(s->listen, &address, &why) != OK || !net_address_is_loopback(&address))
		return ERR_DENIED;
	return OK;
}

const struct node_kind lab_carrier_kind = {
	.name = "lab-carrier",
	.named = true,
	.size = sizeof(struct lab_carrier_settings),
	.knobs = knobs,
	.knobs_count = sizeof(knobs) / sizeof(knobs[0]),
	.roles = FOR_LAB,
	.help = "A carrier of phones that a program plays, PDU by PDU, for tests of `carrier`",
	.check = check,
};
