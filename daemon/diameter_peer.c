/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The base protocol towards one peer. States: away (a pause runs), connecting, asking (CER is out), up. */
#include "daemon/diameter_peer.h"

#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/base/arena.h"
#include "core/base/counter.h"
#include "core/base/log.h"
#include "core/base/random.h"
#include "core/net/stream.h"

#define REQUEST_ROOM 4096u
#define SUCCESS 2001u
#define COMMAND_UNSUPPORTED 3001u

enum state { AWAY, CONNECTING, ASKING, UP };

struct diameter_peer {
	struct loop *loop;
	const struct diameter_peer_handler *handler;
	void *owner;
	struct diameter_peer_options options;
	bool used, stopped;
	enum state state;
	struct stream *stream;
	struct loop_timer timer; /* the pause, the wait for capabilities, the watchdog */
	bool watched;		 /* the watchdog's question is out */
	uint32_t hop, end;
	char name[RO_NAME_MAX + 1]; /* the peer's */
	char why[200];
	struct counter *connects, *losses, *bad, *up_gauge;
};

static void connect_now(void *owner);
static void watch(struct diameter_peer *p);

static void set_why(struct diameter_peer *p, const char *why)
{
	snprintf(p->why, sizeof(p->why), "%s", why);
}

static struct ro_identity identity_of(const struct diameter_peer *p)
{
	struct ro_identity us = { .host = text_of(p->options.host), .realm = text_of(p->options.realm) };
	struct net_address ours, theirs;

	stream_addresses(p->stream, &ours, &theirs);
	if (ours.storage.ss_family == AF_INET6) {
		const struct sockaddr_in6 *a = (const struct sockaddr_in6 *)&ours.storage;
		memcpy(us.address, &a->sin6_addr, 16);
		us.address_len = 16;
	} else if (ours.storage.ss_family == AF_INET) {
		const struct sockaddr_in *a = (const struct sockaddr_in *)&ours.storage;
		memcpy(us.address, &a->sin_addr, 4);
		us.address_len = 4;
	}
	return us;
}

static struct ro_ids new_ids(struct diameter_peer *p)
{
	return (struct ro_ids){ ++p->hop, ++p->end };
}

/* --- losing and coming back ----------------------------------------------------------------------------------- */

static void lost(struct diameter_peer *p, const char *why)
{
	bool was_up = p->state == UP;

	if (p->state == AWAY)
		return;
	stream_free(&p->stream);
	p->state = AWAY;
	set_why(p, why);
	counter_set(p->up_gauge, 0);
	loop_timer_stop(&p->timer);
	if (!p->stopped)
		loop_timer_start(p->loop, &p->timer, p->options.reconnect_us, connect_now, p);
	if (!was_up)
		return;
	counter_add(p->losses, 1);
	LOGN(LOG_BILLING, p->name, "the charging system's connection ended: %s", why);
	p->handler->down(p->owner, p->why);
}

static void no_capabilities(void *owner)
{
	lost(owner, "it did not answer the exchange of capabilities in time");
}

static void leave(struct diameter_peer *p, const char *why)
{
	if (p->state != UP) {
		lost(p, why);
		return;
	}
	struct ro_identity us = identity_of(p);
	ro_put_disconnect(stream_begin(p->stream, REQUEST_ROOM), &us, new_ids(p));
	stream_end(p->stream);
	stream_flush(p->stream);
	lost(p, why);
}

/* --- the watchdog (RFC 3539 3.4) ------------------------------------------------------------------------------ */

static void silent(void *owner)
{
	struct diameter_peer *p = owner;

	if (p->watched) {
		lost(p, "it did not answer the watchdog");
		return;
	}
	struct ro_identity us = identity_of(p);
	ro_put_watchdog(stream_begin(p->stream, REQUEST_ROOM), &us, new_ids(p));
	stream_end(p->stream);
	p->watched = true;
	loop_timer_start(p->loop, &p->timer, p->options.watchdog_us, silent, p);
}

static void watch(struct diameter_peer *p)
{
	p->watched = false;
	loop_timer_start(p->loop, &p->timer, p->options.watchdog_us, silent, p);
}

/* --- what comes ----------------------------------------------------------------------------------------------- */

static void capabilities(struct diameter_peer *p, const struct ro_message *m)
{
	char why[120];

	if (p->state != ASKING)
		return;
	if (m->result != SUCCESS || !m->serves_credit) {
		snprintf(why, sizeof(why), "it refuses us: %u %s%s", m->result, ro_result_name(m->result),
			 m->result == SUCCESS ? ", it does not serve credit control" : "");
		LOGN(LOG_BILLING, NULL, "the charging system: %s", why);
		lost(p, why);
		return;
	}
	(void)text_quote(m->host, p->name, sizeof(p->name));
	p->state = UP;
	p->why[0] = 0;
	counter_add(p->connects, 1);
	counter_set(p->up_gauge, 1);
	LOGN(LOG_BILLING, p->name, "the charging system is connected");
	watch(p);
	p->handler->up(p->owner, text_of(p->name));
}

static void answer(struct diameter_peer *p, const struct ro_message *m, uint32_t result)
{
	struct ro_identity us = identity_of(p);

	ro_put_answer(stream_begin(p->stream, REQUEST_ROOM), &us, m, result);
	stream_end(p->stream);
}

static void request(struct diameter_peer *p, const struct ro_message *m)
{
	switch (m->command) {
	case RO_WATCHDOG:
		answer(p, m, SUCCESS);
		break;
	case RO_DISCONNECT:
		answer(p, m, SUCCESS);
		stream_flush(p->stream);
		lost(p, "it took its leave");
		break;
	default:
		answer(p, m, COMMAND_UNSUPPORTED);
	}
}

static void message(struct diameter_peer *p, const struct ro_message *m)
{
	if (m->flags & RO_FLAG_REQUEST)
		request(p, m);
	else if (m->command == RO_CAPABILITIES)
		capabilities(p, m);
	else if (m->command != RO_WATCHDOG && m->command != RO_DISCONNECT && p->state == UP)
		p->handler->answer(p->owner, m);
	if (p->state == UP)
		watch(p);
}

static size_t received(void *owner, struct stream *stream, const uint8_t *bytes, size_t n)
{
	struct diameter_peer *p = owner;
	size_t taken = 0, len = 0;
	enum result r = OK;

	while (p->stream == stream && (r = ro_measure(bytes + taken, n - taken, &len)) == OK && len <= n - taken) {
		struct ro_message m;
		r = ro_decode(&m, bytes + taken, len);
		taken += len;
		if (r)
			break;
		message(p, &m);
	}
	if (p->stream == stream && r && r != ERR_SHORT) {
		counter_add(p->bad, 1);
		lost(p, "it sent what is no Diameter message");
	}
	return taken;
}

static void connected(void *owner, struct stream *stream)
{
	struct diameter_peer *p = owner;

	p->state = ASKING;
	struct ro_identity us = identity_of(p);
	ro_put_capabilities(stream_begin(stream, REQUEST_ROOM), &us, new_ids(p));
	stream_end(stream);
	loop_timer_start(p->loop, &p->timer, p->options.connect_us, no_capabilities, p);
}

static void closed(void *owner, struct stream *stream, enum result why, const char *text)
{
	(void)stream;
	(void)why;
	lost(owner, text);
}

static const struct stream_handler stream_handler = { .connected = connected, .received = received, .closed = closed };

static void connect_now(void *owner)
{
	struct diameter_peer *p = owner;

	p->state = CONNECTING;
	p->stream = stream_connect(p->loop, &p->options.address, NULL, NULL, p->options.connect_us, &stream_handler, p);
}

/* --- for the owner -------------------------------------------------------------------------------------------- */

struct diameter_peer *diameter_peer_new(struct loop *loop, const struct diameter_peer_handler *handler, void *owner)
{
	struct diameter_peer *p = must_alloc(sizeof(*p));

	p->loop = loop;
	p->handler = handler;
	p->owner = owner;
	p->hop = random_below(UINT32_MAX);
	p->end = random_below(UINT32_MAX);
	p->connects = counter_get(COUNTER_COUNT, "diameter_connections_total", NULL,
				  "Connections with the charging system that came up");
	p->losses = counter_get(COUNTER_COUNT, "diameter_connections_lost_total", NULL, "... and that ended");
	p->bad = counter_get(COUNTER_COUNT, "diameter_malformed_total", NULL,
			     "Messages of the charging system that could not be read");
	p->up_gauge = counter_get(COUNTER_GAUGE, "diameter_up", NULL, "Whether the charging system is connected");
	counter_set(p->up_gauge, 0); /* the page outlives a process */
	return p;
}

void diameter_peer_free(struct diameter_peer **peer)
{
	if (!*peer)
		return;
	loop_timer_stop(&(*peer)->timer);
	stream_free(&(*peer)->stream);
	free(*peer);
	*peer = NULL;
}

static bool same(const struct diameter_peer_options *a, const struct diameter_peer_options *b)
{
	char one[NET_ADDRESS_TEXT_SIZE], two[NET_ADDRESS_TEXT_SIZE];

	return text_equal(text_of(net_address_text(&a->address, one)), text_of(net_address_text(&b->address, two))) &&
	       text_equal(text_of(a->host), text_of(b->host)) && text_equal(text_of(a->realm), text_of(b->realm));
}

void diameter_peer_use(struct diameter_peer *p, const struct diameter_peer_options *options)
{
	bool keep = p->used && same(&p->options, options) && !p->stopped;

	if (!keep)
		leave(p, "the configuration names another peer");
	p->options = *options;
	p->used = true;
	p->stopped = false;
	if (keep)
		return;
	loop_timer_stop(&p->timer);
	connect_now(p);
}

void diameter_peer_stop(struct diameter_peer *p)
{
	p->stopped = true;
	leave(p, "this gateway ends it");
	loop_timer_stop(&p->timer);
}

bool diameter_peer_is_up(const struct diameter_peer *p)
{
	return p->state == UP;
}

bool diameter_peer_send(struct diameter_peer *p, const struct ro_request *r)
{
	struct ro_request q = *r;

	if (p->state != UP || !stream_room(p->stream))
		return false;
	struct ro_identity us = identity_of(p);
	q.ids.hop = ++p->hop;
	struct writer *w = stream_begin(p->stream, REQUEST_ROOM);
	ro_put_credit(w, &us, &q);
	bool good = writer_ok(w);
	stream_end(p->stream);
	return good;
}

void diameter_peer_state(const struct diameter_peer *p, char *to, size_t size)
{
	static const char *const words[] = { "down", "connecting", "exchanging capabilities", "up" };
	char address[NET_ADDRESS_TEXT_SIZE];

	if (!p->used) {
		snprintf(to, size, "not configured");
		return;
	}
	const char *more = p->state == UP ? p->name : p->why;
	snprintf(to, size, "%s %s%s%s", net_address_text(&p->options.address, address), words[p->state],
		 more[0] ? ": " : "", more);
}
