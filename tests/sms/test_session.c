/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The network's side with one phone, against a phone of octets: each step says what goes out and what happens. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "core/base/hex.h"
#include "sms/session.h"

#define SECOND INT64_C(1000000)
#define DELIVER "040b919471325476f800006211523214054005c8329bfd06"
#define CENTRE "0791947107160000"
/* What goes out for some_deliver() with that TI and reference. */
#define DATA(ti, mr) \
	"send " ti "90124" \
	"01" mr CENTRE "00" \
	"18" DELIVER " "

/* What the session did since the last look, in words and hex. */
static char seen[4000];
static struct session session;
static bool send_next; /* from within ended() */

static void note(const char *word, const void *octets, size_t len)
{
	struct writer w = writer_of(seen + strlen(seen), sizeof(seen) - strlen(seen) - 1);

	writer_printf(&w, "%s ", word);
	hex_put(&w, octets, len);
	if (len)
		writer_u8(&w, ' ');
	*w.at = 0;
}

static void on_send(void *owner, const void *octets, size_t len)
{
	(void)owner;
	note("send", octets, len);
}

static void on_open(void *owner)
{
	(void)owner;
	note("open", "", 0);
}

static void on_close(void *owner)
{
	(void)owner;
	note("close", "", 0);
}

static void on_message(void *owner, const struct rp *rp)
{
	(void)owner;
	note(rp->type == RP_SMMA ? "smma" : "message", rp->tpdu.at, rp->tpdu.len);
}

static struct rp some_deliver(void)
{
	static uint8_t tpdu[40];
	struct writer w = writer_of(tpdu, sizeof(tpdu));
	struct rp rp = { .has_tpdu = true };

	assert_int_equal(hex_take(TEXT_LITERAL(DELIVER), &w), OK);
	rp.tpdu = text_range((char *)tpdu, writer_len(&w));
	assert_int_equal(sms_address_from_text(TEXT_LITERAL("+491770610000"), &rp.originator), OK);
	return rp;
}

static void on_ended(void *owner, enum session_way way, enum rp_outcome outcome, const struct rp *report)
{
	char word[80];

	(void)owner;
	snprintf(word, sizeof(word), "%s[%s,%d]", way == SESSION_TO_PHONE ? "down" : "up", rp_outcome_name(outcome),
		 report ? report->cause : 0);
	note(word, report ? report->tpdu.at : "", report ? report->tpdu.len : 0);
	if (way == SESSION_TO_PHONE && send_next) {
		struct rp rp = some_deliver();

		send_next = false;
		assert_true(session_send(&session, &rp, session.now_us));
	}
}

static const struct session_user user = { on_send, on_open, on_close, on_message, on_ended };

static void expect(const char *what)
{
	if (strcmp(seen, what))
		fail_msg("want \"%s\"\nhave \"%s\"", what, seen);
	seen[0] = 0;
}

static void received(const char *hex, int64_t at)
{
	uint8_t octets[300];
	struct writer w = writer_of(octets, sizeof(octets));

	assert_int_equal(hex_take(text_of(hex), &w), OK);
	session_received(&session, octets, writer_len(&w), at);
}

static int begin(void **state)
{
	(void)state;
	seen[0] = 0;
	send_next = false;
	session_init(&session, &user, NULL, SESSION_TIMERS_DEFAULT);
	return 0;
}

static void send_down(int64_t at)
{
	struct rp rp = some_deliver();

	assert_true(session_send(&session, &rp, at));
	assert_false(session_send(&session, &rp, at));
}

/* sms.md 7: page, CP-DATA, CP-ACK, CP-DATA with RP-ACK, CP-ACK, release; the second over the same carrier. */
static void test_to_the_phone(void **state)
{
	(void)state;
	send_down(0);
	expect("open ");
	session_carrier_up(&session, SECOND);
	expect("" DATA("0", "00") "");
	received("8904", 2 * SECOND);
	expect("");
	send_next = true;
	received("8901020200", 3 * SECOND);
	expect("send 0904 down[delivered,0] " DATA("1", "01") "");
	received("8901020200", 3 * SECOND); /* the first one's report again: its CP-ACK was lost */
	expect("send 091051 ");
	received("990102"
		 "0201",
		 4 * SECOND); /* without CP-ACK: the report says as much */
	expect("send 1904 down[delivered,0] close ");
	assert_true(session_idle(&session));
	assert_true(session_next_us(&session) == INT64_MAX);
	received("9901020201", 5 * SECOND); /* repeated after the end: acknowledged, nothing else */
	expect("send 1904 close ");
}

static void test_refusals(void **state)
{
	(void)state;
	send_down(0);
	session_carrier_up(&session, SECOND);
	seen[0] = 0;
	received("8904", 2 * SECOND);
	received("89010904"
		 "00"
		 "01"
		 "16"
		 "4103d30000",
		 2 * SECOND); /* memory exceeded, with a report */
	expect("send 0904 down[refused,22] d30000 close ");
	send_down(3 * SECOND);
	expect("open ");
	session_carrier_lost(&session, 4 * SECOND);
	expect("down[carrier lost,0] ");
	assert_true(session_idle(&session));
	send_down(5 * SECOND);
	session_carrier_up(&session, 6 * SECOND);
	seen[0] = 0;
	received("a91016", 6 * SECOND); /* CP-ERROR congestion */
	expect("down[carrier lost,0] close ");
}

static void test_time_to_the_phone(void **state)
{
	(void)state;
	send_down(0);
	assert_true(session_next_us(&session) == 40 * SECOND);
	session_carrier_up(&session, 1 * SECOND);
	seen[0] = 0;
	for (int64_t at = 11; at <= 21; at += 10) {
		assert_true(session_next_us(&session) == at * SECOND);
		session_run(&session, at * SECOND);
		expect("" DATA("0", "00") "");
	}
	session_run(&session, 31 * SECOND);
	expect("down[carrier lost,0] close ");
	send_down(100 * SECOND);
	seen[0] = 0;
	session_carrier_up(&session, 101 * SECOND);
	received("9904", 102 * SECOND);
	seen[0] = 0;
	assert_true(session_next_us(&session) == 140 * SECOND);
	session_run(&session, 140 * SECOND);
	expect("down[no report,0] close ");
	/* Never paged: the carrier does not answer at all. */
	send_down(200 * SECOND);
	seen[0] = 0;
	session_run(&session, 240 * SECOND);
	expect("down[no report,0] ");
	session_carrier_up(&session, 241 * SECOND);
	expect("close ");
	assert_true(session_idle(&session));
}

#define SUBMIT "1331000b919471325476f80000a705c8329bfd06"

static void test_from_the_phone(void **state)
{
	(void)state;
	received("090120"
		 "0005"
		 "00" CENTRE "14" SUBMIT,
		 SECOND);
	expect("send 8904 message " SUBMIT " ");
	received("090120"
		 "0005"
		 "00" CENTRE "14" SUBMIT,
		 2 * SECOND); /* repeated */
	expect("send 8904 ");
	assert_true(session_answer(&session, 0, NULL, 3 * SECOND));
	expect("send 8901020305 up[delivered,0] ");
	assert_false(session_answer(&session, 0, NULL, 3 * SECOND));
	assert_true(session_next_us(&session) == 13 * SECOND);
	session_run(&session, 13 * SECOND);
	expect("send 8901020305 ");
	received("0904", 14 * SECOND);
	expect("close ");
	/* The next one, refused with a report. */
	received("190120"
		 "0006"
		 "00" CENTRE "14" SUBMIT,
		 20 * SECOND);
	expect("send 9904 message " SUBMIT " ");
	struct text report = TEXT_LITERAL("\x01\xc4");
	assert_true(session_answer(&session, 21, &report, 21 * SECOND));
	expect("send 9901080506"
	       "0115"
	       "410201c4 up[refused,21] 01c4 ");
	/* Its CP-ACK is lost, and the phone begins anew with another TI. */
	received("29010206"
		 "07",
		 22 * SECOND);
	expect("send a904 smma ");
	assert_true(session_answer(&session, 0, NULL, 22 * SECOND));
	expect("send a901020307 up[delivered,0] ");
	received("2904", 23 * SECOND);
	expect("close ");
}

static void test_no_answer_and_loss(void **state)
{
	(void)state;
	received("0901020607", SECOND);
	seen[0] = 0;
	assert_true(session_next_us(&session) == 16 * SECOND);
	session_run(&session, 16 * SECOND);
	expect("up[no answer,0] close ");
	received("1901020608", 20 * SECOND);
	seen[0] = 0;
	session_carrier_lost(&session, 21 * SECOND);
	expect("up[answer lost,0] ");
	assert_true(session_idle(&session));
	/* Two at once is more than we take. */
	received("2901020609", 30 * SECOND);
	seen[0] = 0;
	received("390102060a", 30 * SECOND);
	expect("send b91016 ");
}

/* Both ways at once: the carrier stays until both are done. */
static void test_both_ways(void **state)
{
	(void)state;
	send_down(0);
	expect("open ");
	received("0901020607", SECOND); /* the phone was about to speak: that is a carrier */
	expect("send 8904 " DATA("0", "00") "smma ");
	received("8904", SECOND);
	received("8901020200", SECOND);
	expect("send 0904 down[delivered,0] ");
	assert_true(session_answer(&session, 0, NULL, 2 * SECOND));
	received("0904", 3 * SECOND);
	expect("send 8901020307 up[delivered,0] close ");
}

static void test_cancel(void **state)
{
	(void)state;
	send_down(0);
	session_cancel(&session, SECOND);
	expect("open ");
	assert_false(session_busy(&session, SESSION_TO_PHONE));
	session_carrier_up(&session, SECOND);
	expect("close ");
	send_down(2 * SECOND);
	session_carrier_up(&session, 2 * SECOND);
	seen[0] = 0;
	session_cancel(&session, 3 * SECOND);
	expect("send 191011 close ");
	session_cancel(&session, 3 * SECOND);
	expect("");
}

static void test_bad_octets(void **state)
{
	static const struct {
		const char *in, *out;
	} rows[] = {
		{ "", "close " },			/* nothing */
		{ "0801", "close " },			/* another protocol */
		{ "7901020607", "close " },		/* TI 7 */
		{ "0901", "send 891060 close " },	/* no length */
		{ "0901050607", "send 891060 close " }, /* length that lies */
		{ "0955", "close " },			/* unknown type */
		{ "8901020200", "send 091051 close " }, /* a transaction that we did not begin */
		{ "8904", "close " },
		{ "0904", "close " },
		{ "0910", "send 891060 close " },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		(void)begin(state);
		received(rows[i].in, SECOND);
		if (strcmp(seen, rows[i].out))
			fail_msg("%s: %s", rows[i].in, seen);
	}
	/* A wrong RP message is told so, and the connection is over with that. */
	(void)begin(state);
	received("09010407050000", SECOND);
	assert_int_equal(session.bad, 1);
	expect("send 8904 send 890104050501"
	       "61 ");
	/* Nothing else would ever end it. */
	received("0904", 2 * SECOND);
	expect("close ");
	assert_true(session_idle(&session));
	/* A report to nothing is a connection for nothing. */
	received("0901020205", 3 * SECOND);
	expect("send 8904 close ");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_to_the_phone, begin),
		cmocka_unit_test_setup(test_refusals, begin),
		cmocka_unit_test_setup(test_time_to_the_phone, begin),
		cmocka_unit_test_setup(test_from_the_phone, begin),
		cmocka_unit_test_setup(test_no_answer_and_loss, begin),
		cmocka_unit_test_setup(test_both_ways, begin),
		cmocka_unit_test_setup(test_cancel, begin),
		cmocka_unit_test_setup(test_bad_octets, begin),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
