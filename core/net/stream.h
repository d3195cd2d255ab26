/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A connected byte stream with buffers on both sides, plain or under TLS. What is written during a turn of the loop
 * leaves at its end in one write (TCP_NODELAY is always on). Nothing here blocks.
 *
 * A stream ends once: `closed` is called, then the owner frees it, at once or later. Any callback may free the stream.
 */
#ifndef CORE_NET_STREAM_H
#define CORE_NET_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/loop.h"
#include "core/base/result.h"
#include "core/base/text.h"
#include "core/base/writer.h"
#include "core/net/net_address.h"

struct stream;
struct tls_server;
struct tls_client;

#define STREAM_INPUT_MAX (256u * 1024u)		 /* octets kept when `received` takes less than is there */
#define STREAM_BACKLOG_HIGH (1024u * 1024u)	 /* stream_room() is false above */
#define STREAM_BACKLOG_MAX (64u * 1024u * 1024u) /* a peer that lets us collect more than this is closed, counted */

struct stream_handler {
	/* Connected, and the TLS handshake is done. Not called for an accepted plain socket, which is open at once. May
	 * be NULL. */
	void (*connected)(void *owner, struct stream *stream);
	/* Octets that are there; returns how many were taken. The rest is offered again, with what follows it, when
	 * more arrives or a pause ends. A handler that leaves STREAM_INPUT_MAX octets untaken is closed with
	 * ERR_TOO_BIG. */
	size_t (*received)(void *owner, struct stream *stream, const uint8_t *bytes, size_t n);
	/* The other side ended, or something failed: OK = a clean end. `text` says why, for people. */
	void (*closed)(void *owner, struct stream *stream, enum result why, const char *text);
	/* After stream_room() was false, the backlog is small again. May be NULL. */
	void (*room)(void *owner, struct stream *stream);
};

/* Takes over an accepted socket. `tls` NULL = plain. */
struct stream *stream_accept(struct loop *loop, int fd, struct tls_server *tls, const struct stream_handler *handler,
			     void *owner);
/* Starts connecting; `connected` or `closed` follows, never before this returns. `server_name` is what the certificate
 * must name (with tls). timeout_us covers connecting and handshake. */
struct stream *stream_connect(struct loop *loop, const struct net_address *to, struct tls_client *tls,
			      const char *server_name, int64_t timeout_us, const struct stream_handler *handler,
			      void *owner);
void stream_free(struct stream **stream); /* closes at once; what was not sent is lost */

void stream_write(struct stream *stream, const void *bytes, size_t n); /* copied */
/* Room for `max` octets to write into; nothing else may be written before stream_end(), which takes what is in it. A
 * writer that failed writes nothing. */
struct writer *stream_begin(struct stream *stream, size_t max);
void stream_end(struct stream *stream);
void stream_flush(struct stream *stream); /* now rather than at the end of the turn; seldom needed */
/* Sends what is queued, ends our direction, throws away what still comes until the peer ends too (2 s at most); then
 * `closed` follows, with OK when all was sent. Nothing can be written any more and `received` is not called. */
void stream_finish(struct stream *stream);
/* Stops reading: pushes back on the peer, whose end is then told after the pause. */
void stream_pause(struct stream *stream, bool paused);
bool stream_room(const struct stream *stream);
size_t stream_backlog(const struct stream *stream);

const char *stream_alpn(const struct stream *stream); /* "h2", or "" */
bool stream_is_tls(const struct stream *stream);
void stream_addresses(const struct stream *stream, struct net_address *ours_out, struct net_address *peer_out);
const char *stream_peer(const struct stream *stream); /* the peer's address as text; never NULL */

#endif
