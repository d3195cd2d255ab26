/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The port of the store: messages, deliveries, money and what must be remembered. No SQL word here; the drivers are
 * store/store_sqlite.c and store/store_memory.c. Only the queue role calls it.
 *
 * A call is a request record: fill the struct of the operation, store_submit() its `base`, and base.done runs on the
 * loop after the commit that holds it. Requests of one loop turn share one transaction where the driver can (group
 * commit); each still succeeds or fails alone. The request and all it points to belong to the driver from submit until
 * done; outputs lie in the request, or in its `arena` (the caller's, for this request alone, used from the driver's
 * thread meanwhile).
 *
 * Every request is idempotent by its key and ends with one of five answers. A caller that gets STORE_UNKNOWN repeats
 * the same request; it never assumes.
 *
 * Times are microseconds on the store's clock (store_now()); it does not go back, also across restarts.
 * Amounts are signed 64-bit integers in 10^-6 units of the currency beside them, none above STORE_AMOUNT_MAX.
 *
 * Operations that only read (STORE_..._GET, scans, next, due, wake, quote_price, routes, targets, sums) may run beside
 * the writes: each sees at least every write that had completed when it was submitted.
 */
#ifndef CORE_STORE_H
#define CORE_STORE_H

#include <stdbool.h>
#include <stdint.h>

#include "core/base/arena.h"
#include "core/base/loop.h"
#include "core/base/result.h"
#include "core/message_id.h"

#define STORE_AMOUNT_MAX (INT64_C(1) << 60)

enum store_answer {
	STORE_DONE,
	STORE_REPEAT,	/* same key, same body, seen before: outputs hold the first answer */
	STORE_CONFLICT, /* same key, other body; or already finished another way; nothing changed */
	STORE_REFUSED,	/* nothing changed; `refusal` and `why` say the reason */
	STORE_UNKNOWN,	/* may or may not be done: submit again with the same key */
	STORE_ANSWER_COUNT
};

enum store_refusal {
	STORE_NO_REFUSAL,
	STORE_CREDIT,	   /* balance or credit line (B10) */
	STORE_CAP,	   /* a cap's window (B11) */
	STORE_STALE_EPOCH, /* row claimed again, or node fenced off (B13) */
	STORE_NOT_FOUND,
	STORE_ENDED,	/* row or posting is in a final state */
	STORE_DEADLINE, /* lease would outlive its hold (B7), expired quote */
	STORE_DOUBT,	/* not for a row in doubt */
	STORE_TOO_MUCH, /* finish above the hold, refund above the charge, overflow */
	STORE_NO_PRICE,
	STORE_NO_SPACE,	   /* disk nearly full: temporary, recovers by itself */
	STORE_BROKEN,	   /* I/O error: temporary, tried again by itself */
	STORE_BAD_REQUEST, /* the request breaks a rule of this header: a bug of the caller */
	STORE_REFUSAL_COUNT
};

enum store_operation {
	STORE_ACCEPT,
	STORE_CLAIM,
	STORE_RENEW,
	STORE_RELEASE,
	STORE_DUE,
	STORE_HOLD,
	STORE_WAKE,
	STORE_DECIDE,
	STORE_FINISH,
	STORE_REPORT,
	STORE_IN_DOUBT,
	STORE_CANCEL,
	STORE_REFUND,
	STORE_FUND,
	STORE_EXPIRE,
	STORE_PRUNE,
	STORE_QUOTE_PRICE,
	STORE_FACT_PUT,
	STORE_FACT_GET,
	STORE_FACT_SCAN,
	STORE_FACT_SWAP,
	STORE_FACT_DELETE,
	STORE_CDR_NEXT,
	STORE_CDR_ACK,
	STORE_OUTBOX_DUE,
	STORE_OUTBOX_DONE,
	STORE_OUTBOX_LATER,
	STORE_ACCOUNT_PUT,
	STORE_ACCOUNT_GET,
	STORE_SUBSCRIBER_PUT,
	STORE_SUBSCRIBER_GET,
	STORE_CAP_PUT,
	STORE_CONSENT_PUT,
	STORE_CONSENT_GET,
	STORE_PRICE_PUT,
	STORE_MESSAGE_GET,
	STORE_FENCE,
	STORE_SUMS,
	STORE_SCAN,
	STORE_ROUTES,
	STORE_TARGETS,
	STORE_CAP_GET,
	STORE_OPERATION_COUNT
};

const char *store_answer_name(enum store_answer a);
const char *store_refusal_name(enum store_refusal r);
const char *store_operation_name(enum store_operation o);

struct store_request {
	enum store_operation operation;
	void (*done)(struct store_request *request);
	void *owner;
	/* outputs */
	enum store_answer answer;
	enum store_refusal refusal;
	const char *why; /* text for people, lives as long as the request's arena or the program; NULL when done */
	bool promoted;	 /* another row of a lane became its head and is due: some route has a row to claim */
	/* the driver's */
	struct store_request *next;
};

/* Outcome of a delivery, in rising order; only a higher one replaces a lower (failed ones only before delivered). */
enum store_outcome {
	OUTCOME_NONE,
	OUTCOME_SENT,	 /* taken by the network or peer; a report is awaited or none will come */
	OUTCOME_REFUSED, /* failed for good */
	OUTCOME_EXPIRED,
	OUTCOME_CANCELLED,
	OUTCOME_UNKNOWN, /* in doubt at its end: told to the sender as such */
	OUTCOME_DELIVERED,
	OUTCOME_DISPLAYED,
	OUTCOME_COUNT
};

const char *store_outcome_name(enum store_outcome o);

enum store_state { DELIVERY_WAITING = 0, DELIVERY_LEASED = 1, DELIVERY_FINISHED = 2, DELIVERY_HANDED_OVER = 3 };

struct octets {
	const void *at;
	size_t len;
};

/* A row for others, written in the same transaction as its cause. `id` is derived from the cause: writing twice is a
 * no-op. */
struct store_outbox {
	uint8_t id[16];
	struct text target; /* "webhook:ACCOUNT", "esme:ACCOUNT", ... */
	struct text kind;   /* "receipt", "notice", ... */
	struct octets body;
	int64_t due_us;
};

/*
 * Money of one delivery: the payer's quote and the hold in one. Only where max_amount > 0. Refused where the quote has
 * ended (until_us), where its consent is missing, revoked or smaller, where a named cap has no open window or no room,
 * and where the account has no room (B10). The hold must not end before its delivery: deadline_us >= the delivery's.
 * A delivery has at most one live charge of each kind; 0 is the sender's.
 */
struct store_charge {
	uint16_t recipient; /* number of the delivery, from 1 */
	uint8_t kind;
	uint8_t account_id[16];
	struct text
		bearers; /* all that the payer agreed to, space separated, in the order of use; renew arms no other */
	struct text currency;
	int64_t max_amount, amount; /* quoted maximum; held now (<= max) */
	int64_t version, units, tax_ppm;
	uint8_t pay_on; /* 0 sent, 1 delivered */
	int64_t given_us, until_us, deadline_us;
	bool has_consent;
	uint8_t consent_id[16];
	struct octets proof;
	const uint8_t *caps; /* kinds of the cap windows that count this hold */
	unsigned caps_count;
};

struct store_new_delivery {
	struct text recipient;
	bool has_lane; /* false: no ordering (emergency, notices, with a delivery time) */
	int64_t lane;
	struct text route, bearer;
	int64_t due_us, deadline_us;
	int64_t lease_until_us; /* > 0: born leased when it is head of its lane, else waiting (see leased_out) */
	/* Born on HOLD, as after STORE_HOLD: waits for one of the keys or for hold_until_us; `route` is not kept, and a
	 * charge of it is refused (it comes with STORE_DECIDE). */
	bool on_hold;
	int64_t hold_until_us;
	const struct text *wake_keys;
	unsigned wake_keys_count;
	struct octets trail;
	/* outputs */
	struct message_id id_out;
	bool leased_out;
	int64_t epoch_out;
};

struct store_accept {
	struct store_request base;
	struct arena *arena;
	struct message_id id;
	struct text channel, sender;
	uint8_t account_id[16];
	bool has_key;
	uint8_t key[16];       /* first octets of SHA-256(scope, key) */
	uint8_t body_hash[32]; /* what "same body" means; used with a key */
	struct octets answer;  /* kept beside the key, given back on repeat */
	int64_t accepted_us, expires_us;
	struct octets header; /* encoded envelope, read by core/message.c only */
	struct text text;
	struct text worker; /* of the leased ones */
	struct store_new_delivery *deliveries;
	unsigned deliveries_count; /* 1 .. 65535 */
	const struct store_charge *charges;
	unsigned charges_count;
	const struct store_outbox *outbox; /* e.g. a "queued" receipt */
	unsigned outbox_count;
	/* outputs; on repeat what was stored then */
	struct message_id id_out;
	struct octets answer_out;
	uint16_t failed_recipient_out;		 /* refused: the first failing one */
	const struct store_outbox *warnings_out; /* rows the driver wrote through the policy's cap_warning */
	unsigned warnings_count_out;
};

/* A delivery with what a bearer needs of its message. Lies in the request's arena. */
struct store_row {
	struct message_id id;
	struct text recipient, route, bearer;
	bool has_lane;
	int64_t lane;
	enum store_state state;
	bool doubt, cancel;
	uint8_t parked;
	int64_t attempt, epoch, due_us, deadline_us, lease_us;
	enum store_outcome outcome;
	int64_t final_us;
	struct octets trail;
	struct text worker; /* who leased it last, while leased */
	/* of the message */
	struct text channel, sender, text;
	uint8_t account_id[16];
	int64_t accepted_us, expires_us;
	struct octets header;
	/* of its live charge, if any */
	bool has_charge;
	int64_t charge_amount, charge_max, charge_units, charge_deadline_us;
	/* of its charge, a live one before a settled one, then the lowest kind (empty currency: none) */
	uint8_t payer_id[16];
	struct text currency;
	int64_t charge_version, charge_posted, charge_refunded;
	/* In the policy's calls: it had ended before, a report changed its outcome; what was refunded until then. */
	bool ended_before;
	int64_t refunded_before;
	struct store_row *next;
};

/* Leases due rows of a route, one per lane, at most `limit`. rows_out is a list sorted by due time and id. */
struct store_claim {
	struct store_request base;
	struct arena *arena;
	struct text route, worker;
	int64_t lease_us, margin_us; /* lease length; the row must not expire before its end plus margin */
	unsigned limit;
	struct store_row *rows_out;
	unsigned rows_count_out;
};

/* Refused (STORE_DEADLINE) when lease_until_us + margin_us reaches the deadline of its hold (B7). */
struct store_renew {
	struct store_request base;
	struct message_id id;
	int64_t epoch, lease_until_us, margin_us;
	struct text arm_bearer; /* empty = unchanged */
};

/* Back to waiting; only when it is known that nothing was sent, or all of it was refused. Clears doubt. */
struct store_release {
	struct store_request base;
	struct message_id id;
	int64_t epoch, due_us;
	struct text route, bearer;
	struct octets trail; /* one encoded event (core/trail.h), appended */
	bool ended_out;	     /* a cancel was waiting: the row ended as cancelled instead */
};

/* The head of a lane, where it is a row of that route and recipient and waits for a later time: due then already. */
struct store_due {
	struct store_request base;
	struct text route, recipient;
	int64_t lane, due_us;
	bool moved_out;
};

/* Parks a leased or waiting row until one of the keys wakes it or until_us comes; its charge is voided, its route
 * emptied, and the next of its lane is free to go. Not for a row in doubt (STORE_DOUBT). */
struct store_hold {
	struct store_request base;
	struct message_id id;
	int64_t epoch, until_us;
	const struct text *keys;
	unsigned keys_count;
	struct octets trail;
	bool ended_out;
};

/* Rows on HOLD waiting for `key`, or (empty key) past their `until`. Read only: STORE_DECIDE moves each on. */
struct store_wake {
	struct store_request base;
	struct arena *arena;
	struct text key;
	unsigned limit;
	struct store_row *rows_out;
	unsigned rows_count_out;
};

/* A row leaves HOLD with a new route; `charge` is its new quote and hold, checked as in accept. The same decision twice
 * is a repeat. In its lane it goes before a younger row that only waits, else it parks behind. */
struct store_decide {
	struct store_request base;
	struct message_id id;
	int64_t epoch, due_us;
	struct text route, bearer;
	const struct store_charge *charge; /* NULL = free */
	struct octets trail;
	struct arena *arena; /* for warnings_out; NULL: they are written and not told */
	const struct store_outbox *warnings_out;
	unsigned warnings_count_out;
};

struct store_wire {
	struct text id;
	uint16_t n; /* segment, from 1 */
};

struct store_finish {
	struct store_request base;
	struct arena *arena;
	struct message_id id;
	int64_t epoch;
	enum store_outcome outcome;
	/* Post `amount` of the hold; false voids it. Without a charge it means nothing. Where several payers were
	 * charged it is the sender's (the lowest kind); the others are posted whole, or voided. */
	bool post;
	int64_t amount;
	struct text peer; /* of the wire ids */
	const struct store_wire *wires;
	unsigned wires_count;
	int64_t wires_until_us;
	int64_t await_until_us; /* > 0: handed over, ends with the report or then; 0: final now */
	struct octets trail;
	struct text cdr; /* JSON, given where the delivery is final or posted */
	const struct store_outbox *outbox;
	unsigned outbox_count;
	/* outputs */
	bool early_report_out;			 /* a report had overtaken us: it was applied */
	enum store_outcome outcome_out;		 /* after that */
	const struct store_outbox *receipts_out; /* rows the driver wrote through the policy, in the arena */
	unsigned receipts_count_out;
};

/*
 * What a peer reports about a wire id. `wire_ids` are the forms in which the id may have been given, best first. A form
 * is that of a delivery whose recipient agrees with an address of the report (the last 7 digits of numbers, else the
 * whole); the first form is so without that where it is `sure`, the only one, or no address is said. What nobody has
 * yet is kept until keep_until_us, for a finish that brings one of the forms by the same rule. Where the first form
 * alone is known and the addresses speak against it, the report is kept for STORE_EARLY_DOUBT_US, in case it overtook
 * the id it means. STORE_EXPIRE gives what was kept in vain to whoever has the first form.
 */
#define STORE_EARLY_DOUBT_US INT64_C(30000000)
struct store_report {
	struct store_request base;
	struct arena *arena;
	struct text peer;
	const struct text *wire_ids;
	unsigned wire_ids_count;
	bool sure;			 /* the base of the peer's ids is known: the first form is the id */
	struct text source, destination; /* addresses of the report, either may be empty */
	bool has_delivery;		 /* the report names our own id: settles a row in doubt directly */
	struct message_id delivery;
	enum store_outcome outcome; /* SENT = intermediate, only an event */
	struct octets trail;
	int64_t keep_until_us; /* of a report that came first */
	/* outputs */
	bool early_out; /* nobody has this id yet; kept */
	struct message_id id_out;
	bool final_out; /* this report ended the delivery */
	const struct store_outbox *receipts_out;
	unsigned receipts_count_out;
};

struct store_in_doubt {
	struct store_request base;
	struct message_id id;
	int64_t epoch, due_us;
	struct octets trail;
};

enum store_cancel_result { CANCEL_ENDED, CANCEL_IN_FLIGHT, CANCEL_TOO_LATE };

/* Of a delivery, or of all deliveries of a message (recipient 0 in the id). The answer of a message is the best of its
 * deliveries'. */
struct store_cancel {
	struct store_request base;
	struct arena *arena;
	struct message_id id;
	bool only_account; /* must belong to account_id, else STORE_NOT_FOUND */
	uint8_t account_id[16];
	struct octets trail;
	enum store_cancel_result result_out;
	const struct store_outbox *receipts_out;
	unsigned receipts_count_out;
};

/* Reverses all or part of a posted charge, once; a second key finds it refunded (STORE_ENDED). */
struct store_refund {
	struct store_request base;
	uint8_t key[16];
	struct message_id delivery;
	uint8_t kind; /* which charge of the delivery is reversed */
	int64_t amount;
	struct text cdr;
};

struct store_fund {
	struct store_request base;
	uint8_t key[16];
	uint8_t account_id[16], from_id[16]; /* from_id all zero: the funding account of the currency */
	struct text currency;
	int64_t amount; /* negative takes back; refused where B10 would break */
	struct text cdr;
};

/* Ends what is past its deadline, turns run-out leases into doubt, ends waits for reports and for ids of early ones. */
struct store_expire {
	struct store_request base;
	struct arena *arena;
	unsigned limit;
	unsigned ended_out, doubted_out;
	unsigned reported_out; /* ended by a report that had been kept in vain */
	const struct store_outbox *receipts_out;
	unsigned receipts_count_out;
};

struct store_retention {
	/* Ages after the end (key: after its making); 0 keeps for ever. money_us drops charges that were voided or
	 * expired; postings and entries stay. */
	int64_t text_us, message_us, idem_us, cdr_us, outbox_us, money_us;
};

struct store_prune {
	struct store_request base;
	struct store_retention keep;
	unsigned limit;
	unsigned dropped_out;
};

/* Longest prefix, then the smallest upto >= units. amount_out is what the payer pays: price and tax, the tax rounded
 * half up, once, here. */
struct store_quote_price {
	struct store_request base;
	int64_t version;
	struct text bearer, destination, unit;
	int64_t units;
	int64_t amount_out, tax_ppm_out;
	uint8_t pay_on_out;
};

/* The keyed record with an end. */
struct store_fact {
	struct store_request base;
	struct arena *arena;
	struct text kind, key;
	struct octets value; /* put, swap: new */
	struct octets old;   /* swap: must stand there; empty with is_new = must not exist */
	bool is_new;
	int64_t until_us;
	struct octets value_out; /* get */
	int64_t until_out;
};

struct store_fact_row {
	struct text key;
	struct octets value;
	int64_t until_us;
	struct store_fact_row *next;
};

struct store_fact_scan {
	struct store_request base;
	struct arena *arena;
	struct text kind, prefix;
	struct text after; /* only keys behind this one; empty = from the first */
	unsigned limit;
	struct store_fact_row *rows_out; /* in key order */
	unsigned rows_count_out;
};

struct store_cdr_row {
	int64_t seq;
	struct message_id delivery;
	uint8_t kind;
	uint16_t n;
	struct text body;
	uint8_t chain[32]; /* SHA-256(previous chain, body) */
	int64_t created_us;
	struct store_cdr_row *next;
};

struct store_cdr_next {
	struct store_request base;
	struct arena *arena;
	unsigned limit;
	struct store_cdr_row *rows_out;
	unsigned rows_count_out;
};

struct store_cdr_ack {
	struct store_request base;
	int64_t seq;
};

struct store_outbox_row {
	uint8_t id[16];
	struct text target, kind;
	struct octets body;
	int64_t due_us;
	struct store_outbox_row *next;
};

/* Rows of a target that are due and not done, oldest first. An empty target = of all targets. */
struct store_outbox_due {
	struct store_request base;
	struct arena *arena;
	struct text target;
	unsigned limit;
	struct store_outbox_row *rows_out;
	unsigned rows_count_out;
};

struct store_outbox_end { /* STORE_OUTBOX_DONE, STORE_OUTBOX_LATER */
	struct store_request base;
	uint8_t id[16];
	int64_t due_us; /* later */
};

enum store_account_kind {
	ACCOUNT_PAYER = 0,
	ACCOUNT_REVENUE,
	ACCOUNT_TAX,
	ACCOUNT_SUPPLIER,
	ACCOUNT_OPERATOR_LOSS,
	ACCOUNT_FUNDING
};

/* Accounts that the store makes by itself where a posting needs them: revenue, tax, funding of each currency. */
void store_system_account(enum store_account_kind kind, struct text currency, uint8_t id_out[16]);

struct store_account { /* STORE_ACCOUNT_PUT (id, kind, currency, credit), STORE_ACCOUNT_GET */
	struct store_request base;
	struct arena *arena;
	uint8_t id[16];
	enum store_account_kind kind;
	struct text currency;
	int64_t credit;
	int64_t posted_out, held_out;
};

struct store_subscriber {
	struct store_request base;
	struct arena *arena;
	struct text address, profile;
	uint8_t account_id[16];
	struct octets policy;
};

/* STORE_CAP_PUT opens a window or moves its cap: lowered below what is used it stands at what is used, and each
 * settling lowers it on. STORE_CAP_GET fills the window of `kind` that is open now (until_us = 0 before the call) or
 * that starts at from_us (until_us > 0). */
struct store_cap {
	struct store_request base;
	uint8_t account_id[16];
	uint8_t kind;
	int64_t from_us, until_us, cap;
	bool not_raised;	      /* put: the cap of a window that is there may sink, not rise */
	int64_t posted_out, held_out; /* get, and cap_warning */
};

struct store_consent {
	struct store_request base;
	struct arena *arena;
	uint8_t id[16], account_id[16];
	struct text bearers;
	int64_t max_each, from_us, until_us, revoked_us; /* revoked 0 = not */
	struct octets proof;
};

struct store_price_row {
	struct text bearer, prefix, unit;
	int64_t upto, amount, tax_ppm;
	uint8_t pay_on;
};

/* A version is published whole, then read-only: the same id with another hash is a conflict. */
struct store_price {
	struct store_request base;
	int64_t id, from_us;
	struct text currency;
	uint8_t hash[32];
	const struct store_price_row *rows;
	unsigned rows_count;
};

/* Deliveries of a message in recipient order, or one delivery. */
struct store_message_get {
	struct store_request base;
	struct arena *arena;
	struct message_id id;
	struct store_row *rows_out;
	unsigned rows_count_out;
};

/* Raised by one. Opening a store raises "node": whoever opened it before is refused every write from then on
 * (STORE_STALE_EPOCH). */
struct store_fence {
	struct store_request base;
	struct text name;
	int64_t epoch_out; /* raised by one */
};

struct store_currency_sum {
	char currency[8];
	int64_t entries_sum;		       /* 0 when the ledger is sound */
	int64_t payers_posted, payers_entries; /* equal when sound */
	int64_t payers_held, charges_held;     /* equal when sound */
};

#define STORE_SUM_CURRENCIES 16
/* One snapshot. sound_out: every pair of by_currency_out agrees, every cap and charge adds up, CDRs have no gap. */
struct store_sums {
	struct store_request base;
	struct store_currency_sum by_currency_out[STORE_SUM_CURRENCIES];
	unsigned currencies_out;
	int64_t cdr_seq_out;
	uint8_t cdr_chain_out[32];
	int64_t waiting_out, leased_out, handed_over_out, finished_out, on_hold_out, outbox_open_out;
	bool sound_out;
};

/* For operators: newest deliveries first, filtered; read only. Empty texts match all. Of finished ones, or all, a
 * driver may look at no more than the newest 200,000. */
struct store_scan {
	struct store_request base;
	struct arena *arena;
	struct text route, recipient;
	int state; /* enum store_state, or -1 */
	unsigned limit;
	struct store_row *rows_out;
	unsigned rows_count_out;
};

/* What waits on each route, to start again from: routes with waiting rows, in the order of their names. */
struct store_route_row {
	struct text route;
	int64_t waiting;	 /* rows not leased, those parked in their lanes counted, those on HOLD not */
	int64_t earliest_due_us; /* of those a claim may take; INT64_MAX when all are parked behind leased ones */
	struct store_route_row *next;
};

struct store_routes {
	struct store_request base;
	struct arena *arena;
	struct store_route_row *rows_out;
	unsigned rows_count_out;
};

/* The same for the outbox. */
struct store_target_row {
	struct text target;
	int64_t waiting, earliest_due_us;
	struct store_target_row *next;
};

struct store_targets {
	struct store_request base;
	struct arena *arena;
	struct store_target_row *rows_out;
	unsigned rows_count_out;
};

/*
 * Pure functions of the caller, run on the driver's thread inside the transaction where a delivery ends without the
 * caller at hand (report, expire, cancel, early report): what is to be told to whom, and the CDR. They allocate from
 * the arena only.
 */
struct store_policy {
	void *owner;
	/* 0 or 1 rows. `row` is the delivery after the change. */
	bool (*receipt)(void *owner, const struct store_row *row, enum store_outcome outcome, int64_t now_us,
			struct arena *arena, struct store_outbox *out);
	/* Empty = none. */
	struct text (*cdr)(void *owner, const struct store_row *row, enum store_outcome outcome, int64_t now_us,
			   struct arena *arena);
	/* The record of `amount` given back because of this end, beside that of the end itself. Empty = none; may be
	 * NULL. */
	struct text (*refund_cdr)(void *owner, const struct store_row *row, int64_t amount, int64_t now_us,
				  struct arena *arena);
	/* A hold crossed `percent` (80, 100) of a cap's window. Fill all but the id, which is the window's and mark's:
	 * it is written once however often the mark is crossed. May be NULL; false writes nothing. */
	bool (*cap_warning)(void *owner, const struct store_cap *window, unsigned percent, int64_t now_us,
			    struct arena *arena, struct store_outbox *out);
};

enum store_durability {
	STORE_DURABLE_MEMORY,
	STORE_DURABLE_DISK,
	STORE_DURABLE_PAIR,
	STORE_DURABLE_PAIR_APPLIED,
	STORE_DURABLE_QUORUM
};
const char *store_durability_name(enum store_durability d);

struct store_limits {
	uint64_t min_free_octets; /* accept is refused (STORE_NO_SPACE) below this much free space */
	unsigned batch_max;	  /* requests per transaction */
	uint64_t wal_max_octets;  /* checkpoint above this */
};

#define STORE_LIMITS_DEFAULT \
	((struct store_limits){ .min_free_octets = 64u << 20, .batch_max = 512, .wal_max_octets = 64u << 20 })

struct store;

/* The table a driver fills; use the calls below. */
struct store_driver {
	void (*submit)(struct store *store, struct store_request *request);
	int64_t (*now)(struct store *store);
	enum store_durability (*durability)(const struct store *store);
	void (*close)(struct store *store);
};

struct store { /* first member of each driver's own struct */
	const struct store_driver *driver;
};

static inline void store_submit(struct store *store, struct store_request *request)
{
	request->next = NULL;
	store->driver->submit(store, request);
}

static inline int64_t store_now(struct store *store)
{
	return store->driver->now(store);
}

static inline enum store_durability store_durability(const struct store *store)
{
	return store->driver->durability(store);
}

/* Completes what was submitted, then closes. */
static inline void store_close(struct store **store)
{
	if (*store)
		(*store)->driver->close(*store);
	*store = NULL;
}

#endif
