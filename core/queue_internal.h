/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the files of the queue share.
 *
 *	queue.c         life, edges, records to their handlers
 *	queue_config.c  rules and routes out of a configuration
 *	queue_sweep.c   what ends or becomes due by time alone
 *	queue_accept.c  an offered message: checked, routed, committed, answered, handed out
 *	queue_link.c    links, windows, claims
 *	queue_flight.c  what is in flight, and how it comes back without a result
 *	queue_settle.c  what an edge holds when it meets us
 *	queue_result.c  what a link says about a delivery
 *	queue_report.c  what a network reports later
 *	queue_outbox.c  receipts on their way to who sent
 *	queue_ask.c     questions: a message, a cancel, a quote
 *	queue_show.c    what an operator sees
 *	queue_policy.c  receipts and records as text
 *	queue_reroute.c waiting messages whose link is down or gone
 *	queue_decide.c  the facts of a delivery, its decision, in words
 *	queue_presence.c  who can be reached by RCS
 *	queue_lookup.c  which network serves a recipient, asked before it is routed
 *	queue_network.c what becomes of that answer
 *	queue_rcs.c     an RCS attempt that failed: decided again
 *	queue_files.c   files of messages; its own map is in queue_files.h
 *	queue_screen.c  who may be written to, and when; its own map is in queue_screen.h
 *	queue_terms.c   what a message says of its own bearers, consent and price
 *	queue_quote.c   messages that bring a quote
 *	queue_money.c   the decision's charge with an accept, a finish, a hand-out
 *	queue_caps.c    windows of caps; refusals and warnings
 *	queue_refund.c  refunds by hand
 *	queue_question.c    questions to the payer; its own map is in queue_question.h
 *	queue_money_hold.c  deliveries on hold: consent answers, new prices
 *	queue_online.c  accounts charged online; its own map is in queue_online.h
 *	queue_money_ask.c   balances, top-ups, records for export
 *	queue_money_show.c  the account, the ledger, a decision, for an operator
 *	queue_relay.c   PDUs between carriers and the machines of CP and RP
 *	queue_fact.c    facts that edges keep
 */
#ifndef CORE_QUEUE_INTERNAL_H
#define CORE_QUEUE_INTERNAL_H

#include "core/base/arena.h"
#include "core/base/counter.h"
#include "core/charge.h"
#include "core/core_vty.h"
#include "core/flight.h"
#include "core/ipc_messages.h"
#include "core/message.h"
#include "core/net/json.h"
#include "core/queue.h"
#include "core/route.h"
#include "core/route_decide.h"
#include "core/trail.h"

#define QUEUE_LINK_BUCKETS 4096u
#define QUEUE_CLAIM_MAX 256u	    /* rows of one claim */
#define QUEUE_OUTBOX_WINDOW 512u    /* receipts in the air to one target */
#define QUEUE_OUTBOX_FETCH 512u	    /* rows of one read */
#define QUEUE_SWEEP_US USEC_PER_SEC /* the clockwork: expiry, due times, links that are down */
#define QUEUE_BEARER TEXT_LITERAL("sms")
#define QUEUE_REROUTER TEXT_LITERAL("reroute") /* the worker of rows taken to be moved: they were never sent */
#define QUEUE_RCS TEXT_LITERAL("rcs")
#define QUEUE_MMS TEXT_LITERAL("mms")
#define QUEUE_WAKE_AGAIN TEXT_LITERAL("AGAIN") /* on HOLD only until it is decided again */

struct queue_rules {
	int64_t validity_us, validity_max_us, lease_us, report_wait_us, give_up_us, waiting_max;
	int64_t retry_us[QUEUE_RETRIES_MAX];
	unsigned retries;
	struct store_retention keep;
};

struct edge {
	struct ipc *ipc;  /* NULL = not connected */
	const char *name; /* NULL = it keeps no facts */
	uint32_t generation;
	char incarnation[40];
	uint8_t (*holding)[16]; /* sorted ids of its IPC_HOLDING, until every link was looked at */
	unsigned holding_count;
	uint8_t (*sending)[16]; /* those of them that may have left */
	unsigned sending_count;
	bool introducing;  /* more of its IPC_HOLDING follows */
	bool says_sending; /* a delivery that it did not say IPC_SENDING for was never sent */
	bool watching;	   /* wants events */
};

/* What takes deliveries. Lives as long as the queue; the name is its own. */
struct link {
	struct text name;
	unsigned edge;
	bool up;
	bool settled;	   /* what an earlier run had leased to it was looked at */
	bool settling;	   /* that look is under way */
	bool claiming;	   /* a claim is with the store */
	bool waiting;	   /* rows may be waiting for it */
	int64_t parked_us; /* when one of them was last put behind another of its lane; 0 = none is */
	bool listed;	   /* in queue.listed: to be looked at at the end of the turn */
	int64_t due_us;	   /* when a row put off becomes due; 0 = none known */
	uint32_t window, in_flight;
	char detail[120];
	/* receipts to it */
	bool fetching, outbox_waiting;
	unsigned outbox_in_flight;
	struct outbox_flight *ended; /* while fetching: taken meanwhile, and the read may still show them */
	int64_t outbox_look_us;
	uint64_t sent, refused, retried, doubted;
	struct link *next, *next_listed, *next_in_bucket;
};

/* An arena shared by what came from one request. */
struct holder {
	struct arena *arena;
	unsigned refs;
	struct holder *next_free;
};

/* A delivery that an edge has. */
struct flight {
	struct flight_node node; /* first; key = delivery id */
	struct queue *queue;
	struct holder *holder;
	struct link *link;
	struct message_id id;
	int64_t epoch, attempt, accepted_us, expires_us, lease_until_us;
	struct text recipient, header, body;
	struct message message;
	bool decoded;  /* `message` is filled */
	bool settling; /* its end is with the store */
	bool sending;  /* its link said that bytes leave */
	/* of its charge; held 0 = none */
	int64_t held, units, version;
	uint8_t payer_id[16];
	char currency[CHARGE_CURRENCY_SIZE];
	struct octets trail; /* where it was decided */
	struct text bearer;  /* empty = QUEUE_BEARER */
	/* the edge's result that waits for its commit */
	unsigned edge;
	uint32_t edge_generation, call;
	enum ipc_outcome outcome;
	union {
		struct store_request base;
		struct store_finish finish;
		struct store_release release;
		struct store_in_doubt in_doubt;
		struct store_hold hold;
	} request;
	struct flight *next_free;
};

struct outbox_flight {
	struct flight_node node; /* first; key = row id */
	struct outbox_flight *next_ended;
	struct link *link;
	struct queue *queue;
	struct store_outbox_end request;
};

struct queue {
	struct loop *loop;
	struct store *store;
	struct queue_rules rules;
	struct route_table *routes;
	struct edge edges[QUEUE_EDGES_MAX];
	struct link *links, *listed;
	struct link *buckets[QUEUE_LINK_BUCKETS];
	int64_t due_us; /* the earliest of the links' due times; 0 = none */
	struct loop_timer due;
	struct flight_table flights, outbox;
	struct flight_table strays; /* results whose row is being looked up: they decide, nothing else */
	struct holder *free_holders;
	struct flight *free_flights, *broken; /* broken: results that the store could not write yet */
	struct stray *unread;		      /* results whose row could not be read yet */
	struct report_job *unwritten;	      /* and reports */
	struct outbox_flight *unwritten_outbox;
	unsigned free_holders_count;
	uint32_t asked; /* requests of ours with the store */
	bool stopping;
	int64_t waiting; /* deliveries waiting, as of the last count plus what came since */
	int64_t counted_us, pruned_us, rerouted_us;
	struct loop_timer sweep;
	struct loop_hook hook;
	bool expiring, counting, pruning, rerouting;
	bool moves_settled; /* rows that an earlier run had taken to move were put back */
	queue_part_cb part;
	void *part_owner;
	const struct charge_port *charge; /* NULL = nothing is priced */
	bool priced;			  /* the port is on */
	struct link *rcs;		  /* the link that RCS goes by; NULL = there is none */
	unsigned rcs_edge;
	bool offline_text;
	struct flight_table presence;
	bool offline_file, mms_unlisted; /* as ipc_presence says */
	bool presence_seen;
	int64_t began_us; /* monotonic */
	uint64_t rcs_file_max, mms_max;
	struct queue_files *files;
	bool questions_waiting; /* rows for phones may be in the outbox */
	unsigned questions_open;
	struct queue_screen *screen;
	uint32_t spread;
	struct queue_lookup *lookup; /* NULL = number portability is not configured */
	unsigned lookup_edge;
	struct queue_carrier *carriers;	 /* queue_relay.c */
	unsigned carriers_count, layers; /* layers: the edge of the machines of CP and RP */
	bool has_layers;
	struct online *online; /* of queue_online.h; NULL = nothing is charged online */
	struct queue_counters {
		struct counter *accepted, *refused, *repeated, *handed_out, *sent, *delivered, *failed, *retried,
			*doubt, *expired, *reports, *reports_early, *reports_unknown, *receipts, *receipts_later,
			*store_errors, *late_results, *waiting, *in_flight, *links_up, *held, *rejected, *no_credit;
	} count;
};

/* queue.c */
struct holder *queue_holder(struct queue *q); /* one reference */
void queue_release_holder(struct queue *q, struct holder **holder);
/* Submits; `asked` counts it until queue_asked_done() in its `done`. */
void queue_ask_store(struct queue *q, struct store_request *r, enum store_operation operation,
		     void (*done)(struct store_request *r), void *owner);
void queue_asked_done(struct queue *q);
/* The store failed, or its disk is full: the same request may succeed later. */
static inline bool queue_not_written(const struct store_request *r)
{
	return r->answer == STORE_UNKNOWN ||
	       (r->answer == STORE_REFUSED && (r->refusal == STORE_BROKEN || r->refusal == STORE_NO_SPACE));
}
/* The edge's connection when it is still that one, else NULL. */
struct ipc *queue_edge_ipc(struct queue *q, unsigned edge, uint32_t generation);
/* 16 octets for account_id: the first of SHA-256 of the name. */
void queue_account_id(struct text account, uint8_t to[16]);
/* One event as octets in the arena. */
struct octets queue_event(struct arena *arena, int64_t at_us, enum trail_code code, struct text rule,
			  struct text detail);
void queue_publish(struct queue *q, struct text account, struct text kind, struct text body);

/* queue_relay.c, queue_fact.c */
bool queue_carrier_record(struct queue *q, unsigned edge, struct ipc_record *record);
bool queue_link_pdu_record(struct queue *q, unsigned edge, struct ipc_record *record);
bool queue_fact_record(struct queue *q, unsigned edge, struct ipc_record *record);
void queue_relay_came(struct queue *q, unsigned edge);
void queue_relay_lost(struct queue *q, unsigned edge);
void queue_relay_free(struct queue *q);

/* queue_sweep.c */
void queue_sweep(void *owner); /* a timer's callback; owner = the queue */

/* A claim of rows for a link, or a look at those that it had. */
struct claim_job {
	struct queue *queue;
	struct holder *holder;
	struct link *link;
	unsigned edge;
	uint32_t generation;
	union {
		struct store_request base;
		struct store_claim claim;
		struct store_scan scan;
	} request;
};

/* queue_link.c */
struct link *queue_link_find(struct queue *q, struct text name);
struct link *queue_link_get(struct queue *q, struct text name); /* made when it is not there */
bool queue_link_record(struct queue *q, unsigned edge, struct ipc_record *record);
bool queue_sending_record(struct queue *q, unsigned edge, struct ipc_record *record);
bool queue_holding_record(struct queue *q, unsigned edge, struct ipc_record *record);
void queue_links_lost(struct queue *q, unsigned edge);
void queue_links_turn(struct queue *q);			  /* claims where there is credit and work */
void queue_links_of_edge(struct queue *q, unsigned edge); /* that edge has room again */
bool queue_link_credit(const struct queue *q, const struct link *link);
struct flight *queue_flight_new(struct queue *q, struct holder *holder, struct link *link);
void queue_flight_send(struct queue *q, struct flight *f, bool doubt);
/* The same without the question of queue_online.h. */
void queue_flight_go(struct queue *q, struct flight *f, bool doubt);
void queue_flight_put_off(struct queue *q, struct flight *f, int64_t due_us, const char *why);
void queue_flight_end(struct queue *q, struct flight *f);
struct flight *queue_flight_of_row(struct queue *q, struct holder *holder, struct link *link,
				   const struct store_row *r);
void queue_flights_overdue(struct queue *q, int64_t now_us);
void queue_flight_doubt(struct queue *q, struct flight *f, int64_t due_us, const char *why);
struct claim_job *queue_claim_job(struct queue *q, struct link *l);
void queue_claim_job_end(struct claim_job *j);
void queue_claim_later(struct queue *q, struct link *l); /* the store failed: no hot loop of claims against it */
void queue_link_list(struct queue *q, struct link *l);	 /* to be looked at, when it is up and rows may be waiting */
void queue_link_settle(struct queue *q, struct link *l);
void queue_link_wake(struct queue *q, struct link *link);		 /* rows may be waiting for it */
void queue_link_due(struct queue *q, struct link *link, int64_t due_us); /* one will be due then, or is */
/* After a request: when a row became the head of its lane, the links that have such rows look for it. */
void queue_links_promoted(struct queue *q, const struct store_request *r);

/* queue_accept.c */
bool queue_accept_record(struct queue *q, unsigned edge, struct ipc_record *record);
/* queue_accept() with a row for others in the same commit; it lives until `accepted`. */
void queue_accept_with(struct queue *q, const struct ipc_accept *accept, const struct store_outbox *row,
		       queue_accepted_cb accepted, void *context);
void queue_route(struct queue *q, const struct message *m, struct text recipient, struct route_choice *out);

/* queue_result.c */
bool queue_result_record(struct queue *q, unsigned edge, struct ipc_record *record);
/* A result that is ours, not its link's. */
void queue_result_give(struct flight *f, const struct ipc_result *result);
void queue_results_again(struct queue *q);

/* queue_due.c */
bool queue_due_record(struct queue *q, unsigned edge, struct ipc_record *record);

/* queue_report.c */
bool queue_report_record(struct queue *q, unsigned edge, struct ipc_record *record);
void queue_reports_again(struct queue *q); /* those that the store could not write */
void queue_reports_forget(struct queue *q);

/* queue_outbox.c */
bool queue_outbox_end_record(struct queue *q, unsigned edge, struct ipc_record *record);
/* Rows that were just committed: sent at once where there is room. */
void queue_outbox_push(struct queue *q, const struct store_outbox *rows, unsigned count);
void queue_outbox_fetch(struct queue *q, struct link *link);
void queue_outbox_lost(struct queue *q, struct link *link);
void queue_outbox_again(struct queue *q); /* ends that the store could not write */

/* queue_ask.c */
bool queue_ask_record(struct queue *q, unsigned edge, struct ipc_record *record);
void queue_answer(struct queue *q, unsigned edge, uint32_t generation, uint32_t call, enum result result,
		  struct text body);

/* queue_reroute.c */
void queue_reroute(struct queue *q);

/* queue_decide.c */
struct queue_decision {
	struct route_facts facts;
	struct route_decision route;
	struct charge_payer payer;
	struct charge_price price; /* of the priced bearer */
	bool has_price;
	struct text explain; /* one line, in the arena */
};
/* Whether what goes by this link is priced at all: applications are reached for nothing. */
bool queue_link_priced(struct text link);
void queue_decide(struct queue *q, const struct message *m, struct text recipient, enum answer answer,
		  struct message_id delivery, struct arena *arena, struct queue_decision *out);
/* "3.30 JPY" */
struct text queue_money_text(const struct charge_port *port, int64_t micros, const char *currency, struct arena *arena);
/* The members of a decision, into an open object. */
void queue_put_decision(struct json_writer *w, const struct charge_port *port, const struct queue_decision *d);

/* queue_money.c */
struct queue_money {
	struct queue_decision *decisions; /* per delivery; rule RULE_NONE where it is not priced */
	struct store_charge *charges;
};
/* Decides delivery i and puts charge or hold into the accept. OK, or why it is refused. */
MUST_CHECK enum result queue_money_plan(struct queue *q, struct arena *arena, const struct message *m,
					struct store_accept *accept, unsigned i, struct queue_money **money,
					const char **why_out);
/* How long the hold of a delivery must last. */
int64_t queue_hold_until(const struct queue *q, int64_t deadline_us);
struct octets queue_money_trail(const struct queue_money *money, unsigned i, int64_t now_us, struct octets first,
				struct arena *arena);
/* After STORE_CREDIT: finds the balance, then `told` with the text. */
typedef void (*queue_money_told)(void *owner, const char *why);
void queue_money_no_credit(struct queue *q, struct arena *arena, const struct queue_money *money,
			   const struct store_accept *accept, queue_money_told told, void *owner);
/* The permit of a flight, at most QUEUE_PERMIT_MAX octets. */
#define QUEUE_PERMIT_MAX 96u
struct text queue_money_permit(struct queue *q, const struct flight *f, int64_t not_after_us,
			       uint8_t room[QUEUE_PERMIT_MAX]);
/* Posts or voids the hold with this finish; its timeline says so. */
void queue_money_finish(struct queue *q, struct flight *f, struct store_finish *finish);
/* The store's policy with records by the port. */
struct text queue_money_cdr(const struct charge_port *port, const struct message *m, const struct store_row *row,
			    enum store_outcome outcome, int64_t now_us, struct arena *arena);
struct text queue_money_refund_cdr(const struct charge_port *port, const struct message *m, const struct store_row *row,
				   int64_t amount, struct text reason, int64_t now_us, struct arena *arena);

/* queue_money_hold.c */
/* The payer's answer to the question about one delivery on hold. */
typedef void (*queue_answered_cb)(void *owner, enum result result, const char *why);
void queue_money_answer(struct queue *q, struct text account, struct message_id id, bool yes,
			queue_answered_cb answered, void *owner);
/* Prices may have changed: what waits for a price is decided again. */
void queue_money_prices(struct queue *q);
/* A number has RCS again, as recipient and as sender; a delivery was put on HOLD to be decided again. */
void queue_money_recipient_on(struct queue *q, struct text number);
void queue_money_roaming_end(struct queue *q, struct text number);
void queue_money_decide(struct queue *q, struct message_id id);

/* queue_presence.c */
bool queue_presence_record(struct queue *q, unsigned edge, struct ipc_record *record);
void queue_presence_lost(struct queue *q, unsigned edge);
/* False: nothing is known of the number. */
bool queue_presence(const struct queue *q, struct text number, enum recipient_state *state_out, bool *roaming_out);
void queue_presence_set(struct queue *q, struct text number, enum recipient_state state);

/* The link that takes files is there now. Until it is, a message with files is decided later, not refused. */
bool queue_carries_files(const struct queue *q);
bool queue_files_soon(const struct queue *q); /* it is not, but it was, or the queue has just begun */
/* Whether such a number takes MMS by that link. */
bool queue_presence_mms(struct queue *q, const struct message *m, struct text number);

/* queue_files.c */
const char *queue_files_text(const struct queue *q, struct arena *arena); /* how full the folder is */
void queue_put_files(struct json_writer *w, const struct message *m);	  /* a member "files" */
void queue_files_new(struct queue *q);
void queue_files_free(struct queue *q);
void queue_files_lost(struct queue *q); /* an edge is gone */
bool queue_files_idle(const struct queue *q);
bool queue_file_record(struct queue *q, unsigned edge, struct ipc_record *record);

/* queue_rcs.c */
/* True: the result closes an RCS attempt, and the delivery is put on HOLD; `done` then calls queue_money_decide(). */
bool queue_rcs_closed(struct flight *f, const struct ipc_result *in, struct text said,
		      void (*done)(struct store_request *r));
struct text queue_wake_recipient(struct text number, struct arena *arena);
struct text queue_wake_of(enum route_wake wake, struct text number, struct arena *arena); /* of a number */
struct text queue_flight_bearer(const struct flight *f);

/* queue_refund.c: ASK_REFUND */
void queue_refund_ask(struct queue *q, unsigned edge, uint32_t call, const struct ipc_ask *in);

/* queue_money_ask.c: question of an edge about money; false = not one of these. */
struct queue_networks; /* of queue_lookup.h; NULL = nothing was looked up */
bool queue_money_ask(struct queue *q, unsigned edge, uint32_t call, const struct ipc_ask *in,
		     const struct queue_networks *networks);

/* queue_money_show.c: "account NAME", "ledger", "decision ID" */
bool queue_money_show(struct queue *q, struct text words, queue_line_cb line, queue_end_cb end, void *context);

/* queue_policy.c */
/* The receipt that `outcome` of this delivery earns, or false when its sender did not ask. */
bool queue_receipt(const struct message *m, struct message_id id, struct text recipient, enum store_outcome outcome,
		   unsigned wanted, struct text detail, int64_t now_us, struct arena *arena, struct store_outbox *out);
struct text queue_cdr(const struct message *m, struct message_id id, struct text recipient, struct text link,
		      enum store_outcome outcome, int64_t attempts, int64_t accepted_us, int64_t now_us,
		      struct arena *arena);
/* The record of a delivery that ends with this finish. */
struct text queue_finish_cdr(struct queue *q, const struct flight *f, const struct store_finish *finish,
			     int64_t now_us);
unsigned queue_report_bit(enum store_outcome outcome);

#endif
