/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Carriers and the machines of CP and RP with the queue between them, and facts that edges keep. */
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
#include "core/channel_relay.h"
#include "core/queue_relay.h"
#include "store/store_open.h"

enum { MACHINES = 3, CELL = 4, OTHER = 5, EDGES = 6 };
#define KEEP_US (INT64_C(3600) * USEC_PER_SEC)

struct world;

struct edge {
	struct world *world;
	unsigned number;
	struct ipc *here, *there;
	struct channel *channel;
	char said[4000]; /* what came, in words */
	unsigned facts, lists;
	bool closed; /* by the queue, for a bad record */
};

struct world {
	struct loop *loop;
	struct store *store;
	struct queue *queue;
	struct edge edges[EDGES];
};

/* --- what an edge hears --- */

static void say(struct edge *e, const char *kind, struct text name, struct text more)
{
	size_t n = strlen(e->said);

	snprintf(e->said + n, sizeof(e->said) - n, "%s %.*s %.*s;", kind, TEXT_ARGS(name), TEXT_ARGS(more));
}

static void on_carrier(void *owner, const struct ipc_carrier *c)
{
	say(owner, c->messages ? "messages" : "connections", c->link,
	    c->up ? TEXT_LITERAL("up") : TEXT_LITERAL("down"));
}

static void on_pdu(void *owner, const struct ipc_link_pdu *p)
{
	say(owner, "pdu", p->link, p->pdu);
}

static void on_facts(void *owner, uint32_t call, const struct ipc_facts *f)
{
	struct edge *e = owner;
	struct reader r = reader_of(f->rows.at, f->rows.len);
	struct text key, value;

	assert_true(call != 0);
	assert_int_equal(f->result, OK);
	while (ipc_take_fact_row(&r, &key, &value)) {
		e->facts++;
		if (e->facts < 20)
			say(e, "fact", key, value);
	}
	assert_true(reader_done(&r));
	e->lists += !f->more;
}

static bool on_other(void *owner, struct ipc_record *record)
{
	static const struct channel_relay_handler relay = { on_carrier, on_pdu, on_facts };

	return channel_relay_record(&relay, owner, record);
}

static const struct channel_handler handler = { .other = on_other };

/* --- the two ends of a connection --- */

static bool edge_got(void *owner, struct ipc *ipc, struct ipc_record *record)
{
	(void)ipc;
	return channel_record(((struct edge *)owner)->channel, record);
}

static bool queue_got(void *owner, struct ipc *ipc, struct ipc_record *record)
{
	struct edge *e = owner;

	(void)ipc;
	return queue_record(e->world->queue, e->number, record);
}

static void edge_closed(void *owner, struct ipc *ipc, const char *why)
{
	(void)owner;
	(void)ipc;
	(void)why;
}

static void queue_closed(void *owner, struct ipc *ipc, const char *why)
{
	(void)ipc;
	(void)why;
	((struct edge *)owner)->closed = true;
}

static const struct ipc_handler edge_side = { edge_got, edge_closed, NULL };
static const struct ipc_handler queue_side = { queue_got, queue_closed, NULL };

static struct edge *come(struct world *w, unsigned number, const char *name)
{
	struct edge *e = &w->edges[number];
	int fds[2];

	*e = (struct edge){ .world = w, .number = number };
	assert_int_equal(ipc_pair(fds), OK);
	e->channel = channel_new("test", false, &handler, e);
	e->here = ipc_new(w->loop, fds[0], "queue", &edge_side, e);
	e->there = ipc_new(w->loop, fds[1], "edge", &queue_side, e);
	if (name)
		queue_edge_name(w->queue, number, name);
	queue_peer(w->queue, number, e->there);
	channel_connect(e->channel, e->here);
	return e;
}

static void go(struct edge *e)
{
	queue_peer_lost(e->world->queue, e->number);
	channel_free(&e->channel);
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

/* Everything that was said by now arrived. */
static void settle(struct world *w)
{
	for (int i = 0; i < 10; i++)
		loop_turn(w->loop, 2000);
}

static void heard(struct edge *e, const char *words)
{
	settle(e->world);
	assert_string_equal(e->said, words);
	e->said[0] = 0;
}

static void announce(struct edge *e, const char *link, bool up, bool messages)
{
	channel_carrier(e->channel, &(struct ipc_carrier){ text_of(link), up, messages });
}

static void send_pdu(struct edge *e, const char *link, const char *pdu)
{
	assert_true(channel_link_pdu(e->channel, &(struct ipc_link_pdu){ text_of(link), text_of(pdu) }));
}

/* --- tests --- */

static void pdus_go_both_ways(void **state)
{
	struct world *w = *state;
	struct edge *cell = come(w, CELL, "cell");

	announce(cell, "cell", true, false);
	heard(cell, "connections cell down;");
	struct edge *machines = come(w, MACHINES, "sms");
	heard(machines, "connections cell up;");
	heard(cell, "connections cell up;");
	struct edge *ims = come(w, OTHER, "rcs");
	announce(ims, "ims", true, true);
	heard(machines, "messages ims up;");
	heard(ims, "messages ims up;");

	send_pdu(cell, "cell", "a");
	send_pdu(ims, "ims", "b");
	settle(w);
	assert_non_null(strstr(machines->said, "pdu cell a;"));
	assert_non_null(strstr(machines->said, "pdu ims b;"));
	machines->said[0] = 0;
	send_pdu(machines, "cell", "c");
	send_pdu(machines, "ims", "d");
	send_pdu(machines, "nobody", "e");
	heard(cell, "pdu cell c;");
	heard(ims, "pdu ims d;");
	/* a link of another is not its own */
	send_pdu(cell, "ims", "f");
	announce(cell, "ims", true, false);
	announce(cell, "ims", false, false);
	heard(machines, "");
	send_pdu(machines, "ims", "g");
	heard(ims, "pdu ims g;");
	go(cell);
	heard(machines, "connections cell down;");
	send_pdu(machines, "cell", "h");
	go(machines);
	heard(ims, "messages ims down;");
	send_pdu(ims, "ims", "i");
	settle(w);
	machines = come(w, MACHINES, "sms");
	heard(machines, "messages ims up;");
	heard(ims, "messages ims up;");
	announce(ims, "ims", false, true);
	settle(w);
	send_pdu(machines, "ims", "j");
	heard(machines, "messages ims down;");
	heard(ims, "messages ims up;");
	assert_false(machines->closed || ims->closed);
	go(machines);
	go(ims);
}

static void names_are_limited(void **state)
{
	struct world *w = *state;
	struct edge *machines = come(w, MACHINES, "sms"), *cell = come(w, CELL, "cell");
	char name[16];

	for (unsigned i = 0; i < QUEUE_CARRIERS_MAX + 5; i++) {
		snprintf(name, sizeof(name), "c%u", i);
		announce(cell, name, true, false);
	}
	settle(w);
	assert_non_null(strstr(machines->said, "connections c10 up;"));
	machines->said[0] = 0;
	send_pdu(cell, name, "x");
	heard(machines, "");
	/* the machines are no carrier */
	announce(machines, "c1", true, false);
	UNTIL(w, machines->closed);
	go(machines);
	go(cell);
}

static void facts_are_kept(void **state)
{
	struct world *w = *state;
	struct edge *a = come(w, MACHINES, "sms"), *b = come(w, CELL, "cell");

	assert_true(channel_fact_put(a->channel, TEXT_LITERAL("gsup/1"), TEXT_LITERAL("+491"), KEEP_US));
	assert_true(channel_fact_put(a->channel, TEXT_LITERAL("gsup/2"), TEXT_LITERAL("+492"), KEEP_US));
	assert_true(channel_fact_put(a->channel, TEXT_LITERAL("gsup/3"), TEXT_LITERAL("+493"), 1000));
	assert_true(channel_fact_put(a->channel, TEXT_LITERAL("ims/1"), TEXT_LITERAL("x"), KEEP_US));
	assert_true(channel_fact_put(b->channel, TEXT_LITERAL("gsup/1"), TEXT_LITERAL("another's"), KEEP_US));
	assert_true(channel_fact_put(a->channel, TEXT_LITERAL("gsup/2"), TEXT_LITERAL("+4922"), KEEP_US));
	settle(w);
	assert_true(channel_fact_list(a->channel, TEXT_LITERAL("gsup/")) != 0);
	UNTIL(w, a->lists == 1);
	heard(a, "fact gsup/1 +491;fact gsup/2 +4922;");
	assert_true(channel_fact_drop(a->channel, TEXT_LITERAL("gsup/1")));
	settle(w);
	go(a);
	a = come(w, MACHINES, "sms");
	assert_true(channel_fact_list(a->channel, TEXT_LITERAL("gsup/")) != 0);
	UNTIL(w, a->lists == 1);
	heard(a, "fact gsup/2 +4922;");
	assert_true(channel_fact_list(b->channel, TEXT_LITERAL("gsup/")) != 0);
	UNTIL(w, b->lists == 1);
	heard(b, "fact gsup/1 another's;");
	go(a);
	go(b);
	/* without a name there are none */
	a = come(w, OTHER, NULL);
	assert_true(channel_fact_put(a->channel, TEXT_LITERAL("k"), TEXT_LITERAL("v"), KEEP_US));
	UNTIL(w, a->closed);
	go(a);
}

/* More than one record's worth, and all of them. */
static void many_facts_come_in_several_records(void **state)
{
	struct world *w = *state;
	struct edge *a = come(w, MACHINES, "sms");
	char key[32], value[200];

	memset(value, 'v', sizeof(value));
	for (unsigned i = 0; i < 3000; i++) {
		snprintf(key, sizeof(key), "many/%04u", i);
		while (!channel_fact_put(a->channel, text_of(key), text_range(value, sizeof(value)), KEEP_US))
			loop_turn(w->loop, 1000);
	}
	assert_true(channel_fact_list(a->channel, TEXT_LITERAL("many/")) != 0);
	UNTIL(w, a->lists == 1);
	assert_int_equal(a->facts, 3000);
	go(a);
}

/* --- the records themselves --- */

static uint8_t octets[4096];

static struct writer writing(void)
{
	return writer_of(octets, sizeof(octets));
}

static void prefixes_and_more_are_bad(void **state)
{
	union {
		struct ipc_carrier c;
		struct ipc_link_pdu p;
		struct ipc_fact f;
		struct ipc_facts l;
	} u;

	(void)state;
	for (unsigned kind = 0; kind < 4; kind++) {
		struct writer w = writing();

		if (kind == 0)
			ipc_put_carrier(&w, &(struct ipc_carrier){ TEXT_LITERAL("cell"), true, true });
		else if (kind == 1)
			ipc_put_link_pdu(&w, &(struct ipc_link_pdu){ TEXT_LITERAL("cell"), TEXT_LITERAL("octets") });
		else if (kind == 2)
			ipc_put_fact(&w, &(struct ipc_fact){ IPC_FACT_PUT, TEXT_LITERAL("k"), TEXT_LITERAL("v"), 5 });
		else
			ipc_put_facts(&w, &(struct ipc_facts){ OK, true, TEXT_LITERAL("rows") });
		size_t whole = writer_len(&w);
		writer_u8(&w, 0);
		for (size_t n = 0; n <= whole + 1; n++) {
			struct reader r = reader_of(octets, n);
			bool good = kind == 0	? ipc_get_carrier(&r, &u.c)
				    : kind == 1 ? ipc_get_link_pdu(&r, &u.p)
				    : kind == 2 ? ipc_get_fact(&r, &u.f)
						: ipc_get_facts(&r, &u.l);

			assert_int_equal(good, n == whole);
		}
	}
}

static bool fact_is_good(struct ipc_fact f)
{
	struct writer w = writing();

	ipc_put_fact(&w, &f);
	struct reader r = reader_of(octets, writer_len(&w));
	return ipc_get_fact(&r, &f);
}

static void limits_are_kept(void **state)
{
	static char big[IPC_LINK_PDU_MAX + 1];
	struct ipc_link_pdu p = { TEXT_LITERAL("l"), { big, IPC_LINK_PDU_MAX } };

	(void)state;
	assert_true(fact_is_good((struct ipc_fact){ IPC_FACT_PUT, { big, 128 }, { big, 512 }, IPC_FACT_KEEP_MAX }));
	assert_false(fact_is_good((struct ipc_fact){ IPC_FACT_PUT, { big, 129 }, { big, 1 }, 1 }));
	assert_false(fact_is_good((struct ipc_fact){ IPC_FACT_PUT, { big, 1 }, { big, 513 }, 1 }));
	assert_false(fact_is_good((struct ipc_fact){ IPC_FACT_PUT, { big, 0 }, { big, 1 }, 1 }));
	assert_false(fact_is_good((struct ipc_fact){ IPC_FACT_PUT, { big, 1 }, { big, 1 }, IPC_FACT_KEEP_MAX + 1 }));
	assert_false(fact_is_good((struct ipc_fact){ IPC_FACT_PUT, { big, 1 }, { big, 1 }, -1 }));
	assert_false(fact_is_good((struct ipc_fact){ IPC_FACT_WHATS, { big, 1 }, { big, 1 }, 1 }));
	for (unsigned more = 0; more < 2; more++) {
		struct writer w = writing();

		p.pdu.len = IPC_LINK_PDU_MAX + more;
		ipc_put_link_pdu(&w, &p);
		struct reader r = reader_of(octets, writer_len(&w));
		assert_int_equal(ipc_get_link_pdu(&r, &p), !more);
		p.pdu.at = big;
	}
}

/* --- life --- */

static int begin(void **state)
{
	static const struct store_policy policy;
	struct world *w = must_alloc(sizeof(*w));
	const char *why = "";

	w->loop = loop_new();
	if (store_memory_open(w->loop, &policy, &w->store, &why) != OK)
		return -1;
	w->queue = queue_new(w->loop, w->store);
	queue_relay_layers(w->queue, MACHINES);
	*state = w;
	return 0;
}

static int end(void **state)
{
	struct world *w = *state;

	queue_stop(w->queue);
	while (!queue_idle(w->queue))
		loop_turn(w->loop, 1000);
	store_close(&w->store);
	queue_free(&w->queue);
	loop_free(&w->loop);
	free(w);
	return 0;
}

#define WORLD_TEST(f) cmocka_unit_test_setup_teardown(f, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WORLD_TEST(pdus_go_both_ways),
		WORLD_TEST(names_are_limited),
		WORLD_TEST(facts_are_kept),
		WORLD_TEST(many_facts_come_in_several_records),
		cmocka_unit_test(prefixes_and_more_are_bad),
		cmocka_unit_test(limits_are_kept),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
