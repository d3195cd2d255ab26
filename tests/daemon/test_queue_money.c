/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The money of the queue between scripted edges, the memory store and the real port: what each answer of a link, each
 * lost role and each reload does to a charge. Statement numbers are those of the billing rules (B1 ...).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "billing/billing_vty.h"
#include "billing/charge.h"
#include "core/base/arena.h"
#include "core/base/clock.h"
#include "core/core_vty.h"
#include "core/net/json.h"
#include "core/permit_spend.h"
#include "core/queue.h"
#include "store/store_open.h"

#define EDGE_API 4u
#define EDGE_SMS 3u
#define KEPT 64u
#define YEN INT64_C(1000000)

static const struct node_kind *const kinds[] = { &account_kind, &route_kind, &queue_kind, &store_kind, &billing_kind };
static const char accounts[] =
	"account acme\n secret x\n consent always\n"
	"account post\n secret x\n payment postpaid\n credit 100\n consent always\n"
	"account asks\n secret x\n payment postpaid\n credit 100\n consent ask\n"
	"account free\n secret x\n payment free\n"
	"account capped\n secret x\n payment postpaid\n credit 100\n consent always\n cap day 8.00\n"
	"account exact\n secret x\n payment postpaid\n credit 100\n consent always\n cap day 3.30\n"
	"account family\n secret x\n payment postpaid\n credit 100\n consent ask\n number +81555\n"
	"route all\n prefix *\n link a\n link b\n"
	"route app\n prefix +99\n link esme:post\n link a\n"
	"queue\n retry 100ms\n lease 2s\n";
static const char money[] = "billing\n tariff prices\n currency JPY\n ceiling 20\n";
#define FIRST_LIST \
	"version,1,JPY,2019-10-01,\nprice,sms,+81,segment,1,10,3,10%,sent\n" \
	"price,sms,+82,segment,1,10,10,0,delivered\nprice,sms,+83,segment,1,10,50,0,sent\n" \
	"price,sms,+99,segment,1,10,5,0,sent\n"
static const char prices[] = FIRST_LIST;
static const char cheaper[] = FIRST_LIST "version,2,JPY,2020-01-01,\nprice,sms,+81,segment,1,10,1,0,sent\n"
					 "price,sms,+83,segment,1,10,2,0,sent\n";

struct delivery {
	struct message_id id;
	int64_t epoch, attempt;
	bool doubt;
	char link[32], bearer[8], price[40];
	uint8_t permit[128];
	size_t permit_len;
	int64_t not_after_us;
};

struct edge {
	unsigned number;
	struct ipc *here, *there;
	struct delivery got[KEPT];
	unsigned deliveries, answers, results_done, reports_done;
	enum result result;
	struct message_id id;
	char why[512], answer[8192];
};

struct world {
	struct loop *loop;
	struct store *store;
	struct store_policy policy;
	struct billing *billing;
	struct queue *queue;
	struct edge api, sms;
	struct arena *arena;
	uint32_t call;
	bool done;
};

static void keep(char *to, size_t size, struct text t)
{
	snprintf(to, size, "%.*s", TEXT_ARGS(t));
}

static void keep_delivery(struct edge *e, const struct ipc_deliver *d)
{
	struct delivery *k = &e->got[e->deliveries++ % KEPT];

	*k = (struct delivery){ .id = d->id,
				.epoch = d->epoch,
				.attempt = d->attempt,
				.doubt = d->doubt,
				.permit_len = d->permit.len,
				.not_after_us = d->not_after_us };
	assert_true(d->permit.len <= sizeof(k->permit));
	if (d->permit.len)
		memcpy(k->permit, d->permit.at, d->permit.len);
	keep(k->link, sizeof(k->link), d->link);
	keep(k->bearer, sizeof(k->bearer), d->bearer);
	keep(k->price, sizeof(k->price), d->price);
}

static bool edge_got(void *owner, struct ipc *ipc, struct ipc_record *record)
{
	struct edge *e = owner;
	struct ipc_deliver d;
	struct ipc_accepted a;
	struct ipc_answer b;

	(void)ipc;
	if (record->type == IPC_DELIVER) {
		assert_true(ipc_get_deliver(&record->body, &d));
		keep_delivery(e, &d);
	} else if (record->type == IPC_ACCEPTED) {
		assert_true(ipc_get_accepted(&record->body, &a));
		e->result = a.result;
		e->id = a.id;
		keep(e->why, sizeof(e->why), a.why);
		keep(e->answer, sizeof(e->answer), a.answer);
		e->answers++;
	} else if (record->type == IPC_ANSWER) {
		assert_true(ipc_get_answer(&record->body, &b));
		e->result = b.result;
		keep(e->answer, sizeof(e->answer), b.body);
		e->answers++;
	} else if (record->type == IPC_RESULT_DONE) {
		e->results_done++;
	} else if (record->type == IPC_REPORT_DONE) {
		e->reports_done++;
	}
	return true;
}

static void edge_closed(void *owner, struct ipc *ipc, const char *why)
{
	(void)owner;
	(void)ipc;
	(void)why;
}

static struct queue_side {
	struct world *world;
	unsigned edge;
} sides[8];

static bool queue_got(void *owner, struct ipc *ipc, struct ipc_record *record)
{
	struct queue_side *side = owner;

	(void)ipc;
	return queue_record(side->world->queue, side->edge, record);
}

static const struct ipc_handler edge_side = { edge_got, edge_closed, NULL };
static const struct ipc_handler queue_handler = { queue_got, edge_closed, NULL };

#define UNTIL(w, condition) \
	do { \
		int64_t until = clock_monotonic() + 8 * USEC_PER_SEC; \
		while (!(condition) && clock_monotonic() < until) \
			loop_turn((w)->loop, 10000); \
		assert_true(condition); \
	} while (0)

static void turn(struct world *w, unsigned times)
{
	while (times--)
		loop_turn(w->loop, 5000);
}

static void put(struct edge *e, enum ipc_type type, uint32_t call, void (*encode)(struct writer *w, const void *of),
		const void *of)
{
	encode(ipc_begin(e->here, (uint16_t)type, call, 8192), of);
	assert_int_equal(ipc_end(e->here), OK);
}

#define PUT(name, type) \
	static void put_##name(struct writer *w, const void *of) \
	{ \
		ipc_put_##name(w, (const struct ipc_##type *)of); \
	}
PUT(holding, holding)
PUT(link, link)
PUT(accept, accept)
PUT(result, result)
PUT(report, report)
PUT(ask, ask)
PUT(presence, presence)

static void connect_edge(struct world *w, struct edge *e, unsigned number, const char *incarnation)
{
	struct ipc_holding h = { .incarnation = text_of(incarnation) };
	int fds[2];

	e->number = number;
	assert_int_equal(ipc_pair(fds), OK);
	sides[number] = (struct queue_side){ w, number };
	e->here = ipc_new(w->loop, fds[0], "edge", &edge_side, e);
	e->there = ipc_new(w->loop, fds[1], "queue", &queue_handler, &sides[number]);
	queue_peer(w->queue, number, e->there);
	put(e, IPC_HOLDING, 0, put_holding, &h);
}

static void lose_edge(struct world *w, struct edge *e)
{
	queue_peer_lost(w->queue, e->number);
	ipc_free(&e->here);
	ipc_free(&e->there);
}

static void link_is(struct world *w, const char *name, bool up)
{
	struct ipc_link l = { .name = text_of(name), .up = up, .window = 50 };

	put(&w->sms, IPC_LINK, 0, put_link, &l);
	turn(w, 3);
}

static struct message message_of(const char *account)
{
	return (struct message){ .channel = TEXT_LITERAL("http"),
				 .account = text_of(account),
				 .sender = TEXT_LITERAL("1234"),
				 .validity_us = 3 * USEC_PER_SEC };
}

static void send_message(struct world *w, const struct message *m, const char *body, const char *to, const char *key,
			 bool quote)
{
	uint8_t header[2048], list[256];
	struct writer h = writer_of(header, sizeof(header)), l = writer_of(list, sizeof(list));
	struct ipc_accept a = { .body = text_of(body), .key = text_of(key) };
	unsigned before = w->api.answers;

	message_encode(m, &h);
	ipc_put_recipient(&l, text_of(to));
	a.header = text_range((char *)header, writer_len(&h));
	a.recipients = text_range((char *)list, writer_len(&l));
	if (quote) {
		struct ipc_ask ask = { .question = ASK_QUOTE, .account = m->account, .accept = a };
		put(&w->api, IPC_ASK, ++w->call, put_ask, &ask);
	} else {
		put(&w->api, IPC_ACCEPT, ++w->call, put_accept, &a);
	}
	UNTIL(w, w->api.answers == before + 1);
}

static void offer(struct world *w, const char *account, const char *to, const char *key)
{
	struct message m = message_of(account);

	send_message(w, &m, "hello", to, key, false);
}

static void answer_with(struct world *w, const struct delivery *d, enum ipc_outcome outcome, bool await,
			const char *detail)
{
	uint8_t list[64];
	struct writer l = writer_of(list, sizeof(list));
	struct ipc_result r = { .id = d->id,
				.epoch = d->epoch,
				.outcome = outcome,
				.await = await,
				.link = text_of(d->link),
				.segments = 1 };
	unsigned before = w->sms.results_done;

	r.detail = text_of(detail);
	ipc_put_recipient(&l, TEXT_LITERAL("17"));
	if (await || !strcmp(detail, "final, with its id"))
		r.wires = text_range((char *)list, writer_len(&l));
	put(&w->sms, IPC_RESULT, ++w->call, put_result, &r);
	UNTIL(w, w->sms.results_done == before + 1);
}

static void answer(struct world *w, const struct delivery *d, enum ipc_outcome outcome, bool await)
{
	answer_with(w, d, outcome, await, "said");
}

static void report(struct world *w, enum store_outcome outcome)
{
	uint8_t list[64];
	struct writer l = writer_of(list, sizeof(list));
	struct ipc_report r = { .peer = TEXT_LITERAL("a"), .outcome = outcome };
	unsigned before = w->sms.reports_done;

	ipc_put_recipient(&l, TEXT_LITERAL("17"));
	r.forms = text_range((char *)list, writer_len(&l));
	put(&w->sms, IPC_REPORT, ++w->call, put_report, &r);
	UNTIL(w, w->sms.reports_done == before + 1);
}

static void asked(struct store_request *r)
{
	struct world *w = r->owner;

	w->done = true;
}

static void ask_store(struct world *w, struct store_request *r, enum store_operation operation)
{
	r->operation = operation;
	r->done = asked;
	r->owner = w;
	w->done = false;
	store_submit(w->store, r);
	UNTIL(w, w->done);
	assert_true(r->answer == STORE_DONE || r->answer == STORE_REPEAT);
}

/* Posted and held of an account; the ledger is sound whenever somebody looks (B9). */
static void has(struct world *w, const char *account, int64_t posted, int64_t held)
{
	struct charge_payer payer;
	const struct charge_port *port = billing_port(w->billing);
	struct store_account a = { .arena = w->arena };
	struct store_sums sums = { 0 };
	const char *payment;
	int64_t credit;

	assert_true(port->account(port->owner, text_of(account), &payer, &payment, &credit));
	memcpy(a.id, payer.account_id, sizeof(a.id));
	ask_store(w, &a.base, STORE_ACCOUNT_GET);
	assert_int_equal(a.posted_out, posted);
	assert_int_equal(a.held_out, held);
	ask_store(w, &sums.base, STORE_SUMS);
	assert_true(sums.sound_out);
	for (unsigned i = 0; i < sums.currencies_out; i++)
		assert_int_equal(sums.by_currency_out[i].entries_sum, 0);
}

static void ask_queue(struct world *w, enum ipc_question question, struct message_id id, const char *header,
		      const char *body, const char *key)
{
	struct ipc_ask ask = { .question = question, .id = id };
	unsigned before = w->api.answers;

	ask.accept.header = text_of(header);
	ask.accept.body = text_of(body);
	ask.accept.key = text_of(key);
	put(&w->api, IPC_ASK, ++w->call, put_ask, &ask);
	UNTIL(w, w->api.answers == before + 1);
}

static void fault(void *owner, const char *file, unsigned line, struct text word, const char *text)
{
	(void)owner;
	fail_msg("%s:%u: %.*s: %s", file, line, TEXT_ARGS(word), text);
}

struct load {
	struct config *config;
	const char *content;
};

static void load_file(void *owner, struct config_file *file)
{
	struct load *l = owner;

	config_file_load(l->config, file, text_of(l->content));
}

static void configure(struct world *w, bool priced, const char *list)
{
	struct config *config = config_new(kinds, 5);
	struct load load = { config, list };
	const char *why = "";

	assert_int_equal(config_read(config, "test", text_of(accounts), fault, NULL), 0);
	if (priced)
		assert_int_equal(config_read(config, "test", text_of(money), fault, NULL), 0);
	config_files(config, load_file, &load);
	assert_int_equal(billing_check(config, &why), OK);
	billing_switch(w->billing, config, w->store);
	queue_switch(w->queue, config);
	config_free(&config);
	turn(w, 3);
}

static int64_t one_segment(const struct message *m)
{
	(void)m;
	return 1;
}

static int set_up(void **state)
{
	struct world *w = must_alloc(sizeof(*w));
	const char *why = "";

	w->loop = loop_new();
	w->arena = arena_new(4096);
	w->billing = billing_new(one_segment);
	queue_charge_policy(billing_port(w->billing), &w->policy);
	assert_int_equal(store_memory_open(w->loop, &w->policy, &w->store, &why), OK);
	w->queue = queue_new(w->loop, w->store);
	queue_charge(w->queue, billing_port(w->billing));
	configure(w, true, prices);
	connect_edge(w, &w->api, EDGE_API, "api-1");
	connect_edge(w, &w->sms, EDGE_SMS, "sms-1");
	turn(w, 3);
	link_is(w, "a", true);
	*state = w;
	return 0;
}

static int tear_down(void **state)
{
	struct world *w = *state;

	queue_stop(w->queue);
	UNTIL(w, queue_idle(w->queue) && billing_idle(w->billing));
	store_close(&w->store);
	queue_free(&w->queue);
	billing_free(&w->billing);
	ipc_free(&w->api.here);
	ipc_free(&w->api.there);
	ipc_free(&w->sms.here);
	ipc_free(&w->sms.there);
	loop_free(&w->loop);
	arena_free(&w->arena);
	free(w);
	return 0;
}

static struct ipc_deliver delivered(const struct delivery *d)
{
	return (struct ipc_deliver){ .id = d->id, .permit = text_range((const char *)d->permit, d->permit_len) };
}

/* B5, B21: the hold stands before the first byte, and the permit is for exactly this. */
static void a_priced_delivery_carries_its_permit(void **state)
{
	struct world *w = *state;
	struct ipc_result no;

	offer(w, "post", "+8190", "");
	assert_int_equal(w->api.result, OK);
	assert_non_null(strstr(w->api.answer, "\"price\":\"3.30\""));
	UNTIL(w, w->sms.deliveries == 1);
	has(w, "post", 0, 3300000);
	struct delivery *d = &w->sms.got[0];
	assert_string_equal(d->price, "3.30 JPY");
	struct ipc_deliver it = delivered(d);
	assert_false(permit_spend(&it, TEXT_LITERAL("mms"), 1, true, clock_monotonic(), &no));
	assert_false(permit_spend(&it, TEXT_LITERAL("sms"), 2, true, clock_monotonic(), &no));
	assert_int_equal(no.outcome, IPC_REFUSED);
	assert_false(permit_spend(&it, TEXT_LITERAL("sms"), 1, true, d->not_after_us + 1, &no));
	assert_int_equal(no.outcome, IPC_RETRY);
	assert_true(permit_spend(&it, TEXT_LITERAL("sms"), 1, true, clock_monotonic(), &no));
	it.permit.len--;
	assert_false(permit_spend(&it, TEXT_LITERAL("sms"), 1, true, clock_monotonic(), &no));
	it.permit.len = 0;
	assert_false(permit_spend(&it, TEXT_LITERAL("sms"), 1, true, clock_monotonic(), &no));
	assert_int_equal(no.outcome, IPC_RETRY);
	assert_true(permit_spend(&it, TEXT_LITERAL("sms"), 1, false, clock_monotonic(), &no));
	answer(w, d, IPC_SENT, false);
	has(w, "post", -3300000, 0);
}

/* B2: an answer that comes twice posts once. */
static void an_answer_posts_once(void **state)
{
	struct world *w = *state;

	offer(w, "post", "+8190", "key");
	UNTIL(w, w->sms.deliveries == 1);
	answer(w, &w->sms.got[0], IPC_SENT, false);
	answer(w, &w->sms.got[0], IPC_SENT, false);
	answer(w, &w->sms.got[0], IPC_DELIVERED, false);
	offer(w, "post", "+8190", "key"); /* B12 */
	has(w, "post", -3300000, 0);
}

static void refused_for_good_costs_nothing(void **state)
{
	struct world *w = *state;

	offer(w, "post", "+8190", "");
	UNTIL(w, w->sms.deliveries == 1);
	answer(w, &w->sms.got[0], IPC_RETRY, false); /* the hold stays */
	UNTIL(w, w->sms.deliveries == 2);
	has(w, "post", 0, 3300000);
	assert_true(w->sms.got[1].permit_len);
	answer(w, &w->sms.got[1], IPC_REFUSED, false);
	has(w, "post", 0, 0);
}

/* B15: pay on delivery. */
static void a_bad_report_refunds_once(void **state)
{
	struct world *w = *state;

	offer(w, "post", "+8290", "");
	UNTIL(w, w->sms.deliveries == 1);
	answer(w, &w->sms.got[0], IPC_SENT, true);
	has(w, "post", -10 * YEN, 0);
	report(w, OUTCOME_REFUSED);
	has(w, "post", 0, 0);
	report(w, OUTCOME_REFUSED);
	has(w, "post", 0, 0);
}

/* What all records together say was paid. */
static int64_t recorded(struct world *w)
{
	struct store_cdr_next next = { .arena = w->arena, .limit = 100 };
	const struct charge_port *port = billing_port(w->billing);
	int64_t sum = 0;

	ask_store(w, &next.base, STORE_CDR_NEXT);
	for (const struct store_cdr_row *row = next.rows_out; row; row = row->next) {
		struct json_doc *doc = NULL;
		struct json_error error;
		struct text t = { 0 };
		int64_t amount = 0;
		assert_int_equal(json_parse(row->body, NULL, &doc, &error), OK);
		assert_true(json_text(json_member(json_root(doc), "amount"), &t) && port->take_amount(t, &amount));
		sum += amount;
		json_free(&doc);
	}
	return sum;
}

/* B18: its record was written when no report was awaited; the one that comes all the same refunds, and records that. */
static void a_report_that_nobody_awaited_is_recorded(void **state)
{
	struct world *w = *state;

	offer(w, "post", "+8290", "");
	UNTIL(w, w->sms.deliveries == 1);
	answer_with(w, &w->sms.got[0], IPC_SENT, false, "final, with its id");
	has(w, "post", -10 * YEN, 0);
	assert_int_equal(recorded(w), 10 * YEN);
	report(w, OUTCOME_REFUSED);
	has(w, "post", 0, 0);
	assert_int_equal(recorded(w), 0);
	report(w, OUTCOME_DELIVERED);
	has(w, "post", 0, 0);
	assert_int_equal(recorded(w), 0);
}

static void a_bad_report_leaves_what_was_paid_for_sending(void **state)
{
	struct world *w = *state;

	offer(w, "post", "+8190", "");
	UNTIL(w, w->sms.deliveries == 1);
	answer(w, &w->sms.got[0], IPC_SENT, true);
	report(w, OUTCOME_REFUSED);
	has(w, "post", -3300000, 0);
}

/* B8: in doubt the hold stands, the repeat is the same attempt, and undecided at the end the operator pays. */
static void doubt_keeps_the_hold(void **state)
{
	struct world *w = *state;

	offer(w, "post", "+8190", "");
	UNTIL(w, w->sms.deliveries == 1);
	lose_edge(w, &w->sms);
	connect_edge(w, &w->sms, EDGE_SMS, "sms-2");
	turn(w, 3);
	has(w, "post", 0, 3300000);
	link_is(w, "a", true);
	UNTIL(w, w->sms.deliveries == 2);
	assert_true(w->sms.got[1].doubt);
	assert_int_equal(w->sms.got[1].attempt, 1);
	answer(w, &w->sms.got[1], IPC_UNKNOWN, false);
	has(w, "post", 0, 0);
}

static void what_expires_gives_its_hold_back(void **state)
{
	struct world *w = *state;
	struct store_sums sums = { 0 };

	link_is(w, "a", false);
	offer(w, "post", "+8190", "");
	has(w, "post", 0, 3300000);
	int64_t until = clock_monotonic() + 8 * USEC_PER_SEC;
	do {
		loop_turn(w->loop, 50000);
		ask_store(w, &sums.base, STORE_SUMS);
	} while (!sums.finished_out && clock_monotonic() < until);
	has(w, "post", 0, 0);
}

static void what_is_cancelled_gives_its_hold_back(void **state)
{
	struct world *w = *state;

	link_is(w, "a", false);
	offer(w, "post", "+8190", "");
	ask_queue(w, ASK_CANCEL, w->api.id, "", "", "");
	assert_int_equal(w->api.result, OK);
	has(w, "post", 0, 0);
}

/* B10, and the words of the refusal. */
static void no_credit_says_what_is_missing(void **state)
{
	struct world *w = *state;

	offer(w, "acme", "+8190", "");
	assert_int_equal(w->api.result, ERR_DENIED);
	assert_non_null(strstr(w->api.why, "costs 3.30 JPY"));
	assert_non_null(strstr(w->api.why, "has 0.00 JPY"));
	ask_queue(w, ASK_TOP_UP, (struct message_id){ 0 }, "acme", "3.29", "k1");
	assert_int_equal(w->api.result, OK);
	offer(w, "acme", "+8190", "");
	assert_int_equal(w->api.result, ERR_DENIED);
	assert_non_null(strstr(w->api.why, "top-up of 0.01 JPY"));
	ask_queue(w, ASK_TOP_UP, (struct message_id){ 0 }, "acme", "0.01", "k2");
	ask_queue(w, ASK_TOP_UP, (struct message_id){ 0 }, "acme", "0.01", "k2");
	offer(w, "acme", "+8190", "");
	assert_int_equal(w->api.result, OK);
	has(w, "acme", 3300000, 3300000);
}

static void a_top_up_needs_sense(void **state)
{
	struct world *w = *state;
	struct message_id none = { 0 };
	static const char *const bad[] = { "", "x", "0", "1.0000001", "99999999999999999999", "--1", "1,5" };

	for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		ask_queue(w, ASK_TOP_UP, none, "acme", bad[i], "k");
		assert_int_not_equal(w->api.result, OK);
	}
	ask_queue(w, ASK_TOP_UP, none, "acme", "5", "");
	assert_int_equal(w->api.result, ERR_MALFORMED);
	ask_queue(w, ASK_TOP_UP, none, "nobody", "5", "k");
	assert_int_equal(w->api.result, ERR_NOT_FOUND);
	ask_queue(w, ASK_TOP_UP, none, "free", "5", "k");
	assert_int_equal(w->api.result, ERR_CONFLICT);
	has(w, "acme", 0, 0);
}

/* B1: no price row, no paid send; it waits for one. */
static void without_a_price_it_waits_for_one(void **state)
{
	struct world *w = *state;

	offer(w, "post", "+8390", ""); /* 50 against a ceiling of 20 */
	assert_int_equal(w->api.result, OK);
	assert_non_null(strstr(w->api.answer, "\"rule\":\"R6.7\""));
	offer(w, "post", "+4412", "");
	assert_non_null(strstr(w->api.answer, "\"rule\":\"R6.8\""));
	turn(w, 10);
	assert_int_equal(w->sms.deliveries, 0);
	has(w, "post", 0, 0);
	configure(w, true, cheaper);
	UNTIL(w, w->sms.deliveries == 1);
	has(w, "post", 0, 2 * YEN);
	answer(w, &w->sms.got[0], IPC_SENT, false);
	has(w, "post", -2 * YEN, 0);
}

/* B4: a later list does not reach what is accepted. */
static void the_price_is_that_of_its_acceptance(void **state)
{
	struct world *w = *state;

	link_is(w, "a", false);
	offer(w, "post", "+8190", "");
	configure(w, true, cheaper);
	link_is(w, "a", true);
	UNTIL(w, w->sms.deliveries == 1);
	answer(w, &w->sms.got[0], IPC_SENT, false);
	has(w, "post", -3300000, 0);
	offer(w, "post", "+8191", "");
	UNTIL(w, w->sms.deliveries == 2);
	has(w, "post", -3300000, 1 * YEN);
}

/* The token of a quote for this message; the caller's until the next one. */
static struct text quoted(struct world *w, const struct message *m, const char *body, const char *to)
{
	static char token[MESSAGE_QUOTE_MAX + 1];

	send_message(w, m, body, to, "", true);
	const char *at = strstr(w->api.answer, "\"token\":\"");
	assert_non_null(at);
	at += strlen("\"token\":\"");
	snprintf(token, sizeof(token), "%.*s", (int)strcspn(at, "\""), at);
	return text_of(token);
}

/* B4: a quote's price is that of its giving, for its message, its payer and its time alone. */
static void a_quote_holds_its_price(void **state)
{
	struct world *w = *state;
	struct message m = message_of("asks"), other = message_of("post");

	m.quote = other.quote = quoted(w, &m, "hello", "+8190");
	configure(w, true, cheaper);
	send_message(w, &m, "hallo", "+8190", "", false);
	assert_int_equal(w->api.result, ERR_DENIED);
	assert_non_null(strstr(w->api.why, "another text"));
	send_message(w, &m, "hello", "+8191", "", false);
	assert_non_null(strstr(w->api.why, "other recipients"));
	send_message(w, &other, "hello", "+8190", "", false);
	assert_non_null(strstr(w->api.why, "another account"));
	m.has_coding = true;
	send_message(w, &m, "hello", "+8190", "", false);
	assert_non_null(strstr(w->api.why, "another text"));
	m.has_coding = false;
	send_message(w, &m, "hello", "+8190", "", false); /* the question is answered by it */
	assert_int_equal(w->api.result, OK);
	UNTIL(w, w->sms.deliveries == 1);
	has(w, "asks", 0, 3300000);
	answer(w, &w->sms.got[0], IPC_SENT, false);
	has(w, "asks", -3300000, 0);
	m.quote = TEXT_LITERAL("AQEAAA");
	send_message(w, &m, "hello", "+8190", "", false);
	assert_int_equal(w->api.result, ERR_MALFORMED);
}

/* B12: what a quote was used for stays accepted once it has ended; it is used for nothing more. */
static void an_ended_quote_is_refused(void **state)
{
	struct world *w = *state;
	struct message m = message_of("post");
	int64_t now = clock_now();

	m.quote = quoted(w, &m, "hello", "+8190");
	send_message(w, &m, "hello", "+8190", "used", false);
	assert_int_equal(w->api.result, OK);
	struct message_id first = w->api.id;
	clock_set(now + 301 * USEC_PER_SEC, clock_monotonic());
	send_message(w, &m, "hello", "+8190", "used", false);
	enum result again = w->api.result;
	bool same = message_id_equal(first, w->api.id);
	send_message(w, &m, "hello", "+8190", "new", false);
	enum result anew = w->api.result;
	clock_real();
	assert_int_equal(again, OK);
	assert_true(same);
	assert_int_equal(anew, ERR_DENIED);
	assert_non_null(strstr(w->api.why, "valid until"));
}

static unsigned outbox_rows(struct world *w, const char *target, const char *kind, const char *holding)
{
	struct store_outbox_due due = { .arena = w->arena, .target = text_of(target), .limit = 100 };
	unsigned n = 0;

	ask_store(w, &due.base, STORE_OUTBOX_DUE);
	for (const struct store_outbox_row *row = due.rows_out; row; row = row->next)
		n += text_is(row->kind, kind) && memmem(row->body.at, row->body.len, holding, strlen(holding));
	return n;
}

/* B11 */
static void a_cap_refuses_and_warns_once(void **state)
{
	struct world *w = *state;

	offer(w, "capped", "+8190", "");
	assert_int_equal(outbox_rows(w, "webhook:capped", "cap", ""), 0);
	offer(w, "capped", "+8191", "");
	assert_int_equal(w->api.result, OK);
	assert_int_equal(outbox_rows(w, "webhook:capped", "cap", "\"percent\":80"), 1);
	offer(w, "capped", "+8192", "");
	assert_int_equal(w->api.result, ERR_DENIED);
	assert_non_null(strstr(w->api.why, "cap day"));
	assert_non_null(strstr(w->api.why, "1.40 JPY is left"));
	struct message m = message_of("exact"); /* all of the cap, and no more */
	send_message(w, &m, "hello", "+8190", "", true);
	assert_non_null(strstr(w->api.answer, "\"accepted\":true"));
	m = message_of("capped");
	send_message(w, &m, "hello", "+8190", "", true);
	assert_non_null(strstr(w->api.answer, "\"accepted\":false"));
	UNTIL(w, w->sms.deliveries == 2);
	answer(w, &w->sms.got[0], IPC_REFUSED, false); /* gives its part of the cap back */
	offer(w, "capped", "+8193", "");
	assert_int_equal(w->api.result, OK);
	assert_int_equal(outbox_rows(w, "webhook:capped", "cap", ""), 1);
}

/* B15 */
static void a_refund_by_hand_is_recorded_once(void **state)
{
	struct world *w = *state;
	struct store_cdr_next next = { .arena = w->arena, .limit = 100 };
	unsigned refunds = 0;

	offer(w, "post", "+8190", "");
	UNTIL(w, w->sms.deliveries == 1);
	struct message_id id = w->sms.got[0].id;
	ask_queue(w, ASK_REFUND, id, "complaint", "", "r");
	assert_int_equal(w->api.result, ERR_CONFLICT); /* nothing was charged yet */
	answer(w, &w->sms.got[0], IPC_SENT, false);
	ask_queue(w, ASK_REFUND, id, "complaint", "3.31", "r");
	assert_int_equal(w->api.result, ERR_DENIED);
	ask_queue(w, ASK_REFUND, id, "", "", "r");
	assert_int_equal(w->api.result, ERR_MALFORMED);
	ask_queue(w, ASK_REFUND, id, "complaint", "", "r");
	assert_int_equal(w->api.result, OK);
	ask_queue(w, ASK_REFUND, id, "complaint", "", "r");
	assert_int_equal(w->api.result, OK);
	ask_queue(w, ASK_REFUND, id, "complaint", "", "another");
	assert_int_equal(w->api.result, ERR_CONFLICT);
	ask_queue(w, ASK_REFUND, id, "complaint", "1.00", "r");
	assert_int_equal(w->api.result, ERR_CONFLICT);
	has(w, "post", 0, 0);
	ask_store(w, &next.base, STORE_CDR_NEXT);
	for (const struct store_cdr_row *row = next.rows_out; row; row = row->next)
		refunds += memmem(row->body.at, row->body.len, "\"amount\":\"-3.30\"", 16) != NULL;
	assert_int_equal(refunds, 1);
}

/* The question is in the same commit as the message that waits for it. */
static void a_question_is_durable(void **state)
{
	struct world *w = *state;

	offer(w, "asks", "+8190", "");
	assert_int_equal(outbox_rows(w, "webhook:asks", "consent", "\"price\":\"3.30\""), 1);
	offer(w, "post", "+8190", "");
	assert_int_equal(outbox_rows(w, "webhook:post", "consent", ""), 0);
}

/* A phone that an account names pays: it wrote an SMS. Another one pays nothing, and nobody else answers for it. */
static void a_phone_has_a_payer(void **state)
{
	struct world *w = *state;
	struct message m = { .channel = TEXT_LITERAL("lab"), .account = TEXT_LITERAL("lab"), .from_network = true };

	m.sender = TEXT_LITERAL("+81555");
	send_message(w, &m, "hello", "+8190", "", false);
	assert_int_equal(w->api.result, OK);
	has(w, "family", 0, 3300000);
	m.sender = TEXT_LITERAL("+81556");
	send_message(w, &m, "hello", "+8190", "", false);
	assert_int_equal(w->api.result, OK);
	has(w, "family", 0, 3300000);
	send_message(w, &m, "YES 1234", "2255", "", false); /* the number of our questions: never routed */
	assert_int_equal(w->api.result, ERR_NOT_FOUND);
	send_message(w, &m, "what?", "2255", "", false);
	assert_int_equal(w->api.result, ERR_MALFORMED);
}

/* A published version never changes: other prices under its number price nothing. */
static void a_changed_version_prices_nothing(void **state)
{
	struct world *w = *state;

	configure(w, true, "version,1,JPY,2019-10-01,\nprice,sms,+81,segment,1,10,1,0,sent\n");
	turn(w, 5);
	offer(w, "post", "+8190", "");
	assert_non_null(strstr(w->api.answer, "\"rule\":\"R6.8\""));
	has(w, "post", 0, 0);
}

static void a_question_waits_for_its_answer(void **state)
{
	struct world *w = *state;

	offer(w, "asks", "+8190", "");
	assert_non_null(strstr(w->api.answer, "\"rule\":\"R6.4\""));
	struct message_id one = message_id_delivery(w->api.id, 1);
	has(w, "asks", 0, 0);
	ask_queue(w, ASK_CONSENT, one, "", "yes", "");
	assert_int_equal(w->api.result, OK);
	UNTIL(w, w->sms.deliveries == 1);
	has(w, "asks", 0, 3300000);
	ask_queue(w, ASK_CONSENT, one, "", "yes", "");
	assert_int_equal(w->api.result, ERR_CONFLICT);
	answer(w, &w->sms.got[0], IPC_SENT, false);
	has(w, "asks", -3300000, 0);
	offer(w, "asks", "+8190", "");
	ask_queue(w, ASK_CONSENT, message_id_delivery(w->api.id, 1), "", "no", "");
	assert_int_equal(w->api.result, OK);
	turn(w, 10);
	assert_int_equal(w->sms.deliveries, 1);
	has(w, "asks", -3300000, 0);
}

/* B1: a message for an application that finds another link has no quote, and so no permit. */
static void what_was_meant_for_an_application_gets_no_permit(void **state)
{
	struct world *w = *state;

	link_is(w, "esme:post", true);
	offer(w, "post", "+9912", "");
	UNTIL(w, w->sms.deliveries == 1);
	assert_string_equal(w->sms.got[0].link, "esme:post");
	answer(w, &w->sms.got[0], IPC_RETRY, false);
	UNTIL(w, w->sms.deliveries == 2);
	assert_string_equal(w->sms.got[1].link, "a");
	assert_int_equal(w->sms.got[1].permit_len, 0);
	has(w, "post", 0, 0);
}

/* --- RCS ---------------------------------------------------------------------------------------------------------- */

static void presence(struct world *w, const char *number, bool known, bool registered, bool offline_text)
{
	uint8_t room[128];
	struct writer n = writer_of(room, sizeof(room));
	struct ipc_presence_of one = { .number = text_of(number), .known = known, .registered = registered };
	struct ipc_presence p = { .link = TEXT_LITERAL("a"), .offline_text = offline_text };

	ipc_put_presence_of(&n, &one);
	p.numbers = text_range((const char *)room, writer_len(&n));
	put(&w->sms, IPC_PRESENCE, 0, put_presence, &p);
	turn(w, 3);
}

static void rcs_is_free_while_it_is_there(void **state)
{
	struct world *w = *state;

	presence(w, "+8190", true, true, true);
	offer(w, "acme", "+8190", "");
	assert_non_null(strstr(w->api.answer, "\"rule\":\"R1.1\""));
	UNTIL(w, w->sms.deliveries == 1);
	assert_string_equal(w->sms.got[0].bearer, "rcs");
	assert_int_equal(w->sms.got[0].permit_len, 0);
	answer(w, &w->sms.got[0], IPC_DELIVERED, false);
	has(w, "acme", 0, 0);
}

/* A closed RCS attempt becomes SMS only with consent and its own charge; R9.2: without, never. */
static void a_closed_attempt_falls_back_within_consent(void **state)
{
	struct world *w = *state;

	presence(w, "+8190", true, true, false);
	offer(w, "post", "+8190", "");
	UNTIL(w, w->sms.deliveries == 1);
	assert_string_equal(w->sms.got[0].bearer, "rcs");
	has(w, "post", 0, 0);
	answer_with(w, &w->sms.got[0], IPC_RETRY, false, "480 not registered");
	UNTIL(w, w->sms.deliveries == 2);
	assert_string_equal(w->sms.got[1].bearer, "sms");
	assert_true(w->sms.got[1].permit_len);
	has(w, "post", 0, 3300000);
	answer(w, &w->sms.got[1], IPC_SENT, false);
	has(w, "post", -3300000, 0);
	presence(w, "+8191", true, true, false);
	offer(w, "asks", "+8191", "");
	UNTIL(w, w->sms.deliveries == 3);
	answer_with(w, &w->sms.got[2], IPC_RETRY, false, "480 not registered");
	turn(w, 20);
	assert_int_equal(w->sms.deliveries, 3);
	has(w, "asks", 0, 0);
	presence(w, "+8191", true, true, false); /* back: it goes by RCS after all */
	UNTIL(w, w->sms.deliveries == 4);
	assert_string_equal(w->sms.got[3].bearer, "rcs");
}

/* R9.3: an attempt that may have arrived is never paid for by another bearer. */
static void an_open_attempt_is_only_repeated(void **state)
{
	struct world *w = *state;

	presence(w, "+8190", true, true, false);
	offer(w, "post", "+8190", "");
	UNTIL(w, w->sms.deliveries == 1);
	answer_with(w, &w->sms.got[0], IPC_DOUBT, false, "no answer");
	presence(w, "+8190", true, false, false);
	UNTIL(w, w->sms.deliveries == 2);
	assert_string_equal(w->sms.got[1].bearer, "rcs");
	assert_true(w->sms.got[1].doubt);
	has(w, "post", 0, 0);
}

static void switched_off_nothing_is_priced(void **state)
{
	struct world *w = *state;

	configure(w, false, "");
	offer(w, "acme", "+8190", "");
	assert_int_equal(w->api.result, OK);
	assert_null(strstr(w->api.answer, "rule"));
	UNTIL(w, w->sms.deliveries == 1);
	assert_int_equal(w->sms.got[0].permit_len, 0);
	answer(w, &w->sms.got[0], IPC_SENT, false);
	ask_queue(w, ASK_BALANCE, (struct message_id){ 0 }, "acme", "", "");
	assert_int_equal(w->api.result, ERR_NOT_FOUND);
}

/* What was held before the reload is settled after it. */
static void switched_off_in_flight_it_is_still_settled(void **state)
{
	struct world *w = *state;

	offer(w, "post", "+8190", "");
	UNTIL(w, w->sms.deliveries == 1);
	configure(w, false, "");
	answer(w, &w->sms.got[0], IPC_SENT, false);
	configure(w, true, prices);
	has(w, "post", -3300000, 0);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(a_priced_delivery_carries_its_permit),
		CASE(an_answer_posts_once),
		CASE(refused_for_good_costs_nothing),
		CASE(a_bad_report_refunds_once),
		CASE(a_report_that_nobody_awaited_is_recorded),
		CASE(a_bad_report_leaves_what_was_paid_for_sending),
		CASE(doubt_keeps_the_hold),
		CASE(what_expires_gives_its_hold_back),
		CASE(what_is_cancelled_gives_its_hold_back),
		CASE(no_credit_says_what_is_missing),
		CASE(a_top_up_needs_sense),
		CASE(without_a_price_it_waits_for_one),
		CASE(the_price_is_that_of_its_acceptance),
		CASE(a_quote_holds_its_price),
		CASE(an_ended_quote_is_refused),
		CASE(a_cap_refuses_and_warns_once),
		CASE(a_refund_by_hand_is_recorded_once),
		CASE(a_question_is_durable),
		CASE(a_phone_has_a_payer),
		CASE(a_changed_version_prices_nothing),
		CASE(a_question_waits_for_its_answer),
		CASE(what_was_meant_for_an_application_gets_no_permit),
		CASE(rcs_is_free_while_it_is_there),
		CASE(a_closed_attempt_falls_back_within_consent),
		CASE(an_open_attempt_is_only_repeated),
		CASE(switched_off_nothing_is_priced),
		CASE(switched_off_in_flight_it_is_still_settled),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
