/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A modem as a link: a scripted modem on a socket, and a scripted queue. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/base/clock.h"
#include "sms/modem_link.h"
#include "tests/fake/fake_queue.h"

#define LINK "modem:x"
#define CENTRE \
	"07919471071600" \
	"00"
#define DELIVER "040b919471325476f800006211523214054005c8329bfd06"
#define PART "440b919471325476f80000621152321405400c0500034d0201906536fb0d"
#define REPORT "06070b919471325476f8621152321405406211523214054000"

/* The modem's side: says OK to everything but what the script says. */
struct far {
	int fd;
	char in[512];
	size_t len;
	char commands[2000];
	const char *to_pdu; /* the answer behind the prompt; NULL = +CMGS with a rising reference, "" = none */
	unsigned reference;
};

static struct world {
	struct loop *loop;
	struct channel *channel;
	struct modem_link *link;
	struct fake_queue queue;
	struct far modem;
} w;

static void say(const char *text)
{
	assert_int_equal(write(w.modem.fd, text, strlen(text)), (ssize_t)strlen(text));
}

static void got_pdu(struct far *m)
{
	char answer[64];

	snprintf(answer, sizeof(answer), "\r\n+CMGS: %u\r\n\r\nOK\r\n", ++m->reference);
	say(m->to_pdu ? m->to_pdu : answer);
}

static void got_command(struct far *m, const char *command)
{
	snprintf(m->commands + strlen(m->commands), sizeof(m->commands) - strlen(m->commands), "%s|", command);
	if (!strncmp(command, "AT+CMGS", 7))
		say("\r\n> ");
	else if (!strcmp(command, "AT+CPIN?"))
		say("\r\n+CPIN: READY\r\n\r\nOK\r\n");
	else if (!strncmp(command, "AT", 2))
		say("\r\nOK\r\n");
}

static void far_turn(struct far *m)
{
	char c;

	while (m->fd >= 0 && read(m->fd, &c, 1) == 1) {
		if (c == 0x1a) {
			m->len = 0;
			got_pdu(m);
		} else if (c == '\r') {
			m->in[m->len] = 0;
			m->len = 0;
			got_command(m, m->in[0] == 0x1b ? m->in + 1 : m->in);
		} else if (m->len < sizeof(m->in) - 1) {
			m->in[m->len++] = c;
		}
	}
}

#define UNTIL(condition) \
	do { \
		int64_t until_us = clock_monotonic() + 8 * USEC_PER_SEC; \
		while (!(condition) && clock_monotonic() < until_us) { \
			far_turn(&w.modem); \
			loop_turn(w.loop, 2000); \
		} \
		assert_true(condition); \
	} while (0)

static void turns(unsigned n)
{
	while (n--) {
		far_turn(&w.modem);
		loop_turn(w.loop, 2000);
	}
}

static void on_deliver(void *owner, const struct ipc_deliver *d)
{
	(void)owner;
	modem_link_deliver(w.link, d);
}

static void on_accepted(void *owner, uint32_t call, const struct ipc_accepted *a)
{
	(void)owner;
	assert_true(modem_link_accepted(w.link, call, a));
	assert_false(modem_link_accepted(w.link, call, a));
}

static void on_reported(void *owner, uint32_t call, bool done)
{
	(void)owner;
	assert_true(modem_link_reported(w.link, call, done));
}

static const struct channel_handler handler = { .deliver = on_deliver,
						.accepted = on_accepted,
						.reported = on_reported };

static void open_line(void)
{
	int fds[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	assert_int_equal(fcntl(fds[1], F_SETFL, O_NONBLOCK), 0);
	w.modem.fd = fds[1];
	w.modem.len = 0;
	modem_link_open(w.link, fds[0]);
	assert_true(modem_link_is_open(w.link));
}

static bool is_up(void)
{
	const struct fake_link *l = fake_queue_link(&w.queue, LINK);

	return l && l->up;
}

static int begin(void **state)
{
	struct modem_link_settings s = {
		.name = "x", .number = "+4915", .reports = true, .resume_us = USEC_PER_SEC / 2
	};

	(void)state;
	memset(&w, 0, sizeof(w));
	s.modem.timers = MODEM_TIMERS_DEFAULT;
	s.modem.timers.send_us = s.modem.timers.pause_us = USEC_PER_SEC / 5;
	w.loop = loop_new();
	w.channel = channel_new("sms", true, &handler, &w);
	w.link = modem_link_new(&s, w.loop, w.channel);
	fake_queue_open(&w.queue, w.loop, w.channel);
	open_line();
	UNTIL(is_up());
	UNTIL(strstr(w.modem.commands, "AT+CSQ|"));
	turns(5);
	w.modem.commands[0] = 0;
	return 0;
}

static int end(void **state)
{
	(void)state;
	modem_link_free(&w.link);
	modem_link_free(&w.link);
	fake_queue_close(&w.queue);
	channel_free(&w.channel);
	close(w.modem.fd);
	loop_free(&w.loop);
	return 0;
}

static struct message_id deliver(const char *to, const char *body)
{
	struct message m = { .channel = TEXT_LITERAL("http"),
			     .sender = TEXT_LITERAL("+4917"),
			     .reports = REPORT_DELIVERED };

	m.body = text_of(body);
	return fake_queue_deliver(&w.queue, LINK, to, &m, false);
}

static void assert_result(struct message_id id, enum ipc_outcome outcome, unsigned segments, const char *wires,
			  const char *detail)
{
	UNTIL(fake_queue_result(&w.queue, id));
	const struct fake_result *r = fake_queue_result(&w.queue, id);
	assert_int_equal(r->outcome, outcome);
	assert_int_equal(r->segments, segments);
	assert_string_equal(r->wires, wires);
	assert_string_equal(r->detail, detail);
	assert_int_equal(r->await, outcome == IPC_SENT);
}

static void test_out(void **state)
{
	static char longer[400];

	(void)state;
	struct message_id one = deliver("+49172345678", "Hello");
	assert_result(one, IPC_SENT, 1, "1 +49172345678", "");
	assert_true(fake_queue_was_sending(&w.queue, one));
	memset(longer, 'x', sizeof(longer) - 1);
	struct message_id two = deliver("+49172345678", longer), three = deliver("1234", "Hello");
	assert_result(two, IPC_SENT, 3, "2 +49172345678,3 +49172345678,4 +49172345678", "");
	assert_result(three, IPC_SENT, 1, "5 1234", "");
	assert_result(deliver("somebody", "Hello"), IPC_REFUSED, 0, "",
		      "the recipient is no number that a modem can send to");
	w.modem.to_pdu = "\r\n+CMS ERROR: 21\r\n";
	assert_result(deliver("1234", "Hello"), IPC_REFUSED, 0, "", "short message transfer rejected");
	w.modem.to_pdu = "\r\n+CMS ERROR: 38\r\n";
	struct message_id later = deliver("1234", "Hello");
	assert_result(later, IPC_RETRY, 0, "", "network out of order");
	assert_int_equal(fake_queue_result(&w.queue, later)->retry_ms, 60000);
}

static void test_doubt_and_loss(void **state)
{
	(void)state;
	w.modem.to_pdu = "";
	struct message_id doubt = deliver("1234", "Hello"), next = deliver("1234", "Hello");
	assert_result(doubt, IPC_DOUBT, 1, "", "the modem did not say what became of it");
	/* The line broke: the next one was not sent, and goes back. */
	assert_result(next, IPC_RETRY, 0, "", "it does not answer");
	assert_false(fake_queue_was_sending(&w.queue, next));
	w.modem.to_pdu = NULL;
	UNTIL(is_up());
	assert_result(deliver("1234", "Hello"), IPC_SENT, 1, "2 1234", "");
	close(w.modem.fd);
	w.modem.fd = -1;
	UNTIL(!is_up());
	assert_false(modem_link_is_open(w.link));
	assert_result(deliver("1234", "Hello"), IPC_RETRY, 0, "", "the line is gone");
	open_line();
	UNTIL(is_up());
	assert_result(deliver("1234", "Hello"), IPC_SENT, 1, "3 1234", "");
}

static char shown[400];

static void keep_line(void *owner, const char *line)
{
	(void)owner;
	snprintf(shown, sizeof(shown), "%s", line);
}

/* The line is at fault, not the message: it stops, says so, and starts again after its time, or by hand. */
static void test_stop_link(void **state)
{
	(void)state;
	w.modem.to_pdu = "\r\n+CMS ERROR: 50\r\n";
	struct message_id one = deliver("1234", "Hello"), two = deliver("1234", "Hello");
	assert_result(one, IPC_RETRY, 0, "", "facility not subscribed");
	assert_result(two, IPC_RETRY, 0, "", "facility not subscribed");
	assert_false(fake_queue_was_sending(&w.queue, two));
	UNTIL(!is_up());
	modem_link_show(w.link, keep_line, NULL);
	assert_non_null(strstr(shown, " stopped: facility not subscribed"));
	assert_non_null(strstr(shown, ", starts again in "));
	w.modem.to_pdu = NULL;
	UNTIL(is_up()); /* by time */
	assert_false(modem_link_restart(w.link));
	w.modem.to_pdu = "\r\n+CMS ERROR: 8\r\n";
	assert_result(deliver("1234", "Hello"), IPC_RETRY, 0, "", "operator determined barring");
	UNTIL(!is_up());
	w.modem.to_pdu = NULL;
	assert_true(modem_link_restart(w.link)); /* by hand */
	UNTIL(is_up());
	assert_result(deliver("1234", "Hello"), IPC_SENT, 1, "3 1234", "");
}

/* Nothing is acknowledged before the queue's commit. */
static void test_in(void **state)
{
	(void)state;
	w.queue.silent = true;
	say("\r\n+CMT: ,24\r\n" CENTRE DELIVER "\r\n");
	UNTIL(w.queue.accepts_count == 1);
	turns(20);
	assert_string_equal(w.modem.commands, "");
	const struct fake_accept *a = &w.queue.accepts[0];
	assert_string_equal(a->recipients, "+4915");
	assert_true(text_is(a->message.sender, "+49172345678") && text_is(a->message.account, LINK));
	assert_true(a->message.from_network && a->body_len == 5 && !memcmp(a->body, "Hello", 5));
	fake_queue_answer(&w.queue, a->call, OK);
	UNTIL(strstr(w.modem.commands, "AT+CNMA|"));
	w.queue.silent = false;
	w.modem.commands[0] = 0;
	say("\r\n+CMT: ,30\r\n" CENTRE PART "\r\n");
	UNTIL(strstr(w.modem.commands, "AT+CNMA|"));
	assert_int_equal(w.queue.parts_count, 1);
	assert_true(w.queue.part.reference == 0x4d && w.queue.part.width == 8);
	assert_true(w.queue.part.total == 2 && w.queue.part.number == 1);
	w.modem.commands[0] = 0;
	say("\r\n+CDS: 25\r\n" CENTRE REPORT "\r\n");
	UNTIL(strstr(w.modem.commands, "AT+CNMA|"));
	assert_int_equal(w.queue.report_outcome, OUTCOME_DELIVERED);
	assert_string_equal(w.queue.report_forms, "7 +49172345678");
	assert_string_equal(w.queue.report_peer, LINK);
	/* Another time: the network keeps it. Never: it is taken off it. */
	w.modem.commands[0] = 0;
	w.queue.answer = ERR_BUSY;
	say("\r\n+CMT: ,24\r\n" CENTRE DELIVER "\r\n");
	UNTIL(strstr(w.modem.commands, "AT+CNMA=2|"));
	w.modem.commands[0] = 0;
	w.queue.answer = ERR_DENIED;
	say("\r\n+CMT: ,24\r\n" CENTRE DELIVER "\r\n");
	UNTIL(strstr(w.modem.commands, "AT+CNMA|"));
}

static void test_no_queue(void **state)
{
	(void)state;
	channel_lost(w.channel);
	say("\r\n+CMT: ,24\r\n" CENTRE DELIVER "\r\n");
	UNTIL(strstr(w.modem.commands, "AT+CNMA=2|"));
}

static void note_line(void *owner, const char *line)
{
	(void)owner;
	assert_string_equal(line, LINK
			    " ready: registered, signal 99 of 31, 0 messages in hand, 0 arrived and not committed");
}

static void test_show(void **state)
{
	(void)state;
	modem_link_show(w.link, note_line, NULL);
	assert_true(text_is(modem_link_name(w.link), LINK));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_out, begin, end),
		cmocka_unit_test_setup_teardown(test_doubt_and_loss, begin, end),
		cmocka_unit_test_setup_teardown(test_stop_link, begin, end),
		cmocka_unit_test_setup_teardown(test_in, begin, end),
		cmocka_unit_test_setup_teardown(test_no_queue, begin, end),
		cmocka_unit_test_setup_teardown(test_show, begin, end),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
