/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The parts of the SMPP server:
 *
 *	smpp_server.c		settings, ports, life
 *	smpp_server_client.c	connections: from accept to gone
 *	smpp_server_auth.c	may this one bind?
 *	smpp_server_guess.c	who guesses has to wait
 *	smpp_server_request.c	what clients ask
 *	smpp_server_esme.c	an account's binds, and deliveries to them
 *	smpp_server_receipt.c	receipts to them
 */
#ifndef SMS_SMPP_SERVER_INTERNAL_H
#define SMS_SMPP_SERVER_INTERNAL_H

#include "core/base/counter.h"
#include "core/flight.h"
#include "core/net/listen.h"
#include "core/net/tls.h"
#include "sms/link_life.h"
#include "sms/smpp_accounts.h"
#include "sms/smpp_outgoing.h"
#include "sms/smpp_server.h"

struct smpp_port {
	struct smpp_port *next;
	struct smpp_server *server;
	struct listener *listener; /* NULL: given up, with clients still there */
	char address[NET_ADDRESS_TEXT_SIZE];
	bool tls;
	unsigned clients;
};

struct bind_check; /* smpp_server_auth.c */
struct smpp_auth;
struct smpp_guesses;

/* A connection. */
struct smpp_client {
	struct smpp_client *next, **at; /* all of the server */
	struct smpp_server *server;
	struct smpp_port *port;
	struct smpp_conn *conn;
	struct smpp_account *account; /* of its bind; NULL before */
	bool bound, receives;	      /* in the account's list; it takes deliver_sm */
	/* a bind under way */
	char system_id[SMPP_SYSTEM_ID_MAX + 1], password[SMPP_PASSWORD_MAX + 1];
	int64_t asked_us;
	uint32_t refusal; /* what the timer answers; 0 = it looks at the secret */
	struct loop_timer timer;
	struct bind_check *check;
	struct smpp_client *next_waiter;
};

struct smpp_receipt_row;
#define SMPP_ENDED_KEPT 1024u

/* An account with something under way. */
struct smpp_esme {
	struct smpp_server *server;
	struct smpp_account *account;
	char link[MESSAGE_ACCOUNT_MAX + 8];
	struct smpp_client **binds;
	unsigned binds_count, binds_room, turn;
	struct outgoing_style style;
	struct outgoing_list list;
	unsigned open;			  /* deliveries here, waiting or unanswered */
	struct flight_table receipts;	  /* all that are here, by row */
	struct smpp_receipt_row *waiting; /* those not sent */
	struct smpp_receipt_row **waiting_last;
	struct flight_node *ended; /* rows that a client took, the last ones, in a ring; NULL before the first */
	struct flight_table ended_ids;
	unsigned ended_next;
	struct loop_timer again, overdue;
	bool announced, up;
	struct link_life life;
	uint32_t window;
	struct counter *taken_in, *refused_in, *throttled_in;
	struct counter *sent, *refused, *unanswered, *receipts_sent;
};

struct smpp_server {
	struct smpp_conns *conns;
	struct sms_calls *calls;
	struct worker *worker;
	struct loop *loop;
	struct channel *channel;
	struct arena *arena; /* of the settings */
	struct smpp_server_settings settings;
	struct tls_server *tls;
	struct smpp_accounts *accounts;
	struct smpp_auth *auth;
	struct smpp_guesses *guesses;
	struct smpp_port *ports;
	struct smpp_client *clients;
	unsigned clients_count;
	bool stopping;
	struct counter *connections, *bound, *binds, *binds_refused, *too_many;
};

/* --- connections --- */

void smpp_server_accept(struct smpp_port *port, int fd, const struct net_address *peer);
/* Answers the bind that waits. */
void smpp_client_admit(struct smpp_client *c, struct smpp_account *account);
void smpp_client_refuse(struct smpp_client *c, uint32_t status);
const char *smpp_client_name(const struct smpp_client *c); /* for logs */
void smpp_port_release(struct smpp_port *port);

/* --- who may bind --- */

struct smpp_auth *smpp_auth_new(void);
void smpp_auth_free(struct smpp_auth **auth); /* checks that still run come to nothing */
/* A bind came: ends in smpp_client_admit() or smpp_client_refuse(), now or later. */
void smpp_auth_bind(struct smpp_client *c, const struct smpp_bind *bind);
void smpp_auth_forget(struct smpp_client *c); /* it is gone */

struct smpp_guesses *smpp_guesses_new(void);
void smpp_guesses_free(struct smpp_guesses **guesses);
/* How long an unknown secret from there waits before it is looked at (this takes the next turn); -1 = too many wait. */
int64_t smpp_guesses_turn(struct smpp_guesses *guesses, const char *peer, int64_t now_us);
/* A failure: how long after its bind it is answered. */
int64_t smpp_guesses_failed(struct smpp_guesses *guesses, const char *peer, int64_t now_us, unsigned *failures_out);

/* --- requests --- */

void smpp_server_request(struct smpp_client *c, const struct smpp_pdu *pdu);

/* --- an account's binds --- */

struct smpp_esme *smpp_esme_of(struct smpp_server *server, struct smpp_account *account); /* made when there is none */
void smpp_esme_free(struct smpp_account *account);
void smpp_esme_add(struct smpp_esme *e, struct smpp_client *c);
void smpp_esme_remove(struct smpp_esme *e, struct smpp_client *c);
/* The settings changed. */
void smpp_esme_set(struct smpp_esme *e);
void smpp_esme_stop(struct smpp_esme *e);
/* A bind that may be sent a deliver_sm now; NULL when there is none. */
struct smpp_client *smpp_esme_ready(struct smpp_esme *e);
void smpp_esme_pump(struct smpp_esme *e);
void smpp_esme_answer(struct smpp_client *c, const struct smpp_answer *answer);
bool smpp_esme_idle(const struct smpp_esme *e);

/* --- receipts: cookies of theirs have the lowest bit set --- */

#define SMPP_RECEIPT_COOKIE UINT64_C(1)
void smpp_receipts_init(struct smpp_esme *e);
void smpp_receipts_clear(struct smpp_esme *e);
void smpp_receipts_pump(struct smpp_esme *e);
void smpp_receipts_answer(struct smpp_client *c, const struct smpp_answer *answer);
void smpp_receipts_put_off(struct smpp_esme *e, const char *why); /* those that wait here go back to the queue */

#endif
