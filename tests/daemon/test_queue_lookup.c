/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The queue and the role that asks number databases, as a script: what waits, what is asked, who is told what. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/base/arena.h"
#include "core/base/clock.h"
#include "core/core_vty.h"
#include "core/ipc_lookup.h"
#include "core/portability_vty.h"
#include "core/queue.h"
#include "store/store_open.h"

#define EDGE_SMS 3u
#define EDGE_API 4u
#define EDGE_LOOKUP 7u
#define KEPT 64u

static const struct node_kind *const kinds[] = { &account_kind, &route_kind, &queue_kind, &store_kind,
						 &portability_kind };
static const char routes[] = "route home\n prefix +8190\n link a\n"
			     "route moved\n prefix *\n network 44020\n network 310\n network 44021\n link b\n"
			     "route barred\n prefix *\n network 44099\n reject yes\n";
#define NODE "portability\n url http://127.0.0.1:1/{digits}\n"

struct edge {
	unsigned number;
	struct ipc *here, *there;
	/* of edges that offer: answers by call */
	struct {
		bool came;
		enum result result;
		char why[200], json[4096];
	} answers[KEPT];
	unsigned answered;
	/* of the edge that looks up */
	struct {
		uint32_t call;
		char number[20];
	} asked[KEPT];
	unsigned asked_count;
	/* of the edge of the links */
	struct {
		char link[16], recipient[32];
	} got[KEPT];
	unsigned got_count;
};

struct world {
	struct loop *loop;
	struct store *store;
	struct queue *queue;
	struct edge api, sms, lookup;
	uint32_t call;
};

static void keep(char *to, size_t size, struct text t)
{
	snprintf(to, size, "%.*s", TEXT_ARGS(t));
}

static void take_answer(struct edge *e, uint32_t call, enum result result, struct text why, struct text json)
{
	assert_true(call < KEPT && !e->answers[call].came);
	e->answers[call].came = true;
	e->answers[call].result = result;
	keep(e->answers[call].why, sizeof(e->answers[call].why), why);
	keep(e->answers[call].json, sizeof(e->answers[call].json), json);
	e->answered++;
}

static bool edge_got(void *owner, struct ipc *ipc, struct ipc_record *record)
{
	struct edge *e = owner;
	struct ipc_accepted accepted;
	struct ipc_answer answer;
	struct ipc_deliver deliver;
	struct ipc_lookup lookup;

	(void)ipc;
	switch ((enum ipc_type)record->type) {
	case IPC_ACCEPTED:
		assert_true(ipc_get_accepted(&record->body, &accepted));
		take_answer(e, record->call, accepted.result, accepted.why, accepted.answer);
		break;
	case IPC_ANSWER:
		assert_true(ipc_get_answer(&record->body, &answer));
		take_answer(e, record->call, answer.result, (struct text){ 0 }, answer.body);
		break;
	case IPC_DELIVER:
		assert_true(ipc_get_deliver(&record->body, &deliver));
		keep(e->got[e->got_count].link, 16, deliver.link);
		keep(e->got[e->got_count++].recipient, 32, deliver.recipient);
		break;
	case IPC_LOOKUP:
		assert_true(ipc_get_lookup(&record->body, &lookup));
		e->asked[e->asked_count].call = record->call;
		keep(e->asked[e->asked_count++].number, 20, lookup.number);
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
	bool bad;
};
static struct queue_side sides[8];

static bool queue_got(void *owner, struct ipc *ipc, struct ipc_record *record)
{
	struct queue_side *side = owner;

	(void)ipc;
	side->bad = !queue_record(side->world->queue, side->edge, record) || side->bad;
	return true;
}

static const struct ipc_handler edge_side = { edge_got, edge_closed, NULL };
static const struct ipc_handler queue_handler = { queue_got, edge_closed, NULL };

static void connect_edge(struct world *w, struct edge *e, unsigned number)
{
	int fds[2];

	e->number = number;
	assert_int_equal(ipc_pair(fds), OK);
	sides[number] = (struct queue_side){ .world = w, .edge = number };
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

#define UNTIL(w, condition) \
	do { \
		int64_t until = clock_monotonic() + 20 * USEC_PER_SEC; \
		while (!(condition) && clock_monotonic() < until) \
			loop_turn((w)->loop, 10000); \
		assert_true(condition); \
	} while (0)

/* As many turns as a record needs to the queue and back. */
static void settle(struct world *w)
{
	for (unsigned i = 0; i < 20; i++)
		loop_turn(w->loop, 1000);
}

static void let_pass(struct world *w, int64_t time_us)
{
	int64_t end = clock_monotonic() + time_us;

	while (clock_monotonic() < end)
		loop_turn(w->loop, 50000);
}

static void fault(void *owner, const char *file, unsigned line, struct text word, const char *text)
{
	(void)owner;
	fail_msg("%s:%u: %.*s: %s", file, line, TEXT_ARGS(word), text);
}

static void use(struct world *w, const char *node)
{
	struct config *config = config_new(kinds, 5);
	char room[4096];
	const char *why = "";

	snprintf(room, sizeof(room), "%s%s", routes, node);
	assert_int_equal(config_read(config, "test", text_of(room), fault, NULL), 0);
	assert_int_equal(queue_check(config, &why), OK);
	queue_switch(w->queue, config);
	config_free(&config);
}

static void introduce(struct edge *e, const char *incarnation)
{
	struct ipc_holding h = { .incarnation = text_of(incarnation) };

	ipc_put_holding(ipc_begin(e->here, IPC_HOLDING, 0, 64), &h);
	assert_int_equal(ipc_end(e->here), OK);
}

static void link_is_up(struct edge *e, const char *name)
{
	struct ipc_link l = { .name = text_of(name), .up = true, .window = 100 };

	ipc_put_link(ipc_begin(e->here, IPC_LINK, 0, 200), &l);
	assert_int_equal(ipc_end(e->here), OK);
}

static int set_up(void **state)
{
	struct world *w = must_alloc(sizeof(*w));
	const char *why = "";

	w->loop = loop_new();
	assert_int_equal(store_memory_open(w->loop, queue_store_policy(), &w->store, &why), OK);
	w->queue = queue_new(w->loop, w->store);
	queue_lookup_edge(w->queue, EDGE_LOOKUP);
	use(w, NODE);
	connect_edge(w, &w->api, EDGE_API);
	connect_edge(w, &w->sms, EDGE_SMS);
	connect_edge(w, &w->lookup, EDGE_LOOKUP);
	introduce(&w->api, "api-1");
	introduce(&w->sms, "sms-1");
	link_is_up(&w->sms, "a");
	link_is_up(&w->sms, "b");
	settle(w);
	*state = w;
	return 0;
}

static int tear_down(void **state)
{
	struct world *w = *state;
	struct edge *edges[] = { &w->api, &w->sms, &w->lookup };

	queue_stop(w->queue);
	UNTIL(w, queue_idle(w->queue));
	store_close(&w->store);
	queue_free(&w->queue);
	for (unsigned i = 0; i < 3; i++) {
		ipc_free(&edges[i]->here);
		ipc_free(&edges[i]->there);
	}
	loop_free(&w->loop);
	free(w);
	return 0;
}

/* One message to some recipients, between commas; returns its call. */
static uint32_t offer_as(struct world *w, const char *to, bool quote, bool emergency)
{
	static const struct message blank;
	uint8_t header[2048], list[512];
	struct writer h = writer_of(header, sizeof(header)), l = writer_of(list, sizeof(list));
	struct message m = blank;
	struct text rest = text_of(to), one;
	struct ipc_ask ask = { .question = ASK_QUOTE };

	m.channel = TEXT_LITERAL("http");
	m.account = TEXT_LITERAL("acme");
	m.sender = TEXT_LITERAL("1234");
	m.emergency = emergency;
	message_encode(&m, &h);
	while (text_split(&rest, ',', &one))
		ipc_put_recipient(&l, one);
	ask.accept = (struct ipc_accept){ .header = text_range((char *)header, writer_len(&h)),
					  .body = TEXT_LITERAL("hello"),
					  .recipients = text_range((char *)list, writer_len(&l)) };
	if (quote)
		ipc_put_ask(ipc_begin(w->api.here, IPC_ASK, ++w->call, 8192), &ask);
	else
		ipc_put_accept(ipc_begin(w->api.here, IPC_ACCEPT, ++w->call, 8192), &ask.accept);
	assert_int_equal(ipc_end(w->api.here), OK);
	settle(w);
	return w->call;
}

static uint32_t offer(struct world *w, const char *to)
{
	return offer_as(w, to, false, false);
}

static void say(struct world *w, struct edge *from, uint32_t call, const char *number, enum result result,
		const char *network, uint32_t ttl_s)
{
	struct ipc_found f = { .number = text_of(number), .result = result, .why = TEXT_LITERAL("because") };

	keep(f.answer.network, sizeof(f.answer.network), text_of(network));
	f.answer.ttl_s = ttl_s;
	ipc_put_found(ipc_begin(from->here, IPC_FOUND, call, 256), &f);
	assert_int_equal(ipc_end(from->here), OK);
	settle(w);
}

/* Answers the n-th question that was asked. */
static void found(struct world *w, unsigned n, const char *network)
{
	assert_true(n < w->lookup.asked_count);
	say(w, &w->lookup, w->lookup.asked[n].call, w->lookup.asked[n].number, *network ? OK : ERR_NOT_FOUND, network,
	    0);
}

static bool went(const struct world *w, unsigned n, const char *link)
{
	return n < w->sms.got_count && !strcmp(w->sms.got[n].link, link);
}

/* What the sender was told: a second message to a number waits behind the first. */
static bool told(const struct world *w, uint32_t call, const char *link)
{
	char wanted[32];

	snprintf(wanted, sizeof(wanted), "\"link\":\"%s\"", link);
	return call < KEPT && strstr(w->api.answers[call].json, wanted);
}

#define ANSWERED(w, call) ((w)->api.answers[call].came)
#define RESULT(w, call) ((w)->api.answers[call].result)

static void nothing_configured_nothing_asked(void **state)
{
	struct world *w = *state;

	use(w, "");
	uint32_t call = offer(w, "+819011111111");
	UNTIL(w, ANSWERED(w, call) && went(w, 0, "a"));
	assert_int_equal(w->lookup.asked_count, 0);
	assert_null(strstr(w->api.answers[call].json, "network"));
}

static void the_network_decides_the_route(void **state)
{
	struct world *w = *state;
	uint32_t call = offer(w, "+819011111111");

	assert_int_equal(w->lookup.asked_count, 1);
	assert_string_equal(w->lookup.asked[0].number, "+819011111111");
	assert_false(ANSWERED(w, call));
	assert_int_equal(w->sms.got_count, 0);
	found(w, 0, "44020");
	UNTIL(w, ANSWERED(w, call) && went(w, 0, "b"));
	assert_non_null(strstr(w->api.answers[call].json, "\"network\":\"44020\""));
	call = offer(w, "+819011111112");
	found(w, 1, "310410"); /* the country's route */
	UNTIL(w, ANSWERED(w, call) && went(w, 1, "b"));
	call = offer(w, "+819011111113");
	found(w, 2, "44010"); /* no route names it: by its prefix */
	UNTIL(w, ANSWERED(w, call) && went(w, 2, "a"));
	call = offer(w, "+819011111114");
	found(w, 3, "44099"); /* a route that refuses goes before the prefix too */
	UNTIL(w, ANSWERED(w, call));
	assert_int_equal(RESULT(w, call), ERR_DENIED);
}

static void memory_answers_the_next(void **state)
{
	struct world *w = *state;

	(void)offer(w, "+819011111111");
	found(w, 0, "44020");
	uint32_t call = offer(w, "+819011111111");
	UNTIL(w, ANSWERED(w, call) && told(w, call, "b"));
	assert_int_equal(w->lookup.asked_count, 1);
	(void)offer(w, "+819011111112"); /* and where none is known */
	found(w, 1, "");
	call = offer(w, "+819011111112");
	UNTIL(w, ANSWERED(w, call) && told(w, call, "a"));
	assert_int_equal(w->lookup.asked_count, 2);
	/* Other answers would come from another source: memory is forgotten. */
	use(w, "portability\n url http://127.0.0.1:2/{digits}\n");
	(void)offer(w, "+819011111111");
	assert_int_equal(w->lookup.asked_count, 3);
}

static void ages_end(void **state)
{
	struct world *w = *state;

	use(w, NODE " cache-age 0s\n");
	(void)offer(w, "+819011111111");
	found(w, 0, "44020");
	uint32_t call = offer(w, "+819011111111");
	assert_int_equal(w->lookup.asked_count, 2);
	say(w, &w->lookup, w->lookup.asked[1].call, "+819011111111", OK, "44020", 1);
	UNTIL(w, ANSWERED(w, call));
	use(w, NODE " cache-age 1h\n");
	call = offer(w, "+819011111111");
	assert_int_equal(w->lookup.asked_count, 3);
	say(w, &w->lookup, w->lookup.asked[2].call, "+819011111111", OK, "44020", 1); /* its source gives it a second */
	let_pass(w, 1100 * USEC_PER_MSEC);
	(void)offer(w, "+819011111111");
	assert_int_equal(w->lookup.asked_count, 4);
}

static void one_question_for_many_messages(void **state)
{
	struct world *w = *state;

	for (unsigned i = 0; i < 5; i++)
		(void)offer(w, "+819011111111");
	assert_int_equal(w->lookup.asked_count, 1);
	assert_int_equal(w->api.answered, 0);
	found(w, 0, "44020");
	UNTIL(w, w->api.answered == 5 && w->sms.got_count == 1);
	for (uint32_t call = 1; call <= 5; call++)
		assert_true(told(w, call, "b"));
}

static void all_recipients_are_waited_for(void **state)
{
	struct world *w = *state;
	uint32_t call = offer(w, "+819011111111,4711,+819011111112,+819011111111");

	assert_int_equal(w->lookup.asked_count, 2); /* a short code has no network, the same number is one question */
	found(w, 1, "44010");
	assert_false(ANSWERED(w, call));
	found(w, 0, "44020");
	UNTIL(w, ANSWERED(w, call));
	assert_int_equal(RESULT(w, call), ERR_NOT_FOUND); /* of the short code */
	call = offer(w, "+819011111111,+819011111112");
	UNTIL(w, ANSWERED(w, call) && w->sms.got_count == 2);
	assert_true(went(w, 0, "b") && went(w, 1, "a"));
}

static void no_answer_in_time(void **state)
{
	struct world *w = *state;

	use(w, NODE " timeout 50ms\n");
	uint32_t call = offer(w, "+819011111111");
	UNTIL(w, ANSWERED(w, call) && went(w, 0, "a"));
	assert_int_equal(RESULT(w, call), OK);
	say(w, &w->lookup, w->lookup.asked[0].call, "+819011111111", OK, "44020", 0); /* late, and not lost */
	call = offer(w, "+819011111111");
	UNTIL(w, ANSWERED(w, call) && told(w, call, "b"));
	assert_int_equal(w->lookup.asked_count, 1);
}

static void an_old_failure_ends_no_new_question(void **state)
{
	struct world *w = *state;

	use(w, NODE " timeout 50ms\n");
	uint32_t first = offer(w, "+819011111111");
	UNTIL(w, ANSWERED(w, first));
	use(w, NODE " timeout 30s\n");
	uint32_t call = offer(w, "+819011111111");
	assert_int_equal(w->lookup.asked_count, 2);
	say(w, &w->lookup, w->lookup.asked[0].call, "+819011111111", ERR_IO, "", 0);
	assert_false(ANSWERED(w, call));
	found(w, 1, "44020");
	UNTIL(w, ANSWERED(w, call) && told(w, call, "b"));
}

static void without_an_answer_it_is_refused_where_that_is_wanted(void **state)
{
	struct world *w = *state;

	use(w, NODE " on-failure refuse-temporarily\n");
	uint32_t call = offer(w, "+819011111111");
	say(w, &w->lookup, w->lookup.asked[0].call, "+819011111111", ERR_MALFORMED, "", 0);
	UNTIL(w, ANSWERED(w, call));
	assert_int_equal(RESULT(w, call), ERR_BUSY);
	assert_non_null(strstr(w->api.answers[call].why, "on-failure"));
	call = offer_as(w, "+819011111111", true, false);
	say(w, &w->lookup, w->lookup.asked[1].call, "+819011111111", ERR_MALFORMED, "", 0);
	UNTIL(w, ANSWERED(w, call));
	assert_int_equal(RESULT(w, call), ERR_BUSY);
	call = offer(w, "+819011111112");
	found(w, 2, ""); /* "none" is an answer */
	UNTIL(w, ANSWERED(w, call) && went(w, 0, "a"));
	call = offer_as(w, "+819011111119", false, true); /* an emergency waits for nobody */
	UNTIL(w, ANSWERED(w, call) && went(w, 1, "a"));
	assert_int_equal(w->lookup.asked_count, 3);
}

static void a_source_that_fails_is_left_alone(void **state)
{
	struct world *w = *state;

	for (unsigned i = 0; i < 3; i++) {
		(void)offer(w, "+819011111111");
		say(w, &w->lookup, w->lookup.asked[i].call, "+819011111111", ERR_IO, "", 0);
	}
	uint32_t call = offer(w, "+819011111112");
	UNTIL(w, ANSWERED(w, call) && w->sms.got_count == 2);
	assert_int_equal(w->lookup.asked_count, 3);
	let_pass(w, 1100 * USEC_PER_MSEC);
	call = offer(w, "+819011111113"); /* one tries */
	(void)offer(w, "+819011111114");
	assert_int_equal(w->lookup.asked_count, 4);
	found(w, 3, "44020");
	UNTIL(w, ANSWERED(w, call));
	(void)offer(w, "+819011111114");
	assert_int_equal(w->lookup.asked_count, 5);
}

static void garbage_does_not_close_a_source(void **state)
{
	struct world *w = *state;

	for (unsigned i = 0; i < 10; i++) {
		(void)offer(w, "+819011111111");
		assert_int_equal(w->lookup.asked_count, i + 1);
		say(w, &w->lookup, w->lookup.asked[i].call, "+819011111111", ERR_UNSUPPORTED, "", 0);
	}
	UNTIL(w, w->api.answered == 10);
}

static void no_more_at_once_than_allowed(void **state)
{
	struct world *w = *state;

	use(w, NODE " at-once 2\n waiting-max 3\n timeout 30s\n");
	(void)offer(w, "+819011111111");
	(void)offer(w, "+819011111112");
	uint32_t third = offer(w, "+819011111113"), fourth = offer(w, "+819011111114");
	assert_int_equal(w->lookup.asked_count, 2);
	UNTIL(w, ANSWERED(w, fourth));
	assert_int_equal(RESULT(w, fourth), ERR_BUSY);
	assert_non_null(strstr(w->api.answers[fourth].why, "waiting-max"));
	found(w, 1, "44010");
	assert_int_equal(w->lookup.asked_count, 3);
	assert_string_equal(w->lookup.asked[2].number, "+819011111113");
	found(w, 2, "44020");
	UNTIL(w, ANSWERED(w, third) && w->sms.got_count == 2);
}

static void who_asks_dies_and_is_asked_again(void **state)
{
	struct world *w = *state;
	uint32_t call = offer(w, "+819011111111");

	lose_edge(w, &w->lookup);
	uint32_t second = offer(w, "+819011111112"); /* nobody is there to ask */
	connect_edge(w, &w->lookup, EDGE_LOOKUP);
	settle(w);
	assert_int_equal(w->lookup.asked_count, 3);
	assert_string_equal(w->lookup.asked[1].number, "+819011111111");
	found(w, 1, "44020");
	found(w, 2, "44020");
	UNTIL(w, ANSWERED(w, call) && ANSWERED(w, second) && w->sms.got_count == 2);
	use(w, NODE " timeout 50ms\n at-once 1\n"); /* a question that ends while nobody is there takes no place */
	call = offer(w, "+819011111113");
	lose_edge(w, &w->lookup);
	UNTIL(w, ANSWERED(w, call));
	connect_edge(w, &w->lookup, EDGE_LOOKUP);
	(void)offer(w, "+819011111114");
	assert_int_equal(w->lookup.asked_count, 5);
}

static void who_offered_dies(void **state)
{
	struct world *w = *state;

	(void)offer(w, "+819011111111");
	(void)offer_as(w, "+819011111111", true, false);
	lose_edge(w, &w->api);
	connect_edge(w, &w->api, EDGE_API);
	introduce(&w->api, "api-2");
	found(w, 0, "44020");
	UNTIL(w, went(w, 0, "b")); /* accepted; its edge offers it again and is told so */
	assert_int_equal(w->api.answered, 0);
}

static void a_quote_waits_and_says_what_will_be(void **state)
{
	struct world *w = *state;
	uint32_t call = offer_as(w, "+819011111111,+819011111112", true, false);

	assert_int_equal(w->lookup.asked_count, 2);
	found(w, 0, "44020");
	found(w, 1, "44010");
	UNTIL(w, ANSWERED(w, call));
	const char *json = w->api.answers[call].json, *moved = strstr(json, "\"route\":\"moved\"");
	assert_true(strstr(json, "\"network\":\"44020\"") && moved && strstr(moved, "\"route\":\"home\""));
	call = offer(w, "+819011111111,+819011111112");
	UNTIL(w, ANSWERED(w, call) && went(w, 0, "b") && went(w, 1, "a"));
	assert_int_equal(w->lookup.asked_count, 2);
}

static void only_what_prefixes_cover(void **state)
{
	struct world *w = *state;

	use(w, NODE " only-prefix +8180\n only-prefix +8170\n");
	uint32_t call = offer(w, "+819011111111");
	UNTIL(w, ANSWERED(w, call) && went(w, 0, "a"));
	assert_int_equal(w->lookup.asked_count, 0);
	(void)offer(w, "+817011111111");
	assert_int_equal(w->lookup.asked_count, 1);
}

static void the_node_goes_away_while_messages_wait(void **state)
{
	struct world *w = *state;

	use(w, NODE " on-failure refuse-temporarily\n");
	uint32_t call = offer(w, "+819011111111");
	use(w, "");
	UNTIL(w, ANSWERED(w, call) && went(w, 0, "a"));
	found(w, 0, "44020"); /* nobody cares */
	assert_false(sides[EDGE_LOOKUP].bad);
}

static void the_gateway_ends_while_messages_wait(void **state)
{
	struct world *w = *state;
	uint32_t call = offer(w, "+819011111111");

	queue_stop(w->queue);
	UNTIL(w, ANSWERED(w, call));
	assert_int_equal(RESULT(w, call), ERR_BUSY);
	call = offer(w, "+819011111112");
	UNTIL(w, ANSWERED(w, call));
	assert_int_equal(RESULT(w, call), ERR_BUSY);
}

static void note_fault(void *owner, const char *file, unsigned line, struct text word, const char *text)
{
	(void)file;
	(void)line;
	(void)word;
	keep(owner, 400, text_of(text));
}

static void bad_configurations(void **state)
{
	static const struct {
		const char *text, *why;
	} rows[] = {
		{ "portability\n", "one source" },
		{ NODE " enum-suffix e164.arpa\n", "one source" },
		{ "portability\n url http://h/\n", "{number}" },
		{ "portability\n url http://h/{digits}/{x}\n", "{number}" },
		{ "portability\n url ftp://h/{digits}\n", "http" },
		{ "portability\n enum-suffix \n", "" },
		{ NODE " operator D0012\n", "D0012 44010" },
		{ NODE " operator D0012 440\n", "D0012 44010" },
		{ NODE " only-prefix 81\n", "+81" },
		{ NODE " dns-server localhost:53\n", "" },
		{ NODE " timeout 0s\n", "" },
		{ "route r\n prefix *\n network 44\n link a\n", "44010" },
		{ "route r\n prefix *\n network +44\n reject yes\n", "44010" },
	};

	(void)state;
	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct config *config = config_new(kinds, 5);
		char why[400] = "";
		unsigned faults = config_read(config, "test", text_of(rows[i].text), note_fault, why);
		if (!faults || !strstr(why, rows[i].why))
			fail_msg("%s: %u faults, %s", rows[i].text, faults, why);
		config_free(&config);
	}
}

/* --- the records ---------------------------------------------------------------------------------------------- */

static size_t encode_found(const struct ipc_found *f, uint8_t *room, size_t size)
{
	struct writer w = writer_of(room, size);

	ipc_put_found(&w, f);
	assert_true(writer_ok(&w));
	return writer_len(&w);
}

static void records(void **state)
{
	uint8_t room[256];
	struct ipc_found f = { .number = TEXT_LITERAL("+819011111111"),
			       .result = ERR_TIMEOUT,
			       .why = TEXT_LITERAL("w") },
			 g;
	struct ipc_lookup l;

	(void)state;
	f.answer = (struct portability_answer){ .network = "44010", .routing = "D0012", .ported = true, .ttl_s = 60 };
	size_t n = encode_found(&f, room, sizeof(room));
	struct reader r = reader_of(room, n);
	assert_true(ipc_get_found(&r, &g));
	assert_true(text_equal(f.number, g.number) && g.result == ERR_TIMEOUT && text_is(g.why, "w"));
	assert_string_equal(g.answer.network, "44010");
	assert_string_equal(g.answer.routing, "D0012");
	assert_true(g.answer.ported && g.answer.ttl_s == 60);
	for (size_t cut = 0; cut < n; cut++) {
		r = reader_of(room, cut);
		assert_false(ipc_get_found(&r, &g));
	}
	r = reader_of(room, n + 1);
	room[n] = 0;
	assert_false(ipc_get_found(&r, &g));
	room[15] = RESULT_COUNT; /* behind u16 length and 13 octets */
	r = reader_of(room, n);
	assert_false(ipc_get_found(&r, &g));
	f.answer = (struct portability_answer){ .network = "4401" };
	r = reader_of(room, encode_found(&f, room, sizeof(room)));
	assert_false(ipc_get_found(&r, &g));
	f = (struct ipc_found){ .number = TEXT_LITERAL("819011111111") };
	r = reader_of(room, encode_found(&f, room, sizeof(room)));
	assert_false(ipc_get_found(&r, &g));
	struct writer w = writer_of(room, sizeof(room));
	ipc_put_lookup(&w, &(struct ipc_lookup){ TEXT_LITERAL("+819011111111") });
	r = reader_of(room, writer_len(&w));
	assert_true(ipc_get_lookup(&r, &l) && text_is(l.number, "+819011111111"));
	r = reader_of(room, writer_len(&w) - 1);
	assert_false(ipc_get_lookup(&r, &l));
}

static void answers_of_others_are_bad(void **state)
{
	struct world *w = *state;

	(void)offer(w, "+819011111111");
	say(w, &w->sms, w->lookup.asked[0].call, "+819011111111", OK, "44020", 0);
	assert_true(sides[EDGE_SMS].bad);
	assert_int_equal(w->api.answered, 0);
	found(w, 0, "44010");
	UNTIL(w, went(w, 0, "a"));
}

int main(void)
{
#define WITH_QUEUE(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		WITH_QUEUE(nothing_configured_nothing_asked),
		WITH_QUEUE(the_network_decides_the_route),
		WITH_QUEUE(memory_answers_the_next),
		WITH_QUEUE(ages_end),
		WITH_QUEUE(one_question_for_many_messages),
		WITH_QUEUE(all_recipients_are_waited_for),
		WITH_QUEUE(no_answer_in_time),
		WITH_QUEUE(an_old_failure_ends_no_new_question),
		WITH_QUEUE(without_an_answer_it_is_refused_where_that_is_wanted),
		WITH_QUEUE(a_source_that_fails_is_left_alone),
		WITH_QUEUE(garbage_does_not_close_a_source),
		WITH_QUEUE(no_more_at_once_than_allowed),
		WITH_QUEUE(who_asks_dies_and_is_asked_again),
		WITH_QUEUE(who_offered_dies),
		WITH_QUEUE(a_quote_waits_and_says_what_will_be),
		WITH_QUEUE(only_what_prefixes_cover),
		WITH_QUEUE(the_node_goes_away_while_messages_wait),
		WITH_QUEUE(the_gateway_ends_while_messages_wait),
		WITH_QUEUE(answers_of_others_are_bad),
		cmocka_unit_test(bad_configurations),
		cmocka_unit_test(records),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
