/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The life of a stream:
 *
 *	CONNECTING -> HANDSHAKE (with TLS) -> OPEN -> FINISHING (what is queued leaves) -> LINGERING -> ended
 *
 * LINGERING: our direction is closed and what still comes is thrown away until the peer ends too, because closing a
 * socket with unread octets resets the connection and may destroy what we sent last.
 * An end is only noted where it is seen; `closed` is called once by stream_leave(), never inside a call of the owner.
 */
#include "core/net/stream_internal.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/base/arena.h"
#include "core/base/counter.h"
#include "core/base/log.h"

/* --- what is waited for, and ends ------------------------------------------------------------------------------- */

void stream_update_want(struct stream *s)
{
	bool read = s->state == STREAM_OPEN ? !s->paused : s->state > STREAM_CONNECTING;
	bool write = s->blocked || s->read_waits_write || s->state == STREAM_CONNECTING;

	if (!stream_alive(s))
		return;
	if (s->state == STREAM_HANDSHAKE)
		read = !write;
	loop_want(&s->watch, (read && !s->input_ended ? LOOP_READ : 0) | (write ? LOOP_WRITE : 0));
}

void stream_end_with(struct stream *s, enum result why, const char *text)
{
	if (s->ended)
		return;
	s->ended = true;
	s->why = s->state == STREAM_LINGERING ? OK : why; /* all was sent: however the peer ends, we are done */
	s->text = text ? text : "ended";
	loop_unwatch(&s->watch);
	loop_timer_stop(&s->timer);
	stream_mark(s);
}

static void destroy(struct stream *s)
{
	struct stream_turn *turn = s->turn;

	free(s->left);
	free(s->out);
	free(s->peer);
	free(s);
	stream_turn_unref(turn);
}

void stream_enter(struct stream *s)
{
	s->calls++;
}

static void tell_room(struct stream *s)
{
	if (!s->was_full || !stream_alive(s) || stream_backlog(s) > STREAM_BACKLOG_HIGH / 2)
		return;
	s->was_full = false;
	if (s->handler->room)
		s->handler->room(s->owner, s);
}

void stream_leave(struct stream *s)
{
	if (s->calls == 1) {
		tell_room(s);
		if (s->ended && !s->told && !s->freed) {
			s->told = true;
			stream_unmark(s);
			s->handler->closed(s->owner, s, s->why, s->text);
		}
	}
	if (!--s->calls && s->freed)
		destroy(s);
}

void stream_free(struct stream **stream)
{
	struct stream *s = *stream;

	*stream = NULL;
	if (!s)
		return;
	s->freed = true;
	stream_unmark(s);
	loop_unwatch(&s->watch);
	loop_timer_stop(&s->timer);
	tls_session_free(&s->tls);
	close(s->fd);
	if (!s->calls)
		destroy(s);
}

/* --- turns ------------------------------------------------------------------------------------------------------ */

static void timed_out(void *owner)
{
	static const char *const texts[] = {
		[STREAM_CONNECTING] = "connecting took too long",
		[STREAM_HANDSHAKE] = "the TLS handshake took too long",
		[STREAM_OPEN] = "took too long",
		[STREAM_FINISHING] = "the peer did not take what was queued",
		[STREAM_LINGERING] = "ended by us",
	};
	struct stream *s = owner;

	stream_enter(s);
	stream_end_with(s, s->state == STREAM_LINGERING ? OK : ERR_TIMEOUT, texts[s->state]);
	stream_leave(s);
}

void stream_time(struct stream *s, int64_t us)
{
	loop_timer_start(s->turn->loop, &s->timer, us, timed_out, s);
}

static void finish_sent(struct stream *s)
{
	if (s->state != STREAM_FINISHING || !stream_alive(s) || stream_backlog(s))
		return;
	if (s->tls)
		tls_session_shutdown(s->tls);
	if (s->input_ended || shutdown(s->fd, SHUT_WR)) {
		stream_end_with(s, OK, "ended by us");
		return;
	}
	s->state = STREAM_LINGERING;
	stream_time(s, STREAM_LINGER_US);
}

/* The peer is gone while we do not read. What it sent last is read after the pause; waiting for it here would spin.
 * What we still have for it shows the end now, since the owner may wait for room before it reads again. */
static void gone_while_paused(struct stream *s)
{
	if (stream_backlog(s))
		stream_output(s);
	if (!stream_alive(s))
		return;
	s->hung = true;
	loop_unwatch(&s->watch);
}

static void progress(struct stream *s, unsigned events)
{
	if (s->state == STREAM_CONNECTING)
		stream_connect_done(s);
	if (s->state == STREAM_HANDSHAKE && stream_alive(s))
		stream_handshake(s);
	if (s->state < STREAM_OPEN || !stream_alive(s))
		return;
	if (s->blocked && events & (LOOP_WRITE | LOOP_HUP))
		stream_output(s);
	if (stream_alive(s) && (events & (LOOP_READ | LOOP_HUP) || s->tls))
		stream_input(s);
	finish_sent(s);
}

static void ready(void *owner, unsigned events)
{
	struct stream *s = owner;

	stream_enter(s);
	if ((events & LOOP_HUP) && s->paused && s->state == STREAM_OPEN)
		gone_while_paused(s);
	else
		progress(s, events);
	stream_update_want(s);
	stream_leave(s);
}

void stream_watch(struct stream *s, unsigned wanted)
{
	if (loop_watch(s->turn->loop, &s->watch, s->fd, wanted, ready, s))
		stream_end_with(s, ERR_IO, "the socket cannot be watched");
}

void stream_turn_ended(struct stream *s)
{
	stream_enter(s);
	if (stream_alive(s) && s->offer && s->state >= STREAM_OPEN)
		stream_input(s);
	if (stream_alive(s) && !s->blocked)
		stream_output(s);
	finish_sent(s);
	stream_update_want(s);
	stream_leave(s);
}

/* --- writing ---------------------------------------------------------------------------------------------------- */

static void out_room(struct stream *s, size_t more)
{
	if (s->out_sent && s->out_sent >= s->out_len / 2) {
		memmove(s->out, s->out + s->out_sent, s->out_len - s->out_sent);
		s->out_len -= s->out_sent;
		s->out_sent = 0;
	}
	if (s->out_len + more <= s->out_size)
		return;
	size_t size = s->out_size ? s->out_size * 2 : STREAM_OUT_FIRST;
	while (size < s->out_len + more)
		size *= 2;
	s->out = must_realloc(s->out, size);
	s->out_size = size;
}

static void written(struct stream *s)
{
	size_t backlog = stream_backlog(s);

	if (backlog > STREAM_BACKLOG_HIGH)
		s->was_full = true;
	if (backlog > STREAM_BACKLOG_MAX) {
		counter_add(counter_get(COUNTER_COUNT, "net_backlog_closed_total", NULL,
					"connections closed because the peer took nothing"),
			    1);
		stream_end_with(s, ERR_TOO_BIG, "the peer takes nothing");
	} else if (!s->blocked) {
		stream_mark(s);
	}
}

static bool writable(const struct stream *s)
{
	return stream_alive(s) && s->state <= STREAM_OPEN && !s->finish_asked;
}

void stream_write(struct stream *s, const void *bytes, size_t n)
{
	if (!writable(s) || !n)
		return;
	out_room(s, n);
	memcpy(s->out + s->out_len, bytes, n);
	s->out_len += n;
	written(s);
}

struct writer *stream_begin(struct stream *s, size_t max)
{
	out_room(s, max ? max : 1);
	s->writer = writer_of(s->out + s->out_len, max);
	return &s->writer;
}

void stream_end(struct stream *s)
{
	size_t n = writer_ok(&s->writer) ? writer_len(&s->writer) : 0;

	s->writer = (struct writer){ 0 };
	if (!writable(s))
		return;
	s->out_len += n;
	written(s);
}

void stream_flush(struct stream *s)
{
	if (s->blocked || !s->out_len)
		return;
	stream_output(s);
	stream_update_want(s);
	if (s->was_full)
		stream_mark(s);
}

void stream_finish(struct stream *s)
{
	if (!stream_alive(s) || s->state > STREAM_OPEN)
		return;
	s->finish_asked = true;
	if (s->state < STREAM_OPEN)
		return;
	s->state = STREAM_FINISHING;
	stream_pause(s, false);
	stream_time(s, STREAM_FINISH_US);
	stream_mark(s);
}

void stream_pause(struct stream *s, bool paused)
{
	if (!stream_alive(s) || s->paused == paused)
		return;
	s->paused = paused;
	if (paused) {
		stream_update_want(s);
		return;
	}
	s->offer = true;
	stream_mark(s);
	if (s->hung) {
		s->hung = false;
		stream_watch(s, LOOP_READ);
	}
	stream_update_want(s);
}

bool stream_room(const struct stream *s)
{
	return stream_backlog(s) <= STREAM_BACKLOG_HIGH;
}

size_t stream_backlog(const struct stream *s)
{
	return s->out_len - s->out_sent;
}

const char *stream_alpn(const struct stream *s)
{
	return s->tls ? tls_session_alpn(s->tls) : "";
}

bool stream_is_tls(const struct stream *s)
{
	return s->tls != NULL;
}

void stream_addresses(const struct stream *s, struct net_address *ours_out, struct net_address *peer_out)
{
	net_socket_addresses(s->fd, ours_out, peer_out);
}

const char *stream_peer(const struct stream *s)
{
	return s->peer;
}
