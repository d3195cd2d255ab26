/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The GSUP server that OsmoMSC connects to: it is the MSC's short message centre, and passes everything else to the
 * real HLR unchanged, over one connection per MSC under the MSC's own name.
 *
 *	osmo-msc ----GSUP----> gsup_server ----all but 24..2E, unchanged----> osmo-hlr
 *	             24..2E = MO-forwardSM, MT-forwardSM, READY-FOR-SM
 *
 * By what passes it learns where each subscriber is and which number it has. Octets in and out, events up; no socket,
 * no clock: times are given (monotonic microseconds), gsup_server_run() is due at gsup_server_next_us(). Links are the
 * owner's ids of connections from MSCs, never 0; the connection to the HLR belongs to the same id. Callbacks come
 * during calls and may call again, except that on_close() must end the link later, not from within.
 */
#ifndef SMS_GSUP_SERVER_H
#define SMS_GSUP_SERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/result.h"
#include "sms/gsup.h"
#include "sms/rp.h"

struct gsup_timers {
	int64_t ping_us;   /* between pings, both sides */
	int64_t pong_us;   /* until the answer, and until an identity */
	int64_t mt_us;	   /* MT-forwardSM until its answer: MSCs before 1.14 give none when paging fails */
	int64_t answer_us; /* what we have to answer MO-forwardSM; afterwards the MSC does not wait any more */
};
#define GSUP_TIMERS_DEFAULT ((struct gsup_timers){ 20000000, 10000000, 60000000, 40000000 })

struct gsup_limits {
	uint32_t links_max;    /* MSCs */
	uint32_t phones_max;   /* subscribers whose place is known */
	unsigned answers_max;  /* messages of one MSC that wait for an answer */
	size_t hlr_octets_max; /* kept for an HLR that is not connected yet */
};
#define GSUP_LIMITS_DEFAULT ((struct gsup_limits){ 32, 100000, 1024, 16384 })

/* A message from a phone. Views, needed during the callback only. */
struct gsup_mo {
	uint64_t link;
	const char *imsi;
	uint8_t reference;
	bool memory;			       /* RP-SMMA that came as MO (some versions): no tpdu */
	struct sms_address originator, centre; /* the phone's number as the MSC knows it; len 0 = none */
	struct text tpdu;
};

enum gsup_outcome {
	GSUP_DELIVERED, /* the phone acknowledged */
	GSUP_REFUSED,	/* the phone refused: cause is an RP cause */
	GSUP_NETWORK,	/* the network did: cause is an enum gsup_cause; nothing arrived */
	GSUP_NO_ANSWER, /* nothing came back: it may have arrived */
	GSUP_LINK_LOST, /* likewise */
	GSUP_OUTCOMES
};

struct gsup_end {
	enum gsup_outcome outcome;
	uint8_t cause;
	struct text tpdu; /* report of the phone, if any */
};

struct gsup_server_user {
	void (*to_msc)(void *owner, uint64_t link, const void *octets, size_t len);
	void (*to_hlr)(void *owner, uint64_t link, const void *octets, size_t len);
	void (*open_hlr)(void *owner, uint64_t link); /* connect to the HLR; then gsup_server_hlr_up() or _down() */
	void (*close)(void *owner, uint64_t link, const char *why); /* both sides; then gsup_server_down() */
	void (*msc)(void *owner, uint64_t link, const char *name, bool up);
	void (*message)(void *owner, const struct gsup_mo *mo); /* commit, then gsup_server_answer() */
	/* There, or there again (READY-FOR-SM, registered; memory: it has room again); or gone. */
	void (*present)(void *owner, const char *imsi, bool there, bool memory);
	void (*number)(void *owner, const char *imsi, const char *msisdn); /* digits, as the HLR gave them */
	void (*ended)(void *owner, const char *imsi, const struct gsup_end *end);
};

struct gsup_server;

/* `name` is ours, as the source of what we send: "SMSC-cellpost". */
struct gsup_server *gsup_server_new(const struct gsup_server_user *user, void *owner, const char *name,
				    struct gsup_timers timers, struct gsup_limits limits);
/* Every whole frame that came, before it is looked at; for captures. */
void gsup_server_watch(struct gsup_server *server,
		       void (*frame)(void *owner, uint64_t link, bool msc, struct text whole));
void gsup_server_free(struct gsup_server **server);

MUST_CHECK enum result gsup_server_up(struct gsup_server *server, uint64_t link, int64_t now_us); /* ERR_FULL */
void gsup_server_down(struct gsup_server *server, uint64_t link, int64_t now_us);
void gsup_server_received(struct gsup_server *server, uint64_t link, const void *octets, size_t len, int64_t now_us);

void gsup_server_hlr_up(struct gsup_server *server, uint64_t link, int64_t now_us);
void gsup_server_hlr_down(struct gsup_server *server, uint64_t link, int64_t now_us); /* open_hlr() comes again */
void gsup_server_hlr_received(struct gsup_server *server, uint64_t link, const void *octets, size_t len,
			      int64_t now_us);

/*
 * A DELIVER or STATUS-REPORT to a phone. Where its place is not known every MSC is asked in turn. ERR_CLOSED no MSC is
 * connected, or not that one; ERR_BUSY one is under way to that phone; ERR_FULL, ERR_TOO_BIG.
 */
MUST_CHECK enum result gsup_server_send(struct gsup_server *server, const char *imsi, const struct sms_address *centre,
					struct text tpdu, bool more, int64_t now_us);
/* To message(). cause 0 acknowledges, else an RP cause. False when the MSC does not wait for it any more. */
bool gsup_server_answer(struct gsup_server *server, uint64_t link, const char *imsi, uint8_t reference, uint8_t cause,
			int64_t now_us);

int64_t gsup_server_next_us(const struct gsup_server *server);
void gsup_server_run(struct gsup_server *server, int64_t now_us);

const char *gsup_outcome_name(enum gsup_outcome outcome);
/* The name of the MSC where that subscriber is; NULL = not known. */
const char *gsup_server_place(const struct gsup_server *server, const char *imsi);
uint32_t gsup_server_phones(const struct gsup_server *server);

#endif
