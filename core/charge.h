/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The port between the queue and the money: who pays, what a delivery costs, what is held, and what becomes of it. The
 * queue role fills it with billing/charge.h; without a port, or with one that is off, nothing is priced.
 *
 * All calls but `cdr` are made on the queue's thread and answer at once: prices lie in memory. `cdr` keeps no state and
 * also runs on the store's thread.
 */
#ifndef CORE_CHARGE_H
#define CORE_CHARGE_H

#include "core/message.h"
#include "core/route_decide.h"
#include "core/store.h"

#define CHARGE_CURRENCY_SIZE 4 /* three letters and a NUL */

#define CHARGE_CAPS 3u
#define CHARGE_CAP_ROAMING 2u /* this kind counts only what is sent while roaming */

/* Who pays for a message. */
struct charge_payer {
	bool pays; /* false: nothing is charged: a free account, a phone's own message, an emergency */
	struct text name;
	uint8_t account_id[16];
	char currency[CHARGE_CURRENCY_SIZE];
	enum consent consent;	/* the account's, or the default of `billing` */
	int64_t ceiling;	/* most for one delivery, 10^-6 units */
	bool online;		/* the charging system grants each delivery first (queue_online.h) */
	struct text subscriber; /* its name there */
	uint8_t caps;		/* bits of the kinds of cap that count it */
	struct text said;	/* what the message adds, narrowing the two above; for the proof of consent */
};

/* What one delivery by one bearer costs, tax included. */
struct charge_price {
	char currency[CHARGE_CURRENCY_SIZE];
	int64_t version; /* of the tariff */
	int64_t units, amount, tax_ppm;
	uint8_t pay_on; /* 0 sent, 1 delivered */
};

#define CHARGE_QUOTED_LINES 4u
#define CHARGE_QUOTED_RUNS 38u
#define CHARGE_QUOTED_FREE 0xffu

/*
 * What a quote promises: to whom, for what content, and per recipient, in their order, at most one priced bearer. It
 * travels as a token (billing/quote.h): authenticated by us, stored nowhere.
 */
struct charge_quoted {
	uint8_t account_id[16];		     /* the payer */
	uint8_t recipients[16], content[16]; /* hashes (core/queue_quote.c) */
	int64_t given_us, until_us;
	unsigned lines_count, runs_count;
	struct charge_quoted_line {
		char bearer[16];
		struct charge_price price;
	} lines[CHARGE_QUOTED_LINES];
	struct charge_quoted_run {
		uint8_t line; /* or CHARGE_QUOTED_FREE */
		uint16_t count;
	} runs[CHARGE_QUOTED_RUNS];
};

/* The next recipient's price; NULL: it has none. False: more different prices than one quote holds. (core/charge.c) */
bool charge_quoted_add(struct charge_quoted *quoted, struct text bearer, const struct charge_price *price);
/* The price of a recipient (from 1) by that bearer, or NULL. */
const struct charge_price *charge_quoted_price(const struct charge_quoted *quoted, unsigned recipient,
					       struct text bearer);

/* A delivery at its end, for its record. */
struct charge_record {
	const struct message *message;
	struct message_id id;
	struct text recipient, bearer, rule;
	enum store_outcome outcome;
	const uint8_t *payer_id; /* all zero: it was not charged */
	int64_t attempts, units, accepted_us, expires_us, now_us;
	struct text currency; /* empty: nothing was charged */
	int64_t version;
	int64_t posted; /* that no earlier record of it told */
	bool operator_bears;
	bool again; /* it had ended before: a later report changed the outcome */
};

/* What a delivery's end does to its hold. */
struct charge_end {
	bool post;
	int64_t amount;
	bool operator_bears;
};

/* What a permit allows. `not_after_us` is on the monotonic clock. */
struct charge_permit {
	struct message_id delivery;
	struct text bearer;
	int64_t attempt, epoch, units, price, not_after_us;
};

/* What is done where the charging system does not answer (B20), and how it counts. */
struct charge_online {
	bool on;     /* one is configured */
	bool buffer; /* deliveries go without a grant, within both limits; else they wait */
	bool per_segment;
	int64_t exposure_payer, exposure_all; /* of one currency each */
};

/* Texts of ours to phones: questions, and what became of an answer. */
struct charge_notice {
	struct text number; /* that they come from, and answers go to; empty: none are sent */
	bool japanese;
};

struct charge_port {
	void *owner;
	/* Whether messages are priced now, by configuration. */
	bool (*on)(void *owner);
	/* Changes with every configuration; it stands in each decision's record. */
	uint32_t (*policy)(void *owner);
	void (*payer)(void *owner, const struct message *message, struct charge_payer *out);
	/* Segments of the message after encoding, or with files its octets; at least 1. */
	int64_t (*units)(void *owner, const struct message *message);
	/* ERR_NOT_FOUND: no price row, so not sendable there for who pays. ERR_TOO_BIG: cannot be encoded. */
	enum result (*price)(void *owner, const struct charge_payer *payer, const struct message *message,
			     struct text recipient, struct text bearer, int64_t now_us, struct charge_price *out);
	/* The token of a quote, with the times that it gives it; empty while it cannot give any. */
	struct text (*quote)(void *owner, struct charge_quoted *quoted, int64_t now_us, struct arena *arena);
	/* ERR_MALFORMED: no token of ours. ERR_DENIED: altered, or of another gateway. ERR_TIMEOUT: expired; `out` is
	 * filled. ERR_BUSY: it cannot tell yet. */
	enum result (*quoted)(void *owner, struct text token, int64_t now_us, struct charge_quoted *out);
	/* The hold of that price; false where nothing is to be held. Texts live in the arena. */
	bool (*charge)(void *owner, const struct charge_payer *payer, const struct charge_price *price,
		       struct text bearer, uint16_t recipient, int64_t now_us, int64_t deadline_us, struct arena *arena,
		       struct store_charge *out);
	struct charge_end (*finish)(enum store_outcome outcome, int64_t held);
	/* Writes the permit as it travels beside the delivery. */
	void (*permit)(struct writer *w, const struct charge_permit *permit);
	/* Empty while it is off. */
	struct text (*cdr)(void *owner, const struct charge_record *record, struct arena *arena);
	/* The record of what is given back of it: its posting reversed. */
	struct text (*refund_cdr)(void *owner, const struct charge_record *record, int64_t amount, struct text reason,
				  struct arena *arena);
	/* The record of a top-up. */
	struct text (*fund_cdr)(void *owner, struct text account, int64_t amount, struct text currency, int64_t now_us,
				struct arena *arena);
	/* "3.30"; and back, false for what is no amount. */
	void (*put_amount)(struct writer *w, int64_t micros);
	bool (*take_amount)(struct text t, int64_t *out);
	/* The account of that name, with its kind of payment in words; false: not configured. */
	bool (*account)(void *owner, struct text name, struct charge_payer *out, const char **payment_out,
			int64_t *credit_out);
	void (*notice)(void *owner, struct charge_notice *out);
	/* From time to time: windows of caps are opened ahead. */
	void (*turn)(void *owner, int64_t now_us);
	const char *(*cap_name)(uint8_t kind); /* "day" */
	/* As in struct store_policy; on the store's thread. */
	bool (*cap_warning)(void *owner, const struct store_cap *window, unsigned percent, int64_t now_us,
			    struct arena *arena, struct store_outbox *out);
	void (*online)(void *owner, struct charge_online *out);
	/* The name of the charging system's session for this hold and attempt: the same whenever it is asked for. */
	void (*session)(void *owner, struct message_id delivery, int64_t attempt, struct writer *w);
};

#endif
