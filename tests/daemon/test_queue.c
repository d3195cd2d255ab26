/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The queue between scripted edges and a real store: hand-out, windows, results, doubt, restarts, receipts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/base/arena.h"
#include "core/base/clock.h"
#include "core/core_vty.h"
#include "core/message.h"
#include "core/queue.h"
#include "store/store_open.h"

#define EDGE_API 4u
#define EDGE_SMS 3u
#define KEPT 4096u

static const struct node_kind *const kinds[] = { &account_kind, &route_kind, &queue_kind, &store_kind };
static const char configuration[] = "route all\n prefix *\n link a\n link b\nqueue\n retry 100ms\n lease 2s\n";

struct delivery {
	struct message_id id;
	int64_t epoch, attempt;
	bool doubt;
	char link[32], recipient[32], body[64];
};

/* An edge as a script: it keeps what it was sent. */
struct edge {
	unsigned number;
	struct ipc *here, *there;
	struct delivery got[KEPT];
	unsigned deliveries;
	struct ipc_accepted accepted;
	unsigned answers, results_done, reports_done, outbox;
	struct message_id accepted_id;
	char outbox_body[2048], why[200], answer[8192];
	uint8_t outbox_id[16];
};

struct world {
	struct loop *loop;
	struct store *store;
	struct queue *queue;
	struct config *config;
	struct edge api, sms;
	char folder[64], path[96];
	uint32_t call;
};

static void keep(char *to, size_t size, struct text t)
{
	snprintf(to, size, "%.*s", TEXT_ARGS(t));
}

static bool edge_got(void *owner, struct ipc *ipc, struct ipc_record *record)
{
	struct edge *e = owner;
	struct ipc_deliver d;
	struct ipc_outbox o;
	struct ipc_answer a;

	(void)ipc;
	switch ((enum ipc_type)record->type) {
	case IPC_DELIVER:
		assert_true(ipc_get_deliver(&record->body, &d));
		struct delivery *k = &e->got[e->deliveries++ % KEPT];
		*k = (struct delivery){ .id = d.id, .epoch = d.epoch, .attempt = d.attempt, .doubt = d.doubt };
		keep(k->link, sizeof(k->link), d.link);
		keep(k->recipient, sizeof(k->recipient), d.recipient);
		keep(k->body, sizeof(k->body), d.body);
		break;
	case IPC_ACCEPTED:
		assert_true(ipc_get_accepted(&record->body, &e->accepted));
		e->accepted_id = e->accepted.id;
		keep(e->why, sizeof(e->why), e->accepted.why);
		keep(e->answer, sizeof(e->answer), e->accepted.answer);
		e->answers++;
		break;
	case IPC_RESULT_DONE:
		e->results_done++;
		break;
	case IPC_REPORT_DONE:
		e->reports_done++;
		break;
	case IPC_OUTBOX:
		assert_true(ipc_get_outbox(&record->body, &o));
		keep(e->outbox_body, sizeof(e->outbox_body), o.body);
		memcpy(e->outbox_id, o.id, 16);
		e->outbox++;
		break;
	case IPC_ANSWER:
		assert_true(ipc_get_answer(&record->body, &a));
		keep(e->answer, sizeof(e->answer), a.body);
		e->answers++;
		break;
	default:
		fail_msg("record %u was not expected", record->type);
	}
	return true;
}

static void edge_closed(void *owner, struct ipc *ipc, const char *why)
{
	(void)owner;
	(void)ipc;
	(void)why;
}

struct queue_side {
	struct world *world;
	unsigned edge;
};
static struct queue_side sides[8];

static bool queue_got(void *owner, struct ipc *ipc, struct ipc_record *record)
{
	struct queue_side *side = owner;

	(void)ipc;
	return queue_record(side->world->queue, side->edge, record);
}

static const struct ipc_handler edge_side = { edge_got, edge_closed, NULL };
static const struct ipc_handler queue_handler = { queue_got, edge_closed, NULL };

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

static void lose_edge(struct world *w, struct edge *e)
{
	queue_peer_lost(w->queue, e->number);
	ipc_free(&e->here);
	ipc_free(&e->there);
}

static void hold(struct edge *e, const char *incarnation, const struct message_id *ids, unsigned count)
{
	struct ipc_holding h = { .incarnation = text_of(incarnation),
				 .ids = text_range((const char *)ids, count * MESSAGE_ID_SIZE) };

	ipc_put_holding(ipc_begin(e->here, IPC_HOLDING, 0, 64 + h.ids.len), &h);
	assert_int_equal(ipc_end(e->here), OK);
}

static void link_is(struct edge *e, const char *name, bool up, uint32_t window)
{
	struct ipc_link l = { .name = text_of(name), .up = up, .window = window };

	ipc_put_link(ipc_begin(e->here, IPC_LINK, 0, 200), &l);
	assert_int_equal(ipc_end(e->here), OK);
}

static void turn(struct world *w, unsigned times)
{
	while (times--)
		loop_turn(w->loop, 5000);
}

#define UNTIL(w, condition) \
	do { \
		int64_t until = clock_monotonic() + 8 * USEC_PER_SEC; \
		while (!(condition) && clock_monotonic() < until) \
			loop_turn((w)->loop, 10000); \
		assert_true(condition); \
	} while (0)

static void offer_with(struct world *w, struct edge *e, const struct message *m, const char *to, const char *key)
{
	uint8_t header[2048], list[256];
	struct writer h = writer_of(header, sizeof(header)), l = writer_of(list, sizeof(list));
	struct ipc_accept a = { .body = m->body, .key = text_of(key) };

	message_encode(m, &h);
	ipc_put_recipient(&l, text_of(to));
	a.header = text_range((char *)header, writer_len(&h));
	a.recipients = text_range((char *)list, writer_len(&l));
	ipc_put_accept(ipc_begin(e->here, IPC_ACCEPT, ++w->call, 8192), &a);
	assert_int_equal(ipc_end(e->here), OK);
}

static void offer(struct world *w, struct edge *e, const char *to, const char *body, const char *key)
{
	struct message m = { .channel = TEXT_LITERAL("http"),
			     .account = TEXT_LITERAL("acme"),
			     .sender = TEXT_LITERAL("1234"),
			     .reports = REPORT_ALL,
			     .body = text_of(body) };

	offer_with(w, e, &m, to, key);
}

static void answer(struct world *w, struct edge *e, const struct delivery *d, enum ipc_outcome outcome,
		   const char *wire, bool await)
{
	uint8_t list[64];
	struct writer l = writer_of(list, sizeof(list));
	struct ipc_result r = { .id = d->id,
				.epoch = d->epoch,
				.outcome = outcome,
				.await = await,
				.link = text_of(d->link),
				.detail = TEXT_LITERAL("ESME_X"),
				.segments = 1 };

	if (wire)
		ipc_put_recipient(&l, text_of(wire));
	r.wires = text_range((char *)list, writer_len(&l));
	ipc_put_result(ipc_begin(e->here, IPC_RESULT, ++w->call, 1024), &r);
	assert_int_equal(ipc_end(e->here), OK);
}

static void report(struct world *w, struct edge *e, const char *peer, const char *wire, enum store_outcome outcome)
{
	uint8_t list[64];
	struct writer l = writer_of(list, sizeof(list));
	struct ipc_report r = { .peer = text_of(peer), .outcome = outcome, .detail = TEXT_LITERAL("DELIVRD") };

	ipc_put_recipient(&l, text_of(wire));
	r.forms = text_range((char *)list, writer_len(&l));
	ipc_put_report(ipc_begin(e->here, IPC_REPORT, ++w->call, 1024), &r);
	assert_int_equal(ipc_end(e->here), OK);
}

static void fault(void *owner, const char *file, unsigned line, struct text word, const char *text)
{
	(void)owner;
	fail_msg("%s:%u: %.*s: %s", file, line, TEXT_ARGS(word), text);
}

static void open_queue(struct world *w)
{
	const char *why = "";

	assert_int_equal(store_sqlite_open(w->loop, w->path, NULL, NULL, queue_store_policy(), &w->store, &why), OK);
	w->queue = queue_new(w->loop, w->store);
	queue_switch(w->queue, w->config);
}

static void close_queue(struct world *w)
{
	queue_stop(w->queue);
	UNTIL(w, queue_idle(w->queue));
	store_close(&w->store);
	queue_free(&w->queue);
}

static int set_up(void **state)
{
	struct world *w = must_alloc(sizeof(*w));
	const char *why = "";

	w->loop = loop_new();
	snprintf(w->folder, sizeof(w->folder), "/tmp/cellpost-queue-XXXXXX");
	assert_non_null(mkdtemp(w->folder));
	snprintf(w->path, sizeof(w->path), "%s/q.db", w->folder);
	w->config = config_new(kinds, 4);
	assert_int_equal(config_read(w->config, "test", text_of(configuration), fault, NULL), 0);
	assert_int_equal(queue_check(w->config, &why), OK);
	open_queue(w);
	connect_edge(w, &w->api, EDGE_API);
	connect_edge(w, &w->sms, EDGE_SMS);
	hold(&w->api, "api-1", NULL, 0);
	hold(&w->sms, "sms-1", NULL, 0);
	*state = w;
	return 0;
}

static int tear_down(void **state)
{
	struct world *w = *state;
	char command[128];

	close_queue(w);
	ipc_free(&w->api.here);
	ipc_free(&w->api.there);
	ipc_free(&w->sms.here);
	ipc_free(&w->sms.there);
	config_free(&w->config);
	loop_free(&w->loop);
	snprintf(command, sizeof(command), "rm -rf %s", w->folder);
	assert_int_equal(system(command), 0);
	free(w);
	return 0;
}

static void a_message_goes_out_and_its_receipt_comes_back(void **state)
{
	struct world *w = *state;

	link_is(&w->sms, "a", true, 10);
	link_is(&w->api, "webhook:acme", true, 10);
	turn(w, 5);
	offer(w, &w->api, "+81901", "hello", "");
	UNTIL(w, w->sms.deliveries == 1);
	assert_int_equal(w->api.answers, 1);
	assert_int_equal(w->api.accepted.result, OK);
	assert_non_null(strstr(w->api.answer, "\"link\":\"a\""));
	assert_string_equal(w->sms.got[0].body, "hello");
	answer(w, &w->sms, &w->sms.got[0], IPC_SENT, "17", true);
	UNTIL(w, w->sms.results_done == 1 && w->api.outbox == 1);
	assert_non_null(strstr(w->api.outbox_body, "\"state\":\"accepted\""));
	report(w, &w->sms, "a", "17", OUTCOME_DELIVERED);
	UNTIL(w, w->sms.reports_done == 1 && w->api.outbox == 2);
	assert_non_null(strstr(w->api.outbox_body, "\"state\":\"delivered\""));
	report(w, &w->sms, "a", "17", OUTCOME_DELIVERED); /* repeated: nothing new */
	UNTIL(w, w->sms.reports_done == 2);
	turn(w, 5);
	assert_int_equal(w->api.outbox, 2);
}

static void without_a_link_it_waits_and_goes_when_it_comes(void **state)
{
	struct world *w = *state;

	offer(w, &w->api, "+81902", "later", "");
	UNTIL(w, w->api.answers == 1);
	assert_int_equal(w->api.accepted.result, OK);
	assert_int_equal(w->sms.deliveries, 0);
	link_is(&w->sms, "a", true, 10);
	UNTIL(w, w->sms.deliveries == 1);
	assert_false(w->sms.got[0].doubt);
}

static void a_window_is_kept_and_order_within_a_recipient(void **state)
{
	struct world *w = *state;
	char to[16];

	link_is(&w->sms, "a", true, 3);
	turn(w, 5);
	for (unsigned i = 0; i < 12; i++) {
		snprintf(to, sizeof(to), "+8190%u", i % 6);
		offer(w, &w->api, to, i < 6 ? "first" : "second", "");
	}
	UNTIL(w, w->api.answers == 12);
	turn(w, 10);
	assert_int_equal(w->sms.deliveries, 3);
	for (unsigned done = 0; done < 12; done++) {
		UNTIL(w, w->sms.deliveries > done);
		assert_true(w->sms.deliveries <= done + 3);
		answer(w, &w->sms, &w->sms.got[done], IPC_DELIVERED, NULL, false);
	}
	UNTIL(w, w->sms.results_done == 12);
	for (unsigned i = 0; i < 12; i++) {
		for (unsigned j = i + 1; j < 12; j++) {
			if (!strcmp(w->sms.got[i].recipient, w->sms.got[j].recipient))
				assert_string_equal(w->sms.got[j].body, "second");
		}
	}
}

static void the_same_key_is_the_same_message(void **state)
{
	struct world *w = *state;

	link_is(&w->sms, "a", true, 10);
	turn(w, 5);
	offer(w, &w->api, "+81903", "once", "key-1");
	UNTIL(w, w->api.answers == 1);
	struct message_id first = w->api.accepted_id;
	offer(w, &w->api, "+81903", "once", "key-1");
	UNTIL(w, w->api.answers == 2);
	assert_int_equal(w->api.accepted.result, OK);
	assert_true(w->api.accepted.repeat);
	assert_true(message_id_equal(first, w->api.accepted_id));
	offer(w, &w->api, "+81903", "another", "key-1");
	UNTIL(w, w->api.answers == 3);
	assert_int_equal(w->api.accepted.result, ERR_CONFLICT);
	turn(w, 10);
	assert_int_equal(w->sms.deliveries, 1);
}

static void a_refused_try_is_repeated_on_another_link(void **state)
{
	struct world *w = *state;

	link_is(&w->sms, "a", true, 10);
	link_is(&w->sms, "b", true, 10);
	turn(w, 5);
	offer(w, &w->api, "+81904", "again", "");
	UNTIL(w, w->sms.deliveries == 1);
	assert_string_equal(w->sms.got[0].link, "a");
	answer(w, &w->sms, &w->sms.got[0], IPC_RETRY, NULL, false);
	UNTIL(w, w->sms.deliveries == 2);
	assert_string_equal(w->sms.got[1].link, "b");
	assert_int_equal(w->sms.got[1].attempt, 2);
	assert_false(w->sms.got[1].doubt);
}

static void a_link_that_dies_leaves_doubt_and_a_link_down_is_gone_round(void **state)
{
	struct world *w = *state;

	link_is(&w->sms, "a", true, 10);
	turn(w, 5);
	offer(w, &w->api, "+81905", "doubtful", "");
	UNTIL(w, w->sms.deliveries == 1);
	lose_edge(w, &w->sms);
	offer(w, &w->api, "+81906", "unsent", "");
	UNTIL(w, w->api.answers == 2);
	connect_edge(w, &w->sms, EDGE_SMS);
	hold(&w->sms, "sms-2", NULL, 0);
	link_is(&w->sms, "b", true, 10);
	UNTIL(w, w->sms.deliveries == 2); /* gone round: never sent, so any link will do */
	assert_string_equal(w->sms.got[1].body, "unsent");
	assert_string_equal(w->sms.got[1].link, "b");
	assert_false(w->sms.got[1].doubt);
	answer(w, &w->sms, &w->sms.got[1], IPC_DELIVERED, NULL, false);
	link_is(&w->sms, "a", true, 10);
	UNTIL(w, w->sms.deliveries == 3);
	assert_string_equal(w->sms.got[2].body, "doubtful");
	assert_true(w->sms.got[2].doubt);
	assert_int_equal(w->sms.got[2].attempt, 1);
	answer(w, &w->sms, &w->sms.got[2], IPC_UNKNOWN, NULL, false);
	UNTIL(w, w->sms.results_done == 2);
}

static void a_restarted_queue_takes_back_what_was_never_sent(void **state)
{
	struct world *w = *state;

	link_is(&w->sms, "a", true, 10);
	turn(w, 5);
	for (unsigned i = 0; i < 3; i++)
		offer(w, &w->api, i == 0 ? "+1" : i == 1 ? "+2" : "+3", "x", "");
	UNTIL(w, w->sms.deliveries == 3);
	/* The queue ends. The edge has sent the first, knows the second, and never saw the third. */
	lose_edge(w, &w->api);
	struct delivery first = w->sms.got[0], second = w->sms.got[1];
	struct message_id held[2] = { first.id, second.id };
	queue_peer_lost(w->queue, EDGE_SMS);
	ipc_free(&w->sms.here);
	ipc_free(&w->sms.there);
	turn(w, 1); /* too soon for the queue to have put its doubt down is not needed: it is the same row epoch */
	close_queue(w);
	open_queue(w);
	connect_edge(w, &w->api, EDGE_API);
	connect_edge(w, &w->sms, EDGE_SMS);
	hold(&w->api, "api-1", NULL, 0);
	hold(&w->sms, "sms-1", held, 2);
	answer(w, &w->sms, &first, IPC_DELIVERED, NULL, false);
	UNTIL(w, w->sms.results_done == 1);
	link_is(&w->sms, "a", true, 10);
	UNTIL(w, w->sms.deliveries >= 4);
}

static void claimed(struct store_request *r)
{
	*(bool *)r->owner = true;
}

/* The queue ended while it was moving a message from a link that was down. */
static void what_was_taken_to_be_moved_was_never_sent(void **state)
{
	struct world *w = *state;
	struct arena *arena = arena_new(1024);
	bool done = false;
	struct store_claim c = { .arena = arena,
				 .route = TEXT_LITERAL("a"),
				 .worker = TEXT_LITERAL("reroute"),
				 .lease_us = 2 * USEC_PER_SEC,
				 .limit = 10 };

	offer(w, &w->api, "+81909", "moved", "");
	UNTIL(w, w->api.answers == 1);
	c.base.operation = STORE_CLAIM;
	c.base.done = claimed;
	c.base.owner = &done;
	store_submit(w->store, &c.base);
	UNTIL(w, done);
	assert_int_equal(c.rows_count_out, 1);
	lose_edge(w, &w->api);
	lose_edge(w, &w->sms);
	close_queue(w);
	open_queue(w);
	connect_edge(w, &w->api, EDGE_API);
	connect_edge(w, &w->sms, EDGE_SMS);
	hold(&w->api, "api-1", NULL, 0);
	hold(&w->sms, "sms-2", NULL, 0);
	link_is(&w->sms, "b", true, 10); /* "a" stays down */
	UNTIL(w, w->sms.deliveries == 1);
	assert_false(w->sms.got[0].doubt);
	assert_string_equal(w->sms.got[0].link, "b");
	arena_free(&arena);
}

static void say_now(struct world *w, const char *incarnation, const char *link)
{
	struct ipc_holding h = { .incarnation = text_of(incarnation) };
	struct ipc_link l = { .name = text_of(link), .up = true, .window = 10 };
	uint8_t room[256];
	struct writer out = writer_of(room, sizeof(room));

	ipc_put_holding(&out, &h);
	struct ipc_record r = { .type = IPC_HOLDING, .body = reader_of(room, writer_len(&out)), .fd = -1 };
	assert_true(queue_record(w->queue, EDGE_SMS, &r));
	out = writer_of(room, sizeof(room));
	ipc_put_link(&out, &l);
	r = (struct ipc_record){ .type = IPC_LINK, .body = reader_of(room, writer_len(&out)), .fd = -1 };
	assert_true(queue_record(w->queue, EDGE_SMS, &r));
}

/* The edge began anew before the queue had looked at what an earlier run had leased to its link. */
static void a_link_that_comes_twice_at_once_is_served(void **state)
{
	struct world *w = *state;

	say_now(w, "sms-1", "a");
	queue_peer_lost(w->queue, EDGE_SMS);
	queue_peer(w->queue, EDGE_SMS, w->sms.there);
	say_now(w, "sms-2", "a");
	offer(w, &w->api, "+81910", "served", "");
	UNTIL(w, w->sms.deliveries == 1);
}

/* Of an edge that says what leaves, only that is in doubt when it ends. */
static void what_never_left_a_dead_edge_is_not_in_doubt(void **state)
{
	struct world *w = *state;
	struct ipc_holding h = { .incarnation = TEXT_LITERAL("sms-7"), .says_sending = true };

	ipc_put_holding(ipc_begin(w->sms.here, IPC_HOLDING, 0, 64), &h);
	assert_int_equal(ipc_end(w->sms.here), OK);
	link_is(&w->sms, "a", true, 10);
	turn(w, 5);
	offer(w, &w->api, "+81911", "left", "");
	UNTIL(w, w->sms.deliveries == 1);
	offer(w, &w->api, "+81912", "stayed", "");
	UNTIL(w, w->sms.deliveries == 2);
	struct writer *sending = ipc_begin(w->sms.here, IPC_SENDING, 0, MESSAGE_ID_SIZE);
	writer_bytes(sending, &w->sms.got[0].id, MESSAGE_ID_SIZE);
	assert_int_equal(ipc_end(w->sms.here), OK);
	turn(w, 5);
	lose_edge(w, &w->sms);
	turn(w, 5);
	connect_edge(w, &w->sms, EDGE_SMS);
	hold(&w->sms, "sms-8", NULL, 0);
	link_is(&w->sms, "a", true, 10);
	UNTIL(w, w->sms.deliveries == 4);
	for (unsigned i = 2; i < 4; i++)
		assert_int_equal(w->sms.got[i].doubt, strcmp(w->sms.got[i].body, "left") == 0);
}

static void nothing_serves_this_recipient(void **state)
{
	struct world *w = *state;
	struct config *other = config_new(kinds, 4);
	struct message m = { .channel = TEXT_LITERAL("http"),
			     .account = TEXT_LITERAL("acme"),
			     .body = TEXT_LITERAL("x") };

	assert_int_equal(config_read(other, "test", TEXT_LITERAL("route r\n prefix +81\n link a\n"), fault, NULL), 0);
	queue_switch(w->queue, other);
	config_free(&other);
	offer_with(w, &w->api, &m, "+4411", "");
	UNTIL(w, w->api.answers == 1);
	assert_int_equal(w->api.accepted.result, ERR_NOT_FOUND);
	assert_non_null(strstr(w->api.why, "no route"));
	assert_int_equal(w->api.accepted.recipient, 1);
}

static void garbage_is_bad(void **state)
{
	struct world *w = *state;
	static const uint16_t types[] = { IPC_ACCEPT, IPC_RESULT, IPC_REPORT, IPC_LINK,	 IPC_HOLDING, IPC_OUTBOX_END,
					  IPC_ASK,    IPC_WATCH,  IPC_PART,   IPC_READY, 999 };

	for (unsigned i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		struct ipc_record r = { .type = types[i], .body = reader_of("\xff\xff\xff", 3), .fd = -1 };
		assert_false(queue_record(w->queue, EDGE_API, &r));
	}
}

static void receipts_wait_for_who_takes_them(void **state)
{
	struct world *w = *state;
	struct ipc_outbox_end end = { .done = false, .retry_ms = 50 };

	link_is(&w->sms, "a", true, 10);
	turn(w, 5);
	offer(w, &w->api, "+81907", "r", "");
	UNTIL(w, w->sms.deliveries == 1);
	answer(w, &w->sms, &w->sms.got[0], IPC_DELIVERED, NULL, false);
	UNTIL(w, w->sms.results_done == 1);
	turn(w, 5);
	assert_int_equal(w->api.outbox, 0);
	link_is(&w->api, "webhook:acme", true, 10);
	UNTIL(w, w->api.outbox == 1);
	memcpy(end.id, w->api.outbox_id, 16);
	ipc_put_outbox_end(ipc_begin(w->api.here, IPC_OUTBOX_END, 0, 64), &end);
	assert_int_equal(ipc_end(w->api.here), OK);
	UNTIL(w, w->api.outbox == 2);
	end.done = true;
	ipc_put_outbox_end(ipc_begin(w->api.here, IPC_OUTBOX_END, 0, 64), &end);
	assert_int_equal(ipc_end(w->api.here), OK);
	int64_t until = clock_monotonic() + 1500 * USEC_PER_MSEC;
	while (clock_monotonic() < until)
		loop_turn(w->loop, 10000);
	assert_int_equal(w->api.outbox, 2);
}

static void a_message_can_be_asked_for_and_cancelled(void **state)
{
	struct world *w = *state;
	struct ipc_ask ask = { .question = ASK_MESSAGE, .account = TEXT_LITERAL("acme") };

	offer(w, &w->api, "+81908", "waits", "");
	UNTIL(w, w->api.answers == 1);
	ask.id = w->api.accepted_id;
	ipc_put_ask(ipc_begin(w->api.here, IPC_ASK, 77, 256), &ask);
	assert_int_equal(ipc_end(w->api.here), OK);
	UNTIL(w, w->api.answers == 2);
	assert_non_null(strstr(w->api.answer, "\"state\":\"waiting\""));
	ask.account = TEXT_LITERAL("other");
	ipc_put_ask(ipc_begin(w->api.here, IPC_ASK, 78, 256), &ask);
	assert_int_equal(ipc_end(w->api.here), OK);
	UNTIL(w, w->api.answers == 3);
	assert_non_null(strstr(w->api.answer, "no message"));
	ask.account = TEXT_LITERAL("acme");
	ask.question = ASK_CANCEL;
	ipc_put_ask(ipc_begin(w->api.here, IPC_ASK, 79, 256), &ask);
	assert_int_equal(ipc_end(w->api.here), OK);
	UNTIL(w, w->api.answers == 4);
	assert_non_null(strstr(w->api.answer, "cancelled"));
	link_is(&w->sms, "a", true, 10);
	turn(w, 20);
	assert_int_equal(w->sms.deliveries, 0);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(a_message_goes_out_and_its_receipt_comes_back),
		CASE(without_a_link_it_waits_and_goes_when_it_comes),
		CASE(a_window_is_kept_and_order_within_a_recipient),
		CASE(the_same_key_is_the_same_message),
		CASE(a_refused_try_is_repeated_on_another_link),
		CASE(a_link_that_dies_leaves_doubt_and_a_link_down_is_gone_round),
		CASE(what_was_taken_to_be_moved_was_never_sent),
		CASE(a_link_that_comes_twice_at_once_is_served),
		CASE(what_never_left_a_dead_edge_is_not_in_doubt),
		CASE(a_restarted_queue_takes_back_what_was_never_sent),
		CASE(nothing_serves_this_recipient),
		CASE(garbage_is_bad),
		CASE(receipts_wait_for_who_takes_them),
		CASE(a_message_can_be_asked_for_and_cancelled),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
