/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Records that a role sends to the parent: what is out of place or malformed is refused, and nothing happens. */
#include <stddef.h>
#include <stdint.h>
#include <stdarg.h>
#include <setjmp.h>
#include <cmocka.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "core/ipc_messages.h"
#include "daemon/process_internal.h"

static const struct role edge = { .id = ROLE_SMS, .name = "sms" };
static const struct role head = { .id = ROLE_CONTROL, .name = "control" };
static struct ipc *far_end;
static uint16_t answer_type;
static char answer_text[256];
static bool answer_fd;

static bool take_answer(void *owner, struct ipc *ipc, struct ipc_record *record)
{
	(void)owner;
	(void)ipc;
	answer_type = record->type;
	(void)text_copy(ipc_get_text(&record->body, 255), answer_text, sizeof(answer_text));
	answer_fd = record->fd >= 0;
	if (answer_fd)
		close(record->fd);
	return reader_done(&record->body);
}

static void ignore_closed(void *owner, struct ipc *ipc, const char *why)
{
	(void)owner;
	(void)ipc;
	(void)why;
}

static const struct ipc_handler handler = { .record = take_answer, .closed = ignore_closed };

static bool give(struct child *child, uint16_t type, const void *body, size_t len, int fd)
{
	struct ipc_record record = { .type = type, .call = 7, .body = reader_of(body, len), .fd = fd };
	bool good = process_record(child, &record);

	if (record.fd >= 0)
		close(record.fd);
	return good;
}

#define GIVE(child, type, octets) give(child, type, octets, sizeof(octets) - 1, -1)

static void an_edge_may_say_little(void **state)
{
	struct child child = { .role = &edge };

	(void)state;
	for (unsigned type = 0; type < 300; type++) {
		bool known = type == IPC_PONG;
		assert_true(GIVE(&child, (uint16_t)type, "") == known);
	}
	assert_false(GIVE(&child, IPC_PONG, "x"));
	assert_false(GIVE(&child, IPC_OPEN, "\0\13/etc/shadow"));
	assert_false(GIVE(&child, IPC_CONFIG_REFUSED, ""));
	assert_false(GIVE(&child, IPC_BIND,
			  "\0\3vty\0\16"
			  "127.0.0.1:8080"));
}

static void ready_lines_are_plain(void **state)
{
	struct child child = { .role = &edge };

	(void)state;
	assert_false(GIVE(&child, IPC_READY, "\0\5\x1b[2Jx"));
	assert_false(GIVE(&child, IPC_READY, "\0\5abcd"));
	assert_false(GIVE(&child, IPC_READY, "\0\2abc"));
	assert_false(child.ready);
	assert_true(GIVE(&child, IPC_READY, "\0\3a\nb"));
	assert_true(child.ready);
	assert_string_equal(child.ready_text, "a\nb");
	assert_false(GIVE(&child, IPC_READY, "\0\3a\nb"));
}

static void lost_peers_are_named(void **state)
{
	struct child child = { .role = &edge };

	(void)state;
	assert_false(GIVE(&child, IPC_PEER_LOST, "\0\5queue\0\0\0"));
	assert_false(GIVE(&child, IPC_PEER_LOST, "\0\5queux\0\0\0\1"));
	assert_false(GIVE(&child, IPC_PEER_LOST, "\0\3sms\0\0\0\1"));
	assert_true(GIVE(&child, IPC_PEER_LOST, "\0\5queue\0\0\0\1"));
}

static void ask(struct child *control, uint16_t type, const void *body, size_t len)
{
	answer_type = 0;
	assert_true(give(control, type, body, len, -1));
	ipc_flush(control->ipc);
	while (!answer_type)
		loop_turn(process_self.loop, 1000);
	assert_int_equal(answer_type, IPC_DONE);
}
#define ASK(control, type, octets) ask(control, type, octets, sizeof(octets) - 1)

static void control_is_answered(void **state)
{
	struct child *control = &process_self.children[ROLE_CONTROL];

	(void)state;
	ASK(control, IPC_OPEN, "\0\1.");
	assert_string_equal(answer_text, "not a regular file");
	assert_false(answer_fd);
	ASK(control, IPC_OPEN, "\0\11/dev/zero");
	assert_string_equal(answer_text, "not a regular file");
	ASK(control, IPC_OPEN, "\0\14/proc/self/x");
	assert_string_equal(answer_text, "No such file or directory");
	ASK(control, IPC_OPEN, "\0\7LICENSE");
	assert_string_equal(answer_text, "");
	assert_true(answer_fd);
	ASK(control, IPC_BIND,
	    "\0\7nothing\0\13"
	    "127.0.0.1:1");
	assert_string_equal(answer_text, "no such kind of node");
	ASK(control, IPC_BIND,
	    "\0\3vty\0\13"
	    "example.x:1");
	assert_string_equal(answer_text, "expected a numeric IPv4 or IPv6 address before the port");
}

static void control_is_not_believed_either(void **state)
{
	struct child *control = &process_self.children[ROLE_CONTROL];

	(void)state;
	assert_false(GIVE(control, IPC_OPEN, "\0\5abc"));
	assert_false(GIVE(control, IPC_OPEN, "\0\3a\0b"));
	assert_false(GIVE(control, IPC_PREPARE, "\0\0\0\0\x09"));
	assert_false(GIVE(control, IPC_PREPARE, "\0\0\0\0"));
	assert_false(GIVE(control, IPC_BIND, "\0\3vty"));
	assert_false(GIVE(control, IPC_CONFIG_ACTIVE, ""));
	assert_false(GIVE(control, IPC_CONFIG_WRITE, ""));
	assert_false(GIVE(control, 9999, ""));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_edge_may_say_little),	  cmocka_unit_test(ready_lines_are_plain),
		cmocka_unit_test(lost_peers_are_named),		  cmocka_unit_test(control_is_answered),
		cmocka_unit_test(control_is_not_believed_either),
	};
	int ends[2];

	process_self.loop = loop_new();
	if (ipc_pair(ends))
		return 1;
	process_self.children[ROLE_CONTROL].role = &head;
	process_self.children[ROLE_CONTROL].ipc = ipc_new(process_self.loop, ends[0], "control", &handler, NULL);
	far_end = ipc_new(process_self.loop, ends[1], "parent", &handler, NULL);
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	sockets_close();
	ipc_free(&process_self.children[ROLE_CONTROL].ipc);
	ipc_free(&far_end);
	loop_free(&process_self.loop);
	return failed;
}
