/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One SMPP session, either side of it: an engine without socket, clock or log. Octets go in, octets come out, and the
 * owner hears of what matters through a table of functions.
 *
 *	          bind answered                       unbind, either side
 *	OPEN ------------------> BOUND_TX | RX | TRX ----------------------> UNBINDING ---> CLOSED
 *	  \__ outbind __ OUTBOUND __/                                 (any state: lost, silent, bad length)
 *
 * The owner
 *  - gives what the socket received to smpp_session_receive(), which takes whole PDUs only, and offers the rest again;
 *  - at the end of each turn of its loop sends smpp_session_output() and says with smpp_session_sent() how much left;
 *  - calls smpp_session_tick() when smpp_session_due() has come;
 *  - when the state is CLOSED sends what is left of the output and closes the socket; when the socket is lost calls
 *    smpp_session_lost().
 *
 * Functions of the table are called from within the calls above. They may call anything here but smpp_session_free(),
 * smpp_session_receive() and smpp_session_tick(). PDUs given to them are views that end with the call.
 *
 * Every request of the peer is answered: by the engine (enquire_link, unbind, unknown ids, wrong state, fields that are
 * wrong, a full window, the broadcast operations), else by the owner, now or later, in any order, by its id and
 * sequence. Every request of ours is reported once, answered or not.
 *
 * Times are monotonic microseconds. One owner, one thread.
 */
#ifndef SMS_SMPP_SESSION_H
#define SMS_SMPP_SESSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/result.h"
#include "core/base/text.h"
#include "sms/smpp_pdu.h"

struct smpp_session;

enum smpp_side { SMPP_ESME, SMPP_CENTRE };

enum smpp_session_state {
	SMPP_SESSION_OPEN,
	SMPP_SESSION_OUTBOUND, /* an outbind was sent or received; a bind must follow */
	SMPP_SESSION_BOUND_TX,
	SMPP_SESSION_BOUND_RX,
	SMPP_SESSION_BOUND_TRX,
	SMPP_SESSION_UNBINDING, /* answers still go both ways, new requests do not */
	SMPP_SESSION_CLOSED,
	SMPP_SESSION_STATES
};

enum smpp_close {
	SMPP_CLOSE_NOT,		 /* not closed */
	SMPP_CLOSE_ASKED,	 /* smpp_session_close() */
	SMPP_CLOSE_LOST,	 /* smpp_session_lost() */
	SMPP_CLOSE_UNBOUND,	 /* after an unbind of either side */
	SMPP_CLOSE_BIND_REFUSED, /* by us or by the peer: smpp_session_bind_status() */
	SMPP_CLOSE_BIND_TIMEOUT,
	SMPP_CLOSE_SILENT,     /* enquire_link was not answered, or nothing came for silence_us */
	SMPP_CLOSE_BAD_LENGTH, /* command_length below 16 or above pdu_max */
	SMPP_CLOSE_BACKLOG,    /* the peer does not read: more than twice output_max is waiting */
	SMPP_CLOSES
};

const char *smpp_session_state_name(enum smpp_session_state state); /* "bound-trx" */
const char *smpp_close_name(enum smpp_close reason);		    /* "bind-timeout" */

struct smpp_session_options {
	enum smpp_side side;
	uint8_t interface_version; /* ours: in our bind, or in sc_interface_version */
	bool force_tlvs;	   /* the peer takes TLVs, whatever version it tells */
	uint32_t pdu_max;	   /* octets; larger ones close the session */
	uint32_t window;	   /* our requests without an answer; 1..SMPP_WINDOW_MAX */
	uint32_t window_in;	   /* the peer's that the owner has not answered; more are answered ESME_RTHROTTLED */
	uint32_t rate, burst;	   /* messages per second that we send; 0 = no limit. See smpp_bucket.h */
	size_t output_max;	   /* octets waiting; above it nothing new is sent */
	int64_t bind_us;	   /* from the start until bound; 0 = no limit, as for all below */
	int64_t answer_us;	   /* for each request of ours, and for an unbind to end */
	int64_t enquire_us;	   /* quiet for so long: enquire_link is sent */
	int64_t enquire_answer_us; /* and must be answered within this */
	int64_t silence_us;	   /* nothing received for so long: closed */
};

/* Per field the default that configuration starts from. */
#define SMPP_SESSION_DEFAULTS(which) \
	((struct smpp_session_options){ .side = (which), \
					.interface_version = 0x34, \
					.pdu_max = SMPP_PDU_MAX, \
					.window = 10, \
					.window_in = 1000, \
					.output_max = 1024u * 1024u, \
					.bind_us = 10000000, \
					.answer_us = 30000000, \
					.enquire_us = 30000000, \
					.enquire_answer_us = 10000000, \
					.silence_us = 300000000 })

enum smpp_end {
	SMPP_ANSWERED, /* `pdu` is the response or a generic_nack */
	SMPP_IN_DOUBT, /* it left, or may have left, and no answer came: never sent again by itself */
	SMPP_UNSENT,   /* it never left: it may go out another way at once */
};

/* What became of a request of ours. */
struct smpp_answer {
	uint64_t cookie;
	uint32_t request; /* command_id */
	uint64_t order;	  /* rises with each request sent: put back in this order what is to be sent again */
	enum smpp_end end;
	const struct smpp_pdu *pdu; /* SMPP_ANSWERED: its status says what to do, see smpp_status_action() */
	bool broken;		    /* its body could not be read: only the header counts */
};

struct smpp_session_user {
	/* SMPP_CENTRE: a peer wants to bind (pdu->id says how). Answer with smpp_session_answer_bind(). */
	void (*bind)(void *owner, struct smpp_session *s, const struct smpp_pdu *pdu);
	/* SMPP_ESME: the peer wants us to bind: check, then smpp_session_bind() or close. NULL: closed. */
	void (*outbind)(void *owner, struct smpp_session *s, const struct smpp_pdu *pdu);
	/* A message or an operation on one: answer with smpp_session_answer(), now or later. */
	void (*request)(void *owner, struct smpp_session *s, const struct smpp_pdu *pdu);
	/* alert_notification. May be NULL. */
	void (*alert)(void *owner, struct smpp_session *s, const struct smpp_pdu *pdu);
	void (*answer)(void *owner, struct smpp_session *s, const struct smpp_answer *answer);
	/* The new state, CLOSED last of all and once. */
	void (*state)(void *owner, struct smpp_session *s, enum smpp_session_state state);
	/* The peer did something wrong that was answered or passed over; for logs. status: what it was answered with,
	 * 0 = nothing. May be NULL. */
	void (*fault)(void *owner, struct smpp_session *s, uint32_t id, uint32_t sequence, uint32_t status,
		      const char *what);
};

struct smpp_session_counts {
	uint64_t requests_in, requests_out, answers_in, answers_out;
	uint64_t enquiries_in, enquiries_out;
	uint64_t malformed;   /* PDUs with a wrong field */
	uint64_t unknown;     /* command ids that are none */
	uint64_t wrong_state; /* requests that the state does not allow */
	uint64_t refused;     /* beyond window_in */
	uint64_t stray;	      /* answers to nothing, or too late */
	uint64_t timeouts;    /* requests of ours that were not answered in time */
	uint64_t throttled;   /* answers with ESME_RTHROTTLED or ESME_RMSGQFUL */
	uint64_t nacks_in;
};

/* The connection is there. `user` must outlive the session. */
struct smpp_session *smpp_session_new(const struct smpp_session_options *options, const struct smpp_session_user *user,
				      void *owner, int64_t now_us);
void smpp_session_free(struct smpp_session **session); /* nothing is reported: close first */

/* Other limits of the options, as when a bind tells whose session it is; what is open stays, also above them. */
void smpp_session_set_windows(struct smpp_session *s, uint32_t window, uint32_t window_in);

/* --- octets --- */

/* How many octets were taken; the rest begins a PDU that is not all there. After closing all are taken and ignored. */
size_t smpp_session_receive(struct smpp_session *s, const void *bytes, size_t len, int64_t now_us);
struct text smpp_session_output(const struct smpp_session *s); /* a view until the next call that may send */
void smpp_session_sent(struct smpp_session *s, size_t n);

/* --- binding --- */

/* SMPP_ESME, OPEN or OUTBOUND. `command`: SMPP_BIND_RECEIVER, _TRANSMITTER, _TRANSCEIVER. interface_version is filled
 * in from the options. ERR_DENIED in any other state or twice, ERR_TOO_BIG for a field that is too long. */
MUST_CHECK enum result smpp_session_bind(struct smpp_session *s, uint32_t command, const struct smpp_bind *bind,
					 int64_t now_us);
/* SMPP_CENTRE, OPEN. */
MUST_CHECK enum result smpp_session_outbind(struct smpp_session *s, const struct smpp_outbind *outbind, int64_t now_us);
/* SMPP_CENTRE: answers the bind that was asked. A status other than 0 closes the session. Ignored when none waits. */
void smpp_session_answer_bind(struct smpp_session *s, uint32_t status, struct text system_id, int64_t now_us);
/* Answers what is pending first (UNBINDING), closes when that is done and the peer has answered, or after answer_us. */
void smpp_session_unbind(struct smpp_session *s, int64_t now_us);
void smpp_session_close(struct smpp_session *s);
void smpp_session_lost(struct smpp_session *s); /* the socket is gone: nothing more leaves */

/* --- requests of ours --- */

/* OK; ERR_CLOSED not bound, or ending; ERR_DENIED not in this kind of bind; ERR_FULL the window or the output is full;
 * ERR_BUSY the rate is used up or the peer throttles: see smpp_session_send_due(). */
MUST_CHECK enum result smpp_session_can_send(struct smpp_session *s, uint32_t id, int64_t now_us);
/* submit_sm, deliver_sm, data_sm, submit_multi, query_sm, cancel_sm, replace_sm (alert_notification: no answer comes,
 * the cookie is not kept). pdu->sequence is filled in here. Errors as above, and ERR_TOO_BIG for a PDU that cannot be
 * encoded. `cookie` comes back in one call of answer(). */
MUST_CHECK enum result smpp_session_send(struct smpp_session *s, const struct smpp_pdu *pdu, uint64_t cookie,
					 int64_t now_us);
/* After ERR_BUSY: when to try again. */
int64_t smpp_session_send_due(struct smpp_session *s, int64_t now_us);

/* --- requests of the peer --- */

/* The answer to a request that was given to the owner. `message_id` counts with status 0 and for operations that have
 * one. False when the session has closed meanwhile: the peer does not know, and will ask again. */
bool smpp_session_answer(struct smpp_session *s, uint32_t request_id, uint32_t sequence, uint32_t status,
			 struct text message_id);
/* The same with a whole response (query_sm_resp, submit_multi_resp, TLVs): id, status, sequence and body as given. */
bool smpp_session_answer_pdu(struct smpp_session *s, const struct smpp_pdu *response);

/* --- time --- */

/* When smpp_session_tick() must be called next; INT64_MAX: never. Changes with every other call. */
int64_t smpp_session_due(const struct smpp_session *s);
void smpp_session_tick(struct smpp_session *s, int64_t now_us);

/* --- looking --- */

enum smpp_session_state smpp_session_state(const struct smpp_session *s);
bool smpp_session_bound(const struct smpp_session *s);
/* Requests with that id may be sent in this kind of bind. */
bool smpp_session_may(const struct smpp_session *s, uint32_t id);
enum smpp_close smpp_session_closed_by(const struct smpp_session *s);
uint32_t smpp_session_bind_status(const struct smpp_session *s); /* of the refused bind */
uint8_t smpp_session_peer_version(const struct smpp_session *s); /* 0 = not told */
bool smpp_session_takes_tlvs(const struct smpp_session *s);	 /* also: message ids longer than 8 octets */
uint32_t smpp_session_outstanding(const struct smpp_session *s); /* of ours */
uint32_t smpp_session_waiting(const struct smpp_session *s);	 /* of the peer's, for the owner's answer */
uint32_t smpp_session_rate(const struct smpp_session *s);	 /* that counts now; 0 = no limit */
const struct smpp_session_counts *smpp_session_counts(const struct smpp_session *s);

#endif
