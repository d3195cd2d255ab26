/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One TLS connection over a non-blocking socket, for stream.c: a step either moves or says what it waits for. The
 * socket stays the caller's. No step raises SIGPIPE.
 */
#ifndef CORE_NET_TLS_SESSION_H
#define CORE_NET_TLS_SESSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/net/tls.h"

struct tls_session;

enum tls_step {
	TLS_DONE,	/* the step is done, or octets moved */
	TLS_WANT_READ,	/* again when the socket can be read */
	TLS_WANT_WRITE, /* again when the socket can be written */
	TLS_ENDED,	/* the peer ended it properly */
	TLS_FAILED,	/* *why_out says what; the session can only be freed */
};

struct tls_session *tls_session_accept(struct tls_server *server, int fd);
/* `name`: a host name or numeric address that the certificate must carry. */
struct tls_session *tls_session_connect(struct tls_client *client, int fd, const char *name);
void tls_session_free(struct tls_session **session);

enum tls_step tls_session_handshake(struct tls_session *session, const char **why_out);
enum tls_step tls_session_read(struct tls_session *session, void *to, size_t room, size_t *got_out,
			       const char **why_out);
/* After TLS_WANT_* the same octets must be offered again (they may have moved, and more may follow them). */
enum tls_step tls_session_write(struct tls_session *session, const void *bytes, size_t n, size_t *sent_out,
				const char **why_out);
void tls_session_shutdown(struct tls_session *session);	     /* says good-bye, does not wait for the answer */
bool tls_session_pending(const struct tls_session *session); /* octets that came already and were not read */
const char *tls_session_alpn(struct tls_session *session);   /* "" = none */

#endif
