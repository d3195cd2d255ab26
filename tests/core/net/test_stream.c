/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Plain streams between two ends on one loop. */
#include "tests/core/net/stream_pair.h"

#include <errno.h>
#include <netinet/in.h>
#include <sys/un.h>

#include "core/base/log.h"
#include "core/net/stream_internal.h"

static void octets_go_both_ways(void **state)
{
	struct stream_pair p = { 0 };

	(void)state;
	pair_open(&p);
	p.b.echo = true;
	stream_write(p.a.stream, "hel", 3);
	struct writer *w = stream_begin(p.a.stream, 10);
	writer_bytes(w, "lo", 2);
	stream_end(p.a.stream);
	until_octets(&p, &p.a.got_len, 5);
	assert_int_equal(p.b.received, 1); /* one write, one read */
	assert_memory_equal(p.a.got, "hello", 5);
	assert_false(stream_is_tls(p.a.stream));
	assert_string_equal(stream_alpn(p.a.stream), "");
	assert_memory_equal(stream_peer(p.a.stream), "127.0.0.1:", 10);
	assert_memory_equal(stream_peer(p.b.stream), "127.0.0.1:", 10);
	pair_close(&p);
}

static void a_failed_writer_writes_nothing(void **state)
{
	struct stream_pair p = { 0 };

	(void)state;
	pair_open(&p);
	struct writer *w = stream_begin(p.a.stream, 2);
	writer_bytes(w, "too long", 8);
	stream_end(p.a.stream);
	assert_int_equal(stream_backlog(p.a.stream), 0);
	w = stream_begin(p.a.stream, 2);
	writer_bytes(w, "ok", 2);
	stream_end(p.a.stream);
	until_octets(&p, &p.b.got_len, 2);
	assert_memory_equal(p.b.got, "ok", 2);
	pair_close(&p);
}

/* What is written before the connection stands leaves once it does, and a finish asked for then as well. */
static void written_before_connected(void **state)
{
	struct stream_pair p = { 0 };

	(void)state;
	pair_listen(&p);
	pair_connect(&p);
	stream_write(p.a.stream, "early", 5);
	stream_finish(p.a.stream);
	until(&p, &p.b.closed, 1);
	assert_memory_equal(p.b.got, "early", 5);
	assert_int_equal(p.b.why, OK);
	stream_free(&p.b.stream);
	until(&p, &p.a.closed, 1);
	assert_int_equal(p.a.why, OK);
	pair_close(&p);
}

static void what_is_not_taken_comes_again(void **state)
{
	struct stream_pair p = { 0 };

	(void)state;
	pair_open(&p);
	p.b.take = 0;
	stream_write(p.a.stream, "abc", 3);
	until(&p, &p.b.received, 1);
	turns(&p, 3);
	assert_int_equal(p.b.received, 1); /* not again without more */
	p.b.take = 4;
	stream_write(p.a.stream, "defg", 4);
	until(&p, &p.b.received, 2);
	p.b.take = TO_TAKE_ALL;
	stream_write(p.a.stream, "h", 1);
	until(&p, &p.b.received, 3);
	assert_int_equal(p.b.got_len, 8);
	assert_memory_equal(p.b.got, "abcdefgh", 8);
	assert_null(p.b.stream->left);
	pair_close(&p);
}

/* Nothing is taken until all of a long item is there: small pieces go through both ways of keeping leftovers. */
static void a_long_item_in_pieces(void **state)
{
	static uint8_t item[200000];
	struct stream_pair p = { 0 };
	size_t sent = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(item); i++)
		item[i] = (uint8_t)(i * 7 + i / 251);
	pair_open(&p);
	p.b.take = 0;
	while (sent < sizeof(item)) {
		size_t n = sizeof(item) - sent < 1499 ? sizeof(item) - sent : 1499;
		if (sent + n == sizeof(item)) {
			turns(&p, 3);
			p.b.take = sizeof(item) - 3;
		}
		stream_write(p.a.stream, item + sent, n);
		sent += n;
		turns(&p, 1);
	}
	until_octets(&p, &p.b.got_len, sizeof(item) - 3);
	assert_int_equal(p.b.stream->left_len, 3);
	assert_true(p.b.stream->left_size < 2000); /* does not hold on to what it needed before */
	p.b.take = TO_TAKE_ALL;
	stream_write(p.a.stream, "!", 1);
	until_octets(&p, &p.b.got_len, sizeof(item) + 1);
	assert_memory_equal(p.b.got, item, sizeof(item));
	pair_close(&p);
}

static void an_item_beyond_the_limit_closes(void **state)
{
	static uint8_t item[STREAM_INPUT_MAX + 100000];
	struct stream_pair p = { 0 };

	(void)state;
	pair_open(&p);
	p.b.take = 0;
	stream_write(p.a.stream, item, sizeof(item));
	until(&p, &p.b.closed, 1);
	assert_int_equal(p.b.why, ERR_TOO_BIG);
	pair_close(&p);
}

static void trickled_octets(void **state)
{
	struct stream_pair p = { 0 };
	const char text[] = "one octet at a time";

	(void)state;
	pair_open(&p);
	for (size_t i = 0; i < sizeof(text); i++) {
		stream_write(p.a.stream, text + i, 1);
		until_octets(&p, &p.b.got_len, i + 1);
	}
	assert_memory_equal(p.b.got, text, sizeof(text));
	pair_close(&p);
}

static void a_pause_pushes_back(void **state)
{
	static uint8_t much[8u << 20];
	struct stream_pair p = { 0 };

	(void)state;
	pair_open(&p);
	stream_pause(p.b.stream, true);
	p.b.keep = false;
	stream_write(p.a.stream, much, sizeof(much));
	turns(&p, 20);
	assert_int_equal(p.b.received, 0);
	assert_true(stream_backlog(p.a.stream) > 0);
	assert_false(stream_room(p.a.stream));
	assert_int_equal(p.a.rooms, 0);
	stream_pause(p.b.stream, false);
	until_octets(&p, &p.b.got_len, sizeof(much));
	assert_int_equal(p.a.rooms, 1);
	assert_int_equal(stream_backlog(p.a.stream), 0);
	assert_null(p.a.stream->out);
	pair_close(&p);
}

/* A pause inside `received`: what was left is offered again when it ends, though nothing more arrives. */
static void the_rest_is_offered_after_a_pause(void **state)
{
	struct stream_pair p = { 0 };

	(void)state;
	pair_open(&p);
	p.b.take = 2;
	stream_write(p.a.stream, "abcd", 4);
	until(&p, &p.b.received, 1);
	stream_pause(p.b.stream, true);
	turns(&p, 2);
	assert_int_equal(p.b.got_len, 2);
	stream_pause(p.b.stream, false);
	until_octets(&p, &p.b.got_len, 4);
	pair_close(&p);
}

/* The peer's end while paused is told after the pause, behind the octets that came before it. */
static void an_end_while_paused(void **state)
{
	struct stream_pair p = { 0 };

	(void)state;
	pair_open(&p);
	stream_pause(p.b.stream, true);
	stream_write(p.a.stream, "last", 4);
	stream_flush(p.a.stream);
	stream_free(&p.a.stream);
	turns(&p, 10);
	assert_int_equal(p.b.closed, 0);
	stream_pause(p.b.stream, false);
	until(&p, &p.b.closed, 1);
	assert_int_equal(p.b.got_len, 4);
	assert_int_equal(p.b.why, OK);
	pair_close(&p);
}

/* Paused until there is room, and the peer resets: the owner must hear of it. */
static void a_reset_while_paused_with_a_backlog(void **state)
{
	static uint8_t much[8u << 20];
	struct linger hard = { .l_onoff = 1 };
	struct stream_pair p = { 0 };

	(void)state;
	pair_open(&p);
	stream_pause(p.a.stream, true);
	stream_pause(p.b.stream, true);
	stream_write(p.b.stream, much, sizeof(much));
	turns(&p, 5);
	assert_true(stream_backlog(p.b.stream) > 0);
	assert_int_equal(setsockopt(p.a.stream->fd, SOL_SOCKET, SO_LINGER, &hard, sizeof(hard)), 0);
	stream_free(&p.a.stream);
	until(&p, &p.b.closed, 1);
	assert_int_equal(p.b.why, ERR_CLOSED);
	pair_close(&p);
}

static void paused_before_it_is_open(void **state)
{
	struct stream_pair p = { 0 };

	(void)state;
	pair_listen(&p);
	pair_connect(&p);
	stream_pause(p.a.stream, true);
	stream_pause(p.a.stream, false);
	until(&p, &p.a.connected, 1);
	turns(&p, 2);
	stream_write(p.b.stream, "hi", 2);
	until_octets(&p, &p.a.got_len, 2);
	pair_close(&p);
}

static void a_backlog_beyond_the_limit_closes(void **state)
{
	uint8_t *much = must_alloc(1u << 20);
	struct stream_pair p = { 0 };

	(void)state;
	pair_open(&p);
	stream_pause(p.b.stream, true);
	for (unsigned i = 0; i < 80 && !p.a.closed; i++) {
		stream_write(p.a.stream, much, 1u << 20);
		turns(&p, 1);
	}
	assert_int_equal(p.a.closed, 1);
	assert_int_equal(p.a.why, ERR_TOO_BIG);
	stream_write(p.a.stream, much, 1); /* harmless now */
	free(much);
	pair_close(&p);
}

static void finish_sends_all_first(void **state)
{
	static uint8_t much[3u << 20];
	struct stream_pair p = { 0 };

	(void)state;
	pair_open(&p);
	p.b.keep = false;
	p.b.free_in_closed = true;
	stream_write(p.a.stream, much, sizeof(much));
	stream_finish(p.a.stream);
	stream_write(p.a.stream, "no", 2);
	until(&p, &p.a.closed, 1);
	assert_int_equal(p.a.why, OK);
	assert_int_equal(p.b.got_len, sizeof(much));
	assert_int_equal(p.b.why, OK);
	pair_close(&p);
}

/* Our last octets arrive although the peer still sends to us when we close. */
static void finish_does_not_reset(void **state)
{
	static uint8_t much[300000];
	struct stream_pair p = { 0 };

	(void)state;
	pair_open(&p);
	stream_pause(p.b.stream, true); /* unread octets lie in b's socket */
	stream_write(p.a.stream, much, sizeof(much));
	turns(&p, 3);
	stream_write(p.b.stream, "refused", 7);
	stream_finish(p.b.stream);
	until(&p, &p.a.closed, 1);
	assert_int_equal(p.a.why, OK);
	assert_int_equal(p.a.got_len, 7);
	assert_int_equal(p.b.received, 0);
	stream_free(&p.a.stream);
	until(&p, &p.b.closed, 1);
	assert_int_equal(p.b.why, OK);
	pair_close(&p);
}

static void a_reset_is_told(void **state)
{
	struct linger hard = { .l_onoff = 1 };
	struct stream_pair p = { 0 };

	(void)state;
	pair_open(&p);
	assert_int_equal(setsockopt(p.a.stream->fd, SOL_SOCKET, SO_LINGER, &hard, sizeof(hard)), 0);
	stream_free(&p.a.stream);
	until(&p, &p.b.closed, 1);
	assert_int_equal(p.b.why, ERR_CLOSED);
	assert_string_equal(p.b.text, "Connection reset by peer");
	pair_close(&p);
}

static void freed_inside_callbacks(void **state)
{
	struct stream_pair p = { 0 };

	(void)state;
	pair_open(&p);
	p.b.free_in_received = true;
	p.a.free_in_closed = true;
	stream_write(p.a.stream, "x", 1);
	until(&p, &p.a.closed, 1);
	assert_null(p.a.stream);
	assert_null(p.b.stream);
	assert_int_equal(p.b.closed, 0);
	pair_close(&p);
}

static void refused_and_timed_out(void **state)
{
	struct stream_pair p = { 0 };
	const char *why;

	(void)state;
	pair_listen(&p);
	listener_free(&p.listener);
	pair_connect(&p);
	assert_int_equal(p.a.closed, 0); /* never inside the call */
	until(&p, &p.a.closed, 1);
	assert_int_equal(p.a.connected, 0);
	assert_int_equal(p.a.why, ERR_IO);
	assert_string_equal(p.a.text, "Connection refused");
	side_clear(&p.a);

	/* A backlog that is full answers nothing. */
	int fd, one;
	listen_somewhere(&p.at, &fd);
	assert_int_equal(listen(fd, 0), 0);
	one = socket(AF_INET, SOCK_STREAM, 0);
	assert_int_equal(connect(one, (struct sockaddr *)&p.at.storage, p.at.len), 0);
	p.a.stream = stream_connect(p.loop, &p.at, NULL, NULL, 20 * USEC_PER_MSEC, &side_handler, &p.a);
	until(&p, &p.a.closed, 1);
	assert_int_equal(p.a.why, ERR_TIMEOUT);
	side_clear(&p.a);
	close(one);
	close(fd);

	assert_int_equal(net_address_parse(text_of("unix:/nowhere/at/all"), &p.at, &why), OK);
	pair_connect(&p);
	assert_int_equal(p.a.closed, 0);
	until(&p, &p.a.closed, 1);
	assert_string_equal(p.a.text, "No such file or directory");
	pair_close(&p);
}

/* Marked by a hook that runs after the one of the streams: it must not wait for the next event. */
static void late_write(void *owner)
{
	struct stream_pair *p = owner;

	if (p->a.stream && p->b.echo) {
		p->b.echo = false;
		stream_write(p->a.stream, "late", 4);
	}
}

static void a_write_from_a_later_hook_leaves(void **state)
{
	struct stream_pair p = { 0 };
	struct loop_hook before, after;

	(void)state;
	pair_listen(&p);
	loop_hook_add(p.loop, &after, late_write, &p);
	pair_connect(&p);
	loop_hook_add(p.loop, &before, late_write, &p);
	until(&p, &p.a.connected, 1);
	for (unsigned i = 1; i <= 2; i++) {
		p.b.echo = true;
		loop_hook_remove(i == 1 ? &before : &after);
		if (i == 2)
			loop_hook_add(p.loop, &before, late_write, &p);
		for (unsigned k = 0; k < 10 && p.b.got_len < 4 * i; k++)
			loop_turn(p.loop, 3 * USEC_PER_SEC);
		p.b.echo = false;
		assert_int_equal(p.b.got_len, 4 * i);
	}
	loop_hook_remove(&before);
	pair_close(&p);
}

static void an_idle_stream_is_small(void **state)
{
	(void)state;
	assert_true(sizeof(struct stream) + NET_ADDRESS_TEXT_SIZE < 1024);
}

/* --- listener --------------------------------------------------------------------------------------------------- */

struct hands {
	int fds[8];
	unsigned count;
};

static void take_hand(void *owner, int fd, const struct net_address *peer)
{
	struct hands *h = owner;

	(void)peer;
	assert_true(h->count < 8);
	h->fds[h->count++] = fd;
}

static void at_most_so_many_connections(void **state)
{
	struct loop *loop = loop_new();
	struct net_address at;
	struct hands h = { 0 };
	int fd, clients[3];

	(void)state;
	listen_somewhere(&at, &fd);
	struct listener *l = listener_new(loop, fd, 2, take_hand, &h);
	for (unsigned i = 0; i < 3; i++) {
		clients[i] = socket(AF_INET, SOCK_STREAM, 0);
		assert_int_equal(connect(clients[i], (struct sockaddr *)&at.storage, at.len), 0);
	}
	for (unsigned i = 0; i < 5; i++)
		loop_turn(loop, 1000);
	assert_int_equal(h.count, 2);
	assert_int_equal(listener_count(l), 2);
	listener_released(l);
	for (unsigned i = 0; i < 5; i++)
		loop_turn(loop, 1000);
	assert_int_equal(h.count, 3);
	for (unsigned i = 0; i < 3; i++) {
		close(h.fds[i]);
		close(clients[i]);
	}
	listener_free(&l);
	loop_free(&loop);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(octets_go_both_ways),
		cmocka_unit_test(a_failed_writer_writes_nothing),
		cmocka_unit_test(written_before_connected),
		cmocka_unit_test(what_is_not_taken_comes_again),
		cmocka_unit_test(a_long_item_in_pieces),
		cmocka_unit_test(an_item_beyond_the_limit_closes),
		cmocka_unit_test(trickled_octets),
		cmocka_unit_test(a_pause_pushes_back),
		cmocka_unit_test(the_rest_is_offered_after_a_pause),
		cmocka_unit_test(an_end_while_paused),
		cmocka_unit_test(a_reset_while_paused_with_a_backlog),
		cmocka_unit_test(paused_before_it_is_open),
		cmocka_unit_test(a_backlog_beyond_the_limit_closes),
		cmocka_unit_test(finish_sends_all_first),
		cmocka_unit_test(finish_does_not_reset),
		cmocka_unit_test(a_reset_is_told),
		cmocka_unit_test(freed_inside_callbacks),
		cmocka_unit_test(refused_and_timed_out),
		cmocka_unit_test(a_write_from_a_later_hook_leaves),
		cmocka_unit_test(an_idle_stream_is_small),
		cmocka_unit_test(at_most_so_many_connections),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
