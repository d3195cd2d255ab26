/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The SMPP server: accounts bind here as clients (ESMEs), hand in messages, and take messages of phones and receipts.
 *
 * What a client may expect:
 *  - submit_sm, data_sm and submit_multi are answered once the queue has the message for good. An answer's message_id
 *    is 28 hexadecimal digits, or 8 of them for a client that binds as version 3.3 or says nothing. submit_multi is one
 *    message: its destinations are accepted or refused together, but for those that are no addresses.
 *  - esm_class transaction mode (2) is answered like store and forward: the outcome comes as a receipt.
 *  - replace_if_present_flag is passed over; sm_default_msg_id and distribution lists are refused.
 *  - query_sm and cancel_sm find a message by its whole id (a client of version 3.3 cannot). replace_sm is refused with
 *    ESME_RREPLACEFAIL: what was accepted may be on its way.
 *  - A message that is refused for now is answered with ESME_RTHROTTLED (the account's rate, or its window),
 *    ESME_RMSGQFUL (the queue takes nothing just now) or ESME_RSYSERR.
 *  - A wrong password and an unknown system_id are answered alike, later with each failure from the same address.
 *  - Messages and receipts go to any receiver or transceiver bind of the account, in turn. A deliver_sm whose answer
 *    never came is repeated: it may arrive twice. Receipts wait in the queue while nobody is bound.
 *
 * The link of an account is "esme:ACCOUNT"; it is up while a bind that receives is there.
 */
#ifndef SMS_SMPP_SERVER_H
#define SMS_SMPP_SERVER_H

#include "core/base/worker.h"
#include "sms/sms_calls.h"
#include "sms/smpp_vty.h"

struct smpp_server;
struct link_row;

/* All three outlive it, but for the worker, which may be freed before it. */
struct smpp_server *smpp_server_new(struct smpp_conns *conns, struct sms_calls *calls, struct worker *worker);
/* Ends all at once; deliveries that were sent are in doubt. */
void smpp_server_free(struct smpp_server **server);

/* Accounts and settings are copied, and limits count at once. Binds of accounts that are gone, whose secret or
 * from-address changed, or that are more than smpp-binds end. Another certificate counts for new connections. */
void smpp_server_set(struct smpp_server *server, const struct config *config);
/* Takes over fd. TLS where the address stands in tls-listen. */
void smpp_server_listen(struct smpp_server *server, struct text address, int fd);
/* Connections that were made there go on. */
void smpp_server_unlisten(struct smpp_server *server, struct text address);

/* Is this the name of a link of ours? */
bool smpp_server_delivers(const struct smpp_server *server, struct text link);
void smpp_server_deliver(struct smpp_server *server, const struct ipc_deliver *delivery);
/* A receipt for "esme:ACCOUNT". */
void smpp_server_outbox(struct smpp_server *server, const struct ipc_outbox *row);

/* Takes no more connections, unbinds all; deliveries that were not sent go back. `idle` then says when all is over. */
void smpp_server_stop(struct smpp_server *server);
bool smpp_server_idle(const struct smpp_server *server);
/* Accounts that are or were bound, as links; throttled: requests of theirs that were. */
void smpp_server_rows(const struct smpp_server *server, void (*each)(void *owner, const struct link_row *row),
		      void *owner);
/* Lines for people: ports, accounts that are bound, their sessions. */
void smpp_server_show(const struct smpp_server *server, void (*say)(void *owner, const char *line), void *owner);

#endif
