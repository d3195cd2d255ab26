/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Octets in and out of the socket, plain or under TLS.
 *
 * Reading: into the buffer that all streams of the loop share; only what the owner did not take is kept, in memory of
 * its own. A leftover of STREAM_LEFT_SMALL or more is read behind in place, so that a long item that arrives in small
 * pieces is not copied again for each.
 */
#include "core/net/stream_internal.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "core/base/arena.h"
#include "core/base/counter.h"

/* --- the socket, or TLS over it: > 0 octets moved, 0 = not now; an end is noted in the stream ------------------- */

static size_t tls_outcome(struct stream *s, enum tls_step step, size_t n, const char *why)
{
	switch (step) {
	case TLS_DONE:
		return n;
	case TLS_ENDED:
		s->input_ended = true;
		return 0;
	case TLS_FAILED:
		stream_end_with(s, ERR_CLOSED, why);
		return 0;
	default:
		return 0;
	}
}

static size_t read_some(struct stream *s, uint8_t *to, size_t room)
{
	if (s->tls) {
		const char *why = NULL;
		size_t n = 0;
		enum tls_step step = tls_session_read(s->tls, to, room, &n, &why);
		s->read_waits_write = step == TLS_WANT_WRITE;
		return tls_outcome(s, step, n, why);
	}
	ssize_t n = recv(s->fd, to, room, 0);
	if (n > 0)
		return (size_t)n;
	if (!n)
		s->input_ended = true;
	else if (errno != EAGAIN && errno != EINTR)
		stream_end_with(s, ERR_CLOSED, strerror(errno));
	return 0;
}

static size_t write_some(struct stream *s, const uint8_t *bytes, size_t n)
{
	if (s->tls) {
		const char *why = NULL;
		size_t sent = 0;
		enum tls_step step = tls_session_write(s->tls, bytes, n, &sent, &why);
		return tls_outcome(s, step, sent, why);
	}
	ssize_t sent = send(s->fd, bytes, n, MSG_NOSIGNAL);
	if (sent >= 0)
		return (size_t)sent;
	if (errno != EAGAIN && errno != EINTR)
		stream_end_with(s, ERR_CLOSED, strerror(errno));
	return 0;
}

/* --- input ------------------------------------------------------------------------------------------------------ */

static void left_drop(struct stream *s)
{
	free(s->left);
	s->left = NULL;
	s->left_len = s->left_size = 0;
}

/* Keeps what was not taken. `in_left`: it lies in s->left already; it stays there unless that is far too large. */
static void left_keep(struct stream *s, const uint8_t *rest, size_t n, bool in_left)
{
	if (!n) {
		left_drop(s);
		return;
	}
	if (in_left && s->left_size < 4 * n + 1024) {
		memmove(s->left, rest, n);
	} else {
		uint8_t *kept = must_alloc(n);
		memcpy(kept, rest, n);
		left_drop(s);
		s->left = kept;
		s->left_size = n;
	}
	s->left_len = n;
}

static void too_big(struct stream *s)
{
	counter_add(counter_get(COUNTER_COUNT, "net_input_too_big_total", NULL,
				"connections closed because an item was longer than its limit"),
		    1);
	stream_end_with(s, ERR_TOO_BIG, "the peer sent an item beyond the limit");
}

/* Hands over; false when reading must not go on. */
static bool hand_over(struct stream *s, const uint8_t *bytes, size_t n)
{
	if (s->state != STREAM_OPEN) { /* finishing: nobody reads any more */
		left_drop(s);
		return stream_alive(s);
	}
	size_t taken = s->handler->received(s->owner, s, bytes, n);
	if (s->freed)
		return false;
	assert(taken <= n);
	left_keep(s, bytes + taken, n - taken, bytes == s->left);
	if (s->left_len >= STREAM_INPUT_MAX && !s->ended)
		too_big(s);
	return stream_alive(s) && !s->paused;
}

static void left_grow(struct stream *s)
{
	if (s->left_size - s->left_len >= STREAM_LEFT_SMALL)
		return;
	s->left_size = 2 * s->left_len + STREAM_LEFT_SMALL;
	s->left = must_realloc(s->left, s->left_size);
}

/* One read, given to the owner behind what was left. False when there is nothing more to read now. */
static bool input_once(struct stream *s)
{
	uint8_t *to = s->turn->input;
	size_t have = s->left_len, room = STREAM_READ_SIZE;

	if (have >= STREAM_LEFT_SMALL) {
		left_grow(s);
		to = s->left;
		room = s->left_size - have;
	} else if (have) {
		memcpy(to, s->left, have);
	}
	size_t n = read_some(s, to + have, room);
	return n && hand_over(s, to, have + n);
}

static void offer_left(struct stream *s)
{
	s->offer = false;
	if (s->left_len && !s->paused && s->state == STREAM_OPEN)
		(void)hand_over(s, s->left, s->left_len);
}

static void take_end(struct stream *s)
{
	if (s->state == STREAM_OPEN)
		stream_output(s); /* a last attempt: the peer may have ended one direction only */
	if (s->tls && s->state == STREAM_OPEN && stream_alive(s))
		tls_session_shutdown(s->tls);
	if (s->state != STREAM_FINISHING && stream_alive(s))
		stream_end_with(s, OK, "the peer ended");
}

void stream_input(struct stream *s)
{
	bool more = true;

	if (s->offer)
		offer_left(s);
	for (unsigned i = 0; more && i < STREAM_READS_PER_TURN && stream_alive(s) && !s->input_ended; i++) {
		if (s->paused && s->state == STREAM_OPEN)
			break;
		more = input_once(s);
		if (!s->tls)
			break;
	}
	if (!stream_alive(s))
		return;
	if (s->input_ended)
		take_end(s);
	else if (s->tls && !s->paused && tls_session_pending(s->tls) && more) {
		s->offer = true; /* the socket will not say that there is more */
		stream_mark(s);
	}
}

/* --- output ----------------------------------------------------------------------------------------------------- */

static void output_drop(struct stream *s)
{
	free(s->out);
	s->out = NULL;
	s->out_len = s->out_sent = s->out_size = 0;
}

void stream_output(struct stream *s)
{
	if (s->state < STREAM_OPEN || !stream_alive(s))
		return;
	s->blocked = false;
	while (s->out_sent < s->out_len && !s->ended) {
		size_t n = write_some(s, s->out + s->out_sent, s->out_len - s->out_sent);
		s->out_sent += n;
		if (n && s->state == STREAM_FINISHING)
			stream_time(s, STREAM_FINISH_US);
		/* A plain socket that took less than all is full; the next attempt would say so. */
		if (!n || (!s->tls && s->out_sent < s->out_len)) {
			s->blocked = true;
			break;
		}
	}
	if (s->out_sent == s->out_len && !s->writer.start)
		output_drop(s);
}
