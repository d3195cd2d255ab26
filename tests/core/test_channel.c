/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The edge's side of the queue: what is in hand, results until they are committed, a queue that goes and comes. */
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
#include "core/channel.h"

#define MANY (2 * IPC_HOLDING_IDS + 10)

struct world {
	struct loop *loop;
	struct channel *channel;
	struct ipc *edge, *queue;
	/* the edge heard */
	unsigned delivered, accepted, reported, answered, connected;
	enum result last;
	bool last_done;
	uint32_t last_call;
	/* the queue heard */
	unsigned accepts, reports, asks, results, links, holdings, said;
	unsigned held, held_sending;
	bool holding_more, before_links;
	struct ipc_result result;
	uint32_t result_call;
	struct ipc_link link;
	char link_name[40];
	struct message_id ids[4];
};

static void on_deliver(void *owner, const struct ipc_deliver *d)
{
	struct world *w = owner;

	(void)d;
	w->delivered++;
}

static void on_accepted(void *owner, uint32_t call, const struct ipc_accepted *a)
{
	struct world *w = owner;

	w->accepted++;
	w->last = a->result;
	w->last_call = call;
}

static void on_reported(void *owner, uint32_t call, bool done)
{
	struct world *w = owner;

	w->reported++;
	w->last_done = done;
	w->last_call = call;
}

static void on_answer(void *owner, uint32_t call, const struct ipc_answer *a)
{
	struct world *w = owner;

	w->answered++;
	w->last = a->result;
	w->last_call = call;
}

static void on_connected(void *owner)
{
	((struct world *)owner)->connected++;
}

static const struct channel_handler handler = { .deliver = on_deliver,
						.accepted = on_accepted,
						.reported = on_reported,
						.answer = on_answer,
						.connected = on_connected };

static bool edge_record(void *owner, struct ipc *ipc, struct ipc_record *record)
{
	(void)ipc;
	return channel_record(((struct world *)owner)->channel, record);
}

static void take_holding(struct world *w, struct ipc_record *record)
{
	struct ipc_holding h;

	assert_true(ipc_get_holding(&record->body, &h));
	w->holdings++;
	w->held += (unsigned)(h.ids.len / MESSAGE_ID_SIZE);
	w->held_sending += (unsigned)(h.sending.len / MESSAGE_ID_SIZE);
	w->holding_more = h.more;
	w->before_links = !w->links && !w->results;
}

static void take_accept(struct world *w, struct ipc_record *record)
{
	struct ipc_accept a;

	assert_true(ipc_get_accept(&record->body, &a));
	w->ids[w->accepts++ % 4] = a.id;
	w->last_call = record->call;
}

static bool queue_got(void *owner, struct ipc *ipc, struct ipc_record *record)
{
	struct world *w = owner;

	(void)ipc;
	switch ((enum ipc_type)record->type) {
	case IPC_HOLDING:
		take_holding(w, record);
		break;
	case IPC_LINK:
		assert_true(ipc_get_link(&record->body, &w->link));
		snprintf(w->link_name, sizeof(w->link_name), "%.*s", TEXT_ARGS(w->link.name));
		w->links++;
		break;
	case IPC_RESULT:
		assert_true(ipc_get_result(&record->body, &w->result));
		w->result_call = record->call;
		w->results++;
		break;
	case IPC_SENDING:
		w->said += (unsigned)(reader_left(&record->body) / MESSAGE_ID_SIZE);
		break;
	case IPC_ACCEPT:
		take_accept(w, record);
		break;
	case IPC_REPORT:
		w->reports++;
		break;
	case IPC_ASK:
		w->asks++;
		break;
	default:
		fail_msg("record %u was not expected", record->type);
	}
	return true;
}

static void end_closed(void *owner, struct ipc *ipc, const char *why)
{
	(void)owner;
	(void)ipc;
	(void)why;
}

static const struct ipc_handler edge_side = { edge_record, end_closed, NULL };
static const struct ipc_handler queue_side = { queue_got, end_closed, NULL };

static void turn(struct world *w, unsigned times)
{
	while (times--)
		loop_turn(w->loop, 2000);
}

static void queue_comes(struct world *w)
{
	int fds[2];

	w->holdings = w->held = w->held_sending = w->links = w->results = 0;
	assert_int_equal(ipc_pair(fds), OK);
	w->edge = ipc_new(w->loop, fds[0], "queue", &edge_side, w);
	w->queue = ipc_new(w->loop, fds[1], "edge", &queue_side, w);
	channel_connect(w->channel, w->edge);
	turn(w, 3);
}

static void queue_goes(struct world *w)
{
	channel_lost(w->channel);
	ipc_free(&w->edge);
	ipc_free(&w->queue);
}

static int set_up(void **state)
{
	struct world *w = must_alloc(sizeof(*w));

	w->loop = loop_new();
	w->channel = channel_new("test", true, &handler, w);
	queue_comes(w);
	*state = w;
	return 0;
}

static int tear_down(void **state)
{
	struct world *w = *state;

	queue_goes(w);
	channel_free(&w->channel);
	loop_free(&w->loop);
	free(w);
	return 0;
}

static struct message_id id_of(unsigned n)
{
	struct message_id id = { { 0 } };

	id.octets[12] = (uint8_t)(n >> 8);
	id.octets[13] = (uint8_t)n;
	id.octets[15] = 1;
	return id;
}

static void hand(struct world *w, unsigned n, int64_t epoch)
{
	struct ipc_deliver d = { .id = id_of(n), .epoch = epoch, .attempt = 1, .link = TEXT_LITERAL("l") };

	ipc_put_deliver(ipc_begin(w->queue, IPC_DELIVER, 0, 256), &d);
	assert_int_equal(ipc_end(w->queue), OK);
}

static void give(struct world *w, unsigned n)
{
	struct ipc_result r = { .id = id_of(n), .outcome = IPC_SENT, .link = TEXT_LITERAL("l") };

	channel_result(w->channel, &r);
}

static void say(struct world *w, uint16_t type, uint32_t call)
{
	(void)ipc_begin(w->queue, type, call, 0);
	assert_int_equal(ipc_end(w->queue), OK);
	turn(w, 2);
}

static void a_delivery_is_given_once_while_in_hand(void **state)
{
	struct world *w = *state;

	hand(w, 1, 5);
	turn(w, 2);
	hand(w, 1, 6); /* its lease ran out and it was claimed again */
	turn(w, 2);
	assert_int_equal(w->delivered, 1);
	assert_true(channel_in_hand(w->channel, id_of(1)));
	give(w, 1);
	give(w, 1); /* said twice: once counts */
	turn(w, 2);
	assert_int_equal(w->results, 1);
	assert_int_equal(w->result.epoch, 6);
	assert_false(channel_in_hand(w->channel, id_of(1)));
	assert_int_equal(channel_unacknowledged(w->channel), 1);
	say(w, IPC_RESULT_DONE, w->result_call);
	assert_int_equal(channel_unacknowledged(w->channel), 0);
	say(w, IPC_RESULT_DONE, w->result_call); /* repeated: nothing */
	hand(w, 1, 7);				 /* another try later is another delivery */
	turn(w, 2);
	assert_int_equal(w->delivered, 2);
}

static void results_are_offered_again_and_come_before_links(void **state)
{
	struct world *w = *state;

	channel_link(w->channel, TEXT_LITERAL("l"), true, 7, "up");
	hand(w, 1, 1);
	hand(w, 2, 1);
	turn(w, 2);
	give(w, 1);
	queue_goes(w);
	give(w, 2); /* while it is away */
	queue_comes(w);
	assert_int_equal(w->results, 2);
	assert_int_equal(w->held, 2);
	assert_true(w->before_links);
	assert_int_equal(w->links, 1);
	assert_int_equal(w->link.window, 7);
	assert_string_equal(w->link_name, "l");
	assert_int_equal(w->connected, 2);
	channel_link_drop(w->channel, TEXT_LITERAL("l"));
	turn(w, 2);
	assert_false(w->link.up);
}

static void what_may_have_left_is_told(void **state)
{
	struct world *w = *state;
	struct message_id ids[2] = { id_of(1), id_of(3) };

	for (unsigned i = 1; i <= 3; i++)
		hand(w, i, 1);
	turn(w, 2);
	channel_sending(w->channel, ids, 1);
	assert_true(channel_said(w->channel));
	turn(w, 2);
	assert_int_equal(w->said, 1);
	hand(w, 1, 2); /* claimed again meanwhile: said once more for the new lease */
	turn(w, 5);
	assert_int_equal(w->said, 2);
	queue_goes(w);
	channel_sending(w->channel, ids + 1, 1);
	assert_true(channel_said(w->channel));
	queue_comes(w);
	assert_int_equal(w->held, 3);
	assert_int_equal(w->held_sending, 2);
}

static void very_many_in_hand_take_several_records(void **state)
{
	struct world *w = *state;

	for (unsigned i = 0; i < MANY; i++)
		hand(w, i, 1);
	turn(w, 20);
	assert_int_equal(w->delivered, MANY);
	assert_int_equal(channel_in_hand_count(w->channel), MANY);
	queue_goes(w);
	queue_comes(w);
	turn(w, 5);
	assert_int_equal(w->holdings, 3);
	assert_int_equal(w->held, MANY);
	assert_false(w->holding_more);
}

static void calls_that_a_lost_queue_leaves_are_told(void **state)
{
	struct world *w = *state;
	struct ipc_accept a = { .header = TEXT_LITERAL("h") };
	struct ipc_report r = { .peer = TEXT_LITERAL("p") };
	struct ipc_ask q = { .question = ASK_MESSAGE };
	struct ipc_accepted good = { .result = OK };

	uint32_t first = channel_accept(w->channel, &a);
	assert_int_not_equal(first, 0);
	turn(w, 2);
	ipc_put_accepted(ipc_begin(w->queue, IPC_ACCEPTED, first, 64), &good);
	assert_int_equal(ipc_end(w->queue), OK);
	turn(w, 2);
	assert_int_equal(w->accepted, 1);
	assert_int_equal(w->last, OK);
	assert_int_not_equal(channel_accept(w->channel, &a), 0);
	assert_int_not_equal(channel_report(w->channel, &r), 0);
	assert_int_not_equal(channel_ask(w->channel, &q), 0);
	turn(w, 2);
	assert_int_equal(w->accepts, 2);
	queue_goes(w);
	assert_int_equal(w->accepted, 1);
	assert_int_equal(w->reported, 1);
	assert_false(w->last_done);
	assert_int_equal(w->answered, 1);
	assert_int_equal(w->last, ERR_UNKNOWN);
	assert_false(channel_ready(w->channel));
	assert_int_equal(channel_accept(w->channel, &a), 0);
	queue_comes(w);
	assert_int_equal(w->accepts, 3); /* offered again, the same message */
	assert_true(message_id_equal(w->ids[1], w->ids[2]));
	assert_false(message_id_equal(w->ids[0], w->ids[1]));
	ipc_put_accepted(ipc_begin(w->queue, IPC_ACCEPTED, w->last_call, 64), &good);
	assert_int_equal(ipc_end(w->queue), OK);
	turn(w, 2);
	assert_int_equal(w->accepted, 2);
}

static void many_calls_and_results_in_any_order(void **state)
{
	struct world *w = *state;
	struct ipc_accept a = { .header = TEXT_LITERAL("h") };
	struct ipc_accepted good = { .result = OK };
	static uint32_t calls[6000];

	for (unsigned i = 0; i < 6000; i++)
		calls[i] = channel_accept(w->channel, &a);
	turn(w, 10);
	for (unsigned i = 0; i < 6000; i++) {
		unsigned at = i * 7 % 6000; /* 7 and 6000 have no common divisor */
		ipc_put_accepted(ipc_begin(w->queue, IPC_ACCEPTED, calls[at], 64), &good);
		assert_int_equal(ipc_end(w->queue), OK);
		if (i % 500 == 0)
			turn(w, 3);
	}
	turn(w, 10);
	assert_int_equal(w->accepted, 6000);
	queue_goes(w);
	assert_int_equal(w->accepted, 6000); /* none was left */
	queue_comes(w);
}

static void answers_to_nothing_are_bad(void **state)
{
	struct world *w = *state;
	static const uint16_t types[] = { IPC_ACCEPTED, IPC_REPORT_DONE, IPC_ANSWER, IPC_DELIVER, IPC_OUTBOX, 999 };

	for (unsigned i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		struct ipc_record r = { .type = types[i], .call = 4711, .body = reader_of("", 0), .fd = -1 };
		assert_false(channel_record(w->channel, &r));
	}
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(a_delivery_is_given_once_while_in_hand),
		CASE(results_are_offered_again_and_come_before_links),
		CASE(what_may_have_left_is_told),
		CASE(very_many_in_hand_take_several_records),
		CASE(calls_that_a_lost_queue_leaves_are_told),
		CASE(many_calls_and_results_in_any_order),
		CASE(answers_to_nothing_are_bad),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
