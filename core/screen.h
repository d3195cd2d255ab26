/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Screening: whether a message of an account may go to this recipient now, whatever it costs and whichever way it would
 * take. Facts in, verdict out: no I/O, no clock. core/queue_screen.c brings the facts.
 *
 * The rules, in the order in which they are asked; the first that refuses is the answer:
 *
 *	id  refused or put off                                          what permits it
 *	S1  the recipient opted out of this sender or account           START by the recipient
 *	S2  the recipient is not on the account's allow list            `allow-recipient` of the account
 *	S4  the same text went to the recipient a moment ago            another text, or the end of `duplicate-window`
 *	S3  quiet hours: put off to their end; refused only where the   a later time, or a longer validity
 *	    sender's own validity ends before they do
 *
 * Emergency passes everything. What comes from a network, and our own notices to a recipient (the answer to STOP), are
 * not screened: B17 says that they always pass.
 *
 * Quiet hours are read where a message is accepted, and again where it leaves HOLD. What was accepted before
 * they began, and is tried again within them, goes: it stands in its recipient's line, and others' messages wait behind
 * it.
 */
#ifndef CORE_SCREEN_H
#define CORE_SCREEN_H

#include "core/message.h"
#include "core/message_id.h"
#include "core/screen_time.h"

/* Channel of our own notices to a recipient: always free, never screened, no lane. No edge takes messages by it. */
#define SCREEN_NOTICE "notice"

enum screen_rule {
	SCREEN_PASSES,
	SCREEN_OPTED_OUT,   /* S1 */
	SCREEN_NOT_ALLOWED, /* S2 */
	SCREEN_QUIET,	    /* S3 */
	SCREEN_DUPLICATE,   /* S4 */
	SCREEN_RULE_COUNT
};
const char *screen_rule_name(enum screen_rule rule); /* "S1"; "" = none */

struct screen_facts {
	bool emergency, notice, from_network;
	int64_t now_us;
	int64_t due_us;	     /* as asked for; 0 = at once */
	int64_t validity_us; /* as asked for; 0 = none was */
	struct text recipient;
	/* S1. `optout_sender` empty: of all senders of the account. */
	bool opted_out;
	struct text optout_sender;
	int64_t optout_us;
	/* S2: prefixes; none = any recipient. */
	const struct text *allowed;
	unsigned allowed_count;
	const struct screen_quiet *quiet; /* S3; NULL = none */
	/* S4 */
	bool duplicate;
	struct message_id earlier;
	int64_t earlier_us, window_us;
};

struct screen_verdict {
	enum screen_rule rule;
	bool refused;	/* else `due_us` counts */
	int64_t due_us; /* put off to this time; 0 = it is not */
};

void screen_decide(const struct screen_facts *facts, struct screen_verdict *out);
/* "S1: opted out of 12345 on 2026-11-24; START to 12345 by the recipient permits it". Nothing where it passes. */
void screen_explain(const struct screen_facts *facts, const struct screen_verdict *verdict, struct writer *w);
#define SCREEN_EXPLAIN_MAX 512u /* octets that hold any of these */

/* Whether a message is one of ours to a recipient. */
static inline bool screen_is_notice(const struct message *m)
{
	return text_is(m->channel, SCREEN_NOTICE);
}

/* Whether this reason, of all that a message may be refused for, is one of screening. */
static inline bool screen_says(const char *why)
{
	return why[0] == 'S' && why[1] >= '1' && why[1] <= '4' && why[2] == ':';
}

/* Two ways to write one sender or recipient are one: "+8190.." and "8190..", "Acme" and "ACME". */
void screen_fold(struct text address, struct writer *w);
/* Nobody can answer an alphanumeric sender: who opted out of any number of the account is not reached by it. */
bool screen_can_answer(struct text sender);

#endif
