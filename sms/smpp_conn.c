/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Conns with something to say stand in a list that is worked off at the end of the turn. */
#include "sms/smpp_conn.h"

#include <stdlib.h>

#include "core/base/arena.h"
#include "core/base/clock.h"
#include "core/base/counter.h"
#include "core/base/idtable.h"
#include "sms/pcap_tap.h"

#define CONNS_MAX 200000u
#define SENDING_BATCH 256u
#define CONNECT_US (10 * USEC_PER_SEC)

/* What peers do wrong, of struct smpp_session_counts. */
enum fault { FAULT_MALFORMED, FAULT_UNKNOWN, FAULT_STATE, FAULT_WINDOW, FAULT_STRAY, FAULTS };

struct smpp_conn {
	struct smpp_conns *conns;
	uint64_t id;
	struct stream *stream;
	struct smpp_session *session;
	struct smpp_session_options options;
	const struct smpp_conn_user *user;
	void *owner;
	struct loop_timer timer;
	int64_t armed_us;
	bool dirty, ending, told;
	uint64_t counted[FAULTS];
	struct pcap_flow flow;
	struct smpp_conn *next_dirty;
};

struct smpp_conns {
	struct loop *loop;
	struct channel *channel;
	struct loop_hook hook;
	struct idtable *table;
	struct smpp_conn *dirty;
	struct message_id sending[SENDING_BATCH];
	unsigned sending_count;
	struct counter *faults[FAULTS];
};

static void turn_ended(void *owner);

static void make_counters(struct smpp_conns *c)
{
	static const char *const labels[FAULTS] = { "what=\"malformed\"", "what=\"unknown-command\"",
						    "what=\"wrong-state\"", "what=\"beyond-window\"",
						    "what=\"stray-answer\"" };

	for (unsigned i = 0; i < FAULTS; i++)
		c->faults[i] = counter_get(COUNTER_COUNT, "smpp_faults_total", labels[i],
					   "PDUs of SMPP peers that were refused or passed over");
}

struct smpp_conns *smpp_conns_new(struct loop *loop, struct channel *channel)
{
	struct smpp_conns *c = must_alloc(sizeof(*c));

	c->loop = loop;
	c->channel = channel;
	make_counters(c);
	c->table = idtable_new(CONNS_MAX);
	loop_hook_add(loop, &c->hook, turn_ended, c);
	return c;
}

void smpp_conns_free(struct smpp_conns **conns)
{
	if (!*conns)
		return;
	loop_hook_remove(&(*conns)->hook);
	idtable_free(&(*conns)->table);
	free(*conns);
	*conns = NULL;
}

struct loop *smpp_conns_loop(struct smpp_conns *c)
{
	return c->loop;
}

struct channel *smpp_conns_channel(struct smpp_conns *c)
{
	return c->channel;
}

static void say_sending(struct smpp_conns *c)
{
	channel_sending(c->channel, c->sending, c->sending_count);
	c->sending_count = 0;
}

void smpp_conns_sending(struct smpp_conns *c, struct message_id id)
{
	c->sending[c->sending_count++] = id;
	if (c->sending_count == SENDING_BATCH)
		say_sending(c);
}

void smpp_conn_touch(struct smpp_conn *conn)
{
	if (conn->dirty)
		return;
	conn->dirty = true;
	conn->next_dirty = conn->conns->dirty;
	conn->conns->dirty = conn;
}

static void forget_dirty(struct smpp_conn *conn)
{
	struct smpp_conn **at = &conn->conns->dirty;

	if (!conn->dirty)
		return;
	while (*at != conn)
		at = &(*at)->next_dirty;
	*at = conn->next_dirty;
	conn->dirty = false;
}

static void count_faults(struct smpp_conn *conn)
{
	const struct smpp_session_counts *n = smpp_session_counts(conn->session);
	const uint64_t now[FAULTS] = { n->malformed, n->unknown, n->wrong_state, n->refused, n->stray };

	for (unsigned i = 0; i < FAULTS; i++) {
		if (now[i] == conn->counted[i])
			continue;
		counter_add(conn->conns->faults[i], (int64_t)(now[i] - conn->counted[i]));
		conn->counted[i] = now[i];
	}
}

/* Its end: every open request was reported by the session before. */
static void gone(struct smpp_conn *conn, const char *why)
{
	if (conn->told)
		return;
	conn->told = true;
	if (conn->session)
		smpp_session_lost(conn->session);
	conn->user->gone(conn->owner, conn, why);
	if (conn->session)
		count_faults(conn);
	forget_dirty(conn);
	loop_timer_stop(&conn->timer);
	(void)idtable_remove(conn->conns->table, conn->id);
	smpp_session_free(&conn->session);
	stream_free(&conn->stream);
	free(conn);
}

static void timer_fired(void *owner);

static void arm(struct smpp_conn *conn)
{
	int64_t due = smpp_session_due(conn->session);

	if (due == INT64_MAX || (loop_timer_running(&conn->timer) && conn->armed_us <= due))
		return;
	conn->armed_us = due;
	loop_timer_start(conn->conns->loop, &conn->timer, due - clock_monotonic(), timer_fired, conn);
}

static void timer_fired(void *owner)
{
	struct smpp_conn *conn = owner;
	int64_t now = clock_monotonic();

	if (smpp_session_due(conn->session) <= now)
		smpp_session_tick(conn->session, now);
	smpp_conn_touch(conn);
}

/* Such a peer reads nothing, or is not there: there is nobody to end politely with. */
static bool is_deaf(const struct smpp_session *s)
{
	return smpp_session_closed_by(s) == SMPP_CLOSE_BACKLOG || smpp_session_closed_by(s) == SMPP_CLOSE_SILENT;
}

static void end_stream(struct smpp_conn *conn)
{
	if (conn->ending)
		return;
	conn->ending = true;
	if (is_deaf(conn->session))
		gone(conn, smpp_close_name(smpp_session_closed_by(conn->session)));
	else
		stream_finish(conn->stream);
}

static void show_captures(struct smpp_conn *conn, bool out, const void *octets, size_t n)
{
	if (pcap_on && conn->user->link_name)
		pcap_tap_smpp(&conn->flow, conn->stream, conn->user->link_name(conn->owner), out, octets, n);
}

/* What it wants to say goes to its stream; the conn may be gone after. */
static void say(struct smpp_conn *conn)
{
	if (!conn->session)
		return;
	struct text out = smpp_session_output(conn->session);
	bool closed = smpp_session_state(conn->session) == SMPP_SESSION_CLOSED;

	count_faults(conn);
	/* What a peer does not read stays in its session, which ends when it is too much. */
	if (out.len && (closed || stream_room(conn->stream))) {
		stream_write(conn->stream, out.at, out.len);
		show_captures(conn, true, out.at, out.len);
		smpp_session_sent(conn->session, out.len);
		stream_flush(conn->stream);
	}
	if (closed)
		end_stream(conn);
	else
		arm(conn);
}

static void turn_ended(void *owner)
{
	struct smpp_conns *c = owner;

	say_sending(c);
	if (!c->dirty)
		return;
	if (!channel_said(c->channel))
		return; /* the queue does not read just now; when it does, that is an event, and a turn ends after it */
	for (struct smpp_conn *conn; (conn = c->dirty);) {
		c->dirty = conn->next_dirty;
		conn->dirty = false;
		say(conn);
	}
}

/* --- the stream --------------------------------------------------------------------------------------------------- */

static void connected(void *owner, struct stream *stream)
{
	struct smpp_conn *conn = owner;

	(void)stream;
	if (conn->session)
		return;
	conn->session = smpp_session_new(&conn->options, &conn->user->session, conn->owner, clock_monotonic());
	conn->user->opened(conn->owner, conn);
	smpp_conn_touch(conn);
}

static size_t received(void *owner, struct stream *stream, const uint8_t *bytes, size_t n)
{
	struct smpp_conn *conn = owner;

	(void)stream;
	size_t taken = smpp_session_receive(conn->session, bytes, n, clock_monotonic());
	show_captures(conn, false, bytes, taken);
	smpp_conn_touch(conn);
	return taken;
}

static void ended(void *owner, struct stream *stream, enum result why, const char *text)
{
	struct smpp_conn *conn = owner;

	(void)stream;
	(void)why;
	gone(conn, text);
}

static void room(void *owner, struct stream *stream)
{
	(void)stream;
	smpp_conn_touch(owner);
}

static const struct stream_handler handler = {
	.connected = connected, .received = received, .closed = ended, .room = room
};

static struct smpp_conn *conn_new(struct smpp_conns *c, const struct smpp_session_options *options,
				  const struct smpp_conn_user *user, void *owner)
{
	struct smpp_conn *conn = must_alloc(sizeof(*conn));

	conn->conns = c;
	conn->options = *options;
	conn->user = user;
	conn->owner = owner;
	conn->id = idtable_add(c->table, conn);
	return conn;
}

struct smpp_conn *smpp_conn_accept(struct smpp_conns *c, int fd, struct tls_server *tls,
				   const struct smpp_session_options *options, const struct smpp_conn_user *user,
				   void *owner)
{
	struct smpp_conn *conn = conn_new(c, options, user, owner);

	conn->stream = stream_accept(c->loop, fd, tls, &handler, conn);
	if (!tls) /* a plain accepted stream is open at once */
		connected(conn, conn->stream);
	return conn;
}

struct smpp_conn *smpp_conn_connect(struct smpp_conns *c, const struct net_address *to, struct tls_client *tls,
				    const char *server_name, const struct smpp_session_options *options,
				    const struct smpp_conn_user *user, void *owner)
{
	struct smpp_conn *conn = conn_new(c, options, user, owner);

	conn->stream = stream_connect(c->loop, to, tls, server_name, CONNECT_US, &handler, conn);
	return conn;
}

/* --- looking and ending ---------------------------------------------------------------------------------------------
 */

uint64_t smpp_conn_id(const struct smpp_conn *conn)
{
	return conn->id;
}

struct smpp_conn *smpp_conn_find(struct smpp_conns *c, uint64_t id)
{
	return idtable_find(c->table, id);
}

struct smpp_session *smpp_conn_session(struct smpp_conn *conn)
{
	return conn->session;
}

const char *smpp_conn_peer(const struct smpp_conn *conn)
{
	return stream_peer(conn->stream);
}

void smpp_conn_end(struct smpp_conn *conn)
{
	if (!conn->session) {
		smpp_conn_cut(conn);
		return;
	}
	if (smpp_session_bound(conn->session))
		smpp_session_unbind(conn->session, clock_monotonic());
	else if (smpp_session_state(conn->session) != SMPP_SESSION_UNBINDING)
		smpp_session_close(conn->session); /* nothing to unbind yet */
	smpp_conn_touch(conn);
}

void smpp_conn_cut(struct smpp_conn *conn)
{
	gone(conn, "ended by us");
}
