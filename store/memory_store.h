/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The store in memory: lists that are searched from the front, for tests and demonstrations. Nothing is ever freed
 * before it is closed. Everything runs on the loop, at the end of a turn, one request after the other.
 */
#ifndef STORE_MEMORY_STORE_H
#define STORE_MEMORY_STORE_H

#include "store/answer.h"
#include "store/money.h"

/* Pointers into the store's arena, in the order in which they were added. */
struct memory_list {
	void **at;
	unsigned count, room;
};

struct memory_row { /* a delivery; its message's fields are repeated in each */
	struct store_row row;
	struct text *keys; /* on HOLD: what wakes it */
	unsigned keys_count;
};

struct memory_wire {
	struct text peer, id;
	struct message_id delivery;
	unsigned parts; /* of the message, each with a wire id of its own */
	enum store_outcome outcome;
	int64_t until_us;
};

struct memory_early { /* a report that came before the id it names */
	struct text peer, *forms;
	unsigned forms_count;
	struct text source, destination;
	bool sure;
	enum store_outcome outcome;
	int64_t until_us;
};

enum memory_charge_state { CHARGE_HELD, CHARGE_POSTED, CHARGE_VOIDED, CHARGE_EXPIRED };

struct memory_charge {
	struct message_id delivery;
	struct store_charge charge; /* its texts copied */
	unsigned n;		    /* 0: the live one, or the last */
	int64_t posted, done_us;
	enum memory_charge_state state;
	struct memory_cap **windows;
	unsigned windows_count;
};

struct memory_account {
	uint8_t id[16];
	enum store_account_kind kind;
	struct text currency;
	int64_t credit, posted, held;
};

struct memory_cap {
	struct store_cap cap; /* with what is posted and held */
	int64_t wanted;
	bool warned[2];
};

struct memory_posting {
	uint8_t id[REFUND_POSTING_SIZE];
	size_t id_len;
	bool reverses_one;
	uint8_t reverses[CHARGE_POSTING_SIZE];
};

struct memory_entry {
	const struct memory_posting *posting;
	uint8_t debit[16], credit[16];
	int64_t amount;
};

struct memory_version {
	int64_t id;
	uint8_t hash[32];
	struct store_price_row *rows;
	unsigned rows_count;
};

struct memory_outbox {
	struct store_outbox_row row;
	int64_t done_us; /* 0: not done */
};

struct memory_idem {
	uint8_t key[16], body_hash[32];
	struct message_id message;
	struct octets answer;
	int64_t created_us;
};

struct memory_fact {
	struct text kind;
	struct store_fact_row row;
};

struct memory_fence {
	struct text name;
	int64_t epoch;
};

struct memory_store {
	struct store base; /* first */
	const struct store_policy *policy;
	struct loop *loop;
	struct loop_hook hook;
	struct store_request *first, **last;
	struct arena *keep; /* of all that is stored */
	int64_t now_us, newest_us;
	bool promoted;		 /* by this request: struct store_request */
	struct memory_list rows; /* in the order of their ids */
	struct memory_list wires, early, outbox, idem, facts, fences, cdrs;
	struct memory_list accounts, caps, charges, postings, entries, consents, versions, subscribers;
	int64_t cdr_seq, cdr_acknowledged;
	uint8_t cdr_chain[32];
};

/* A zeroed thing of the store's arena, at the end of the list. */
void *memory_add(struct memory_store *m, struct memory_list *list, size_t size);
void memory_drop(struct memory_list *list, unsigned at);
struct text memory_text(struct memory_store *m, struct text t);
struct octets memory_octets(struct memory_store *m, struct octets o);

/* --- deliveries --- */
struct memory_row *memory_row_find(struct memory_store *m, struct message_id id);
struct memory_row *memory_row_add(struct memory_store *m, struct message_id id);
/* A copy for the caller, with its charge. */
struct store_row *memory_row_copy(struct memory_store *m, const struct memory_row *r, struct arena *arena);
bool memory_is_at_work(const struct memory_row *r, int64_t epoch);
void memory_explain(struct store_request *request, const struct memory_row *r, int64_t epoch);
void memory_trail(struct memory_store *m, struct memory_row *r, struct octets events);
bool memory_lane_busy(const struct memory_store *m, int64_t lane);
/* After a row left its lane: the oldest parked one becomes head where there is none. */
void memory_lane_promote(struct memory_store *m, const struct memory_row *left);
void memory_outbox_put(struct memory_store *m, const struct store_outbox *o);
void memory_cdr_put(struct memory_store *m, struct message_id delivery, uint8_t kind, struct text body);
void memory_end_row(struct memory_store *m, struct memory_row *r, enum store_outcome outcome, struct octets trail,
		    struct arena *arena, struct receipt_list *list);

/* --- reports --- */
struct memory_wire *memory_wire_find(const struct memory_store *m, struct text peer, struct text id);
enum store_outcome memory_wires_outcome(const struct memory_store *m, struct message_id id);
/* What a report says of a row that is there: c's answer and outputs. */
void memory_report_apply(struct memory_store *m, struct store_report *c, struct memory_row *row,
			 enum store_outcome outcome);
void memory_early_keep(struct memory_store *m, const struct store_report *c, int64_t until_us);
/* An early report that means this new wire id raises its outcome and is gone; true when there was one. */
bool memory_early_take(struct memory_store *m, struct memory_wire *wire, struct text recipient);
/* Those kept in vain go to whoever has their first form; how many deliveries that ended. */
unsigned memory_early_expire(struct memory_store *m, unsigned limit, struct arena *arena, struct receipt_list *list);

/* --- money --- */
bool memory_charge_hold(struct memory_store *m, struct message_id delivery, const struct store_charge *c,
			struct store_request *r);
/* Forgets the newest charge, whose delivery was not accepted after all. */
void memory_charge_undo(struct memory_store *m);
void memory_charge_warn(struct memory_store *m, struct message_id delivery, struct arena *arena,
			struct receipt_list *list);
struct memory_charge *memory_charge_first(const struct memory_store *m, struct message_id delivery);
bool memory_finish_allowed(const struct memory_store *m, const struct store_finish *f);
void memory_finish_money(struct memory_store *m, const struct store_finish *f);
void memory_settle_all(struct memory_store *m, struct message_id delivery, enum memory_charge_state state);
void memory_end_money(struct memory_store *m, struct message_id delivery, enum store_outcome outcome);
bool memory_renew_allowed(const struct memory_store *m, const struct store_renew *c, struct store_request *r);
void memory_row_money(const struct memory_store *m, struct store_row *row);

struct memory_account *memory_account_of(const struct memory_store *m, const uint8_t id[16]);
/* Changes what is held and posted, on the account and in each window. */
void memory_count(struct memory_store *m, const struct memory_charge *h, int64_t held, int64_t posted);
void memory_post_charge(struct memory_store *m, const struct memory_charge *h, int64_t amount);
/* What gave a charge back, or NULL; and what a posting moved in all. */
const struct memory_posting *memory_reversal(const struct memory_store *m, const uint8_t charge[CHARGE_POSTING_SIZE]);
int64_t memory_posting_sum(const struct memory_store *m, const struct memory_posting *p);
/* False when it was given back before. */
bool memory_give_back(struct memory_store *m, const struct memory_charge *h, const void *id, size_t id_len,
		      int64_t amount);

/* --- operations --- */
void memory_accept(struct memory_store *m, struct store_request *r);
void memory_claim(struct memory_store *m, struct store_request *r);
void memory_renew(struct memory_store *m, struct store_request *r);
void memory_release(struct memory_store *m, struct store_request *r);
void memory_due(struct memory_store *m, struct store_request *r);
void memory_hold(struct memory_store *m, struct store_request *r);
void memory_decide(struct memory_store *m, struct store_request *r);
void memory_wake(struct memory_store *m, struct store_request *r);
void memory_in_doubt(struct memory_store *m, struct store_request *r);
void memory_finish(struct memory_store *m, struct store_request *r);
void memory_report(struct memory_store *m, struct store_request *r);
void memory_cancel(struct memory_store *m, struct store_request *r);
void memory_expire(struct memory_store *m, struct store_request *r);
void memory_prune(struct memory_store *m, struct store_request *r);
void memory_message_get(struct memory_store *m, struct store_request *r);
void memory_scan(struct memory_store *m, struct store_request *r);
void memory_routes(struct memory_store *m, struct store_request *r);
void memory_targets(struct memory_store *m, struct store_request *r);
void memory_sums(struct memory_store *m, struct store_request *r);
void memory_fact(struct memory_store *m, struct store_request *r);
void memory_fact_scan(struct memory_store *m, struct store_request *r);
void memory_cdr_next(struct memory_store *m, struct store_request *r);
void memory_cdr_ack(struct memory_store *m, struct store_request *r);
void memory_outbox_due(struct memory_store *m, struct store_request *r);
void memory_outbox_end(struct memory_store *m, struct store_request *r);
void memory_fence(struct memory_store *m, struct store_request *r);
void memory_account(struct memory_store *m, struct store_request *r);
void memory_subscriber(struct memory_store *m, struct store_request *r);
void memory_cap(struct memory_store *m, struct store_request *r);
void memory_consent(struct memory_store *m, struct store_request *r);
void memory_price_put(struct memory_store *m, struct store_request *r);
void memory_quote_price(struct memory_store *m, struct store_request *r);
void memory_fund(struct memory_store *m, struct store_request *r);
void memory_refund(struct memory_store *m, struct store_request *r);

#endif
