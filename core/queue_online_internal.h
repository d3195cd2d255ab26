/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the files of queue_online.h share. */
#ifndef CORE_QUEUE_ONLINE_INTERNAL_H
#define CORE_QUEUE_ONLINE_INTERNAL_H

#include "core/ipc_credit.h"
#include "core/queue_internal.h"
#include "core/queue_online.h"

#define ONLINE_CURRENCIES 16u
#define ONLINE_FACT_MAX 1200u
#define ONLINE_FACTS_MAX 1000000u /* read at start */

enum online_state {
	ONLINE_ASKED, /* the reservation has no answer yet */
	ONLINE_GRANTED,
	ONLINE_FREE,   /* no charging applies */
	ONLINE_DENIED, /* not kept: asked again after a restart */
	ONLINE_SETTLING,
	ONLINE_GONE, /* its fact is to be deleted */
	ONLINE_STATE_COUNT
};

/* What follows once its fact is durable. */
enum online_then { THEN_NOTHING, THEN_ASK, THEN_GO };

struct online_session {
	struct flight_node node; /* first; key: delivery */
	struct queue *queue;
	struct message_id id;
	enum online_state state;
	enum online_then then;
	bool writing;  /* a write with `then` is with the store */
	bool dirty;    /* it failed: again with the next tick */
	bool asked;    /* the diameter role has it */
	bool again;    /* its request may have left before */
	bool doubt;    /* ... and has no answer: its payer waits */
	bool buffered; /* goes without a grant: counts as exposure */
	bool ended;    /* while buffered: to be settled with `used` once it is reserved */
	bool looking;
	bool on_delivery; /* paid on delivery: settled with the report */
	uint32_t end_to_end;
	uint64_t units, used;
	int64_t amount, at_us, valid_until_us, expires_us, look_us;
	uint8_t payer[16];
	char currency[CHARGE_CURRENCY_SIZE];
	struct text session, subscriber, sender, recipient; /* behind the struct */
	struct link *link;				    /* where it was last; NULL = not known */
	char why[CREDIT_TEXT_MAX];
};

struct online_payer {
	struct flight_node node; /* first; key: account id */
	unsigned doubts;
	int64_t exposure;
};

struct online_currency {
	char currency[CHARGE_CURRENCY_SIZE];
	int64_t exposure;
};

struct online {
	struct queue *queue;
	struct flight_table sessions, payers;
	struct online_currency currencies[ONLINE_CURRENCIES];
	struct charge_online rules;
	bool loaded, loading;
	/* the diameter role */
	unsigned edge;
	uint32_t generation;
	bool connected, up;
	int64_t doubts, exposure_sum; /* as counted */
	uint32_t next_end;	      /* low 20 bits of the end-to-end number */
	struct counter *reserved, *denied, *waits, *buffered, *lost, *differences, *open, *in_doubt, *exposure;
};

/* queue_online_table.c */
struct online_session *online_find(const struct queue *q, struct message_id id);
/* Copies the texts of `from`; in the table. */
struct online_session *online_session_new(struct online *o, const struct online_session *from);
void online_session_remove(struct online_session *s);
void online_set_doubt(struct online_session *s, bool doubt);
void online_set_buffered(struct online_session *s, bool buffered);
/* B20: within both limits, and never a sum that cannot be told. */
bool online_may_buffer(struct online *o, const uint8_t payer[16], const char *currency, int64_t amount);
struct online_payer *online_payer_of(struct online *o, const uint8_t id[16]);
uint32_t online_end_to_end(struct online *o);

/* queue_online.c */
struct flight *online_flight(const struct online_session *s); /* its delivery, where it waits here; else NULL */
void online_go(struct online_session *s);		      /* that one goes out */
void online_put_off(struct queue *q, struct flight *f, int64_t wait_us, const char *why);
void online_put_off_for_outage(struct queue *q, struct flight *f);
void online_outage(struct online_session *s, struct flight *f); /* no answer: it goes within the limits, or waits */
void online_deny(struct online_session *s, struct flight *f);

/* queue_online_verdict.c */
/* Asks the diameter role; what cannot be asked now is asked by the clockwork. */
void online_ask(struct online_session *s);
void online_doubtful(struct online_session *s);

/* queue_online_store.c */
void online_save(struct online_session *s, enum online_then then);
void online_delete(struct online_session *s); /* and out of the table, once the store did */
void online_load(struct online *o);

/* queue_online_end.c */
void online_end(struct online_session *s, uint64_t used);
void online_settle(struct online_session *s, uint64_t used);
void online_look(struct online_session *s); /* what became of its delivery meanwhile */

#endif
