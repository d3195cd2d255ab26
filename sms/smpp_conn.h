/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * An SMPP session on a socket: the engine of smpp_session.h, a stream, a timer. What a session has to say during a turn
 * leaves at its end in one write, and only after the queue knows which deliveries are in it (channel_said()).
 */
#ifndef SMS_SMPP_CONN_H
#define SMS_SMPP_CONN_H

#include "core/base/loop.h"
#include "core/channel.h"
#include "core/net/stream.h"
#include "sms/smpp_session.h"

struct smpp_conn;
struct smpp_conns; /* all of a role */

/* The channel outlives it. */
struct smpp_conns *smpp_conns_new(struct loop *loop, struct channel *channel);
void smpp_conns_free(struct smpp_conns **conns);
struct loop *smpp_conns_loop(struct smpp_conns *conns);
struct channel *smpp_conns_channel(struct smpp_conns *conns);
/* Says at the end of this turn, before anything leaves, that this delivery is leaving. */
void smpp_conns_sending(struct smpp_conns *conns, struct message_id id);

/*
 * Accepts or connects; the session is made when the connection stands (`opened`). `gone` comes once, last of all, after
 * the session has reported every open request; the owner then forgets the conn, which frees itself.
 */
struct smpp_conn_user {
	struct smpp_session_user session; /* its owner is the conn's owner */
	void (*opened)(void *owner, struct smpp_conn *conn);
	void (*gone)(void *owner, struct smpp_conn *conn, const char *why);
	const char *(*link_name)(void *owner); /* as captures know it; NULL: they do not see this conn */
};

struct smpp_conn *smpp_conn_accept(struct smpp_conns *conns, int fd, struct tls_server *tls,
				   const struct smpp_session_options *options, const struct smpp_conn_user *user,
				   void *owner);
struct smpp_conn *smpp_conn_connect(struct smpp_conns *conns, const struct net_address *to, struct tls_client *tls,
				    const char *server_name, const struct smpp_session_options *options,
				    const struct smpp_conn_user *user, void *owner);

uint64_t smpp_conn_id(const struct smpp_conn *conn); /* never 0, never used again */
struct smpp_conn *smpp_conn_find(struct smpp_conns *conns, uint64_t id);
struct smpp_session *smpp_conn_session(struct smpp_conn *conn); /* NULL until opened */
const char *smpp_conn_peer(const struct smpp_conn *conn);
/* After any call on its session from outside a callback of it: what it wants to say will leave. */
void smpp_conn_touch(struct smpp_conn *conn);
void smpp_conn_end(struct smpp_conn *conn); /* unbinds politely, then closes */
void smpp_conn_cut(struct smpp_conn *conn); /* at once */

#endif
