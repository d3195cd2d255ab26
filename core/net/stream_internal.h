/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What stream.c (life), stream_open.c, stream_io.c (octets) and stream_turn.c (the end of a turn) share. */
#ifndef CORE_NET_STREAM_INTERNAL_H
#define CORE_NET_STREAM_INTERNAL_H

#include "core/base/clock.h"
#include "core/net/stream.h"
#include "core/net/tls_session.h"

#define STREAM_READ_SIZE (64u * 1024u)		/* octets asked for in one read */
#define STREAM_LEFT_SMALL (16u * 1024u)		/* leftovers below are copied before the next read, not read behind */
#define STREAM_READS_PER_TURN 8u		/* of one TLS stream, so that a fast peer does not starve the others */
#define STREAM_OUT_FIRST 2048u			/* first size of an output buffer; it is freed once all was sent */
#define STREAM_HANDSHAKE_US (10 * USEC_PER_SEC) /* of an accepted TLS connection */
#define STREAM_FINISH_US (30 * USEC_PER_SEC)	/* after stream_finish(), while the peer takes nothing */
#define STREAM_LINGER_US (2 * USEC_PER_SEC)	/* for the peer's end, after ours */

struct stream_link {
	struct stream_link *next, *prev;
};

/* What the streams of one loop share: the list of those with something to do at the end of this turn, and the buffer
 * that all read into. Lives as long as one stream uses it. */
struct stream_turn {
	struct loop *loop;
	struct loop_hook hook;
	struct loop_timer again; /* makes the next turn come at once */
	struct stream_link dirty;
	int64_t ended_us; /* loop_time() of the turn whose end was handled last */
	unsigned users;
	struct stream_turn *next;
	uint8_t input[STREAM_LEFT_SMALL + STREAM_READ_SIZE];
};

enum stream_state { STREAM_CONNECTING, STREAM_HANDSHAKE, STREAM_OPEN, STREAM_FINISHING, STREAM_LINGERING };

struct stream {
	struct stream_link link; /* in the dirty list, or NULLs */
	struct stream_turn *turn;
	const struct stream_handler *handler;
	void *owner;
	struct loop_watch watch;
	struct loop_timer timer;
	struct tls_session *tls;
	int fd;
	enum stream_state state;
	unsigned calls; /* nested calls that need the memory; the last one frees it */
	bool freed, paused;
	bool finish_asked; /* before it was open */
	bool input_ended;  /* the peer ended, and we still send */
	bool blocked;	   /* the socket took no more: wait for LOOP_WRITE */
	bool read_waits_write;
	bool hung;  /* ended by the peer while paused: unwatched, or the loop would spin */
	bool offer; /* what is left, or pending in TLS, is offered at the end of the turn */
	bool was_full;
	bool ended, told; /* `closed` is due; was called */
	enum result why;
	const char *text;
	uint8_t *left; /* octets not taken */
	size_t left_len, left_size;
	uint8_t *out;
	size_t out_len, out_sent, out_size;
	struct writer writer;
	char *peer;
};

struct stream_turn *stream_turn_of(struct loop *loop); /* counted */
void stream_turn_ref(struct stream_turn *turn);
void stream_turn_unref(struct stream_turn *turn);
void stream_mark(struct stream *stream); /* something to do at the end of the turn */
void stream_unmark(struct stream *stream);

/* Around everything that may call the owner: the last leave tells what is due and frees what was freed meanwhile. */
void stream_enter(struct stream *stream);
void stream_leave(struct stream *stream);
void stream_turn_ended(struct stream *stream);
/* Notes the end; `closed` is called by the last leave, or at the end of the turn. */
void stream_end_with(struct stream *stream, enum result why, const char *text);
void stream_update_want(struct stream *stream);
void stream_watch(struct stream *stream, unsigned wanted);
void stream_time(struct stream *stream, int64_t us); /* until the state must have changed */

void stream_connect_done(struct stream *stream);
void stream_handshake(struct stream *stream);

void stream_input(struct stream *stream);  /* reads and hands over */
void stream_output(struct stream *stream); /* one attempt to send what is queued */
static inline bool stream_alive(const struct stream *stream)
{
	return !stream->freed && !stream->ended;
}

#endif
