/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A link to a message centre: a scripted centre, on sockets, and a scripted queue. */
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
#include "core/net/listen.h"
#include "sms/smpp_link.h"
#include "sms/smpp_status.h"
#include "tests/fake/fake_queue.h"

#define KEPT 64u
#define SESSIONS 8u
#define LINK "smsc:x"
#define TELL_NOTHING 0xffffffffu

static const struct node_kind *const kinds[] = { &smsc_kind };

struct got_submit {
	struct smpp_conn *conn; /* as it was: to be compared only */
	uint32_t sequence;
	struct smpp_sm sm;
	char octets[256], destination[32];
};

/* The centre as a script. */
struct centre {
	struct smpp_conn *conns[SESSIONS]; /* NULL = gone */
	unsigned conns_count, bound, binds;
	uint32_t bind_status;
	uint32_t reply; /* to each submit_sm; TELL_NOTHING = none */
	struct got_submit submits[KEPT];
	unsigned submits_count, ids;
	unsigned answers_count; /* to our deliver_sm */
	uint32_t answer_status;
};

struct world {
	struct loop *loop;
	struct channel *channel, *no_channel;
	struct smpp_conns *conns, *centre_conns;
	struct sms_calls *calls;
	struct smpp_link *link;
	struct config *config;
	struct listener *listener;
	char host[NET_ADDRESS_TEXT_SIZE];
	struct fake_queue queue;
	struct centre centre;
};

static struct world w;

#define UNTIL(condition) \
	do { \
		int64_t until_us = clock_monotonic() + 8 * USEC_PER_SEC; \
		while (!(condition) && clock_monotonic() < until_us) \
			loop_turn(w.loop, 5000); \
		assert_true(condition); \
	} while (0)

static void turns(unsigned n)
{
	while (n--)
		loop_turn(w.loop, 2000);
}

/* --- the role, as far as it matters --- */

static void on_deliver(void *owner, const struct ipc_deliver *d)
{
	(void)owner;
	smpp_link_deliver(w.link, d);
}

static void on_accepted(void *owner, uint32_t call, const struct ipc_accepted *a)
{
	(void)owner;
	assert_true(sms_calls_accepted(w.calls, call, a));
}

static void on_reported(void *owner, uint32_t call, bool done)
{
	(void)owner;
	assert_true(sms_calls_reported(w.calls, call, done));
}

static const struct channel_handler handler = { .deliver = on_deliver,
						.accepted = on_accepted,
						.reported = on_reported };

/* --- the centre --- */

static void centre_bind(void *owner, struct smpp_session *s, const struct smpp_pdu *pdu)
{
	struct centre *c = owner;

	assert_true(text_is(pdu->u.bind.system_id, "me"));
	c->binds++;
	smpp_session_answer_bind(s, c->bind_status, TEXT_LITERAL("centre"), clock_monotonic());
}

static void centre_reply(struct smpp_conn *conn, uint32_t sequence, uint32_t status)
{
	char id[16];

	snprintf(id, sizeof(id), "00AB%u", ++w.centre.ids);
	(void)smpp_session_answer(smpp_conn_session(conn), SMPP_SUBMIT_SM, sequence, status, text_of(id));
	smpp_conn_touch(conn);
}

static struct smpp_conn *conn_of(const struct smpp_session *s)
{
	for (unsigned i = 0; i < w.centre.conns_count; i++) {
		if (w.centre.conns[i] && smpp_conn_session(w.centre.conns[i]) == s)
			return w.centre.conns[i];
	}
	return NULL;
}

static void centre_request(void *owner, struct smpp_session *s, const struct smpp_pdu *pdu)
{
	struct centre *c = owner;
	struct got_submit *k = &c->submits[c->submits_count++ % KEPT];

	assert_int_equal(pdu->id, SMPP_SUBMIT_SM);
	memset(k, 0, sizeof(*k));
	k->conn = conn_of(s);
	k->sequence = pdu->sequence;
	k->sm = pdu->u.sm;
	(void)text_copy(k->sm.destination.at, k->destination, sizeof(k->destination));
	if (k->sm.octets.len)
		memcpy(k->octets, k->sm.octets.at, k->sm.octets.len);
	if (c->reply != TELL_NOTHING)
		centre_reply(k->conn, k->sequence, c->reply);
}

static void centre_answer(void *owner, struct smpp_session *s, const struct smpp_answer *a)
{
	struct centre *c = owner;

	(void)s;
	c->answers_count++;
	c->answer_status = a->pdu ? a->pdu->status : TELL_NOTHING;
}

static void centre_state(void *owner, struct smpp_session *s, enum smpp_session_state state)
{
	struct centre *c = owner;

	(void)state;
	c->bound = 0;
	for (unsigned i = 0; i < c->conns_count; i++)
		c->bound += c->conns[i] && smpp_session_bound(smpp_conn_session(c->conns[i]));
	(void)s;
}

static void centre_opened(void *owner, struct smpp_conn *conn)
{
	struct centre *c = owner;

	assert_true(c->conns_count < SESSIONS);
	c->conns[c->conns_count++] = conn;
}

static void centre_gone(void *owner, struct smpp_conn *conn, const char *why)
{
	struct centre *c = owner;

	(void)why;
	for (unsigned i = 0; i < c->conns_count; i++) {
		if (c->conns[i] == conn)
			c->conns[i] = NULL;
	}
}

static const struct smpp_conn_user centre_user = {
	.session = { .bind = centre_bind, .request = centre_request, .answer = centre_answer, .state = centre_state },
	.opened = centre_opened,
	.gone = centre_gone,
};

static void centre_accept(void *owner, int fd, const struct net_address *peer)
{
	struct smpp_session_options options = SMPP_SESSION_DEFAULTS(SMPP_CENTRE);

	(void)owner;
	(void)peer;
	(void)smpp_conn_accept(w.centre_conns, fd, NULL, &options, &centre_user, &w.centre);
}

static void centre_cut(void)
{
	for (unsigned i = 0; i < w.centre.conns_count; i++) {
		if (w.centre.conns[i])
			smpp_conn_cut(w.centre.conns[i]);
	}
	w.centre.conns_count = 0;
	w.centre.bound = 0;
}

/* --- setting up --- */

static void fault(void *owner, const char *file, unsigned line, struct text word, const char *text)
{
	(void)owner;
	fail_msg("%s:%u: %.*s: %s", file, line, TEXT_ARGS(word), text);
}

static const struct smsc_settings *settings_of(const char *more)
{
	char text[512];

	snprintf(text, sizeof(text), "smsc x\n host %s\n system-id me\n password pw\n%s", w.host, more);
	config_free(&w.config);
	w.config = config_new(kinds, 1);
	assert_int_equal(config_read(w.config, "test", text_of(text), fault, NULL), 0);
	return config_find(w.config, &smsc_kind, TEXT_LITERAL("x"));
}

static int setup(void **state)
{
	int fd;
	const char *why;
	struct net_address any;

	(void)state;
	memset(&w, 0, sizeof(w));
	w.loop = loop_new();
	w.channel = channel_new("sms", true, &handler, NULL);
	w.no_channel = channel_new("centre", false, &handler, NULL);
	w.conns = smpp_conns_new(w.loop, w.channel);
	w.centre_conns = smpp_conns_new(w.loop, w.no_channel);
	w.calls = sms_calls_new(w.conns);
	fake_queue_open(&w.queue, w.loop, w.channel);
	assert_int_equal(net_address_parse(TEXT_LITERAL("127.0.0.1:1"), &any, &why), OK);
	net_address_set_port(&any, 0);
	assert_int_equal(net_listen(&any, 100, &fd, &why), OK);
	any.len = sizeof(any.storage);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&any.storage, &any.len), 0);
	net_address_text(&any, w.host);
	w.listener = listener_new(w.loop, fd, 1000, centre_accept, NULL);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	smpp_link_free(&w.link);
	centre_cut();
	listener_free(&w.listener);
	fake_queue_close(&w.queue);
	sms_calls_free(&w.calls);
	smpp_conns_free(&w.conns);
	smpp_conns_free(&w.centre_conns);
	channel_free(&w.channel);
	channel_free(&w.no_channel);
	config_free(&w.config);
	loop_free(&w.loop);
	return 0;
}

static void start(const char *more)
{
	w.link = smpp_link_new(settings_of(more), w.conns, w.calls, NULL);
	UNTIL(fake_queue_link(&w.queue, LINK)->up);
}

static struct message_id deliver(const char *to, const char *text)
{
	struct message m = { .channel = TEXT_LITERAL("http"),
			     .account = TEXT_LITERAL("acme"),
			     .sender = TEXT_LITERAL("+8190111"),
			     .body = text_of(text) };

	return fake_queue_deliver(&w.queue, LINK, to, &m, false);
}

static const struct fake_result *result_of(struct message_id id)
{
	UNTIL(fake_queue_result(&w.queue, id));
	return fake_queue_result(&w.queue, id);
}

static const struct got_submit *submit_at(unsigned n)
{
	UNTIL(w.centre.submits_count > n);
	return &w.centre.submits[n];
}

static void reply_to(unsigned n, uint32_t status)
{
	const struct got_submit *k = submit_at(n);

	centre_reply(k->conn, k->sequence, status);
}

static const char *long_text(void)
{
	static char text[321];

	memset(text, 'a', 320);
	return text;
}

/* --- deliveries --- */

static void test_delivered(void **state)
{
	(void)state;
	start("");
	assert_int_equal(fake_queue_link(&w.queue, LINK)->window, 256);
	struct message_id id = deliver("+8190222", "Hello");
	const struct fake_result *r = result_of(id);
	assert_int_equal(r->outcome, IPC_SENT);
	assert_true(r->await);
	assert_string_equal(r->wires, "ab1"); /* the form in which it is looked up */
	assert_string_equal(r->link, LINK);
	assert_true(fake_queue_was_sending(&w.queue, id));
	const struct got_submit *k = submit_at(0);
	assert_string_equal(k->destination, "8190222");
	assert_string_equal(k->octets, "Hello");
	assert_int_equal(k->sm.registered_delivery, SMPP_REGISTERED_ALWAYS);
	assert_int_equal(k->sm.validity.len, 16);

	w.centre.reply = SMPP_RINVDSTADR;
	r = result_of(deliver("+8190222", "x"));
	assert_int_equal(r->outcome, IPC_REFUSED);
	assert_non_null(strstr(r->detail, "ESME_RINVDSTADR"));
	w.centre.reply = SMPP_RSYSERR;
	assert_int_equal(result_of(deliver("+8190222", "x"))->outcome, IPC_RETRY);
}

static void test_window(void **state)
{
	(void)state;
	start(" window 2\n");
	w.centre.reply = TELL_NOTHING;
	for (unsigned i = 0; i < 5; i++)
		(void)deliver("+8190222", "x");
	(void)submit_at(1);
	turns(5);
	assert_int_equal(w.centre.submits_count, 2);
	reply_to(1, SMPP_ROK);
	(void)submit_at(2);
	turns(5);
	assert_int_equal(w.centre.submits_count, 3);
	assert_int_equal(w.queue.sending_count, 3);
}

static void test_throttled(void **state)
{
	(void)state;
	start(" window 3\n rate 1000\n");
	w.centre.reply = TELL_NOTHING;
	struct message_id a = deliver("+1", "a"), b = deliver("+2", "b"), c = deliver("+3", "c");
	struct message_id d = deliver("+4", "d");
	(void)submit_at(2);
	reply_to(2, SMPP_RTHROTTLED);
	reply_to(1, SMPP_RTHROTTLED);
	reply_to(0, SMPP_RTHROTTLED);
	turns(10);
	assert_int_equal(w.centre.submits_count, 3); /* it waits */
	assert_int_equal(w.queue.results_count, 0);
	w.centre.reply = SMPP_ROK;
	(void)result_of(d);
	for (unsigned i = 0; i < 4; i++)
		assert_int_equal(submit_at(3 + i)->octets[0], "abcd"[i]);
	assert_int_equal(result_of(a)->outcome, IPC_SENT);
	assert_int_equal(result_of(b)->outcome, IPC_SENT);
	assert_int_equal(result_of(c)->outcome, IPC_SENT);
}

static void test_lost(void **state)
{
	(void)state;
	start(" window 1\n");
	w.centre.reply = TELL_NOTHING;
	struct message_id sent = deliver("+1", "a"), waits = deliver("+2", "b");
	(void)submit_at(0);
	centre_cut();
	assert_int_equal(result_of(sent)->outcome, IPC_DOUBT);
	assert_int_equal(result_of(waits)->outcome, IPC_RETRY);
	assert_int_equal(result_of(waits)->retry_ms, 1);
	assert_false(fake_queue_was_sending(&w.queue, waits));
	assert_false(fake_queue_link(&w.queue, LINK)->up);
	/* While it is down nothing stays here. */
	assert_int_equal(result_of(deliver("+3", "c"))->outcome, IPC_RETRY);
	w.centre.reply = SMPP_ROK;
	UNTIL(fake_queue_link(&w.queue, LINK)->up);
	assert_int_equal(result_of(deliver("+4", "d"))->outcome, IPC_SENT);
}

static void test_doubt_setting(void **state)
{
	struct message m = { .sender = TEXT_LITERAL("+81"), .body = TEXT_LITERAL("x") };

	(void)state;
	start(" doubt report\n");
	struct message_id id = fake_queue_deliver(&w.queue, LINK, "+1", &m, true);
	assert_int_equal(result_of(id)->outcome, IPC_UNKNOWN);
	assert_int_equal(w.centre.submits_count, 0);
	smpp_link_set(w.link, settings_of(" doubt repeat\n"));
	id = fake_queue_deliver(&w.queue, LINK, "+1", &m, true);
	assert_int_equal(result_of(id)->outcome, IPC_SENT);
}

static void test_unanswered(void **state)
{
	(void)state;
	start(" answer 1s\n");
	w.centre.reply = TELL_NOTHING;
	struct message_id id = deliver("+1", "a");
	(void)submit_at(0);
	assert_int_equal(result_of(id)->outcome, IPC_DOUBT);
	assert_true(fake_queue_link(&w.queue, LINK)->up);
}

/* --- long ones --- */

static void test_long(void **state)
{
	(void)state;
	start("");
	const struct fake_result *r = result_of(deliver("+1", long_text()));
	assert_int_equal(r->outcome, IPC_SENT);
	assert_int_equal(r->segments, 3);
	assert_string_equal(r->wires, "ab1,ab2,ab3");
	for (unsigned i = 0; i < 3; i++)
		assert_int_equal(submit_at(i)->sm.registered_delivery, SMPP_REGISTERED_ALWAYS);
	assert_int_equal(w.queue.sending_count, 1);
}

/* A long one that stands behind a throttled one ends there. */
static void test_long_refused_in_the_list(void **state)
{
	(void)state;
	start(" window 2\n rate 1000\n");
	w.centre.reply = TELL_NOTHING;
	struct message_id one = deliver("+1", "one"), three = deliver("+2", long_text());
	(void)submit_at(1);
	reply_to(0, SMPP_RTHROTTLED);
	reply_to(1, SMPP_RINVDSTADR);
	assert_int_equal(result_of(three)->outcome, IPC_REFUSED);
	w.centre.reply = SMPP_ROK;
	assert_int_equal(result_of(one)->outcome, IPC_SENT);
	turns(5);
	assert_int_equal(w.centre.submits_count, 3);
	assert_int_equal(w.queue.results_count, 2);
}

/* A long one whose part is throttled while it stands in the list stays there once. */
static void test_long_throttled_in_the_list(void **state)
{
	(void)state;
	start(" window 2\n rate 1000\n");
	w.centre.reply = TELL_NOTHING;
	struct message_id one = deliver("+1", "one"), three = deliver("+2", long_text());
	(void)submit_at(1);
	reply_to(0, SMPP_RTHROTTLED);
	reply_to(1, SMPP_RTHROTTLED);
	turns(5);
	w.centre.reply = SMPP_ROK;
	assert_int_equal(result_of(one)->outcome, IPC_SENT);
	assert_int_equal(result_of(three)->outcome, IPC_SENT);
	assert_int_equal(w.centre.submits_count, 6);
}

static void test_long_part_refused_for_now(void **state)
{
	(void)state;
	start(" window 10\n");
	w.centre.reply = TELL_NOTHING;
	struct message_id id = deliver("+1", long_text());
	(void)submit_at(2);
	reply_to(0, SMPP_ROK);
	reply_to(1, SMPP_ROK);
	w.centre.reply = SMPP_RSYSERR; /* the third part, again and again */
	reply_to(2, SMPP_RSYSERR);
	assert_int_equal(result_of(id)->outcome, IPC_DOUBT);
	assert_int_equal(w.centre.submits_count, 7);

	/* The first part for now, the second not: it is not unharmed. */
	w.centre.reply = TELL_NOTHING;
	id = deliver("+1", long_text());
	(void)submit_at(9);
	reply_to(7, SMPP_RSYSERR);
	reply_to(8, SMPP_ROK);
	reply_to(9, SMPP_RSYSERR);
	assert_int_equal(result_of(id)->outcome, IPC_DOUBT);
}

/* Begun before the link went down, it ends after it came back. */
static void test_long_over_two_sessions(void **state)
{
	(void)state;
	start(" window 1\n");
	w.centre.reply = TELL_NOTHING;
	struct message_id id = deliver("+1", long_text());
	reply_to(0, SMPP_ROK);
	(void)submit_at(1);
	reply_to(1, SMPP_RTHROTTLED); /* nothing is unanswered when it goes */
	turns(5);
	centre_cut();
	turns(5);
	assert_int_equal(w.queue.results_count, 0);
	w.centre.reply = SMPP_ROK;
	assert_int_equal(result_of(id)->outcome, IPC_SENT);
	assert_int_equal(w.centre.submits_count, 4);
}

/* --- binds --- */

static void test_bind_refused(void **state)
{
	(void)state;
	w.centre.bind_status = SMPP_RINVPASWD;
	w.link = smpp_link_new(settings_of(""), w.conns, w.calls, NULL);
	UNTIL(strstr(fake_queue_link(&w.queue, LINK)->detail, "ESME_RINVPASWD"));
	int64_t until = clock_monotonic() + 3 * USEC_PER_SEC / 2;
	while (clock_monotonic() < until)
		loop_turn(w.loop, 10000);
	assert_int_equal(w.centre.binds, 1); /* not hammered */
}

static void test_rebind(void **state)
{
	(void)state;
	start("");
	w.centre.reply = SMPP_RINVBNDSTS;
	struct message_id id = deliver("+1", "a");
	(void)submit_at(0);
	w.centre.reply = SMPP_ROK;
	/* Unharmed it goes back, or by the new session: never lost, and not asked in a circle. */
	UNTIL(w.centre.binds == 2);
	assert_int_equal(result_of(id)->outcome, IPC_RETRY);
	assert_int_equal(w.centre.submits_count, 1);
}

static void test_connections(void **state)
{
	(void)state;
	start(" connections 3\n window 100\n");
	UNTIL(w.centre.bound == 3);
	UNTIL(fake_queue_link(&w.queue, LINK)->window == 1200);
	smpp_link_set(w.link, settings_of(" connections 1\n window 100\n"));
	UNTIL(w.centre.binds == 4 && w.centre.bound == 1);
	int64_t until = clock_monotonic() + 3 * USEC_PER_SEC / 2;
	while (clock_monotonic() < until)
		loop_turn(w.loop, 10000);
	assert_int_equal(w.centre.binds, 4);
	assert_int_equal(fake_queue_link(&w.queue, LINK)->window, 400);
}

static void test_stop(void **state)
{
	(void)state;
	start(" window 1\n");
	w.centre.reply = TELL_NOTHING;
	struct message_id sent = deliver("+1", long_text()), waits = deliver("+2", "b");
	(void)submit_at(0);
	smpp_link_stop(w.link);
	assert_int_equal(result_of(waits)->outcome, IPC_RETRY);
	assert_false(smpp_link_idle(w.link));
	reply_to(0, SMPP_ROK);
	assert_int_equal(result_of(sent)->outcome, IPC_DOUBT); /* a part is there */
	UNTIL(smpp_link_idle(w.link));
	assert_int_equal(w.centre.submits_count, 1);
}

/* It is told to stop while it is still connecting. */
static void test_stop_unbound(void **state)
{
	(void)state;
	w.link = smpp_link_new(settings_of(""), w.conns, w.calls, NULL);
	smpp_link_stop(w.link);
	UNTIL(smpp_link_idle(w.link));
}

/* --- what the centre sends --- */

static void centre_send(struct smpp_pdu *pdu)
{
	pdu->id = SMPP_DELIVER_SM;
	for (unsigned i = 0; i < w.centre.conns_count; i++) {
		if (!w.centre.conns[i])
			continue;
		assert_int_equal(smpp_session_send(smpp_conn_session(w.centre.conns[i]), pdu, 1, clock_monotonic()),
				 OK);
		smpp_conn_touch(w.centre.conns[i]);
		return;
	}
	fail_msg("no session");
}

static void test_receipt(void **state)
{
	struct smpp_pdu pdu = { .u.sm.esm_class = SMPP_ESM_RECEIPT };

	(void)state;
	start("");
	pdu.u.sm.octets = TEXT_LITERAL("id:0255 sub:001 dlvrd:001 submit date:2601020304 done date:2601020305 "
				       "stat:UNDELIV err:069 text:x");
	centre_send(&pdu);
	UNTIL(w.centre.answers_count == 1);
	assert_int_equal(w.centre.answer_status, SMPP_ROK);
	assert_string_equal(w.queue.report_peer, LINK);
	assert_string_equal(w.queue.report_forms, "255,ff,597");
	assert_int_equal(w.queue.report_outcome, OUTCOME_REFUSED);
	assert_non_null(strstr(w.queue.report_detail, "err:069"));
	/* Unreadable: answered, or it would come for ever. */
	pdu.u.sm.octets = TEXT_LITERAL("nothing of use");
	centre_send(&pdu);
	UNTIL(w.centre.answers_count == 2);
	assert_int_equal(w.centre.answer_status, SMPP_ROK);
	assert_int_equal(w.queue.reports_count, 1);
	/* Not committed: the centre keeps it. */
	w.queue.lose_reports = true;
	pdu.u.sm.octets = TEXT_LITERAL("id:1 stat:DELIVRD");
	centre_send(&pdu);
	UNTIL(w.queue.reports_count == 2);
	fake_queue_close(&w.queue);
	UNTIL(w.centre.answers_count == 3);
	assert_int_equal(w.centre.answer_status, SMPP_RX_T_APPN);
	centre_send(&pdu);
	UNTIL(w.centre.answers_count == 4);
	assert_int_equal(w.centre.answer_status, SMPP_RX_T_APPN);
}

static void test_message(void **state)
{
	struct smpp_pdu pdu = { .u.sm.source = { SMPP_TON_INTERNATIONAL, 1, TEXT_LITERAL("8190222") },
				.u.sm.destination = { 0, 1, TEXT_LITERAL("1234") },
				.u.sm.octets = TEXT_LITERAL("Moshi") };

	(void)state;
	start("");
	centre_send(&pdu);
	UNTIL(w.centre.answers_count == 1);
	assert_int_equal(w.centre.answer_status, SMPP_ROK);
	const struct fake_accept *k = &w.queue.accepts[0];
	assert_string_equal(k->recipients, "1234");
	assert_string_equal(k->body, "Moshi");
	assert_true(k->message.from_network && text_is(k->message.account, LINK));
	assert_true(text_is(k->message.sender, "+8190222"));
	w.queue.answer = ERR_FULL;
	centre_send(&pdu);
	UNTIL(w.centre.answers_count == 2);
	assert_int_equal(w.centre.answer_status, SMPP_RMSGQFUL);
}

static void test_part(void **state)
{
	struct smpp_pdu pdu = { .u.sm.source = { SMPP_TON_INTERNATIONAL, 1, TEXT_LITERAL("8190222") },
				.u.sm.destination = { 0, 1, TEXT_LITERAL("1234") },
				.u.sm.esm_class = SMPP_ESM_UDHI,
				.u.sm.octets = TEXT_LITERAL("\x05\x00\x03\x4d\x02\x02Moshi") };

	(void)state;
	start("");
	centre_send(&pdu);
	UNTIL(w.centre.answers_count == 1);
	assert_int_equal(w.centre.answer_status, SMPP_ROK);
	assert_int_equal(w.queue.accepts_count, 0);
	assert_int_equal(w.queue.parts_count, 1);
	assert_string_equal(w.queue.part_recipient, "1234");
	assert_int_equal(w.queue.part.reference, 0x4d);
	assert_int_equal(w.queue.part.width, 8);
	assert_int_equal(w.queue.part.total, 2);
	assert_int_equal(w.queue.part.number, 2);
}

/* --- disorder --- */

static uint32_t dice_seed = 12345;

/* The same throws in each run. */
static unsigned dice(unsigned n)
{
	dice_seed = dice_seed * 1664525u + 1013904223u;
	return (dice_seed >> 8) % n;
}

/* One result for each, whatever happened. */
static void expect_one_result_each(const struct message_id *ids, unsigned count)
{
	UNTIL(w.queue.results_count >= count);
	turns(5);
	assert_int_equal(w.queue.results_count, count);
	for (unsigned i = 0; i < count; i++)
		assert_non_null(fake_queue_result(&w.queue, ids[i]));
}

static uint32_t any_status(void)
{
	static const uint32_t statuses[] = { SMPP_ROK,	      SMPP_ROK,	       SMPP_ROK,	SMPP_ROK,
					     SMPP_RTHROTTLED, SMPP_RINVDSTADR, SMPP_RSYSERR,	SMPP_RX_P_APPN,
					     SMPP_RMSGQFUL,   TELL_NOTHING,    SMPP_RINVBNDSTS, SMPP_ROK };

	return statuses[dice(12)];
}

static void test_disorder(void **state)
{
	struct message_id ids[300];

	(void)state;
	start(" connections 2\n window 3\n answer 1s\n reconnect-max 1s\n");
	for (unsigned i = 0; i < 300; i++) {
		w.centre.reply = any_status();
		ids[i] = deliver("+1", dice(3) ? "short" : long_text());
		if (!dice(3))
			turns(1);
		if (!dice(60))
			centre_cut();
		if (!dice(80))
			smpp_link_set(w.link, settings_of(dice(2) ? " connections 2\n window 4\n answer 1s\n"
								  : " connections 1\n window 3\n answer 1s\n"));
	}
	w.centre.reply = SMPP_ROK;
	for (unsigned i = 0; i < 600 && w.queue.results_count < 300; i++)
		loop_turn(w.loop, 10000);
	smpp_link_stop(w.link);
	expect_one_result_each(ids, 300);
	UNTIL(smpp_link_idle(w.link));
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(test_delivered),
		T(test_window),
		T(test_throttled),
		T(test_lost),
		T(test_doubt_setting),
		T(test_unanswered),
		T(test_long),
		T(test_long_refused_in_the_list),
		T(test_long_throttled_in_the_list),
		T(test_long_part_refused_for_now),
		T(test_long_over_two_sessions),
		T(test_bind_refused),
		T(test_rebind),
		T(test_connections),
		T(test_stop),
		T(test_stop_unbound),
		T(test_receipt),
		T(test_message),
		T(test_part),
		T(test_disorder),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
