/* SPDX-License-Identifier: GPL-3.0-or-later */
/* GSUP as a link: a scripted MSC and a scripted HLR on sockets, and a scripted queue. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <fcntl.h>
#include <string.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/base/clock.h"
#include "core/base/hex.h"
#include "sms/gsup_port.h"
#include "sms/ipa.h"
#include "tests/fake/fake_queue.h"

#define LINK "gsup:x"
#define IMSI "001010000000012"
#define SUBMIT "01050b919471325476f8000005c8329bfd06"

static struct world {
	struct loop *loop;
	struct channel *channel;
	struct gsup_port *port;
	struct fake_queue queue;
	int msc, hlr, hlr_listener;
} w;

#define UNTIL(condition) \
	do { \
		int64_t until_us = clock_monotonic() + 8 * USEC_PER_SEC; \
		while (!(condition) && clock_monotonic() < until_us) \
			loop_turn(w.loop, 2000); \
		assert_true(condition); \
	} while (0)

static void on_deliver(void *owner, const struct ipc_deliver *d)
{
	(void)owner;
	phone_link_deliver(gsup_port_phones(w.port), d);
}

static void on_accepted(void *owner, uint32_t call, const struct ipc_accepted *a)
{
	(void)owner;
	assert_true(phone_link_accepted(gsup_port_phones(w.port), call, a));
}

static const struct channel_handler handler = { .deliver = on_deliver, .accepted = on_accepted };

static void put(int fd, const struct writer *f)
{
	assert_true(writer_ok(f));
	assert_int_equal(write(fd, f->start, writer_len(f)), (ssize_t)writer_len(f));
}

static void says(int fd, const struct gsup *g)
{
	uint8_t room[600];
	struct writer f = writer_of(room, sizeof(room));

	gsup_put_frame(g, &f);
	put(fd, &f);
}

static void ccm(int fd, enum ipa_ccm message)
{
	uint8_t room[64];
	struct writer f = writer_of(room, sizeof(room));

	ipa_put_ccm(&f, message);
	put(fd, &f);
}

/* The next GSUP message on that socket; control messages are passed over. */
static struct gsup hears(int fd)
{
	static uint8_t octets[4096];
	struct ipa_frame frame;
	struct gsup g;
	size_t used;

	for (;;) {
		ssize_t n = -1;

		UNTIL((n = recv(fd, octets, sizeof(octets), MSG_PEEK | MSG_DONTWAIT)) > 0);
		if (ipa_parse(octets, (size_t)n, &frame, &used) != OK) {
			loop_turn(w.loop, 2000);
			continue;
		}
		assert_int_equal(recv(fd, octets, used, 0), (ssize_t)used);
		if (frame.protocol == IPA_CCM)
			continue;
		assert_int_equal(gsup_decode(frame.payload.at, frame.payload.len, &g, NULL), OK);
		return g;
	}
}

static void open_hlr_listener(struct net_address *out)
{
	struct sockaddr_storage a;
	socklen_t len = sizeof(a);
	struct net_address any;
	const char *why;

	assert_int_equal(net_address_of_host(TEXT_LITERAL("127.0.0.1"), 0, &any), OK);
	assert_int_equal(net_listen(&any, 4, &w.hlr_listener, &why), OK);
	assert_int_equal(getsockname(w.hlr_listener, (struct sockaddr *)&a, &len), 0);
	*out = any;
	net_address_set_port(out, ntohs(((struct sockaddr_in *)&a)->sin_port));
}

static void connect_msc(void)
{
	uint8_t room[200];
	struct writer f = writer_of(room, sizeof(room));
	struct ipa_identity identity = { TEXT_LITERAL("MSC-a"), TEXT_LITERAL("MSC-a"), TEXT_LITERAL("0/0/0") };
	int fds[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	assert_int_equal(fcntl(fds[0], F_SETFL, O_NONBLOCK), 0);
	w.msc = fds[1];
	gsup_port_connection(w.port, fds[0]);
	ipa_put_identity(&f, &identity);
	put(w.msc, &f);
	w.hlr = -1;
	UNTIL(w.hlr >= 0 || (w.hlr = accept(w.hlr_listener, NULL, NULL)) >= 0);
	ccm(w.hlr, IPA_ID_REQUEST);
}

static bool is_up(void)
{
	const struct fake_link *l = fake_queue_link(&w.queue, LINK);

	return l && l->up;
}

static int begin(void **state)
{
	struct gsup_port_settings s = { .unit = "SMSC-cellpost",
					.has_hlr = true,
					.centre = { 1, 1, 12, "491770610000" },
					.timers = GSUP_TIMERS_DEFAULT,
					.limits = GSUP_LIMITS_DEFAULT };

	(void)state;
	memset(&w, 0, sizeof(w));
	s.phones = (struct phone_link_settings){ .link = LINK, .window = 10, .phones_max = 100 };
	retry_table_init(&s.phones.retry);
	open_hlr_listener(&s.hlr);
	w.loop = loop_new();
	w.channel = channel_new("sms", true, &handler, &w);
	w.port = gsup_port_new(&s, w.loop, w.channel);
	fake_queue_open(&w.queue, w.loop, w.channel);
	connect_msc();
	UNTIL(is_up());
	return 0;
}

static int end(void **state)
{
	(void)state;
	gsup_port_free(&w.port);
	gsup_port_free(&w.port);
	fake_queue_close(&w.queue);
	channel_free(&w.channel);
	close(w.msc);
	close(w.hlr);
	close(w.hlr_listener);
	loop_free(&w.loop);
	return 0;
}

/* A location update through us: the phone's number and place are known then. */
static void registers(void)
{
	says(w.msc, &(struct gsup){ .type = GSUP_UPDATE_LOCATION, .imsi = IMSI });
	assert_int_equal(hears(w.hlr).type, GSUP_UPDATE_LOCATION);
	says(w.hlr, &(struct gsup){ .type = GSUP_INSERT_DATA,
				    .imsi = IMSI,
				    .msisdn = TEXT_LITERAL("\x06\x94\x71\x32\x54\x76\xf8") });
	assert_int_equal(hears(w.msc).type, GSUP_INSERT_DATA);
	says(w.hlr, &(struct gsup){ .type = GSUP_RESULT(GSUP_UPDATE_LOCATION), .imsi = IMSI });
	assert_int_equal(hears(w.msc).type, GSUP_RESULT(GSUP_UPDATE_LOCATION));
}

static struct message_id deliver(void)
{
	struct message m = { .channel = TEXT_LITERAL("http"),
			     .sender = TEXT_LITERAL("cellpost"),
			     .body = TEXT_LITERAL("Hello") };

	return fake_queue_deliver(&w.queue, LINK, "+49172345678", &m, false);
}

static void test_both_ways(void **state)
{
	struct gsup mo = {
		.type = GSUP_MO_FORWARD, .imsi = IMSI, .has_reference = true, .reference = 5, .has_tpdu = true
	};
	uint8_t tpdu[64];
	struct writer o = writer_of(tpdu, sizeof(tpdu));

	(void)state;
	registers();
	struct message_id id = deliver();
	struct gsup g = hears(w.msc);
	assert_int_equal(g.type, GSUP_MT_FORWARD);
	assert_true(g.has_tpdu && g.tpdu.len > 10 && text_is(text_of(g.imsi), IMSI));
	says(w.msc, &(struct gsup){ .type = GSUP_RESULT(GSUP_MT_FORWARD), .imsi = IMSI, .has_reference = true });
	UNTIL(fake_queue_result(&w.queue, id));
	assert_int_equal(fake_queue_result(&w.queue, id)->outcome, IPC_DELIVERED);
	assert_int_equal(hex_take(TEXT_LITERAL(SUBMIT), &o), OK);
	mo.tpdu = text_range((char *)tpdu, writer_len(&o));
	says(w.msc, &mo);
	g = hears(w.msc);
	assert_true(g.type == GSUP_RESULT(GSUP_MO_FORWARD) && g.reference == 5);
	assert_int_equal(w.queue.accepts_count, 1);
	assert_true(text_is(w.queue.accepts[0].message.sender, "+49172345678"));
	w.queue.answer = ERR_DENIED;
	mo.reference = 6;
	says(w.msc, &mo);
	g = hears(w.msc);
	assert_true(g.type == GSUP_ERROR(GSUP_MO_FORWARD) && g.rp_cause == RP_CAUSE_REJECTED);
}

static void test_full_and_room_again(void **state)
{
	(void)state;
	registers();
	struct message_id id = deliver();
	assert_int_equal(hears(w.msc).type, GSUP_MT_FORWARD);
	says(w.msc, &(struct gsup){ .type = GSUP_ERROR(GSUP_MT_FORWARD),
				    .imsi = IMSI,
				    .has_rp_cause = true,
				    .rp_cause = RP_CAUSE_MEMORY_EXCEEDED });
	says(w.msc,
	     &(struct gsup){ .type = GSUP_READY_FOR_SM, .imsi = IMSI, .has_alert = true, .alert = GSUP_ALERT_MEMORY });
	assert_int_equal(hears(w.msc).type, GSUP_RESULT(GSUP_READY_FOR_SM));
	UNTIL(fake_queue_result(&w.queue, id));
	assert_int_equal(fake_queue_result(&w.queue, id)->outcome, IPC_RETRY);
	UNTIL(w.queue.due[0]);
	id = deliver();
	assert_int_equal(hears(w.msc).type, GSUP_MT_FORWARD);
	says(w.msc, &(struct gsup){ .type = GSUP_RESULT(GSUP_MT_FORWARD), .imsi = IMSI });
	UNTIL(fake_queue_result(&w.queue, id));
	assert_int_equal(fake_queue_result(&w.queue, id)->outcome, IPC_DELIVERED);
}

static void test_the_msc_goes(void **state)
{
	(void)state;
	registers();
	struct message_id id = deliver();
	assert_int_equal(hears(w.msc).type, GSUP_MT_FORWARD);
	close(w.msc);
	UNTIL(fake_queue_result(&w.queue, id));
	assert_int_equal(fake_queue_result(&w.queue, id)->outcome, IPC_DOUBT);
	UNTIL(!is_up());
	close(w.hlr);
	connect_msc();
	UNTIL(is_up());
	registers();
	id = deliver();
	assert_int_equal(hears(w.msc).type, GSUP_MT_FORWARD);
	says(w.msc, &(struct gsup){ .type = GSUP_RESULT(GSUP_MT_FORWARD), .imsi = IMSI });
	UNTIL(fake_queue_result(&w.queue, id));
	assert_int_equal(fake_queue_result(&w.queue, id)->outcome, IPC_DELIVERED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_both_ways, begin, end),
		cmocka_unit_test_setup_teardown(test_full_and_room_again, begin, end),
		cmocka_unit_test_setup_teardown(test_the_msc_goes, begin, end),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
