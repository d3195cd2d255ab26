/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Phones of ours as a link: a scripted carrier and a scripted queue. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "core/base/clock.h"
#include "core/base/hex.h"
#include "sms/gsup.h"
#include "sms/phone_link.h"
#include "sms/rp.h"
#include "tests/fake/fake_queue.h"

#define LINK "gsup:x"
#define ANNA "001010000000001"
#define BERT "001010000000002"
#define SUBMIT "01050b919471325476f8000005c8329bfd06"

static struct world {
	struct loop *loop;
	struct channel *channel;
	struct phone_link *link;
	struct fake_queue queue;
	char seen[2000]; /* what the carrier was asked */
	enum result send_result;
} w;

#define UNTIL(condition) \
	do { \
		int64_t until_us = clock_monotonic() + 8 * USEC_PER_SEC; \
		while (!(condition) && clock_monotonic() < until_us) \
			loop_turn(w.loop, 2000); \
		assert_true(condition); \
	} while (0)

static void turns(unsigned n)
{
	while (n--)
		loop_turn(w.loop, 1000);
}

__attribute__((format(printf, 1, 2))) static void note(const char *format, ...)
{
	va_list args;
	size_t at = strlen(w.seen);

	va_start(args, format);
	vsnprintf(w.seen + at, sizeof(w.seen) - at, format, args);
	va_end(args);
}

static void expect(const char *what)
{
	UNTIL(strlen(w.seen) >= strlen(what));
	turns(5);
	if (strcmp(w.seen, what))
		fail_msg("want \"%s\"\nhave \"%s\"", what, w.seen);
	w.seen[0] = 0;
}

static enum result on_send(void *owner, const char *imsi, struct text tpdu, bool more)
{
	struct tpdu t;

	(void)owner;
	assert_int_equal(tpdu_decode(tpdu.at, tpdu.len, TPDU_TO_PHONE, TPDU_IN_DATA, &t, NULL), OK);
	assert_int_equal(t.more_messages, more);
	if (t.type == TPDU_STATUS_REPORT)
		note("report(%s,%u,%02x%s) ", imsi + 14, t.reference, t.status, more ? ",more" : "");
	else
		note("send(%s,%u%s) ", imsi + 14, t.has_header ? t.header.concat.number : 0, more ? ",more" : "");
	return w.send_result;
}

static void on_answer(void *owner, const char *imsi, uint64_t handle, uint8_t rp_cause, const struct text *report)
{
	struct tpdu t = { .fcs = 0 };

	(void)owner;
	if (report)
		assert_int_equal(tpdu_decode(report->at, report->len, TPDU_TO_PHONE, TPDU_IN_ERROR, &t, NULL), OK);
	note("answer(%s,%d,%d,%02x) ", imsi + 14, (int)handle, rp_cause, t.fcs);
}

static const struct phone_carrier carrier = { on_send, on_answer };

static void on_deliver(void *owner, const struct ipc_deliver *d)
{
	(void)owner;
	phone_link_deliver(w.link, d);
}

static void on_accepted(void *owner, uint32_t call, const struct ipc_accepted *a)
{
	(void)owner;
	assert_true(phone_link_accepted(w.link, call, a));
	assert_false(phone_link_accepted(w.link, call, a));
}

static void on_outbox(void *owner, const struct ipc_outbox *row)
{
	(void)owner;
	phone_link_outbox(w.link, row);
}

static const struct channel_handler handler = { .deliver = on_deliver, .accepted = on_accepted, .outbox = on_outbox };

static void expect_due(const char *recipients)
{
	UNTIL(w.queue.due[0]);
	assert_string_equal(w.queue.due, recipients);
	w.queue.due[0] = 0;
}

static int begin(void **state)
{
	struct phone_link_settings s = { .link = LINK, .window = 10, .phones_max = 3 };

	(void)state;
	memset(&w, 0, sizeof(w));
	retry_table_init(&s.retry);
	w.loop = loop_new();
	w.channel = channel_new("sms", true, &handler, &w);
	w.link = phone_link_new(&s, w.loop, w.channel, &carrier, &w);
	fake_queue_open(&w.queue, w.loop, w.channel);
	phone_link_up(w.link, true, "one MSC");
	phone_link_number(w.link, ANNA, "491701");
	phone_link_number(w.link, BERT, "491702");
	phone_link_present(w.link, ANNA, true);
	UNTIL(fake_queue_link(&w.queue, LINK) && fake_queue_link(&w.queue, LINK)->up);
	expect_due("+491701");
	return 0;
}

static int end(void **state)
{
	(void)state;
	phone_link_free(&w.link);
	phone_link_free(&w.link);
	fake_queue_close(&w.queue);
	channel_free(&w.channel);
	loop_free(&w.loop);
	return 0;
}

static struct message_id deliver(const char *to, const char *body)
{
	struct message m = { .channel = TEXT_LITERAL("http"), .sender = TEXT_LITERAL("cellpost") };

	m.body = text_of(body);
	return fake_queue_deliver(&w.queue, LINK, to, &m, false);
}

static void assert_result(struct message_id id, enum ipc_outcome outcome, unsigned segments, const char *detail)
{
	UNTIL(fake_queue_result(&w.queue, id));
	const struct fake_result *r = fake_queue_result(&w.queue, id);
	assert_int_equal(r->outcome, outcome);
	assert_int_equal(r->segments, segments);
	assert_string_equal(r->detail, detail);
}

static void ended(const char *imsi, bool delivered, bool unsure, enum retry_source source, uint16_t cause)
{
	phone_link_ended(
		w.link, imsi,
		&(struct phone_end){ .delivered = delivered, .unsure = unsure, .source = source, .cause = cause });
}

static void test_to_phones(void **state)
{
	static char longer[300];

	(void)state;
	memset(longer, 'x', sizeof(longer) - 1);
	struct message_id one = deliver("+491701", longer), two = deliver("+491701", "Hello");
	expect("send(1,1,more) ");
	assert_true(fake_queue_was_sending(&w.queue, one));
	assert_false(fake_queue_was_sending(&w.queue, two));
	ended(ANNA, true, false, RETRY_RP, 0);
	expect("send(1,2,more) ");
	ended(ANNA, true, false, RETRY_RP, 0);
	assert_result(one, IPC_DELIVERED, 2, "");
	expect("send(1,0) ");
	ended(ANNA, false, true, RETRY_RP, 0);
	assert_result(two, IPC_DOUBT, 1, "the phone did not say whether it has it");
	ended(ANNA, true, false, RETRY_RP, 0); /* for nothing */
	assert_result(deliver("+491701", "\xff"), IPC_REFUSED, 0, "too long, or not of the alphabet");
	assert_result(deliver("0123456789012345678901234567890", "x"), IPC_REFUSED, 0, "this is no number of a phone");
}

static void test_causes(void **state)
{
	(void)state;
	struct message_id id = deliver("+491701", "1");
	expect("send(1,0) ");
	ended(ANNA, false, false, RETRY_RP, RP_CAUSE_REJECTED);
	assert_result(id, IPC_REFUSED, 0, "short message transfer rejected");
	id = deliver("+491701", "2");
	expect("send(1,0) ");
	ended(ANNA, false, false, RETRY_RP, RP_CAUSE_TEMPORARY_FAILURE);
	assert_result(id, IPC_RETRY, 0, "temporary failure");
	assert_int_equal(fake_queue_result(&w.queue, id)->retry_ms, 60000);
	/* Memory full: what is behind it waits as well, until the phone says that there is room. */
	id = deliver("+491701", "3");
	struct message_id behind = deliver("+491701", "4");
	expect("send(1,0,more) ");
	ended(ANNA, false, false, RETRY_RP, RP_CAUSE_MEMORY_EXCEEDED);
	assert_result(id, IPC_RETRY, 0, "memory capacity exceeded");
	assert_int_equal(fake_queue_result(&w.queue, id)->retry_ms, 3600000);
	assert_result(behind, IPC_RETRY, 0, "memory capacity exceeded");
	phone_link_present(w.link, ANNA, true);
	expect_due("+491701");
	id = deliver("+491701", "3");
	expect("send(1,0) ");
	ended(ANNA, true, false, RETRY_RP, 0);
	assert_result(id, IPC_DELIVERED, 1, "");
	/* A protocol error: once more, and no third time. */
	id = deliver("+491701", "5");
	expect("send(1,0) ");
	ended(ANNA, false, false, RETRY_RP, RP_CAUSE_PROTOCOL_ERROR);
	expect("send(1,0) ");
	ended(ANNA, false, false, RETRY_RP, RP_CAUSE_PROTOCOL_ERROR);
	assert_result(id, IPC_REFUSED, 0, "protocol error");
}

static void test_who_is_not_there(void **state)
{
	(void)state;
	phone_link_present(w.link, BERT, false);
	struct message_id bert = deliver("+491702", "x"), nobody = deliver("+491703", "y");
	assert_result(bert, IPC_RETRY, 0, "the phone is not there");
	assert_in_range(fake_queue_result(&w.queue, bert)->retry_ms, 6 * 3600000 - 5000, 6 * 3600000);
	assert_result(nobody, IPC_RETRY, 0, "no phone with that number was seen");
	/* It comes while the queue is away. */
	fake_queue_close(&w.queue);
	phone_link_present(w.link, BERT, true);
	turns(10);
	fake_queue_open(&w.queue, w.loop, w.channel);
	expect_due("+491702");
	bert = deliver("+491702", "x");
	expect("send(2,0) ");
	ended(BERT, false, false, RETRY_GSUP, GSUP_CAUSE_IMSI_UNKNOWN); /* gone again */
	UNTIL(fake_queue_result(&w.queue, bert));
	phone_link_number(w.link, BERT, "491703"); /* its number was another's */
	phone_link_present(w.link, BERT, true);
	expect_due("+491703");
	nobody = deliver("+491703", "y");
	expect("send(2,0) ");
	ended(BERT, true, false, RETRY_RP, 0);
	assert_result(nobody, IPC_DELIVERED, 1, "");
	w.send_result = ERR_NOT_FOUND;
	struct message_id again = deliver("+491701", "z");
	expect("send(1,0) ");
	assert_result(again, IPC_RETRY, 0, "the phone is not there");
	w.send_result = ERR_BUSY;
	phone_link_present(w.link, ANNA, true);
	again = deliver("+491701", "z");
	UNTIL(w.seen[0]);
	phone_link_free(&w.link);
	assert_result(again, IPC_RETRY, 0, "this link is no longer used");
}

static void gives(const char *imsi, const char *number, uint64_t handle, const char *hex)
{
	uint8_t tpdu[200];
	struct writer o = writer_of(tpdu, sizeof(tpdu));

	assert_int_equal(hex_take(text_of(hex), &o), OK);
	phone_link_message(w.link, imsi, text_of(number), handle, text_range((char *)tpdu, writer_len(&o)));
}

static void test_from_phones(void **state)
{
	static const struct {
		enum result result;
		const char *answer;
	} rows[] = {
		{ OK, "answer(1,7,0,00) " },	      { ERR_NOT_FOUND, "answer(1,7,1,00) " },
		{ ERR_DENIED, "answer(1,7,21,c4) " }, { ERR_MALFORMED, "answer(1,7,21,c3) " },
		{ ERR_BUSY, "answer(1,7,42,00) " },   { ERR_UNKNOWN, "answer(1,7,41,00) " },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		w.queue.answer = rows[i].result;
		gives(ANNA, "491701", 7, SUBMIT);
		expect(rows[i].answer);
	}
	const struct fake_accept *a = &w.queue.accepts[0];
	assert_string_equal(a->recipients, "+49172345678");
	assert_true(text_is(a->message.sender, "+491701") && text_is(a->message.account, LINK));
	assert_true(a->body_len == 5 && !memcmp(a->body, "Hello", 5));
	w.queue.answer = OK;
	gives(ANNA, "", 8, "41050b919471325476f800000c0500034d0201906536fb0d");
	expect("answer(1,8,0,00) ");
	assert_int_equal(w.queue.parts_count, 1);
	/* What is no message, what reaches into phones, who has no number. */
	gives(ANNA, "", 9, "0105");
	expect("answer(1,9,95,00) ");
	gives(ANNA, "", 10, "01050b919471325476f87f0005c8329bfd06");
	expect("answer(1,10,111,8f) ");
	gives("001010000000003", "", 11, SUBMIT);
	expect("answer(3,11,28,c1) ");
	channel_lost(w.channel);
	gives(ANNA, "", 12, SUBMIT);
	expect("answer(1,12,41,00) ");
}

#define ROW(from, state) \
	"{\"id\":\"0006610e131944cc0bb85e764fc2\",\"to\":\"+49172345678\",\"from\":\"" from "\",\"state\":\"" state \
	"\",\"reference\":\"77\"}"

static void assert_end(unsigned n, uint8_t id, bool done, uint32_t retry_ms)
{
	UNTIL(w.queue.ends_count > n);
	assert_int_equal(w.queue.ends[n].id[0], id);
	assert_int_equal(w.queue.ends[n].done, done);
	assert_int_equal(w.queue.ends[n].retry_ms, retry_ms);
}

static void test_reports(void **state)
{
	(void)state;
	fake_queue_outbox(&w.queue, LINK, 1, ROW("+491701", "delivered"));
	expect("report(1,77,00) ");
	struct message_id behind = deliver("+491701", "x"); /* one at a time */
	fake_queue_outbox(&w.queue, LINK, 2, ROW("+491701", "expired"));
	turns(10);
	expect("");
	ended(ANNA, true, false, RETRY_RP, 0);
	assert_end(0, 1, true, 0);
	expect("report(1,77,46,more) ");
	ended(ANNA, false, false, RETRY_RP, RP_CAUSE_MEMORY_EXCEEDED);
	assert_end(1, 2, false, 300000);
	assert_result(behind, IPC_RETRY, 0, "memory capacity exceeded");
	fake_queue_outbox(&w.queue, LINK, 3, ROW("+491701", "refused")); /* still full */
	assert_end(2, 3, false, 300000);
	fake_queue_outbox(&w.queue, LINK, 4, ROW("+491709", "refused")); /* who is that? */
	assert_end(3, 4, false, 300000);
	phone_link_present(w.link, ANNA, true);
	fake_queue_outbox(&w.queue, LINK, 5, ROW("+491701", "odd"));
	assert_end(4, 5, true, 0);
	fake_queue_outbox(&w.queue, LINK, 6, "{");
	assert_end(5, 6, true, 0);
	fake_queue_outbox(&w.queue, LINK, 7, ROW("+491701", "refused"));
	expect("report(1,77,43) ");
	ended(ANNA, false, true, RETRY_RP, 0); /* it may be there: not again */
	assert_end(6, 7, true, 0);
	/* One per message, and each but the last says that more wait. */
	fake_queue_outbox(&w.queue, LINK, 9, ROW("+491701", "delivered"));
	fake_queue_outbox(&w.queue, LINK, 10, ROW("+491701", "expired"));
	expect("report(1,77,00,more) ");
	ended(ANNA, true, false, RETRY_RP, 0);
	assert_end(7, 9, true, 0);
	expect("report(1,77,46) ");
	ended(ANNA, true, false, RETRY_RP, 0);
	assert_end(8, 10, true, 0);
	fake_queue_outbox(&w.queue, LINK, 8, ROW("+491701", "unknown"));
	expect("report(1,77,5f) ");
	phone_link_free(&w.link);
	assert_end(9, 8, true, 0);
}

static void note_line(void *owner, const char *line)
{
	(void)owner;
	assert_string_equal(line, LINK " up: one MSC, 2 phones known, 0 messages in hand, 0 from phones under way");
}

static void test_show(void **state)
{
	(void)state;
	phone_link_show(w.link, note_line, NULL);
	assert_true(text_is(phone_link_name(w.link), LINK));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_to_phones, begin, end),
		cmocka_unit_test_setup_teardown(test_causes, begin, end),
		cmocka_unit_test_setup_teardown(test_reports, begin, end),
		cmocka_unit_test_setup_teardown(test_who_is_not_there, begin, end),
		cmocka_unit_test_setup_teardown(test_from_phones, begin, end),
		cmocka_unit_test_setup_teardown(test_show, begin, end),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
