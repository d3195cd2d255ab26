/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A modem in PDU mode (3GPP TS 27.005, 27.007): octets of its serial line in and out, events up. One command is under
 * way at a time; unsolicited lines may come anywhere. No tty, no clock: times are given (monotonic microseconds),
 * modem_run() is due at modem_next_us().
 *
 *	OFF --modem_start()--> STARTING --all commands answered--> READY <--registration--> NO_NETWORK
 *	         ^--pause_us-- BROKEN <--three silent commands, an answer that cannot be--'
 *	                       STOPPED <--SIM missing, PIN, PUK, modem_halt(): a person must act
 *
 * Nothing is lost: what arrives is acknowledged to the network (AT+CNMA), or deleted from the modem's store, only after
 * modem_committed(). What was sent and not answered is in doubt and never sent again by this engine.
 */
#ifndef SMS_MODEM_H
#define SMS_MODEM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/result.h"
#include "core/base/text.h"
#include "sms/sms_address.h"

struct modem_timers {
	int64_t command_us; /* an answer to a command */
	int64_t send_us;    /* +CMGS behind the PDU: the network's answer */
	int64_t pause_us;   /* before a line that broke is started again */
	int64_t watch_us;   /* between looks at signal, registration and store */
};
#define MODEM_TIMERS_DEFAULT ((struct modem_timers){ 10000000, 60000000, 10000000, 60000000 })
#define MODEM_SILENCES_MAX 3u /* commands without answer until the line counts as broken */
#define MODEM_LINE_MAX 1024u  /* characters of one line; longer ones are dropped */
#define MODEM_COMMITS_MAX 16u /* messages without modem_committed(); more are not taken off the network */
#define MODEM_WAITING_MAX 64u /* places of the store to be read; more wait for the next look */

enum modem_state {
	MODEM_OFF,
	MODEM_STARTING,
	MODEM_READY,
	MODEM_NO_NETWORK,
	MODEM_BROKEN,
	MODEM_STOPPED,
	MODEM_STATES
};

/* Where messages are kept that the modem stores (27.005 3.2.2). */
enum modem_storage { MODEM_STORAGE_ANY, MODEM_STORAGE_SIM, MODEM_STORAGE_PHONE, MODEM_STORAGE_BOTH };

struct modem_config {
	enum modem_storage
		storage;    /* ANY: the modem's own, or the SIM; BOTH ("MT"): read from both, kept in the first */
	const char *pin;    /* digits; NULL or empty = none; tried once per modem_start() */
	const char *centre; /* digits, perhaps with a plus: the service centre to set; NULL = the SIM's */
	struct modem_timers timers;
};

/* DELIVER or STATUS-REPORT. Views, needed during the callback only. */
struct modem_message {
	struct sms_address centre;
	struct text tpdu;
};

enum modem_outcome {
	MODEM_SENT,	/* +CMGS: reference */
	MODEM_REFUSED,	/* +CMS ERROR: cause, for retry_cause.h; 500 when it gave none */
	MODEM_NOT_SENT, /* the PDU did not leave: try again */
	MODEM_UNSURE,	/* it did, and no answer came */
	MODEM_OUTCOMES
};
struct modem_end {
	enum modem_outcome outcome;
	uint8_t reference; /* TP-MR: match a report by it, destination and time, since it repeats */
	uint16_t cause;
};

struct modem_user {
	void (*send)(void *owner, const void *octets, size_t len);
	void (*state)(void *owner, enum modem_state state, const char *why); /* `why` lives as long as the program */
	void (*message)(void *owner, const struct modem_message *m);	     /* then modem_committed(), then or later */
	void (*ended)(void *owner, const struct modem_end *end);	     /* of modem_submit() */
};

struct modem;

/* The texts of the configuration are copied. */
struct modem *modem_new(const struct modem_user *user, void *owner, const struct modem_config *config);
void modem_free(struct modem **modem);

void modem_start(struct modem *modem, int64_t now_us); /* the line is open; also the way out of STOPPED */
/* Out of STOPPED; a PIN that was tried is not tried again: three wrong ones lock the SIM. */
void modem_resume(struct modem *modem, int64_t now_us);
/* Into STOPPED, when it is up: the network said that this line is at fault. `why` lives as long as the program. */
void modem_halt(struct modem *modem, const char *why, int64_t now_us);
void modem_line_lost(struct modem *modem, int64_t now_us);
void modem_received(struct modem *modem, const void *octets, size_t len, int64_t now_us);

/* A SUBMIT or COMMAND. ERR_BUSY one is under way; ERR_CLOSED not READY; ERR_TOO_BIG. */
MUST_CHECK enum result modem_submit(struct modem *modem, struct text tpdu, int64_t now_us);
/*
 * To the oldest message without this answer; exactly once for each, also when the line has broken meanwhile. It is
 * kept, or it could not be (then the network, or the modem's store, keeps it and gives it again).
 */
void modem_committed(struct modem *modem, bool kept, int64_t now_us);

int64_t modem_next_us(const struct modem *modem);
void modem_run(struct modem *modem, int64_t now_us);

enum modem_state modem_state_of(const struct modem *modem);
const char *modem_state_name(enum modem_state state);
int modem_signal(const struct modem *modem); /* 0-31, 99 = not known */

#endif
