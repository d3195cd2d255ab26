/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The decision: one message and one recipient (or one mixed group) in, exactly one outcome out. A pure function of the
 * facts below: no I/O, no clock, no memory. The rules and their numbers are explained in core/route_decide.c; the 48
 * cells and the paid path stand, readable, in tests/core/route_golden.txt.
 *
 * Which link then carries the message is core/route.h. What an attempt's result does to the facts is
 * core/route_result.h. SMS and MMS come out only where class, consent, answer, roaming and price allow a permit.
 */
#ifndef CORE_ROUTE_DECIDE_H
#define CORE_ROUTE_DECIDE_H

#include <stdbool.h>
#include <stdint.h>

#include "core/base/text.h"
#include "core/base/writer.h"
#include "core/message_id.h"

enum route_outcome {
	ROUTE_RCS,	    /* send over RCS now */
	ROUTE_RCS_DEFERRED, /* into the RCS store; delivered when the recipient registers */
	ROUTE_SMS,	    /* only with a permit */
	ROUTE_MMS,	    /* only with a permit */
	ROUTE_HOLD,	    /* keep, decide again on an event of the wake set; expires at the message's validity */
	ROUTE_REJECT,	    /* permanent error to the sender; the rule is the reason */
	ROUTE_QUERY_FIRST,  /* ask for the recipient's capability, then decide again */
	ROUTE_OUTCOME_COUNT
};

/* The facts. ON: RCS account with a live binding. OFF: RCS account without one, or without data. NO: no RCS service. */
enum sender_state { SENDER_ON, SENDER_OFF, SENDER_NO, SENDER_STATE_COUNT };
enum recipient_state {
	RECIPIENT_ON,	   /* RCS contact, registered now */
	RECIPIENT_OFF,	   /* known RCS contact, not registered now */
	RECIPIENT_NO,	   /* known to have no RCS */
	RECIPIENT_UNKNOWN, /* never learnt */
	RECIPIENT_STATE_COUNT
};
enum freshness { KNOWN_FRESH, KNOWN_STALE, FRESHNESS_COUNT };	     /* of what is known about the recipient */
enum capability { CAPABILITY_YES, CAPABILITY_NO, CAPABILITY_COUNT }; /* the recipient's, for this content class */
enum content_class { CONTENT_TEXT, CONTENT_FILE, CONTENT_GEO, CONTENT_CARD, CONTENT_CLASS_COUNT };
enum query_state { QUERY_NOT_DONE, QUERY_EXHAUSTED, QUERY_STATE_COUNT };
enum latch { LATCH_NONE, LATCH_RCS, LATCH_XMS, LATCH_COUNT }; /* new thread; chat running; moved to SMS and MMS */
enum charge_class { CLASS_PACKET, CLASS_PACKET_THEN_PAID, CLASS_PAID, CHARGE_CLASS_COUNT };
enum fit { FIT_OK, FIT_TOO_BIG, FIT_NONE, FIT_COUNT };
enum consent { CONSENT_NEVER, CONSENT_ASK, CONSENT_NOT_WHEN_ROAMING, CONSENT_ALWAYS, CONSENT_COUNT };
enum answer { ANSWER_NONE, ANSWER_YES, ANSWER_NO, ANSWER_COUNT }; /* to our question about this message */
enum price { PRICE_WITHIN, PRICE_ABOVE, PRICE_UNKNOWN, PRICE_COUNT };
/* RCS_OPEN: an RCS try neither delivered nor proved closed. PAID_OPEN: permit spent, result unknown. */
enum attempt { ATTEMPT_NONE, ATTEMPT_RCS_OPEN, ATTEMPT_PAID_OPEN, ATTEMPT_COUNT };

struct route_facts {
	enum sender_state sender;
	enum recipient_state recipient;
	enum freshness freshness;
	enum capability capability;
	enum content_class content;
	enum query_state query;
	enum latch latch;
	enum charge_class charge_class;
	enum fit sms_fit, mms_fit; /* after final encoding; sms_fit of what SMS would carry */
	enum consent consent;
	enum answer answer;
	enum price price; /* final, against the ceiling */
	enum attempt attempt;
	bool offline_text, offline_file; /* offline reception allowed, two independent flags */
	bool barred, e2ee, group_mixed, rcs_fits, link_by_sms, roaming, terminate_as_rcs;
};

/* The rules, in the numbers of core/route_decide.c and of tests/core/route_golden.txt. */
/* clang-format off */
enum route_rule {
	RULE_NONE,
	R0_1, R0_2, R0_3, R0_4, R0_5, R0_6, R0_7,
	R1_1, R1_2, R1_3, R1_4, R1_5, R1_6, R1_7, R1_8, R1_9, R1_10, R1_11, R1_12,
	R2_1, R2_2, R2_3, R2_4, R2_5, R2_6, R2_7, R2_8, R2_9, R2_10, R2_11, R2_12,
	R3_1, R3_2, R3_3, R3_4, R3_5, R3_6, R3_7, R3_8, R3_9, R3_10, R3_11, R3_12,
	R4_1, R4_2, R4_3, R4_4, R4_5, R4_6, R4_7, R4_8, R4_9, R4_10, R4_11, R4_12,
	R5_1, R5_2, R5_3, R5_4, R5_5,
	R6_0, R6_1, R6_2, R6_3, R6_4, R6_5, R6_6, R6_7, R6_8, R6_9,
	ROUTE_RULE_COUNT
};
/* clang-format on */

/* Events that wake a message on HOLD: bits of route_decision.wakes. */
enum route_wake {
	WAKE_SENDER_ON,
	WAKE_RECIPIENT_ON,
	WAKE_PAID_RESULT,
	WAKE_RCS_CLOSED,
	WAKE_LATCH,
	WAKE_CONSENT,
	WAKE_ROAMING_END,
	WAKE_PRICE,
	ROUTE_WAKE_COUNT
};
#define WAKE_BIT(wake) (1u << (wake))

enum route_bearer { BEARER_RCS, BEARER_SMS, BEARER_MMS, ROUTE_BEARER_COUNT };

/* Why a bearer was not taken. */
enum route_refusal {
	REFUSAL_NONE, /* it was taken */
	REFUSAL_PAID_OPEN,
	REFUSAL_RCS_OPEN,
	REFUSAL_BARRED,
	/* of RCS */
	REFUSAL_GROUP_MIXED,
	REFUSAL_ASKED_PAID,
	REFUSAL_SENDER_HAS_NO_RCS,
	REFUSAL_SENDER_OFFLINE,
	REFUSAL_RECIPIENT_HAS_NO_RCS,
	REFUSAL_RECIPIENT_UNKNOWN,
	REFUSAL_RECIPIENT_OFFLINE,
	REFUSAL_NO_CAPABILITY,
	REFUSAL_RCS_TOO_BIG,
	REFUSAL_THREAD_MOVED,
	/* of SMS and MMS */
	REFUSAL_FREE_PATH,
	REFUSAL_MAY_BE_FREE, /* wait or ask first: a free path may open */
	REFUSAL_NOT_MOVED,   /* too big for RCS, and size alone moves nothing to a paid bearer */
	REFUSAL_PACKET_ONLY,
	REFUSAL_E2EE,
	REFUSAL_SEGMENTS,
	REFUSAL_NO_TEXT_FORM,
	REFUSAL_OVER_MMS_CLASS,
	REFUSAL_NO_MMS_FOR_PAIR,
	REFUSAL_NOT_PROMOTED, /* text is never promoted to MMS */
	REFUSAL_NO_LINK_BY_SMS,
	REFUSAL_MMS_TAKES_IT,
	REFUSAL_CONSENT_NEVER,
	REFUSAL_CONSENT_AWAITED,
	REFUSAL_CONSENT_DENIED,
	REFUSAL_ROAMING,
	REFUSAL_PRICE_ABOVE,
	REFUSAL_PRICE_UNKNOWN,
	ROUTE_REFUSAL_COUNT
};

#define ROUTE_TRAIL_MAX 12

struct route_decision {
	enum route_outcome outcome;
	enum route_rule cell;		/* R1.1 .. R4.12, R5.1 .. R5.3, or RULE_NONE */
	enum route_rule rule;		/* the last one that set the outcome */
	enum recipient_state recipient; /* after R0.6 and R0.7 */
	enum charge_class charge_class; /* after R0.4 */
	bool offline;			/* the flag of R0.5 */
	uint8_t trail_count;
	uint8_t trail[ROUTE_TRAIL_MAX]; /* enum route_rule: those that applied, in order */
	uint16_t wakes;
	uint8_t refused[ROUTE_BEARER_COUNT]; /* enum route_refusal */
};

void route_decide(const struct route_facts *facts, struct route_decision *out);

/* For a profile with long_text = file, after a REJECT by R5.5 of a text: the facts to decide once more with. */
bool route_again_as_file(const struct route_facts *facts, const struct route_decision *decision,
			 struct route_facts *out);

/* What the record holds beside facts and decision. */
struct route_record {
	struct message_id id; /* of the delivery */
	uint32_t sequence;    /* of the decision, from 1 */
	uint32_t policy;      /* version */
	struct text price;    /* "1 x 3.30 JPY <= 10.00", or empty */
};

/* One line, no line end:
 *	SMS by R3.2 (A_ON B_OFF text offline_text=0); R6.9 token 1 x 3.30 JPY <= 10.00; consent ask=yes; policy 41
 */
void route_explain(struct writer *w, const struct route_facts *facts, const struct route_decision *decision,
		   const struct route_record *record);
/* One sentence for one bearer: "RCS: no, the recipient is not registered and ..." */
void route_explain_bearer(struct writer *w, const struct route_decision *decision, enum route_bearer bearer);

const char *route_outcome_name(enum route_outcome v); /* "RCS_DEFERRED" */
const char *route_rule_name(enum route_rule v);	      /* "R3.2" */
const char *route_rule_text(enum route_rule v);	      /* a few words for people, "" for cells */
const char *route_wake_name(enum route_wake v);	      /* "SENDER_ON" */
const char *route_bearer_name(enum route_bearer v);   /* "RCS" */
const char *route_refusal_text(enum route_refusal v); /* for people */
const char *sender_state_name(enum sender_state v);   /* "A_ON" */
const char *recipient_state_name(enum recipient_state v);
const char *freshness_name(enum freshness v);
const char *capability_name(enum capability v);
const char *content_class_name(enum content_class v);
const char *query_state_name(enum query_state v);
const char *latch_name(enum latch v);
const char *charge_class_name(enum charge_class v);
const char *fit_name(enum fit v);
const char *consent_name(enum consent v); /* "never" "ask" "not-when-roaming" "always", as configured */
const char *answer_name(enum answer v);
const char *price_name(enum price v);
const char *attempt_name(enum attempt v);
bool consent_parse(struct text t, enum consent *out);
/* How sure a cell is: D documented, M seen, R recalled, I inferred, P policy; two letters where it has two legs. */
const char *route_cell_mark(enum route_rule cell);

#endif
