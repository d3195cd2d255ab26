/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Records between two ends on one loop: whole, trickled, with descriptors, bad, and beyond the credit. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/base/clock.h"
#include "core/base/ipc.h"

struct end {
	struct ipc *ipc;
	unsigned records, closed, rooms;
	uint16_t type;
	uint32_t call;
	size_t len;
	int fd;
	bool refuse, free_in_record;
	char why[64];
};

static bool on_record(void *owner, struct ipc *ipc, struct ipc_record *record)
{
	struct end *e = owner;

	(void)ipc;
	e->records++;
	e->type = record->type;
	e->call = record->call;
	e->len = reader_left(&record->body);
	if (record->fd >= 0)
		e->fd = record->fd;
	if (e->free_in_record)
		ipc_free(&e->ipc);
	return !e->refuse;
}

static void on_closed(void *owner, struct ipc *ipc, const char *why)
{
	struct end *e = owner;

	(void)ipc;
	e->closed++;
	snprintf(e->why, sizeof(e->why), "%s", why);
}

static void on_room(void *owner, struct ipc *ipc)
{
	struct end *e = owner;

	(void)ipc;
	e->rooms++;
}

static const struct ipc_handler handler = { on_record, on_closed, on_room };

struct pair {
	struct loop *loop;
	struct end a, b;
};

static void open_pair(struct pair *p)
{
	int fds[2];

	*p = (struct pair){ .loop = loop_new(), .a = { .fd = -1 }, .b = { .fd = -1 } };
	assert_int_equal(ipc_pair(fds), OK);
	p->a.ipc = ipc_new(p->loop, fds[0], "a", &handler, &p->a);
	p->b.ipc = ipc_new(p->loop, fds[1], "b", &handler, &p->b);
}

static void close_pair(struct pair *p)
{
	ipc_free(&p->a.ipc);
	ipc_free(&p->b.ipc);
	loop_free(&p->loop);
}

static void turns(struct pair *p, unsigned n)
{
	while (n--)
		loop_turn(p->loop, 2000);
}

static void a_record_arrives_whole(void **state)
{
	struct pair p;

	(void)state;
	open_pair(&p);
	struct writer *w = ipc_begin(p.a.ipc, 7, 42, 100);
	ipc_put_text(w, TEXT_LITERAL("hello"));
	assert_int_equal(ipc_end(p.a.ipc), OK);
	turns(&p, 3);
	assert_int_equal(p.b.records, 1);
	assert_int_equal(p.b.type, 7);
	assert_int_equal(p.b.call, 42);
	assert_int_equal(p.b.len, 7);
	close_pair(&p);
}

static void a_record_too_big_is_not_sent(void **state)
{
	struct pair p;

	(void)state;
	open_pair(&p);
	struct writer *w = ipc_begin(p.a.ipc, 7, 42, 3);
	writer_u32(w, 1);
	assert_int_equal(ipc_end(p.a.ipc), ERR_TOO_BIG);
	turns(&p, 3);
	assert_int_equal(p.b.records, 0);
	close_pair(&p);
}

static void descriptors_come_with_their_records(void **state)
{
	struct pair p;
	int pipes[2];

	(void)state;
	open_pair(&p);
	assert_int_equal(pipe(pipes), 0);
	for (unsigned i = 0; i < 3; i++) {
		(void)ipc_begin(p.a.ipc, 1, i, 0);
		assert_int_equal(ipc_end(p.a.ipc), OK);
	}
	(void)ipc_begin(p.a.ipc, 2, 9, 0);
	assert_int_equal(ipc_end_fd(p.a.ipc, pipes[1]), OK);
	turns(&p, 4);
	assert_int_equal(p.b.records, 4);
	assert_true(p.b.fd >= 0);
	assert_int_equal(write(p.b.fd, "x", 1), 1);
	char c;
	assert_int_equal(read(pipes[0], &c, 1), 1);
	close(p.b.fd);
	close(pipes[0]);
	close_pair(&p);
}

/* More than the credit waits, all of it arrives in the end, and room is told. */
static void credit_pushes_back(void **state)
{
	static const uint8_t body[60000];
	struct pair p;
	unsigned sent = 0;

	(void)state;
	open_pair(&p);
	for (; sent < 200; sent++) {
		struct writer *w = ipc_begin(p.a.ipc, 1, sent, sizeof(body));
		writer_bytes(w, body, sizeof(body));
		assert_int_equal(ipc_end(p.a.ipc), OK);
	}
	assert_false(ipc_room(p.a.ipc));
	for (unsigned i = 0; i < 2000 && p.b.records < sent; i++)
		loop_turn(p.loop, 1000);
	assert_int_equal(p.b.records, sent);
	assert_true(ipc_room(p.a.ipc));
	assert_int_equal(p.a.rooms, 1);
	close_pair(&p);
}

/* Both sides beyond their credit at once: neither waits for the other for ever. */
static void both_sides_beyond_credit(void **state)
{
	static const uint8_t body[60000];
	struct pair p;

	(void)state;
	open_pair(&p);
	for (unsigned i = 0; i < 200; i++) {
		struct ipc *const ends[] = { p.a.ipc, p.b.ipc };
		for (unsigned k = 0; k < 2; k++) {
			struct writer *w = ipc_begin(ends[k], 1, i, sizeof(body));
			writer_bytes(w, body, sizeof(body));
			assert_int_equal(ipc_end(ends[k]), OK);
		}
	}
	for (unsigned i = 0; i < 4000 && (p.a.records < 200 || p.b.records < 200); i++)
		loop_turn(p.loop, 1000);
	assert_int_equal(p.a.records, 200);
	assert_int_equal(p.b.records, 200);
	close_pair(&p);
}

static void a_refused_body_closes_the_peer(void **state)
{
	struct pair p;

	(void)state;
	open_pair(&p);
	p.b.refuse = true;
	(void)ipc_begin(p.a.ipc, 1, 1, 0);
	assert_int_equal(ipc_end(p.a.ipc), OK);
	turns(&p, 3);
	assert_int_equal(p.b.closed, 1);
	assert_string_equal(p.b.why, "body");
	close_pair(&p);
}

static void the_owner_may_free_inside(void **state)
{
	struct pair p;

	(void)state;
	open_pair(&p);
	p.b.free_in_record = true;
	for (unsigned i = 0; i < 2; i++) {
		(void)ipc_begin(p.a.ipc, 1, 1, 0);
		assert_int_equal(ipc_end(p.a.ipc), OK);
	}
	turns(&p, 4);
	assert_int_equal(p.b.records, 1);
	assert_int_equal(p.a.closed, 1);
	close_pair(&p);
}

static void late_record(void *owner)
{
	struct pair *p = owner;

	if (p->a.ipc && !p->a.rooms++) { /* once */
		(void)ipc_begin(p->a.ipc, 7, 1, 16);
		assert_int_equal(ipc_end(p->a.ipc), OK);
	}
}

/* A record that a hook writes after ours ran does not wait for the next event: here none would come for a minute. */
static void a_record_of_a_later_hook_leaves(void **state)
{
	const int64_t minute = 60 * USEC_PER_SEC;
	struct loop_hook late = { 0 }; /* made first, it runs last */
	struct pair p;
	int fds[2];

	(void)state;
	p = (struct pair){ .loop = loop_new(), .a = { .fd = -1 }, .b = { .fd = -1 } };
	loop_hook_add(p.loop, &late, late_record, &p);
	assert_int_equal(ipc_pair(fds), OK);
	p.a.ipc = ipc_new(p.loop, fds[0], "a", &handler, &p.a);
	p.b.ipc = ipc_new(p.loop, fds[1], "b", &handler, &p.b);
	int64_t start = clock_monotonic();
	loop_turn(p.loop, 0);
	for (unsigned i = 0; i < 4 && !p.b.records; i++)
		loop_turn(p.loop, minute);
	assert_int_equal(p.b.records, 1);
	assert_true(clock_monotonic() - start < minute / 2);
	loop_hook_remove(&late);
	close_pair(&p);
}

/* Bytes of a stranger: each closes this end, none ends the process. */
static void garbage_closes(void **state)
{
	static const struct {
		const char *bytes;
		size_t len;
		const char *why;
	} table[] = {
		{ "\x00\x00\x00\x00", 4, "length" },
		{ "\xff\xff\xff\xff", 4, "length" },
		{ "\x00\x00\x00\x07\x00\x01\x00\x00\x00\x00\x09", 11, "header" },
		{ "\x00\x00\x00\x07\x00\x01\x00\x00\x00\x00\x01", 11,
		  "header" }, /* a descriptor is named and none came */
		{ "\x00\x00\x00\x07\xff\x00\x00\x00\x00\x00\x00", 11, "credit" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct loop *loop = loop_new();
		struct end e = { .fd = -1 };
		int fds[2];
		assert_int_equal(ipc_pair(fds), OK);
		e.ipc = ipc_new(loop, fds[0], "peer", &handler, &e);
		for (size_t k = 0; k < table[i].len; k++) { /* trickled */
			assert_int_equal(e.closed, 0);
			assert_int_equal(send(fds[1], table[i].bytes + k, 1, MSG_NOSIGNAL), 1);
			loop_turn(loop, 1000);
		}
		assert_int_equal(e.closed, 1);
		assert_string_equal(e.why, table[i].why);
		ipc_free(&e.ipc);
		close(fds[1]);
		loop_free(&loop);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_record_arrives_whole),
		cmocka_unit_test(a_record_too_big_is_not_sent),
		cmocka_unit_test(descriptors_come_with_their_records),
		cmocka_unit_test(credit_pushes_back),
		cmocka_unit_test(both_sides_beyond_credit),
		cmocka_unit_test(a_refused_body_closes_the_peer),
		cmocka_unit_test(the_owner_may_free_inside),
		cmocka_unit_test(a_record_of_a_later_hook_leaves),
		cmocka_unit_test(garbage_closes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
