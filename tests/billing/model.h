/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The oracle of the money: it hears what happened and what was answered, keeps a tiny ledger of its own, and says which
 * statement broke when an event or what is seen afterwards does not fit. It knows none of the product's structs, on
 * purpose: what both got wrong would go unseen.
 *
 * Statements, as named in `broken`: B1..B22 of the billing rules and R9.1..R9.10 of the routing rules.
 *	B1  a priced send lies in the quote, and money follows priced bytes only
 *	B2  one posting per delivery	      B3  never above the quoted maximum    B4  the quote is locked at accept
 *	B5  a durable hold before a send      B6  each hold ends once, in time	    B7  no lease outlives its hold
 *	B8  doubt: same bearer and attempt, and nobody pays for what stays unknown  B9  the ledger sums to zero
 *	B10 no overdraft, and no false one    B11 caps, warnings once each	    B12 the same command twice is once
 *	B13 an old epoch writes nothing	      B14 state and money change together   B15 refunds <= charge, once
 *	B16 the recipient pays only with his own consent			    B17 free messages always pass
 *	B18 a record for each end, which says what was paid			    B21 a permit for each priced send
 *	B22 the durability word is the store's own
 * B19 (reconciliation) and B20 (outage of an OCS) need billing/reconcile.h and the daemon:
 * tests/billing/test_reconcile, tests/scenario. Of B21 the link check is make layers'.
 *
 *	R9.1 a permit is for one tuple, once	    R9.2 class PACKET pays nothing
 *	R9.3 nothing paid beside an open RCS try    R9.4 one paid attempt in flight
 *	R9.5 grown content is not sent		    R9.6 roaming is read at the send
 *	R9.7 the decision is stored first	    R9.8 a late RCS success costs nothing
 *	R9.9 end-to-end encrypted pays nothing	    R9.10 one policy version per message
 */
#ifndef TESTS_BILLING_MODEL_H
#define TESTS_BILLING_MODEL_H

#include <stdbool.h>
#include <stdint.h>

#define MODEL_MESSAGES 8
#define MODEL_DELIVERIES (2 * MODEL_MESSAGES)
#define MODEL_YEN INT64_C(1000000)
#define MODEL_NEVER (INT64_MAX / 2)

enum model_bearer { MODEL_RCS, MODEL_SMS, MODEL_MMS, MODEL_BEARERS };
enum model_answer { MODEL_DONE, MODEL_REPEAT, MODEL_CONFLICT, MODEL_REFUSED, MODEL_LOST };
enum model_state { MODEL_WAITING, MODEL_LEASED, MODEL_ENDED, MODEL_HANDED };
enum model_end { END_NONE, END_SENT, END_FAILED, END_LATE, END_CANCELLED, END_UNKNOWN, END_DELIVERED, END_SHOWN };

enum model_kind {
	EVENT_ACCEPT,
	EVENT_CLAIM,
	EVENT_SEND,
	EVENT_FINISH,
	EVENT_DOUBT,
	EVENT_RELEASE,
	EVENT_PARK,
	EVENT_DECIDE,
	EVENT_REPORT,
	EVENT_REFUND,
	EVENT_CANCEL,
	EVENT_EXPIRE,
	EVENT_CAP,
	EVENT_FUND,
	EVENT_CONSENT
};

/* One delivery as it is offered: what its payer agreed to. */
struct model_terms {
	unsigned bearers; /* bits of the priced bearers in its quote */
	int64_t held, version, hold_deadline, deadline;
	bool pay_on_delivery, packet_only, encrypted, home_only;
	int64_t other_held; /* by the recipient */
	bool other_consented;
};

struct model_event {
	enum model_kind kind;
	enum model_answer answer;
	bool no_credit, no_room; /* why it was refused */
	unsigned u;		 /* accept: the message */
	int64_t epoch, attempt, amount, lease, deadline, version;
	enum model_bearer bearer, armed;
	enum model_end end;
	bool post, again, other_body; /* accept */
	/* send */
	int64_t price, units;
	bool permit, permit_twice, permit_other, late, has_trail;
	bool by_wire; /* report */
	unsigned cancelled;
	struct model_terms terms[2];
};

struct model_delivery {
	bool exists, doubt, cancel, parked;
	bool told_while_leased; /* a report ended it beside an attempt, and is taken for that one's */
	enum model_state state;
	struct model_terms terms; /* of its newest quote */
	int64_t version;	  /* the first decision's */
	int64_t epoch, attempt, lease, held, held_at_claim, other_held, posted, other_posted, refunded;
	enum model_end end;
	unsigned refunds;
	/* of its attempts */
	bool open[MODEL_BEARERS], ever_sent[MODEL_BEARERS];
	int64_t sent_attempt;
	/* wire id */
	bool wire;
	enum model_end wire_end;
};

struct model {
	int64_t now; /* the store's clock */
	int64_t balance, held, other_balance, other_held;
	int64_t cap, cap_wanted, cap_posted, cap_held;
	bool warned[2], roaming;
	struct model_delivery d[MODEL_DELIVERIES];
	const char *broken; /* the first statement that broke, or NULL */
	char why[160];
};

/* What is there after an event. */
struct model_seen_delivery {
	bool exists, doubt, cancel, parked, has_hold;
	enum model_state state;
	enum model_end end;
	int64_t epoch, attempt, lease, hold_deadline, held, max, version, posted, refunded;
	unsigned records;
	int64_t record_net; /* of its newest record */
};

struct model_seen {
	struct model_seen_delivery d[MODEL_DELIVERIES];
	int64_t balance, held, other_balance, other_held, credit;
	int64_t cap, cap_posted, cap_held;
	unsigned warnings[2];
	int64_t entries_sum;
	bool sound, gap, durable, should_be_durable;
};

void model_start(struct model *m, int64_t balance, int64_t other_balance, int64_t cap, int64_t now);
void model_event(struct model *m, const struct model_event *e);
/* Compares, and asserts what must always hold. */
void model_look(struct model *m, const struct model_seen *s);
/* Says that a statement broke; the first one stays. */
void model_break(struct model *m, const char *statement, const char *format, ...) __attribute__((format(printf, 3, 4)));

#endif
