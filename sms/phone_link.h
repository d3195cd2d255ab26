/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Phones of a network of ours as a link of the gateway, whatever carries their TPDUs (GSUP, SGs, the cell, SIP): who is
 * there and under which number, deliveries part by part, one at a time per phone, what phones send, and their answer.
 * The carrier's engine fills struct phone_carrier and tells what happens. All on the loop's thread.
 *
 * A delivery to a phone that is not there, or full, goes back to the queue for the time of the slow rhythm
 * (retry_cause.h); when the phone is back the queue is told, and has it due at once.
 */
#ifndef SMS_PHONE_LINK_H
#define SMS_PHONE_LINK_H

#include "core/base/loop.h"
#include "core/channel.h"
#include "core/ipc_relay.h"
#include "sms/link_doubt.h"
#include "sms/retry_cause.h"
#include "sms/split.h"
#include "sms/tpdu.h"

struct phone_link_settings {
	const char *link; /* the whole name: "gsup", "sgs" */
	int quarters;	  /* the time zone that phones are told */
	struct split_options languages;
	struct retry_table retry;
	enum link_doubt doubt;
	uint32_t window;     /* deliveries it holds */
	uint32_t phones_max; /* known at once */
	bool trusted;	     /* its phones may send what reaches into phones and SIMs */
	bool keeps_numbers;  /* what is learned is known again after a restart (phone_link_learned) */
};

/* What the carrier does. */
struct phone_carrier {
	/* A TPDU to a phone; phone_link_ended() says what became of it. ERR_BUSY, ERR_CLOSED, ERR_NOT_FOUND: not sent.
	 */
	enum result (*send)(void *owner, const char *imsi, struct text tpdu, bool more);
	/* The answer to phone_link_message(): cause 0 acknowledges. */
	void (*answer)(void *owner, const char *imsi, uint64_t handle, uint8_t rp_cause, const struct text *report);
};

struct phone_link;
struct link_row;

struct phone_link *phone_link_new(const struct phone_link_settings *settings, struct loop *loop,
				  struct channel *channel, const struct phone_carrier *carrier, void *owner);
/* Takes nothing any more: what was not sent goes back, what is under way goes on until phone_link_idle(). */
void phone_link_stop(struct phone_link *link);
bool phone_link_idle(const struct phone_link *link);
/* What was not sent goes back; what left without an answer is in doubt. */
void phone_link_free(struct phone_link **link);

/* --- from the channel --- */
struct text phone_link_name(const struct phone_link *link);
void phone_link_deliver(struct phone_link *link, const struct ipc_deliver *delivery);
/* A report to a phone, whose number is its "from"; ended by channel_outbox_end(). */
void phone_link_outbox(struct phone_link *link, const struct ipc_outbox *row);
/* The queue is there (again). */
void phone_link_connected(struct phone_link *link);
/* False: not a list that this link asked for. */
bool phone_link_facts(struct phone_link *link, uint32_t call, const struct ipc_facts *facts);
/* False: not a call of this link. */
bool phone_link_accepted(struct phone_link *link, uint32_t call, const struct ipc_accepted *accepted);

/* --- from the carrier --- */
void phone_link_up(struct phone_link *link, bool up, const char *why); /* the carrier as a whole */
/* Digits without a plus, as an HLR has them. Another phone's number before is taken over. */
void phone_link_number(struct phone_link *link, const char *imsi, const char *msisdn);
/* The same, said by the network: kept as a fact of the queue where the settings say so. */
void phone_link_learned(struct phone_link *link, const char *imsi, const char *msisdn);
/* It has no number any more: it gets nothing, and what it sends is refused. */
void phone_link_no_number(struct phone_link *link, const char *imsi);
void phone_link_present(struct phone_link *link, const char *imsi, bool there);

struct phone_end {
	bool delivered;
	bool unsure; /* not delivered: it may have arrived */
	/* else who refused it, and why */
	enum retry_source source;
	uint16_t cause;
	bool has_fcs;
	uint8_t fcs;
};
/* During the carrier's send(): of the priced message, for a role that checks it again; empty = none. */
struct text phone_link_permit(const struct phone_link *link);
void phone_link_ended(struct phone_link *link, const char *imsi, const struct phone_end *end);

/* A SUBMIT or another TPDU of RP-DATA. `number` as the carrier knows it, may be empty. The handle comes back. */
void phone_link_message(struct phone_link *link, const char *imsi, struct text number, uint64_t handle,
			struct text tpdu);

void phone_link_row(const struct phone_link *link, struct link_row *out); /* valid until the link changes */
/* One line for people. */
void phone_link_show(const struct phone_link *link, void (*say)(void *owner, const char *line), void *owner);

#endif
