/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Accounts charged online, between a scripted link, a scripted charging system, the memory store and the real port:
 * what each verdict does to a delivery and to its money, and B20's limits. The queue is killed by making a new one on
 * the same store.
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
#include "billing/ro_vty.h"
#include "core/base/arena.h"
#include "core/base/clock.h"
#include "core/core_vty.h"
#include "core/ipc_credit.h"
#include "core/queue.h"
#include "store/store_open.h"

#define EDGE_SMS 3u
#define EDGE_API 4u
#define EDGE_OCS 8u
#define KEPT 64u
#define PRICE INT64_C(3300000)

static const struct node_kind *const kinds[] = { &account_kind, &route_kind,   &queue_kind,
						 &store_kind,	&billing_kind, &diameter_kind };
static const char accounts[] = "account acme\n secret x\n payment online\n consent always\n charging-id +8190\n"
			       "account other\n secret x\n payment online\n consent always\n"
			       "account post\n secret x\n payment postpaid\n credit 100\n consent always\n"
			       "route all\n prefix *\n link a\n"
			       "queue\n retry 100ms\n lease 5s\n"
			       "billing\n tariff prices\n currency JPY\n ceiling 20\n"
			       "diameter\n peer 127.0.0.1:3868\n identity gw.example\n realm example\n";
static const char buffering[] = " outage buffer\n exposure-payer 6.60\n exposure-all 9.90\n";
static const char prices[] = "version,1,JPY,2019-10-01,\nprice,sms,+81,segment,1,10,3,10%,sent\nprice,sms,+82,segment,"
			     "1,10,3,10%,delivered\n";

struct delivery {
	struct message_id id;
	int64_t epoch;
};

struct asked {
	struct ipc_credit ask;
	char session[256], subscriber[64];
};

struct edge {
	unsigned number;
	struct ipc *here, *there;
	struct delivery got[KEPT];
	struct asked asked[KEPT];
	unsigned deliveries, answers, results_done, asks;
	enum result result;
	struct message_id id;
};

struct world {
	struct loop *loop;
	struct store *store;
	struct store_policy policy;
	struct billing *billing;
	struct queue *queue;
	struct edge api, sms, ocs;
	struct arena *arena;
	uint32_t call;
	bool done;
};

static struct queue_side {
	struct world *world;
	unsigned edge;
} sides[16];

static bool edge_got(void *owner, struct ipc *ipc, struct ipc_record *record)
{
	struct edge *e = owner;
	struct ipc_deliver d;
	struct ipc_accepted a;

	(void)ipc;
	if (record->type == IPC_DELIVER) {
		assert_true(ipc_get_deliver(&record->body, &d));
		e->got[e->deliveries++ % KEPT] = (struct delivery){ d.id, d.epoch };
	} else if (record->type == IPC_ACCEPTED) {
		assert_true(ipc_get_accepted(&record->body, &a));
		e->result = a.result;
		e->id = a.id;
		e->answers++;
	} else if (record->type == IPC_RESULT_DONE) {
		e->results_done++;
	} else if (record->type == IPC_CREDIT) {
		struct asked *k = &e->asked[e->asks++ % KEPT];
		assert_true(ipc_get_credit(&record->body, &k->ask));
		assert_true(text_copy(k->ask.session, k->session, sizeof(k->session)));
		assert_true(text_copy(k->ask.subscriber, k->subscriber, sizeof(k->subscriber)));
	}
	return true;
}

static void edge_closed(void *owner, struct ipc *ipc, const char *why)
{
	(void)owner;
	(void)ipc;
	(void)why;
}

static bool queue_got(void *owner, struct ipc *ipc, struct ipc_record *record)
{
	struct queue_side *side = owner;

	(void)ipc;
	bool good = queue_record(side->world->queue, side->edge, record);
	assert_true(good);
	return good;
}

static const struct ipc_handler edge_side = { edge_got, edge_closed, NULL };
static const struct ipc_handler queue_handler = { queue_got, edge_closed, NULL };

#define UNTIL(w, condition) \
	do { \
		int64_t until = clock_monotonic() + 20 * USEC_PER_SEC; \
		while (!(condition) && clock_monotonic() < until) \
			loop_turn((w)->loop, 10000); \
		assert_true(condition); \
	} while (0)

static void turn(struct world *w, unsigned times)
{
	while (times--)
		loop_turn(w->loop, 5000);
}

static void connect_edge(struct world *w, struct edge *e, unsigned number)
{
	int fds[2];

	e->number = number;
	assert_int_equal(ipc_pair(fds), OK);
	sides[number] = (struct queue_side){ w, number };
	e->here = ipc_new(w->loop, fds[0], "edge", &edge_side, e);
	e->there = ipc_new(w->loop, fds[1], "queue", &queue_handler, &sides[number]);
	queue_peer(w->queue, number, e->there);
}

static void introduce(struct edge *e, const char *incarnation)
{
	struct ipc_holding h = { .incarnation = text_of(incarnation), .says_sending = true };

	ipc_put_holding(ipc_begin(e->here, IPC_HOLDING, 0, 200), &h);
	assert_int_equal(ipc_end(e->here), OK);
}

static void lose_edge(struct world *w, struct edge *e)
{
	queue_peer_lost(w->queue, e->number);
	ipc_free(&e->here);
	ipc_free(&e->there);
}

static void system_is(struct world *w, bool up)
{
	struct ipc_credit_link l = { .up = up, .detail = TEXT_LITERAL("scripted") };

	ipc_put_credit_link(ipc_begin(w->ocs.here, IPC_CREDIT_LINK, 0, 64), &l);
	assert_int_equal(ipc_end(w->ocs.here), OK);
	turn(w, 3);
}

static void link_up(struct world *w)
{
	struct ipc_link l = { .name = TEXT_LITERAL("a"), .up = true, .window = 50 };

	ipc_put_link(ipc_begin(w->sms.here, IPC_LINK, 0, 64), &l);
	assert_int_equal(ipc_end(w->sms.here), OK);
	turn(w, 3);
}

static struct message_id offer(struct world *w, const char *account, const char *to)
{
	uint8_t header[2048], list[256];
	struct writer h = writer_of(header, sizeof(header)), l = writer_of(list, sizeof(list));
	struct message m = { .channel = TEXT_LITERAL("http"),
			     .account = text_of(account),
			     .sender = TEXT_LITERAL("1234"),
			     .validity_us = 60 * USEC_PER_SEC };
	struct ipc_accept a = { .body = TEXT_LITERAL("hello") };
	unsigned before = w->api.answers;

	message_encode(&m, &h);
	ipc_put_recipient(&l, text_of(to));
	a.header = text_range((char *)header, writer_len(&h));
	a.recipients = text_range((char *)list, writer_len(&l));
	ipc_put_accept(ipc_begin(w->api.here, IPC_ACCEPT, ++w->call, 8192), &a);
	assert_int_equal(ipc_end(w->api.here), OK);
	UNTIL(w, w->api.answers == before + 1);
	assert_int_equal(w->api.result, OK);
	return message_id_delivery(w->api.id, 1);
}

static void verdict(struct world *w, const struct asked *k, enum credit_verdict what, const char *why)
{
	struct ipc_credit_done d = {
		.delivery = k->ask.delivery, .verdict = what, .session = text_of(k->session), .why = text_of(why)
	};

	ipc_put_credit_done(ipc_begin(w->ocs.here, IPC_CREDIT_DONE, 0, 1024), &d);
	assert_int_equal(ipc_end(w->ocs.here), OK);
	turn(w, 3);
}

static void sent(struct world *w, const struct delivery *d, enum ipc_outcome outcome)
{
	struct ipc_result r = {
		.id = d->id, .epoch = d->epoch, .outcome = outcome, .link = TEXT_LITERAL("a"), .segments = 1
	};
	unsigned before = w->sms.results_done;

	ipc_put_result(ipc_begin(w->sms.here, IPC_RESULT, ++w->call, 1024), &r);
	assert_int_equal(ipc_end(w->sms.here), OK);
	UNTIL(w, w->sms.results_done == before + 1);
}

static void answered(struct store_request *r)
{
	struct world *w = r->owner;

	w->done = true;
}

static void ask_store(struct world *w, struct store_request *r, enum store_operation operation)
{
	r->operation = operation;
	r->done = answered;
	r->owner = w;
	w->done = false;
	store_submit(w->store, r);
	UNTIL(w, w->done);
}

static const struct store_row *row_of(struct world *w, struct message_id id)
{
	static struct store_message_get get;

	get = (struct store_message_get){ .arena = w->arena, .id = id };
	ask_store(w, &get.base, STORE_MESSAGE_GET);
	assert_int_equal(get.base.answer, STORE_DONE);
	return get.rows_out;
}

/* Posted and held of an account; the ledger is sound (B9). */
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
}

static unsigned facts(struct world *w)
{
	struct store_fact_scan scan = { .arena = w->arena, .kind = TEXT_LITERAL("credit"), .limit = 1000 };

	ask_store(w, &scan.base, STORE_FACT_SCAN);
	return scan.rows_count_out;
}

/* --- the world ------------------------------------------------------------------------------------------------ */

static void fault(void *owner, const char *file, unsigned line, struct text word, const char *text)
{
	(void)owner;
	fail_msg("%s:%u: %.*s: %s", file, line, TEXT_ARGS(word), text);
}

static void load_file(void *owner, struct config_file *file)
{
	config_file_load(owner, file, text_of(prices));
}

static void configure(struct world *w, bool buffer)
{
	struct config *config = config_new(kinds, 6);
	const char *why = "";
	char all[4096];

	snprintf(all, sizeof(all), "%s%s", accounts, buffer ? buffering : "");
	assert_int_equal(config_read(config, "test", text_of(all), fault, NULL), 0);
	config_files(config, load_file, config);
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

static void new_queue(struct world *w, bool buffer, const char *incarnation)
{
	w->queue = queue_new(w->loop, w->store);
	queue_charge(w->queue, billing_port(w->billing));
	configure(w, buffer);
	connect_edge(w, &w->api, EDGE_API);
	connect_edge(w, &w->sms, EDGE_SMS);
	connect_edge(w, &w->ocs, EDGE_OCS);
	introduce(&w->api, "api-1");
	introduce(&w->sms, incarnation);
	turn(w, 3);
	link_up(w);
}

static int make_world(void **state, bool buffer)
{
	struct world *w = must_alloc(sizeof(*w));
	const char *why = "";

	w->loop = loop_new();
	w->arena = arena_new(4096);
	w->billing = billing_new(one_segment);
	queue_charge_policy(billing_port(w->billing), &w->policy);
	assert_int_equal(store_memory_open(w->loop, &w->policy, &w->store, &why), OK);
	new_queue(w, buffer, "sms-1");
	*state = w;
	return 0;
}

static int set_up(void **state)
{
	if (make_world(state, false))
		return 1;
	system_is(*state, true);
	return 0;
}

static int set_up_buffering(void **state)
{
	return make_world(state, true);
}

static void end_queue(struct world *w)
{
	queue_stop(w->queue);
	UNTIL(w, queue_idle(w->queue) && billing_idle(w->billing));
	lose_edge(w, &w->api);
	lose_edge(w, &w->sms);
	lose_edge(w, &w->ocs);
	UNTIL(w, queue_idle(w->queue));
	queue_free(&w->queue);
}

static int tear_down(void **state)
{
	struct world *w = *state;

	end_queue(w);
	store_close(&w->store);
	billing_free(&w->billing);
	loop_free(&w->loop);
	arena_free(&w->arena);
	free(w);
	return 0;
}

/* The queue dies with all that it knew; the store stays. */
static void kill_queue(struct world *w, bool buffer)
{
	end_queue(w);
	memset(&w->ocs, 0, sizeof(w->ocs));
	w->sms.deliveries = 0;
	new_queue(w, buffer, "sms-1");
}

/* --- verdicts ------------------------------------------------------------------------------------------------- */

static void granted_goes_and_is_settled(void **state)
{
	struct world *w = *state;

	struct message_id id = offer(w, "acme", "+8190");
	UNTIL(w, w->ocs.asks == 1);
	const struct asked *k = &w->ocs.asked[0];
	assert_true(k->ask.step == CREDIT_RESERVE && !k->ask.again && k->ask.units == 1);
	assert_string_equal(k->subscriber, "+8190");
	assert_true(message_id_equal(k->ask.delivery, id));
	assert_int_equal(facts(w), 1); /* B5: durable before it is asked */
	assert_int_equal(w->sms.deliveries, 0);
	has(w, "acme", 0, PRICE);
	verdict(w, k, CREDIT_GRANTED, "");
	UNTIL(w, w->sms.deliveries == 1);
	sent(w, &w->sms.got[0], IPC_DELIVERED);
	UNTIL(w, w->ocs.asks == 2);
	const struct asked *end = &w->ocs.asked[1];
	assert_true(end->ask.step == CREDIT_SETTLE && !end->ask.again && end->ask.units == 1);
	assert_string_equal(end->session, k->session);
	assert_int_not_equal(end->ask.end_to_end, k->ask.end_to_end);
	verdict(w, end, CREDIT_SETTLED, "");
	UNTIL(w, facts(w) == 0);
	has(w, "acme", -PRICE, 0);
}

static void refused_by_its_link_gives_back(void **state)
{
	struct world *w = *state;

	offer(w, "acme", "+8190");
	UNTIL(w, w->ocs.asks == 1);
	verdict(w, &w->ocs.asked[0], CREDIT_GRANTED, "");
	UNTIL(w, w->sms.deliveries == 1);
	sent(w, &w->sms.got[0], IPC_RETRY); /* the reservation stays for the next try */
	UNTIL(w, w->sms.deliveries == 2);
	assert_int_equal(w->ocs.asks, 1);
	sent(w, &w->sms.got[1], IPC_REFUSED);
	UNTIL(w, w->ocs.asks == 2);
	assert_true(w->ocs.asked[1].ask.step == CREDIT_SETTLE && w->ocs.asked[1].ask.units == 0);
	has(w, "acme", 0, 0);
}

static void denied_is_refused_with_its_reason(void **state)
{
	struct world *w = *state;

	struct message_id id = offer(w, "acme", "+8190");
	UNTIL(w, w->ocs.asks == 1);
	verdict(w, &w->ocs.asked[0], CREDIT_DENIED, "no credit at the charging system (4012)");
	UNTIL(w, row_of(w, id)->state == DELIVERY_FINISHED);
	assert_int_equal(row_of(w, id)->outcome, OUTCOME_REFUSED);
	struct octets trail = row_of(w, id)->trail;
	assert_non_null(memmem(trail.at, trail.len, "no credit at the charging system (4012)", 39));
	assert_int_equal(w->sms.deliveries, 0);
	UNTIL(w, facts(w) == 0);
	has(w, "acme", 0, 0);
}

static void too_little_is_denied_and_given_back(void **state)
{
	struct world *w = *state;

	struct message_id id = offer(w, "acme", "+8190");
	UNTIL(w, w->ocs.asks == 1);
	verdict(w, &w->ocs.asked[0], CREDIT_TOO_LITTLE, "too little");
	UNTIL(w, row_of(w, id)->state == DELIVERY_FINISHED);
	UNTIL(w, w->ocs.asks == 2);
	assert_true(w->ocs.asked[1].ask.step == CREDIT_SETTLE && w->ocs.asked[1].ask.units == 0);
	has(w, "acme", 0, 0);
}

static void free_of_charge_posts_nothing(void **state)
{
	struct world *w = *state;

	offer(w, "acme", "+8190");
	UNTIL(w, w->ocs.asks == 1);
	verdict(w, &w->ocs.asked[0], CREDIT_FREE, "");
	UNTIL(w, w->sms.deliveries == 1);
	sent(w, &w->sms.got[0], IPC_DELIVERED);
	UNTIL(w, facts(w) == 0);
	assert_int_equal(w->ocs.asks, 1);
	has(w, "acme", 0, 0);
}

static void reported(struct world *w, enum store_outcome outcome)
{
	uint8_t list[64];
	struct writer l = writer_of(list, sizeof(list));
	struct ipc_report r = { .peer = TEXT_LITERAL("a"), .outcome = outcome };

	ipc_put_recipient(&l, TEXT_LITERAL("17"));
	r.forms = text_range((char *)list, writer_len(&l));
	ipc_put_report(ipc_begin(w->sms.here, IPC_REPORT, ++w->call, 1024), &r);
	assert_int_equal(ipc_end(w->sms.here), OK);
}

static void sent_and_awaited(struct world *w, const struct delivery *d)
{
	uint8_t list[64];
	struct writer l = writer_of(list, sizeof(list));
	struct ipc_result r = { .id = d->id,
				.epoch = d->epoch,
				.outcome = IPC_SENT,
				.await = true,
				.link = TEXT_LITERAL("a"),
				.segments = 1 };
	unsigned before = w->sms.results_done;

	ipc_put_recipient(&l, TEXT_LITERAL("17"));
	r.wires = text_range((char *)list, writer_len(&l));
	ipc_put_result(ipc_begin(w->sms.here, IPC_RESULT, ++w->call, 1024), &r);
	assert_int_equal(ipc_end(w->sms.here), OK);
	UNTIL(w, w->sms.results_done == before + 1);
}

/* Paid on delivery: the report decides, and nobody has to give money back (B15). */
static void the_report_settles(struct world *w, enum store_outcome outcome, unsigned units, int64_t posted)
{
	offer(w, "acme", "+8290");
	UNTIL(w, w->ocs.asks == 1);
	verdict(w, &w->ocs.asked[0], CREDIT_GRANTED, "");
	UNTIL(w, w->sms.deliveries == 1);
	sent_and_awaited(w, &w->sms.got[0]);
	turn(w, 30);
	assert_int_equal(w->ocs.asks, 1);
	reported(w, outcome);
	UNTIL(w, w->ocs.asks == 2);
	assert_true(w->ocs.asked[1].ask.step == CREDIT_SETTLE && w->ocs.asked[1].ask.units == units);
	has(w, "acme", posted, 0);
}

static void paid_on_delivery_and_delivered(void **state)
{
	the_report_settles(*state, OUTCOME_DELIVERED, 1, -PRICE);
}

static void paid_on_delivery_and_not_delivered(void **state)
{
	the_report_settles(*state, OUTCOME_REFUSED, 0, 0);
}

static void paid_when_sent_waits_for_no_report(void **state)
{
	struct world *w = *state;

	offer(w, "acme", "+8190");
	UNTIL(w, w->ocs.asks == 1);
	verdict(w, &w->ocs.asked[0], CREDIT_GRANTED, "");
	UNTIL(w, w->sms.deliveries == 1);
	sent_and_awaited(w, &w->sms.got[0]);
	UNTIL(w, w->ocs.asks == 2);
	assert_int_equal(w->ocs.asked[1].ask.units, 1);
}

static void others_are_not_asked_about(void **state)
{
	struct world *w = *state;

	offer(w, "post", "+8190");
	UNTIL(w, w->sms.deliveries == 1);
	sent(w, &w->sms.got[0], IPC_DELIVERED);
	assert_int_equal(w->ocs.asks, 0);
	has(w, "post", -PRICE, 0);
}

/* --- doubt (B8) ----------------------------------------------------------------------------------------------- */

static void in_doubt_it_waits_with_its_payers_others(void **state)
{
	struct world *w = *state;

	struct message_id id = offer(w, "acme", "+8190");
	UNTIL(w, w->ocs.asks == 1);
	verdict(w, &w->ocs.asked[0], CREDIT_DOUBT, "silence");
	UNTIL(w, row_of(w, id)->state == DELIVERY_WAITING);
	struct message_id second = offer(w, "acme", "+8191");
	UNTIL(w, row_of(w, second)->state == DELIVERY_WAITING && row_of(w, second)->attempt >= 1);
	assert_int_equal(w->ocs.asks, 1);
	assert_int_equal(w->sms.deliveries, 0);
	offer(w, "other", "+8192"); /* another payer is asked about */
	UNTIL(w, w->ocs.asks == 2);
	assert_true(row_of(w, id)->doubt == false); /* nothing was sent on the bearer */
	verdict(w, &w->ocs.asked[0], CREDIT_GRANTED, "");
	UNTIL(w, w->sms.deliveries == 1);
	assert_true(message_id_equal(w->sms.got[0].id, id));
	UNTIL(w, w->ocs.asks == 3); /* now the second is asked about */
	assert_true(message_id_equal(w->ocs.asked[2].ask.delivery, second));
}

static void a_killed_queue_asks_again_under_the_same_name(void **state)
{
	struct world *w = *state;

	struct message_id id = offer(w, "acme", "+8190");
	UNTIL(w, w->ocs.asks == 1);
	struct asked first = w->ocs.asked[0];
	kill_queue(w, false);
	system_is(w, true);
	UNTIL(w, w->ocs.asks >= 1);
	const struct asked *again = &w->ocs.asked[0];
	assert_string_equal(again->session, first.session);
	assert_true(again->ask.again && again->ask.step == CREDIT_RESERVE);
	assert_int_equal(again->ask.end_to_end, first.ask.end_to_end);
	verdict(w, again, CREDIT_GRANTED, "");
	UNTIL(w, w->sms.deliveries >= 1);
	assert_true(message_id_equal(w->sms.got[0].id, id));
	assert_int_equal(facts(w), 1);
}

static void a_killed_queue_settles_what_ended(void **state)
{
	struct world *w = *state;

	offer(w, "acme", "+8190");
	UNTIL(w, w->ocs.asks == 1);
	verdict(w, &w->ocs.asked[0], CREDIT_GRANTED, "");
	UNTIL(w, w->sms.deliveries == 1);
	sent(w, &w->sms.got[0], IPC_DELIVERED);
	UNTIL(w, w->ocs.asks == 2);
	struct asked end = w->ocs.asked[1];
	kill_queue(w, false);
	system_is(w, true);
	UNTIL(w, w->ocs.asks == 1);
	const struct asked *again = &w->ocs.asked[0];
	assert_string_equal(again->session, end.session);
	assert_true(again->ask.again && again->ask.step == CREDIT_SETTLE && again->ask.units == 1);
	assert_int_equal(again->ask.end_to_end, end.ask.end_to_end);
	verdict(w, again, CREDIT_SETTLED, "");
	UNTIL(w, facts(w) == 0);
	has(w, "acme", -PRICE, 0);
}

/* Granted, and the fact of the grant lost with the queue: the row tells that it was sent. */
static void the_row_tells_what_became_of_it(void **state)
{
	struct world *w = *state;

	struct message_id id = offer(w, "acme", "+8190");
	UNTIL(w, w->ocs.asks == 1);
	verdict(w, &w->ocs.asked[0], CREDIT_GRANTED, "");
	UNTIL(w, w->sms.deliveries == 1);
	lose_edge(w, &w->ocs); /* nobody can settle now */
	sent(w, &w->sms.got[0], IPC_DELIVERED);
	assert_int_equal(row_of(w, id)->state, DELIVERY_FINISHED);
	connect_edge(w, &w->ocs, EDGE_OCS);
	system_is(w, true);
	UNTIL(w, w->ocs.asks == 2);
	assert_true(w->ocs.asked[1].ask.step == CREDIT_SETTLE && w->ocs.asked[1].ask.units == 1);
}

static void a_lost_role_means_doubt(void **state)
{
	struct world *w = *state;

	struct message_id id = offer(w, "acme", "+8190");
	UNTIL(w, w->ocs.asks == 1);
	char session[256];
	snprintf(session, sizeof(session), "%s", w->ocs.asked[0].session);
	lose_edge(w, &w->ocs);
	UNTIL(w, row_of(w, id)->state == DELIVERY_WAITING);
	connect_edge(w, &w->ocs, EDGE_OCS);
	system_is(w, true);
	UNTIL(w, w->ocs.asks == 2);
	assert_true(w->ocs.asked[1].ask.again);
	assert_string_equal(w->ocs.asked[1].session, session);
}

static void a_fault_begins_another_session_later(void **state)
{
	struct world *w = *state;

	struct message_id id = offer(w, "acme", "+8190");
	UNTIL(w, w->ocs.asks == 1);
	verdict(w, &w->ocs.asked[0], CREDIT_LATER, "5005");
	UNTIL(w, row_of(w, id)->state == DELIVERY_WAITING);
	UNTIL(w, facts(w) == 0);
	assert_true(row_of(w, id)->due_us > store_now(w->store) + 30 * USEC_PER_SEC);
	has(w, "acme", 0, PRICE);
}

static void words_of_an_older_session_change_nothing(void **state)
{
	struct world *w = *state;

	offer(w, "acme", "+8190");
	UNTIL(w, w->ocs.asks == 1);
	struct asked old = w->ocs.asked[0];
	old.session[0] ^= 1;
	verdict(w, &old, CREDIT_GRANTED, "");
	verdict(w, &w->ocs.asked[0], CREDIT_SETTLED, ""); /* no answer to a reservation */
	turn(w, 10);
	assert_int_equal(w->sms.deliveries, 0);
	assert_int_equal(facts(w), 1);
}

/* --- outages (B20) -------------------------------------------------------------------------------------------- */

static void stop_means_stop(void **state)
{
	struct world *w = *state;

	system_is(w, false);
	struct message_id id = offer(w, "acme", "+8190");
	UNTIL(w, row_of(w, id)->state == DELIVERY_WAITING && row_of(w, id)->attempt >= 1);
	assert_int_equal(w->sms.deliveries + w->ocs.asks + facts(w), 0);
	offer(w, "post", "+8191");
	UNTIL(w, w->sms.deliveries == 1); /* who is not charged there goes on */
	system_is(w, true);
	UNTIL(w, w->ocs.asks == 1);
	assert_false(w->ocs.asked[0].ask.again);
}

static void buffer_stays_within_both_limits(void **state)
{
	struct world *w = *state;
	static const char *const numbers[] = { "+8190", "+8191", "+8192", "+8193", "+8194", "+8195" };

	for (unsigned i = 0; i < 3; i++)
		offer(w, "acme", numbers[i]);
	UNTIL(w, w->sms.deliveries == 2);
	for (unsigned i = 3; i < 6; i++)
		offer(w, "other", numbers[i]);
	UNTIL(w, w->sms.deliveries == 3);
	turn(w, 50);
	assert_int_equal(w->sms.deliveries, 3); /* 2 of acme, 1 of other: 9.90 in all */
	assert_int_equal(facts(w), 3);
	sent(w, &w->sms.got[0], IPC_DELIVERED);
	turn(w, 50);
	assert_int_equal(w->sms.deliveries, 3); /* an end is no grant */
	kill_queue(w, true);
	turn(w, 400);
	assert_int_equal(facts(w), 3); /* nor is a new queue */
	assert_int_equal(w->ocs.asks, 0);
	system_is(w, true);
	UNTIL(w, w->ocs.asks >= 3);
	for (unsigned i = 0; i < 3; i++)
		verdict(w, &w->ocs.asked[i], CREDIT_GRANTED, "");
	UNTIL(w, w->ocs.asks >= 4); /* room again, and the one that ended is settled */
}

static void what_is_denied_afterwards_is_the_operators(void **state)
{
	struct world *w = *state;

	offer(w, "acme", "+8190");
	UNTIL(w, w->sms.deliveries == 1);
	sent(w, &w->sms.got[0], IPC_DELIVERED);
	has(w, "acme", -PRICE, 0);
	system_is(w, true);
	UNTIL(w, w->ocs.asks == 1);
	verdict(w, &w->ocs.asked[0], CREDIT_DENIED, "4012");
	UNTIL(w, facts(w) == 0);
	offer(w, "acme", "+8191"); /* and counts as exposure no more */
	UNTIL(w, w->ocs.asks == 2);
}

static void a_doubt_may_be_buffered(void **state)
{
	struct world *w = *state;

	system_is(w, true);
	offer(w, "acme", "+8190");
	UNTIL(w, w->ocs.asks == 1);
	assert_int_equal(w->sms.deliveries, 0);
	verdict(w, &w->ocs.asked[0], CREDIT_DOUBT, "silence");
	UNTIL(w, w->sms.deliveries == 1);
	sent(w, &w->sms.got[0], IPC_DELIVERED);
	turn(w, 20);
	assert_int_equal(w->ocs.asks, 1); /* settled once it is reserved, not before */
	verdict(w, &w->ocs.asked[0], CREDIT_GRANTED, "");
	UNTIL(w, w->ocs.asks == 2);
	assert_true(w->ocs.asked[1].ask.step == CREDIT_SETTLE && w->ocs.asked[1].ask.units == 1);
	assert_int_equal(w->sms.deliveries, 1);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
#define BUFFERED(f) cmocka_unit_test_setup_teardown(f, set_up_buffering, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(granted_goes_and_is_settled),
		TEST(refused_by_its_link_gives_back),
		TEST(denied_is_refused_with_its_reason),
		TEST(too_little_is_denied_and_given_back),
		TEST(free_of_charge_posts_nothing),
		TEST(paid_on_delivery_and_delivered),
		TEST(paid_on_delivery_and_not_delivered),
		TEST(paid_when_sent_waits_for_no_report),
		TEST(others_are_not_asked_about),
		TEST(in_doubt_it_waits_with_its_payers_others),
		TEST(a_killed_queue_asks_again_under_the_same_name),
		TEST(a_killed_queue_settles_what_ended),
		TEST(the_row_tells_what_became_of_it),
		TEST(a_lost_role_means_doubt),
		TEST(a_fault_begins_another_session_later),
		TEST(words_of_an_older_session_change_nothing),
		TEST(stop_means_stop),
		BUFFERED(buffer_stays_within_both_limits),
		BUFFERED(what_is_denied_afterwards_is_the_operators),
		BUFFERED(a_doubt_may_be_buffered),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
