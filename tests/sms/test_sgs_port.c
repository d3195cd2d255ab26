/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SGs as a link: a scripted MME on a socket of records, and a scripted queue. */
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
#include "core/base/hex.h"
#include "sms/sgs_port.h"
#include "tests/fake/fake_queue.h"

#define LINK "sgs:x"
#define IMSI "001010000000012"
#define SUBMIT "01050b919471325476f8000005c8329bfd06"

static struct world {
	struct loop *loop;
	struct channel *channel;
	struct sgs_port *port;
	struct fake_queue queue;
	int mme;
	uint8_t octets[4096];
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
	phone_link_deliver(sgs_port_phones(w.port), d);
}

static void on_accepted(void *owner, uint32_t call, const struct ipc_accepted *a)
{
	(void)owner;
	assert_true(phone_link_accepted(sgs_port_phones(w.port), call, a));
}

static const struct channel_handler handler = { .deliver = on_deliver, .accepted = on_accepted };

/* The next message of that type; releases and alerts are passed over unless wanted. */
static struct sgsap hears(enum sgsap_type type)
{
	struct sgsap m;

	for (;;) {
		ssize_t n = -1;

		UNTIL(n > 0 || (n = recv(w.mme, w.octets, sizeof(w.octets), MSG_DONTWAIT)) > 0);
		assert_int_equal(sgsap_decode(w.octets, (size_t)n, &m, NULL), OK);
		if (m.type == type)
			return m;
		if (m.type != SGSAP_RELEASE_REQUEST && m.type != SGSAP_ALERT_REQUEST &&
		    m.type != SGSAP_RESET_INDICATION)
			fail_msg("%s instead of %s", sgsap_type_name(m.type), sgsap_type_name((uint8_t)type));
	}
}

static void says(enum sgsap_type type, const char *imsi, const char *nas_hex)
{
	uint8_t room[SGSAP_MAX], nas[260];
	struct writer o = writer_of(room, sizeof(room)), n = writer_of(nas, sizeof(nas));
	struct sgsap m;

	sgsap_init(&m, type);
	sgsap_set_imsi(&m, text_of(imsi));
	sgsap_set_name(&m, SGSAP_MME_NAME, TEXT_LITERAL("mmec01.mmegi0001.mme.epc.mnc001.mcc001.3gppnetwork.org"));
	sgsap_set_octet(&m, SGSAP_EPS_UPDATE_TYPE, SGSAP_UPDATE_ATTACH);
	sgsap_set(&m, SGSAP_LAI, text_range("\x00\xf1\x10\x00\x01", 5));
	sgsap_set_octet(&m, SGSAP_SERVICE_INDICATOR, SGSAP_SERVICE_SMS);
	sgsap_set_octet(&m, SGSAP_CAUSE, SGSAP_CAUSE_UNREACHABLE);
	assert_int_equal(hex_take(text_of(nas_hex), &n), OK);
	if (nas_hex[0])
		sgsap_set(&m, SGSAP_NAS_CONTAINER, text_range((char *)nas, writer_len(&n)));
	sgsap_encode(&m, &o);
	assert_true(writer_ok(&o));
	assert_int_equal(send(w.mme, room, writer_len(&o), 0), (ssize_t)writer_len(&o));
}

static void connect_mme(void)
{
	int fds[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, fds), 0);
	assert_int_equal(fcntl(fds[0], F_SETFL, O_NONBLOCK), 0);
	w.mme = fds[1];
	sgs_port_connection(w.port, fds[0], "10.0.0.1");
}

static bool is_up(void)
{
	const struct fake_link *l = fake_queue_link(&w.queue, LINK);

	return l && l->up;
}

static int begin(void **state)
{
	struct sgs_port_settings s = { .vlr_name = "vlr.example.net",
				       .centre = { 1, 1, 12, "491770610000" },
				       .timers = SGS_TIMERS_DEFAULT,
				       .limits = { 2, 10 } };

	(void)state;
	memset(&w, 0, sizeof(w));
	s.phones = (struct phone_link_settings){ .link = LINK, .window = 10, .phones_max = 100 };
	retry_table_init(&s.phones.retry);
	w.loop = loop_new();
	w.channel = channel_new("sms", true, &handler, &w);
	w.port = sgs_port_new(&s, w.loop, w.channel);
	fake_queue_open(&w.queue, w.loop, w.channel);
	phone_link_number(sgs_port_phones(w.port), IMSI, "49172345678");
	connect_mme();
	UNTIL(is_up());
	says(SGSAP_LOCATION_UPDATE_REQUEST, IMSI, "");
	(void)hears(SGSAP_LOCATION_UPDATE_ACCEPT);
	return 0;
}

static int end(void **state)
{
	(void)state;
	sgs_port_free(&w.port);
	sgs_port_free(&w.port);
	fake_queue_close(&w.queue);
	channel_free(&w.channel);
	close(w.mme);
	loop_free(&w.loop);
	return 0;
}

static struct message_id deliver(void)
{
	struct message m = { .channel = TEXT_LITERAL("http"),
			     .sender = TEXT_LITERAL("cellpost"),
			     .body = TEXT_LITERAL("Hello") };

	return fake_queue_deliver(&w.queue, LINK, "+49172345678", &m, false);
}

/* Paged, or over the carrier that stands; acknowledged on both layers, or refused. */
static void takes(bool paged, const char *ti, const char *report)
{
	char hex[64];

	if (paged) {
		(void)hears(SGSAP_PAGING_REQUEST);
		says(SGSAP_SERVICE_REQUEST, IMSI, "");
	}
	(void)hears(SGSAP_DOWNLINK_UNITDATA);
	snprintf(hex, sizeof(hex), "%s904", ti);
	says(SGSAP_UPLINK_UNITDATA, IMSI, hex);
	snprintf(hex, sizeof(hex), "%s901%s", ti, report);
	says(SGSAP_UPLINK_UNITDATA, IMSI, hex);
	(void)hears(SGSAP_DOWNLINK_UNITDATA);
}

static void assert_outcome(struct message_id id, enum ipc_outcome outcome)
{
	UNTIL(fake_queue_result(&w.queue, id));
	assert_int_equal(fake_queue_result(&w.queue, id)->outcome, outcome);
}

static void test_both_ways(void **state)
{
	(void)state;
	struct message_id id = deliver();
	takes(true, "8", "020200");
	assert_outcome(id, IPC_DELIVERED);
	says(SGSAP_UPLINK_UNITDATA, IMSI,
	     "09011e"
	     "0005"
	     "00"
	     "0791947107160000"
	     "12" SUBMIT);
	(void)hears(SGSAP_DOWNLINK_UNITDATA); /* CP-ACK */
	struct sgsap m = hears(SGSAP_DOWNLINK_UNITDATA);
	assert_int_equal(m.element[SGSAP_NAS_CONTAINER].len, 5);
	assert_memory_equal(m.element[SGSAP_NAS_CONTAINER].at, "\x89\x01\x02\x03\x05", 5);
	assert_true(text_is(w.queue.accepts[0].message.sender, "+49172345678"));
	assert_int_equal(w.queue.accepts[0].body_len, 5);
}

static void expect_due(void)
{
	UNTIL(w.queue.due[0]);
	w.queue.due[0] = 0;
}

static void test_full_and_absent(void **state)
{
	(void)state;
	expect_due(); /* it has come */
	struct message_id id = deliver();
	takes(true, "8", "0404000116");
	says(SGSAP_UPLINK_UNITDATA, IMSI, "0901020607"); /* RP-SMMA */
	/* Acknowledged, answered, and the queue is told to give the message once more. */
	(void)hears(SGSAP_DOWNLINK_UNITDATA);
	(void)hears(SGSAP_DOWNLINK_UNITDATA);
	says(SGSAP_UPLINK_UNITDATA, IMSI, "0904");
	assert_outcome(id, IPC_RETRY);
	expect_due();
	id = deliver();
	takes(true, "9", "020201");
	assert_outcome(id, IPC_DELIVERED);
	id = deliver();
	(void)hears(SGSAP_PAGING_REQUEST);
	says(SGSAP_PAGING_REJECT, IMSI, "");
	(void)hears(SGSAP_ALERT_REQUEST);
	says(SGSAP_ALERT_ACK, IMSI, "");
	assert_outcome(id, IPC_RETRY);
	says(SGSAP_UE_ACTIVITY_INDICATION, IMSI, "");
	expect_due();
	id = deliver();
	takes(true, "b", "020203");
	assert_outcome(id, IPC_DELIVERED);
}

static void test_strangers_and_the_end(void **state)
{
	(void)state;
	says(SGSAP_LOCATION_UPDATE_REQUEST, "001010000000099", "");
	struct sgsap m = hears(SGSAP_LOCATION_UPDATE_REJECT);
	assert_int_equal(sgsap_octet(&m, SGSAP_REJECT_CAUSE), 2);
	struct message_id id = deliver();
	(void)hears(SGSAP_PAGING_REQUEST);
	says(SGSAP_SERVICE_REQUEST, IMSI, "");
	(void)hears(SGSAP_DOWNLINK_UNITDATA);
	close(w.mme);
	assert_outcome(id, IPC_DOUBT);
	UNTIL(!is_up());
	connect_mme();
	UNTIL(is_up());
	says(SGSAP_LOCATION_UPDATE_REQUEST, IMSI, "");
	(void)hears(SGSAP_LOCATION_UPDATE_ACCEPT);
	id = deliver();
	takes(true, "9", "020201");
	assert_outcome(id, IPC_DELIVERED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_both_ways, begin, end),
		cmocka_unit_test_setup_teardown(test_full_and_absent, begin, end),
		cmocka_unit_test_setup_teardown(test_strangers_and_the_end, begin, end),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
