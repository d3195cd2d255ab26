/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The SMPP server between scripted clients, on sockets, and a scripted queue. */
#include <errno.h>
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
#include "core/secret.h"
#include "core/net/tls.h"
#include "sms/smpp_receipt.h"
#include "sms/smpp_server.h"
#include "tests/core/net/test_certificate.h"
#include "tests/fake/fake_queue.h"

#define KEPT 64u
#define TELL_NOTHING 0xffffffffu

static const struct node_kind *const kinds[] = { &account_kind, &smpp_server_kind };

struct got_answer {
	uint32_t request, status;
	enum smpp_end end;
	uint64_t cookie;
	char id[SMPP_MESSAGE_ID_MAX + 1];
	uint8_t state;
	unsigned failures;
	struct smpp_multi_failure failure;
	char failed_address[32];
};

struct got_deliver {
	uint32_t sequence;
	struct smpp_sm sm;
	char source[32], destination[32], octets[256];
	char tlvs[512];
};

/* A client as a script. */
struct esme {
	struct smpp_conn *conn;
	uint32_t command;
	uint8_t version;
	struct smpp_bind bind;
	uint32_t reply; /* to each deliver_sm; TELL_NOTHING = none */
	bool bound, gone;
	int64_t started_us, ended_us;
	uint32_t bind_status;
	struct got_answer answers[KEPT];
	struct got_deliver delivers[KEPT];
	unsigned answers_count, delivers_count;
};

struct world {
	struct loop *loop;
	struct channel *channel, *no_channel;
	struct smpp_conns *conns, *client_conns;
	struct sms_calls *calls;
	struct worker *worker;
	struct smpp_server *server;
	struct config *config;
	struct net_address address;
	char address_text[NET_ADDRESS_TEXT_SIZE];
	char token[SECRET_TEXT_SIZE];
	struct fake_queue queue;
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
	assert_true(smpp_server_delivers(w.server, d->link));
	smpp_server_deliver(w.server, d);
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

static void on_outbox(void *owner, const struct ipc_outbox *row)
{
	(void)owner;
	smpp_server_outbox(w.server, row);
}

static void on_answer_of_queue(void *owner, uint32_t call, const struct ipc_answer *a)
{
	(void)owner;
	assert_true(sms_calls_answer(w.calls, call, a));
}

static const struct channel_handler handler = { .deliver = on_deliver,
						.accepted = on_accepted,
						.reported = on_reported,
						.outbox = on_outbox,
						.answer = on_answer_of_queue };

static void fault(void *owner, const char *file, unsigned line, struct text word, const char *text)
{
	(void)owner;
	fail_msg("%s:%u: %.*s: %s", file, line, TEXT_ARGS(word), text);
}

static void configure(const char *text)
{
	struct config *next = config_new(kinds, 2);

	assert_int_equal(config_read(next, "test", text_of(text), fault, NULL), 0);
	smpp_server_set(w.server, next);
	config_free(&w.config);
	w.config = next;
}

/* `more` stands in the node of acme. */
static void configure_acme(const char *more)
{
	char text[1024];

	snprintf(text, sizeof(text), "account acme\n secret %s\n allow-sender +81*\n default-sender 1234\n%s", w.token,
		 more);
	configure(text);
}

/* A listening socket on a port of its own. */
static int listening(struct net_address *at)
{
	int fd;
	const char *why;

	assert_int_equal(net_address_parse(TEXT_LITERAL("127.0.0.1:1"), at, &why), OK);
	net_address_set_port(at, 0);
	assert_int_equal(net_listen(at, 100, &fd, &why), OK);
	at->len = sizeof(at->storage);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&at->storage, &at->len), 0);
	return fd;
}

static int setup(void **state)
{
	(void)state;
	memset(&w, 0, sizeof(w));
	w.loop = loop_new();
	w.channel = channel_new("sms", true, &handler, NULL);
	w.no_channel = channel_new("client", false, &handler, NULL);
	w.conns = smpp_conns_new(w.loop, w.channel);
	w.client_conns = smpp_conns_new(w.loop, w.no_channel);
	w.calls = sms_calls_new(w.conns);
	w.worker = worker_new(w.loop, 1, 64);
	w.server = smpp_server_new(w.conns, w.calls, w.worker);
	fake_queue_open(&w.queue, w.loop, w.channel);
	assert_int_equal(secret_make(SECRET_TOKEN, TEXT_LITERAL("secret"), w.token), OK);
	configure_acme("");
	int fd = listening(&w.address);
	net_address_text(&w.address, w.address_text);
	smpp_server_listen(w.server, text_of(w.address_text), fd);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	smpp_server_free(&w.server);
	worker_free(&w.worker);
	fake_queue_close(&w.queue);
	sms_calls_free(&w.calls);
	smpp_conns_free(&w.conns);
	smpp_conns_free(&w.client_conns);
	channel_free(&w.channel);
	channel_free(&w.no_channel);
	config_free(&w.config);
	loop_free(&w.loop);
	return 0;
}

/* --- clients --- */

static void client_opened(void *owner, struct smpp_conn *conn)
{
	struct esme *e = owner;

	e->conn = conn;
	assert_int_equal(smpp_session_bind(smpp_conn_session(conn), e->command, &e->bind, clock_monotonic()), OK);
}

static void client_state(void *owner, struct smpp_session *s, enum smpp_session_state state)
{
	struct esme *e = owner;

	(void)state;
	e->bound = smpp_session_bound(s);
	e->bind_status = smpp_session_bind_status(s);
	e->ended_us = clock_monotonic();
}

static void client_request(void *owner, struct smpp_session *s, const struct smpp_pdu *pdu)
{
	struct esme *e = owner;
	struct got_deliver *d = &e->delivers[e->delivers_count++ % KEPT];

	assert_int_equal(pdu->id, SMPP_DELIVER_SM);
	memset(d, 0, sizeof(*d));
	d->sequence = pdu->sequence;
	d->sm = pdu->u.sm;
	(void)text_copy(d->sm.source.at, d->source, sizeof(d->source));
	(void)text_copy(d->sm.destination.at, d->destination, sizeof(d->destination));
	assert_true(d->sm.octets.len < sizeof(d->octets) && pdu->tlvs.len <= sizeof(d->tlvs));
	if (d->sm.octets.len)
		memcpy(d->octets, d->sm.octets.at, d->sm.octets.len);
	if (pdu->tlvs.len)
		memcpy(d->tlvs, pdu->tlvs.at, pdu->tlvs.len);
	d->sm.octets.at = d->octets;
	d->sm.validity = text_range(d->tlvs, pdu->tlvs.len); /* a place for the TLVs */
	if (e->reply != TELL_NOTHING)
		(void)smpp_session_answer(s, pdu->id, pdu->sequence, e->reply, (struct text){ 0 });
}

static void keep_multi(struct got_answer *k, const struct smpp_pdu *pdu)
{
	struct reader r = reader_of(pdu->u.multi_resp.entries.at, pdu->u.multi_resp.entries.len);

	(void)text_copy(pdu->u.multi_resp.message_id, k->id, sizeof(k->id));
	k->failures = pdu->u.multi_resp.count;
	if (smpp_multi_resp_next(&r, &k->failure))
		(void)text_copy(k->failure.address.at, k->failed_address, sizeof(k->failed_address));
}

static void client_answer(void *owner, struct smpp_session *s, const struct smpp_answer *a)
{
	struct esme *e = owner;
	struct got_answer *k = &e->answers[e->answers_count++ % KEPT];

	(void)s;
	memset(k, 0, sizeof(*k));
	k->request = a->request;
	k->end = a->end;
	k->cookie = a->cookie;
	if (!a->pdu)
		return;
	k->status = a->pdu->status;
	if (a->request == SMPP_SUBMIT_MULTI)
		keep_multi(k, a->pdu);
	else if (a->request == SMPP_QUERY_SM)
		k->state = a->pdu->u.query_resp.message_state;
	else if (!k->status && (a->request == SMPP_SUBMIT_SM || a->request == SMPP_DATA_SM))
		(void)text_copy(a->pdu->u.message_id, k->id, sizeof(k->id));
}

static void client_gone(void *owner, struct smpp_conn *conn, const char *why)
{
	struct esme *e = owner;

	(void)conn;
	(void)why;
	e->gone = true;
	e->conn = NULL;
	e->ended_us = clock_monotonic();
}

static const struct smpp_conn_user client_user = {
	.session = { .request = client_request, .answer = client_answer, .state = client_state },
	.opened = client_opened,
	.gone = client_gone,
};

static struct esme *client_start(uint32_t command, const char *name, const char *password, uint8_t version)
{
	struct esme *e = must_alloc(sizeof(*e));
	struct smpp_session_options options = SMPP_SESSION_DEFAULTS(SMPP_ESME);

	options.interface_version = version;
	options.window = 1000;
	options.rate = 1000000; /* half of it when we are throttled, and a second of rest */
	e->command = command;
	e->bind.system_id = text_of(name);
	e->bind.password = text_of(password);
	e->started_us = clock_monotonic();
	e->conn = smpp_conn_connect(w.client_conns, &w.address, NULL, "", &options, &client_user, e);
	return e;
}

static struct esme *client_bound(uint32_t command)
{
	struct esme *e = client_start(command, "acme", "secret", 0x34);

	UNTIL(e->bound);
	return e;
}

static void client_free(struct esme *e)
{
	if (e->conn)
		smpp_conn_cut(e->conn);
	free(e);
	turns(3);
}

static void client_send(struct esme *e, const struct smpp_pdu *pdu, uint64_t cookie)
{
	struct smpp_session *s = smpp_conn_session(e->conn);

	/* A client that was throttled waits a little. */
	UNTIL(smpp_session_can_send(s, pdu->id, clock_monotonic()) == OK);
	assert_int_equal(smpp_session_send(s, pdu, cookie, clock_monotonic()), OK);
	smpp_conn_touch(e->conn);
}

static struct smpp_pdu submit_of(const char *from, const char *to, const char *text)
{
	struct smpp_pdu pdu = { .id = SMPP_SUBMIT_SM };

	pdu.u.sm.source = (struct smpp_address){ from[0] ? SMPP_TON_INTERNATIONAL : 0, 1, text_of(from) };
	pdu.u.sm.destination = (struct smpp_address){ SMPP_TON_INTERNATIONAL, 1, text_of(to) };
	pdu.u.sm.octets = text_of(text);
	pdu.u.sm.registered_delivery = SMPP_REGISTERED_ALWAYS;
	return pdu;
}

/* Sends and waits for its answer. */
static const struct got_answer *ask(struct esme *e, const struct smpp_pdu *pdu)
{
	unsigned before = e->answers_count;

	client_send(e, pdu, 1);
	UNTIL(e->answers_count > before);
	return &e->answers[before % KEPT];
}

/* --- binding --- */

static void test_bind_good(void **state)
{
	(void)state;
	struct esme *tx = client_bound(SMPP_BIND_TRANSMITTER);
	turns(3);
	assert_false(fake_queue_link(&w.queue, "esme:acme")->up);
	struct esme *trx = client_bound(SMPP_BIND_TRANSCEIVER);
	UNTIL(fake_queue_link(&w.queue, "esme:acme")->up);
	assert_int_equal(fake_queue_link(&w.queue, "esme:acme")->window, 4000);
	client_free(trx);
	UNTIL(!fake_queue_link(&w.queue, "esme:acme")->up);
	client_free(tx);
}

static void expect_refused(const char *name, const char *password, uint32_t status, int64_t least_us)
{
	struct esme *e = client_start(SMPP_BIND_TRANSCEIVER, name, password, 0x34);

	UNTIL(e->bind_status || e->bound || e->gone);
	assert_int_equal(e->bind_status, status);
	assert_true(e->ended_us - e->started_us >= least_us);
	client_free(e);
}

static void test_bind_bad(void **state)
{
	(void)state;
	expect_refused("acme", "wrong", SMPP_RINVPASWD, 450000);
	expect_refused("nobody", "secret", SMPP_RINVPASWD, 900000);
	/* What is right and not known yet waits for its turn among the guesses, and then is in. */
	int64_t before = clock_monotonic();
	struct esme *e = client_bound(SMPP_BIND_TRANSCEIVER);
	assert_true(clock_monotonic() - before < 3 * USEC_PER_SEC);
	client_free(e);
	/* What is known to be right never waits. */
	before = clock_monotonic();
	e = client_bound(SMPP_BIND_TRANSCEIVER);
	assert_true(clock_monotonic() - before < 300000);
	client_free(e);
}

static void test_bind_from_elsewhere(void **state)
{
	(void)state;
	configure_acme(" from-address 192.0.2.0/24\n");
	expect_refused("acme", "secret", SMPP_RINVPASWD, 450000);
	configure_acme(" from-address 192.0.2.0/24\n from-address 127.0.0.0/8\n");
	client_free(client_bound(SMPP_BIND_TRANSCEIVER));
}

static void test_bind_limit(void **state)
{
	(void)state;
	configure_acme(" smpp-binds 1\n");
	struct esme *one = client_bound(SMPP_BIND_TRANSCEIVER);
	expect_refused("acme", "secret", SMPP_RBINDFAIL, 0);
	client_free(one);
	configure_acme(" smpp-binds 0\n");
	expect_refused("acme", "secret", SMPP_RINVPASWD, 450000);
}

static void test_bind_slow_secret(void **state)
{
	char slow[SECRET_TEXT_SIZE], text[512];

	(void)state;
	assert_int_equal(secret_make(SECRET_PASSWORD, TEXT_LITERAL("hunter2"), slow), OK);
	snprintf(text, sizeof(text), "account slow\n secret %s\n", slow);
	configure(text);
	/* Two at once share the check; one that went away meanwhile is not missed. */
	struct esme *a = client_start(SMPP_BIND_TRANSCEIVER, "slow", "hunter2", 0x34);
	struct esme *b = client_start(SMPP_BIND_RECEIVER, "slow", "hunter2", 0x34);
	struct esme *lost = client_start(SMPP_BIND_RECEIVER, "slow", "hunter2", 0x34);
	turns(4);
	client_free(lost);
	UNTIL(a->bound && b->bound);
	client_free(a);
	client_free(b);
	struct esme *again = client_start(SMPP_BIND_TRANSCEIVER, "slow", "hunter2", 0x34);
	UNTIL(again->bound);
	assert_true(again->ended_us - again->started_us < 60000);
	client_free(again);
	struct esme *bad = client_start(SMPP_BIND_TRANSCEIVER, "slow", "hunter3", 0x34);
	UNTIL(bad->bind_status == SMPP_RINVPASWD);
	client_free(bad);
	/* The server ends while a check runs. */
	lost = client_start(SMPP_BIND_TRANSCEIVER, "slow", "hunter4", 0x34);
	turns(4);
	smpp_server_free(&w.server);
	client_free(lost);
}

/* --- messages of clients --- */

static void test_submit(void **state)
{
	(void)state;
	struct esme *e = client_bound(SMPP_BIND_TRANSMITTER);
	struct smpp_pdu pdu = submit_of("8190111", "8190222", "Hello");
	char id[MESSAGE_ID_TEXT_SIZE];

	const struct got_answer *a = ask(e, &pdu);
	assert_int_equal(a->status, SMPP_ROK);
	assert_string_equal(a->id, message_id_text(w.queue.last_id, id));
	const struct fake_accept *k = &w.queue.accepts[0];
	assert_string_equal(k->recipients, "+8190222");
	assert_string_equal(k->body, "Hello");
	assert_true(text_is(k->message.sender, "+8190111"));
	assert_true(text_is(k->message.channel, "smpp"));
	assert_true(text_is(k->message.account, "acme"));
	assert_int_equal(k->message.reports, REPORT_DELIVERED | REPORT_FAILED);
	assert_false(k->message.from_network);

	pdu = submit_of("", "8190222", "by default");
	assert_int_equal(ask(e, &pdu)->status, SMPP_ROK);
	assert_true(text_is(w.queue.accepts[1].message.sender, "1234"));
	client_free(e);

	/* A client of 3.3 gets 8 digits. */
	e = client_start(SMPP_BIND_TRANSMITTER, "acme", "secret", 0x33);
	UNTIL(e->bound);
	a = ask(e, &pdu);
	assert_int_equal(strlen(a->id), 8);
	assert_memory_equal(a->id, message_id_text(w.queue.last_id, id) + 16, 8);
	client_free(e);
}

static void test_refusals(void **state)
{
	(void)state;
	struct esme *e = client_bound(SMPP_BIND_TRANSCEIVER);
	struct smpp_pdu pdu = submit_of("4477", "8190222", "x");

	assert_int_equal(ask(e, &pdu)->status, SMPP_RINVSRCADR);
	pdu = submit_of("8190111", "no number!", "x");
	pdu.u.sm.destination.ton = 0;
	assert_int_equal(ask(e, &pdu)->status, SMPP_RINVDSTADR);
	pdu = submit_of("8190111", "8190222", "x");
	pdu.u.sm.default_message = 3;
	assert_int_equal(ask(e, &pdu)->status, SMPP_RINVDFTMSGID);
	pdu = submit_of("8190111", "8190222", "x");
	pdu.u.sm.validity = TEXT_LITERAL("010101000000000+");
	assert_int_equal(ask(e, &pdu)->status, SMPP_RINVEXPIRY);
	assert_int_equal(w.queue.accepts_count, 0);

	pdu = submit_of("8190111", "8190222", "x");
	w.queue.answer = ERR_DENIED;
	assert_int_equal(ask(e, &pdu)->status, SMPP_RX_R_APPN);
	w.queue.recipient = 1;
	assert_int_equal(ask(e, &pdu)->status, SMPP_RINVDSTADR);
	w.queue.answer = ERR_FULL;
	assert_int_equal(ask(e, &pdu)->status, SMPP_RMSGQFUL);
	w.queue.answer = ERR_BUSY;
	assert_int_equal(ask(e, &pdu)->status, SMPP_RSYSERR);

	/* The queue is lost while it thinks: the next one will say. Until then nothing more is taken. */
	w.queue.silent = true;
	unsigned before = e->answers_count;
	client_send(e, &pdu, 1);
	UNTIL(w.queue.accepts_count == 5);
	fake_queue_close(&w.queue);
	client_send(e, &pdu, 2);
	UNTIL(e->answers_count > before);
	assert_int_equal(e->answers_count, before + 1);
	assert_int_equal(e->answers[before].status, SMPP_RMSGQFUL);
	client_free(e);
}

static void test_rate(void **state)
{
	(void)state;
	configure_acme(" rate 10\n burst 2\n");
	struct esme *e = client_bound(SMPP_BIND_TRANSMITTER);
	struct smpp_pdu pdu = submit_of("8190111", "8190222", "x");

	assert_int_equal(ask(e, &pdu)->status, SMPP_ROK);
	assert_int_equal(ask(e, &pdu)->status, SMPP_ROK);
	assert_int_equal(ask(e, &pdu)->status, SMPP_RTHROTTLED);
	configure_acme(""); /* a changed limit counts at once, and the bind stays */
	assert_int_equal(ask(e, &pdu)->status, SMPP_ROK);
	assert_int_equal(ask(e, &pdu)->status, SMPP_ROK);
	client_free(e);
}

static void test_window_in(void **state)
{
	(void)state;
	configure_acme(" smpp-window 3\n");
	struct esme *e = client_bound(SMPP_BIND_TRANSMITTER);
	struct smpp_pdu pdu = submit_of("8190111", "8190222", "x");

	w.queue.silent = true;
	for (uint64_t i = 0; i < 4; i++)
		client_send(e, &pdu, i);
	UNTIL(e->answers_count == 1);
	assert_int_equal(e->answers[0].cookie, 3);
	assert_int_equal(e->answers[0].status, SMPP_RTHROTTLED);
	/* Answers come in the order of the queue. */
	for (unsigned i = 3; i--;)
		fake_queue_answer(&w.queue, w.queue.accepts[i].call, OK);
	UNTIL(e->answers_count == 4);
	assert_int_equal(e->answers[1].cookie, 2);
	assert_int_equal(e->answers[3].cookie, 0);
	client_free(e);
}

static void put_destination(struct writer *to, bool list, const char *address)
{
	struct smpp_multi_destination d = { list, { SMPP_TON_INTERNATIONAL, 1, text_of(address) } };

	smpp_multi_put(to, &d);
}

static void test_submit_multi(void **state)
{
	char room[256];
	struct writer to = writer_of(room, sizeof(room));
	struct smpp_pdu pdu = { .id = SMPP_SUBMIT_MULTI };

	(void)state;
	struct esme *e = client_bound(SMPP_BIND_TRANSMITTER);
	put_destination(&to, false, "8190222");
	put_destination(&to, true, "friends");
	put_destination(&to, false, "8190333");
	pdu.u.multi.sm = submit_of("8190111", "", "all").u.sm;
	pdu.u.multi.count = 3;
	pdu.u.multi.entries = text_range(room, writer_len(&to));
	const struct got_answer *a = ask(e, &pdu);
	assert_int_equal(a->status, SMPP_ROK);
	assert_string_equal(w.queue.accepts[0].recipients, "+8190222,+8190333");
	assert_int_equal(strlen(a->id), 28);
	assert_int_equal(a->failures, 1);
	assert_int_equal(a->failure.status, SMPP_RINVDLNAME);
	assert_string_equal(a->failed_address, "friends");

	w.queue.answer = ERR_DENIED;
	a = ask(e, &pdu);
	assert_int_equal(a->status, SMPP_RX_R_APPN);
	client_free(e);
}

static void test_operations(void **state)
{
	struct smpp_pdu query = { .id = SMPP_QUERY_SM }, cancel = { .id = SMPP_CANCEL_SM };
	struct smpp_pdu replace = { .id = SMPP_REPLACE_SM };

	(void)state;
	struct esme *e = client_bound(SMPP_BIND_TRANSMITTER);
	query.u.query.message_id = TEXT_LITERAL("0006416a1c2d3e4f0a1b2c3d4e5f");
	cancel.u.cancel.message_id = query.u.query.message_id;
	assert_int_equal(ask(e, &query)->status, SMPP_RQUERYFAIL);
	assert_string_equal(w.queue.ask_account, "acme");
	assert_int_equal(ask(e, &cancel)->status, SMPP_RCANCELFAIL);
	w.queue.json = "{\"recipients\":[{\"state\":\"delivered\"}]}";
	const struct got_answer *a = ask(e, &query);
	assert_int_equal(a->status, SMPP_ROK);
	assert_int_equal(a->state, SMPP_STATE_DELIVERED);
	assert_int_equal(ask(e, &cancel)->status, SMPP_ROK);
	assert_int_equal(w.queue.ask.question, ASK_CANCEL);
	query.u.query.message_id = TEXT_LITERAL("1a2b3c4d");
	assert_int_equal(ask(e, &query)->status, SMPP_RINVMSGID);
	assert_int_equal(ask(e, &replace)->status, SMPP_RREPLACEFAIL);
	client_free(e);
}

static void test_part_passes(void **state)
{
	static const char part[] = "\x05\x00\x03\x4d\x02\x01Hel\0lo";
	struct smpp_pdu pdu = submit_of("8190111", "8190222", "");

	(void)state;
	struct esme *e = client_bound(SMPP_BIND_TRANSMITTER);
	pdu.u.sm.esm_class = SMPP_ESM_UDHI;
	pdu.u.sm.octets = text_range(part, sizeof(part) - 1);
	assert_int_equal(ask(e, &pdu)->status, SMPP_ROK);
	const struct fake_accept *k = &w.queue.accepts[0];
	assert_int_equal(k->message.content, MESSAGE_BINARY);
	assert_true(k->message.has_coding && !k->message.coding);
	assert_int_equal(k->message.udh.len, 6);
	assert_int_equal(k->body_len, 6);
	client_free(e);
}

/* --- messages and receipts to clients --- */

static struct message message_of(const char *from, const char *text)
{
	return (struct message){ .channel = TEXT_LITERAL("smpp"),
				 .account = TEXT_LITERAL("smsc:x"),
				 .sender = text_of(from),
				 .body = text_of(text),
				 .from_network = true };
}

static void test_deliver(void **state)
{
	struct message m = message_of("+8190222", "Moshi moshi");

	(void)state;
	struct message_id id = fake_queue_deliver(&w.queue, "esme:acme", "1234", &m, false);
	UNTIL(fake_queue_result(&w.queue, id));
	assert_int_equal(fake_queue_result(&w.queue, id)->outcome, IPC_RETRY);
	struct esme *e = client_bound(SMPP_BIND_RECEIVER);
	id = fake_queue_deliver(&w.queue, "esme:acme", "1234", &m, true);
	UNTIL(fake_queue_result(&w.queue, id));
	const struct fake_result *r = fake_queue_result(&w.queue, id);
	assert_int_equal(r->outcome, IPC_SENT);
	assert_false(r->await);
	assert_string_equal(r->link, "esme:acme");
	assert_true(fake_queue_was_sending(&w.queue, id));
	assert_string_equal(e->delivers[0].source, "8190222");
	assert_int_equal(e->delivers[0].sm.source.ton, SMPP_TON_INTERNATIONAL);
	assert_string_equal(e->delivers[0].destination, "1234");
	assert_string_equal(e->delivers[0].octets, "Moshi moshi");
	assert_int_equal(e->delivers[0].sm.esm_class, 0);

	e->reply = SMPP_RX_R_APPN;
	id = fake_queue_deliver(&w.queue, "esme:acme", "1234", &m, false);
	UNTIL(fake_queue_result(&w.queue, id));
	assert_int_equal(fake_queue_result(&w.queue, id)->outcome, IPC_REFUSED);
	e->reply = SMPP_RX_T_APPN;
	id = fake_queue_deliver(&w.queue, "esme:acme", "1234", &m, false);
	UNTIL(fake_queue_result(&w.queue, id));
	assert_int_equal(fake_queue_result(&w.queue, id)->outcome, IPC_RETRY);
	client_free(e);
}

static void test_deliver_long(void **state)
{
	char text[321];
	struct message m = message_of("+8190222", "");

	(void)state;
	memset(text, 'a', 320);
	text[320] = '\0';
	m.body = text_of(text);
	struct esme *e = client_bound(SMPP_BIND_TRANSCEIVER);
	struct message_id id = fake_queue_deliver(&w.queue, "esme:acme", "1234", &m, false);
	UNTIL(fake_queue_result(&w.queue, id));
	assert_int_equal(fake_queue_result(&w.queue, id)->outcome, IPC_SENT);
	assert_int_equal(fake_queue_result(&w.queue, id)->segments, 3);
	assert_int_equal(e->delivers_count, 3);
	for (unsigned i = 0; i < 3; i++) {
		assert_int_equal(e->delivers[i].sm.esm_class, SMPP_ESM_UDHI);
		assert_memory_equal(e->delivers[i].octets, "\x05\x00\x03", 3);
		assert_int_equal(e->delivers[i].octets[4], 3);
		assert_int_equal(e->delivers[i].octets[5], i + 1);
	}
	assert_int_equal(w.queue.sending_count, 1);

	/* SAR parameters are for those who take them. */
	char more[600];
	snprintf(more, sizeof(more), "smpp-server\n long-messages sar\n");
	configure_acme(more);
	id = fake_queue_deliver(&w.queue, "esme:acme", "1234", &m, false);
	UNTIL(fake_queue_result(&w.queue, id));
	uint8_t total;
	assert_true(smpp_tlv_u8(e->delivers[3].sm.validity, SMPP_TLV_SAR_TOTAL_SEGMENTS, &total));
	assert_int_equal(total, 3);
	struct esme *old = client_start(SMPP_BIND_RECEIVER, "acme", "secret", 0x33);
	UNTIL(old->bound);
	id = fake_queue_deliver(&w.queue, "esme:acme", "1234", &m, false);
	UNTIL(fake_queue_result(&w.queue, id));
	assert_int_equal(e->delivers_count + old->delivers_count, 9);
	assert_true(old->delivers_count >= 1);
	assert_int_equal(old->delivers[0].sm.esm_class, SMPP_ESM_UDHI);
	client_free(old);
	client_free(e);
}

/* The window holds; what was sent is in doubt when the client goes, the rest goes back unharmed. */
static void test_deliver_window(void **state)
{
	struct message m = message_of("+8190222", "x");
	struct message_id ids[5];

	(void)state;
	configure_acme(" smpp-window 2\n");
	struct esme *e = client_bound(SMPP_BIND_RECEIVER);
	e->reply = TELL_NOTHING;
	for (unsigned i = 0; i < 5; i++)
		ids[i] = fake_queue_deliver(&w.queue, "esme:acme", "1234", &m, false);
	UNTIL(e->delivers_count == 2);
	turns(5);
	assert_int_equal(e->delivers_count, 2);
	assert_int_equal(w.queue.results_count, 0);
	(void)smpp_session_answer(smpp_conn_session(e->conn), SMPP_DELIVER_SM, e->delivers[0].sequence, SMPP_ROK,
				  (struct text){ 0 });
	smpp_conn_touch(e->conn);
	UNTIL(e->delivers_count == 3);
	client_free(e);
	UNTIL(w.queue.results_count == 5);
	static const enum ipc_outcome want[] = { IPC_SENT, IPC_DOUBT, IPC_DOUBT, IPC_RETRY, IPC_RETRY };
	for (unsigned i = 0; i < 5; i++)
		assert_int_equal(fake_queue_result(&w.queue, ids[i])->outcome, want[i]);
	assert_int_equal(fake_queue_result(&w.queue, ids[4])->retry_ms, 1);
	assert_false(fake_queue_was_sending(&w.queue, ids[4]));
}

static void test_deliver_throttled(void **state)
{
	struct message m = message_of("+8190222", "x");

	(void)state;
	struct esme *e = client_bound(SMPP_BIND_RECEIVER);
	e->reply = SMPP_RTHROTTLED;
	struct message_id id = fake_queue_deliver(&w.queue, "esme:acme", "1234", &m, false);
	UNTIL(e->delivers_count == 1);
	turns(20);
	assert_int_equal(e->delivers_count, 1); /* not at once again */
	e->reply = SMPP_ROK;
	UNTIL(fake_queue_result(&w.queue, id));
	assert_int_equal(fake_queue_result(&w.queue, id)->outcome, IPC_SENT);
	client_free(e);
}

static const char receipt[] = "{\"id\":\"0006416a1c2d3e4f0a1b2c3d4e5f\",\"to\":\"+8190222\",\"from\":\"+8190111\","
			      "\"account\":\"acme\",\"state\":\"%s\",\"detail\":\"UNDELIV err:069 network 3 error 27\","
			      "\"at\":\"2026-01-02T03:04:05.000000Z\",\"user_reference\":77,"
			      "\"text_head\":\"H\\u00e9llo\"}";

static void test_receipt(void **state)
{
	char json[600];
	struct smpp_receipt r;
	struct smpp_pdu pdu = { .id = SMPP_DELIVER_SM };

	(void)state;
	snprintf(json, sizeof(json), receipt, "delivered");
	fake_queue_outbox(&w.queue, "esme:acme", 1, json);
	UNTIL(fake_queue_end(&w.queue, 1));
	assert_false(fake_queue_end(&w.queue, 1)->done);
	assert_int_equal(fake_queue_end(&w.queue, 1)->retry_ms, 1000);

	struct esme *e = client_bound(SMPP_BIND_RECEIVER);
	fake_queue_outbox(&w.queue, "esme:acme", 2, json);
	UNTIL(fake_queue_end(&w.queue, 2));
	assert_true(fake_queue_end(&w.queue, 2)->done);
	const struct got_deliver *d = &e->delivers[0];
	assert_int_equal(d->sm.esm_class, SMPP_ESM_RECEIPT);
	assert_string_equal(d->source, "8190222");
	assert_string_equal(d->destination, "8190111");
	pdu.u.sm = d->sm;
	pdu.tlvs = d->sm.validity;
	assert_true(smpp_receipt_of_pdu(&pdu, &r));
	assert_true(text_is(r.id, "0006416a1c2d3e4f0a1b2c3d4e5f") && !r.other_id.len);
	assert_int_equal(r.state, SMPP_STATE_DELIVERED);
	assert_true(text_is(r.err, "069") && text_is(r.text, "H?llo"));
	assert_true(r.has_network_error && r.network == 3 && r.network_error == 27);
	assert_true(r.has_user_reference && r.user_reference == 77);
	assert_int_equal(r.sub, 1);
	assert_int_equal(r.dlvrd, 1);
	assert_int_equal(r.done_us, INT64_C(1767323040000000));

	snprintf(json, sizeof(json), receipt, "accepted");
	fake_queue_outbox(&w.queue, "esme:acme", 3, json);
	UNTIL(fake_queue_end(&w.queue, 3));
	assert_int_equal(e->delivers[1].sm.esm_class, SMPP_ESM_INTERMEDIATE);
	assert_non_null(strstr(e->delivers[1].octets, "stat:ENROUTE"));
	/* The queue gives one again that it had read before it wrote the end. */
	unsigned ends = w.queue.ends_count;
	fake_queue_outbox(&w.queue, "esme:acme", 3, json);
	UNTIL(w.queue.ends_count == ends + 1);
	assert_true(fake_queue_end(&w.queue, 3)->done);
	assert_int_equal(e->delivers_count, 2);
	e->reply = SMPP_RX_T_APPN;
	fake_queue_outbox(&w.queue, "esme:acme", 4, json);
	UNTIL(fake_queue_end(&w.queue, 4));
	assert_false(fake_queue_end(&w.queue, 4)->done);
	assert_int_equal(fake_queue_end(&w.queue, 4)->retry_ms, 10000);
	/* Rows that are none end, or they would come for ever. */
	fake_queue_outbox(&w.queue, "esme:acme", 5, "{\"state\":\"delivered\"}");
	UNTIL(fake_queue_end(&w.queue, 5));
	assert_true(fake_queue_end(&w.queue, 5)->done);
	client_free(e);
}

static void test_receipt_lost(void **state)
{
	char json[600];

	(void)state;
	snprintf(json, sizeof(json), receipt, "expired");
	configure_acme(" smpp-window 1\n");
	struct esme *e = client_bound(SMPP_BIND_RECEIVER);
	e->reply = TELL_NOTHING;
	fake_queue_outbox(&w.queue, "esme:acme", 1, json);
	fake_queue_outbox(&w.queue, "esme:acme", 2, json);
	UNTIL(e->delivers_count == 1);
	fake_queue_outbox(&w.queue, "esme:acme", 1, json); /* the queue gives it twice: one is under way */
	turns(5);
	assert_int_equal(w.queue.ends_count, 0);
	client_free(e);
	UNTIL(w.queue.ends_count == 2);
	assert_false(w.queue.ends[0].done || w.queue.ends[1].done);
}

/* --- ends --- */

static void test_unbind_with_pending(void **state)
{
	(void)state;
	struct esme *e = client_bound(SMPP_BIND_TRANSCEIVER);
	struct smpp_pdu pdu = submit_of("8190111", "8190222", "x");

	w.queue.silent = true;
	client_send(e, &pdu, 1);
	UNTIL(w.queue.accepts_count == 1);
	smpp_session_unbind(smpp_conn_session(e->conn), clock_monotonic());
	smpp_conn_touch(e->conn);
	turns(10);
	assert_false(e->gone);
	fake_queue_answer(&w.queue, w.queue.accepts[0].call, OK);
	UNTIL(e->gone);
	assert_int_equal(e->answers[0].status, SMPP_ROK);
	client_free(e);
	UNTIL(!fake_queue_link(&w.queue, "esme:acme")->up);
}

static void test_changed_account(void **state)
{
	char other[SECRET_TEXT_SIZE], text[512];

	(void)state;
	struct esme *a = client_bound(SMPP_BIND_TRANSCEIVER), *b = client_bound(SMPP_BIND_TRANSCEIVER);
	configure_acme(" smpp-binds 1\n");
	UNTIL(b->gone);
	assert_true(a->bound);
	assert_int_equal(secret_make(SECRET_TOKEN, TEXT_LITERAL("other"), other), OK);
	snprintf(text, sizeof(text), "account acme\n secret %s\n", other);
	configure(text);
	UNTIL(a->gone);
	client_free(a);
	client_free(b);
	a = client_start(SMPP_BIND_TRANSCEIVER, "acme", "other", 0x34);
	UNTIL(a->bound);
	configure("");
	UNTIL(a->gone);
	client_free(a);
	UNTIL(text_starts(text_of(fake_queue_link(&w.queue, "esme:acme")->detail), "no longer"));
}

static void test_stop(void **state)
{
	struct message m = message_of("+8190222", "x");

	(void)state;
	configure_acme(" smpp-window 1\n");
	struct esme *e = client_bound(SMPP_BIND_TRANSCEIVER);
	struct esme *unbound = client_start(SMPP_BIND_TRANSCEIVER, "nobody", "x", 0x34);
	e->reply = TELL_NOTHING;
	struct message_id one = fake_queue_deliver(&w.queue, "esme:acme", "1234", &m, false);
	struct message_id two = fake_queue_deliver(&w.queue, "esme:acme", "1234", &m, false);
	UNTIL(e->delivers_count == 1);
	smpp_server_stop(w.server);
	UNTIL(fake_queue_result(&w.queue, two));
	assert_int_equal(fake_queue_result(&w.queue, two)->outcome, IPC_RETRY);
	assert_false(smpp_server_idle(w.server));
	(void)smpp_session_answer(smpp_conn_session(e->conn), SMPP_DELIVER_SM, e->delivers[0].sequence, SMPP_ROK,
				  (struct text){ 0 });
	smpp_conn_touch(e->conn);
	UNTIL(e->gone && unbound->gone && smpp_server_idle(w.server));
	turns(3);
	assert_int_equal(fake_queue_result(&w.queue, one)->outcome, IPC_SENT);
	client_free(e);
	client_free(unbound);
}

/* --- bad peers --- */

static int raw(void)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	assert_int_equal(connect(fd, (const struct sockaddr *)&w.address.storage, w.address.len), 0);
	return fd;
}

static void test_garbage(void **state)
{
	char got[64];
	ssize_t n;

	(void)state;
	int fd = raw();
	assert_int_equal(write(fd, "GET / HTTP/1.1\r\nHost: x\r\n\r\n", 27), 27);
	turns(10);
	n = recv(fd, got, sizeof(got), MSG_DONTWAIT);
	assert_int_equal(n, 16); /* generic_nack, ESME_RINVCMDLEN */
	assert_memory_equal(got + 4, "\x80\0\0\0\0\0\0\x02", 8);
	assert_int_equal(recv(fd, got, sizeof(got), MSG_DONTWAIT), 0);
	close(fd);
	turns(5);
	client_free(client_bound(SMPP_BIND_TRANSCEIVER));
}

static size_t put_pdu(void *to, size_t size, const struct smpp_pdu *pdu)
{
	struct writer out = writer_of(to, size);

	smpp_pdu_encode(pdu, &out);
	assert_true(writer_ok(&out));
	return writer_len(&out);
}

/* The next PDU's command_id; 0 at the end of the connection. */
static uint32_t read_id(int fd)
{
	uint8_t head[256];
	ssize_t n = -1;

	for (unsigned i = 0; n < 0 && i < 1000; i++) {
		loop_turn(w.loop, 5000);
		n = recv(fd, head, 4, MSG_DONTWAIT);
	}
	assert_true(n >= 0);
	if (!n)
		return 0;
	struct reader r = reader_of(head, 4);
	size_t rest = reader_u32(&r) - 4;
	assert_true(rest <= sizeof(head));
	assert_int_equal(recv(fd, head, rest, MSG_DONTWAIT), rest);
	r = reader_of(head, rest);
	return reader_u32(&r);
}

/* What the queue has not answered yet is answered before the session ends, or it would be handed in again. */
static void test_stop_with_pending(void **state)
{
	char room[512];
	struct smpp_pdu bind = { .id = SMPP_BIND_TRANSMITTER, .sequence = 1 };
	struct smpp_pdu pdu = submit_of("8190111", "8190222", "x");
	struct smpp_pdu unbind_resp = { .id = SMPP_RESPONSE_TO(SMPP_UNBIND), .sequence = 1 };

	(void)state;
	w.queue.silent = true;
	bind.u.bind = (struct smpp_bind){ .system_id = TEXT_LITERAL("acme"), .password = TEXT_LITERAL("secret") };
	pdu.sequence = 2;
	int fd = raw();
	size_t n = put_pdu(room, sizeof(room), &bind);
	n += put_pdu(room + n, sizeof(room) - n, &pdu);
	assert_int_equal(write(fd, room, n), n);
	UNTIL(w.queue.accepts_count == 1);
	smpp_server_stop(w.server);
	assert_int_equal(read_id(fd), SMPP_RESPONSE_TO(SMPP_BIND_TRANSMITTER));
	assert_int_equal(read_id(fd), SMPP_UNBIND);
	n = put_pdu(room, sizeof(room), &unbind_resp);
	assert_int_equal(write(fd, room, n), n);
	turns(10);
	assert_false(smpp_server_idle(w.server));
	fake_queue_answer(&w.queue, w.queue.accepts[0].call, OK);
	assert_int_equal(read_id(fd), SMPP_RESPONSE_TO(SMPP_SUBMIT_SM));
	assert_int_equal(read_id(fd), 0);
	close(fd);
	UNTIL(smpp_server_idle(w.server));
}

/* It asks and never reads: what it is owed is bounded, then it is cut off. */
static void test_never_reads(void **state)
{
	static char many[64 * 1024];
	struct smpp_pdu bind = { .id = SMPP_BIND_TRANSMITTER, .sequence = 1 };
	struct smpp_pdu enquire = { .id = SMPP_ENQUIRE_LINK, .sequence = 2 };
	size_t n = 0;

	(void)state;
	bind.u.bind = (struct smpp_bind){ .system_id = TEXT_LITERAL("acme"),
					  .password = TEXT_LITERAL("secret"),
					  .interface_version = 0x34 };
	int fd = raw();
	size_t len = put_pdu(many, sizeof(many), &bind);
	assert_int_equal(write(fd, many, len), len);
	while (n + SMPP_HEADER_SIZE <= sizeof(many))
		n += put_pdu(many + n, sizeof(many) - n, &enquire);
	size_t sent = 0;
	ssize_t step = 0;
	for (unsigned i = 0; i < 20000 && step >= 0 && sent < (64u << 20); i++) {
		loop_turn(w.loop, 0);
		step = send(fd, many, n, MSG_DONTWAIT | MSG_NOSIGNAL);
		if (step > 0)
			sent += (size_t)step;
		else if (step < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
			step = 0;
		/* A whole number of PDUs each time is of no account: they are all alike but for their start. */
		if (step > 0 && (size_t)step % SMPP_HEADER_SIZE) {
			size_t rest = SMPP_HEADER_SIZE - (size_t)step % SMPP_HEADER_SIZE;
			while (rest) {
				loop_turn(w.loop, 0);
				ssize_t more =
					send(fd, many + SMPP_HEADER_SIZE - rest, rest, MSG_DONTWAIT | MSG_NOSIGNAL);
				if (more > 0)
					rest -= (size_t)more;
				else if (errno != EAGAIN && errno != EWOULDBLOCK)
					break;
			}
		}
	}
	assert_true(sent < (64u << 20)); /* cut off long before */
	close(fd);
	turns(5);
	client_free(client_bound(SMPP_BIND_TRANSCEIVER));
}

static void count_line(void *owner, const char *line)
{
	(void)line;
	++*(unsigned *)owner;
}

static void test_show(void **state)
{
	unsigned lines = 0;

	(void)state;
	struct esme *e = client_bound(SMPP_BIND_TRANSCEIVER);
	smpp_server_show(w.server, count_line, &lines);
	assert_int_equal(lines, 3);
	smpp_server_unlisten(w.server, text_of(w.address_text));
	lines = 0;
	turns(3);
	smpp_server_show(w.server, count_line, &lines);
	assert_int_equal(lines, 3);
	assert_true(e->bound);
	client_free(e);
	lines = 0;
	smpp_server_show(w.server, count_line, &lines);
	assert_int_equal(lines, 1);
}

/* --- TLS --- */

static struct certificate certificate;

static void load_file(void *owner, struct config_file *file)
{
	const char *content = text_is(file->path, "chain") ? certificate.chain : certificate.key;

	config_file_load(owner, file, text_of(content));
}

static struct esme *client_over_tls(const struct net_address *to, struct tls_client *tls)
{
	struct esme *e = must_alloc(sizeof(*e));
	struct smpp_session_options options = SMPP_SESSION_DEFAULTS(SMPP_ESME);

	e->command = SMPP_BIND_TRANSCEIVER;
	e->bind.system_id = TEXT_LITERAL("acme");
	e->bind.password = TEXT_LITERAL("secret");
	e->conn = smpp_conn_connect(w.client_conns, to, tls, "localhost", &options, &client_user, e);
	UNTIL(e->bound);
	return e;
}

static void configure_tls(const char *address)
{
	char text[512];
	struct config *next = config_new(kinds, 2);

	certificate_make(&certificate, "DNS:localhost");
	snprintf(text, sizeof(text),
		 "account acme\n secret %s\nsmpp-server\n tls-listen %s\n tls-certificate chain\n tls-key key\n",
		 w.token, address);
	assert_int_equal(config_read(next, "test", text_of(text), fault, NULL), 0);
	config_files(next, load_file, next);
	smpp_server_set(w.server, next);
	config_free(&w.config);
	w.config = next;
}

static void test_tls(void **state)
{
	char address[NET_ADDRESS_TEXT_SIZE];
	struct net_address to;
	struct tls_client *tls;
	const char *why;

	(void)state;
	int fd = listening(&to);
	net_address_text(&to, address);
	configure_tls(address);
	smpp_server_listen(w.server, text_of(address), fd);
	assert_int_equal(tls_client_new((struct text){ 0 }, false, "", &tls, &why), OK);
	struct esme *one = client_over_tls(&to, tls);
	configure_tls(address); /* another certificate: who is there stays */
	struct esme *two = client_over_tls(&to, tls);
	assert_true(one->bound);
	client_free(one);
	client_free(two);
	tls_client_free(&tls);
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
	static const uint32_t statuses[] = { SMPP_ROK,	      SMPP_ROK,	      SMPP_ROK,	      SMPP_RX_R_APPN,
					     SMPP_RTHROTTLED, SMPP_RSYSERR,   SMPP_RX_P_APPN, SMPP_RMSGQFUL,
					     TELL_NOTHING,    SMPP_RINVBNDSTS };

	return statuses[dice(10)];
}

static void come_and_go(struct esme *e[3], unsigned i)
{
	if (e[i] && (e[i]->gone || !dice(20))) {
		client_free(e[i]);
		e[i] = NULL;
	} else if (!e[i]) {
		e[i] = client_start(dice(3) ? SMPP_BIND_TRANSCEIVER : SMPP_BIND_RECEIVER, "acme", "secret",
				    dice(3) ? 0x34 : 0x33);
	} else {
		e[i]->reply = any_status();
	}
}

static void test_disorder(void **state)
{
	struct message_id ids[300];
	struct esme *e[3] = { client_bound(SMPP_BIND_TRANSCEIVER) };
	struct message m = message_of("+8190222", "");
	char json[600], text[321];
	uint8_t receipts = 0;

	(void)state;
	memset(text, 'a', 320);
	text[320] = '\0';
	snprintf(json, sizeof(json), receipt, "delivered");
	for (unsigned i = 0; i < 300; i++) {
		m.body = text_range(text, dice(3) ? 5 : 320);
		ids[i] = fake_queue_deliver(&w.queue, "esme:acme", "1234", &m, false);
		if (!dice(4))
			fake_queue_outbox(&w.queue, "esme:acme", receipts = (uint8_t)(receipts + 1), json);
		if (!dice(3))
			turns(1);
		come_and_go(e, dice(3));
		if (!dice(50))
			configure_acme(dice(2) ? " smpp-window 3\n" : " smpp-binds 2\n smpp-window 5\n");
	}
	smpp_server_stop(w.server);
	for (unsigned i = 0; i < 3; i++) {
		if (e[i])
			client_free(e[i]);
	}
	expect_one_result_each(ids, 300);
	for (uint8_t i = 1; i <= receipts; i++)
		assert_non_null(fake_queue_end(&w.queue, i));
	UNTIL(smpp_server_idle(w.server));
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(test_bind_good),
		T(test_bind_bad),
		T(test_bind_from_elsewhere),
		T(test_bind_limit),
		T(test_bind_slow_secret),
		T(test_submit),
		T(test_refusals),
		T(test_rate),
		T(test_window_in),
		T(test_submit_multi),
		T(test_operations),
		T(test_part_passes),
		T(test_deliver),
		T(test_deliver_long),
		T(test_deliver_window),
		T(test_deliver_throttled),
		T(test_receipt),
		T(test_receipt_lost),
		T(test_unbind_with_pending),
		T(test_changed_account),
		T(test_stop),
		T(test_stop_with_pending),
		T(test_garbage),
		T(test_never_reads),
		T(test_show),
		T(test_tls),
		T(test_disorder),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
